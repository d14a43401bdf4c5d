//! Where am I, and how true is what I see:
//!
//! ```text
//!  quarterdeck  ⎈ eks-prod · production +3 · ana        ● k8s  ◐ argo 41s stale  demo ×20   PRODUCTION
//! ```

use super::pen::{Pen, Words};
use super::signs;
use crate::config::theme::Role;
use crate::model::source::SourceScope;
use crate::model::{Kind, SystemId};
use crate::safe;
use crate::state::freshness::{self, Freshness};
use crate::state::{State, environment, optional, slos};
use crate::text::{self, Safe};

pub fn draw(state: &State, pen: &mut Pen<'_>) {
    let width = pen.width();
    pen.background(0, 0, width, Role::Band);
    let badges = badges(state);
    let mut end = width;
    for (role, badge) in badges.iter().rev() {
        let badge = Words::of(*role, safe!(" {} ", badge));
        let size = badge.width();
        if end < size + 14 {
            break;
        }
        end -= size;
        pen.write(end, 0, size, &badge);
        end = end.saturating_sub(1);
    }
    let left = scope(state);
    let room = end.saturating_sub(1);
    let sources = [Room::Wide, Room::Brief, Room::Terse].map(|room| sources(state, room));
    let fits = sources[..2].iter().find(|words| left.width() + words.width() + 3 <= room);
    // Trouble with a source goes before the rest of the scope's name, and before its own whole words.
    let cut = || sources[1..].iter().find(|words| words.width() + 13 <= room);
    let sources = fits.or_else(cut).unwrap_or(&sources[2]);
    let taken = sources.width().min(room.saturating_sub(13));
    pen.write(room - taken, 0, taken, sources);
    pen.write(1, 0, room.saturating_sub(taken + 3), &left);
}

/// Cluster, namespaces, user.
fn scope(state: &State) -> Words {
    let mut words = Words::of(Role::Strong, "quarterdeck").dim("  ⎈ ");
    let clusters: Vec<&SourceScope> = state.world.clusters().collect();
    let Some(cluster) = clusters.first() else { return words.dim("no cluster") };
    words = words.text(&cluster.name);
    if clusters.len() > 1 {
        words = words.dim(safe!(" +{}", clusters.len() - 1));
    }
    words = words.add(Role::Faint, " · ");
    words = match &cluster.namespaces {
        None => words.text("all namespaces"),
        Some(names) => {
            let words = words.text(names.first().map_or_else(|| Safe::of("default"), |name| name.safe().clone()));
            if names.len() > 1 { words.dim(safe!(" +{}", names.len() - 1)) } else { words }
        }
    };
    if cluster.user.is_empty() { words } else { words.add(Role::Faint, " · ").dim(&cluster.user) }
}

/// How much is said of the systems.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Room {
    Wide,
    /// Only those in trouble, the failed ones first.
    Brief,
    /// The same in a sign and a word each.
    Terse,
}

/// A dot per system; only those in trouble where there is little room.
fn sources(state: &State, room: Room) -> Words {
    let there = SystemId::ALL.into_iter().filter(|system| state.world.of_system(*system).next().is_some());
    let mut shown: Vec<(SystemId, Freshness)> = there.map(|system| (system, of_system(state, system))).collect();
    // Most clusters run no pipelines, and nobody misses them there.
    shown.retain(|(system, _)| optional::is_there(state, *system));
    // Beside Argo Rollouts it is worth a word when something is the matter with it.
    shown.retain(|(system, freshness)| *system != SystemId::ArgoCd || !is_calm(freshness));
    // They are asked when a pod is gone, something was deployed or is out of sync, and worth a word before that when
    // something is the matter with them.
    let asked_when_needed = |system| matches!(system, SystemId::Loki | SystemId::Grafana | SystemId::ArgoServer);
    shown.retain(|(system, freshness)| !asked_when_needed(*system) || !is_calm(freshness));
    // Few may list Secrets, and nothing but its own list needs them; what was read and is old is worth a word.
    shown.retain(|(system, freshness)| *system != SystemId::Helm || matches!(freshness, Freshness::Stale { .. }));
    if room != Room::Wide {
        let short = |system| system == SystemId::GitHub && is_short(state);
        shown.retain(|(system, freshness)| !is_calm(freshness) || short(*system));
        shown.sort_by_key(|(_, freshness)| match freshness {
            Freshness::Failed { .. } | Freshness::Denied { .. } | Freshness::Absent { .. } => 0,
            Freshness::Stale { .. } | Freshness::Partial { .. } => 1,
            Freshness::Live { .. } | Freshness::Loading { .. } => 2,
        });
    }
    let mut words = Words::new();
    for (system, freshness) in &shown {
        if !words.is_empty() {
            words.push(Role::Dim, if room == Room::Terse { " " } else { "  " });
        }
        words = words.then(source(state, *system, freshness, room));
    }
    let firing = slos::firing(state).count() as u64;
    if firing > 0 {
        words = words.add(Role::Bad, safe!("  ✖ {}", text::plural(firing, "alert", "alerts")));
    }
    if let Some(skewed) = freshness::skewed(state) {
        words = words.add(Role::Wait, safe!("  ⚠ {}", skewed));
    }
    for cluster in state.world.clusters().filter(|cluster| cluster.unusable.is_some()) {
        if state.world.clusters().count() > 1 {
            words = words.add(Role::Bad, safe!("  ✖ {}", cluster.name));
        }
    }
    words
}

