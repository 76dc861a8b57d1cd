//! A session through HTTP CONNECT or SOCKS: what stands before it in either half.

use super::client::Client;
use super::preface::Before;
use super::{Session, Side};
use crate::Anomaly;
use crate::event::{EventKind, Tunnelled};
use bytes::BytesMut;
use core::ops::Range;
use mail_wire::framer::{FrameKind, Framer, Mode};
use mail_wire::tunnel::{self, Begins, Protocol, Tunnel};
use mail_wire::{Secret, Timestamp};

/// What is known of a tunnel.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) enum Answer {
    #[default]
    Unknown,
    /// The server's half begins with it.
    Taken(Protocol),
    /// The wait for it was given up.
    GivenUp,
}

impl Session {
    /// Takes a tunnel's request, if the client's half begins with one.
    pub(super) fn step_tunnel_request(&mut self) -> Before {
        match tunnel_ahead(self.halves.of(Side::Client), tunnel::request) {
            Begins::Short => Before::Incomplete,
            Begins::With(found) if found.protocol == Protocol::Http => match self.server_speaks_http() {
                None => Before::Incomplete,
                // A mail server that was told CONNECT: it answers each line as a command.
                Some(false) => Before::None,
                Some(true) => self.take_request(found),
            },
            Begins::With(found) => self.take_request(found),
            _ => Before::None,
        }
    }

    fn take_request(&mut self, found: Tunnel) -> Before {
        let (at, span, raw) = self.take_tunnel(Side::Client, found.len);
        let Tunnel { protocol, target, .. } = found;
        let tunnel = Tunnelled { protocol, target, raw };
        self.emit(Side::Client, at, span.clone(), EventKind::Tunnel(Box::new(tunnel)));
        self.anomaly(Side::Client, at, &span, Anomaly::Tunnelled { protocol });
        Before::Taken
    }

    /// Takes the answer that opens a tunnel, if the server's half begins with one.
    pub(super) fn step_tunnel_answer(&mut self) -> Before {
        match tunnel_ahead(self.halves.of(Side::Server), tunnel::answer) {
            Begins::Short => Before::Incomplete,
            Begins::With(found) => {
                let (at, span, raw) = self.take_tunnel(Side::Server, found.len);
                self.tunnel = Answer::Taken(found.protocol);
                let tunnel = Tunnelled { protocol: found.protocol, target: None, raw };
                self.emit(Side::Server, at, span, EventKind::Tunnel(Box::new(tunnel)));
                Before::Taken
            }
            _ => Before::None,
        }
    }

    fn take_tunnel(&mut self, side: Side, len: usize) -> (Timestamp, Range<u64>, Secret) {
        let mut raw = BytesMut::with_capacity(len);
        let (mut at, mut end) = (self.halves.now(), 0);
        while let Some(left) = len.checked_sub(raw.len()).filter(|left| *left > 0) {
            let Some(frame) = self.halves.of_mut(side).next(Mode::Counted(left as u64)) else { break };
            (at, end) = (frame.at, frame.span.end);
            if let FrameKind::Data { bytes, .. } = frame.kind {
                raw.extend_from_slice(&bytes);
            }
        }
        (at, 0..end, Secret::new(raw.freeze()))
    }

    /// Whether the server's half begins with an answer in HTTP; `None` while that cannot be told.
    fn server_speaks_http(&self) -> Option<bool> {
        let server = self.halves.of(Side::Server);
        if self.tunnel != Answer::Unknown || server.position() > 0 || server.at_gap() {
            return Some(self.tunnel == Answer::Taken(Protocol::Http));
        }
        match tunnel_ahead(server, tunnel::answer) {
            Begins::With(found) => Some(found.protocol == Protocol::Http),
            Begins::Short => None,
            _ => (server.has_unread() || server.is_closed()).then_some(false),
        }
    }

    /// Whether the client's half is left unread until the server has said what it speaks.
    pub(super) fn awaits_tunnel_answer(&self) -> bool {
        let client = self.halves.of(Side::Client);
        matches!(self.client, Client::Commands)
            && matches!(
                tunnel_ahead(client, tunnel::request),
                Begins::With(Tunnel { protocol: Protocol::Http, .. })
            )
            && self.server_speaks_http().is_none()
    }

    /// Takes the lines for commands.
    pub(super) const fn give_up_tunnel(&mut self) {
        self.tunnel = Answer::GivenUp;
    }
}

/// What a half that has not been read begins with.
fn tunnel_ahead(half: &Framer, read: fn(&[u8]) -> Begins) -> Begins {
    if half.position() > 0 || !matches!(half.peek().next(), Some(0 | 4 | 5 | b'C' | b'H')) {
        return Begins::Otherwise;
    }
    let ahead: Vec<u8> = half.peek().take(tunnel::MAX_LEN).collect();
    match read(&ahead) {
        Begins::Short if half.peek_is_all() => Begins::Otherwise,
        begins => begins,
    }
}
