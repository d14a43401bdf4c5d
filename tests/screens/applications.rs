//! Argo CD's Applications: the list, the page of one, and what a workload's page says of its own.

use quarterdeck::command::Command;
use quarterdeck::model::Kind;
use quarterdeck::state::ui::Place;
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
