//! OpenSLO files: what is read of them, and every mistake with its place.

use std::time::Duration;

use quarterdeck::model::slo::{Budgeting, BurnSeverity, Indicator};
use quarterdeck::slo::openslo;

const GOOD: &str = r#"apiVersion: openslo/v1
kind: SLO
metadata:
  name: checkout-availability
  annotations: { quarterdeck.dev/env: prod }
spec:
  service: checkout
  budgetingMethod: Occurrences
  timeWindow: [{ duration: 30d, isRolling: true }]
  indicator:
    metadata: { name: checkout-5xx }
    spec:
      ratioMetric:
        counter: true
        bad: { metricSource: { type: Prometheus, metricSourceRef: prom-main, spec: { query: 'r{code=~"5.."}' } } }
        total: { metricSource: { type: Prometheus, metricSourceRef: prom-main, spec: { query: 'r' } } }
  objectives: [{ displayName: non-5xx, targetPercent: 99.9 }]
  alertPolicies:
    - kind: AlertPolicy
      metadata: { name: fast-burn }
      spec:
        alertWhenBreaching: true
        conditions:
          - kind: AlertCondition
            metadata: { name: page-14x }
            spec: { severity: page, condition: { kind: burnrate, op: gt, threshold: 14.4, lookbackWindow: 1h, alertAfter: 0m } }
        notificationTargets: [{ targetRef: on-call }]
---
apiVersion: openslo/v1
kind: SLO
metadata: { name: search-latency }
spec:
  service: search
  budgetingMethod: Timeslices
  timeWindow:
    - duration: 1M
      isRolling: false
      calendar: { startTime: "2026-01-01 00:00:00", timeZone: Europe/Madrid }
  indicatorRef: search-under-300ms
  objectives: [{ displayName: quick, target: 0.995, timeSliceTarget: 0.95, timeSliceWindow: 5m }]
---
apiVersion: openslo/v1
kind: SLI
metadata: { name: search-under-300ms }
spec:
  ratioMetric:
    counter: true
    good: { metricSource: { type: Prometheus, spec: { query: 'sum(increase(b[{{.window}}]))' } } }
    total: { metricSource: { type: Prometheus, spec: { query: 'sum(increase(c[{{.window}}]))' } } }
"#;

