//! What is odd about a reading, and which other readings that suggests.

use super::guess;
use super::message::Message;
use super::reading::{Fact, MAX_ANOMALIES};
use crate::choices::{
    Base64Choice, BoundaryChoice, Choices, EncodingChoice, JunkChoice, QuotedPrintableChoice,
};
use crate::content::{boundary, named, others};
use crate::decode::base64::is_alphabet;
use crate::decode::looks;
use crate::headers::Headers;
use crate::slice;
use crate::{Anomaly, Config, Encoding, PartKind};

/// Readings of one field that are tried.
const MAX_FIELD: usize = 3;

/// Content-Type fields of one header that are compared.
const MAX_TYPES: usize = 64;

/// Bytes behind an anomaly in a header that are looked at.
const LOOK: u64 = 4096;

/// Bytes of a body that are looked at.
const BODY: usize = 64 << 10;

/// Bytes of a body that tell text from base64.
const PLAIN: usize = 4096;

/// One choice that is not that of the primary reading.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Way {
    BareCr,
    BlankEnds,
    SkipsEmpty,
    Junk(JunkChoice),
    Loose,
    OverDelimiters,
    ContentType(usize),
    Boundary(BoundaryChoice),
    Implied,
    Composite,
    Prefix,
    Outermost,
    Ignored(Vec<u64>),
    Encoding(EncodingChoice),
    Base64(Base64Choice),
    QuotedPrintable(QuotedPrintableChoice),
    Outside,
}

impl Way {
    /// What is chosen: only one way of each can be taken at a time.
    pub(super) fn slot(&self) -> core::mem::Discriminant<Self> {
        core::mem::discriminant(self)
    }

    pub(super) fn choose(&self, choices: &mut Choices) {
        match self {
            Self::BareCr => choices.bare_cr = true,
            Self::BlankEnds => choices.header.blank_ends = true,
            Self::SkipsEmpty => choices.header.skips_empty = true,
            Self::Junk(junk) => choices.header.junk = *junk,
            Self::Loose => choices.header.loose = true,
            Self::OverDelimiters => choices.header.over_delimiters = true,
            Self::ContentType(index) => choices.content_type = *index,
            Self::Boundary(boundary) => choices.boundary = boundary.clone(),
            Self::Implied => choices.implied = true,
            Self::Composite => choices.composite = true,
            Self::Prefix => choices.prefix = true,
            Self::Outermost => choices.outermost = true,
            Self::Ignored(places) => choices.ignored.clone_from(places),
            Self::Encoding(encoding) => choices.encoding = *encoding,
            Self::Base64(base64) => choices.base64 = Some(*base64),
            Self::QuotedPrintable(printable) => choices.quoted_printable = Some(*printable),
            Self::Outside => choices.outside = true,
        }
    }

    /// Structure comes before encodings: what is inside of another structure is seen only then.
    fn rank(&self) -> u8 {
        match self {
            Self::Boundary(BoundaryChoice::Other(_) | BoundaryChoice::All) | Self::ContentType(_) => 0,
            Self::BareCr | Self::Implied | Self::Composite => 1,
            Self::Encoding(_) => 2,
            Self::BlankEnds | Self::SkipsEmpty | Self::Junk(_) | Self::Loose | Self::OverDelimiters => 3,
            Self::Boundary(_) | Self::Prefix | Self::Outermost | Self::Ignored(_) | Self::Outside => 4,
            Self::Base64(_) | Self::QuotedPrintable(_) => 5,
        }
    }
}

/// A choice, and what led to it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Suggestion {
    pub(super) way: Way,
    pub(super) via: Vec<Anomaly>,
}

/// All that the parts of a reading suggest, which is the one that `config` chooses; each choice once, the most telling
/// first.
pub(super) fn all(facts: &[Fact], message: &Message, config: &Config) -> Vec<Suggestion> {
    let mut list = List { list: Vec::new(), message, config, guessed: None };
    let mut before: Option<&Fact> = None;
    for fact in facts {
        for &(anomaly, at) in &fact.anomalies {
            list.look(fact, before, anomaly, at);
        }
        if fact.kind == PartKind::Leaf {
            before = Some(fact);
        }
    }
    list.list.sort_by_key(|one| one.way.rank());
    list.list
}

