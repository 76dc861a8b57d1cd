//! Frames for tests: IP packets, fragments of them, and what carries them.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};
use std::time::Duration;

use bytes::Bytes;
use etherparse::TcpHeader;
use tcp_reassembly::packet::{Config, Event, LinkType, PacketError, Resolver};
use tcp_reassembly::{Flags, Segment};

/// Twenty bytes of header, then the payload.
pub fn tcp(payload: &[u8]) -> Vec<u8> {
    let mut header = TcpHeader::new(40_000, 25, 1000, 500);
    header.psh = true;
    header.ack = true;
    header.acknowledgment_number = 9;
    [&header.to_bytes()[..], payload].concat()
}

pub fn bytes(len: usize) -> Vec<u8> {
    (0..len).map(|n| b'A' + (n % 26) as u8).collect()
}

pub fn ones_complement(bytes: &[u8]) -> u16 {
    let words =
        bytes.chunks(2).map(|w| u32::from(u16::from_be_bytes([w[0], w.get(1).copied().unwrap_or(0)])));
    let mut sum: u32 = words.sum();
    while sum > 0xffff {
        sum = (sum & 0xffff) + (sum >> 16);
    }
    !(sum as u16)
}

/// An IPv4 packet; `place` is the second half of its second word: flags and offset.
pub fn v4_part(protocol: u8, id: u16, place: u16, payload: &[u8]) -> Vec<u8> {
    let total = (20 + payload.len()) as u16;
    let mut ip = vec![0x45, 0];
    ip.extend(total.to_be_bytes());
    ip.extend(id.to_be_bytes());
    ip.extend(place.to_be_bytes());
    ip.extend([64, protocol, 0, 0, 192, 0, 2, 1, 192, 0, 2, 2]);
    let sum = ones_complement(&ip);
    ip[10..12].copy_from_slice(&sum.to_be_bytes());
    ip.extend(payload);
    ip
}

pub fn v4(protocol: u8, payload: &[u8]) -> Vec<u8> {
    v4_part(protocol, 7, 0, payload)
}

pub fn v6(next: u8, payload: &[u8]) -> Vec<u8> {
    let len = (payload.len() as u16).to_be_bytes();
    [&[0x60, 0, 0, 0, len[0], len[1], next, 64][..], &[1; 16], &[2; 16], payload].concat()
}

/// A fragment of one of the two families.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Family {
    V4,
    V6,
}

impl Family {
    pub fn fragment(self, protocol: u8, id: u16, offset: usize, more: bool, payload: &[u8]) -> Vec<u8> {
        match self {
            Self::V4 => v4_part(protocol, id, (offset / 8) as u16 | u16::from(more) << 13, payload),
            Self::V6 => {
                let place = (offset as u16 | u16::from(more)).to_be_bytes();
                let id = u32::from(id).to_be_bytes();
                let header = [&[protocol, 0], &place[..], &id].concat();
                v6(44, &[&header[..], payload].concat())
            }
        }
    }

    /// Length of the headers in front of a fragment's bytes.
    pub const fn header(self) -> usize {
        match self {
            Self::V4 => 20,
            Self::V6 => 48,
        }
    }

    pub fn ends(self) -> (SocketAddr, SocketAddr) {
        let (src, dst): (IpAddr, IpAddr) = match self {
            Self::V4 => (Ipv4Addr::new(192, 0, 2, 1).into(), Ipv4Addr::new(192, 0, 2, 2).into()),
            Self::V6 => (Ipv6Addr::from([1; 16]).into(), Ipv6Addr::from([2; 16]).into()),
        };
        ((src, 40_000).into(), (dst, 25).into())
    }
}

pub fn ethernet(kind: u16, rest: &[u8]) -> Vec<u8> {
    [&[2, 1, 1, 1, 1, 1, 4, 2, 2, 2, 2, 2][..], &kind.to_be_bytes(), rest].concat()
}

