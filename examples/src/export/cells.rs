//! Values of tables, whatever the format that holds them.

use crate::record::{Secret, Text, Time};

/// What the values of a column are.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Kind {
    /// Yes or no.
    Bool,
    /// A number without a sign, of up to 64 bits.
    Number,
    /// A number with a sign.
    Signed,
    /// A time since 1970, in UTC.
    Time,
    /// Text.
    Text,
    /// Texts in their order.
    List,
}

/// A value, or none.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Cell<'a> {
    None,
    Bool(bool),
    Number(u64),
    Signed(i64),
    Time(Time),
    Text(&'a str),
    Owned(String),
    List(Vec<String>),
}

/// A column: its name, and how its value is found in a row.
#[derive(Debug)]
pub(super) struct Column<R> {
    pub(super) name: &'static str,
    pub(super) kind: Kind,
    pub(super) get: for<'a> fn(&'a R) -> Cell<'a>,
}

/// A table: a kind of rows and the columns that show them.
#[derive(Debug)]
pub(super) struct Table<R: 'static> {
    pub(super) name: &'static str,
    pub(super) columns: &'static [Column<R>],
}

/// A column of this kind.
pub(super) const fn column<R>(
    name: &'static str,
    kind: Kind,
    get: for<'a> fn(&'a R) -> Cell<'a>,
) -> Column<R> {
    Column { name, kind, get }
}

impl<'a> From<&'a Text> for Cell<'a> {
    fn from(text: &'a Text) -> Self {
        Self::Text(text.as_str())
    }
}

impl<'a> From<&'a Secret> for Cell<'a> {
    fn from(secret: &'a Secret) -> Self {
        Self::Text(secret.expose())
    }
}

impl<'a> From<&'a str> for Cell<'a> {
    fn from(text: &'a str) -> Self {
        Self::Text(text)
    }
}

impl<'a> From<&'a String> for Cell<'a> {
    fn from(text: &'a String) -> Self {
        Self::Text(text)
    }
}

impl From<u64> for Cell<'_> {
    fn from(number: u64) -> Self {
        Self::Number(number)
    }
}

impl From<u32> for Cell<'_> {
    fn from(number: u32) -> Self {
        Self::Number(number.into())
    }
}

impl From<u16> for Cell<'_> {
    fn from(number: u16) -> Self {
        Self::Number(number.into())
    }
}

impl From<i32> for Cell<'_> {
    fn from(number: i32) -> Self {
        Self::Signed(number.into())
    }
}

impl From<bool> for Cell<'_> {
    fn from(value: bool) -> Self {
        Self::Bool(value)
    }
}

impl From<Time> for Cell<'_> {
    fn from(time: Time) -> Self {
        Self::Time(time)
    }
}

impl<'a, T> From<Option<T>> for Cell<'a>
where
    T: Into<Self>,
{
    fn from(value: Option<T>) -> Self {
        value.map_or(Self::None, Into::into)
    }
}

/// Texts in their order; no value where there are none.
pub(super) fn list<T: ToString>(texts: impl IntoIterator<Item = T>) -> Cell<'static> {
    let texts: Vec<String> = texts.into_iter().map(|text| text.to_string()).collect();
    if texts.is_empty() { Cell::None } else { Cell::List(texts) }
}

/// An address without its port; all of it where it has none.
pub(super) fn ip(address: &str) -> &str {
    let host = split(address).map_or(address, |(host, _)| host);
    host.strip_prefix('[').and_then(|host| host.strip_suffix(']')).unwrap_or(host)
}

/// The port of an address.
pub(super) fn port(address: &str) -> Option<u16> {
    split(address).map(|(_, port)| port)
}

fn split(address: &str) -> Option<(&str, u16)> {
    let (host, port) = address.rsplit_once(':')?;
    // A bare IPv6 address has colons and no port.
    let is_host = !host.contains(':') || host.starts_with('[') && host.ends_with(']');
    Some((host, port.parse().ok()?)).filter(|_| is_host)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn addresses_and_ports() {
        for (address, host, number) in [
            ("10.0.0.1:25", "10.0.0.1", Some(25)),
            ("[2001:db8::1]:65535", "2001:db8::1", Some(65535)),
            ("2001:db8::1", "2001:db8::1", None),
            ("10.0.0.1", "10.0.0.1", None),
            ("10.0.0.1:65536", "10.0.0.1:65536", None),
            ("", "", None),
        ] {
            assert_eq!((ip(address), port(address)), (host, number), "{address}");
        }
    }
}
