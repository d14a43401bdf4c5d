//! AnalysisRuns and Experiments as the API writes them → model (apis.md §1.5).

use std::fmt;

use serde::Deserialize;
use serde::de::{Deserializer, MapAccess, Visitor};

use crate::model::kubernetes::Replicas;
use crate::model::rollouts::{
    AnalysisJob, AnalysisPhase, AnalysisRun, Experiment, ExperimentAnalysis, ExperimentTemplate, Measurement, Metric,
};
use crate::model::{Name, SourceId};
use crate::systems::duration::go_duration;
use crate::systems::ingest::IngestError;
use crate::systems::meta::{MetaWire, Pool};
use crate::systems::wire::{Flag, Int, List, Obj, Text, Time};
use crate::text::Safe;

/// How many measurements of a metric are kept, the newest; the controller itself keeps 10 by default.
const MEASUREMENTS: usize = 10;

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub struct AnalysisRunWire<'a> {
    #[serde(borrow)]
    metadata: Obj<MetaWire<'a>>,
    #[serde(borrow)]
    spec: Obj<RunSpecWire<'a>>,
    #[serde(borrow)]
    status: Obj<RunStatusWire<'a>>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct RunSpecWire<'a> {
    #[serde(borrow)]
    metrics: List<Obj<MetricWire<'a>>>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default, rename_all = "camelCase")]
struct MetricWire<'a> {
    #[serde(borrow)]
    name: Text<'a>,
    #[serde(borrow)]
    interval: Text<'a>,
    #[serde(borrow)]
    initial_delay: Text<'a>,
    #[serde(borrow)]
    count: Text<'a>,
    #[serde(borrow)]
    success_condition: Text<'a>,
    #[serde(borrow)]
    failure_condition: Text<'a>,
    failure_limit: Int,
    inconclusive_limit: Int,
    consecutive_error_limit: Int,
    #[serde(borrow)]
    provider: Obj<ProviderWire<'a>>,
}

/// `provider` is an object with one key, its kind, and a query somewhere in its value.
#[derive(Debug, Default)]
struct ProviderWire<'a> {
    kind: Text<'a>,
    query: Text<'a>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct QueryWire<'a> {
    #[serde(borrow)]
    query: Text<'a>,
    #[serde(borrow)]
    url: Text<'a>,
}

impl<'de: 'a, 'a> Deserialize<'de> for ProviderWire<'a> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Provider;
        impl<'de> Visitor<'de> for Provider {
            type Value = ProviderWire<'de>;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a provider")
            }

            fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Self::Value, A::Error> {
                let mut provider = ProviderWire::default();
                while let Some(kind) = map.next_key::<Text<'de>>()? {
                    let wire: Obj<QueryWire<'de>> = map.next_value()?;
                    if let Some(wire) = wire.0 {
                        let query = if wire.query.some().is_some() { wire.query } else { wire.url };
                        provider = ProviderWire { kind, query };
                    }
                }
                Ok(provider)
            }
        }
        deserializer.deserialize_map(Provider)
    }
}

#[derive(Debug, Default, Deserialize)]
#[serde(default, rename_all = "camelCase")]
struct RunStatusWire<'a> {
    #[serde(borrow)]
    phase: Text<'a>,
    #[serde(borrow)]
    message: Text<'a>,
    started_at: Time,
    completed_at: Time,
    #[serde(borrow)]
    metric_results: List<Obj<ResultWire<'a>>>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default, rename_all = "camelCase")]
