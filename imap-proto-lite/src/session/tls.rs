//! Where plaintext ends and begins again: STARTTLS (RFC 9051 section 6.2.1), TLS from the first byte, a decryptor
//! taking over, COMPRESS (RFC 4978).

use super::lost::begins_response;
use super::server::Heard;
use super::wire::Wire;
use super::{Client, Session, Side, Sync};
use crate::Anomaly;
use crate::event::EventKind;
use crate::response::Condition;
use mail_wire::framer::{FrameKind, Mode};
use mail_wire::sasl::Outcome;
use mail_wire::upgrade::Upgrade;

impl Session {
    /// Looks for TLS where a line may begin: `Some` if that settles what comes next, or if too little is there.
    pub(super) fn step_tls(&mut self, side: Side) -> Option<bool> {
        if self.halves.of_mut(side).wire.is_compressed() {
            return None;
        }
        match self.halves.tls_ahead(side) {
            None => return Some(false),
            Some(true) => {
                if side == Side::Client {
                    self.upgrade.went_on();
                }
                self.start_tls(side);
                return Some(true);
            }
            Some(false) => {}
        }
        if side == Side::Client && self.upgrade.is_due() {
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
        if self.upgrade.offered() == Some(false) {
            self.anomaly(Side::Server, at, span, Anomaly::StarttlsNotOffered);
        }
        if core::mem::take(&mut self.data) {
            self.anomaly(Side::Server, at, span, Anomaly::StarttlsInjectedResponse);
        }
        if status.condition == Condition::Ok {
            self.upgrade.accept();
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

    /// Behind the acceptance of a command that nobody heard, which may have been COMPRESS, the next bytes tell: `Some` if
    /// they are compressed, or if too little is there.
    pub(super) fn step_compressed(&mut self) -> Option<bool> {
        /// So much of them is looked at, and so much of what comes out of them.
        const MOST: usize = 512;
        const ENOUGH: usize = 8;
        if !self.may_be_compressed {
            return None;
        }
        let wire = &self.halves.of(Side::Server).wire;
        let ahead: Vec<u8> = wire.peek().take(MOST).collect();
        let short = ahead.len() < MOST && !wire.peek_is_all();
        let is_text = ahead.iter().all(|byte| matches!(byte, b'\t' | b'\r' | b'\n' | b' '..=b'~'));
        let inflated = if is_text || wire.is_compressed() { None } else { Wire::inflated(&ahead) };
        let undecided = match &inflated {
            None => is_text && !ahead.contains(&b'\n'),
            Some(text) => text.len() < ENOUGH,
        };
        if short && undecided {
            return Some(false);
        }
        self.may_be_compressed = false;
        if !inflated.is_some_and(|text| begins_response(&text)) {
            return None;
        }
        self.compress(Side::Server);
        Some(true)
    }

    /// What comes from here on in this half is compressed.
    fn compress(&mut self, side: Side) {
        let at = self.halves.now();
        let half = self.halves.of_mut(side);
        let here = half.wire.position();
        if half.wire.is_compressed() || half.opaque {
            return;
        }
        self.emit(side, at, here..here, EventKind::CompressionStarted);
        let config = self.config.clone();
        let half = self.halves.of_mut(side);
        half.opaque = !half.wire.compress(&config);
    }

    /// After broken or too much compressed data: what is left is handed on as it is.
    pub(super) fn inflating_ended(&mut self, side: Side) -> bool {
        if !self.halves.of_mut(side).wire.inflating_is_over() {
            return false;
        }
        while self.half_ended(side) {}
        let Some((why, rest)) = self.halves.of_mut(side).wire.inflating_ended() else { return false };
        self.anomaly_here(side, why);
        for (at, span, kind) in rest {
            self.emit(side, at, span, kind);
        }
        self.turn_opaque(side);
        true
    }

    /// From here on this half is encrypted.
    fn start_tls(&mut self, side: Side) {
        let at = self.halves.now();
        let here = self.halves.of_mut(side).wire.position();
        self.lost_for_good(side, at, here);
        self.emit(side, at, here..here, EventKind::TlsStarted);
        // Plaintext between the acceptance and the handshake: whoever put it there wanted it taken for encrypted.
        if self.upgrade.was_injected(side) {
            let anomaly = match side {
                Side::Client => Anomaly::StarttlsInjectedCommand,
                Side::Server => Anomaly::StarttlsInjectedResponse,
            };
            self.anomaly(side, at, &(here..here), anomaly);
        }
        self.turn_opaque(side);
    }

    /// Nothing of this half can be read from here on.
    fn turn_opaque(&mut self, side: Side) {
        let at = self.halves.now();
        let here = self.halves.of_mut(side).wire.position();
        self.lost_for_good(side, at, here);
        if side == Side::Client {
            self.end_login(Outcome::Unknown);
            self.client = Client::Commands;
        }
        self.halves.of_mut(side).opaque = true;
    }

    /// Hands on what is no plaintext; after a mark the half is plaintext again.
    pub(super) fn step_opaque(&mut self, side: Side) -> bool {
        let half = self.halves.of_mut(side);
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
        self.upgrade = Upgrade::default();
        self.data = false;
        if side == Side::Client {
            self.queue.clear();
            self.client = Client::Commands;
        }
        self.sync = Sync::default();
        true
    }

    /// After an accepted STARTTLS something else than TLS came. A readable line means that the capture was decrypted
    /// before it was written, or that commands were slipped in before the handshake (CVE-2011-0411); what is not
    /// readable is taken for encrypted. `Some(false)` if the half has turned opaque, `None` while too little is there.
    fn tls_is_absent(&mut self) -> Option<bool> {
        let client = self.halves.of(Side::Client);
        let readable = Upgrade::is_text_ahead(client)?;
        let ahead = client.wire.peek().next().is_some();
        self.upgrade.went_on();
        if !ahead {
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
