//! R1: a hostile text, wherever an outside text can stand, is shown and never obeyed: both words
//! around it can be read, what is inside is a mark, and no control or invisible character is in any
//! cell.

use quarterdeck::command::Command;
use quarterdeck::config::theme::Role;
use quarterdeck::model::source::{FeedEvent, FeedId, FeedStatus, Object};
use quarterdeck::model::{Kind, Name};
use quarterdeck::state::State;
use quarterdeck::state::ui::{ListId, Overlay, Pane, Place, Toast, ToastKind};
use quarterdeck::state::verbs;
use quarterdeck::systems::ingest;
use quarterdeck::text::{Profile, Safe, is_hostile};
use ratatui::style::Color;
use serde_json::{Value, json};

use super::shot::{cells, draw, roles, text};
use super::sizes::places;
use super::views::acted;
use super::world::{self, CLUSTER, HEARD, at};
use crate::text::corpus::{CASES, Case};

const SIZES: [(u16, u16); 2] = [(80, 24), (200, 60)];

/// A field of an object: kind, and where in it. Names are put in by [`renamed`].
const FIELDS: &[(Kind, &str)] = &[
    (Kind::Rollout, "/metadata/name"),
    (Kind::Rollout, "/status/message"),
    (Kind::Rollout, "/status/phase"),
    (Kind::Rollout, "/spec/template/spec/containers/0/image"),
    (Kind::Deployment, "/metadata/name"),
    (Kind::Deployment, "/spec/template/spec/containers/0/image"),
    (Kind::ReplicaSet, "/metadata/name"),
    (Kind::ReplicaSet, "/spec/template/spec/containers/0/image"),
    (Kind::Pod, "/metadata/name"),
    (Kind::Pod, "/spec/nodeName"),
    (Kind::Pod, "/status/reason"),
    (Kind::Pod, "/status/message"),
    (Kind::Pod, "/spec/containers/0/name"),
    (Kind::Pod, "/status/containerStatuses/0/state/waiting/reason"),
    (Kind::Pod, "/status/containerStatuses/0/state/waiting/message"),
    (Kind::Event, "/message"),
    (Kind::Event, "/reason"),
    (Kind::Event, "/involvedObject/name"),
    (Kind::AnalysisRun, "/metadata/name"),
    (Kind::AnalysisRun, "/status/message"),
    (Kind::AnalysisRun, "/status/metricResults/0/name"),
    (Kind::AnalysisRun, "/status/metricResults/0/message"),
    (Kind::AnalysisRun, "/status/metricResults/0/measurements/0/value"),
    (Kind::AnalysisRun, "/status/metricResults/0/measurements/0/message"),
    (Kind::AnalysisRun, "/spec/metrics/0/successCondition"),
];

/// The objects of the recorded regression at its worst, as JSON.
fn objects(kind: Kind) -> Vec<Value> {
    let folder = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("demo/recordings/regression");
    let read = |file: String| -> Value { serde_json::from_slice(&std::fs::read(folder.join(file)).unwrap()).unwrap() };
    let moment = read("get/02-half-the-traffic.json".to_owned());
    let items = |listed: &Value| listed.get("items").unwrap_or(listed).as_array().cloned().unwrap_or_default();
    let now = moment.get(kind.plural()).map(items).unwrap_or_default();
    if now.is_empty() { items(&read(format!("{}.list.json", kind.plural()))) } else { now }
}

/// The same world with the text in those fields of every object of their kinds.
fn poisoned(fields: &[(Kind, &str)], hostile: &str) -> State {
    let mut state = world::deploying();
    for kind in super::world::KINDS {
        let pointers: Vec<&str> = fields.iter().filter(|(of, _)| *of == kind).map(|(_, pointer)| *pointer).collect();
        if !pointers.is_empty() {
            poison(&mut state, kind, &pointers, hostile);
        }
    }
    state
}

