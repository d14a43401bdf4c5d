//! Windows: the samples of a range, and what functions over a window give. Counters are integrated
//! and ratios of recording rules averaged in one piece; other windows are read point by point.

use std::collections::BTreeMap;

use promql_parser::parser::{Expr, MatrixSelector, SubqueryExpr};

use super::eval::{Answer, Eval, Refused, Sample, millis};
use super::labels::Labels;
use super::rules::INTERVAL;
use super::series::{SCRAPE, Series, Shape, ticks};
use super::snapshot::matches;

/// A window of other rules is read at so many points.
const POINTS: i64 = 240;
/// So many samples of one series are handed out raw.
const RAW: i64 = 11_000;

/// Functions of a window, by name.
pub(super) const OVER: [&str; 10] = [
    "rate",
    "increase",
    "sum_over_time",
    "avg_over_time",
    "count_over_time",
    "min_over_time",
    "max_over_time",
    "last_over_time",
    "present_over_time",
    "absent_over_time",
];

type Matrix = Vec<(Labels, Vec<(i64, f64)>)>;

impl Eval<'_> {
    /// A function of [`OVER`].
    pub(super) fn windowed(&self, name: &str, arg: &Expr, at: i64) -> Result<Vec<Sample>, Refused> {
        let keep = name == "last_over_time";
        let labels = |labels: &Labels| if keep { labels.clone() } else { labels.nameless() };
        match arg {
            Expr::Paren(paren) => self.windowed(name, &paren.expr, at),
            Expr::MatrixSelector(selector) => {
                let (from, to) = self.window(selector, at);
                let mut out = Vec::new();
                let metric = selector.vs.name.as_deref();
                for series in self.snapshot.candidates(metric) {
                    if matches(&selector.vs.matchers, metric, &series.labels)
                        && let Some(value) = of_series(name, series, (from, to), millis(selector.range))
                    {
                        out.push(Sample { labels: labels(&series.labels), value, at });
                    }
                }
                for rule in self.snapshot.rules.candidates(metric) {
                    if !self.may_match(rule, &selector.vs) {
                        continue;
                    }
                    for (found, value) in self.of_rule(name, rule, from, to)? {
                        if matches(&selector.vs.matchers, metric, &found) {
                            out.push(Sample { labels: labels(&found), value, at });
                        }
                    }
                }
                Ok(out)
            }
            Expr::Subquery(subquery) => {
                let series = self.subquery(subquery, at)?;
                if matches!(name, "rate" | "increase") {
                    return Err(format!("{name} over a subquery is not supported"));
                }
                let value = |points: &[(i64, f64)]| over(name, points);
                Ok(series
                    .iter()
                    .filter_map(|(found, points)| Some(Sample { labels: labels(found), value: value(points)?, at }))
                    .collect())
            }
            _ => Err(format!("expected a range vector, got {arg}")),
        }
    }

    fn window(&self, selector: &MatrixSelector, at: i64) -> (i64, i64) {
        let to = self.moment(at, selector.vs.at.as_ref(), selector.vs.offset.as_ref());
        (to - millis(selector.range), to.min(self.now))
    }

    /// The ratios of an objective are averaged over the window at once.
    fn of_rule(&self, name: &str, rule: usize, from: i64, to: i64) -> Result<Vec<(Labels, f64)>, Refused> {
        let written = &self.snapshot.rules.all[rule];
        let events = written.sliding.as_ref().and_then(|(id, back)| Some((self.snapshot.events(id)?, *back)));
        if let Some((events, back)) = events
            && matches!(name, "sum_over_time" | "avg_over_time" | "count_over_time" | "present_over_time")
        {
            let life =
                super::series::Life { from: events.life.from + 2 * SCRAPE, to: events.life.to.saturating_add(back) };
            let Some((from, to)) = life.within(from, to) else { return Ok(Vec::new()) };
            let count = ticks(from, to, INTERVAL) as f64;
            if count < 1.0 {
                return Ok(Vec::new());
            }
            let mean = || {
                let end = to.min(events.life.to);
                let sliding = |flows: &[std::sync::Arc<super::flow::Flow>]| -> f64 {
                    flows.iter().map(|flow| flow.sliding(from, end, back)).sum()
                };
                // One moment without a request makes the mean no number, as it does for Prometheus.
                let idle = events
                    .all
                    .iter()
                    .all(|flow| flow.pieces(from, end).any(|(at, to, rate)| rate == 0.0 && to - at > back));
                if idle { f64::NAN } else { sliding(&events.bad) / sliding(&events.all) }
            };
            let value = match name {
                "sum_over_time" => mean() * count,
                "avg_over_time" => mean(),
                "count_over_time" => count,
                _ => 1.0,
            };
            return Ok(vec![(written.written.clone(), value)]);
        }
        let count = ticks(from, to, INTERVAL);
        let every = (count / POINTS + 1) * INTERVAL;
        let mut points: BTreeMap<Labels, Vec<(i64, f64)>> = BTreeMap::new();
        let mut at = to.div_euclid(INTERVAL) * INTERVAL;
        let mut looks = 0_u32;
        while at > from {
            for sample in self.recorded(rule, at)?.iter() {
                points.entry(sample.labels.clone()).or_default().push((at, sample.value));
            }
            at -= every;
            looks += 1;
        }
        let all = points.into_iter().filter_map(|(labels, mut points)| {
            points.reverse();
            let share = count as f64 / f64::from(looks.max(1));
            let value = over(name, &points)?;
            Some((labels, if matches!(name, "sum_over_time" | "count_over_time") { value * share } else { value }))
        });
        Ok(all.collect())
    }

    /// The raw samples of a selector.
    pub(super) fn samples(&self, selector: &MatrixSelector, at: i64) -> Result<Matrix, Refused> {
        let (from, to) = self.window(selector, at);
        let name = selector.vs.name.as_deref();
        let mut out = Matrix::new();
        let too_many = |every: i64| ticks(from, to, every) > RAW;
        for series in self.snapshot.candidates(name) {
            if matches(&selector.vs.matchers, name, &series.labels) {
                if too_many(SCRAPE) {
                    return Err("query processing would load too many samples into memory".to_owned());
                }
                let points = points_of(series, from, to);
                if !points.is_empty() {
                    out.push((series.labels.clone(), points));
                }
            }
        }
        for rule in self.snapshot.rules.candidates(name).filter(|rule| self.may_match(*rule, &selector.vs)) {
            if too_many(INTERVAL) {
                return Err("query processing would load too many samples into memory".to_owned());
            }
            let mut points: BTreeMap<Labels, Vec<(i64, f64)>> = BTreeMap::new();
            for tick in from.div_euclid(INTERVAL) + 1..=to.div_euclid(INTERVAL) {
                for sample in self.recorded(rule, tick * INTERVAL)?.iter() {
                    if matches(&selector.vs.matchers, name, &sample.labels) {
                        points.entry(sample.labels.clone()).or_default().push((tick * INTERVAL, sample.value));
                    }
                }
            }
            out.extend(points);
        }
        Ok(out)
    }

    /// An expression at each step of a window.
    pub(super) fn subquery(&self, subquery: &SubqueryExpr, at: i64) -> Result<Matrix, Refused> {
        let to = self.moment(at, subquery.at.as_ref(), subquery.offset.as_ref());
        let from = to - millis(subquery.range);
        let step = subquery.step.map_or(60_000, millis).max(1);
        if (to - from) / step > RAW {
            return Err("query processing would load too many samples into memory".to_owned());
        }
        let mut points: BTreeMap<Labels, Vec<(i64, f64)>> = BTreeMap::new();
        for tick in from.div_euclid(step) + 1..=to.div_euclid(step) {
            for sample in self.vector(&subquery.expr, tick * step)? {
                points.entry(sample.labels).or_default().push((tick * step, sample.value));
            }
        }
        Ok(points.into_iter().collect())
    }

    /// A function over a window as an answer.
    pub(super) fn over_time(&self, name: &str, arg: &Expr, at: i64) -> Result<Answer, Refused> {
        let found = self.windowed(if name == "absent_over_time" { "present_over_time" } else { name }, arg, at)?;
        if name != "absent_over_time" {
            return Ok(Answer::Vector(found));
        }
        let absent = found.is_empty().then(|| Sample { labels: Labels::default(), value: 1.0, at });
        Ok(Answer::Vector(absent.into_iter().collect()))
    }
}

