//! A VirtualService that carries other weights than its Rollout says: on the Deck and on the page.

use std::time::Duration;

use quarterdeck::command::Command;
use quarterdeck::config::keymap;
use quarterdeck::model::Kind;
use quarterdeck::state::ui::{Pane, Place};
use quarterdeck::update::{self, Msg};
use serde_json::{Value, json};

use super::shot::{compare, shot};
use crate::ingest::world::{list, with};

fn service(canary: i64) -> Value {
    let to = |host: &str, weight: i64| json!({ "destination": { "host": host }, "weight": weight });
    json!({ "metadata": { "name": "checkout", "namespace": "production", "uid": "vs", "resourceVersion": "1" },
        "spec": { "http": [{ "name": "primary", "route": [to("checkout-stable", 100 - canary), to("checkout-canary", canary)] }] } })
}

#[test]
fn weights_that_differ_are_marked_with_a_sign_and_words() {
    let mut world = crate::update::world::moment("regression/02-half-the-traffic");
    world["virtualservices"] = json!([service(10)]);
    let mut state = with("2026-11-21T02:00:00Z".parse().unwrap(), &world);
    state.now.mono = Duration::from_secs(40);
    for (name, size) in [("80x24", (80, 24)), ("160x48", (160, 48)), ("300x100", (300, 100))] {
        (state.ui.size, state.ui.pane) = (size, Pane::Canary);
        for (kind, place) in
            [("deck", Place::Deck), ("page", Place::Rollout(state.world.rollouts.rows()[0].meta.id(Kind::Rollout)))]
        {
            state.ui.place = place;
            update::settle(&mut state);
            compare!(format!("routes-{kind}-{name}"), shot(&state, size));
        }
    }
    // Once it is written again nothing is marked.
    list(&mut state, Kind::VirtualService, &[service(50)]);
    update::settle(&mut state);
    assert!(!shot(&state, (300, 100)).contains("differs"));
}

/// On the page of a small terminal the verdict on the canary has its place, and the rest comes with the rows.
#[test]
fn who_carries_the_traffic_comes_into_sight_further_down() {
    let mut world = crate::update::world::moment("regression/02-half-the-traffic");
    world["virtualservices"] = json!([service(50)]);
    let mut state = with("2026-11-21T02:00:00Z".parse().unwrap(), &world);
    state.keymap = keymap::load(None, None).unwrap();
    state.ui.size = (80, 18);
    state.ui.place = Place::Rollout(state.world.rollouts.rows()[0].meta.id(Kind::Rollout));
    update::settle(&mut state);
    let first = shot(&state, (80, 18));
    assert!(first.contains("weight 50 %") && first.contains("success-rate"), "{first}");
    assert!(!first.contains("as the Rollout says") && first.contains("above: j"), "{first}");
    let down = state.keymap.keys_of(Command::Down)[0];
    for _ in 0..9 {
        let now = state.now;
        let _ = update::update(&mut state, now, Msg::Key(down));
        update::settle(&mut state);
    }
    let last = shot(&state, (80, 18));
    assert!(last.contains("as the Rollout says") && !last.contains("above: j"), "{last}");
    // Where it all has room, nothing is to be scrolled.
    state.ui.size = (160, 48);
    update::settle(&mut state);
    let large = shot(&state, (160, 48));
    assert!(large.contains("as the") && large.contains("weight 50 %") && !large.contains("above: j"), "{large}");
}
