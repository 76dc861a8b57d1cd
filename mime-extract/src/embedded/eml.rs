//! Messages in files that are declared as something else: told by their header block.

use crate::headers::line::{Line, classify, is_from};
use crate::slice;

/// So much of a file is looked at.
pub(super) const LOOK: usize = 4 << 10;

/// Fields that messages begin with; not such as other formats have too.
const KNOWN: [&[u8]; 26] = [
    b"received",
    b"return-path",
    b"delivered-to",
    b"from",
    b"to",
    b"cc",
    b"bcc",
    b"subject",
    b"date",
    b"message-id",
    b"mime-version",
    b"reply-to",
    b"sender",
    b"in-reply-to",
    b"references",
    b"dkim-signature",
    b"authentication-results",
    b"received-spf",
    b"arc-seal",
    b"content-type",
    b"content-transfer-encoding",
    b"x-mailer",
    b"x-received",
    b"envelope-to",
    b"x-originating-ip",
    b"user-agent",
];

/// Whether the name ends in one of the extensions.
pub(super) fn has_extension(name: &str, extensions: &[&str]) -> bool {
    name.trim_end()
        .rsplit_once('.')
        .is_some_and(|(_, extension)| extensions.iter().any(|one| extension.eq_ignore_ascii_case(one)))
}

/// Whether a file that begins with `head` is a message: two fields that messages have, one if it is called so, before
/// anything that is no field. `ended`: there is no more of it. `None`: more of it would say.
pub(super) fn is_message(head: &[u8], ended: bool, called_so: bool) -> Option<bool> {
    let need = if called_so { 1 } else { 2 };
    let mut known: Vec<&[u8]> = Vec::new();
    let mut rest = slice::split(head, LOOK).0;
    let ended = ended || head.len() >= LOOK;
    let mut first = true;
    loop {
        let len = memchr::memchr(b'\n', rest);
        if len.is_none() && !ended {
            // What cannot become a field is none at once.
            let hopeless =
                matches!(classify(rest, false), Line::Junk) && !(first && b"From ".starts_with(rest));
            return (hopeless && !is_from(rest)).then_some(false);
        }
        let (line, behind) = slice::split(rest, len.map_or(rest.len(), |len| len + 1));
        if line.is_empty() {
            return Some(known.len() >= need);
        }
        match classify(line, true) {
            Line::Field { name_end, .. } => {
                let name = slice::split(line, name_end).0;
                let one = KNOWN.iter().find(|known| known.eq_ignore_ascii_case(name));
                if let Some(one) = one
                    && !known.contains(one)
                {
                    known.push(one);
                }
                // The first line of the next field or of the body shows that this one is whole.
                if known.len() >= need && !behind.is_empty() {
                    return Some(true);
                }
            }
            Line::Fold if !first => {}
            Line::Blank => return Some(known.len() >= need),
            _ if first && is_from(line) => {}
            _ => return Some(false),
        }
        (first, rest) = (false, behind);
    }
}

/// Whether content that was signed begins as a tree of parts does, with a field; other content is a file. `None`: more
/// of it would say.
pub(super) fn is_entity(head: &[u8], ended: bool) -> Option<bool> {
    let line = slice::split(head, LOOK).0;
    let len = memchr::memchr(b'\n', line);
    if len.is_none() && !ended && head.len() < LOOK {
        return matches!(classify(line, false), Line::Junk).then_some(false);
    }
    let line = slice::split(line, len.map_or(line.len(), |len| len + 1)).0;
    let Line::Field { name_end, .. } = classify(line, true) else { return Some(false) };
    let name = slice::split(line, name_end).0.to_ascii_lowercase();
    let plain = name.iter().all(|byte| byte.is_ascii_alphanumeric() || *byte == b'-');
    Some(
        KNOWN.contains(&name.as_slice())
            || plain
                && (name.starts_with(b"content-") || name.starts_with(b"x-") || name.starts_with(b"mime-")),
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn messages_and_others() {
        for (head, ended, called, expected) in [
            ("Received: a\r\nFrom: b\r\nX", false, false, Some(true)),
            ("Received: a\r\n b\r\nFrom: b\r\n", false, false, None),
            ("Received: a\r\nFrom: b\r\n", true, false, Some(true)),
            ("From a@b Mon\nSubject: x\nTo: y\n\nz", false, false, Some(true)),
            ("From: a\n\ntext", false, false, Some(false)),
            ("From: a\n\ntext", false, true, Some(true)),
            ("From: a\nX-Y: b\nthis is text\n", false, false, Some(false)),
            ("Rece", false, false, None),
            ("Rece", true, true, Some(false)),
            ("PK\x03\x04", false, true, Some(false)),
            ("{\"a\": 1}", true, false, Some(false)),
            ("", false, false, None),
            ("", true, true, Some(false)),
            (" fold\nFrom: a\nTo: b\nc", false, false, Some(false)),
        ] {
            assert_eq!(is_message(head.as_bytes(), ended, called), expected, "{head:?} {ended} {called}");
        }
    }

    #[test]
    fn entities_and_files() {
        for (head, ended, expected) in [
            ("Content-Type: text/plain\r\n\r\nx", false, Some(true)),
            ("content-type: text/pl", false, None),
            ("MIME-Version: 1.0\n", false, Some(true)),
            ("X-Y: 1\n", false, Some(true)),
            ("%PDF-1.7\n", false, Some(false)),
            ("Note: text\n", false, Some(false)),
            ("Cont", true, Some(false)),
        ] {
            assert_eq!(is_entity(head.as_bytes(), ended), expected, "{head:?} {ended}");
        }
    }

    #[test]
    fn extensions() {
        assert!(has_extension("a.b.EML ", &["eml"]) && !has_extension("eml", &["eml"]));
    }
}
