//! What stands beside a run on its page, and beside a workload: annotations under the job, checks,
//! deployments, artifacts, earlier attempts; read, unread, and written by somebody hostile.

use std::sync::Arc;

use quarterdeck::model::asides::{
    Annotation, Annotations, Artifact, Aside, AsideRead, Attempt, Check, Deployed, Level, Pages, Told, What,
};
use quarterdeck::model::durations::Outcome;
use quarterdeck::model::pipelines::{Conclusion, Jobs, Run, RunStatus};
use quarterdeck::model::source::{Detail, FeedEvent};
use quarterdeck::model::{Name, Uid};
use quarterdeck::state::ui::Place;
use quarterdeck::state::{State, asides, expected, runs};
use quarterdeck::text::Safe;
use quarterdeck::update;

use super::run_world::{GITHUB, ago, feed, github, hear_jobs, id, job, list, pipelines, run, with};
use super::shot::{compare, draw, shot, text, theme};
use super::world::deploying;

const SMALL: (u16, u16) = (80, 24);
const FULL: (u16, u16) = (160, 48);
const HOSTILE: &str = "a\u{202e}b\u{1b}[2Jc";

fn hear(state: &mut State, repository: &str, what: What, told: Result<Told, Safe>) {
    let aside = Aside { source: GITHUB, repository: Name::new(repository), what };
    let read = AsideRead { aside, told: told.map(Arc::new) };
    let mono = state.now.mono;
    state.world.apply(&feed(repository), mono, FeedEvent::Detail(Detail::Aside(read)));
}

fn annotation(path: &str, line: u64, level: Level, message: &str) -> Annotation {
    Annotation { path: Safe::identity(path), line: Some(line), level, title: None, message: Safe::line(message) }
}

fn check(state: &State, id: &str, name: &str, how: Conclusion) -> Check {
    Check {
        id: Uid::new(GITHUB, id),
        name: Name::new(name),
        status: RunStatus::Completed,
        conclusion: Some(how),
        started: Some(ago(state, 90)),
        completed: Some(ago(state, 88)),
        app: Some(Safe::of("github-actions")),
        is_job: false,
        title: Some(Safe::of("1 failed, 287 passed")),
        summary: vec![Safe::of("Coverage"), Safe::of("87.4 % of 11 204 lines")],
        annotations: 0,
        url: None,
    }
}

fn artifact(state: &State, name: &str, expired: bool) -> Artifact {
    Artifact {
        name: Name::new(name),
        bytes: Some(4_812_345),
        expired,
        created: Some(ago(state, 80)),
        expires: Some(ago(state, if expired { 60 } else { -86_400 * 6 })),
        digest: Some(Safe::of("sha256:11aa22b000")),
    }
}

fn deployed(state: &State, id: &str, how: &'static str, ago_: i64) -> Deployed {
    Deployed {
        id: Uid::new(GITHUB, id),
        sha: Safe::of("11aa22b0000000000000000000000000000000ff"),
        named: Safe::of("v3.2"),
        by: Some(Safe::of("ana")),
        created: Some(ago(state, ago_)),
        state: Some(Safe::of(how)),
        since: Some(ago(state, ago_ - 30)),
        description: None,
    }
}

/// The run 42 of a workflow, run again: its job `e2e` failed on attempt 1 and ended so on attempt 2.
fn again(how: Conclusion) -> (State, Run) {
    let mut state = deploying();
    github(&mut state);
    let now = with(run(&state, "acme/payments", "deploy-prod", 42, 600, Some(100)), |run| {
        run.attempt = 2;
        run.conclusion = Some(how.clone());
    });
    list(&mut state, vec![now.clone()]);
    let mut e2e = job(&state, &now, "e2e", Some(500), Some(100));
    e2e.conclusion = Some(how);
    let build = job(&state, &now, "build", Some(600), Some(500));
    hear_jobs(&mut state, &now, vec![build, e2e]);
    let before = with(run(&state, "acme/payments", "deploy-prod", 42, 2_000, Some(1_500)), |run| {
        run.conclusion = Some(Conclusion::Failure);
        run.meta.uid = now.meta.uid.clone();
    });
    let mut failed = job(&state, &before, "e2e", Some(1_900), Some(1_500));
    failed.conclusion = Some(Conclusion::Failure);
    let jobs =
        Jobs { attempt: 1, jobs: vec![job(&state, &before, "build", Some(2_000), Some(1_900)), failed], left_out: 0 };
    let attempt = Attempt { run: Arc::new(before), jobs: Arc::new(jobs) };
    let what = What::Attempt { run: now.meta.uid.clone(), number: 1 };
    hear(&mut state, "acme/payments", what, Ok(Told::Attempt(Box::new(attempt))));
    (state, now)
}

