//! Records that refer to each other, and how many there are.

use super::super::lines::Lines;
use super::super::records::{Found, Message, Reference, Session, Stretch};
use super::numbers::Numbers;
use super::{Finding, Teller};
use crate::record::{Counts, Summary};
use crate::sink::Records;
use std::collections::BTreeSet;
use std::fs;
use std::path::Path;

/// No record is shorter, so that a file of records has no more of them.
const LEAST: u64 = 16;

/// So many missing numbers are told one by one.
const TOLD: usize = 10;

/// So many sessions that are not there are told once, and not with each record that names them.
const MOST_TOLD: usize = 10_000;

/// What is there to be referred to.
#[derive(Debug)]
pub(super) struct References {
    /// In a run that died, what is referred to may not have been written yet.
    complete: bool,
    inputs: u32,
    sessions: Numbers,
    /// A line of `sessions.jsonl` is damaged: its session is there, but not known.
    sessions_damaged: bool,
    /// Sessions that are not there and were told.
    told: BTreeSet<u64>,
    /// The messages that sessions list.
    listed: Numbers,
    messages: Numbers,
    said: Counts,
    found: Counts,
}

impl References {
    pub(super) fn new(dir: &Path, summary: &Summary) -> Self {
        let most = |records: Records| {
            let meta = fs::symlink_metadata(dir.join(records.file_name()));
            Numbers::up_to(meta.map_or(0, |meta| meta.len() / LEAST))
        };
        Self {
            complete: summary.complete,
            inputs: u32::try_from(summary.inputs.len()).unwrap_or(u32::MAX),
            sessions: most(Records::Sessions),
            sessions_damaged: false,
            told: BTreeSet::new(),
            listed: most(Records::Messages),
            messages: most(Records::Messages),
            said: summary.counts,
            found: Counts::default(),
        }
    }

    /// Reads the sessions.
    pub(super) fn sessions(&mut self, dir: &Path, teller: &mut Teller<'_>) {
        let Some(mut lines) = open(dir, Records::Sessions, teller) else {
            self.sessions_damaged = true;
            return;
        };
        while let Some(line) = lines.next::<Session>() {
            teller.checked.records += 1;
            self.found.sessions += 1;
            let session = match line {
                Ok(session) => session,
                Err(damaged) => {
                    self.sessions_damaged = true;
                    teller.damaged(&damaged);
                    continue;
                }
            };
            let what = format!("session {}", session.session);
            if !self.sessions.insert(session.session) {
                teller.tell(&Finding::new(
                    what.as_str(),
                    "session",
                    "a number of its own",
                    "one that was used",
                ));
            }
            self.stretches(&what, &session.packets, teller);
            for message in session.messages {
                // One that is joined from several sessions is listed by each.
                if !self.listed.contains(message) && !self.listed.insert(message) {
                    teller.tell(&Finding::new(what.as_str(), "messages", "numbers of messages", message));
                }
            }
        }
        if self.complete && !self.sessions_damaged {
            let filled = self.sessions.filled();
            tell_numbers(teller, "session", filled.without(&self.sessions), "a record", "none");
            self.told.extend(filled.without(&self.sessions).take(MOST_TOLD));
        }
    }

    /// A message has this number, or one that cannot be read had it.
    pub(super) fn has_message(&mut self, number: u64) -> bool {
        self.messages.insert(number)
    }

    /// A line of `messages.jsonl`, whatever it holds.
    pub(super) const fn count_message(&mut self) {
        self.found.messages += 1;
    }

    /// What a message refers to.
    pub(super) fn message(&mut self, message: &Message, teller: &mut Teller<'_>) {
        let what = format!("message {}", message.message);
        for session in message.session.iter().chain(message.sources.iter().map(|source| &source.session)) {
            self.session(&what, *session, teller);
        }
        self.stretches(&what, &message.packets, teller);
    }

    /// Reads the other records.
    pub(super) fn others(&mut self, dir: &Path, records: Records, teller: &mut Teller<'_>) {
        let Some(mut lines) = open(dir, records, teller) else { return };
        let mut count = 0;
        while let Some(line) = lines.next::<Reference>() {
            teller.checked.records += 1;
            count += 1;
            match line {
                Ok(reference) => {
                    let what = format!("{} line {}", records.file_name(), lines.number());
                    if let Some(session) = reference.session {
                        self.session(&what, session, teller);
                    }
                    if let Some(message) = reference.message {
                        self.message_number(&what, message, teller);
                    }
                    if let Some(packet) = reference.packet {
                        self.input(&what, packet.input, teller);
                    }
                }
                Err(damaged) => teller.damaged(&damaged),
            }
        }
        match records {
            Records::Logins => self.found.logins = count,
            Records::Commands => self.found.commands = count,
            _ => self.found.anomalies = count,
        }
    }

