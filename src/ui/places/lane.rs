//! The way of a release: its stations in one row where it is wide enough, else below each other; the place
//! where it stands in a sentence, and what is known of the highlighted station.
//!
//! ```text
//!  commit ──── run ─────── image ───── git ─────── argo cd ─── rollout ─── budget
//!  ✔ 9f8e7d1   ✔ ci #4812  ✔ 1.43.0    ✔ 77c0ffe   ✔ Synced    ‖ 25 %      ✔ 61.4 % left
//!  2h          1h          1h          58m         58m         6m          –
//!
//!  it stands at rollout for 6m: canary paused at step 3/9 (25 %)
//! ```

use super::pages;
use crate::config::theme::Role;
use crate::model::ObjectId;
use crate::safe;
use crate::state::lane::{self, Lane, Standing, Station};
use crate::state::layout::{self, Page};
use crate::state::ui::{ListId, RowId};
use crate::state::{State, derived, lists};
use crate::text::{self, Safe};
use crate::ui::facts;
use crate::ui::pen::{Lean, Pen, Words};
use crate::ui::signs::Sign;
use crate::ui::table::{self, Column, left, right};

static COLUMNS: &[Column] =
    &[left("station", 8, 0, 0), left("", 16, 0, 0), left("what", 18, 1, 0), left("", 22, 4, 1), right("for", 5, 0)];

pub(super) fn page(state: &State, pen: &mut Pen<'_>, page: &Page, id: &ObjectId) {
    let Some(lane) = derived::lane(state, id) else { return pages::gone(state, pen, page, id) };
    let to = lane.environment.as_ref().map_or_else(Safe::default, |name| safe!(" to {}", name));
    let name = safe!("LANE · {} {}{}", lane.service, lane.version, to);
    let right = match lane.here.and_then(|at| lane.stations.get(at)) {
        Some(station) => sign(state, station).mark().text(safe!("at {}", Safe::of(station.part.as_str()))),
        None if lane.stations.iter().any(|it| lane::doubt(state, it).is_some()) => {
            Words::of(Role::Unknown, "? not all of it is live")
        }
        None => Words::of(Role::Quiet, "✔ all that is known is passed"),
    };
    pen.within(page.title).title(0, Role::Title, name, &right);
    let mut head = pen.within(page.facts);
    let y = if head.width() >= layout::LANE {
        strip(state, &mut head, &lane);
        4
    } else {
        0
    };
    head.left(y, &here(state, &lane));
    table::heading(&mut pen.within(page.heading), COLUMNS);
    let list = ListId::Place(state.ui.place.clone());
    table::rows(state, &list, &mut pen.within(page.rows), COLUMNS, &mut |line| match &line.item {
        lists::Item::Station(row) => cells(state, row),
        _ => Vec::new(),
    });
    super::details::selected(state, &mut pen.within(page.detail), &list, true);
}

/// Where it stands, since when, and why.
fn here(state: &State, lane: &Lane) -> Words {
    let Some(station) = lane.here.and_then(|at| lane.stations.get(at)) else {
        let unknown = lane.stations.iter().filter(|it| it.standing == Standing::Unknown).count() as u64;
        let old = lane.stations.iter().filter(|it| lane::doubt(state, it).is_some()).count() as u64;
        return match unknown {
            0 if old > 0 => {
                Words::of(Role::Unknown, safe!("{} not read now", text::plural(old, "station is", "stations are")))
            }
            0 => Words::of(Role::Dim, "it has reached its users"),
            n => Words::of(Role::Unknown, safe!("{} not known", text::plural(n, "station is", "stations are"))),
        };
    };
    let since = station.since.map_or_else(Safe::default, |at| safe!(" for {}", facts::ago(state, Some(at))));
    let words = match station.standing {
        Standing::Ahead => Words::of(Role::Dim, "it has not come to "),
        _ => Words::of(Role::Dim, "it stands at "),
    };
    let words = words.strong(Safe::of(station.part.as_str())).dim(since);
    match station.facts.first() {
        Some(why) => words.dim(": ").add(sign(state, station).name_role(), why),
        None => words,
    }
}

