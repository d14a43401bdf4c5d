//! Going about: places and history, selection by identity, filters, scrolling.

use quarterdeck::command::{Command, KeyCode};
use quarterdeck::model::Kind;
use quarterdeck::model::source::FeedEvent;
use quarterdeck::state::layout::list_area;
use quarterdeck::state::lists::{self, Item};
use quarterdeck::state::ui::{ListId, Overlay, Place, RowId};
use quarterdeck::state::verbs;
use quarterdeck::update::{Effect, Msg};
use serde_json::{Value, json};

use super::world::{Console, moment, objects};

/// So many pods, `pod-0000` onwards; every tenth is crashing.
pub fn pods(count: usize) -> Vec<Value> {
    (0..count).map(|number| pod(&format!("pod-{number:04}"), number % 10 == 3)).collect()
}

fn pod(name: &str, crashing: bool) -> Value {
    let state = if crashing {
        json!({ "waiting": { "reason": "CrashLoopBackOff" } })
    } else {
        json!({ "running": { "startedAt": "2026-01-01T00:00:00Z" } })
    };
    json!({
        "metadata": { "name": name, "namespace": "production", "uid": format!("uid-{name}"), "resourceVersion": "1",
            "creationTimestamp": "2026-01-01T00:00:00Z" },
        "spec": { "nodeName": "node-1", "containers": [{ "name": "app", "image": "shop/app:1" }] },
        "status": { "phase": "Running", "containerStatuses": [
            { "name": "app", "image": "shop/app:1", "ready": !crashing, "restartCount": 0, "state": state }] },
    })
}

fn with_pods(count: usize) -> Console {
    let mut console = Console::new(&json!({ "pods": pods(count) }));
    console.press(Command::ShowEnvironments);
    console.press(Command::AllPods);
    console
}

fn selected(console: &Console) -> String {
    match lists::selected(&console.state, &console.state.ui.list_id()) {
        Some(RowId::Object(id)) => id.name.raw().to_owned(),
        other => format!("{other:?}"),
    }
}

#[test]
fn until_somebody_moves_rows_that_come_before_the_first_one_do_not_carry_the_highlight_away() {
    let mut console = Console::empty();
    console.press(Command::ShowEnvironments);
    console.press(Command::AllPods);
    let page = |range: std::ops::Range<usize>| FeedEvent::Applied(objects(Kind::Pod, &pods(60)[range]));
    console.feed(Kind::Pod, FeedEvent::ListBegins);
    console.feed(Kind::Pod, page(40..60));
    assert_eq!(selected(&console), "pod-0040");
    console.feed(Kind::Pod, page(20..40));
    assert_eq!(selected(&console), "pod-0020");
    console.press(Command::Down);
    console.feed(Kind::Pod, page(0..20));
    console.feed(Kind::Pod, FeedEvent::Listed);
    assert_eq!(selected(&console), "pod-0021", "what was chosen stays chosen");
}

#[test]
fn esc_goes_up_level_by_level_and_never_quits() {
    let mut console = Console::new(&moment("clean/04-waiting-for-a-person"));
    console.press(Command::ShowRollouts);
    console.press(Command::Open);
    assert!(matches!(console.state.ui.place, Place::Rollout(_)));
    let list = console.state.ui.list_id();
    let at = lists::rows(&console.state, &list, 0..100)
        .iter()
        .position(|line| matches!(line.item, Item::Pod(_)))
        .expect("a pod in the tree");
    console.press(Command::Top);
    for _ in 0..at {
        console.press(Command::Down);
    }
    console.press(Command::Open);
    assert!(matches!(console.state.ui.place, Place::Pod(_)), "{:?}", console.state.ui.place);
    console.press(Command::Logs);
    assert!(matches!(console.state.ui.place, Place::Log(_)));
    assert!(console.effects.iter().any(|effect| matches!(effect, Effect::Tail(..))));
    console.press(Command::Logs);
    assert!(matches!(console.state.ui.place, Place::Log(_)));
    assert!(console.state.ui.toasts.is_empty(), "it is the log already: {:?}", console.state.ui.toasts);
    assert!(verbs::check(&console.state, Command::Logs).is_err(), "not in the footer of a log");
    for wanted in ["Pod", "Rollout(", "Rollouts", "Deck", "Deck"] {
        console.press(Command::Leave);
        let place = format!("{:?}", console.state.ui.place);
        assert!(place.starts_with(wanted), "{place} is not {wanted}");
    }
    assert!(console.effects.iter().any(|effect| matches!(effect, Effect::StopTail(_))));
    assert!(!console.effects.contains(&Effect::Quit));
    console.press(Command::Back);
    assert!(console.effects.contains(&Effect::Quit), "q at the Deck");
}

#[test]
fn history_goes_back_forward_and_to_and_fro() {
    let mut console = Console::new(&json!({}));
    for view in [Command::ShowEnvironments, Command::ShowRollouts, Command::ShowJournal] {
        console.press(view);
    }
    let mut walk = |command: Command| {
        console.press(command);
        console.state.ui.place.clone()
    };
    assert_eq!(walk(Command::HistoryBack), Place::Rollouts);
    assert_eq!(walk(Command::HistoryBack), Place::Environments);
    assert_eq!(walk(Command::HistoryForward), Place::Rollouts);
    assert_eq!(walk(Command::LastPlace), Place::Environments);
    assert_eq!(walk(Command::LastPlace), Place::Rollouts);
    assert_eq!(walk(Command::LastPlace), Place::Environments);
}

