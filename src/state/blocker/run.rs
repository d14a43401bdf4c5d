//! Runs that wait for something that does not come by itself: an approval, a runner; and hosts that
//! answer nothing more this hour.

use std::sync::Arc;
use std::time::Duration;

use jiff::Timestamp;

use super::{Blocker, Reason, Severity};
use crate::command::Command;
use crate::model::approvals::Pending;
use crate::model::pipelines::{Conclusion, Job, Quota, Run, RunStatus};
use crate::model::source::SourceScope;
use crate::model::{Kind, Name, SystemId};
use crate::safe;
use crate::state::{State, gates, runners, runs};
use crate::text::{self, Safe, plural};

/// What failed longer ago holds nothing up that somebody waits for now.
const RECENT: Duration = Duration::from_hours(24);
/// Red runs that are looked at; of more of them the list tells.
const RED: usize = 8;

pub(super) fn blockers(state: &State) -> impl Iterator<Item = Blocker> {
    // Whoever moves or waits is among the open ones: of those that ended well nobody is asked.
    let runs = runs::ordered(state).open().iter().filter(|run| run.is_active() || asks(run));
    let red = runs::ordered(state).open().iter().filter(|run| is_red(state, run)).take(RED);
    runs.filter_map(|run| of_run(state, run)).chain(red.map(|run| of_red(state, run))).chain(
        state.world.of_system(SystemId::GitHub).filter_map(|host| {
            let quota = state.world.details.quotas.get(&host.id)?;
            spent(state, host, quota).or_else(|| scarce(state, host, quota))
        }),
    )
}

/// Nothing newer of its workflow and branch decides otherwise, it is of today, and what it builds runs in a
/// cluster: what it was to deliver stands still. A pull request holds nobody up but its author.
fn is_red(state: &State, run: &Run) -> bool {
    let bad =
        run.conclusion.as_ref().is_some_and(Conclusion::is_bad) && !run.event.as_str().starts_with("pull_request");
    let ended = run.updated.map(|ended| state.now.wall.duration_since(state.ours(run.meta.cluster, ended)));
    if !bad || ended.is_none_or(|ago| ago.unsigned_abs() >= RECENT) {
        return false;
    }
    let service = runs::service(state, run);
    let runs_it = |name: &Name| name.safe().as_str() == service.as_str();
    state.world.rollouts.rows().iter().any(|row| runs_it(&row.meta.name))
        || state.world.deployments.rows().iter().any(|row| runs_it(&row.meta.name))
}

/// `checkout release-canary #12: e2e failed at "Run tests", attempt 1 (main)`.
fn of_red(state: &State, run: &Arc<Run>) -> Blocker {
    let jobs = runs::current_jobs(state, run);
    let job = jobs.and_then(|jobs| runs::failed_jobs(jobs).next());
    let step =
        job.and_then(|job| job.steps.iter().find(|step| step.conclusion.as_ref().is_some_and(Conclusion::is_bad)));
    let words = match (job, step) {
        (Some(job), Some(step)) => {
            safe!("{} failed at '{}', attempt {}{}", job.id.name, step.name, run.attempt, branch(run))
        }
        (Some(job), None) => safe!("{} failed, attempt {}{}", job.id.name, run.attempt, branch(run)),
        (None, _) => safe!("failed, attempt {}{}", run.attempt, branch(run)),
    };
    let name = safe!("{} {}:", runs::service(state, run), run.meta.name);
    let mut made = made(run, Reason::RunFailed, run.updated, &name, words);
    made.severity = Severity::Broken;
    made.keys = vec![Command::Look, Command::Logs, Command::RerunFailed, Command::Browse];
    made
}

/// It ended with the wish that somebody decides.
fn asks(run: &Run) -> bool {
    run.conclusion == Some(Conclusion::ActionRequired)
}

fn of_run(state: &State, run: &Arc<Run>) -> Option<Blocker> {
    let name = safe!("{} {}", runs::service(state, run), run.meta.name);
    if asks(run) {
        let words = safe!("waits for an approval{}", branch(run));
        let mut made = made(run, Reason::Approval, run.updated, &name, words);
        made.keys.insert(1, Command::Approve);
        return Some(made);
    }
    match gates::pending(state, &run.meta.uid) {
        Some(pending) if pending.is_open() => return Some(gated(state, run, pending, &name)),
        None if run.status == RunStatus::Waiting => {
            let beyond = if gates::is_beyond(state, run) { safe!("; {}", gates::beyond()) } else { Safe::default() };
            let words = safe!("waits for an approval{}{}", branch(run), beyond);
            return Some(made(run, Reason::Approval, gates::since(state, run), &name, words));
        }
        // Nothing asks for a person: its concurrency group lets it go on by itself.
        _ => {}
    }
    let queued = runs::jobs(state, &run.meta.uid)?.jobs.iter().find(|job| is_stuck(state, job))?;
    let labels = queued.labels.iter().map(Safe::as_str).collect::<Vec<_>>().join(", ");
    let wanted = if labels.is_empty() { Safe::of("") } else { safe!(" with {}", Safe::line(&labels)) };
    let why = runners::why(state, queued).map_or_else(Safe::default, |why| safe!(": {}", why));
    let words = safe!("is not moving: {} waits for a runner{}{}", queued.id.name, wanted, why);
    Some(made(run, Reason::RunnerMissing, queued.created, &name, words))
}

