//! How much is asked of one GitHub host (reliability.md §3.2), shared by all that ask it: at most
//! eight requests at a time, 60 % of the hourly budget, nothing while the host asks for a pause.
//! Nothing waits in here: who may not ask now is told when.

use std::collections::VecDeque;
use std::time::Duration;

use http::{HeaderMap, StatusCode};
use jiff::Timestamp;

use crate::net::pause;

/// At a time.
pub(super) const CONCURRENT: usize = 8;
/// After a refusal that names no time; doubles with each that follows.
const PAUSE: Duration = Duration::from_mins(1);
const HOUR: Duration = Duration::from_hours(1);
/// Only an Enterprise Server has this header; its limits are off unless somebody turned them on.
pub(super) const ENTERPRISE: &str = "x-github-enterprise-version";
/// What may be spent of our share before anybody asks how quickly.
const EARLY: f64 = 0.2;
/// Nobody waits longer than so many times what is wanted.
const SLOWEST: f64 = 20.0;
/// Left of an hour's requests for what the user does: nobody polls with the last ones.
const RESERVE: u64 = 50;
/// In the last part of the hour's requests, whoever spent them, polls grow rarer.
const SCARCE: u64 = 10;
/// Requests an hour without a token, and with one whose limit is not known yet.
const ANONYMOUS: u64 = 60;
const KNOWN: u64 = 5_000;

/// What is known of a host's limits. Times are monotonic.
#[derive(Debug, Default)]
pub(super) struct Budget {
    limit: Option<u64>,
    remaining: Option<u64>,
    reset: Option<Timestamp>,
    /// When the window ends, and what we spent in it.
    window_ends: Option<Duration>,
    spent: u64,
    held: Option<Hold>,
    refusals: u32,
    /// Without a token: when the next poll may go out that nobody has been promised yet.
    free_from: Duration,
    /// Per minute: answers, and those that said "unchanged".
    minutes: VecDeque<(u64, u64, u64)>,
}

/// Nothing is asked until then.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Hold {
    pub(super) until: Duration,
    pub(super) why: &'static str,
}

/// What an answer's head says about limits.
#[derive(Debug, Default)]
pub(super) struct Told {
    limit: Option<u64>,
    remaining: Option<u64>,
    reset: Option<Timestamp>,
    pub(super) date: Option<Timestamp>,
    retry_after: Option<String>,
    enterprise: bool,
    /// A page of a proxy or a login, or a refusal that names its own way: neither is about limits.
    other: bool,
}

impl Told {
    pub(super) fn by(headers: &HeaderMap) -> Self {
        let text = |name: &str| headers.get(name).and_then(|value| value.to_str().ok()).map(str::trim);
        let number = |name: &str| text(name).and_then(|text| text.parse::<u64>().ok());
        // Another resource has limits of its own.
        let core = text("x-ratelimit-resource").is_none_or(|resource| resource == "core");
        let core = |value: Option<u64>| value.filter(|_| core);
        Self {
            limit: core(number("x-ratelimit-limit")),
            remaining: core(number("x-ratelimit-remaining")),
            reset: core(number("x-ratelimit-reset"))
                .and_then(|seconds| Timestamp::from_second(i64::try_from(seconds).ok()?).ok()),
            date: text("date").and_then(pause::time),
            retry_after: text("retry-after").map(str::to_owned),
            enterprise: headers.contains_key(ENTERPRISE),
            other: headers.contains_key("x-github-sso")
                || text("content-type").is_some_and(|kind| kind.starts_with("text/html")),
        }
    }
}

impl Budget {
    /// Why nothing may be asked now.
    pub(super) fn hold(&mut self, now: Duration) -> Option<Hold> {
        if self.window_ends.is_some_and(|ends| now >= ends) {
            (self.window_ends, self.spent, self.remaining) = (None, 0, None);
        }
        if self.held.as_ref().is_some_and(|held| now >= held.until) {
            self.held = None;
        }
        self.held.clone()
    }

    /// As [`Self::hold`], for a read, which keeps to our share of the hour.
    pub(super) fn hold_read(&mut self, now: Duration) -> Option<Hold> {
        if let Some(held) = self.hold(now) {
            return Some(held);
        }
        let (ends, limit) = (self.window_ends?, self.limit?);
        if self.spare().is_some_and(|spare| spare == 0) {
            let why = "the last of the hour's requests are left to what you do; others spent the rest";
            return Some(Hold { until: ends, why });
        }
        let share = limit.saturating_mul(6) / 10;
        let why = "60 % of the hour's requests are spent; the rest is left to you";
        (self.spent >= share).then_some(Hold { until: ends, why })
    }

