//! The demo's RustCI server: what it serves, how it refuses, and that executions move with the world.

use quarterdeck::demo::Options;
use serde_json::{Value, json};

use crate::demo::Held;

const JSON: &str = "application/json";
const YAML: &str = "name: hello\nstages:\n  - name: say\n    steps:\n      - { name: echo, step_type: shell, config: { command: echo hello } }\n";

async fn world() -> Held {
    Held::with(Options { scenario: "flaky-e2e".to_owned(), held: true, ..Options::default() }).await
}

async fn send(world: &Held, method: &str, path: &str, body: &Value) -> (u16, Value) {
    let (code, text) = world.http.send(method, &format!("/rustci/api/ci{path}"), JSON, &body.to_string()).await;
    (code, serde_json::from_str(&text).unwrap_or(Value::String(text)))
}

async fn upload(world: &Held, base: &str, field: &str, file: &str, yaml: &str) -> (u16, String) {
    let body = format!(
        "--x\r\nContent-Disposition: form-data; name=\"{field}\"; filename=\"{file}\"\r\n\r\n{yaml}\r\n--x--\r\n"
    );
    world.http.send("POST", &format!("{base}/api/ci/pipelines/upload"), "multipart/form-data; boundary=x", &body).await
}

#[tokio::test]
async fn an_execution_goes_from_pending_to_its_end_with_the_world() {
    let world = world().await;
    let (code, text) = upload(&world, "/rustci", "pipeline", "hello.yml", YAML).await;
    assert_eq!(code, 200, "{text}");
    let pipeline: Value = serde_json::from_str(&text).unwrap();
    let id = pipeline["id"].as_str().unwrap();
    let (code, answer) = send(
        &world,
        "POST",
        &format!("/pipelines/{id}/trigger"),
        &json!({ "trigger_type": "manual", "environment": { "A": "b" } }),
    )
    .await;
    assert_eq!(code, 200, "{answer}");
    let path = format!("/rustci/api/ci/executions/{}", answer["execution_id"].as_str().unwrap());
    assert_eq!(world.http.get(&path).await["status"], "pending");
    world.seconds(2);
    let now = world.http.get(&path).await;
    assert_eq!(
        (&now["status"], &now["stages"][0]["status"], &now["environment"]["A"]),
        (&"running".into(), &"running".into(), &"b".into())
    );
    assert_eq!(now["logs"].as_array().unwrap().len(), 1);
    world.seconds(60);
    let over = world.http.get(&path).await;
    assert_eq!((&over["status"], over["logs"].as_array().unwrap().len()), (&"success".into(), 3));
    assert!(over["stages"][0]["steps"][0]["stdout"].as_str().unwrap().contains("$ echo hello"));
    let list = world.http.get(&format!("/rustci/api/ci/executions?pipeline_id={id}")).await;
    assert_eq!(list.as_array().unwrap().len(), 1);
}

#[tokio::test]
async fn a_cancelled_execution_may_end_otherwise() {
    let world = world().await;
    let list = world.http.get("/rustci/api/ci/executions").await;
    let running = list.as_array().unwrap().iter().find(|row| row["status"] == "running").expect("one runs").clone();
    let path = format!("/executions/{}", running["id"].as_str().unwrap());
    let (code, _) = send(&world, "DELETE", &format!("{path}/cancel"), &json!({})).await;
    assert_eq!(code, 200);
    let now = world.http.get(&format!("/rustci/api/ci{path}")).await;
    assert_eq!(now["status"], "cancelled");
    assert!(now["stages"].as_array().unwrap().iter().any(|stage| stage["status"] == "running"), "its task goes on");
    world.minutes(10);
    assert_eq!(world.http.get(&format!("/rustci/api/ci{path}")).await["status"], "success");
    let (code, refusal) = send(&world, "DELETE", &format!("{path}/cancel"), &json!({})).await;
    assert_eq!((code, &refusal["error"]), (404, &"Execution not found or not running".into()));
}

#[tokio::test]
async fn it_refuses_as_its_branches_do() {
    let world = world().await;
    let bad = "name: x\nstages: []\n";
    let (code, text) = upload(&world, "/rustci", "file", "x.yaml", bad).await;
    let body: Value = serde_json::from_str(&text).unwrap();
    assert_eq!(
        (code, &body["error"], &body["status"]),
        (400, &"Pipeline must have at least one stage".into(), &400.into())
    );
    let (code, text) = upload(&world, "/rustci-docs", "yaml", "x.yaml", bad).await;
    let body: Value = serde_json::from_str(&text).unwrap();
    assert_eq!((code, &body["message"]), (400, &"Pipeline must have at least one stage".into()));
    assert!(body["suggestions"].is_array());
    let (code, text) = upload(&world, "/rustci-runners", "yaml", "x.yaml", bad).await;
    let body: Value = serde_json::from_str(&text).unwrap();
    assert_eq!((code, &body["error"]["code"]), (401, &"AUTHENTICATION_ERROR".into()));
    let table = [
        (upload(&world, "/rustci", "other", "x.yaml", YAML).await.0, 400),
        (upload(&world, "/rustci", "file", "x.txt", YAML).await.0, 415),
        (upload(&world, "/rustci", "file", "x.yaml", &format!("{YAML}#{}", "x".repeat(10 << 20))).await.0, 413),
        (send(&world, "POST", "/pipelines", &json!({ "yaml_content": YAML })).await.0, 200),
        (send(&world, "POST", "/pipelines", &json!({})).await.0, 422),
        (send(&world, "POST", "/pipelines", &json!([])).await.0, 422),
        (send(&world, "POST", "/pipelines/x/trigger", &json!({ "trigger_type": "manual" })).await.0, 400),
        (send(&world, "PUT", "/executions", &json!({})).await.0, 405),
        (world.http.send("POST", "/rustci/api/ci/pipelines", "text/plain", "x").await.0, 415),
        (world.http.send("POST", "/rustci/api/ci/pipelines", JSON, "{").await.0, 400),
        (world.http.text("/rustci/api/nothing").await.0, 404),
    ];
    for (number, (code, wanted)) in table.into_iter().enumerate() {
        assert_eq!(code, wanted, "row {number}");
    }
    world.handle.connect_rustci(false);
    assert_eq!(world.http.get("/rustci/api/healthchecker").await["database"]["status"], "disconnected");
    assert_eq!(world.http.json("/rustci/api/ci/executions").await.0, 500);
}

#[tokio::test]
async fn other_worlds_have_no_such_server() {
    let demo = quarterdeck::demo::start(Options { held: true, ..Options::default() }).await.unwrap();
    assert!(demo.rustci.is_none());
}
