//! What became of a delivery (RFC 3464; RFC 6533 for addresses that are not ASCII).
//!
//! ```text
//! delivery-status-content = per-message-fields 1*( CRLF per-recipient-fields )
//! ```

use super::{Fields, Typed, text, word};
use crate::headers::{Date, Headers};
use core::fmt;

const MAX_RECIPIENTS: usize = 10_000;

/// A message/delivery-status or message/global-delivery-status.
#[non_exhaustive]
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct DeliveryStatus {
    /// Original-Envelope-Id: what the sender called the delivery (ENVID).
    pub original_envelope_id: Option<String>,
    /// Reporting-MTA: the server that tells this.
    pub reporting_mta: Option<Typed>,
    /// DSN-Gateway: the server that made it out of a report of another kind.
    pub dsn_gateway: Option<Typed>,
    /// Received-From-MTA: the server, or client, that the message came from.
    pub received_from_mta: Option<Typed>,
    /// Arrival-Date: when the message came to that server.
    pub arrival_date: Option<Date>,
    /// All fields about the message.
    pub fields: Headers,
    /// Those that it was for, in order.
    pub recipients: Vec<Recipient>,
    /// Whether all of the report is here.
    pub complete: bool,
}

/// What became of it for one recipient.
#[non_exhaustive]
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Recipient {
    /// Original-Recipient: as the sender said it (ORCPT).
    pub original: Option<Typed>,
    /// Final-Recipient: as the server knows it.
    pub address: Option<Typed>,
    /// Action in lower case: `failed`, `delayed`, `delivered`, `relayed`, `expanded`.
    pub action: Option<String>,
    /// Status, where it is one.
    pub status: Option<Status>,
    /// Remote-MTA: the server that said no, or yes.
    pub remote_mta: Option<Typed>,
    /// Diagnostic-Code: what it said.
    pub diagnostic_code: Option<Typed>,
    /// Last-Attempt-Date.
    pub last_attempt_date: Option<Date>,
    /// Final-Log-Id.
    pub final_log_id: Option<String>,
    /// Will-Retry-Until.
    pub will_retry_until: Option<Date>,
    /// All fields about the recipient.
    pub fields: Headers,
}

/// A status code (RFC 3463 section 2): `5.1.1`.
#[non_exhaustive]
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Status {
    /// 2: done, 4: not now, 5: not at all.
    pub class: u8,
    /// What it is about: 1 addresses, 2 mailboxes, 7 policy, ..
    pub subject: u16,
    /// What it is.
    pub detail: u16,
}

impl Status {
    /// The status that a text begins with.
    fn parse(text: &str) -> Option<Self> {
        let end = |c: char| !c.is_ascii_digit() && c != '.';
        let mut numbers = text.trim_start().split(end).next()?.split('.');
        let mut number = |most: usize| {
            let digits = numbers.next()?;
            (1..=most).contains(&digits.len()).then(|| digits.parse::<u16>().ok()).flatten()
        };
        let (class, subject, detail) = (number(1)?, number(3)?, number(3)?);
        numbers.next().is_none().then_some(Self { class: u8::try_from(class).ok()?, subject, detail })
    }
}

impl fmt::Display for Status {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}.{}.{}", self.class, self.subject, self.detail)
    }
}

/// Whom a field is about.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum About {
    /// The message or, among those of a recipient, the recipient.
    Any,
    Original,
    Final,
    Action,
    /// The recipient, in another way.
    Outcome,
}

const OUTCOME: [&[u8]; 6] = [
    b"status",
    b"remote-mta",
    b"diagnostic-code",
    b"last-attempt-date",
    b"final-log-id",
    b"will-retry-until",
];

fn about(name: &[u8]) -> About {
    if name.eq_ignore_ascii_case(b"original-recipient") {
        About::Original
    } else if name.eq_ignore_ascii_case(b"final-recipient") {
        About::Final
    } else if name.eq_ignore_ascii_case(b"action") {
        About::Action
    } else if OUTCOME.iter().any(|known| name.eq_ignore_ascii_case(known)) {
        About::Outcome
    } else {
        About::Any
    }
}

