//! What lists say of the messages in a mailbox, and the messages that wait for it.
//!
//! UIDL and LIST may come before RETR and TOP, or behind them. A message is told when what they say of it is known, and
//! at the latest when the session is over; those behind it wait with it, so that they keep their order.

use crate::flow::Told;
use crate::record::{self, Provenance, Text};
use pop3_proto::{ListItem, MessageRef, Operation};
use std::collections::{BTreeMap, BTreeSet, VecDeque};

/// Of so many messages is it remembered what lists say.
const MAX_LISTED: usize = 100_000;
/// So many messages wait for a list.
const MAX_WAITING: usize = 256;

/// What is known of the mailbox.
#[derive(Debug, Default)]
pub(super) struct Mailbox {
    listed: BTreeMap<u64, Listed>,
    /// The sizes that LIST gave, for messages of which the number is not known.
    sizes: BTreeSet<u64>,
    waiting: VecDeque<Retrieved>,
}

/// What lists say of one message.
#[derive(Debug, Default)]
struct Listed {
    unique_id: Option<Text>,
    size: Option<u64>,
}

/// A message that was retrieved, in whole or in part.
#[derive(Debug)]
pub(super) struct Retrieved {
    pub(super) message: Box<record::Message>,
    pub(super) anomalies: Vec<record::Anomaly>,
    pub(super) provenance: Provenance,
    pub(super) reference: MessageRef,
    /// Lines of the body that came, where TOP asked for some.
    pub(super) lines: Option<u64>,
}

impl Mailbox {
    /// Takes note of what a list says.
    pub(super) fn list(&mut self, item: &ListItem) {
        let (ListItem::Size { number, .. } | ListItem::UniqueId { number, .. }) = item else { return };
        if self.listed.len() >= MAX_LISTED && !self.listed.contains_key(number) {
            return;
        }
        let listed = self.listed.entry(*number).or_default();
        match item {
            ListItem::Size { size, .. } => {
                listed.size = Some(*size);
                if self.sizes.len() < MAX_LISTED {
                    self.sizes.insert(*size);
                }
            }
            ListItem::UniqueId { id, .. } => listed.unique_id = Some(Text::from(id)),
            _ => {}
        }
    }

    pub(super) fn wait(&mut self, retrieved: Retrieved) {
        self.waiting.push_back(retrieved);
    }

    /// Tells the messages of which all is known; `over`: nothing more will be.
    pub(super) fn settle(&mut self, over: bool, told: &mut Vec<Told>) {
        while let Some(first) = self.waiting.front() {
            let listed = first.reference.number.and_then(|number| self.listed.get(&number));
            let known = first.reference.number.is_none()
                || listed.is_some_and(|listed| {
                    let sized = first.is_whole(None) || listed.size.is_some();
                    listed.unique_id.is_some() && sized
                });
            if !known && !over && self.waiting.len() <= MAX_WAITING {
                return;
            }
            let (unique_id, size) =
                listed.map_or((None, None), |listed| (listed.unique_id.clone(), listed.size));
            let Some(mut retrieved) = self.waiting.pop_front() else { return };
            let any = || Some(retrieved.message.size).filter(|size| self.sizes.contains(size));
            let whole = retrieved.is_whole(if retrieved.reference.number.is_none() { any() } else { size });
            let message = &mut retrieved.message;
            message.unique_id = unique_id;
            if !whole {
                if retrieved.reference.operation == Operation::Top {
                    message.section = Some(Text::from("top"));
                }
                message.complete = false;
            }
            let Retrieved { message, anomalies, provenance, .. } = retrieved;
            told.push(Told::Message { message, anomalies, provenance });
        }
    }
}

impl Retrieved {
    fn is_whole(&self, listed: Option<u64>) -> bool {
        is_whole(&self.reference, self.lines, self.message.size, listed)
    }
}

/// Whether it is all of a message: neither TOP nor what may have been asked for by TOP; or TOP that asked for more lines
/// than came; or it has the size that the reply or LIST gave.
pub(super) fn is_whole(reference: &MessageRef, came: Option<u64>, size: u64, listed: Option<u64>) -> bool {
    let MessageRef { operation, lines, octets, .. } = *reference;
    let asked_for_more = lines.zip(came).is_some_and(|(asked, came)| asked > came);
    let may_be_top = matches!(operation, Operation::Top | Operation::Unknown);
    !may_be_top || asked_for_more || octets == Some(size) || listed == Some(size)
}
