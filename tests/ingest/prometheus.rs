//! Answers of Prometheus as a real server gave them: `prometheus/*.json` are those of the lab's 2.42
//! when the analysis had just aborted the canary; its two ways of having no value are among them. What
//! the lab never said (a range, a native histogram, errors) is written as the API's own description has it.

use std::time::Duration;

use quarterdeck::model::slo::BurnSeverity;
use quarterdeck::model::{Kind, SourceId};
use quarterdeck::systems::prometheus::rules::Rules;
use quarterdeck::systems::prometheus::{discover, ingest};
use serde_json::{Value, json};

const SLO: &str = include_str!("prometheus/query-slo.json");
const REQUESTS: &str = include_str!("prometheus/query-requests.json");
const NAN: &str = include_str!("prometheus/query-nan.json");
const NOTHING: &str = include_str!("prometheus/query-nothing.json");
const RULES: &str = include_str!("prometheus/rules.json");
const ALERTS: &str = include_str!("prometheus/alerts.json");
const BUILD: &str = include_str!("prometheus/buildinfo.json");
const SOURCE: SourceId = SourceId(4);
const ID: &str = "checkout-availability";

fn told(body: &str) -> ingest::Told {
    ingest::told(body.as_bytes()).unwrap_or_else(|odd| panic!("{odd:?}: {body}"))
}

/// An answer with this result.
fn success(kind: &str, result: Value) -> String {
    json!({ "status": "success", "data": { "resultType": kind, "result": result } }).to_string()
}

#[test]
fn the_recorded_series_of_an_objective_are_read_whole() {
    let answer = told(SLO);
    assert_eq!((answer.series.len(), answer.left_out, answer.warning), (14, 0, None));
    let of = |name: &str| answer.series.iter().find(|series| series.label("__name__") == name).unwrap();
    assert!(answer.series.iter().all(|series| series.label("sloth_id") == ID && series.points.len() == 1));
    let ratio = of("slo:sli_error:ratio_rate5m");
    assert_eq!((ratio.label("sloth_window"), ratio.points[0]), ("5m", (1_795_224_303.579, 0.013_162_773_046_973_962)));
    assert_eq!(of("slo:time_period:days").value(), Some(30.0));
    assert_eq!(
        ingest::time(ratio.points[0].0),
        Some("2026-11-21T01:25:03.579Z".parse().unwrap()),
        "to the millisecond"
    );

    let arms = told(REQUESTS);
    let sum = |arm: &str| -> f64 {
        arms.series.iter().filter(|series| series.label("arm") == arm).filter_map(ingest::Series::value).sum()
    };
    assert!(sum("canary") > 0.0 && sum("stable") > sum("canary"), "{arms:?}");
}

/// 0 of 0 requests, and no series at all: neither is a zero.
#[test]
fn the_two_recorded_ways_of_having_no_value_are_told_apart() {
    let idle = told(NAN);
    assert!(idle.series.len() == 1 && idle.series[0].value().unwrap().is_nan() && idle.left_out == 0);
    let gone = told(NOTHING);
    assert!(gone.series.is_empty() && gone.left_out == 0 && gone.warning.is_none());
}

#[test]
fn the_recorded_rules_tell_the_objective_its_interval_and_its_alerts() {
    let (rules, warning) = ingest::rules(RULES.as_bytes()).unwrap();
    assert_eq!((rules.len(), rules.iter().filter(|rule| rule.alerting).count(), warning), (2 + 7 + 8, 2, None));
    assert!(rules.iter().all(|rule| rule.interval == Duration::from_secs(2) && rule.error.is_none()));
    let found = Rules::of(&rules);
    let series = told(SLO);
    let key = discover::times(&series.series).into_keys().map(|(key, _)| key).next().unwrap();
    assert_eq!(key.id, ID);
    let of = found.get(&key).unwrap();
    assert_eq!(of.interval, Some(Duration::from_secs(2)), "what coverage is counted by");
    assert!(of.mean_of_ratios, "Sloth's mean over 30 days, which has no id among its labels");
    assert!(of.ratio_5m.as_ref().unwrap().contains("[5m]"), "{:?}", of.ratio_5m);
    let mut severities: Vec<BurnSeverity> = of.alerts.iter().map(|alert| alert.0).collect();
    severities.dedup();
    assert_eq!(severities, [BurnSeverity::Page, BurnSeverity::Ticket]);
    let windows: Vec<(&str, &str)> = of.alerts.iter().map(|alert| (alert.1.as_str(), alert.2.as_str())).collect();
    assert_eq!(windows, [("5m", "1h"), ("2h", "1d")]);
    for (alert, factor) in of.alerts.iter().zip([14.4, 3.0]) {
        assert!((alert.3 - factor).abs() < 1e-9, "{alert:?}");
    }
}

