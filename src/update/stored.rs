//! Lines of pods that are gone, from a store of logs: when they are asked for there, and what then stands in the
//! view of the log.

use super::{Effect, log};
use crate::command::Command;
use crate::model::log::{Life, LogOf, LogRequest, LogSince, Stored, StoredPods};
use crate::model::{Kind, Name, ObjectId, SourceId, SystemId};
use crate::safe;
use crate::state::State;
use crate::state::freshness;
use crate::state::log::{Log, stored};
use crate::text::Safe;

/// What helps where there is none.
const NONE: &str = "name a Loki in sources.loki to read the lines of pods that are gone";

/// The store that is asked.
fn store(state: &State) -> Option<SourceId> {
    state.world.of_system(SystemId::Loki).find(|source| source.unusable.is_none()).map(|source| source.id)
}

/// Kinds whose pods are known by their names.
const fn names_pods(kind: Kind) -> bool {
    kind.is_controlled() || matches!(kind, Kind::ReplicaSet | Kind::Deployment | Kind::Rollout)
}

/// A workload that has no pods any more, and whose lines may be in a store.
pub(super) fn is_without_pods(state: &State, id: &ObjectId) -> bool {
    names_pods(id.kind) && store(state).is_some() && unknown(state, id).is_none() && log::pod_of(state, id).is_none()
}

/// Why it is not known whether it has pods; `None` where all of its cluster and namespace are.
fn unknown(state: &State, id: &ObjectId) -> Option<Safe> {
    if freshness::is_complete_in(state, id.cluster, Kind::Pod, &id.namespace) {
        return None;
    }
    let pods = freshness::of_place(state, id.cluster, Kind::Pod, &id.namespace);
    let why = pods.why().cloned().or_else(|| pods.left_out());
    Some(why.unwrap_or_else(|| Safe::of("the pods of its namespace are being read")))
}

/// What is said where there is no log to read.
pub(super) fn no_pods(state: &State, id: Option<&ObjectId>) -> Safe {
    if let Some(why) = id.filter(|id| names_pods(id.kind)).and_then(|id| unknown(state, id)) {
        return safe!("whether it has pods is not known: {}", why);
    }
    let none = Safe::of("there is no pod here whose log could be read");
    if store(state).is_some() { none } else { safe!("{}; {}", none, helps(state)) }
}

/// What helps where no store can be asked.
fn helps(state: &State) -> Safe {
    let why = state.world.of_system(SystemId::Loki).find_map(|source| source.unusable.clone());
    why.unwrap_or_else(|| Safe::of(NONE))
}

/// What is asked for of the pods of such a workload; `None` where nothing keeps them.
pub(super) fn of_workload(state: &State, id: &ObjectId) -> Option<LogRequest> {
    let store = store(state).filter(|_| is_without_pods(state, id))?;
    let world = &state.world;
    let began = match id.kind {
        Kind::ReplicaSet => world.replica_sets.get(&id.uid).and_then(|row| row.meta.created),
        Kind::Deployment => world.deployments.get(&id.uid).and_then(|row| row.meta.created),
        Kind::Rollout => world.rollouts.get(&id.uid).and_then(|row| row.meta.created),
        _ => world.controlled.get(&id.uid).and_then(|row| row.meta.created),
    };
    let request = LogRequest {
        pod: id.clone(),
        container: None,
        previous: false,
        since: LogSince::Tail(log::TAIL),
        of: LogOf::Log,
    };
    let pods = StoredPods::Of(id.kind, id.name.clone());
    Some(kept(state, request, (store, pods), Life { began, ended: None }))
}

/// The same request, made of the store.
fn kept(state: &State, request: LogRequest, (store, pods): (SourceId, StoredPods), life: Life) -> LogRequest {
    let window = stored::window(request.since, life, log::server_time(state, &request));
    let cluster = state.world.source(request.pod.cluster).map_or_else(|| Name::new(""), |source| source.name.clone());
    LogRequest {
        previous: false,
        of: LogOf::Stored(Box::new(Stored { store, cluster, pods, life, window, behind: false })),
        ..request
    }
}

/// The pod of the open log is gone. Its lines go on from the store: behind those that are there, or, where there
/// are none, from the beginning that was asked for.
pub(super) fn goes_on(state: &mut State, pod: Option<Name>, message: &Safe) -> Result<Vec<Effect>, Safe> {
    let store = store(state).ok_or_else(|| safe!("{}; {}", message, helps(state)))?;
    let Some(log) = &state.log else { return Ok(Vec::new()) };
    let (old, request, born) = (log.id, log.request.clone(), log.born);
    let pods = StoredPods::One(pod.unwrap_or_else(|| request.pod.name.clone()));
    let now = log::server_time(state, &request);
    let last = log.ring.end().checked_sub(1).and_then(|line| crate::state::log::time(log.ring.line(line)?));
    let seen = log.ring.end() > log.ring.first();
    let life = Life { began: born, ended: seen.then_some(now) };
    let mut wanted = kept(state, LogRequest { previous: false, ..request }, (store, pods), life);
    let id = log::next_tail(state);
    let memory = state.log_memory;
    let Some(log) = &mut state.log else { return Ok(Vec::new()) };
    match (&mut wanted.of, last) {
        (LogOf::Stored(stored), Some(last)) => {
            // What was read from the pod stays where it stands.
            stored.window.0 = last.checked_add(std::time::Duration::from_nanos(1)).unwrap_or(last);
            stored.window.1 = stored.window.1.max(stored.window.0);
            stored.behind = true;
            wanted.since = LogSince::Head;
            log.go_on(id, wanted.clone());
        }
        _ => *log = log.with_request(id, wanted.clone(), memory),
    }
    Ok(vec![Effect::StopTail(old), Effect::Tail(id, wanted)])
}

/// The same lines from another beginning on.
pub(super) fn since(state: &State, request: &LogRequest) -> Option<Stored> {
    let LogOf::Stored(stored) = &request.of else { return None };
    let window = stored::window(request.since, stored.life, log::server_time(state, request));
    Some(Stored { window, behind: false, ..(**stored).clone() })
}

/// Why a key of the log does nothing here.
pub(super) fn refuses(log: &Log, command: Command) -> Option<&'static str> {
    matches!((&log.request.of, command), (LogOf::Stored(_), Command::Previous))
        .then_some("these lines are Loki's, which keeps those from before a restart among the others")
}
