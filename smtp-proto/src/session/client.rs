//! The client's half: commands, messages, the lines of an AUTH exchange.

use super::kept::Kept;
use super::pairing::{Address, Expect, Pending};
use super::preface::Before;
use super::{Login, Session, Side};
use crate::Anomaly;
use crate::command::{self, Arguments, Command, Verb};
use crate::event::EventKind;
use bytes::Bytes;
use core::ops::Range;
use mail_wire::Timestamp;
use mail_wire::framer::{FrameKind, Line, LineEnd, Mode};
use mail_wire::sasl::{Exchange, Outcome as LoginOutcome};

/// What the client's next bytes are.
#[derive(Clone, Debug)]
pub(super) enum Client {
    /// A command line.
    Commands,
    /// Unknown until DATA is answered.
    AwaitData { bare_lf: bool },
    /// A command, or the message of a client that did not wait for the refusal of DATA.
    Refused(Box<(Kept, bool)>),
    /// The inside of a dot-terminated message.
    Body { bare_lf: bool },
    /// Content, which stays unread until the recipients are answered, so that the envelope is whole.
    AwaitEnvelope(Content),
    /// The inside of a BDAT chunk.
    Chunk { left: u64, last: bool },
    /// A command that gives up a BDAT message whose chunks are not all answered yet.
    AwaitChunks(Box<(Command, Timestamp, Range<u64>)>),
    /// Unread until the message has its verdict.
    AwaitVerdict,
    /// Unknown until STARTTLS is answered.
    AwaitStartTls,
    /// Unknown until the last line of the AUTH exchange is answered.
    AwaitSasl,
    /// A line of the AUTH exchange; `sure`: the server asked for it.
    Sasl { sure: bool },
    /// The other side's, once TURN or ATRN is accepted.
    AwaitTurn,
    /// Unknown until XEXCH50 is answered.
    AwaitBlob,
    /// The inside of the blob that follows XEXCH50.
    Blob { left: u64 },
    /// No plaintext.
    Opaque,
}

impl Client {
    /// Memory held.
    pub(super) fn memory(&self) -> usize {
        match self {
            Self::Refused(refused) => size_of::<(Kept, bool)>() + refused.0.memory(),
            _ => 0,
        }
    }
}

/// What BDAT or BURL announces.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Content {
    /// So many bytes.
    Chunk { size: u64, last: bool },
    /// Bytes that the server fetches (RFC 4468); they are not on this wire.
    Elsewhere { last: bool },
    /// A message whose DATA was in a gap.
    Unasked,
}

impl Session {
    /// Takes one frame of the client, if its meaning is known.
    pub(super) fn step_client(&mut self) -> bool {
        // These two read nothing.
        let reads = !matches!(self.client, Client::AwaitEnvelope(_) | Client::AwaitChunks(_));
        if reads && self.gap_is_open(Side::Client) {
            return false;
        }
        match self.client {
            Client::Commands => self.step_commands(),
            Client::Body { bare_lf } => self.step_body(bare_lf),
            Client::Chunk { left, last } => self.step_chunk(left, last),
            Client::Sasl { sure } => self.step_sasl(sure),
            Client::Opaque => self.step_opaque(Side::Client),
            Client::Blob { left } => self.step_blob(left),
            Client::Refused(_) => self.step_refused(),
            Client::AwaitEnvelope(content) => {
                let early = content == Content::Unasked && self.server_leads();
                let answered = self.queue.is_empty() && !early;
                if answered {
                    self.begin_content(content);
                }
                answered
            }
            Client::AwaitChunks(_) => {
                let answered = self.queue.is_empty();
                if answered
                    && let Client::AwaitChunks(held) = core::mem::replace(&mut self.client, Client::Commands)
                {
                    let (command, at, span) = *held;
                    self.give_up_chunks(at, &span);
                    self.command(command, at, span, false);
                }
                answered
            }
            Client::AwaitData { .. }
            | Client::AwaitVerdict
            | Client::AwaitStartTls
            | Client::AwaitSasl
            | Client::AwaitTurn
            | Client::AwaitBlob => false,
        }
    }

