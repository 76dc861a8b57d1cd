//! `findings.jsonl`.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use super::{Code, Packets, Place, Severity, Text, Time};

/// What a rule found: one fact of interest with its evidence, however often it was seen.
///
/// Lists of numbers hold the first hundred and are sorted; `count` says how often the rule applied.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize, Serialize)]
#[non_exhaustive]
pub struct Finding {
    /// Its number, from 1, in the order of the first evidence.
    pub finding: u64,
    /// Stable kebab-case identifier of the rule.
    pub rule: Code,
    /// How much it weighs.
    pub severity: Severity,
    /// What was found, in a line: the rule's title and about whom or what it is.
    pub title: Text,
    /// How often the rule applied.
    pub count: u64,
    /// Time of the first evidence.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub at: Option<Time>,
    /// Time of the last evidence, if that is another.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub until: Option<Time>,
    /// The packet of the first evidence.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub packet: Option<Place>,
    /// From the first packet to the last.
    #[serde(default, skip_serializing_if = "Packets::is_empty")]
    pub packets: Packets,
    /// Address of the client without its port, where all evidence has the same.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub client: Option<String>,
    /// `ip:port` of the server, where all evidence has the same.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub server: Option<String>,
    /// Numbers of the sessions.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub sessions: Vec<u64>,
    /// Numbers of the messages.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub messages: Vec<u64>,
    /// The logins, as lines of `logins.jsonl`, from 1.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub logins: Vec<u64>,
    /// Short facts by their names.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub evidence: BTreeMap<Code, Fact>,
}

impl Finding {
    /// A finding without evidence.
    #[must_use]
    pub fn new(finding: u64, rule: impl Into<Code>, severity: Severity, title: Text) -> Self {
        Self {
            finding,
            rule: rule.into(),
            severity,
            title,
            count: 0,
            at: None,
            until: None,
            packet: None,
            packets: Packets::new(),
            client: None,
            server: None,
            sessions: Vec::new(),
            messages: Vec::new(),
            logins: Vec::new(),
            evidence: BTreeMap::new(),
        }
    }
}

/// A piece of evidence: in the record a number, a text or a list of texts.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize, Serialize)]
#[serde(untagged)]
#[non_exhaustive]
pub enum Fact {
    /// How many, or how much.
    Number(u64),
    /// What.
    Text(Text),
    /// Several, each once, in the order in which they were seen.
    List(Vec<Text>),
}

impl core::fmt::Display for Fact {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        match self {
            Self::Number(number) => write!(f, "{number}"),
            Self::Text(text) => write!(f, "{text}"),
            Self::List(list) => {
                for (place, text) in list.iter().enumerate() {
                    write!(f, "{}{text}", if place > 0 { ", " } else { "" })?;
                }
                Ok(())
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use core::time::Duration;

    #[test]
    fn a_finding_as_it_is_written() {
        let mut finding = Finding::new(1, "login-guessing", Severity::High, "Passwords guessed".into());
        finding.count = 12;
        finding.at = Some(Time::new(Duration::ZERO, 0));
        finding.packet = Some(Place::new(1, 4));
        finding.packets.add(Place::new(1, 4));
        finding.client = Some("10.0.0.1".to_owned());
        finding.logins = vec![1, 2];
        finding.evidence.insert("users".into(), Fact::List(vec!["alice".into(), "bob".into()]));
        finding.evidence.insert("failures".into(), Fact::Number(12));
        finding.evidence.insert("mechanism".into(), Fact::Text("PLAIN".into()));
        assert_eq!(
            serde_json::to_string(&finding).unwrap(),
            concat!(
                r#"{"finding":1,"rule":"login-guessing","severity":"high","title":"Passwords guessed","count":12,"#,
                r#""at":"1970-01-01T00:00:00Z","packet":{"input":1,"frame":4},"packets":[{"input":1,"first":4,"last":4}],"#,
                r#""client":"10.0.0.1","logins":[1,2],"#,
                r#""evidence":{"failures":12,"mechanism":"PLAIN","users":["alice","bob"]}}"#,
            )
        );
        let read: Finding = serde_json::from_str(&serde_json::to_string(&finding).unwrap()).unwrap();
        assert_eq!(read, finding);
        assert_eq!(finding.evidence.get("users").map(ToString::to_string).as_deref(), Some("alice, bob"));
    }
}