#[test]
fn the_selection_stays_on_its_object_while_the_list_changes() {
    let mut console = with_pods(50);
    for _ in 0..10 {
        console.press(Command::Down);
    }
    assert_eq!(selected(&console), "pod-0010");
    // Rows come in front of it and go.
    let mut now = pods(50);
    now.insert(0, pod("a-new-one", false));
    now.retain(|row| row["metadata"]["name"] != "pod-0004");
    console.list(Kind::Pod, &now);
    assert_eq!(selected(&console), "pod-0010");
    // It goes: its neighbour is selected, and that is said.
    now.retain(|row| row["metadata"]["name"] != "pod-0010");
    console.list(Kind::Pod, &now);
    assert_eq!(selected(&console), "pod-0011");
    assert!(console.toast().contains("pod-0010 is gone"), "{}", console.toast());
}

#[test]
fn a_filter_narrows_as_it_is_typed_and_escape_clears_it() {
    let mut console = with_pods(50);
    let list = console.state.ui.list_id();
    console.press(Command::Filter);
    assert!(matches!(console.state.ui.overlay, Some(Overlay::Prompt { .. })));
    console.type_text("POD-001");
    assert_eq!(lists::len(&console.state, &list), 10);
    assert_eq!(lists::total(&console.state, &list), 50);
    console.type_text(" !crash");
    assert_eq!(lists::len(&console.state, &list), 9, "a word after ! must not be there");
    console.plain(KeyCode::Enter);
    assert!(console.state.ui.overlay.is_none());
    // New rows that pass come in, others do not.
    let mut now = pods(50);
    now.push(pod("pod-0019-b", false));
    now.push(pod("other", false));
    console.list(Kind::Pod, &now);
    assert_eq!(lists::len(&console.state, &list), 10);
    console.press(Command::Leave);
    assert_eq!(lists::len(&console.state, &list), 52);
    console.press(Command::FaultsOnly);
    assert_eq!(lists::len(&console.state, &list), 5, "every tenth is crashing");
    console.press(Command::Leave);
    assert_eq!(lists::len(&console.state, &list), 52);
    assert_eq!(console.state.ui.place, Place::Pods, "still here");
}

#[test]
fn a_filter_in_a_tree_keeps_what_is_above_a_match() {
    let mut console = Console::new(&moment("regression/02-half-the-traffic"));
    console.open_workload();
    let list = console.state.ui.list_id();
    console.press(Command::Filter);
    console.type_text("checkout-787fdd664b-2mjlw");
    let kinds: Vec<String> = lists::rows(&console.state, &list, 0..100)
        .iter()
        .map(|line| format!("{:?}", line.id).chars().take_while(char::is_ascii_alphabetic).collect())
        .collect();
    assert_eq!(kinds, ["Revision", "Object", "Object"], "revision, ReplicaSet, pod");
}

#[test]
fn the_selected_row_is_always_on_the_screen() {
    let mut console = with_pods(500);
    let list = ListId::Place(Place::Pods);
    let commands = [
        Command::Bottom,
        Command::PageUp,
        Command::HalfPageUp,
        Command::Up,
        Command::Top,
        Command::PageDown,
        Command::HalfPageDown,
        Command::Down,
    ];
    for round in 0..40 {
        console.press(commands[round % commands.len()]);
        if round % 7 == 0 {
            console.send(Msg::Resize(80 + round as u16, 10 + round as u16));
        }
        let height = usize::from(list_area(&console.state, &list).height);
        let entry = console.state.ui.list(&list).unwrap();
        assert!(entry.top <= entry.place && entry.place < entry.top + height, "{round}: {entry:?}");
    }
    // When most rows go, no line is wasted.
    console.press(Command::Bottom);
    console.list(Kind::Pod, &pods(5));
    assert_eq!(console.state.ui.list(&list).map(|entry| (entry.top, entry.place)), Some((0, 4)));
}

#[test]
fn copy_gives_the_name_to_the_clipboard() {
    let mut console = with_pods(3);
    console.press(Command::Copy);
    assert!(console.effects.contains(&Effect::Copy("pod-0000".to_owned())));
}

#[test]
fn help_scrolls_and_closes_and_messages_expire() {
    let mut console = with_pods(3);
    console.send(Msg::Resize(80, 24));
    console.press(Command::Help);
    console.press(Command::Down);
    assert!(matches!(console.state.ui.overlay, Some(Overlay::Help { top: 1 })));
    // The end is the end: the first key back is seen.
    console.press(Command::Bottom);
    let Some(Overlay::Help { top: end }) = console.state.ui.overlay else { panic!("help") };
    console.press(Command::PageDown);
    console.press(Command::Up);
    assert!(matches!(console.state.ui.overlay, Some(Overlay::Help { top }) if top + 1 == end));
    console.press(Command::Leave);
    assert!(console.state.ui.overlay.is_none());
    console.press(Command::Refresh);
    assert!(console.effects.contains(&Effect::Refresh));
    assert_eq!(console.state.ui.toasts.len(), 1);
    console.wait(std::time::Duration::from_secs(9));
    console.send(Msg::Tick);
    assert_eq!(console.state.ui.toasts.len(), 0);
}

#[test]
fn a_deleted_object_keeps_its_page_and_esc_leads_out() {
    let mut console = Console::new(&moment("clean/04-waiting-for-a-person"));
    let id = console.open_workload();
    console.feed(Kind::Rollout, FeedEvent::Deleted(id.uid.clone()));
    console.press(Command::Abort);
    assert!(console.dialog().is_none());
    assert!(console.toast().contains("gone"), "{}", console.toast());
    console.press(Command::Leave);
    assert_eq!(console.state.ui.place, Place::Deck);
}
