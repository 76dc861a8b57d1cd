//! What stands before the first command: the PROXY protocol of HAProxy, or the request of a tunnel.

use super::{Session, Side};
use crate::Anomaly;
use crate::event::EventKind;
use mail_wire::preface::{self, Preface};

/// Whether a half begins with something that is no SMTP.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Before {
    None,
    /// More bytes are needed.
    Incomplete,
    Taken,
}

impl Session {
    /// Takes what stands before the client's first command.
    pub(super) fn step_preface(&mut self) -> Before {
        let framer = self.halves.of_mut(Side::Client);
        if framer.position() > 0 || framer.at_gap() {
            return Before::None;
        }
        match preface::take(framer) {
            Preface::None => self.step_tunnel_request(),
            Preface::Incomplete => Before::Incomplete,
            Preface::Taken(at, end, proxy) => {
                self.emit(Side::Client, at, 0..end, EventKind::Proxy(Box::new(proxy)));
                self.anomaly(Side::Client, at, &(0..end), Anomaly::Proxied);
                Before::Taken
            }
        }
    }
}
