//! What archives and documents show of themselves: whether they need a password, what they hold, whether they have macros.
//!
//! Their first and last bytes are looked at: a file in the middle of a large RAR archive, or a ZIP directory of thousands of
//! files, is not seen.

use super::ends::Ends;
use crate::record::Text;
use memchr::memmem;

/// So many files of an archive are named.
const MAX_ENTRIES: usize = 20;

/// What an archive or a document shows.
#[derive(Debug, Default, PartialEq, Eq)]
pub(super) struct Shown {
    /// What encrypts it: `zip`, `rar`, `7z` or `office`.
    pub(super) encryption: Option<&'static str>,
    /// Names of its first files.
    pub(super) entries: Vec<Text>,
    /// It has a VBA project, or a macro sheet.
    pub(super) macros: bool,
}

pub(super) fn look(ends: &Ends) -> Shown {
    let head = ends.head();
    let encrypted = |is: bool, by| Shown { encryption: is.then_some(by), ..Shown::default() };
    if head.starts_with(b"PK\x03\x04") {
        zip(head, &ends.end())
    } else if head.starts_with(b"Rar!\x1a\x07\x01\0") {
        encrypted(rar5(head), "rar")
    } else if head.starts_with(b"Rar!\x1a\x07\0") {
        encrypted(rar4(head), "rar")
    } else if head.starts_with(b"7z\xbc\xaf\x27\x1c") {
        encrypted(seven_zip(ends), "7z")
    } else if head.starts_with(b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1") {
        // Sealed documents of the new formats are compound files with a stream of this name (MS-OFFCRYPTO section 1.3.2);
        // a VBA project has a stream of the other (MS-OVBA section 2.2.1).
        let [sealed, macros] = ["EncryptedPackage", "_VBA_PROJECT"].map(|name| has_stream(ends, name));
        Shown { macros, ..encrypted(sealed, "office") }
    } else {
        Shown::default()
    }
}

fn number(bytes: &[u8], at: usize, len: usize) -> Option<usize> {
    let bytes = bytes.get(at..at.checked_add(len)?)?;
    Some(bytes.iter().rev().fold(0, |number, byte| number << 8 | usize::from(*byte)))
}

/// A file in a ZIP archive, by its local header (APPNOTE 4.3.7) or by the central directory (4.3.12).
struct Entry<'a> {
    encrypted: bool,
    name: &'a [u8],
    /// What follows it, where that is known.
    rest: &'a [u8],
}

fn local(bytes: &[u8]) -> Option<Entry<'_>> {
    if !bytes.starts_with(b"PK\x03\x04") {
        return None;
    }
    let flags = number(bytes, 6, 2)?;
    let (content, name, extra) = (number(bytes, 18, 4)?, number(bytes, 26, 2)?, number(bytes, 28, 2)?);
    let behind = 30 + name + extra;
    // With bit 3 the size stands behind the content.
    let rest = if flags & 8 == 0 { bytes.get(behind.saturating_add(content)..) } else { None };
    Some(Entry { encrypted: flags & 1 != 0, name: bytes.get(30..30 + name)?, rest: rest.unwrap_or_default() })
}

fn central(bytes: &[u8]) -> Option<Entry<'_>> {
    if !bytes.starts_with(CENTRAL) {
        return None;
    }
    let flags = number(bytes, 8, 2)?;
    let (name, extra, comment) = (number(bytes, 28, 2)?, number(bytes, 30, 2)?, number(bytes, 32, 2)?);
    let rest = bytes.get(46 + name + extra + comment..).unwrap_or_default();
    Some(Entry { encrypted: flags & 1 != 0, name: bytes.get(46..46 + name)?, rest })
}

const CENTRAL: &[u8] = b"PK\x01\x02";

/// The central directory, as far as it is among the last bytes.
fn directory(end: &[u8]) -> &[u8] {
    let begin = memmem::rfind(end, b"PK\x05\x06").and_then(|record| {
        let size = number(end, record + 12, 4)?;
        record.checked_sub(size).filter(|begin| end.get(*begin..).is_some_and(|at| at.starts_with(CENTRAL)))
    });
    // It begins further in front, or its size stands elsewhere (ZIP64).
    let begin = begin.or_else(|| memmem::find(end, CENTRAL));
    begin.and_then(|begin| end.get(begin..)).unwrap_or_default()
}

