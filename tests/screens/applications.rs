//! Argo CD's Applications: the list, the page of one, and what a workload's page says of its own.

use std::sync::Arc;
use std::time::Duration;

use quarterdeck::command::Command;
use quarterdeck::model::differences::{Difference, Differences, DifferencesRead, Differs, How, KeptId};
use quarterdeck::model::source::{Detail, FeedEvent, FeedId, SourceScope};
use quarterdeck::model::{Kind, Name, ObjectId, SourceId, SystemId};
use quarterdeck::state::State;
use quarterdeck::state::ui::Place;
use quarterdeck::text::Safe;
use quarterdeck::update;
use serde_json::{Value, json};

use super::shot::{compare, shot};
use crate::ingest::blockers::gitops::{application, night, project};
use crate::ingest::blockers::objects::{deployment, now};
use crate::ingest::world::with;

fn named(name: &str, change: &Value) -> Value {
    let mut row = application(change);
    row["metadata"]["name"] = name.into();
    row["metadata"]["uid"] = format!("app-{name}").into();
    row
}

/// One in order, one held, one that something changes back, one that failed, one elsewhere.
fn world() -> Value {
    let web = json!([
        { "group": "apps", "kind": "Deployment", "namespace": "production", "name": "payments", "status": "OutOfSync",
            "health": { "status": "Progressing", "message": "Waiting for rollout to finish: 2 of 4 new replicas are available" } },
        { "group": "", "kind": "ConfigMap", "namespace": "production", "name": "payments-flags", "status": "OutOfSync" },
        { "group": "", "kind": "Secret", "namespace": "production", "name": "old-key", "status": "OutOfSync", "requiresPruning": true }]);
    let out = json!({ "status": { "sync": { "status": "OutOfSync" }, "health": { "status": "Progressing" }, "resources": web } });
    let held = {
        let mut row = named("payments", &out);
        row["spec"]["syncPolicy"] = json!({});
        row
    };
    let failed = json!({ "phase": "Failed", "message": "one or more objects failed to apply", "syncResult": { "resources": [
        { "kind": "Service", "name": "web", "namespace": "production", "status": "SyncFailed", "message": "port 80 is taken" }] } });
    json!({
        "deployments": [deployment(&json!({}))],
        "applications": [
            named("checkout", &json!({})),
            held,
            named("search", &json!({ "status": { "sync": { "status": "OutOfSync" }, "resources": [
                { "group": "autoscaling", "kind": "HorizontalPodAutoscaler", "namespace": "production", "name": "search", "status": "OutOfSync" }],
                "operationState": { "operation": { "sync": { "selfHealAttemptsCount": 12 } } } } })),
            named("web", &json!({ "status": { "sync": { "status": "OutOfSync" }, "health": { "status": "Missing" }, "operationState": failed } })),
            named("elsewhere", &json!({ "spec": { "destination": { "server": "https://10.0.0.1:6443", "namespace": "production" } },
                "operation": { "sync": {} }, "status": { "health": { "status": "Suspended" }, "reconciledAt": null } })),
        ],
    })
}

#[test]
fn applications_in_the_list_on_their_page_and_beside_a_workload() {
    for (name, size) in [("80x24", (80, 24)), ("160x48", (160, 48))] {
        let mut state = with(now(), &world());
        state.ui.size = size;
        state.ui.place = Place::Applications;
        update::settle(&mut state);
        compare!(format!("applications-view-{name}"), shot(&state, size));
        let held = state.world.applications.rows().iter().find(|row| row.meta.name.raw() == "payments").unwrap().id();
        state.ui.place = Place::Application(held);
        update::settle(&mut state);
        compare!(format!("applications-page-{name}"), shot(&state, size));
        let workload = state.world.deployments.rows()[0].meta.id(Kind::Deployment);
        state.ui.place = Place::Workload(workload);
        update::settle(&mut state);
        compare!(format!("applications-workload-{name}"), shot(&state, size));
    }
}

/// The server of Argo CD of the one cluster, and what it said of an Application 20 s ago.
fn told(state: &mut State, application: &ObjectId, told: Result<Differences, Safe>) {
    let cluster = state.world.sources[0].id;
    let id = SourceId(1);
    state.world.sources.push(SourceScope {
        id,
        system: SystemId::ArgoServer,
        name: Name::new("argocd.example"),
        ..state.world.source(cluster).unwrap().clone()
    });
    let feed = FeedId { cluster: id, kind: Kind::Managed, namespace: None };
    let read = DifferencesRead { version: "1".into(), application: application.uid.clone(), told: told.map(Arc::new) };
    let mono = state.now.mono;
    state.world.apply(&feed, mono, FeedEvent::Listed);
    state.world.apply(&feed, mono, FeedEvent::Detail(Detail::Differences(read)));
    state.now.mono += Duration::from_secs(20);
}

