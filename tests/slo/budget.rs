//! W1–W22 as far as they are budget and burn.

use std::time::Duration;

use quarterdeck::model::slo::{BurnSeverity, Exhaustion, Objective, Period};
use quarterdeck::slo::budget::{self, ObjectiveError, TABLE};

const DAY: u64 = 86_400;
const MONTH: Duration = Duration::from_secs(30 * DAY);

#[track_caller]
fn near(found: f64, expected: f64) {
    assert!((found - expected).abs() < 5e-5, "{found} is not {expected}");
}

fn objective(percent: &str) -> Objective {
    budget::of_percent(percent).unwrap()
}

#[test]
fn decimal_text_becomes_exact_billionths() {
    for (percent, ratio, ppb) in [
        ("99.9", "0.999", 999_000_000),
        ("99.95", ".9995", 999_500_000),
        ("99.99990", "0.999999", 999_999_000),
        ("50", "0.5", 500_000_000),
        (" 99 ", "0.99", 990_000_000),
        ("99.9999999", "0.999999999", 999_999_999),
        ("0.0000001", "0.000000001", 1),
    ] {
        assert_eq!(budget::of_percent(percent), Ok(Objective { ppb }), "{percent} %");
        assert_eq!(budget::of_ratio(ratio), Ok(Objective { ppb }), "{ratio}");
    }
    assert_eq!(budget::of_number(0.999), Ok(Objective { ppb: 999_000_000 }));
    assert_eq!(budget::of_number(1.0 - (1.0 - 0.9995)), Ok(Objective { ppb: 999_500_000 }));
}

#[test]
fn what_is_no_objective_is_refused() {
    for text in ["100", "0", "0.0", "100.0", "101", "99999999999999999999999"] {
        assert_eq!(budget::of_percent(text), Err(ObjectiveError::OutOfRange), "{text}");
    }
    for text in ["", ".", "-1", "99,9", "9e1", "NaN", "99.9.9", "+5", "99 %"] {
        assert_eq!(budget::of_percent(text), Err(ObjectiveError::NotANumber), "{text}");
    }
    assert_eq!(budget::of_ratio("0.9999999999"), Err(ObjectiveError::TooFine));
    for (number, error) in [
        (1.0, ObjectiveError::OutOfRange),
        (0.0, ObjectiveError::OutOfRange),
        (-1.0, ObjectiveError::OutOfRange),
        (f64::NAN, ObjectiveError::NotANumber),
        (f64::INFINITY, ObjectiveError::NotANumber),
    ] {
        assert_eq!(budget::of_number(number), Err(error), "{number}");
    }
}

/// W1: 10 000 000 requests, 3 600 of them bad.
#[test]
fn attained_consumed_and_remaining() {
    let objective = objective("99.9");
    let figures = budget::figures(objective, 3600.0 / 1e7, MONTH, None);
    near(figures.attained, 0.99964);
    near(figures.consumed, 0.36);
    near(figures.remaining, 0.64);
    near(1e7 * objective.budget(), 10_000.0);
    near(1e7 * objective.budget() * figures.remaining, 6400.0);
    let minutes = MONTH.as_secs_f64() * objective.budget() / 60.0;
    near(minutes, 43.2);
    near(minutes * figures.remaining, 27.648);
    assert_eq!(figures.exhausted_in, Exhaustion::Unknown);
}

/// W2, W3, W4: an hour at 14.4 times.
#[test]
fn burn_and_what_it_leaves() {
    let objective = objective("99.9");
    let burn = budget::burn(objective, 720.0 / 50_000.0);
    near(burn, 14.4);
    near(budget::exhausted_in(0.64, burn, MONTH).seconds().unwrap() / 3600.0, 32.0);
    near(budget::exhausted_in(1.0, burn, MONTH).seconds().unwrap() / 3600.0, 50.0);
    near(budget::spent(objective, 720.0, 1e7), 0.0720);
    near(budget::spent_at(burn, Duration::from_hours(1), MONTH), 0.0200);
}

