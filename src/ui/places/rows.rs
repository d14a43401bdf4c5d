//! One row of each kind, in the columns of its list.

use std::sync::Arc;

use crate::action::{Operation, Outcome};
use crate::config::theme::Role;
use crate::model::SourceId;
use crate::model::kubernetes::{Deployment, Event, Meta, Pod};
use crate::model::rollouts::Rollout;
use crate::safe;
use crate::state::lists::{Item, Line};
use crate::state::matrix::Workload;
use crate::state::ui::{ListId, Place};
use crate::state::{State, blocker, deployment_status, derived, readings, rollout_info, shared, steps, verbs};
use crate::text::{self, Safe};
use crate::ui::panes::beside;
use crate::ui::pen::Words;
use crate::ui::{facts, signs};

/// Columns of a line whose room is not known.
const WIDE: usize = 160;

/// status, name, environment, version, ready, drift, soak, hold, kind, why, age.
pub(super) fn workload(state: &State, line: &Line) -> Vec<Words> {
    match &line.item {
        Item::Rollout(row) => {
            let info = rollout_info::info(&state.world, row);
            let sign = signs::rollout(state, row, &info.status);
            let place = shared::place(state, row.meta.cluster, &row.meta.namespace);
            let of = &Workload::Rollout(Arc::clone(row));
            vec![
                sign.words(),
                Words::of(sign.name_role(), &row.meta.name),
                Words::of(Role::Dim, &place),
                Words::of(
                    if sign.role == Role::Quiet { Role::Dim } else { Role::Text },
                    facts::version_of(&row.images),
                ),
                ready(row.replicas.ready, row.replicas.desired),
                beside::drift(state, of),
                beside::soak(state, of),
                beside::hold(state, of),
                Words::of(Role::Dim, "Rollout"),
                why(state, &row.meta, info.message),
                Words::of(Role::Dim, facts::age(state, &row.meta)),
            ]
        }
        Item::Deployment(row) => deployment(state, row),
        Item::Controlled(row) => super::controlled::cells(state, row),
        _ => Vec::new(),
    }
}

fn deployment(state: &State, row: &Arc<Deployment>) -> Vec<Words> {
    let of = &Workload::Deployment(Arc::clone(row));
    let status = deployment_status::status(row);
    let sign = signs::verdict(status.verdict);
    let place = shared::place(state, row.meta.cluster, &row.meta.namespace);
    let why = if row.paused { Safe::of("paused") } else { status.message };
    let calm = sign.role == Role::Quiet && !row.paused;
    vec![
        sign.words(),
        Words::of(sign.name_role(), &row.meta.name),
        Words::of(Role::Dim, &place),
        Words::of(if calm { Role::Dim } else { Role::Text }, facts::version_of(&row.images)),
        ready(row.replicas.ready, row.replicas.desired),
        beside::drift(state, of),
        beside::soak(state, of),
        beside::hold(state, of),
        Words::of(Role::Dim, "Deployment"),
        self::why(state, &row.meta, if calm { Safe::default() } else { why }),
        Words::of(Role::Dim, facts::age(state, &row.meta)),
    ]
}

/// What keeps a workload, as the line on top would say it; else what its own status says.
pub(super) fn why(state: &State, meta: &Meta, status: Safe) -> Words {
    let blockers = derived::blockers(state);
    let found = blocker::words_of(&blockers, &meta.uid).cloned();
    Words::of(Role::Dim, found.unwrap_or(status))
}

/// As many as wanted is nothing to look at.
pub(in crate::ui) fn ready(have: i64, want: i64) -> Words {
    Words::of(if have >= want { Role::Dim } else { Role::Wait }, facts::of(have, want))
}

/// status, name, ready, restarts, age, namespace, node, why.
pub(super) fn pod(state: &State, line: &Line) -> Vec<Words> {
    let Item::Pod(pod) = &line.item else { return Vec::new() };
    let sign = signs::pod(pod);
    vec![
        sign.words(),
        Words::of(sign.name_role(), &pod.meta.name),
        pod_ready(pod),
        restarts(u64::from(pod.restarts)),
        Words::of(Role::Dim, facts::age(state, &pod.meta)),
        Words::of(Role::Dim, shared::namespace(state, pod.meta.cluster, &pod.meta.namespace)),
        pod.node.as_ref().map_or_else(Words::new, |node| Words::of(Role::Dim, node)),
        Words::of(Role::Dim, pod_why(pod)),
    ]
}

