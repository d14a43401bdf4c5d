//! What the rules say of the objectives that Sloth generated them for (slo.md §1.7). Two may have one id
//! and differ in a label: each has rules of its own.

use std::collections::BTreeMap;
use std::time::Duration;

use super::discover::{Key, RATIO};
use super::ingest::{Labels, Rule};
use super::ingest_slo::Alert;
use crate::model::slo::BurnSeverity;

/// What the rules say about an objective.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct OfRules {
    /// Between two samples.
    pub interval: Option<Duration>,
    /// The expression of the 5 m ratio.
    pub ratio_5m: Option<String>,
    /// The ratio over the whole window is the mean of the 5 m ratios.
    pub mean_of_ratios: bool,
    /// Severity, short and long window, threshold; as its alerts have them.
    pub alerts: Vec<Alert>,
    pub(super) labels: Labels,
    pub(super) days: Option<f64>,
}

/// By objective.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Rules {
    by_key: BTreeMap<Key, OfRules>,
}

impl Rules {
    #[must_use]
    pub fn of(rules: &[Rule]) -> Self {
        let mut by_key: BTreeMap<Key, OfRules> = BTreeMap::new();
        for rule in rules.iter().filter(|rule| !rule.alerting) {
            let Some(key) = Key::of(&rule.labels) else { continue };
            let of = by_key.entry(key).or_default();
            match rule.name.strip_prefix(RATIO) {
                Some("5m") => {
                    of.interval = Some(rule.interval);
                    of.ratio_5m = Some(rule.query.clone());
                }
                _ if rule.name == "sloth_slo_info" => of.labels = rule.labels.clone(),
                _ if rule.name == "slo:time_period:days" => of.days = argument(&rule.query),
                _ => {}
            }
        }
        for (key, of) in &mut by_key {
            for rule in rules.iter().filter(|rule| is_about(rule, key)) {
                of.note(rule);
            }
        }
        Self { by_key }
    }

    /// Those that tell of an objective themselves, whether it has series or not.
    pub(super) fn keys(&self) -> impl Iterator<Item = &Key> {
        self.by_key.iter().filter(|(_, of)| of.labels.contains_key("sloth_objective")).map(|(key, _)| key)
    }

    #[must_use]
    pub fn get(&self, key: &Key) -> Option<&OfRules> {
        self.find(key).map(|(_, of)| of)
    }

    /// The rules that made a series, and their own key. A series may have labels more, which its
    /// expression kept or a server in front of several adds; the only rules of an id are its own
    /// whatever the labels.
    pub(super) fn find(&self, key: &Key) -> Option<(&Key, &OfRules)> {
        let same: Vec<(&Key, &OfRules)> = self.by_key.iter().filter(|(own, _)| own.id == key.id).collect();
        let is_part = |own: &Key| own.extras.iter().all(|extra| key.extras.contains(extra));
        let nearest = same.iter().filter(|(own, _)| is_part(own)).max_by_key(|(own, _)| own.extras.len());
        nearest.or(same.first().filter(|_| same.len() == 1)).copied()
    }

    /// Replaces those that are in both.
    pub(super) fn extend(&mut self, other: Self) {
        self.by_key.extend(other.by_key);
    }

    pub(super) fn clear(&mut self) {
        self.by_key.clear();
    }
}

impl OfRules {
    fn note(&mut self, rule: &Rule) {
        if !rule.alerting {
            // This one is generated without the id among its labels.
            let mean = rule.query.contains("sum_over_time") && rule.query.contains("count_over_time");
            self.mean_of_ratios |= mean && rule.name.starts_with(RATIO);
            return;
        }
        let severity = match rule.labels.get("sloth_severity").map(String::as_str) {
            Some("page") => BurnSeverity::Page,
            Some("ticket") => BurnSeverity::Ticket,
            _ => return,
        };
        for (short, long, k) in pairs(&rule.query) {
            let alert = (severity, short, long, k);
            // Those of two objectives of one id select both.
            if !self.alerts.contains(&alert) {
                self.alerts.push(alert);
            }
        }
    }
}

/// By its labels or by what its query selects; nothing of either says that it is another's.
fn is_about(rule: &Rule, key: &Key) -> bool {
    let says = |name: &str| rule.labels.get(name).cloned().or_else(|| selected(&rule.query, name));
    says("sloth_id").is_some_and(|id| id == key.id)
        && key.extras.iter().all(|(name, value)| says(name).is_none_or(|said| said == *value))
}

/// The value of a label that a query selects.
fn selected(query: &str, name: &str) -> Option<String> {
    let wanted = format!("{name}=\"");
    let begins = |at: usize| query[..at].ends_with(['{', ',', ' ']);
    let (at, _) = query.match_indices(&wanted).find(|(at, _)| begins(*at))?;
    Some(query[at + wanted.len()..].split_once('"')?.0.to_owned())
}

/// The number in `vector(30)`.
fn argument(query: &str) -> Option<f64> {
    query.trim().strip_prefix("vector(")?.strip_suffix(')')?.trim().parse().ok()
}

/// The pairs of windows of an alert and their threshold: `…rate5m{…} > (14.4 * 0.001) … rate1h…`.
fn pairs(query: &str) -> Vec<(String, String, f64)> {
    let sides: Vec<(String, f64)> = query.split(RATIO).skip(1).filter_map(side).collect();
    let pair = |two: &[(String, f64)]| match two {
        [(short, k), (long, other)] if (k - other).abs() < f64::EPSILON => Some((short.clone(), long.clone(), *k)),
        _ => None,
    };
    sides.chunks(2).filter_map(pair).collect()
}

fn side(text: &str) -> Option<(String, f64)> {
    let window: String = text.chars().take_while(char::is_ascii_alphanumeric).collect();
    let (_, limit) = text.split_once('>')?;
    let factor: String =
        limit.trim_start_matches([' ', '(']).chars().take_while(|c| c.is_ascii_digit() || *c == '.').collect();
    Some((window, factor.parse().ok()?))
}
