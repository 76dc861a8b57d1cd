//! The client's half: commands, the lines of an AUTH exchange, a message that it sends.

use super::pace::may_be_early;
use super::pairing::{Expect, Pending};
use super::{Session, Side};
use crate::command::{self, Arguments, Command, Verb};
use crate::event::{EventKind, Operation};
use crate::{Anomaly, MessageRef};
use core::ops::Range;
use mail_wire::Timestamp;
use mail_wire::framer::{Frame, FrameKind, LineEnd, Mode};
use mail_wire::preface::{self, Preface};

/// What the client's next bytes are.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Client {
    /// A command line.
    Commands,
    /// Unknown until the last command is answered: a step of a login, STLS, XTND XMIT; or not to be told before the
    /// message that was sent has its verdict.
    Waiting,
    /// A line of the AUTH exchange; `sure`: the server asked for it.
    Sasl { sure: bool },
    /// A line of the AUTH exchange, or a command if the last reply was the verdict.
    AskedByOk,
    /// The inside of a message.
    Upload { bare_lf: bool },
    /// No plaintext.
    Opaque,
}

/// The longest verb, and what ends it.
const VERB: usize = 5;

impl Session {
    /// Takes one frame of the client, if its meaning is known.
    pub(super) fn step_client(&mut self) -> bool {
        // Only a mark can stand where no bytes are.
        if !self.halves.has_more(Side::Client) && !self.is_opaque(Side::Client) {
            return false;
        }
        match self.client {
            Client::Commands => self.step_commands(),
            Client::Waiting => false,
            Client::Sasl { sure } => self.step_sasl(sure),
            Client::AskedByOk => self.step_asked_by_ok(),
            Client::Upload { bare_lf } => self.step_body(Side::Client, bare_lf),
            Client::Opaque => self.step_opaque(Side::Client),
        }
    }

    /// Whether the client's half is left unread for the server's sake.
    pub(super) fn client_waits(&self) -> bool {
        match self.client {
            Client::Commands => self.queue_is_full() && self.halves.of(Side::Client).has_unread(),
            Client::Waiting => true,
            Client::Sasl { .. } | Client::AskedByOk | Client::Upload { .. } | Client::Opaque => false,
        }
    }

    /// What was waited for is there, or will not come.
    pub(super) fn go_on(&mut self) {
        if self.client == Client::Waiting {
            self.client = Client::Commands;
        }
    }

    /// Goes on without the reply; false if the client's next bytes, which must serve instead, are not there.
    pub(super) fn client_gives_up(&mut self, tell: bool) -> bool {
        if self.queue.last() == Some(Expect::Xmit) && self.verb_ahead().is_none() {
            return false;
        }
        if tell && self.sync.patient {
            self.anomaly_here(Side::Client, Anomaly::VerdictMissing);
        }
        if self.client == Client::Commands {
            if let Some(oldest) = self.queue.pop() {
                self.resolve(oldest, None);
            }
            return true;
        }
        while let Some(pending) = self.queue.pop() {
            self.resolve(pending, None);
        }
        self.go_on();
        true
    }

    fn queue_is_full(&self) -> bool {
        self.queue.len() >= self.config.max_pending
    }

    /// Whether the client's next line begins with a verb; `None` while too little of it is there.
    pub(super) fn verb_ahead(&self) -> Option<bool> {
        let framer = self.halves.of(Side::Client);
        let mut room = [0; VERB];
        let ahead = framer.peek_into(&mut room);
        let line = ahead.split(|byte| matches!(byte, b'\r' | b'\n')).next().unwrap_or_default();
        let decided = line.len() == VERB || ahead.contains(&b'\n') || framer.peek_is_all();
        decided.then(|| Verb::of(line) != Verb::Unknown)
    }

    fn step_commands(&mut self) -> bool {
        if self.queue_is_full() {
            return false;
        }
        match self.halves.tls_ahead(Side::Client) {
            None => return false,
            Some(true) => {
                self.start_tls(Side::Client);
                return true;
            }
            Some(false) if self.upgrade.is_due() => return self.tls_is_absent(),
            Some(false) => {}
        }
        match preface::take(self.halves.of_mut(Side::Client)) {
            Preface::None => {}
            Preface::Incomplete => return false,
            Preface::Taken(at, end, proxy) => {
                self.emit(Side::Client, at, 0..end, EventKind::Proxy(Box::new(proxy)));
                self.anomaly(Side::Client, at, &(0..end), Anomaly::Proxied);
                return true;
            }
        }
        let frame = self.halves.of_mut(Side::Client).next(Mode::Line);
        match frame.as_ref().map(|frame| &frame.kind) {
            None => {
                if self.halves.of(Side::Client).is_finished() {
                    self.forget_refused_user();
                }
                return false;
            }
            Some(FrameKind::Line(_)) => self.command_line(frame),
            Some(FrameKind::Gap(len)) => {
                let (len, torn) = (*len, core::mem::take(&mut self.sync.torn));
                self.commands_missed(len, torn);
                self.leftover(Side::Client, frame);
            }
            Some(_) => {
                self.sync.torn = true;
                self.leftover(Side::Client, frame);
            }
        }
        true
    }

