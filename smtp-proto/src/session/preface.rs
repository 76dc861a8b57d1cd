//! What a proxy puts before the first command: the PROXY protocol of HAProxy, versions 1 and 2.

use super::{Session, Side};
use crate::Anomaly;
use crate::event::{EventKind, Proxy};
use bytes::{Bytes, BytesMut};
use core::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};
use mail_wire::framer::{FrameKind, Mode};

/// Version 2 begins with what is a syntax error in every text protocol.
const SIGNATURE: &[u8; 12] = b"\r\n\r\n\0\r\nQUIT\n";
/// Signature, version and command, family, length.
const FIXED: usize = 16;
/// Version 1: the longest line.
const LINE: usize = 107;

/// Whether the client's half begins with a preface.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Preface {
    None,
    /// More bytes are needed.
    Incomplete,
    Taken,
}

impl Session {
    /// Takes the preface, if the client's half is at its first byte and there is one.
    pub(super) fn step_preface(&mut self) -> Preface {
        let framer = self.framer(Side::Client);
        if framer.position() > 0 || framer.at_gap() {
            return Preface::None;
        }
        let known = framer.peek_is_all();
        let ahead: Vec<u8> = framer.peek().take(FIXED.max(LINE)).collect();
        let len = match length(&ahead) {
            Some(Ok(len)) => len,
            Some(Err(Short)) if !known => return Preface::Incomplete,
            _ => return self.step_tunnel_request(),
        };
        if framer.peek().take(len).count() < len {
            return if known { Preface::None } else { Preface::Incomplete };
        }
        let mut raw = BytesMut::with_capacity(len);
        let (mut at, mut end) = (self.now, 0);
        while let Some(left) = len.checked_sub(raw.len()).filter(|left| *left > 0) {
            let Some(frame) = self.framer(Side::Client).next(Mode::Counted(left as u64)) else { break };
            (at, end) = (frame.at, frame.span.end);
            if let FrameKind::Data { bytes, .. } = frame.kind {
                raw.extend_from_slice(&bytes);
            }
        }
        let proxy = read(raw.freeze());
        self.emit(Side::Client, at, 0..end, EventKind::Proxy(Box::new(proxy)));
        self.anomaly(Side::Client, at, &(0..end), Anomaly::Proxied);
        Preface::Taken
    }
}

/// Whether a half begins with a preface of either version; `Some(false)`: so far.
pub(super) fn begins(ahead: &[u8]) -> Option<bool> {
    [&SIGNATURE[..], b"PROXY "].into_iter().find_map(|start| {
        let so_far = !ahead.is_empty() && ahead.iter().zip(start).all(|(byte, expected)| byte == expected);
        so_far.then_some(ahead.len() >= start.len())
    })
}

/// Too few bytes to tell.
struct Short;

/// How long the preface is; `None` if there is none.
fn length(ahead: &[u8]) -> Option<Result<usize, Short>> {
    let begins = |with: &[u8]| ahead.iter().zip(with).all(|(byte, expected)| byte == expected);
    if begins(SIGNATURE) && ahead.first() == Some(&b'\r') {
        return Some(match ahead.get(..FIXED) {
            Some([.., high, low]) => Ok(FIXED + usize::from(u16::from_be_bytes([*high, *low]))),
            _ => Err(Short),
        });
    }
    if begins(b"PROXY ") && !ahead.is_empty() {
        return match ahead.windows(2).position(|pair| pair == b"\r\n") {
            Some(end) => Some(Ok(end + 2)),
            None if ahead.len() < LINE => Some(Err(Short)),
            None => None,
        };
    }
    None
}

fn read(raw: Bytes) -> Proxy {
    match raw.strip_prefix(SIGNATURE) {
        Some(header) => Proxy { version: 2, addresses: version_2(header), raw },
        None => Proxy { version: 1, addresses: version_1(&raw), raw },
    }
}

/// `PROXY TCP4 192.0.2.1 198.51.100.7 56324 25`
fn version_1(line: &[u8]) -> Option<(SocketAddr, SocketAddr)> {
    let mut words = str::from_utf8(line).ok()?.split_ascii_whitespace().skip(2);
    let [from, to] = [words.next()?, words.next()?].map(|word| word.parse::<IpAddr>().ok());
    let [from_port, to_port] = [words.next()?, words.next()?].map(|word| word.parse::<u16>().ok());
    Some((SocketAddr::new(from?, from_port?), SocketAddr::new(to?, to_port?)))
}

/// Version and command, family and transport, length, then the addresses.
fn version_2(header: &[u8]) -> Option<(SocketAddr, SocketAddr)> {
    let (fixed, body) = header.split_at_checked(4)?;
    let port = |at: usize| Some(u16::from_be_bytes([*body.get(at)?, *body.get(at + 1)?]));
    match (fixed.first()? & 0x0f, fixed.get(1)? >> 4) {
        // PROXY over IPv4.
        (1, 1) => {
            let ip = |at: usize| <[u8; 4]>::try_from(body.get(at..at + 4)?).ok().map(Ipv4Addr::from);
            Some((SocketAddr::from((ip(0)?, port(8)?)), SocketAddr::from((ip(4)?, port(10)?))))
        }
        // PROXY over IPv6.
        (1, 2) => {
            let ip = |at: usize| <[u8; 16]>::try_from(body.get(at..at + 16)?).ok().map(Ipv6Addr::from);
            Some((SocketAddr::from((ip(0)?, port(32)?)), SocketAddr::from((ip(16)?, port(34)?))))
        }
        // LOCAL: the proxy's own health check; or no addresses that matter here.
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn claims_are_read() {
        let v1 = read(Bytes::from_static(b"PROXY TCP4 192.0.2.1 198.51.100.7 56324 25\r\n"));
        assert_eq!(
            v1.addresses,
            Some(("192.0.2.1:56324".parse().unwrap(), "198.51.100.7:25".parse().unwrap()))
        );
        assert_eq!(read(Bytes::from_static(b"PROXY UNKNOWN\r\n")).addresses, None);
        let mut v2 = SIGNATURE.to_vec();
        v2.extend_from_slice(&[0x21, 0x11, 0, 12, 192, 0, 2, 1, 198, 51, 100, 7, 0xdc, 4, 0, 25]);
        let v2 = read(Bytes::from(v2));
        assert_eq!((v2.version, v2.addresses), (2, v1.addresses));
        let mut cut = SIGNATURE.to_vec();
        cut.extend_from_slice(&[0x21, 0x11, 0, 2, 192, 0]);
        assert_eq!(read(Bytes::from(cut)).addresses, None);
    }

    #[test]
    fn lengths() {
        let len = |bytes: &[u8]| length(bytes).map(|len| len.ok());
        for (ahead, expected) in [
            (&b""[..], None),
            (b"EHLO c\r\n", None),
            (b"PROXY TCP4", Some(None)),
            (b"PRO", Some(None)),
            (b"PROXY UNKNOWN\r\nEHLO", Some(Some(15))),
            (b"\r\n\r\n", Some(None)),
            (b"\r\n\r\n\0\r\nQUIT\n\x21\x11\0\x0crest", Some(Some(28))),
            (b"\r\nEHLO", None),
        ] {
            assert_eq!(len(ahead), expected, "{:?}", ahead.escape_ascii().to_string());
        }
    }
}
