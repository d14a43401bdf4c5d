//! What waits for a person, over all systems, longest first: what, where, since when, what helps.

use super::View;
use crate::command::Command;
use crate::config::theme::Role;
use crate::model::Kind;
use crate::state::lists::{Item, Line};
use crate::state::waiting::{Gate, Waiting, WaitingKind};
use crate::state::{State, shared};
use crate::text::Safe;
use crate::ui::notice::{self, About};
use crate::ui::pen::Words;
use crate::ui::table::{left, named, right, told};
use crate::ui::{facts, signs};

pub(super) static INBOX: View = View {
    title: "INBOX",
    kinds: &[Kind::Rollout, Kind::Run],
    about: About {
        what: notice::WAITING,
        when_empty: "Nothing waits for a person. Paused rollouts, undecided analyses, runs that need an approval and \
                     actions without an end appear here.",
        when_absent: "",
    },
    columns: &[
        left("waits for", 14, 0, 0),
        named("object", 18, 1, 0),
        named("environment", 12, 1, 3),
        told("what", 30, 4, 1),
        right("since", 6, 2),
        left("helps", 18, 1, 4),
    ],
    cells,
};

/// The cells of a row.
pub(super) fn cells(state: &State, line: &Line) -> Vec<Words> {
    let Item::Waiting(row) = &line.item else { return Vec::new() };
    let sign = sign(row.kind);
    let environment = row.environment.as_ref().map(|name| shared::environment(state, row.object.cluster, name));
    vec![
        sign.words(),
        mark(state, row).strong(&row.object.name),
        Words::of(Role::Dim, environment.unwrap_or_else(|| Safe::of("–"))),
        Words::of(Role::Text, &row.words),
        Words::of(Role::Wait, facts::since(state, row.object.cluster, row.since)),
        helps(state, row),
    ]
}

/// What is marked goes into one approval.
fn mark(state: &State, row: &Waiting) -> Words {
    let marked = |gate: &Gate| state.ui.marked.contains(&(row.object.uid.clone(), gate.environment));
    if row.gate.as_ref().is_some_and(marked) { Words::of(Role::Key, "● ") } else { Words::new() }
}

fn sign(kind: WaitingKind) -> signs::Sign {
    let (glyph, word) = match kind {
        WaitingKind::ManualPause => ("‖", "go on"),
        WaitingKind::InconclusiveAnalysis => ("?", "judgement"),
        WaitingKind::Approval => ("‖", "approval"),
        WaitingKind::StuckOperation => ("?", "evidence"),
    };
    signs::Sign::new(Role::Wait, glyph, Safe::of(word))
}

/// The keys that help, as they are bound.
fn helps(state: &State, row: &Waiting) -> Words {
    let mut words = Words::new();
    // Opening the row looks at it.
    for command in row.keys.iter().filter(|command| **command != Command::Look) {
        let Some(key) = state.keymap.keys_of(*command).first().copied() else { continue };
        if !words.is_empty() {
            words.push(Role::Dim, "  ");
        }
        words = words.add(Role::Key, crate::ui::key(key)).dim(" ").dim(command.row().hint);
    }
    words
}
