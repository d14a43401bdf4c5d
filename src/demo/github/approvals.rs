//! Environments with reviewers: who may approve, and how a run goes on when somebody did.

use axum::http::StatusCode;
use jiff::Timestamp;
use serde::Deserialize;
use serde_json::{Value, json};

use super::book::{Book, Refused, Run};
use super::plan::{Attempt, Environment, FAILURE, Start};
use super::reply::{Asked, Reply};
use super::shape::Shape;
use crate::demo::value::{hash, later};

/// Whose token it is, whatever token it is.
pub(super) const DEMO: &str = "demo";

/// What somebody said.
#[derive(Debug, Clone)]
pub(super) struct Review {
    pub(super) at: Timestamp,
    /// `approved` or `rejected`.
    pub(super) state: &'static str,
    pub(super) comment: String,
    /// By name.
    pub(super) environments: Vec<String>,
    pub(super) user: &'static str,
}

/// The body of a request.
#[derive(Debug, Deserialize)]
struct Wanted {
    environment_ids: Vec<u64>,
    state: String,
    comment: String,
}

/// GET /user.
pub(super) fn user(asked: &Asked) -> Reply {
    if asked.token.is_empty() {
        return Reply::refused(StatusCode::UNAUTHORIZED, "Requires authentication");
    }
    Reply::json(json!({ "login": DEMO, "id": hash(DEMO) % 9_000_000, "type": "User", "site_admin": false }))
}

/// Whether the demo's user may approve what this attempt waits for.
pub(super) fn may(environment: &Environment, attempt: &Attempt, run: &Run) -> bool {
    let began = if attempt.number > 1 { attempt.actor } else { run.actor };
    environment.reviewers.iter().any(|login| login == DEMO) && (environment.own || began != DEMO)
}

/// POST …/pending_deployments.
pub(super) fn answer(
    book: &mut Book,
    asked: &Asked,
    (repository, run): (&str, u64),
    body: &[u8],
    now: Timestamp,
) -> Reply {
    let Ok(wanted) = serde_json::from_slice::<Wanted>(body) else {
        return Reply::refused(StatusCode::UNPROCESSABLE_ENTITY, "Invalid request.");
    };
    match review(book, repository, run, &wanted, now) {
        Ok(done) => {
            let deployment = |name: &String| {
                json!({ "id": hash(&format!("{run}{name}")) % 900_000_000, "environment": name, "task": "deploy",
                    "url": format!("{}/repos/{repository}/deployments/{}", asked.base, hash(name) % 900_000_000) })
            };
            let body: Value = done.iter().map(deployment).collect();
            Reply::Json { code: StatusCode::OK, etag: None, body, link: None }
        }
        Err(Refused::NotFound) => Reply::not_found(),
        Err(Refused::Forbidden) => {
            Reply::refused(StatusCode::FORBIDDEN, "You are not allowed to review this deployment.")
        }
        Err(_) => {
            Reply::refused(StatusCode::UNPROCESSABLE_ENTITY, "No pending deployment requests to approve or reject.")
        }
    }
}

/// Decides on environments that a run waits for; their names.
fn review(book: &mut Book, repository: &str, id: u64, wanted: &Wanted, now: Timestamp) -> Result<Vec<String>, Refused> {
    let state = match wanted.state.as_str() {
        "approved" => "approved",
        "rejected" => "rejected",
        _ => return Err(Refused::Invalid),
    };
    if wanted.comment.is_empty() || wanted.environment_ids.is_empty() {
        return Err(Refused::Invalid);
    }
    let (workflows, run) = book.run_mut(repository, id).ok_or(Refused::NotFound)?;
    let workflow = &workflows[run.workflow];
    let attempt = run.latest().ok_or(Refused::NotFound)?;
    let mut decided = Vec::new();
    for (place, job) in attempt.jobs.iter().enumerate().filter(|(_, job)| job.ended.is_none() && job.created <= now) {
        let Some(environment) = &workflow.jobs[job.plan].environment else { continue };
        if !wanted.environment_ids.contains(&Shape::environment_id(repository, &environment.name)) {
            continue;
        }
        if !may(environment, attempt, run) {
            return Err(Refused::Forbidden);
        }
        decided.push((place, environment));
    }
    let environments: Vec<String> = decided.iter().map(|(_, environment)| environment.name.clone()).collect();
    if wanted.environment_ids.len() != environments.len() {
        return Err(Refused::Invalid);
    }
    let decided: Vec<(usize, u64)> = decided.iter().map(|(place, environment)| (*place, environment.wait)).collect();
    let Some(attempt) = run.attempts.last_mut() else { return Err(Refused::NotFound) };
    for (place, wait) in decided {
        let job = &mut attempt.jobs[place];
        if state == "approved" {
            let opens = later(job.created, std::time::Duration::from_secs(wait * 60)).max(now);
            let created = job.created;
            *job = workflow.jobs[job.plan].run(job.id, job.plan, opens, false);
            job.created = created;
        } else {
            (job.started, job.ended) = (now, Some((now, FAILURE)));
        }
    }
    let start = Start {
        run: id,
        number: attempt.number,
        at: attempt.started,
        actor: attempt.actor,
        fault: None,
        before: None,
        debug: attempt.debug,
    };
    let mut jobs = std::mem::take(&mut attempt.jobs);
    workflow.go_on(&start, &mut jobs);
    attempt.jobs = jobs;
    let comment = wanted.comment.clone();
    run.reviews.push(Review { at: now, state, comment, environments: environments.clone(), user: DEMO });
    Ok(environments)
}
