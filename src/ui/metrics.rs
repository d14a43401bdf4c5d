//! What an analysis measures: value, what is wanted, trend, verdict, counters against limits.

use std::time::Duration;

use super::pen::{Lean, Pen, Words};
use super::{facts, signs};
use crate::config::theme::Role;
use crate::model::rollouts::{AnalysisPhase, Metric};
use crate::safe;
use crate::state::canary::Next;
use crate::state::{conditions, readings};
use crate::text::Safe;

/// From so many columns on, everything about a metric stands on one line.
pub const WIDE: u16 = 68;

/// Value, what is wanted, trend, verdict, counters; the counters below where there is no room beside.
/// `whole`: every counter, and `next`, when it is measured next, are told below it.
pub fn lines(pen: &mut Pen<'_>, y: u16, name: u16, metric: &Metric, next: Option<Next>, whole: bool) -> u16 {
    let (role, glyph, word) = verdict(metric);
    let limits: Vec<f64> = bounds(metric).collect();
    let value = metric.measurements.last().map_or_else(|| Safe::of("–"), |last| readings::beside(&last.value, &limits));
    let loud = if role == Role::Quiet { Role::Text } else { role };
    pen.cell(0, y, name, Lean::Left, &Words::of(Role::Text, &metric.name));
    pen.cell(name + 1, y, 9, Lean::Right, &Words::of(loud, value));
    let wants = Words::of(Role::Dim, "wants ").dim(facts::wants(metric));
    pen.cell(name + 12, y, 14, Lean::Left, &wants);
    let x = if pen.width() < WIDE {
        name + 27
    } else {
        pen.write(name + 27, y, TREND, &trend(metric));
        name + 27 + TREND + 1
    };
    let used = pen.write(x, y, pen.width(), &Words::of(role, glyph).add(role, " ").add(role, word));
    if whole {
        let next = next_words(next);
        // Rather without what nothing was counted of than with half a word.
        let forms = [all_against(metric, true), all_against(metric, false), against(metric)];
        let forms = forms.map(|counters| counters.then(next.clone()));
        let room = pen.width().saturating_sub(name + 1);
        let short = forms.iter().find(|words| words.width() <= room).or(forms.last());
        let counters = short.cloned().unwrap_or_default();
        let used = pen.write(name + 1, y + 1, pen.width(), &counters);
        let values = last_values(metric);
        if name + 1 + used + values.width() <= pen.width() {
            pen.write(name + 1 + used, y + 1, pen.width(), &values);
        }
        return y + 2;
    }
    let counters = against(metric);
    let at = x + used.max(10) + 2;
    if at + counters.width() <= pen.width() {
        pen.write(at, y, pen.width(), &counters);
        return y + 1;
    }
    pen.write(name + 12, y + 1, pen.width(), &counters);
    y + 2
}

/// Measurements in a trend, and its columns.
const TREND: u16 = 8;

/// The last measurements as bars, each in the colour of its result.
fn trend(metric: &Metric) -> Words {
    // Not the full block: lines above each other must not touch.
    const BARS: [&str; 7] = ["▁", "▂", "▃", "▄", "▅", "▆", "▇"];
    let last = metric.measurements.iter().rev().take(usize::from(TREND)).collect::<Vec<_>>();
    let values: Vec<Option<f64>> = last.iter().map(|measurement| readings::number(&measurement.value)).collect();
    // What the values are held against is on the scale: a trend far below its limit looks low.
    let bound = bounds(metric).fold(0.0_f64, |most, value| most.max(value.abs()));
    let most = values.iter().flatten().fold(bound, |most, value| most.max(value.abs()));
    let mut words = Words::new();
    for (measurement, value) in last.iter().zip(&values).rev() {
        let role = match signs::analysis(&measurement.phase).role {
            Role::Quiet => Role::Dim,
            role => role,
        };
        words = match value {
            Some(value) if most > 0.0 => words.add(role, BARS[((value.abs() / most * 6.0).round() as usize).min(6)]),
            Some(_) => words.add(role, BARS[0]),
            None => words.add(role, "?"),
        };
    }
    words
}

/// The numbers that its values are held against.
fn bounds(metric: &Metric) -> impl Iterator<Item = f64> {
    [&metric.success_condition, &metric.failure_condition].into_iter().flatten().filter_map(conditions::bound)
}

/// The last measurement failed, or the metric has.
#[must_use]
pub fn is_failing(metric: &Metric) -> bool {
    !metric.dry_run
        && (matches!(metric.phase, AnalysisPhase::Failed | AnalysisPhase::Error)
            || metric.measurements.last().is_some_and(|last| last.phase == AnalysisPhase::Failed))
}

