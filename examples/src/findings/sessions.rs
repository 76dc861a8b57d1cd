//! Rules about sessions, and about messages as far as their session says more of them.

use super::gather::{Draft, Gather, Spot};
use super::names::{host, is_inside, is_public_name, organisation, port};
use super::{Config, Rule, Threshold, Thresholds};
use crate::record::{Login, LoginOutcome, Message, Operation, Outcome, Protocol, Session, Severity, Tls};
use std::collections::{BTreeMap, BTreeSet};

/// Ports on which servers want a login (RFC 6409, RFC 8314); 2525 by custom.
const SUBMISSION: [u16; 3] = [587, 465, 2525];

/// What is known of sessions that are not over, and of hosts.
#[derive(Debug)]
pub(super) struct Sessions {
    open: BTreeMap<u64, Open>,
    /// Messages in them.
    held: usize,
    max_open: usize,
    max_held: usize,
    max_hosts: usize,
    /// SMTP servers at which somebody logged in.
    with_logins: BTreeSet<String>,
    /// Hosts that took mail.
    mail_servers: BTreeSet<String>,
}

#[derive(Debug, Default)]
struct Open {
    logged_in: bool,
    /// Messages that were sent.
    sent: Vec<Sent>,
}

#[derive(Debug)]
struct Sent {
    spot: Spot,
    taken: bool,
    /// The host that wrote the newest Received field.
    newest: Option<String>,
}

/// Whether a client sent the message, and no server.
pub(super) fn is_sent(message: &Message) -> bool {
    matches!(message.protocol, Protocol::Smtp)
        && matches!(message.operation, Operation::Data | Operation::Bdat | Operation::Unknown)
}

impl Sessions {
    pub(super) const fn new(config: &Config) -> Self {
        Self {
            open: BTreeMap::new(),
            held: 0,
            max_open: config.max_sessions,
            max_held: config.max_messages,
            max_hosts: config.max_hosts,
            with_logins: BTreeSet::new(),
            mail_servers: BTreeSet::new(),
        }
    }

    fn open(&mut self, session: u64) -> Option<&mut Open> {
        if self.open.len() >= self.max_open && !self.open.contains_key(&session) {
            return None;
        }
        Some(self.open.entry(session).or_default())
    }

    pub(super) fn login(&mut self, login: &Login, gather: &mut Gather) {
        // Where the answer is missing, it may have been a yes.
        if login.protocol != Protocol::Smtp
            || !matches!(login.outcome, LoginOutcome::Accepted | LoginOutcome::Unknown)
        {
            return;
        }
        match self.open(login.session) {
            Some(open) => open.logged_in = true,
            None => gather.beyond(Rule::UnauthenticatedSubmission),
        }
        if login.outcome == LoginOutcome::Accepted && self.with_logins.len() < self.max_hosts {
            self.with_logins.insert(login.server.clone());
        }
    }

    pub(super) fn message(&mut self, message: &Message, gather: &mut Gather) {
        let Some(session) = message.session.filter(|_| is_sent(message)) else { return };
        let taken = matches!(message.outcome, Outcome::Accepted | Outcome::Mixed);
        let newest = message.received.first().and_then(|hop| hop.by.as_ref());
        let newest = newest.and_then(|by| by.as_str().split_whitespace().next()).map(str::to_owned);
        let sent = Sent { spot: Spot::message(message), taken, newest };
        if self.held >= self.max_held {
            gather.beyond(Rule::UnauthenticatedSubmission);
            return;
        }
        match self.open(session) {
            Some(open) => {
                open.sent.push(sent);
                self.held += 1;
            }
            None => gather.beyond(Rule::UnauthenticatedSubmission),
        }
    }

    pub(super) fn session(&mut self, session: &Session, gather: &mut Gather) {
        let Open { logged_in, sent } = self.open.remove(&session.session).unwrap_or_default();
        self.held = self.held.saturating_sub(sent.len());
        tls(session, gather);
        if session.protocol != Protocol::Smtp {
            return;
        }
        if session.commands > 0 && self.mail_servers.len() < self.max_hosts {
            self.mail_servers.insert(host(&session.server).to_owned());
        }
        for one in &sent {
            unrelated(session, one, gather);
        }
        // Without its beginning and the client's side, there may have been a login.
        let was_seen =
            session.greeting.is_some() && session.one_sided.is_none() && session.missing_bytes.client == 0;
        if !logged_in && was_seen {
            without_login(session, &sent, gather);
        }
    }

    /// A host that takes no mail itself and speaks to several servers.
    pub(super) fn judge_direct(&self, draft: &Draft, thresholds: &Thresholds) -> Option<(Rule, Severity)> {
        let client = draft.only("client")?;
        if self.mail_servers.contains(client)
            || draft.different("servers") < thresholds.get(Threshold::DirectServers)
        {
            return None;
        }
        Some((Rule::DirectDelivery, draft.severity))
    }