fn of_series(name: &str, series: &Series, window: (i64, i64), range: i64) -> Option<f64> {
    let (from, to) = window;
    match (name, &series.shape) {
        ("rate", _) => Some(series.increase(from, to)? / (range as f64 / 1_000.0)),
        ("increase", _) => series.increase(from, to),
        ("count_over_time", _) => {
            let (from, to) = series.life.within(from, to)?;
            Some(ticks(from, to, SCRAPE) as f64).filter(|count| *count > 0.0)
        }
        (_, Shape::Gauge(value)) => {
            let (from, to) = series.life.within(from, to)?;
            let count = Some(ticks(from, to, SCRAPE) as f64).filter(|count| *count > 0.0)?;
            Some(if name == "sum_over_time" { value * count } else { over(name, &[(to, *value)])? })
        }
        _ => {
            let (from, to) = series.life.within(from, to)?;
            over(name, &points_of(series, from.max(to - RAW * SCRAPE), to))
        }
    }
}

fn points_of(series: &Series, from: i64, to: i64) -> Vec<(i64, f64)> {
    let Some((from, to)) = series.life.within(from, to) else { return Vec::new() };
    let ticks = from.div_euclid(SCRAPE) + 1..=to.div_euclid(SCRAPE);
    ticks.map(|tick| (tick * SCRAPE, series.sample(tick * SCRAPE))).collect()
}

/// A function of the points of a window.
fn over(name: &str, points: &[(i64, f64)]) -> Option<f64> {
    let values = || points.iter().map(|(_, value)| *value);
    let last = points.last()?.1;
    let sum = || values().sum::<f64>();
    Some(match name {
        "sum_over_time" => sum(),
        "avg_over_time" => sum() / points.len() as f64,
        "count_over_time" => points.len() as f64,
        "min_over_time" => values().fold(f64::NAN, f64::min),
        "max_over_time" => values().fold(f64::NAN, f64::max),
        "present_over_time" => 1.0,
        _ => last,
    })
}
