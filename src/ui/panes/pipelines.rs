//! Pipelines: the runs of all repositories in one list, those that need somebody first.
//!
//! ```text
//!  ◌ running    checkout  ci-cd-pipeline  #4812  main  9f8e7d1  3m10s
//!  ✖ failed     search    tests            #977  main  11aa22b    62m
//!  ‖ waiting    payments  deploy-prod      #310  v3.2  77c0ffe    12m
//! ```

use super::{no_source, title, troubles};
use crate::config::theme::Role;
use crate::model::pipelines::Run;
use crate::model::{Kind, SystemId};
use crate::safe;
use crate::state::State;
use crate::state::freshness::{self, Freshness};
use crate::state::kinship;
use crate::state::layout::cut_top;
use crate::state::lists::{self, Item};
use crate::state::optional;
use crate::state::runs::{self, Ordered, Standing};
use crate::state::ui::{ListId, Pane};
use crate::text::{self, Safe};
use crate::ui::notice::{self, About};
use crate::ui::pen::{Pen, Words};
use crate::ui::table::{self, Column, left, named, right};
use crate::ui::{places, signs};

const WHY: &str = "Runs come from GitHub: start here in a clone of a repository, or name one (services: repo:).";
const NEXT: &str = "Token: sources.github.token, GH_TOKEN, GITHUB_TOKEN, gh auth token.";

/// What a list of runs says of itself.
pub(in crate::ui) const ABOUT: About = About {
    what: "runs",
    when_empty: "A run appears here as soon as a workflow of one of the repositories starts.",
    when_absent: "Is its name right, and may the token see it? GitHub says the same of both.",
};

static COLUMNS: &[Column] = &[
    left("", 11, 0, 0),
    named("", 8, 1, 0),
    named("", 17, 0, 0),
    left("", 6, 0, 2),
    named("", 6, 1, 3),
    left("", 7, 0, 4),
    right("", 6, 0),
];

pub fn draw(state: &State, pen: &mut Pen<'_>, focused: bool) {
    let list = ListId::Pane(Pane::Pipelines);
    let body = cut_top(pen.area(), 1).1;
    if !is_configured(state) {
        title(pen, focused, "PIPELINES", &Words::new());
        return no_source(&mut pen.within(indent(body)), WHY, NEXT);
    }
    let freshness = freshness::of_kinds(state, &Kind::RUNS);
    let counted = places::and_trouble(counts(state, &list), &freshness);
    let right = match kinship::stranger(state) {
        Some(stranger) => {
            let words = if stranger.configured {
                "builds nothing here? see --context"
            } else {
                "builds nothing here? name services:"
            };
            let counted = if counted.is_empty() { counted } else { counted.dim(" · ") };
            counted.add(Role::Wait, words)
        }
        None => counted,
    };
    title(pen, focused, "PIPELINES", &right);
    let body = troubles::foot(state, pen, body, &Kind::RUNS, lists::len(state, &list));
    if lists::len(state, &list) == 0 {
        let filtered = lists::total(state, &list) > 0;
        return notice::draw(state, &mut pen.within(indent(body)), &ABOUT, &freshness, filtered);
    }
    let mut body = pen.within(body);
    body.fade(is_old(&freshness));
    table::rows(state, &list, &mut body, COLUMNS, &mut |line| match &line.item {
        Item::Run(run) => row(state, run),
        _ => Vec::new(),
    });
}

/// Something that runs pipelines is read.
pub(in crate::ui) fn is_configured(state: &State) -> bool {
    [SystemId::GitHub, SystemId::RustCi].into_iter().any(|system| state.world.of_system(system).next().is_some())
        || optional::is_there(state, SystemId::Tekton)
}

/// That the repository and the clusters do not seem to belong together, and what helps.
pub(in crate::ui) fn stranger(state: &State) -> Words {
    kinship::stranger(state).map_or_else(Words::new, |stranger| {
        let words = Words::of(Role::Wait, safe!("nothing in the cluster seems to be built by {}", stranger.name));
        words.dim(if stranger.configured {
            "; choose its cluster with --context, or mend services[].repo · "
        } else {
            "; name services: in the configuration · "
        })
    })
}

/// A view whose source is not configured, on its own page.
pub(in crate::ui) fn not_configured(pen: &mut Pen<'_>) {
    pen.title(0, Role::Title, "PIPELINES", &Words::of(Role::Dim, "no source is configured"));
    let area = pen.area();
    no_source(&mut pen.within(cut_top(area, 2).1), WHY, NEXT);
}

