//! What a server checked: Authentication-Results fields (RFC 8601 section 2.2), and those of ARC (RFC 8617 section 4.1.1).
//!
//! ```text
//! authres-payload = [CFWS] authserv-id [ CFWS authres-version ] ( no-result / 1*resinfo ) [CFWS]
//! resinfo         = [CFWS] ";" methodspec [ CFWS reasonspec ] [ CFWS 1*propspec ]
//! methodspec      = [CFWS] method [CFWS] "=" [CFWS] result
//! reasonspec      = "reason" [CFWS] "=" [CFWS] value
//! propspec        = ptype [CFWS] "." [CFWS] property [CFWS] "=" pvalue
//! ```

/// What one server says of the checks that it made.
#[non_exhaustive]
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct AuthenticationResults {
    /// The server that checked; some do not say.
    pub server: Option<String>,
    /// In ARC: which of the servers on the way it was.
    pub instance: Option<u32>,
    /// In order; empty if it checked nothing.
    pub results: Vec<AuthenticationResult>,
}

/// One check.
#[non_exhaustive]
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct AuthenticationResult {
    /// `spf`, `dkim`, `dmarc`, `auth`, .. in lower case, without a version.
    pub method: String,
    /// `pass`, `fail`, `none`, .. in lower case.
    pub result: String,
    /// Why, where it says so with that word.
    pub reason: Option<String>,
    /// The first comment, in which most servers say why.
    pub comment: Option<String>,
    /// What was checked: `smtp.mailfrom`, `header.d`, .. in order, names in lower case.
    pub properties: Vec<(String, String)>,
}

/// A piece of a clause.
#[derive(Debug, PartialEq, Eq)]
enum Token {
    /// Text without blanks, or in quotes.
    Word(String),
    Equals,
    Comment(String),
}

/// The clauses between semicolons. A counter for comments, no recursion.
fn clauses(text: &str) -> Vec<Vec<Token>> {
    let mut clauses = vec![Vec::new()];
    let mut word = String::new();
    let mut comment = String::new();
    let (mut quoted, mut escaped, mut depth) = (false, false, 0_usize);
    let mut push = |token: Option<Token>, next: bool| {
        if let (Some(last), Some(token)) = (clauses.last_mut(), token) {
            last.push(token);
        }
        if next {
            clauses.push(Vec::new());
        }
    };
    let taken =
        |word: &mut String| Some(core::mem::take(word)).filter(|word| !word.is_empty()).map(Token::Word);
    for c in text.chars() {
        if core::mem::take(&mut escaped) {
            if depth > 0 {
                comment.push(c)
            } else {
                word.push(c)
            }
            continue;
        }
        match c {
            '\\' if quoted || depth > 0 => escaped = true,
            '"' if depth == 0 => quoted = !quoted,
            _ if quoted => word.push(c),
            '(' => {
                if depth == 0 {
                    push(taken(&mut word), false);
                } else {
                    comment.push(c);
                }
                depth += 1;
            }
            ')' if depth > 0 => {
                depth -= 1;
                if depth == 0 {
                    let text = core::mem::take(&mut comment);
                    push(Some(Token::Comment(text.trim().to_owned())), false);
                } else {
                    comment.push(c);
                }
            }
            _ if depth > 0 => comment.push(c),
            ';' => {
                push(taken(&mut word), true);
            }
            '=' => {
                push(taken(&mut word), false);
                push(Some(Token::Equals), false);
            }
            c if c.is_whitespace() => push(taken(&mut word), false),
            _ => word.push(c),
        }
    }
    push(taken(&mut word), false);
    clauses
}

/// `name = value` pairs and words; a value takes what follows it up to a blank, equals signs included.
fn pairs(clause: &[Token]) -> Vec<(String, Option<String>)> {
    let mut pairs: Vec<(String, Option<String>)> = Vec::new();
    // Whether a value is due, and whether more of one may come.
    let (mut due, mut open) = (false, false);
    for token in clause {
        if *token == Token::Equals {
            merge(&mut pairs);
        }
        match (token, pairs.last_mut()) {
            (Token::Comment(_), _) => {}
            (Token::Equals, Some((_, value @ None))) => {
                *value = Some(String::new());
                (due, open) = (true, true);
            }
            // Base64 in a value: `header.b=abc=`.
            (Token::Equals, Some((_, Some(value)))) if open => {
                value.push('=');
                due = false;
            }
            (Token::Equals, _) => {}
            (Token::Word(word), Some((_, Some(value)))) if due => {
                value.push_str(word);
                due = false;
            }
            (Token::Word(word), _) => {
                pairs.push((word.clone(), None));
                (due, open) = (false, false);
            }
        }
    }
    pairs
}

/// A name in pieces, `dkim / 1` or `policy . expired`, becomes one.
fn merge(pairs: &mut Vec<(String, Option<String>)>) {
    while let [.., (_, None), (mark, None), (_, None)] = pairs.as_slice()
        && (mark == "/" || mark == ".")
    {
        let last = pairs.pop().map(|(last, _)| last).unwrap_or_default();
        let mark = pairs.pop().map(|(mark, _)| mark).unwrap_or_default();
        if let Some((name, _)) = pairs.last_mut() {
            name.push_str(&mark);
            name.push_str(&last);
        }
    }
}

