//! LOGIN, the lines of an AUTHENTICATE exchange, and the login that they amount to.

use super::{Client, Session, Side};
use crate::Anomaly;
use crate::event::EventKind;
use crate::response::Condition;
use bytes::Bytes;
use core::ops::Range;
use mail_wire::framer::{FrameKind, LineEnd, Mode};
use mail_wire::sasl::{Credential, Exchange, Outcome};
use mail_wire::{Secret, Timestamp};

/// A login attempt under way, and the last line that the client gave to it.
#[derive(Debug)]
pub(super) struct Login {
    attempt: Attempt,
    at: Timestamp,
    span: Range<u64>,
}

#[derive(Debug)]
enum Attempt {
    /// LOGIN.
    Plain(Box<Credential>),
    /// AUTHENTICATE.
    Sasl(Box<Exchange>),
}

impl Login {
    pub(super) fn memory(&self) -> usize {
        match &self.attempt {
            Attempt::Plain(credential) => {
                let password = credential.password.as_ref().map_or(0, |password| password.expose().len());
                size_of::<Credential>() + credential.username.as_ref().map_or(0, Bytes::len) + password
            }
            Attempt::Sasl(exchange) => exchange.memory(),
        }
    }
}

impl Session {
    pub(super) fn login(
        &mut self,
        username: Option<&Bytes>,
        password: Option<&Secret>,
        at: Timestamp,
        span: &Range<u64>,
    ) {
        let mut credential = Credential::new(Bytes::from_static(b"IMAP-LOGIN"));
        credential.username = username.map(|username| Bytes::copy_from_slice(username));
        let secret = |password: &Secret| Secret::new(Bytes::copy_from_slice(password.expose()));
        credential.password = password.map(secret);
        self.login = Some(Login { attempt: Attempt::Plain(Box::new(credential)), at, span: span.clone() });
    }

    pub(super) fn authenticate(
        &mut self,
        mechanism: &Bytes,
        initial_response: Option<&Secret>,
        at: Timestamp,
        span: &Range<u64>,
    ) {
        let mut exchange = Box::new(Exchange::new(mechanism));
        if let Some(response) = initial_response {
            exchange.response(response.expose());
        }
        self.login = Some(Login { attempt: Attempt::Sasl(exchange), at, span: span.clone() });
    }

    /// The server's challenge, in base64.
    pub(super) fn challenge(&mut self, text: &[u8]) {
        if let Some(Login { attempt: Attempt::Sasl(exchange), .. }) = &mut self.login {
            exchange.challenge(text);
        }
    }

    pub(super) fn step_sasl(&mut self) -> bool {
        // A server that asked for more may have given up by now, and its answer, if it is not here yet, does not say so:
        // the line tells by itself, since no response in base64 looks like a command.
        match self.command_ahead() {
            None => return false,
            Some(true) => {
                self.end_login(Outcome::Unknown);
                self.client = Client::Commands;
                return true;
            }
            Some(false) => {}
        }
        // At the client's end the server's half is waited for, which may still tell what came of it.
        let Some(frame) = self.halves.of_mut(Side::Client).wire.next(Mode::Line) else { return false };
        let (at, span) = (frame.at, frame.span);
        let line = match frame.kind {
            FrameKind::Line(line) => line,
            FrameKind::Gap(len) => {
                // The response, it seems; its answer is the verdict if it says so.
                self.sync.shaky = true;
                self.sync.deaf = true;
                if let Some(Login { attempt: Attempt::Sasl(exchange), .. }) = &mut self.login {
                    exchange.missed_response();
                }
                self.client = Client::AwaitSasl;
                return self.told(at, span, EventKind::Gap(len));
            }
            FrameKind::Truncated(bytes) => return self.told(at, span, EventKind::Truncated(bytes)),
            _ => return true,
        };
        let limit = self.config.max_line;
        if line.end == LineEnd::Cut {
            self.anomaly(Side::Client, at, &span, Anomaly::LineTooLong { limit });
        }
        if let Some(login) = &mut self.login
            && let Attempt::Sasl(exchange) = &mut login.attempt
        {
            match line.end {
                LineEnd::Cut => exchange.cut_response(&line.text),
                _ => exchange.response(&line.text),
            }
            login.at = at;
            login.span = span.clone();
        }
        self.client = Client::AwaitSasl;
        self.told(at, span, EventKind::ClientResponse(Secret::new(line.text)))
    }

    fn told(&mut self, at: Timestamp, span: Range<u64>, kind: EventKind) -> bool {
        self.emit(Side::Client, at, span, kind);
        true
    }

    /// The answer to LOGIN or AUTHENTICATE.
    pub(super) fn login_answered(&mut self, condition: Option<Condition>) {
        let outcome = match condition {
            Some(Condition::Ok) => Outcome::Accepted,
            Some(_) => Outcome::Rejected,
            None => Outcome::Unknown,
        };
        self.end_login(outcome);
        if matches!(self.client, Client::AwaitAnswer | Client::AwaitSasl | Client::Sasl) {
            self.client = Client::Commands;
        }
    }

    pub(super) fn end_login(&mut self, outcome: Outcome) {
        let Some(Login { attempt, at, span }) = self.login.take() else { return };
        let credential = match attempt {
            Attempt::Plain(mut credential) => {
                credential.outcome = outcome;
                credential
            }
            Attempt::Sasl(exchange) => Box::new(exchange.finish(outcome)),
        };
        if credential.unreadable.is_some() {
            self.anomaly(Side::Client, at, &span, Anomaly::AuthMalformed);
        }
        self.emit(Side::Client, at, span, EventKind::Credential(credential));
    }
}