/// Where the fields of each recipient begin. Empty lines say less than names do: they are left out, and put where they do
/// not belong.
fn begins(fields: &Fields<'_>) -> Vec<usize> {
    let kinds: Vec<About> = (0..fields.spans.len()).map(|at| about(fields.name(at))).collect();
    // By field: whether a Final-Recipient follows before an empty line does.
    let mut follows = vec![false; kinds.len()];
    let mut next = false;
    for ((follows, kind), apart) in follows.iter_mut().zip(&kinds).zip(&fields.apart).rev() {
        *follows = next;
        next = (next || *kind == About::Final) && !apart;
    }
    let mut begins = Vec::new();
    // What the open recipient has.
    let (mut open, mut original, mut address, mut action, mut outcome) = (false, false, false, false, false);
    for (at, ((kind, follows), apart)) in kinds.iter().zip(&follows).zip(&fields.apart).enumerate() {
        let another = match kind {
            About::Any => false,
            About::Outcome => !open,
            About::Action => !open || *apart && action,
            About::Original => !open || original || *apart && address || outcome && (*apart || *follows),
            About::Final => !open || address || outcome && *apart,
        };
        if another {
            begins.push(at);
            (open, original, address, action, outcome) = (true, false, false, false, false);
        }
        match kind {
            About::Any => {}
            About::Original => original = true,
            About::Final => address = true,
            About::Action => (action, outcome) = (true, true),
            About::Outcome => outcome = true,
        }
    }
    begins
}

/// Reads the decoded bytes of a message/delivery-status.
///
/// Lines may end with CRLF or LF, values may be folded, empty lines between recipients may be missing, or stand where they
/// do not belong.
#[must_use]
pub fn delivery_status(content: &[u8]) -> DeliveryStatus {
    let fields = Fields::read(content);
    let mut begins = begins(&fields);
    let mut complete = fields.complete;
    let mut end = fields.spans.len();
    if let Some(beyond) = begins.get(MAX_RECIPIENTS) {
        end = *beyond;
        complete = false;
        begins.truncate(MAX_RECIPIENTS);
    }
    let ends = begins.iter().skip(1).copied().chain([end]);
    let recipients: Vec<_> =
        begins.iter().zip(ends).map(|(from, to)| recipient(fields.block(*from, to))).collect();
    let message = fields.block(0, begins.first().copied().unwrap_or(end));
    let typed = |name: &str| text(&message, name).map(|text| Typed::parse(&text));
    DeliveryStatus {
        original_envelope_id: text(&message, "original-envelope-id"),
        reporting_mta: typed("reporting-mta"),
        dsn_gateway: typed("dsn-gateway"),
        received_from_mta: typed("received-from-mta"),
        arrival_date: message.date("arrival-date"),
        recipients,
        complete,
        fields: message,
    }
}

