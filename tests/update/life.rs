//! The life of an action: what is sent, what counts as seen, and that nothing is sent twice.

use std::time::Duration;

use quarterdeck::action::{OperationId, Progress};
use quarterdeck::command::{Command, KeyCode};
use quarterdeck::model::Kind;
use quarterdeck::model::source::{FeedEvent, FeedStatus};
use quarterdeck::state::{lists, verbs};
use quarterdeck::text::Safe;
use quarterdeck::update::{self, Effect, Msg};
use serde_json::{Value, json};

use super::world::{Console, moment};

/// Asks, confirms, and gives the id of what left for the runner.
pub(super) fn begun(objects: &Value, command: Command) -> (Console, OperationId) {
    let mut console = Console::new(objects);
    console.open_workload();
    console.press(command);
    assert!(console.dialog().is_some(), "{}", console.toast());
    console.arm();
    console.press(Command::ConfirmYes);
    let id = console.state.operations.last().expect("an operation").id.clone();
    (console, id)
}

pub(super) fn outcome(console: &Console) -> &'static str {
    console.state.operations.last().map_or("none", |operation| operation.outcome.as_str())
}

pub(super) fn accepted() -> Progress {
    Progress::Accepted { generation: None }
}

#[test]
fn an_abort_is_observed_only_when_the_source_shows_it() {
    let (mut console, id) = begun(&moment("regression/02-half-the-traffic"), Command::Abort);
    assert_eq!(outcome(&console), "intended");
    console.send(Msg::Progress(id.clone(), Progress::Sent));
    assert_eq!(outcome(&console), "sent");
    console.send(Msg::Progress(id.clone(), accepted()));
    assert_eq!(outcome(&console), "accepted");
    assert!(console.toast().contains("waiting for the controller: weight 0"), "{}", console.toast());

    // The flag alone proves nothing: the controller has to act.
    let mut flagged = moment("regression/02-half-the-traffic");
    flagged["rollouts"][0]["status"]["abort"] = json!(true);
    console.rollouts(&flagged);
    assert_eq!(outcome(&console), "accepted");
    let waits = verbs::waits_for(&console.state, &console.state.operations[0]);
    assert_eq!(waits.map(|text| text.as_str().to_owned()).as_deref(), Some("the controller to act"));

    console.rollouts(&moment("regression/06-aborted-by-a-person"));
    assert_eq!(outcome(&console), "observed");
    assert!(console.toast().contains("observed"), "{}", console.toast());
    let recorded: Vec<&'static str> = console
        .effects
        .iter()
        .filter_map(|effect| match effect {
            Effect::Record(recorded, outcome) if *recorded == id => Some(outcome.as_str()),
            _ => None,
        })
        .collect();
    assert_eq!(recorded, ["accepted", "observed"]);
    assert_eq!(console.performed(), 1);
}

#[test]
fn each_verb_is_observed_in_the_recorded_moment_after_it() {
    // Before, verb, after.
    let table = [
        ("regression/04-canary-scaled-down", Command::Retry, "regression/05-retried"),
        ("clean/04-waiting-for-a-person", Command::Promote, "clean/05-promoted"),
        ("blue-green/02-preview-waits", Command::Promote, "blue-green/03-switched"),
        ("promotions/07-all-steps-skipped-still-paused", Command::Promote, "promotions/08-let-go"),
        ("regression/06-aborted-by-a-person", Command::Undo, "regression/07-undone"),
        ("deployment/03-image-cannot-be-pulled-deadline-exceeded", Command::Undo, "deployment/04-deployment-undone"),
    ];
    for (before, command, after) in table {
        let (mut console, id) = begun(&moment(before), command);
        console.send(Msg::Progress(id, accepted()));
        assert_eq!(outcome(&console), "accepted", "{before}: not yet");
        let after_objects = moment(after);
        for kind in [Kind::ReplicaSet, Kind::Rollout, Kind::Deployment] {
            console.list(kind, after_objects[kind.plural()].as_array().unwrap());
        }
        assert_eq!(outcome(&console), "observed", "{before} → {after}: {:?}", console.state.operations);
    }
}

#[test]
fn a_refused_action_says_that_nothing_was_changed_and_frees_the_object() {
    let (mut console, id) = begun(&moment("regression/02-half-the-traffic"), Command::Abort);
    console.send(Msg::Progress(id, Progress::Refused { message: Safe::of("the test of currentPodHash failed") }));
    assert_eq!(outcome(&console), "refused");
    assert!(console.toast().contains("nothing was changed"), "{}", console.toast());
    console.press(Command::Abort);
    assert!(console.dialog().is_some(), "may be asked for again");
}