/// W5, W6: overspent; and with the budget that returns.
#[test]
fn time_to_exhaustion() {
    let overspent = budget::figures(objective("99.9"), 1500.0 / 1e6, MONTH, Some(3.0));
    near(overspent.consumed, 1.5);
    near(overspent.remaining, -0.5);
    assert_eq!(overspent.exhausted_in, Exhaustion::In(0.0));
    assert_eq!(budget::figures(objective("99.9"), 0.0015, MONTH, None).exhausted_in, Exhaustion::In(0.0));
    near(budget::exhausted_in(0.2, 3.0, MONTH).seconds().unwrap() / 3600.0, 48.0);
    near(budget::exhausted_in_net(0.2, 3.0, 1.0, MONTH).seconds().unwrap() / 3600.0, 72.0);
    assert_eq!(budget::exhausted_in_net(0.2, 1.0, 1.0, MONTH), Exhaustion::Never);
    assert_eq!(budget::exhausted_in(0.2, 0.0, MONTH), Exhaustion::Never);
    assert_eq!(budget::exhausted_in(0.2, 4.69e-14, MONTH), Exhaustion::Never);
}

/// W7: day 10 of a calendar month.
#[test]
fn a_calendar_window_is_projected() {
    let objective = objective("99.9");
    near(budget::burn(objective, 0.0012), 1.2);
    let consumed = budget::calendar_consumed(objective, 0.0012, Duration::from_secs(10 * DAY), MONTH);
    near(consumed, 0.4);
    near(budget::exhausted_in(1.0 - consumed, 1.2, MONTH).seconds().unwrap() / DAY as f64, 15.0);
}

/// W7 again: what is attained is that of the ten days, what is consumed is of thirty; at this pace
/// nothing is left before the budget begins anew.
#[test]
fn figures_of_a_calendar_window() {
    let period = Period { elapsed: Duration::from_secs(10 * DAY), length: MONTH };
    let figures = budget::of_calendar(objective("99.9"), 0.0012, period, Some(1.2));
    near(figures.attained, 0.9988);
    near(figures.consumed, 0.4);
    near(figures.remaining, 0.6);
    let empty = figures.exhausted_in.seconds().unwrap();
    near(empty / DAY as f64, 15.0);
    assert!(empty < period.left().as_secs_f64());
    // At half the pace it lasts.
    let slow = budget::of_calendar(objective("99.9"), 0.0012, period, Some(0.6));
    assert!(slow.exhausted_in.seconds().unwrap() > period.left().as_secs_f64());
    // The period begins anew: C falls to nothing, the burn does not.
    let anew = Period { elapsed: Duration::from_mins(1), ..period };
    let figures = budget::of_calendar(objective("99.9"), 0.0012, anew, Some(1.2));
    assert!(figures.consumed < 1e-4 && figures.exhausted_in != Exhaustion::Never, "{figures:?}");
}

/// W8: three bad minutes of a week.
#[test]
fn a_budget_of_slices() {
    let (objective, week) = (objective("99.95"), Duration::from_secs(7 * DAY));
    let slices = week.as_secs_f64() / 60.0;
    near(slices, 10_080.0);
    near(slices * objective.budget(), 5.04);
    let figures = budget::figures(objective, 3.0 / slices, week, None);
    near(figures.consumed, 0.5952);
    near(figures.remaining, 0.4048);
}

/// W10: the same three slices as events, as the mean of their ratios, as good and bad ones.
#[test]
fn the_three_ways_to_count_differ_with_traffic() {
    let objective = objective("95");
    let slices = [(1000.0, 0.0), (1000.0, 50.0), (10.0, 10.0)];
    let all: f64 = slices.iter().map(|(all, _)| all).sum();
    let bad: f64 = slices.iter().map(|(_, bad)| bad).sum();
    let ratios = slices.map(|(all, bad)| bad / all);
    let missed = ratios.iter().filter(|ratio| **ratio > 0.01).count() as f64;
    for (error, expected, consumed) in
        [(bad / all, 0.0299, 0.5970), (ratios.iter().sum::<f64>() / 3.0, 0.35, 7.0), (missed / 3.0, 0.6667, 13.3333)]
    {
        near(error, expected);
        near(budget::burn(objective, error), consumed);
    }
}

