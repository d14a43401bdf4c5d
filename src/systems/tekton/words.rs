//! Tekton's outcome is a pair: the status of the condition `Succeeded`, and a reason. The status
//! decides; of the reasons only those count here that say more, and one of a later version changes
//! nothing. The word itself is kept beside it.

use crate::model::pipelines::{Conclusion, RunStatus};

/// Reasons of a PipelineRun that never ran a task: it could not be read, or is not valid.
const NO_START: [&str; 18] = [
    "CELEvaluationFailed",
    "CouldntGetPipeline",
    "CouldntGetTask",
    "InvalidMatrixParameterTypes",
    "InvalidParamValue",
    "InvalidPipelineResourceBindings",
    "InvalidPipelineResultReference",
    "InvalidTaskResultReference",
    "InvalidTaskRunSpecs",
    "InvalidWorkspaceBindings",
    "ObjectParameterMissKeys",
    "ParamArrayIndexingInvalid",
    "ParameterMissing",
    "ParameterTypeMismatch",
    "PipelineInvalidGraph",
    "PipelineValidationFailed",
    "RequiredWorkspaceMarkedOptional",
    "ResourceVerificationFailed",
];

/// The same of a TaskRun.
const NO_POD: [&str; 6] = [
    "InvalidParamValue",
    "PodCreationFailed",
    "ResourceVerificationFailed",
    "TaskRunResolutionFailed",
    "TaskRunValidationFailed",
    "TaskValidationFailed",
];

/// Of a PipelineRun; `status` is `None` before its controller has said anything.
pub(super) fn of_run(status: Option<&str>, reason: &str) -> (RunStatus, Option<Conclusion>) {
    match status {
        None => (RunStatus::Queued, None),
        Some("True") => (RunStatus::Completed, Some(Conclusion::Success)),
        Some("False") => {
            let how = match reason {
                "Cancelled" | "CancelledRunFinally" | "StoppedRunFinally" => Conclusion::Cancelled,
                "PipelineRunTimeout" => Conclusion::TimedOut,
                _ if NO_START.contains(&reason) => Conclusion::StartupFailure,
                _ => Conclusion::Failure,
            };
            (RunStatus::Completed, Some(how))
        }
        Some(_) => match reason {
            // It begins when somebody takes `spec.status` away, or the pipeline has been fetched.
            "PipelineRunPending" | "Started" | "ResolvingPipelineRef" => (RunStatus::Queued, None),
            _ => (RunStatus::InProgress, None),
        },
    }
}

/// Of a TaskRun.
pub(super) fn of_task(status: Option<&str>, reason: &str) -> (RunStatus, Option<Conclusion>) {
    match status {
        None => (RunStatus::Queued, None),
        Some("True") => (RunStatus::Completed, Some(Conclusion::Success)),
        Some("False") => {
            let how = match reason {
                "TaskRunCancelled" => Conclusion::Cancelled,
                "TaskRunTimeout" => Conclusion::TimedOut,
                // `onError: continue`: it failed, and the pipeline goes on as if it had not.
                "FailureIgnored" => Conclusion::Neutral,
                _ if NO_POD.contains(&reason) => Conclusion::StartupFailure,
                _ => Conclusion::Failure,
            };
            (RunStatus::Completed, Some(how))
        }
        Some(_) => match reason {
            "Running" | "ToBeRetried" => (RunStatus::InProgress, None),
            _ => (RunStatus::Queued, None),
        },
    }
}

/// Of a step that has ended, by its exit code and `terminationReason`.
pub(super) fn of_step(exit_code: i64, reason: &str) -> Conclusion {
    match reason {
        "Skipped" => Conclusion::Skipped,
        "Cancelled" => Conclusion::Cancelled,
        "TimeoutExceeded" => Conclusion::TimedOut,
        "Continued" if exit_code != 0 => Conclusion::Neutral,
        _ if exit_code == 0 => Conclusion::Success,
        _ => Conclusion::Failure,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_status_decides_and_the_reason_says_more() {
        let run = |status, reason| of_run(Some(status), reason);
        let done = |how| (RunStatus::Completed, Some(how));
        assert_eq!(run("True", "Completed"), done(Conclusion::Success));
        assert_eq!(run("False", "Failed"), done(Conclusion::Failure));
        assert_eq!(run("False", "Cancelled"), done(Conclusion::Cancelled));
        // While it stops the reason already is Cancelled.
        assert_eq!(run("Unknown", "Cancelled"), (RunStatus::InProgress, None));
        assert_eq!(run("False", "PipelineRunTimeout"), done(Conclusion::TimedOut));
        assert_eq!(run("False", "CouldntGetPipeline"), done(Conclusion::StartupFailure));
        assert_eq!(run("False", "OfALaterVersion"), done(Conclusion::Failure));
        assert_eq!(run("Unknown", "OfALaterVersion"), (RunStatus::InProgress, None));
        assert_eq!(run("Unknown", "PipelineRunPending"), (RunStatus::Queued, None));
        assert_eq!(of_run(None, ""), (RunStatus::Queued, None));
        assert_eq!(of_task(Some("False"), "FailureIgnored"), done(Conclusion::Neutral));
        assert_eq!(of_task(Some("Unknown"), "ToBeRetried"), (RunStatus::InProgress, None));
        assert_eq!(of_step(1, "Continued"), Conclusion::Neutral);
        assert_eq!(of_step(1, "Error"), Conclusion::Failure);
    }
}
