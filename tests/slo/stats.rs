//! Intervals and verdicts of two arms: the table of slo.md §3.4, W20, W22, S1, S2, S10.

use std::time::Duration;

use quarterdeck::model::slo::ArmVerdict;
use quarterdeck::slo::stats::{self, Counts};

const fn counts(failed: u32, all: u32) -> Counts {
    Counts { failed: failed as f64, all: all as f64 }
}

#[track_caller]
fn near(found: (f64, f64), expected: (f64, f64), tolerance: f64) {
    let apart = (found.0 - expected.0).abs().max((found.1 - expected.1).abs());
    assert!(apart < tolerance, "{found:?} is not {expected:?}");
}

fn word(verdict: &ArmVerdict) -> &'static str {
    match verdict {
        ArmVerdict::Worse { .. } => "worse",
        ArmVerdict::NotWorse { .. } => "not worse",
        ArmVerdict::Inconclusive { .. } => "inconclusive",
        ArmVerdict::Insufficient { .. } => "insufficient",
        ArmVerdict::EnvironmentDegraded { .. } => "environment degraded",
        ArmVerdict::Higher(_) | ArmVerdict::NotHigher(_) | ArmVerdict::FewPoints { .. } => "of two series",
        ArmVerdict::None => "none",
    }
}

/// W20, two-sided 95 %.
#[test]
fn wilson_intervals() {
    near(stats::wilson(counts(1, 50), 1.96), (0.0035, 0.1050), 5e-5);
    near(stats::wilson(counts(5, 50), 1.96), (0.0435, 0.2136), 5e-5);
    near(stats::wilson(counts(0, 3000), 1.96), (0.0, 0.0013), 5e-5);
    // At kβ = 0.0144 one failure of 50 does not page, five do.
    assert!(stats::wilson(counts(1, 50), 1.96).0 < 0.0144);
    assert!(stats::wilson(counts(5, 50), 1.96).0 > 0.0144);
    assert_eq!(stats::wilson(counts(0, 0), 1.96), (0.0, 1.0));
}

#[test]
fn the_table_of_two_proportions() {
    for (canary, stable, interval, verdict) in [
        (counts(30, 1000), counts(90, 9000), (0.0121, 0.0303), "worse"),
        (counts(24, 2000), counts(40, 18_000), (0.0063, 0.0145), "worse"),
        (counts(2, 400), counts(12, 3600), (-0.0022, 0.0117), "inconclusive"),
        (counts(1, 120), counts(1, 1080), (0.0002, 0.0356), "inconclusive"),
        (counts(40, 40_000), counts(360, 360_000), (-0.0002, 0.0003), "not worse"),
    ] {
        near(stats::newcombe(canary, stable, stats::Z_95), interval, 5e-5);
        let judged = stats::judge(canary, stable, 0.002, stats::Z_95);
        assert_eq!(word(&judged), verdict, "{canary:?} {stable:?}");
    }
    // With no margin the fourth would cry wolf on one failure: five are asked for.
    let judged = stats::judge(counts(1, 120), counts(1, 1080), 0.0, stats::Z_95);
    assert_eq!(word(&judged), "inconclusive");
    assert!(stats::newcombe(counts(1, 120), counts(1, 1080), stats::Z_95).0 > 0.0);
}

/// S1: the clean canary, in millionths.
#[test]
fn the_clean_canary_is_not_worse_at_every_step() {
    for (canary, stable, interval) in [
        (counts(60, 288_000), counts(518, 2_592_000), (-34.0, 60.0)),
        (counts(151, 720_000), counts(432, 2_160_000), (-21.0, 43.0)),
        (counts(605, 2_880_000), counts(576, 2_880_000), (-10.0, 30.0)),
        (counts(907, 4_320_000), counts(288, 1_440_000), (-13.0, 32.0)),
    ] {
        let (lo, hi) = stats::newcombe(canary, stable, SCENARIOS);
        near((lo * 1e6, hi * 1e6), interval, 0.5);
        assert_eq!(word(&stats::judge(canary, stable, 0.0005, SCENARIOS)), "not worse");
        assert_eq!(word(&stats::verdict(canary, stable, 0.0005, Duration::from_mins(5))), "not worse");
    }
}

