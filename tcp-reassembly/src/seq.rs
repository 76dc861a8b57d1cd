//! Sequence numbers on a ring of 2^32.

/// A TCP sequence number. The ring has no order, so this type has no `Ord`: only distances mean something.
///
/// ```
/// use tcp_reassembly::Seq;
/// let edge = Seq::new(0xffff_fffe);
/// assert_eq!(edge.plus(4), Seq::new(2));
/// assert_eq!(edge.plus(4).since(edge), 4);
/// assert_eq!(edge.since(edge.plus(4)), -4);
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
pub struct Seq(u32);

impl Seq {
    /// The number as it stands in the header.
    #[must_use]
    pub const fn new(raw: u32) -> Self {
        Self(raw)
    }

    /// The number as it stands in the header.
    #[must_use]
    pub const fn get(self) -> u32 {
        self.0
    }

    /// The number `len` bytes on.
    #[must_use]
    pub const fn plus(self, len: u32) -> Self {
        Self(self.0.wrapping_add(len))
    }

    /// The number `len` bytes back.
    #[must_use]
    pub const fn minus(self, len: u32) -> Self {
        Self(self.0.wrapping_sub(len))
    }

    /// How far this number lies after `earlier`: negative when before it. RFC 9293, section 3.4; a distance of
    /// exactly 2^31 has no direction and is read as "before".
    #[must_use]
    pub const fn since(self, earlier: Self) -> i32 {
        self.0.wrapping_sub(earlier.0).cast_signed()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn distances_wrap() {
        for (later, earlier, distance) in [
            (0, 0, 0),
            (0, u32::MAX, 1),
            (u32::MAX, 0, -1),
            (0x7fff_ffff, 0, i32::MAX),
            (0x8000_0000, 0, i32::MIN),
            (0x8000_0001, 0, i32::MIN + 1),
            (3, 0xffff_fffd, 6),
        ] {
            assert_eq!(Seq::new(later).since(Seq::new(earlier)), distance, "{later:#x} since {earlier:#x}");
        }
    }

    #[test]
    fn plus_and_minus_undo_each_other() {
        for start in [0, 1, 0x8000_0000, u32::MAX] {
            for len in [0, 1, 1460, u32::MAX] {
                assert_eq!(Seq::new(start).plus(len).minus(len), Seq::new(start));
            }
        }
    }
}
