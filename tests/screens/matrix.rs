//! The matrix of environments draws every object that its keys act on.

use std::time::Duration;

use quarterdeck::config::keymap;
use quarterdeck::model::source::{FeedEvent, FeedId, FeedStatus, SourceScope};
use quarterdeck::model::{Kind, Name, Now, SourceId, SystemId};
use quarterdeck::state::ui::{ListId, Pane, Place, RowId};
use quarterdeck::state::{State, lists};
use quarterdeck::systems::ingest;
use quarterdeck::text::Safe;
use quarterdeck::update::settle;
use serde_json::{Value, json};

use super::shot::{draw, text, theme};
use super::world::noon;

const LIST: ListId = ListId::Pane(Pane::Environments);

pub(super) fn state(clusters: u8) -> State {
    let scopes = (0..clusters).map(|at| SourceScope {
        system: SystemId::Kubernetes,
        discovered: None,
        id: SourceId(at.into()),
        name: Name::new(&format!("cluster-{at}")),
        server: Safe::of("https://127.0.0.1"),
        user: Safe::of("ana"),
        namespaces: None,
        unusable: None,
    });
    let now = Now { wall: noon(), mono: Duration::from_secs(100) };
    let mut state = State::new(now, scopes.collect(), keymap::load(None, None).unwrap(), (160, 48));
    state.ui.pane = Pane::Environments;
    state
}

pub(super) fn hear(state: &mut State, cluster: u8, kind: Kind, items: &[Value]) {
    let cluster = SourceId(cluster.into());
    let answer = json!({ "metadata": { "resourceVersion": "1" }, "items": items });
    let page = ingest::page(kind, cluster, answer.to_string().as_bytes()).unwrap();
    assert_eq!(page.rejected, [], "{kind:?}: every object decodes");
    for event in [FeedEvent::ListBegins, FeedEvent::Applied(page.objects), FeedEvent::Listed] {
        state.world.apply(&FeedId { cluster, kind, namespace: None }, Duration::from_secs(100), event);
    }
}

pub(super) fn namespace(cluster: u8, name: &str, environment: &str) -> Value {
    json!({ "metadata": { "name": name, "uid": format!("ns-{cluster}-{name}"), "resourceVersion": "1",
        "labels": { "environment": environment } } })
}

/// A workload whose version is found nowhere else on the screen.
pub(super) fn workload(kind: Kind, namespace: &str, name: &str, version: &str) -> Value {
    let containers = json!([{ "name": "app", "image": format!("shop/{name}:{version}") }]);
    let template = json!({ "metadata": {}, "spec": { "containers": containers } });
    let strategy = if kind == Kind::Rollout { json!({ "canary": {} }) } else { json!({}) };
    json!({
        "metadata": { "name": name, "namespace": namespace, "uid": version, "resourceVersion": "1", "generation": 1 },
        "spec": { "replicas": 1, "selector": { "matchLabels": {} }, "template": template, "strategy": strategy },
        "status": {}
    })
}

/// Selects every row of the list in turn; the marked cell must be the one of that very object.
fn every_row_is_drawn(state: &mut State, size: (u16, u16)) {
    state.ui.size = size;
    settle(state);
    let rows = lists::len(state, &LIST);
    assert!(rows > 2, "{rows} rows");
    for at in 0..rows {
        let Some(RowId::Object(id)) = lists::at(state, &LIST, at) else { panic!("row {at} is no object") };
        let entry = state.ui.lists.entry(LIST).or_default();
        (entry.selected, entry.place, entry.chosen) = (Some(RowId::Object(id.clone())), at, true);
        settle(state);
        let screen = text(&draw(state, &theme("deck"), size));
        let marked: Vec<&str> = screen.lines().filter_map(|line| Some(line.split_once('▌')?.1)).collect();
        assert_eq!(marked.len(), 1, "{size:?}, {id:?}:\n{screen}");
        assert!(marked[0].trim_start().contains(id.uid.raw()), "{size:?}, {id:?} is not marked:\n{screen}");
        let cell: String = marked[0].chars().take(18).collect();
        assert!(cell.contains(id.uid.raw()), "{size:?}, {id:?} is marked elsewhere:\n{screen}");
    }
}