/// Ends of the job `e2e` before, so many of them bad.
fn ended(state: &mut State, run: &Run, bad: usize, all: usize) {
    let flow = expected::flow(state, run).unwrap();
    let book = Arc::make_mut(&mut state.learnt.book);
    for at in 0..all {
        book.learn_outcome(&flow, "e2e", Outcome { ended: at as i64, failed: at < bad });
    }
}

fn open(mut state: State, place: Place, size: (u16, u16)) -> State {
    (state.ui.place, state.ui.size) = (place, size);
    update::settle(&mut state);
    state
}

fn whole(how: Conclusion) -> State {
    let (mut state, now) = again(how);
    ended(&mut state, &now, 3, 20);
    let jobs = runs::current_jobs(&state, &now).unwrap();
    let e2e = jobs.jobs[1].id.uid.clone();
    let sha = Name::new(now.sha.as_str());
    let mut own = check(&state, e2e.raw(), "e2e", Conclusion::Failure);
    (own.is_job, own.annotations, own.title) = (true, 44, None);
    let checks = vec![own, check(&state, "77", "Test report: e2e", Conclusion::Failure)];
    let checks = Pages { rows: checks, ..Pages::default() };
    hear(&mut state, "acme/payments", What::Checks { sha }, Ok(Told::Checks(checks)));
    let mut rows = vec![annotation("src/cart.rs", 41, Level::Failure, "expected 3, got 2")];
    rows.push(annotation(HOSTILE, 1, Level::Warning, HOSTILE));
    rows.extend(
        (0..6).map(|line| {
            annotation("tests/a/very/long/path/that/goes/on/and/on/file.rs", line + 1, Level::Notice, "note")
        }),
    );
    let all = Annotations { rows, left_out: 1, more: false };
    hear(&mut state, "acme/payments", What::Annotations { check: e2e }, Ok(Told::Annotations(all)));
    let rows = vec![artifact(&state, "coverage", false), artifact(&state, "image", true)];
    let all = Pages { rows, left_out: 0, total: Some(2), more: false };
    hear(&mut state, "acme/payments", What::Artifacts { run: now.meta.uid.clone() }, Ok(Told::Artifacts(all)));
    let rows = vec![
        deployed(&state, "3", "in_progress", 60),
        deployed(&state, "2", "success", 7_000),
        deployed(&state, "1", "inactive", 90_000),
    ];
    hear(
        &mut state,
        "acme/payments",
        What::Deployments { environment: Name::new("prod") },
        Ok(Told::Deployments(rows)),
    );
    state
}

#[test]
fn what_was_not_read_of_a_long_list_is_counted_under_it() {
    let mut state = whole(Conclusion::Failure);
    let run = id(&state, 42);
    let rows = vec![artifact(&state, "coverage", false)];
    let all = Pages { rows, left_out: 0, total: Some(1_213), more: true };
    hear(&mut state, "acme/payments", What::Artifacts { run: run.uid.clone() }, Ok(Told::Artifacts(all)));
    let sha = Name::new(state.world.runs.get(&run.uid).unwrap().sha.as_str());
    let checks = vec![check(&state, "77", "Test report: e2e", Conclusion::Failure)];
    let checks = Pages { rows: checks, left_out: 0, total: None, more: true };
    hear(&mut state, "acme/payments", What::Checks { sha }, Ok(Told::Checks(checks)));
    let state = open(state, Place::Run(run), FULL);
    let screen = text(&draw(&state, &theme("deck"), FULL));
    let line = |words: &str| {
        screen.lines().position(|line| line.contains(words)).unwrap_or_else(|| panic!("{words} in\n{screen}"))
    };
    assert!(line("1 212 more, on its page in the browser") > line("coverage"), "{screen}");
    assert!(line("at least 1 more, on its page in the browser") > line("Test report: e2e"), "{screen}");
    assert!(line("… artifacts") > line("ARTIFACTS") && line("… checks") > line("CHECKS OF THE COMMIT"), "{screen}");
}

