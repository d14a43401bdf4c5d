//! The dialog before an action (R41, R42; product.md §3): what confirms, and what never does.

use std::cell::RefCell;
use std::collections::HashMap;
use std::time::Duration;

use quarterdeck::command::{Command, Key, KeyCode};
use quarterdeck::model::Kind;
use quarterdeck::model::source::{FeedEvent, FeedStatus};
use quarterdeck::state::ui::{ConfirmField, Tier};
use quarterdeck::text::Safe;
use quarterdeck::update::{Effect, Msg};
use serde_json::json;

use super::world::{Console, HAND, moment};

thread_local! {
    /// The worlds are read once; hundreds of keys are tried on copies of them.
    static ASKED: RefCell<HashMap<String, Console>> = RefCell::default();
}

/// The dialog for an abort of the running canary.
fn asked(environment: &str) -> Console {
    ASKED.with_borrow_mut(|asked| asked.entry(environment.to_owned()).or_insert_with(|| ask(environment)).clone())
}

fn ask(environment: &str) -> Console {
    let mut console = Console::in_environment(&moment("regression/02-half-the-traffic"), environment);
    console.open_workload();
    console.press(Command::Abort);
    assert!(console.dialog().is_some(), "{}", console.toast());
    console
}

fn is_typed(console: &Console) -> Option<String> {
    match &console.dialog()?.tier {
        Tier::Typed { expected } => Some(expected.clone()),
        Tier::Yes => None,
    }
}

#[test]
fn an_unprotected_environment_asks_for_y_and_a_protected_one_for_its_name() {
    let mut console = asked("dev");
    assert_eq!(is_typed(&console), None);
    console.arm();
    console.press(Command::ConfirmYes);
    assert_eq!((console.performed(), console.dialog().is_some()), (1, false));

    let mut console = asked("production");
    assert_eq!(is_typed(&console).as_deref(), Some("production"));
    console.arm();
    console.type_text("production");
    assert_eq!(console.performed(), 0, "the name alone does nothing");
    console.plain(KeyCode::Enter);
    assert_eq!((console.performed(), console.dialog().is_some()), (1, false));
}

#[test]
fn r41_fifty_enters_a_held_key_a_paste_and_type_ahead_confirm_nothing() {
    for environment in ["dev", "production"] {
        // 50 Enter in 100 ms, and on after the dialog takes keys.
        let mut console = asked(environment);
        for _ in 0..50 {
            console.plain(KeyCode::Enter);
            console.wait(Duration::from_millis(2));
        }
        console.wait(Duration::from_secs(2));
        for _ in 0..50 {
            console.plain(KeyCode::Enter);
            console.wait(Duration::from_millis(2));
        }
        assert_eq!(console.performed(), 0, "{environment}: Enter");

        // A key held down for five seconds, 30 times a second; also the one that opened the dialog.
        for held in [console.key_of(Command::ConfirmYes), Key::plain(KeyCode::Char('A')), Key::plain(KeyCode::Enter)] {
            let mut console = asked(environment);
            for _ in 0..150 {
                console.key(held);
                console.wait(Duration::from_millis(33));
            }
            assert_eq!(console.performed(), 0, "{environment}: {held} held");
        }

        // A paste, before and after the dialog takes keys.
        let mut console = asked(environment);
        for _ in 0..2 {
            console.send(Msg::Paste(format!("{environment}\n")));
            console.send(Msg::Paste("y\n".to_owned()));
            console.plain(KeyCode::Enter);
            console.wait(Duration::from_secs(1));
        }
        assert_eq!(console.performed(), 0, "{environment}: paste");

        // Typed at once, as if the dialog had been there: the beginning is not heard.
        let mut console = asked(environment);
        for c in format!("y{environment}").chars() {
            console.plain(KeyCode::Char(c));
            console.wait(Duration::from_millis(20));
        }
        console.plain(KeyCode::Enter);
        assert_eq!(console.performed(), 0, "{environment}: type-ahead");
    }
}

#[test]
fn r41_one_confirmation_is_one_action_however_often_it_is_repeated() {
    let mut console = asked("dev");
    console.arm();
    let yes = console.key_of(Command::ConfirmYes);
    for _ in 0..50 {
        console.key(yes);
    }
    assert_eq!(console.performed(), 1);
    // The object is taken: asking again says so.
    console.press(Command::Abort);
    assert!(console.dialog().is_none());
    assert!(console.toast().contains("already aborting"), "{}", console.toast());
}

#[test]
fn r42_every_key_but_the_typed_name_leaves_a_protected_environment_alone() {
    let mut keys: Vec<Key> = (' '..='~').map(|c| Key::plain(KeyCode::Char(c))).collect();
    keys.extend((' '..='~').map(|c| Key { ctrl: true, ..Key::plain(KeyCode::Char(c)) }));
    keys.extend((' '..='~').map(|c| Key { alt: true, ..Key::plain(KeyCode::Char(c)) }));
    for code in [
        KeyCode::Enter,
        KeyCode::Esc,
        KeyCode::Tab,
        KeyCode::Backspace,
        KeyCode::Delete,
        KeyCode::Left,
        KeyCode::Right,
        KeyCode::Up,
        KeyCode::Down,
        KeyCode::Home,
        KeyCode::End,
        KeyCode::PageUp,
        KeyCode::PageDown,
        KeyCode::F(1),
        KeyCode::F(12),
    ] {
        keys.push(Key::plain(code));
    }
    for key in keys {
        let mut console = asked("production");
        console.arm();
        console.key(key);
        console.plain(KeyCode::Enter);
        console.plain(KeyCode::Enter);
        assert_eq!(console.performed(), 0, "{key} then Enter");
    }
}

