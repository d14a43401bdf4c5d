//! What can be asked of a workflow run, what the dialog says before, and what proves it afterwards.

use std::sync::Arc;
use std::time::Duration;

use quarterdeck::action::{Change, Found, Operation, Outcome, Progress};
use quarterdeck::command::Command;
use quarterdeck::model::pipelines::{Conclusion, Run, RunStatus};
use quarterdeck::model::scope::{Environment, OnFindings, Protection, Settings};
use quarterdeck::model::source::{FeedEvent, FeedStatus, Object};
use quarterdeck::model::{Kind, Name};
use quarterdeck::state::ui::{Overlay, Pane, Place, Tier};
use quarterdeck::state::verbs;
use quarterdeck::text::Safe;
use quarterdeck::update::{self, Effect, Msg};

use super::world::Console;
use crate::screens::run_world::{self as world, GITHUB, feed};

/// A console that looks at this run, the only one.
pub(super) fn console(change: impl FnOnce(&mut Run)) -> (Console, Run) {
    let mut console = Console::empty();
    world::github(&mut console.state);
    let ended = world::run(&console.state, "acme/checkout", "ci", 7, 600, Some(300));
    let run = world::with(ended, |run| {
        run.conclusion = Some(Conclusion::Failure);
        change(run);
    });
    world::list(&mut console.state, vec![run.clone()]);
    console.state.ui.place = Place::Run(run.id());
    update::settle(&mut console.state);
    (console, run)
}

pub(super) fn active(run: &mut Run) {
    run.status = RunStatus::InProgress;
    run.conclusion = None;
}

pub(super) fn ask(console: &Console, command: Command) -> String {
    let target = verbs::target(&console.state).expect("a run is looked at");
    match verbs::available(&console.state, command, &target).map(|offer| offer.action.change) {
        Ok(Change::RerunFailed { attempt, .. }) => format!("rerun {attempt}"),
        Ok(Change::Cancel { attempt }) => format!("cancel {attempt}"),
        Ok(other) => format!("{other:?}"),
        Err(why) => why.as_str().to_owned(),
    }
}

#[test]
fn each_verb_in_each_state_of_a_run() {
    let completed = |how: Conclusion| (RunStatus::Completed, Some(how));
    // status and conclusion; rerun, cancel: what is offered, or words of the reason.
    let table = [
        ((RunStatus::Queued, None), "attempt 2 has not ended", "cancel 2"),
        ((RunStatus::InProgress, None), "attempt 2 has not ended", "cancel 2"),
        ((RunStatus::Waiting, None), "waits for an approval", "cancel 2"),
        ((RunStatus::Other(Safe::of("requested")), None), "attempt 2 has not ended", "cancel 2"),
        (completed(Conclusion::Failure), "rerun 2", "it has ended: failure"),
        (completed(Conclusion::TimedOut), "rerun 2", "it has ended: timed_out"),
        (completed(Conclusion::StartupFailure), "rerun 2", "it has ended"),
        (completed(Conclusion::Cancelled), "rerun 2", "it has ended: cancelled"),
        (completed(Conclusion::Success), "no job of it has failed", "it has ended: success"),
        (completed(Conclusion::Skipped), "no job of it has failed", "it has ended"),
        (completed(Conclusion::Neutral), "no job of it has failed", "it has ended"),
        (completed(Conclusion::ActionRequired), "no job of it has failed", "it has ended"),
        (completed(Conclusion::Stale), "no job of it has failed", "it has ended"),
        (completed(Conclusion::Other(Safe::of("odd"))), "ended with odd", "it has ended: odd"),
        ((RunStatus::Completed, None), "does not say yet how it ended", "it has ended"),
    ];
    for ((status, conclusion), rerun, cancel) in table {
        let (console, _) = console(|run| {
            run.attempt = 2;
            run.status = status.clone();
            run.conclusion = conclusion.clone();
        });
        for (command, wanted) in [(Command::RerunFailed, rerun), (Command::CancelRun, cancel)] {
            let said = ask(&console, command);
            assert!(said.contains(wanted), "{status:?} {conclusion:?} {command:?}: wanted {wanted:?}, got {said:?}");
        }
        for command in [Command::Promote, Command::Abort, Command::Retry, Command::Undo] {
            assert!(ask(&console, command).contains("rerun or cancelled, nothing else"), "{command:?}");
        }
    }
}

