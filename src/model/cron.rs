//! Schedules of five fields as `robfig/cron` reads them, which Argo CD and Kubernetes use. A library that reads
//! another dialect (`L`, `7` for Sunday, seconds) would tell other times than the server does.

use jiff::ToSpan;
use jiff::civil::{Date, DateTime};

/// How far ahead a time is looked for: 29 February comes back within eight years.
const YEARS: i16 = 5;

/// The minutes at which something happens; each field as a set of bits.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Cron {
    minutes: u64,
    hours: u64,
    days: u64,
    months: u64,
    weekdays: u64,
    /// `*` stands for the day of the month, or of the week: then both must fit, else one is enough.
    any_day: bool,
}

const MONTHS: [&str; 12] = ["jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec"];
const WEEKDAYS: [&str; 7] = ["sun", "mon", "tue", "wed", "thu", "fri", "sat"];

impl Cron {
    /// `None`: it is no schedule of five fields.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        let fields: Vec<&str> = text.split_whitespace().collect();
        let [minutes, hours, days, months, weekdays] = fields.as_slice() else { return None };
        let (minutes, _) = field(minutes, 0, 59, &[])?;
        let (hours, _) = field(hours, 0, 23, &[])?;
        let (days, any_of_month) = field(days, 1, 31, &[])?;
        let (months, _) = field(months, 1, 12, &MONTHS)?;
        let (weekdays, any_of_week) = field(weekdays, 0, 6, &WEEKDAYS)?;
        Some(Self { minutes, hours, days, months, weekdays, any_day: any_of_month || any_of_week })
    }

    /// The first time after this one; `None` where there is none in the next years.
    #[must_use]
    pub fn after(&self, at: DateTime) -> Option<DateTime> {
        let whole = DateTime::from_parts(at.date(), jiff::civil::time(at.hour(), at.minute(), 0, 0));
        let first = whole.checked_add(1.minute()).ok()?;
        let last = first.year().checked_add(YEARS)?;
        let mut day = first.date();
        let mut from = (first.hour(), first.minute());
        while day.year() <= last {
            if self.months & bit(day.month()) == 0 {
                day = day.last_of_month().tomorrow().ok()?;
            } else {
                if let Some((hour, minute)) = self.is_day(day).then(|| self.time(from)).flatten() {
                    return Some(day.at(hour, minute, 0, 0));
                }
                day = day.tomorrow().ok()?;
            }
            from = (0, 0);
        }
        None
    }

    /// The last time before this one, of those that are not before `least`.
    #[must_use]
    pub fn last(&self, at: DateTime, least: DateTime) -> Option<DateTime> {
        // A minute that has begun is before any later second of it.
        let before = at.checked_sub(1.nanosecond()).ok()?;
        let mut day = before.date();
        let mut until = (before.hour(), before.minute());
        while day >= least.date() {
            if self.months & bit(day.month()) == 0 {
                day = day.first_of_month().yesterday().ok()?;
            } else {
                if let Some((hour, minute)) = self.is_day(day).then(|| self.latest(until)).flatten() {
                    return Some(day.at(hour, minute, 0, 0)).filter(|found| *found >= least);
                }
                day = day.yesterday().ok()?;
            }
            until = (23, 59);
        }
        None
    }

    fn is_day(&self, day: Date) -> bool {
        let of_month = self.days & bit(day.day()) != 0;
        let of_week = self.weekdays & bit(day.weekday().to_sunday_zero_offset()) != 0;
        if self.any_day { of_month && of_week } else { of_month || of_week }
    }

    /// The first hour and minute of a day that are not before these.
    fn time(&self, (hour, minute): (i8, i8)) -> Option<(i8, i8)> {
        let minute_from = |from: i8| (from..60).find(|minute| self.minutes & bit(*minute) != 0);
        (hour..24).filter(|at| self.hours & bit(*at) != 0).find_map(|at| {
            let from = if at == hour { minute } else { 0 };
            minute_from(from).map(|minute| (at, minute))
        })
    }

    /// The last hour and minute of a day that are not after these.
    fn latest(&self, (hour, minute): (i8, i8)) -> Option<(i8, i8)> {
        let minute_until = |until: i8| (0..=until).rev().find(|minute| self.minutes & bit(*minute) != 0);
        (0..=hour).rev().filter(|at| self.hours & bit(*at) != 0).find_map(|at| {
            let until = if at == hour { minute } else { 59 };
            minute_until(until).map(|minute| (at, minute))
        })
    }
}

fn bit(number: i8) -> u64 {
    1 << u32::from(number.unsigned_abs())
}

