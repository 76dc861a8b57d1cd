//! Where plaintext ends and begins again: STARTTLS (RFC 9051 section 6.2.1), TLS from the first byte, a decryptor
//! taking over, COMPRESS (RFC 4978).

use super::server::Heard;
use super::{Client, Session, Side, Sync};
use crate::Anomaly;
use crate::event::EventKind;
use crate::response::Condition;
use mail_wire::framer::{FrameKind, Mode};
use mail_wire::sasl::Outcome;

/// What is known of STARTTLS in the connection.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Starttls {
    /// Whether the last list of capabilities offered it; `None` if there was none.
    pub(super) offered: Option<bool>,
    /// It was accepted, and the client's next byte has not come.
    agreed: bool,
    /// It was accepted.
    accepted: bool,
    /// Plaintext of the client, of the server, behind the acceptance.
    plaintext: [bool; 2],
    /// The server has told of mailboxes or messages since the last tagged response.
    pub(super) data: bool,
}

impl Session {
    /// Looks for TLS where a line may begin: `Some` if that settles what comes next, or if too little is there.
    pub(super) fn step_tls(&mut self, side: Side) -> Option<bool> {
        if self.half(side).wire.is_compressed() {
            return None;
        }
        match self.tls_ahead(side) {
            None => return Some(false),
            Some(true) => {
                self.starttls.agreed &= side == Side::Server;
                self.start_tls(side);
                return Some(true);
            }
            Some(false) => {}
        }
        if side == Side::Client && self.starttls.agreed {
            match self.tls_is_absent() {
                None => return Some(false),
                Some(false) => return Some(true),
                Some(true) => {}
            }
        }
        None
    }

    /// The server's answer to STARTTLS; without one the next bytes tell.
    pub(super) fn starttls_answered(&mut self, heard: Option<Heard<'_>>) {
        if self.client == Client::AwaitAnswer {
            self.client = Client::Commands;
        }
        let Some(Heard { status, at, span }) = heard else { return };
        if self.starttls.offered == Some(false) {
            self.anomaly(Side::Server, at, span, Anomaly::StarttlsNotOffered);
        }
        if core::mem::take(&mut self.starttls.data) {
            self.anomaly(Side::Server, at, span, Anomaly::StarttlsInjectedResponse);
        }
        if status.condition == Condition::Ok {
            self.starttls.agreed = true;
            self.starttls.accepted = true;
        } else {
            self.anomaly(Side::Server, at, span, Anomaly::StarttlsRefused);
        }
    }

    /// The server's answer to COMPRESS; without one the client's next bytes tell, and the server's answer may yet come.
    pub(super) fn compress_answered(&mut self, heard: Option<Heard<'_>>) {
        let waits = self.client == Client::AwaitAnswer;
        if waits {
            self.client = Client::Commands;
        }
        let accepted = match heard {
            Some(heard) => heard.status.condition == Condition::Ok,
            None => waits && self.command_ahead() != Some(true),
        };
        if accepted && waits {
            self.compress(Side::Client);
        }
        if accepted && heard.is_some() {
            self.compress(Side::Server);
        }
    }

    /// What comes from here on in this half is compressed.
    fn compress(&mut self, side: Side) {
        let at = self.now;
        let half = self.half(side);
        let here = half.wire.position();
        if half.wire.is_compressed() || half.opaque {
            return;
        }
        self.emit(side, at, here..here, EventKind::CompressionStarted);
        let config = self.config.clone();
        let half = self.half(side);
        half.opaque = !half.wire.compress(&config);
    }

    /// After broken or too much compressed data: what is left is handed on as it is.
    pub(super) fn inflating_ended(&mut self, side: Side) -> bool {
        if !self.half(side).wire.inflating_is_over() {
            return false;
        }
        while self.half_ended(side) {}
        let Some((why, rest)) = self.half(side).wire.inflating_ended() else { return false };
        self.anomaly_here(side, why);
        for (at, span, kind) in rest {
            self.emit(side, at, span, kind);
        }
        self.turn_opaque(side);
        true
    }

