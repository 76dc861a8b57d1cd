//! Messages, and beside each where its bytes came from: two files that have a line for each, in the same order.

use super::super::lines::Lines;
use super::super::records::{Message, ProvenanceLine, Stretch, TakeRuns};
use super::files::Files;
use super::references::References;
use super::runs::Comparison;
use super::{Finding, Teller};
use crate::record::{Packets, Run};
use crate::sink::Records;
use std::path::Path;

/// Reads both files at the same time.
pub(super) struct Messages<'a, 'b, 't> {
    complete: bool,
    files: &'a mut Files,
    references: &'a mut References,
    comparison: &'a mut Comparison<'b>,
    teller: &'a mut Teller<'t>,
    lines: Option<Lines>,
    /// Number of the latest message that was read.
    latest: u64,
    /// Read, and its runs are still to come.
    ahead: Option<Message>,
    /// The lines between the latest message and the one before it are damaged: they may have been any in between.
    damaged: bool,
    /// The message whose runs are being read.
    current: Option<Current>,
    /// A line of provenance is damaged, and nobody knows of which message it was.
    unknown: bool,
}

/// Runs so far.
struct Current {
    message: Message,
    /// Where in the file the next run begins.
    end: u64,
    packets: Packets,
    /// Bytes may have been made up, so that no packet has them.
    made_up: bool,
    /// Its record names a file to compare with.
    has_file: bool,
    /// Something was told of its runs: what follows from it is not.
    odd: bool,
}

impl<'a, 'b, 't> Messages<'a, 'b, 't> {
    pub(super) const fn new(
        complete: bool,
        files: &'a mut Files,
        references: &'a mut References,
        comparison: &'a mut Comparison<'b>,
        teller: &'a mut Teller<'t>,
    ) -> Self {
        Self {
            complete,
            files,
            references,
            comparison,
            teller,
            lines: None,
            latest: 0,
            ahead: None,
            damaged: false,
            current: None,
            unknown: false,
        }
    }

    pub(super) fn read(mut self, dir: &Path) {
        let mut open = |records: Records| {
            let lines = Lines::open(dir, records);
            lines.inspect_err(|error| self.teller.unreadable(records.file_name(), error)).ok()
        };
        let provenance = open(Records::Provenance);
        self.lines = open(Records::Messages);
        self.fetch();
        if let Some(mut provenance) = provenance {
            while let Some(line) = provenance.next_with(ProvenanceLine(&mut self)) {
                self.teller.checked.records += 1;
                match line {
                    Ok(_) => self.finish_runs(),
                    Err(damaged) => {
                        self.unknown |= self.current.take().is_none();
                        self.teller.damaged(&damaged);
                    }
                }
            }
            self.skip_before(u64::MAX);
        }
        // Without provenance their files are still compared.
        while self.ahead.is_some() {
            self.fetch();
        }
    }

    /// Reads the next message, and compares what can be compared at once.
    fn fetch(&mut self) {
        self.ahead = None;
        self.damaged = false;
        let Some(lines) = &mut self.lines else { return };
        while let Some(line) = lines.next::<Message>() {
            self.teller.checked.records += 1;
            self.references.count_message();
            let message = match line {
                Ok(message) => message,
                Err(damaged) => {
                    self.teller.damaged(&damaged);
                    self.damaged = true;
                    continue;
                }
            };
            let expected = self.latest + 1;
            let in_order =
                if self.damaged { message.message > self.latest } else { message.message == expected };
            if !in_order {
                let what = format!("{} line {}", Records::Messages.file_name(), lines.number());
                self.teller.tell(&Finding::new(what, "message", expected, message.message));
            }
            self.references.message(&message, self.teller);
            self.files.message(&message, self.teller);
            if self.damaged {
                // One of them is the message that cannot be read.
                for number in expected..message.message.min(expected.saturating_add(1 << 10)) {
                    self.references.has_message(number);
                }
            }
            self.references.has_message(message.message);
            if message.message > self.latest {
                self.latest = message.message;
                self.ahead = Some(message);
                return;
            }
        }
    }

    /// Goes on to the message of this number; those before it have no runs.
    fn skip_before(&mut self, number: u64) {
        while let Some(message) = self.ahead.take_if(|message| message.message < number) {
            if self.complete && !self.unknown {
                let what = format!("message {}", message.message);
                self.teller.tell(&Finding::new(what, "provenance", "a line of provenance.jsonl", "none"));
            }
            self.fetch();
        }
    }

    /// All runs of a message were read.
    fn finish_runs(&mut self) {
        let Some(Current { message, end, packets, made_up, odd, .. }) = self.current.take() else { return };
        let what = format!("message {}", message.message);
        if end < message.size && made_up {
            self.teller.checked.made += message.size - end;
        } else if end != message.size && !odd {
            self.teller.tell(&Finding::new(
                what.as_str(),
                "provenance",
                format!("{} bytes", message.size),
                format!("{end} bytes"),
            ));
        }
        let found: Vec<Stretch> = packets
            .stretches()
            .iter()
            .map(|stretch| Stretch { input: stretch.input, first: stretch.first, last: stretch.last })
            .collect();
        if found != message.packets && !odd {
            self.teller.tell(&Finding::new(what, "packets", shown(&message.packets), shown(&found)));
        }
    }
}

impl TakeRuns for Messages<'_, '_, '_> {
    fn message(&mut self, number: u64) -> bool {
        self.skip_before(number);
        self.unknown = false;
        let Some(message) = self.ahead.take_if(|message| message.message == number) else {
            // Its record may be what is damaged, or not have been written any more.
            if self.complete && !self.damaged {
                let what = format!("message {number}");
                self.teller.tell(&Finding::new(what, "record", "a line of messages.jsonl", "none"));
            }
            return false;
        };
        let made_up = message.via.iter().any(|via| via == "virtual-message");
        let has_file = self.comparison.message(&message, self.teller);
        let packets = Packets::new();
        self.current = Some(Current { message, end: 0, packets, made_up, has_file, odd: false });
        self.fetch();
        true
    }

    fn run(&mut self, run: Run) {
        let Some(current) = &mut self.current else { return };
        let follows = if current.made_up {
            run.message_offset >= current.end
        } else {
            run.message_offset == current.end
        };
        if !follows && !current.odd {
            current.odd = true;
            let what = format!("message {}", current.message.message);
            let (expected, found) =
                (format!("a run at {}", current.end), format!("one at {}", run.message_offset));
            self.teller.tell(&Finding::new(what, "provenance", expected, found));
        }
        self.teller.checked.made += run.message_offset.saturating_sub(current.end);
        current.end = run.message_offset + run.length;
        current.packets.add(run.packet);
        if current.has_file {
            self.comparison.run(&run, self.teller);
        }
    }
}

/// `input 1: 12 to 19`.
fn shown(stretches: &[Stretch]) -> String {
    let shown =
        stretches.iter().map(|Stretch { input, first, last }| format!("input {input}: {first} to {last}"));
    shown.collect::<Vec<_>>().join(", ")
}
