//! The way of a message: Received fields (RFC 5321 section 4.4).
//!
//! ```text
//! Time-stamp-line = "Received:" FWS From-domain By-domain Opt-info [CFWS] ";" FWS date-time
//! Opt-info        = [Via] [With] [ID] [For]
//! ```
//!
//! Servers write the clauses in many orders, leave some out, and put more into comments than into clauses.

use super::date::{self, Date};
use core::net::IpAddr;

/// What one server says of how it got a message.
#[non_exhaustive]
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Received {
    /// The clause `from`, with its comments.
    pub from: Option<String>,
    /// The name that the client gave itself (HELO, EHLO), as far as the server wrote it down.
    pub helo: Option<String>,
    /// The name that the server found for the client's address.
    pub host: Option<String>,
    /// The address of the client.
    pub ip: Option<IpAddr>,
    /// The clause `by`, with its comments.
    pub by: Option<String>,
    /// The clause `via`, without comments as all that follow.
    pub via: Option<String>,
    /// The clause `with`: `ESMTPS`, `HTTP`, `Microsoft SMTP Server`, ..
    pub with: Option<String>,
    /// The clause `id`, without angle brackets.
    pub id: Option<String>,
    /// The clause `for`, without angle brackets.
    pub recipient: Option<String>,
    /// The date as it stands there.
    pub date: Option<String>,
    /// The date, where it is one.
    pub time: Option<Date>,
}

/// One word outside of comments, or a whole comment without its brackets.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Token<'a> {
    Word(&'a str),
    Comment(&'a str),
}

impl<'a> Token<'a> {
    const fn text(self) -> &'a str {
        match self {
            Self::Word(text) | Self::Comment(text) => text,
        }
    }
}

/// Words and comments in order; comments nest, and quotes protect blanks.
fn tokens(text: &str) -> Vec<Token<'_>> {
    let mut tokens = Vec::new();
    let (mut depth, mut quoted, mut escaped) = (0_usize, false, false);
    let mut start = None;
    for (at, c) in text.char_indices() {
        if core::mem::take(&mut escaped) {
            continue;
        }
        let inside = quoted || depth > 0;
        match c {
            '\\' if inside => escaped = true,
            '"' if depth == 0 => {
                quoted = !quoted;
                start.get_or_insert(at);
            }
            '(' if !quoted => {
                if depth == 0 {
                    tokens.extend(start.and_then(|start| text.get(start..at)).map(Token::Word));
                    start = Some(at + 1);
                }
                depth += 1;
            }
            ')' if !quoted && depth > 0 => {
                depth -= 1;
                if depth == 0 {
                    tokens.extend(start.take().and_then(|start| text.get(start..at)).map(Token::Comment));
                }
            }
            c if c.is_ascii_whitespace() && !inside => {
                tokens.extend(start.take().and_then(|start| text.get(start..at)).map(Token::Word));
            }
            _ => {
                start.get_or_insert(at);
            }
        }
    }
    // A comment without end is one all the same.
    let last = start.and_then(|start| text.get(start..));
    tokens.extend(last.map(|text| if depth > 0 { Token::Comment(text) } else { Token::Word(text) }));
    tokens.retain(|token| !token.text().is_empty());
    tokens
}

/// Where the date begins: behind the last semicolon outside of comments and quotes, or, where that was forgotten, at
/// the day of the week.
fn split_date(text: &str) -> (&str, Option<&str>) {
    let (mut depth, mut quoted, mut escaped, mut last) = (0_usize, false, false, None);
    for (at, byte) in text.bytes().enumerate() {
        if core::mem::take(&mut escaped) {
            continue;
        }
        match byte {
            b'\\' if quoted || depth > 0 => escaped = true,
            b'"' if depth == 0 => quoted = !quoted,
            b'(' if !quoted => depth += 1,
            b')' if !quoted => depth = depth.saturating_sub(1),
            b';' if depth == 0 && !quoted => last = Some(at),
            _ => {}
        }
    }
    // Unbalanced brackets hide nothing: a date has no semicolon.
    let last = last.or_else(|| text.rfind(';').filter(|_| depth > 0 || quoted));
    if let Some((clauses, date)) = last.and_then(|at| text.split_at_checked(at)) {
        return (clauses, date.get(1..).map(str::trim).filter(|date| !date.is_empty()));
    }
    let days = ["Mon,", "Tue,", "Wed,", "Thu,", "Fri,", "Sat,", "Sun,"];
    let at = days.iter().filter_map(|day| text.rfind(day)).max();
    match at.and_then(|at| text.split_at_checked(at)) {
        Some((clauses, date)) if date::parse(date.as_bytes()).is_some() => (clauses, Some(date.trim())),
        _ => (text, None),
    }
}

const KEYWORDS: [&str; 6] = ["from", "by", "via", "with", "id", "for"];

