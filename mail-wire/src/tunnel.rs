//! What stands before a session that runs through a tunnel: HTTP CONNECT (RFC 9110 section 9.3.6), SOCKS 4, 4a and 5
//! (RFC 1928, RFC 1929).
//!
//! Each half is read by itself. A client's [`request`] in HTTP may also be said to a mail server, which answers it as a
//! command; that its peer speaks HTTP too, `answer` tells.

use crate::framer::{FrameKind, Framer, Mode};
use crate::{Secret, Timestamp};
use bytes::{Bytes, BytesMut};
use core::net::{Ipv4Addr, Ipv6Addr};

/// How a tunnel was asked for.
#[non_exhaustive]
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Protocol {
    /// HTTP CONNECT.
    Http,
    /// SOCKS 4 and 4a.
    Socks4,
    /// SOCKS 5.
    Socks5,
}

impl Protocol {
    /// A stable name, such as `http`.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Http => "http",
            Self::Socks4 => "socks4",
            Self::Socks5 => "socks5",
        }
    }
}

/// What one half begins with.
#[non_exhaustive]
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Tunnel {
    /// How it was asked for.
    pub protocol: Protocol,
    /// So many bytes belong to it; the session is behind them.
    pub len: usize,
    /// Host and port that the client asks for; `None` in an answer.
    pub target: Option<Bytes>,
}

/// What the first bytes of a half are.
#[non_exhaustive]
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Begins {
    /// With something else.
    Otherwise,
    /// More bytes are needed.
    Short,
    /// With this.
    With(Tunnel),
}

/// So many bytes are looked at; a longer request is none.
pub const MAX_LEN: usize = 8 << 10;

/// What the client's half begins with.
///
/// ```
/// use mail_wire::tunnel::{Begins, request};
///
/// let Begins::With(tunnel) = request(b"CONNECT mx.example:25 HTTP/1.1\r\n\r\nEHLO c\r\n") else { panic!() };
/// assert_eq!((tunnel.len, tunnel.target.unwrap()), (34, "mx.example:25".into()));
/// ```
#[must_use]
pub fn request(ahead: &[u8]) -> Begins {
    let mut reader = Reader { rest: ahead };
    let read = match ahead {
        [4, ..] => reader.socks4_request(),
        [5, ..] => reader.socks5_request(),
        _ if starts(ahead, b"CONNECT ") => reader.http_request(),
        _ => Err(Stop::Otherwise),
    };
    told(ahead, &reader, read)
}

/// What the server's half begins with: the answer that opens the tunnel. A refusal is none.
#[must_use]
pub fn answer(ahead: &[u8]) -> Begins {
    let mut reader = Reader { rest: ahead };
    let read = match ahead {
        [0, ..] => reader.socks4_answer(),
        [5, ..] => reader.socks5_answer(),
        _ if starts(ahead, b"HTTP/1.") => reader.http_answer(),
        _ => Err(Stop::Otherwise),
    };
    told(ahead, &reader, read.map(|protocol| (protocol, None)))
}

/// What a half that has not been read begins with: [`request`] or [`answer`] of what it shows.
#[must_use]
pub fn ahead(half: &Framer, read: fn(&[u8]) -> Begins) -> Begins {
    if half.position() > 0 || !matches!(half.peek().next(), Some(0 | 4 | 5 | b'C' | b'H')) {
        return Begins::Otherwise;
    }
    let ahead: Vec<u8> = half.peek().take(MAX_LEN).collect();
    match read(&ahead) {
        Begins::Short if half.peek_is_all() => Begins::Otherwise,
        begins => begins,
    }
}

