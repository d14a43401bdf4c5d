//! Argo CD's Applications: the list, and the page of one with what is not as the repository says and
//! what was deployed before.

use super::View;
use crate::config::theme::Role;
use crate::model::applications::{
    AppHealth, AppOperation, AppResource, Application, Deployed, OperationPhase, SyncStatus,
};
use crate::model::differences::How;
use crate::model::projects::SyncWindow;
use crate::model::{Kind, ObjectId, SourceId, Uid};
use crate::safe;
use crate::state::differences::{Row, Standing};
use crate::state::freshness;
use crate::state::layout::Page;
use crate::state::lists::{Item, Line};
use crate::state::{State, differences, gitops, holds, served, shared, windows};
use crate::text::{self, Safe};
use crate::ui::facts;
use crate::ui::notice::About;
use crate::ui::pen::{Pen, Words};
use crate::ui::signs::Sign;
use crate::ui::table::{left, named, right};

pub(super) static APPLICATIONS: View = View {
    title: "APPLICATIONS",
    kinds: &[Kind::Application],
    about: About {
        what: "applications",
        when_empty: "Applications of Argo CD appear here as soon as there are some; with -n those of argocd and of the namespaces.",
        when_absent: "Argo CD is not installed there. What keeps the workloads in order is told on their pages.",
    },
    columns: &[
        left("sync", 12, 0, 0),
        left("health", 13, 0, 1),
        named("name", 20, 2, 0),
        named("environment", 12, 1, 4),
        left("revision", 10, 0, 2),
        left("auto-sync", 10, 0, 5),
        left("operation", 22, 3, 3),
        left("project", 10, 1, 7),
        right("compared", 9, 6),
    ],
    cells,
};

/// The cells of a row.
pub(super) fn cells(state: &State, line: &Line) -> Vec<Words> {
    let Item::Application(row) = &line.item else { return Vec::new() };
    let (sync, health) = (sync_sign(row), health_sign(row.health));
    vec![
        sync.words(),
        health.words(),
        Words::of(if sync.role == Role::Quiet { health.name_role() } else { sync.name_role() }, &row.meta.name),
        Words::of(Role::Dim, place(state, row)),
        Words::of(Role::Dim, gitops::revision(row)),
        auto(row),
        operation(state, row),
        Words::of(Role::Dim, &row.project),
        Words::of(Role::Dim, facts::since(state, row.meta.cluster, row.reconciled)),
    ]
}

fn sync_sign(row: &Application) -> Sign {
    let word = Safe::of(row.sync.as_str());
    match row.sync {
        SyncStatus::Synced => Sign::new(Role::Quiet, "✔", word),
        SyncStatus::OutOfSync => Sign::new(Role::Wait, "◐", word),
        SyncStatus::Unknown => Sign::new(Role::Unknown, "?", word),
    }
}

fn health_sign(health: AppHealth) -> Sign {
    let word = Safe::of(health.as_str());
    match health {
        AppHealth::Healthy => Sign::new(Role::Quiet, "✔", word),
        AppHealth::Progressing => Sign::new(Role::Move, "◌", word),
        AppHealth::Suspended => Sign::new(Role::Wait, "‖", word),
        AppHealth::Degraded | AppHealth::Missing => Sign::new(Role::Bad, "✖", word),
        AppHealth::Unknown => Sign::new(Role::Unknown, "?", word),
    }
}

fn place(state: &State, row: &Application) -> Safe {
    let cluster = gitops::destination(state, row);
    match cluster {
        _ if row.destination.namespace.raw().is_empty() => row.destination.cluster.clone(),
        Some(cluster) => shared::place(state, cluster, &row.destination.namespace),
        None => safe!("{} on {}", row.destination.namespace, row.destination.cluster),
    }
}

/// Whether anything is applied without being asked for.
fn auto(row: &Application) -> Words {
    match (row.skipped, row.automated) {
        (true, _) => Words::of(Role::Held, "skipped"),
        (false, None) => Words::of(Role::Held, "off"),
        (false, Some(how)) if how.self_heal => Words::of(Role::Dim, "self-heal"),
        (false, Some(_)) => Words::of(Role::Dim, "on"),
    }
}

