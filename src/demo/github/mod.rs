//! GitHub's REST API of the demo's world, under `/github` on its server: runs, attempts, jobs, logs,
//! rerun and cancel, with the limits, the conditional answers and the refusals of the real one.

mod approvals;
mod asides;
mod asked;
mod beside;
mod book;
mod commits;
mod deployments;
mod dispatch;
mod logs;
mod plan;
mod quota;
mod renamed;
mod reply;
mod shape;
mod wide;
mod words;

use std::collections::HashMap;
use std::sync::Arc;

use axum::Router;
use axum::body::Bytes;
use axum::extract::{Query, State};
use axum::http::{HeaderMap, Method, StatusCode, Uri, header};
use axum::response::Response;
use jiff::Timestamp;
use serde_json::{Value, json};

pub(super) use self::book::{Book, Deploy};
use self::book::{Refused, Repository, Run};
use self::plan::Again;
pub(super) use self::plan::{Fault, Writes};
pub(super) use self::quota::Pressure;
use self::quota::Spent;
use self::reply::{Asked, Reply};
use self::shape::Shape;
pub(super) use self::words::{Source, of as lines};
use super::gitops;
use super::server::Shared;
use super::value::hash;
use super::world::World;

/// Where it stands on the server.
pub(super) const PREFIX: &str = "/github";

/// The routes.
pub(super) fn router(shared: Arc<Shared>) -> Router {
    Router::new().fallback(answer).with_state(shared)
}

type Params = HashMap<String, String>;

async fn answer(
    State(shared): State<Arc<Shared>>,
    method: Method,
    uri: Uri,
    headers: HeaderMap,
    body: Bytes,
) -> Response {
    let text = |name: header::HeaderName| headers.get(name).and_then(|value| value.to_str().ok()).unwrap_or_default();
    let token = text(header::AUTHORIZATION);
    let params = Query::<Params>::try_from_uri(&uri).map(|query| query.0).unwrap_or_default();
    let parts: Vec<&str> = uri.path().split('/').filter(|part| !part.is_empty()).collect();
    let mono = shared.mono();
    let mut world = shared.world();
    let now = world.now;
    if let ["_signed", "logs", job] = parts[..] {
        return logs::download(&world, job, &params, token);
    }
    if text(header::USER_AGENT).is_empty() {
        return reply::no_agent();
    }
    let base = format!("http://{}{PREFIX}", text(header::HOST));
    let asked = Asked { base: &base, uri: &uri, params: &params, known: text(header::IF_NONE_MATCH), token };
    if parts == ["rate_limit"] {
        // Asking how one stands is free.
        let standing = world.book.quota.standing(token, now);
        return reply::finish(reply::rate_limit(&standing), &asked, &mut world.book.quota, now);
    }
    let write = method != Method::GET && method != Method::HEAD;
    let by_name = renamed::by_name(&world.book, &parts);
    let parts = by_name.as_ref().map_or(parts, |named| named.iter().map(String::as_str).collect());
    let moved = renamed::moved(&parts, &method, &base, &uri);
    let answer = match (world.book.quota.admit(token, write, now, mono), moved) {
        (Ok(()), Some(moved)) => moved,
        (Ok(()), None) if write => act(&mut world, &method, &parts, &asked, &body),
        (Ok(()), None) => read(&world, &parts, &asked),
        (Err(Spent::Hour), _) => reply::spent(token),
        (Err(Spent::Secondary(seconds)), _) => reply::too_fast(seconds),
    };
    reply::finish(answer, &asked, &mut world.book.quota, now)
}

fn read(world: &World, parts: &[&str], asked: &Asked) -> Reply {
    if parts == ["user"] {
        return approvals::user(asked);
    }
    if let ["orgs", organization, "actions", "runners"] = parts {
        return beside::shared(organization, asked);
    }
    if let ["orgs", organization, "actions", "hosted-runners"] = parts {
        return beside::larger(organization, asked);
    }
    let ["repos", owner, name, rest @ ..] = parts else { return Reply::not_found() };
    let full = format!("{owner}/{name}");
    if full == gitops::REPOSITORY
        && let ["contents", path @ ..] = rest
    {
        return commits::overlay(world, path, asked);
    }
    let (book, now) = (&world.book, world.now);
    let known = book.repositories.iter().find(|it| it.name.eq_ignore_ascii_case(&full));
    let Some(repository) = known else { return Reply::not_found() };
    match rest {
        ["actions", rest @ ..] => actions(book, repository, rest, asked, now),
        ["commits"] if asked.params.contains_key("path") => commits::list(world, repository, asked),
        ["compare", range] => commits::compare(world, repository, range),
        [] => {
            let id = renamed::id(&repository.name);
            Reply::json(json!({ "id": id, "full_name": repository.name, "default_branch": "main", "private": true }))
        }
        ["environments"] => dispatch::environments(book, repository, asked),
        [of @ ("code-scanning" | "secret-scanning"), rest @ ..] => beside::security(repository, of, rest, asked),
        ["contents", rest @ ..] => dispatch::contents(book, repository, rest, asked),
        rest => asides::read(book, repository, rest, asked, now),
    }
}

