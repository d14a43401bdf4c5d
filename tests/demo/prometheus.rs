//! The demo's Prometheus over HTTP: the incident's numbers, the rules beside their expressions, and
//! the answers and errors of a real server.

use quarterdeck::demo::Options;
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

/// `slo.md` §7, the table of S1: each dwell on its own, the rates of its whole counts.
#[tokio::test]
async fn the_clean_canary_has_the_numbers_of_the_incident() {
    let world = Held::with(Options { scenario: "clean-canary".to_owned(), held: true, ..Options::default() }).await;
    let table = [
        (10, 4, [60, 288_000, 518, 2_592_000], "0.2007", "0.2111"),
        (25, 4, [151, 720_000, 432, 2_160_000], "0.2024", "0.2122"),
        (50, 8, [605, 2_880_000, 576, 2_880_000], "0.2050", "0.2145"),
        (75, 8, [907, 4_320_000, 288, 1_440_000], "0.2075", "0.2168"),
    ];
    let mut dwelt = 0;
    for (weight, hours, counts, burn, consumed) in table {
        world.until("the next weight", |it| super::weight(it) == weight).await;
        let from = world.handle.now().as_second() - 1;
        if dwelt == 0 {
            assert_eq!(four(value(&world, CONSUMED, from as f64).await), "0.2100");
        }
        world.minutes(hours * 60 - 2);
        dwelt += hours;
        let at = (from + hours as i64 * 3_600) as f64;
        world.seconds((at as i64 - world.handle.now().as_second()).unsigned_abs());
        let mut found = Vec::new();
        for arm in ["canary", "stable"] {
            for code in [",code=~\"5..\"", ""] {
                let query =
                    format!("sum(increase(http_requests_total{{service=\"checkout\",arm=\"{arm}\"{code}}}[{hours}h]))");
                found.push(value(&world, &query, at).await.round() as i64);
            }
        }
        assert_eq!(found, counts, "at {weight} %");
        let rate = (found[0] + found[2]) as f64 / (found[1] + found[3]) as f64 / 0.001;
        assert_eq!(four(rate), burn, "at {weight} %");
        assert_eq!(four(value(&world, CONSUMED, at).await), consumed, "after {dwelt} h");
        assert!(names(&world).await.is_empty(), "nothing louder than info");
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

/// What the rules record is what their expressions give, and every alert is what its own says.
#[tokio::test]
async fn every_rule_records_what_its_expression_gives() {
    let world = Held::open().await;
    let now = world.handle.now().as_second() as f64;
    let rules = world.http.get(&format!("{API}/rules")).await;
    let groups = rules["data"]["groups"].as_array().unwrap();
    assert_eq!(groups.len(), 3 * 5, "three groups for each objective but that of a file");
    let alerts = world.http.get(&format!("{API}/alerts")).await["data"]["alerts"].as_array().unwrap().len();
    let (mut recording, mut firing) = (0, 0);
    for rule in groups.iter().flat_map(|group| group["rules"].as_array().unwrap()) {
        let expression = ask(&world, rule["query"].as_str().unwrap(), now).await;
        if rule["type"] == "alerting" {
            assert_eq!(rule["state"] == "firing", !expression.is_empty(), "{rule}");
            firing += expression.len();
            continue;
        }
        let labels = rule["labels"].as_object().unwrap().iter();
        let labels: Vec<String> = labels.map(|(name, value)| format!("{name}={value}")).collect();
        let recorded = format!("{}{{{}}}", rule["name"].as_str().unwrap(), labels.join(","));
        let values = |answer: Vec<Value>| answer.iter().map(|it| it["value"][1].clone()).collect::<Vec<_>>();
        assert_eq!(values(ask(&world, &recorded, now).await), values(expression), "{recorded}");
        recording += 1;
    }
    assert_eq!(recording, 15 * 5);
    assert_eq!(firing, alerts);
    assert_eq!(names(&world).await, ["warning SearchAvailabilityErrorBudgetBurn"]);
}

/// One service that is no longer scraped, one that nobody asks for, one that is calm.
#[tokio::test]
async fn gone_idle_and_calm_services_are_told_apart() {
    let world = Held::open().await;
    let now = world.handle.now().as_second() as f64;
    let of = |id: &str| format!("slo:sli_error:ratio_rate5m{{sloth_id=\"{id}\"}}");
    assert!(ask(&world, &of("payments-availability"), now).await.is_empty(), "gone for 7 minutes");
    assert_eq!(ask(&world, &of("payments-availability"), now - 480.0).await.len(), 1, "it was there before");
    assert!(ask(&world, "up{job=\"payments\"}", now).await.is_empty());
    assert!(value(&world, &of("web-availability"), now).await.is_nan(), "0 of 0 requests");
    let remaining = "slo:period_error_budget_remaining:ratio";
    for (id, left) in [("web-availability", 0.79), ("catalog-availability", 0.918)] {
        let left_now = value(&world, &format!("{remaining}{{sloth_id=\"{id}\"}}"), now).await;
        assert!((left_now - left).abs() < 0.002, "{id}: {left_now} is not {left}");
    }
    let p95 = r#"histogram_quantile(0.95, sum by (le, arm) (rate(http_request_duration_seconds_bucket{service="checkout"}[5m])))"#;
    for arm in ask(&world, p95, now).await {
        let seconds: f64 = arm["value"][1].as_str().unwrap().parse().unwrap();
        assert!((0.15..0.2).contains(&seconds), "{arm}");
    }
}

#[tokio::test]
async fn fifty_objectives_over_thirty_days_are_answered_at_once() {
    let world = Held::with(Options { scenario: "scale".to_owned(), held: true, pods: 20, ..Options::default() }).await;
    let now = world.handle.now().as_second() as f64;
    let info = ask(&world, "count(sloth_slo_info)", now).await;
    assert_eq!(info[0]["value"][1], "50");
    let all = ask(&world, "{__name__=~\"slo:.*\"}", now).await;
    assert!(all.len() > 600, "{} series", all.len());
    let coverage = ask(&world, "count_over_time(slo:sli_error:ratio_rate5m[30d]) * 30 / 2592000", now).await;
    let full = coverage.iter().filter(|it| it["value"][1] == "1").count();
    assert!(full > 40, "{full} of {} are whole", coverage.len());
    let path = format!(
        "{API}/query_range?query=slo%3Aperiod_error_budget_remaining%3Aratio&start={}&end={now}&step=10800",
        now - 2_592_000.0
    );
    let history = world.http.get(&path).await;
    assert!(history["data"]["result"].as_array().unwrap().len() > 40);
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
