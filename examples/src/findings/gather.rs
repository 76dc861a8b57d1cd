//! Evidence by rule and subject, collected until all is read. Whatever the records hold, it takes no more room than its
//! limits.

use super::names::host;
use super::{Config, Rule};
use crate::record::{Anomaly, Fact, Finding, Login, Message, Packets, Place, Session, Severity, Text, Time};
use std::collections::{BTreeMap, BTreeSet};

/// Texts of evidence are cut behind so many characters.
const MAX_TEXT: usize = 200;

/// Where a piece of evidence is.
#[derive(Debug, Clone, Default)]
pub(super) struct Spot {
    pub(super) at: Option<Time>,
    pub(super) until: Option<Time>,
    pub(super) packets: Packets,
    pub(super) session: Option<u64>,
    pub(super) message: Option<u64>,
    pub(super) login: Option<u64>,
    /// Without its port.
    pub(super) client: String,
    pub(super) server: String,
}

impl Spot {
    pub(super) fn message(message: &Message) -> Self {
        Self {
            at: Some(message.start),
            until: Some(message.end),
            packets: message.packets.clone(),
            session: message.session,
            message: Some(message.message),
            login: None,
            client: host(&message.client).to_owned(),
            server: message.server.clone(),
        }
    }

    pub(super) fn session(session: &Session) -> Self {
        Self {
            at: Some(session.start),
            until: Some(session.end),
            packets: session.packets.clone(),
            session: Some(session.session),
            message: None,
            login: None,
            client: host(&session.client).to_owned(),
            server: session.server.clone(),
        }
    }

    /// The login of that line.
    pub(super) fn login(login: &Login, line: u64) -> Self {
        Self {
            at: Some(login.at),
            until: None,
            packets: one(login.packet),
            session: Some(login.session),
            message: None,
            login: Some(line),
            client: host(&login.client).to_owned(),
            server: login.server.clone(),
        }
    }

    pub(super) fn anomaly(anomaly: &Anomaly) -> Self {
        Self {
            at: anomaly.at,
            packets: anomaly.packet.map(one).unwrap_or_default(),
            session: anomaly.session,
            message: anomaly.message,
            ..Self::default()
        }
    }
}

fn one(packet: Place) -> Packets {
    let mut packets = Packets::new();
    packets.add(packet);
    packets
}

/// Text of evidence, cut where it is long.
pub(super) fn short(text: &str) -> String {
    match text.char_indices().nth(MAX_TEXT) {
        Some((end, _)) => format!("{}\u{2026}", text.get(..end).unwrap_or_default()),
        None => text.to_owned(),
    }
}

/// What all evidence has in common, if it does.
#[derive(Debug, Clone, Default)]
enum Common {
    #[default]
    Unknown,
    Same(String),
    Different,
}

impl Common {
    fn add(&mut self, value: &str) {
        if value.is_empty() {
            return;
        }
        match self {
            Self::Unknown => *self = Self::Same(value.to_owned()),
            Self::Same(known) if known != value => *self = Self::Different,
            Self::Same(_) | Self::Different => {}
        }
    }

    fn get(self) -> Option<String> {
        match self {
            Self::Same(value) => Some(value),
            Self::Unknown | Self::Different => None,
        }
    }
}

/// Texts, each once.
#[derive(Debug, Clone, Default)]
struct Values {
    shown: Vec<Text>,
    known: BTreeSet<String>,
}

/// What is known of one subject of a rule.
#[derive(Debug, Clone)]
pub(super) struct Draft {
    /// The largest that was noted.
    pub(super) severity: Severity,
    pub(super) count: u64,
    subject: String,
    at: Option<Time>,
    until: Option<Time>,
    packets: Packets,
    client: Common,
    server: Common,
    sessions: BTreeSet<u64>,
    messages: BTreeSet<u64>,
    logins: BTreeSet<u64>,
    numbers: BTreeMap<&'static str, u64>,
    texts: BTreeMap<&'static str, Text>,
    lists: BTreeMap<&'static str, Values>,
    /// Failures since the last success: what one rule counts, and nobody sees.
    pub(super) run: u64,
    limits: Limits,
}

