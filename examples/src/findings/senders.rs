//! Rules about who says to be the sender.

use super::gather::{Gather, Spot};
use super::names::{addresses, domain, fields, has_field, organisation};
use super::{Rule, messages};
use crate::record::{Envelope, Message, Severity};
use std::collections::BTreeSet;

pub(super) fn observe(gather: &mut Gather, message: &Message) {
    display_name(gather, message);
    if let Some(envelope) = message.envelope.as_ref().filter(|_| messages::is_under_way(message)) {
        differs(gather, message, envelope);
    }
}

/// Whether a domain stands in a text as the one of an address.
fn address_within(text: &str) -> Option<String> {
    text.split(|c: char| c.is_whitespace() || "<>()[]\"',;:".contains(c)).find_map(|word| {
        let (local, name) = word.split_once('@')?;
        let name = name.trim_end_matches('.').to_ascii_lowercase();
        let labels = name.split('.').collect::<Vec<_>>();
        let plain =
            |label: &&str| !label.is_empty() && label.bytes().all(|c| c.is_ascii_alphanumeric() || c == b'-');
        let is_name = labels.len() > 1
            && labels.iter().all(plain)
            && labels.last().is_some_and(|last| last.bytes().all(|c| c.is_ascii_alphabetic()));
        (!local.is_empty() && is_name).then_some(name)
    })
}

/// The organisations of the recipients: of the envelope, or of the header where there is none.
fn recipients(message: &Message) -> BTreeSet<String> {
    let Some(envelope) = &message.envelope else { return organisations(message, &["to", "cc"]) };
    let domains = envelope.rcpt_to.iter().filter_map(|to| domain(to.address.as_str()));
    domains.map(|domain| organisation(&domain)).collect()
}

/// The name beside the address of From shows another one.
fn display_name(gather: &mut Gather, message: &Message) {
    let from = addresses(message, "from");
    let [one] = from.as_slice() else { return };
    let (Some(name), Some(own)) = (&one.name, domain(&one.address)) else { return };
    let Some(shown) = address_within(name) else { return };
    if organisation(&shown) == organisation(&own) || is_listed(message) {
        return;
    }
    let recipients = recipients(message);
    let own_domain = recipients.contains(&organisation(&shown)) && !recipients.contains(&organisation(&own));
    let severity = if own_domain { Severity::Medium } else { Severity::Low };
    let key = format!("{shown}|{own}");
    let subject = || format!("{shown} shown, {own} meant");
    let spot = Spot::message(message);
    if let Some(draft) = gather.note(Rule::DisplayNameAddress, severity, &key, subject, &spot) {
        draft.list("names", name);
        draft.list("addresses", &one.address);
    }
}

/// Whether the message went over a mailing list, as its header says (RFC 2369, RFC 2919, RFC 3834 section 5, and what lists of
/// old write).
fn is_listed(message: &Message) -> bool {
    const FIELDS: [&str; 12] = [
        "list-id",
        "list-post",
        "list-unsubscribe",
        "list-help",
        "mailing-list",
        "x-mailing-list",
        "x-mailman-version",
        "x-beenthere",
        "x-loop",
        "x-listname",
        "x-list-id",
        "x-ml-name",
    ];
    FIELDS.iter().any(|name| has_field(message, name))
        || fields(message, "precedence")
            .any(|value| ["list", "bulk"].contains(&value.trim().to_ascii_lowercase().as_str()))
}

/// Whether the address is one that programs make up to get bounces.
fn is_for_bounces(address: &str) -> bool {
    if domain(address).is_some_and(|domain| domain.split('.').any(|label| label.starts_with("bounce"))) {
        return true;
    }
    let local = address.rsplit_once('@').map_or(address, |(local, _)| local).to_ascii_lowercase();
    let first = local.split(['-', '+', '.', '_', '=']).next().unwrap_or_default();
    // SRS (of forwarders), BATV, and VERP, which puts an address into the local part with `=` for its `@`.
    first == "srs0"
        || first == "srs1"
        || first == "prvs"
        || local.contains('=')
        || ["owner-", "bounce", "return-", "errors-", "mailer-daemon"]
            .iter()
            .any(|word| local.starts_with(word))
        || [
            "-owner",
            "-admin",
            "-request",
            "-errors",
            "-bounces",
            "-bounce",
            "-return",
            "-outgoing",
            "-relay",
        ]
        .iter()
        .any(|word| local.ends_with(word))
        || ["-bounces", "-bounce-", "-return-", "-owner-", "bounces+"].iter().any(|word| local.contains(word))
}

/// The organisations of the addresses in fields of that name.
fn organisations(message: &Message, names: &[&str]) -> BTreeSet<String> {
    let all = names.iter().flat_map(|name| addresses(message, name));
    all.filter_map(|one| domain(&one.address)).map(|domain| organisation(&domain)).collect()
}

