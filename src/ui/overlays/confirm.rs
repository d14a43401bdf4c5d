//! The dialog before an action, in three tiers: `y`; the environment's name typed; no longer to be
//! confirmed, with the reason why. It names everything that will happen and the way back.
//!
//! ```text
//!  Abort checkout in production   canary 50 % → 0 %     read 0.4 s ago  production
//!  ────────────────────────────────────────────────────────────────────────────────
//!  on           eks-prod · https://10.0.0.1 · ana · production/checkout
//!  from         revision 2  1.42.0  canary  50 %
//!  this will    send all traffic to 1.41.0 …
//!  reason       ▏
//!  type production and Enter to abort   prod▏           esc leave it as it is
//! ```

use ratatui::layout::Rect;

use super::typed;
use crate::command::Command;
use crate::config::theme::Role;
use crate::safe;
use crate::state::ui::{Confirm, ConfirmField, Overlay, Tier};
use crate::state::{State, environment, verbs};
use crate::text::Safe;
use crate::ui::pen::{Pen, Words};

/// Columns of the labels.
const LABEL: u16 = 12;

/// Columns that nothing narrower is asked for: below, a line is a few words.
const LEAST: u16 = 60;

/// A word of a dialog that is wider is cut in its middle: whatever somebody called a run, the question
/// and its keys stay in sight.
const WORD: usize = 48;

/// The dialog, measured for a terminal.
struct Sheet {
    area: Rect,
    /// Lines of air above and below the text, where there is room for them.
    air: u16,
    title: Vec<Words>,
    /// At the end of the title's first line.
    right: Words,
    facts: Vec<(Safe, Vec<Words>)>,
    bottom: Vec<Words>,
    /// Lines it takes without air.
    rows: u16,
}

/// How much room the text is given: as little as a small terminal has, and not less than is there.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Shape {
    /// With a margin.
    Roomy,
    /// As wide as the terminal.
    Wide,
    /// The same, and what belongs together flows.
    Dense,
}

/// The roomiest shape that the terminal has the lines for, else the densest.
fn sheet(state: &State, dialog: &Confirm, size: (u16, u16)) -> Sheet {
    let fits = |shape: &Shape| shaped(state, dialog, size, *shape).rows <= size.1;
    let shape = [Shape::Roomy, Shape::Wide].into_iter().find(fits).unwrap_or(Shape::Dense);
    shaped(state, dialog, size, shape)
}

fn shaped(state: &State, dialog: &Confirm, (columns, lines): (u16, u16), shape: Shape) -> Sheet {
    let width =
        if columns < 64 || shape != Shape::Roomy { columns.min(100) } else { columns.saturating_sub(8).min(100) };
    let inner = width.saturating_sub(4);
    let text = inner.saturating_sub(LABEL + 1);
    let right = right(state, dialog, inner);
    let title =
        Words::of(Role::Strong, dialog.title.tamed(WORD)).add(Role::Move, "   ").add(Role::Move, &dialog.summary);
    let title = title.wrap(inner.saturating_sub(right.width() + 2));
    let facts: Vec<(Safe, Vec<Words>)> =
        dialog.lines.iter().map(|(label, lines)| (label.clone(), wrapped(lines, text, shape))).collect();
    let count: usize = facts.iter().map(|(_, lines)| lines.len().max(1)).sum();
    let bottom = bottom(state, dialog, inner, shape);
    let rows = (count + title.len() + bottom.len() + 2).min(usize::from(u16::MAX)) as u16;
    // Header and blocker line stay in sight.
    let air = u16::from(rows.saturating_add(9) <= lines);
    let height = rows.saturating_add(3 * air).min(lines);
    let area = Rect { x: (columns - width) / 2, y: (lines - height) / 2, width, height };
    Sheet { area, air, title, right, facts, bottom, rows }
}

/// Columns and lines that a terminal of this size lacks to show the dialog with all its lines;
/// `None` when it does, or when none is open. One that can no longer be confirmed may be cut.
#[must_use]
pub fn room_wanted(state: &State, (columns, lines): (u16, u16)) -> Option<(u16, u16)> {
    let Some(Overlay::Confirm(dialog)) = &state.ui.overlay else { return None };
    if dialog.disarmed.is_some() {
        return None;
    }
    let columns_wanted = columns.max(LEAST);
    let rows = sheet(state, dialog, (columns_wanted, lines.max(1))).rows;
    (columns < columns_wanted || lines < rows).then_some((columns_wanted, rows))
}

