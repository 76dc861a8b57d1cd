//! The open boundaries, found by one look-up however many there are (RFC 2046 section 5.1.1).

use crate::Anomaly;
use crate::choices::Choices;
use crate::config::MAX_DELIMITER;
use crate::slice::{self, is_blank};
use std::collections::HashMap;

/// A line is the delimiter of an open multipart.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Hit {
    /// The multipart, by its place in the stack of open nodes.
    pub(crate) level: usize,
    /// Whether no further part follows.
    pub(crate) close: bool,
}

/// So many boundaries are compared one by one, which is faster than a hash.
const FEW: usize = 4;

/// The boundaries of the open multiparts, without the blanks at their ends.
#[derive(Debug, Default)]
pub(crate) struct Boundaries {
    /// The levels of each, the innermost last. Never iterated.
    levels: HashMap<Vec<u8>, Vec<usize>>,
    /// Outermost first.
    order: Vec<(usize, Vec<u8>)>,
    /// A line that only begins as a delimiter is one.
    prefix: bool,
    /// Of equal boundaries the outermost is found.
    outermost: bool,
}

impl Boundaries {
    pub(crate) fn new(choices: &Choices) -> Self {
        Self { prefix: choices.prefix, outermost: choices.outermost, ..Self::default() }
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.order.is_empty()
    }

    pub(crate) fn push(&mut self, level: usize, boundary: Vec<u8>) {
        self.levels.entry(boundary.clone()).or_default().push(level);
        self.order.push((level, boundary));
    }

    /// Forgets the boundaries of that level and all inside of it.
    pub(crate) fn close(&mut self, level: usize) {
        while let Some((_, boundary)) = self.order.pop_if(|(open, _)| *open >= level) {
            if let Some(levels) = self.levels.get_mut(&boundary) {
                levels.pop();
                if levels.is_empty() {
                    self.levels.remove(&boundary);
                }
            }
        }
    }

    pub(crate) fn contains(&self, boundary: &[u8]) -> bool {
        self.levels.contains_key(boundary)
    }

    /// Whether one of the boundaries begins with `boundary`, or the other way round, without being the same.
    pub(crate) fn has_prefix(&self, boundary: &[u8]) -> bool {
        self.order.iter().any(|(_, open)| {
            open != boundary && (open.starts_with(boundary) || boundary.starts_with(open.as_slice()))
        })
    }

    /// Whether a line that begins like this, or is to begin, may be a delimiter.
    pub(crate) fn may_begin(&self, line: &[u8]) -> bool {
        !self.is_empty() && line.len() < MAX_DELIMITER && (line.starts_with(b"--") || b"--".starts_with(line))
    }

    /// The multipart that a line delimits: its boundary between `--` and blanks, all of it, so that one boundary
    /// may begin with another. The longer reading is tried first, the innermost of equals wins.
    pub(crate) fn find(&self, line: &[u8]) -> Option<Hit> {
        let text = line.strip_prefix(b"--")?;
        if self.is_empty() || line.len() > MAX_DELIMITER {
            return None;
        }
        let text = slice::trim_end(text, |byte| is_blank(byte) || matches!(byte, b'\r' | b'\n'));
        let level = |boundary: &[u8]| {
            if self.order.len() <= FEW {
                let mut same =
                    self.order.iter().filter(|(_, open)| open == boundary).map(|(level, _)| *level);
                return if self.outermost { same.next() } else { same.next_back() };
            }
            let levels = self.levels.get(boundary)?;
            if self.outermost { levels.first().copied() } else { levels.last().copied() }
        };
        let whole = level(text).map(|level| Hit { level, close: false }).or_else(|| {
            let text = slice::trim_end(text.strip_suffix(b"--")?, is_blank);
            level(text).map(|level| Hit { level, close: true })
        });
        whole.or_else(|| self.find_prefix(text))
    }

    fn find_prefix(&self, text: &[u8]) -> Option<Hit> {
        let open = self.order.iter().filter(|_| self.prefix);
        open.filter(|(_, boundary)| !boundary.is_empty() && text.starts_with(boundary))
            .max_by_key(|(level, boundary)| (boundary.len(), *level))
            .map(|(level, _)| Hit { level: *level, close: false })
    }

    /// What is odd about a line that begins with `--` and is no delimiter: it begins with the innermost boundary and goes
    /// on, behind a CR perhaps.
    pub(crate) fn near(&self, line: &[u8]) -> Option<Anomaly> {
        let (_, boundary) = self.order.last().filter(|(_, boundary)| !boundary.is_empty())?;
        let rest = line.strip_prefix(b"--")?.strip_prefix(boundary.as_slice())?;
        let rest = rest.strip_prefix(b"--").unwrap_or(rest);
        let cr = slice::trim_start(rest, is_blank).first() == Some(&b'\r');
        Some(if cr { Anomaly::BareCr } else { Anomaly::BoundaryPrefix })
    }

