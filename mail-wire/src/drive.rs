//! Steps through a session, and what must hold whatever they are: for the property tests and fuzz targets of the
//! protocol crates.
//!
//! A session is wrapped by [`machine!`](crate::machine), since the crates below this one are not known here:
//!
//! ```ignore
//! mail_wire::machine! {
//!     /// The session under test.
//!     pub(crate) struct Driven(pop3_proto);
//! }
//! let told = mail_wire::drive::run(&mut Driven::new(config), &steps, worst_case)?;
//! ```

use crate::sasl::Credential;
use crate::transcript::Step;
use crate::{Direction, Secret, Timestamp};
use bytes::BytesMut;
use core::fmt::Debug;
use core::ops::Range;
use std::collections::VecDeque;

/// An event, whatever the protocol.
#[expect(clippy::exhaustive_structs, reason = "the fields that every event of the family has")]
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Told<Kind> {
    /// When.
    pub at: Timestamp,
    /// In which direction.
    pub dir: Direction,
    /// Where in that direction.
    pub span: Range<u64>,
    /// What.
    pub kind: Kind,
}

/// A session that steps can be fed to.
pub trait Machine {
    /// What its events say.
    type Kind: Clone + Debug + PartialEq;

    /// Applies one step at that time; a wait has been added to the time.
    fn apply(&mut self, step: &Step, now: Timestamp);

    /// The next event.
    fn poll(&mut self) -> Option<Told<Self::Kind>>;

    /// Memory held, in bytes.
    fn buffered(&self) -> usize;

    /// Whether such an event repeats a span that another one accounts for.
    fn is_derived(kind: &Self::Kind) -> bool;

    /// Adds the second run of content to the first, if they are of one kind; where runs are cut is left to chance.
    fn join(first: &mut Self::Kind, second: &Self::Kind) -> bool;
}

