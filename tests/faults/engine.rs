//! An engine whose stream of events is kept back or breaks is asked for its list again and again.

use std::time::Duration;

use quarterdeck::clock::Clock;
use quarterdeck::model::source::{FeedEvent, FeedStatus, SourceScope};
use quarterdeck::model::{Name, SourceId, SystemId};
use quarterdeck::net::Docker;
use quarterdeck::systems::{Spec, Systems, Upstream};
use quarterdeck::text::Safe;
use tokio::sync::mpsc;

use super::server::{Reply, Server};
use super::support::{block_on, next};
use super::watches::quick;

/// The engine behind this address.
pub(super) fn spec(url: &str) -> Spec {
    let host = url.replace("http://", "tcp://");
    let scope = SourceScope {
        id: SourceId(0),
        system: SystemId::Docker,
        name: Name::new("engine"),
        server: Safe::identity(&host),
        user: Safe::of(""),
        namespaces: None,
        unusable: None,
        discovered: None,
    };
    Spec { scope, upstream: Some(Upstream::Docker(Docker::new(&host).unwrap())) }
}

fn containers(names: &[&str]) -> String {
    let row = |name: &&str| serde_json::json!({ "Id": format!("id-{name}"), "Names": [format!("/{name}")], "State": "running", "Status": "Up" });
    serde_json::Value::Array(names.iter().map(row).collect()).to_string()
}

/// How many lists came, and what else was said, until there were three.
async fn lists(events: fn() -> Reply) -> (usize, Vec<FeedStatus>) {
    let server = Server::answering(move |request| {
        let path = request.path.split('?').next().unwrap_or_default();
        match path.rsplit('/').next() {
            Some("version") => Reply::json(r#"{"Version":"20.10.24","ApiVersion":"1.41"}"#),
            Some("events") => events(),
            _ if path.ends_with("/containers/json") => Reply::json(containers(&["a", "b"])),
            _ => Reply::json("{}"),
        }
    })
    .await;
    let (tx, mut rx) = mpsc::channel(64);
    let systems = Systems::start_at(vec![spec(&server.url)], &tx, Clock::system(), quick());
    let mut troubles = Vec::new();
    let listed = |requests: &[super::server::Request]| {
        requests.iter().filter(|request| request.path.contains("/containers/json")).count()
    };
    while listed(&server.requests()) < 3 {
        if let Some((_, FeedEvent::Status(status))) = next(&mut rx).await {
            troubles.push(status);
        }
    }
    rx.close();
    assert!(systems.shutdown(Duration::from_secs(10)).await, "tasks left after shutdown");
    (listed(&server.requests()), troubles)
}

#[test]
fn without_a_stream_of_events_the_list_is_polled_and_stays_live() {
    block_on(async {
        let kept_back: fn() -> Reply = || Reply::status(403, "Forbidden", "events are not for you");
        let ended: fn() -> Reply = || Reply::json("");
        for (way, events) in [("kept back by a proxy", kept_back), ("ended at once", ended)] {
            let (count, troubles) = lists(events).await;
            assert!(count >= 3, "{way}: {count}");
            assert_eq!(troubles, [], "{way}");
        }
    });
}
