//! The types and names of MAPI properties that matter here (MS-OXCDATA section 2.11.1, MS-OXPROPS).

/// A property type and id, as they stand in front of a value.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Tag {
    pub(super) kind: u16,
    pub(super) id: u16,
}

/// PidTagBody.
pub(super) const BODY: u16 = 0x1000;
/// PidTagRtfCompressed.
pub(super) const RTF_COMPRESSED: u16 = 0x1009;
/// PidTagBodyHtml or PidTagHtml.
pub(super) const HTML: u16 = 0x1013;
/// PidTagDisplayName.
pub(super) const DISPLAY_NAME: u16 = 0x3001;
/// PidTagAttachDataBinary or PidTagAttachDataObject.
pub(super) const ATTACH_DATA: u16 = 0x3701;
/// PidTagAttachFilename, of eight and three characters.
pub(super) const ATTACH_FILENAME: u16 = 0x3704;
/// PidTagAttachLongFilename.
pub(super) const ATTACH_LONG_FILENAME: u16 = 0x3707;

/// PtypObject.
pub(super) const OBJECT: u16 = 0x000d;
/// PtypString8.
const STRING8: u16 = 0x001e;
/// PtypString, in UTF-16.
pub(super) const UNICODE: u16 = 0x001f;
/// PtypBinary.
const BINARY: u16 = 0x0102;
/// A count of values follows, and so many values.
const MULTIPLE: u16 = 0x1000;

/// How the value of a property is written.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Layout {
    /// So many bytes.
    Fixed(u64),
    /// A count, and so many values of that size.
    Several(u64),
    /// A count, and so many lengths with their bytes.
    Counted,
    /// Nobody knows: the rest of the properties cannot be read.
    Unknown,
}

impl Tag {
    pub(super) const fn layout(self) -> Layout {
        let size = match self.kind & !MULTIPLE {
            // PtypInteger16 is padded.
            0x0002 | 0x0003 | 0x0004 | 0x000a | 0x000b => 4,
            0x0005 | 0x0006 | 0x0007 | 0x0014 | 0x0040 => 8,
            0x0048 => 16,
            // PtypNull has no value.
            0x0001 => 0,
            OBJECT | STRING8 | UNICODE | BINARY => return Layout::Counted,
            _ => return Layout::Unknown,
        };
        if self.kind & MULTIPLE == 0 { Layout::Fixed(size) } else { Layout::Several(size) }
    }

    /// Whether the property has a name of its own in front of its value.
    pub(super) const fn is_named(self) -> bool {
        self.id >= 0x8000
    }
}

/// The label of a Windows code page, for names in it.
pub(super) fn charset(page: u32) -> Option<String> {
    Some(match page {
        866 => "ibm866".to_owned(),
        874 | 1250..=1258 => format!("windows-{page}"),
        932 => "shift_jis".to_owned(),
        936 | 54936 => "gb18030".to_owned(),
        949 => "euc-kr".to_owned(),
        950 => "big5".to_owned(),
        20866 => "koi8-r".to_owned(),
        21866 => "koi8-u".to_owned(),
        28591..=28606 => format!("iso-8859-{}", page - 28590),
        50220..=50222 => "iso-2022-jp".to_owned(),
        51932 => "euc-jp".to_owned(),
        65001 => "utf-8".to_owned(),
        _ => return None,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn layouts() {
        for (kind, layout) in [
            (0x0002, Layout::Fixed(4)),
            (0x000b, Layout::Fixed(4)),
            (0x0040, Layout::Fixed(8)),
            (0x0048, Layout::Fixed(16)),
            (0x1003, Layout::Several(4)),
            (0x001e, Layout::Counted),
            (0x101f, Layout::Counted),
            (0x000d, Layout::Counted),
            (0x0102, Layout::Counted),
            (0x0fff, Layout::Unknown),
        ] {
            assert_eq!(Tag { kind, id: 0 }.layout(), layout, "{kind:#x}");
        }
        assert!(Tag { kind: 3, id: 0x8001 }.is_named());
    }

    #[test]
    fn code_pages_are_charsets_that_are_known() {
        for page in [866, 874, 932, 936, 949, 950, 1250, 1251, 1252, 1258, 20866, 28591, 28605, 51932, 65001]
        {
            let label = charset(page).unwrap();
            assert!(crate::charset::is_known(&label), "{page}: {label}");
        }
        assert_eq!(charset(437), None);
    }
}