pub(super) fn draw(state: &State, pen: &mut Pen<'_>, dialog: &Confirm) {
    let all = pen.area();
    if let Some(wanted) = room_wanted(state, (all.width, all.height)) {
        return no_room(pen, dialog, wanted);
    }
    let Sheet { area, air, title, right, facts, bottom, .. } = sheet(state, dialog, (all.width, all.height));
    pen.within(area).wipe(Role::Dialog);
    let inner = Rect { x: area.x + 2, y: area.y, width: area.width.saturating_sub(4), height: area.height };
    let mut body = pen.within(inner);
    let mut y = air;
    for line in &title {
        body.left(y, line);
        y += 1;
    }
    body.right(air, &right);
    body.repeat(0, y, inner.width, Role::Faint, "─");
    // The last lines are the ones a person must see: they are placed from below.
    let end = area.height.saturating_sub(bottom.len() as u16 + air);
    y += 1 + air;
    for (label, lines) in &facts {
        if y >= end {
            break;
        }
        body.write(0, y, LABEL, &Words::of(Role::Dim, label));
        for line in lines {
            if y < end {
                body.write(LABEL + 1, y, inner.width.saturating_sub(LABEL + 1), line);
            }
            y += 1;
        }
    }
    for (y, line) in (end..area.height).zip(&bottom) {
        body.left(y, line);
    }
}

/// What nobody can read whole cannot be confirmed.
pub(super) fn no_room(pen: &mut Pen<'_>, dialog: &Confirm, (columns, lines): (u16, u16)) {
    pen.wipe(Role::Dialog);
    let words = Words::of(Role::Bad, "✖ ")
        .text(safe!("make the terminal at least {} × {} to act", u64::from(columns), u64::from(lines)))
        .dim("   ")
        .add(Role::Key, "esc")
        .dim(" leave it   ")
        .strong(&dialog.title);
    for (y, line) in (0u16..).zip(words.wrap(pen.width())) {
        pen.left(y, &line);
    }
}

/// How old what it was computed from is, and where it happens. What does not fit stands in the title.
fn right(state: &State, dialog: &Confirm, width: u16) -> Words {
    let protected = environment::is_protected(state, &dialog.environment);
    let place = match dialog.environment.raw() {
        "" => Words::new(),
        _ => Words::of(if protected { Role::Protected } else { Role::Place }, safe!(" {} ", dialog.environment)),
    };
    let read = verbs::read_age(state, &dialog.action.target).map(|age| match age.as_secs() {
        0..10 => safe!("read {}.{} s ago", age.as_secs(), age.subsec_millis() / 100),
        seconds => safe!("read {} ago", crate::text::age(seconds as i64)),
    });
    let read = read.map_or_else(Words::new, |read| Words::of(Role::Dim, read).dim("  "));
    let both = read.clone().then(place.clone());
    [both, place].into_iter().find(|words| words.width() + 24 <= width).unwrap_or_default()
}

fn wrapped(lines: &[Safe], width: u16, shape: Shape) -> Vec<Words> {
    if shape == Shape::Dense {
        let all: Vec<Safe> = lines.iter().map(|line| line.tamed(WORD)).collect();
        return Words::of(Role::Text, Safe::join(&all, " ")).wrap(width);
    }
    lines.iter().flat_map(|line| Words::of(Role::Text, line.tamed(WORD)).wrap(width)).collect()
}

