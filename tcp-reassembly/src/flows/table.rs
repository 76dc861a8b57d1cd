//! Keyed table of flows over a slab, with one list per class in the order of the last activity.
//!
//! The hash is seeded, as an attacker chooses addresses and ports; nothing is ever read in the order of the table,
//! so the seed has no influence on the output.

use foldhash::SharedSeed;
use foldhash::fast::SeedableRandomState;
use hashbrown::HashTable;

use core::hash::BuildHasher;

use super::Key;
use crate::connection::Connection;
use crate::{FlowId, Timestamp};

/// How long a flow may be silent depends on this.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Class {
    Closed,
    HalfOpen,
    Established,
}

impl Class {
    /// In the order in which flows are evicted.
    pub(crate) const ALL: [Self; 3] = [Self::Closed, Self::HalfOpen, Self::Established];
}

/// A flow and its place in the lists.
#[derive(Debug)]
pub(crate) struct Slot {
    key: Key,
    pub(crate) flow: Connection,
    class: Class,
    pub(crate) touched: Timestamp,
    older: Option<u32>,
    newer: Option<u32>,
    /// What of this flow is in the totals.
    pub(crate) held: usize,
    pub(crate) replay: usize,
    /// Whether the flow waits for bytes or for a verdict.
    pub(crate) waiting: bool,
    /// Whether the flow is in the queue of doubted FINs and RSTs.
    pub(crate) queued: bool,
}

/// Ends of a list.
#[derive(Debug, Clone, Copy, Default)]
struct Ends {
    oldest: Option<u32>,
    newest: Option<u32>,
}

#[derive(Debug, Default)]
struct Lists {
    closed: Ends,
    half_open: Ends,
    established: Ends,
}

impl Lists {
    const fn of(&mut self, class: Class) -> &mut Ends {
        match class {
            Class::Closed => &mut self.closed,
            Class::HalfOpen => &mut self.half_open,
            Class::Established => &mut self.established,
        }
    }
}

/// All flows.
#[derive(Debug)]
pub(crate) struct Table {
    index: HashTable<u32>,
    /// The same by the name of the flow.
    names: HashTable<u32>,
    slots: Vec<Option<Box<Slot>>>,
    free: Vec<u32>,
    lists: Lists,
    hasher: SeedableRandomState,
}

impl Table {
    /// The slot, the pointer to it, and its places in the two indexes at their usual load.
    pub(crate) const SLOT_SIZE: usize = size_of::<Slot>() + 32;

    pub(crate) fn new(seed: Option<u64>) -> Self {
        let hasher = seed.map_or_else(SeedableRandomState::random, |seed| {
            SeedableRandomState::with_seed(seed, SharedSeed::global_fixed())
        });
        let (index, names) = (HashTable::new(), HashTable::new());
        Self { index, names, slots: Vec::new(), free: Vec::new(), lists: Lists::default(), hasher }
    }

    /// Flows in the table.
    pub(crate) fn len(&self) -> usize {
        self.index.len()
    }

    /// Places in the slab, free ones included.
    pub(crate) fn places(&self) -> u32 {
        u32::try_from(self.slots.len()).unwrap_or(u32::MAX)
    }

    pub(crate) fn find(&self, key: &Key) -> Option<u32> {
        let hash = self.hasher.hash_one(key);
        self.index.find(hash, |&at| slot(&self.slots, at).is_some_and(|slot| slot.key == *key)).copied()
    }

    pub(crate) fn find_flow(&self, id: FlowId) -> Option<u32> {
        let hash = self.hasher.hash_one(id);
        self.names.find(hash, |&at| slot(&self.slots, at).is_some_and(|slot| slot.flow.id == id)).copied()
    }

    pub(crate) fn get_mut(&mut self, at: u32) -> Option<&mut Slot> {
        self.slots.get_mut(usize::try_from(at).ok()?)?.as_deref_mut()
    }

    /// Puts a flow in that is not there yet.
    pub(crate) fn insert(&mut self, key: Key, flow: Connection, now: Timestamp) -> u32 {
        let class = Class::HalfOpen;
        let name = self.hasher.hash_one(flow.id);
        let new = Box::new(Slot {
            key,
            flow,
            class,
            touched: now,
            older: None,
            newer: None,
            held: 0,
            replay: 0,
            waiting: false,
            queued: false,
        });
        let at = self.free.pop().unwrap_or_else(|| self.places());
        match usize::try_from(at).ok().and_then(|at| self.slots.get_mut(at)) {
            Some(place) => *place = Some(new),
            None => self.slots.push(Some(new)),
        }
        let hash = self.hasher.hash_one(key);
        let (slots, hasher) = (&self.slots, &self.hasher);
        self.index.insert_unique(hash, at, |&at| slot(slots, at).map_or(0, |slot| hasher.hash_one(slot.key)));
        self.names
            .insert_unique(name, at, |&at| slot(slots, at).map_or(0, |slot| hasher.hash_one(slot.flow.id)));
        self.link(at, class);
        at
    }

