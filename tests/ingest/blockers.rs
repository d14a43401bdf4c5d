//! Why is it not moving: one situation, one first cause, one sentence.

pub mod gitops;
mod limits;
pub mod objects;
mod pods;
mod stops;

use std::time::Duration;

use quarterdeck::action::{Action, Change, Operation, OperationId, Outcome};
use quarterdeck::command::Command;
use quarterdeck::model::source::{FeedEvent, FeedId, FeedStatus};
use quarterdeck::model::{Kind, Name, SystemId};
use quarterdeck::state::State;
use quarterdeck::state::blocker::{Blocker, Severity, blockers};
use quarterdeck::text::Safe;
use serde_json::{Value, json};

use objects::*;

use super::world::{CLUSTER, with};

fn found(state: &State) -> Option<Blocker> {
    let all = blockers(state);
    assert!(all.len() <= 1, "at most one for each object: {all:?}");
    all.into_iter().next()
}

#[test]
fn each_situation_has_its_first_cause() {
    let situations: Vec<Situation> =
        [pods::pods_of_a_canary(), stops::analyses(), stops::stops(), gitops::applications(), limits::limits()]
            .concat();
    assert!(situations.len() >= 40);
    for (name, objects, expected) in situations {
        let found = found(&with(now(), &objects));
        let told = found.as_ref().map(|blocker| (blocker.reason.as_str(), blocker.sentence.as_str()));
        assert_eq!(told, expected, "{name}");
        if let Some(blocker) = found {
            assert_eq!(blocker.environment.unwrap().raw(), "production", "{name}");
            assert_eq!(blocker.keys.first(), Some(&Command::Look), "{name}");
            assert!(blocker.object.is_some(), "{name}");
        }
    }
}

#[test]
fn the_controller_is_silent_only_after_a_while() {
    for (plural, row, words) in [
        (
            "rollouts",
            canary(&json!({ "metadata": { "generation": 2 } })),
            "checkout in production waits for the rollouts controller, silent for 12s",
        ),
        (
            "deployments",
            deployment(&json!({ "metadata": { "generation": 2 } })),
            "payments in production waits for the deployment controller, silent for 12s",
        ),
    ] {
        let mut state = with(now(), &json!({ plural: [row] }));
        assert_eq!(found(&state), None, "a controller may take a moment");
        state.now.mono = Duration::from_secs(12);
        let blocker = found(&state).expect("now it is silent");
        assert_eq!((blocker.reason.as_str(), blocker.sentence.as_str()), ("controller_silent", words));
    }
}

#[test]
fn an_accepted_action_without_effect_says_what_it_waits_for() {
    let mut state = with(now(), &json!({ "rollouts": [canary(&json!({}))] }));
    state.now.mono = Duration::from_secs(100);
    let target = state.world.rollouts.rows()[0].meta.id(Kind::Rollout);
    state.operations.push(Operation {
        id: OperationId("1".to_owned()),
        action: Action { target, change: Change::Abort { pod_hash: Safe::of("new") } },
        cluster: Name::new("test"),
        environment: Name::new("production"),
        reason: Safe::of(""),
        summary: Safe::of(""),
        expects: Safe::of(""),
        outcome: Outcome::Accepted,
        generation: None,
        made: None,
        started: now(),
        started_mono: Duration::from_secs(95),
        changed: now(),
    });
    assert_eq!(found(&state), None, "five seconds are no silence");
    state.now.mono = Duration::from_secs(107);
    let blocker = found(&state).expect("twelve are");
    assert_eq!(blocker.reason.as_str(), "controller_silent");
    let sentence = blocker.sentence.as_str();
    assert!(
        sentence.starts_with(
            "checkout in production waits for the rollouts controller: abort accepted 12s ago, not yet seen: "
        ),
        "{sentence}"
    );
    state.operations[0].outcome = Outcome::Observed;
    assert_eq!(found(&state), None, "observed is the end of it");
}

#[test]
fn a_restart_that_its_controller_has_seen_waits_for_its_pods() {
    let version = || std::sync::Arc::from("1");
    for change in [
        Change::RestartWorkload { resource_version: version() },
        Change::Scale { resource_version: version(), from: 2, to: 4 },
    ] {
        for (generation, expected) in [(1, None), (2, Some("controller_silent"))] {
            let mut state = with(now(), &json!({ "deployments": [deployment(&json!({}))] }));
            state.now.mono = Duration::from_secs(100);
            let target = state.world.deployments.rows()[0].meta.id(Kind::Deployment);
            state.operations.push(Operation {
                id: OperationId("1".to_owned()),
                action: Action { target, change: change.clone() },
                cluster: Name::new("test"),
                environment: Name::new("production"),
                reason: Safe::of(""),
                summary: Safe::of(""),
                expects: Safe::of(""),
                outcome: Outcome::Accepted,
                generation: Some(generation),
                made: None,
                started: now(),
                started_mono: Duration::from_secs(50),
                changed: now(),
            });
            let found = found(&state);
            assert_eq!(found.as_ref().map(|blocker| blocker.reason.as_str()), expected, "{change:?} {generation}");
        }
    }
}