#[test]
fn workloads_of_one_name_and_environment_are_all_drawable() {
    let mut state = state(2);
    for cluster in [0, 1] {
        hear(
            &mut state,
            cluster,
            Kind::Namespace,
            &[namespace(cluster, "shop", "prod"), namespace(cluster, "pay", "prod")],
        );
        let version = |what: &str| format!("{what}.{cluster}");
        let deployments = [
            workload(Kind::Deployment, "shop", "api", &version("1.1")),
            workload(Kind::Deployment, "pay", "api", &version("2.2")),
            workload(Kind::Deployment, "pay", "web", &version("3.3")),
        ];
        hear(&mut state, cluster, Kind::Deployment, &deployments);
        hear(&mut state, cluster, Kind::Rollout, &[workload(Kind::Rollout, "shop", "api", &version("4.4"))]);
    }
    settle(&mut state);
    assert_eq!(lists::len(&state, &LIST), 8);
    for size in [(160, 48), (80, 24), (220, 60)] {
        every_row_is_drawn(&mut state, size);
    }
    let screen = text(&draw(&state, &theme("deck"), (160, 48)));
    assert!(screen.contains("+2"), "how many more there are is said:\n{screen}");
}

#[test]
fn environments_without_room_are_counted_and_reached() {
    let mut state = state(1);
    let names: Vec<String> = (10..30).map(|n| format!("env-{n}")).collect();
    let namespaces: Vec<Value> = names.iter().map(|name| namespace(0, name, name)).collect();
    let deployments: Vec<Value> =
        names.iter().map(|name| workload(Kind::Deployment, name, "api", &format!("1.{}", &name[4..]))).collect();
    hear(&mut state, 0, Kind::Namespace, &namespaces);
    hear(&mut state, 0, Kind::Deployment, &deployments);
    for size in [(160, 48), (80, 24)] {
        every_row_is_drawn(&mut state, size);
        let screen = text(&draw(&state, &theme("deck"), size));
        assert!(screen.contains("–20 of 20"), "{size:?}: what is not drawn is said:\n{screen}");
    }
}

#[test]
fn a_cluster_that_is_not_heard_of_costs_its_own_column_only() {
    use quarterdeck::model::source::FeedStatus;
    let mut state = state(2);
    for (cluster, name, environment) in [(0, "staging", "staging"), (1, "production", "prod")] {
        hear(&mut state, cluster, Kind::Namespace, &[namespace(cluster, name, environment)]);
        hear(&mut state, cluster, Kind::Rollout, &[]);
        hear(
            &mut state,
            cluster,
            Kind::Deployment,
            &[workload(Kind::Deployment, name, "web", &format!("1.{cluster}"))],
        );
    }
    let message = Safe::of("connection refused");
    for kind in [Kind::Deployment, Kind::Rollout] {
        let status = FeedStatus::Stale { since: Duration::from_secs(40), message: message.clone(), retry_at: None };
        let feed = FeedId { cluster: SourceId(1), kind, namespace: None };
        state.world.apply(&feed, Duration::from_secs(100), FeedEvent::Status(status));
    }
    settle(&mut state);
    let screen = text(&draw(&state, &theme("deck"), (160, 48)));
    let heading = screen
        .lines()
        .find(|line| line.contains("staging") && line.contains("prod"))
        .unwrap_or_else(|| panic!("{screen}"));
    let (own, other) = heading.split_at(heading.find("prod").unwrap());
    assert!(other.contains("stale 60s") && other.contains("cluster-1"), "{heading}");
    assert!(!own.contains("stale") && !own.contains("cluster-0"), "{heading}");
    let row = screen.lines().find(|line| line.contains("1.0")).unwrap();
    assert!(row.contains("1.1"), "what was known of it stays: {row}");
}

