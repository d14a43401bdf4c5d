//! Every key that applies here, from the keymap and the table of commands, in two columns where
//! there is room.

use ratatui::layout::Rect;

use crate::command::{Command, Scope};
use crate::config::theme::Role;
use crate::model::source::SourceScope;
use crate::safe;
use crate::state::State;
use crate::state::help::{self, Line};
use crate::state::layout::{self, HELP_KEYS, Help};
use crate::text::Safe;
use crate::ui::pen::{Lean, Pen, Words};

pub(super) fn draw(state: &State, pen: &mut Pen<'_>, top: usize) {
    let all = pen.area();
    let lines = help::lines(state, layout::help_columns((all.width, all.height)));
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
            Line::Row(row, words, usable) => {
                body.cell(x, y, HELP_KEYS - 1, Lean::Left, &keys(state, row.command));
                if !usable {
                    body.write(x + HELP_KEYS - 2, y, 1, &Words::of(Role::Unknown, "-"));
                }
                body.write(x + HELP_KEYS, y, wide, &Words::of(role(*usable), words));
            }
            Line::More(words, usable) => drop(body.write(x + HELP_KEYS, y, wide, &Words::of(role(*usable), words))),
            Line::Why(words) => drop(body.write(x + HELP_KEYS, y, wide, &Words::of(Role::Unknown, words))),
            Line::Found => drop(body.write(x, y, wide, &Words::of(Role::Title, "discovered sources"))),
            Line::Clock => drop(body.write(x, y, wide, &Words::of(Role::Title, "clocks"))),
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

/// What cannot be used now is quieter.
const fn role(usable: bool) -> Role {
    if usable { Role::Text } else { Role::Dim }
}

/// `github  api.github.com  (git remote origin)`.
fn discovered(source: &SourceScope) -> Words {
    let words = Words::of(Role::Dim, source.system.as_str()).dim("  ").text(&source.name);
    match &source.discovered {
        Some(place) => words.dim(safe!("  ({})", place)),
        None => words,
    }
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
        Scope::Containers => "containers",
        Scope::Applications => "applications of Argo CD",
        Scope::Images => "images",
        Scope::Log => "in a log",
        Scope::Confirm => "in a dialog",
    }
}