/// Takes what [`ahead`] has found: when it was complete, and the bytes, with what a client says to log in to the tunnel.
pub fn take(half: &mut Framer, tunnel: &Tunnel) -> (Timestamp, Secret) {
    let mut raw = BytesMut::with_capacity(tunnel.len);
    let mut at = Timestamp::ZERO;
    while let Some(left) = tunnel.len.checked_sub(raw.len()).filter(|left| *left > 0) {
        let Some(frame) = half.next(Mode::Counted(left as u64)) else { break };
        at = frame.at;
        if let FrameKind::Data { bytes, .. } = frame.kind {
            raw.extend_from_slice(&bytes);
        }
    }
    (at, Secret::new(raw.freeze()))
}

/// Whether one is a prefix of the other.
fn starts(ahead: &[u8], with: &[u8]) -> bool {
    !ahead.is_empty() && ahead.iter().zip(with).all(|(byte, expected)| byte == expected)
}

fn told(ahead: &[u8], reader: &Reader<'_>, read: Result<(Protocol, Option<Bytes>), Stop>) -> Begins {
    match read {
        Ok((protocol, target)) => {
            Begins::With(Tunnel { protocol, len: ahead.len() - reader.rest.len(), target })
        }
        Err(Stop::Short) if ahead.len() < MAX_LEN => Begins::Short,
        Err(_) => Begins::Otherwise,
    }
}

/// Why there is no tunnel.
enum Stop {
    Otherwise,
    Short,
}

struct Reader<'a> {
    rest: &'a [u8],
}

