//! VirtualServices and DestinationRules as the API writes them → model (apis.md §4).

use serde::Deserialize;

use crate::model::SourceId;
use crate::model::routing::{Destination, DestinationRule, Route, Routes, Routing, Subset, VirtualService};
use crate::systems::ingest::IngestError;
use crate::systems::meta::{MetaWire, Pool};
use crate::systems::wire::{Int, Labels, List, Obj, Text};
use crate::text::Safe;

/// Either of the two: what it does not have stays empty.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub struct RoutingWire<'a> {
    #[serde(borrow)]
    metadata: Obj<MetaWire<'a>>,
    #[serde(borrow)]
    spec: Obj<SpecWire<'a>>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct SpecWire<'a> {
    #[serde(borrow)]
    http: List<Obj<RouteWire<'a>>>,
    #[serde(borrow)]
    tls: List<Obj<RouteWire<'a>>>,
    #[serde(borrow)]
    tcp: List<Obj<RouteWire<'a>>>,
    #[serde(borrow)]
    subsets: List<Obj<SubsetWire<'a>>>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct RouteWire<'a> {
    #[serde(borrow)]
    name: Text<'a>,
    #[serde(borrow, rename = "match")]
    matches: List<Obj<MatchWire<'a>>>,
    #[serde(borrow)]
    route: List<Obj<WeightedWire<'a>>>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default, rename_all = "camelCase")]
struct MatchWire<'a> {
    port: Int,
    #[serde(borrow)]
    sni_hosts: List<Text<'a>>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct WeightedWire<'a> {
    #[serde(borrow)]
    destination: Obj<DestinationWire<'a>>,
    weight: Int,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct DestinationWire<'a> {
    #[serde(borrow)]
    host: Text<'a>,
    #[serde(borrow)]
    subset: Text<'a>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct SubsetWire<'a> {
    #[serde(borrow)]
    name: Text<'a>,
    #[serde(borrow)]
    labels: Labels<'a>,
}

pub fn virtual_service(cluster: SourceId, wire: &RoutingWire<'_>, pool: &mut Pool) -> Result<Routing, IngestError> {
    with("VirtualService", cluster, wire, pool, |spec, pool| {
        let mut all = |rows: &List<Obj<RouteWire<'_>>>| rows.0.iter().map(|row| route(row, pool)).collect();
        Routes::Service(VirtualService { http: all(&spec.http), tls: all(&spec.tls), tcp: all(&spec.tcp) })
    })
}

pub fn destination_rule(cluster: SourceId, wire: &RoutingWire<'_>, pool: &mut Pool) -> Result<Routing, IngestError> {
    with("DestinationRule", cluster, wire, pool, |spec, pool| {
        let rows = spec.subsets.0.iter().filter_map(|row| row.0.as_ref());
        let subsets = rows.map(|row| Subset {
            name: pool.line(row.name.as_str()),
            hash: row.labels.get("rollouts-pod-template-hash").and_then(|hash| pool.some(hash)),
        });
        Routes::Rule(DestinationRule { subsets: subsets.collect() })
    })
}

fn with(
    what: &'static str,
    cluster: SourceId,
    wire: &RoutingWire<'_>,
    pool: &mut Pool,
    make: impl FnOnce(&SpecWire<'_>, &mut Pool) -> Routes,
) -> Result<Routing, IngestError> {
    let metadata = wire.metadata.0.as_ref().ok_or(IngestError::Missing { what, field: "metadata" })?;
    let none = SpecWire::default();
    let meta = metadata.model(what, cluster, pool)?;
    Ok(Routing { meta, what: make(wire.spec.0.as_ref().unwrap_or(&none), pool) })
}

/// What is no object at all stays as a rule that sends nothing anywhere, so that their number stays right.
fn route(wire: &Obj<RouteWire<'_>>, pool: &mut Pool) -> Route {
    let Some(wire) = &wire.0 else { return Route::default() };
    let matches = || wire.matches.0.iter().filter_map(|row| row.0.as_ref());
    let mut ports: Vec<i64> = matches().map(|row| row.port.or_zero()).collect();
    ports.sort_unstable();
    ports.dedup();
    let mut hosts: Vec<Safe> = matches().flat_map(|row| &row.sni_hosts.0).map(Text::line).collect();
    hosts.sort_by(|a, b| a.as_str().cmp(b.as_str()));
    hosts.dedup();
    let to = wire.route.0.iter().filter_map(|row| row.0.as_ref()).map(|row| {
        let (host, subset) = row.destination.0.as_ref().map_or(("", ""), |to| (to.host.as_str(), to.subset.as_str()));
        Destination { host: pool.line(host), subset: pool.line(subset), weight: row.weight.0 }
    });
    Route { to: to.collect(), name: wire.name.line(), ports: ports.into(), hosts: hosts.into() }
}
