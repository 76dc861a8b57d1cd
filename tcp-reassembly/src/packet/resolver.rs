//! Frames to segments, with the fragments put together on the way.

use std::collections::{BTreeMap, VecDeque};

use bytes::Bytes;

use super::PacketError;
use super::datagram::{Datagram, Whole, copied};
use super::event::{Anomaly, Config, Conflict, Event, Stats, Unfinished};
use super::ip;
use super::link::LinkType;
use super::segments::{self, Segments};
use super::span::{Run, Span};
use super::tunnel;
use super::walk::{self, Found, Fragment, Name};
use crate::{Checksum, Timestamp};

/// Makes segments of frames, one after the other, and puts IP fragments together on the way.
///
/// A step in front of the [`Reassembler`](crate::Reassembler), before anybody has to know which flow a frame belongs
/// to: the later fragments of a datagram do not have the ports. Fragments in tunnels and tunnels in fragments are
/// all resolved.
///
/// The first copy of a byte counts; another one that differs is told with both versions, exact duplicates are only
/// counted. What stays unfinished is told with its first packet. Nothing is told of datagrams that cannot hold TCP.
///
/// ```
/// use bytes::Bytes;
/// use core::time::Duration;
/// use tcp_reassembly::packet::{Config, LinkType, Resolver};
///
/// // TCP from 192.0.2.1 to 192.0.2.2, and its payload in a fragment of its own.
/// let ip = |len: u8, fragment: [u8; 2]| {
///     [[0x45, 0, 0, 20 + len, 0, 1, fragment[0], fragment[1], 64, 6, 0, 0], [192, 0, 2, 1, 192, 0, 2, 2, 0, 0, 0, 0]]
///         .concat()[..20].to_vec()
/// };
/// let tcp = [&[0x9c, 0x40, 0, 25, 0, 0, 0, 1, 0, 0, 0, 1, 0x60, 0x10, 4, 0][..], &[0; 8]].concat();
/// let first = Bytes::from([ip(24, [0x20, 0]), tcp].concat());
/// let second = Bytes::from([ip(6, [0, 3]), b"EHLO a".to_vec()].concat());
///
/// let mut resolver = Resolver::new(Config::default());
/// let mut push = |number, frame: &Bytes| {
///     resolver.push(LinkType::Raw, number, Duration::from_secs(number), frame, frame.len() as u32)
/// };
/// assert_eq!(push(1, &first)?.len(), 0);
/// let segment = push(2, &second)?.next().ok_or("a segment")?;
/// assert_eq!(segment.payload, "EHLO a");
/// assert_eq!((segment.packet, segment.packet_offset), (2, 20));
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Debug)]
pub struct Resolver {
    config: Config,
    table: BTreeMap<Name, Datagram>,
    /// The oldest first: what is waited for, and what may go without a word.
    open: BTreeMap<u64, Name>,
    silent: BTreeMap<u64, Name>,
    held: usize,
    /// The latest capture time so far.
    now: Timestamp,
    serial: u64,
    events: VecDeque<Event>,
    stats: Stats,
}

impl Resolver {
    /// A resolver without fragments.
    #[must_use]
    pub const fn new(config: Config) -> Self {
        Self {
            config,
            table: BTreeMap::new(),
            open: BTreeMap::new(),
            silent: BTreeMap::new(),
            held: 0,
            now: Timestamp::ZERO,
            serial: 0,
            events: VecDeque::new(),
            stats: Stats {
                fragments: 0,
                datagrams: 0,
                repeated_bytes: 0,
                used: 0,
                repeated: 0,
                unfinished: 0,
                dropped: 0,
                ignored: 0,
                foreign: 0,
            },
        }
    }

    /// Reads the next frame, number `packet` of the caller's count. `original_len` is its length on the wire, of which
    /// `frame` may hold only the beginning.
    ///
    /// # Errors
    ///
    /// Whatever keeps the frame, or the datagram it completes, from being a TCP segment; see [`PacketError`]. The
    /// resolver goes on with the next frame.
    pub fn push(
        &mut self,
        link: LinkType,
        packet: u64,
        at: Timestamp,
        frame: &Bytes,
        original_len: u32,
    ) -> Result<Segments, PacketError> {
        let wire = usize::try_from(original_len).unwrap_or(usize::MAX).max(frame.len());
        match walk::frame(link, frame, wire)? {
            Found::Tcp(place) => {
                Ok(Segments::one(segments::of_frame(frame, &place, packet, at, self.config.decode)?))
            }
            Found::Fragment(fragment) => {
                let span = Span::of_frame(frame, fragment.at..fragment.end, packet, at);
                self.fragment(fragment, span, packet, at)
            }
        }
    }