    /// Whether the client's half is left unread for the server's sake.
    pub(super) fn client_waits(&self) -> bool {
        match self.client {
            Client::Commands => {
                self.queue_is_full() && self.halves.of(Side::Client).has_unread()
                    || self.awaits_tunnel_answer()
            }
            Client::AwaitData { .. }
            | Client::AwaitEnvelope(_)
            | Client::AwaitChunks(_)
            | Client::AwaitTurn
            | Client::AwaitBlob
            | Client::AwaitVerdict
            | Client::AwaitStartTls
            | Client::AwaitSasl => true,
            Client::Body { .. } => self.awaits_verdict_in_gap(),
            Client::Chunk { .. }
            | Client::Blob { .. }
            | Client::Refused(_)
            | Client::Sasl { .. }
            | Client::Opaque => false,
        }
    }

    /// Goes on without the verdict; false if the client's next bytes, which must serve instead, are not there.
    pub(super) fn client_gives_up(&mut self, tell: bool) -> bool {
        if matches!(self.client, Client::AwaitData { .. }) && self.verb_ahead().is_none() {
            return false;
        }
        if self.awaits_tunnel_answer() {
            self.give_up_tunnel();
            return true;
        }
        if matches!(self.client, Client::Body { .. }) {
            if let Some(message) = &mut self.message {
                message.taken_as_content = true;
            }
            return true;
        }
        if tell && self.sync.patient {
            self.anomaly_here(Side::Client, Anomaly::VerdictMissing);
        }
        if matches!(self.client, Client::Commands) {
            if let Some(oldest) = self.queue.pop() {
                self.resolve(oldest, None);
            }
            return true;
        }
        // They may still come, in front of the answers to what the client says next.
        let late = if tell { self.responses_due() } else { 0 };
        while let Some(pending) = self.queue.pop() {
            self.resolve(pending, None);
        }
        for _ in 0..late.min(self.config.max_pending) {
            self.queue.push(Pending::new(Expect::Other(Verb::Data)));
        }
        self.sync.shaky |= late > self.config.max_pending;
        match self.client {
            Client::AwaitVerdict => {
                self.client = Client::Commands;
                self.end_message();
            }
            Client::AwaitEnvelope(content @ Content::Unasked) => self.begin_content(content),
            _ => {}
        }
        true
    }

    fn queue_is_full(&self) -> bool {
        self.queue.len() >= self.config.max_pending || self.queue.memory() > self.config.max_held
    }

    /// Whether the client's next line begins with a verb; `None` while too little of it is there.
    pub(super) fn verb_ahead(&self) -> Option<bool> {
        /// The longest verb, and what ends it.
        const ENOUGH: usize = 14;
        let framer = self.halves.of(Side::Client);
        let ahead: Vec<u8> =
            framer.peek().take(ENOUGH).take_while(|byte| !matches!(byte, b'\r' | b'\n')).collect();
        let decided = ahead.len() == ENOUGH
            || framer.peek().take(ENOUGH).any(|byte| byte == b'\n')
            || framer.peek_is_all();
        decided.then(|| Verb::of(&ahead) != Verb::Unknown)
    }

    fn step_commands(&mut self) -> bool {
        if self.queue_is_full() {
            return false;
        }
        match self.step_sealed(Side::Client) {
            None => return false,
            Some(true) => return true,
            Some(false) => {}
        }
        match self.halves.tls_ahead(Side::Client) {
            None => return false,
            Some(true) => {
                self.upgrade.went_on();
                self.start_tls(Side::Client);
                return true;
            }
            Some(false) => {}
        }
        if self.upgrade.is_due() {
            match self.tls_is_absent() {
                None => return false,
                Some(false) => return true,
                Some(true) => {}
            }
        }
        match self.step_preface() {
            Before::None => {}
            Before::Incomplete => return false,
            Before::Taken => return true,
        }
        if self.sync.undecided {
            match self.begins_in_body() {
                None => return false,
                Some(in_body) => {
                    self.sync.undecided = false;
                    if in_body {
                        self.begin_in_body();
                        return true;
                    }
                }
            }
        }
        match self.is_behind_lost_data() {
            None => return false,
            Some(true) => {
                // Its 354 may be there already, or come when the message is under way.
                self.client = Client::AwaitEnvelope(Content::Unasked);
                return true;
            }
            Some(false) => {}
        }
        let Some(frame) = self.halves.of_mut(Side::Client).next(Mode::Line) else {
            return self.client_ended();
        };
        match frame.kind {
            FrameKind::Line(line) => self.command_line(line, frame.at, frame.span),
            FrameKind::Gap(len) => self.command_gap(frame.at, frame.span, len),
            _ => self.leftover(Side::Client, frame),
        }
        true
    }

