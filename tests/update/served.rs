//! Applications of a cluster that does not show them: who is asked for them, what is known then, and for how long.

use std::sync::Arc;
use std::time::Duration;

use quarterdeck::command::Command;
use quarterdeck::model::applications::{AppWay, Application, ApplicationsRead, ApplicationsTold, Untold};
use quarterdeck::model::source::{Detail, FeedEvent, FeedId, FeedStatus, SourceScope};
use quarterdeck::model::{Kind, Name, SourceId, SystemId};
use quarterdeck::state::freshness::{self, Freshness};
use quarterdeck::state::{State, served, verbs};
use quarterdeck::text::Safe;
use serde_json::json;

use crate::ingest::blockers::gitops::application;
use crate::ingest::blockers::objects::now;
use crate::ingest::world::{CLUSTER, state, with};

const SERVER: SourceId = SourceId(1);

fn feed(kind: Kind) -> FeedId {
    let cluster = if kind == Kind::Managed { SERVER } else { CLUSTER };
    FeedId { cluster, kind, namespace: None }
}

fn tell(state: &mut State, kind: Kind, event: FeedEvent) {
    let mono = state.now.mono;
    state.world.apply(&feed(kind), mono, event);
}

/// A cluster that withholds them, with a server beside it.
fn withheld() -> State {
    let mut state = state(now());
    let like = state.world.sources[0].clone();
    let server = Safe::of("https://argocd.example");
    state.world.sources.push(SourceScope {
        id: SERVER,
        system: SystemId::ArgoServer,
        server,
        namespaces: None,
        ..like
    });
    tell(&mut state, Kind::Managed, FeedEvent::Listed);
    // Where an Application leads is known as far as it is to be known.
    tell(&mut state, Kind::Namespace, FeedEvent::Listed);
    deny(&mut state);
    state
}

fn deny(state: &mut State) {
    let message = Safe::of("applications.argoproj.io is forbidden");
    tell(state, Kind::Application, FeedEvent::Status(FeedStatus::Denied { message }));
}

fn row() -> Arc<Application> {
    let state = with(now(), &json!({ "applications": [application(&json!({ "spec": { "syncPolicy": null } }))] }));
    Arc::clone(&state.world.applications.rows()[0])
}

fn hear(state: &mut State, told: Result<Vec<Arc<Application>>, Untold>) {
    let told = told.map(|rows| ApplicationsTold { rows, left_out: 0 });
    let read = ApplicationsRead { cluster: CLUSTER, told };
    tell(state, Kind::Managed, FeedEvent::Detail(Detail::Applications(read)));
}

fn stands(state: &State) -> Freshness {
    freshness::of_kinds(state, &[Kind::Application])
}

fn untold(why: &str, denied: bool) -> Untold {
    Untold { why: Safe::line(why), denied }
}

#[test]
fn only_what_the_cluster_withholds_is_asked_for_elsewhere() {
    let mut state = withheld();
    assert!(matches!(&served::wanted(&state)[..], [it] if (it.source, it.cluster) == (SERVER, CLUSTER)));
    state.world.sources[1].namespaces = Some(vec![Name::new("other")]);
    assert!(served::wanted(&state).is_empty(), "it serves another cluster");

    let mut open = withheld();
    for event in [FeedEvent::ListBegins, FeedEvent::Listed] {
        tell(&mut open, Kind::Application, event);
    }
    assert!(served::wanted(&open).is_empty(), "the cluster shows them");
    let message = Safe::of("no such definition");
    tell(&mut open, Kind::Application, FeedEvent::Status(FeedStatus::Absent { message }));
    assert_eq!(served::wanted(&open).len(), 1, "there is no definition");
    let message = Safe::of("connection lost");
    let mut late = withheld();
    for event in [FeedEvent::ListBegins, FeedEvent::Listed] {
        tell(&mut late, Kind::Application, event);
    }
    let stale = FeedStatus::Stale { since: Duration::ZERO, message, retry_at: None };
    tell(&mut late, Kind::Application, FeedEvent::Status(stale));
    assert!(served::wanted(&late).is_empty(), "a cluster that is not reached withholds nothing");
}

