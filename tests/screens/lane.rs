//! The lane of a release: in one row where it is wide enough, below each other elsewhere.

use quarterdeck::model::Kind;
use quarterdeck::model::source::FeedStatus;
use quarterdeck::state::ui::Place;
use quarterdeck::update;
use serde_json::json;

use super::images::images;
use super::shot::{compare, shot};
use crate::ingest::blockers::gitops::application;

#[test]
fn the_lane_of_a_canary_on_its_way() {
    for (name, size) in [("80x24", (80, 24)), ("160x48", (160, 48)), ("300x100", (300, 100))] {
        let mut state = images();
        let mut row = application(&json!({ "status": { "health": { "status": "Suspended" } } }));
        row["metadata"]["name"] = "shop-production".into();
        crate::ingest::world::list(&mut state, Kind::Application, &[row]);
        for (_, feed) in state.world.feeds.iter_mut().filter(|(id, _)| id.kind == Kind::Application) {
            (feed.status, feed.complete) = (FeedStatus::Live, true);
        }
        let canary = state.world.rollouts.rows().iter().find(|row| row.meta.namespace.raw() == "production");
        state.ui.place = Place::Lane(canary.expect("the canary").meta.id(Kind::Rollout));
        state.ui.size = size;
        update::settle(&mut state);
        compare!(format!("lane-{name}"), shot(&state, size));
    }
}
