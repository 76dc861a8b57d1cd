//! Where plaintext ends and begins again: STARTTLS (RFC 3207), TLS from the first byte, a decryptor taking over.

use super::client::Client;
use super::server::Heard;
use super::{Session, Side, Sync, Transaction};
use crate::event::EventKind;
use crate::{Anomaly, Reply};
use mail_wire::framer::{FrameKind, Mode};

/// What is known of STARTTLS in the connection.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Starttls {
    /// Whether the last reply to EHLO offered it; `None` if there was none.
    offered: Option<bool>,
    /// It was accepted, and the client's next byte has not come.
    pub(super) agreed: bool,
    /// It was accepted.
    accepted: bool,
    /// Plaintext of the client, of the server, behind the acceptance.
    plaintext: [bool; 2],
}

impl Session {
    /// Takes note of what an accepted EHLO offers.
    pub(super) fn offers(&mut self, heard: Option<Heard<'_>>) {
        let Some(reply) = heard.map(|heard| heard.reply) else { return };
        self.starttls.offered = Some(reply.capabilities().any(|capability| capability.is("STARTTLS")));
        // A middlebox that paints the offer over keeps its length: XXXXXXXX, or XXXXXXXA.
        let painted = |keyword: &[u8]| {
            keyword.len() >= 4
                && keyword.starts_with(b"XXX")
                && keyword.iter().rev().skip(1).all(|byte| *byte == b'X')
        };
        if reply.capabilities().any(|capability| painted(capability.keyword)) {
            self.told_by(heard, Anomaly::StarttlsStripped);
        }
    }

    /// The server's answer to STARTTLS; without one the next bytes tell.
    pub(super) fn starttls_answered(&mut self, heard: Option<Heard<'_>>) {
        self.client = Client::Commands;
        let Some(heard) = heard else { return };
        if self.starttls.offered == Some(false) {
            self.told_by(Some(heard), Anomaly::StarttlsNotOffered);
        }
        if Reply::is_positive(heard.reply) {
            self.starttls.agreed = true;
            self.starttls.accepted = true;
        } else {
            self.told_by(Some(heard), Anomaly::StarttlsRefused);
        }
    }

    /// Takes note of a line of plaintext.
    pub(super) fn plaintext(&mut self, side: Side) {
        if self.starttls.accepted {
            let [client, server] = &mut self.starttls.plaintext;
            *(if side == Side::Client { client } else { server }) = true;
        }
    }

    /// Whether the next bytes of a half are a TLS record; `None` while that cannot be told.
    pub(super) fn tls_ahead(&mut self, side: Side) -> Option<bool> {
        let framer = self.framer(side);
        let known = framer.peek_is_all();
        let mut ahead = framer.peek();
        // RFC 8446 section 5.1: content types 20 to 23, then the major version 3.
        match (ahead.next(), ahead.next()) {
            (Some(20..=23), Some(version)) => Some(version == 3),
            (Some(20..=23), None) => known.then_some(false),
            (Some(_), _) => Some(false),
            (None, _) => known.then_some(false),
        }
    }

    /// From here on this half is encrypted.
    pub(super) fn start_tls(&mut self, side: Side) {
        let at = self.now;
        let here = self.framer(side).position();
        self.emit(side, at, here..here, EventKind::TlsStarted);
        // Plaintext between the acceptance and the handshake: whoever put it there wanted it taken for encrypted.
        let [client, server] = self.starttls.plaintext;
        match side {
            Side::Client if client => self.anomaly(side, at, &(here..here), Anomaly::StarttlsInjectedCommand),
            Side::Server if server => {
                self.anomaly(side, at, &(here..here), Anomaly::StarttlsInjectedResponse)
            }
            _ => {}
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
        let framer = self.framer(side);
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
        self.starttls = Starttls::default();
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
        self.sync = Sync { patient: true, shaky: false, free: false, undecided: false };
        true
    }

    /// After an accepted STARTTLS something else than TLS came. A readable line means that the capture was decrypted
    /// before it was written, or that commands were slipped in before the handshake (CVE-2011-0411); what is not
    /// readable is taken for encrypted. `Some(false)` if the half has turned opaque, `None` while too little is there.
    pub(super) fn tls_is_absent(&mut self) -> Option<bool> {
        /// So many bytes tell text from other things.
        const ENOUGH: usize = 4;
        let text = |byte: &u8| matches!(byte, b'\t' | b'\r' | b'\n' | b' '..=b'~' | 0x80..);
        let framer = self.framer(Side::Client);
        let ahead: Vec<u8> = framer.peek().take(ENOUGH).collect();
        let readable = ahead.iter().all(text);
        if readable && ahead.len() < ENOUGH && !framer.peek_is_all() {
            return None;
        }
        self.starttls.agreed = false;
        if ahead.is_empty() {
            return Some(true);
        }
        if !readable {
            self.start_tls(Side::Client);
            return Some(false);
        }
        self.anomaly_here(Side::Client, Anomaly::StarttlsPlaintext);
        self.transaction = Transaction::default();
        Some(true)
    }
}