/// How much is kept of each kind.
#[derive(Debug, Clone, Copy)]
struct Limits {
    references: usize,
    shown: usize,
    known: usize,
}

fn refer(to: &mut BTreeSet<u64>, number: Option<u64>, most: usize) {
    to.extend(number);
    // The first ones, in whatever order they come.
    if to.len() > most {
        to.pop_last();
    }
}

impl Draft {
    fn new(subject: String, limits: Limits) -> Self {
        Self {
            severity: Severity::Info,
            count: 0,
            subject: short(&subject),
            at: None,
            until: None,
            packets: Packets::new(),
            client: Common::Unknown,
            server: Common::Unknown,
            sessions: BTreeSet::new(),
            messages: BTreeSet::new(),
            logins: BTreeSet::new(),
            numbers: BTreeMap::new(),
            texts: BTreeMap::new(),
            lists: BTreeMap::new(),
            run: 0,
            limits,
        }
    }

    /// Takes in where it was seen.
    pub(super) fn see(&mut self, spot: &Spot) {
        let Spot { at, until, packets, session, message, login, client, server } = spot;
        self.at = self.at.into_iter().chain(*at).min();
        self.until = self.until.into_iter().chain(*until).chain(*at).max();
        for stretch in packets.stretches() {
            self.packets.add(Place::new(stretch.input, stretch.first));
            self.packets.add(Place::new(stretch.input, stretch.last));
        }
        refer(&mut self.sessions, *session, self.limits.references);
        refer(&mut self.messages, *message, self.limits.references);
        refer(&mut self.logins, *login, self.limits.references);
        self.client.add(client);
        self.server.add(server);
    }

    /// Adds to a number of the evidence.
    pub(super) fn add(&mut self, name: &'static str, number: u64) {
        let sum = self.numbers.entry(name).or_default();
        *sum = sum.saturating_add(number);
    }

    /// Raises a number of the evidence.
    pub(super) fn most(&mut self, name: &'static str, number: u64) {
        let most = self.numbers.entry(name).or_default();
        *most = number.max(*most);
    }

    /// A number of the evidence; 0 if there is none.
    pub(super) fn number(&self, name: &str) -> u64 {
        self.numbers.get(name).copied().unwrap_or(0)
    }

    /// A text of the evidence; the first one counts.
    pub(super) fn text(&mut self, name: &'static str, text: &str) {
        if !text.is_empty() {
            self.texts.entry(name).or_insert_with(|| Text::from(short(text)));
        }
    }

    /// One of several texts of the evidence.
    pub(super) fn list(&mut self, name: &'static str, text: &str) {
        if text.is_empty() {
            return;
        }
        let values = self.lists.entry(name).or_default();
        if values.known.len() < self.limits.known && values.known.insert(short(text)) {
            let Limits { shown, .. } = self.limits;
            if values.shown.len() < shown {
                values.shown.push(Text::from(short(text)));
            }
        }
    }

    /// How many different texts there are, as far as they are counted.
    pub(super) fn different(&self, name: &str) -> u64 {
        self.lists.get(name).map_or(0, |values| values.known.len() as u64)
    }

    /// The only text that a list has.
    pub(super) fn only(&self, name: &str) -> Option<&str> {
        match self.lists.get(name)?.shown.as_slice() {
            [one] => Some(one.as_str()),
            _ => None,
        }
    }