pub(super) const fn is_old(freshness: &Freshness) -> bool {
    matches!(freshness, Freshness::Stale { .. } | Freshness::Failed { .. })
}

/// Status, service, workflow, number, branch, commit, age: what every list of runs begins with.
pub(in crate::ui) fn row(state: &State, run: &Run) -> Vec<Words> {
    let sign = signs::pipeline(&run.status, run.conclusion.as_ref());
    let calm = sign.role == Role::Quiet || sign.role == Role::Dim && !run.is_active();
    let fact = if calm { Role::Dim } else { Role::Text };
    let age = runs::age(state, run).map_or_else(|| Safe::of("–"), |age| text::age(age.as_secs() as i64));
    vec![
        sign.words(),
        Words::of(if calm { Role::Text } else { Role::Strong }, runs::service(state, run)),
        Words::of(fact, run.workflow.safe()),
        Words::of(Role::Dim, runs::number(run)),
        Words::of(Role::Dim, run.branch.as_ref().map_or_else(|| Safe::of("–"), |branch| branch.safe().clone())),
        Words::of(Role::Dim, short(&run.sha)),
        Words::of(fact, age),
    ]
}

/// The beginning of a commit's hash, as Git abbreviates it.
pub(in crate::ui) fn short(sha: &Safe) -> Safe {
    sha.columns(0..7)
}

/// `41 runs`; what passes the filter where there is one.
fn counts(state: &State, list: &ListId) -> Words {
    let least = if freshness::is_complete(state, &Kind::RUNS) { "" } else { "≥ " };
    let total = text::plural(lists::total(state, list) as u64, "run", "runs");
    match state.ui.list(list).filter(|list| !list.filter.is_empty() || list.faults_only) {
        Some(narrowed) => {
            let shown = safe!("{} of {}{}", text::count(lists::len(state, list) as u64), least, total);
            let words = Words::of(Role::Text, shown);
            let words = if narrowed.faults_only { words.add(Role::Wait, " · faults only") } else { words };
            if narrowed.filter.is_empty() {
                words
            } else {
                words.dim(" · ").add(Role::Wait, Safe::line(&narrowed.filter))
            }
        }
        None if state.world.runs.is_empty() => Words::new(),
        None => Words::of(Role::Dim, safe!("{}{}", least, total)),
    }
}

/// What it comes to in one line: `◌ 1 running  ✖ 1 failed  ‖ 1 waiting  of 41`.
#[must_use]
pub fn summary(state: &State) -> Words {
    if !is_configured(state) {
        return Words::of(Role::Dim, "no source is configured");
    }
    let freshness = freshness::of_kinds(state, &Kind::RUNS);
    let all = runs::ordered(state);
    if all.runs().is_empty() {
        let sign = signs::freshness(&freshness);
        return match freshness {
            Freshness::Live { .. } => Words::of(Role::Dim, "no runs"),
            _ => sign.words(),
        };
    }
    let mut words = Words::new();
    for (role, glyph, count, word) in standings(all) {
        words = words.add(role, glyph).add(role, safe!("{} {}  ", text::count(count as u64), word));
    }
    if words.is_empty() {
        words = Words::of(Role::Quiet, "✔ ").dim("none fails, none waits  ");
    }
    places::and_trouble(words.dim("of ").dim(text::count(all.runs().len() as u64)), &freshness)
}

/// How many runs stand how; those of which there are some.
pub(in crate::ui) fn standings(all: &Ordered) -> impl Iterator<Item = (Role, &'static str, usize, &'static str)> {
    let [running, queued, other] = all.moving();
    [
        (Role::Move, "◌ ", running, "running"),
        (Role::Dim, "· ", queued, "queued"),
        (Role::Dim, "? ", other, "not ended"),
        (Role::Bad, "✖ ", all.count(Standing::Failed), "failed"),
        (Role::Wait, "‖ ", all.count(Standing::Waiting), "waiting"),
    ]
    .into_iter()
    .filter(|(_, _, count, _)| *count > 0)
}

/// Text of a pane stands one column to the right of its title.
pub(super) const fn indent(area: ratatui::layout::Rect) -> ratatui::layout::Rect {
    ratatui::layout::Rect { x: area.x.saturating_add(1), width: area.width.saturating_sub(1), ..area }
}
