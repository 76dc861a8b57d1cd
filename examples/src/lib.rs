//! Takes mail, attachments and logins out of packet captures.
//!
//! The two ends of the tool live here, and with them everything that does input or output:
//!
//! - [`capture`] reads frames out of files, folders and standard input,
//! - [`record`] holds the records as plain data,
//! - [`sink`] writes records and files into the output folder.
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
mod flow;
mod message;
pub mod pipeline;
pub mod record;
pub mod sink;
