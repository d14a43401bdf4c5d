//! Canary progress: the ladder of weights, what traffic and pods do, and what the analysis says.
//!
//! ```text
//!  10 % ✔ ━━━━━ 25 % ✔ ━━━━━ 50 % ‖ ╌╌╌╌╌ 100 % ·
//!  weight 50 % set, 50 % actual (istio)     pods 3/3 canary, 6/6 stable
//!  step 7 of 10  pause until promoted
//!
//!  error-rate   0.0712  wants ≤ 0.05   ▁▁▂▅▇   ✖ failing   ✔ 5  ✖ 2 of 3
//! ```

mod revisions;

use std::sync::Arc;

use jiff::SignedDuration;

use super::pipelines::indent;
use super::{beside, title};
use crate::config::theme::Role;
use crate::model::Kind;
use crate::model::rollouts::{AnalysisRun, Rollout, Strategy};
use crate::safe;
pub use crate::state::arms::chosen;
use crate::state::freshness::{self, Freshness};
use crate::state::layout::{canary_rows, cut_top};
use crate::state::lists::{self, Item};
use crate::state::matrix::Workload;
use crate::state::rollout_info::{self, RolloutInfo, Tag, Weight};
use crate::state::ui::{ListId, Pane, Place, RowId};
use crate::state::{State, aborted, canary, derived, shared, steps};
use crate::text::Safe;
use crate::ui::notice::{self, About};
use crate::ui::pen::{Pen, Words};
use crate::ui::table::{self, Column, left, named, right};
use crate::ui::{arms, blocker, facts, ladder, metrics, places, routes, signs};

const ABOUT: About = About {
    what: "rollouts",
    when_empty: "A canary appears here as soon as a Rollout exists. -n and -A choose the namespaces.",
    when_absent: "Argo Rollouts is not installed there. Deployments are in the pane of environments.",
};

/// Columns of the environment: its end names the cluster, where that is needed.
const PLACE: u16 = 10;

static COLUMNS: &[Column] =
    &[left("", 14, 0, 0), named("", 12, 1, 0), left("", PLACE, 0, 2), right("", 6, 1), left("", 14, 5, 3)];

pub fn draw(state: &State, pen: &mut Pen<'_>, focused: bool) {
    let list = ListId::Pane(Pane::Canary);
    let freshness = freshness::of_kinds(state, &[Kind::Rollout]);
    let chosen = chosen(state);
    let right = chosen.as_ref().map_or_else(Words::new, |rollout| subject(state, rollout));
    title(pen, focused, "CANARY", &places::and_trouble(right, &freshness));
    let Some(rollout) = chosen else {
        let body = indent(cut_top(pen.area(), 1).1);
        let filtered = lists::total(state, &list) > 0;
        notice::draw(state, &mut pen.within(body), &ABOUT, &freshness, filtered);
        return;
    };
    pen.fade(matches!(freshness, Freshness::Stale { .. } | Freshness::Failed { .. }));
    let (rows, below) = canary_rows(pen.area(), lists::len(state, &list));
    table::rows(state, &list, &mut pen.within(rows), COLUMNS, &mut |line| row(state, line));
    let mut pen = pen.within(indent(below));
    if rows.height > 0 {
        return details(state, &mut pen, &rollout, true);
    }
    // The only one: its state is not in a row above.
    let info = rollout_info::info(&state.world, &rollout);
    pen.left(0, &signs::status(&info.status).words().dim("  ").dim(&info.message));
    let area = cut_top(pen.area(), 2).1;
    details(state, &mut pen.within(area), &rollout, true);
}

fn row(state: &State, line: &lists::Line) -> Vec<Words> {
    let Item::Rollout(row) = &line.item else { return Vec::new() };
    let info = rollout_info::info(&state.world, row);
    let sign = signs::status(&info.status);
    let place = shared::place(state, row.meta.cluster, &row.meta.namespace);
    let weight = info.weight.map_or_else(|| Safe::of("–"), Weight::actual_percent);
    vec![
        sign.words(),
        Words::of(sign.name_role(), &row.meta.name),
        Words::of(Role::Dim, place.middle(PLACE.into())),
        Words::of(if sign.role == Role::Quiet { Role::Dim } else { Role::Text }, weight),
        Words::of(Role::Dim, info.message),
    ]
}