fn poison(state: &mut State, kind: Kind, pointers: &[&str], hostile: &str) {
    let feed = FeedId { cluster: CLUSTER, kind, namespace: Some(Name::new("production")) };
    let mut rows: Vec<Object> = Vec::new();
    for mut row in objects(kind) {
        for pointer in pointers {
            put(&mut row, pointer, hostile);
        }
        if let Ok(object) = ingest::object(kind, CLUSTER, row.to_string().as_bytes()) {
            rows.push(object);
        }
    }
    assert!(!rows.is_empty(), "{kind:?}: there are recorded objects");
    for event in [FeedEvent::ListBegins, FeedEvent::Applied(rows), FeedEvent::Listed] {
        state.world.apply(&feed, HEARD, event);
    }
}

/// Puts a text at a JSON pointer, making what is missing on the way.
fn put(row: &mut Value, pointer: &str, text: &str) {
    let mut at = row;
    for part in pointer.split('/').skip(1) {
        at = if let Ok(index) = part.parse::<usize>() {
            if !at.is_array() {
                *at = json!([{}]);
            }
            at.as_array_mut().unwrap().get_mut(index).expect("the recording has that many")
        } else {
            if !at.is_object() {
                *at = json!({});
            }
            at.as_object_mut().unwrap().entry(part).or_insert(Value::Null)
        };
    }
    *at = Value::String(text.to_owned());
}

/// No cell holds anything that a terminal might obey or hide, and every mark has its own look.
fn is_clean(buffer: &ratatui::buffer::Buffer, case: &Case, what: &str) {
    for cell in &buffer.content {
        let symbol = cell.symbol();
        // Nearly all of them.
        if matches!(symbol.as_bytes(), [b' '..=b'~']) {
            continue;
        }
        let hostile = symbol.chars().any(is_hostile);
        assert!(!hostile, "{}: {what}: {symbol:?} is in a cell", case.name);
        assert!(symbol.len() <= 64, "{}: {what}: {} bytes in a cell", case.name, symbol.len());
    }
}

fn has_mark(buffer: &ratatui::buffer::Buffer) -> bool {
    buffer.content.iter().any(|cell| cell.fg == Color::Indexed(Role::Mark as u8))
}

/// The text in all fields at once, drawn in every place; whether a word of it was seen.
fn drawn_clean(case: &Case, fields: &[(Kind, &str)], hostile: &str) -> bool {
    let theme = roles();
    let state = poisoned(fields, hostile);
    let mut seen = false;
    for place in places_with(&state) {
        let mut state = state.clone();
        state.ui.place = place.clone();
        for size in SIZES {
            let buffer = cells(&state, &theme, size);
            is_clean(&buffer, case, &format!("{fields:?} in {place:?}"));
            let screen = text(&buffer);
            seen |= screen.contains(&case.before()) || screen.contains(&case.after());
        }
    }
    seen
}

#[test]
fn r1_no_field_of_any_object_reaches_the_terminal_raw() {
    for case in CASES {
        let Some(hostile) = case.text() else { continue };
        assert!(drawn_clean(case, FIELDS, &hostile), "{} is shown nowhere", case.name);
    }
}

/// That the fields above are really shown: each of them alone.
#[test]
fn r1_every_field_is_shown_somewhere() {
    let case = &CASES[0];
    for field in FIELDS.iter().filter(|(_, pointer)| !UNSEEN.contains(pointer)) {
        let hostile = case.text().unwrap();
        assert!(drawn_clean(case, &[*field], &hostile), "{field:?} is shown nowhere");
    }
}

/// Fields that decide something and are not shown as they are.
const UNSEEN: &[&str] = &["/status/phase"];

