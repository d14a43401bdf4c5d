//! Containers of the Docker Engines.

use super::views::CONTAINERS;
use super::{details, rows};
use crate::config::theme::Role;
use crate::model::SystemId;
use crate::model::docker::{ContainerState, DockerContainer};
use crate::safe;
use crate::state::State;
use crate::state::freshness::{self, Freshness};
use crate::state::layout::Page;
use crate::state::lists::{self, Item, Line};
use crate::state::ui::{ListId, Place};
use crate::text::Safe;
use crate::ui::notice;
use crate::ui::pen::{Pen, Words};
use crate::ui::signs::{self, Sign};
use crate::ui::{facts, panes};

/// Draws the place: the rows, or why there are none.
pub(super) fn draw(state: &State, pen: &mut Pen<'_>, page: &Page) {
    let list = ListId::Place(Place::Containers);
    let mut title = pen.within(page.title);
    let Some(engine) = state.world.of_system(SystemId::Docker).next() else {
        title.title(0, Role::Title, CONTAINERS.title, &Words::new());
        let why = "Containers come from a Docker Engine, and none is named or found on this machine.";
        return panes::no_source(&mut pen.within(page.rows), why, CONTAINERS.about.when_absent);
    };
    let freshness = freshness::of_kinds(state, CONTAINERS.kinds);
    if lists::total(state, &list) > 0 {
        return super::list(state, pen, page, &CONTAINERS);
    }
    let sign = signs::freshness(&freshness);
    let (head, why, next) = match &freshness {
        Freshness::Live { .. } => (
            Words::of(Role::Dim, "• ").text(safe!("no containers on {}", engine.name)),
            None,
            Words::of(Role::Dim, CONTAINERS.about.when_empty),
        ),
        Freshness::Denied { why } => (
            sign.mark().add(sign.role, "not allowed to read containers"),
            Some(why),
            Words::of(Role::Dim, "Everything else here goes on working."),
        ),
        _ => return super::list(state, pen, page, &CONTAINERS),
    };
    title.title(0, Role::Title, CONTAINERS.title, &sign.words());
    notice::lines(&mut pen.within(page.rows), &head, why, &next);
}

/// The cells of a row.
pub(super) fn cells(state: &State, line: &Line) -> Vec<Words> {
    let Item::Docker(row) = &line.item else { return Vec::new() };
    let sign = sign(row);
    vec![
        sign.words(),
        Words::of(sign.name_role(), &row.meta.name),
        Words::of(Role::Dim, &row.meta.namespace),
        Words::of(Role::Dim, row.image.clone()),
        Words::of(if sign.role == Role::Bad { Role::Text } else { Role::Dim }, status(row)),
        rows::restarts(row.restarts),
        Words::of(Role::Dim, Safe::join(&row.ports, " ")),
        Words::of(Role::Dim, facts::age(state, &row.meta)),
    ]
}

/// The engine's words, and why it ended where they do not say it.
fn status(row: &DockerContainer) -> Safe {
    if row.oom_killed { safe!("{}, out of memory", row.status) } else { row.status.clone() }
}

/// How a container stands, as glyph and word.
fn sign(row: &DockerContainer) -> Sign {
    let of = |role, glyph, word| Sign { role, glyph, word };
    let failed = row.oom_killed || row.exit_code.is_some_and(|code| code != 0);
    match (&row.state, row.health.as_ref().map(Safe::as_str)) {
        (ContainerState::Running, Some("unhealthy")) => of(Role::Bad, "✖", Safe::of("unhealthy")),
        (ContainerState::Running, Some("starting")) => of(Role::Move, "◌", Safe::of("starting")),
        (ContainerState::Running, Some("healthy")) => of(Role::Quiet, "✔", Safe::of("healthy")),
        (ContainerState::Running, _) => of(Role::Quiet, "●", Safe::of("running")),
        (ContainerState::Restarting, _) => of(Role::Bad, "↻", Safe::of("restarting")),
        (ContainerState::Paused, _) => of(Role::Wait, "‖", Safe::of("paused")),
        (ContainerState::Created, _) => of(Role::Dim, "·", Safe::of("created")),
        (ContainerState::Removing, _) => of(Role::Move, "◌", Safe::of("removing")),
        (ContainerState::Dead, _) => of(Role::Bad, "✖", Safe::of("dead")),
        (ContainerState::Exited, _) if row.oom_killed => of(Role::Bad, "✖", Safe::of("OOMKilled")),
        (ContainerState::Exited, _) if failed => {
            of(Role::Bad, "✖", safe!("exited {}", row.exit_code.unwrap_or_default()))
        }
        (ContainerState::Exited, _) => of(Role::Dim, "○", Safe::of("exited")),
        (ContainerState::Other(word), _) => of(Role::Wait, "?", word.clone()),
    }
}

/// One in full: what its row had to cut, and when it began and ended.
pub(super) fn detail(state: &State, pen: &mut Pen<'_>, row: &DockerContainer) {
    let since = |at| safe!("{} ago", facts::since(state, row.meta.cluster, at));
    let sign = sign(row);
    let mut lines =
        vec![("state", sign.words().dim("  ").text(status(row))), ("image", Words::of(Role::Text, row.image.clone()))];
    if !row.ports.is_empty() {
        lines.push(("ports", Words::of(Role::Text, Safe::join(&row.ports, "  "))));
    }
    if row.started.is_some() {
        lines.push(("started", Words::of(Role::Text, since(row.started))));
    }
    if let (Some(code), true) = (row.exit_code, row.finished.is_some()) {
        lines.push(("ended", Words::of(Role::Text, safe!("{}, exit code {}", since(row.finished), code))));
    }
    lines.push(("restarts", rows::restarts(row.restarts)));
    let mut y = 0;
    for (label, words) in lines {
        pen.write(0, y, 10, &Words::of(Role::Dim, label));
        y = details::indented(pen, y, 10, &words);
    }
}
