//! Messages and files that were sent in pieces: message/partial (RFC 2046 section 5.2.2) and yEnc.
//!
//! The pieces come in several messages, in any order. A [`Joiner`] is told of each as its part begins, and says in the
//! end which of them make a whole; it knows where they stand, and never holds their bytes.
//!
//! ```
//! use mime_extract::{Config, EventKind, Extractor, join};
//!
//! let mut joiner = join::Joiner::new(join::Config::default());
//! let mut contents: Vec<Vec<u8>> = Vec::new();
//! let mut copied = Vec::new();
//! for (number, text) in [(2, "two"), (1, "Subject: whole\n\none ")] {
//!     let mut extractor = Extractor::new(Config::default());
//!     let head = "From: a@b\nSubject: piece\nContent-Type: message/partial";
//!     extractor.push(format!("{head}; id=x; total=2; number={number}\n\n{text}").into());
//!     extractor.finish();
//!     for event in extractor.events() {
//!         match event.kind {
//!             EventKind::PartStart(part) => {
//!                 if let Some(piece) = join::Piece::of(&part) {
//!                     joiner.push(contents.len() as u64, piece);
//!                     contents.push(Vec::new());
//!                 }
//!                 if number == 1 {
//!                     copied = join::copied(&part.headers);
//!                 }
//!             }
//!             EventKind::PartData(bytes) => contents.last_mut().unwrap().extend_from_slice(&bytes),
//!             _ => {}
//!         }
//!     }
//! }
//! let whole = &joiner.finish()[0];
//! assert!(whole.complete);
//! let [first, second] = [0, 1].map(|at| &contents[whole.pieces[at] as usize]);
//! let (mut message, body) = join::head(&copied, first);
//! message.extend_from_slice(&first[body..]);
//! message.extend_from_slice(second);
//! assert_eq!(message, b"From: a@b\r\nSubject: whole\r\n\r\none two");
//! ```

use crate::{Container, EventKind, Extractor, Headers, Part};
use bytes::Bytes;
use std::collections::BTreeMap;

/// Longest id or name; a piece that has a longer one is not joined.
const MAX_ID: usize = 998;

/// Limits of a joiner.
#[derive(Clone, Debug)]
pub struct Config {
    max_pieces: usize,
}

impl Default for Config {
    fn default() -> Self {
        Self { max_pieces: 100_000 }
    }
}

impl Config {
    /// Pieces that are kept, of all wholes. Default 100,000; further ones are refused.
    #[must_use]
    pub const fn max_pieces(mut self, pieces: usize) -> Self {
        self.max_pieces = pieces;
        self
    }
}

/// What pieces belong to.
#[non_exhaustive]
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Whole {
    /// A message, by the id of its message/partial pieces.
    Message {
        /// The id.
        id: String,
    },
    /// A file in yEnc.
    File {
        /// Its name.
        name: String,
        /// Its size in bytes.
        size: u64,
    },
}

/// What a part says of the piece that it holds.
#[non_exhaustive]
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Piece {
    /// To what it belongs.
    pub whole: Whole,
    /// Which one it is, from 1.
    pub number: u64,
    /// Of how many, if it says so.
    pub total: Option<u64>,
    /// Its first and its last byte in the file, from 1, if it says so.
    pub range: Option<[u64; 2]>,
}

impl Piece {
    /// The piece that a part holds: a message/partial, or a file in yEnc that is not whole.
    #[must_use]
    pub fn of(part: &Part) -> Option<Self> {
        let parameter = |name: &str| {
            part.parameters.iter().find(|(known, _)| known == name).map(|(_, value)| value.trim())
        };
        let number = |name: &str| parameter(name).and_then(|value| value.parse::<u64>().ok());
        let fits = |id: &str| !id.is_empty() && id.len() <= MAX_ID;
        let (whole, range) = if part.container == Some(Container::YEnc) {
            let name = part.filename.clone().filter(|name| fits(name))?;
            let range = number("begin").zip(number("end")).map(|(begin, end)| [begin, end]);
            (Whole::File { name, size: number("size")? }, range)
        } else if part.content_type == "message/partial" {
            (Whole::Message { id: parameter("id").filter(|id| fits(id))?.to_owned() }, None)
        } else {
            return None;
        };
        let number = number("number").filter(|number| *number > 0)?;
        let total = parameter("total").and_then(|total| total.parse().ok()).filter(|total| *total > 0);
        Some(Self { whole, number, total, range })
    }
}