    pub(super) fn judge_submission(&self, draft: &Draft) -> Option<(Rule, Severity)> {
        let server = draft.only("server")?;
        let submission = port(server).is_some_and(|port| SUBMISSION.contains(&port));
        match (submission, self.with_logins.contains(server)) {
            (true, _) => Some((Rule::UnauthenticatedSubmission, Severity::Medium)),
            (false, true) => Some((Rule::UnauthenticatedSubmission, Severity::Info)),
            (false, false) => None,
        }
    }
}

fn tls(session: &Session, gather: &mut Gather) {
    let spot = Spot::session(session);
    let server = session.server.as_str();
    let key = format!("{}|{server}", spot.client);
    let subject = || format!("{server} ({}), from {}", session.protocol, spot.client);
    let read = session.logins > 0 || !session.messages.is_empty();
    let found = match session.tls {
        Tls::Refused => Some((Rule::StarttlsRefused, Severity::Medium)),
        Tls::Stripped => Some((Rule::StarttlsStripped, Severity::High)),
        Tls::Offered if session.logins > 0 => Some((Rule::StarttlsUnused, Severity::Low)),
        Tls::Offered if read => Some((Rule::StarttlsUnused, Severity::Info)),
        _ => None,
    };
    if let Some((rule, severity)) = found
        && let Some(draft) = gather.note(rule, severity, &key, subject, &spot)
    {
        draft.add("logins", session.logins);
        draft.add("messages", session.messages.len() as u64);
    }
    let old = session.tls_version.as_ref().map(|version| version.as_str());
    if let Some(version) = old.filter(|version| ["SSLv3", "TLSv1.0", "TLSv1.1"].contains(version)) {
        let subject = || format!("{server} ({})", session.protocol);
        if let Some(draft) = gather.note(Rule::OldTls, Severity::Low, server, subject, &spot) {
            draft.list("versions", version);
            draft.list("clients", &spot.client);
        }
    }
}

/// Whether the newest Received field was written by the client, as far as names tell.
fn unrelated(session: &Session, sent: &Sent, gather: &mut Gather) {
    let (Some(by), Some(name)) = (&sent.newest, &session.client_name) else { return };
    let name = name.as_str();
    if !is_public_name(by) || !is_public_name(name) || is_inside(&sent.spot.client) {
        return;
    }
    let (writer, client) = (organisation(by), organisation(name));
    if writer == client {
        return;
    }
    let key = format!("{}|{writer}|{client}", sent.spot.client);
    let subject = || format!("{by} wrote it, {name} ({}) sent it", sent.spot.client);
    if let Some(draft) = gather.note(Rule::ReceivedUnrelated, Severity::Low, &key, subject, &sent.spot) {
        draft.list("received_by", by);
        draft.list("client_names", name);
    }
}

fn without_login(session: &Session, sent: &[Sent], gather: &mut Gather) {
    let server = session.server.as_str();
    let client = host(&session.client);
    let key = format!("{client}|{server}");
    for one in sent.iter().filter(|one| one.taken) {
        let subject = || format!("{server}, from {client}");
        let noted = gather.note(Rule::UnauthenticatedSubmission, Severity::Medium, &key, subject, &one.spot);
        if let Some(draft) = noted {
            draft.list("server", server);
            let offers = session.capabilities.iter().any(|capability| {
                capability
                    .as_str()
                    .split([' ', '='])
                    .next()
                    .is_some_and(|word| word.eq_ignore_ascii_case("AUTH"))
            });
            draft.text("login_offered", if offers { "yes" } else { "no" });
        }
    }
    if port(server) != Some(25) || session.commands == 0 {
        return;
    }
    let severity =
        if is_inside(client) && !is_inside(host(server)) { Severity::Medium } else { Severity::Low };
    let subject = || client.to_owned();
    let spot = Spot::session(session);
    if let Some(draft) = gather.note(Rule::DirectDelivery, severity, client, subject, &spot) {
        draft.list("client", client);
        draft.list("servers", host(server));
        draft.add("messages", sent.len() as u64);
        draft.list("client_names", session.client_name.as_ref().map_or("", |name| name.as_str()));
    }
}

#[cfg(test)]
mod tests {
    use super::super::testing::{found, hop, login, message, session};
    use super::*;
    use crate::record::{Direction, Sides};

    #[test]
    fn tls_that_was_not_used() {
        let with = |tls, logins| {
            let mut session = session();
            (session.tls, session.logins) = (tls, logins);
            found(|observer| observer.session(&session))
        };
        for (tls, logins, expected) in [
            (Tls::Refused, 0, "starttls-refused medium"),
            (Tls::Stripped, 0, "starttls-stripped high"),
            (Tls::Offered, 1, "starttls-unused low"),
            (Tls::Offered, 0, "starttls-unused info"),
            (Tls::Starttls, 1, ""),
            (Tls::None, 1, ""),
        ] {
            assert_eq!(with(tls, logins), expected, "{tls} {logins}");
        }
        let mut silent = session();
        (silent.tls, silent.messages) = (Tls::Offered, Vec::new());
        assert_eq!(found(|observer| observer.session(&silent)), "");
    }

