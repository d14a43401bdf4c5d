//! Schedules that name a zone themselves, as `robfig/cron` reads them (`CRON_TZ=`, `TZ=`).

use jiff::ToSpan;
use jiff::civil::DateTime;
use jiff::tz::{Offset, TimeZone};

use super::cron::Cron;

/// A schedule with the zone that it names itself: `CRON_TZ=Europe/Madrid 0 22 * * *`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Schedule {
    pub cron: Cron,
    /// `None`: its times are by the clock of who asks.
    pub zone: Option<TimeZone>,
}

/// Changes of a zone's clock that are looked over.
const CHANGES: usize = 16;

impl Schedule {
    /// `None`: `robfig/cron` takes it for no schedule of five fields either.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        let Some(rest) = text.strip_prefix("CRON_TZ=").or_else(|| text.strip_prefix("TZ=")) else {
            return Cron::parse(text).map(|cron| Self { cron, zone: None });
        };
        // Of nothing behind the zone it panics, which is no schedule either.
        let (zone, fields) = rest.split_once(' ')?;
        let zone = match zone {
            "" | "UTC" => Some(TimeZone::UTC),
            // That of who asks.
            "Local" => None,
            // It reads files of that name, which know capitals.
            name => Some(TimeZone::get(name).ok().filter(|zone| zone.iana_name() == Some(name))?),
        };
        Cron::parse(fields).map(|cron| Self { cron, zone })
    }

    /// The first time after this one, by the clock of who asks. With a zone of its own that clock is taken for UTC, as
    /// Argo CD gives it: the offset of the window's own zone is added before, and stays in it.
    #[must_use]
    pub fn after(&self, at: DateTime) -> Option<DateTime> {
        let Some(zone) = &self.zone else { return self.cron.after(at) };
        let start = Offset::UTC.to_timestamp(at).ok()?;
        let mut changes = zone.following(start);
        let mut offset = zone.to_offset(start);
        let mut from = offset.to_datetime(start);
        // Between two changes of the clock its times are those of one offset: what falls into the hour that is left out
        // never comes, and what falls into the one that comes twice comes twice.
        for _ in 0..CHANGES {
            let change = changes.next();
            let found = self.cron.after(from).and_then(|time| utc(time, offset));
            match (found, change) {
                (found, None) => return found,
                (Some(found), Some(change)) if found < Offset::UTC.to_datetime(change.timestamp()) => {
                    return Some(found);
                }
                (_, Some(change)) => {
                    offset = change.offset();
                    // What comes at the very change comes with it.
                    from = offset.to_datetime(change.timestamp()).checked_sub(1.minute()).ok()?;
                }
            }
        }
        None
    }

    /// The last time before this one, of those that are not before `least`; the clock as of [`Self::after`].
    #[must_use]
    pub fn last(&self, at: DateTime, least: DateTime) -> Option<DateTime> {
        let Some(zone) = &self.zone else { return self.cron.last(at, least) };
        let mut until = Offset::UTC.to_timestamp(at).ok()?;
        let floor = Offset::UTC.to_timestamp(least).ok()?;
        for _ in 0..CHANGES {
            // The clock of just before.
            let offset = zone.to_offset(until.checked_sub(1.nanosecond()).ok()?);
            let change = zone.preceding(until).next().map(|change| change.timestamp());
            let from = change.map_or(floor, |change| change.max(floor));
            if let Some(time) = self.cron.last(offset.to_datetime(until), offset.to_datetime(from)) {
                return utc(time, offset);
            }
            until = change.filter(|change| *change > floor)?;
        }
        None
    }
}

