//! `trafficRouting.istio` of a Rollout → model (apis.md §1.2, §4).

use serde::Deserialize;

use crate::model::Name;
use crate::model::routing::{Istio, Port, Routed, RuleRef};
use crate::systems::wire::{Int, List, Obj, Text};
use crate::text::Safe;

#[derive(Debug, Default, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub struct IstioWire<'a> {
    #[serde(borrow)]
    virtual_service: Obj<ServiceWire<'a>>,
    #[serde(borrow)]
    virtual_services: List<Obj<ServiceWire<'a>>>,
    #[serde(borrow)]
    destination_rule: Obj<RuleWire<'a>>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default, rename_all = "camelCase")]
struct ServiceWire<'a> {
    #[serde(borrow)]
    name: Text<'a>,
    #[serde(borrow)]
    routes: List<Text<'a>>,
    #[serde(borrow)]
    tls_routes: List<Obj<PortWire<'a>>>,
    #[serde(borrow)]
    tcp_routes: List<Obj<PortWire<'a>>>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default, rename_all = "camelCase")]
struct PortWire<'a> {
    port: Int,
    #[serde(borrow)]
    sni_hosts: List<Text<'a>>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default, rename_all = "camelCase")]
struct RuleWire<'a> {
    #[serde(borrow)]
    name: Text<'a>,
    #[serde(borrow)]
    canary_subset_name: Text<'a>,
    #[serde(borrow)]
    stable_subset_name: Text<'a>,
    #[serde(borrow)]
    additional_subset_names: List<Text<'a>>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub struct NamedWire<'a> {
    #[serde(borrow)]
    name: Text<'a>,
}

/// `None` where it names no VirtualService.
pub fn istio(wire: &IstioWire<'_>, managed: &List<Obj<NamedWire<'_>>>) -> Option<Istio> {
    let one = wire.virtual_service.0.iter();
    let more = wire.virtual_services.0.iter().filter_map(|row| row.0.as_ref());
    let services: Vec<Routed> = one.chain(more).filter_map(service).collect();
    let rule = wire.destination_rule.0.as_ref().filter(|rule| rule.name.some().is_some()).map(|rule| RuleRef {
        name: Name::new(rule.name.as_str()),
        canary: rule.canary_subset_name.line(),
        stable: rule.stable_subset_name.line(),
        others: rule.additional_subset_names.0.iter().map(Text::line).collect(),
    });
    let managed: Vec<Safe> = managed.0.iter().filter_map(|row| row.0.as_ref()).map(|row| row.name.line()).collect();
    (!services.is_empty()).then_some(Istio { services, rule, managed })
}

fn service(wire: &ServiceWire<'_>) -> Option<Routed> {
    // `name.namespace`, as the controller reads it.
    let mut parts = wire.name.some()?.split('.');
    let name = parts.next().filter(|name| !name.is_empty())?;
    let ports = || wire.tls_routes.0.iter().filter_map(|row| row.0.as_ref());
    let tls = ports().map(|row| {
        let mut hosts: Vec<Safe> = row.sni_hosts.0.iter().map(Text::line).collect();
        hosts.sort_by(|a, b| a.as_str().cmp(b.as_str()));
        Port { port: row.port.or_zero(), hosts }
    });
    Some(Routed {
        name: Name::new(name),
        namespace: parts.next().filter(|name| !name.is_empty()).map(Name::new),
        routes: wire.routes.0.iter().map(Text::line).collect(),
        tls: tls.collect(),
        tcp: wire.tcp_routes.0.iter().filter_map(|row| row.0.as_ref()).map(|row| row.port.or_zero()).collect(),
    })
}
