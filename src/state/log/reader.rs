//! Where the reader stands, and what the window shows from there. Nothing here costs more than the
//! rows of a window, however long the log is.

use std::ops::Range;

use jiff::Timestamp;

use super::line::{TIME_COLUMNS, present_time, split_time};
use super::{Log, Shown, Spot, Window, rows};
use crate::safe;
use crate::text::Safe;

impl Log {
    /// Moves the window so that the line is in it, a third from the top if it must move.
    pub(super) fn reveal(&mut self, line: u64, window: Window) {
        let top = self.position(window);
        if self.visible_lines(top, window).any(|shown| shown == line) {
            return;
        }
        let above = self.back(Spot { line, row: 0 }, u32::from(window.height / 3), window);
        self.go(above, window);
    }

    fn visible_lines(&self, top: Spot, window: Window) -> impl Iterator<Item = u64> {
        let mut rows = u32::from(window.height);
        let mut next = self.ring.next_kept(top.line);
        let mut skip = top.row;
        std::iter::from_fn(move || {
            let line = next.filter(|_| rows > 0)?;
            rows = rows.saturating_sub(self.row_count(line, window).saturating_sub(skip).max(1));
            skip = 0;
            next = self.ring.next_kept(line + 1);
            Some(line)
        })
    }

    /// The first row of the window.
    #[must_use]
    pub fn position(&self, window: Window) -> Spot {
        let last = self.last_top(window);
        if self.follow {
            return last;
        }
        // The line may have been dropped, or filtered away: what comes after it takes its place.
        match self.ring.next_kept(self.top.line) {
            Some(line) if line == self.top.line => self.top.min(last),
            Some(line) => Spot { line, row: 0 }.min(last),
            None => last,
        }
    }

    /// The first row of the window when it shows the end.
    fn last_top(&self, window: Window) -> Spot {
        self.back(Spot { line: self.ring.end(), row: 0 }, u32::from(window.height), window)
    }

    /// The spot so many rows above; the first line when there are fewer.
    fn back(&self, from: Spot, mut rows: u32, window: Window) -> Spot {
        let mut spot = from;
        while rows > 0 {
            if spot.row >= rows {
                spot.row -= rows;
                return spot;
            }
            rows -= spot.row;
            spot.row = 0;
            let Some(line) = self.ring.previous_kept(spot.line) else { break };
            spot = Spot { line, row: self.row_count(line, window) };
        }
        if spot.line >= self.ring.end() {
            spot.line = self.ring.next_kept(self.ring.first()).unwrap_or(self.ring.first());
        }
        spot
    }

    fn forth(&self, from: Spot, rows: u32, window: Window) -> Spot {
        let mut spot = Spot { row: from.row + rows, ..from };
        loop {
            let count = self.row_count(spot.line, window);
            if spot.row < count {
                return spot;
            }
            match self.ring.next_kept(spot.line + 1) {
                Some(line) => spot = Spot { line, row: spot.row - count },
                None => return Spot { row: count.saturating_sub(1), ..spot },
            }
        }
    }

    /// Scrolls by rows; reaching the end follows again.
    pub fn scroll(&mut self, rows: i32, window: Window) {
        let from = self.position(window);
        let to = if rows < 0 {
            self.back(from, rows.unsigned_abs(), window)
        } else {
            self.forth(from, rows.unsigned_abs(), window)
        };
        if rows < 0 && to == from {
            self.follow = false;
            self.top = to;
            return;
        }
        self.go(to, window);
    }

    fn go(&mut self, to: Spot, window: Window) {
        let last = self.last_top(window);
        self.follow = to >= last;
        self.top = to.min(last);
    }

    /// To the oldest line in memory.
    pub fn scroll_to_start(&mut self) {
        self.follow = false;
        self.top = Spot { line: self.ring.first(), row: 0 };
    }

    /// Follows, or stays exactly where the window is now.
    pub fn set_follow(&mut self, follow: bool, window: Window) {
        if !follow {
            self.top = self.position(window);
        }
        self.follow = follow;
    }

