//! Rerun all, rerun one job, debug logs, and the cancel that is forced after one that did not help.

use std::time::Duration;

use quarterdeck::action::{Change, Outcome, Progress};
use quarterdeck::command::Command;
use quarterdeck::model::Name;
use quarterdeck::model::pipelines::{Conclusion, Job, Run};
use quarterdeck::state::ui::Place;
use quarterdeck::state::verbs;
use quarterdeck::text::Safe;
use quarterdeck::update::{self, Msg};

use super::run_verbs::{active, begun, console, now, outcome, said};
use super::world::Console;
use crate::screens::run_world as world;

/// What is offered, or why it is not.
fn offered(console: &Console, command: Command) -> Result<Change, String> {
    let target = verbs::target(&console.state).expect("a run is looked at");
    let offer = verbs::available(&console.state, command, &target);
    offer.map(|offer| offer.action.change).map_err(|why| why.as_str().to_owned())
}

/// build passed, unit failed, image was skipped; the first is selected.
fn three_jobs(console: &mut Console, run: &Run) -> Vec<Job> {
    let job = |name: &str, how: Conclusion| {
        let mut job = world::job(&console.state, run, name, Some(500), Some(400));
        job.conclusion = Some(how);
        job
    };
    let jobs =
        vec![job("build", Conclusion::Success), job("unit", Conclusion::Failure), job("image", Conclusion::Skipped)];
    world::hear_jobs(&mut console.state, run, jobs.clone());
    update::settle(&mut console.state);
    jobs
}

#[test]
fn all_jobs_of_any_ended_run_can_run_again() {
    for how in [Conclusion::Success, Conclusion::Failure, Conclusion::Cancelled, Conclusion::Skipped] {
        let (console, _) = console(|run| {
            run.attempt = 3;
            run.conclusion = Some(how.clone());
        });
        assert_eq!(offered(&console, Command::RerunAll), Ok(Change::RerunAll { attempt: 3, debug: false }), "{how:?}");
    }
    let (console, _) = console(active);
    for command in [Command::RerunAll, Command::RerunJob] {
        let why = offered(&console, command).unwrap_err();
        assert!(why.contains("attempt 1 has not ended"), "{why}");
    }
}

#[test]
fn the_dialog_says_that_what_passed_is_done_again() {
    let (mut console, run) = console(|_| {});
    three_jobs(&mut console, &run);
    console.press(Command::RerunAll);
    let said = said(&console);
    for line in [
        "Rerun all jobs of ci #7 of acme/checkout\nattempt 1 → 2\n",
        "this will: run all 3 jobs again: build, unit, image\n",
        "this will: also those that passed: what they pushed or deployed is done again\n",
        "debug logs: off\n",
    ] {
        assert!(said.contains(line), "{line}\nin\n{said}");
    }
}

#[test]
fn the_job_that_is_looked_at_runs_again_and_no_other() {
    let (mut console, run) = console(|_| {});
    let why = offered(&console, Command::RerunJob).unwrap_err();
    assert_eq!(why, "select one of its jobs first");
    let jobs = three_jobs(&mut console, &run);
    console.press(Command::Down);
    let unit = Change::RerunJob { attempt: 1, job: jobs[1].id.uid.clone(), name: Name::new("unit"), debug: false };
    assert_eq!(offered(&console, Command::RerunJob), Ok(unit.clone()));
    console.press(Command::RerunJob);
    let text = said(&console);
    for line in ["Rerun a job of ci #7", "run unit again (now failure),", "GitHub does not say which"] {
        assert!(text.contains(line), "{line}\nin\n{text}");
    }
    // What is highlighted behind the dialog no longer matters.
    let target = verbs::target(&console.state).unwrap();
    let action = quarterdeck::action::Action { target, change: unit.clone() };
    let again = verbs::available_to(&console.state, Command::RerunJob, &action).unwrap();
    assert_eq!(again.change, unit);
    // In its log it is the one whose log that is.
    console.state.ui.overlay = None;
    console.state.ui.place = Place::Log(jobs[2].id.clone());
    let image = offered(&console, Command::RerunJob);
    assert!(matches!(&image, Ok(Change::RerunJob { name, .. }) if name.raw() == "image"), "{image:?}");
}

