//! Workflow runs in the order of their lists, kept as they come in: a changed run costs the same
//! among five thousand as among ten, and nothing is sorted for a frame.

use std::cmp::Reverse;
use std::collections::{BTreeMap, HashMap};
use std::sync::Arc;

use jiff::Timestamp;

use crate::model::pipelines::{Conclusion, Run, RunStatus};
use crate::model::{Name, SourceId, Uid};

/// What a run asks of who looks at the list; the order of its parts.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Standing {
    /// It goes on by itself.
    Moving,
    /// It failed, and nothing of its workflow and branch has ended well or badly since.
    Failed,
    /// A person must do something.
    Waiting,
    Ended,
}

/// What a later run of supersedes an earlier one: a workflow file and a branch.
type Line = (SourceId, Name, Name, Option<Name>);

/// Which of two runs is the later one: it began later, else its number is higher.
type Age = (Option<Timestamp>, u64, Uid);

/// All runs: what moves, what failed, what waits, then the rest; newest first in each.
#[derive(Debug, Clone, Default)]
pub struct Ordered {
    runs: Vec<Arc<Run>>,
    /// How many there are of each standing.
    counts: [usize; 4],
    /// Those that ended well or badly. Of each line only the last can be an open failure.
    decided: HashMap<Line, BTreeMap<Age, Arc<Run>>>,
}

impl Ordered {
    /// In the order of the list.
    #[must_use]
    pub fn runs(&self) -> &[Arc<Run>] {
        &self.runs
    }

    #[must_use]
    pub const fn count(&self, standing: Standing) -> usize {
        self.counts[standing as usize]
    }

    /// Of those that move: how many run, are queued, and say something else.
    #[must_use]
    pub fn moving(&self) -> [usize; 3] {
        let mut counts = [0; 3];
        for run in self.runs.iter().take(self.count(Standing::Moving)) {
            counts[match run.status {
                RunStatus::InProgress => 0,
                RunStatus::Queued => 1,
                _ => 2,
            }] += 1;
        }
        counts
    }

    /// Those that move, failed or wait.
    #[must_use]
    pub fn open(&self) -> &[Arc<Run>] {
        &self.runs[..self.runs.len() - self.count(Standing::Ended)]
    }

    /// Where a run that is in it stands.
    #[must_use]
    pub fn position(&self, run: &Run) -> Option<usize> {
        self.search(run, self.standing(run)).ok()
    }

    /// A run is there, or is not as it was `before`.
    pub(super) fn put(&mut self, before: Option<&Arc<Run>>, run: &Arc<Run>) {
        if let Some(before) = before {
            self.remove(before);
        }
        if decides(run) {
            let line = self.decided.entry(line(run)).or_default();
            let last = line.last_key_value().map(|(age, run)| (age.clone(), Arc::clone(run)));
            line.insert(age(run), Arc::clone(run));
            if let Some((_, before)) = last.filter(|(last, _)| *last < age(run)) {
                self.moves(&before, false, true);
            }
        }
        self.insert(run, self.standing(run));
    }

    /// A run is gone; given as it was put.
    pub(super) fn remove(&mut self, run: &Arc<Run>) {
        self.take(run, self.standing(run));
        if !decides(run) {
            return;
        }
        let (key, age) = (line(run), age(run));
        let Some(line) = self.decided.get_mut(&key) else { return };
        line.remove(&age);
        match line.last_key_value().map(|(last, run)| (*last < age, Arc::clone(run))) {
            Some((true, before)) => self.moves(&before, true, false),
            Some((false, _)) => {}
            None => drop(self.decided.remove(&key)),
        }
    }

    /// Whether a run is superseded has changed.
    fn moves(&mut self, run: &Arc<Run>, before: bool, now: bool) {
        let (before, now) = (standing(run, before), standing(run, now));
        if before != now {
            self.take(run, before);
            self.insert(run, now);
        }
    }

    fn insert(&mut self, run: &Arc<Run>, standing: Standing) {
        let at = self.search(run, standing).unwrap_or_else(|at| at);
        self.runs.insert(at, Arc::clone(run));
        self.counts[standing as usize] += 1;
    }

    fn take(&mut self, run: &Run, standing: Standing) {
        if let Ok(at) = self.search(run, standing) {
            self.runs.remove(at);
            self.counts[standing as usize] -= 1;
        }
    }

    fn search(&self, run: &Run, standing: Standing) -> Result<usize, usize> {
        let start: usize = self.counts[..standing as usize].iter().sum();
        let part = &self.runs[start..start + self.count(standing)];
        let found = part.binary_search_by(|other| place(other, standing).cmp(&place(run, standing)));
        found.map(|at| at + start).map_err(|at| at + start)
    }

    fn standing(&self, run: &Run) -> Standing {
        let superseded = || {
            let last = self.decided.get(&line(run)).and_then(BTreeMap::last_key_value);
            last.is_some_and(|(last, _)| *last > age(run))
        };
        // Only of a failure it is asked.
        let open = standing(run, false);
        if open == Standing::Failed { standing(run, superseded()) } else { open }
    }
}

/// A cancelled or skipped run decides nothing: what failed before it is still broken.
fn decides(run: &Run) -> bool {
    matches!(&run.conclusion, Some(how) if how.is_bad() || *how == Conclusion::Success)
}

fn line(run: &Run) -> Line {
    (run.meta.cluster, run.repository().clone(), run.path.clone(), run.branch.clone())
}

fn age(run: &Run) -> Age {
    (run.created, run.number, run.meta.uid.clone())
}

/// `superseded`: a later run of its workflow on its branch has ended, well or badly.
fn standing(run: &Run, superseded: bool) -> Standing {
    match (&run.status, &run.conclusion) {
        (RunStatus::InProgress | RunStatus::Queued | RunStatus::Other(_), _) => Standing::Moving,
        (RunStatus::Waiting, _) | (RunStatus::Completed, Some(Conclusion::ActionRequired)) => Standing::Waiting,
        (RunStatus::Completed, Some(how)) if how.is_bad() && !superseded => Standing::Failed,
        (RunStatus::Completed, _) => Standing::Ended,
    }
}

/// Where a run stands among those of its standing.
fn place(run: &Run, standing: Standing) -> (Reverse<Option<Timestamp>>, Reverse<u64>, &Uid) {
    (Reverse(moment(run, standing)), Reverse(run.number), &run.meta.uid)
}

/// What runs of one standing are ordered by: when it began, so that nothing jumps while it moves;
/// of what has ended, when it ended.
fn moment(run: &Run, standing: Standing) -> Option<Timestamp> {
    match standing {
        Standing::Moving | Standing::Waiting => run.started.or(run.created),
        Standing::Failed | Standing::Ended => run.updated.or(run.started).or(run.created),
    }
}
