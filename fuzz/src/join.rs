//! Target of the joiner of imap-proto-lite: what sessions tell of a few messages that are known.

mod check;
mod source;

use std::collections::{BTreeSet, VecDeque};
use std::convert::Infallible;
use std::ops::Range;

use bytes::Bytes;
use imap_proto_lite::join::{Account, Contents, Hole, Joiner, Piece};
use imap_proto_lite::response::BodyStructure;
use imap_proto_lite::{Mailbox, MailboxName, MessageRef, Operation, Section, Specifier, command};

use super::input::Input;
use source::Source;

/// One byte of options, then one step for each thing that a session tells: a piece of one of four messages, what was
/// asked for, a UID, a size, a structure, content of a URL, a message that names others.
///
/// Without the option to lie, all of it is what the messages are; then what is joined has to be them.
///
/// # Panics
///
/// A message that holds what none of its pieces has, lacks what they have, is called complete and is not the one that was
/// fetched, or is found in one order of the pieces and not in another; bytes asked for that are missing; more memory
/// held than promised.
pub fn imap_join(data: &[u8]) {
    let mut input = Input::new(data);
    let flags = input.byte();
    let mut world = World::new(flags & 1 != 0, flags & 4 != 0, if flags & 2 != 0 { 6 } else { 4096 });
    while !input.is_empty() {
        world.step(&mut input);
    }
    world.check();
}

/// A piece, and what its bytes are.
struct Given {
    piece: Piece,
    /// Taken, as part of something larger.
    taken: bool,
    message: usize,
    /// Where in the message it begins.
    at: usize,
    /// It differs from the message here and there.
    lie: u8,
}

impl Given {
    fn byte(&self, sources: &[Source], offset: u64) -> u8 {
        let bytes = &sources[self.message].bytes;
        let at = usize::try_from((self.at as u64).wrapping_add(offset) % bytes.len() as u64).unwrap();
        let lie = if self.lie != 0 && at % 64 == usize::from(self.lie % 64) { self.lie } else { 0 };
        bytes[at] ^ lie
    }

    /// What of it was captured, and has a place.
    fn captured(&self) -> Vec<Range<u64>> {
        let (mut from, mut captured) = (0, Vec::new());
        for hole in &self.piece.holes {
            captured.push(from..hole.at);
            let Some(len) = hole.len else { return captured };
            from = hole.at + len;
        }
        captured.push(from..self.piece.len);
        captured
    }

    fn has(&self, range: &Range<u64>) -> bool {
        self.captured().iter().any(|captured| captured.start <= range.start && range.end <= captured.end)
    }

    /// The bytes that are there, in ranges of the message.
    fn known(&self) -> impl Iterator<Item = Range<usize>> + '_ {
        let place = |offset: u64| self.at + usize::try_from(offset).unwrap();
        self.captured().into_iter().map(move |range| place(range.start)..place(range.end))
    }

    fn is_of(&self, specifier: &Specifier) -> bool {
        self.piece.of.section == Section::of_message(specifier.clone())
    }
}

/// Lends the bytes of pieces, and none that are missing.
struct Lender<'a> {
    given: &'a [Given],
    sources: &'a [Source],
}

impl Contents for Lender<'_> {
    type Error = Infallible;

    fn lend(&mut self, piece: u64, range: Range<u64>) -> Result<Bytes, Infallible> {
        let given = &self.given[usize::try_from(piece).unwrap()];
        assert!(range.start <= range.end && range.end - range.start <= 64 << 10, "{range:?}");
        assert!(range.is_empty() || given.has(&range), "{range:?} of {:?}", given.piece);
        Ok(range.map(|offset| given.byte(self.sources, offset)).collect())
    }

    fn section(&mut self, whole: u64, section: &Section) -> Option<Range<u64>> {
        let given = &self.given[usize::try_from(whole).unwrap()];
        let place = self.sources[given.message].place(section)?;
        Some(place.start as u64..place.end as u64)
    }
}