    /// What may be read yet of the host's whole hour, where it is so large that a part can be kept.
    fn spare(&self) -> Option<u64> {
        let (limit, remaining) = (self.limit?, self.remaining?);
        (limit >= RESERVE * SCARCE * 2).then(|| remaining.saturating_sub(RESERVE))
    }

    /// How many times rarer polls become near the end of the host's hour.
    fn scarcity(&self) -> f64 {
        let (Some(spare), Some(limit)) = (self.spare(), self.limit) else { return 1.0 };
        let last = (limit / SCARCE - RESERVE) as f64;
        1.0 + (SLOWEST - 1.0) * (1.0 - spare as f64 / last).max(0.0)
    }

    /// Takes in what an answer said. `anonymous`: then "unchanged" costs as well.
    pub(super) fn heard(&mut self, now: Duration, here: Timestamp, status: StatusCode, told: &Told, anonymous: bool) {
        self.count(now, status);
        // The server's clock measures its own times.
        let here = told.date.unwrap_or(here);
        if let Some(reset) = told.reset {
            let ends = now + pause::between(here, reset).min(pause::MOST);
            // A window that ends a minute or more later is the next one.
            if self.window_ends.is_none_or(|known| ends > known + PAUSE) {
                self.spent = 0;
                self.window_ends = Some(ends);
            }
            self.reset = Some(reset);
        }
        self.limit = told.limit.or(self.limit);
        self.remaining = told.remaining.or(self.remaining);
        if anonymous || status != StatusCode::NOT_MODIFIED {
            self.spent += 1;
        }
        if matches!(status, StatusCode::FORBIDDEN | StatusCode::TOO_MANY_REQUESTS) {
            self.refused(now, here, status, told);
        } else if !status.is_server_error() {
            self.refusals = 0;
        }
    }

    /// 403 and 429: a limit, or no permission.
    fn refused(&mut self, now: Duration, here: Timestamp, status: StatusCode, told: &Told) {
        let again = PAUSE.saturating_mul(1 << self.refusals.min(6)).min(pause::MOST);
        let (wait, why) = if let Some(text) = &told.retry_after {
            (pause::retry_after(text, here).unwrap_or(again), "GitHub asks for a pause (secondary rate limit)")
        } else if told.remaining == Some(0) {
            let wait = told.reset.map_or(again, |reset| pause::between(here, reset)).min(pause::MOST);
            (wait, "the hour's requests are spent")
        } else if status == StatusCode::TOO_MANY_REQUESTS
            || (told.remaining.is_none() && !told.enterprise && !told.other)
        {
            (again, "GitHub asks for a pause and names no time")
        } else {
            return;
        };
        self.refusals += 1;
        self.pause(now, wait, why);
    }

    /// A 403 that names no time, and whose words are those of the secondary limit.
    pub(super) fn secondary(&mut self, now: Duration) {
        let again = PAUSE.saturating_mul(1 << self.refusals.min(6)).min(pause::MOST);
        self.refusals += 1;
        self.pause(now, again, "GitHub asks for a pause (secondary rate limit)");
    }

    fn pause(&mut self, now: Duration, wait: Duration, why: &'static str) {
        let until = now + wait;
        // Requests that were under way tell the same again; the longest counts.
        if self.held.as_ref().is_none_or(|held| held.until < until) {
            self.held = Some(Hold { until, why });
        }
    }

    fn count(&mut self, now: Duration, status: StatusCode) {
        let minute = now.as_secs() / 60;
        self.minutes.retain(|(at, ..)| at + 60 > minute);
        if self.minutes.back().is_none_or(|(at, ..)| *at != minute) {
            self.minutes.push_back((minute, 0, 0));
        }
        if let Some((_, answers, unchanged)) = self.minutes.back_mut() {
            *answers += 1;
            *unchanged += u64::from(status == StatusCode::NOT_MODIFIED);
        }
    }

    /// Limit, what remains, when it begins anew, answers and unchanged ones of the last hour. The
    /// limit is 0 until it was told; that of github.com without a token is known to everybody.
    pub(super) fn figures(&self, public: bool, anonymous: bool) -> (u64, u64, Option<Timestamp>, u64, u64) {
        let limit = self.limit.unwrap_or(if anonymous && public { ANONYMOUS } else { 0 });
        let sums = self.minutes.iter().fold((0, 0), |(a, b), (_, x, y)| (a + x, b + y));
        (limit, self.remaining.unwrap_or(limit).min(limit), self.reset, sums.0, sums.1)
    }

    /// An answer said how many there are.
    pub(super) fn is_told(&self) -> bool {
        self.limit.is_some()
    }

