//! The views other than the Deck: a title, facts, and rows in columns.

mod access;
mod applications;
mod asides;
mod containers;
mod controlled;
mod details;
mod images;
mod inbox;
mod lane;
mod pages;
mod releases;
mod rows;
mod runners;
mod runs;
mod security;
mod slos;
mod views;

use super::notice::{self, About};
use super::pen::{Pen, Words};
use super::table::{self, Column};
use super::{panes, signs};
use crate::config::theme::Role;
use crate::model::Kind;
use crate::safe;
use crate::state::State;
use crate::state::freshness::{self, Freshness};
use crate::state::layout::{self, Page, Screen};
use crate::state::lists::{self, Line};
use crate::state::ui::{ListId, Place};
use crate::text::{self, Safe};

pub(super) use applications::of_workload;
pub(super) use pages::beside;
pub(super) use rows::{ready, tag_role};

/// A list view: what it shows and where that comes from.
struct View {
    title: &'static str,
    kinds: &'static [Kind],
    about: About,
    columns: &'static [Column],
    cells: fn(&State, &Line) -> Vec<Words>,
}

/// Draws the place in the body of the screen.
pub fn draw(state: &State, pen: &mut Pen<'_>, screen: &Screen) {
    let place = &state.ui.place;
    let page = layout::page(screen.body, screen.class, place, layout::shown(state));
    match place {
        // Drawn by `deck`.
        Place::Deck => {}
        Place::Pipelines if !panes::pipelines::is_configured(state) => {
            panes::pipelines::not_configured(&mut pen.within(screen.body));
        }
        Place::Pipelines => list(state, pen, &page, &runs::PIPELINES),
        Place::Slo => slos::list(state, pen, &page),
        Place::Inbox => list(state, pen, &page, &inbox::INBOX),
        Place::Environments => {
            panes::environments::above(state, &mut pen.within(page.facts));
            list(state, pen, &page, &views::ENVIRONMENTS);
            panes::environments::foot(state, &mut pen.within(page.foot));
        }
        Place::Pods => list(state, pen, &page, &views::PODS),
        Place::Rollouts => list(state, pen, &page, &views::ROLLOUTS),
        Place::Journal => list(state, pen, &page, &views::JOURNAL),
        Place::Containers => containers::draw(state, pen, &page),
        Place::Runners => runners::draw(state, pen, &page),
        Place::Access => list(state, pen, &page, &access::ACCESS),
        Place::Security(id) => security::page(state, pen, &page, id),
        Place::Applications => list(state, pen, &page, &applications::APPLICATIONS),
        Place::Application(id) => applications::page(state, pen, &page, id),
        Place::Releases => list(state, pen, &page, &releases::RELEASES),
        Place::Release(id) => releases::page(state, pen, &page, id),
        Place::Images => images::draw(state, pen, &page),
        Place::Lane(id) => lane::page(state, pen, &page, id),
        Place::Image(id) => images::page(state, pen, &page, id),
        Place::Run(id) => runs::page(state, pen, &page, id),
        Place::Objective(id) => slos::page(state, pen, &page, id),
        Place::Rollout(id) => pages::rollout(state, pen, &page, id),
        Place::Workload(id) if id.kind.is_controlled() => controlled::page(state, pen, &page, id),
        Place::Workload(id) => pages::workload(state, pen, &page, id),
        Place::Pod(id) => pages::pod(state, pen, &page, id),
        Place::Analysis(id) => pages::analysis(state, pen, &page, id),
        Place::Log(_) | Place::Sheet(..) => panes::log::draw(state, &mut pen.within(screen.body)),
    }
}

