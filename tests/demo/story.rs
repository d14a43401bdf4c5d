//! The canary regression: its numbers, and how its world answers what a person does.

use serde_json::{Value, json};

use super::{Held, ROLLOUT, RUNS, SETS, hash, items, weight};

async fn run(world: &Held, step: &str) -> Value {
    let rollout = world.rollout().await;
    let list = world.http.get(RUNS).await;
    let mine = |it: &&Value| {
        it["metadata"]["labels"]["step-index"] == step
            && it["metadata"]["labels"]["rollouts-pod-template-hash"] == hash(&rollout)
    };
    let newest = items(&list).iter().filter(mine).max_by_key(|it| it["metadata"]["creationTimestamp"].to_string());
    newest.unwrap_or_else(|| panic!("no run for step {step}")).clone()
}

/// The result of a metric of the analysis at 50 %.
async fn metric(world: &Held, name: &str) -> Value {
    let run = run(world, "6").await;
    let results = run["status"]["metricResults"].as_array().unwrap();
    results.iter().find(|it| it["name"] == name).unwrap().clone()
}

fn newest_value(result: &Value) -> f64 {
    let text = result["measurements"].as_array().unwrap().last().unwrap()["value"].as_str().unwrap();
    text.trim_matches(['[', ']']).parse().unwrap()
}

/// The ReplicaSet of a hash.
async fn set(world: &Held, hash: &str) -> Value {
    let list = world.http.get(SETS).await;
    let mine = |it: &&Value| it["metadata"]["labels"]["rollouts-pod-template-hash"] == hash;
    items(&list).iter().find(mine).unwrap().clone()
}

fn guarded_abort(rollout: &Value) -> Value {
    json!([
        { "op": "test", "path": "/metadata/uid", "value": rollout["metadata"]["uid"] },
        { "op": "test", "path": "/status/currentPodHash", "value": hash(rollout) },
        { "op": "add", "path": "/status/abort", "value": true },
    ])
}

fn guarded_retry(rollout: &Value) -> Value {
    json!([
        { "op": "test", "path": "/status/currentPodHash", "value": hash(rollout) },
        { "op": "test", "path": "/status/abort", "value": true },
        { "op": "replace", "path": "/status/abort", "value": false },
    ])
}

fn guarded_promote(rollout: &Value) -> Value {
    json!([
        { "op": "test", "path": "/status/currentPodHash", "value": hash(rollout) },
        { "op": "test", "path": "/status/currentStepIndex", "value": rollout["status"]["currentStepIndex"] },
        { "op": "remove", "path": "/status/pauseConditions" },
    ])
}

#[tokio::test]
async fn opens_a_minute_before_half_of_the_traffic_reaches_the_new_version() {
    let world = Held::open().await;
    let rollout = world.rollout().await;
    assert_eq!(rollout["status"]["phase"], "Paused");
    assert_eq!(weight(&rollout), 25);
    assert_eq!(run(&world, "2").await["status"]["phase"], "Successful");
    let opened = world.handle.now();
    world.half().await;
    let waited = world.handle.now().duration_since(opened).as_secs();
    assert!((58..=62).contains(&waited), "T 0 is {waited} s after the opening");
}

/// `slo.md` §7, S2: canary failures of 30 000 requests in the 5 minutes before T.
#[tokio::test]
async fn measures_what_the_incident_says() {
    let world = Held::open().await;
    world.half().await;
    world.seconds(1);
    let mut minute = 0;
    for (at, failures) in [(5, 24.0), (10, 54.0), (15, 84.0), (20, 114.0)] {
        world.minutes(at - minute);
        minute = at;
        let result = metric(&world, "error-rate").await;
        let value = newest_value(&result);
        assert!((value - failures / 30_000.0).abs() < 1e-9, "T {at}: {value} is not {failures} of 30 000");
        let latency = metric(&world, "latency-p95").await;
        assert!(newest_value(&latency) <= 0.5, "latency stays good");
        assert!(latency["failed"].is_null());
    }
}

