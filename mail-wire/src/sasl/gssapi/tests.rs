//! NTLM on the messages of MS-NLMP section 4.2, Kerberos on tickets built here.

use crate::sasl::crack::Crack;
use crate::sasl::{BASE64, Credential, Exchange, Fact, Outcome};
use base64::Engine as _;
use bytes::Bytes;

fn unhex(text: &str) -> Vec<u8> {
    let digits: Vec<u8> = text.bytes().filter(u8::is_ascii_hexdigit).collect();
    let value =
        |digit: u8| u8::try_from(char::from(digit).to_digit(16).unwrap_or_default()).unwrap_or_default();
    digits.chunks_exact(2).map(|pair| pair.iter().fold(0, |byte, digit| byte << 4 | value(*digit))).collect()
}

fn utf16(text: &str) -> Vec<u8> {
    text.encode_utf16().flat_map(u16::to_le_bytes).collect()
}

/// Challenges in the even places, responses in the odd ones; an empty one is not sent.
fn converse(mechanism: &str, messages: &[&[u8]]) -> Credential {
    let mut exchange = Exchange::new(mechanism.as_bytes());
    for (place, message) in messages.iter().enumerate().filter(|(_, message)| !message.is_empty()) {
        let text = BASE64.encode(message);
        if place % 2 == 0 { exchange.challenge(text.as_bytes()) } else { exchange.response(text.as_bytes()) }
    }
    exchange.finish(Outcome::Accepted)
}

fn facts(facts: &[(&'static str, &'static str)]) -> Vec<Fact> {
    facts.iter().map(|(name, value)| Fact::new(name, Bytes::from(*value))).collect()
}

const LM: &str = "98def7b87f88aa5dafe2df779688a172def11c7d5ccdef13";
const NT: &str = "67c43011f30298a2ad35ece64f16331c44bdbed927841f94";
const LM_SESSION: &str = "aaaaaaaaaaaaaaaa00000000000000000000000000000000";
const NT_SESSION: &str = "7537f803ae367128ca458204bde7caf81e97ed2683267232";
const LM_V2: &str = "86c35097ac9cec102554764a57cccc19aaaaaaaaaaaaaaaa";
const PROOF: &str = "68cd0ab851e51c96aabc927bebef6a1c";
const BLOB: &str = "01010000000000000000000000000000aaaaaaaaaaaaaaaa0000000002000c0044006f006d00610069006e00\
                    01000c005300650072007600650072000000000000000000";

/// MS-NLMP section 4.2.2.3.
const CHALLENGE_V1: &str =
    "4e544c4d53535000 02000000 0c000c0038000000 338202e2 0123456789abcdef 0000000000000000
    0000000000000000 0600701700 00000f 530065007200760065007200";
/// MS-NLMP section 4.2.4.3.
const CHALLENGE_V2: &str =
    "4e544c4d53535000 02000000 0c000c0038000000 33828ae2 0123456789abcdef 0000000000000000
    2400240044000000 060070170000000f 530065007200760065007200
    02000c0044006f006d00610069006e0001000c0053006500720076006500720000000000";

/// An AUTHENTICATE_MESSAGE laid out as those of MS-NLMP section 4.2.
fn authenticate(flags: u32, names: [&[u8]; 3], lm: &[u8], nt: &[u8]) -> Vec<u8> {
    let key = unhex("518822b1b3f350c8958682ecbb3e3cb7");
    let [domain, user, workstation] = names;
    let fields = [lm, nt, domain, user, workstation, &key];
    let offsets = {
        let mut at = 72;
        let mut next = |len: usize| {
            at += len;
            at - len
        };
        let [domain, user, workstation] = names.map(|name| next(name.len()));
        [next(lm.len()), next(nt.len()), domain, user, workstation, next(key.len())]
    };
    let mut message = b"NTLMSSP\0\x03\0\0\0".to_vec();
    for (field, offset) in fields.iter().zip(offsets) {
        let len = u16::try_from(field.len()).unwrap_or_default().to_le_bytes();
        message.extend_from_slice(&[len, len].concat());
        message.extend_from_slice(&u32::try_from(offset).unwrap_or_default().to_le_bytes());
    }
    message.extend_from_slice(&flags.to_le_bytes());
    message.extend_from_slice(&unhex("0501280a0000000f"));
    message.extend_from_slice(&[domain, user, workstation, lm, nt, &key].concat());
    message
}

