//! R1: a hostile text in every field of every object, on every view. What is sent to the terminal
//! is read by the gate and by an emulator: nothing outside the console's grammar, every cell where
//! it was drawn, and both words of the case to be read.

use std::sync::LazyLock;

use quarterdeck::action::Verb;
use quarterdeck::command::{Command, Keymap};
use quarterdeck::config::keymap;
use quarterdeck::config::theme::{self, Depth, Glyphs, Theme};
use quarterdeck::model::log::{LogChunk, LogEvent};
use quarterdeck::model::{Kind, Now};
use quarterdeck::state::State;
use quarterdeck::state::ui::Place;
use quarterdeck::term::{Caps, Colors, Gate, Paint};
use quarterdeck::text::{Profile, ascii};
use quarterdeck::ui;
use quarterdeck::update::{Msg, update};
use ratatui::layout::Rect;
use ratatui::{Terminal, TerminalOptions, Viewport};
use serde_json::{Value, json};

use super::corpus::{CASES, Case};
use crate::ingest::world;
use crate::pty::key_of;

// Read once: the tests below draw some thousand screens.
static THEME: LazyLock<Theme> =
    LazyLock::new(|| theme::load(Some("deck"), None, Depth::True, Glyphs::Unicode).unwrap());
static KEYMAP: LazyLock<Keymap> = LazyLock::new(|| keymap::load(None, None).unwrap());
static RECORDED: LazyLock<Value> = LazyLock::new(recorded);

/// Objects of every kind as real servers sent them.
fn recorded() -> Value {
    let home = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("demo/recordings");
    let read = |file: &str| -> Value { serde_json::from_slice(&std::fs::read(home.join(file)).unwrap()).unwrap() };
    let mut objects = read("regression/get/02-half-the-traffic.json");
    objects["deployments"] = read("deployment/deployments.list.json")["items"].take();
    objects["events"] = json!(read("regression/events.list.json")["items"].as_array().unwrap()[..3].to_vec());
    objects["namespaces"] =
        json!([{ "metadata": { "name": "production", "uid": "n1", "labels": { "environment": "production" } } }]);
    objects
}

/// What is no free text: the identity of objects, times, numbers, and words with a meaning.
fn is_fixed(key: &str, value: &str) -> bool {
    const FIXED: &[&str] = &["uid", "resourceVersion", "kind", "apiVersion", "namespace", "phase", "status", "type"];
    FIXED.contains(&key)
        || key.ends_with("Time")
        || key.ends_with("Timestamp")
        || key.ends_with("At")
        || key.contains("hash")
        || value.parse::<f64>().is_ok()
}

/// Puts the text before every other text.
fn poison(value: &mut Value, key: &str, text: &str) {
    match value {
        Value::String(old) if !is_fixed(key, old) => *old = format!("{text} {old}"),
        Value::Array(items) => items.iter_mut().for_each(|item| poison(item, key, text)),
        Value::Object(fields) => fields.iter_mut().for_each(|(key, field)| poison(field, key, text)),
        _ => {}
    }
}

fn state_with(case: &Case) -> State {
    let mut objects = RECORDED.clone();
    // Only the shape of the recording matters here; the moment is that of its last measurement.
    let wall = "2026-11-21T01:25:02Z".parse().unwrap();
    if let Some(text) = case.text() {
        poison(&mut objects, "", &text);
    }
    let mut state = world::with(wall, &objects);
    state.keymap = KEYMAP.clone();
    state
}

/// One of each view, the pages of the first object of each kind.
fn places(state: &State) -> Vec<Place> {
    let world = &state.world;
    let pod = world.pods.rows()[0].meta.id(Kind::Pod);
    vec![
        Place::Deck,
        Place::Environments,
        Place::Pods,
        Place::Rollouts,
        Place::Inbox,
        Place::Journal,
        Place::Workload(world.deployments.rows()[0].meta.id(Kind::Deployment)),
        Place::Rollout(world.rollouts.rows()[0].meta.id(Kind::Rollout)),
        Place::Pod(pod.clone()),
        Place::Analysis(world.analysis_runs.rows()[0].meta.id(Kind::AnalysisRun)),
        Place::Log(pod),
    ]
}

