//! "Tell me when": armed, told once, taken back; and how durations are learnt and kept.

use std::sync::Arc;
use std::time::Duration;

use quarterdeck::command::Command;
use quarterdeck::model::Kind;
use quarterdeck::model::notify::{Answer, Hook, Occasion};
use quarterdeck::model::pipelines::{Conclusion, Job, Jobs, JobsRead, Run, RunStatus};
use quarterdeck::model::scope::Settings;
use quarterdeck::model::source::{Detail, FeedEvent, FeedStatus, Object};
use quarterdeck::state::expected;
use quarterdeck::state::ui::{ListId, Place, RowId};
use quarterdeck::text::Safe;
use quarterdeck::update::{self, Effect, Msg};

use super::world::{Console, moment};
use crate::screens::run_world::{self as world, feed};

/// A console on the page of a run that goes on, with two hooks: one wants to know everything, the
/// other what waits.
fn console() -> (Console, Run) {
    let mut console = Console::empty();
    world::github(&mut console.state);
    let run = world::run(&console.state, "acme/checkout", "ci", 7, 600, None);
    world::list(&mut console.state, vec![run.clone()]);
    console.state.ui.place = Place::Run(run.id());
    let hook = |name: &str, on: &[Occasion]| Hook { command: vec![name.to_owned()], on: on.to_vec() };
    let hooks = vec![hook("all", &Occasion::ALL), hook("waits", &[Occasion::Waiting])];
    console.state.settings = Arc::new(Settings { hooks, ..Settings::default() });
    update::settle(&mut console.state);
    (console, run)
}

fn hear(console: &mut Console, run: &Run) {
    let row = Object::Run(Arc::new(run.clone()));
    console.send(Msg::Feed(feed("acme/checkout"), FeedEvent::Applied(vec![row])));
}

fn hear_jobs(console: &mut Console, run: &Run, jobs: Vec<Job>) {
    let jobs = Ok(Arc::new(Jobs { attempt: run.attempt, jobs, left_out: 0 }));
    let read = JobsRead { run: run.meta.uid.clone(), jobs };
    console.send(Msg::Feed(feed("acme/checkout"), FeedEvent::Detail(Detail::Jobs(read))));
}

fn ended(run: &Run, how: Conclusion) -> Run {
    world::with(run.clone(), |run| (run.status, run.conclusion) = (RunStatus::Completed, Some(how)))
}

/// What was told since it was asked last: by the terminal with its bell, and the hooks' names.
fn told(console: &mut Console) -> (Vec<(Arc<Answer>, bool)>, Vec<String>) {
    let (mut answers, mut hooks) = (Vec::new(), Vec::new());
    for effect in console.effects.drain(..) {
        match effect {
            Effect::Notify { answer, bell } => answers.push((answer, bell)),
            Effect::Hook(hook, _) => hooks.push(hook.command[0].clone()),
            _ => {}
        }
    }
    (answers, hooks)
}

#[test]
fn w_tells_once_and_lists_what_was_seen() {
    let (mut console, run) = console();
    console.press(Command::TellMe);
    assert_eq!(console.state.watches.armed.len(), 1);
    hear(&mut console, &run);
    console.wait(Duration::from_mins(1));
    let mut red = world::job(&console.state, &run, "unit", Some(600), Some(60));
    red.conclusion = Some(Conclusion::Failure);
    hear_jobs(&mut console, &run, vec![red]);
    assert_eq!(told(&mut console), (vec![], vec![]), "nothing has ended");
    console.wait(Duration::from_mins(1));
    hear(&mut console, &ended(&run, Conclusion::Failure));

    let (answers, hooks) = told(&mut console);
    assert_eq!(hooks, ["all"], "the other wants to know what waits only");
    let [(answer, true)] = &answers[..] else { panic!("one answer with the bell: {answers:?}") };
    assert_eq!((answer.occasion, answer.kind, answer.name.as_str()), (Occasion::Failed, Kind::Run, "ci #7"));
    assert_eq!(answer.url.as_ref().map(Safe::as_str), Some("https://github.com/acme/checkout/actions/runs/7"));
    let seen: Vec<_> = answer.seen.iter().map(|seen| (seen.at.as_second(), seen.words.as_str())).collect();
    assert_eq!(seen, [(0, "running"), (60, "running, unit failed"), (120, "failure, unit failed")]);
    let said = console.state.ui.toasts.last().unwrap().text.as_str().to_owned();
    assert!(said.contains("ci #7 failure") && said.contains("00:01:00Z running, unit failed"), "{said}");

    // Whoever looked away finds it when they come back; a key says that they are there.
    console.wait(Duration::from_hours(1));
    console.send(Msg::Tick);
    assert!(console.state.ui.toasts.iter().any(|toast| toast.text.as_str() == said), "it waits");
    console.press(Command::Down);
    console.wait(Duration::from_mins(1));
    console.send(Msg::Tick);
    assert!(console.state.ui.toasts.is_empty());
    told(&mut console);

    // It is over: neither the same again nor another attempt tells anything.
    assert!(console.state.watches.armed.is_empty());
    hear(&mut console, &ended(&run, Conclusion::Failure));
    let again = world::with(run.clone(), |run| run.attempt = 2);
    hear(&mut console, &again);
    hear(&mut console, &ended(&again, Conclusion::Success));
    console.send(Msg::Tick);
    assert_eq!(told(&mut console), (vec![], vec![]));
}