/// Programs go by the directory; an archive that is cut has local headers alone. Where they differ, one of them lies to
/// somebody, so both are told.
fn zip(head: &[u8], end: &[u8]) -> Shown {
    let locals = core::iter::successors(local(head), |last| local(last.rest));
    let listed = core::iter::successors(central(directory(end)), |last| central(last.rest));
    let mut shown = Shown::default();
    for Entry { encrypted, name, .. } in locals.chain(listed) {
        if encrypted {
            shown.encryption = Some("zip");
        }
        shown.macros |= is_macro(name);
        let name = Text::from(name);
        if shown.entries.len() < MAX_ENTRIES && !name.as_str().is_empty() && !shown.entries.contains(&name) {
            shown.entries.push(name);
        }
    }
    shown
}

/// A VBA project, or a folder of Excel 4 macro sheets, in a document of ECMA-376.
fn is_macro(name: &[u8]) -> bool {
    let name = name.to_ascii_lowercase();
    let file = name.rsplit(|byte| matches!(byte, b'/' | b'\\')).next().unwrap_or_default();
    file == b"vbaproject.bin" || memmem::find(&name, b"xl/macrosheets/").is_some()
}

/// RAR 4: encrypted headers, or the first file.
fn rar4(head: &[u8]) -> bool {
    // Checksum, type and flags of the main header, and of the one behind it.
    let Some((flags, size)) = number(head, 10, 2).zip(number(head, 12, 2)) else { return false };
    let next = 7 + size;
    flags & 0x80 != 0
        || head.get(next + 2) == Some(&0x74) && number(head, next + 3, 2).is_some_and(|flags| flags & 4 != 0)
}

/// A number of RAR 5: seven bits a byte, lowest first; the last byte has the high bit clear.
fn vint(bytes: &mut &[u8]) -> Option<usize> {
    let mut number = 0_u64;
    for place in 0..9 {
        let (first, rest) = bytes.split_first()?;
        *bytes = rest;
        number |= u64::from(first & 0x7f) << (7 * place);
        if first & 0x80 == 0 {
            return usize::try_from(number).ok();
        }
    }
    None
}

/// RAR 5: a header that encrypts all others, or a file with a record of its encryption.
fn rar5(head: &[u8]) -> bool {
    const FILE: usize = 2;
    const ENCRYPTION: usize = 4;
    let mut rest = head.get(8..).unwrap_or_default();
    loop {
        let block = || {
            // Behind the checksum.
            let mut bytes = rest.get(4..)?;
            let size = vint(&mut bytes)?;
            let (mut header, behind) = bytes.split_at_checked(size)?;
            let (kind, flags) = (vint(&mut header)?, vint(&mut header)?);
            let extra = if flags & 1 != 0 { vint(&mut header)? } else { 0 };
            let data = if flags & 2 != 0 { vint(&mut header)? } else { 0 };
            let extra = header.len().checked_sub(extra).and_then(|at| header.get(at..))?;
            Some((kind, extra, behind.get(data..).unwrap_or_default()))
        };
        let Some((kind, extra, behind)) = block() else { return false };
        if kind == ENCRYPTION || kind == FILE && has_encryption_record(extra) {
            return true;
        }
        rest = behind;
    }
}

fn has_encryption_record(mut extra: &[u8]) -> bool {
    loop {
        let Some((mut record, rest)) = vint(&mut extra).and_then(|size| extra.split_at_checked(size)) else {
            return false;
        };
        if vint(&mut record) == Some(1) {
            return true;
        }
        extra = rest;
    }
}