/// The operation that runs or ran last, with its time.
fn operation(state: &State, row: &Application) -> Words {
    if row.requested && row.operation.as_ref().is_none_or(|last| !last.phase.is_running()) {
        return Words::of(Role::Move, "◌ asked for");
    }
    let Some(last) = &row.operation else { return Words::of(Role::Faint, "none yet") };
    let role = match last.phase {
        OperationPhase::Succeeded => Role::Dim,
        OperationPhase::Running | OperationPhase::Terminating => Role::Move,
        OperationPhase::Failed | OperationPhase::Error => Role::Bad,
        OperationPhase::Unknown => Role::Unknown,
    };
    let words = Words::of(role, last.phase.as_str());
    let at = if last.phase.is_running() { last.started } else { last.finished };
    match at {
        Some(_) => words.dim(safe!(" {} ago", facts::since(state, row.meta.cluster, at))),
        None => words,
    }
}

/// The page of one.
pub(super) fn page(state: &State, pen: &mut Pen<'_>, page: &Page, id: &ObjectId) {
    let Some(row) = state.world.applications.get(&id.uid).cloned() else {
        return super::pages::gone(state, pen, page, id);
    };
    let freshness = freshness::of_kind(state, id.cluster, id.kind);
    let name = safe!("Application {} in {}", row.meta.name, place(state, &row));
    let right = sync_sign(&row).words().dim("  ").then(health_sign(row.health).words());
    pen.within(page.title).title(0, Role::Title, name, &super::and_trouble(right, &freshness));
    let mut head = pen.within(page.facts);
    head.fade(super::is_old(&freshness));
    for (y, line) in (0..).zip(facts_of(state, &row)) {
        head.left(y, &line);
    }
    super::pages::tree(state, pen, page, id, None);
}

/// One of the list in full: what narrow columns leave out.
pub(super) fn detail(state: &State, pen: &mut Pen<'_>, row: &Application) {
    let mut y =
        super::details::paragraph(pen, 0, &sync_sign(row).words().dim("  ").then(health_sign(row.health).words()));
    for line in facts_of(state, row) {
        y = super::details::paragraph(pen, y, &line);
    }
}

fn facts_of(state: &State, row: &Application) -> Vec<Words> {
    let mut lines: Vec<Words> = row.sources.iter().take(2).map(source).collect();
    let compared = match row.reconciled {
        Some(_) => safe!("{} ago", facts::since(state, row.meta.cluster, row.reconciled)),
        None => Safe::of("never"),
    };
    let standing = Words::of(Role::Dim, "compared ")
        .text(compared)
        .dim(" with ")
        .add(Role::Strong, gitops::revision(row))
        .dim("   auto-sync ")
        .then(auto(row))
        .dim(held_by(state, row))
        .dim(safe!("   {}", text::plural(row.resource_count as u64, "object", "objects")));
    let standing = match served::by(state, row) {
        Some(address) => standing.dim(safe!("   read from {}", address)),
        None => standing,
    };
    let standing = match &row.refreshing {
        Some(how) => standing.add(Role::Move, safe!("   ◌ asked to compare again ({})", how)),
        None => standing,
    };
    lines.push(standing);
    lines.extend(of_windows(state, row));
    lines.extend(row.operation.as_ref().map(|last| of_operation(state, row, last)));
    if !row.health_message.is_empty() {
        lines.push(Words::of(Role::Dim, "health ").text(&row.health_message));
    }
    let condition = |it: &crate::model::applications::AppCondition| {
        let role = if it.kind.as_str().ends_with("Warning") { Role::Wait } else { Role::Bad };
        Words::of(role, &it.kind).dim("  ").text(&it.message)
    };
    lines.extend(row.conditions.iter().map(condition));
    lines
}

/// Who switched auto-sync off; of windows their own line tells.
fn held_by(state: &State, row: &Application) -> Safe {
    let held = row.skipped || row.automated.is_none();
    let hold = holds::of_application(state, row).filter(|_| held);
    hold.map_or_else(Safe::default, |hold| safe!(", {}", hold.by.words(state.now.wall)))
}

