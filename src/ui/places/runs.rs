//! Workflow runs: the list, and the page of one with its jobs and steps as a time line.

use std::collections::BTreeSet;

use ratatui::layout::Rect;

use super::{View, and_trouble, asides, details, is_old};
use crate::config::theme::Role;
use crate::model::approvals::PendingDeployment;
use crate::model::pipelines::{Conclusion, Job, JobStep, Run, RunStatus};
use crate::model::tekton::{PipelineRun, Value};
use crate::model::{Kind, Name, ObjectId, SourceId, Uid};
use crate::safe;
use crate::state::State;
use crate::state::expected;
use crate::state::freshness;
use crate::state::gates;
use crate::state::groups::{self, Group};
use crate::state::layout::{self, Page, cut_top};
use crate::state::lists::{self, Item, Line};
use crate::state::timeline::{self as times, Scale};
use crate::state::ui::{ListId, Place, RowId};
use crate::state::{runs, tekton};
use crate::text::{self, Safe};
use crate::ui::panes::{pipelines, steps};
use crate::ui::pen::{Pen, Words};
use crate::ui::table::{self, Column, Sections, left, named, right};
use crate::ui::{facts, signs, timeline};

pub(super) static PIPELINES: View = View {
    title: "PIPELINES",
    kinds: &Kind::RUNS,
    about: pipelines::ABOUT,
    columns: &[
        left("status", 11, 0, 0),
        named("service", 12, 1, 0),
        named("workflow", 14, 2, 0),
        left("run", 6, 0, 1),
        named("branch", 8, 1, 3),
        left("commit", 7, 0, 4),
        right("age", 6, 0),
        right("took", 6, 5),
        left("what", 20, 4, 6),
        left("event", 12, 0, 8),
        left("by", 8, 1, 7),
    ],
    cells,
};

/// The mark of a job without which the run would have ended sooner.
const CHAIN: &str = "▸ ";

const JOBS_AND_STEPS: &str = "JOBS AND STEPS";

/// Name, state, how long, bar.
static JOBS: &[Column] = &[left("", 26, 2, 0), left("", 9, 0, 1), right("", 8, 0), left("", 20, 4, 0)];

/// The cells of a row in the list of runs; of a job or step where it stands in another list.
pub(super) fn cells(state: &State, line: &Line) -> Vec<Words> {
    match &line.item {
        Item::Run(run) => {
            let took = runs::duration(state, run).filter(|_| !run.is_active());
            let mut cells = pipelines::row(state, run);
            cells.push(Words::of(Role::Dim, timeline::took(took)));
            cells.push(match tekton::of_run(state, run) {
                Some(row) => Words::of(Role::Dim, row.words()),
                None => attempt(run).dim(&run.title),
            });
            cells.push(Words::of(Role::Dim, &run.event));
            cells.push(Words::of(Role::Dim, run.actor.clone().unwrap_or_default()));
            cells
        }
        Item::Job(job) | Item::Earlier(job) => job_cells(state, job, None, (40, 0), false),
        Item::JobStep(step) => step_cells(state, step, None, None, 0),
        Item::Group(group) => group_cells(state, group, None, (40, 0)),
        _ => Vec::new(),
    }
}

/// `attempt 2  `, of those that were run again.
fn attempt(run: &Run) -> Words {
    match run.attempt {
        0 | 1 => Words::new(),
        attempt => Words::of(Role::Text, safe!("attempt {}  ", attempt)),
    }
}

/// The page of a run.
pub(super) fn page(state: &State, pen: &mut Pen<'_>, page: &Page, id: &ObjectId) {
    let Some(run) = state.world.runs.get(&id.uid).cloned() else {
        return super::pages::gone(state, pen, page, id);
    };
    let freshness = freshness::of_kind(state, id.cluster, id.kind);
    let sign = signs::pipeline(&run.status, run.conclusion.as_ref());
    let name = runs::title(&run);
    pen.within(page.title).title(0, Role::Title, name, &and_trouble(sign.words(), &freshness));
    let mut head = pen.within(page.facts);
    head.fade(is_old(&freshness));
    facts_of(state, &mut head, &run);
    let area = Rect { height: page.heading.height + page.rows.height, ..page.heading };
    let list = ListId::Place(Place::Run(id.clone()));
    if lists::len(state, &list) == 0 {
        let filtered = lists::total(state, &list) > 0;
        return steps::without_jobs(state, &mut pen.within(area), &run, filtered);
    }
    let mut body = pen.within(area);
    body.fade(is_old(&freshness));
    let axis = Axis::of(state, &run, body.width());
    let right = jobs_words(state, &run, &axis);
    let fold = Sections {
        name: if run.kind == Kind::Execution { |_| "STAGES AND STEPS" } else { section },
        right: &right,
        most: layout::sections(&state.ui.place),
    };
    table::sectioned(state, &list, &mut body, JOBS, &fold, &mut |line| row(state, line, &axis));
}

