//! Rollouts as the API writes them → model (apis.md §1.2, §1.3).

use serde::Deserialize;
use serde::de::IgnoredAny;

use super::ingest_routing::{IstioWire, NamedWire, istio};
use super::ingest_step::StepWire;
use crate::model::kubernetes::Replicas;
use crate::model::rollouts::{
    AnalysisPhase, AnalysisRef, BlueGreen, Canary, PauseCondition, Rollout, Step, Strategy, Weights, WorkloadRef,
};
use crate::model::{Name, SourceId};
use crate::systems::ingest::IngestError;
use crate::systems::managers::{Held, Managers, set_by};
use crate::systems::meta::{ConditionWire, MetaWire, Pool, TemplateWire, conditions, images, template};
use crate::systems::wire::{Flag, Int, List, Obj, Spec, Text, Time};
use crate::text::Safe;

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub struct RolloutWire<'a> {
    #[serde(borrow)]
    metadata: Obj<MetaWire<'a, Managers<'a>>>,
    #[serde(borrow)]
    spec: Spec<'a, SpecWire<'a>>,
    #[serde(borrow)]
    status: Obj<StatusWire<'a>>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default, rename_all = "camelCase")]
struct SpecWire<'a> {
    replicas: Int,
    paused: Flag,
    restart_at: Time,
    #[serde(borrow)]
    workload_ref: Obj<WorkloadRefWire<'a>>,
    #[serde(borrow)]
    template: Obj<TemplateWire<'a>>,
    #[serde(borrow)]
    strategy: Obj<StrategyWire<'a>>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct WorkloadRefWire<'a> {
    #[serde(borrow)]
    kind: Text<'a>,
    #[serde(borrow)]
    name: Text<'a>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default, rename_all = "camelCase")]
struct StrategyWire<'a> {
    #[serde(borrow)]
    canary: Obj<CanaryWire<'a>>,
    #[serde(borrow)]
    blue_green: Obj<BlueGreenWire<'a>>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default, rename_all = "camelCase")]
struct CanaryWire<'a> {
    #[serde(borrow)]
    canary_service: Text<'a>,
    #[serde(borrow)]
    stable_service: Text<'a>,
    steps: List<Obj<StepWire>>,
    #[serde(borrow)]
    ping_pong: Obj<PingPongWire<'a>>,
    dynamic_stable_scale: Flag,
    abort_scale_down_delay_seconds: Int,
    #[serde(borrow)]
    traffic_routing: Obj<RoutingWire<'a>>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default, rename_all = "camelCase")]
struct PingPongWire<'a> {
    #[serde(borrow)]
    ping_service: Text<'a>,
    #[serde(borrow)]
    pong_service: Text<'a>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default, rename_all = "camelCase")]
struct RoutingWire<'a> {
    max_traffic_weight: Int,
    #[serde(borrow)]
    istio: Obj<IstioWire<'a>>,
    #[serde(borrow)]
    managed_routes: List<Obj<NamedWire<'a>>>,
    nginx: Obj<IgnoredAny>,
    alb: Obj<IgnoredAny>,
    smi: Obj<IgnoredAny>,
    ambassador: Obj<IgnoredAny>,
    app_mesh: Obj<IgnoredAny>,
    traefik: Obj<IgnoredAny>,
    apisix: Obj<IgnoredAny>,
    plugins: Obj<IgnoredAny>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default, rename_all = "camelCase")]
struct BlueGreenWire<'a> {
    #[serde(borrow)]
    active_service: Text<'a>,
    #[serde(borrow)]
    preview_service: Text<'a>,
    auto_promotion_enabled: Flag,
    auto_promotion_seconds: Int,
    scale_down_delay_seconds: Int,
    post_promotion_analysis: Obj<IgnoredAny>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default, rename_all = "camelCase")]
struct StatusWire<'a> {
    #[serde(borrow)]
    phase: Text<'a>,
    #[serde(borrow)]
    message: Text<'a>,
    #[serde(borrow)]
    current_pod_hash: Text<'a>,
    #[serde(borrow, rename = "stableRS")]
    stable_hash: Text<'a>,
    current_step_index: Int,
    #[serde(borrow)]
    current_step_hash: Text<'a>,
    #[serde(borrow)]
    pause_conditions: List<Obj<PauseConditionWire<'a>>>,
    controller_pause: Flag,
    abort: Flag,
    aborted_at: Time,
    promote_full: Flag,
    restarted_at: Time,
    observed_generation: Int,
    workload_observed_generation: Int,
    replicas: Int,
    updated_replicas: Int,
    ready_replicas: Int,
    available_replicas: Int,
    #[serde(borrow)]
    conditions: List<Obj<ConditionWire<'a>>>,
    #[serde(borrow)]
    canary: Obj<CanaryStatusWire<'a>>,
    #[serde(borrow)]
    blue_green: Obj<BlueGreenStatusWire<'a>>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default, rename_all = "camelCase")]
