//! Jobs folded by what GitHub's names say of them: the cells of a matrix (`unit (3.11)`, `unit-3.11`)
//! under their common name, the jobs of a reusable workflow (`deploy / build`) under the job that calls
//! it. Of what is folded the jobs that failed or are slower than usual stay in sight. Pure.

use std::collections::BTreeSet;
use std::sync::Arc;

use jiff::Timestamp;

use crate::model::pipelines::{Conclusion, Job, RunStatus};
use crate::model::{Kind, SourceId};
use crate::text::Safe;

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum What {
    /// Cells of a matrix; folded unless somebody opened it.
    Cells,
    /// Jobs of a reusable workflow; open unless somebody folded it.
    Called,
}

/// What a job stands at, worst first.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Stand {
    Failed,
    Running,
    Waiting,
    /// Cancelled, skipped, or of a word that is not known.
    Other,
    Passed,
}

impl Stand {
    pub const ALL: [Self; 5] = [Self::Failed, Self::Running, Self::Waiting, Self::Other, Self::Passed];

    #[must_use]
    pub fn of(job: &Job) -> Self {
        match (&job.status, &job.conclusion) {
            (_, Some(how)) if how.is_bad() => Self::Failed,
            (_, Some(Conclusion::Success)) => Self::Passed,
            (_, Some(_)) | (RunStatus::Completed, None) => Self::Other,
            (RunStatus::InProgress, None) => Self::Running,
            (_, None) => Self::Waiting,
        }
    }

    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Failed => "failed",
            Self::Running => "running",
            Self::Waiting => "waiting",
            Self::Other => "other",
            Self::Passed => "passed",
        }
    }
}

/// Jobs under one name.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Group {
    /// Its name with those above it: `deploy / unit`. No two groups of a run share it and a kind.
    pub path: Safe,
    pub name: Safe,
    pub what: What,
    pub open: bool,
    pub source: SourceId,
    pub count: usize,
    /// How many stand at each of [`Stand::ALL`].
    pub stands: [usize; 5],
    /// Those that run longer than is usual.
    pub slow: usize,
    /// Of the worst of them.
    pub status: RunStatus,
    pub conclusion: Option<Conclusion>,
    /// When the first began.
    pub started: Option<Timestamp>,
    /// When the last ended, where all have.
    pub completed: Option<Timestamp>,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Row {
    Group(Arc<Group>),
    /// By its place among the jobs.
    Job(usize),
}

/// The rows of a run's jobs with their depth. `turned`: groups that somebody opened or folded;
/// `all`: nothing is folded.
#[must_use]
pub fn rows(jobs: &[Job], turned: &BTreeSet<String>, all: bool) -> Vec<(u8, Row)> {
    rows_with(jobs, turned, all, &|_| false)
}

/// The same with those in sight that are `slow`, though what they stand in is folded.
#[must_use]
pub fn rows_with(jobs: &[Job], turned: &BTreeSet<String>, all: bool, slow: &dyn Fn(&Job) -> bool) -> Vec<(u8, Row)> {
    let items: Vec<Item<'_>> =
        jobs.iter().enumerate().map(|(at, job)| Item { at, parts: parts(job.id.name.raw()) }).collect();
    let slow = jobs.iter().map(slow).collect();
    let mut walk = Walk { jobs, slow, turned, all, out: Vec::with_capacity(jobs.len()) };
    walk.level(items, "", 0, true);
    walk.out
}

/// A job and what is left of its name.
struct Item<'a> {
    at: usize,
    parts: Vec<&'a str>,
}

struct Walk<'a> {
    jobs: &'a [Job],
    /// Of each job.
    slow: Vec<bool>,
    turned: &'a BTreeSet<String>,
    all: bool,
    out: Vec<(u8, Row)>,
}

