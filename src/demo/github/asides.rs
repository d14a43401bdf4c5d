//! What stands beside runs: the check runs of a commit (jobs, and what an action reports of tests),
//! their annotations, and artifacts.

use std::time::Duration;

use jiff::Timestamp;
use serde_json::{Value, json};

use super::book::{Book, Repository, Run};
use super::deployments::{deployment, deployments, statuses};
use super::plan::{Attempt, FAILURE, Job, Step, Workflow, Writes};
use super::reply::{self, Asked, Reply};
use crate::demo::value::{hash, later, rfc3339, set};

const CHECK: &str = include_str!("../../../demo/recordings/github/check_run.json");
const ANNOTATION: &str = include_str!("../../../demo/recordings/github/annotation.json");
const ARTIFACT: &str = include_str!("../../../demo/recordings/github/artifact.json");

pub(super) fn example(text: &str) -> Value {
    serde_json::from_str(text).unwrap_or_default()
}

/// An answer that says "unchanged" to whoever has it.
fn told(asked: &Asked, body: Value) -> Reply {
    reply::unless_known(asked, &body.to_string(), || body)
}

/// Reads below `/repos/{owner}/{repo}` beside those of Actions.
pub(super) fn read(book: &Book, repository: &Repository, rest: &[&str], asked: &Asked, now: Timestamp) -> Reply {
    match rest {
        ["commits", sha, "check-runs"] => {
            let all = checks(book, repository, asked, sha, now);
            let (page, link) = asked.page(&all);
            told(asked, json!({ "total_count": all.len(), "check_runs": page })).with_link(link)
        }
        ["check-runs", id, "annotations"] => match super::job_of(repository, id, now) {
            Some((run, _, job)) => {
                let all = annotations(&book.workflows[run.workflow], job, now);
                let (page, link) = asked.page(&all);
                told(asked, page.into()).with_link(link)
            }
            None => Reply::not_found(),
        },
        ["deployments"] => {
            let wanted = asked.params.get("environment").map(String::as_str);
            let all = deployments(book, repository, now);
            let all: Vec<Value> = all
                .iter()
                .filter(|row| wanted.is_none_or(|wanted| row.environment == wanted))
                .map(|row| deployment(asked, repository, row))
                .collect();
            let (page, link) = asked.page(&all);
            told(asked, page.into()).with_link(link)
        }
        ["deployments", id, "statuses"] => {
            let all = deployments(book, repository, now);
            match all.iter().find(|row| row.id.to_string() == *id) {
                Some(row) => told(asked, statuses(asked, repository, row, now)),
                None => Reply::not_found(),
            }
        }
        _ => Reply::not_found(),
    }
}

/// Newest attempts of the runs of a commit: their jobs, and the reports of their tests.
fn checks(book: &Book, repository: &Repository, asked: &Asked, sha: &str, now: Timestamp) -> Vec<Value> {
    let mut all = Vec::new();
    for run in repository.runs.iter().filter(|run| run.sha == sha) {
        let workflow = &book.workflows[run.workflow];
        let jobs = run.latest().into_iter().flat_map(|attempt| &attempt.jobs).filter(|job| job.created <= now);
        for job in jobs {
            all.push(check(asked, repository, run, workflow, job, now));
            all.extend(report(asked, repository, run, workflow, job, now));
        }
    }
    all
}

fn base_check(asked: &Asked, repository: &Repository, run: &Run, id: u64) -> Value {
    let mut out = example(CHECK);
    let at = format!("{}/repos/{}/check-runs/{id}", asked.base, repository.name);
    for (pointer, value) in [
        ("/id", json!(id)),
        ("/node_id", json!(format!("CR_kw{id:010x}"))),
        ("/head_sha", json!(run.sha)),
        ("/url", json!(at)),
        ("/output/annotations_url", json!(format!("{at}/annotations"))),
        ("/check_suite/id", json!(hash(&format!("suite{}", run.id)) % 90_000_000_000)),
        ("/app/slug", json!("github-actions")),
        ("/app/name", json!("GitHub Actions")),
        ("/pull_requests", json!([])),
    ] {
        set(&mut out, pointer, value);
    }
    out
}