#[tokio::test]
async fn the_first_measurement_fails_before_minute_eight() {
    let world = Held::open().await;
    world.half().await;
    world.seconds(1);
    world.minutes(6);
    assert!(metric(&world, "error-rate").await["failed"].is_null(), "T 6 is within the limit");
    world.minutes(1);
    let result = metric(&world, "error-rate").await;
    assert_eq!(result["failed"], 1);
    assert_eq!(result["measurements"].as_array().unwrap().last().unwrap()["phase"], "Failed");
    assert_eq!(world.rollout().await["status"]["phase"], "Progressing", "one failure is within the failure limit");
}

#[tokio::test]
async fn left_alone_the_controller_aborts_at_minute_fifty() {
    let world = Held::open().await;
    world.half().await;
    world.seconds(1);
    world.minutes(49);
    assert_eq!(world.rollout().await["status"]["phase"], "Progressing");
    world.minutes(1);
    let rollout = world.rollout().await;
    assert_eq!(rollout["status"]["phase"], "Degraded");
    assert_eq!(
        rollout["status"]["message"],
        "RolloutAborted: Rollout aborted update to revision 3: Step-based analysis phase error/failed: Metric \"error-rate\" assessed Failed due to failed (44) > failureLimit (43)"
    );
    assert_eq!(weight(&rollout), 0);
    assert_eq!(run(&world, "6").await["status"]["phase"], "Failed");
}

#[tokio::test]
async fn an_abort_is_answered_as_the_controller_answers_it() {
    let world = Held::open().await;
    let before = world.half().await;
    world.minutes(9);
    let (code, answered) = world.patch(guarded_abort(&before)).await;
    assert_eq!(code, 200, "{answered}");
    assert_eq!(answered["status"]["abort"], true);
    assert!(answered["status"]["abortedAt"].is_null(), "the controller has not looked yet");
    assert_eq!(weight(&answered), 50);
    world.seconds(1);
    let rollout = world.rollout().await;
    assert!(rollout["status"]["abortedAt"].is_string());
    assert_eq!(rollout["status"]["phase"], "Degraded");
    assert_eq!(rollout["status"]["message"], "RolloutAborted: Rollout aborted update to revision 3");
    assert_eq!(rollout["status"]["currentStepIndex"], 0);
    assert_eq!(weight(&rollout), 0);
    let canary = set(&world, hash(&rollout)).await;
    assert!(canary["metadata"]["annotations"]["scale-down-deadline"].is_string());
    assert_eq!(canary["spec"]["replicas"], 3, "the pods stay for abortScaleDownDelaySeconds");
    world.seconds(33);
    assert_eq!(set(&world, hash(&rollout)).await["spec"]["replicas"], 0);
    let run = run(&world, "6").await;
    assert_eq!(run["status"]["message"], "Run Terminated");
    let events = world.http.get("/api/v1/namespaces/production/events?fieldSelector=reason=RolloutAborted").await;
    assert_eq!(items(&events).len(), 1);
    assert_eq!(items(&events)[0]["type"], "Warning");
    // The world goes on.
    let version = items(&world.http.get("/api/v1/pods").await).len();
    world.minutes(20);
    let after = world.http.get("/api/v1/pods").await;
    assert!(version > 0 && !items(&after).is_empty());
    assert_eq!(world.rollout().await["status"]["phase"], "Degraded");
}

#[tokio::test]
async fn a_retry_walks_the_steps_again() {
    let world = Held::open().await;
    let before = world.half().await;
    world.minutes(2);
    world.patch(guarded_abort(&before)).await;
    world.seconds(60);
    let aborted = world.rollout().await;
    let (code, _) = world.patch(guarded_retry(&aborted)).await;
    assert_eq!(code, 200);
    world.seconds(1);
    let rollout = world.rollout().await;
    assert!(rollout["status"]["abortedAt"].is_null());
    assert_eq!(rollout["status"]["phase"], "Progressing");
    let rollout = world.until("the first weight again", |it| weight(it) == 10).await;
    assert_eq!(rollout["status"]["currentPodHash"], before["status"]["currentPodHash"]);
    let (code, _) = world.patch(guarded_retry(&rollout)).await;
    assert_eq!(code, 422, "nothing to retry any more");
    // The second analysis of the same step gets a name of its own.
    world.minutes(9);
    world.half().await;
    world.seconds(1);
    assert!(run(&world, "6").await["metadata"]["name"].as_str().unwrap().ends_with("-3-6.1"));
}

