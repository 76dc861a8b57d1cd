//! Properties of SASL exchanges, and whether what they record is enough to test a guess at the password.
#![allow(clippy::unwrap_used, clippy::indexing_slicing, reason = "a test may fail loudly")]

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use hmac::{Hmac, KeyInit as _, Mac as _};
use mail_wire::sasl::{Credential, Exchange, Outcome};
use md5::{Digest as _, Md5};
use proptest::prelude::*;

const MECHANISMS: [&str; 20] = [
    "PLAIN",
    "LOGIN",
    "CRAM-MD5",
    "CRAM-SHA1",
    "CRAM-SHA256",
    "DIGEST-MD5",
    "NTLM",
    "GSSAPI",
    "GSS-SPNEGO",
    "SCRAM-SHA-1",
    "SCRAM-SHA-256",
    "SCRAM-SHA-512-PLUS",
    "XOAUTH2",
    "OAUTHBEARER",
    "OAUTH10A",
    "EXTERNAL",
    "ANONYMOUS",
    "OTP",
    "SKEY",
    "X-OTHER",
];

/// Pieces out of which messages of all mechanisms are made, so that arbitrary ones get far.
const PIECES: [&[u8]; 44] = [
    b"NTLMSSP\0",
    b"\x01\0\0\0",
    b"\x02\0\0\0",
    b"\x03\0\0\0",
    b"\x18\0\x18\0\x40\0\0\0",
    b"\xff\xff\xff\xff\x10\0\0\0",
    b"\x60\x82\x01\0",
    b"\x06\x09\x2a\x86\x48\x86\xf7\x12\x01\x02\x02",
    b"\x06\x06\x2b\x06\x01\x05\x05\x02",
    b"\x01\0\x6e\x81\x80\x30\x7d",
    b"\xa0\x30\x30\x2e\xa2\x2c\x04\x2a",
    b"\xa1\x30\x30\x2e\xa2\x2c\x04\x2a",
    b"\xa3\x20\x61\x1e\x30\x1c",
    b"\x05\x04\x04\xff\0\x0c\0\0",
    b"\x30\x84\xff\xff\xff\xff",
    b"n,,",
    b"p=tls-unique,a=x,",
    b"n=user,r=abc",
    b"r=abcdef,s=c2FsdA==,i=4096",
    b"c=biws,r=abcdef,p=cHJvb2Y=",
    b"v=c2ln",
    b"e=other-error",
    b"user=",
    b"\x01auth=Bearer ",
    b"\x01host=h\x01port=143",
    b"e30.eyJpc3MiOlsiYSIsImIiXSwiZXhwIjoxfQ.c2ln",
    b"\x01",
    b"{\"status\":\"401\"}",
    b"username=\"",
    b"realm=\"\\\"\",",
    b"nonce=x,cnonce=y,nc=00000001,digest-uri=smtp/h,qop=auth,",
    b"response=00000000000000000000000000000000",
    b"otp-md5 99 seed ext",
    b"hex:0011223344556677",
    b"tim ",
    b"00000000000000000000000000000000",
    b"0000000000000000000000000000000000000000000000000000000000000000",
    b"<1@x>",
    b"\0",
    b" ",
    b",",
    b"\"",
    b"\xff",
    b"\xed\xa0\x80",
];

#[derive(Clone, Debug)]
enum Step {
    Challenge(Vec<u8>),
    Response(Vec<u8>),
    Cut(Vec<u8>),
    Missed,
}

fn message() -> impl Strategy<Value = Vec<u8>> {
    let made = prop::collection::vec(prop::sample::select(&PIECES[..]), 0..12)
        .prop_map(|pieces| STANDARD.encode(pieces.concat()).into_bytes());
    let bytes =
        prop::collection::vec(any::<u8>(), 0..200).prop_map(|bytes| STANDARD.encode(bytes).into_bytes());
    // A big one: the pieces over and over.
    let big = (prop::collection::vec(prop::sample::select(&PIECES[..]), 1..4), 1..9000_usize)
        .prop_map(|(pieces, times)| STANDARD.encode(pieces.concat().repeat(times)).into_bytes());
    let raw = prop::collection::vec(any::<u8>(), 0..100);
    let fixed = prop::sample::select(vec![b"*".to_vec(), b"=".to_vec(), Vec::new()]);
    prop_oneof![8 => made, 2 => bytes, 1 => big, 1 => raw, 1 => fixed]
}

