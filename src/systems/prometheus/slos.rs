//! The objectives, read together: all that Sloth records in two queries at one time, those of files
//! some in each. What was known stays when it is gone, and says since when.

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::sync::Arc;
use std::time::Duration;

use jiff::Timestamp;

use super::batch;
use super::compare::Looked;
use super::discover::{self, Found, Key};
use super::idle::{self, Means};
use super::ingest::{self, Told};
use super::ingest_slo::{self, Memory, WINDOWS};
use super::objective::OfSpec;
use super::poll::{Fault, Poll, Woke};
use super::rules::Rules;
use super::watch::tell;
use crate::model::slo::{ObjectiveSpec, Slo};
use crate::model::source::{Detail, FeedEvent, Object};
use crate::net::{Answer, NetError};
use crate::slo::events;
use crate::systems::polled::Gone;
use crate::text::Safe;

/// Between two readings of the rules, which change with a deployment.
const RULES_EVERY: Duration = Duration::from_mins(5);
/// Between two counts of the samples behind the long windows, and behind those up to six hours.
const LONG_EVERY: Duration = Duration::from_mins(5);
const SHORT_EVERY: Duration = Duration::from_secs(45);
/// What has been gone so long is no longer shown.
const KEEP_GONE: Duration = Duration::from_hours(1);

/// See the module.
pub(super) struct Slos {
    pub(super) poll: Poll,
    pub(super) objectives: Arc<[ObjectiveSpec]>,
    pub(super) rules: Rules,
    rules_read: Option<Duration>,
    /// Samples behind each window, and when they were counted: short and long ones.
    pub(super) samples: HashMap<(Key, String), f64>,
    counted: [Option<Duration>; 2],
    times_query: &'static str,
    pub(super) means: Means,
    pub(super) memory: Memory,
    /// What was found, and when it was there last.
    pub(super) found: BTreeMap<Key, (Found, Duration)>,
    pub(super) known: BTreeMap<String, Arc<Slo>>,
    pub(super) told: Looked,
    /// What was read of the files' objectives.
    pub(super) of_specs: BTreeMap<String, OfSpec>,
    /// Objectives that nobody asks for now, and since when, where that could be found out.
    pub(super) idle: BTreeMap<String, Option<Timestamp>>,
    /// Names of those that could not be read, as they were told.
    unread: Vec<Safe>,
}

impl Slos {
    pub(super) fn new(poll: Poll, objectives: Arc<[ObjectiveSpec]>) -> Self {
        Self {
            poll,
            objectives,
            rules: Rules::default(),
            rules_read: None,
            samples: HashMap::new(),
            counted: [None; 2],
            times_query: discover::TIMES,
            means: Means::default(),
            memory: Memory::default(),
            found: BTreeMap::new(),
            known: BTreeMap::new(),
            told: Looked::default(),
            of_specs: BTreeMap::new(),
            idle: BTreeMap::new(),
            unread: Vec::new(),
        }
    }

    pub(super) async fn run(mut self) -> Result<(), Gone> {
        loop {
            let mut wait = match self.read().await? {
                Ok(()) => {
                    self.details(false).await?;
                    self.poll.between()
                }
                Err(fault) => self.lost(&fault).await?,
            };
            let until = self.poll.mono() + wait;
            loop {
                match self.poll.rest(wait).await? {
                    Woke::Time => break,
                    Woke::Refresh => {
                        (self.rules_read, self.counted) = (None, [None; 2]);
                        self.of_specs.values_mut().for_each(|of| of.long_read = None);
                        break;
                    }
                    Woke::Interest => {
                        self.details(true).await?;
                        wait = until.saturating_sub(self.poll.mono());
                    }
                }
            }
        }
    }

    /// Nobody answers: every figure says so.
    async fn lost(&mut self, fault: &Fault) -> Result<Duration, Gone> {
        let why = fault.words();
        for slo in self.known.values_mut() {
            *slo = Arc::new(ingest_slo::without_answer(slo, &why));
        }
        let objects: Vec<Object> = self.known.values().map(|slo| Object::Slo(Arc::clone(slo))).collect();
        if !objects.is_empty() {
            self.poll.outlet.tell(FeedEvent::Applied(objects)).await?;
        }
        self.details_lost(&why).await?;
        self.poll.went_wrong(fault).await
    }

