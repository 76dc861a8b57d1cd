//! `mailtap export` as a script sees it.

use super::Case;
use std::fs;
use std::process::Command;

fn mailtap(case: &Case, arguments: &[&str]) -> (i32, String, String) {
    let output = Command::new(env!("CARGO_BIN_EXE_mailtap"))
        .args(arguments)
        .current_dir(case.dir.path())
        .output()
        .unwrap();
    let text = |bytes: Vec<u8>| String::from_utf8(bytes).unwrap();
    (output.status.code().unwrap(), text(output.stdout), text(output.stderr))
}

#[test]
fn what_it_says() {
    let case = Case::lab();
    let (status, stdout, stderr) = mailtap(&case, &["export", "out", "--format", "csv"]);
    assert_eq!((status, stderr.as_str()), (0, ""));
    assert!(
        stdout.starts_with("sessions.csv 10, messages.csv ") && stdout.ends_with(" -> mailtap-csv\n"),
        "{stdout}"
    );
    let (status, stdout, _) = mailtap(&case, &["export", "out", "--format", "csv", "--force", "--json"]);
    let files: serde_json::Value = serde_json::from_str(&stdout).unwrap();
    assert_eq!((status, &files[0]), (0, &serde_json::json!({"name": "sessions.csv", "items": 10})));
    let (status, stdout, _) = mailtap(&case, &["export", "--help"]);
    for format in mailtap::export::Format::ALL {
        assert!(status == 0 && stdout.contains(&format!("- {}: ", format.name())), "{stdout}");
    }
    // Nothing is left of a folder half-way.
    let hidden = fs::read_dir(case.dir.path())
        .unwrap()
        .filter(|entry| entry.as_ref().unwrap().file_name().to_string_lossy().starts_with('.'));
    assert_eq!(hidden.count(), 0);
}

#[test]
fn wrong_usage_is_status_2() {
    let case = Case::hostile();
    fs::create_dir(case.at("mine")).unwrap();
    fs::write(case.at("mine/letter.txt"), "Dear Bob").unwrap();
    for (arguments, expected) in [
        (&["export", "out"][..], "--format"),
        (&["export", "out", "--format", "pdf"], "possible values"),
        (&["export", "nothing", "--format", "csv"], "is not a folder"),
        (&["export", "mine", "--format", "csv"], "not written by mailtap"),
        (&["export", "out", "--format", "csv", "-o", "mine"], "is not empty"),
        (&["export", "out", "--format", "csv", "-o", "mine", "--force"], "there is no export.json"),
        (&["export", "out", "--format", "csv", "-o", "out/csv"], "inside of the folder"),
        (&["export", "out", "--format", "csv", "-o", "out"], "inside of the folder"),
    ] {
        let (status, _, stderr) = mailtap(&case, arguments);
        assert_eq!(status, 2, "{arguments:?} {stderr}");
        assert!(stderr.contains(expected), "{arguments:?} {stderr}");
    }
    assert_eq!(fs::read_to_string(case.at("mine/letter.txt")).unwrap(), "Dear Bob");
}

#[test]
fn a_damaged_record_is_told_and_the_rest_is_exported() {
    let case = Case::lab();
    let path = case.at("out/logins.jsonl");
    let mut text = fs::read_to_string(&path).unwrap();
    text.insert_str(0, "{\"session\":\n");
    fs::write(&path, text).unwrap();
    let (status, stdout, stderr) = mailtap(&case, &["export", "out", "--format", "csv"]);
    assert!(status == 1 && stderr.contains("logins.jsonl line 1"), "{stderr}");
    assert!(stdout.contains("logins.csv 10"), "{stdout}");
    let logins = fs::read_to_string(case.at("mailtap-csv/logins.csv")).unwrap();
    assert!(logins.lines().nth(1).unwrap().starts_with("2,1,smtp"), "{logins}");
    let mark = fs::read_to_string(case.at("mailtap-csv/export.json")).unwrap();
    assert!(mark.contains("logins.jsonl line 1"), "{mark}");
}
