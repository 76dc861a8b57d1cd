//! The page around the data: style, script, and the policy that allows these two and nothing else.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use sha2::{Digest as _, Sha256};

use super::escape;
use super::file::MARK;

const PAGE: &str = include_str!("page/page.html");
const STYLE: &str = include_str!("page/page.css");
/// One script of several files, in the order in which they build on one another.
const SCRIPT: &str = concat!(
    include_str!("page/core.js"),
    include_str!("page/grid.js"),
    include_str!("page/charts.js"),
    include_str!("page/message.js"),
    include_str!("page/views.js"),
    include_str!("page/more.js"),
    include_str!("page/page.js"),
);

fn hash(text: &str) -> String {
    format!("'sha256-{}'", STANDARD.encode(Sha256::digest(text)))
}

/// What the page is allowed. Trusted Types make a browser that knows them refuse to turn any text into markup.
fn policy() -> String {
    format!(
        "default-src 'none'; script-src {}; style-src {}; img-src data:; base-uri 'none'; form-action 'none'; \
         require-trusted-types-for 'script'; trusted-types 'none'",
        hash(SCRIPT),
        hash(STYLE)
    )
}

/// What stands before the data, and what behind.
pub(super) fn around(title: &str) -> (String, String) {
    let (before, after) = PAGE.split_once("{{data}}").unwrap_or((PAGE, ""));
    let before = before
        .replace("{{policy}}", &policy())
        .replace("{{style}}", STYLE)
        // Last: it may hold what looks like one of the others.
        .replace("{{title}}", &escape::html(title));
    (format!("{MARK}{before}"), after.replace("{{script}}", SCRIPT))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_page_holds_what_its_policy_allows() {
        let (before, after) = around("<T> {{style}}");
        let page = format!("{before}{after}");
        assert!(page.starts_with(MARK));
        assert!(before.contains("<title>&lt;T&gt; {{style}}</title>"));
        assert_eq!(page.matches("<script").count(), 1);
        let script = page.split_once("<script>").unwrap().1.split_once("</script>").unwrap().0;
        let style = page.split_once("<style>").unwrap().1.split_once("</style>").unwrap().0;
        for inside in [script, style] {
            let hash = format!("'sha256-{}'", STANDARD.encode(Sha256::digest(inside)));
            assert!(page.contains(&hash));
        }
        // What a browser would fetch, or run, or take for the end of the script.
        for text in [
            " src=",
            " href=\"http",
            "@import",
            "url(",
            "fetch(",
            "XMLHttpRequest",
            "WebSocket",
            "innerHTML",
            "outerHTML",
            "insertAdjacentHTML",
            "document.write",
            "eval(",
            "new Function",
            "import(",
            "<!--\n",
            ".setAttribute(\"style\"",
            "javascript:",
        ] {
            assert!(!page.contains(text), "{text}");
        }
        assert!(!SCRIPT.contains("</") && !SCRIPT.contains("<!--"));
    }
}
