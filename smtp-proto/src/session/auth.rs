//! The lines of an AUTH exchange (RFC 4954), and the login that they amount to.

use super::client::Client;
use super::pairing::{Expect, Pending};
use super::{Login, Session, Side};
use crate::event::EventKind;
use crate::{Anomaly, Reply};
use mail_wire::Secret;
use mail_wire::framer::{Frame, FrameKind, LineEnd, Mode};
use mail_wire::sasl::Outcome;

/// RFC 4954 section 4: the longest line of an exchange.
const RESPONSE: usize = 12_288;

impl Session {
    pub(super) fn step_sasl(&mut self, sure: bool) -> bool {
        if !sure {
            match self.verb_ahead() {
                None => return false,
                Some(true) => {
                    self.end_login(Outcome::Unknown);
                    self.client = Client::Commands;
                    return true;
                }
                Some(false) => {}
            }
        }
        let Some(frame) = self.halves.of_mut(Side::Client).next(Mode::Line) else {
            let ended = self.halves.of(Side::Client).is_finished();
            if ended {
                self.end_login(Outcome::Unknown);
                self.client = Client::Commands;
            }
            return ended;
        };
        let Frame { at, span, kind: FrameKind::Line(line), .. } = frame else {
            if matches!(frame.kind, FrameKind::Gap(_)) {
                // The response, it seems; its answer is the verdict if it says so.
                self.sync.shaky = true;
                if let Some(login) = &mut self.login {
                    login.exchange.missed_response();
                }
                self.queue.push(Pending { doubtful: true, ..Pending::new(Expect::Sasl) });
                self.client = Client::AwaitSasl;
            }
            self.leftover(Side::Client, frame);
            return true;
        };
        if line.text.len() > RESPONSE {
            self.anomaly(Side::Client, at, &span, Anomaly::AuthLineLong);
        }
        if line.end == LineEnd::Cut {
            self.anomaly(Side::Client, at, &span, Anomaly::LineTooLong { limit: self.config.max_line });
        }
        if let Some(login) = &mut self.login {
            match line.end {
                LineEnd::Cut => login.exchange.cut_response(&line.text),
                _ => login.exchange.response(&line.text),
            }
            login.at = at;
            login.span = span.clone();
        }
        self.emit(Side::Client, at, span.clone(), EventKind::Response(Secret::new(line.text)));
        self.queue.push(Pending::new(Expect::Sasl));
        self.client = Client::AwaitSasl;
        true
    }

    pub(super) fn end_login(&mut self, outcome: Outcome) {
        let Some(Login { exchange, at, span }) = self.login.take() else { return };
        let credential = exchange.finish(outcome);
        if credential.unreadable.is_some() {
            self.anomaly(Side::Client, at, &span, Anomaly::AuthMalformed);
        }
        self.emit(Side::Client, at, span, EventKind::Credential(Box::new(credential)));
    }

    /// Whether a security layer begins here (RFC 4954 section 4: behind the last line of the exchange in either
    /// direction); `None` while that cannot be told.
    ///
    /// RFC 4422 section 3.7: each protected buffer begins with its length in four bytes, of which the first is zero in
    /// all that is below 16 MiB. A line of text instead means that somebody has removed the layer.
    pub(super) fn step_sealed(&mut self, side: Side) -> Option<bool> {
        let slot = usize::from(side == Side::Server);
        if self.sealed.get(slot) != Some(&true) {
            return Some(false);
        }
        let framer = self.halves.of(side);
        let first = framer.peek().next();
        if first.is_none() && !framer.peek_is_all() {
            return None;
        }
        if let Some(sealed) = self.sealed.get_mut(slot) {
            *sealed = false;
        }
        if first != Some(0) {
            return Some(false);
        }
        self.anomaly_here(side, Anomaly::SecurityLayer);
        match side {
            Side::Client => {
                self.abandon();
                self.client = Client::Opaque;
            }
            Side::Server => self.server_opaque = true,
        }
        Some(true)
    }

    /// The server's answer to AUTH or to a line of its exchange.
    pub(super) fn sasl_answered(&mut self, reply: Option<&Reply>) {
        let outcome = match reply {
            None => {
                self.client = Client::Sasl { sure: false };
                return;
            }
            Some(reply) if matches!(reply.code, 300..=399) => {
                if let Some(login) = &mut self.login {
                    login.exchange.challenge(reply.text());
                }
                self.client = Client::Sasl { sure: true };
                return;
            }
            Some(reply) if reply.is_positive() => {
                // RFC 4954 section 4 sends the server's last data as a challenge of its own; some send it with the
                // verdict. What is no such data, the exchange passes over.
                if let Some(login) = &mut self.login
                    && let Some(text) = only_word(reply)
                {
                    login.exchange.challenge(text);
                }
                if self.login.as_ref().is_some_and(|login| login.exchange.security_layer()) {
                    self.sealed = [true; 2];
                }
                Outcome::Accepted
            }
            Some(_) => Outcome::Rejected,
        };
        self.client = Client::Commands;
        self.end_login(outcome);
    }
}

/// The text behind the enhanced code, if it is one word.
fn only_word(reply: &Reply) -> Option<&[u8]> {
    let mut words = reply.text().split(|byte| *byte == b' ').filter(|word| !word.is_empty());
    if reply.enhanced.is_some() {
        words.next();
    }
    words.next().filter(|_| words.next().is_none())
}
