//! What Istio's objects carry of a Rollout's weights, beside what the Rollout says of them: which rules of
//! which VirtualService as the controller picks them (v1.9.2), and whether the shares agree.

mod told;

use std::cmp::Ordering;

use super::World;
use crate::model::kubernetes::Meta;
use crate::model::rollouts::{Canary, Rollout, Strategy};
use crate::model::routing::{Destination, DestinationRule, Istio, Route, Routed, Routes, RuleRef, VirtualService};
use crate::model::{Kind, Name};
use crate::safe;
use crate::text::Safe;

pub use told::{Stand, Told, fight, percent, subsets as subsets_told, told};

/// A rule of a VirtualService that a Rollout's weights stand in, or why there is none.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Carried {
    pub service: Name,
    /// That of the VirtualService.
    pub namespace: Name,
    /// `primary`, `tls 443`; empty where the rule has no name.
    pub route: Safe,
    pub share: Result<Share, Gap>,
}

/// Weights of a rule, of `all` together.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Share {
    pub canary: i64,
    pub stable: i64,
    pub all: i64,
}

/// Why no weights can be read.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Gap {
    /// It was not found; whether it was looked for is for the feeds to say.
    NotFound,
    /// It has no such rule, or not one alone where none is named.
    NoRoute(Safe),
    /// The rule sends nothing to one of the two arms.
    NoArm(Safe),
}

/// How the two arms are called in a VirtualService.
struct Arms<'a> {
    canary: &'a str,
    stable: &'a str,
    rule: Option<&'a RuleRef>,
}

/// What all rules carry that the controller writes to, in the order of the spec.
#[must_use]
pub fn carried(world: &World, rollout: &Rollout) -> Vec<Carried> {
    let Some((canary, istio)) = istio(rollout) else { return Vec::new() };
    let arms = arms(rollout, canary, istio);
    let mut rows = Vec::new();
    for routed in &istio.services {
        let namespace = namespace_of(rollout, routed);
        let row = |route, share| Carried { service: routed.name.clone(), namespace: namespace.clone(), route, share };
        let Some(service) = find_service(world, rollout, routed) else {
            rows.push(row(Safe::default(), Err(Gap::NotFound)));
            continue;
        };
        match picked(routed, service, &istio.managed) {
            Ok(found) => rows.extend(found.into_iter().map(|(name, route)| row(name, share(route, &arms)))),
            Err(why) => rows.push(row(Safe::default(), Err(Gap::NoRoute(why)))),
        }
    }
    rows
}

/// Whether the weights of a rule are those that the Rollout's status has; `None` where one of them is not
/// known. They count to a hundred in Istio, whatever the Rollout calls all traffic.
#[must_use]
pub fn agrees(rollout: &Rollout, share: Share) -> Option<bool> {
    let (canary, istio) = istio(rollout)?;
    let said = rollout.weights.as_ref()?;
    let same = |weight: i64, of: i64| {
        i128::from(weight) * i128::from(canary.max_weight) == i128::from(of) * i128::from(share.all)
    };
    // Experiments and further subsets take theirs from the stable version's.
    let alone = istio.rule.as_ref().is_none_or(|rule| rule.others.is_empty()) && rollout.current_experiment.is_none();
    Some(same(share.canary, said.canary) && (!alone || same(share.stable, said.stable)))
}

/// A rule carries other weights than the Rollout says.
#[must_use]
pub fn differs(world: &World, rollout: &Rollout) -> Option<Carried> {
    carried(world, rollout)
        .into_iter()
        .find(|row| row.share.as_ref().is_ok_and(|share| agrees(rollout, *share) == Some(false)))
}

/// The subsets of its DestinationRule with the version that each of them selects; `Err` where it was not
/// found, `None` where the Rollout names none.
#[must_use]
pub fn subsets(world: &World, rollout: &Rollout) -> Option<(Name, Result<Vec<Selected>, Gap>)> {
    let (_, istio) = istio(rollout)?;
    let named = istio.rule.as_ref()?;
    let found = find(world, &rollout.meta, Kind::DestinationRule, &rollout.meta.namespace, &named.name);
    let Some(Routes::Rule(rule)) = found else { return Some((named.name.clone(), Err(Gap::NotFound))) };
    let own = [rollout.current_pod_hash.as_ref(), rollout.stable_hash.as_ref()];
    let wanted = [("canary", &named.canary), ("stable", &named.stable)];
    let rows = wanted.into_iter().filter(|(_, name)| !name.is_empty()).map(|(arm, name)| {
        let hash = hash_of(rule, name);
        Selected { arm, known: hash.is_none() || own.contains(&hash), hash: hash.cloned() }
    });
    Some((named.name.clone(), Ok(rows.collect())))
}

/// What a subset selects.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Selected {
    pub arm: &'static str,
    pub hash: Option<Safe>,
    /// It is one of the two versions of the Rollout, or the controller has not written it yet.
    pub known: bool,
}

fn hash_of<'a>(rule: &'a DestinationRule, subset: &Safe) -> Option<&'a Safe> {
    rule.subsets.iter().find(|it| it.name == *subset)?.hash.as_ref()
}

/// The Rollout's weights stand in this VirtualService.
#[must_use]
pub fn names(rollout: &Rollout, service: &Meta) -> bool {
    let its = |routed: &Routed| routed.name == service.name && namespace_of(rollout, routed) == service.namespace;
    rollout.meta.cluster == service.cluster && istio(rollout).is_some_and(|(_, istio)| istio.services.iter().any(its))
}

fn istio(rollout: &Rollout) -> Option<(&Canary, &Istio)> {
    let Strategy::Canary(canary) = &rollout.strategy else { return None };
    Some((canary, canary.istio.as_deref()?))
}