#[test]
fn a_failed_run_has_all_of_it_on_its_page() {
    for (name, size) in [("80x24", SMALL), ("160x48", FULL)] {
        let state = whole(Conclusion::Failure);
        let place = Place::Run(id(&state, 42));
        compare!(format!("asides-run-{name}"), shot(&open(state, place, size), size));
    }
    let state = whole(Conclusion::Failure);
    let place = Place::Run(id(&state, 42));
    let screen = text(&draw(&open(state, place, FULL), &theme("deck"), FULL));
    for line in [
        "this job failed 3 of its last 20 runs (15 %)",
        "src/cart.rs:41",
        "39 more, on its page in the browser",
        "1 failed, 287 passed",
        "87.4 % of 11 204 lines",
        "GitHub has thrown it away",
        "expires in 6d",
        "failed: e2e",
    ] {
        assert!(screen.contains(line), "{line}: {screen}");
    }
    assert!(!screen.contains('\u{202e}') && !screen.contains('\u{1b}'));
}

#[test]
fn what_passed_on_a_later_attempt_says_so_with_its_count() {
    let state = whole(Conclusion::Success);
    let place = Place::Run(id(&state, 42));
    let screen = text(&draw(&open(state, place, FULL), &theme("deck"), FULL));
    let line = "passed on attempt 2; this job failed 3 of its last 20 runs (15 %)";
    assert!(screen.contains(line), "{screen}");
    // Too few are known: nothing is said of how often.
    let (mut state, now) = again(Conclusion::Success);
    ended(&mut state, &now, 3, 9);
    let place = Place::Run(id(&state, 42));
    let screen = text(&draw(&open(state, place, FULL), &theme("deck"), FULL));
    assert!(screen.matches("passed on attempt 2").count() == 2 && !screen.contains("of its last"), "{screen}");
}

#[test]
fn what_is_not_read_yet_and_what_cannot_be_are_said() {
    let state = pipelines(deploying());
    let place = Place::Run(id(&state, 977));
    let run = state.world.runs.get(&id(&state, 977).uid).unwrap().clone();
    let screen = text(&draw(&open(state.clone(), place.clone(), FULL), &theme("deck"), FULL));
    assert!(screen.contains("◌ checks") && screen.contains("◌ artifacts"), "{screen}");
    let mut state = state;
    let why = || Err(Safe::of("the token needs Actions: read for it"));
    hear(&mut state, "acme/search", What::Checks { sha: Name::new(run.sha.as_str()) }, why());
    hear(&mut state, "acme/search", What::Artifacts { run: run.meta.uid.clone() }, why());
    let screen = text(&draw(&open(state, place, FULL), &theme("deck"), FULL));
    assert_eq!(screen.matches("cannot be read: the token needs").count(), 2, "{screen}");
}

/// What is asked for is what the page shows, and nothing elsewhere.
#[test]
fn only_the_page_that_is_looked_at_asks() {
    let state = whole(Conclusion::Failure);
    let page = Place::Run(id(&state, 42));
    let on_page = asides::wanted(&open(state.clone(), page, FULL));
    let kinds: Vec<&What> = on_page.iter().map(|one| &one.aside.what).collect();
    assert!(
        matches!(
            kinds[..],
            [
                What::Checks { .. },
                What::Annotations { .. },
                What::Attempt { number: 1, .. },
                What::Deployments { .. },
                What::Artifacts { .. }
            ]
        ),
        "{kinds:?}"
    );
    assert!(asides::wanted(&open(state, Place::Pipelines, FULL)).is_empty());
}
