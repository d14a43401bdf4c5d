//! The dialog before an action: from, to, what it will and will not do, how to undo it. What is
//! not known is said to be unknown.

use std::time::Duration;

use tui_textarea::TextArea;

use super::facts::{images_words, set_words, version_words, weight_after, weight_now};
use super::{command_of, facts};
use crate::action::{Action, Change, Gate, Verb};
use crate::model::rollouts::{Rollout, Strategy};
use crate::model::{Kind, Name, ObjectId, Uid};
use crate::safe;
use crate::state::State;
use crate::state::ui::{Confirm, ConfirmField, Tier};
use crate::state::{aborted, blocker, environment, shared, steps};
use crate::text::Safe;

/// Keys are taken this long after the dialog was drawn.
pub const ARMING: Duration = Duration::from_millis(750);

/// Columns of a name, and of what somebody wrote beside a commit: both ends of what is longer.
pub(super) const NAME: usize = 40;
pub(super) const TITLE: usize = 72;
pub(super) const BRANCH: usize = 40;

/// What is said about an action.
pub(super) struct Words {
    pub(super) summary: Safe,
    pub(super) expects: Safe,
    pub(super) lines: Vec<(Safe, Vec<Safe>)>,
}

impl Words {
    pub(super) fn line(&mut self, label: &'static str, text: Safe) {
        self.lines.push((Safe::of(label), vec![text]));
    }

    pub(super) fn lines(&mut self, label: &'static str, texts: Vec<Safe>) {
        self.lines.push((Safe::of(label), texts));
    }
}

/// The dialog for the action as things stand now.
#[must_use]
pub fn preview(state: &State, action: &Action) -> Confirm {
    let environment = match &action.change {
        Change::Review { gates, .. } => super::review::environment(state, gates),
        Change::Dispatch { environment: Some(name), .. } => Some(name.clone()),
        _ => environment::of_object(state, &action.target),
    };
    let words = words(state, action);
    let place = if let Change::Review { gates, .. } = &action.change {
        safe!("for {}", super::review::names(gates))
    } else if let Some(environment) = &environment {
        safe!("in {}", shared::environment(state, action.target.cluster, environment))
    } else if action.target.namespace.raw().is_empty() {
        let source = state.world.source(action.target.cluster).map(|source| source.name.safe().clone());
        safe!("on {}", source.unwrap_or_default())
    } else {
        safe!("of {}", action.target.namespace.safe())
    };
    // What stands in no environment has none to name.
    let environment = environment.unwrap_or_else(|| Name::new(""));
    let verb = match action.change.verb() {
        Verb::Promote => "Promote",
        Verb::Abort => "Abort",
        Verb::Retry => "Retry",
        Verb::Undo if matches!(action.change, Change::RollBack { .. }) => "Roll back",
        Verb::Undo => "Undo",
        Verb::PromoteFull => "Promote in full",
        Verb::SkipStep => "Skip steps of",
        Verb::Pause => "Pause",
        Verb::Resume => "Resume",
        Verb::SetImage => "Set the image of",
        Verb::EndAnalysis => "End analysis",
        Verb::Rerun if action.change == Change::RunAgain => "Run again",
        Verb::Rerun => "Rerun failed jobs of",
        Verb::RerunAll => "Rerun all jobs of",
        Verb::RerunJob => "Rerun a job of",
        Verb::Cancel => "Cancel",
        Verb::ForceCancel => "Force-cancel",
        Verb::Trigger => "Trigger",
        Verb::Create => "Create pipeline",
        Verb::Approve => "Approve",
        Verb::Reject => "Reject",
        Verb::Restart => "Restart",
        Verb::Sync => "Sync",
        Verb::Refresh => "Compare",
        Verb::Terminate => "Terminate the operation of",
        Verb::Scale => "Scale",
        Verb::Annotate => "Annotate",
        Verb::Pull => "Pull the image of",
        Verb::Build => "Build",
        Verb::Push => "Push",
    };
    Confirm {
        action: action.clone(),
        tier: tier(state, action, &environment),
        title: safe!("{} {} {}", verb, action.target.name.safe().middle(NAME), place),
        environment,
        summary: words.summary,
        lines: words.lines,
        expects: words.expects,
        edition: facts::edition(state, &action.target),
        armed_at: None,
        early: Vec::new(),
        last_key: None,
        disarmed: None,
        // What cannot be left out is asked for first.
        focus: if action.change.is_review() { ConfirmField::Reason } else { ConfirmField::Typed },
        reason: Box::new(TextArea::default()),
        typed: Box::new(TextArea::default()),
        mismatch: false,
    }
}

