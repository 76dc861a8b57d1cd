//! The envelope beside the header: what the client told the server, and what the reader is told.

use mime_extract::{Address, Headers};
use serde::Serialize;
use std::collections::BTreeSet;

use super::preview::addresses;
use crate::record::Envelope;

/// Both, and where they differ.
#[derive(Debug, Default, PartialEq, Eq, Serialize)]
pub(super) struct Compared {
    pub(super) from: Vec<Named>,
    pub(super) sender: Vec<Named>,
    pub(super) reply_to: Vec<Named>,
    pub(super) return_path: Vec<Named>,
    pub(super) to: Vec<Named>,
    pub(super) cc: Vec<Named>,
    pub(super) bcc: Vec<Named>,
    /// The envelope's sender is neither in From nor in Sender; absent where one of them is not known.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) sender_differs: Option<bool>,
    /// For each recipient of the envelope, whether the header names it.
    pub(super) named: Vec<bool>,
    /// The address in the header is no recipient in the envelope; in the order of To, Cc and Bcc.
    pub(super) unsent: Vec<bool>,
}

/// An address of the header.
#[derive(Debug, PartialEq, Eq, Serialize)]
pub(super) struct Named {
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) name: Option<String>,
    pub(super) address: String,
}

impl From<Address> for Named {
    fn from(address: Address) -> Self {
        Self { name: address.name, address: address.address }
    }
}

/// Mail servers could tell upper from lower case in front of the `@`; none does.
fn folded(address: &str) -> String {
    address.trim().to_lowercase()
}

pub(super) fn compare(envelope: Option<&Envelope>, headers: &Headers, most: usize) -> Compared {
    let list = |name| addresses(headers, name, most).into_iter().map(Named::from).collect::<Vec<_>>();
    let mut compared = Compared {
        from: list("from"),
        sender: list("sender"),
        reply_to: list("reply-to"),
        return_path: list("return-path"),
        to: list("to"),
        cc: list("cc"),
        bcc: list("bcc"),
        ..Compared::default()
    };
    let Some(envelope) = envelope else { return compared };
    let authors: BTreeSet<_> =
        compared.from.iter().chain(&compared.sender).map(|author| folded(&author.address)).collect();
    compared.sender_differs = envelope
        .mail_from
        .as_ref()
        // The null sender is that of reports, which are from somebody all the same.
        .filter(|from| !authors.is_empty() && !from.as_str().is_empty())
        .map(|from| !authors.contains(&folded(from.as_str())));
    let addressed = || compared.to.iter().chain(&compared.cc).chain(&compared.bcc);
    let in_header: BTreeSet<_> = addressed().map(|address| folded(&address.address)).collect();
    let in_envelope: BTreeSet<_> = envelope.rcpt_to.iter().map(|to| folded(to.address.as_str())).collect();
    let named = envelope.rcpt_to.iter().map(|to| in_header.contains(&folded(to.address.as_str()))).collect();
    let unsent = addressed().map(|address| !in_envelope.contains(&folded(&address.address))).collect();
    (compared.named, compared.unsent) = (named, unsent);
    compared
}

#[cfg(test)]
mod tests {
    use mime_extract::{Config, EventKind, Extractor};

    use super::*;
    use crate::record::Recipient;

    fn headers(text: &'static str) -> Headers {
        let mut extractor = Extractor::new(Config::default());
        extractor.push(text.into());
        extractor.finish();
        let found = extractor.events().find_map(|event| match event.kind {
            EventKind::Headers(headers) => Some(headers),
            _ => None,
        });
        found.unwrap()
    }

    fn envelope(from: Option<&str>, to: &[&str]) -> Envelope {
        Envelope {
            mail_from: from.map(Into::into),
            rcpt_to: to.iter().map(|to| Recipient::new((*to).into())).collect(),
            ..Envelope::default()
        }
    }

    #[test]
    fn where_they_differ() {
        let headers = headers(
            "From: Ann <Ann@A.example>\r\nTo: b@b.example, G: c@c.example;\r\nCc: d@d.example\r\n\r\n",
        );
        let given = envelope(Some("ann@a.example"), &["B@b.example", "hidden@x.example"]);
        let compared = compare(Some(&given), &headers, 100);
        assert_eq!(compared.sender_differs, Some(false));
        assert_eq!(compared.named, [true, false]);
        assert_eq!(compared.unsent, [false, true, true]);
        assert_eq!(
            compared.from,
            [Named { name: Some("Ann".to_owned()), address: "Ann@A.example".to_owned() }]
        );
        for (from, differs) in [(Some("eve@e.example"), Some(true)), (Some(""), None), (None, None)] {
            assert_eq!(compare(Some(&envelope(from, &[])), &headers, 100).sender_differs, differs);
        }
        let compared = compare(None, &headers, 1);
        assert_eq!((compared.to.len(), compared.named.len(), compared.sender_differs), (1, 0, None));
    }
}
