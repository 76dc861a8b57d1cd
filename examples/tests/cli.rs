//! The command line as a script sees it: exit status, messages, standard input.
#![allow(clippy::unwrap_used, clippy::indexing_slicing, reason = "a test may fail loudly")]

use std::fs;
use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};

fn capture() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("captures/s02-swaks-auth.pcap")
}

fn mailtap(dir: &Path, arguments: &[&str]) -> Output {
    Command::new(env!("CARGO_BIN_EXE_mailtap")).args(arguments).current_dir(dir).output().unwrap()
}

fn told(output: &Output) -> (i32, String, String) {
    let text = |bytes: &[u8]| String::from_utf8(bytes.to_vec()).unwrap();
    (output.status.code().unwrap(), text(&output.stdout), text(&output.stderr))
}

#[test]
fn extract_says_what_it_found() {
    let dir = tempfile::tempdir().unwrap();
    let capture = capture();
    let capture = capture.to_str().unwrap();
    let output = mailtap(dir.path(), &["extract", capture, "-o", "out"]);
    let line =
        "169 packets, 7 sessions, 6 messages, 1 attachments, 7 logins, 1 anomalies, 6 findings -> out\n";
    assert_eq!(told(&output), (0, line.to_owned(), String::new()));
    let output = mailtap(dir.path(), &["extract", "--force", "--quiet", capture, "-o", "out"]);
    assert_eq!(told(&output), (0, String::new(), String::new()));
    let output = mailtap(dir.path(), &["extract", "--json", "--workers", "3", capture]);
    let (status, stdout, _) = told(&output);
    let counts: serde_json::Value = serde_json::from_str(&stdout).unwrap();
    assert_eq!((status, counts["messages"].as_u64()), (0, Some(6)));
    assert!(dir.path().join("mailtap-out/summary.json").is_file());
}

#[test]
fn wrong_usage_is_status_2() {
    let dir = tempfile::tempdir().unwrap();
    let capture = capture();
    let capture = capture.to_str().unwrap();
    fs::create_dir(dir.path().join("full")).unwrap();
    fs::write(dir.path().join("full/letter.txt"), "mine").unwrap();
    fs::write(dir.path().join("file"), "mine").unwrap();
    let cases: [(&[&str], &str); 9] = [
        (&[], "Usage"),
        (&["extract"], "CAPTURE"),
        (&["extract", "--nonsense", capture], "--nonsense"),
        (&["extract", "--keylog", "keys", capture], "TLS decryption is not supported yet"),
        (&["extract", "--decode-as", "25", capture], "PORT=PROTOCOL"),
        (&["extract", "--only", "nntp", capture], "none of: smtp, pop3, imap"),
        (&["extract", capture, "-o", "full"], "full"),
        (&["extract", "--force", capture, "-o", "full"], "full"),
        (&["extract", capture, "-o", "file"], "file"),
    ];
    for (arguments, expected) in cases {
        let (status, _, stderr) = told(&mailtap(dir.path(), arguments));
        assert_eq!(status, 2, "{arguments:?} {stderr}");
        assert!(stderr.contains(expected), "{arguments:?} {stderr}");
    }
    assert_eq!(fs::read_to_string(dir.path().join("full/letter.txt")).unwrap(), "mine");
}

/// Sessions of a capture by protocol.
#[test]
fn only_these_protocols() {
    let dir = tempfile::tempdir().unwrap();
    let captures = Path::new(env!("CARGO_MANIFEST_DIR")).join("captures");
    let [smtp, pop3, imap] = ["s02-swaks-auth.pcap", "p02-apop.pcap", "imap/i01-imaplib.pcap"]
        .map(|name| captures.join(name).to_str().unwrap().to_owned());
    let sessions = |only: &str| {
        let output =
            mailtap(dir.path(), &["extract", "--force", "--json", "--only", only, &smtp, &pop3, &imap]);
        let counts: serde_json::Value = serde_json::from_str(&told(&output).1).unwrap();
        counts["sessions"].as_u64().unwrap()
    };
    assert_eq!(["smtp", "pop3", "imap", "imap,pop3,smtp"].map(sessions), [7, 2, 1, 10]);
}

