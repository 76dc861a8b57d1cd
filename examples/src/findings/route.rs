//! Rules about the way that a message took, as its header says.

use super::gather::{Gather, Spot};
use super::messages::{is_under_way, transferred};
use super::names::{date, host, ip};
use super::{Config, Rule, Threshold, Thresholds};
use crate::record::{HeaderField, Message, Outcome, Protocol, Severity};
use std::collections::BTreeMap;

pub(super) fn observe(gather: &mut Gather, message: &Message, thresholds: &Thresholds) {
    order_of_fields(gather, message);
    let dates: Vec<Option<i64>> =
        message.received.iter().map(|hop| hop.date.as_ref().and_then(|text| date(text.as_str()))).collect();
    order_of_hops(gather, message, &dates, thresholds);
    newest(gather, message, &dates, thresholds);
}

fn seconds(thresholds: &Thresholds, threshold: Threshold, unit: u64) -> i64 {
    i64::try_from(thresholds.get(threshold).saturating_mul(unit)).unwrap_or(i64::MAX)
}

/// Findings about headers stand together for each pair of hosts.
fn between(message: &Message) -> (String, String) {
    let client = host(&message.client);
    (
        format!("{client}|{}", message.server),
        format!("{} ({}), from {client}", message.server, message.protocol),
    )
}

/// Times in the chain, the newest first.
fn order_of_hops(gather: &mut Gather, message: &Message, dates: &[Option<i64>], thresholds: &Thresholds) {
    let tolerance = seconds(thresholds, Threshold::OrderMinutes, 60);
    let mut worst: Option<(i64, usize)> = None;
    for (newer, pair) in dates.windows(2).enumerate() {
        let [Some(above), Some(below)] = pair else { continue };
        let back = below.saturating_sub(*above);
        if back > tolerance && worst.is_none_or(|(most, _)| back > most) {
            worst = Some((back, newer));
        }
    }
    let Some((back, newer)) = worst else { return };
    let (key, subject) = between(message);
    let spot = Spot::message(message);
    if let Some(draft) = gather.note(Rule::ReceivedOrder, Severity::Low, &key, || subject, &spot) {
        draft.most("most_minutes_back", back.unsigned_abs() / 60);
        let by = |at: usize| {
            message.received.get(at).and_then(|hop| hop.by.as_ref()).map_or("?", |by| by.as_str())
        };
        draft.list("hops", &format!("{} before {}", by(newer), by(newer + 1)));
    }
}

/// The newest hop against the time of the transfer.
fn newest(gather: &mut Gather, message: &Message, dates: &[Option<i64>], thresholds: &Thresholds) {
    let (Some(at), Some(Some(newest))) = (transferred(message), dates.first()) else { return };
    let age = at.saturating_sub(*newest);
    let old = age > seconds(thresholds, Threshold::TimeHours, 3600) && is_under_way(message);
    let early = age.saturating_neg() > seconds(thresholds, Threshold::TimeFutureMinutes, 60);
    if !old && !early {
        return;
    }
    let (key, subject) = between(message);
    let spot = Spot::message(message);
    if let Some(draft) = gather.note(Rule::ReceivedTime, Severity::Low, &key, || subject, &spot) {
        draft.add(if early { "from_the_future" } else { "from_the_past" }, 1);
        draft.most("most_minutes_off", age.unsigned_abs() / 60);
        let hop = message.received.first();
        draft.list("received_by", hop.and_then(|hop| hop.by.as_ref()).map_or("", |by| by.as_str()));
    }
}

/// Servers put their fields on top; behind the first field of the author there are none.
fn order_of_fields(gather: &mut Gather, message: &Message) {
    let mut author: Option<&str> = None;
    for HeaderField(name, ..) in &message.header_fields {
        let name = name.as_str();
        let is = |known: &str| name.eq_ignore_ascii_case(known);
        if ["from", "to", "subject", "date"].iter().any(|known| is(known)) {
            author.get_or_insert(name);
        } else if is("received")
            && let Some(author) = author
        {
            let (key, subject) = between(message);
            let spot = Spot::message(message);
            if let Some(draft) = gather.note(Rule::HeaderOrder, Severity::Low, &key, || subject, &spot) {
                draft.list("below", author);
            }
            return;
        }
    }
}

/// Messages that were captured on their way, to be known again.
#[derive(Debug)]
pub(super) struct Hops {
    by_id: BTreeMap<String, Hop>,
    most: usize,
}

#[derive(Debug)]
struct Hop {
    message: u64,
    client: String,
    server: String,
    /// Received fields that the message had then.
    fields: usize,
}

impl Hops {
    pub(super) const fn new(config: &Config) -> Self {
        Self { by_id: BTreeMap::new(), most: config.max_messages }
    }

    /// Compares the message with the one that passed before under its Message-ID.
    pub(super) fn message(&mut self, message: &Message, gather: &mut Gather) {
        let Some(id) = message.headers.as_ref().and_then(|headers| headers.message_id.as_ref()) else {
            return;
        };
        let id = id.as_str().trim();
        if let Some(hop) = self.by_id.get(id) {
            hop.compare(id, message, gather);
            return;
        }
        let was_sent = message.protocol == Protocol::Smtp && message.outcome == Outcome::Accepted;
        if !was_sent || id.is_empty() {
            return;
        }
        if self.by_id.len() >= self.most {
            gather.beyond(Rule::ReceivedContradicts);
            return;
        }
        let hop = Hop {
            message: message.message,
            client: host(&message.client).to_owned(),
            server: message.server.clone(),
            fields: message.received.len(),
        };
        self.by_id.insert(id.to_owned(), hop);
    }
}

