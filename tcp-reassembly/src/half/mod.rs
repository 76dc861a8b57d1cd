//! One direction of a flow: where its stream stands, what is held, what was told.

pub(crate) mod held;
pub(crate) mod piece;
mod pieces;
pub(crate) mod replay;
pub(crate) mod trust;

use self::held::Held;
use self::piece::Piece;
use self::replay::Replay;
use self::trust::Trust;
use crate::{Close, Config, Policy, Seq, Timestamp};
use std::collections::VecDeque;

/// Positions before the start is known count from here, so that earlier bytes have room below.
const PROVISIONAL: u64 = 1 << 40;

/// What is known about the beginning of a direction.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Start {
    /// No packet yet.
    Unseen,
    /// Packets, but no data.
    Seen,
    /// Data without SYN, held for a moment in case earlier data or the SYN follows; positions are provisional.
    Holding {
        /// The flow's packet count when it began.
        packets: u64,
        /// When it began.
        since: Timestamp,
    },
    /// Offset 0 is fixed.
    Known,
    /// Not in this capture.
    Missing,
}

/// A FIN that was seen.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Fin {
    /// Where it stands: the end of the stream.
    pub(crate) offset: u64,
    /// A second one that stands elsewhere.
    pub(crate) other: Option<u64>,
    /// When it was seen.
    pub(crate) since: Timestamp,
    /// Whether the receiver acknowledged it.
    pub(crate) acked: bool,
}

/// Since when acknowledged bytes have been waited for.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Wait {
    pub(crate) packets: u64,
    pub(crate) since: Timestamp,
}

/// What an acknowledgement means for the direction it acknowledges.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Acked {
    /// All before this offset, which may lie below the edge.
    Data(i64),
    /// Everything and the FIN.
    Fin(u64),
    /// Nothing believable.
    Absurd(u64),
}

/// Urgent bytes that are to be taken out of the stream.
#[derive(Debug, Default)]
pub(crate) struct UrgentBytes {
    /// Where they will come, ascending.
    pub(crate) places: VecDeque<u64>,
    /// How many there were.
    pub(crate) count: u32,
}

/// One direction.
#[derive(Debug)]
pub(crate) struct Half {
    pub(crate) start: Start,
    /// The delivered edge: offset of the next byte, and its sequence number (of the last packet while `Seen`).
    pub(crate) next: u64,
    pub(crate) next_seq: Seq,
    /// The initial sequence number, where a SYN told it.
    pub(crate) isn: Option<Seq>,
    /// First and last acknowledgement by the peer before the start was known.
    pub(crate) first_ack: Option<Seq>,
    pub(crate) last_ack: Option<Seq>,
    /// Acknowledged by the peer, as far as it is believed.
    pub(crate) acked: u64,
    pub(crate) wait: Option<Wait>,
    pub(crate) held: Held,
    pub(crate) replay: Replay,
    /// Bytes of segments that the receiver may have dropped: used where nothing better comes.
    pub(crate) aside: Option<Box<Held>>,
    /// How the receiver resolves overlaps, and how many bytes were compared for it.
    pub(crate) policy: Policy,
    pub(crate) overlap_work: u64,
    pub(crate) trust: Trust,
    pub(crate) urgent: Option<Box<UrgentBytes>>,
    /// Nobody reads this direction any more: its sequence numbers are followed and nothing else.
    pub(crate) muted: bool,
    pub(crate) fin: Option<Fin>,
    pub(crate) closed: Option<Close>,
    /// Data of the SYN, until the SYN-ACK says whether it was taken.
    pub(crate) syn_data: Option<Box<Piece>>,
    /// Data segments of the peer that acknowledge unseen bytes of this direction, which never showed.
    pub(crate) unseen_acks: u8,
    /// Segments out of the window that follow each other: where the next would begin, and how many there were.
    pub(crate) elsewhere: Option<(Seq, u8)>,
}

impl Half {
    pub(crate) fn new() -> Self {
        Self {
            start: Start::Unseen,
            next: 0,
            next_seq: Seq::default(),
            isn: None,
            first_ack: None,
            last_ack: None,
            acked: 0,
            wait: None,
            held: Held::default(),
            replay: Replay::default(),
            aside: None,
            policy: Policy::First,
            overlap_work: 0,
            trust: Trust::new(),
            urgent: None,
            muted: false,
            fin: None,
            closed: None,
            syn_data: None,
            unseen_acks: 0,
            elsewhere: None,
        }
    }

    pub(crate) fn is_known(&self) -> bool {
        self.start == Start::Known
    }

    pub(crate) const fn is_holding(&self) -> bool {
        matches!(self.start, Start::Holding { .. })
    }

    /// Whether no packet of this direction was ever seen.
    pub(crate) const fn is_absent(&self) -> bool {
        matches!(self.start, Start::Unseen | Start::Missing)
    }

    /// Where a sequence number stands; negative before the start. Only with a start that is known or held.
    pub(crate) fn position(&self, seq: Seq) -> i64 {
        self.next.cast_signed().saturating_add(i64::from(seq.since(self.next_seq)))
    }

    /// Fixes offset 0 without further ado.
    pub(crate) fn begin(&mut self, first: Seq) {
        self.start = Start::Known;
        self.next = 0;
        self.next_seq = first;
    }

    /// Begins to hold, with provisional positions around `seq`.
    pub(crate) fn hold(&mut self, seq: Seq, packets: u64, since: Timestamp) {
        self.start = Start::Holding { packets, since };
        self.next = PROVISIONAL;
        self.next_seq = seq;
    }