/// They are optional, so no header speaks of them: where they would stand it is said that they are not read.
#[test]
fn kinds_of_workloads_that_may_not_be_listed_are_named_in_the_title() {
    let mut state = state(1);
    hear(&mut state, 0, Kind::Deployment, &[workload(Kind::Deployment, "shop", "web", "7.1.1")]);
    for kind in [Kind::Rollout, Kind::Namespace, Kind::Pod] {
        hear(&mut state, 0, kind, &[]);
    }
    let told = |state: &State| {
        let mut state = state.clone();
        let pane = text(&draw(&state, &theme("deck"), (160, 48)));
        state.ui.place = Place::Environments;
        settle(&mut state);
        (pane, text(&draw(&state, &theme("deck"), (160, 48))))
    };
    let (pane, list) = told(&state);
    assert!(!pane.contains("StatefulSets") && !list.contains("StatefulSets"), "{pane}{list}");
    for kind in [Kind::StatefulSet, Kind::BatchJob] {
        let feed = FeedId { cluster: SourceId(0), kind, namespace: None };
        let message = Safe::of("forbidden");
        state.world.apply(&feed, Duration::from_secs(100), FeedEvent::Status(FeedStatus::Denied { message }));
    }
    let (pane, list) = told(&state);
    for screen in [pane, list] {
        assert!(screen.contains("StatefulSets, Jobs denied"), "{screen}");
    }
}

/// The view of environments with so many services in three environments, one of them failing.
fn view(services: usize, size: (u16, u16)) -> State {
    let mut state = state(1);
    let environments = ["dev", "staging", "prod"];
    let namespaces = environments.map(|name| namespace(0, name, name));
    hear(&mut state, 0, Kind::Namespace, &namespaces);
    let mut rows = Vec::new();
    for service in 0..services {
        for name in environments {
            let mut row =
                workload(Kind::Deployment, name, &format!("svc-{service:02}"), &format!("{service}.0-{name}"));
            row["status"] = json!({ "observedGeneration": 1, "replicas": 1, "updatedReplicas": 1, "readyReplicas": 1, "availableReplicas": 1 });
            if (service, name) == (1, "prod") {
                row["status"] = json!({ "observedGeneration": 1, "conditions": [{ "type": "Progressing", "status": "False",
                    "reason": "ProgressDeadlineExceeded", "message": "late" }] });
            }
            rows.push(row);
        }
    }
    hear(&mut state, 0, Kind::Deployment, &rows);
    for kind in [Kind::Rollout, Kind::Pod, Kind::Application] {
        hear(&mut state, 0, kind, &[]);
    }
    (state.ui.place, state.ui.size) = (Place::Environments, size);
    settle(&mut state);
    state
}

/// The lines above the names of the columns of the list.
fn above(state: &State, size: (u16, u16)) -> String {
    let screen = text(&draw(state, &theme("deck"), size));
    let (_, below) = screen.split_once("ENVIRONMENTS").unwrap_or_else(|| panic!("{screen}"));
    // Without any row there is no name of a column either.
    below.split_once("status  ").map_or(below, |(above, _)| above).to_owned()
}

fn narrow(state: &mut State, filter: &str, faults_only: bool) {
    let entry = state.ui.lists.entry(ListId::Place(Place::Environments)).or_default();
    (entry.filter, entry.faults_only) = (filter.to_owned(), faults_only);
    settle(state);
}

#[test]
fn the_matrix_shows_the_services_that_the_filter_lets_through() {
    for size in [(80, 24), (160, 48)] {
        let mut state = view(4, size);
        let services = |state: &State| -> Vec<String> {
            let above = above(state, size);
            (0..4).map(|at| format!("svc-{at:02}")).filter(|name| above.contains(name.as_str())).collect()
        };
        assert_eq!(services(&state).len(), 4, "{size:?}");
        narrow(&mut state, "svc-02", false);
        assert_eq!(services(&state), ["svc-02"], "{size:?}");
        narrow(&mut state, "", true);
        assert_eq!(services(&state), ["svc-01"], "{size:?}");
        narrow(&mut state, "nothing-like-it", false);
        assert_eq!(services(&state), Vec::<String>::new(), "{size:?}");
    }
}