impl<'a> Walk<'a> {
    /// Jobs that share what stands before them. `whole`: all of them are shown, not only what failed.
    fn level(&mut self, items: Vec<Item<'a>>, above: &str, depth: u8, whole: bool) {
        for (common, cells) in together(items, |item| self.common(item)) {
            // A job without values is no cell of the matrix that shares its name.
            let folded = folded_name(common);
            let common = folded.as_str();
            let mut cells = together(cells, |item| item.parts.first().copied().unwrap_or_default());
            if cells.len() < 2 {
                for (part, items) in cells {
                    self.part(part, items, above, depth, whole);
                }
                continue;
            }
            cells.sort_by_key(|(_, items)| items.iter().map(|item| self.stand(item)).min());
            let members: Vec<usize> = cells.iter().flat_map(|(_, items)| items).map(|item| item.at).collect();
            let Some(open) = self.group(What::Cells, &members, common, above, depth, whole) else { continue };
            for (part, items) in cells {
                self.part(part, items, above, depth + 1, open);
            }
        }
    }

    /// Jobs whose next part is the same: a job itself, or those of the workflow it calls.
    fn part(&mut self, part: &str, items: Vec<Item<'a>>, above: &str, depth: u8, whole: bool) {
        let (own, mut called): (Vec<_>, Vec<_>) = items.into_iter().partition(|item| item.parts.len() < 2);
        for item in own {
            self.job(&item, depth, whole);
        }
        if let [only] = &called[..] {
            return self.job(only, depth, whole);
        }
        if called.is_empty() {
            return;
        }
        let members: Vec<usize> = called.iter().map(|item| item.at).collect();
        let Some(open) = self.group(What::Called, &members, part, above, depth, whole) else { return };
        for item in &mut called {
            item.parts.remove(0);
        }
        self.level(called, &path(above, part), depth + 1, open);
    }

