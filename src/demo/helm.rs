//! Releases of Helm in a world's cluster, as the program keeps them: a Secret for each revision, with the
//! record packed in it. Nothing in the demo changes them: that takes the program and a kubeconfig.

use std::io::Write as _;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use flate2::Compression;
use flate2::write::GzEncoder;
use jiff::{SignedDuration, Timestamp};
use serde::Deserialize;
use serde_json::{Value, json};

use super::kinds::{Key, Kind};
use super::value::{hash, rfc3339, seconds, uid};
use super::world::World;

/// A release of a scenario.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Plan {
    name: String,
    namespace: String,
    chart: String,
    app: String,
    /// Those that are kept, oldest first.
    revisions: Vec<Revision>,
}

#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
struct Revision {
    number: i64,
    /// Of the chart.
    version: String,
    status: String,
    /// Relative to the opening.
    at: String,
    says: String,
}

/// Puts the releases of the scenario into the cluster.
pub(super) fn install(world: &mut World) {
    for plan in world.scenario.releases.clone() {
        for revision in &plan.revisions {
            let at = seconds(&revision.at).map(SignedDuration::from_secs);
            let at = at.and_then(|by| world.scenario.opens.checked_add(by).ok()).unwrap_or(world.scenario.opens);
            let name = format!("sh.helm.release.v1.{}.v{}", plan.name, revision.number);
            let object = secret(&plan, revision, at, &name);
            world.store.put(&Key::new(Kind::Secret, &plan.namespace, &name), object);
        }
    }
}

fn secret(plan: &Plan, revision: &Revision, at: Timestamp, name: &str) -> Value {
    let labels = json!({ "owner": "helm", "name": plan.name, "status": revision.status,
        "version": revision.number.to_string(), "modifiedAt": at.as_second().to_string() });
    json!({
        "kind": "Secret", "apiVersion": "v1", "type": "helm.sh/release.v1",
        "metadata": { "name": name, "namespace": plan.namespace, "labels": labels,
            "uid": uid(hash(&format!("{}/{name}", plan.namespace))), "creationTimestamp": rfc3339(at) },
        "data": { "release": record(plan, revision, at) },
    })
}

/// As Helm packs it.
fn record(plan: &Plan, revision: &Revision, at: Timestamp) -> String {
    let record = json!({
        "name": plan.name, "namespace": plan.namespace, "version": revision.number,
        "info": { "first_deployed": rfc3339(at), "last_deployed": rfc3339(at), "deleted": "",
            "description": revision.says, "status": revision.status },
        "chart": { "metadata": { "name": plan.chart, "version": revision.version, "appVersion": plan.app } },
        "config": { "auth": { "password": "not for a screen" } }, "manifest": "",
    });
    let mut gzip = GzEncoder::new(Vec::new(), Compression::fast());
    let written = gzip.write_all(record.to_string().as_bytes());
    let packed = written.and_then(|()| gzip.finish()).unwrap_or_default();
    STANDARD.encode(STANDARD.encode(packed))
}
