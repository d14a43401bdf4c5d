//! Applications as the API writes them → model (apis.md §2.1).

use serde::Deserialize;
use serde::de::IgnoredAny;

use crate::model::applications::{
    AppCondition, AppHealth, AppOperation, AppResource, AppSource, Application, Automated, Deployed, Destination,
    OperationPhase, SyncStatus,
};
use crate::model::{Name, SourceId};
use crate::systems::ingest::IngestError;
use crate::systems::managers::{Held, Managers, set_by};
use crate::systems::meta::{MetaWire, Pool};
use crate::systems::wire::{Flag, Int, List, Obj, Text, Time};
use crate::text::Safe;

/// Objects that run something: a row of the environments may be one of them.
const WORKLOADS: [&str; 5] = ["Rollout", "Deployment", "StatefulSet", "DaemonSet", "Job"];

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub struct ApplicationWire<'a> {
    #[serde(borrow)]
    metadata: Obj<MetaWire<'a, Managers<'a>>>,
    #[serde(borrow)]
    spec: Obj<SpecWire<'a>>,
    operation: Obj<IgnoredAny>,
    #[serde(borrow)]
    status: Obj<StatusWire<'a>>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default, rename_all = "camelCase")]
struct SpecWire<'a> {
    #[serde(borrow)]
    project: Text<'a>,
    #[serde(borrow)]
    source: Obj<SourceWire<'a>>,
    #[serde(borrow)]
    sources: List<Obj<SourceWire<'a>>>,
    #[serde(borrow)]
    destination: Obj<DestinationWire<'a>>,
    sync_policy: Obj<PolicyWire>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default, rename_all = "camelCase")]
struct SourceWire<'a> {
    #[serde(borrow, rename = "repoURL")]
    repository: Text<'a>,
    #[serde(borrow)]
    path: Text<'a>,
    #[serde(borrow)]
    chart: Text<'a>,
    #[serde(borrow)]
    target_revision: Text<'a>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct DestinationWire<'a> {
    #[serde(borrow)]
    server: Text<'a>,
    #[serde(borrow)]
    name: Text<'a>,
    #[serde(borrow)]
    namespace: Text<'a>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct PolicyWire {
    automated: Obj<AutomatedWire>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default, rename_all = "camelCase")]
struct AutomatedWire {
    prune: Flag,
    self_heal: Flag,
    enabled: Flag,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default, rename_all = "camelCase")]
struct StatusWire<'a> {
    #[serde(borrow)]
    sync: Obj<SyncWire<'a>>,
    #[serde(borrow)]
    health: Obj<HealthWire<'a>>,
    #[serde(borrow)]
    operation_state: Obj<OperationStateWire<'a>>,
    #[serde(borrow)]
    history: List<Obj<HistoryWire<'a>>>,
    #[serde(borrow)]
    resources: List<Obj<ResourceWire<'a>>>,
    #[serde(borrow)]
    conditions: List<Obj<ConditionWire<'a>>>,
    reconciled_at: Time,
    #[serde(borrow)]
    resource_health_source: Text<'a>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct SyncWire<'a> {
    #[serde(borrow)]
    status: Text<'a>,
    #[serde(borrow)]
    revision: Text<'a>,
    #[serde(borrow)]
    revisions: List<Text<'a>>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(super) struct HealthWire<'a> {
    #[serde(borrow)]
    pub(super) status: Text<'a>,
    #[serde(borrow)]
    pub(super) message: Text<'a>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default, rename_all = "camelCase")]
struct OperationStateWire<'a> {
    #[serde(borrow)]
    phase: Text<'a>,
    #[serde(borrow)]
    message: Text<'a>,
    started_at: Time,
    finished_at: Time,
    retry_count: Int,
    #[serde(borrow)]
    operation: Obj<OperationWire<'a>>,
    #[serde(borrow)]
    sync_result: Obj<ResultWire<'a>>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default, rename_all = "camelCase")]
struct OperationWire<'a> {
    #[serde(borrow)]
    initiated_by: Obj<InitiatorWire<'a>>,
    #[serde(borrow)]
    info: List<Obj<InfoWire<'a>>>,
    #[serde(borrow)]
    sync: Obj<AskedWire<'a>>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct InitiatorWire<'a> {
    #[serde(borrow)]
    username: Text<'a>,
    automated: Flag,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct InfoWire<'a> {
    #[serde(borrow)]
    name: Text<'a>,
    #[serde(borrow)]
    value: Text<'a>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default, rename_all = "camelCase")]
struct AskedWire<'a> {
    #[serde(borrow)]
    revision: Text<'a>,
    #[serde(borrow)]
    revisions: List<Text<'a>>,
    self_heal_attempts_count: Int,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct ResultWire<'a> {
    #[serde(borrow)]
    revision: Text<'a>,
    #[serde(borrow)]
    revisions: List<Text<'a>>,
    #[serde(borrow)]
    resources: List<Obj<ResourceWire<'a>>>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default, rename_all = "camelCase")]
struct HistoryWire<'a> {
    id: Int,
    #[serde(borrow)]
    revision: Text<'a>,
    #[serde(borrow)]
    revisions: List<Text<'a>>,
    deployed_at: Time,
    #[serde(borrow)]
    initiated_by: Obj<InitiatorWire<'a>>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default, rename_all = "camelCase")]
struct ResourceWire<'a> {
    #[serde(borrow)]
    group: Text<'a>,
    #[serde(borrow)]
    kind: Text<'a>,
    #[serde(borrow)]
    namespace: Text<'a>,
    #[serde(borrow)]
    name: Text<'a>,
    #[serde(borrow)]
    status: Text<'a>,
    #[serde(borrow)]
    health: Obj<HealthWire<'a>>,
    #[serde(borrow)]
    message: Text<'a>,
    requires_pruning: Flag,
    hook: Flag,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default, rename_all = "camelCase")]
struct ConditionWire<'a> {
    #[serde(borrow, rename = "type")]
    kind: Text<'a>,
    #[serde(borrow)]
    message: Text<'a>,
    last_transition_time: Time,
}

