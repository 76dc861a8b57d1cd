//! Folders that `extract` wrote, in the formats of other tools, and read back.
#![allow(clippy::unwrap_used, clippy::indexing_slicing, clippy::panic, reason = "a test may fail loudly")]

#[path = "../common/mod.rs"]
mod common;

mod commands;
mod mails;
mod others;
mod tables;

use common::pcap;
use mailtap::export::{Exported, Format, Options, export};
use mailtap::pipeline::{Options as Extraction, extract};
use std::fs;
use std::path::{Path, PathBuf};

/// Text that means something to a spreadsheet, a mailbox, a terminal or a shell, sent as mail.
const HOSTILE: &str = concat!(
    r#"S: 220 =HYPERLINK("http://evil.test","mx")"#,
    "\n",
    r#"C: EHLO @SUM(A1)\r\nMAIL FROM:<=1+1@x.test>\r\nRCPT TO:<"a;b"@y.test>\r\nRCPT TO:<-c@y.test>"#,
    "\n",
    r#"S: 250 mx\r\n250 ok\r\n250 ok\r\n550 no"#,
    "\n",
    "C: DATA\nS: 354 go\n",
    r#"C: From: =?utf-8?q?=3Dcmd=7C=27/c_calc=27!A1?= <a@x.test>\r\nTo: \xd7\x90@y.test\r\nSubject: +1,\"2\" \xff =?utf-8?q?a=0D=0Ab?=\r\n"#,
    r#"Message-ID: <\t../../x@y>\r\nContent-Type: multipart/mixed; boundary=b\r\n\r\n--b\r\n\r\nFrom here\r\n>From there\r\n>>From\r\nFrom\r\n"#,
    r#"--b\r\nContent-Disposition: attachment; filename*=utf-8''=x%E2%80%AEgpj.exe\r\nContent-Transfer-Encoding: base64\r\n\r\nTVqQAA==\r\n--b--\r\n."#,
    "\nS: 250 queued\n",
    r#"C: AUTH PLAIN AD1hbGljZQArcHcsIg=="#,
    "\nS: 235 in\nC: QUIT\nS: 221 bye\n",
);

/// A folder that `extract` wrote, and room for exports of it.
struct Case {
    dir: tempfile::TempDir,
}

impl Case {
    fn of(captures: Vec<PathBuf>) -> Self {
        let dir = tempfile::tempdir().unwrap();
        let outcome = extract(&Extraction::new(captures, dir.path().join("out")), |_| {}).unwrap();
        assert!(outcome.losses.is_empty(), "{:?}", outcome.losses);
        Self { dir }
    }

    /// Mail and logins of three protocols.
    fn lab() -> Self {
        let captures = Path::new(env!("CARGO_MANIFEST_DIR")).join("captures");
        let names = ["s02-swaks-auth.pcap", "p02-apop.pcap", "imap/i01-imaplib.pcap"];
        Self::of(names.map(|name| captures.join(name)).to_vec())
    }

    fn hostile() -> Self {
        let dir = tempfile::tempdir().unwrap();
        fs::write(dir.path().join("hostile.pcap"), pcap(HOSTILE)).unwrap();
        Self::of(vec![dir.path().join("hostile.pcap")])
    }

    fn at(&self, name: &str) -> PathBuf {
        self.dir.path().join(name)
    }

    fn options(&self, format: Format) -> Options {
        let mut options = Options::new(self.at("out"), format);
        options.output = self.at(format.default_output());
        options
    }

    fn export(&self, format: Format) -> (PathBuf, Exported) {
        let options = self.options(format);
        let exported = export(&options).unwrap();
        assert_eq!(exported.losses, [""; 0]);
        (options.output, exported)
    }
}
