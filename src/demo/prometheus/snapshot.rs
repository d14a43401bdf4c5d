//! Everything that Prometheus would have in its database: the counters of the services, and the rules
//! whose series are computed when they are asked for.

use std::collections::BTreeMap;
use std::sync::Arc;

use jiff::Timestamp;
use promql_parser::label::{Matcher, Matchers};

use super::arms::{self, Arm, Service};
use super::eval::Eval;
use super::flow::Flow;
use super::labels::{Labels, NAME};
use super::rules::Rules;
use super::series::{Life, Series, Shape};
use crate::demo::scenario::{Objective, Scenario};
use crate::demo::traffic::Story;

/// Upper bounds of the histograms' buckets, seconds. Latency objectives stand at [`SLOW`].
const BOUNDS: [&str; 9] = ["0.05", "0.1", "0.15", "0.2", "0.25", "0.3", "0.5", "1", "2.5"];
/// Answers slower than this are bad for a latency objective.
pub(super) const SLOW: &str = "0.3";

/// See the module.
#[derive(Debug)]
pub(in crate::demo) struct Snapshot {
    pub(super) series: Vec<Series>,
    by_name: BTreeMap<Arc<str>, std::ops::Range<usize>>,
    pub(super) rules: Arc<Rules>,
    /// Bad and all events of an objective, for means over its windows.
    events: BTreeMap<String, Events>,
}

/// The flows of an objective.
#[derive(Debug, Clone)]
pub(super) struct Events {
    pub(super) bad: Vec<Arc<Flow>>,
    pub(super) all: Vec<Arc<Flow>>,
    pub(super) life: Life,
}

impl Snapshot {
    /// Of a scenario whose story has come so far.
    pub(in crate::demo) fn take(scenario: &Scenario, story: &Story, rules: Arc<Rules>) -> Self {
        let mut services: BTreeMap<&str, Vec<&Objective>> = BTreeMap::new();
        for objective in &scenario.objectives {
            services.entry(&objective.service).or_default().push(objective);
        }
        let mut series = Vec::new();
        let mut events = BTreeMap::new();
        for objectives in services.values() {
            let Some(service) = arms::service(scenario, story, objectives) else { continue };
            for arm in &service.arms {
                counters(&service, arm, &mut series);
            }
            series.push(up(&service));
            for objective in objectives {
                events.insert(objective.id(), of(&service, &objective.name));
            }
        }
        series.sort_by(|a, b| (a.labels.get(NAME), &a.labels).cmp(&(b.labels.get(NAME), &b.labels)));
        let mut by_name: BTreeMap<Arc<str>, std::ops::Range<usize>> = BTreeMap::new();
        for (index, one) in series.iter().enumerate() {
            if let Some(name) = one.labels.find(NAME) {
                by_name.entry(Arc::clone(name)).or_insert(index..index).end = index + 1;
            }
        }
        Self { series, by_name, rules, events }
    }

    /// The series that a selector may mean, by its name.
    pub(super) fn candidates(&self, name: Option<&str>) -> &[Series] {
        match name {
            Some(name) => self.by_name.get(name).map_or(&[], |range| &self.series[range.clone()]),
            None => &self.series,
        }
    }

    pub(super) fn events(&self, objective: &str) -> Option<&Events> {
        self.events.get(objective)
    }

    /// The one value that a query has now.
    pub(in crate::demo) fn value(&self, query: &str, now: Timestamp) -> Option<f64> {
        let expr = promql_parser::parser::parse(query).ok()?;
        let now = now.as_millisecond();
        Eval::instant(self, now, now).one(&expr)
    }
}

/// The matchers of a selector, its name among them.
pub(super) fn matches(matchers: &Matchers, name: Option<&str>, labels: &Labels) -> bool {
    let all = |list: &[Matcher]| list.iter().all(|it| it.is_match(labels.get(&it.name)));
    name.is_none_or(|name| labels.get(NAME) == name)
        && all(&matchers.matchers)
        && (matchers.or_matchers.is_empty() || matchers.or_matchers.iter().any(|list| all(list)))
}

/// What an objective counts.
fn of(service: &Service, objective: &str) -> Events {
    let bad = |arm: &Arm| Arc::clone(if objective == "latency" { &arm.slow } else { &arm.failed });
    Events {
        bad: service.arms.iter().map(bad).collect(),
        all: service.arms.iter().map(|arm| Arc::clone(&arm.all)).collect(),
        life: service.life,
    }
}

/// Requests by code and by duration.
fn counters(service: &Service, arm: &Arm, series: &mut Vec<Series>) {
    const BUCKET: &str = "http_request_duration_seconds_bucket";
    let mut counter = |name: &str, label: Option<(&str, &str)>, parts: Vec<(f64, &Arc<Flow>)>| {
        let mut pairs = vec![
            (NAME, name),
            ("service", service.name.as_str()),
            ("arm", arm.name),
            ("job", service.name.as_str()),
            ("namespace", "production"),
        ];
        pairs.extend(label);
        let parts = parts.into_iter().map(|(share, flow)| (share, Arc::clone(flow))).collect();
        series.push(Series { labels: Labels::of(&pairs), shape: Shape::Counter(parts), life: service.life });
    };
    counter("http_requests_total", Some(("code", "200")), vec![(1.0, &arm.all), (-1.0, &arm.failed)]);
    counter("http_requests_total", Some(("code", "500")), vec![(1.0, &arm.failed)]);
    let slow = spread(SLOW, arm.p95);
    for bound in BOUNDS {
        let share = spread(bound, arm.p95);
        let parts = if share <= slow {
            let part = share / slow;
            vec![(part, &arm.all), (-part, &arm.slow)]
        } else {
            vec![(1.0, &arm.all), ((share - slow) / (1.0 - slow) - 1.0, &arm.slow)]
        };
        counter(BUCKET, Some(("le", bound)), parts);
    }
    counter(BUCKET, Some(("le", "+Inf")), vec![(1.0, &arm.all)]);
    counter("http_request_duration_seconds_count", None, vec![(1.0, &arm.all)]);
    counter("http_request_duration_seconds_sum", None, vec![(arm.p95 / 2.0, &arm.all)]);
}

/// The share of answers within a bound: a log-logistic curve through the 95th percentile.
fn spread(bound: &str, p95: f64) -> f64 {
    const STEEP: i32 = 6;
    let bound: f64 = bound.parse().unwrap_or(f64::INFINITY);
    1.0 / (1.0 + (p95 / bound).powi(STEEP) / 19.0)
}

fn up(service: &Service) -> Series {
    let pairs = [(NAME, "up"), ("job", service.name.as_str()), ("namespace", "production")];
    Series { labels: Labels::of(&pairs), shape: Shape::Gauge(1.0), life: service.life }
}