fn namespace_of(rollout: &Rollout, routed: &Routed) -> Name {
    routed.namespace.clone().unwrap_or_else(|| rollout.meta.namespace.clone())
}

fn find_service<'a>(world: &'a World, rollout: &Rollout, routed: &Routed) -> Option<&'a VirtualService> {
    let namespace = namespace_of(rollout, routed);
    match find(world, &rollout.meta, Kind::VirtualService, &namespace, &routed.name)? {
        Routes::Service(service) => Some(service),
        Routes::Rule(_) => None,
    }
}

fn find<'a>(world: &'a World, of: &Meta, kind: Kind, namespace: &Name, name: &Name) -> Option<&'a Routes> {
    let rows = world.routing.of_namespace(of.cluster, namespace);
    let from = rows.partition_point(|row| row.meta.name.cmp(name) == Ordering::Less);
    let mut same = rows[from..].iter().take_while(|row| row.meta.name == *name);
    same.find(|row| row.what.kind() == kind).map(|row| &row.what)
}

/// The services of both arms; of a ping-pong by which of the two is the stable one now.
fn arms<'a>(rollout: &Rollout, canary: &'a Canary, istio: &'a Istio) -> Arms<'a> {
    let raw = |name: &'a Option<Name>| name.as_ref().map_or("", Name::raw);
    let stable_is_ping = rollout.stable_ping_pong.as_ref().is_some_and(|it| it.as_str() == "ping");
    let (canary, stable) = match &canary.ping_pong {
        Some((ping, pong)) if stable_is_ping => (pong.raw(), ping.raw()),
        Some((ping, pong)) => (ping.raw(), pong.raw()),
        None => (raw(&canary.canary_service), raw(&canary.stable_service)),
    };
    Arms { canary, stable, rule: istio.rule.as_ref() }
}

/// The rules that the controller writes to: those that are named; without a name the only one.
fn picked<'a>(routed: &Routed, service: &'a VirtualService, managed: &[Safe]) -> Result<Vec<(Safe, &'a Route)>, Safe> {
    let mut found = Vec::new();
    if routed.routes.is_empty() {
        let mut own = service.http.iter().filter(|route| route.name.is_empty() || !managed.contains(&route.name));
        if let Some(first) = own.next() {
            if own.next().is_some() {
                return Err(Safe::of("has more than one HTTP route, and the Rollout names none"));
            }
            found.push((first.name.clone(), first));
        }
    }
    for name in &routed.routes {
        let route = service.http.iter().find(|route| route.name == *name);
        found.push((name.clone(), route.ok_or_else(|| safe!("has no HTTP route {}", name))?));
    }
    let tls = routed.tls.iter().map(|port| {
        let its = |route: &&Route| is_port(route, port.port) && route.hosts.iter().eq(port.hosts.iter());
        (safe!("tls {}", port.port), service.tls.iter().filter(its).collect())
    });
    let tcp = routed
        .tcp
        .iter()
        .map(|port| (safe!("tcp {}", *port), service.tcp.iter().filter(|route| is_port(route, *port)).collect()));
    for (name, routes) in tls.chain(tcp) {
        let routes: Vec<&Route> = routes;
        if routes.is_empty() {
            return Err(safe!("has no route {}", name));
        }
        found.extend(routes.into_iter().map(|route| (name.clone(), route)));
    }
    for (unnamed, routes, name) in
        [(routed.tls.is_empty(), &service.tls, "tls"), (routed.tcp.is_empty(), &service.tcp, "tcp")]
    {
        match &**routes {
            [only] if unnamed => found.push((Safe::of(name), only)),
            [_, _, ..] if unnamed => {
                return Err(safe!("has more than one {} route, and the Rollout names none", name));
            }
            _ => {}
        }
    }
    if found.is_empty() { Err(Safe::of("has no route")) } else { Ok(found) }
}

/// It is about this port and no other; 0 is none.
fn is_port(route: &Route, port: i64) -> bool {
    match &*route.ports {
        [] => port == 0,
        [one] => *one == port,
        _ => false,
    }
}

fn share(route: &Route, arms: &Arms<'_>) -> Result<Share, Gap> {
    // A destination alone gets everything, whatever is written.
    let weight = |to: &Destination| if route.to.len() == 1 { 100 } else { to.weight.unwrap_or(0).max(0) };
    let mut share = Share { canary: 0, stable: 0, all: 0 };
    let (mut has_canary, mut has_stable) = (false, false);
    for to in &route.to {
        let is = |service: &str, subset: Option<&Safe>| {
            let host = to.host.as_str().split('.').next().unwrap_or_default();
            let of_subset = subset.is_some_and(|name| !name.is_empty() && *name == to.subset);
            of_subset || !service.is_empty() && host == service
        };
        share.all = share.all.saturating_add(weight(to));
        if is(arms.canary, arms.rule.map(|rule| &rule.canary)) {
            has_canary = true;
            share.canary = share.canary.saturating_add(weight(to));
        } else if is(arms.stable, arms.rule.map(|rule| &rule.stable)) {
            has_stable = true;
            share.stable = share.stable.saturating_add(weight(to));
        }
    }
    let arm = |arm: &'static str, service: &str, subset: Option<&Safe>| {
        let name = subset.filter(|name| !name.is_empty()).map_or(service, Safe::as_str);
        Gap::NoArm(safe!("sends nothing to the {} version ({})", arm, Safe::identity(name)))
    };
    // Where one of the two gets everything the other gets nothing, which is known.
    if has_canary || has_stable {
        return Ok(share);
    }
    Err(arm("canary", arms.canary, arms.rule.map(|rule| &rule.canary)))
}