#[test]
fn services_without_room_are_counted_with_the_keys_that_bring_them() {
    for (services, size, more) in
        [(4, (80, 24), None), (12, (80, 24), Some("9 more services")), (12, (160, 48), Some("more services"))]
    {
        let mut state = view(services, size);
        let lines = above(&state, size);
        match more {
            Some(more) => {
                assert!(lines.contains(more) && lines.contains("j moves on to them, / and F narrow"), "{lines}");
            }
            None => assert!(!lines.contains("more service"), "{lines}"),
        }
        // The last row brings its own.
        let list = ListId::Place(Place::Environments);
        let last = lists::len(&state, &list) - 1;
        let row = lists::at(&state, &list, last);
        let entry = state.ui.lists.entry(list).or_default();
        (entry.selected, entry.place, entry.chosen) = (row, last, true);
        settle(&mut state);
        let name = format!("svc-{:02}", services - 1);
        assert!(above(&state, size).contains(&name), "{}", above(&state, size));
    }
}

#[test]
fn few_services_leave_their_room_to_the_list() {
    for size in [(80, 24), (160, 48), (300, 100)] {
        let state = view(2, size);
        let lines = above(&state, size);
        let blank = lines.lines().rev().take_while(|line| line.trim().is_empty()).count();
        // One of air, and what stands before the heading itself.
        assert!(blank <= 2, "{size:?}: {blank}\n{lines}");
    }
}

/// A column of the list or the line below it says what holds the highlighted one, at every width.
#[test]
fn what_holds_a_workload_is_told_at_every_width() {
    for width in (60..=240).step_by(5) {
        let size = (width, 40);
        let mut state = view(3, size);
        deny_applications(&mut state);
        let screen = text(&draw(&state, &theme("deck"), size));
        let heading = screen.lines().find(|line| line.contains("status  ")).unwrap_or_else(|| panic!("{screen}"));
        let column = ["soak", "hold"].into_iter().all(|name| heading.contains(name));
        let below = screen.contains("drift –   soak ") && screen.contains("hold ?");
        assert!(column || below, "{width}: in one of both places\n{screen}");
    }
}

fn deny_applications(state: &mut State) {
    let feed = FeedId { cluster: SourceId(0), kind: Kind::Application, namespace: None };
    let message = Safe::of("applications.argoproj.io is forbidden");
    state.world.apply(&feed, Duration::from_secs(100), FeedEvent::Status(FeedStatus::Denied { message }));
    // A second passes.
    state.derived.forget_blockers();
    settle(state);
}

/// Columns in which no row says anything leave their room to the others.
#[test]
fn columns_without_any_word_leave_their_room_to_why() {
    let size = (160, 48);
    let mut state = view(2, size);
    let heading = |state: &State| {
        let screen = text(&draw(state, &theme("deck"), size));
        screen.lines().find(|line| line.contains("status  ")).unwrap_or_else(|| panic!("{screen}")).to_owned()
    };
    let room = |heading: &str| heading.find("age").unwrap() - heading.find("why").unwrap();
    let without = heading(&state);
    assert!(!without.contains("drift") && !without.contains("hold") && without.contains("soak"), "{without}");
    deny_applications(&mut state);
    let with = heading(&state);
    assert!(!with.contains("drift") && with.contains("hold"), "{with}");
    assert!(room(&without) > room(&with), "{without}\n{with}");
}

/// Nothing is called free that may be held.
#[test]
fn a_hold_that_is_not_known_is_a_question_mark() {
    let size = (160, 48);
    let mut state = view(2, size);
    let holds = |state: &State| {
        let screen = text(&draw(state, &theme("deck"), size));
        let heading = screen.lines().find(|line| line.contains("status  ")).unwrap_or_else(|| panic!("{screen}"));
        let x = heading[..heading.find("hold").unwrap()].chars().count();
        let row = screen.lines().skip_while(|line| !line.contains("status  ")).nth(1).unwrap();
        row.chars().skip(x).take(3).collect::<String>().trim().to_owned()
    };
    deny_applications(&mut state);
    assert_eq!(holds(&state), "?");
    state.ui.size = (80, 24);
    settle(&mut state);
    let small = text(&draw(&state, &theme("deck"), (80, 24)));
    assert!(small.contains("hold ? its Applications are not shown to us"), "{small}");
}
