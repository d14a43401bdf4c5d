//! Runs, objectives, containers and what waits, as data (`status --json`).

use jiff::Timestamp;
use serde::Serialize;

use crate::model::approvals::Reviewer;
use crate::model::docker::DockerContainer;
use crate::model::pipelines::{Conclusion, Job, JobStep, Run};
use crate::model::slo::{Burn, Exhaustion, Figures, Reading, Slo};
use crate::state::waiting::Waiting;
use crate::state::{State, derived, runs as pipelines, slos as objectives};
use crate::text::Safe;

#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct RunRow {
    pub system: &'static str,
    pub id: String,
    pub repository: String,
    pub name: String,
    pub number: u64,
    pub attempt: u32,
    /// GitHub's words.
    pub status: String,
    pub conclusion: Option<String>,
    pub branch: Option<String>,
    pub sha: String,
    pub url: String,
    /// Absent: not read (only runs that somebody looks at, or that move, are asked for theirs).
    #[serde(skip_serializing_if = "Option::is_none")]
    pub jobs: Option<Vec<JobRow>>,
}

#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct JobRow {
    pub name: String,
    pub status: String,
    pub conclusion: Option<String>,
    pub runner: Option<String>,
    pub steps: Vec<JobStepRow>,
}

#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct JobStepRow {
    pub number: u32,
    pub name: String,
    pub status: String,
    pub conclusion: Option<String>,
}

/// Figures stand there whatever the state: who decides by them reads the state first.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct SloRow {
    pub id: String,
    pub service: String,
    pub objective: f64,
    pub window: String,
    pub source: &'static str,
    /// The kind of reading (slo.md §1.6): `value`, `no_traffic`, `no_data`, …
    pub state: &'static str,
    /// Of `no_data`: since when, where it is known.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub since: Option<Timestamp>,
    /// Nobody asks now, since then; a window that nobody asked in for a while may have figures still.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub idle_since: Option<Timestamp>,
    /// Why it is not `value`, where there is more to say than the word.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub why: Option<String>,
    /// Of an immature reading: the share of the window that has samples.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub coverage: Option<f64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub at: Option<Timestamp>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub attained: Option<f64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub consumed: Option<f64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub remaining: Option<f64>,
    /// Null: never at this rate. Absent: not known.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[allow(clippy::option_option, reason = "absent and null say different things (design: status.md)")]
    pub exhausted_in_seconds: Option<Option<f64>>,
    pub burn: Vec<BurnRow>,
    /// Of a calendar window: until its budget begins anew.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub resets_in_seconds: Option<u64>,
}

#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct BurnRow {
    pub short: String,
    pub long: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub short_rate: Option<f64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub long_rate: Option<f64>,
    pub threshold: f64,
    pub firing: bool,
    /// Both rates are over the threshold, but of no more than so many events: it does not fire.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub low_events: Option<u64>,
}

#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct ContainerRow {
    pub name: String,
    pub image: String,
    pub state: String,
    /// Null: of no Compose project.
    pub project: Option<String>,
}

#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct WaitingRow {
    pub kind: &'static str,
    pub object: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub since: Option<Timestamp>,
    pub sentence: String,
    pub unblock: Option<String>,
    /// Of a run that waits for an environment, as all that follows.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub environment: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub reviewers: Option<Vec<ReviewerRow>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub may_approve: Option<bool>,
    /// When its wait timer ends.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub opens_at: Option<Timestamp>,
    /// When GitHub fails the job.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub expires_at: Option<Timestamp>,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct ReviewerRow {
    /// `user` or `team`.
    pub kind: &'static str,
    pub name: String,
}

pub(super) fn runs(state: &State) -> Vec<RunRow> {
    pipelines::ordered(state).runs().iter().map(|row| run(state, row)).collect()
}

fn word(text: &Safe) -> String {
    text.as_str().to_owned()
}

fn ended(how: Option<&Conclusion>) -> Option<String> {
    how.map(|how| how.as_str().to_owned())
}

fn run(state: &State, row: &Run) -> RunRow {
    RunRow {
        system: row.kind.system().as_str(),
        id: row.meta.uid.raw().to_owned(),
        repository: row.repository().raw().to_owned(),
        name: word(row.workflow.safe()),
        number: row.number,
        attempt: row.attempt,
        status: row.status.as_str().to_owned(),
        conclusion: ended(row.conclusion.as_ref()),
        branch: row.branch.as_ref().map(|branch| word(branch.safe())),
        sha: word(&row.sha),
        url: word(&row.url),
        jobs: pipelines::current_jobs(state, row).map(|jobs| jobs.jobs.iter().map(job).collect()),
    }
}

