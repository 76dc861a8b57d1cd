//! The `begin-base64 644 name` line of POSIX uuencode, which some senders leave before the base64 of a part.

use crate::slice;

const BEGIN: &[u8] = b"begin-base64 ";

/// Longest line that is one; of what is longer the rest is base64.
const MAX_LINE: usize = 1024;

/// What looks for the line at the start of a part.
#[derive(Debug, Default)]
pub(crate) enum Begin {
    /// The bytes so far may begin it; none are decoded.
    #[default]
    Start,
    Look(Vec<u8>),
    /// There was one.
    Found,
    None,
}

impl Begin {
    pub(super) const fn is_open(&self) -> bool {
        matches!(self, Self::Start | Self::Look(_))
    }

    pub(super) const fn is_found(&self) -> bool {
        matches!(self, Self::Found)
    }

    /// Takes the next bytes. What is held and is no such line, the rest of the bytes, and the name in the line.
    pub(super) fn push<'a>(&mut self, run: &'a [u8]) -> (Vec<u8>, &'a [u8], Option<String>) {
        let held = match self {
            Self::Start => Vec::new(),
            Self::Look(held) => core::mem::take(held),
            Self::Found | Self::None => return (Vec::new(), run, None),
        };
        // Nearly always the first byte says that it is none.
        let may = |first: Option<&u8>| first == BEGIN.first();
        if held.is_empty() && !run.is_empty() && !may(run.first()) {
            *self = Self::None;
            return (held, run, None);
        }
        let room = MAX_LINE.saturating_sub(held.len());
        let line_end = memchr::memchr(b'\n', slice::split(run, room).0).map(|len| len + 1);
        let (more, rest) = slice::split(run, line_end.unwrap_or(room));
        let line = [&held, more].concat();
        if !line.starts_with(BEGIN) && !BEGIN.starts_with(&line)
            || line_end.is_none() && line.len() >= MAX_LINE
        {
            *self = Self::None;
            // What was held was not more than the line may begin with, or a whole line too long.
            return (line, rest, None);
        }
        if line_end.is_none() {
            *self = Self::Look(line);
            return (Vec::new(), rest, None);
        }
        if !line.starts_with(BEGIN) {
            *self = Self::None;
            return (line, rest, None);
        }
        *self = Self::Found;
        let text = slice::trim(slice::split(&line, BEGIN.len()).1, slice::is_space);
        let name = text.iter().position(|byte| *byte == b' ').map(|at| slice::split(text, at).1);
        let name = name.map(|name| slice::trim(name, slice::is_space)).filter(|name| !name.is_empty());
        (Vec::new(), rest, name.map(|name| crate::charset::guess(name).text.into_owned()))
    }

    /// No more comes; what is held, if nothing can follow it.
    pub(super) fn finish(&mut self, whole: bool) -> Vec<u8> {
        match core::mem::replace(self, Self::None) {
            Self::Look(held) if whole => held,
            found @ Self::Found => {
                *self = found;
                Vec::new()
            }
            _ => Vec::new(),
        }
    }

    pub(super) const fn memory(&self) -> usize {
        match self {
            Self::Look(held) => held.capacity(),
            _ => 0,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines() {
        let long = format!("begin-base64 {}", "x".repeat(2000));
        for (text, decoded, name) in [
            ("begin-base64 644 f.pdf\r\nQUJD", "QUJD", Some("f.pdf")),
            ("begin-base64 644\nQUJD", "QUJD", None),
            ("begin-base64 644 two words.x \nQUJD", "QUJD", Some("two words.x")),
            ("begin\nQUJD", "begin\nQUJD", None),
            ("begin-base64", "begin-base64", None),
            ("QUJD", "QUJD", None),
            ("bQ==", "bQ==", None),
            (&long, &long, None),
        ] {
            for size in [1, 3, 5000] {
                let (mut begin, mut out, mut found) = (Begin::default(), Vec::new(), None);
                for chunk in text.as_bytes().chunks(size) {
                    let (held, rest, name) = begin.push(chunk);
                    out.extend(held);
                    out.extend_from_slice(rest);
                    found = found.or(name);
                }
                out.extend(begin.finish(true));
                assert_eq!(
                    (out.as_slice(), found.as_deref()),
                    (decoded.as_bytes(), name),
                    "{text:?} by {size}"
                );
            }
        }
    }
}
