//! Worlds to draw: recorded objects of real servers, at a moment of their recording.

use std::path::PathBuf;
use std::time::Duration;

use jiff::Timestamp;
use quarterdeck::config::keymap;
use quarterdeck::model::source::{FeedEvent, FeedId, FeedStatus, SourceScope};
use quarterdeck::model::{Kind, Name, Now, SourceId, SystemId};
use quarterdeck::state::layout;
use quarterdeck::state::lists;
use quarterdeck::state::ui::{ListId, Pane, Place};
use quarterdeck::state::{State, World};
use quarterdeck::systems::ingest::{self, Frame};
use quarterdeck::text::Safe;
use serde::Deserialize;
use serde_json::value::RawValue;

pub const CLUSTER: SourceId = SourceId(0);
/// When everything below has been heard of: the monotonic time of all screens.
pub const HEARD: Duration = Duration::from_secs(100);

/// 34 s into the recorded regression: the canary has half the traffic and the analysis fails.
pub fn noon() -> Timestamp {
    "2026-11-21T01:25:02Z".parse().unwrap()
}

/// A console that has heard nothing yet.
pub fn silent(namespaces: &[&str]) -> State {
    let scope = SourceScope {
        system: SystemId::Kubernetes,
        discovered: None,
        id: CLUSTER,
        name: Name::new("eks-prod"),
        server: Safe::of("https://127.0.0.1:6443"),
        user: Safe::of("ana"),
        namespaces: Some(namespaces.iter().map(|name| Name::new(name)).collect()),
        unusable: None,
    };
    let keymap = keymap::load(None, None).unwrap();
    let mut state = State::new(Now { wall: noon(), mono: HEARD }, vec![scope], keymap, (160, 48));
    let message = Safe::of("not installed here: no CRD");
    hear(
        &mut state,
        &[Kind::Application, Kind::Release, Kind::PipelineRun, Kind::TaskRun],
        &FeedEvent::Status(FeedStatus::Absent { message }),
    );
    state
}

fn feed(kind: Kind, namespace: &str) -> FeedId {
    FeedId { cluster: CLUSTER, kind, namespace: Some(Name::new(namespace)) }
}

/// Applies an event to every feed, or to those of some kinds.
pub fn hear(state: &mut State, kinds: &[Kind], event: &FeedEvent) {
    let ids: Vec<FeedId> = state.world.feeds.keys().filter(|id| kinds.contains(&id.kind)).cloned().collect();
    for id in ids {
        state.world.apply(&id, state.now.mono, event.clone());
    }
}

/// What is read in clusters without Tekton and Argo CD.
pub const KINDS: [Kind; 8] = [
    Kind::Namespace,
    Kind::Deployment,
    Kind::ReplicaSet,
    Kind::Pod,
    Kind::Event,
    Kind::Rollout,
    Kind::AnalysisRun,
    Kind::Experiment,
];

/// Every feed has read its whole, empty list.
pub fn empty() -> State {
    let mut state = silent(&["production"]);
    hear(&mut state, &KINDS, &FeedEvent::ListBegins);
    hear(&mut state, &KINDS, &FeedEvent::Listed);
    state
}

#[derive(Deserialize)]
struct Line<'a> {
    ms: u64,
    #[serde(borrow)]
    frame: &'a RawValue,
}

