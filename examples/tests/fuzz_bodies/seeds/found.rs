//! Inputs that once failed, and for which code was mended.

/// A target, and what it failed on.
type Found = (&'static str, &'static [u8]);

pub(crate) fn found() -> impl Iterator<Item = Found> {
    [SMTP, POP3, IMAP, MIME, TCP].into_iter().flatten().copied()
}

const SMTP: &[Found] = &[
    // The anomaly about a dot that was not doubled had the span of its chunk.
    ("smtp_session", b"\x00\x05\x11\x55S: 220 mx\nC: DATA\nS: 354 go\nC: .go\nC: two\nC: .\nS: 250 ok\n"),
    // Whether TLS had begun was judged by the first chunk.
    (
        "smtp_session",
        b"\x00\x01\x01\x55S: 220 mx\nC: STARTTLS\nS: 220 go\nC: ho\\x17\\x03\\x03\\x00\\x01x\\\n",
    ),
    // Whether a tunnel was answered was judged by what the answer began with.
    (
        "smtp_session",
        b"\x00\x05\x11\x55C: CONNECT mx:25 HTTP/1.1\\r\\n\nS: HTTP/1.1 2ection\\r\\n\nS: 220 mx\nC: EHLO c\nS: 250 mx\n",
    ),
    // A half stood still, and grew, behind a gap with a few bytes in front of it.
    (
        "smtp_session",
        b"\x05\x01\x01\x55S: 220 mx\nC: \\x16\\\nC! 5\nC: NOOP, and all the rest of a long line, again and again and again, \\\nC: and so on until there is more of it than may be held, again and again and again\nC: and so on until there is more of it than may be held, again and again and again\nC: and so on until there is more of it than may be held, again and again and again\n",
    ),
];

const IMAP: &[Found] = &[
    // A set of UIDs that holds nothing but zero.
    (
        "imap_session",
        b"\x00\x05\x11US: * OK ready\nC: s SELECT INBOX\nS: s OK done\nS: * 1 FETCH (UID 10)\nS: * VANISHED 0\n",
    ),
    // Compressed data that broke was told before the response that stood in front of it and waited for its command.
    (
        "imap_session",
        b"\x00\x05\x11US: * OK ready\nC: a COMPRESS DEFLATE\nS: a OK go\nS: \\x4a\\x52\\xf0\\xf7\\x56\\x88\\x0e\\x72\\x75\\x74\\xd1\\xf5\\xf7\\xf3\\x89\\x8c\\x55\\x48\\xc9\\xcf\\x4b\\xe5\\xe5\\x02\\x00\\x00\\x00\\xff\\xff\\\nS: \\xd2\\x52\\x30\\x54\\x70\\x73\\x0d\\x71\\xf6\\xd0\\x80\\x70\\xf2\\x77\\x89\\x8c\\x8e\\x55\\xa8\\x36\\xab\\xe5\\xe5\\x4a\\xb4\\x52\\x48\\xe2\\xe5\\xd2\\xe4\\xe5\\x4a\\x06\\x69\\x83\\x28\\x05\\x00\\x00\\x00\\xff\\xff\\\n",
    ),
    // What the server says to go on with IDLE was taken for the challenge of the AUTHENTICATE behind it.
    (
        "imap_session",
        b"\x00\x05\x11US: * OK ready\nC: a IDLE\nS: + ihi\nC: d AUTHENTICATE LOGIN\nS: + VXNlcm5hbWU6\nC: *\nS: d BAD cancelled\nC: e AUTHENTICATE EXTERNAL =\nS: e OK hi\n",
    ),
    // Whether a command came where the server had asked for a response depended on whether its tagged answer was here.
    (
        "imap_session",
        b"\x00\x05\xd2\x46C: d AUTHENTICATE LOGIt\\x00IMAP4rev1 LE\nC: d AUTHENTICATE LOGIt\\x00\\x00\\x00 + idling\nS: +u VXNlc\\x00\\x00 + idling\nS: +u VXNlcm0hbWU6\nC:XXX *\nS: d BAD cancelled\n",
    ),
    // The answer to AUTHENTICATE was told while the literal with its response was still coming.
    (
        "imap_session",
        b"\x00\x05\x11US: * OK [CAPABILITY \r\n.\r\r\nIMAP4rev1 AUTH=DIGEST-MD5] ready\nC: a AUTHENTICATE DI {10}\\n\\\nS: + ok\\n\\\nC: wonderland\\n\\\nS: a OK hi\\n\\\n\n",
    ),
    // A line that was kept as the end of a response was told behind the next one.
    (
        "imap_session",
        b"\x01\x02'3S: * OK [CAPABILITY IMAP4rev1] ready\nC: a1 SELECT INBOX\nS: * OK [UIDVALIDITY 7] ok\nS: a1 OK [* 7 UIDFETCH (lected\nC: a2 FETCH 1:3 (UID BODY[])\nS! 31\nS: Subject: one\nS: \nS: (text\nS: )\nS! 31\nS: Subject: two\nS: \nS: \n)\nf a line\nS: text\\r\\n)\nC: b NOOP\nS: a OK done\nS: b OK done\nC: c FETCH 1 BODY[]\nS: * 1 FETCH (BODY[] {1}\nS: x)\nS: c OK done\n\n",
    ),
    // A range that broke off was taken for the answer to the shorter of two commands, and the answer to that one for the end.
    (
        "imap_join",
        b"\x06\x0a\x00\x00\x00\x001\x00\x0a\x00\x0d\x00\x00\x00\x00\x00\x00\x83\x03\x0a\x00\x00\x84\x03\x83\x03\x0b1\x00\x0a\x00\x0d\x00\x00\x00\x00_\x00\x00\x83\x03\x0a\x00\x00\x84\x03\x83\x03\x0b\x00\x0b\x00\x00\x0b\x00\x0b\x00",
    ),
];

