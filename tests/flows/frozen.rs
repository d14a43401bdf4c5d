//! R39 with the watch frozen: the console hears nothing, the object changes, and what was right when it was
//! shown is sent all the same. The server's own preconditions refuse it: nothing of a thousand writes lands.

use std::time::Duration;

use quarterdeck::action::{Action, Change, Operation, OperationId, Outcome, Progress};
use quarterdeck::demo::{self, Options};
use quarterdeck::model::{Kind, Name, ObjectId, SourceId, Uid};
use quarterdeck::text::Safe;
use serde_json::{Value, json};

use crate::demo::ROLLOUT;
use crate::demo::http::Http;
use crate::faults::server::spec;
use crate::faults::support::perform;

const WRITES: u32 = 1_000;
const SOURCE: SourceId = SourceId(3);

fn word(object: &Value, pointer: &str) -> String {
    object.pointer(pointer).and_then(Value::as_str).unwrap_or_default().to_owned()
}

/// What a console makes of the object as it was shown.
fn shown(object: &Value, number: u32) -> Operation {
    let pod_hash = Safe::identity(&word(object, "/status/currentPodHash"));
    let step = object.pointer("/status/currentStepIndex").and_then(Value::as_i64).unwrap_or_default();
    let resource_version = word(object, "/metadata/resourceVersion").into();
    let image = word(object, "/spec/template/spec/containers/0/image");
    let change = match number % 7 {
        0 => Change::PromotePause { pod_hash, step: Some(step) },
        1 => Change::Abort { pod_hash },
        2 => Change::PromoteFull { pod_hash },
        3 => Change::SkipStep { pod_hash, step, to: step + 1, last: 10 },
        4 => Change::Pause { pod_hash },
        5 => Change::RestartRollout { pod_hash },
        _ => Change::SetImage {
            resource_version,
            container: Name::new(&word(object, "/spec/template/spec/containers/0/name")),
            from: Name::new(&image),
            to: Name::new("shop/checkout:other"),
        },
    };
    let target = ObjectId {
        cluster: SOURCE,
        kind: Kind::Rollout,
        namespace: Name::new("production"),
        name: Name::new("checkout"),
        uid: Uid::new(SOURCE, &word(object, "/metadata/uid")),
    };
    Operation {
        id: OperationId(format!("{number:04}")),
        action: Action { target, change },
        cluster: Name::new("east"),
        environment: Name::new("production"),
        reason: Safe::of(""),
        summary: Safe::of(""),
        expects: Safe::of(""),
        outcome: Outcome::Intended,
        generation: None,
        made: None,
        started: jiff::Timestamp::UNIX_EPOCH,
        started_mono: Duration::ZERO,
        changed: jiff::Timestamp::UNIX_EPOCH,
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn r39_of_a_thousand_writes_on_a_frozen_watch_none_lands_on_a_changed_object() {
    let demo = demo::start(Options { held: true, ..Options::default() }).await.expect("the demo starts");
    let server = Http::new(&demo.url);
    for number in 0..WRITES {
        let operation = shown(&server.get(ROLLOUT).await, number);
        // Somebody rolls another revision out meanwhile.
        let other = json!({ "status": { "currentPodHash": format!("other{number}") } });
        let (code, _) = server.patch(&format!("{ROLLOUT}/status"), "application/merge-patch+json", &other).await;
        assert_eq!(code, 200);
        let before = server.get(ROLLOUT).await;
        let told = perform(spec(&demo.url), operation.clone(), None).await;
        assert!(matches!(told.last(), Some(Progress::Refused { .. })), "{:?}: {told:?}", operation.action.change);
        assert_eq!(server.get(ROLLOUT).await, before, "{:?} landed", operation.action.change);
    }
}
