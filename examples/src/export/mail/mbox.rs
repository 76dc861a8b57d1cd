//! One file of mails: mbox, in the form that is called mboxrd.
//!
//! RFC 4155 (`application/mbox`) has what all forms share; mboxrd, of qmail, is the one whose quoting can be undone. For
//! each mail:
//!
//! - `From `, the sender's address, a space and the time, as C's asctime writes it, in UTC. The address is that of MAIL
//!   (what is beyond printable ASCII, and spaces, become `_`), without an envelope that of the Return-Path field;
//!   `MAILER-DAEMON` for the null sender and where neither is known. The time is that of the last byte.
//! - The mail. `>` stands in front of each line that begins with `From ` or with `>`s and `From `: who takes one `>` from
//!   each line of `>`s and `From ` has what it was. CRLF becomes LF, which the form asks for.
//! - An empty line.
//!
//! What cannot be told: whether lines ended with CRLF (the `.eml` has the bytes as they were), envelope recipients,
//! flags, missing bytes (they are left out, as in the `.eml`), anything of the session.

use std::io::{self, Write};

use super::super::output::NewFile;
use super::super::source::Source;
use super::super::{ExportError, Written};
use super::{mails, pieces, written};
use crate::record::{Message, Text, Time};

/// What the file begins with.
pub(in crate::export) const BEGIN: &[u8] = b"From ";

pub(in crate::export) fn write(source: &Source, mut file: NewFile) -> Result<Vec<Written>, ExportError> {
    let mut items = 0;
    mails(source, |message, mail| {
        items += 1;
        let mut to = Quoted::new(&mut file);
        let result = to
            .begin(&message)
            .and_then(|()| pieces(source, &message, mail, |piece| to.push(piece)))
            .and_then(|()| to.end());
        written(result, |error| file.failed(error))
    })?;
    file.finish()?;
    Ok(vec![Written::new("messages", items)])
}

/// Writes a mail with its lines quoted.
struct Quoted<W> {
    to: W,
    /// What was seen of a line that may be one to quote, behind its `>`s: so many bytes of `From `.
    matched: Option<usize>,
    /// A CR waits for what follows it.
    held_cr: bool,
    /// The last byte written was a line feed.
    at_line_start: bool,
}

impl<W: Write> Quoted<W> {
    const fn new(to: W) -> Self {
        Self { to, matched: Some(0), held_cr: false, at_line_start: true }
    }

    fn begin(&mut self, message: &Message) -> io::Result<()> {
        writeln!(self.to, "From {} {}", sender(message), asctime(message.end))
    }

    fn push(&mut self, mut bytes: &[u8]) -> io::Result<()> {
        while let Some((&byte, rest)) = bytes.split_first() {
            let Some(matched) = self.matched else {
                // The rest of a line goes as it is, up to what may be its end.
                let len = memchr::memchr2(b'\r', b'\n', bytes).unwrap_or(bytes.len());
                if let (false, Some((plain, rest))) = (self.held_cr, bytes.split_at_checked(len.max(1)))
                    && len > 0
                {
                    self.to.write_all(plain)?;
                    self.at_line_start = false;
                    bytes = rest;
                    continue;
                }
                self.byte(byte)?;
                bytes = rest;
                continue;
            };
            match BEGIN.get(matched) {
                Some(expected) if *expected == byte && !self.held_cr => {
                    bytes = rest;
                    if matched + 1 == BEGIN.len() {
                        self.to.write_all(b">From ")?;
                        (self.matched, self.at_line_start) = (None, false);
                    } else {
                        self.matched = Some(matched + 1);
                    }
                }
                _ if matched == 0 && byte == b'>' && !self.held_cr => {
                    bytes = rest;
                    self.to.write_all(b">")?;
                    self.at_line_start = false;
                }
                _ => self.give_up(matched)?,
            }
        }
        Ok(())
    }

    /// The line is none to quote.
    fn give_up(&mut self, matched: usize) -> io::Result<()> {
        self.matched = None;
        if matched > 0 {
            self.to.write_all(BEGIN.get(..matched).unwrap_or_default())?;
            self.at_line_start = false;
        }
        Ok(())
    }

    /// A byte in a line that is not to be quoted.
    fn byte(&mut self, byte: u8) -> io::Result<()> {
        if core::mem::take(&mut self.held_cr) && byte != b'\n' {
            self.to.write_all(b"\r")?;
            self.at_line_start = false;
        }
        match byte {
            b'\r' => self.held_cr = true,
            b'\n' => {
                self.to.write_all(b"\n")?;
                (self.matched, self.at_line_start) = (Some(0), true);
            }
            _ => {
                self.to.write_all(&[byte])?;
                self.at_line_start = false;
            }
        }
        Ok(())
    }

    fn end(&mut self) -> io::Result<()> {
        if let Some(matched) = self.matched.take() {
            self.give_up(matched)?;
        }
        if core::mem::take(&mut self.held_cr) {
            self.to.write_all(b"\r")?;
            self.at_line_start = false;
        }
        self.to.write_all(if self.at_line_start { b"\n" } else { b"\n\n" })
    }
}

