//! The limits of a GitHub host: so many answers an hour, and not too many at once.

use std::collections::{BTreeMap, VecDeque};
use std::time::Duration;

use jiff::Timestamp;

use crate::demo::value::later;

/// Answers an hour with a token, and without one.
const NAMED: u64 = 5_000;
const ANONYMOUS: u64 = 60;
const HOUR: Duration = Duration::from_hours(1);

/// Points of one minute: one for a read, five for a write.
const POINTS: u64 = 900;
const MINUTE: Duration = Duration::from_mins(1);

/// One who asks.
#[derive(Debug, Default)]
struct Caller {
    used: u64,
    reset: Option<Timestamp>,
    /// When points were spent, by the machine's clock: a world may run many times as fast.
    recent: VecDeque<(Duration, u64)>,
}

/// What the headers of an answer say.
#[derive(Debug, Clone, Copy)]
pub(super) struct Standing {
    pub(super) limit: u64,
    pub(super) used: u64,
    pub(super) reset: Timestamp,
}

impl Standing {
    pub(super) const fn remaining(&self) -> u64 {
        self.limit.saturating_sub(self.used)
    }
}

/// Why nothing is answered.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Spent {
    /// All answers of the hour.
    Hour,
    /// Asked too fast; seconds until the next may come.
    Secondary(u64),
}

/// Others who use the same token, and what the host does about it.
#[derive(Debug, Clone, Copy, Default)]
pub(in crate::demo) struct Pressure {
    /// Since then …
    pub(in crate::demo) since: Option<Timestamp>,
    /// … so many are left …
    pub(in crate::demo) left: u64,
    /// … until then, and in each second so many fewer.
    pub(in crate::demo) until: Option<Timestamp>,
    pub(in crate::demo) others_per_second: f64,
    /// The secondary limit is met between these.
    pub(in crate::demo) paused: Option<(Timestamp, Timestamp)>,
}

#[derive(Debug, Default)]
pub(super) struct Quota {
    callers: BTreeMap<String, Caller>,
    pub(super) pressure: Pressure,
}

impl Quota {
    /// Lets a request in or not. `mono` is the machine's time.
    pub(super) fn admit(&mut self, token: &str, write: bool, now: Timestamp, mono: Duration) -> Result<(), Spent> {
        let standing = self.standing(token, now);
        if let Some((_, end)) = self.pressure.paused.filter(|(from, end)| (*from..*end).contains(&now)) {
            return Err(Spent::Secondary(end.duration_since(now).as_secs().unsigned_abs().max(1)));
        }
        let caller = self.callers.entry(token.to_owned()).or_default();
        while caller.recent.front().is_some_and(|(at, _)| *at + MINUTE <= mono) {
            caller.recent.pop_front();
        }
        let points: u64 = caller.recent.iter().map(|(_, points)| points).sum();
        if points >= POINTS {
            let free = caller.recent.front().map_or(MINUTE, |(at, _)| (*at + MINUTE).saturating_sub(mono));
            return Err(Spent::Secondary(free.as_secs().max(1)));
        }
        if standing.remaining() == 0 {
            return Err(Spent::Hour);
        }
        caller.recent.push_back((mono, if write { 5 } else { 1 }));
        Ok(())
    }

    /// Counts an answer that is not free.
    pub(super) fn count(&mut self, token: &str, now: Timestamp) {
        self.standing(token, now);
        self.callers.entry(token.to_owned()).or_default().used += 1;
    }

    /// How a caller stands. Its hour begins with its first request.
    pub(super) fn standing(&mut self, token: &str, now: Timestamp) -> Standing {
        let pressure = self.pressure;
        let caller = self.callers.entry(token.to_owned()).or_default();
        if let (Some(since), Some(until)) = (pressure.since, pressure.until)
            && !token.is_empty()
            && (since..until).contains(&now)
        {
            let others = now.duration_since(since).as_secs_f64() * pressure.others_per_second;
            let used = (NAMED.saturating_sub(pressure.left) + others as u64 + caller.used).min(NAMED);
            return Standing { limit: NAMED, used, reset: until };
        }
        let reset = match caller.reset {
            Some(reset) if now < reset => reset,
            _ => {
                caller.used = 0;
                later(now, HOUR)
            }
        };
        caller.reset = Some(reset);
        let limit = if token.is_empty() { ANONYMOUS } else { NAMED };
        Standing { limit, used: caller.used, reset }
    }
}
