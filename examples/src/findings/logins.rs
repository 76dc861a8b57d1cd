//! Rules about logins.

use super::gather::{Draft, Gather, Spot};
use super::names::host;
use super::{Rule, Threshold, Thresholds};
use crate::record::{Login, LoginOutcome, Severity};

/// How a mechanism sends its secret.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Secrecy {
    Password,
    Token,
    Hash,
    Other,
}

fn secrecy(login: &Login) -> Secrecy {
    // Where secrets are not written, the mechanism still tells; a login that was given up may not have sent any.
    let sent = matches!(login.outcome, LoginOutcome::Accepted | LoginOutcome::Rejected);
    let mechanism = login.mechanism.as_str().to_ascii_uppercase();
    if login.password.is_some() {
        Secrecy::Password
    } else if login.token.is_some() {
        Secrecy::Token
    } else if login.hash.is_some() {
        Secrecy::Hash
    } else {
        match mechanism.as_str() {
            "PLAIN" | "LOGIN" | "USER-PASS" | "IMAP-LOGIN" if sent => Secrecy::Password,
            "XOAUTH2" | "OAUTHBEARER" if sent => Secrecy::Token,
            "APOP" | "CRAM-MD5" | "DIGEST-MD5" | "NTLM" if sent => Secrecy::Hash,
            name if sent && name.starts_with("SCRAM-") => Secrecy::Hash,
            _ => Secrecy::Other,
        }
    }
}

pub(super) fn observe(gather: &mut Gather, login: &Login, line: u64) {
    let spot = Spot::login(login, line);
    let user = login.username.as_ref().map_or("", |user| user.as_str());
    let name = if user.is_empty() { "unknown user" } else { user };
    let (client, server) = (host(&login.client), login.server.as_str());
    let place = format!("{client}|{server}|{}", login.protocol);
    let key = format!("{place}|{user}");
    let subject = || format!("{name} at {server} ({}), from {client}", login.protocol);
    if !login.over_tls {
        use LoginOutcome::{Accepted, Rejected};
        let found = match (secrecy(login), login.outcome) {
            (Secrecy::Password, Accepted) => Some((Rule::CleartextPassword, Severity::High)),
            (Secrecy::Password, Rejected) => Some((Rule::CleartextPassword, Severity::Low)),
            (Secrecy::Password, _) => Some((Rule::CleartextPassword, Severity::Medium)),
            (Secrecy::Token, Accepted) => Some((Rule::CleartextToken, Severity::High)),
            (Secrecy::Token, _) => Some((Rule::CleartextToken, Severity::Medium)),
            (Secrecy::Hash, _) => Some((Rule::CrackableLogin, Severity::Low)),
            (Secrecy::Other, _) => None,
        };
        if let Some((rule, severity)) = found
            && let Some(draft) = gather.note(rule, severity, &key, subject, &spot)
        {
            draft.text("user", user);
            draft.text("protocol", login.protocol.word());
            draft.list("mechanisms", login.mechanism.as_str());
            draft.add(login.outcome.word(), 1);
        }
    }
    match login.outcome {
        LoginOutcome::Rejected => failed(gather, login, &place, &key, user, subject, &spot),
        LoginOutcome::Accepted => succeeded(gather, login, &place, &key, user, &spot),
        _ => {}
    }
}

/// Whom a login means, whoever tries it.
fn target(login: &Login) -> String {
    let user = login.username.as_ref().map_or("", |user| user.as_str());
    format!("{}|{}|{user}", login.server, login.protocol)
}

fn failed(
    gather: &mut Gather,
    login: &Login,
    place: &str,
    key: &str,
    user: &str,
    subject: impl FnOnce() -> String,
    spot: &Spot,
) {
    let together = || format!("{} ({}), from {}", login.server, login.protocol, host(&login.client));
    if let Some(draft) = gather.note(Rule::LoginFailures, Severity::Low, place, together, spot) {
        draft.list("users", user);
        draft.list("mechanisms", login.mechanism.as_str());
    }
    let everywhere = || format!("{user} at {} ({})", login.server, login.protocol);
    if !user.is_empty()
        && let Some(draft) =
            gather.note(Rule::DistributedGuessing, Severity::Medium, &target(login), everywhere, spot)
    {
        draft.text("user", user);
        draft.list("clients", host(&login.client));
        draft.list("mechanisms", login.mechanism.as_str());
    }
    if let Some(draft) = gather.note(Rule::LoginAfterFailures, Severity::Medium, key, subject, spot) {
        draft.run += 1;
        draft.text("user", user);
        draft.list("mechanisms", login.mechanism.as_str());
    }
}