/// A clause lasts until the next keyword outside of comments; of two of a kind the first counts.
pub(super) fn parse(text: &str) -> Received {
    let (clauses, date) = split_date(text);
    let mut received = Received {
        date: date.map(str::to_owned),
        time: date.and_then(|date| date::parse(date.as_bytes())),
        ..Received::default()
    };
    let mut keyword = None;
    let mut clause: Vec<Token<'_>> = Vec::new();
    for token in tokens(clauses) {
        let next = match token {
            Token::Word(word) => KEYWORDS.into_iter().find(|known| word.eq_ignore_ascii_case(known)),
            Token::Comment(_) => None,
        };
        if next.is_some() {
            received.take(keyword, &clause);
            clause.clear();
            keyword = next;
        } else {
            clause.push(token);
        }
    }
    received.take(keyword, &clause);
    received
}

/// A clause as it stands there.
fn with_comments(clause: &[Token<'_>]) -> String {
    let words = clause.iter().map(|token| match token {
        Token::Word(word) => (*word).to_owned(),
        Token::Comment(comment) => format!("({comment})"),
    });
    words.collect::<Vec<_>>().join(" ")
}

fn plain(clause: &[Token<'_>]) -> String {
    let words = clause.iter().filter_map(|token| match token {
        Token::Word(word) => Some(*word),
        Token::Comment(_) => None,
    });
    let text = words.collect::<Vec<_>>().join(" ");
    let text = text.trim_end_matches(',');
    let bare = text.strip_prefix('<').and_then(|text| text.strip_suffix('>'));
    bare.filter(|text| !text.contains('<')).unwrap_or(text).to_owned()
}

impl Received {
    fn take(&mut self, keyword: Option<&str>, clause: &[Token<'_>]) {
        let (slot, text) = match keyword {
            Some("from") => (&mut self.from, with_comments(clause)),
            Some("by") => (&mut self.by, with_comments(clause)),
            Some("via") => (&mut self.via, plain(clause)),
            Some("with") => (&mut self.with, plain(clause)),
            Some("id") => (&mut self.id, plain(clause)),
            Some("for") => (&mut self.recipient, plain(clause)),
            // qmail and Sendmail begin with a comment.
            _ => return,
        };
        if slot.is_some() || text.is_empty() {
            return;
        }
        *slot = Some(text);
        if keyword == Some("from") {
            self.client(clause);
        }
    }

    /// Who the client was, by the habits of the servers:
    ///
    /// ```text
    /// helo (host [ip])            Postfix, Sendmail, Gmail
    /// host (HELO helo) (ip)       qmail
    /// host ([ip] helo=helo)       Exim
    /// [ip] (helo=helo)            Exim, without a name
    /// helo (ip)                   Exchange
    /// ```
    fn client(&mut self, clause: &[Token<'_>]) {
        let mut first = None;
        let (mut said, mut found) = (None, None);
        for (index, token) in clause.iter().enumerate() {
            let words: Vec<&str> = token.text().split([' ', '\t', '(', ')', ',']).collect();
            let mut next_is_helo = false;
            for word in words.into_iter().filter(|word| !word.is_empty()) {
                if core::mem::take(&mut next_is_helo) {
                    said = said.or_else(|| name(word));
                    continue;
                }
                let ip = address(word);
                self.ip = self.ip.or(ip);
                let key = word.split_once('=').map(|(key, value)| (key.to_ascii_lowercase(), value));
                match key {
                    Some((key, value)) if key == "helo" || key == "ehlo" => {
                        said = said.or_else(|| name(value));
                    }
                    _ if matches!(token, Token::Comment(_))
                        && (word.eq_ignore_ascii_case("helo") || word.eq_ignore_ascii_case("ehlo")) =>
                    {
                        next_is_helo = true;
                    }
                    _ if index == 0 && matches!(token, Token::Word(_)) => first = name(word),
                    // The first word of the first comment, without a user before it.
                    _ if ip.is_none()
                        && found.is_none()
                        && matches!(token, Token::Comment(_))
                        && word.contains('.') =>
                    {
                        found = name(word.rsplit('@').next().unwrap_or(word));
                    }
                    _ => {}
                }
            }
        }
        // Who says what the client said names it apart, what stands before is what was looked up.
        (self.helo, self.host) = match said {
            Some(said) => (Some(said), first),
            None => (first, found),
        };
    }
}

/// A name of a host; an address and `unknown` are none.
fn name(word: &str) -> Option<String> {
    let word = word.trim_matches(['<', '>', '"']).trim_end_matches('.');
    let is = !word.is_empty() && !word.eq_ignore_ascii_case("unknown") && address(word).is_none();
    is.then(|| word.to_owned())
}

/// An address, in brackets or not, with a port or not.
fn address(word: &str) -> Option<IpAddr> {
    let word = word.trim_matches(['[', ']', '<', '>', ';', ',']);
    let word = word.rsplit('@').next().unwrap_or(word).trim_start_matches('[');
    let word = match word.get(..5) {
        Some(start) if start.eq_ignore_ascii_case("ipv6:") => word.get(5..)?,
        _ => word,
    };
    let word = word.split_once("]:").map_or(word, |(address, _)| address);
    let word = word.split_once('%').map_or(word, |(address, _)| address);
    word.parse().ok().or_else(|| {
        // 192.0.2.1:1234
        let (address, port) = word.split_once(':')?;
        port.parse::<u16>().ok()?;
        address.parse::<core::net::Ipv4Addr>().ok().map(IpAddr::V4)
    })
}

#[cfg(test)]
mod tests;