    /// The client's stream is over between commands.
    fn client_ended(&mut self) -> bool {
        let ended = self.halves.of(Side::Client).is_finished();
        if ended && self.message.is_some() {
            if !self.queue.is_empty() && !self.halves.of(Side::Server).is_finished() {
                // The chunks that were sent may still be answered.
                return false;
            }
            let (now, here) = self.here(Side::Client);
            self.give_up_chunks(now, &here);
            return true;
        }
        false
    }

    fn command_line(&mut self, line: Line, at: Timestamp, span: Range<u64>) {
        let command = match command::parse(&line.text) {
            Ok(command) => command.share(&line.text),
            // The rear part of a line, or its front: no command.
            Err(_) if line.after_gap || line.end == LineEnd::Missing => {
                self.emit(Side::Client, at, span, EventKind::Truncated(line.text));
                return;
            }
            Err(_) => Command::unparsed(&line.text).share(&line.text),
        };
        if line.end == LineEnd::Lf {
            self.bare_lf(Side::Client, at, &span);
        }
        if line.end == LineEnd::Cut {
            self.anomaly(Side::Client, at, &span, Anomaly::LineTooLong { limit: self.config.max_line });
        }
        let bare_lf = line.end == LineEnd::Lf;
        self.upgrade.plaintext(Side::Client);
        let gives_up = matches!(
            command.verb,
            Verb::Rset | Verb::Mail | Verb::Helo | Verb::Ehlo | Verb::Lhlo | Verb::Data | Verb::Quit
        );
        if gives_up && self.message.is_some() {
            if command.verb == Verb::Data {
                self.anomaly(Side::Client, at, &span, Anomaly::BdatDataMix);
            }
            // What became of the chunks is known when they are answered.
            self.client = Client::AwaitChunks(Box::new((command, at, span)));
            return;
        }
        self.command(command, at, span, line.end == LineEnd::Cut);
        if let Client::AwaitData { bare_lf: lf } = &mut self.client {
            *lf = bare_lf;
        }
    }

    fn command(&mut self, command: Command, at: Timestamp, span: Range<u64>, cut: bool) {
        let expect = self.expect(&command);
        let raw = match command.verb {
            Verb::Unknown => !Verb::is_private(&command.line),
            _ => matches!(command.arguments, Arguments::Raw(_)),
        };
        let sasl = match (&command.verb, &command.arguments) {
            (Verb::Auth | Verb::XExps, Arguments::Auth { mechanism, initial_response }) => {
                let mut exchange = Exchange::new(mechanism);
                match initial_response {
                    Some(response) if cut => exchange.cut_response(response),
                    Some(response) => exchange.response(response),
                    None => {}
                }
                Some(Login { exchange, at, span: span.clone() })
            }
            _ => None,
        };
        let content = match command.arguments {
            Arguments::Chunk { size, last } => Some(Content::Chunk { size, last }),
            Arguments::Burl { last, .. } => Some(Content::Elsewhere { last }),
            _ => None,
        };
        let verb = command.verb;
        if verb == Verb::Mail {
            self.mail_begins(at, &span);
        }
        let oddity = oddity(&command);
        self.emit(Side::Client, at, span.clone(), EventKind::Command(Box::new(command)));
        if raw {
            let anomaly = if verb == Verb::Bdat { Anomaly::BdatInvalid } else { Anomaly::BadCommand };
            self.anomaly(Side::Client, at, &span, anomaly);
        }
        if let Some(oddity) = oddity {
            self.anomaly(Side::Client, at, &span, oddity);
        }
        self.meet(verb, at, &span);
        if let Some(content) = content {
            // Its place in the queue comes with its end: no server answers a chunk before it has it.
            self.client = Client::AwaitEnvelope(content);
            return;
        }
        match expect {
            Expect::Data => self.client = Client::AwaitData { bare_lf: false },
            Expect::StartTls => self.client = Client::AwaitStartTls,
            Expect::Turn(_) => self.client = Client::AwaitTurn,
            Expect::XExch50 { .. } => self.client = Client::AwaitBlob,
            Expect::Sasl => {
                self.login = sasl;
                self.client = Client::AwaitSasl;
            }
            _ => {}
        }
        self.sync.pace.asked(at, true);
        self.queue.push(Pending { at, ..Pending::new(expect) });
    }