const POP3: &[Found] = &[
    // The target looked for the secret where the same bytes stood elsewhere in the line.
    ("pop3_grammar", b"{\nAPOP mrso\x92e \t\t\t0\t\t\x92e \t\t\t0\t\t\t\t\t\r\t\t\t\r\n"),
];

const MIME: &[Found] = &[
        // A line that is nearly a delimiter was told before or behind what a message in base64 around it tells.
        (
            "mime_message",
            b"\x00\x00\x02(\x00\t\x07Content-Type: multipart/mixed; boundary=b\r\n\r\n--b\r\nContent-Type: message/rfc822\r\nContent-Transfer-Encoding: base64\r\n\r\nSubject: inside\r\nContent-Type: text/plain; name=a.txt\r\n\r\nplain text\r\n--b-ain text\r\n--b--\r\n-\r\n",
        ),
        // Names of a second Content-Type were left out where it came in one chunk with the first.
        (
            "mime_message",
            b"\x00\x00\x02\x00\x00\x00\x00Content-Type: message/global\nContent-Transfer-Encoding: base64\n\nQ29udGVudC1UeXBlOiBhL2I7IG5hbWU9YS56aXAKQ29udGVudC1UeXBlOiBhL2I7IG5hbWU9Yi56aXAKCngK\n",
        ),
    // What was noted of a leaf came in the order of the chunks.
    (
        "mime_message",
        b"\x00\x05\x1e\n\x02\x01\x0bContent-Type: multipart/mixed; boundary=b\r\n\r\n--b\r\n\r\nx\r\n--b\rd\r\n-----BEGIN PGP MESSAGE-----\r\n--b--\r\n",
    ),
];

const TCP: &[Found] = &[
    // Data of a SYN that came behind the start of its stream was put at offset 0.
    (
        "reassembly",
        b"\x00\xa3xxx\x82\x81\x84\x81\x81\x81\x81\x19\x00\x00\x00\x00\x04xx~\x12xxxx\xf8\x1eAxx\xf8\x1eAx\xf8\x1eA",
    ),
];
