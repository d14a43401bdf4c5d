//! What a workload's pods say about why it is not moving.

use std::sync::Arc;

use jiff::Timestamp;

use super::{Cause, Reason, Severity, image};
use crate::command::Command;
use crate::model::kubernetes::{Container, ContainerState, Event, Meta, Pod, PodHealth, ReplicaSet, Terminated};
use crate::safe;
use crate::state::{State, World};
use crate::text::{self, Safe};

/// Seconds that running containers may be unready without an event before it is called a fault.
const UNREADY: i64 = 60;

/// The most specific cause among the pods in trouble of these ReplicaSets, or in their own conditions.
pub(super) fn cause<'a>(
    state: &State,
    sets: impl Iterator<Item = &'a Arc<ReplicaSet>>,
    keys: &[Command],
) -> Option<Cause> {
    let all = sets
        .flat_map(|set| state.world.troubled(&set.meta.uid).filter_map(|pod| of_pod(state, pod)).chain(of_set(set)));
    first(all, keys)
}

/// The same of pods that the workload owns itself, or could not make.
pub(super) fn of_owner(state: &State, owner: &Meta, keys: &[Command]) -> Option<Cause> {
    let of_pods = state.world.troubled(&owner.uid).filter_map(|pod| of_pod(state, pod));
    first(of_pods.chain(not_made(state, owner)), keys)
}

fn first(all: impl Iterator<Item = Found>, keys: &[Command]) -> Option<Cause> {
    let found = all.min_by_key(|found| (found.reason, found.since))?;
    Some(Cause {
        reason: found.reason,
        severity: Severity::Broken,
        since: found.since,
        part: "",
        words: found.words,
        keys: [&[Command::Look], keys].concat(),
    })
}

struct Found {
    reason: Reason,
    since: Option<Timestamp>,
    /// After the workload's name.
    words: Safe,
}

/// Pods that could not even be made.
fn of_set(set: &ReplicaSet) -> Option<Found> {
    let failure = set
        .conditions
        .iter()
        .find(|condition| condition.kind.as_str() == "ReplicaFailure" && condition.status == Some(true))?;
    Some(refused(&failure.message, failure.changed))
}

/// Controllers without such a condition say it in an event. It counts while it is the last word: later
/// pods were made.
fn not_made(state: &State, owner: &Meta) -> Option<Found> {
    let said = |event: &&Arc<Event>| matches!(event.reason.as_str(), "FailedCreate" | "SuccessfulCreate");
    let last = events_about(&state.world, owner).filter(said).max_by_key(|event| event.last)?;
    (last.reason.as_str() == "FailedCreate").then(|| refused(&last.message, last.last))
}

/// Why the server would not have a pod.
fn refused(message: &Safe, since: Option<Timestamp>) -> Found {
    let said = message.as_str();
    let (reason, words) = if said.contains("exceeded quota") {
        (Reason::Quota, safe!("cannot make its pods, the quota is used up: {}", message))
    } else if said.contains("error looking up service account") {
        (Reason::ConfigMissing, safe!("cannot make its pods, its service account is missing: {}", message))
    } else {
        (Reason::InvalidSpec, safe!("cannot make its pods: {}", message))
    };
    Found { reason, since, words }
}

fn of_pod(state: &State, pod: &Pod) -> Option<Found> {
    match pod.health {
        PodHealth::Broken if pod.node.is_none() && pod.states.iter().all(|container| !has_begun(container)) => {
            unschedulable(pod)
        }
        PodHealth::Broken => pod.states.iter().find_map(|container| broken(state, pod, container)),
        PodHealth::Starting => starting(state, pod),
        PodHealth::Running | PodHealth::Done | PodHealth::Ending | PodHealth::Unknown => None,
    }
}

fn has_begun(container: &Container) -> bool {
    !matches!(container.state, ContainerState::Unknown)
}

fn unschedulable(pod: &Pod) -> Option<Found> {
    let message = pod.message.as_ref()?;
    // `persistentvolumeclaim "data" not found`: no node will do, whichever there is.
    if message.as_str().contains("persistentvolumeclaim \"") && message.as_str().contains("not found") {
        let words = safe!("has a pod whose volume claim is missing: {}", message);
        return Some(Found { reason: Reason::ConfigMissing, since: pod.meta.created, words });
    }
    let words = safe!("has a pod that no node takes: {}", message);
    Some(Found { reason: Reason::Unschedulable, since: pod.meta.created, words })
}

/// Why this container keeps its pod from running.
fn broken(state: &State, pod: &Pod, container: &Container) -> Option<Found> {
    match &container.state {
        ContainerState::Waiting { reason, message } => waiting(state, pod, container, (reason, message)),
        ContainerState::Terminated(end) if end.exit_code != 0 || end.signal != 0 => {
            Some(ended(state, pod, container, end))
        }
        ContainerState::Terminated(_) | ContainerState::Running { .. } | ContainerState::Unknown => None,
    }
}