#[test]
fn a_source_that_cannot_be_read_is_said() {
    let set = |state: &mut State, system: SystemId, status: &FeedStatus| {
        for kind in Kind::IN_CLUSTERS.into_iter().filter(|kind| kind.system() == system) {
            let feed = FeedId { cluster: CLUSTER, kind, namespace: None };
            state.world.apply(&feed, Duration::ZERO, FeedEvent::Status(status.clone()));
        }
    };
    let why = || Safe::of("why");
    for (system, status, reason, sentence) in [
        (
            SystemId::Kubernetes,
            FeedStatus::Denied { message: why() },
            "permission",
            "kubernetes on test may not be read: why",
        ),
        (
            SystemId::Kubernetes,
            FeedStatus::Stale { since: Duration::ZERO, message: why(), retry_at: None },
            "source_stale",
            "kubernetes on test is 30s old: why",
        ),
        (
            SystemId::Rollouts,
            FeedStatus::Failed { message: why(), retry_at: None },
            "source_stale",
            "rollouts on test cannot be read: why",
        ),
    ] {
        let mut state = with(now(), &json!({}));
        set(&mut state, system, &status);
        state.now.mono = Duration::from_secs(30);
        let blocker = found(&state).expect("a blocker");
        assert_eq!((blocker.reason.as_str(), blocker.sentence.as_str()), (reason, sentence));
        assert_eq!(blocker.object, None);
    }
    let mut state = with(now(), &json!({}));
    for (kind, sentence) in [
        (Kind::Namespace, None),
        (Kind::Event, Some("kubernetes on test is read in part, 2 of 5 lists are missing: why")),
    ] {
        let feed = FeedId { cluster: CLUSTER, kind, namespace: None };
        state.world.apply(&feed, Duration::ZERO, FeedEvent::Status(FeedStatus::Denied { message: why() }));
        assert_eq!(found(&state).as_ref().map(|blocker| blocker.sentence.as_str()), sentence, "{kind:?}");
    }
    for (status, reason) in [
        (FeedStatus::Denied { message: why() }, "permission"),
        (FeedStatus::Failed { message: why(), retry_at: None }, "source_stale"),
    ] {
        let mut state = with(now(), &json!({}));
        let feed = FeedId { cluster: CLUSTER, kind: Kind::Event, namespace: None };
        state.world.apply(&feed, Duration::ZERO, FeedEvent::Status(status));
        assert_eq!(found(&state).map(|blocker| blocker.reason.as_str()), Some(reason), "a part is missing");
    }
    let mut state = with(now(), &json!({}));
    set(&mut state, SystemId::Rollouts, &FeedStatus::Absent { message: why() });
    assert_eq!(found(&state), None, "a cluster without Argo Rollouts is no fault");
}

#[test]
fn production_comes_first_and_there_what_is_failing_users() {
    let failing =
        run(&json!({ "phase": "Running", "metricResults": [{ "name": "error-rate", "failed": 1 }] }), &json!({}));
    let mut staging = deployment(&condition("Progressing", "False", "ProgressDeadlineExceeded", "x"));
    staging["metadata"]["namespace"] = json!("staging");
    staging["metadata"]["uid"] = json!("staging");
    let live = deployment(&condition("Progressing", "False", "ProgressDeadlineExceeded", "x"));
    let mut waits = canary(&paused("CanaryPauseStep", 1));
    waits["metadata"]["name"] = json!("search");
    waits["metadata"]["uid"] = json!("search");
    let state = with(
        now(),
        &json!({
        "rollouts": [waits, canary(&analysing("Running"))], "deployments": [staging, live], "analysisruns": [failing] }),
    );
    let order: Vec<(String, String)> = blockers(&state)
        .iter()
        .map(|blocker| {
            let object = blocker.object.as_ref().unwrap();
            (object.namespace.raw().to_owned(), object.name.raw().to_owned())
        })
        .collect();
    let expected =
        [("production", "checkout"), ("production", "payments"), ("production", "search"), ("staging", "payments")];
    assert_eq!(order, expected.map(|(namespace, name)| (namespace.to_owned(), name.to_owned())));
}

#[test]
fn a_pod_that_is_well_again_or_gone_blocks_nothing() {
    let objects = with_pod(&canary(&json!({})), "checkout", &crashed(&json!({ "exitCode": 1 })));
    let feed = FeedId { cluster: CLUSTER, kind: Kind::Pod, namespace: None };
    let mut state = with(now(), &objects);
    assert!(found(&state).is_some());
    let running = pod(
        &json!({ "phase": "Running", "containerStatuses": [{ "name": "app", "ready": true, "state": { "running": {} } }] }),
    );
    super::world::list(&mut state, Kind::Pod, &[running]);
    assert_eq!(found(&state), None, "well again");
    let mut state = with(now(), &objects);
    let uid = state.world.pods.rows()[0].meta.uid.clone();
    state.world.apply(&feed, Duration::ZERO, FeedEvent::Deleted(uid));
    assert_eq!(found(&state), None, "deleted");
    let mut state = with(now(), &objects);
    super::world::list(&mut state, Kind::Pod, &[]);
    assert_eq!(found(&state), None, "not in the next list");
}