fn list(state: &State, pen: &mut Pen<'_>, page: &Page, view: &View) {
    let id = ListId::Place(state.ui.place.clone());
    let freshness = if view.kinds.is_empty() {
        Freshness::Live { age: std::time::Duration::ZERO, left_out: 0 }
    } else {
        freshness::of_kinds(state, view.kinds)
    };
    let unread = matches!(freshness, Freshness::Denied { .. } | Freshness::Absent { .. } | Freshness::Failed { .. });
    // No number where nothing could be counted.
    let right = if unread && lists::total(state, &id) == 0 {
        signs::freshness(&freshness).words()
    } else {
        let standing = match state.ui.place {
            Place::Pipelines => panes::pipelines::stranger(state).then(runs::standings(state)),
            Place::Runners => runners::read(state),
            _ => Words::new(),
        };
        and_trouble(standing.then(counts(state, &id, view.kinds, view.about.what)), &freshness)
    };
    let right = match (&state.ui.place, &state.read_only) {
        (Place::Environments, _) => right.then(panes::environments::unread(state)),
        (Place::Slo, _) => right.then(panes::budget::unread(state)),
        (Place::Journal | Place::Access, Some(why)) => right.add(Role::Wait, safe!(" · read-only: {}", why)),
        _ => right,
    };
    pen.within(page.title).title(0, Role::Title, view.title, &right);
    if lists::len(state, &id) == 0 {
        let filtered = lists::total(state, &id) > 0;
        notice::draw(state, &mut pen.within(page.rows), &view.about, &freshness, filtered);
        return;
    }
    let columns = views::columns(state, view);
    table::heading(&mut pen.within(page.heading), &columns);
    let mut body = pen.within(page.rows);
    body.fade(is_old(&freshness));
    table::rows(state, &id, &mut body, &columns, &mut |line| (view.cells)(state, line));
    let below = page.detail.y > page.rows.y;
    details::selected(state, &mut pen.within(page.detail), &id, below);
}

/// What is drawn is no longer known to be true.
fn is_old(freshness: &Freshness) -> bool {
    matches!(freshness, Freshness::Stale { .. } | Freshness::Failed { .. })
}

/// One action, two actions.
fn noun(plural: &'static str, count: usize) -> &'static str {
    if count == 1 { plural.strip_suffix('s').unwrap_or(plural) } else { plural }
}

/// "3 of 41 runs · checkout", "≥ 500 pods"; nothing before anything was read.
fn counts(state: &State, id: &ListId, kinds: &[Kind], what: &'static str) -> Words {
    let (len, total) = (lists::counted(state, id), lists::total(state, id));
    let complete = freshness::is_complete(state, kinds);
    let least = if complete { "" } else { "≥ " };
    let all = safe!("{}{} {}", least, text::count(total as u64), noun(what, total));
    let mut words = Words::new();
    if let Some(list) = state.ui.list(id).filter(|list| !list.filter.is_empty() || list.faults_only) {
        words = words.text(safe!("{} of {}", text::count(len as u64), all));
        if list.faults_only {
            words = words.add(Role::Wait, " · faults only");
        }
        if !list.filter.is_empty() {
            words = words.dim(" · ").add(Role::Wait, Safe::line(&list.filter));
        }
        return words;
    }
    if total == 0 && !complete { words } else { words.dim(all) }
}

/// The words of a title, and what is wrong with the source of its list.
pub(super) fn and_trouble(words: Words, freshness: &Freshness) -> Words {
    let trouble = trouble(freshness);
    let apart = !words.is_empty() && !trouble.is_empty();
    if apart { words.dim(" · ").then(trouble) } else { words.then(trouble) }
}

fn trouble(freshness: &Freshness) -> Words {
    let sign = signs::freshness(freshness);
    let words = sign.mark();
    match freshness {
        Freshness::Live { .. } => match freshness.left_out() {
            Some(left_out) => words.add(sign.role, left_out),
            None => Words::new(),
        },
        Freshness::Loading { remaining } => match remaining {
            Some(left) if *left > 0 => words.add(sign.role, safe!("loading, {} to come", text::count(*left))),
            _ => words.add(sign.role, "loading"),
        },
        Freshness::Stale { since, why, retry } => {
            let age = text::age(since.as_secs() as i64);
            let words = words.add(sign.role, safe!("stale for {}", age));
            let words = match retry {
                Some(left) => words.dim(safe!(", next try in {}", text::age(left.as_secs() as i64))),
                None => words,
            };
            words.dim(": ").dim(why)
        }
        Freshness::Partial { missing, of, why } => {
            words.add(sign.role, safe!("{} of {} lists missing: ", *missing, *of)).dim(why)
        }
        Freshness::Denied { .. } | Freshness::Absent { .. } | Freshness::Failed { .. } => {
            words.add(sign.role, freshness.as_str())
        }
    }
}