struct ResultWire<'a> {
    #[serde(borrow)]
    name: Text<'a>,
    #[serde(borrow)]
    phase: Text<'a>,
    #[serde(borrow)]
    message: Text<'a>,
    count: Int,
    successful: Int,
    failed: Int,
    inconclusive: Int,
    error: Int,
    consecutive_error: Int,
    dry_run: Flag,
    #[serde(borrow)]
    metadata: Obj<ResolvedWire<'a>>,
    #[serde(borrow)]
    measurements: List<Obj<MeasurementWire<'a>>>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct ResolvedWire<'a> {
    #[serde(borrow, rename = "ResolvedPrometheusQuery")]
    query: Text<'a>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default, rename_all = "camelCase")]
struct MeasurementWire<'a> {
    #[serde(borrow)]
    phase: Text<'a>,
    #[serde(borrow)]
    value: Text<'a>,
    #[serde(borrow)]
    message: Text<'a>,
    started_at: Time,
    finished_at: Time,
    #[serde(borrow)]
    metadata: Obj<JobWire<'a>>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct JobWire<'a> {
    #[serde(borrow, rename = "job-name")]
    job: Text<'a>,
}

pub fn analysis_run(
    cluster: SourceId,
    wire: &AnalysisRunWire<'_>,
    pool: &mut Pool,
) -> Result<AnalysisRun, IngestError> {
    let metadata = wire.metadata.0.as_ref().ok_or(IngestError::Missing { what: "AnalysisRun", field: "metadata" })?;
    let (no_spec, no_status) = (RunSpecWire::default(), RunStatusWire::default());
    let spec = wire.spec.0.as_ref().unwrap_or(&no_spec);
    let status = wire.status.0.as_ref().unwrap_or(&no_status);
    Ok(AnalysisRun {
        meta: metadata.model("AnalysisRun", cluster, pool)?,
        revision: metadata.number("rollout.argoproj.io/revision"),
        template_hash: metadata.label("rollouts-pod-template-hash").map(|hash| pool.line(hash)),
        rollout_type: metadata.label("rollout-type").map(|kind| pool.line(kind)),
        step_index: metadata.label("step-index").and_then(|index| Int::of(index.parse().ok()?).0),
        phase: AnalysisPhase::parse(status.phase.as_str()),
        message: status.message.line(),
        started: status.started_at.0,
        completed: status.completed_at.0,
        metrics: metrics(spec, status),
        jobs: jobs(status),
    })
}

/// Metrics of the spec in its order, each with its result; then results that no metric explains.
fn metrics(spec: &RunSpecWire<'_>, status: &RunStatusWire<'_>) -> Vec<Metric> {
    let specs: Vec<&MetricWire<'_>> = spec.metrics.0.iter().filter_map(|metric| metric.0.as_ref()).collect();
    let results: Vec<&ResultWire<'_>> = status.metric_results.0.iter().filter_map(|result| result.0.as_ref()).collect();
    let (nothing_said, no_result) = (MetricWire::default(), ResultWire::default());
    let mut metrics = Vec::with_capacity(specs.len().max(results.len()));
    for spec in &specs {
        let result = results.iter().find(|result| result.name.as_str() == spec.name.as_str());
        metrics.push(metric(spec.name.as_str(), spec, result.copied().unwrap_or(&no_result)));
    }
    for result in results {
        if specs.iter().all(|spec| spec.name.as_str() != result.name.as_str()) {
            metrics.push(metric(result.name.as_str(), &nothing_said, result));
        }
    }
    metrics
}

fn metric(name: &str, spec: &MetricWire<'_>, result: &ResultWire<'_>) -> Metric {
    let provider = spec.provider.0.as_ref();
    let resolved = result.metadata.0.as_ref().and_then(|metadata| metadata.query.some());
    let query = resolved.or_else(|| provider.and_then(|provider| provider.query.some()));
    let measurements = &result.measurements.0;
    let newest = measurements.len().saturating_sub(MEASUREMENTS);
    Metric {
        name: Safe::identity(name),
        provider: Safe::identity(provider.map_or("", |provider| provider.kind.as_str())),
        query: query.map(|query| Safe::line(&query.replace(['\n', '\r', '\t'], " "))),
        interval: spec.interval.some().map(Safe::line),
        every: spec.interval.some().and_then(go_duration),
        first_after: spec.initial_delay.some().and_then(go_duration),
        count_limit: spec.count.some().map(Safe::line),
        success_condition: spec.success_condition.some().map(Safe::line),
        failure_condition: spec.failure_condition.some().map(Safe::line),
        failure_limit: spec.failure_limit.or_zero(),
        inconclusive_limit: spec.inconclusive_limit.or_zero(),
        consecutive_error_limit: spec.consecutive_error_limit.0.unwrap_or(4),
        dry_run: result.dry_run.is_true(),
        phase: AnalysisPhase::parse(result.phase.as_str()),
        message: result.message.line(),
        count: result.count.or_zero(),
        successful: result.successful.or_zero(),
        failed: result.failed.or_zero(),
        inconclusive: result.inconclusive.or_zero(),
        error: result.error.or_zero(),
        consecutive_error: result.consecutive_error.or_zero(),
        measurements: measurements[newest..].iter().filter_map(|wire| wire.0.as_ref()).map(measurement).collect(),
    }
}

fn measurement(wire: &MeasurementWire<'_>) -> Measurement {
    Measurement {
        phase: AnalysisPhase::parse(wire.phase.as_str()),
        value: wire.value.line(),
        message: wire.message.line(),
        started: wire.started_at.0,
        finished: wire.finished_at.0,
    }
}

/// Kubernetes Jobs that measured something (provider `job`).
fn jobs(status: &RunStatusWire<'_>) -> Vec<AnalysisJob> {
    let results = status.metric_results.0.iter().filter_map(|result| result.0.as_ref());
    let measurements = results.flat_map(|result| {
        result.measurements.0.iter().filter_map(|wire| wire.0.as_ref()).map(|wire| (result.name.as_str(), wire))
    });
    measurements
        .filter_map(|(metric, wire)| {
            let job = wire.metadata.0.as_ref()?.job.some()?;
            let phase = AnalysisPhase::parse(wire.phase.as_str());
            Some(AnalysisJob { name: Name::new(job), metric: Safe::identity(metric), phase })
        })
        .collect()
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub struct ExperimentWire<'a> {
    #[serde(borrow)]
    metadata: Obj<MetaWire<'a>>,
    #[serde(borrow)]
    status: Obj<ExperimentStatusWire<'a>>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default, rename_all = "camelCase")]
struct ExperimentStatusWire<'a> {
    #[serde(borrow)]
    phase: Text<'a>,
    #[serde(borrow)]
    message: Text<'a>,
    #[serde(borrow)]
    template_statuses: List<Obj<TemplateStatusWire<'a>>>,
    #[serde(borrow)]
    analysis_runs: List<Obj<ExperimentAnalysisWire<'a>>>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default, rename_all = "camelCase")]
struct TemplateStatusWire<'a> {
    #[serde(borrow)]
    name: Text<'a>,
    #[serde(borrow)]
    status: Text<'a>,
    #[serde(borrow)]
    message: Text<'a>,
    #[serde(borrow)]
    pod_template_hash: Text<'a>,
    replicas: Int,
    updated_replicas: Int,
    ready_replicas: Int,
    available_replicas: Int,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default, rename_all = "camelCase")]