#[test]
fn what_comes_first_is_told() {
    type Change = fn(&mut Run);
    let table: [(Change, Occasion, &[&str]); 5] = [
        (|run| run.status = RunStatus::Waiting, Occasion::Waiting, &["all", "waits"]),
        (|run| run.conclusion = Some(Conclusion::Success), Occasion::Finished, &["all"]),
        (|run| run.conclusion = Some(Conclusion::Cancelled), Occasion::Failed, &["all"]),
        (|run| run.conclusion = Some(Conclusion::TimedOut), Occasion::Failed, &["all"]),
        (|run| run.conclusion = Some(Conclusion::ActionRequired), Occasion::Waiting, &["all", "waits"]),
    ];
    for (change, occasion, wanted) in table {
        let (mut console, run) = console();
        console.press(Command::TellMe);
        let next = world::with(run, |run| {
            change(run);
            if run.conclusion.is_some() {
                run.status = RunStatus::Completed;
            }
        });
        hear(&mut console, &next);
        let (answers, hooks) = told(&mut console);
        assert_eq!(answers.iter().map(|(answer, _)| answer.occasion).collect::<Vec<_>>(), [occasion]);
        assert_eq!(hooks, wanted);
    }
}

#[test]
fn a_second_w_takes_it_back_and_what_has_ended_is_not_watched() {
    let (mut console, run) = console();
    console.press(Command::TellMe);
    console.press(Command::TellMe);
    assert!(console.state.watches.armed.is_empty());
    hear(&mut console, &ended(&run, Conclusion::Success));
    assert_eq!(told(&mut console), (vec![], vec![]));
    console.press(Command::TellMe);
    assert!(console.state.watches.armed.is_empty());
    let toast = console.state.ui.toasts.last().unwrap().text.as_str().to_owned();
    assert!(toast.contains("has ended already: passed"), "{toast}");
}

#[test]
fn the_bell_can_be_switched_off_and_the_rest_is_told_all_the_same() {
    let (mut console, run) = console();
    console.press(Command::Bell);
    console.press(Command::TellMe);
    hear(&mut console, &ended(&run, Conclusion::Success));
    let (answers, hooks) = told(&mut console);
    assert_eq!(answers.iter().map(|(_, bell)| *bell).collect::<Vec<_>>(), [false]);
    assert_eq!(hooks, ["all"]);
}

#[test]
fn jobs_and_steps_are_watched_by_their_rows() {
    let (mut console, run) = console();
    let jobs = |console: &Console, status: RunStatus, how: Option<Conclusion>| {
        let mut job = world::job(&console.state, &run, "unit", Some(60), None);
        let mut step = world::step(&console.state, 3, "Run pytest", 50, None, Conclusion::Success);
        (step.status, step.conclusion) = (status, how);
        job.steps = vec![step];
        vec![job]
    };
    let running = jobs(&console, RunStatus::InProgress, None);
    let (job, list) = (running[0].id.clone(), ListId::Place(Place::Run(run.id())));
    hear_jobs(&mut console, &run, running);
    for row in [RowId::JobStep(job.uid.clone(), 3), RowId::Object(job)] {
        let entry = console.state.ui.lists.entry(list.clone()).or_default();
        (entry.selected, entry.chosen) = (Some(row.clone()), true);
        update::settle(&mut console.state);
        console.press(Command::TellMe);
        assert!(console.state.watches.marks(&row), "{row:?}");
    }
    let wanted = console.state.interest.jobs.clone();
    assert!(wanted.contains(&run.id()), "its jobs are read wherever somebody looks: {wanted:?}");
    let ended = jobs(&console, RunStatus::Completed, Some(Conclusion::Failure));
    hear_jobs(&mut console, &run, ended);
    let (answers, _) = told(&mut console);
    let [(answer, _)] = &answers[..] else { panic!("{answers:?}") };
    assert_eq!((answer.name.as_str(), answer.words.as_str()), ("Run pytest, unit of ci #7", "failure"));
    assert_eq!(console.state.watches.armed.len(), 1, "the job goes on");
    // The run is run again: its jobs are others.
    hear_jobs(&mut console, &run, vec![]);
    let (answers, _) = told(&mut console);
    assert_eq!(answers.iter().map(|(answer, _)| answer.occasion).collect::<Vec<_>>(), [Occasion::Gone]);
}

