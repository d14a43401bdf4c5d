//! The two arms of a canary: which rollout a pane is about, the queries that compare its canary with
//! its stable arm, since when its current rollout runs, which objectives are its service's.

use std::sync::Arc;

use jiff::Timestamp;

use super::State;
use super::lists::{self, Item};
use super::ui::{ListId, Pane, Place};
use crate::model::kubernetes::ReplicaSet;
use crate::model::rollouts::{Metric, Rollout, Strategy};
use crate::model::scope::{CanaryQueries, Service};
use crate::model::slo::{ArmMetric, ComparisonQuery, Slo};
use crate::slo::promql::{self, ArmNames, Arms, Sense};
use crate::text::Safe;

/// Margin δ of a service without an objective: half of the budget of 99.9 %.
const MARGIN_PPB: u32 = 500_000;
/// Of a share of slow requests (slo.md §3.4).
const LATENCY_MARGIN_PPB: u32 = 5_000_000;

/// The rollout that the canary pane is about: the highlighted one, else the first that is not well,
/// else the first.
#[must_use]
pub fn chosen(state: &State) -> Option<Arc<Rollout>> {
    let list = ListId::Pane(Pane::Canary);
    if let Some(lists::Line { item: Item::Rollout(rollout), .. }) = lists::selected_line(state, &list) {
        return Some(rollout);
    }
    let rows = state.world.rollouts.rows();
    let unwell = rows.iter().find(|row| !matches!(row.phase.as_str(), "Healthy" | ""));
    unwell.or_else(|| rows.first()).map(Arc::clone)
}

/// The rollouts that are looked at now.
pub(super) fn shown(state: &State) -> Option<Arc<Rollout>> {
    match &state.ui.place {
        Place::Deck | Place::Slo => chosen(state),
        Place::Rollout(id) => state.world.rollouts.get(&id.uid).map(Arc::clone),
        // Beside these lists stands what is known of the row that is chosen.
        Place::Rollouts | Place::Environments | Place::Inbox => {
            match lists::selected_line(state, &state.ui.list_id())?.item {
                Item::Rollout(rollout) => Some(rollout),
                Item::Waiting(row) => state.world.rollouts.get(&row.object.uid).map(Arc::clone),
                _ => None,
            }
        }
        _ => None,
    }
}

/// The ReplicaSet of the version that is being rolled out, or was last.
fn newest(state: &State, rollout: &Rollout) -> Option<Arc<ReplicaSet>> {
    let current = rollout.current_pod_hash.as_ref()?;
    let mut sets = state.world.replica_sets.owned_by(&rollout.meta.uid);
    sets.find(|set| set.template_hash.as_ref() == Some(current)).map(Arc::clone)
}

/// Since when the current version is on its way, by the cluster's clock. A version that comes back
/// has its old ReplicaSet; then the first analysis of its revision tells better. However young it is,
/// it did not come back before the version that it follows was made.
#[must_use]
pub fn began(state: &State, rollout: &Rollout) -> Option<Timestamp> {
    const LONG: i64 = 24 * 3600;
    let set = newest(state, rollout)?;
    let runs = state.world.analysis_runs.owned_by(&rollout.meta.uid);
    let analysed = runs.filter(|run| run.revision.is_some() && run.revision == set.revision);
    let first = analysed.filter_map(|run| run.meta.created).min();
    let made = set.meta.created?;
    let others = state.world.replica_sets.owned_by(&rollout.meta.uid).filter(|other| other.meta.uid != set.meta.uid);
    match (first, others.filter_map(|other| other.meta.created).max().filter(|other| *other > made)) {
        (Some(first), Some(other)) => Some(first.max(other)),
        (None, Some(other)) => Some(other),
        (Some(first), None) if first.duration_since(made).as_secs() > LONG => Some(first),
        _ => Some(made),
    }
}

/// Two versions share the traffic, or the canary was just taken out of it.
#[must_use]
pub fn is_two_armed(rollout: &Rollout) -> bool {
    matches!(rollout.strategy, Strategy::Canary(_))
        && rollout.stable_hash.is_some()
        && rollout.current_pod_hash.is_some()
        && rollout.stable_hash != rollout.current_pod_hash
}

/// The configured service that a rollout belongs to: by its name, else by its image.
#[must_use]
pub fn service<'a>(state: &'a State, rollout: &Rollout) -> Option<&'a Service> {
    let services = &state.settings.services;
    let named = services.iter().find(|service| service.name == rollout.meta.name);
    named.or_else(|| {
        services.iter().find(|service| {
            service.images.iter().any(|image| {
                rollout.images.iter().any(|own| {
                    let rest = own.image.as_str().strip_prefix(image.raw());
                    rest.is_some_and(|rest| rest.is_empty() || rest.starts_with([':', '@']))
                })
            })
        })
    })
}

/// The objectives of a rollout's service, worst first.
#[must_use]
pub fn objectives(state: &State, rollout: &Rollout) -> Vec<Arc<Slo>> {
    let configured = service(state, rollout).map(|service| service.name.raw());
    let name = configured.unwrap_or(rollout.meta.name.raw());
    let own = super::slos::in_order(state).into_iter().filter(|slo| slo.service.as_str() == name);
    own.map(|slo| super::slos::as_known(state, slo)).collect()
}

