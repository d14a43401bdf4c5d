//! Why is it not moving: the worst blocker in one sentence, and the keys that help.
//!
//! ```text
//!  ✖ checkout  canary stopped at step 3 of 9 (25 %): analysis error-rate inconclusive, 2 of 5      v look   A abort…   p promote…
//! ```

use super::footer;
use super::pen::{Pen, Words};
use crate::command::Command;
use crate::config::theme::Role;
use crate::model::Kind;
use crate::safe;
use crate::state::blocker::{Blocker, Severity};
use crate::state::freshness::{self, Freshness};
use crate::state::{State, derived, verbs};

/// The line, and below it the keys where the area has two lines.
pub fn draw(state: &State, pen: &mut Pen<'_>) {
    let (width, height) = (pen.width(), pen.height());
    let blockers = derived::blockers(state);
    let Some(worst) = blockers.first() else {
        if width > 0 && height > 0 {
            pen.write(1, 0, width.saturating_sub(1), &calm(state));
        }
        return;
    };
    for y in 0..height {
        pen.background(0, y, width, Role::Alert);
    }
    // Under a dialog they mean something else.
    let keys = if state.ui.overlay.is_some() { Words::new() } else { keys(state, worst) };
    let words = sentence(worst, blockers.len());
    if height > 1 {
        two_lines(pen, &words, &keys);
    } else {
        let keys = if keys.width() > width / 3 { look(state) } else { keys };
        let size = keys.width().min(width / 3);
        let x = width.saturating_sub(size + 1);
        pen.write(x, 0, size, &keys);
        pen.write(1, 0, x.saturating_sub(3), &words);
    }
}

/// A sentence that is too long goes on below, beside the keys.
fn two_lines(pen: &mut Pen<'_>, words: &Words, keys: &Words) {
    let width = pen.width();
    let mut lines = words.wrap(width.saturating_sub(3)).into_iter();
    pen.write(1, 0, width.saturating_sub(2), &lines.next().unwrap_or_default());
    let rest = lines.reduce(|all, line| all.dim(" ").then(line));
    let Some(rest) = rest else {
        pen.write(3, 1, width.saturating_sub(4), keys);
        return;
    };
    let size = keys.width().min(width / 2);
    let x = width.saturating_sub(size + 1);
    pen.write(x, 1, size, keys);
    pen.write(3, 1, x.saturating_sub(5), &rest);
}

/// Sign, the name of the thing, the sentence, and how many more there are.
#[must_use]
pub fn sentence(worst: &Blocker, count: usize) -> Words {
    let (role, glyph) = match worst.severity {
        Severity::Failing | Severity::Broken => (Role::Bad, "✖ "),
        Severity::Waiting => (Role::Wait, "‖ "),
        Severity::Unknown => (Role::Wait, "? "),
    };
    let words = Words::of(role, glyph);
    let name = worst.object.as_ref().map(|object| object.name.safe());
    let words = match name.filter(|name| worst.sentence.as_str().starts_with(name.as_str())) {
        Some(name) => {
            let rest = worst.sentence.columns(name.width()..worst.sentence.width());
            words.strong(name).text(rest)
        }
        None => words.text(&worst.sentence),
    };
    if count > 1 { words.dim(safe!("   and {} more", count - 1)) } else { words }
}

/// Nothing is blocked: said once, quietly, and only when it is known.
fn calm(state: &State) -> Words {
    match freshness::of_kinds(state, &[Kind::Rollout, Kind::Deployment, Kind::Pod]) {
        Freshness::Live { .. } | Freshness::Partial { .. } => Words::of(Role::Quiet, "✔ ").dim("nothing is blocked"),
        Freshness::Loading { .. } => Words::of(Role::Move, "◌ ").dim("reading …"),
        _ => Words::of(Role::Unknown, "? ").dim("not known whether anything is blocked"),
    }
}

fn look(state: &State) -> Words {
    footer::hint(state, Command::Look).unwrap_or_default()
}

/// `look`, and the verbs that help, where the keys act on that very object now.
fn keys(state: &State, worst: &Blocker) -> Words {
    let mut words = look(state);
    let here = verbs::target(state).is_some_and(|target| worst.object.as_ref() == Some(&target));
    for command in worst.keys.iter().filter(|command| here && **command != Command::Look) {
        if let Some(hint) = footer::hint(state, *command) {
            words = words.dim("   ").then(hint);
        }
    }
    words
}
