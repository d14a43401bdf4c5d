//! From GitHub's answers to runs and jobs (apis.md §6.2). Pure. Fields that are null, missing or of
//! another type cost themselves; a row that has no id costs that row, and both are counted. Words that
//! are not known stay words.

use std::sync::Arc;

use serde::Deserialize;
use serde_json::value::RawValue;

use crate::model::kubernetes::Meta;
use crate::model::pipelines::{Conclusion, Job, JobStep, Jobs, Run, RunStatus};
use crate::model::{Kind, Name, ObjectId, SourceId, Uid};
use crate::systems::ingest::{IngestError, plain};
use crate::systems::wire::{Int, List, Obj, Text, Time};
use crate::text::Safe;

/// Runs of a page, and rows that were none.
#[derive(Debug, Clone, PartialEq)]
pub struct Runs {
    pub runs: Vec<Arc<Run>>,
    pub left_out: u64,
    /// `total_count`: of all pages.
    pub total: Option<u64>,
}

/// What is said of one job before its log is asked for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct JobHead {
    /// Its run's number, where the answer says it.
    pub run: Option<Uid>,
    pub status: RunStatus,
    pub url: Option<Safe>,
    pub steps: Vec<JobStep>,
}

#[derive(Deserialize)]
struct RunsWire<'a> {
    /// Must be there: an answer without it is no list, and an empty one would wipe what is known.
    #[serde(borrow)]
    workflow_runs: Vec<&'a RawValue>,
    #[serde(default)]
    total_count: Int,
}

#[derive(Deserialize)]
struct JobsWire<'a> {
    #[serde(borrow)]
    jobs: Vec<&'a RawValue>,
}

#[derive(Default, Deserialize)]
#[serde(default)]
struct RunWire<'a> {
    id: Int,
    #[serde(borrow)]
    name: Text<'a>,
    #[serde(borrow)]
    display_title: Text<'a>,
    #[serde(borrow)]
    head_branch: Text<'a>,
    #[serde(borrow)]
    head_sha: Text<'a>,
    #[serde(borrow)]
    path: Text<'a>,
    #[serde(borrow)]
    event: Text<'a>,
    #[serde(borrow)]
    status: Text<'a>,
    #[serde(borrow)]
    conclusion: Text<'a>,
    workflow_id: Int,
    run_number: Int,
    run_attempt: Int,
    #[serde(borrow)]
    html_url: Text<'a>,
    created_at: Time,
    updated_at: Time,
    run_started_at: Time,
    #[serde(borrow)]
    actor: Obj<ActorWire<'a>>,
    #[serde(borrow)]
    triggering_actor: Obj<ActorWire<'a>>,
    #[serde(borrow)]
    head_commit: Obj<CommitWire<'a>>,
}

#[derive(Default, Deserialize)]
#[serde(default)]
struct ActorWire<'a> {
    #[serde(borrow)]
    login: Text<'a>,
}

#[derive(Default, Deserialize)]
#[serde(default)]
struct CommitWire<'a> {
    #[serde(borrow)]
    message: Text<'a>,
}

#[derive(Default, Deserialize)]
#[serde(default)]
struct JobWire<'a> {
    id: Int,
    run_id: Int,
    run_attempt: Int,
    #[serde(borrow)]
    name: Text<'a>,
    #[serde(borrow)]
    status: Text<'a>,
    #[serde(borrow)]
    conclusion: Text<'a>,
    created_at: Time,
    started_at: Time,
    completed_at: Time,
    #[serde(borrow)]
    html_url: Text<'a>,
    #[serde(borrow)]
    runner_name: Text<'a>,
    #[serde(borrow)]
    labels: List<Text<'a>>,
    #[serde(borrow)]
    steps: List<Obj<StepWire<'a>>>,
}

#[derive(Default, Deserialize)]
#[serde(default)]
struct StepWire<'a> {
    number: Int,
    #[serde(borrow)]
    name: Text<'a>,
    #[serde(borrow)]
    status: Text<'a>,
    #[serde(borrow)]
    conclusion: Text<'a>,
    started_at: Time,
    completed_at: Time,
}

