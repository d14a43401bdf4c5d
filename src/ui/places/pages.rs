//! The pages: a rollout, a workload, a pod, an analysis run.

use std::sync::Arc;

use ratatui::layout::Rect;

use super::{and_trouble, applications, counts, details, is_old, rows};
use crate::command::Command;
use crate::config::theme::Role;
use crate::model::kubernetes::ContainerImage;
use crate::model::rollouts::Rollout;
use crate::model::{Kind, ObjectId};
use crate::safe;
use crate::state::freshness::{self, Freshness};
use crate::state::layout::{self, Page, cut_top};
use crate::state::lists::{self, Item, Line};
use crate::state::matrix::Workload;
use crate::state::rollout_info::{self, RolloutInfo};
use crate::state::ui::{ListId, Place};
use crate::state::{State, deployment_status, environment, nodes, shared};
use crate::text::{self, Safe};
use crate::ui::notice::{self, About};
use crate::ui::panes::{beside, canary};
use crate::ui::pen::{Pen, Words};
use crate::ui::table::{self, Column, Sections, left, named, right};
use crate::ui::{facts, signs};

pub(super) static TREE: &[Column] =
    &[named("", 30, 2, 0), left("state", 12, 0, 0), left("", 24, 3, 1), right("age", 6, 2)];

/// Values are short; what they are held against needs the room.
static METRICS: &[Column] = &[left("", 18, 1, 0), left("state", 12, 1, 0), left("", 28, 6, 1), right("age", 5, 2)];

/// Both windows and the threshold of a burn rate stand side by side; alerts say why in the same place.
pub(super) static BURNS: &[Column] =
    &[left("", 24, 2, 0), left("state", 12, 0, 0), left("", 32, 3, 1), right("age", 6, 2)];

/// Steps, revisions with their ReplicaSets and pods, analysis runs, events; the canary beside or above.
pub(super) fn rollout(state: &State, pen: &mut Pen<'_>, page: &Page, id: &ObjectId) {
    let Some(rollout) = state.world.rollouts.get(&id.uid).map(Arc::clone) else {
        return gone(state, pen, page, id);
    };
    let info = rollout_info::info(&state.world, &rollout);
    let sign = signs::status(&info.status);
    let right = sign.words().dim(if info.message.is_empty() { "" } else { "  " }).dim(&info.message);
    title(state, pen, page, id, right);
    let below = canary::page(state, &mut pen.within(page.facts), &rollout);
    let list = ListId::Place(Place::Rollout(id.clone()));
    let moves = state.ui.list(&list).is_none_or(|it| it.place + 1 < lists::len(state, &list));
    let more = further(state, below, moves);
    branches(state, pen, page, id, (Some(&info), &more));
}

/// How many lines of what stands above the rows are not seen yet, and the key that brings them while it can.
fn further(state: &State, below: u16, moves: bool) -> Words {
    if below == 0 {
        return Words::new();
    }
    let words = Words::of(Role::Wait, safe!("{} above", text::plural(below.into(), "more line", "more lines")));
    match state.keymap.keys_of(Command::Down).into_iter().next().filter(|_| moves) {
        Some(key) => words.add(Role::Wait, ": ").add(Role::Key, crate::ui::key(key)),
        None => words,
    }
}

/// The rows of a rollout's page beside the Deck.
pub(in crate::ui) fn beside(state: &State, pen: &mut Pen<'_>, rollout: &Rollout) {
    let id = rollout.meta.id(Kind::Rollout);
    let list = ListId::Place(Place::Rollout(id));
    let name = safe!("STEPS AND REVISIONS · {}", rollout.meta.name);
    pen.title(0, Role::Title, name, &Words::new());
    let info = rollout_info::info(&state.world, rollout);
    let body = cut_top(pen.area(), 1).1;
    table::rows(state, &list, &mut pen.within(body), TREE, &mut |line| rows::tree(state, line, Some(&info)));
}

