//! What is made again only for what news were about is what it would be if it were made of everything,
//! whatever the sources say in whatever order.

use std::sync::Arc;

use proptest::prelude::*;
use proptest::test_runner::{Config, TestRunner};
use quarterdeck::model::gitops::{Overlay, OverlayRead, Pinned, Pins};
use quarterdeck::model::scope::{Environment, OnFindings, Settings};
use quarterdeck::model::source::{Detail, FeedEvent, FeedId, Object};
use quarterdeck::model::{Kind, Name, Uid};
use quarterdeck::state::derived::{self, Derived};
use quarterdeck::state::matrix::{Matrix, Workload};
use quarterdeck::state::{State, gitops};
use quarterdeck::text::Safe;
use quarterdeck::update::{self, Msg};
use serde_json::{Value, json};

use crate::ingest::blockers::gitops::application;
use crate::update::world::{CLUSTER, Console, moment, objects};

const MOMENTS: [&str; 12] = [
    "regression/01-before",
    "regression/02-half-the-traffic",
    "regression/06-aborted-by-a-person",
    "crashing/01-before",
    "crashing/02-canary-crashes",
    "crashing/03-progress-deadline-exceeded",
    "clean/04-waiting-for-a-person",
    "clean/06-healthy",
    "blue-green/02-preview-waits",
    "deployment/01-before",
    "deployment/02-deployment-updated",
    "deployment/03-image-cannot-be-pulled-deadline-exceeded",
];

/// What may be said of one object.
#[derive(Debug, Clone)]
enum Said {
    /// It is as in this place of the pool.
    There(usize),
    Gone(usize),
    Seconds(u64),
    /// Nothing is drawn before the next one.
    Several(Vec<usize>),
}

/// Everything that the recordings have, and what stands beside it.
fn pool() -> Vec<(Kind, Object)> {
    let mut pool = Vec::new();
    for name in MOMENTS {
        let moment = moment(name);
        for kind in Kind::IN_CLUSTERS {
            let items = moment.get(kind.plural()).and_then(Value::as_array).cloned().unwrap_or_default();
            pool.extend(objects(kind, &items).into_iter().map(|object| (kind, object)));
        }
    }
    let synced = application(&json!({}));
    let stray = application(&json!({ "status": { "sync": { "status": "OutOfSync" } } }));
    let keeps = application(&json!({ "status": { "resources": [
        { "group": "apps", "version": "v1", "kind": "Deployment", "namespace": "production",
            "name": "payments", "status": "Synced" }] } }));
    let fought = application(&json!({ "status": { "sync": { "status": "OutOfSync" },
        "operationState": { "operation": { "sync": { "selfHealAttemptsCount": 5 } } },
        "resources": [{ "group": "argoproj.io", "kind": "Rollout", "namespace": "production", "name": "checkout",
            "status": "OutOfSync" }] } }));
    pool.extend(
        objects(Kind::Application, &[synced, stray, keeps, fought]).into_iter().map(|it| (Kind::Application, it)),
    );
    let autoscaler = |full: &str| {
        json!({ "metadata": { "name": "checkout", "namespace": "production", "uid": "hpa-1", "resourceVersion": "1" },
            "spec": { "scaleTargetRef": { "kind": "Rollout", "name": "checkout" }, "minReplicas": 1, "maxReplicas": 5 },
            "status": { "currentReplicas": 5, "desiredReplicas": 5,
                "conditions": [{ "type": "ScalingLimited", "status": full, "reason": "TooManyReplicas" }] } })
    };
    let kind = Kind::HorizontalPodAutoscaler;
    pool.extend(objects(kind, &[autoscaler("True"), autoscaler("False")]).into_iter().map(|it| (kind, it)));
    pool
}

/// Git asks for one version of what the recordings run.
fn console() -> Console {
    let mut console = Console::new(&moment(MOMENTS[0]));
    let overlay =
        Overlay { repository: Name::new("https://git.example/gitops"), path: Name::new("prod"), branch: None };
    let environment = Environment {
        name: Name::new("prod"),
        cluster: None,
        namespace: Some(Name::new("production")),
        protection: None,
        findings: OnFindings::Warn,
        gitops: Some(overlay.clone()),
    };
    console.state.settings = Arc::new(Settings { environments: vec![environment], ..Settings::default() });
    // The configuration does not change while the program runs.
    console.state.derived = Derived::default();
    let pinned =
        Pinned { image: Safe::of("ghcr.io/shop/checkout"), instead: None, tag: Some(Safe::of("1.42.0")), digest: None };
    let pins = Ok(Arc::new(Pins { file: Safe::of("kustomization.yaml"), images: vec![pinned] }));
    console.feed(Kind::Pod, FeedEvent::Detail(Detail::Overlay(OverlayRead { overlay, pins })));
    console
}