#[test]
fn what_cannot_be_read_is_status_1_and_the_rest_is_kept() {
    let dir = tempfile::tempdir().unwrap();
    let bytes = fs::read(capture()).unwrap();
    fs::write(dir.path().join("cut.pcap"), &bytes[..bytes.len() - 7]).unwrap();
    fs::write(dir.path().join("letter.txt"), "Dear Bob, this is no capture.").unwrap();
    let capture = capture();
    let capture = capture.to_str().unwrap();
    for (arguments, named, messages) in [
        // The same packets in two files that overlap in time are the same messages.
        (["extract", "cut.pcap", capture, "--json", "-o", "a"], "cut.pcap", 6),
        (["extract", "letter.txt", capture, "--json", "-o", "b"], "letter.txt", 6),
        (["extract", "missing.pcap", capture, "--json", "-o", "c"], "missing.pcap", 6),
    ] {
        let (status, stdout, stderr) = told(&mailtap(dir.path(), &arguments));
        let counts: serde_json::Value = serde_json::from_str(&stdout).unwrap();
        assert_eq!((status, counts["messages"].as_u64()), (1, Some(messages)), "{stderr}");
        assert!(stderr.contains(named), "{stderr}");
    }
}

#[test]
fn a_capture_without_mail_is_no_failure() {
    let dir = tempfile::tempdir().unwrap();
    let bytes = fs::read(capture()).unwrap();
    fs::write(dir.path().join("empty.pcap"), &bytes[..24]).unwrap();
    let (status, stdout, _) = told(&mailtap(dir.path(), &["extract", "empty.pcap"]));
    assert_eq!((status, stdout.contains("0 sessions, 0 messages")), (0, true), "{stdout}");
}

#[test]
fn standard_input_plain_gzip_and_zstd() {
    let bytes = fs::read(capture()).unwrap();
    let mut gzip = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
    gzip.write_all(&bytes).unwrap();
    let expected = fs::read_to_string(capture().with_extension("expected").join("messages.jsonl")).unwrap();
    for input in [bytes.clone(), gzip.finish().unwrap(), zstd::encode_all(&bytes[..], 1).unwrap()] {
        let dir = tempfile::tempdir().unwrap();
        let mut child = Command::new(env!("CARGO_BIN_EXE_mailtap"))
            .args(["extract", "-", "-o", "out", "--quiet"])
            .current_dir(dir.path())
            .stdin(Stdio::piped())
            .spawn()
            .unwrap();
        child.stdin.take().unwrap().write_all(&input).unwrap();
        assert!(child.wait().unwrap().success());
        assert_eq!(fs::read_to_string(dir.path().join("out/messages.jsonl")).unwrap(), expected);
    }
}