#[tokio::test]
async fn a_promotion_ends_the_pause_and_nothing_more() {
    let world = Held::open().await;
    let rollout = world.rollout().await;
    assert_eq!(rollout["status"]["currentStepIndex"], 4);
    let (code, _) = world.patch(guarded_promote(&rollout)).await;
    assert_eq!(code, 200);
    world.seconds(1);
    assert_eq!(world.rollout().await["status"]["currentStepIndex"], 5);
    let (code, _) = world.patch(guarded_promote(&rollout)).await;
    assert_eq!(code, 422, "a second send does not skip a step");
}

#[tokio::test]
async fn a_full_promotion_makes_the_new_version_stable() {
    let world = Held::open().await;
    let before = world.rollout().await;
    let (code, _) = world.patch(json!([{ "op": "add", "path": "/status/promoteFull", "value": true }])).await;
    assert_eq!(code, 200);
    let rollout = world.until("healthy", |it| it["status"]["phase"] == "Healthy").await;
    assert_eq!(rollout["status"]["stableRS"], before["status"]["currentPodHash"]);
    assert!(rollout["status"]["promoteFull"].is_null());
    assert_eq!(rollout["status"]["currentStepIndex"], 10);
    world.seconds(40);
    let old = set(&world, before["status"]["stableRS"].as_str().unwrap()).await;
    assert_eq!(old["spec"]["replicas"], 0, "the old version goes after its delay");
}

#[tokio::test]
async fn an_undo_in_the_middle_goes_straight_back_to_stable() {
    let world = Held::open().await;
    let before = world.half().await;
    let stable = before["status"]["stableRS"].as_str().unwrap().to_owned();
    let mut template = set(&world, &stable).await["spec"]["template"].clone();
    template["metadata"]["labels"].as_object_mut().unwrap().remove("rollouts-pod-template-hash");
    let patch = json!([
        { "op": "test", "path": "/metadata/resourceVersion", "value": before["metadata"]["resourceVersion"] },
        { "op": "replace", "path": "/spec/template", "value": template },
    ]);
    let (code, answered) = world.http.patch(ROLLOUT, "application/json-patch+json", &patch).await;
    assert_eq!(code, 200, "{answered}");
    assert_eq!(answered["metadata"]["generation"].as_i64(), before["metadata"]["generation"].as_i64().map(|it| it + 1));
    world.seconds(2);
    let rollout = world.rollout().await;
    assert_eq!(rollout["status"]["currentPodHash"], stable.as_str());
    assert_eq!(rollout["status"]["phase"], "Healthy");
    assert_eq!(rollout["status"]["currentStepIndex"], 10);
    assert_eq!(rollout["metadata"]["annotations"]["rollout.argoproj.io/revision"], "4");
    assert_eq!(weight(&rollout), 0);
    let set = set(&world, &stable).await;
    assert_eq!(set["metadata"]["annotations"]["rollout.argoproj.io/revision-history"], "2");
}

#[tokio::test]
async fn a_deployment_is_undone_by_a_rolling_update() {
    const PAYMENTS: &str = "/apis/apps/v1/namespaces/production/deployments/payments";
    let world = Held::open().await;
    let before = world.http.get(PAYMENTS).await;
    let sets = world.http.get(&format!("{SETS}?labelSelector=app=payments")).await;
    let second = |it: &&Value| it["metadata"]["annotations"]["deployment.kubernetes.io/revision"] == "2";
    let mut template = items(&sets).iter().find(second).unwrap()["spec"]["template"].clone();
    template["metadata"]["labels"].as_object_mut().unwrap().remove("pod-template-hash");
    let patch = json!([{ "op": "replace", "path": "/spec/template", "value": template }]);
    let (code, _) = world.http.patch(PAYMENTS, "application/json-patch+json", &patch).await;
    assert_eq!(code, 200);
    let mut lowest = 4;
    for _ in 0..60 {
        world.seconds(1);
        let now = world.http.get(PAYMENTS).await;
        lowest = lowest.min(now["status"]["availableReplicas"].as_i64().unwrap());
    }
    assert!(lowest >= 3, "never fewer than maxUnavailable allows: {lowest}");
    let after = world.http.get(PAYMENTS).await;
    assert_eq!(after["status"]["observedGeneration"], after["metadata"]["generation"]);
    assert_ne!(after["spec"]["template"], before["spec"]["template"]);
    assert_eq!(after["status"]["updatedReplicas"], 4);
    assert_eq!(after["status"]["replicas"], 4);
    assert_eq!(after["metadata"]["annotations"]["deployment.kubernetes.io/revision"], "4");
}

