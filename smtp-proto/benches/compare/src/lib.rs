//! Nothing but the bench beside it: `cargo bench --manifest-path smtp-proto/benches/compare/Cargo.toml`.
