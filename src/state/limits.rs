//! What stands beside a workload and holds it back or watches over it: its autoscaler, the disruption
//! budgets and network policies that select its pods, the quotas of its namespace.

use std::sync::Arc;

use jiff::{SignedDuration, Timestamp};

use super::State;
use crate::model::kubernetes::Meta;
use crate::model::workloads::{Autoscaler, Beside, Budget, Lock, Measured, Pairs, Policy, Quota, QuotaRow, What};
use crate::model::{Kind, ObjectId};
use crate::safe;
use crate::text::{self, Safe};

/// All of it, for the page of a workload: what is in trouble first.
#[must_use]
pub fn of(state: &State, id: &ObjectId) -> Vec<Arc<Beside>> {
    let Some((meta, labels)) = template(state, id) else { return Vec::new() };
    let rows = state.world.beside.of_namespace(meta.cluster, &meta.namespace);
    let about = |row: &&Arc<Beside>| is_about(row, id.kind, meta, labels) && !is_over(state, row);
    let mut all: Vec<Arc<Beside>> = rows.iter().filter(about).cloned().collect();
    all.sort_by_key(|row| (!is_short(row), row.what.kind()));
    all
}

/// The object of a workload, and the labels of its pods.
fn template<'a>(state: &'a State, id: &ObjectId) -> Option<(&'a Meta, &'a Pairs)> {
    match id.kind {
        Kind::Deployment => state.world.deployments.get(&id.uid).map(|row| (&row.meta, &row.template.labels)),
        Kind::Rollout => state.world.rollouts.get(&id.uid).map(|row| (&row.meta, &row.template.labels)),
        kind if kind.is_controlled() => {
            state.world.controlled.get(&id.uid).map(|row| (&row.meta, &row.template.labels))
        }
        _ => None,
    }
}

/// Whether it says something of a workload of this kind, name and pod labels.
#[must_use]
pub fn is_about(row: &Beside, kind: Kind, meta: &Meta, labels: &Pairs) -> bool {
    match &row.what {
        What::Autoscaler(it) => targets(it, kind, meta),
        What::Budget(it) => selects(it, labels),
        What::Quota(_) => true,
        What::Policy(it) => !labels.is_empty() && it.selector.selects(labels),
        What::Lock(it) => it.service == meta.name,
    }
}

/// A lock that nobody holds any more: it is none.
fn is_over(state: &State, row: &Beside) -> bool {
    matches!(&row.what, What::Lock(it) if !it.is_held(there(state, &row.meta)))
}

/// The time by the clock of an object's cluster.
#[must_use]
pub fn there(state: &State, meta: &Meta) -> Timestamp {
    let skew = SignedDuration::from_secs(state.world.skew(meta.cluster));
    state.now.wall.checked_add(skew).unwrap_or(state.now.wall)
}

fn targets(row: &Autoscaler, kind: Kind, meta: &Meta) -> bool {
    row.target == meta.name && row.target_kind.as_str() == kind.as_str()
}

/// Without a template nothing is known of its pods.
fn selects(row: &Budget, labels: &Pairs) -> bool {
    !labels.is_empty() && row.selector.as_ref().is_some_and(|selector| selector.selects(labels))
}

/// The autoscaler that decides how many replicas a workload has.
#[must_use]
pub fn autoscaler<'a>(state: &'a State, kind: Kind, meta: &Meta) -> Option<(&'a Arc<Beside>, &'a Autoscaler)> {
    state.world.beside.of_namespace(meta.cluster, &meta.namespace).iter().find_map(|row| match &row.what {
        What::Autoscaler(it) if targets(it, kind, meta) => Some((row, it)),
        _ => None,
    })
}

/// The disruption budgets that select pods with these labels.
pub fn budgets<'a>(
    state: &'a State,
    meta: &Meta,
    labels: &'a Pairs,
) -> impl Iterator<Item = (&'a Arc<Beside>, &'a Budget)> {
    state.world.beside.of_namespace(meta.cluster, &meta.namespace).iter().filter_map(move |row| match &row.what {
        What::Budget(it) if selects(it, labels) => Some((row, it)),
        _ => None,
    })
}

