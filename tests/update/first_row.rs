//! Lists that are ordered by who needs somebody most: until somebody moves, the first row is looked at.

use std::time::Duration;

use quarterdeck::command::Command;
use quarterdeck::model::pipelines::{Conclusion, Run, RunStatus};
use quarterdeck::state::lists;
use quarterdeck::state::ui::{Pane, RowId};
use quarterdeck::update;

use super::world::Console;
use crate::screens::run_world as world;

fn selected(console: &Console) -> String {
    match lists::selected(&console.state, &console.state.ui.list_id()) {
        Some(RowId::Object(id)) => id.name.raw().to_owned(),
        other => format!("{other:?}"),
    }
}

/// One that runs and one that passed; then the first has passed and the other's next one fails.
fn runs(console: &Console, later: bool) -> Vec<Run> {
    let run = |repository, number, began, ended| world::run(&console.state, repository, "ci", number, began, ended);
    let (search, checkout) = (run("acme/search", 7, 600, None), run("acme/checkout", 8, 900, Some(700)));
    if !later {
        return vec![search, checkout];
    }
    let search = world::with(search, |run| {
        run.status = RunStatus::Completed;
        run.conclusion = Some(Conclusion::Success);
    });
    let red = world::with(run("acme/checkout", 9, 500, Some(100)), |run| run.conclusion = Some(Conclusion::Failure));
    vec![search, checkout, red]
}

fn console(view: bool) -> Console {
    let mut console = Console::empty();
    world::github(&mut console.state);
    let before = runs(&console, false);
    world::list(&mut console.state, before);
    if view {
        console.press(Command::ShowPipelines);
    } else {
        console.state.ui.pane = Pane::Pipelines;
    }
    update::settle(&mut console.state);
    console
}

fn later(console: &mut Console) {
    let after = runs(console, true);
    world::list(&mut console.state, after);
    update::settle(&mut console.state);
}

fn wait(console: &mut Console, seconds: u64) {
    console.state.now.mono += Duration::from_secs(seconds);
}

#[test]
fn before_a_screen_nobody_touches_the_run_that_needs_somebody_most_is_highlighted() {
    let mut console = console(false);
    assert_eq!(selected(&console), "ci #7");
    later(&mut console);
    assert_eq!(selected(&console), "ci #9", "the red one is first now");
}

#[test]
fn a_key_that_comes_as_another_row_is_highlighted_opens_nothing() {
    let mut console = console(false);
    later(&mut console);
    console.press(Command::RerunFailed);
    assert!(console.dialog().is_none(), "it was meant for ci #7");
    assert!(console.toast().contains("ci #9: press again"), "{}", console.toast());
    wait(&mut console, 1);
    console.press(Command::RerunFailed);
    assert_eq!(console.dialog().map(|dialog| dialog.action.target.name.raw().to_owned()).as_deref(), Some("ci #9"));
}

#[test]
fn under_somebodys_hand_the_row_that_was_seen_is_kept_though_nobody_moved() {
    for view in [true, false] {
        let mut console = console(view);
        wait(&mut console, 2);
        console.press(Command::Bell);
        later(&mut console);
        assert_eq!(selected(&console), "ci #7", "view {view}");
        console.press(Command::CancelRun);
        assert!(console.toast().contains("ci #7"), "view {view}: {}", console.toast());
        wait(&mut console, 301);
        update::settle(&mut console.state);
        assert_eq!(selected(&console), "ci #9", "view {view}: nobody sits there any more");
    }
}

#[test]
fn once_somebody_moved_the_run_is_kept_wherever_it_goes() {
    for view in [true, false] {
        let mut console = console(view);
        console.press(Command::Down);
        console.press(Command::Up);
        assert_eq!(selected(&console), "ci #7", "view {view}");
        later(&mut console);
        assert_eq!(selected(&console), "ci #7", "view {view}");
    }
}