#[test]
fn the_recorded_alerts_are_read_with_their_objective() {
    let all = ingest::alerts(SOURCE, ALERTS.as_bytes()).unwrap();
    assert_eq!((all.alerts.len(), all.left_out, all.warning), (1, 0, None));
    let alert = &all.alerts[0];
    assert_eq!((alert.meta.id(Kind::Alert).name.raw(), alert.firing), ("CheckoutErrorBudgetSlowBurn", true));
    assert_eq!((alert.severity.as_str(), alert.meta.namespace.raw()), ("warning", "checkout"));
    assert_eq!(alert.slo.as_ref().unwrap().as_str(), ID);
    assert_eq!(alert.summary.as_str(), "checkout burns its error budget");
    assert_eq!(alert.since, Some("2026-11-21T01:24:59.610485222Z".parse().unwrap()));
    // What is pending is no page yet.
    let pending = ALERTS.replace("\"firing\"", "\"pending\"");
    assert!(!ingest::alerts(SOURCE, pending.as_bytes()).unwrap().alerts[0].firing);
}

#[test]
fn ranges_scalars_and_native_histograms() {
    let range = success(
        "matrix",
        json!([{ "metric": { "job": "a" }, "values": [[1.0, "1"], [2.0, "NaN"], [2.5, "+Inf"], [3, "1e-05"]] }]),
    );
    let points = &told(&range).series[0].points;
    assert_eq!((points.len(), points[0], points[3]), (4, (1.0, 1.0), (3.0, 0.000_01)));
    assert!(points[1].1.is_nan() && points[2].1.is_infinite());
    assert_eq!(told(&success("scalar", json!([1.0, "0.5"]))).series[0].value(), Some(0.5));
    // A native histogram beside a number costs itself, and is counted.
    let buckets = json!({ "count": "60", "sum": "33", "buckets": [[0, "0.1", "0.2", "60"]] });
    let mixed = success(
        "vector",
        json!([{ "metric": {}, "histogram": [1.0, buckets] }, { "metric": {}, "value": [1.0, "2"] }]),
    );
    assert_eq!((told(&mixed).series.len(), told(&mixed).left_out), (1, 1));
    let odd = json!([null, 17, [], {}, { "metric": {} }, { "metric": {}, "value": [1.0] }, { "value": [1.0, "1"] }]);
    assert_eq!((told(&success("vector", odd.clone())).series.len(), told(&success("vector", odd)).left_out), (0, 7));
}

#[test]
fn warnings_come_with_what_there_is() {
    let mut body: Value = serde_json::from_str(SLO).unwrap();
    body["warnings"] = json!(["No StoreAPIs matched", "store 10.0.0.7:10901 is gone"]);
    let answer = told(&body.to_string());
    assert_eq!(answer.series.len(), 14);
    assert_eq!(answer.warning.unwrap().as_str(), "No StoreAPIs matched; store 10.0.0.7:10901 is gone");
    for none in [json!([]), json!(null)] {
        body["warnings"] = none;
        assert_eq!(told(&body.to_string()).warning, None);
    }
    body["infos"] = json!(["PromQL info: metric might not be a counter"]);
    assert_eq!(told(&body.to_string()).warning, None, "an info takes nothing from the figures");
}

/// Also with status 200, as some of those that speak its API send it.
type Reads = fn(&[u8]) -> bool;

#[test]
fn an_error_is_its_own_words_and_never_an_empty_list() {
    let error = |kind: &str, error: &str| json!({ "status": "error", "errorType": kind, "error": error }).to_string();
    let all = [
        (error("execution", "many-to-many matching not allowed"), "many-to-many matching not allowed (execution)"),
        (error("bad_data", "1:5: parse error"), "1:5: parse error (bad_data)"),
        (error("not_acceptable", "x"), "x (not_acceptable)"),
        ("{\"status\":\"error\"}".to_owned(), "without a word"),
        (BUILD.to_owned(), "no series"),
        (success("string", json!([1.0, "x"])), "\"string\", which is no series"),
        ("{}".to_owned(), "does not say that it is a success"),
        ("<html>".to_owned(), "not what Prometheus sends"),
        (String::new(), "not what Prometheus sends"),
    ];
    for (body, wanted) in all {
        let said = ingest::told(body.as_bytes()).expect_err(&body);
        assert!(said.as_str().contains(wanted), "{body}: {said:?}");
    }
    for body in [SLO, NOTHING, "{\"status\":\"success\",\"data\":{}}", "{\"status\":\"success\",\"data\":null}"] {
        assert!(ingest::rules(body.as_bytes()).is_err(), "{body}");
        assert!(ingest::alerts(SOURCE, body.as_bytes()).is_err(), "{body}");
    }
    let read: [(&str, Reads); 3] = [
        (SLO, |cut| ingest::told(cut).is_ok()),
        (RULES, |cut| ingest::rules(cut).is_ok()),
        (ALERTS, |cut| ingest::alerts(SOURCE, cut).is_ok()),
    ];
    for (whole, reads) in read {
        let whole = serde_json::from_str::<Value>(whole).unwrap().to_string();
        assert!(reads(whole.as_bytes()));
        // A prime, so that every kind of place is met.
        for end in (0..whole.len()).step_by(7) {
            assert!(!reads(&whole.as_bytes()[..end]), "cut at {end}");
        }
    }
}
