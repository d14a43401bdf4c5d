//! The budget over the window of the objective that somebody looks at.

use std::sync::Arc;
use std::time::Duration;

use jiff::Timestamp;

use super::compare::{points, range};
use super::discover::MARK;
use super::idle;
use super::objective::whole;
use super::poll::Fault;
use super::slos::{Slos, due};
use crate::model::Uid;
use crate::model::slo::{Objective, ObjectiveSpec, Period};
use crate::model::source::{FeedEvent, Object};
use crate::slo::{budget, events};
use crate::systems::polled::Gone;

/// Points of the chart of a whole window, and how old it may become.
const POINTS: i64 = 240;
const CHART_EVERY: Duration = Duration::from_mins(1);
/// A step of a calendar window is not shorter.
const SHORTEST_STEP: i64 = 60;

/// What was consumed at each point, oldest first.
type Consumed = Vec<Option<f64>>;

impl Slos {
    /// The chart of an objective, when it is a minute old.
    pub(super) async fn chart(&mut self, slo: &Uid, at: Timestamp) -> Result<(), Gone> {
        let Some(known) = self.known.get(slo.raw()).cloned() else { return Ok(()) };
        let mono = self.poll.mono();
        let drawn = self.told.chart.as_ref().filter(|(of, _)| of == slo).map(|(_, read)| *read);
        if !due(drawn, CHART_EVERY, mono) {
            return Ok(());
        }
        self.told.chart = Some((slo.clone(), mono));
        let spec = self.objectives.iter().find(|spec| spec.id.raw() == slo.raw());
        let consumed = match spec {
            Some(spec) => self.of_file(spec, at).await,
            None => self.of_rules(slo, known.objective, known.window, at).await,
        };
        // Without an answer the chart of before stays.
        let Ok(Some(consumed)) = consumed else { return Ok(()) };
        let mut changed = (*known).clone();
        changed.history = consumed.into_iter().map(|consumed| consumed.map(|consumed| 1.0 - consumed)).collect();
        let changed = Arc::new(changed);
        self.known.insert(slo.raw().to_owned(), Arc::clone(&changed));
        self.poll.outlet.tell(FeedEvent::Applied(vec![Object::Slo(changed)])).await
    }

    async fn of_rules(
        &self,
        slo: &Uid,
        objective: Objective,
        window: Duration,
        at: Timestamp,
    ) -> Result<Option<Consumed>, Fault> {
        let step = (window.as_secs() as i64 / POINTS).max(1);
        // Where the recorded mean is no number, from the means of the steps, a window further back.
        let own = self.each_step(slo.raw(), step);
        let Some(query) = own.clone().or_else(|| self.whole(slo.raw())) else { return Ok(None) };
        let end = at.as_second().div_euclid(step) * step;
        let back = if own.is_some() { 2 * POINTS } else { POINTS };
        let start = end - step * (back - 1);
        let told = range(&self.poll, &query, start, end, step).await?;
        let mut history = told.series.first().map(|series| points(series, start, end, step)).unwrap_or_default();
        if own.is_some() {
            history = idle::sliding(&history, POINTS as usize);
        }
        Ok(Some(history.into_iter().map(|ratio| ratio.map(|ratio| budget::burn(objective, ratio))).collect()))
    }