fn steps() -> impl Strategy<Value = Vec<Step>> {
    let step = prop_oneof![
        8 => message().prop_map(Step::Challenge),
        8 => message().prop_map(Step::Response),
        1 => message().prop_map(Step::Cut),
        1 => Just(Step::Missed),
    ];
    prop::collection::vec(step, 0..8)
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(256))]

    /// Nothing panics, memory is bounded, the name is told, and a line is one line.
    #[test]
    fn anything_may_come(mechanism in prop::sample::select(&MECHANISMS[..]), steps in steps()) {
        let mut exchange = Exchange::new(mechanism.as_bytes());
        for step in &steps {
            match step {
                Step::Challenge(text) => exchange.challenge(text),
                Step::Response(text) => exchange.response(text),
                Step::Cut(text) => exchange.cut_response(text),
                Step::Missed => exchange.missed_response(),
            }
            prop_assert!(exchange.memory() <= Exchange::WORST_CASE, "{} held", exchange.memory());
        }
        let credential = exchange.finish(Outcome::Unknown);
        prop_assert_eq!(&credential.mechanism[..], mechanism.as_bytes());
        if let Some(hash) = &credential.hash {
            let line = str::from_utf8(hash.line.expose());
            prop_assert!(line.is_ok_and(|line| !line.chars().any(char::is_control)));
        }
    }

    /// No secret is in the output of `Debug`, at no time.
    #[test]
    fn debug_is_silent(secret in "[a-z0-9]{12,40}", split in any::<bool>()) {
        let logins: [(&str, Vec<String>); 5] = [
            ("PLAIN", vec![format!("\0ann\0{secret}")]),
            ("LOGIN", vec!["ann".to_owned(), secret.clone()]),
            ("XOAUTH2", vec![format!("user=ann\x01auth=Bearer {secret}\x01\x01")]),
            ("OAUTHBEARER", vec![format!("n,a=ann,\x01auth=Bearer {secret}\x01\x01")]),
            ("OTP", vec!["\0ann".to_owned(), format!("hex:{secret}")]),
        ];
        for (mechanism, responses) in logins {
            let mut exchange = Exchange::new(mechanism.as_bytes());
            if split {
                exchange.challenge(b"");
            }
            let mut encoded = secret.clone();
            for response in responses {
                encoded = STANDARD.encode(response);
                exchange.response(encoded.as_bytes());
                let told = format!("{exchange:?}");
                prop_assert!(!told.contains(&secret) && !told.contains(&encoded));
            }
            let told = format!("{:?}", exchange.finish(Outcome::Accepted));
            prop_assert!(!told.contains(&secret) && !told.contains(&encoded));
        }
    }
}

#[test]
fn names_that_share_their_bytes_stay_within_bounds() {
    // The fields of an NTLM message may all point to the same bytes, which grow on their way to UTF-8 and to
    // hexadecimal digits.
    let len = u16::MAX - 255;
    let field = |len: u16| [&len.to_le_bytes()[..], &len.to_le_bytes(), &64_u32.to_le_bytes()].concat();
    let mut message = b"NTLMSSP\0\x03\0\0\0".to_vec();
    for len in [24, len, len, len, len, 0] {
        message.extend_from_slice(&field(len));
    }
    message.extend_from_slice(&1_u32.to_le_bytes());
    message.extend("\u{4e00}".repeat(usize::from(len) / 2).encode_utf16().flat_map(u16::to_le_bytes));
    let challenge = b"NTLMSSP\0\x02\0\0\0\0\0\0\0\0\0\0\0\x01\0\0\0abcdefgh";
    let mut exchange = Exchange::new(b"NTLM");
    exchange.challenge(STANDARD.encode(challenge).as_bytes());
    exchange.response(STANDARD.encode(&message).as_bytes());
    exchange.response(&[b'!'; 2 * Exchange::MAX_DATA]);
    let memory = exchange.memory();
    assert!(exchange.finish(Outcome::Unknown).hash.is_some());
    assert!((10 * Exchange::MAX_DATA..=Exchange::WORST_CASE).contains(&memory), "{memory}");
}

fn converse(mechanism: &str, messages: &[&str]) -> Credential {
    let mut exchange = Exchange::new(mechanism.as_bytes());
    for (place, message) in messages.iter().enumerate() {
        let text = STANDARD.encode(message);
        if place % 2 == 0 { exchange.challenge(text.as_bytes()) } else { exchange.response(text.as_bytes()) }
    }
    exchange.finish(Outcome::Accepted)
}

fn line(credential: &Credential) -> String {
    String::from_utf8(credential.hash.as_ref().unwrap().line.expose().to_vec()).unwrap()
}

