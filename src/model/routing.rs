//! Istio's objects that a Rollout's weights stand in, and what a Rollout says of them (apis.md §4).

use super::kubernetes::Meta;
use super::{Kind, Name};
use crate::text::Safe;

/// A VirtualService or a DestinationRule.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Routing {
    pub meta: Meta,
    pub what: Routes,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Routes {
    Service(VirtualService),
    Rule(DestinationRule),
}

impl Routes {
    #[must_use]
    pub const fn kind(&self) -> Kind {
        match self {
            Self::Service(_) => Kind::VirtualService,
            Self::Rule(_) => Kind::DestinationRule,
        }
    }
}

#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct VirtualService {
    pub http: Box<[Route]>,
    pub tls: Box<[Route]>,
    pub tcp: Box<[Route]>,
}

/// A rule of a VirtualService.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Route {
    /// Of HTTP rules only; empty without one.
    pub name: Safe,
    /// Ports that its matches name, each once, in order.
    pub ports: Box<[i64]>,
    /// The same of `sniHosts`.
    pub hosts: Box<[Safe]>,
    pub to: Box<[Destination]>,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Destination {
    /// As written: `checkout-canary`, or the whole name of the service.
    pub host: Safe,
    pub subset: Safe,
    /// `None` where it is not written.
    pub weight: Option<i64>,
}

#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct DestinationRule {
    pub subsets: Box<[Subset]>,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Subset {
    pub name: Safe,
    /// Its label `rollouts-pod-template-hash`.
    pub hash: Option<Safe>,
}

/// `trafficRouting.istio` of a Rollout: whose weights its controller writes.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Istio {
    pub services: Vec<Routed>,
    pub rule: Option<RuleRef>,
    /// `managedRoutes`: rules that the controller makes itself, for headers and mirrors.
    pub managed: Vec<Safe>,
}

/// A VirtualService, and which of its rules.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Routed {
    pub name: Name,
    /// `None`: that of the Rollout.
    pub namespace: Option<Name>,
    pub routes: Vec<Safe>,
    pub tls: Vec<Port>,
    /// Ports.
    pub tcp: Vec<i64>,
}

/// A rule for TLS, by what it matches.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Port {
    pub port: i64,
    pub hosts: Vec<Safe>,
}

/// The two arms as subsets of a DestinationRule.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RuleRef {
    pub name: Name,
    pub canary: Safe,
    pub stable: Safe,
    /// Subsets whose weights the controller leaves alone.
    pub others: Vec<Safe>,
}