/// A protected environment asks for its name; so does one whose label could not be read, and one
/// whose name is written with letters that may only look like those of a protected one.
fn tier(state: &State, action: &Action, environment: &Name) -> Tier {
    if let Change::Review { gates, .. } = &action.change {
        return review_tier(state, action, gates);
    }
    let clear = environment.raw().bytes().all(|byte| byte.is_ascii_graphic());
    let known = || facts::environment_is_known(state, &action.target);
    let open = match action.target.kind {
        kind if kind.is_run() || matches!(kind, Kind::CiPipeline | Kind::Workflow | Kind::Container | Kind::Build) => {
            super::run::asks_for_yes(state, environment)
        }
        _ => known() && !environment::is_protected(state, environment),
    };
    if clear && open {
        return Tier::Yes;
    }
    let expected = if is_typable(environment) { environment.raw().to_owned() } else { code(&action.target.uid) };
    Tier::Typed { expected }
}

/// Nobody can doubt how it is typed.
fn is_typable(environment: &Name) -> bool {
    let plain = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '.' || c == '-';
    !environment.raw().is_empty() && environment.raw().chars().all(plain)
}

/// Every protected environment among those that are decided on is typed.
fn review_tier(state: &State, action: &Action, gates: &[Gate]) -> Tier {
    let clear = |gate: &Gate| gate.name.raw().bytes().all(|byte| byte.is_ascii_graphic());
    let protected = super::review::protected(state, gates);
    if protected.is_empty() && gates.iter().all(clear) {
        return Tier::Yes;
    }
    let typable = !protected.is_empty() && gates.iter().all(clear) && protected.iter().all(|name| is_typable(name));
    let names: Vec<&str> = protected.iter().map(|name| name.raw()).collect();
    Tier::Typed { expected: if typable { names.join(" ") } else { code(&action.target.uid) } }
}

/// Four letters for a name that cannot be typed without doubt: other for every object, and no word.
fn code(uid: &Uid) -> String {
    const LETTERS: &[u8] = b"bcdfghjkmnpqrstvwxyz";
    // FNV-1a: any hash does, it must only look random.
    let mut hash = uid
        .raw()
        .bytes()
        .fold(0xcbf2_9ce4_8422_2325_u64, |hash, byte| (hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3));
    let mut code = String::new();
    for _ in 0..4 {
        code.push(char::from(LETTERS[(hash % LETTERS.len() as u64) as usize]));
        hash /= LETTERS.len() as u64;
    }
    code
}

fn words(state: &State, action: &Action) -> Words {
    let rollout = match action.target.kind {
        Kind::Rollout => state.world.rollouts.get(&action.target.uid),
        _ => None,
    };
    let mut words = Words { summary: Safe::of(""), expects: Safe::of(""), lines: Vec::new() };
    words.line("on", place(state, &action.target));
    if let Some(findings) = super::findings::words(state, action) {
        words.line("scanners", findings);
    }
    match (&action.change, rollout) {
        (Change::Undo { .. }, _) if action.target.kind.is_controlled() => {
            super::revisions::words(state, action, &mut words);
        }
        (Change::Undo { replica_set_uid, to_revision, .. }, rollout) => {
            undo(state, action, rollout.map(AsRef::as_ref), replica_set_uid, *to_revision, &mut words);
        }
        (Change::CancelRun { .. } | Change::RunAgain, _) => super::tekton::words(state, action, &mut words),
        (Change::Trigger { .. } | Change::CreatePipeline { .. }, _) => {
            super::pipeline::words(state, action, &mut words);
        }
        (Change::Cancel { .. }, _) if action.target.kind == Kind::Execution => {
            super::pipeline::words(state, action, &mut words);
        }
        (Change::Sync { .. } | Change::CompareAgain { .. } | Change::Terminate { .. } | Change::RollBack { .. }, _) => {
            super::application::words(state, action, &mut words);
        }
        (Change::RestartWorkload { .. } | Change::Scale { .. }, _) => {
            super::workload::words(state, action, &mut words);
        }
        (Change::RollbackRelease { .. }, _) => super::release::words(state, action, &mut words),
        (Change::Dispatch { .. }, _) => super::dispatch::words(action, &mut words),
        (Change::EndAnalysis, _) => super::rollout::end_words(state, action, &mut words),
        (change @ Change::SetImage { .. }, Some(rollout)) => super::rollout::words(state, rollout, change, &mut words),
        (
            Change::RestartContainer { .. }
            | Change::PullImage { .. }
            | Change::BuildImage { .. }
            | Change::PushImage { .. },
            _,
        ) => super::docker::words(state, action, &mut words),
        (Change::Review { .. } | Change::ApproveRun { .. }, _) => super::review::words(state, action, &mut words),
        (change, _) if change.is_of_run() => {
            super::run_words::words(state, action, change, &mut words);
        }
        (change, Some(rollout)) => {
            versions(state, rollout, &mut words, matches!(change, Change::Abort { .. }));
            of_rollout(state, rollout, change, &mut words);
            super::kept::of_abort(state, action, &mut words);
        }
        (change, None) => words.summary = safe!("{} (it is gone)", command_of(change.verb()).row().word()),
    }
    words
}

