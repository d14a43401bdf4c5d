//! Lists that are ordered by who needs somebody most: until somebody moves, the first row is looked at.

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

#[test]
fn until_somebody_moves_the_run_that_needs_somebody_most_is_the_one_that_is_met() {
    for view in [true, false] {
        let mut console = console(view);
        assert_eq!(selected(&console), "ci #7", "view {view}");
        let after = runs(&console, true);
        world::list(&mut console.state, after);
        update::settle(&mut console.state);
        assert_eq!(selected(&console), "ci #9", "view {view}: the red one is first now");
        console.press(Command::RerunFailed);
        assert!(console.dialog().is_some(), "{}", console.toast());
    }
}

#[test]
fn once_somebody_moved_the_run_is_kept_wherever_it_goes() {
    for view in [true, false] {
        let mut console = console(view);
        console.press(Command::Down);
        console.press(Command::Up);
        assert_eq!(selected(&console), "ci #7", "view {view}");
        let after = runs(&console, true);
        world::list(&mut console.state, after);
        update::settle(&mut console.state);
        assert_eq!(selected(&console), "ci #7", "view {view}");
    }
}