fn user() -> Credential {
    Credential {
        username: Some("User".into()),
        domain: Some("Domain".into()),
        workstation: Some("COMPUTER".into()),
        server_names: facts(&[("target", "Server")]),
        outcome: Outcome::Accepted,
        ..Credential::new(Bytes::from_static(b"NTLM"))
    }
}

#[test]
fn ntlm_version_1() {
    let names = ["Domain", "User", "COMPUTER"].map(utf16);
    let [domain, name, workstation] = &names;
    let message = authenticate(0xe280_8235, [domain, name, workstation], &unhex(LM), &unhex(NT));
    // MS-NLMP section 4.2.2.3, byte for byte.
    let literal =
        "4e544c4d53535000 03000000 180018006c000000 1800180084000000 0c000c0048000000 0800080054000000
        100010005c000000 100010009c000000 358280e2 0501280a0000000f 44006f006d00610069006e00 5500730065007200
        43004f004d0050005500540045005200 98def7b87f88aa5dafe2df779688a172def11c7d5ccdef13
        67c43011f30298a2ad35ece64f16331c44bdbed927841f94 518822b1b3f350c8958682ecbb3e3cb7";
    assert_eq!(message, unhex(literal));
    let line = format!("User::Domain:{LM}:{NT}:0123456789abcdef");
    let hash = Some(Crack::new(Some(5500), Some("netntlm"), line));
    let negotiate = b"NTLMSSP\0\x01\0\0\0\x07\x82\x08\xa2\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0";
    let told = converse("NTLM", &[b"", negotiate, &unhex(CHALLENGE_V1), &message]);
    assert_eq!(told, Credential { hash, ..user() });
    // Without the challenge there is nothing to test a guess with.
    let told = converse("NTLM", &[b"", negotiate, b"", &message]);
    assert_eq!(told, Credential { server_names: Vec::new(), ..user() });
}

#[test]
fn ntlm2_session_and_version_2() {
    let names = ["Domain", "User", "COMPUTER"].map(utf16);
    let [domain, name, workstation] = &names;
    let names = [domain.as_slice(), name, workstation];
    let session = authenticate(0x820a_8233, names, &unhex(LM_SESSION), &unhex(NT_SESSION));
    let line = format!("User::Domain:{LM_SESSION}:{NT_SESSION}:0123456789abcdef");
    let hash = Some(Crack::new(Some(5500), Some("netntlm"), line));
    let told = converse("NTLM", &[b"", b"", &unhex(CHALLENGE_V1), &session]);
    assert_eq!(told, Credential { hash, ..user() });

    let version_2 = authenticate(0xe288_8235, names, &unhex(LM_V2), &unhex(&format!("{PROOF}{BLOB}")));
    let line = format!("User::Domain:0123456789abcdef:{PROOF}:{}", BLOB.replace(char::is_whitespace, ""));
    let server_names =
        facts(&[("target", "Server"), ("netbios-domain", "Domain"), ("netbios-computer", "Server")]);
    let expected = Credential {
        hash: Some(Crack::new(Some(5600), Some("netntlmv2"), line)),
        server_names: server_names.clone(),
        ..user()
    };
    let challenge = unhex(CHALLENGE_V2);
    assert_eq!(converse("NTLM", &[b"", b"", &challenge, &version_2]), expected);

    // The same in SPNEGO: the first message in a NegTokenInit, the others in NegTokenResp.
    let init =
        [der(0xa0, &der(0x30, OID_LIST)), der(0xa2, &der(0x04, b"NTLMSSP\0\x01\0\0\0\x07\x82\x08\xa2"))]
            .concat();
    let init = der(0x60, &[&b"\x06\x06\x2b\x06\x01\x05\x05\x02"[..], &der(0xa0, &der(0x30, &init))].concat());
    let response = |token: &[u8]| {
        der(0xa1, &der(0x30, &[der(0xa0, b"\x0a\x01\x01"), der(0xa2, &der(0x04, token))].concat()))
    };
    let told = converse("GSS-SPNEGO", &[b"", &init, &response(&challenge), &response(&version_2)]);
    assert_eq!(told, Credential { mechanism: Bytes::from_static(b"GSS-SPNEGO"), ..expected });
    // The client alone still tells the server's names.
    let told = converse("NTLM", &[b"", b"", b"", &version_2]);
    let server_names = server_names.into_iter().filter(|fact| fact.name != "target").collect();
    assert_eq!(told, Credential { server_names, ..user() });
}