impl<'a> Reader<'a> {
    fn take(&mut self, len: usize) -> Result<&'a [u8], Stop> {
        let (taken, rest) = self.rest.split_at_checked(len).ok_or(Stop::Short)?;
        self.rest = rest;
        Ok(taken)
    }

    fn byte(&mut self) -> Result<u8, Stop> {
        let (byte, rest) = self.rest.split_first().ok_or(Stop::Short)?;
        self.rest = rest;
        Ok(*byte)
    }

    fn expect(&mut self, expected: &[u8]) -> Result<(), Stop> {
        for expected in expected {
            if self.byte()? != *expected {
                return Err(Stop::Otherwise);
            }
        }
        Ok(())
    }

    fn port(&mut self) -> Result<u16, Stop> {
        Ok(u16::from_be_bytes([self.byte()?, self.byte()?]))
    }

    fn ipv4(&mut self) -> Result<Ipv4Addr, Stop> {
        Ok(Ipv4Addr::from([self.byte()?, self.byte()?, self.byte()?, self.byte()?]))
    }

    fn until_zero(&mut self) -> Result<&'a [u8], Stop> {
        let end = self.rest.iter().position(|byte| *byte == 0).ok_or(Stop::Short)?;
        let text = self.take(end)?;
        self.byte()?;
        Ok(text)
    }

    /// Version 4, command 1, port, address, user, and in 4a, whose address is 0.0.0.x, a name.
    fn socks4_request(&mut self) -> Result<(Protocol, Option<Bytes>), Stop> {
        self.expect(&[4, 1])?;
        let (port, address) = (self.port()?, self.ipv4()?);
        self.until_zero()?;
        let target = match address.octets() {
            [0, 0, 0, 1..=255] => target(self.until_zero()?, port),
            _ => target(address.to_string().as_bytes(), port),
        };
        Ok((Protocol::Socks4, Some(target)))
    }

    fn socks4_answer(&mut self) -> Result<Protocol, Stop> {
        self.expect(&[0, 90])?;
        self.take(6)?;
        Ok(Protocol::Socks4)
    }

    /// RFC 1928 sections 3 and 4: version 5 and the methods, then the request; between them name and password, if the
    /// server asked for them (RFC 1929).
    fn socks5_request(&mut self) -> Result<(Protocol, Option<Bytes>), Stop> {
        self.expect(&[5])?;
        let methods = usize::from(self.byte()?);
        self.take(methods)?;
        let mut version = self.byte()?;
        if version == 1 {
            for _ in 0..2 {
                let len = usize::from(self.byte()?);
                self.take(len)?;
            }
            version = self.byte()?;
        }
        if version != 5 {
            return Err(Stop::Otherwise);
        }
        self.expect(&[1, 0])?;
        let host = self.socks5_host()?;
        let port = self.port()?;
        Ok((Protocol::Socks5, Some(target(&host, port))))
    }

    fn socks5_answer(&mut self) -> Result<Protocol, Stop> {
        self.expect(&[5])?;
        match self.byte()? {
            0 => {}
            2 => {
                self.expect(&[1, 0])?;
            }
            _ => return Err(Stop::Otherwise),
        }
        self.expect(&[5, 0, 0])?;
        self.socks5_host()?;
        self.port()?;
        Ok(Protocol::Socks5)
    }

    /// RFC 1928 section 5.
    fn socks5_host(&mut self) -> Result<Vec<u8>, Stop> {
        Ok(match self.byte()? {
            1 => self.ipv4()?.to_string().into_bytes(),
            3 => {
                let len = usize::from(self.byte()?);
                self.take(len)?.to_vec()
            }
            4 => {
                let address = self.take(16)?;
                let octets = <[u8; 16]>::try_from(address).map_err(|_| Stop::Otherwise)?;
                format!("[{}]", Ipv6Addr::from(octets)).into_bytes()
            }
            _ => return Err(Stop::Otherwise),
        })
    }

    /// RFC 9112 section 3.2.3: the target in authority form.
    fn http_request(&mut self) -> Result<(Protocol, Option<Bytes>), Stop> {
        let first = self.header()?;
        let mut words = first.split(|byte| *byte == b' ');
        match (words.next(), words.next(), words.next(), words.next()) {
            (Some(b"CONNECT"), Some(target), Some(version), None) if version.starts_with(b"HTTP/1.") => {
                Ok((Protocol::Http, Some(Bytes::copy_from_slice(target))))
            }
            _ => Err(Stop::Otherwise),
        }
    }

    /// RFC 9110 section 9.3.6: any 2xx, and no content. What follows is the greeting of a mail server, so another
    /// answer is not mistaken for one.
    fn http_answer(&mut self) -> Result<Protocol, Stop> {
        let first = self.header()?;
        let mut words = first.split(|byte| *byte == b' ');
        let taken = words.nth(1).is_some_and(|code| code.len() == 3 && code.starts_with(b"2"));
        match self.rest.first() {
            None if taken => Err(Stop::Short),
            Some(b'2'..=b'5' | b'+' | b'*' | 0x16) if taken => Ok(Protocol::Http),
            _ => Err(Stop::Otherwise),
        }
    }

    /// Passes over a header section; its first line.
    fn header(&mut self) -> Result<&'a [u8], Stop> {
        let mut first = None;
        loop {
            let lf = self.rest.iter().position(|byte| *byte == b'\n').ok_or(Stop::Short)?;
            let line = self.take(lf + 1)?.trim_ascii_end();
            let first = *first.get_or_insert(line);
            if line.is_empty() {
                return Ok(first);
            }
        }
    }
}

