//! What was deployed where, and what it came to: versions as the world deploys them, and jobs that
//! wait for an environment's reviewers.

use std::time::Duration;

use jiff::Timestamp;
use serde_json::{Value, json};

use super::asides::example;
use super::book::{Book, Deploy, Repository, Run};
use super::plan::{FAILURE, SUCCESS, Workflow};
use super::reply::Asked;
use crate::demo::value::{hash, later, rfc3339, set};

const DEPLOYMENT: &str = include_str!("../../../demo/recordings/github/deployment.json");
const STATUS: &str = include_str!("../../../demo/recordings/github/deployment_status.json");

/// Deployments that come again are known so many times back.
const AGAIN: usize = 12;
/// From the request of a deployment to its end.
const TAKES: Duration = Duration::from_secs(40);

/// A deployment with the states it went through, oldest first.
pub(super) struct Deployed {
    pub(super) id: u64,
    pub(super) environment: String,
    sha: String,
    named: String,
    by: String,
    at: Timestamp,
    states: Vec<(Timestamp, &'static str)>,
}

/// Everything that was deployed of a repository by now, newest first.
pub(super) fn deployments(book: &Book, repository: &Repository, now: Timestamp) -> Vec<Deployed> {
    let mut all: Vec<Deployed> = Vec::new();
    for deploy in book.deploys.iter().filter(|deploy| deploy.repository() == repository.name) {
        all.extend(of_deploy(book, repository, deploy, now));
    }
    for run in &repository.runs {
        all.extend(of_run(&book.workflows[run.workflow], run, now));
    }
    all.retain(|row| row.at <= now);
    all.sort_by_key(|row| (row.at, row.id));
    // What came after it made it inactive.
    for at in 0..all.len() {
        let next = all[at + 1..].iter().filter(|row| row.environment == all[at].environment);
        let done =
            next.filter_map(|row| row.states.iter().find(|(_, state)| *state == SUCCESS)).map(|(when, _)| *when).min();
        let ran = all[at].states.iter().any(|(_, state)| *state == SUCCESS);
        if let Some(done) = done.filter(|_| ran) {
            all[at].states.push((later(done, Duration::from_secs(1)), "inactive"));
        }
    }
    for row in &mut all {
        row.states.retain(|(when, _)| *when <= now);
    }
    all.reverse();
    all
}

fn of_deploy(book: &Book, repository: &Repository, deploy: &Deploy, now: Timestamp) -> Vec<Deployed> {
    let mut all = Vec::new();
    let (mut at, mut version) = (deploy.at, 0);
    let versions = deploy.again.as_ref().map_or(std::slice::from_ref(&deploy.version), |(_, versions)| versions);
    while at <= now && version < 10_000 {
        let named = versions.get(version % versions.len().max(1)).unwrap_or(&deploy.version);
        all.push(Deployed {
            id: id(&format!("{}{}{at}", repository.name, deploy.environment)),
            environment: deploy.environment.clone(),
            sha: book.sha_of(&repository.name, named),
            named: format!("v{named}"),
            by: book.person(named).to_owned(),
            at,
            states: vec![(later(at, Duration::from_secs(2)), "in_progress"), (later(at, TAKES), SUCCESS)],
        });
        let Some((every, _)) = &deploy.again else { break };
        (at, version) = (later(at, *every), version + 1);
    }
    let old = all.len().saturating_sub(AGAIN);
    all.split_off(old)
}

/// What jobs deploy that wait for an environment's reviewers.
fn of_run(workflow: &Workflow, run: &Run, now: Timestamp) -> Vec<Deployed> {
    let Some(attempt) = run.latest() else { return Vec::new() };
    let jobs = attempt.jobs.iter().filter(|job| job.created <= now);
    jobs.filter_map(|job| {
        let environment = workflow.jobs[job.plan].environment.as_ref()?.name.clone();
        let mut states = vec![(job.created, "waiting")];
        if let Some((end, how)) = job.ended {
            states.push((job.started, "in_progress"));
            states.push((end, if how == SUCCESS { SUCCESS } else { FAILURE }));
        }
        let (sha, named, by) = (run.sha.clone(), run.branch.clone(), run.actor.to_owned());
        Some(Deployed { id: id(&job.id.to_string()), environment, sha, named, by, at: job.created, states })
    })
    .collect()
}

fn id(of: &str) -> u64 {
    1_000_000_000 + hash(of) % 2_000_000_000
}

pub(super) fn deployment(asked: &Asked, repository: &Repository, row: &Deployed) -> Value {
    let mut out = example(DEPLOYMENT);
    let url = format!("{}/repos/{}", asked.base, repository.name);
    let changed = row.states.last().map_or(row.at, |(at, _)| *at);
    for (pointer, value) in [
        ("/id", json!(row.id)),
        ("/node_id", json!(format!("DE_kw{:010x}", row.id))),
        ("/url", json!(format!("{url}/deployments/{}", row.id))),
        ("/statuses_url", json!(format!("{url}/deployments/{}/statuses", row.id))),
        ("/repository_url", json!(url)),
        ("/sha", json!(row.sha)),
        ("/ref", json!(row.named)),
        ("/environment", json!(row.environment)),
        ("/original_environment", json!(row.environment)),
        ("/description", Value::Null),
        ("/creator/login", json!(row.by)),
        ("/created_at", json!(rfc3339(row.at))),
        ("/updated_at", json!(rfc3339(changed))),
    ] {
        set(&mut out, pointer, value);
    }
    out
}

/// Newest first.
pub(super) fn statuses(asked: &Asked, repository: &Repository, row: &Deployed, now: Timestamp) -> Value {
    let url = format!("{}/repos/{}/deployments/{}", asked.base, repository.name, row.id);
    let states = row.states.iter().enumerate().filter(|(_, (at, _))| *at <= now).rev();
    let of = |(number, (at, state)): (usize, &(Timestamp, &'static str))| {
        let mut out = example(STATUS);
        for (pointer, value) in [
            ("/id", json!(row.id * 10 + number as u64)),
            ("/url", json!(format!("{url}/statuses/{}", row.id * 10 + number as u64))),
            ("/state", json!(state)),
            ("/creator/login", json!(row.by)),
            ("/description", json!("")),
            ("/environment", json!(row.environment)),
            ("/created_at", json!(rfc3339(*at))),
            ("/updated_at", json!(rfc3339(*at))),
            ("/deployment_url", json!(url)),
        ] {
            set(&mut out, pointer, value);
        }
        out
    };
    states.map(of).collect()
}
