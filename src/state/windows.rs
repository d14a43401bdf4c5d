//! Sync windows of Argo CD's projects: which of them an Application is under, whether they let it be synced
//! now, and when that changes. Decided as `SyncWindows.CanSync` does it: an active deny window closes whatever
//! allow windows there are; allow windows of which none is active close too; whoever asks by hand gets through
//! where every closing window says `manualSync`.

use std::sync::Arc;

use jiff::civil::DateTime;
use jiff::tz::TimeZone;
use jiff::{SignedDuration, Timestamp};

use super::{State, freshness};
use crate::model::Kind;
use crate::model::applications::Application;
use crate::model::globs::glob;
use crate::model::projects::{AppProject, SyncWindow, Times, WindowKind};
use crate::model::source::FeedStatus;
use crate::safe;
use crate::text::Safe;

/// Changes of windows that are looked at before it is given up to say when syncs are let through again.
const STEPS: usize = 32;
/// Beginnings within an open window that are followed before it is taken for one that does not close.
const OVERLAPS: usize = 32;

/// The windows that an Application is under.
#[derive(Debug, Clone, Default)]
pub struct Windows<'a> {
    /// Of which project; `None`: it has no windows.
    pub project: Option<&'a AppProject>,
    pub all: Vec<&'a SyncWindow>,
}

/// How the windows stand at a moment.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Standing<'a> {
    Open,
    /// By the first of the deny windows that are active.
    Denied {
        by: &'a SyncWindow,
        /// Whoever asks by hand gets through.
        manual: bool,
    },
    /// There are allow windows, and none is active.
    NotAllowed {
        manual: bool,
    },
    /// A window that Argo CD cannot read.
    Unreadable(&'a SyncWindow),
}

impl Standing<'_> {
    /// What is asked for by hand, or by the policy, is let through.
    #[must_use]
    pub const fn lets(&self, by_hand: bool) -> bool {
        match self {
            Self::Open => true,
            Self::Denied { manual, .. } | Self::NotAllowed { manual } => by_hand && *manual,
            Self::Unreadable(_) => false,
        }
    }
}

/// The windows of an Application's project that are for it; `Err`: why they are not known.
pub fn of<'a>(state: &'a State, row: &Application) -> Result<Windows<'a>, Safe> {
    let is_its =
        |project: &&Arc<AppProject>| project.meta.cluster == row.meta.cluster && project.meta.name == row.project;
    let mut found = state.world.projects.rows().iter().filter(is_its);
    let project = match (found.next(), found.next()) {
        (None, _) => return unread(state, row).map_or_else(|| Ok(Windows::default()), Err),
        (Some(one), None) => one,
        // Of two installations in one cluster, which belongs to which cannot always be told.
        (Some(_), Some(_)) => {
            let mut here = state.world.projects.rows().iter().filter(is_its);
            here.find(|project| project.meta.namespace == row.meta.namespace)
                .ok_or_else(|| safe!("several projects are named {}", row.project))?
        }
    };
    let stands = freshness::of_place(state, row.meta.cluster, Kind::AppProject, &project.meta.namespace);
    if let (false, Some(why)) = (stands.is_live(), stands.why()) {
        return Err(safe!("its project is not read now ({}): {}", stands.as_str(), why));
    }
    let all: Vec<&SyncWindow> = project.windows.iter().filter(|window| is_for(window, row)).collect();
    Ok(Windows { project: (!all.is_empty()).then_some(project), all })
}

/// Why the projects of its cluster are not known; `None`: they are, as far as there are any.
fn unread(state: &State, row: &Application) -> Option<Safe> {
    // It need not live where the Application does.
    let feeds = state.world.feeds.iter();
    let mut feeds = feeds.filter(|(id, _)| id.cluster == row.meta.cluster && id.kind == Kind::AppProject).peekable();
    if feeds.peek().is_none() {
        return Some(Safe::of("nothing reads its project"));
    }
    feeds.find_map(|(_, feed)| match &feed.status {
        FeedStatus::Absent { .. } => None,
        FeedStatus::Denied { message } => Some(safe!("its project is not shown to us: {}", message)),
        FeedStatus::Failed { message, .. } => Some(safe!("its project was not read: {}", message)),
        _ => (!feed.complete).then(|| Safe::of("its project is being read")),
    })
}