#[test]
fn secrets_are_written_as_asked() {
    let dir = tempfile::tempdir().unwrap();
    let capture = capture();
    let capture = capture.to_str().unwrap();
    // In logins.jsonl, in the other records; by default shown and hashed.
    let password = "wonderland";
    let response = "AGFsaWNlAHdvbmRlcmxhbmQ=";
    for (how, in_logins, in_commands) in [
        (None, true, false),
        (Some("show"), true, true),
        (Some("hash"), false, false),
        (Some("omit"), false, false),
    ] {
        let mut arguments = vec!["extract", "--force", "--quiet", capture, "-o", "out"];
        arguments.extend(how.iter().flat_map(|how| ["--secrets", *how]));
        assert!(mailtap(dir.path(), &arguments).status.success());
        let read = |name: &str| fs::read_to_string(dir.path().join("out").join(name)).unwrap();
        assert_eq!(read("logins.jsonl").contains(password), in_logins, "{how:?}");
        // A line to guess at a password with is a secret as well.
        assert_eq!(read("logins.jsonl").contains("$cram_md5$"), in_logins, "{how:?}");
        assert_eq!(read("logins.jsonl").contains(r#""hashcat_mode":10200"#), how != Some("omit"), "{how:?}");
        assert_eq!(read("commands.jsonl").contains(response), in_commands, "{how:?}");
        assert_eq!(read("commands.jsonl").contains("sha256:"), matches!(how, None | Some("hash")), "{how:?}");
    }
}

/// A message is on disk as soon as its verdict has come through the pipe, while the capture goes on.
#[test]
fn a_live_capture_is_written_as_it_comes() {
    let bytes = fs::read(capture()).unwrap();
    let dir = tempfile::tempdir().unwrap();
    let mut child = Command::new(env!("CARGO_BIN_EXE_mailtap"))
        .args(["extract", "-", "-o", "out", "--quiet"])
        .current_dir(dir.path())
        .stdin(Stdio::piped())
        .spawn()
        .unwrap();
    let mut stdin = child.stdin.take().unwrap();
    // The verdict on the first message is in frame 19 of 169; half of the capture is well behind it.
    stdin.write_all(&bytes[..bytes.len() / 2]).unwrap();
    stdin.flush().unwrap();
    first_message(dir.path());
    drop(stdin);
    // The capture ended inside a record.
    assert_eq!(child.wait().unwrap().code(), Some(1));
}

/// Waits until the first message is written.
fn first_message(dir: &Path) {
    let messages = dir.join("out/messages.jsonl");
    let begun = std::time::Instant::now();
    while !fs::read_to_string(&messages).is_ok_and(|text| text.contains("\"message\":1,")) {
        assert!(begun.elapsed().as_secs() < 60, "nothing was written");
        std::thread::yield_now();
    }
}

/// Ctrl-C while the pipe is silent: all that came is written, and the folder says that it is not all.
#[cfg(unix)]
#[test]
fn an_interrupted_run_is_partial_and_whole() {
    let bytes = fs::read(capture()).unwrap();
    let dir = tempfile::tempdir().unwrap();
    let mut child = Command::new(env!("CARGO_BIN_EXE_mailtap"))
        .args(["extract", "-", "-o", "out"])
        .current_dir(dir.path())
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    let mut stdin = child.stdin.take().unwrap();
    stdin.write_all(&bytes[..bytes.len() / 2]).unwrap();
    stdin.flush().unwrap();
    first_message(dir.path());
    assert!(Command::new("kill").args(["-INT", &child.id().to_string()]).status().unwrap().success());
    let (status, stdout, stderr) = told(&child.wait_with_output().unwrap());
    drop(stdin);
    assert_eq!((status, stderr.as_str()), (1, "mailtap: interrupted: what was read until then is written\n"));
    let text = fs::read(dir.path().join("out/summary.json")).unwrap();
    let summary: serde_json::Value = serde_json::from_slice(&text).unwrap();
    assert_eq!((&summary["complete"], &summary["stopped"]), (&false.into(), &true.into()));
    assert_eq!((&summary["inputs"][0]["path"], summary["inputs"][0].get("sha256")), (&"-".into(), None));
    let packets = summary["counts"]["packets"].as_u64().unwrap();
    assert!(packets > 19 && summary["inputs"][0]["frames"] == packets, "{summary}");
    assert!(stdout.starts_with(&format!("{packets} packets, ")), "{stdout}");
    for name in ["sessions", "messages", "logins", "commands", "anomalies", "provenance"] {
        let text = fs::read_to_string(dir.path().join("out").join(name).with_extension("jsonl")).unwrap();
        assert!(text.lines().all(|line| serde_json::from_str::<serde_json::Value>(line).is_ok()), "{name}");
        assert!(text.is_empty() || text.ends_with('\n'), "{name}");
    }
}

#[test]
fn lines_on_standard_output() {
    let dir = tempfile::tempdir().unwrap();
    let capture = capture();
    let capture = capture.to_str().unwrap();
    let (status, log, stderr) = told(&mailtap(dir.path(), &["log", capture]));
    assert_eq!(
        (status, stderr.as_str(), log.lines().filter(|line| line.contains("\tlogin\t")).count()),
        (0, "", 7)
    );
    let (status, logins, _) = told(&mailtap(dir.path(), &["logins", "--json", capture]));
    let expected =
        fs::read_to_string(Path::new(capture).with_extension("expected").join("logins.jsonl")).unwrap();
    assert_eq!((status, logins), (0, expected));
    let (status, followed, _) = told(&mailtap(dir.path(), &["follow", "--session", "7", capture]));
    assert_eq!((status, followed.lines().next()), (0, Some("156\t<\t220 mx.lab.test ESMTP Postfix")));
    let (status, nothing, stderr) = told(&mailtap(dir.path(), &["follow", "--session", "8", capture]));
    assert_eq!(
        (status, nothing.as_str(), stderr.as_str()),
        (1, "", "mailtap: there is no session 8: 7 were found\n")
    );
    assert_eq!(fs::read_dir(dir.path()).unwrap().count(), 0);
}

/// Who reads the lines may stop, as `head` does.
#[test]
fn a_closed_pipe_is_no_failure() {
    let captures = vec![capture(); 40];
    let mut child = Command::new(env!("CARGO_BIN_EXE_mailtap"))
        .arg("log")
        .args(captures)
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    drop(child.stdout.take());
    let output = child.wait_with_output().unwrap();
    assert_eq!((output.status.code(), String::from_utf8_lossy(&output.stderr).as_ref()), (Some(0), ""));
}
