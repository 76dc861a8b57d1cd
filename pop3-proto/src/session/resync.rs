//! Where bytes are missing: what the server's next bytes are, and which command they answer.
//!
//! Replies come in order, one for each command, so a gap where a reply is due hides at least the beginning of the next one;
//! how many more it hides only their contents tell. What is paired behind a loss is therefore looked at again when the line
//! behind the reply is there, and what cannot be told apart is told as unknown.

use super::pairing::{Choice, Expect, Looks, reference};
use super::server::{Follows, Server};
use super::{Session, Side};
use crate::event::MessageRef;
use crate::reply::{ListItem, Reply, Status};
use crate::{Anomaly, Verb};
use bytes::Bytes;
use mail_wire::framer::{FrameKind, Mode};

impl Session {
    /// Takes the gap that is next: what stands behind it is not known.
    pub(super) fn lands(&mut self, list: Option<Verb>) -> bool {
        let reply_is_due = self.server == Server::Replies && self.early.is_none();
        let [_, bare_lf] = self.bare_lf_told;
        // As a body, whose first dot behind the gap is believed only if it is the end.
        let frame = self.halves.of_mut(Side::Server).next(Mode::Body { bare_lf });
        let Some(kind) = frame.as_ref().map(|frame| &frame.kind) else { return false };
        let known = matches!(kind, FrameKind::Gap(Some(_)));
        self.sync.lossy = true;
        self.sync.pace.interrupted();
        self.queue.doubt();
        if reply_is_due && known {
            if !self.greeted && !self.config.mid_stream {
                self.greeted = true;
            } else if !self.queue.begin_in_gap() {
                self.sync.answered_unseen = true;
            }
        }
        self.early = None;
        self.leftover(Side::Server, frame);
        self.server = Server::Landed { list, bare_lf };
        true
    }

    /// Takes note of a gap where commands were due.
    pub(super) fn commands_missed(&mut self, len: Option<u64>, torn: bool) {
        /// The shortest command, its line end included.
        const LEAST: u64 = 6;
        self.sync.lossy = true;
        self.sync.pace.interrupted();
        let Some(len) = len else { return self.queue.push_lost(false, u64::MAX) };
        let most = if len < LEAST { 1 } else { len / LEAST + u64::from(torn) };
        // The reply to one of them may have been in a gap of the server's half.
        let certain = !core::mem::take(&mut self.sync.answered_unseen);
        self.queue.push_lost(certain, most - 1);
    }

    /// Finds the command that a reply answers.
    pub(super) fn choose(&self, reply: &Reply) -> Option<Choice> {
        let framer = self.halves.of(Side::Server);
        let behind = framer.peek_first().and_then(|_| self.looks(false));
        self.queue.choose(reply.status, &reply.text, behind)
    }

    /// What the next line looks like, or the one behind it; `None` while too little of it is there.
    fn looks(&self, behind: bool) -> Option<Looks> {
        /// A line of more is no item and no header field.
        const ENOUGH: usize = 512;
        let framer = self.halves.of(Side::Server);
        let mut ended = false;
        let take = |byte: &u8| !core::mem::replace(&mut ended, *byte == b'\n');
        let mut bytes = framer.peek();
        if behind {
            // The line in front of it, as far as that is not endless.
            let _ = bytes.by_ref().take(ENOUGH).find(|byte| *byte == b'\n');
        }
        let ahead: Vec<u8> = bytes.take(ENOUGH).take_while(take).collect();
        let whole = framer.peek_is_all();
        let begin = ahead.get(..Status::AHEAD).unwrap_or(&ahead);
        match Status::ahead_in_list(begin, whole) {
            Some(true) => return Some(Looks::Reply),
            None if !ahead.is_empty() || !whole => return None,
            _ => {}
        }
        // RFC 5322 section 2.2: a field name, then a colon.
        let colon = ahead.iter().position(|byte| *byte == b':');
        let name = ahead.get(..colon.unwrap_or(0)).unwrap_or_default();
        if !name.is_empty() && name.iter().all(u8::is_ascii_graphic) {
            return Some(Looks::Header);
        }
        if ahead.last() != Some(&b'\n') && ahead.len() < ENOUGH && !whole {
            return None;
        }
        let line = Bytes::from(ahead.trim_ascii_end().to_vec());
        let listed = [Verb::List, Verb::Uidl].into_iter().find(|verb| ListItem::parse(*verb, &line).is_ok());
        Some(match listed {
            Some(verb) => Looks::Item(verb),
            None if is_capability(&line) => Looks::Item(Verb::Capa),
            None if line == "." => Looks::Item(Verb::Unknown),
            // The first line of a mailbox file, which careless servers leave in front of the header.
            None if line.starts_with(b"From ") => Looks::Header,
            None => Looks::Other,
        })
    }

