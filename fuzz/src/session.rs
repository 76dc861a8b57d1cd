//! What the targets of all session crates have in common.

use std::collections::VecDeque;

use mail_wire::Direction;
use mail_wire::drive::{self, Machine, Timed, Told};
use mail_wire::transcript::{Step, Transcript};

use super::input::Input;

/// An input of a session target: four bytes choose the limits, where the capture begins, how the bytes are cut and how
/// the two halves are mixed; the rest is a transcript.
#[derive(Debug)]
pub(crate) struct Case {
    pub(crate) tiny: bool,
    pub(crate) mid_stream: bool,
    sizes: [usize; 2],
    choices: [bool; 8],
    steps: Vec<Step>,
}

/// What a session promises for the bytes of an input in any other pieces, and mixed in any other way: the same events in
/// each direction.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Promise {
    /// Also where a piece is of two steps, which have but one time then.
    pub(crate) across: bool,
    /// And the same client. Otherwise, where one half begins with nonsense, who is taken for the client is a guess from
    /// what came first, and all that follows is another.
    pub(crate) roles: bool,
}

impl Case {
    pub(crate) fn new(data: &[u8]) -> Self {
        let mut input = Input::new(data);
        let flags = input.byte();
        let sizes = [input.byte(), input.byte()].map(|size| usize::from(size % 48) + 1);
        let choices = input.byte();
        let mut steps = Transcript::parse(input.rest()).steps;
        if flags & 4 != 0 {
            // Long lines many times over, to meet limits that a short input would never come near.
            for step in &mut steps {
                if let Step::Push(_, bytes) = step
                    && bytes.len() > 32
                {
                    *bytes = bytes.repeat(256).into();
                }
            }
        }
        let choices = core::array::from_fn(|bit| choices >> bit & 1 != 0);
        Self { tiny: flags & 1 != 0, mid_stream: flags & 2 != 0, sizes, choices, steps }
    }

    /// Drives sessions through the case: as it is, and cut and mixed otherwise, if the events of the first are such that
    /// something is promised. `roles` tells who is the client.
    ///
    /// # Panics
    ///
    /// Spans that do not tile a direction, more memory than promised, or events that depend on how the bytes came.
    pub(crate) fn check<M: Machine>(
        &self,
        new: impl Fn() -> M,
        worst_case: usize,
        roles: impl Fn(&M) -> Option<Direction>,
        promise: impl Fn(&[Told<M::Kind>]) -> Option<Promise>,
    ) {
        /// Pieces that wait do not come near the number from which on they are merged, and lose their times.
        const MOST: usize = 500;
        /// More pieces than that show nothing new, and a sanitizer remembers every one of them.
        const TOO_MANY: usize = 1 << 16;
        let run = |steps: &[Timed]| {
            let mut machine = new();
            let events =
                drive::run_timed(&mut machine, steps, worst_case).unwrap_or_else(|broken| panic!("{broken}"));
            (events, roles(&machine))
        };
        let steps = drive::timed(&self.steps);
        let (whole, client) = run(&steps);
        if self.tiny || self.mid_stream || !drive::depends_on_bytes_alone(&self.steps) {
            return;
        }
        let Some(promise) = promise(&whole) else { return };
        let pieces = drive::cut_timed(&steps, &self.sizes, promise.across);
        if !promise.across && pieces.iter().any(|half| half.len() > MOST) {
            return;
        }
        if pieces.iter().map(VecDeque::len).sum::<usize>() > TOO_MANY {
            return;
        }
        let (mixed, mixed_client) = run(&drive::interleave(pieces, &self.choices));
        if promise.roles {
            assert_eq!(mixed_client, client);
        }
        if mixed_client == client {
            for dir in Direction::BOTH {
                assert_eq!(drive::joined::<M>(&mixed, dir), drive::joined::<M>(&whole, dir), "{dir:?}");
            }
        }
    }
}