#[test]
fn ntlm_names_that_fit_no_line() {
    let challenge = unhex(CHALLENGE_V2);
    let nt = unhex(&format!("{PROOF}{BLOB}"));
    let names = |user: &[u8], domain: &[u8], flags| {
        let told = converse(
            "NTLM",
            &[b"", b"", &challenge, &authenticate(flags, [domain, user, b""], &unhex(LM_V2), &nt)],
        );
        let hash = told.hash.map(|crack| crack.hashcat_mode);
        (told.username.unwrap_or_default(), told.domain, hash)
    };
    let (unicode, oem) = (0xe288_8235, 0xe288_8236);
    // hashcat cannot hash names beyond ASCII, john can.
    assert_eq!(names(&utf16("Jörg"), &utf16("D"), unicode), ("Jörg".into(), Some("D".into()), Some(None)));
    assert_eq!(names(b"joe", b"D", oem), ("joe".into(), Some("D".into()), Some(Some(5600))));
    assert_eq!(names(b"j\xf6rg", b"", oem), (Bytes::from_static(b"j\xf6rg"), None, None));
    assert_eq!(names(&utf16("a:b"), &utf16("D"), unicode), ("a:b".into(), Some("D".into()), None));
    assert_eq!(names(b"\x00\xd8", b"", unicode), ("\u{fffd}".into(), None, None));
    assert_eq!(names(b"a\0b", b"", unicode), ("a\u{fffd}".into(), None, None));
}

#[test]
fn ntlm_without_a_response_or_with_fields_out_of_bounds() {
    let challenge = unhex(CHALLENGE_V1);
    let anonymous = authenticate(0xe280_8a35, [b"", b"", &utf16("COMPUTER")], b"\0", b"");
    let expected = Credential { username: Some(Bytes::new()), domain: None, anonymous: true, ..user() };
    assert_eq!(converse("NTLM", &[b"", b"", &challenge, &anonymous]), expected);

    let names = ["Domain", "User", "COMPUTER"].map(utf16);
    let [domain, name, workstation] = &names;
    let message = authenticate(0xe280_8235, [domain, name, workstation], &unhex(LM), &unhex(NT));
    for cut in [12, 60, 71, 90, 140] {
        let told = converse("NTLM", &[b"", b"", &challenge, message.get(..cut).unwrap_or_default()]);
        assert!(told.unreadable.is_some() && told.hash.is_none(), "{cut}");
    }
}

/// SPNEGO's list of mechanisms: NTLMSSP.
const OID_LIST: &[u8] = b"\x06\x0a\x2b\x06\x01\x04\x01\x82\x37\x02\x02\x0a";
const KERBEROS: &[u8] = b"\x06\x09\x2a\x86\x48\x86\xf7\x12\x01\x02\x02";

fn der(tag: u8, content: &[u8]) -> Vec<u8> {
    let [high, low] = u16::try_from(content.len()).unwrap_or_default().to_be_bytes();
    [&[tag, 0x82, high, low], content].concat()
}

fn request(etype: u8, realm: &str, components: &[&str], cipher: &[u8]) -> Vec<u8> {
    let general = |text: &str| der(0x1b, text.as_bytes());
    let integer = |tag, value| der(tag, &der(0x02, &[value]));
    let names: Vec<u8> = components.iter().flat_map(|name| general(name)).collect();
    let service = der(0x30, &[integer(0xa0, 2), der(0xa1, &der(0x30, &names))].concat());
    let encrypted =
        der(0x30, &[integer(0xa0, etype), integer(0xa1, 3), der(0xa2, &der(0x04, cipher))].concat());
    let ticket =
        [integer(0xa0, 5), der(0xa1, &general(realm)), der(0xa2, &service), der(0xa3, &encrypted)].concat();
    let ticket = der(0xa3, &der(0x61, &der(0x30, &ticket)));
    let options = der(0xa2, b"\x03\x05\0\x20\0\0\0");
    let request = der(0x6e, &der(0x30, &[integer(0xa0, 5), integer(0xa1, 14), options, ticket].concat()));
    der(0x60, &[KERBEROS, b"\x01\0", &request].concat())
}

