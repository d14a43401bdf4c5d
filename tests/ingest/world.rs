//! Worlds for tests, fed through ingest like a server's answers.

use std::path::PathBuf;
use std::time::Duration;

use jiff::Timestamp;
use quarterdeck::command::Keymap;
use quarterdeck::model::source::{FeedEvent, FeedId, SourceScope};
use quarterdeck::model::{Kind, Name, Now, SourceId, SystemId};
use quarterdeck::state::State;
use quarterdeck::systems::ingest;
use quarterdeck::text::Safe;
use serde_json::Value;

pub const CLUSTER: SourceId = SourceId(0);

/// A state that has heard nothing yet, with one cluster and all its namespaces in scope.
pub fn state(wall: Timestamp) -> State {
    let scope = SourceScope {
        system: SystemId::Kubernetes,
        discovered: None,
        id: CLUSTER,
        name: Name::new("test"),
        server: Safe::of("http://127.0.0.1"),
        user: Safe::of("test"),
        namespaces: None,
        unusable: None,
    };
    State::new(Now { wall, mono: Duration::ZERO }, vec![scope], Keymap::default(), (160, 48))
}

/// Applies a list answer of a kind, whole.
pub fn list(state: &mut State, kind: Kind, items: &[Value]) {
    let answer = serde_json::json!({ "metadata": { "resourceVersion": "1" }, "items": items });
    let page = ingest::page(kind, CLUSTER, answer.to_string().as_bytes()).expect("the list decodes");
    assert_eq!(page.rejected, [], "{kind:?}: every object decodes");
    assert_eq!(page.objects.len(), items.len());
    let feed = FeedId { cluster: CLUSTER, kind, namespace: None };
    let mono = state.now.mono;
    for event in [FeedEvent::ListBegins, FeedEvent::Applied(page.objects), FeedEvent::Listed] {
        state.world.apply(&feed, mono, event);
    }
}

/// A state with these objects, by the plurals of their kinds; kinds that are not named are empty.
pub fn with(wall: Timestamp, objects: &Value) -> State {
    let mut state = state(wall);
    for kind in Kind::IN_CLUSTERS {
        let items = objects.get(kind.plural()).and_then(Value::as_array).cloned().unwrap_or_default();
        list(&mut state, kind, &items);
    }
    state
}

/// The recorded scenarios; moments of others (`recorded-…`) and made-up worlds that `tests/lab/tell.py` asked
/// the tools about (edge cases by name, and a few random ones); and those of `QUARTERDECK_RECORDINGS` if it is set.
pub fn scenarios() -> Vec<PathBuf> {
    let home = PathBuf::from(env!("CARGO_MANIFEST_DIR"));
    let own = [home.join("demo/recordings"), home.join("tests/ingest/told")];
    let more = std::env::var_os("QUARTERDECK_RECORDINGS").map(PathBuf::from);
    let mut found = Vec::new();
    for folder in own.into_iter().chain(more) {
        let entries = std::fs::read_dir(&folder).unwrap_or_else(|error| panic!("{}: {error}", folder.display()));
        found.extend(entries.map(|entry| entry.unwrap().path()).filter(|path| path.is_dir()));
    }
    found.sort();
    found
}

/// Files of a folder of a scenario with this ending, in order.
pub fn files(folder: &std::path::Path, ending: &str) -> Vec<PathBuf> {
    let Ok(entries) = std::fs::read_dir(folder) else { return Vec::new() };
    let mut found: Vec<PathBuf> = entries
        .map(|entry| entry.unwrap().path())
        .filter(|path| path.file_name().is_some_and(|name| name.to_string_lossy().ends_with(ending)))
        .collect();
    found.sort();
    found
}
