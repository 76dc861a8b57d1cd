//! The logins' challenges and responses as files that password crackers read: hashcat and John the Ripper.
//!
//! One file for each kind of line, in the order of `logins.jsonl`, one line for each login: `hashcat -m 10200 10200.txt`,
//! `john --format=HMAC-MD5 HMAC-MD5.txt`. The forms of the lines are those of hashcat 6.2.6 (`hashcat --example-hashes`)
//! and of john's "jumbo" editions; [`mail_wire::sasl::Crack`] tells them for each mechanism.
//!
//! | | hashcat | john |
//! | --- | --- | --- |
//! | named by | mode: `20.txt`, `10200.txt` | format: `dynamic_1017.txt`, `HMAC-MD5.txt` |
//! | APOP | `digest:challenge` | `user:$dynamic_1017$digest$HEX$challenge` |
//! | all others | the line of the record | the line of the record |
//!
//! What cannot be told: logins whose password was sent in clear need no cracker; those of kinds that the tool has no mode
//! for (SCRAM in both; DIGEST-MD5 in hashcat) have no line, and neither have those that a run left out or hashed
//! (`--secrets`). Whose line it is, where the line does not say it: `hash_line` in the table of logins.

use std::collections::BTreeMap;
use std::io::Write as _;

use super::output::{NewFile, NewFolder};
use super::source::Source;
use super::{ExportError, Written};
use crate::record::{CrackableHash, Login, hex};

/// So many kinds of lines are kept apart; there are fewer.
const KINDS: usize = 64;

/// A file of lines for hashcat: its name, and the line.
pub(super) fn hashcat(login: &Login) -> Option<(String, String)> {
    let hash = login.hash.as_ref()?;
    Some((hash.hashcat_mode?.to_string(), hash.line.expose().to_owned()))
}

/// The same for john.
pub(super) fn john(login: &Login) -> Option<(String, String)> {
    let hash = login.hash.as_ref()?;
    match &hash.john_format {
        Some(format) => Some((format.clone(), hash.line.expose().to_owned())),
        None => apop(login, hash).map(|line| ("dynamic_1017".to_owned(), line)),
    }
}

/// APOP's line is another one for john.
fn apop(login: &Login, hash: &CrackableHash) -> Option<String> {
    if hash.hashcat_mode != Some(20) {
        return None;
    }
    let (digest, challenge) = hash.line.expose().split_once(':')?;
    let user = login.username.as_ref()?.as_str();
    (!user.contains(':')).then(|| format!("{user}:$dynamic_1017${digest}$HEX${}", hex(challenge.as_bytes())))
}

pub(super) fn writes(name: &str) -> bool {
    name.strip_suffix(".txt").is_some_and(is_plain)
}

fn is_plain(name: &str) -> bool {
    !name.is_empty() && name.bytes().all(|c| c.is_ascii_alphanumeric() || matches!(c, b'-' | b'_'))
}

pub(super) fn write(
    source: &Source,
    folder: &NewFolder,
    line_of: fn(&Login) -> Option<(String, String)>,
) -> Result<Vec<Written>, ExportError> {
    let mut files: BTreeMap<String, (NewFile, u64)> = BTreeMap::new();
    source.logins(|number, login| {
        let Some((kind, line)) = line_of(&login) else { return Ok(()) };
        // What stands there in place of a secret is no line, and a line is one.
        if line.starts_with("sha256:") || line.chars().any(char::is_control) || !is_plain(&kind) {
            source.lose(format!("login {number}: its line for password crackers is not in the records"));
            return Ok(());
        }
        let name = format!("{kind}.txt");
        if !files.contains_key(&name) {
            if files.len() >= KINDS {
                source.lose(format!("login {number}: there are too many kinds of lines"));
                return Ok(());
            }
            files.insert(name.clone(), (folder.file(&name)?, 0));
        }
        let Some((file, lines)) = files.get_mut(&name) else { return Ok(()) };
        *lines += 1;
        writeln!(file, "{line}").map_err(|error| file.failed(error))
    })?;
    let mut written = Vec::new();
    for (name, (file, lines)) in files {
        file.finish()?;
        written.push(Written::new(&name, lines));
    }
    Ok(written)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::record::{Place, Protocol, Time};
    use core::time::Duration;

    #[test]
    fn lines_of_both_tools() {
        type Line = Option<(&'static str, &'static str)>;
        type Case = (Option<&'static str>, Option<u32>, Option<&'static str>, &'static str, Line, Line);
        let cases: [Case; 7] = [
            (
                Some("bob"),
                Some(10200),
                Some("HMAC-MD5"),
                "$cram_md5$YQ==$Yg==",
                Some(("10200", "$cram_md5$YQ==$Yg==")),
                Some(("HMAC-MD5", "$cram_md5$YQ==$Yg==")),
            ),
            (
                Some("bob"),
                Some(20),
                None,
                "b400bc1acefb50d063e7ee9f45aa4c8c:<1:2@x>",
                Some(("20", "b400bc1acefb50d063e7ee9f45aa4c8c:<1:2@x>")),
                Some((
                    "dynamic_1017",
                    "bob:$dynamic_1017$b400bc1acefb50d063e7ee9f45aa4c8c$HEX$3c313a3240783e",
                )),
            ),
            (Some("b:b"), Some(20), None, "b400:<1@x>", Some(("20", "b400:<1@x>")), None),
            (None, Some(20), None, "b400:<1@x>", Some(("20", "b400:<1@x>")), None),
            (Some("bob"), None, Some("dmd5"), "$DIGEST-MD5$..", None, Some(("dmd5", "$DIGEST-MD5$.."))),
            (Some("bob"), Some(1450), None, "aa:bb", Some(("1450", "aa:bb")), None),
            (Some("bob"), None, None, "scram:..", None, None),
        ];
        for (user, mode, format, line, for_hashcat, for_john) in cases {
            let at = Time::new(Duration::ZERO, 0);
            let mut login =
                Login::new(1, Protocol::Pop3, at, Place::new(1, 1), String::new(), String::new(), "X".into());
            login.username = user.map(Into::into);
            login.hash = Some(CrackableHash {
                hashcat_mode: mode,
                john_format: format.map(str::to_owned),
                line: line.into(),
            });
            let shown = |line: Line| line.map(|(kind, line)| (kind.to_owned(), line.to_owned()));
            assert_eq!(hashcat(&login), shown(for_hashcat), "{line}");
            assert_eq!(john(&login), shown(for_john), "{line}");
        }
    }

    #[test]
    fn names_of_files() {
        for (name, expected) in [
            ("20.txt", true),
            ("HMAC-MD5.txt", true),
            ("dynamic_1017.txt", true),
            (".txt", false),
            ("../x.txt", false),
        ] {
            assert_eq!(writes(name), expected, "{name}");
        }
    }
}
