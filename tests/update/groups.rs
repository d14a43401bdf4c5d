//! Jobs folded by their names: what is shown of them, in which order, and what a key opens.

use std::collections::BTreeSet;

use proptest::prelude::*;
use quarterdeck::command::Command;
use quarterdeck::model::pipelines::{Conclusion, Job, RunStatus};
use quarterdeck::state::groups::{self, Row, What};
use quarterdeck::state::ui::{ListId, Place, RowId};
use quarterdeck::state::{State, lists};
use quarterdeck::update;

use super::run_verbs::console;
use super::world::Console;
use crate::screens::run_world as world;

/// A job of this name; its last letter says how it stands: `!` failed, `~` runs, `?` is queued, `-` was
/// skipped, none passed.
fn job(state: &State, text: &str) -> Job {
    let run = world::run(state, "acme/checkout", "ci", 7, 600, None);
    let name = text.trim_end_matches(['!', '~', '?', '-']);
    let (began, ended) = match text.strip_prefix(name) {
        Some("~") => (Some(500), None),
        Some("?") => (None, None),
        _ => (Some(500), Some(400)),
    };
    let mut job = world::job(state, &run, name, began, ended);
    match text.strip_prefix(name) {
        Some("!") => job.conclusion = Some(Conclusion::Failure),
        Some("-") => job.conclusion = Some(Conclusion::Skipped),
        _ => {}
    }
    job
}

fn told(names: &[&str], turned: &[&str], all: bool) -> Vec<String> {
    let state = Console::empty().state;
    let jobs: Vec<Job> = names.iter().map(|name| job(&state, name)).collect();
    let turned: BTreeSet<String> = turned.iter().map(|key| (*key).to_owned()).collect();
    let say = |(depth, row): (u8, Row)| {
        let air = "  ".repeat(usize::from(depth));
        match row {
            Row::Job(at) => format!("{air}{}", names[at]),
            Row::Group(group) => {
                let [failed, running, waiting, other, passed] = group.stands;
                let mark = if group.what == What::Cells { "×" } else { "/" };
                let counts = format!("{failed} {running} {waiting} {other} {passed}");
                format!("{air}{} {mark}{} [{counts}] {}", group.name.as_str(), group.count, group.status.as_str())
            }
        }
    };
    groups::rows(&jobs, &turned, all).into_iter().map(say).collect()
}

#[test]
fn jobs_stand_under_their_common_names() {
    let table: &[(&[&str], &[&str])] = &[
        (&["build", "lint"], &["build", "lint"]),
        // One cell alone is a job.
        (&["build", "unit (3.11)"], &["build", "unit (3.11)"]),
        (&["build", "unit (3.11)", "unit (3.12)", "image"], &["build", "unit ×2 [0 0 0 0 2] completed", "image"]),
        // What failed stays in sight, the group where its first cell stands.
        (
            &["unit (3.10)", "unit (3.11)~", "lint", "unit (3.12)!"],
            &["unit ×3 [1 1 0 0 1] completed", "  unit (3.12)!", "lint"],
        ),
        (&["unit (a)", "unit (b)?", "unit (c)-"], &["unit ×3 [0 0 1 1 1] queued"]),
        (&["unit (a)", "unit (b)~"], &["unit ×2 [0 1 0 0 1] in_progress"]),
        // Parentheses and slashes within the values of a cell.
        (&["t (a (b))", "t (c / d)"], &["t ×2 [0 0 0 0 2] completed"]),
        // A job of the same name without values is another one.
        (&["unit", "lint", "unit (1)"], &["unit", "lint", "unit (1)"]),
        // A reusable workflow, open; of one job it is that job.
        (
            &["deploy / build", "deploy / push", "test / unit"],
            &["deploy /2 [0 0 0 0 2] completed", "  deploy / build", "  deploy / push", "test / unit"],
        ),
        // A matrix within it, and one that calls it.
        (
            &["deploy / build", "deploy / t (1)", "deploy / t (2)!"],
            &[
                "deploy /3 [1 0 0 0 2] completed",
                "  deploy / build",
                "  t ×2 [1 0 0 0 1] completed",
                "    deploy / t (2)!",
            ],
        ),
        (
            &["d (eu) / a", "d (eu) / b", "d (us) / a!", "d (us) / b"],
            &["d ×4 [1 0 0 0 3] completed", "  d (us) /2 [1 0 0 0 1] completed", "    d (us) / a!"],
        ),
        // Names that are odd.
        (&["(a)", "(b)", " (c)", "a/b", "a (", "x)", ""], &["(a)", "(b)", " (c)", "a/b", "a (", "x)", ""]),
        // A version at the end, with or without a matrix of GitHub's.
        (
            &["unit-3.11", "unit-3.12!", "lint", "unit-3.13t"],
            &["unit-* ×3 [1 0 0 0 2] completed", "  unit-3.12!", "lint"],
        ),
        (&["test py3.11", "test py3.12"], &["test * ×2 [0 0 0 0 2] completed"]),
        (&["e2e_node18", "e2e_node20.x"], &["e2e_* ×2 [0 0 0 0 2] completed"]),
        // None of these is a version, or there is only one of it.
        (
            &["image-amd64", "image-arm64", "build-3.11", "-1", "-2"],
            &["image-amd64", "image-arm64", "build-3.11", "-1", "-2"],
        ),
        // Both at once are two groups of two names.
        (&["u (1)", "u (2)", "u-1", "u-2"], &["u ×2 [0 0 0 0 2] completed", "u-* ×2 [0 0 0 0 2] completed"]),
        // Two jobs of one name stay two.
        (&["same", "same"], &["same", "same"]),
    ];
    for (names, wanted) in table {
        assert_eq!(told(names, &[], false), *wanted, "{names:?}");
    }
}

