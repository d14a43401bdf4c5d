//! The order of workflow runs, for whatever GitHub says of them.

use std::cmp::Reverse;
use std::sync::Arc;

use proptest::prelude::*;
use quarterdeck::model::pipelines::{Conclusion, Run, RunStatus};
use quarterdeck::model::source::{FeedEvent, Object};
use quarterdeck::model::{Name, Uid};
use quarterdeck::state::State;
use quarterdeck::state::runs::{self, Standing};
use quarterdeck::state::timeline::{Scale, length};

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
        run.branch = (how % 2 == 1).then(|| Name::new("main"));
        run.status =
            RunStatus::parse(["queued", "in_progress", "waiting", "requested", "completed"][usize::from(status)]);
        let word = words[usize::from(how)];
        run.conclusion = (status == 4 && !word.is_empty()).then(|| Conclusion::parse(word));
    })
}

/// What runs are ordered by, said once more and made from all of them at once: each standing with its
/// runs, newest first.
fn by_definition(rows: &[Arc<Run>]) -> Vec<(Standing, Uid)> {
    let age = |run: &Run| (run.created, run.number, run.meta.uid.clone());
    let decides = |run: &Run| matches!(&run.conclusion, Some(how) if how.is_bad() || *how == Conclusion::Success);
    let line = |run: &Run| (run.meta.namespace.clone(), run.path.clone(), run.branch.clone());
    let mut keyed: Vec<_> = rows
        .iter()
        .map(|run| {
            let later = |other: &&Arc<Run>| decides(other) && line(other) == line(run) && age(other) > age(run);
            let standing = match (&run.status, &run.conclusion) {
                (RunStatus::Waiting, _) | (RunStatus::Completed, Some(Conclusion::ActionRequired)) => Standing::Waiting,
                (RunStatus::Completed, Some(how)) if how.is_bad() && !rows.iter().any(|other| later(&other)) => {
                    Standing::Failed
                }
                (RunStatus::Completed, _) => Standing::Ended,
                _ => Standing::Moving,
            };
            let moment = match standing {
                Standing::Moving | Standing::Waiting => run.started,
                Standing::Failed | Standing::Ended => run.updated,
            };
            (standing, Reverse(moment), Reverse(run.number), run.meta.uid.clone())
        })
        .collect();
    keyed.sort();
    keyed.into_iter().map(|(standing, _, _, uid)| (standing, uid)).collect()
}

/// The same as the world keeps it.
fn as_kept(state: &State) -> Vec<(Standing, Uid)> {
    let ordered = runs::ordered(state);
    let all = [Standing::Moving, Standing::Failed, Standing::Waiting, Standing::Ended];
    let standings = all.into_iter().flat_map(|one| std::iter::repeat_n(one, ordered.count(one)));
    let uids = ordered.runs().iter().map(|run| run.meta.uid.clone());
    standings.zip(uids).collect()
}

fn say(state: &mut State, event: FeedEvent) {
    let mono = state.now.mono;
    state.world.apply(&world::feed(world::REPOSITORIES[0]), mono, event);
}

proptest! {
    #[test]
    fn the_order_is_kept_through_every_history(
        history in prop::collection::vec((0..12_usize, any_run(), 0..8_u8), 0..80),
    ) {
        let mut state = state();
        for (at, row, kind) in history {
            let run = made(&state, at, row);
            match kind {
                0 => say(&mut state, FeedEvent::Deleted(run.meta.uid.clone())),
                // A list that has only this one: what else was in the repository is gone.
                1 => {
                    let run = world::with(run, |run| run.meta.namespace = Name::new(world::REPOSITORIES[0]));
                    say(&mut state, FeedEvent::ListBegins);
                    say(&mut state, FeedEvent::Applied(vec![Object::Run(Arc::new(run))]));
                    say(&mut state, FeedEvent::Listed);
                }
                _ => say(&mut state, FeedEvent::Applied(vec![Object::Run(Arc::new(run))])),
            }
            prop_assert_eq!(as_kept(&state), by_definition(state.world.runs.rows()));
            for (at, run) in runs::ordered(&state).runs().iter().enumerate() {
                prop_assert_eq!(runs::ordered(&state).position(run), Some(at));
            }
        }
    }

    #[test]
    fn a_bar_never_leaves_its_column_and_is_never_empty(
        from in -500_i64..5_000, took in -50_i64..5_000, span in 1_u64..4_000, width in 1_u16..200,
    ) {
        let state = state();
        let scale = Scale { from: world::ago(&state, 4_000), span: std::time::Duration::from_secs(span), expects: false };
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
            run.branch = Some(Name::new(branch));
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
        let mut state = state.clone();
        say(&mut state, FeedEvent::Applied(rows.into_iter().map(Object::Run).collect()));
        let ordered = runs::ordered(&state);
        let moving = ordered.count(Standing::Moving);
        let failures = &ordered.runs()[moving..moving + ordered.count(Standing::Failed)];
        let numbers: Vec<u64> = failures.iter().map(|run| run.number).collect();
        assert_eq!(numbers, open, "row {at}");
    }
}

/// A newer fact of the chosen run that no frame has shown yet: it is the same run, as it is now.
#[test]
fn the_chosen_run_of_a_thousand_is_what_was_heard_of_it_last() {
    let mut state = state();
    let many: Vec<Run> = (1..=1_000_u64)
        .map(|number| {
            let run = world::run(&state, "acme/checkout", "ci", number, 20_000 - 10 * number as i64, Some(5));
            world::with(run, |run| run.meta.uid = Uid::new(world::GITHUB, &format!("{number}")))
        })
        .collect();
    world::list(&mut state, many);
    quarterdeck::update::settle(&mut state);
    let chosen = runs::chosen(&state).expect("a run is chosen");
    let newer = world::with((*chosen).clone(), |run| run.attempt = 2);
    say(&mut state, FeedEvent::Applied(vec![Object::Run(Arc::new(newer))]));
    let now = runs::chosen(&state).expect("a run is chosen");
    assert_eq!((now.meta.uid.clone(), now.attempt), (chosen.meta.uid.clone(), 2));
    assert_eq!(runs::ordered(&state).runs().len(), 1_000);
}