pub fn application(cluster: SourceId, wire: &ApplicationWire<'_>, pool: &mut Pool) -> Result<Application, IngestError> {
    let metadata = wire.metadata.0.as_ref().ok_or(IngestError::Missing { what: "Application", field: "metadata" })?;
    let (no_spec, no_status) = (SpecWire::default(), StatusWire::default());
    let spec = wire.spec.0.as_ref().unwrap_or(&no_spec);
    let status = wire.status.0.as_ref().unwrap_or(&no_status);
    let (no_sync, no_health) = (SyncWire::default(), HealthWire::default());
    let sync = status.sync.0.as_ref().unwrap_or(&no_sync);
    let health = status.health.0.as_ref().unwrap_or(&no_health);
    let rows = || status.resources.0.iter().filter_map(|row| row.0.as_ref());
    Ok(Application {
        meta: metadata.model("Application", cluster, pool)?,
        project: pool.name(spec.project.some().unwrap_or("default")),
        sources: sources(spec, pool),
        destination: destination(spec, pool),
        automated: automated(spec),
        sync: SyncStatus::parse(sync.status.as_str()),
        revisions: revisions(&sync.revision, &sync.revisions),
        health: AppHealth::parse(health.status.as_str()),
        health_message: health.message.line(),
        operation: status.operation_state.0.as_ref().map(|state| operation(state, pool)),
        requested: wire.operation.0.is_some(),
        history: status.history.0.iter().filter_map(|row| row.0.as_ref()).map(deployed).collect(),
        resources: rows().filter(|row| is_kept(row)).map(|row| resource(row, pool)).collect(),
        resource_count: rows().count(),
        health_in_tree: status.resource_health_source.as_str() == "appTree",
        conditions: conditions(&status.conditions, pool),
        reconciled: status.reconciled_at.0,
        refreshing: metadata.annotation("argocd.argoproj.io/refresh").map(Safe::line),
        skipped: is_skipped(metadata),
        held_by: match (is_skipped(metadata), automated(spec)) {
            (true, _) => set_by(&metadata.managed_fields, Held::Skipped),
            (false, None) => set_by(&metadata.managed_fields, Held::AutoSync),
            (false, Some(_)) => None,
        },
    })
}

fn is_skipped(metadata: &MetaWire<'_, Managers<'_>>) -> bool {
    metadata.annotation("argocd.argoproj.io/skip-reconcile") == Some("true")
}

/// Of ten thousand ConfigMaps that are as they should be, the count is enough. A hook is no part of what is
/// kept: what is left of one asks for nothing.
fn is_kept(row: &ResourceWire<'_>) -> bool {
    if row.hook.is_true() {
        return false;
    }
    let calm = |health: &HealthWire<'_>| matches!(health.status.as_str(), "" | "Healthy");
    WORKLOADS.contains(&row.kind.as_str())
        || row.status.as_str() != "Synced"
        || row.requires_pruning.is_true()
        || row.health.0.as_ref().is_some_and(|health| !calm(health))
}