#[test]
fn nothing_is_offered_on_old_data_or_without_a_journal() {
    let (mut console, _) = console(|_| {});
    assert_eq!(ask(&console, Command::RerunFailed), "rerun 1");
    let since = console.state.now.mono;
    let stale = FeedStatus::Stale { since, message: Safe::of("502"), retry_at: None };
    console.send(Msg::Feed(feed("acme/checkout"), FeedEvent::Status(stale)));
    assert!(ask(&console, Command::RerunFailed).contains("stale"), "{}", ask(&console, Command::RerunFailed));
    console.send(Msg::Feed(feed("acme/checkout"), FeedEvent::Status(FeedStatus::Live)));
    assert_eq!(ask(&console, Command::RerunFailed), "rerun 1");
    console.state.read_only = Some(Safe::of("the journal is full"));
    assert_eq!(ask(&console, Command::RerunFailed), "read-only: the journal is full");
}

/// Pressed, confirmed, sent: the operation.
pub(super) fn begun(console: &mut Console, command: Command) -> Operation {
    console.press(command);
    assert!(console.dialog().is_some(), "{}", console.toast());
    console.arm();
    console.press(Command::ConfirmYes);
    assert_eq!(console.performed(), 1);
    console.state.operations.last().unwrap().clone()
}

pub(super) fn outcome(console: &Console) -> &Outcome {
    &console.state.operations.last().unwrap().outcome
}

/// The run as it is from now on.
pub(super) fn now(console: &mut Console, run: &Run) {
    console.send(Msg::Feed(feed("acme/checkout"), FeedEvent::Applied(vec![Object::Run(Arc::new(run.clone()))])));
}

#[test]
fn a_rerun_is_observed_when_the_next_attempt_shows() {
    let (mut console, mut run) = console(|_| {});
    let operation = begun(&mut console, Command::RerunFailed);
    assert_eq!(operation.action.change, Change::RerunFailed { attempt: 1, debug: false });
    assert_eq!(operation.environment.raw(), "", "a run stands in no environment");
    assert!(ask(&console, Command::RerunFailed).contains("already rerunning"));
    console.send(Msg::Progress(operation.id.clone(), Progress::Sent));
    console.send(Msg::Progress(operation.id, Progress::Accepted { generation: None }));
    assert_eq!(*outcome(&console), Outcome::Accepted);
    assert!(console.toast().contains("waiting for GitHub: attempt 2"), "{}", console.toast());
    now(&mut console, &run);
    assert_eq!(*outcome(&console), Outcome::Accepted, "the same attempt proves nothing");
    run.attempt = 2;
    active(&mut run);
    now(&mut console, &run);
    assert_eq!(*outcome(&console), Outcome::Observed);
    assert!(console.toast().contains("observed, attempt 2"), "{}", console.toast());
}

#[test]
fn a_cancel_is_observed_lost_or_refused() {
    let ends: [(Run, &str); 3] = {
        let (_, run) = console(active);
        let ended = |how: Conclusion| {
            world::with(run.clone(), |run| {
                run.status = RunStatus::Completed;
                run.conclusion = Some(how);
            })
        };
        let again = world::with(run.clone(), |run| run.attempt = 2);
        [(ended(Conclusion::Cancelled), "observed"), (ended(Conclusion::Success), "failed"), (again, "failed")]
    };
    for (end, word) in ends {
        let (mut console, _) = console(active);
        let operation = begun(&mut console, Command::CancelRun);
        console.send(Msg::Progress(operation.id, Progress::Accepted { generation: None }));
        now(&mut console, &end);
        assert_eq!(outcome(&console).as_str(), word, "{:?}", end.conclusion);
    }
    let (mut console, _) = console(active);
    let operation = begun(&mut console, Command::CancelRun);
    let message = Safe::of("Cannot cancel a workflow run that is completed. (409)");
    console.send(Msg::Progress(operation.id, Progress::Refused { message }));
    assert_eq!(outcome(&console).as_str(), "refused");
    assert!(console.toast().contains("Cannot cancel a workflow run that is completed"), "{}", console.toast());
}

#[test]
fn an_answer_that_nobody_heard_is_read_up_and_never_sent_again() {
    let (mut console, _) = console(|_| {});
    let operation = begun(&mut console, Command::RerunFailed);
    let message = Safe::of("no answer within 10 s");
    console.send(Msg::Progress(operation.id.clone(), Progress::Unknown { message }));
    assert!(console.effects.iter().any(|effect| matches!(effect, Effect::ReadEvidence(_))));
    let message = Safe::of("attempt 2 is there");
    console.send(Msg::Progress(operation.id, Progress::Evidence { found: Found::Applied, message }));
    assert_eq!(*outcome(&console), Outcome::Accepted);
    assert_eq!(console.performed(), 1);
}

/// The lines of the dialog as one text.
pub(super) fn said(console: &Console) -> String {
    let dialog = console.dialog().expect("a dialog");
    let mut out = format!("{}\n{}\n", dialog.title.as_str(), dialog.summary.as_str());
    for (label, lines) in &dialog.lines {
        for line in lines {
            out.push_str(&format!("{}: {}\n", label.as_str(), line.as_str()));
        }
    }
    out
}

