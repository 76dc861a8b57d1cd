//! Passwords and tokens in what is handed on.

use crate::pipeline::Secrets;
use crate::record::{Command, Direction, Login, Secret, Summary, Text, hex};
use sha2::{Digest as _, Sha256};

/// What the records hold of secrets, and what is to be handed on of them.
///
/// Without a wish they are handed on as the records have them. Nothing that a run left out comes back, and what it hashed
/// is not hashed again.
#[derive(Debug, Clone, Copy)]
pub(super) struct Withheld {
    wish: Option<Secrets>,
    /// The run was asked to show secrets everywhere.
    shown_everywhere: bool,
    /// The run was asked for hashes: what is in the records is no secret any more.
    hashed: bool,
}

impl Withheld {
    pub(super) fn new(wish: Option<Secrets>, summary: &Summary) -> Self {
        let asked = summary.options.get("secrets").and_then(|word| word.as_str());
        Self { wish, shown_everywhere: asked == Some("show"), hashed: asked == Some("hash") }
    }

    /// The word for what is handed on.
    pub(super) const fn word(self) -> &'static str {
        match self.wish {
            None => "as recorded",
            Some(Secrets::Show) => "show",
            Some(Secrets::Hash) => "hash",
            Some(Secrets::Omit) => "omit",
        }
    }

    /// The secrets of a login, and what the cracker's line says of its kind, which is of no use without the line.
    pub(super) fn login(self, login: &mut Login) {
        self.secret(&mut login.password);
        self.secret(&mut login.token);
        if let Some(hash) = login.hash.take() {
            let mut line = Some(hash.line.clone());
            self.secret(&mut line);
            login.hash = line.map(|line| crate::record::CrackableHash { line, ..hash });
        }
    }

    /// The secrets of a command, where the run did not hash them: which of the words they are is not known any more, so
    /// all of them go.
    pub(super) fn command(self, command: &mut Command) {
        let may_hold = |verb: &Option<Text>| {
            let verb = verb.as_ref().map(|verb| verb.as_str().to_ascii_uppercase());
            matches!(verb.as_deref(), None | Some("PASS" | "APOP" | "AUTH" | "LOGIN" | "AUTHENTICATE"))
        };
        if self.withholds() && command.direction == Direction::Client && may_hold(&command.verb) {
            let hashed = command.arguments.as_ref().map(|text| text.as_str().to_owned());
            command.arguments = match (self.wish, hashed) {
                (Some(Secrets::Hash), Some(text)) if self.shown_everywhere => Some(hash(&text).into()),
                (Some(Secrets::Omit), Some(text)) if !self.shown_everywhere => without_hash(&text),
                (Some(Secrets::Omit), _) => None,
                (_, text) => text.map(Text::from),
            };
        }
    }

    /// Bytes out of streams that are in no message, which anomalies of TCP show.
    pub(super) fn shows_stream_bytes(self) -> bool {
        !self.withholds()
    }

    const fn withholds(self) -> bool {
        matches!(self.wish, Some(Secrets::Hash | Secrets::Omit))
    }

    fn secret(self, secret: &mut Option<Secret>) {
        match self.wish {
            Some(Secrets::Omit) => *secret = None,
            Some(Secrets::Hash) if !self.hashed => {
                *secret = secret.take().map(|secret| Secret::from(hash(secret.expose())));
            }
            _ => {}
        }
    }
}

/// As `extract --secrets hash` has it.
fn hash(secret: &str) -> String {
    format!("sha256:{}", hex(&Sha256::digest(secret)))
}

/// The words in front of a hash that a run wrote in place of a secret.
fn without_hash(text: &str) -> Option<Text> {
    let front = match text.rfind("sha256:") {
        Some(at) => text.get(..at).unwrap_or_default().trim_end(),
        None => text,
    };
    Some(front).filter(|front| !front.is_empty()).map(Text::from)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::record::{CrackableHash, Place, Protocol, Time};
    use core::time::Duration;

    fn summary(secrets: Option<&str>) -> Summary {
        let mut options = serde_json::Map::new();
        options.extend(secrets.map(|word| ("secrets".to_owned(), word.into())));
        Summary::new(options)
    }

    fn login() -> Login {
        let at = Time::new(Duration::ZERO, 0);
        let mut login =
            Login::new(1, Protocol::Smtp, at, Place::new(1, 1), String::new(), String::new(), "PLAIN".into());
        login.password = Some("abc".into());
        login.hash = Some(CrackableHash { hashcat_mode: Some(20), ..CrackableHash::new("abc".into()) });
        login
    }

    const ABC: &str = "sha256:ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad";

    #[test]
    fn logins() {
        for (asked, wish, expected) in [
            (None, None, Some("abc")),
            (None, Some(Secrets::Show), Some("abc")),
            (None, Some(Secrets::Hash), Some(ABC)),
            (Some("show"), Some(Secrets::Hash), Some(ABC)),
            // Hashed already.
            (Some("hash"), Some(Secrets::Hash), Some("abc")),
            (Some("hash"), Some(Secrets::Omit), None),
            (None, Some(Secrets::Omit), None),
        ] {
            let mut login = login();
            Withheld::new(wish, &summary(asked)).login(&mut login);
            let shown = |secret: Option<&Secret>| secret.map(|secret| secret.expose().to_owned());
            assert_eq!(shown(login.password.as_ref()).as_deref(), expected, "{asked:?} {wish:?}");
            let line = login.hash.as_ref().map(|hash| &hash.line);
            assert_eq!(shown(line).as_deref(), expected, "{asked:?} {wish:?}");
        }
    }

    #[test]
    fn commands() {
        let hashed = format!("PLAIN {ABC}");
        for (asked, wish, verb, arguments, expected) in [
            (None, None, Some("AUTH"), &*hashed, Some(&*hashed)),
            (None, Some(Secrets::Hash), Some("AUTH"), &hashed, Some(&hashed)),
            (None, Some(Secrets::Omit), Some("auth"), &hashed, Some("PLAIN")),
            (None, Some(Secrets::Omit), Some("PASS"), ABC, None),
            (Some("show"), None, Some("PASS"), "abc", Some("abc")),
            (Some("show"), Some(Secrets::Hash), Some("PASS"), "abc", Some(ABC)),
            (Some("show"), Some(Secrets::Omit), Some("PASS"), "abc", None),
            (Some("show"), Some(Secrets::Omit), None, "YWJj", None),
            (Some("show"), Some(Secrets::Omit), Some("MAIL"), "FROM:<a@b>", Some("FROM:<a@b>")),
        ] {
            let mut command =
                Command::new(1, Time::new(Duration::ZERO, 0), Place::new(1, 1), Direction::Client);
            command.verb = verb.map(Text::from);
            command.arguments = Some(arguments.into());
            Withheld::new(wish, &summary(asked)).command(&mut command);
            assert_eq!(command.arguments.as_ref().map(Text::as_str), expected, "{asked:?} {wish:?} {verb:?}");
        }
    }
}