/// Which windows it is under, whether they let it be synced, and until when.
fn of_windows(state: &State, row: &Application) -> Vec<Words> {
    let now = windows::there(state, row);
    let found = match windows::of(state, row) {
        Ok(found) if found.project.is_none() => return Vec::new(),
        Ok(found) => found,
        Err(why) if let Some(open) = differences::can_sync(state, row) => {
            let words = if open { "a sync by hand is let through" } else { "a sync by hand is not let through" };
            let role = if open { Role::Text } else { Role::Held };
            let said = Words::of(Role::Dim, "sync windows ").add(role, words).dim(", says its server");
            return vec![said.dim(safe!("; which they are is not known: {}", why))];
        }
        Err(why) => return vec![Words::of(Role::Dim, "sync windows ").add(Role::Unknown, safe!("not known: {}", why))],
    };
    let standing = Words::of(Role::Dim, "sync windows ");
    let standing = match (windows::closed(&found, now, false), windows::closed(&found, now, true)) {
        (Some(why), by_hand) => {
            let by = holds::of_application(state, row).filter(|_| row.automated.is_some() && !row.skipped);
            let by = by.map_or_else(Safe::default, |hold| safe!("  {}", hold.by.words(state.now.wall)));
            let hand = if by_hand.is_some() { "" } else { "; by hand it is let through" };
            standing.add(Role::Held, safe!("‖ {}", why)).dim(hand).dim(by)
        }
        (None, _) => match found.changes(now, false) {
            Some(at) => standing.text(safe!("open until {}", windows::time(now, at))),
            None => standing.text("open"),
        },
    };
    std::iter::once(standing).chain(found.all.iter().take(WINDOWS).map(|window| of_window(window, now))).collect()
}

/// So many of them are named.
const WINDOWS: usize = 3;

/// `deny 0 22 * * * for 8h Europe/Berlin  active, closes 06:00Z`.
fn of_window(window: &SyncWindow, now: jiff::Timestamp) -> Words {
    let zone = if window.zone.is_empty() { Safe::of("UTC") } else { window.zone.clone() };
    let kind = Safe::of(window.kind.as_str());
    let words = safe!("{} {} for {} {}", kind, window.schedule, window.length_written, zone);
    let words = Words::of(Role::Dim, "  ").text(words);
    let at = windows::next(window, now).map(|at| windows::time(now, at));
    let words = match (windows::is_active(window, now), at) {
        (true, Some(at)) => words.add(Role::Wait, "  active").dim(safe!(" at least until {}", at)),
        (true, None) => words.add(Role::Wait, "  active"),
        (false, Some(at)) => words.dim(safe!("  next {}", at)),
        (false, None) => words.dim("  never"),
    };
    let words = if window.manual { words.dim("  manual syncs are let through") } else { words };
    if window.description.is_empty() { words } else { words.dim("  ").dim(&window.description) }
}

fn source(source: &crate::model::applications::AppSource) -> Words {
    Words::of(Role::Dim, "source ")
        .text(&source.repository)
        .dim(if source.path.is_empty() { "" } else { "  " })
        .text(&source.path)
        .dim(" at ")
        .text(&source.target)
}

fn of_operation(state: &State, row: &Application, last: &AppOperation) -> Words {
    let by = last.by.as_ref().map_or_else(|| Safe::of("Argo CD"), Safe::clone);
    let to = gitops::short(&last.revision());
    let words = Words::of(Role::Dim, "operation ").then(operation(state, row)).dim(safe!("   by {}", by));
    let words = if to.is_empty() { words } else { words.dim(" to ").text(to) };
    words.dim("   ").text(&last.message)
}

