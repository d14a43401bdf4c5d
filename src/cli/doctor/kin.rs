//! Whether the repositories have to do with the clusters beside them, as the console's own pane says it. Nothing is
//! said before every cluster was read whole.

use futures::future::join_all;
use serde_json::Value;

use super::sources::{PATIENCE, ask};
use super::{Finding, Subject, Verdict};
use crate::model::scope::Service;
use crate::model::source::SourceScope;
use crate::model::{Kind, Name, SystemId};
use crate::net::{Cluster, NetError};
use crate::state::kinship;
use crate::systems::{self, Spec, Upstream};

/// Of each kind and namespace; where there are more, "none of them" cannot be said.
const MOST: u32 = 500;

/// What is compared.
pub(super) struct Kin {
    host: Subject,
    repositories: Vec<Name>,
    /// Somebody named them: what else is named of their services, their names and images.
    named: Option<Vec<String>>,
    clusters: Vec<(SourceScope, Cluster)>,
}

/// What runs in a cluster.
#[derive(Default)]
struct Workloads {
    names: Vec<String>,
    images: Vec<String>,
    /// Nothing is missing.
    whole: bool,
}

impl Kin {
    /// `None`: there is nothing to compare.
    pub(super) fn of(specs: &[Spec], services: &[Service]) -> Option<Self> {
        let host = specs.iter().find(|spec| spec.scope.system == SystemId::GitHub && spec.upstream.is_some())?;
        let images = |service: &Service| service.images.iter().map(|image| image.raw().to_owned()).collect::<Vec<_>>();
        let of_service = |service: &Service| images(service).into_iter().chain([service.name.raw().to_owned()]);
        let clusters = specs.iter().filter_map(|spec| match &spec.upstream {
            Some(Upstream::Cluster(cluster)) => Some((spec.scope.clone(), cluster.clone())),
            _ => None,
        });
        Some(Self {
            host: Subject::new(SystemId::GitHub.as_str(), host.scope.name.raw()),
            repositories: host.scope.namespaces.clone().unwrap_or_default(),
            clusters: clusters.collect(),
            named: host.scope.discovered.is_none().then(|| services.iter().flat_map(of_service).collect()),
        })
    }

    pub(super) async fn look(self) -> Vec<Finding> {
        let all = join_all(self.clusters.iter().map(|(scope, cluster)| workloads(scope, cluster))).await;
        let names = || all.iter().flat_map(|cluster| cluster.names.iter().map(String::as_str));
        let images = || all.iter().flat_map(|cluster| cluster.images.iter().map(String::as_str));
        if names().next().is_none() || !all.iter().all(|cluster| cluster.whole) {
            return Vec::new();
        }
        let is_strange = |name: &str| kinship::is_strange(name, names(), images());
        let strange = self.repositories.iter().filter(|name| is_strange(name.raw()));
        // Of those that are named one alone may be a library: all of them say that the clusters are others.
        if let Some(named) = &self.named
            && !(strange.clone().count() == self.repositories.len() && named.iter().all(|name| is_strange(name)))
        {
            return Vec::new();
        }
        let next = match self.named {
            None => "start inside the clone of what runs there, name services[].repo, or choose with --context",
            Some(_) => "choose the cluster of these services with --context, or mend services[].repo",
        };
        strange
            .map(|name| {
                let message = format!("nothing in the clusters seems to be built by {}", name.raw());
                self.host.say("kinship", Verdict::Warn, message).then(next)
            })
            .collect()
    }
}

async fn workloads(scope: &SourceScope, cluster: &Cluster) -> Workloads {
    let namespaces: Vec<Option<&Name>> = match &scope.namespaces {
        None => vec![None],
        Some(names) => names.iter().map(Some).collect(),
    };
    let kinds = [Kind::Deployment, Kind::Rollout];
    let places = namespaces.iter().flat_map(|namespace| kinds.map(|kind| (kind, *namespace)));
    let paths = places.filter_map(|(kind, namespace)| Some((kind, systems::some_of(kind, namespace, MOST)?)));
    let read = cluster.read();
    let asked = paths.map(|(kind, path)| {
        let read = read.clone();
        async move { (kind, ask(read.get_once(&path, PATIENCE)).await) }
    });
    let mut found = Workloads { whole: true, ..Workloads::default() };
    for (kind, answer) in join_all(asked.collect::<Vec<_>>()).await {
        match answer {
            Ok(answer) => found.take(&answer.body),
            // Without Argo Rollouts there are none of its objects.
            Err(NetError::Api { code: 404, .. }) if kind == Kind::Rollout => {}
            Err(_) => found.whole = false,
        }
    }
    found
}

impl Workloads {
    fn take(&mut self, body: &[u8]) {
        let list: Value = serde_json::from_slice(body).unwrap_or_default();
        let text = |value: &Value, at: &str| value.pointer(at).and_then(Value::as_str).unwrap_or_default().to_owned();
        let items = list.get("items").and_then(Value::as_array);
        self.whole &= items.is_some() && text(&list, "/metadata/continue").is_empty();
        for item in items.into_iter().flatten() {
            self.names.push(text(item, "/metadata/name"));
            let containers = item.pointer("/spec/template/spec/containers").and_then(Value::as_array);
            self.images.extend(containers.into_iter().flatten().map(|container| text(container, "/image")));
        }
    }
}