    /// Ends the hold: the position `base` becomes offset 0.
    pub(crate) fn settle(&mut self, base: u64) {
        // Modulo 2^32 as all sequence arithmetic, so that a base below the edge comes out right, too.
        #[expect(clippy::cast_possible_truncation, reason = "a distance on the ring is taken modulo 2^32")]
        let step = base.wrapping_sub(self.next) as u32;
        self.next_seq = self.next_seq.plus(step);
        self.start = Start::Known;
        self.next = 0;
        self.held.rebase(base);
        if let Some(fin) = &mut self.fin {
            fin.offset = fin.offset.saturating_sub(base);
            fin.other = fin.other.map(|offset| offset.saturating_sub(base));
        }
    }

    /// The lowest position held, or that of the FIN.
    pub(crate) fn lowest(&self) -> u64 {
        let fin = self.fin.map(|fin| fin.offset);
        let held = self.held.front().map(|piece| piece.start);
        held.into_iter().chain(fin).min().unwrap_or(self.next)
    }

    /// Reads an acknowledgement of this direction, whose start is known.
    pub(crate) fn read_ack(&self, ack: Seq, config: &Config) -> Acked {
        let position = self.position(ack);
        let ahead = position.saturating_sub(self.next.cast_signed());
        if ahead > i64::from(config.max_ack_ahead) {
            return Acked::Absurd(ahead.unsigned_abs());
        }
        match self.fin {
            Some(fin) if position > fin.offset.cast_signed() => {
                if position == fin.offset.cast_signed() + 1 {
                    Acked::Fin(fin.offset)
                } else {
                    Acked::Absurd(ahead.unsigned_abs())
                }
            }
            _ => Acked::Data(position),
        }
    }

    /// Moves the delivered edge.
    pub(crate) fn advance(&mut self, len: u64, packets: u64, now: Timestamp) {
        self.next += len;
        // The ring of 2^32 is what sequence numbers live on.
        #[expect(clippy::cast_possible_truncation, reason = "a distance on the ring is taken modulo 2^32")]
        let step = len as u32;
        self.next_seq = self.next_seq.plus(step);
        if self.wait.is_some() {
            self.wait = (self.acked > self.next).then_some(Wait { packets, since: now });
        }
    }

    /// Whether acknowledged bytes have been waited for long enough.
    pub(crate) fn grace_over(&self, packets: u64, now: Timestamp, config: &Config) -> bool {
        self.wait.is_none_or(|wait| {
            packets.saturating_sub(wait.packets) >= u64::from(config.ack_grace)
                || now.saturating_sub(wait.since) >= config.ack_grace_time
        })
    }

    /// Whether everything up to the FIN was told.
    pub(crate) fn fin_reached(&self) -> bool {
        self.is_known() && self.held.is_empty() && self.fin.is_some_and(|fin| fin.offset == self.next)
    }

    /// Where the missing bytes at the edge end: at the first held piece, or at the FIN.
    pub(crate) fn hole_end(&self) -> Option<u64> {
        let end = match self.held.front() {
            Some(piece) => piece.start,
            None => self.fin?.offset,
        };
        (end > self.next).then_some(end)
    }

    /// Memory held, the replay ring apart.
    pub(crate) fn held_cost(&self) -> usize {
        let syn = self.syn_data.as_ref().and_then(|piece| piece.bytes.as_ref()).map_or(0, |b| b.len() + 128);
        let urgent = self.urgent.as_ref().map_or(0, |urgent| urgent.places.capacity() * size_of::<u64>());
        let aside = self.aside.as_ref().map_or(0, |aside| aside.cost() + size_of::<Held>());
        self.held.cost() + syn + aside + urgent
    }

    /// Gives up all memory.
    pub(crate) fn free(&mut self) {
        self.held.clear();
        self.replay = Replay::default();
        self.aside = None;
        self.urgent = None;
        self.syn_data = None;
    }

    /// Whether segments in order need no second look.
    pub(crate) fn is_calm(&self) -> bool {
        self.syn_data.is_none()
            && self.aside.is_none()
            && self.urgent.as_ref().is_none_or(|urgent| urgent.places.is_empty())
    }

    /// Notes the window that the receiver advertised together with an acknowledgement of `position`.
    pub(crate) fn note_window(&mut self, position: i64, window: u16, shift: Option<u8>) {
        self.trust.window_closed = window == 0;
        let Some(shift) = shift else { return };
        let edge = position.max(0).unsigned_abs() + (u64::from(window) << shift);
        self.trust.right_edge = self.trust.right_edge.max(Some(edge));
    }

    /// Follows the stream of a direction that nobody reads up to the position `end`; how many bytes that was.
    pub(crate) fn follow(&mut self, end: i64, packets: u64, now: Timestamp) -> u64 {
        let len = u64::try_from(end.saturating_sub(self.next.cast_signed())).unwrap_or_default();
        self.advance(len, packets, now);
        len
    }

    /// The next urgent byte at or behind the edge that lies below `end`.
    pub(crate) fn next_urgent(&mut self, end: u64) -> Option<u64> {
        let places = &mut self.urgent.as_mut()?.places;
        while places.pop_front_if(|&mut at| at < self.next).is_some() {}
        let next = places.front().copied();
        if next.is_none() {
            *places = VecDeque::new();
        }
        next.filter(|&at| at < end)
    }
}