fn is_for(window: &SyncWindow, row: &Application) -> bool {
    let fits =
        |globs: &[Arc<str>], name: &str| (!globs.is_empty()).then(|| globs.iter().any(|pattern| glob(pattern, name)));
    let cluster = row.destination.cluster.as_str();
    let asked = [
        fits(&window.applications, row.meta.name.raw()),
        // A destination without a cluster fits no pattern; one without a namespace fits `*`.
        fits(&window.clusters, cluster).map(|fits| fits && !cluster.is_empty()),
        fits(&window.namespaces, row.destination.namespace.raw()),
    ];
    let mut told = asked.into_iter().flatten();
    if window.all { asked.iter().any(Option::is_some) && told.all(|fits| fits) } else { told.any(|fits| fits) }
}

/// When a window is open around a moment, by the clock of its zone.
struct Open {
    /// `None`: its schedule names a time that never comes, which Argo CD takes for always.
    began: Option<DateTime>,
}

fn open(times: &Times, at: DateTime) -> Option<Open> {
    let from = at.checked_sub(times.length).ok()?;
    match times.schedule.after(from) {
        None => Some(Open { began: None }),
        // The newest of those that reach until now.
        Some(begins) if begins < at => Some(Open { began: times.schedule.last(at, from).or(Some(begins)) }),
        Some(_) => None,
    }
}

/// When a window that began then closes: one that begins again before it has closed stays open.
fn closes(times: &Times, mut began: DateTime) -> Option<DateTime> {
    for _ in 0..OVERLAPS {
        let end = began.checked_add(times.length).ok()?;
        let just_after = end.checked_add(SignedDuration::from_millis(1)).ok()?;
        match times.schedule.last(just_after, began).filter(|again| *again > began) {
            Some(again) => began = again,
            None => return Some(end),
        }
    }
    None
}

fn zone(window: &SyncWindow) -> TimeZone {
    // An unknown zone is UTC to Argo CD too, and so is one whose capitals are others.
    let known = TimeZone::get(window.zone.as_str()).ok();
    known.filter(|zone| zone.iana_name() == Some(window.zone.as_str())).unwrap_or(TimeZone::UTC)
}

impl<'a> Windows<'a> {
    /// As Argo CD decides it at this moment (of the cluster's clock).
    #[must_use]
    pub fn at(&self, at: Timestamp) -> Standing<'a> {
        if let Some(odd) = self.all.iter().find(|window| window.times.is_none()) {
            return Standing::Unreadable(odd);
        }
        let active = |window: &&&'a SyncWindow| is_active(window, at);
        let mut denies = self.all.iter().filter(|window| window.kind == WindowKind::Deny).filter(active).peekable();
        if let Some(first) = denies.peek().copied().copied() {
            let strict = denies.find(|window| !window.manual);
            return Standing::Denied { by: strict.copied().unwrap_or(first), manual: strict.is_none() };
        }
        let allows = || self.all.iter().filter(|window| window.kind == WindowKind::Allow);
        if allows().next().is_none() || allows().any(|window| is_active(window, at)) {
            return Standing::Open;
        }
        Standing::NotAllowed { manual: allows().all(|window| window.manual) }
    }

    /// When what is let through changes; `None`: not within what can be looked ahead.
    #[must_use]
    pub fn changes(&self, now: Timestamp, by_hand: bool) -> Option<Timestamp> {
        let lets = self.at(now).lets(by_hand);
        self.until(now, |standing| standing.lets(by_hand) != lets)
    }

    /// The first moment at which they stand so.
    fn until(&self, now: Timestamp, so: impl Fn(&Standing<'_>) -> bool) -> Option<Timestamp> {
        let mut at = now;
        for _ in 0..STEPS {
            at = self.all.iter().filter_map(|window| next(window, at)).min()?;
            // A window is open from just after its beginning, and until just before its end.
            let just_after = at.checked_add(SignedDuration::from_millis(1)).ok()?;
            if so(&self.at(just_after)) {
                return Some(at);
            }
            at = just_after;
        }
        None
    }
}

