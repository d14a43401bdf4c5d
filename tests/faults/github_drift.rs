//! Overlays of a GitOps repository and commits that are compared, over HTTP: read only while somebody looks, by
//! whichever name the file has, unchanged for free, and a refusal is never "in step".

use std::sync::Arc;

use quarterdeck::model::Name;
use quarterdeck::model::gitops::{Apart, Overlay, OverlayInterest, OverlayRead, Range, RangeInterest, RangeRead};
use quarterdeck::model::interest::Interest;
use quarterdeck::model::source::{Detail, FeedEvent};
use quarterdeck::text::Safe;
use serde_json::json;

use super::hub::{LIMITS, Reading, SOURCE, answer, client, refusal, run_row};
use super::server::{Reply, Request, Server};
use super::support::block_on;

/// `images: [{ name: ghcr.io/acme/checkout, newTag: 1.43.0 }]` in base64, in lines as GitHub sends it.
const PACKED: &str = "aW1hZ2VzOiBbeyBuYW1lOiBnaGNyLmlvL2FjbWUvY2hlY2tvdXQs\nIG5ld1RhZzogMS40My4wIH1d\n";

fn hub(beside: impl Fn(&str) -> Reply + Send + Sync + 'static) -> impl Fn(&Request) -> Reply + Send + Sync + 'static {
    move |request| {
        let path = request.path.split('?').next().unwrap_or_default();
        if path.ends_with("/actions/runs") {
            return answer(
                &json!({ "total_count": 1, "workflow_runs": [run_row(1, 1, "completed", Some("success"))] }),
            );
        }
        match beside(path) {
            Reply::Whole(200, ..) if request.head.contains("if-none-match: \"1\"") => {
                Reply::Whole(304, LIMITS.to_owned(), String::new())
            }
            Reply::Whole(200, headers, body) => Reply::Whole(200, format!("{headers}ETag: \"1\"\r\n"), body),
            other => other,
        }
    }
}

fn file() -> Reply {
    answer(&json!({ "type": "file", "encoding": "base64", "sha": "b1", "content": PACKED }))
}

fn looked_at() -> Interest {
    let overlay = Overlay {
        repository: Name::new("acme/gitops"),
        path: Name::new("overlays/prod"),
        branch: Some(Name::new("main")),
    };
    let range = Range { repository: Name::new("acme/checkout"), base: Safe::of("4f2a9c1"), head: Safe::of("9f8e7d1") };
    Interest {
        overlays: vec![OverlayInterest { source: SOURCE, reader: Name::new("acme/checkout"), overlay }],
        ranges: vec![RangeInterest { source: SOURCE, range }],
        ..Interest::default()
    }
}

async fn overlay(reading: &mut Reading) -> OverlayRead {
    reading
        .find(|event| match event {
            FeedEvent::Detail(Detail::Overlay(read)) => Some(read.clone()),
            _ => None,
        })
        .await
}

async fn range(reading: &mut Reading) -> RangeRead {
    reading
        .find(|event| match event {
            FeedEvent::Detail(Detail::Range(read)) => Some(read.clone()),
            _ => None,
        })
        .await
}

#[test]
fn an_overlay_is_read_by_the_name_that_its_file_has_and_two_commits_once() {
    block_on(async {
        let server = Server::answering(hub(|path| match path {
            "/repos/acme/gitops/contents/overlays%2Fprod%2Fkustomization.yml" => file(),
            "/repos/acme/checkout/compare/4f2a9c1...9f8e7d1" => answer(&json!({ "status": "ahead", "ahead_by": 3,
                "behind_by": 0, "files": [{ "filename": "db/migrations/0042.sql", "status": "added" }] })),
            _ => refusal(404, LIMITS, "Not Found"),
        }))
        .await;
        let mut reading = Reading::start(client(&server.url));
        reading.listed().await;
        assert!(!server.requests().iter().any(|one| one.path.contains("/contents/")), "nobody looks");
        reading.systems.look_at(Arc::new(looked_at()));
        let read = overlay(&mut reading).await;
        let pins = read.pins.unwrap();
        assert_eq!((pins.file.as_str(), pins.images.len()), ("kustomization.yml", 1));
        assert_eq!(pins.images[0].tag.as_ref().unwrap().as_str(), "1.43.0");
        let read = range(&mut reading).await;
        assert_eq!(read.apart, Ok(Apart::After { commits: 3, migrations: 1, whole: true }));
        let again = overlay(&mut reading).await;
        assert_eq!(again.pins.unwrap(), pins, "unchanged is what it was");
        let requests = server.requests();
        let of_file = requests.iter().filter(|one| one.path.contains("kustomization.yml"));
        assert!(of_file.skip(1).all(|one| one.head.contains("if-none-match")), "conditional");
        let first = requests.iter().filter(|one| one.path.contains("kustomization.yaml")).count();
        assert_eq!(first, 1, "where it is not there it is not looked for again while another is");
        assert_eq!(requests.iter().filter(|one| one.path.contains("/compare/")).count(), 1, "neither of them changes");
        reading.stop().await;
    });
}

#[test]
fn what_cannot_be_read_is_told_with_its_reason() {
    block_on(async {
        let server = Server::answering(hub(|_| refusal(404, LIMITS, "Not Found"))).await;
        let mut reading = Reading::start(client(&server.url));
        reading.systems.look_at(Arc::new(looked_at()));
        let why = overlay(&mut reading).await.pins.unwrap_err();
        assert!(
            why.as_str().contains("acme/gitops has no kustomization.yaml and no values.yaml in overlays/prod"),
            "{why:?}"
        );
        let why = range(&mut reading).await.apart.unwrap_err();
        assert!(why.as_str().contains("acme/checkout does not know both 4f2a9c1 and 9f8e7d1"), "{why:?}");
        reading.stop().await;
    });
}