/// A page of the runs of a repository.
pub fn runs(source: SourceId, repository: &Name, bytes: &[u8]) -> Result<Runs, IngestError> {
    let wire: RunsWire<'_> = read("the runs", bytes)?;
    let total = u64::try_from(wire.total_count.or_zero()).ok().filter(|total| *total > 0);
    let mut page = Runs { runs: Vec::with_capacity(wire.workflow_runs.len()), left_out: 0, total };
    for row in wire.workflow_runs {
        match run(source, repository, row.get().as_bytes()) {
            Ok(run) => page.runs.push(Arc::new(run)),
            Err(_) => page.left_out += 1,
        }
    }
    Ok(page)
}

/// One run.
pub fn run(source: SourceId, repository: &Name, bytes: &[u8]) -> Result<Run, IngestError> {
    let wire: RunWire<'_> = object("a run", bytes)?;
    // A number that is not kept exactly would be the id of another run.
    let id = wire.id.0.filter(|id| id.abs() < Int::MOST).ok_or(IngestError::Missing { what: "a run", field: "id" })?;
    let number = u64::try_from(wire.run_number.or_zero()).unwrap_or(0);
    let path = wire.path.as_str();
    let workflow = match (wire.name.some(), path.rsplit('/').next().filter(|file| !file.is_empty())) {
        (Some(name), _) => Name::new(name),
        (None, Some(file)) => Name::new(file),
        (None, None) => Name::new(&format!("workflow {}", wire.workflow_id.or_zero())),
    };
    let first_line = |text: &str| text.lines().next().map(Safe::line);
    let commit = wire.head_commit.0.unwrap_or_default();
    let title = wire.display_title.some().map(Safe::line).or_else(|| first_line(commit.message.as_str()));
    let login = |actor: Obj<ActorWire<'_>>| actor.0.and_then(|actor| actor.login.some().map(Safe::identity));
    let conclusion = wire.conclusion.some().map(Conclusion::parse);
    Ok(Run {
        kind: Kind::Run,
        meta: Meta {
            cluster: source,
            namespace: repository.clone(),
            name: Name::new(&format!("{} #{number}", wire.name.some().unwrap_or(workflow.raw()))),
            uid: Uid::new(source, &id.to_string()),
            resource_version: Arc::from(""),
            generation: 0,
            created: wire.created_at.0,
            deleting: None,
            owner: None,
        },
        workflow,
        path: Name::new(path),
        title: title.unwrap_or_else(|| Safe::of("")),
        number,
        attempt: attempt(wire.run_attempt).unwrap_or(1),
        status: status(&wire.status, conclusion.as_ref()),
        conclusion,
        branch: wire.head_branch.some().map(Name::new),
        sha: Safe::identity(wire.head_sha.as_str()),
        event: wire.event.line(),
        actor: login(wire.triggering_actor).or_else(|| login(wire.actor)),
        created: wire.created_at.0,
        started: wire.run_started_at.0,
        updated: wire.updated_at.0,
        url: address(&wire.html_url).unwrap_or_default(),
    })
}

/// The jobs of a run, of all pages; `expected` is the attempt they are of when they do not say.
pub fn jobs(run: &ObjectId, expected: u32, pages: &[impl AsRef<[u8]>]) -> Result<Jobs, IngestError> {
    let mut all = Jobs { attempt: 0, jobs: Vec::new(), left_out: 0 };
    for page in pages {
        let wire: JobsWire<'_> = read("the jobs", page.as_ref())?;
        for row in wire.jobs {
            match job(run, row.get().as_bytes()) {
                Ok((job, attempt)) => {
                    all.attempt = all.attempt.max(attempt.unwrap_or(0));
                    all.jobs.push(job);
                }
                Err(_) => all.left_out += 1,
            }
        }
    }
    if all.attempt == 0 {
        all.attempt = expected;
    }
    Ok(all)
}