pub(super) fn pod_ready(pod: &Pod) -> Words {
    let role = if pod.ready == pod.containers { Role::Dim } else { Role::Wait };
    Words::of(role, safe!("{}/{}", pod.ready, pod.containers))
}

/// None is nothing to look at.
pub(super) fn restarts(count: u64) -> Words {
    Words::of(if count == 0 { Role::Dim } else { Role::Wait }, safe!("{}", count))
}

/// The reason kubelet or scheduler gave, or the first container's.
pub(super) fn pod_why(pod: &Pod) -> Safe {
    use crate::model::kubernetes::ContainerState;
    if let Some(message) = &pod.message {
        return message.clone();
    }
    let waiting = pod.states.iter().find_map(|container| match &container.state {
        ContainerState::Waiting { message, .. } if !message.is_empty() => Some(message.clone()),
        _ => None,
    });
    waiting
        .or_else(|| {
            let (container, last) = pod.states.iter().find_map(|c| c.last.as_ref().map(|last| (c, last)))?;
            Some(safe!("{}: last {}, exit {}", container.name, last.reason, last.exit_code))
        })
        .unwrap_or_default()
}

/// status, name, environment, strategy, step, weight, version, ready, why, age.
pub(super) fn rollout(state: &State, line: &Line) -> Vec<Words> {
    let Item::Rollout(row) = &line.item else { return Vec::new() };
    let info = rollout_info::info(&state.world, row);
    let sign = signs::rollout(state, row, &info.status);
    let place = shared::place(state, row.meta.cluster, &row.meta.namespace);
    let step = info.step.map_or_else(|| Safe::of("–"), |(at, of)| steps::count(at, of));
    let calm = sign.role == Role::Quiet;
    vec![
        sign.words(),
        Words::of(sign.name_role(), &row.meta.name),
        Words::of(Role::Dim, &place),
        Words::of(Role::Dim, info.strategy),
        Words::of(if calm { Role::Dim } else { Role::Text }, step),
        weight(row, &info, calm),
        Words::of(if calm { Role::Dim } else { Role::Text }, facts::version_of(&row.images)),
        ready(info.replicas.ready, info.replicas.desired),
        Words::of(Role::Dim, info.message.clone()),
        Words::of(Role::Dim, facts::age(state, &row.meta)),
    ]
}

fn weight(_row: &Rollout, info: &rollout_info::RolloutInfo, calm: bool) -> Words {
    match info.weight {
        None => Words::of(Role::Dim, "–"),
        Some(weight) if calm => Words::of(Role::Dim, weight.actual_percent()),
        Some(weight) => Words::of(Role::Text, weight.actual_percent()),
    }
}

/// time, outcome, action, object, environment, what, reason.
pub(super) fn operation(state: &State, line: &Line) -> Vec<Words> {
    let Item::Operation(operation) = &line.item else { return Vec::new() };
    let sign = signs::outcome(&operation.outcome);
    vec![
        Words::of(Role::Dim, safe!("{} ago", facts::ago(state, Some(operation.started)))),
        sign.words(),
        Words::of(Role::Strong, operation.action.change.verb().as_str()),
        Words::of(Role::Text, &operation.action.target.name),
        Words::of(Role::Dim, shared::environment(state, operation.action.target.cluster, &operation.environment)),
        operation_words(state, operation),
        Words::of(Role::Dim, &operation.reason),
    ]
}

/// What became of it, or what it waits for.
#[must_use]
pub fn operation_words(state: &State, operation: &Operation) -> Words {
    match &operation.outcome {
        Outcome::Refused { message } | Outcome::Failed { message } | Outcome::Unknown { message } => {
            Words::of(Role::Text, message)
        }
        Outcome::Accepted => match verbs::waits_for(state, operation) {
            Some(what) => Words::of(Role::Move, "waits for ").text(what),
            None => Words::of(Role::Text, &operation.summary),
        },
        Outcome::Intended | Outcome::Sent | Outcome::Observed => Words::of(Role::Text, &operation.summary),
    }
}

