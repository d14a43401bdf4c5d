//! When the runs of a repository are listed next, and when the jobs of those that somebody looks at
//! are read. Pure: times come in as data, so that an hour of it is a loop.

use std::collections::HashMap;
use std::time::Duration;

use jiff::Timestamp;
use tokio::time::Instant;

use crate::model::asides::{Aside, Moves, Wanted};
use crate::model::{ObjectId, Uid};

/// After a write, something is about to move for so long.
const STIRRED: Duration = Duration::from_mins(1);

/// What decides how often a run is read again.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Known {
    pub(super) active: bool,
    pub(super) attempt: u32,
    pub(super) updated: Option<Timestamp>,
}

/// One run that is looked at.
#[derive(Debug)]
struct OnScreen {
    due: Instant,
    /// The run as it was when its jobs were read and all had ended: until it changes, they stay so.
    settled: Option<Known>,
    /// Its jobs, as they were read last, had all ended.
    ended: bool,
}

/// What came of reading jobs.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Came {
    Unchanged,
    Jobs {
        all_ended: bool,
    },
    /// They cannot be read; asked for again after so long.
    Trouble(Duration),
    /// The same of an answer that could not be understood: it is no news of how they stand.
    Odd(Duration),
}

#[derive(Debug)]
pub(super) struct Rhythm {
    /// When the list is read next.
    due: Instant,
    quick_until: Instant,
    runs: HashMap<Uid, Known>,
    looked: HashMap<Uid, OnScreen>,
    /// Runs that go on, or wait, and are older than those of the list; when they are read next.
    older: HashMap<Uid, Known>,
    older_due: Instant,
}

impl Rhythm {
    pub(super) fn new(now: Instant) -> Self {
        let (runs, older) = (HashMap::new(), HashMap::new());
        Self { due: now, quick_until: now, runs, looked: HashMap::new(), older, older_due: now }
    }

    /// The runs that a list showed.
    pub(super) fn listed(&mut self, runs: HashMap<Uid, Known>) {
        self.runs = runs;
    }

    pub(super) fn run(&self, uid: &Uid) -> Option<Known> {
        self.runs.get(uid).or_else(|| self.older.get(uid)).copied()
    }

    /// It is among the newest, which the list shows.
    pub(super) fn is_listed(&self, uid: &Uid) -> bool {
        self.runs.contains_key(uid)
    }

    /// The older ones that were found.
    pub(super) fn older_read(&mut self, now: Instant, runs: HashMap<Uid, Known>, wait: Duration) {
        self.older = runs;
        self.older_due = now + wait;
    }

    pub(super) fn older_again(&mut self, now: Instant, wait: Duration) {
        self.older_due = now + wait;
    }

    pub(super) const fn older_due(&self) -> Instant {
        self.older_due
    }

    /// Something was written a moment ago, and one of the older ones may show it.
    pub(super) fn older_is_quick(&self, now: Instant) -> bool {
        now < self.quick_until && !self.older.is_empty()
    }

    /// Something moves, or is about to.
    pub(super) fn moves(&self, now: Instant) -> bool {
        now < self.quick_until || self.runs.values().any(|run| run.active)
    }

    pub(super) fn list_is_due(&self, now: Instant) -> bool {
        now >= self.due
    }

    pub(super) fn list_again(&mut self, now: Instant, wait: Duration) {
        self.due = now + wait;
    }

    /// The operator asked for everything.
    pub(super) fn refresh(&mut self, now: Instant) {
        self.due = now;
        self.older_due = now;
        self.looked.clear();
    }

    /// Jobs that were read are kept no more: they are read again when they are looked at.
    pub(super) fn jobs_forgotten(&mut self) {
        self.looked.clear();
    }

    /// Something was written: it shows soon.
    pub(super) fn stirred(&mut self, now: Instant, soon: Duration) {
        self.due = self.due.min(now + soon);
        if !self.older.is_empty() {
            self.older_due = self.older_due.min(now + soon);
        }
        self.quick_until = now + STIRRED;
    }

    /// The runs whose jobs are to be read now, of those that are looked at.
    pub(super) fn jobs_due(&mut self, now: Instant, wanted: &[ObjectId]) -> Vec<ObjectId> {
        self.looked.retain(|uid, _| wanted.iter().any(|run| run.uid == *uid));
        let mut due = Vec::new();
        for run in wanted {
            let known = self.run(&run.uid);
            let new = || OnScreen { due: now, settled: None, ended: false };
            let looked = self.looked.entry(run.uid.clone()).or_insert_with(new);
            if looked.settled.is_some() && looked.settled == known {
                continue;
            }
            if looked.settled.take().is_some() {
                looked.due = now;
            }
            if looked.due <= now {
                due.push(run.clone());
            }
        }
        due
    }

