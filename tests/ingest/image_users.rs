//! Which workloads run an image, where no ReplicaSet stands between them and their pods.

use quarterdeck::model::source::SourceScope;
use quarterdeck::model::{Kind, Name, SourceId, SystemId};
use quarterdeck::state::{State, derived, images};
use quarterdeck::text::Safe;
use serde_json::{Value, json};

use super::blockers::objects::{meta, now};
use super::world::{list, with};

/// A template with one container of this image.
fn template(image: &str) -> Value {
    json!({ "spec": { "containers": [{ "name": "app", "image": image }] } })
}

fn pod(name: &str, owner: &str, image: &str, digit: &str, phase: &str) -> Value {
    let (repository, _) = image.rsplit_once(':').unwrap();
    let id = format!("{repository}@sha256:{}", digit.repeat(64));
    json!({ "metadata": meta(name, Some(owner)), "spec": { "containers": [{ "name": "app", "image": image }] },
        "status": { "phase": phase, "containerStatuses": [{ "name": "app", "image": image, "imageID": id }] } })
}

fn job(name: &str, image: &str, active: i64) -> Value {
    json!({ "metadata": meta(name, None), "spec": { "completions": 1, "template": template(image) },
        "status": { "active": active, "succeeded": 1 - active } })
}

fn world() -> State {
    let mut state = with(
        now(),
        &json!({
            "statefulsets": [{ "metadata": meta("db", None),
                "spec": { "replicas": 3, "template": template("ghcr.io/acme/db:2") }, "status": { "replicas": 3 } }],
            "daemonsets": [{ "metadata": meta("agent", None), "spec": { "template": template("ghcr.io/acme/agent:1") },
                "status": { "desiredNumberScheduled": 2, "currentNumberScheduled": 0 } }],
            "jobs": [job("migrate", "ghcr.io/acme/db:2", 1), job("old", "ghcr.io/acme/db:0", 0)],
            "pods": [
                pod("db-0", "db", "ghcr.io/acme/db:1", "a", "Running"),
                pod("db-1", "db", "ghcr.io/acme/db:2", "b", "Running"),
                pod("db-2", "db", "ghcr.io/acme/db:2", "b", "Running"),
                pod("migrate-x", "migrate", "ghcr.io/acme/db:2", "b", "Running"),
                pod("old-x", "old", "ghcr.io/acme/db:0", "c", "Succeeded"),
                // Of a repository that no registry is read for.
                pod("db-3", "db", "docker.io/library/busybox:1", "d", "Running"),
            ],
        }),
    );
    let names = ["ghcr.io/acme/db", "ghcr.io/acme/agent"].map(Name::new);
    state.world.sources.push(SourceScope {
        id: SourceId(1),
        system: SystemId::Registry,
        name: Name::new("ghcr.io"),
        server: Safe::of("https://ghcr.io"),
        user: Safe::of(""),
        namespaces: Some(names.into()),
        unusable: None,
        discovered: None,
    });
    state
}

fn told(state: &State) -> Vec<String> {
    let mut all: Vec<String> = images::join(state)
        .uses
        .iter()
        .map(|it| {
            let digest = it.digest.as_ref().map_or("–", |digest| &digest.raw()[7..8]);
            let tag = it.tag.as_deref().unwrap_or("–");
            format!("{} {}:{tag} {digest} {}", it.workload.name.raw(), it.repository, it.pods)
        })
        .collect();
    all.sort();
    all
}

#[test]
fn pods_without_a_replica_set_say_which_image_their_workload_runs() {
    let state = world();
    assert_eq!(
        told(&state),
        [
            // It asks for it, and no pod has said yet what it got.
            "agent ghcr.io/acme/agent:1 – 0",
            // In the middle of an update each pod runs what its own revision names.
            "db ghcr.io/acme/db:1 a 1",
            "db ghcr.io/acme/db:2 b 2",
            "migrate ghcr.io/acme/db:2 b 1",
        ]
    );
    let kinds: Vec<Kind> = images::join(&state).uses.iter().map(|it| it.workload.kind).collect();
    assert!(kinds.contains(&Kind::StatefulSet) && kinds.contains(&Kind::BatchJob), "{kinds:?}");
}

/// What was made of the world is made again when one of them changes, and its images are asked for.
#[test]
fn a_stateful_set_that_names_another_image_is_followed() {
    let mut state = world();
    let before = derived::images(&state);
    let asked = |state: &State| {
        let joined = derived::images(state);
        let one = joined.interest.iter().find(|one| one.repository.raw() == "ghcr.io/acme/db").unwrap();
        one.tags.iter().map(ToString::to_string).collect::<Vec<_>>()
    };
    assert_eq!(asked(&state), ["1", "2"]);
    let revision = images::revision(&state);
    let row = json!({ "metadata": meta("db", None),
        "spec": { "replicas": 3, "template": template("ghcr.io/acme/db:3") }, "status": { "replicas": 3 } });
    list(&mut state, Kind::StatefulSet, &[row]);
    assert_ne!(images::revision(&state), revision);
    assert_ne!(*derived::images(&state), *before);
    assert_eq!(asked(&state), ["1", "2", "3"]);
}
