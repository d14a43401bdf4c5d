//! The ladder of a canary: its weights, how far it has come, and how it stands there.
//!
//! ```text
//!  10 % ✔ ━━━━━ 25 % ✔ ━━━━━ 50 % ‖ ╌╌╌╌╌ 100 % ·
//! ```

use std::sync::Arc;

use super::metrics;
use super::pen::{Pen, Words};
use crate::config::theme::Role;
use crate::model::rollouts::{AnalysisRun, Rollout, Step};
use crate::safe;
use crate::state::lists;
use crate::state::rollout_info::RolloutInfo;
use crate::state::rollout_phase::percent_of;

/// One rung: a weight, and whether it is behind us, now, or still to come.
struct Rung {
    weight: i64,
    state: lists::StepState,
}

fn rungs(rollout: &Rollout, steps: &[Step], max: i64, aborted: Option<usize>) -> Vec<Rung> {
    let current = rollout.current_step_index.unwrap_or(0);
    let at: Vec<(usize, i64)> = steps
        .iter()
        .enumerate()
        .filter_map(|(at, step)| if let Step::SetWeight(weight) = step { Some((at, *weight)) } else { None })
        .collect();
    let mut rungs = Vec::new();
    for (number, (index, weight)) in at.iter().enumerate() {
        let next = at.get(number + 1).map_or(steps.len(), |(next, _)| *next);
        let state = if rollout.abort {
            match aborted {
                Some(at) if at >= next => lists::StepState::Done,
                Some(at) if at >= *index => lists::StepState::Aborted,
                Some(_) | None => lists::StepState::Left,
            }
        } else if current >= next as i64 {
            lists::StepState::Done
        } else if current >= *index as i64 {
            lists::StepState::Current
        } else {
            lists::StepState::Next
        };
        rungs.push(Rung { weight: *weight, state });
    }
    if rungs.last().is_none_or(|rung| rung.weight != max) {
        let done = !rollout.abort && current >= steps.len() as i64;
        rungs.push(Rung { weight: max, state: if done { lists::StepState::Done } else { lists::StepState::Next } });
    }
    rungs
}

pub fn draw(
    pen: &mut Pen<'_>,
    y: u16,
    rollout: &Rollout,
    info: &RolloutInfo,
    steps: &[Step],
    (runs, aborted): (&[Arc<AnalysisRun>], Option<usize>),
) {
    let max = info.weight.map_or(100, |weight| weight.max);
    let mut rungs = rungs(rollout, steps, max, aborted);
    let labels: u16 = rungs.iter().map(|rung| safe!("{} ", percent_of(rung.weight, max)).width() as u16 + 2).sum();
    let count = rungs.len() as u16;
    let spare = pen.width().saturating_sub(labels);
    let line = (spare / count.max(1)).saturating_sub(1).min(8);
    // Too many rungs for the width: those around the current one.
    while labels + count > pen.width() && rungs.len() > 3 {
        let first_done = rungs.first().is_some_and(|rung| rung.state == lists::StepState::Done);
        let second_done = rungs.get(1).is_some_and(|rung| rung.state == lists::StepState::Done);
        let at = if first_done && second_done { 0 } else { rungs.len() - 2 };
        rungs.remove(at);
        let wide: u16 = rungs.iter().map(|rung| safe!("{} ", percent_of(rung.weight, max)).width() as u16 + 2).sum();
        if wide + rungs.len() as u16 <= pen.width() {
            break;
        }
    }
    let here = current_sign(info, runs);
    let mut x = 0;
    for (at, rung) in rungs.iter().enumerate() {
        let (text, role, glyph, rule, rule_role) = match rung.state {
            lists::StepState::Done => (Role::Text, Role::Quiet, "✔", "━", Role::Quiet),
            lists::StepState::Current => (Role::Strong, here.0, here.1, "╌", Role::Faint),
            lists::StepState::Aborted => (Role::Strong, Role::Bad, "✖", "╌", Role::Faint),
            lists::StepState::Next | lists::StepState::Left => (Role::Dim, Role::Faint, "·", "╌", Role::Faint),
        };
        let words = Words::of(text, safe!("{} ", percent_of(rung.weight, max))).add(role, glyph).dim(" ");
        x += pen.write(x, y, pen.width(), &words);
        if at + 1 < rungs.len() && line > 0 {
            pen.repeat(x, y, line, rule_role, rule);
            x += line + 1;
        }
    }
}

/// The sign of the rung where the canary stands.
fn current_sign(info: &RolloutInfo, runs: &[Arc<AnalysisRun>]) -> (Role, &'static str) {
    let failing = runs.iter().flat_map(|run| &run.metrics).any(metrics::is_failing);
    match info.status.as_str() {
        _ if failing => (Role::Bad, "✖"),
        "Degraded" => (Role::Bad, "✖"),
        "Paused" => (Role::Wait, "‖"),
        _ => (Role::Move, "◌"),
    }
}