/// Plays a recorded scenario up to a moment, as if its namespace had this name.
pub fn play(state: &mut State, scenario: &str, until: u64, namespace: &str) {
    let folder = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("demo/recordings").join(scenario);
    let renamed = |text: String| text.replace("\"production\"", &format!("\"{namespace}\""));
    for kind in KINDS {
        let id = feed(kind, namespace);
        let Ok(list) = std::fs::read_to_string(folder.join(format!("{}.list.json", kind.plural()))) else {
            if kind == Kind::Namespace {
                // Not in the recordings: without it nobody knows which environment this is.
                let wire = format!(
                    "{{\"metadata\":{{\"name\":\"{namespace}\",\"uid\":\"ns-{namespace}\",\"resourceVersion\":\"1\"}}}}"
                );
                let object = ingest::object(kind, CLUSTER, wire.as_bytes()).unwrap();
                for event in [FeedEvent::ListBegins, FeedEvent::Applied(vec![object]), FeedEvent::Listed] {
                    state.world.apply(&id, HEARD, event);
                }
                continue;
            }
            for event in [FeedEvent::ListBegins, FeedEvent::Listed] {
                state.world.apply(&id, HEARD, event);
            }
            continue;
        };
        let page = ingest::page(kind, CLUSTER, renamed(list).as_bytes()).unwrap();
        for event in [FeedEvent::ListBegins, FeedEvent::Applied(page.objects), FeedEvent::Listed] {
            state.world.apply(&id, HEARD, event);
        }
        let Ok(watch) = std::fs::read_to_string(folder.join(format!("{}.watch.jsonl", kind.plural()))) else {
            continue;
        };
        for line in watch.lines() {
            let line: Line<'_> = serde_json::from_str(line).unwrap();
            if line.ms > until {
                break;
            }
            let frame = renamed(line.frame.get().to_owned());
            let event = match ingest::frame(kind, CLUSTER, frame.as_bytes()).unwrap() {
                Frame::Applied { object, .. } => FeedEvent::Applied(vec![object]),
                Frame::Deleted { uid, .. } => FeedEvent::Deleted(uid),
                _ => FeedEvent::Alive,
            };
            state.world.apply(&id, HEARD, event);
        }
    }
}

/// The world of the pictures: a canary that fails in production, one that waits in staging, and a
/// canary that crashes in dev.
pub fn deploying() -> State {
    // Reading the recordings costs much more than drawing them.
    static WORLD: std::sync::OnceLock<World> = std::sync::OnceLock::new();
    let mut state = silent(&["production", "staging", "dev"]);
    state.world = WORLD
        .get_or_init(|| {
            let mut state = silent(&["production", "staging", "dev"]);
            play(&mut state, "regression", 34_000, "production");
            play(&mut state, "clean", 39_600, "staging");
            play(&mut state, "crashing", 61_900, "dev");
            state.world
        })
        .clone();
    select(&mut state, ListId::Pane(Pane::Canary), "checkout", "production");
    state
}

/// Highlights the row of that name and namespace.
pub fn select(state: &mut State, list: ListId, name: &str, namespace: &str) {
    use quarterdeck::state::ui::RowId;
    let row = (0..lists::len(state, &list))
        .filter_map(|at| lists::at(state, &list, at))
        .find(|row| matches!(row, RowId::Object(id) if id.name.raw() == name && id.namespace.raw() == namespace));
    state.ui.lists.entry(list).or_default().selected = Some(row.expect("the row is in the list"));
}

/// Highlights a row by its number, scrolled so that it is seen.
pub fn select_at(state: &mut State, list: ListId, at: usize) {
    let row = lists::at(state, &list, at);
    let height = usize::from(layout::list_area(state, &list).height);
    let entry = state.ui.lists.entry(list).or_default();
    entry.selected = row;
    entry.place = at;
    entry.top = (at + 1).saturating_sub(height);
}

/// The state, in a place.
pub fn at(mut state: State, place: Place) -> State {
    state.ui.place = place;
    state
}

/// The rollout of that name in a namespace.
pub fn rollout(state: &State, name: &str, namespace: &str) -> quarterdeck::model::ObjectId {
    let rows = state.world.rollouts.rows();
    let row = rows.iter().find(|row| row.meta.name.raw() == name && row.meta.namespace.raw() == namespace);
    row.expect("the rollout is there").meta.id(Kind::Rollout)
}

/// The same world, `since` ago: the connection is in trouble.
pub fn stale(mut state: State, since: Duration) -> State {
    let status = FeedStatus::Stale {
        since: HEARD.checked_sub(since).unwrap(),
        message: Safe::of("the connection was reset by the server"),
        retry_at: Some(HEARD + Duration::from_secs(12)),
    };
    hear(&mut state, &KINDS, &FeedEvent::Status(status));
    state
}
