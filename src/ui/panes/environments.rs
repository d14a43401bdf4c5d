//! Environment health: services in rows, environments in columns, in each cell what runs there.
//!
//! ```text
//!             staging              production
//!  checkout   ✔ 1.43.0             ‖ 1.42.0 → 1.43.0  25 %
//!  search     ✖ 2.3.1  0/1 crash   ✔ 2.3.0   4/4
//! ```

mod grid;

use grid::Grid;

use super::pipelines::indent;
use super::{beside, title};
use crate::config::theme::Role;
use crate::model::kubernetes::PodHealth;
use crate::model::{Kind, Uid};
use crate::safe;
use crate::state::freshness::{self, Freshness};
use crate::state::layout::cut_top;
use crate::state::lists::{self, Item};
use crate::state::matrix::{self, Health, Matrix, Workload};
use crate::state::ui::{ListId, Pane, Place};
use crate::state::{State, derived, origin, rollout_info, workload_status};
use crate::text::{self, Safe};
use crate::ui::notice::{self, About};
use crate::ui::pen::{Lean, Pen, Words};
use crate::ui::signs::{self, Sign};
use crate::ui::table::mark;
use crate::ui::{facts, places};

const KINDS: &[Kind] = &[Kind::Deployment, Kind::Rollout];
const ABOUT: About = About {
    what: "workloads",
    when_empty: "Deployments and Rollouts appear here as soon as there are some. -n and -A choose the namespaces.",
    when_absent: "Is this a Kubernetes API server? Choose another with --context.",
};

pub fn draw(state: &State, pen: &mut Pen<'_>, focused: bool) {
    let freshness = freshness::of_kinds(state, KINDS);
    let matrix = derived::matrix(state);
    let body = indent(cut_top(pen.area(), 1).1);
    let grid = Grid::new(state, &ListId::Pane(Pane::Environments), &matrix, body.width, body.height);
    let least = if freshness::is_complete(state, KINDS) { "" } else { "≥ " };
    let services = text::plural(matrix.services.len() as u64, "service", "services");
    let right = if matrix.services.is_empty() && !least.is_empty() {
        Words::new()
    } else {
        let of = match grid.rows.len() {
            shown if shown < matrix.services.len() => safe!("{} of ", shown),
            _ => Safe::default(),
        };
        Words::of(Role::Dim, safe!("{}{}{}", of, least, services)).then(grid.beyond(&matrix))
    };
    title(pen, focused, "ENVIRONMENTS", &places::and_trouble(right, &freshness).then(unread(state)));
    if matrix.services.is_empty() {
        notice::draw(state, &mut pen.within(body), &ABOUT, &freshness, false);
        return;
    }
    if grid.rows.is_empty() {
        return notice::draw(state, &mut pen.within(body), &ABOUT, &freshness, true);
    }
    table(state, &mut pen.within(body), &matrix, &grid, focused);
}

/// The same above the list of workloads: the highlighted one is marked.
pub fn above(state: &State, pen: &mut Pen<'_>) {
    let matrix = derived::matrix(state);
    let body = indent(pen.area());
    let grid = Grid::new(state, &ListId::Place(Place::Environments), &matrix, body.width, body.height);
    if !grid.rows.is_empty() {
        table(state, &mut pen.within(body), &matrix, &grid, false);
    }
}

/// Of the highlighted workload what the columns have no room for.
pub fn foot(state: &State, pen: &mut Pen<'_>) {
    let list = ListId::Place(Place::Environments);
    let Some(line) = lists::selected_line(state, &list) else { return };
    let workload = match line.item {
        Item::Rollout(row) => Workload::Rollout(row),
        Item::Deployment(row) => Workload::Deployment(row),
        Item::Controlled(row) => Workload::Controlled(row),
        _ => return,
    };
    let mut pen = pen.within(indent(pen.area()));
    for (y, line) in (0u16..).zip(beside::foot(state, &workload).wrap(pen.width())) {
        pen.left(y, &line);
    }
}

