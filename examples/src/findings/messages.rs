//! Rules about how much and how many, and about when.

use super::gather::{Draft, Gather, Spot};
use super::names::date;
use super::sessions::is_sent;
use super::{Rule, Threshold, Thresholds};
use crate::record::{Message, Operation, Outcome, Protocol, Reading, Severity};

/// Clocks of captures before 1990 are wrong.
const FIRST_TIME: u64 = 631_152_000;

/// When the message began to pass, in seconds since the Unix epoch, if the capture seems to know.
pub(super) fn transferred(message: &Message) -> Option<i64> {
    let at = message.start.at().as_secs();
    i64::try_from(at).ok().filter(|_| at >= FIRST_TIME)
}

/// Whether the message was on its way, and not fetched from where it was kept.
pub(super) const fn is_under_way(message: &Message) -> bool {
    matches!(message.protocol, Protocol::Smtp | Protocol::Lmtp)
        || matches!(message.operation, Operation::Data)
}

/// Whether the message is the reading of another one that ends elsewhere.
pub(super) fn is_other_end(message: &Message) -> bool {
    message.via.iter().any(|via| ["eod-loose", "early-dot"].contains(&&**via))
}

/// Bytes that are not in the capture. A reading that was disproved lacks its end because it never had one.
pub(super) fn missing(gather: &mut Gather, message: &Message) {
    if message.missing.is_empty() || message.reading == Reading::Candidate && is_other_end(message) {
        return;
    }
    let spot = Spot::message(message);
    let key = format!("{}|{}", spot.client, spot.server);
    let subject = || format!("{} ({}), from {}", message.server, message.protocol, spot.client);
    if let Some(draft) = gather.note(Rule::DataMissing, Severity::Info, &key, subject, &spot) {
        let bytes: u64 = message.missing.iter().filter_map(|hole| hole.length).sum();
        if bytes > 0 {
            draft.add("bytes", bytes);
        }
        if message.missing.iter().any(|hole| hole.length.is_none()) {
            draft.add("cut_messages", 1);
        }
    }
}

pub(super) fn observe(gather: &mut Gather, message: &Message, thresholds: &Thresholds) {
    recipients(gather, message, thresholds);
    outbound(gather, message);
}

fn recipients(gather: &mut Gather, message: &Message, thresholds: &Thresholds) {
    let Some(envelope) = &message.envelope else { return };
    // Where the server was not heard, it may have taken them.
    let taken = envelope.rcpt_to.iter().filter(|to| to.accepted != Some(false)).count() as u64;
    if taken == 0 || taken < thresholds.get(Threshold::ManyRecipients) || message.outcome == Outcome::Rejected
    {
        return;
    }
    let spot = Spot::message(message);
    let sender = envelope.mail_from.as_ref().map_or("", |from| from.as_str());
    let key = format!("{}|{sender}", spot.client);
    let subject = || format!("<{sender}>, from {}", spot.client);
    if let Some(draft) = gather.note(Rule::ManyRecipients, Severity::Low, &key, subject, &spot) {
        draft.most("most_recipients", taken);
        draft.add("recipients", taken);
        draft.list(
            "subjects",
            message
                .headers
                .as_ref()
                .and_then(|headers| headers.subject.as_ref())
                .map_or("", |text| text.as_str()),
        );
    }
}

fn outbound(gather: &mut Gather, message: &Message) {
    if !is_sent(message) || message.outcome == Outcome::Rejected {
        return;
    }
    let spot = Spot::message(message);
    let sender = message.envelope.as_ref().and_then(|envelope| envelope.mail_from.as_ref());
    let sender = sender.map_or("", |from| from.as_str());
    let key = format!("{}|{}", spot.client, sender.to_ascii_lowercase());
    let subject = || format!("<{sender}>, from {}", spot.client);
    if let Some(draft) = gather.note(Rule::LargeOutbound, Severity::Medium, &key, subject, &spot) {
        draft.add("bytes", message.size);
        draft.most("largest_message", message.size);
        for to in message.envelope.iter().flat_map(|envelope| &envelope.rcpt_to) {
            draft.list("recipients", to.address.as_str());
        }
    }
}

pub(super) fn judge_outbound(draft: &Draft, thresholds: &Thresholds) -> Option<(Rule, Severity)> {
    let large = draft.number("bytes") >= thresholds.get(Threshold::LargeOutbound);
    large.then_some((Rule::LargeOutbound, draft.severity))
}

/// The Date against the time of the transfer.
pub(super) fn dates(gather: &mut Gather, message: &Message, thresholds: &Thresholds) {
    let (Some(transferred), Some(text)) =
        (transferred(message), message.headers.as_ref().and_then(|headers| headers.date.as_ref()))
    else {
        return;
    };
    let Some(written) = date(text.as_str()) else { return };
    let age = transferred.saturating_sub(written);
    let limit = |threshold, seconds: u64| {
        i64::try_from(thresholds.get(threshold).saturating_mul(seconds)).unwrap_or(i64::MAX)
    };
    let old = age > limit(Threshold::DatePastDays, 86_400) && is_under_way(message);
    let early = age.saturating_neg() > limit(Threshold::DateFutureHours, 3600);
    if !old && !early {
        return;
    }
    let spot = Spot::message(message);
    let key = format!("{}|{}", spot.client, spot.server);
    let subject = || format!("{} ({}), from {}", message.server, message.protocol, spot.client);
    if let Some(draft) = gather.note(Rule::DateOff, Severity::Low, &key, subject, &spot) {
        draft.list("dates", text.as_str());
        draft.add(if early { "from_the_future" } else { "from_the_past" }, 1);
        draft.most("most_hours_off", age.unsigned_abs() / 3600);
    }
}

