//! The log at the bottom of the Deck: a pod of the canary that the canary pane is about, with a small
//! ring of its own and counts of what came.

use std::collections::VecDeque;
use std::time::Duration;

use jiff::Timestamp;

use super::log::{self, Log, level};
use super::{State, arms, layout};
use crate::model::kubernetes::{Pod, PodHealth, ReplicaSet};
use crate::model::log::{LogChunk, LogEvent, LogOf, LogRequest, LogSince, TailId};
use crate::model::{Kind, ObjectId};
use crate::state::ui::Place;

/// Bytes its lines may use: the pane shows a dozen of them.
const MEMORY: usize = 1 << 20;
/// Lines it begins with: what is older is counted as "at least".
pub const TAIL: u32 = 5_000;
/// Seconds of the rate.
const MINUTE: i64 = 60;

/// See the module's text.
#[derive(Debug, Clone)]
pub struct DeckLog {
    pub log: Log,
    /// Since when errors are counted, by the server's clock.
    pub began: Option<Timestamp>,
    /// A canary is on its way; else it is the version that runs.
    pub is_canary: bool,
    pub errors: u64,
    /// Lines that came, those of before it was opened included.
    lines: u64,
    /// What came first began after `began`: older lines may not have come.
    first: Option<Timestamp>,
    /// Second of the server's clock and lines of it, the last minute.
    seconds: VecDeque<(i64, u64)>,
}

impl DeckLog {
    #[must_use]
    pub fn new(id: TailId, pod: ObjectId, state: &State) -> Self {
        let container = state.world.pods.get(&pod.uid).and_then(|pod| {
            let main = pod.states.iter().find(|one| !one.init);
            main.or_else(|| pod.states.first()).map(|one| one.name.clone())
        });
        let rollout = arms::chosen(state);
        let began = rollout.as_ref().and_then(|rollout| arms::began(state, rollout));
        let request = LogRequest { pod, container, previous: false, since: LogSince::Tail(TAIL), of: LogOf::Log };
        let mut log = Log::new(id, request, MEMORY);
        log.timestamps = true;
        Self {
            log,
            began,
            is_canary: rollout.is_some_and(|rollout| arms::is_two_armed(&rollout)),
            errors: 0,
            lines: 0,
            first: None,
            seconds: VecDeque::new(),
        }
    }

    /// Takes in what the tail says.
    pub fn apply(&mut self, mono: Duration, event: LogEvent) {
        if let LogEvent::Lines(chunk) = &event {
            self.count(chunk);
        }
        self.log.apply(mono, event);
    }

    fn count(&mut self, chunk: &LogChunk) {
        let mut start = 0;
        for end in &chunk.ends {
            let line = chunk.bytes.get(start..*end as usize).unwrap_or_default();
            start = *end as usize + 1;
            let (_, message) = log::split_time(line);
            let time = log::time(line);
            self.lines += 1;
            self.first = self.first.or(time);
            let counts = time.is_none_or(|time| self.began.is_none_or(|began| time >= began));
            self.errors += u64::from(counts && level::is_error(message));
            let Some(second) = time.map(Timestamp::as_second) else { continue };
            match self.seconds.back_mut() {
                Some((last, lines)) if *last >= second => *lines += 1,
                _ => self.seconds.push_back((second, 1)),
            }
            while self.seconds.front().is_some_and(|(first, _)| *first <= second - MINUTE) {
                self.seconds.pop_front();
            }
        }
    }

    /// Lines of the last minute of the server's clock.
    #[must_use]
    pub fn a_minute(&self, server: Timestamp) -> u64 {
        let since = server.as_second() - MINUTE;
        self.seconds.iter().filter(|(second, _)| *second > since).map(|(_, lines)| lines).sum()
    }

    /// Lines since `began` were there before the first that came: the count of errors is "at least".
    #[must_use]
    pub fn is_partial(&self) -> bool {
        let cut = self.lines >= u64::from(TAIL);
        cut && self.first.zip(self.began).is_some_and(|(first, began)| first > began)
    }
}

/// The pane is on the screen and has room for lines.
#[must_use]
pub fn is_shown(state: &State) -> bool {
    if state.ui.place != Place::Deck {
        return false;
    }
    let screen = layout::screen(state.ui.size, &state.ui.place);
    layout::deck(screen.body, screen.class, state.ui.pane, layout::wanted(state)).log.height > 0
}

/// The pod to follow: of the newest version that has pods. The one that is followed stays as long as
/// it is one of those and runs.
#[must_use]
pub fn wanted(state: &State) -> Option<ObjectId> {
    let rollout = arms::chosen(state)?;
    let mut sets: Vec<&ReplicaSet> = state.world.replica_sets.owned_by(&rollout.meta.uid).map(AsRef::as_ref).collect();
    sets.sort_by_key(|set| std::cmp::Reverse(set.revision));
    let pods = |set: &&ReplicaSet| -> Vec<&Pod> {
        let all = state.world.pods.owned_by(&set.meta.uid).map(AsRef::as_ref);
        all.filter(|pod: &&Pod| pod.health != PodHealth::Ending).collect()
    };
    let pods = sets.iter().map(pods).find(|pods| !pods.is_empty())?;
    let current = state.deck_log.as_ref().map(|deck| &deck.log.request.pod.uid);
    let runs = |pod: &&&Pod| pod.health == PodHealth::Running;
    let kept = pods.iter().filter(runs).find(|pod| Some(&pod.meta.uid) == current);
    let pod = kept.or_else(|| pods.iter().find(runs)).or_else(|| pods.first())?;
    Some(pod.meta.id(Kind::Pod))
}