#[tokio::test]
async fn a_blue_green_preview_waits_and_is_promoted() {
    const WEB: &str = "/apis/argoproj.io/v1alpha1/namespaces/production/rollouts/web";
    let world = Held::open().await;
    let before = world.http.get(WEB).await;
    assert_eq!(before["status"]["message"], "BlueGreenPause");
    assert_ne!(before["status"]["blueGreen"]["activeSelector"], before["status"]["blueGreen"]["previewSelector"]);
    let patch = json!([{ "op": "remove", "path": "/status/pauseConditions" }]);
    let (code, _) = world.http.patch(&format!("{WEB}/status"), "application/json-patch+json", &patch).await;
    assert_eq!(code, 200);
    world.seconds(1);
    let after = world.http.get(WEB).await;
    assert_eq!(after["status"]["phase"], "Healthy");
    assert_eq!(after["status"]["blueGreen"]["activeSelector"], before["status"]["currentPodHash"]);
    assert_eq!(after["status"]["stableRS"], before["status"]["currentPodHash"]);
}

#[tokio::test]
async fn a_person_pauses_and_lets_go() {
    let world = Held::open().await;
    world.half().await;
    world.seconds(2);
    let pause = |paused: bool| json!({ "spec": { "paused": paused } });
    let (code, _) = world.http.patch(ROLLOUT, "application/merge-patch+json", &pause(true)).await;
    assert_eq!(code, 200);
    world.seconds(1);
    let rollout = world.rollout().await;
    assert_eq!(rollout["status"]["message"], "manually paused");
    assert_eq!(rollout["status"]["observedGeneration"], rollout["metadata"]["generation"].to_string());
    world.http.patch(ROLLOUT, "application/merge-patch+json", &pause(false)).await;
    world.seconds(1);
    let rollout = world.rollout().await;
    assert_eq!(rollout["status"]["phase"], "Progressing");
    assert_eq!(rollout["status"]["currentStepIndex"], 6, "no step is skipped");
}

#[tokio::test]
async fn the_same_seed_plays_the_same_world() {
    let (one, two) = (Held::open().await, Held::open().await);
    for world in [&one, &two] {
        world.minutes(30);
    }
    let path = "/api/v1/pods";
    assert_eq!(one.http.get(path).await, two.http.get(path).await);
    let other = quarterdeck::demo::Options { held: true, seed: 7, ..Default::default() };
    let other = Held::with(other).await;
    other.minutes(30);
    assert_ne!(one.http.get(path).await, other.http.get(path).await);
    assert_eq!(weight(&one.rollout().await), weight(&other.rollout().await), "the story is the same");
}

#[tokio::test]
async fn numbers_out_of_range_are_refused_with_the_range() {
    let options = |speed| quarterdeck::demo::Options { speed: Some(speed), ..Default::default() };
    for speed in [0.0, -1.0, f64::NAN, 1e9] {
        let error = quarterdeck::demo::start(options(speed)).await.unwrap_err().to_string();
        assert!(error.ends_with("is out of range: from 0.01 to 10000"), "{error}");
    }
}

#[tokio::test]
async fn an_unknown_scenario_names_those_there_are() {
    let options = quarterdeck::demo::Options { scenario: "nope".to_owned(), ..Default::default() };
    let error = quarterdeck::demo::start(options).await.unwrap_err().to_string();
    assert_eq!(
        error,
        "no scenario is named \"nope\"; there are: canary-regression, aborted-canary, clean-canary, crash-loop, flaky-e2e, hpa-at-max, missing-arm64, out-of-sync, pipelines, rate-limit, scale"
    );
}
