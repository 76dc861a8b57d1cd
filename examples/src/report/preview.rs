//! What a reader of the report sees of a message: its text, and the addresses of its header.

use std::io::Read;

use bytes::Bytes;
use mime_extract::{Address, Config, EventKind, Extractor, Headers, Part, PartKind, text};
use serde::Serialize;

use super::{Limits, escape, markup};
use crate::record::Missing;

/// The text of a part.
#[derive(Debug, Default, PartialEq, Eq, Serialize)]
pub(super) struct Shown {
    /// Of the part.
    pub(super) path: String,
    /// `text/plain`, `text/html`, ..
    pub(super) kind: String,
    pub(super) text: String,
    /// There is more of it.
    pub(super) cut: bool,
}

/// What was read of a message.
#[derive(Debug, Default)]
pub(super) struct Preview {
    pub(super) texts: Vec<Shown>,
    /// Text parts that there was no room for.
    pub(super) more: usize,
    pub(super) headers: Option<Headers>,
    /// Not all of the message was read.
    pub(super) cut: bool,
}

/// A part whose text is wanted.
struct Open {
    number: u32,
    part: Box<Part>,
    content: Vec<u8>,
    cut: bool,
}

/// Reads a message from its file, in which what is `missing` does not stand.
pub(super) fn of(mut file: impl Read, missing: &[Missing], limits: &Limits) -> std::io::Result<Preview> {
    let mut content = Vec::new();
    file.by_ref().take(limits.read as u64 + 1).read_to_end(&mut content)?;
    let cut = content.len() > limits.read;
    content.truncate(limits.read);
    let mut reading = Reading {
        limits: *limits,
        room: limits.text,
        open: Vec::new(),
        preview: Preview { cut, ..Preview::default() },
    };
    // What is inside of compressed parts is not shown.
    let mut extractor = Extractor::new(Config::default().max_expansion(1 << 20));
    let (mut rest, mut at) = (Bytes::from(content), 0);
    for hole in missing {
        let before = usize::try_from(hole.offset.saturating_sub(at)).unwrap_or(usize::MAX);
        extractor.push(rest.split_to(before.min(rest.len())));
        reading.take(&mut extractor);
        if rest.is_empty() && cut {
            break;
        }
        extractor.gap(hole.length);
        at = hole.offset.saturating_add(hole.length.unwrap_or(0));
    }
    if !rest.is_empty() {
        extractor.push(rest);
    }
    reading.take(&mut extractor);
    extractor.finish();
    reading.take(&mut extractor);
    Ok(reading.preview)
}

struct Reading {
    limits: Limits,
    /// Bytes of text that may still be shown.
    room: usize,
    open: Vec<Open>,
    preview: Preview,
}

impl Reading {
    fn take(&mut self, extractor: &mut Extractor) {
        while let Some(event) = extractor.poll_event() {
            match event.kind {
                EventKind::Headers(headers) if self.preview.headers.is_none() => {
                    self.preview.headers = Some(headers);
                }
                EventKind::PartStart(part) if is_text(&part) => {
                    if self.room == 0 {
                        self.preview.more += 1;
                    } else {
                        self.open.push(Open { number: event.part, part, content: Vec::new(), cut: false });
                    }
                }
                EventKind::PartData(bytes) => {
                    // HTML takes far more bytes than it has text.
                    let most = self.limits.text.saturating_mul(16);
                    if let Some(open) = self.open.iter_mut().find(|open| open.number == event.part) {
                        let room = most.saturating_sub(open.content.len());
                        open.cut |= bytes.len() > room;
                        open.content.extend_from_slice(bytes.get(..room).unwrap_or(&bytes));
                    }
                }
                EventKind::PartEnd(end) => {
                    if let Some(at) = self.open.iter().position(|open| open.number == event.part) {
                        let open = self.open.swap_remove(at);
                        self.show(open, end.complete);
                    }
                }
                _ => {}
            }
        }
    }

