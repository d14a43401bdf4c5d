//! What is read only while somebody looks at it: the canary beside the stable arm, and the budget spent
//! since a rollout began.

use std::collections::HashMap;
use std::sync::Arc;
use std::time::Duration;

use futures::future::{join, join_all};
use jiff::Timestamp;

use super::ingest::{self, Series, Told};
use super::poll::{Fault, Poll};
use super::slos::{Slos, ask};
use crate::model::Uid;
use crate::model::interest::Interest;
use crate::model::slo::{Arm, ArmMetric, ArmQuery, ArmVerdict, Comparison, ComparisonQuery, Exposed, Reading, Spent};
use crate::model::source::{Detail, FeedEvent};
use crate::slo::reading::{self, Beside, Range, Sample};
use crate::slo::{budget, events, promql, series, stats};
use crate::systems::polled::Gone;
use crate::text::Safe;

/// What the small charts of the arms look back on, and how fine they are.
const HALF_HOUR: i64 = 1800;
const STEP: i64 = 30;
/// What a canary does at first says nothing of it: caches are cold (slo.md §3.4).
const WARM_UP: Duration = Duration::from_mins(2);
/// Less than this cannot be counted.
const SHORTEST: Duration = Duration::from_secs(10);

/// What was told of what is looked at; its last figures.
#[derive(Debug, Default)]
pub(super) struct Looked {
    comparisons: HashMap<ComparisonQuery, (Option<f64>, Option<f64>)>,
    spent: HashMap<(Uid, Timestamp), Option<f64>>,
    /// The objective whose chart was read, and when.
    pub(super) chart: Option<(Uid, Duration)>,
}

impl Looked {
    /// What nobody looks at any more is forgotten.
    fn keep(&mut self, interest: &Interest) {
        self.comparisons.retain(|query, _| interest.comparisons.contains(query));
        self.spent.retain(|key, _| interest.spent.contains(key));
    }
}

/// Why a query has no answer.
fn unread<T>(fault: &Fault) -> Reading<T> {
    let why = fault.words();
    if fault.is_invalid() { Reading::Invalid { why } } else { Reading::Unreachable { why, last: None } }
}

/// The same with the figure of before, where there is none now.
fn with_last(reading: Reading<f64>, before: Option<f64>) -> Reading<f64> {
    match reading {
        Reading::NoTraffic { since, last } => Reading::NoTraffic { since, last: last.or(before) },
        Reading::NoData { since, last } => Reading::NoData { since, last: last.or(before) },
        Reading::Unreachable { why, last } => Reading::Unreachable { why, last: last.or(before) },
        other => other,
    }
}

impl Slos {
    /// Reads what is looked at now, and tells it; of something else being looked at, only what is new.
    pub(super) async fn details(&mut self, only_new: bool) -> Result<(), Gone> {
        let interest = Arc::clone(&self.poll.outlet.interest.borrow_and_update());
        self.told.keep(&interest);
        let at = self.poll.evaluation();
        let told = &self.told.comparisons;
        let rows = interest.comparisons.iter().filter(|query| !only_new || !told.contains_key(*query));
        for row in join_all(rows.map(|query| compare(&self.poll, query, at))).await {
            self.tell_comparison(row).await?;
        }
        for (slo, since) in &interest.spent {
            let key = (slo.clone(), *since);
            if !(only_new && self.told.spent.contains_key(&key))
                && let Some(spent) = self.spent(slo, *since, at).await
            {
                self.tell_spent(key, spent).await?;
            }
        }
        match &interest.history {
            Some(slo) => self.chart(slo, at).await,
            None => Ok(()),
        }
    }

    /// Nobody answers: what is looked at says so, with what was known.
    pub(super) async fn details_lost(&mut self, why: &Safe) -> Result<(), Gone> {
        let interest = Arc::clone(&self.poll.outlet.interest.borrow());
        self.told.keep(&interest);
        let (at, lost) = (self.poll.evaluation(), || Reading::Unreachable { why: why.clone(), last: None });
        for query in &interest.comparisons {
            let arm = || Arm { value: lost(), counts: None, history: Vec::new() };
            let (canary, stable, verdict) = (arm(), arm(), ArmVerdict::None);
            let row = Comparison { query: query.clone(), canary, stable, verdict, exposed: None, at };
            self.tell_comparison(row).await?;
        }
        for (slo, since) in &interest.spent {
            self.tell_spent((slo.clone(), *since), lost()).await?;
        }
        Ok(())
    }

    async fn tell_comparison(&mut self, mut row: Comparison) -> Result<(), Gone> {
        let before = self.told.comparisons.get(&row.query);
        row.canary.value = with_last(row.canary.value, before.and_then(|row| row.0));
        row.stable.value = with_last(row.stable.value, before.and_then(|row| row.1));
        let shown = (row.canary.value.shown().copied(), row.stable.value.shown().copied());
        self.told.comparisons.insert(row.query.clone(), shown);
        self.poll.outlet.tell(FeedEvent::Detail(Detail::Comparison(Box::new(row)))).await
    }

