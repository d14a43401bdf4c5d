//! What the analyses of a Rollout say: failing now, failed, could not be measured, undecided.

use std::sync::Arc;

use super::{Cause, Reason, Severity};
use crate::command::Command;
use crate::model::rollouts::{AnalysisPhase, AnalysisRef, AnalysisRun, Metric, Rollout};
use crate::safe;
use crate::state::{State, conditions, readings, rollout_phase};
use crate::text::Safe;

/// Analyses the controller names in the status, the one of the step first.
pub(super) fn current(rollout: &Rollout) -> impl Iterator<Item = &AnalysisRef> {
    [
        &rollout.step_analysis,
        &rollout.background_analysis,
        &rollout.pre_promotion_analysis,
        &rollout.post_promotion_analysis,
    ]
    .into_iter()
    .flatten()
}

pub(super) fn run<'a>(state: &'a State, rollout: &Rollout, reference: &AnalysisRef) -> Option<&'a Arc<AnalysisRun>> {
    state.world.analysis_runs.owned_by(&rollout.meta.uid).find(|run| run.meta.name == reference.name)
}

/// A running analysis with failed or impossible measurements: the new version is failing now,
/// whether or not the limit has been reached.
pub(super) fn failing(state: &State, rollout: &Rollout, part: &'static str) -> Option<Cause> {
    current(rollout)
        .filter(|reference| !rollout_phase::is_completed(&reference.status))
        .filter_map(|reference| run(state, rollout, reference))
        .find_map(|run| of_run(run, rollout, part))
}

fn of_run(run: &AnalysisRun, rollout: &Rollout, part: &'static str) -> Option<Cause> {
    if rollout_phase::is_completed(&run.phase) {
        return None;
    }
    let measured = || run.metrics.iter().filter(|metric| !metric.dry_run);
    let failed =
        measured().filter(|metric| metric.failed > 0).max_by_key(|metric| metric.failed - metric.failure_limit);
    let errors = measured().filter(|metric| metric.consecutive_error > 0).max_by_key(|metric| metric.consecutive_error);
    let (reason, severity, words, metric) = match (failed, errors) {
        (Some(metric), _) => (
            Reason::AnalysisFailed,
            Severity::Failing,
            safe!("is failing{}: {}", at_weight(rollout), failure(metric)),
            metric,
        ),
        (None, Some(metric)) => (
            Reason::AnalysisError,
            Severity::Broken,
            safe!("cannot be measured{}: {}", at_weight(rollout), error(metric)),
            metric,
        ),
        (None, None) => return None,
    };
    let first_bad =
        metric.measurements.iter().find(|one| matches!(one.phase, AnalysisPhase::Failed | AnalysisPhase::Error));
    Some(Cause {
        reason,
        severity,
        since: first_bad.and_then(|one| one.finished).or(run.started),
        part,
        words,
        keys: vec![Command::Look, Command::Abort],
    })
}

/// ` at 50 %`; nothing for a blue-green.
pub(super) fn at_weight(rollout: &Rollout) -> Safe {
    match rollout_phase::current_step(rollout) {
        Some(_) => safe!(" at {}", rollout_phase::percent(rollout, rollout_phase::set_weight(rollout))),
        None => Safe::of(""),
    }
}

/// `error-rate 0.0031 (must be ≤ 0.002), failed 3 of 40 allowed`.
fn failure(metric: &Metric) -> Safe {
    let last = metric.measurements.iter().rev().find(|one| one.phase == AnalysisPhase::Failed);
    let value = last.map_or_else(|| Safe::of(""), |one| safe!(" {}", readings::short(&one.value)));
    let must = match (&metric.success_condition, &metric.failure_condition) {
        (Some(condition), _) => safe!(" (must be {})", conditions::short(condition)),
        (None, Some(condition)) => safe!(" (fails when {})", conditions::short(condition)),
        (None, None) => Safe::of(""),
    };
    let limit = match metric.failure_limit {
        ..0 => safe!("failed {}, no limit", metric.failed),
        // As the controller counts it: the limit may be reached, not passed.
        limit if metric.failed > limit => safe!("failed {} > failureLimit {}", metric.failed, limit),
        limit => safe!("failed {} of {} allowed", metric.failed, limit),
    };
    safe!("{}{}{}, {}", metric.name, value, must, limit)
}

fn error(metric: &Metric) -> Safe {
    let last = metric.measurements.iter().rev().find(|one| one.phase == AnalysisPhase::Error);
    let message = last.map(|one| &one.message).filter(|message| !message.is_empty()).unwrap_or(&metric.message);
    let (errors, limit) = (metric.consecutive_error, metric.consecutive_error_limit);
    let count = if errors > limit {
        safe!("{} errors in a row > consecutiveErrorLimit {}", errors, limit)
    } else {
        safe!("{} errors in a row of {} allowed", errors, limit)
    };
    if message.is_empty() {
        safe!("{}, {}", metric.name, count)
    } else {
        safe!("{}, {}: {}", metric.name, count, message)
    }
}

/// What ended the analysis that the controller aborted for: the metric with its last value and its limit, where
/// the run can still be read.
pub(super) fn ended_by(state: &State, rollout: &Rollout) -> Option<Safe> {
    let bad = |phase: &AnalysisPhase| matches!(phase, AnalysisPhase::Failed | AnalysisPhase::Error);
    let run = current(rollout).filter(|reference| bad(&reference.status)).find_map(|it| run(state, rollout, it))?;
    let metric = run.metrics.iter().find(|metric| !metric.dry_run && bad(&metric.phase))?;
    Some(if metric.phase == AnalysisPhase::Error { error(metric) } else { failure(metric) })
}

/// The metrics of a run that could not decide: `error-rate inconclusive, 2 of 5 measurements`.
pub(super) fn undecided(run: &AnalysisRun) -> Option<Safe> {
    let metric = run.metrics.iter().filter(|metric| !metric.dry_run).find(|metric| metric.inconclusive > 0)?;
    let count = metric.count.max(metric.inconclusive);
    let said = safe!("{} inconclusive, {} of {} measurements", metric.name, metric.inconclusive, count);
    let last = metric.measurements.iter().rev().find(|one| one.phase == AnalysisPhase::Inconclusive);
    let Some(last) = last.filter(|one| !one.value.is_empty()) else { return Some(said) };
    let (Some(good), Some(bad)) = (&metric.success_condition, &metric.failure_condition) else { return Some(said) };
    // Only between two conditions a value says nothing.
    let value = readings::short(&last.value);
    let (good, bad) = (conditions::short(good), conditions::short(bad));
    Some(safe!("{} ({} is neither {} nor {}, {} allowed)", said, value, good, bad, metric.inconclusive_limit))
}
