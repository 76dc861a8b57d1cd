//! The same captures through this crate, tshark and tcpflow (not part of a normal run: needs Debian's `tshark` and
//! `tcpflow`).
//!
//! ```text
//! CAPTURES=folder cargo test -p tcp-reassembly --test differential -- --ignored --nocapture
//! ```
//!
//! Generated captures always, those of `CAPTURES` where it is set. Both tools have ways of their own with odd captures,
//! so a difference is accepted where something in our events says why there may be one; every other fails the test.
#![allow(
    clippy::cast_possible_truncation,
    clippy::field_reassign_with_default,
    clippy::indexing_slicing,
    clippy::or_fun_call,
    clippy::panic,
    clippy::print_stdout,
    clippy::unwrap_used,
    reason = "a test may fail loudly"
)]
#![cfg(feature = "packet")]

mod generate;
mod ours;
mod theirs;

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use ours::{Flow, Side};

/// How a comparison came out, counted.
#[derive(Default)]
struct Tally {
    counts: BTreeMap<String, u64>,
    unexplained: Vec<String>,
}

impl Tally {
    fn add(&mut self, tool: &str, what: &str) {
        *self.counts.entry(format!("{tool}: {what}")).or_default() += 1;
    }
}

/// With `None` for what is missing.
fn is_prefix(short: &[Option<u8>], long: &[Option<u8>]) -> bool {
    long.starts_with(short)
}

/// Whether there is no byte in `part` that is not in `all`, wherever it stands.
fn holds(all: &[u8], part: &[u8]) -> bool {
    let mut counts = [0_i64; 256];
    all.iter().for_each(|byte| counts[usize::from(*byte)] += 1);
    part.iter().for_each(|byte| counts[usize::from(*byte)] -= 1);
    counts.iter().all(|count| *count >= 0)
}

fn compare_tshark(name: &str, side: &Side, theirs: &[Option<u8>], tally: &mut Tally) {
    let told = &side.stream;
    let without = |stream: &[Option<u8>]| stream.iter().flatten().copied().collect::<Vec<u8>>();
    // It says nothing of bytes missing at the end.
    let trimmed: Vec<Option<u8>> = {
        let end = told.iter().rposition(Option::is_some).map_or(0, |last| last + 1);
        told[..end].to_vec()
    };
    // From some place on the same, but for bytes it has not.
    let fits = |from: usize| {
        theirs.len() + from == told.len()
            && theirs.iter().zip(&told[from..]).all(|(theirs, ours)| theirs.is_none() || theirs == ours)
    };
    let what = if theirs == trimmed.as_slice() || theirs == told.as_slice() {
        "same"
    } else if side.reasons.contains("conflict") {
        "copies differ, and it resolves overlaps in its own way"
    } else if side.reasons.contains("syn-data-refused") {
        "it keeps the data of a SYN that was refused"
    } else if side.reasons.contains("bad-checksum") || side.reasons.contains("rejected") {
        "it does not look at checksums"
    } else if side.reasons.contains("gap") && without(theirs) == without(&trimmed) {
        "it joins what a gap separates"
    } else if side.reasons.contains("gap") && is_prefix(theirs, &trimmed) {
        "it leaves out what stands behind a gap"
    } else if side.reasons.contains("gap") && without(&trimmed).starts_with(&without(theirs)) {
        "it joins what a gap separates, and leaves out the rest"
    } else if side.reasons.contains("odd-fragments") {
        "fragments that contradict each other or are missing"
    } else if fits(0) {
        "it gives up acknowledged bytes that were captured later"
    } else if ["mid-stream", "before-syn"].iter().any(|reason| side.reasons.contains(reason))
        && told.len().checked_sub(theirs.len()).is_some_and(fits)
    {
        "it loses bytes that were captured before the SYN"
    } else if ["mid-stream", "before-syn"].iter().any(|reason| side.reasons.contains(reason))
        && theirs.len() == told.len()
        && holds(&without(told), &without(theirs))
    {
        "it puts bytes that were captured before the SYN in wrong places"
    } else if side.reasons.contains("late") {
        "it found room for late bytes"
    } else if side.reasons.contains("early") {
        "bytes from before the start"
    } else if side.reasons.contains("end") {
        "it goes on behind FIN and RST"
    } else if side.reasons.contains("probe") || side.reasons.contains("far") {
        "it takes probes or far segments for data"
    } else {
        "UNEXPLAINED"
    };
    tally.add("tshark", what);
    if what == "UNEXPLAINED" {
        let place = told.iter().zip(theirs).position(|(one, two)| one != two);
        tally.unexplained.push(format!(
            "tshark {name}: ours {} theirs {} first difference {place:?} ({:?})",
            told.len(),
            theirs.len(),
            side.reasons
        ));
    }
}