    /// Ends the waits that are too old at `now`. Call it now and then; between fragments nothing else does.
    pub fn expire(&mut self, now: Timestamp) {
        // The caller knows the time; a packet from the future does not stop the waits for good.
        self.now = now;
        self.expire_due();
    }

    /// Gives up all that is unfinished: the capture is over.
    pub fn finish(&mut self) {
        while let Some((_, &name)) = self.open.first_key_value() {
            self.give_up(&name, Unfinished::End);
        }
        while let Some((_, &name)) = self.silent.first_key_value() {
            self.remove(&name);
        }
    }

    /// The next event, if any.
    pub fn poll_event(&mut self) -> Option<Event> {
        self.events.pop_front()
    }

    /// The events that are there.
    pub fn events(&mut self) -> impl Iterator<Item = Event> + '_ {
        self.events.drain(..)
    }

    /// Memory of the datagrams, at most [`Config::worst_case`]; events that were not taken out yet come on top.
    #[must_use]
    pub const fn buffered(&self) -> usize {
        self.held
    }

    /// What was counted so far.
    #[must_use]
    pub const fn stats(&self) -> Stats {
        self.stats
    }

    /// Takes a fragment, and those that the datagrams it completes turn out to be.
    fn fragment(
        &mut self,
        mut fragment: Fragment,
        mut span: Span,
        packet: u64,
        at: Timestamp,
    ) -> Result<Segments, PacketError> {
        self.now = self.now.max(at);
        self.expire_due();
        loop {
            let Some(whole) = self.take(&fragment, &span, packet, at)? else { return Ok(Segments::none()) };
            let known = whole.span.bytes.get(..whole.span.known()).unwrap_or_default();
            let total = whole.span.len();
            match walk::datagram(known, total, &fragment.name, whole.next, whole.depth)? {
                Found::Tcp(place) => {
                    // A sum over a part of the segment says nothing.
                    let checksum = match known.get(place.at..place.end) {
                        Some(segment) => {
                            let checksum = super::checksum(place.src, place.dst, segment)?;
                            // An empty field was left to the hardware.
                            if checksum == Checksum::Bad && segment.get(16..18) != Some(&[0, 0]) {
                                let name = fragment.name;
                                let mut tell = Teller { events: &mut self.events, name, packet, at };
                                tell.anomaly(Anomaly::Checksum);
                            }
                            checksum
                        }
                        None => Checksum::Unknown,
                    };
                    return segments::of_datagram(&whole.span, &place, checksum, (packet, at));
                }
                Found::Fragment(inner) => {
                    span = whole.span.part(inner.at..inner.end);
                    fragment = inner;
                }
            }
        }
    }

    /// Puts a fragment to the others of its datagram; the datagram, if that is whole now.
    fn take(
        &mut self,
        fragment: &Fragment,
        span: &Span,
        packet: u64,
        at: Timestamp,
    ) -> Result<Option<Whole>, PacketError> {
        let name = fragment.name;
        if name.protocol.is_some_and(|protocol| !ip::may_lead_to_tcp(protocol)) {
            return Err(PacketError::NotTcp);
        }
        self.stats.fragments += 1;
        let mut tell = Teller { events: &mut self.events, name, packet, at };
        let mut len = span.len();
        if fragment.more && (!len.is_multiple_of(8) || len == 0) {
            tell.anomaly(Anomaly::Uneven { len: number(len) });
            len -= len % 8;
            if len == 0 {
                self.stats.dropped += 1;
                return Ok(None);
            }
        }
        let end = fragment.offset + len;
        if end > self.config.max_datagram {
            tell.anomaly(Anomaly::Oversize { end: number(end) });
            self.stats.dropped += 1;
            return Ok(None);
        }

        let mut datagram = self.detach(&name).unwrap_or_else(|| self.begun(packet, at));
        if datagram.dead {
            self.stats.ignored += 1;
            self.attach(name, datagram);
            return Ok(None);
        }
        let is_repeat = datagram.repeats.as_ref().is_some_and(|whole| {
            let total = whole.span.len();
            fragment.more == (end < total) && end <= total && span.repeats(&whole.span, fragment.offset)
        });
        if !is_repeat && datagram.repeats.take().is_some() {
            // Duplicates that came in between belong to the old one; a gap is better than a mixture.
            self.stats.repeated += datagram.fragments as u64;
            datagram = self.begun(packet, at);
        }
        if datagram.is_empty() && datagram.total.is_none() {
            // A new one, perhaps with the number of one that came whole.
            let repeats = datagram.repeats.take();
            self.stats.repeated += datagram.fragments as u64;
            datagram = self.begun(packet, at);
            datagram.repeats = repeats;
        }
        datagram.depth = datagram.depth.max(fragment.depth);
        let mut tell = Teller { events: &mut self.events, name, packet, at };
        if fragment.offset == 0 && datagram.next.is_none() {
            begin(&mut datagram, fragment, span, len, &mut tell);
        }
        let is_last_news = datagram.total.is_none() && len == 0;
        let limit = settle_end(&mut datagram, fragment, end, &mut tell);

        let (mut brought, mut met) = (is_last_news, len == 0);
        for run in span.runs_in(0..limit.saturating_sub(fragment.offset).min(len)) {
            let data = if datagram.foreign { None } else { span.bytes_of(&run) };
            let range = fragment.offset + run.range.start..fragment.offset + run.range.end;
            let laid = datagram.lay(&Run { range, ..run }, data, |differs| {
                tell.anomaly(Anomaly::Conflict(Box::new(Conflict {
                    offset: number(differs.offset),
                    kept: copied(differs.kept),
                    kept_packet: differs.kept_packet,
                    other: copied(differs.other),
                })));
            });
            brought |= laid.new > 0;
            met |= laid.repeated > 0;
            self.stats.repeated_bytes += laid.repeated as u64;
        }
        match (brought, met) {
            (true, _) => datagram.fragments += 1,
            (false, true) => self.stats.repeated += 1,
            // All of it lies behind the end, which was told.
            (false, false) => self.stats.dropped += 1,
        }
        let foreign = datagram.foreign;
        let whole = datagram.take_whole();
        if let Some(whole) = &whole {
            self.stats.datagrams += u64::from(!foreign);
            let fate = if foreign { &mut self.stats.foreign } else { &mut self.stats.used };
            *fate += datagram.fragments as u64;
            datagram = self.begun(packet, at);
            datagram.repeats = Some(whole.clone());
        } else if datagram.fragments > self.config.max_fragments && !datagram.dead {
            if datagram.is_silent() {
                self.count_silent(&datagram);
            } else {
                self.tell_unfinished(&name, &datagram, Unfinished::Limit);
            }
            datagram.clear();
            datagram.repeats = None;
            datagram.dead = true;
        }
        self.attach(name, datagram);
        self.keep_limit();
        if foreign { Err(PacketError::NotTcp) } else { Ok(whole) }
    }

    /// An empty datagram of this packet.
    const fn begun(&mut self, packet: u64, at: Timestamp) -> Datagram {
        self.serial += 1;
        Datagram::new((packet, at), self.now, self.serial)
    }

    /// Takes a datagram out of the tables.
    fn detach(&mut self, name: &Name) -> Option<Datagram> {
        let datagram = self.table.remove(name)?;
        self.held -= datagram.cost();
        self.open.remove(&datagram.serial);
        self.silent.remove(&datagram.serial);
        Some(datagram)
    }

    fn attach(&mut self, name: Name, datagram: Datagram) {
        self.held += datagram.cost();
        let order = if datagram.is_silent() { &mut self.silent } else { &mut self.open };
        order.insert(datagram.serial, name);
        self.table.insert(name, datagram);
    }

    fn remove(&mut self, name: &Name) {
        if let Some(datagram) = self.detach(name) {
            self.count_silent(&datagram);
        }
    }

    /// Counts the fragments of a datagram that goes without a word.
    const fn count_silent(&mut self, datagram: &Datagram) {
        let fate = if datagram.foreign { &mut self.stats.foreign } else { &mut self.stats.repeated };
        *fate += datagram.fragments as u64;
    }

    /// Gives up a datagram that others wait for, and says so.
    fn give_up(&mut self, name: &Name, why: Unfinished) {
        if let Some(datagram) = self.detach(name) {
            self.tell_unfinished(name, &datagram, why);
        }
    }

    fn tell_unfinished(&mut self, name: &Name, datagram: &Datagram, why: Unfinished) {
        let bytes = datagram.len();
        self.stats.unfinished += datagram.fragments as u64;
        let anomaly = Anomaly::Incomplete {
            why,
            fragments: number(datagram.fragments),
            bytes: number(bytes),
            missing: datagram.total.map(|total| number(total.saturating_sub(bytes))),
            protocol: datagram.next.or(name.protocol),
        };
        let (packet, at) = (datagram.first_packet, datagram.first_at);
        Teller { events: &mut self.events, name: *name, packet, at }.anomaly(anomaly);
    }

    fn expire_due(&mut self) {
        while let Some(name) = self.due(Order::Open) {
            self.give_up(&name, Unfinished::Timeout);
        }
        while let Some(name) = self.due(Order::Silent) {
            self.remove(&name);
        }
    }

    /// The oldest of its kind, if its time is over.
    fn due(&mut self, order: Order) -> Option<Name> {
        let order = match order {
            Order::Open => &self.open,
            Order::Silent => &self.silent,
        };
        let (_, &name) = order.first_key_value()?;
        let datagram = self.table.get_mut(&name)?;
        // Time was set back.
        datagram.since = datagram.since.min(self.now);
        (self.now - datagram.since >= self.config.timeout).then_some(name)
    }

    fn keep_limit(&mut self) {
        while self.held > self.config.max_held {
            if let Some((_, &name)) = self.silent.first_key_value() {
                self.remove(&name);
            } else if let Some((_, &name)) = self.open.first_key_value() {
                self.give_up(&name, Unfinished::Limit);
            } else {
                return;
            }
        }
    }
}

