//! The lines of a log in memory: whole blocks of raw bytes with an index of line ends, bounded in
//! bytes. Lines have absolute numbers (the first line ever received is 0), so a place in the log
//! stays the same place while old blocks leave and filters change. Appending copies the bytes once;
//! nothing is decoded here.

use std::collections::VecDeque;
use std::fmt;

use super::filter::Filter;
use crate::model::log::LogChunk;

/// Bytes of a block: a 64th of the memory, within these. A block is allocated once; when the memory
/// is used up, the oldest one is emptied and becomes the newest, so that a log that runs for days
/// asks the allocator for nothing.
const BLOCK_LEAST: usize = 16 << 10;
const BLOCK_MOST: usize = 256 << 10;
/// Counted for each block beside its bytes: its record in the ring and two allocations.
const BLOCK_OVERHEAD: usize = 128;

/// Which lines of a block pass the filters.
#[derive(Clone)]
enum Kept {
    /// No filter.
    All,
    /// A filter that has not looked at this block yet.
    Unread,
    /// Offsets of the lines that pass, ascending.
    Lines(Vec<u32>),
}

#[derive(Clone)]
struct Block {
    /// Absolute number of its first line.
    first: u64,
    bytes: Vec<u8>,
    /// As in [`LogChunk::ends`].
    ends: Vec<u32>,
    kept: Kept,
}

impl Block {
    fn line(&self, index: usize) -> Option<&[u8]> {
        let end = *self.ends.get(index)? as usize;
        let start = if index == 0 { 0 } else { *self.ends.get(index - 1)? as usize + 1 };
        self.bytes.get(start..end)
    }

    fn len(&self) -> u64 {
        self.ends.len() as u64
    }

    /// What it costs, index and allocations included.
    fn cost(&self) -> usize {
        let kept = if let Kept::Lines(lines) = &self.kept { lines.capacity() * 4 } else { 0 };
        self.bytes.capacity() + self.ends.capacity() * 4 + kept + BLOCK_OVERHEAD
    }

    /// Whole lines, with one byte between two; `from` is where they begin in their chunk.
    fn append(&mut self, bytes: &[u8], ends: &[u32], from: usize, filter: &Filter) {
        let (lines, base) = (self.ends.len(), self.bytes.len());
        self.bytes.extend_from_slice(bytes);
        self.bytes.push(b'\n');
        self.ends.extend(ends.iter().map(|end| (*end as usize - from + base) as u32));
        // A block that the filter has not read yet is read whole when its turn comes.
        if filter.is_active() && (lines == 0 || !matches!(self.kept, Kept::Unread)) {
            self.read(filter, lines);
        }
    }

    fn read(&mut self, filter: &Filter, from: usize) {
        let mut kept = match std::mem::replace(&mut self.kept, Kept::Unread) {
            Kept::Lines(lines) if from > 0 => lines,
            Kept::Lines(_) | Kept::All | Kept::Unread => Vec::new(),
        };
        kept.extend(
            (from..self.ends.len())
                .filter(|at| self.line(*at).is_some_and(|line| filter.keeps(line)))
                .map(|at| at as u32),
        );
        self.kept = Kept::Lines(kept);
    }
}

/// See the module's text.
#[derive(Clone)]
pub struct Ring {
    blocks: VecDeque<Block>,
    /// Bytes it may cost; the oldest blocks leave when it would cost more.
    limit: usize,
    cost: usize,
    /// Number of the next line.
    end: u64,
    dropped: u64,
}

impl Ring {
    #[must_use]
    pub fn new(limit: usize) -> Self {
        Self { blocks: VecDeque::new(), limit, cost: 0, end: 0, dropped: 0 }
    }

    /// Number of the oldest line in memory; equals [`Self::end`] when there is none.
    #[must_use]
    pub fn first(&self) -> u64 {
        self.blocks.front().map_or(self.end, |block| block.first)
    }

    /// Number that the next line will get.
    #[must_use]
    pub fn end(&self) -> u64 {
        self.end
    }

    /// Lines that left because the memory for them was used up.
    #[must_use]
    pub fn dropped(&self) -> u64 {
        self.dropped
    }

    /// Bytes used, index and allocations included.
    #[must_use]
    pub fn cost(&self) -> usize {
        self.cost
    }

    /// Takes lines in; the oldest leave when the limit is passed. A line that is larger than the
    /// whole limit stays alone: the newest lines are never refused.
    pub fn push(&mut self, chunk: &LogChunk, filter: &Filter) {
        let (mut rest, mut from) = (&chunk.ends[..], 0);
        while let Some(first) = rest.first() {
            let room = self.blocks.back().map_or(0, |block| block.bytes.capacity() - block.bytes.len());
            let fitting = rest.partition_point(|end| *end as usize + 1 - from <= room);
            if fitting == 0 {
                self.begin(*first as usize + 1 - from);
                continue;
            }
            let (lines, later) = rest.split_at(fitting);
            let to = lines.last().map_or(from, |end| *end as usize);
            if let Some(block) = self.blocks.back_mut() {
                self.cost -= block.cost();
                block.append(&chunk.bytes[from..to], lines, from, filter);
                self.cost += block.cost();
            }
            self.end += fitting as u64;
            (rest, from) = (later, to + 1);
        }
        self.shed(0);
    }

