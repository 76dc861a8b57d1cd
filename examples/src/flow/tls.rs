//! What can be seen of a TLS connection from outside: version, server name, how far the handshake came.

use crate::record::{Direction, TlsHandshake};
use tls_parser::{TlsExtension, TlsMessage, TlsMessageHandshake, TlsVersion};

/// Handshake messages beyond this many bytes are not put together.
const MAX: usize = 64 << 10;

/// Watches the encrypted bytes of both directions.
#[derive(Debug, Default)]
pub(crate) struct Watch {
    client: Half,
    server: Half,
    pub(crate) version: Option<String>,
    pub(crate) server_name: Option<String>,
}

/// The records of one direction.
#[derive(Debug, Default)]
struct Half {
    /// The first bytes of a record that is not whole, while the handshake lasts.
    pending: Vec<u8>,
    /// Bytes of the current record still to come.
    left: usize,
    /// Change-cipher-spec or application data was seen: what follows is encrypted.
    encrypted: bool,
    /// Encrypted records, at most counted to a few.
    records: u8,
    alert: bool,
    lost: bool,
    /// Anything was seen at all.
    seen: bool,
}

impl Watch {
    pub(crate) fn push(&mut self, direction: Direction, bytes: &[u8]) {
        let half = match direction {
            Direction::Client => &mut self.client,
            Direction::Server => &mut self.server,
        };
        half.seen |= !bytes.is_empty();
        let mut rest = bytes;
        while !rest.is_empty() && !half.lost {
            if half.left > 0 {
                let take = half.left.min(rest.len());
                half.left -= take;
                rest = rest.get(take..).unwrap_or_default();
                continue;
            }
            let wanted = half.wanted();
            let take = (wanted - half.pending.len()).min(rest.len());
            let (taken, behind) = rest.split_at(take);
            half.pending.extend_from_slice(taken);
            rest = behind;
            if half.pending.len() < half.wanted() {
                continue;
            }
            if let Some((version, name)) = half.record() {
                self.version = version.or_else(|| self.version.take());
                self.server_name = name.or_else(|| self.server_name.take());
            }
        }
    }

    /// After a hole the record edges are lost.
    pub(crate) fn gap(&mut self, direction: Direction) {
        match direction {
            Direction::Client => self.client.lost = true,
            Direction::Server => self.server.lost = true,
        }
    }

    /// How far the handshake came by the end of the session.
    pub(crate) fn handshake(&self) -> TlsHandshake {
        let (client, server) = (&self.client, &self.server);
        if client.records > 1 && server.records > 1 {
            // Besides its Finished, each side has sent something encrypted.
            TlsHandshake::Completed
        } else if client.alert || server.alert {
            TlsHandshake::Failed
        } else if client.lost || server.lost || !(client.seen || server.seen) {
            TlsHandshake::Unseen
        } else if client.records > 0 && server.records > 0 {
            TlsHandshake::Completed
        } else {
            TlsHandshake::Cut
        }
    }
}

/// Type, version and length of a record (RFC 8446 section 5.1).
const RECORD_HEADER: usize = 5;

impl Half {
    /// How many bytes have to be together before something can be said.
    fn wanted(&self) -> usize {
        match self.pending.as_slice() {
            // Only handshake records are read; of the others the header is enough.
            [0x16, _, _, high, low, ..] if !self.encrypted => {
                RECORD_HEADER + usize::from(u16::from_be_bytes([*high, *low]))
            }
            _ => RECORD_HEADER,
        }
    }

    /// Reads the record, or its header, that is pending.
    fn record(&mut self) -> Option<(Option<String>, Option<String>)> {
        let record = core::mem::take(&mut self.pending);
        let [kind, 3, _, high, low, ..] = *record.as_slice() else {
            self.lost = true;
            return None;
        };
        self.left =
            (RECORD_HEADER + usize::from(u16::from_be_bytes([high, low]))).saturating_sub(record.len());
        match kind {
            0x14 => self.encrypted = true,
            0x15 => self.alert |= !self.encrypted,
            0x16 if !self.encrypted && record.len() <= MAX => return Some(handshake(&record)),
            0x16 | 0x17 => {
                self.encrypted = true;
                self.records = self.records.saturating_add(1);
            }
            _ => self.lost = true,
        }
        None
    }
}

