//! A document of the schema, field by field.

use std::collections::BTreeSet;
use std::net::IpAddr;

use serde_json::{Map, Value, json};

use super::VERSION;
use crate::export::cells::{ip, port};
use crate::record::Time;

/// A line under way. A field without a value is none.
#[derive(Debug)]
pub(super) struct Document {
    fields: Map<String, Value>,
    ips: BTreeSet<String>,
    hashes: BTreeSet<String>,
    users: BTreeSet<String>,
    hosts: BTreeSet<String>,
}

/// What is gathered in `related`.
#[derive(Debug, Clone, Copy)]
pub(super) enum Related {
    Hash,
    User,
    Host,
}

impl Document {
    /// An event of this kind: `session`, `email`..; `category` and `kind` as ECS has them.
    pub(super) fn new(dataset: &str, kind: &str, category: &str, types: &[&str], at: Option<Time>) -> Self {
        let mut document = Self {
            fields: Map::new(),
            ips: BTreeSet::new(),
            hashes: BTreeSet::new(),
            users: BTreeSet::new(),
            hosts: BTreeSet::new(),
        };
        // Without a time of its own it is of no time: the schema asks for one.
        document
            .set("@timestamp", at.unwrap_or_else(|| Time::new(core::time::Duration::ZERO, 0)).to_string());
        document.set("ecs.version", VERSION);
        document.set("event.kind", kind);
        document.set("event.category", json!([category]));
        document.set("event.type", json!(types));
        document.set("event.module", "mailtap");
        document.set("event.dataset", format!("mailtap.{dataset}"));
        document.set("observer.vendor", "mailtap");
        document.set("observer.product", "mailtap");
        document.set("observer.version", env!("CARGO_PKG_VERSION"));
        document
    }

    /// Sets a field; a dot parts the names of objects.
    pub(super) fn set(&mut self, name: &str, value: impl Into<Value>) {
        let value = value.into();
        let is_none = match &value {
            Value::Null => true,
            Value::Array(list) => list.is_empty(),
            Value::Object(fields) => fields.is_empty(),
            // What a signed number of 64 bits does not hold, Elasticsearch refuses with the whole document.
            Value::Number(number) => number.as_i64().is_none(),
            _ => false,
        };
        if is_none {
            return;
        }
        let mut fields = &mut self.fields;
        let mut names = name.split('.').peekable();
        while let Some(name) = names.next() {
            if names.peek().is_none() {
                fields.insert(name.to_owned(), value);
                return;
            }
            let below = fields.entry(name.to_owned()).or_insert_with(|| Value::Object(Map::new()));
            let Value::Object(below) = below else { return };
            fields = below;
        }
    }

    pub(super) fn relate(&mut self, to: Related, value: &str) {
        let related = match to {
            Related::Hash => &mut self.hashes,
            Related::User => &mut self.users,
            Related::Host => &mut self.hosts,
        };
        if !value.is_empty() {
            related.insert(value.to_owned());
        }
    }

    /// The two ends of a connection, `ip:port`.
    pub(super) fn ends(&mut self, protocol: &str, client: &str, server: &str) {
        self.set("network.protocol", Some(protocol).filter(|protocol| !protocol.is_empty()));
        self.set("network.transport", "tcp");
        for (address, names) in [(client, ["source", "client"]), (server, ["destination", "server"])] {
            let parsed: Option<IpAddr> = ip(address).parse().ok();
            for name in names {
                self.set(&format!("{name}.address"), ip(address));
                self.set(&format!("{name}.ip"), parsed.map(|ip| ip.to_string()));
                self.set(&format!("{name}.port"), port(address));
            }
            if let Some(ip) = parsed {
                self.set("network.type", if ip.is_ipv4() { "ipv4" } else { "ipv6" });
                self.ips.insert(ip.to_string());
            }
        }
    }

    /// From when to when, and how long: nanoseconds.
    pub(super) fn span(&mut self, start: Time, end: Time) {
        self.set("event.start", start.to_string());
        self.set("event.end", end.to_string());
        let duration = end.at().checked_sub(start.at()).and_then(|span| u64::try_from(span.as_nanos()).ok());
        self.set("event.duration", duration);
    }

    /// The document as it is written.
    pub(super) fn finish(mut self) -> Value {
        for (name, values) in [
            ("related.ip", core::mem::take(&mut self.ips)),
            ("related.hash", core::mem::take(&mut self.hashes)),
            ("related.user", core::mem::take(&mut self.users)),
            ("related.hosts", core::mem::take(&mut self.hosts)),
        ] {
            self.set(name, values.into_iter().collect::<Vec<_>>());
        }
        Value::Object(self.fields)
    }
}

/// A record, or a part of one, as it stands in the folder.
pub(super) fn recorded(record: &impl serde::Serialize) -> Value {
    serde_json::to_value(record).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;
    use core::time::Duration;

    #[test]
    fn fields_stand_in_objects_and_nothing_is_null() {
        let at = Time::new(Duration::new(1, 5_000_000), 3);
        let mut document = Document::new("session", "event", "network", &["connection"], Some(at));
        document.ends("smtp", "10.0.0.1:4000", "[2001:db8:0::1]:25");
        document.span(at, Time::new(Duration::new(2, 5_000_000), 3));
        document.set("event.sequence", u64::MAX);
        document.set("event.reason", None::<String>);
        document.set("mailtap.session", i64::MAX.unsigned_abs());
        document.relate(Related::User, "bob");
        document.relate(Related::User, "bob");
        document.relate(Related::Host, "");
        let end = |ip: &str, port: u16| json!({"address": ip, "ip": ip, "port": port});
        let server = json!({"address": "2001:db8:0::1", "ip": "2001:db8::1", "port": 25});
        assert_eq!(
            document.finish(),
            json!({
                "@timestamp": "1970-01-01T00:00:01.005Z",
                "ecs": {"version": "8.11.0"},
                "event": {
                    "kind": "event", "category": ["network"], "type": ["connection"],
                    "module": "mailtap", "dataset": "mailtap.session",
                    "start": "1970-01-01T00:00:01.005Z", "end": "1970-01-01T00:00:02.005Z",
                    "duration": 1_000_000_000,
                },
                "observer": {"vendor": "mailtap", "product": "mailtap", "version": env!("CARGO_PKG_VERSION")},
                "network": {"protocol": "smtp", "transport": "tcp", "type": "ipv6"},
                "source": end("10.0.0.1", 4000), "client": end("10.0.0.1", 4000),
                "destination": server, "server": server,
                "mailtap": {"session": i64::MAX},
                "related": {"ip": ["10.0.0.1", "2001:db8::1"], "user": ["bob"]},
            })
        );
    }
}
