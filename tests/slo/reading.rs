//! From samples to readings: the eight kinds, and what two of them make.

use std::time::Duration;

use jiff::Timestamp;
use quarterdeck::model::slo::Reading;
use quarterdeck::slo::reading::{self, Beside, Range, Sample};
use quarterdeck::text::Safe;

fn at(seconds: i64) -> Timestamp {
    Timestamp::from_second(1_800_000_000 + seconds).unwrap()
}

fn read(text: &str, range: Range) -> Reading<f64> {
    let beside = Beside { last: Some(0.5), ..Beside::at(at(0)) };
    reading::of(Some(Sample { text, at: at(0) }), range, &beside)
}

#[test]
fn the_text_of_a_sample() {
    for (text, range, kind) in [
        ("0.25", Range::Ratio, "value"),
        ("1", Range::Ratio, "value"),
        ("1.0000000001", Range::Ratio, "value"),
        ("2.5e-3", Range::Ratio, "value"),
        ("-4.69e-14", Range::Ratio, "value"),
        ("14.4", Range::Positive, "value"),
        ("-3", Range::Any, "value"),
        ("NaN", Range::Ratio, "no_traffic"),
        ("-NaN", Range::Ratio, "no_traffic"),
        ("+Inf", Range::Any, "invalid"),
        ("-Inf", Range::Positive, "invalid"),
        ("1.5", Range::Ratio, "invalid"),
        ("-0.1", Range::Ratio, "invalid"),
        ("-1", Range::Positive, "invalid"),
        ("twelve", Range::Any, "invalid"),
        ("", Range::Any, "invalid"),
    ] {
        assert_eq!(read(text, range).as_str(), kind, "{text}");
    }
    assert_eq!(read("-4.69e-14", Range::Ratio).value(), Some(&0.0));
    assert_eq!(read("NaN", Range::Ratio).shown(), Some(&0.5));
    assert_eq!(read("1.5", Range::Ratio).shown(), None);
}

#[test]
fn age_warnings_and_coverage() {
    let sample = |seconds| Some(Sample { text: "0.5", at: at(seconds) });
    let beside = Beside { interval: Some(Duration::from_secs(30)), ..Beside::at(at(0)) };
    assert_eq!(reading::of(sample(-120), Range::Ratio, &beside), Reading::Value(0.5));
    assert_eq!(reading::of(sample(-121), Range::Ratio, &beside), Reading::Stale { at: at(-121), last: 0.5 });
    let computed = Beside::at(at(0));
    assert_eq!(reading::of(sample(-600), Range::Ratio, &computed), Reading::Value(0.5));

    let partial = Beside { warnings: vec![Safe::of("a store did not answer")], ..beside.clone() };
    assert_eq!(reading::of(sample(0), Range::Ratio, &partial).as_str(), "partial");
    for (coverage, kind) in [(0.90, "value"), (1.0, "value"), (0.899, "immature"), (0.0, "immature")] {
        let beside = Beside { coverage: Some(coverage), ..beside.clone() };
        let found = reading::of(sample(0), Range::Ratio, &beside);
        assert_eq!((found.as_str(), found.shown()), (kind, Some(&0.5)), "{coverage}");
    }
    let gone = Beside { since: Some(at(-420)), last: Some(0.881), ..beside };
    let found = reading::of(None, Range::Ratio, &gone);
    assert_eq!(found, Reading::NoData { since: Some(at(-420)), last: Some(0.881) });
}

#[test]
fn samples_of_a_window() {
    let (minute, hour) = (Duration::from_mins(1), Duration::from_hours(1));
    assert!((reading::coverage(30.0, minute, hour) - 0.5).abs() < 1e-12);
    assert!((reading::coverage(61.0, minute, hour) - 1.0).abs() < 1e-12);
}

/// Two figures make one that is as doubtful as the more doubtful of them, and is never more certain.
#[test]
fn the_worse_of_two_readings_wins() {
    let why = || Safe::of("connection refused");
    let kinds: Vec<Reading<f64>> = vec![
        Reading::Value(1.0),
        Reading::Immature { coverage: 0.5, last: 1.0 },
        Reading::Partial { why: why(), last: 1.0 },
        Reading::Stale { at: at(0), last: 1.0 },
        Reading::NoTraffic { since: None, last: Some(1.0) },
        Reading::NoData { since: Some(at(0)), last: None },
        Reading::Invalid { why: why() },
        Reading::Unreachable { why: why(), last: Some(1.0) },
    ];
    for (i, a) in kinds.iter().enumerate() {
        for (j, b) in kinds.iter().enumerate() {
            let both = reading::both(a, b, |a, b| a + b);
            assert_eq!(both.as_str(), kinds[i.max(j)].as_str(), "{a:?} and {b:?}");
            let figure = a.shown().is_some() && b.shown().is_some();
            assert_eq!(both.shown().is_some(), figure, "{a:?} and {b:?}");
            assert_eq!(both.value().is_some(), i == 0 && j == 0);
        }
    }
}

/// S3: Prometheus was away from T 20 to T 380 s, a sample every 15 s: its window of 5 m is whole again
/// at T 680.
#[test]
fn a_hole_is_immature_until_the_window_is_past_it() {
    let window = Duration::from_mins(5);
    for (at, kind) in [(380, "immature"), (500, "immature"), (640, "immature"), (665, "value"), (680, "value")] {
        let samples = f64::from((at - 380) / 15);
        let coverage = reading::coverage(samples, Duration::from_secs(15), window);
        let now = Timestamp::from_second(1_000_000).unwrap();
        let beside = Beside { coverage: Some(coverage), ..Beside::at(now) };
        let found = reading::of(Some(Sample { text: "0.0002", at: now }), Range::Ratio, &beside);
        assert_eq!(found.as_str(), kind, "T {at}: {coverage}");
        assert!(found.shown().is_some());
    }
}

/// The figure of nobody asking carries since when, as far as it is known.
#[test]
fn no_traffic_carries_since_when() {
    let now = Timestamp::from_second(1_000_000).unwrap();
    let idle = Timestamp::from_second(999_280).unwrap();
    let nan = Some(Sample { text: "NaN", at: now });
    let beside = Beside { idle: Some(idle), last: Some(0.25), ..Beside::at(now) };
    let found = reading::of(nan, Range::Ratio, &beside);
    assert_eq!(found, Reading::NoTraffic { since: Some(idle), last: Some(0.25) });
    assert_eq!(found.map(|ratio| ratio * 4.0), Reading::NoTraffic { since: Some(idle), last: Some(1.0) });
    assert_eq!(reading::of(nan, Range::Ratio, &Beside::at(now)), Reading::NoTraffic { since: None, last: None });
}