/// The numbers of a field, and whether it says `*`.
fn field(text: &str, least: u32, most: u32, names: &[&str]) -> Option<(u64, bool)> {
    let (mut bits, mut any) = (0, false);
    for part in text.split(',').filter(|part| !part.is_empty()) {
        let (range, step) = match part.split_once('/') {
            Some((range, step)) => (range, Some(step.parse::<u32>().ok().filter(|step| *step > 0)?)),
            None => (part, None),
        };
        let (low, high, star) = match range.split_once('-') {
            _ if range == "*" || range == "?" => (least, most, true),
            Some((low, high)) => (number(low, least, names)?, number(high, least, names)?, false),
            None => {
                let low = number(range, least, names)?;
                // `N/step` goes on to the end.
                (low, if step.is_some() { most } else { low }, false)
            }
        };
        let step = step.unwrap_or(1);
        any |= star && step == 1;
        if low < least || high > most || low > high {
            return None;
        }
        bits |= (low..=high).step_by(step as usize).fold(0, |bits, at| bits | 1 << at);
    }
    // Of nothing but commas `robfig/cron` makes a schedule that never comes.
    (!text.is_empty()).then_some((bits, any))
}

fn number(text: &str, least: u32, names: &[&str]) -> Option<u32> {
    let named = names.iter().position(|name| name.eq_ignore_ascii_case(text));
    match named {
        Some(at) => Some(at as u32 + least),
        None => text.parse().ok().filter(|_| text.bytes().all(|byte| byte.is_ascii_digit())),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn after(schedule: &str, at: &str) -> String {
        let next = Cron::parse(schedule).expect(schedule).after(at.parse().unwrap());
        next.map_or_else(|| "never".to_owned(), |next| next.strftime("%Y-%m-%dT%H:%M").to_string())
    }

    #[test]
    fn the_next_time_is_told_as_the_server_tells_it() {
        for (schedule, at, expected) in [
            ("* * * * *", "2026-11-20T10:00:00", "2026-11-20T10:01"),
            ("* * * * *", "2026-11-20T10:00:59", "2026-11-20T10:01"),
            ("0 22 * * *", "2026-11-20T10:00:00", "2026-11-20T22:00"),
            ("0 22 * * *", "2026-11-20T22:00:00", "2026-11-21T22:00"),
            ("30 8 * * 1-5", "2026-11-20T09:00:00", "2026-11-23T08:30"),
            ("0 0 * * SAT,sun", "2026-11-20T09:00:00", "2026-11-21T00:00"),
            ("0 0 29 2 *", "2026-11-20T09:00:00", "2028-02-29T00:00"),
            ("0 0 30 feb *", "2026-11-20T09:00:00", "never"),
            ("*/20 5/6 * * *", "2026-11-20T10:00:00", "2026-11-20T11:00"),
            ("0 0 1 1-12/3 ?", "2026-11-20T10:00:00", "2027-01-01T00:00"),
            // The first of a month or a Monday, where both are named; both of them where one is not.
            ("0 0 1 * 1", "2026-11-20T10:00:00", "2026-11-23T00:00"),
            ("0 0 13 * *", "2026-11-20T10:00:00", "2026-12-13T00:00"),
            ("0 0 */2 * 1", "2026-11-20T10:00:00", "2026-11-21T00:00"),
            ("59 23 31 12 *", "2026-12-31T23:59:00", "2027-12-31T23:59"),
        ] {
            assert_eq!(after(schedule, at), expected, "{schedule} after {at}");
        }
    }

    #[test]
    fn what_the_server_does_not_take_is_no_schedule() {
        for text in [
            "",
            "* * * *",
            "* * * * * *",
            "60 * * * *",
            "* 24 * * *",
            "* * 0 * *",
            "* * * 13 *",
            "* * * * 7",
            "5-1 * * * *",
            "*/0 * * * *",
            "+5 * * * *",
            "@daily",
            "a * * * *",
            "1- * * * *",
        ] {
            assert_eq!(Cron::parse(text), None, "{text:?}");
        }
    }

    #[test]
    fn the_last_time_is_the_newest_of_those_after_which_the_next_one_is_later() {
        for (schedule, at, least, expected) in [
            ("* * * * *", "2026-11-20T10:00:00", "2026-11-19T00:00:00", Some("2026-11-20T09:59")),
            ("* * * * *", "2026-11-20T10:00:30", "2026-11-19T00:00:00", Some("2026-11-20T10:00")),
            ("0 22 * * *", "2026-11-20T10:00:00", "2026-11-19T00:00:00", Some("2026-11-19T22:00")),
            ("0 22 * * *", "2026-11-20T10:00:00", "2026-11-19T23:00:00", None),
            ("30 8 1 3 *", "2026-02-28T00:00:00", "2024-01-01T00:00:00", Some("2025-03-01T08:30")),
            ("0 0 29 2 *", "2026-11-20T10:00:00", "2020-01-01T00:00:00", Some("2024-02-29T00:00")),
            ("0 0 * * SAT,sun", "2026-11-20T09:00:00", "2026-11-01T00:00:00", Some("2026-11-15T00:00")),
            ("0 0 30 2 *", "2026-11-20T09:00:00", "2010-01-01T00:00:00", None),
        ] {
            let cron = Cron::parse(schedule).expect(schedule);
            let (at, least) = (at.parse().unwrap(), least.parse().unwrap());
            let found = cron.last(at, least).map(|time| time.strftime("%Y-%m-%dT%H:%M").to_string());
            assert_eq!(found.as_deref(), expected, "{schedule} before {at}");
            if let Some(found) = cron.last(at, least) {
                assert!(cron.after(found).is_none_or(|next| next >= at), "{schedule}: none between");
            }
        }
    }
}
