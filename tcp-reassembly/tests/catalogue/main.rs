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