    /// Reads the findings, when all that they refer to was read.
    pub(super) fn findings(&mut self, dir: &Path, teller: &mut Teller<'_>) {
        let Some(mut lines) = open(dir, Records::Findings, teller) else { return };
        while let Some(line) = lines.next::<Found>() {
            teller.checked.records += 1;
            self.found.findings += 1;
            let found = match line {
                Ok(found) => found,
                Err(damaged) => {
                    teller.damaged(&damaged);
                    continue;
                }
            };
            let what = format!("{} line {}", Records::Findings.file_name(), lines.number());
            for session in found.sessions {
                self.session(&what, session, teller);
            }
            for message in found.messages {
                self.message_number(&what, message, teller);
            }
            for login in found.logins {
                if self.complete && !(1..=self.found.logins).contains(&login) {
                    teller.tell(&Finding::new(what.as_str(), "login", "a line of logins.jsonl", login));
                }
            }
            if let Some(packet) = found.packet {
                self.input(&what, packet.input, teller);
            }
            self.stretches(&what, &found.packets, teller);
        }
    }

    fn message_number(&self, what: &str, message: u64, teller: &mut Teller<'_>) {
        if self.complete && !self.messages.contains(message) {
            teller.tell(&Finding::new(what, "message", "a message that is there", message));
        }
    }

    /// All records were read; so many parts have a file, so many frames were read.
    pub(super) fn finish(mut self, attachments: u64, packets: Option<u64>, teller: &mut Teller<'_>) {
        if !self.complete {
            return;
        }
        if !self.sessions_damaged {
            let unlisted = self.messages.without(&self.listed);
            tell_numbers(teller, "message", unlisted, "listed by a session", "it is not");
        }
        let unknown = self.listed.without(&self.messages);
        tell_numbers(teller, "message", unknown, "a record, since a session lists it", "none");
        self.found.attachments = attachments;
        // Where a capture is not there, nobody knows.
        self.found.packets = packets.unwrap_or(self.said.packets);
        let of = |counts: &Counts| {
            let Counts { sessions, messages, logins, commands, anomalies, findings, attachments, packets } =
                *counts;
            [
                ("sessions", sessions),
                ("messages", messages),
                ("logins", logins),
                ("commands", commands),
                ("anomalies", anomalies),
                ("findings", findings),
                ("attachments", attachments),
                ("packets", packets),
            ]
        };
        for ((check, said), (_, found)) in of(&self.said).into_iter().zip(of(&self.found)) {
            if said != found {
                teller.tell(&Finding::new("summary.json counts", check, said, found));
            }
        }
    }

    fn session(&mut self, what: &str, session: u64, teller: &mut Teller<'_>) {
        let is_known =
            self.sessions_damaged || self.sessions.contains(session) || self.told.contains(&session);
        if self.complete && !is_known {
            if self.told.len() < MOST_TOLD {
                self.told.insert(session);
            }
            teller.tell(&Finding::new(what, "session", "a session that is there", session));
        }
    }

    fn stretches(&self, what: &str, stretches: &[Stretch], teller: &mut Teller<'_>) {
        for stretch in stretches {
            self.input(what, stretch.input, teller);
        }
    }

    fn input(&self, what: &str, input: u32, teller: &mut Teller<'_>) {
        // The summary of a run that died names none.
        if !(1..=self.inputs).contains(&input) && (self.complete || self.inputs > 0) {
            teller.tell(&Finding::new(what, "input", format!("1 to {}", self.inputs), input));
        }
    }
}

fn open(dir: &Path, records: Records, teller: &mut Teller<'_>) -> Option<Lines> {
    Lines::open(dir, records).inspect_err(|error| teller.unreadable(records.file_name(), error)).ok()
}

/// Tells of numbers, and of many of them only how many.
fn tell_numbers(
    teller: &mut Teller<'_>,
    what: &str,
    numbers: impl Iterator<Item = u64>,
    expected: &str,
    found: &str,
) {
    let mut more = 0_u64;
    for (place, number) in numbers.enumerate() {
        if place < TOLD {
            teller.tell(&Finding::new(format!("{what} {number}"), "number", expected, found));
        } else {
            more += 1;
        }
    }
    if more > 0 {
        teller.tell(&Finding::new(format!("{more} more {what}s"), "number", expected, found));
    }
}
