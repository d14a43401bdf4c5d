//! Budget, burn and what they leave (slo.md §1.1–§1.4). Every ratio is 0..1, every span in seconds.

use std::time::Duration;

use crate::model::slo::{BurnSeverity, Exhaustion, Figures, Objective, Period};

pub use crate::model::slo::{SLACK, exceeds, fires};

const PPB: u32 = 1_000_000_000;

/// The text of an objective is none.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum ObjectiveError {
    #[error("not a decimal number")]
    NotANumber,
    #[error("more than nine decimals of a ratio cannot be told apart")]
    TooFine,
    #[error("an objective lies between 0 and 100 %, neither included")]
    OutOfRange,
}

/// `99.9`.
pub fn of_percent(text: &str) -> Result<Objective, ObjectiveError> {
    decimal(text, 7)
}

/// `0.999`.
pub fn of_ratio(text: &str) -> Result<Objective, ObjectiveError> {
    decimal(text, 9)
}

/// A ratio that has been through floating point (`slo:objective:ratio`): the nearest billionth.
pub fn of_number(ratio: f64) -> Result<Objective, ObjectiveError> {
    let ppb = (ratio * f64::from(PPB)).round();
    if ppb > 0.0 && ppb < f64::from(PPB) {
        Ok(Objective { ppb: ppb as u32 })
    } else if ratio.is_finite() {
        Err(ObjectiveError::OutOfRange)
    } else {
        Err(ObjectiveError::NotANumber)
    }
}

/// Decimal text times ten to the `places`, exactly.
fn decimal(text: &str, places: usize) -> Result<Objective, ObjectiveError> {
    let (whole, part) = text.trim().split_once('.').unwrap_or((text.trim(), ""));
    let digits = |text: &str| text.bytes().all(|byte| byte.is_ascii_digit());
    if !digits(whole) || !digits(part) || (whole.is_empty() && part.is_empty()) {
        return Err(ObjectiveError::NotANumber);
    }
    let part = part.trim_end_matches('0');
    if part.len() > places {
        return Err(ObjectiveError::TooFine);
    }
    let scaled = format!("{whole}{part:0<places$}");
    match scaled.trim_start_matches('0').parse::<u64>() {
        Ok(ppb) if ppb < u64::from(PPB) => Ok(Objective { ppb: ppb as u32 }),
        // Nothing but zeros, or longer than a number can be.
        _ => Err(ObjectiveError::OutOfRange),
    }
}

/// Noise of a subtraction (−4.69e-12 %) is nothing.
#[must_use]
pub fn snap(value: f64) -> f64 {
    if value.abs() < SLACK { 0.0 } else { value }
}

/// `value` has reached an inclusive threshold (consumption 0.80, 0.95; slo.md §1.1).
#[must_use]
pub fn reaches(value: f64, threshold: f64) -> bool {
    value >= threshold - SLACK
}

/// Burn rate of an error ratio: 1 spends the budget in exactly the window.
#[must_use]
pub fn burn(objective: Objective, error_ratio: f64) -> f64 {
    snap(error_ratio) / objective.budget()
}

/// Attained, consumed, remaining from the error ratio over the whole window; and how long the rest
/// lasts at `burn`.
#[must_use]
pub fn figures(objective: Objective, error_ratio: f64, window: Duration, burn: Option<f64>) -> Figures {
    of_consumed(objective, self::burn(objective, error_ratio), window, burn)
}

/// The same from C itself (`slo:period_burn_rate:ratio`).
#[must_use]
pub fn of_consumed(objective: Objective, consumed: f64, window: Duration, burn: Option<f64>) -> Figures {
    let consumed = snap(consumed);
    let remaining = snap(1.0 - consumed);
    Figures {
        attained: 1.0 - consumed * objective.budget(),
        consumed,
        remaining,
        exhausted_in: match burn {
            Some(burn) => exhausted_in(remaining, burn, window),
            None if remaining <= 0.0 => Exhaustion::In(0.0),
            None => Exhaustion::Unknown,
        },
    }
}

/// Of a calendar window (slo.md §1.3): what is attained is that of the time so far, what is consumed
/// is of the budget of the whole period.
#[must_use]
pub fn of_calendar(objective: Objective, so_far: f64, period: Period, burn: Option<f64>) -> Figures {
    let consumed = calendar_consumed(objective, so_far, period.elapsed, period.length);
    Figures { attained: 1.0 - snap(so_far), ..of_consumed(objective, consumed, period.length, burn) }
}

/// TTE: pessimistic, as no budget returns.
#[must_use]
pub fn exhausted_in(remaining: f64, burn: f64, window: Duration) -> Exhaustion {
    if snap(remaining) <= 0.0 {
        Exhaustion::In(0.0)
    } else if snap(burn) <= 0.0 {
        Exhaustion::Never
    } else {
        Exhaustion::In(remaining * window.as_secs_f64() / burn)
    }
}

/// TTE with the budget that returns at the trailing edge of a rolling window.
#[must_use]
pub fn exhausted_in_net(remaining: f64, now: f64, edge: f64, window: Duration) -> Exhaustion {
    exhausted_in(remaining, now - edge, window)
}

