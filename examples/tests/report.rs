//! `mailtap report` as a script sees it: what it writes, over what, and with which secrets.
#![allow(clippy::unwrap_used, clippy::indexing_slicing, reason = "a test may fail loudly")]

use mailtap::pipeline::Secrets;
use mailtap::report::{self, Limits, Options};
use serde_json::Value;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};

fn captures() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("captures")
}

fn mailtap(dir: &Path, arguments: &[&str]) -> Output {
    Command::new(env!("CARGO_BIN_EXE_mailtap")).args(arguments).current_dir(dir).output().unwrap()
}

fn told(output: &Output) -> (i32, String, String) {
    let text = |bytes: &[u8]| String::from_utf8(bytes.to_vec()).unwrap();
    (output.status.code().unwrap(), text(&output.stdout), text(&output.stderr))
}

/// A folder `out` of these captures.
fn extracted(names: &[&str]) -> tempfile::TempDir {
    let dir = tempfile::tempdir().unwrap();
    let paths: Vec<_> = names.iter().map(|name| captures().join(name).to_str().unwrap().to_owned()).collect();
    let arguments = ["extract", "-q", "-o", "out"].into_iter().chain(paths.iter().map(String::as_str));
    let output = mailtap(dir.path(), &arguments.collect::<Vec<_>>());
    assert_eq!(told(&output), (0, String::new(), String::new()));
    dir
}

/// A block of data of a page.
fn block(page: &str, id: &str) -> Value {
    let start = format!("<script type=\"application/json\" id=\"{id}\">");
    let inside = page.split_once(&start).unwrap().1.split_once("</script>").unwrap().0;
    serde_json::from_str(inside).unwrap()
}

#[test]
fn a_report_in_its_folder() {
    let dir = extracted(&["s02-swaks-auth.pcap"]);
    let path = dir.path().join("out/report.html");
    let (status, line, errors) = told(&mailtap(dir.path(), &["report", "out"]));
    let page = fs::read_to_string(&path).unwrap();
    assert_eq!(
        (status, line, errors),
        (0, format!("6 messages, {} bytes -> out/report.html\n", page.len()), String::new())
    );
    // The same folder gives the same page, and a report takes the place of an earlier one.
    assert_eq!(told(&mailtap(dir.path(), &["report", "-q", "out"])), (0, String::new(), String::new()));
    assert_eq!(fs::read_to_string(&path).unwrap(), page);

    let (head, messages) = (block(&page, "head"), block(&page, "messages"));
    assert_eq!(head["counts"]["messages"], 6);
    assert_eq!(head["totals"]["messages"]["smtp"], 6);
    assert_eq!(head["totals"]["logins"]["accepted"], 6);
    assert_eq!(head["inputs"][0]["frames"], 169);
    assert_eq!(head["left_out"], serde_json::json!([]));
    for (name, source) in head["sources"].as_object().unwrap() {
        let size = fs::metadata(dir.path().join("out").join(name)).unwrap().len();
        assert_eq!(source["size"].as_u64(), Some(size), "{name}");
    }
    assert_eq!(messages.as_array().unwrap().len(), 6);
    let maps = block(&page, "maps");
    assert_eq!(maps["mailed"]["edges"][0]["from"], "alice@lab.test");
    assert_eq!(maps["spoke"]["edges"][0]["sessions"], 7);
    let details = block(&page, "details-0");
    let first = &details[0];
    assert_eq!(first["record"]["message"], 1);
    assert_eq!(first["compared"]["from"][0]["address"], "alice@lab.test");
    assert_eq!(first["compared"]["sender_differs"], false);
    assert_eq!(first["compared"]["named"], serde_json::json!([true]));
    assert_eq!(first["texts"][0]["kind"], "text/plain");

    // Neither a check of the folder nor a run that replaces it takes the report for something foreign.
    let (status, line, _) = told(&mailtap(dir.path(), &["verify", "out"]));
    assert_eq!((status, line.contains("no differences")), (0, true), "{line}");
    let capture = captures().join("s02-swaks-auth.pcap");
    let again = mailtap(dir.path(), &["extract", "-q", "--force", "-o", "out", capture.to_str().unwrap()]);
    assert_eq!(told(&again).0, 0);
    assert!(!path.exists());
    // Another file of that name is not taken for one.
    fs::write(&path, "<!doctype html>\n<p>mine").unwrap();
    assert_eq!(told(&mailtap(dir.path(), &["verify", "-q", "out"])).0, 1);
    let (status, _, errors) = told(&mailtap(dir.path(), &["report", "out"]));
    assert_eq!((status, errors.contains("is no report of mailtap")), (2, true), "{errors}");
    assert_eq!(fs::read_to_string(&path).unwrap(), "<!doctype html>\n<p>mine");
}

