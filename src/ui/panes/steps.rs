//! Running steps: the jobs of the chosen run on its time scale.
//!
//! ```text
//!  ✔ build         1m2s  ▇▇▇▇▇▇
//!  ◌ unit (3.11)   2m8s        ▇▇▇▇▇▇▇▇▇▇▇▇
//!  · image arm64      –             queued 44s: waits for a runner with arm64
//! ```

use super::pipelines::{indent, is_configured, is_old};
use super::{no_source, title, troubles};
use crate::config::theme::Role;
use crate::model::Kind;
use crate::model::pipelines::{Job, Run, RunStatus};
use crate::safe;
use crate::state::layout::cut_top;
use crate::state::lists::{self, Item};
use crate::state::timeline::{self as times, Scale};
use crate::state::ui::{ListId, Pane};
use crate::state::{State, freshness, runs};
use crate::text::{self, Safe};
use crate::ui::notice;
use crate::ui::pen::{Pen, Words};
use crate::ui::table::{self, Column, left, right};
use crate::ui::{signs, timeline};

/// Name, duration, bar.
static COLUMNS: &[Column] = &[left("", 18, 2, 0), right("", 6, 0), left("", 20, 5, 0)];

pub fn draw(state: &State, pen: &mut Pen<'_>, focused: bool) {
    let body = cut_top(pen.area(), 1).1;
    if !is_configured(state) {
        title(pen, focused, "RUNNING STEPS", &Words::new());
        let why = "Jobs and steps come with the pipelines they belong to.";
        let next = "The steps of a canary are in its own pane and on the page of the rollout.";
        return no_source(&mut pen.within(indent(body)), why, next);
    }
    let freshness = freshness::of_kinds(state, &Kind::RUNS);
    let chosen = runs::chosen(state);
    let right =
        chosen.as_deref().map_or_else(Words::new, |run| subject(run).then(ends(state, run)).then(unread(state, run)));
    title(pen, focused, "RUNNING STEPS", &right);
    let Some(run) = chosen else {
        let body = troubles::foot(state, pen, body, &Kind::RUNS, 0);
        let about = notice::About {
            what: "runs",
            when_empty: "Its jobs stand here as soon as there is one.",
            ..super::pipelines::ABOUT
        };
        return notice::draw(state, &mut pen.within(indent(body)), &about, &freshness, false);
    };
    let list = ListId::Pane(Pane::Steps);
    if lists::len(state, &list) == 0 {
        return without_jobs(state, &mut pen.within(indent(body)), &run, lists::total(state, &list) > 0);
    }
    let scale = runs::current_jobs(state, &run).and_then(|jobs| Scale::of(state, &run, jobs));
    let mut body = pen.within(body);
    body.fade(is_old(&freshness));
    let placed = table::fit(COLUMNS, body.width());
    let width = |column: usize| placed.iter().find(|(at, _, _)| *at == column).map_or(0, |(_, _, width)| *width);
    let (name, bar) = (width(0), width(2));
    table::rows(state, &list, &mut body, COLUMNS, &mut |line| match &line.item {
        Item::Job(job) => {
            let name = timeline::indented(name, line.depth);
            timeline::indent(line.depth, row(state, job, scale.as_ref(), name, bar))
        }
        Item::Group(group) => timeline::indent(
            line.depth,
            vec![
                timeline::group_name(group, timeline::indented(name, line.depth)),
                Words::of(Role::Dim, timeline::took(times::of_group(state, group).map(times::length))),
                timeline::of_a_group(state, scale.as_ref(), group, bar),
            ],
        ),
        _ => Vec::new(),
    });
}

fn row(state: &State, job: &Job, scale: Option<&Scale>, name: u16, bar: u16) -> Vec<Words> {
    let sign = signs::pipeline(&job.status, job.conclusion.as_ref());
    let role = if sign.role == Role::Quiet || sign.role == Role::Dim { Role::Dim } else { Role::Text };
    vec![
        sign.mark().add(role, timeline::name(job.id.name.safe(), name.saturating_sub(2))),
        Words::of(role, timeline::took(runs::job_duration(state, job))),
        timeline::of_a_job(state, scale, job, bar),
    ]
}

