//! `FINDINGS.md` lists every rule that `findings.jsonl` can name, as the table in the code has it.
//!
//! `BLESS=1 cargo test -p mailtap --test findings` writes it.
#![allow(clippy::unwrap_used, reason = "a test may fail loudly")]

use mailtap::findings::{Rule, Threshold};
use std::fmt::Write as _;
use std::path::Path;

const HEAD: &str = "# Findings

What the rules behind `findings.jsonl` mean. A finding is one fact of interest with its evidence, however often it was seen:
each names its rule, how much it weighs (`info`, `low`, `medium`, `high`), how often the rule applied, from when to when, the
first packet, the sessions, messages and logins (lines of `logins.jsonl`), and short facts. A finding is no verdict: what can
make it false or harmless stands with each rule.

Thresholds are options: `mailtap extract --threshold login-guessing.failures=20`. Those that a run had are in the options of
`summary.json`.
";

const MEASURED: &str = include_str!("findings/measured.md");

fn page() -> String {
    let mut page = HEAD.to_owned();
    writeln!(page, "\n| rule | severity |\n| --- | --- |").unwrap();
    for rule in Rule::ALL {
        writeln!(page, "| [`{0}`](#{0}) | {1} |", rule.id(), rule.severity()).unwrap();
    }
    page.push('\n');
    page.push_str(MEASURED);
    for rule in Rule::ALL {
        writeln!(page, "\n## {}\n\n**{}.** {}\n", rule.id(), rule.title(), rule.meaning()).unwrap();
        writeln!(page, "- Severity: {}.", rule.severity()).unwrap();
        for threshold in Threshold::ALL.iter().filter(|threshold| threshold.rule() == *rule) {
            let (id, default) = (threshold.id(), threshold.default());
            writeln!(page, "- `{id}` ({default}): {}.", threshold.meaning()).unwrap();
        }
        if !rule.unless().is_empty() {
            writeln!(page, "- False or harmless: {}", rule.unless()).unwrap();
        }
        writeln!(page, "- Source: {}.", rule.source()).unwrap();
    }
    page
}

#[test]
fn the_page_is_that_of_the_rules() {
    let page = page();
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../FINDINGS.md");
    if std::env::var_os("BLESS").is_some() {
        std::fs::write(&path, &page).unwrap();
    }
    assert_eq!(std::fs::read_to_string(path).unwrap(), page, "BLESS=1 writes it anew");
}