    async fn read(&mut self) -> Result<Result<(), Fault>, Gone> {
        // A server may have no rules of its own, or be slow with them: its series are enough, and wait
        // for the rules once in a while, not at every turn.
        let client = self.poll.client.clone();
        let due = due(self.rules_read, RULES_EVERY, self.poll.mono());
        let rules = async move { if due { Some(client.rules().await) } else { None } };
        let (series, rules) = futures::future::join(self.series(), rules).await;
        let (at, series, times) = match series? {
            Ok(told) => told,
            Err(fault) => return Ok(Err(fault)),
        };
        self.note_rules(rules).await?;
        let (found, left_out) = discover::found(&series.series, &self.rules);
        self.note(found);
        self.count_samples(at).await;
        self.mean_without_idle(at).await;
        let times = discover::times(&times.series);
        batch::read(&self.poll, &self.objectives, at, &mut self.of_specs).await;
        self.note_idle(at).await;
        self.compose(at, series.warning.as_ref(), &times);
        self.compose_specs(at);
        if let Some(why) = series.warning.as_ref().filter(|_| self.known.is_empty()) {
            // Nothing in a part of the answer is not nothing at all.
            let why = crate::safe!("it answers in part, and no objective is in that: {}", why);
            return Ok(Err(Fault::Odd(crate::safe!("{}; bring back the store that it names", why))));
        }
        self.weigh(at).await;
        let objects = self.known.values().map(|slo| Object::Slo(Arc::clone(slo))).collect();
        tell(&self.poll.outlet, objects, left_out.len() as u64).await?;
        if self.unread != left_out {
            self.unread.clone_from(&left_out);
            let detail = Detail::UnreadObjectives(left_out.into());
            self.poll.outlet.tell(FeedEvent::Detail(detail)).await?;
        }
        self.poll.went_well();
        Ok(Ok(()))
    }

    /// A try that failed counts as one: the next is as far away as after any other.
    async fn note_rules(&mut self, rules: Option<Result<Answer, NetError>>) -> Result<(), Gone> {
        let Some(rules) = rules else { return Ok(()) };
        self.rules_read = Some(self.poll.mono());
        let Ok(answer) = rules else { return Ok(()) };
        self.poll.heard(&answer).await?;
        if let Ok((rules, warning)) = ingest::rules(&answer.body) {
            // With a warning some are missing; those that are known stay.
            if warning.is_none() {
                self.rules.clear();
            }
            self.rules.extend(Rules::of(&rules));
        }
        Ok(())
    }

    /// Failed events over a span and all over the window, where they can be counted.
    pub(super) fn events(&self, id: &str, span: Duration, window: Duration) -> Option<(String, String)> {
        if let Some(spec) = self.objectives.iter().find(|spec| spec.id.raw() == id) {
            return Some((events::failed(spec, span)?, events::all(spec, window)?));
        }
        let found = self.of_sloth(id)?;
        let (own, rules) = self.rules.find(&found.key)?;
        // What the rule itself puts on its series need not be on what it counts.
        let kept = found.told_apart().filter(|extra| !own.extras.contains(extra));
        let rule = events::narrowed(rules.ratio_5m.as_ref()?, kept)?;
        Some((events::of_ratio(&rule, span)?.0, events::of_ratio(&rule, window)?.1))
    }

    /// The mean error ratio over a span.
    pub(super) fn mean(&self, id: &str, span: Duration) -> Option<String> {
        if let Some(spec) = self.objectives.iter().find(|spec| spec.id.raw() == id) {
            return Some(events::error_ratio(spec, span));
        }
        Some(idle::query(&self.of_sloth(id)?.key, span, idle::step(span, Duration::ZERO)))
    }

    /// The ratio over the whole window, where it is recorded: what a chart can be drawn from.
    pub(super) fn whole(&self, id: &str) -> Option<String> {
        let found = self.of_sloth(id)?;
        Some(format!("slo:sli_error:ratio_rate{}{{{}}}", window_text(found), found.key.selector()))
    }

    pub(super) fn of_sloth(&self, id: &str) -> Option<&Found> {
        self.found.values().map(|(found, _)| found).find(|found| found.name == id)
    }

    /// The series and when they were recorded, at one time. Where the server's clock turns out to be
    /// off, that time was wrong, and they are asked for once more.
    async fn series(&mut self) -> Result<Result<(Timestamp, Told, Told), Fault>, Gone> {
        let mut at = self.poll.evaluation();
        let mut again = true;
        loop {
            let (answer, times) = match self.series_at(at).await {
                Ok(told) => told,
                Err(fault) => return Ok(Err(fault)),
            };
            if self.poll.heard(&answer).await? && std::mem::take(&mut again) {
                at = self.poll.evaluation();
                continue;
            }
            return Ok(ingest::told(&answer.body).map(|series| (at, series, times)).map_err(Fault::from));
        }
    }

