//! Where the objects of an Application differ from what is wanted, as its server says while somebody looks: which
//! server that is, what is asked of it, and the lines below an object.

use std::time::Duration;

use super::details::Known;
use super::ui::Place;
use super::{State, gitops, windows};
use crate::model::applications::{AppHealth, AppResource, Application};
use crate::model::differences::{Difference, Differences, DifferencesWanted, Differs, How, KeptId};
use crate::model::{Name, SourceId, SystemId};
use crate::safe;
use crate::text::Safe;

/// Objects of an Application that are asked for: each is an answer of its own.
const MOST: usize = 12;
/// Applications that a report asks for.
const REPORTED: usize = 3;
/// Healed so often without staying so, it is asked for what is fought over.
const HEALS: i64 = 3;
/// Older than this it is not said as what is.
const FRESH: Duration = Duration::from_mins(1);
/// Of the very version that is there now it may be older: whoever compares it again, writes that into it, and does
/// so every few minutes.
const UNCHANGED: Duration = Duration::from_mins(10);

/// Who knows where the objects of an Application differ.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Server<'a> {
    /// None is named.
    NotNamed,
    /// Those that are named serve other contexts.
    NotServed,
    /// One is named, and of several clusters it does not say which it serves.
    Unclear,
    Unusable(&'a Safe),
    /// With the context, where it names one.
    Is(SourceId, Option<Name>),
}

/// The server that serves the Applications of a cluster.
#[must_use]
pub fn server(state: &State, cluster: SourceId) -> Server<'_> {
    let context = state.world.source(cluster).map(|source| &source.name);
    let (mut unclear, mut others, mut unusable) = (false, false, None);
    for source in state.world.of_system(SystemId::ArgoServer) {
        let named = match &source.namespaces {
            Some(contexts) => {
                let Some(name) = context.filter(|name| contexts.contains(name)) else {
                    others = true;
                    continue;
                };
                Some(name.clone())
            }
            None if state.world.clusters().count() == 1 => None,
            None => {
                unclear = true;
                continue;
            }
        };
        match &source.unusable {
            None => return Server::Is(source.id, named),
            // Another one may serve it.
            Some(why) => unusable = unusable.or(Some(why)),
        }
    }
    match (unusable, unclear, others) {
        (Some(why), ..) => Server::Unusable(why),
        (None, true, _) => Server::Unclear,
        (None, false, true) => Server::NotServed,
        (None, false, false) => Server::NotNamed,
    }
}

/// The Application of the page; in a report those over which two fight.
#[must_use]
pub fn wanted(state: &State) -> Vec<DifferencesWanted> {
    if state.world.of_system(SystemId::ArgoServer).next().is_none() {
        return Vec::new();
    }
    if state.reports {
        let fought = state.world.applications.rows().iter().filter(|row| is_fought(row)).take(REPORTED);
        return fought.filter_map(|row| of(state, row, false)).collect();
    }
    let row = match &state.ui.place {
        Place::Application(id) => state.world.applications.get(&id.uid),
        _ => None,
    };
    row.and_then(|row| of(state, row, state.read_only.is_none())).into_iter().collect()
}

fn is_fought(row: &Application) -> bool {
    let heals = row.operation.as_ref().map_or(0, |last| last.heals);
    heals >= HEALS && row.automated.is_some_and(|how| how.self_heal) && gitops::drifted(row)
}

fn of(state: &State, row: &Application, rights: bool) -> Option<DifferencesWanted> {
    let Server::Is(source, context) = server(state, row.meta.cluster) else { return None };
    let strays: Vec<KeptId> = gitops::strays(row).take(MOST).map(KeptId::of).collect();
    let windows = windows::of(state, row).is_err();
    (!strays.is_empty() || row.health_in_tree || windows || rights).then(|| DifferencesWanted {
        source,
        context,
        application: row.id(),
        project: row.project.clone(),
        version: row.meta.resource_version.clone(),
        strays,
        tree: row.health_in_tree,
        windows,
        rights,
    })
}

/// A line below an object.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Row {
    Path(Differs),
    /// So many paths are not shown.
    More(usize),
    /// What is to be said instead of paths.
    Note(Safe),
    /// Why nothing is known, or nothing newer.
    Trouble(Safe),
}

