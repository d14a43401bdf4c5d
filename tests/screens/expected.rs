//! What is expected of jobs that run, on the screen.

use std::sync::Arc;
use std::time::Duration;

use quarterdeck::config::theme::{self, Depth, Glyphs};
use quarterdeck::model::durations::Sample;
use quarterdeck::state::expected;
use quarterdeck::state::ui::{ListId, Pane, Place};
use quarterdeck::state::{State, groups, runs};
use quarterdeck::text::ascii;
use quarterdeck::update;

use super::run_world::{hear_jobs, id, job, pipelines, with};
use super::shot::{compare, draw, roles, shot, text};
use super::world::deploying;

const FULL: (u16, u16) = (160, 48);
const SMALL: (u16, u16) = (80, 24);

/// Ten runs of a job of the run with this number, each a second longer than the one before, so long
/// that this is their median; the job without a name is the run.
fn learn(state: &mut State, number: u64, job: &str, median: u64) {
    let run = state.world.runs.get(&id(state, number).uid).unwrap().clone();
    let flow = expected::flow(state, &run).unwrap();
    for at in 0..11 {
        let millis = (median - 5 + at) * 1_000;
        Arc::make_mut(&mut state.learnt.book).learn(&flow, job, None, Sample { ended: at as i64, millis });
    }
}

/// The run of the picture: `unit (3.11)` as always, `unit (3.12)` slower than ever.
fn known(place: Option<Place>, size: (u16, u16)) -> State {
    let mut state = pipelines(deploying());
    learn(&mut state, 4812, "unit (3.11)", 140);
    learn(&mut state, 4812, "unit (3.12)", 60);
    learn(&mut state, 4812, "image amd64", 300);
    learn(&mut state, 4812, "", 420);
    state.ui.place = place.unwrap_or_else(|| Place::Run(id(&state, 4812)));
    state.ui.pane = Pane::Steps;
    state.ui.size = size;
    // What is expected of each cell is seen where its group is open.
    let opened = [groups::key(groups::What::Cells, "unit")];
    for list in [ListId::Place(state.ui.place.clone()), ListId::Pane(Pane::Steps)] {
        state.ui.lists.entry(list).or_default().turned.extend(opened.clone());
    }
    update::settle(&mut state);
    state
}

fn screen(state: &State, size: (u16, u16)) -> String {
    text(&draw(state, &roles(), size))
}

fn line<'a>(screen: &'a str, word: &str) -> &'a str {
    screen.lines().find(|line| line.contains(word)).unwrap_or_else(|| panic!("no {word}:\n{screen}"))
}

#[test]
fn jobs_that_run_stand_beside_what_is_expected_of_them() {
    for (name, size) in [("160x48", FULL), ("80x24", SMALL)] {
        compare!(format!("expected-page-{name}"), shot(&known(None, size), size));
    }
    compare!("expected-deck-160x48", shot(&known(Some(Place::Deck), FULL), FULL));

    let page = screen(&known(None, FULL), FULL);
    assert!(line(&page, "unit (3.11)").ends_with("of ~2m20s"), "{page}");
    assert!(line(&page, "unit (3.11)").contains("▇░"), "the time that is left is fainter: {page}");
    assert!(line(&page, "unit (3.12)").ends_with("▲ slower than usual"), "{page}");
    assert!(!line(&page, "lint").contains('~'), "what has ended needs no expectation: {page}");
    // The image takes another 4m16s, the whole run as a rule 3m50s.
    assert!(line(&page, "attempt 1").contains("done in ~4m20s"), "{page}");
    assert!(line(&page, "JOBS AND STEPS").contains("▸ longest chain"), "{page}");
    assert!(line(&page, "image amd64").contains("▸ 44s") && line(&page, "build").contains("▸ 1m2s"), "{page}");
    assert!(!line(&page, "lint").contains('▸'), "{page}");
}

/// By its glyph and its word, whatever the terminal can show.
#[test]
fn slower_than_usual_is_said_without_colour_and_without_unicode() {
    let state = known(None, FULL);
    let mono = theme::load(Some("mono"), None, Depth::Mono, Glyphs::Unicode).unwrap();
    let page = text(&draw(&state, &mono, FULL));
    assert!(page.contains("▲ slower than usual"), "{page}");
    let plain: String = page.chars().map(|c| ascii::symbol(c.encode_utf8(&mut [0; 4])).to_owned()).collect();
    assert!(plain.contains("! slower than usual") && plain.contains("#."), "{plain}");
}

#[test]
fn too_few_runs_say_nothing() {
    let mut state = known(None, FULL);
    state.learnt = expected::Learnt::default();
    let run = state.world.runs.get(&id(&state, 4812).uid).unwrap().clone();
    let flow = expected::flow(&state, &run).unwrap();
    for ended in 0..2 {
        Arc::make_mut(&mut state.learnt.book).learn(&flow, "unit (3.11)", None, Sample { ended, millis: 140_000 });
    }
    state.now.mono += std::time::Duration::from_secs(5);
    update::settle(&mut state);
    let page = screen(&state, FULL);
    assert!(!page.contains('~') && !page.contains("slower") && !page.contains("done in"), "{page}");
}

#[test]
fn a_run_that_is_late_says_what_is_usual() {
    let mut state = known(None, FULL);
    let run = state.world.runs.get(&id(&state, 4812).uid).unwrap().clone();
    let jobs = vec![job(&state, &run, "unit (3.12)", Some(128), None)];
    hear_jobs(&mut state, &run, jobs);
    state.learnt = expected::Learnt::default();
    learn(&mut state, 4812, "", 60);
    update::settle(&mut state);
    let page = screen(&state, FULL);
    assert!(line(&page, "attempt 1").contains("▲ slower than usual (~1m)"), "{page}");
    // What waits for a person has no end that could be told.
    let waiting = with((*run).clone(), |run| run.status = quarterdeck::model::pipelines::RunStatus::Waiting);
    assert_eq!(expected::eta(&state, &waiting), None);
}

/// A job that passed in an earlier attempt stands beside those of this one: the axis is not hours long.
#[test]
fn the_axis_begins_with_the_attempt_that_is_shown() {
    let mut state = known(None, FULL);
    let run = state.world.runs.get(&id(&state, 4812).uid).unwrap().clone();
    let jobs =
        vec![job(&state, &run, "build", Some(40_000), Some(39_000)), job(&state, &run, "unit (3.11)", Some(100), None)];
    hear_jobs(&mut state, &run, jobs);
    let jobs = runs::current_jobs(&state, &run).unwrap();
    let scale = quarterdeck::state::timeline::Scale::of(&state, &run, jobs).unwrap();
    assert!(scale.span <= Duration::from_mins(3), "{scale:?}");
}

/// The time in the queue and the time it ran are two things.
#[test]
fn the_queue_stands_before_the_bar() {
    let mut state = known(None, FULL);
    let run = state.world.runs.get(&id(&state, 4812).uid).unwrap().clone();
    let mut slow = job(&state, &run, "image amd64", Some(60), None);
    slow.created = Some(super::run_world::ago(&state, 180));
    hear_jobs(&mut state, &run, vec![slow]);
    update::settle(&mut state);
    let page = screen(&state, FULL);
    assert!(line(&page, "image amd64").contains("┄▇"), "{page}");
}
