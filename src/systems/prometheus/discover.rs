//! Objectives that Sloth's recording rules tell of (slo.md §1.7): from their series, and from the
//! rules themselves ([`super::rules`]) where those are served.

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::fmt::Write as _;
use std::time::Duration;

use super::ingest::{Labels, Series, span};
use super::rules::{OfRules, Rules};
use super::slos::seconds;
use crate::model::slo::Objective;
use crate::slo::{budget, events};
use crate::text::Safe;

/// Everything that Sloth records, of every objective, at one time.
pub const SERIES: &str =
    r#"{__name__=~"sloth_slo_info|slo:objective:ratio|slo:time_period:days|slo:sli_error:ratio_rate.+"}"#;
/// When each of its ratios was recorded.
pub const TIMES: &str = r#"timestamp({__name__=~"slo:sli_error:ratio_rate.+"})"#;
/// The same where two of those series differ only in their names.
pub const TIMES_5M: &str = "timestamp(slo:sli_error:ratio_rate5m)";

pub(super) const RATIO: &str = "slo:sli_error:ratio_rate";
/// Seconds.
const DAY: f64 = 86_400.0;
/// Labels that tell copies of one Prometheus apart; one copy is read, and always the same.
const REPLICAS: [&str; 4] = ["replica", "prometheus_replica", "prometheus", "__replica__"];

/// Which objective: Sloth's id, and the labels that tell two of one id apart.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Key {
    pub id: String,
    pub(super) extras: Vec<(String, String)>,
}

impl Key {
    /// Of a series or rule that is about an objective.
    pub(super) fn of(labels: &Labels) -> Option<Self> {
        let id = labels.get("sloth_id").filter(|id| !id.is_empty())?.clone();
        let own = |name: &str| name == "__name__" || name.starts_with("sloth_") || REPLICAS.contains(&name);
        let extras = labels.iter().filter(|(name, _)| !own(name));
        Some(Self { id, extras: extras.map(|(name, value)| (name.clone(), value.clone())).collect() })
    }

    /// As a selector in PromQL, without the braces.
    #[must_use]
    pub fn selector(&self) -> String {
        let mut text = format!("sloth_id={}", quoted(&self.id));
        for (name, value) in &self.extras {
            // Writing to a String cannot fail.
            let _ = write!(text, ",{name}={}", quoted(value));
        }
        text
    }
}

/// A string of PromQL.
#[must_use]
pub fn quoted(text: &str) -> String {
    format!("\"{}\"", text.replace('\\', "\\\\").replace('"', "\\\"").replace('\n', "\\n"))
}

/// An objective of Sloth's.
#[derive(Debug, Clone, PartialEq)]
pub struct Found {
    pub key: Key,
    /// `sloth_id`, with what tells it apart where there are two.
    pub name: String,
    pub service: String,
    pub slo: String,
    pub objective: Objective,
    pub window: Duration,
    /// By window, as it is written in the rule's name: the ratio of failed requests.
    pub ratios: BTreeMap<String, f64>,
}

/// The objectives that the answers tell of; and the names of those that lacked their objective or window.
#[must_use]
pub(super) fn found(series: &[Series], rules: &Rules) -> (Vec<Found>, Vec<Safe>) {
    let mut parts: BTreeMap<Key, Parts<'_>> = BTreeMap::new();
    for one in series {
        let Some(key) = Key::of(&one.labels) else { continue };
        parts.entry(key).or_default().take(one);
    }
    // A rule whose series is gone, or was never there, is an objective without data.
    for key in rules.keys() {
        if !parts.keys().any(|part| rules.find(part).is_some_and(|(own, _)| own == key)) {
            parts.entry(key.clone()).or_default();
        }
    }
    let mut ids: HashMap<&str, BTreeSet<&Key>> = HashMap::new();
    for key in parts.keys() {
        ids.entry(&key.id).or_default().insert(key);
    }
    let (mut found, mut left_out) = (Vec::new(), Vec::new());
    for (key, part) in &parts {
        let alone = ids.get(key.id.as_str()).is_none_or(|keys| keys.len() == 1);
        match part.finish(key, rules.get(key), alone) {
            Some(one) => found.push(one),
            None => left_out.push(Safe::identity(&key.id)),
        }
    }
    (found, left_out)
}

