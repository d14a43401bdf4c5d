//! Containers of the Docker Engines.

use super::views::CONTAINERS;
use super::{details, rows};
use crate::config::theme::Role;
use crate::model::SystemId;
use crate::model::docker::{ContainerState, DockerContainer};
use crate::safe;
use crate::state::State;
use crate::state::containers::Project;
use crate::state::freshness::{self, Freshness};
use crate::state::layout::Page;
use crate::state::lists::{self, Item, Line};
use crate::state::ui::{ListId, Place};
use crate::text::{self, Safe};
use crate::ui::notice;
use crate::ui::pen::{Pen, Words};
use crate::ui::signs::{self, Sign};
use crate::ui::{facts, panes};

/// What was counted longer ago is no longer what it takes.
const OLD: std::time::Duration = std::time::Duration::from_secs(20);

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
    let row = match &line.item {
        Item::Docker(row) => row,
        Item::Project(project) => return heading(project),
        _ => return Vec::new(),
    };
    let sign = sign(row);
    let (cpu, memory) = usage(state, row);
    let indent = if line.depth > 0 { "  " } else { "" };
    vec![
        sign.words(),
        Words::of(Role::Dim, indent).add(sign.name_role(), &row.meta.name),
        Words::of(Role::Dim, row.image.clone()),
        Words::of(if sign.role == Role::Bad { Role::Text } else { Role::Dim }, status(row)),
        cpu,
        memory,
        rows::restarts(row.restarts),
        Words::of(Role::Dim, Safe::join(&row.ports, " ")),
        Words::of(Role::Dim, facts::age(state, &row.meta)),
    ]
}

/// `▾ shop  5 of 6 run`: a Compose project, above its containers.
fn heading(project: &Project) -> Vec<Words> {
    let glyph = if project.folded { "▸ " } else { "▾ " };
    let runs = safe!("{} of {} run", project.running, project.total);
    let word = match project.bad {
        0 => Words::of(Role::Dim, "project"),
        bad => Words::of(Role::Bad, safe!("✖ {} not well", bad)),
    };
    vec![word, Words::of(Role::Dim, glyph).add(Role::Strong, &project.name), Words::new(), Words::of(Role::Dim, runs)]
}

/// What it takes, as long as that is fresh.
fn usage(state: &State, row: &DockerContainer) -> (Words, Words) {
    let running = row.state == ContainerState::Running;
    let Some((heard, Ok(taken))) = state.world.details.usage(&row.meta.uid).filter(|_| running) else {
        return (Words::new(), Words::new());
    };
    let old = state.now.mono.saturating_sub(*heard) > OLD;
    let role = |hot: bool| match (old, hot) {
        (true, _) => Role::Dim,
        (false, true) => Role::Wait,
        (false, false) => Role::Text,
    };
    let cpu = taken.cpu.map_or_else(Words::new, |cpu| Words::of(role(false), text::percent(cpu * 100.0)));
    let near = taken
        .memory
        .zip(taken.memory_limit)
        .is_some_and(|(used, limit)| used.saturating_mul(10) > limit.saturating_mul(9));
    let memory = taken.memory.map_or_else(Words::new, |used| Words::of(role(near), text::bytes(used)));
    (cpu, memory)
}

/// In full, with how long ago it was counted.
fn usage_in_full(state: &State, row: &DockerContainer) -> Option<Words> {
    let (heard, taken) = state.world.details.usage(&row.meta.uid)?;
    let taken = match taken {
        Ok(taken) => taken,
        Err(why) => return Some(Words::of(Role::Unknown, why)),
    };
    let seconds = state.now.mono.saturating_sub(*heard).as_secs() as i64;
    let cpu = match taken.cpu {
        Some(cpu) => safe!("{} of one processor", text::percent(cpu * 100.0)),
        None => Safe::of("cpu after the second reading"),
    };
    let memory = match (taken.memory, taken.memory_limit) {
        (Some(used), Some(limit)) if limit > 0 => {
            safe!(
                "{} of {} ({})",
                text::bytes(used),
                text::bytes(limit),
                text::percent(used as f64 / limit as f64 * 100.0)
            )
        }
        (Some(used), _) => safe!("{} of memory", text::bytes(used)),
        (None, _) => Safe::of("memory not counted"),
    };
    Some(Words::of(Role::Text, cpu).dim(" · ").text(memory).dim(safe!(" · counted {} ago", text::age(seconds))))
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
    if row.state == ContainerState::Running
        && let Some(words) = usage_in_full(state, row)
    {
        lines.push(("takes", words));
    }
    let mut y = 0;
    for (label, words) in lines {
        pen.write(0, y, 10, &Words::of(Role::Dim, label));
        y = details::indented(pen, y, 10, &words);
    }
}
