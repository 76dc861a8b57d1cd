//! What a client does to stored messages: STORE, EXPUNGE, REPLACE, COPY, MOVE, once the server has said that it is done.

use crate::record::{Action, ActionKind, Place, Text, Time};
use bytes::Bytes;
use imap_proto_lite::response::NumberSet;
use imap_proto_lite::{Arguments, Command, Verb};
use std::collections::VecDeque;

/// So many commands may await their answers.
const MAX_ASKED: usize = 128;
/// So many actions of a session are kept.
const MAX_DONE: usize = 100_000;

/// Actions of a session.
#[derive(Debug, Default)]
pub(super) struct Actions {
    asked: VecDeque<(Bytes, Action)>,
    done: usize,
}

impl Actions {
    /// Takes note of a command.
    pub(super) fn asked(&mut self, command: &Command, at: Time, packet: Place) {
        let uid = if command.uid { "uid " } else { "" };
        let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
        let (kind, target) = match (command.verb, &command.arguments) {
            (Verb::Store, Arguments::Set { set, rest }) => {
                let deleted = rest.to_ascii_lowercase().windows(8).any(|word| word == b"\\deleted");
                let kind = match rest.first() {
                    Some(b'-') if deleted => ActionKind::Undelete,
                    _ if deleted => ActionKind::Delete,
                    _ => ActionKind::Flag,
                };
                (kind, Some(format!("{uid}{} {}", text(set), text(rest))))
            }
            (Verb::Expunge, Arguments::Set { set, .. }) => {
                (ActionKind::Expunge, Some(format!("{uid}{}", text(set))))
            }
            // RFC 8508: as if it were stored, marked and expunged.
            (Verb::Replace, Arguments::Append(append)) => {
                (ActionKind::Expunge, append.replaces.as_ref().map(|gone| format!("{uid}{}", text(gone))))
            }
            // RFC 9051 section 6.4.1: CLOSE removes what is marked.
            (Verb::Expunge | Verb::Close, _) => (ActionKind::Expunge, None),
            (Verb::Copy, Arguments::Transfer { set, mailbox }) => {
                (ActionKind::Copy, Some(format!("{uid}{} to {}", text(set), mailbox.lossy())))
            }
            (Verb::Move, Arguments::Transfer { set, mailbox }) => {
                (ActionKind::Move, Some(format!("{uid}{} to {}", text(set), mailbox.lossy())))
            }
            _ => return,
        };
        if self.asked.len() >= MAX_ASKED {
            self.asked.pop_front();
        }
        let mut action = Action::new(at, packet, kind);
        action.target = target.map(Text::from);
        self.asked.push_back((Bytes::copy_from_slice(&command.tag), action));
    }

    /// The server says which UIDs the copies have (RFC 4315); before MOVE is answered it says so without a tag.
    pub(super) fn copied(&mut self, tag: Option<&[u8]>, source: &NumberSet, target: &NumberSet) {
        let copies = |action: &Action| matches!(action.action, ActionKind::Copy | ActionKind::Move);
        let mut asked = self.asked.iter_mut().filter(|(_, action)| copies(action));
        let Some((_, action)) = asked.find(|(asked, _)| tag.is_none_or(|tag| asked == tag)) else { return };
        if let Some(target_text) = &action.target {
            let sets = format!("{} as uid {}", set_text(source), set_text(target));
            action.target = Some(Text::from(format!("{target_text}, uid {sets}")));
        }
    }

    /// The server has answered the command with this tag: what was done, if it was.
    pub(super) fn answered(&mut self, tag: &[u8], ok: bool) -> Option<Action> {
        let at = self.asked.iter().position(|(asked, _)| asked == tag)?;
        let (_, action) = self.asked.remove(at)?;
        let told = ok && self.done < MAX_DONE;
        self.done += usize::from(told);
        told.then_some(action)
    }

    /// What was asked for and perhaps done.
    pub(super) fn unanswered(&mut self) -> impl Iterator<Item = Action> + '_ {
        self.asked.drain(..).map(|(_, action)| action)
    }
}

/// A set as it stands on the wire, as far as it is short.
fn set_text(set: &NumberSet) -> String {
    /// So many ranges are shown.
    const SHOWN: usize = 100;
    let range = |(first, last): &(u32, u32)| match first == last {
        true => first.to_string(),
        false => format!("{first}:{last}"),
    };
    let mut text: Vec<String> = set.ranges.iter().take(SHOWN).map(range).collect();
    if set.ranges.len() > SHOWN {
        text.push("..".to_owned());
    }
    text.join(",")
}