/// Four messages, and what four sessions tell of them. Of the last session nobody knows the user, of the third the generation
/// of the mailbox, so that both stand for themselves.
struct World {
    sources: Vec<Source>,
    lies: bool,
    /// The client is heard: every range was asked for. Where only some commands were captured, a shorter answer to one that was
    /// not may be taken for the end.
    asks: bool,
    max_pieces: usize,
    joiner: Joiner,
    /// Ranges that were asked for, and not answered.
    waiting: VecDeque<(Who, Section, Range<usize>)>,
    given: Vec<Given>,
    /// The same without commands, told from the end.
    backwards: Vec<Fact>,
    /// Messages whose UID was told, by session.
    named: BTreeSet<(u64, usize)>,
    sized: BTreeSet<(u64, usize)>,
}

/// Something that a session tells.
#[derive(Clone)]
enum Fact {
    Piece(Piece),
    Named(u64, MessageRef),
    Size(u64, MessageRef, u64),
    Structure(u64, MessageRef, Box<BodyStructure>),
}

fn account(session: u64) -> Account {
    let user = if session == 3 { Bytes::new() } else { "alice".into() };
    Account { server: "s".into(), user }
}

/// Who a step is about.
#[derive(Clone, Copy)]
struct Who {
    message: usize,
    session: u64,
    uid: bool,
}

impl Who {
    fn read(input: &mut Input<'_>) -> Self {
        let byte = input.byte();
        Self { message: usize::from(byte & 3), session: u64::from(byte >> 2 & 3), uid: byte & 0x10 == 0 }
    }

    fn of(self, operation: Operation) -> MessageRef {
        let mut of = MessageRef::default();
        let number = u32::try_from(self.message).unwrap() + 1;
        of.operation = operation;
        of.mailbox = Some(MailboxName::new(if self.session == 1 { "inbox" } else { "INBOX" }));
        of.uid_validity = (self.session != 2).then_some(7);
        (of.epoch, of.sequence, of.handle) = (1, Some(number), Some(u64::from(number)));
        of.uid = self.uid.then_some(number + 20);
        of
    }
}

impl World {
    fn new(lies: bool, asks: bool, max_pieces: usize) -> Self {
        Self {
            sources: (0..4).map(Source::new).collect(),
            lies,
            asks,
            max_pieces,
            joiner: Joiner::new(max_pieces),
            waiting: VecDeque::new(),
            given: Vec::new(),
            backwards: Vec::new(),
            named: BTreeSet::new(),
            sized: BTreeSet::new(),
        }
    }

    fn step(&mut self, input: &mut Input<'_>) {
        let kind = input.byte();
        let who = Who::read(input);
        let of = who.of(Operation::Fetch);
        match kind % 16 {
            0..8 => self.fetched(who, input),
            8 => self.url(who, input),
            9 => self.catenated(who, input),
            10 if self.asks => {
                let (section, place) = self.pick(who, input);
                let origin = usize::from(input.u16()) % (place.len() + 1);
                let length = usize::from(input.u16()) % 1024 + 1;
                self.ask(who, &section, origin, length);
                self.waiting.push_back((who, section, origin..origin + length));
            }
            11 => {
                // The answer to a command, or to the next one, if that is lost.
                self.waiting.drain(..self.waiting.len().min(usize::from(kind >> 6)));
                if let Some((who, section, range)) = self.waiting.pop_front() {
                    let place = self.sources[who.message].place(&section).unwrap();
                    let mut of = who.of(Operation::Fetch);
                    (of.section, of.origin) = (section, Some(range.start as u64));
                    let len = range.len().min(place.len() - range.start) as u64;
                    let piece =
                        Piece::new(self.given.len() as u64, who.session, account(who.session), of, len);
                    self.give(piece, who.message, place.start + range.start, 0);
                }
            }
            12 => {
                self.named.extend(of.uid.map(|_| (who.session, who.message)));
                self.tell(Fact::Named(who.session, of));
            }
            13 => {
                let body = &self.sources[if self.lies { usize::from(input.byte() % 4) } else { who.message }];
                let body = body.structure.clone();
                self.named.extend(of.uid.map(|_| (who.session, who.message)));
                self.tell(Fact::Structure(who.session, of, body));
            }
            _ => {
                let size = self.sources[who.message].bytes.len() as u64;
                let size = if self.lies { size.wrapping_add_signed(number(input)) } else { size };
                self.sized.insert((who.session, who.message));
                self.named.extend(of.uid.map(|_| (who.session, who.message)));
                self.tell(Fact::Size(who.session, of, size));
            }
        }
        assert!(self.joiner.buffered() <= Joiner::worst_case(self.max_pieces), "{}", self.joiner.buffered());
    }

