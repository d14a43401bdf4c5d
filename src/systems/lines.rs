//! Bytes of a log stream into whole lines, pure. Bounded: a line longer than [`LINE_LIMIT`] is cut
//! and says so, and what was already delivered before a break is left out: by its time, and among lines
//! of the same time by what they say.

use std::collections::HashMap;
use std::collections::hash_map::Entry;
use std::hash::{DefaultHasher, Hasher as _};

use jiff::Timestamp;

use crate::model::log::LogChunk;

/// Bytes kept of a line that never ends.
pub const LINE_LIMIT: usize = 1 << 20;
/// Bytes of whole lines from which on a chunk is delivered at once.
pub const CHUNK: usize = 64 << 10;
/// Lines of one time that are told apart.
const ALIKE: usize = 1 << 14;
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
    /// Lines of that time, by their hash: several may share it.
    newest: Counts,
    /// After a break: lines up to this time were delivered before, and of this time these.
    delivered: Option<(Timestamp, Counts)>,
    /// The line before was left out; one without a time belongs to it.
    leaving: bool,
}

/// Lines and how often there were.
type Counts = HashMap<u64, u32>;

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
        self.delivered = self.last.map(|last| (last, self.newest.clone()));
        self.leaving = true;
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
        if self.was_delivered() {
            self.bytes.truncate(self.start);
            return;
        }
        self.ends.push((self.bytes.len() - 1) as u32);
        self.start = self.bytes.len();
    }

    /// The line that has just ended came before the break.
    fn was_delivered(&mut self) -> bool {
        let Some((delivered, counts)) = &mut self.delivered else { return false };
        let line = &self.bytes[self.start..];
        match time_of(line) {
            Some(time) if time > *delivered => {
                self.delivered = None;
                return false;
            }
            // What of the last time did not come any more is new, wherever among its equals it stands.
            Some(time) if time == *delivered => {
                let count = counts.get_mut(&hash_of(line)).filter(|count| **count > 0);
                self.leaving = count.is_some_and(|count| {
                    *count -= 1;
                    true
                });
            }
            Some(_) => self.leaving = true,
            None => {}
        }
        self.leaving
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
        self.note(&bytes, &ends);
        Some(LogChunk { bytes, ends, cut: std::mem::take(&mut self.cut) })
    }

    /// Remembers the newest time of a chunk and the lines at its end that have it. Costs what those
    /// are, not what the chunk is.
    fn note(&mut self, bytes: &[u8], ends: &[u32]) {
        let mut at = None;
        for n in (0..ends.len()).rev() {
            let start = n.checked_sub(1).and_then(|before| ends.get(before)).map_or(0, |end| *end as usize + 1);
            let line = &bytes[start..=ends[n] as usize];
            let Some(time) = time_of(line) else { continue };
            if at.is_none() {
                if self.last.is_some_and(|last| time < last) {
                    return;
                }
                if self.last != Some(time) {
                    self.newest.clear();
                }
                (at, self.last) = (Some(time), Some(time));
            }
            if at != Some(time) {
                return;
            }
            let known = self.newest.len();
            // Beyond the bound a line may come twice after a break; none is lost.
            match self.newest.entry(hash_of(line)) {
                Entry::Occupied(mut count) => *count.get_mut() += 1,
                Entry::Vacant(count) if known < ALIKE => drop(count.insert(1)),
                Entry::Vacant(_) => return,
            }
        }
    }
}

fn hash_of(line: &[u8]) -> u64 {
    let mut hasher = DefaultHasher::new();
    hasher.write(line);
    hasher.finish()
}

/// The time before a line: RFC 3339 up to the first space.
fn time_of(line: &[u8]) -> Option<Timestamp> {
    let head = &line[..line.len().min(40)];
    let end = head.iter().position(u8::is_ascii_whitespace)?;
    std::str::from_utf8(&head[..end]).ok()?.parse().ok()
}
