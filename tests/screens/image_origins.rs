//! One image, from a registry of each kind of token flow to its page: which commit and run it is of, for
//! which platforms it is, which environments run it, which nodes are of which platform.

use std::collections::HashMap;
use std::sync::Arc;

use quarterdeck::model::images::{Digest, Platform};
use quarterdeck::model::interest::{ImageInterest, Interest};
use quarterdeck::model::kubernetes::{Pod, ReplicaSet};
use quarterdeck::model::nodes::{Nodes, NodesRead};
use quarterdeck::model::scope::{CanaryQueries, Login, SecretSource, Service, Settings};
use quarterdeck::model::source::{Detail, FeedEvent, FeedId, Object, SourceScope};
use quarterdeck::model::{Kind, Name, SourceId, SystemId};
use quarterdeck::net::Registry;
use quarterdeck::state::State;
use quarterdeck::state::ui::Place;
use quarterdeck::systems::{Spec, Upstream};
use quarterdeck::text::Safe;
use quarterdeck::update;
use serde_json::{Value, json};

use super::run_world::{pipelines, run};
use super::shot::shot;
use super::world::deploying;
use crate::faults::reading::{Reading, Source};
use crate::faults::server::{Reply, Request, Server};
use crate::faults::support::block_on;
use crate::live::registry::digest;

const SIZE: (u16, u16) = (160, 48);
const TAG: &str = "1.42.0";
const PATH: &str = "shop/checkout";

/// How a registry wants to know who asks.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Flow {
    /// A token for everybody, from the registry itself.
    Ghcr,
    /// A token from another address, which says for how long it is good and names it twice.
    Hub,
    /// Nothing is asked.
    Plain,
    /// A name and a password with every request.
    Basic,
}

impl Flow {
    const fn host(self) -> &'static str {
        match self {
            Self::Ghcr => "ghcr.io",
            Self::Hub => "docker.io",
            Self::Plain => "127.0.0.1:5000",
            Self::Basic => "registry.acme.example",
        }
    }

    fn repository(self) -> String {
        format!("{}/{PATH}", self.host())
    }

    /// As a template of a workload writes it.
    fn written(self) -> String {
        if self == Self::Hub { format!("{PATH}:{TAG}") } else { format!("{}:{TAG}", self.repository()) }
    }

    fn login(self) -> Login {
        match self {
            Self::Basic => Login::Password { user: "ana".to_owned(), password: SecretSource::Fixed("pa55word") },
            _ => Login::Anonymous,
        }
    }

    /// What is answered to somebody it does not know.
    fn challenge(self, url: &str) -> Option<String> {
        match self {
            Self::Ghcr | Self::Hub => {
                let service = if self == Self::Ghcr { "ghcr.io" } else { "registry.docker.io" };
                Some(format!("Bearer realm=\"{url}/token\",service=\"{service}\",scope=\"repository:{PATH}:pull\""))
            }
            Self::Plain => None,
            Self::Basic => Some("Basic realm=\"acme\"".to_owned()),
        }
    }

    const fn token(self) -> &'static str {
        match self {
            Self::Hub => {
                r#"{"token":"good","access_token":"good","expires_in":300,"issued_at":"2026-11-21T12:00:00Z"}"#
            }
            _ => r#"{"token":"good"}"#,
        }
    }

    const fn shown(self) -> &'static str {
        if matches!(self, Self::Basic) { "Basic YW5hOnBhNTV3b3Jk" } else { "Bearer good" }
    }
}

/// Bodies by their digest, and the digest of the index: two platforms and a signed statement.
fn stored(commit: &str) -> (HashMap<String, String>, String) {
    let mut all = HashMap::new();
    let mut store = |body: Value| {
        let body = body.to_string();
        let (name, size) = (digest(body.as_bytes()), body.len());
        all.insert(name.clone(), body);
        (name, size)
    };
    let mut descriptor = |architecture: &str| {
        let labels = json!({ "org.opencontainers.image.revision": commit });
        let (config, size) = store(json!({ "architecture": architecture, "os": "linux",
            "created": "2026-08-01T11:30:00Z", "config": { "Labels": labels }, "rootfs": {} }));
        let kind = "application/vnd.oci.image.manifest.v1+json";
        let (name, length) = store(json!({ "schemaVersion": 2, "mediaType": kind, "layers": [],
            "config": { "mediaType": "application/vnd.oci.image.config.v1+json", "digest": config, "size": size } }));
        json!({ "mediaType": kind, "digest": name, "size": length,
            "platform": { "os": "linux", "architecture": architecture } })
    };
    let (amd64, mut attestation) = (descriptor("amd64"), descriptor("unknown"));
    attestation["platform"] = json!({ "os": "unknown", "architecture": "unknown" });
    attestation["annotations"] = json!({ "vnd.docker.reference.type": "attestation-manifest" });
    let (index, _) = store(json!({ "schemaVersion": 2, "mediaType": "application/vnd.oci.image.index.v1+json",
        "manifests": [amd64, attestation] }));
    (all, index)
}

