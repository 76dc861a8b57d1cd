//! Where plaintext ends and begins again: STLS (RFC 2595), TLS from the first byte, a decryptor taking over.

use super::client::Client;
use super::server::{Heard, Server};
use super::{Session, Side, Sync};
use crate::Anomaly;
use crate::event::EventKind;
use crate::reply::Capability;
use core::ops::Range;
use mail_wire::Timestamp;
use mail_wire::framer::{FrameKind, Mode};
use mail_wire::sasl::Outcome;
use mail_wire::upgrade::Upgrade;

impl Session {
    /// Takes note of what the server can.
    pub(super) fn offers(&mut self, capability: &Capability, at: Timestamp, span: &Range<u64>) {
        if capability.is("STLS") {
            self.upgrade.offer(true);
        } else if Upgrade::is_painted_over(&capability.keyword) {
            self.anomaly(Side::Server, at, span, Anomaly::StarttlsStripped);
        }
    }

    /// The server's answer to STLS; without one the next bytes tell.
    pub(super) fn stls_answered(&mut self, heard: Option<Heard<'_>>) {
        self.go_on();
        let Some(heard) = heard else { return };
        if self.upgrade.offered() == Some(false) {
            self.told_by(heard, Anomaly::StarttlsNotOffered);
        }
        if heard.status.is_positive() {
            self.upgrade.accept();
        } else {
            self.told_by(heard, Anomaly::StarttlsRefused);
        }
    }

    /// From here on this half is encrypted.
    pub(super) fn start_tls(&mut self, side: Side) {
        let (at, here) = self.here(side);
        self.emit(side, at, here.clone(), EventKind::TlsStarted);
        if self.upgrade.was_injected(side) {
            let anomaly = match side {
                Side::Client => Anomaly::StarttlsInjectedCommand,
                Side::Server => Anomaly::StarttlsInjectedResponse,
            };
            self.anomaly(side, at, &here, anomaly);
        }
        match side {
            Side::Client => {
                self.upgrade.went_on();
                self.forget_refused_user();
                self.end_login(Outcome::Unknown);
                self.client = Client::Opaque;
            }
            Side::Server => self.server = Server::Opaque,
        }
    }

    /// Hands on what is encrypted; after a mark the half is plaintext again.
    pub(super) fn step_opaque(&mut self, side: Side) -> bool {
        let framer = self.halves.of_mut(side);
        if let Some(frame) = framer.next(Mode::Opaque) {
            let kind = match frame.kind {
                FrameKind::Data { bytes, .. } => EventKind::Opaque(bytes),
                FrameKind::Gap(len) => EventKind::Gap(len),
                _ => return true,
            };
            self.emit(side, frame.at, frame.span, kind);
            return true;
        }
        if !framer.take_mark() {
            return false;
        }
        self.upgrade = Upgrade::default();
        match side {
            Side::Client => {
                while self.queue.pop().is_some() {}
                self.client = Client::Commands;
            }
            Side::Server => self.server = Server::Replies,
        }
        self.sync = Sync::default();
        true
    }

    /// After an accepted STLS something else than TLS came. A readable line means that the capture was decrypted before
    /// it was written, or that commands were slipped in before the handshake (CVE-2011-0411); what is not readable is
    /// taken for encrypted. False while too little is there to go on.
    pub(super) fn tls_is_absent(&mut self) -> bool {
        let Some(readable) = Upgrade::is_text_ahead(self.halves.of(Side::Client)) else { return false };
        if !readable {
            self.start_tls(Side::Client);
            return true;
        }
        self.upgrade.went_on();
        if self.halves.of(Side::Client).has_unread() {
            self.anomaly_here(Side::Client, Anomaly::StarttlsPlaintext);
        }
        true
    }
}
