//! Names, addresses and dates in records.

use crate::record::{HeaderField, Message};
use core::net::{IpAddr, Ipv6Addr};
use mime_extract::{Address, Date};

/// An address without its port: `10.0.0.1` of `10.0.0.1:25`, `::1` of `[::1]:25`.
pub(super) fn host(address: &str) -> &str {
    let host = address.rsplit_once(':').map_or(address, |(host, _)| host);
    host.strip_prefix('[').and_then(|host| host.strip_suffix(']')).unwrap_or(host)
}

/// The port of `ip:port`.
pub(super) fn port(address: &str) -> Option<u16> {
    address.rsplit_once(':').and_then(|(_, port)| port.parse().ok())
}

/// An IP address, as one of version 4 where it is one in the clothes of version 6.
pub(super) fn ip(text: &str) -> Option<IpAddr> {
    let text = text.trim_matches(['[', ']']);
    let text = text.strip_prefix("IPv6:").unwrap_or(text);
    text.parse::<IpAddr>().ok().map(|address| address.to_canonical())
}

/// Whether an address is one of those that nobody routes between organisations.
pub(super) fn is_inside(address: &str) -> bool {
    match ip(address) {
        Some(IpAddr::V4(v4)) => v4.is_private() || v4.is_loopback() || v4.is_link_local(),
        Some(IpAddr::V6(v6)) => v6.is_loopback() || v6.is_unique_local() || is_link_local(v6),
        None => false,
    }
}

const fn is_link_local(address: Ipv6Addr) -> bool {
    address.segments()[0] & 0xffc0 == 0xfe80
}

/// The domain of an address, in lower case; `None` where there is none.
pub(super) fn domain(address: &str) -> Option<String> {
    let (_, domain) = address.rsplit_once('@')?;
    let domain = domain.trim().trim_end_matches(['.', '>']).to_ascii_lowercase();
    (!domain.is_empty()).then_some(domain)
}

/// The domain under which an organisation registers its own: `example.co.uk` of `mail.example.co.uk` (RFC 7489 section
/// 3.2). A name without a public suffix is its own.
pub(super) fn organisation(domain: &str) -> String {
    let domain = domain.trim_end_matches('.').to_ascii_lowercase();
    psl::domain_str(&domain).map(str::to_owned).unwrap_or(domain)
}

/// Whether a name is one of a host in the public tree of names: has dots, is no address, and does not end inside.
pub(super) fn is_public_name(name: &str) -> bool {
    let name = name.trim_end_matches('.');
    let last = name.rsplit('.').next().unwrap_or_default();
    name.contains('.')
        && ip(name).is_none()
        && last.bytes().any(|byte| byte.is_ascii_alphabetic())
        && !["local", "localdomain", "localhost", "lan", "internal", "intranet", "corp", "home", "invalid"]
            .contains(&last.to_ascii_lowercase().as_str())
}

/// Values of the fields of that name, unfolded.
pub(super) fn fields<'a>(message: &'a Message, name: &'a str) -> impl Iterator<Item = String> + 'a {
    let fields = message.header_fields.iter();
    let fields = fields.filter(move |HeaderField(known, ..)| known.as_str().eq_ignore_ascii_case(name));
    fields.map(|HeaderField(_, value, _)| unfolded(value.as_str()))
}

/// Whether no bytes of the header are missing: what rules say of it would be said of something else.
pub(super) fn header_is_whole(message: &Message) -> bool {
    let last = message.header_fields.last();
    let end = last.map_or(0, |HeaderField(name, value, offset)| {
        offset + (name.as_str().len() + value.as_str().len() + ":\r\n\r\n".len()) as u64
    });
    message.missing.iter().all(|hole| hole.offset >= end)
}

/// Whether there is a field of that name.
pub(super) fn has_field(message: &Message, name: &str) -> bool {
    message.header_fields.iter().any(|HeaderField(known, ..)| known.as_str().eq_ignore_ascii_case(name))
}

fn unfolded(value: &str) -> String {
    value.split('\n').map(|line| line.strip_suffix('\r').unwrap_or(line)).collect()
}

/// The addresses in the first field of that name.
pub(super) fn addresses(message: &Message, name: &str) -> Vec<Address> {
    fields(message, name).next().map(|value| Address::parse_list(value.as_bytes())).unwrap_or_default()
}

/// A date in a header, in seconds since the Unix epoch.
pub(super) fn date(text: &str) -> Option<i64> {
    Date::parse(unfolded(text).as_bytes()).map(|date| date.unix)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn hosts_and_ports() {
        for (address, expected) in
            [("10.0.0.1:25", ("10.0.0.1", Some(25))), ("[::1]:993", ("::1", Some(993))), ("", ("", None))]
        {
            assert_eq!((host(address), port(address)), expected, "{address}");
        }
        assert_eq!(ip("[IPv6:::ffff:192.0.2.1]"), ip("192.0.2.1"));
        assert!(is_inside("192.168.1.2") && is_inside("fe80::1") && is_inside("::1"));
        assert!(!is_inside("192.0.2.1") && !is_inside("2001:db8::1") && !is_inside("host"));
    }

    #[test]
    fn organisations() {
        for (name, expected) in [
            ("mail.example.co.uk", "example.co.uk"),
            ("EXAMPLE.com.", "example.com"),
            ("a.b.example.de", "example.de"),
            ("localhost", "localhost"),
        ] {
            assert_eq!(organisation(name), expected);
        }
        assert_eq!(domain("Ann@Mail.Example.org."), Some("mail.example.org".to_owned()));
        assert_eq!((domain("ann"), domain("ann@")), (None, None));
        for (name, expected) in
            [("mx.example.org", true), ("localhost", false), ("10.1.2.3", false), ("pc.fritz.local", false)]
        {
            assert_eq!(is_public_name(name), expected, "{name}");
        }
    }
}
