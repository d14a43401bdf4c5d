//! The rows beside the jobs of a run: annotations, checks, deployments, artifacts, earlier attempts;
//! and the deployments of a workload. Name, state, a number, and what there is to say.

use crate::config::theme::Role;
use crate::model::asides::{Annotation, Artifact, Attempt, Check, Deployed, Level};
use crate::model::pipelines::Jobs;
use crate::model::{SourceId, SystemId};
use crate::safe;
use crate::state::asides::{Beside, Part, Row, Section};
use crate::state::history::History;
use crate::state::{State, runs};
use crate::text::{self, Safe};
use crate::ui::panes::pipelines;
use crate::ui::pen::Words;
use crate::ui::signs::{self, Sign};
use crate::ui::{facts, timeline};

/// The title over a part of the page; `None` of what stands under a job.
#[must_use]
pub(super) const fn section(row: &Row) -> Option<&'static str> {
    match row.section() {
        Section::Jobs => None,
        Section::Checks => Some("CHECKS OF THE COMMIT"),
        Section::Deployments => Some("DEPLOYMENTS"),
        Section::Artifacts => Some("ARTIFACTS"),
        Section::Attempts => Some("EARLIER ATTEMPTS"),
    }
}

/// Its cells in the columns of a run's page.
pub(super) fn cells(state: &State, source: SourceId, row: &Beside) -> Vec<Words> {
    match row {
        Beside::History { passed_on, history } => past(*passed_on, *history),
        Beside::Annotation(row) => annotation(row),
        Beside::More { of, count, open } => {
            let least = if *open { "at least " } else { "" };
            let words = safe!("{}{} more, on its page in the browser", least, text::count(*count));
            vec![Words::of(Role::Dim, "  … ").dim(named(of)), Words::new(), Words::new(), Words::of(Role::Dim, words)]
        }
        Beside::Check(row) => check(state, source, row),
        Beside::Summary(line) => vec![Words::new(), Words::new(), Words::new(), Words::of(Role::Dim, line)],
        Beside::Deployed(environment, row) => deployed(state, source, environment.safe(), row),
        Beside::Artifact(row) => artifact(state, source, row),
        Beside::Attempt { number, read, open } => attempt(state, source, *number, read.as_ref(), *open),
        Beside::Unread(part, why) => unread(part, why.as_ref()),
    }
}

/// The same in the columns of the page of a workload, whose last one is an age.
pub(super) fn of_workload(state: &State, row: &Beside) -> Vec<Words> {
    let source = state.world.of_system(SystemId::GitHub).next().map_or(SourceId(0), |source| source.id);
    let mut cells = cells(state, source, row);
    if cells.len() == 4 {
        cells.swap(2, 3);
    }
    cells
}

/// `passed on attempt 2; this job failed 3 of its last 20 runs (15 %)`.
fn past(passed_on: Option<u32>, history: Option<History>) -> Vec<Words> {
    let passed = passed_on.map(|attempt| safe!("passed on attempt {}", attempt));
    let often = history.map(|history| safe!("this job {}", history.words()));
    let words = Safe::join(passed.iter().chain(&often), "; ");
    let role = if passed.is_some() { Role::Wait } else { Role::Dim };
    let mark = Words::of(role, if passed.is_some() { "▲ " } else { "• " });
    let counted = history.map_or_else(Words::new, |history| {
        let role = if history.failed > 1 { Role::Wait } else { Role::Dim };
        Words::of(role, safe!("{} of {}", history.failed, history.of))
    });
    vec![mark.add(role, "its history"), counted, Words::new(), Words::of(Role::Text, words)]
}

fn annotation(row: &Annotation) -> Vec<Words> {
    let (role, glyph) = match row.level {
        Level::Failure => (Role::Bad, "✖ "),
        Level::Warning => (Role::Wait, "▲ "),
        Level::Notice | Level::Other => (Role::Dim, "• "),
    };
    let place = match row.line {
        Some(line) => safe!("{}:{}", row.path, line),
        None => row.path.clone(),
    };
    let message = match &row.title {
        Some(title) if *title != row.message => Words::of(Role::Strong, title).dim("  ").text(&row.message),
        _ => Words::of(Role::Text, &row.message),
    };
    // The end of a path says more than its beginning, and it may be wider than the column.
    let name = Words::of(role, glyph).add(Role::Text, tail(&place));
    vec![name, Words::of(role, row.level.as_str()), Words::new(), message]
}

/// The last part of a path that is too long for its column.
fn tail(place: &Safe) -> Safe {
    const MOST: usize = 34;
    let width = place.width();
    if width <= MOST { place.clone() } else { safe!("…{}", place.columns(width - MOST + 1..width)) }
}

fn check(state: &State, source: SourceId, row: &Check) -> Vec<Words> {
    let sign = signs::pipeline(&row.status, row.conclusion.as_ref());
    let took = runs::between(state, source, row.started, row.completed).filter(|_| row.completed.is_some());
    let app = row.app.clone().map_or_else(Words::new, |app| Words::of(Role::Dim, "  by ").dim(app));
    let title = row.title.clone().unwrap_or_default();
    vec![
        sign.mark().add(sign.name_role(), &row.name),
        Words::of(sign.role, sign.word.clone()),
        Words::of(Role::Dim, timeline::took(took)),
        Words::of(Role::Text, title).then(app),
    ]
}

