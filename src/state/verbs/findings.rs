//! What scanners found, as a fact before a change goes further towards its users: critical and high
//! findings that came since the deployed commit was scanned, and secrets that lie open. A warning, unless
//! the environment's gates say that it blocks; what is not known is told as that, and passes no gate.

use crate::action::{Action, Change, Verb};
use crate::command::Command;
use crate::model::scope::OnFindings;
use crate::model::security::SecurityRead;
use crate::model::{Kind, Name, ObjectId, SourceId, SystemId};
use crate::safe;
use crate::state::security::{self, News};
use crate::state::ui::{Overlay, Place};
use crate::state::{State, asides, derived, environment, freshness, gates};
use crate::text::{Safe, plural};

/// Repositories of a report: each run of it asks anew, and every one costs a few requests of the hour.
pub const REPORTED: usize = 8;

/// What stands in the way, as far as it is known.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Fact {
    /// One for findings, one for secrets.
    pub lines: [Safe; 2],
    pub standing: Standing,
}

/// The worst of its lines.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Standing {
    Well,
    Unknown,
    Bad,
}

impl Standing {
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Well => "pass",
            Self::Unknown => "unknown",
            Self::Bad => "fail",
        }
    }
}

/// Repositories whose findings are asked for: of the page, of what is about to be done, of what could be.
#[must_use]
pub fn wanted(state: &State) -> Vec<(SourceId, Name)> {
    if state.reports {
        return crate::state::runners::wanted(state, true).into_iter().take(REPORTED).collect();
    }
    let mut all = Vec::new();
    if let Place::Security(id) = &state.ui.place {
        all.push((id.cluster, id.namespace.clone()));
    }
    if let Place::Lane(id) = &state.ui.place {
        let run = derived::lane(state, id).and_then(|lane| lane.run().cloned());
        all.extend(
            run.and_then(|id| state.world.runs.get(&id.uid)).map(|run| (run.meta.cluster, run.repository().clone())),
        );
    }
    let about = match &state.ui.overlay {
        Some(Overlay::Confirm(confirm)) => goes_on(&confirm.action.change).then(|| confirm.action.target.clone()),
        _ => super::target(state).filter(|id| id.kind == Kind::Rollout || gates::asks(state, id)),
    };
    // What is marked has its dialog in turn, and that opens only when its findings are known.
    let marked = gates::marked(state).into_iter().map(|(run, _)| run);
    all.extend(about.into_iter().chain(marked).filter_map(|id| repository(state, &id)));
    all.sort();
    all.dedup();
    all
}

/// It lets a change come nearer to its users.
fn goes_on(change: &Change) -> bool {
    matches!(change.verb(), Verb::Promote | Verb::PromoteFull | Verb::SkipStep | Verb::Resume | Verb::Approve)
}

/// Where the code of a workload or a run is, if its findings can be asked for at all.
fn repository(state: &State, id: &ObjectId) -> Option<(SourceId, Name)> {
    match id.kind {
        Kind::Run => Some((id.cluster, id.namespace.clone())),
        Kind::Rollout | Kind::Deployment => asides::repository_of(state, id),
        _ => None,
    }
}

/// The fact of a repository.
#[must_use]
pub fn fact(state: &State, (source, repository): &(SourceId, Name)) -> Fact {
    let Some(read) = state.world.details.security(*source, repository) else {
        let lines = [Safe::of("findings not read yet"), Safe::of("secrets not read yet")];
        return Fact { lines, standing: Standing::Unknown };
    };
    let (news, secrets) = (findings(state, read), secrets(read));
    let standing = news.1.max(secrets.1);
    let was = security::outdated(state, *source, repository);
    match was.or_else(|| not_live(state, *source, repository)) {
        Some(was) => {
            Fact { lines: [safe!("{}: {}", was, news.0), secrets.0], standing: standing.max(Standing::Unknown) }
        }
        None => Fact { lines: [news.0, secrets.0], standing },
    }
}

/// What is read beside the runs of a repository is as old as they are. Nothing of it counts time: it stands in
/// a dialog.
fn not_live(state: &State, source: SourceId, repository: &Name) -> Option<Safe> {
    let runs = freshness::of_place(state, source, Kind::Run, repository);
    (!runs.is_live()).then(|| safe!("not known now, the runs of {} are {}", repository, Safe::of(runs.as_str())))
}

