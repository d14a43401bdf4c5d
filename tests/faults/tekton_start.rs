//! The Pipeline that somebody is about to start, from a server in trouble.

use std::sync::Arc;

use quarterdeck::clock::Clock;
use quarterdeck::model::Name;
use quarterdeck::model::interest::Interest;
use quarterdeck::model::source::{Detail, FeedEvent};
use quarterdeck::model::workflows::WorkflowWanted;
use quarterdeck::systems::{Spec, Systems};
use serde_json::json;
use tokio::sync::mpsc;

use super::server::{Reply, Server, spec};
use super::support::{block_on, next};
use super::watches::{counter, quick, quiet};

#[test]
fn a_pipeline_that_cannot_be_read_for_a_while_is_read_again_by_itself() {
    block_on(async {
        let asked = counter();
        let server = Server::answering(move |request| match request.path.contains("/pipelines/release") {
            true if asked() < 2 => Reply::Whole(500, String::new(), "{}".to_owned()),
            true => Reply::json(json!({
                "metadata": { "name": "release", "uid": "u", "resourceVersion": "7" }, "spec": {},
            })),
            false => quiet(request),
        })
        .await;
        let Spec { mut scope, upstream } = spec(&server.url);
        scope.namespaces = Some(vec![Name::new("production")]);
        let source = scope.id;
        let (tx, mut rx) = mpsc::channel(256);
        let systems = Systems::start_at(vec![Spec { scope, upstream }], &tx, Clock::system(), quick());
        let wanted = |namespace: &str| WorkflowWanted {
            source,
            repository: Name::new(namespace),
            path: Name::new(""),
            reference: Name::new("release"),
        };
        let look = |namespace: &str| {
            systems.look_at(Arc::new(Interest { workflow: Some(wanted(namespace)), ..Interest::default() }));
        };
        // Nobody reads this namespace; that ends nothing.
        look("elsewhere");
        tokio::task::yield_now().await;
        look("production");
        let mut failed = 0;
        let read = loop {
            let (_, event) = next(&mut rx).await.expect("a feed that speaks");
            let FeedEvent::Detail(Detail::Workflow(read)) = event else { continue };
            match read.workflow {
                Ok(workflow) => break workflow,
                Err(why) => failed += usize::from(why.as_str().contains("cannot be read")),
            }
        };
        assert_eq!((read.name.raw(), failed), ("release", 2));
        drop(systems);
    });
}