fn actions(book: &Book, repository: &Repository, rest: &[&str], asked: &Asked, now: Timestamp) -> Reply {
    match rest {
        ["runs"] => runs(book, repository, None, asked, now),
        ["runners"] => beside::own(repository, asked),
        ["workflows", which, "runs"] => runs(book, repository, Some(which), asked, now),
        ["workflows"] => {
            let used = dispatch::used(book, repository);
            let all: Vec<Value> = used.map(|(_, workflow)| shape::workflow(asked.base, repository, workflow)).collect();
            Reply::json(json!({ "total_count": all.len(), "workflows": all }))
        }
        ["jobs", job] => match job_of(repository, job, now) {
            Some((run, attempt, job)) => {
                let shape = Shape::of(asked.base, &repository.name);
                Reply::json(shape.job(&book.workflows[run.workflow], run, attempt, job, now))
            }
            None => Reply::not_found(),
        },
        ["jobs", job, "logs"] => match job_of(repository, job, now) {
            // There is no log of what still runs, and none of what never ran.
            Some((_, _, job)) if job.state(now).0 == "completed" && !job.steps.is_empty() => {
                Reply::Redirect(logs::signed(asked.base, job.id, now))
            }
            _ => Reply::not_found(),
        },
        ["runs", id, rest @ ..] => {
            let run = id.parse::<u64>().ok().and_then(|id| repository.runs.iter().find(|run| run.id == id));
            run.map_or_else(Reply::not_found, |run| of_run(book, repository, run, rest, asked, now))
        }
        _ => Reply::not_found(),
    }
}

fn of_run(book: &Book, repository: &Repository, run: &Run, rest: &[&str], asked: &Asked, now: Timestamp) -> Reply {
    let workflow = &book.workflows[run.workflow];
    let shape = || Shape::of(asked.base, &repository.name);
    let (number, rest) = match rest {
        ["attempts", number, rest @ ..] => (number.parse::<u32>().ok(), rest),
        _ => (run.latest().map(|latest| latest.number), rest),
    };
    let attempt = run.attempts.iter().find(|it| Some(it.number) == number);
    let Some(attempt) = attempt else { return Reply::not_found() };
    // What was approved begins later, and yet it waits no longer.
    let state = format!("{}/{}/{}/{}", run.id, attempt.number, attempt.changed(now), run.reviews.len());
    match rest {
        [] => reply::unless_known(asked, &state, || shape().run(workflow, run, attempt, now)),
        ["pending_deployments"] => Reply::json(shape().pending(workflow, run, attempt, now)),
        ["approvals"] => Reply::json(shape().approvals(run)),
        ["artifacts"] => asides::artifacts(book, repository, run, asked, now),
        ["jobs"] => {
            let all = asked.params.get("filter").is_some_and(|filter| filter == "all");
            let attempts: Vec<_> = if all { run.attempts.iter().collect() } else { vec![attempt] };
            let jobs: Vec<_> = attempts
                .into_iter()
                .flat_map(|attempt| attempt.jobs.iter().map(move |job| (attempt, job)))
                .filter(|(_, job)| job.created <= now)
                .collect();
            let (page, link) = asked.page(&jobs);
            let reply = reply::unless_known(asked, &state, || {
                let shape = shape();
                let page: Vec<Value> =
                    page.iter().map(|(attempt, job)| shape.job(workflow, run, attempt, job, now)).collect();
                json!({ "total_count": jobs.len(), "jobs": page })
            });
            reply.with_link(link)
        }
        _ => Reply::not_found(),
    }
}

/// A job with its run, whatever the attempt.
fn job_of<'a>(
    repository: &'a Repository,
    id: &str,
    now: Timestamp,
) -> Option<(&'a Run, &'a plan::Attempt, &'a plan::Job)> {
    let id: u64 = id.parse().ok()?;
    let all = repository.runs.iter().flat_map(|run| run.attempts.iter().map(move |attempt| (run, attempt)));
    let mut all = all.flat_map(|(run, attempt)| attempt.jobs.iter().map(move |job| (run, attempt, job)));
    all.find(|(_, _, job)| job.id == id && job.created <= now)
}

