//! One line for each thing that is told.
//!
//! Fields: packet, time, session, client, `>` `<` or `!`, server, protocol, a word, and the rest. The word is the command
//! (`>`) or the code or status of the reply (`<`), with the tag in front in IMAP; or `login`, `message`, `anomaly`, `end`.
//!
//! Text from the wire never brings a control character, a change of the direction of writing or a tab, and no field
//! begins as a formula of a spreadsheet does.

use super::{Form, Lines, Tagged};
use crate::flow::{Opening, Told};
use crate::record::{Anomaly, Command, Direction, Login, Message, Place, Session, Text, Time};
use crate::sink::SinkError;
use std::io::Write;

/// Text from the wire that is safe to print.
pub(super) fn printable(text: &str) -> String {
    let mut safe = String::with_capacity(text.len());
    for c in text.chars() {
        if is_harmless(c) {
            safe.push(c);
        } else {
            safe.extend(c.escape_default());
        }
    }
    safe
}

/// The same, as a field of its own.
fn field(text: &str) -> String {
    let safe = printable(text);
    if safe.starts_with(['=', '+', '-', '@']) { format!("'{safe}") } else { safe }
}

/// Whether a character shows itself and nothing else. Not: control characters, marks that turn the direction of text
/// around (Unicode Bidi_Control), and characters of no width.
const fn is_harmless(c: char) -> bool {
    !matches!(c,
        '\0'..='\x1f' | '\x7f'..='\u{9f}' | '\u{61c}' | '\u{200b}'..='\u{200f}' | '\u{2028}'..='\u{202e}'
        | '\u{2060}'..='\u{206f}' | '\u{feff}' | '\u{e0000}'..='\u{e007f}')
}

/// A packet: `12`, or `2:12` in another input than the first.
pub(super) fn packet(place: Place) -> String {
    if place.input == 1 { place.frame.to_string() } else { format!("{}:{}", place.input, place.frame) }
}

/// What stands in front of the word.
struct Head<'a> {
    packet: Option<Place>,
    at: Option<Time>,
    session: Option<u64>,
    opening: Option<&'a Opening>,
    mark: &'static str,
}

impl<W: Write> Lines<W> {
    pub(super) fn log(&mut self, session: u64, opening: &Opening, told: Told) -> Result<(), SinkError> {
        match told {
            Told::Command(mut command) => {
                command.session = session;
                self.command(opening, &command)
            }
            Told::Login(login) => self.login_among(session, opening, *login),
            Told::Anomaly(mut anomaly) => {
                anomaly.session = Some(session);
                self.anomaly(Some(session), Some(opening), &anomaly)
            }
            Told::Message { message, anomalies, .. } => self.message(session, opening, *message, anomalies),
            Told::Piece(piece) => self.message(session, opening, *piece.message, piece.anomalies),
            Told::Session(mut record) => {
                record.session = session;
                self.end(opening, &record)
            }
            Told::Recognised(_) | Told::Known(_) | Told::Stretch(_) => Ok(()),
        }
    }

    pub(super) fn login(
        &mut self,
        session: u64,
        opening: &Opening,
        mut login: Login,
    ) -> Result<(), SinkError> {
        login.session = session;
        match self.form {
            Form::Json => self.json(&login),
            Form::Text => self.login_line(opening, &login),
        }
    }

    fn login_among(&mut self, session: u64, opening: &Opening, mut login: Login) -> Result<(), SinkError> {
        login.session = session;
        match self.form {
            Form::Json => self.json(&Tagged { record: "login", value: &login }),
            Form::Text => self.login_line(opening, &login),
        }
    }

    fn login_line(&mut self, opening: &Opening, login: &Login) -> Result<(), SinkError> {
        let mut rest = vec![printable(login.mechanism.as_str())];
        let text = |text: &Option<Text>| text.as_ref().map(|text| printable(text.as_str()));
        let named = |name: &str, value: Option<String>| value.map(|value| format!("{name}={value}"));
        rest.extend(named("user", text(&login.username)));
        rest.extend(named("domain", text(&login.domain)));
        rest.extend(named("realm", text(&login.realm)));
        rest.extend(named("as", text(&login.authorization_identity)));
        rest.extend(named("password", login.password.as_ref().map(|secret| printable(secret.expose()))));
        rest.extend(named("token", login.token.as_ref().map(|secret| printable(secret.expose()))));
        rest.extend(named("hash", login.hash.as_ref().map(|hash| printable(hash.line.expose()))));
        rest.push(login.outcome.word().to_owned());
        if login.over_tls {
            rest.push("over TLS".to_owned());
        }
        let head = Head {
            packet: Some(login.packet),
            at: Some(login.at),
            session: Some(login.session),
            opening: Some(opening),
            mark: ">",
        };
        self.line(&head, "login", &field(&rest.join(" ")))
    }