impl Row {
    /// What tells it from others below its object.
    #[must_use]
    pub fn key(&self) -> Safe {
        match self {
            Self::Path(row) => row.path.clone(),
            // Of longer words each line is a row.
            Self::Trouble(words) | Self::Note(words) => words.clone(),
            Self::More(_) => Safe::default(),
        }
    }
}

fn known<'a>(state: &'a State, row: &Application) -> Option<&'a Known> {
    match server(state, row.meta.cluster) {
        Server::Is(..) => state.world.details.differences(&row.meta.uid),
        _ => None,
    }
}

/// What may be said as what is: read a moment ago, or of the Application as it is there now, and no trouble since.
fn fresh<'a>(state: &'a State, row: &Application) -> Option<&'a Differences> {
    let known = known(state, row).filter(|known| known.trouble.is_none())?;
    let (at, read) = known.read.as_ref()?;
    let most = if known.version == row.meta.resource_version { UNCHANGED } else { FRESH };
    (state.now.mono.saturating_sub(*at) < most).then_some(read)
}

fn difference<'a>(state: &'a State, row: &Application, object: &AppResource) -> Option<&'a Difference> {
    let (_, read) = known(state, row)?.read.as_ref()?;
    of_object(read, object)
}

fn of_object<'a>(read: &'a Differences, object: &AppResource) -> Option<&'a Difference> {
    let id = KeptId::of(object);
    read.objects.iter().find(|(of, _)| *of == id).map(|(_, difference)| difference)
}

/// How many lines stand below an object.
#[must_use]
pub fn count(state: &State, row: &Application, object: &AppResource) -> usize {
    if !object.is_stray() {
        return 0;
    }
    match difference(state, row, object) {
        None => usize::from(is_left_out(state, row, object)),
        Some(Difference::Paths { rows, more }) => rows.len() + usize::from(*more > 0),
        Some(_) => 1,
    }
}

/// The line of this number below an object.
#[must_use]
pub fn at(state: &State, row: &Application, object: &AppResource, at: usize) -> Option<Row> {
    let note = |words: &'static str| Some(Row::Note(Safe::of(words)));
    match difference(state, row, object) {
        None if is_left_out(state, row, object) => {
            Some(Row::Note(safe!("where it differs is not read: of one Application {} objects are", MOST)))
        }
        None => None,
        Some(Difference::Paths { rows, more }) => match rows.get(at) {
            Some(differs) => Some(Row::Path(differs.clone())),
            None if at == rows.len() && *more > 0 => Some(Row::More(*more)),
            None => None,
        },
        Some(Difference::Missing) => note("it is not in the cluster: a sync creates it"),
        Some(Difference::Surplus) => note("Git no longer has it: a sync that prunes deletes it"),
        Some(Difference::Same) => note("no difference when it was read"),
        Some(Difference::Unlisted) => note("the server does not know of it (yet)"),
        Some(Difference::Unread(why)) => Some(Row::Trouble(safe!("where it differs cannot be read: {}", why))),
    }
}

/// There are too many, and it is none of the first.
fn is_left_out(state: &State, row: &Application, object: &AppResource) -> bool {
    let id = KeptId::of(object);
    known(state, row).is_some_and(|known| known.read.is_some())
        // Only the first of them are looked at: there may be thousands.
        && gitops::strays(row).take(MOST).all(|it| KeptId::of(it) != id)
}

/// Why differences are not known, or no newer ones, where that is worth a line.
#[must_use]
pub fn trouble(state: &State, row: &Application) -> Option<Safe> {
    if gitops::strays(row).next().is_none() && !row.health_in_tree {
        return None;
    }
    match server(state, row.meta.cluster) {
        Server::Unusable(why) => Some(why.clone()),
        Server::Unclear => {
            Some(Safe::of("which cluster its server serves is not known: name the context in sources.argocd"))
        }
        Server::NotNamed | Server::NotServed => None,
        Server::Is(..) => {
            let known = state.world.details.differences(&row.meta.uid)?;
            let beside = || known.read.as_ref().and_then(|(_, read)| read.trouble.clone());
            known.trouble.clone().or_else(beside)
        }
    }
}

