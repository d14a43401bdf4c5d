//! The revisions of a StatefulSet that somebody looks at, from a server in trouble.

use std::sync::Arc;

use quarterdeck::clock::Clock;
use quarterdeck::model::interest::Interest;
use quarterdeck::model::revisions::RevisionsWanted;
use quarterdeck::model::source::{Detail, FeedEvent};
use quarterdeck::model::{Name, Uid};
use quarterdeck::systems::{Spec, Systems};
use serde_json::json;
use tokio::sync::mpsc;

use super::server::{Reply, Server, spec};
use super::support::{block_on, next};
use super::watches::{counter, quick, quiet};

#[test]
fn revisions_are_read_again_after_trouble_and_not_of_every_row_that_is_passed() {
    block_on(async {
        let asked = counter();
        let server = Server::answering(move |request| match request.path.contains("/controllerrevisions") {
            true if asked() < 2 => Reply::status(403, "Forbidden", "not yet"),
            true => Reply::json(json!({ "metadata": {}, "items": [{
                "metadata": { "name": "db-3", "uid": "r3", "ownerReferences": [{ "uid": "db" }] },
                "revision": 3, "data": { "spec": { "template": { "spec": { "containers": [] } } } },
            }] })),
            false => quiet(request),
        })
        .await;
        let Spec { mut scope, upstream } = spec(&server.url);
        scope.namespaces = Some(vec![Name::new("production")]);
        let cluster = scope.id;
        let (tx, mut rx) = mpsc::channel(256);
        let systems = Systems::start_at(vec![Spec { scope, upstream }], &tx, Clock::system(), quick());
        for (namespace, owner) in [("passed", "other"), ("production", "db")] {
            let owner = Uid::new(cluster, owner);
            let wanted =
                RevisionsWanted { cluster, namespace: Name::new(namespace), owner, labels: None, stand: (1, 1) };
            systems.look_at(Arc::new(Interest { revisions: Some(wanted), ..Interest::default() }));
            tokio::task::yield_now().await;
        }
        let mut failed = 0;
        let rows = loop {
            let (_, event) = next(&mut rx).await.expect("a feed that speaks");
            let FeedEvent::Detail(Detail::Revisions(read)) = event else { continue };
            match read.rows {
                Ok(rows) => break rows,
                Err(_) => failed += 1,
            }
        };
        assert_eq!((rows.len(), rows[0].number, failed), (1, 3, 2));
        let passed = server.requests().iter().filter(|it| it.path.contains("/namespaces/passed/")).count();
        assert_eq!(passed, 0, "nobody looked at it for long");
        drop(systems);
    });
}

/// Of a namespace with thousands of revisions those of one workload are asked for, by its selector: one page.
#[test]
fn only_the_revisions_of_the_workload_are_asked_for() {
    const OTHERS: usize = 5_000;
    block_on(async {
        let server = Server::answering(move |request| {
            if !request.path.contains("/controllerrevisions") {
                return quiet(request);
            }
            let revision = |name: String, owner: &str| {
                json!({ "metadata": { "name": name, "uid": name, "ownerReferences": [{ "uid": owner }] },
                    "revision": 3, "data": { "spec": { "template": { "spec": { "containers": [] } } } } })
            };
            let ours = revision("db-3".to_owned(), "db");
            if request.path.contains("labelSelector=") {
                return Reply::json(json!({ "metadata": {}, "items": [ours] }));
            }
            let others = (0..OTHERS / 20).map(|at| revision(format!("other-{at}"), "other"));
            Reply::json(json!({ "metadata": { "continue": "more" }, "items": others.collect::<Vec<_>>() }))
        })
        .await;
        let Spec { mut scope, upstream } = spec(&server.url);
        scope.namespaces = Some(vec![Name::new("production")]);
        let cluster = scope.id;
        let (tx, mut rx) = mpsc::channel(256);
        let systems = Systems::start_at(vec![Spec { scope, upstream }], &tx, Clock::system(), quick());
        let owner = Uid::new(cluster, "db");
        let labels = Some("app=db,tier in (a,b)".to_owned());
        let wanted = RevisionsWanted { cluster, namespace: Name::new("production"), owner, labels, stand: (1, 1) };
        systems.look_at(Arc::new(Interest { revisions: Some(wanted), ..Interest::default() }));
        let rows = loop {
            let (_, event) = next(&mut rx).await.expect("a feed that speaks");
            if let FeedEvent::Detail(Detail::Revisions(read)) = event {
                break read.rows.expect("they are read");
            }
        };
        assert_eq!(rows.len(), 1);
        let asked: Vec<String> =
            server.requests().iter().map(|it| it.path.clone()).filter(|path| path.contains("revisions")).collect();
        let wanted = "/apis/apps/v1/namespaces/production/controllerrevisions?limit=250&labelSelector=app%3Ddb%2Ctier%20in%20%28a%2Cb%29";
        assert_eq!(asked, [wanted]);
        drop(systems);
    });
}
