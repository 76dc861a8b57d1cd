//! `ANOMALIES.md` lists every code that `anomalies.jsonl` can hold, as the enums have them.
//!
//! `BLESS=1 cargo test -p mailtap --test anomalies` writes it.
#![allow(clippy::unwrap_used, reason = "a test may fail loudly")]

use mailtap::capture::DamageKind;
use std::collections::BTreeSet;
use std::fmt::Write as _;
use std::path::Path;
use tcp_reassembly::packet::PacketError;

const HEAD: &str = "# Anomalies

What `anomalies.jsonl` can hold. Each line has its layer, its code, and as evidence the packet, the time, the direction
and the offset in its stream where they are known; `detail` says what the code does not. Codes are stable.

| layer | code | meaning |
| --- | --- | --- |
";

#[test]
fn the_table_is_complete() {
    let mut rows: Vec<(&str, &str, String)> = Vec::new();
    let why = || "why".to_owned();
    for kind in [
        DamageKind::Unreadable(why()),
        DamageKind::NotACapture,
        DamageKind::Compression(why()),
        DamageKind::CutShort,
        DamageKind::Record,
        DamageKind::Block,
        DamageKind::Trailer,
        DamageKind::SecondHeader,
        DamageKind::UnknownInterface(1),
    ] {
        rows.push(("capture", kind.code(), kind.to_string().replace(": why", "").replace(" 1", "")));
    }
    rows.push(("packet", "unknown-link-type", "packets of a link type that is not read; counted".to_owned()));
    for error in [PacketError::TooDeep, PacketError::Truncated, PacketError::Malformed("why")] {
        rows.push(("packet", error.code(), format!("{}; counted", error.to_string().replace(": why", ""))));
    }
    for (code, meaning) in tcp_reassembly::packet::Anomaly::CODES {
        rows.push(("packet", code, meaning.to_owned()));
    }
    rows.push((
        "tcp",
        "gap",
        "bytes of the stream that were not captured; how many, and how that is known".to_owned(),
    ));
    for (code, meaning) in tcp_reassembly::Anomaly::CODES {
        rows.push(("tcp", code, meaning.to_owned()));
    }
    for anomaly in smtp_proto::Anomaly::ALL {
        let layer = if anomaly == smtp_proto::Anomaly::AuthMalformed { "sasl" } else { "smtp" };
        let text = anomaly
            .to_string()
            .replace(" 0 bytes", " the limit")
            .replace(", lf.lf, at 0", "")
            .replace("0 commands", "commands")
            .replace(", 0 bytes,", "")
            .replace(" says, 0", " says")
            .replace(" for 2", " for several")
            .replace("a tunnel, http", "a tunnel");
        rows.push((layer, anomaly.code(), text));
    }
    rows.push(("smtp", "roles-changed", "the side taken for the client is the server".to_owned()));
    for anomaly in pop3_proto::Anomaly::ALL {
        let layer = if anomaly == pop3_proto::Anomaly::AuthMalformed { "sasl" } else { "pop3" };
        let text = anomaly
            .to_string()
            .replace(" 0 bytes of 0", " before the size that its reply names")
            .replace(", 0 bytes, than the reply says, 0", " than the reply says")
            .replace(" 0 bytes", " the limit")
            .replace(", lf.lf, at 0", "")
            .replace("0 commands", "commands");
        // The exchanges of AUTH are the same in all protocols.
        if layer != "sasl" {
            rows.push((layer, anomaly.code(), text));
        }
    }
    rows.push(("pop3", "roles-changed", "the side taken for the client is the server".to_owned()));
    for anomaly in imap_proto_lite::Anomaly::ALL {
        let layer = if anomaly == imap_proto_lite::Anomaly::AuthMalformed { "sasl" } else { "imap" };
        let text = anomaly
            .to_string()
            .replace("than 0 bytes", "than the limit")
            .replace("after 0 bytes that", "after bytes that")
            .replace("came to 0 bytes", "came to more bytes")
            .replace(", more than the limits allow", " than the limits allow")
            .replace(" of 0 bytes", "")
            .replace("has 0 bytes, its size is said to be 0", "has not the size that the server says")
            .replace("0 bytes are missing, or nobody knows how many", "bytes are missing")
            .replace(" at byte 0", "")
            .replace("a tunnel, http", "a tunnel")
            .replace("0 of them missing", "perhaps not from all");
        // What a login can be is told of all protocols alike.
        if layer == "imap" {
            rows.push((layer, anomaly.code(), text));
        }
    }
    rows.push(("imap", "roles-changed", "the side taken for the client is the server".to_owned()));
    for anomaly in mime_extract::Anomaly::ALL {
        let text =
            anomaly.to_string().replace(", 0 times", "").replace("0 ", "N ").replace("than 0", "than N");
        rows.push(("mime", anomaly.code(), text.replace("subject stands", "a field stands")));
    }

    let mut table = HEAD.to_owned();
    let mut seen = BTreeSet::new();
    for (layer, code, meaning) in rows {
        assert!(seen.insert((layer, code)), "{layer} {code} twice");
        assert!(code.bytes().all(|byte| matches!(byte, b'a'..=b'z' | b'0'..=b'9' | b'-')), "{code}");
        writeln!(table, "| {layer} | `{code}` | {meaning} |").unwrap();
    }
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../ANOMALIES.md");
    if std::env::var_os("BLESS").is_some() {
        std::fs::write(&path, &table).unwrap();
    }
    assert_eq!(std::fs::read_to_string(path).unwrap(), table, "BLESS=1 writes it anew");
}
