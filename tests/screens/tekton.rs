//! PipelineRuns of Tekton on the screen: in the list of runs, and the page of one.

use quarterdeck::state::ui::Place;
use quarterdeck::update;

use super::shot::{compare, shot};
use crate::ingest::tekton::world;

#[test]
fn pipeline_runs_in_the_list_and_on_their_page() {
    for (name, size) in [("80x24", (80, 24)), ("160x48", (160, 48))] {
        let mut state = world();
        state.ui.size = size;
        state.ui.place = Place::Pipelines;
        update::settle(&mut state);
        compare!(format!("tekton-view-{name}"), shot(&state, size));
        let failed = state.world.runs.rows().iter().find(|run| run.meta.name.raw() == "release-run-x7f2k");
        state.ui.place = Place::Run(failed.expect("the run").id());
        update::settle(&mut state);
        compare!(format!("tekton-page-{name}"), shot(&state, size));
    }
}
