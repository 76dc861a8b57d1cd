//! What became of a message after its delivery (RFC 8098), and complaints about one (RFC 5965).

use super::{Fields, Typed, text, word};
use crate::headers::{AuthenticationResults, Date, Headers};
use core::net::IpAddr;

/// A message/disposition-notification: the receipt that a mail program sends.
#[non_exhaustive]
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Disposition {
    /// Reporting-UA: the mail program, and what it runs on.
    pub reporting_ua: Option<String>,
    /// Original-Recipient: as the sender said it.
    pub original_recipient: Option<Typed>,
    /// Final-Recipient: whose receipt it is.
    pub final_recipient: Option<Typed>,
    /// Original-Message-ID, without angle brackets.
    pub original_message_id: Option<String>,
    /// `manual-action` or `automatic-action`, as all that follows in lower case.
    pub action_mode: Option<String>,
    /// `mdn-sent-manually` or `mdn-sent-automatically`.
    pub sending_mode: Option<String>,
    /// `displayed`, `deleted`, `dispatched`, `processed`.
    pub disposition: Option<String>,
    /// `error` and others.
    pub modifiers: Vec<String>,
    /// All fields.
    pub fields: Headers,
    /// Whether all of the report is here.
    pub complete: bool,
}

/// A message/feedback-report: what a provider tells of a message that somebody complained about (ARF).
#[non_exhaustive]
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Feedback {
    /// Feedback-Type in lower case: `abuse`, `fraud`, `virus`, `auth-failure`, `not-spam`, `other`.
    pub kind: Option<String>,
    /// User-Agent: what made the report.
    pub user_agent: Option<String>,
    /// Source-IP: where the message came from.
    pub source_ip: Option<IpAddr>,
    /// Original-Envelope-Id.
    pub original_envelope_id: Option<String>,
    /// Original-Mail-From, without angle brackets.
    pub original_mail_from: Option<String>,
    /// Original-Rcpt-To, each without angle brackets.
    pub original_rcpt_to: Vec<String>,
    /// Arrival-Date, or Received-Date.
    pub arrival_date: Option<Date>,
    /// Reporting-MTA.
    pub reporting_mta: Option<Typed>,
    /// Authentication-Results.
    pub authentication_results: Vec<AuthenticationResults>,
    /// Reported-Domain.
    pub reported_domains: Vec<String>,
    /// Reported-URI.
    pub reported_uris: Vec<String>,
    /// Incidents: how many reports this one stands for.
    pub incidents: Option<u64>,
    /// All fields.
    pub fields: Headers,
    /// Whether all of the report is here.
    pub complete: bool,
}

/// Reads the decoded bytes of a message/disposition-notification or message/global-disposition-notification.
///
/// ```
/// let receipt = mime_extract::report::disposition(
///     b"Final-Recipient: rfc822;bob@example.net\nDisposition: manual-action/MDN-sent-manually; displayed\n",
/// );
/// assert_eq!(receipt.final_recipient.unwrap().value, "bob@example.net");
/// assert_eq!(receipt.disposition.as_deref(), Some("displayed"));
/// ```
#[must_use]
pub fn disposition(content: &[u8]) -> Disposition {
    let fields = Fields::read(content);
    let (complete, fields) = (fields.complete, fields.all());
    let address = |name: &str| text(&fields, name).map(|text| Typed::address(&text));
    // RFC 8098 section 3.2.6: `action-mode "/" sending-mode ";" disposition-type [ "/" modifier *( "," modifier ) ]`
    let said = text(&fields, "disposition").unwrap_or_default();
    let (mode, result) = said.split_once(';').unwrap_or(("", &said));
    let (action, sending) = mode.split_once('/').unwrap_or((mode, ""));
    let (disposition, modifiers) = result.split_once('/').unwrap_or((result, ""));
    Disposition {
        reporting_ua: text(&fields, "reporting-ua"),
        original_recipient: address("original-recipient"),
        final_recipient: address("final-recipient"),
        original_message_id: fields.message_ids("original-message-id").into_iter().next(),
        action_mode: word(action),
        sending_mode: word(sending),
        disposition: word(disposition),
        modifiers: modifiers.split(',').filter_map(word).collect(),
        complete,
        fields,
    }
}