/// What was a failure before is a success now.
fn succeeded(gather: &mut Gather, login: &Login, place: &str, key: &str, user: &str, spot: &Spot) {
    if let Some(draft) = gather.known(Rule::LoginFailures, place) {
        draft.most("failures_before_success", draft.count);
        draft.list("succeeded", user);
    }
    if let Some(draft) = gather.known(Rule::DistributedGuessing, &target(login)) {
        draft.most("failures_before_success", draft.count);
        draft.list("succeeded", host(&login.client));
    }
    if let Some(draft) = gather.known(Rule::LoginAfterFailures, key)
        && draft.run > 0
    {
        draft.most("failures_before_success", draft.run);
        draft.run = 0;
        draft.see(spot);
    }
}

/// Which rule the failures of a client at a server fall under.
pub(super) fn judge_failures(draft: &Draft, thresholds: &Thresholds) -> Option<(Rule, Severity)> {
    let reaches = |number, threshold| number >= thresholds.get(threshold);
    let users = draft.different("users");
    let after = |most: u64| {
        if draft.number("failures_before_success") >= most { Severity::High } else { Severity::Medium }
    };
    let spraying = reaches(users, Threshold::SprayingUsers)
        && draft.count <= users.saturating_mul(thresholds.get(Threshold::SprayingEach));
    if spraying {
        Some((Rule::PasswordSpraying, after(thresholds.get(Threshold::SprayingUsers).max(1))))
    } else if reaches(draft.count, Threshold::GuessingFailures) {
        Some((Rule::LoginGuessing, after(thresholds.get(Threshold::GuessingFailures).max(1))))
    } else if reaches(draft.count, Threshold::FailuresFailures) {
        Some((Rule::LoginFailures, draft.severity))
    } else {
        None
    }
}

/// Whether the failures as one user came from more clients than one person has.
pub(super) fn judge_distributed(draft: &Draft, thresholds: &Thresholds) -> Option<(Rule, Severity)> {
    let most = thresholds.get(Threshold::DistributedFailures);
    let many =
        draft.different("clients") >= thresholds.get(Threshold::DistributedClients) && draft.count >= most;
    let high = draft.number("failures_before_success") >= most.max(1);
    many.then_some((Rule::DistributedGuessing, if high { Severity::High } else { Severity::Medium }))
}

/// Whether a success after failures is one too many.
pub(super) fn judge_success(draft: &Draft, thresholds: &Thresholds) -> Option<(Rule, Severity)> {
    let before = draft.number("failures_before_success");
    if before == 0 || before < thresholds.get(Threshold::AfterFailures) {
        return None;
    }
    let high = before >= thresholds.get(Threshold::GuessingFailures);
    Some((Rule::LoginAfterFailures, if high { Severity::High } else { Severity::Medium }))
}

#[cfg(test)]
mod tests {
    use super::super::testing::{found, login};
    use super::*;
    use LoginOutcome::{Accepted, Cancelled, Rejected, Unknown};

    fn clear(outcome: LoginOutcome) -> Login {
        let mut login = login("alice", outcome);
        login.password = Some("wonderland".into());
        login
    }

    #[test]
    fn secrets_in_clear() {
        let made = |mechanism: &str, outcome, change: fn(&mut Login)| {
            let mut login = login("alice", outcome);
            login.mechanism = mechanism.into();
            change(&mut login);
            login
        };
        let nothing = |_: &mut Login| {};
        for (login, expected) in [
            (clear(Accepted), "cleartext-password high"),
            (clear(Unknown), "cleartext-password medium"),
            (clear(Rejected), "cleartext-password low"),
            (made("PLAIN", Accepted, |login| login.over_tls = true), ""),
            (made("LOGIN", Accepted, nothing), "cleartext-password high"),
            (made("LOGIN", Cancelled, nothing), ""),
            (made("XOAUTH2", Accepted, nothing), "cleartext-token high"),
            (made("XOAUTH2", Unknown, |login| login.token = Some("t".into())), "cleartext-token medium"),
            (made("CRAM-MD5", Accepted, nothing), "crackable-login low"),
            (made("SCRAM-SHA-256", Rejected, nothing), "crackable-login low"),
            (made("SCRAM-SHA-256", Rejected, |login| login.over_tls = true), ""),
            (made("GSSAPI", Accepted, nothing), ""),
            (made("ANONYMOUS", Accepted, nothing), ""),
        ] {
            assert_eq!(found(|observer| observer.login(&login)), expected, "{login:?}");
        }
    }

