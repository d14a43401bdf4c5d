//! Who set what holds a workload, as far as that is recorded; the same and the drift as data; a cell of the matrix
//! opened and come back to.

use std::sync::Arc;

use quarterdeck::action::Change;
use quarterdeck::command::Command;
use quarterdeck::model::Kind;
use quarterdeck::state::blocker::blockers;
use quarterdeck::state::holds::{self, By};
use quarterdeck::state::matrix::Workload;
use quarterdeck::state::report::report;
use quarterdeck::state::ui::{ListId, Pane, Place, RowId};
use quarterdeck::state::{State, lists};
use quarterdeck::text::Safe;
use quarterdeck::update;
use serde_json::{Value, json};

use super::accepted;
use super::world::{Console, moment};
use crate::ingest::blockers::gitops::{application, night, project};
use crate::ingest::blockers::objects::{canary, deployment, merge, now};
use crate::ingest::world::with;

fn managed(manager: &str, time: &str, fields: &Value) -> Value {
    json!({ "metadata": { "managedFields": [{ "manager": manager, "operation": "Update", "time": time, "fieldsV1": fields }] } })
}

fn paused(by: &Value) -> State {
    let mut change = json!({ "spec": { "paused": true } });
    merge(&mut change, by);
    with(now(), &json!({ "rollouts": [canary(&change)] }))
}

fn hold(state: &State) -> (String, String) {
    let row = Workload::Rollout(Arc::clone(&state.world.rollouts.rows()[0]));
    let hold = holds::of(state, &row).expect("it is held");
    (hold.what.as_str().to_owned(), hold.by.words(state.now.wall).as_str().to_owned())
}

fn sentence(state: &State) -> String {
    blockers(state).first().expect("a blocker").sentence.as_str().to_owned()
}

#[test]
fn who_paused_a_rollout_is_told_as_it_is_recorded() {
    let spec = json!({ "f:spec": { "f:paused": {} } });
    let state = paused(&managed("kubectl-patch", "2026-11-21T01:00:00Z", &spec));
    assert_eq!(hold(&state), ("paused by hand".to_owned(), "set with kubectl-patch 60m ago".to_owned()));
    assert!(sentence(&state).contains("was paused by a person with kubectl-patch at step"), "{}", sentence(&state));

    let state = paused(&managed("kubectl-patch", "2026-11-21T01:00:00Z", &json!({ "f:spec": { "f:replicas": {} } })));
    assert_eq!(hold(&state).1, "by whom is not recorded");
    assert!(sentence(&state).contains("was paused by a person at step"), "{}", sentence(&state));

    // Ours, as long as nobody has set it since.
    let pause = |state: &mut State| {
        let target = state.world.rollouts.rows()[0].meta.id(Kind::Rollout);
        let mut operation = accepted(target, Change::Pause { pod_hash: Safe::of("new") });
        operation.reason = Safe::of("INC-7");
        state.operations.push(operation);
    };
    let mut state = paused(&managed("quarterdeck", "2026-11-21T01:57:00Z", &spec));
    assert_eq!(hold(&state).1, "set with quarterdeck 3m ago", "another one's");
    pause(&mut state);
    assert_eq!(hold(&state).1, "set from here 3m ago: INC-7");
    let mut state = paused(&managed("kubectl-edit", "2026-11-21T01:58:00Z", &spec));
    pause(&mut state);
    assert_eq!(hold(&state).1, "set with kubectl-edit 2m ago");
    let mut state = paused(&json!({}));
    pause(&mut state);
    assert_eq!(hold(&state).1, "by whom is not recorded", "nothing says that it is still ours");
}