struct List<'a> {
    list: Vec<Suggestion>,
    message: &'a Message,
    config: &'a Config,
    guessed: Option<Vec<Vec<u8>>>,
}

impl List<'_> {
    fn add(&mut self, way: Way, via: &[Anomaly]) {
        if !self.list.iter().any(|one| one.way == way) {
            self.list.push(Suggestion { way, via: via.to_vec() });
        }
    }

    fn look(&mut self, fact: &Fact, before: Option<&Fact>, anomaly: Anomaly, at: u64) {
        let via = [anomaly];
        match anomaly {
            Anomaly::BareCr => self.add(Way::BareCr, &via),
            Anomaly::HeaderEndAmbiguous => self.add(Way::BlankEnds, &via),
            Anomaly::HeaderStartBlank => self.add(Way::SkipsEmpty, &via),
            Anomaly::HeaderSyntax => self.add(Way::Loose, &via),
            Anomaly::HeaderJunkLine => {
                self.add(Way::Junk(JunkChoice::Ends), &via);
                self.loose(fact, at, anomaly);
            }
            Anomaly::NoHeaders | Anomaly::HeaderEndMissing => {
                if self.mentions_content(fact, at) {
                    self.add(Way::Junk(JunkChoice::Passed), &via);
                }
                self.loose(fact, at, anomaly);
                if let Some(before) = before {
                    self.join(fact, before, anomaly);
                }
            }
            Anomaly::BoundaryInHeader => self.add(Way::OverDelimiters, &via),
            Anomaly::CtDuplicate => {
                for index in types(&fact.headers) {
                    self.add(Way::ContentType(index), &via);
                }
            }
            Anomaly::CteDuplicate | Anomaly::CteList | Anomaly::CteMalformed | Anomaly::CteUnknown => {
                self.encodings(fact, anomaly);
            }
            Anomaly::CteOnComposite => self.add(Way::Composite, &via),
            Anomaly::ParamDuplicate
            | Anomaly::Param2231
            | Anomaly::ParamQuote
            | Anomaly::ParamComment
            | Anomaly::ParamUnquotedTspecials
            | Anomaly::ParamHidden => self.boundaries(fact, anomaly),
            Anomaly::BoundaryMissing | Anomaly::NoParts => {
                // A CR without LF before what may be a delimiter.
                if fact.exact && memchr::memmem::find(self.message.range(&fact.raw), b"\r--").is_some() {
                    self.add(Way::BareCr, &via);
                }
                self.boundaries(fact, anomaly);
                self.guesses(fact, anomaly);
            }
            Anomaly::MultipartImplied => {
                self.add(Way::Implied, &via);
                self.boundaries(fact, anomaly);
            }
            Anomaly::BoundaryPrefix => self.add(Way::Prefix, &via),
            Anomaly::BoundaryReused => self.add(Way::Outermost, &via),
            Anomaly::PreambleContent | Anomaly::EpilogueContent
                if !fact.exact || guess::mentions_content(self.message.range(&fact.raw)) =>
            {
                self.add(Way::Outside, &via);
            }
            Anomaly::B64InnerPadding { .. }
            | Anomaly::B64Padding { .. }
            | Anomaly::B64ForeignChar { .. }
            | Anomaly::B64Trailing { .. }
            | Anomaly::B64Length => self.base64(fact, anomaly),
            Anomaly::QpBadEscape { .. }
                if !fact.exact || looks::is_broken_escape(self.message.range(&fact.raw)) =>
            {
                self.add(Way::QuotedPrintable(QuotedPrintableChoice::Drop), &via);
            }
            Anomaly::QpOnBinary => self.add(Way::QuotedPrintable(QuotedPrintableChoice::Lf), &via),
            _ => {}
        }
    }

    /// Whether the text behind a place in a header names a content field.
    fn mentions_content(&self, fact: &Fact, at: u64) -> bool {
        !fact.exact || guess::mentions_content(self.message.range(&(at..at.saturating_add(LOOK))))
    }

    fn loose(&mut self, fact: &Fact, at: u64, anomaly: Anomaly) {
        if self.mentions_content(fact, at) {
            self.add(Way::Loose, &[anomaly]);
        }
    }

    /// A part without a header behind base64 may be the rest of that, and the delimiter between them part of neither.
    fn join(&mut self, fact: &Fact, before: &Fact, anomaly: Anomaly) {
        let between = before.raw.end..fact.start;
        if before.encoding != Encoding::Base64 || !before.exact || !fact.headers.is_empty() {
            return;
        }
        let bytes = self.message.range(&between);
        let eol = bytes.iter().take_while(|byte| matches!(byte, b'\r' | b'\n')).count();
        let line = slice::split(bytes, eol).1;
        // A single delimiter.
        if memchr::memchr_iter(b'\n', line).count() == 1 && line.starts_with(b"--") {
            let at = between.start + eol as u64;
            let via = [anomaly, Anomaly::BoundaryInLeaf];
            match self.list.iter_mut().find(|one| matches!(one.way, Way::Ignored(_))) {
                Some(Suggestion { way: Way::Ignored(places), .. }) => {
                    if !places.contains(&at) && places.len() < MAX_ANOMALIES {
                        places.push(at);
                    }
                }
                _ => self.add(Way::Ignored(vec![at]), &via),
            }
        }
    }

    fn encodings(&mut self, fact: &Fact, anomaly: Anomaly) {
        let named = named(&fact.headers);
        for index in others(&fact.headers) {
            self.add(Way::Encoding(EncodingChoice::Other(index)), &[anomaly]);
        }
        if anomaly == Anomaly::CteUnknown && !fact.exact {
            for encoding in [Encoding::Base64, Encoding::QuotedPrintable] {
                self.add(Way::Encoding(EncodingChoice::As(encoding)), &[anomaly]);
            }
        } else if anomaly == Anomaly::CteUnknown {
            let body = slice::split(self.message.range(&fact.raw), BODY).0;
            // What is cut off may end anywhere.
            let body = slice::split(body, if body.len() < BODY { BODY } else { last_line(body) }).0;
            let sniffed = if looks::is_base64(body) {
                Some(Encoding::Base64)
            } else if looks::is_quoted_printable(body) {
                Some(Encoding::QuotedPrintable)
            } else {
                None
            };
            if let Some(encoding) = sniffed {
                let via = [anomaly, Anomaly::CteSniffed];
                self.add(Way::Encoding(EncodingChoice::As(encoding)), &via);
            }
        } else if !fact.whole && !named.contains(&Encoding::SevenBit) {
            self.add(Way::Encoding(EncodingChoice::As(Encoding::SevenBit)), &[anomaly]);
        }
    }

    /// Other readings of the field that names the boundary, as far as they occur in the message.
    fn boundaries(&mut self, fact: &Fact, anomaly: Anomaly) {
        let field = fact.headers.all("content-type").nth(self.config.choices.content_type);
        let Some(field) = field.or_else(|| fact.headers.first("content-type")) else { return };
        let readings = boundary::readings(field.raw(), self.config.max_parameters);
        let told = told(fact, self.config);
        let others: Vec<_> = readings
            .into_iter()
            .filter(|one| Some(one) != told.as_ref())
            .filter(|one| !fact.exact || guess::occurs(self.message.bytes(), one))
            .collect();
        let several = others.len() > 1 || others.len() == 1 && told.is_some();
        for other in others.into_iter().take(MAX_FIELD) {
            self.add(Way::Boundary(BoundaryChoice::Other(other)), &[anomaly]);
        }
        if several {
            self.add(Way::Boundary(BoundaryChoice::All), &[anomaly]);
        }
    }

    fn guesses(&mut self, fact: &Fact, anomaly: Anomaly) {
        let bytes = self.message.bytes();
        let guessed = self.guessed.get_or_insert_with(|| guess::boundaries(bytes)).clone();
        let absent: Vec<_> = told(fact, self.config).into_iter().collect();
        if !guessed.is_empty() {
            let via = [anomaly, Anomaly::BoundaryGuessed];
            self.add(Way::Boundary(BoundaryChoice::Guessed { guessed, absent }), &via);
        }
    }

    fn base64(&mut self, fact: &Fact, anomaly: Anomaly) {
        let via = [anomaly];
        if !fact.exact {
            // The text itself is not at hand.
            let ways: &[Base64Choice] = match anomaly {
                Anomaly::B64InnerPadding { .. } => &[Base64Choice::Stop, Base64Choice::Behind],
                Anomaly::B64Trailing { .. } => &[Base64Choice::Text],
                Anomaly::B64ForeignChar { .. } => &[Base64Choice::Url],
                _ => &[Base64Choice::Skip(1), Base64Choice::Skip(2), Base64Choice::Skip(3)],
            };
            for way in ways {
                self.add(Way::Base64(*way), &via);
            }
            return;
        }
        let body = self.message.range(&fact.raw);
        match anomaly {
            Anomaly::B64InnerPadding { .. } => {
                self.add(Way::Base64(Base64Choice::Stop), &via);
                self.add(Way::Base64(Base64Choice::Behind), &via);
            }
            Anomaly::B64Trailing { .. } => self.add(Way::Base64(Base64Choice::Text), &via),
            Anomaly::B64ForeignChar { .. } => {
                let has = |one: u8, other: u8| memchr::memchr2(one, other, body).is_some();
                let ruled = |rule: &[u8]| memchr::memmem::find(body, rule).is_some();
                if has(b'-', b'_') && !has(b'+', b'/') && !ruled(b"----") && !ruled(b"____") {
                    self.add(Way::Base64(Base64Choice::Url), &via);
                }
            }
            _ => {}
        }
        if matches!(anomaly, Anomaly::B64InnerPadding { .. } | Anomaly::B64Padding { .. }) {
            let inside = |at: usize| body.get(at + 1).copied().is_some_and(is_alphabet);
            if memchr::memchr_iter(b'=', body).any(inside) {
                self.add(Way::Base64(Base64Choice::EqualsIsA), &via);
                self.add(Way::Base64(Base64Choice::Ignore), &via);
            }
        }
        if matches!(anomaly, Anomaly::B64Length | Anomaly::B64Padding { .. })
            && let Some(len) = looks::surplus(slice::split(body, BODY).0)
        {
            self.add(Way::Base64(Base64Choice::Skip(len)), &via);
        }
        if matches!(anomaly, Anomaly::B64ForeignChar { .. } | Anomaly::B64Length | Anomaly::B64Padding { .. })
            && looks::is_run_among_others(body)
        {
            self.add(Way::Base64(Base64Choice::Block), &via);
        }
        if matches!(anomaly, Anomaly::B64Padding { .. }) {
            self.add(Way::Base64(Base64Choice::Quads), &via);
        }
        if matches!(anomaly, Anomaly::B64ForeignChar { .. })
            && looks::is_hardly_base64(slice::split(body, PLAIN).0)
        {
            self.add(Way::Base64(Base64Choice::Plain), &via);
        }
    }
}

/// The Content-Type fields beside the first that are tried: the next ones, and the last, those apart that repeat another.
fn types(headers: &Headers) -> Vec<usize> {
    let fields: Vec<_> = headers.all("content-type").map(|field| field.raw()).take(MAX_TYPES).collect();
    let new = |index: &usize| {
        let (before, rest) = fields.split_at_checked(*index).unwrap_or((&fields, &[]));
        rest.first().is_some_and(|field| !before.contains(field))
    };
    let mut others: Vec<_> = (1..fields.len()).filter(new).collect();
    if others.len() > MAX_FIELD {
        others.drain(MAX_FIELD - 1..others.len() - 1);
    }
    others
}

/// The boundary that the primary reading takes.
fn told(fact: &Fact, config: &Config) -> Option<Vec<u8>> {
    crate::content::read(&fact.headers, false, false, 0, config).boundary
}

fn last_line(text: &[u8]) -> usize {
    memchr::memrchr(b'\n', text).map_or(text.len(), |at| at + 1)
}
