//! GitHub Actions.

mod asides;
mod beside;
mod dispatch;
mod drift;
mod folders;
mod gates;
#[cfg(test)]
mod hour;
pub mod ingest;
pub mod ingest_asides;
pub mod ingest_beside;
pub mod ingest_drift;
pub mod ingest_folders;
pub mod ingest_gates;
pub mod ingest_workflow;
mod jobs;
pub mod log;
mod older;
mod past;
pub(super) mod perform;
mod queued;
mod review;
mod rhythm;
mod startable;
mod steps;
pub mod watch;
mod words;
mod workflow;

use crate::model::workflows::WorkflowWanted;
use crate::model::{Name, ObjectId, SourceId, Uid};
use crate::net::segment;
use crate::safe;
use crate::text::Safe;

/// The runs in an answer, or what is odd about it: the console and `doctor` say the same.
pub fn runs(source: SourceId, repository: &Name, body: &[u8]) -> Result<ingest::Runs, Safe> {
    ingest::runs(source, repository, body).map_err(|error| {
        let next = "is something between here and GitHub? check its address";
        safe!("{}; {}", Safe::line(&error.to_string()), Safe::of(next))
    })
}

/// `/repos/acme/checkout`.
fn repository(name: &str) -> String {
    let (owner, name) = name.split_once('/').unwrap_or(("", name));
    format!("/repos/{}/{}", segment(owner), segment(name))
}

/// The runs of a repository, newest first.
fn runs_path(name: &str) -> String {
    format!("{}/actions/runs?per_page=100", repository(name))
}

/// Those of them that have not ended, by GitHub's word for how they stand.
fn older_path(name: &str, status: &str) -> String {
    format!("{}/actions/runs?status={status}&per_page=100", repository(name))
}

fn workflows_path(name: &str) -> String {
    format!("{}/actions/workflows?per_page=100", repository(name))
}

fn environments_path(name: &str) -> String {
    format!("{}/environments?per_page=100", repository(name))
}

/// The workflow's file at a branch or tag.
fn contents_path(wanted: &WorkflowWanted) -> String {
    let (path, reference) = (segment(wanted.path.raw()), segment(wanted.reference.raw()));
    format!("{}/contents/{path}?ref={reference}", repository(wanted.repository.raw()))
}

/// A file on the default branch.
fn repository_file_path(name: &str, path: &str) -> String {
    format!("{}/contents/{}", repository(name), segment(path))
}

fn run_path(run: &ObjectId) -> String {
    format!("{}/actions/runs/{}", repository(run.namespace.raw()), segment(run.uid.raw()))
}

fn jobs_path(run: &ObjectId) -> String {
    format!("{}/jobs?filter=latest&per_page=100", run_path(run))
}

/// Of all its attempts: a job that failed before it passed counts as failed, too.
fn all_jobs_path(run: &ObjectId) -> String {
    format!("{}/jobs?filter=all&per_page=100", run_path(run))
}

/// What the run waits for; an approval goes to the same place.
fn pending_path(run: &ObjectId) -> String {
    format!("{}/pending_deployments", run_path(run))
}

/// Who approved or rejected what.
fn approvals_path(run: &ObjectId) -> String {
    format!("{}/approvals", run_path(run))
}

fn job_path(of: &Name, job: &Uid) -> String {
    format!("{}/actions/jobs/{}", repository(of.raw()), segment(job.raw()))
}

/// The check runs of a commit, of each name the newest.
fn checks_path(of: &Name, sha: &Name) -> String {
    format!("{}/commits/{}/check-runs?filter=latest&per_page=100", repository(of.raw()), segment(sha.raw()))
}

fn annotations_path(of: &Name, check: &Uid) -> String {
    format!("{}/check-runs/{}/annotations?per_page=100", repository(of.raw()), segment(check.raw()))
}

/// An attempt of a run as it was.
fn attempt_path(of: &Name, run: &Uid, number: u32) -> String {
    format!("{}/actions/runs/{}/attempts/{number}", repository(of.raw()), segment(run.raw()))
}

fn artifacts_path(of: &Name, run: &Uid) -> String {
    format!("{}/actions/runs/{}/artifacts?per_page=100", repository(of.raw()), segment(run.raw()))
}

fn deployments_path(of: &Name, environment: &Name) -> String {
    let environment = segment(environment.raw());
    format!("{}/deployments?environment={environment}&per_page=10", repository(of.raw()))
}

fn statuses_path(of: &Name, deployment: &Uid) -> String {
    format!("{}/deployments/{}/statuses?per_page=100", repository(of.raw()), segment(deployment.raw()))
}
