//! What a proxy puts before the first byte of the client: the PROXY protocol of HAProxy, versions 1 and 2.

use crate::Timestamp;
use crate::framer::{FrameKind, Framer, Mode};
use bytes::{Bytes, BytesMut};
use core::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};

/// Version 2 begins with what is a syntax error in every text protocol.
const SIGNATURE: &[u8; 12] = b"\r\n\r\n\0\r\nQUIT\n";
/// Signature, version and command, family, length.
const FIXED: usize = 16;
/// Version 1 begins with a word.
const START: &[u8] = b"PROXY ";
/// Version 1: the longest line, which is longer than the fixed part of version 2.
const LINE: usize = 107;

/// The claim of a proxy about the connection that it hands on.
#[non_exhaustive]
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Proxy {
    /// Version of the PROXY protocol, 1 or 2.
    pub version: u8,
    /// Who is said to have connected, and to whom; `None` if the proxy does not say.
    pub addresses: Option<(SocketAddr, SocketAddr)>,
    /// The header as sent.
    pub raw: Bytes,
}

/// Whether a stream begins with a preface.
#[expect(clippy::exhaustive_enums, reason = "there is one, there is none, or more bytes are needed")]
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Preface {
    /// There is none.
    None,
    /// More bytes are needed to tell.
    Incomplete,
    /// There was one, which is taken; it was complete at that time, and ends at that offset.
    Taken(Timestamp, u64, Proxy),
}

/// Whether these first bytes of a stream begin a preface; `Some(false)`: as far as they go.
#[must_use]
pub fn begins(ahead: &[u8]) -> Option<bool> {
    [&SIGNATURE[..], START]
        .into_iter()
        .find(|start| agrees(ahead, start))
        .map(|start| ahead.len() >= start.len())
}

/// Whether there are bytes, and none of them is another one than `start` has there.
fn agrees(ahead: &[u8], start: &[u8]) -> bool {
    !ahead.is_empty() && ahead.iter().zip(start).all(|(byte, other)| byte == other)
}

