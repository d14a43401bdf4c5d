//! `trafficRouting.maxTrafficWeight`: a weight of 500 of 1000 is 50 %, wherever it is said.

use quarterdeck::command::Command;
use quarterdeck::config::theme::{self, Depth, Glyphs};
use quarterdeck::state::ui::{Pane, Place};
use quarterdeck::state::{blocker, report};
use quarterdeck::ui;
use ratatui::Terminal;
use ratatui::backend::TestBackend;
use serde_json::{Value, json};

use super::world::{Console, moment};

/// The recorded moment as it would be with a router that counts to a thousand.
fn thousand(name: &str) -> Value {
    let mut objects = moment(name);
    let rollout = &mut objects["rollouts"][0];
    rollout["spec"]["strategy"]["canary"]["trafficRouting"]["maxTrafficWeight"] = json!(1_000);
    for step in rollout["spec"]["strategy"]["canary"]["steps"].as_array_mut().unwrap() {
        if let Some(weight) = step.get("setWeight").and_then(Value::as_i64) {
            step["setWeight"] = json!(weight * 10);
        }
    }
    for side in ["canary", "stable"] {
        let weight = &mut rollout["status"]["canary"]["weights"][side]["weight"];
        *weight = json!(weight.as_i64().unwrap() * 10);
    }
    objects
}

pub(super) fn screen(console: &Console) -> String {
    let theme = theme::load(None, None, Depth::Mono, Glyphs::Unicode).unwrap();
    let (width, height) = console.state.ui.size;
    let mut terminal = Terminal::new(TestBackend::new(width, height)).unwrap();
    terminal.draw(|frame| ui::draw(&console.state, &theme, frame)).unwrap();
    let buffer = terminal.backend().buffer();
    let line = |y| (0..width).map(|x| buffer[(x, y)].symbol()).collect::<String>();
    (0..height).map(line).collect::<Vec<_>>().join("\n")
}

/// Every percentage on the screen is one of a hundred.
fn percentages(text: &str) -> Vec<f64> {
    let words: Vec<&str> = text.split_whitespace().collect();
    let found = words.windows(2).filter(|pair| pair[1].starts_with('%'));
    found.filter_map(|pair| pair[0].trim_start_matches('(').parse().ok()).collect()
}

#[test]
fn a_weight_is_a_percentage_of_what_all_traffic_is_called() {
    let mut console = Console::new(&thousand("regression/02-half-the-traffic"));
    let page = console.open_workload();
    for place in [Place::Deck, Place::Environments, Place::Rollouts, Place::Rollout(page)] {
        for size in [(160, 48), (80, 24)] {
            for pane in [Pane::Canary, Pane::Environments] {
                (console.state.ui.place, console.state.ui.pane, console.state.ui.size) = (place.clone(), pane, size);
                quarterdeck::update::settle(&mut console.state);
                let screen = screen(&console);
                let all = percentages(&screen);
                assert!(all.iter().all(|percent| *percent <= 100.0), "{place:?} {size:?} {all:?}:\n{screen}");
                assert!(place == Place::Environments || all.contains(&50.0), "{place:?} {size:?}:\n{screen}");
            }
        }
    }
}

#[test]
fn sentences_and_dialogs_speak_of_percent() {
    let mut objects = thousand("regression/02-half-the-traffic");
    let running = json!({ "name": "error-rate", "phase": "Running", "failed": 1, "measurements": [] });
    for run in objects["analysisruns"].as_array_mut().unwrap() {
        run["status"] = json!({ "phase": "Running", "metricResults": [running] });
    }
    let mut console = Console::new(&objects);
    let blockers = blocker::blockers(&console.state);
    assert!(blockers[0].sentence.as_str().contains(" at 50 %"), "{}", blockers[0].sentence.as_str());
    console.open_workload();
    console.press(Command::Abort);
    assert_eq!(console.dialog().unwrap().summary.as_str(), "canary 50 % → 0 %");
    let weight = report::report(&console.state).rollouts[0].weight.unwrap();
    assert_eq!((weight.set, weight.actual, weight.max), (500, 500, 1_000), "data keeps the rollout's own units");
}