fn recipient(fields: Headers) -> Recipient {
    let typed = |name: &str| text(&fields, name).map(|text| Typed::parse(&text));
    let address = |name: &str| text(&fields, name).map(|text| Typed::address(&text));
    Recipient {
        original: address("original-recipient"),
        address: address("final-recipient"),
        action: text(&fields, "action").and_then(|text| word(&text)),
        status: text(&fields, "status").and_then(|text| Status::parse(&text)),
        remote_mta: typed("remote-mta"),
        diagnostic_code: typed("diagnostic-code"),
        last_attempt_date: fields.date("last-attempt-date"),
        final_log_id: text(&fields, "final-log-id"),
        will_retry_until: fields.date("will-retry-until"),
        fields,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Who the fields are about: those of the message, and of each recipient, by their values.
    fn divided(text: &str) -> String {
        let status = delivery_status(text.as_bytes());
        let values = |fields: &Headers| {
            fields.iter().map(|field| field.raw().escape_ascii().to_string()).collect::<String>()
        };
        let recipients = status.recipients.iter().map(|recipient| values(&recipient.fields));
        [values(&status.fields)].into_iter().chain(recipients).collect::<Vec<_>>().join(" ")
    }

    #[test]
    fn whom_fields_are_about() {
        let [mta, original, address, action, status, other] = [
            "Reporting-MTA:m\n",
            "Original-Recipient:o\n",
            "Final-Recipient:f\n",
            "Action:a\n",
            "Status:s\n",
            "X:x\n",
        ];
        let of = |lines: &[&str]| divided(&lines.concat());
        let gap = "\n";
        for (lines, expected) in [
            (&[][..], ""),
            (&[mta, other], "mx"),
            (&[mta, gap, address, action, gap, address, action], "m fa fa"),
            (&[gap, gap, mta, gap, gap, address, action, gap, gap], "m fa"),
            // No empty lines.
            (&[mta, other, address, action, other, address, action], "mx fax fa"),
            (&[mta, original, address, action, original, address, action], "m ofa ofa"),
            (&[mta, address, original, action, address, original, action], "m foa foa"),
            (&[mta, address, action, original, address, action], "m fa ofa"),
            (&[mta, original, address, action, address, action], "m ofa fa"),
            (&[mta, original, action, original, action], "m oa oa"),
            // Empty lines where none belong.
            (&[mta, gap, other, gap, address, gap, action, gap, status, gap, other], "mx fasx"),
            (&[mta, gap, original, gap, address, gap, action], "m ofa"),
            // An odd order.
            (&[mta, gap, action, address, gap, action, address], "m af af"),
            (&[mta, gap, address, action, original, gap, address, action], "m fao fa"),
            (&[mta, gap, address, action, gap, original, action], "m fa oa"),
            // Nobody is named; nobody else is.
            (&[mta, gap, action, status], "m as"),
            (&[address, action, gap, mta], " fam"),
            (&["no field\n", mta, " fold\n", gap, address], "no fieldm\\n fold f"),
        ] {
            assert_eq!(of(lines), expected, "{lines:?}");
        }
    }

    #[test]
    fn values() {
        let report = "Original-Envelope-ID: QQ314159\r\nReporting-MTA: dns; mx.example.org\r\nDSN-Gateway: dns; gate\r\n\
            Received-From-MTA: DNS;client.example (client [192.0.2.1])\r\nArrival-Date: Fri, 8 Jul 1994 09:21:25 -0400\r\n\
            X-Queue: 7\r\n\r\nOriginal-Recipient: rfc822;<Al@example.net>\r\nFinal-Recipient: X400; /C=us/\r\n\
            Action: FAILED (bad)\r\nStatus: 5.1.1 (no such user)\r\nRemote-MTA: dns; mx2 [192.0.2.7]\r\n\
            Diagnostic-Code: smtp; 550 5.1.1\r\n\tno; such user\r\nLast-Attempt-Date: 1 Jan 2001 00:00:00 +0000\r\n\
            Final-Log-ID: 4711\r\nWill-Retry-Until: never\r\n";
        let typed = |kind: &str, value: &str| Some(Typed { kind: kind.to_owned(), value: value.to_owned() });
        let got = delivery_status(report.as_bytes());
        let [recipient] = &got.recipients[..] else { unreachable!("one recipient") };
        assert_eq!((got.fields.len(), recipient.fields.len()), (6, 9));
        let date = |unix, offset| {
            Date::parse(format!("1 Jan 1970 00:00:00 {offset}").as_bytes()).map(|date| Date { unix, ..date })
        };
        assert_eq!(
            *recipient,
            Recipient {
                original: typed("rfc822", "Al@example.net"),
                address: typed("x400", "/C=us/"),
                action: Some("failed".to_owned()),
                status: Some(Status { class: 5, subject: 1, detail: 1 }),
                remote_mta: typed("dns", "mx2 [192.0.2.7]"),
                diagnostic_code: typed("smtp", "550 5.1.1\tno; such user"),
                last_attempt_date: date(978_307_200, "+0000"),
                final_log_id: Some("4711".to_owned()),
                will_retry_until: None,
                fields: recipient.fields.clone(),
            }
        );
        assert_eq!(
            got,
            DeliveryStatus {
                original_envelope_id: Some("QQ314159".to_owned()),
                reporting_mta: typed("dns", "mx.example.org"),
                dsn_gateway: typed("dns", "gate"),
                received_from_mta: typed("dns", "client.example (client [192.0.2.1])"),
                arrival_date: date(773_673_685, "-0400"),
                fields: got.fields.clone(),
                recipients: got.recipients.clone(),
                complete: true,
            }
        );
        assert_eq!(
            delivery_status(b""),
            DeliveryStatus { complete: true, fields: delivery_status(b"").fields, ..Default::default() }
        );
    }

    #[test]
    fn status_codes() {
        for (text, expected) in [
            ("5.1.1", Some("5.1.1")),
            (" 4.4.7 (expired)", Some("4.4.7")),
            ("5.7.509", Some("5.7.509")),
            ("2.0.0;x", Some("2.0.0")),
            ("5.1", None),
            ("5.1.1.1", None),
            ("55.1.1", None),
            ("5..1", None),
            ("5.1.1000", None),
            ("failed", None),
            ("", None),
        ] {
            assert_eq!(Status::parse(text).map(|status| status.to_string()).as_deref(), expected, "{text:?}");
        }
    }

    #[test]
    fn limits() {
        let got = delivery_status("Final-Recipient: a\n\n".repeat(MAX_RECIPIENTS + 1).as_bytes());
        assert_eq!((got.recipients.len(), got.complete), (MAX_RECIPIENTS, false));
    }
}