/// S2: the canary's errors grow by 0.0002 a minute.
#[test]
fn the_slow_regression_is_worse_from_the_tenth_minute() {
    for (failed, interval, verdict) in [
        (24, (0.0003, 0.0009), "inconclusive"),
        (54, (0.0012, 0.0021), "worse"),
        (84, (0.0021, 0.0032), "worse"),
        (114, (0.0030, 0.0042), "worse"),
        (353, (0.0106, 0.0126), "worse"),
    ] {
        let (canary, stable) = (counts(failed, 30_000), counts(6, 30_000));
        near(stats::newcombe(canary, stable, SCENARIOS), interval, 5e-5);
        assert_eq!(word(&stats::verdict(canary, stable, 0.0005, Duration::from_mins(5))), verdict, "{failed}");
    }
}

/// S10: both arms are slow.
#[test]
fn both_arms_bad_is_not_worse() {
    let (canary, stable) = (counts(1890, 30_000), counts(1830, 30_000));
    near(stats::newcombe(canary, stable, SCENARIOS), (-0.0012, 0.0052), 5e-5);
    assert_eq!(word(&stats::judge(canary, stable, 0.005, SCENARIOS)), "inconclusive");
}

/// S10 with its objective of 99 %: the stable arm burns too, so it is not the canary.
#[test]
fn an_environment_that_is_degraded_is_no_fault_of_the_canary() {
    for (minute, slow, rate, verdict) in [
        (0, (270, 261), 0.885, "not worse"),
        (6, (960, 930), 3.15, "environment degraded"),
        (12, (1890, 1830), 6.2, "environment degraded"),
        (25, (279, 273), 0.92, "not worse"),
    ] {
        let (canary, stable) = (counts(slow.0, 30_000), counts(slow.1, 30_000));
        let both = (canary.failed + stable.failed) / (canary.all + stable.all) / 0.01;
        assert!((both - rate).abs() < 5e-5, "T {minute}: {both}");
        let judged = stats::verdict(canary, stable, 0.005, Duration::from_mins(5));
        assert_eq!(word(&stats::with_stable(judged, canary, stable, 0.01)), verdict, "T {minute}");
    }
    let told = |canary, stable, margin| {
        let judged = stats::verdict(canary, stable, margin, Duration::from_mins(5));
        stats::with_stable(judged, canary, stable, 0.001)
    };
    // Worse stays worse, and one failure of few requests is no trouble of an environment.
    assert_eq!(word(&told(counts(300, 10_000), counts(20, 10_000), 0.0005)), "worse");
    assert_eq!(word(&told(counts(1, 120), counts(1, 1080), 0.0005)), "insufficient");
    let ArmVerdict::EnvironmentDegraded { burn, .. } = told(counts(30, 10_000), counts(31, 10_000), 0.0005) else {
        panic!("3.1 times the budget")
    };
    assert!((burn - 3.1).abs() < 1e-9);
    assert_eq!(word(&told(counts(0, 0), counts(0, 0), 0.0005)), "none");
}

const SCENARIOS: f64 = stats::Z_95;

#[test]
fn least_numbers_of_requests() {
    for (base, other, least) in [
        (0.001, 0.002, 18_519),
        (0.001, 0.005, 2311),
        (0.001, 0.01, 834),
        (0.001, 0.02, 355),
        (0.01, 0.02, 1826),
        (0.01, 0.03, 605),
    ] {
        assert_eq!(stats::least_requests(base, other), Some(least), "{base} → {other}");
    }
    assert_eq!(stats::least_requests(0.1, 0.1), None);
    // W22.
    assert_eq!(stats::claim_below(0.001), 2995);
    for (need, minutes) in [(2311, 1.9), (18_519, 15.4)] {
        let eta = stats::eta(20.0, need, Duration::from_secs(1)).unwrap();
        assert!((eta.as_secs_f64() / 60.0 - minutes).abs() < 0.05, "{eta:?}");
    }
}

#[test]
fn too_few_requests_say_how_many_are_missing_and_how_long_that_takes() {
    let minute = Duration::from_mins(1);
    let verdict = stats::verdict(counts(3, 1155), counts(10, 10_000), 0.004, minute);
    let ArmVerdict::Insufficient { have: 1155, need: 2311, eta: Some(eta) } = verdict else { panic!("{verdict:?}") };
    assert!((eta.as_secs_f64() - 60.0).abs() < 0.2, "{eta:?}");
    assert_eq!(stats::verdict(counts(0, 0), counts(0, 0), 0.004, minute), ArmVerdict::None);
    let nobody = stats::verdict(counts(0, 0), counts(10, 10_000), 0.004, minute);
    assert_eq!(nobody, ArmVerdict::Insufficient { have: 0, need: 2311, eta: None });
    // What is plain is said at once: half of 20 requests failed.
    assert_eq!(word(&stats::verdict(counts(10, 20), counts(10, 10_000), 0.004, minute)), "worse");
}