#[test]
fn a_rerun_of_a_job_is_observed_by_the_next_attempt() {
    let (mut console, mut run) = console(|_| {});
    three_jobs(&mut console, &run);
    let operation = begun(&mut console, Command::RerunJob);
    console.send(Msg::Progress(operation.id, Progress::Accepted { generation: None }));
    now(&mut console, &run);
    assert_eq!(*outcome(&console), Outcome::Accepted);
    run.attempt = 2;
    active(&mut run);
    now(&mut console, &run);
    assert_eq!(*outcome(&console), Outcome::Observed);
}

#[test]
fn debug_logs_are_a_choice_that_must_be_read_again_before_it_is_confirmed() {
    let (mut console, _) = console(|_| {});
    console.press(Command::RerunFailed);
    assert!(said(&console).contains("debug logs: off"));
    console.arm();
    console.press(Command::ConfirmDebug);
    assert!(said(&console).contains("debug logs: on"), "{}", said(&console));
    assert!(!console.dialog().unwrap().takes_keys(console.state.now.mono), "it is another question now");
    // News of the run do not take the choice back.
    console.send(Msg::Tick);
    console.arm();
    console.press(Command::ConfirmYes);
    assert_eq!(console.performed(), 1);
    let sent = &console.state.operations.last().unwrap().action.change;
    assert_eq!(*sent, Change::RerunFailed { attempt: 1, debug: true });
    // What takes no such wish has no such choice.
    let (mut console, _) = super::run_verbs::console(active);
    console.press(Command::CancelRun);
    console.arm();
    console.press(Command::ConfirmDebug);
    assert!(!said(&console).contains("debug logs"));
    assert!(console.dialog().unwrap().takes_keys(console.state.now.mono));
}

#[test]
fn force_is_offered_once_a_cancel_was_taken_and_the_run_goes_on() {
    let (mut console, mut run) = console(active);
    let why = |console: &Console| offered(console, Command::ForceCancel).unwrap_err();
    assert!(why(&console).contains("no cancel of it was accepted"), "{}", why(&console));
    let operation = begun(&mut console, Command::CancelRun);
    assert!(why(&console).contains("already cancelling"), "{}", why(&console));
    console.send(Msg::Progress(operation.id, Progress::Accepted { generation: None }));
    assert!(why(&console).contains("gets 10s to end by itself"), "{}", why(&console));
    console.wait(Duration::from_secs(11));
    console.send(Msg::Tick);
    now(&mut console, &run);
    assert_eq!(offered(&console, Command::ForceCancel), Ok(Change::ForceCancel { attempt: 1 }));
    assert!(offered(&console, Command::CancelRun).unwrap_err().contains("already cancelling"));
    console.effects.clear();
    let forced = begun(&mut console, Command::ForceCancel);
    assert_eq!(forced.action.change, Change::ForceCancel { attempt: 1 });
    console.send(Msg::Progress(forced.id, Progress::Accepted { generation: None }));
    run.conclusion = Some(Conclusion::Cancelled);
    run.status = quarterdeck::model::pipelines::RunStatus::Completed;
    now(&mut console, &run);
    let ends: Vec<_> = console.state.operations.iter().map(|operation| operation.outcome.as_str()).collect();
    assert_eq!(ends, ["observed", "observed"], "the end proves both");
    assert!(why(&console).contains("it has ended: cancelled"), "{}", why(&console));
}

#[test]
fn the_dialog_of_a_forced_cancel_names_what_is_cut_off() {
    let (mut console, run) = console(active);
    let jobs = vec![
        world::job(&console.state, &run, "build", Some(500), Some(400)),
        world::job(&console.state, &run, "tear down", Some(400), None),
    ];
    world::hear_jobs(&mut console.state, &run, jobs);
    let operation = begun(&mut console, Command::CancelRun);
    console.send(Msg::Progress(operation.id, Progress::Accepted { generation: None }));
    console.wait(Duration::from_secs(11));
    now(&mut console, &run);
    console.press(Command::ForceCancel);
    let said = said(&console);
    for line in
        ["it goes on although its cancel was accepted", "clean-up that still runs is cut off", "that is: tear down\n"]
    {
        assert!(said.contains(line), "{line}\nin\n{said}");
    }
}

/// A refused cancel is none.
#[test]
fn a_cancel_that_was_refused_offers_no_force() {
    let (mut console, _) = console(active);
    let operation = begun(&mut console, Command::CancelRun);
    console.send(Msg::Progress(operation.id, Progress::Refused { message: Safe::of("no permission (403)") }));
    console.wait(Duration::from_mins(1));
    console.send(Msg::Tick);
    assert!(offered(&console, Command::ForceCancel).unwrap_err().contains("cancel it first"));
}