fn job(run: &ObjectId, bytes: &[u8]) -> Result<(Job, Option<u32>), IngestError> {
    let wire: JobWire<'_> = object("a job", bytes)?;
    let id = wire.id.0.filter(|id| id.abs() < Int::MOST).ok_or(IngestError::Missing { what: "a job", field: "id" })?;
    let id = id.to_string();
    let conclusion = wire.conclusion.some().map(Conclusion::parse);
    let job = Job {
        id: ObjectId {
            cluster: run.cluster,
            kind: Kind::Job,
            namespace: run.namespace.clone(),
            name: Name::new(wire.name.some().unwrap_or(&id)),
            uid: Uid::new(run.cluster, &id),
        },
        run: run.uid.clone(),
        status: status(&wire.status, conclusion.as_ref()),
        conclusion,
        created: wire.created_at.0,
        started: wire.started_at.0,
        completed: wire.completed_at.0,
        runner: wire.runner_name.some().map(Safe::identity),
        labels: wire.labels.0.iter().filter_map(|label| label.some().map(Safe::identity)).collect(),
        url: address(&wire.html_url),
        steps: steps(&wire.steps),
    };
    Ok((job, attempt(wire.run_attempt)))
}

/// What a job's own answer says of it.
pub fn job_head(source: SourceId, bytes: &[u8]) -> Result<JobHead, IngestError> {
    let wire: JobWire<'_> = object("the job", bytes)?;
    let conclusion = wire.conclusion.some().map(Conclusion::parse);
    let run = wire.run_id.0.map(|run| Uid::new(source, &run.to_string()));
    let status = status(&wire.status, conclusion.as_ref());
    Ok(JobHead { run, status, url: address(&wire.html_url), steps: steps(&wire.steps) })
}

fn steps(wire: &List<Obj<StepWire<'_>>>) -> Vec<JobStep> {
    wire.0.iter().filter_map(|step| step.0.as_ref()).enumerate().map(step).collect()
}

fn step((index, wire): (usize, &StepWire<'_>)) -> JobStep {
    let number = wire.number.0.and_then(|number| u32::try_from(number).ok()).unwrap_or(index as u32 + 1);
    let conclusion = wire.conclusion.some().map(Conclusion::parse);
    JobStep {
        number,
        name: wire.name.some().map_or_else(|| Safe::line(&format!("step {number}")), Safe::identity),
        status: status(&wire.status, conclusion.as_ref()),
        conclusion,
        started: wire.started_at.0,
        completed: wire.completed_at.0,
    }
}

/// A page for the browser: nothing but such an address is offered.
pub(super) fn address(url: &Text<'_>) -> Option<Safe> {
    let url = url.some()?;
    let scheme = url.split_once("://")?.0;
    ["https", "http"].into_iter().any(|known| scheme.eq_ignore_ascii_case(known)).then(|| Safe::line(url))
}

/// A status that is missing beside a conclusion can only be the last one.
pub(super) fn status(word: &Text<'_>, conclusion: Option<&Conclusion>) -> RunStatus {
    match (word.some(), conclusion) {
        (Some(word), _) => RunStatus::parse(word),
        (None, Some(_)) => RunStatus::Completed,
        (None, None) => RunStatus::Other(Safe::of("unknown")),
    }
}

fn attempt(wire: Int) -> Option<u32> {
    wire.0.and_then(|attempt| u32::try_from(attempt).ok()).filter(|attempt| *attempt > 0)
}

/// An object; anything else is no row.
pub(super) fn object<'a, T: Deserialize<'a>>(what: &'static str, bytes: &'a [u8]) -> Result<T, IngestError> {
    let wire: Obj<T> = read(what, bytes)?;
    wire.0.ok_or_else(|| IngestError::Invalid { what, message: "not an object".to_owned() })
}

pub(super) fn read<'a, T: Deserialize<'a>>(what: &'static str, bytes: &'a [u8]) -> Result<T, IngestError> {
    serde_json::from_slice(bytes).map_err(|error| {
        if error.is_eof() {
            IngestError::Truncated { what, bytes: bytes.len() }
        } else {
            IngestError::Invalid { what, message: plain(&error, bytes) }
        }
    })
}
