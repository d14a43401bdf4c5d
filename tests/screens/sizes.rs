//! R17: everything draws at every size, and each theme draws.

use std::time::Duration;

use proptest::prelude::*;
use quarterdeck::command::Command;
use quarterdeck::config::theme::{self, Depth, Glyphs};
use quarterdeck::model::Kind;
use quarterdeck::state::State;
use quarterdeck::state::layout;
use quarterdeck::state::ui::{ListId, Overlay, Pane, Place, PromptKind, Toast, ToastKind};
use quarterdeck::state::verbs;
use quarterdeck::text::Safe;
use tui_textarea::TextArea;

use super::shot::{cells, compare, draw, keep, shot, text, theme};
use super::views::acted;
use super::world::{at, deploying, empty, rollout};

/// Every place, with what stands in it.
pub fn places(state: &State) -> Vec<Place> {
    let rollout = rollout(state, "checkout", "production");
    let deployment = state.world.deployments.rows()[0].meta.id(Kind::Deployment);
    let pod = state.world.pods.rows()[0].meta.id(Kind::Pod);
    let run = state.world.analysis_runs.rows()[0].meta.id(Kind::AnalysisRun);
    vec![
        Place::Deck,
        Place::Pipelines,
        Place::Environments,
        Place::Pods,
        Place::Rollouts,
        Place::Slo,
        Place::Inbox,
        Place::Journal,
        Place::Rollout(rollout),
        Place::Workload(deployment),
        Place::Pod(pod.clone()),
        Place::Analysis(run),
        Place::Log(pod),
    ]
}

fn overlays(state: &State) -> Vec<Option<Overlay>> {
    let target = rollout(state, "checkout", "production");
    let offer = verbs::available(state, Command::Abort, &target).expect("it can be aborted");
    let confirm = verbs::preview(state, &offer.action);
    let editor = || TextArea::new(vec!["a filter that is longer than the line".to_owned()]);
    vec![
        None,
        Some(Overlay::Help { top: 3 }),
        Some(Overlay::prompt(PromptKind::Filter, None, editor())),
        Some(Overlay::Confirm(Box::new(confirm))),
    ]
}

/// All lists have a row area inside the screen, at any size.
fn lists_fit(state: &State) {
    let (width, height) = state.ui.size;
    let panes = Pane::ALL.into_iter().map(ListId::Pane);
    for list in panes.chain([ListId::Place(state.ui.place.clone())]) {
        let area = layout::list_area(state, &list);
        assert!(
            u32::from(area.x) + u32::from(area.width) <= u32::from(width)
                && u32::from(area.y) + u32::from(area.height) <= u32::from(height)
                || area.is_empty(),
            "{list:?} at {width}×{height}: {area}"
        );
    }
}

#[test]
fn r17_everything_draws_at_tiny_and_odd_sizes() {
    let theme = theme("deck");
    let mut world = acted(deploying());
    world.ui.toasts.push(Toast {
        kind: ToastKind::Bad,
        text: Safe::of("a toast that is longer than the screen is wide"),
        until: Duration::from_secs(1_000),
    });
    let overlays = overlays(&deploying());
    let tiny = (0..=20).flat_map(|width| (0..=10).map(move |height| (width, height)));
    let tiny: Vec<(u16, u16)> = tiny.chain([(60, 15), (79, 23)]).collect();
    let vast = [(1_000, 400), (65_535, 1), (1, 65_535)];
    for place in places(&world) {
        world.ui.place = place.clone();
        for overlay in &overlays {
            world.ui.overlay = overlay.clone();
            // In the vast there is room: what lies over one place lies over all of them alike.
            let vast = vast.iter().filter(|_| overlay.is_none() || place == Place::Deck);
            for size in tiny.iter().chain(vast) {
                world.ui.size = *size;
                lists_fit(&world);
                cells(&world, &theme, *size);
            }
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 64, failure_persistence: None, ..ProptestConfig::default() })]
    #[test]
    fn r17_any_size_draws(width in 0u16..320, height in 0u16..110, place in 0usize..13, pane in 0usize..5, old in any::<bool>()) {
        let mut state = if old { super::world::stale(deploying(), Duration::from_secs(9)) } else { deploying() };
        let place = places(&state).swap_remove(place);
        state.ui.place = place;
        state.ui.pane = Pane::ALL[pane];
        state.ui.size = (width, height);
        lists_fit(&state);
        draw(&state, &theme("mono"), (width, height));
    }
}

#[test]
fn every_theme_draws() {
    for (name, _) in theme::EMBEDDED {
        let buffer = draw(&deploying(), &theme(name), (160, 48));
        if std::env::var_os("QUARTERDECK_SHOTS").is_some() {
            keep(&buffer);
        }
        assert!(text(&buffer).contains("CANARY"), "{name}");
    }
}

/// R16: without UTF-8 only ASCII is drawn, and states are still told apart.
#[test]
fn r16_ascii_draws_only_ascii() {
    let ascii = theme::load(None, None, Depth::Mono, Glyphs::Ascii).unwrap();
    let state = acted(deploying());
    for place in places(&state) {
        for overlay in overlays(&deploying()) {
            let mut state = at(state.clone(), place.clone());
            state.ui.overlay = overlay;
            let screen = text(&draw(&state, &ascii, (160, 48)));
            assert!(screen.is_ascii(), "{place:?}: {screen}");
        }
    }
    let deck = text(&draw(&state, &ascii, (80, 24)));
    compare!("deck-ascii", deck);
}

/// R16: with `NO_COLOR` no cell has a colour.
#[test]
fn r16_mono_has_no_colour() {
    use ratatui::style::Color;
    for (name, _) in theme::EMBEDDED {
        let mono = theme::load(Some(name), None, Depth::Mono, Glyphs::Unicode).unwrap();
        let buffer = draw(&acted(deploying()), &mono, (160, 48));
        let coloured = buffer.content.iter().filter(|cell| cell.fg != Color::Reset || cell.bg != Color::Reset).count();
        assert_eq!(coloured, 0, "{name}");
    }
}

#[test]
fn a_console_without_anything_draws() {
    compare!("deck-50x12-empty", shot(&empty(), (50, 12)));
}
