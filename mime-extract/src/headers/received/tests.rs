//! Fields as servers write them, names and addresses changed.

use super::*;

/// `name=value` for each that there is, but for the clauses as they stand there.
fn told(text: &str) -> String {
    let Received { helo, host, ip, by, via, with, id, recipient, date, time, .. } = parse(text);
    let by = by.map(|by| by.split(' ').next().unwrap_or_default().to_owned());
    let mut out = Vec::new();
    for (name, value) in [
        ("helo", helo),
        ("host", host),
        ("ip", ip.map(|ip| ip.to_string())),
        ("by", by),
        ("via", via),
        ("with", with),
        ("id", id),
        ("for", recipient),
        ("date", date.filter(|_| time.is_none())),
        ("time", time.map(|time| time.unix.to_string())),
    ] {
        out.extend(value.map(|value| format!("{name}={value}")));
    }
    out.join(" | ")
}

#[test]
fn servers() {
    for (text, expected) in [
        // Postfix
        (
            "from c.example (host.example [192.0.2.1]) (using TLSv1.3 with cipher TLS_AES_256_GCM_SHA384 (256/256 bits)) (No client certificate requested) by mx.example (Postfix) with ESMTPS id 4711 for <b@y.example>; Mon, 1 Jan 2001 00:00:00 +0000 (UTC)",
            "helo=c.example | host=host.example | ip=192.0.2.1 | by=mx.example | with=ESMTPS | id=4711 | for=b@y.example | time=978307200",
        ),
        (
            "from c.example (unknown [IPv6:2001:db8::1]) by mx.example (Postfix) with ESMTP id A1 for <b@y>; Mon,  1 Jan 2001 01:00:00 +0100 (CET)",
            "helo=c.example | ip=2001:db8::1 | by=mx.example | with=ESMTP | id=A1 | for=b@y | time=978307200",
        ),
        (
            "by mx.example (Postfix, from userid 1000) id 4711; Mon, 1 Jan 2001 00:00:00 +0000 (UTC)",
            "by=mx.example | id=4711 | time=978307200",
        ),
        // Exim
        (
            "from [192.0.2.1] (helo=c.example) by mx.example with esmtps (TLS1.3) tls TLS_AES_256_GCM_SHA384 (Exim 4.94.2) (envelope-from <a@x>) id 1kXy2z-0001Ab-Cd for b@y; Mon, 01 Jan 2001 00:00:00 +0000",
            "helo=c.example | ip=192.0.2.1 | by=mx.example | with=esmtps tls TLS_AES_256_GCM_SHA384 | id=1kXy2z-0001Ab-Cd | for=b@y | time=978307200",
        ),
        (
            "from host.example ([192.0.2.1]:1234 helo=c.example) by mx.example with esmtp (Exim 4.92) id 1a for b@y; Mon, 01 Jan 2001 00:00:00 +0000",
            "helo=c.example | host=host.example | ip=192.0.2.1 | by=mx.example | with=esmtp | id=1a | for=b@y | time=978307200",
        ),
        (
            "from host.example ([2001:db8::7] ident=bob) by mx.example with esmtp id 1a; Mon, 01 Jan 2001 00:00:00 +0000",
            "helo=host.example | ip=2001:db8::7 | by=mx.example | with=esmtp | id=1a | time=978307200",
        ),
        // Exchange
        (
            "from AM0PR01.prod.outlook.example (2603:10a6:20b:1::12) by DB8PR02.prod.outlook.example (2603:10a6:10:2::3) with Microsoft SMTP Server (version=TLS1_2, cipher=TLS_ECDHE_RSA) id 15.20.1.2; Mon, 1 Jan 2001 00:00:00 +0000",
            "helo=AM0PR01.prod.outlook.example | ip=2603:10a6:20b:1::12 | by=DB8PR02.prod.outlook.example | with=Microsoft SMTP Server | id=15.20.1.2 | time=978307200",
        ),
        (
            "from AM0.example ([fe80::1]) by AM0.example ([fe80::1%5]) with mapi id 15.20.0.1; Mon, 1 Jan 2001 00:00:00 +0000",
            "helo=AM0.example | ip=fe80::1 | by=AM0.example | with=mapi | id=15.20.0.1 | time=978307200",
        ),
        // Gmail
        (
            "by 2002:a05:6402:1a:b0:1:2:3 with SMTP id d26csp1; Sun, 31 Dec 2000 16:00:00 -0800 (PST)",
            "by=2002:a05:6402:1a:b0:1:2:3 | with=SMTP | id=d26csp1 | time=978307200",
        ),
        (
            "from c.example (host.example. [192.0.2.1]) by mx.google.example with ESMTPS id a1si4 for <b@y> (version=TLS1_3 cipher=X bits=256/256); Sun, 31 Dec 2000 16:00:00 -0800 (PST)",
            "helo=c.example | host=host.example | ip=192.0.2.1 | by=mx.google.example | with=ESMTPS | id=a1si4 | for=b@y | time=978307200",
        ),
        (
            "by 10.0.0.1 with HTTP; Sun, 31 Dec 2000 16:00:00 -0800 (PST)",
            "by=10.0.0.1 | with=HTTP | time=978307200",
        ),
        // Sendmail
        (
            "from c.example (root@host.example [192.0.2.1] (may be forged)) by mx.example (8.13.8/8.13.8) with ESMTP id l01A; Mon, 1 Jan 2001 00:00:00 GMT",
            "helo=c.example | host=host.example | ip=192.0.2.1 | by=mx.example | with=ESMTP | id=l01A | time=978307200",
        ),
        (
            "(from bob@localhost) by c.example (8.9.3/8.9.3) id AAA01; Mon, 1 Jan 2001 00:00:00 GMT",
            "by=c.example | id=AAA01 | time=978307200",
        ),
        // qmail
        ("(qmail 123 invoked by uid 89); 1 Jan 2001 00:00:00 -0000", "time=978307200"),
        (
            "from unknown (HELO c.example) (a@x@192.0.2.1) by mx.example with SMTP; 1 Jan 2001 00:00:00 -0000",
            "helo=c.example | ip=192.0.2.1 | by=mx.example | with=SMTP | time=978307200",
        ),
        (
            "from host.example (HELO c.example) ([192.0.2.1]) (envelope-sender <a@x>) by mx.example (qmail-ldap-1.03) with ESMTP for <b@y>; 1 Jan 2001 00:00:00 -0000",
            "helo=c.example | host=host.example | ip=192.0.2.1 | by=mx.example | with=ESMTP | for=b@y | time=978307200",
        ),
        // iCloud, fetchmail, Lotus
        (
            "from p1.mail.icloud.example (p1.mail.icloud.example [17.0.0.1]) by p2.icloud.example (Oracle Communications Messaging Server 8.1.0.1 64bit (built May 1 2020)) with ESMTPS id <0QA@p2.example> for b@y (ORCPT b@y); Mon, 01 Jan 2001 00:00:00 +0000 (GMT)",
            "helo=p1.mail.icloud.example | host=p1.mail.icloud.example | ip=17.0.0.1 | by=p2.icloud.example | with=ESMTPS | id=0QA@p2.example | for=b@y | time=978307200",
        ),
        (
            "from pop.example [192.0.2.1] by localhost with POP3 (fetchmail-6.3.26) for <bob@localhost> (single-drop); Mon, 01 Jan 2001 00:00:00 +0000 (GMT)",
            "helo=pop.example | ip=192.0.2.1 | by=localhost | with=POP3 | for=bob@localhost | time=978307200",
        ),
        (
            "from c.example ([192.0.2.1]) by mx.example (Lotus Domino Release 8.5) with ESMTP id 2001010100000000-1 ; Mon, 1 Jan 2001 00:00:00 +0000",
            "helo=c.example | ip=192.0.2.1 | by=mx.example | with=ESMTP | id=2001010100000000-1 | time=978307200",
        ),
        // Several recipients, a second from, keywords in capitals.
        (
            "FROM c.example BY mx.example VIA tcp WITH smtp ID <1@x> FOR <b@y>, <c@z> from <a@x>; Mon, 1 Jan 2001 00:00:00 +0000",
            "helo=c.example | by=mx.example | via=tcp | with=smtp | id=1@x | for=<b@y>, <c@z> | time=978307200",
        ),
    ] {
        assert_eq!(told(text), expected, "{text}");
    }
}

