//! Sessions as text against the events they must give, one file a case.
//!
//! `BLESS=1 cargo test -p smtp-proto --test transcripts` rewrites the expectations; read the difference before you
//! keep it.

mod common;

use common::{config, run, short, transcripts};
use mail_wire::drive::timed;

#[test]
fn transcripts_give_their_events() {
    let mut failures = Vec::new();
    for (path, transcript) in transcripts() {
        let events = run(&timed(&transcript.steps), &config(&path)).unwrap();
        let told: Vec<String> = events.iter().map(|event| short(event.dir, &event.kind)).collect();
        if std::env::var_os("BLESS").is_some() {
            let text = std::fs::read_to_string(&path).unwrap();
            let steps = text.lines().filter(|line| !line.starts_with("=> ")).collect::<Vec<_>>().join("\n");
            let expected: String = told.iter().map(|line| format!("=> {line}\n")).collect();
            std::fs::write(&path, format!("{}\n\n{expected}", steps.trim_end())).unwrap();
        } else if told != transcript.expected {
            failures.push(format!("{}:\n{}", path.display(), told.join("\n")));
        }
    }
    assert!(failures.is_empty(), "events differ\n{}", failures.join("\n\n"));
}