/// The part of the page that a row stands in.
fn section(line: &Line) -> &'static str {
    match &line.item {
        Item::Aside(row, _) => asides::section(row).unwrap_or(JOBS_AND_STEPS),
        Item::Earlier(_) => "EARLIER ATTEMPTS",
        _ => JOBS_AND_STEPS,
    }
}

/// Commit, branch, event, actor, times, address.
fn facts_of(state: &State, pen: &mut Pen<'_>, run: &Run) -> u16 {
    let took = timeline::took(runs::duration(state, run));
    let since = facts::since(state, run.meta.cluster, run.started.or(run.created));
    let doing = if run.is_active() { "runs for " } else { "took " };
    if let Some(row) = tekton::of_run(state, run) {
        return facts_of_tekton(state, pen, row);
    }
    let eta = timeline::eta(state, run);
    let ends = if eta.is_empty() { eta } else { Words::of(Role::Dim, " · ").then(eta) };
    let branch = run.branch.as_ref().map_or_else(|| Safe::of("no branch"), |branch| branch.safe().clone());
    let actor = run.actor.clone().unwrap_or_else(|| Safe::of("nobody named"));
    let head = [
        Words::of(Role::Strong, pipelines::short(&run.sha)).dim("  ").text(&run.title),
        of_attempt(run).dim(" · ").dim(doing).text(took).dim(safe!(" · began {} ago", since)).then(ends),
    ];
    let rest = [
        Words::of(Role::Dim, "service ")
            .text(runs::service(state, run))
            .dim("   branch ")
            .text(branch)
            .dim("   event ")
            .text(&run.event)
            .dim("   by ")
            .text(actor),
        Words::of(Role::Dim, &run.url),
    ];
    // Who may approve it, and until when, is read whole.
    let waits = waits_for(state, run).into_iter().flat_map(|line| line.wrap(pen.width()));
    let waits: Vec<Words> = waits.collect();
    let mut y = 0;
    for line in head.into_iter().chain(waits).chain(rest).chain(super::images::of_run(state, run)) {
        pen.left(y, &line);
        y += 1;
    }
    y
}

/// `attempt 1`; `passed on attempt 2`: that it did not pass at once is worth knowing.
fn of_attempt(run: &Run) -> Words {
    if run.attempt > 1 && run.conclusion == Some(Conclusion::Success) {
        return Words::of(Role::Wait, safe!("passed on attempt {}", run.attempt));
    }
    Words::of(Role::Dim, "attempt ").text(safe!("{}", run.attempt))
}

/// What Tekton says of it, its pipeline, its parameters and its results.
fn facts_of_tekton(state: &State, pen: &mut Pen<'_>, row: &PipelineRun) -> u16 {
    let run = &row.run;
    let took = timeline::took(runs::duration(state, run));
    let since = facts::since(state, run.meta.cluster, run.started.or(run.created));
    let said = if row.reason.is_empty() { Safe::of("its controller has not said anything yet") } else { row.words() };
    let mut first = Words::of(Role::Strong, said);
    if !row.asked.is_empty() && !row.ended {
        first = first.dim("   asked for ").add(Role::Wait, &row.asked);
    }
    let values = |values: &[Value]| if values.is_empty() { Safe::of("none") } else { tekton::listed(values) };
    let mut origin =
        Words::of(Role::Dim, "service ").text(runs::service(state, run)).dim("   pipeline ").text(run.workflow.safe());
    for (what, value) in [("   branch ", run.branch.as_ref().map(Name::safe)), ("   by ", run.actor.as_ref())] {
        if let Some(value) = value {
            origin = origin.dim(what).text(value);
        }
    }
    let lines = [
        first,
        Words::of(Role::Dim, if run.is_active() { "runs for " } else { "took " })
            .text(took)
            .dim(safe!(" · began {} ago", since))
            .then(if run.title.is_empty() { Words::new() } else { Words::of(Role::Dim, " · ").dim(&run.title) }),
        origin,
        Words::of(Role::Dim, "results ").text(values(&row.results)).dim("   params ").text(values(&row.params)),
    ];
    for (y, line) in (0..).zip(&lines) {
        pen.left(y, line);
    }
    4
}

