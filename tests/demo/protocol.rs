//! The server's manners: preconditions, status subresource, lists in pages, watches, errors.

use serde_json::{Value, json};

use super::{Held, ROLLOUT, hash, items, weight};

const PODS: &str = "/api/v1/pods";
const JSON: &str = "application/json-patch+json";
const MERGE: &str = "application/merge-patch+json";

#[tokio::test]
async fn a_failed_precondition_leaves_the_world_unchanged() {
    let world = Held::open().await;
    let before = world.rollout().await;
    for wrong in [
        json!([{ "op": "test", "path": "/status/currentStepIndex", "value": 9 }, { "op": "add", "path": "/status/abort", "value": true }]),
        json!([{ "op": "add", "path": "/status/abort", "value": true }, { "op": "test", "path": "/metadata/uid", "value": "other" }]),
        json!([{ "op": "test", "path": "/status/abort", "value": true }, { "op": "replace", "path": "/status/abort", "value": false }]),
        json!([{ "op": "remove", "path": "/status/promoteFull" }]),
        json!([{ "op": "replace", "path": "/status/abort", "value": true }]),
    ] {
        let (code, answer) = world.patch(wrong.clone()).await;
        assert_eq!(code, 422, "{wrong}");
        assert_eq!(answer["kind"], "Status");
        assert_eq!(answer["reason"], "Invalid");
        assert_eq!(answer["message"], "the server rejected our request due to an error in our request");
        assert_eq!(world.rollout().await, before, "{wrong}");
    }
    world.seconds(2);
    assert_eq!(world.rollout().await, before);
}

#[tokio::test]
async fn status_and_spec_are_written_apart() {
    let world = Held::open().await;
    let before = world.rollout().await;
    let patch = json!({ "status": { "abort": true } });
    let (code, answer) = world.http.patch(ROLLOUT, MERGE, &patch).await;
    assert_eq!((code, &answer), (200, &before), "a status sent to the object is dropped");
    let patch = json!({ "spec": { "paused": true }, "status": { "message": "mine" } });
    let (code, answer) = world.http.patch(&format!("{ROLLOUT}/status"), MERGE, &patch).await;
    assert_eq!(code, 200);
    assert_eq!(answer["spec"], before["spec"]);
    assert_eq!(answer["status"]["message"], "mine");
    assert_eq!(answer["metadata"]["generation"], before["metadata"]["generation"]);
    assert_ne!(answer["metadata"]["resourceVersion"], before["metadata"]["resourceVersion"]);
}

#[tokio::test]
async fn wrong_types_in_the_status_are_refused_by_field() {
    let world = Held::open().await;
    let before = world.rollout().await;
    let patch = json!({ "status": { "abort": "yes", "pauseConditions": [{ "reason": "Why" }] } });
    let (code, answer) = world.http.patch(&format!("{ROLLOUT}/status"), MERGE, &patch).await;
    assert_eq!(code, 422);
    let message = answer["message"].as_str().unwrap();
    assert!(message.starts_with("Rollout.argoproj.io \"checkout\" is invalid: ["), "{message}");
    let wanted = "status.abort: Invalid value: \"string\": status.abort in body must be of type boolean: \"string\"";
    assert!(message.contains(wanted), "{message}");
    assert!(message.contains("status.pauseConditions[0].startTime: Required value"), "{message}");
    assert_eq!(world.rollout().await, before);
}

#[tokio::test]
async fn an_old_resource_version_is_a_conflict() {
    let world = Held::open().await;
    let patch = json!({ "metadata": { "resourceVersion": "1" }, "spec": { "paused": true } });
    let (code, answer) = world.http.patch(ROLLOUT, MERGE, &patch).await;
    assert_eq!(code, 409);
    assert_eq!(answer["reason"], "Conflict");
    let patch = json!([{ "op": "test", "path": "/metadata/resourceVersion", "value": "1" }, { "op": "add", "path": "/spec/paused", "value": true }]);
    assert_eq!(world.http.patch(ROLLOUT, JSON, &patch).await.0, 422);
}

