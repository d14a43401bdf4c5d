//! What the dialog shows is what is confirmed (R39, R41): it was drawn whole and long enough, it is
//! kept true while it is open, and only single keys of a hand confirm it.

use std::time::Duration;

use quarterdeck::command::{Command, Key, KeyCode};
use quarterdeck::model::Kind;
use quarterdeck::model::source::{FeedEvent, FeedStatus};
use quarterdeck::state::ui::Overlay;
use quarterdeck::state::verbs;
use quarterdeck::text::Safe;
use quarterdeck::update::{self, Msg};
use serde_json::{Value, json};

use super::world::{Console, HAND, moment, namespace};

const RUNNING: &str = "regression/02-half-the-traffic";
const WAITING: &str = "clean/04-waiting-for-a-person";

/// The dialog of a verb on the only rollout, just drawn.
fn asked(objects: &Value, environment: &str, command: Command) -> Console {
    let mut console = Console::in_environment(objects, environment);
    console.open_workload();
    console.press(command);
    assert!(console.dialog().is_some(), "{}", console.toast());
    console
}

fn why(console: &Console) -> String {
    let why = console.dialog().and_then(|dialog| dialog.disarmed.clone());
    why.map_or(String::new(), |why| why.as_str().to_owned())
}

fn offered(console: &mut Console, command: Command) -> Result<(), String> {
    let target = console.open_workload();
    verbs::available(&console.state, command, &target).map(drop).map_err(|why| why.as_str().to_owned())
}

#[test]
fn undo_is_offered_only_among_all_revisions_as_they_are_now() {
    for name in [WAITING, "deployment/02-deployment-updated"] {
        let mut console = Console::new(&moment(name));
        assert_eq!(offered(&mut console, Command::Undo), Ok(()), "{name}");
        let since = console.state.now.mono;
        let stale = FeedStatus::Stale { since, message: Safe::of("connection refused"), retry_at: None };
        console.feed(Kind::ReplicaSet, FeedEvent::Status(stale));
        let said = offered(&mut console, Command::Undo).expect_err("old revisions");
        assert!(said.contains("ReplicaSets") && said.contains("stale"), "{name}: {said}");
        console.feed(Kind::ReplicaSet, FeedEvent::Status(FeedStatus::Live));
        console.feed(Kind::ReplicaSet, FeedEvent::ListBegins);
        let said = offered(&mut console, Command::Undo).expect_err("half of a list");
        assert!(said.contains("read again"), "{name}: {said}");

        // Never read to the end.
        let mut objects = moment(name);
        let sets = objects.as_object_mut().unwrap().remove("replicasets");
        let mut console = Console::empty();
        console.list(Kind::Namespace, &[namespace("dev")]);
        for kind in [Kind::Rollout, Kind::Deployment, Kind::Application] {
            let items = objects.get(kind.plural()).and_then(Value::as_array).cloned().unwrap_or_default();
            console.list(kind, &items);
        }
        let half = super::world::objects(Kind::ReplicaSet, &sets.unwrap().as_array().unwrap().clone());
        console.feed(Kind::ReplicaSet, FeedEvent::ListBegins);
        console.feed(Kind::ReplicaSet, FeedEvent::Applied(half));
        let said = offered(&mut console, Command::Undo).expect_err("half of a list");
        assert!(said.contains("read to the end"), "{name}: {said}");
    }
}

#[test]
fn a_spec_nobody_has_acted_on_is_not_undone_or_unpaused() {
    for (name, command) in [
        (WAITING, Command::Undo),
        ("promotions/05-paused-by-a-person", Command::Promote),
        ("deployment/02-deployment-updated", Command::Undo),
    ] {
        let mut objects = moment(name);
        let kind = if objects["rollouts"][0].is_null() { "deployments" } else { "rollouts" };
        assert_eq!(offered(&mut Console::new(&objects), command), Ok(()), "{name}");
        objects[kind][0]["metadata"]["generation"] = json!(999);
        let said = offered(&mut Console::new(&objects), command).expect_err(name);
        assert!(said.contains("has not seen"), "{name}: {said}");
    }
}

