//! The bodies of the fuzz targets: each takes any bytes and panics where a promise of its crate is broken.
//!
//! They are plain functions, so that `examples/tests/fuzz_bodies.rs` runs them on a stable compiler too, on seeds and a
//! fixed number of mutations. How to fuzz, and what each target checks, stands in `fuzz/README.md`.

#![allow(
    clippy::indexing_slicing,
    clippy::panic,
    clippy::unwrap_used,
    reason = "a broken promise, here or in the crates, has to be loud"
)]

pub mod capture;
pub mod imap;
mod input;
pub mod join;
pub mod mime;
pub mod pop3;
pub mod resolver;
mod session;
pub mod smtp;
pub mod tcp;
pub mod wire;

/// The body of a target: any bytes in, a panic where a promise is broken.
pub type Body = fn(&[u8]);

/// All targets by name.
pub const TARGETS: &[(&str, Body)] = &[
    ("smtp_session", smtp::smtp_session),
    ("smtp_grammar", smtp::smtp_grammar),
    ("pop3_session", pop3::pop3_session),
    ("pop3_grammar", pop3::pop3_grammar),
    ("imap_session", imap::imap_session),
    ("imap_grammar", imap::imap_grammar),
    ("imap_join", join::imap_join),
    ("framer", wire::framer),
    ("sasl", wire::sasl),
    ("mime_message", mime::mime_message),
    ("mime_candidates", mime::mime_candidates),
    ("mime_decode", mime::mime_decode),
    ("reassembly", tcp::reassembly),
    ("packet", tcp::packet),
    ("resolver", resolver::resolver),
    ("capture", capture::capture),
];
