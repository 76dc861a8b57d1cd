//! The text of HTML, for a reader of the report: what it says, and where its links and pictures lead.
//!
//! Not a browser: nothing is laid out, styles are not looked at, so text that a mail hides from its reader shows.

/// Elements that stand on lines of their own.
const BLOCKS: &[&str] = &[
    "address",
    "article",
    "blockquote",
    "body",
    "br",
    "center",
    "dd",
    "div",
    "dl",
    "dt",
    "fieldset",
    "footer",
    "form",
    "h1",
    "h2",
    "h3",
    "h4",
    "h5",
    "h6",
    "head",
    "header",
    "hr",
    "html",
    "li",
    "main",
    "nav",
    "ol",
    "option",
    "p",
    "pre",
    "section",
    "table",
    "tbody",
    "title",
    "tr",
    "ul",
];

/// Elements whose content is no text.
const SILENT: &[&str] = &["script", "style", "noscript", "template", "svg", "math"];

/// An address in a link longer than that is cut.
const MAX_ADDRESS: usize = 300;

/// References by name that mail uses.
const NAMED: &[(&str, &str)] = &[
    ("amp", "&"),
    ("apos", "'"),
    ("bull", "\u{2022}"),
    ("cent", "\u{a2}"),
    ("copy", "\u{a9}"),
    ("deg", "\u{b0}"),
    ("euro", "\u{20ac}"),
    ("gt", ">"),
    ("hellip", "\u{2026}"),
    ("laquo", "\u{ab}"),
    ("ldquo", "\u{201c}"),
    ("lsquo", "\u{2018}"),
    ("lt", "<"),
    ("mdash", "\u{2014}"),
    ("middot", "\u{b7}"),
    ("nbsp", " "),
    ("ndash", "\u{2013}"),
    ("pound", "\u{a3}"),
    ("quot", "\""),
    ("raquo", "\u{bb}"),
    ("rdquo", "\u{201d}"),
    ("reg", "\u{ae}"),
    ("rsquo", "\u{2019}"),
    ("shy", "\u{ad}"),
    ("trade", "\u{2122}"),
    ("zwj", "\u{200d}"),
    ("zwnj", "\u{200c}"),
];

/// The text of `html`, of which at most `longest` bytes are put together.
pub(super) fn text(html: &str, longest: usize) -> String {
    let mut page = Page { out: String::new(), links: Vec::new(), blank: false };
    let mut rest = html;
    while !rest.is_empty() && page.out.len() < longest {
        let (text, behind) = rest.split_at(memchr::memchr(b'<', rest.as_bytes()).unwrap_or(rest.len()));
        page.say(text);
        rest = page.tag(behind);
    }
    page.out.truncate(page.out.trim_end().len());
    page.out
}

struct Page {
    out: String,
    /// Where the open links lead, and where their text begins.
    links: Vec<(String, usize)>,
    /// A blank is due before the next word.
    blank: bool,
}

impl Page {
    fn say(&mut self, text: &str) {
        let decoded = references(text);
        for char in decoded.chars() {
            if char.is_ascii_whitespace() {
                self.blank = true;
                continue;
            }
            if self.blank && !self.out.is_empty() && !self.out.ends_with(['\n', ' ']) {
                self.out.push(' ');
            }
            self.blank = false;
            self.out.push(char);
        }
    }

    fn line(&mut self) {
        self.blank = false;
        if !self.out.is_empty() && !self.out.ends_with("\n\n") {
            self.out.push('\n');
        }
    }