    /// Takes note of a line of plaintext.
    pub(super) const fn plaintext(&mut self, side: Side) {
        if self.starttls.accepted {
            let [client, server] = &mut self.starttls.plaintext;
            *(match side {
                Side::Client => client,
                Side::Server => server,
            }) = true;
        }
    }

    /// Whether the next bytes of a half are a TLS record; `None` while that cannot be told.
    fn tls_ahead(&mut self, side: Side) -> Option<bool> {
        let wire = &self.half(side).wire;
        let mut ahead = wire.peek();
        // RFC 8446 section 5.1: content types 20 to 23, then the major version 3.
        match (ahead.next(), ahead.next()) {
            (Some(20..=23), Some(version)) => Some(version == 3),
            (Some(20..=23) | None, None) => wire.peek_is_all().then_some(false),
            _ => Some(false),
        }
    }

    /// From here on this half is encrypted.
    fn start_tls(&mut self, side: Side) {
        let at = self.now;
        let here = self.half(side).wire.position();
        self.lost_for_good(side, at, here);
        self.emit(side, at, here..here, EventKind::TlsStarted);
        // Plaintext between the acceptance and the handshake: whoever put it there wanted it taken for encrypted.
        let [client, server] = self.starttls.plaintext;
        match side {
            Side::Client if client => self.anomaly(side, at, &(here..here), Anomaly::StarttlsInjectedCommand),
            Side::Server if server => {
                self.anomaly(side, at, &(here..here), Anomaly::StarttlsInjectedResponse);
            }
            _ => {}
        }
        self.turn_opaque(side);
    }

    /// Nothing of this half can be read from here on.
    fn turn_opaque(&mut self, side: Side) {
        if side == Side::Client {
            self.end_login(Outcome::Unknown);
            self.client = Client::Commands;
        }
        self.half(side).opaque = true;
    }

    /// Hands on what is no plaintext; after a mark the half is plaintext again.
    pub(super) fn step_opaque(&mut self, side: Side) -> bool {
        let half = self.half(side);
        if let Some(frame) = half.wire.next(Mode::Opaque) {
            let kind = match frame.kind {
                FrameKind::Data { bytes, .. } => EventKind::Opaque(bytes),
                FrameKind::Gap(len) => EventKind::Gap(len),
                _ => return true,
            };
            self.emit(side, frame.at, frame.span, kind);
            return true;
        }
        if !half.wire.take_mark() {
            return false;
        }
        half.opaque = false;
        half.lost = None;
        self.starttls = Starttls::default();
        if side == Side::Client {
            self.queue.clear();
            self.client = Client::Commands;
        }
        self.sync = Sync::default();
        true
    }

    /// Whether the next bytes of a half are text.
    fn is_readable(&mut self, side: Side) -> bool {
        let text = |byte: u8| matches!(byte, b'\t' | b'\r' | b'\n' | b' '..=b'~' | 0x80..);
        self.half(side).wire.peek().take(ENOUGH).all(text)
    }

    /// After an accepted STARTTLS something else than TLS came. A readable line means that the capture was decrypted
    /// before it was written, or that commands were slipped in before the handshake (CVE-2011-0411); what is not
    /// readable is taken for encrypted. `Some(false)` if the half has turned opaque, `None` while too little is there.
    fn tls_is_absent(&mut self) -> Option<bool> {
        let readable = self.is_readable(Side::Client);
        let wire = &self.half(Side::Client).wire;
        let ahead = wire.peek().take(ENOUGH).count();
        if readable && ahead < ENOUGH && !wire.peek_is_all() {
            return None;
        }
        self.starttls.agreed = false;
        if ahead == 0 {
            return Some(true);
        }
        if !readable {
            self.start_tls(Side::Client);
            return Some(false);
        }
        self.anomaly_here(Side::Client, Anomaly::StarttlsPlaintext);
        Some(true)
    }
}

/// So many bytes tell text from other things.
const ENOUGH: usize = 4;
