//! Whether a window of a project closes for who syncs by hand, in a demo's world: those that begin at a time of a day.

use std::time::Duration;

use jiff::Timestamp;
use jiff::civil::time;
use jiff::tz::TimeZone;
use serde_json::Value;

use super::argocd::HOME;
use super::kinds::{Key, Kind};
use super::value::{at, items, later, seconds, text, yes};
use super::world::World;

/// An active deny window closes; so do allow windows of which none is active. Those that say `manualSync` do not.
pub(super) fn closed(world: &World, application: &Value) -> bool {
    let project = Key::new(Kind::AppProject, HOME, text(application, "/spec/project"));
    let Some(project) = world.store.value(&project) else { return false };
    let name = text(application, "/metadata/name");
    let is_its = |window: &&Value| items(window, "/applications").iter().any(|it| fits(it.as_str(), name));
    let all: Vec<&Value> = items(project, "/spec/syncWindows").iter().filter(is_its).collect();
    let of = |kind: &str| all.iter().copied().filter(move |window| text(window, "/kind") == kind).collect::<Vec<_>>();
    let is_open = |window: &&Value| is_active(window, world.now);
    let (deny, allow) = (of("deny"), of("allow"));
    let denied = deny.iter().any(|window| is_open(window) && !yes(window, "/manualSync"));
    let unlet = !allow.is_empty() && !allow.iter().any(is_open) && !allow.iter().all(|it| yes(it, "/manualSync"));
    denied || unlet
}

fn fits(pattern: Option<&str>, name: &str) -> bool {
    let pattern = pattern.unwrap_or_default();
    pattern.strip_suffix('*').map_or(pattern == name, |start| name.starts_with(start))
}

/// `M H * * *` or `M H * * D`; of another schedule nothing is known here.
fn is_active(window: &Value, now: Timestamp) -> bool {
    let mut fields = text(window, "/schedule").split(' ');
    let mut number = || fields.next().and_then(|field| field.parse::<i8>().ok());
    let (Some(minute), Some(hour)) = (number(), number()) else { return false };
    let day = fields.nth(2).and_then(|field| field.parse::<i8>().ok());
    let zone = at(window, "/timeZone").as_str().and_then(|name| TimeZone::get(name).ok()).unwrap_or(TimeZone::UTC);
    let Some(lasts) = seconds(text(window, "/duration")).and_then(|it| u64::try_from(it).ok()) else { return false };
    let today = now.to_zoned(zone.clone()).date();
    let began = (0..=7u64).filter_map(|back| {
        let date = today.checked_sub(Duration::from_hours(24 * back)).ok()?;
        let its = day.is_none_or(|day| date.weekday().to_sunday_zero_offset() == day);
        its.then(|| date.to_datetime(time(hour, minute, 0, 0)).to_zoned(zone.clone()).ok()).flatten()
    });
    began.map(|began| began.timestamp()).any(|began| began <= now && now < later(began, Duration::from_secs(lasts)))
}