#[test]
fn an_open_group_shows_all_with_the_failed_ones_first() {
    let names = ["unit (a)", "unit (b)?", "unit (c)!", "unit (d)~"];
    let open = ["unit ×4 [1 1 1 0 1] completed", "  unit (c)!", "  unit (d)~", "  unit (b)?", "  unit (a)"];
    assert_eq!(told(&names, &[&groups::key(What::Cells, "unit")], false), open);
    assert_eq!(told(&names, &[], true), open, "where something is looked for nothing is folded");
    let called = ["d / a", "d / b!"];
    let folded = told(&called, &[&groups::key(What::Called, "d")], false);
    assert_eq!(folded, ["d /2 [1 0 0 0 1] completed", "  d / b!"]);
}

/// A cell that takes longer than it does as a rule is worth a look before it has failed.
#[test]
fn what_is_slow_stays_in_sight_though_it_is_folded() {
    let state = Console::empty().state;
    let jobs: Vec<Job> = ["unit (a)", "unit (b)~", "unit (c)~"].iter().map(|name| job(&state, name)).collect();
    let slow = |job: &Job| job.id.name.raw() == "unit (c)";
    let rows = groups::rows_with(&jobs, &BTreeSet::new(), false, &slow);
    let [(0, Row::Group(group)), (1, Row::Job(2))] = &rows[..] else { panic!("{rows:?}") };
    assert_eq!((group.slow, group.open), (1, false));
}

proptest! {
    /// Nothing is lost or doubled, what failed is always shown, depths go up by one.
    #[test]
    fn every_job_stands_once(
        names in prop::collection::vec("[ab](/[cd] \\([0-3]\\)| \\([0-9]\\)| / [cd]| / [cd] \\([0-2]\\)|)[!~?-]?", 0..60),
        turned in prop::collection::vec("[×/][ab]( / [cd])?", 0..4),
    ) {
        let state = Console::empty().state;
        let jobs: Vec<Job> = names.iter().map(|name| job(&state, name)).collect();
        let turned: BTreeSet<String> = turned.into_iter().collect();
        for all in [false, true] {
            let rows = groups::rows(&jobs, &turned, all);
            let shown: Vec<usize> =
                rows.iter().filter_map(|(_, row)| if let Row::Job(at) = row { Some(*at) } else { None }).collect();
            let once: BTreeSet<usize> = shown.iter().copied().collect();
            prop_assert_eq!(once.len(), shown.len());
            for (at, job) in jobs.iter().enumerate() {
                let failed = job.conclusion == Some(Conclusion::Failure);
                prop_assert!(once.contains(&at) || !(all || failed), "{} is not shown", names[at]);
            }
            let mut before = None;
            for (depth, row) in &rows {
                prop_assert!(before.is_none_or(|(before, group)| *depth <= before + u8::from(group)));
                before = Some((*depth, matches!(row, Row::Group(_))));
            }
        }
    }
}

/// A run of 256 jobs with 30 steps each, two of them failed.
fn many(console: &mut Console) {
    let run = world::run(&console.state, "acme/checkout", "ci", 7, 600, Some(300));
    let jobs = (0..256)
        .map(|at| {
            let mut job = job(&console.state, &format!("unit ({at}){}", if at % 128 == 77 { "!" } else { "" }));
            job.id.uid = quarterdeck::model::Uid::new(job.id.cluster, &format!("{at}"));
            let step = |n| world::step(&console.state, n, "Run tests", 500, Some(400), Conclusion::Success);
            job.steps = (1..=30).map(step).collect();
            job
        })
        .collect();
    world::hear_jobs(&mut console.state, &run, jobs);
    update::settle(&mut console.state);
}

/// What is made for a frame is what is shown: 7 680 steps that are folded cost nothing.
#[test]
fn a_matrix_of_256_cells_is_one_row_and_what_failed() {
    let (mut console, run) = console(|_| {});
    many(&mut console);
    let list = ListId::Place(Place::Run(run.id()));
    // The group, two failed cells, their steps; checks and artifacts, which have not been read.
    assert_eq!(lists::len(&console.state, &list), 1 + 2 * 31 + 2);
    console.press(Command::Top);
    let key = groups::key(What::Cells, "unit");
    assert_eq!(lists::selected(&console.state, &list), Some(RowId::Group(key.clone())));
    console.press(Command::Open);
    assert_eq!(lists::len(&console.state, &list), 1 + 256 * 31 + 2);
    assert_eq!(lists::selected(&console.state, &list), Some(RowId::Group(key)), "it stays where it was");
    console.press(Command::Open);
    assert_eq!(lists::len(&console.state, &list), 63 + 2);
}

#[test]
fn what_is_folded_is_found_by_the_filter() {
    let (mut console, run) = console(|_| {});
    many(&mut console);
    let list = ListId::Place(Place::Run(run.id()));
    console.state.ui.lists.entry(list.clone()).or_default().filter = "(113)".to_owned();
    update::settle(&mut console.state);
    let rows = lists::rows(&console.state, &list, 0..10);
    assert_eq!(rows.len(), 2, "the group and the cell");
    assert!(matches!(&rows[1].id, RowId::Object(id) if id.name.raw() == "unit (113)"), "{:?}", rows[1].id);
}

/// The verbs of a run apply on the row of a group, too.
#[test]
fn a_group_is_a_part_of_its_run() {
    let (mut console, run) = console(|_| {});
    many(&mut console);
    console.press(Command::Top);
    console.press(Command::RerunFailed);
    assert_eq!(console.dialog().map(|dialog| dialog.action.target.clone()), Some(run.id()));
    assert_eq!(run.status, RunStatus::Completed);
}
