//! Takes mail, attachments and logins out of packet captures.
//!
//! ```text
//! capture -> frames -> tcp-reassembly -> flow (detect, session) -> message -> record -> sink
//!                                        \_________ pipeline: shards, ledger __________/
//! ```
//!
//! - [`capture`] reads frames out of files, folders and standard input,
//! - [`detect`] tells which protocol a flow speaks,
//! - [`pipeline`] runs it all,
//! - [`findings`] applies rules to the records,
//! - [`maps`] says who mailed whom, and which host spoke to which server,
//! - [`record`] holds the records as plain data,
//! - [`sink`] writes records and files into the output folder,
//! - [`evidence`] reads that folder again: it traces messages to their packets, and compares all with the captures,
//! - [`report`] makes a page to look at of that folder,
//! - [`export`] writes it in the formats of other tools.
//!
//! Only [`capture`], [`sink`], [`evidence`], [`report`] and [`export`] do input and output.
//!
//! ```
//! use mailtap::capture::{Item, Reader};
//!
//! // A pcap file of one empty frame: the file header, then a record header.
//! let mut file = vec![0xd4, 0xc3, 0xb2, 0xa1, 2, 0, 4, 0];
//! file.extend([0; 8]);
//! file.extend([0, 0, 4, 0, 1, 0, 0, 0]);
//! file.extend([1, 0, 0, 0].iter().chain(&[0; 12]));
//!
//! let mut reader = Reader::new(1, std::io::Cursor::new(file))?;
//! let Some(Item::Frame(frame)) = reader.next() else { panic!("one frame") };
//! assert_eq!((frame.number, frame.at.as_secs(), frame.link), (1, 1, 1));
//! assert!(reader.next().is_none());
//! # Ok::<(), mailtap::capture::CaptureError>(())
//! ```

pub mod capture;
pub mod detect;
pub mod evidence;
pub mod export;
pub mod findings;
mod flow;
pub mod maps;
mod message;
pub mod pipeline;
pub mod record;
pub mod report;
pub mod sink;

#[cfg(doctest)]
#[doc = include_str!("../../README.md")]
mod readme {}