struct ExperimentAnalysisWire<'a> {
    #[serde(borrow)]
    name: Text<'a>,
    #[serde(borrow)]
    analysis_run: Text<'a>,
    #[serde(borrow)]
    phase: Text<'a>,
    #[serde(borrow)]
    message: Text<'a>,
}

pub fn experiment(cluster: SourceId, wire: &ExperimentWire<'_>, pool: &mut Pool) -> Result<Experiment, IngestError> {
    let metadata = wire.metadata.0.as_ref().ok_or(IngestError::Missing { what: "Experiment", field: "metadata" })?;
    let no_status = ExperimentStatusWire::default();
    let status = wire.status.0.as_ref().unwrap_or(&no_status);
    let templates = status.template_statuses.0.iter().filter_map(|template| template.0.as_ref());
    let runs = status.analysis_runs.0.iter().filter_map(|run| run.0.as_ref());
    Ok(Experiment {
        meta: metadata.model("Experiment", cluster, pool)?,
        revision: metadata.number("rollout.argoproj.io/revision"),
        template_hash: metadata.label("rollouts-pod-template-hash").map(|hash| pool.line(hash)),
        phase: AnalysisPhase::parse(status.phase.as_str()),
        message: status.message.line(),
        templates: templates.map(|template| experiment_template(template, pool)).collect(),
        analysis_runs: runs
            .map(|run| ExperimentAnalysis {
                name: Safe::identity(run.name.as_str()),
                run: Name::new(run.analysis_run.as_str()),
                phase: AnalysisPhase::parse(run.phase.as_str()),
                message: run.message.line(),
            })
            .collect(),
    })
}

fn experiment_template(wire: &TemplateStatusWire<'_>, pool: &mut Pool) -> ExperimentTemplate {
    ExperimentTemplate {
        name: Safe::identity(wire.name.as_str()),
        status: wire.status.line(),
        message: wire.message.line(),
        replicas: Replicas {
            desired: wire.replicas.or_zero(),
            current: wire.replicas.or_zero(),
            updated: wire.updated_replicas.or_zero(),
            ready: wire.ready_replicas.or_zero(),
            available: wire.available_replicas.or_zero(),
        },
        template_hash: pool.some(wire.pod_template_hash.as_str()),
    }
}
