//! Seeds of the joiner: clients that fetch messages in pieces, as steps of `imap_join` in fuzz/src/join.rs.

/// What a step is about: message, session, and whether no UID is known.
const fn who(message: u8, session: u8, unnamed: bool) -> u8 {
    message | session << 2 | if unnamed { 0x10 } else { 0 }
}

/// A section by its number (0: the whole message, 1: its header, 2: its text), or a range of it; with
/// holes behind so many bytes each, 0 bytes: nobody knows how many.
fn piece(who: u8, section: u8, range: Option<(u16, u16)>, holes: &[[u8; 2]]) -> Vec<u8> {
    let options = u8::from(range.is_some()) | u8::try_from(holes.len()).unwrap() << 3;
    let section = if section == 0 {
        0
    } else if who & 3 == 3 {
        128 + section
    } else {
        135 + section
    };
    let mut step = vec![0, who, section, options];
    if let Some((origin, length)) = range {
        step.extend(origin.to_le_bytes());
        step.extend((length - 1).to_le_bytes());
    }
    step.extend(holes.concat());
    step
}

/// All of a message in ranges of so many bytes, each `times` times that long.
fn ranges(who: u8, length: u16, times: u16) -> Vec<Vec<u8>> {
    (0..1400 / length).map(|at| piece(who, 0, Some((at * length, length * times)), &[])).collect()
}

const fn named(who: u8) -> [u8; 2] {
    [12, who]
}

const fn structure(who: u8) -> [u8; 3] {
    [13, who, 0]
}

const fn size(who: u8) -> [u8; 5] {
    [14, who, 0, 0, 0]
}

pub(super) fn steps() -> Vec<Vec<u8>> {
    let mut seeds = Vec::new();
    let mut seed = |steps: &[Vec<u8>]| {
        for options in [4, 5, 6, 0] {
            seeds.push([&[options][..], &steps.concat()].concat());
        }
    };
    // Ranges in order, then backwards and overlapping, with the size.
    seed(&ranges(who(0, 0, false), 300, 1));
    let mut backwards = ranges(who(1, 0, false), 200, 2);
    backwards.reverse();
    backwards.push(size(who(1, 1, false)).to_vec());
    seed(&backwards);
    // Two sessions, one of which has all of it; one whose user nobody knows.
    let mut sessions = ranges(who(0, 0, false), 400, 1);
    sessions.extend(ranges(who(0, 1, false), 500, 1));
    sessions.extend(ranges(who(0, 3, false), 600, 1));
    seed(&sessions);
    // What one session lost, another has.
    seed(&[
        piece(who(0, 0, false), 0, Some((0, 1024)), &[[100, 200]]),
        piece(who(0, 1, false), 0, Some((90, 220)), &[]),
        piece(who(0, 1, false), 0, Some((1000, 1000)), &[[10, 0]]),
        size(who(0, 0, false)).to_vec(),
    ]);
    // Before its UID is known.
    let mut unnamed = ranges(who(2, 1, true), 700, 1);
    unnamed.push(named(who(2, 1, false)).to_vec());
    seed(&unnamed);
    // Header and text, or the only part.
    seed(&[piece(who(0, 0, false), 1, None, &[]), piece(who(0, 0, false), 2, None, &[])]);
    seed(&[
        structure(who(3, 0, false)).to_vec(),
        piece(who(3, 0, false), 1, None, &[]),
        piece(who(3, 0, false), 3, Some((0, 1000)), &[]),
    ]);
    // Parts on demand.
    let mut parts = vec![structure(who(1, 0, false)).to_vec(), piece(who(1, 0, false), 1, None, &[])];
    parts.extend([4, 6, 8, 10, 14].map(|section| piece(who(1, 0, false), section, None, &[])));
    seed(&parts);
    // The whole, and parts that are compared with it.
    seed(&[piece(who(1, 0, false), 0, None, &[]), piece(who(1, 0, false), 14, None, &[[9, 9]])]);
    // Asked for and lost, then once more.
    let ask = |origin: u16, length: u16| {
        [&[10, who(0, 0, false), 0][..], &origin.to_le_bytes(), &(length - 1).to_le_bytes()].concat()
    };
    seed(&[ask(0, 50), piece(who(0, 0, false), 0, Some((0, 100)), &[]), ask(100, 9)]);
    // Several before the first answer, one of which is lost.
    let (answer, next) = (vec![11, 0], vec![11 | 1 << 6, 0]);
    seed(&[ask(0, 50), ask(0, 900), ask(900, 900), answer.clone(), answer.clone(), answer.clone()]);
    seed(&[ask(0, 1000), ask(0, 50), ask(50, 1000), next, answer]);
    // URLs, and messages that are made of them.
    let url = |section: u8, range: u8| vec![8, who(0, 0, false), section, range, 3, 0, 50, 0];
    let catenated = vec![9, who(0, 0, false), 90, 1, 0, 137, 1, 40, 0, 0, 3, 5, 0, 60, 0, 20];
    seed(&[piece(who(0, 0, false), 0, None, &[]), url(137, 0), url(140, 3), catenated.clone()]);
    seed(&[piece(who(0, 0, false), 2, None, &[]), catenated]);
    seeds
}
