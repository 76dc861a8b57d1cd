//! Input that is made to cost, and how long it takes: `cargo run --release -p mime-extract --example hostile [NAME]`.
//!
//! One line for each: bytes, milliseconds of the primary reading, and of all other readings of it.

#![allow(clippy::print_stdout, reason = "an example shows what it does")]

#[path = "../tests/common/inputs.rs"]
mod inputs;

use bytes::Bytes;
use mime_extract::{Config, Extractor, candidates};
use std::hint::black_box;
use std::time::Instant;

fn main() {
    let only = std::env::args().nth(1);
    println!("{:40} {:>10} {:>8} {:>8}", "input", "bytes", "primary", "others");
    for (name, make) in
        inputs::HOSTILE.iter().filter(|(name, _)| only.as_deref().is_none_or(|only| only == *name))
    {
        let mail = Bytes::from(make());
        let begun = Instant::now();
        let mut extractor = Extractor::new(Config::default());
        for at in (0..mail.len()).step_by(1448) {
            extractor.push(mail.slice(at..mail.len().min(at + 1448)));
            while let Some(event) = extractor.poll_event() {
                black_box(event);
            }
        }
        extractor.finish();
        black_box(extractor.events().count());
        let primary = begun.elapsed().as_millis();
        let begun = Instant::now();
        let found = candidates(mail.clone(), &[], &Config::default()).count();
        let others = begun.elapsed().as_millis();
        println!("{name:40} {:>10} {primary:>8} {others:>8}  {found} candidates", mail.len());
    }
}
