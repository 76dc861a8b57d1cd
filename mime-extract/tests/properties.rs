//! What holds for every message, however its bytes come.

#![allow(clippy::indexing_slicing, clippy::unwrap_used, clippy::panic, reason = "a test may fail loudly")]

mod common;

use bytes::Bytes;
use common::checks::{check_gap, check_gap_told, check_prefix, check_raw, with_gap};
use common::{Step, chunks, corpus, data, listing, python_corpus, run, whole};
use mime_extract::{Config, EventKind, Extractor, candidates, report};
use proptest::prelude::*;
use std::collections::BTreeSet;
use std::path::PathBuf;

fn all_mails() -> Vec<(PathBuf, Bytes)> {
    let mut mails = corpus();
    let python = python_corpus();
    if python.is_empty() {
        #[allow(clippy::print_stderr, reason = "the reader of the test run should know")]
        {
            eprintln!("Python's test messages are not here: passed over");
        }
    }
    mails.extend(python);
    mails
}

#[test]
fn any_chunking_gives_the_same_events() {
    for (path, mail) in all_mails() {
        let expected = listing(&whole(&mail));
        for size in 1..=17 {
            let got = listing(&run(&chunks(&mail, &[size]), &Config::default()));
            assert_eq!(got, expected, "{} by {size}", path.display());
        }
    }
}

#[test]
fn the_decode_of_every_prefix_is_a_prefix() {
    for (path, mail) in all_mails() {
        let all = whole(&mail);
        // Every cut of a short mail, about a thousand of a long one.
        let step = mail.len() / 1000 + 1;
        for cut in (0..mail.len()).step_by(step) {
            let what = format!("{} cut at {cut}", path.display());
            check_prefix(&whole(&mail.slice(..cut)), &all, &what);
        }
    }
}

#[test]
fn raw_parts_are_what_stands_in_the_mail() {
    for (_, mail) in all_mails() {
        check_raw(&mail, &whole(&mail));
    }
}

#[test]
fn a_gap_anywhere_is_told() {
    for (path, mail) in corpus() {
        for from in (0..mail.len()).step_by(mail.len() / 150 + 1) {
            for len in [1, 7, 80] {
                let to = (from + len).min(mail.len());
                for known in [true, false] {
                    let events = run(&with_gap(&mail, from, to, known), &Config::default());
                    check_gap(&events, from as u64, &path.to_string_lossy());
                    assert!(matches!(events.last().map(|event| &event.kind), Some(EventKind::End)));
                    check_gap_told(&events, &format!("{}, gap at {from}", path.display()));
                }
            }
        }
    }
}

/// Pieces of mail that mean something, and noise.
fn piece() -> impl Strategy<Value = Vec<u8>> {
    let known: &[&'static [u8]] = &[
        b"Content-Type: multipart/mixed; boundary=b\r\n\r\n",
        b"Content-Type: multipart/digest; boundary=\"b_\"\n\n",
        b"Content-Type: multipart/mixed; boundary=\"\"\n\n",
        b"Content-Type: message/rfc822\r\n",
        b"Content-Type: text/html; charset=x\r\n",
        b"Content-Transfer-Encoding: base64\r\n",
        b"Content-Transfer-Encoding: quoted-printable\n",
        b"Content-Disposition: attachment; filename*0*=utf-8''%41; filename=\"",
        b"Q29udGVudC1UeXBlOiBtdWx0aXBhcnQvbWl4ZWQ7IGJvdW5kYXJ5PWINCg0KLS1iDQo=\r\n",
        b"--b\r\n",
        b"--b\n",
        b"--b--\r\n",
        b"\r--b\n",
        b"--bx\n",
        b"--b\rContent-Type: text/html\n",
        b" Content-Type: text/html\n",
        b"Content-Type: a/b; boundary=b; boundary=\"b_\"\n\n",
        b"Content-Transfer-Encoding: base64, quoted-printable\n\n",
        b"--b_\r\n",
        b"--b_--\n",
        b"--\n",
        b"--b",
        b"\r\n",
        b"\n",
        b"\r",
        b" ",
        b"-",
        b"=",
        b"=3D",
        b"= \r\n",
        b"Zm9v",
        b"Zg==",
        b"text and text",
        b"begin 644 a b\n",
        b"#0V%T\r\n",
        b"`\nend\n",
        b"=ybegin line=128 size=3 name=c\n",
        b"=yend size=3\n",
        b"Content-Transfer-Encoding: x-uue\n",
        b"Content-Transfer-Encoding: x-gzip64\n",
        b"Content-Type: application/octet-stream; name=a.eml\n",
        b"Content-Type: application/pkcs7-mime\r\n\r\n",
        b"0\x80\x06\x09*\x86H\x86\xf7\x0d\x01\x07\x02\xa0\x800\x80\x02\x01\x011\x000\x80\x06\x01\x01\xa0\x80$\x80\x04\x09",
        b"\x04\x08From: a\n\0\0",
        b"\0\x05\x16\0\0\x02\0\0xxxxxxxxxxxxxxxx\0\x01\0\0\0\x01\0\0\0\x28\0\0\0\x05",
        b"begin-base64 644 x\nQUJD\n",
        b"====\n",
        b"=ybegin part=1 total=2 line=128 size=6 name=c\n=ypart begin=1 end=3\n",
        b"<a href=\"data:a/b;base64,QUJD",
        b"<a href=data:,x%41&amp;",
        b"<a download=\"x<y&amp;\" href='data:a/b,x'",
        b" download='z>",
        b" href=data:",
        b"'",
        b"\">",
        b"-----BEGIN PGP MESSAGE-----\n",
        b"From x\n",
        b"Subject: =?utf-8?q?=C3?= =?utf-8?q?=A9?=\r\n",
        b"\xe9\x00",
    ];
    prop_oneof![
        12 => prop::sample::select(known).prop_map(<[u8]>::to_vec),
        1 => prop::collection::vec(any::<u8>(), 1..30),
        1 => prop::collection::vec(prop::sample::select(&b"QUJD\n"[..]), 60..200),
    ]
}

