//! What holds a workload back from beside it: an autoscaler at its maximum, a disruption budget that lets
//! none of its pods go while their node is emptied.

use super::{Cause, Reason, Severity};
use crate::command::Command;
use crate::model::Kind;
use crate::model::kubernetes::Meta;
use crate::model::workloads::Pairs;
use crate::safe;
use crate::state::{State, limits, nodes};
use crate::text::Safe;

/// The workload would have more replicas, and its autoscaler may not give it more.
pub(super) fn at_max(state: &State, kind: Kind, meta: &Meta) -> Option<Cause> {
    let (row, it) = limits::autoscaler(state, kind, meta)?;
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

/// A pod of it stands on a node that takes no more pods, and a budget lets none go.
pub(super) fn pinned<'a>(
    state: &'a State,
    meta: &Meta,
    labels: &'a Pairs,
    pods: impl Iterator<Item = &'a std::sync::Arc<crate::model::kubernetes::Pod>>,
) -> Option<Cause> {
    let (row, it) = limits::budgets(state, meta, labels).find(|(row, _)| limits::is_short(row))?;
    let Ok(known) = state.world.details.nodes(meta.cluster)? else { return None };
    let cordoned = |name: &crate::model::Name| known.named(name).is_some_and(|node| node.unschedulable);
    let node = pods.filter_map(|pod| pod.node.as_ref()).find(|name| cordoned(name))?;
    let old = nodes::doubt(state, meta.cluster).map_or_else(Safe::default, |why| safe!(" ({})", why));
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
