//! Seeds of mail-wire: login exchanges.

/// Exchanges: as lines, and for each mechanism its messages before base64.
pub(super) fn sasl() -> Vec<Vec<u8>> {
    let lines: [&[u8]; 7] = [
        b"\x00\nAGFsaWNlAHdvbmRlcmxhbmQ=",
        b"\x01VXNlcm5hbWU6\nYm9i\nUGFzc3dvcmQ6\nYjBiIHMzY3JldA==",
        b"\x02PDE4OTYuNjk3MTcwOTUyQHA+\ndGltIGI5MTNhNjAyYzdlZGE3YTQ5NWI0ZTZlNzMzNGQzODkw",
        b"\x03\nY2hhcnNldD11dGYtOCx1c2VybmFtZT0iY2hcInJpcyIscmVhbG09ImVsd29vZCIsbm9uY2U9Ik9BIg==\n\n",
        b"\x04\n*",
        b"\x80bob\nb0b s3cret\nanother",
        b"\x81alice\nwonderland\nsomething else",
    ];
    // The number of a mechanism as `sasl` in fuzz/src/wire.rs has it, then server and client in turn.
    let exchanges: [(u8, &[&[u8]]); 17] = [
        (0, &[b"", b"ann\0alice\0wonderland"]),
        (1, &[b"Username:", b"bob", b"Password:", b"b0b s3cret"]),
        (2, &[b"<1896.697170952@mx>", b"tim b913a602c7eda7a495b4e6e7334d3890"]),
        (3, &[b"", br#"username="chris",realm="e",nonce="n",nc=00000001,cnonce="c",digest-uri="smtp/e",response=d388dad90d4bbd760a152321f2143af7,qop=auth-conf"#, b"rspauth=ea40f60335c427b5527b84dbabcdfffd", b""]),
        (4, &[b"", b"user=a@b\x01auth=Bearer e30.eyJzdWIiOiI3In0.c2ln\x01\x01", br#"{"status":"401"}"#, b""]),
        (6, &[b"<1.2@mx>", b"tim d31c659ecd0fbdf3cec1bc10472a32f2597fad85"]),
        (7, &[b"<1:2@mx>", b"tim 669538c3c9d714349db739f788c44ea82005914d117df02a0b0f1ab4407d8b64"]),
        (8, &[b"", b"NTLMSSP\0\x01\0\0\0\x07\xb2\x08\xa2\x01\0\x01\0\x20\0\0\0\x01\0\x01\0\x21\0\0\0DW", NTLM_CHALLENGE, NTLM_RESPONSE]),
        (9, &[b"", KERBEROS, b"", b"\x05\x04\x04\xff\0\x0c\0\0\0\0\0\0\0\0\0\x01\x04\0\xff\xffbob\x07\x07\x07\x07\x07\x07\x07\x07\x07\x07\x07\x07"]),
        (10, &[b"", b"\x60\x28\x06\x06\x2b\x06\x01\x05\x05\x02\xa0\x1e\x30\x1c\xa0\x0e\x30\x0c\x06\x0a\x2b\x06\x01\x04\x01\x82\x37\x02\x02\x0a\xa2\x0a\x04\x08NTLMSSP\0"]),
        (11, &[b"", b"n,,n=user,r=fyko", b"r=fyko3rfc,s=QSXCR+Q6sek8bf92,i=4096", b"c=biws,r=fyko3rfc,p=v0X8v3Bz2T0CJGbJQyF0X+HI4Ts=", b"v=rmF9pqV8S7suAoZWja4dJRkFsKQ=", b""]),
        (12, &[b"", b"p=tls-unique,a=bo=2Cb,n=a=2Cb=3Dc,r=x", b"e=invalid-proof", b"*"]),
        (13, &[b"", b"n,a=user@x,\x01host=h\x01port=587\x01auth=Bearer t\x01\x01", br#"{"status":"invalid_token"}"#, b"\x01"]),
        (15, &[b"", b"bob@x"]),
        (16, &[b"", b"sirhc"]),
        (17, &[b"", b"\0tim", b"otp-md5 123 ke1234 ext", b"hex:11d4c147e227c1f1"]),
        (18, &[b"", b"tim", b"99 ke1234", b"BOND FOGY DRAB NE RISE MART"]),
    ];
    let exchanges = exchanges
        .iter()
        .map(|(number, messages)| [&[0x40 | number][..], &messages.join(&b"\n--\n"[..])].concat());
    lines.into_iter().map(<[u8]>::to_vec).chain(exchanges).collect()
}

/// MS-NLMP sections 4.2.4.3 and 4.2.2.3.
const NTLM_CHALLENGE: &[u8] = b"NTLMSSP\0\x02\0\0\0\x0c\0\x0c\x008\0\0\x003\x82\x8a\xe2\x01#Eg\x89\xab\xcd\xef\0\0\0\0\0\0\0\0\x24\0\x24\0D\0\0\0\x06\0p\x17\0\0\0\x0fS\0e\0r\0v\0e\0r\0\x02\0\x0c\0D\0o\0m\0a\0i\0n\0\x01\0\x0c\0S\0e\0r\0v\0e\0r\0\0\0\0\0";
const NTLM_RESPONSE: &[u8] = b"NTLMSSP\0\x03\0\0\0\x18\0\x18\0\x6c\0\0\0\x18\0\x18\0\x84\0\0\0\x0c\0\x0c\0\x48\0\0\0\x08\0\x08\0\x54\0\0\0\x10\0\x10\0\x5c\0\0\0\0\0\0\0\x9c\0\0\0\x35\x82\x80\xe2\x05\x01\x28\x0a\0\0\0\x0fD\0o\0m\0a\0i\0n\0U\0s\0e\0r\0C\0O\0M\0P\0U\0T\0E\0R\0llllllllllllllllllllllllnnnnnnnnnnnnnnnnnnnnnnnn";
/// The beginning of a context: an AP-REQ for smtp/mx in the realm EX, etype 23.
const KERBEROS: &[u8] = b"\x60\x6f\x06\x09\x2a\x86\x48\x86\xf7\x12\x01\x02\x02\x01\0\x6e\x60\x30\x5e\xa0\x03\x02\x01\x05\xa1\x03\x02\x01\x0e\xa3\x52\x61\x50\x30\x4e\xa0\x03\x02\x01\x05\xa1\x04\x1b\x02EX\xa2\x15\x30\x13\xa0\x03\x02\x01\x02\xa1\x0c\x30\x0a\x1b\x04smtp\x1b\x02mx\xa3\x2a\x30\x28\xa0\x03\x02\x01\x17\xa2\x21\x04\x1fcccccccccccccccccccccccccccccccc";