    /// The multipart that a line delimits which lost its line end. If more may have followed, it must not be the beginning
    /// of the delimiter of a multipart further out.
    pub(crate) fn find_last(&self, line: &[u8], certain: bool) -> Option<Hit> {
        self.find(line).filter(|hit| certain || self.outermost(line).is_none_or(|level| level >= hit.level))
    }

    /// The outermost multipart whose delimiter may begin like this.
    pub(crate) fn outermost(&self, line: &[u8]) -> Option<usize> {
        let may = |boundary: &[u8]| {
            let Some(text) = line.strip_prefix(b"--") else { return b"--".starts_with(line) };
            let Some(rest) = text.strip_prefix(boundary) else { return boundary.starts_with(text) };
            // The rest of a line that `find` would take, or the beginning of it.
            let rest = slice::trim_start(rest, is_blank);
            let rest = rest
                .strip_prefix(b"--")
                .or_else(|| rest.strip_prefix(b"-").filter(|rest| rest.is_empty()))
                .unwrap_or(rest);
            rest.iter().all(|byte| is_blank(*byte) || matches!(byte, b'\r' | b'\n'))
        };
        self.order.iter().find(|(_, boundary)| may(boundary)).map(|(level, _)| *level)
    }

    pub(crate) fn memory(&self) -> usize {
        self.order.iter().map(|(_, boundary)| 2 * boundary.capacity() + 128).sum()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_longest_and_innermost_wins() {
        let mut boundaries = Boundaries::default();
        for (level, boundary) in [(1, "b"), (3, "b--"), (5, "b_"), (6, "x"), (8, "x")] {
            boundaries.push(level, boundary.into());
        }
        let find = |boundaries: &Boundaries, line: &str| {
            boundaries.find(line.as_bytes()).map(|hit| (hit.level, hit.close))
        };
        for (line, hit) in [
            ("--b\r\n", Some((1, false))),
            ("--b \t\n", Some((1, false))),
            ("--b--\n", Some((3, false))),
            ("--b----\n", Some((3, true))),
            ("--b_\n", Some((5, false))),
            ("--x--", Some((8, true))),
            ("--bar\n", None),
            ("-b\n", None),
            ("--\n", None),
        ] {
            assert_eq!(find(&boundaries, line), hit, "{line:?}");
        }
        assert!(boundaries.contains(b"x") && boundaries.has_prefix(b"b_2") && !boundaries.has_prefix(b"x"));
        boundaries.close(8);
        assert_eq!(find(&boundaries, "--x"), Some((6, false)));
        boundaries.close(3);
        assert_eq!(find(&boundaries, "--b--"), Some((1, true)));
        assert_eq!(find(&boundaries, "--x"), None);
        boundaries.close(0);
        assert!(boundaries.is_empty() && boundaries.memory() == 0);
    }

    #[test]
    fn other_readings() {
        let mut boundaries =
            Boundaries::new(&Choices { prefix: true, outermost: true, ..Choices::default() });
        for (level, boundary) in [(1, "b"), (3, "bc"), (5, "b")] {
            boundaries.push(level, boundary.into());
        }
        let hit = |level, close| Some(Hit { level, close });
        for (line, found, near) in [
            ("--b\n", hit(1, false), Some(Anomaly::BoundaryPrefix)),
            ("--bcd\n", hit(3, false), Some(Anomaly::BoundaryPrefix)),
            ("--bd\n", hit(5, false), Some(Anomaly::BoundaryPrefix)),
            ("--b--\n", hit(1, true), Some(Anomaly::BoundaryPrefix)),
            ("--b-- \rx\n", hit(5, false), Some(Anomaly::BareCr)),
            ("--c\n", None, None),
        ] {
            assert_eq!((boundaries.find(line.as_bytes()), boundaries.near(line.as_bytes())), (found, near));
        }
    }

    #[test]
    fn beginnings() {
        let mut boundaries = Boundaries::default();
        boundaries.push(2, b"ab".into());
        boundaries.push(4, b"ac".into());
        for (line, level) in [
            ("", Some(2)),
            ("-", Some(2)),
            ("--a", Some(2)),
            ("--ac", Some(4)),
            ("--ac-", Some(4)),
            ("--ac-- \r", Some(4)),
            ("--ac \t-", Some(4)),
            ("--ac --", Some(4)),
            ("--ac- ", None),
            ("--ac---", None),
            ("--ad", None),
            ("--ab--c", None),
            ("x", None),
        ] {
            assert_eq!(boundaries.outermost(line.as_bytes()), level, "{line:?}");
        }
        boundaries.push(5, b"a".into());
        assert_eq!(boundaries.find_last(b"--a", true), Some(Hit { level: 5, close: false }));
        assert_eq!(boundaries.find_last(b"--a", false), None);
        assert_eq!(boundaries.find_last(b"--a--", false), Some(Hit { level: 5, close: true }));
        assert!(boundaries.may_begin(b"--x") && boundaries.may_begin(b"") && !boundaries.may_begin(b"-x"));
    }
}
