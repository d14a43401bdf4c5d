//! Which times a store of logs is asked for.

use std::time::Duration;

use jiff::Timestamp;

use crate::model::log::{Life, LogSince};
use crate::safe;
use crate::text::Safe;

/// Around the life of a pod: clocks differ, and its last lines come late.
const AROUND: Duration = Duration::from_mins(1);
/// What is asked for of a pod of which no beginning is known.
const UNKNOWN: Duration = Duration::from_hours(24);
/// Loki takes no longer window, unless it is set up otherwise (`max_query_length`).
const MOST: Duration = Duration::from_hours(30 * 24);

/// The window of a request: what is asked for counts from the end of the pods, or from now where that is not known.
#[must_use]
pub fn window(since: LogSince, life: Life, now: Timestamp) -> (Timestamp, Timestamp) {
    let back = |from: Timestamp, by: Duration| from.checked_sub(by).unwrap_or(Timestamp::MIN);
    let last = life.ended.unwrap_or(now);
    let to = last.checked_add(AROUND).unwrap_or(Timestamp::MAX);
    let began = life.began.map(|began| back(began, AROUND));
    let from = match since {
        LogSince::Tail(_) => began.unwrap_or_else(|| back(last, UNKNOWN)),
        LogSince::Head => began.unwrap_or_else(|| back(last, MOST)),
        LogSince::Last(span) => back(last, span).max(began.unwrap_or(Timestamp::MIN)),
    };
    (from.max(back(to, MOST)).min(to), to)
}

/// `09:21–09:36Z`; with their dates where they are of two days, or of another than today.
#[must_use]
pub fn words((from, to): (Timestamp, Timestamp), now: Timestamp) -> Safe {
    let day = |at: Timestamp| at.strftime("%m-%d").to_string();
    let clock = |at: Timestamp| at.strftime("%H:%M").to_string();
    let line = |text: String| Safe::line(&text);
    if day(from) != day(to) {
        return safe!("{} {}–{} {}Z", line(day(from)), line(clock(from)), line(day(to)), line(clock(to)));
    }
    let times = safe!("{}–{}Z", line(clock(from)), line(clock(to)));
    if day(to) == day(now) { times } else { safe!("{} {}", line(day(to)), times) }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(text: &str) -> Timestamp {
        text.parse().unwrap()
    }

    #[test]
    fn a_window_is_the_life_of_the_pod_as_far_as_that_is_known() {
        let now = at("2026-08-04T12:00:00Z");
        let (began, ended) = (Some(at("2026-08-04T09:00:00Z")), Some(at("2026-08-04T10:00:00Z")));
        let tail = LogSince::Tail(1_000);
        let last = LogSince::Last(Duration::from_mins(5));
        let table = [
            (tail, Life { began, ended }, "08:59–10:01Z"),
            (LogSince::Head, Life { began, ended }, "08:59–10:01Z"),
            (last, Life { began, ended }, "09:55–10:01Z"),
            (LogSince::Last(Duration::from_hours(9)), Life { began, ended }, "08:59–10:01Z"),
            (tail, Life { began, ended: None }, "08:59–12:01Z"),
            (tail, Life { began: None, ended }, "08-03 10:00–08-04 10:01Z"),
            (tail, Life::default(), "08-03 12:00–08-04 12:01Z"),
            (LogSince::Head, Life::default(), "07-05 12:01–08-04 12:01Z"),
            (last, Life::default(), "11:55–12:01Z"),
            // Older than a query may be long.
            (tail, Life { began: Some(at("2026-01-01T00:00:00Z")), ended: None }, "07-05 12:01–08-04 12:01Z"),
        ];
        for (since, life, wanted) in table {
            assert_eq!(words(window(since, life, now), now).as_str(), wanted, "{since:?} {life:?}");
        }
        let tomorrow = at("2026-08-05T12:00:00Z");
        let whole = window(tail, Life { began, ended }, tomorrow);
        assert_eq!(words(whole, tomorrow).as_str(), "08-04 08:59–10:01Z");
    }

    #[test]
    fn the_ends_of_time_are_no_trouble() {
        for now in [Timestamp::MIN, Timestamp::MAX] {
            let (from, to) = window(LogSince::Last(Duration::MAX), Life::default(), now);
            assert!(from <= to);
        }
    }
}