fn job(row: &Job) -> JobRow {
    JobRow {
        name: row.id.name.raw().to_owned(),
        status: row.status.as_str().to_owned(),
        conclusion: ended(row.conclusion.as_ref()),
        runner: row.runner.as_ref().map(word),
        steps: row.steps.iter().map(step).collect(),
    }
}

fn step(row: &JobStep) -> JobStepRow {
    JobStepRow {
        number: row.number,
        name: word(&row.name),
        status: row.status.as_str().to_owned(),
        conclusion: ended(row.conclusion.as_ref()),
    }
}

pub(super) fn slos(state: &State) -> Vec<SloRow> {
    state.world.slos.rows().iter().map(|row| slo(&objectives::as_known(state, row))).collect()
}

fn slo(row: &Slo) -> SloRow {
    let shown = row.figures.shown();
    let (why, coverage) = match &row.figures {
        Reading::Unreachable { why, .. } | Reading::Partial { why, .. } | Reading::Invalid { why } => {
            (Some(word(why)), None)
        }
        Reading::Immature { coverage, .. } => (None, Some(*coverage)),
        _ => (None, None),
    };
    let figure = |of: fn(&Figures) -> f64| shown.map(of);
    SloRow {
        id: row.meta.name.raw().to_owned(),
        service: word(&row.service),
        objective: row.objective.ratio(),
        window: word(&row.window_text),
        source: row.source.as_str(),
        state: row.figures.as_str(),
        since: match &row.figures {
            Reading::NoData { since, .. } => *since,
            _ => None,
        },
        idle_since: row.idle_since(),
        why,
        coverage,
        at: row.at,
        attained: figure(|figures| figures.attained),
        consumed: figure(|figures| figures.consumed),
        remaining: figure(|figures| figures.remaining),
        exhausted_in_seconds: shown.and_then(|figures| match figures.exhausted_in {
            Exhaustion::Unknown => None,
            Exhaustion::Never => Some(None),
            Exhaustion::In(seconds) => Some(Some(seconds)),
        }),
        burn: row.burns.iter().map(burn).collect(),
        resets_in_seconds: row.period.map(|period| period.left().as_secs()),
    }
}

fn burn(row: &Burn) -> BurnRow {
    BurnRow {
        short: word(&row.short),
        long: word(&row.long),
        short_rate: row.short_rate.shown().copied(),
        long_rate: row.long_rate.shown().copied(),
        threshold: row.threshold,
        firing: row.is_firing(),
        low_events: row.few,
    }
}

pub(super) fn containers(state: &State) -> Vec<ContainerRow> {
    state.world.containers.rows().iter().map(|row| container(row)).collect()
}

fn container(row: &DockerContainer) -> ContainerRow {
    ContainerRow {
        name: row.meta.name.raw().to_owned(),
        image: word(&row.image),
        state: row.state.as_str().to_owned(),
        project: Some(row.meta.namespace.raw().to_owned()).filter(|project| !project.is_empty()),
    }
}

pub(super) fn waiting(state: &State) -> Vec<WaitingRow> {
    derived::waiting(state).iter().map(waiting_row).collect()
}

fn waiting_row(row: &Waiting) -> WaitingRow {
    WaitingRow {
        kind: row.kind.as_str(),
        object: format!("{}/{}", row.object.namespace.raw(), row.object.name.raw()),
        since: row.since,
        sentence: word(&row.sentence),
        unblock: super::unblock(&row.keys),
        environment: row.gate.as_ref().and(row.environment.as_ref()).map(|name| name.raw().to_owned()),
        reviewers: row.gate.as_ref().map(|gate| gate.reviewers.iter().map(reviewer).collect()),
        may_approve: row.gate.as_ref().map(|gate| gate.refused.is_none()),
        opens_at: row.gate.as_ref().and_then(|gate| gate.opens),
        expires_at: row.gate.as_ref().and_then(|gate| gate.expires),
    }
}

fn reviewer(row: &Reviewer) -> ReviewerRow {
    let (kind, name) = match row {
        Reviewer::User(name) => ("user", name),
        Reviewer::Team(name) => ("team", name),
    };
    ReviewerRow { kind, name: word(name) }
}