#[cfg(test)]
mod tests {
    use super::super::testing::{found, message};
    use super::super::{Config, Observer, Threshold};
    use super::*;
    use crate::record::{Missing, Recipient};

    #[test]
    fn bytes_that_are_missing() {
        let mut cut = message(&[]);
        cut.missing = vec![Missing::new(10, Some(5)), Missing::new(90, None)];
        assert_eq!(found(|observer| observer.message(&cut)), "data-missing info");
        let disproved = Message { reading: Reading::Candidate, via: vec!["eod-loose".into()], ..cut.clone() };
        assert_eq!(found(|observer| observer.message(&disproved)), "smuggling medium");
        assert_eq!(found(|observer| observer.message(&message(&[]))), "");
        let mut observer = Observer::new(Config::default());
        observer.message(&cut);
        observer.message(&cut);
        let findings = observer.finish();
        assert_eq!(
            serde_json::to_value(&findings[0].evidence).unwrap(),
            serde_json::json!({"bytes": 10, "cut_messages": 2})
        );
    }

    #[test]
    fn many_recipients() {
        let to = |accepted, refused, outcome| {
            let mut message = message(&[]);
            let list = (0..accepted + refused).map(|number| {
                let mut one = Recipient::new(format!("r{number}@example.net").into());
                one.accepted = Some(number < accepted);
                one
            });
            message.envelope.as_mut().unwrap().rcpt_to = list.collect();
            message.outcome = outcome;
            found(|observer| observer.message(&message))
        };
        assert_eq!(to(50, 0, Outcome::Accepted), "many-recipients low");
        assert_eq!(to(49, 10, Outcome::Accepted), "");
        assert_eq!(to(50, 0, Outcome::Rejected), "");
    }

    #[test]
    fn much_data() {
        let sent = |sizes: &[u64], change: fn(usize, &mut Message)| {
            found(|observer| {
                for (number, size) in sizes.iter().enumerate() {
                    let mut message = message(&[]);
                    (message.message, message.size) = (number as u64 + 1, *size);
                    change(number, &mut message);
                    observer.message(&message);
                }
            })
        };
        assert_eq!(sent(&[30_000_000, 20_000_000], |_, _| {}), "large-outbound medium");
        assert_eq!(sent(&[30_000_000, 19_999_999], |_, _| {}), "");
        assert_eq!(sent(&[60_000_000], |_, message| message.outcome = Outcome::Rejected), "");
        assert_eq!(sent(&[60_000_000], |_, message| message.reading = Reading::Candidate), "");
        assert_eq!(
            sent(&[30_000_000, 30_000_000], |number, message| {
                message.envelope.as_mut().unwrap().mail_from = Some(format!("{number}@example.org").into());
            }),
            ""
        );
    }

    #[test]
    fn dates_against_the_transfer() {
        // The message passed at 2020-09-13T12:26:40Z.
        for (date, protocol, expected) in [
            ("Sun, 13 Sep 2020 14:26:00 +0200", Protocol::Smtp, ""),
            ("Mon, 14 Sep 2020 12:26:00 +0000", Protocol::Smtp, ""),
            ("Mon, 14 Sep 2020 12:27:00 +0000", Protocol::Smtp, "date-off low"),
            ("Mon, 14 Sep 2020 12:27:00 +0000", Protocol::Imap, "date-off low"),
            ("Fri, 14 Aug 2020 12:27:00 +0000", Protocol::Smtp, ""),
            ("Fri, 14 Aug 2020 12:26:00 +0000", Protocol::Smtp, "date-off low"),
            ("Fri, 14 Aug 2010 12:26:00 +0000", Protocol::Imap, ""),
            ("yesterday", Protocol::Smtp, ""),
        ] {
            let mut message = message(&[("Date", date)]);
            message.protocol = protocol;
            if protocol == Protocol::Imap {
                message.operation = Operation::Fetch;
            }
            assert_eq!(found(|observer| observer.message(&message)), expected, "{date} {protocol}");
        }
        // A capture whose clock began with 1970 says nothing.
        let mut early = message(&[("Date", "Fri, 14 Aug 2020 12:26:00 +0000")]);
        early.start = crate::record::Time::new(core::time::Duration::from_secs(100), 0);
        assert_eq!(found(|observer| observer.message(&early)), "");
    }

    #[test]
    fn thresholds_are_taken() {
        let mut config = Config::default();
        config.thresholds.set(Threshold::ManyRecipients, 1);
        let mut observer = Observer::new(config);
        observer.message(&message(&[]));
        assert_eq!(observer.finish()[0].rule, "many-recipients");
    }
}
