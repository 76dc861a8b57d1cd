//! Finding the way back into a damaged capture.

use super::DamageKind;
use super::window::Window;

/// What a parser takes from the window.
#[derive(Debug)]
pub(super) enum Step {
    /// A packet record.
    Packet(Packet),
    /// Bytes that could not be read.
    Damage { offset: u64, skipped: u64, kind: DamageKind },
}

/// A packet record without the names of its input.
#[derive(Debug)]
pub(super) struct Packet {
    pub(super) number: u64,
    pub(super) at: core::time::Duration,
    pub(super) precision: super::Precision,
    pub(super) link: u32,
    pub(super) data: bytes::Bytes,
    pub(super) original_len: u32,
}

/// How the records of a format look from outside.
pub(super) trait Landmarks {
    /// Bytes that [`may_begin`](Self::may_begin) looks at.
    const HEAD: usize;

    /// A quick look at the bytes where a record might begin.
    fn may_begin(&self, head: &[u8]) -> bool;

    /// A thorough look at the record that begins at `at` and at what follows it. May read ahead, by a bounded number
    /// of bytes.
    fn begins(&self, window: &mut Window, at: usize) -> bool;
}

/// The next place at or behind `from`, within what is in memory, where a record may begin.
fn candidate<L: Landmarks>(landmarks: &L, window: &Window, from: usize) -> Option<usize> {
    let rest = window.bytes().get(from..)?;
    rest.windows(L::HEAD).position(|head| landmarks.may_begin(head)).map(|at| from + at)
}

/// Where behind the first byte of the window the next record begins. Looks only at what is in memory and takes nothing.
pub(super) fn find<L: Landmarks>(landmarks: &L, window: &mut Window) -> Option<usize> {
    let mut from = 1;
    loop {
        let at = candidate(landmarks, window, from)?;
        if landmarks.begins(window, at) {
            return Some(at);
        }
        from = at + 1;
    }
}

/// Leaves out bytes up to the next record, or to the end where there is none. Each byte is looked at once.
pub(super) fn skip_to_next<L: Landmarks>(landmarks: &L, window: &mut Window, kind: DamageKind) -> Step {
    let offset = window.offset();
    window.skip(1);
    loop {
        if let Some(at) = candidate(landmarks, window, 0) {
            window.skip(at);
            if landmarks.begins(window, 0) {
                break;
            }
            window.skip(1);
            continue;
        }
        // Every place was looked at except those whose head is not whole yet.
        window.skip((window.len() + 1).saturating_sub(L::HEAD));
        if !window.ensure(L::HEAD) {
            window.skip(window.len());
            break;
        }
    }
    Step::Damage { offset, skipped: window.offset() - offset, kind }
}

/// Leaves out the first `n` bytes.
pub(super) fn leave_out(window: &mut Window, n: usize, kind: DamageKind) -> Step {
    let offset = window.offset();
    window.skip(n);
    Step::Damage { offset, skipped: window.offset() - offset, kind }
}
