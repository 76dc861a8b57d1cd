//! Messages whose sections are known.

use std::ops::Range;

use bytes::Bytes;
use imap_proto_lite::response::{self, BodyStructure, Data, Item};
use imap_proto_lite::{Response, Section, Specifier};

/// A message, and where its sections stand in it.
pub(super) struct Source {
    pub(super) bytes: Vec<u8>,
    pub(super) places: Vec<(Section, Range<usize>)>,
    pub(super) structure: Box<BodyStructure>,
}

pub(super) fn section(path: &[u32], specifier: Specifier) -> Section {
    let mut section = Section::of_message(specifier);
    section.path = path.to_vec();
    section
}

impl Source {
    pub(super) fn new(number: usize) -> Self {
        if number == 3 { Self::undivided() } else { Self::divided(number) }
    }

    fn undivided() -> Self {
        let mut source = Made::default();
        source.add("Subject: plain\r\n\r\n");
        let text = source.add(&"what is said\r\n".repeat(20));
        source.whole(0..text.start);
        source.places.push((section(&[1], Specifier::Whole), text));
        source.finish("(\"text\" \"plain\" NIL NIL NIL \"7bit\" 280 20)")
    }

    fn divided(number: usize) -> Self {
        use Specifier::{Header, Mime, Text, Whole};
        let mut source = Made::default();
        let header = source
            .add(&format!("Subject: {number}\r\nContent-Type: multipart/mixed; boundary=b{number}\r\n\r\n"));
        source.add(&format!("--b{number}\r\n"));
        source.part(&[1], Mime, "Content-Type: text/plain\r\n\r\n");
        let one = source.part(&[1], Whole, &format!("hello {number}\r\n").repeat(2 + number));
        source.add(&format!("\r\n--b{number}\r\n"));
        source.part(&[2], Mime, "Content-Type: message/rfc822\r\n\r\n");
        let two = source.bytes.len();
        source.part(&[2], Header, "Subject: inside\r\nContent-Type: multipart/mixed; boundary=i\r\n\r\n");
        let text = source.bytes.len();
        source.add("--i\r\n");
        source.part(&[2, 1], Mime, "\r\n");
        let first = source.part(&[2, 1], Whole, &format!("first of {number}"));
        source.add("\r\n--i\r\n");
        source.part(&[2, 2], Mime, "X: y\r\n\r\n");
        let second = source.part(&[2, 2], Whole, &format!("second of {number}\r\n").repeat(8));
        source.add("\r\n--i--\r\n");
        let end = source.bytes.len();
        source.places.push((section(&[2], Text), text..end));
        source.places.push((section(&[2], Whole), two..end));
        source.add(&format!("\r\n--b{number}\r\n"));
        source.part(&[3], Mime, "Content-Transfer-Encoding: base64\r\n\r\n");
        let three = source.part(&[3], Whole, &"QUJDREVGR0hJSktMTU5PUFFSU1RVVldY\r\n".repeat(12 * number + 1));
        source.add(&format!("\r\n--b{number}--\r\n"));
        source.whole(header);
        let plain = |part: &Range<usize>| {
            format!("(\"text\" \"plain\" NIL NIL NIL \"7bit\" {} 1)", part.end - part.start)
        };
        let [one, first, second] = [&one, &first, &second].map(plain);
        source.finish(&format!(
            "({one}(\"message\" \"rfc822\" NIL NIL NIL \"7bit\" {} (NIL NIL NIL NIL NIL NIL NIL NIL NIL NIL) \
             ({first}{second} \"mixed\" (\"boundary\" \"i\")) 1)\
             (\"application\" \"octet-stream\" NIL NIL NIL \"base64\" {}) \"mixed\" (\"boundary\" \"b{number}\"))",
            end - two,
            three.end - three.start
        ))
    }

    pub(super) fn place(&self, section: &Section) -> Option<Range<usize>> {
        self.places.iter().find(|(known, _)| known == section).map(|(_, place)| place.clone())
    }
}

/// A message that is being made.
#[derive(Default)]
struct Made {
    bytes: Vec<u8>,
    places: Vec<(Section, Range<usize>)>,
}

impl Made {
    fn add(&mut self, text: &str) -> Range<usize> {
        let from = self.bytes.len();
        self.bytes.extend(text.as_bytes());
        from..self.bytes.len()
    }

    fn part(&mut self, path: &[u32], specifier: Specifier, text: &str) -> Range<usize> {
        let place = self.add(text);
        self.places.push((section(path, specifier), place.clone()));
        place
    }

    fn whole(&mut self, header: Range<usize>) {
        let end = self.bytes.len();
        let text = section(&[], Specifier::Text);
        let sections = [
            (Section::whole(), 0..end),
            (section(&[], Specifier::Header), header.clone()),
            (text, header.end..end),
        ];
        self.places.splice(0..0, sections);
    }

    fn finish(self, structure: &str) -> Source {
        let line = Bytes::from(format!("* 1 FETCH (BODYSTRUCTURE {structure})"));
        let Ok(Response::Data(Data::Fetch(fetch))) = response::parse(&line) else { panic!("{line:?}") };
        let Some(Item::BodyStructure(structure)) = fetch.items.into_iter().next() else { panic!("{line:?}") };
        Source { bytes: self.bytes, places: self.places, structure }
    }
}