/// Version and server name out of a handshake record.
fn handshake(record: &[u8]) -> (Option<String>, Option<String>) {
    let (mut version, mut name) = (None, None);
    let Ok((_, record)) = tls_parser::parse_tls_plaintext(record) else { return (None, None) };
    for message in &record.msg {
        match message {
            TlsMessage::Handshake(TlsMessageHandshake::ClientHello(hello)) => {
                for extension in extensions(hello.ext) {
                    if let TlsExtension::SNI(names) = extension {
                        name = names.first().map(|(_, name)| String::from_utf8_lossy(name).into_owned());
                    }
                }
            }
            TlsMessage::Handshake(TlsMessageHandshake::ServerHello(hello)) => {
                let mut chosen = hello.version;
                for extension in extensions(hello.ext) {
                    if let TlsExtension::SupportedVersions(versions) = extension {
                        chosen = versions.first().copied().unwrap_or(chosen);
                    }
                }
                version = Some(version_name(chosen));
            }
            _ => {}
        }
    }
    (version, name)
}

fn extensions(bytes: Option<&[u8]>) -> Vec<TlsExtension<'_>> {
    bytes
        .and_then(|bytes| tls_parser::parse_tls_extensions(bytes).ok())
        .map(|(_, list)| list)
        .unwrap_or_default()
}

fn version_name(version: TlsVersion) -> String {
    match version {
        TlsVersion::Ssl30 => "SSLv3".to_owned(),
        TlsVersion::Tls10 => "TLSv1.0".to_owned(),
        TlsVersion::Tls11 => "TLSv1.1".to_owned(),
        TlsVersion::Tls12 => "TLSv1.2".to_owned(),
        TlsVersion::Tls13 => "TLSv1.3".to_owned(),
        TlsVersion(other) => format!("0x{other:04x}"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A ClientHello of TLS 1.2 that asks for `mx.example`, and a ServerHello of TLS 1.3.
    fn hellos() -> [Vec<u8>; 2] {
        let record = |kind: u8, body: &[u8]| {
            let mut message = vec![kind, 0, 0, u8::try_from(body.len()).unwrap()];
            message.extend_from_slice(body);
            let mut record = vec![0x16, 3, 1, 0, u8::try_from(message.len()).unwrap()];
            record.extend_from_slice(&message);
            record
        };
        let mut client = vec![3, 3];
        client.extend_from_slice(&[7; 32]);
        client.extend_from_slice(&[0, 0, 2, 0x13, 1, 1, 0]);
        client.extend_from_slice(&[0, 19, 0, 0, 0, 15, 0, 13, 0, 0, 10]);
        client.extend_from_slice(b"mx.example");
        let mut server = vec![3, 3];
        server.extend_from_slice(&[9; 32]);
        server.extend_from_slice(&[0, 0x13, 1, 0, 0, 6, 0, 43, 0, 2, 3, 4]);
        [record(1, &client), record(2, &server)]
    }

    #[test]
    fn hellos_are_read_whatever_the_chunks() {
        let [client, server] = hellos();
        for chunk in [1, 3, 1000] {
            let mut watch = Watch::default();
            client.chunks(chunk).for_each(|bytes| watch.push(Direction::Client, bytes));
            assert_eq!(watch.handshake(), TlsHandshake::Cut);
            server.chunks(chunk).for_each(|bytes| watch.push(Direction::Server, bytes));
            assert_eq!(watch.server_name.as_deref(), Some("mx.example"), "{chunk}");
            assert_eq!(watch.version.as_deref(), Some("TLSv1.3"), "{chunk}");
            assert_eq!(watch.handshake(), TlsHandshake::Cut);
        }
    }

    #[test]
    fn how_far_the_handshake_came() {
        let application = [0x17, 3, 3, 0, 1, 0];
        let alert = [0x15, 3, 3, 0, 2, 2, 40];
        let [client, server] = hellos();
        let begin = || {
            let mut watch = Watch::default();
            watch.push(Direction::Client, &client);
            watch.push(Direction::Server, &server);
            watch
        };
        let mut completed = begin();
        completed.push(Direction::Server, &application);
        completed.push(Direction::Client, &application);
        assert_eq!(completed.handshake(), TlsHandshake::Completed);
        let mut failed = begin();
        failed.push(Direction::Client, &alert);
        assert_eq!(failed.handshake(), TlsHandshake::Failed);
        let mut lost = begin();
        lost.gap(Direction::Client);
        assert_eq!(lost.handshake(), TlsHandshake::Unseen);
        assert_eq!(Watch::default().handshake(), TlsHandshake::Unseen);
    }
}
