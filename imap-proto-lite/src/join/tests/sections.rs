//! Messages out of their sections.

use super::*;

#[test]
fn header_and_text() {
    let mut spool = Spool::default();
    spool.section(section(&[], Specifier::Text), b"body");
    spool.section(section(&[], Specifier::Header), b"a: b\r\n\r\n");
    assert_eq!(told(spool), [(How::HeaderAndText, true, "a: b\r\n\r\nbody".into(), vec![1, 0], 0, 0)]);
    // A header alone is none.
    let mut spool = Spool::default();
    spool.section(section(&[], Specifier::Header), b"a: b\r\n\r\n");
    assert_eq!(told(spool), []);
}

#[test]
fn parts_on_demand_make_a_virtual_message() {
    let body = structure(
        "* 1 FETCH (BODYSTRUCTURE ((\"text\" \"plain\" (\"charset\" \"utf-8\") NIL NIL \"7bit\" 2 1)\
         (\"image\" \"png\" (\"name\" \"a.png\") NIL NIL \"base64\" 9) \"mixed\" (\"boundary\" \"b\")))",
    );
    let mut spool = Spool::default();
    spool.joiner.structure(1, &account(), &message(9), &body);
    spool.section(section(&[], Specifier::Header), b"Content-Type: multipart/mixed; boundary=b\r\n\r\n");
    spool.section(section(&[1], Specifier::Whole), b"hi");
    spool.section(section(&[1], Specifier::Mime), b"Content-Type: text/plain\r\n\r\n");
    let [(joined, text)] = <[_; 1]>::try_from(spool.finish()).unwrap();
    assert_eq!(
        text,
        "Content-Type: multipart/mixed; boundary=b\r\n\r\n--b\r\nContent-Type: text/plain\r\n\r\nhi\
         \r\n--b\r\nContent-Type: image/png; name=\"a.png\"\r\nContent-Transfer-Encoding: base64\r\n\r\n?????????\
         \r\n--b--\r\n"
    );
    assert_eq!((joined.how, joined.complete), (How::Parts, false));
    assert_eq!(joined.missing_parts, [(vec![2], Some(9))]);
    assert_eq!(joined.holes.len(), 1);
}

#[test]
fn the_only_part_of_an_undivided_message_is_its_text() {
    let body = structure("* 1 FETCH (BODYSTRUCTURE (\"text\" \"plain\" NIL NIL NIL \"7bit\" 2 1))");
    let mut spool = Spool::default();
    spool.joiner.structure(1, &account(), &message(9), &body);
    spool.section(section(&[1], Specifier::Whole), b"hi");
    spool.section(section(&[], Specifier::Header), b"a: b\r\n\r\n");
    assert_eq!(told(spool), [(How::HeaderAndText, true, "a: b\r\n\r\nhi".into(), vec![1, 0], 0, 0)]);
}

#[test]
fn the_blank_line_that_a_server_leaves_out() {
    for (header, size, complete) in [(&b"a: b\r\n"[..], 9, true), (b"a: b", 9, true), (b"a: b\r\n", 7, false)]
    {
        let mut spool = Spool::default();
        spool.section(section(&[], Specifier::Header), header);
        spool.section(section(&[], Specifier::Text), b"x");
        spool.joiner.size(1, &account(), &message(9), size);
        assert_eq!(told(spool), [(How::HeaderAndText, complete, "a: b\r\n\r\nx".into(), vec![0, 1], 0, 0)]);
    }
}