/// `checkout 1.41.0 → 1.42.0 · 23m`.
fn subject(state: &State, rollout: &Rollout) -> Words {
    let info = rollout_info::info(&state.world, rollout);
    let words = Words::of(Role::Text, &rollout.meta.name);
    let (stable, canary) = (tagged(&info, Tag::Stable), tagged(&info, Tag::Canary));
    match (stable, canary) {
        (Some(stable), Some(canary)) => words
            .dim("  ")
            .dim(facts::version_of(&stable.images))
            .dim(" → ")
            .text(facts::version_of(&canary.images))
            .dim(" · ")
            .dim(facts::age(state, &canary.meta)),
        (Some(stable), None) => words.dim("  ").dim(facts::version_of(&stable.images)),
        _ => words,
    }
}

fn tagged(info: &RolloutInfo, tag: Tag) -> Option<Arc<crate::model::kubernetes::ReplicaSet>> {
    let mut sets = info.revisions.iter().flat_map(|revision| &revision.replica_sets);
    sets.find(|set| set.tags.contains(&tag)).map(|set| Arc::clone(&set.object))
}

/// Everything about one rollout, as far as there is room; its pods only where they are not listed
/// beside it.
pub fn details(state: &State, pen: &mut Pen<'_>, rollout: &Rollout, with_pods: bool) {
    lines(state, pen, rollout, with_pods);
}

/// The same above or beside the rows of its page. Where not all of it has room it goes on as the rows do: with
/// each row below the step that runs a line more of it is seen. So many lines are still below.
pub fn page(state: &State, pen: &mut Pen<'_>, rollout: &Rollout) -> u16 {
    pen.scroll(UNSEEN);
    let all = lines(state, pen, rollout, false);
    let beyond = all.saturating_sub(pen.height());
    let top = beyond.min(rows_below_the_step(state, rollout));
    pen.scroll(top);
    lines(state, pen, rollout, false);
    beyond - top
}

/// Nothing is drawn, only counted.
const UNSEEN: u16 = u16::MAX / 2;

/// How far somebody went down on the page of a rollout.
fn rows_below_the_step(state: &State, rollout: &Rollout) -> u16 {
    let list = ListId::Place(Place::Rollout(rollout.meta.id(Kind::Rollout)));
    let step = rollout.current_step_index.and_then(|at| usize::try_from(at).ok());
    let step = step.and_then(|at| lists::position(state, &list, &RowId::Step(at))).unwrap_or(0);
    let place = state.ui.list(&list).map_or(0, |list| list.place);
    u16::try_from(place.saturating_sub(step)).unwrap_or(u16::MAX)
}

/// What is asked first at night: why it does not move, where it stands, whether the new version is worse than
/// the old one, with the figures; only then who carries it and what Git says. The line after the last.
fn lines(state: &State, pen: &mut Pen<'_>, rollout: &Rollout, with_pods: bool) -> u16 {
    let info = rollout_info::info(&state.world, rollout);
    let runs = current_runs(state, rollout);
    let named = named_runs(state, rollout);
    let mut y = if with_pods { 0 } else { why(state, pen, rollout) };
    if let Strategy::Canary(canary) = &rollout.strategy
        && !canary.steps.is_empty()
    {
        ladder::draw(pen, y, rollout, &info, &canary.steps, (&named, aborted::step(state, rollout)));
        y += 1;
    }
    y = status_lines(state, rollout, &info, with_pods).iter().fold(y, |y, line| wrapped(pen, y, line));
    let routed = with_pods || routes::differs(state, rollout);
    if routed {
        y = routes::draw(state, pen, y, rollout, !with_pods);
    }
    let air = u16::from(pen.height() >= 14);
    let compared = arms::draw(state, pen, y + air, rollout);
    y = if compared > y + air { compared } else { y };
    if !runs.is_empty() {
        // A line of air above, where all of it has room below.
        let lines: usize = runs.iter().map(|run| run.metrics.len() + 1).sum();
        y += u16::from(pen.height() >= 12 || usize::from(y) + lines < usize::from(pen.height()));
        y = analysis(state, pen, y, &runs, named.is_empty());
    }
    if !with_pods {
        let end = carried(state, pen, y + air, rollout, routed);
        y = if end > y + air { end } else { y };
    }
    y += u16::from(pen.height() > y + 3);
    // Above the rows of the page they would be told twice.
    if !with_pods && pen.height() < 14 { y } else { revisions::draw(state, pen, y, &info, with_pods) }
}