fn differences() -> Differences {
    let id = |group: &'static str, kind: &'static str, name: &str| KeptId {
        group: Safe::of(group),
        kind: Safe::of(kind),
        namespace: Name::new("production"),
        name: Name::new(name),
    };
    let path = |path: &'static str, how| Differs { path: Safe::of(path), how };
    let changed =
        |live: &'static str, wanted: &'static str| How::Changed { live: Safe::of(live), wanted: Safe::of(wanted) };
    let rows = vec![
        path("spec.replicas", changed("7", "3")),
        path(
            "spec.template.spec.containers[name=payments].image",
            changed("\"ghcr.io/acme/payments-service:3.9.1-rc.4\"", "\"ghcr.io/acme/payments-service:3.9.2\""),
        ),
        path("spec.template.metadata.annotations['example.com/restarted']", How::Removed(Safe::of("\"yes\""))),
        path(
            "spec.template.spec.containers[name=payments].env[name=LEVEL]",
            How::Added(Safe::of("{\"name\":\"LEVEL\"}")),
        ),
        path("spec.template.spec.volumes", How::Reordered),
    ];
    let secret = vec![path("data.password", How::Hidden)];
    Differences {
        objects: vec![
            (id("apps", "Deployment", "payments"), Difference::Paths { rows, more: 12 }),
            (id("", "ConfigMap", "payments-flags"), Difference::Missing),
            (id("", "Secret", "old-key"), Difference::Paths { rows: secret, more: 0 }),
        ],
        ..Differences::default()
    }
}

#[test]
fn where_objects_differ_stands_below_them() {
    for (name, size) in [("80x24", (80, 24)), ("160x48", (160, 48))] {
        let mut state = with(now(), &world());
        state.ui.size = size;
        let held = state.world.applications.rows().iter().find(|row| row.meta.name.raw() == "payments").unwrap().id();
        told(&mut state, &held, Ok(differences()));
        state.ui.place = Place::Application(held);
        update::settle(&mut state);
        compare!(format!("applications-differences-{name}"), shot(&state, size));
    }
    let mut state = with(now(), &world());
    state.ui.size = (80, 24);
    let held = state.world.applications.rows().iter().find(|row| row.meta.name.raw() == "payments").unwrap().id();
    let why = "https://argocd.example refuses the query: token is expired; make a new token (401)";
    told(&mut state, &held, Err(Safe::of(why)));
    state.ui.place = Place::Application(held);
    update::settle(&mut state);
    compare!("applications-differences-untold-80x24", shot(&state, (80, 24)));
}

#[test]
fn the_windows_of_an_application_stand_on_its_page() {
    let mut world = world();
    world["appprojects"] = json!([project(&json!([
        night(&json!({ "applications": ["check*"], "description": "no deploys at night" })),
        night(
            &json!({ "kind": "allow", "schedule": "0 9 * * 1-5", "timeZone": "Europe/Berlin", "namespaces": ["production"], "manualSync": true })
        )
    ]))]);
    let mut state = with(now(), &world);
    state.ui.size = (160, 48);
    let row = state.world.applications.rows().iter().find(|row| row.meta.name.raw() == "checkout").unwrap().id();
    state.ui.place = Place::Application(row);
    update::settle(&mut state);
    compare!("applications-windows-160x48", shot(&state, (160, 48)));
}

#[test]
fn the_page_of_a_rollout_names_what_keeps_it() {
    let mut world = crate::update::world::moment("regression/02-half-the-traffic");
    world["applications"] = json!([named("shop-production", &json!({ "spec": { "syncPolicy": null } }))]);
    let mut state = with(now(), &world);
    state.ui.size = (160, 48);
    state.ui.place = Place::Rollout(state.world.rollouts.rows()[0].meta.id(Kind::Rollout));
    update::settle(&mut state);
    compare!("applications-rollout-160x48", shot(&state, (160, 48)));
}

#[test]
fn a_key_leads_there_and_enter_opens_the_page() {
    let mut console = crate::update::world::Console::empty();
    for kind in [Kind::Namespace, Kind::Deployment] {
        console.list(kind, &[]);
    }
    console.list(Kind::Application, world()["applications"].as_array().unwrap());
    console.press(Command::ShowEnvironments);
    console.press(Command::Applications);
    assert_eq!(console.state.ui.place, Place::Applications);
    console.press(Command::FaultsOnly);
    console.press(Command::Open);
    let Place::Application(id) = console.state.ui.place.clone() else { panic!("{:?}", console.state.ui.place) };
    assert_eq!(id.name.raw(), "elsewhere", "the first that is not well");
    console.press(Command::Leave);
    assert_eq!(console.state.ui.place, Place::Applications);
}
