//! Several RustCI servers: which one is meant.

use std::sync::Arc;

use quarterdeck::action::PipelineFile;
use quarterdeck::model::pipelines::CiPipeline;
use quarterdeck::model::source::{Detail, FeedEvent, FeedId, SourceScope};
use quarterdeck::model::{Kind, Name, ObjectId, SourceId, SystemId, Uid};
use quarterdeck::state::verbs;
use quarterdeck::text::Safe;
use quarterdeck::update::Msg;

use super::ci::done;
use super::dialogs;

const OTHER: SourceId = SourceId(2);

fn pipeline(name: &str) -> CiPipeline {
    let id = ObjectId {
        cluster: OTHER,
        kind: Kind::CiPipeline,
        namespace: Name::new(""),
        name: Name::new(name),
        uid: Uid::new(OTHER, &format!("of-the-other-{name}")),
    };
    CiPipeline { id, description: Safe::of(""), created: None }
}

#[test]
fn of_two_servers_the_one_looked_at_is_meant_or_the_one_that_is_named() {
    let mut console = dialogs::console(&[done()]);
    let scope = SourceScope {
        id: OTHER,
        system: SystemId::RustCi,
        name: Name::new("tills"),
        server: Safe::of("https://tills.example"),
        user: Safe::of(""),
        namespaces: None,
        unusable: None,
        discovered: None,
    };
    for feed in scope.feeds() {
        console.state.world.feeds.insert(feed, quarterdeck::state::world::Feed::default());
    }
    console.state.world.sources.push(scope);
    let feed = FeedId { cluster: OTHER, kind: Kind::Execution, namespace: None };
    let both = [pipeline("nightly"), pipeline("image")];
    console.send(Msg::Feed(feed, FeedEvent::Detail(Detail::Pipelines(both.as_slice().into()))));
    let named = |console: &crate::update::world::Console, text: &str| {
        verbs::pipeline::named(&console.state, text).map(|id| id.cluster.0).map_err(|why| why.as_str().to_owned())
    };
    let file = || {
        Arc::new(PipelineFile {
            name: Name::new("x.yaml"),
            path: Safe::of("x.yaml"),
            pipeline: Some(Name::new("x")),
            stages: Vec::new(),
            bytes: 1,
            text: Arc::from("x"),
        })
    };
    // Nothing of either is highlighted.
    console.state.ui.place = quarterdeck::state::ui::Place::Journal;
    let why = named(&console, "nightly").unwrap_err();
    assert_eq!(why, "several servers have a pipeline nightly: type ci.example:8000/nightly or tills/nightly");
    assert_eq!(named(&console, "tills/nightly"), Ok(2));
    assert_eq!(named(&console, "image"), Ok(2), "only one has it");
    let why = verbs::pipeline::create(&console.state, file()).unwrap_err();
    assert!(why.as_str().contains("several RustCI servers are configured (ci.example:8000, tills)"), "{why:?}");
    // An execution of the first is.
    console.state.ui.place = quarterdeck::state::ui::Place::Pipelines;
    console.draw();
    assert_eq!(named(&console, "nightly"), Ok(1));
}