    fn command(&mut self, opening: &Opening, command: &Command) -> Result<(), SinkError> {
        if self.form == Form::Json {
            return self.json(&Tagged { record: "command", value: command });
        }
        let shown = |text: &Option<Text>| text.as_ref().map(|text| printable(text.as_str()));
        let tag = shown(&command.tag).map(|tag| tag + " ").unwrap_or_default();
        let (mark, word, rest) = match command.direction {
            Direction::Client => (">", shown(&command.verb), shown(&command.arguments)),
            Direction::Server => {
                let code = command.code.map(|code| code.to_string()).or_else(|| shown(&command.status));
                let text = command.text.as_ref().map_or("", Text::as_str);
                // The lines of a reply.
                let lines: Vec<String> = text.lines().map(printable).collect();
                ("<", code, Some(lines.join(" | ")))
            }
        };
        let head = Head {
            packet: Some(command.packet),
            at: Some(command.at),
            session: Some(command.session),
            opening: Some(opening),
            mark,
        };
        self.line(&head, &(tag + &word.unwrap_or_default()), &field(&rest.unwrap_or_default()))
    }

    fn message(
        &mut self,
        session: u64,
        opening: &Opening,
        mut message: Message,
        anomalies: Vec<Anomaly>,
    ) -> Result<(), SinkError> {
        message.session = Some(session);
        let last = message.packets.stretches().last().copied();
        let place = last.map(|stretch| Place::new(stretch.input, stretch.last));
        if self.form == Form::Json {
            self.json(&Tagged { record: "message", value: &message })?;
        } else {
            let headers = message.headers.as_ref();
            let named = |name: &str, value: Option<&Text>| {
                value.map(|value| format!(" {name}={}", printable(value.as_str()))).unwrap_or_default()
            };
            let rest = format!(
                "{} {} {} bytes{}{}{}{} sha256={}",
                message.operation,
                message.outcome,
                message.size,
                if message.complete { "" } else { " incomplete" },
                named("section", message.section.as_ref()),
                named("from", headers.and_then(|headers| headers.from.as_ref())),
                named("subject", headers.and_then(|headers| headers.subject.as_ref())),
                message.sha256,
            );
            let at = Some(message.end);
            let head = Head { packet: place, at, session: Some(session), opening: Some(opening), mark: "!" };
            self.line(&head, "message", &rest)?;
        }
        for mut anomaly in anomalies {
            anomaly.session = Some(session);
            self.anomaly(Some(session), Some(opening), &anomaly)?;
        }
        Ok(())
    }

    fn end(&mut self, opening: &Opening, record: &Session) -> Result<(), SinkError> {
        if self.form == Form::Json {
            return self.json(&Tagged { record: "session", value: record });
        }
        let last = record.packets.stretches().last().copied();
        let rest = format!(
            "{}, {} bytes of the client, {} of the server, {} commands, {} logins, tls {}",
            record.ended,
            record.bytes.client,
            record.bytes.server,
            record.commands,
            record.logins,
            record.tls
        );
        let head = Head {
            packet: last.map(|stretch| Place::new(stretch.input, stretch.last)),
            at: Some(record.end),
            session: Some(record.session),
            opening: Some(opening),
            mark: "!",
        };
        self.line(&head, "end", &rest)
    }

    pub(super) fn anomaly(
        &mut self,
        session: Option<u64>,
        opening: Option<&Opening>,
        anomaly: &Anomaly,
    ) -> Result<(), SinkError> {
        if self.form == Form::Json {
            return self.json(&Tagged { record: "anomaly", value: anomaly });
        }
        let side = anomaly.direction.map(|side| format!(" {side}")).unwrap_or_default();
        let detail = anomaly
            .detail
            .as_ref()
            .map(|detail| format!(": {}", printable(detail.as_str())))
            .unwrap_or_default();
        let head = Head { packet: anomaly.packet, at: anomaly.at, session, opening, mark: "!" };
        self.line(&head, "anomaly", &format!("{}.{}{side}{detail}", anomaly.layer, anomaly.code))
    }

    fn line(&mut self, head: &Head<'_>, word: &str, rest: &str) -> Result<(), SinkError> {
        let dash = || "-".to_owned();
        let addresses =
            |pick: fn(&Opening) -> &String| head.opening.map_or_else(dash, |opening| pick(opening).clone());
        self.text(&[
            &head.packet.map_or_else(dash, packet),
            &head.at.map_or_else(dash, |at| at.to_string()),
            &head.session.map_or_else(dash, |session| session.to_string()),
            &addresses(|opening| &opening.client),
            head.mark,
            &addresses(|opening| &opening.server),
            &head.opening.map_or_else(dash, |opening| opening.protocol.to_string()),
            word,
            rest,
        ])
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn text_from_the_wire_is_nothing_but_text() {
        for (text, expected) in [
            ("plain, grüße \u{1f600}", "plain, grüße \u{1f600}"),
            ("\x1b]0;owned\x07", "\\u{1b}]0;owned\\u{7}"),
            ("a\tb\r\nc\0", "a\\tb\\r\\nc\\u{0}"),
            ("gpj.\u{202e}exe", "gpj.\\u{202e}exe"),
            ("\u{9b}31m\u{feff}\u{200b}", "\\u{9b}31m\\u{feff}\\u{200b}"),
            ("=1+1", "'=1+1"),
            ("@SUM(A1)", "'@SUM(A1)"),
            ("+1", "'+1"),
            ("-1", "'-1"),
            ("a=1", "a=1"),
        ] {
            assert_eq!(field(text), expected);
        }
    }
}
