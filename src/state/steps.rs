//! The steps of a canary in words, the same ones everywhere.

use std::time::Duration;

use super::rollout_phase;
use crate::model::rollouts::{Rollout, Step, Strategy};
use crate::safe;
use crate::text::{self, Safe};

/// The steps of a canary; a blue-green has none.
#[must_use]
pub fn of(rollout: &Rollout) -> &[Step] {
    match &rollout.strategy {
        Strategy::Canary(canary) => &canary.steps,
        Strategy::BlueGreen(_) | Strategy::None => &[],
    }
}

/// What a step does: `set weight 50 %`, in percent of all traffic.
#[must_use]
pub fn what(rollout: &Rollout, step: &Step) -> Safe {
    match step {
        Step::SetWeight(weight) => safe!("set weight {}", rollout_phase::percent(rollout, *weight)),
        Step::Pause(None) => Safe::of("pause until promoted"),
        Step::Pause(Some(seconds)) => {
            let seconds = u64::try_from(*seconds).unwrap_or(0);
            safe!("pause {}", text::duration(Duration::from_secs(seconds)))
        }
        Step::Analysis { templates } => safe!("analysis {}", Safe::join(templates, ", ")),
        Step::Experiment { templates } => safe!("experiment {}", Safe::join(templates, ", ")),
        Step::SetCanaryScale(what) => safe!("scale canary {}", what),
        Step::SetHeaderRoute(what) => safe!("route by header {}", what),
        Step::SetMirrorRoute(what) => safe!("mirror traffic {}", what),
        Step::Plugin(name) => safe!("plug-in {}", name),
        Step::Unknown(key) => safe!("{} (not known here)", key),
    }
}

/// Which step it is and what it does: `step 4 of 9 (pause 10m)`.
#[must_use]
pub fn numbered(rollout: &Rollout, index: i64) -> Safe {
    let steps = of(rollout);
    let Some(step) = usize::try_from(index).ok().and_then(|at| steps.get(at)) else {
        return safe!("the end of {} steps", steps.len());
    };
    safe!("step {} ({})", count(index, steps.len()), what(rollout, step))
}

/// `5 of 10`, from 1: the same in lists, panes and sentences. When all are done it is the last.
#[must_use]
pub fn count(index: i64, of: usize) -> Safe {
    safe!("{} of {}", (index + 1).min(of as i64), of)
}