#[test]
fn an_undo_is_lost_only_when_the_replica_sets_are_read_to_the_end() {
    for (before, after, kind) in [
        ("regression/06-aborted-by-a-person", "regression/07-undone", Kind::Rollout),
        ("deployment/03-image-cannot-be-pulled-deadline-exceeded", "deployment/04-deployment-undone", Kind::Deployment),
    ] {
        let (mut console, id) = begun(&moment(before), Command::Undo);
        console.send(Msg::Progress(id, accepted()));
        let pending = console.state.operations.clone();

        // The next start: the workload is read before its ReplicaSets are.
        let mut console = Console::empty();
        console.state.operations = pending;
        let _ = update::start(&mut console.state);
        let after = moment(after);
        let items = |kind: Kind| after[kind.plural()].as_array().unwrap().clone();
        console.list(kind, &items(kind));
        assert_eq!(outcome(&console), "accepted", "{kind:?}: not read yet is not gone");
        let mut denied = console.clone();
        console.list(Kind::ReplicaSet, &items(Kind::ReplicaSet));
        assert_eq!(outcome(&console), "observed", "{kind:?}");

        // Forbidden: not seen, and in the end the object is free again.
        denied.feed(Kind::ReplicaSet, FeedEvent::Status(FeedStatus::Denied { message: Safe::of("forbidden") }));
        assert_eq!(outcome(&denied), "accepted", "{kind:?}");
        denied.wait(Duration::from_mins(11));
        denied.send(Msg::Tick);
        assert_eq!(outcome(&denied), "failed", "{kind:?}");
        assert!(denied.toast().contains("forbidden"), "{}", denied.toast());
    }
}

#[test]
fn an_undo_whose_replica_set_is_gone_is_lost() {
    let (mut console, id) = begun(&moment("regression/06-aborted-by-a-person"), Command::Undo);
    console.send(Msg::Progress(id, accepted()));
    console.list(Kind::ReplicaSet, &[]);
    assert_eq!(outcome(&console), "failed");
    assert!(console.toast().contains("is gone"), "{}", console.toast());
}

#[test]
fn an_action_taken_back_before_it_was_seen_frees_its_object_in_the_end() {
    // Before, verb: each stands there still, as if somebody did the opposite at once.
    let table =
        [("regression/02-half-the-traffic", Command::Abort), ("regression/06-aborted-by-a-person", Command::Retry)];
    for (before, command) in table {
        let (mut console, id) = begun(&moment(before), command);
        console.send(Msg::Progress(id, accepted()));
        for _ in 0..11 {
            assert_eq!(outcome(&console), "accepted", "{before}");
            console.wait(Duration::from_mins(1));
            console.rollouts(&moment(before));
        }
        assert_eq!(outcome(&console), "failed", "{before}");
        console.press(command);
        assert!(console.dialog().is_some(), "{before}: {}", console.toast());
    }
}

#[test]
fn a_source_that_comes_back_may_catch_up_before_it_is_believed() {
    let (mut console, id) = begun(&moment("regression/02-half-the-traffic"), Command::Abort);
    console.send(Msg::Progress(id, accepted()));
    let since = console.state.now.mono;
    let stale = FeedStatus::Stale { since, message: Safe::of("timeout"), retry_at: None };
    console.feed(Kind::Rollout, FeedEvent::Status(stale));
    console.wait(Duration::from_mins(20));
    console.feed(Kind::Rollout, FeedEvent::Status(FeedStatus::Live));
    assert_eq!(outcome(&console), "accepted", "what happened meanwhile is still to come");
    console.rollouts(&moment("regression/06-aborted-by-a-person"));
    assert_eq!(outcome(&console), "observed");
}

#[test]
fn a_filtered_journal_follows_what_becomes_of_its_operations() {
    let (mut console, id) = begun(&moment("regression/02-half-the-traffic"), Command::Abort);
    console.press(Command::ShowJournal);
    let list = console.state.ui.list_id();
    console.state.ui.lists.entry(list.clone()).or_default().filter = "accepted".to_owned();
    update::settle(&mut console.state);
    assert_eq!(lists::len(&console.state, &list), 0);
    console.send(Msg::Progress(id, accepted()));
    assert_eq!(lists::len(&console.state, &list), 1);
    console.rollouts(&moment("regression/06-aborted-by-a-person"));
    assert_eq!(lists::len(&console.state, &list), 0);
}

#[test]
fn a_stale_source_observes_nothing_and_another_revision_ends_the_wait() {
    let (mut console, id) = begun(&moment("regression/02-half-the-traffic"), Command::Abort);
    console.send(Msg::Progress(id, accepted()));
    let since = console.state.now.mono;
    let stale = FeedStatus::Stale { since, message: Safe::of("timeout"), retry_at: None };
    console.feed(Kind::Rollout, FeedEvent::Status(stale));
    assert_eq!(outcome(&console), "accepted");
    let mut other = moment("regression/02-half-the-traffic");
    other["rollouts"][0]["status"]["currentPodHash"] = json!("0000000000");
    console.rollouts(&other);
    assert_eq!(outcome(&console), "failed");
    assert!(console.toast().contains("another revision came"), "{}", console.toast());
}

