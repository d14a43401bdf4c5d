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

/// Rows for bars and rows of one line: all objectives are seen before any has a large bar, and the
/// lines they need are never more than there are.
#[test]
fn objectives_share_the_lines_there_are() {
    use quarterdeck::state::layout::{GAUGE, gauges};
    for (height, len, shares) in [
        (12, 0, (0, 0)),
        (11, 3, (3, 0)),
        (12, 6, (2, 4)),
        (12, 4, (2, 2)),
        (12, 50, (2, 4)),
        (4, 9, (1, 0)),
        (3, 2, (1, 0)),
    ] {
        assert_eq!(gauges(height, len), shares, "{len} objectives in {height} lines");
    }
    for height in 0..60 {
        for len in 0..70 {
            let (large, lines) = gauges(height, len);
            assert!(
                usize::from(large + lines) <= len && lines + large * GAUGE <= (height + 1).max(GAUGE),
                "{height} {len}"
            );
        }
    }
}

/// Each of five services has its row, as in the pictures.
#[test]
fn five_services_have_their_rows() {
    use quarterdeck::state::layout::{self, Wanted};
    let screen = layout::screen((160, 48), &quarterdeck::state::ui::Place::Deck);
    let wanted = Wanted { services: 5, pipelines: true, objectives: Some(6) };
    let deck = layout::deck(screen.body, screen.class, Pane::Canary, wanted);
    assert!(deck.panes[Pane::Environments as usize].height >= 7, "{deck:?}");
}
