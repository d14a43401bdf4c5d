//! Pods as the API writes them → model. The word of the STATUS column is made here, as kubectl
//! and the rollouts plug-in make it (apis.md §3.3, §3.4).

use serde::Deserialize;

use crate::model::SourceId;
use crate::model::images::Digest;
use crate::model::kubernetes::{Container, ContainerState, Pod, PodHealth, Terminated};
use crate::systems::ingest::IngestError;
use crate::systems::meta::{ConditionWire, ContainerWire, MetaWire, PodSpecWire, Pool};
use crate::systems::wire::{Flag, Int, List, Obj, Text, Time};
use crate::text::Safe;

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub struct PodWire<'a> {
    #[serde(borrow)]
    metadata: Obj<MetaWire<'a>>,
    #[serde(borrow)]
    spec: Obj<PodSpecWire<'a>>,
    #[serde(borrow)]
    status: Obj<PodStatusWire<'a>>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default, rename_all = "camelCase")]
struct PodStatusWire<'a> {
    #[serde(borrow)]
    phase: Text<'a>,
    #[serde(borrow)]
    reason: Text<'a>,
    #[serde(borrow)]
    message: Text<'a>,
    #[serde(borrow)]
    conditions: List<Obj<ConditionWire<'a>>>,
    #[serde(borrow)]
    container_statuses: List<Obj<ContainerStatusWire<'a>>>,
    #[serde(borrow)]
    init_container_statuses: List<Obj<ContainerStatusWire<'a>>>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default, rename_all = "camelCase")]
struct ContainerStatusWire<'a> {
    #[serde(borrow)]
    name: Text<'a>,
    #[serde(borrow)]
    image: Text<'a>,
    #[serde(rename = "imageID", borrow)]
    image_id: Text<'a>,
    ready: Flag,
    started: Flag,
    restart_count: Int,
    #[serde(borrow)]
    state: Obj<StateWire<'a>>,
    #[serde(borrow)]
    last_state: Obj<StateWire<'a>>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct StateWire<'a> {
    #[serde(borrow)]
    waiting: Obj<WaitingWire<'a>>,
    running: Obj<RunningWire>,
    #[serde(borrow)]
    terminated: Obj<TerminatedWire<'a>>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct WaitingWire<'a> {
    #[serde(borrow)]
    reason: Text<'a>,
    #[serde(borrow)]
    message: Text<'a>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default, rename_all = "camelCase")]
struct RunningWire {
    started_at: Time,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default, rename_all = "camelCase")]
struct TerminatedWire<'a> {
    exit_code: Int,
    signal: Int,
    #[serde(borrow)]
    reason: Text<'a>,
    #[serde(borrow)]
    message: Text<'a>,
    finished_at: Time,
}

pub fn pod(cluster: SourceId, wire: &PodWire<'_>, pool: &mut Pool) -> Result<Pod, IngestError> {
    let metadata = wire.metadata.0.as_ref().ok_or(IngestError::Missing { what: "Pod", field: "metadata" })?;
    let meta = metadata.model("Pod", cluster, pool)?;
    let (no_spec, no_status) = (PodSpecWire::default(), PodStatusWire::default());
    let spec = wire.spec.0.as_ref().unwrap_or(&no_spec);
    let status = wire.status.0.as_ref().unwrap_or(&no_status);
    let column = column(spec, status, meta.deleting.is_some());
    let unscheduled = rows(&status.conditions).find(|condition| condition.is("PodScheduled", "False"));
    let unschedulable = unscheduled.is_some_and(|condition| condition.reason.as_str() == "Unschedulable");
    let containers = spec.containers.0.len();
    let health = health(&column, containers, unschedulable);
    let message = status.message.some().or_else(|| unscheduled.and_then(|condition| condition.message.some()));
    let hash = metadata.label("rollouts-pod-template-hash").or_else(|| metadata.label("pod-template-hash"));
    Ok(Pod {
        status: pool.line(&column.word),
        health,
        ready: clamp(column.ready),
        containers: clamp(containers),
        restarts: u32::try_from(column.restarts).unwrap_or(0),
        node: spec.node_name.some().map(|node| pool.name(node)),
        template_hash: hash.map(|hash| pool.line(hash)),
        states: states(spec, status, pool),
        default_container: metadata.annotation("kubectl.kubernetes.io/default-container").map(|name| pool.name(name)),
        message: message.map(|message| pool.line(message)),
        meta,
    })
}