fn uid(object: &Object) -> Uid {
    match object {
        Object::Rollout(row) => row.meta.uid.clone(),
        Object::Deployment(row) => row.meta.uid.clone(),
        Object::ReplicaSet(row) => row.meta.uid.clone(),
        Object::Pod(row) => row.meta.uid.clone(),
        Object::AnalysisRun(row) => row.meta.uid.clone(),
        Object::Experiment(row) => row.meta.uid.clone(),
        Object::Event(row) => row.meta.uid.clone(),
        Object::Application(row) => row.meta.uid.clone(),
        Object::Beside(row) => row.meta.uid.clone(),
        other => panic!("not in the pool: {other:?}"),
    }
}

/// Hears it without a frame after it.
fn hear(state: &mut State, kind: Kind, event: FeedEvent) {
    let (now, feed) = (state.now, FeedId { cluster: CLUSTER, kind, namespace: None });
    update::update(state, now, Msg::Feed(feed, event));
}

/// The matrix as it is shown.
fn shown(matrix: &Matrix) -> String {
    let cell = |cell: &[Workload]| -> Vec<_> {
        cell.iter()
            .map(|it| (it.meta().uid.clone(), it.health(), it.status(), it.meta().resource_version.clone()))
            .collect()
    };
    let services: Vec<_> = matrix
        .services
        .iter()
        .map(|row| (&row.name, row.cells.iter().map(|(at, it)| (*at, cell(it))).collect::<Vec<_>>()))
        .collect();
    format!("{:?} {services:?} {} {:?} {:?}", matrix.environments, matrix.well, matrix.unwell, matrix.clusters)
}

fn check(state: &State) -> Result<(), TestCaseError> {
    let mut fresh = state.clone();
    fresh.derived = Derived::default();
    update::settle(&mut fresh);
    prop_assert_eq!(derived::blockers(state), derived::blockers(&fresh));
    prop_assert_eq!(derived::waiting(state), derived::waiting(&fresh));
    prop_assert_eq!(shown(&derived::matrix(state)), shown(&derived::matrix(&fresh)));
    let (drifts, whole) = (derived::drifts(state), derived::drifts(&fresh));
    prop_assert_eq!(&drifts.overlays, &whole.overlays);
    prop_assert_eq!(&drifts.compared, &whole.compared);
    for row in state.world.rollouts.rows() {
        prop_assert_eq!(drifts.of(&row.meta.uid), whole.of(&row.meta.uid));
        let keeps = |state| gitops::of_workload(state, Kind::Rollout, &row.meta).map(|it| it.meta.uid.clone());
        prop_assert_eq!(keeps(state), keeps(&fresh));
    }
    for row in state.world.deployments.rows() {
        prop_assert_eq!(drifts.of(&row.meta.uid), whole.of(&row.meta.uid));
    }
    Ok(())
}

#[test]
fn what_news_are_about_alone_is_looked_at_again_and_nothing_is_missed() {
    let pool = pool();
    let len = pool.len();
    let said = prop_oneof![
        8 => (0..len).prop_map(Said::There),
        2 => (0..len).prop_map(Said::Gone),
        2 => prop::collection::vec(0..len, 2..6).prop_map(Said::Several),
        1 => (1..90_u64).prop_map(Said::Seconds),
    ];
    let mut runner = TestRunner::new(Config { cases: 96, failure_persistence: None, ..Config::default() });
    let stories = prop::collection::vec(said, 1..40);
    let outcome = runner.run(&stories, |story| {
        let mut state = console().state;
        for said in story {
            let there = |state: &mut State, at: usize| {
                hear(state, pool[at].0, FeedEvent::Applied(vec![pool[at].1.clone()]));
            };
            match said {
                Said::There(at) => there(&mut state, at),
                Said::Gone(at) => hear(&mut state, pool[at].0, FeedEvent::Deleted(uid(&pool[at].1))),
                Said::Several(all) => all.into_iter().for_each(|at| there(&mut state, at)),
                Said::Seconds(seconds) => {
                    state.now.mono += std::time::Duration::from_secs(seconds);
                    state.now.wall += std::time::Duration::from_secs(seconds);
                    let now = state.now;
                    update::update(&mut state, now, Msg::Tick);
                }
            }
            update::settle(&mut state);
            check(&state)?;
        }
        Ok(())
    });
    outcome.unwrap();
}
