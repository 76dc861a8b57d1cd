//! COMPRESS=DEFLATE (RFC 4978), made with zlib's algorithm.

#![cfg(feature = "deflate")]
#![allow(clippy::indexing_slicing, clippy::unwrap_used, reason = "a test may fail loudly")]

mod common;

use Direction::{ToClient, ToServer};
use bytes::Bytes;
use common::{run, short};
use flate2::{Compress, Compression, FlushCompress};
use imap_proto_lite::{Config, Direction, EventKind};
use mail_wire::transcript::Step;

/// The compressor of one side.
struct Deflate(Compress);

impl Deflate {
    fn new() -> Self {
        Self(Compress::new(Compression::best(), false))
    }

    /// A text, flushed as the RFC asks.
    fn text(&mut self, text: &[u8]) -> Vec<u8> {
        let mut out = Vec::with_capacity(text.len() + 1024);
        self.0.compress_vec(text, &mut out, FlushCompress::Sync).unwrap();
        assert!(out.len() < out.capacity());
        out
    }
}

fn push(dir: Direction, bytes: impl Into<Bytes>) -> Step {
    Step::Push(dir, bytes.into())
}

/// Up to the answer that switches compression on.
fn begin() -> Vec<Step> {
    vec![
        push(ToClient, "* OK ready\r\n"),
        push(ToServer, "a COMPRESS DEFLATE\r\n"),
        push(ToClient, "a OK go\r\n"),
    ]
}

const BEGUN: [&str; 5] = [
    "S greeting * OK ready",
    "C command Compress a COMPRESS DEFLATE",
    "S a OK go -> COMPRESS",
    "C compression-started",
    "S compression-started",
];

fn told(steps: &[Step], config: Config) -> Vec<String> {
    run(steps, config).iter().map(|event| short(event.dir, &event.kind)).collect()
}

/// The content of all messages.
fn content(steps: &[Step]) -> Vec<u8> {
    let data = run(steps, Config::default()).into_iter().filter_map(|event| match event.kind {
        EventKind::MessageData(bytes) => Some(bytes),
        _ => None,
    });
    data.flatten().collect()
}

/// Both sides, cut into pieces of `size` bytes.
fn session(size: usize) -> Vec<Step> {
    let (mut client, mut server) = (Deflate::new(), Deflate::new());
    let mut steps = begin();
    let turns = [
        (ToServer, &b"b SELECT INBOX\r\n"[..]),
        (ToClient, b"b OK done\r\n"),
        (ToServer, b"c FETCH 1 BODY[]\r\n"),
        (ToClient, b"* 1 FETCH (UID 5 BODY[] {15}\r\nSubject: hi\r\n\r\n)\r\nc OK done\r\n"),
    ];
    for (dir, text) in turns {
        let side = if dir == ToServer { &mut client } else { &mut server };
        let bytes = Bytes::from(side.text(text));
        steps.extend(
            (0..bytes.len()).step_by(size).map(|at| push(dir, bytes.slice(at..bytes.len().min(at + size)))),
        );
    }
    steps
}

#[test]
fn i27_both_halves_are_inflated() {
    for size in [1, 2, 7, 4096] {
        let told = told(&session(size), Config::default());
        assert_eq!(told[..5], BEGUN);
        assert_eq!(content(&session(size)), b"Subject: hi\r\n\r\n", "{size}");
        // A fragment of nothing is what ends the last flush, where it comes in a piece of its own.
        let bulk = |line: &str| line.starts_with("S data") || line.ends_with("fragment");
        let rest: Vec<_> = told[5..].iter().filter(|line| !bulk(line)).collect();
        assert_eq!(
            rest,
            [
                "C command Select b SELECT INBOX",
                "S b OK done -> SELECT",
                "S mailbox INBOX validity=? epoch=1",
                "C command Fetch c FETCH 1 BODY[]",
                "S message-start Fetch [] 15 bytes in INBOX epoch=1 seq=1 uid=5 handle=1",
                "S message-end complete",
                "S fetch 1 uid=5 []=15 streamed",
                "S c OK done -> FETCH",
            ],
            "{size}"
        );
    }
}

#[test]
fn spans_of_inflated_data_are_those_of_the_compressed_bytes() {
    let steps = session(3);
    let total = |of: Direction| -> u64 {
        steps
            .iter()
            .map(|step| {
                if let Step::Push(dir, bytes) = step
                    && *dir == of
                {
                    bytes.len() as u64
                } else {
                    0
                }
            })
            .sum()
    };
    let mut last = [0, 0];
    for event in run(&steps, Config::default()).iter().filter(|event| !event.kind.is_derived()) {
        let last = &mut last[event.dir as usize];
        assert!(event.span.start <= event.span.end && event.span.end >= *last, "{event:?}");
        *last = event.span.end;
    }
    assert_eq!(last, [total(ToServer), total(ToClient)]);
}

#[test]
fn i27_a_gap_ends_it() {
    let mut server = Deflate::new();
    let mut steps = begin();
    steps.push(push(ToClient, server.text(b"* 3 EXISTS\r\n* 1 FETCH (BODY[] {9}\r\nabc")));
    steps.push(Step::Gap(ToClient, Some(10)));
    steps.push(push(ToClient, "?"));
    assert_eq!(
        told(&steps, Config::default())[5..],
        [
            "S Exists(3)",
            "S fragment",
            "S message-start Fetch [] 9 bytes seq=1 handle=1",
            "S data abc",
            "S message-gap None",
            "S message-end incomplete",
            "S anomaly compress-gap",
            "S gap Some(10)",
            "S opaque ?",
        ]
    );
}

