//! What may stand before a session: the preface of a proxy, the request and the answer of a tunnel.

use super::{Session, Side};
use crate::Anomaly;
use crate::event::{EventKind, Tunnelled};
use mail_wire::preface::{self, Preface};
use mail_wire::tunnel::{self, Begins};

impl Session {
    /// Takes what stands before the first line of a half: `Some` if there was something, or if too little is there.
    ///
    /// No command begins as the request of a tunnel does, so it is taken for what it is, whatever the answer.
    pub(super) fn step_opening(&mut self, side: Side) -> Option<bool> {
        let wire = &self.halves.of(side).wire;
        if wire.position() > 0 || !wire.has_unread() {
            return None;
        }
        if side == Side::Client {
            match preface::take(self.halves.of_mut(side).wire.raw()) {
                Preface::None => {}
                Preface::Incomplete => return Some(false),
                Preface::Taken(at, end, proxy) => {
                    self.emit(side, at, 0..end, EventKind::Proxy(Box::new(proxy)));
                    self.anomaly(side, at, &(0..end), Anomaly::Proxied);
                    return Some(true);
                }
            }
        }
        let read = if side == Side::Client { tunnel::request } else { tunnel::answer };
        let framer = self.halves.of_mut(side).wire.raw();
        match tunnel::ahead(framer, read) {
            Begins::Short => Some(false),
            Begins::With(found) => {
                let (at, raw) = tunnel::take(framer, &found);
                let span = 0..framer.position();
                let tunnel = Tunnelled { protocol: found.protocol, target: found.target, raw };
                self.emit(side, at, span.clone(), EventKind::Tunnel(Box::new(tunnel)));
                if side == Side::Client {
                    self.anomaly(side, at, &span, Anomaly::Tunnelled { protocol: found.protocol });
                }
                Some(true)
            }
            _ => None,
        }
    }
}
