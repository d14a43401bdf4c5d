//! Objectives as lists show them: the least budget first, those without a figure where a person must
//! look.

use std::collections::{HashMap, HashSet};
use std::sync::Arc;

use jiff::Timestamp;

use super::freshness::{self, Freshness};
use super::{State, arms, derived, environment};
use crate::model::rollouts::Rollout;
use crate::model::slo::{Alert, BurnSeverity, Figures, Reading, Slo};
use crate::model::{Kind, Uid};
use crate::slo::budget;
use crate::text::Safe;

/// Worst first: what has a figure by what is left, then what has none.
#[must_use]
pub fn ordered(state: &State) -> Vec<Arc<Slo>> {
    in_order(state).into_iter().map(|slo| as_known(state, slo)).collect()
}

/// The same rows as they were read: a source that does not answer changes what they are worth, not
/// where they stand.
#[must_use]
pub fn in_order(state: &State) -> Vec<&Arc<Slo>> {
    let mut slos: Vec<&Arc<Slo>> = state.world.slos.rows().iter().collect();
    slos.sort_by(|a, b| {
        let left = |slo: &Slo| slo.figures.shown().map_or(f64::INFINITY, |figures| figures.remaining);
        left(a).total_cmp(&left(b)).then_with(|| a.meta.name.cmp(&b.meta.name))
    });
    slos
}

/// Alerts that fire.
pub fn firing(state: &State) -> impl Iterator<Item = &Arc<Alert>> {
    state.world.alerts.rows().iter().filter(|alert| alert.firing)
}

/// The rollout of a service that users meet, and since when it runs.
pub type Deploys = HashMap<String, (Arc<Rollout>, Timestamp)>;

/// What [`deploys`] is made of.
#[must_use]
pub fn revision(state: &State) -> u64 {
    let world = &state.world;
    world.rollouts.revision()
        + world.replica_sets.revision()
        + world.analysis_runs.revision()
        + world.namespaces.revision()
        + world.slos.revision()
}

/// By service that has an objective: in a protected environment, else the youngest.
#[must_use]
pub fn deploys(state: &State) -> Deploys {
    let wanted: HashSet<&str> = state.world.slos.rows().iter().map(|slo| slo.service.as_str()).collect();
    // Users are where it is protected; there, two versions at once are a rollout.
    let rank = |row: &Rollout, began: Timestamp| {
        let place = environment::of(state, row.meta.cluster, &row.meta.namespace);
        (environment::is_protected(state, &place), arms::is_two_armed(row), began)
    };
    let mut found = Deploys::new();
    for row in state.world.rollouts.rows().iter().filter(|_| !wanted.is_empty()) {
        let configured = arms::service(state, row).map(|service| service.name.raw());
        let service = configured.unwrap_or(row.meta.name.raw());
        let Some(began) = arms::began(state, row).filter(|_| wanted.contains(service)) else { continue };
        let kept = found.entry(service.to_owned());
        let kept = kept.or_insert_with(|| (Arc::clone(row), began));
        if rank(row, began) >= rank(&kept.0, kept.1) {
            *kept = (Arc::clone(row), began);
        }
    }
    found
}

/// The rollout of an objective's service that users meet.
#[must_use]
pub fn rollout(state: &State, slo: &Slo) -> Option<(Arc<Rollout>, Timestamp)> {
    derived::deploys(state).get(slo.service.as_str()).cloned()
}

/// Since when the current rollout of its service began; `None` when that is longer ago than its
/// window, or it has none.
#[must_use]
pub fn since_deploy(state: &State, uid: &Uid) -> Option<Timestamp> {
    let slo = state.world.slos.get(uid)?;
    let (rollout, began) = rollout(state, slo)?;
    let ago = state.now.wall.duration_since(state.ours(rollout.meta.cluster, began)).as_secs();
    (ago < i64::try_from(slo.window.as_secs()).unwrap_or(i64::MAX)).then_some(began)
}

/// Budget spent since then, when it has been read.
#[must_use]
pub fn spent(state: &State, slo: &Slo) -> Option<Reading<f64>> {
    let since = since_deploy(state, &slo.meta.uid)?;
    let spent = state.world.details.spent(&slo.meta.uid, since)?;
    Some(match silence(state, slo) {
        Some(why) => doubted(spent, &why),
        None => spent.clone(),
    })
}

