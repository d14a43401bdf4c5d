//! What can be asked of a workload in each recorded moment, and why not (apis.md §1.6).

use quarterdeck::action::Change;
use quarterdeck::command::Command;
use quarterdeck::model::Kind;
use quarterdeck::model::source::{FeedEvent, FeedStatus};
use quarterdeck::state::verbs;
use quarterdeck::text::Safe;
use serde_json::{Value, json};

use super::world::{Console, moment};

/// The change that is offered, or the reason against it.
fn ask(console: &mut Console, command: Command) -> Result<Change, String> {
    let target = console.open_workload();
    verbs::available(&console.state, command, &target)
        .map(|offer| offer.action.change)
        .map_err(|why| why.as_str().to_owned())
}

fn told(change: &Result<Change, String>) -> String {
    match change {
        Ok(Change::PromotePause { step, .. }) => format!("promote pause {step:?}"),
        Ok(Change::PromoteInconclusive { step, next, .. }) => format!("promote inconclusive {step} {next}"),
        Ok(Change::Unpause) => "unpause".to_owned(),
        Ok(Change::Abort { .. }) => "abort".to_owned(),
        Ok(Change::Retry { .. }) => "retry".to_owned(),
        Ok(Change::Undo { to_revision, .. }) => format!("undo {to_revision}"),
        Ok(Change::RerunFailed { attempt, .. }) => format!("rerun failed {attempt}"),
        Ok(Change::Cancel { attempt }) => format!("cancel {attempt}"),
        Ok(Change::CancelRun { how }) => how.as_str().to_owned(),
        Ok(Change::RunAgain) => "run again".to_owned(),
        Ok(other) => format!("{other:?}"),
        Err(why) => why.clone(),
    }
}

#[test]
fn each_verb_in_each_recorded_moment() {
    // moment; promote, abort, retry, undo: what is offered, or words of the reason.
    let table = [
        ("clean/01-before", "fully promoted", "fully promoted", "not aborted", "no earlier revision"),
        ("clean/02-first-weight", "promote pause Some(1)", "abort", "not aborted", "undo 1"),
        ("clean/03-analysis-running", "step 3 of 10 (analysis", "abort", "not aborted", "undo 1"),
        ("clean/04-waiting-for-a-person", "promote pause Some(7)", "abort", "not aborted", "undo 1"),
        ("clean/06-healthy", "fully promoted", "fully promoted", "not aborted", "undo 1"),
        ("regression/02-half-the-traffic", "not paused", "abort", "not aborted", "undo 1"),
        ("regression/03-aborted-by-analysis", "aborted: retry", "already aborted", "retry", "undo 1"),
        ("regression/06-aborted-by-a-person", "aborted: retry", "already aborted", "retry", "undo 1"),
        ("promotions/05-paused-by-a-person", "unpause", "abort", "not aborted", "undo"),
        ("promotions/07-all-steps-skipped-still-paused", "unpause", "abort", "not aborted", "undo"),
        ("blue-green/02-preview-waits", "promote pause None", "abort", "not aborted", "undo"),
        ("blue-green/05-aborted", "aborted: retry", "already aborted", "retry", "undo"),
        ("deployment/02-deployment-updated", "no steps", "no steps", "no steps", "undo 1"),
    ];
    for (name, promote, abort, retry, undo) in table {
        let mut console = Console::new(&moment(name));
        for (command, wanted) in
            [(Command::Promote, promote), (Command::Abort, abort), (Command::Retry, retry), (Command::Undo, undo)]
        {
            let said = told(&ask(&mut console, command));
            assert!(said.contains(wanted), "{name}, {command:?}: wanted {wanted:?}, got {said:?}");
        }
    }
}

/// The recorded moment with the status or spec of its rollout changed.
fn with(name: &str, change: impl Fn(&mut Value)) -> Console {
    let mut objects = moment(name);
    change(&mut objects["rollouts"][0]);
    Console::new(&objects)
}

#[test]
fn an_inconclusive_step_is_promoted_to_the_next_and_the_preview_names_what_is_skipped() {
    let mut console = with("regression/02-half-the-traffic", |rollout| {
        rollout["status"]["controllerPause"] = json!(true);
        rollout["status"]["pauseConditions"] =
            json!([{ "reason": "InconclusiveAnalysisRun", "startTime": "2026-01-01T00:00:00Z" }]);
        rollout["status"]["canary"]["currentStepAnalysisRunStatus"]["status"] = json!("Inconclusive");
    });
    assert_eq!(told(&ask(&mut console, Command::Promote)), "promote inconclusive 6 7");
    console.press(Command::Promote);
    let lines = format!("{:?}", console.dialog().expect("a dialog").lines);
    assert!(lines.contains("skip what is left of step 7 of 10"), "{lines}");
}

