//! What a part is called (RFC 2183 section 2.3, RFC 2045 section 5.1).

use super::extended;
use super::parameter::Parameter;
use crate::{Anomaly, Name, NameSource};

/// All names of a part, the best first, and what is odd about them.
pub(super) fn find(disposition: &[Parameter], content_type: &[Parameter]) -> (Vec<Name>, Vec<Anomaly>) {
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
    let odd = |c: char| {
        c.is_control()
            || matches!(c, '/' | '\\' | ':' | '\u{200e}' | '\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}')
    };
    device || name.ends_with(['.', ' ']) || name.contains("   ") || name.chars().any(odd)
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
            ("filename*1=b; filename*0=a", "", &["filename* ab"], &["param-2231"]),
        ];
        for (disposition, content_type, names, codes) in table {
            let parameters = |text: &str| parse(format!("a/b; {text}").as_bytes(), 200).parameters;
            let (found, anomalies) = find(&parameters(disposition), &parameters(content_type));
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
    fn raw_bytes() {
        let parameters = vec![Parameter { name: "filename".into(), value: b"caf\xe9.txt".to_vec() }];
        let (names, anomalies) = find(&parameters, &[]);
        assert_eq!((names[0].value.as_str(), anomalies), ("café.txt", vec![Anomaly::NameCharset]));
    }
}