/// `ci-cd-pipeline #4812 · attempt 2`.
pub(in crate::ui) fn subject(run: &Run) -> Words {
    let words = Words::of(Role::Text, runs::called(run));
    // Tekton and RustCI make a new run instead of another attempt.
    if run.kind == Kind::Run { words.dim(safe!(" · attempt {}", run.attempt)) } else { words }
}

/// ` · done in ~4m`.
fn ends(state: &State, run: &Run) -> Words {
    let eta = timeline::eta(state, run);
    if eta.is_empty() { eta } else { Words::of(Role::Dim, " · ").then(eta) }
}

/// Why no job of it is shown.
pub(in crate::ui) fn without_jobs(state: &State, pen: &mut Pen<'_>, run: &Run, filtered: bool) {
    let (head, why, next) = match state.world.details.jobs(&run.meta.uid) {
        _ if filtered => (Words::of(Role::Dim, "• ").text("no job passes the filter"), None, Words::new()),
        Some(Err(why)) => {
            let head = Words::of(Role::Bad, "✖ ").add(Role::Bad, "its jobs cannot be read");
            (head, Some(why.clone()), Words::of(Role::Dim, "The run itself is as shown; its jobs are asked for again."))
        }
        Some(Ok(jobs)) if jobs.attempt >= run.attempt => {
            let next = match run.status {
                RunStatus::Completed if run.kind.is_of_tekton() => "It ended before one began.",
                RunStatus::Completed => "It ended before one began: its page in the browser says why.",
                _ if run.kind == Kind::PipelineRun => "They appear as soon as Tekton has read its pipeline.",
                _ => "They appear as soon as they have been made.",
            };
            (Words::of(Role::Dim, "• ").text("it has no jobs yet"), None, Words::of(Role::Dim, next))
        }
        _ => {
            let words = safe!("reading the jobs of attempt {} …", run.attempt);
            (Words::of(Role::Move, "◌ ").add(Role::Move, words), None, Words::new())
        }
    };
    notice::lines(pen, &head, why.as_ref(), &next);
}

/// What it comes to in one line: the failing or running jobs, and what is queued.
#[must_use]
pub fn summary(state: &State) -> Words {
    if !is_configured(state) {
        return Words::of(Role::Dim, "no source is configured");
    }
    let Some(run) = runs::chosen(state) else { return super::pipelines::summary(state) };
    let Some(jobs) = runs::current_jobs(state, &run) else {
        return subject(&run).dim("  reading its jobs");
    };
    let of = |wanted: fn(&Job) -> bool| jobs.jobs.iter().filter(move |job| wanted(job));
    let failed = runs::failed_jobs(jobs);
    let running = of(|job| job.status == RunStatus::InProgress);
    let waiting = of(|job| runs::waits(job).is_some());
    let mut words = Words::new();
    for job in failed.chain(running).chain(waiting).take(3) {
        let sign = signs::pipeline(&job.status, job.conclusion.as_ref());
        words = words.then(sign.mark()).add(if sign.role == Role::Dim { Role::Dim } else { Role::Text }, &job.id.name);
        words = match runs::job_duration(state, job) {
            Some(took) => words.dim(" ").dim(text::duration(took)).dim("   "),
            None => words.dim(" ").dim(sign.word).dim("   "),
        };
    }
    if words.is_empty() {
        let sign = signs::pipeline(&run.status, run.conclusion.as_ref());
        words = sign.words().dim(safe!("  {}  ", text::plural(jobs.jobs.len() as u64, "job", "jobs")));
    }
    words.dim("of ").then(subject(&run))
}

/// Jobs that are there and not shown, for the end of the title.
fn unread(state: &State, run: &Run) -> Words {
    let count = runs::current_jobs(state, run).map_or(0, |jobs| jobs.left_out);
    left_out(count).map_or_else(Words::new, |words| Words::of(Role::Dim, " · ").add(Role::Wait, words))
}

/// Jobs of the answer that could not be read are not shown, and that is said.
#[must_use]
pub(in crate::ui) fn left_out(count: u64) -> Option<Safe> {
    (count > 0).then(|| safe!("{} left out, not readable here", text::plural(count, "job", "jobs")))
}