#[test]
fn a_manual_pause_is_ended_without_skipping_a_step_and_says_that_the_steps_own_pause_stays() {
    let mut console = Console::new(&moment("promotions/05-paused-by-a-person"));
    assert_eq!(ask(&mut console, Command::Promote), Ok(Change::Unpause));
    console.press(Command::Promote);
    let lines = format!("{:?}", console.dialog().expect("a dialog").lines);
    assert!(lines.contains("end the pause of the step: promote once more"), "{lines}");
    assert!(lines.contains("kubectl argo rollouts promote would skip"), "{lines}");
}

#[test]
fn a_spec_the_controller_has_not_seen_takes_no_status_verb() {
    let mut console = with("clean/02-first-weight", |rollout| rollout["metadata"]["generation"] = json!(3));
    for command in [Command::Promote, Command::Abort] {
        let why = ask(&mut console, command).expect_err("the pod hash may be an old one");
        assert!(why.contains("has not seen"), "{why}");
    }
}

#[test]
fn a_template_elsewhere_or_under_git_is_not_undone_here() {
    let mut console = with("clean/02-first-weight", |rollout| {
        rollout["spec"]["workloadRef"] = json!({ "apiVersion": "apps/v1", "kind": "Deployment", "name": "checkout" });
    });
    let why = ask(&mut console, Command::Undo).expect_err("another object holds the template");
    assert!(why.contains("Deployment checkout"), "{why}");

    let mut objects = moment("deployment/02-deployment-updated");
    objects["deployments"][0]["metadata"]["labels"] = json!({ "app.kubernetes.io/managed-by": "Helm" });
    let mut console = Console::new(&objects);
    let why = ask(&mut console, Command::Undo).expect_err("Helm would bring it back");
    assert!(why.contains("Helm"), "{why}");
}

#[test]
fn the_highlighted_replica_set_is_the_target_of_undo() {
    let mut console = Console::new(&moment("promotions/05-paused-by-a-person"));
    console.open_workload();
    let sets: Vec<_> = console.state.world.replica_sets.rows().to_vec();
    assert!(sets.len() > 2, "three revisions are recorded");
    let current = console.state.world.rollouts.rows()[0].current_pod_hash.clone();
    for set in sets {
        let list = console.state.ui.list_id();
        let entry = console.state.ui.lists.get_mut(&list).unwrap();
        entry.selected = Some(quarterdeck::state::ui::RowId::Object(set.meta.id(Kind::ReplicaSet)));
        entry.chosen = true;
        let offered = ask(&mut console, Command::Undo);
        let Ok(Change::Undo { replica_set_uid, .. }) = offered else { panic!("{offered:?}") };
        if set.template_hash == current {
            assert_ne!(replica_set_uid, set.meta.uid, "the current one means the one before it");
        } else {
            assert_eq!(replica_set_uid, set.meta.uid);
        }
    }
}

#[test]
fn nothing_is_offered_on_old_data_without_a_journal_or_before_the_environment_is_known() {
    let mut console = Console::new(&moment("clean/02-first-weight"));
    assert!(ask(&mut console, Command::Abort).is_ok());
    let since = console.state.now.mono;
    let stale = FeedStatus::Stale { since, message: Safe::of("connection refused"), retry_at: None };
    console.feed(Kind::Rollout, FeedEvent::Status(stale));
    assert!(told(&ask(&mut console, Command::Abort)).contains("stale"));
    console.feed(Kind::Rollout, FeedEvent::Status(FeedStatus::Live));
    assert!(ask(&mut console, Command::Abort).is_ok());
    console.state.read_only = Some(Safe::of("the journal is full"));
    assert!(told(&ask(&mut console, Command::Abort)).contains("read-only: the journal is full"));

    let mut console = Console::empty();
    console.list(Kind::Rollout, moment("clean/02-first-weight")["rollouts"].as_array().unwrap());
    assert!(told(&ask(&mut console, Command::Abort)).contains("environment is not known"));
}
