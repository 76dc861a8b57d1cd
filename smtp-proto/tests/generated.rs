//! What holds for valid and hostile sessions: smuggling, injected pipelines, DATA and BDAT mixed, tunnels, TLS.

#![allow(clippy::indexing_slicing, reason = "a test may fail loudly")]

mod common;
mod sessions;

use common::{Driven, Event, mixed, told};
use mail_wire::drive::{Timed, cut_timed, interleave, joined, timed};
use mail_wire::transcript::Step;
use proptest::prelude::*;
use sessions::{Expected, Scenario, scenario};
use smtp_proto::{Config, Direction, EventKind};

fn steps(scenario: &Scenario) -> Vec<Timed> {
    let steps: Vec<_> =
        scenario.turns.iter().map(|(dir, bytes)| Step::Push(*dir, bytes.clone().into())).collect();
    timed(&steps)
}

/// The messages as a session told them.
fn messages(events: &[Event]) -> Vec<Expected> {
    let (mut messages, mut content) = (Vec::new(), Vec::new());
    for event in events {
        match &event.kind {
            EventKind::MessageStart(_) => content.clear(),
            EventKind::MessageData(bytes) => content.extend_from_slice(bytes),
            EventKind::MessageEnd(end) => {
                let content = std::mem::take(&mut content);
                let deliveries = end.deliveries.iter().map(|reply| reply.code).collect();
                messages.push(Expected { content, outcome: end.outcome, complete: end.complete, deliveries });
            }
            _ => {}
        }
    }
    messages
}

fn sizes() -> impl Strategy<Value = Vec<usize>> {
    prop::collection::vec(prop_oneof![1..4usize, 1..40usize, 1..2000usize], 1..6)
}

fn choices() -> impl Strategy<Value = Vec<bool>> {
    prop::collection::vec(any::<bool>(), 1..20)
}

/// What may stand in front of a half.
const CLIENT: &[&[u8]] =
    &[b"", b"\r\n", b"220 mx\r\n", b"what?\r\n", b"\0\x01", b"EHLO c\r\n", b"CONNECT mx:25 HTTP/1.1\r\n\r\n"];
const SERVER: &[&[u8]] =
    &[b"", b"\r\n", b"EHLO c\r\n", b"what?\r\n", b"\xff\xff", b"HTTP/1.1 200 ok\r\n\r\n", b"220 mx\r\n"];

proptest! {
    #![proptest_config(ProptestConfig::with_cases(256))]

    /// The content is what was sent, the verdict that of the server, whatever else goes on.
    #[test]
    fn messages_are_told_as_they_were_sent(scenario in scenario()) {
        let told = messages(&told(&steps(&scenario), &Config::default())?);
        prop_assert_eq!(told, scenario.messages);
    }

    #[test]
    fn any_chunking_and_interleaving_gives_the_same_events(
        scenario in scenario(),
        sizes in sizes(),
        choices in choices(),
    ) {
        let steps = steps(&scenario);
        let expected = told(&steps, &Config::default())?;
        let got = told(&mixed(&steps, &expected, &sizes, &choices), &Config::default())?;
        for dir in Direction::BOTH {
            prop_assert_eq!(joined::<Driven>(&got, dir), joined::<Driven>(&expected, dir));
        }
    }

    /// Spans tile and memory is bounded with gaps anywhere, with limits that are met too.
    #[test]
    fn gaps_anywhere_leave_no_byte_untold(
        scenario in scenario(),
        sizes in sizes(),
        choices in choices(),
        gaps in prop::collection::vec((any::<prop::sample::Index>(), any::<bool>()), 1..4),
        mid_stream in any::<bool>(),
    ) {
        let mut steps = interleave(cut_timed(&steps(&scenario), &sizes, true), &choices);
        for (at, known) in gaps {
            let at = at.index(steps.len());
            if let (time, Step::Push(dir, bytes)) = &steps[at] {
                steps[at] = (*time, Step::Gap(*dir, known.then_some(bytes.len() as u64)));
            }
        }
        told(&steps, &Config::default().mid_stream(mid_stream))?;
        let small = Config::default().max_line(64).max_held(128).max_pending(2).max_recipients(1);
        told(&steps, &small.mid_stream(mid_stream))?;
    }

    /// Nothing that a server says, or leaves unsaid, changes what the client sent as content.
    #[test]
    fn either_half_alone_is_told_to_its_end(scenario in scenario(), sizes in sizes()) {
        for dir in Direction::BOTH {
            let half: Vec<Timed> = steps(&scenario).into_iter().filter(|step| matches!(&step.1, Step::Push(to, _) if *to == dir)).collect();
            let [to_server, to_client] = cut_timed(&half, &sizes, true);
            let (alone, other) = if dir == Direction::ToServer { (to_server, to_client) } else { (to_client, to_server) };
            let steps: Vec<Timed> = other.into_iter().chain(alone).collect();
            told(&steps, &Config::default())?;
        }
    }

    /// Nonsense in front of either half: who is the client, and all that follows from it, is the same whichever half
    /// comes first.
    #[test]
    fn the_roles_do_not_depend_on_which_half_comes_first(
        client in prop::sample::select(CLIENT),
        server in prop::sample::select(SERVER),
        sizes in sizes(),
        choices in choices(),
    ) {
        let halves = [
            (Direction::ToServer, [client, b"NOOP\r\n"].concat()),
            (Direction::ToClient, [server, b"220 mx\r\n"].concat()),
        ];
        let in_order = |order: [usize; 2]| {
            timed(&order.map(|at| Step::Push(halves[at].0, halves[at].1.clone().into())))
        };
        let first = told(&in_order([0, 1]), &Config::default())?;
        let mixed = interleave(cut_timed(&in_order([0, 1]), &sizes, true), &choices);
        let roles = |events: &[Event]| events.iter().any(|event| event.kind == EventKind::RolesChanged);
        for other in [in_order([1, 0]), mixed] {
            let other = told(&other, &Config::default())?;
            prop_assert_eq!(roles(&other), roles(&first));
        }
    }
}
