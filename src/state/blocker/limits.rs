//! What holds a workload back from beside it: an autoscaler at its maximum, a disruption budget that lets
//! none of its pods go while their node is emptied.

use std::collections::HashMap;
use std::sync::Arc;

use super::{Cause, Reason, Severity};
use crate::command::Command;
use crate::model::kubernetes::{Meta, Pod};
use crate::model::workloads::{Beside, Pairs, What};
use crate::model::{Kind, Name, SourceId};
use crate::safe;
use crate::state::{State, limits, nodes};
use crate::text::Safe;

/// Of all that stands beside workloads what holds some back now, by namespace: of the many autoscalers and
/// budgets of a cluster these are few, and only they are held against each workload.
pub(super) struct Short<'a>(HashMap<(SourceId, &'a Name), Vec<&'a Arc<Beside>>>);

impl<'a> Short<'a> {
    pub(super) fn of(state: &'a State) -> Self {
        let mut all: HashMap<_, Vec<_>> = HashMap::new();
        for row in state.world.beside.rows().iter().filter(|row| limits::is_short(row)) {
            all.entry((row.meta.cluster, &row.meta.namespace)).or_default().push(row);
        }
        Self(all)
    }

    /// What of it is about this workload.
    fn about(&self, kind: Kind, meta: &'a Meta, labels: &'a Pairs) -> impl Iterator<Item = &'a Arc<Beside>> {
        let rows = self.0.get(&(meta.cluster, &meta.namespace)).into_iter().flatten().copied();
        rows.filter(move |row| limits::is_about(row, kind, meta, labels))
    }
}

/// What holds a workload back from beside it.
pub(super) fn cause<'a>(
    state: &'a State,
    short: &Short<'a>,
    (kind, meta, labels): (Kind, &'a Meta, &'a Pairs),
    pods: impl Iterator<Item = &'a Arc<Pod>>,
) -> Option<Cause> {
    let mut pods = Some(pods);
    let pinned = short.about(kind, meta, labels).find(|row| matches!(row.what, What::Budget(_)));
    pinned
        .and_then(|row| pinned_by(state, row, meta.cluster, pods.take()?))
        .or_else(|| short.about(kind, meta, labels).find_map(|row| locked(state, row)))
        .or_else(|| short.about(kind, meta, labels).find_map(|row| at_max(row)))
        .or_else(|| short.about(kind, meta, labels).find_map(|row| idle(row)))
}

/// Somebody works on it.
fn locked(state: &State, row: &Beside) -> Option<Cause> {
    let What::Lock(it) = &row.what else { return None };
    let held = it.is_held(limits::there(state, &row.meta));
    held.then(|| Cause {
        reason: Reason::Lock,
        severity: Severity::Waiting,
        since: it.acquired.map(|at| state.ours(row.meta.cluster, at)),
        part: "",
        words: safe!("is locked {}", limits::of_lock(it)),
        keys: vec![Command::Look],
    })
}

/// The workload would have more replicas, and its autoscaler may not give it more.
fn at_max(row: &Beside) -> Option<Cause> {
    let What::Autoscaler(it) = &row.what else { return None };
    let held = it.at_max()?;
    let metrics: Vec<Safe> = it.metrics.iter().map(limits::measured).collect();
    let measured = if metrics.is_empty() { Safe::default() } else { safe!(": {}", Safe::join(&metrics, ", ")) };
    let words =
        safe!("is at the maximum of {} replicas that autoscaler {} may give it{}", it.max, row.meta.name, measured);
    Some(Cause {
        reason: Reason::HpaAtMax,
        severity: Severity::Waiting,
        since: held.changed,
        part: "",
        words,
        keys: vec![Command::Look],
    })
}

/// Something else keeps a workload where it stands, and it has no more room there either.
pub(super) fn at_max_too<'a>(
    short: &Short<'a>,
    (kind, meta, labels): (Kind, &'a Meta, &'a Pairs),
    cause: Cause,
) -> Cause {
    let stands = matches!(
        cause.reason,
        Reason::PauseStep
            | Reason::ManualPause
            | Reason::Deadline
            | Reason::ProbeFailing
            | Reason::AnalysisFailed
            | Reason::AnalysisInconclusive
            | Reason::AnalysisError
    );
    let full = || short.about(kind, meta, labels).find_map(|row| at_max(row));
    match full().filter(|_| stands) {
        Some(full) => Cause { words: safe!("{}; it {}", cause.words, full.words), ..cause },
        None => cause,
    }
}

/// Nobody decides how many replicas it has: its autoscaler cannot measure, or cannot scale.
fn idle(row: &Beside) -> Option<Cause> {
    let What::Autoscaler(it) = &row.what else { return None };
    // Somebody scaled it to nothing, which is what switches an autoscaler off.
    let held = it.idle().filter(|held| held.reason.as_str() != "ScalingDisabled")?;
    let words = safe!(
        "stays at {} whatever it gets, autoscaler {} cannot scale it ({}): {}",
        crate::text::plural(it.current.unsigned_abs(), "replica", "replicas"),
        row.meta.name,
        held.reason,
        held.message
    );
    Some(Cause {
        reason: Reason::HpaInactive,
        severity: Severity::Waiting,
        since: held.changed,
        part: "",
        words,
        keys: vec![Command::Look],
    })
}

/// A pod of it stands on a node that takes no more pods, and a budget lets none go.
fn pinned_by<'a>(
    state: &State,
    row: &Beside,
    cluster: SourceId,
    mut pods: impl Iterator<Item = &'a Arc<Pod>>,
) -> Option<Cause> {
    let What::Budget(it) = &row.what else { return None };
    let Ok(known) = state.world.details.nodes(cluster)? else { return None };
    let cordoned = |name: &Name| known.named(name).is_some_and(|node| node.unschedulable);
    let node = pods.find_map(|pod| pod.node.as_ref().filter(|name| cordoned(name)))?;
    let old = nodes::doubt(state, cluster).map_or_else(Safe::default, |why| safe!(" ({})", why));
    let words = safe!(
        "cannot leave node {}, which is cordoned{}: disruption budget {} allows no disruption, {} of {} pods are healthy and {} must be",
        node,
        old,
        row.meta.name,
        it.healthy,
        it.expected,
        it.desired_healthy
    );
    Some(Cause {
        reason: Reason::Pdb,
        severity: Severity::Waiting,
        since: None,
        part: "",
        words,
        keys: vec![Command::Look],
    })
}