/// slo.md §1.5: five failures at least, of so many events that one alone does not trip the threshold.
#[test]
fn few_events_are_no_evidence() {
    let objective = objective("99.9");
    for (threshold, failed, all, enough) in [
        (14.4, 5.0, 70.0, true),
        (14.4, 5.0, 69.0, false),
        (14.4, 4.0, 5000.0, false),
        (14.4, 4.6, 70.4, true),
        (1.0, 5.0, 1000.0, true),
        (1.0, 5.0, 999.0, false),
        (1.0, 0.0, 0.0, false),
    ] {
        assert_eq!(budget::is_evidence(objective, threshold, failed, all), enough, "{failed} of {all} at {threshold}");
    }
}

/// S7: 200 requests a second, a fifth of which fails from T 0 on.
#[test]
fn a_bad_release_from_eighty_to_ninety_five_percent() {
    let objective = objective("99.9");
    let month = 12_000.0 * 60.0 * 24.0 * 30.0;
    near(month * objective.budget(), 518_400.0);
    for (minute, consumed) in
        [(5.0, 0.8031), (8.0, 0.8170), (10.0, 0.8263), (11.0, 0.8309), (25.0, 0.8957), (40.0, 0.9652), (46.0, 0.9930)]
    {
        near(0.78 + budget::spent(objective, minute * 12_000.0 * 0.2, month), consumed);
    }
    let hour = |minutes: f64| budget::burn(objective, (minutes * 0.2 + (60.0 - minutes) * 0.0002) / 60.0);
    for (minute, rate) in [(5.0, 16.85), (10.0, 33.5), (25.0, 83.45), (40.0, 133.4), (46.0, 153.38)] {
        near(hour(minute), rate);
    }
    let paged = budget::detected_in(objective, 14.4, 0.2, Duration::from_hours(1)).unwrap() / 60.0;
    near(paged, 4.32);
}

/// S9: a quarter of the traffic fails 8 % for two and a half minutes; one minute of all is 2.3148 %.
#[test]
fn what_an_aborted_canary_cost() {
    let objective = objective("99.9");
    let burn = budget::burn(objective, 0.25 * 0.08 + 0.75 * 0.0002);
    near(burn, 20.15);
    near(budget::spent_at(burn, Duration::from_secs(150), MONTH), 0.0012);
    near(budget::spent(objective, 12_000.0, 12_000.0 * 60.0 * 24.0 * 30.0), 0.0231);
}

/// W9: latency as a share of requests under a bound.
#[test]
fn a_latency_objective() {
    near(budget::burn(objective("99"), 1.0 - 97_250.0 / 100_000.0), 2.75);
    near(budget::interpolated(0.3, (0.25, 96_000.0), (0.5, 99_500.0)), 96_700.0);
}

/// slo.md §1.4: k = p·W/L of four windows.
#[test]
fn thresholds_of_the_table() {
    let days = |days| Duration::from_secs(days * DAY);
    let expected = [
        (BurnSeverity::Page, ("1h", "5m"), [14.4, 13.44, 3.36, 43.2]),
        (BurnSeverity::Page, ("6h", "30m"), [6.0, 5.6, 1.4, 18.0]),
        (BurnSeverity::Ticket, ("1d", "2h"), [3.0, 2.8, 0.7, 9.0]),
        (BurnSeverity::Ticket, ("3d", "6h"), [1.0, 0.9333, 0.2333, 3.0]),
    ];
    for (row, (severity, names, thresholds)) in TABLE.iter().zip(expected) {
        assert_eq!((row.severity, row.names), (severity, names));
        assert_eq!(row.short * 12, row.long);
        for (window, threshold) in [30, 28, 7, 90].into_iter().zip(thresholds) {
            near(row.threshold(days(window)), threshold);
        }
    }
}