/// Wraps the session of a protocol crate as a [`Machine`](crate::drive::Machine).
#[macro_export]
macro_rules! machine {
    ($(#[$about:meta])* $vis:vis struct $name:ident($protocol:ident);) => {
        $(#[$about])*
        #[derive(Debug)]
        $vis struct $name($vis $protocol::Session);

        impl $name {
            $vis fn new(config: $protocol::Config) -> Self {
                Self($protocol::Session::new(config))
            }
        }

        impl $crate::drive::Machine for $name {
            type Kind = $protocol::EventKind;

            fn apply(&mut self, step: &$crate::transcript::Step, now: $crate::Timestamp) {
                use $crate::transcript::Step;
                match step {
                    Step::Push(dir, bytes) => self.0.push(*dir, now, bytes.clone()),
                    Step::Gap(dir, len) => self.0.gap(*dir, now, *len),
                    Step::Close(dir) => self.0.close(*dir, now),
                    Step::Resume(dir) => self.0.resume_plaintext(*dir),
                    Step::Wait(_) => self.0.expire(now),
                    _ => {}
                }
            }

            fn poll(&mut self) -> Option<$crate::drive::Told<Self::Kind>> {
                let $protocol::Event { at, dir, span, kind, .. } = self.0.poll_event()?;
                Some($crate::drive::Told { at, dir, span, kind })
            }

            fn buffered(&self) -> usize {
                self.0.buffered()
            }

            fn is_derived(kind: &Self::Kind) -> bool {
                kind.is_derived()
            }

            fn join(first: &mut Self::Kind, second: &Self::Kind) -> bool {
                use $protocol::EventKind::{MessageData, Opaque, Truncated};
                if let (MessageData(bytes), MessageData(more))
                | (Opaque(bytes), Opaque(more))
                | (Truncated(bytes), Truncated(more)) = (first, second)
                {
                    *bytes = [&bytes[..], &more[..]].concat().into();
                    return true;
                }
                false
            }
        }
    };
}

const fn index(dir: Direction) -> usize {
    match dir {
        Direction::ToServer => 0,
        Direction::ToClient => 1,
    }
}

fn add(counts: &mut [u64; 2], dir: Direction, len: u64) {
    if let Some(count) = counts.get_mut(index(dir)) {
        *count += len;
    }
}

/// A step and when it happens.
pub type Timed = (Timestamp, Step);

/// The steps a millisecond apart, and what they wait.
#[must_use]
pub fn timed(steps: &[Step]) -> Vec<Timed> {
    let mut now = Timestamp::ZERO;
    let at = |step: &Step| {
        now += Timestamp::from_millis(1);
        if let Step::Wait(time) = step {
            now += *time;
        }
        (now, step.clone())
    };
    steps.iter().map(at).collect()
}

fn last(steps: &[Timed]) -> Timestamp {
    steps.iter().map(|(at, _)| *at).max().unwrap_or_default()
}

/// [`run_timed`] of [`timed`].
///
/// # Errors
///
/// As there.
pub fn run<M: Machine>(
    machine: &mut M,
    steps: &[Step],
    worst_case: usize,
) -> Result<Vec<Told<M::Kind>>, String> {
    run_timed(machine, &timed(steps), worst_case)
}

/// The steps as a reassembler tells them that holds what stands behind a hole to the end: the other half runs ahead, then
/// come the holes of this one, and what was behind them, with the times of their capture.
#[must_use]
pub fn with_holes(steps: &[Timed], lost: impl Fn(usize) -> bool) -> Vec<Timed> {
    let (mut told, mut held, mut torn) = (Vec::new(), Vec::new(), [false; 2]);
    for (number, (at, step)) in steps.iter().enumerate() {
        let dir = match step {
            Step::Push(dir, _) | Step::Gap(dir, _) | Step::Close(dir) | Step::Resume(dir) => *dir,
            Step::Wait(_) => continue,
        };
        let hole = match step {
            Step::Push(_, bytes) if lost(number) => Some(Step::Gap(dir, Some(bytes.len() as u64))),
            _ => None,
        };
        let Some(torn) = torn.get_mut(index(dir)) else { continue };
        *torn |= hole.is_some();
        let to = if *torn { &mut held } else { &mut told };
        to.push((*at, hole.unwrap_or_else(|| step.clone())));
    }
    let end = last(steps);
    for dir in Direction::BOTH {
        for (at, step) in &held {
            let (Step::Push(of, _) | Step::Gap(of, _) | Step::Close(of) | Step::Resume(of)) = step else {
                continue;
            };
            if *of == dir {
                told.push((if matches!(step, Step::Gap(..)) { end } else { *at }, step.clone()));
            }
        }
    }
    told
}

/// Feeds the steps, then the end of both halves, and drains the session after each.
///
/// # Errors
///
/// What was promised and does not hold: primary spans that do not tile what was pushed in their direction, an event
/// from the future, more memory held than `worst_case`.
pub fn run_timed<M: Machine>(
    machine: &mut M,
    steps: &[Timed],
    worst_case: usize,
) -> Result<Vec<Told<M::Kind>>, String> {
    let mut events = Vec::new();
    let (mut now, mut ends, mut pushed) = (Timestamp::ZERO, [0_u64; 2], [0_u64; 2]);
    let end = Direction::BOTH.map(|dir| (last(steps), Step::Close(dir)));
    for (at, step) in steps.iter().chain(&end) {
        now = now.max(*at);
        match step {
            Step::Push(dir, bytes) => add(&mut pushed, *dir, bytes.len() as u64),
            Step::Gap(dir, len) => add(&mut pushed, *dir, len.unwrap_or(0)),
            Step::Wait(_) | Step::Close(_) | Step::Resume(_) => {}
        }
        machine.apply(step, *at);
        while let Some(event) = machine.poll() {
            let end = ends.get_mut(index(event.dir)).ok_or("no such direction")?;
            if event.span.start > event.span.end || event.at > now {
                return Err(format!("backwards, or from the future: {event:?}"));
            }
            if !M::is_derived(&event.kind) {
                if event.span.start != *end {
                    return Err(format!("spans tile, and {end} was the last: {event:?}"));
                }
                *end = event.span.end;
            }
            events.push(event);
        }
        if machine.buffered() > worst_case {
            return Err(format!("{} bytes held, {worst_case} promised", machine.buffered()));
        }
    }
    if ends != pushed {
        return Err(format!("{ends:?} told of {pushed:?}"));
    }
    Ok(events)
}

/// The bytes of each direction in pieces of the given sizes, in turn, then its end.
#[must_use]
pub fn cut(steps: &[Step], sizes: &[usize]) -> [VecDeque<Step>; 2] {
    cut_timed(&timed(steps), sizes, true).map(|half| half.into_iter().map(|(_, step)| step).collect())
}

/// As [`cut`], each piece with the time of its last byte; `across` the steps, or never a piece of two.
#[must_use]
pub fn cut_timed(steps: &[Timed], sizes: &[usize], across: bool) -> [VecDeque<Timed>; 2] {
    // A framer merges small pieces where very many wait, and they lose their times.
    let least = if across { 1 } else { 16 };
    let mut sizes = sizes.iter().copied().cycle();
    Direction::BOTH.map(|dir| {
        // What is cut as one: its bytes, and up to where those of each step go.
        let mut runs: Vec<(BytesMut, VecDeque<(usize, Timestamp)>)> = Vec::new();
        for (at, step) in steps {
            let Step::Push(to, bytes) = step else { continue };
            if *to != dir {
                continue;
            }
            if runs.is_empty() || !across {
                runs.push(Default::default());
            }
            if let Some((run, times)) = runs.last_mut() {
                run.extend_from_slice(bytes);
                times.push_back((run.len(), *at));
            }
        }
        let mut pieces = VecDeque::new();
        for (run, mut times) in runs {
            let (mut rest, mut end) = (run.freeze(), 0);
            while !rest.is_empty() {
                let size = sizes.next().unwrap_or(1).max(least).min(rest.len());
                end += size;
                while times.pop_front_if(|(until, _)| *until < end).is_some() {}
                let at = times.front().map_or(Timestamp::ZERO, |(_, at)| *at);
                pieces.push_back((at, Step::Push(dir, rest.split_to(size))));
            }
        }
        pieces.push_back((last(steps), Step::Close(dir)));
        pieces
    })
}

/// The two halves mixed: each choice, in turn, says whether the second one's piece is next.
#[must_use]
pub fn interleave<S>(halves: [VecDeque<S>; 2], choices: &[bool]) -> Vec<S> {
    let [mut first, mut second] = halves;
    let mut choices = choices.iter().copied().cycle();
    let mut steps = Vec::new();
    loop {
        let step = match choices.next().unwrap_or_default() {
            false => first.pop_front().or_else(|| second.pop_front()),
            true => second.pop_front().or_else(|| first.pop_front()),
        };
        let Some(step) = step else { return steps };
        steps.push(step);
    }
}

/// The events of one direction without their times, neighbouring runs of content joined.
#[must_use]
pub fn joined<M: Machine>(events: &[Told<M::Kind>], dir: Direction) -> Vec<(Range<u64>, M::Kind)> {
    let mut joined: Vec<(Range<u64>, M::Kind)> = Vec::new();
    for event in events.iter().filter(|event| event.dir == dir) {
        if let Some((span, last)) = joined.last_mut()
            && span.end == event.span.start
            && M::join(last, &event.kind)
        {
            span.end = event.span.end;
        } else {
            joined.push((event.span.clone(), event.kind.clone()));
        }
    }
    joined
}

/// Whether every session promises the same events for any chunking and interleaving of the steps: both halves are there,
/// nothing is missing, no time passes, and nothing is said behind the end of its half.
#[must_use]
pub fn depends_on_bytes_alone(steps: &[Step]) -> bool {
    let (mut closed, mut pushed) = ([false; 2], [false; 2]);
    for step in steps {
        let (marks, dir, mark) = match step {
            Step::Push(dir, _) if closed.get(index(*dir)) == Some(&true) => return false,
            Step::Push(dir, bytes) => (&mut pushed, dir, !bytes.is_empty()),
            Step::Close(dir) => (&mut closed, dir, true),
            Step::Gap(..) | Step::Resume(_) | Step::Wait(_) => return false,
        };
        if let Some(slot) = marks.get_mut(index(*dir)) {
            *slot |= mark;
        }
    }
    pushed == [true, true]
}

/// A login as transcripts expect it: mechanism, user, password and outcome, then what else there is.
#[must_use]
pub fn credential(login: &Credential) -> String {
    let text = |bytes: &[u8]| bytes.escape_ascii().to_string();
    let secret = |secret: Option<&Secret>| secret.map(|secret| text(secret.expose()));
    let fields = [
        ("identity", login.authorization_identity.as_deref().map(text)),
        ("domain", login.domain.as_deref().map(text)),
        ("workstation", login.workstation.as_deref().map(text)),
        ("realm", login.realm.as_deref().map(text)),
        ("service", login.service.as_deref().map(text)),
        ("token", secret(login.token.as_ref())),
        ("error", login.error.as_deref().map(text)),
    ];
    let or_none = |field: Option<String>| field.unwrap_or_else(|| "-".to_owned());
    let mut told = [
        text(&login.mechanism),
        or_none(login.username.as_deref().map(text)),
        or_none(secret(login.password.as_ref())),
        format!("{:?}", login.outcome),
    ]
    .join(" ");
    for (name, value) in fields {
        if let Some(value) = value.filter(|value| !value.is_empty()) {
            told += &format!(" {name}={value}");
        }
    }
    if let Some(hash) = &login.hash {
        told += &format!(" hash={:?} {}", hash.hashcat_mode, text(hash.line.expose()));
    }
    told
}

#[cfg(test)]
mod tests {
    use super::*;
    use Direction::{ToClient, ToServer};
    use bytes::Bytes;

    /// Tells each push back as it is; `lose` bytes of each are told to nobody.
    struct Echo {
        told: VecDeque<Told<Bytes>>,
        position: u64,
        lose: u64,
        held: usize,
    }

    impl Machine for Echo {
        type Kind = Bytes;

        fn apply(&mut self, step: &Step, now: Timestamp) {
            if let Step::Push(dir, bytes) = step {
                let span = self.position..self.position + bytes.len() as u64 - self.lose;
                self.position = span.end;
                self.told.push_back(Told { at: now, dir: *dir, span, kind: bytes.clone() });
            }
        }

        fn poll(&mut self) -> Option<Told<Bytes>> {
            self.told.pop_front()
        }

        fn buffered(&self) -> usize {
            self.held
        }

        fn is_derived(_: &Bytes) -> bool {
            false
        }

        fn join(first: &mut Bytes, second: &Bytes) -> bool {
            *first = [&first[..], &second[..]].concat().into();
            true
        }
    }

    fn steps() -> Vec<Step> {
        vec![Step::Push(ToServer, "abc".into()), Step::Push(ToServer, "de".into())]
    }

    #[test]
    fn broken_promises_are_told() {
        let run_with = |lose, held| {
            let mut echo = Echo { told: VecDeque::new(), position: 0, lose, held };
            run(&mut echo, &steps(), 10).map(|events| joined::<Echo>(&events, ToServer))
        };
        assert_eq!(run_with(0, 10), Ok(vec![(0..5, Bytes::from_static(b"abcde"))]));
        assert_eq!(run_with(1, 10), Err("[3, 0] told of [5, 0]".to_owned()));
        assert_eq!(run_with(0, 11), Err("11 bytes held, 10 promised".to_owned()));
    }

    #[test]
    fn pieces_have_the_time_of_their_last_byte() {
        let push = |at, text: &'static str| (Timestamp::from_millis(at), Step::Push(ToServer, text.into()));
        let close = |dir| (Timestamp::from_millis(4), Step::Close(dir));
        let steps = timed(&[
            Step::Push(ToServer, "abc".into()),
            Step::Wait(Timestamp::from_millis(1)),
            Step::Push(ToServer, "de".into()),
        ]);
        let [pieces, nothing] = cut_timed(&steps, &[2], true);
        assert_eq!(pieces, [push(1, "ab"), push(4, "cd"), push(4, "e"), close(ToServer)]);
        assert_eq!(nothing, [close(ToClient)]);
        let [pieces, _] = cut_timed(&steps, &[2], false);
        assert_eq!(pieces, [push(1, "abc"), push(4, "de"), close(ToServer)]);
    }

    #[test]
    fn pieces_are_cut_and_mixed() {
        let mut all = steps();
        all.push(Step::Push(ToClient, "xy".into()));
        let push = |dir, text: &'static str| Step::Push(dir, text.into());
        let expected = [
            push(ToServer, "abcd"),
            push(ToClient, "xy"),
            push(ToServer, "e"),
            Step::Close(ToClient),
            Step::Close(ToServer),
        ];
        assert_eq!(interleave(cut(&all, &[4]), &[false, true]), expected);
        assert!(depends_on_bytes_alone(&expected));
        assert!(!depends_on_bytes_alone(&expected[..1]), "one half alone");
        assert!(!depends_on_bytes_alone(&[Step::Close(ToServer), push(ToServer, "late")]));
    }
}
