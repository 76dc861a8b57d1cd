//! Interface description blocks (section 4.2) and the time stamps that depend on them.

use core::time::Duration;

use super::super::Precision;
use super::Endian;

const END_OF_OPTIONS: u16 = 0;
const IF_TSRESOL: u16 = 9;
const IF_TSOFFSET: u16 = 14;

/// What frames need to know of the interface they were captured on.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Interface {
    link: u32,
    snaplen: u32,
    units: Units,
    /// Seconds to be added to each time stamp.
    offset: i64,
}

/// In what a time stamp counts.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Units {
    /// 10^-n seconds.
    Decimal(u8),
    /// 2^-n seconds.
    Binary(u8),
}

impl Units {
    /// Option if_tsresol: the highest bit tells the base, the others the exponent.
    const fn from_option(value: u8) -> Self {
        if value & 0x80 == 0 { Self::Decimal(value) } else { Self::Binary(value & 0x7f) }
    }

    /// Whole seconds and nanoseconds.
    fn split(self, time: u64) -> (u64, u128) {
        let wide = u128::from(time);
        match self {
            Self::Decimal(digits @ 0..=19) => {
                let units = 10_u128.pow(digits.into());
                let secs = u64::try_from(wide / units).unwrap_or(u64::MAX);
                (secs, wide % units * 1_000_000_000 / units)
            }
            // Less than two seconds fit into 64 bits.
            Self::Decimal(digits) => {
                let nanos = 10_u128.checked_pow(u32::from(digits) - 9).map_or(0, |units| wide / units);
                (0, nanos)
            }
            Self::Binary(bits) => {
                let bits = u32::from(bits);
                let secs = time.checked_shr(bits).unwrap_or(0);
                let fraction = wide & (1_u128 << bits).wrapping_sub(1);
                (secs, (fraction * 1_000_000_000) >> bits)
            }
        }
    }
}

impl Interface {
    /// Reads a block without its trailing length. Options that are damaged end the list; a block that is too short
    /// still counts, since later blocks name their interface by its number.
    pub(super) fn parse(block: &[u8], endian: Endian) -> Self {
        let mut interface = Self {
            link: endian.u16(block, 8).map_or(0, u32::from),
            snaplen: endian.u32(block, 12).unwrap_or(0),
            units: Units::Decimal(6),
            offset: 0,
        };
        let mut options = block.get(16..).unwrap_or_default();
        while let (Some(code), Some(len)) = (endian.u16(options, 0), endian.u16(options, 2)) {
            let len = usize::from(len);
            let Some(value) = options.get(4..4 + len) else { break };
            match (code, value) {
                (END_OF_OPTIONS, _) => break,
                (IF_TSRESOL, [value, ..]) => interface.units = Units::from_option(*value),
                (IF_TSOFFSET, value) => {
                    if let Some(&value) = value.first_chunk() {
                        interface.offset =
                            if endian.big { i64::from_be_bytes(value) } else { i64::from_le_bytes(value) };
                    }
                }
                _ => {}
            }
            options = options.get(4 + len.next_multiple_of(4)..).unwrap_or_default();
        }
        interface
    }

    pub(super) const fn link(&self) -> u32 {
        self.link
    }

    pub(super) const fn snaplen(&self) -> u32 {
        self.snaplen
    }

    /// As many decimal digits as the units can tell apart, at most 9.
    pub(super) fn precision(&self) -> Precision {
        match self.units {
            Units::Decimal(digits) => Precision::new(digits),
            // log10(2) is a little more than 0.301.
            Units::Binary(bits) => {
                Precision::new(u8::try_from((u32::from(bits) * 302).div_ceil(1000)).unwrap_or(9))
            }
        }
    }

    /// A time stamp since the epoch; one before it is 0.
    pub(super) fn time(&self, time: u64) -> Duration {
        let (secs, nanos) = self.units.split(time);
        let Some(secs) = secs.checked_add_signed(self.offset) else {
            return if self.offset < 0 { Duration::ZERO } else { Duration::MAX };
        };
        // The rest is below a second for every unit that reaches seconds, and below two for finer ones.
        let nanos = Duration::from_nanos(u64::try_from(nanos).unwrap_or(0));
        Duration::from_secs(secs).saturating_add(nanos)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn interface(units: u8, offset: i64) -> Interface {
        Interface { link: 1, snaplen: 0, units: Units::from_option(units), offset }
    }

    #[test]
    fn times() {
        for (units, offset, time, expected, digits) in [
            (6, 0, 1_600_000_000_123_456, Duration::new(1_600_000_000, 123_456_000), 6),
            (9, 0, 1_600_000_000_123_456_789, Duration::new(1_600_000_000, 123_456_789), 9),
            (3, 0, 1_600_000_000_123, Duration::new(1_600_000_000, 123_000_000), 3),
            (0, 0, 1_600_000_000, Duration::new(1_600_000_000, 0), 0),
            (12, 0, 1_000_123_456_789_999, Duration::new(1000, 123_456_789), 9),
            (19, 0, 12_345_678_901_234_567_890, Duration::new(1, 234_567_890), 9),
            (20, 0, u64::MAX, Duration::new(0, 184_467_440), 9),
            (127, 0, u64::MAX, Duration::ZERO, 9),
            (0x80, 0, 7, Duration::new(7, 0), 0),
            (0x81, 0, 3, Duration::new(1, 500_000_000), 1),
            (0x80 | 10, 0, 1024 * 5 + 256, Duration::new(5, 250_000_000), 4),
            (0x80 | 32, 0, (9 << 32) | (1 << 31), Duration::new(9, 500_000_000), 9),
            (0x80 | 63, 0, u64::MAX, Duration::new(1, 999_999_999), 9),
            (0x80 | 64, 0, u64::MAX, Duration::new(0, 999_999_999), 9),
            (0xff, 0, u64::MAX, Duration::ZERO, 9),
            (6, 3600, 1_000_000, Duration::new(3601, 0), 6),
            (6, -1, 3_500_000, Duration::new(2, 500_000_000), 6),
            (6, -10, 3_500_000, Duration::ZERO, 6),
            (6, i64::MIN, u64::MAX, Duration::ZERO, 6),
            (0, i64::MAX, u64::MAX, Duration::MAX, 0),
        ] {
            let interface = interface(units, offset);
            assert_eq!(interface.time(time), expected, "{units:x} {offset} {time}");
            assert_eq!(interface.precision().digits(), digits, "{units:x}");
        }
    }
}
