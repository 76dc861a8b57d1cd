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
    if let Some(kind) = armoured(head) {
        return Some(kind);
    }
    // infer takes everything in armour for a certificate.
    let certificate = |kind: &infer::Type| kind.mime_type() == "application/x-x509-ca-cert";
    if let Some(kind) = infer::get(head).filter(|kind| !certificate(kind) || is_certificate(head)) {
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

/// Signatures, keys and encrypted messages of OpenPGP (RFC 9580 section 6.2), and signed data of CMS (RFC 5652 section 5.1).
fn armoured(head: &[u8]) -> Option<Kind> {
    let (content_type, extension) = if head.starts_with(b"-----BEGIN PGP SIGNATURE-----") {
        ("application/pgp-signature", "asc")
    } else if head.starts_with(b"-----BEGIN PGP MESSAGE-----") {
        ("application/pgp-encrypted", "asc")
    } else if head.starts_with(b"-----BEGIN PGP PUBLIC KEY BLOCK-----")
        || head.starts_with(b"-----BEGIN PGP PRIVATE KEY BLOCK-----")
    {
        ("application/pgp-keys", "asc")
    } else if head.first() == Some(&0x30)
        && head.get(..24).unwrap_or(head).windows(SIGNED_DATA.len()).any(|bytes| bytes == SIGNED_DATA)
    {
        ("application/pkcs7-signature", "p7s")
    } else {
        return None;
    };
    Some(Kind { content_type, extension, certain: true })
}

/// The object identifier of signed data, in DER: 1.2.840.113549.1.7.2.
const SIGNED_DATA: &[u8] = b"\x06\x09\x2a\x86\x48\x86\xf7\x0d\x01\x07\x02";

fn is_certificate(head: &[u8]) -> bool {
    // A sequence whose first element is another one; everything else in DER is something else.
    matches!(head, [0x30, 0x82, _, _, 0x30, ..])
        || ["CERTIFICATE", "TRUSTED CERTIFICATE", "X509 CERTIFICATE"]
            .iter()
            .any(|label| head.starts_with(format!("-----BEGIN {label}-----").as_bytes()))
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
    ("application/x-pkcs7-signature", "application/pkcs7-signature"),
    ("application/pkix-cert", "application/x-x509-ca-cert"),
    ("application/x-x509-user-cert", "application/x-x509-ca-cert"),
    ("application/x-pem-file", "application/x-x509-ca-cert"),
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
    // Signed data may hold its content, or nothing but certificates.
    (
        "application/pkcs7-signature",
        &[
            "application/pkcs7-mime",
            "application/x-pkcs7-mime",
            "application/pkcs7-certs",
            "application/x-pkcs7-cert",
        ],
    ),
    // Text in armour travels under either type, or as text (RFC 3156, PGP/inline).
    ("application/pgp-encrypted", &["text/plain"]),
    ("application/pgp-signature", &["text/plain"]),
    ("application/pgp-keys", &["text/plain"]),
];

/// What kinds of files there are, as far as extensions tell them apart.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Class {
    Image,
    Audio,
    Video,
    Pdf,
    /// zip, and what is one inside.
    Zip,
    /// Compound files: Office of old, installers.
    Compound,
    Rtf,
    Text,
    Archive,
    Program,
}

/// The class of a detected type.
fn class_of(content_type: &str) -> Option<Class> {
    Some(match content_type {
        "application/pdf" => Class::Pdf,
        "application/rtf" | "text/rtf" => Class::Rtf,
        "application/x-ole-storage"
        | "application/msword"
        | "application/vnd.ms-excel"
        | "application/vnd.ms-powerpoint" => Class::Compound,
        "application/zip" | "application/epub+zip" | "application/java-archive" => Class::Zip,
        "application/vnd.rar"
        | "application/x-7z-compressed"
        | "application/gzip"
        | "application/x-tar"
        | "application/x-bzip2"
        | "application/x-xz"
        | "application/vnd.ms-cab-compressed"
        | "application/zstd"
        | "application/x-lz4" => Class::Archive,
        "application/vnd.microsoft.portable-executable"
        | "application/x-executable"
        | "application/x-mach-binary" => Class::Program,
        _ if content_type.starts_with("application/vnd.openxmlformats-")
            || content_type.starts_with("application/vnd.oasis.opendocument.") =>
        {
            Class::Zip
        }
        _ => match content_type.split('/').next()? {
            "image" => Class::Image,
            "audio" => Class::Audio,
            "video" => Class::Video,
            "text" => Class::Text,
            _ => return None,
        },
    })
}

/// What may stand in a file with that extension; empty: anything.
fn classes_of(extension: &str) -> &'static [Class] {
    match extension {
        "jpg" | "jpeg" | "jpe" | "jfif" | "png" | "gif" | "bmp" | "tif" | "tiff" | "webp" | "heic"
        | "heif" | "avif" | "ico" | "psd" => &[Class::Image],
        "mp3" | "wav" | "flac" | "aac" | "amr" => &[Class::Audio],
        "mp4" | "avi" | "mov" | "mpg" | "mpeg" | "mkv" | "wmv" | "webm" => &[Class::Video],
        // Both are at home in both.
        "m4a" | "ogg" | "3gp" | "wma" | "asf" => &[Class::Audio, Class::Video],
        "pdf" => &[Class::Pdf],
        "docx" | "docm" | "dotx" | "xlsx" | "xlsm" | "xlsb" | "pptx" | "pptm" | "ppsx" | "odt" | "ods"
        | "odp" | "zip" | "jar" | "apk" | "epub" | "pages" | "numbers" | "key" | "kmz" => &[Class::Zip],
        // Sealed documents of the new formats are compound files.
        "doc" | "dot" => &[Class::Compound, Class::Rtf, Class::Text, Class::Zip],
        "xls" | "xlt" => &[Class::Compound, Class::Text, Class::Zip],
        "ppt" | "pps" => &[Class::Compound, Class::Zip],
        "msg" | "oft" | "msi" | "vsd" | "mpp" | "pub" => &[Class::Compound],
        "rtf" => &[Class::Rtf],
        "txt" | "csv" | "log" | "md" | "ics" | "vcf" | "htm" | "html" | "shtml" | "xhtml" | "xml"
        | "json" | "eml" | "ini" | "css" | "tsv" => &[Class::Text],
        "rar" | "7z" | "gz" | "tgz" | "tar" | "bz2" | "xz" | "cab" | "zst" => &[Class::Archive],
        "exe" | "dll" | "scr" | "cpl" | "sys" => &[Class::Program],
        _ => &[],
    }
}

