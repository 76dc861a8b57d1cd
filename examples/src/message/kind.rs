//! What a file is by its content, and whether that contradicts what the message says.

/// The type that content shows.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Kind {
    pub(super) content_type: &'static str,
    pub(super) extension: &'static str,
    /// Told by a magic number, not only by looking like text.
    certain: bool,
}

/// Looks at the first bytes. `declared` tells apart texts that look alike.
pub(super) fn detect(head: &[u8], declared: &str) -> Option<Kind> {
    if head.is_empty() {
        return None;
    }
    if let Some(kind) = infer::get(head) {
        return Some(Kind { content_type: kind.mime_type(), extension: kind.extension(), certain: true });
    }
    if !is_text(head) {
        return None;
    }
    let (content_type, extension) = match declared {
        "message/rfc822" | "message/global" => ("message/rfc822", "eml"),
        "text/html" => ("text/html", "html"),
        "text/calendar" => ("text/calendar", "ics"),
        "text/csv" => ("text/csv", "csv"),
        _ => ("text/plain", "txt"),
    };
    Some(Kind { content_type, extension, certain: false })
}

/// Printable in some charset: no control characters but those of text, or UTF-16 by its byte order mark.
fn is_text(head: &[u8]) -> bool {
    matches!(head, [0xff, 0xfe, ..] | [0xfe, 0xff, ..])
        || head.iter().all(|byte| matches!(byte, b'\t' | b'\n' | b'\r' | 0x0c | 0x1b | b' '..=b'~' | 0x80..))
}

/// Types by other names.
const ALIASES: &[(&str, &str)] = &[
    ("application/x-zip-compressed", "application/zip"),
    ("application/x-zip", "application/zip"),
    ("application/x-gzip", "application/gzip"),
    ("application/x-pdf", "application/pdf"),
    ("image/jpg", "image/jpeg"),
    ("image/pjpeg", "image/jpeg"),
    ("image/x-png", "image/png"),
    ("image/x-ms-bmp", "image/bmp"),
    ("application/x-msdownload", "application/vnd.microsoft.portable-executable"),
    ("application/x-dosexec", "application/vnd.microsoft.portable-executable"),
    ("application/x-rar-compressed", "application/vnd.rar"),
    ("application/x-rar", "application/vnd.rar"),
    ("audio/x-wav", "audio/wav"),
    ("audio/wave", "audio/wav"),
    ("text/rtf", "application/rtf"),
    ("text/xml", "application/xml"),
];

/// What says nothing, so that no content contradicts it.
const GENERIC: &[&str] = &[
    "application/octet-stream",
    "application/binary",
    "application/x-unknown",
    "application/unknown",
    "application/force-download",
];

/// Containers: a declared type that begins so is at home in the detected one.
const CONTAINERS: &[(&str, &[&str])] = &[
    (
        "application/zip",
        &[
            "application/vnd.openxmlformats-",
            "application/vnd.oasis.opendocument.",
            "application/vnd.ms-",
            "application/java-archive",
            "application/epub+zip",
            "application/vnd.android.package-archive",
            "application/x-iwork-",
        ],
    ),
    (
        "application/x-ole-storage",
        &[
            "application/msword",
            "application/vnd.ms-",
            "application/vnd.visio",
            "application/x-msi",
            "application/x-msaccess",
        ],
    ),
    ("application/gzip", &["application/x-compressed-tar", "application/x-tgz", "application/x-gtar"]),
    (
        "application/xml",
        &["image/svg+xml", "application/xhtml+xml", "application/atom+xml", "application/rss+xml"],
    ),
    ("text/html", &["application/xhtml+xml", "text/plain"]),
    ("application/rtf", &["application/msword"]),
];

impl Kind {
    /// Whether the content is something else than the message says. Text is a weak sign: it contradicts only types
    /// that are never text.
    pub(super) fn contradicts(&self, declared: &str) -> bool {
        let one_name =
            |name| ALIASES.iter().find(|(alias, _)| *alias == name).map_or(name, |(_, name)| *name);
        let (declared, detected) = (one_name(declared), one_name(self.content_type));
        if declared == detected || GENERIC.contains(&declared) || declared.starts_with("multipart/") {
            return false;
        }
        if !self.certain {
            return ["image/", "audio/", "video/"].iter().any(|class| declared.starts_with(class))
                && declared != "image/svg+xml"
                || ["application/pdf", "application/zip", "application/gzip"].contains(&declared);
        }
        // infer names Office documents by what is in the container.
        let office = |name: &str| name.starts_with("application/vnd.") || name == "application/msword";
        if office(declared)
            && (office(detected) && detected != "application/vnd.microsoft.portable-executable")
        {
            return false;
        }
        !CONTAINERS.iter().any(|(container, within)| {
            *container == detected && within.iter().any(|prefix| declared.starts_with(prefix))
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const PDF: &[u8] = b"%PDF-1.7\n1 0 obj";
    const ZIP: &[u8] = b"PK\x03\x04\x14\0\0\0\0\0";
    const PNG: &[u8] = b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR";
    const PE: &[u8] = b"MZ\x90\0\x03\0\0\0\x04\0\0\0\xff\xff\0\0";

    #[test]
    fn content_against_what_is_said() {
        for (head, declared, detected, contradicts) in [
            (PDF, "application/pdf", Some("application/pdf"), false),
            (PDF, "image/jpeg", Some("application/pdf"), true),
            (PDF, "application/octet-stream", Some("application/pdf"), false),
            (ZIP, "text/plain", Some("application/zip"), true),
            (ZIP, "application/x-zip-compressed", Some("application/zip"), false),
            (
                ZIP,
                "application/vnd.openxmlformats-officedocument.wordprocessingml.document",
                Some("application/zip"),
                false,
            ),
            (PNG, "image/png", Some("image/png"), false),
            (PE, "image/png", Some("application/vnd.microsoft.portable-executable"), true),
            (PE, "application/vnd.ms-excel", Some("application/vnd.microsoft.portable-executable"), true),
            (b"hello", "text/plain", Some("text/plain"), false),
            (b"hello", "text/x-patch", Some("text/plain"), false),
            (b"hello", "image/png", Some("text/plain"), true),
            (b"From: a\r\n", "message/rfc822", Some("message/rfc822"), false),
            (b"BEGIN:VCALENDAR", "text/calendar", Some("text/calendar"), false),
            (b"\x00\x01\x02\x03", "image/png", None, false),
            (b"", "text/plain", None, false),
        ] {
            let kind = detect(head, declared);
            assert_eq!(kind.map(|kind| kind.content_type), detected, "{declared}");
            assert_eq!(
                kind.is_some_and(|kind| kind.contradicts(declared)),
                contradicts,
                "{declared} {detected:?}"
            );
        }
    }
}
