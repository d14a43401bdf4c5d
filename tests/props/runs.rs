//! The order of workflow runs, for whatever GitHub says of them.

use std::sync::Arc;

use proptest::prelude::*;
use quarterdeck::model::pipelines::{Conclusion, Run, RunStatus};
use quarterdeck::state::State;
use quarterdeck::state::runs::{self, Standing};
use quarterdeck::state::timeline::{Scale, length};
use quarterdeck::text::Safe;

use crate::screens::run_world as world;
use crate::update::world::Console;

fn state() -> State {
    let mut console = Console::empty();
    world::github(&mut console.state);
    console.state
}

fn any_run() -> impl Strategy<Value = (usize, u64, i64, i64, u8, u8)> {
    (0..2_usize, 1..60_u64, 0..9_000_i64, 0..9_000_i64, 0..5_u8, 0..10_u8)
}

fn made(
    state: &State,
    at: usize,
    (repository, number, began, took, status, how): (usize, u64, i64, i64, u8, u8),
) -> Run {
    let words =
        ["success", "failure", "cancelled", "timed_out", "skipped", "neutral", "action_required", "stale", "odd", ""];
    let run = world::run(state, world::REPOSITORIES[repository], "ci", number, began, Some(began.saturating_sub(took)));
    world::with(run, |run| {
        run.meta.uid = quarterdeck::model::Uid::new(world::GITHUB, &format!("{at}"));
        run.branch = (how % 2 == 1).then(|| Safe::of("main"));
        run.status =
            RunStatus::parse(["queued", "in_progress", "waiting", "requested", "completed"][usize::from(status)]);
        let word = words[usize::from(how)];
        run.conclusion = (status == 4 && !word.is_empty()).then(|| Conclusion::parse(word));
    })
}

proptest! {
    #[test]
    fn every_run_is_listed_once_and_the_order_does_not_depend_on_how_they_came(
        rows in prop::collection::vec(any_run(), 0..40),
        turn in any::<prop::sample::Index>(),
    ) {
        let state = state();
        let rows: Vec<Arc<Run>> = rows.into_iter().enumerate().map(|(at, row)| Arc::new(made(&state, at, row))).collect();
        let ordered = runs::order(&rows);
        prop_assert_eq!(ordered.runs.len(), rows.len());
        for row in &rows {
            prop_assert_eq!(ordered.runs.iter().filter(|run| run.meta.uid == row.meta.uid).count(), 1);
        }
        let all = [Standing::Moving, Standing::Failed, Standing::Waiting, Standing::Ended];
        prop_assert_eq!(all.map(|standing| ordered.count(standing)).iter().sum::<usize>(), rows.len());
        prop_assert!(ordered.runs[ordered.open()..].iter().all(|run| !run.is_active()));
        prop_assert!(ordered.runs[..ordered.count(Standing::Moving)].iter().all(|run| run.is_active()));

        let mut turned = rows;
        let by = if turned.is_empty() { 0 } else { turn.index(turned.len()) };
        turned.rotate_left(by);
        // Two runs with the same number and time have no order of their own but that of their ids.
        let numbers = |ordered: &runs::Ordered| -> Vec<_> {
            ordered.runs.iter().map(|run| (run.number, run.created, run.status.clone())).collect()
        };
        let distinct: std::collections::HashSet<_> = turned.iter().map(|run| (run.created, run.number)).collect();
        if distinct.len() == turned.len() {
            prop_assert_eq!(numbers(&runs::order(&turned)), numbers(&ordered));
        }
    }

    #[test]
    fn a_bar_never_leaves_its_column_and_is_never_empty(
        from in -500_i64..5_000, took in -50_i64..5_000, span in 1_u64..4_000, width in 1_u16..200,
    ) {
        let state = state();
        let scale = Scale { from: world::ago(&state, 4_000), span: std::time::Duration::from_secs(span) };
        let begin = world::ago(&state, 4_000 - from);
        let end = world::ago(&state, 4_000 - from - took);
        let (first, cells) = scale.cells((begin, end), width);
        prop_assert!(cells >= 1 && first + cells <= width, "{first} {cells} of {width}");
        prop_assert!(took >= 0 || length((begin, end)).is_zero());
    }
}

/// What is broken stays on top until something of its workflow and branch has ended well.
#[test]
fn a_failure_is_open_until_a_later_run_of_its_branch_has_ended() {
    let state = state();
    let one = |number: u64, how: Option<Conclusion>, branch: &'static str| {
        // Higher numbers are newer.
        let began = 1_000 - 10 * number as i64;
        let run = world::run(&state, "acme/checkout", "ci", number, began, how.as_ref().map(|_| began - 5));
        Arc::new(world::with(run, |run| {
            run.conclusion = how;
            run.branch = Some(Safe::of(branch));
        }))
    };
    let failed = || Some(Conclusion::Failure);
    let passed = || Some(Conclusion::Success);
    // runs, and the numbers of those that are open failures.
    let table: [(Vec<Arc<Run>>, &[u64]); 7] = [
        (vec![one(1, failed(), "main")], &[1]),
        (vec![one(1, failed(), "main"), one(2, passed(), "main")], &[]),
        (vec![one(1, failed(), "main"), one(2, failed(), "main")], &[2]),
        (vec![one(1, failed(), "main"), one(2, None, "main")], &[1]),
        (vec![one(1, failed(), "main"), one(2, Some(Conclusion::Cancelled), "main")], &[1]),
        (vec![one(1, failed(), "main"), one(2, passed(), "other")], &[1]),
        (vec![one(2, failed(), "main"), one(1, passed(), "main")], &[2]),
    ];
    for (at, (rows, open)) in table.into_iter().enumerate() {
        let ordered = runs::order(&rows);
        let moving = ordered.count(Standing::Moving);
        let failures = &ordered.runs[moving..moving + ordered.count(Standing::Failed)];
        let numbers: Vec<u64> = failures.iter().map(|run| run.number).collect();
        assert_eq!(numbers, open, "row {at}");
    }
}

/// A thousand runs: a message and the question for the chosen run cost the same as with ten.
#[test]
fn the_chosen_run_of_a_thousand_is_found_without_ordering_them() {
    let mut state = state();
    let many: Vec<Run> = (1..=1_000_u64)
        .map(|number| {
            let run = world::run(&state, "acme/checkout", "ci", number, 20_000 - 10 * number as i64, Some(5));
            world::with(run, |run| run.meta.uid = quarterdeck::model::Uid::new(world::GITHUB, &format!("{number}")))
        })
        .collect();
    world::list(&mut state, many.clone());
    quarterdeck::update::settle(&mut state);
    let before = runs::ordered(&state);
    let chosen = runs::chosen(&state).expect("a run is chosen");
    assert!(Arc::ptr_eq(&before, &runs::ordered(&state)), "ordered once for a revision");
    // A newer fact of it, not settled yet: it is the same run, as it is now.
    let newer = world::with((*chosen).clone(), |run| run.attempt = 2);
    let mono = state.now.mono;
    let event =
        quarterdeck::model::source::FeedEvent::Applied(vec![quarterdeck::model::source::Object::Run(Arc::new(newer))]);
    state.world.apply(&world::feed("acme/checkout"), mono, event);
    let now = runs::chosen(&state).expect("a run is chosen");
    assert_eq!((now.meta.uid.clone(), now.attempt), (chosen.meta.uid.clone(), 2));
}
