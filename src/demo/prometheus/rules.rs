//! The rules that Sloth writes for an objective: error ratios over eight windows, figures about the
//! budget, and two alerts. What a rule records is what its expression gives at that moment.

use std::collections::BTreeMap;
use std::sync::Arc;

use promql_parser::parser::{Expr, parse};

use super::labels::{Labels, NAME};
use super::snapshot::SLOW;
use crate::demo::DemoError;
use crate::demo::scenario::{Counts, Objective};

/// Milliseconds between two evaluations of a group.
pub(super) const INTERVAL: i64 = 30_000;

/// A recording or an alerting rule.
#[derive(Debug)]
pub(super) struct Rule {
    /// The metric it records, or the alert's name.
    pub(super) name: Arc<str>,
    pub(super) query: String,
    pub(super) expr: Expr,
    /// As the rule has them, without its name.
    pub(super) labels: Labels,
    /// What it writes over the labels of its expression.
    pub(super) written: Labels,
    /// An alert's annotation.
    pub(super) summary: Option<String>,
    /// It is a ratio over this many milliseconds of an objective's events.
    pub(super) sliding: Option<(String, i64)>,
}

/// All groups, in the order of the API.
#[derive(Debug, Default)]
pub(in crate::demo) struct Rules {
    pub(super) all: Vec<Rule>,
    /// Name of the group, and where its rules stand in `all`.
    pub(super) groups: Vec<(String, std::ops::Range<usize>)>,
    by_name: BTreeMap<Arc<str>, Vec<usize>>,
}

impl Rules {
    /// As Sloth writes them.
    pub(in crate::demo) fn of(objectives: &[Objective]) -> Result<Self, DemoError> {
        let mut rules = Self::default();
        for objective in objectives.iter().filter(|objective| !objective.of_file) {
            let id = objective.id();
            for (kind, written) in [
                ("sli-recordings", indicators(objective)?),
                ("meta-recordings", figures(objective)?),
                ("alerts", alerts(objective)?),
            ] {
                let start = rules.all.len();
                rules.all.extend(written);
                rules.groups.push((format!("sloth-slo-{kind}-{id}"), start..rules.all.len()));
            }
        }
        for (index, rule) in rules.all.iter().enumerate() {
            if rule.summary.is_none() {
                rules.by_name.entry(Arc::clone(&rule.name)).or_default().push(index);
            }
        }
        Ok(rules)
    }

    /// The recording rules that a selector may mean, by its name.
    pub(super) fn candidates(&self, name: Option<&str>) -> impl Iterator<Item = usize> {
        let named = name.map(|name| self.by_name.get(name).map_or(&[][..], Vec::as_slice));
        let all = if named.is_none() { 0..self.all.len() } else { 0..0 };
        let recording = |index: &usize| self.all[*index].summary.is_none();
        named.unwrap_or_default().iter().copied().chain(all.filter(recording))
    }
}

fn record(name: &str, query: String, labels: &[(&str, &str)]) -> Result<Rule, DemoError> {
    let mut pairs = labels.to_vec();
    pairs.push((NAME, name));
    Ok(Rule {
        name: Arc::from(name),
        expr: parse(&query).map_err(|reason| DemoError::Scenario { scenario: name.to_owned(), reason })?,
        query,
        labels: Labels::of(labels),
        written: Labels::of(&pairs),
        summary: None,
        sliding: None,
    })
}

/// The windows of the burn table.
const WINDOWS: [(&str, i64); 7] = [
    ("5m", 300_000),
    ("30m", 1_800_000),
    ("1h", 3_600_000),
    ("2h", 7_200_000),
    ("6h", 21_600_000),
    ("1d", 86_400_000),
    ("3d", 259_200_000),
];

/// Bad of all events over a window.
fn ratio(objective: &Objective, window: &str) -> String {
    let service = &objective.service;
    if objective.name == "latency" {
        const OF: &str = "http_request_duration_seconds";
        let all = format!("sum(rate({OF}_count{{service=\"{service}\"}}[{window}]))");
        let fast = format!("sum(rate({OF}_bucket{{le=\"{SLOW}\",service=\"{service}\"}}[{window}]))");
        return format!("({all} - {fast}) / ({all})");
    }
    let bad = format!("sum(rate(http_requests_total{{code=~\"5..\",service=\"{service}\"}}[{window}]))");
    format!("({bad}) / (sum(rate(http_requests_total{{service=\"{service}\"}}[{window}])))")
}