/// A budget that lets no pod go holds nothing up until its node is to be emptied.
#[test]
fn a_disruption_budget_blocks_only_where_a_node_is_cordoned() {
    use quarterdeck::model::nodes::{Depth, Node, Nodes, NodesRead};
    use quarterdeck::model::source::Detail;

    let mut payments = deployment(&json!({ "status": { "replicas": 4, "updatedReplicas": 4 } }));
    payments["spec"]["template"] = json!({ "metadata": { "labels": { "app": "payments" } } });
    let mut state = with(
        now(),
        &json!({
            "deployments": [payments],
            "replicasets": [replica_set("payments", &json!({}))],
            "pods": [pod(&json!({ "phase": "Running" }))],
            "poddisruptionbudgets": [{ "metadata": meta("keep", None),
                "spec": { "minAvailable": 4, "selector": { "matchLabels": { "app": "payments" } } },
                "status": { "observedGeneration": 1, "disruptionsAllowed": 0, "currentHealthy": 4, "desiredHealthy": 4,
                    "expectedPods": 4 } }],
        }),
    );
    assert_eq!(found(&state), None, "nobody knows the nodes");
    let feed = FeedId { cluster: CLUSTER, kind: Kind::Pod, namespace: None };
    for (unschedulable, expected) in [
        (false, None),
        (
            true,
            Some(
                "payments in production cannot leave node node-1, which is cordoned: disruption budget keep allows no \
                 disruption, 4 of 4 pods are healthy and 4 must be",
            ),
        ),
    ] {
        let mut nodes = Nodes::default();
        nodes.read_to(Depth::Cordoned);
        nodes.see(Name::new("node-1"), Node { unschedulable, ..Node::default() });
        let detail = Detail::Nodes(NodesRead { nodes: Ok(nodes.into()) });
        state.world.apply(&feed, Duration::ZERO, FeedEvent::Detail(detail));
        let told = found(&state);
        assert_eq!(told.as_ref().map(|blocker| blocker.sentence.as_str()), expected);
        assert_eq!(told.map(|blocker| blocker.reason.as_str()), expected.map(|_| "pdb"));
    }
}

/// A pause that a person ends waits for that person: it stands below what users feel, however long it has waited, and
/// above a window that opens by itself.
#[test]
fn a_full_autoscaler_stands_above_what_waits_for_a_person_and_that_above_what_waits_by_plan() {
    let mut world = gitops::windowed(&gitops::out_of_sync(), &json!([gitops::night(&json!({}))]));
    world["rollouts"] = json!([canary(&paused("CanaryPauseStep", 1))]);
    world["deployments"] = json!([limits::done()]);
    world["horizontalpodautoscalers"] = json!([limits::autoscaler(4, "TooManyReplicas")]);
    let all = blockers(&with(now(), &world));
    let told: Vec<(&str, Severity)> = all.iter().map(|row| (row.reason.as_str(), row.severity)).collect();
    let expected =
        [("hpa_at_max", Severity::Waiting), ("pause_step", Severity::Waiting), ("sync_window", Severity::Planned)];
    assert_eq!(told, expected);
}

/// Neither place is protected: the one that waits for somebody to promote it is no quieter than an old quota.
#[test]
fn a_canary_that_waits_for_a_person_stands_no_lower_than_other_things_that_wait() {
    let elsewhere = |mut object: Value, namespace: &str| {
        object["metadata"]["namespace"] = json!(namespace);
        object
    };
    let held = deployment(&json!({ "spec": { "paused": true } }));
    let world = json!({
        "rollouts": [elsewhere(canary(&paused("CanaryPauseStep", 1)), "staging")],
        "deployments": [elsewhere(held, "dev")],
    });
    let all = blockers(&with(now(), &world));
    let told: Vec<(&str, Severity)> = all.iter().map(|row| (row.reason.as_str(), row.severity)).collect();
    assert_eq!(told, [("pause_step", Severity::Waiting), ("manual_pause", Severity::Waiting)]);
}

/// Where no key does it, the step is told.
#[test]
fn a_full_autoscaler_names_what_a_person_can_do() {
    let world = json!({ "deployments": [limits::done()], "horizontalpodautoscalers": [limits::autoscaler(4, "TooManyReplicas")] });
    let report = quarterdeck::state::report::report(&with(now(), &world));
    let told: Vec<_> = report.blocked.iter().map(|row| (row.reason, row.unblock.as_deref())).collect();
    assert_eq!(told, [("hpa_at_max", Some("raise maxReplicas of its autoscaler"))]);
}
