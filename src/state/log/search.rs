//! Looking for the next or previous line that matches, in slices: a search over a million lines
//! goes on with every tick and never holds the loop.

use super::filter::{Filter, Pattern};
use super::ring::Ring;

/// Counted for a line beside its bytes, so that empty lines use up the budget, too.
const LINE_WORK: usize = 32;

/// A search and where it stands.
#[derive(Debug, Clone)]
pub struct Search {
    pub pattern: Pattern,
    /// The line found last, by absolute number.
    pub at: Option<u64>,
    /// The whole log in memory was searched and nothing matches.
    pub missed: bool,
    /// The line found last was found around the end.
    pub around: bool,
    scan: Option<Scan>,
}

#[derive(Debug, Clone)]
struct Scan {
    forward: bool,
    /// The line to look at next.
    next: u64,
    /// Lines still to look at; all in memory, once around the end.
    left: u64,
}

impl Search {
    #[must_use]
    pub fn new(pattern: Pattern) -> Self {
        Self { pattern, at: None, missed: false, around: false, scan: None }
    }

    /// Starts at `from`, itself included, around the end if need be.
    pub fn start(&mut self, ring: &Ring, from: u64, forward: bool) {
        self.missed = false;
        self.around = false;
        self.scan = Some(Scan { forward, next: from, left: ring.end() - ring.first() });
    }

    /// Goes on from the line found last, or from `top` when there is none.
    pub fn again(&mut self, ring: &Ring, top: u64, forward: bool) {
        let from = match (self.at, forward) {
            (None, _) => top,
            (Some(at), true) => at + 1,
            (Some(at), false) => at.checked_sub(1).unwrap_or_else(|| ring.end().saturating_sub(1)),
        };
        self.start(ring, from, forward);
    }

    /// Not finished yet.
    #[must_use]
    pub fn is_running(&self) -> bool {
        self.scan.is_some()
    }

    /// Looks at about `budget` bytes of lines; the line when one is found.
    pub fn step(&mut self, ring: &Ring, filter: &Filter, budget: usize) -> Option<u64> {
        let mut scan = self.scan.take()?;
        let mut left = budget;
        while scan.left > 0 && left > 0 {
            if scan.next < ring.first() || scan.next >= ring.end() {
                // Past an end (or dropped meanwhile): around to the other one.
                let around = if scan.forward { ring.first() } else { ring.end().saturating_sub(1) };
                if around >= ring.end() {
                    break;
                }
                scan.next = around;
                self.around = true;
            }
            let number = scan.next;
            let line = ring.line(number).unwrap_or_default();
            left = left.saturating_sub(line.len() + LINE_WORK);
            scan.left -= 1;
            if self.pattern.matches(super::split_time(line).1) && (!filter.is_active() || filter.keeps(line)) {
                self.at = Some(number);
                return self.at;
            }
            // Wrapping below zero lands past the end, and the search goes around.
            scan.next = if scan.forward { number + 1 } else { number.wrapping_sub(1) };
        }
        if scan.left > 0 && left == 0 {
            self.scan = Some(scan);
        } else {
            self.missed = true;
        }
        None
    }
}
