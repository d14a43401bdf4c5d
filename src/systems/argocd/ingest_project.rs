//! AppProjects as the API writes them → model (apis.md §2).

use std::sync::Arc;

use jiff::SignedDuration;
use serde::Deserialize;

use crate::model::SourceId;
use crate::model::projects::{AppProject, SyncWindow, Times, WindowKind};
use crate::model::schedule::Schedule;
use crate::systems::duration;
use crate::systems::ingest::IngestError;
use crate::systems::managers::{Held, Managers, set_by};
use crate::systems::meta::{MetaWire, Pool};
use crate::systems::wire::{Flag, List, Obj, Text};

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub struct ProjectWire<'a> {
    #[serde(borrow)]
    metadata: Obj<MetaWire<'a, Managers<'a>>>,
    #[serde(borrow)]
    spec: Obj<SpecWire<'a>>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default, rename_all = "camelCase")]
struct SpecWire<'a> {
    #[serde(borrow)]
    sync_windows: List<Obj<WindowWire<'a>>>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default, rename_all = "camelCase")]
struct WindowWire<'a> {
    #[serde(borrow)]
    kind: Text<'a>,
    #[serde(borrow)]
    schedule: Text<'a>,
    #[serde(borrow)]
    duration: Text<'a>,
    #[serde(borrow)]
    applications: List<Text<'a>>,
    #[serde(borrow)]
    namespaces: List<Text<'a>>,
    #[serde(borrow)]
    clusters: List<Text<'a>>,
    manual_sync: Flag,
    and_operator: Flag,
    #[serde(borrow)]
    time_zone: Text<'a>,
    #[serde(borrow)]
    description: Text<'a>,
}

pub fn project(cluster: SourceId, wire: &ProjectWire<'_>, pool: &mut Pool) -> Result<AppProject, IngestError> {
    let metadata = wire.metadata.0.as_ref().ok_or(IngestError::Missing { what: "AppProject", field: "metadata" })?;
    let windows = wire.spec.0.iter().flat_map(|spec| &spec.sync_windows.0).filter_map(|row| row.0.as_ref());
    Ok(AppProject {
        meta: metadata.model("AppProject", cluster, pool)?,
        windows: windows.map(window).collect(),
        set_by: set_by(&metadata.managed_fields, Held::Windows),
    })
}

fn window(wire: &WindowWire<'_>) -> SyncWindow {
    let globs = |list: &List<Text<'_>>| list.0.iter().map(|glob| Arc::from(glob.as_str())).collect();
    let length = duration::go_duration(wire.duration.as_str()).map(SignedDuration::from_secs);
    let schedule = Schedule::parse(wire.schedule.as_str());
    let times = schedule.zip(length).map(|(schedule, length)| Times { schedule, length });
    SyncWindow {
        kind: WindowKind::parse(wire.kind.as_str()),
        schedule: wire.schedule.line(),
        length_written: wire.duration.line(),
        times,
        applications: globs(&wire.applications),
        namespaces: globs(&wire.namespaces),
        clusters: globs(&wire.clusters),
        all: wire.and_operator.is_true(),
        manual: wire.manual_sync.is_true(),
        zone: wire.time_zone.line(),
        description: wire.description.line(),
    }
}
