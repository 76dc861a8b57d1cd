//! What an analyst looks for, found in the records: rules, and the observer that applies them.
//!
//! ```text
//! logins, messages, anomalies, sessions -> Observer -> evidence by rule and subject -> judged at the end -> findings
//! ```
//!
//! Each rule stands in the table of [`Rule`] with its meaning, what makes it false, and its thresholds; `FINDINGS.md` is
//! that table. What is seen often is one finding with a count: each rule names its subject, such as a client and a server.
//!
//! ```
//! use mailtap::findings::{Config, Observer};
//! use mailtap::record::{Login, Place, Protocol, Time};
//!
//! let at = Time::new(core::time::Duration::ZERO, 0);
//! let (client, server) = ("10.0.0.1:40000".to_owned(), "10.0.0.2:110".to_owned());
//! let mut login = Login::new(1, Protocol::Pop3, at, Place::new(1, 7), client, server, "USER-PASS".into());
//! login.username = Some("alice".into());
//! login.password = Some("wonderland".into());
//!
//! let mut observer = Observer::new(Config::default());
//! observer.login(&login);
//! let findings = observer.finish();
//! assert_eq!(findings[0].rule, "cleartext-password");
//! assert_eq!(findings[0].title.as_str(), "Password sent in clear: alice at 10.0.0.2:110 (pop3), from 10.0.0.1");
//! ```

mod attachments;
mod gather;
mod logins;
mod messages;
mod names;
mod observer;
mod route;
mod rules;
mod senders;
mod sessions;
#[cfg(test)]
mod testing;
mod thresholds;
mod wire;

pub use observer::{Config, Observer};
pub use rules::Rule;
pub use thresholds::{Threshold, ThresholdError, Thresholds};
