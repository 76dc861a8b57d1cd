//! The header section of a message (RFC 5322 section 2.2), as the record shows it.

use crate::record::{AuthenticationResult, AuthenticationResults, HeaderField, Headers, Received, Text};
use std::collections::BTreeMap;

/// What the header section says.
#[derive(Debug, Default)]
pub(crate) struct Parsed {
    pub(crate) headers: Headers,
    pub(crate) fields: Vec<HeaderField>,
    pub(crate) received: Vec<Received>,
    pub(crate) authentication_results: Vec<AuthenticationResults>,
}

impl Parsed {
    pub(super) fn of(headers: &mime_extract::Headers) -> Self {
        let mut parsed = Self::default();
        for field in headers.iter().filter(|field| !field.name().is_empty()) {
            parsed.fields.push(HeaderField(
                Text::from(field.name()),
                Text::from(field.raw()),
                field.offset(),
            ));
            if field.is("received") {
                parsed.received.push(received(field.received()));
            } else if field.is("authentication-results") {
                parsed.authentication_results.push(authentication_results(field.authentication_results()));
            } else if let Some(slot) = parsed.slot(&field.name().to_ascii_lowercase()) {
                slot.get_or_insert_with(|| Text::from(field.text()));
            }
        }
        parsed
    }

    /// Where the field of that name is shown.
    fn slot(&mut self, name: &[u8]) -> Option<&mut Option<Text>> {
        let headers = &mut self.headers;
        Some(match name {
            b"from" => &mut headers.from,
            b"to" => &mut headers.to,
            b"cc" => &mut headers.cc,
            b"bcc" => &mut headers.bcc,
            b"reply-to" => &mut headers.reply_to,
            b"subject" => &mut headers.subject,
            b"date" => &mut headers.date,
            b"message-id" => &mut headers.message_id,
            b"in-reply-to" => &mut headers.in_reply_to,
            b"references" => &mut headers.references,
            b"return-path" => &mut headers.return_path,
            b"delivery-date" => &mut headers.delivery_date,
            b"envelope-to" => &mut headers.envelope_to,
            b"content-type" => &mut headers.content_type,
            b"content-language" => &mut headers.content_language,
            b"x-originating-ip" => &mut headers.x_originating_ip,
            b"user-agent" => &mut headers.user_agent,
            _ => return None,
        })
    }
}

fn received(field: mime_extract::Received) -> Received {
    let text = |value: Option<String>| value.map(Text::from);
    Received {
        from: text(field.from),
        helo: text(field.helo),
        host: text(field.host),
        ip: field.ip.map(|ip| ip.to_string()),
        by: text(field.by),
        via: text(field.via),
        with: text(field.with),
        id: text(field.id),
        recipient: text(field.recipient),
        date: text(field.date),
    }
}

fn authentication_results(field: mime_extract::AuthenticationResults) -> AuthenticationResults {
    let text = |value: Option<String>| value.map(Text::from);
    let results = field.results.into_iter().map(|one| {
        let mut properties = BTreeMap::new();
        for (name, value) in one.properties {
            properties.entry(Text::from(name)).or_insert_with(|| Text::from(value));
        }
        AuthenticationResult {
            method: Text::from(one.method),
            result: Text::from(one.result),
            reason: text(one.reason),
            comment: text(one.comment),
            properties,
        }
    });
    AuthenticationResults { server: text(field.server), results: results.collect() }
}

#[cfg(test)]
mod tests {
    use super::*;
    use mime_extract::{Config, EventKind, Extractor};

    fn parse(message: &'static str) -> Parsed {
        let mut extractor = Extractor::new(Config::default());
        extractor.push(message.into());
        extractor.finish();
        let headers = extractor.events().find_map(|event| match event.kind {
            EventKind::Headers(headers) => Some(headers),
            _ => None,
        });
        Parsed::of(&headers.unwrap())
    }

    #[test]
    fn fields_are_shown_raw_and_decoded() {
        let parsed =
            parse("From: =?utf-8?q?J=C3=B6rg?= <j@x>\r\nSubject: one\r\n two\r\nX-Y: z\r\n\r\nTo: body\r\n");
        let fields: Vec<_> =
            parsed.fields.iter().map(|field| (field.0.as_str(), field.1.as_str(), field.2)).collect();
        let expected =
            [("From", "=?utf-8?q?J=C3=B6rg?= <j@x>", 0), ("Subject", "one\r\n two", 35), ("X-Y", "z", 55)];
        assert_eq!(fields, expected);
        assert_eq!(parsed.headers.from, Some(Text::from("J\u{f6}rg <j@x>")));
        assert_eq!(parsed.headers.subject, Some(Text::from("one two")));
        assert_eq!(parsed.headers.to, None);
    }

    #[test]
    fn the_way_and_the_checks() {
        let parsed = parse(
            "Received: from c (h.example [192.0.2.1])\r\n by mx (Postfix) with ESMTP id 7 for <b@y>; Mon, 1 Jan 2001 00:00:00 GMT\r\nAuthentication-Results: mx; spf=fail (no) smtp.mailfrom=a@x smtp.mailfrom=z\r\n\r\n",
        );
        assert_eq!(
            serde_json::to_value((&parsed.received, &parsed.authentication_results)).unwrap(),
            serde_json::json!([
                [{"from": "c (h.example [192.0.2.1])", "helo": "c", "host": "h.example", "ip": "192.0.2.1", "by": "mx (Postfix)",
                  "with": "ESMTP", "id": "7", "for": "b@y", "date": "Mon, 1 Jan 2001 00:00:00 GMT"}],
                [{"server": "mx", "results": [
                    {"method": "spf", "result": "fail", "comment": "no", "properties": {"smtp.mailfrom": "a@x"}}]}],
            ])
        );
    }

    #[test]
    fn the_first_of_two_counts() {
        let parsed = parse("Subject: one\r\nSubject: two\r\nsubject: three\r\n\r\n");
        assert_eq!((parsed.headers.subject, parsed.fields.len()), (Some(Text::from("one")), 3));
    }
}