    /// A section of the message, and where it stands.
    fn pick(&self, who: Who, input: &mut Input<'_>) -> (Section, Range<usize>) {
        let places = &self.sources[who.message].places;
        let number = usize::from(input.byte());
        let (mut section, place) = places[if number < 128 { 0 } else { number % places.len() }].clone();
        if self.lies && !self.asks && number % 16 == 15 {
            section.binary = true;
        }
        (section, place)
    }

    fn ask(&mut self, who: Who, section: &Section, origin: usize, length: usize) {
        let number = who.message + 1;
        let (uid, number) = if who.uid { ("UID ", number + 20) } else { ("", number) };
        let line = format!("a {uid}FETCH {number} (BODY.PEEK[{section}]<{origin}.{length}>)");
        self.joiner.asked(who.session, &command::parse(&line.into()).unwrap());
    }

    fn tell(&mut self, fact: Fact) -> bool {
        self.backwards.push(fact.clone());
        apply(&mut self.joiner, fact)
    }

    /// A section or a range of one, as it was fetched.
    fn fetched(&mut self, who: Who, input: &mut Input<'_>) {
        let (section, place) = self.pick(who, input);
        let range = input.byte();
        let mut of = who.of(Operation::Fetch);
        of.section = section.clone();
        let (mut at, mut len) = (place.start, place.len());
        if range & 3 != 0 {
            let origin = usize::from(input.u16()) % (place.len() + 1);
            let length = usize::from(input.u16()) % 1024 + 1;
            of.origin = Some(origin as u64);
            (at, len) = (place.start + origin, length.min(place.len() - origin));
            if self.asks {
                self.ask(who, &section, origin, length);
            }
        }
        let mut lie = 0;
        if self.lies && range & 4 != 0 {
            lie = input.byte();
            at = (at + usize::from(input.byte() % 8)) % self.sources[who.message].bytes.len();
            of.origin = of.origin.map(|origin| origin.wrapping_add_signed(number(input)));
        }
        let mut piece =
            Piece::new(self.given.len() as u64, who.session, account(who.session), of, len as u64);
        for _ in 0..range >> 3 & 3 {
            self.hole(&mut piece, input);
        }
        self.give(piece, who.message, at, lie);
    }

    /// Loses some of a piece, behind what was lost before.
    fn hole(&self, piece: &mut Piece, input: &mut Input<'_>) {
        let from = piece.holes.last().map_or(0, |hole| hole.at.saturating_add(hole.len.unwrap_or(piece.len)));
        if from >= piece.len {
            return;
        }
        let (at, len) = (from.saturating_add(input.byte().into()), u64::from(input.byte()));
        if at > piece.len {
            return;
        }
        if len == 0 || at == piece.len {
            // Nobody knows how much: nothing is told behind it.
            piece.len = if self.lies { piece.len } else { at };
            piece.holes.push(Hole { at, len: None });
        } else if self.lies && len == 255 && piece.len < 1 << 20 {
            // An announcement that nobody can keep.
            let len = number(input).unsigned_abs() + 1;
            piece.len = (piece.len - at).saturating_add(at).saturating_add(len);
            piece.holes.push(Hole { at, len: Some(len) });
        } else {
            piece.holes.push(Hole { at, len: Some(len.min(piece.len - at)) });
        }
    }

