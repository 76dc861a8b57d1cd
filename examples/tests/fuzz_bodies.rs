//! The bodies of the fuzz targets on a stable compiler: over their seeds, and over a fixed number of mutations of them.
//!
//! The same inputs in every run, so a failure is a failure of the change at hand. Where real fuzzing found something,
//! the input stands in `fuzz_bodies/seeds/found.rs` and is tried here for good.

#![allow(clippy::indexing_slicing, clippy::panic, clippy::unwrap_used, reason = "a test may fail loudly")]

#[path = "../../fuzz/src/lib.rs"]
pub mod bodies;
#[path = "fuzz_bodies/mutator.rs"]
mod mutator;
#[path = "fuzz_bodies/seeds.rs"]
mod seeds;

use mutator::Mutator;

/// Runs one target and shows the input that it fails on, to be put into `seeds::found`.
fn check(name: &str, body: bodies::Body, input: &[u8]) {
    let outcome = std::panic::catch_unwind(|| body(input));
    assert!(outcome.is_ok(), "{name} fails on b\"{}\"", input.escape_ascii());
}

fn target(name: &str) -> bodies::Body {
    bodies::TARGETS.iter().find(|(known, _)| *known == name).unwrap().1
}

/// Seeds first, then `rounds` mutations of each of them.
fn mutate(name: &str, rounds: usize) {
    let body = target(name);
    let (seeds, words) = (seeds::of(name), seeds::dictionary(name));
    assert!(!seeds.is_empty(), "{name}");
    for seed in &seeds {
        check(name, body, seed);
    }
    let mut mutator = Mutator::new(1);
    for _ in 0..rounds {
        for seed in &seeds {
            check(name, body, &mutator.mutate(seed, &seeds, &words));
        }
    }
}

#[test]
fn smtp_session() {
    mutate("smtp_session", 1000);
}

#[test]
fn smtp_grammar() {
    mutate("smtp_grammar", 800);
}

#[test]
fn pop3_session() {
    mutate("pop3_session", 1000);
}

#[test]
fn pop3_grammar() {
    mutate("pop3_grammar", 800);
}

#[test]
fn imap_session() {
    mutate("imap_session", 600);
}

#[test]
fn imap_grammar() {
    mutate("imap_grammar", 600);
}

#[test]
fn imap_join() {
    mutate("imap_join", 1000);
}

#[test]
fn framer() {
    mutate("framer", 400);
}

#[test]
fn sasl() {
    mutate("sasl", 10_000);
}

#[test]
fn mime_message() {
    mutate("mime_message", 400);
}

#[test]
fn mime_candidates() {
    mutate("mime_candidates", 1000);
}

#[test]
fn mime_decode() {
    mutate("mime_decode", 4000);
}

#[test]
fn reassembly() {
    mutate("reassembly", 1500);
}

#[test]
fn packet() {
    mutate("packet", 3000);
}

#[test]
fn resolver() {
    mutate("resolver", 1500);
}

#[test]
fn capture() {
    mutate("capture", 1000);
}

#[test]
fn every_target_has_its_test_and_its_entry() {
    let manifest =
        std::fs::read_to_string(concat!(env!("CARGO_MANIFEST_DIR"), "/../fuzz/Cargo.toml")).unwrap();
    let this = include_str!("fuzz_bodies.rs");
    for (name, _) in bodies::TARGETS {
        assert!(this.contains(&format!("mutate(\"{name}\"")), "{name} has no test");
        assert!(manifest.contains(&format!("name = \"{name}\"")), "{name} is no binary");
    }
}

#[test]
fn what_was_found_stays_mended() {
    for (name, input) in seeds::found() {
        check(name, target(name), input);
    }
}

/// Writes the seeds where cargo-fuzz looks for them, if `FUZZ_CORPUS` names the folder.
#[test]
fn write_the_corpus() {
    let Some(corpus) = std::env::var_os("FUZZ_CORPUS") else { return };
    for (name, _) in bodies::TARGETS {
        let folder = std::path::Path::new(&corpus).join(name);
        std::fs::create_dir_all(&folder).unwrap();
        for (seed, number) in seeds::of(name).iter().zip(0..) {
            std::fs::write(folder.join(format!("seed-{number:03}")), seed).unwrap();
        }
    }
}