#[test]
fn two_objectives_of_one_file() {
    let (objectives, problems) = openslo::parse(GOOD);
    assert_eq!(problems, []);
    let [checkout, search] = &objectives[..] else { panic!("{objectives:?}") };
    assert_eq!(checkout.id.raw(), "checkout-availability");
    assert_eq!((checkout.service.as_str(), checkout.objective.ppb), ("checkout", 999_000_000));
    assert_eq!((checkout.window, checkout.window_text.as_str()), (Duration::from_hours(720), "30d"));
    let Indicator::Ratio { good: None, bad: Some(bad), total } = &checkout.indicator else { panic!("{checkout:?}") };
    assert_eq!(&**bad, r#"sum(increase(r{code=~"5.."}[{{.window}}]))"#);
    assert_eq!(&**total, "sum(increase(r[{{.window}}]))");
    assert_eq!(checkout.policies, [(BurnSeverity::Page, 14_400_000_000, Duration::from_hours(1))]);
    assert_eq!(search.calendar.as_ref().map(|calendar| &*calendar.zone), Some("Europe/Madrid"));
    let slices = Budgeting::Timeslices { target_ppb: 950_000_000, slice: Duration::from_mins(5) };
    assert_eq!(search.budgeting, slices);
    let Indicator::Ratio { good: Some(good), bad: None, .. } = &search.indicator else { panic!("{search:?}") };
    assert_eq!(&**good, "sum(increase(b[{{.window}}]))");
}

/// One change to the good file, and what is said of it. A mistake takes its objective away, a warning
/// does not.
#[test]
fn every_mistake_has_its_place_and_its_words() {
    for (from, to, told) in [
        (
            "openslo/v1\nkind: SLO\nmetadata:\n",
            "openslo/v2\nkind: SLO\nmetadata:\n",
            "1:13: this version of OpenSLO is not read; write openslo/v1",
        ),
        ("kind: SLO\nmetadata:\n", "kind: Slo\nmetadata:\n", "2:7: unknown kind \"Slo\"; did you mean \"SLO\"?"),
        (
            "name: checkout-availability",
            "name: Checkout_A",
            "4:9: \"Checkout_A\" is no name of RFC 1123; small letters, digits and -, at most 63 of them",
        ),
        ("  service: checkout\n", "  servce: checkout\n", "7:3: unknown key \"servce\"; did you mean \"service\"?"),
        ("  service: checkout\n", "", "7:3: service is missing"),
        ("Occurrences", "Occurences", "8:20: unknown budgetingMethod \"Occurences\"; did you mean \"Occurrences\"?"),
        ("[{ duration: 30d, isRolling: true }]", "[]", "9:15: exactly one timeWindow is expected"),
        (
            "duration: 30d",
            "duration: 30x",
            "9:28: \"30x\" is no span of time; a number and one of m (minutes), h, d, w, M (months), Q, Y",
        ),
        (
            "duration: 30d, isRolling: true",
            "duration: 30d, isRolling: false",
            "9:16: a window that does not roll needs a calendar with startTime and timeZone",
        ),
        ("duration: 30d", "duration: 1m", "9:28: a window of 60 s is shorter than a day: m is minutes, M months"),
        (
            "targetPercent: 99.9",
            "targetPercent: 100",
            "17:55: \"100\": an objective lies between 0 and 100 %, neither included",
        ),
        (
            "targetPercent: 99.9",
            "target: 99.9",
            "17:48: \"99.9\": an objective lies between 0 and 100 %, neither included",
        ),
        (
            "targetPercent: 99.9",
            "target: 0.9, targetPercent: 99.9",
            "17:68: target and targetPercent exclude each other",
        ),
        (", targetPercent: 99.9", "", "17:16: target or targetPercent is missing"),
        (
            "        counter: true\n        bad",
            "        bad",
            "14:93: the query does not look back over {{.window}}; write counter: true for a bare counter",
        ),
        (
            "type: Prometheus, metricSourceRef: prom-main, spec: { query: 'r' }",
            "type: Datadog, spec: { query: 'r' }",
            "16:40: only Prometheus is read",
        ),
        (
            "threshold: 14.4",
            "threshold: 1001",
            "26:85: this alert can never fire: the fastest burn of this objective is 1000.0000",
        ),
        ("op: gt", "op: lte", "26:70: this alerts when the budget burns slowly; gt is meant?"),
        (
            "indicatorRef: search-under-300ms",
            "indicatorRef: nothing",
            "39:17: there is no SLI \"nothing\" in this file",
        ),
        (", timeSliceTarget: 0.95", "", "40:16: timeSliceTarget is missing"),
        (", timeZone: Europe/Madrid", "", "38:17: timeZone is missing"),
        (
            "Europe/Madrid",
            "Europe/Madird",
            "\"Europe/Madird\" is no time zone; a name of the IANA list, as Europe/Madrid",
        ),
        ("2026-01-01 00:00:00", "1 January", "\"1 January\" is no time; write it as 2026-01-01 00:00:00"),
        ("duration: 1M", "duration: 36h", "a calendar has no periods of hours or less; write d, w, M (months), Q or Y"),
    ] {
        let broken = GOOD.replacen(from, to, 1);
        assert_ne!(broken, GOOD, "{from}");
        let (objectives, problems) = openslo::parse(&broken);
        let lines: Vec<String> = problems
            .iter()
            .map(|problem| {
                let hint = problem.hint.as_ref().map(|hint| format!("; {hint}")).unwrap_or_default();
                format!("{}:{}: {}{hint}", problem.line, problem.column, problem.message)
            })
            .collect();
        assert!(
            lines.iter().any(|line| line == told || line.ends_with(&format!(": {told}"))),
            "{told:?} is not in {lines:#?}"
        );
        let wrong = problems.iter().any(|problem| !problem.warning);
        assert!(objectives.len() == 2 || wrong, "{told}");
    }
}

#[test]
fn all_mistakes_are_told_at_once() {
    let broken = GOOD.replace("99.9", "100").replace("0.995", "1").replace("30d", "thirty days");
    let (objectives, problems) = openslo::parse(&broken);
    assert_eq!(objectives.len(), 0);
    assert_eq!(problems.len(), 3, "{problems:#?}");
}

#[test]
fn what_is_no_yaml_says_where() {
    for text in ["a: [", "a: b: c", "\t- x", ""] {
        let (objectives, problems) = openslo::parse(text);
        assert_eq!(objectives.len(), 0);
        assert_eq!(problems.is_empty(), text.is_empty(), "{text:?} {problems:?}");
    }
}
