//! Rules about what messages carry.

use super::Rule;
use super::gather::{Gather, Spot, short};
use crate::record::{Hidden, Message, Part, Severity};

/// What happens when a file is opened.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Danger {
    severity: Severity,
    what: &'static str,
}

/// Extensions by what they do. What interpreters of programmers run is left out: people mail it to each other, and no double
/// click runs it.
const EXTENSIONS: &[(Severity, &str, &[&str])] = &[
    (
        Severity::High,
        "program",
        &[
            "exe", "scr", "com", "pif", "cpl", "dll", "sys", "msi", "msp", "mst", "app", "gadget", "xll",
            "appx", "msix", "apk",
        ],
    ),
    (
        Severity::High,
        "script",
        &[
            "bat",
            "cmd",
            "vbs",
            "vbe",
            "js",
            "jse",
            "wsf",
            "wsh",
            "wsc",
            "hta",
            "ps1",
            "psm1",
            "sct",
            "msc",
            "reg",
            "inf",
            "jar",
            "jnlp",
            "chm",
            "hlp",
            "command",
            "application",
            "appref-ms",
        ],
    ),
    (Severity::High, "shortcut", &["lnk", "scf", "desktop", "pnf", "library-ms", "settingcontent-ms"]),
    (
        Severity::Medium,
        "document with macros",
        &["docm", "dotm", "xlsm", "xltm", "xlam", "xlsb", "pptm", "potm", "ppam", "ppsm", "sldm", "one"],
    ),
    (Severity::Medium, "disk image", &["iso", "img", "vhd", "vhdx", "udf", "dmg"]),
    (Severity::Medium, "link", &["url", "webloc", "search-ms", "iqy", "slk", "rdp"]),
];

const PROGRAMS: &[&str] = &[
    "application/vnd.microsoft.portable-executable",
    "application/x-executable",
    "application/x-mach-binary",
    "application/x-msdownload",
    "application/java-vm",
    "application/vnd.android.dex",
];

fn detected(part: &Part) -> Option<&str> {
    part.detected_type.as_ref().map(AsRef::as_ref)
}

/// All names that a part goes by.
fn names(part: &Part) -> impl Iterator<Item = &str> {
    part.filename.iter().chain(part.names.iter().map(|name| &name.value)).map(|name| name.as_str())
}

/// Extension of a name, in lower case.
fn extension(name: &str) -> Option<String> {
    let name = name.trim_end_matches([' ', '.']);
    let (stem, extension) = name.rsplit_once('.')?;
    (!stem.is_empty()).then(|| extension.trim().to_ascii_lowercase())
}

fn danger_of_name(name: &str) -> Option<Danger> {
    let extension = extension(name)?;
    // An address such as www.example.com or ann@example.com is no program of DOS.
    if extension == "com" && (name.contains('@') || name.matches('.').count() > 1 && name.starts_with("www."))
    {
        return None;
    }
    EXTENSIONS
        .iter()
        .find(|(.., extensions)| extensions.contains(&extension.as_str()))
        .map(|(severity, what, _)| Danger { severity: *severity, what })
}

fn danger_of_content(part: &Part) -> Option<Danger> {
    let kind = detected(part)?;
    PROGRAMS.contains(&kind).then_some(Danger { severity: Severity::High, what: "program" })
}

/// A document whose name does not say that it has macros is opened with them all the same.
fn danger_of_macros(part: &Part) -> Option<Danger> {
    part.macros.then_some(Danger { severity: Severity::Medium, what: "document with macros" })
}

/// What an archive holds. In one of many files, scripts are nothing special, and programs little.
fn danger_of_entries(part: &Part) -> Option<Danger> {
    let few = part.entries.len() <= FEW;
    let dangers = part.entries.iter().filter_map(|name| danger_of_name(name.as_str()));
    let dangers = dangers.filter(|danger| few || danger.what == "program");
    let worst = dangers.max_by_key(|danger| danger.severity)?;
    let severity = if few { worst.severity } else { worst.severity.min(Severity::Medium) };
    Some(Danger { severity, what: "archive that holds such" })
}

/// Archives of so many files, folders included, were packed for one of them.
const FEW: usize = 3;

/// A page that is no text of the message, but to be opened by a browser: it may put a file together (HTML smuggling).
fn danger_of_page(part: &Part) -> Option<Danger> {
    let attached = part.disposition.as_ref().is_some_and(|disposition| disposition.as_str() == "attachment");
    let page = names(part).filter_map(extension).any(|extension| {
        ["htm", "html", "shtml", "xhtml", "mht", "mhtml", "svg"].contains(&extension.as_str())
    });
    (attached && page).then_some(Danger { severity: Severity::Low, what: "web page" })
}

/// What the part does when it is opened, by its content, by each of its names and by what it holds; the worst.
fn danger(part: &Part) -> Option<Danger> {
    let named = names(part).filter_map(danger_of_name);
    let held = danger_of_entries(part).into_iter().chain(danger_of_page(part)).chain(danger_of_macros(part));
    danger_of_content(part).into_iter().chain(named).chain(held).max_by_key(|danger| danger.severity)
}