fn mail() -> impl Strategy<Value = Bytes> {
    prop::collection::vec(piece(), 0..40).prop_map(|pieces| Bytes::from(pieces.concat()))
}

/// Limits so small that each of them is met.
fn small() -> Config {
    Config::default().max_header(0).max_depth(3).max_encoded_depth(1).max_parts(4).max_parameters(2)
}

/// Lines of reports.
const REPORT: &[&[u8]] = &[
    b"Original-Recipient: rfc822;<a@b>\n",
    b"Final-Recipient: utf-8; \\x{e9}\\x{110000}@b\r\n",
    b"Action: failed (x\n",
    b"Status: 5.1.1\n",
    b"Reporting-MTA: dns;\n",
    b"Disposition: a/b; c/d, e\n",
    b"Source-IP: [::1]\n",
    b"\n",
    b"\r\n",
    b" \n",
    b" fold\n",
    b"no field\n",
];

proptest! {
    #![proptest_config(ProptestConfig::with_cases(256))]

    #[test]
    fn made_up_mails_are_the_same_in_any_chunks(
        mail in mail(),
        sizes in prop::collection::vec(1..40usize, 1..6),
    ) {
        for config in [Config::default(), small()] {
            let events = run(&[Step::Push(mail.clone())], &config);
            check_raw(&mail, &events);
            check_raw(&mail, &run(&chunks(&mail, &sizes), &config));
            let expected = listing(&events);
            for sizes in [&sizes[..], &[1], &[2], &[3]] {
                prop_assert_eq!(listing(&run(&chunks(&mail, sizes), &config)), expected.clone());
            }
        }
    }

    #[test]
    fn made_up_mails_have_the_prefix_property(mail in mail()) {
        for config in [Config::default(), small()] {
            let all = run(&[Step::Push(mail.clone())], &config);
            for cut in 0..mail.len() {
                let what = format!("cut at {cut}");
                check_prefix(&run(&[Step::Push(mail.slice(..cut))], &config), &all, &what);
            }
        }
    }

    #[test]
    fn made_up_mails_survive_gaps(
        mail in mail(),
        from in any::<prop::sample::Index>(),
        len in 0..100usize,
        known in any::<bool>(),
    ) {
        let from = from.index(mail.len() + 1);
        let to = (from + len).min(mail.len());
        if from < to {
            for config in [Config::default(), small()] {
                check_gap(&run(&with_gap(&mail, from, to, known), &config), from as u64, "made up");
            }
        }
    }

    /// Candidates are new, whole, within the limits and the same each time.
    #[test]
    fn candidates_of_made_up_mails_are_new(mail in mail()) {
        for config in [Config::default(), small().max_readings(3)] {
            let events = run(&[Step::Push(mail.clone())], &config);
            let ambiguous = events.iter().any(|event| matches!(&event.kind, EventKind::Anomaly(one) if one.is_ambiguous()));
            let mut seen: BTreeSet<Vec<u8>> = data(&events).into_values().map(|(_, data)| data).collect();
            let found: Vec<_> = candidates(mail.clone(), &[], &config).collect();
            prop_assert_eq!(&found, &candidates(mail.clone(), &[], &config).collect::<Vec<_>>());
            prop_assert!(ambiguous || found.is_empty());
            let sum: usize = found.iter().map(|one| one.content.len()).sum();
            prop_assert!(sum <= 4 * mail.len() + (64 << 10));
            for one in found {
                prop_assert_eq!(one.content.len() as u64, one.end.size);
                prop_assert!(!one.via.is_empty() && one.end.raw.end <= mail.len() as u64);
                prop_assert!(seen.insert(one.content.to_vec()), "{:?} is not new", one);
            }
        }
    }

    /// Real mails in random pieces, with random gaps.
    #[test]
    fn mails_survive_anything(
        sizes in prop::collection::vec(1..300usize, 1..6),
        gaps in prop::collection::vec((any::<prop::sample::Index>(), prop::option::of(1..100u64)), 0..4),
        which in any::<prop::sample::Index>(),
    ) {
        let mails = corpus();
        let (_, mail) = &mails[which.index(mails.len())];
        let mut steps = chunks(mail, &sizes);
        for (at, len) in gaps {
            steps.insert(at.index(steps.len() + 1), Step::Gap(len));
        }
        run(&steps, &Config::default());
    }

    /// Whatever a report holds, nothing of it is lost, and each field belongs to one block.
    #[test]
    fn reports_of_anything_are_read(
        pieces in prop::collection::vec(prop_oneof![
            8 => prop::sample::select(REPORT).prop_map(<[u8]>::to_vec),
            1 => prop::collection::vec(any::<u8>(), 0..30),
        ], 0..30),
    ) {
        let report = pieces.concat();
        let essence = |bytes: &[u8]| -> Vec<u8> {
            bytes.iter().copied().filter(|byte| !matches!(byte, b'\t'..=b'\r' | b' ' | b':')).collect()
        };
        let of = |fields: &mime_extract::Headers| -> Vec<u8> {
            fields.iter().flat_map(|field| [field.name(), field.raw()].concat()).collect()
        };
        let status = report::delivery_status(&report);
        let mut told = of(&status.fields);
        for recipient in &status.recipients {
            prop_assert!(!recipient.fields.is_empty());
            told.extend(of(&recipient.fields));
        }
        prop_assert_eq!(essence(&told), essence(&report));
        prop_assert_eq!(of(&report::disposition(&report).fields), told.clone());
        prop_assert_eq!(of(&report::feedback(&report).fields), told);
    }

    /// Values are read without a panic, whatever they hold.
    #[test]
    fn fields_of_anything_can_be_asked(value in prop::collection::vec(any::<u8>(), 0..80), sounds in "[a-z@<>(),;:\"\\\\=?*0-9 ]{0,60}") {
        for value in [value, sounds.into_bytes()] {
            let mail = [b"From: ", value.as_slice(), b"\nDate: ", &value, b"\nMessage-ID: ", &value, b"\n\n"].concat();
            let events = whole(&mail.into());
            let Some(EventKind::Headers(headers)) = events.first().map(|event| &event.kind) else {
                panic!("no headers")
            };
            for field in headers.iter() {
                let _ = (field.text(), field.addresses(), field.date(), field.message_ids(), field.unfolded());
            }
        }
    }
}

