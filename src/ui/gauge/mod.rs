//! An objective as a gauge. Each way of having no figure looks different, and none of them like one
//! that has (slo.md §1.6).
//!
//! ```text
//!  checkout availability  99.9 % over 30d                                61.4 % left
//!  ████████████████████████████████████████████▌
//!  this deploy −0.9 %  burn 5m 3.1× · 1h 2.1× · 6h 0.7×   page 14.4×   empty in 9d
//! ```

mod bar;

pub use bar::{Columns, bar, line};

use super::facts;
use super::pen::Words;
use crate::config::theme::Role;
use crate::model::slo::{BurnSeverity, Figures, Period, Reading, Slo};
use crate::safe;
use crate::slo::budget;
use crate::state::State;
use crate::state::slos::{self, Standing};
use crate::text::{self, Safe};

/// Name, objective and window of it.
#[must_use]
pub fn name(slo: &Slo) -> Words {
    Words::of(Role::Strong, &slo.service)
        .add(Role::Strong, " ")
        .text(&slo.name)
        .dim("  ")
        .dim(objective(slo))
        .dim(" ")
        .dim(window(slo))
}

/// `over 30d`; of the calendar `this month`, `in 2w`.
#[must_use]
pub fn window(slo: &Slo) -> Safe {
    if slo.rolling {
        return safe!("over {}", slo.window_text);
    }
    let named = match slo.window_text.as_str() {
        "1d" => "this day",
        "1w" => "this week",
        "1M" => "this month",
        "1Q" => "this quarter",
        "1Y" | "1y" => "this year",
        _ => return safe!("in {}", slo.window_text),
    };
    Safe::of(named)
}

/// `99.9 %`, every decimal that was written.
#[must_use]
pub fn objective(slo: &Slo) -> Safe {
    let ppb = u64::from(slo.objective.ppb);
    let (whole, part) = (ppb / 10_000_000, ppb % 10_000_000);
    let places = (0..7).rev().find(|at| part % 10_u64.pow(*at) == 0).map_or(7, |at| 7 - at);
    safe!("{} %", text::decimal(whole as f64 + part as f64 / 1e7, places as usize))
}

/// The colour of a figure that may be relied on.
#[must_use]
pub fn role(slo: &Slo, figures: &Figures) -> Role {
    match slos::standing(slo, figures) {
        Standing::Calm => Role::Quiet,
        Standing::Unknown => Role::Unknown,
        Standing::Burning => Role::Move,
        Standing::Low => Role::Wait,
        Standing::Critical => Role::Bad,
    }
}

/// What is left, in a word: `61.4 %`, `−12.1 %`; never rounded towards better.
#[must_use]
pub fn percent_left(figures: &Figures) -> Safe {
    left_to(figures, 1)
}

/// The same where an objective stands on its own: while a deploy spends, as finely as what that has
/// spent is told, so that the fall is seen.
#[must_use]
pub fn percent_left_now(state: &State, slo: &Slo, figures: &Figures) -> Safe {
    left_to(figures, digits(state, slo))
}

/// Decimals of what is left and what is consumed of an objective that stands on its own.
#[must_use]
pub fn digits(state: &State, slo: &Slo) -> u8 {
    let spent = slos::spent(state, slo).and_then(|reading| reading.shown().copied());
    spent.filter(|spent| *spent > 0.0).map_or(1, |spent| fine(spent).min(2))
}

fn left_to(figures: &Figures, places: u8) -> Safe {
    let left = budget::percent_down(figures.remaining, i32::from(places));
    let sign = if left < 0.0 { "−" } else { "" };
    safe!("{}{} %", sign, text::decimal(left.abs(), usize::from(places)))
}

/// Decimals of a percentage in which a small share is still told.
fn fine(share: f64) -> u8 {
    match share.abs() {
        0.01.. => 1,
        0.001.. => 2,
        _ => 3,
    }
}

/// The right end of the first line: what is left, or why nobody knows.
#[must_use]
pub fn left(state: &State, slo: &Slo, reading: &Reading<Figures>) -> Words {
    told(state, slo, reading, percent_left)
}

/// The same as finely as [`percent_left_now`].
#[must_use]
pub fn left_now(state: &State, slo: &Slo, reading: &Reading<Figures>) -> Words {
    told(state, slo, reading, |figures| percent_left_now(state, slo, figures))
}