    fn finding(self, rule: Rule, severity: Severity) -> Finding {
        let title = if self.subject.is_empty() {
            rule.title().to_owned()
        } else {
            format!("{}: {}", rule.title(), self.subject)
        };
        let mut finding = Finding::new(0, rule.id(), severity, Text::from(title));
        finding.count = self.count;
        finding.at = self.at;
        finding.until = self.until.filter(|until| Some(*until) != self.at);
        finding.packet =
            self.packets.stretches().first().map(|stretch| Place::new(stretch.input, stretch.first));
        finding.packets = self.packets;
        finding.client = self.client.get();
        finding.server = self.server.get();
        finding.sessions = self.sessions.into_iter().collect();
        finding.messages = self.messages.into_iter().collect();
        finding.logins = self.logins.into_iter().collect();
        for (name, values) in self.lists {
            if values.known.len() > values.shown.len() {
                finding
                    .evidence
                    .insert(format!("{name}_count").into(), Fact::Number(values.known.len() as u64));
            }
            finding.evidence.insert(name.into(), Fact::List(values.shown));
        }
        for (name, text) in self.texts {
            finding.evidence.insert(name.into(), Fact::Text(text));
        }
        for (name, number) in self.numbers {
            finding.evidence.insert(name.into(), Fact::Number(number));
        }
        finding
    }
}

/// The evidence of all rules.
#[derive(Debug)]
pub(super) struct Gather {
    drafts: BTreeMap<(Rule, String), Draft>,
    /// How many there are of each rule, and how many may be.
    subjects: BTreeMap<Rule, usize>,
    most: usize,
    limits: Limits,
    /// What found no room, by rule.
    beyond: BTreeMap<Rule, u64>,
}

impl Gather {
    pub(super) fn new(config: &Config) -> Self {
        Self {
            drafts: BTreeMap::new(),
            subjects: BTreeMap::new(),
            most: config.max_subjects,
            limits: Limits {
                references: config.max_references,
                shown: config.max_shown,
                known: config.max_values,
            },
            beyond: BTreeMap::new(),
        }
    }

    /// A piece of evidence that a rule applies to the subject `key`, which people read as `subject`. `None` beyond the limit,
    /// which is counted.
    pub(super) fn note(
        &mut self,
        rule: Rule,
        severity: Severity,
        key: &str,
        subject: impl FnOnce() -> String,
        spot: &Spot,
    ) -> Option<&mut Draft> {
        let key = (rule, key.to_owned());
        if !self.drafts.contains_key(&key) {
            let subjects = self.subjects.entry(rule).or_default();
            if *subjects >= self.most {
                self.beyond(rule);
                return None;
            }
            *subjects += 1;
        }
        let limits = self.limits;
        let draft = self.drafts.entry(key).or_insert_with(|| Draft::new(subject(), limits));
        draft.count = draft.count.saturating_add(1);
        draft.severity = draft.severity.max(severity);
        draft.see(spot);
        Some(draft)
    }

    /// A subject that was noted before.
    pub(super) fn known(&mut self, rule: Rule, key: &str) -> Option<&mut Draft> {
        self.drafts.get_mut(&(rule, key.to_owned()))
    }

    /// Something was left out because of a limit.
    pub(super) fn beyond(&mut self, rule: Rule) {
        *self.beyond.entry(rule).or_default() += 1;
    }

