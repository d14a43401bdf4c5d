//! Workloads besides Deployments and Rollouts, and what stands beside any workload and holds it back or
//! watches over it: autoscalers, disruption budgets, quotas, network policies (apis.md §3.1, §3.7).

use std::collections::BTreeMap;

use jiff::Timestamp;

use super::kubernetes::{Condition, ContainerImage, Meta, Replicas};
use super::{Kind, Name};
use crate::text::Safe;

/// A StatefulSet, a DaemonSet or a Job of Kubernetes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Controlled {
    pub meta: Meta,
    pub kind: Kind,
    pub observed_generation: i64,
    /// Of a DaemonSet nodes; of a Job its completions.
    pub replicas: Replicas,
    pub update: Update,
    pub conditions: Vec<Condition>,
    pub images: Vec<ContainerImage>,
    pub template: Template,
    /// Of a StatefulSet or a DaemonSet: what its revisions are found by.
    pub selector: Option<Selector>,
    pub managed_by: Option<Safe>,
}

/// How it is brought up to date, as far as `kubectl rollout status` asks.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Update {
    Stateful {
        /// `updateStrategy.type` is `RollingUpdate`.
        rolling: bool,
        /// `podManagementPolicy` is not `Parallel`: a pod is touched only while all of them are ready.
        ordered: bool,
        /// `rollingUpdate` is set; its `partition`.
        partition: Option<Option<i64>>,
        /// `status.currentReplicas`.
        current: i64,
        current_revision: Safe,
        update_revision: Safe,
    },
    Daemon {
        rolling: bool,
    },
    Job {
        active: i64,
        failed: i64,
        backoff_limit: i64,
        suspended: bool,
    },
}

/// What a pod template says besides its images.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Template {
    /// Its labels: what selectors select.
    pub labels: Pairs,
    pub probes: Box<[Probe]>,
    /// `nodeSelector`, as written.
    pub node_selector: Box<[Safe]>,
}

/// A probe of a container.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Probe {
    pub container: Safe,
    /// `startup`, `readiness` or `liveness`.
    pub kind: &'static str,
    /// `GET :8080/healthz`.
    pub what: Safe,
}

/// Labels; compared, never shown.
pub type Pairs = BTreeMap<Box<str>, Box<str>>;

/// A label selector.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Selector {
    pub labels: Pairs,
    pub expressions: Box<[Expression]>,
}

/// A row of `matchExpressions`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Expression {
    pub key: Box<str>,
    pub operator: Operator,
    pub values: Box<[Box<str>]>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Operator {
    In,
    NotIn,
    Exists,
    DoesNotExist,
    /// One of a later version: nothing is said of what it selects.
    Other,
}

impl Selector {
    /// Whether it selects pods with these labels. An empty one selects all.
    #[must_use]
    pub fn selects(&self, labels: &Pairs) -> bool {
        self.labels.iter().all(|(key, value)| labels.get(key) == Some(value))
            && self.expressions.iter().all(|expression| {
                let found = labels.get(&expression.key);
                match expression.operator {
                    Operator::In => found.is_some_and(|value| expression.values.contains(value)),
                    Operator::NotIn => found.is_none_or(|value| !expression.values.contains(value)),
                    Operator::Exists => found.is_some(),
                    Operator::DoesNotExist => found.is_none(),
                    Operator::Other => false,
                }
            })
    }

    /// As the parameter `labelSelector` of a list; `None` where it cannot be said so.
    #[must_use]
    pub fn parameter(&self) -> Option<String> {
        let mut all: Vec<String> = self.labels.iter().map(|(key, value)| format!("{key}={value}")).collect();
        for Expression { key, operator, values } in &self.expressions {
            all.push(match operator {
                Operator::In => format!("{key} in ({})", values.join(",")),
                Operator::NotIn => format!("{key} notin ({})", values.join(",")),
                Operator::Exists => key.to_string(),
                Operator::DoesNotExist => format!("!{key}"),
                Operator::Other => return None,
            });
        }
        (!all.is_empty()).then(|| all.join(","))
    }
}

/// What stands beside workloads of its namespace.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Beside {
    pub meta: Meta,
    pub what: What,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub enum What {
    Autoscaler(Autoscaler),
    Budget(Budget),
    Quota(Quota),
    Policy(Policy),
    Lock(Lock),
}

impl What {
    #[must_use]
    pub const fn kind(&self) -> Kind {
        match self {
            Self::Autoscaler(_) => Kind::HorizontalPodAutoscaler,
            Self::Budget(_) => Kind::PodDisruptionBudget,
            Self::Quota(_) => Kind::ResourceQuota,
            Self::Policy(_) => Kind::NetworkPolicy,
            Self::Lock(_) => Kind::Lease,
        }
    }
}

/// A HorizontalPodAutoscaler.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Autoscaler {
    pub target_kind: Safe,
    pub target: Name,
    pub min: i64,
    pub max: i64,
    pub current: i64,
    pub desired: i64,
    pub metrics: Box<[Measured]>,
    pub conditions: Vec<Condition>,
}

