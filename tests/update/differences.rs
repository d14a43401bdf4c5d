//! Which server of Argo CD is asked of an Application, for what, and what is known of its answer.

use std::sync::Arc;
use std::time::Duration;

use quarterdeck::model::differences::{
    Difference, Differences, DifferencesRead, DifferencesWanted, Differs, How, KeptId,
};
use quarterdeck::model::source::{Detail, FeedEvent, FeedId, SourceScope};
use quarterdeck::model::{Kind, Name, SourceId, SystemId};
use quarterdeck::state::State;
use quarterdeck::state::differences::{self, Row, Server, Standing};
use quarterdeck::state::ui::Place;
use quarterdeck::text::Safe;
use serde_json::{Value, json};

use crate::ingest::blockers::gitops::application;
use crate::ingest::blockers::objects::now;
use crate::ingest::world::with;

/// An Application with so many objects that differ, on its page.
fn page(strays: usize, change: &Value) -> State {
    let stray = |n: usize| json!({ "kind": "ConfigMap", "namespace": "production", "name": format!("c{n:02}"), "status": "OutOfSync" });
    let mut row = application(&json!({ "status": { "sync": { "status": "OutOfSync" },
        "resources": (0..strays).map(stray).collect::<Vec<_>>() } }));
    for (key, value) in change.as_object().into_iter().flatten() {
        row["status"][key] = value.clone();
    }
    let mut state = with(now(), &json!({ "applications": [row] }));
    state.ui.place = Place::Application(state.world.applications.rows()[0].id());
    state
}

fn add(state: &mut State, system: SystemId, name: &str, contexts: Option<&[&str]>) -> SourceId {
    let id = SourceId(u16::try_from(state.world.sources.len()).unwrap());
    let namespaces = contexts.map(|all| all.iter().map(|name| Name::new(name)).collect());
    let like = state.world.sources[0].clone();
    state.world.sources.push(SourceScope { id, system, name: Name::new(name), namespaces, ..like });
    id
}

fn server(state: &State) -> Server<'_> {
    differences::server(state, state.world.sources[0].id)
}

#[test]
fn the_server_is_the_one_that_names_the_context_or_the_only_one_of_the_only_cluster() {
    let mut state = page(1, &json!({}));
    assert_eq!(server(&state), Server::NotNamed);
    assert!(differences::wanted(&state).is_empty());
    let one = add(&mut state, SystemId::ArgoServer, "argocd", None);
    assert_eq!(server(&state), Server::Is(one, None));
    add(&mut state, SystemId::Kubernetes, "other", None);
    assert_eq!(server(&state), Server::Unclear, "nobody says which of both it serves");
    assert!(differences::wanted(&state).is_empty());
    let row = Arc::clone(&state.world.applications.rows()[0]);
    assert!(differences::trouble(&state, &row).unwrap().as_str().contains("name the context in sources.argocd"));

    let mut state = page(1, &json!({}));
    add(&mut state, SystemId::Kubernetes, "other", None);
    add(&mut state, SystemId::ArgoServer, "theirs", Some(&["other"]));
    assert_eq!(server(&state), Server::NotServed, "it serves another cluster");
    let row = Arc::clone(&state.world.applications.rows()[0]);
    assert_eq!(differences::standing(&state, &row), Some(Standing::NotServed));
    let ours = add(&mut state, SystemId::ArgoServer, "ours", Some(&["another", "test"]));
    assert_eq!(server(&state), Server::Is(ours, Some(Name::new("test"))));
    state.world.sources[usize::from(ours.0)].unusable = Some(Safe::of("mend its address"));
    assert_eq!(server(&state), Server::Unusable(&Safe::of("mend its address")));
    assert!(differences::wanted(&state).is_empty());
}

#[test]
fn it_is_asked_only_for_what_is_looked_at_and_bounded() {
    let mut state = page(20, &json!({}));
    add(&mut state, SystemId::ArgoServer, "argocd", None);
    let [wanted] = &differences::wanted(&state)[..] else { panic!("one is looked at") };
    assert_eq!((wanted.strays.len(), wanted.tree), (12, false));
    state.ui.place = Place::Applications;
    assert!(differences::wanted(&state).is_empty(), "the list asks for none");

    // What is in order is asked for where its health stands elsewhere.
    let mut state = page(0, &json!({ "resourceHealthSource": "appTree" }));
    add(&mut state, SystemId::ArgoServer, "argocd", None);
    assert!(matches!(&differences::wanted(&state)[..], [DifferencesWanted { tree: true, .. }]));
}

fn hear(state: &mut State, source: SourceId, told: Result<Differences, Safe>) {
    let version = Arc::clone(&state.world.applications.rows()[0].meta.resource_version);
    hear_of(state, source, version, told);
}

/// Of this version of the Application.
fn hear_of(state: &mut State, source: SourceId, version: Arc<str>, told: Result<Differences, Safe>) {
    let application = state.world.applications.rows()[0].meta.uid.clone();
    let feed = FeedId { cluster: source, kind: Kind::Managed, namespace: None };
    let read = DifferencesRead { application, version, told: told.map(Arc::new) };
    let mono = state.now.mono;
    state.world.apply(&feed, mono, FeedEvent::Detail(Detail::Differences(read)));
}

