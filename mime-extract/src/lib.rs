//! x
mod anomaly;
pub mod charset;
mod config;
mod content;
mod decode;
mod event;
mod extractor;
mod headers;
mod slice;

pub use anomaly::Anomaly;
pub use config::Config;
pub use decode::Decode;
pub use event::{Encoding, Event, EventKind, Name, NameSource, Part, PartEnd, PartKind};
pub use extractor::Extractor;
pub use headers::{Address, Date, Field, Headers};