fn answer(flow: Flow, url: &str, stored: &(HashMap<String, String>, String), request: &Request) -> Reply {
    let path = request.path.split('?').next().unwrap_or_default();
    if path == "/token" {
        return Reply::json(flow.token());
    }
    if let Some(challenge) = flow.challenge(url)
        && !request.head.lines().any(|line| line.eq_ignore_ascii_case(&format!("authorization: {}", flow.shown())))
    {
        return Reply::Whole(401, format!("WWW-Authenticate: {challenge}\r\n"), "{}".to_owned());
    }
    let (bodies, index) = stored;
    let name = path.rsplit('/').next().unwrap_or_default();
    if path.ends_with("/tags/list") {
        return Reply::json(json!({ "name": PATH, "tags": [TAG, "latest"] }));
    }
    let name = if name == TAG { index.as_str() } else { name };
    match bodies.get(name) {
        Some(body) => {
            let kind = serde_json::from_str::<Value>(body).unwrap()["mediaType"].as_str().unwrap_or("").to_owned();
            let head = format!("Content-Type: {kind}\r\nDocker-Content-Digest: {name}\r\n");
            Reply::Whole(200, head, body.clone())
        }
        None => Reply::Whole(404, String::new(), "{}".to_owned()),
    }
}

/// The registry as a source of the world on the screen.
struct Read(Registry, SourceScope);

impl Source for Read {
    fn spec(self) -> Spec {
        Spec { scope: self.1, upstream: Some(Upstream::Registry(self.0)) }
    }

    fn run(_: &str) -> quarterdeck::model::ObjectId {
        unreachable!("a registry has no runs")
    }
}

/// A world whose workloads run the image, and whose service asks for two platforms.
fn world(flow: Flow, index: &str) -> (State, SourceScope) {
    let mut state = pipelines(deploying());
    let id = SourceId(state.world.sources.len() as u16);
    let scope = SourceScope {
        id,
        system: SystemId::Registry,
        name: Name::new(flow.host()),
        server: Safe::line(flow.host()),
        user: Safe::of(""),
        namespaces: Some(vec![Name::new(&flow.repository())]),
        unusable: None,
        discovered: None,
    };
    for feed in scope.feeds() {
        state.world.feeds.insert(feed, quarterdeck::state::world::Feed::default());
    }
    state.world.sources.push(scope.clone());
    let service = Service {
        name: Name::new("checkout"),
        repository: Some(Name::new("acme/checkout")),
        workflows: Vec::new(),
        tekton: Vec::new(),
        images: vec![Name::new(&flow.repository())],
        platforms: ["linux/amd64", "linux/arm64"].iter().filter_map(|text| Platform::parse(text)).collect(),
        canary: CanaryQueries::default(),
    };
    state.settings = Arc::new(Settings { services: vec![service], ..Settings::default() });
    let mine = |image: &Safe| image.as_str().contains("/checkout:1.42.0");
    let sets: Vec<ReplicaSet> = state.world.replica_sets.rows().iter().map(|row| row.as_ref().clone()).collect();
    let pods: Vec<Pod> = state.world.pods.rows().iter().map(|row| row.as_ref().clone()).collect();
    let mut rows: Vec<(Kind, Object)> = Vec::new();
    for mut set in sets {
        set.images.iter_mut().filter(|it| mine(&it.image)).for_each(|it| it.image = Safe::line(&flow.written()));
        rows.push((Kind::ReplicaSet, Object::ReplicaSet(Arc::new(set))));
    }
    for mut pod in pods {
        for state in pod.states.iter_mut().filter(|it| mine(&it.image)) {
            state.digest = Digest::parse(index);
        }
        rows.push((Kind::Pod, Object::Pod(Arc::new(pod))));
    }
    let mono = state.now.mono;
    for (kind, row) in rows {
        state.world.apply(&cluster_feed(kind), mono, FeedEvent::Applied(vec![row]));
    }
    (state, scope)
}

