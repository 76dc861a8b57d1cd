//! Reads the records, in order, and writes the page.

use std::collections::{BTreeMap, BTreeSet};
use std::io::{Read as _, Write as _};
use std::path::PathBuf;

use serde::Serialize;
use sha2::{Digest as _, Sha256};

use super::details::Details;
use super::file::Target;
use super::group::Groups;
use super::picture::Room;
use super::rows::{self, Row, flag};
use super::totals::Totals;
use super::{FILE_NAME, Limits, ReportError, escape, page};
use crate::evidence::{Damaged, Folder};
use crate::findings::Rule;
use crate::maps::{Correspondence, Traffic};
use crate::pipeline::Secrets;
use crate::record::{Counts, Input, Login, Secret, Severity, SkippedFile, Summary, hex};
use crate::sink::Records;

/// What the report is of, and where it goes.
#[derive(Debug, Clone)]
#[non_exhaustive]
pub struct Options {
    /// A folder that `extract` wrote.
    pub dir: PathBuf,
    /// The file to write; `None` is [`FILE_NAME`] in the folder.
    pub output: Option<PathBuf>,
    /// How passwords, tokens and lines for password crackers are shown. Default: their SHA-256.
    pub secrets: Secrets,
    /// The headline.
    pub title: String,
    /// How much is shown.
    pub limits: Limits,
}

impl Options {
    /// The report of a folder, in it.
    #[must_use]
    pub fn new(dir: PathBuf) -> Self {
        Self {
            dir,
            output: None,
            secrets: Secrets::Hash,
            title: "Mail in network captures".to_owned(),
            limits: Limits::default(),
        }
    }
}

/// A report that was written.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct Written {
    /// The file.
    pub path: PathBuf,
    /// Its size in bytes.
    pub size: u64,
    /// Messages in its list.
    pub messages: usize,
    /// What was left out, in words.
    pub left_out: Vec<String>,
    /// Lines that are no records, the first hundred.
    pub damaged: Vec<Damaged>,
}

/// Writes a report.
///
/// # Errors
///
/// The folder cannot be used, there is something else than an earlier report in the place of the report, or it cannot be
/// written. Lines that are no records are told in the report and in what comes back.
pub fn write(options: &Options) -> Result<Written, ReportError> {
    let folder = Folder::open(&options.dir)?;
    let path = options.output.clone().unwrap_or_else(|| options.dir.join(FILE_NAME));
    let mut writer = Writer {
        options,
        out: Target::create(&path)?,
        mailed: Correspondence::new(MOST_PAIRS),
        spoke: Traffic::new(MOST_PAIRS),
        totals: Totals::default(),
        damaged: Vec::new(),
        damaged_lines: 0,
        left_out: Vec::new(),
    };
    let (before, after) = page::around(&options.title);
    writer.put(before.as_bytes())?;
    let sources = Writer::sources(&folder)?;
    let found = writer.findings(&folder)?;
    let in_anomalies = writer.anomalies(&folder)?;
    writer.sessions(&folder)?;
    writer.logins(&folder)?;
    let messages = writer.messages(&folder, &in_anomalies, &found)?;
    writer.maps()?;
    writer.head(folder.summary(), &sources)?;
    writer.put(after.as_bytes())?;
    let Writer { out, damaged, left_out, .. } = writer;
    let size = out.written();
    out.finish()?;
    Ok(Written { path, size, messages, left_out, damaged })
}

struct Writer<'a> {
    options: &'a Options,
    out: Target,
    mailed: Correspondence,
    spoke: Traffic,
    totals: Totals,
    damaged: Vec<Damaged>,
    damaged_lines: u64,
    left_out: Vec<String>,
}

/// How many damaged lines are told one by one.
const MOST_DAMAGED: usize = 100;

/// How many pairs are counted for the maps.
const MOST_PAIRS: usize = 200_000;

/// Details of messages are read block by block, as they are looked at.
const BLOCK: usize = 128 << 10;