fn differs(gather: &mut Gather, message: &Message, envelope: &Envelope) {
    let Some(mail_from) = envelope.mail_from.as_ref().map(|from| from.as_str()) else { return };
    let Some(of_envelope) = domain(mail_from).map(|domain| organisation(&domain)) else { return };
    let of_header = organisations(message, &["from"]);
    let Some(first) = of_header.first() else { return };
    if of_header.contains(&of_envelope) || is_for_bounces(mail_from) || is_listed(message) {
        return;
    }
    let explained =
        organisations(message, &["sender", "resent-from", "resent-sender", "return-path", "errors-to"]);
    // What the message says in a field of its own is no secret, but Return-Path is written by whoever delivers last.
    if explained.contains(&of_envelope) || is_signed_by(message, &of_header) {
        return;
    }
    let to = recipients(message);
    let own = of_header.iter().any(|organisation| to.contains(organisation)) && !to.contains(&of_envelope);
    let severity = if own { Severity::Medium } else { Severity::Low };
    let key = format!("{of_envelope}|{first}");
    let subject = || format!("envelope {of_envelope}, header {first}");
    let spot = Spot::message(message);
    if let Some(draft) = gather.note(Rule::SenderDiffers, severity, &key, subject, &spot) {
        draft.list("mail_from", mail_from);
        for one in addresses(message, "from") {
            draft.list("from", &one.address);
        }
        if own {
            draft.text("recipients_own_domain", "yes");
        }
    }
}

/// Whether a DKIM signature is one of those organisations (`d=`, RFC 6376 section 3.5). Nobody checks it here.
fn is_signed_by(message: &Message, organisations: &BTreeSet<String>) -> bool {
    fields(message, "dkim-signature").chain(fields(message, "domainkey-signature")).any(|value| {
        value.split(';').any(|tag| {
            let Some((name, value)) = tag.split_once('=') else { return false };
            name.trim() == "d" && organisations.contains(&organisation(value.trim()))
        })
    })
}

#[cfg(test)]
mod tests {
    use super::super::testing::{found, message};
    use crate::record::Missing;

    #[test]
    fn envelope_and_header() {
        let with = |mail_from: &str, from: &str, fields: &[(&str, &str)]| {
            let mut message = message(fields);
            message.header_fields.first_mut().unwrap().1 = from.into();
            message.envelope.as_mut().unwrap().mail_from = Some(mail_from.into());
            found(|observer| observer.message(&message))
        };
        let differs = "sender-differs low";
        for (mail_from, from, fields, expected) in [
            ("ann@example.org", "ann@example.org", &[][..], ""),
            ("ann@mail.example.org", "Ann <ann@EXAMPLE.org>", &[], ""),
            ("x@example.com", "ann@example.org", &[], differs),
            ("x@a.co.uk", "ann@b.co.uk", &[], differs),
            // The recipient is bob@example.net.
            ("x@example.com", "boss@example.net", &[], "sender-differs medium"),
            ("", "ann@example.org", &[], ""),
            ("x@example.com", "nobody", &[], ""),
            ("x@example.com", "ann@example.org", &[("Sender", "list@example.com")], ""),
            ("x@example.com", "ann@example.org", &[("Sender", "list@example.edu")], differs),
            ("x@example.com", "ann@example.org", &[("Resent-From", "y@example.com")], ""),
            ("x@example.com", "ann@example.org", &[("List-Id", "<l.example.com>")], ""),
            ("x@example.com", "ann@example.org", &[("Precedence", " Bulk")], ""),
            ("x@example.com", "ann@example.org", &[("Precedence", "first-class")], differs),
            ("owner-l@example.com", "ann@example.org", &[], ""),
            ("7@bounced.example.com", "ann@example.org", &[], ""),
            ("l-bounces@example.com", "ann@example.org", &[], ""),
            ("b+bob=example.net@example.com", "ann@example.org", &[], ""),
            ("SRS0=x=y=example.org=ann@example.com", "ann@example.org", &[], ""),
            (
                "x@example.com",
                "ann@example.org",
                &[("DKIM-Signature", "v=1; a=x;\r\n d=mail.example.org; s=1")],
                "",
            ),
            ("x@example.com", "ann@example.org", &[("DKIM-Signature", "v=1; d=example.com")], differs),
        ] {
            assert_eq!(with(mail_from, from, fields), expected, "{mail_from} {from} {fields:?}");
        }
    }

    #[test]
    fn headers_with_holes_say_nothing() {
        let mut message = message(&[]);
        message.envelope.as_mut().unwrap().mail_from = Some("x@example.com".into());
        message.missing = vec![Missing::new(500, Some(3))];
        assert_eq!(found(|observer| observer.message(&message)), "data-missing info, sender-differs low");
        message.missing = vec![Missing::new(9, Some(3))];
        assert_eq!(found(|observer| observer.message(&message)), "data-missing info");
    }

    #[test]
    fn names_that_show_addresses() {
        let with = |from: &str, fields: &[(&str, &str)]| {
            let mut message = message(fields);
            message.header_fields.first_mut().unwrap().1 = from.into();
            message.envelope.as_mut().unwrap().mail_from = Some("".into());
            found(|observer| observer.message(&message))
        };
        for (from, expected) in [
            (r#""ceo@example.net" <x@example.com>"#, "display-name-address medium"),
            (r#""ann@example.org" <x@example.com>"#, "display-name-address low"),
            (r#""Boss <ceo@example.net>" <x@example.com>"#, "display-name-address medium"),
            (r#""ceo@mail.example.com" <x@example.com>"#, ""),
            (r#""Ann @ work" <x@example.com>"#, ""),
            (r#""ann@home" <x@example.com>"#, ""),
            ("Ann <x@example.com>", ""),
            ("ann@example.org", ""),
        ] {
            assert_eq!(with(from, &[]), expected, "{from}");
        }
        assert_eq!(with(r#""ann@example.net via l" <l@example.com>"#, &[("List-Id", "<l.example.com>")]), "");
    }
}