fn table(state: &State, pen: &mut Pen<'_>, matrix: &Matrix, grid: &Grid, focused: bool) {
    let x = |column: usize| grid.names + 2 + (column - grid.environments.start) as u16 * grid.width;
    for column in grid.environments.clone() {
        let name = &matrix.environments[column];
        let room = grid.width.saturating_sub(2);
        let alone = matrix.clusters[column].len() < 2;
        // Its end tells it from those of other clusters.
        let name = if alone { name.safe().middle(usize::from(room)) } else { name.safe().clone() };
        let words = Words::of(Role::Dim, name).then(unheard(state, matrix, column));
        pen.cell(x(column), 0, room, Lean::Left, &words);
    }
    let end = x(grid.environments.end);
    if grid.beside {
        beside::heading(pen, end);
    }
    for (y, row) in (1u16..).zip(grid.rows[grid.services.clone()].iter().copied()) {
        let service = &matrix.services[row];
        let calm = service.cells.values().flatten().all(|workload| workload.health() == Health::Well);
        let role = if calm { Role::Text } else { Role::Strong };
        pen.cell(0, y, grid.names, Lean::Left, &Words::of(role, &service.name));
        if grid.beside {
            let chosen = grid.place.filter(|(at, _)| *at == row).and(grid.selected.as_ref());
            beside::cells(state, pen, (end, y), service, &matrix.environments, chosen);
        }
        for column in grid.environments.clone() {
            let x = x(column);
            let Some(workloads) = service.cells.get(&column) else {
                pen.write(x, y, 1, &Words::of(Role::Dim, "–"));
                continue;
            };
            let selected = grid.selected.as_ref().filter(|_| grid.place == Some((row, column)));
            if selected.is_some() {
                mark(pen, x.saturating_sub(1), y, grid.width.saturating_sub(1), focused);
            }
            let room = grid.width.saturating_sub(3);
            // A cluster that is not heard of dims its own cells alone.
            let old = workloads.iter().any(|it| is_old(&freshness::of_kind(state, it.meta().cluster, it.kind())));
            pen.fade(old);
            pen.cell(x, y, room, Lean::Left, &cell(state, workloads, selected, room));
            pen.fade(false);
        }
    }
    if grid.services.len() < grid.rows.len() {
        // Above a list its keys bring them.
        let has_keys = focused || state.ui.place == Place::Environments;
        pen.left(grid.services.len() as u16 + 1, &grid.hidden(state, matrix, has_keys));
    }
}

const fn is_old(freshness: &Freshness) -> bool {
    matches!(freshness, Freshness::Stale { .. } | Freshness::Failed { .. })
}

/// Which cluster of a column is not heard of, and since when.
fn unheard(state: &State, matrix: &Matrix, column: usize) -> Words {
    for cluster in matrix.clusters[column].iter().copied() {
        let all = KINDS.iter().map(|kind| freshness::of_kind(state, cluster, *kind));
        let Some(bad) = all.into_iter().find(|it| is_old(it) || matches!(it, Freshness::Denied { .. })) else {
            continue;
        };
        let sign = signs::freshness(&bad);
        let since = match &bad {
            Freshness::Stale { since, .. } => safe!("{} {}", Safe::of(bad.as_str()), text::age(since.as_secs() as i64)),
            _ => Safe::of(bad.as_str()),
        };
        let name = state.world.source(cluster).map_or_else(Safe::default, |source| safe!(" {}", source.name));
        return Words::of(Role::Dim, " ").then(sign.mark()).add(sign.role, since).dim(name);
    }
    Words::new()
}

/// The workload the keys act on: one of a cell that holds several is drawn instead of the worst.
fn cell(state: &State, workloads: &[Workload], selected: Option<&Uid>, room: u16) -> Words {
    let chosen = workloads.iter().find(|workload| Some(&workload.meta().uid) == selected);
    let Some(first) = chosen.or_else(|| workloads.first()) else { return Words::new() };
    let words = standing(state, first, room);
    if workloads.len() < 2 {
        return words;
    }
    let words = words.dim("  ").add(Role::Wait, safe!("+{} more", workloads.len() - 1));
    match chosen {
        Some(_) => words.dim(" ").dim(apart(state, workloads, first)),
        None => words,
    }
}

/// What tells a workload from the others of its cell: cluster, namespace, kind, as far as they differ.
fn apart(state: &State, workloads: &[Workload], of: &Workload) -> Safe {
    let meta = of.meta();
    let mut words = Vec::new();
    if workloads.iter().any(|other| other.meta().cluster != meta.cluster) {
        words.extend(state.world.source(meta.cluster).map(|cluster| cluster.name.safe().clone()));
    }
    if workloads.iter().any(|other| other.meta().namespace != meta.namespace) {
        words.push(meta.namespace.safe().clone());
    }
    if workloads.iter().any(|other| other.kind() != of.kind()) {
        words.push(Safe::of(of.kind().as_str()));
    }
    Safe::join(&words, " ")
}

/// Glyph, version, and where it is not well: how many are ready and the worst reason.
fn standing(state: &State, workload: &Workload, room: u16) -> Words {
    let sign = sign(state, workload);
    let (replicas, images) = match workload {
        Workload::Rollout(row) => (row.replicas, &row.images),
        Workload::Deployment(row) => (row.replicas, &row.images),
        Workload::Controlled(row) => (matrix::shown(row), &row.images),
    };
    let calm = sign.role == Role::Quiet;
    let version = versions(state, workload, facts::version_of(images), room);
    let words = sign.mark().add(if calm { Role::Dim } else { Role::Text }, version);
    let ready = facts::of(replicas.ready, replicas.desired);
    if calm && replicas.ready >= replicas.desired {
        return told(state, workload, words.dim("  ").dim(ready), room);
    }
    let weight = match workload {
        Workload::Rollout(row) => rollout_info::info(&state.world, row).weight.filter(|_| !calm),
        Workload::Deployment(_) | Workload::Controlled(_) => None,
    };
    // A canary has more pods than wanted while it lasts: only too few are worth a word.
    let few = replicas.ready < replicas.desired;
    let words = if few { words.dim("  ").add(sign.role, ready) } else { words };
    let words = match weight {
        Some(weight) => words.dim("  ").add(sign.role, weight.actual_percent()),
        None => words,
    };
    match worst_reason(state, workload) {
        Some(reason) => words.dim("  ").add(Role::Bad, reason),
        None => words,
    }
}

