//! Numbers at the ends of their type, in every field that holds one: they are shown somehow, and
//! nothing overflows on the way to the screen, the report or a verb.

use quarterdeck::command::{Command, Keymap};
use quarterdeck::config::theme::{self, Depth, Glyphs};
use quarterdeck::model::{Kind, ObjectId};
use quarterdeck::state::State;
use quarterdeck::state::report::report;
use quarterdeck::state::ui::Place;
use quarterdeck::state::{blocker, verbs};
use quarterdeck::ui;
use ratatui::Terminal;
use ratatui::backend::TestBackend;
use serde_json::{Value, json};

use super::golden::read;
use super::world::with;

/// Objects of every kind as real servers sent them, one moment after the other.
fn recorded() -> Vec<Value> {
    let home = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("demo/recordings");
    let read = |file: &str| -> Value { serde_json::from_str(&read(&home.join(file))).unwrap() };
    let moments = [
        "regression/get/02-half-the-traffic.json",
        "regression/get/03-aborted-by-analysis.json",
        "crashing/get/02-canary-crashes.json",
        "clean/get/04-waiting-for-a-person.json",
        "blue-green/get/02-preview-waits.json",
    ];
    let mut all: Vec<Value> = moments.map(read).into();
    for moment in &mut all {
        moment["deployments"] = read("deployment/get/02-deployment-updated.json")["deployments"].take();
        moment["events"] = json!(read("regression/events.list.json")["items"].as_array().unwrap()[..3].to_vec());
    }
    all
}

/// Puts these numbers, one after the other, where there are numbers.
fn fill(value: &mut Value, key: &str, numbers: &mut impl Iterator<Item = i64>) {
    const IDENTITIES: [&str; 3] = ["uid", "resourceVersion", "name"];
    match value {
        Value::Number(_) => *value = json!(numbers.next()),
        Value::String(text) if text.parse::<i64>().is_ok() && !IDENTITIES.contains(&key) => {
            *value = json!(numbers.next().map(|number| number.to_string()));
        }
        Value::Array(items) => items.iter_mut().for_each(|item| fill(item, key, numbers)),
        Value::Object(fields) => fields.iter_mut().for_each(|(key, field)| fill(field, key, numbers)),
        _ => {}
    }
}

fn draw_all(state: &mut State) {
    let theme = theme::load(None, None, Depth::Mono, Glyphs::Ascii).unwrap();
    let world = &state.world;
    let rollouts: Vec<ObjectId> = world.rollouts.rows().iter().map(|row| row.meta.id(Kind::Rollout)).collect();
    let deployments: Vec<ObjectId> = world.deployments.rows().iter().map(|row| row.meta.id(Kind::Deployment)).collect();
    let runs = world.analysis_runs.rows().iter().map(|row| Place::Analysis(row.meta.id(Kind::AnalysisRun)));
    let pods = world.pods.rows().iter().take(3).map(|row| Place::Pod(row.meta.id(Kind::Pod)));
    let mut places = vec![Place::Deck, Place::Environments, Place::Pods, Place::Rollouts, Place::Inbox];
    places.extend(runs.chain(pods));
    places.extend(rollouts.iter().cloned().map(Place::Rollout));
    places.extend(deployments.iter().cloned().map(Place::Workload));
    for place in places {
        state.ui.place = place;
        let mut terminal = Terminal::new(TestBackend::new(160, 48)).unwrap();
        terminal.draw(|frame| ui::draw(state, &theme, frame)).unwrap();
    }
    for target in rollouts.iter().chain(&deployments) {
        for command in [Command::Promote, Command::Abort, Command::Retry, Command::Undo] {
            // Offered or not: it must not be the end.
            let _ = verbs::available(state, command, target);
        }
    }
}

#[test]
fn numbers_at_the_ends_of_their_type_are_drawn() {
    let patterns: [&[i64]; 6] = [
        &[i64::MAX],
        &[i64::MIN],
        &[i64::MAX, i64::MIN],
        &[i64::MIN, i64::MAX],
        &[i64::MAX, i64::MAX, i64::MIN],
        &[i64::MIN, 0, i64::MAX, -1, 1],
    ];
    for moment in recorded() {
        for pattern in patterns {
            let mut objects = moment.clone();
            fill(&mut objects, "", &mut pattern.iter().copied().cycle());
            let mut state = with("2026-11-21T01:25:02Z".parse().unwrap(), &objects);
            state.keymap = Keymap::default();
            assert!(!state.world.rollouts.is_empty() && !state.world.pods.is_empty());
            let _ = blocker::blockers(&state);
            serde_json::to_string(&report(&state)).unwrap();
            draw_all(&mut state);
        }
    }
}
