//! State as glyph, word and role together: never colour alone. Green is proven good, blue moves by
//! itself, yellow waits for a person, red is broken, grey is unknown or old.

use super::pen::Words;
use crate::action::Outcome;
use crate::config::theme::Role;
use crate::model::kubernetes::{Pod, PodHealth, RolloutVerdict};
use crate::model::pipelines::{Conclusion, RunStatus};
use crate::model::rollouts::{AnalysisPhase, Rollout};
use crate::state::freshness::Freshness;
use crate::state::lists::StepState;
use crate::state::{State, blocker};
use crate::text::Safe;

/// How a state is shown.
#[derive(Debug, Clone)]
pub struct Sign {
    pub role: Role,
    pub glyph: &'static str,
    pub word: Safe,
}

impl Sign {
    #[must_use]
    pub const fn new(role: Role, glyph: &'static str, word: Safe) -> Self {
        Self { role, glyph, word }
    }

    /// Glyph and word.
    #[must_use]
    pub fn words(&self) -> Words {
        self.mark().add(self.role, self.word.clone())
    }

    /// Glyph alone, where the word stands elsewhere on the line.
    #[must_use]
    pub fn mark(&self) -> Words {
        Words::of(self.role, self.glyph).add(self.role, " ")
    }

    /// Names of things that are well are quiet.
    #[must_use]
    pub const fn name_role(&self) -> Role {
        match self.role {
            Role::Quiet | Role::Dim | Role::Unknown | Role::Faint => Role::Text,
            _ => Role::Strong,
        }
    }
}

#[must_use]
pub fn pod(pod: &Pod) -> Sign {
    let (role, glyph) = match pod.health {
        PodHealth::Running => (Role::Quiet, "✔"),
        PodHealth::Starting => (Role::Move, "◌"),
        PodHealth::Broken => (Role::Bad, "✖"),
        PodHealth::Done => (Role::Dim, "✔"),
        PodHealth::Ending => (Role::Dim, "◌"),
        PodHealth::Unknown => (Role::Unknown, "?"),
    };
    Sign::new(role, glyph, pod.status.clone())
}

/// A status word of the Rollouts plug-in: of a Rollout, ReplicaSet, pod, AnalysisRun or Experiment.
#[must_use]
pub fn status(word: &Safe) -> Sign {
    let (role, glyph) = match word.as_str() {
        "Healthy" | "Complete" | "Running" | "Successful" | "Completed" | "Succeeded" => (Role::Quiet, "✔"),
        "Progressing" | "Pending" | "ContainerCreating" | "PodInitializing" | "Terminating" => (Role::Move, "◌"),
        "Paused" | "Inconclusive" => (Role::Wait, "‖"),
        "Degraded" | "Failed" | "Error" | "CrashLoopBackOff" | "ErrImagePull" | "ImagePullBackOff" | "InvalidSpec" => {
            (Role::Bad, "✖")
        }
        "ScaledDown" => (Role::Dim, "•"),
        _ => (Role::Unknown, "?"),
    };
    let word = if word.is_empty() { Safe::of("Unknown") } else { word.clone() };
    Sign::new(role, glyph, word)
}

/// The status of a Rollout; one that moves or waits while its new version fails is failing.
#[must_use]
pub fn rollout(state: &State, row: &Rollout, status_word: &Safe) -> Sign {
    let sign = status(status_word);
    if matches!(sign.role, Role::Move | Role::Wait) && blocker::is_failing(state, row) {
        return Sign::new(Role::Bad, "✖", Safe::of("failing"));
    }
    sign
}

#[must_use]
pub fn analysis(phase: &AnalysisPhase) -> Sign {
    let (role, glyph, word) = match phase {
        AnalysisPhase::Pending => (Role::Dim, "·", Safe::of("Pending")),
        AnalysisPhase::Running => (Role::Move, "◌", Safe::of("Running")),
        AnalysisPhase::Successful => (Role::Quiet, "✔", Safe::of("Successful")),
        AnalysisPhase::Failed => (Role::Bad, "✖", Safe::of("Failed")),
        AnalysisPhase::Error => (Role::Bad, "⚠", Safe::of("Error")),
        AnalysisPhase::Inconclusive => (Role::Wait, "?", Safe::of("Inconclusive")),
        AnalysisPhase::Other(word) if word.is_empty() => (Role::Unknown, "?", Safe::of("Unknown")),
        AnalysisPhase::Other(word) => (Role::Unknown, "?", word.clone()),
    };
    Sign::new(role, glyph, word)
}

