//! What is read only while somebody looks at it: the canary beside the stable arm, the budget spent
//! since a rollout began, the budget over the window.

use std::sync::Arc;
use std::time::Duration;

use futures::future::{join, join_all};
use jiff::Timestamp;

use super::idle;
use super::ingest::{self, Series, Told};
use super::poll::{Fault, Poll};
use super::slos::{Slos, ask};
use crate::model::Uid;
use crate::model::slo::{Arm, ArmMetric, ArmQuery, ArmVerdict, Comparison, ComparisonQuery, Reading, Spent};
use crate::model::source::{Detail, FeedEvent, Object};
use crate::slo::reading::{self, Beside, Range, Sample};
use crate::slo::{budget, promql, stats};
use crate::systems::polled::Gone;
use crate::text::Safe;

/// What the small charts of the arms look back on, and how fine they are.
const HALF_HOUR: i64 = 1800;
const STEP: i64 = 30;
/// Points of the chart of a whole window.
const POINTS: i64 = 240;

impl Slos {
    /// Reads what is looked at now, and tells it.
    pub(super) async fn details(&mut self) -> Result<(), Gone> {
        let interest = Arc::clone(&self.poll.outlet.interest.borrow_and_update());
        let at = self.poll.evaluation();
        let rows = interest.comparisons.iter().map(|query| compare(&self.poll, query, at));
        for row in join_all(rows).await {
            self.poll.outlet.tell(FeedEvent::Detail(Detail::Comparison(Box::new(row)))).await?;
        }
        for (slo, since) in &interest.spent {
            if let Some(spent) = self.spent(slo, *since, at).await {
                let row = Spent { slo: slo.clone(), since: *since, spent };
                self.poll.outlet.tell(FeedEvent::Detail(Detail::Spent(row))).await?;
            }
        }
        match &interest.history {
            Some(slo) => self.chart(slo, at).await,
            None => Ok(()),
        }
    }

    async fn spent(&self, slo: &Uid, since: Timestamp, at: Timestamp) -> Option<Reading<f64>> {
        let known = self.known.get(slo.raw())?;
        let elapsed =
            Duration::try_from(at.duration_since(since)).ok().filter(|span| *span >= Duration::from_secs(1))?;
        // What is counted over the whole window says how far the answer may be relied on.
        let whole = known.figures.clone();
        if let Some((bad, all)) = self.events(slo.raw(), elapsed, known.window) {
            let (bad, all) = join(ask(&self.poll, &bad, at), ask(&self.poll, &all, at)).await;
            let number = |told: Result<Told, Fault>| told.ok().and_then(|told| told.series.first()?.value());
            if let (Some(bad), Some(all)) = (number(bad), number(all))
                && all > 0.0
            {
                let spent = budget::spent(known.objective, bad, all);
                return Some(whole.map(|_| spent));
            }
        }
        let mean = self.mean(slo.raw(), elapsed)?;
        let told = ask(&self.poll, &mean, at).await.ok()?;
        let burn = budget::burn(known.objective, told.series.first()?.value().filter(|ratio| ratio.is_finite())?);
        Some(whole.map(|_| budget::spent_at(burn, elapsed, known.window)))
    }

    /// The chart of an objective, when it is a minute old.
    async fn chart(&mut self, slo: &Uid, at: Timestamp) -> Result<(), Gone> {
        let Some(known) = self.known.get(slo.raw()).cloned() else { return Ok(()) };
        let step = (known.window.as_secs() as i64 / POINTS).max(1);
        // Where the recorded mean is no number, from the means of the steps, a window further back.
        let own = self.each_step(slo.raw(), step);
        let Some(query) = own.clone().or_else(|| self.whole(slo.raw())) else { return Ok(()) };
        let end = at.as_second().div_euclid(step) * step;
        let back = if own.is_some() { 2 * POINTS } else { POINTS };
        let start = end - step * (back - 1);
        let Ok(told) = range(&self.poll, &query, start, end, step).await else { return Ok(()) };
        let mut history = told.series.first().map(|series| points(series, start, end, step)).unwrap_or_default();
        if own.is_some() {
            history = idle::sliding(&history, POINTS as usize);
        }
        let left = |ratio: f64| 1.0 - budget::burn(known.objective, ratio);
        let mut changed = (*known).clone();
        changed.history = history.into_iter().map(|ratio| ratio.map(left)).collect();
        let changed = Arc::new(changed);
        self.known.insert(slo.raw().to_owned(), Arc::clone(&changed));
        self.poll.outlet.tell(FeedEvent::Applied(vec![Object::Slo(changed)])).await
    }
}