    async fn tell_spent(&mut self, key: (Uid, Timestamp), spent: Reading<f64>) -> Result<(), Gone> {
        let spent = with_last(spent, self.told.spent.get(&key).copied().flatten());
        self.told.spent.insert(key.clone(), spent.shown().copied());
        let row = Spent { slo: key.0, since: key.1, spent };
        self.poll.outlet.tell(FeedEvent::Detail(Detail::Spent(row))).await
    }

    async fn spent(&self, slo: &Uid, since: Timestamp, at: Timestamp) -> Option<Reading<f64>> {
        let known = self.known.get(slo.raw())?;
        let elapsed =
            Duration::try_from(at.duration_since(since)).ok().filter(|span| *span >= Duration::from_secs(1))?;
        // What is counted over the whole window says how far the answer may be relied on.
        let whole = known.figures.clone();
        if let Some((bad, all)) = self.events(slo.raw(), elapsed, known.window) {
            let (bad, all) = join(ask(&self.poll, &bad, at), ask(&self.poll, &all, at)).await;
            let (bad, all) = (one(bad, Range::Positive, at), one(all, Range::Positive, at));
            let nothing = |count: &Reading<f64>| {
                matches!(count, Reading::NoData { .. } | Reading::NoTraffic { .. }) || count.shown() == Some(&0.0)
            };
            // Where nothing was counted, the mean may tell all the same.
            if !nothing(&all) && !matches!(bad, Reading::NoData { .. } | Reading::NoTraffic { .. }) {
                let spent = reading::both(&bad, &all, |bad, all| budget::spent(known.objective, *bad, *all));
                return Some(reading::both(&spent, &whole, |spent, _| *spent));
            }
        }
        let mean = one(ask(&self.poll, &self.mean(slo.raw(), elapsed)?, at).await, Range::Ratio, at);
        let mean = match mean {
            Reading::NoTraffic { .. } => Reading::NoData { since: None, last: None },
            mean => mean.map(|ratio| budget::spent_at(budget::burn(known.objective, ratio), elapsed, known.window)),
        };
        Some(reading::both(&mean, &whole, |spent, _| *spent))
    }
}

pub(super) async fn range(poll: &Poll, query: &str, start: i64, end: i64, step: i64) -> Result<Told, Fault> {
    let answer = poll.client.query_range(query, start, end, step).await?;
    Ok(ingest::told(&answer.body)?)
}

/// The values at every step, gaps as `None`.
pub(super) fn points(series: &Series, start: i64, end: i64, step: i64) -> Vec<Option<f64>> {
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
    let window = counted(query, at);
    let both = join(arm(poll, query, &query.canary, window, at), arm(poll, query, &query.stable, window, at));
    let ((canary, stable), exposed) = join(both, exposed(poll, query, at)).await;
    let margin = f64::from(query.margin_ppb) / 1e9;
    let verdict = match (&canary.1, &stable.1) {
        (Some(canary), Some(stable)) => {
            let verdict = stats::verdict(*canary, *stable, margin, window.unwrap_or(SHORTEST));
            match query.budget_ppb {
                Some(ppb) => stats::with_stable(verdict, *canary, *stable, f64::from(ppb) / 1e9),
                None => verdict,
            }
        }
        _ if query.canary.counts.is_some() && window.is_none() => too_early(query, &stable.0, margin, at),
        _ if query.metric == ArmMetric::Latency => beside_each_other(poll, query, at).await,
        _ => ArmVerdict::None,
    };
    Comparison { query: query.clone(), canary: canary.0, stable: stable.0, verdict, exposed, at }
}

/// Requests of each arm since the rollout began, where they can be counted.
async fn exposed(poll: &Poll, query: &ComparisonQuery, at: Timestamp) -> Option<Exposed> {
    let elapsed = Duration::try_from(at.duration_since(query.since?)).ok().filter(|span| *span >= SHORTEST)?;
    let elapsed = Duration::from_secs(elapsed.as_secs());
    let all = |arm: &ArmQuery| events::over(&arm.counts.as_ref()?.1, elapsed);
    let (canary, stable) = (all(&query.canary)?, all(&query.stable)?);
    let (canary, stable) = join(ask(poll, &canary, at), ask(poll, &stable, at)).await;
    let (canary, stable) = (number(canary)?.round() as u64, number(stable)?.round() as u64);
    Some(Exposed { canary, stable })
}

/// A count, whole; a lower bound is none.
fn number(told: Result<Told, Fault>) -> Option<f64> {
    let told = told.ok().filter(|told| told.warning.is_none())?;
    let [one] = told.series.as_slice() else { return None };
    one.value().filter(|count| count.is_finite() && *count >= 0.0)
}