/// The reason, and what must be done to go on. As many lines at every moment until it is disarmed.
fn bottom(state: &State, dialog: &Confirm, width: u16, shape: Shape) -> Vec<Words> {
    let on_reason = dialog.focus == ConfirmField::Reason;
    let wanted = dialog.action.change.is_review();
    let label = Safe::of(if wanted { "comment" } else { "reason" }).pad_end(usize::from(LABEL) + 1);
    let label = Words::of(Role::Dim, label);
    let reason = typed(&dialog.reason, on_reason);
    let empty = dialog.reason.lines().iter().all(String::is_empty) && !on_reason;
    let reason = match (empty, wanted) {
        (true, true) => Words::of(Role::Wait, "GitHub asks for one, ").add(Role::Key, "tab"),
        (true, false) => Words::of(Role::Dim, "optional, ").add(Role::Key, "tab"),
        (false, _) => reason,
    };
    let leave = choice_key(state, dialog).add(Role::Key, "esc").dim(" leave it as it is");
    let ask = ask(state, dialog);
    let most = if dialog.disarmed.is_some() { 0 } else { widest(dialog) };
    let gap = width.saturating_sub(ask.width().max(most) + leave.width());
    let mut lines = vec![label.then(reason)];
    if shape != Shape::Dense {
        lines.push(Words::new());
    }
    if gap >= 3 {
        let spaces = Safe::of("").pad_end(usize::from(width.saturating_sub(ask.width() + leave.width())));
        lines.push(ask.dim(spaces).then(leave));
    } else {
        let wanted = usize::from(most.div_ceil(width.max(1)));
        let mut ask = ask.wrap(width);
        ask.resize_with(ask.len().max(wanted), Words::new);
        lines.extend(ask);
        lines.push(leave);
    }
    lines
}

/// The key of the choice that a rerun has, or a step that is skipped.
fn choice_key(state: &State, dialog: &Confirm) -> Words {
    let change = &dialog.action.change;
    let key = state.keymap.keys_of(Command::ConfirmDebug).into_iter().next();
    match (change.choice(), key) {
        (Some(chosen), Some(key)) => {
            let what = match (change.debug(), chosen) {
                (Some(_), true) => " without debug logs   ",
                (Some(_), false) => " with debug logs   ",
                (None, true) => " this step only   ",
                (None, false) => " all steps   ",
            };
            Words::of(Role::Key, crate::ui::key(key)).dim(what)
        }
        _ => Words::new(),
    }
}

/// Columns that [`ask`] takes at most while the dialog can be confirmed.
fn widest(dialog: &Confirm) -> u16 {
    let typed = match &dialog.tier {
        Tier::Yes => 0,
        // `type … and Enter to promote   …▏   ✖ that is not it`
        Tier::Typed { expected } => 2 * Safe::identity(expected).width() + 50,
    };
    typed.max(48).min(usize::from(u16::MAX)) as u16
}

/// What was typed, its end: no longer than what is asked for and a little more.
fn typed_end(dialog: &Confirm, expected: &str) -> Words {
    let most = Safe::identity(expected).width() + 6;
    let words = typed(&dialog.typed, dialog.focus == ConfirmField::Typed);
    if usize::from(words.width()) <= most {
        return words;
    }
    let text = dialog.typed.lines().concat();
    let skip = text.chars().count().saturating_sub(most.saturating_sub(2));
    let end = Safe::line(&text.chars().skip(skip).collect::<String>());
    Words::of(Role::Dim, "…").text(end.columns(0..most.saturating_sub(1)))
}

fn ask(state: &State, dialog: &Confirm) -> Words {
    if let Some(why) = &dialog.disarmed {
        return Words::of(Role::Bad, "✖ no longer to be confirmed: ").text(why);
    }
    if !dialog.takes_keys(state.now.mono) {
        return Words::of(Role::Dim, "◌ read this first: keys are taken in a moment");
    }
    let verb = dialog.action.change.verb().as_str();
    if dialog.action.change.is_review() && dialog.focus == ConfirmField::Reason {
        return Words::of(Role::Dim, "type the comment, then ").add(Role::Key, "enter");
    }
    match &dialog.tier {
        Tier::Yes => {
            let key = state.keymap.keys_of(Command::ConfirmYes).into_iter().next();
            let key = key.map_or_else(|| Safe::of("y"), crate::ui::key);
            Words::of(Role::Key, key).dim(" ").text(verb)
        }
        Tier::Typed { expected } => {
            let words = Words::of(Role::Dim, "type ")
                .strong(Safe::identity(expected))
                .dim(" and Enter to ")
                .dim(verb)
                .dim("   ")
                .then(typed_end(dialog, expected));
            if dialog.mismatch { words.add(Role::Bad, "   ✖ that is not it") } else { words }
        }
    }
}