#[test]
fn what_a_live_source_never_shows_is_given_up_in_the_end() {
    let (mut console, id) = begun(&moment("regression/02-half-the-traffic"), Command::Abort);
    console.send(Msg::Progress(id, accepted()));
    let since = console.state.now.mono;
    let stale = FeedStatus::Stale { since, message: Safe::of("timeout"), retry_at: None };
    console.feed(Kind::Rollout, FeedEvent::Status(stale));
    console.wait(Duration::from_mins(11));
    console.send(Msg::Tick);
    assert_eq!(outcome(&console), "accepted", "a source that is not live proves nothing either way");
    console.feed(Kind::Rollout, FeedEvent::Status(FeedStatus::Live));
    console.wait(Duration::from_secs(61));
    console.send(Msg::Tick);
    assert_eq!(outcome(&console), "failed");
    console.press(Command::Abort);
    assert!(console.dialog().is_some(), "the object is free again: {}", console.toast());
}

#[test]
fn quitting_with_an_action_in_flight_asks_twice() {
    let (mut console, id) = begun(&moment("regression/02-half-the-traffic"), Command::Abort);
    let quits = |console: &Console| console.effects.iter().filter(|effect| **effect == Effect::Quit).count();
    console.press(Command::Quit);
    assert_eq!(quits(&console), 0);
    assert!(console.toast().contains("quit again"), "{}", console.toast());
    console.press(Command::Quit);
    assert_eq!(quits(&console), 1);
    // The question expires.
    console.wait(Duration::from_secs(6));
    console.press(Command::Quit);
    assert_eq!(quits(&console), 1);
    console.send(Msg::Progress(id, Progress::Refused { message: Safe::of("no") }));
    console.press(Command::Quit);
    assert_eq!(quits(&console), 2, "nothing is in flight any more");
}

#[test]
fn quitting_does_not_ask_about_an_action_of_an_earlier_run() {
    let (mut console, id) = begun(&moment("regression/02-half-the-traffic"), Command::Abort);
    console.send(Msg::Progress(id, accepted()));
    let pending = console.state.operations.clone();
    let mut console = Console::new(&moment("regression/02-half-the-traffic"));
    console.state.operations = pending;
    let _ = update::start(&mut console.state);
    assert_eq!(outcome(&console), "accepted");
    console.press(Command::Quit);
    console.effects.retain(|effect| !matches!(effect, Effect::Interest(_)));
    assert_eq!(console.effects, [Effect::Quit]);
}

#[test]
fn a_journal_that_fails_makes_the_console_read_only() {
    let mut console = Console::new(&moment("regression/02-half-the-traffic"));
    console.open_workload();
    console.press(Command::Abort);
    console.arm();
    console.send(Msg::ReadOnly(Safe::of("no space left")));
    console.press(Command::ConfirmYes);
    assert_eq!(console.performed(), 0);
    console.plain(KeyCode::Esc);
    console.press(Command::Abort);
    assert!(console.dialog().is_none());
    assert!(console.toast().contains("no space left"), "{}", console.toast());
}

#[test]
fn a_console_that_begins_read_only_says_why_at_once() {
    let mut console = Console::new(&moment("regression/02-half-the-traffic"));
    console.state.read_only = Some(Safe::of("another instance (pid 41) holds the journal"));
    let _ = update::start(&mut console.state);
    assert!(console.toast().contains("read-only: another instance (pid 41) holds the journal"), "{}", console.toast());
}

#[test]
fn a_console_that_waited_acts_when_the_other_one_ended_and_reads_up_what_that_one_left() {
    let mut console = Console::new(&moment("regression/02-half-the-traffic"));
    console.open_workload();
    console.state.read_only = Some(Safe::of("another quarterdeck (pid 41) holds the journal"));
    let _ = update::start(&mut console.state);
    console.press(Command::Abort);
    assert!(console.toast().contains("read-only: another quarterdeck (pid 41)"), "{}", console.toast());
    let left = crate::journal::abort(1);
    console.send(Msg::TakenOver(vec![left]));
    assert!(console.toast().contains("actions can be sent from here now"), "{}", console.toast());
    assert_eq!((console.state.operations.len(), console.state.spectator), (1, false));
    assert!(console.effects.iter().any(|effect| matches!(effect, Effect::ReadEvidence(_))), "its end is looked for");
    console.press(Command::Abort);
    assert!(console.dialog().is_some(), "{}", console.toast());
}
