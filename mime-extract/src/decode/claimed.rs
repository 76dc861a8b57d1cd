//! Base64 that a message claims for itself.
//!
//! RFC 2045 section 6.4 allows message/rfc822 no base64. Some senders encode the message all the same, others only say
//! so: their message stands there in plain text, and is told from base64 by its first header field.

use super::base64::Base64;
use super::{Fault, Origin};
use crate::Anomaly;
use crate::slice;

/// Longest name of a field, and the blank lines before it, that are held until it shows what they are.
const MAX_HELD: usize = 256;

#[derive(Debug)]
pub(crate) enum Claimed {
    /// The bytes so far do not say.
    Open {
        held: Vec<u8>,
        start: u64,
    },
    Base64(Base64),
    /// Plain text, and where it was recognised.
    Plain(Fault),
}

impl Default for Claimed {
    fn default() -> Self {
        Self::Open { held: Vec::new(), start: 0 }
    }
}

/// Whether `text` begins with a header field; `None`: more of it would say.
fn is_field(text: &[u8]) -> Option<bool> {
    let text = slice::trim_start(text, slice::is_space);
    let name = text.iter().take_while(|byte| byte.is_ascii_alphanumeric() || **byte == b'-').count();
    match slice::split(text, name).1 {
        // Base64 may hold a colon by accident; nobody writes a blank behind it.
        [b':', next, ..] => Some(name > 0 && slice::is_space(*next)),
        [] | [b':'] if text.len() < MAX_HELD => None,
        _ => Some(false),
    }
}

impl Claimed {
    pub(super) fn push(&mut self, run: &[u8], origin: Origin) -> Vec<u8> {
        match self {
            Self::Base64(decoder) => decoder.push(run, origin),
            Self::Plain(_) => run.to_vec(),
            Self::Open { held, start } => {
                if held.is_empty() {
                    *start = origin.start;
                }
                let room = MAX_HELD.saturating_sub(held.len());
                let (more, rest) = slice::split(run, room);
                held.extend_from_slice(more);
                if rest.is_empty() && held.len() < MAX_HELD && is_field(held).is_none() {
                    return Vec::new();
                }
                let origin = Origin { end: origin.end, ..origin };
                let mut out = self.decide();
                out.extend(self.push(rest, origin.part(more.len(), run.len())));
                out
            }
        }
    }

    /// Says what it is, and decodes what was held.
    fn decide(&mut self) -> Vec<u8> {
        let Self::Open { held, start } = self else { return Vec::new() };
        let (held, start) = (core::mem::take(held), *start);
        if is_field(&held) == Some(true) {
            let mut fault = Fault::default();
            fault.add(1, start);
            *self = Self::Plain(fault);
            return held;
        }
        let mut decoder = Base64::default();
        let end = start.saturating_add(held.len() as u64);
        let out = decoder.push(&held, Origin { start, end, exact: true });
        *self = Self::Base64(decoder);
        out
    }

    pub(super) fn gap(&mut self) -> Vec<u8> {
        let mut out = self.decide();
        if let Self::Base64(decoder) = self {
            out.extend(decoder.gap());
        }
        out
    }

    pub(super) fn finish(&mut self, whole: bool, at: u64) -> Vec<u8> {
        // A cut may have taken the colon.
        if !whole && let Self::Open { held, .. } = self {
            held.clear();
        }
        let mut out = self.decide();
        if let Self::Base64(decoder) = self {
            out.extend(decoder.finish(whole, at));
        }
        out
    }

    pub(super) fn faults(&self) -> Vec<(Anomaly, u64)> {
        match self {
            Self::Open { .. } => Vec::new(),
            Self::Base64(decoder) => decoder.faults(),
            Self::Plain(fault) => fault.told(|_| Anomaly::CtePlain).into_iter().collect(),
        }
    }

    pub(super) const fn is_partial(&self) -> bool {
        match self {
            Self::Base64(decoder) => decoder.is_partial(),
            Self::Open { .. } | Self::Plain(_) => false,
        }
    }

    pub(super) const fn memory(&self) -> usize {
        match self {
            Self::Open { held, .. } => held.capacity(),
            Self::Base64(decoder) => decoder.memory(),
            Self::Plain(_) => 0,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn decode(text: &str, size: usize, whole: bool) -> (String, Vec<&'static str>) {
        let mut decoder = Claimed::default();
        let (mut bytes, mut at) = (Vec::new(), 0);
        for chunk in text.as_bytes().chunks(size) {
            let end = at + chunk.len() as u64;
            bytes.extend(decoder.push(chunk, Origin { start: at, end, exact: true }));
            at = end;
        }
        bytes.extend(decoder.finish(whole, at));
        let codes = decoder.faults().iter().map(|(anomaly, _)| anomaly.code()).collect();
        (bytes.escape_ascii().to_string(), codes)
    }

    #[test]
    fn a_field_is_plain_text_and_all_else_is_base64() {
        let blank = format!("{}U3ViamVjdDogeA==", "\r\n".repeat(200));
        for (text, whole, bytes, codes) in [
            ("Subject: x\r\n\r\nZm9v", true, "Subject: x\\r\\n\\r\\nZm9v", &["cte-plain"][..]),
            ("\r\nX-A:\r\n b\n\n", true, "\\r\\nX-A:\\r\\n b\\n\\n", &["cte-plain"]),
            ("U3ViamVjdDogeA==", true, "Subject: x", &[]),
            ("U3ViamVj:dDogeA==", true, "Subject: x", &["b64-foreign-char"]),
            (&blank, true, "Subject: x", &[]),
            // Cut before it shows.
            ("Subject:", false, "", &[]),
            ("U3Vi", false, "", &[]),
            ("U3Vi\n", false, "Sub", &[]),
        ] {
            for size in [1, 2, 3, 7, 100, 1000] {
                assert_eq!(
                    decode(text, size, whole),
                    (bytes.to_owned(), codes.to_vec()),
                    "{text:?} by {size}"
                );
            }
        }
    }
}