/// W12, W13.
#[test]
fn detection_reset_and_both_windows() {
    let objective = objective("99.9");
    let (long, short) = (Duration::from_hours(1), Duration::from_mins(5));
    near(budget::detected_in(objective, 14.4, 0.10, long).unwrap() / 60.0, 8.64);
    near(budget::detected_in(objective, 14.4, 1.0, long).unwrap() / 60.0, 0.864);
    assert_eq!(budget::detected_in(objective, 14.4, 0.01, long), None);
    near(budget::reset_in(objective, 14.4, 0.10, short) / 60.0, 4.28);
    let seen = Duration::from_secs_f64(8.64 * 60.0);
    near(budget::spent_at(budget::burn(objective, 0.10), seen, MONTH), 0.02);

    assert!(!budget::fires(20.0, 10.0, 14.4), "not sustained");
    assert!(!budget::fires(2.0, 16.0, 14.4), "recovered");
    assert!(budget::fires(15.0, 15.0, 14.4));
    assert!(!budget::fires(14.4, 14.4, 14.4), "strict");
}

/// W14: with 93 % nothing burns faster than 14.2857.
#[test]
fn an_alert_that_can_never_fire() {
    near(budget::never_fires(objective("93"), 14.4).unwrap(), 14.2857);
    assert_eq!(budget::never_fires(objective("93.06"), 14.4), None);
    assert_eq!(budget::never_fires(objective("99.9"), 14.4), None);
}

/// W16, W17, W18.
#[test]
fn how_long_a_bad_release_takes() {
    let minutes = |percent| budget::time_to_spend(objective(percent), 0.15, 1.0, MONTH) / 60.0;
    near(minutes("99.9"), 6.48);
    near(minutes("99.99"), 0.648);
    let seen = Duration::from_secs(150);
    for (weight, percent, expected) in [
        (0.10, "99.9", 0.0058),
        (0.25, "99.9", 0.0145),
        (0.50, "99.9", 0.0289),
        (1.00, "99.9", 0.0579),
        (0.10, "99.99", 0.0579),
    ] {
        near(budget::exposure(objective(percent), weight, seen, MONTH), expected);
    }
    let fortnight = Duration::from_secs(14 * DAY);
    let attack = objective("95");
    let net = budget::exhausted_in_net(0.8, budget::burn(attack, 0.99), budget::burn(attack, 0.01), fortnight);
    near(net.seconds().unwrap() / 3600.0, 13.7143);
}

/// W19: thresholds are reached exactly, and noise reaches nothing.
#[test]
fn thresholds_have_slack() {
    let consumed = budget::figures(objective("99.9"), 0.00095, MONTH, None).consumed;
    assert!(budget::reaches(consumed, 0.95), "{consumed}");
    let plain = 0.00095 / (1.0 - budget::of_percent("99.9").unwrap().ratio());
    assert!(plain < 0.95, "what plain floating point says: {plain}");
    assert!(budget::reaches(0.949_999_999_999_999_2, 0.95));
    assert!(!budget::reaches(0.9499, 0.95));
    assert!(!budget::exceeds(14.4 + 1e-12, 14.4));
    assert!(budget::exceeds(14.41, 14.4));
    assert!(budget::figures(objective("99.9"), -4.69e-14, MONTH, None).consumed.abs() < f64::MIN_POSITIVE);
}

/// W21: one failure alone trips a window with fewer events.
#[test]
fn low_traffic() {
    for (threshold, events) in [(14.4, 69.4444), (6.0, 166.6667), (3.0, 333.3333), (1.0, 1000.0)] {
        near(budget::least_events(objective("99.9"), threshold), events);
    }
}

#[test]
fn figures_are_cut_towards_worse() {
    for (ratio, decimals, down, up) in [
        (0.998_999, 2, 99.89, 99.90),
        (0.999, 1, 99.9, 99.9),
        (0.6149, 1, 61.4, 61.5),
        (0.29, 0, 29.0, 29.0),
        (-0.0151, 1, -1.6, -1.5),
        (1.0, 1, 100.0, 100.0),
        (0.0, 1, 0.0, 0.0),
        (0.9999, 1, 99.9, 100.0),
    ] {
        near(budget::percent_down(ratio, decimals), down);
        near(budget::percent_up(ratio, decimals), up);
    }
    assert!(!budget::percent_up(0.0, 1).is_sign_negative());
}