struct PauseConditionWire<'a> {
    #[serde(borrow)]
    reason: Text<'a>,
    start_time: Time,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default, rename_all = "camelCase")]
struct CanaryStatusWire<'a> {
    weights: Obj<WeightsWire>,
    #[serde(borrow)]
    current_step_analysis_run_status: Obj<AnalysisRefWire<'a>>,
    #[serde(borrow)]
    current_background_analysis_run_status: Obj<AnalysisRefWire<'a>>,
    #[serde(borrow)]
    current_experiment: Text<'a>,
    #[serde(borrow)]
    stable_ping_pong: Text<'a>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct WeightsWire {
    canary: Obj<WeightWire>,
    stable: Obj<WeightWire>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct WeightWire {
    weight: Int,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default, rename_all = "camelCase")]
struct BlueGreenStatusWire<'a> {
    #[serde(borrow)]
    preview_selector: Text<'a>,
    #[serde(borrow)]
    active_selector: Text<'a>,
    #[serde(borrow)]
    pre_promotion_analysis_run_status: Obj<AnalysisRefWire<'a>>,
    #[serde(borrow)]
    post_promotion_analysis_run_status: Obj<AnalysisRefWire<'a>>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct AnalysisRefWire<'a> {
    #[serde(borrow)]
    name: Text<'a>,
    #[serde(borrow)]
    status: Text<'a>,
    #[serde(borrow)]
    message: Text<'a>,
}

pub fn rollout(cluster: SourceId, wire: &RolloutWire<'_>, pool: &mut Pool) -> Result<Rollout, IngestError> {
    let metadata = wire.metadata.0.as_ref().ok_or(IngestError::Missing { what: "Rollout", field: "metadata" })?;
    let (no_spec, no_status) = (SpecWire::default(), StatusWire::default());
    let spec = wire.spec.wire.as_ref().unwrap_or(&no_spec);
    let status = wire.status.0.as_ref().unwrap_or(&no_status);
    let (no_canary, no_blue_green) = (CanaryStatusWire::default(), BlueGreenStatusWire::default());
    let canary = status.canary.0.as_ref().unwrap_or(&no_canary);
    let blue_green = status.blue_green.0.as_ref().unwrap_or(&no_blue_green);
    Ok(Rollout {
        meta: metadata.model("Rollout", cluster, pool)?,
        spec: wire.spec.hash(),
        strategy: strategy(spec),
        paused: spec.paused.is_true(),
        paused_by: spec.paused.is_true().then(|| set_by(&metadata.managed_fields, Held::Paused)).flatten(),
        replicas_by: set_by(&metadata.managed_fields, Held::Replicas),
        restarting: spec.restart_at.0.is_some() && spec.restart_at.0 != status.restarted_at.0,
        revision: metadata.number("rollout.argoproj.io/revision"),
        observed_generation: status.observed_generation.0,
        workload_ref: spec.workload_ref.0.as_ref().map(|workload| WorkloadRef {
            kind: pool.line(workload.kind.as_str()),
            name: pool.name(workload.name.as_str()),
            generation: metadata.number("rollout.argoproj.io/workload-generation"),
            observed_generation: status.workload_observed_generation.0,
        }),
        images: images(&spec.template, pool),
        template: template(&spec.template, pool),
        replicas: Replicas {
            desired: spec.replicas.0.unwrap_or(1),
            current: status.replicas.or_zero(),
            updated: status.updated_replicas.or_zero(),
            ready: status.ready_replicas.or_zero(),
            available: status.available_replicas.or_zero(),
        },
        phase: status.phase.line(),
        message: status.message.line(),
        current_pod_hash: pool.some(status.current_pod_hash.as_str()),
        stable_hash: pool.some(status.stable_hash.as_str()),
        current_step_index: status.current_step_index.0,
        current_step_hash: pool.some(status.current_step_hash.as_str()),
        pause_conditions: pauses(&status.pause_conditions),
        controller_pause: status.controller_pause.is_true(),
        abort: status.abort.is_true(),
        aborted_at: status.aborted_at.0,
        promote_full: status.promote_full.is_true(),
        conditions: conditions(&status.conditions, pool),
        weights: canary.weights.0.as_ref().map(weights),
        step_analysis: analysis(&canary.current_step_analysis_run_status),
        background_analysis: analysis(&canary.current_background_analysis_run_status),
        pre_promotion_analysis: analysis(&blue_green.pre_promotion_analysis_run_status),
        post_promotion_analysis: analysis(&blue_green.post_promotion_analysis_run_status),
        current_experiment: canary.current_experiment.some().map(Name::new),
        active_selector: pool.some(blue_green.active_selector.as_str()),
        preview_selector: pool.some(blue_green.preview_selector.as_str()),
        stable_ping_pong: pool.some(canary.stable_ping_pong.as_str()),
        managed_by: metadata.managed_by(),
    })
}

