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
            let wanted = RevisionsWanted { cluster, namespace: Name::new(namespace), owner, stand: (1, 1) };
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