/// A Deployment: what kubectl says of it, its ReplicaSets, pods and events.
pub(super) fn workload(state: &State, pen: &mut Pen<'_>, page: &Page, id: &ObjectId) {
    let Some(row) = state.world.deployments.get(&id.uid).map(Arc::clone) else {
        return gone(state, pen, page, id);
    };
    let status = deployment_status::status(&row);
    let sign = signs::verdict(status.verdict);
    title(state, pen, page, id, sign.words());
    let mut facts = pen.within(page.facts);
    details::paragraph(&mut facts, 0, &Words::of(Role::Text, status.message));
    facts.left(1, &super::controlled::probes(&row.template.probes));
    let counts = row.replicas;
    let line = Words::of(Role::Dim, "ready ")
        .then(rows::ready(counts.ready, counts.desired))
        .dim("   updated ")
        .text(facts::of(counts.updated, counts.desired))
        .dim("   available ")
        .text(facts::of(counts.available, counts.desired));
    facts.left(2, &line);
    facts.left(3, &images(facts.width(), &row.images, row.managed_by.as_ref()));
    if let Some(kept) = super::applications::of_workload(state, Kind::Deployment, &row.meta) {
        facts.left(4, &kept);
    }
    if let Some(drift) = beside::line(state, &Workload::Deployment(Arc::clone(&row))) {
        facts.left(5, &drift);
    }
    tree(state, pen, page, id, None);
}

/// A pod: its containers with their reasons, and events.
pub(super) fn pod(state: &State, pen: &mut Pen<'_>, page: &Page, id: &ObjectId) {
    let Some(pod) = state.world.pods.get(&id.uid).map(Arc::clone) else {
        return gone(state, pen, page, id);
    };
    title(state, pen, page, id, signs::pod(&pod).words());
    let mut facts = pen.within(page.facts);
    let node =
        pod.node.as_ref().map_or_else(|| Safe::of("not scheduled"), |node| nodes::words_of(state, id.cluster, node));
    let line =
        rows::pod_ready(&pod).dim(" ready   node ").text(node).dim("   owner ").text(
            pod.meta.owner.as_ref().map_or_else(|| Safe::of("none"), |owner| safe!("{} {}", owner.kind, owner.name)),
        );
    facts.left(0, &line);
    let why = rows::pod_why(&pod);
    if !why.is_empty() {
        details::paragraph(&mut facts, 1, &Words::of(Role::Text, why));
    }
    tree(state, pen, page, id, None);
}

/// An AnalysisRun: every metric with what it wants, and its measurements, newest first.
pub(super) fn analysis(state: &State, pen: &mut Pen<'_>, page: &Page, id: &ObjectId) {
    let Some(run) = state.world.analysis_runs.get(&id.uid).map(Arc::clone) else {
        return gone(state, pen, page, id);
    };
    let sign = signs::analysis(&run.phase);
    title(state, pen, page, id, sign.words());
    let mut facts = pen.within(page.facts);
    let kind = run.rollout_type.clone().unwrap_or_default();
    let step = run.step_index.map_or_else(Safe::default, |step| safe!("  step {}", step.saturating_add(1)));
    facts.left(
        0,
        &Words::of(Role::Dim, safe!("{} analysis{}  started ", kind, step))
            .text(facts::since(state, run.meta.cluster, run.started))
            .dim(" ago"),
    );
    details::paragraph(&mut facts, 1, &Words::of(Role::Text, &run.message));
    tree(state, pen, page, id, None);
}

/// The images of a workload and who keeps it, in so many columns: rather without registries than without tags.
pub(super) fn images(width: u16, all: &[ContainerImage], managed_by: Option<&Safe>) -> Words {
    let managed = managed_by.map_or_else(Words::new, |by| Words::of(Role::Held, safe!("   managed by {}", by)));
    let words =
        Words::of(Role::Dim, "image ").text(Safe::join(all.iter().map(|image| &image.image), ", ")).then(managed);
    if words.width() > width { words.without_paths() } else { words }
}

/// Which object it is, and where: of what stands in no cluster, whose it is.
pub(super) fn heading(state: &State, id: &ObjectId) -> Safe {
    if let Some(environment) = environment::of_object(state, id) {
        safe!("{} {} in {}", id.kind.as_str(), id.name, shared::environment(state, id.cluster, &environment))
    } else {
        safe!("{} {} of {}", id.kind.as_str(), id.name, id.namespace)
    }
}

pub(super) fn title(state: &State, pen: &mut Pen<'_>, page: &Page, id: &ObjectId, right: Words) {
    let name = heading(state, id);
    let freshness = freshness::of_kind(state, id.cluster, id.kind);
    pen.within(page.title).title(0, Role::Title, name, &and_trouble(right, &freshness));
}

pub(super) fn tree(state: &State, pen: &mut Pen<'_>, page: &Page, id: &ObjectId, info: Option<&RolloutInfo>) {
    branches(state, pen, page, id, (info, &Words::new()));
}