fn pauses(wire: &List<Obj<PauseConditionWire<'_>>>) -> Vec<PauseCondition> {
    let rows = wire.0.iter().filter_map(|pause| pause.0.as_ref());
    rows.map(|pause| PauseCondition { reason: pause.reason.line(), since: pause.start_time.0 }).collect()
}

fn weights(wire: &WeightsWire) -> Weights {
    let of = |weight: &Obj<WeightWire>| weight.0.as_ref().map_or(0, |weight| weight.weight.or_zero());
    Weights { canary: of(&wire.canary), stable: of(&wire.stable) }
}

fn analysis(wire: &Obj<AnalysisRefWire<'_>>) -> Option<AnalysisRef> {
    let wire = wire.0.as_ref()?;
    Some(AnalysisRef {
        name: Name::new(wire.name.some()?),
        status: AnalysisPhase::parse(wire.status.as_str()),
        message: wire.message.line(),
    })
}

/// Canary first, as the controller decides when both are set.
fn strategy(spec: &SpecWire<'_>) -> Strategy {
    let name = |text: &Text<'_>| text.some().map(Name::new);
    let Some(strategy) = &spec.strategy.0 else { return Strategy::None };
    if let Some(canary) = &strategy.canary.0 {
        let routing = canary.traffic_routing.0.as_ref();
        return Strategy::Canary(Canary {
            steps: canary.steps.0.iter().map(step_of).collect(),
            traffic_routing: routing.is_some(),
            router: routing.and_then(router),
            max_weight: routing.and_then(|routing| routing.max_traffic_weight.0).unwrap_or(100),
            stable_service: name(&canary.stable_service),
            canary_service: name(&canary.canary_service),
            ping_pong: canary
                .ping_pong
                .0
                .as_ref()
                .map(|both| (Name::new(both.ping_service.as_str()), Name::new(both.pong_service.as_str()))),
            istio: routing.and_then(|routing| istio(routing.istio.0.as_ref()?, &routing.managed_routes).map(Box::new)),
            dynamic_stable_scale: canary.dynamic_stable_scale.is_true(),
            abort_scale_down_delay: canary.abort_scale_down_delay_seconds.0,
        });
    }
    match &strategy.blue_green.0 {
        Some(wire) => Strategy::BlueGreen(BlueGreen {
            active_service: name(&wire.active_service),
            preview_service: name(&wire.preview_service),
            auto_promotion: wire.auto_promotion_enabled.0.unwrap_or(true),
            auto_promotion_after: wire.auto_promotion_seconds.0,
            scale_down_delay: wire.scale_down_delay_seconds.0,
            post_promotion: wire.post_promotion_analysis.0.is_some(),
        }),
        None => Strategy::None,
    }
}

fn router(routing: &RoutingWire<'_>) -> Option<Safe> {
    if routing.istio.0.is_some() {
        return Some(Safe::of("istio"));
    }
    let routers = [
        (&routing.nginx, "nginx"),
        (&routing.alb, "alb"),
        (&routing.smi, "smi"),
        (&routing.ambassador, "ambassador"),
        (&routing.app_mesh, "appMesh"),
        (&routing.traefik, "traefik"),
        (&routing.apisix, "apisix"),
        (&routing.plugins, "plugin"),
    ];
    routers.iter().find(|(wire, _)| wire.0.is_some()).map(|(_, name)| Safe::of(name))
}

/// What is no object at all stays as an unknown step, so that the indices stay right.
fn step_of(wire: &Obj<StepWire>) -> Step {
    wire.0.as_ref().map_or_else(|| Step::Unknown(Safe::of("")), |step| step.0.clone())
}
