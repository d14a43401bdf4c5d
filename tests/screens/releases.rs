//! Releases of Helm: the list, and the page of one whose upgrade was stopped.

use quarterdeck::model::Kind;
use quarterdeck::state::derived;
use quarterdeck::state::ui::Place;
use quarterdeck::text::Safe;
use quarterdeck::update;
use serde_json::json;

use super::shot::{compare, shot};
use crate::ingest::blockers::objects::now;
use crate::ingest::world::{list, with};
use crate::update::releases::{content, hear, revision};

#[test]
fn releases_in_the_list_and_on_a_page() {
    let mut state = with(now(), &json!({}));
    list(
        &mut state,
        Kind::Release,
        &[
            revision("checkout", 5, "superseded", 43_000),
            revision("checkout", 6, "failed", 1_500),
            revision("checkout", 7, "deployed", 1_400),
            revision("checkout", 8, "pending-upgrade", 22),
            revision("redis", 2, "deployed", 9_000),
            revision("search", 1, "failed", 40),
            revision("web", 3, "pending-rollback", 1),
        ],
    );
    for (name, size) in [("80x24", (80, 24)), ("160x48", (160, 48))] {
        state.ui.size = size;
        state.ui.place = Place::Releases;
        update::settle(&mut state);
        compare!(format!("releases-view-{name}"), shot(&state, size));
        let release = derived::releases(&state).newest().next().expect("checkout").release_id();
        state.ui.place = Place::Release(release);
        update::settle(&mut state);
        if size.0 == 80 {
            compare!("release-page-unread-80x24", shot(&state, size));
            hear(&mut state, "checkout", 5, Err(Safe::of("its record is not as Helm writes it: no JSON")));
            let late = "Upgrade \"checkout\" failed: timed out waiting for the condition";
            hear(&mut state, "checkout", 6, content("1.9.0", late));
            hear(&mut state, "checkout", 7, content("1.8.3", "Rollback to 5"));
            hear(&mut state, "checkout", 8, content("1.9.1", "Preparing upgrade"));
            update::settle(&mut state);
        }
        compare!(format!("release-page-{name}"), shot(&state, size));
    }
}