/// What became of the pieces of one whole.
#[non_exhaustive]
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Joined {
    /// The whole.
    pub whole: Whole,
    /// The pieces in their order, by the numbers that the caller gave them. Of two that stand at the same place the
    /// one that was told first.
    pub pieces: Vec<u64>,
    /// How many there should be; `None`: no piece says so.
    pub total: Option<u64>,
    /// Whether all are there, and say the same of the whole.
    pub complete: bool,
    /// Whether they contradict each other: in how many they are, or in where they stand.
    pub contradiction: bool,
}

#[derive(Debug, Default)]
struct Pieces {
    /// By the number of the piece.
    known: BTreeMap<u64, (u64, Piece)>,
    total: Option<u64>,
    contradiction: bool,
}

/// Finds the pieces that belong together.
#[derive(Debug, Default)]
pub struct Joiner {
    config: Config,
    wholes: BTreeMap<Whole, Pieces>,
    pieces: usize,
}

impl Joiner {
    /// A joiner without pieces.
    #[must_use]
    pub fn new(config: Config) -> Self {
        Self { config, ..Self::default() }
    }

    /// Takes a piece, which the caller knows as `id`. `false`: the limit is met, or the piece is there already.
    pub fn push(&mut self, id: u64, piece: Piece) -> bool {
        if self.pieces >= self.config.max_pieces {
            return false;
        }
        let pieces = self.wholes.entry(piece.whole.clone()).or_default();
        if let Some(total) = piece.total {
            pieces.contradiction |= pieces.total.is_some_and(|known| known != total);
            pieces.total.get_or_insert(total);
        }
        if let Some((_, known)) = pieces.known.get(&piece.number) {
            pieces.contradiction |= known.range != piece.range;
            return false;
        }
        pieces.known.insert(piece.number, (id, piece));
        self.pieces += 1;
        true
    }

    /// All pieces are told: what they make, in the order of the lowest number that the caller gave a piece.
    #[must_use]
    pub fn finish(self) -> Vec<Joined> {
        let mut joined: Vec<_> =
            self.wholes.into_iter().map(|(whole, pieces)| pieces.joined(whole)).collect();
        joined.sort_by_key(|one| one.pieces.iter().min().copied());
        joined
    }
}

impl Pieces {
    fn joined(self, whole: Whole) -> Joined {
        let Self { known, total, contradiction } = self;
        let consecutive = (1..).zip(known.keys()).all(|(number, known)| number == *known);
        let count = known.len() as u64;
        let mut complete = consecutive && !contradiction;
        match &whole {
            Whole::Message { .. } => complete &= total == Some(count),
            Whole::File { size, .. } => {
                complete &= total.is_none_or(|total| total == count);
                let mut next = 1;
                for (_, piece) in known.values() {
                    complete &= piece.range.is_some_and(|[begin, end]| begin == next && end >= begin);
                    next = piece.range.map_or(next, |[_, end]| end.saturating_add(1));
                }
                complete &= next.checked_sub(1) == Some(*size);
            }
        }
        let pieces = known.into_values().map(|(id, _)| id).collect();
        Joined { whole, pieces, total, complete, contradiction }
    }
}

/// Whether a field of the pieces themselves says nothing of the whole (RFC 2046 section 5.2.2.1).
fn of_the_piece(name: &[u8]) -> bool {
    let is = |known: &str| name.eq_ignore_ascii_case(known.as_bytes());
    name.get(..8).is_some_and(|start| start.eq_ignore_ascii_case(b"content-"))
        || ["subject", "message-id", "encrypted", "mime-version"].into_iter().any(is)
}

fn lines<'a>(fields: impl Iterator<Item = crate::Field<'a>>) -> Vec<u8> {
    fields.flat_map(|field| [field.name(), b": ", field.raw(), b"\r\n"].concat()).collect()
}

/// The fields that a whole message has from the message around its first piece.
#[must_use]
pub fn copied(around: &Headers) -> Vec<u8> {
    lines(around.iter().filter(|field| !field.name().is_empty() && !of_the_piece(field.name())))
}