#[test]
fn who_set_the_hold_of_an_application_or_the_windows_of_its_project() {
    let of = |change: &Value, objects: &Value| {
        let mut world = json!({ "applications": [application(change)], "rollouts": [canary(&json!({}))] });
        merge(&mut world, objects);
        hold(&with(now(), &world))
    };
    let off = json!({ "spec": { "syncPolicy": { "automated": { "enabled": false } } } });
    let mut by = managed(
        "argocd-server",
        "2026-11-21T00:00:00Z",
        &json!({ "f:spec": { "f:syncPolicy": { "f:automated": { "f:enabled": {} } } } }),
    );
    merge(&mut by, &off);
    assert_eq!(of(&by, &json!({})), ("auto-sync off".to_owned(), "set with argocd-server 120m ago".to_owned()));
    let gone = json!({ "spec": { "syncPolicy": null } });
    assert_eq!(of(&gone, &json!({})), ("auto-sync off".to_owned(), "by whom is not recorded".to_owned()));
    let mut window = project(&json!([night(&json!({}))]));
    merge(&mut window, &managed("kubectl-edit", "2026-11-20T02:00:00Z", &json!({ "f:spec": { "f:syncWindows": {} } })));
    let (what, by) = of(&json!({}), &json!({ "appprojects": [window] }));
    assert_eq!((what.as_str(), by.as_str()), ("deny until 06:00Z", "set with kubectl-edit 24h ago"));
}

#[test]
fn a_deployment_is_paused_with_what_its_entry_names() {
    let mut row = deployment(&json!({ "spec": { "paused": true } }));
    merge(&mut row, &managed("kubectl-rollout", "2026-11-21T01:30:00Z", &json!({ "f:spec": { "f:paused": {} } })));
    let state = with(now(), &json!({ "deployments": [row] }));
    let row = Workload::Deployment(Arc::clone(&state.world.deployments.rows()[0]));
    let by = holds::of(&state, &row).expect("it is held").by;
    assert!(matches!(by, By::Program { name, .. } if name.as_str() == "kubectl-rollout"));
}

#[test]
fn drift_soak_and_hold_are_fields_of_the_document() {
    let spec = json!({ "f:spec": { "f:paused": {} } });
    let mut state = paused(&managed("kubectl-patch", "2026-11-21T01:00:00Z", &spec));
    update::settle(&mut state);
    let row = serde_json::to_value(report(&state)).unwrap()["rollouts"][0].clone();
    let expected = json!({ "what": "paused by hand", "by": "kubectl-patch", "since": "2026-11-21T01:00:00Z" });
    assert_eq!(row["hold"], expected);
    assert!(row.get("drift").is_none(), "nothing says where Git describes it");
    assert!(row.get("soak_seconds").is_none(), "it is not fully out");

    let mut state =
        with(now(), &json!({ "applications": [application(&json!({}))], "rollouts": [canary(&json!({}))] }));
    crate::screens::run_world::github(&mut state);
    state.world.sources.last_mut().unwrap().server = Safe::of("https://api.github.com");
    update::settle(&mut state);
    let row = serde_json::to_value(report(&state)).unwrap()["rollouts"][0].clone();
    assert_eq!((&row["hold"], &row["drift"]["status"]), (&Value::Null, &json!("unknown")), "{row}");
    assert!(row.as_object().unwrap().contains_key("hold"), "null is known to be none");
    assert_eq!(row["drift"]["why"], "overlays/production in shop/gitops was not read yet");
}

#[test]
fn a_cell_of_the_matrix_opens_its_workload_and_the_way_back_leads_to_the_cell() {
    for place in [None, Some(Command::ShowEnvironments)] {
        let mut console = Console::new(&moment("regression/02-half-the-traffic"));
        match place {
            Some(command) => {
                console.press(command);
            }
            None => console.state.ui.pane = Pane::Environments,
        }
        let list = console.state.ui.list_id();
        let expected =
            if place.is_some() { ListId::Place(Place::Environments) } else { ListId::Pane(Pane::Environments) };
        assert_eq!(list, expected);
        console.press(Command::Down);
        let Some(RowId::Object(cell)) = lists::selected(&console.state, &list) else { panic!("a cell is highlighted") };
        let (deck, page) = (console.state.ui.place.clone(), |console: &Console| console.state.ui.place.clone());
        console.press(Command::Open);
        let opened = match page(&console) {
            Place::Rollout(id) | Place::Workload(id) => id,
            other => panic!("{other:?}"),
        };
        assert_eq!(opened, cell, "the service in that environment");
        console.press(Command::Back);
        assert_eq!((page(&console), lists::selected(&console.state, &list)), (deck, Some(RowId::Object(cell))));
    }
}
