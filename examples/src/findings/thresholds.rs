//! The numbers that rules compare with.

use super::Rule;
use serde_json::{Map, Value};
use thiserror::Error;

macro_rules! thresholds {
    ($($value:ident = $rule:ident $name:literal $default:literal, $meaning:literal;)+) => {
        /// A number that a rule compares with.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
        #[non_exhaustive]
        pub enum Threshold {
            $(#[doc = $meaning] $value,)+
        }

        impl Threshold {
            /// All of them, in the order of their rules.
            pub const ALL: &[Self] = &[$(Self::$value),+];

            /// The rule that compares with it.
            #[must_use]
            pub const fn rule(self) -> Rule {
                match self { $(Self::$value => Rule::$rule,)+ }
            }

            /// Its name within the rule.
            #[must_use]
            pub const fn name(self) -> &'static str {
                match self { $(Self::$value => $name,)+ }
            }

            /// What it is if nobody says otherwise.
            #[must_use]
            pub const fn default(self) -> u64 {
                match self { $(Self::$value => $default,)+ }
            }

            /// What it counts.
            #[must_use]
            pub const fn meaning(self) -> &'static str {
                match self { $(Self::$value => $meaning,)+ }
            }
        }

        /// A number for each threshold.
        #[derive(Debug, Clone, PartialEq, Eq)]
        pub struct Thresholds([u64; Threshold::ALL.len()]);

        impl Default for Thresholds {
            fn default() -> Self {
                Self([$($default),+])
            }
        }
    };
}

thresholds! {
    FailuresFailures = LoginFailures "failures" 3, "failed logins of one client at one server, from which on they are told";
    GuessingFailures = LoginGuessing "failures" 10, "failed logins of one client at one server, from which on they are guessing";
    SprayingUsers = PasswordSpraying "users" 5, "users that one client failed to log in as at one server, from which on it is spraying";
    SprayingEach = PasswordSpraying "each" 3, "failed logins for each of these users, up to which it is spraying and not guessing";
    DistributedClients = DistributedGuessing "clients" 5, "clients whose logins as one user failed at one server, from which on it is guessing by many";
    DistributedFailures = DistributedGuessing "failures" 10, "failed logins of all of them, from which on it is";
    AfterFailures = LoginAfterFailures "failures" 3, "failed logins of one client as one user before the one that succeeds";
    ManyRecipients = ManyRecipients "recipients" 50, "recipients that the server took for one message";
    LargeOutbound = LargeOutbound "bytes" 50_000_000, "bytes of mail that one client sends in the name of one sender";
    DirectServers = DirectDelivery "servers" 3, "mail servers that one client speaks to without a login";
    OrderMinutes = ReceivedOrder "minutes" 720, "minutes that a hop may lie before the one below it";
    TimeHours = ReceivedTime "hours" 120, "hours that the newest hop may lie before the transfer";
    TimeFutureMinutes = ReceivedTime "future-minutes" 60, "minutes that the newest hop may lie behind the transfer";
    DatePastDays = DateOff "past-days" 30, "days that the Date may lie before the transfer";
    DateFutureHours = DateOff "future-hours" 24, "hours that the Date may lie behind the transfer";
}

impl Threshold {
    /// `rule.name`, as the command line takes it.
    #[must_use]
    pub fn id(self) -> String {
        format!("{}.{}", self.rule().id(), self.name())
    }
}

/// An assignment of a threshold that cannot be used.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
#[non_exhaustive]
pub enum ThresholdError {
    /// It is not `RULE.NAME=VALUE`.
    #[error("expected RULE.NAME=VALUE, such as login-guessing.failures=20")]
    Form,
    /// There is no such threshold.
    #[error("there is no threshold {0:?}; there are {all}", all = known())]
    Unknown(String),
    /// The value is no whole number.
    #[error("{0:?} is no whole number")]
    Value(String),
}

/// All names, for people.
fn known() -> String {
    Threshold::ALL.iter().map(|threshold| threshold.id()).collect::<Vec<_>>().join(", ")
}

impl Thresholds {
    /// The number to compare with.
    #[must_use]
    pub fn get(&self, threshold: Threshold) -> u64 {
        self.0.get(threshold as usize).copied().unwrap_or(u64::MAX)
    }

    /// Sets one.
    pub fn set(&mut self, threshold: Threshold, value: u64) {
        if let Some(place) = self.0.get_mut(threshold as usize) {
            *place = value;
        }
    }

    /// All of them by their names, as the options in `summary.json` have them.
    #[must_use]
    pub fn to_options(&self) -> Map<String, Value> {
        Threshold::ALL.iter().map(|threshold| (threshold.id(), self.get(*threshold).into())).collect()
    }

    /// Those that the options of a run name; the others are as by default.
    #[must_use]
    pub fn from_options(options: &Map<String, Value>) -> Self {
        let mut thresholds = Self::default();
        for (name, value) in options {
            if let (Ok(threshold), Some(value)) = (name.parse(), value.as_u64()) {
                thresholds.set(threshold, value);
            }
        }
        thresholds
    }
}

impl core::str::FromStr for Threshold {
    type Err = ThresholdError;

    /// Reads `RULE.NAME`.
    fn from_str(text: &str) -> Result<Self, ThresholdError> {
        let found = Self::ALL.iter().find(|threshold| threshold.id() == text);
        found.copied().ok_or_else(|| ThresholdError::Unknown(text.to_owned()))
    }
}

impl Threshold {
    /// Reads `RULE.NAME=VALUE`.
    ///
    /// # Errors
    ///
    /// [`ThresholdError`] says what is wrong with it.
    pub fn assignment(text: &str) -> Result<(Self, u64), ThresholdError> {
        let (name, value) = text.split_once('=').ok_or(ThresholdError::Form)?;
        let threshold = name.trim().parse()?;
        let value = value.trim();
        Ok((threshold, value.parse().map_err(|_| ThresholdError::Value(value.to_owned()))?))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::BTreeSet;

    #[test]
    fn names_are_told_apart_and_values_are_kept() {
        let names: BTreeSet<String> = Threshold::ALL.iter().map(|threshold| threshold.id()).collect();
        assert_eq!(names.len(), Threshold::ALL.len());
        let mut thresholds = Thresholds::default();
        assert!(Threshold::ALL.iter().all(|threshold| thresholds.get(*threshold) == threshold.default()));
        thresholds.set(Threshold::LargeOutbound, 7);
        let options = thresholds.to_options();
        assert_eq!(
            (options.len(), &options["large-outbound.bytes"]),
            (Threshold::ALL.len(), &Value::from(7))
        );
        assert_eq!(Thresholds::from_options(&options), thresholds);
        assert_eq!(Thresholds::from_options(&Map::new()), Thresholds::default());
    }

    #[test]
    fn assignments() {
        let read = |text: &str| Threshold::assignment(text).map_err(|error| error.to_string());
        assert_eq!(read("login-guessing.failures=20"), Ok((Threshold::GuessingFailures, 20)));
        assert_eq!(read("large-outbound.bytes = 0"), Ok((Threshold::LargeOutbound, 0)));
        assert_eq!(read("login-guessing.failures=-1"), Err("\"-1\" is no whole number".to_owned()));
        assert_eq!(Threshold::assignment("failures"), Err(ThresholdError::Form));
        let unknown = read("login-guessing.tries=3").unwrap_err();
        assert!(unknown.starts_with(
            "there is no threshold \"login-guessing.tries\"; there are login-failures.failures, "
        ));
    }
}