/// Alerts of one objective, firing ones first.
#[must_use]
pub fn alerts_of(state: &State, slo: &Slo) -> Vec<Arc<Alert>> {
    let rows = state.world.alerts.rows().iter();
    let mut own: Vec<Arc<Alert>> = rows.filter(|alert| slo.is_of(alert)).cloned().collect();
    own.sort_by_key(|alert| !alert.firing);
    own
}

/// Figures as they may be shown now: those of a source that does not answer are only what was last
/// known, however good they were.
#[must_use]
pub fn figures(state: &State, slo: &Slo) -> Reading<Figures> {
    match silence(state, slo) {
        Some(why) => doubted(&slo.figures, &why),
        None => slo.figures.clone(),
    }
}

/// An objective as it may be shown now: its burn rates and its table share the doubt of its figures.
#[must_use]
pub fn as_known(state: &State, slo: &Arc<Slo>) -> Arc<Slo> {
    let Some(why) = silence(state, slo) else { return Arc::clone(slo) };
    let mut known = Slo::clone(slo);
    known.figures = doubted(&slo.figures, &why);
    for (_, rate) in &mut known.rates {
        *rate = doubted(rate, &why);
    }
    for burn in &mut known.burns {
        burn.short_rate = doubted(&burn.short_rate, &why);
        burn.long_rate = doubted(&burn.long_rate, &why);
    }
    Arc::new(known)
}

/// Why the source of an objective says nothing now, if so.
fn silence(state: &State, slo: &Slo) -> Option<Safe> {
    match freshness::of_kind(state, slo.meta.cluster, Kind::Slo) {
        Freshness::Stale { why, .. }
        | Freshness::Failed { why, .. }
        | Freshness::Denied { why }
        | Freshness::Absent { why } => Some(why),
        Freshness::Loading { .. } | Freshness::Live { .. } | Freshness::Partial { .. } => None,
    }
}

fn doubted<T: Copy>(reading: &Reading<T>, why: &Safe) -> Reading<T> {
    match reading {
        Reading::Invalid { .. } | Reading::Unreachable { .. } => reading.clone(),
        other => Reading::Unreachable { why: why.clone(), last: other.shown().copied() },
    }
}

/// When an objective's source is asked again, while it does not answer.
#[must_use]
pub fn retry(state: &State, slo: &Slo) -> Option<std::time::Duration> {
    match freshness::of_kind(state, slo.meta.cluster, Kind::Slo) {
        Freshness::Stale { retry, .. } | Freshness::Failed { retry, .. } => retry,
        _ => None,
    }
}

/// A burn rate by the name of its window.
#[must_use]
pub fn rate<'a>(slo: &'a Slo, window: &str) -> Option<&'a Reading<f64>> {
    let direct = slo.rates.iter().find(|(name, _)| name.as_str() == window).map(|(_, rate)| rate);
    direct.or_else(|| {
        slo.burns.iter().find_map(|burn| match () {
            () if burn.short.as_str() == window => Some(&burn.short_rate),
            () if burn.long.as_str() == window => Some(&burn.long_rate),
            () => None,
        })
    })
}

/// How loud an objective is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Standing {
    /// The budget is not being spent faster than it returns.
    Calm,
    /// Nobody knows how fast it is being spent.
    Unknown,
    /// It is being spent.
    Burning,
    /// Less than a fifth is left, or a ticket is due.
    Low,
    /// Less than a twentieth is left, or a page is due.
    Critical,
}

/// How an objective stands by these figures.
#[must_use]
pub fn standing(slo: &Slo, figures: &Figures) -> Standing {
    let fires = |severity| slo.burns.iter().any(|burn| burn.severity == severity && burn.is_firing());
    let short = ["5m", "1h"].iter().filter_map(|window| rate(slo, window)?.value());
    let rates: Vec<f64> = short.copied().collect();
    if fires(BurnSeverity::Page) || budget::reaches(figures.consumed, 0.95) {
        Standing::Critical
    } else if fires(BurnSeverity::Ticket) || budget::reaches(figures.consumed, 0.80) {
        Standing::Low
    } else if rates.is_empty() {
        Standing::Unknown
    } else if rates.iter().any(|rate| budget::exceeds(*rate, 1.0)) {
        Standing::Burning
    } else {
        Standing::Calm
    }
}
