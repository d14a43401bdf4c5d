//! Steps that many stories take: wait, highlight a row, press a verb, read what became of it.

use quarterdeck::app::Headless;
use quarterdeck::command::Command;
use quarterdeck::model::ObjectId;
use quarterdeck::model::pipelines::Run;
use quarterdeck::state::ui::{ListId, Place, RowId};
use quarterdeck::state::{lists, verbs};

use super::harness::Story;

pub const PIPELINES: ListId = ListId::Place(Place::Pipelines);

pub async fn wait_for(story: &mut Story, what: &str, holds: impl Fn(&Headless) -> bool) {
    story.console.wait_for(what, holds).await.unwrap_or_else(|lost| panic!("{lost}"));
}

/// What became of the last operation; empty where there is none.
pub fn outcome(console: &Headless) -> &'static str {
    console.state().operations.last().map_or("", |operation| operation.outcome.as_str())
}

/// Presses a verb's key once the verb is on offer for the row that is highlighted.
pub async fn press(story: &mut Story, command: Command) {
    let offered = |console: &Headless| {
        let target = verbs::target_of(console.state(), command);
        target.is_some_and(|target| verbs::available(console.state(), command, &target).is_ok())
    };
    wait_for(story, "the verb to be on offer", offered).await;
    assert!(story.console.press(command), "{command:?} has a key here");
}

/// Highlights the first row of a list on the screen that is as wanted. What has just ended may move
/// away and take the highlight along, so each step asks anew where both stand.
pub async fn highlight(story: &mut Story, list: &ListId, wanted: impl Fn(&Headless, &RowId) -> bool) -> RowId {
    let selected = |console: &Headless| lists::selected(console.state(), list);
    wait_for(story, "a highlighted row", |console| selected(console).is_some()).await;
    for _ in 0..400 {
        let console = &story.console;
        let rows = (0..lists::len(console.state(), list)).filter_map(|at| lists::at(console.state(), list, at));
        let Some(row) = rows.into_iter().find(|row| wanted(console, row)) else { break };
        let now = selected(console);
        if now.as_ref() == Some(&row) {
            return row;
        }
        let place = |row: &RowId| lists::position(console.state(), list, row);
        let down = now.as_ref().and_then(place) < place(&row);
        assert!(story.console.press(if down { Command::Down } else { Command::Up }));
        wait_for(story, "another row", |console| selected(console) != now).await;
    }
    panic!("the row is not in the list:\n{}", story.console.screen());
}

/// Opens the pipelines and highlights the first row that is as wanted.
pub async fn among_pipelines(story: &mut Story, wanted: impl Fn(&Headless, &ObjectId) -> bool) -> ObjectId {
    if matches!(story.console.state().ui.place, Place::Log(_)) {
        // Its digits are those of the log.
        assert!(story.console.press(Command::Back));
        wait_for(story, "the page before", |console| !matches!(console.state().ui.place, Place::Log(_))).await;
    }
    assert!(story.console.press(Command::ShowPipelines));
    wait_for(story, "the pipelines", |console| console.state().ui.place == Place::Pipelines).await;
    let is = |console: &Headless, row: &RowId| matches!(row, RowId::Object(id) if wanted(console, id));
    match highlight(story, &PIPELINES, is).await {
        RowId::Object(id) => id,
        other => panic!("{other:?} is no object"),
    }
}

/// Opens the pipelines and highlights a run.
pub async fn choose(story: &mut Story, run: &Run) {
    let wanted = run.id();
    among_pipelines(story, |_, id| *id == wanted).await;
}