/// What the page knows before all else.
#[derive(Serialize)]
struct Head<'a> {
    title: &'a str,
    version: &'static str,
    /// Of the run that made the folder.
    tool_version: &'a str,
    complete: bool,
    stopped: bool,
    secrets: &'static str,
    counts: &'a Counts,
    options: &'a serde_json::Map<String, serde_json::Value>,
    inputs: Vec<&'a Input>,
    skipped: Vec<&'a SkippedFile>,
    sources: &'a BTreeMap<&'static str, Source>,
    totals: &'a Totals,
    left_out: &'a [String],
    damaged: Vec<String>,
    damaged_lines: u64,
}

/// A map: the pairs, those first that had most to do with one another.
#[derive(Serialize)]
struct Drawn<Edge> {
    edges: Vec<Edge>,
    /// Pairs that are not among them, and what found no room when they were counted.
    left_out: u64,
}

impl<Edge> Drawn<Edge> {
    fn new(mut edges: Vec<Edge>, left_out: u64, most: usize, weight: impl Fn(&Edge) -> u64) -> Self {
        // Of equal weight in their order, which is that of their names.
        edges.sort_by_key(|edge| core::cmp::Reverse(weight(edge)));
        let more = edges.len().saturating_sub(most) as u64;
        edges.truncate(most);
        Self { edges, left_out: left_out.saturating_add(more) }
    }
}

/// A file of records that the report was made of.
#[derive(Serialize)]
struct Source {
    size: u64,
    sha256: String,
}

