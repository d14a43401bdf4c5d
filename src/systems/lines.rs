//! Bytes of a log stream into whole lines, pure. Bounded: a line longer than [`LINE_LIMIT`] is cut
//! and says so, and what was already delivered before a break is left out by its time.

use jiff::Timestamp;

use crate::model::log::LogChunk;

/// Bytes kept of a line that never ends.
pub const LINE_LIMIT: usize = 1 << 20;
/// Bytes of whole lines from which on a chunk is delivered at once.
pub const CHUNK: usize = 64 << 10;
/// Stands at the end of a line that was cut.
const CUT: &[u8] = " … the line is longer than 1 MiB and was cut here\n".as_bytes();

/// See the module's text.
#[derive(Debug, Default)]
pub struct Lines {
    bytes: Vec<u8>,
    ends: Vec<u32>,
    /// Where the unfinished line begins in `bytes`.
    start: usize,
    /// The rest of a cut line is being passed over.
    skipping: bool,
    cut: u32,
    /// Time of the newest whole line.
    last: Option<Timestamp>,
    /// After a break: lines up to this time were delivered before.
    delivered: Option<Timestamp>,
}

impl Lines {
    /// Time of the newest line delivered.
    #[must_use]
    pub fn last(&self) -> Option<Timestamp> {
        self.last
    }

    /// A new stream begins: the unfinished line of the old one is forgotten (it comes again, whole),
    /// and what was delivered is expected again, up to a second of it.
    pub fn reconnected(&mut self) {
        self.bytes.truncate(self.start);
        self.skipping = false;
        self.delivered = self.last;
    }

    /// Takes bytes in. Afterwards [`Self::is_full`] may be true.
    pub fn push(&mut self, mut bytes: &[u8]) {
        while !bytes.is_empty() {
            let end = bytes.iter().position(|byte| *byte == b'\n');
            let (piece, rest) = bytes.split_at(end.map_or(bytes.len(), |end| end + 1));
            bytes = rest;
            if self.skipping {
                self.skipping = end.is_none();
                continue;
            }
            let room = LINE_LIMIT.saturating_sub(self.bytes.len() - self.start);
            if piece.len() > room {
                self.bytes.extend_from_slice(&piece[..room]);
                self.bytes.extend_from_slice(CUT);
                self.cut += 1;
                self.skipping = end.is_none();
                self.finish_line();
                continue;
            }
            self.bytes.extend_from_slice(piece);
            if end.is_some() {
                self.finish_line();
            }
        }
    }

    /// The stream ended without a line feed: what there is of the last line is a line.
    pub fn finish(&mut self) {
        if self.bytes.len() > self.start {
            self.bytes.push(b'\n');
            self.finish_line();
        }
    }

    /// The line feed is in: counts the line, or takes it out again if it was delivered before.
    fn finish_line(&mut self) {
        if let Some(delivered) = self.delivered {
            match time_of(&self.bytes[self.start..]) {
                Some(time) if time > delivered => self.delivered = None,
                // A line without a time belongs to the one before it.
                Some(_) | None => {
                    self.bytes.truncate(self.start);
                    return;
                }
            }
        }
        self.ends.push((self.bytes.len() - 1) as u32);
        self.start = self.bytes.len();
    }

    /// There are whole lines.
    #[must_use]
    pub fn has_lines(&self) -> bool {
        !self.ends.is_empty()
    }

    /// There are so many that they should be delivered at once.
    #[must_use]
    pub fn is_full(&self) -> bool {
        self.start >= CHUNK
    }

    /// The whole lines; what is unfinished stays.
    pub fn take(&mut self) -> Option<LogChunk> {
        if self.ends.is_empty() {
            return None;
        }
        let rest = self.bytes.split_off(self.start);
        let bytes = std::mem::replace(&mut self.bytes, rest).into_boxed_slice();
        let ends = std::mem::take(&mut self.ends).into_boxed_slice();
        self.start = 0;
        self.last = self.last.max(newest(&bytes, &ends));
        Some(LogChunk { bytes, ends, cut: std::mem::take(&mut self.cut) })
    }
}

/// The time of the last line that has one.
fn newest(bytes: &[u8], ends: &[u32]) -> Option<Timestamp> {
    let starts = std::iter::once(0).chain(ends.iter().map(|end| *end as usize + 1)).take(ends.len());
    let starts: Vec<usize> = starts.collect();
    starts.into_iter().rev().find_map(|start| time_of(&bytes[start..]))
}

/// The time before a line: RFC 3339 up to the first space.
fn time_of(line: &[u8]) -> Option<Timestamp> {
    let head = &line[..line.len().min(40)];
    let end = head.iter().position(u8::is_ascii_whitespace)?;
    std::str::from_utf8(&head[..end]).ok()?.parse().ok()
}