#[test]
fn i27_what_is_no_deflate_is_told() {
    let mut steps = begin();
    steps.push(push(ToClient, &b"\xff\xff\xff"[..]));
    assert_eq!(
        told(&steps, Config::default())[5..],
        ["S anomaly compress-broken", "S opaque \\xff\\xff\\xff"]
    );
}

#[test]
fn i27_a_bomb_is_not_inflated() {
    let mut steps = begin();
    let bomb =
        Deflate::new().text(format!("* 1 FETCH (BODY[] {{99999999}}\r\n{}", "x".repeat(8 << 20)).as_bytes());
    steps.push(push(ToClient, bomb));
    for config in [Config::default(), Config::default().max_inflated(1 << 20).max_ratio(10_000)] {
        let told = told(&steps, config);
        let inflated: usize = told.iter().filter_map(|line| line.strip_prefix("S data ")).map(str::len).sum();
        assert!((1 << 20..2 << 20).contains(&inflated), "{inflated}");
        assert!(told.iter().any(|line| line.starts_with("S anomaly compress-bomb")), "{:?}", told.last());
    }
}

#[test]
fn i28_compression_on_top_of_compression() {
    let (mut client, mut server) = (Deflate::new(), Deflate::new());
    let mut steps = begin();
    steps.push(push(ToServer, client.text(b"b COMPRESS DEFLATE\r\n")));
    steps.push(push(ToClient, server.text(b"b NO [COMPRESSIONACTIVE] on\r\n")));
    steps.push(push(ToServer, client.text(b"c STARTTLS\r\n")));
    steps.push(push(ToClient, server.text(b"c BAD no\r\n")));
    assert_eq!(
        told(&steps, Config::default())[5..],
        [
            "C command Compress b COMPRESS DEFLATE",
            "C anomaly compress-twice",
            "S b NO [COMPRESSIONACTIVE ] on -> COMPRESS",
            "C command StartTls c STARTTLS",
            "C anomaly compress-twice",
            "S c BAD no -> STARTTLS",
            "S anomaly starttls-refused",
        ]
    );
}

#[test]
fn a_client_alone_is_inflated_where_it_goes_on_compressed() {
    let mut client = Deflate::new();
    for compressed in [true, false] {
        let text = b"b NOOP\r\n";
        let bytes = if compressed { client.text(text) } else { text.to_vec() };
        let steps = [Step::Close(ToClient), push(ToServer, "a COMPRESS DEFLATE\r\n"), push(ToServer, bytes)];
        let told = told(&steps, Config::default());
        assert_eq!(told.last().map(String::as_str), Some("C command Noop b NOOP"));
        assert_eq!(told.contains(&"C compression-started".to_owned()), compressed);
    }
}

/// Behind any command that was accepted and not heard, compressed bytes are known by what comes out of them.
#[test]
fn a_server_alone_is_inflated_where_it_goes_on_compressed() {
    for size in [1, 2, 1000] {
        let mut server = Deflate::new();
        let mut steps = vec![
            Step::Close(ToServer),
            push(ToClient, "* OK ready\r\na OK in\r\nb OK Begin compression.\r\n"),
        ];
        for text in
            [&b"* 1 FETCH (UID 3 BODY[] {4}\r\na: b)\r\nc OK done\r\n"[..], b"* BYE bye\r\nd OK done\r\n"]
        {
            steps.extend(server.text(text).chunks(size).map(|bytes| push(ToClient, bytes.to_vec())));
        }
        let told = told(&steps, Config::default());
        assert!(told.contains(&"S data a: b".to_owned()) || size < 4, "{told:#?}");
        assert_eq!(content(&steps), b"a: b");
        assert!(told.contains(&"S d OK done".to_owned()), "{told:#?}");
        assert_eq!(
            told[..4],
            ["S greeting * OK ready", "S a OK in", "S b OK Begin compression.", "S compression-started"]
        );
    }
    // Plaintext behind it is none.
    let steps = [
        Step::Close(ToServer),
        push(ToClient, "a OK in\r\n* LIST () \"/\" \"Entw\u{fc}rfe\"\r\nb OK done\r\n"),
    ];
    assert!(told(&steps, Config::default()).iter().all(|told| !told.contains("compression")));
}

/// Lines behind what is lost are told in two parts, and several of them come out of the same bytes.
#[test]
fn what_comes_out_of_the_same_bytes_ends_in_order() {
    let mut client = Deflate::new();
    let mut steps = begin();
    steps.push(push(ToServer, client.text(b"b NOOP 0123456789012345678901234567890123456789")));
    steps.push(Step::Close(ToServer));
    steps.push(push(ToServer, client.text(b"lost\r\nSubject: hi\r\n\r\ntext\r\n")));
    let events = run(&steps, Config::default().max_line(32));
    let told: Vec<String> = events.iter().map(|event| short(event.dir, &event.kind)).collect();
    assert_eq!(told[9..12], ["C message-start Append []", "C data Subject: hi", "C data \\r\\n"]);
    let mut last = 0;
    for event in events.iter().filter(|event| event.dir == ToServer && !event.kind.is_derived()) {
        assert!(event.span.end >= last, "{event:?}");
        last = event.span.end;
    }
}
