//! The stable arm's query from the canary's; counts from a ratio.

use std::time::Duration;

use quarterdeck::model::slo::ArmMetric;
use quarterdeck::slo::promql::{self, ArmNames, Sense};

const NAMES: ArmNames<'static> =
    ArmNames { services: Some(("checkout-canary", "checkout")), hashes: Some(("9f8e7d1", "a1b2c3d")) };

/// A matcher of the canary, and the same of the stable arm; empty where nothing names the canary.
#[test]
fn only_what_names_the_canary_is_swapped() {
    for (canary, stable) in [
        (r#"arm="canary""#, r#"arm="stable""#),
        (r#"service="checkout-canary""#, r#"service="checkout""#),
        (
            r#"destination_service="checkout-canary.prod.svc.cluster.local""#,
            r#"destination_service="checkout.prod.svc.cluster.local""#,
        ),
        (r#"rollouts_pod_template_hash="9f8e7d1""#, r#"rollouts_pod_template_hash="a1b2c3d""#),
        (r#"pod=~"checkout-9f8e7d1-.*""#, r#"pod=~"checkout-a1b2c3d-.*""#),
        (r#"arm="canary",code=~"5..",service="checkout""#, r#"arm="stable",code=~"5..",service="checkout""#),
        (r#"service="checkout-canary2""#, ""),
        (r#"service="canary-tests""#, ""),
        (r#"service="checkout""#, ""),
        (r#"pod="checkout-9f8e7d1-x2p9""#, ""),
    ] {
        let query = |matcher: &str| format!("sum(rate(http_requests_total{{{matcher}}}[5m]))");
        let arms = promql::from_canary(&query(canary), &NAMES, Sense::Failure);
        let found = arms.map(|arms| arms.stable.value.to_string()).unwrap_or_default();
        let expected = if stable.is_empty() { String::new() } else { query(stable) };
        assert_eq!(found, expected, "{canary}");
    }
    assert_eq!(promql::from_canary("sum(rate(", &NAMES, Sense::Failure), None);
}

const ERRORS: &str = r#"sum(rate(r{arm="canary",code=~"5.."}[5m])) / sum(rate(r{arm="canary"}[5m]))"#;
const GOOD: &str = r#"sum(rate(r{arm="canary",code!~"5.."}[5m])) / sum(rate(r{arm="canary"}[5m]))"#;

#[test]
fn a_ratio_is_counted_over_its_window() {
    let bad = r#"(sum(increase(r{arm="canary",code=~"5.."}[5m]))) or 0 * (sum(increase(r{arm="canary"}[5m])))"#;
    let all = r#"sum(increase(r{arm="canary"}[5m]))"#;
    let good = r#"(sum(increase(r{arm="canary"}[5m]))) - ((sum(increase(r{arm="canary",code!~"5.."}[5m]))) or 0 * (sum(increase(r{arm="canary"}[5m]))))"#;
    for (query, sense, failed) in [
        (ERRORS.to_owned(), Sense::Failure, bad),
        (format!("({ERRORS})"), Sense::Failure, bad),
        (format!("100 * ({ERRORS})"), Sense::Failure, bad),
        (format!("({ERRORS}) or vector(0)"), Sense::Failure, bad),
        (format!("1 - {ERRORS}"), Sense::Success, bad),
        (format!("1 - (({ERRORS}) or vector(0))"), Sense::Success, bad),
        (GOOD.to_owned(), Sense::Success, good),
        (format!("1 - {GOOD}"), Sense::Failure, good),
    ] {
        let arms = promql::from_canary(&query, &NAMES, sense).unwrap();
        assert_eq!(arms.metric, ArmMetric::Errors);
        assert_eq!(arms.window, Some(Duration::from_mins(5)));
        let (found, whole) = arms.canary.counts.unwrap();
        assert_eq!((&*found, &*whole), (failed, all), "{query}");
        let (found, whole) = arms.stable.counts.unwrap();
        assert_eq!((&*found, &*whole), (&*failed.replace("canary", "stable"), &*all.replace("canary", "stable")));
    }
}

/// Whatever the query says, the value that is shown is the share of failures.
#[test]
fn the_value_is_a_share_of_failures() {
    let value = |query: &str, sense| promql::from_canary(query, &NAMES, sense).unwrap().canary.value.to_string();
    let plain = r#"((sum(rate(r{arm="canary",code=~"5.."}[5m]))) or 0 * (sum(rate(r{arm="canary"}[5m])))) / (sum(rate(r{arm="canary"}[5m])))"#;
    let good = r#"1 - ((sum(rate(r{arm="canary",code!~"5.."}[5m]))) or 0 * (sum(rate(r{arm="canary"}[5m])))) / (sum(rate(r{arm="canary"}[5m])))"#;
    assert_eq!(value(ERRORS, Sense::Failure), plain);
    assert_eq!(value(&format!("1 - {ERRORS}"), Sense::Success), plain);
    assert_eq!(value(&format!("100 * {ERRORS}"), Sense::Failure), plain);
    assert_eq!(value(GOOD, Sense::Success), good);
    // Beside a number there is nothing to guard, and PromQL takes no `or`.
    assert_eq!(value(r#"sum(e{arm="canary"}) / 60"#, Sense::Failure), r#"(sum(e{arm="canary"})) / (60)"#);
    assert_eq!(value(r#"avg(ok{arm="canary"})"#, Sense::Success), r#"1 - (avg(ok{arm="canary"}))"#);
}

#[test]
fn what_counts_nothing_has_no_counts() {
    for (query, metric) in [
        (r#"histogram_quantile(0.95, sum by(le) (rate(s_bucket{arm="canary"}[5m])))"#, ArmMetric::Latency),
        (r#"sum(rate(s_sum{arm="canary"}[5m])) / sum(rate(s_count{arm="canary"}[5m]))"#, ArmMetric::Latency),
        (r#"avg(up{arm="canary"})"#, ArmMetric::Errors),
        (r#"avg(rate(a{arm="canary"}[5m])) / avg(rate(b{arm="canary"}[5m]))"#, ArmMetric::Errors),
        (r#"a{arm="canary"} / b{arm="canary"}"#, ArmMetric::Errors),
    ] {
        let arms = promql::from_canary(query, &NAMES, Sense::Failure).unwrap();
        assert_eq!((arms.metric, arms.canary.counts, arms.window), (metric, None, None), "{query}");
    }
}

#[test]
fn the_placeholder_of_the_configuration() {
    let query = r#"sum(rate(e{service="checkout-{arm}"}[2m])) / sum(rate(r{service="checkout-{arm}"}[2m]))"#;
    let arms = promql::from_placeholder(query, ArmMetric::Errors, Sense::Failure).unwrap();
    assert_eq!(&*arms.stable.counts.unwrap().1, r#"sum(increase(r{service="checkout-stable"}[2m]))"#);
    assert_eq!(&*arms.canary.counts.unwrap().1, r#"sum(increase(r{service="checkout-canary"}[2m]))"#);
    assert_eq!(arms.window, Some(Duration::from_mins(2)));
    assert_eq!(promql::from_placeholder("up", ArmMetric::Errors, Sense::Failure), None);
    assert_eq!(promql::from_placeholder("up{x='{arm}'", ArmMetric::Errors, Sense::Failure), None);
}

#[test]
fn conditions_tell_successes_from_failures() {
    for (success, failure, sense) in [
        (Some("result[0] >= 0.95"), None, Some(Sense::Success)),
        (Some("result[0] <= 0.05"), None, Some(Sense::Failure)),
        (Some("len(result) > 0 && !isNaN(result[0]) && result[0] < 0.05"), None, Some(Sense::Failure)),
        (Some("result > 0.9"), None, Some(Sense::Success)),
        (None, Some("result[0] > 0.05"), Some(Sense::Failure)),
        (None, Some("result[0]<0.95"), Some(Sense::Success)),
        (Some("len(result) == 1"), Some("result[0] < 0.9"), Some(Sense::Success)),
        (Some("default(result, 0) == 1"), None, None),
        (None, None, None),
    ] {
        assert_eq!(promql::sense(success, failure), sense, "{success:?} {failure:?}");
    }
}

#[test]
fn the_window_of_a_query() {
    assert_eq!(promql::window_of(ERRORS), Some(Duration::from_mins(5)));
    assert_eq!(promql::window_of("up"), None);
}

/// A share of slow requests is one of requests; its value says which by itself.
#[test]
fn a_share_of_slow_requests_is_compared_as_a_share() {
    let bucket = r#"sum(rate(h_bucket{arm="{arm}",le="0.3"}[5m]))"#;
    let count = r#"sum(rate(h_count{arm="{arm}"}[5m]))"#;
    for query in
        [format!("1 - {bucket} / {count}"), format!("{bucket} / {count}"), format!("({count} - {bucket}) / {count}")]
    {
        let arms = promql::from_placeholder(&query, ArmMetric::Latency, Sense::Failure).unwrap();
        assert_eq!(arms.metric, ArmMetric::Slow, "{query}");
        let (failed, all) = arms.canary.counts.clone().unwrap();
        assert!(failed.contains("increase(h_count") && failed.contains(" - "), "slow ones are counted: {failed}");
        assert!(all.contains("increase(h_count") && !all.contains("bucket"), "{all}");
    }
    let quantile = r#"histogram_quantile(0.95, sum by (le) (rate(h_bucket{arm="{arm}"}[5m])))"#;
    let arms = promql::from_placeholder(quantile, ArmMetric::Latency, Sense::Failure).unwrap();
    assert_eq!((arms.metric, arms.canary.counts.clone()), (ArmMetric::Latency, None));
}

/// With a bound, the requests behind a quantile are two proportions.
#[test]
fn a_quantile_with_a_bound_counts_the_slower_requests() {
    let query = r#"histogram_quantile(0.95, sum by (le) (rate(h_bucket{arm="canary"}[5m])))"#;
    let arms = promql::from_canary(query, &NAMES, Sense::Failure).unwrap();
    for (bound, pattern) in [(0.5, r#"le=~"0[.]50*""#), (1.0, r#"le=~"1([.]0+)?""#)] {
        let arms = arms.clone().slower_than(bound);
        assert_eq!(arms.window, Some(Duration::from_mins(5)));
        assert_eq!(arms.slow_over, Some(Duration::from_secs_f64(bound)));
        let (failed, all) = arms.stable.counts.unwrap();
        assert!(failed.contains(pattern) && failed.contains(r#"arm="stable""#), "{failed}");
        assert!(all.contains(r#"le="+Inf""#) && all.starts_with("sum(increase("), "{all}");
    }
    for bound in [0.0, -1.0, f64::NAN] {
        assert_eq!(arms.clone().slower_than(bound).canary.counts, None, "{bound}");
    }
    for (condition, bound) in [
        ("result[0] <= 0.5", Some(0.5)),
        ("len(result) > 0 && !isNaN(result[0]) && result[0] < 1", Some(1.0)),
        ("all(result, # < 1)", None),
        ("", None),
    ] {
        assert_eq!(promql::bound(condition), bound, "{condition}");
    }
}

/// What is shown of a latency is seconds: a metric in milliseconds says so in its name.
#[test]
fn a_latency_in_milliseconds_is_told_in_seconds() {
    let query =
        |metric: &str| format!(r#"histogram_quantile(0.95, sum by (le) (rate({metric}_bucket{{arm="canary"}}[5m])))"#);
    let millis = query("istio_request_duration_milliseconds");
    for (query, factor) in [
        (millis.clone(), 0.001),
        (query("http_request_duration_seconds"), 1.0),
        (format!("{millis} / 1000"), 1.0),
        (format!("0.001 * {millis}"), 1.0),
        ("sum(rate(d_milliseconds_sum[5m])) / sum(rate(d_milliseconds_count[5m]))".to_owned(), 0.001),
        (r#"sum(rate(s_bucket{of="d_milliseconds"}[5m]))"#.to_owned(), 1.0),
    ] {
        assert!((promql::to_seconds(&query) - factor).abs() < 1e-9, "{query}");
    }
    // Its buckets end where the condition says; what is told of it is seconds.
    let arms = promql::from_canary(&millis, &NAMES, Sense::Failure).unwrap().slower_than(250.0);
    assert_eq!(arms.slow_over, Some(Duration::from_millis(250)));
    assert!(arms.canary.counts.unwrap().0.contains(r#"le=~"250([.]0+)?""#));
}

/// What is counted of one of two objectives has its label.
#[test]
fn a_query_is_narrowed_to_a_label() {
    let label = [("cluster".to_owned(), "a".to_owned())];
    let narrowed = |query: &str| quarterdeck::slo::events::narrowed(query, label.iter());
    let wanted = r#"sum(rate(e{cluster="a",code="500"}[5m])) / sum(rate(r{cluster="a"}[5m]))"#;
    assert_eq!(narrowed(r#"sum(rate(e{code="500"}[5m])) / sum(rate(r[5m]))"#).as_deref(), Some(wanted));
    assert_eq!(narrowed("sum(rate("), None);
}