#[test]
fn kerberos_tickets() {
    let cipher: Vec<u8> = (0..64).collect();
    let hex = crate::sasl::crack::hex;
    let (checksum, data) = (hex(&cipher[..16]), hex(&cipher[16..]));
    let (sha1_data, sha1) = (hex(&cipher[..52]), hex(&cipher[52..]));
    let rc4 = format!("$krb5tgs$23$*smtpmx.example$EXAMPLE$smtp/mx.example*${checksum}${data}");
    let aes = |etype| format!("$krb5tgs${etype}$smtpmx.example$EXAMPLE${sha1}${sha1_data}");
    let cases: [(u8, &[u8], Option<Crack>); 5] = [
        (23, &cipher, Some(Crack::new(Some(13100), Some("krb5tgs"), rc4))),
        (17, &cipher, Some(Crack::new(Some(19600), None, aes(17)))),
        (18, &cipher, Some(Crack::new(Some(19700), None, aes(18)))),
        (20, &cipher, None),
        (18, &cipher[..43], None),
    ];
    for (etype, cipher, hash) in cases {
        let bare = request(etype, "EXAMPLE", &["smtp", "mx.example"], cipher);
        let expected = Credential {
            realm: Some("EXAMPLE".into()),
            service: Some("smtp/mx.example".into()),
            etype: Some(etype.into()),
            hash,
            outcome: Outcome::Accepted,
            ..Credential::new(Bytes::from_static(b"GSSAPI"))
        };
        assert_eq!(converse("GSSAPI", &[b"", &bare]), expected);
        let init = der(0xa2, &der(0x04, &bare));
        let wrapped =
            der(0x60, &[&b"\x06\x06\x2b\x06\x01\x05\x05\x02"[..], &der(0xa0, &der(0x30, &init))].concat());
        assert_eq!(converse("GSSAPI", &[b"", &wrapped]), expected);
    }
    let odd = request(23, "EXAMPLE", &["smtp", "mx$x"], &cipher);
    let told = converse("GSSAPI", &[b"", &odd]);
    assert_eq!((told.service, told.hash), (Some("smtp/mx$x".into()), None));
    let cut = &odd[..odd.len() - 1];
    assert!(converse("GSSAPI", &[b"", cut]).unreadable.is_some());
}

#[test]
fn the_last_message_names_the_layer_and_whom_to_act_as() {
    // Layer 4, buffer, "bob", a checksum of 12 bytes, rotated to the right by 12.
    let plain = b"\x04\x00\xff\xffbob";
    let head = |flags, rotation| [5, 4, flags, 0xff, 0, 12, 0, rotation, 0, 0, 0, 0, 0, 0, 0, 1];
    let straight = [&head(4, 0)[..], plain, &[7; 12]].concat();
    let rotated = [&head(4, 12)[..], &[7; 12], plain].concat();
    let none = [&head(4, 0)[..], b"\x01\0\0\0", &[7; 12]].concat();
    let sealed = [&head(6, 0)[..], plain, &[7; 12]].concat();
    let cases: [(&[u8], bool, Option<&str>); 5] = [
        (&straight, true, Some("bob")),
        (&rotated, true, Some("bob")),
        (&none, false, Some("")),
        (&sealed, false, None),
        (&straight[..20], false, None),
    ];
    for (message, security_layer, identity) in cases {
        let expected = Credential {
            security_layer,
            authorization_identity: identity.map(Bytes::from),
            outcome: Outcome::Accepted,
            ..Credential::new(Bytes::from_static(b"GSSAPI"))
        };
        assert_eq!(converse("GSSAPI", &[b"", message]), expected);
    }
}
