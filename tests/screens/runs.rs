//! Pipelines on the screen: the panes, the view, the page of a run, and each state of their source.

use std::time::Duration;

use jiff::SignedDuration;
use quarterdeck::config::theme::{self, Depth, Glyphs};
use quarterdeck::model::Kind;
use quarterdeck::model::pipelines::{JobsRead, Quota, RunStatus};
use quarterdeck::model::source::{Detail, FeedEvent, FeedStatus};
use quarterdeck::state::State;
use quarterdeck::state::ui::{Pane, Place};
use quarterdeck::text::Safe;
use quarterdeck::update;

use super::run_world::{feed, github, hear_jobs, hear_quota, id, job, list, pipelines, quota, run, runs, with};
use super::shot::{compare, draw, roles, shot, text, theme};
use super::world::{HEARD, deploying, hear};

const SMALL: (u16, u16) = (80, 24);
const FULL: (u16, u16) = (160, 48);
const WIDE: (u16, u16) = (300, 100);

/// In a place, at a size, with what is selected there.
fn at(mut state: State, place: Place, size: (u16, u16)) -> State {
    state.ui.place = place;
    state.ui.size = size;
    update::settle(&mut state);
    state
}

fn deck(pane: Pane, size: (u16, u16)) -> State {
    let mut state = pipelines(deploying());
    state.ui.pane = pane;
    at(state, Place::Deck, size)
}

#[test]
fn runs_on_the_deck() {
    compare!("runs-deck-160x48", shot(&deck(Pane::Pipelines, FULL), FULL));
    compare!("runs-deck-80x24", shot(&deck(Pane::Pipelines, SMALL), SMALL));
    compare!("runs-steps-80x24", shot(&deck(Pane::Steps, SMALL), SMALL));
    compare!("runs-deck-300x100", shot(&deck(Pane::Pipelines, WIDE), WIDE));
}

#[test]
fn the_view_of_pipelines() {
    for (name, size) in [("80x24", SMALL), ("160x48", FULL), ("300x100", WIDE)] {
        let state = at(pipelines(deploying()), Place::Pipelines, size);
        compare!(format!("runs-view-{name}"), shot(&state, size));
    }
}

#[test]
fn the_page_of_a_run_begins_at_what_failed() {
    for (name, size) in [("80x24", SMALL), ("160x48", FULL)] {
        let state = pipelines(deploying());
        let place = Place::Run(id(&state, 977));
        compare!(format!("runs-page-{name}"), shot(&at(state, place, size), size));
    }
    let state = pipelines(deploying());
    let place = Place::Run(id(&state, 4812));
    compare!("runs-page-moving", shot(&at(state, place, FULL), FULL));
}

/// Every theme, and ASCII: nothing is told by colour alone.
#[test]
fn without_colour_and_without_glyphs_it_says_the_same() {
    let state = deck(Pane::Pipelines, FULL);
    for name in ["deck", "light", "mono"] {
        let screen = text(&draw(&state, &theme(name), FULL));
        assert!(
            screen.contains("◌ running") && screen.contains("✖ failed") && screen.contains("‖ waiting"),
            "{screen}"
        );
    }
    let ascii = theme::load(Some("mono"), None, Depth::Mono, Glyphs::Ascii).unwrap();
    let screen = text(&draw(&state, &ascii, FULL));
    assert!(screen.is_ascii(), "{screen}");
    for line in ["running", "failed", "waiting", "queued 44s: self-hosted, arm64"] {
        assert!(screen.contains(line), "{line}: {screen}");
    }
    compare!("runs-deck-ascii", screen);
}

fn status(mut state: State, status: FeedStatus) -> State {
    hear(&mut state, &[Kind::Run], &FeedEvent::Status(status));
    state
}

fn states() -> Vec<(&'static str, State)> {
    let silent = || {
        let mut state = deploying();
        github(&mut state);
        state
    };
    let empty = || {
        let mut state = silent();
        list(&mut state, Vec::new());
        state
    };
    let denied = Safe::of(
        "acme/search: the token may not read Actions there (403 Resource not accessible by personal access token)",
    );
    let failed = Safe::of("api.github.com: the certificate is not valid for this name");
    let stale = Safe::of("api.github.com answered 502 three times");
    let retry_at = Some(HEARD + Duration::from_secs(12));
    vec![
        ("loading", silent()),
        ("empty", empty()),
        ("denied", status(empty(), FeedStatus::Denied { message: denied })),
        ("failed", status(silent(), FeedStatus::Failed { message: failed, retry_at })),
        (
            "stale",
            status(
                pipelines(deploying()),
                FeedStatus::Stale {
                    since: HEARD.checked_sub(Duration::from_secs(41)).unwrap(),
                    message: stale,
                    retry_at,
                },
            ),
        ),
        ("unconfigured", deploying()),
    ]
}

