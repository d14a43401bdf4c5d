//! Runs of very many jobs and steps: what is on the screen of one, and what is kept of all of them.

use quarterdeck::command::Command;
use quarterdeck::model::pipelines::{Conclusion, Job, Run};
use quarterdeck::state::State;
use quarterdeck::state::ui::{ListId, Place};
use quarterdeck::state::{lists, runs};

use super::world::Console;
use crate::screens::run_world as world;

const JOBS: usize = 256;
const STEPS: u32 = 30;

fn wide(state: &State, run: &Run, jobs: usize, steps: u32) -> Vec<Job> {
    (0..jobs)
        .map(|at| {
            let mut job =
                world::job(state, run, &format!("combine (part {}, {})", at / 4, at % 4), Some(500), Some(400));
            job.steps = (1..=steps)
                .map(|number| {
                    world::step(state, number, &format!("part {number}"), 500, Some(400), Conclusion::Success)
                })
                .collect();
            job
        })
        .collect()
}

#[test]
fn a_run_of_256_jobs_of_30_steps_folds_opens_and_scrolls() {
    let mut console = Console::empty();
    world::github(&mut console.state);
    let run = world::run(&console.state, "acme/checkout", "combinations", 7, 600, Some(300));
    world::list(&mut console.state, vec![run.clone()]);
    let mut jobs = wide(&console.state, &run, JOBS, STEPS);
    jobs[200].conclusion = Some(Conclusion::Failure);
    world::hear_jobs(&mut console.state, &run, jobs);
    console.state.ui.place = Place::Run(run.id());
    console.draw();
    let list = ListId::Place(Place::Run(run.id()));
    let folded = lists::len(&console.state, &list);
    // The group, what failed in it, and the steps of that; two lines of what stands beside the run.
    let rows: Vec<_> = (0..folded).map(|at| lists::at(&console.state, &list, at)).collect();
    assert!(folded <= 4 + STEPS as usize, "{rows:#?}");
    assert_eq!(runs::failed_jobs(runs::jobs(&console.state, &run.meta.uid).unwrap()).count(), 1);

    console.press(Command::Top);
    console.press(Command::Open);
    console.draw();
    let open = lists::len(&console.state, &list);
    assert!(open > JOBS, "{open} rows");
    console.press(Command::Bottom);
    console.draw();
    let last = lists::selected(&console.state, &list);
    assert_eq!(last, lists::at(&console.state, &list, open - 1));
    console.press(Command::Top);
    console.press(Command::Open);
    console.draw();
    assert_eq!(lists::len(&console.state, &list), folded, "folded again");
}

/// Jobs are read of what somebody looks at; of hundreds of wide runs looked at in turn not all are kept.
#[test]
fn what_is_kept_of_the_jobs_of_many_runs_is_bounded() {
    let mut console = Console::empty();
    world::github(&mut console.state);
    let all: Vec<Run> = (1..=60)
        .map(|number| world::run(&console.state, "acme/checkout", "combinations", number, 9_000, Some(8_000)))
        .collect();
    world::list(&mut console.state, all.clone());
    for run in &all {
        let jobs = wide(&console.state, run, JOBS, STEPS);
        console.state.ui.place = Place::Run(run.id());
        console.send(quarterdeck::update::Msg::Tick);
        world::hear_jobs(&mut console.state, run, jobs);
        let rows = console.state.world.details.kept().0 * JOBS * (1 + STEPS as usize);
        assert!(rows <= 50_000 + 2 * JOBS * (1 + STEPS as usize), "{rows} jobs and steps are kept");
        assert!(runs::jobs(&console.state, &run.meta.uid).is_some(), "what is looked at is there");
    }
    // What was forgotten is asked for again, and who reads it is told that something was forgotten.
    assert!(console.state.interest.forgotten > 0);
    console.state.ui.place = Place::Run(all[0].id());
    console.send(quarterdeck::update::Msg::Tick);
    assert!(console.state.interest.jobs.iter().any(|run| run.uid == all[0].meta.uid));
}

/// What is looked at alone may be more than is kept: nothing is dropped then, so nobody is told that
/// something was, which would make everything be read again.
#[test]
fn nothing_is_forgotten_while_everything_is_wanted() {
    let mut console = Console::empty();
    world::github(&mut console.state);
    let run = world::run(&console.state, "acme/checkout", "combinations", 1, 9_000, Some(8_000));
    let other = world::run(&console.state, "acme/checkout", "combinations", 2, 9_000, Some(8_000));
    world::list(&mut console.state, vec![run.clone(), other.clone()]);
    console.state.ui.place = Place::Run(run.id());
    console.send(quarterdeck::update::Msg::Tick);
    let jobs = wide(&console.state, &run, 2_000, STEPS);
    world::hear_jobs(&mut console.state, &run, jobs);
    let revision = console.state.world.details.revision();
    for _ in 0..5 {
        console.state.world.bound_jobs(&[run.id()]);
    }
    assert_eq!(console.state.world.details.forgotten(), 0);
    assert_eq!(console.state.world.details.revision(), revision);
    // One that nobody looks at goes, and that is said once.
    let jobs = wide(&console.state, &other, 1, STEPS);
    world::hear_jobs(&mut console.state, &other, jobs);
    for _ in 0..5 {
        console.state.world.bound_jobs(&[run.id()]);
    }
    assert_eq!(console.state.world.details.forgotten(), 1);
    assert!(runs::jobs(&console.state, &other.meta.uid).is_none());
    assert!(runs::jobs(&console.state, &run.meta.uid).is_some());
}

#[test]
fn the_oldest_are_forgotten_first_and_no_more_than_needed() {
    let mut console = Console::empty();
    world::github(&mut console.state);
    let all: Vec<Run> = (0..4_u32)
        .map(|at| {
            let begun = 9_000 - i64::from(at) * 100;
            world::run(&console.state, "acme/checkout", "combinations", u64::from(at) + 1, begun, Some(8_000))
        })
        .collect();
    world::list(&mut console.state, all.clone());
    for run in &all {
        let jobs = wide(&console.state, run, 500, STEPS);
        world::hear_jobs(&mut console.state, run, jobs);
    }
    console.state.world.bound_jobs(&[]);
    let kept: Vec<bool> = all.iter().map(|run| runs::jobs(&console.state, &run.meta.uid).is_some()).collect();
    assert_eq!(kept, [false, false, true, true]);
    assert_eq!(console.state.world.details.forgotten(), 1);
}