/// A job says of itself as a check what it says as a job, and how many annotations it has.
fn check(asked: &Asked, repository: &Repository, run: &Run, workflow: &Workflow, job: &Job, now: Timestamp) -> Value {
    let (status, conclusion) = job.state(now);
    let mut out = base_check(asked, repository, run, job.id);
    let page = format!("https://github.com/{}/actions/runs/{}/job/{}", repository.name, run.id, job.id);
    let ended = job.ended.map(|(end, _)| end).filter(|end| *end <= now);
    for (pointer, value) in [
        ("/name", json!(workflow.jobs[job.plan].name)),
        ("/status", json!(status)),
        ("/conclusion", json!(conclusion)),
        ("/started_at", json!(rfc3339(if job.started <= now { job.started } else { job.created }))),
        ("/completed_at", json!(ended.map(rfc3339))),
        ("/html_url", json!(page)),
        ("/details_url", json!(page)),
        ("/output/title", Value::Null),
        ("/output/summary", Value::Null),
        ("/output/text", Value::Null),
        ("/output/annotations_count", json!(annotations(workflow, job, now).len())),
    ] {
        set(&mut out, pointer, value);
    }
    out
}

fn step(job: &Job, writes: Writes, now: Timestamp) -> Option<&Step> {
    job.steps.iter().find(|step| step.writes == Some(writes) && step.ended <= now)
}

/// What an action reports of the tests of a job, when they are over.
fn report(
    asked: &Asked,
    repository: &Repository,
    run: &Run,
    workflow: &Workflow,
    job: &Job,
    now: Timestamp,
) -> Option<Value> {
    let (step, title, summary) = if let Some(step) = step(job, Writes::Unit, now) {
        let failed = step.conclusion == FAILURE;
        let title = if failed { "1 failed, 287 passed" } else { "288 passed" };
        let coverage =
            "## Coverage\n\n**87.4 %** of 11 204 lines, 0.2 % more than main\n\n| file | lines |\n|---|---|\n";
        (step, title, format!("{coverage}| src/cart/prices.py | 61.0 % |\n"))
    } else {
        let step = step(job, Writes::E2e, now)?;
        let failed = step.conclusion == FAILURE;
        let title = if failed { "1 failed, 211 passed" } else { "212 passed" };
        let first = if failed { "confirmation › shows the total after a price change" } else { "6 files, 4 workers" };
        (step, title, format!("{first}\n"))
    };
    let id = hash(&format!("report{}", job.id)) % 90_000_000_000;
    let mut out = base_check(asked, repository, run, id);
    let page = format!("https://github.com/{}/runs/{id}", repository.name);
    for (pointer, value) in [
        ("/name", json!(format!("Test report: {}", workflow.jobs[job.plan].name))),
        ("/status", json!("completed")),
        ("/conclusion", json!(step.conclusion)),
        ("/started_at", json!(rfc3339(step.ended))),
        ("/completed_at", json!(rfc3339(later(step.ended, Duration::from_secs(1))))),
        ("/html_url", json!(page)),
        ("/details_url", json!(page)),
        ("/output/title", json!(title)),
        ("/output/summary", json!(summary)),
        ("/output/text", Value::Null),
        ("/output/annotations_count", json!(0)),
    ] {
        set(&mut out, pointer, value);
    }
    Some(out)
}

