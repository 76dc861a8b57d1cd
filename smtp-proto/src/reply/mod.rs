//! The server's lines: code, enhanced code, text, and the capabilities of an `EHLO` reply.
//!
//! [`parse_line`] reads one line; a [`Reply`] collects the lines of one answer. Both are generic over what holds the
//! text: the grammar gives slices of the line that it was given, [`ReplyLine::share`] makes [`Bytes`] of them, for what
//! is kept. A type named without its parameter, as in an event of a session, is the kept form.

mod capability;
mod enhanced;
mod line;

use bytes::Bytes;

pub use self::capability::{Capability, Extension};
pub use self::enhanced::EnhancedCode;
pub use self::line::{ReplyLine, parse_line};
use crate::slice;

/// One answer of a server, of one line or more. It holds every line pushed: who reads hostile input counts them.
#[non_exhaustive]
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Reply<T = Bytes> {
    /// The code of the line pushed last: 100 to 599.
    pub code: u16,
    /// The first enhanced code among the lines that have this code.
    pub enhanced: Option<EnhancedCode>,
    /// The texts of the lines in order, each with its enhanced code.
    pub lines: Vec<T>,
    /// Whether the last line came, the one with a blank behind its code.
    pub complete: bool,
}

/// What the first digit of a reply code says (RFC 5321 4.2.1; RFC 821 appendix E for 1yz).
#[non_exhaustive]
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Severity {
    /// 1yz: accepted, to be confirmed. Nothing in SMTP uses it.
    PositivePreliminary,
    /// 2yz: done.
    PositiveCompletion,
    /// 3yz: accepted so far, the client shall go on.
    PositiveIntermediate,
    /// 4yz: refused, may be tried again.
    TransientNegative,
    /// 5yz: refused.
    PermanentNegative,
}

impl Severity {
    /// The severity of a code; whatever is below 100 or above 499 counts as refused.
    #[must_use]
    pub const fn of(code: u16) -> Self {
        match code {
            100..=199 => Self::PositivePreliminary,
            200..=299 => Self::PositiveCompletion,
            300..=399 => Self::PositiveIntermediate,
            400..=499 => Self::TransientNegative,
            _ => Self::PermanentNegative,
        }
    }
}

impl<T> Reply<T> {
    /// A reply that begins with this line.
    #[must_use]
    pub fn new(first: ReplyLine<T>) -> Self {
        /// What follows a line that is not the last one is seldom one line alone.
        const SEVERAL: usize = 4;
        let mut lines = Vec::with_capacity(if first.last { 1 } else { SEVERAL });
        lines.push(first.text);
        Self { code: first.code, enhanced: first.enhanced, lines, complete: first.last }
    }

    /// Adds the next line.
    ///
    /// All lines have one code (RFC 5321 4.2.1). Where a server breaks that rule, the code of the line pushed last
    /// counts, as for the clients of today; who wants to tell compares `line.code` before.
    pub fn push_line(&mut self, line: ReplyLine<T>) {
        if self.code == line.code {
            self.enhanced = self.enhanced.or(line.enhanced);
        } else {
            self.code = line.code;
            self.enhanced = line.enhanced;
        }
        self.lines.push(line.text);
        self.complete = line.last;
    }

    /// What the first digit of the code says.
    #[must_use]
    pub const fn severity(&self) -> Severity {
        Severity::of(self.code)
    }

    /// Whether the server said yes or go on: 1yz, 2yz, 3yz.
    #[must_use]
    pub const fn is_positive(&self) -> bool {
        !matches!(self.severity(), Severity::TransientNegative | Severity::PermanentNegative)
    }
}

impl<T: AsRef<[u8]>> Reply<T> {
    /// The text of the first line.
    #[must_use]
    pub fn text(&self) -> &[u8] {
        self.lines.first().map_or(&[], T::as_ref)
    }

