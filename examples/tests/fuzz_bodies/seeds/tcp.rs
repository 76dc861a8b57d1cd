//! Seeds of tcp-reassembly: streams, fragments, packets.

use super::super::mutator::Mutator;

/// Handshake, data of both sides, FIN; then steps of every kind.
pub(super) fn reassembly() -> Vec<Vec<u8>> {
    let mut random = Mutator::new(7);
    let side = |server: u8, kind: u8| kind << 1 | server;
    let mut seeds = Vec::new();
    for number in 0..24_u8 {
        let limits = if number % 3 == 0 { 0 } else { random.next().to_le_bytes()[0] };
        let mut seed = vec![limits];
        seed.extend(random.next().to_le_bytes());
        seed.extend([side(0, 9), side(1, 10), side(0, 13), 0x00, 0x80]);
        for _ in 0..random.below(40) {
            let kind = [0, 0, 1, 4, 5, 6, 7, 8, 13, 14, 15][random.below(11)];
            let [len, back, more, ..] = random.next().to_le_bytes();
            seed.extend([side(len & 1, kind) | more & 0xc0, back, len & 0x3f, more & 0x1f]);
        }
        seed.extend([side(0, 11), side(1, 11), side(0, 0), 0]);
        seeds.push(seed);
    }
    seeds
}

/// Fragments of each datagram in and out of order, overlapping, twice, cut short, changed; and whole frames.
pub(super) fn resolver() -> Vec<Vec<u8>> {
    // Kind of the step, datagram, number, first unit, units, what is around it.
    let part = |kind: u8, what: u8, unit: u8, units: u8, link: u8| vec![kind, what, 1, unit, units, link];
    let mut seeds = Vec::new();
    for what in 0..6 {
        for (kind, link) in [(0, 0), (0x10, 1), (0, 3)] {
            let parts =
                [part(kind, what, 0, 9, link), part(kind, what, 9, 20, link), part(kind, what, 29, 23, link)];
            let [a, b, c] = &parts;
            let overlap = part(kind, what, 5, 12, link);
            for order in [[a, b, c, a], [c, b, a, c], [a, c, &overlap, b]] {
                seeds.push([&[0][..], &order.into_iter().flatten().copied().collect::<Vec<_>>()].concat());
            }
            let changed = [&[kind | 0x20, what, 1, 5, 12, 40, 0xff, link][..], &[12, 40]].concat();
            seeds.push([&[3][..], a, &changed, b, c].concat());
            let short = [&part(kind | 0x40, what, 9, 20, link)[..], &[60]].concat();
            let twice = part(kind | 0x80, what, 29, 23, link);
            seeds.push([&[9][..], a, &short, &twice, b].concat());
        }
    }
    for packet in packets() {
        let len = u8::try_from(packet.len().min(255)).unwrap();
        seeds.push([&[0, 15, 0, len, 0][..], &packet].concat());
    }
    seeds
}

/// One segment over each link layer and both versions of IP.
pub(super) fn packets() -> Vec<Vec<u8>> {
    let tcp =
        [&[0x9c, 0x40, 0, 25, 0, 0, 0, 1, 0, 0, 0, 2, 0x50, 0x18, 0xff, 0xff, 0, 0, 0, 0][..], b"EHLO c\r\n"]
            .concat();
    let options = [
        &[0x9c, 0x40, 0, 25, 0, 0, 0, 1, 0, 0, 0, 2, 0x80, 0x02, 0xff, 0xff, 0, 0, 0, 0][..],
        &[2, 4, 5, 0xb4, 1, 3, 3, 7, 4, 2, 0, 0],
    ]
    .concat();
    let v4 = |tcp: &[u8]| {
        let len = u16::try_from(20 + tcp.len()).unwrap().to_be_bytes();
        let head = [0x45, 0, len[0], len[1], 0, 1, 0x40, 0, 64, 6, 0, 0, 192, 0, 2, 1, 192, 0, 2, 2];
        [&head[..], tcp].concat()
    };
    let v6 = |next: u8, extension: &[u8], tcp: &[u8]| {
        let len = u16::try_from(extension.len() + tcp.len()).unwrap().to_be_bytes();
        let head = [0x60, 0, 0, 0, len[0], len[1], next, 64];
        [&head[..], &[0x20; 16], &[0x21; 16], extension, tcp].concat()
    };
    let ip = [
        v4(&tcp),
        v4(&options),
        v6(6, &[], &tcp),
        v6(0, &[6, 0, 1, 4, 0, 0, 0, 0], &tcp),
        v6(44, &[6, 0, 0, 1, 0, 0, 0, 9], &tcp),
    ];
    let mut packets = Vec::new();
    for packet in &ip {
        let kind = if packet[0] >> 4 == 4 { [8, 0] } else { [0x86, 0xdd] };
        let family = if packet[0] >> 4 == 4 { 2 } else { 30 };
        for link in [
            &[][..],
            &[&[2; 12], &kind[..]].concat(),
            &[&[2; 12][..], &[0x81, 0, 0, 5], &kind].concat(),
            &[&[2; 12][..], &[0, 60, 0xaa, 0xaa, 3, 0, 0, 0], &kind].concat(),
            &[family, 0, 0, 0],
            &[0, 0, 0, family],
            &[&[0; 14], &kind[..]].concat(),
            &[&kind[..], &[0; 18]].concat(),
        ] {
            packets.push([link, packet, &[0; 6][..]].concat());
        }
    }
    packets
}
