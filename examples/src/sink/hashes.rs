//! The hashes of a message, in one pass.

use md5::Md5;
use sha2::{Digest as _, Sha256};

use crate::record::hex;

/// SHA-256, MD5, and SHA-256 without one final line end.
///
/// What may be that line end is held back from SHA-256, at most two bytes, so that both sums come out of one state.
#[derive(Debug, Clone, Default)]
pub(crate) struct Hashes {
    sha256: Sha256,
    md5: Md5,
    held: Held,
    size: u64,
}

/// The last bytes so far, as far as they may be a line end.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
enum Held {
    #[default]
    Nothing,
    Cr,
    Lf,
    CrLf,
}

impl Held {
    const fn bytes(self) -> &'static [u8] {
        match self {
            Self::Nothing => b"",
            Self::Cr => b"\r",
            Self::Lf => b"\n",
            Self::CrLf => b"\r\n",
        }
    }
}

impl Hashes {
    pub(crate) fn update(&mut self, bytes: &[u8]) {
        self.size += bytes.len() as u64;
        self.md5.update(bytes);
        let (rest, held) = match bytes {
            [] => return,
            [b'\n'] if self.held == Held::Cr => {
                self.held = Held::CrLf;
                return;
            }
            [rest @ .., b'\r', b'\n'] => (rest, Held::CrLf),
            [rest @ .., b'\n'] => (rest, Held::Lf),
            [rest @ .., b'\r'] => (rest, Held::Cr),
            rest => (rest, Held::Nothing),
        };
        self.sha256.update(self.held.bytes());
        self.sha256.update(rest);
        self.held = held;
    }

    pub(crate) const fn size(&self) -> u64 {
        self.size
    }

    /// SHA-256, MD5 and trimmed SHA-256, in hexadecimal.
    pub(crate) fn finish(self) -> [String; 3] {
        let without = self.sha256.clone();
        let whole = self.sha256.chain_update(self.held.bytes()).finalize();
        let trimmed = if self.held == Held::Cr { whole } else { without.finalize() };
        [hex(&whole), hex(&self.md5.finalize()), hex(&trimmed)]
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    /// The same, over the whole.
    fn expected(bytes: &[u8]) -> [String; 3] {
        let trimmed = bytes.strip_suffix(b"\r\n").or_else(|| bytes.strip_suffix(b"\n")).unwrap_or(bytes);
        [hex(&Sha256::digest(bytes)), hex(&Md5::digest(bytes)), hex(&Sha256::digest(trimmed))]
    }

    #[test]
    fn known_sums() {
        let [sha256, md5, trimmed] = Hashes::default().finish();
        assert_eq!(sha256, "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855");
        assert_eq!(md5, "d41d8cd98f00b204e9800998ecf8427e");
        assert_eq!(trimmed, sha256);
    }

    proptest! {
        #[test]
        fn any_chunking(chunks in prop::collection::vec("[a\r\n]{0,4}", 0..8)) {
            let mut hashes = Hashes::default();
            for chunk in &chunks {
                hashes.update(chunk.as_bytes());
            }
            let whole = chunks.concat();
            prop_assert_eq!(hashes.size(), whole.len() as u64);
            prop_assert_eq!(hashes.finish(), expected(whole.as_bytes()));
        }
    }
}
