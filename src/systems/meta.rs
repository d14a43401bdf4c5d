//! The parts that all Kubernetes-style objects share, and the pool that keeps one copy of a text
//! which ten thousand objects repeat.

use std::collections::{BTreeMap, HashMap};
use std::sync::Arc;

use serde::Deserialize;
use serde::de::IgnoredAny;

use super::ingest::IngestError;
use super::probes::{ProbeWire, probe};
use super::wire::{Flag, Int, Labels, List, Obj, Text, Time};
use crate::model::kubernetes::{Condition, ContainerImage, Meta, Owner};
use crate::model::workloads::{Expression, Operator, Pairs, Selector, Template};
use crate::model::{Name, SourceId, Uid};
use crate::text::Safe;

/// One copy of each repeated text (namespace, node, image, state) of a page.
#[derive(Debug, Default)]
pub struct Pool {
    names: HashMap<Box<str>, Name>,
    lines: HashMap<Box<str>, Safe>,
    uids: HashMap<Box<str>, Uid>,
}

impl Pool {
    pub fn name(&mut self, text: &str) -> Name {
        if let Some(name) = self.names.get(text) {
            return name.clone();
        }
        let name = Name::new(text);
        self.names.insert(text.into(), name.clone());
        name
    }

    /// A word, image or message that is likely to come again.
    pub fn line(&mut self, text: &str) -> Safe {
        if let Some(line) = self.lines.get(text) {
            return line.clone();
        }
        let line = Safe::line(text);
        self.lines.insert(text.into(), line.clone());
        line
    }

    /// `None` when empty.
    pub fn some(&mut self, text: &str) -> Option<Safe> {
        (!text.is_empty()).then(|| self.line(text))
    }

    /// A pool serves one page, and so one cluster.
    pub fn uid(&mut self, cluster: SourceId, text: &str) -> Uid {
        if let Some(uid) = self.uids.get(text) {
            return uid.clone();
        }
        let uid = Uid::new(cluster, text);
        self.uids.insert(text.into(), uid.clone());
        uid
    }
}

/// `M`: what is kept of `managedFields`, which are larger than the rest of most objects; nothing unless a kind
/// asks for it ([`Managers`]).
#[derive(Debug, Default, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub struct MetaWire<'a, M: Default = IgnoredAny> {
    #[serde(borrow)]
    pub name: Text<'a>,
    #[serde(borrow)]
    pub namespace: Text<'a>,
    #[serde(borrow)]
    pub uid: Text<'a>,
    #[serde(borrow)]
    pub resource_version: Text<'a>,
    pub generation: Int,
    pub creation_timestamp: Time,
    pub deletion_timestamp: Time,
    #[serde(borrow)]
    pub labels: Labels<'a>,
    #[serde(borrow)]
    pub annotations: Labels<'a>,
    #[serde(borrow)]
    pub owner_references: List<Obj<OwnerWire<'a>>>,
    pub managed_fields: M,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub struct OwnerWire<'a> {
    #[serde(borrow)]
    kind: Text<'a>,
    #[serde(borrow)]
    name: Text<'a>,
    #[serde(borrow)]
    uid: Text<'a>,
    controller: Flag,
}

