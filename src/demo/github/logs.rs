//! The log of a finished job: found by a signed address that needs no token and takes none, then
//! plain text as the runner writes it.

use std::fmt::Write as _;
use std::time::Duration;

use axum::http::{StatusCode, header};
use axum::response::{IntoResponse, Response};
use jiff::Timestamp;

use super::plan::{CANCELLED, FAILURE, Job, SKIPPED, Step, Workflow};
use super::{Params, Run, shape, words};
use crate::demo::value::{hash, later};
use crate::demo::world::World;

/// So long an address is good for.
const GOOD_FOR: Duration = Duration::from_hours(1);

/// The address of a job's log.
pub(super) fn signed(base: &str, job: u64, now: Timestamp) -> String {
    let until = later(now, GOOD_FOR).as_second();
    format!("{base}/_signed/logs/{job}?rsct=text%2Fplain&se={until}&sig={:016x}", signature(job, until))
}

fn signature(job: u64, until: i64) -> u64 {
    hash(&format!("{job}until{until}"))
}

/// Answers such an address.
pub(super) fn download(world: &World, job: &str, params: &Params, token: &str) -> Response {
    // As the real store: it knows no token of GitHub's and refuses who sends one.
    if !token.is_empty() {
        return refused(StatusCode::UNAUTHORIZED, "InvalidAuthenticationInfo");
    }
    let number = |name: &str| params.get(name).and_then(|text| text.parse::<i64>().ok());
    let (Ok(id), Some(until)) = (job.parse::<u64>(), number("se")) else {
        return refused(StatusCode::FORBIDDEN, "AuthenticationFailed");
    };
    let signed = params.get("sig").is_some_and(|sig| *sig == format!("{:016x}", signature(id, until)));
    if !signed || world.now.as_second() > until {
        return refused(StatusCode::FORBIDDEN, "AuthenticationFailed");
    }
    for repository in &world.book.repositories {
        if let Some((run, attempt, job)) = super::job_of(repository, job, world.now) {
            let kind = [(header::CONTENT_TYPE, "text/plain")];
            let text = text(&world.book.workflows[run.workflow], &repository.name, run, job, attempt.debug);
            return (kind, text).into_response();
        }
    }
    refused(StatusCode::NOT_FOUND, "BlobNotFound")
}

fn refused(code: StatusCode, why: &str) -> Response {
    let kind = [(header::CONTENT_TYPE, "application/xml")];
    let body = format!("\u{feff}<?xml version=\"1.0\" encoding=\"utf-8\"?><Error><Code>{why}</Code></Error>");
    (code, kind, body).into_response()
}

/// The whole log of a job.
fn text(workflow: &Workflow, repository: &str, run: &Run, job: &Job, debug: bool) -> String {
    // The real ones begin with a byte order mark.
    let mut out = String::from("\u{feff}");
    let plan = shape::title(workflow, job);
    let source = words::Source { repository, branch: &run.branch, sha: &run.sha, title: &run.title };
    for (index, step) in job.steps.iter().enumerate() {
        if step.conclusion == SKIPPED {
            continue;
        }
        let seed = hash(&format!("{}{}{index}", run.sha, plan.name));
        let mut lines = match step.writes {
            Some(writes) => words::of(writes, &source, &step.name, step.conclusion == FAILURE, seed),
            None if index == 0 => words::set_up(&plan.runner, &plan.name),
            None if index + 1 == job.steps.len() => vec!["Cleaning up orphan processes".to_owned()],
            None => words::after(),
        };
        if step.conclusion == CANCELLED {
            let part = lines.len() / 2;
            lines.truncate(part);
            lines.push("##[error]The operation was canceled.".to_owned());
        }
        if debug {
            let name = &step.name;
            lines.insert(0, format!("##[debug]Evaluating condition for step: '{name}'"));
            lines.push(format!("##[debug]Finishing: {name}"));
        }
        write(&mut out, step, &lines);
    }
    out
}

/// The lines of a step, spread over its time.
fn write(out: &mut String, step: &Step, lines: &[String]) {
    let span = step.ended.duration_since(step.started).unsigned_abs();
    let each = span / u32::try_from(lines.len()).unwrap_or(u32::MAX).max(1);
    let (mut now, mut last) = (step.started, step.started);
    for (index, line) in lines.iter().enumerate() {
        let jitter = Duration::from_nanos(hash(line) % 9_000 * 100).min(each / 2);
        let stamp = later(now, jitter).max(last);
        last = stamp;
        // Writing to a String cannot fail.
        let _ = writeln!(out, "{stamp:.7} {line}");
        // The command and what it is given come at once.
        if index > 0 || span < Duration::from_secs(2) {
            now = later(now, each);
        }
    }
}
