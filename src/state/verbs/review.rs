//! What can be said of a run that waits (apis.md §6.5): approve or reject environments, with a comment;
//! let a run from a fork begin (§6.4). GitHub takes no guard with either: the run and what it waits
//! for are read again before the send.

use super::outcome::Verdict;
use super::preview::Words;
use crate::action::{Action, Change, Gate, Operation};
use crate::command::Command;
use crate::model::approvals::{Pending, PendingDeployment};
use crate::model::pipelines::{Conclusion, Job, Run, RunStatus};
use crate::model::{Name, ObjectId};
use crate::safe;
use crate::state::{State, environment, gates, runs};
use crate::text::Safe;

/// What is asked for: these environments, or all that the operator may decide on (empty).
pub(super) fn change(state: &State, command: Command, target: &ObjectId, wanted: &[i64]) -> Result<Change, Safe> {
    let run = state.world.runs.get(&target.uid).ok_or_else(|| Safe::of("it is gone"))?;
    let approve = command == Command::Approve;
    if run.conclusion == Some(Conclusion::ActionRequired) {
        let not = "a run that waits for its first approval is not rejected: leave it as it is";
        return if approve { Ok(Change::ApproveRun { attempt: run.attempt }) } else { Err(Safe::of(not)) };
    }
    if !run.is_active() {
        return Err(Safe::of("it has ended: it waits for no approval"));
    }
    let pending = match state.world.details.pending(&run.meta.uid) {
        Some(Ok(pending)) => pending,
        Some(Err(why)) => return Err(safe!("what it waits for cannot be read: {}", why)),
        None if gates::is_waiting(state, run) => return Err(Safe::of("what it waits for has not been read yet")),
        None => return Err(Safe::of("it waits for no approval")),
    };
    if pending.deployments.is_empty() {
        return Err(match run.status {
            _ if pending.is_open() => {
                Safe::of("what it waits for could not be read: decide on its page in the browser")
            }
            RunStatus::Waiting => Safe::of("no environment waits for an approval; its concurrency group may be busy"),
            _ => Safe::of("it waits for no approval"),
        });
    }
    let gates = chosen(pending, run, wanted)?;
    let jobs = gates::waiting_jobs(state, run).map(|job| job.id.uid.clone()).collect();
    Ok(Change::Review { attempt: run.attempt, approve, gates, comment: Safe::default(), jobs })
}

fn chosen(pending: &Pending, run: &Run, wanted: &[i64]) -> Result<Vec<Gate>, Safe> {
    let gate = |row: &PendingDeployment| Gate { environment: row.environment, name: row.name.clone() };
    let may = |row: &PendingDeployment| {
        gates::may(pending, run, row).map_err(|why| safe!("{}: {}", row.name, why)).map(|()| gate(row))
    };
    if wanted.is_empty() {
        let all: Vec<Result<Gate, Safe>> = pending.deployments.iter().map(may).collect();
        let some: Vec<Gate> = all.iter().flatten().cloned().collect();
        return match all.into_iter().find_map(Result::err) {
            Some(why) if some.is_empty() => Err(why),
            _ => Ok(some),
        };
    }
    let row =
        |id: &i64| pending.of(*id).ok_or_else(|| Safe::of("it waits for that environment no longer")).and_then(may);
    wanted.iter().map(row).collect()
}

/// The environment that decides how it is confirmed: a protected one before any other.
pub(super) fn environment(state: &State, gates: &[Gate]) -> Option<Name> {
    let names = || gates.iter().map(|gate| &gate.name);
    names().find(|name| environment::is_protected(state, name)).or_else(|| names().next()).cloned()
}

/// The protected ones among them, which are typed, all of them.
pub(super) fn protected<'a>(state: &State, gates: &'a [Gate]) -> Vec<&'a Name> {
    gates.iter().map(|gate| &gate.name).filter(|name| environment::is_protected(state, name)).collect()
}

