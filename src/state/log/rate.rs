//! How fast lines come.

use std::time::Duration;

/// Seconds over which the rate is measured.
const RATE_SECONDS: u64 = 5;

/// Lines of the last seconds, one count for each.
#[derive(Debug, Clone, Default)]
pub(super) struct Rate {
    /// The second that `counts[second % len]` counts.
    second: u64,
    counts: [u64; RATE_SECONDS as usize + 1],
}

impl Rate {
    pub(super) fn add(&mut self, mono: Duration, lines: u64) {
        let second = mono.as_secs();
        for passed in (self.second + 1..=second).take(self.counts.len()) {
            self.counts[(passed % (RATE_SECONDS + 1)) as usize] = 0;
        }
        if second.saturating_sub(self.second) >= self.counts.len() as u64 {
            self.counts = [0; RATE_SECONDS as usize + 1];
        }
        self.second = second;
        self.counts[(second % (RATE_SECONDS + 1)) as usize] += lines;
    }

    /// Over the last whole seconds, at `mono`.
    pub(super) fn per_second(&self, mono: Duration) -> u64 {
        let now = mono.as_secs();
        // The running second is not whole yet; those since the last line are empty.
        let whole = (now.saturating_sub(RATE_SECONDS)..now)
            .filter(|second| *second <= self.second && self.second - *second <= RATE_SECONDS);
        whole.map(|second| self.counts[(second % (RATE_SECONDS + 1)) as usize]).sum::<u64>() / RATE_SECONDS
    }
}