#[must_use]
pub fn is_active(window: &SyncWindow, at: Timestamp) -> bool {
    window.times.as_ref().is_some_and(|times| open(times, at.to_zoned(zone(window)).datetime()).is_some())
}

/// Since when it is open; `None`: it is not, or nobody can say.
#[must_use]
pub fn began(window: &SyncWindow, at: Timestamp) -> Option<Timestamp> {
    let zone = zone(window);
    let began = open(window.times.as_ref()?, at.to_zoned(zone.clone()).datetime())?.began?;
    zone.to_timestamp(began).ok()
}

/// When it opens or closes next.
#[must_use]
pub fn next(window: &SyncWindow, at: Timestamp) -> Option<Timestamp> {
    let (zone, times) = (zone(window), window.times.as_ref()?);
    let here = at.to_zoned(zone.clone()).datetime();
    let time = match open(times, here) {
        Some(open) => closes(times, open.began?)?,
        // What begins at this very moment is still to come.
        None => times.schedule.after(here.checked_sub(SignedDuration::from_millis(1)).ok()?)?,
    };
    zone.to_timestamp(time).ok().filter(|time| *time >= at)
}

/// The time by the clock of a cluster.
#[must_use]
pub fn there(state: &State, row: &Application) -> Timestamp {
    let skew = SignedDuration::from_secs(state.world.skew(row.meta.cluster));
    state.now.wall.checked_add(skew).unwrap_or(state.now.wall)
}

/// `06:00Z`; of another day than the next `2026-11-23 06:00Z`.
#[must_use]
pub fn time(now: Timestamp, at: Timestamp) -> Safe {
    let near = at.duration_since(now) < SignedDuration::from_hours(24);
    Safe::line(&at.strftime(if near { "%H:%MZ" } else { "%Y-%m-%d %H:%MZ" }).to_string())
}

/// What closes them: `deny window of project shop until 06:00 UTC`; `None` where it is let through.
#[must_use]
pub fn closed(windows: &Windows<'_>, now: Timestamp, by_hand: bool) -> Option<Safe> {
    let standing = windows.at(now);
    if standing.lets(by_hand) {
        return None;
    }
    let project = windows.project.map_or_else(Safe::default, |project| project.meta.name.safe().clone());
    let opens = windows.changes(now, by_hand);
    let word = |at: Option<Timestamp>| at.map_or_else(Safe::default, |at| safe!(" until {}", time(now, at)));
    let until = word(opens);
    Some(match standing {
        Standing::Unreadable(window) => safe!(
            "project {} has a sync window that Argo CD cannot read ({} for {}), so nothing is synced",
            project,
            window.schedule,
            window.length_written
        ),
        Standing::Denied { by, .. } => {
            let ends = windows.until(now, |standing| !matches!(standing, Standing::Denied { .. }));
            let what = if by.description.is_empty() { Safe::of("") } else { safe!(" ({})", by.description) };
            let then = if ends == opens { Safe::of("") } else { safe!(", then none that allows{}", until) };
            safe!("deny window of project {}{}{}{}", project, word(ends), what, then)
        }
        _ => safe!("no allow window of project {} is open{}", project, until),
    })
}

/// The same in a few columns: `deny until 06:00`.
#[must_use]
pub fn brief(windows: &Windows<'_>, now: Timestamp) -> Option<Safe> {
    let standing = windows.at(now);
    if standing.lets(false) {
        return None;
    }
    let until = windows.changes(now, false).map(|at| {
        let near = at.duration_since(now) < SignedDuration::from_hours(24);
        Safe::line(&at.strftime(if near { "%H:%MZ" } else { "%-d %b" }).to_string())
    });
    Some(match (standing, until) {
        (Standing::Unreadable(_), _) => Safe::of("window unreadable"),
        (Standing::Denied { .. }, Some(until)) => safe!("deny until {}", until),
        (Standing::Denied { .. }, None) => Safe::of("deny window"),
        (_, Some(until)) => safe!("closed to {}", until),
        (_, None) => Safe::of("window closed"),
    })
}