/// GitHub's words for how a deployment stands.
fn standing(word: Option<&Safe>) -> Sign {
    let Some(word) = word else { return Sign::new(Role::Dim, "·", Safe::of("no status")) };
    let (role, glyph) = match word.as_str() {
        "success" => (Role::Quiet, "✔"),
        "failure" | "error" => (Role::Bad, "✖"),
        "in_progress" => (Role::Move, "◌"),
        "queued" | "pending" => (Role::Dim, "·"),
        "waiting" => (Role::Wait, "‖"),
        "inactive" => (Role::Dim, "•"),
        _ => (Role::Unknown, "?"),
    };
    let word = if word.as_str() == "in_progress" { Safe::of("running") } else { word.clone() };
    Sign::new(role, glyph, word)
}

fn deployed(state: &State, source: SourceId, environment: &Safe, row: &Deployed) -> Vec<Words> {
    let sign = standing(row.state.as_ref());
    let by = row.by.clone().unwrap_or_else(|| Safe::of("nobody named"));
    let mut words = Words::of(Role::Strong, pipelines::short(&row.sha)).dim(" by ").text(by);
    if !row.named.is_empty() && row.named != row.sha {
        words = words.dim("  of ").text(&row.named);
    }
    if let Some(description) = &row.description {
        words = words.dim("  ").dim(description);
    }
    vec![
        sign.mark().add(sign.name_role(), environment),
        Words::of(sign.role, sign.word.clone()),
        Words::of(Role::Dim, facts::since(state, source, row.created)),
        words,
    ]
}

fn artifact(state: &State, source: SourceId, row: &Artifact) -> Vec<Words> {
    let size = row.bytes.map_or_else(|| Safe::of("–"), text::bytes);
    let until = row.expires.map(|at| state.ours(source, at).duration_since(state.now.wall).as_secs());
    let (role, glyph, word) = if row.expired { (Role::Dim, "•", "expired") } else { (Role::Quiet, "✔", "kept") };
    let end = match until {
        _ if row.expired => Words::of(Role::Dim, "GitHub has thrown it away"),
        Some(left) if left > 0 => Words::of(Role::Text, safe!("expires in {}", text::age(left))),
        Some(_) => Words::of(Role::Dim, "its time is over"),
        None => Words::of(Role::Dim, "GitHub does not say until when"),
    };
    let digest = row.digest.clone().map_or_else(Words::new, |digest| Words::of(Role::Dim, "  ").dim(digest));
    let name = if row.expired { Role::Dim } else { Role::Text };
    vec![
        Words::of(role, glyph).dim(" ").add(name, &row.name),
        Words::of(role, word),
        Words::of(Role::Dim, size),
        end.then(digest),
    ]
}

fn attempt(
    state: &State,
    source: SourceId,
    number: u32,
    read: Option<&Result<Box<Attempt>, Safe>>,
    open: bool,
) -> Vec<Words> {
    let name = |mark: Words| {
        mark.add(Role::Key, if open { "▾ " } else { "▸ " }).add(Role::Strong, safe!("attempt {}", number))
    };
    match read {
        None => vec![name(Words::of(Role::Move, "◌ ")), Words::of(Role::Move, "reading"), Words::new(), Words::new()],
        Some(Err(why)) => {
            let words = Words::of(Role::Unknown, "cannot be read: ").dim(why);
            vec![name(Words::of(Role::Unknown, "? ")), Words::of(Role::Unknown, "unread"), Words::new(), words]
        }
        Some(Ok(attempt)) => {
            let run = &attempt.run;
            let sign = signs::pipeline(&run.status, run.conclusion.as_ref());
            let by = run.actor.clone().unwrap_or_else(|| Safe::of("nobody named"));
            let began = facts::since(state, source, run.started.or(run.created));
            let words = failed(&attempt.jobs).dim(safe!("began {} ago by ", began)).dim(by);
            vec![
                name(sign.mark()),
                Words::of(sign.role, sign.word.clone()),
                Words::of(Role::Dim, timeline::took(runs::duration(state, run))),
                words,
            ]
        }
    }
}

/// `failed: e2e, unit (3.11)  `.
fn failed(jobs: &Jobs) -> Words {
    let failed: Vec<&Safe> = runs::failed_jobs(jobs).map(|job| job.id.name.safe()).collect();
    if failed.is_empty() {
        return Words::new();
    }
    let (first, rest) = failed.split_at(failed.len().min(3));
    let more = if rest.is_empty() { Safe::default() } else { safe!(" and {} more", rest.len()) };
    Words::of(Role::Bad, "failed: ").text(Safe::join(first.iter().copied(), ", ")).dim(more).dim("  ")
}

fn named(part: &Part) -> Safe {
    match part {
        Part::Checks => Safe::of("checks"),
        Part::Annotations(_) => Safe::of("annotations"),
        Part::Deployments(environment) => environment.safe().clone(),
        Part::Artifacts => Safe::of("artifacts"),
    }
}

fn unread(part: &Part, why: Option<&Safe>) -> Vec<Words> {
    let what = named(part);
    match why {
        None => {
            vec![Words::of(Role::Move, "◌ ").dim(what), Words::of(Role::Move, "reading"), Words::new(), Words::new()]
        }
        Some(why) => vec![
            Words::of(Role::Unknown, "? ").text(what),
            Words::of(Role::Unknown, "unread"),
            Words::new(),
            Words::of(Role::Dim, "cannot be read: ").dim(why),
        ],
    }
}