/// name, state, detail, age: the rows below one object.
pub(super) fn tree(state: &State, line: &Line, info: Option<&rollout_info::RolloutInfo>) -> Vec<Words> {
    let indent = ["", "  ", "    ", "      "][usize::from(line.depth.min(3))];
    let name =
        |sign: &signs::Sign, name: Safe| Words::of(Role::Text, indent).then(sign.mark()).add(sign.name_role(), name);
    let word = |sign: &signs::Sign| Words::of(sign.role, sign.word.clone());
    let age = |meta| Words::of(Role::Dim, facts::age(state, meta));
    match &line.item {
        Item::Step { index, what, state: at } => {
            let sign = signs::step(*at);
            let role = if sign.role == Role::Faint { Role::Dim } else { sign.name_role() };
            let number = safe!("{}{} ", if *index < 9 { " " } else { "" }, *index + 1);
            vec![
                Words::of(Role::Dim, number).then(sign.mark()).add(role, what),
                Words::of(if sign.role == Role::Faint { Role::Dim } else { sign.role }, sign.word),
            ]
        }
        Item::Revision(revision) => {
            vec![Words::of(Role::Strong, safe!("revision {}", *revision)), Words::new()]
        }
        Item::ReplicaSet(set) => {
            let sign = signs::status(&Safe::of(rollout_info::replica_set_word(set)));
            let counts = safe!("{}/{} ready", set.ready, set.desired);
            let detail = tags(info, set).dim(counts).dim("  ").text(facts::version_of(&set.images));
            vec![name(&sign, set.meta.name.safe().clone()), word(&sign), detail, age(&set.meta)]
        }
        Item::Pod(pod) => {
            let sign = signs::pod(pod);
            let detail = pod_ready(pod)
                .dim(" ready  ")
                .add(
                    if pod.restarts == 0 { Role::Dim } else { Role::Wait },
                    text::plural(u64::from(pod.restarts), "restart", "restarts"),
                )
                .dim("  ")
                .dim(pod_why(pod));
            vec![name(&sign, pod.meta.name.safe().clone()), word(&sign), detail, age(&pod.meta)]
        }
        Item::AnalysisRun(run) => {
            let sign = signs::analysis(&run.phase);
            let detail = counts(rollout_info::counts(run)).dim("  ").dim(&run.message);
            vec![name(&sign, run.meta.name.safe().clone()), word(&sign), detail, age(&run.meta)]
        }
        Item::Experiment(run) => {
            let sign = signs::analysis(&run.phase);
            vec![
                name(&sign, run.meta.name.safe().clone()),
                word(&sign),
                Words::of(Role::Dim, &run.message),
                age(&run.meta),
            ]
        }
        Item::Event(event) => {
            let (role, glyph, word) =
                if event.warning { (Role::Wait, "⚠", "Warning") } else { (Role::Dim, "·", "Normal") };
            let text = if event.warning { Role::Text } else { Role::Dim };
            let times = if event.count > 1 { safe!("{} × ", event.count) } else { Safe::of("") };
            let about =
                if is_own(state, event) { Words::new() } else { Words::of(Role::Dim, &event.about_name).dim("  ") };
            let reason = Words::of(Role::Text, indent).add(role, glyph).dim(" ").add(text, &event.reason);
            let detail = about.dim(times).add(text, &event.message);
            vec![
                reason,
                Words::of(role, word),
                detail,
                Words::of(Role::Dim, facts::since(state, event.meta.cluster, event.last)),
            ]
        }
        Item::Container(container) => {
            let (state_word, detail) = facts::container(state, here(state), &container.state);
            let sign = signs::status(&state_word);
            let kind = if container.init { " init" } else { "" };
            let last = container.last.as_ref().map_or_else(Words::new, |last| {
                Words::of(Role::Wait, safe!("  last: {}, exit {}", last.reason, last.exit_code))
            });
            vec![
                name(&sign, container.name.safe().clone()).dim(kind),
                word(&sign),
                Words::of(Role::Text, detail).then(last),
                Words::of(
                    if container.restarts == 0 { Role::Dim } else { Role::Wait },
                    safe!("{} ↻", container.restarts),
                ),
            ]
        }
        Item::Metric(metric) => {
            let sign = signs::analysis(&metric.phase);
            // What can end the run comes first: it must not be cut.
            let limits = safe!(
                "   limits ✖ {} ? {} ⚠ {}",
                facts::limit(metric.failure_limit),
                facts::limit(metric.inconclusive_limit),
                facts::limit(metric.consecutive_error_limit)
            );
            let detail = crate::ui::metrics::against(metric)
                .dim("   wants ")
                .text(facts::wants(metric))
                .dim(limits)
                .dim("   ")
                .dim(&metric.message);
            vec![name(&sign, metric.name.clone()), word(&sign), detail]
        }
        Item::Measurement(measurement) => {
            let sign = signs::analysis(&measurement.phase);
            let when = measurement.finished.or(measurement.started);
            vec![
                name(&sign, readings::short(&measurement.value)),
                word(&sign),
                Words::of(Role::Dim, &measurement.message),
                Words::of(Role::Dim, facts::since(state, here(state), when)),
            ]
        }
        Item::Deployment(_) | Item::Rollout(_) | Item::Controlled(_) => workload(state, line),
        Item::Beside(row) => super::controlled::beside(state, row),
        Item::Operation(_) => operation(state, line),
        Item::Aside(_, row) => super::asides::of_workload(state, row),
        Item::Run(_) | Item::Group(_) | Item::Job(_) | Item::Earlier(_) | Item::JobStep(_) => {
            super::runs::cells(state, line)
        }
        Item::Slo(_) | Item::Burn(_) | Item::Alert(_) => super::slos::cells(state, line),
        Item::Docker(_) | Item::Project(_) => super::containers::cells(state, line),
        Item::Image(_) | Item::Folder(_) => super::images::cells(state, line),
        Item::Application(_) => super::applications::cells(state, line),
        Item::Release(_) => super::releases::cells(state, line),
        Item::Recorded(row) => super::releases::revision(state, row),
        Item::Kept(row) => super::applications::resource(row),
        Item::Differs(_, row) => vec![super::applications::differs(row, WIDE)],
        Item::Deployed(cluster, row) => super::applications::deployed(state, *cluster, row),
        Item::Variant(variant) => super::images::variant(variant),
        Item::Missing(platform) => super::images::missing(state, platform),
        Item::User(user, runs) => super::images::user(state, user, *runs),
        Item::Pool(_) => super::runners::cells(state, line),
        Item::Access(row) => super::access::cells(state, row),
        Item::Security(_) => super::security::cells(state, line),
        Item::Waiting(_) => super::inbox::cells(state, line),
        Item::Station(row) => super::lane::cells(state, row),
    }
}

