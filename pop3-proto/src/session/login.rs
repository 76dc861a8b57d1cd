//! Logins: USER and PASS, APOP (RFC 1939 section 7), the exchange of AUTH (RFC 5034).

use super::client::Client;
use super::pairing::{Expect, Pending};
use super::{Session, Side};
use crate::command::Arguments;
use crate::event::EventKind;
use crate::reply::Status;
use crate::{Anomaly, Verb};
use bytes::Bytes;
use core::ops::Range;
use mail_wire::framer::{Frame, FrameKind, LineEnd, Mode};
use mail_wire::sasl::{self, Credential, Exchange, Outcome};
use mail_wire::{Secret, Timestamp};

/// What is known of logins.
#[derive(Clone, Debug, Default)]
pub(super) struct Logins {
    /// The last USER, until its PASS.
    user: Option<User>,
    attempt: Option<Attempt>,
    /// The time stamp of the greeting, which APOP needs.
    pub(super) timestamp: Option<Bytes>,
}

#[derive(Clone, Debug)]
struct User {
    name: Bytes,
    at: Timestamp,
    span: Range<u64>,
    refused: bool,
}

/// An attempt under way, and the last line that the client gave to it.
#[derive(Clone, Debug)]
struct Attempt {
    means: Means,
    at: Timestamp,
    span: Range<u64>,
    /// The client has named a mechanism and nothing more.
    bare: bool,
}

#[derive(Clone, Debug)]
enum Means {
    /// All is known but the verdict.
    Told(Box<Credential>),
    /// And the digest.
    Apop(Box<Credential>, Secret),
    Sasl(Box<Exchange>),
}

impl Logins {
    fn is_bare(&self) -> bool {
        self.attempt.as_ref().is_some_and(|attempt| attempt.bare)
    }

    pub(super) fn memory(&self) -> usize {
        let len = |text: &Option<Bytes>| text.as_ref().map_or(0, Bytes::len);
        let user = self.user.as_ref().map_or(0, |user| user.name.len());
        let attempt = self.attempt.as_ref().map_or(0, |attempt| match &attempt.means {
            Means::Told(credential) => {
                let secret = credential.password.as_ref().map_or(0, |password| password.expose().len());
                size_of::<Credential>() + len(&credential.username) + secret
            }
            Means::Apop(credential, digest) => {
                size_of::<Credential>() + len(&credential.username) + digest.expose().len()
            }
            Means::Sasl(exchange) => exchange.memory(),
        });
        user + attempt + len(&self.timestamp)
    }
}

/// A copy that keeps no packet alive.
fn copy(bytes: &[u8]) -> Bytes {
    Bytes::copy_from_slice(bytes)
}

fn credential(mechanism: Verb, username: Option<Bytes>) -> Credential {
    let mechanism = match mechanism {
        Verb::Pass => "USER-PASS",
        mechanism => mechanism.as_str(),
    };
    let mut credential = Credential::new(Bytes::from_static(mechanism.as_bytes()));
    credential.username = username;
    credential
}

impl Session {
    /// Takes note of a command that is part of a login; `cut`: its line went past the limit.
    pub(super) fn login_command(
        &mut self,
        (verb, arguments): (Verb, &Arguments),
        at: Timestamp,
        span: &Range<u64>,
        cut: bool,
    ) {
        let bare = matches!(arguments, Arguments::Auth { initial_response: None, .. });
        let means = match (verb, arguments) {
            (Verb::User, Arguments::Name(name)) => {
                let user = User { name: copy(name), at, span: span.clone(), refused: false };
                self.logins.user = Some(user);
                return;
            }
            (Verb::Pass, Arguments::Password(password)) => {
                let mut told = credential(Verb::Pass, self.logins.user.take().map(|user| user.name));
                told.password = Some(Secret::new(copy(password.expose())));
                Means::Told(Box::new(told))
            }
            (Verb::Rpop, Arguments::Name(name)) => {
                let mut told = credential(Verb::Rpop, self.logins.user.take().map(|user| user.name));
                told.authorization_identity = Some(copy(name));
                Means::Told(Box::new(told))
            }
            (Verb::Apop, Arguments::Apop { name, digest }) => {
                let digest = Secret::new(copy(digest.expose()));
                Means::Apop(Box::new(credential(Verb::Apop, Some(copy(name)))), digest)
            }
            (Verb::Auth, Arguments::Auth { mechanism, initial_response }) => {
                let mut exchange = Exchange::new(mechanism);
                match initial_response {
                    Some(response) if cut => exchange.cut_response(response.expose()),
                    Some(response) => exchange.response(response.expose()),
                    None => {}
                }
                Means::Sasl(Box::new(exchange))
            }
            _ => return,
        };
        self.logins.attempt = Some(Attempt { means, at, span: span.clone(), bare });
    }

