//! No key that does something is silent where it does not apply, and none takes a dialog away by the way.

use quarterdeck::command::{Command, Key, KeyCode, Scope};
use quarterdeck::model::Kind;
use quarterdeck::model::source::{FeedEvent, FeedStatus};
use quarterdeck::state::ui::{Overlay, Place};
use quarterdeck::text::Safe;
use quarterdeck::update::Effect;

use super::world::{Console, moment};

/// A key that means the command in its own scope.
fn elsewhere(console: &Console, scope: Scope, command: Command) -> Key {
    let keymap = &console.state.keymap;
    let mut keys = keymap.keys_of(command).into_iter();
    keys.find(|key| keymap.lookup(&[scope], *key) == Some(command)).unwrap()
}

#[test]
fn a_verb_says_why_where_it_does_not_apply() {
    let mut console = Console::new(&moment("regression/02-half-the-traffic"));
    let table = [
        (Command::Abort, Scope::Workloads, "abort is for a rollout or a deployment"),
        (Command::RerunFailed, Scope::Runs, "rerun failed is for a run"),
        (Command::CancelRun, Scope::Runs, "cancel is for a run"),
    ];
    for place in [Place::Slo, Place::Journal, Place::Containers] {
        console.state.ui.place = place.clone();
        for (command, scope, words) in table {
            let key = elsewhere(&console, scope, command);
            console.key(key);
            assert!(console.toast().contains(words), "{place:?}: {command:?}: {}", console.toast());
        }
    }
}

#[test]
fn a_source_that_is_down_is_told_with_what_to_do_next() {
    let mut console = Console::new(&moment("clean/04-waiting-for-a-person"));
    let message = Safe::of("https://10.0.0.1 refused the connection");
    for kind in Kind::IN_CLUSTERS {
        console.feed(kind, FeedEvent::Status(FeedStatus::Failed { message: message.clone(), retry_at: None }));
    }
    console.list(Kind::Rollout, &[]);
    console.press(Command::Look);
    if matches!(console.state.ui.place, Place::Deck) {
        let said = console.toast();
        assert!(said.contains("reads again at once") && said.contains("quarterdeck doctor"), "{said}");
    } else {
        panic!("something else is more urgent: {:?}", console.state.ui.place);
    }
}

#[test]
fn ctrl_c_closes_a_dialog_and_ctrl_z_leaves_it_open() {
    let mut console = Console::new(&moment("regression/02-half-the-traffic"));
    console.open_workload();
    console.press(Command::Abort);
    console.arm();
    let stop = console.state.keymap.keys_of(Command::Suspend)[0];
    console.key(stop);
    assert!(console.dialog().is_some_and(|dialog| dialog.disarmed.is_none()), "it was not stopped yet");
    assert!(console.effects.contains(&Effect::Suspend), "and it is asked for");
    console.key(Key { ctrl: true, ..Key::plain(KeyCode::Char('c')) });
    assert!(console.dialog().is_none() && !console.effects.contains(&Effect::Quit));
    console.press(Command::Help);
    console.key(stop);
    assert!(matches!(console.state.ui.overlay, Some(Overlay::Help { .. })));
}
