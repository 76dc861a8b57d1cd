use super::records::{Credentials, Header, Mail, Pop3, Smtp};
use super::*;
use crate::record::{CrackableHash, Login, LoginOutcome, Place, Protocol};
use core::time::Duration;
use prost::Message as _;
use std::io::Read as _;

/// The header and the records of a file.
fn read<T: prost::Message + Default>(path: &std::path::Path) -> (Header, Vec<T>) {
    let mut bytes = Vec::new();
    flate2::read::GzDecoder::new(std::fs::File::open(path).unwrap()).read_to_end(&mut bytes).unwrap();
    let mut rest = &bytes[..];
    let header = Header::decode_length_delimited(&mut rest).unwrap();
    let mut records = Vec::new();
    while !rest.is_empty() {
        records.push(T::decode_length_delimited(&mut rest).unwrap());
    }
    (header, records)
}

#[test]
fn a_file_is_read_back() {
    let dir = tempfile::tempdir().unwrap();
    let folder = NewFolder::create(&dir.path().join("out"), false).unwrap();
    let at = Time::new(Duration::new(7, 9), 9);
    let mut file = RecordFile::create(&folder, "SMTP.ncap.gz", Type::Smtp, Some(at), "a.pcap").unwrap();
    let records = [
        Smtp {
            timestamp: i64::MAX,
            src_port: 65535,
            commands: vec!["EHLO".into(), "\u{5d0}\0\n".into()],
            ..Smtp::default()
        },
        Smtp::default(),
        Smtp { mail_ids: vec![String::new(); 300], ..Smtp::default() },
    ];
    for record in &records {
        file.write(record).unwrap();
    }
    assert_eq!(file.finish().unwrap(), Written::new("SMTP.ncap.gz", 3));
    let (header, found) = read::<Smtp>(&dir.path().join(".tmp-out/SMTP.ncap.gz"));
    assert_eq!((header.created, header.input_source.as_str(), header.type_), (7_000_000_009, "a.pcap", 91));
    assert_eq!(found, records);
}

#[test]
fn the_numbers_on_the_wire() {
    // Field number and wire type of the first field that is set, as the table of Netcap has them.
    let text = || "x".to_owned();
    for (bytes, expected) in [
        (Header { type_: 1, ..Header::default() }.encode_to_vec(), 3 << 3),
        (Pop3 { pass: text(), ..Pop3::default() }.encode_to_vec(), 6 << 3 | 2),
        (Pop3 { commands: vec![text()], ..Pop3::default() }.encode_to_vec(), 8 << 3 | 2),
        (Smtp { is_encrypted: true, ..Smtp::default() }.encode_to_vec(), 2 << 3),
        (Smtp { src_ip: text(), ..Smtp::default() }.encode_to_vec(), 6 << 3 | 2),
        (Smtp { dst_port: 1, ..Smtp::default() }.encode_to_vec(), 9 << 3),
        (Smtp { commands: vec![text()], ..Smtp::default() }.encode_to_vec(), 11 << 3 | 2),
        (Mail { has_attachments: true, ..Mail::default() }.encode_to_vec(), 12 << 3),
        (Mail { envelope_to: text(), ..Mail::default() }.encode_to_vec(), 15 << 3 | 2),
        (Credentials { notes: text(), ..Credentials::default() }.encode_to_vec(), 6 << 3 | 2),
    ] {
        assert_eq!(bytes.first(), Some(&expected));
    }
    // From 16 on the number takes two bytes.
    assert_eq!(Mail { origin: text(), ..Mail::default() }.encode_to_vec()[..2], [0xaa, 0x01]);
}

#[test]
fn logins_are_named_as_netcap_does() {
    let login = |protocol, mechanism: &str| {
        let (client, server) = ("10.0.0.1:4000".to_owned(), "10.0.0.2:25".to_owned());
        let mut login = Login::new(
            1,
            protocol,
            Time::new(Duration::new(1, 0), 0),
            Place::new(1, 1),
            client,
            server,
            mechanism.into(),
        );
        login.username = Some("bob".into());
        login.outcome = LoginOutcome::Accepted;
        login
    };
    for (protocol, mechanism, expected) in [
        (Protocol::Pop3, "APOP", "POP3"),
        (Protocol::Smtp, "PLAIN", "SMTP Auth Plain"),
        (Protocol::Smtp, "LOGIN", "SMTP Auth Login"),
        (Protocol::Smtp, "CRAM-MD5", "SMTP Auth CRAM-MD5"),
        (Protocol::Lmtp, "PLAIN", "LMTP Auth PLAIN"),
        (Protocol::Imap, "IMAP-LOGIN", "IMAP Login"),
        (Protocol::Imap, "CRAM-MD5", "IMAP CRAM-MD5"),
    ] {
        assert_eq!(sessions::credentials(&login(protocol, mechanism)).service, expected);
    }
    let mut one = login(Protocol::Smtp, "CRAM-MD5");
    one.hash = Some(CrackableHash {
        hashcat_mode: Some(10200),
        john_format: Some("HMAC-MD5".to_owned()),
        line: "$cram_md5$a$b".into(),
    });
    let expected = Credentials {
        timestamp: 1_000_000_000,
        service: "SMTP Auth CRAM-MD5".into(),
        flow: "10.0.0.1:4000->10.0.0.2:25".into(),
        user: "bob".into(),
        password: String::new(),
        notes: "mechanism CRAM-MD5, accepted, hashcat mode 10200, john format HMAC-MD5, line $cram_md5$a$b"
            .into(),
    };
    assert_eq!(sessions::credentials(&one), expected);
    one.token = Some("token".into());
    assert_eq!(sessions::credentials(&one).password, "token");
}
