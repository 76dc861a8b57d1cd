//! Nothing but a bench; see `benches/compare.rs`.