/// A time of a clock with that offset, by UTC.
fn utc(time: DateTime, offset: Offset) -> Option<DateTime> {
    offset.to_timestamp(time).ok().map(|at| Offset::UTC.to_datetime(at))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of_zone(schedule: &str, at: &str) -> String {
        let next = Schedule::parse(schedule).expect(schedule).after(at.parse().unwrap());
        next.map_or_else(|| "never".to_owned(), |next| next.strftime("%Y-%m-%dT%H:%M").to_string())
    }

    /// What `robfig/cron` 3.0.1 answers, asked in UTC.
    #[test]
    fn a_schedule_with_a_zone_is_told_by_the_clock_of_that_zone() {
        for (schedule, at, expected) in [
            ("CRON_TZ=Europe/Madrid 0 22 * * *", "2026-11-20T10:00:00", "2026-11-20T21:00"),
            ("TZ=Europe/Madrid 0 22 * * *", "2026-07-20T10:00:00", "2026-07-20T20:00"),
            ("CRON_TZ=America/New_York 30 8 * * 1-5", "2026-11-20T14:00:00", "2026-11-23T13:30"),
            ("CRON_TZ=Asia/Tokyo 0 0 1 * *", "2026-11-20T10:00:00", "2026-11-30T15:00"),
            ("CRON_TZ=UTC   0 22 * * *", "2026-11-20T10:00:00", "2026-11-20T22:00"),
            ("TZ=Local 0 22 * * *", "2026-11-20T10:00:00", "2026-11-20T22:00"),
            // The hour that is left out on 29 March does not come, the one that comes twice on 25 October does.
            ("CRON_TZ=Europe/Madrid 30 2 * * *", "2026-03-28T10:00:00", "2026-03-30T00:30"),
            ("CRON_TZ=Europe/Madrid 0 3 * * *", "2026-03-28T10:00:00", "2026-03-29T01:00"),
            ("CRON_TZ=Europe/Madrid 30 2 * * *", "2026-10-24T10:00:00", "2026-10-25T00:30"),
            ("CRON_TZ=Europe/Madrid 30 2 * * *", "2026-10-25T00:30:00", "2026-10-25T01:30"),
            ("CRON_TZ=Europe/Madrid 0 0 30 2 *", "2026-10-25T00:30:00", "never"),
        ] {
            assert_eq!(of_zone(schedule, at), expected, "{schedule} after {at}");
        }
        for text in [
            "CRON_TZ=Europe/Madrid",
            "TZ=Nowhere/Else 0 22 * * *",
            "TZ=europe/madrid 0 22 * * *",
            "TZ=../etc/passwd 0 22 * * *",
            " TZ=UTC 0 22 * * *",
            "tz=UTC 0 22 * * *",
            "CRON_TZ=UTC @daily",
            "CRON_TZ=UTC 0 22 * *",
            "CRON_TZ=UTC\t0 22 * * *",
            "CRON_TZ=UTC CRON_TZ=UTC 0 22 * * *",
        ] {
            assert_eq!(Schedule::parse(text), None, "{text:?}");
        }
    }

    #[test]
    fn the_last_time_of_a_zone_is_the_newest_after_which_the_next_is_later() {
        for (schedule, at, least, expected) in [
            (
                "CRON_TZ=Europe/Madrid 0 22 * * *",
                "2026-11-20T10:00:00",
                "2026-11-19T00:00:00",
                Some("2026-11-19T21:00"),
            ),
            ("CRON_TZ=Europe/Madrid 0 22 * * *", "2026-11-20T10:00:00", "2026-11-19T22:00:00", None),
            (
                "CRON_TZ=Europe/Madrid 30 2 * * *",
                "2026-10-25T10:00:00",
                "2026-10-24T00:00:00",
                Some("2026-10-25T01:30"),
            ),
            (
                "CRON_TZ=Europe/Madrid 30 2 * * *",
                "2026-10-25T01:00:00",
                "2026-10-24T00:00:00",
                Some("2026-10-25T00:30"),
            ),
            (
                "CRON_TZ=Europe/Madrid 30 2 * * *",
                "2026-03-29T10:00:00",
                "2026-03-01T00:00:00",
                Some("2026-03-28T01:30"),
            ),
        ] {
            let schedule = Schedule::parse(schedule).expect(schedule);
            let (at, least) = (at.parse().unwrap(), least.parse().unwrap());
            let found = schedule.last(at, least);
            let told = found.map(|time| time.strftime("%Y-%m-%dT%H:%M").to_string());
            assert_eq!(told.as_deref(), expected, "{schedule:?} before {at}");
            assert!(found.is_none_or(|found| schedule.after(found).is_none_or(|next| next >= at)), "none between");
        }
    }
}