fn sender(message: &Message) -> String {
    let from_envelope = message.envelope.as_ref().and_then(|envelope| envelope.mail_from.as_ref());
    let from_header = || {
        let path = message.headers.as_ref()?.return_path.as_ref()?.as_str().trim();
        Some(path.strip_prefix('<')?.strip_suffix('>')?.trim())
    };
    let address = from_envelope.map(Text::as_str).or_else(from_header).unwrap_or_default();
    if address.is_empty() {
        return "MAILER-DAEMON".to_owned();
    }
    address.chars().map(|c| if c.is_ascii_graphic() { c } else { '_' }).collect()
}

/// `Sat Nov 21 21:21:47 2026`
fn asctime(time: Time) -> String {
    const DAYS: [&str; 7] = ["Thu", "Fri", "Sat", "Sun", "Mon", "Tue", "Wed"];
    const MONTHS: [&str; 12] =
        ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"];
    let text = Time::new(time.at(), 0).to_string();
    let (date, clock) =
        text.trim_start_matches('+').trim_end_matches('Z').split_once('T').unwrap_or_default();
    let mut date = date.split('-');
    let (year, month, day) = (date.next(), date.next(), date.next());
    let number = |text: Option<&str>| text.and_then(|text| text.parse::<usize>().ok()).unwrap_or_default();
    let month = MONTHS.get(number(month).wrapping_sub(1)).unwrap_or(&"Jan");
    // 1970 began with a Thursday.
    let weekday = usize::try_from(time.at().as_secs() / 86_400 % 7).unwrap_or_default();
    let weekday = DAYS.get(weekday).unwrap_or(&"Thu");
    format!("{weekday} {month} {:>2} {clock} {}", number(day), year.unwrap_or_default())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::record::{Envelope, Headers, Operation, Protocol};
    use core::time::Duration;

    fn message(secs: u64) -> Message {
        let mut message = Message::new(
            1,
            Protocol::Smtp,
            Operation::Data,
            String::new(),
            String::new(),
            Time::new(Duration::ZERO, 6),
        );
        message.end = Time::new(Duration::new(secs, 999_999_999), 6);
        message
    }

    /// The other way round, as mboxrd says.
    fn unquoted(text: &str) -> String {
        let line =
            |line: &str| match line.trim_start_matches('>').starts_with("From ") && line.starts_with('>') {
                true => line[1..].to_owned(),
                false => line.to_owned(),
            };
        text.split_inclusive('\n').map(line).collect()
    }

    #[test]
    fn lines_are_quoted_whatever_the_pieces() {
        for (mail, expected) in [
            ("", "\n"),
            ("a: b\r\n\r\nbody\r\n", "a: b\n\nbody\n\n"),
            ("no end", "no end\n\n"),
            (
                "From x\r\n>From y\r\n>>From z\r\nFromage\r\n> From\r\n",
                ">From x\n>>From y\n>>>From z\nFromage\n> From\n\n",
            ),
            ("x\nFrom bare\n", "x\n>From bare\n\n"),
            ("x\rFrom y\r\r\n", "x\rFrom y\r\n\n"),
            ("x\r\n\rFrom y", "x\n\rFrom y\n\n"),
            ("From", "From\n\n"),
            ("Fro\r\n", "Fro\n\n"),
            (">\r\n>From ", ">\n>>From \n\n"),
            ("end\r", "end\r\n\n"),
            ("F\r\nFFrom \r\n", "F\nFFrom \n\n"),
        ] {
            for size in [1, 2, 3, 5, 1000] {
                let mut out = Vec::new();
                let mut to = Quoted::new(&mut out);
                mail.as_bytes().chunks(size).for_each(|piece| to.push(piece).unwrap());
                to.end().unwrap();
                let out = String::from_utf8(out).unwrap();
                assert_eq!(out, expected, "{mail:?} by {size}");
                let plain = mail.replace("\r\n", "\n");
                assert!(unquoted(&out).starts_with(&plain), "{mail:?}");
            }
        }
    }

    #[test]
    fn the_line_in_front() {
        for (secs, expected) in [
            (0, "Thu Jan  1 00:00:00 1970"),
            (951_782_399, "Mon Feb 28 23:59:59 2000"),
            (1_795_296_107, "Sat Nov 21 21:21:47 2026"),
            (253_402_300_800, "Sat Jan  1 00:00:00 10000"),
        ] {
            assert_eq!(asctime(message(secs).end), expected);
        }
        let sent = |from: &str| {
            let mut message = message(0);
            message.envelope = Some(Envelope { mail_from: Some(from.into()), ..Envelope::default() });
            message
        };
        let fetched = |path: &str| {
            let mut message = message(0);
            message.headers = Some(Headers { return_path: Some(path.into()), ..Headers::default() });
            message
        };
        for (message, expected) in [
            (sent("a@x"), "a@x"),
            (sent(""), "MAILER-DAEMON"),
            (sent("\"a b\"@x\nFrom "), "\"a_b\"@x_From_"),
            (sent("\u{5d0}@x"), "_@x"),
            (fetched(" <a@x> "), "a@x"),
            (fetched("<>"), "MAILER-DAEMON"),
            (fetched("a@x (who)"), "MAILER-DAEMON"),
            (message(0), "MAILER-DAEMON"),
        ] {
            assert_eq!(sender(&message), expected);
        }
    }
}