#[test]
fn pipelines_in_every_state() {
    for (name, mut state) in states() {
        compare!(format!("runs-view-{name}"), shot(&at(state.clone(), Place::Pipelines, SMALL), SMALL));
        state.ui.pane = Pane::Pipelines;
        compare!(format!("runs-deck-{name}"), shot(&at(state, Place::Deck, FULL), FULL));
    }
}

/// What is known of the jobs of the chosen run: not read, not readable, none yet, of an attempt before.
#[test]
fn why_no_job_is_shown() {
    let base = || {
        let mut state = deploying();
        github(&mut state);
        let all = runs(&state);
        list(&mut state, all);
        state.ui.pane = Pane::Steps;
        state
    };
    let words = |state: State| text(&draw(&at(state, Place::Deck, FULL), &roles(), FULL));
    assert!(words(base()).contains("reading the jobs of attempt 1 …"));

    let mut state = base();
    let run = runs(&state).remove(0);
    let read = JobsRead { run: run.meta.uid.clone(), jobs: Err(Safe::of("404 Not Found")) };
    let mono = state.now.mono;
    state.world.apply(&feed("acme/checkout"), mono, FeedEvent::Detail(Detail::Jobs(read)));
    let screen = words(state);
    assert!(screen.contains("its jobs cannot be read") && screen.contains("404 Not Found"), "{screen}");

    let mut state = base();
    hear_jobs(&mut state, &run, Vec::new());
    assert!(words(state).contains("it has no jobs yet"));

    // Jobs of attempt 1 are no jobs of attempt 2.
    let mut state = base();
    let old = job(&state, &run, "build", Some(190), Some(128));
    hear_jobs(&mut state, &run, vec![old]);
    let mut all = runs(&state);
    all[0].attempt = 2;
    list(&mut state, all);
    let screen = words(state);
    assert!(screen.contains("reading the jobs of attempt 2 …") && screen.contains("#4812 · attempt 2"), "{screen}");
}

#[test]
fn names_of_a_matrix_stay_readable() {
    let mut state = deploying();
    github(&mut state);
    let one = run(&state, "acme/checkout", "ci", 7, 60, None);
    let name = "integration tests of the whole system (ubuntu-24.04, 3.12)";
    let job = job(&state, &one, name, Some(60), None);
    list(&mut state, vec![one.clone()]);
    hear_jobs(&mut state, &one, vec![job]);
    state.ui.pane = Pane::Steps;
    let screen = text(&draw(&at(state, Place::Deck, SMALL), &roles(), SMALL));
    assert!(screen.contains("… (ubuntu-24.04, 3.12)"), "{screen}");
}

#[test]
fn the_header_tells_what_is_left_of_the_quota() {
    let header = |change: &dyn Fn(&mut Quota), size| {
        let mut state = pipelines(deploying());
        let mut figures = quota(4_812);
        change(&mut figures);
        hear_quota(&mut state, figures);
        text(&draw(&at(state, Place::Deck, size), &roles(), size)).lines().next().unwrap().to_owned()
    };
    let until = pipelines(deploying()).now.wall.checked_add(SignedDuration::from_secs(720)).unwrap();
    let plain = header(&|_| {}, FULL);
    assert!(plain.contains("● github 4 812/5 000"), "{plain}");
    let anonymous = header(
        &|quota| {
            quota.anonymous = true;
            quota.limit = 60;
        },
        FULL,
    );
    assert!(anonymous.contains("github 60/h, no token"), "{anonymous}");
    let untold = header(&|quota| (quota.limit, quota.remaining) = (0, 0), FULL);
    assert!(!untold.contains("github 0") && !untold.contains("/0"), "nothing is made up: {untold}");
    let held = header(&|quota| quota.held_until = Some(until), SMALL);
    assert!(held.contains("github held for 12m"), "{held}");
}

