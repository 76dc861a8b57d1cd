//! Where plaintext ends and begins again: STARTTLS (RFC 3207), TLS from the first byte, a decryptor taking over.

use super::client::Client;
use super::loss::Sync;
use super::server::Heard;
use super::{Session, Side, Transaction};
use crate::event::EventKind;
use crate::{Anomaly, Reply};
use mail_wire::framer::{FrameKind, Mode};
use mail_wire::upgrade::Upgrade;

impl Session {
    /// Takes note of what an accepted EHLO offers.
    pub(super) fn offers(&mut self, heard: Option<Heard<'_>>) {
        let Some(reply) = heard.map(|heard| heard.reply) else { return };
        self.upgrade.offer(reply.capabilities().any(|capability| capability.is("STARTTLS")));
        if reply.capabilities().any(|capability| Upgrade::is_painted_over(capability.keyword)) {
            self.told_by(heard, Anomaly::StarttlsStripped);
        }
    }

    /// The server's answer to STARTTLS; without one the next bytes tell.
    pub(super) fn starttls_answered(&mut self, heard: Option<Heard<'_>>) {
        self.client = Client::Commands;
        let Some(heard) = heard else { return };
        if self.upgrade.offered() == Some(false) {
            self.told_by(Some(heard), Anomaly::StarttlsNotOffered);
        }
        if Reply::is_positive(heard.reply) {
            self.upgrade.accept();
        } else {
            self.told_by(Some(heard), Anomaly::StarttlsRefused);
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
                self.abandon();
                self.client = Client::Opaque;
            }
            Side::Server => self.server_opaque = true,
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
        self.sealed = [false; 2];
        match side {
            Side::Client => {
                while self.queue.pop().is_some() {}
                self.client = Client::Commands;
                self.transaction = Transaction::default();
            }
            Side::Server => {
                self.server_opaque = false;
                self.partial_reply = None;
            }
        }
        self.sync = Sync::new(false);
        true
    }

    /// After an accepted STARTTLS something else than TLS came. A readable line means that the capture was decrypted
    /// before it was written, or that commands were slipped in before the handshake (CVE-2011-0411); what is not
    /// readable is taken for encrypted. `Some(false)` if the half has turned opaque, `None` while too little is there.
    pub(super) fn tls_is_absent(&mut self) -> Option<bool> {
        let readable = Upgrade::is_text_ahead(self.halves.of(Side::Client))?;
        self.upgrade.went_on();
        if !readable {
            self.start_tls(Side::Client);
            return Some(false);
        }
        if self.halves.of(Side::Client).peek().next().is_some() {
            self.anomaly_here(Side::Client, Anomaly::StarttlsPlaintext);
            self.transaction = Transaction::default();
        }
        Some(true)
    }
}