#[test]
fn what_the_server_tells_stands_in_the_rows_and_can_be_acted_on() {
    let mut state = withheld();
    hear(&mut state, Ok(vec![row()]));
    let known = Arc::clone(&state.world.applications.rows()[0]);
    assert!(matches!(stands(&state), Freshness::Live { .. }));
    assert_eq!(served::by(&state, &known), Some(&Safe::of("https://argocd.example")));
    let offer = verbs::available(&state, Command::SyncApplication, &known.id()).expect("a sync");
    assert_eq!(offer.action.change.way().and_then(AppWay::server), Some(SERVER));
    // The cluster refuses again, as it does every few minutes: that takes nothing back.
    deny(&mut state);
    assert!(matches!(stands(&state), Freshness::Live { .. }));
    assert_eq!(served::wanted(&state).len(), 1);
    // What the server no longer has is gone.
    hear(&mut state, Ok(Vec::new()));
    assert!(state.world.applications.is_empty());

    // The cluster shows them after all.
    hear(&mut state, Ok(vec![row()]));
    for event in [FeedEvent::ListBegins, FeedEvent::Listed] {
        tell(&mut state, Kind::Application, event);
    }
    assert!(state.world.applications.is_empty() && served::wanted(&state).is_empty());
    hear(&mut state, Ok(vec![row()]));
    assert!(state.world.applications.is_empty(), "what is late is not believed");
}

#[test]
fn of_several_namespaces_only_those_that_are_withheld_are_filled() {
    let mut state = withheld();
    state.world.feeds.clear();
    let of = |name: &str| FeedId { namespace: Some(Name::new(name)), ..feed(Kind::Application) };
    let mono = state.now.mono;
    for event in [FeedEvent::ListBegins, FeedEvent::Listed] {
        state.world.apply(&of("argocd"), mono, event);
    }
    let denied = FeedStatus::Denied { message: Safe::of("no") };
    state.world.apply(&of("teams"), mono, FeedEvent::Status(denied));
    let there = row();
    let mut elsewhere = (*there).clone();
    elsewhere.meta.namespace = Name::new("teams");
    elsewhere.meta.uid = quarterdeck::model::Uid::new(CLUSTER, "another");
    hear(&mut state, Ok(vec![there, Arc::new(elsewhere)]));
    let namespaces: Vec<&str> = state.world.applications.rows().iter().map(|row| row.meta.namespace.raw()).collect();
    assert_eq!(namespaces, ["teams"], "the other namespace is the cluster's own word");
}

#[test]
fn without_an_answer_what_was_told_grows_old_and_says_both_reasons() {
    let mut state = withheld();
    hear(&mut state, Err(untold("it does not know the token", true)));
    let why = "applications.argoproj.io is forbidden; nor does its server tell: it does not know the token";
    assert_eq!(stands(&state), Freshness::Denied { why: Safe::of(why) });
    // Nothing was ever told: that is no old data.
    hear(&mut state, Err(untold("no answer", false)));
    assert!(matches!(stands(&state), Freshness::Denied { .. }));

    hear(&mut state, Ok(vec![row()]));
    let target = state.world.applications.rows()[0].id();
    hear(&mut state, Err(untold("no answer", false)));
    state.now.mono += Duration::from_secs(30);
    hear(&mut state, Err(untold("no answer", false)));
    let Freshness::Stale { since, why, .. } = stands(&state) else { panic!("{:?}", stands(&state)) };
    assert_eq!(since, Duration::from_secs(30));
    assert!(why.as_str().ends_with("nor does its server tell: no answer"), "{why:?}");
    assert_eq!(state.world.applications.len(), 1, "what was told stays");
    let refused = verbs::available(&state, Command::SyncApplication, &target).unwrap_err();
    assert!(refused.as_str().contains("the data is stale"), "{refused:?}");
    hear(&mut state, Ok(vec![row()]));
    assert!(matches!(stands(&state), Freshness::Live { .. }));
}
