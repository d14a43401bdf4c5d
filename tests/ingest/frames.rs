//! Every list and every frame that a real server sent decodes.

use quarterdeck::model::Kind;
use quarterdeck::systems::ingest::{self, Frame};
use serde::Deserialize;
use serde_json::value::RawValue;

use super::world::{CLUSTER, scenarios};

#[derive(Deserialize)]
struct Line<'a> {
    #[serde(borrow)]
    frame: &'a RawValue,
}

fn recorded(scenario: &std::path::Path, kind: Kind, ending: &str) -> Option<Vec<u8>> {
    std::fs::read(scenario.join(format!("{}.{ending}", kind.plural()))).ok()
}

#[test]
fn every_recorded_list_decodes() {
    let mut lists = 0;
    for scenario in scenarios() {
        for kind in Kind::IN_CLUSTERS {
            let Some(bytes) = recorded(&scenario, kind, "list.json") else { continue };
            let page =
                ingest::page(kind, CLUSTER, &bytes).unwrap_or_else(|error| panic!("{}: {error}", scenario.display()));
            assert_eq!(page.rejected, [], "{}", scenario.display());
            assert!(!page.resource_version.is_empty(), "{}: {kind:?} says where a watch begins", scenario.display());
            for object in &page.objects {
                assert!(!object.meta().resource_version.is_empty());
            }
            lists += 1;
        }
    }
    assert!(lists >= 30, "only {lists} lists were read");
}

#[test]
fn every_recorded_frame_decodes() {
    let (mut applied, mut deleted, mut bookmarks) = (0, 0, 0);
    for scenario in scenarios() {
        for kind in Kind::IN_CLUSTERS {
            let Some(bytes) = recorded(&scenario, kind, "watch.jsonl") else { continue };
            for (number, line) in bytes.split(|byte| *byte == b'\n').enumerate().filter(|(_, line)| !line.is_empty()) {
                let at = || format!("{} {kind:?} line {}", scenario.display(), number + 1);
                let line: Line<'_> = serde_json::from_slice(line).unwrap_or_else(|error| panic!("{}: {error}", at()));
                let frame = ingest::frame(kind, CLUSTER, line.frame.get().as_bytes());
                match frame.unwrap_or_else(|error| panic!("{}: {error}", at())) {
                    Frame::Applied { resource_version, .. } => {
                        assert!(!resource_version.is_empty(), "{}", at());
                        applied += 1;
                    }
                    Frame::Deleted { uid, resource_version } => {
                        assert!(!uid.raw().is_empty() && !resource_version.is_empty(), "{}", at());
                        deleted += 1;
                    }
                    Frame::Bookmark { resource_version, .. } => {
                        assert!(!resource_version.is_empty(), "{}", at());
                        bookmarks += 1;
                    }
                    Frame::Error { message, .. } => panic!("{}: {}", at(), message.as_str()),
                }
            }
        }
    }
    assert!(applied > 300, "{applied} changes");
    assert!(deleted > 0 && bookmarks > 0, "{deleted} deletions, {bookmarks} bookmarks");
}
