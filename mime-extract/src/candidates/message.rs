//! The message that is read, with its holes.

use crate::slice;
use bytes::Bytes;
use core::ops::Range;

/// All bytes of a message that are there.
#[derive(Debug)]
pub(super) struct Message {
    bytes: Bytes,
    /// The same with LF for each CR that has none behind it, once somebody asks for it.
    cr_is_lf: core::cell::OnceCell<Bytes>,
    /// Where bytes are missing in the whole message, and how many.
    gaps: Vec<(u64, Option<u64>)>,
}

/// What an extractor is given.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Step {
    Push(Bytes),
    Gap(Option<u64>),
}

/// Bytes given at once.
const CHUNK: usize = 64 << 10;

impl Message {
    pub(super) fn new(bytes: Bytes, gaps: &[(u64, Option<u64>)]) -> Self {
        Self { bytes, cr_is_lf: core::cell::OnceCell::new(), gaps: gaps.to_vec() }
    }

    pub(super) fn bytes(&self) -> &[u8] {
        &self.bytes
    }

    fn text(&self, cr_is_lf: bool) -> &Bytes {
        if !cr_is_lf {
            return &self.bytes;
        }
        self.cr_is_lf.get_or_init(|| {
            let mut text = self.bytes.to_vec();
            for at in memchr::memchr_iter(b'\r', &self.bytes) {
                if self.bytes.get(at + 1) != Some(&b'\n')
                    && let Some(byte) = text.get_mut(at)
                {
                    *byte = b'\n';
                }
            }
            text.into()
        })
    }

    /// The message in pieces, gaps between them.
    pub(super) fn steps(&self, cr_is_lf: bool) -> Vec<Step> {
        let mut rest = self.text(cr_is_lf).clone();
        let mut steps = Vec::new();
        let mut at = 0u64;
        let push = |rest: &mut Bytes, mut len: usize, steps: &mut Vec<Step>| {
            while len > 0 && !rest.is_empty() {
                let piece = rest.split_to(len.min(CHUNK).min(rest.len()));
                len -= piece.len();
                steps.push(Step::Push(piece));
            }
        };
        for &(gap, len) in &self.gaps {
            let before = usize::try_from(gap.saturating_sub(at)).unwrap_or(usize::MAX).min(rest.len());
            at = at.saturating_add(before as u64).saturating_add(len.unwrap_or(0));
            push(&mut rest, before, &mut steps);
            steps.push(Step::Gap(len));
        }
        let all = rest.len();
        push(&mut rest, all, &mut steps);
        steps
    }

    /// The bytes of a stretch of the whole message; fewer where some are missing.
    pub(super) fn range(&self, range: &Range<u64>) -> &[u8] {
        let [from, to] = [range.start, range.end].map(|at| self.place(at));
        slice::range(&self.bytes, from, to)
    }

    /// The same, shared, if nothing is missing there.
    pub(super) fn share(&self, range: &Range<u64>) -> Option<Bytes> {
        let [from, to] = [range.start, range.end].map(|at| self.place(at));
        let whole = from <= to && to <= self.bytes.len() && (to - from) as u64 == range.end - range.start;
        whole.then(|| self.bytes.slice(from..to))
    }

    /// Where an offset of the whole message is in the bytes.
    fn place(&self, at: u64) -> usize {
        let holes = self.gaps.iter().take_while(|(gap, _)| *gap < at);
        let missing = holes.fold(0u64, |sum, (_, len)| sum.saturating_add(len.unwrap_or(0)));
        usize::try_from(at.saturating_sub(missing)).unwrap_or(usize::MAX)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn holes_and_places() {
        let message = Message::new("ab\rcd\r\nef".into(), &[(2, Some(10)), (19, None)]);
        let text = |steps: Vec<Step>| {
            let mut text = String::new();
            for step in steps {
                match step {
                    Step::Push(bytes) => text += &bytes.escape_ascii().to_string(),
                    Step::Gap(len) => text += &format!("|{len:?}|"),
                }
            }
            text
        };
        assert_eq!(text(message.steps(false)), "ab|Some(10)|\\rcd\\r\\nef|None|");
        assert_eq!(text(message.steps(true)), "ab|Some(10)|\\ncd\\r\\nef|None|");
        assert_eq!(message.range(&(12..15)), b"\rcd");
        assert_eq!(message.share(&(12..15)), Some("\rcd".into()));
        assert_eq!(message.share(&(0..13)), None);
        assert_eq!(message.share(&(0..900)), None);
    }
}
