//! What the first bytes of an archive tell: whether it needs a password, and what it holds.

use crate::record::Text;

/// What encrypts the content that begins so: `zip`, `rar` or `office`.
pub(super) fn encryption(head: &[u8]) -> Option<&'static str> {
    if head.starts_with(b"PK\x03\x04") {
        zip(head).then_some("zip")
    } else if head.starts_with(b"Rar!\x1a\x07") {
        rar(head).then_some("rar")
    } else if head.starts_with(b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1") {
        office(head).then_some("office")
    } else {
        None
    }
}

fn number(bytes: &[u8], at: usize, len: usize) -> Option<usize> {
    let bytes = bytes.get(at..at.checked_add(len)?)?;
    Some(bytes.iter().rev().fold(0, |number, byte| number << 8 | usize::from(*byte)))
}

/// So many files of an archive are named.
const MAX_ENTRIES: usize = 20;

/// A local file header (APPNOTE 4.3.7).
struct Local<'a> {
    encrypted: bool,
    name: &'a [u8],
    /// What follows its content, where its size is known.
    rest: &'a [u8],
}

fn local(head: &[u8]) -> Option<Local<'_>> {
    if !head.starts_with(b"PK\x03\x04") {
        return None;
    }
    let flags = number(head, 6, 2)?;
    let (content, name, extra) = (number(head, 18, 4)?, number(head, 26, 2)?, number(head, 28, 2)?);
    let behind = 30 + name + extra;
    // With bit 3 the size stands behind the content.
    let rest = if flags & 8 == 0 { head.get(behind.saturating_add(content)..) } else { None };
    Some(Local { encrypted: flags & 1 != 0, name: head.get(30..30 + name)?, rest: rest.unwrap_or_default() })
}

fn locals(head: &[u8]) -> impl Iterator<Item = Local<'_>> {
    core::iter::successors(local(head), |last| local(last.rest))
}

/// Names of the first files.
pub(super) fn entries(head: &[u8]) -> Vec<Text> {
    let named = locals(head).filter(|local| !local.name.is_empty());
    named.take(MAX_ENTRIES).map(|local| Text::from(local.name)).collect()
}

/// Folders have no content to encrypt, so the files behind them are looked at as well.
fn zip(head: &[u8]) -> bool {
    locals(head).any(|local| local.encrypted)
}

/// RAR 4: encrypted headers, or the first file; RAR 5: encrypted headers.
fn rar(head: &[u8]) -> bool {
    match head.get(6) {
        Some(0) => {
            // Checksum, type and flags of the main header, and of the one behind it.
            let Some((flags, size)) = number(head, 10, 2).zip(number(head, 12, 2)) else { return false };
            let next = 7 + size;
            flags & 0x80 != 0
                || head.get(next + 2) == Some(&0x74)
                    && number(head, next + 3, 2).is_some_and(|flags| flags & 4 != 0)
        }
        // Checksum and size, then the type of the header.
        Some(1) => {
            let Some(sizes) = head.get(12..) else { return false };
            let after = sizes.iter().take_while(|byte| **byte & 0x80 != 0).count() + 1;
            sizes.get(after) == Some(&4)
        }
        _ => false,
    }
}

/// Sealed documents of the new formats are compound files with a stream of this name (MS-OFFCRYPTO section 1.3.2).
fn office(head: &[u8]) -> bool {
    let name: Vec<u8> = "EncryptedPackage".bytes().flat_map(|byte| [byte, 0]).collect();
    memchr::memmem::find(head, &name).is_some()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn file(flags: u8, name: &[u8], content: &[u8]) -> Vec<u8> {
        let mut header = b"PK\x03\x04\x14\0".to_vec();
        header.extend([flags, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0]);
        header.extend(u32::try_from(content.len()).unwrap().to_le_bytes());
        header.extend([0; 4]);
        header.extend(u16::try_from(name.len()).unwrap().to_le_bytes());
        header.extend([0, 0]);
        header.extend_from_slice(name);
        header.extend_from_slice(content);
        header
    }

    #[test]
    fn archives_and_documents() {
        let office: Vec<u8> = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"
            .iter()
            .copied()
            .chain("EncryptedPackage".bytes().flat_map(|byte| [byte, 0]))
            .collect();
        for (head, expected) in [
            (file(0, b"a", b"content"), None),
            (file(1, b"a", b"content"), Some("zip")),
            ([file(0, b"folder/", b""), file(1, b"folder/a", b"x")].concat(), Some("zip")),
            ([file(8, b"a", b""), file(1, b"b", b"x")].concat(), None),
            (file(1, b"a", b"content")[..29].to_vec(), None),
            (b"Rar!\x1a\x07\0\xcf\x90\x73\0\0\x0d\0\0\0\0\0\0\0\xaa\xbb\x74\x24\x90".to_vec(), Some("rar")),
            (b"Rar!\x1a\x07\0\xcf\x90\x73\0\0\x0d\0\0\0\0\0\0\0\xaa\xbb\x74\x20\x90".to_vec(), None),
            (b"Rar!\x1a\x07\0\xcf\x90\x73\x80\0\x0d\0".to_vec(), Some("rar")),
            (b"Rar!\x1a\x07\x01\0\x01\x02\x03\x04\x21\x04\0".to_vec(), Some("rar")),
            (b"Rar!\x1a\x07\x01\0\x01\x02\x03\x04\x21\x01\0".to_vec(), None),
            (b"Rar!\x1a\x07".to_vec(), None),
            (office, Some("office")),
            (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1".to_vec(), None),
            (Vec::new(), None),
        ] {
            assert_eq!(encryption(&head), expected, "{head:?}");
        }
    }

    #[test]
    fn names_of_files() {
        let zip =
            [file(0, b"docs/", b""), file(0, b"docs/a.js", b"x"), file(8, b"b", b""), file(0, b"c", b"x")];
        let names: Vec<String> = entries(&zip.concat()).iter().map(ToString::to_string).collect();
        assert_eq!(names, ["docs/", "docs/a.js", "b"]);
        assert_eq!(entries(&file(0, b"a", b"x").repeat(30)).len(), MAX_ENTRIES);
        assert!(entries(b"PK\x03\x04").is_empty());
    }
}
