//! The two directions of a session as they were sent, for who wants to read along.

use super::{Input, index, side};
use crate::record::{Direction, Place};
use bytes::Bytes;
use core::time::Duration;
use std::collections::VecDeque;

/// A stretch of one direction.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Stretch {
    pub(crate) side: Direction,
    pub(crate) offset: u64,
    pub(crate) at: Duration,
    pub(crate) packet: Place,
    pub(crate) what: Content,
}

/// What a stretch holds.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Content {
    /// What the session could read.
    Text(Bytes),
    /// So many bytes of TLS.
    Encrypted(u64),
    /// So many bytes that were not captured.
    Missing(u64),
}

impl Content {
    fn len(&self) -> u64 {
        match self {
            Self::Text(bytes) => bytes.len() as u64,
            Self::Encrypted(len) | Self::Missing(len) => *len,
        }
    }
}

/// Holds what came in until the session has read it: only then it is known whether it was text.
#[derive(Debug, Default)]
pub(super) struct Tap {
    waiting: VecDeque<Stretch>,
    read: [u64; 2],
}

impl Tap {
    pub(super) fn push(&mut self, input: &Input) {
        let (dir, offset, at, packet, what) = match input {
            Input::Data { dir, offset, bytes, packet, at, .. } => {
                (*dir, *offset, *at, *packet, Content::Text(bytes.clone()))
            }
            Input::Gap { dir, offset, len, at, packet, .. } => {
                (*dir, *offset, *at, *packet, Content::Missing(*len))
            }
            Input::Close { .. } | Input::Anomaly(_) | Input::Conflict { .. } => return,
        };
        self.waiting.push_back(Stretch { side: side(dir), offset, at, packet, what });
    }

    /// The session has read each direction so far.
    pub(super) fn read(&mut self, read: [Option<u64>; 2]) {
        for (known, read) in self.read.iter_mut().zip(read) {
            *known = read.map_or(*known, |read| read.max(*known));
        }
    }

    /// Takes out what is read, in the order in which it came; all of it when the session is over. `tls`: where it
    /// begins in each direction.
    pub(super) fn take(&mut self, tls: [Option<u64>; 2], over: bool) -> Vec<Stretch> {
        let mut taken = Vec::new();
        while let Some(stretch) = self.waiting.pop_front() {
            let at = index(stretch.side);
            let end = stretch.offset + stretch.what.len();
            if !over && self.read.get(at).is_some_and(|read| *read < end) {
                self.waiting.push_front(stretch);
                break;
            }
            part(stretch, tls.get(at).copied().flatten(), &mut taken);
        }
        taken
    }
}

/// Parts what is text from what is not.
fn part(stretch: Stretch, tls: Option<u64>, into: &mut Vec<Stretch>) {
    let Content::Text(bytes) = &stretch.what else { return into.push(stretch) };
    let text = tls.map_or(bytes.len(), |tls| {
        usize::try_from(tls.saturating_sub(stretch.offset)).unwrap_or(usize::MAX).min(bytes.len())
    });
    let (text, encrypted) = (bytes.slice(..text), bytes.len() - text);
    let offset = stretch.offset + text.len() as u64;
    if !text.is_empty() {
        into.push(Stretch { what: Content::Text(text), ..stretch.clone() });
    }
    if encrypted > 0 {
        into.push(Stretch { offset, what: Content::Encrypted(encrypted as u64), ..stretch });
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use tcp_reassembly::{Direction as Dir, GapReason};

    fn data(dir: Dir, offset: u64, bytes: &'static [u8]) -> Input {
        let (packet, at) = (Place::new(1, offset), Duration::ZERO);
        Input::Data { dir, offset, bytes: Bytes::from_static(bytes), packet, at, payload_offset: 0 }
    }

    fn show(stretches: &[Stretch]) -> Vec<String> {
        let what = |what: &Content| match what {
            Content::Text(bytes) => format!("{:?}", &bytes[..]),
            other => format!("{other:?}"),
        };
        stretches.iter().map(|s| format!("{} {} {}", s.side, s.offset, what(&s.what))).collect()
    }

    #[test]
    fn what_is_read_comes_out_in_the_order_of_the_wire() {
        let mut tap = Tap::default();
        tap.push(&data(Dir::ToServer, 0, b"abXY"));
        tap.push(&data(Dir::ToClient, 0, b"c"));
        let (at, packet) = (Duration::ZERO, Place::new(1, 3));
        let (dir, why) = (Dir::ToClient, GapReason::Acked);
        tap.push(&Input::Gap { dir, offset: 1, len: 5, why, at, packet });
        tap.push(&data(Dir::ToClient, 6, b"Z"));
        tap.read([Some(2), Some(6)]);
        assert_eq!(tap.take([None; 2], false), []);
        tap.read([Some(4), None]);
        let tls = [Some(2), Some(6)];
        let (text, xy) = (format!("client 0 {:?}", b"ab"), "client 2 Encrypted(2)".to_owned());
        let c = format!("server 0 {:?}", b"c");
        assert_eq!(show(&tap.take(tls, false)), [text, xy, c, "server 1 Missing(5)".to_owned()]);
        assert_eq!(show(&tap.take(tls, true)), ["server 6 Encrypted(1)"]);
    }
}