    /// What begins with `<`; what is behind it.
    fn tag<'a>(&mut self, text: &'a str) -> &'a str {
        let Some(behind) = text.strip_prefix('<') else { return text };
        if let Some(comment) = behind.strip_prefix("!--") {
            return comment.find("-->").and_then(|end| comment.get(end + 3..)).unwrap_or_default();
        }
        let is_end = behind.starts_with('/');
        let inside = behind.trim_start_matches('/');
        if !inside.starts_with(|first: char| first.is_ascii_alphabetic() || matches!(first, '!' | '?')) {
            // No tag, but a sign.
            self.say("<");
            return behind;
        }
        let (tag, rest) = split_tag(inside);
        let end = tag.find(|c: char| c.is_ascii_whitespace() || c == '/').unwrap_or(tag.len());
        let (name, attributes) = tag.split_at(end);
        let name = name.to_ascii_lowercase();
        if SILENT.contains(&name.as_str()) && !is_end && !attributes.ends_with('/') {
            return behind_end_of(&name, rest);
        }
        match (name.as_str(), is_end) {
            ("a", false) => {
                let lead = attribute(attributes, "href").unwrap_or_default();
                self.links.push((lead, self.out.len()));
            }
            ("a", true) => self.end_link(),
            ("img", false) => {
                let said = attribute(attributes, "alt").filter(|alt| !alt.trim().is_empty());
                let source = attribute(attributes, "src").unwrap_or_default();
                self.mark("image", &[said.unwrap_or_default(), short(&source)]);
            }
            ("iframe" | "object" | "embed" | "form" | "video" | "audio", false) => {
                let lead = ["src", "data", "action"].iter().find_map(|name| attribute(attributes, name));
                self.mark(&name, &[short(&lead.unwrap_or_default())]);
            }
            ("td" | "th", false) => self.blank = true,
            (block, _) if BLOCKS.contains(&block) => self.line(),
            _ => {}
        }
        rest
    }

    fn mark(&mut self, what: &str, about: &[String]) {
        let about: String =
            about.iter().filter(|text| !text.is_empty()).map(|text| format!(" {}", text.trim())).collect();
        self.blank = true;
        self.say(&format!("[{what}:{about}]").replace('&', "&amp;"));
        self.blank = true;
    }

    fn end_link(&mut self) {
        let Some((lead, start)) = self.links.pop() else { return };
        let said = self.out.get(start..).unwrap_or_default().trim();
        if !lead.is_empty() && said != lead && !lead.starts_with('#') {
            self.blank = true;
            self.say(&format!("[{}]", short(&lead)).replace('&', "&amp;"));
            self.blank = true;
        }
    }
}

fn short(address: &str) -> String {
    match super::escape::cut(address, MAX_ADDRESS) {
        all if all.len() == address.len() => all.to_owned(),
        cut => format!("{cut}\u{2026}"),
    }
}

/// A tag up to its `>`, which does not end it in quotes, and what is behind.
fn split_tag(text: &str) -> (&str, &str) {
    let mut quote = None;
    for (at, byte) in text.bytes().enumerate() {
        match (quote, byte) {
            (None, b'>') => {
                return (text.get(..at).unwrap_or_default(), text.get(at + 1..).unwrap_or_default());
            }
            // Only a value may begin with a quote.
            (None, b'"' | b'\'') if text.get(..at).is_some_and(|t| t.trim_end().ends_with('=')) => {
                quote = Some(byte);
            }
            (Some(open), byte) if open == byte => quote = None,
            _ => {}
        }
    }
    (text, "")
}

/// What stands behind `</name>`.
fn behind_end_of<'a>(name: &str, text: &'a str) -> &'a str {
    let mut from = 0;
    while let Some(at) = text.get(from..).and_then(|rest| rest.find("</")) {
        let start = from + at + 2;
        let found = text.get(start..start + name.len()).is_some_and(|found| found.eq_ignore_ascii_case(name));
        if found {
            return split_tag(text.get(start..).unwrap_or_default()).1;
        }
        from = start;
    }
    ""
}

