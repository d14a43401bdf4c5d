//! Beside the environments of a service: drift, soak and hold of its highlighted workload, else of the one
//! that a change comes to last.

use crate::config::theme::Role;
use crate::model::{Name, Uid};
use crate::safe;
use crate::state::drift::{self, Drift};
use crate::state::matrix::{Service, Workload};
use crate::state::{State, derived, holds, origin};
use crate::text::Safe;
use crate::ui::facts;
use crate::ui::pen::{Lean, Pen, Words};

/// Columns of all three, with the gaps between them.
pub(super) const WIDTH: u16 = PLACE + DRIFT + SOAK + HOLD;
const PLACE: u16 = 12;
const DRIFT: u16 = 24;
const SOAK: u16 = 8;
const HOLD: u16 = 20;

/// Something says where Git describes what runs.
pub(super) fn is_told(state: &State) -> bool {
    derived::drifts(state).is_told()
}

/// Each row says itself whose they are.
pub(super) fn heading(pen: &mut Pen<'_>, x: u16) {
    for (at, name) in [(0, "in"), (PLACE, "drift"), (PLACE + DRIFT, "soak"), (PLACE + DRIFT + SOAK, "hold")] {
        pen.write(x + at, 0, PLACE, &Words::of(Role::Dim, name));
    }
}

pub(super) fn cells(
    state: &State,
    pen: &mut Pen<'_>,
    (x, y): (u16, u16),
    service: &Service,
    environments: &[Name],
    chosen: Option<&Uid>,
) {
    let mut all = service.cells.iter().flat_map(|(at, cell)| cell.iter().map(move |row| (*at, row)));
    let last = service.cells.iter().next_back().and_then(|(at, cell)| Some((*at, cell.first()?)));
    let Some((at, workload)) = all.find(|(_, row)| Some(&row.meta().uid) == chosen).or(last) else { return };
    let place = environments.get(at).map_or_else(Safe::default, |name| name.safe().middle(usize::from(PLACE - 2)));
    pen.cell(x, y, PLACE - 2, Lean::Left, &Words::of(Role::Dim, place));
    let x = x + PLACE;
    pen.cell(x, y, DRIFT - 2, Lean::Left, &drift(state, workload));
    pen.cell(x + DRIFT, y, SOAK - 2, Lean::Left, &soak(state, workload));
    pen.cell(x + DRIFT + SOAK, y, HOLD - 1, Lean::Left, &hold(state, workload));
}

/// `3 commits behind, 1 migration`.
#[must_use]
pub fn drift(state: &State, workload: &Workload) -> Words {
    let drifts = derived::drifts(state);
    let drift = drifts.of(&workload.meta().uid);
    let role = match drift {
        Drift::Untold | Drift::InStep => Role::Dim,
        Drift::Unknown(_) | Drift::Old(..) => Role::Unknown,
        _ => Role::Wait,
    };
    match drift {
        Drift::Untold => Words::of(Role::Dim, "–"),
        drift => Words::of(role, drift.words()),
    }
}

/// How long all of its users have had the version of now.
#[must_use]
pub fn soak(state: &State, workload: &Workload) -> Words {
    match drift::soaks_since(state, workload) {
        Some(at) => Words::of(Role::Dim, facts::ago(state, Some(at))),
        None => Words::of(Role::Dim, "–"),
    }
}

#[must_use]
pub fn hold(state: &State, workload: &Workload) -> Words {
    match holds::known(state, workload) {
        Ok(Some(hold)) => Words::of(Role::Held, safe!("‖ {}", hold.what)),
        Ok(None) => Words::of(Role::Dim, "–"),
        Err(_) => Words::of(Role::Unknown, "?"),
    }
}

/// What holds it and who set that: `hold paused by hand  set with kubectl-patch 2h ago`.
fn held(state: &State, workload: &Workload) -> Option<Words> {
    let hold = match holds::known(state, workload) {
        Ok(hold) => hold?,
        Err(why) => return Some(Words::of(Role::Dim, "hold ").add(Role::Unknown, "? ").dim(why)),
    };
    let by = hold.by.words(state.now.wall);
    Some(Words::of(Role::Dim, "hold ").add(Role::Held, hold.what).dim("  ").dim(by))
}

/// What columns without room leave out, of the highlighted row: `drift 3 commits behind   soak 2h   hold …`.
#[must_use]
pub fn foot(state: &State, workload: &Workload) -> Words {
    let words = Words::of(Role::Dim, "drift ").then(drift(state, workload)).dim("   soak ");
    let words = words.then(soak(state, workload)).dim("   ");
    match held(state, workload) {
        Some(hold) => words.then(hold),
        None => words.dim("hold –"),
    }
}

/// What is not said in a few columns: `drift 3 commits behind, 1 migration (Git asks for 1.44.0)`, soak, what
/// holds it, and what exactly runs.
#[must_use]
pub fn line(state: &State, workload: &Workload) -> Option<Words> {
    let drifts = derived::drifts(state);
    let of = drifts.of(&workload.meta().uid);
    let why = of.why().map_or_else(Safe::default, |why| safe!("  {}", why));
    let drift = (*of != Drift::Untold).then(|| Words::of(Role::Dim, "drift ").then(drift(state, workload)).dim(why));
    let drift = drift.map(|words| words.dim("   soak ").then(soak(state, workload)));
    let origin = origin::of(state, workload);
    let digest = origin.digest.map(|digest| Words::of(Role::Dim, "digest ").text(origin::short(&digest)));
    let commit = origin.commit.map(|commit| Words::of(Role::Dim, "commit ").text(commit.columns(0..7)));
    let parts = [drift, held(state, workload), commit, digest].into_iter().flatten();
    parts.reduce(|line, part| line.dim("   ").then(part))
}