/// Share of the whole budget that `bad` events spend, of all events of the window (ΔC, event form).
#[must_use]
pub fn spent(objective: Objective, bad: f64, all_of_window: f64) -> f64 {
    snap(bad) / (all_of_window * objective.budget())
}

/// ΔC as if traffic were constant: a burn rate kept up for a while.
#[must_use]
pub fn spent_at(burn: f64, span: Duration, window: Duration) -> f64 {
    burn * span.as_secs_f64() / window.as_secs_f64()
}

/// Seconds until an error ratio has spent this share of the budget.
#[must_use]
pub fn time_to_spend(objective: Objective, share: f64, error_ratio: f64, window: Duration) -> f64 {
    share * objective.budget() * window.as_secs_f64() / error_ratio
}

/// Worst spend of a canary at this weight (0..1) that is wholly bad until somebody sees it.
#[must_use]
pub fn exposure(objective: Objective, weight: f64, seen_after: Duration, window: Duration) -> f64 {
    weight * seen_after.as_secs_f64() / (objective.budget() * window.as_secs_f64())
}

/// C of a calendar window from the error ratio so far, projected on the whole period (slo.md §1.3).
#[must_use]
pub fn calendar_consumed(objective: Objective, so_far: f64, elapsed: Duration, period: Duration) -> f64 {
    burn(objective, so_far) * elapsed.as_secs_f64() / period.as_secs_f64()
}

/// A row of the multi-window, multi-burn-rate table (slo.md §1.4).
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Row {
    pub severity: BurnSeverity,
    /// Share of the budget that is spent when it alerts.
    pub share: f64,
    pub long: Duration,
    pub short: Duration,
    /// `long` and `short` as Prometheus writes them.
    pub names: (&'static str, &'static str),
}

const HOUR: u64 = 3600;

/// Page fast, page slow, ticket fast, ticket slow.
pub const TABLE: [Row; 4] = [
    row(BurnSeverity::Page, 0.02, HOUR, ("1h", "5m")),
    row(BurnSeverity::Page, 0.05, 6 * HOUR, ("6h", "30m")),
    row(BurnSeverity::Ticket, 0.10, 24 * HOUR, ("1d", "2h")),
    row(BurnSeverity::Ticket, 0.10, 72 * HOUR, ("3d", "6h")),
];

const fn row(severity: BurnSeverity, share: f64, long: u64, names: (&'static str, &'static str)) -> Row {
    Row { severity, share, long: Duration::from_secs(long), short: Duration::from_secs(long / 12), names }
}

impl Row {
    /// k = p·W/L.
    #[must_use]
    pub fn threshold(&self, window: Duration) -> f64 {
        self.share * window.as_secs_f64() / self.long.as_secs_f64()
    }
}

/// The fastest possible burn, where it lies below the threshold: such an alert can never fire.
#[must_use]
pub fn never_fires(objective: Objective, threshold: f64) -> Option<f64> {
    let most = 1.0 / objective.budget();
    (threshold * objective.budget() >= 1.0 - SLACK).then_some(most)
}

/// Seconds from the step to this error ratio until the long window is over the threshold.
#[must_use]
pub fn detected_in(objective: Objective, threshold: f64, error_ratio: f64, long: Duration) -> Option<f64> {
    let share = threshold * objective.budget() / error_ratio;
    (share <= 1.0).then_some(share * long.as_secs_f64())
}

/// Seconds after the fix until the short window is below the threshold again.
#[must_use]
pub fn reset_in(objective: Objective, threshold: f64, error_ratio: f64, short: Duration) -> f64 {
    (short.as_secs_f64() * (1.0 - threshold * objective.budget() / error_ratio)).max(0.0)
}

/// Below so many events one failure alone trips the threshold.
#[must_use]
pub fn least_events(objective: Objective, threshold: f64) -> f64 {
    1.0 / (threshold * objective.budget())
}

/// Fewer failed events than this are no evidence, however fast they burn (slo.md §1.5).
pub const LEAST_FAILED: f64 = 5.0;

/// Enough events to say that a rate is over the threshold. Counts are extrapolated: they are taken
/// for the nearest whole ones.
#[must_use]
pub fn is_evidence(objective: Objective, threshold: f64, failed: f64, all: f64) -> bool {
    failed.round() >= LEAST_FAILED && all.round() >= least_events(objective, threshold) - SLACK
}

/// Requests up to a bound that no bucket has, between the two that stand beside it.
#[must_use]
pub fn interpolated(bound: f64, below: (f64, f64), above: (f64, f64)) -> f64 {
    below.1 + (above.1 - below.1) * (bound - below.0) / (above.0 - below.0)
}

/// A share in percent, cut (not rounded) to `decimals` towards less: what is attained or left never
/// looks better than it is.
#[must_use]
pub fn percent_down(ratio: f64, decimals: i32) -> f64 {
    let scale = 10_f64.powi(decimals);
    // The slack keeps 0.29 * 100 = 28.999999999999996 at 29.
    ((ratio * 100.0 * scale + SLACK.sqrt() * 1e-2).floor() / scale) + 0.0
}

/// The same towards more, for what is consumed or spent.
#[must_use]
pub fn percent_up(ratio: f64, decimals: i32) -> f64 {
    -percent_down(-ratio, decimals) + 0.0
}