#[test]
fn an_enclosed_message_is_made_of_what_is_inside() {
    let body = structure(
        "* 1 FETCH (BODYSTRUCTURE ((\"text\" \"plain\" NIL NIL NIL \"7bit\" 1 1)\
         (\"message\" \"rfc822\" NIL NIL NIL \"7bit\" 99 (NIL NIL NIL NIL NIL NIL NIL NIL NIL NIL)\
         ((\"text\" \"plain\" NIL NIL NIL \"7bit\" 2 1)(\"text\" \"html\" NIL NIL NIL \"7bit\" 5 1) \
         \"alternative\" (\"boundary\" \"i\")) 9)\
         (\"message\" \"rfc822\" NIL NIL NIL \"7bit\" 50 (NIL NIL NIL NIL NIL NIL NIL NIL NIL NIL)\
         (\"text\" \"plain\" NIL NIL NIL \"7bit\" 2 1) 3) \"mixed\" (\"boundary\" \"b\")))",
    );
    let mut spool = Spool::default();
    spool.joiner.structure(1, &account(), &message(9), &body);
    spool.section(section(&[], Specifier::Header), b"h: o\r\n\r\n");
    spool.section(section(&[2], Specifier::Header), b"h: i\r\n\r\n");
    spool.section(section(&[2, 1], Specifier::Whole), b"hi");
    spool.section(section(&[3, 1], Specifier::Whole), b"yo");
    let [(joined, text)] = <[_; 1]>::try_from(spool.finish()).unwrap();
    assert_eq!(
        text,
        "h: o\r\n\r\n--b\r\nContent-Type: text/plain\r\nContent-Transfer-Encoding: 7bit\r\n\r\n?\
         \r\n--b\r\nContent-Type: message/rfc822\r\nContent-Transfer-Encoding: 7bit\r\n\r\nh: i\r\n\r\n\
         --i\r\nContent-Type: text/plain\r\nContent-Transfer-Encoding: 7bit\r\n\r\nhi\
         \r\n--i\r\nContent-Type: text/html\r\nContent-Transfer-Encoding: 7bit\r\n\r\n?????\r\n--i--\r\n\
         \r\n--b\r\nContent-Type: message/rfc822\r\nContent-Transfer-Encoding: 7bit\r\n\r\n\
         Content-Type: text/plain\r\nContent-Transfer-Encoding: 7bit\r\n\r\nyo\r\n--b--\r\n"
    );
    assert_eq!(joined.missing_parts, [(vec![1], Some(1)), (vec![2, 2], Some(5))]);
    // The same numbers lead to the same parts.
    for (path, size) in [(&[1][..], 1), (&[2], 99), (&[2, 1], 2), (&[2, 2], 5), (&[3], 50), (&[3, 1], 2)] {
        assert_eq!(tree::part_of(&body, path).unwrap().size, Some(size), "{path:?}");
    }
    for path in [&[0][..], &[4], &[1, 1, 1], &[3, 2], &[2, 3]] {
        assert!(tree::part_of(&body, path).is_none(), "{path:?}");
    }
}

#[test]
fn what_the_server_has_decoded_is_not_decoded_again() {
    let body = structure(
        "* 1 FETCH (BODYSTRUCTURE ((\"image\" \"png\" NIL NIL NIL \"base64\" 9) \"mixed\" (\"boundary\" \"b\")))",
    );
    let mut spool = Spool::default();
    spool.joiner.structure(1, &account(), &message(9), &body);
    spool.section(section(&[], Specifier::Header), b"\r\n");
    spool.section(section(&[1], Specifier::Mime), b"Content-Transfer-Encoding: base64\r\n\r\n");
    spool.section(Section { binary: true, ..section(&[1], Specifier::Whole) }, b"PNG");
    let [(joined, text)] = <[_; 1]>::try_from(spool.finish()).unwrap();
    let part = "Content-Type: image/png\r\nContent-Transfer-Encoding: binary\r\n\r\nPNG";
    assert_eq!(text, format!("\r\n--b\r\n{part}\r\n--b--\r\n"));
    assert_eq!(joined.missing_parts, []);
}

#[test]
fn what_contradicts_a_whole_message_is_told() {
    let whole = b"h: v\r\n\r\nab";
    let tree = [
        (section(&[], Specifier::Header), 0..8),
        (section(&[1], Specifier::Whole), 8..9),
        (section(&[2], Specifier::Whole), 9..10),
        (section(&[3], Specifier::Whole), 8..10),
    ];
    let mut spool = Spool::default();
    assert!(!spool.section(Section::whole(), whole));
    for (path, content) in [(1, &b"a"[..]), (2, b"x"), (3, b"a"), (4, b"?")] {
        spool.section(section(&[path], Specifier::Whole), content);
    }
    spool.section(section(&[], Specifier::Header), b"h: v\r\n\r\n");
    let (joined, mismatches) = spool.outcome(&tree);
    assert_eq!(joined, []);
    let told: Vec<_> =
        mismatches.iter().map(|mismatch| (mismatch.pieces.clone(), mismatch.whole, mismatch.at)).collect();
    assert_eq!(told, [(vec![2], 0, 0), (vec![3], 0, 1)]);
}