/// An environment a line: who may approve it, until when.
fn waits_for(state: &State, run: &Run) -> Vec<Words> {
    let head = || Words::of(Role::Wait, "‖ waits for ");
    match state.world.details.pending(&run.meta.uid) {
        Some(Ok(pending)) => {
            let line = |row: &PendingDeployment| {
                head().strong(&row.name).dim("  ").text(gates::words(state, run, pending, row))
            };
            pending.deployments.iter().map(line).collect()
        }
        Some(Err(why)) if gates::is_waiting(state, run) => {
            vec![head().text("what cannot be read: ").add(Role::Unknown, why)]
        }
        None if run.status == RunStatus::Waiting => vec![head().dim("reading what for …")],
        _ => Vec::new(),
    }
}

/// `6 jobs · 1 failed · 1 job left out`.
fn jobs_words(state: &State, run: &Run, axis: &Axis) -> Words {
    let Some(jobs) = runs::current_jobs(state, run) else { return Words::new() };
    let (one, many) = if run.kind == Kind::Execution { ("stage", "stages") } else { ("job", "jobs") };
    let mut words = Words::of(Role::Dim, text::plural(jobs.jobs.len() as u64, one, many));
    let failed = runs::failed_jobs(jobs).count();
    if failed > 0 {
        words = words.add(Role::Bad, safe!(" · {} failed", text::count(failed as u64)));
    }
    if let Some(left_out) = steps::left_out(jobs.left_out) {
        words = words.dim(" · ").add(Role::Wait, left_out);
    }
    if !axis.chain.is_empty() {
        words = words.dim(" · ").dim(CHAIN).dim("longest chain");
    }
    match &axis.scale {
        Some(scale) => words.dim(safe!(" · scale 0 to {}", text::duration(scale.span))),
        None => words,
    }
}

/// What the rows of a page have in common.
struct Axis {
    source: SourceId,
    scale: Option<Scale>,
    /// The jobs of the longest chain, where it is more than one.
    chain: Vec<Uid>,
    name: u16,
    bar: u16,
}

impl Axis {
    fn of(state: &State, run: &Run, width: u16) -> Self {
        let jobs = runs::current_jobs(state, run);
        let scale = jobs.and_then(|jobs| Scale::of(state, run, jobs));
        let chain = jobs.map_or_else(Vec::new, |jobs| {
            let chain = expected::longest_chain(state, run, jobs);
            chain.into_iter().map(|at| jobs.jobs[at].id.uid.clone()).collect()
        });
        let placed = table::fit(JOBS, width);
        let of = |column: usize| placed.iter().find(|(at, _, _)| *at == column).map_or(0, |(_, _, width)| *width);
        let chain = if chain.len() > 1 { chain } else { Vec::new() };
        Self { source: run.meta.cluster, scale, chain, name: of(0), bar: of(3) }
    }
}

fn row(state: &State, line: &Line, axis: &Axis) -> Vec<Words> {
    let room = (timeline::indented(axis.name, line.depth), axis.bar);
    let cells = match &line.item {
        Item::Job(job) => {
            let on_chain = axis.chain.contains(&job.id.uid);
            job_cells(state, job, axis.scale.as_ref(), room, on_chain)
        }
        // When it ran has no place on the axis of this attempt.
        Item::Earlier(job) => job_cells(state, job, None, room, false),
        Item::Aside(_, row) => asides::cells(state, axis.source, row),
        Item::Group(group) => group_cells(state, group, axis.scale.as_ref(), room),
        Item::JobStep(step) => {
            let job = match &line.id {
                RowId::JobStep(job, _) => state.world.details.job(job),
                _ => None,
            };
            // It has stood below its job before.
            let depth = line.depth.saturating_sub(1);
            return timeline::indent(depth, step_cells(state, step, job, axis.scale.as_ref(), axis.bar));
        }
        _ => Vec::new(),
    };
    timeline::indent(line.depth, cells)
}