#[test]
fn damaged_and_odd_fields() {
    for (text, expected) in [
        ("", ""),
        (";", ""),
        ("from a by b", "helo=a | by=b"),
        ("from a by b; no date at all", "helo=a | by=b | date=no date at all"),
        // No semicolon, obsolete and wrong dates.
        ("from a by b id 1 Mon, 1 Jan 2001 00:00:00 +0000", "helo=a | by=b | id=1 | time=978307200"),
        ("by b; 1 Jan 01 00:00 GMT", "by=b | time=978307200"),
        ("by b; Mon, 32 Jan 2001 00:00:00 +0000", "by=b | date=Mon, 32 Jan 2001 00:00:00 +0000"),
        // A semicolon in a comment, one in a recipient, a comment without end.
        ("by b (a; c); 1 Jan 2001 00:00:00 GMT", "by=b | time=978307200"),
        ("by b for <\"x;y\"@z>; 1 Jan 2001 00:00:00 GMT", "by=b | for=\"x;y\"@z | time=978307200"),
        ("from a (open by c; 1 Jan 2001 00:00:00 GMT", "helo=a | time=978307200"),
        ("by b (a \\) by c) with d", "by=b | with=d"),
        ("from a from b by c", "helo=a | by=c"),
        ("by by by", ""),
    ] {
        assert_eq!(told(text), expected, "{text}");
    }
    assert_eq!(parse("from a (b [192.0.2.1]) by c (d)").from.as_deref(), Some("a (b [192.0.2.1])"));
    assert_eq!(parse("from a (b [192.0.2.1]) by c (d)").by.as_deref(), Some("c (d)"));
    // Nothing is quadratic or recursive.
    assert!(parse(&"(".repeat(100_000)).from.is_none());
    assert!(parse(&"from ".repeat(50_000)).from.is_none());
}
