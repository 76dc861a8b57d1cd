//! `FINDINGS.md` lists every rule that `findings.jsonl` can name, as the table in the code has it.
//!
//! `BLESS=1 cargo test -p mailtap --test findings` writes it.
#![allow(clippy::unwrap_used, clippy::indexing_slicing, clippy::panic, reason = "a test may fail loudly")]

use mailtap::evidence::{Folder, verify};
use mailtap::findings::{Rule, Threshold};
use mailtap::pipeline::{Options, extract};
use std::fmt::Write as _;
use std::path::{Path, PathBuf};

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

fn capture() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("captures/s02-swaks-auth.pcap")
}

/// A run that was stopped tells what it found until then.
#[test]
fn stopped_runs_tell_their_findings() {
    let dir = tempfile::tempdir().unwrap();
    let out = dir.path().join("out");
    // Whoever stops is heard once in some thousand packets.
    let options = Options::new(vec![capture(); 60], out.clone());
    options.reading.stop.ask();
    let outcome = extract(&options, |_| {}).unwrap();
    assert!(outcome.stopped && outcome.counts.packets < 60 * 169, "{outcome:?}");
    let findings = std::fs::read_to_string(out.join("findings.jsonl")).unwrap();
    assert_eq!(findings.lines().count() as u64, outcome.counts.findings);
    assert!(findings.contains("\"rule\":\"cleartext-password\""));
}

#[test]
fn thresholds_on_the_command_line() {
    let dir = tempfile::tempdir().unwrap();
    let mailtap = |arguments: &[&str]| {
        let mut command = std::process::Command::new(env!("CARGO_BIN_EXE_mailtap"));
        command.current_dir(dir.path()).args(["extract", "-q"]).arg(capture());
        let output = command.args(arguments).output().unwrap();
        (output.status.code(), String::from_utf8(output.stderr).unwrap())
    };
    let set = ["--threshold", "many-recipients.recipients=1", "--threshold", "date-off.past-days=1000000"];
    assert_eq!(mailtap(&[&["-o", "a"], &set[..]].concat()), (Some(0), String::new()));
    let folder = Folder::open(&dir.path().join("a")).unwrap();
    let rules: Vec<String> =
        folder.findings().unwrap().map(|finding| finding.unwrap().rule.into_owned()).collect();
    assert!(rules.contains(&"many-recipients".to_owned()) && !rules.contains(&"date-off".to_owned()));
    let thresholds = folder.summary().options.get("thresholds").unwrap();
    assert_eq!(thresholds["many-recipients.recipients"], 1);
    assert_eq!(thresholds["login-guessing.failures"], 10);
    // They are known again.
    let verdict = verify(&dir.path().join("a"), &[], |finding| panic!("{finding:?}")).unwrap();
    assert_eq!(verdict.findings, 0);
    for (text, why) in [
        ("many-recipients=1", "there is no threshold"),
        ("many-recipients.recipients", "expected RULE.NAME=VALUE"),
        ("many-recipients.recipients=many", "is no whole number"),
    ] {
        let (status, stderr) = mailtap(&["-o", "b", "--threshold", text]);
        assert!(status == Some(2) && stderr.contains(why), "{text}: {stderr}");
    }
}
