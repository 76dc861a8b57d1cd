//! Takes the records and gives the findings.

use super::gather::{Draft, Gather};
use super::route::Hops;
use super::sessions::Sessions;
use super::{Rule, Thresholds, attachments, logins, messages, names, route, senders, wire};
use crate::record::{Anomaly, Finding, Login, Message, Reading, Session, Severity};

/// What to compare with. How much is remembered is fixed: whatever the records hold, some 100 MiB at most in practice.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct Config {
    /// The numbers that rules compare with.
    pub thresholds: Thresholds,
    /// So many subjects are followed for each rule, 10,000 if nothing else is said; evidence of more is counted only. One
    /// takes a KiB or two, and some 40 KiB at most.
    pub(crate) max_subjects: usize,
    /// So many sessions, messages and logins are listed by one finding: 100.
    pub(crate) max_references: usize,
    /// So many texts of a list are shown: 20.
    pub(crate) max_shown: usize,
    /// So many texts of a list are told apart: 256.
    pub(crate) max_values: usize,
    /// So many sessions that are not over are followed, 20,000.
    pub(crate) max_sessions: usize,
    /// So many messages are remembered until their session is over, and so many to be known again when they pass a second
    /// time: 50,000.
    pub(crate) max_messages: usize,
    /// So many addresses of servers are remembered: 20,000.
    pub(crate) max_hosts: usize,
}

impl Default for Config {
    fn default() -> Self {
        Self {
            thresholds: Thresholds::default(),
            max_subjects: 10_000,
            max_references: 100,
            max_shown: 20,
            max_values: 256,
            max_sessions: 20_000,
            max_messages: 50_000,
            max_hosts: 20_000,
        }
    }
}

/// Applies the rules to records.
///
/// Records of one kind are told in the order of their file. What was in a session is told before its record: all of one session's
/// logins and messages, then the session; so they come out of a run, and so does who reads `logins.jsonl`, `messages.jsonl`,
/// `anomalies.jsonl` and `sessions.jsonl` one after the other. Both ways lead to the same findings.
#[derive(Debug)]
pub struct Observer {
    config: Config,
    gather: Gather,
    sessions: Sessions,
    hops: Hops,
    /// Lines of `logins.jsonl` so far.
    logins: u64,
}

impl Observer {
    /// An observer that was told nothing yet.
    #[must_use]
    pub fn new(config: Config) -> Self {
        Self {
            gather: Gather::new(&config),
            sessions: Sessions::new(&config),
            hops: Hops::new(&config),
            logins: 0,
            config,
        }
    }

    /// The next login.
    pub fn login(&mut self, login: &Login) {
        self.logins += 1;
        logins::observe(&mut self.gather, login, self.logins);
        self.sessions.login(login, &mut self.gather);
    }

    /// The next message.
    pub fn message(&mut self, message: &Message) {
        attachments::observe(&mut self.gather, message);
        messages::missing(&mut self.gather, message);
        wire::message(&mut self.gather, message);
        // What nobody sent as it is written here has no envelope and no way of its own.
        if message.reading != Reading::Primary {
            return;
        }
        messages::observe(&mut self.gather, message, &self.config.thresholds);
        if names::header_is_whole(message) {
            messages::dates(&mut self.gather, message, &self.config.thresholds);
            senders::observe(&mut self.gather, message);
            route::observe(&mut self.gather, message, &self.config.thresholds);
            self.hops.message(message, &mut self.gather);
        }
        self.sessions.message(message, &mut self.gather);
    }

    /// The next anomaly.
    pub fn anomaly(&mut self, anomaly: &Anomaly) {
        wire::anomaly(&mut self.gather, anomaly);
    }

    /// The next session; all that was in it was told.
    pub fn session(&mut self, session: &Session) {
        self.sessions.session(session, &mut self.gather);
    }

    /// All was told: the findings, in the order of their first evidence.
    #[must_use]
    pub fn finish(self) -> Vec<Finding> {
        let Self { config, gather, sessions, .. } = self;
        gather.finish(|rule, draft| judge(rule, draft, &sessions, &config.thresholds))
    }
}

/// Which rule a subject falls under when all is known, and how much it weighs.
fn judge(
    rule: Rule,
    draft: &Draft,
    sessions: &Sessions,
    thresholds: &Thresholds,
) -> Option<(Rule, Severity)> {
    match rule {
        Rule::LoginFailures => logins::judge_failures(draft, thresholds),
        Rule::DistributedGuessing => logins::judge_distributed(draft, thresholds),
        Rule::LoginAfterFailures => logins::judge_success(draft, thresholds),
        Rule::LargeOutbound => messages::judge_outbound(draft, thresholds),
        Rule::DirectDelivery => sessions.judge_direct(draft, thresholds),
        Rule::UnauthenticatedSubmission => sessions.judge_submission(draft),
        _ => Some((rule, draft.severity)),
    }
}
