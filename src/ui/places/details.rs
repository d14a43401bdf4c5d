//! The selected row in full, beside the rows of a wide terminal.

use super::{pages, rows};
use crate::config::theme::Role;
use crate::model::Kind;
use crate::safe;
use crate::state::State;
use crate::state::layout::cut_top;
use crate::state::lists::{self, Item, Line};
use crate::state::ui::{ListId, Place, RowId};
use crate::state::waiting::Waiting;
use crate::ui::panes::canary;
use crate::ui::pen::{Pen, Words};
use crate::ui::{facts, signs, table};

/// What is selected in a list, as far as there is room; with a title unless it names itself beside the rows.
pub(super) fn selected(state: &State, pen: &mut Pen<'_>, list: &ListId, below: bool) {
    if pen.height() < 4 || pen.width() < 20 {
        return;
    }
    let Some(line) = lists::selected_line(state, list) else { return };
    // A run brings its own title.
    let id = match &line.id {
        RowId::Object(id) | RowId::Waiting(_, id) if !id.kind.is_run() => Some(id),
        _ => None,
    };
    let titled = below || matches!(line.item, Item::Slo(_) | Item::Docker(_) | Item::Waiting(_) | Item::Rollout(_));
    let Some(id) = id.filter(|_| titled) else { return item(state, pen, &line) };
    pen.title(0, Role::Title, pages::heading(state, id), &Words::new());
    let area = cut_top(pen.area(), 1).1;
    item(state, &mut pen.within(area), &line);
}

/// The object that waits; an action whose object is gone says for itself what is known.
fn waiting(state: &State, pen: &mut Pen<'_>, row: &Waiting) {
    if let Some(rollout) = state.world.rollouts.get(&row.object.uid) {
        return canary::details(state, pen, rollout, true);
    }
    if let Some(run) = state.world.runs.get(&row.object.uid) {
        return super::runs::detail(state, pen, run);
    }
    paragraph(pen, 0, &Words::of(Role::Text, &row.sentence));
}

fn item(state: &State, pen: &mut Pen<'_>, line: &Line) {
    match &line.item {
        Item::Rollout(rollout) => canary::details(state, pen, rollout, true),
        Item::Pod(pod) => {
            let sign = signs::pod(pod);
            pen.left(0, &Words::of(Role::Strong, &pod.meta.name));
            pen.left(1, &sign.words().dim("  ").dim(pod.message.clone().unwrap_or_default()));
            let mut y = 3;
            for container in &pod.states {
                let (word, detail) = facts::container(state, pod.meta.cluster, &container.state);
                let sign = signs::status(&word);
                y = paragraph(
                    pen,
                    y,
                    &sign.mark().add(sign.name_role(), &container.name).dim("  ").add(sign.role, word),
                );
                y = paragraph(pen, y, &Words::of(Role::Dim, &container.image));
                if !detail.is_empty() {
                    y = paragraph(pen, y, &Words::of(Role::Text, detail));
                }
                y += 1;
            }
        }
        Item::Operation(operation) => {
            let sign = signs::outcome(&operation.outcome);
            let verb = operation.action.change.verb().as_str();
            pen.left(0, &Words::of(Role::Strong, safe!("{} {}", verb, operation.action.target.name)));
            pen.left(1, &sign.words());
            let mut y = 3;
            let reason = if operation.reason.is_empty() {
                Words::of(Role::Dim, "none was given")
            } else {
                Words::of(Role::Text, &operation.reason)
            };
            let lines: [(&'static str, Words); 5] = [
                ("what", Words::of(Role::Text, &operation.summary)),
                ("became", rows::operation_words(state, operation)),
                ("expects", Words::of(Role::Text, &operation.expects)),
                ("reason", reason),
                ("cluster", Words::of(Role::Text, &operation.cluster)),
            ];
            for (label, words) in lines {
                pen.write(0, y, 12, &Words::of(Role::Dim, label));
                y = indented(pen, y, 12, &words);
            }
        }
        Item::Event(event) => {
            pen.left(0, &Words::of(Role::Strong, &event.reason));
            paragraph(pen, 2, &Words::of(Role::Text, &event.message));
        }
        Item::Deployment(row) => {
            let list = ListId::Place(Place::Workload(row.meta.id(Kind::Deployment)));
            table::rows(state, &list, pen, pages::TREE, &mut |line| rows::tree(state, line, None));
        }
        Item::Controlled(row) => {
            let list = ListId::Place(Place::Workload(row.meta.id(row.kind)));
            table::rows(state, &list, pen, pages::TREE, &mut |line| rows::tree(state, line, None));
        }
        Item::Run(run) => super::runs::detail(state, pen, run),
        Item::Slo(slo) => super::slos::detail(state, pen, slo),
        Item::Docker(row) => super::containers::detail(state, pen, row),
        Item::Access(row) => super::access::words(state, pen, row),
        Item::Application(row) => super::applications::detail(state, pen, row),
        Item::Pool(pool) => drop(paragraph(pen, 0, &super::runners::words(pool))),
        Item::Waiting(row) => waiting(state, pen, row),
        Item::Station(row) => super::lane::detail(state, pen, row),
        Item::Group(_) | Item::Job(_) | Item::Earlier(_) | Item::JobStep(_) => super::runs::plain(state, pen, line),
        Item::Aside(..)
        | Item::Project(_)
        | Item::Folder(_)
        | Item::Beside(_)
        | Item::ReplicaSet(_)
        | Item::AnalysisRun(_)
        | Item::Experiment(_)
        | Item::Step { .. }
        | Item::Revision(_)
        | Item::Container(_)
        | Item::Metric(_)
        | Item::Measurement(_)
        | Item::Burn(_)
        | Item::Alert(_)
        | Item::Image(_)
        | Item::Kept(_)
        | Item::Differs(..)
        | Item::Deployed(..)
        | Item::Release(_)
        | Item::Recorded(_)
        | Item::Variant(_)
        | Item::Missing(_)
        | Item::Security(_)
        | Item::User(..) => {
            let cells = rows::tree(state, line, None);
            let mut y = 0;
            for words in &cells {
                y = paragraph(pen, y, words);
            }
        }
    }
}

/// Wrapped words from a line on; the line after them.
pub(super) fn paragraph(pen: &mut Pen<'_>, y: u16, words: &Words) -> u16 {
    indented(pen, y, 0, words)
}

pub(super) fn indented(pen: &mut Pen<'_>, y: u16, x: u16, words: &Words) -> u16 {
    let width = pen.width();
    let lines = words.wrap(width.saturating_sub(x));
    for (at, line) in (y..).zip(&lines) {
        pen.write(x, at, width, line);
    }
    y.saturating_add(lines.len() as u16)
}
