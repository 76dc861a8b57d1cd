//! The TCP checksum (RFC 9293, section 3.1; RFC 1071).

use core::net::IpAddr;

use super::PacketError;
use crate::Checksum;

const TCP: u32 = 6;

/// Where the checksum stands in the header.
const FIELD: core::ops::Range<usize> = 16..18;

/// Judges the checksum of a whole segment, header included, that `src` sent to `dst`.
///
/// # Errors
///
/// [`PacketError::Truncated`] if there is no header.
pub fn checksum(src: IpAddr, dst: IpAddr, segment: &[u8]) -> Result<Checksum, PacketError> {
    let field = segment.get(FIELD).and_then(<[u8]>::first_chunk).copied().ok_or(PacketError::Truncated)?;
    let field = u16::from_ne_bytes(field);
    let len = u32::try_from(segment.len()).map_err(|_| PacketError::Malformed("segment of 4 GiB"))?;
    let pseudo = address(src) + address(dst) + sum(&TCP.to_be_bytes()) + sum(&len.to_be_bytes());
    Ok(match fold(pseudo + sum(segment)) {
        u16::MAX => Checksum::Good,
        _ if fold(pseudo) == field => Checksum::Offload,
        _ => Checksum::Bad,
    })
}

fn address(ip: IpAddr) -> u64 {
    match ip {
        IpAddr::V4(ip) => sum(&ip.octets()),
        IpAddr::V6(ip) => sum(&ip.octets()),
    }
}

/// The sum of all 16-bit words in the byte order of the machine, not folded; that order cancels out (RFC 1071,
/// section 2). Payloads are shorter than 4 GiB, so the sum of words of 32 bits cannot overflow.
fn sum(bytes: &[u8]) -> u64 {
    let (words, rest) = bytes.as_chunks::<4>();
    let sum: u64 = words.iter().map(|word| u64::from(u32::from_ne_bytes(*word))).sum();
    let mut last = [0; 4];
    last.iter_mut().zip(rest).for_each(|(to, from)| *to = *from);
    sum + u64::from(u32::from_ne_bytes(last))
}

fn fold(mut sum: u64) -> u16 {
    while sum > u64::from(u16::MAX) {
        sum = (sum & 0xffff) + (sum >> 16);
    }
    u16::try_from(sum).unwrap_or(u16::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;
    use etherparse::TcpHeader;

    fn segment(src: IpAddr, dst: IpAddr, payload: &[u8]) -> Vec<u8> {
        let mut header = TcpHeader::new(40_000, 25, 7, 1000);
        header.checksum = match (src, dst) {
            (IpAddr::V4(src), IpAddr::V4(dst)) => {
                header.calc_checksum_ipv4_raw(src.octets(), dst.octets(), payload).unwrap()
            }
            (IpAddr::V6(src), IpAddr::V6(dst)) => {
                header.calc_checksum_ipv6_raw(src.octets(), dst.octets(), payload).unwrap()
            }
            _ => unreachable!(),
        };
        [&header.to_bytes(), payload].concat()
    }

    #[test]
    fn judges_checksums() {
        for (src, dst) in [("10.0.0.1", "192.168.255.2"), ("2001:db8::1", "fe80::ffff:1")] {
            let (src, dst): (IpAddr, IpAddr) = (src.parse().unwrap(), dst.parse().unwrap());
            for len in 0..70_u8 {
                let payload: Vec<u8> = (0..len).map(|n| n.wrapping_mul(113) ^ 0xa5).collect();
                let good = segment(src, dst, &payload);
                assert_eq!(checksum(src, dst, &good), Ok(Checksum::Good), "{len}");
                for place in 0..good.len() {
                    let mut bad = good.clone();
                    bad[place] ^= 0x10;
                    assert_eq!(checksum(src, dst, &bad), Ok(Checksum::Bad), "{len} {place}");
                }
                let mut offload = good.clone();
                let len = u32::try_from(good.len()).unwrap();
                let partial =
                    fold(address(src) + address(dst) + sum(&TCP.to_be_bytes()) + sum(&len.to_be_bytes()));
                offload[FIELD].copy_from_slice(&partial.to_ne_bytes());
                assert_eq!(checksum(src, dst, &offload), Ok(Checksum::Offload), "{len}");
            }
        }
        let any = IpAddr::from([0, 0, 0, 0]);
        assert_eq!(checksum(any, any, &[0; 17]), Err(PacketError::Truncated));
    }
}