    /// The jobs of a run were asked for; `wait` until they are again, if nothing went wrong.
    pub(super) fn jobs_read(&mut self, now: Instant, run: &Uid, came: Came, wait: Duration) {
        let known = self.run(run);
        let Some(looked) = self.looked.get_mut(run) else { return };
        looked.due = now + wait;
        match came {
            Came::Unchanged => {}
            Came::Jobs { all_ended } => looked.ended = all_ended,
            Came::Odd(wait) => looked.due = now + wait,
            Came::Trouble(wait) => {
                looked.ended = false;
                looked.due = now + wait;
            }
        }
        match known {
            Some(known) if looked.ended && !known.active => looked.settled = Some(known),
            Some(_) if looked.ended && !self.runs.contains_key(run) => self.older_due = self.older_due.min(now),
            // The list does not know it yet, and a run that goes on cannot be run again.
            Some(_) if looked.ended => self.due = self.due.min(now),
            _ => {}
        }
    }

    /// When there is something to read again. `jobs`: also of those that are looked at.
    pub(super) fn next(&self, jobs: bool) -> Instant {
        let open = self.looked.values().filter(|looked| jobs && looked.settled.is_none());
        open.map(|looked| looked.due).fold(self.due, Instant::min)
    }
}

/// Something that is read every so often while somebody looks at it, and not once more because they look
/// away and back: what was told is known, and grows as old as it is.
#[derive(Debug, Default)]
pub(super) struct Looked {
    due: Option<Instant>,
    looks: bool,
}

impl Looked {
    /// Whether it is to be read now.
    pub(super) fn is_due(&mut self, now: Instant, looks: bool) -> bool {
        self.looks = looks;
        looks && self.due.is_none_or(|due| due <= now)
    }

    /// It was read; `wait` until it is again.
    pub(super) fn read(&mut self, now: Instant, wait: Duration) {
        self.due = Some(now + wait);
    }

    /// The operator asked for everything.
    pub(super) fn refresh(&mut self) {
        self.due = None;
    }

    pub(super) fn next(&self) -> Option<Instant> {
        self.due.filter(|_| self.looks)
    }
}

/// Runs whose jobs are read more rarely than those that are on a screen, one after the other.
#[derive(Debug, Default)]
pub(super) struct Queue {
    due: HashMap<Uid, Instant>,
}

impl Queue {
    /// The next that is to be read now.
    pub(super) fn due(&mut self, now: Instant, wanted: &[ObjectId]) -> Option<ObjectId> {
        self.due.retain(|uid, _| wanted.iter().any(|run| run.uid == *uid));
        wanted.iter().find(|run| self.due.get(&run.uid).is_none_or(|due| *due <= now)).cloned()
    }

    pub(super) fn again(&mut self, now: Instant, run: &Uid, wait: Duration) {
        self.due.insert(run.clone(), now + wait);
    }

    /// The operator asked for everything.
    pub(super) fn refresh(&mut self) {
        self.due.clear();
    }

    pub(super) fn next(&self) -> Option<Instant> {
        self.due.values().min().copied()
    }
}

/// What stands beside the pages that are looked at: read when it is new, then every so often while it
/// may change, one after the other so that nothing else waits for all of it.
#[derive(Debug, Default)]
pub(super) struct Asides {
    read: HashMap<Aside, Instant>,
}

impl Asides {
    /// The next that is to be read now. What was read and never changes by itself is not asked for again.
    pub(super) fn due(&mut self, now: Instant, wanted: &[Wanted]) -> Option<Wanted> {
        self.read.retain(|aside, _| wanted.iter().any(|one| one.aside == *aside));
        let due = |one: &&Wanted| self.read.get(&one.aside).is_none_or(|due| *due <= now);
        wanted.iter().find(due).cloned()
    }

    /// One was read, or could not be; `wait` until it is again.
    pub(super) fn again(&mut self, now: Instant, aside: &Aside, wait: Duration) {
        self.read.insert(aside.clone(), now + wait);
    }

    /// The same of one that never changes by itself.
    pub(super) fn settled(&mut self, now: Instant, aside: &Aside) {
        // As far away as no console runs.
        self.again(now, aside, Duration::from_hours(24 * 365));
    }

    /// The time from one reading to the next; `busy` and `idle` are those of lists of runs.
    pub(super) fn wait(moves: Moves, (busy, idle): (Duration, Duration)) -> Option<Duration> {
        match moves {
            Moves::Soon => Some(busy),
            Moves::Late => Some(idle),
            Moves::Never => None,
        }
    }

    /// Something was written: it shows soon.
    pub(super) fn stirred(&mut self, now: Instant, soon: Duration) {
        for due in self.read.values_mut() {
            *due = (*due).min(now + soon);
        }
    }

    /// The operator asked for everything.
    pub(super) fn refresh(&mut self) {
        self.read.clear();
    }

    pub(super) fn next(&self) -> Option<Instant> {
        self.read.values().min().copied()
    }
}
