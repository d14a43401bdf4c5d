//! What Istio carries of a canary's weights, beside what its Rollout says.
//!
//! ```text
//!  istio  checkout primary   canary 10 %  stable 90 %   ⚠ differs, the Rollout says 25 %: for 40s
//! ```

use super::pen::{Lean, Pen, Words};
use crate::config::theme::Role;
use crate::model::rollouts::Rollout;
use crate::safe;
use crate::state::routing::{self, Stand, Told};
use crate::state::{State, rollout_phase};
use crate::text::{self, Safe};

/// A line for each rule and for the DestinationRule from a line on; the line after them. Where rows are
/// scarce only what is not as it should be.
pub fn draw(state: &State, pen: &mut Pen<'_>, y: u16, rollout: &Rollout, whole: bool) -> u16 {
    let rows = routing::told(state, rollout);
    let shown: Vec<&Told> = rows.iter().filter(|row| whole || is_loud(row)).collect();
    let name = shown.iter().map(|row| row.name.width()).max().unwrap_or(0).clamp(6, 30) as u16;
    let mut y = y;
    for row in shown {
        y = line(pen, y, name, rollout, row);
    }
    match routing::subsets_told(state, rollout) {
        Some((name, found)) if whole || found.iter().flatten().any(|it| !it.known) => rule(pen, y, &name, &found),
        _ => y,
    }
}

/// Something carries other weights than the Rollout says.
pub fn differs(state: &State, rollout: &Rollout) -> bool {
    routing::told(state, rollout).iter().any(is_loud)
}

/// The router, and whether it carries what is said: ` (istio ✔)`.
pub fn mark(state: &State, rollout: &Rollout, router: &Safe) -> Words {
    let rows = routing::told(state, rollout);
    let stands = || rows.iter().filter_map(|row| row.share.as_ref().ok().map(|(_, stand)| stand));
    let words = Words::of(Role::Dim, safe!(" ({}", router));
    let words = if stands().any(|stand| matches!(stand, Stand::Differs(_))) {
        words.add(Role::Wait, " ⚠")
    } else if !rows.is_empty() && stands().filter(|stand| matches!(stand, Stand::Agrees)).count() == rows.len() {
        words.add(Role::Quiet, " ✔")
    } else {
        words
    };
    words.dim(")")
}

fn is_loud(row: &Told) -> bool {
    matches!(&row.share, Ok((_, Stand::Differs(_))))
}

fn line(pen: &mut Pen<'_>, y: u16, name: u16, rollout: &Rollout, row: &Told) -> u16 {
    const LABEL: u16 = 7;
    pen.write(0, y, LABEL, &Words::of(Role::Dim, "istio"));
    pen.cell(LABEL, y, name, Lean::Left, &Words::of(Role::Text, &row.name));
    let words = match &row.share {
        Err(why) => Words::of(Role::Unknown, "? ").add(Role::Unknown, why),
        Ok((share, stand)) => {
            let role = if is_loud(row) { Role::Wait } else { Role::Text };
            let carried = Words::of(Role::Dim, "canary ")
                .add(role, routing::percent(share.canary, *share))
                .dim("  stable ")
                .add(role, routing::percent(share.stable, *share));
            carried.dim("   ").then(stands(rollout, stand))
        }
    };
    let x = LABEL + name + 2;
    let mut y = y;
    for line in words.wrap(pen.width().saturating_sub(x).max(12)) {
        pen.write(x, y, pen.width(), &line);
        y += 1;
    }
    y
}

fn stands(rollout: &Rollout, stand: &Stand) -> Words {
    let said = || {
        let canary = rollout.weights.as_ref().map_or(0, |weights| weights.canary);
        rollout_phase::percent(rollout, canary)
    };
    match stand {
        Stand::Agrees => Words::of(Role::Quiet, "✔").dim(" as the Rollout says"),
        Stand::Follows => Words::of(Role::Move, "◌").dim(safe!(" the Rollout says {}", said())),
        Stand::Differs(long) => {
            let long = text::age(long.as_secs() as i64);
            Words::of(Role::Wait, safe!("⚠ differs, the Rollout says {}", said())).dim(safe!(": for {}", long))
        }
        Stand::Unknown(why) => Words::of(Role::Unknown, "? ").add(Role::Unknown, why),
    }
}

/// `istio  rule checkout  canary 67c9f6889f  stable 5d8b7c4f9`.
fn rule(pen: &mut Pen<'_>, y: u16, name: &Safe, found: &Result<Vec<routing::Selected>, Safe>) -> u16 {
    let mut words = Words::of(Role::Dim, "istio  rule ").text(name);
    match found {
        Err(why) => words = words.add(Role::Unknown, "  ? ").add(Role::Unknown, why),
        Ok(rows) => {
            for row in rows {
                let hash = row.hash.clone().unwrap_or_else(|| Safe::of("not written yet"));
                words = words.dim(safe!("  {} ", row.arm)).add(if row.known { Role::Text } else { Role::Wait }, hash);
                if !row.known {
                    words = words.add(Role::Wait, " ⚠ of neither version");
                }
            }
        }
    }
    let mut y = y;
    for line in words.wrap(pen.width()) {
        pen.left(y, &line);
        y += 1;
    }
    y
}