/// The stations in one row.
fn strip(state: &State, pen: &mut Pen<'_>, lane: &Lane) {
    let count = lane.stations.len().max(1) as u16;
    let width = pen.width() / count;
    let list = ListId::Place(state.ui.place.clone());
    let chosen = match lists::selected(state, &list) {
        Some(RowId::Station(at)) => Some(at),
        _ => None,
    };
    for (at, station) in lane.stations.iter().enumerate() {
        let x = at as u16 * width;
        let sign = sign(state, station);
        let is_here = lane.here == Some(at);
        let role = if is_here || chosen == Some(at) { Role::Strong } else { Role::Dim };
        let name = Safe::of(station.part.as_str());
        let end = pen.write(x, 1, width, &Words::of(role, &name));
        if at + 1 < lane.stations.len() {
            let line = if station.standing == Standing::Passed { Role::Quiet } else { Role::Faint };
            pen.repeat(x + end + 1, 1, width.saturating_sub(end + 2), line, "─");
        }
        let what = sign.mark().add(if is_here { sign.name_role() } else { Role::Text }, &station.what);
        pen.cell(x, 2, width - 1, Lean::Left, &what);
        pen.cell(x, 3, width - 1, Lean::Left, &Words::of(Role::Dim, facts::ago(state, station.since)));
    }
}

/// What is not read now is marked as not known, whatever it was.
fn sign(state: &State, station: &Station) -> Sign {
    let word = Safe::of(station.standing.as_str());
    if lane::doubt(state, station).is_some() {
        return Sign::new(Role::Unknown, "?", safe!("{}, old", word));
    }
    match station.standing {
        Standing::Passed => Sign::new(Role::Quiet, "✔", word),
        Standing::Moving => Sign::new(Role::Move, "◌", word),
        Standing::Waiting => Sign::new(Role::Wait, "‖", word),
        Standing::Broken => Sign::new(Role::Bad, "✖", word),
        Standing::Held => Sign::new(Role::Held, "‖", word),
        Standing::Ahead => Sign::new(Role::Faint, "·", word),
        Standing::Unknown => Sign::new(Role::Unknown, "?", word),
        Standing::Absent => Sign::new(Role::Faint, "–", word),
    }
}

pub(super) fn cells(state: &State, station: &Station) -> Vec<Words> {
    let sign = sign(state, station);
    let first = lane::doubt(state, station).or_else(|| station.facts.first().cloned());
    vec![
        Words::of(sign.name_role(), Safe::of(station.part.as_str())),
        sign.words(),
        Words::of(Role::Text, &station.what),
        Words::of(Role::Dim, first.unwrap_or_default()),
        Words::of(Role::Dim, facts::ago(state, station.since)),
    ]
}

/// All that is known of a station.
pub(super) fn detail(state: &State, pen: &mut Pen<'_>, station: &Station) {
    let head =
        sign(state, station).words().dim("  ").strong(Safe::of(station.part.as_str())).dim("  ").text(&station.what);
    let head = match station.since {
        Some(at) => head.dim(safe!("  for {}", facts::ago(state, Some(at)))),
        None => head,
    };
    pen.left(0, &head);
    let mut y = 1;
    if let Some(why) = lane::doubt(state, station) {
        y = super::details::indented(pen, y, 2, &Words::of(Role::Unknown, why));
    }
    for fact in &station.facts {
        y = super::details::indented(pen, y, 2, &Words::of(Role::Text, fact));
    }
    if let Some(id) = &station.opens {
        let words = safe!("enter opens {} {}", id.kind.as_str(), id.name);
        super::details::indented(pen, y, 2, &Words::of(Role::Dim, words));
    }
}
