//! The Deck while a canary goes wrong, in its sizes.

use quarterdeck::state::ui::Pane;

use super::shot::{compare, shot};
use super::world;

#[test]
fn a_canary_goes_wrong() {
    let state = world::deploying();
    compare!("deck-160x48", shot(&state, (160, 48)));
}

#[test]
fn narrow_shows_one_pane_and_a_line_for_each_other() {
    let mut state = world::deploying();
    compare!("deck-80x24", shot(&state, (80, 24)));
    state.ui.pane = Pane::Environments;
    compare!("deck-80x24-environments", shot(&state, (80, 24)));
}

#[test]
fn wide_shows_the_rollout_beside_the_panes() {
    let state = world::deploying();
    compare!("deck-300x100", shot(&state, (300, 100)));
}

#[test]
fn small_says_what_matters() {
    let state = world::deploying();
    compare!("deck-50x12", shot(&state, (50, 12)));
    compare!("deck-18x4", shot(&state, (18, 4)));
}