fn waiting(state: &State, pod: &Pod, container: &Container, (reason, message): (&Safe, &Safe)) -> Option<Found> {
    let since = pod.meta.created;
    let found = |kind, words| Some(Found { reason: kind, since, words });
    // Between two tries the kubelet says only that it waits; the event of the last one says why.
    let pulls = matches!(reason.as_str(), "ErrImagePull" | "ImagePullBackOff");
    if pulls && (image::unmatched(message) || pull_events(state, pod).any(|event| image::unmatched(&event.message))) {
        return found(Reason::ImagePlatform, image::not_pulled(state, pod, container));
    }
    match reason.as_str() {
        "ErrImagePull"
        | "ImagePullBackOff"
        | "ErrImageNeverPull"
        | "InvalidImageName"
        | "ImageInspectError"
        | "RegistryUnavailable"
        | "SignatureValidationFailed" => {
            let words = if message.is_empty() { reason } else { message };
            found(Reason::ImagePull, safe!("cannot pull the image {}: {}", container.image, words))
        }
        "CreateContainerConfigError" => found(
            Reason::ConfigMissing,
            safe!("lacks configuration for container {}: {}", container.name.safe(), message),
        ),
        "CrashLoopBackOff" => match &container.last {
            Some(end) => Some(ended(state, pod, container, end)),
            None => found(Reason::CrashLoop, crashes(container, &Safe::of("its container ends again and again"))),
        },
        "" | "ContainerCreating" | "PodInitializing" => None,
        _ => {
            found(Reason::CrashLoop, safe!("cannot start container {}: {} {}", container.name.safe(), reason, message))
        }
    }
}

/// Since when a container crashes. Its status keeps the last end alone, which is another with each restart: of
/// those before, the event of the first one that the kubelet waited after tells, else the pod's own time bounds it.
fn crashing_since(state: &State, pod: &Pod, container: &Container, end: &Terminated) -> Option<Timestamp> {
    if container.restarts == 0 {
        return end.at.or(pod.meta.created);
    }
    let waits = events_about(&state.world, &pod.meta)
        .filter(|event| event.reason.as_str() == "BackOff" && event.message.as_str().contains("restarting"));
    waits.filter_map(|event| event.meta.created).min().or(pod.meta.created)
}

fn ended(state: &State, pod: &Pod, container: &Container, end: &Terminated) -> Found {
    let since = crashing_since(state, pod, container, end);
    if end.reason.as_str() == "OOMKilled" {
        let words = crashes(container, &Safe::of("killed for using more memory than its limit"));
        return Found { reason: Reason::OutOfMemory, since, words };
    }
    if image::is_foreign(end) {
        let words = crashes(container, &Safe::of("its program is for another platform than its node's"));
        return Found { reason: Reason::ImagePlatform, since, words };
    }
    let how = if end.signal != 0 {
        safe!("ended by signal {}", end.signal)
    } else {
        safe!("ended with exit code {}", end.exit_code)
    };
    Found { reason: Reason::CrashLoop, since, words: crashes(container, &how) }
}

fn crashes(container: &Container, how: &Safe) -> Safe {
    let restarts = text::plural(u64::from(container.restarts), "restart", "restarts");
    safe!("is crashing: container {} {}, {}", container.name.safe(), how, restarts)
}

/// On its way, unless an event says what holds it up.
fn starting(state: &State, pod: &Pod) -> Option<Found> {
    let warning = events_about(&state.world, &pod.meta)
        .filter(|event| event.warning)
        .filter(|event| matches!(event.reason.as_str(), "Unhealthy" | "FailedMount" | "FailedCreatePodSandBox"))
        .max_by_key(|event| event.last);
    let runs = pod.states.iter().find_map(|container| match container.state {
        ContainerState::Running { since } if !container.init && !container.ready => since,
        _ => None,
    });
    match (warning, runs) {
        (Some(event), Some(since)) if event.reason.as_str() == "Unhealthy" => Some(Found {
            reason: Reason::ProbeFailing,
            since: Some(since),
            words: safe!("has a pod that is not ready: {}", event.message),
        }),
        (Some(event), None) if event.reason.as_str() != "Unhealthy" => Some(Found {
            reason: Reason::ConfigMissing,
            since: pod.meta.created,
            words: safe!("has a pod that cannot start: {}", event.message),
        }),
        (_, Some(since)) if age(state, pod, since) >= UNREADY => {
            let age = text::age(age(state, pod, since));
            let words = safe!("has a pod that has been running for {} and is not ready", age);
            Some(Found { reason: Reason::ProbeFailing, since: Some(since), words })
        }
        _ => None,
    }
}

/// Seconds since a time by the clock of the pod's cluster.
fn age(state: &State, pod: &Pod, since: Timestamp) -> i64 {
    state.now.wall.as_second() - state.ours(pod.meta.cluster, since).as_second()
}

/// What went wrong when its images were pulled.
fn pull_events<'a>(state: &'a State, pod: &'a Pod) -> impl Iterator<Item = &'a Arc<Event>> {
    events_about(&state.world, &pod.meta).filter(|event| event.warning && event.reason.as_str() == "Failed")
}

/// Events are named after their object (`<pod>.<hex>`), so they stand together in the order of names.
fn events_about<'a>(world: &'a World, meta: &'a Meta) -> impl Iterator<Item = &'a Arc<Event>> {
    let rows = world.events.rows();
    let from = rows.partition_point(|event| {
        (event.meta.cluster, &event.meta.namespace, &event.meta.name) < (meta.cluster, &meta.namespace, &meta.name)
    });
    rows[from..]
        .iter()
        .take_while(move |event| {
            event.meta.cluster == meta.cluster
                && event.meta.namespace == meta.namespace
                && event.meta.name.raw().starts_with(meta.name.raw())
        })
        .filter(move |event| event.about_uid.as_ref().is_none_or(|uid| *uid == meta.uid))
        .filter(move |event| event.about_name == meta.name)
}