fn cluster_feed(kind: Kind) -> FeedId {
    FeedId { cluster: SourceId(0), kind, namespace: None }
}

/// What the clusters say of their nodes.
fn hear_nodes(state: &mut State, nodes: Result<Nodes, Safe>) {
    let clusters: Vec<SourceId> = state.world.clusters().map(|cluster| cluster.id).collect();
    for cluster in clusters {
        let feed = FeedId { cluster, kind: Kind::Pod, namespace: None };
        let detail = Detail::Nodes(NodesRead { nodes: nodes.clone().map(Arc::new) });
        let mono = state.now.mono;
        state.world.apply(&feed, mono, FeedEvent::Detail(detail));
    }
}

fn three_of_five() -> Nodes {
    let mut nodes = Nodes::default();
    for text in ["linux/arm64", "linux/amd64", "linux/arm64", "linux/amd64", "linux/arm64"] {
        nodes.count(Platform::parse(text));
    }
    nodes
}

/// The page of the image, as it is read from such a registry.
fn page(flow: Flow, nodes: Result<Nodes, Safe>) -> (String, u64) {
    block_on(async move {
        let built = {
            let state = pipelines(deploying());
            run(&state, "acme/checkout", "ci-cd-pipeline", 1, 0, None).sha
        };
        let stored = stored(built.as_str());
        let (mut state, scope) = world(flow, &stored.1);
        let (id, feed) = (scope.id, scope.feeds().remove(0));
        let server = Server::start().await;
        let url = server.url.clone();
        server.answer(move |request| answer(flow, &url, &stored, request));
        let client = Registry::new(flow.host(), Some(&server.url), &flow.login()).unwrap();
        let mut reading = Reading::start(Read(client, scope));
        let images = vec![ImageInterest {
            source: id,
            repository: Name::new(&flow.repository()),
            tags: vec![Arc::from(TAG)],
            ..ImageInterest::default()
        }];
        reading.systems.look_at(Arc::new(Interest { images, ..Interest::default() }));
        // The first look may have come before anybody said what is wanted.
        while state.world.images.rows().is_empty() {
            let event = reading.find(|event| Some(event.clone())).await;
            let mono = state.now.mono;
            state.world.apply(&feed, mono, event);
        }
        reading.stop().await;
        hear_nodes(&mut state, nodes);
        let image = state.world.images.rows()[0].clone();
        state.ui.place = Place::Image(image.id());
        state.ui.size = SIZE;
        update::settle(&mut state);
        let number = quarterdeck::state::images::run(&state, &image).map_or(0, |run| run.number);
        (shot(&state, SIZE), number)
    })
}

#[test]
fn commit_run_platforms_and_environments_are_told_of_an_image_of_every_kind_of_registry() {
    for flow in [Flow::Ghcr, Flow::Hub, Flow::Plain, Flow::Basic] {
        let (screen, number) = page(flow, Ok(three_of_five()));
        let run = format!("#{number}");
        for wanted in [
            flow.repository().as_str(),
            "commit 9f8e7d1",
            run.as_str(),
            "linux/amd64",
            "linux/arm64 missing",
            "3 of 5 nodes are linux/arm64",
            "1 attestation, no platform",
            "RUN BY",
            "production",
            "runs it",
        ] {
            assert!(screen.contains(wanted), "{flow:?}, {wanted}:\n{screen}");
        }
        assert!(number > 0, "{flow:?}: no run");
    }
}

#[test]
fn nodes_that_may_not_be_listed_are_unknown_and_nothing_is_said_of_their_number() {
    let (screen, _) = page(Flow::Plain, Err(Safe::of("nodes may not be listed with this account")));
    assert!(screen.contains("linux/arm64 missing"), "{screen}");
    assert!(screen.contains("nodes may not be listed with this account"), "{screen}");
    assert!(!screen.contains(" nodes are "), "{screen}");
}
