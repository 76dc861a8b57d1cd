//! The commands between the messages that a server made out of one, and what it answered.

use crate::record::{self, Text};
use smtp_proto::command::{self, Arguments};
use smtp_proto::{Parameters, Path, Reply, Verb};
use std::collections::VecDeque;

/// So many bytes of replies are kept.
const MAX_ANSWERS: usize = 1 << 20;

/// Commands that lead to a message: MAIL, RCPT and what may stand between them, up to DATA.
#[derive(Debug)]
pub(super) struct Prelude {
    pub(super) envelope: record::Envelope,
    /// All commands, in order.
    verbs: Vec<Verb>,
}

/// What follows a loose end.
#[derive(Debug)]
pub(super) enum Behind {
    /// Commands that lead to a message, so many bytes of them.
    Message(Prelude, usize),
    /// Commands that lead to none, or nothing, and then the end of all.
    Nothing,
}

/// What the text behind a loose end is; `all`: it is all that the client sent. `None`: more of the message.
pub(super) fn behind(text: &[u8], all: bool) -> Option<Behind> {
    let mut prelude = Prelude { envelope: record::Envelope::default(), verbs: Vec::new() };
    let mut len = 0;
    let mut quit = false;
    for line in text.split_inclusive(|byte| *byte == b'\n') {
        len += line.len();
        let line = line.strip_suffix(b"\n")?;
        let command = command::parse(line.strip_suffix(b"\r").unwrap_or(line)).ok()?;
        if quit {
            return None;
        }
        prelude.verbs.push(command.verb);
        match (command.verb, command.arguments) {
            (Verb::Data, Arguments::None) if prelude.envelope.mail_from.is_some() => {
                return Some(Behind::Message(prelude, len));
            }
            (Verb::Mail, Arguments::Mail { sender, parameters }) => {
                prelude.envelope = mail_from(Some(&sender), &parameters);
            }
            (Verb::Rcpt, Arguments::Rcpt { recipient, .. }) => {
                let recipient = record::Recipient::new(Text::from(recipient.mailbox));
                prelude.envelope.rcpt_to.push(recipient);
            }
            (Verb::Quit, _) => quit = true,
            (Verb::Helo | Verb::Ehlo | Verb::Lhlo | Verb::Rset | Verb::Noop, _) => {}
            _ => return None,
        }
    }
    all.then_some(Behind::Nothing)
}

/// One reply.
#[derive(Debug)]
struct Answer {
    code: u16,
    line: Text,
    /// The session says that it is a verdict.
    verdict: bool,
}

/// What the server said behind its verdict on a message with loose ends.
#[derive(Debug, Default)]
pub(super) struct Answers {
    kept: VecDeque<Answer>,
    /// Memory of all that were kept.
    bytes: usize,
}

impl Answers {
    /// Adds a reply, as one line too.
    pub(super) fn push(&mut self, reply: &Reply, line: Text, verdict: bool) {
        self.bytes += size_of::<Answer>() + line.as_str().len();
        if self.bytes <= MAX_ANSWERS {
            self.kept.push_back(Answer { code: reply.code, line, verdict });
        }
    }

    /// Further messages that the server judged.
    pub(super) fn verdicts(&self) -> usize {
        self.kept.iter().filter(|answer| answer.verdict).count()
    }

    /// The verdict on the next message. What its RCPT were answered is added to it, if there is one answer for each
    /// command.
    pub(super) fn take(&mut self, prelude: &mut Prelude) -> Option<Text> {
        let verdict = self.kept.iter().position(|answer| answer.verdict)?;
        let mut answers: Vec<Answer> = self.kept.drain(..=verdict).collect();
        let verdict = answers.pop()?;
        if answers.len() == prelude.verbs.len() && answers.last().is_some_and(|answer| answer.code == 354) {
            // A MAIL behind another one begins anew.
            let begin = prelude.verbs.iter().rposition(|verb| *verb == Verb::Mail).unwrap_or(0);
            let pairs = prelude.verbs.iter().zip(answers).skip(begin);
            let heard = pairs.filter(|(verb, _)| **verb == Verb::Rcpt).map(|(_, answer)| answer);
            for (recipient, answer) in prelude.envelope.rcpt_to.iter_mut().zip(heard) {
                recipient.accepted = Some(matches!(answer.code, 200..=299));
                recipient.reply = Some(answer.line);
            }
        }
        Some(verdict.line)
    }
}

/// Whether a reply, as a line, says yes.
pub(super) fn is_positive(reply: &Text) -> bool {
    reply.as_str().starts_with('2')
}

/// The envelope that MAIL begins.
pub(super) fn mail_from<T: AsRef<[u8]>>(
    sender: Option<&Path<T>>,
    parameters: &Parameters<T>,
) -> record::Envelope {
    let mail_from = sender.map(|sender| Text::from(sender.mailbox.as_ref()));
    let mut record = record::Envelope { mail_from, ..record::Envelope::default() };
    for parameter in parameters {
        let keyword = Text::from(parameter.keyword.to_ascii_uppercase().as_slice());
        record.parameters.insert(keyword, Text::from(&*parameter.decoded()));
    }
    record
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn commands_that_lead_to_a_message() {
        let found = |text: &str| match behind(text.as_bytes(), false) {
            Some(Behind::Message(Prelude { envelope, .. }, len)) => {
                let to: Vec<String> = envelope.rcpt_to.iter().map(|to| to.address.to_string()).collect();
                Some((envelope.mail_from.unwrap_or_default().to_string(), to.join(","), len))
            }
            Some(Behind::Nothing) | None => None,
        };
        let some = |from: &str, to: &str, len| Some((from.to_owned(), to.to_owned(), len));
        assert_eq!(found("MAIL FROM:<a@x>\r\nRCPT TO:<b@y>\r\nDATA\r\nbody"), some("a@x", "b@y", 38));
        assert_eq!(
            found("rset\nmail from:a@x\nrcpt to:<b@y>\nRCPT TO:<c@y>\ndata\n"),
            some("a@x", "b@y,c@y", 52)
        );
        assert_eq!(found("Dear Bob,\r\nDATA\r\n"), None);
        assert_eq!(found("DATA\r\n"), None);
        assert_eq!(found("MAIL FROM:<a@x>\r\nRCPT TO:<b@y>\r\n"), None);
        assert_eq!(found("QUIT\r\nMAIL FROM:<a@x>\r\nRCPT TO:<b@y>\r\nDATA\r\n"), None);
    }

    #[test]
    fn commands_that_lead_to_none() {
        for (text, nothing) in [
            ("", true),
            ("QUIT\r\n", true),
            ("RSET\r\nMAIL FROM:<a@x>\r\nQUIT\r\n", true),
            ("QUIT\r\nQUIT\r\n", false),
            ("QUIT", false),
            ("and more\n", false),
        ] {
            assert_eq!(matches!(behind(text.as_bytes(), true), Some(Behind::Nothing)), nothing, "{text:?}");
            assert!(behind(text.as_bytes(), false).is_none(), "{text:?}");
        }
    }
}
