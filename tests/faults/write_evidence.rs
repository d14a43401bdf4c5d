//! What is read again when nobody heard the end of a write: whether the object shows it.

use quarterdeck::action::{Change, Found};
use quarterdeck::text::Safe;
use serde_json::{Value, json};

use super::server::{Reply, Server, spec};
use super::support::{block_on, evidence};
use super::writes::{merge, refusing, set_image, template, undo};
use crate::journal::operation;

#[test]
fn evidence_is_what_the_object_shows() {
    let hash = || Safe::identity("67c9f6889f");
    let promote = || Change::PromotePause { pod_hash: hash(), step: Some(3) };
    let inconclusive = || Change::PromoteInconclusive { pod_hash: hash(), step: 3, next: 4 };
    let skip = || Change::SkipStep { pod_hash: hash(), step: 3, to: 4, last: 10 };
    let changed = |fields: Value| {
        let mut all = json!({ "metadata": { "resourceVersion": "91" } });
        merge(&mut all, &fields);
        all
    };
    let at_step = |step: i64| json!({ "status": { "currentStepIndex": step, "pauseConditions": null } });
    let cases = [
        (Change::Abort { pod_hash: hash() }, json!({ "status": { "abort": true } }), Found::Applied),
        // The request may still be at work: this alone is no refusal.
        (Change::Abort { pod_hash: hash() }, json!({}), Found::Missing),
        // The guard on the hash fails from now on; who aborted that revision, or did not, is not told.
        (
            Change::Abort { pod_hash: hash() },
            json!({ "status": { "currentPodHash": "77", "abort": true } }),
            Found::Passed,
        ),
        (Change::Abort { pod_hash: hash() }, json!({ "status": { "currentPodHash": null } }), Found::Untold),
        (Change::Retry { pod_hash: hash() }, json!({}), Found::Applied),
        (Change::Retry { pod_hash: hash() }, json!({ "status": { "abort": true } }), Found::Missing),
        (promote(), json!({ "status": { "pauseConditions": null } }), Found::Applied),
        (promote(), json!({ "status": { "currentStepIndex": 5 } }), Found::Applied),
        (promote(), json!({}), Found::Missing),
        (promote(), at_step(0), Found::Passed),
        (inconclusive(), json!({ "status": { "currentStepIndex": 4 } }), Found::Applied),
        (inconclusive(), json!({}), Found::Missing),
        (inconclusive(), at_step(0), Found::Passed),
        (Change::Unpause, json!({ "spec": { "paused": false } }), Found::Applied),
        (Change::Unpause, json!({}), Found::Missing),
        (Change::Pause { pod_hash: hash() }, json!({}), Found::Applied),
        (Change::Pause { pod_hash: hash() }, json!({ "spec": { "paused": false } }), Found::Missing),
        (Change::PromoteFull { pod_hash: hash() }, json!({ "status": { "promoteFull": true } }), Found::Applied),
        (Change::PromoteFull { pod_hash: hash() }, json!({ "status": { "stableRS": "67c9f6889f" } }), Found::Applied),
        (Change::PromoteFull { pod_hash: hash() }, json!({}), Found::Missing),
        (skip(), json!({ "status": { "currentStepIndex": 4 } }), Found::Applied),
        (skip(), json!({}), Found::Missing),
        (skip(), at_step(0), Found::Passed),
        (set_image(), json!({}), Found::Missing),
        (set_image(), changed(json!({})), Found::Passed),
        (set_image(), changed(json!({ "spec": { "template": template("shop:3", None) } })), Found::Applied),
        (Change::Unpause, json!({ "metadata": { "uid": "other" } }), Found::Gone),
        (undo("checkout-r"), json!({}), Found::Missing),
        (undo("checkout-r"), changed(json!({})), Found::Passed),
        (undo("gone"), changed(json!({})), Found::Passed),
        (undo("checkout-r"), changed(json!({ "spec": { "template": template("shop:1", None) } })), Found::Applied),
    ];
    block_on(async {
        let server = Server::start().await;
        for (change, world, expected) in cases {
            server.answer(refusing(world.clone()));
            let (found, message) = evidence(spec(&server.url), operation(1, change.clone())).await;
            assert_eq!(found, expected, "{change:?} and {world}: {message}");
        }
        server.answer(|_| Reply::status(404, "NotFound", "not found"));
        let (found, message) = evidence(spec(&server.url), operation(1, promote())).await;
        assert_eq!(found, Found::Gone);
        assert!(message.ends_with("is gone"), "{message}");
        server.answer(|_| Reply::status(403, "Forbidden", "not for you"));
        assert_eq!(evidence(spec(&server.url), operation(1, promote())).await.0, Found::Untold);
        assert_eq!(server.bodies(), 0, "evidence is only read");
    });
}
