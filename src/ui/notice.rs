//! Empty, loading, denied, absent, stale and failed: six screens that look different, and each says
//! what comes next.
//!
//! ```text
//!   ⚠ not allowed to list rollouts
//!     rollouts.argoproj.io is forbidden: User "viewer" cannot list resource "rollouts" …
//!     Next: ask for get, list and watch on it; everything else here goes on working.
//! ```

use super::pen::{Pen, Words};
use super::signs;
use crate::command::Command;
use crate::config::theme::Role;
use crate::model::SystemId;
use crate::safe;
use crate::state::State;
use crate::state::freshness::Freshness;
use crate::text::{self, Safe};

/// What is missing, in words.
#[derive(Debug, Clone, Copy)]
pub struct About {
    /// "rollouts".
    pub what: &'static str,
    /// What to do when there is none of it.
    pub when_empty: &'static str,
    /// What to do when the server does not know the kind.
    pub when_absent: &'static str,
}

/// Says why there are no rows. `filtered`: there are some, but none passes the filter.
pub fn draw(state: &State, pen: &mut Pen<'_>, about: &About, freshness: &Freshness, filtered: bool) {
    let (head, why, next) = if filtered { filtered_out(state) } else { words(state, about, freshness) };
    lines(pen, &head, why.as_ref(), &next);
}

/// A headline, the reason below it, and the next step.
pub fn lines(pen: &mut Pen<'_>, head: &Words, why: Option<&Safe>, next: &Words) {
    let width = pen.width();
    let mut y = 0;
    for line in head.wrap(width) {
        pen.left(y, &line);
        y += 1;
    }
    let below = why.into_iter().map(|why| Words::of(Role::Dim, why)).chain(std::iter::once(next.clone()));
    for words in below.filter(|words| !words.is_empty()) {
        for line in words.wrap(width.saturating_sub(2)).iter().take(4) {
            pen.write(2, y, width, line);
            y += 1;
        }
    }
}

fn words(state: &State, about: &About, freshness: &Freshness) -> (Words, Option<Safe>, Words) {
    let sign = signs::freshness(freshness);
    let head = |words: Safe| sign.mark().add(sign.role, words);
    let what = if about.what == WAITING { "what waits for a person" } else { about.what };
    match freshness {
        Freshness::Loading { remaining } => {
            let next = match remaining {
                Some(n) if *n > 0 => Words::of(Role::Dim, safe!("about {} still to come", text::count(*n))),
                _ => Words::of(Role::Dim, "rows appear as they arrive"),
            };
            (head(safe!("reading {} …", what)), None, next)
        }
        Freshness::Live { .. } | Freshness::Partial { .. } => (
            Words::of(Role::Dim, "• ").text(safe!("no {} in {}", about.what, scope(state, about.what))),
            if let Freshness::Partial { why, .. } = freshness { Some(why.clone()) } else { None },
            Words::of(Role::Dim, about.when_empty),
        ),
        Freshness::Denied { why } => {
            (head(safe!("not allowed to read {}", what)), Some(why.clone()), denied_next(what, why))
        }
        Freshness::Absent { why } => (
            head(if what == RUNS {
                Safe::of("GitHub knows no such repository")
            } else {
                safe!("this cluster does not know {}", what)
            }),
            Some(why.clone()),
            Words::of(Role::Dim, about.when_absent),
        ),
        Freshness::Stale { since, why, retry } => (
            head(safe!("not heard of {} for {}", what, text::age(since.as_secs() as i64))),
            Some(why.clone()),
            again_of(state, what, *retry),
        ),
        Freshness::Failed { why, retry } => {
            (head(safe!("{} cannot be read", what)), Some(why.clone()), again_of(state, what, *retry))
        }
    }
}

/// A sentence of ours names the next step itself.
fn denied_next(what: &str, why: &Safe) -> Words {
    if why.as_str().contains("; ") {
        return Words::new();
    }
    Words::of(Role::Dim, if what == RUNS { DENIED_RUNS } else { DENIED })
}

/// When it is tried again, and the key that tries now.
#[must_use]
pub fn again(state: &State, retry: Option<std::time::Duration>) -> Words {
    let mut words = match retry {
        Some(left) if left.as_secs() > 0 => {
            Words::of(Role::Dim, safe!("Next try in {}", text::age(left.as_secs() as i64)))
        }
        Some(_) => Words::of(Role::Dim, "Trying again now"),
        None => return Words::new(),
    };
    if let Some(key) = state.keymap.keys_of(Command::Refresh).into_iter().next() {
        words = words.dim("; ").add(Role::Key, super::key(key)).dim(" tries now");
    }
    words
}

/// [`again`]; but while GitHub's limit holds, no key asks for runs.
fn again_of(state: &State, what: &str, retry: Option<std::time::Duration>) -> Words {
    let mut held = state.world.details.quotas.values().filter_map(|quota| quota.held_until);
    if held.any(|until| until > state.now.wall) && what == RUNS {
        Words::of(Role::Dim, "It is read again by itself then.")
    } else {
        again(state, retry)
    }
}

fn filtered_out(state: &State) -> (Words, Option<Safe>, Words) {
    let list = state.ui.list(&state.ui.list_id());
    let filter = list.map(|list| Safe::line(&list.filter)).unwrap_or_default();
    let head = if filter.is_empty() {
        Words::of(Role::Quiet, "✔ ").text("nothing is at fault here")
    } else {
        Words::of(Role::Dim, "• ").text(safe!("no row matches \"{}\"", filter))
    };
    let command = if filter.is_empty() { Command::FaultsOnly } else { Command::Leave };
    let next = match state.keymap.keys_of(command).into_iter().next() {
        Some(key) => Words::of(Role::Key, super::key(key)).dim(" shows all rows again"),
        None => Words::new(),
    };
    (head, None, next)
}

/// What [`About`] says of workflow runs: they come from repositories, not from a cluster.
pub(super) const WAITING: &str = "waiting for a person";
const RUNS: &str = "runs";
const DENIED: &str = "Next: ask for get, list and watch on it. Everything else here goes on working.";
const DENIED_RUNS: &str = "Next: give the token of sources.github (or GH_TOKEN) the permission Actions: read there. Everything else here \
     goes on working.";

/// "production", "3 namespaces", "any namespace"; of runs "acme/checkout", "3 repositories".
fn scope(state: &State, what: &str) -> Safe {
    if what == RUNS {
        let mut names = state.world.of_system(SystemId::GitHub).filter_map(|host| host.namespaces.as_deref()).flatten();
        return match (names.next(), names.count()) {
            (None, _) => Safe::of("any repository"),
            (Some(one), 0) => one.safe().clone(),
            (Some(_), more) => safe!("{} repositories", more + 1),
        };
    }
    match state.world.clusters().next().map(|cluster| cluster.namespaces.as_deref()) {
        Some(Some([one])) => one.safe().clone(),
        Some(Some(names)) => safe!("{} namespaces", names.len()),
        Some(None) => Safe::of("any namespace"),
        None => Safe::of("no cluster"),
    }
}