/// Reads the decoded bytes of a message/feedback-report.
///
/// ```
/// let report = mime_extract::report::feedback(
///     b"Feedback-Type: abuse\nUser-Agent: Reporter/1\nVersion: 1\nSource-IP: 192.0.2.1\n",
/// );
/// assert_eq!(report.kind.as_deref(), Some("abuse"));
/// assert_eq!(report.source_ip, "192.0.2.1".parse().ok());
/// ```
#[must_use]
pub fn feedback(content: &[u8]) -> Feedback {
    let fields = Fields::read(content);
    let (complete, fields) = (fields.complete, fields.all());
    let bare = |text: String| match text.strip_prefix('<').and_then(|rest| rest.strip_suffix('>')) {
        Some(bare) => bare.to_owned(),
        None => text,
    };
    let all = |name: &str| {
        fields.all(name).map(|field| field.text()).filter(|text| !text.is_empty()).collect::<Vec<_>>()
    };
    let first_word = |name: &str| text(&fields, name).and_then(|text| word(&text));
    Feedback {
        kind: first_word("feedback-type"),
        user_agent: text(&fields, "user-agent"),
        source_ip: first_word("source-ip").and_then(|word| word.trim_matches(['[', ']']).parse().ok()),
        original_envelope_id: text(&fields, "original-envelope-id"),
        original_mail_from: text(&fields, "original-mail-from").map(bare),
        original_rcpt_to: all("original-rcpt-to").into_iter().map(bare).collect(),
        arrival_date: fields.date("arrival-date").or_else(|| fields.date("received-date")),
        reporting_mta: text(&fields, "reporting-mta").map(|text| Typed::parse(&text)),
        authentication_results: fields.authentication_results(),
        reported_domains: all("reported-domain"),
        reported_uris: all("reported-uri"),
        incidents: first_word("incidents").and_then(|word| word.parse().ok()),
        complete,
        fields,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn typed(kind: &str, value: &str) -> Option<Typed> {
        Some(Typed { kind: kind.to_owned(), value: value.to_owned() })
    }

    #[test]
    fn receipts() {
        let some = |text: &str| Some(text.to_owned());
        let got = disposition(
            b"Reporting-UA: joes-pc.cs.example.com; Foomail 97.1\r\nOriginal-Recipient: rfc822;Joe@example.com\r\n\
              Final-Recipient: rfc822;<joe@cs.example.com>\r\nOriginal-Message-ID: <1@example.com>\r\n\
              Disposition: manual-action/MDN-sent-manually;\r\n displayed/Error, expired\r\nX-More: y\r\n",
        );
        assert_eq!(
            got,
            Disposition {
                reporting_ua: some("joes-pc.cs.example.com; Foomail 97.1"),
                original_recipient: typed("rfc822", "Joe@example.com"),
                final_recipient: typed("rfc822", "joe@cs.example.com"),
                original_message_id: some("1@example.com"),
                action_mode: some("manual-action"),
                sending_mode: some("mdn-sent-manually"),
                disposition: some("displayed"),
                modifiers: vec!["error".to_owned(), "expired".to_owned()],
                fields: got.fields.clone(),
                complete: true,
            }
        );
        assert_eq!(got.fields.text("x-more").as_deref(), Some("y"));
        for (text, expected) in [
            ("Disposition: displayed", (None, None, some("displayed"))),
            ("Disposition: automatic-action; deleted (x)", (some("automatic-action"), None, some("deleted"))),
            ("Disposition:", (None, None, None)),
            ("", (None, None, None)),
        ] {
            let got = disposition(text.as_bytes());
            assert_eq!((got.action_mode, got.sending_mode, got.disposition), expected, "{text:?}");
        }
    }

    #[test]
    fn complaints() {
        let some = |text: &str| Some(text.to_owned());
        let got = feedback(
            b"Feedback-Type: Abuse\r\nUser-Agent: SomeGenerator/1.0\r\nVersion: 1\r\nOriginal-Mail-From: <somespammer@example.net>\r\n\
              Original-Rcpt-To: <user@example.com>\r\nOriginal-Rcpt-To: other@example.com\r\nReceived-Date: Thu, 8 Mar 2005 14:00:00 -0500\r\n\
              Reporting-MTA: dns; mail.example.com\r\nSource-IP: [IPv6:bad]\r\nSource-IP: 192.0.2.1\r\nIncidents: 3\r\n\
              Authentication-Results: mail.example.com; spf=fail smtp.mail=a@example.com\r\nReported-Domain: example.net\r\n\
              Reported-Uri: http://example.net/earn_money.html\r\nOriginal-Envelope-Id: e\r\n",
        );
        let date = Date::parse(b"8 Mar 2005 14:00:00 -0500");
        assert_eq!(
            got,
            Feedback {
                kind: some("abuse"),
                user_agent: some("SomeGenerator/1.0"),
                source_ip: None,
                original_envelope_id: some("e"),
                original_mail_from: some("somespammer@example.net"),
                original_rcpt_to: vec!["user@example.com".to_owned(), "other@example.com".to_owned()],
                arrival_date: date,
                reporting_mta: typed("dns", "mail.example.com"),
                authentication_results: got.fields.authentication_results(),
                reported_domains: vec!["example.net".to_owned()],
                reported_uris: vec!["http://example.net/earn_money.html".to_owned()],
                incidents: Some(3),
                fields: got.fields.clone(),
                complete: true,
            }
        );
        assert_eq!((got.fields.len(), got.authentication_results.len()), (15, 1));
        assert!(date.is_some());
    }
}