/// What may be counted: the window of the query, less what lies before the canary had traffic and was
/// warm. `None`: nothing yet.
fn counted(query: &ComparisonQuery, at: Timestamp) -> Option<Duration> {
    let window = query.canary.counts.as_ref().and_then(|(_, all)| promql::window_of(all));
    let window = window.unwrap_or(Duration::from_mins(5));
    let Some(since) = query.since else { return Some(window) };
    let elapsed = Duration::try_from(at.duration_since(since)).unwrap_or_default();
    Some(window.min(elapsed.saturating_sub(WARM_UP))).filter(|usable| *usable >= SHORTEST.min(window))
}

/// Two latencies that cannot be counted, point by point since the canary is warm. Points that share data prove nothing
/// more than one of them does: they are as far apart as the window of the query is long.
async fn beside_each_other(poll: &Poll, query: &ComparisonQuery, at: Timestamp) -> ArmVerdict {
    let Some(since) = query.since else { return ArmVerdict::None };
    let window = promql::window_of(&query.canary.value).unwrap_or_default().as_secs() as i64;
    let step = window.max(STEP);
    let first = since.as_second() + WARM_UP.as_secs() as i64 + window;
    let end = at.as_second().div_euclid(STEP) * STEP;
    let steps = ((end - first).div_euclid(step)).min(series::MOST as i64 - 1);
    let missing = |have: usize| Some(Duration::from_secs(series::LEAST.saturating_sub(have) as u64 * step as u64));
    if steps < 0 {
        return series::verdict(&[], &[], missing(0));
    }
    let start = end - steps * step;
    let (canary, stable) =
        join(range(poll, &query.canary.value, start, end, step), range(poll, &query.stable.value, start, end, step))
            .await;
    let scale = promql::to_seconds(&query.canary.value);
    let of = |told: Result<Told, Fault>| -> Option<Vec<f64>> {
        // Which of several is the arm nobody knows.
        let told = told.ok().filter(|told| told.warning.is_none() && told.series.len() < 2)?;
        let found = told.series.first().map(|series| points(series, start, end, step)).unwrap_or_default();
        Some(found.into_iter().flatten().map(|value| value * scale).collect())
    };
    let (Some(canary), Some(stable)) = (of(canary), of(stable)) else { return ArmVerdict::None };
    series::verdict(&canary, &stable, missing(canary.len().min(stable.len())))
}

/// Nothing counts yet; how long until the first request does.
fn too_early(query: &ComparisonQuery, stable: &Arm, margin: f64, at: Timestamp) -> ArmVerdict {
    let base = stable.value.value().copied().unwrap_or_default();
    let elapsed = query.since.and_then(|since| Duration::try_from(at.duration_since(since)).ok()).unwrap_or_default();
    let eta = Some((WARM_UP + SHORTEST).saturating_sub(elapsed));
    ArmVerdict::Insufficient { have: 0, need: stats::least_requests(base, base + margin).unwrap_or(0), eta }
}

async fn arm(
    poll: &Poll,
    query: &ComparisonQuery,
    arm: &ArmQuery,
    window: Option<Duration>,
    at: Timestamp,
) -> (Arm, Option<stats::Counts>) {
    let end = at.as_second().div_euclid(STEP) * STEP;
    let start = end - HALF_HOUR + STEP;
    let counted = async {
        let (failed, all) = arm.counts.as_ref()?;
        let (failed, all) = (events::over(failed, window?)?, events::over(all, window?)?);
        let (failed, all) = join(ask(poll, &failed, at), ask(poll, &all, at)).await;
        let (failed, all) = (number(failed)?, number(all)?);
        Some(stats::Counts { failed: failed.min(all), all })
    };
    let value = async { join(ask(poll, &arm.value, at), range(poll, &arm.value, start, end, STEP)).await };
    let (counts, (value, history)) = join(counted, value).await;
    let kind = if query.metric == ArmMetric::Latency { Range::Positive } else { Range::Ratio };
    let mut history = history
        .ok()
        .filter(|told| told.series.len() < 2)
        .and_then(|told| Some(points(told.series.first()?, start, end, STEP)))
        .unwrap_or_default();
    if let Some(since) = query.since {
        // Before the rollout the arm was another version's.
        let before = ((since.as_second() - start) / STEP).clamp(0, history.len() as i64) as usize;
        history[..before].fill(None);
    }
    // A latency is told in seconds, whatever its metric is in.
    let scale = if query.metric == ArmMetric::Latency { promql::to_seconds(&arm.value) } else { 1.0 };
    history.iter_mut().flatten().for_each(|value| *value *= scale);
    let shown = Arm {
        value: one(value, kind, at).map(|value| value * scale),
        counts: counts.map(|counts| (counts.failed.round() as u64, counts.all.round() as u64)),
        history,
    };
    (shown, counts)
}

/// The one number of an answer.
pub(super) fn one(told: Result<Told, Fault>, kind: Range, at: Timestamp) -> Reading<f64> {
    let told = match told {
        Ok(told) => told,
        Err(fault) => return unread(&fault),
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
