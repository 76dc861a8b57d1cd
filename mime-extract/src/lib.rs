//! One mail message, read as its bytes come: header fields, parts, decoded bytes, and what is odd about them.
//!
//! ```text
//! push(bytes), gap, finish -> Extractor -> poll_event -> Event { range, part, kind }
//!                                |
//!    layer: header block -> lines parted at delimiters -> transfer decoder -> PartData
//!                                                               |
//!                             a message in base64 or quoted-printable: one more layer
//! ```
//!
//! ```
//! use mime_extract::{Config, EventKind, Extractor};
//!
//! let mut extractor = Extractor::new(Config::default());
//! extractor.push("Subject: =?utf-8?q?caf=C3=A9?=\r\nContent-Type: multipart/mixed; boundary=b\r\n\r\n".into());
//! extractor.push("--b\r\nContent-Type: text/plain; name=a.txt\r\nContent-Transfer-Enc".into());
//! extractor.push("oding: base64\r\n\r\nSGVs\r\nbG8=\r\n--b--\r\n".into());
//! extractor.finish();
//!
//! let mut content = Vec::new();
//! for event in extractor.events() {
//!     match event.kind {
//!         EventKind::Headers(headers) => assert_eq!(headers.text("subject").unwrap(), "café"),
//!         EventKind::PartStart(part) if part.path == "1" => assert_eq!(part.filename.unwrap(), "a.txt"),
//!         EventKind::PartData(bytes) => content.extend_from_slice(&bytes),
//!         EventKind::PartEnd(end) => assert!(end.complete),
//!         _ => {}
//!     }
//! }
//! assert_eq!(content, b"Hello");
//! ```
//!
//! # Contract
//!
//! 1. Inputs never fail: bad input becomes an [`Anomaly`], and parsing goes on.
//! 2. After each input, poll until `None`. Forgetting it costs memory, never correctness.
//! 3. `Headers` comes first, `End` last. Each node of the tree has one `PartStart` and one `PartEnd`, which nest; its data
//!    comes between them, in order, and while it encloses parts (a message, or a leaf with a file inside), between
//!    theirs.
//! 4. Chunks do not matter: the events are the same, but for where data is cut, and for the ranges inside of messages
//!    and files that were in a transfer encoding.
//! 5. The decode of every prefix of a message is, part by part, a prefix of the decode of the message. So what may still
//!    become a delimiter, an escape or the footer of a list is not told before it is certain, not even at the end.
//! 6. What travels without a transfer encoding is handed on as shared slices of what was pushed, byte for byte what
//!    stands at [`PartEnd::raw`]. All else is a copy that keeps no packet alive.
//! 7. A gap touches the parts that it lies in: they tell it, and end as not complete. Base64 goes on at the next line.
//! 8. An extractor is a pure function of its input: no clock, no randomness. The time is linear in the bytes and in the
//!    depth of messages inside of messages, each of which is told as a whole. Nothing is recursive, but that a message in
//!    a file is read by an extractor inside of the one around it, 64 deep at most.
//!
//! # Readings
//!
//! Damaged mail can be read in several ways. The extractor tells what most mail programs would see: the first of repeated
//! fields and parameters, RFC 2231 before plain parameters, the innermost of equal boundaries, base64 with foreign
//! characters passed over and begun anew behind padding. Where it had to choose an [`Anomaly`] says so.
//!
//! [`candidates()`] reads a message whose anomalies are [ambiguous](Anomaly::is_ambiguous) in the other ways as well, by the same
//! extractor with other choices, and tells the leaves that are new: each with what led to it.
//!
//! A part's content ends before the line end that precedes its delimiter. A part inside of a multipart that was cut is
//! told without the line end at its end, which may have belonged to a delimiter.
//!
//! # Files that MIME does not know of
//!
//! uuencode, yEnc and `begin-base64` among lines of text, `data:` addresses in HTML, TNEF (`winmail.dat`), AppleSingle and
//! AppleDouble, what CMS (S/MIME) signed or compressed, messages in files of another type, and `x-gzip64` are opened as
//! they stream: [`Part::container`] says what a file was in, its path is that of the part that holds it with a name
//! behind, and that part stays as it is. uuencode is believed from its second line on, the others by their signatures. A
//! message in a file is read as one, its parts are told below it. The file in the address of a link is called what the
//! link's `download` says; where that stands behind the address the file ends with the tag, after an
//! [`EventKind::PartName`]. What PGP and CMS encrypted, BinHex and messages of Outlook are told and not opened. Signatures
//! are not checked.
//!
//! Pieces that came in several messages are joined by [`join`]; [`text`] shows what people see; [`report`] reads what
//! machines tell of deliveries, receipts and abuse.
//!
//! # Limits
//!
//! All in [`Config`]: header blocks 1 MiB, depth 100, messages in transfer encodings or files inside of one another 20,
//! parts 10,000, parameters 200, compressed content 256 MiB. [`Config::worst_case`] adds them up. Delimiter lines end at
//! 2 KiB, lines of uuencode and yEnc at 16 KiB; of a tag with an address 1 KiB is looked at for a name; TNEF inside of TNEF is opened eight deep, values of CMS 32 deep.
//! Other readings: 16, of messages up to 32 MiB, four times whose length is decoded.
//!
//! # Not covered
//!
//! BinHex, messages of Outlook, archives, and what is encrypted are not opened; signatures are not checked. Scripts in
//! HTML are not run: what they put together is not found. Line ends are not looked at in bodies: `eol-mixed` is about
//! header blocks.
//!
//! # Sources
//!
//! RFC 5322 (header fields), 2045, 2046 (MIME), 2047 (encoded words), 2183 (Content-Disposition), 2231
//! (parameters), 6532 (message/global), 3501 (part numbers), 3676 (format=flowed), 2152 (UTF-7), 5321 (Received), 8601
//! (Authentication-Results), 5652, 8551 (CMS, S/MIME), 1740 (AppleDouble), 1952 (gzip), 2397 (data:),
//! 3463, 3464, 6533 (delivery status), 8098 (receipts), 5965 (abuse). POSIX (uuencode), the
//! yEnc draft 1.3, MS-OXTNEF, MS-OXRTFCP.

mod anomaly;
mod candidates;
pub mod charset;
mod choices;
mod config;
mod content;
mod decode;
mod embedded;
mod event;
mod extractor;
mod headers;
pub mod join;
pub mod report;
mod slice;
pub mod text;

pub use anomaly::Anomaly;
pub use candidates::{Candidate, Candidates, candidates};
pub use config::Config;
pub use decode::Decode;
pub use event::{Container, Encoding, Event, EventKind, Name, NameSource, Part, PartEnd, PartKind};
pub use extractor::Extractor;
pub use headers::{Address, AuthenticationResult, AuthenticationResults, Date, Field, Headers, Received};

#[cfg(doctest)]
#[doc = include_str!("../README.md")]
struct Readme;