/// A metric that an autoscaler goes by.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Measured {
    /// `cpu`, or the name of the metric.
    pub name: Safe,
    /// As last measured; `None` before and where it cannot be.
    pub current: Option<Safe>,
    pub target: Safe,
}

impl Autoscaler {
    fn condition(&self, kind: &str) -> Option<&Condition> {
        self.conditions.iter().find(|condition| condition.kind.as_str() == kind)
    }

    /// It would add replicas, and its maximum forbids it.
    #[must_use]
    pub fn at_max(&self) -> Option<&Condition> {
        let limited = self.condition("ScalingLimited")?;
        let held = limited.status == Some(true) && limited.reason.as_str() == "TooManyReplicas";
        (held && self.current >= self.max).then_some(limited)
    }

    /// It cannot scale now, and why.
    #[must_use]
    pub fn idle(&self) -> Option<&Condition> {
        ["AbleToScale", "ScalingActive"]
            .iter()
            .find_map(|kind| self.condition(kind).filter(|it| it.status == Some(false)))
    }
}

/// A PodDisruptionBudget.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Budget {
    pub selector: Option<Selector>,
    /// `minAvailable 2`, `maxUnavailable 25%`.
    pub wants: Safe,
    pub allowed: i64,
    pub healthy: i64,
    pub desired_healthy: i64,
    pub expected: i64,
    /// The controller has counted what the spec says now.
    pub observed: bool,
}

/// A ResourceQuota.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Quota {
    pub rows: Box<[QuotaRow]>,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct QuotaRow {
    pub resource: Safe,
    pub used: Safe,
    pub hard: Safe,
    /// Used of hard; `None` where one of them is no quantity.
    pub share: Option<Share>,
}

/// Thousandths, so that it can be compared.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct Share(pub u64);

/// A NetworkPolicy.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Policy {
    pub selector: Selector,
    /// The ways it is about, and how many rules allow something there: none = nothing.
    pub ingress: Option<usize>,
    pub egress: Option<usize>,
}

/// A Lease that says who works on a service.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Lock {
    pub service: Name,
    /// Empty where nobody holds it.
    pub holder: Safe,
    pub acquired: Option<Timestamp>,
    /// When it runs out unless it is renewed, by the clock of its cluster; `None`: it does not say.
    pub until: Option<Timestamp>,
}

impl Lock {
    /// Somebody holds it, and it has not run out.
    #[must_use]
    pub fn is_held(&self, at: Timestamp) -> bool {
        !self.holder.is_empty() && self.until.is_none_or(|until| until > at)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn pairs(all: &[(&str, &str)]) -> Pairs {
        all.iter().map(|(key, value)| ((*key).into(), (*value).into())).collect()
    }

    #[test]
    fn a_selector_selects_as_kubernetes_does() {
        let labels = pairs(&[("app", "checkout"), ("tier", "web")]);
        let one = |key: &str, operator, values: &[&str]| Selector {
            labels: Pairs::new(),
            expressions: Box::new([Expression {
                key: key.into(),
                operator,
                values: values.iter().map(|value| (*value).into()).collect(),
            }]),
        };
        for (selector, expected) in [
            (Selector::default(), true),
            (Selector { labels: pairs(&[("app", "checkout")]), ..Selector::default() }, true),
            (Selector { labels: pairs(&[("app", "search")]), ..Selector::default() }, false),
            (Selector { labels: pairs(&[("app", "checkout"), ("zone", "a")]), ..Selector::default() }, false),
            (one("tier", Operator::In, &["web", "api"]), true),
            (one("tier", Operator::In, &["api"]), false),
            (one("zone", Operator::In, &["a"]), false),
            (one("tier", Operator::NotIn, &["web"]), false),
            (one("zone", Operator::NotIn, &["a"]), true),
            (one("tier", Operator::Exists, &[]), true),
            (one("zone", Operator::Exists, &[]), false),
            (one("zone", Operator::DoesNotExist, &[]), true),
            (one("tier", Operator::DoesNotExist, &[]), false),
            (one("tier", Operator::Other, &["web"]), false),
        ] {
            assert_eq!(selector.selects(&labels), expected, "{selector:?}");
        }
    }

    #[test]
    fn a_selector_is_asked_for_as_kubectl_asks() {
        let row = |key: &str, operator, values: &[&str]| Expression {
            key: key.into(),
            operator,
            values: values.iter().map(|one| (*one).into()).collect(),
        };
        let of = |rows: Vec<Expression>| Selector {
            labels: pairs(&[("app", "db"), ("zone", "")]),
            expressions: rows.into(),
        };
        for (selector, expected) in [
            (Selector::default(), None),
            (of(Vec::new()), Some("app=db,zone=")),
            (
                of(vec![row("tier", Operator::In, &["a", "b"]), row("old", Operator::NotIn, &["x"])]),
                Some("app=db,zone=,tier in (a,b),old notin (x)"),
            ),
            (
                of(vec![row("here", Operator::Exists, &[]), row("gone", Operator::DoesNotExist, &[])]),
                Some("app=db,zone=,here,!gone"),
            ),
            (of(vec![row("later", Operator::Other, &["1"])]), None),
        ] {
            assert_eq!(selector.parameter().as_deref(), expected, "{selector:?}");
        }
    }
}
