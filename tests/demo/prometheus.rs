//! The demo's Prometheus over HTTP: the incident's numbers, the rules beside their expressions, and
//! the answers and errors of a real server.

use serde_json::Value;

use super::{Held, RUNS, items};

const API: &str = "/prometheus/api/v1";

/// Percent-encodes a query.
fn encoded(text: &str) -> String {
    text.bytes()
        .map(|byte| if byte.is_ascii_alphanumeric() { char::from(byte).to_string() } else { format!("%{byte:02X}") })
        .collect()
}

async fn ask(world: &Held, query: &str, at: f64) -> Vec<Value> {
    let answer = world.http.get(&format!("{API}/query?query={}&time={at:.3}", encoded(query))).await;
    assert_eq!(answer["status"], "success", "{query}: {answer}");
    answer["data"]["result"].as_array().unwrap().clone()
}

/// The one value of a query.
async fn value(world: &Held, query: &str, at: f64) -> f64 {
    let result = ask(world, query, at).await;
    assert_eq!(result.len(), 1, "{query}: {result:?}");
    result[0]["value"][1].as_str().unwrap().parse().unwrap()
}

async fn refused(world: &Held, path: &str) -> (u16, String, String) {
    let (code, body) = world.http.json(&format!("{API}{path}")).await;
    let text = |field: &str| body[field].as_str().unwrap_or_default().to_owned();
    (code, text("errorType"), text("error"))
}

/// The moment T 0: the analysis at 50 % began in that second.
async fn half(world: &Held) -> f64 {
    world.half().await;
    world.seconds(1);
    let list = world.http.get(RUNS).await;
    let run = items(&list).iter().rfind(|it| it["metadata"]["labels"]["step-index"] == "6").unwrap();
    run["status"]["startedAt"].as_str().unwrap().parse::<jiff::Timestamp>().unwrap().as_second() as f64
}

/// Nobody acts, and the controller's own analysis tolerates everything.
async fn tolerate(world: &Held) {
    let list = world.http.get(RUNS).await;
    let run = items(&list).iter().rfind(|it| it["metadata"]["labels"]["step-index"] == "6").unwrap();
    let limit = serde_json::json!([{ "op": "replace", "path": "/spec/metrics/0/failureLimit", "value": 1_000 }]);
    let path = format!("{RUNS}/{}", run["metadata"]["name"].as_str().unwrap());
    let (code, answer) = world.http.patch(&path, "application/json-patch+json", &limit).await;
    assert_eq!(code, 200, "{answer}");
}

fn four(value: f64) -> String {
    format!("{value:.4}")
}

const CANARY: &str = r#"sum(increase(http_requests_total{service="checkout",arm="canary",code=~"5.."}[5m]))"#;
const STABLE: &str = r#"sum(increase(http_requests_total{service="checkout",arm="stable",code=~"5.."}[5m]))"#;
const N: &str = r#"sum by (arm) (increase(http_requests_total{service="checkout"}[5m]))"#;

fn burn(window: &str) -> String {
    format!(
        r#"slo:sli_error:ratio_rate{window}{{sloth_id="checkout-availability"}} / on(sloth_id, sloth_slo, sloth_service) group_left() slo:error_budget:ratio{{sloth_id="checkout-availability"}}"#
    )
}

const CONSUMED: &str = r#"slo:period_burn_rate:ratio{sloth_id="checkout-availability"}"#;

/// `slo.md` §7, the table of S2.
#[tokio::test]
async fn the_slow_burn_has_the_numbers_of_the_incident() {
    let world = Held::open().await;
    let zero = half(&world).await;
    let table = [
        (5, 24, [".5000", ".2250", ".2042"], ".4001"),
        (10, 54, ["1.0000", ".2917", ".2153"], ".4002"),
        (15, 84, ["1.5000", ".4000", ".2333"], ".4003"),
        (20, 114, ["2.0000", ".5500", ".2583"], ".4006"),
        (60, 353, ["5.9800", "3.2483", ".7081"], ".4045"),
    ];
    let mut minute = 0;
    tolerate(&world).await;
    for (at, failures, burns, consumed) in table {
        world.minutes(at - minute);
        minute = at;
        let time = zero + at as f64 * 60.0;
        assert_eq!(value(&world, CANARY, time).await.round() as i64, failures, "T {at}, canary");
        assert_eq!(value(&world, STABLE, time).await.round() as i64, 6, "T {at}, stable");
        for arm in ask(&world, N, time).await {
            assert_eq!(arm["value"][1], "30000", "T {at}: {arm}");
        }
        for (window, expected) in ["5m", "1h", "6h"].into_iter().zip(burns) {
            let expected: f64 = expected.parse().unwrap();
            assert_eq!(four(value(&world, &burn(window), time).await), four(expected), "T {at}, burn over {window}");
        }
        assert_eq!(four(value(&world, CONSUMED, time).await), format!("0{consumed}"), "T {at}, consumed");
    }
}

/// The last row of S2: the first page, and /alerts and /rules say the same.
#[tokio::test]
async fn ignored_the_burn_pages_372_minutes_after_a_comparison_would_have_acted() {
    let world = Held::open().await;
    let zero = half(&world).await;
    tolerate(&world).await;
    world.minutes(390);
    assert!(!names(&world).await.contains(&"critical CheckoutAvailabilityErrorBudgetBurn".to_owned()));
    world.minutes(2);
    let time = zero + 392.0 * 60.0;
    assert_eq!(format!("{:.2}", value(&world, &burn("30m"), time).await), "6.10");
    assert_eq!(four(value(&world, &burn("6h"), time).await), "6.0025");
    assert_eq!(four(value(&world, CONSUMED, time).await), "0.4514");
    assert!(names(&world).await.contains(&"critical CheckoutAvailabilityErrorBudgetBurn".to_owned()));
}

/// Severity and name of the alerts.
async fn names(world: &Held) -> Vec<String> {
    let alerts = world.http.get(&format!("{API}/alerts")).await;
    let all = alerts["data"]["alerts"].as_array().unwrap();
    let text = |value: &Value| value.as_str().unwrap().to_owned();
    all.iter().map(|it| format!("{} {}", text(&it["labels"]["severity"]), text(&it["labels"]["alertname"]))).collect()
}

#[tokio::test]
async fn parse_errors_ranges_and_unknown_functions_are_refused_in_its_words() {
    let world = Held::open().await;
    let (code, kind, error) = refused(&world, "/query?query=sum(").await;
    assert_eq!((code, kind.as_str()), (400, "bad_data"));
    assert!(error.starts_with("invalid parameter \"query\": 1:5: parse error:"), "{error}");
    let (code, kind, error) = refused(&world, "/query?query=deriv(up%5B5m%5D)").await;
    assert_eq!((code, kind.as_str()), (422, "execution"));
    assert!(error.contains("deriv"), "{error}");
    let (code, _, error) = refused(&world, "/query_range?query=up&start=0&end=11001&step=1").await;
    assert_eq!(code, 400);
    assert!(error.starts_with("exceeded maximum resolution of 11,000 points per timeseries"), "{error}");
}
