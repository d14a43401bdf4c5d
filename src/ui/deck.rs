//! The Deck: five panes on one screen; one at a time with the others as a line each where there is
//! little room.

use super::pen::{Pen, Words};
use super::{facts, panes, signs};
use crate::config::theme::Role;
use crate::model::kubernetes::Event;
use crate::safe;
use crate::state::State;
use crate::state::layout::{self, Class, Screen};
use crate::state::ui::Pane;
use crate::text::Safe;

pub fn draw(state: &State, pen: &mut Pen<'_>, screen: &Screen) {
    let focus = state.ui.pane;
    let deck = layout::deck(screen.body, screen.class, focus, layout::wanted(state));
    for pane in Pane::ALL {
        let area = deck.panes[pane as usize];
        if area.area() > 0 {
            let focused = pane == focus;
            let mut pen = pen.within(area);
            match pane {
                Pane::Pipelines => panes::pipelines::draw(state, &mut pen, focused),
                Pane::Steps => panes::steps::draw(state, &mut pen, focused),
                Pane::Environments => panes::environments::draw(state, &mut pen, focused),
                Pane::Budget => panes::budget::draw(state, &mut pen, focused),
                Pane::Canary => panes::canary::draw(state, &mut pen, focused),
            }
        }
        let line = deck.summaries[pane as usize];
        if line.area() > 0 {
            let (name, words) = summary(state, pane);
            let mut pen = pen.within(line);
            pen.write(0, 0, 13, &Words::of(Role::Dim, name));
            pen.write(14, 0, line.width, &words);
        }
    }
    if deck.log.height > 0 {
        panes::deck_log::draw(state, &mut pen.within(deck.log));
    }
    if deck.activity.height >= 3 {
        activity(state, &mut pen.within(deck.activity));
    }
    if deck.detail.width >= 40 {
        detail(state, &mut pen.within(deck.detail));
    }
}

fn summary(state: &State, pane: Pane) -> (&'static str, Words) {
    match pane {
        Pane::Pipelines => ("pipelines", panes::pipelines::summary(state)),
        Pane::Steps => ("steps", panes::steps::summary(state)),
        Pane::Environments => ("environments", panes::environments::summary(state)),
        Pane::Budget => ("error budget", panes::budget::summary(state)),
        Pane::Canary => ("canary", panes::canary::summary(state)),
    }
}

/// What happened last: actions taken here and events, newest first.
fn activity(state: &State, pen: &mut Pen<'_>) {
    let mut rows: Vec<(jiff::Timestamp, Words)> = Vec::new();
    let room = usize::from(pen.height());
    for operation in state.operations.iter().rev().take(room) {
        let sign = signs::outcome(&operation.outcome);
        let verb = operation.action.change.verb().as_str();
        let what = safe!("{} {}  ", verb, operation.action.target.name);
        let words = sign.mark().add(Role::Strong, what).add(sign.role, sign.word).dim("  ").text(&operation.summary);
        rows.push((operation.changed, words));
    }
    for event in newest(state, room) {
        let (role, glyph) = if event.warning { (Role::Wait, "⚠ ") } else { (Role::Dim, "· ") };
        let text = if event.warning { Role::Text } else { Role::Dim };
        let words = Words::of(role, glyph)
            .add(text, &event.about_name)
            .dim("  ")
            .add(role, &event.reason)
            .dim("  ")
            .add(text, &event.message);
        rows.extend(event.last.map(|at| (state.ours(event.meta.cluster, at), words)));
    }
    rows.sort_by_key(|row| std::cmp::Reverse(row.0));
    pen.title(0, Role::Title, "ACTIVITY", &Words::of(Role::Dim, "newest first"));
    if rows.is_empty() {
        pen.write(1, 1, pen.width(), &Words::of(Role::Dim, "nothing has happened since this was opened"));
    }
    for (y, (at, words)) in (1..pen.height()).zip(rows) {
        let age: Safe = facts::ago(state, Some(at));
        pen.cell(1, y, 7, super::pen::Lean::Right, &Words::of(Role::Dim, age));
        pen.write(10, y, pen.width(), &words);
    }
}

/// The events that were heard of last.
fn newest(state: &State, most: usize) -> Vec<&Event> {
    let mut events: Vec<&Event> = state.world.events.rows().iter().map(AsRef::as_ref).collect();
    if events.len() > most && most > 0 {
        events.select_nth_unstable_by(most - 1, |a, b| b.last.cmp(&a.last));
        events.truncate(most);
    }
    events
}

/// The selected rollout's page, beside the panes of a wide terminal.
fn detail(state: &State, pen: &mut Pen<'_>) {
    let Some(rollout) = panes::canary::chosen(state) else { return };
    super::places::beside(state, pen, &rollout);
}

/// The Deck below 60×15: where the canary stands.
pub fn minimal(state: &State, pen: &mut Pen<'_>, screen: &Screen) {
    debug_assert!(screen.class <= Class::Minimal);
    let mut pen = pen.within(screen.body);
    for (y, line) in (0u16..).zip(panes::canary::summary(state).wrap(pen.width())) {
        pen.left(y, &line);
    }
}
