//! Every key that applies here, from the keymap and the table of commands, in two columns where
//! there is room.

use ratatui::layout::Rect;

use crate::command::{Command, Row, Scope};
use crate::config::theme::Role;
use crate::model::source::SourceScope;
use crate::safe;
use crate::state::layout::{self, Help};
use crate::state::{State, verbs};
use crate::text::Safe;
use crate::ui::pen::{Lean, Pen, Words};

pub(super) fn draw(state: &State, pen: &mut Pen<'_>, top: usize) {
    let all = pen.area();
    let lines = lines(state);
    let Help { area, columns, room } = layout::help((all.width, all.height), lines.len());
    let Rect { width, height, .. } = area;
    let mut pen = pen.within(area);
    pen.wipe(Role::Dialog);
    let close = crate::ui::footer::hint(state, Command::Leave).unwrap_or_default();
    let inner = Rect { x: area.x + 2, y: area.y, width: width.saturating_sub(4), height };
    let mut body = pen.within(inner);
    body.title(1.min(height - 1), Role::Focus, "KEYS", &close);
    let most = usize::from(room) * usize::from(columns);
    let top = top.min(lines.len().saturating_sub(most));
    let wide = inner.width / columns;
    for (at, line) in lines.iter().skip(top).take(most).enumerate() {
        let (column, y) = (at as u16 / room.max(1), at as u16 % room.max(1));
        let x = column * wide;
        let y = y + 2;
        match line {
            Line::Scope(scope) => drop(body.write(x, y, wide, &Words::of(Role::Title, heading(*scope)))),
            Line::Row(row, why) => {
                body.cell(x, y, 18, Lean::Left, &keys(state, row.command));
                let words = Words::of(if why.is_some() { Role::Dim } else { Role::Text }, row.help);
                let words = match why {
                    Some(why) => words.add(Role::Unknown, safe!(" ({})", why)),
                    None => words,
                };
                body.write(x + 20, y, wide.saturating_sub(22), &words);
            }
            Line::Found => drop(body.write(x, y, wide, &Words::of(Role::Title, "discovered sources"))),
            Line::Source(source) => {
                body.write(x, y, wide.saturating_sub(2), &discovered(source));
            }
            Line::Air => {}
        }
    }
    if lines.len() > most {
        let left = lines.len() - most - top;
        let more = if left > 0 { safe!("{} more below", left) } else { Safe::of("the end") };
        body.right(height.saturating_sub(1), &Words::of(Role::Dim, more));
    }
}

fn lines(state: &State) -> Vec<Line<'_>> {
    let mut lines = Vec::new();
    for (scope, rows) in verbs::help(state) {
        if !lines.is_empty() {
            lines.push(Line::Air);
        }
        lines.push(Line::Scope(scope));
        lines.extend(rows.into_iter().map(|row| Line::Row(row, verbs::check(state, row.command).err())));
    }
    // What nobody named is shown as such, with the place it was found in.
    let found: Vec<Line> =
        state.world.sources.iter().filter(|source| source.discovered.is_some()).map(Line::Source).collect();
    if !found.is_empty() {
        lines.extend([Line::Air, Line::Found]);
        lines.extend(found);
    }
    lines
}

/// `github  api.github.com  (git remote origin)`.
fn discovered(source: &SourceScope) -> Words {
    let words = Words::of(Role::Dim, source.system.as_str()).dim("  ").text(&source.name);
    match &source.discovered {
        Some(place) => words.dim(safe!("  ({})", place)),
        None => words,
    }
}

enum Line<'a> {
    Scope(Scope),
    /// The command, and why it cannot be used now.
    Row(&'static Row, Option<Safe>),
    /// The heading of what follows.
    Found,
    Source(&'a SourceScope),
    Air,
}

fn keys(state: &State, command: Command) -> Words {
    let mut words = Words::new();
    for key in state.keymap.keys_of(command).into_iter().take(3) {
        if !words.is_empty() {
            words = words.dim("  ");
        }
        words = words.add(Role::Key, crate::ui::key(key));
    }
    words
}

const fn heading(scope: Scope) -> &'static str {
    match scope {
        Scope::Global => "everywhere",
        Scope::List => "in lists",
        Scope::Deck => "on the Deck",
        Scope::Environments => "environments",
        Scope::Workloads => "rollouts and deployments",
        Scope::Runs => "runs",
        Scope::Log => "in a log",
        Scope::Confirm => "in a dialog",
    }
}