    fn command_line(&mut self, frame: Option<Frame>) {
        let Some(Frame { at, span, kind: FrameKind::Line(line), .. }) = frame else { return };
        let command = match command::read(&line.text) {
            Ok((verb, arguments, strict)) => Box::new(Command { verb, arguments, line: line.text, strict }),
            // The rear part of a line, or its front: no command.
            Err(_)
                if line.after_gap
                    || line.end == LineEnd::Missing
                    || (self.config.mid_stream && span.start == 0) =>
            {
                if line.after_gap {
                    self.queue.add_lost();
                }
                self.emit(Side::Client, at, span, EventKind::Truncated(line.text));
                return;
            }
            Err(_) => Box::new(Command::unparsed(&line.text)),
        };
        if line.end == LineEnd::Lf {
            self.bare_lf(Side::Client, at, &span);
        }
        let cut = line.end == LineEnd::Cut;
        if cut {
            self.anomaly(Side::Client, at, &span, Anomaly::LineTooLong { limit: self.config.max_line });
        }
        self.upgrade.plaintext(Side::Client);
        self.command(command, at, span, cut);
    }

    fn command(&mut self, command: Box<Command>, at: Timestamp, span: Range<u64>, cut: bool) {
        let verb = command.verb;
        self.sync.answered_unseen = false;
        if verb != Verb::Pass {
            self.forget_refused_user();
        }
        let expect = expect(&command);
        let oddity = match (verb, &command.arguments) {
            (Verb::List | Verb::Uidl | Verb::Retr | Verb::Dele | Verb::Top, Arguments::Raw(_)) => {
                Some(Anomaly::BadNumber)
            }
            (Verb::Unknown, _) | (_, Arguments::Raw(_)) => Some(Anomaly::BadCommand),
            _ => None,
        };
        self.login_command((verb, &command.arguments), at, &span, cut);
        self.emit(Side::Client, at, span.clone(), EventKind::Command(command));
        if let Some(oddity) = oddity {
            self.anomaly(Side::Client, at, &span, oddity);
        }
        self.meet(verb, at, &span);
        if matches!(expect, Expect::User | Expect::Login(_) | Expect::Sasl | Expect::Stls | Expect::Xmit) {
            self.client = Client::Waiting;
        }
        self.sync.pace.asked(at, may_be_early(expect));
        self.queue.push(Pending::new(expect, at));
    }

    /// Three lines without a verb at the beginning: somebody who speaks another protocol, or uses one to reach a mail
    /// server (cross-protocol attacks send commands behind an HTTP header).
    fn meet(&mut self, verb: Verb, at: Timestamp, span: &Range<u64>) {
        self.strangers = match self.strangers {
            Some(2) if verb == Verb::Unknown => {
                self.anomaly(Side::Client, at, span, Anomaly::ProtocolMismatch);
                None
            }
            Some(count) if verb == Verb::Unknown => Some(count + 1),
            _ => None,
        };
    }

    /// The server's answer to XTND XMIT; without one the client's next line tells whether it went on.
    pub(super) fn xmit_answered(&mut self, accepted: Option<bool>) {
        let taken = accepted.unwrap_or_else(|| {
            self.verb_ahead() == Some(false) && !self.halves.of(Side::Client).is_finished()
        });
        self.go_on();
        if taken {
            let message = MessageRef { operation: Operation::Xmit, ..MessageRef::default() };
            let [bare_lf, _] = self.bare_lf_told;
            self.begin_message(Side::Client, message);
            self.client = Client::Upload { bare_lf };
        }
    }

    /// The client's half of a message is over: the verdict is still to come.
    pub(super) fn await_verdict(&mut self) {
        self.queue.push(Pending::new(Expect::Verdict, self.halves.now()));
        self.client = Client::Waiting;
    }
}

/// What the reply to a command will decide.
fn expect(command: &Command) -> Expect {
    let number = command.number();
    match (command.verb, &command.arguments) {
        (Verb::User, _) => Expect::User,
        (verb @ (Verb::Pass | Verb::Apop | Verb::Rpop), _) => Expect::Login(verb),
        (Verb::Auth, Arguments::Auth { .. }) => Expect::Sasl,
        (Verb::Stls, _) => Expect::Stls,
        (Verb::Retr, _) => Expect::Message { operation: Operation::Retr, number, lines: None },
        (Verb::Top, Arguments::Top { lines, .. }) => {
            Expect::Message { operation: Operation::Top, number, lines: *lines }
        }
        (Verb::Top, _) => Expect::Message { operation: Operation::Top, number, lines: None },
        (Verb::Xtnd, Arguments::Extension { name, .. }) if name.eq_ignore_ascii_case(b"XMIT") => Expect::Xmit,
        (verb @ (Verb::List | Verb::Uidl), Arguments::None) | (verb @ Verb::Capa, _) => {
            Expect::List { verb, certain: true }
        }
        // As of old, AUTH alone lists the mechanisms, if it is understood at all.
        (verb @ (Verb::Auth | Verb::Lang), Arguments::None)
        | (verb @ (Verb::List | Verb::Uidl), Arguments::Raw(_))
        | (verb @ (Verb::Xtnd | Verb::Unknown), _) => Expect::List { verb, certain: false },
        (verb, _) => Expect::Other { verb, number },
    }
}