/// RFC 5802 section 3, from the record alone: the proof and the server's signature that the password gives.
macro_rules! scram {
    ($hash:ty, $record:expr, $password:expr) => {{
        let record = $record;
        let fields: Vec<&str> = record.split(':').collect();
        let hmac = |key: &[u8], data: &[u8]| {
            let mut mac = Hmac::<$hash>::new_from_slice(key).unwrap();
            mac.update(data);
            mac.finalize().into_bytes().to_vec()
        };
        let salt = STANDARD.decode(fields[3]).unwrap();
        let mut round = hmac($password, &[&salt[..], &[0, 0, 0, 1]].concat());
        let mut salted = round.clone();
        for _ in 1..fields[4].parse::<u32>().unwrap() {
            round = hmac($password, &round);
            salted.iter_mut().zip(&round).for_each(|(sum, byte)| *sum ^= byte);
        }
        let client_key = hmac(&salted, b"Client Key");
        let signature = hmac(&<$hash>::digest(&client_key), fields[5].as_bytes());
        let proof: Vec<u8> = client_key.iter().zip(&signature).map(|(key, byte)| key ^ byte).collect();
        let server = hmac(&hmac(&salted, b"Server Key"), fields[5].as_bytes());
        [STANDARD.encode(proof) == fields[6], STANDARD.encode(server) == fields[7]]
    }};
}

#[test]
fn a_scram_record_tests_a_guess() {
    // RFC 5802 section 5 and RFC 7677 section 3.
    let sha1 = converse(
        "SCRAM-SHA-1",
        &[
            "",
            "n,,n=user,r=fyko+d2lbbFgONRv9qkxdawL",
            "r=fyko+d2lbbFgONRv9qkxdawL3rfcNHYJY1ZVvWVs7j,s=QSXCR+Q6sek8bf92,i=4096",
            "c=biws,r=fyko+d2lbbFgONRv9qkxdawL3rfcNHYJY1ZVvWVs7j,p=v0X8v3Bz2T0CJGbJQyF0X+HI4Ts=",
            "v=rmF9pqV8S7suAoZWja4dJRkFsKQ=",
        ],
    );
    assert_eq!(scram!(sha1::Sha1, line(&sha1), b"pencil"), [true, true]);
    assert_eq!(scram!(sha1::Sha1, line(&sha1), b"pencils"), [false, false]);
    let sha256 = converse(
        "SCRAM-SHA-256",
        &[
            "",
            "n,,n=user,r=rOprNGfwEbeRWgbNEkqO",
            "r=rOprNGfwEbeRWgbNEkqO%hvYDpWUa2RaTCAfuxFIlj)hNlF$k0,s=W22ZaJ0SNY7soEsUEjb6gQ==,i=4096",
            "c=biws,r=rOprNGfwEbeRWgbNEkqO%hvYDpWUa2RaTCAfuxFIlj)hNlF$k0,\
             p=dHzbZapWIk4jUhN+Ute9ytag9zjfMHgsqmmiz7AndVQ=",
            "v=6rriTRBi23WpRR/wtup+mMhUZUn/dB5nLTJRsjl95G4=",
        ],
    );
    assert_eq!(scram!(sha2::Sha256, line(&sha256), b"pencil"), [true, true]);
}

#[test]
fn a_digest_md5_line_tests_a_guess() {
    let hex = |bytes: &[u8]| bytes.iter().map(|byte| format!("{byte:02x}")).collect::<String>();
    let md5 = |text: &[u8]| Md5::digest(text).to_vec();
    // RFC 2831 section 4.
    let rfc = r#"username="chris",realm="elwood.innosoft.com",nonce="OA6MG9tEQGm2hh",nc=00000001,cnonce="OA6MHXh6VqTrRk",digest-uri="imap/elwood.innosoft.com",response=d388dad90d4bbd760a152321f2143af7,qop=auth"#;
    let line = line(&converse("DIGEST-MD5", &["", rfc]));
    let fields: Vec<&str> = line.strip_prefix("$DIGEST-MD5$").unwrap().split('$').collect();
    let [user, realm, nonce, uri, cnonce, nc, qop, response] = fields.as_slice() else { unreachable!() };
    let expected = |password: &str| {
        let secret = md5(format!("{user}:{realm}:{password}").as_bytes());
        let a1 = md5(&[&secret[..], format!(":{nonce}:{cnonce}").as_bytes()].concat());
        let a2 = md5(format!("AUTHENTICATE:{uri}").as_bytes());
        hex(&md5(format!("{}:{nonce}:{nc}:{cnonce}:{qop}:{}", hex(&a1), hex(&a2)).as_bytes()))
    };
    assert_eq!(expected("secret"), *response);
    assert_ne!(expected("secrets"), *response);
}
