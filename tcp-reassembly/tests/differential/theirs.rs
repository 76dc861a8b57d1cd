//! What the other tools make of a capture.

use std::collections::BTreeMap;
use std::net::{IpAddr, SocketAddr};
use std::path::{Path, PathBuf};
use std::process::Command;

/// A capture in the classic format, for all three alike.
pub(crate) fn plain_pcap(path: &Path, work: &Path) -> Option<PathBuf> {
    let out = work.join("plain.pcap");
    let status = Command::new("editcap").args(["-F", "pcap"]).arg(path).arg(&out).output().unwrap().status;
    status.success().then_some(out)
}

/// Both ends in an order of their own.
pub(crate) fn pair(one: SocketAddr, two: SocketAddr) -> String {
    let mut ends = [one.to_string(), two.to_string()];
    ends.sort();
    ends.join(" ")
}

#[derive(Default, Clone)]
pub(crate) struct Stream {
    /// By sender.
    pub(crate) sides: BTreeMap<String, Vec<Option<u8>>>,
}

impl Stream {
    pub(crate) fn has_data(&self) -> bool {
        self.sides.values().any(|side| !side.is_empty())
    }
}

/// The streams that `follow` shows, by ends.
pub(crate) fn tshark(path: &Path) -> BTreeMap<String, Vec<Stream>> {
    let mut list = Command::new("tshark");
    list.arg("-r").arg(path).args(["-T", "fields", "-e", "tcp.stream"]);
    let list = list.output().unwrap().stdout;
    let most = String::from_utf8_lossy(&list)
        .lines()
        .filter_map(|line| line.split(',').next()?.parse::<u32>().ok())
        .max();
    let mut command = Command::new("tshark");
    command.arg("-r").arg(path).arg("-q");
    for number in 0..most.map_or(0, |most| most + 1) {
        command.args(["-z", &format!("follow,tcp,raw,{number}")]);
    }
    let text = command.output().unwrap().stdout;
    let text = String::from_utf8_lossy(&text);
    let mut streams: Vec<(u32, [String; 2], Stream)> = Vec::new();
    for block in text.split("Follow: tcp,raw").skip(1) {
        let field = |name: &str| {
            block.lines().find_map(|line| line.strip_prefix(name)).unwrap_or_default().trim().to_owned()
        };
        let number = field("Filter: tcp.stream eq ").parse().unwrap_or(u32::MAX);
        let nodes = ["Node 0: ", "Node 1: "].map(|name| {
            let node = field(name);
            // Addresses of IPv6 come without brackets.
            match node.parse::<SocketAddr>() {
                Ok(end) => end.to_string(),
                Err(_) => node
                    .rsplit_once(':')
                    .and_then(|(ip, port)| Some(SocketAddr::new(ip.parse().ok()?, port.parse().ok()?)))
                    .map_or(node.clone(), |end| end.to_string()),
            }
        });
        let mut stream = Stream::default();
        for line in block.lines() {
            let (side, hex) = match line.strip_prefix('\t') {
                Some(hex) => (1, hex),
                None => (0, line),
            };
            if hex.is_empty() || !hex.bytes().all(|byte| byte.is_ascii_hexdigit()) {
                continue;
            }
            let bytes: Vec<u8> = (0..hex.len() / 2)
                .map(|at| u8::from_str_radix(&hex[2 * at..2 * at + 2], 16).unwrap())
                .collect();
            let side = stream.sides.entry(nodes[side].clone()).or_default();
            match missing(&bytes) {
                Some(len) => side.extend(std::iter::repeat_n(None, len)),
                None => side.extend(bytes.into_iter().map(Some)),
            }
        }
        streams.push((number, nodes, stream));
    }
    streams.sort_by_key(|(number, ..)| *number);
    let mut by_ends: BTreeMap<String, Vec<Stream>> = BTreeMap::new();
    for (_, mut nodes, stream) in streams {
        nodes.sort();
        by_ends.entry(nodes.join(" ")).or_default().push(stream);
    }
    by_ends
}

/// How many bytes the marker of a gap stands for.
fn missing(bytes: &[u8]) -> Option<usize> {
    let text = std::str::from_utf8(bytes).ok()?;
    text.strip_prefix('[')?
        .trim_end_matches('\0')
        .strip_suffix(" bytes missing in capture file]")?
        .parse()
        .ok()
}

/// The files that it writes, by name.
pub(crate) fn tcpflow(path: &Path, work: &Path) -> BTreeMap<String, Vec<u8>> {
    let out = work.join("tcpflow");
    let _ = std::fs::remove_dir_all(&out);
    std::fs::create_dir_all(&out).unwrap();
    Command::new("tcpflow").arg("-q").arg("-o").arg(&out).arg("-r").arg(path).output().unwrap();
    std::fs::read_dir(&out)
        .unwrap()
        .map(|entry| entry.unwrap())
        .map(|entry| (entry.file_name().to_string_lossy().into_owned(), std::fs::read(entry.path()).unwrap()))
        .collect()
}

/// Its name for a direction (of IPv4 only; names of IPv6 are cut).
pub(crate) fn tcpflow_name(from: SocketAddr, to: SocketAddr) -> Option<String> {
    let end = |end: SocketAddr| match end.ip() {
        IpAddr::V4(ip) => {
            let [a, b, c, d] = ip.octets();
            Some(format!("{a:03}.{b:03}.{c:03}.{d:03}.{:05}", end.port()))
        }
        IpAddr::V6(_) => None,
    };
    Some(format!("{}-{}", end(from)?, end(to)?))
}