    /// What a job shares with the cells beside it. A TaskRun's number is not its name's.
    fn common(&self, item: &Item<'a>) -> &'a str {
        let part = item.parts.first().copied().unwrap_or_default();
        let shared = common(part);
        let versions = self.jobs[item.at].id.kind == Kind::Job;
        if shared == part && versions { before_version(part).unwrap_or(part) } else { shared }
    }

    fn stand(&self, item: &Item<'_>) -> Stand {
        Stand::of(&self.jobs[item.at])
    }

    fn job(&mut self, item: &Item<'_>, depth: u8, whole: bool) {
        if whole || self.stand(item) == Stand::Failed || self.slow[item.at] {
            self.out.push((depth, Row::Job(item.at)));
        }
    }

    /// Adds the row of a group; whether all below it is shown, or `None` when nothing of it is.
    fn group(
        &mut self,
        what: What,
        members: &[usize],
        name: &str,
        above: &str,
        depth: u8,
        whole: bool,
    ) -> Option<bool> {
        let path = path(above, name);
        let mut group = summary(self.jobs, members);
        group.slow = members.iter().filter(|at| self.slow[**at]).count();
        if !whole && group.stands[0] == 0 && group.slow == 0 {
            return None;
        }
        let open = self.all || (whole && (what == What::Called) != self.turned.contains(&key(what, &path)));
        (group.what, group.open) = (what, open);
        (group.name, group.path) = (Safe::identity(name), Safe::identity(&path));
        self.out.push((depth, Row::Group(Arc::new(group))));
        Some(open)
    }
}

/// What a group is remembered by.
#[must_use]
pub fn key(what: What, path: &str) -> String {
    match what {
        What::Cells => format!("×{path}"),
        What::Called => format!("/{path}"),
    }
}

fn path(above: &str, name: &str) -> String {
    if above.is_empty() { name.to_owned() } else { format!("{above} / {name}") }
}

fn summary(jobs: &[Job], members: &[usize]) -> Group {
    let of = || members.iter().map(|at| &jobs[*at]);
    let worst = of().min_by_key(|job| Stand::of(job));
    let mut stands = [0; 5];
    for job in of() {
        stands[Stand::of(job) as usize] += 1;
    }
    let over = of().all(|job| job.status == RunStatus::Completed);
    // A skipped job has times, and took none.
    let ran = || of().filter(|job| job.conclusion != Some(Conclusion::Skipped));
    let begun = |job: &&Job| matches!(job.status, RunStatus::InProgress | RunStatus::Completed);
    Group {
        path: Safe::default(),
        name: Safe::default(),
        what: What::Cells,
        open: false,
        source: worst.map_or(SourceId(0), |job| job.id.cluster),
        count: members.len(),
        stands,
        slow: 0,
        status: worst.map_or(RunStatus::Completed, |job| job.status.clone()),
        conclusion: worst.and_then(|job| job.conclusion.clone()),
        started: ran().filter(begun).filter_map(|job| job.started).min(),
        completed: if over { ran().filter_map(|job| job.completed).max() } else { None },
    }
}

/// Items with the same key, in the order in which each key came first.
fn together<'a, 'k>(items: Vec<Item<'a>>, key: impl Fn(&Item<'a>) -> &'k str) -> Vec<(&'k str, Vec<Item<'a>>)>
where
    'a: 'k,
{
    let mut places: std::collections::HashMap<&'k str, usize> = std::collections::HashMap::new();
    let mut out: Vec<(&'k str, Vec<Item<'a>>)> = Vec::new();
    for item in items {
        let key = key(&item);
        let at = *places.entry(key).or_insert(out.len());
        match out.get_mut(at) {
            Some((_, items)) => items.push(item),
            None => out.push((key, vec![item])),
        }
    }
    out
}

/// The parts of a name between slashes that stand outside of parentheses.
fn parts(name: &str) -> Vec<&str> {
    let (mut parts, mut from, mut depth) = (Vec::new(), 0, 0_usize);
    for (at, c) in name.char_indices() {
        match c {
            '(' => depth += 1,
            ')' => depth = depth.saturating_sub(1),
            '/' if depth == 0 && name[..at].ends_with(' ') && name[at + 1..].starts_with(' ') => {
                parts.push(name[from..at].trim());
                from = at + 1;
            }
            _ => {}
        }
    }
    parts.push(name[from..].trim());
    parts
}

/// What cells are called together: `unit` of `unit (`, `unit-*` of `unit-`, which no other group can be.
fn folded_name(common: &str) -> String {
    match common.strip_suffix('(') {
        Some(name) => name.trim_end().to_owned(),
        None if common.ends_with(BEFORE) => format!("{common}*"),
        None => common.to_owned(),
    }
}

/// What may stand between a name and a version.
const BEFORE: [char; 3] = ['-', '_', ' '];

/// `unit-` of `unit-3.11`: what stands before a version at the end of a name.
fn before_version(part: &str) -> Option<&str> {
    let at = part.rfind(BEFORE)?;
    let (stem, version) = part.split_at(at + 1);
    let named = stem.trim_end_matches(BEFORE);
    (!named.is_empty() && is_version(version)).then_some(stem)
}

/// `3.11`, `v2`, `py3.12`, `node18`, `20.x`, `3.13t`.
fn is_version(text: &str) -> bool {
    let text = ["python", "node", "py", "go", "v"].iter().find_map(|name| text.strip_prefix(name)).unwrap_or(text);
    let mut parts = text.split('.');
    let number = |part: &str| !part.is_empty() && part.bytes().all(|byte| byte.is_ascii_digit());
    let tail =
        |part: &str| matches!(part, "x" | "*") || number(part.trim_end_matches(|c: char| c.is_ascii_lowercase()));
    parts.next().is_some_and(number) && parts.all(tail)
}

/// `unit (` of `unit (3.11, ubuntu)`; a part without values is its own.
fn common(part: &str) -> &str {
    let Some(inside) = part.strip_suffix(')') else { return part };
    let mut depth = 1_usize;
    for (at, c) in inside.char_indices().rev() {
        match c {
            ')' => depth += 1,
            '(' => depth -= 1,
            _ => {}
        }
        if depth == 0 {
            let name = inside[..at].trim_end();
            return if name.is_empty() || name.len() == at { part } else { &part[..=at] };
        }
    }
    part
}