pub(super) fn names(gates: &[Gate]) -> Safe {
    Safe::join(gates.iter().map(|gate| gate.name.safe()), ", ")
}

/// Whether the run shows what the operation wanted: the environments have left the list, and the job
/// that waited for them is out of `waiting`.
pub(super) fn shows(state: &State, operation: &Operation) -> Verdict {
    let Some(run) = state.world.runs.get(&operation.action.target.uid) else {
        return Verdict::Waiting(Safe::of("the run to be listed again"));
    };
    let (attempt, gates, before) = match &operation.action.change {
        Change::ApproveRun { attempt } if run.attempt == *attempt && runs_not(run) => {
            return Verdict::Waiting(Safe::of("the run to begin"));
        }
        Change::ApproveRun { .. } => return Verdict::Seen,
        Change::Review { attempt, gates, jobs, .. } => (*attempt, gates, jobs),
        _ => return Verdict::Lost(Safe::of("a run knows no such action")),
    };
    if run.attempt != attempt {
        return Verdict::Lost(Safe::of("it was run again meanwhile"));
    }
    let pending = match state.world.details.pending(&run.meta.uid) {
        Some(Ok(pending)) => pending,
        Some(Err(why)) => return Verdict::Blind(safe!("what it waits for cannot be read: {}", why)),
        None => return Verdict::Waiting(Safe::of("what it waits for to be read")),
    };
    let still = |gate: &&Gate| pending.of(gate.environment).is_some();
    if let Some(gate) = gates.iter().find(still) {
        // No approval skips the timer: it is not overdue while that runs.
        return match pending.of(gate.environment).and_then(|row| gates::opens(state, run, row)) {
            Some(opens) => Verdict::Blind(safe!("the wait timer of {} ({})", gate.name, opens)),
            None => Verdict::Waiting(safe!("{} to leave the list of what it waits for", gate.name)),
        };
    }
    let Some(jobs) = runs::current_jobs(state, run) else {
        return Verdict::Waiting(Safe::of("its jobs to be read"));
    };
    let waits = |job: &&Job| job.status == RunStatus::Waiting && (before.is_empty() || before.contains(&job.id.uid));
    let waiting = jobs.jobs.iter().filter(waits).count();
    // GitHub does not say which job waits for which environment: while others are pending, one that
    // went on is the proof.
    let gone = if pending.is_open() { waiting < before.len() } else { waiting == 0 };
    match jobs.jobs.iter().find(waits) {
        Some(job) if !gone => Verdict::Waiting(safe!("{} to leave waiting", job.id.name)),
        _ => Verdict::Seen,
    }
}

fn runs_not(run: &Run) -> bool {
    run.conclusion == Some(Conclusion::ActionRequired)
}

/// What the dialog says before. Nothing in it counts time: what changes by itself would arm it anew.
pub(super) fn words(state: &State, action: &Action, words: &mut Words) {
    let Some(run) = state.world.runs.get(&action.target.uid) else {
        words.summary = Safe::of("it is gone");
        return;
    };
    let branch =
        run.branch.as_ref().map_or(Safe::of("no branch"), |branch| branch.safe().middle(super::preview::BRANCH));
    let actor = run.actor.clone().unwrap_or_else(|| Safe::of("nobody named"));
    words.line("commit", safe!("{} on {}  {}", run.sha.columns(0..7), branch, run.title.middle(super::preview::TITLE)));
    words.line("begun by", actor);
    match &action.change {
        Change::Review { approve, gates, .. } => {
            let rows = state.world.details.pending(&run.meta.uid).and_then(|read| read.as_ref().ok());
            let none = Pending::default();
            let pending = rows.map_or(&none, AsRef::as_ref);
            let shown = gates.iter().filter_map(|gate| pending.of(gate.environment));
            words.lines("waits for", shown.map(gate_words).collect());
            let jobs: Vec<&Safe> = gates::waiting_jobs(state, run).map(|job| job.id.name.safe()).collect();
            let others: Vec<&PendingDeployment> = pending
                .deployments
                .iter()
                .filter(|row| !gates.iter().any(|gate| gate.environment == row.environment))
                .collect();
            if *approve {
                approved(run, gates, &jobs, &others, pending, words);
            } else {
                rejected(run, gates, &jobs, &others, words);
            }
        }
        _ => fork(words),
    }
}

