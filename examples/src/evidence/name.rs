//! Names of files, which are hashes of what is in them.

use crate::record::hex;
use crate::sink::Store;

/// The name that the content of a file gives it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Name {
    pub(super) sha256: [u8; 32],
    /// With zeros behind it.
    extension: [u8; 16],
}

impl Name {
    /// The name of a file in one of the folders of files; `None` for a name that no run gives.
    pub(super) fn parse(name: &str) -> Option<Self> {
        let (stem, extension) = name.split_once('.')?;
        let plain = |c: u8| c.is_ascii_lowercase() || c.is_ascii_digit();
        if extension.is_empty() || !extension.bytes().all(plain) {
            return None;
        }
        let mut padded = [0; 16];
        padded.get_mut(..extension.len())?.copy_from_slice(extension.as_bytes());
        Some(Self { sha256: from_hex(stem)?, extension: padded })
    }

    /// The file below the output folder.
    pub(super) fn shown(&self, store: Store) -> String {
        let extension: String =
            self.extension.iter().take_while(|byte| **byte != 0).copied().map(char::from).collect();
        format!("{}/{}.{extension}", store.folder_name(), hex(&self.sha256))
    }
}

/// The bytes that lower-case digits stand for.
pub(super) fn from_hex<const N: usize>(text: &str) -> Option<[u8; N]> {
    let nibble = |digit: u8| match digit {
        b'0'..=b'9' => Some(digit - b'0'),
        b'a'..=b'f' => Some(digit - b'a' + 10),
        _ => None,
    };
    let (pairs, rest) = text.as_bytes().as_chunks::<2>();
    if pairs.len() != N || !rest.is_empty() {
        return None;
    }
    let mut bytes = [0; N];
    for (byte, [high, low]) in bytes.iter_mut().zip(pairs) {
        *byte = nibble(*high)? << 4 | nibble(*low)?;
    }
    Some(bytes)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_made_of_hashes() {
        let hash = "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855";
        let name = Name::parse(&format!("{hash}.eml")).unwrap();
        assert_eq!(name.shown(Store::Messages), format!("messages/{hash}.eml"));
        for bad in [
            hash.to_owned(),
            format!("{hash}."),
            format!("{hash}.EML"),
            format!("{hash}.tar.gz"),
            format!("{hash}.abcdefghijklmnopq"),
            format!("{}.eml", hash.to_uppercase()),
            format!("{}.eml", &hash[1..]),
            format!("../{hash}.eml"),
        ] {
            assert_eq!(Name::parse(&bad), None, "{bad}");
        }
    }
}
