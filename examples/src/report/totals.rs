//! The numbers of the overview.

use std::collections::BTreeMap;

use serde::Serialize;

use crate::record::{Anomaly, Finding, Login, LoginOutcome, Message, Reading, Session, Time};

/// Numbers by word.
type Tally = BTreeMap<&'static str, u64>;

/// All that is counted, over all records, those too that the report does not list.
#[derive(Debug, Default, Serialize)]
pub(super) struct Totals {
    /// First and last packet of a session.
    #[serde(skip_serializing_if = "Option::is_none")]
    first: Option<Time>,
    #[serde(skip_serializing_if = "Option::is_none")]
    last: Option<Time>,
    sessions: Tally,
    tls: Tally,
    one_sided: u64,
    session_bytes: u64,
    session_missing: u64,
    messages: Tally,
    outcomes: Tally,
    message_bytes: u64,
    incomplete: u64,
    candidates: u64,
    with_attachments: u64,
    /// By severity.
    findings: Tally,
    logins: Tally,
    /// Passwords and tokens that anybody on the way could read.
    clear_secrets: u64,
    /// Of each code of each layer, in their order.
    anomalies: Vec<(String, String, u64)>,
    #[serde(skip)]
    by_code: BTreeMap<(&'static str, String), u64>,
}

fn add(tally: &mut Tally, word: &'static str) {
    *tally.entry(word).or_default() += 1;
}

impl Totals {
    pub(super) fn session(&mut self, session: &Session) {
        self.first = Some(self.first.map_or(session.start, |first| first.min(session.start)));
        self.last = Some(self.last.map_or(session.end, |last| last.max(session.end)));
        add(&mut self.sessions, session.protocol.word());
        add(&mut self.tls, session.tls.word());
        self.one_sided += u64::from(session.one_sided.is_some());
        let both = |sides: crate::record::Sides| sides.client.saturating_add(sides.server);
        self.session_bytes = self.session_bytes.saturating_add(both(session.bytes));
        self.session_missing = self.session_missing.saturating_add(both(session.missing_bytes));
    }

    pub(super) fn message(&mut self, message: &Message) {
        if message.reading == Reading::Candidate {
            self.candidates += 1;
            return;
        }
        add(&mut self.messages, message.protocol.word());
        add(&mut self.outcomes, message.outcome.word());
        self.message_bytes = self.message_bytes.saturating_add(message.size);
        self.incomplete += u64::from(!message.complete);
        self.with_attachments += u64::from(message.has_attachments);
    }

    pub(super) fn finding(&mut self, finding: &Finding) {
        add(&mut self.findings, finding.severity.word());
    }

    pub(super) fn login(&mut self, login: &Login) {
        add(&mut self.logins, login.outcome.word());
        let secret = login.password.is_some() || login.token.is_some();
        self.clear_secrets +=
            u64::from(secret && !login.over_tls && login.outcome != LoginOutcome::Cancelled);
    }

    pub(super) fn anomaly(&mut self, anomaly: &Anomaly) {
        let key = (anomaly.layer.word(), anomaly.code.clone().into_owned());
        // Codes are a short list; a record that somebody else wrote may say anything.
        if self.by_code.len() < 2_000 || self.by_code.contains_key(&key) {
            *self.by_code.entry(key).or_default() += 1;
        }
    }

    pub(super) fn finish(&mut self) {
        self.anomalies = core::mem::take(&mut self.by_code)
            .into_iter()
            .map(|((layer, code), count)| (layer.to_owned(), code, count))
            .collect();
    }
}