/// What keeps this one, unless the line on top says that of it already.
fn why(state: &State, pen: &mut Pen<'_>, rollout: &Rollout) -> u16 {
    let blockers = derived::blockers(state);
    let id = rollout.meta.id(Kind::Rollout);
    let own = blockers.iter().position(|row| row.object.as_ref() == Some(&id)).filter(|at| *at > 0);
    own.map_or(0, |at| wrapped(pen, 0, &blocker::sentence(&blockers[at], 1)))
}

/// Who carries its traffic, what keeps it in step with Git, and how far it is from that.
fn carried(state: &State, pen: &mut Pen<'_>, y: u16, rollout: &Rollout, routed: bool) -> u16 {
    let mut y = if routed { y } else { routes::draw(state, pen, y, rollout, true) };
    let own = Workload::Rollout(Arc::new(rollout.clone()));
    let kept = places::of_workload(state, Kind::Rollout, &rollout.meta);
    for line in kept.into_iter().chain(beside::line(state, &own)) {
        y = wrapped(pen, y, &line);
    }
    y
}

/// On as many lines as it needs; the line after them.
fn wrapped(pen: &mut Pen<'_>, y: u16, words: &Words) -> u16 {
    (y..).zip(words.wrap(pen.width())).fold(y, |_, (y, line)| {
        pen.left(y, &line);
        y + 1
    })
}

/// Weight and pods, the current step.
fn status_lines(state: &State, rollout: &Rollout, info: &RolloutInfo, with_pods: bool) -> Vec<Words> {
    let mut lines = Vec::new();
    let mut weight = Words::new();
    if let Some(figures) = info.weight {
        weight = weight
            .dim("weight ")
            .text(safe!("{} set", figures.set_percent()))
            .dim(", ")
            .text(safe!("{} actual", figures.actual_percent()));
        if let Strategy::Canary(canary) = &rollout.strategy {
            let router = canary.router.clone().unwrap_or_else(|| Safe::of("by replicas"));
            weight = weight.then(routes::mark(state, rollout, &router));
        }
    }
    // Where the revisions are listed beside it they say how many pods they have.
    if with_pods || info.weight.is_none() {
        weight = weight.dim(if info.weight.is_some() { "     " } else { "" }).then(pods(info));
    }
    lines.push(weight);
    if let (Some((at, of)), Strategy::Canary(canary)) = (info.step, &rollout.strategy) {
        let mut words = Words::of(Role::Dim, "step ").text(steps::count(at, of));
        let step = usize::try_from(at).ok().and_then(|at| canary.steps.get(at));
        words = match step {
            _ if rollout.abort => words.add(Role::Bad, "  aborted").dim(": all traffic goes to the stable version"),
            Some(step) => words.dim("  ").text(steps::what(rollout, step)),
            None => words.dim("  all steps are done"),
        };
        if let Some(pause) = rollout.pause_conditions.first().filter(|_| !rollout.abort) {
            words = words.dim(safe!("  for {}", facts::since(state, rollout.meta.cluster, pause.since)));
        }
        lines.push(words);
    }
    if let Some(git) = aborted::git(state, rollout) {
        lines.push(Words::of(Role::Held, git));
        if let Some(way) = aborted::align(state, rollout).filter(|_| !with_pods) {
            lines.push(Words::of(Role::Dim, "to align Git: ").text(way));
        }
    }
    lines
}

/// `pods 3/3 canary, 6/6 stable`.
fn pods(info: &RolloutInfo) -> Words {
    let mut words = Words::of(Role::Dim, "pods ");
    let mut first = true;
    for tag in [Tag::Canary, Tag::Preview, Tag::Active, Tag::Stable] {
        let Some(set) = tagged(info, tag) else { continue };
        // The active set of a blue-green is its stable one most of the time.
        if tag == Tag::Stable && tagged(info, Tag::Active).is_some_and(|active| active.meta.uid == set.meta.uid) {
            continue;
        }
        if !first {
            words = words.dim(", ");
        }
        first = false;
        let role = if set.ready >= set.desired { Role::Text } else { Role::Wait };
        words = words.add(role, facts::of(set.ready, set.desired)).dim(" ").dim(tag.as_str());
    }
    if first { words.text(facts::of(info.replicas.ready, info.replicas.desired)) } else { words }
}

