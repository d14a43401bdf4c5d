//! How often anything is tried (reliability.md §3.2): back-off, heartbeat, restarts.

use std::time::Duration;

use crate::net::jitter;

/// The program uses [`Pace::default`]; tests are quicker.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Pace {
    /// First wait after trouble, and after a watch that ended early without a word.
    pub floor: Duration,
    /// Longest wait after trouble.
    pub cap: Duration,
    /// Between two tries of what is denied or absent.
    pub denied: Duration,
    /// What the server is asked to keep a watch open for, whole seconds.
    pub watch: Duration,
    /// A watch that ended before this ended early.
    pub early: Duration,
    /// A list that is read again and takes longer makes what is shown stale.
    pub relist: Duration,
    /// From heartbeat to heartbeat.
    pub beat: Duration,
    /// After a missed heartbeat, until the one that decides.
    pub beat_again: Duration,
    /// Between two readings of what Prometheus computes.
    pub figures: Duration,
    /// First and longest wait before a stopped task starts again.
    pub restart: (Duration, Duration),
    /// From list to list of a repository's runs: while something moves, and while nothing does.
    pub runs: (Duration, Duration),
    /// From list to list of the jobs of a run that somebody looks at.
    pub jobs: Duration,
    /// From look to look at the tags of an image repository: while something of it moves, and while
    /// nothing does.
    pub images: (Duration, Duration),
}

impl Default for Pace {
    fn default() -> Self {
        let seconds = Duration::from_secs;
        Self {
            floor: seconds(1),
            cap: seconds(30),
            denied: seconds(30),
            watch: seconds(30),
            early: seconds(20),
            relist: seconds(3),
            beat: seconds(5),
            beat_again: seconds(1),
            figures: seconds(10),
            restart: (seconds(1), seconds(60)),
            runs: (seconds(12), seconds(60)),
            jobs: seconds(5),
            images: (seconds(15), seconds(120)),
        }
    }
}

/// Doubling waits: the floor, twice the floor … the cap, each up to a fifth longer by jitter.
#[derive(Debug, Clone, Copy)]
pub(super) struct Backoff {
    floor: Duration,
    cap: Duration,
    /// Waits since the last reset.
    pub(super) waits: u32,
}

impl Backoff {
    pub(super) fn new(floor: Duration, cap: Duration) -> Self {
        Self { floor, cap, waits: 0 }
    }

    pub(super) fn reset(&mut self) {
        self.waits = 0;
    }

    pub(super) fn next(&mut self) -> Duration {
        let wait = self.floor.saturating_mul(1 << self.waits.min(16)).min(self.cap);
        self.waits = self.waits.saturating_add(1);
        wait + jitter(wait / 5)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn waits_double_up_to_the_cap() {
        let mut backoff = Backoff::new(Duration::from_secs(1), Duration::from_secs(30));
        for seconds in [1, 2, 4, 8, 16, 30, 30] {
            let wait = backoff.next();
            let least = Duration::from_secs(seconds);
            assert!(wait >= least && wait <= least * 6 / 5, "{wait:?} for {seconds} s");
        }
        backoff.reset();
        assert!(backoff.next() < Duration::from_secs(2));
    }
}
