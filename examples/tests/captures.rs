//! Captures with ground truth: every message byte-exact, as often as it was sent, nothing extra; every login; TLS.
#![allow(clippy::unwrap_used, clippy::indexing_slicing, reason = "a test may fail loudly")]

mod common;

use common::lines;
use mailtap::pipeline::{Options, extract};
use serde_json::Value;
use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};

fn captures() -> Vec<PathBuf> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("captures");
    let mut captures: Vec<PathBuf> = fs::read_dir(folder)
        .unwrap()
        .map(|entry| entry.unwrap().path())
        .filter(|path| path.extension().is_some_and(|extension| extension == "pcap" || extension == "pcapng"))
        .collect();
    captures.sort();
    captures
}

fn run(capture: &Path) -> tempfile::TempDir {
    let dir = tempfile::tempdir().unwrap();
    let options = Options::new(vec![capture.to_owned()], dir.path().join("out"));
    let outcome = extract(&options, |_| {}).unwrap();
    assert!(outcome.losses.is_empty(), "{:?}", outcome.losses);
    dir
}

/// A bag of facts, each as text.
fn bag(facts: impl Iterator<Item = String>) -> BTreeMap<String, usize> {
    let mut bag = BTreeMap::new();
    for fact in facts {
        *bag.entry(fact).or_default() += 1;
    }
    bag
}

fn accepted(message: &Value) -> Vec<&str> {
    // POP3 has no envelope.
    let recipients = message["envelope"]["rcpt_to"].as_array();
    let mut accepted: Vec<&str> = recipients
        .into_iter()
        .flatten()
        .filter(|to| to["accepted"] == true)
        .map(|to| to["address"].as_str().unwrap())
        .collect();
    accepted.sort_unstable();
    accepted
}

#[test]
fn captures_give_what_was_sent() {
    let captures = captures();
    assert!(captures.len() >= 9, "{captures:?}");
    for capture in captures {
        let truth: Value =
            serde_json::from_str(&fs::read_to_string(capture.with_extension("truth.json")).unwrap()).unwrap();
        let dir = run(&capture);
        let out = dir.path().join("out");
        let name = capture.display();

        let wanted =
            truth["messages"].as_array().unwrap().iter().filter(|message| message["needs_keys"] != true);
        let wanted = bag(wanted.map(|message| {
            let mut to: Vec<&str> =
                message["rcpt_to"].as_array().into_iter().flatten().map(|to| to.as_str().unwrap()).collect();
            to.sort_unstable();
            format!("{} {} {} {to:?}", message["sha256"], message["size"], message["mail_from"])
        }));
        let messages = lines(&out, "messages.jsonl");
        let complete = messages.iter().filter(|message| message["complete"] == true);
        let got = bag(complete.map(|message| {
            let from = &message["envelope"]["mail_from"];
            format!("{} {} {from} {:?}", message["sha256"], message["size"], accepted(message))
        }));
        assert_eq!(got, wanted, "{name}");
        for message in &messages {
            let file = fs::read(out.join(message["file"].as_str().unwrap())).unwrap();
            assert_eq!(file.len() as u64, message["size"].as_u64().unwrap(), "{name}");
        }

        let wanted = truth["logins"].as_array().unwrap().iter().filter(|login| login["needs_keys"] != true);
        let wanted = bag(wanted.map(|login| {
            let mechanism = match login["mechanism"].as_str().unwrap() {
                "USER" => "USER-PASS",
                mechanism => mechanism,
            };
            let hidden = mechanism.contains("MD5") || mechanism == "APOP";
            let password = if hidden { &Value::Null } else { &login["password"] };
            let outcome = if login["ok"] == true { "accepted" } else { "rejected" };
            format!("{mechanism} {} {password} {outcome}", login["username"])
        }));
        let got = bag(lines(&out, "logins.jsonl").iter().map(|login| {
            let [mechanism, outcome] = ["mechanism", "outcome"].map(|field| login[field].as_str().unwrap());
            format!("{mechanism} {} {} {outcome}", login["username"], login["password"])
        }));
        assert_eq!(got, wanted, "{name}");

        let wanted = match truth["tls"].as_str().unwrap() {
            "starttls-refused" => "refused",
            "none" => continue,
            tls => tls,
        };
        let sessions = lines(&out, "sessions.jsonl");
        assert!(sessions.iter().any(|session| session["tls"] == wanted), "{name}: {sessions:?}");
    }
}

/// Every byte of a message comes from where its provenance says.
#[test]
fn provenance_leads_back_to_the_packets() {
    use tcp_reassembly::packet::{self, LinkType};
    for capture in captures() {
        let dir = run(&capture);
        let out = dir.path().join("out");
        let mut payloads = BTreeMap::new();
        for item in mailtap::capture::Reader::open(1, &capture).unwrap() {
            let mailtap::capture::Item::Frame(frame) = item else { continue };
            let link = LinkType::from_pcap(frame.link).unwrap();
            if let Ok(segment) = packet::decode(link, frame.number, frame.at, &frame.data, frame.original_len)
            {
                payloads.insert(frame.number, segment.payload);
            }
        }
        let messages = lines(&out, "messages.jsonl");
        let provenance = lines(&out, "provenance.jsonl");
        assert_eq!(messages.len(), provenance.len());
        for (message, provenance) in messages.iter().zip(provenance) {
            let mut rebuilt = Vec::new();
            for run in provenance["runs"].as_array().unwrap() {
                let [offset, _, length, input, frame, payload_offset] =
                    [0, 1, 2, 3, 4, 5].map(|field| run[field].as_u64().unwrap());
                assert_eq!((offset, input), (rebuilt.len() as u64, 1));
                let start = usize::try_from(payload_offset).unwrap();
                rebuilt.extend_from_slice(&payloads[&frame][start..start + usize::try_from(length).unwrap()]);
            }
            let file = fs::read(out.join(message["file"].as_str().unwrap())).unwrap();
            assert_eq!(rebuilt, file, "{} message {}", capture.display(), message["message"]);
        }
    }
}