/// 64 MiB of attachments, made as they are read, pass through a few hundred KiB.
#[test]
fn large_messages_stream() {
    let config = Config::default();
    let mut extractor = Extractor::new(config);
    let push = |extractor: &mut Extractor, bytes: Bytes| {
        extractor.push(bytes);
        let mut size = 0;
        for event in extractor.events() {
            if let EventKind::PartData(bytes) = event.kind {
                size += bytes.len();
            }
        }
        assert!(extractor.buffered() < 64 << 10);
        size
    };
    let line = [&b"QUJD".repeat(19)[..], b"\r\n"].concat();
    let lines = Bytes::from(line.repeat(860));
    let mut size = push(&mut extractor, "Content-Type: multipart/mixed; boundary=b\r\n\r\n".into());
    let mut expected = 0;
    for part in 0..8 {
        let head = "\r\n--b\r\nContent-Transfer-Encoding: base64\r\n\r\n";
        size += push(&mut extractor, head.trim_start_matches(if part == 0 { "\r\n" } else { "" }).into());
        for _ in 0..125 {
            size += push(&mut extractor, lines.clone());
            expected += 860 * 57;
        }
    }
    size += push(&mut extractor, "\r\n--b--\r\n".into());
    extractor.finish();
    assert_eq!(extractor.events().count(), 2);
    assert_eq!(size, expected);
}