/// The header of a whole message, with the empty line behind it, and where the body begins in the first piece: that
/// follows, then the other pieces. `copied`: the fields from around the first piece; `first`: its content, or as much
/// of it as holds a header.
#[must_use]
pub fn head(copied: &[u8], first: &[u8]) -> (Vec<u8>, usize) {
    let mut extractor = Extractor::new(crate::Config::default());
    extractor.push(Bytes::copy_from_slice(first));
    extractor.finish();
    let mut head = copied.to_vec();
    let mut body = 0;
    if let Some((headers, end)) = extractor.events().find_map(|event| match event.kind {
        EventKind::Headers(headers) => Some((headers, event.range.end)),
        _ => None,
    }) {
        head.extend(lines(headers.iter().filter(|field| of_the_piece(field.name()))));
        body = usize::try_from(end).unwrap_or(first.len()).min(first.len());
    }
    head.extend_from_slice(b"\r\n");
    (head, body)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn piece(id: &str, number: u64, total: Option<u64>) -> Piece {
        Piece { whole: Whole::Message { id: id.to_owned() }, number, total, range: None }
    }

    fn slice(number: u64, range: Option<[u64; 2]>) -> Piece {
        Piece { whole: Whole::File { name: "x".to_owned(), size: 20 }, number, total: None, range }
    }

    /// Which pieces make what, `!` where they contradict each other, `..` where some are missing.
    fn told(pieces: &[Piece]) -> Vec<String> {
        let mut joiner = Joiner::new(Config::default().max_pieces(6));
        for (id, piece) in (0..).zip(pieces) {
            joiner.push(id, piece.clone());
        }
        let told = joiner.finish().into_iter().map(|one| {
            let pieces: Vec<_> = one.pieces.iter().map(ToString::to_string).collect();
            let odd = if one.contradiction { "!" } else { "" };
            format!("{}{}{odd}", pieces.join(" "), if one.complete { "" } else { ".." })
        });
        told.collect()
    }

    #[test]
    fn pieces_make_wholes() {
        let table: &[(&[Piece], &[&str])] = &[
            (&[], &[]),
            (&[piece("a", 2, None), piece("b", 1, Some(1)), piece("a", 1, Some(2))], &["2 0", "1"]),
            (&[piece("a", 1, Some(3)), piece("a", 3, Some(3))], &["0 1.."]),
            (&[piece("a", 1, None), piece("a", 2, None)], &["0 1.."]),
            (&[piece("a", 1, Some(2)), piece("a", 1, Some(2)), piece("a", 2, None)], &["0 2"]),
            (&[piece("a", 1, Some(2)), piece("a", 2, Some(3))], &["0 1..!"]),
            (&[piece("a", 2, Some(1))], &["0.."]),
            (&[piece("a", 1, Some(u64::MAX))], &["0.."]),
            (&[slice(2, Some([11, 20])), slice(1, Some([1, 10]))], &["1 0"]),
            (&[slice(1, Some([1, 10])), slice(2, Some([12, 20]))], &["0 1.."]),
            (&[slice(1, Some([1, 10])), slice(1, Some([2, 10]))], &["0..!"]),
            (&[slice(1, Some([1, 19]))], &["0.."]),
            (&[slice(1, None)], &["0.."]),
            (&[slice(1, Some([5, u64::MAX])), slice(2, Some([0, 0]))], &["0 1.."]),
            (&core::array::from_fn::<_, 8, _>(|n| piece("a", n as u64 + 1, Some(8))), &["0 1 2 3 4 5.."]),
        ];
        for (pieces, expected) in table {
            assert_eq!(told(pieces), *expected, "{pieces:?}");
        }
    }

    #[test]
    fn heads() {
        let first = b"Subject: inner\r\nX-Own: dropped\r\nContent-Type: text/html\r\n\r\n<b>";
        let (head, body) = head(b"From: a\r\n", first);
        assert_eq!(head, b"From: a\r\nSubject: inner\r\nContent-Type: text/html\r\n\r\n");
        assert_eq!(&first[body..], b"<b>");
        assert_eq!(super::head(b"", b""), (b"\r\n".to_vec(), 0));
    }
}