fn told(state: &State, slo: &Slo, reading: &Reading<Figures>, percent: impl Fn(&Figures) -> Safe) -> Words {
    let last = reading.shown().map(&percent);
    let known = |words: Words| match &last {
        Some(last) => words.dim(" · last ").dim(last),
        None => words,
    };
    let doubt = |words: Words| match &last {
        Some(last) => Words::of(Role::Text, last).dim(" left · ").then(words),
        None => words,
    };
    // Of the clock of Prometheus, as every time of its samples.
    let of_source = |at| facts::since(state, slo.meta.cluster, at);
    match reading {
        Reading::Value(figures) => {
            let role = if slos::standing(slo, figures) == Standing::Critical { Role::Bad } else { Role::Strong };
            let words = match slo.idle_since() {
                Some(since) => Words::of(Role::Unknown, safe!("idle {} · ", of_source(Some(since)))),
                None => Words::new(),
            };
            words.add(role, percent(figures)).dim(" left")
        }
        Reading::NoTraffic { since: Some(since), .. } => {
            known(Words::of(Role::Unknown, safe!("idle {}", of_source(Some(*since)))))
        }
        Reading::NoTraffic { since: None, .. } => known(Words::of(Role::Unknown, "idle: no requests")),
        Reading::NoData { since: Some(since), .. } => {
            known(Words::of(Role::Unknown, safe!("no data for {}", of_source(Some(*since)))))
        }
        Reading::NoData { since: None, .. } => known(Words::of(Role::Unknown, "no data")),
        Reading::Stale { at, .. } => doubt(Words::of(Role::Wait, safe!("{} old", of_source(Some(*at))))),
        Reading::Unreachable { .. } => match &last {
            Some(last) => Words::of(Role::Bad, "✖ not reached").dim(" · last ").dim(last).dim(age(state, slo)),
            None => Words::of(Role::Bad, "✖ not reached"),
        },
        Reading::Partial { .. } => doubt(Words::of(Role::Wait, "partial")),
        Reading::Immature { coverage, .. } => {
            let covered = text::decimal(budget::percent_down(*coverage, 0), 0);
            doubt(Words::of(Role::Wait, safe!("{} % of {} seen", covered, slo.window_text)))
        }
        Reading::Invalid { .. } => Words::of(Role::Wait, "⚠ check the metric"),
    }
}

/// `, 41s ago`, where the time of the figures is known.
fn age(state: &State, slo: &Slo) -> Safe {
    match slo.at {
        Some(at) => safe!(", {} ago", facts::since(state, slo.meta.cluster, Some(at))),
        None => Safe::of(""),
    }
}

/// The line below the bar: what is spent and how fast; or the reason why there is no figure. As much
/// of it as fits.
#[must_use]
pub fn below(state: &State, slo: &Slo, reading: &Reading<Figures>, width: u16) -> Words {
    if let Some(why) = reason(state, slo, reading) {
        return why;
    }
    let mut words = Words::new();
    let parts = [spent(state, slo), burns(slo), few(slo), page(slo), empty(slo, reading), resets(slo), source(slo)];
    for (number, part) in parts.into_iter().enumerate() {
        let gap = match number {
            _ if words.is_empty() => "",
            1 => "  ",
            _ => "   ",
        };
        if !part.is_empty() && words.width() + gap.len() as u16 + part.width() <= width {
            words = words.dim(gap).then(part);
        }
    }
    words
}

fn reason(state: &State, slo: &Slo, reading: &Reading<Figures>) -> Option<Words> {
    let words = match reading {
        Reading::Unreachable { why, .. } => {
            let words = Words::of(Role::Dim, why);
            match slos::retry(state, slo) {
                Some(left) => words.dim(safe!(", next try in {}", text::age(left.as_secs() as i64))),
                None => words,
            }
        }
        Reading::NoData { .. } => {
            Words::of(Role::Dim, "Prometheus answers, but the series is gone: is its rule still loaded?")
        }
        Reading::Invalid { why } => Words::of(Role::Dim, why),
        Reading::Partial { why, .. } => Words::of(Role::Wait, "at least this is spent: ").dim(why),
        Reading::Stale { .. } => Words::of(Role::Dim, "the recording rule stands still; Prometheus itself answers"),
        Reading::Value(_) | Reading::NoTraffic { .. } | Reading::Immature { .. } => return None,
    };
    Some(words)
}

/// `this deploy −0.9 %`.
#[must_use]
pub fn spent(state: &State, slo: &Slo) -> Words {
    match slos::spent(state, slo) {
        Some(reading) => {
            let Some(spent) = reading.shown() else { return Words::new() };
            let role = match reading.value() {
                Some(spent) if *spent >= 0.001 => Role::Wait,
                Some(_) => Role::Text,
                None => Role::Unknown,
            };
            Words::of(Role::Dim, "this deploy ").add(role, percent_spent(*spent))
        }
        None => Words::new(),
    }
}

