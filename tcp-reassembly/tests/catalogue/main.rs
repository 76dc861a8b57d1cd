//! The named cases, as scripts (see `common`).
#![allow(
    clippy::cast_possible_truncation,
    clippy::expect_used,
    clippy::field_reassign_with_default,
    clippy::indexing_slicing,
    clippy::or_fun_call,
    clippy::panic,
    clippy::unwrap_used,
    reason = "a test may fail loudly"
)]

#[path = "../common/mod.rs"]
mod common;
mod doubt;
mod flows;
mod policies;
mod rest;
mod streams;

use common::Play;

/// The long overlap sequence of Novak and Sturges, by place in the stream.
const NOVAK: [(usize, &str); 18] = [
    (2, "AAA"),
    (6, "BB"),
    (8, "CCC"),
    (12, "D"),
    (15, "EE"),
    (17, "FFF"),
    (20, "GG"),
    (22, "HH"),
    (24, "I"),
    (3, "JJJJ"),
    (8, "KKK"),
    (11, "LLL"),
    (14, "MMM"),
    (18, "N"),
    (21, "O"),
    (22, "P"),
    (24, "QQ"),
    (1, "0"),
];

/// Plays (name, script, what comes out) and tells all that differ.
fn check(play: &Play, cases: &[(&str, &str, &str)]) {
    let mut wrong = String::new();
    for (name, script, expected) in cases {
        let found = play.run(script);
        if found != *expected {
            wrong += &format!("\n{name}: {script}\n  found    {found}\n  expected {expected}");
        }
    }
    assert!(wrong.is_empty(), "{wrong}");
}