/// It holds its workloads back now.
#[must_use]
pub fn is_short(row: &Beside) -> bool {
    match &row.what {
        What::Autoscaler(it) => it.at_max().is_some() || it.idle().is_some(),
        What::Budget(it) => it.observed && it.expected > 0 && it.allowed == 0,
        What::Quota(it) => fullest(it).is_some_and(is_full),
        What::Policy(_) => false,
        // Whether it has run out is asked with the time.
        What::Lock(it) => !it.holder.is_empty(),
    }
}

/// Nothing more of it is to be had.
#[must_use]
pub fn is_full(row: &QuotaRow) -> bool {
    row.share.is_some_and(|share| share.0 >= 1000)
}

fn fullest(quota: &Quota) -> Option<&QuotaRow> {
    quota.rows.iter().max_by_key(|row| row.share)
}

/// A word for how it stands.
#[must_use]
pub fn word(row: &Beside) -> &'static str {
    match &row.what {
        What::Autoscaler(it) if it.at_max().is_some() => "at max",
        What::Autoscaler(it) if it.idle().is_some() => "not scaling",
        What::Autoscaler(it) if it.current != it.desired => "scaling",
        What::Budget(it) if !it.observed => "not counted",
        What::Budget(it) if it.expected > 0 && it.allowed == 0 => "allows none",
        What::Quota(it) if fullest(it).is_some_and(is_full) => "used up",
        What::Lock(_) => "locked",
        What::Autoscaler(_) | What::Budget(_) | What::Quota(_) | What::Policy(_) => "",
    }
}

/// The figures, in one line.
#[must_use]
pub fn words(row: &Beside) -> Safe {
    match &row.what {
        What::Autoscaler(it) => of_autoscaler(it),
        What::Budget(it) => safe!(
            "{} allowed now  {}  {} of {} healthy, {} must be",
            text::plural(it.allowed.unsigned_abs(), "disruption", "disruptions"),
            it.wants,
            it.healthy,
            it.expected,
            it.desired_healthy
        ),
        What::Quota(it) => {
            let mut rows: Vec<&QuotaRow> = it.rows.iter().collect();
            rows.sort_by_key(|row| std::cmp::Reverse(row.share));
            let rows: Vec<Safe> = rows.iter().map(|row| safe!("{} {}/{}", row.resource, row.used, row.hard)).collect();
            Safe::join(&rows, "  ")
        }
        What::Policy(it) => of_policy(it),
        What::Lock(it) => of_lock(it),
    }
}

/// `by Ana since 02:00:00Z, until 02:01:30Z`.
#[must_use]
pub fn of_lock(row: &Lock) -> Safe {
    let since = row.acquired.map_or_else(Safe::default, |at| safe!(" since {}", text::clock(at)));
    let until = row.until.map_or_else(Safe::default, |at| safe!(", until {}", text::clock(at)));
    safe!("by {}{}{}", row.holder, since, until)
}

fn of_autoscaler(row: &Autoscaler) -> Safe {
    let wants = if row.desired == row.current { Safe::default() } else { safe!(", wants {}", row.desired) };
    let metrics: Vec<Safe> = row.metrics.iter().map(measured).collect();
    let figures = safe!("{} of {}–{}{}  {}", row.current, row.min, row.max, wants, Safe::join(&metrics, "  "));
    match row.idle() {
        Some(condition) => safe!("{}  {}: {}", figures, condition.reason, condition.message),
        None => figures,
    }
}

/// `cpu 91 % of 60 %`.
#[must_use]
pub fn measured(row: &Measured) -> Safe {
    if let Some(current) = &row.current {
        safe!("{} {} of {}", row.name, current, row.target)
    } else {
        safe!("{} not measured, target {}", row.name, row.target)
    }
}

fn of_policy(row: &Policy) -> Safe {
    let way = |name: &'static str, rules: Option<usize>| {
        Some(match rules? {
            0 => safe!("{}: nothing", Safe::of(name)),
            rules => safe!("{}: {}", Safe::of(name), text::plural(rules as u64, "rule", "rules")),
        })
    };
    let ways: Vec<Safe> = [way("in", row.ingress), way("out", row.egress)].into_iter().flatten().collect();
    safe!("lets through  {}", Safe::join(&ways, "  "))
}