    fn show(&mut self, open: Open, complete: bool) {
        let Open { part, content, mut cut, .. } = open;
        let text = text::of(&part, &content).text;
        let text = if part.content_type == "text/html" {
            markup::text(&text, self.room.saturating_add(1))
        } else {
            text.replace("\r\n", "\n")
        };
        let shown = escape::cut(&text, self.room);
        cut |= shown.len() < text.len() || (self.preview.cut && !complete);
        self.room -= shown.len();
        if !shown.trim().is_empty() {
            let (path, kind) = (part.path.clone(), part.content_type.clone());
            self.preview.texts.push(Shown { path, kind, text: shown.to_owned(), cut });
        }
    }
}

/// Whether a mail program would show the part as text.
fn is_text(part: &Part) -> bool {
    let attached = part.disposition.as_deref() == Some("attachment") || part.filename.is_some();
    matches!(part.kind, PartKind::Leaf | PartKind::Preamble | PartKind::Epilogue)
        && !attached
        && part.container.is_none()
        && matches!(part.content_type.as_str(), "text/plain" | "text/html" | "text" | "text/enriched")
}

/// The addresses of a field, those of groups too.
pub(super) fn addresses(headers: &Headers, name: &str, most: usize) -> Vec<Address> {
    headers.all(name).flat_map(|field| field.addresses()).take(most).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(text: &str, missing: &[Missing], limits: &Limits) -> Preview {
        of(text.as_bytes(), missing, limits).unwrap()
    }

    const MIXED: &str = "From: a@b.example\r\nContent-Type: multipart/mixed; boundary=b\r\n\r\n--b\r\n\r\nfirst\r\n\
        --b\r\nContent-Type: text/html\r\n\r\n<p>second<script>x</script>\r\n\
        --b\r\nContent-Type: text/plain; name=a.txt\r\n\r\nattached\r\n--b--\r\n";

    #[test]
    fn the_texts_of_a_message() {
        let preview = read(MIXED, &[], &Limits::default());
        let shown = |path: &str, kind: &str, text: &str, cut| Shown {
            path: path.to_owned(),
            kind: kind.to_owned(),
            text: text.to_owned(),
            cut,
        };
        assert_eq!(
            preview.texts,
            [shown("1", "text/plain", "first", false), shown("2", "text/html", "second", false)]
        );
        assert_eq!(addresses(&preview.headers.unwrap(), "from", 9).len(), 1);
        assert!(!preview.cut && preview.more == 0);
        // Room for seven bytes, and for none.
        let preview = read(MIXED, &[], &Limits { text: 7, ..Limits::default() });
        assert_eq!(
            preview.texts,
            [shown("1", "text/plain", "first", false), shown("2", "text/html", "se", true)]
        );
        let preview = read(MIXED, &[], &Limits { text: 5, ..Limits::default() });
        assert_eq!((preview.texts.len(), preview.more), (1, 1));
        // Less is read than there is.
        let preview = read(MIXED, &[], &Limits { read: 75, ..Limits::default() });
        assert!(preview.cut);
        assert_eq!(preview.texts.iter().map(|text| text.cut).collect::<Vec<_>>(), [true]);
    }

    #[test]
    fn holes_are_told_to_the_extractor() {
        let text = "Subject: x\r\n\r\nbefore\r\nbehind\r\n";
        let hole = Missing::new(22, Some(5));
        let preview = read(text, &[hole], &Limits::default());
        assert_eq!(preview.texts.len(), 1);
        assert!(preview.texts[0].text.starts_with("before\n"), "{:?}", preview.texts);
        // Behind the end, without a length, and more of them than bytes.
        for holes in [vec![Missing::new(999, Some(5))], vec![Missing::new(3, None)], vec![hole, hole, hole]] {
            read(text, &holes, &Limits::default());
        }
    }
}
