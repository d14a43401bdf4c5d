//! Containers by the Compose project they belong to.

use std::collections::BTreeSet;

use super::State;
use crate::model::docker::{ContainerState, DockerContainer};
use crate::model::{Kind, Name, ObjectId, SourceId};

/// A project on an engine, and how its containers stand.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Project {
    pub source: SourceId,
    pub name: Name,
    pub running: usize,
    pub total: usize,
    pub bad: usize,
    /// Its containers are not shown.
    pub folded: bool,
}

/// It is not as it should be: it failed, fails again and again, or its health check does.
#[must_use]
pub fn is_bad(row: &DockerContainer) -> bool {
    let failed = row.oom_killed || row.exit_code.is_some_and(|code| code != 0);
    match &row.state {
        ContainerState::Running => row.health.as_ref().is_some_and(|health| health.as_str() == "unhealthy"),
        ContainerState::Restarting | ContainerState::Dead => true,
        ContainerState::Exited => failed,
        _ => false,
    }
}

/// Containers in the order of their list: project by project, those of none last; `None` is a project's
/// own row.
#[must_use]
pub fn in_order(state: &State, folded: &BTreeSet<String>) -> Vec<(Project, Vec<usize>)> {
    let rows = state.world.containers.rows();
    let mut all: Vec<(Project, Vec<usize>)> = Vec::new();
    for (at, row) in rows.iter().enumerate() {
        let (source, name) = (row.meta.cluster, &row.meta.namespace);
        if !all.last().is_some_and(|(project, _)| project.source == source && project.name == *name) {
            let folded = folded.contains(&key(source, name));
            let project = Project { source, name: name.clone(), running: 0, total: 0, bad: 0, folded };
            all.push((project, Vec::new()));
        }
        if let Some((project, places)) = all.last_mut() {
            project.total += 1;
            project.running += usize::from(row.state == ContainerState::Running);
            project.bad += usize::from(is_bad(row));
            places.push(at);
        }
    }
    all.sort_by_key(|(project, _)| project.name.raw().is_empty());
    all
}

/// What a project that somebody folded is remembered by.
#[must_use]
pub fn key(source: SourceId, project: &Name) -> String {
    format!("{} {}", source.0, project.raw())
}

/// Containers on the screen that run: what they take is read.
#[must_use]
pub fn looked_at(state: &State) -> Vec<ObjectId> {
    use super::lists::{self, Item};
    use super::ui::{ListId, Place};
    if state.ui.place != Place::Containers {
        return Vec::new();
    }
    let list = ListId::Place(Place::Containers);
    let top = state.ui.list(&list).map_or(0, |list| list.top);
    let height = usize::from(state.ui.size.1);
    let rows = lists::rows(state, &list, top..top + height);
    let running = rows.into_iter().filter_map(|line| match line.item {
        Item::Docker(row) if row.state == ContainerState::Running => Some(row.meta.id(Kind::Container)),
        _ => None,
    });
    running.collect()
}
