//! What is said in the retrieval of one message, for this bench and for `compare/`.

use bytes::Bytes;
use pop3_proto::Direction;

/// Contents of a message by name.
pub(crate) fn contents() -> [(&'static str, String); 4] {
    let base64 = format!("{}\r\n", "QUJD".repeat(19));
    let text = "The quick brown fox jumps over the lazy dog. It does so at www.example.org, twice.\r\n";
    [
        ("commands", String::new()),
        ("body/base64/4MiB", base64.repeat((4 << 20) / base64.len())),
        ("body/text/4MiB", text.repeat((4 << 20) / text.len())),
        ("body/base64/16KiB", base64.repeat((16 << 10) / base64.len())),
    ]
}

/// What each side says, in turns.
pub(crate) fn turns(content: &str) -> Vec<(Direction, String)> {
    use Direction::{ToClient, ToServer};
    let message = format!("Subject: bench\r\nFrom: a@example.org\r\n\r\n{content}");
    [
        (ToClient, "+OK ready\r\n".to_owned()),
        (ToServer, "USER alice\r\n".to_owned()),
        (ToClient, "+OK send PASS\r\n".to_owned()),
        (ToServer, "PASS wonderland\r\n".to_owned()),
        (ToClient, "+OK Logged in.\r\n".to_owned()),
        (ToServer, "RETR 1\r\n".to_owned()),
        (ToClient, format!("+OK {} octets\r\n{message}.\r\n", message.len())),
        (ToServer, "QUIT\r\n".to_owned()),
        (ToClient, "+OK Logging out.\r\n".to_owned()),
    ]
    .into()
}

/// The turns in pieces as TCP delivers them.
pub(crate) fn chunks(turns: &[(Direction, String)]) -> Vec<(Direction, Bytes)> {
    const CHUNK: usize = 1448;
    let cut = |(dir, text): &(Direction, String)| {
        let (dir, bytes) = (*dir, Bytes::from(text.clone()));
        (0..bytes.len())
            .step_by(CHUNK)
            .map(|at| (dir, bytes.slice(at..bytes.len().min(at + CHUNK))))
            .collect::<Vec<_>>()
    };
    turns.iter().flat_map(cut).collect()
}