    pub(crate) fn remove(&mut self, at: u32) -> Option<Box<Slot>> {
        self.unlink(at);
        let gone = self.slots.get_mut(usize::try_from(at).ok()?)?.take()?;
        if let Ok(entry) = self.index.find_entry(self.hasher.hash_one(gone.key), |&other| other == at) {
            entry.remove();
        }
        if let Ok(entry) = self.names.find_entry(self.hasher.hash_one(gone.flow.id), |&other| other == at) {
            entry.remove();
        }
        self.free.push(at);
        Some(gone)
    }

    /// Puts a flow at the young end of the list of its class.
    pub(crate) fn touch(&mut self, at: u32, class: Class, now: Timestamp) {
        self.unlink(at);
        if let Some(slot) = self.get_mut(at) {
            slot.touched = now;
        }
        self.link(at, class);
    }

    /// The class a flow is listed under.
    pub(crate) fn class(&self, at: u32) -> Option<Class> {
        slot(&self.slots, at).map(|slot| slot.class)
    }

    /// The flow of a class that was silent longest.
    pub(crate) const fn oldest(&mut self, class: Class) -> Option<u32> {
        self.lists.of(class).oldest
    }

    /// All flows, in the order of the slab.
    pub(crate) fn iter(&self) -> impl Iterator<Item = (u32, &Connection)> {
        (0..).zip(&self.slots).filter_map(|(at, slot)| Some((at, &slot.as_deref()?.flow)))
    }

    fn unlink(&mut self, at: u32) {
        let Some(slot) = self.get_mut(at) else { return };
        let (class, older, newer) = (slot.class, slot.older.take(), slot.newer.take());
        match older.and_then(|older| self.get_mut(older)) {
            Some(slot) => slot.newer = newer,
            None => self.lists.of(class).oldest = newer,
        }
        match newer.and_then(|newer| self.get_mut(newer)) {
            Some(slot) => slot.older = older,
            None => self.lists.of(class).newest = older,
        }
    }

    fn link(&mut self, at: u32, class: Class) {
        let newest = self.lists.of(class).newest.replace(at);
        if let Some(slot) = self.get_mut(at) {
            slot.class = class;
            slot.older = newest;
        }
        match newest.and_then(|newest| self.get_mut(newest)) {
            Some(slot) => slot.newer = Some(at),
            None => self.lists.of(class).oldest = Some(at),
        }
    }
}

fn slot(slots: &[Option<Box<Slot>>], at: u32) -> Option<&Slot> {
    slots.get(usize::try_from(at).ok()?)?.as_deref()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{Config, FlowId, Origin};

    fn key(port: u16) -> Key {
        Key::of(([10, 0, 0, 1], port).into(), ([10, 0, 0, 2], 25).into()).0
    }

    fn flow(id: u64) -> Connection {
        Connection::new(FlowId(id), true, Origin::Handshake, &Config::default())
    }

    fn order(table: &mut Table, class: Class) -> Vec<u32> {
        let mut order = Vec::new();
        let mut next = table.oldest(class);
        while let Some(at) = next {
            order.push(at);
            next = table.get_mut(at).unwrap().newer;
        }
        order
    }

    #[test]
    fn finds_what_was_put_in() {
        let mut table = Table::new(Some(1));
        let places: Vec<u32> =
            (0..1000_u16).map(|n| table.insert(key(n), flow(n.into()), Timestamp::ZERO)).collect();
        for n in 0..1000 {
            assert_eq!(table.find(&key(n)), Some(places[usize::from(n)]));
        }
        for n in (0..1000_u16).step_by(2) {
            assert!(table.remove(places[usize::from(n)]).is_some());
        }
        for n in 0..1000 {
            assert_eq!(table.find(&key(n)).is_some(), n % 2 == 1);
            assert_eq!(table.find_flow(FlowId(n.into())).is_some(), n % 2 == 1);
        }
        assert_eq!(table.len(), 500);
        assert_eq!(table.insert(key(2000), flow(2000), Timestamp::ZERO), 998);
    }

    #[test]
    fn lists_keep_the_order_of_activity() {
        let mut table = Table::new(Some(1));
        for n in 0..4 {
            table.insert(key(n), flow(n.into()), Timestamp::ZERO);
        }
        assert_eq!(order(&mut table, Class::HalfOpen), [0, 1, 2, 3]);
        table.touch(1, Class::HalfOpen, Timestamp::ZERO);
        table.touch(0, Class::Established, Timestamp::ZERO);
        assert_eq!(order(&mut table, Class::HalfOpen), [2, 3, 1]);
        table.remove(3);
        table.touch(2, Class::Established, Timestamp::ZERO);
        assert_eq!(order(&mut table, Class::HalfOpen), [1]);
        assert_eq!(order(&mut table, Class::Established), [0, 2]);
        table.touch(1, Class::Closed, Timestamp::ZERO);
        assert_eq!(order(&mut table, Class::HalfOpen), []);
        assert_eq!(order(&mut table, Class::Closed), [1]);
    }
}
