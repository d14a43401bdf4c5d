//! How long a canary has had traffic, how much of all requests it has seen, and when its analysis
//! measures next.

use std::time::Duration;

use jiff::Timestamp;

use super::{State, arms, rollout_phase};
use crate::model::rollouts::{AnalysisPhase, AnalysisRun, Metric, Rollout};
use crate::model::slo::Exposed;

/// A canary is to have traffic for so long, all steps together, before all users get it (slo.md D5).
pub const DWELL: Duration = Duration::from_hours(24);
/// The controller asks again so long after an error, whatever the interval says.
const AFTER_ERROR: i64 = 10;

/// For how long this version has been on its way with traffic; `None` while it has none, and where it is
/// not known since when.
#[must_use]
pub fn dwell(state: &State, rollout: &Rollout) -> Option<Duration> {
    if !arms::is_two_armed(rollout) || rollout.abort || rollout_phase::set_weight(rollout) <= 0 {
        return None;
    }
    let since = state.ours(rollout.meta.cluster, arms::began(state, rollout)?);
    Duration::try_from(state.now.wall.duration_since(since)).ok()
}

/// Requests that both arms have answered since this version is on its way, as far as they were counted.
#[must_use]
pub fn exposed(state: &State, rollout: &Rollout) -> Option<Exposed> {
    let began = arms::began(state, rollout);
    let mut rows = state.world.details.comparisons(&rollout.meta.uid).filter(|it| it.row.query.since == began);
    rows.find_map(|it| it.row.exposed)
}

/// When a metric is measured next.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Next {
    In(Duration),
    /// It is due, or being measured.
    Now,
}

/// `None`: it has ended, or is measured once only.
#[must_use]
pub fn next(run: &AnalysisRun, metric: &Metric, now: Timestamp) -> Option<Next> {
    let ended = |phase: &AnalysisPhase| rollout_phase::is_completed(phase);
    if ended(&run.phase) || ended(&metric.phase) {
        return None;
    }
    let at = match metric.measurements.last() {
        None => run.started?.checked_add(jiff::SignedDuration::from_secs(metric.first_after.unwrap_or(0))).ok()?,
        Some(last) => {
            let Some(finished) = last.finished else { return Some(Next::Now) };
            let wait = if last.phase == AnalysisPhase::Error { AFTER_ERROR } else { metric.every? };
            finished.checked_add(jiff::SignedDuration::from_secs(wait)).ok()?
        }
    };
    Some(Duration::try_from(at.duration_since(now)).ok().filter(|left| !left.is_zero()).map_or(Next::Now, Next::In))
}