fn indicators(objective: &Objective) -> Result<Vec<Rule>, DemoError> {
    let id = objective.id();
    let of = [("sloth_id", id.as_str()), ("sloth_service", &objective.service), ("sloth_slo", &objective.name)];
    let labelled = |window| [of[0], of[1], of[2], ("sloth_window", window)];
    let mut rules = Vec::new();
    for (window, length) in WINDOWS {
        let name = format!("slo:sli_error:ratio_rate{window}");
        let mut rule = record(&name, ratio(objective, window), &labelled(window))?;
        rule.sliding = Some((id.clone(), length));
        rules.push(rule);
    }
    let five = format!("slo:sli_error:ratio_rate5m{{sloth_id=\"{id}\"}}[30d]");
    let whole = match objective.counts {
        Counts::Events => ratio(objective, "30d"),
        Counts::Ratios => format!("sum_over_time({five}) / ignoring (sloth_window) count_over_time({five})"),
    };
    rules.push(record("slo:sli_error:ratio_rate30d", whole, &labelled("30d"))?);
    Ok(rules)
}

fn figures(objective: &Objective) -> Result<Vec<Rule>, DemoError> {
    let id = objective.id();
    let of = [("sloth_id", id.as_str()), ("sloth_service", &objective.service), ("sloth_slo", &objective.name)];
    let info = [
        of[0],
        of[1],
        of[2],
        ("sloth_mode", "cli-gen-prom"),
        ("sloth_objective", &objective.percent),
        ("sloth_spec", "prometheus/v1"),
        ("sloth_version", "v0.12.0"),
    ];
    let ratio = 1.0 - objective.budget();
    let ratio = ((ratio * 1e9).round() / 1e9).to_string();
    let burn = |window: &str| {
        format!(
            "slo:sli_error:ratio_rate{window}{{sloth_id=\"{id}\"}} / on (sloth_id, sloth_slo, sloth_service) group_left () slo:error_budget:ratio{{sloth_id=\"{id}\"}}"
        )
    };
    [
        ("slo:objective:ratio", format!("vector({ratio})"), &of[..]),
        ("slo:error_budget:ratio", format!("vector(1 - {ratio})"), &of),
        ("slo:time_period:days", "vector(30)".to_owned(), &of),
        ("slo:current_burn_rate:ratio", burn("5m"), &of),
        ("slo:period_burn_rate:ratio", burn("30d"), &of),
        (
            "slo:period_error_budget_remaining:ratio",
            format!("1 - slo:period_burn_rate:ratio{{sloth_id=\"{id}\"}}"),
            &of,
        ),
        ("sloth_slo_info", "vector(1)".to_owned(), &info),
    ]
    .into_iter()
    .map(|(name, query, labels)| record(name, query, labels))
    .collect()
}

fn alerts(objective: &Objective) -> Result<Vec<Rule>, DemoError> {
    let id = objective.id();
    let budget = objective.budget();
    let over = |window: &str, times: &str| {
        format!(
            "max without (sloth_window) (slo:sli_error:ratio_rate{window}{{sloth_id=\"{id}\"}} > ({times} * {budget}))"
        )
    };
    let both = |short: &str, long: &str, times: &str| format!("({} and {})", over(short, times), over(long, times));
    let name: String = [&objective.service, &objective.name].map(|word| capital(word)).concat();
    [
        ("page", "critical", both("5m", "1h", "14.4"), both("30m", "6h", "6"), "too fast"),
        ("ticket", "warning", both("2h", "1d", "3"), both("6h", "3d", "1"), "faster than it comes back"),
    ]
    .into_iter()
    .map(|(severity, word, fast, slow, how)| {
        let labels = [("severity", word), ("sloth_severity", severity), ("service", &objective.service)];
        let mut rule = record(&format!("{name}ErrorBudgetBurn"), format!("{fast} or {slow}"), &labels)?;
        rule.written = rule.labels.clone();
        rule.summary = Some(format!("{} {} burns its error budget {how}", objective.service, objective.name));
        Ok(rule)
    })
    .collect()
}

fn capital(word: &str) -> String {
    let mut letters = word.chars();
    letters.next().map(|first| first.to_uppercase().chain(letters).collect()).unwrap_or_default()
}