    /// A new block at the end, with room for a line of that many bytes.
    fn begin(&mut self, line: usize) {
        let size = (self.limit / 64).clamp(BLOCK_LEAST, BLOCK_MOST).max(line);
        let mut block = match self.shed(size) {
            Some(mut old) if old.bytes.capacity() == size => {
                old.bytes.clear();
                old.ends.clear();
                old
            }
            _ => Block { first: 0, bytes: Vec::with_capacity(size), ends: Vec::new(), kept: Kept::All },
        };
        (block.first, block.kept) = (self.end, Kept::All);
        self.cost += block.cost();
        self.blocks.push_back(block);
    }

    /// Lets the oldest blocks go until there is room for so many bytes more; the last of them.
    fn shed(&mut self, more: usize) -> Option<Block> {
        let mut last = None;
        while self.cost + more > self.limit && (self.blocks.len() > 1 || (more > 0 && !self.blocks.is_empty())) {
            last = self.blocks.pop_front();
            if let Some(oldest) = &last {
                self.cost -= oldest.cost();
                self.dropped += oldest.len();
            }
        }
        last
    }

    /// Forgets which lines pass; with an active filter, [`Self::read_on`] finds out anew.
    pub fn filter_changed(&mut self, filter: &Filter) {
        for block in &mut self.blocks {
            self.cost -= block.cost();
            block.kept = if filter.is_active() { Kept::Unread } else { Kept::All };
            self.cost += block.cost();
        }
    }

    /// Filters blocks that were not read yet, newest first (the end is what people look at), until
    /// `budget` bytes were read. True when all are read.
    pub fn read_on(&mut self, filter: &Filter, budget: usize) -> bool {
        let mut left = budget;
        for block in self.blocks.iter_mut().rev().filter(|block| matches!(block.kept, Kept::Unread)) {
            if left == 0 {
                return false;
            }
            left = left.saturating_sub(block.bytes.len());
            self.cost -= block.cost();
            block.read(filter, 0);
            self.cost += block.cost();
        }
        true
    }

    /// Filters are still being applied to older lines.
    #[must_use]
    pub fn is_reading(&self) -> bool {
        self.blocks.iter().any(|block| matches!(block.kept, Kept::Unread))
    }

    /// A line as it came, with its time.
    #[must_use]
    pub fn line(&self, number: u64) -> Option<&[u8]> {
        let block = self.blocks.get(self.block_of(number)?)?;
        block.line((number - block.first) as usize)
    }

    /// The first line at or after `from` that passes the filters.
    #[must_use]
    pub fn next_kept(&self, from: u64) -> Option<u64> {
        let from = from.max(self.first());
        let start = self.block_of(from)?;
        self.blocks.range(start..).find_map(|block| {
            let offset = from.saturating_sub(block.first);
            match &block.kept {
                Kept::All => (offset < block.len()).then_some(block.first + offset),
                Kept::Unread => None,
                Kept::Lines(lines) => {
                    let at = lines.partition_point(|line| u64::from(*line) < offset);
                    lines.get(at).map(|line| block.first + u64::from(*line))
                }
            }
        })
    }

    /// The last line before `before` that passes the filters.
    #[must_use]
    pub fn previous_kept(&self, before: u64) -> Option<u64> {
        let last = before.min(self.end).checked_sub(1)?;
        let start = self.block_of(last)?;
        self.blocks.range(..=start).rev().find_map(|block| {
            let offset = (before - block.first).min(block.len());
            match &block.kept {
                Kept::All => offset.checked_sub(1).map(|offset| block.first + offset),
                Kept::Unread => None,
                Kept::Lines(lines) => {
                    let at = lines.partition_point(|line| u64::from(*line) < offset);
                    at.checked_sub(1).and_then(|at| lines.get(at)).map(|line| block.first + u64::from(*line))
                }
            }
        })
    }

    /// How many lines at or after `from` pass the filters.
    #[must_use]
    pub fn kept_from(&self, from: u64) -> u64 {
        let from = from.max(self.first());
        let Some(start) = self.block_of(from) else { return 0 };
        self.blocks
            .range(start..)
            .map(|block| {
                let offset = from.saturating_sub(block.first);
                match &block.kept {
                    Kept::All => block.len().saturating_sub(offset),
                    Kept::Unread => 0,
                    Kept::Lines(lines) => {
                        (lines.len() - lines.partition_point(|line| u64::from(*line) < offset)) as u64
                    }
                }
            })
            .sum()
    }

    fn block_of(&self, number: u64) -> Option<usize> {
        if number < self.first() || number >= self.end {
            return None;
        }
        self.blocks.partition_point(|block| block.first <= number).checked_sub(1)
    }
}

impl fmt::Debug for Ring {
    /// Counts only: what is in a log may be secret.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Ring")
            .field("first", &self.first())
            .field("end", &self.end)
            .field("dropped", &self.dropped)
            .field("cost", &self.cost)
            .field("limit", &self.limit)
            .finish_non_exhaustive()
    }
}
