//! What is known of an upgrade to TLS inside of a connection: STARTTLS, STLS.

use crate::halves::{Side, Stream};

/// Offer, answer, and plaintext where none should be.
#[derive(Clone, Copy, Debug, Default)]
pub struct Upgrade {
    offered: Option<bool>,
    agreed: bool,
    accepted: bool,
    /// Plaintext of the client, of the server, behind the acceptance.
    plaintext: [bool; 2],
}

impl Upgrade {
    /// Says whether the list of what the server can holds the offer.
    pub const fn offer(&mut self, offered: bool) {
        self.offered = Some(offered);
    }

    /// Whether the last such list offered it; `None` if there was none.
    #[must_use]
    pub const fn offered(&self) -> Option<bool> {
        self.offered
    }

    /// The server has said yes.
    pub const fn accept(&mut self) {
        self.agreed = true;
        self.accepted = true;
    }

    /// Whether the server has said yes, and what the client makes of it has not come.
    #[must_use]
    pub const fn is_due(&self) -> bool {
        self.agreed
    }

    /// The client has gone on, with TLS or without.
    pub const fn went_on(&mut self) {
        self.agreed = false;
    }

    /// Takes note of a line of plaintext.
    pub const fn plaintext(&mut self, side: Side) {
        if self.accepted {
            let [client, server] = &mut self.plaintext;
            *(match side {
                Side::Client => client,
                Side::Server => server,
            }) = true;
        }
    }

    /// Whether that side said something in plaintext between the acceptance and its handshake: whoever put it there
    /// wanted it taken for encrypted (CVE-2011-0411).
    #[must_use]
    pub const fn was_injected(&self, side: Side) -> bool {
        let [client, server] = self.plaintext;
        match side {
            Side::Client => client,
            Side::Server => server,
        }
    }

    /// Whether a middlebox has painted a keyword over that keeps its length: `XXXX`, or `XXXA`.
    #[must_use]
    pub fn is_painted_over(keyword: &[u8]) -> bool {
        keyword.len() >= 4
            && keyword.starts_with(b"XXX")
            && keyword.iter().rev().skip(1).all(|byte| *byte == b'X')
    }

    /// Whether the next bytes, which are no TLS, are text; nothing at all counts as text. `None` while that cannot be
    /// told.
    #[must_use]
    pub fn is_text_ahead(stream: &impl Stream) -> Option<bool> {
        /// So many bytes tell text from other things.
        const ENOUGH: usize = 4;
        let text = |byte: &u8| matches!(byte, b'\t' | b'\r' | b'\n' | b' '..=b'~' | 0x80..);
        let ahead: Vec<u8> = stream.peek().take(ENOUGH).collect();
        let readable = ahead.iter().all(text);
        let decided = !readable || ahead.len() == ENOUGH || stream.peek_is_all();
        decided.then_some(readable)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::framer::Framer;

    #[test]
    fn plaintext_counts_behind_the_acceptance() {
        let mut upgrade = Upgrade::default();
        upgrade.plaintext(Side::Client);
        upgrade.accept();
        assert!(upgrade.is_due() && !upgrade.was_injected(Side::Client));
        upgrade.plaintext(Side::Server);
        upgrade.went_on();
        assert!(!upgrade.is_due());
        assert_eq!(Side::BOTH.map(|side| upgrade.was_injected(side)), [false, true]);
        upgrade.offer(false);
        assert_eq!(upgrade.offered(), Some(false));
    }

    #[test]
    fn keywords_that_were_painted_over() {
        for (keyword, painted) in [
            ("XXXX", true),
            ("XXXXXXXA", true),
            ("STLS", false),
            ("XXX", false),
            ("XXYX", false),
            ("XTND", false),
        ] {
            assert_eq!(Upgrade::is_painted_over(keyword.as_bytes()), painted, "{keyword}");
        }
    }

    #[test]
    fn text_shows_in_four_bytes() {
        for (bytes, closed, text) in [
            (&b""[..], false, None),
            (b"", true, Some(true)),
            (b"USE", false, None),
            (b"USER", false, Some(true)),
            (b"U\x01", false, Some(false)),
            (b"\xff\xfe\r\n", false, Some(true)),
        ] {
            let mut framer = Framer::new(16);
            framer.push(Default::default(), bytes::Bytes::from_static(bytes));
            if closed {
                framer.close(Default::default());
            }
            assert_eq!(Upgrade::is_text_ahead(&framer), text, "{bytes:?}");
        }
    }
}