/// Draws as the program does, byte by byte, and returns what an emulator shows of it.
fn seen(state: &State, size: (u16, u16), what: &str) -> String {
    let caps = Caps { colors: Colors::True, utf8: true };
    let area = Rect::new(0, 0, size.0, size.1);
    let paint = Paint::new(Vec::new(), caps, ascii::symbol);
    let mut terminal = Terminal::with_options(paint, TerminalOptions { viewport: Viewport::Fixed(area) }).unwrap();
    let drawn = terminal.draw(|frame| ui::draw(state, &THEME, frame)).unwrap().buffer.clone();
    let bytes = terminal.backend_mut().writer().clone();
    let violations = Gate.pass(&bytes, &mut Vec::new());
    assert!(violations.is_empty(), "{what}: {violations:?}");
    let rows = std::num::NonZero::new(size.1).unwrap();
    let mut emulator = vt100::Parser::new(rows, std::num::NonZero::new(size.0).unwrap(), 0);
    emulator.process(&bytes);
    for y in 0..size.1 {
        for x in 0..size.0 {
            let shown = emulator.screen().cell(y, x).unwrap();
            let symbol = drawn[(x, y)].symbol();
            let shown = shown.contents();
            // Of a cluster that terminals draw differently only the base is sent; and this emulator
            // shows nothing for U+FFFD.
            let base = !shown.is_empty() && symbol.starts_with(shown.trim_end());
            let same = base || shown.trim().is_empty() && matches!(symbol.trim(), "" | "\u{fffd}");
            assert!(same, "{what} at {x},{y}: {symbol:?} was drawn, {shown:?} is seen");
        }
    }
    emulator.screen().contents()
}

fn at(state: &mut State, place: Place) {
    state.ui.place = place;
    state.ui.overlay = None;
    let now = Now { wall: state.now.wall, mono: state.now.mono };
    update(state, now, Msg::Resize(state.ui.size.0, state.ui.size.1));
}

/// The words of the case that could be read on some view.
fn read(case: &Case, size: (u16, u16)) -> (bool, bool) {
    let mut state = state_with(case);
    state.ui.size = size;
    let [first, last] = [case.before(), case.after()];
    let mut found = (false, false);
    for place in places(&state) {
        at(&mut state, place.clone());
        let shown = seen(&state, size, &format!("{} on {place:?}", case.name));
        found = (found.0 || shown.contains(&first), found.1 || shown.contains(&last));
    }
    found
}

#[test]
fn r1_every_field_on_every_view_wide() {
    for case in CASES.iter().filter(|case| case.text().is_some()) {
        assert_eq!(read(case, (200, 60)), (true, true), "{}", case.name);
    }
}

#[test]
fn r1_every_field_on_every_view_narrow() {
    for case in CASES.iter().filter(|case| case.text().is_some()) {
        assert!(read(case, (80, 24)).0, "{}", case.name);
    }
}

#[test]
fn r1_dialogs_of_a_hostile_rollout() {
    for case in CASES.iter().filter(|case| case.text().is_some()) {
        let mut state = state_with(case);
        state.ui.size = (120, 40);
        let rollout = places(&state).into_iter().find(|place| matches!(place, Place::Rollout(_))).unwrap();
        at(&mut state, rollout);
        let now = state.now;
        update(&mut state, now, Msg::Key(key_of(Command::Abort)));
        assert!(state.ui.overlay.is_some(), "{}: {:?} asks first", case.name, Verb::Abort);
        let shown = seen(&state, (120, 40), case.name);
        assert!(shown.contains(&case.before()), "{}: {shown}", case.name);
    }
}

#[test]
fn r1_every_case_as_a_line_of_a_log() {
    for wrap in [false, true] {
        for case in CASES {
            let mut state = state_with(&CASES[0]);
            state.ui.size = (120, 40);
            let pod = state.world.pods.rows()[0].meta.id(Kind::Pod);
            at(&mut state, Place::Pod(pod));
            let now = state.now;
            update(&mut state, now, Msg::Key(key_of(Command::Logs)));
            let log = state.log.as_mut().expect("the log of the pod is open");
            log.wrap = wrap;
            let mut line = b"2026-11-21T01:25:00.000000000Z ".to_vec();
            // A record has no line feed in it: it would end there.
            line.extend(case.bytes().iter().filter(|byte| **byte != b'\n'));
            let end = line.len() as u32;
            let (id, mono) = (log.id, now.mono);
            log.apply(mono, LogEvent::Opened);
            let chunk = LogChunk { bytes: line.into(), ends: [end].into(), cut: 0 };
            update(&mut state, now, Msg::Tail(id, LogEvent::Lines(chunk)));
            let shown = seen(&state, (120, 40), case.name);
            for mark in case.marks(Profile::Line) {
                let rewritten = case.payload.contains(&b'\r') && mark == case.before();
                assert!(rewritten || shown.contains(&mark), "{} ({mark}): {shown}", case.name);
            }
        }
    }
}