fn rows<T>(list: &List<Obj<T>>) -> impl DoubleEndedIterator<Item = &T> {
    list.0.iter().filter_map(|item| item.0.as_ref())
}

fn clamp(count: usize) -> u16 {
    u16::try_from(count).unwrap_or(u16::MAX)
}

/// kubectl's STATUS, READY and RESTARTS.
struct Column {
    word: String,
    ready: usize,
    restarts: i64,
}

/// A port of the plug-in's `info/pod_info.go`, which is a port of kubectl's printer.
fn column(spec: &PodSpecWire<'_>, status: &PodStatusWire<'_>, deleting: bool) -> Column {
    let word = status.reason.some().unwrap_or(status.phase.as_str()).to_owned();
    let mut column = match initializing(spec, status) {
        Some(column) => column,
        None => running(status, word),
    };
    if deleting {
        // `NodeLost` is what the node controller writes when the node no longer answers.
        let lost = status.reason.as_str() == "NodeLost";
        column.word = String::from(if lost { "Unknown" } else { "Terminating" });
    }
    column
}

fn ended(terminated: &TerminatedWire<'_>) -> String {
    match (terminated.reason.some(), terminated.signal.or_zero()) {
        (Some(reason), _) => reason.to_owned(),
        (None, 0) => format!("ExitCode:{}", terminated.exit_code.or_zero()),
        (None, signal) => format!("Signal:{signal}"),
    }
}

/// The first init container that is not done, if any.
fn initializing(spec: &PodSpecWire<'_>, status: &PodStatusWire<'_>) -> Option<Column> {
    let sidecar = |name: &str| {
        rows(&spec.init_containers)
            .any(|container| container.name.as_str() == name && container.restart_policy.as_str() == "Always")
    };
    let mut restarts = 0;
    for (index, container) in rows(&status.init_container_statuses).enumerate() {
        restarts += container.restart_count.or_zero();
        let (waiting, terminated) = match &container.state.0 {
            Some(state) => (state.waiting.0.as_ref(), state.terminated.0.as_ref()),
            None => (None, None),
        };
        let word = match (terminated, waiting) {
            (Some(terminated), _) if terminated.exit_code.or_zero() == 0 => continue,
            (Some(terminated), _) => format!("Init:{}", ended(terminated)),
            // A sidecar that runs but is not ready stops the count and hides nothing.
            _ if sidecar(container.name.as_str()) && container.started.is_true() => {
                if container.ready.is_true() {
                    continue;
                }
                return None;
            }
            (None, Some(waiting)) if !matches!(waiting.reason.as_str(), "" | "PodInitializing") => {
                format!("Init:{}", waiting.reason.as_str())
            }
            _ => format!("Init:{index}/{}", spec.init_containers.0.len()),
        };
        return Some(Column { word, ready: 0, restarts });
    }
    None
}

fn running(status: &PodStatusWire<'_>, mut word: String) -> Column {
    let (mut ready, mut restarts) = (0, 0);
    for container in rows(&status.container_statuses).rev() {
        restarts += container.restart_count.or_zero();
        let Some(state) = &container.state.0 else { continue };
        let waiting = state.waiting.0.as_ref().and_then(|waiting| waiting.reason.some());
        match (waiting, &state.terminated.0, &state.running.0) {
            (Some(reason), _, _) => reason.clone_into(&mut word),
            (None, Some(terminated), _) => word = ended(terminated),
            (None, None, Some(_)) if container.ready.is_true() => ready += 1,
            (None, None, _) => {}
        }
    }
    if word == "Completed" && ready > 0 {
        "Running".clone_into(&mut word);
    }
    Column { word, ready, restarts }
}

