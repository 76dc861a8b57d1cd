//! Just enough DER (X.690) to find a ticket: tags of one byte, definite lengths, no recursion.

/// The elements that follow one another.
#[derive(Clone, Copy, Debug)]
pub(super) struct Der<'a>(pub(super) &'a [u8]);

impl<'a> Der<'a> {
    /// The next element: its tag and its content. `None` at the end, and where the element is cut.
    pub(super) fn next(&mut self) -> Option<(u8, &'a [u8])> {
        let (&tag, rest) = self.0.split_first()?;
        let (&first, mut rest) = rest.split_first()?;
        let len = if first < 0x80 {
            usize::from(first)
        } else {
            let (octets, after) = rest.split_at_checked(usize::from(first & 0x7f))?;
            if octets.is_empty() || octets.len() > 4 {
                return None;
            }
            rest = after;
            octets.iter().fold(0_usize, |len, octet| (len << 8) | usize::from(*octet))
        };
        let (content, after) = rest.split_at_checked(len)?;
        self.0 = after;
        Some((tag, content))
    }

    /// The content of the next element, if it has this tag.
    pub(super) fn take(&mut self, tag: u8) -> Option<&'a [u8]> {
        let mut ahead = *self;
        let (found, content) = ahead.next()?;
        (found == tag).then(|| {
            *self = ahead;
            content
        })
    }

    /// The content of the first element that has this tag.
    pub(super) fn find(mut self, tag: u8) -> Option<&'a [u8]> {
        loop {
            let (found, content) = self.next()?;
            if found == tag {
                return Some(content);
            }
        }
    }
}

/// An INTEGER of at most 32 bits.
pub(super) fn integer(content: &[u8]) -> Option<i32> {
    let (&first, rest) = content.split_first()?;
    if rest.len() > 3 {
        return None;
    }
    let start = i32::from(i8::from_be_bytes([first]));
    Some(rest.iter().fold(start, |value, octet| (value << 8) | i32::from(*octet)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn elements() {
        let mut der = Der(b"\x30\x03abc\x04\x81\x02de\x02\x82\x00\x01f\x05");
        assert_eq!(der.take(0x31), None);
        assert_eq!(der.find(0x02), Some(&b"f"[..]));
        assert_eq!(der.take(0x30), Some(&b"abc"[..]));
        assert_eq!(der.next(), Some((0x04, &b"de"[..])));
        assert_eq!(der.next(), Some((0x02, &b"f"[..])));
        assert_eq!(der.next(), None);
        for cut in
            [&b""[..], b"\x30", b"\x30\x80", b"\x30\x85\x00\x00\x00\x00\x00", b"\x30\x04abc", b"\x30\x82\x01"]
        {
            assert_eq!(Der(cut).next(), None);
        }
    }

    #[test]
    fn integers() {
        let cases: [(&[u8], Option<i32>); 6] = [
            (b"\x17", Some(23)),
            (b"\xff\x7b", Some(-133)),
            (b"\x80\x00\x00\x00", Some(i32::MIN)),
            (b"\x7f\xff\xff\xff", Some(i32::MAX)),
            (b"", None),
            (b"\x00\xff\xff\xff\xff", None),
        ];
        for (content, expected) in cases {
            assert_eq!(integer(content), expected);
        }
    }
}