    async fn series_at(&mut self, at: Timestamp) -> Result<(Answer, Told), Fault> {
        let client = &self.poll.client;
        let (series, times) =
            futures::future::join(client.query(discover::SERIES, at), ask(&self.poll, self.times_query, at)).await;
        let times = match times {
            Err(fault) if fault.is_query() && self.times_query != discover::TIMES_5M => {
                self.times_query = discover::TIMES_5M;
                ask(&self.poll, self.times_query, at).await
            }
            times => times,
        };
        Ok((series?, times?))
    }

    /// What is there now; what has been gone for long is let go.
    fn note(&mut self, found: Vec<Found>) {
        let mono = self.poll.mono();
        for one in self.found.values_mut() {
            one.0.ratios.clear();
        }
        // A label that changed makes another key of the same objective; the old one would hide it.
        let names: BTreeSet<String> = found.iter().map(|one| one.name.clone()).collect();
        self.found.retain(|_, (one, _)| !names.contains(&one.name));
        for one in found {
            self.found.insert(one.key.clone(), (one, mono));
        }
        let memory = &mut self.memory;
        self.found.retain(|_, (one, there)| {
            let keep = there.saturating_add(KEEP_GONE) > mono;
            if !keep {
                memory.forget(&one.name);
            }
            keep
        });
    }

    /// Counts the samples behind the windows. Where that cannot be done, coverage is not known, and
    /// what is not known is not relied on.
    async fn count_samples(&mut self, at: Timestamp) {
        let mut windows = [Vec::new(), Vec::new()];
        let whole = self.found.values().map(|(one, _)| window_text(one));
        let all: BTreeSet<String> = WINDOWS.iter().map(|&w| w.to_owned()).chain(whole).collect();
        for window in all {
            windows[usize::from(seconds(&window) > 6.0 * 3600.0)].push(window);
        }
        for (which, every) in [(0, SHORT_EVERY), (1, LONG_EVERY)] {
            let new = windows[which].iter().any(|window| !self.samples.keys().any(|(_, of)| of == window));
            if self.found.is_empty() || !(new || due(self.counted[which], every, self.poll.mono())) {
                continue;
            }
            if let Ok(told) = ask(&self.poll, &discover::coverage(&windows[which]), at).await {
                self.samples.retain(|(_, window), _| !windows[which].contains(window));
                self.samples.extend(discover::samples(&told.series));
                self.counted[which] = Some(self.poll.mono());
            }
        }
    }
}

pub(super) fn due(last: Option<Duration>, every: Duration, now: Duration) -> bool {
    last.is_none_or(|last| last + every <= now)
}

/// A query at a time, decoded.
pub(super) async fn ask(poll: &Poll, query: &str, at: Timestamp) -> Result<Told, Fault> {
    let answer = poll.client.query(query, at).await?;
    Ok(ingest::told(&answer.body)?)
}

/// A span as Prometheus writes it in names: `5m`, `30d`, `4w`, `1h4m`; 0 when it is none.
pub(super) fn seconds(text: &str) -> f64 {
    let (mut total, mut number) = (0.0, 0.0);
    for letter in text.chars() {
        if let Some(digit) = letter.to_digit(10) {
            number = number * 10.0 + f64::from(digit);
            continue;
        }
        let unit = match letter {
            's' => 1.0,
            'm' => 60.0,
            'h' => 3600.0,
            'd' => 86_400.0,
            'w' => 604_800.0,
            'y' => 31_536_000.0,
            _ => return 0.0,
        };
        total += number * unit;
        number = 0.0;
    }
    total
}

/// The whole window as its series is named: Prometheus writes 28 d as `4w`.
pub(super) fn window_text(found: &Found) -> String {
    let whole = found.window.as_secs_f64();
    let named = found.ratios.keys().find(|window| (seconds(window) - whole).abs() < 1.0);
    named.cloned().unwrap_or_else(|| events::text(found.window))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn spans_are_read_as_prometheus_writes_them() {
        for (text, wanted) in [("5m", 300.0), ("4w", 2_419_200.0), ("1h4m", 3840.0), ("30d", 2_592_000.0), ("x", 0.0)] {
            assert!((seconds(text) - wanted).abs() < f64::EPSILON, "{text}");
        }
    }
}