#[test]
fn what_was_read_stays_beside_why_it_cannot_be_read_now_and_its_age_is_told() {
    let mut state = page(14, &json!({}));
    let source = add(&mut state, SystemId::ArgoServer, "argocd", None);
    let row = Arc::clone(&state.world.applications.rows()[0]);
    assert_eq!(differences::standing(&state, &row), Some(Standing::Reading));
    let objects = row.resources.iter().take(12).map(|it| (KeptId::of(it), Difference::Missing)).collect();
    hear(&mut state, source, Ok(Differences { objects, ..Differences::default() }));
    state.now.mono += Duration::from_secs(90);
    hear(&mut state, source, Err(Safe::of("it is gone")));
    assert_eq!(differences::standing(&state, &row), Some(Standing::Read(Duration::from_secs(90))));
    assert_eq!(differences::trouble(&state, &row), Some(Safe::of("it is gone")));
    let first = differences::at(&state, &row, &row.resources[0], 0);
    assert_eq!(first, Some(Row::Note(Safe::of("it is not in the cluster: a sync creates it"))));
    // What is beyond those that are asked for says so.
    assert_eq!(differences::count(&state, &row, &row.resources[13]), 1);
    let Some(Row::Note(words)) = differences::at(&state, &row, &row.resources[13], 0) else { panic!("a note") };
    assert!(words.as_str().contains("of one Application 12 objects are"), "{words:?}");
    hear(&mut state, source, Ok(Differences::default()));
    assert_eq!(differences::trouble(&state, &row), None);
}

/// One path of the first object.
fn path(state: &State, path: &str) -> Differences {
    let how = How::Changed { live: Safe::of("7"), wanted: Safe::of("3") };
    let rows = vec![Differs { path: Safe::line(path), how }];
    let object = KeptId::of(&state.world.applications.rows()[0].resources[0]);
    let objects = vec![(object, Difference::Paths { rows, more: 0 })];
    Differences { objects, can_sync: Some(false), ..Differences::default() }
}

#[test]
fn what_was_read_long_ago_or_before_trouble_is_not_said_as_what_is() {
    let mut state = page(1, &json!({}));
    let source = add(&mut state, SystemId::ArgoServer, "argocd", None);
    let row = Arc::clone(&state.world.applications.rows()[0]);
    let said = |state: &State| {
        let fought = differences::fought(state, &row).map(|words| words.as_str().to_owned());
        assert_eq!(differences::can_sync(state, &row), fought.is_some().then_some(false));
        // The page shows what was read, with its age.
        assert_eq!(differences::count(state, &row, &row.resources[0]), 1);
        fought
    };
    let words = Some("data.mode of ConfigMap c00 (7, Git says 3)".to_owned());
    let read = path(&state, "data.mode");
    hear_of(&mut state, source, "another".into(), Ok(read.clone()));
    assert_eq!(said(&state), words);
    state.now.mono += Duration::from_secs(59);
    assert_eq!(said(&state), words);
    state.now.mono += Duration::from_secs(1);
    assert_eq!(said(&state), None, "of another version, a minute ago");

    hear(&mut state, source, Ok(read.clone()));
    state.now.mono += Duration::from_secs(599);
    assert_eq!(said(&state), words, "the Application is the same still");
    state.now.mono += Duration::from_secs(1);
    assert_eq!(said(&state), None, "nobody compared it since");

    hear(&mut state, source, Ok(read.clone()));
    hear(&mut state, source, Err(Safe::of("it is gone")));
    assert_eq!(said(&state), None, "trouble came since");
    // What only health or windows lack is told beside.
    hear(&mut state, source, Ok(Differences { trouble: Some(Safe::of("no health")), ..read }));
    assert_eq!(said(&state), words);
    assert_eq!(differences::trouble(&state, &row), Some(Safe::of("no health")));
}

#[test]
fn whether_the_replicas_differ_is_known_only_from_all_paths() {
    let mut state = page(1, &json!({}));
    let source = add(&mut state, SystemId::ArgoServer, "argocd", None);
    let row = Arc::clone(&state.world.applications.rows()[0]);
    let known = |state: &State| differences::differs_in_replicas(state, &row, &row.resources[0]);
    assert_eq!(known(&state), None);
    for (at, more, expected) in [
        ("spec.replicas", 0, Some(true)),
        ("spec.replicas", 9, Some(true)),
        ("spec.paused", 0, Some(false)),
        ("spec.paused", 9, None),
    ] {
        let mut read = path(&state, at);
        let Difference::Paths { more: cut, .. } = &mut read.objects[0].1 else { panic!("paths") };
        *cut = more;
        hear(&mut state, source, Ok(read));
        assert_eq!(known(&state), expected, "{at} {more}");
    }
    hear(&mut state, source, Ok(Differences::default()));
    assert_eq!(known(&state), None);
}