pub fn udp(port: u16, rest: &[u8]) -> Vec<u8> {
    let len = (8 + rest.len()) as u16;
    [&[0xc0, 1][..], &port.to_be_bytes(), &len.to_be_bytes(), &[0, 0], rest].concat()
}

pub fn vxlan(rest: &[u8]) -> Vec<u8> {
    udp(4789, &[&[8, 0, 0, 0, 0, 0, 5, 0], rest].concat())
}

pub fn raw() -> LinkType {
    LinkType::from_pcap(101).unwrap()
}

/// A resolver that counts packets from 1, one a second, and what came of them.
pub struct Player {
    pub resolver: Resolver,
    pub packets: Vec<Bytes>,
    pub segments: Vec<Segment>,
    pub config: Config,
}

impl Player {
    pub fn new(config: Config) -> Self {
        Self { resolver: Resolver::new(config.clone()), packets: Vec::new(), segments: Vec::new(), config }
    }

    pub fn push(&mut self, link: LinkType, frame: &[u8], wire: usize) -> Result<usize, PacketError> {
        let frame = Bytes::copy_from_slice(frame);
        self.packets.push(frame.clone());
        let number = self.packets.len() as u64;
        let result = self.resolver.push(link, number, Duration::from_secs(number), &frame, wire as u32);
        assert!(self.resolver.buffered() <= self.config.worst_case());
        let found: Vec<Segment> = result?.collect();
        for segment in &found {
            assert!(segment.payload_len as usize >= segment.payload.len());
        }
        let count = found.len();
        self.segments.extend(found);
        Ok(count)
    }

    pub fn raw(&mut self, frame: &[u8]) -> Result<usize, PacketError> {
        self.push(raw(), frame, frame.len())
    }

    /// Every payload stands in its packet where the segment says.
    pub fn check_places(&self) {
        for segment in &self.segments {
            // Of a SYN or RST only the first byte is sure to.
            if segment.payload.is_empty() || segment.flags.intersects(Flags::SYN | Flags::RST) {
                continue;
            }
            let packet = &self.packets[segment.packet as usize - 1];
            assert_eq!(segment.at, Duration::from_secs(segment.packet));
            let from = segment.packet_offset as usize;
            // The byte before a last one comes out of the fragment before.
            let skip = usize::from(packet.get(from) != segment.payload.first());
            assert!(skip == 0 || segment.payload_len == 2, "{segment:?}");
            let Some(payload) = segment.payload.get(skip..) else { continue };
            assert_eq!(packet[from + skip..from + skip + payload.len()], *payload);
        }
    }

    pub fn events(&mut self) -> Vec<Event> {
        self.resolver.events().collect()
    }

    pub fn codes(&mut self) -> Vec<String> {
        let told = self.events();
        told.iter()
            .map(|event| {
                let detail = event.anomaly.detail().map_or(String::new(), |detail| format!(": {detail}"));
                format!("{} {}{detail}", event.packet, event.anomaly.code())
            })
            .collect()
    }

    /// The stream that the segments put together give, holes as dots, and the flags of the last one.
    pub fn stream(&self) -> (String, Flags) {
        let mut stream: Vec<u8> = Vec::new();
        let Some(first) = self.segments.first() else { return (String::new(), Flags::NONE) };
        for segment in &self.segments {
            let at = segment.seq.wrapping_sub(first.seq) as usize;
            let end = at + segment.payload_len as usize;
            assert_eq!(segment.ack, first.ack);
            stream.resize(stream.len().max(end), b'.');
            for (place, byte) in segment.payload.iter().enumerate() {
                assert!(stream[at + place] == b'.' || stream[at + place] == *byte);
                stream[at + place] = *byte;
            }
        }
        let flags = self.segments.last().map_or(Flags::NONE, |segment| segment.flags);
        (String::from_utf8(stream).unwrap(), flags)
    }
}