pub(super) fn parse(text: &str) -> AuthenticationResults {
    let mut results = AuthenticationResults::default();
    for (index, clause) in clauses(text).iter().enumerate() {
        let mut pairs = pairs(clause).into_iter();
        let Some((name, value)) = pairs.next() else { continue };
        let Some(value) = value else {
            // `none`, or the server, perhaps with a version behind it.
            if results.server.is_none()
                && results.results.is_empty()
                && (index == 0 || results.instance.is_some())
            {
                results.server = Some(name);
            }
            continue;
        };
        if name.eq_ignore_ascii_case("i") && index == 0 {
            results.instance = value.parse().ok();
            continue;
        }
        let comment = clause.iter().find_map(|token| match token {
            Token::Comment(comment) if !comment.is_empty() => Some(comment.clone()),
            _ => None,
        });
        let mut result = AuthenticationResult {
            // The version of a method stands behind a slash.
            method: name.split('/').next().unwrap_or_default().to_ascii_lowercase(),
            result: value.to_ascii_lowercase(),
            comment,
            ..AuthenticationResult::default()
        };
        for (name, value) in pairs {
            let (name, Some(value)) = (name.to_ascii_lowercase(), value) else { continue };
            if name == "reason" {
                result.reason.get_or_insert(value);
            } else {
                result.properties.push((name, value));
            }
        }
        results.results.push(result);
    }
    results
}

#[cfg(test)]
mod tests {
    use super::*;

    /// `server: method=result {reason} (comment) property=value, ..; ..`
    fn told(text: &str) -> String {
        let AuthenticationResults { server, instance, results } = parse(text);
        let results: Vec<String> = results
            .into_iter()
            .map(|one| {
                let properties = one.properties.iter().map(|(name, value)| format!(" {name}={value}"));
                format!(
                    "{}={}{}{}{}",
                    one.method,
                    one.result,
                    one.reason.map(|reason| format!(" {{{reason}}}")).unwrap_or_default(),
                    one.comment.map(|comment| format!(" ({comment})")).unwrap_or_default(),
                    properties.collect::<String>()
                )
            })
            .collect();
        let instance = instance.map(|instance| format!("{instance} ")).unwrap_or_default();
        format!("{instance}{}: {}", server.unwrap_or_default(), results.join("; "))
    }

    #[test]
    fn servers() {
        for (text, expected) in [
            // RFC 8601, appendix B.
            ("example.org 1; none", "example.org: "),
            (
                "example.com; auth=pass (cram-md5) smtp.auth=sender@example.net; spf=pass smtp.mailfrom=example.net",
                "example.com: auth=pass (cram-md5) smtp.auth=sender@example.net; spf=pass smtp.mailfrom=example.net",
            ),
            (
                "foo.example.net (foobar) 1 (baz); dkim (Because I like it) / 1 (One yay) = (wait for it) fail policy (A dot can go here) . (like that) expired (this surprised me) = (as I wasn't expecting it) 1362471462",
                "foo.example.net: dkim=fail (Because I like it) policy.expired=1362471462",
            ),
            // Gmail
            (
                "mx.google.example;       dkim=pass header.i=@x.example header.s=s1 header.b=\"ab+/c=\";       spf=pass (google.example: domain of a@x.example designates 192.0.2.1 as permitted sender) smtp.mailfrom=a@x.example;       dmarc=pass (p=REJECT sp=REJECT dis=NONE) header.from=x.example",
                "mx.google.example: dkim=pass header.i=@x.example header.s=s1 header.b=ab+/c=; spf=pass (google.example: domain of a@x.example designates 192.0.2.1 as permitted sender) smtp.mailfrom=a@x.example; dmarc=pass (p=REJECT sp=REJECT dis=NONE) header.from=x.example",
            ),
            // Microsoft: no server.
            (
                "spf=pass (sender IP is 192.0.2.1) smtp.mailfrom=x.example; dkim=none (message not signed) header.d=none;dmarc=bestguesspass action=none header.from=x.example;compauth=pass reason=109",
                ": spf=pass (sender IP is 192.0.2.1) smtp.mailfrom=x.example; dkim=none (message not signed) header.d=none; dmarc=bestguesspass action=none header.from=x.example; compauth=pass {109}",
            ),
            // ARC
            ("i=1; mx.example; dkim=pass header.i=@x", "1 mx.example: dkim=pass header.i=@x"),
            ("i=2; mx.example 1; none", "2 mx.example: "),
            // OpenDKIM, Yahoo, quotes, blanks around the equals sign, capitals, versions.
            (
                "mx.example; dkim = FAIL reason=\"bad; (body)\" header.d=b.example header.b=x==",
                "mx.example: dkim=fail {bad; (body)} header.d=b.example header.b=x==",
            ),
            (
                "m; dkim/1=unknown; SPF=none smtp.MailFrom=\"a b\"@x",
                "m: dkim=unknown; spf=none smtp.mailfrom=a b@x",
            ),
            (
                "mx.example;\tiprev=pass policy.iprev=2001:db8::1 (x (y) z)",
                "mx.example: iprev=pass (x (y) z) policy.iprev=2001:db8::1",
            ),
            // Damage.
            ("", ": "),
            (";;;", ": "),
            ("mx; spf=", "mx: spf="),
            ("mx; =x; y", "mx: "),
            ("mx (open; spf=pass", "mx: "),
            ("mx; spf=pass \"open; x=y", "mx: spf=pass"),
        ] {
            assert_eq!(told(text), expected, "{text}");
        }
        assert!(parse(&"(".repeat(100_000)).results.is_empty());
        assert_eq!(parse(&"a=b;".repeat(10_000)).results.len(), 10_000);
    }
}
