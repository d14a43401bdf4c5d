//! The server of Argo CD in a demo: what it can be asked for, under the rules of the real one.

use quarterdeck::demo::{self, Demo, Options};
use serde_json::{Value, json};

use super::http::Http;

async fn world() -> Demo {
    let options = Options { scenario: "out-of-sync".to_owned(), held: true, ..Options::default() };
    demo::start(options).await.expect("the demo starts")
}

const JSON: (&str, &str) = ("content-type", "application/json");

async fn send(demo: &Demo, method: &str, path: &str, body: &Value) -> (u16, Value) {
    let text = if body.is_null() { String::new() } else { body.to_string() };
    let headers = [("authorization", "Bearer demo"), JSON];
    let path = format!("/argocd/api/v1/applications/{path}");
    let (code, _, text) = Http::new(&demo.url).with_body(method, &path, &headers, &text).await;
    (code, serde_json::from_str(&text).unwrap_or(Value::Null))
}

/// Code of HTTP, code of gRPC, words.
fn words((code, value): (u16, Value)) -> (u16, i64, String) {
    (code, value["code"].as_i64().unwrap_or_default(), value["message"].as_str().unwrap_or_default().to_owned())
}

#[tokio::test]
async fn a_sync_is_let_through_by_windows_and_policy_or_refused_in_its_words() {
    let demo = world().await;
    let refused = async |path: &str, body: Value| words(send(&demo, "POST", path, &body).await);
    let window = (403, 7, "cannot sync: blocked by sync window".to_owned());
    assert_eq!(refused("shop-dev/sync", json!({})).await, window);
    let head = (400, 9, "Cannot sync to a1: auto-sync currently set to main".to_owned());
    assert_eq!(refused("shop-production/sync", json!({ "revision": "a1" })).await, head);
    let nobody = (404, 5, "applications.argoproj.io \"none\" not found".to_owned());
    assert_eq!(refused("none/sync", json!({ "project": "shop" })).await, nobody);
    assert_eq!(refused("none/sync", json!({})).await, (403, 7, "permission denied".to_owned()));
    assert_eq!(refused("shop-staging/sync", json!({ "project": "other" })).await.0, 404);

    let body =
        json!({ "infos": [{ "name": "quarterdeck", "value": "7-1" }], "strategy": { "hook": {} }, "prune": true });
    let (code, object) = send(&demo, "POST", "shop-staging/sync", &body).await;
    assert_eq!((code, &object["operation"]["info"]), (200, &body["infos"]), "{object}");
    assert_eq!(object["operation"]["initiatedBy"]["username"], "demo");
    assert!(object["status"]["operationState"].is_null(), "what is shown next is of the new one");
    let twice = (400, 9, "another operation is already in progress".to_owned());
    assert_eq!(refused("shop-staging/sync", json!({})).await, twice);

    // A window closes when its time comes, and opens again: 16:00 to 17:30.
    demo.handle.advance(std::time::Duration::from_mins(90));
    assert_eq!(send(&demo, "POST", "shop-dev/sync", &json!({})).await.0, 200);
    // The kind is asked of what changes something.
    let plain = [("authorization", "Bearer demo")];
    let path = "/argocd/api/v1/applications/shop-staging/sync";
    assert_eq!(Http::new(&demo.url).with_body("POST", path, &plain, "{}").await.0, 415);
    assert_eq!(Http::new(&demo.url).with_body("POST", path, &[JSON], "{}").await.0, 401);
}

#[tokio::test]
async fn a_way_back_and_an_end_need_what_they_are_about() {
    let demo = world().await;
    let refused = async |method: &str, path: &str, body: Value| words(send(&demo, method, path, &body).await);
    let on = (400, 9, "rollback cannot be initiated when auto-sync is enabled".to_owned());
    assert_eq!(refused("POST", "shop-production/rollback", json!({ "id": 1 })).await, on);
    let none = "application shop-staging does not have deployment with id 999".to_owned();
    assert_eq!(refused("POST", "shop-staging/rollback", json!({ "id": 999 })).await, (400, 3, none));
    let idle = "Unable to terminate operation. No operation is in progress".to_owned();
    assert_eq!(refused("DELETE", "shop-staging/operation", Value::Null).await, (400, 3, idle));

    let (_, object) = send(&demo, "GET", "shop-staging", &Value::Null).await;
    let first = object["status"]["history"][0].clone();
    let (code, object) = send(&demo, "POST", "shop-staging/rollback", &json!({ "id": first["id"] })).await;
    let asked = &object["operation"];
    assert_eq!(
        (code, &asked["sync"]["revision"], &asked["sync"]["source"]),
        (200, &first["revision"], &first["source"])
    );
    assert!(asked["info"].is_null(), "it takes no mark");
    demo.handle.advance(std::time::Duration::from_secs(1));
    assert_eq!(send(&demo, "DELETE", "shop-staging/operation", &Value::Null).await, (200, json!({})));
    let (_, object) = send(&demo, "GET", "shop-staging", &Value::Null).await;
    assert_eq!(object["status"]["operationState"]["phase"], "Terminating");
}