    /// A command that is no PASS: a name that was refused has had its chance.
    pub(super) fn forget_refused_user(&mut self) {
        let Some(User { name, at, span, .. }) = self.logins.user.take_if(|user| user.refused) else { return };
        let mut told = credential(Verb::Pass, Some(name));
        told.outcome = Outcome::Rejected;
        self.emit(Side::Client, at, span, EventKind::Credential(Box::new(told)));
    }

    /// The server's answer to USER.
    pub(super) fn user_answered(&mut self, status: Option<Status>) {
        self.go_on();
        if let Some(user) = &mut self.logins.user {
            user.refused = status.is_some_and(|status| !status.is_positive());
        }
    }

    /// The server's answer to PASS, APOP or RPOP.
    pub(super) fn login_answered(&mut self, status: Option<Status>) {
        self.go_on();
        self.end_login(match status {
            None => Outcome::Unknown,
            Some(status) if status.is_positive() => Outcome::Accepted,
            Some(_) => Outcome::Rejected,
        });
    }

    /// The server's challenge in an exchange of AUTH.
    pub(super) fn challenged(&mut self, challenge: &[u8]) {
        if let Some(Attempt { means: Means::Sasl(exchange), .. }) = &mut self.logins.attempt {
            exchange.challenge(challenge);
        }
    }

    /// The server's answer to AUTH or to a line of its exchange.
    pub(super) fn sasl_answered(&mut self, status: Option<Status>) {
        match status {
            None => self.client = Client::Sasl { sure: false },
            Some(Status::Continue) => self.client = Client::Sasl { sure: true },
            Some(Status::Ok) if !self.sync.lossy && self.logins.is_bare() => self.client = Client::AskedByOk,
            verdict => self.login_answered(verdict),
        }
    }

    /// Decides what +OK meant that came before the client had given anything: a verdict, or the request for the first
    /// line of NTLM, as Windows has it (MS-POP3 2.2.1).
    pub(super) fn step_asked_by_ok(&mut self) -> bool {
        let client = self.halves.of(Side::Client);
        let silent = client.at_gap() || client.is_finished();
        match if silent { Some(true) } else { self.verb_ahead() } {
            None => return false,
            Some(true) => {
                self.client = Client::Commands;
                self.end_login(Outcome::Accepted);
            }
            Some(false) => self.client = Client::Sasl { sure: true },
        }
        true
    }

    /// Tells the attempt under way.
    pub(super) fn end_login(&mut self, outcome: Outcome) {
        let Some(Attempt { means, at, span, .. }) = self.logins.attempt.take() else { return };
        let credential = match means {
            Means::Told(mut credential) => {
                credential.outcome = outcome;
                credential
            }
            Means::Apop(mut credential, digest) => {
                credential.outcome = outcome;
                if let (Some(timestamp), Some(name)) = (&self.logins.timestamp, &credential.username) {
                    // hashcat's line is the first.
                    credential.hash = sasl::apop(timestamp, digest.expose(), name).into_iter().next();
                }
                credential
            }
            Means::Sasl(exchange) => Box::new(exchange.finish(outcome)),
        };
        if credential.unreadable.is_some() {
            self.anomaly(Side::Client, at, &span, Anomaly::AuthMalformed);
        }
        self.emit(Side::Client, at, span, EventKind::Credential(credential));
    }

    /// Takes a line of the client's part of an exchange; `sure`: the server asked for it.
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
                self.sync.lossy = true;
                if let Some(Attempt { means: Means::Sasl(exchange), .. }) = &mut self.logins.attempt {
                    exchange.missed_response();
                }
                let at = frame.at;
                self.queue.push(Pending { doubtful: true, at: None, ..Pending::new(Expect::Sasl, at) });
                self.client = Client::Waiting;
            }
            self.leftover(Side::Client, Some(frame));
            return true;
        };
        if line.end == LineEnd::Cut {
            self.anomaly(Side::Client, at, &span, Anomaly::LineTooLong { limit: self.config.max_line });
        }
        if let Some(attempt) = &mut self.logins.attempt
            && let Means::Sasl(exchange) = &mut attempt.means
        {
            match line.end {
                LineEnd::Cut => exchange.cut_response(&line.text),
                _ => exchange.response(&line.text),
            }
            attempt.at = at;
            attempt.span = span.clone();
            attempt.bare = false;
        }
        self.emit(Side::Client, at, span, EventKind::Response(Secret::new(line.text)));
        self.queue.push(Pending::new(Expect::Sasl, at));
        self.client = Client::Waiting;
        true
    }
}