    /// The findings, in the order of their first evidence. `judge` says of each subject which rule it falls under in the end,
    /// and how much it weighs.
    pub(super) fn finish(self, judge: impl Fn(Rule, &Draft) -> Option<(Rule, Severity)>) -> Vec<Finding> {
        let mut findings: Vec<(Rule, Finding)> = Vec::new();
        for ((rule, _), draft) in self.drafts {
            if let Some((rule, severity)) = judge(rule, &draft) {
                findings.push((rule, draft.finding(rule, severity)));
            }
        }
        if !self.beyond.is_empty() {
            let rule = Rule::LimitsReached;
            let mut draft = Draft::new(String::new(), self.limits);
            for (rule, count) in &self.beyond {
                draft.count = draft.count.saturating_add(*count);
                draft.list("rules", &format!("{} {count}", rule.id()));
            }
            findings.push((rule, draft.finding(rule, Severity::Info)));
        }
        // Subjects of one rule in one packet stay in the order of their keys.
        findings.sort_by_key(|(rule, finding)| (finding.packet.is_none(), finding.packet, *rule));
        let numbered = (1..).zip(findings);
        numbered.map(|(number, (_, finding))| Finding { finding: number, ..finding }).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use core::time::Duration;

    fn spot(frame: u64, session: u64) -> Spot {
        Spot {
            at: Some(Time::new(Duration::from_secs(frame), 0)),
            packets: one(Place::new(1, frame)),
            session: Some(session),
            client: "10.0.0.1".to_owned(),
            ..Spot::default()
        }
    }

    fn all(rule: Rule, draft: &Draft) -> Option<(Rule, Severity)> {
        Some((rule, draft.severity))
    }

    #[test]
    fn evidence_of_one_subject_is_one_finding() {
        let mut gather = Gather::new(&Config::default());
        for (frame, session, severity) in
            [(9, 3, Severity::Low), (4, 1, Severity::High), (6, 2, Severity::Info)]
        {
            let draft =
                gather.note(Rule::StarttlsRefused, severity, "a", || "it".to_owned(), &spot(frame, session));
            let draft = draft.unwrap();
            draft.add("sum", frame);
            draft.most("most", frame);
            draft.text("first", &format!("frame {frame}"));
            draft.list("list", if frame == 9 { "x" } else { "y" });
        }
        gather.note(Rule::OldTls, Severity::Low, "b", String::new, &spot(4, 1)).unwrap();
        gather.note(Rule::CleartextPassword, Severity::Low, "b", String::new, &spot(4, 1)).unwrap();
        let findings = gather.finish(all);
        let rules: Vec<_> = findings.iter().map(|finding| (finding.finding, &*finding.rule)).collect();
        assert_eq!(rules, [(1, "cleartext-password"), (2, "starttls-refused"), (3, "old-tls")]);
        assert_eq!(
            serde_json::to_value(&findings[1]).unwrap(),
            serde_json::json!({
                "finding": 2, "rule": "starttls-refused", "severity": "high", "count": 3,
                "title": format!("{}: it", Rule::StarttlsRefused.title()),
                "at": "1970-01-01T00:00:04Z", "until": "1970-01-01T00:00:09Z",
                "packet": {"input": 1, "frame": 4}, "packets": [{"input": 1, "first": 4, "last": 9}],
                "client": "10.0.0.1", "sessions": [1, 2, 3],
                "evidence": {"sum": 19, "most": 9, "first": "frame 9", "list": ["x", "y"]},
            })
        );
    }

    #[test]
    fn what_is_beyond_the_limits_is_counted() {
        let mut config = Config::default();
        (config.max_subjects, config.max_references, config.max_shown, config.max_values) = (2, 3, 2, 4);
        let mut gather = Gather::new(&config);
        for number in (1..=9).rev() {
            if let Some(draft) =
                gather.note(Rule::OldTls, Severity::Low, "a", String::new, &spot(number, number))
            {
                draft.list("names", &format!("name {number}"));
            }
            gather.note(
                Rule::TcpConflict,
                Severity::Low,
                &number.to_string(),
                String::new,
                &spot(number, number),
            );
        }
        let findings = gather.finish(all);
        assert_eq!(findings.len(), 4);
        assert_eq!(findings[0].sessions, [1, 2, 3]);
        assert_eq!(
            serde_json::to_value(&findings[0].evidence).unwrap(),
            serde_json::json!({"names": ["name 9", "name 8"], "names_count": 4})
        );
        let last = &findings[3];
        assert_eq!((&*last.rule, last.count, last.packet), ("limits-reached", 7, None));
        assert_eq!(last.evidence.get("rules").unwrap().to_string(), "tcp-conflict 7");
    }

    #[test]
    fn long_texts_are_cut() {
        assert_eq!(short("abc"), "abc");
        assert_eq!(short(&"\u{e4}".repeat(300)).chars().count(), 201);
    }
}