    fn give(&mut self, mut piece: Piece, message: usize, at: usize, lie: u8) {
        if piece.of.operation != Operation::Fetch {
            let of = Who { message, session: piece.session, uid: false }.of(Operation::Fetch);
            let mut open = Mailbox::default();
            (open.name, open.uid_validity, open.epoch) = (of.mailbox, of.uid_validity, of.epoch);
            piece.base = Some(open);
        }
        if piece.of.uid.is_some() && piece.of.operation == Operation::Fetch {
            self.named.insert((piece.session, message));
        }
        let taken = self.tell(Fact::Piece(piece.clone()));
        self.given.push(Given { piece, taken, message, at, lie });
        let kept = self.given.iter().filter(|given| given.taken).count();
        assert!(kept <= self.max_pieces, "{kept} pieces kept");
    }

    /// `/INBOX;UIDVALIDITY=7/;UID=21/;SECTION=1/;PARTIAL=3.4`, or relative to the open mailbox, and what it names.
    fn link(&self, who: Who, input: &mut Input<'_>) -> (String, Section, Range<usize>) {
        let (section, place) = self.pick(who, input);
        let range = input.byte();
        let mailbox = ["/inbox/", "/inbox;UIDVALIDITY=7/", "", "/"][usize::from(range & 1 | range >> 1 & 2)];
        let mut url = format!("{mailbox};UID={}", who.message + 21);
        if section != Section::whole() {
            url += &format!("/;SECTION={section}");
        }
        if range & 2 == 0 {
            return (url, section, place);
        }
        let origin = usize::from(input.u16()) % (place.len() + 1);
        let length = usize::from(input.u16()) % 512 + 1;
        url += &format!("/;PARTIAL={origin}.{length}");
        (url, section, place.start + origin..(place.start + origin + length).min(place.end))
    }

    fn url(&mut self, who: Who, input: &mut Input<'_>) {
        let (url, _, place) = self.link(who, input);
        let mut of = MessageRef::default();
        (of.operation, of.url) = (Operation::UrlFetch, Some(url.into()));
        let piece =
            Piece::new(self.given.len() as u64, who.session, account(who.session), of, place.len() as u64);
        self.give(piece, who.message, place.start, 0);
    }

    /// APPEND with CATENATE: the first bytes of a message, what a URL names, its next bytes.
    fn catenated(&mut self, who: Who, input: &mut Input<'_>) {
        let mut of = MessageRef::default();
        of.operation = Operation::Append;
        let len = u64::from(input.byte());
        let mut piece = Piece::new(self.given.len() as u64, who.session, account(who.session), of, len);
        for _ in 0..=input.byte() % 2 {
            let other = Who { message: usize::from(input.byte() % 4), ..who };
            let (url, ..) = self.link(other, input);
            let last = piece.urls.last().map_or(0, |(at, _)| *at);
            piece.urls.push((last + u64::from(input.byte()) % (len - last + 1), url.into()));
        }
        self.give(piece, who.message, 0, 0);
    }
}

fn apply(joiner: &mut Joiner, fact: Fact) -> bool {
    match fact {
        Fact::Piece(piece) => return joiner.piece(piece),
        Fact::Named(session, of) => joiner.named(session, &account(session), &of),
        Fact::Size(session, of, size) => joiner.size(session, &account(session), &of, size),
        Fact::Structure(session, of, body) => joiner.structure(session, &account(session), &of, &body),
    }
    true
}

/// Small or huge, of either sign.
fn number(input: &mut Input<'_>) -> i64 {
    let shift = u32::from(input.byte()) % 60;
    i64::from(input.u16().cast_signed()) << shift
}