fn runs(book: &Book, repository: &Repository, which: Option<&str>, asked: &Asked, now: Timestamp) -> Reply {
    let filter = |name: &str| asked.params.get(name).map(String::as_str).filter(|value| !value.is_empty());
    let wanted = |run: &&Run| {
        let workflow = &book.workflows[run.workflow];
        let state = run.latest().map_or(("queued", None), |latest| latest.state(now));
        let file = workflow.path.rsplit('/').next().unwrap_or_default();
        which.is_none_or(|which| which == file || which == shape::workflow_id(workflow).to_string())
            && filter("branch").is_none_or(|it| it == run.branch)
            && filter("event").is_none_or(|it| it == run.event)
            && filter("actor").is_none_or(|it| it == run.actor)
            && filter("head_sha").is_none_or(|it| it == run.sha)
            && filter("status").is_none_or(|it| it == state.0 || Some(it) == state.1)
            && filter("created").is_none_or(|it| reply::within(it, run.created))
    };
    let all: Vec<&Run> = repository.runs.iter().rev().filter(wanted).collect();
    let (page, link) = asked.page(&all);
    let mut state = all.len().to_string();
    for (run, attempt) in page.iter().filter_map(|run| Some((run, run.latest()?))) {
        let reviews = run.reviews.len();
        state = format!("{:x}", hash(&format!("{state}{}{}{reviews}", attempt.started, attempt.changed(now))));
    }
    let reply = reply::unless_known(asked, &state, || {
        let shape = Shape::of(asked.base, &repository.name);
        let of = |run: &&Run| run.latest().map(|it| shape.run(&book.workflows[run.workflow], run, it, now));
        let page: Vec<Value> = page.iter().filter_map(of).collect();
        json!({ "total_count": all.len(), "workflow_runs": page })
    });
    reply.with_link(link)
}

/// Rerun, rerun failed jobs, cancel, approve or reject.
fn act(world: &mut World, method: &Method, parts: &[&str], asked: &Asked, body: &[u8]) -> Reply {
    let ["repos", owner, name, "actions", kind, id, verb] = parts else { return Reply::not_found() };
    if method != Method::POST {
        return Reply::not_found();
    }
    if asked.token.is_empty() {
        return Reply::refused(StatusCode::UNAUTHORIZED, "Requires authentication");
    }
    if (*kind, *verb) == ("workflows", "dispatches") {
        let (repository, now) = (format!("{owner}/{name}"), world.now);
        return dispatch::start(&mut world.book, asked, (&repository, id), body, now);
    }
    let Ok(id) = id.parse::<u64>() else { return Reply::not_found() };
    let (repository, now) = (format!("{owner}/{name}"), world.now);
    if (*kind, *verb) == ("runs", "pending_deployments") {
        return approvals::answer(&mut world.book, asked, (&repository, id), body, now);
    }
    let debug = match serde_json::from_slice::<Value>(body) {
        Ok(body) => body["enable_debug_logging"] == true,
        Err(_) => false,
    };
    let book = &mut world.book;
    let (code, done) = match (*kind, *verb) {
        ("runs", "rerun") => (StatusCode::CREATED, book.rerun(&repository, id, now, Again::All, debug)),
        ("runs", "rerun-failed-jobs") => (StatusCode::CREATED, book.rerun(&repository, id, now, Again::Failed, debug)),
        ("jobs", "rerun") => {
            let Some((run, job)) = book.place_of_job(&repository, id) else { return Reply::not_found() };
            (StatusCode::CREATED, book.rerun(&repository, run, now, Again::Job(job), debug))
        }
        ("runs", "cancel") => (StatusCode::ACCEPTED, book.cancel(&repository, id, now, false)),
        ("runs", "force-cancel") => (StatusCode::ACCEPTED, book.cancel(&repository, id, now, true)),
        _ => return Reply::not_found(),
    };
    match done {
        Ok(()) => Reply::Json { code, etag: None, body: json!({}), link: None },
        Err(Refused::NotFound) => Reply::not_found(),
        Err(Refused::Running) => Reply::refused(StatusCode::FORBIDDEN, "This workflow is already running"),
        Err(Refused::Passed) => Reply::refused(StatusCode::FORBIDDEN, "This workflow run cannot be retried"),
        Err(Refused::Forbidden | Refused::Invalid) => {
            Reply::refused(StatusCode::UNPROCESSABLE_ENTITY, "Unprocessable Entity")
        }
        Err(Refused::Over) => Reply::refused(StatusCode::CONFLICT, "Cannot cancel a workflow run that is completed."),
    }
}