/// The event is about the object whose page this is; beside the Deck that is a rollout.
fn is_own(state: &State, event: &Event) -> bool {
    match &state.ui.place {
        Place::Rollout(id) | Place::Workload(id) | Place::Pod(id) => event.about_uid.as_ref() == Some(&id.uid),
        _ => event.about_kind.as_str() == "Rollout",
    }
}

/// `✔ 5 ✖ 2`: measurements by their result.
fn counts(counts: rollout_info::Counts) -> Words {
    let mut words = Words::of(Role::Quiet, safe!("✔ {}", counts.successful));
    for (role, glyph, count) in [
        (Role::Bad, "  ✖ ", counts.failed),
        (Role::Wait, "  ? ", counts.inconclusive),
        (Role::Bad, "  ⚠ ", counts.error),
    ] {
        if count > 0 {
            words = words.add(role, glyph).add(role, safe!("{}", count));
        }
    }
    words
}

/// What the ReplicaSet is to its rollout: `stable`, `canary`.
fn tags(info: Option<&rollout_info::RolloutInfo>, set: &crate::model::kubernetes::ReplicaSet) -> Words {
    let mut words = Words::new();
    let sets = info.into_iter().flat_map(|info| &info.revisions).flat_map(|revision| &revision.replica_sets);
    for tag in sets.filter(|row| row.object.meta.uid == set.meta.uid).flat_map(|row| &row.tags) {
        words = words.add(tag_role(*tag), tag.as_str()).dim("  ");
    }
    words
}

/// Stable green, canary yellow, preview blue; the word is always there.
pub(in crate::ui) const fn tag_role(tag: rollout_info::Tag) -> Role {
    use rollout_info::Tag;
    match tag {
        Tag::Stable | Tag::Active => Role::Quiet,
        Tag::Canary => Role::Wait,
        Tag::Preview | Tag::Ping | Tag::Pong => Role::Move,
    }
}

/// The cluster of the page that is open: containers and measurements carry none of their own.
fn here(state: &State) -> SourceId {
    match state.ui.list_id() {
        ListId::Place(Place::Rollout(id) | Place::Workload(id) | Place::Pod(id) | Place::Analysis(id)) => id.cluster,
        _ => state.world.clusters().next().map_or(SourceId(0), |cluster| cluster.id),
    }
}