/// Takes the preface, if the stream is at its first byte and there is one.
///
/// ```
/// use mail_wire::framer::Framer;
/// use mail_wire::preface::{Preface, take};
///
/// let mut framer = Framer::new(1024);
/// framer.push(Default::default(), "PROXY TCP4 192.0.2.1 198.51.100.7 56324 110\r\nUSER a\r\n".into());
/// let Preface::Taken(_, end, proxy) = take(&mut framer) else { panic!("a preface") };
/// assert_eq!((end, proxy.version), (45, 1));
/// assert_eq!(proxy.addresses.unwrap().0, "192.0.2.1:56324".parse().unwrap());
/// ```
pub fn take(framer: &mut Framer) -> Preface {
    if framer.position() > 0 || framer.at_gap() {
        return Preface::None;
    }
    if framer.peek_first().is_none_or(|first| begins(&[first]).is_none()) {
        return Preface::None;
    }
    let mut room = [0; LINE];
    let ahead = framer.peek_into(&mut room);
    let len = match length(ahead) {
        Length::None => return Preface::None,
        Length::Known(len) if framer.peek().take(len).count() == len => len,
        Length::Known(_) | Length::Short => {
            return if framer.peek_is_all() { Preface::None } else { Preface::Incomplete };
        }
    };
    let mut raw = BytesMut::with_capacity(len);
    let mut at = Timestamp::ZERO;
    while let Some(left) = len.checked_sub(raw.len()).filter(|left| *left > 0) {
        let Some(frame) = framer.next(Mode::Counted(left as u64)) else { break };
        at = frame.at;
        if let FrameKind::Data { bytes, .. } = frame.kind {
            raw.extend_from_slice(&bytes);
        }
    }
    Preface::Taken(at, framer.position(), read(raw.freeze()))
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Length {
    None,
    /// Too few bytes to tell.
    Short,
    Known(usize),
}

fn length(ahead: &[u8]) -> Length {
    if agrees(ahead, SIGNATURE) {
        return match ahead.get(..FIXED) {
            Some([.., high, low]) => Length::Known(FIXED + usize::from(u16::from_be_bytes([*high, *low]))),
            _ => Length::Short,
        };
    }
    if !agrees(ahead, START) {
        return Length::None;
    }
    match ahead.windows(2).position(|pair| pair == b"\r\n") {
        Some(end) => Length::Known(end + 2),
        None if ahead.len() < LINE => Length::Short,
        None => Length::None,
    }
}

fn read(raw: Bytes) -> Proxy {
    match raw.strip_prefix(SIGNATURE) {
        Some(header) => Proxy { version: 2, addresses: version_2(header), raw },
        None => Proxy { version: 1, addresses: version_1(&raw), raw },
    }
}

/// `PROXY TCP4 192.0.2.1 198.51.100.7 56324 110`
fn version_1(line: &[u8]) -> Option<(SocketAddr, SocketAddr)> {
    let words: Vec<&str> = str::from_utf8(line).ok()?.split_ascii_whitespace().collect();
    let [_, _, from, to, from_port, to_port, ..] = words.as_slice() else { return None };
    let address =
        |ip: &str, port: &str| Some(SocketAddr::new(ip.parse::<IpAddr>().ok()?, port.parse().ok()?));
    address(from, from_port).zip(address(to, to_port))
}

/// Version and command, family and transport, length, then the addresses and ports of both sides.
fn version_2(header: &[u8]) -> Option<(SocketAddr, SocketAddr)> {
    let (fixed, body) = header.split_at_checked(FIXED - SIGNATURE.len())?;
    let [command, family, ..] = fixed else { return None };
    let port = |at: usize| Some(u16::from_be_bytes(body.get(at..at + 2)?.try_into().ok()?));
    let (ips, len): ([IpAddr; 2], _) = match (command & 0x0f, family >> 4) {
        (1, 1) => {
            let ip = |at: usize| Some(Ipv4Addr::from(<[u8; 4]>::try_from(body.get(at..at + 4)?).ok()?));
            ([ip(0)?.into(), ip(4)?.into()], 8)
        }
        (1, 2) => {
            let ip = |at: usize| Some(Ipv6Addr::from(<[u8; 16]>::try_from(body.get(at..at + 16)?).ok()?));
            ([ip(0)?.into(), ip(16)?.into()], 32)
        }
        // The proxy's own health check; or no addresses that matter here.
        _ => return None,
    };
    let [from, to] = ips;
    Some((SocketAddr::new(from, port(len)?), SocketAddr::new(to, port(len + 2)?)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn prefaces() {
        let v2 = |command: u8, family: u8, body: &[u8]| {
            let mut header = SIGNATURE.to_vec();
            header.extend([command, family, 0, u8::try_from(body.len()).unwrap()]);
            [&header[..], body].concat()
        };
        let v4 = [192, 0, 2, 1, 198, 51, 100, 7, 0xdc, 4, 0, 110];
        let mut v6 = [0; 36];
        (v6[15], v6[31], v6[33], v6[35]) = (1, 2, 3, 4);
        let both = |from: &str, to: &str| Some((from.parse().unwrap(), to.parse().unwrap()));
        let tcp4 = both("192.0.2.1:56324", "198.51.100.7:110");
        for (header, addresses) in [
            (b"PROXY TCP4 192.0.2.1 198.51.100.7 56324 110\r\n".to_vec(), tcp4),
            (b"PROXY TCP6 ::1 ::2 3 4\r\n".to_vec(), both("[::1]:3", "[::2]:4")),
            (b"PROXY UNKNOWN\r\n".to_vec(), None),
            (v2(0x21, 0x11, &v4), tcp4),
            (v2(0x21, 0x21, &v6), both("[::1]:3", "[::2]:4")),
            (v2(0x20, 0x00, b""), None),
            (v2(0x21, 0x11, &v4[..5]), None),
        ] {
            for size in [1, 7, 1000] {
                let mut framer = Framer::new(64);
                let all = [&header[..], b"QUIT\r\n"].concat();
                let mut taken = Preface::Incomplete;
                for chunk in all.chunks(size) {
                    framer.push(Timestamp::ZERO, Bytes::copy_from_slice(chunk));
                    if taken == Preface::Incomplete {
                        taken = take(&mut framer);
                    }
                }
                let proxy = Proxy {
                    version: if header.starts_with(b"PROXY") { 1 } else { 2 },
                    addresses,
                    raw: Bytes::from(header.clone()),
                };
                assert_eq!(taken, Preface::Taken(Timestamp::ZERO, header.len() as u64, proxy), "{header:?}");
                assert_eq!(framer.peek().collect::<Vec<_>>(), b"QUIT\r\n");
            }
        }
    }

    #[test]
    fn beginnings() {
        for (ahead, expected) in [
            (&b""[..], None),
            (b"P", Some(false)),
            (b"PROXY", Some(false)),
            (b"PROXY ", Some(true)),
            (b"PROXY TCP4", Some(true)),
            (b"PROXIMA", None),
            (b"\r\n\r\n\0\r\nQUIT", Some(false)),
            (b"\r\n\r\n\0\r\nQUIT\n\x21", Some(true)),
            (b"\r\nEHLO", None),
        ] {
            assert_eq!(begins(ahead), expected, "{}", ahead.escape_ascii());
        }
    }

    #[test]
    fn what_is_no_preface_is_left() {
        for (bytes, closed, expected) in [
            (&b""[..], false, Preface::None),
            (b"USER a\r\n", false, Preface::None),
            (b"PRO", false, Preface::Incomplete),
            (b"PRO", true, Preface::None),
            (b"PROXY TCP4", false, Preface::Incomplete),
            (b"\r\n\r\n", false, Preface::Incomplete),
            (b"\r\nUSER", false, Preface::None),
            (&[&b"PROXY "[..], &[b'x'; 200]].concat(), false, Preface::None),
        ] {
            let mut framer = Framer::new(64);
            framer.push(Timestamp::ZERO, Bytes::copy_from_slice(bytes));
            if closed {
                framer.close(Timestamp::ZERO);
            }
            assert_eq!(take(&mut framer), expected, "{bytes:?}");
            assert_eq!(framer.peek().collect::<Vec<_>>(), bytes);
        }
    }
}