/// Counters against their limits, only those that can end the run: `✖ 2 of 1  ? 0 of 0`.
pub fn against(metric: &Metric) -> Words {
    let words = Words::of(Role::Quiet, safe!("✔ {}", metric.successful));
    limits(metric).into_iter().filter(|(_, count, ..)| *count > 0).fold(words, counter)
}

/// The same with how many are wanted, and on demand with those that nothing was counted of.
fn all_against(metric: &Metric, zeros: bool) -> Words {
    let of = metric.count_limit.as_ref().map_or_else(Safe::default, |limit| safe!(" of {}", limit));
    let words = Words::of(Role::Quiet, safe!("✔ {}{}", metric.successful, of));
    limits(metric).into_iter().filter(|(_, count, ..)| zeros || *count > 0).fold(words, counter)
}

type Counter = (&'static str, i64, i64, Role);

fn limits(metric: &Metric) -> [Counter; 3] {
    [
        ("  ✖ ", metric.failed, metric.failure_limit, Role::Bad),
        ("  ? ", metric.inconclusive, metric.inconclusive_limit, Role::Wait),
        ("  ⚠ ", metric.consecutive_error, metric.consecutive_error_limit, Role::Bad),
    ]
}

/// One more ends the run once the limit is reached: until then it is a warning. What is beyond it has ended it.
fn counter(words: Words, (glyph, count, limit, role): Counter) -> Words {
    let role = match count {
        0 => Role::Dim,
        _ if limit >= 0 && count >= limit => role,
        _ => Role::Wait,
    };
    let against = if limit >= 0 && count > limit { " > " } else { " of " };
    words.add(role, glyph).add(role, safe!("{}{}{}", count, against, facts::limit(limit)))
}

/// `   last 0.01 0.02 0.08`: the newest at the end.
fn last_values(metric: &Metric) -> Words {
    let limits: Vec<f64> = bounds(metric).collect();
    let newest = metric.measurements.len().saturating_sub(VALUES);
    let values: Vec<Safe> =
        metric.measurements[newest..].iter().map(|one| readings::beside(&one.value, &limits)).collect();
    if values.len() < 2 {
        return Words::new();
    }
    Words::of(Role::Dim, "   last ").dim(Safe::join(&values, " "))
}

fn next_words(next: Option<Next>) -> Words {
    match next {
        None => Words::new(),
        Some(Next::Now) => Words::of(Role::Dim, "   measuring now"),
        Some(Next::In(left)) => {
            Words::of(Role::Dim, "   next in ").text(crate::text::duration(Duration::from_secs(left.as_secs().max(1))))
        }
    }
}

/// Values beside the counters.
const VALUES: usize = 4;

/// The verdict on a metric in a word: what the last measurements say, not only the phase.
pub fn verdict(metric: &Metric) -> (Role, &'static str, Safe) {
    let last = metric.measurements.last().map(|measurement| &measurement.phase);
    let dry = if metric.dry_run { " (dry run)" } else { "" };
    let (role, glyph, word) = match (&metric.phase, last) {
        // The controller calls a metric successful when its run is ended before it failed often enough.
        (AnalysisPhase::Successful, Some(AnalysisPhase::Failed | AnalysisPhase::Error)) if was_ended(metric) => {
            (Role::Bad, "✖", "ended while failing")
        }
        (AnalysisPhase::Successful, _) if was_ended(metric) => (Role::Dim, "·", "ended early"),
        (AnalysisPhase::Successful, Some(AnalysisPhase::Failed)) => (Role::Quiet, "✔", "passed, the last failed"),
        (AnalysisPhase::Successful, _) => (Role::Quiet, "✔", "passed"),
        (AnalysisPhase::Failed, _) => (Role::Bad, "✖", "failed"),
        (AnalysisPhase::Error, _) => (Role::Bad, "⚠", "error"),
        (AnalysisPhase::Inconclusive, _) | (_, Some(AnalysisPhase::Inconclusive)) => (Role::Wait, "?", "inconclusive"),
        (_, Some(AnalysisPhase::Failed)) => (Role::Bad, "✖", "failing"),
        (_, Some(AnalysisPhase::Error)) => (Role::Bad, "⚠", "no answer"),
        (_, Some(AnalysisPhase::Successful)) => (Role::Quiet, "✔", "passing"),
        (AnalysisPhase::Pending, _) => (Role::Dim, "·", "pending"),
        (AnalysisPhase::Running | AnalysisPhase::Other(_), _) => (Role::Move, "◌", "measuring"),
    };
    (role, glyph, safe!("{}{}", word, dry))
}

/// The run was ended by an abort or a promotion, and the metric with it ("Metric Terminated").
fn was_ended(metric: &Metric) -> bool {
    metric.message.as_str().to_ascii_lowercase().contains("terminated")
}