/// Which object exactly: `eks-prod · https://… · ana · production/checkout`.
fn place(state: &State, target: &ObjectId) -> Safe {
    let object = if target.namespace.raw().is_empty() {
        target.name.safe().middle(NAME)
    } else if target.kind.is_run() {
        safe!("{} {}", target.namespace.safe(), target.name.safe().middle(NAME))
    } else {
        safe!("{}/{}", target.namespace.safe(), target.name.safe().middle(NAME))
    };
    let Some(cluster) = state.world.source(target.cluster) else { return object };
    let said = |text: &Safe| if text.is_empty() { Safe::of("") } else { safe!("{} · ", text) };
    safe!("{}{}{}{}", said(cluster.name.safe()), said(&cluster.server), said(&cluster.user), object)
}

/// From where to where traffic goes: an abort goes back to the stable version.
fn versions(state: &State, rollout: &Rollout, words: &mut Words, back: bool) {
    let uid = &rollout.meta.uid;
    let new = version_words(state, uid, rollout.current_pod_hash.as_ref());
    let stable = version_words(state, uid, rollout.stable_hash.as_ref());
    let (from, to) = if back { (new, stable) } else { (stable, new) };
    words.line("from", from);
    words.line("to", to);
}

fn of_rollout(state: &State, rollout: &Rollout, change: &Change, words: &mut Words) {
    let index = rollout.current_step_index.unwrap_or(0);
    let blue_green = matches!(rollout.strategy, Strategy::BlueGreen(_));
    match change {
        Change::Abort { .. } => abort(rollout, blue_green, words),
        Change::Retry { .. } => retry(state, rollout, words),
        Change::Unpause => unpause(rollout, index, words),
        Change::PromotePause { step: Some(step), .. } => promote_pause(rollout, *step, words),
        Change::PromotePause { step: None, .. } => promote_blue_green(words),
        Change::PromoteInconclusive { step, next, .. } => promote_inconclusive(rollout, *step, *next, words),
        change => super::rollout::words(state, rollout, change, words),
    }
}

fn abort(rollout: &Rollout, blue_green: bool, words: &mut Words) {
    if blue_green {
        words.summary = Safe::of("the preview is dropped, the active version stays");
        words.expects = Safe::of("status Degraded");
        words.line("this will", Safe::of("stop the switch and scale the preview down after its delay"));
    } else {
        words.summary = safe!("canary {} → 0 %", weight_now(rollout));
        words.expects = if rollout.weights.is_some() {
            Safe::of("weight 0 and status Degraded")
        } else {
            Safe::of("status Degraded")
        };
        words.line("this will", Safe::of("send all traffic to the stable version within seconds"));
    }
    words.lines(
        "it will not",
        vec![
            Safe::of("change the template: the spec still asks for the new version,"),
            Safe::of("so the rollout stays Degraded until it is retried or undone"),
        ],
    );
    words.line("undo", Safe::of("retry starts the same version again from its first step"));
}

fn retry(state: &State, rollout: &Rollout, words: &mut Words) {
    let count = steps::of(rollout).len();
    words.summary = if count > 0 { safe!("aborted → step 0/{}", count) } else { Safe::of("aborted → progressing") };
    words.expects = Safe::of("no abort in its status");
    words.line("this will", Safe::of("start the same version again from its first step"));
    if let Some(why) = blocker::aborted(state, rollout) {
        words.line("it", safe!("{}: the same version meets the same users again", why));
    }
    words.line("it will not", Safe::of("change the template or skip a step"));
    if let Some(way) = aborted::align(state, rollout) {
        words.line("instead", way);
    }
    words.line("undo", Safe::of("abort sends all traffic back to the stable version"));
}

