//! Queries of an objective: its error ratio over any window, and what is counted under it
//! (slo.md §1.2).

use std::time::Duration;

use jiff::Timestamp;
use jiff::ToSpan as _;
use jiff::civil::DateTime;
use jiff::tz::TimeZone;
use promql_parser::label::{MatchOp, Matcher};
use promql_parser::parser::{self, Expr};

use super::promql::{counted, division, inside_mut, selected};
use crate::model::slo::{Budgeting, Calendar, Indicator, ObjectiveSpec, ThresholdOp};

/// What a file writes where the window stands.
pub const WINDOW: &str = "{{.window}}";

/// Failed and all events over `window`, from the expression of an error ratio. `None`: it is no ratio
/// of counted events.
#[must_use]
pub fn of_ratio(query: &str, window: Duration) -> Option<(String, String)> {
    let mut expr = parser::parse(query).ok()?;
    range(&mut expr, window);
    let ratio = division(&expr)?;
    let (above, below) = (counted(ratio.above)?, counted(ratio.below)?);
    let some = format!("({above}) or 0 * ({below})");
    let bad = if ratio.complement { format!("({below}) - ({some})") } else { some };
    Some((bad, below))
}

/// The same query of what has these labels as well. `None`: it is no PromQL.
#[must_use]
pub fn narrowed<'a>(query: &str, labels: impl Iterator<Item = &'a (String, String)>) -> Option<String> {
    let mut expr = parser::parse(query).ok()?;
    let more: Vec<Matcher> = labels.map(|(name, value)| Matcher::new(MatchOp::Equal, name, value)).collect();
    selected(&mut expr, &mut |matchers| {
        matchers.or_matchers.iter_mut().for_each(|side| side.extend(more.iter().cloned()));
        if matchers.or_matchers.is_empty() {
            matchers.matchers.extend(more.iter().cloned());
        }
    });
    Some(expr.to_string())
}

/// The same query looking back on another window. `None`: it is no PromQL.
#[must_use]
pub fn over(query: &str, window: Duration) -> Option<String> {
    let mut expr = parser::parse(query).ok()?;
    range(&mut expr, window);
    Some(expr.to_string())
}

fn range(expr: &mut Expr, window: Duration) {
    if let Expr::MatrixSelector(selector) = expr {
        selector.range = window;
    }
    inside_mut(expr, &mut |inner| range(inner, window));
}

/// The error ratio of an objective over a window.
#[must_use]
pub fn error_ratio(spec: &ObjectiveSpec, window: Duration) -> String {
    match &spec.budgeting {
        Budgeting::Occurrences => ratio(&spec.indicator, window),
        Budgeting::Timeslices { target_ppb, slice } => {
            let good = match &spec.indicator {
                Indicator::Threshold { query, op, value_ppb } => {
                    let bound = *value_ppb as f64 / 1e9;
                    format!("({}) {} bool {bound}", with(query, *slice), sign(*op))
                }
                other => {
                    // The slack keeps a slice that just reaches its target.
                    let most = f64::from(1_000_000_000 - target_ppb) / 1e9 + super::budget::SLACK;
                    format!("({}) <= bool {most}", ratio(other, *slice))
                }
            };
            format!("1 - avg_over_time(({good})[{}:{}])", text(window.max(*slice)), text(*slice))
        }
        Budgeting::RatioTimeslices { slice } => {
            let each = ratio(&spec.indicator, *slice);
            format!("avg_over_time((({each}) >= 0)[{}:{}])", text(window.max(*slice)), text(*slice))
        }
    }
}

/// A series that was never born is 0 of all, and 0/0 is absent instead of NaN.
fn ratio(indicator: &Indicator, window: Duration) -> String {
    let over = |some: &str, total: &str| {
        let (some, total) = (with(some, window), with(total, window));
        format!("(({some}) or 0 * ({total})) / (({total}) > 0)")
    };
    match indicator {
        Indicator::Ratio { bad: Some(bad), total, .. } => over(bad, total),
        Indicator::Ratio { good: Some(good), total, .. } => format!("1 - {}", over(good, total)),
        Indicator::Ratio { total, .. } => with(total, window),
        Indicator::Raw { query, failure: false } => format!("1 - ({})", with(query, window)),
        Indicator::Raw { query, .. } | Indicator::Threshold { query, .. } => with(query, window),
    }
}

/// All events over a window: there, and 0, when nobody asked. `None` where events are not counted.
#[must_use]
pub fn all(spec: &ObjectiveSpec, window: Duration) -> Option<String> {
    match &spec.indicator {
        Indicator::Ratio { total, .. } => Some(with(total, window)),
        Indicator::Raw { .. } | Indicator::Threshold { .. } => None,
    }
}

/// Failed events over a window, where they are counted.
#[must_use]
pub fn failed(spec: &ObjectiveSpec, window: Duration) -> Option<String> {
    match (&spec.indicator, &spec.budgeting) {
        (Indicator::Ratio { bad: Some(bad), total, .. }, Budgeting::Occurrences) => {
            Some(format!("({}) or 0 * ({})", with(bad, window), with(total, window)))
        }
        (Indicator::Ratio { good: Some(good), total, .. }, Budgeting::Occurrences) => {
            let total = with(total, window);
            Some(format!("({total}) - (({}) or 0 * ({total}))", with(good, window)))
        }
        _ => None,
    }
}