/// `−0.9 %`, rounded towards more.
#[must_use]
pub fn percent_spent(spent: f64) -> Safe {
    let places = fine(spent);
    let percent = budget::percent_up(spent.max(0.0), i32::from(places));
    if percent <= 0.0 { Safe::of("0 %") } else { safe!("−{} %", text::decimal(percent, usize::from(places))) }
}

/// `burn 5m 3.1× · 1h 2.1× · 6h 0.7×`.
fn burns(slo: &Slo) -> Words {
    let mut words = Words::of(Role::Dim, "burn ");
    let mut first = true;
    for window in ["5m", "1h", "6h"] {
        let Some(reading) = slos::rate(slo, window) else { continue };
        if !first {
            words = words.dim(" · ");
        }
        words = words.dim(window).dim(" ").then(rate(slo, reading));
        first = false;
    }
    if first { Words::new() } else { words }
}

/// A burn rate, loud when it spends more than the budget returns.
#[must_use]
pub fn rate(slo: &Slo, reading: &Reading<f64>) -> Words {
    let Some(value) = reading.shown() else {
        return Words::of(Role::Unknown, if matches!(reading, Reading::NoTraffic { .. }) { "idle" } else { "–" });
    };
    let words = times(*value);
    let page = slo.burns.iter().find(|burn| burn.severity == BurnSeverity::Page).map(|burn| burn.threshold);
    match reading.value() {
        None => Words::of(Role::Unknown, words),
        Some(value) if page.is_some_and(|page| budget::exceeds(*value, page)) => Words::of(Role::Bad, words),
        Some(value) if budget::exceeds(*value, 1.0) => Words::of(Role::Wait, words),
        Some(_) => Words::of(Role::Text, words),
    }
}

/// `3.1×`, `14×`.
#[must_use]
pub fn times(value: f64) -> Safe {
    let places = usize::from(!(value >= 99.95 || (value - value.round()).abs() < 1e-9 && value >= 1.0));
    let places = if value > 0.0 && value < 0.095 { 2 } else { places };
    let text = if value.abs() < 0.005 { Safe::of("0") } else { text::decimal(value, places) };
    safe!("{}×", text)
}

/// `LOW n=12`: it burns faster than an alert allows, but on too few events to say so.
#[must_use]
pub fn few(slo: &Slo) -> Words {
    slo.few().map_or_else(Words::new, low)
}

/// Too few events, and how many.
#[must_use]
pub fn low(events: u64) -> Words {
    Words::of(Role::Wait, safe!("LOW n={}", text::count(events)))
}

/// When the budget of a calendar window begins anew.
fn resets(slo: &Slo) -> Words {
    match slo.period {
        Some(period) => Words::of(Role::Dim, "resets in ").dim(short(period.left().as_secs_f64())),
        None => Words::new(),
    }
}

fn page(slo: &Slo) -> Words {
    match slo.burns.iter().find(|burn| burn.severity == BurnSeverity::Page) {
        Some(burn) => Words::of(Role::Dim, "page ").dim(times(burn.threshold)),
        None => Words::new(),
    }
}

fn empty(slo: &Slo, reading: &Reading<Figures>) -> Words {
    let Some(figures) = reading.shown() else { return Words::new() };
    if figures.remaining <= 0.0 {
        return Words::of(Role::Bad, "nothing is left");
    }
    let Some(left) = empties_in(slo, figures) else { return Words::new() };
    let role = match reading.value() {
        None => Role::Unknown,
        Some(_) if left < 86_400.0 => Role::Wait,
        Some(_) => Role::Text,
    };
    Words::of(Role::Dim, "empty in ").add(role, short(left))
}

/// Seconds until nothing is left, where that is sooner than the window: at a slower pace the budget
/// returns as fast as it goes. Of the calendar: sooner than the budget begins anew.
#[must_use]
pub fn empties_in(slo: &Slo, figures: &Figures) -> Option<f64> {
    let returns = slo.period.map_or(slo.window, Period::left);
    figures.exhausted_in.seconds().filter(|seconds| *seconds < returns.as_secs_f64())
}

/// `9d`, `32h`, `14m`.
#[must_use]
pub fn short(seconds: f64) -> Safe {
    let seconds = seconds.max(0.0) as i64;
    match seconds {
        172_800.. => safe!("{}d", seconds / 86_400),
        7_200.. => safe!("{}h", seconds / 3_600),
        _ => text::age(seconds),
    }
}

/// `sloth, mean of ratios`.
fn source(slo: &Slo) -> Words {
    Words::of(Role::Dim, safe!("{}, {}", slo.source.as_str(), slo.method))
}
