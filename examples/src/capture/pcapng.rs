//! pcapng (draft-ietf-opsawg-pcapng): blocks, each with its length in front and behind.

use core::time::Duration;

use super::DamageKind;
use super::resync::{Landmarks, Packet, Step, find, leave_out, skip_to_next};
use super::window::Window;
use interface::Interface;

mod interface;

/// Section 4.1: the block type of a section header reads the same in both byte orders.
pub(super) const SECTION_HEADER: [u8; 4] = [0x0a, 0x0d, 0x0d, 0x0a];

const SECTION: u32 = 0x0a0d_0d0a;
const INTERFACE: u32 = 1;
/// Obsolete; section 4.3 and appendix A.
const PACKET: u32 = 2;
const SIMPLE_PACKET: u32 = 3;
const ENHANCED_PACKET: u32 = 6;
/// Blocks that hold no packet, but which tshark shows as a frame with a number of its own: systemd journal entry,
/// sysdig events, custom blocks.
const NUMBERED: [u32; 9] = [9, 0x204, 0x208, 0x216, 0x217, 0x221, 0x222, 0x0bad, 0x4000_0bad];
/// Other registered blocks: names, statistics, IRIG, ARINC 429, decryption secrets.
const REGISTERED: [u32; 5] = [4, 5, 7, 8, 10];

/// Type, length in front, length behind.
const FRAMING: usize = 12;

/// No block is larger, whatever the file says.
const MAX_BLOCK: u32 = 256 * 1024 * 1024;

/// The largest block that reading goes on with behind damage.
const MAX_LANDMARK: u32 = 1024 * 1024;

/// A byte order.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Endian {
    big: bool,
}

impl Endian {
    /// The order of the section whose header begins here.
    fn of_section(block: &[u8]) -> Option<Self> {
        match block.get(8..12)? {
            [0x1a, 0x2b, 0x3c, 0x4d] => Some(Self { big: true }),
            [0x4d, 0x3c, 0x2b, 0x1a] => Some(Self { big: false }),
            _ => None,
        }
    }

    fn u16(self, bytes: &[u8], at: usize) -> Option<u16> {
        let value = *bytes.get(at..)?.first_chunk()?;
        Some(if self.big { u16::from_be_bytes(value) } else { u16::from_le_bytes(value) })
    }

    fn u32(self, bytes: &[u8], at: usize) -> Option<u32> {
        let value = *bytes.get(at..)?.first_chunk()?;
        Some(if self.big { u32::from_be_bytes(value) } else { u32::from_le_bytes(value) })
    }
}

/// The beginning of a block.
#[derive(Debug, Clone, Copy)]
struct Head {
    kind: u32,
    len: u32,
    endian: Endian,
}

impl Head {
    fn size(self) -> usize {
        usize::try_from(self.len).unwrap_or(usize::MAX)
    }
}

/// Where in its block a packet stands.
#[derive(Debug)]
struct Place {
    interface: u32,
    /// In units of the interface; `None` where the block has none.
    time: Option<u64>,
    /// From the start of the block.
    at: usize,
    captured: u32,
    original: u32,
}

/// Reads the blocks of one file.
#[derive(Debug)]
pub(super) struct Pcapng {
    endian: Endian,
    /// Of the current section.
    interfaces: Vec<Interface>,
    /// Number of frames so far, as tshark counts.
    number: u64,
    /// Time of the last packet.
    last: Duration,
    pending: Option<Step>,
}

impl Pcapng {
    pub(super) const fn new() -> Self {
        Self {
            endian: Endian { big: false },
            interfaces: Vec::new(),
            number: 0,
            last: Duration::ZERO,
            pending: None,
        }
    }

    pub(super) const fn number(&self) -> u64 {
        self.number
    }

    pub(super) fn next(&mut self, window: &mut Window) -> Option<Step> {
        loop {
            if self.pending.is_some() {
                return self.pending.take();
            }
            if !window.ensure(FRAMING) {
                let left = window.len();
                return (left > 0).then(|| leave_out(window, left, DamageKind::CutShort));
            }
            let Some(head) = self.head(window.bytes()).filter(|head| head.len <= MAX_BLOCK) else {
                return Some(skip_to_next(self, window, DamageKind::Block));
            };
            if !window.ensure(head.size()) {
                return Some(self.cut(window, head));
            }
            if trailer(window.bytes(), head) != Some(head.len) {
                if !self.is_followed(window, head) {
                    return Some(skip_to_next(self, window, DamageKind::Block));
                }
                let offset = window.offset();
                self.pending = Some(Step::Damage { offset, skipped: 0, kind: DamageKind::Trailer });
            }
            if let Some(step) = self.block(window, head) {
                return Some(step);
            }
        }
    }

    /// The beginning of the block at the front of `bytes`; `None` when it cannot be one.
    fn head(&self, bytes: &[u8]) -> Option<Head> {
        let endian =
            if bytes.starts_with(&SECTION_HEADER) { Endian::of_section(bytes)? } else { self.endian };
        let head = Head { kind: endian.u32(bytes, 0)?, len: endian.u32(bytes, 4)?, endian };
        (head.size() >= FRAMING).then_some(head)
    }