impl<M: Default> MetaWire<'_, M> {
    pub fn label(&self, key: &str) -> Option<&str> {
        self.labels.get(key).filter(|value| !value.is_empty())
    }

    pub fn annotation(&self, key: &str) -> Option<&str> {
        self.annotations.get(key).filter(|value| !value.is_empty())
    }

    /// An annotation that is a whole number.
    pub fn number(&self, key: &str) -> Option<i64> {
        Int::of(self.annotation(key)?.parse().ok()?).0
    }

    pub fn version(&self) -> Arc<str> {
        Arc::from(self.resource_version.as_str())
    }

    /// The model's; an object without name or uid cannot be shown or acted on.
    pub fn model(&self, what: &'static str, cluster: SourceId, pool: &mut Pool) -> Result<Meta, IngestError> {
        let name = self.name.some().ok_or(IngestError::Missing { what, field: "metadata.name" })?;
        let uid = self.uid.some().ok_or(IngestError::Missing { what, field: "metadata.uid" })?;
        let owners = || self.owner_references.0.iter().filter_map(|owner| owner.0.as_ref());
        let owner = owners().find(|owner| owner.controller.is_true()).or_else(|| owners().next());
        Ok(Meta {
            cluster,
            namespace: pool.name(self.namespace.as_str()),
            name: Name::new(name),
            uid: Uid::new(cluster, uid),
            resource_version: self.version(),
            generation: self.generation.or_zero(),
            created: self.creation_timestamp.0,
            deleting: self.deletion_timestamp.0,
            owner: owner.map(|owner| Owner {
                kind: pool.line(owner.kind.as_str()),
                name: pool.name(owner.name.as_str()),
                uid: pool.uid(cluster, owner.uid.as_str()),
            }),
        })
    }

    /// Who writes this object's spec, where labels or annotations say so.
    pub fn managed_by(&self) -> Option<Safe> {
        const MARKS: [(&str, &str); 4] = [
            ("argocd.argoproj.io/tracking-id", "Argo CD"),
            ("kustomize.toolkit.fluxcd.io/name", "Flux"),
            ("helm.toolkit.fluxcd.io/name", "Flux"),
            ("meta.helm.sh/release-name", "Helm"),
        ];
        if self.label("argocd.argoproj.io/instance").is_some() {
            return Some(Safe::of("Argo CD"));
        }
        MARKS
            .iter()
            .find(|(key, _)| self.annotation(key).is_some() || self.label(key).is_some())
            .map(|(_, name)| Safe::of(name))
            .or_else(|| self.label("app.kubernetes.io/managed-by").map(Safe::line))
    }
}

/// A `status.conditions[]` row.
#[derive(Debug, Default, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub struct ConditionWire<'a> {
    #[serde(borrow, rename = "type")]
    pub kind: Text<'a>,
    #[serde(borrow)]
    pub status: Text<'a>,
    #[serde(borrow)]
    pub reason: Text<'a>,
    #[serde(borrow)]
    pub message: Text<'a>,
    pub last_transition_time: Time,
    pub last_update_time: Time,
}

impl ConditionWire<'_> {
    pub fn is(&self, kind: &str, status: &str) -> bool {
        self.kind.as_str() == kind && self.status.as_str() == status
    }
}

pub fn conditions(wire: &List<Obj<ConditionWire<'_>>>, pool: &mut Pool) -> Vec<Condition> {
    let rows = wire.0.iter().filter_map(|condition| condition.0.as_ref());
    rows.map(|condition| Condition {
        kind: pool.line(condition.kind.as_str()),
        status: match condition.status.as_str() {
            "True" => Some(true),
            "False" => Some(false),
            _ => None,
        },
        reason: pool.line(condition.reason.as_str()),
        message: condition.message.line(),
        changed: condition.last_transition_time.0,
    })
    .collect()
}

/// `spec.template` as far as its containers.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub struct TemplateWire<'a> {
    #[serde(borrow)]
    pub metadata: Obj<PodMetaWire<'a>>,
    #[serde(borrow)]
    pub spec: Obj<PodSpecWire<'a>>,
}

