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
use crate::text::Safe;

/// The line; a sentence that is too long goes on below, where `spare` lines of air may be taken for
/// it: nothing moves.
pub fn draw(state: &State, pen: &mut Pen<'_>, spare: u16) {
    let (width, own) = (pen.width(), pen.height().saturating_sub(spare));
    let blockers = derived::blockers(state);
    let Some(worst) = blockers.first() else {
        if width > 0 && own > 0 {
            pen.write(1, 0, width.saturating_sub(1), &calm(state));
        }
        return;
    };
    // Under a dialog the keys mean something else.
    let keys = if state.ui.overlay.is_some() { Words::new() } else { keys(state, worst) };
    let keys = if own == 1 && keys.width() > width / 3 { look(state) } else { keys };
    let whole = sentence(worst, 1);
    let gap = if keys.is_empty() { "" } else { "   " };
    let end = more(blockers.len(), gap).then(keys);
    let fits = |lines: u16| laid(&whole, width, &end, lines).map(|text| (text, lines));
    let found = (own..=pen.height()).find_map(fits);
    let (text, lines) = found.unwrap_or_else(|| {
        let mut brief = worst.clone();
        brief.sentence = worst.sentence.without_paths();
        let lines = pen.height();
        let text = laid(&sentence(&brief, 1), width, &end, lines);
        (text.unwrap_or_else(|| shortened(&brief, width, &end, lines)), lines)
    });
    for y in 0..lines {
        pen.background(0, y, width, Role::Alert);
    }
    for (y, line) in (0..).zip(&text) {
        pen.write(if y == 0 { 1 } else { 3 }, y, width, line);
    }
    if text.len() < usize::from(lines) {
        pen.write(3, lines.saturating_sub(1), width.saturating_sub(4), &end);
    } else {
        pen.write(width.saturating_sub(end.width() + 1), lines.saturating_sub(1), width, &end);
    }
}

/// The sentence on so many lines, the last of them beside `end` or above it; `None` where it is longer.
fn laid(words: &Words, width: u16, end: &Words, lines: u16) -> Option<Vec<Words>> {
    let text = words.wrap(width.saturating_sub(4));
    let beside = end.width() + if end.is_empty() { 4 } else { 7 };
    let last = text.last().map_or(0, Words::width);
    let short = text.len() < usize::from(lines) || text.len() == usize::from(lines) && last + beside <= width;
    short.then_some(text)
}

/// The sentence without its middle: how it begins, and what can be done or who does it, which stands at its end.
fn shortened(worst: &Blocker, width: u16, end: &Words, lines: u16) -> Vec<Words> {
    let (sentence, columns) = (worst.sentence.as_str(), worst.sentence.width());
    let step = sentence.rfind("; ").or_else(|| sentence.rfind(": "));
    let step = step.map_or_else(Safe::default, |at| worst.sentence.part(at + 2..sentence.len()));
    let room = usize::from(lines) * usize::from(width.saturating_sub(6));
    let room = room.saturating_sub(usize::from(end.width()) + 4);
    // Whatever the step is, what it is about has its room before; of a whole source that is more.
    let name = worst.object.as_ref().map(|object| object.name.safe());
    let about = name.map(|name| sentence.find(name.as_str()).unwrap_or(0) + name.width() + ABOUT);
    let left = room.saturating_sub(about.unwrap_or(room / 2));
    let fits = if about.is_some() { left >= LEAST } else { step.width() <= left };
    let step = if fits { step.truncate(left) } else { Safe::default() };
    let mut head = room.saturating_sub(step.width() + 2).min(columns);
    loop {
        let mut cut = worst.clone();
        let gap = if step.is_empty() { "" } else { " " };
        cut.sentence = safe!("{}…{}{}", worst.sentence.columns(0..head), gap, step);
        let words = self::sentence(&cut, 1);
        match laid(&words, width, end, lines) {
            Some(text) => return text,
            None if head == 0 => return words.wrap(width).into_iter().take(usize::from(lines)).collect(),
            None => head -= 1,
        }
    }
}

/// What is said of a thing in so many columns after its name is enough to know what is the matter with it.
const ABOUT: usize = 40;
/// With less than that of it a step says nothing.
const LEAST: usize = 20;

fn more(count: usize, gap: &'static str) -> Words {
    if count > 1 { Words::of(Role::Dim, safe!("and {} more{}", count - 1, gap)) } else { Words::new() }
}

/// Sign, the name of the thing, the sentence, and how many more there are.
#[must_use]
pub fn sentence(worst: &Blocker, count: usize) -> Words {
    let (role, glyph) = match worst.severity {
        Severity::Failing | Severity::Broken => (Role::Bad, "✖ "),
        Severity::Waiting | Severity::Planned => (Role::Wait, "‖ "),
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