#[test]
fn the_dialog_names_the_failed_jobs_and_counts_what_was_skipped() {
    let (mut console, run) = console(|_| {});
    console.press(Command::RerunFailed);
    assert!(said(&console).contains("which: unknown: the jobs of this attempt have not been read"));
    console.press(Command::ConfirmNo);
    let job = |name: &str, how: Conclusion| {
        let mut job = world::job(&console.state, &run, name, Some(500), Some(400));
        job.conclusion = Some(how);
        job
    };
    let jobs = vec![
        job("build", Conclusion::Success),
        job("unit (3.11)", Conclusion::Failure),
        job("unit (3.12)", Conclusion::TimedOut),
        job("lint", Conclusion::Cancelled),
        job("image", Conclusion::Skipped),
        job("deploy", Conclusion::Skipped),
    ];
    world::hear_jobs(&mut console.state, &run, jobs);
    update::settle(&mut console.state);
    console.press(Command::RerunFailed);
    let said = said(&console);
    for line in [
        "Rerun failed jobs of ci #7 of acme/checkout\nattempt 1 → 2\n",
        "this will: run 3 jobs again: unit (3.11), unit (3.12), lint\n",
        "this will: and those that depend on them: 2 jobs were skipped\n",
        "it will not: run the 1 job again that passed,\n",
        "undo: cancel ends the new attempt",
    ] {
        assert!(said.contains(line), "{line}\nin\n{said}");
    }
}

#[test]
fn the_dialog_of_a_cancel_says_what_goes_on() {
    let (mut console, run) = console(active);
    let jobs = vec![
        world::job(&console.state, &run, "build", Some(500), Some(400)),
        world::job(&console.state, &run, "unit", Some(400), None),
        world::job(&console.state, &run, "image", None, None),
    ];
    world::hear_jobs(&mut console.state, &run, jobs);
    update::settle(&mut console.state);
    console.press(Command::CancelRun);
    let before = said(&console);
    for line in [
        "running → cancelled",
        "this will: stop what runs: unit\n",
        "this will: drop what has not begun: image\n",
        "it will not: stop jobs and steps with always()",
        "undo: rerun runs the cancelled jobs again, as attempt 2",
    ] {
        assert!(before.contains(line), "{line}\nin\n{before}");
    }
    // Nothing in it counts time: it stays armed while one reads.
    console.arm();
    console.wait(Duration::from_secs(30));
    console.send(Msg::Tick);
    assert_eq!(said(&console), before);
    assert!(console.dialog().unwrap().takes_keys(console.state.now.mono));
}

#[test]
fn another_attempt_disarms() {
    let (mut console, mut run) = console(|_| {});
    console.press(Command::RerunFailed);
    run.attempt = 2;
    now(&mut console, &run);
    let why = console.dialog().unwrap().disarmed.clone().expect("it is another question now");
    assert!(why.as_str().contains("it was run again since this was shown (attempt 2)"), "{why:?}");
    console.arm();
    console.press(Command::ConfirmYes);
    assert_eq!(console.performed(), 0);
}

#[test]
fn a_run_that_names_a_protected_environment_asks_for_its_name() {
    let typed = |name: &str| Tier::Typed { expected: name.to_owned() };
    let environment = |name: &str, protection| Environment {
        name: Name::new(name),
        cluster: None,
        namespace: None,
        protection,
        findings: OnFindings::Warn,
        gitops: None,
    };
    let configured =
        vec![environment("staging", Some(Protection::TypedName)), environment("prod", Some(Protection::Confirm))];
    // workflow, branch, configured; tier, title.
    let table = [
        ("ci", "main", false, Tier::Yes, "of acme/checkout"),
        ("deploy-prod", "main", false, typed("prod"), "in prod"),
        ("deploy", "production", false, typed("production"), "in production"),
        ("product-page", "deliver-faster", false, Tier::Yes, "of acme/checkout"),
        ("deploy-prod", "main", true, Tier::Yes, "in prod"),
        ("deploy-staging", "main", true, typed("staging"), "in staging"),
        ("ci", "main", true, Tier::Yes, "of acme/checkout"),
    ];
    for (workflow, branch, settings, tier, title) in table {
        let (mut console, _) = console(|run| {
            run.workflow = Name::new(workflow);
            run.branch = Some(Name::new(branch));
        });
        if settings {
            console.state.settings = Arc::new(Settings { environments: configured.clone(), ..Settings::default() });
        }
        console.press(Command::RerunFailed);
        let dialog = console.dialog().expect("a dialog");
        assert_eq!(dialog.tier, tier, "{workflow} {branch} {settings}");
        assert!(dialog.title.as_str().ends_with(title), "{:?}", dialog.title);
    }
    // A job that waits for its approval names it too.
    let (mut console, run) = console(active);
    let mut job = world::job(&console.state, &run, "deploy (prod)", None, None);
    job.status = RunStatus::Waiting;
    world::hear_jobs(&mut console.state, &run, vec![job]);
    console.press(Command::CancelRun);
    assert_eq!(console.dialog().expect("a dialog").tier, typed("prod"));
}