fn findings(state: &State, read: &SecurityRead) -> (Safe, Standing) {
    match derived::news(state, read.source, &read.repository).as_deref() {
        Some(Ok(news)) => told(news),
        Some(Err(why)) => (safe!("not known: {}", why), Standing::Unknown),
        None => (Safe::of("not known: not read yet"), Standing::Unknown),
    }
}

/// What is new in words, and what a gate makes of it.
#[must_use]
pub fn told(news: &News) -> (Safe, Standing) {
    let at = news.deployed.words();
    let standing = match (news.bad, news.doubt + news.unrated, news.whole) {
        (0, 0, true) => Standing::Well,
        (0, _, _) => Standing::Unknown,
        _ => Standing::Bad,
    };
    let words = match (news.bad, news.doubt) {
        (0, 0) if news.unrated > 0 => unrated(news),
        (0, 0) if news.whole => safe!("no critical or high finding is new since {}", at),
        (0, 0) => safe!("not known: of those that were read none is critical or high and new since {}", at),
        (0, doubt) => {
            let findings = plural(doubt, "critical or high finding", "critical or high findings");
            let more = if news.unrated > 0 { safe!("{}; ", unrated(news)) } else { Safe::default() };
            safe!("{}not known of {} whether new since {}: {}", more, findings, at, news.why)
        }
        (bad, _) => {
            let found = plural(bad, "critical or high finding is", "critical or high findings are");
            safe!("{} new since {}", found, at)
        }
    };
    (words, standing)
}

/// New ones of which nobody says whether they are critical.
fn unrated(news: &News) -> Safe {
    let found = plural(news.unrated, "finding of unknown severity is", "findings of unknown severity are");
    safe!("{} new since {}", found, news.deployed.words())
}

fn secrets(read: &SecurityRead) -> (Safe, Standing) {
    match &read.secrets {
        Ok(rows) if rows.rows.is_empty() && rows.is_whole() => (Safe::of("no secret lies open"), Standing::Well),
        Ok(rows) if rows.rows.is_empty() => (Safe::of("secrets not known: none can be read here"), Standing::Unknown),
        Ok(rows) => {
            let count = plural(rows.rows.len() as u64, "secret lies", "secrets lie");
            (safe!("{} open{}", count, Safe::of(if rows.more { ", or more" } else { "" })), Standing::Bad)
        }
        Err(why) => (safe!("secrets not known: {}", security::words(why)), Standing::Unknown),
    }
}

/// What the configuration says of the environment.
fn asks(state: &State, environment: &Name) -> OnFindings {
    let named = state.settings.environments.iter().find(|row| row.name == *environment);
    named.map_or(OnFindings::Warn, |row| row.findings)
}

/// The environments that an action lets a change into.
fn into(state: &State, action: &Action) -> Vec<Name> {
    match &action.change {
        Change::Review { gates, .. } => gates.iter().map(|gate| gate.name.clone()).collect(),
        _ => environment::of_object(state, &action.target).into_iter().collect(),
    }
}

/// The fact of what an action is about; without a repository of it nothing is known.
fn about(state: &State, action: &Action) -> Fact {
    if let Some(of) = repository(state, &action.target) {
        return fact(state, &of);
    }
    let lines = ["findings are not known: no repository of it is read", "nor are secrets"].map(Safe::of);
    Fact { lines, standing: Standing::Unknown }
}

/// The line of the dialog; none where no repository is read at all.
pub(super) fn words(state: &State, action: &Action) -> Option<Safe> {
    if !goes_on(&action.change) || state.world.of_system(SystemId::GitHub).next().is_none() {
        return None;
    }
    let Fact { lines: [findings, secrets], standing } = about(state, action);
    let warns = Safe::of(match standing {
        Standing::Well => "",
        Standing::Unknown => "? ",
        Standing::Bad => "▲ ",
    });
    Some(safe!("{}{}; {}", warns, findings, secrets))
}

/// Refuses what an environment's gates keep back.
pub(super) fn may(state: &State, command: Command, action: Action) -> Result<Action, Safe> {
    let asked = matches!(
        command,
        Command::Promote | Command::PromoteFull | Command::SkipStep | Command::PauseRollout | Command::Approve
    );
    if !asked || !goes_on(&action.change) {
        return Ok(action);
    }
    let blocks = into(state, &action).into_iter().find(|name| asks(state, name) == OnFindings::Block);
    let Some(environment) = blocks else { return Ok(action) };
    let Fact { lines: [findings, secrets], standing } = about(state, &action);
    if standing == Standing::Well {
        return Ok(action);
    }
    Err(safe!("the gates of {} keep it back, gates.findings is block: {}; {}", environment, findings, secrets))
}