#[test]
fn r39_another_spec_disarms_an_undo_even_when_the_controller_has_caught_up() {
    let mut objects = moment(WAITING);
    let mut console = asked(&objects, "dev", Command::Undo);
    console.arm();
    let rollout = &mut objects["rollouts"][0];
    rollout["metadata"]["generation"] = json!(999);
    rollout["spec"]["template"]["metadata"]["labels"]["changed"] = json!("since");
    rollout["status"]["observedGeneration"] = json!("999");
    rollout["metadata"]["resourceVersion"] = json!("999999");
    console.rollouts(&objects);
    assert!(why(&console).contains("its spec was changed"), "{}", why(&console));
    console.press(Command::ConfirmYes);
    assert_eq!(console.performed(), 0);
}

/// An autoscaler writes `spec.replicas` every few seconds, and its controller is always one word behind: that is no
/// reason to leave a bad canary where it is.
#[test]
fn an_abort_waits_for_no_autoscaler() {
    let scaled = |objects: &mut Value, replicas: i64, generation: i64| {
        let rollout = &mut objects["rollouts"][0];
        rollout["spec"]["replicas"] = json!(replicas);
        rollout["metadata"]["generation"] = json!(generation);
        rollout["metadata"]["resourceVersion"] = json!(format!("90{generation}"));
    };
    let mut objects = moment(RUNNING);
    let mut console = asked(&objects, "dev", Command::Abort);
    console.arm();
    for (replicas, generation) in [(7, 901), (9, 902), (8, 903)] {
        scaled(&mut objects, replicas, generation);
        console.rollouts(&objects);
        assert!(why(&console).is_empty(), "{generation}: {}", why(&console));
        assert_eq!(offered(&mut console, Command::Abort), Ok(()), "{generation}");
    }
    // What else is asked for meanwhile is another question, and not one that its controller has heard.
    let mut other = objects.clone();
    other["rollouts"][0]["spec"]["template"]["metadata"]["labels"]["changed"] = json!("since");
    scaled(&mut other, 8, 904);
    let mut console = asked(&moment(RUNNING), "dev", Command::Abort);
    console.arm();
    console.rollouts(&other);
    assert!(why(&console).contains("has not seen the last change"), "{}", why(&console));
}

/// Somebody applied another version and took it back, and what its controller says is of that one: the template is the
/// same again, what stands in its status is not.
#[test]
fn a_status_of_another_spec_is_not_that_of_this_one_because_it_came_back() {
    let first = moment(RUNNING);
    let generation = first["rollouts"][0]["metadata"]["generation"].as_i64().unwrap();
    let at = |ahead: i64, observed: i64| {
        let mut objects = first.clone();
        let rollout = &mut objects["rollouts"][0];
        rollout["metadata"]["generation"] = json!(generation + ahead);
        rollout["metadata"]["resourceVersion"] = json!(format!("90{ahead}{observed}"));
        rollout["status"]["observedGeneration"] = json!((generation + observed).to_string());
        objects
    };
    let mut between = at(1, 0);
    between["rollouts"][0]["spec"]["template"]["metadata"]["labels"]["changed"] = json!("since");
    for heard in [true, false] {
        let mut console = Console::new(&first);
        if heard {
            console.rollouts(&between);
        }
        console.rollouts(&at(2, 1));
        let said = offered(&mut console, Command::Abort).expect_err("its status is of the other");
        assert!(said.contains("has not seen"), "{said}");
        console.rollouts(&at(2, 2));
        assert_eq!(offered(&mut console, Command::Abort), Ok(()), "and now it is of this one");
        // A controller that is one word behind an autoscaler, heard of word for word or not.
        console.rollouts(&at(5, 2));
        assert_eq!(offered(&mut console, Command::Abort), Ok(()));
        console.rollouts(&at(6, 5));
        assert_eq!(offered(&mut console, Command::Abort), Ok(()));
    }
}