#[tokio::test]
async fn what_is_not_there_is_said_in_the_servers_words() {
    let world = Held::open().await;
    let (code, answer) = world.http.json("/apis/argoproj.io/v1alpha1/namespaces/production/rollouts/nope").await;
    assert_eq!(code, 404);
    assert_eq!(answer["message"], "rollouts.argoproj.io \"nope\" not found");
    assert_eq!(answer["details"], json!({ "name": "nope", "group": "argoproj.io", "kind": "rollouts" }));
    let (code, answer) = world.http.json("/api/v1/namespaces/production/pods/nope").await;
    assert_eq!((code, &answer["message"]), (404, &json!("pods \"nope\" not found")));
    for unknown in
        ["/apis/example.com/v1/things", "/api/v1/configmaps", "/healthy", "/apis/argoproj.io/v1alpha1/workflows"]
    {
        assert_eq!(world.http.text(unknown).await, (404, "404 page not found\n".to_owned()), "{unknown}");
    }
    let (code, text) = world.http.send("DELETE", ROLLOUT, "application/json", "").await;
    assert_eq!(code, 405, "{text}");
    let (code, text) = world.http.send("PATCH", ROLLOUT, "text/plain", "{}").await;
    assert_eq!(code, 415, "{text}");
    let (code, text) = world.http.send("PATCH", ROLLOUT, JSON, "{").await;
    assert_eq!(code, 400, "{text}");
    assert_eq!(world.http.get("/version").await["major"], "1");
}

#[tokio::test]
async fn selectors_narrow_and_unknown_fields_are_refused() {
    let world = Held::open().await;
    let all = items(&world.http.get(PODS).await).len();
    let some = world.http.get(&format!("{PODS}?labelSelector=app%3Dcheckout")).await;
    assert!(!items(&some).is_empty() && items(&some).len() < all);
    assert!(items(&some).iter().all(|pod| pod["metadata"]["labels"]["app"] == "checkout"));
    let name = items(&some)[0]["metadata"]["name"].as_str().unwrap();
    let one = world.http.get(&format!("{PODS}?fieldSelector=metadata.name%3D{name}")).await;
    assert_eq!(items(&one).len(), 1);
    let (code, answer) = world.http.json(&format!("{PODS}?fieldSelector=spec.mood%3Dgood")).await;
    assert_eq!(code, 400);
    assert!(answer["message"].as_str().unwrap().ends_with("field label not supported: spec.mood"));
}

#[tokio::test]
async fn pages_together_are_the_list() {
    let world = Held::open().await;
    let whole = world.http.get(PODS).await;
    let mut together = Vec::new();
    let mut token = String::new();
    loop {
        let page = world.http.get(&format!("{PODS}?limit=7&continue={token}")).await;
        assert!(items(&page).len() <= 7);
        assert_eq!(page["metadata"]["resourceVersion"], whole["metadata"]["resourceVersion"]);
        together.extend_from_slice(items(&page));
        token = page["metadata"]["continue"].as_str().unwrap_or_default().to_owned();
        if token.is_empty() {
            break;
        }
    }
    assert_eq!(together, items(&whole));
    assert!(items(&whole)[0].get("kind").is_none(), "built-in kinds carry no kind in lists");
    let rollouts = world.http.get("/apis/argoproj.io/v1alpha1/rollouts").await;
    assert_eq!(items(&rollouts)[0]["kind"], "Rollout", "custom resources do");
}

#[tokio::test]
async fn a_page_of_a_forgotten_version_has_expired() {
    let world = Held::open().await;
    let page = world.http.get(&format!("{PODS}?limit=3")).await;
    let token = page["metadata"]["continue"].as_str().unwrap().to_owned();
    world.minutes(2);
    world.handle.compact();
    let (code, answer) = world.http.json(&format!("{PODS}?limit=3&continue={token}")).await;
    assert_eq!((code, &answer["reason"]), (410, &json!("Expired")));
    let (code, _) = world.http.json(&format!("{PODS}?continue=zz")).await;
    assert_eq!(code, 400);
}

