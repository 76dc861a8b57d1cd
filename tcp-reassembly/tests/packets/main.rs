//! Whole frames through the resolver: fragments, tunnels, and both in one another. Cases are named as in the catalogue.
#![allow(
    clippy::cast_possible_truncation,
    clippy::field_reassign_with_default,
    clippy::indexing_slicing,
    clippy::panic,
    clippy::unwrap_used,
    unreachable_pub,
    reason = "a test may fail loudly"
)]
#![cfg(feature = "packet")]

mod fragments;
mod make;
mod mixtures;
mod random;
mod tunnels;
