//! What a part is called (RFC 2183 section 2.3, RFC 2045 section 5.1).

use super::extended;
use super::parameter::Parameter;
use crate::{Anomaly, Name, NameSource};

/// All names of a part, the best first, and what is odd about them.
pub(super) fn find(
    disposition: &[Parameter<'_>],
    content_type: &[Parameter<'_>],
) -> (Vec<Name>, Vec<Anomaly>) {
    let mut names: Vec<Name> = Vec::new();
    let mut anomalies = Vec::new();
    let mut note = |anomaly: Anomaly, is: bool| {
        if is && !anomalies.contains(&anomaly) {
            anomalies.push(anomaly);
        }
    };
    for (parameters, name, extended_source, source) in [
        (disposition, "filename", NameSource::ExtendedFilename, NameSource::Filename),
        (content_type, "name", NameSource::ExtendedName, NameSource::Name),
    ] {
        let (found, odd) = extended::find(parameters, name);
        note(Anomaly::Param2231, odd);
        for one in found {
            note(Anomaly::Name2047, one.encoded_words);
            note(Anomaly::NameCharset, one.raw);
            note(Anomaly::NameUnsafe, is_unsafe(&one.text));
            note(Anomaly::NameDoubleExtension, has_double_extension(&one.text));
            let source = if one.extended { extended_source } else { source };
            names.push(Name { source, value: one.text });
        }
    }
    names.retain(|name| !name.value.is_empty());
    let mut values = names.iter().map(|name| name.value.trim());
    let first = values.next();
    note(Anomaly::NameConflict, values.any(|value| Some(value) != first));
    (names, anomalies)
}

/// Whether a name must not be used for a file as it is: it leads elsewhere, hides its end, or means a device.
pub(crate) fn is_unsafe(name: &str) -> bool {
    let stem = name.split('.').next().unwrap_or_default().to_ascii_lowercase();
    let device = matches!(stem.as_str(), "con" | "prn" | "aux" | "nul")
        || ["com", "lpt"].iter().any(|device| {
            stem.strip_prefix(device).is_some_and(|number| matches!(number.as_bytes(), [b'0'..=b'9']))
        });
    // What turns the direction of writing, takes no room, or looks like a slash. U+200C and U+200D have their use.
    let odd = |c: char| {
        c.is_control()
            || matches!(c,
                '/' | '\\' | ':' | '\u{2044}' | '\u{2215}' | '\u{29f8}' | '\u{ff0f}' | '\u{ff3c}'
                | '\u{ad}' | '\u{61c}' | '\u{180e}' | '\u{200b}' | '\u{200e}' | '\u{200f}'
                | '\u{2028}'..='\u{202e}' | '\u{2060}'..='\u{206f}' | '\u{feff}' | '\u{fff9}'..='\u{fffb}')
    };
    device || name.ends_with(['.', ' ']) || name.contains("   ") || name.chars().any(odd)
}

/// Extensions of what runs when it is opened, or holds such without showing it.
const RUNS: [&str; 46] = [
    "exe",
    "scr",
    "com",
    "bat",
    "cmd",
    "pif",
    "cpl",
    "dll",
    "sys",
    "msi",
    "msp",
    "msc",
    "js",
    "jse",
    "vbs",
    "vbe",
    "wsf",
    "wsh",
    "wsc",
    "hta",
    "ps1",
    "psm1",
    "lnk",
    "url",
    "jar",
    "jnlp",
    "reg",
    "inf",
    "scf",
    "sct",
    "chm",
    "hlp",
    "gadget",
    "application",
    "appref-ms",
    "xll",
    "iso",
    "img",
    "vhd",
    "vhdx",
    "ace",
    "app",
    "sh",
    "command",
    "desktop",
    "one",
];

/// Extensions that people open without fear.
const HARMLESS: [&str; 44] = [
    "pdf", "doc", "docx", "docm", "dot", "xls", "xlsx", "xlsm", "csv", "ppt", "pptx", "pps", "rtf", "txt",
    "log", "odt", "ods", "odp", "jpg", "jpeg", "png", "gif", "bmp", "tif", "tiff", "webp", "svg", "heic",
    "mp3", "wav", "mp4", "avi", "mov", "mpg", "htm", "html", "xml", "eml", "msg", "ics", "vcf", "zip", "rar",
    "7z",
];

/// Whether the last extension runs and the one before it looks harmless: `invoice.pdf.exe`, also with blanks between.
fn has_double_extension(name: &str) -> bool {
    let mut pieces =
        name.trim_end_matches(['.', ' ']).rsplit('.').map(|piece| piece.trim().to_ascii_lowercase());
    let (Some(last), Some(before)) = (pieces.next(), pieces.next()) else { return false };
    RUNS.contains(&last.as_str()) && HARMLESS.contains(&before.as_str()) && pieces.next().is_some()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::content::parameter::parse;

    #[test]
    fn precedence_and_oddities() {
        let table: &[(&str, &str, &[&str], &[&str])] = &[
            ("", "", &[], &[]),
            ("filename=a.zip", "name=a.zip", &["filename a.zip", "name a.zip"], &[]),
            ("filename=a.zip", "name=a.png", &["filename a.zip", "name a.png"], &["name-conflict"]),
            ("filename=a; filename=b", "", &["filename a", "filename b"], &["name-conflict"]),
            (
                "filename=file.png; filename*0=file.; filename*1=zip",
                "",
                &["filename* file.zip", "filename file.png"],
                &["name-conflict"],
            ),
            ("", "name*=utf-8''%c3%a9; name=e", &["name* é", "name e"], &["name-conflict"]),
            ("filename=\"=?utf-8?q?=C3=A9?=\"", "", &["filename é"], &["name-2047"]),
            ("filename=\"..\\\\a.exe\"", "", &["filename ..\\a.exe"], &["name-unsafe"]),
            ("filename=\"nul.txt\"", "", &["filename nul.txt"], &["name-unsafe"]),
            ("filename*=utf-8''a%E2%80%AEfdp.exe", "", &["filename* a\u{202e}fdp.exe"], &["name-unsafe"]),
            ("filename=\"invoice.pdf.exe\"", "", &["filename invoice.pdf.exe"], &["name-double-extension"]),
            ("filename=\"a\u{2215}b.txt\"", "", &["filename a\u{2215}b.txt"], &["name-unsafe"]),
            ("filename*1=b; filename*0=a", "", &["filename* ab"], &["param-2231"]),
        ];
        for (disposition, content_type, names, codes) in table {
            let fields = [disposition, content_type].map(|text| format!("a/b; {text}"));
            let [disposition, content_type] =
                fields.each_ref().map(|field| parse(field.as_bytes(), 200).parameters);
            let (found, anomalies) = find(&disposition, &content_type);
            let found: Vec<_> =
                found.iter().map(|one| format!("{} {}", one.source.name(), one.value)).collect();
            let found_codes: Vec<_> = anomalies.iter().map(Anomaly::code).collect();
            assert_eq!(
                (found, found_codes.as_slice()),
                (names.iter().map(|&name| name.to_owned()).collect(), *codes)
            );
        }
    }

    #[test]
    fn extensions_that_hide_another() {
        for (name, double) in [
            ("invoice.pdf.exe", true),
            ("Invoice.PDF     .EXE", true),
            ("photo.jpg.lnk ", true),
            ("a.tar.gz", false),
            ("setup.exe", false),
            ("v1.2.exe", false),
            ("pdf.exe", false),
            ("notes.txt", false),
            ("", false),
        ] {
            assert_eq!(has_double_extension(name), double, "{name:?}");
        }
    }

    #[test]
    fn raw_bytes() {
        let parameters = vec![Parameter { name: "filename".into(), value: b"caf\xe9.txt".into() }];
        let (names, anomalies) = find(&parameters, &[]);
        assert_eq!((names[0].value.as_str(), anomalies), ("café.txt", vec![Anomaly::NameCharset]));
    }
}