    /// The extensions that a reply to `EHLO` or `LHLO` lists: every line after the first that has a keyword.
    pub fn capabilities(&self) -> impl Iterator<Item = Capability<'_>> {
        self.lines.iter().skip(1).filter_map(|line| Capability::of(line.as_ref()))
    }

    /// The SASL mechanisms that a reply to `EHLO` or `LHLO` lists, as sent and in order. A server that has both
    /// `AUTH` and the old `AUTH=` names them twice.
    pub fn auth_mechanisms(&self) -> impl Iterator<Item = &[u8]> {
        let auth = self.capabilities().filter(|capability| capability.is("AUTH"));
        auth.flat_map(|auth| {
            auth.parameters.split(|&byte| slice::is_blank(byte)).filter(|word| !word.is_empty())
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn collect<'a>(lines: &[&'a str]) -> Reply<&'a [u8]> {
        let mut lines = lines.iter().map(|line| parse_line(line.as_bytes()).unwrap());
        let mut reply = Reply::new(lines.next().unwrap());
        lines.for_each(|line| reply.push_line(line));
        reply
    }

    #[test]
    fn lines_become_one_reply() {
        type Expected = (u16, Option<&'static str>, &'static [&'static str], bool);
        let table: &[(&[&str], Expected)] = &[
            (&["250 ok"], (250, None, &["ok"], true)),
            (&["250-a"], (250, None, &["a"], false)),
            (&["250-a", "250-", "250 b"], (250, None, &["a", "", "b"], true)),
            (
                &["550-5.7.1 a", "550-5.7.2 b", "550 5.7.1 c"],
                (550, Some("5.7.1"), &["5.7.1 a", "5.7.2 b", "5.7.1 c"], true),
            ),
            (&["250-a", "250 2.1.0 b"], (250, Some("2.1.0"), &["a", "2.1.0 b"], true)),
            (&["250-2.1.0 a", "550 5.1.1 b"], (550, Some("5.1.1"), &["2.1.0 a", "5.1.1 b"], true)),
            (&["250-2.1.0 a", "450 b"], (450, None, &["2.1.0 a", "b"], true)),
        ];
        for (lines, (code, enhanced, texts, complete)) in table {
            let reply = collect(lines);
            assert_eq!(reply.text(), texts[0].as_bytes(), "{lines:?}");
            assert_eq!(reply.enhanced.map(|code| code.to_string()).as_deref(), *enhanced, "{lines:?}");
            let expected = Reply {
                code: *code,
                enhanced: reply.enhanced,
                lines: texts.iter().map(|text| text.as_bytes()).collect(),
                complete: *complete,
            };
            assert_eq!(reply, expected, "{lines:?}");
        }
    }

    #[test]
    fn the_first_digit_is_the_severity() {
        for (line, severity, positive) in [
            ("150 a", Severity::PositivePreliminary, true),
            ("250 a", Severity::PositiveCompletion, true),
            ("354 a", Severity::PositiveIntermediate, true),
            ("421 a", Severity::TransientNegative, false),
            ("599 a", Severity::PermanentNegative, false),
        ] {
            let reply = collect(&[line]);
            assert_eq!((reply.severity(), reply.is_positive()), (severity, positive), "{line:?}");
        }
    }

    #[test]
    fn capabilities_come_after_the_first_line() {
        let reply = collect(&[
            "250-mx.example.org PIPELINING",
            "250-PIPELINING",
            "250-SIZE 1000",
            "250-",
            "250-AUTH  PLAIN\tLOGIN ",
            "250-AUTH=LOGIN CRAM-MD5",
            "250-auth",
            "250 XXXXXXXA",
        ]);
        let capabilities: Vec<_> = reply.capabilities().collect();
        let expected = [
            ("PIPELINING", ""),
            ("SIZE", "1000"),
            ("AUTH", "PLAIN\tLOGIN"),
            ("AUTH", "LOGIN CRAM-MD5"),
            ("auth", ""),
            ("XXXXXXXA", ""),
        ]
        .map(|(keyword, parameters)| Capability {
            keyword: keyword.as_bytes(),
            parameters: parameters.as_bytes(),
        });
        assert_eq!(capabilities, expected);
        let mechanisms: Vec<_> = reply.auth_mechanisms().collect();
        assert_eq!(mechanisms, ["PLAIN", "LOGIN", "LOGIN", "CRAM-MD5"].map(str::as_bytes));
    }
}