/// Signs that turn the direction of writing (UAX 9), with which `exe.fdp` is shown as `fdp.exe`.
fn turns(name: &str) -> bool {
    name.chars().any(|c| matches!(c, '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}'))
}

/// `invoice.pdf.exe`: the last extension runs, and the one before it looks harmless.
fn has_double_extension(name: &str) -> bool {
    const HARMLESS: [&str; 34] = [
        "pdf", "doc", "docx", "xls", "xlsx", "csv", "ppt", "pptx", "rtf", "txt", "log", "odt", "ods", "odp",
        "jpg", "jpeg", "png", "gif", "bmp", "tif", "tiff", "webp", "mp3", "wav", "mp4", "avi", "mov", "mpg",
        "mpeg", "htm", "html", "xml", "eml", "zip",
    ];
    let stem = name.trim_end_matches([' ', '.']).rsplit_once('.').map(|(stem, _)| stem);
    danger_of_name(name).is_some_and(|danger| danger.severity == Severity::High)
        && stem.and_then(extension).is_some_and(|before| HARMLESS.contains(&before.as_str()))
}

pub(super) fn observe(gather: &mut Gather, message: &Message) {
    for part in &message.parts {
        // A node that holds others, or nothing, is no file.
        if part.size.is_none_or(|size| size == 0) {
            continue;
        }
        let danger = danger(part);
        let spot = Spot::message(message);
        if let Some(danger) = danger {
            let severity = danger.severity;
            note(gather, Rule::DangerousAttachment, severity, part, &spot, &[("what", danger.what)]);
        }
        disguise(gather, part, danger, &spot);
        hidden(gather, part, danger, &spot);
        if let Some(encryption) = &part.encryption {
            note(
                gather,
                Rule::EncryptedAttachment,
                Severity::Medium,
                part,
                &spot,
                &[("encryption", encryption)],
            );
        }
    }
}

