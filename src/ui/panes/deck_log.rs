//! The log at the bottom of the Deck:
//!
//! ```text
//! LOG ───────────────────────────── checkout-7d9f · app · following
//!  14:03:18.902 warn  payment provider slow: 1 204 ms
//! ──── 128 lines a minute · 3 errors since the canary began · 0 dropped
//! ```

use jiff::SignedDuration;

use super::log;
use crate::config::theme::Role;
use crate::model::Kind;
use crate::safe;
use crate::state::deck_log::{self, DeckLog};
use crate::state::log::{Tailing, Window, level};
use crate::state::{State, freshness};
use crate::text::{self, Safe};
use crate::ui::pen::{Pen, Words};

pub fn draw(state: &State, pen: &mut Pen<'_>) {
    let height = pen.height();
    if height < 3 {
        return;
    }
    let Some(deck) = &state.deck_log else {
        pen.title(0, Role::Title, "LOG", &Words::new());
        let reads = !freshness::of_kinds(state, &[Kind::Rollout, Kind::Pod]).is_live();
        let why = match deck_log::wanted(state) {
            Some(_) => "Asking for the log …",
            None if reads => "The log of the canary comes with its pods.",
            None => "No rollout has a pod whose log could be followed.",
        };
        pen.write(1, 1, pen.width(), &Words::of(Role::Dim, why));
        return;
    };
    pen.title(0, Role::Title, "LOG", &name(deck));
    let window = Window { width: pen.width().saturating_sub(1), height: height - 2 };
    let rows = deck.log.visible(state.now.wall, window);
    if rows.is_empty() {
        pen.write(1, 1, window.width, &log::nothing(&deck.log));
    }
    for (y, row) in (1..).zip(&rows) {
        let calm = level::of(row.text.as_str().as_bytes()).is_none();
        log::draw_row(&deck.log, row, (1, y), if calm { Role::Dim } else { Role::Text }, pen);
    }
    foot(state, deck, pen, height - 1);
}

/// The pod, its container, and how the tail stands.
fn name(deck: &DeckLog) -> Words {
    let request = &deck.log.request;
    let mut words = Words::of(Role::Text, &request.pod.name);
    if let Some(container) = &request.container {
        words = words.dim(" · ").text(container);
    }
    match &deck.log.tailing {
        Tailing::Opening => words.dim(" · ").add(Role::Move, "opening"),
        Tailing::Live => words.dim(" · ").add(Role::Move, "following"),
        Tailing::Waiting(_) => words.dim(" · ").add(Role::Move, "no log yet"),
        Tailing::Reconnecting(_) => words.dim(" · ").add(Role::Wait, "reconnecting"),
        Tailing::Ended => words.dim(" · ended"),
        Tailing::Failed(_) => words.dim(" · ").add(Role::Bad, "failed"),
    }
}

fn foot(state: &State, deck: &DeckLog, pen: &mut Pen<'_>, y: u16) {
    let cluster = deck.log.request.pod.cluster;
    let ahead = SignedDuration::from_secs(state.world.skew(cluster));
    let server = state.now.wall.checked_add(ahead).unwrap_or(state.now.wall);
    let since = if deck.is_canary { "the canary began" } else { "its rollout began" };
    let least = if deck.is_partial() { "≥ " } else { "" };
    let errors = safe!("{}{} since {}", least, text::plural(deck.errors, "error", "errors"), since);
    let minute = safe!("{} a minute", text::plural(deck.a_minute(server), "line", "lines"));
    let words = Words::of(Role::Dim, minute)
        .dim(" · ")
        .add(if deck.errors > 0 { Role::Text } else { Role::Dim }, errors)
        .dim(safe!(" · {} dropped", text::count(deck.log.ring.dropped())));
    pen.title(y, Role::Faint, Safe::default(), &words);
}
