//! The clauses of an Authentication-Results field.

use crate::record::{AuthenticationResult, AuthenticationResults, Text};

/// RFC 8601 section 2.2:
///
/// ```text
/// authres-payload = [CFWS] authserv-id [ CFWS authres-version ] ( no-result / 1*resinfo ) [CFWS]
/// resinfo         = [CFWS] ";" methodspec [ CFWS reasonspec ] [ CFWS 1*propspec ]
/// methodspec      = [CFWS] method [CFWS] "=" [CFWS] result
/// reasonspec      = "reason" [CFWS] "=" [CFWS] value
/// propspec        = ptype [CFWS] "." [CFWS] property [CFWS] "=" pvalue
/// ```
pub(super) fn parse(value: &str) -> AuthenticationResults {
    let mut clauses = split(value, ';').into_iter();
    let mut results = AuthenticationResults::default();
    let server = clauses.next().unwrap_or_default();
    results.server = server.split_ascii_whitespace().next().map(Text::from);
    for clause in clauses {
        let mut result = AuthenticationResult::default();
        for word in split(&tight(&clause), ' ') {
            let Some((name, value)) = word.split_once('=') else { continue };
            let (name, value) =
                (name.trim().to_ascii_lowercase(), Text::from(value.trim().trim_matches('"')));
            if result.method.as_str().is_empty() {
                // The version of a method stands behind a slash.
                result.method = Text::from(name.split('/').next().unwrap_or_default());
                result.result = value;
            } else if name == "reason" {
                result.reason = Some(value);
            } else {
                result.properties.insert(Text::from(name), value);
            }
        }
        if !result.method.as_str().is_empty() {
            results.results.push(result);
        }
    }
    results
}

/// Without blanks around `=`.
fn tight(clause: &str) -> String {
    let words: Vec<&str> = clause.split_ascii_whitespace().collect();
    words.join(" ").replace(" =", "=").replace("= ", "=")
}

/// Splits outside of quotes and brackets; what stands in brackets is a comment and left out.
fn split(text: &str, at: char) -> Vec<String> {
    let mut pieces = vec![String::new()];
    let (mut quoted, mut depth) = (false, 0_usize);
    for c in text.chars() {
        match c {
            '"' if depth == 0 => quoted = !quoted,
            '(' if !quoted => depth += 1,
            ')' if !quoted && depth > 0 => {
                depth -= 1;
                continue;
            }
            c if c == at && !quoted && depth == 0 => {
                pieces.push(String::new());
                continue;
            }
            _ => {}
        }
        if depth == 0
            && let Some(last) = pieces.last_mut()
        {
            last.push(c);
        }
    }
    pieces
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn results_of_real_servers() {
        let value = "mx.example 1; spf=pass (sender; is ok) smtp.mailfrom=a@b.example; dkim = fail reason=\"bad; body\" header.d=b.example header.i=@b.example; none";
        let json = serde_json::to_value(parse(value)).unwrap();
        let expected = serde_json::json!({
            "server": "mx.example",
            "results": [
                {"method": "spf", "result": "pass", "properties": {"smtp.mailfrom": "a@b.example"}},
                {"method": "dkim", "result": "fail", "reason": "bad; body", "properties": {"header.d": "b.example", "header.i": "@b.example"}},
            ],
        });
        assert_eq!(json, expected);
        assert_eq!(
            serde_json::to_value(parse("mx; none")).unwrap(),
            serde_json::json!({"server": "mx", "results": []})
        );
        assert_eq!(serde_json::to_value(parse("")).unwrap(), serde_json::json!({"results": []}));
    }
}