#[test]
fn r42_look_alike_names_are_refused() {
    let look_alikes = [
        "prоduction", // Cyrillic о
        "рroduction", // Cyrillic р
        "ρroduction", // Greek rho
        "productiοn", // Greek omicron
        "production ",
        " production",
        "Production",
        "PRODUCTION",
        "prod",
        "production-",
        "production.",
        "productlon",
        "pr0duction",
        "productiom",
        "prodution",
        "productionn",
        "produc\u{200b}tion",
        "produc\u{00ad}tion",
        "ｐroduction",
        "producti\u{0131}on",
        "\u{202e}production",
        "staging",
    ];
    for name in look_alikes {
        let mut console = asked("production");
        console.arm();
        console.type_text(name);
        console.plain(KeyCode::Enter);
        assert_eq!(console.performed(), 0, "{name:?}");
        assert!(console.dialog().is_some_and(|dialog| dialog.mismatch), "{name:?}: said that it does not match");
    }
}

#[test]
fn r42_a_name_that_cannot_be_typed_without_doubt_asks_for_a_code() {
    for environment in ["prоd", "Production", "prod\u{200b}", "my prod", "prod_1"] {
        let console = asked(environment);
        let code = is_typed(&console).expect("protected");
        assert!(code.len() == 4 && code.chars().all(|c| c.is_ascii_lowercase()), "{environment:?}: {code:?}");
    }
}

#[test]
fn leaving_sends_nothing_and_says_so() {
    for key in [KeyCode::Esc, KeyCode::Char('n')] {
        let mut console = asked("dev");
        // Leaving needs no patience: it works before the dialog takes other keys.
        console.plain(key);
        assert!(console.dialog().is_none(), "{key:?}");
        assert_eq!(console.performed(), 0);
        assert!(console.toast().contains("left as it is"));
    }
    // In a name that is being typed, n is a letter.
    let mut console = asked("production");
    console.arm();
    console.plain(KeyCode::Char('n'));
    assert!(console.dialog().is_some());
}

#[test]
fn the_reason_is_typed_or_pasted_and_goes_with_the_action() {
    let mut console = asked("dev");
    console.arm();
    console.plain(KeyCode::Tab);
    assert_eq!(console.dialog().map(|dialog| dialog.focus), Some(ConfirmField::Reason));
    console.type_text("yes, n");
    console.send(Msg::Paste("oise\non call\x1b[31m".to_owned()));
    console.plain(KeyCode::Enter);
    assert_eq!(console.performed(), 0, "Enter only leaves the field");
    console.wait(HAND);
    console.press(Command::ConfirmYes);
    let Some(Effect::Perform(operation)) = console.effects.iter().find(|effect| matches!(effect, Effect::Perform(_)))
    else {
        panic!("performed")
    };
    assert_eq!(operation.reason.as_str(), "yes, noise on call [31m");
}

#[test]
fn r39_a_dialog_whose_target_changed_is_disarmed_and_says_why() {
    let running = moment("regression/02-half-the-traffic");
    // Another revision, the step moved on, aborted by somebody else, gone, or the source is stale.
    let mut other = running.clone();
    other["rollouts"][0]["status"]["currentPodHash"] = json!("0000000000");
    let aborted = moment("regression/06-aborted-by-a-person");
    let gone = json!({ "rollouts": [] });
    for (name, objects, wanted) in
        [("revision", &other, "changed"), ("aborted", &aborted, "already aborted"), ("gone", &gone, "gone")]
    {
        let mut console = asked("dev");
        console.arm();
        console.rollouts(objects);
        let why = console.dialog().and_then(|dialog| dialog.disarmed.clone());
        let why = why.unwrap_or_else(|| panic!("{name}: still armed"));
        assert!(why.as_str().contains(wanted), "{name}: {}", why.as_str());
        console.press(Command::ConfirmYes);
        assert_eq!(console.performed(), 0, "{name}");
        // It does not come back by itself.
        console.rollouts(&running);
        console.press(Command::ConfirmYes);
        assert_eq!(console.performed(), 0, "{name}: after the way back");
    }
    let mut console = asked("dev");
    console.arm();
    let since = console.state.now.mono;
    let stale = FeedStatus::Stale { since, message: Safe::of("connection refused"), retry_at: None };
    console.feed(Kind::Rollout, FeedEvent::Status(stale));
    console.press(Command::ConfirmYes);
    assert_eq!(console.performed(), 0, "stale");

    let mut console = asked("dev");
    console.arm();
    console.send(Msg::Resumed);
    console.press(Command::ConfirmYes);
    assert_eq!(console.performed(), 0, "slept");
}

#[test]
fn an_undo_keeps_its_dialog_while_only_the_version_of_the_object_moves() {
    let mut objects = moment("clean/04-waiting-for-a-person");
    let mut console = Console::new(&objects);
    console.open_workload();
    console.press(Command::Undo);
    console.arm();
    objects["rollouts"][0]["metadata"]["resourceVersion"] = json!("999999");
    console.rollouts(&objects);
    assert!(console.dialog().is_some_and(|dialog| dialog.disarmed.is_none()));
    console.press(Command::ConfirmYes);
    let sent = format!("{:?}", console.effects);
    assert_eq!(console.performed(), 1);
    assert!(sent.contains("999999"), "the guard is the version that was last seen: {sent}");
}
