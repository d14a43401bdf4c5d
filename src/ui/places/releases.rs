//! Releases of Helm: the list, and the page of one with its history.

use std::sync::Arc;

use super::View;
use crate::config::theme::Role;
use crate::model::helm::{ReleaseStatus, Revision};
use crate::model::{Kind, ObjectId};
use crate::safe;
use crate::state::layout::Page;
use crate::state::lists::{Item, Line};
use crate::state::{State, derived, environment, freshness, helm, shared};
use crate::text::{self, Safe};
use crate::ui::facts;
use crate::ui::notice::About;
use crate::ui::pen::{Pen, Words};
use crate::ui::signs::Sign;
use crate::ui::table::{left, named, right};

pub(super) static RELEASES: View = View {
    title: "HELM RELEASES",
    kinds: &[Kind::Release],
    about: About {
        what: "releases",
        when_empty: "Releases appear here as soon as Helm keeps one in a namespace of the scope.",
        when_absent: "Secrets are not served there.",
    },
    columns: &[
        left("status", 18, 0, 0),
        named("release", 24, 2, 0),
        named("environment", 14, 1, 2),
        left("namespace", 16, 1, 3),
        right("revision", 9, 0),
        right("kept", 5, 4),
        right("since", 9, 1),
    ],
    cells,
};

/// The cells of a row: a release, at its newest revision.
pub(super) fn cells(state: &State, line: &Line) -> Vec<Words> {
    let Item::Release(row) = &line.item else { return Vec::new() };
    let sign = sign(state, row);
    let kept = derived::releases(state).history(&row.release_id().uid).len();
    vec![
        sign.words(),
        Words::of(sign.name_role(), &row.release),
        Words::of(Role::Dim, shared::place(state, row.meta.cluster, &row.meta.namespace)),
        Words::of(Role::Dim, &row.meta.namespace),
        Words::of(Role::Text, safe!("{}", row.number)),
        Words::of(Role::Dim, safe!("{}", kept)),
        Words::of(Role::Dim, facts::since(state, row.meta.cluster, row.modified)),
    ]
}

fn sign(state: &State, row: &Revision) -> Sign {
    let word = row.status.word();
    match &row.status {
        ReleaseStatus::Deployed => Sign::new(Role::Quiet, "✔", word),
        ReleaseStatus::Superseded | ReleaseStatus::Uninstalled => Sign::new(Role::Dim, "•", word),
        ReleaseStatus::Failed => Sign::new(Role::Bad, "✖", word),
        status if status.is_pending() => {
            let role = if helm::stuck(state, row).is_some() { Role::Bad } else { Role::Move };
            Sign::new(role, "◌", word)
        }
        _ => Sign::new(Role::Unknown, "?", word),
    }
}

/// The page of one.
pub(super) fn page(state: &State, pen: &mut Pen<'_>, page: &Page, id: &ObjectId) {
    let releases = derived::releases(state);
    let Some(newest) = releases.history(&id.uid).first() else {
        return super::pages::gone(state, pen, page, id);
    };
    let freshness = freshness::of_kind(state, id.cluster, id.kind);
    let place = environment::of(state, id.cluster, &id.namespace);
    let told = shared::environment(state, id.cluster, &place);
    let name = if place == id.namespace {
        safe!("Release {} in {}", id.name, told)
    } else {
        safe!("Release {} in {} ({})", id.name, told, id.namespace)
    };
    let right = sign(state, newest).words();
    pen.within(page.title).title(0, Role::Title, name, &super::and_trouble(right, &freshness));
    let mut head = pen.within(page.facts);
    head.fade(super::is_old(&freshness));
    for (y, line) in (0..).zip(facts_of(state, newest)) {
        head.left(y, &line);
    }
    super::pages::tree(state, pen, page, id, None);
}

fn facts_of(state: &State, newest: &Arc<Revision>) -> Vec<Words> {
    let since = facts::since(state, newest.meta.cluster, newest.modified);
    let mut lines = vec![Words::of(Role::Dim, "revision ").add(Role::Strong, safe!("{}", newest.number)).dim(safe!(
        ", {} for {}",
        newest.status.word(),
        since
    ))];
    match helm::content(state, newest) {
        None => lines.push(Words::of(Role::Dim, "its record is being read")),
        Some(Err(why)) => lines.push(Words::of(Role::Dim, "its record ").add(Role::Unknown, why)),
        Some(Ok(content)) => {
            let app = if content.app_version.is_empty() { Safe::of("not said") } else { content.app_version.clone() };
            lines.push(Words::of(Role::Dim, "chart ").text(content.chart_name()).dim("   app ").text(app));
            lines.push(Words::of(Role::Dim, "Helm says ").text(&content.description));
        }
    }
    if let Some(since) = helm::stuck(state, newest) {
        let since = text::age(since.as_secs() as i64);
        let word = newest.status.word();
        lines.push(Words::of(Role::Bad, safe!("{} for {}: its helm was stopped, or waits on purpose;", word, since)));
        lines.push(Words::of(Role::Bad, "no other can begin until it ends, or is rolled back"));
    }
    lines
}

/// A revision on the page of its release.
pub(super) fn revision(state: &State, row: &Revision) -> Vec<Words> {
    let (version, said) = match helm::content(state, row) {
        Some(Ok(content)) => (content.version.clone(), content.description.clone()),
        Some(Err(why)) => (Safe::of("unknown"), why.clone()),
        None => (Safe::of(""), Safe::of("")),
    };
    vec![
        Words::of(Role::Text, safe!("revision {}", row.number)).dim("  ").then(sign(state, row).words()),
        Words::of(Role::Text, version),
        Words::of(Role::Dim, said),
        Words::of(Role::Dim, facts::since(state, row.meta.cluster, row.modified)),
    ]
}
