//! Limits of an extractor.

use crate::choices::Choices;

/// Longest delimiter line, its line end included: longer ones are content. RFC 2046 stops a boundary at 70.
pub(crate) const MAX_DELIMITER: usize = 2048;

/// Longest run of blanks that a decoder holds back until it knows whether the line ends there.
pub(crate) const MAX_BLANKS: usize = 4096;

/// Longest line that may belong to a file among lines of text; yEnc has long ones.
pub(crate) const MAX_FILE_LINE: usize = 16 << 10;

/// What looking for files in one leaf may hold: two lines, the values and names of TNEF in TNEF, or a decompressor
/// and the run that it works on.
const LOOK_INSIDE: usize = 2 * MAX_FILE_LINE + 2 * STEP;

/// Bytes worked on in one step: bounds what a step puts out.
pub(crate) const STEP: usize = 64 << 10;

/// Bytes of a line of a header that are looked at together: what is no field shows within them.
pub(crate) const LOOK: usize = 1024;

/// Limits; every buffer of an extractor has a bound here.
///
/// ```
/// let config = mime_extract::Config::default().max_header(64 << 10).max_depth(20);
/// assert!(config.worst_case() < 8 << 20);
/// ```
#[derive(Clone, Debug)]
pub struct Config {
    pub(crate) max_header: usize,
    pub(crate) max_depth: usize,
    pub(crate) max_encoded_depth: usize,
    pub(crate) max_parts: usize,
    pub(crate) max_parameters: usize,
    pub(crate) max_expansion: u64,
    pub(crate) max_readings: usize,
    pub(crate) max_candidate: usize,
    pub(crate) choices: Choices,
}

impl Default for Config {
    fn default() -> Self {
        Self {
            max_header: 1 << 20,
            max_depth: 100,
            max_encoded_depth: 20,
            max_parts: 10_000,
            max_parameters: 200,
            max_expansion: 256 << 20,
            max_readings: 16,
            max_candidate: 32 << 20,
            choices: Choices::default(),
        }
    }
}

impl Config {
    /// The most that is kept of one header block, in bytes. Default 1 MiB, at least 4 KiB; one field is kept for
    /// each 64 bytes of it. The rest of the block is passed over.
    #[must_use]
    pub const fn max_header(mut self, bytes: usize) -> Self {
        // Positions in a block are kept in 32 bits.
        self.max_header = if bytes < 4096 {
            4096
        } else if bytes > 1 << 30 {
            1 << 30
        } else {
            bytes
        };
        self
    }

    /// Multiparts and messages inside of one another. Default 100, at least 1; what is deeper stays one leaf.
    #[must_use]
    pub const fn max_depth(mut self, depth: usize) -> Self {
        self.max_depth = if depth == 0 { 1 } else { depth };
        self
    }

    /// Messages in base64 or quoted-printable, or inside of files and signed data, inside of one another. Default 20;
    /// what is deeper stays one leaf.
    #[must_use]
    pub const fn max_encoded_depth(mut self, depth: usize) -> Self {
        self.max_encoded_depth = depth;
        self
    }

    /// Nodes of the tree. Default 10,000, at least 1; the rest of the message becomes one more leaf.
    #[must_use]
    pub const fn max_parts(mut self, parts: usize) -> Self {
        self.max_parts = if parts == 0 {
            1
        } else if parts > 1 << 30 {
            1 << 30
        } else {
            parts
        };
        self
    }

    /// Parameters of one field. Default 200; further ones are passed over.
    #[must_use]
    pub const fn max_parameters(mut self, parameters: usize) -> Self {
        self.max_parameters = parameters;
        self
    }

    /// What compressed content of one part may come to, in bytes. Default 256 MiB; the rest is passed over. It is
    /// decompressed as events are polled, so it takes no memory.
    #[must_use]
    pub const fn max_expansion(mut self, bytes: u64) -> Self {
        self.max_expansion = bytes;
        self
    }

    /// Readings of one message beside the primary one, for [`candidates`](crate::candidates()). Default 16.
    #[must_use]
    pub const fn max_readings(mut self, readings: usize) -> Self {
        self.max_readings = readings;
        self
    }

    /// Longest message that is read in other ways, in bytes. Default 32 MiB.
    #[must_use]
    pub const fn max_candidate(mut self, bytes: usize) -> Self {
        self.max_candidate = bytes;
        self
    }

    /// What [`max_candidate`](Self::max_candidate) says: whoever stores messages need not load a longer one.
    #[must_use]
    pub const fn candidate_limit(&self) -> usize {
        self.max_candidate
    }

    /// Fields kept of one header block.
    pub(crate) const fn max_fields(&self) -> usize {
        self.max_header / 64
    }

    /// The most that [`Extractor::buffered`](crate::Extractor::buffered) shows once `poll_event` has returned
    /// `None`, in bytes.
    #[must_use]
    pub const fn worst_case(&self) -> usize {
        // One header block is open at a time; its vectors may have grown to twice what they hold. Each open node has
        // a boundary (twice: in the table too), a path, and what its decoder or its preamble holds back.
        let header = 2 * (self.max_header + 2 * MAX_DELIMITER) + 2 * 32 * self.max_fields();
        let node = 2 * MAX_DELIMITER + 4 * MAX_BLANKS + 12 * self.max_depth + 1024;
        let layers = (self.max_encoded_depth + 1) * (3 * MAX_DELIMITER + LOOK_INSIDE + 1024);
        header + (self.max_depth + 2) * node + layers + 4096
    }
}