impl Writer<'_> {
    fn put(&mut self, bytes: &[u8]) -> Result<(), ReportError> {
        self.out.write_all(bytes).map_err(|error| self.out.failed(error))
    }

    fn json(&mut self, value: &impl Serialize) -> Result<(), ReportError> {
        let longest = self.options.limits.string;
        escape::json(&mut self.out, value, longest).map_err(|error| match error.io_error_kind() {
            Some(_) => self.out.failed(error.into()),
            None => ReportError::Json(error),
        })
    }

    /// Begins a block of data; [`end`](Self::end) ends it.
    fn begin(&mut self, id: &str) -> Result<(), ReportError> {
        self.put(format!("<script type=\"application/json\" id=\"{id}\">").as_bytes())
    }

    fn end(&mut self) -> Result<(), ReportError> {
        self.put(b"</script>\n")
    }

    fn intact<T>(&mut self, record: Result<T, Damaged>) -> Option<T> {
        match record {
            Ok(record) => Some(record),
            Err(damaged) => {
                self.damaged_lines += 1;
                if self.damaged.len() < MOST_DAMAGED {
                    self.damaged.push(damaged);
                }
                None
            }
        }
    }

    /// One item of a list, if there is still room for it; whether there was.
    fn item(&mut self, count: &mut usize, most: usize, value: &impl Serialize) -> Result<bool, ReportError> {
        *count += 1;
        if *count > most {
            return Ok(false);
        }
        self.put(if *count == 1 { b"[" } else { b",\n" })?;
        self.json(value)?;
        Ok(true)
    }

    fn end_list(&mut self, count: usize, most: usize, what: &str) -> Result<(), ReportError> {
        self.put(if count == 0 { b"[]" } else { b"]" })?;
        if count > most {
            self.left_out
                .push(format!("{} {what} of {count}: the list holds the first {most}", count - most));
        }
        self.end()
    }

    /// The sums of the files that the report is made of, so that it can be told of which.
    fn sources(folder: &Folder) -> Result<BTreeMap<&'static str, Source>, ReportError> {
        let mut sources = BTreeMap::new();
        for records in Records::ALL {
            let mut file = folder.records_file(records)?;
            let path = folder.path().join(records.file_name());
            let (mut hash, mut size, mut bytes) = (Sha256::new(), 0, vec![0; 256 << 10]);
            loop {
                let len = file.read(&mut bytes).map_err(ReportError::io("read", &path))?;
                let Some(read) = bytes.get(..len).filter(|read| !read.is_empty()) else { break };
                hash.update(read);
                size += len as u64;
            }
            sources.insert(records.file_name(), Source { size, sha256: hex(&hash.finalize()) });
        }
        Ok(sources)
    }

    /// The findings; for each message that they are of how many there are, and the worst of them.
    fn findings(&mut self, folder: &Folder) -> Result<BTreeMap<u64, (u32, Severity)>, ReportError> {
        let (mut count, most) = (0, self.options.limits.findings);
        let (mut messages, mut rules) = (BTreeMap::new(), BTreeSet::new());
        self.begin("findings")?;
        for record in folder.findings()? {
            let Some(finding) = self.intact(record) else { continue };
            self.totals.finding(&finding);
            for message in &finding.messages {
                let (count, worst) = messages.entry(*message).or_insert((0, finding.severity));
                *count += 1;
                *worst = finding.severity.max(*worst);
            }
            if self.item(&mut count, most, &finding)? {
                rules.insert(finding.rule.into_owned());
            }
        }
        self.end_list(count, most, "findings")?;
        let known = Rule::ALL.iter().filter(|rule| rules.contains(rule.id()));
        let told =
            known.map(|rule| (rule.id(), [rule.title(), rule.meaning(), rule.unless(), rule.source()]));
        let told: BTreeMap<_, _> = told.collect();
        self.begin("rules")?;
        self.json(&told)?;
        self.end()?;
        Ok(messages)
    }

    /// The anomalies; the messages that they are in.
    fn anomalies(&mut self, folder: &Folder) -> Result<BTreeSet<u64>, ReportError> {
        let (mut count, most) = (0, self.options.limits.anomalies);
        let mut messages = BTreeSet::new();
        self.begin("anomalies")?;
        for record in folder.anomalies()? {
            let Some(anomaly) = self.intact(record) else { continue };
            self.totals.anomaly(&anomaly);
            messages.extend(anomaly.message);
            self.item(&mut count, most, &anomaly)?;
        }
        self.end_list(count, most, "anomalies")?;
        Ok(messages)
    }

    fn sessions(&mut self, folder: &Folder) -> Result<(), ReportError> {
        let (mut count, most) = (0, self.options.limits.sessions);
        self.begin("sessions")?;
        for record in folder.sessions()? {
            let Some(mut session) = self.intact(record) else { continue };
            self.totals.session(&session);
            self.spoke.session(&session);
            session.actions.truncate(self.options.limits.items);
            session.capabilities.truncate(self.options.limits.items);
            self.item(&mut count, most, &session)?;
        }
        self.end_list(count, most, "sessions")
    }

    fn logins(&mut self, folder: &Folder) -> Result<(), ReportError> {
        let (mut count, most) = (0, self.options.limits.logins);
        self.begin("logins")?;
        for record in folder.logins()? {
            let Some(mut login) = self.intact(record) else { continue };
            self.totals.login(&login);
            hide(&mut login, self.options.secrets);
            self.item(&mut count, most, &login)?;
        }
        self.end_list(count, most, "logins")
    }

    /// The messages: blocks of details, and then the list.
    fn messages(
        &mut self,
        folder: &Folder,
        in_anomalies: &BTreeSet<u64>,
        found: &BTreeMap<u64, (u32, Severity)>,
    ) -> Result<usize, ReportError> {
        let limits = self.options.limits;
        let (mut rows, mut groups) = (Vec::new(), Groups::default());
        let (mut room, mut left) = (Room::new(&limits), limits.details);
        let (mut block, mut number, mut place) = (Vec::new(), 0, 0);
        let (mut count, mut without) = (0_usize, 0_usize);
        for record in folder.messages()? {
            let Some(message) = self.intact(record) else { continue };
            self.totals.message(&message);
            self.mailed.message(&message);
            count += 1;
            if rows.len() >= limits.messages {
                continue;
            }
            let mut row = Row::new(&message);
            groups.add(rows::keys(&message));
            if in_anomalies.contains(&message.message) {
                row.flags |= flag::ANOMALY;
            }
            if let Some((count, worst)) = found.get(&message.message) {
                (row.findings, row.severity) = (*count, Some(*worst));
            }
            let before = block.len();
            if left > 0 {
                block.extend_from_slice(if place == 0 { b"[" } else { b",\n" });
                Details::read(folder, message, &limits, &mut room).write(&mut block, &limits)?;
            }
            let size = (block.len() - before) as u64;
            if size > left || left == 0 {
                block.truncate(before);
                left = 0;
                without += 1;
                row.flags |= flag::NO_DETAILS;
            } else {
                left -= size;
                (row.block, row.place) = (number, place);
                place += 1;
            }
            rows.push(row);
            if block.len() >= BLOCK {
                self.block(&mut block, number)?;
                (number, place) = (number + 1, 0);
            }
        }
        self.block(&mut block, number)?;
        if without > 0 {
            self.left_out.push(format!(
                "details of {without} messages: the report holds {} MiB of them",
                limits.details >> 20
            ));
        }
        rows::group(&mut rows, &mut groups);
        self.begin("messages")?;
        let mut written = 0;
        for row in &rows {
            self.item(&mut written, usize::MAX, row)?;
        }
        self.end_list(written, usize::MAX, "")?;
        if count > rows.len() {
            let (more, most) = (count - rows.len(), rows.len());
            self.left_out.push(format!("{more} messages of {count}: the list holds the first {most}"));
        }
        Ok(rows.len())
    }

    fn block(&mut self, block: &mut Vec<u8>, number: usize) -> Result<(), ReportError> {
        if block.is_empty() {
            return Ok(());
        }
        self.begin(&format!("details-{number}"))?;
        self.put(block)?;
        self.put(b"]")?;
        block.clear();
        self.end()
    }

    /// Who mailed whom, and which host spoke to which server.
    fn maps(&mut self) -> Result<(), ReportError> {
        let most = self.options.limits.map;
        let mailed = core::mem::replace(&mut self.mailed, Correspondence::new(0)).finish();
        let spoke = core::mem::replace(&mut self.spoke, Traffic::new(0)).finish();
        let mailed = Drawn::new(mailed.edges, mailed.left_out, most, |edge| edge.messages);
        let spoke = Drawn::new(spoke.edges, spoke.left_out, most, |edge| edge.sessions);
        self.begin("maps")?;
        self.put(b"{\"mailed\":")?;
        self.json(&mailed)?;
        self.put(b",\"spoke\":")?;
        self.json(&spoke)?;
        self.put(b"}")?;
        self.end()
    }

    fn head(
        &mut self,
        summary: &Summary,
        sources: &BTreeMap<&'static str, Source>,
    ) -> Result<(), ReportError> {
        let limits = self.options.limits;
        let (totals, left_out) = {
            self.totals.finish();
            (core::mem::take(&mut self.totals), core::mem::take(&mut self.left_out))
        };
        let head = Head {
            title: &self.options.title,
            version: env!("CARGO_PKG_VERSION"),
            tool_version: &summary.version,
            complete: summary.complete,
            stopped: summary.stopped,
            secrets: match self.options.secrets {
                Secrets::Show => "show",
                Secrets::Hash => "hash",
                Secrets::Omit => "omit",
            },
            counts: &summary.counts,
            options: &summary.options,
            inputs: summary.inputs.iter().take(limits.map).collect(),
            skipped: summary.skipped.iter().take(limits.map).collect(),
            sources,
            totals: &totals,
            left_out: &left_out,
            damaged: self.damaged.iter().map(ToString::to_string).collect(),
            damaged_lines: self.damaged_lines,
        };
        self.put(b"<script type=\"application/json\" id=\"head\">")?;
        let longest = limits.string;
        escape::json(&mut self.out, &head, longest)?;
        self.left_out = left_out;
        self.end()
    }
}

/// Shows the secrets of a login as they are to be shown.
fn hide(login: &mut Login, secrets: Secrets) {
    let shown = |secret: &Secret| match secrets {
        Secrets::Show => Some(secret.clone()),
        // The folder may hold nothing but the sum already.
        Secrets::Hash if is_sum(secret.expose()) => Some(secret.clone()),
        Secrets::Hash => Some(Secret::from(format!("sha256:{}", hex(&Sha256::digest(secret.expose()))))),
        Secrets::Omit => None,
    };
    login.password = login.password.as_ref().and_then(shown);
    login.token = login.token.as_ref().and_then(shown);
    login.hash = login.hash.take().and_then(|mut hash| {
        hash.line = shown(&hash.line)?;
        Some(hash)
    });
}

fn is_sum(secret: &str) -> bool {
    secret.strip_prefix("sha256:").is_some_and(|sum| {
        sum.len() == 64 && sum.bytes().all(|byte| byte.is_ascii_digit() || matches!(byte, b'a'..=b'f'))
    })
}