/// The value of an attribute.
fn attribute(attributes: &str, wanted: &str) -> Option<String> {
    let mut rest = attributes;
    loop {
        rest = rest.trim_start_matches(|c: char| c.is_ascii_whitespace() || c == '/');
        if rest.is_empty() {
            return None;
        }
        let (name, behind) =
            rest.split_at(rest.find(|c: char| c.is_ascii_whitespace() || c == '=').unwrap_or(rest.len()));
        let behind = behind.trim_start();
        let (value, behind) = match behind.strip_prefix('=') {
            None => ("", behind),
            Some(value) => {
                let value = value.trim_start();
                match value.chars().next() {
                    Some(quote @ ('"' | '\'')) => {
                        let value = value.get(1..).unwrap_or_default();
                        value.split_once(quote).unwrap_or((value, ""))
                    }
                    _ => value.split_at(value.find(|c: char| c.is_ascii_whitespace()).unwrap_or(value.len())),
                }
            }
        };
        if name.eq_ignore_ascii_case(wanted) {
            return Some(references(value).trim().to_owned());
        }
        // A sign that is no name would keep us here.
        rest = if name.is_empty() && value.is_empty() { behind.get(1..).unwrap_or_default() } else { behind };
    }
}

/// With its character references replaced.
fn references(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    let mut rest = text;
    while let Some((before, behind)) = rest.split_once('&') {
        out.push_str(before);
        let known = behind.bytes().take(12).position(|byte| byte == b';').and_then(|end| {
            let (name, behind) = behind.split_at(end);
            Some((reference(name)?, behind.get(1..)?))
        });
        match known {
            Some((text, behind)) => {
                out.push_str(&text);
                rest = behind;
            }
            None => {
                out.push('&');
                rest = behind;
            }
        }
    }
    out.push_str(rest);
    out
}

fn reference(name: &str) -> Option<String> {
    let Some(number) = name.strip_prefix('#') else {
        return NAMED.iter().find(|(known, _)| *known == name).map(|(_, text)| (*text).to_owned());
    };
    let code = match number.strip_prefix(['x', 'X']) {
        Some(hex) => u32::from_str_radix(hex, 16),
        None => number.parse(),
    };
    code.ok().and_then(char::from_u32).map(String::from)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn what_it_says_and_where_it_leads() {
        for (html, expected) in [
            ("<p>one<p>two<br>three", "one\ntwo\nthree"),
            ("a <b>bold</b>  word\r\n here", "a bold word here"),
            ("1 < 2 &amp; 3 &gt; 2 &#x41;&#66;&bogus; &", "1 < 2 & 3 > 2 AB&bogus; &"),
            ("x<script>alert('</p>')</script>y<STYLE>p{}</style >z", "xyz"),
            ("<script>never closed", ""),
            (
                "<a href='http://evil.example/?a=1&amp;b=2'>http://bank.example</a>!",
                "http://bank.example [http://evil.example/?a=1&b=2] !",
            ),
            ("<a href=\"http://a.example\">http://a.example</a>", "http://a.example"),
            ("<a href=#top>up</a>", "up"),
            (
                "<img alt=\"a > b\" src=http://t.example/p.gif onerror=alert(1)>",
                "[image: a > b http://t.example/p.gif]",
            ),
            ("<!-- <p>no</p> -->yes<!-- open", "yes"),
            ("<table><tr><td>1<td>2<tr><td>3</table>", "1 2\n3"),
            ("<iframe src=javascript:alert(1)></iframe>", "[iframe: javascript:alert(1)]"),
            ("<p title='>'>t</p>", "t"),
            ("<", "<"),
            ("<a", ""),
            ("<svg/onload=x>drawn</svg>t", "t"),
        ] {
            assert_eq!(text(html, 1000), expected, "{html}");
        }
        assert!(text(&"<p>word</p>".repeat(1000), 100).len() < 120);
        let long = format!("<a href={}>x</a>", "y".repeat(1000));
        assert_eq!(text(&long, 1000).len(), "x [".len() + MAX_ADDRESS + "\u{2026}]".len());
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(256))]
        #[test]
        fn any_text_is_read(html in "([<>/='\"&;# a-c!\u{e9}-]|<a href=|</a>|<script>|</script>|<!--|-->){0,60}") {
            let shown = text(&html, 200);
            prop_assert!(shown.len() <= 200 + MAX_ADDRESS * 2 + html.len());
        }
    }
}