/// With commit or digest and the time all users have had it, as far as there is room.
fn told(state: &State, workload: &Workload, words: Words, room: u16) -> Words {
    let origin = origin::of(state, workload);
    let named =
        origin.commit.map(|commit| commit.columns(0..COMMIT)).or_else(|| origin.digest.as_ref().map(origin::short));
    let age = origin.since.map(|at| facts::ago(state, Some(at)));
    let mut words = words;
    for part in [age, named].into_iter().flatten() {
        if usize::from(words.width()) + part.width() + 2 <= usize::from(room) {
            words = words.dim("  ").dim(part);
        }
    }
    words
}

/// Letters of a commit that tell it from others.
const COMMIT: usize = 7;

/// `1.42.0 → 1.43.0` while a canary shares the traffic with the version before it, and after it was taken
/// out of it. Where there is no room for both: what serves, which after an abort is the one before.
fn versions(state: &State, workload: &Workload, new: Safe, room: u16) -> Safe {
    /// The sign, and a weight of three digits with its gaps.
    const BESIDE: usize = 2 + 7;
    let Workload::Rollout(row) = workload else { return new };
    if row.stable_hash.is_none() || row.current_pod_hash.is_none() || row.stable_hash == row.current_pod_hash {
        return new;
    }
    let mut sets = state.world.replica_sets.owned_by(&row.meta.uid);
    let stable = sets.find(|set| set.template_hash == row.stable_hash);
    let Some(old) = stable.map(|set| facts::version_of(&set.images)).filter(|old| *old != new) else { return new };
    let both = safe!("{} → {}", old, new);
    match both.width() + BESIDE <= usize::from(room) {
        true => both,
        false if row.abort => old,
        false => new,
    }
}

fn sign(state: &State, workload: &Workload) -> Sign {
    match workload {
        Workload::Rollout(row) => signs::rollout(state, row, &workload.status()),
        Workload::Deployment(_) | Workload::Controlled(_) => signs::status(&workload.status()),
    }
}

/// The word of the first broken pod.
fn worst_reason(state: &State, workload: &Workload) -> Option<Safe> {
    let uid = &workload.meta().uid;
    if let Some(pod) = state.world.troubled(uid).find(|pod| pod.health == PodHealth::Broken) {
        return Some(pod.status.clone());
    }
    let mut sets = state.world.replica_sets.owned_by(uid);
    sets.find_map(|set| state.world.troubled(&set.meta.uid).find(|pod| pod.health == PodHealth::Broken))
        .map(|pod| pod.status.clone())
}

/// Workloads of these kinds may be there and are not shown, or are shown as they were: an account that may
/// not list them is told here and nowhere else.
#[must_use]
pub fn unread(state: &State) -> Words {
    let kinds = [Kind::StatefulSet, Kind::DaemonSet, Kind::BatchJob];
    let mut told: Vec<(Freshness, Vec<Safe>)> = Vec::new();
    for kind in kinds {
        let stands = freshness::of_kinds(state, &[kind]);
        if !is_old(&stands) && !matches!(stands, Freshness::Denied { .. }) {
            continue;
        }
        let name = safe!("{}s", workload_status::word(kind));
        match told.iter_mut().find(|(other, _)| other.as_str() == stands.as_str()) {
            Some((_, names)) => names.push(name),
            None => told.push((stands, vec![name])),
        }
    }
    told.iter().fold(Words::new(), |words, (stands, names)| {
        let sign = signs::freshness(stands);
        words.dim(" · ").add(sign.role, safe!("{} {}", Safe::join(names, ", "), Safe::of(stands.as_str())))
    })
}

/// Cells named in the line below which a summary stands; more do not fit any terminal.
const NAMED: usize = 12;

/// What is not well, in one line.
#[must_use]
pub fn summary(state: &State) -> Words {
    let freshness = freshness::of_kinds(state, KINDS);
    let matrix = derived::matrix(state);
    let mut words = Words::new();
    for (row, column) in matrix.unwell.iter().take(NAMED) {
        let service = &matrix.services[*row];
        let Some(worst) = service.cells.get(column).and_then(|workloads| workloads.first()) else { continue };
        if !words.is_empty() {
            words = words.dim("   ");
        }
        let sign = sign(state, worst);
        words = words.then(sign.mark()).add(sign.role, safe!("{} {}", service.name, matrix.environments[*column]));
    }
    if matrix.unwell.len() > NAMED {
        words = words.dim(safe!("   and {} more", matrix.unwell.len() - NAMED));
    }
    if words.is_empty() && matrix.well > 0 {
        let well = text::plural(matrix.well as u64, "workload", "workloads");
        return Words::of(Role::Quiet, "✔ ").dim(safe!("{} well", well));
    }
    if words.is_empty() {
        let sign = signs::freshness(&freshness);
        return if freshness.is_live() { Words::of(Role::Dim, "no workloads") } else { sign.words() };
    }
    words
}