#[must_use]
pub const fn verdict(verdict: RolloutVerdict) -> Sign {
    match verdict {
        RolloutVerdict::Complete => Sign::new(Role::Quiet, "✔", Safe::of("Complete")),
        RolloutVerdict::Progressing => Sign::new(Role::Move, "◌", Safe::of("Progressing")),
        RolloutVerdict::Failed => Sign::new(Role::Bad, "✖", Safe::of("Failed")),
    }
}

#[must_use]
pub const fn step(state: StepState) -> Sign {
    match state {
        StepState::Done => Sign::new(Role::Quiet, "✔", Safe::of("done")),
        StepState::Current => Sign::new(Role::Move, "◌", Safe::of("now")),
        StepState::Next => Sign::new(Role::Faint, "·", Safe::of("next")),
        StepState::Aborted => Sign::new(Role::Bad, "✖", Safe::of("aborted here")),
        StepState::Left => Sign::new(Role::Faint, "·", Safe::of("not run")),
    }
}

/// A run, a job or a step of one.
#[must_use]
pub fn pipeline(status: &RunStatus, conclusion: Option<&Conclusion>) -> Sign {
    let (role, glyph, word) = match (status, conclusion) {
        (RunStatus::Queued, _) => (Role::Dim, "·", Safe::of("queued")),
        (RunStatus::Waiting, _) => (Role::Wait, "‖", Safe::of("waiting")),
        (RunStatus::InProgress, _) => (Role::Move, "◌", Safe::of("running")),
        (RunStatus::Other(word), _) => (Role::Dim, "·", word.clone()),
        (RunStatus::Completed, Some(how)) => return concluded(how),
        (RunStatus::Completed, None) => (Role::Unknown, "?", Safe::of("unknown")),
    };
    Sign::new(role, glyph, word)
}

fn concluded(how: &Conclusion) -> Sign {
    let (role, glyph, word) = match how {
        Conclusion::Success => (Role::Quiet, "✔", Safe::of("passed")),
        Conclusion::Failure => (Role::Bad, "✖", Safe::of("failed")),
        Conclusion::TimedOut => (Role::Bad, "✖", Safe::of("timed out")),
        Conclusion::StartupFailure => (Role::Bad, "✖", Safe::of("no start")),
        Conclusion::ActionRequired => (Role::Wait, "‖", Safe::of("approval")),
        Conclusion::Cancelled => (Role::Dim, "•", Safe::of("cancelled")),
        Conclusion::Skipped => (Role::Dim, "•", Safe::of("skipped")),
        Conclusion::Neutral => (Role::Dim, "•", Safe::of("neutral")),
        Conclusion::Stale => (Role::Unknown, "?", Safe::of("stale")),
        Conclusion::Other(word) => (Role::Unknown, "?", word.clone()),
    };
    Sign::new(role, glyph, word)
}

#[must_use]
pub const fn outcome(outcome: &Outcome) -> Sign {
    let word = Safe::of(outcome.as_str());
    match outcome {
        Outcome::Intended | Outcome::Sent | Outcome::Accepted => Sign::new(Role::Move, "◌", word),
        Outcome::Observed => Sign::new(Role::Good, "✔", word),
        Outcome::Refused { .. } | Outcome::Failed { .. } => Sign::new(Role::Bad, "✖", word),
        Outcome::Unknown { .. } => Sign::new(Role::Wait, "?", word),
    }
}

#[must_use]
pub const fn freshness(freshness: &Freshness) -> Sign {
    let word = Safe::of(freshness.as_str());
    match freshness {
        Freshness::Live { left_out: 0, .. } => Sign::new(Role::Quiet, "●", word),
        Freshness::Loading { .. } => Sign::new(Role::Move, "◌", word),
        Freshness::Live { .. } | Freshness::Stale { .. } | Freshness::Partial { .. } => {
            Sign::new(Role::Wait, "◐", word)
        }
        Freshness::Denied { .. } => Sign::new(Role::Wait, "⚠", word),
        Freshness::Absent { .. } => Sign::new(Role::Dim, "•", word),
        Freshness::Failed { .. } => Sign::new(Role::Bad, "✖", word),
    }
}