/// What was said of one objective.
#[derive(Default)]
struct Parts<'a> {
    info: Option<&'a Labels>,
    objective: Option<f64>,
    days: Option<f64>,
    /// With the labels, so that of two replicas the same is taken each time.
    ratios: BTreeMap<String, (&'a Labels, f64)>,
}

impl<'a> Parts<'a> {
    fn take(&mut self, one: &'a Series) {
        let Some(value) = one.value() else { return };
        match one.label("__name__") {
            "sloth_slo_info" => self.info = Some(self.info.map_or(&one.labels, |known| known.min(&one.labels))),
            "slo:objective:ratio" => self.objective = Some(value),
            "slo:time_period:days" => self.days = Some(value),
            name => {
                let Some(window) = name.strip_prefix(RATIO) else { return };
                let kept = self.ratios.entry(window.to_owned()).or_insert((&one.labels, value));
                if one.labels < *kept.0 {
                    *kept = (&one.labels, value);
                }
            }
        }
    }

    fn finish(&self, key: &Key, rules: Option<&OfRules>, alone: bool) -> Option<Found> {
        let of_rules = rules.map(|rules| &rules.labels).filter(|labels| !labels.is_empty());
        let ratio = || self.ratios.values().next().map(|(labels, _)| *labels);
        let labels = self.info.or(of_rules).or_else(ratio)?;
        let label = |name: &str| labels.get(name).cloned().unwrap_or_default();
        let percent = label("sloth_objective");
        let objective = budget::of_percent(&percent).ok().or_else(|| budget::of_number(self.objective?).ok())?;
        let extras: Vec<String> = key.extras.iter().map(|(name, value)| format!("{name}={}", quoted(value))).collect();
        let name = if alone { key.id.clone() } else { format!("{}{{{}}}", key.id, extras.join(",")) };
        Some(Found {
            key: key.clone(),
            name,
            service: label("sloth_service"),
            slo: label("sloth_slo"),
            objective,
            window: span(self.days.or(rules.and_then(|rules| rules.days))? * DAY)?,
            ratios: self.ratios.iter().map(|(window, (_, value))| (window.clone(), *value)).collect(),
        })
    }
}

impl Found {
    /// The labels that tell it from another of the same id; none where there is no other.
    pub(super) fn told_apart(&self) -> impl Iterator<Item = &(String, String)> {
        self.key.extras.iter().filter(|_| self.name != self.key.id)
    }
}

/// When each ratio was recorded, by objective and window.
#[must_use]
pub fn times(series: &[Series]) -> HashMap<(Key, String), f64> {
    let mut times: HashMap<(Key, String), f64> = HashMap::new();
    for one in series {
        let (Some(key), Some(value)) = (Key::of(&one.labels), one.value()) else { continue };
        let newest = times.entry((key, one.label("sloth_window").to_owned())).or_insert(value);
        *newest = newest.max(value);
    }
    times
}

/// One query for the samples that each of these windows has, marked with the window.
#[must_use]
pub fn coverage(windows: &[String]) -> String {
    // Written anew: a window of half a day has no name that PromQL reads.
    let one = |window: &String| {
        let range = events::text(span(seconds(window))?);
        Some(format!("label_replace(count_over_time({RATIO}5m[{range}]), \"{MARK}\", \"{window}\", \"\", \"\")"))
    };
    windows.iter().filter_map(one).collect::<Vec<_>>().join(" or ")
}

/// The label in which our own queries say what a series is.
pub const MARK: &str = "quarterdeck";

/// The answer to [`coverage`]: samples by objective and window.
#[must_use]
pub fn samples(series: &[Series]) -> HashMap<(Key, String), f64> {
    let mut samples = HashMap::new();
    for one in series {
        let mut labels = one.labels.clone();
        let Some(window) = labels.remove(MARK) else { continue };
        if let (Some(key), Some(count)) = (Key::of(&labels), one.value()) {
            let most = samples.entry((key, window)).or_insert(count);
            *most = most.max(count);
        }
    }
    samples
}
