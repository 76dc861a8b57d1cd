//! The retrieval of one message, in 1448-byte chunks as TCP delivers them: pop3-proto, protolens and sawp-pop3.
//!
//! What they do with it is not the same. pop3-proto reads both halves, pairs them, undoes dot-stuffing and hands on each
//! run of content. protolens reads lines and hands on each, with its dots; the reply has to say `+OK <n> octets`. sawp-pop3
//! parses what is in a buffer and starts over when that is not the whole reply; so that it need not, it gets the whole
//! server's side at once, and its commands one by one. It copies each line.

#[path = "../../turns/mod.rs"]
mod turns;

use bytes::Bytes;
use criterion::{Criterion, Throughput, criterion_group, criterion_main};
use pop3_proto::{Config, Direction, EventKind, Session};
use protolens::{L7Proto, Packet, Prolens, TransProto};
use sawp::parser::Parse;
use std::cell::Cell;
use std::hint::black_box;
use std::net::{IpAddr, Ipv4Addr};
use std::rc::Rc;

/// A segment for protolens; cheap to clone, as it asks for.
#[derive(Clone)]
struct Segment {
    dir: Direction,
    seq: u32,
    payload: Bytes,
}

impl Packet for Segment {
    fn trans_proto(&self) -> TransProto {
        TransProto::Tcp
    }
    fn sip(&self) -> IpAddr {
        let last = if self.dir == Direction::ToServer { 1 } else { 2 };
        IpAddr::V4(Ipv4Addr::new(192, 0, 2, last))
    }
    fn dip(&self) -> IpAddr {
        let last = if self.dir == Direction::ToServer { 2 } else { 1 };
        IpAddr::V4(Ipv4Addr::new(192, 0, 2, last))
    }
    fn tu_sport(&self) -> u16 {
        if self.dir == Direction::ToServer { 40_000 } else { 110 }
    }
    fn tu_dport(&self) -> u16 {
        if self.dir == Direction::ToServer { 110 } else { 40_000 }
    }
    fn seq(&self) -> u32 {
        self.seq
    }
    fn syn(&self) -> bool {
        false
    }
    fn fin(&self) -> bool {
        false
    }
    fn payload_len(&self) -> usize {
        self.payload.len()
    }
    fn payload(&self) -> &[u8] {
        &self.payload
    }
}

fn segments(chunks: &[(Direction, Bytes)]) -> Vec<Segment> {
    let mut next = [1_u32, 1];
    let segment = |(dir, payload): &(Direction, Bytes)| {
        let next = &mut next[usize::from(*dir == Direction::ToClient)];
        let seq = *next;
        *next += u32::try_from(payload.len()).unwrap_or(0);
        Segment { dir: *dir, seq, payload: payload.clone() }
    };
    chunks.iter().map(segment).collect()
}

/// Bytes of content that came out.
fn ours(chunks: &[(Direction, Bytes)]) -> usize {
    let mut session = Session::new(Config::default());
    let mut content = 0;
    for (dir, bytes) in chunks {
        session.push(*dir, Default::default(), bytes.clone());
        while let Some(event) = session.poll_event() {
            if let EventKind::MessageData(bytes) = &event.kind {
                content += bytes.len();
            }
            black_box(event);
        }
    }
    content
}

/// A protolens that counts the bytes of content, and the count.
fn prolens() -> (Prolens<Segment>, Rc<Cell<usize>>) {
    let mut prolens = Prolens::<Segment>::default();
    let content = Rc::new(Cell::new(0));
    let (header, body) = (content.clone(), content.clone());
    prolens.set_cb_pop3_header(move |line: &[u8], _, _, _| header.set(header.get() + line.len()));
    prolens.set_cb_pop3_body(move |bytes: &[u8], _, _, _, _| body.set(body.get() + bytes.len()));
    (prolens, content)
}

fn protolens(prolens: &mut Prolens<Segment>, segments: &[Segment]) {
    let mut task = prolens.new_task(TransProto::Tcp);
    prolens.set_task_parser(&mut task, L7Proto::Pop3);
    for segment in segments {
        prolens.run_task(&mut task, segment.clone());
    }
}

fn sawp(turns: &[(Direction, String)]) -> usize {
    let parser = sawp_pop3::POP3 {};
    let mut content = 0;
    for (dir, text) in turns {
        let dir = match dir {
            Direction::ToServer => sawp::parser::Direction::ToServer,
            Direction::ToClient => sawp::parser::Direction::ToClient,
        };
        if let Ok((_, Some(message))) = parser.parse(text.as_bytes(), dir)
            && let sawp_pop3::InnerMessage::Response(response) = message.inner
        {
            content += response.data.iter().map(|line| line.len() + 2).sum::<usize>();
            black_box(response);
        }
    }
    content
}

fn pop3(c: &mut Criterion) {
    for (name, content) in turns::contents() {
        let turns = turns::turns(&content);
        let chunks = turns::chunks(&turns);
        let segments = segments(&chunks);
        let (mut prolens, count) = prolens();
        protolens(&mut prolens, &segments);
        // Nobody is measured who does not find the message.
        for (who, found) in
            [("pop3-proto", ours(&chunks)), ("protolens", count.get()), ("sawp-pop3", sawp(&turns))]
        {
            println!("{name}: {who} gives {found} bytes of a message of {} and more", content.len());
        }
        let mut group = c.benchmark_group(format!("pop3/{name}"));
        group.throughput(Throughput::Bytes(turns.iter().map(|(_, text)| text.len() as u64).sum()));
        group.bench_function("pop3-proto", |b| b.iter(|| ours(&chunks)));
        group.bench_function("protolens", |b| b.iter(|| protolens(&mut prolens, &segments)));
        group.bench_function("sawp-pop3", |b| b.iter(|| sawp(&turns)));
        group.finish();
    }
}

criterion_group! {
    name = benches;
    config = Criterion::default().without_plots();
    targets = pop3
}
criterion_main!(benches);
