//! What names a connection on the wire: its two ends, in an order that does not depend on who sends.

use core::hash::{Hash, Hasher};
use core::net::{IpAddr, SocketAddr};

/// Both ends of a connection, the lower one first.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Key {
    low: u128,
    high: u128,
    /// Ports and the address family, so that an IPv4 address never meets its IPv6 look-alike.
    rest: u64,
}

impl Key {
    /// The key of a segment, and whether the low end sent it.
    pub(crate) fn of(src: SocketAddr, dst: SocketAddr) -> (Self, bool) {
        let (from, six) = number(src.ip());
        let (to, _) = number(dst.ip());
        let from_low = (from, src.port()) <= (to, dst.port());
        let (low, high, low_port, high_port) =
            if from_low { (from, to, src.port(), dst.port()) } else { (to, from, dst.port(), src.port()) };
        let rest = u64::from(low_port) << 32 | u64::from(high_port) << 1 | u64::from(six);
        (Self { low, high, rest }, from_low)
    }
}

impl Hash for Key {
    fn hash<H: Hasher>(&self, state: &mut H) {
        state.write_u128(self.low);
        state.write_u128(self.high);
        state.write_u64(self.rest);
    }
}

fn number(ip: IpAddr) -> (u128, bool) {
    match ip {
        IpAddr::V4(ip) => (u128::from(ip.to_bits()), false),
        IpAddr::V6(ip) => (ip.to_bits(), true),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn both_directions_have_one_key() {
        for (one, two) in [
            ("1.2.3.4:5", "1.2.3.4:6"),
            ("1.2.3.4:5", "0.2.3.4:6"),
            ("[::1]:5", "[::1]:4"),
            ("[fe80::1]:25", "[::2]:25"),
        ] {
            let (one, two): (SocketAddr, SocketAddr) = (one.parse().unwrap(), two.parse().unwrap());
            let ((there, low), (back, other)) = (Key::of(one, two), Key::of(two, one));
            assert_eq!(there, back);
            assert_ne!(low, other);
        }
    }

    #[test]
    fn families_and_ports_differ() {
        let key = |one: &str, two: &str| Key::of(one.parse().unwrap(), two.parse().unwrap()).0;
        assert_ne!(key("0.0.0.1:5", "0.0.0.2:6"), key("[::1]:5", "[::2]:6"));
        assert_ne!(key("0.0.0.1:5", "0.0.0.2:6"), key("0.0.0.1:6", "0.0.0.2:5"));
        assert_ne!(key("0.0.0.1:5", "0.0.0.2:32768"), key("0.0.0.1:5", "0.0.0.2:0"));
    }
}
