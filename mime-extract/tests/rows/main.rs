//! The 105 hard cases of MIME, each a test named after its row: `m19_padding_in_the_middle` is row M19. Every mail is
//! written for its test, which says all that is told of it: parts, decoded bytes, anomalies, other readings.
//!
//! A chapter is a file of its own, named here twice: as a module, and in [`CHAPTERS`], by which the list of rows is made.

mod support;

#[path = "../common/mod.rs"]
mod common;

mod base64;
mod boundaries;
mod content;
mod delimiters;
mod embedded;
mod fields;
mod limits;
mod names;
mod quoted_printable;
mod whole;

/// The text of each chapter.
const CHAPTERS: &[&str] = &[
    include_str!("base64.rs"),
    include_str!("boundaries.rs"),
    include_str!("content.rs"),
    include_str!("delimiters.rs"),
    include_str!("embedded.rs"),
    include_str!("fields.rs"),
    include_str!("limits.rs"),
    include_str!("names.rs"),
    include_str!("quoted_printable.rs"),
    include_str!("whole.rs"),
];

/// Rows without a test.
const NOT_YET: &[std::ops::RangeInclusive<u32>] = &[];

/// The rows that a chapter has tests of.
fn rows(chapter: &str) -> impl Iterator<Item = u32> {
    chapter.split("#[test]\nfn m").skip(1).filter_map(|test| test.split('_').next()?.parse().ok())
}

#[test]
fn every_row_has_a_test() {
    let mut tested: Vec<u32> = CHAPTERS.iter().copied().flat_map(rows).collect();
    tested.sort_unstable();
    tested.dedup();
    let missing: Vec<u32> = (1..=105).filter(|row| !tested.contains(row)).collect();
    let expected: Vec<u32> = NOT_YET.iter().cloned().flatten().collect();
    assert_eq!(missing, expected, "rows without a test");
}
