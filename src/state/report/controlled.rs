//! StatefulSets, DaemonSets and Jobs as data (`status --json`).

use std::sync::Arc;

use serde::Serialize;

use super::{ReplicasRow, StandingRow, VerdictRow, cluster_name, standing, verdict};
use crate::model::workloads::Controlled;
use crate::state::matrix::{self, Workload};
use crate::state::{State, environment, workload_status};

#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct ControlledRow {
    /// `StatefulSet`, `DaemonSet` or `Job`.
    pub kind: &'static str,
    pub cluster: String,
    pub namespace: String,
    pub name: String,
    pub environment: String,
    pub rollout: VerdictRow,
    /// Of a Job completions.
    pub replicas: ReplicasRow,
    pub images: Vec<String>,
    #[serde(flatten)]
    pub standing: StandingRow,
}

/// Those that are listed as workloads.
pub(super) fn rows(state: &State) -> Vec<ControlledRow> {
    workload_status::listed(&state.world).into_iter().map(|row| controlled(state, row)).collect()
}

fn controlled(state: &State, row: &Arc<Controlled>) -> ControlledRow {
    let status = workload_status::status(row);
    ControlledRow {
        kind: workload_status::word(row.kind),
        cluster: cluster_name(state, row.meta.cluster),
        namespace: row.meta.namespace.raw().to_owned(),
        name: row.meta.name.raw().to_owned(),
        environment: environment::of(state, row.meta.cluster, &row.meta.namespace).raw().to_owned(),
        rollout: VerdictRow { status: verdict(status.verdict), message: status.message.as_str().to_owned() },
        replicas: matrix::shown(row).into(),
        images: row.images.iter().map(|image| image.image.as_str().to_owned()).collect(),
        standing: standing::of(state, &Workload::Controlled(Arc::clone(row))),
    }
}
