//! Plain counters.

/// What a [`Reassembler`](crate::Reassembler) counted without telling.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
#[non_exhaustive]
pub struct Stats {
    /// Segments pushed.
    pub segments: u64,
    /// Segments that belong to no flow and open none: acknowledgements, FIN and RST of unknown connections, and
    /// empty ones far out of their window.
    pub ignored: u64,
    /// Bytes seen again, whether they agreed or not.
    pub repeated_bytes: u64,
    /// Keep-alive probes with a byte.
    pub keep_alives: u64,
    /// Segments of flows that had ended.
    pub after_end: u64,
}