/// The same in lines of this screen, so that what to do about it is not cut.
#[must_use]
pub fn trouble_lines(state: &State, row: &Application) -> Vec<Safe> {
    const LINES: usize = 4;
    let Some(why) = trouble(state, row) else { return Vec::new() };
    let room = usize::from(state.ui.size.0).saturating_sub(6).max(20);
    let (text, mut from, mut lines) = (why.as_str(), 0, Vec::new());
    while from < text.len() && lines.len() + 1 < LINES {
        let rest = why.part(from..text.len());
        if rest.width() <= room {
            break;
        }
        let most = rest.columns(0..room).as_str().len();
        let end = rest.as_str()[..most].rfind(' ').filter(|end| *end > 0).unwrap_or(most);
        lines.push(rest.part(0..end));
        from += end + usize::from(rest.as_str()[end..].starts_with(' '));
    }
    lines.push(why.part(from..text.len()));
    lines
}

/// How it stands with the differences of an Application that has some.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Standing {
    NotNamed,
    /// None of those that are named serves its context.
    NotServed,
    Reading,
    /// So long ago.
    Read(Duration),
    /// See [`trouble`].
    Untold,
}

#[must_use]
pub fn standing(state: &State, row: &Application) -> Option<Standing> {
    gitops::strays(row).next()?;
    Some(match server(state, row.meta.cluster) {
        Server::NotNamed => Standing::NotNamed,
        Server::NotServed => Standing::NotServed,
        Server::Unclear | Server::Unusable(_) => Standing::Untold,
        Server::Is(..) => match state.world.details.differences(&row.meta.uid) {
            None => Standing::Reading,
            Some(Known { read: Some((at, _)), .. }) => Standing::Read(state.now.mono.saturating_sub(*at)),
            Some(_) => Standing::Untold,
        },
    })
}

/// An object with its health, where that stands only with the server.
#[must_use]
pub fn with_health(state: &State, row: &Application, object: &AppResource) -> AppResource {
    let mut object = object.clone();
    if !row.health_in_tree || object.health != AppHealth::Unknown {
        return object;
    }
    let Some((_, read)) = known(state, row).and_then(|known| known.read.as_ref()) else { return object };
    let id = KeptId::of(&object);
    if let Some((_, health, message)) = read.health.iter().find(|(of, ..)| *of == id) {
        object.health = *health;
        if object.message.is_empty() {
            object.message = message.clone();
        }
    }
    object
}

/// Whether a sync by hand is let through now, as its server says; asked for where the windows are not known here.
#[must_use]
pub fn can_sync(state: &State, row: &Application) -> Option<bool> {
    fresh(state, row)?.can_sync
}

/// Whether this account may sync it, as Argo CD's RBAC says; asked for while its page is open.
#[must_use]
pub fn may_sync(state: &State, row: &Application) -> Option<bool> {
    fresh(state, row)?.may_sync
}

/// What is fought over, where that is known: `spec.replicas of Deployment search (7, Git says 3)`.
#[must_use]
pub fn fought(state: &State, row: &Application) -> Option<Safe> {
    let read = fresh(state, row)?;
    gitops::strays(row).find_map(|object| {
        let Some(Difference::Paths { rows, more }) = of_object(read, object) else { return None };
        let first = rows.first()?;
        Some(match (rows.len() + more, &first.how) {
            (1, How::Changed { live, wanted }) => {
                let words = safe!(" ({}, Git says {})", live.middle(24), wanted.middle(24));
                safe!("{} of {} {}{}", first.path, object.kind, object.name, words)
            }
            (1, _) => safe!("{} of {} {}", first.path, object.kind, object.name),
            (all, _) => safe!("{} and {} more of {} {}", first.path, all - 1, object.kind, object.name),
        })
    })
}

/// Whether an object differs in its replicas; `None` where that is not known.
#[must_use]
pub fn differs_in_replicas(state: &State, row: &Application, object: &AppResource) -> Option<bool> {
    let Difference::Paths { rows, more } = of_object(fresh(state, row)?, object)? else { return None };
    let found = rows.iter().any(|row| row.path.as_str() == "spec.replicas");
    (found || *more == 0).then_some(found)
}