/// Whoever comes in between two words of an autoscaler has not heard yet that the rest of the spec was seen.
#[test]
fn what_its_controller_saw_is_heard_and_not_taken_for_granted() {
    let mut objects = moment(RUNNING);
    objects["rollouts"][0]["metadata"]["generation"] = json!(901);
    let mut console = Console::new(&objects);
    let said = offered(&mut console, Command::Abort).expect_err("never heard");
    assert!(said.contains("has not seen"), "{said}");
    objects["rollouts"][0]["status"]["observedGeneration"] = json!("901");
    console.rollouts(&objects);
    assert_eq!(offered(&mut console, Command::Abort), Ok(()));
    // It went, and another of the name came.
    console.rollouts(&json!({ "rollouts": [] }));
    objects["rollouts"][0]["metadata"]["generation"] = json!(902);
    console.rollouts(&objects);
    let said = offered(&mut console, Command::Abort).expect_err("another one");
    assert!(said.contains("has not seen"), "{said}");
}

#[test]
fn r39_another_environment_disarms() {
    let mut console = asked(&moment(RUNNING), "staging", Command::Abort);
    console.arm();
    console.list(Kind::Namespace, &[namespace("production")]);
    assert!(why(&console).contains("its environment is production now"), "{}", why(&console));
    console.press(Command::ConfirmYes);
    assert_eq!(console.performed(), 0);
}

#[test]
fn r39_other_numbers_are_shown_before_they_can_be_confirmed() {
    let mut objects = moment(RUNNING);
    let mut console = asked(&objects, "dev", Command::Abort);
    console.arm();
    objects["rollouts"][0]["status"]["canary"]["weights"]["canary"]["weight"] = json!(77);
    console.rollouts(&objects);
    let dialog = console.dialog().expect("open");
    assert!(dialog.disarmed.is_none() && dialog.summary.as_str().contains("77 %"), "{}", dialog.summary.as_str());
    console.press(Command::ConfirmYes);
    assert_eq!(console.performed(), 0, "nobody has read it yet");
    console.wait(Duration::from_secs(3));
    console.press(Command::ConfirmYes);
    assert_eq!(console.performed(), 1);
}

#[test]
fn r41_a_key_held_down_confirms_nothing_however_late_its_terminal_repeats_it() {
    for delay in (250..=1_000).step_by(50) {
        for pressed_at in [0, 200, 500, 740] {
            let mut console = asked(&moment(RUNNING), "dev", Command::Abort);
            console.wait(Duration::from_millis(pressed_at));
            console.press(Command::ConfirmYes);
            console.wait(Duration::from_millis(delay));
            for _ in 0..150 {
                console.press(Command::ConfirmYes);
                console.wait(Duration::from_millis(33));
            }
            assert_eq!(console.performed(), 0, "pressed at {pressed_at} ms, repeated after {delay} ms");
            // Let go, and pressed again on purpose.
            console.wait(Duration::from_millis(1_300));
            console.press(Command::ConfirmYes);
            assert_eq!(console.performed(), 1, "pressed at {pressed_at} ms, repeated after {delay} ms");
        }
    }
}

#[test]
fn r41_the_key_that_opened_the_dialog_may_still_be_held() {
    let mut console = asked(&moment(RUNNING), "dev", Command::Abort);
    let yes = console.key_of(Command::ConfirmYes);
    // A keymap of one's own may give both the same key: as if it had been this one.
    let Some(Overlay::Confirm(dialog)) = &mut console.state.ui.overlay else { panic!("open") };
    assert_eq!(dialog.early.len(), 1, "the key that opened it is remembered");
    dialog.early[0].0 = yes;
    console.wait(Duration::from_secs(1));
    for _ in 0..100 {
        console.press(Command::ConfirmYes);
        console.wait(Duration::from_millis(33));
    }
    assert_eq!(console.performed(), 0);
}