    /// How long a poll that would like to wait `wanted` is to wait, so that our share lasts the hour
    /// whoever else polls. Who has no token takes its turn: the polls of all go out at a steady distance;
    /// else the wait grows when so much was spent that going on like this would leave nothing before the
    /// hour ends.
    pub(super) fn paced(&mut self, now: Duration, wanted: Duration, public: bool, anonymous: bool) -> Duration {
        let limit = self.limit.unwrap_or(if public { ANONYMOUS } else { KNOWN });
        let share = limit as f64 * 0.6;
        if anonymous {
            return self.turn(now, share, wanted);
        }
        let (spent, scarcity) = (self.spent as f64, self.scarcity());
        // The next hour is not slept through.
        let within = |wait: Duration| {
            let soon = self.window_ends.map_or(wait, |ends| ends.saturating_sub(now) + Duration::from_secs(1));
            wait.min(soon.max(wanted))
        };
        let Some(ends) = self.window_ends.filter(|_| spent > share * EARLY) else {
            return within(wanted.mul_f64(scarcity));
        };
        let left = ends.saturating_sub(now).as_secs_f64();
        let gone = (HOUR.as_secs_f64() - left).max(60.0);
        // A little stays for what is asked for beside the polls.
        let too_quick = (spent / gone) * left / (share * 0.95 - spent).max(1.0);
        within(wanted.mul_f64(too_quick.max(scarcity).clamp(1.0, SLOWEST)))
    }