#[test]
fn elsewhere_with_a_title_and_with_secrets() {
    let dir = extracted(&["s02-swaks-auth.pcap"]);
    let page = |arguments: &[&str]| {
        let arguments: Vec<_> =
            ["report", "out", "-o", "case.html"].iter().chain(arguments).copied().collect();
        let (status, _, errors) = told(&mailtap(dir.path(), &arguments));
        assert_eq!((status, errors.as_str()), (0, ""));
        fs::read_to_string(dir.path().join("case.html")).unwrap()
    };
    let hashed = page(&["--title", "Case 7 </title><script>"]);
    assert!(hashed.contains("<title>Case 7 &lt;/title&gt;&lt;script&gt;</title>"));
    assert_eq!(block(&hashed, "head")["title"], "Case 7 </title><script>");
    let password = |page: &str| block(page, "logins")[0]["password"].clone();
    let hash = password(&hashed).as_str().unwrap().to_owned();
    assert_eq!((hash.len(), &hash[..7]), ("sha256:".len() + 64, "sha256:"));
    assert!(!hashed.contains("wonderland"));
    assert_eq!(password(&page(&["--secrets", "show"])), "wonderland");
    let without = page(&["--secrets", "omit"]);
    assert_eq!(password(&without), Value::Null);
    assert!(!without.contains("sha256:") && block(&without, "logins")[2].get("hash").is_none());
    assert!(!dir.path().join("out/report.html").exists());

    for (arguments, expected) in [
        (&["report", "nowhere"][..], "nowhere"),
        (&["report", "out", "-o", "out"], "is no report"),
        (&["report", "out", "--secrets", "all"], "--secrets"),
    ] {
        let (status, _, errors) = told(&mailtap(dir.path(), arguments));
        assert_eq!((status, errors.contains(expected)), (2, true), "{arguments:?} {errors}");
    }
}

#[test]
fn what_is_damaged_or_too_much_is_told() {
    let dir = extracted(&["s02-swaks-auth.pcap", "p02-apop.pcap"]);
    let messages = dir.path().join("out/messages.jsonl");
    let text = fs::read_to_string(&messages).unwrap();
    let number = text.lines().count();
    fs::write(&messages, text.replacen("{\"message\":2,", "{\"message\":\"two\",", 1)).unwrap();
    let (status, line, errors) = told(&mailtap(dir.path(), &["report", "out"]));
    assert_eq!(status, 1);
    assert!(line.starts_with(&format!("{} messages", number - 1)), "{line}");
    assert!(errors.contains("messages.jsonl line 2"), "{errors}");
    let page = fs::read_to_string(dir.path().join("out/report.html")).unwrap();
    assert_eq!(block(&page, "head")["damaged_lines"], 1);

    let mut options = Options::new(dir.path().join("out"));
    options.secrets = Secrets::Omit;
    let mut limits = Limits::default();
    limits.messages = 3;
    limits.sessions = 2;
    limits.logins = 1;
    limits.text = 10;
    limits.fields = 2;
    limits.string = 40;
    options.limits = limits;
    let written = report::write(&options).unwrap();
    assert_eq!((written.messages, written.damaged.len()), (3, 1));
    assert_eq!(written.left_out.len(), 3, "{:?}", written.left_out);
    let page = fs::read_to_string(&written.path).unwrap();
    assert_eq!(page.len() as u64, written.size);
    let lengths = ["messages", "sessions", "logins"].map(|id| block(&page, id).as_array().unwrap().len());
    assert_eq!(lengths, [3, 2, 1]);
    let first = &block(&page, "details-0")[0];
    assert_eq!(first["texts"][0]["cut"], true);
    assert_eq!(first["texts"][0]["text"].as_str().unwrap().len(), 10);
    assert_eq!(first["record"]["header_fields"].as_array().unwrap().len(), 2);
    assert!(first["more"]["header_fields"].as_u64().unwrap() > 2);
    assert!(first["record"]["sha256"].as_str().unwrap().ends_with("[cut: 64 bytes in all]"));

    // No room for details at all: the list stays.
    options.limits.details = 100;
    let written = report::write(&options).unwrap();
    let page = fs::read_to_string(&written.path).unwrap();
    assert!(!page.contains("id=\"details-0\""));
    assert_eq!(block(&page, "messages").as_array().unwrap().len(), 3);

    // A file that is not that of its record is not shown.
    let mail = fs::read_dir(dir.path().join("out/messages")).unwrap().next().unwrap().unwrap().path();
    fs::write(&mail, "Subject: forged\r\n\r\nforged words\r\n").unwrap();
    options.limits = Limits::default();
    let page = fs::read_to_string(report::write(&options).unwrap().path).unwrap();
    assert!(!page.contains("forged words") && page.contains("bytes, its record says"));
}
