//! Exchanges by mechanism, on the vectors of the documents that define them.

use super::*;
use Outcome::{Accepted, Cancelled, Rejected, Unknown};

/// A line of a conversation: what the server or the client sends, before base64.
#[derive(Clone, Copy)]
enum Say<'a> {
    Server(&'a [u8]),
    Client(&'a [u8]),
    /// As it stands on the wire.
    Raw(&'a str),
}
use Say::{Client, Raw, Server};

fn converse(mechanism: &str, lines: &[Say<'_>], outcome: Outcome) -> Credential {
    let mut exchange = Exchange::new(mechanism.as_bytes());
    for line in lines {
        match line {
            Server(text) => exchange.challenge(BASE64.encode(text).as_bytes()),
            Client(text) => exchange.response(BASE64.encode(text).as_bytes()),
            Raw(text) => exchange.response(text.as_bytes()),
        }
    }
    exchange.finish(outcome)
}

fn run(mechanism: &str, responses: &[&str], outcome: Outcome) -> Credential {
    let mut exchange = Exchange::new(mechanism.as_bytes());
    for response in responses {
        exchange.challenge(b"");
        exchange.response(response.as_bytes());
    }
    exchange.finish(outcome)
}

fn named(mechanism: &'static str, outcome: Outcome) -> Credential {
    Credential { outcome, ..Credential::new(Bytes::from_static(mechanism.as_bytes())) }
}

fn expect(mechanism: &'static str, fields: [Option<&'static str>; 3], outcome: Outcome) -> Credential {
    let [authorization_identity, username, password] = fields.map(|field| field.map(Bytes::from));
    let password = password.map(Secret::new);
    Credential { authorization_identity, username, password, ..named(mechanism, outcome) }
}

#[expect(clippy::unnecessary_wraps, reason = "the field that it is for is an option")]
fn crack(hashcat_mode: Option<u32>, john_format: Option<&'static str>, line: &str) -> Option<Crack> {
    Some(Crack::new(hashcat_mode, john_format, line.to_owned()))
}

fn text(text: &str) -> Option<Bytes> {
    Some(Bytes::copy_from_slice(text.as_bytes()))
}

#[test]
fn plain_and_login() {
    let alice = [Some(""), Some("alice"), Some("wonderland")];
    let bob = [None, Some("bob"), Some("b0b s3cret")];
    let cases: [(&str, &[&str], Outcome, Credential); 9] = [
        ("PLAIN", &["AGFsaWNlAHdvbmRlcmxhbmQ="], Accepted, expect("PLAIN", alice, Accepted)),
        // No padding, lower case name.
        ("plain", &["AGFsaWNlAHdvbmRlcmxhbmQ"], Rejected, expect("PLAIN", alice, Rejected)),
        // The server asks again: an initial response that is empty, or ignored.
        ("PLAIN", &["=", "AGFsaWNlAHdvbmRlcmxhbmQ="], Accepted, expect("PLAIN", alice, Accepted)),
        // The authorization identity left out with its NUL.
        (
            "PLAIN",
            &["YWxpY2UAd29uZGVybGFuZA=="],
            Accepted,
            expect("PLAIN", [None, Some("alice"), Some("wonderland")], Accepted),
        ),
        (
            "PLAIN",
            &["YWRtaW4AYWxpY2UAd29uZGVybGFuZA=="],
            Accepted,
            expect("PLAIN", [Some("admin"), Some("alice"), Some("wonderland")], Accepted),
        ),
        ("LOGIN", &["Ym9i", "YjBiIHMzY3JldA=="], Accepted, expect("LOGIN", bob, Accepted)),
        ("LOGIN", &["Ym9i", "="], Rejected, expect("LOGIN", [None, Some("bob"), Some("")], Rejected)),
        ("LOGIN", &["Ym9i", "*"], Rejected, expect("LOGIN", [None, Some("bob"), None], Cancelled)),
        ("PLAIN", &["*"], Rejected, named("PLAIN", Cancelled)),
    ];
    for (mechanism, responses, outcome, expected) in cases {
        assert_eq!(run(mechanism, responses, outcome), expected, "{mechanism} {responses:?}");
    }
}

#[test]
fn a_response_that_cannot_be_read_is_kept_raw() {
    let cases = [
        ("PLAIN", "!!!"),
        ("PLAIN", "YWxpY2U="),
        ("CRAM-MD5", "YWxpY2U="),
        ("DIGEST-MD5", "YWxpY2U="),
        ("NTLM", "YWxpY2U="),
        ("GSSAPI", "YWxpY2U="),
        ("SCRAM-SHA-1", "YWxpY2U="),
        ("XOAUTH2", "YWxpY2U="),
        ("EXTERNAL", "!!!"),
    ];
    for (mechanism, response) in cases {
        let unreadable = Some(Secret::new(response));
        assert_eq!(
            run(mechanism, &[response], Rejected),
            Credential { unreadable, ..named(mechanism, Rejected) }
        );
    }
}

#[test]
fn a_response_that_is_missing_or_cut_is_not_taken_for_another() {
    let mut exchange = Exchange::new(b"LOGIN");
    exchange.missed_response();
    exchange.response(b"YjBiIHMzY3JldA==");
    assert_eq!(exchange.finish(Accepted), expect("LOGIN", [None, None, Some("b0b s3cret")], Accepted));

    let mut exchange = Exchange::new(b"LOGIN");
    exchange.cut_response(b"Ym9i");
    exchange.response(b"YjBiIHMzY3JldA==");
    let expected = expect("LOGIN", [None, None, Some("b0b s3cret")], Accepted);
    assert_eq!(exchange.finish(Accepted), Credential { unreadable: Some(Secret::new("Ym9i")), ..expected });
}

#[test]
fn what_is_decoded_is_bounded() {
    let half = "QUFB".repeat(Exchange::MAX_DATA / 6);
    let over = "QUFB".repeat(Exchange::MAX_DATA / 3 + 1);
    // Two halves fit, a third does not.
    let credential = run("EXTERNAL", &[&half, &half, &half], Rejected);
    let kept = |credential: &Credential| credential.unreadable.as_ref().map(|text| text.expose().len());
    assert_eq!(kept(&credential), Some(half.len()));
    assert_eq!(credential.authorization_identity.map(|text| text.len()), Some(half.len() / 4 * 3));
    let credential = run("EXTERNAL", &[&over], Rejected);
    assert_eq!((kept(&credential), credential.authorization_identity), (Some(Exchange::MAX_DATA), None));
}

#[test]
fn cram() {
    let challenge = Server(b"<1896.697170952@postoffice.reston.mci.net>");
    let md5 = "tim b913a602c7eda7a495b4e6e7334d3890";
    // RFC 2195 section 2.
    let line = "$cram_md5$PDE4OTYuNjk3MTcwOTUyQHBvc3RvZmZpY2UucmVzdG9uLm1jaS5uZXQ+\
                $dGltIGI5MTNhNjAyYzdlZGE3YTQ5NWI0ZTZlNzMzNGQzODkw";
    // HMACs under `tanstaaf`.
    let sha1 = "tim d31c659ecd0fbdf3cec1bc10472a32f2597fad85";
    let sha256 = "tim 669538c3c9d714349db739f788c44ea82005914d117df02a0b0f1ab4407d8b64";
    let cases: [(&str, &[Say<'_>], _, Option<Crack>); 8] = [
        (
            "CRAM-MD5",
            &[challenge, Client(md5.as_bytes())],
            Some("tim"),
            crack(Some(10200), Some("HMAC-MD5"), line),
        ),
        // The challenge was not captured, or came too late.
        ("CRAM-MD5", &[Client(md5.as_bytes())], Some("tim"), None),
        ("CRAM-MD5", &[Client(md5.as_bytes()), challenge], Some("tim"), None),
        ("CRAM-MD5", &[Raw("="), challenge, Raw("*")], None, None),
        (
            "CRAM-SHA1",
            &[Server(b"<1.2@mx>"), Client(sha1.as_bytes())],
            Some("tim"),
            crack(Some(150), None, "d31c659ecd0fbdf3cec1bc10472a32f2597fad85:<1.2@mx>"),
        ),
        (
            "CRAM-SHA256",
            &[Server(b"<1:2@mx>"), Client(sha256.as_bytes())],
            Some("tim"),
            crack(
                Some(1450),
                None,
                "669538c3c9d714349db739f788c44ea82005914d117df02a0b0f1ab4407d8b64:<1:2@mx>",
            ),
        ),
        // No text: the line would be another.
        ("CRAM-SHA1", &[Server(b"\x00\xff"), Client(sha1.as_bytes())], Some("tim"), None),
        ("CRAM-SHA1", &[Server(b"a\nb"), Client(sha1.as_bytes())], Some("tim"), None),
    ];
    for (mechanism, lines, username, hash) in cases {
        let username = username.and_then(text);
        assert_eq!(converse(mechanism, lines, Unknown).hash, hash, "{mechanism}");
        assert_eq!(converse(mechanism, lines, Unknown).username, username, "{mechanism}");
    }
}

#[test]
fn digest_md5() {
    // RFC 2831 section 4.
    let challenge = Server(
        br#"realm="elwood.innosoft.com",nonce="OA6MG9tEQGm2hh",qop="auth",algorithm=md5-sess,charset=utf-8"#,
    );
    let response = r#"charset=utf-8,username="chris",realm="elwood.innosoft.com",nonce="OA6MG9tEQGm2hh",nc=00000001,cnonce="OA6MHXh6VqTrRk",digest-uri="imap/elwood.innosoft.com",response=d388dad90d4bbd760a152321f2143af7,qop=auth"#;
    let line = "$DIGEST-MD5$chris$elwood.innosoft.com$OA6MG9tEQGm2hh$imap/elwood.innosoft.com$OA6MHXh6VqTrRk\
                $00000001$auth$d388dad90d4bbd760a152321f2143af7";
    let expected = Credential {
        realm: text("elwood.innosoft.com"),
        service: text("imap/elwood.innosoft.com"),
        hash: crack(None, Some("dmd5"), line),
        ..expect("DIGEST-MD5", [None, Some("chris"), None], Accepted)
    };
    let rspauth = Server(b"rspauth=ea40f60335c427b5527b84dbabcdfffd");
    let lines = [challenge, Client(response.as_bytes()), rspauth, Raw("")];
    assert_eq!(converse("DIGEST-MD5", &lines, Accepted), expected);

    let changed: [(&str, &str, Option<Crack>); 9] = [
        // The authorization identity is the last field, a user without realm has an empty one.
        ("qop=auth", "qop=auth,authzid=\"ann\"", crack(None, Some("dmd5"), &format!("{line}$ann"))),
        (
            "realm=\"elwood.innosoft.com\",",
            "",
            crack(None, Some("dmd5"), &line.replacen("elwood.innosoft.com", "", 1)),
        ),
        (",qop=auth", "", crack(None, Some("dmd5"), line)),
        ("qop=auth", "qop=auth-conf", crack(None, None, &line.replace("auth$", "auth-conf$"))),
        // A separator in a field, or a field missing: no line.
        ("\"chris\"", "\"ch$ris\"", None),
        ("\"chris\"", "\"ch:ris\"", None),
        ("\"chris\"", "\"chrïs\"", None),
        ("cnonce=\"OA6MHXh6VqTrRk\",", "", None),
        ("d388", "d38", None),
    ];
    for (from, to, hash) in changed {
        let credential =
            converse("DIGEST-MD5", &[Client(response.replacen(from, to, 1).as_bytes())], Unknown);
        assert_eq!(credential.hash, hash, "{to}");
        assert_eq!(credential.security_layer, to.contains("conf"));
    }
    let quoted = converse("DIGEST-MD5", &[Client(br#"username="ch\"ris", authzid = bob"#)], Unknown);
    assert_eq!(quoted, expect("DIGEST-MD5", [Some("bob"), Some("ch\"ris"), None], Unknown));
}

#[test]
fn scram() {
    // RFC 5802 section 5.
    let (first, server) = (
        "n=user,r=fyko+d2lbbFgONRv9qkxdawL",
        "r=fyko+d2lbbFgONRv9qkxdawL3rfcNHYJY1ZVvWVs7j,s=QSXCR+Q6sek8bf92,i=4096",
    );
    let last = "c=biws,r=fyko+d2lbbFgONRv9qkxdawL3rfcNHYJY1ZVvWVs7j";
    let (first_message, final_message) =
        (format!("n,,{first}"), format!("{last},p=v0X8v3Bz2T0CJGbJQyF0X+HI4Ts="));
    let lines = [
        Client(first_message.as_bytes()),
        Server(server.as_bytes()),
        Client(final_message.as_bytes()),
        Server(b"v=rmF9pqV8S7suAoZWja4dJRkFsKQ="),
        Raw(""),
    ];
    let record = |user: &str, signature: &str| {
        format!(
            "scram:sha1:{user}:QSXCR+Q6sek8bf92:4096:{first},{server},{last}:v0X8v3Bz2T0CJGbJQyF0X+HI4Ts=:{signature}"
        )
    };
    let user = expect("SCRAM-SHA-1", [None, Some("user"), None], Accepted);
    let hash = crack(None, None, &record("user", "rmF9pqV8S7suAoZWja4dJRkFsKQ="));
    assert_eq!(converse("scram-sha-1", &lines, Accepted), Credential { hash, ..user.clone() });
    // Refused: the server's signature never comes, its reason may.
    let hash = crack(None, None, &record("user", ""));
    let refused = [lines[0], lines[1], lines[2], Server(b"e=invalid-proof"), Raw("*")];
    let expected = Credential { hash, error: text("invalid-proof"), outcome: Rejected, ..user };
    assert_eq!(converse("SCRAM-SHA-1", &refused, Rejected), expected);
    // One message missing: no record.
    for missing in 0..3 {
        let mut some = lines.to_vec();
        some.remove(missing);
        assert_eq!(converse("SCRAM-SHA-1", &some, Accepted).hash, None, "{missing}");
    }
    // Something behind the proof.
    let longer = format!("{final_message},x=y");
    assert_eq!(
        converse("SCRAM-SHA-1", &[lines[0], lines[1], Client(longer.as_bytes())], Accepted).hash,
        None
    );
    // Nonces that do not belong together.
    let other = server.replace("3rfc", "4rfc");
    assert_eq!(converse("SCRAM-SHA-1", &[lines[0], Server(other.as_bytes()), lines[2]], Accepted).hash, None);

    let cases = [
        ("SCRAM-SHA-256-PLUS", "p=tls-unique,a=bo=2Cb,n=a=2Cb=3Dc,r=x", [Some("bo,b"), Some("a,b=c"), None]),
        ("SCRAM-SHA-512", "y,,m=ext,n=,r=x", [None, Some(""), None]),
    ];
    for (mechanism, message, fields) in cases {
        assert_eq!(
            converse(mechanism, &[Client(message.as_bytes())], Unknown),
            expect(mechanism, fields, Unknown)
        );
    }
}

#[test]
fn scram_sha_256_and_a_separator_in_the_name() {
    // RFC 7677 section 3.
    let nonce = "rOprNGfwEbeRWgbNEkqO%hvYDpWUa2RaTCAfuxFIlj)hNlF$k0";
    let server = format!("r={nonce},s=W22ZaJ0SNY7soEsUEjb6gQ==,i=4096");
    let last = format!("c=biws,r={nonce}");
    let final_message = format!("{last},p=dHzbZapWIk4jUhN+Ute9ytag9zjfMHgsqmmiz7AndVQ=");
    for (user, signed) in [("user", true), ("us:er", false)] {
        let first = format!("n={user},r=rOprNGfwEbeRWgbNEkqO");
        let first_message = format!("n,,{first}");
        let lines = [
            Client(first_message.as_bytes()),
            Server(server.as_bytes()),
            Client(final_message.as_bytes()),
            Server(b"v=6rriTRBi23WpRR/wtup+mMhUZUn/dB5nLTJRsjl95G4="),
        ];
        let record = format!(
            "scram:sha256:{user}:W22ZaJ0SNY7soEsUEjb6gQ==:4096:{first},{server},{last}:\
             dHzbZapWIk4jUhN+Ute9ytag9zjfMHgsqmmiz7AndVQ=:6rriTRBi23WpRR/wtup+mMhUZUn/dB5nLTJRsjl95G4="
        );
        let hash = signed.then(|| crack(None, None, &record)).flatten();
        assert_eq!(converse("SCRAM-SHA-256", &lines, Accepted).hash, hash, "{user}");
    }
}

#[test]
fn bearer_tokens() {
    // Google's example.
    let xoauth2 = "dXNlcj1zb21ldXNlckBleGFtcGxlLmNvbQFhdXRoPUJlYXJlciB5YTI5LnZGOWRmdDRxbVRjMk52YjNSbGNrQmhkSFJoZG1semRHRXVZMjl0Q2cBAQ==";
    let someuser = Credential {
        username: text("someuser@example.com"),
        token: Some(Secret::new("ya29.vF9dft4qmTc2Nvb3RlckBhdHRhdmlzdGEuY29tCg")),
        ..named("XOAUTH2", Accepted)
    };
    assert_eq!(run("XOAUTH2", &[xoauth2], Accepted), someuser);
    let error = br#"{"status":"401","schemes":"bearer mac","scope":"https://mail.google.com/"}"#;
    let refused = Credential { error: Some(Bytes::from_static(error)), outcome: Rejected, ..someuser };
    for answer in ["", "AQ==", "*"] {
        assert_eq!(converse("XOAUTH2", &[Raw(xoauth2), Server(error), Raw(answer)], Rejected), refused);
    }

    // RFC 7628 section 4.1.
    let bearer = "bixhPXVzZXJAZXhhbXBsZS5jb20sAWhvc3Q9c2VydmVyLmV4YW1wbGUuY29tAXBvcnQ9MTQzAWF1dGg9QmVhcmVyIHZGOWRmdDRxbVRjMk52YjNSbGNrQmhiSFJoZG1semRHRXVZMjl0Q2c9PQEB";
    let user = Credential {
        username: text("user@example.com"),
        host: text("server.example.com"),
        port: text("143"),
        token: Some(Secret::new("vF9dft4qmTc2Nvb3RlckBhbHRhdmlzdGEuY29tCg==")),
        ..named("OAUTHBEARER", Accepted)
    };
    assert_eq!(run("OAUTHBEARER", &[bearer], Accepted), user);

    let cases: [(&'static str, &[u8], Credential); 3] = [
        (
            "OAUTHBEARER",
            b"n,a=a=2Cb,\x01auth=bEARER e30.eyJpc3MiOiJtZSIsImV4cCI6MX0.c2ln\x01\x01",
            Credential {
                username: text("a,b"),
                token: Some(Secret::new("e30.eyJpc3MiOiJtZSIsImV4cCI6MX0.c2ln")),
                claims: vec![Fact::new("iss", "me".into()), Fact::new("exp", "1".into())],
                ..named("OAUTHBEARER", Unknown)
            },
        ),
        // RFC 7628 section 4.3: a client that asks which server grants tokens.
        (
            "OAUTHBEARER",
            b"n,,\x01host=h\x01auth=\x01\x01",
            Credential { host: text("h"), ..named("OAUTHBEARER", Unknown) },
        ),
        (
            "OAUTH10A",
            b"n,a=u,\x01auth=OAuth realm=\"x\",oauth_signature=\"s\"\x01\x01",
            Credential { username: text("u"), ..named("OAUTH10A", Unknown) },
        ),
    ];
    for (mechanism, message, expected) in cases {
        assert_eq!(converse(mechanism, &[Client(message)], Unknown), expected);
    }
}

#[test]
fn mechanisms_without_a_secret() {
    let with = |mechanism, change: fn(&mut Credential)| {
        let mut credential = named(mechanism, Accepted);
        change(&mut credential);
        credential
    };
    let cases: [(&str, &[Say<'_>], Credential); 5] = [
        ("EXTERNAL", &[Raw("=")], with("EXTERNAL", |it| it.authorization_identity = text(""))),
        ("EXTERNAL", &[Client(b"bob@x")], with("EXTERNAL", |it| it.authorization_identity = text("bob@x"))),
        (
            "ANONYMOUS",
            &[Client(b"sirhc")],
            with("ANONYMOUS", |it| (it.trace, it.anonymous) = (text("sirhc"), true)),
        ),
        // Nothing is known of what is in it.
        ("X-CUSTOM", &[Raw("AAAA"), Raw("!!!")], named("X-CUSTOM", Accepted)),
        ("KERBEROS_V4", &[Server(b"1234"), Client(b"ticket")], named("KERBEROS_V4", Accepted)),
    ];
    for (mechanism, lines, expected) in cases {
        assert_eq!(converse(mechanism, lines, Accepted), expected, "{mechanism}");
    }
}

#[test]
fn one_time_passwords() {
    let one_time = |algorithm: &'static str, sequence, seed: &'static str, response: &'static str| {
        let response = Some(Secret::new(response));
        Some(Box::new(OneTime { algorithm: algorithm.into(), sequence, seed: seed.into(), response }))
    };
    let hex = "hex:11d4c147e227c1f1";
    let cases: [(&'static str, &[Say<'_>], Option<&'static str>, _); 4] = [
        (
            "OTP",
            &[Client(b"\0tim"), Server(b"otp-md5 123 ke1234 ext"), Client(hex.as_bytes())],
            Some(""),
            one_time("otp-md5", Some(123), "ke1234", hex),
        ),
        (
            "OTP",
            &[Raw("="), Client(b"ann\0tim"), Server(b"otp-sha1 9 s2"), Client(b"init-hex:1:md5 9 x:2")],
            Some("ann"),
            one_time("otp-sha1", Some(9), "s2", "init-hex:1:md5 9 x:2"),
        ),
        (
            "SKEY",
            &[Client(b"tim"), Server(b"99 ke1234"), Client(b"BOND FOGY DRAB NE RISE MART")],
            None,
            one_time("", Some(99), "ke1234", "BOND FOGY DRAB NE RISE MART"),
        ),
        // The challenge was not captured.
        ("OTP", &[Client(b"\0tim"), Client(hex.as_bytes())], Some(""), one_time("", None, "", hex)),
    ];
    for (mechanism, lines, identity, one_time) in cases {
        let expected = Credential { one_time, ..expect(mechanism, [identity, Some("tim"), None], Accepted) };
        assert_eq!(converse(mechanism, lines, Accepted), expected);
    }
}

#[test]
fn debug_output_shows_no_secret() {
    let secrets = ["wonderland", "b913a602", "dGltIGI5"];
    let mut exchange = Exchange::new(b"PLAIN");
    exchange.response(b"AGFsaWNlAHdvbmRlcmxhbmQ=");
    let mut cram = Exchange::new(b"CRAM-MD5");
    cram.challenge(b"PDEyQG14Pg==");
    cram.response(b"dGltIGI5MTNhNjAyYzdlZGE3YTQ5NWI0ZTZlNzMzNGQzODkw");
    for exchange in [exchange, cram] {
        let told = format!("{exchange:?} {:?}", exchange.clone().finish(Accepted));
        assert!(secrets.iter().all(|secret| !told.contains(secret)), "{told}");
    }
}
