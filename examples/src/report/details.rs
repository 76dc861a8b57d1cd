//! All that the report has to show of one message.

use std::collections::BTreeMap;
use std::io::Read as _;

use serde::Serialize;

use super::picture::{self, Room};
use super::preview::{self, Shown};
use super::{Limits, envelope, escape};
use crate::evidence::Folder;
use crate::record::{Message, Part};

/// A message as its record has it, without what is beyond the limits, and what was read in its file.
#[derive(Debug)]
pub(super) struct Details {
    record: Message,
    /// What was left out, and how much of it.
    more: BTreeMap<&'static str, usize>,
    compared: envelope::Compared,
    texts: Vec<Shown>,
    notes: Vec<String>,
    pictures: Vec<Pictured>,
}

#[derive(Debug, Serialize)]
struct Pictured {
    path: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    source: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    width: Option<u32>,
    #[serde(skip_serializing_if = "Option::is_none")]
    height: Option<u32>,
    #[serde(skip_serializing_if = "Option::is_none")]
    format: Option<&'static str>,
    /// Why there is none.
    #[serde(skip_serializing_if = "Option::is_none")]
    why: Option<String>,
}

impl Details {
    /// Reads what there is. `room`: what pictures the report still takes.
    pub(super) fn read(folder: &Folder, mut record: Message, limits: &Limits, room: &mut Room) -> Self {
        let mut notes = Vec::new();
        let mut details = match read(folder, &record, limits) {
            Ok(preview) => {
                if preview.cut {
                    notes.push(format!(
                        "only the first {} KiB of the message were read for its text",
                        limits.read >> 10
                    ));
                }
                if preview.more > 0 {
                    notes.push(format!("{} more texts are in the message", preview.more));
                }
                let envelope = record.envelope.as_ref();
                let compared = preview.headers.as_ref();
                let compared =
                    compared.map(|headers| envelope::compare(envelope, headers, limits.recipients));
                (compared.unwrap_or_default(), preview.texts)
            }
            Err(why) => {
                notes.push(format!("no text: {why}"));
                Default::default()
            }
        };
        let pictures = pictures(folder, &record, limits, room);
        let more = shorten(&mut record, limits);
        details.0.named.truncate(limits.recipients);
        Self { record, more, compared: details.0, texts: details.1, notes, pictures }
    }

    /// As JSON for the page: texts are as long as they are, what else there is is cut.
    pub(super) fn write(&self, out: &mut Vec<u8>, limits: &Limits) -> serde_json::Result<()> {
        out.extend_from_slice(b"{\"record\":");
        escape::json(out, &self.record, limits.string)?;
        out.extend_from_slice(b",\"compared\":");
        escape::json(out, &self.compared, limits.string)?;
        if !self.more.is_empty() {
            out.extend_from_slice(b",\"more\":");
            escape::json(out, &self.more, limits.string)?;
        }
        if !self.notes.is_empty() {
            out.extend_from_slice(b",\"notes\":");
            escape::json(out, &self.notes, limits.string)?;
        }
        if !self.texts.is_empty() {
            out.extend_from_slice(b",\"texts\":");
            escape::json(out, &self.texts, limits.text)?;
        }
        if !self.pictures.is_empty() {
            out.extend_from_slice(b",\"pictures\":");
            escape::json(out, &self.pictures, usize::MAX)?;
        }
        out.push(b'}');
        Ok(())
    }
}

fn read(folder: &Folder, record: &Message, limits: &Limits) -> Result<preview::Preview, String> {
    let file = folder.message_file(record).map_err(|error| error.to_string())?;
    let file = file.ok_or("the record names no file")?;
    let size = file.metadata().map_err(|error| error.to_string())?.len();
    if size != record.size {
        return Err(format!("the file has {size} bytes, its record says {}", record.size));
    }
    preview::of(file, &record.missing, limits).map_err(|error| error.to_string())
}

/// Whether a part may be an image of which there is a picture.
fn is_image(part: &Part) -> bool {
    let declared = part.content_type.as_str().starts_with("image/");
    let detected = part.detected_type.as_deref().map(|kind| kind.starts_with("image/"));
    detected.unwrap_or(declared)
}

fn pictures(folder: &Folder, record: &Message, limits: &Limits, room: &mut Room) -> Vec<Pictured> {
    let images = record.parts.iter().filter(|part| is_image(part) && part.file.is_some());
    let mut picture = |part: &Part| -> Result<picture::Picture, String> {
        let file = folder.part_file(part).map_err(|error| error.to_string())?.ok_or("there is no file")?;
        let mut content = Vec::new();
        let read = file.take(limits.picture_file + 1).read_to_end(&mut content);
        read.map_err(|error| error.to_string())?;
        if content.len() as u64 > limits.picture_file {
            return Err(format!("it is larger than {} MiB", limits.picture_file >> 20));
        }
        Ok(picture::of(&content, limits, room)?)
    };
    let mut shown = Vec::new();
    for part in images.take(limits.pictures) {
        let found = picture(part);
        let mut pictured = Pictured {
            path: part.path.clone(),
            source: None,
            width: None,
            height: None,
            format: None,
            why: None,
        };
        match found {
            Ok(picture) => {
                pictured.source = Some(picture.source);
                (pictured.width, pictured.height) = (Some(picture.width), Some(picture.height));
                pictured.format = Some(picture.format);
            }
            Err(why) => pictured.why = Some(why),
        }
        shown.push(pictured);
    }
    shown
}

/// Takes out of the record what is beyond the limits; how much that was.
fn shorten(record: &mut Message, limits: &Limits) -> BTreeMap<&'static str, usize> {
    fn cut<T>(list: &mut Vec<T>, most: usize) -> usize {
        let more = list.len().saturating_sub(most);
        list.truncate(most);
        more
    }
    let mut more = BTreeMap::from([
        ("parts", cut(&mut record.parts, limits.parts)),
        ("header_fields", cut(&mut record.header_fields, limits.fields)),
        ("urls", cut(&mut record.urls, limits.urls)),
        ("received", cut(&mut record.received, limits.items)),
        ("authentication_results", cut(&mut record.authentication_results, limits.items)),
        ("anomalies", cut(&mut record.anomalies, limits.items)),
        ("missing", cut(&mut record.missing, limits.items)),
        ("sources", cut(&mut record.sources, limits.items)),
        ("via", cut(&mut record.via, limits.items)),
        ("flags", cut(&mut record.flags, limits.items)),
    ]);
    if let Some(envelope) = &mut record.envelope {
        more.insert("rcpt_to", cut(&mut envelope.rcpt_to, limits.recipients));
    }
    for part in &mut record.parts {
        cut(&mut part.names, limits.items);
        cut(&mut part.via, limits.items);
        cut(&mut part.entries, limits.items);
    }
    more.retain(|_, more| *more > 0);
    more
}