#[test]
fn a_silent_source_is_told_once_and_the_watch_stays_armed() {
    let (mut console, run) = console();
    console.press(Command::TellMe);
    let since = console.state.now.mono;
    let stale = FeedStatus::Stale { since, message: Safe::of("502 Bad Gateway"), retry_at: None };
    console.send(Msg::Feed(feed("acme/checkout"), FeedEvent::Status(stale)));
    console.send(Msg::Tick);
    assert_eq!(told(&mut console), (vec![], vec![]), "a moment of trouble is none");
    for _ in 0..3 {
        console.wait(Duration::from_secs(31));
        console.send(Msg::Tick);
    }
    let (answers, hooks) = told(&mut console);
    assert_eq!(answers.iter().map(|(answer, _)| answer.occasion).collect::<Vec<_>>(), [Occasion::Silent]);
    assert!(answers[0].0.words.as_str().contains("502 Bad Gateway"));
    assert_eq!(hooks, ["all"]);
    console.send(Msg::Feed(feed("acme/checkout"), FeedEvent::Status(FeedStatus::Live)));
    hear(&mut console, &ended(&run, Conclusion::Success));
    let (answers, _) = told(&mut console);
    assert_eq!(answers.iter().map(|(answer, _)| answer.occasion).collect::<Vec<_>>(), [Occasion::Finished]);
}

#[test]
fn what_is_not_listed_any_more_is_told() {
    let (mut console, _) = console();
    console.press(Command::TellMe);
    for event in [FeedEvent::ListBegins, FeedEvent::Applied(vec![])] {
        console.send(Msg::Feed(feed("acme/checkout"), event));
        assert_eq!(told(&mut console), (vec![], vec![]), "the list is not whole yet");
    }
    console.send(Msg::Feed(feed("acme/checkout"), FeedEvent::Listed));
    let (answers, _) = told(&mut console);
    assert_eq!(answers.iter().map(|(answer, _)| answer.occasion).collect::<Vec<_>>(), [Occasion::Gone]);
}

#[test]
fn a_rollout_tells_when_it_waits_or_has_ended() {
    let mut console = Console::new(&moment("regression/02-half-the-traffic"));
    let rollout = console.state.world.rollouts.rows().iter().find(|row| row.meta.name.raw() == "checkout").unwrap();
    let rollout = rollout.clone();
    console.state.ui.place = Place::Rollout(rollout.meta.id(Kind::Rollout));
    update::settle(&mut console.state);
    console.press(Command::TellMe);
    assert_eq!(console.state.watches.armed.len(), 1);
    let mut degraded = (*rollout).clone();
    degraded.phase = Safe::of("Degraded");
    degraded.observed_generation = Some(degraded.meta.generation);
    degraded.pause_conditions.clear();
    degraded.controller_pause = false;
    console.feed(Kind::Rollout, FeedEvent::Applied(vec![Object::Rollout(Arc::new(degraded))]));
    let (answers, _) = told(&mut console);
    let [(answer, _)] = &answers[..] else { panic!("{answers:?}") };
    assert_eq!((answer.occasion, answer.name.as_str()), (Occasion::Failed, "checkout"));
}