    /// Whether a block whose two lengths disagree is as long as the one in front says: another begins right behind it,
    /// or the capture ends there, and none begins within.
    fn is_followed(&self, window: &mut Window, head: Head) -> bool {
        if self.begins(window, head.size()) {
            find(self, window) == Some(head.size())
        } else {
            !window.ensure(head.size() + 1) && find(self, window).is_none()
        }
    }

    /// Takes one whole block out of the window.
    fn block(&mut self, window: &mut Window, head: Head) -> Option<Step> {
        let body = window.bytes().get(..head.size() - 4).unwrap_or_default();
        match head.kind {
            SECTION => {
                self.endian = head.endian;
                self.interfaces.clear();
            }
            INTERFACE => self.interfaces.push(Interface::parse(body, self.endian)),
            PACKET | SIMPLE_PACKET | ENHANCED_PACKET => {
                self.number += 1;
                let place = self.place(body, head);
                let room = body.len();
                return Some(self.packet(window, head, place, room));
            }
            kind if NUMBERED.contains(&kind) => self.number += 1,
            // Names, statistics, keys, and whatever may be invented: nothing that a frame needs.
            _ => {}
        }
        window.skip(head.size());
        None
    }

    /// Takes the packet out of its block, of which `room` bytes, the trailing length not among them, are there.
    fn packet(&mut self, window: &mut Window, head: Head, place: Option<Place>, room: usize) -> Step {
        let Some(place) = place else {
            return leave_out(window, head.size(), DamageKind::Block);
        };
        let index = usize::try_from(place.interface).unwrap_or(usize::MAX);
        let Some(interface) = self.interfaces.get(index) else {
            return leave_out(window, head.size(), DamageKind::UnknownInterface(place.interface));
        };
        if let Some(time) = place.time {
            self.last = interface.time(time);
        }
        let captured = usize::try_from(place.captured).unwrap_or(usize::MAX);
        let held = captured.min(room.saturating_sub(place.at));
        window.skip(place.at);
        let data = window.take(held);
        window.skip(head.size() - place.at - held);
        Step::Packet(Packet {
            number: self.number,
            at: self.last,
            precision: interface.precision(),
            link: interface.link(),
            data,
            original_len: place.original,
        })
    }

    /// Sections 4.3 (enhanced), 4.4 (simple), appendix A (obsolete). `None` when the block has no room for what it says.
    fn place(&self, body: &[u8], head: Head) -> Option<Place> {
        let word = |at| self.endian.u32(body, at);
        let room = |at: u32| head.len.checked_sub(at + 4);
        if head.kind == SIMPLE_PACKET {
            let original = word(8)?;
            let snaplen = self.interfaces.first().map_or(0, Interface::snaplen);
            let snaplen = if snaplen == 0 { u32::MAX } else { snaplen };
            let captured = original.min(snaplen).min(room(12)?);
            return Some(Place { interface: 0, time: None, at: 12, captured, original });
        }
        let interface = if head.kind == PACKET { self.endian.u16(body, 8).map(u32::from) } else { word(8) };
        let time = (u64::from(word(12)?) << 32) | u64::from(word(16)?);
        let (captured, original) = (word(20)?, word(24)?);
        (captured <= room(28)?).then_some(Place {
            interface: interface?,
            time: Some(time),
            at: 28,
            captured,
            original,
        })
    }

    /// The capture ends before the block does: either it was cut there, or the length is wrong.
    fn cut(&mut self, window: &mut Window, head: Head) -> Step {
        if let Some(at) = find(self, window) {
            return leave_out(window, at, DamageKind::Block);
        }
        let left = window.len();
        let is_packet = matches!(head.kind, PACKET | SIMPLE_PACKET | ENHANCED_PACKET);
        let place = if is_packet { self.place(window.bytes(), head) } else { None };
        let known =
            |place: &Place| usize::try_from(place.interface).is_ok_and(|index| index < self.interfaces.len());
        let Some(place) = place.filter(|place| place.at < left && known(place)) else {
            return leave_out(window, left, DamageKind::CutShort);
        };
        let offset = window.offset();
        self.pending = Some(Step::Damage { offset, skipped: 0, kind: DamageKind::CutShort });
        self.number += 1;
        self.packet(window, head, Some(place), left)
    }
}

/// The length at the end of a block that is there as a whole.
fn trailer(block: &[u8], head: Head) -> Option<u32> {
    head.endian.u32(block, head.size().checked_sub(4)?)
}

impl Landmarks for Pcapng {
    const HEAD: usize = FRAMING;

    fn may_begin(&self, head: &[u8]) -> bool {
        self.head(head).is_some_and(|head| {
            let known = matches!(head.kind, SECTION | INTERFACE | PACKET | SIMPLE_PACKET | ENHANCED_PACKET)
                || NUMBERED.contains(&head.kind)
                || REGISTERED.contains(&head.kind);
            known && head.len <= MAX_LANDMARK && head.len.is_multiple_of(4)
        })
    }

    fn begins(&self, window: &mut Window, at: usize) -> bool {
        if !window.ensure(at.saturating_add(FRAMING)) {
            return false;
        }
        let head = window.bytes().get(at..).filter(|head| self.may_begin(head));
        let Some(head) = head.and_then(|bytes| self.head(bytes)) else { return false };
        window.ensure(at + head.size())
            && window.bytes().get(at..).is_some_and(|block| trailer(block, head) == Some(head.len))
    }
}

#[cfg(test)]
mod tests;