    #[test]
    fn failures_guesses_and_sprays() {
        let tries = |tries: &[(&str, LoginOutcome, usize)]| {
            let mut list = Vec::new();
            for (user, outcome, times) in tries {
                let mut login = login(user, *outcome);
                login.mechanism = "GSSAPI".into();
                list.extend(vec![login; *times]);
            }
            found(|observer| list.iter().for_each(|login| observer.login(login)))
        };
        for (made, expected) in [
            (&[("a", Rejected, 2)][..], ""),
            (&[("a", Cancelled, 20)], ""),
            (&[("a", Rejected, 3)], "login-failures low"),
            (&[("a", Rejected, 9), ("a", Unknown, 9)], "login-failures low"),
            (&[("a", Rejected, 10)], "login-guessing medium"),
            (&[("a", Rejected, 2), ("a", Accepted, 1)], ""),
            (&[("a", Rejected, 3), ("a", Accepted, 1)], "login-after-failures medium, login-failures low"),
            (&[("a", Rejected, 3), ("b", Accepted, 1)], "login-failures low"),
            (
                &[("a", Rejected, 2), ("a", Accepted, 1), ("a", Rejected, 2), ("a", Accepted, 1)],
                "login-failures low",
            ),
            (&[("a", Rejected, 10), ("a", Accepted, 1)], "login-after-failures high, login-guessing high"),
            (&[("a", Accepted, 1), ("a", Rejected, 10)], "login-guessing medium"),
            (
                &[("a", Rejected, 1), ("b", Rejected, 1), ("c", Rejected, 1), ("d", Rejected, 1)],
                "login-failures low",
            ),
            (
                &[
                    ("a", Rejected, 3),
                    ("b", Rejected, 3),
                    ("c", Rejected, 3),
                    ("d", Rejected, 3),
                    ("e", Rejected, 3),
                ],
                "password-spraying medium",
            ),
            (
                &[
                    ("a", Rejected, 12),
                    ("b", Rejected, 1),
                    ("c", Rejected, 1),
                    ("d", Rejected, 1),
                    ("e", Rejected, 1),
                ],
                "login-guessing medium",
            ),
            (
                &[
                    ("a", Rejected, 1),
                    ("b", Rejected, 1),
                    ("c", Rejected, 1),
                    ("d", Rejected, 1),
                    ("e", Rejected, 1),
                    ("f", Accepted, 1),
                ],
                "password-spraying high",
            ),
        ] {
            assert_eq!(tries(made), expected, "{made:?}");
        }
    }

    #[test]
    fn one_user_tried_from_many_clients() {
        let tries = |user: &str, clients: u8, each: usize, last: LoginOutcome| {
            found(|observer| {
                for client in 0..clients {
                    let mut login = login(user, Rejected);
                    login.mechanism = "GSSAPI".into();
                    login.client = format!("10.0.1.{client}:40000");
                    (0..each).for_each(|_| observer.login(&login));
                    login.outcome = last;
                    observer.login(&login);
                }
            })
        };
        for (user, clients, each, last, expected) in [
            ("a", 5, 2, Unknown, "distributed-guessing medium"),
            ("a", 4, 2, Unknown, ""),
            ("a", 5, 1, Unknown, ""),
            ("", 5, 2, Unknown, ""),
            ("a", 10, 1, Accepted, "distributed-guessing high"),
            ("a", 5, 1, Accepted, ""),
        ] {
            assert_eq!(tries(user, clients, each, last), expected, "{user} {clients} {each} {last:?}");
        }
    }

    #[test]
    fn one_finding_for_a_user_at_a_server() {
        let mut other = clear(Rejected);
        other.client = "10.0.0.1:40001".to_owned();
        let mut third = clear(Accepted);
        third.server = "10.0.0.3:143".to_owned();
        let mut observer = super::super::Observer::new(super::super::Config::default());
        for login in [clear(Accepted), other, third] {
            observer.login(&login);
        }
        let findings = observer.finish();
        let counts: Vec<_> = findings.iter().map(|finding| (finding.count, finding.logins.clone())).collect();
        assert_eq!(counts, [(2, vec![1, 2]), (1, vec![3])]);
        assert_eq!(
            serde_json::to_value(&findings[0].evidence).unwrap(),
            serde_json::json!({"user": "alice", "protocol": "imap", "mechanisms": ["PLAIN"], "accepted": 1, "rejected": 1})
        );
    }
}