fn sources(spec: &SpecWire<'_>, pool: &mut Pool) -> Vec<AppSource> {
    let one = spec.source.0.iter();
    let all = one.chain(spec.sources.0.iter().filter_map(|source| source.0.as_ref()));
    all.map(|wire| AppSource {
        repository: pool.line(wire.repository.as_str()),
        path: pool.line(wire.path.some().or(wire.chart.some()).unwrap_or_default()),
        target: pool.line(wire.target_revision.some().unwrap_or("HEAD")),
    })
    .collect()
}

fn destination(spec: &SpecWire<'_>, pool: &mut Pool) -> Destination {
    let nowhere = DestinationWire::default();
    let wire = spec.destination.0.as_ref().unwrap_or(&nowhere);
    Destination {
        cluster: pool.line(wire.name.some().or(wire.server.some()).unwrap_or_default()),
        namespace: pool.name(wire.namespace.as_str()),
    }
}

/// `enabled: false` turns it off and keeps the rest of the block.
fn automated(spec: &SpecWire<'_>) -> Option<Automated> {
    let wire = spec.sync_policy.0.as_ref()?.automated.0.as_ref()?;
    let on = wire.enabled.0.unwrap_or(true);
    on.then(|| Automated { prune: wire.prune.is_true(), self_heal: wire.self_heal.is_true() })
}

fn revisions(one: &Text<'_>, several: &List<Text<'_>>) -> Vec<Name> {
    one.some().into_iter().chain(several.0.iter().filter_map(Text::some)).map(Name::new).collect()
}

fn person(wire: &Obj<InitiatorWire<'_>>) -> Option<Safe> {
    let wire = wire.0.as_ref().filter(|wire| !wire.automated.is_true())?;
    wire.username.some().map(Safe::line)
}

fn operation(wire: &OperationStateWire<'_>, pool: &mut Pool) -> AppOperation {
    let asked = wire.operation.0.as_ref();
    let result = wire.sync_result.0.as_ref();
    let of_result = result.map(|result| revisions(&result.revision, &result.revisions)).unwrap_or_default();
    let of_asked = || {
        let sync = asked.and_then(|asked| asked.sync.0.as_ref());
        sync.map(|sync| revisions(&sync.revision, &sync.revisions)).unwrap_or_default()
    };
    let rows = result.into_iter().flat_map(|result| &result.resources.0).filter_map(|row| row.0.as_ref());
    AppOperation {
        phase: OperationPhase::parse(wire.phase.as_str()),
        message: wire.message.line(),
        started: wire.started_at.0,
        finished: wire.finished_at.0,
        retries: wire.retry_count.or_zero(),
        heals: asked.and_then(|asked| asked.sync.0.as_ref()).map_or(0, |sync| sync.self_heal_attempts_count.or_zero()),
        revisions: if of_result.is_empty() { of_asked() } else { of_result },
        by: asked.and_then(|asked| person(&asked.initiated_by)),
        info: asked
            .into_iter()
            .flat_map(|asked| &asked.info.0)
            .filter_map(|info| info.0.as_ref())
            .map(|info| (info.name.line(), info.value.line()))
            .collect(),
        failed: rows.filter(|row| row.status.as_str() == "SyncFailed").map(|row| resource(row, pool)).collect(),
    }
}

fn deployed(wire: &HistoryWire<'_>) -> Deployed {
    let revisions = revisions(&wire.revision, &wire.revisions);
    Deployed {
        id: wire.id.or_zero(),
        revision: revisions.first().map_or_else(Safe::default, |name| name.safe().clone()),
        revisions,
        at: wire.deployed_at.0,
        by: person(&wire.initiated_by),
    }
}

fn resource(wire: &ResourceWire<'_>, pool: &mut Pool) -> AppResource {
    let health = wire.health.0.as_ref();
    let said = health.and_then(|health| health.message.some()).or(wire.message.some());
    AppResource {
        group: pool.line(wire.group.as_str()),
        kind: pool.line(wire.kind.as_str()),
        namespace: pool.name(wire.namespace.as_str()),
        name: pool.name(wire.name.as_str()),
        status: pool.line(wire.status.as_str()),
        health: AppHealth::parse(health.map_or("", |health| health.status.as_str())),
        message: Safe::line(said.unwrap_or_default()),
        prune: wire.requires_pruning.is_true(),
    }
}

fn conditions(wire: &List<Obj<ConditionWire<'_>>>, pool: &mut Pool) -> Vec<AppCondition> {
    let rows = wire.0.iter().filter_map(|condition| condition.0.as_ref());
    rows.map(|condition| AppCondition {
        kind: pool.line(condition.kind.as_str()),
        message: condition.message.line(),
        since: condition.last_transition_time.0,
    })
    .collect()
}