    /// Promises the next turn of those that have no token, after `wanted` at the earliest.
    fn turn(&mut self, now: Duration, share: f64, wanted: Duration) -> Duration {
        let left = self.window_ends.map_or(HOUR, |ends| ends.saturating_sub(now));
        // Everybody's first poll goes out at once: what remains is shared.
        let polls = (share - self.spent as f64).max(1.0);
        let apart = left.div_f64(polls).max(HOUR.div_f64(share.max(1.0)));
        let turn = self.free_from.max(now);
        // Promises of those that went away are no reason to wait beyond the hour: another one begins then.
        let anew = now + left + Duration::from_secs(1);
        let next = (turn + apart).min(anew);
        self.free_from = next;
        next.saturating_sub(now).max(wanted)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const HERE: &str = "2026-11-21T12:00:00Z";

    fn told(pairs: &[(&'static str, &str)]) -> Told {
        let mut headers = HeaderMap::new();
        for (name, value) in pairs {
            headers.insert(*name, value.parse().unwrap());
        }
        Told::by(&headers)
    }

    fn wait(status: u16, pairs: &[(&'static str, &str)]) -> Option<u64> {
        let mut budget = Budget::default();
        let status = StatusCode::from_u16(status).unwrap();
        budget.heard(Duration::from_secs(100), HERE.parse().unwrap(), status, &told(pairs), false);
        budget.hold(Duration::from_secs(100)).map(|hold| hold.until.as_secs() - 100)
    }

    #[test]
    fn r26_a_retry_after_of_any_shape_is_a_time_within_the_hour() {
        let date = ("date", "Sat, 21 Nov 2026 12:00:00 GMT");
        for (text, expected) in [
            ("30", 30),
            ("0", 0),
            ("3600", 3_600),
            ("99999999", 3_600),
            ("99999999999999999999999999", 3_600),
            ("Sat, 21 Nov 2026 12:00:45 GMT", 45),
            ("Sat, 21 Nov 2026 11:00:00 GMT", 0),
            ("Fri, 31 Dec 2060 23:59:59 GMT", 3_600),
            ("Fri, 31 Dec 9999 23:59:59 GMT", 60),
            ("-5", 60),
            ("1.5", 60),
            ("soon", 60),
            ("", 60),
        ] {
            // 0 is over at once.
            let expected = Some(expected).filter(|seconds| *seconds > 0);
            assert_eq!(wait(403, &[("retry-after", text), date]), expected, "{text:?}");
            assert_eq!(wait(429, &[("retry-after", text), date]), expected, "{text:?}");
        }
        // A date is measured by the clock of the server that gave it.
        let ahead = ("date", "Sat, 21 Nov 2026 14:00:00 GMT");
        assert_eq!(wait(429, &[("retry-after", "Sat, 21 Nov 2026 14:00:20 GMT"), ahead]), Some(20));
    }

    #[test]
    fn refusals_without_a_time_pause_ever_longer_and_permission_does_not() {
        assert_eq!(wait(403, &[]), Some(60));
        assert_eq!(wait(429, &[("x-ratelimit-remaining", "4000")]), Some(60));
        assert_eq!(wait(403, &[("x-ratelimit-remaining", "4000")]), None, "no permission is no limit");
        let enterprise = ("x-github-enterprise-version", "3.14.0");
        assert_eq!(wait(403, &[enterprise]), None, "a server without limits tells none with a refusal either");
        assert_eq!(wait(429, &[enterprise]), Some(60));
        for other in [("content-type", "text/html; charset=utf-8"), ("x-github-sso", "required; url=https://x")] {
            assert_eq!(wait(403, &[other]), None, "{other:?} is no limit");
            assert_eq!(wait(429, &[other]), Some(60));
        }
        let spent = [("x-ratelimit-remaining", "0"), ("x-ratelimit-reset", "1795262490")];
        assert_eq!(wait(403, &spent), Some(90), "until the next hour begins");
        let mut budget = Budget::default();
        let mut waits = Vec::new();
        let mut now = Duration::ZERO;
        for _ in 0..9 {
            budget.heard(now, HERE.parse().unwrap(), StatusCode::FORBIDDEN, &told(&[]), false);
            let until = budget.hold(now).unwrap().until;
            waits.push(until.as_secs() - now.as_secs());
            now = until;
            assert_eq!(budget.hold(now), None, "over when it is over");
        }
        assert_eq!(waits[..4], [60, 120, 240, 480]);
        assert_eq!(waits.last(), Some(&3_600));
    }

    /// Others use the same hour: what they leave is read ever more slowly, and the last of it not at all.
    #[test]
    fn s8_polls_slow_down_in_the_last_tenth_and_leave_the_last_requests_to_the_user() {
        let here: Timestamp = HERE.parse().unwrap();
        let reset = (here.as_second() + 1_380).to_string();
        let of = |remaining: u64| {
            let mut budget = Budget::default();
            let remaining = remaining.to_string();
            let told = told(&[
                ("x-ratelimit-limit", "5000"),
                ("x-ratelimit-remaining", &remaining),
                ("x-ratelimit-reset", &reset),
            ]);
            budget.heard(Duration::ZERO, here, StatusCode::OK, &told, false);
            budget
        };
        let waits = |remaining| of(remaining).paced(Duration::ZERO, Duration::from_secs(10), true, false).as_secs();
        assert_eq!((waits(4_000), waits(550), waits(275), waits(51)), (10, 10, 105, 199));
        let late = Duration::from_secs(1_370);
        let wait = of(51).paced(late, Duration::from_secs(3), true, false);
        assert_eq!(wait.as_secs(), 11, "the next hour is not slept through");
        assert_eq!(of(51).hold_read(Duration::ZERO), None);
        let held = of(50).hold_read(Duration::ZERO).unwrap();
        assert_eq!(held.until, Duration::from_mins(23));
        assert_eq!(of(41).hold(Duration::ZERO), None, "a write may use them");
        // Of sixty requests an hour no fifty can be kept.
        let mut small = Budget::default();
        let told = told(&[("x-ratelimit-limit", "60"), ("x-ratelimit-remaining", "40"), ("x-ratelimit-reset", &reset)]);
        small.heard(Duration::ZERO, here, StatusCode::OK, &told, true);
        assert_eq!(small.hold_read(Duration::ZERO), None);
    }

    #[test]
    fn r27_reads_stop_at_our_share_and_begin_with_the_next_hour() {
        let here: Timestamp = HERE.parse().unwrap();
        let reset = (here.as_second() + 1_800).to_string();
        let of = |remaining: &str| {
            told(&[("x-ratelimit-limit", "100"), ("x-ratelimit-remaining", remaining), ("x-ratelimit-reset", &reset)])
        };
        let mut budget = Budget::default();
        for _ in 0..200 {
            budget.heard(Duration::ZERO, here, StatusCode::NOT_MODIFIED, &of("99"), false);
        }
        assert_eq!(budget.hold_read(Duration::ZERO), None, "unchanged is free");
        for n in 0..60 {
            assert_eq!(budget.hold_read(Duration::ZERO), None, "{n}");
            budget.heard(Duration::ZERO, here, StatusCode::OK, &of("40"), false);
        }
        let hold = budget.hold_read(Duration::from_secs(1)).unwrap();
        assert_eq!(hold.until, Duration::from_mins(30));
        assert_eq!(budget.hold(Duration::from_secs(1)), None, "a write may use the rest");
        assert_eq!(budget.hold_read(Duration::from_mins(30)), None);
        assert_eq!(budget.figures(true, false).3, 260);
        assert_eq!(Budget::default().figures(true, false).0, 0, "nothing is made up");
        assert_eq!(Budget::default().figures(false, true).0, 0);
        assert_eq!(Budget::default().figures(true, true).0, 60);
        let second = Duration::from_secs(1);
        let paced = |anonymous| Budget::default().paced(Duration::ZERO, second, true, anonymous);
        assert_eq!((paced(true), paced(false)), (Duration::from_secs(100), second));
        let mut shared = Budget::default();
        let turns: Vec<u64> = (0..3).map(|_| shared.paced(Duration::ZERO, second, true, true).as_secs()).collect();
        assert_eq!(turns, [100, 200, 300], "one after the other");
    }
}