/// Its worst state, from the beginning of the first to the end of the last, and how many stand where.
fn group_cells(state: &State, group: &Group, scale: Option<&Scale>, (name, bar): (u16, u16)) -> Vec<Words> {
    let sign = signs::pipeline(&group.status, group.conclusion.as_ref());
    vec![
        timeline::group_name(group, name),
        Words::of(sign.role, sign.word),
        Words::of(Role::Dim, timeline::took(times::of_group(state, group).map(times::length))),
        timeline::of_a_group(state, scale, group, bar),
    ]
}

/// A job of the longest chain has a mark before its time: sooner there is sooner everywhere.
fn job_cells(state: &State, job: &Job, scale: Option<&Scale>, (name, bar): (u16, u16), on_chain: bool) -> Vec<Words> {
    let sign = signs::pipeline(&job.status, job.conclusion.as_ref());
    let role = if sign.role == Role::Quiet || sign.role == Role::Dim { Role::Text } else { Role::Strong };
    let mark = match (expected::is_slow_job(state, job), on_chain) {
        (true, _) => Words::of(Role::Wait, "▲ "),
        (false, true) => Words::of(Role::Dim, CHAIN),
        (false, false) => Words::new(),
    };
    vec![
        sign.mark().add(role, timeline::name(job.id.name.safe(), name.saturating_sub(2))),
        Words::of(sign.role, sign.word),
        mark.text(timeline::took(runs::job_duration(state, job))),
        timeline::of_a_job(state, scale, job, bar),
    ]
}

fn step_cells(state: &State, step: &JobStep, job: Option<&Job>, scale: Option<&Scale>, bar: u16) -> Vec<Words> {
    let sign = signs::pipeline(&step.status, step.conclusion.as_ref());
    let calm = sign.role == Role::Quiet || sign.role == Role::Dim;
    let ran = step.conclusion != Some(Conclusion::Skipped);
    let span = job.filter(|_| ran).and_then(|job| times::of_step(state, job.id.cluster, step));
    let role = if sign.role == Role::Quiet { Role::Faint } else { sign.role };
    vec![
        Words::of(Role::Text, "  ").then(sign.mark()).add(if calm { Role::Dim } else { Role::Text }, &step.name),
        Words::of(if calm { Role::Dim } else { sign.role }, sign.word),
        Words::of(Role::Dim, timeline::took(span.map(times::length))),
        timeline::of_a_step(state, scale, job, step, (bar, role)),
    ]
}

/// A run in full beside or below the list: its facts, and its jobs on the time line.
pub(super) fn detail(state: &State, pen: &mut Pen<'_>, run: &Run) {
    let sign = signs::pipeline(&run.status, run.conclusion.as_ref());
    pen.title(0, Role::Title, runs::title(run), &sign.words());
    let area = cut_top(pen.area(), 1).1;
    let used = facts_of(state, &mut pen.within(area), run);
    let mut body = pen.within(cut_top(area, used + 1).1);
    let Some(jobs) = runs::current_jobs(state, run).filter(|jobs| !jobs.jobs.is_empty()) else {
        return steps::without_jobs(state, &mut body, run, false);
    };
    let axis = Axis::of(state, run, body.width());
    let placed = table::fit(JOBS, body.width());
    let slow = |job: &Job| expected::is_slow_job(state, job);
    let folded = groups::rows_with(&jobs.jobs, &BTreeSet::new(), false, &slow);
    for (y, (depth, row)) in (0..body.height()).zip(&folded) {
        let room = (timeline::indented(axis.name, *depth), axis.bar);
        let cells = match row {
            groups::Row::Group(group) => group_cells(state, group, axis.scale.as_ref(), room),
            groups::Row::Job(at) => {
                let job = &jobs.jobs[*at];
                job_cells(state, job, axis.scale.as_ref(), room, axis.chain.contains(&job.id.uid))
            }
        };
        table::row(&mut body, y, JOBS, &placed, &timeline::indent(*depth, cells));
    }
}

/// What the view adds to the count of its rows: `1 running  1 failed`.
#[must_use]
pub(super) fn standings(state: &State) -> Words {
    let all = runs::ordered(state);
    let mut words = Words::new();
    for (role, _, count, word) in pipelines::standings(all) {
        words = words.add(role, safe!("{} {}", text::count(count as u64), word)).dim(" · ");
    }
    words
}

/// What is selected elsewhere (a job, a step): its words one below the other.
pub(super) fn plain(state: &State, pen: &mut Pen<'_>, line: &Line) {
    let mut y = 0;
    for words in cells(state, line) {
        y = details::paragraph(pen, y, &words);
    }
}