    /// Turns wrapping on or off; the first line stays the first.
    pub fn toggle_wrap(&mut self, window: Window) {
        self.top = Spot { row: 0, ..self.position(window) };
        self.wrap = !self.wrap;
        self.left = 0;
    }

    /// Shows or hides what carriage returns overwrote; the first line stays the first.
    pub fn toggle_rewrites(&mut self, window: Window) {
        self.top = Spot { row: 0, ..self.position(window) };
        self.rewrites = !self.rewrites;
    }

    /// Lines below the window; 0 at the end.
    #[must_use]
    pub fn below(&self, window: Window) -> u64 {
        if self.follow {
            return 0;
        }
        let after = self.visible_lines(self.position(window), window).last();
        after.map_or(0, |line| self.ring.kept_from(line + 1))
    }

    /// The rows of the window, presented.
    #[must_use]
    pub fn visible(&self, now: Timestamp, window: Window) -> Vec<Shown> {
        let top = self.position(window);
        let mut rows = Vec::with_capacity(usize::from(window.height));
        let mut skip = top.row as usize;
        for line in self.visible_lines(top, window) {
            let raw = self.ring.line(line).unwrap_or_default();
            let (time, message) = split_time(raw);
            let mut time = time.filter(|_| self.timestamps).map(|time| present_time(time, now));
            let text = self.present(message);
            for part in self.parts(&text, window).into_iter().skip(std::mem::take(&mut skip)) {
                let time = time.take().filter(|_| part.start == 0 || !self.wrap);
                rows.push(Shown { line, time, text: text.clone(), part });
            }
        }
        rows.truncate(usize::from(window.height));
        rows
    }

    fn row_count(&self, line: u64, window: Window) -> u32 {
        if !self.wrap {
            return 1;
        }
        let message = split_time(self.ring.line(line).unwrap_or_default()).1;
        self.parts(&self.present(message), window).len() as u32
    }

    /// The line as shown: as its last rewrite left it, or with all that was overwritten.
    fn present(&self, message: &[u8]) -> Safe {
        let of = |message: &[u8]| if self.rewrites { Safe::line_opened(message) } else { Safe::line_bytes(message) };
        // GitHub's marks are only ever shown, never obeyed.
        match marked(message).filter(|_| self.request.pod.kind.is_job()) {
            Some((sign, rest)) => safe!("{}{}", sign, of(rest)),
            None => of(message),
        }
    }

    fn parts(&self, text: &Safe, window: Window) -> Vec<Range<usize>> {
        let width = self.text_columns(window);
        if self.wrap { rows::wrap(text.as_str(), width) } else { vec![rows::window(text.as_str(), self.left, width)] }
    }

    /// Columns left for the text beside the time.
    #[must_use]
    pub fn text_columns(&self, window: Window) -> u16 {
        let time = if self.timestamps { TIME_COLUMNS + 2 } else { 0 };
        window.width.saturating_sub(time).max(1)
    }
}

/// Put before the name of a step where its lines begin; no line of the server's.
const STEP: &str = "##[step]";

/// The line is ours, not the job's.
pub(super) fn is_ours(message: &[u8]) -> bool {
    message.starts_with(STEP.as_bytes())
}

/// A line of a job's log that begins with a mark (`##[group]Run make`), and what stands for it.
fn marked(message: &[u8]) -> Option<(&'static str, &[u8])> {
    const MARKS: &[(&[u8], &str)] = &[
        (b"##[group]", "▸ "),
        (b"##[endgroup]", ""),
        (b"##[error]", "✖ error: "),
        (b"##[warning]", "⚠ warning: "),
        (b"##[notice]", "• notice: "),
        (b"##[debug]", "debug: "),
        (b"##[command]", "$ "),
        (b"[command]", "$ "),
        (b"##[section]", "▸ "),
        (STEP.as_bytes(), "━━ "),
    ];
    MARKS.iter().find_map(|(mark, sign)| Some((*sign, message.strip_prefix(*mark)?)))
}
