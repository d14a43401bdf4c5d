//! An hour of GitHub's, for tests of who polls: what it counts, without asking it anything.

use std::time::Duration;

use http::{HeaderMap, StatusCode};
use jiff::Timestamp;

use super::limit::{Budget, Told};

const LIMIT: u64 = 5_000;
const ANONYMOUS: u64 = 60;

/// A host's limits as its answers tell them. Times count from the beginning of the hour.
#[derive(Debug, Default)]
pub(crate) struct Hour {
    budget: Budget,
    /// Nobody has a token: an answer that is unchanged costs as well.
    anonymous: bool,
    pub(crate) answers: u64,
    pub(crate) unchanged: u64,
}

impl Hour {
    /// One of somebody who has no token.
    pub(crate) fn anonymous() -> Self {
        Self { anonymous: true, ..Self::default() }
    }

    /// An answer at this time.
    pub(crate) fn answered(&mut self, now: Duration, unchanged: bool) {
        self.answers += 1;
        self.unchanged += u64::from(unchanged);
        let mut headers = HeaderMap::new();
        let limit = self.limit();
        let numbers = [
            ("x-ratelimit-limit", limit),
            ("x-ratelimit-remaining", limit.saturating_sub(self.charged())),
            ("x-ratelimit-reset", 3_600),
        ];
        for (name, number) in numbers {
            headers.insert(name, number.into());
        }
        let status = if unchanged { StatusCode::NOT_MODIFIED } else { StatusCode::OK };
        let wall = Timestamp::UNIX_EPOCH + now;
        self.budget.heard(now, wall, status, &Told::by(&headers), self.anonymous);
    }

    const fn limit(&self) -> u64 {
        if self.anonymous { ANONYMOUS } else { LIMIT }
    }

    const fn charged(&self) -> u64 {
        if self.anonymous { self.answers } else { self.answers - self.unchanged }
    }

    /// As [`super::GitHub::paced`].
    pub(crate) fn paced(&mut self, now: Duration, wanted: Duration) -> Duration {
        self.budget.paced(now, wanted, true, self.anonymous)
    }

    /// Nothing may be read now.
    pub(crate) fn is_held(&mut self, now: Duration) -> bool {
        self.budget.hold_read(now).is_some()
    }

    /// As what may wait asks: more than half is left, and somebody has a token.
    pub(crate) const fn has_plenty(&self) -> bool {
        !self.anonymous && self.charged() * 2 < self.limit()
    }

    /// Part of the hour's requests that was spent, 0..1.
    pub(crate) fn spent(&self) -> f64 {
        self.charged() as f64 / self.limit() as f64
    }
}