#[test]
fn r41_the_time_of_a_dialog_begins_when_it_is_drawn() {
    let mut console = Console::in_environment(&moment(RUNNING), "dev");
    console.open_workload();
    let (abort, mut now) = (console.key_of(Command::Abort), console.state.now);
    // The loop is busy: the keys are taken in long before the first frame.
    drop(update::update(&mut console.state, now, Msg::Key(abort)));
    let yes = console.key_of(Command::ConfirmYes);
    for _ in 0..3 {
        now.mono += Duration::from_secs(2);
        let effects = update::update(&mut console.state, now, Msg::Key(yes));
        assert_eq!(effects, [], "nobody has seen the dialog");
    }
    now.mono += Duration::from_secs(2);
    update::drawn(&mut console.state, now, true);
    now.mono += verbs::ARMING / 2;
    assert_eq!(update::update(&mut console.state, now, Msg::Key(yes)), [], "just drawn");
    now.mono += Duration::from_secs(2);
    assert_eq!(update::update(&mut console.state, now, Msg::Key(yes)).len(), 1);
}

#[test]
fn r41_a_dialog_that_does_not_fit_cannot_be_confirmed_until_it_does() {
    for size in [(19, 48), (160, 4), (10, 3), (0, 0), (50, 12), (80, 10), (59, 48)] {
        let mut console = Console::in_environment(&moment(RUNNING), "dev");
        console.open_workload();
        console.send(Msg::Resize(size.0, size.1));
        console.press(Command::Abort);
        console.wait(Duration::from_secs(2));
        console.press(Command::ConfirmYes);
        assert_eq!(console.performed(), 0, "{size:?}");

        console.send(Msg::Resize(80, 24));
        console.press(Command::ConfirmYes);
        assert_eq!(console.performed(), 0, "{size:?}: just drawn");
        console.wait(Duration::from_secs(3));
        console.send(Msg::Resize(size.0, size.1));
        console.wait(Duration::from_secs(3));
        console.press(Command::ConfirmYes);
        assert_eq!(console.performed(), 0, "{size:?}: small again");
        console.send(Msg::Resize(80, 24));
        console.wait(Duration::from_secs(3));
        console.press(Command::ConfirmYes);
        assert_eq!(console.performed(), 1, "{size:?}: large again");
    }
}

/// A terminal without bracketed paste passes it on as keys.
#[test]
fn r41_a_paste_that_comes_as_keys_confirms_nothing() {
    let keys = |text: &str| -> Vec<Key> {
        let code = |c| if c == '\n' { KeyCode::Enter } else { KeyCode::Char(c) };
        text.chars().map(code).map(Key::plain).collect()
    };
    for (environment, text) in [("production", "production\n"), ("dev", "my deploy\n"), ("p", "p\n")] {
        for gap in [Duration::ZERO, Duration::from_millis(1), Duration::from_millis(4)] {
            let mut console = Console::in_environment(&moment(RUNNING), environment);
            console.open_workload();
            console.press(Command::Abort);
            console.wait(Duration::from_secs(3));
            for key in keys(text) {
                console.key(key);
                console.wait(gap);
            }
            assert_eq!(console.performed(), 0, "{environment}: {text:?}");
        }
    }
    let mut console = asked(&moment(RUNNING), "production", Command::Abort);
    console.wait(Duration::from_secs(3));
    for key in keys("production") {
        console.key(key);
    }
    console.plain(KeyCode::Enter);
    assert_eq!(console.performed(), 0, "the Enter that came with it");
    assert!(console.toast().contains("press Enter again"), "{}", console.toast());
    console.wait(HAND);
    console.plain(KeyCode::Enter);
    assert_eq!(console.performed(), 1, "an Enter of its own counts");
}

#[test]
fn the_dialog_says_on_which_cluster_as_whom_and_how_old_its_facts_are() {
    let mut console = asked(&moment(RUNNING), "dev", Command::Abort);
    let lines = &console.dialog().expect("open").lines;
    assert_eq!(lines[0].0.as_str(), "on");
    assert_eq!(lines[0].1[0].as_str(), "test · http://127.0.0.1 · test · production/checkout");
    console.wait(Duration::from_millis(400));
    let id = console.dialog().expect("open").action.target.clone();
    assert_eq!(verbs::read_age(&console.state, &id), Some(Duration::from_millis(400)));
}