fn compare_tcpflow(name: &str, side: &Side, theirs: &[u8], tally: &mut Tally) {
    let told = &side.stream;
    let agrees = |from: usize| {
        told.iter().skip(from).enumerate().all(|(at, byte)| match (byte, theirs.get(at)) {
            (Some(byte), Some(other)) => byte == other,
            (Some(_), None) => false,
            (None, other) => other.is_none_or(|&other| other == 0),
        }) && theirs.len() <= told.len() - from
    };
    let padding = || {
        let (start, rest) = theirs.split_at(theirs.len().min(told.len()));
        rest.len() < 46 && told.iter().flatten().eq(start)
    };
    let what = if agrees(0) {
        "same, with zeros for gaps"
    } else if padding() {
        "it takes padding or trailers of frames for data"
    } else if side.reasons.contains("fragments") {
        "the capture has IP fragments, which it does not put together"
    } else if side.reasons.contains("before-syn") && told.len().checked_sub(theirs.len()).is_some_and(agrees)
    {
        "it loses bytes that were captured before the SYN"
    } else if side.reasons.contains("conflict") {
        "copies differ, and its last one wins"
    } else if side.reasons.contains("bad-checksum") || side.reasons.contains("rejected") {
        "it does not look at checksums"
    } else if ["early", "late", "end", "probe", "far", "syn-data-refused", "gap", "mid-stream"]
        .iter()
        .any(|reason| side.reasons.contains(*reason))
    {
        "odd stream, its own way"
    } else {
        "UNEXPLAINED"
    };
    tally.add("tcpflow", what);
    if what == "UNEXPLAINED" {
        let place =
            told.iter().enumerate().position(|(at, byte)| byte.is_some() && theirs.get(at) != byte.as_ref());
        tally.unexplained.push(format!(
            "tcpflow {name}: ours {} theirs {} first difference {place:?} ({:?})",
            told.len(),
            theirs.len(),
            side.reasons
        ));
    }
}

fn compare(path: &Path, work: &Path, tally: &mut Tally) {
    let Some(plain) = theirs::plain_pcap(path, work) else {
        tally.add("all", "not comparable (format)");
        return;
    };
    let flows = ours::flows(&plain);
    let mut by_ends: BTreeMap<String, Vec<&Flow>> = BTreeMap::new();
    for flow in &flows {
        by_ends.entry(theirs::pair(flow.ends[0], flow.ends[1])).or_default().push(flow);
    }
    let name = path.file_name().unwrap().to_string_lossy().into_owned();
    let mut streams = theirs::tshark(&plain);
    for (ends, flows) in &by_ends {
        // Streams without data are no flows, and the other way round.
        let flows: Vec<&&Flow> = flows.iter().filter(|flow| flow.has_data()).collect();
        let streams: Vec<_> =
            streams.remove(ends).unwrap_or_default().into_iter().filter(|s| s.has_data()).collect();
        if flows.len() != streams.len() {
            tally.add("tshark", "cuts flows of the same ends in another way");
            continue;
        }
        for (flow, stream) in flows.iter().zip(&streams) {
            for (at, end) in flow.ends.iter().enumerate() {
                let theirs = stream.sides.get(&end.to_string()).cloned().unwrap_or_default();
                compare_tshark(&format!("{name} {end}"), &flow.sides[at], &theirs, tally);
            }
        }
    }
    for (ends, streams) in streams {
        if streams.iter().any(theirs::Stream::has_data) {
            tally.add("tshark", "has a stream we have not");
            tally.unexplained.push(format!("tshark {name}: a stream we have not: {ends}"));
        }
    }
    let files = theirs::tcpflow(&plain, work);
    if !files.keys().any(|file| file.contains('-')) {
        tally.add("tcpflow", "reads nothing (link type)");
        return;
    }
    for flows in by_ends.values() {
        let flows: Vec<&&Flow> = flows.iter().filter(|flow| flow.has_data()).collect();
        if let [flow] = flows[..] {
            for (at, (from, to)) in [(0, 1), (1, 0)].into_iter().enumerate() {
                let Some(key) = theirs::tcpflow_name(flow.ends[from], flow.ends[to]) else { continue };
                if files.keys().any(|file| file.starts_with(&key) && *file != key) {
                    tally.add("tcpflow", "cuts the flow in pieces");
                    continue;
                }
                let empty = Vec::new();
                compare_tcpflow(
                    &format!("{name} {key}"),
                    &flow.sides[at],
                    files.get(&key).unwrap_or(&empty),
                    tally,
                );
            }
        }
    }
}

fn captures(folder: &Path, found: &mut Vec<PathBuf>) {
    let mut entries: Vec<PathBuf> =
        std::fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path()).collect();
    entries.sort();
    for path in entries {
        let name = path.to_string_lossy().into_owned();
        if path.is_dir() {
            captures(&path, found);
        } else if [".pcap", ".pcapng", ".pcap.gz"].iter().any(|end| name.ends_with(end)) {
            found.push(path);
        }
    }
}

#[test]
#[ignore = "needs tshark and tcpflow"]
fn tshark_and_tcpflow_see_the_same() {
    let work = std::env::temp_dir().join(format!("tcp-reassembly-differential-{}", std::process::id()));
    std::fs::create_dir_all(&work).unwrap();
    let mut files = generate::captures(&work.join("generated"));
    if let Some(folder) = std::env::var_os("CAPTURES") {
        captures(Path::new(&folder), &mut files);
    }
    let mut tally = Tally::default();
    for file in &files {
        compare(file, &work, &mut tally);
    }
    println!("{} captures", files.len());
    for (what, count) in &tally.counts {
        println!("{count:7} {what}");
    }
    for line in &tally.unexplained {
        println!("{line}");
    }
    if tally.unexplained.is_empty() {
        std::fs::remove_dir_all(&work).unwrap();
    }
    assert!(tally.unexplained.is_empty(), "captures are in {}", work.display());
}
