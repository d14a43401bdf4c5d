//! R40: whatever the sources and the keyboard do in whatever order, what a verb acts on is what was
//! highlighted when its key was pressed, and no object has two actions in flight.

use std::cell::Cell;
use std::collections::HashMap;
use std::time::Duration;

use proptest::prelude::*;
use proptest::test_runner::{Config, TestRunner};
use quarterdeck::action::{Found, Progress};
use quarterdeck::command::Command;
use quarterdeck::model::Kind;
use quarterdeck::model::source::Object;
use quarterdeck::state::lists;
use quarterdeck::state::ui::RowId;
use quarterdeck::state::verbs;
use quarterdeck::text::Safe;
use quarterdeck::update::{Effect, Msg};
use serde_json::{Value, json};

use crate::update::world::{Console, moment, objects};

/// What may happen.
#[derive(Debug, Clone)]
enum Happens {
    /// This rollout is there (or not), in this recorded condition.
    Rollout {
        number: usize,
        there: bool,
        aborted: bool,
    },
    Key(Command),
    /// A patient yes: after a moment without keys.
    Yes,
    Milliseconds(u64),
    Answer(u8),
    Resize(u16, u16),
    Filter(String),
}

fn happens() -> impl Strategy<Value = Happens> {
    let keys = [
        Command::Down,
        Command::Up,
        Command::Top,
        Command::Bottom,
        Command::PageDown,
        Command::HalfPageUp,
        Command::Open,
        Command::Leave,
        Command::Back,
        Command::ShowRollouts,
        Command::ShowDeck,
        Command::ShowEnvironments,
        Command::NextPane,
        Command::HistoryBack,
        Command::HistoryForward,
        Command::LastPlace,
        Command::FaultsOnly,
        Command::Abort,
        Command::Retry,
        Command::Undo,
        Command::Promote,
        Command::ConfirmYes,
        Command::ConfirmYes,
        Command::ConfirmNo,
    ];
    prop_oneof![
        4 => (0..6_usize, any::<bool>(), any::<bool>())
            .prop_map(|(number, there, aborted)| Happens::Rollout { number, there, aborted }),
        8 => prop::sample::select(keys.to_vec()).prop_map(Happens::Key),
        4 => Just(Happens::Yes),
        4 => prop::sample::select(vec![Command::Abort, Command::Retry, Command::Undo]).prop_map(Happens::Key),
        3 => prop::sample::select(vec![1_u64, 100, 800, 3_000]).prop_map(Happens::Milliseconds),
        2 => (0..6_u8).prop_map(Happens::Answer),
        1 => (0..200_u16, 0..60_u16).prop_map(|(width, height)| Happens::Resize(width, height)),
        1 => prop::sample::select(vec!["", "r-1", "!r-2", "Degraded"]).prop_map(|text| Happens::Filter(text.to_owned())),
    ]
}

/// Every rollout half-way and aborted, each with an identity of its own.
fn rollouts() -> Vec<[Object; 2]> {
    let running = moment("regression/02-half-the-traffic")["rollouts"][0].clone();
    let aborted = moment("regression/06-aborted-by-a-person")["rollouts"][0].clone();
    let object = |number: usize, template: &Value| {
        let mut object = template.clone();
        object["metadata"]["name"] = json!(format!("r-{number}"));
        object["metadata"]["uid"] = json!(format!("uid-{number}"));
        objects(Kind::Rollout, &[object]).remove(0)
    };
    (0..6).map(|number| [object(number, &running), object(number, &aborted)]).collect()
}

/// The object the highlighted row or the page stands for, read by a way of its own.
fn highlighted(console: &Console) -> Option<String> {
    let list = console.state.ui.list_id();
    let row = console.state.ui.list(&list).and_then(|list| list.selected.clone());
    match row {
        Some(RowId::Object(id)) if matches!(id.kind, Kind::Rollout | Kind::Deployment) => Some(id.uid.raw().to_owned()),
        _ => match &console.state.ui.place {
            quarterdeck::state::ui::Place::Rollout(id) => Some(id.uid.raw().to_owned()),
            _ => None,
        },
    }
}

fn answer(console: &mut Console, kind: u8) {
    let open = console.state.operations.iter().find(|operation| !operation.outcome.is_final());
    let Some(id) = open.map(|operation| operation.id.clone()) else { return };
    let message = Safe::of("said so");
    let progress = match kind {
        0 => Progress::Accepted { generation: None },
        1 => Progress::Refused { message },
        2 => Progress::Unknown { message },
        3 => Progress::Evidence { found: Found::Applied, message },
        4 => Progress::Evidence { found: Found::Missing, message },
        _ => Progress::Evidence { found: Found::Gone, message },
    };
    console.send(Msg::Progress(id, progress));
}

