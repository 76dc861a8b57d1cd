//! Tags and lengths of BER (X.690), and how CMS begins.

use crate::slice;

/// 1.2.840.113549.1.7, the kinds of PKCS #7.
pub(super) const PKCS7: [u8; 8] = [0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 1, 7];

/// 1.2.840.113549.1.9.16.1, the kinds that S/MIME added.
pub(super) const SMIME: [u8; 10] = [0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 1, 9, 16, 1];

/// Longest head: a tag, a length of five bytes, and the OID.
pub(super) const LOOK: usize = 24;

pub(super) const SEQUENCE: u8 = 0x30;
pub(super) const OID: u8 = 6;
pub(super) const CONSTRUCTED: u8 = 0x20;

/// Whether bytes begin a ContentInfo that is known; `None`: more of them would say.
pub(super) fn is_cms(head: &[u8]) -> Option<bool> {
    let Some((&SEQUENCE, rest)) = head.split_first() else { return Some(false) };
    let (&len, rest) = rest.split_first()?;
    let more = if len > 0x80 { usize::from(len & 0x7f) } else { 0 };
    if more > 8 {
        return Some(false);
    }
    let oid = slice::split(rest, more).1;
    if rest.len() < more || oid.len() < 12 {
        let whole = [OID, 9].iter().chain(&PKCS7);
        let other = [OID, 11].iter().chain(&SMIME);
        let may = oid.iter().zip(whole).all(|(a, b)| a == b) || oid.iter().zip(other).all(|(a, b)| a == b);
        return (!may).then_some(false);
    }
    Some(
        oid.strip_prefix(&[OID, 9]).is_some_and(|oid| oid.starts_with(&PKCS7))
            || oid.strip_prefix(&[OID, 11]).is_some_and(|oid| oid.starts_with(&SMIME)),
    )
}

/// What a tag and a length say.
pub(super) enum Head {
    More,
    Bad,
    /// The tag, and the length; `None`: indefinite.
    Whole(u8, Option<u64>),
}

/// X.690 sections 8.1.2 and 8.1.3. Tags of more than one byte do not occur.
pub(super) fn head(bytes: &[u8]) -> Head {
    let [tag, rest @ ..] = bytes else { return Head::More };
    if tag & 0x1f == 0x1f {
        return Head::Bad;
    }
    match rest {
        [] => Head::More,
        [0x80] if tag & CONSTRUCTED == 0 => Head::Bad,
        [0x80, ..] => Head::Whole(*tag, None),
        [len @ 0..0x80, ..] => Head::Whole(*tag, Some(u64::from(*len))),
        [count, digits @ ..] => {
            let count = usize::from(count & 0x7f);
            if count > 8 {
                return Head::Bad;
            }
            if digits.len() < count {
                return Head::More;
            }
            Head::Whole(*tag, Some(digits.iter().fold(0, |len, digit| len << 8 | u64::from(*digit))))
        }
    }
}
