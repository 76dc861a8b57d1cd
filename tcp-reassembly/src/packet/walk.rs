//! From header to header, through tags, labels and tunnels, down to TCP or to a fragment of something.

use core::net::IpAddr;

use super::ip::{self, Extension, Part};
use super::layer::{Layer, ether_type, ethernet};
use super::link::{self, LinkType};
use super::{PacketError, tunnel};

/// IP packets in one another, and datagrams put together on the way; more is no network.
const MAX_DEPTH: u8 = 8;

/// Tags, label stacks and other headers in front of an IP header.
const MAX_LINKS: u8 = 10;

/// Where a walk ends well.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Found {
    Tcp(Place),
    Fragment(Fragment),
}

/// A TCP segment: where it begins, and where it ended on the wire.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Place {
    pub(super) src: IpAddr,
    pub(super) dst: IpAddr,
    pub(super) at: usize,
    pub(super) end: usize,
    /// Of the innermost IP header; none where fragments, which have one each, were put together.
    pub(super) ttl: Option<u8>,
    pub(super) id: Option<u16>,
}

/// What the fragments of a datagram have in common: RFC 791, section 3.2, and RFC 8200, section 4.5.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Name {
    pub(super) src: IpAddr,
    pub(super) dst: IpAddr,
    pub(super) id: u32,
    /// Only for IPv4.
    pub(super) protocol: Option<u8>,
}

/// A part of a datagram: where it begins, and where it ended on the wire.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Fragment {
    pub(super) name: Name,
    pub(super) offset: usize,
    pub(super) more: bool,
    /// What the datagram begins with; only the first fragment is to be believed.
    pub(super) next: u8,
    pub(super) at: usize,
    pub(super) end: usize,
    pub(super) depth: u8,
}

#[derive(Debug)]
struct Walk<'a> {
    /// What was captured, padding included.
    bytes: &'a [u8],
    at: usize,
    /// Where the innermost packet so far ended on the wire; what comes behind is padding.
    end: usize,
    /// Of the innermost IP header.
    ends: Option<(IpAddr, IpAddr)>,
    ttl: Option<u8>,
    id: Option<u16>,
    depth: u8,
    links: u8,
}

/// Walks through a frame that was `wire` bytes long.
#[inline]
pub(super) fn frame(link: LinkType, bytes: &[u8], wire: usize) -> Result<Found, PacketError> {
    let (layer, at) = link::start(link, bytes)?;
    Walk { bytes, at, end: wire, ends: None, ttl: None, id: None, depth: 0, links: 0 }.run(layer)
}

/// Walks on through a datagram put together, of which `bytes` are there from the beginning on.
pub(super) fn datagram(
    bytes: &[u8],
    total: usize,
    name: &Name,
    next: u8,
    depth: u8,
) -> Result<Found, PacketError> {
    let mut walk = Walk {
        bytes,
        at: 0,
        end: total,
        ends: Some((name.src, name.dst)),
        ttl: None,
        id: None,
        depth,
        links: 0,
    };
    walk.deeper()?;
    walk.run(Layer::Protocol(next))
}

impl Walk<'_> {
    #[inline]
    fn run(&mut self, mut layer: Layer) -> Result<Found, PacketError> {
        loop {
            layer = match layer {
                Layer::Protocol(ip::TCP) => return self.tcp(),
                Layer::Ip => {
                    let header = ip::read(self.visible()?, self.end.saturating_sub(self.at))
                        .map_err(|error| self.blame(error))?;
                    self.deeper()?;
                    self.links = 0;
                    self.ends = Some((header.src, header.dst));
                    (self.ttl, self.id) = (Some(header.ttl), header.id);
                    self.end = self.at + header.total;
                    self.at += header.len;
                    if let Some(part) = header.part {
                        return self.fragment(part, header.next, Some(header.next));
                    }
                    Layer::Protocol(header.next)
                }
                Layer::Protocol(
                    kind @ (ip::HOP_BY_HOP
                    | ip::ROUTING
                    | ip::FRAGMENT
                    | ip::DESTINATION
                    | ip::MOBILITY
                    | ip::AUTHENTICATION),
                ) => match ip::extension(kind, self.visible()?).map_err(|error| self.blame(error))? {
                    Extension::Skip { next, len } => {
                        self.at += len;
                        Layer::Protocol(next)
                    }
                    Extension::Part { next, part } => {
                        self.at += 8;
                        return self.fragment(part, next, None);
                    }
                },
                Layer::Protocol(ip::IPV4 | ip::IPV6) => Layer::Ip,
                Layer::Protocol(ip::MPLS) => Layer::Mpls,
                other => {
                    let bytes = self.visible()?;
                    let tunnel = match other {
                        Layer::Ethernet => ethernet(bytes),
                        Layer::EtherType(kind) => ether_type(kind, bytes),
                        Layer::Mpls => tunnel::mpls(bytes, self.end.saturating_sub(self.at)),
                        Layer::Pppoe => tunnel::pppoe(bytes),
                        Layer::Ppp => tunnel::ppp(bytes),
                        Layer::Protocol(ip::GRE) => tunnel::gre(bytes),
                        Layer::Protocol(ip::UDP) => tunnel::udp(bytes),
                        _ => Err(PacketError::NotTcp),
                    };
                    let tunnel = tunnel.map_err(|error| self.blame(error))?;
                    if tunnel.skip > 0 {
                        self.links += 1;
                        if self.links > MAX_LINKS {
                            return Err(PacketError::TooDeep);
                        }
                    }
                    self.at += tunnel.skip;
                    if let Some(len) = tunnel.len {
                        self.end = self.end.min(self.at.saturating_add(len));
                    }
                    tunnel.layer
                }
            };
        }
    }

    /// What was captured of the innermost packet, from here on.
    fn visible(&self) -> Result<&[u8], PacketError> {
        if self.at > self.end {
            return Err(PacketError::Malformed("header longer than its packet"));
        }
        let bytes = self.bytes.get(..self.end).unwrap_or(self.bytes);
        bytes.get(self.at..).ok_or(PacketError::Truncated)
    }

    /// A header that is cut short was cut by the capture or by its own packet.
    const fn blame(&self, error: PacketError) -> PacketError {
        match error {
            PacketError::Truncated if self.bytes.len() >= self.end => {
                PacketError::Malformed("header longer than its packet")
            }
            other => other,
        }
    }

    const fn deeper(&mut self) -> Result<(), PacketError> {
        self.depth += 1;
        if self.depth > MAX_DEPTH { Err(PacketError::TooDeep) } else { Ok(()) }
    }

    #[inline]
    fn tcp(&self) -> Result<Found, PacketError> {
        let (src, dst) = self.ends.ok_or(PacketError::NotIp)?;
        if self.at > self.end {
            return Err(PacketError::Malformed("header longer than its packet"));
        }
        Ok(Found::Tcp(Place { src, dst, at: self.at, end: self.end, ttl: self.ttl, id: self.id }))
    }

    fn fragment(&self, part: Part, next: u8, protocol: Option<u8>) -> Result<Found, PacketError> {
        let (src, dst) = self.ends.ok_or(PacketError::NotIp)?;
        if self.at > self.end {
            return Err(PacketError::Malformed("header longer than its packet"));
        }
        if self.at > self.bytes.len() {
            return Err(PacketError::Truncated);
        }
        Ok(Found::Fragment(Fragment {
            name: Name { src, dst, id: part.id, protocol },
            offset: part.offset,
            more: part.more,
            next,
            at: self.at,
            end: self.end,
            depth: self.depth,
        }))
    }
}