    /// Behind a reply of which it is not known what follows it.
    pub(super) fn step_guess(&mut self, follows: Follows) -> bool {
        let Follows { expect, octets, bare_lf, sure, rivals } = follows;
        let framer = self.halves.of(Side::Server);
        let (at_gap, finished) = (framer.at_gap(), framer.is_finished());
        if at_gap || finished {
            return self.follows_unseen(follows, at_gap);
        }
        let encrypted = self.halves.tls_ahead(Side::Server) == Some(true);
        let looks = if encrypted { Some(Looks::Reply) } else { self.looks(false) };
        let Some(looks) = looks else { return false };
        let lossy = self.sync.lossy;
        self.server = match (looks, expect) {
            (Looks::Reply, expect) => {
                // What has no answer without more lines was not answered by that reply.
                if let Some(expect) = expect.filter(|expect| lossy && !encrypted && expect.must_bring_more())
                {
                    self.queue.put_back(expect, false);
                }
                Server::Replies
            }
            (Looks::Item(verb), Some(expect @ Expect::Message { .. })) if lossy && verb != Verb::Unknown => {
                self.queue.put_back(expect, false);
                Server::List { verb: self.is_list_after_all(verb), certain: false }
            }
            (_, Some(expect @ Expect::Message { .. })) if sure => {
                self.begin_message(Side::Server, reference(Some(expect), octets, rivals));
                Server::Body { bare_lf }
            }
            (Looks::Header, Some(expect)) if lossy && !expect.may_bring_message() => {
                return self.is_message_after_all(octets, bare_lf);
            }
            (Looks::Header | Looks::Other, Some(Expect::Message { .. }))
            | (Looks::Header, None | Some(Expect::Other { .. } | Expect::List { .. })) => {
                self.begin_message(Side::Server, reference(expect, octets, rivals));
                Server::Body { bare_lf }
            }
            (_, Some(Expect::List { verb, certain })) => {
                if verb == Verb::Unknown {
                    self.anomaly_here(Side::Server, Anomaly::UnknownMultiline);
                }
                if verb == Verb::Capa {
                    self.upgrade.offer(false);
                }
                Server::List { verb, certain }
            }
            (Looks::Item(verb), _) => Server::List { verb: self.is_list_after_all(verb), certain: false },
            (Looks::Other, None) => Server::List { verb: Verb::Unknown, certain: false },
            // A reply of one line, and something else behind it.
            _ => Server::Replies,
        };
        true
    }

    /// A reply behind which no byte stands, but a gap or the end.
    fn follows_unseen(&mut self, follows: Follows, at_gap: bool) -> bool {
        let Follows { expect, octets, bare_lf, sure, rivals } = follows;
        self.server = Server::Replies;
        match expect {
            Some(Expect::Message { .. }) if sure => {
                self.begin_message(Side::Server, reference(expect, octets, rivals));
                self.server = Server::Body { bare_lf };
            }
            Some(Expect::List { verb, certain: true }) if sure => {
                self.server = Server::List { verb, certain: true };
            }
            Some(expect) if at_gap && expect.must_bring_more() => {
                self.queue.put_back(expect, true);
                self.server = Server::Guess(Follows { expect: None, ..follows });
                return self.lands(None);
            }
            _ => {}
        }
        true
    }

    /// A header field stands behind a reply that was taken for one of another kind: it answers the first command that asked
    /// for a message.
    fn is_message_after_all(&mut self, octets: Option<u64>, bare_lf: bool) -> bool {
        self.queue.doubt();
        let reference = match self.queue.find_waiting(false, Expect::is_message) {
            Some(Choice { skipped, rivals }) => {
                let expect = self.pass_over(skipped);
                reference(expect, octets, rivals)
            }
            // It may be unread, behind a command that still waits for its reply.
            None if self.client_waits()
                && self.halves.of(Side::Client).has_unread()
                && self.client_gives_up(false) =>
            {
                return true;
            }
            None => MessageRef { octets, ..MessageRef::default() },
        };
        self.begin_message(Side::Server, reference);
        self.server = Server::Body { bare_lf };
        true
    }

    /// As [`is_message_after_all`](Self::is_message_after_all), for a line of a list: whose it is.
    fn is_list_after_all(&mut self, looks: Verb) -> Verb {
        if !self.sync.lossy {
            return looks;
        }
        let in_list = |expect| matches!(expect, Expect::List { .. });
        let Some(Choice { skipped, .. }) = self.queue.find_waiting(false, in_list) else { return looks };
        self.pass_over(skipped).map_or(looks, Expect::verb)
    }