/// It waits for environments that are known by name.
fn gated(state: &State, run: &Run, pending: &Pending, name: &Safe) -> Blocker {
    let refused = pending.deployments.iter().filter_map(|row| gates::may(pending, run, row).err());
    let refused: Vec<Safe> = refused.collect();
    let why = match refused.first() {
        Some(why) if refused.len() == pending.deployments.len() => safe!("; {}", why),
        _ => Safe::default(),
    };
    let mut made = made(run, Reason::Approval, gates::since(state, run), name, gated_words(run, pending, &why));
    // Of what could not be read nobody can decide here.
    if why.is_empty() && !pending.deployments.is_empty() {
        made.keys.splice(1..1, [Command::Approve, Command::Reject]);
    }
    made
}

/// `waits for an approval of production and 1 that could not be read (main)`.
fn gated_words(run: &Run, pending: &Pending, why: &Safe) -> Safe {
    let names = gates::names(pending.deployments.iter());
    let all = if names.is_empty() {
        plural(pending.left_out, "environment that could not be read", "environments that could not be read")
    } else {
        safe!("{}{}", names, gates::unread(pending))
    };
    safe!("waits for an approval of {}{}{}", all, branch(run), why)
}

fn branch(run: &Run) -> Safe {
    run.branch.as_ref().map_or_else(|| Safe::of(""), |branch| safe!(" ({})", branch))
}

fn is_stuck(state: &State, job: &Job) -> bool {
    let waited = |since| state.now.wall.duration_since(state.ours(job.id.cluster, since)).unsigned_abs();
    // No runner is what a task of Tekton waits for.
    job.id.kind != Kind::TaskRun
        && job.status == RunStatus::Queued
        && job.created.is_some_and(|since| waited(since) >= runners::STUCK)
}

fn made(run: &Run, reason: Reason, since: Option<Timestamp>, name: &Safe, words: Safe) -> Blocker {
    let mut keys = vec![Command::Look, Command::Browse];
    // Cancelling helps nobody who waits for one.
    keys.extend((reason == Reason::RunnerMissing).then_some(Command::CancelRun));
    Blocker {
        cluster: run.meta.cluster,
        object: Some(run.id()),
        environment: None,
        reason,
        since,
        severity: Severity::Waiting,
        sentence: safe!("{} {}", name, words),
        words,
        keys,
    }
}

/// Nothing may be asked of the host now.
pub(super) fn is_held(state: &State, host: &SourceScope) -> bool {
    let quota = state.world.details.quotas.get(&host.id);
    quota.is_some_and(|quota| quota.held_until.is_some_and(|until| until > state.now.wall))
}

/// It is asked, and ever more rarely.
fn scarce(state: &State, host: &SourceScope, quota: &Quota) -> Option<Blocker> {
    let reset = quota.reset.filter(|_| quota.is_scarce())?;
    let until = state.ours(host.id, reset);
    if until <= state.now.wall {
        return None;
    }
    let left = text::duration(until.duration_since(state.now.wall).unsigned_abs());
    let sentence = safe!(
        "{} has {} of {} requests left for {}: it is read more rarely, and the last stay for what you do",
        host.name,
        text::count(quota.remaining),
        text::count(quota.limit),
        left
    );
    Some(limited(host, sentence))
}

fn limited(host: &SourceScope, sentence: Safe) -> Blocker {
    Blocker {
        cluster: host.id,
        object: None,
        environment: None,
        reason: Reason::RateLimited,
        since: None,
        severity: Severity::Unknown,
        words: sentence.clone(),
        sentence,
        keys: Vec::new(),
    }
}

/// Nothing is asked of the host until its limit is set anew.
fn spent(state: &State, host: &SourceScope, quota: &Quota) -> Option<Blocker> {
    let until = quota.held_until.filter(|until| *until > state.now.wall)?;
    let left = text::duration(until.duration_since(state.now.wall).unsigned_abs());
    // A pause that the host asks for has nothing to do with the token.
    let of_the_hour = quota.why_held.as_str().contains("the hour's requests");
    let next = if of_the_hour && quota.anonymous {
        safe!("; without a token there are {}: set GH_TOKEN or sources.github.token", text::count(quota.limit))
    } else {
        Safe::of("; it is asked again by itself then")
    };
    let why = safe!("{}{}", quota.why_held, next);
    let sentence = safe!("{} is not asked for {}: {}", host.name, left, why);
    Some(limited(host, sentence))
}