fn check(console: &Console) -> Result<(), TestCaseError> {
    let mut open: HashMap<&str, usize> = HashMap::new();
    for operation in console.state.operations.iter().filter(|operation| !operation.outcome.is_final()) {
        *open.entry(operation.action.target.uid.raw()).or_default() += 1;
    }
    prop_assert!(open.values().all(|count| *count == 1), "two actions in flight: {open:?}");
    for list in lists::on_screen(&console.state) {
        let len = lists::len(&console.state, &list);
        let Some(entry) = console.state.ui.list(&list) else { continue };
        prop_assert!(entry.selected.is_some() || len == 0, "{list:?} has {len} rows and no selection");
        if let Some(row) = &entry.selected {
            prop_assert_eq!(lists::position(&console.state, &list, row), Some(entry.place));
            prop_assert_eq!(lists::at(&console.state, &list, entry.place), Some(row.clone()));
        }
        prop_assert_eq!(lists::rows(&console.state, &list, 0..usize::MAX).len(), len);
    }
    Ok(())
}

/// Plays a story; gives how many actions it led to.
fn play(known: &[[Object; 2]], story: Vec<Happens>) -> Result<usize, TestCaseError> {
    let mut there: HashMap<usize, bool> = (0..4).map(|number| (number, false)).collect();
    let mut console = Console::new(&json!({}));
    let list = |console: &mut Console, there: &HashMap<usize, bool>| {
        let rows = there.iter().map(|(number, aborted)| known[*number][usize::from(*aborted)].clone()).collect();
        console.list_objects(Kind::Rollout, rows);
    };
    list(&mut console, &there);
    console.press(Command::ShowRollouts);
    // What the dialog that is open was asked about.
    let mut asked: Option<String> = None;
    for event in story {
        let performed = console.performed();
        match event {
            Happens::Rollout { number, there: true, aborted } => {
                there.insert(number, aborted);
                list(&mut console, &there);
            }
            Happens::Rollout { number, there: false, .. } => {
                there.remove(&number);
                list(&mut console, &there);
            }
            Happens::Key(command) => {
                let target = highlighted(&console);
                let scopes = verbs::scopes(&console.state);
                let keymap = &console.state.keymap;
                let mut keys = keymap.keys_of(command).into_iter();
                if let Some(key) = keys.find(|key| keymap.lookup(&scopes, *key) == Some(command)) {
                    let open = console.dialog().is_some();
                    console.key(key);
                    if !open && console.dialog().is_some() {
                        asked = target;
                    }
                }
            }
            Happens::Yes => {
                console.wait(verbs::ARMING);
                if console.dialog().is_some() {
                    console.press(Command::ConfirmYes);
                }
            }
            Happens::Milliseconds(span) => {
                console.wait(Duration::from_millis(span));
                console.send(Msg::Tick);
            }
            Happens::Answer(kind) => answer(&mut console, kind),
            Happens::Resize(width, height) => console.send(Msg::Resize(width, height)),
            Happens::Filter(text) => {
                let list = console.state.ui.list_id();
                console.state.ui.lists.entry(list).or_default().filter = text;
                console.send(Msg::Tick);
            }
        }
        check(&console)?;
        if console.performed() > performed {
            prop_assert_eq!(console.performed(), performed + 1);
            let acted = console.effects.iter().rev().find_map(|effect| match effect {
                Effect::Perform(operation) => Some(operation.action.target.uid.raw().to_owned()),
                _ => None,
            });
            prop_assert_eq!(acted, asked.clone(), "acted on another object than was highlighted");
        }
    }
    Ok(console.performed())
}

/// 250 stories of 40 events each: ten thousand interleavings.
#[test]
fn r40_the_object_acted_on_is_the_one_highlighted() {
    let known = rollouts();
    let config = Config { cases: 250, failure_persistence: None, ..Config::default() };
    let acted = Cell::new(0);
    TestRunner::new(config)
        .run(&prop::collection::vec(happens(), 40), |story| {
            acted.set(acted.get() + play(&known, story)?);
            Ok(())
        })
        .unwrap_or_else(|error| panic!("{error}"));
    assert!(acted.get() >= 100, "only {} actions in all: the stories say little", acted.get());
}