/// A list and the frames since it give the list that comes after them.
#[tokio::test]
async fn a_watch_resumes_where_it_was_left() {
    const PATH: &str = "/api/v1/namespaces/production/pods";
    let world = Held::open().await;
    let list = world.http.get(PATH).await;
    let key = |object: &Value| object["metadata"]["name"].as_str().unwrap().to_owned();
    let version = |object: &Value| object["metadata"]["resourceVersion"].as_str().unwrap().to_owned();
    let mut seen: std::collections::BTreeMap<String, String> =
        items(&list).iter().map(|pod| (key(pod), version(pod))).collect();
    let mut from = version(&list);
    for _ in 0..3 {
        // Each round is a new watch from the bookmark of the last one.
        let path = format!("{PATH}?watch=1&allowWatchBookmarks=true&resourceVersion={from}");
        let mut watch = world.http.stream(&path).await;
        world.minutes(4);
        for frame in watch.until(|frame| frame["type"] == "BOOKMARK").await {
            let object = &frame["object"];
            match frame["type"].as_str().unwrap() {
                "ADDED" | "MODIFIED" => drop(seen.insert(key(object), version(object))),
                "DELETED" => drop(seen.remove(&key(object)).expect("only what is there can go")),
                "BOOKMARK" => from = version(object),
                other => panic!("{other}"),
            }
        }
    }
    let after = world.http.get(PATH).await;
    let wanted: std::collections::BTreeMap<String, String> =
        items(&after).iter().map(|pod| (key(pod), version(pod))).collect();
    assert_eq!(seen, wanted);
    assert!(items(&after).len() > items(&list).len(), "the canary grew in the meantime");
}

#[tokio::test]
async fn a_watch_from_a_forgotten_version_is_told_410() {
    let world = Held::open().await;
    let version = world.http.get(PODS).await["metadata"]["resourceVersion"].as_str().unwrap().to_owned();
    world.half().await;
    world.handle.compact();
    let mut watch = world.http.stream(&format!("{PODS}?watch=1&resourceVersion={version}")).await;
    let frame = watch.frame().await.unwrap();
    assert_eq!(frame["type"], "ERROR");
    assert_eq!((&frame["object"]["code"], &frame["object"]["reason"]), (&json!(410), &json!("Expired")));
    assert!(watch.frame().await.is_none(), "the stream ends there");
}

#[tokio::test]
async fn a_watch_ends_after_its_timeout_with_a_bookmark() {
    let world = Held::open().await;
    let version = world.http.get(PODS).await["metadata"]["resourceVersion"].as_str().unwrap().to_owned();
    let path = format!("{PODS}?watch=1&allowWatchBookmarks=true&timeoutSeconds=1&resourceVersion={version}");
    let mut watch = world.http.stream(&path).await;
    let frame = watch.frame().await.unwrap();
    assert_eq!(
        (&frame["type"], &frame["object"]["metadata"]["resourceVersion"]),
        (&json!("BOOKMARK"), &json!(version))
    );
    assert!(watch.frame().await.is_none());
}

#[tokio::test]
async fn a_watch_may_begin_with_what_is_there() {
    let world = Held::open().await;
    let count = items(&world.http.get("/apis/apps/v1/deployments").await).len();
    let path = "/apis/apps/v1/deployments?watch=1&sendInitialEvents=true&resourceVersionMatch=NotOlderThan&allowWatchBookmarks=true";
    let frames = world.http.stream(path).await.until(|frame| frame["type"] == "BOOKMARK").await;
    assert_eq!(frames.iter().filter(|frame| frame["type"] == "ADDED").count(), count);
    let end = &frames.last().unwrap()["object"]["metadata"]["annotations"]["k8s.io/initial-events-end"];
    assert_eq!(end, "true");
}

#[tokio::test]
async fn a_patch_reaches_the_watchers_with_what_the_controller_makes_of_it() {
    let world = Held::open().await;
    let before = world.half().await;
    let version = before["metadata"]["resourceVersion"].as_str().unwrap();
    let path = format!("/apis/argoproj.io/v1alpha1/rollouts?watch=1&resourceVersion={version}");
    let mut watch = world.http.stream(&path).await;
    let patch = json!([{ "op": "test", "path": "/status/currentPodHash", "value": hash(&before) }, { "op": "add", "path": "/status/abort", "value": true }]);
    let (code, answer) = world.patch(patch).await;
    assert_eq!(code, 200);
    let frames = watch.until(|frame| frame["object"]["status"]["abort"] == true).await;
    assert_eq!(frames.last().unwrap()["object"], answer, "first exactly what was written");
    world.seconds(1);
    let frames = watch.until(|frame| frame["object"]["status"]["phase"] == "Degraded").await;
    assert_eq!(weight(&frames.last().unwrap()["object"]), 0);
}