/// The keys work where a run, a job or a step of it is looked at.
#[test]
fn the_verbs_apply_wherever_a_run_is_looked_at() {
    let (mut console, run) = console(|_| {});
    let mut job = world::job(&console.state, &run, "unit", Some(500), Some(400));
    job.conclusion = Some(Conclusion::Failure);
    job.steps = vec![world::step(&console.state, 1, "Run tests", 500, Some(400), Conclusion::Failure)];
    world::hear_jobs(&mut console.state, &run, vec![job.clone()]);
    for (place, pane) in [
        (Place::Deck, Pane::Pipelines),
        (Place::Deck, Pane::Steps),
        (Place::Pipelines, Pane::Pipelines),
        (Place::Run(run.id()), Pane::Pipelines),
        (Place::Log(job.id.clone()), Pane::Pipelines),
    ] {
        console.state.ui.place = place.clone();
        console.state.ui.pane = pane;
        console.state.ui.overlay = None;
        update::settle(&mut console.state);
        console.press(Command::RerunFailed);
        let target = console.dialog().map(|dialog| dialog.action.target.clone());
        assert_eq!(target, Some(run.id()), "{place:?} {pane:?}: {}", console.toast());
    }
    console.state.ui.overlay = None;
    console.state.ui.place = Place::Run(run.id());
    console.press(Command::Top);
    console.press(Command::Down);
    console.press(Command::Open);
    assert_eq!(console.state.ui.place, Place::Log(job.id.clone()), "a step opens the log of its job");
}

#[test]
fn the_address_is_copied_and_shown_and_nothing_is_started() {
    let (mut console, run) = console(|_| {});
    console.press(Command::Browse);
    assert!(console.effects.contains(&Effect::Copy(run.url.as_str().to_owned())), "{:?}", console.effects);
    assert!(console.toast().contains("https://github.com/acme/checkout/actions/runs/7"), "{}", console.toast());
    let job = world::job(&console.state, &run, "unit", Some(500), Some(400));
    world::hear_jobs(&mut console.state, &run, vec![job.clone()]);
    console.state.ui.place = Place::Log(job.id.clone());
    console.effects.clear();
    console.press(Command::Browse);
    assert!(console.effects.contains(&Effect::Copy(job.url.unwrap().as_str().to_owned())), "{:?}", console.effects);
}

/// A job of the next attempt has another id: the selection stays with its name.
#[test]
fn the_selection_stays_with_the_job_when_the_run_is_run_again() {
    let (mut console, mut run) = console(|_| {});
    let jobs = |console: &Console, run: &Run| {
        ["build", "unit", "image"].map(|name| world::job(&console.state, run, name, Some(500), Some(400))).to_vec()
    };
    let first = jobs(&console, &run);
    world::hear_jobs(&mut console.state, &run, first);
    update::settle(&mut console.state);
    console.press(Command::Down);
    let selected = |console: &Console| {
        let list = console.state.ui.list_id();
        format!("{:?}", quarterdeck::state::lists::selected(&console.state, &list))
    };
    assert!(selected(&console).contains("unit"), "{}", selected(&console));
    run.attempt = 2;
    let second = jobs(&console, &run);
    world::hear_jobs(&mut console.state, &run, second);
    now(&mut console, &run);
    assert!(selected(&console).contains("7-2-unit"), "{}", selected(&console));
}

#[test]
fn the_log_of_a_run_is_that_of_the_job_that_failed() {
    let (mut console, run) = console(|_| {});
    let mut jobs =
        ["build", "unit", "image"].map(|name| world::job(&console.state, &run, name, Some(500), Some(400))).to_vec();
    jobs[1].conclusion = Some(Conclusion::Failure);
    let failed = jobs[1].id.clone();
    world::hear_jobs(&mut console.state, &run, jobs);
    console.state.ui.place = Place::Pipelines;
    update::settle(&mut console.state);
    console.press(Command::Logs);
    assert_eq!(console.state.ui.place, Place::Log(failed));
    assert!(!matches!(console.state.ui.overlay, Some(Overlay::Confirm(_))));
    assert_eq!(GITHUB, console.state.world.runs.rows()[0].meta.cluster);
    assert_eq!(console.state.world.runs.rows()[0].id().kind, Kind::Run);
}
