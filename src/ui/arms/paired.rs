//! The two arms below each other where there is room: the trend of the canary over that of the stable
//! version on one scale, with failed and all requests of each.
//!
//! ```text
//!  errors  canary ▁▁▂▂▃▃▄▅▅▆▇▇   0.31 %   93 of 30 000
//!          stable ▂▂▁▂▂▁▁▂▁▂▁▁   0.12 %   12 of 10 000
//!          ⚠ worse +0.12…+0.21 pp · δ 0.05 pp
//! ```

use super::{VALUE, arm, bare, highest, is_doubtful, margin, trend, verdict};
use crate::config::theme::Role;
use crate::model::slo::{Arm, Comparison};
use crate::safe;
use crate::state::State;
use crate::state::details::Compared;
use crate::text::{self, Safe};
use crate::ui::pen::{Lean, Pen, Words};

/// From so many lines on each arm has one of its own.
pub const TALL: u16 = 26;
/// Columns of `canary`.
const ARM: u16 = 7;
/// Columns of `123 456 of 12 345 678`.
const COUNTS: u16 = 22;
/// From so many columns on the verdict stands beside the arms.
const WIDE: u16 = 150;

/// The lines of a comparison from this one on; the line after them.
pub(super) fn draw(state: &State, pen: &mut Pen<'_>, y: u16, name: u16, compared: &Compared) -> u16 {
    let row = &*compared.row;
    let doubt = is_doubtful(state, compared);
    let loud = if doubt { Role::Unknown } else { verdict(row, text::count).1 };
    let canary = if loud == Role::Quiet { Role::Text } else { loud };
    let beside = pen.width() >= WIDE;
    let trends = columns(name, if beside { WIDE - 70 } else { pen.width() });
    pen.cell(0, y, name, Lean::Left, &Words::of(Role::Text, &row.query.label));
    let most = highest(row);
    let bars = if doubt || matches!(loud, Role::Quiet | Role::Text) { Role::Dim } else { loud };
    one(pen, (y, name, trends), ("canary", &row.canary), row, (canary, bars), most);
    let stable = if doubt { Role::Unknown } else { Role::Text };
    one(pen, (y + 1, name, trends), ("stable", &row.stable), row, (stable, Role::Dim), most);
    let words = verdict_of(row);
    if doubt || words.width() == 0 {
        return y + 2;
    }
    let after = name + 1 + ARM + trends + 1 + VALUE + 2 + COUNTS;
    if beside && words.width() <= pen.width().saturating_sub(after) {
        pen.write(after, y, pen.width(), &words);
        return y + 2;
    }
    let (mut y, x) = (y + 2, name + 1);
    for line in words.wrap(pen.width().saturating_sub(x)) {
        pen.write(x, y, pen.width(), &line);
        y += 1;
    }
    y
}

/// Columns that are left for a trend.
fn columns(name: u16, width: u16) -> u16 {
    width.saturating_sub(name + 1 + ARM + 1 + VALUE + 2 + COUNTS).clamp(8, 60)
}

fn one(
    pen: &mut Pen<'_>,
    (y, name, trends): (u16, u16, u16),
    (word, of): (&'static str, &Arm),
    row: &Comparison,
    (role, bars): (Role, Role),
    most: f64,
) {
    let x = name + 1;
    pen.write(x, y, ARM, &Words::of(Role::Dim, word));
    pen.write(x + ARM, y, trends, &trend(&of.history, most, bars, trends));
    arm(pen, y, x + ARM + trends + 1, of, row, role);
    let counts = match of.counts {
        Some((failed, all)) => safe!("{} of {}", text::count(failed), text::count(all)),
        None => Safe::default(),
    };
    pen.cell(x + ARM + trends + 1 + VALUE + 2, y, COUNTS - 2, Lean::Left, &Words::of(Role::Dim, counts));
}

/// The verdict and what it is held against; how many requests stands beside the arms.
fn verdict_of(row: &Comparison) -> Words {
    // The others say of how many they speak.
    if row.verdict.has_interval() { bare(row).then(margin(row)) } else { verdict(row, text::count).0 }
}
