//! Why a StatefulSet, a DaemonSet or a Job is not moving.

use super::silent::{self, Unanswered};
use super::{Cause, Reason, Severity, pods};
use crate::command::Command;
use crate::model::kubernetes::RolloutVerdict;
use crate::model::workloads::{Controlled, Update};
use crate::safe;
use crate::state::{State, workload_status};
use crate::text;

pub(super) fn cause(state: &State, unanswered: &Unanswered<'_>, row: &Controlled) -> Option<Cause> {
    let status = workload_status::status(row);
    if status.verdict == RolloutVerdict::Complete {
        return None;
    }
    let controller = match row.update {
        Update::Stateful { .. } => "statefulset controller",
        Update::Daemon { .. } => "daemonset controller",
        Update::Job { .. } => "job controller",
    };
    if let Some(cause) = silent::cause(state, unanswered, &row.meta, controller) {
        return Some(cause);
    }
    if let Some(cause) = pods::of_owner(state, &row.meta, &[]) {
        return Some(cause);
    }
    let made = |reason, severity, since, words| {
        Some(Cause { reason, severity, since, part: "", words, keys: vec![Command::Look] })
    };
    let Update::Job { failed, suspended, .. } = row.update else { return None };
    if let Some(condition) = workload_status::failure(row) {
        let (reason, words) = if condition.reason.as_str() == "DeadlineExceeded" {
            (Reason::Deadline, safe!("passed its deadline: {}", condition.message))
        } else {
            let pods = text::plural(failed.unsigned_abs(), "pod", "pods");
            (Reason::CrashLoop, safe!("gave up after {} failed: {}", pods, condition.message))
        };
        return made(reason, Severity::Broken, condition.changed, words);
    }
    if suspended {
        let changed = row.conditions.iter().find(|condition| condition.kind.as_str() == "Suspended");
        let since = changed.and_then(|condition| condition.changed);
        let replicas = row.replicas;
        let words = safe!("is suspended: {} of {} completions", replicas.available, replicas.desired);
        return made(Reason::ManualPause, Severity::Waiting, since, words);
    }
    None
}