    /// Three lines without a verb at the beginning: somebody who speaks another protocol, or uses one to reach a mail
    /// server (cross-protocol attacks send commands behind an HTTP header). What the server accepts is mail all the
    /// same.
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

    /// What the reply to a command will decide.
    fn expect(&self, command: &Command) -> Expect {
        match (command.verb, &command.arguments) {
            (verb @ (Verb::Helo | Verb::Ehlo | Verb::Lhlo), _) => Expect::Hello(verb),
            (Verb::Mail, Arguments::Mail { .. }) => {
                address(command).map_or(Expect::Other(Verb::Mail), Expect::Mail)
            }
            (Verb::Rcpt, Arguments::Rcpt { .. }) => {
                address(command).map_or(Expect::Other(Verb::Rcpt), Expect::Rcpt)
            }
            (Verb::Data, Arguments::None) => Expect::Data,
            (Verb::Rset, _) => Expect::Rset,
            (Verb::StartTls, _) => Expect::StartTls,
            (Verb::Auth | Verb::XExps, Arguments::Auth { .. }) => Expect::Sasl,
            (verb @ (Verb::Turn | Verb::Atrn), _) => Expect::Turn(verb),
            (Verb::XExch50, Arguments::Text(sizes)) => {
                // XEXCH50 <size of the blob> <version>
                let size = sizes.split(|byte| *byte == b' ').next().and_then(command::number);
                size.map_or(Expect::Other(Verb::XExch50), |size| Expect::XExch50 { size })
            }
            (verb, _) => Expect::Other(verb),
        }
    }

    /// Ends what the client was about: its half is no plaintext any more. What it asked before may still be answered.
    pub(super) fn abandon(&mut self) {
        self.end_login(LoginOutcome::Unknown);
        if let Some(message) = &mut self.message {
            message.complete = false;
        }
        self.end_message();
        self.transaction = super::Transaction::default();
    }
}

/// What is odd about a command by itself.
fn oddity(command: &Command) -> Option<Anomaly> {
    /// RFC 4954 section 4.
    const AUTH_LINE: usize = 12_288;
    match &command.arguments {
        Arguments::Mail { sender: path, .. } | Arguments::Rcpt { recipient: path, .. } => {
            let bracketed = path.raw.starts_with(b"<") && path.raw.ends_with(b">");
            (!bracketed).then_some(Anomaly::AddressSyntax)
        }
        Arguments::Auth { .. } if command.line.len() > AUTH_LINE => Some(Anomaly::AuthLineLong),
        Arguments::Burl { .. } => Some(Anomaly::Burl),
        _ => None,
    }
}

/// The path and parameters of MAIL or RCPT as parts of a private copy of the line, which keeps no packet alive.
fn address(command: &Command) -> Option<Box<Address>> {
    let copy = command.share(&Bytes::copy_from_slice(&command.line));
    let (path, parameters) = match copy.arguments {
        Arguments::Mail { sender, parameters } => (sender, parameters),
        Arguments::Rcpt { recipient, parameters } => (recipient, parameters),
        _ => return None,
    };
    Some(Box::new(Address { path, parameters, memory: copy.line.len() + size_of::<Address>() }))
}
