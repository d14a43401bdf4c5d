//! S9: the controller aborts a canary at 25 % (slo.md §7), measurement by measurement.

use quarterdeck::demo::Options;
use quarterdeck::slo::budget;
use serde_json::Value;

use super::{Held, RUNS, items, weight};

const ROUTES: &str = "/apis/networking.istio.io/v1/namespaces/production/virtualservices/checkout";
const APPLICATION: &str = "/apis/argoproj.io/v1alpha1/namespaces/argocd/applications/shop-production";

/// The one metric of the analysis at 25 %.
async fn metric(world: &Held) -> Value {
    let list = world.http.get(RUNS).await;
    let mine = |it: &&Value| it["metadata"]["labels"]["step-index"] == "4";
    items(&list).iter().find(mine).expect("the analysis at 25 %")["status"]["metricResults"][0].clone()
}

fn newest(metric: &Value) -> f64 {
    let text = metric["measurements"].as_array().unwrap().last().unwrap()["value"].as_str().unwrap();
    text.trim_matches(['[', ']']).parse().unwrap()
}

async fn routed(world: &Held) -> (i64, i64) {
    let routes = world.http.get(ROUTES).await["spec"]["http"][0]["route"].clone();
    let weight = |at: usize| routes[at]["weight"].as_i64().unwrap();
    (weight(1), weight(0))
}

#[tokio::test]
async fn the_fourth_failed_measurement_ends_it_and_all_traffic_goes_back() {
    let world = Held::with(Options { scenario: "aborted-canary".to_owned(), held: true, ..Options::default() }).await;
    assert_eq!(weight(&world.rollout().await), 25, "it opens before the analysis");
    world.until("the analysis", |it| it["status"]["currentStepIndex"] == 4).await;
    world.seconds(2);
    for (at, measured, failed, canary) in
        [(0, 0.9998, 0, 25), (30, 0.9798, 1, 25), (60, 0.9599, 2, 25), (90, 0.9399, 3, 25), (120, 0.9200, 4, 0)]
    {
        let metric = metric(&world).await;
        let value = newest(&metric);
        // The table cuts its figures after the fourth place.
        assert!((value - measured).abs() < 1.1e-4, "T {at}: {value}");
        assert_eq!(metric["failed"].as_i64().unwrap_or(0), failed, "T {at}: {metric}");
        let rollout = world.rollout().await;
        assert_eq!(weight(&rollout), canary, "T {at}");
        assert_eq!(rollout["status"]["phase"] == "Degraded", failed > 3, "T {at}: {}", rollout["status"]);
        assert_eq!(routed(&world).await, (canary, 100 - canary), "T {at}: the VirtualService carries it");
        if failed < 4 {
            world.seconds(30);
        }
    }
    let message = world.rollout().await["status"]["message"].as_str().unwrap().to_owned();
    assert!(message.ends_with("assessed Failed due to failed (4) > failureLimit (3)"), "{message}");
    world.minutes(2);
    let application = world.http.get(APPLICATION).await;
    let stands = |field: &str| application["status"][field]["status"].clone();
    assert_eq!((stands("sync"), stands("health")), ("Synced".into(), "Degraded".into()), "T 240");
    // What it cost: a quarter of the users met 8 %, the others what they always meet.
    let burn = budget::burn(budget::of_percent("99.9").unwrap(), 0.25 * 0.08 + 0.75 * 0.0002);
    assert!((burn - 20.15).abs() < 1e-9, "{burn}");
    let (span, month) = (std::time::Duration::from_secs(150), std::time::Duration::from_hours(720));
    assert!((budget::spent_at(burn, span, month) - 0.0012).abs() < 5e-5);
}
