//! Final replies that wait for the end of their message.

use crate::reply::Reply;
use bytes::{Bytes, BytesMut};

/// Copies that keep no packet alive.
#[derive(Clone, Debug, Default)]
pub(super) struct Kept {
    replies: Vec<Reply>,
    /// Bytes of their lines.
    lines: usize,
}

impl Kept {
    /// One reply; see [`push`](Self::push).
    pub(super) fn one(reply: &Reply, room: usize) -> Self {
        let mut kept = Self::default();
        kept.push(reply, room);
        kept
    }

    /// Adds a reply. One whose lines take more than `room` bytes has none: they were told as the reply came.
    pub(super) fn push(&mut self, reply: &Reply, room: usize) {
        let text: usize = reply.lines.iter().map(Bytes::len).sum();
        let lines = text.saturating_add(reply.lines.len().saturating_mul(size_of::<Bytes>()));
        let copy = if lines <= room {
            self.lines += lines;
            compact(reply)
        } else {
            Reply { lines: Vec::new(), ..*reply }
        };
        self.replies.push(copy);
    }

    /// Bytes of the lines alone.
    pub(super) const fn lines(&self) -> usize {
        self.lines
    }

    pub(super) fn memory(&self) -> usize {
        self.lines + self.replies.capacity() * size_of::<Reply>()
    }

    pub(super) fn into_replies(self) -> Vec<Reply> {
        self.replies
    }
}

impl core::ops::Deref for Kept {
    type Target = [Reply];

    fn deref(&self) -> &[Reply] {
        &self.replies
    }
}

/// A copy of a reply that keeps no packet alive.
pub(super) fn compact(reply: &Reply) -> Reply {
    let mut buffer = BytesMut::with_capacity(reply.lines.iter().map(Bytes::len).sum());
    for line in &reply.lines {
        buffer.extend_from_slice(line);
    }
    let mut buffer = buffer.freeze();
    let mut copy = reply.clone();
    for line in &mut copy.lines {
        *line = buffer.split_to(line.len());
    }
    copy
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_without_room_are_left_out() {
        let reply = |text: &'static str| Reply {
            code: 550,
            enhanced: None,
            lines: vec![Bytes::from_static(text.as_bytes())],
            complete: true,
        };
        let one = size_of::<Bytes>() + 4;
        let mut kept = Kept::default();
        for text in ["aaaa", "bbbb", "too long", "cccc"] {
            kept.push(&reply(text), 3 * one - kept.lines());
        }
        assert_eq!(kept.memory(), 3 * one + 4 * size_of::<Reply>());
        let lines = |reply: &Reply| reply.lines.first().cloned();
        let told: Vec<_> = kept.into_replies().iter().map(|reply| (reply.code, lines(reply))).collect();
        let text = |text: &'static str| (550, Some(Bytes::from_static(text.as_bytes())));
        assert_eq!(told, [text("aaaa"), text("bbbb"), (550, None), text("cccc")]);
    }
}
