//! Containers of a Docker Engine on the screen: rows of every state, and why there are none.

use std::sync::Arc;
use std::time::Duration;

use jiff::SignedDuration;
use quarterdeck::model::docker::{ContainerState, DockerContainer};
use quarterdeck::model::kubernetes::Meta;
use quarterdeck::model::source::{FeedEvent, FeedId, FeedStatus, Object, SourceScope};
use quarterdeck::model::{Kind, Name, SourceId, SystemId, Uid};
use quarterdeck::state::State;
use quarterdeck::state::ui::{ListId, Place};
use quarterdeck::text::Safe;

use super::shot::{compare, shot};
use super::world::{self, HEARD, at, select_at};

const SMALL: (u16, u16) = (80, 24);
const FULL: (u16, u16) = (160, 48);
const WIDE: (u16, u16) = (300, 100);

const ENGINE: SourceId = SourceId(1);

fn with_engine() -> State {
    let mut state = world::deploying();
    state.world.sources.push(SourceScope {
        id: ENGINE,
        system: SystemId::Docker,
        name: Name::new("docker"),
        server: Safe::of("unix:///var/run/docker.sock"),
        user: Safe::of(""),
        namespaces: None,
        unusable: None,
        discovered: None,
    });
    tell(&mut state, FeedEvent::Status(FeedStatus::Connecting));
    state
}

fn tell(state: &mut State, event: FeedEvent) {
    state.world.apply(&FeedId { cluster: ENGINE, kind: Kind::Container, namespace: None }, HEARD, event);
}

fn list(mut state: State, rows: Vec<DockerContainer>) -> State {
    let objects = rows.into_iter().map(|row| Object::Container(Arc::new(row))).collect();
    for event in [FeedEvent::ListBegins, FeedEvent::Applied(objects), FeedEvent::Listed] {
        tell(&mut state, event);
    }
    at(state, Place::Containers)
}

fn container(name: &str, state: ContainerState, status: &'static str) -> DockerContainer {
    let ago = |seconds| Some(world::noon() - SignedDuration::from_secs(seconds));
    let running = state == ContainerState::Running;
    DockerContainer {
        meta: Meta {
            cluster: ENGINE,
            namespace: Name::new("shop"),
            name: Name::new(name),
            uid: Uid::new(ENGINE, name),
            resource_version: Arc::from(""),
            generation: 0,
            created: ago(7_200),
            deleting: None,
            owner: None,
        },
        image: Safe::of("ghcr.io/acme/checkout:1.44.0"),
        state,
        status: Safe::of(status),
        health: None,
        exit_code: None,
        oom_killed: false,
        restarts: 0,
        started: ago(7_190),
        finished: if running { None } else { ago(2_820) },
        tty: false,
        ports: Vec::new(),
    }
}

/// One of each state that looks different.
fn all() -> Vec<DockerContainer> {
    let mut healthy = container("checkout", ContainerState::Running, "Up 2 hours (healthy)");
    healthy.health = Some(Safe::of("healthy"));
    healthy.ports = vec![Safe::of("127.0.0.1:8081→8080/tcp"), Safe::of("127.0.0.1:9101→9101/tcp")];
    let mut sick = container("payments", ContainerState::Running, "Up 2 hours (unhealthy)");
    sick.health = Some(Safe::of("unhealthy"));
    let mut killed = container("loadtest", ContainerState::Exited, "Exited (137) 47 minutes ago");
    (killed.exit_code, killed.oom_killed) = (Some(137), true);
    let mut failed = container("migrate", ContainerState::Exited, "Exited (1) 47 minutes ago");
    failed.exit_code = Some(1);
    let mut done = container("seed", ContainerState::Exited, "Exited (0) 47 minutes ago");
    done.exit_code = Some(0);
    let mut crashing = container("search", ContainerState::Restarting, "Restarting (1) 22 seconds ago");
    (crashing.exit_code, crashing.restarts) = (Some(1), 16);
    let paused = container("web", ContainerState::Paused, "Up 2 hours (Paused)");
    vec![healthy, sick, killed, failed, done, crashing, paused]
}

#[test]
fn every_state_of_a_container() {
    let mut state = list(with_engine(), all());
    for (name, size) in [("80x24", SMALL), ("160x48", FULL), ("300x100", WIDE)] {
        state.ui.size = size;
        select_at(&mut state, ListId::Place(Place::Containers), 1);
        compare!(format!("containers-{name}"), shot(&state, size));
    }
}

#[test]
fn why_there_are_none() {
    let told = |status: FeedStatus| {
        let mut state = with_engine();
        tell(&mut state, FeedEvent::Status(status));
        at(state, Place::Containers)
    };
    let denied = FeedStatus::Denied {
        message: Safe::of("permission denied while connecting to unix:///var/run/docker.sock: join the group docker"),
    };
    let failed = FeedStatus::Failed {
        message: Safe::of("unix:///var/run/docker.sock refused the connection: is dockerd running?"),
        retry_at: Some(HEARD + Duration::from_secs(12)),
    };
    let states = vec![
        ("none", at(world::deploying(), Place::Containers)),
        ("loading", at(with_engine(), Place::Containers)),
        ("empty", list(with_engine(), Vec::new())),
        ("denied", told(denied)),
        ("failed", told(failed)),
    ];
    let mut seen = std::collections::BTreeSet::new();
    for (name, state) in states {
        assert!(seen.insert(shot(&state, SMALL)), "{name} looks like another");
        compare!(format!("containers-{name}-80x24"), shot(&state, SMALL));
        compare!(format!("containers-{name}-160x48"), shot(&state, FULL));
    }
}