/// The clock of GitHub is not ours: ages count by ours.
#[test]
fn a_clock_that_is_off_changes_no_age() {
    let screen = |skew: i64| {
        let mut state = deploying();
        github(&mut state);
        let shift = |at: &mut Option<jiff::Timestamp>| {
            *at = at.map(|at| at.checked_add(SignedDuration::from_secs(skew)).unwrap());
        };
        let all: Vec<_> = runs(&state)
            .into_iter()
            .map(|run| {
                with(run, |run| {
                    for at in [&mut run.created, &mut run.started, &mut run.updated] {
                        shift(at);
                    }
                })
            })
            .collect();
        list(&mut state, all);
        let mono = state.now.mono;
        state.world.apply(&feed("acme/checkout"), mono, FeedEvent::Skew(skew));
        let screen = text(&draw(&at(state, Place::Pipelines, FULL), &roles(), FULL));
        // The header says that the clock is off.
        screen.lines().skip(1).collect::<Vec<_>>().join("\n")
    };
    assert_eq!(screen(0), screen(7_200));
    assert_eq!(screen(0), screen(-7_200));
}

/// Titles say what they count, and begin with words; a pane whose source failed says so on a small screen.
#[test]
fn what_is_counted_and_what_failed_is_named() {
    let first = |state: &State, size, word: &str| {
        let screen = text(&draw(state, &roles(), size));
        screen.lines().find(|line| line.contains(word)).unwrap_or_else(|| panic!("{word}: {screen}")).to_owned()
    };
    let mut state = at(pipelines(deploying()), Place::Pipelines, FULL);
    let list = state.ui.list_id();
    state.ui.lists.get_mut(&list).unwrap().filter = "zzz".to_owned();
    update::settle(&mut state);
    let title = first(&state, FULL, "PIPELINES");
    assert!(title.contains("0 of 41 runs · zzz"), "{title}");
    let title = first(&deck(Pane::Pipelines, FULL), FULL, "PIPELINES");
    assert!(title.contains("41 runs") && !title.contains("of 41"), "{title}");

    // One that is queued does not run, and one that says neither does not either.
    let mut state = deploying();
    github(&mut state);
    let run = |number, status| with(run(&state, "acme/web", "ci", number, 60, None), |run| run.status = status);
    let words = ["in_progress", "queued", "queued", "requested"].map(RunStatus::parse);
    let all = (1..).zip(words).map(|(number, status)| run(number, status)).collect();
    super::run_world::list(&mut state, all);
    let title = first(&at(state, Place::Pipelines, FULL), FULL, "PIPELINES");
    assert!(title.contains("1 running · 2 queued · 1 not ended · 4 runs"), "{title}");

    for (name, state) in states().into_iter().filter(|(name, _)| matches!(*name, "denied" | "failed")) {
        let small = text(&draw(&at(state.clone(), Place::Deck, SMALL), &roles(), SMALL));
        assert!(!small.contains("no runs"), "{name}: {small}");
        let title = first(&at(state.clone(), Place::Deck, FULL), FULL, "PIPELINES");
        assert!(!title.contains("─ ·") && !title.contains("  · ✖"), "{name}: {title}");
        // Beside others that are only old, what failed is told first.
        let mut state = state;
        let since = HEARD.checked_sub(Duration::from_secs(41)).unwrap();
        let stale = FeedStatus::Stale { since, message: Safe::of("502"), retry_at: None };
        hear(&mut state, &super::world::KINDS, &FeedEvent::Status(stale));
        let header = first(&at(state, Place::Deck, SMALL), SMALL, "quarterdeck");
        let (github, other) = (header.find("github"), header.find("k8s"));
        assert!(github.is_some() && (other.is_none() || github < other), "{name}: {header}");
    }
}

#[test]
fn of_helm_only_what_is_old_is_worth_a_word_in_the_header() {
    let head = |status: FeedStatus| {
        let mut state = deploying();
        hear(&mut state, &[Kind::Release], &FeedEvent::Listed);
        hear(&mut state, &[Kind::Release], &FeedEvent::Status(status));
        let screen = text(&draw(&at(state, Place::Deck, FULL), &roles(), FULL));
        screen.lines().find(|line| line.contains("quarterdeck")).expect("the header").to_owned()
    };
    let since = HEARD.checked_sub(Duration::from_secs(41)).unwrap();
    let old = FeedStatus::Stale { since, message: Safe::of("502"), retry_at: None };
    assert!(head(old).contains("helm 41s stale"));
    // Few may list Secrets, and the list itself says that they may not.
    for calm in [FeedStatus::Live, FeedStatus::Denied { message: Safe::of("secrets is forbidden") }] {
        let said = head(calm.clone());
        assert!(!said.contains("helm"), "{calm:?}: {said}");
    }
}