/// Places whose object is there, whatever its name has become.
fn places_with(state: &State) -> Vec<Place> {
    let first = |kind: Kind| -> Option<quarterdeck::model::ObjectId> {
        let world = &state.world;
        let production = |meta: &quarterdeck::model::kubernetes::Meta| meta.namespace.raw() == "production";
        match kind {
            Kind::Rollout => {
                world.rollouts.rows().iter().find(|row| production(&row.meta)).map(|row| row.meta.id(kind))
            }
            Kind::Deployment => {
                world.deployments.rows().iter().find(|row| production(&row.meta)).map(|row| row.meta.id(kind))
            }
            Kind::Pod => world.pods.rows().iter().find(|row| production(&row.meta)).map(|row| row.meta.id(kind)),
            Kind::AnalysisRun => {
                world.analysis_runs.rows().iter().find(|row| production(&row.meta)).map(|row| row.meta.id(kind))
            }
            _ => None,
        }
    };
    let mut places = vec![Place::Deck, Place::Environments, Place::Pods, Place::Rollouts, Place::Journal];
    places.extend(first(Kind::Rollout).map(Place::Rollout));
    places.extend(first(Kind::Deployment).map(Place::Workload));
    places.extend(first(Kind::Pod).map(Place::Pod));
    places.extend(first(Kind::AnalysisRun).map(Place::Analysis));
    places
}

/// Where the text is the only one of its line, both words around it are readable and marked.
#[test]
fn r1_both_words_can_be_read_around_the_mark() {
    let theme = roles();
    for case in CASES {
        let Some(hostile) = case.text() else { continue };
        for size in SIZES {
            let mut state = world::empty();
            state.world.sources[0].unusable = Some(Safe::line(&hostile));
            state.world.feeds.clear();
            let buffer = draw(&at(state, Place::Rollouts), &theme, size);
            is_clean(&buffer, case, "kubeconfig");
            let screen = text(&buffer);
            for mark in case.marks(Profile::Line) {
                assert!(screen.contains(&mark), "{}: {mark} at {size:?}:\n{screen}", case.name);
            }

            let mut state = world::empty();
            state.world.sources[0].name = Name::new(&hostile);
            let buffer = draw(&state, &theme, (200, 60));
            is_clean(&buffer, case, "context");
            let screen = text(&buffer);
            for mark in case.marks(Profile::Identity) {
                assert!(screen.contains(&mark), "{}: {mark}:\n{screen}", case.name);
            }
            assert!(has_mark(&buffer) || !Safe::identity(&hostile).is_marked(), "{}: no mark is drawn", case.name);
        }
    }
}

#[test]
fn r1_sources_operations_toasts_and_dialogs_are_clean() {
    let theme = roles();
    for case in CASES {
        let Some(hostile) = case.text() else { continue };
        let mut state = world::deploying();
        let target = world::rollout(&state, "checkout", "production");
        let offer = verbs::available(&state, Command::Abort, &target).unwrap();
        let mut confirm = verbs::preview(&state, &offer.action);
        state = acted(state);
        for operation in &mut state.operations {
            operation.reason = Safe::line(&hostile);
            operation.environment = Name::new(&hostile);
            operation.summary = Safe::line(&hostile);
        }
        let message = Safe::line(&hostile);
        state.ui.toasts.push(Toast { kind: ToastKind::Bad, text: message.clone(), until: HEARD * 2 });
        world::hear(
            &mut state,
            &[Kind::Experiment],
            &FeedEvent::Status(FeedStatus::Denied { message: message.clone() }),
        );
        state.badge = Some(Safe::identity(&hostile));
        confirm.reason.insert_str(hostile.replace('\n', " "));
        confirm.typed.insert_str(hostile.replace('\n', " "));
        confirm.disarmed = Some(message);
        for place in places(&state) {
            // What lies over a place covers it: once is enough.
            let over = if place == Place::Deck {
                vec![None, Some(Overlay::Confirm(Box::new(confirm.clone()))), Some(Overlay::Help { top: 0 })]
            } else {
                vec![None]
            };
            for overlay in over {
                let mut state = at(state.clone(), place.clone());
                state.ui.overlay = overlay;
                state.ui.lists.entry(ListId::Pane(Pane::Canary)).or_default().filter = hostile.clone();
                for size in SIZES {
                    is_clean(&cells(&state, &theme, size), case, &format!("{place:?}"));
                }
            }
        }
    }
}
