//! How large a report may become, whatever is in the folder.

/// What is shown at most. What is beyond is in the records; the report says that there is more, and how much.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub struct Limits {
    /// Messages in the list. 100,000.
    pub messages: usize,
    /// Bytes of all details of messages, text and pictures included; those behind are in the list alone. 192 MiB.
    pub details: u64,
    /// Sessions. 50,000.
    pub sessions: usize,
    /// Logins. 20,000.
    pub logins: usize,
    /// Anomalies one by one; their counts are of all. 20,000.
    pub anomalies: usize,
    /// Findings. 10,000.
    pub findings: usize,
    /// Bytes of a text of a record: a subject, an address, the value of a header field. 2 KiB.
    pub string: usize,
    /// Header fields of a message. 400.
    pub fields: usize,
    /// Recipients in an envelope, or addresses in a header. 2,000.
    pub recipients: usize,
    /// Nodes of a tree of parts. 1,000.
    pub parts: usize,
    /// Web addresses of a message. 200.
    pub urls: usize,
    /// Anomalies, hops, sources, missing ranges of one message each. 200.
    pub items: usize,
    /// Bytes of a message that are read for its text. 512 KiB.
    pub read: usize,
    /// Bytes of text shown of a message. 8 KiB.
    pub text: usize,
    /// Pictures shown of a message. 8.
    pub pictures: usize,
    /// Bytes of all pictures of the report. 24 MiB.
    pub all_pictures: usize,
    /// Bytes of a file that is read for a picture of it. 8 MiB.
    pub picture_file: u64,
    /// Picture elements of an image that is decoded for a picture of it. 40 million.
    pub picture_elements: u64,
    /// Picture elements of all images that are decoded: a bound on the time. 8,000 million.
    pub all_picture_elements: u64,
    /// Pairs in each map, those who had most to do with one another; captures and skipped files. 2,000.
    pub map: usize,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            messages: 100_000,
            details: 192 << 20,
            sessions: 50_000,
            logins: 20_000,
            anomalies: 20_000,
            findings: 10_000,
            string: 2 << 10,
            fields: 400,
            recipients: 2_000,
            parts: 1_000,
            urls: 200,
            items: 200,
            read: 512 << 10,
            text: 8 << 10,
            pictures: 8,
            all_pictures: 24 << 20,
            picture_file: 8 << 20,
            picture_elements: 40_000_000,
            all_picture_elements: 8_000_000_000,
            map: 2_000,
        }
    }
}