/// An object it keeps.
pub(super) fn resource(row: &AppResource) -> Vec<Words> {
    let health = health_sign(row.health);
    let (role, word) = match () {
        () if row.prune => (Role::Wait, Safe::of("to prune")),
        () if row.is_stray() => (Role::Wait, row.status.clone()),
        () => (Role::Dim, row.status.clone()),
    };
    let said = if row.message.is_empty() { Safe::of("") } else { safe!("  {}", row.message) };
    let known = row.health != AppHealth::Unknown;
    let said = Words::of(if known { health.role } else { Role::Dim }, if known { health.word } else { Safe::of("") })
        .text(said);
    vec![
        Words::of(Role::Dim, &row.kind).dim(" ").add(Role::Text, &row.name).dim(if row.namespace.raw().is_empty() {
            Safe::of("")
        } else {
            safe!(" in {}", row.namespace)
        }),
        Words::of(role, word),
        said,
        Words::new(),
    ]
}

/// How it stands with the differences of its objects, at the end of their title.
pub(super) fn read(state: &State, application: &Uid) -> Words {
    let standing = state.world.applications.get(application).and_then(|row| differences::standing(state, row));
    match standing {
        None | Some(Standing::Untold) => Words::new(),
        Some(Standing::NotNamed) => Words::of(Role::Faint, "where they differ: name its server in sources.argocd"),
        Some(Standing::NotServed) => {
            Words::of(Role::Faint, "where they differ: none of those in sources.argocd serves this context")
        }
        Some(Standing::Reading) => Words::of(Role::Move, "◌ reading where they differ"),
        Some(Standing::Read(age)) => {
            Words::of(Role::Dim, safe!("differences read {} ago", text::age(age.as_secs() as i64)))
        }
    }
}

/// Where an object differs, in so many columns: what is, and what is wanted.
pub(super) fn differs(row: &Row, width: usize) -> Words {
    let indent = Words::of(Role::Dim, "   ");
    let row = match row {
        Row::Path(row) => row,
        Row::More(more) => return indent.dim(safe!("and {} more", text::count(*more as u64))),
        Row::Note(words) => return indent.dim(words),
        Row::Trouble(why) => return Words::of(Role::Bad, "✖ ").text(why),
    };
    let (live, wanted) = match &row.how {
        How::Changed { live, wanted } => (live.clone(), wanted.clone()),
        How::Added(wanted) => (Safe::of("nothing"), wanted.clone()),
        How::Removed(live) => (live.clone(), Safe::of("nothing")),
        How::Reordered => return indent.text(&row.path).dim(": ").text("another order"),
        How::Hidden => return indent.text(&row.path).dim(": ").dim("may be secret, not shown"),
    };
    // Both values have a part of the room before the path has the rest; a value gives what it does not need.
    let room = width.saturating_sub(10);
    let least = (room / 4).max(8);
    let path = row.path.middle(room.saturating_sub(live.width().min(least) + wanted.width().min(least)).max(8));
    let rest = room.saturating_sub(path.width());
    let live_room = rest.saturating_sub(wanted.width()).max(rest / 2);
    let live = live.middle(live_room);
    let wanted = wanted.middle(rest.saturating_sub(live.width()));
    indent.text(path).dim(": ").add(Role::Wait, live).dim(" → ").add(Role::Strong, wanted)
}

/// What was deployed before, newest first.
pub(super) fn deployed(state: &State, cluster: SourceId, row: &Deployed) -> Vec<Words> {
    let by = row.by.as_ref().map_or_else(|| Safe::of("by Argo CD"), |by| safe!("by {}", by));
    vec![
        Words::of(Role::Text, gitops::deployed(row)),
        Words::of(Role::Dim, safe!("deploy {}", row.id)),
        Words::of(Role::Dim, by),
        Words::of(Role::Dim, facts::since(state, cluster, row.at)),
    ]
}

/// What keeps a workload in order, in a line for its page.
pub(in crate::ui) fn of_workload(state: &State, kind: Kind, meta: &crate::model::kubernetes::Meta) -> Option<Words> {
    let row = gitops::of_workload(state, kind, meta)?;
    let sign = sync_sign(row);
    let words = Words::of(Role::Dim, "application ").text(&row.meta.name).dim("  ").then(sign.mark());
    let words = words.add(sign.role, gitops::brief(row));
    let words = match gitops::hold(row) {
        Some(why) => words.add(Role::Held, safe!("   {}", why)),
        None => words,
    };
    Some(words.dim("  ").then(health_sign(row.health).words()))
}