/// 7z: the header names the method of AES. A header that is packed hides which files are encrypted; one that is encrypted
/// says so.
fn seven_zip(ends: &Ends) -> bool {
    const AES: &[u8] = b"\x06\xf1\x07\x01";
    const FIXED: u64 = 32;
    let header = || {
        let (offset, size) = (number(ends.head(), 12, 8)?, number(ends.head(), 20, 8)?);
        let end = ends.end();
        let begin = ends.len().checked_sub(end.len() as u64)?;
        let at = FIXED.checked_add(offset as u64)?.checked_sub(begin)?;
        let at = usize::try_from(at).ok()?;
        Some(memmem::find(end.get(at..at.checked_add(size)?)?, AES).is_some())
    };
    header().unwrap_or(false)
}

/// Whether a compound file has a stream of that name, as far as its directory is among the first or last bytes.
fn has_stream(ends: &Ends, name: &str) -> bool {
    let name: Vec<u8> = name.bytes().flat_map(|byte| [byte, 0]).collect();
    [ends.head(), &ends.end()].iter().any(|bytes| memmem::find(bytes, &name).is_some())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn shown(content: &[u8]) -> Shown {
        let mut ends = Ends::default();
        ends.push(content);
        look(&ends)
    }

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

    /// Files, flags and names, whose sizes stand behind their content, and the directory.
    fn listed(files: &[(u8, &str)], content: usize) -> Vec<u8> {
        let mut zip = Vec::new();
        let mut directory = Vec::new();
        for (flags, name) in files {
            zip.extend(file(flags | 8, name.as_bytes(), b""));
            zip.extend(vec![0; content]);
            directory.extend(b"PK\x01\x02\x14\0\x14\0");
            directory.extend([*flags | 8, 0]);
            directory.extend([0; 18]);
            directory.extend(u16::try_from(name.len()).unwrap().to_le_bytes());
            directory.extend([0; 16]);
            directory.extend_from_slice(name.as_bytes());
        }
        zip.extend_from_slice(&directory);
        zip.extend(b"PK\x05\x06\0\0\0\0");
        let count = u16::try_from(files.len()).unwrap().to_le_bytes();
        zip.extend([count, count].concat());
        zip.extend(u32::try_from(directory.len()).unwrap().to_le_bytes());
        zip.extend([0; 6]);
        zip
    }

    /// A block of RAR 5: its type, its extra area, its data.
    fn block(kind: u8, extra: &[u8], data: &[u8]) -> Vec<u8> {
        let sizes = [u8::try_from(extra.len()).unwrap(), u8::try_from(data.len()).unwrap()];
        let header = [&[kind, 3][..], &sizes, b"fields", extra].concat();
        [&[0, 0, 0, 0, u8::try_from(header.len()).unwrap()][..], &header, data].concat()
    }

    fn seven_zip(header: &[u8], packed: usize) -> Vec<u8> {
        let mut archive = b"7z\xbc\xaf\x27\x1c\0\x04crc.".to_vec();
        archive.extend((packed as u64).to_le_bytes());
        archive.extend((header.len() as u64).to_le_bytes());
        archive.extend(b"crc.");
        archive.extend(vec![0; packed]);
        archive.extend_from_slice(header);
        archive
    }

    fn compound(before: usize, stream: &str) -> Vec<u8> {
        let mut document = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1".to_vec();
        document.extend(vec![0; before]);
        document.extend(stream.bytes().flat_map(|byte| [byte, 0]));
        document
    }

    #[test]
    fn what_needs_a_password() {
        let rar5 = |blocks: &[Vec<u8>]| [b"Rar!\x1a\x07\x01\0".as_slice(), &blocks.concat()].concat();
        let main = block(1, b"", b"");
        let time = [3, 3, 0, 0];
        for (content, expected) in [
            (file(0, b"a", b"content"), None),
            (file(1, b"a", b"content"), Some("zip")),
            ([file(0, b"folder/", b""), file(1, b"folder/a", b"x")].concat(), Some("zip")),
            ([file(8, b"a", b""), file(1, b"b", b"x")].concat(), None),
            (file(1, b"a", b"content")[..29].to_vec(), None),
            (listed(&[(0, "a"), (1, "b")], 100), Some("zip")),
            (listed(&[(0, "a"), (1, "b")], 100_000), Some("zip")),
            (listed(&[(0, "a"), (0, "b")], 100_000), None),
            (b"Rar!\x1a\x07\0\xcf\x90\x73\0\0\x0d\0\0\0\0\0\0\0\xaa\xbb\x74\x24\x90".to_vec(), Some("rar")),
            (b"Rar!\x1a\x07\0\xcf\x90\x73\0\0\x0d\0\0\0\0\0\0\0\xaa\xbb\x74\x20\x90".to_vec(), None),
            (b"Rar!\x1a\x07\0\xcf\x90\x73\x80\0\x0d\0".to_vec(), Some("rar")),
            (rar5(&[block(4, b"", b"")]), Some("rar")),
            (rar5(std::slice::from_ref(&main)), None),
            (rar5(&[main.clone(), block(2, &time, b"data"), block(2, &[2, 1, 0], b"")]), Some("rar")),
            (rar5(&[main.clone(), block(2, &[&time[..], &[2, 1, 0]].concat(), b"")]), Some("rar")),
            (rar5(&[main, block(2, &time, b"data"), block(5, b"", b"")]), None),
            (rar5(&[vec![0, 0, 0, 0, 0]]), None),
            (b"Rar!\x1a\x07\x01\0\x01\x02\x03\x04\xff\xff\xff\xff\xff\xff\xff\xff\xff\x01".to_vec(), None),
            (b"Rar!\x1a\x07".to_vec(), None),
            (seven_zip(b"\x17\x06\x24\x06\xf1\x07\x01", 10), Some("7z")),
            (seven_zip(b"\x17\x06\x24\x06\xf1\x07\x01", 100_000), Some("7z")),
            (seven_zip(b"\x17\x06\x23\x03\x01\x01", 100_000), None),
            (seven_zip(b"\x17\x06\x24\x06\xf1\x07\x01", 10)[..40].to_vec(), None),
            (compound(0, "EncryptedPackage"), Some("office")),
            (compound(0, "WordDocument"), None),
            (Vec::new(), None),
        ] {
            assert_eq!(shown(&content).encryption, expected, "{:?}", &content[..content.len().min(64)]);
        }
    }

    #[test]
    fn names_of_files() {
        let names = |content: &[u8]| -> Vec<String> {
            shown(content).entries.iter().map(ToString::to_string).collect()
        };
        let cut =
            [file(0, b"docs/", b""), file(0, b"docs/a.js", b"x"), file(8, b"b", b""), file(0, b"c", b"x")];
        assert_eq!(names(&cut.concat()), ["docs/", "docs/a.js", "b"]);
        assert_eq!(names(&listed(&[(0, "a"), (0, "b"), (0, "c")], 100_000)), ["a", "b", "c"]);
        let other = [file(0, b"shown", b"x"), listed(&[(0, "listed")], 0)].concat();
        assert_eq!(names(&other), ["shown", "listed"], "the local header has another name");
        let many: Vec<String> = (0..30).map(|number| format!("{number}")).collect();
        let many: Vec<(u8, &str)> = many.iter().map(|name| (0, name.as_str())).collect();
        assert_eq!(names(&listed(&many, 0)).len(), MAX_ENTRIES);
        assert_eq!(names(&listed(&many, 0).split_off(900)), [""; 0], "no archive from its beginning");
        assert!(names(b"PK\x03\x04").is_empty());
    }

    #[test]
    fn macros() {
        for (content, expected) in [
            (listed(&[(0, "[Content_Types].xml"), (0, "word/document.xml")], 50_000), false),
            (listed(&[(0, "[Content_Types].xml"), (0, "word/vbaProject.bin"), (0, "x")], 50_000), true),
            (listed(&[(0, "xl/workbook.xml"), (0, "XL\\VBAPROJECT.BIN")], 0), true),
            (listed(&[(0, "xl/macrosheets/sheet1.xml")], 0), true),
            (listed(&[(0, "notes/vbaProject.bin.txt")], 0), false),
            (compound(1000, "_VBA_PROJECT"), true),
            (compound(100_000, "_VBA_PROJECT"), true),
            (compound(1000, "WordDocument"), false),
        ] {
            assert_eq!(shown(&content).macros, expected, "{:?}", &content[..content.len().min(64)]);
        }
    }
}