fn unpause(rollout: &Rollout, index: i64, words: &mut Words) {
    let has_steps = !steps::of(rollout).is_empty();
    words.summary = Safe::of("paused by a person → goes on");
    words.expects = Safe::of("spec.paused false, seen by the controller");
    let mut will = vec![Safe::of("end the pause that a person set (spec.paused)")];
    if has_steps {
        will.push(safe!("go on at {}", steps::numbered(rollout, index)));
    }
    words.lines("this will", will);
    let mut not = Vec::new();
    if !rollout.pause_conditions.is_empty() {
        not.push(Safe::of("end the pause of the step: promote once more for that"));
    }
    if has_steps {
        not.push(Safe::of("skip a step (kubectl argo rollouts promote would skip the running one)"));
    } else {
        not.push(Safe::of("change the template"));
    }
    words.lines("it will not", not);
    words.line("undo", Safe::of("abort sends all traffic back to the stable version"));
}

fn promote_pause(rollout: &Rollout, step: i64, words: &mut Words) {
    let (now, then) = (weight_now(rollout), weight_after(rollout, step));
    words.summary = safe!("canary {} → {}", now, then);
    words.expects = safe!("past {}", steps::numbered(rollout, step));
    let mut will = vec![safe!("end {}", steps::numbered(rollout, step))];
    let next = step + 1;
    if usize::try_from(next).is_ok_and(|next| next < steps::of(rollout).len()) {
        will.push(safe!("go on with {}", steps::numbered(rollout, next)));
    } else {
        will.push(Safe::of("promote fully: the new version becomes the stable one"));
    }
    words.lines("this will", will);
    words.line("it will not", Safe::of("skip a step or change the template"));
    words.line("undo", Safe::of("abort sends all traffic back to the stable version"));
}

fn promote_blue_green(words: &mut Words) {
    words.summary = Safe::of("the preview becomes the active version");
    words.expects = Safe::of("traffic on the new ReplicaSet");
    words.line("this will", Safe::of("end the pause and switch all traffic to the new version at once"));
    words.line("it will not", Safe::of("change the template"));
    words.line("undo", Safe::of("undo goes back; it is immediate while the old ReplicaSet still runs"));
}

fn promote_inconclusive(rollout: &Rollout, step: i64, next: i64, words: &mut Words) {
    words.summary = safe!("past the inconclusive {}", steps::numbered(rollout, step));
    words.expects = steps::numbered(rollout, next);
    let run = match &rollout.step_analysis {
        Some(run) => safe!("analysis {} is inconclusive: {}", run.name.safe(), run.message),
        None => Safe::of("its analysis is inconclusive"),
    };
    words.line("because", run);
    words.lines(
        "this will",
        vec![
            safe!("skip what is left of {}", steps::numbered(rollout, step)),
            safe!("go on with {}", steps::numbered(rollout, next)),
        ],
    );
    words.line("it will not", Safe::of("measure again: nobody will have said that this version is good"));
    words.line("undo", Safe::of("abort sends all traffic back to the stable version"));
}

fn undo(state: &State, action: &Action, rollout: Option<&Rollout>, set: &Uid, to_revision: i64, words: &mut Words) {
    let target = &action.target.uid;
    let deployment = state.world.deployments.get(target);
    let from = match rollout {
        Some(rollout) => version_words(state, target, rollout.current_pod_hash.as_ref()),
        None => match deployment {
            Some(row) => safe!("rev {}  {}", row.revision.unwrap_or_default(), images_words(&row.images)),
            None => Safe::of("unknown"),
        },
    };
    let revision = match rollout {
        Some(rollout) => rollout.revision,
        None => deployment.and_then(|row| row.revision),
    };
    let set = state.world.replica_sets.get(set);
    let now = revision.map_or_else(|| Safe::of("?"), |revision| safe!("{}", revision));
    words.summary = safe!("revision {} → {}", now, to_revision);
    words.expects = safe!("the template of revision {}, seen by the controller", to_revision);
    words.line("from", from);
    words.line("to", set.map_or_else(|| Safe::of("unknown"), |set| set_words(set)));
    let stable = set.is_some_and(|set| {
        rollout.is_some_and(|rollout| set.template_hash.is_some() && set.template_hash == rollout.stable_hash)
    });
    let mut will = vec![safe!("write the template of revision {} into the spec", to_revision)];
    if stable {
        will.push(Safe::of("go back to the stable version without walking the steps"));
    } else if rollout.is_some_and(|rollout| !steps::of(rollout).is_empty()) {
        will.push(Safe::of("walk the canary steps again with that version"));
    }
    words.lines("this will", will);
    let manager = rollout.and_then(|rollout| rollout.managed_by.clone());
    words.lines("it will not", super::kept::of_undo(state, action, manager.as_ref()));
    words.line("undo", Safe::of("undo again: this version is then the revision before"));
}