/// The runs the controller looks at now: of the present attempt.
fn named_runs(state: &State, rollout: &Rollout) -> Vec<Arc<AnalysisRun>> {
    let named: Vec<&str> = [
        &rollout.step_analysis,
        &rollout.background_analysis,
        &rollout.pre_promotion_analysis,
        &rollout.post_promotion_analysis,
    ]
    .into_iter()
    .filter_map(|run| run.as_ref().map(|run| run.name.raw()))
    .collect();
    let mut runs: Vec<Arc<AnalysisRun>> = state.world.analysis_runs.owned_by(&rollout.meta.uid).cloned().collect();
    runs.sort_by(|a, b| b.meta.created.cmp(&a.meta.created).then_with(|| b.meta.name.cmp(&a.meta.name)));
    runs.retain(|run| named.contains(&run.meta.name.raw()));
    runs
}

/// The same; else the newest one of the current version, which may be of an attempt that was given up.
fn current_runs(state: &State, rollout: &Rollout) -> Vec<Arc<AnalysisRun>> {
    let now = named_runs(state, rollout);
    if !now.is_empty() {
        return now;
    }
    let mut runs: Vec<Arc<AnalysisRun>> = state.world.analysis_runs.owned_by(&rollout.meta.uid).cloned().collect();
    runs.sort_by(|a, b| b.meta.created.cmp(&a.meta.created).then_with(|| b.meta.name.cmp(&a.meta.name)));
    runs.retain(|run| run.template_hash.is_some() && run.template_hash == rollout.current_pod_hash);
    runs.truncate(1);
    runs
}

/// A line per metric: last value, trend, verdict, what it wants, counters against limits.
fn analysis(state: &State, pen: &mut Pen<'_>, y: u16, runs: &[Arc<AnalysisRun>], past: bool) -> u16 {
    let mut y = y;
    // Where there is room for twice as many lines.
    let whole = pen.height() >= arms::TALL;
    let names = runs.iter().flat_map(|run| &run.metrics).map(|metric| metric.name.width()).max().unwrap_or(8);
    let name = names.clamp(6, 18) as u16;
    for run in runs {
        if y >= pen.end() {
            break;
        }
        let sign = signs::analysis(&run.phase);
        let when = facts::since(state, run.meta.cluster, run.started);
        let step = run
            .step_index
            .map_or_else(|| run.rollout_type.clone().unwrap_or_default(), |at| safe!("of step {}", at + 1));
        let words = Words::of(Role::Dim, if past { "last analysis " } else { "analysis " })
            .dim(step)
            .dim("  ")
            .then(sign.words())
            .dim(safe!(" for {}", when));
        pen.left(y, &words.dim("  ").dim(&run.message));
        y += 1;
        for metric in &run.metrics {
            let now = state.now.wall + SignedDuration::from_secs(state.world.skew(run.meta.cluster));
            let next = canary::next(run, metric, now);
            y = metrics::lines(pen, y, name, metric, next, whole);
        }
    }
    y
}

/// Where the canary stands, in one line.
#[must_use]
pub fn summary(state: &State) -> Words {
    let Some(rollout) = chosen(state) else {
        let freshness = freshness::of_kinds(state, &[Kind::Rollout]);
        let sign = signs::freshness(&freshness);
        return if freshness.is_live() { Words::of(Role::Dim, "no rollouts") } else { sign.words() };
    };
    let info = rollout_info::info(&state.world, &rollout);
    let sign = signs::status(&info.status);
    let mut words = sign.mark().add(sign.name_role(), &rollout.meta.name).dim(" ").add(sign.role, sign.word.clone());
    if let Some(weight) = info.weight {
        words = words.dim("  ").text(weight.actual_percent());
    }
    let failing = named_runs(state, &rollout).iter().flat_map(|run| run.metrics.clone()).find(metrics::is_failing);
    match failing {
        Some(metric) => words.add(Role::Bad, safe!("  {} failing", metric.name)),
        None => words,
    }
}