    /// Behind a gap, or at the beginning of a capture that begins inside the connection.
    pub(super) fn step_landed(&mut self, list: Option<Verb>, bare_lf: bool) -> bool {
        let framer = self.halves.of(Side::Server);
        if framer.at_gap() {
            return self.lands(list);
        }
        if framer.is_finished() || self.halves.tls_ahead(Side::Server) == Some(true) {
            self.server = Server::Replies;
            return true;
        }
        let Some(looks) = self.looks(false) else { return false };
        if let Some(at) = self.halves.of(Side::Server).next_at() {
            self.pass_answered(at);
        }
        if looks == Looks::Reply {
            self.pass_begun();
            self.server = Server::Replies;
            return true;
        }
        let list_before = list;
        let list = self.queue.find_waiting(true, |expect| matches!(expect, Expect::List { .. }));
        let message = self.queue.find_waiting(true, Expect::is_message);
        let place = |choice: Option<Choice>| choice.map_or(usize::MAX, |choice| choice.skipped);
        let list_first = place(list) < place(message);
        // What is next may be the rear part of any line: where several answers may have begun, the one behind it counts too.
        let next = match place(message) {
            0 if list.is_none() && list_before.is_none() => None,
            usize::MAX => None,
            _ => match self.looks(true) {
                None => return false,
                next => next,
            },
        };
        match (looks, next, list, message) {
            (Looks::Item(verb), next, Some(Choice { skipped, .. }), message)
                if list_first
                    || message.is_none()
                    || matches!(next, Some(Looks::Item(verb)) if verb != Verb::Unknown) =>
            {
                let verb = self.pass_over(skipped).map_or(verb, Expect::verb);
                self.server = Server::List { verb, certain: false };
                return true;
            }
            (_, Some(Looks::Reply), _, Some(Choice { skipped, .. }))
                if skipped > 0 || list_before.is_some() =>
            {
                return self.pass_line();
            }
            (Looks::Other, Some(Looks::Item(_)), ..) if list_first => return self.pass_line(),
            (.., Some(Choice { skipped, rivals })) => {
                let expect = self.pass_over(skipped);
                self.begin_inside_message(reference(expect, None, rivals), bare_lf);
                return true;
            }
            _ => {}
        }
        let list = list_before;
        let unheard = (self.queue.is_empty() && (self.is_alone() || self.sync.shaky)) || self.queue.is_lost();
        match (list, looks) {
            (Some(verb), Looks::Item(_)) => self.server = Server::List { verb, certain: false },
            (None, Looks::Item(verb)) if unheard => {
                self.pass_lost();
                self.server = Server::List { verb, certain: false };
            }
            (None, _) if unheard => match self.looks(true) {
                None => return false,
                // The rear part of a line in a list, or of a reply.
                Some(Looks::Item(verb)) if verb != Verb::Unknown => return self.pass_line(),
                Some(Looks::Reply) if self.queue.is_lost() => return self.pass_line(),
                Some(_) => {
                    self.pass_lost();
                    self.begin_inside_message(MessageRef::default(), bare_lf);
                }
            },
            // The rear part of a line, or of a reply that nobody asked for.
            _ => return self.pass_line(),
        }
        true
    }

    fn pass_line(&mut self) -> bool {
        let frame = self.halves.of_mut(Side::Server).next(Mode::Line);
        let taken = frame.is_some();
        self.leftover(Side::Server, frame);
        taken
    }

    fn pass_lost(&mut self) {
        if self.queue.is_lost() {
            self.queue.pop_one();
        }
    }

    /// A reply stands behind the gap in which the only one that was awaited begins: nobody waits for that one any longer.
    fn pass_begun(&mut self) {
        let unheard = self.queue.last() == Some(Expect::Xmit) && self.verb_ahead().is_none();
        if unheard || !self.queue.is_begun() {
            return;
        }
        while self.queue.is_begun()
            && let Some(pending) = self.queue.pop_one()
        {
            if !matches!(pending.expect, Expect::Lost { .. }) {
                self.anomaly_here(Side::Server, Anomaly::ReplyMissing { commands: 1 });
            }
            self.resolve(pending, None);
        }
    }

    /// Takes the command whose answer has lost its beginning, and those before it.
    fn pass_over(&mut self, skipped: usize) -> Option<Expect> {
        for _ in 0..skipped {
            if let Some(pending) = self.queue.pop() {
                self.resolve(pending, None);
            }
        }
        let pending = self.queue.pop()?;
        self.resolve(pending, None);
        Some(pending.expect)
    }
}

/// Whether the line begins as one of the capabilities that servers list (RFC 2449 section 6, 2595, 5034, 6856).
fn is_capability(line: &[u8]) -> bool {
    const KNOWN: [&str; 14] = [
        "TOP",
        "USER",
        "SASL",
        "RESP-CODES",
        "LOGIN-DELAY",
        "PIPELINING",
        "EXPIRE",
        "UIDL",
        "IMPLEMENTATION",
        "STLS",
        "AUTH-RESP-CODE",
        "UTF8",
        "LANG",
        "CAPA",
    ];
    let word = line.split(|byte| *byte == b' ').next().unwrap_or_default();
    KNOWN.iter().any(|known| word.eq_ignore_ascii_case(known.as_bytes()))
}