impl Hop {
    /// The field next to those that the message had then was written by the server about the client.
    fn compare(&self, id: &str, later: &Message, gather: &mut Gather) {
        let added = later.received.len().checked_sub(self.fields + 1).and_then(|at| later.received.get(at));
        let Some(added) = added else { return };
        let (Some(named), Some(seen)) = (added.ip.as_deref().and_then(ip), ip(&self.client)) else { return };
        if named == seen {
            return;
        }
        let key = format!("{}|{}|{named}", self.client, self.server);
        let subject = || format!("{} delivered to {}, the field says {named}", self.client, self.server);
        let spot = Spot::message(later);
        if let Some(draft) = gather.note(Rule::ReceivedContradicts, Severity::Medium, &key, subject, &spot) {
            draft.list("message_ids", id);
            draft.list("captured_as_messages", &self.message.to_string());
            draft.text("captured_client", &self.client);
            draft.text("received_from", &named.to_string());
            draft.text("received_by", added.by.as_ref().map_or("", |by| by.as_str()));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::super::testing::{found, hop, message};
    use super::*;
    use crate::record::{Operation, Received};

    // The message passes at 2020-09-13T12:26:40Z.
    const NOW: &str = "Sun, 13 Sep 2020 12:26:00 +0000";
    const EARLIER: &str = "Sun, 13 Sep 2020 00:26:00 +0000";
    const MUCH_EARLIER: &str = "Sun, 13 Sep 2020 00:24:00 +0000";

    #[test]
    fn hops_in_reverse() {
        for (dates, expected) in [
            (&[NOW, EARLIER, MUCH_EARLIER][..], ""),
            (&[EARLIER, NOW], ""),
            (&[MUCH_EARLIER, NOW], "received-order low"),
            (&[NOW, "", MUCH_EARLIER], ""),
            (&[NOW], ""),
        ] {
            let mut message = message(&[]);
            message.received = dates.iter().map(|date| hop("mx", "", date)).collect();
            assert_eq!(found(|observer| observer.message(&message)), expected, "{dates:?}");
        }
    }

    #[test]
    fn time_of_the_newest_hop() {
        for (date, protocol, expected) in [
            (NOW, Protocol::Smtp, ""),
            ("Sun, 13 Sep 2020 13:26:00 +0000", Protocol::Smtp, ""),
            ("Sun, 13 Sep 2020 13:28:00 +0000", Protocol::Smtp, "received-time low"),
            ("Sun, 13 Sep 2020 13:28:00 +0000", Protocol::Pop3, "received-time low"),
            ("Tue, 8 Sep 2020 12:27:00 +0000", Protocol::Smtp, ""),
            ("Tue, 8 Sep 2020 12:26:00 +0000", Protocol::Smtp, "received-time low"),
            ("Tue, 8 Sep 2010 12:26:00 +0000", Protocol::Pop3, ""),
            ("never", Protocol::Smtp, ""),
        ] {
            let mut message = message(&[]);
            message.protocol = protocol;
            if protocol == Protocol::Pop3 {
                message.operation = Operation::Retr;
            }
            message.received = vec![hop("mx", "", date)];
            assert_eq!(found(|observer| observer.message(&message)), expected, "{date} {protocol}");
        }
    }

    #[test]
    fn order_of_fields() {
        assert_eq!(found(|observer| observer.message(&message(&[("Received", "by x")]))), "header-order low");
        let mut good = message(&[]);
        good.header_fields.insert(0, HeaderField("Received".into(), "by x".into(), 0));
        good.header_fields.insert(0, HeaderField("Message-ID".into(), "<1@x>".into(), 0));
        assert_eq!(found(|observer| observer.message(&good)), "");
    }

    #[test]
    fn fields_against_what_was_captured() {
        let twice = |added: &[Received], id: &str| {
            let first = message(&[("Message-ID", "<1@x>")]);
            let mut second = message(&[("Message-ID", id)]);
            second.message = 2;
            second.protocol = Protocol::Imap;
            second.operation = Operation::Fetch;
            second.received = added.to_vec();
            found(|observer| {
                observer.message(&first);
                observer.message(&second);
            })
        };
        // It was captured as coming from 192.0.2.1.
        assert_eq!(twice(&[hop("mx", "192.0.2.1", NOW)], "<1@x>"), "");
        assert_eq!(twice(&[hop("mx", "192.0.2.9", NOW)], "<1@x>"), "received-contradicts-wire medium");
        assert_eq!(twice(&[hop("box", "192.0.2.9", NOW), hop("mx", "192.0.2.1", NOW)], "<1@x>"), "");
        assert_eq!(twice(&[hop("mx", "192.0.2.9", NOW)], "<2@x>"), "");
        assert_eq!(twice(&[hop("mx", "", NOW)], "<1@x>"), "");
        assert_eq!(twice(&[], "<1@x>"), "");
    }
}