/// Of a job that failed: what its tool named, and the runner's own last word.
fn annotations(workflow: &Workflow, job: &Job, now: Timestamp) -> Vec<Value> {
    let failed = job.steps.iter().filter(|step| step.conclusion == FAILURE && step.ended <= now);
    let named = |(path, line, message): (&str, u64, &str), title: &str| {
        let mut out = example(ANNOTATION);
        for (pointer, value) in [
            ("/path", json!(path)),
            ("/start_line", json!(line)),
            ("/end_line", json!(line)),
            ("/start_column", Value::Null),
            ("/end_column", Value::Null),
            ("/annotation_level", json!("failure")),
            ("/title", json!(title)),
            ("/message", json!(message)),
            ("/raw_details", json!("")),
        ] {
            set(&mut out, pointer, value);
        }
        out
    };
    let name = &workflow.jobs[job.plan].name;
    failed
        .flat_map(|step| {
            let own = match step.writes {
                Some(Writes::Unit) => Some(("tests/test_facets.py", 41, "AssertionError: assert None == {}")),
                Some(Writes::E2e) => Some((
                    "e2e/confirmation.spec.ts",
                    64,
                    "expect(locator).toHaveText(expected) failed\n\nExpected: \"€ 41.90\"\nReceived: \"€ 39.90\"",
                )),
                Some(Writes::Schema) => Some((
                    "src/search/index/migrate.py",
                    88,
                    "SchemaError: index schema 41 is not supported, expected 42",
                )),
                _ => None,
            };
            let last = named((".github", 1, "Process completed with exit code 1."), name);
            own.map(|own| named(own, "")).into_iter().chain([last]).collect::<Vec<_>>()
        })
        .collect()
}

/// GET …/runs/{id}/artifacts.
pub(super) fn artifacts(book: &Book, repository: &Repository, run: &Run, asked: &Asked, now: Timestamp) -> Reply {
    let workflow = &book.workflows[run.workflow];
    let attempts: Vec<&Attempt> = run.attempts.iter().collect();
    let mut all = Vec::new();
    for job in attempts.iter().flat_map(|attempt| &attempt.jobs) {
        for step in job.steps.iter().filter(|step| step.ended <= now) {
            let plan = &workflow.jobs[job.plan].name;
            let (what, days) = match step.writes {
                Some(Writes::Unit) => ("coverage", 30),
                Some(Writes::E2e) => ("playwright-report", 14),
                Some(Writes::Image) => ("image", 1),
                _ => continue,
            };
            let values: String = plan.chars().filter(|c| c.is_ascii_alphanumeric() || matches!(c, '.' | ' ')).collect();
            let values = values.trim().replace(' ', "-");
            let name = if values.is_empty() { what.to_owned() } else { format!("{what}-{values}") };
            all.push(artifact(asked, repository, run, &name, (step.ended, days), now));
        }
    }
    let (page, link) = asked.page(&all);
    told(asked, json!({ "total_count": all.len(), "artifacts": page })).with_link(link)
}

fn artifact(
    asked: &Asked,
    repository: &Repository,
    run: &Run,
    name: &str,
    (at, days): (Timestamp, u64),
    now: Timestamp,
) -> Value {
    let number = hash(&format!("{}{name}{at}", run.id));
    let id = number % 9_000_000_000;
    let expires = later(at, Duration::from_hours(24 * days));
    let url = format!("{}/repos/{}/actions/artifacts/{id}", asked.base, repository.name);
    let mut out = example(ARTIFACT);
    for (pointer, value) in [
        ("/id", json!(id)),
        ("/node_id", json!(format!("A_kw{id:010x}"))),
        ("/name", json!(name)),
        ("/size_in_bytes", json!(40_000 + number % 90_000_000)),
        ("/url", json!(url)),
        ("/archive_download_url", json!(format!("{url}/zip"))),
        ("/expired", json!(expires <= now)),
        ("/created_at", json!(rfc3339(at))),
        ("/updated_at", json!(rfc3339(at))),
        ("/expires_at", json!(rfc3339(expires))),
        ("/digest", json!(format!("sha256:{number:016x}{:016x}{:016x}{:016x}", !number, number << 7, number >> 3))),
        ("/workflow_run/id", json!(run.id)),
        ("/workflow_run/head_branch", json!(run.branch)),
        ("/workflow_run/head_sha", json!(run.sha)),
    ] {
        set(&mut out, pointer, value);
    }
    out
}