    /// From what was counted in each step: a query of the whole window at each point would cost too
    /// much.
    async fn of_file(&self, spec: &ObjectiveSpec, at: Timestamp) -> Result<Option<Consumed>, Fault> {
        let (window, period) = whole(spec, at);
        let least = if period.is_some() { SHORTEST_STEP } else { 1 };
        let step = (window.as_secs() as i64 / POINTS).max(least);
        let span = Duration::from_secs(step.unsigned_abs());
        let count = period.map_or(2 * POINTS, |period| (period.elapsed.as_secs() as i64 / step).clamp(1, 2 * POINTS));
        // Of the calendar every step begins where the one before ended, the first with the period.
        let end = if period.is_some() { at.as_second() } else { at.as_second().div_euclid(step) * step };
        let start = end - step * (count - 1);
        let mark = |query: String, kind: &str| format!("label_replace({query}, \"{MARK}\", \"{kind}\", \"\", \"\")");
        let query = match (events::failed(spec, span), events::all(spec, span)) {
            (Some(failed), Some(all)) => format!("{} or {}", mark(failed, "failed"), mark(all, "all")),
            // A slice or a raw ratio counts as much as any other.
            _ => mark(events::error_ratio(spec, span), "failed"),
        };
        let told = range(&self.poll, &query, start, end, step).await?;
        let of = |kind: &str| {
            let series = told.series.iter().find(|series| series.label(MARK) == kind);
            series.map(|series| points(series, start, end, step))
        };
        let Some(failed) = of("failed") else { return Ok(None) };
        let steps: Vec<Option<Step>> = match of("all") {
            Some(all) => {
                failed.iter().zip(all).map(|(failed, all)| Some(Step { failed: (*failed)?, all: all? })).collect()
            }
            None => failed.iter().map(|ratio| Some(Step { failed: (*ratio)?, all: 1.0 })).collect(),
        };
        let ratios = match period {
            Some(_) => so_far(&steps),
            None => sliding(&steps, POINTS as usize),
        };
        Ok(Some(consumed(spec.objective, &ratios, step, period)))
    }
}

/// Of one step of a chart.
#[derive(Debug, Clone, Copy)]
struct Step {
    failed: f64,
    all: f64,
}

fn ratio<'a>(steps: impl Iterator<Item = &'a Option<Step>>) -> Option<f64> {
    let (failed, all) = steps.flatten().fold((0.0, 0.0), |(failed, all), step| (failed + step.failed, all + step.all));
    (all > 0.0).then(|| failed / all)
}

/// The ratios of whole windows of so many steps, for each step that has a window before it.
fn sliding(steps: &[Option<Step>], window: usize) -> Vec<Option<f64>> {
    let all: Vec<Option<f64>> = steps.windows(window).map(|steps| ratio(steps.iter())).collect();
    all[all.len().saturating_sub(window)..].to_vec()
}

/// The ratios from the first step on to each.
fn so_far(steps: &[Option<Step>]) -> Vec<Option<f64>> {
    (1..=steps.len()).map(|count| ratio(steps[..count].iter())).collect()
}

fn consumed(objective: Objective, ratios: &[Option<f64>], step: i64, period: Option<Period>) -> Consumed {
    let one = |(number, ratio): (usize, &Option<f64>)| {
        let ratio = (*ratio)?;
        Some(match period {
            Some(period) => {
                let elapsed = Duration::from_secs((number as u64 + 1) * step.unsigned_abs());
                budget::calendar_consumed(objective, ratio, elapsed, period.length)
            }
            None => budget::burn(objective, ratio),
        })
    };
    ratios.iter().enumerate().map(one).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn steps(of: &[(f64, f64)]) -> Vec<Option<Step>> {
        of.iter().map(|&(failed, all)| (all > 0.0).then_some(Step { failed, all })).collect()
    }

    #[test]
    fn a_busy_step_weighs_more_than_a_quiet_one() {
        let steps = steps(&[(0.0, 1000.0), (10.0, 10.0), (0.0, 0.0), (1.0, 90.0)]);
        let found = sliding(&steps, 2);
        assert_eq!(found.len(), 2);
        let near = |found: Option<f64>, wanted: f64| assert!((found.unwrap() - wanted).abs() < 1e-12, "{found:?}");
        near(found[0], 1.0);
        near(found[1], 1.0 / 90.0);
        near(so_far(&steps)[3], 0.01);
    }

    /// W7: day 10 of 30, 0.12 % failed so far: 0.4 of the budget of the whole period.
    #[test]
    fn a_calendar_chart_ends_where_its_gauge_stands() {
        let objective = budget::of_percent("99.9").unwrap();
        let day = 86_400;
        let period = Period { elapsed: Duration::from_secs(10 * day), length: Duration::from_secs(30 * day) };
        let all = consumed(objective, &[Some(0.0012); 10], day as i64, Some(period));
        assert!((all[9].unwrap() - 0.4).abs() < 1e-9, "{all:?}");
        assert!((all[4].unwrap() - 0.2).abs() < 1e-9, "{all:?}");
    }
}