#[test]
fn durations_are_learnt_from_jobs_that_passed_and_kept_now_and_then() {
    let (mut console, run) = console();
    let flow = expected::flow(&console.state, &run).unwrap();
    let mut passed = world::job(&console.state, &run, "build", Some(300), Some(200));
    passed.steps = vec![
        world::step(&console.state, 1, "Set up job", 300, Some(299), Conclusion::Success),
        world::step(&console.state, 2, "cargo build", 299, Some(240), Conclusion::Success),
        world::step(&console.state, 3, "cargo build", 240, Some(210), Conclusion::Success),
        world::step(&console.state, 4, "broken", 210, Some(200), Conclusion::Failure),
    ];
    let mut failed = world::job(&console.state, &run, "unit", Some(300), Some(100));
    failed.conclusion = Some(Conclusion::Failure);
    let running = world::job(&console.state, &run, "image", Some(100), None);
    for _ in 0..3 {
        hear_jobs(&mut console, &run, vec![passed.clone(), failed.clone(), running.clone()]);
    }
    let book = Arc::clone(&console.state.learnt.book);
    let jobs = book.jobs(&flow).unwrap();
    assert_eq!(jobs.keys().collect::<Vec<_>>(), ["build", "unit"], "what runs says nothing");
    let unit = &jobs["unit"];
    assert!(unit.took.all().is_empty(), "what failed says nothing of how long it takes");
    let bad = |job: &str| book.outcomes(&flow, job).iter().map(|one| one.failed).collect::<Vec<_>>();
    assert_eq!((bad("build"), bad("unit")), (vec![false], vec![true]), "how each ended, once");
    let build = &jobs["build"];
    assert_eq!(build.took.all().iter().map(|sample| sample.millis).collect::<Vec<_>>(), [100_000], "taken in once");
    let steps: Vec<_> = build.steps.iter().map(|(name, all)| (name.as_str(), all.all()[0].millis)).collect();
    assert_eq!(steps, [("cargo build", 59_000), ("cargo build #2", 30_000)], "short ones need no expectation");

    // A whole run, from the list; one that was run again says nothing of the whole.
    let list = vec![
        world::run(&console.state, "acme/checkout", "ci", 6, 3_000, Some(2_600)),
        world::with(world::run(&console.state, "acme/checkout", "ci", 5, 9_000, Some(8_000)), |run| run.attempt = 2),
    ];
    for run in &list {
        hear(&mut console, run);
    }
    let whole = console.state.learnt.book.samples(&flow, "", None).unwrap().all().to_vec();
    assert_eq!(whole.iter().map(|sample| sample.millis).collect::<Vec<_>>(), [400_000]);

    let kept = |console: &mut Console| {
        let all: Vec<_> = console.effects.drain(..).filter(|effect| matches!(effect, Effect::Keep(_))).collect();
        all.len()
    };
    console.send(Msg::Tick);
    assert_eq!(kept(&mut console), 1, "there is something new");
    console.send(Msg::Tick);
    assert_eq!(kept(&mut console), 0, "nothing is");
    let another = world::run(&console.state, "acme/checkout", "ci", 4, 5_000, Some(4_500));
    hear(&mut console, &another);
    console.send(Msg::Tick);
    assert_eq!(kept(&mut console), 0, "not more often than once a minute");
    console.wait(Duration::from_secs(61));
    console.send(Msg::Tick);
    assert_eq!(kept(&mut console), 1);
}

/// While too little is known of the jobs of a run that moves, those of the last that passed are read.
#[test]
fn the_first_samples_come_from_the_last_runs_of_the_same_workflow() {
    let (mut console, run) = console();
    let mut all = vec![run.clone()];
    for number in 1..7 {
        all.push(world::run(&console.state, "acme/checkout", "ci", number, 9_000 - 100 * number as i64, Some(200)));
    }
    all.push(world::run(&console.state, "acme/checkout", "other", 20, 800, Some(200)));
    all.push(ended(&world::run(&console.state, "acme/checkout", "ci", 21, 700, Some(200)), Conclusion::Failure));
    world::list(&mut console.state, all.clone());
    let past = |console: &mut Console| -> Vec<String> {
        console.send(Msg::Tick);
        console.state.interest.past.iter().map(|id| id.name.raw().to_owned()).collect()
    };
    assert_eq!(past(&mut console), ["ci #6", "ci #5", "ci #4", "ci #3", "ci #2"]);
    let read = |console: &mut Console, number: usize, jobs| {
        let of = all[number].clone();
        let read = JobsRead { run: of.meta.uid, jobs };
        console.send(Msg::Feed(feed("acme/checkout"), FeedEvent::Detail(Detail::Past(read))));
    };
    // Read once, whatever came of it.
    read(&mut console, 6, Err(Safe::of("404")));
    assert_eq!(past(&mut console), ["ci #5", "ci #4", "ci #3", "ci #2"]);
    let (jobs_kept, ..) = console.state.world.details.kept();
    let job = world::job(&console.state, &all[5], "build", Some(9_000), Some(8_900));
    read(&mut console, 5, Ok(Arc::new(Jobs { attempt: 1, jobs: vec![job], left_out: 0 })));
    assert_eq!(past(&mut console), ["ci #4", "ci #3", "ci #2"]);
    assert_eq!(console.state.world.details.kept().0, jobs_kept, "nothing but durations is kept of them");
    let flow = expected::flow(&console.state, &run).unwrap();
    assert!(console.state.learnt.book.knows(&flow, "build", None));
}