fn health(column: &Column, containers: usize, unschedulable: bool) -> PodHealth {
    let word = column.word.as_str();
    match word {
        "Running" if column.ready >= containers => PodHealth::Running,
        "Pending" | "SchedulingGated" if unschedulable => PodHealth::Broken,
        "Running" | "Pending" | "SchedulingGated" | "ContainerCreating" | "PodInitializing" => PodHealth::Starting,
        "Completed" | "Succeeded" => PodHealth::Done,
        "Terminating" => PodHealth::Ending,
        "Unknown" | "" => PodHealth::Unknown,
        // `Init:0/2` is on its way; `Init:Error` is not.
        _ if word.strip_prefix("Init:").is_some_and(|rest| rest.starts_with(|c: char| c.is_ascii_digit())) => {
            PodHealth::Starting
        }
        _ => PodHealth::Broken,
    }
}

/// Containers of the spec, init ones first, joined with their states.
fn states(spec: &PodSpecWire<'_>, status: &PodStatusWire<'_>, pool: &mut Pool) -> Box<[Container]> {
    let mut containers = Vec::with_capacity(spec.init_containers.0.len() + spec.containers.0.len());
    for (init, specs, statuses) in [
        (true, &spec.init_containers, &status.init_container_statuses),
        (false, &spec.containers, &status.container_statuses),
    ] {
        containers.extend(rows(specs).map(|container| {
            let status = rows(statuses).find(|status| status.name.as_str() == container.name.as_str());
            joined(init, container, status, pool)
        }));
    }
    containers.into_boxed_slice()
}

fn joined(
    init: bool,
    spec: &ContainerWire<'_>,
    status: Option<&ContainerStatusWire<'_>>,
    pool: &mut Pool,
) -> Container {
    let image = spec.image.some().or(status.and_then(|status| status.image.some())).unwrap_or("");
    let last = status.and_then(|status| status.last_state.0.as_ref()?.terminated.0.as_ref());
    Container {
        name: pool.name(spec.name.as_str()),
        init,
        image: pool.line(image),
        digest: status.and_then(|status| Digest::of_image_id(status.image_id.as_str())),
        ready: status.is_some_and(|status| status.ready.is_true()),
        restarts: status.and_then(|status| u32::try_from(status.restart_count.or_zero()).ok()).unwrap_or(0),
        state: status.and_then(|status| status.state.0.as_ref()).map_or(ContainerState::Unknown, |s| state(s, pool)),
        last: last.map(|last| terminated(last, pool)),
    }
}

fn state(wire: &StateWire<'_>, pool: &mut Pool) -> ContainerState {
    if let Some(waiting) = &wire.waiting.0 {
        let (reason, message) = (pool.line(waiting.reason.as_str()), pool.line(waiting.message.as_str()));
        return ContainerState::Waiting { reason, message };
    }
    if let Some(ended) = &wire.terminated.0 {
        return ContainerState::Terminated(terminated(ended, pool));
    }
    match &wire.running.0 {
        Some(running) => ContainerState::Running { since: running.started_at.0 },
        None => ContainerState::Unknown,
    }
}

fn terminated(wire: &TerminatedWire<'_>, pool: &mut Pool) -> Terminated {
    let reason = match wire.reason.some() {
        Some(reason) => pool.line(reason),
        None => Safe::of(""),
    };
    Terminated {
        reason,
        message: pool.line(wire.message.as_str()),
        exit_code: wire.exit_code.or_zero(),
        signal: wire.signal.or_zero(),
        at: wire.finished_at.0,
    }
}