async fn range(poll: &Poll, query: &str, start: i64, end: i64, step: i64) -> Result<Told, Fault> {
    let answer = poll.client.query_range(query, start, end, step).await?;
    Ok(ingest::told(&answer.body)?)
}

/// The values at every step, gaps as `None`.
fn points(series: &Series, start: i64, end: i64, step: i64) -> Vec<Option<f64>> {
    let mut out = vec![None; ((end - start) / step + 1).max(0) as usize];
    for (time, value) in &series.points {
        let at = ((time - start as f64) / step as f64).round();
        if let Some(slot) = (at >= 0.0).then(|| out.get_mut(at as usize)).flatten() {
            *slot = value.is_finite().then_some(*value);
        }
    }
    out
}

async fn compare(poll: &Poll, query: &ComparisonQuery, at: Timestamp) -> Comparison {
    let (canary, stable) = join(arm(poll, query, &query.canary, at), arm(poll, query, &query.stable, at)).await;
    let verdict = match (&canary.1, &stable.1) {
        (Some(canary), Some(stable)) => {
            let margin = f64::from(query.margin_ppb) / 1e9;
            stats::verdict(*canary, *stable, margin, seen(query, at))
        }
        _ => ArmVerdict::None,
    };
    Comparison { query: query.clone(), canary: canary.0, stable: stable.0, verdict, at }
}

/// How long the canary's requests took to come: the window, less when it began inside it.
fn seen(query: &ComparisonQuery, at: Timestamp) -> Duration {
    let window = query.canary.counts.as_ref().and_then(|(_, all)| promql::window_of(all));
    let window = window.unwrap_or(Duration::from_mins(5));
    let since = query.since.and_then(|since| Duration::try_from(at.duration_since(since)).ok());
    since.map_or(window, |since| window.min(since))
}

async fn arm(poll: &Poll, query: &ComparisonQuery, arm: &ArmQuery, at: Timestamp) -> (Arm, Option<stats::Counts>) {
    let end = at.as_second().div_euclid(STEP) * STEP;
    let start = end - HALF_HOUR + STEP;
    let counted = async {
        let (failed, all) = arm.counts.as_ref()?;
        let (failed, all) = join(ask(poll, failed, at), ask(poll, all, at)).await;
        // A lower bound decides nothing.
        let number = |told: Result<Told, Fault>| {
            let told = told.ok().filter(|told| told.warning.is_none())?;
            let [one] = told.series.as_slice() else { return None };
            one.value().filter(|count| count.is_finite() && *count >= 0.0)
        };
        let (failed, all) = (number(failed)?, number(all)?);
        Some(stats::Counts { failed: failed.min(all), all })
    };
    let value = async { join(ask(poll, &arm.value, at), range(poll, &arm.value, start, end, STEP)).await };
    let (counts, (value, history)) = join(counted, value).await;
    let kind = if query.metric == ArmMetric::Latency { Range::Positive } else { Range::Ratio };
    let mut history =
        history.ok().and_then(|told| Some(points(told.series.first()?, start, end, STEP))).unwrap_or_default();
    if let Some(since) = query.since {
        // Before the rollout the arm was another version's.
        let before = ((since.as_second() - start) / STEP).clamp(0, history.len() as i64) as usize;
        history[..before].fill(None);
    }
    let shown = Arm {
        value: one(value, kind, at),
        counts: counts.map(|counts| (counts.failed.round() as u64, counts.all.round() as u64)),
        history,
    };
    (shown, counts)
}

/// The one number of an answer.
pub(super) fn one(told: Result<Told, Fault>, kind: Range, at: Timestamp) -> Reading<f64> {
    let told = match told {
        Ok(told) => told,
        Err(fault) if fault.is_query() => return Reading::Invalid { why: fault.words() },
        Err(fault) => return Reading::Unreachable { why: fault.words(), last: None },
    };
    let beside = Beside { warnings: told.warning.into_iter().collect(), ..Beside::at(at) };
    match told.series.as_slice() {
        [] if told.left_out > 0 => Reading::Invalid { why: Safe::of("the answer is a histogram, not a number") },
        [] => Reading::NoData { since: None, last: None },
        [one] => {
            let text = one.value().map(|value| value.to_string());
            reading::of(text.as_deref().map(|text| Sample { text, at }), kind, &beside)
        }
        more => {
            let count = more.len() as u64;
            Reading::Invalid { why: crate::safe!("{} series instead of one: sum them in the query", count) }
        }
    }
}
