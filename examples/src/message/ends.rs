//! The first bytes of a content, and of archives the last ones too: there stands what they hold.

use std::borrow::Cow;

/// So many first bytes tell what a file is.
const HEAD: usize = 8 << 10;

/// So many last bytes: the directory of a few hundred files.
const TAIL: usize = 32 << 10;

/// What is kept of a content while it streams.
#[derive(Debug, Default)]
pub(super) struct Ends {
    head: Vec<u8>,
    /// What follows the head, or the last bytes of it.
    tail: Vec<u8>,
    len: u64,
}

impl Ends {
    pub(super) fn push(&mut self, bytes: &[u8]) {
        self.len = self.len.saturating_add(bytes.len() as u64);
        let room = HEAD - self.head.len();
        let (head, rest) = bytes.split_at_checked(room).unwrap_or((bytes, &[]));
        self.head.extend_from_slice(head);
        if rest.is_empty() || !has_directory(&self.head) {
            return;
        }
        let last = rest.len().saturating_sub(TAIL);
        if last > 0 {
            self.tail.clear();
        }
        self.tail.extend_from_slice(rest.get(last..).unwrap_or(rest));
        // Moved to the front seldom, so that no byte is moved more than once or twice.
        if self.tail.len() > 2 * TAIL {
            self.tail.drain(..self.tail.len() - TAIL);
        }
    }

    /// The first bytes.
    pub(super) fn head(&self) -> &[u8] {
        &self.head
    }

    /// The last bytes of an archive, all of it if it is short; of anything else the first.
    pub(super) fn end(&self) -> Cow<'_, [u8]> {
        let kept = self.head.len() + self.tail.len();
        if self.tail.is_empty() {
            Cow::Borrowed(&self.head)
        } else if kept as u64 == self.len {
            Cow::Owned([self.head.as_slice(), &self.tail].concat())
        } else {
            Cow::Borrowed(&self.tail)
        }
    }

    /// Bytes so far.
    pub(super) const fn len(&self) -> u64 {
        self.len
    }
}

/// ZIP archives, 7z archives and compound files, as their first bytes say.
fn has_directory(head: &[u8]) -> bool {
    const MAGIC: [&[u8]; 3] = [b"PK\x03\x04", b"7z\xbc\xaf\x27\x1c", b"\xd0\xcf\x11\xe0"];
    MAGIC.iter().any(|magic| head.starts_with(magic))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn ends(content: &[u8], size: usize) -> Ends {
        let mut ends = Ends::default();
        content.chunks(size).for_each(|chunk| ends.push(chunk));
        ends
    }

    #[test]
    fn first_and_last_bytes_in_any_pieces() {
        let archive = |len: usize| -> Vec<u8> {
            b"PK\x03\x04".iter().copied().chain((0..=250).cycle()).take(len).collect()
        };
        for len in [1, HEAD - 1, HEAD, HEAD + 1, HEAD + TAIL, HEAD + 2 * TAIL, HEAD + 2 * TAIL + 1, 300_000] {
            let content = archive(len);
            for size in [1, 1000, HEAD, 40_000, 70_000, len] {
                let ends = ends(&content, size);
                assert_eq!((ends.len(), ends.head()), (len as u64, &content[..len.min(HEAD)]));
                let end = ends.end();
                assert!(
                    content.ends_with(&end) && end.len() >= len.min(TAIL) && end.len() <= HEAD + 2 * TAIL
                );
            }
        }
    }

    #[test]
    fn of_other_content_the_first_bytes_alone() {
        let content = vec![b'x'; 100_000];
        let ends = ends(&content, 1000);
        assert_eq!((ends.head().len(), ends.end().len(), ends.tail.capacity()), (HEAD, HEAD, 0));
    }
}