/// Labels of a template, all of them: selectors may ask for any.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub struct PodMetaWire<'a> {
    #[serde(borrow)]
    pub labels: Obj<BTreeMap<String, Text<'a>>>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub struct PodSpecWire<'a> {
    #[serde(borrow)]
    pub containers: List<Obj<ContainerWire<'a>>>,
    #[serde(borrow)]
    pub init_containers: List<Obj<ContainerWire<'a>>>,
    #[serde(borrow)]
    pub node_name: Text<'a>,
    #[serde(borrow)]
    pub node_selector: Obj<BTreeMap<String, Text<'a>>>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub struct ContainerWire<'a> {
    #[serde(borrow)]
    pub name: Text<'a>,
    #[serde(borrow)]
    pub image: Text<'a>,
    #[serde(borrow)]
    pub restart_policy: Text<'a>,
    #[serde(borrow)]
    pub startup_probe: Obj<ProbeWire<'a>>,
    #[serde(borrow)]
    pub readiness_probe: Obj<ProbeWire<'a>>,
    #[serde(borrow)]
    pub liveness_probe: Obj<ProbeWire<'a>>,
}

/// Images of the template's containers, in its order; init containers do not count (as in kubectl).
pub fn images(template: &Obj<TemplateWire<'_>>, pool: &mut Pool) -> Vec<ContainerImage> {
    let spec = template.0.as_ref().and_then(|template| template.spec.0.as_ref());
    let containers = spec.into_iter().flat_map(|spec| &spec.containers.0).filter_map(|container| container.0.as_ref());
    containers
        .map(|container| ContainerImage {
            container: pool.line(container.name.as_str()),
            image: pool.line(container.image.as_str()),
        })
        .collect()
}

/// What the template says besides its images.
pub fn template(template: &Obj<TemplateWire<'_>>, pool: &mut Pool) -> Template {
    let Some(template) = template.0.as_ref() else { return Template::default() };
    let labels = template.metadata.0.iter().filter_map(|meta| meta.labels.0.as_ref()).flatten();
    let spec = template.spec.0.as_ref();
    let containers = spec.into_iter().flat_map(|spec| &spec.containers.0).filter_map(|container| container.0.as_ref());
    let of = |container: &ContainerWire<'_>, pool: &mut Pool| {
        let all = [
            ("startup", &container.startup_probe),
            ("readiness", &container.readiness_probe),
            ("liveness", &container.liveness_probe),
        ];
        let probes = all.into_iter().filter_map(|(kind, wire)| Some((kind, wire.0.as_ref()?)));
        probes.map(|(kind, wire)| probe(kind, container.name.as_str(), wire, pool)).collect::<Vec<_>>()
    };
    let selector = spec.into_iter().filter_map(|spec| spec.node_selector.0.as_ref()).flatten();
    Template {
        labels: labels.map(|(key, value)| (key.as_str().into(), value.as_str().into())).collect(),
        probes: containers.flat_map(|container| of(container, pool)).collect(),
        node_selector: selector.map(|(key, value)| Safe::line(&format!("{key}={}", value.as_str()))).collect(),
    }
}

#[derive(Debug, Default, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub struct SelectorWire<'a> {
    #[serde(borrow)]
    pub match_labels: Obj<BTreeMap<String, Text<'a>>>,
    #[serde(borrow)]
    pub match_expressions: List<Obj<ExpressionWire<'a>>>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub struct ExpressionWire<'a> {
    #[serde(borrow)]
    pub key: Text<'a>,
    #[serde(borrow)]
    pub operator: Text<'a>,
    #[serde(borrow)]
    pub values: List<Text<'a>>,
}

/// `spec.selector`, as written.
pub fn selector(wire: &SelectorWire<'_>) -> Selector {
    let labels: Pairs =
        wire.match_labels.0.iter().flatten().map(|(key, value)| (key.as_str().into(), value.as_str().into())).collect();
    let expressions = wire.match_expressions.0.iter().filter_map(|row| row.0.as_ref()).map(|row| Expression {
        key: row.key.as_str().into(),
        operator: match row.operator.as_str() {
            "In" => Operator::In,
            "NotIn" => Operator::NotIn,
            "Exists" => Operator::Exists,
            "DoesNotExist" => Operator::DoesNotExist,
            _ => Operator::Other,
        },
        values: row.values.0.iter().map(|value| value.as_str().into()).collect(),
    });
    Selector { labels, expressions: expressions.collect() }
}

/// An API error: the body of a 4xx answer, or the object of an `ERROR` frame.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub struct StatusWire<'a> {
    pub code: Int,
    #[serde(borrow)]
    pub reason: Text<'a>,
    #[serde(borrow)]
    pub message: Text<'a>,
}