/// Of 720 points of the window, how many had data: 0..720.
#[must_use]
pub fn points(spec: &ObjectiveSpec, window: Duration) -> String {
    const LOOK: Duration = Duration::from_mins(5);
    let query = match &spec.indicator {
        Indicator::Ratio { total, .. } => total,
        Indicator::Raw { query, .. } | Indicator::Threshold { query, .. } => query,
    };
    let step = Duration::from_secs((window.as_secs() / POINTS).max(1));
    format!("count_over_time(({})[{}:{}])", with(query, LOOK), text(window), text(step))
}

/// See [`points`].
pub const POINTS: u64 = 720;

fn with(query: &str, window: Duration) -> String {
    query.replace(WINDOW, &text(window))
}

/// As Prometheus writes a span: `5m`, `30d`, `90s`.
#[must_use]
pub fn text(window: Duration) -> String {
    let seconds = window.as_secs().max(1);
    for (unit, name) in [(86_400, 'd'), (3600, 'h'), (60, 'm')] {
        if seconds.is_multiple_of(unit) {
            return format!("{}{name}", seconds / unit);
        }
    }
    format!("{seconds}s")
}

const fn sign(op: ThresholdOp) -> &'static str {
    match op {
        ThresholdOp::Lt => "<",
        ThresholdOp::Lte => "<=",
        ThresholdOp::Gt => ">",
        ThresholdOp::Gte => ">=",
    }
}

/// `2026-01-01 00:00:00`.
#[must_use]
pub fn start(text: &str) -> Option<DateTime> {
    text.replacen(' ', "T", 1).parse().ok()
}

/// An IANA name that is known here.
#[must_use]
pub fn is_zone(name: &str) -> bool {
    TimeZone::get(name).is_ok()
}

/// How much of the calendar's period of now is over, and how long the period is. `None`: its zone,
/// start or length cannot be read.
#[must_use]
pub fn period(calendar: &Calendar, length: &str, now: Timestamp) -> Option<(Duration, Duration)> {
    let zone = TimeZone::get(&calendar.zone).ok()?;
    let start = start(&calendar.start)?;
    let (count, unit) = length.split_at(length.len().checked_sub(1)?);
    let count: i64 = count.parse().ok().filter(|count| *count > 0)?;
    let span = |times: i64| {
        let n = count.checked_mul(times)?;
        let span = 0.days();
        match unit {
            "d" => span.try_days(n),
            "w" => span.try_weeks(n),
            "M" => span.try_months(n),
            "Q" => span.try_months(n.checked_mul(3)?),
            "Y" | "y" => span.try_years(n),
            _ => return None,
        }
        .ok()
    };
    let begins =
        |times: i64| start.checked_add(span(times)?).ok()?.to_zoned(zone.clone()).ok().map(|at| at.timestamp());
    // Periods since the first, by halving: each begins at the start and a multiple, so that months of
    // different length do not add up to another day.
    let (mut low, mut high) = (0_i64, 40_000_i64);
    if begins(0)? > now {
        return None;
    }
    while high - low > 1 {
        let middle = i64::midpoint(low, high);
        if begins(middle).is_some_and(|begin| begin <= now) { low = middle } else { high = middle }
    }
    let (begin, end) = (begins(low)?, begins(low + 1)?);
    let seconds = |a: Timestamp, b: Timestamp| Duration::from_secs(a.duration_since(b).as_secs().unsigned_abs());
    Some((seconds(now, begin), seconds(end, begin)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_ratio_is_counted_over_any_window() {
        let rule = r#"(sum(rate(http_requests_total{service="checkout",code=~"5.."}[5m]))) / (sum(rate(http_requests_total{service="checkout"}[5m])))"#;
        let (bad, all) = of_ratio(rule, Duration::from_secs(750)).unwrap();
        assert!(bad.contains("increase(") && bad.contains("[12m30s]") && bad.contains(" or 0 * ("), "{bad}");
        assert!(all.contains("increase(") && !all.contains("rate("), "{all}");
        assert_eq!(of_ratio("avg(up)", Duration::from_mins(1)), None);
    }

    #[test]
    fn a_calendar_month_has_its_own_length_and_its_summer_time() {
        let calendar = Calendar { start: "2026-01-01 00:00:00".into(), zone: "Europe/Madrid".into() };
        let now = "2026-03-31T12:00:00Z".parse().unwrap();
        let (elapsed, period) = super::period(&calendar, "1M", now).unwrap();
        // March lost an hour on its last Sunday.
        assert_eq!(period, Duration::from_hours(31 * 24 - 1));
        assert_eq!(elapsed, Duration::from_hours(30 * 24 - 1 + 14));
        assert_eq!(super::period(&calendar, "1M", "2025-12-01T00:00:00Z".parse().unwrap()), None);
    }

    #[test]
    fn spans_are_written_in_their_largest_unit() {
        for (seconds, wanted) in [(300, "5m"), (2_592_000, "30d"), (90, "90s"), (7200, "2h"), (0, "1s")] {
            assert_eq!(text(Duration::from_secs(seconds)), wanted);
        }
    }
}