#[derive(Debug, Clone, Copy)]
enum Order {
    Open,
    Silent,
}

/// Writes down what is told of one packet.
struct Teller<'a> {
    events: &'a mut VecDeque<Event>,
    name: Name,
    packet: u64,
    at: Timestamp,
}

impl Teller<'_> {
    fn anomaly(&mut self, anomaly: Anomaly) {
        let Name { src, dst, id, .. } = self.name;
        self.events.push_back(Event { at: self.at, packet: self.packet, src, dst, id, anomaly });
    }
}

/// The first fragment says what the datagram is.
fn begin(datagram: &mut Datagram, fragment: &Fragment, span: &Span, len: usize, tell: &mut Teller<'_>) {
    let next = fragment.next;
    datagram.next = Some(next);
    let bytes = span.bytes.get(..span.known().min(span.bytes.len())).unwrap_or_default();
    if next == ip::TCP && len < 20 && datagram.repeats.is_none() {
        tell.anomaly(Anomaly::Tiny { len: number(len) });
    }
    if !ip::may_lead_to_tcp(next) || (next == ip::UDP && !tunnel::may_be_udp_tunnel(bytes)) {
        datagram.foreign = true;
        datagram.drop_bytes();
    }
}

/// Where the datagram ends, as far as that is known, after a fragment that ends at `end`: what is beyond is dropped.
fn settle_end(datagram: &mut Datagram, fragment: &Fragment, end: usize, tell: &mut Teller<'_>) -> usize {
    let moved = |first: usize| Anomaly::EndMoved { first: number(first), second: number(end) };
    match datagram.total {
        Some(total) => {
            if end > total || (!fragment.more && end != total) {
                tell.anomaly(moved(total));
            }
            total
        }
        None if fragment.more => end,
        None => {
            let reached = datagram.reached();
            if reached > end {
                // The bytes beyond were here first.
                tell.anomaly(moved(reached));
            } else {
                datagram.total = Some(end);
            }
            end
        }
    }
}

fn number(value: usize) -> u32 {
    u32::try_from(value).unwrap_or(u32::MAX)
}
