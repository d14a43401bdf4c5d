//! How much is left, as a length.

use std::sync::Arc;

use super::{left, objective, role, window};
use crate::config::theme::Role;
use crate::model::slo::{Figures, Reading, Slo};
use crate::state::State;
use crate::state::slos;
use crate::ui::pen::{Pen, Words};

/// The bar: as long as what is left. Without a figure it is hatched, with a doubtful one it is grey.
pub fn bar(pen: &mut Pen<'_>, y: u16, slo: &Slo, reading: &Reading<Figures>) {
    let width = pen.width();
    let (role, figures) = match reading {
        Reading::Value(figures) => (role(slo, figures), figures),
        Reading::Partial { last, .. } | Reading::Immature { last, .. } | Reading::Stale { last, .. } => {
            (Role::Unknown, last)
        }
        Reading::NoTraffic { last: Some(last), .. } | Reading::Unreachable { last: Some(last), .. } => {
            pen.repeat(0, y, width, Role::Faint, "─");
            pen.repeat(0, y, eighths(last, width) / 8, Role::Unknown, "─");
            return;
        }
        Reading::NoTraffic { .. } | Reading::NoData { .. } | Reading::Unreachable { .. } | Reading::Invalid { .. } => {
            return pen.repeat(0, y, width, Role::Faint, "╌");
        }
    };
    let eighths = eighths(figures, width);
    pen.background(0, y, width, Role::Band);
    pen.repeat(0, y, eighths / 8, role, "█");
    let part = PARTS[usize::from(eighths % 8)];
    if !part.is_empty() {
        pen.write(eighths / 8, y, 1, &Words::of(role, part));
    }
}

/// The last cell of a bar, in eighths.
const PARTS: [&str; 8] = ["", "▏", "▎", "▍", "▌", "▋", "▊", "▉"];

/// Only the length of the bar is bounded, never the number beside it.
fn eighths(figures: &Figures, width: u16) -> u16 {
    (figures.remaining.clamp(0.0, 1.0) * f64::from(width) * 8.0).floor() as u16
}

/// Where the parts of an objective's only line stand, the same for all below each other.
pub struct Columns {
    bar: u16,
    width: u16,
}

impl Columns {
    #[must_use]
    pub fn new(state: &State, slos: &[Arc<Slo>], width: u16) -> Self {
        let names = slos.iter().map(|slo| short_name(slo).width()).max().unwrap_or(0);
        let ends = slos.iter().map(|slo| left(state, slo, &slos::figures(state, slo)).width()).max().unwrap_or(0);
        Self { bar: names + 2, width: width.saturating_sub(names + ends + 4) }
    }
}

fn short_name(slo: &Slo) -> Words {
    let words =
        Words::of(Role::Strong, &slo.service).add(Role::Strong, " ").text(&slo.name).dim("  ").dim(objective(slo));
    // What rolls is the rule, the calendar the exception.
    if slo.rolling { words } else { words.dim(" ").dim(window(slo)) }
}

/// An objective in one line: name, bar, what is left or why nobody knows. The bar is a thin one, so
/// that those above each other do not touch.
pub fn line(state: &State, pen: &mut Pen<'_>, slo: &Slo, reading: &Reading<Figures>, columns: &Columns) {
    pen.both(0, &short_name(slo), &left(state, slo, reading));
    if columns.width < 8 {
        return;
    }
    let (colour, figures) = match reading {
        Reading::Value(figures) => (role(slo, figures), Some(figures)),
        other => (Role::Unknown, other.shown()),
    };
    let glyph = if figures.is_some() { "─" } else { "╌" };
    pen.repeat(columns.bar, 0, columns.width, Role::Faint, glyph);
    if let Some(figures) = figures {
        let glyph = if reading.value().is_some() { "━" } else { "─" };
        pen.repeat(columns.bar, 0, eighths(figures, columns.width) / 8, colour, glyph);
    }
}