    #[test]
    fn versions_of_tls() {
        for (version, expected) in
            [("SSLv3", "old-tls low"), ("TLSv1.1", "old-tls low"), ("TLSv1.2", ""), ("TLSv1.3", "")]
        {
            let mut session = session();
            session.tls_version = Some(version.into());
            assert_eq!(found(|observer| observer.session(&session)), expected, "{version}");
        }
    }

    #[test]
    fn mail_without_a_login() {
        let sent = |server: &str, logged_in: bool, others: bool, outcome| {
            let (mut message, mut session) = (message(&[]), session());
            (message.server, session.server) = (server.to_owned(), server.to_owned());
            message.outcome = outcome;
            let mut own = login("ann", LoginOutcome::Accepted);
            own.mechanism = "GSSAPI".into();
            (own.protocol, own.server) = (Protocol::Smtp, server.to_owned());
            let mut other = own.clone();
            other.session = 9;
            found(|observer| {
                if logged_in {
                    observer.login(&own);
                }
                observer.message(&message);
                observer.session(&session);
                if others {
                    observer.login(&other);
                }
            })
        };
        let (accepted, rejected) = (Outcome::Accepted, Outcome::Rejected);
        for (server, logged_in, others, outcome, expected) in [
            ("192.0.2.2:587", false, false, accepted, "unauthenticated-submission medium"),
            ("192.0.2.2:465", false, true, accepted, "unauthenticated-submission medium"),
            ("192.0.2.2:587", true, false, accepted, ""),
            ("192.0.2.2:587", false, false, rejected, ""),
            ("192.0.2.2:25", false, false, accepted, ""),
            ("192.0.2.2:25", false, true, accepted, "unauthenticated-submission info"),
        ] {
            assert_eq!(sent(server, logged_in, others, outcome), expected, "{server} {logged_in} {others}");
        }
    }

    #[test]
    fn what_was_not_seen_may_have_been_a_login() {
        let with = |change: fn(&mut Session), outcome| {
            let (mut message, mut session) = (message(&[]), session());
            message.server = "192.0.2.2:587".to_owned();
            session.server = message.server.clone();
            change(&mut session);
            let mut login = login("ann", outcome);
            (login.protocol, login.mechanism) = (Protocol::Smtp, "GSSAPI".into());
            found(|observer| {
                observer.login(&login);
                observer.message(&message);
                observer.session(&session);
            })
        };
        let (unknown, rejected) = (LoginOutcome::Unknown, LoginOutcome::Rejected);
        assert_eq!(with(|_| {}, rejected), "unauthenticated-submission medium");
        assert_eq!(with(|_| {}, unknown), "");
        assert_eq!(with(|session| session.greeting = None, rejected), "");
        assert_eq!(with(|session| session.one_sided = Some(Direction::Client), rejected), "");
        assert_eq!(with(|session| session.missing_bytes = Sides::new(1, 0), rejected), "");
    }

    #[test]
    fn clients_that_deliver_themselves() {
        let to = |client: &str, servers: &[&str], also: Option<&str>| {
            found(|observer| {
                for (number, server) in (1..).zip(servers) {
                    let mut session = session();
                    session.session = number;
                    (session.client, session.server) = (format!("{client}:4000"), format!("{server}:25"));
                    observer.session(&session);
                }
                if let Some(also) = also {
                    let mut session = session();
                    (session.session, session.server) = (99, format!("{also}:25"));
                    observer.session(&session);
                }
            })
        };
        let servers = ["192.0.2.2", "192.0.2.3", "192.0.2.4"];
        assert_eq!(to("10.0.0.5", &servers, None), "direct-delivery medium");
        assert_eq!(to("198.51.100.1", &servers, None), "direct-delivery low");
        assert_eq!(to("10.0.0.5", &servers[..2], None), "");
        assert_eq!(to("10.0.0.5", &["192.0.2.2"; 3], None), "");
        // It takes mail as well.
        assert_eq!(to("10.0.0.5", &servers, Some("10.0.0.5")), "");
    }

    #[test]
    fn who_wrote_the_newest_hop() {
        let (mut message, mut session) = (message(&[]), session());
        for (by, name, expected) in [
            ("mail.example.org (Postfix)", "mx.example.org", ""),
            ("mail.example.org", "dsl-7.example.com", "received-unrelated low"),
            ("mail.example.org", "[198.51.100.7]", ""),
            ("localhost", "mx.example.com", ""),
            ("pc.office.local", "mx.example.com", ""),
        ] {
            message.received = vec![hop(by, "", "")];
            session.client_name = Some(name.into());
            let got = found(|observer| {
                observer.message(&message);
                observer.session(&session);
            });
            assert_eq!(got, expected, "{by} {name}");
        }
    }
}
