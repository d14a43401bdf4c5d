//! What this account may do, a row for each namespace: as each cluster's authorizer says it.

use super::View;
use super::details::paragraph;
use crate::config::theme::Role;
use crate::model::Kind;
use crate::model::access::{Answer, Right};
use crate::safe;
use crate::state::State;
use crate::state::access::{self, Row};
use crate::text::{Safe, age};
use crate::ui::notice::About;
use crate::ui::pen::{Pen, Words};
use crate::ui::table::{left, named};

pub(super) static ACCESS: View = View {
    title: "ACCESS",
    kinds: &[Kind::Namespace],
    about: About { what: "namespaces", when_empty: "No namespace is in the scope.", when_absent: "" },
    columns: &[
        named("namespace", 12, 2, 0),
        named("environment", 11, 1, 5),
        left("see", 5, 0, 2),
        left("logs", 5, 0, 4),
        left("promote abort", 13, 0, 0),
        left("pause undo image", 16, 0, 0),
        left("deployments", 11, 0, 0),
        left("sets", 5, 0, 8),
        left("scale", 5, 0, 1),
        left("analysis", 8, 0, 6),
        left("applications", 12, 0, 3),
        left("pipelines", 9, 0, 7),
        left("comes nearest to", 16, 2, 1),
    ],
    cells: |state, line| match &line.item {
        crate::state::lists::Item::Access(row) => cells(state, row),
        _ => Vec::new(),
    },
};

/// Rights under one column: all of them, some, none, or not known.
const COLUMNS: [&[Right]; 10] = [
    &[Right::ListRollouts, Right::ListPods],
    &[Right::ReadLogs],
    &[Right::PatchRolloutStatus],
    &[Right::PatchRollouts],
    &[Right::PatchDeployments],
    &[Right::PatchStatefulSets, Right::PatchDaemonSets],
    &[Right::ScaleDeployments, Right::ScaleStatefulSets, Right::ScaleRollouts],
    &[Right::PatchAnalysisRuns],
    &[Right::PatchApplications],
    &[Right::PatchPipelineRuns, Right::CreatePipelineRuns],
];

/// The cells of a row.
pub(super) fn cells(state: &State, row: &Row) -> Vec<Words> {
    let (namespace, environment) = &row.told;
    let mut cells = vec![Words::of(Role::Strong, namespace), Words::of(Role::Place, environment)];
    cells.extend(COLUMNS.iter().map(|rights| mark(state, row, rights)));
    let nearest = row.read.as_ref().and_then(|read| access::nearest(read, &row.environment));
    cells.push(Words::of(Role::Dim, nearest.map_or_else(|| Safe::of("?"), Safe::of)));
    cells
}

fn mark(state: &State, row: &Row, rights: &[Right]) -> Words {
    let Some(read) = &row.read else { return Words::of(Role::Move, "◌") };
    let answers: Vec<Option<&Answer>> = rights.iter().map(|right| read.answers.get(right)).collect();
    let all = |wanted: fn(&Answer) -> bool| answers.iter().all(|answer| answer.is_some_and(wanted));
    if all(|answer| matches!(answer, Answer::Allowed)) {
        // The account may, and this console does not.
        let changes = rights.iter().any(|right| right.changes());
        if changes && state.read_only.is_some() {
            Words::of(Role::Dim, "‖ yes")
        } else {
            Words::of(Role::Good, "✔ yes")
        }
    } else if all(|answer| matches!(answer, Answer::Denied(_))) {
        Words::of(Role::Dim, "– no")
    } else if answers.iter().any(|answer| matches!(answer, None | Some(Answer::Unknown(_)))) {
        Words::of(Role::Unknown, "?")
    } else {
        Words::of(Role::Wait, "some")
    }
}

/// One in full: each right in the words of kubectl.
pub(super) fn words(state: &State, pen: &mut Pen<'_>, row: &Row) {
    let cluster = state.world.source(row.source);
    let user = cluster.map(|cluster| cluster.user.clone()).unwrap_or_default();
    let place = cluster.map(|cluster| cluster.name.safe().clone()).unwrap_or_default();
    let heard =
        row.age.map_or_else(|| Safe::of("not asked yet"), |since| safe!("asked {} ago", age(since.as_secs() as i64)));
    let head = Words::of(Role::Strong, safe!("{} in {} on {}", user, row.namespace, place)).dim("   ").dim(heard);
    let mut y = paragraph(pen, 0, &head);
    if let Some(why) = &state.read_only {
        let line =
            Words::of(Role::Wait, safe!("read-only: nothing is changed from here, whatever the account may ({})", why));
        y = paragraph(pen, y, &line);
    }
    let Some(read) = &row.read else { return };
    for (title, role, wanted) in [("may", Role::Good, true), ("may not", Role::Wait, false)] {
        let of = |right: &Right| {
            let answer = read.answers.get(right);
            matches!((answer, wanted), (Some(Answer::Allowed), true) | (Some(Answer::Denied(_)), false))
        };
        let all: Vec<Safe> = Right::ALL.iter().filter(|right| of(right)).map(|right| right.words()).collect();
        if !all.is_empty() {
            let line = Words::of(role, title).dim("  ").text(Safe::join(&all, ", "));
            y = paragraph(pen, y, &line);
        }
    }
    for (right, answer) in &read.answers {
        if let Answer::Unknown(why) = answer {
            let line = Words::of(Role::Unknown, "? ").text(right.words()).dim("  ").dim(why);
            y = paragraph(pen, y, &line);
        }
    }
    paragraph(
        pen,
        y,
        &Words::of(Role::Dim, "The server decides again with each action; this is what it says of its rules."),
    );
}