/// `production  reviewers: ana, team sre; wait timer of 15m, until 18:12Z`.
fn gate_words(row: &PendingDeployment) -> Safe {
    let reviewers = if row.reviewers.is_empty() { Safe::of("no reviewers") } else { gates::reviewers(row) };
    let timer = match (row.wait_timer, row.opens()) {
        (0, _) => Safe::default(),
        (minutes, Some(opens)) => safe!("; wait timer of {}m, until {}Z", minutes, clock(opens)),
        (minutes, None) => safe!("; wait timer of {}m", minutes),
    };
    safe!("{}  reviewers: {}{}", row.name, reviewers, timer)
}

fn clock(time: jiff::Timestamp) -> Safe {
    Safe::line(&time.strftime("%H:%M").to_string())
}

/// Which jobs wait; of one environment among several GitHub does not say whose they are.
fn waiting(jobs: &[&Safe], others: &[&PendingDeployment]) -> Safe {
    match (jobs, others) {
        ([], _) => Safe::of("its jobs, which have not been read"),
        (jobs, []) => Safe::join(jobs.iter().copied(), ", "),
        (jobs, _) => safe!("those of {} that wait for it", Safe::join(jobs.iter().copied(), ", ")),
    }
}

fn approved(
    run: &Run,
    gates: &[Gate],
    jobs: &[&Safe],
    others: &[&PendingDeployment],
    pending: &Pending,
    words: &mut Words,
) {
    let names = names(gates);
    words.summary = safe!("{}: pending → approved", names);
    words.expects = safe!("{} off the list, and its job out of waiting", names);
    words.lines(
        "this will",
        vec![
            safe!("approve {} of attempt {}, with the comment", names, run.attempt),
            safe!("let begin: {}", waiting(jobs, others)),
        ],
    );
    let mut not = Vec::new();
    if gates.iter().filter_map(|gate| pending.of(gate.environment)).any(|row| row.wait_timer > 0) {
        not.push(Safe::of("skip a wait timer: the job begins when it ends"));
    }
    match others {
        [] => not.push(Safe::of("approve a later attempt, or another run")),
        others => not.push(safe!("approve {}: it waits on", gates::names(others.iter().copied()))),
    }
    words.lines("it will not", not);
    words.line("undo", Safe::of("cancel ends the run; what its jobs did until then stays done"));
}

fn rejected(run: &Run, gates: &[Gate], jobs: &[&Safe], others: &[&PendingDeployment], words: &mut Words) {
    let names = names(gates);
    words.summary = safe!("{}: pending → rejected", names);
    words.expects = safe!("{} off the list, and its job out of waiting", names);
    words.lines(
        "this will",
        vec![
            safe!("reject {} of attempt {}, with the comment", names, run.attempt),
            safe!("fail {}, and with it the run", waiting(jobs, others)),
        ],
    );
    words.line("it will not", Safe::of("stop jobs that run, or take back what others have done"));
    words.line("undo", Safe::of("rerun the failed jobs: they ask for the approval anew"));
}

fn fork(words: &mut Words) {
    words.summary = Safe::of("action required → queued");
    words.expects = Safe::of("the run to begin");
    words.line("this will", Safe::of("let the workflows of a fork's pull request run with what its commit says"));
    words.line("it will not", Safe::of("read the change for you, or approve what it pushes next"));
    words.line("undo", Safe::of("cancel ends the run; what its jobs did until then stays done"));
}
