use sha2::{Digest as _, Sha256};

use super::super::testing;
use super::*;

fn capture(times: &[u32]) -> Vec<u8> {
    let frames: Vec<(u32, u32, &[u8])> = times.iter().map(|&secs| (secs, 0, &b"frame"[..])).collect();
    testing::pcap(false, 0xa1b2_c3d4, 262_144, 1, &frames)
}

/// Input, number and second of each frame.
fn frames(inputs: &mut Inputs) -> Vec<(u32, u64, u64)> {
    let mut frames = Vec::new();
    for item in inputs {
        if let Item::Frame(frame) = item {
            frames.push((frame.input, frame.number, frame.at.as_secs()));
        }
    }
    frames
}

#[test]
fn overlapping_files_are_merged_and_others_follow() {
    let dir = tempfile::tempdir().unwrap();
    let write = |name: &str, times: &[u32]| {
        let path = dir.path().join(name);
        fs::write(&path, capture(times)).unwrap();
        path
    };
    let arguments = [
        write("late", &[50, 60]),
        write("one", &[10, 20, 30, 30]),
        write("two", &[15, 30, 5, 40]),
        write("empty", &[]),
    ];
    let mut inputs = Inputs::open(&arguments);
    assert_eq!(
        frames(&mut inputs),
        [
            (2, 1, 10),
            (3, 1, 15),
            (2, 2, 20),
            (2, 3, 30),
            (2, 4, 30),
            (3, 2, 30),
            (3, 3, 5),
            (3, 4, 40),
            (1, 1, 50),
            (1, 2, 60),
        ]
    );
    let sizes: Vec<_> = inputs.reports().iter().map(|r| (r.frames, r.digest.unwrap().size)).collect();
    assert_eq!(sizes, [(2, 66), (4, 108), (4, 108), (0, 24)]);
    assert_eq!(inputs.progress().read(), 66 + 108 + 108 + 24);
    assert_eq!(inputs.progress().total(), Some(66 + 108 + 108 + 24));
}

#[test]
fn a_folder_is_read_in_the_order_of_time() {
    let dir = tempfile::tempdir().unwrap();
    let below = dir.path().join("below");
    fs::create_dir(&below).unwrap();
    fs::write(dir.path().join("a.pcap"), capture(&[300])).unwrap();
    fs::write(below.join("z.txt"), capture(&[100])).unwrap();
    fs::write(dir.path().join("b"), capture(&[200])).unwrap();
    fs::write(dir.path().join("notes.pcap"), "not a capture").unwrap();
    fs::write(dir.path().join("nothing"), "").unwrap();
    let missing = dir.path().join("missing");
    let mut inputs = Inputs::open(&[dir.path().to_owned(), missing.clone(), dir.path().join("nothing")]);
    let names: Vec<_> = inputs.reports().iter().map(|report| report.path.clone()).collect();
    let nothing = dir.path().join("nothing");
    assert_eq!(
        names,
        [below.join("z.txt"), dir.path().join("b"), dir.path().join("a.pcap"), missing, nothing.clone()]
    );
    let skipped: Vec<_> = inputs.skipped().iter().map(|skipped| skipped.path.clone()).collect();
    assert_eq!(skipped, [dir.path().join("notes.pcap"), nothing]);
    assert_eq!(frames(&mut inputs), [(1, 1, 100), (2, 1, 200), (3, 1, 300)]);
    let codes: Vec<Vec<_>> =
        inputs.reports().iter().map(|r| r.damage.iter().map(|d| d.kind.code()).collect()).collect();
    assert_eq!(codes, [vec![], vec![], vec![], vec!["unreadable"], vec!["not-a-capture"]]);
}

#[test]
fn compressed_and_damaged_files_are_hashed_as_stored() {
    use std::io::Write as _;

    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("capture");
    let plain = capture(&[1, 2, 3]);
    let gzip = |bytes: &[u8]| {
        let mut encoder = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
        encoder.write_all(bytes).unwrap();
        encoder.finish().unwrap()
    };
    let zstd = |bytes: &[u8]| zstd::encode_all(bytes, 1).unwrap();
    let (front, back) = plain.split_at(50);
    let members = [gzip(front), gzip(back)].concat();
    let skippable = [&[0x50, 0x2a, 0x4d, 0x18, 3, 0, 0, 0, 1, 2, 3], &zstd(front)[..], &zstd(back)].concat();
    for (stored, count, codes) in [
        (plain.clone(), 3, vec![]),
        (members.clone(), 3, vec![]),
        (skippable, 3, vec![]),
        ([&members[..], b"trailing"].concat(), 3, vec!["compression-damaged"]),
        (members[..members.len() - 1].to_vec(), 3, vec!["compression-damaged"]),
        ([gzip(front), b"rubbish, not a member".to_vec()].concat(), 1, vec!["compression-damaged"]),
        ([&plain[..24 + 21], &[0xff; 300_000]].concat(), 1, vec!["record-damaged"]),
    ] {
        fs::write(&path, &stored).unwrap();
        let mut inputs = Inputs::open(std::slice::from_ref(&path));
        assert_eq!(frames(&mut inputs).len(), count);
        let report = &inputs.reports()[0];
        assert_eq!(report.damage.iter().map(|d| d.kind.code()).collect::<Vec<_>>(), codes);
        let digest = report.digest.unwrap();
        assert_eq!(digest.size, stored.len() as u64);
        assert_eq!(digest.sha256[..], Sha256::digest(&stored)[..]);
    }
}

#[test]
#[cfg(unix)]
fn a_pipe_is_opened_once_and_takes_part_in_the_merge() {
    use std::io::Write as _;

    let dir = tempfile::tempdir().unwrap();
    let pipe = dir.path().join("pipe");
    let made = std::process::Command::new("mkfifo").arg(&pipe).status();
    if !made.is_ok_and(|status| status.success()) {
        return;
    }
    let file = dir.path().join("file");
    fs::write(&file, capture(&[2, 4])).unwrap();
    let writer = std::thread::spawn({
        let pipe = pipe.clone();
        move || File::options().write(true).open(pipe).unwrap().write_all(&capture(&[1, 3, 5])).unwrap()
    });
    let mut inputs = Inputs::open(&[file, pipe]);
    assert_eq!(frames(&mut inputs), [(2, 1, 1), (1, 1, 2), (2, 2, 3), (1, 2, 4), (2, 3, 5)]);
    writer.join().unwrap();
    assert_eq!(inputs.progress().total(), None);
    assert_eq!(inputs.reports()[1].digest.unwrap().size, 24 + 3 * 21);
}