/// The rows, and what is said at the end of their first title.
fn branches(
    state: &State,
    pen: &mut Pen<'_>,
    page: &Page,
    id: &ObjectId,
    (info, more): (Option<&RolloutInfo>, &Words),
) {
    let list = ListId::Place(state.ui.place.clone());
    let freshness = freshness::of_kind(state, id.cluster, id.kind);
    if lists::len(state, &list) == 0 {
        let about = About { what: "rows", when_empty: "Nothing stands below this object now.", when_absent: "" };
        let filtered = lists::total(state, &list) > 0;
        notice::draw(state, &mut pen.within(page.rows), &about, &freshness, filtered);
        return;
    }
    let columns = match id.kind {
        Kind::AnalysisRun => METRICS,
        Kind::Slo => BURNS,
        _ => TREE,
    };
    let filtered = state.ui.list(&list).is_some_and(|list| !list.filter.is_empty() || list.faults_only);
    let right = match id.kind {
        _ if filtered => counts(state, &list, &[], "rows"),
        Kind::Application => applications::read(state, &id.uid),
        _ => more.clone(),
    };
    let area = Rect { height: page.heading.height + page.rows.height, ..page.heading };
    let mut body = pen.within(area);
    body.fade(is_old(&freshness));
    let fold = Sections { name: section, right: &right, most: layout::sections(&state.ui.place) };
    let width = body.width();
    table::sectioned(state, &list, &mut body, columns, &fold, &mut |line| match &line.item {
        Item::Differs(_, row) => vec![applications::differs(row, usize::from(width))],
        _ => rows::tree(state, line, info),
    });
    details::selected(state, &mut pen.within(page.detail), &list, false);
}

/// The part of a page that a row stands in.
const fn section(line: &Line) -> &'static str {
    match &line.item {
        Item::Step { .. } => "STEPS",
        Item::Event(_) => "EVENTS",
        Item::Container(_) => "CONTAINERS",
        Item::Metric(_) | Item::Measurement(_) => "METRICS",
        // Below a revision on the page of a rollout, on their own on that of a Deployment.
        Item::Revision(_) | Item::ReplicaSet(_) | Item::Pod(_) | Item::AnalysisRun(_) | Item::Experiment(_) => {
            "REVISIONS"
        }
        Item::Group(_) | Item::Job(_) | Item::Earlier(_) | Item::JobStep(_) => "JOBS",
        Item::Aside(..) => "DEPLOYMENTS",
        Item::Burn(_) => "BURN RATES",
        Item::Alert(_) => "ALERTS",
        Item::Kept(_) | Item::Differs(..) => "OBJECTS",
        Item::Deployed(..) => "DEPLOYED",
        Item::Recorded(_) => "HISTORY",
        Item::Variant(_) | Item::Missing(_) => "PLATFORMS",
        Item::User(..) => "RUN BY",
        Item::Beside(_) => "LIMITS",
        Item::Deployment(_)
        | Item::Controlled(_)
        | Item::Application(_)
        | Item::Release(_)
        | Item::Rollout(_)
        | Item::Operation(_)
        | Item::Run(_)
        | Item::Slo(_)
        | Item::Docker(_)
        | Item::Project(_)
        | Item::Folder(_)
        | Item::Image(_)
        | Item::Pool(_)
        | Item::Access(_)
        | Item::Security(_)
        | Item::Station(_)
        | Item::Waiting(_) => "",
    }
}

/// The object is not there: not yet, or no more.
pub(super) fn gone(state: &State, pen: &mut Pen<'_>, page: &Page, id: &ObjectId) {
    title(state, pen, page, id, Words::new());
    let freshness = freshness::of_kind(state, id.cluster, id.kind);
    let mut body = pen.within(page.rows);
    if let Freshness::Live { .. } | Freshness::Partial { .. } = freshness {
        let head = Words::of(Role::Dim, "• ").text(safe!("{} {} is gone", id.kind.as_str(), id.name));
        notice::lines(
            &mut body,
            &head,
            None,
            &Words::of(Role::Dim, "It was deleted, or replaced by another of the same name."),
        );
    } else {
        let about = About { what: kind_words(id.kind), when_empty: "", when_absent: "" };
        notice::draw(state, &mut body, &about, &freshness, false);
    }
}

const fn kind_words(kind: Kind) -> &'static str {
    kind.plural()
}