fn target(host: &[u8], port: u16) -> Bytes {
    Bytes::from([host, format!(":{port}").as_bytes()].concat())
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The whole is read, every prefix is too short, and so are the bytes behind it left alone.
    fn check(read: fn(&[u8]) -> Begins, header: &[u8], protocol: Protocol, target: Option<&'static str>) {
        let more = [header, b"220 mx"].concat();
        let expected = Tunnel { protocol, len: header.len(), target: target.map(Bytes::from) };
        assert_eq!(read(&more), Begins::With(expected), "{}", header.escape_ascii());
        for len in 1..header.len() {
            let prefix = header.get(..len).unwrap_or_default();
            assert_eq!(read(prefix), Begins::Short, "{}", prefix.escape_ascii());
        }
    }

    #[test]
    fn requests() {
        use Protocol::{Http, Socks4, Socks5};
        check(request, b"CONNECT mx:25 HTTP/1.1\r\nHost: mx:25\r\n\r\n", Http, Some("mx:25"));
        check(request, b"CONNECT [::1]:25 HTTP/1.0\n\n", Http, Some("[::1]:25"));
        check(request, b"\x04\x01\0\x19\xc0\0\x02\x01me\0", Socks4, Some("192.0.2.1:25"));
        check(request, b"\x04\x01\0\x19\0\0\0\x01\0mx.example\0", Socks4, Some("mx.example:25"));
        check(request, b"\x05\x01\0\x05\x01\0\x01\xc0\0\x02\x01\0\x19", Socks5, Some("192.0.2.1:25"));
        check(request, b"\x05\x02\0\x02\x01\x01u\x01p\x05\x01\0\x03\x02mx\0\x19", Socks5, Some("mx:25"));
        let ipv6 = [&b"\x05\x01\0\x05\x01\0\x04"[..], &[0; 15], &[1, 0, 25]].concat();
        check(request, &ipv6, Socks5, Some("[::1]:25"));
    }

    #[test]
    fn answers() {
        check(answer, b"\0\x5a\0\0\0\0\0\0", Protocol::Socks4, None);
        check(answer, b"\x05\0\x05\0\0\x01\0\0\0\0\0\0", Protocol::Socks5, None);
        check(answer, b"\x05\x02\x01\0\x05\0\0\x03\x02mx\0\x19", Protocol::Socks5, None);
        check(answer, b"HTTP/1.1 200 Connection established\r\nVia: x\r\n\r\n", Protocol::Http, None);
    }

    #[test]
    fn a_tunnel_is_taken_off_a_half() {
        let header = b"CONNECT mx:143 HTTP/1.1\r\n\r\n";
        let mut half = Framer::new(64);
        for (at, byte) in (1..).zip([&header[..], b"a NOOP\r\n"].concat()) {
            half.push(Timestamp::from_secs(at), Bytes::copy_from_slice(&[byte]));
            match ahead(&half, request) {
                Begins::Short => assert!(at < header.len() as u64),
                Begins::With(tunnel) => {
                    let (at, raw) = take(&mut half, &tunnel);
                    assert_eq!((at.as_secs(), raw.expose().as_ref()), (header.len() as u64, &header[..]));
                }
                Begins::Otherwise => assert!(at > header.len() as u64),
            }
        }
        assert_eq!(half.peek().collect::<Vec<_>>(), b"a NOOP\r\n");
        let mut half = Framer::new(64);
        half.push(Timestamp::ZERO, Bytes::from_static(b"CONNECT mx"));
        half.close(Timestamp::ZERO);
        assert_eq!(ahead(&half, request), Begins::Otherwise, "no more will come");
    }

    #[test]
    fn something_else() {
        for ahead in [
            &b"EHLO c\r\n"[..],
            b"CONNECT\r\n",
            b"CONNECT mx:25\r\n\r\n",
            b"CONNECT a b HTTP/1.1\r\n\r\n",
            b"\x05\x01\0\x06",
            b"\x05\x01\0\x05\x02\0",
            b"\x04\x02",
        ] {
            assert_eq!(request(ahead), Begins::Otherwise, "{}", ahead.escape_ascii());
        }
        for ahead in [
            &b"220 mx\r\n"[..],
            b"HTTP/1.1 407 Proxy Authentication Required\r\n\r\n",
            b"HTTP/1.1 200 OK\r\n\r\n<html>",
            b"\x05\xff",
            b"\x05\0\x05\x01\0",
            b"\0\x5b",
        ] {
            assert_eq!(answer(ahead), Begins::Otherwise, "{}", ahead.escape_ascii());
        }
        let endless = [b"CONNECT ".to_vec(), vec![b'x'; MAX_LEN]].concat();
        assert_eq!(request(&endless), Begins::Otherwise);
    }
}