/// What compares the arms of a rollout: the configuration's queries, else those of its analyses. None
/// once it is aborted: the canary has no traffic any more, and what was seen stays on the screen.
#[must_use]
pub fn queries(state: &State, rollout: &Rollout) -> Vec<ComparisonQuery> {
    if !is_two_armed(rollout) || rollout.abort {
        return Vec::new();
    }
    let configured = service(state, rollout).map(|service| &service.canary);
    let mut found: Vec<(Safe, Arms)> = configured.map(of_configuration).unwrap_or_default();
    for (label, arms) in of_analyses(state, rollout) {
        if found.iter().all(|(_, other)| other.metric != arms.metric) {
            found.push((label, arms));
        }
    }
    let since = began(state, rollout);
    let objectives = objectives(state, rollout);
    let budget = |metric| budget_ppb(&objectives, metric == ArmMetric::Errors);
    let margin = |metric| match metric {
        // Half of the error budget of the service's objective of failures.
        ArmMetric::Errors => budget(metric).map_or(MARGIN_PPB, |ppb| ppb / 2),
        ArmMetric::Slow | ArmMetric::Latency => LATENCY_MARGIN_PPB,
    };
    found
        .into_iter()
        .map(|(label, arms)| ComparisonQuery {
            rollout: rollout.meta.uid.clone(),
            metric: arms.metric,
            label,
            canary: arms.canary,
            stable: arms.stable,
            margin_ppb: margin(arms.metric),
            budget_ppb: budget(arms.metric),
            slow_over: arms.slow_over,
            since,
        })
        .collect()
}

/// The error budget of the service's objective of failures, or of its latency.
fn budget_ppb(objectives: &[Arc<Slo>], of_failures: bool) -> Option<u32> {
    let about = |slo: &&Arc<Slo>| slo.name.as_str().contains("latency") != of_failures;
    objectives.iter().find(about).map(|slo| 1_000_000_000 - slo.objective.ppb)
}

fn of_configuration(queries: &CanaryQueries) -> Vec<(Safe, Arms)> {
    let query = |text: &Option<Arc<str>>, label, metric| {
        let arms = promql::from_placeholder(text.as_deref()?, metric, Sense::Failure)?;
        Some((Safe::of(label), arms))
    };
    let errors = query(&queries.errors, "errors", ArmMetric::Errors);
    errors.into_iter().chain(query(&queries.latency, "latency", ArmMetric::Latency)).collect()
}

/// From the newest analyses of the version that is being rolled out; the first of each kind.
fn of_analyses(state: &State, rollout: &Rollout) -> Vec<(Safe, Arms)> {
    let mut runs: Vec<_> = state
        .world
        .analysis_runs
        .owned_by(&rollout.meta.uid)
        .filter(|run| run.template_hash == rollout.current_pod_hash)
        .collect();
    runs.sort_by(|a, b| b.meta.created.cmp(&a.meta.created).then_with(|| b.meta.name.cmp(&a.meta.name)));
    let names = names(rollout);
    let mut found: Vec<(Safe, Arms)> = Vec::new();
    for metric in
        runs.into_iter().flat_map(|run| &run.metrics).filter(|metric| metric.provider.as_str() == "prometheus")
    {
        let Some(query) = &metric.query else { continue };
        let sense = sense(metric);
        let Some(arms) = promql::from_canary(query.as_str(), &names, sense) else { continue };
        let arms = match bound(metric) {
            Some(bound) => arms.slower_than(bound),
            None => arms,
        };
        if found.iter().all(|(_, other)| other.metric != arms.metric) {
            // What is shown is the share of failures, whatever the analysis counts.
            let label = match arms.metric {
                ArmMetric::Errors if sense == Sense::Success => Safe::of("errors"),
                ArmMetric::Slow if sense == Sense::Success => Safe::of("slow"),
                _ => metric.name.clone(),
            };
            found.push((label, arms));
        }
    }
    found.sort_by_key(|(_, arms)| arms.metric);
    found
}

/// The bound that its conditions set, seconds where it is a quantile.
fn bound(metric: &Metric) -> Option<f64> {
    let conditions = [&metric.success_condition, &metric.failure_condition];
    conditions.into_iter().flatten().find_map(|condition| promql::bound(condition.as_str()))
}

fn names(rollout: &Rollout) -> ArmNames<'_> {
    let services = match &rollout.strategy {
        Strategy::Canary(canary) => canary.canary_service.as_ref().zip(canary.stable_service.as_ref()),
        _ => None,
    };
    ArmNames {
        services: services.map(|(canary, stable)| (canary.raw(), stable.raw())),
        hashes: rollout.current_pod_hash.as_ref().map(Safe::as_str).zip(rollout.stable_hash.as_ref().map(Safe::as_str)),
    }
}

/// What its conditions tell; where they do not, its name.
fn sense(metric: &Metric) -> Sense {
    let text = |condition: &Option<Safe>| condition.as_ref().map(Safe::as_str).map(str::to_owned);
    let (success, failure) = (text(&metric.success_condition), text(&metric.failure_condition));
    promql::sense(success.as_deref(), failure.as_deref()).unwrap_or_else(|| {
        let name = metric.name.as_str();
        if name.contains("success") || name.contains("availab") { Sense::Success } else { Sense::Failure }
    })
}