impl Kind {
    /// Whether the content is something else than the message says, by its type or by its name.
    pub(super) fn contradicts(&self, declared: &str, name: Option<&str>) -> bool {
        self.contradicts_type(declared) || name.is_some_and(|name| self.contradicts_name(name))
    }

    fn contradicts_name(&self, name: &str) -> bool {
        let extension = name.trim_end_matches([' ', '.']).rsplit_once('.').map(|(_, extension)| extension);
        let Some(extension) = extension.map(str::to_ascii_lowercase) else { return false };
        let allowed = classes_of(&extension);
        if allowed.is_empty() {
            return false;
        }
        // Sealed documents of the new formats are compound files (MS-OFFCRYPTO).
        let sealed = self.content_type == "application/x-ole-storage"
            && ["docx", "docm", "xlsx", "xlsm", "xlsb", "pptx", "pptm"].contains(&extension.as_str());
        let class = if self.certain { class_of(self.content_type) } else { Some(Class::Text) };
        // XML and scripts are text, though they are told by what they begin with.
        let text = self.content_type.ends_with("xml") || self.content_type.starts_with("text/");
        !sealed
            && class
                .is_some_and(|class| !(allowed.contains(&class) || text && allowed.contains(&Class::Text)))
    }

    /// Text is a weak sign: it contradicts only types that are never text.
    fn contradicts_type(&self, declared: &str) -> bool {
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
    const SIGNED: &[u8] = b"\x30\x82\x01\x02\x06\x09\x2a\x86\x48\x86\xf7\x0d\x01\x07\x02\xa0\x82";
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
            (
                b"-----BEGIN PGP SIGNATURE-----\n",
                "application/pgp-signature",
                Some("application/pgp-signature"),
                false,
            ),
            (b"-----BEGIN PGP SIGNATURE-----\n", "image/png", Some("application/pgp-signature"), true),
            (b"-----BEGIN PGP SIGNED MESSAGE-----\n", "text/plain", Some("text/plain"), false),
            (
                b"-----BEGIN CERTIFICATE-----\n",
                "application/pgp-keys",
                Some("application/x-x509-ca-cert"),
                true,
            ),
            (b"\x30\x82\x03\x01\x17\x0d", "application/pkcs7-signature", None, false),
            (SIGNED, "application/x-pkcs7-signature", Some("application/pkcs7-signature"), false),
            (SIGNED, "application/pkcs7-mime", Some("application/pkcs7-signature"), false),
            (
                b"\x30\x82\x03\x01\x30\x82\x02\x01",
                "application/pkix-cert",
                Some("application/x-x509-ca-cert"),
                false,
            ),
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
                kind.is_some_and(|kind| kind.contradicts(declared, None)),
                contradicts,
                "{declared} {detected:?}"
            );
        }
    }
    #[test]
    fn content_against_its_name() {
        const OLE: &[u8] = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1";
        const RTF: &[u8] = b"{\\rtf1\\ansi hello}";
        const RAR: &[u8] = b"Rar!\x1a\x07\x00";
        for (head, name, contradicts) in [
            (PDF, "a.pdf", false),
            (PDF, "a.PDF ", false),
            (PDF, "a.jpg", true),
            (ZIP, "a.docx", false),
            (ZIP, "a.jpg", true),
            (ZIP, "a.pdf", true),
            (ZIP, "a.dat", false),
            (ZIP, "no extension", false),
            (PE, "a.exe", false),
            (PE, "invoice.pdf", true),
            (PE, "invoice.pdf.exe", false),
            (PE, "a.txt", true),
            (PE, "setup.bin", false),
            (PNG, "a.png", false),
            (PNG, "a.jpg", false),
            (PNG, "a.txt", true),
            (OLE, "a.doc", false),
            (OLE, "a.docx", false),
            (OLE, "a.pdf", true),
            (OLE, "mail.msg", false),
            (RTF, "a.doc", false),
            (RTF, "a.pdf", true),
            (RAR, "a.zip", true),
            (RAR, "a.rar", false),
            (b"hello", "a.txt", false),
            (b"hello", "a.pdf", true),
            (b"hello", "a.jpg", true),
            (b"<html><body>x", "a.html", false),
            (b"<html><body>x", "a.xls", false),
            (b"<html><body>x", "a.pdf", true),
            (b"<?xml version=\"1.0\"?><a/>", "a.xml", false),
        ] {
            let kind = detect(head, "application/octet-stream").unwrap();
            assert_eq!(
                kind.contradicts("application/octet-stream", Some(name)),
                contradicts,
                "{name} {kind:?}"
            );
        }
    }
}