/// Notes a rule about the content of a part: once, however many messages carry it.
fn note(
    gather: &mut Gather,
    rule: Rule,
    severity: Severity,
    part: &Part,
    spot: &Spot,
    facts: &[(&'static str, &str)],
) {
    let hash = part.sha256.as_deref().unwrap_or_default();
    let name = names(part).next().map(short);
    let subject = || name.clone().unwrap_or_else(|| format!("part {} ({})", part.path, part.content_type));
    // The same content by another name is told on its own.
    let key = format!("{hash}|{}", name.as_deref().unwrap_or_default());
    if let Some(draft) = gather.note(rule, severity, &key, subject, spot) {
        draft.text("sha256", hash);
        draft.text("content_type", part.content_type.as_str());
        draft.text("detected_type", detected(part).unwrap_or_default());
        draft.most("size", part.size.unwrap_or(0));
        names(part).for_each(|name| draft.list("names", name));
        part.entries.iter().for_each(|name| draft.list("holds", name.as_str()));
        draft.list("parts", &part.path);
        for (name, value) in facts {
            draft.list(name, value);
        }
    }
}

fn disguise(gather: &mut Gather, part: &Part, danger: Option<Danger>, spot: &Spot) {
    let runs = danger.is_some_and(|danger| danger.severity == Severity::High);
    let mut signs = Vec::new();
    if part.type_mismatch {
        signs.push("content is of another type");
    }
    if names(part).any(turns) {
        signs.push("direction of writing turned");
    }
    if names(part).any(has_double_extension) {
        signs.push("two extensions");
    }
    if signs.is_empty() {
        return;
    }
    // A name that turns around has no other use.
    let severity = if runs || names(part).any(turns) { Severity::High } else { Severity::Low };
    let facts: Vec<_> = signs.into_iter().map(|sign| ("signs", sign)).collect();
    note(gather, Rule::TypeHidden, severity, part, spot, &facts);
}

fn hidden(gather: &mut Gather, part: &Part, danger: Option<Danger>, spot: &Spot) {
    if part.via.is_empty() && part.hidden.is_none() {
        return;
    }
    // Pictures in pages are what data: addresses are for, and text in an epilogue is what lists add.
    let is_file = part.file.is_some() && !detected(part).is_some_and(|kind| kind.starts_with("text/"));
    let severity = match danger {
        Some(danger) => danger.severity.max(Severity::Medium),
        None if part.hidden == Some(Hidden::DataUri) || !is_file => return,
        None => Severity::Medium,
    };
    let mut facts: Vec<(&'static str, &str)> = part.via.iter().map(|via| ("via", &**via)).collect();
    facts.extend(part.hidden.map(|hidden| ("hidden", hidden.word())));
    note(gather, Rule::HiddenPart, severity, part, spot, &facts);
}

#[cfg(test)]
mod tests {
    use super::super::testing::{found, message};
    use super::*;

    const PE: &str = "application/vnd.microsoft.portable-executable";

    fn part(name: &str, detected: &'static str, change: impl FnOnce(&mut Part)) -> String {
        let mut part = Part::new("2".to_owned(), "application/octet-stream".into());
        if !name.is_empty() {
            part.filename = Some(name.into());
        }
        part.size = Some(10);
        part.sha256 = Some("00".to_owned());
        part.detected_type = Some(detected.into());
        part.file = Some("attachments/00.bin".to_owned());
        change(&mut part);
        let mut message = message(&[]);
        message.parts = vec![part];
        found(|observer| observer.message(&message))
    }

    #[test]
    fn dangerous_attachments() {
        for (name, detected, expected) in [
            ("setup.exe", PE, "dangerous-attachment high"),
            ("setup.bin", PE, "dangerous-attachment high"),
            ("", PE, "dangerous-attachment high"),
            ("Invoice.JS ", "text/plain", "dangerous-attachment high"),
            ("letter.docm", "application/zip", "dangerous-attachment medium"),
            ("disk.iso", "application/octet-stream", "dangerous-attachment medium"),
            ("goto.url", "text/plain", "dangerous-attachment medium"),
            ("letter.docx", "application/zip", ""),
            ("photo.jpg", "image/jpeg", ""),
            ("fix.py", "text/plain", ""),
            ("patch.sh", "text/plain", ""),
            ("command.com", "application/octet-stream", "dangerous-attachment high"),
            ("www.example.com", "text/html", ""),
            (".exe", "text/plain", ""),
            ("exe", "text/plain", ""),
        ] {
            assert_eq!(part(name, detected, |_| {}), expected, "{name}");
        }
        assert_eq!(part("setup.exe", PE, |part| part.size = Some(0)), "");
        assert_eq!(
            part("letter.doc", "application/msword", |part| part.macros = true),
            "dangerous-attachment medium"
        );
    }

    #[test]
    fn what_archives_hold() {
        let zip = |entries: &[&str]| {
            part("a.zip", "application/zip", |part| {
                part.entries = entries.iter().map(|name| (*name).into()).collect();
            })
        };
        for (entries, expected) in [
            (&["invoice.js"][..], "dangerous-attachment high"),
            (&["x/", "x/invoice.exe"], "dangerous-attachment high"),
            (&["letter.docm"], "dangerous-attachment medium"),
            (&["a.pdf", "b.pdf"], ""),
            (&["a.js", "b.js", "c.js", "d.html"], ""),
            (&["a.js", "setup.exe", "c.js", "d.html"], "dangerous-attachment medium"),
        ] {
            assert_eq!(zip(entries), expected, "{entries:?}");
        }
    }

    #[test]
    fn pages() {
        let attached = |part: &mut Part| part.disposition = Some("attachment".into());
        assert_eq!(part("bill.html", "text/html", attached), "dangerous-attachment low");
        assert_eq!(part("bill.html", "text/html", |_| {}), "");
        assert_eq!(part("bill.txt", "text/plain", attached), "");
    }

    #[test]
    fn hidden_types() {
        let mismatch = |part: &mut Part| part.type_mismatch = true;
        assert_eq!(part("photo.jpg", "application/pdf", mismatch), "type-hidden low");
        assert_eq!(part("photo.jpg", PE, mismatch), "dangerous-attachment high, type-hidden high");
        for (name, expected) in [
            ("invoice.pdf.exe", "dangerous-attachment high, type-hidden high"),
            ("invoice.pdf   .exe", "dangerous-attachment high, type-hidden high"),
            ("my.program.exe", "dangerous-attachment high"),
            ("archive.tar.gz", ""),
            ("photo\u{202e}gpj.exe", "dangerous-attachment high, type-hidden high"),
            ("photo\u{202e}exe.jpg", "type-hidden high"),
            ("\u{645}\u{644}\u{641}.pdf", ""),
        ] {
            assert_eq!(part(name, "application/octet-stream", |_| {}), expected, "{name}");
        }
    }

    #[test]
    fn hidden_parts() {
        let via = |part: &mut Part| part.via = vec!["boundary-reused".into()];
        let behind = |part: &mut Part| part.hidden = Some(Hidden::Epilogue);
        let data = |part: &mut Part| part.hidden = Some(Hidden::DataUri);
        assert_eq!(part("a.exe", PE, via), "dangerous-attachment high, hidden-part high");
        assert_eq!(part("a.zip", "application/zip", via), "hidden-part medium");
        assert_eq!(part("a.zip", "application/zip", behind), "hidden-part medium");
        assert_eq!(part("a.txt", "text/plain", via), "");
        assert_eq!(part("", "image/png", data), "");
        assert_eq!(part("a.js", "text/plain", data), "dangerous-attachment high, hidden-part high");
        assert_eq!(part("a.zip", "application/zip", |_| {}), "");
    }

    #[test]
    fn encrypted_attachments() {
        assert_eq!(
            part("a.zip", "application/zip", |part| part.encryption = Some("zip".into())),
            "encrypted-attachment medium"
        );
        assert_eq!(part("a.zip", "application/zip", |_| {}), "");
    }
}