const fn is_calm(freshness: &Freshness) -> bool {
    matches!(freshness, Freshness::Live { left_out: 0, .. })
}

/// Sign, name, and how it stands.
fn source(state: &State, system: SystemId, freshness: &Freshness, room: Room) -> Words {
    let sign = signs::freshness(freshness);
    let role = if is_calm(freshness) { Role::Dim } else { sign.role };
    let mut words = sign.mark().add(role, system.short());
    if room == Room::Terse {
        return words;
    }
    // Nobody named it: where it was found stands in the help. A cluster is found as everywhere.
    let named = |source: &SourceScope| source.discovered.is_none();
    if room == Room::Wide
        && system != SystemId::Rollouts
        && system != SystemId::Kubernetes
        && !state.world.of_system(system).any(named)
    {
        words.push(Role::Dim, " discovered");
    }
    match freshness {
        Freshness::Live { age, .. } if age.as_secs() >= 10 => {
            words.push(role, safe!(" {}", text::age(age.as_secs() as i64)));
        }
        Freshness::Live { left_out: 0, .. } => {}
        Freshness::Live { left_out, .. } => words.push(role, safe!(" {} left out", text::count(*left_out))),
        Freshness::Stale { since, .. } => {
            words.push(role, safe!(" {} stale", text::age(since.as_secs() as i64)));
        }
        other => words.push(role, safe!(" {}", other.as_str())),
    }
    if system == SystemId::GitHub { words.then(quota(state)) } else { words }
}

/// Too little of the rate limit for the pace that is wanted.
fn is_short(state: &State) -> bool {
    state
        .world
        .details
        .quotas
        .values()
        .any(|quota| quota.anonymous || quota.held_until.is_some_and(|until| until > state.now.wall))
}

/// What is left of GitHub's rate limit, of the host that has least: ` 4 812/5 000`.
fn quota(state: &State) -> Words {
    let Some(quota) = state.world.details.quotas.values().min_by_key(|quota| quota.remaining) else {
        return Words::new();
    };
    let left = quota.held_until.map(|until| until.duration_since(state.now.wall).as_secs()).filter(|left| *left > 0);
    if let Some(left) = left {
        return Words::of(Role::Wait, safe!(" held for {}", text::age(left)));
    }
    // No answer has told it yet.
    if quota.limit == 0 {
        return Words::new();
    }
    if quota.anonymous {
        return Words::of(Role::Wait, safe!(" {}/h, no token", text::count(quota.limit)));
    }
    // The last tenth is worth a look.
    let role = if quota.remaining * 10 < quota.limit { Role::Wait } else { Role::Dim };
    Words::of(role, safe!(" {}", text::count(quota.remaining))).dim(safe!("/{}", text::count(quota.limit)))
}

fn of_system(state: &State, system: SystemId) -> Freshness {
    let mut sources = state.world.of_system(system);
    if let (Some(source), None) = (sources.next(), sources.next()) {
        return freshness::of_system(state, source.id, system);
    }
    let kinds: Vec<Kind> = Kind::ALL.into_iter().filter(|kind| kind.system() == system && !kind.is_extra()).collect();
    freshness::of_kinds(state, &kinds)
}

/// Demo, read-only, environment: the last one is outermost.
fn badges(state: &State) -> Vec<(Role, Safe)> {
    let mut badges = Vec::new();
    if let Some(badge) = &state.badge {
        badges.push((Role::Badge, badge.clone()));
    }
    if state.read_only.is_some() {
        badges.push((Role::Badge, Safe::of("READ-ONLY")));
    }
    if let Some(environment) = environment::here(state) {
        let role = if environment::is_protected(state, &environment) { Role::Protected } else { Role::Place };
        badges.push((role, environment.safe().truncate(16)));
    }
    badges
}
