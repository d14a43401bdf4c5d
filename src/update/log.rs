//! What happens in the log of a pod, a container or a job. The log that is open is always the one of the place
//! ([`settle`]); a new request (another container, another beginning) is a new tail, and what an
//! older tail still says is not heard.

use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use jiff::{SignedDuration, Timestamp};
use tui_textarea::TextArea;

use super::{Effect, stored, toasts};
use crate::command::Command;
use crate::model::kubernetes::ReplicaSet;
use crate::model::log::{Followed, LogEvent, LogOf, LogRequest, LogSince, TailId};
use crate::model::{Kind, Name, ObjectId};
use crate::safe;
use crate::state::State;
use crate::state::layout;
use crate::state::log::{Filter, Log, Pattern, Window, file_name};
use crate::state::ui::{ListId, Overlay, Place, PromptKind, Sheet, ToastKind};
use crate::text::Safe;

/// Lines that a log begins with: more than any screen shows, little enough to come at once.
pub const TAIL: u32 = 1_000;
/// Columns that one step sideways scrolls.
const SIDEWAYS: u16 = 16;

/// The pod whose log is meant: the pod itself, or the first of a workload. Of several revisions
/// the newest with pods counts, since that is the one in question.
#[must_use]
pub fn pod_of(state: &State, id: &ObjectId) -> Option<ObjectId> {
    let pod = |owner| state.world.pods.owned_by(owner).next().map(|pod| pod.meta.id(Kind::Pod));
    match id.kind {
        Kind::Pod | Kind::Container | Kind::Build | Kind::Job | Kind::TaskRun | Kind::Stage => Some(id.clone()),
        Kind::ReplicaSet | Kind::StatefulSet | Kind::DaemonSet | Kind::BatchJob => pod(&id.uid),
        Kind::Deployment | Kind::Rollout => {
            let mut sets: Vec<&ReplicaSet> =
                state.world.replica_sets.owned_by(&id.uid).map(std::convert::AsRef::as_ref).collect();
            sets.sort_by_key(|set| std::cmp::Reverse(set.revision));
            sets.into_iter().find_map(|set| pod(&set.meta.uid))
        }
        Kind::Namespace
        | Kind::HorizontalPodAutoscaler
        | Kind::PodDisruptionBudget
        | Kind::ResourceQuota
        | Kind::NetworkPolicy
        | Kind::Lease
        | Kind::AppProject
        | Kind::VirtualService
        | Kind::DestinationRule
        | Kind::Event
        | Kind::AnalysisRun
        | Kind::Experiment
        | Kind::Application
        | Kind::Release
        | Kind::Run
        | Kind::PipelineRun
        | Kind::LoneTaskRun
        | Kind::Execution
        | Kind::CiPipeline
        | Kind::Workflow
        | Kind::Pipeline
        | Kind::Slo
        | Kind::Alert
        | Kind::LogStore
        | Kind::Annotation
        | Kind::Managed
        | Kind::Image => None,
    }
}

/// Opens the log of the place and closes one that is no longer looked at. Called at the end of
/// every transition; does nothing when all is as it should be.
pub fn settle(state: &mut State) -> Vec<Effect> {
    let wanted = match &state.ui.place {
        Place::Log(pod) => Some((pod.clone(), None)),
        Place::Sheet(object, sheet) => Some((object.clone(), Some(*sheet))),
        _ => None,
    };
    let shown = state.log.as_ref().map(|log| (log.request.pod.clone(), sheet_of(&log.request.of)));
    if shown == wanted {
        return Vec::new();
    }
    let mut effects = close(state);
    match wanted {
        Some((object, Some(sheet))) => effects.extend(open_sheet(state, object, sheet)),
        Some((pod, None)) => effects.extend(open(state, pod)),
        None => {}
    }
    effects
}

const fn sheet_of(of: &LogOf) -> Option<Sheet> {
    match of {
        LogOf::Yaml => Some(Sheet::Yaml),
        LogOf::Description => Some(Sheet::Description),
        LogOf::Log | LogOf::Pods(_) | LogOf::Stored(_) => None,
    }
}

/// An object to be read from its beginning.
fn open_sheet(state: &mut State, object: ObjectId, sheet: Sheet) -> Vec<Effect> {
    let of = match sheet {
        Sheet::Yaml => LogOf::Yaml,
        Sheet::Description => LogOf::Description,
    };
    let request = LogRequest { pod: object, container: None, previous: false, since: LogSince::Head, of };
    let id = next_tail(state);
    let mut log = Log::new(id, request.clone(), state.log_memory);
    log.scroll_to_start();
    state.log = Some(log);
    vec![Effect::Tail(id, request)]
}

/// The pods of a workload, those of its newest revision first; of one that owns them itself all of them.
fn pods_of(state: &State, id: &ObjectId) -> Vec<ObjectId> {
    let world = &state.world;
    let own = |owner| world.pods.owned_by(owner).map(|pod| pod.meta.id(Kind::Pod));
    let mut sets: Vec<&ReplicaSet> = world.replica_sets.owned_by(&id.uid).map(std::convert::AsRef::as_ref).collect();
    sets.sort_by_key(|set| std::cmp::Reverse(set.revision));
    sets.into_iter().flat_map(|set| own(&set.meta.uid)).chain(own(&id.uid)).collect()
}

/// Each of them with its first container, as the log of a single pod opens.
fn followed(state: &State, id: &ObjectId) -> Arc<[Followed]> {
    let of = |pod| Followed { container: containers(state, &pod).into_iter().next(), pod };
    pods_of(state, id).into_iter().map(of).collect()
}

/// Where the log of a workload is read: of several pods merged, of one alone as its own.
#[must_use]
pub fn log_of(state: &State, id: &ObjectId) -> Option<ObjectId> {
    if stored::is_without_pods(state, id) {
        return Some(id.clone());
    }
    let merged = matches!(id.kind, Kind::Deployment | Kind::Rollout | Kind::ReplicaSet) || id.kind.is_controlled();
    if merged && pods_of(state, id).len() > 1 { Some(id.clone()) } else { pod_of(state, id) }
}

/// Opens the log of a pod: its first container, the last lines, following.
pub fn open(state: &mut State, pod: ObjectId) -> Vec<Effect> {
    let mut effects = close(state);
    // Of a TaskRun all steps are read, one after the other.
    let container = if pod.kind == Kind::TaskRun { None } else { containers(state, &pod).into_iter().next() };
    let of = match pod.kind {
        Kind::Deployment | Kind::Rollout | Kind::ReplicaSet => LogOf::Pods(followed(state, &pod)),
        kind if kind.is_controlled() => LogOf::Pods(followed(state, &pod)),
        _ => LogOf::Log,
    };
    // Of many pods little each: all of it comes at once.
    let since = if of == LogOf::Log { LogSince::Tail(TAIL) } else { LogSince::Tail(TAIL / 10) };
    let born = state.world.pods.get(&pod.uid).and_then(|pod| pod.meta.created);
    let kept = stored::of_workload(state, &pod);
    let request = kept.unwrap_or(LogRequest { pod, container, previous: false, since, of });
    let id = next_tail(state);
    let mut log = Log::new(id, request.clone(), state.log_memory);
    log.born = born;
    log.opened_at = server_time(state, &request);
    state.log = Some(log);
    effects.push(Effect::Tail(id, request));
    effects
}

/// Stops the tail and forgets the lines.
pub fn close(state: &mut State) -> Vec<Effect> {
    state.log.take().map(|log| Effect::StopTail(log.id)).into_iter().collect()
}

/// What a tail said; one that is no longer open says nothing.
pub fn tail_event(state: &mut State, id: TailId, event: LogEvent) -> Vec<Effect> {
    let mono = state.now.mono;
    if state.log.as_ref().is_none_or(|log| log.id != id) {
        return Vec::new();
    }
    let event = match event {
        LogEvent::Gone { pod, message } => match stored::goes_on(state, pod, &message) {
            Ok(effects) => return effects,
            Err(message) => LogEvent::Failed { message },
        },
        event => event,
    };
    let Some(log) = state.log.as_mut() else { return Vec::new() };
    // The server has no log of a container before this one: back to the log there is.
    if let LogEvent::Failed { message } = &event
        && log.request.previous
        && log.ring.end() == 0
    {
        let said = if message.as_str().contains("previous terminated container") {
            no_previous(&log.request)
        } else {
            safe!("no log of the previous container: {}", message)
        };
        toasts::say(state, ToastKind::Info, said);
        return ask_anew(state, Command::Previous);
    }
    log.apply(mono, event);
    Vec::new()
}

/// A slice of searching and filtering. While [`is_busy`] the loop ticks again at once.
pub fn tick(state: &mut State) {
    let window = window(state);
    if let Some(log) = state.log.as_mut().filter(|log| log.is_busy()) {
        log.work(window);
    }
}

/// A search or a filter is not through yet.
#[must_use]
pub fn is_busy(state: &State) -> bool {
    state.log.as_ref().is_some_and(Log::is_busy)
}

/// Columns and rows of the lines: the place's area without its last line, which says how it stands.
#[must_use]
pub fn window(state: &State) -> Window {
    let Some(log) = &state.log else { return Window { width: 0, height: 0 } };
    let place = match sheet_of(&log.request.of) {
        Some(sheet) => Place::Sheet(log.request.pod.clone(), sheet),
        None => Place::Log(log.request.pod.clone()),
    };
    let area = layout::list_area(state, &ListId::Place(place));
    Window { width: area.width, height: area.height.saturating_sub(1) }
}

/// `esc`: a search or filter is cleared before the log is left. True when something was.
pub fn leave(state: &mut State) -> bool {
    let Some(log) = &mut state.log else { return false };
    if log.search.take().is_some() {
        return true;
    }
    if log.filter.is_active() {
        log.set_filter(Filter::default());
        return true;
    }
    false
}

/// A pattern is being typed (`entered` false, for the search only) or was entered; an empty one
/// clears.
pub fn typed(state: &mut State, kind: PromptKind, text: &str, entered: bool) {
    let window = window(state);
    let Some(log) = &mut state.log else { return };
    match kind {
        PromptKind::Search | PromptKind::Filter => {
            let pattern = Pattern::new(text);
            // Entering what was just searched for stays on the match.
            if log.search.as_ref().map(|search| &search.pattern) != pattern.as_ref() {
                log.search_for(pattern, window);
            }
        }
        PromptKind::Keep if entered => log.set_filter(Filter { keep: Pattern::new(text), ..log.filter.clone() }),
        PromptKind::Drop if entered => log.set_filter(Filter { drop: Pattern::new(text), ..log.filter.clone() }),
        PromptKind::Keep
        | PromptKind::Drop
        | PromptKind::SaveAs
        | PromptKind::SetImage
        | PromptKind::Trigger
        | PromptKind::PipelineFile
        | PromptKind::Replicas => {}
    }
}

/// A command of the log's scope, or a movement; others do nothing here.
pub fn command(state: &mut State, command: Command) -> Vec<Effect> {
    let window = window(state);
    let Some(log) = &mut state.log else { return Vec::new() };
    let page = i32::from(window.height.max(1));
    match command {
        Command::Down => log.scroll(1, window),
        Command::Up => log.scroll(-1, window),
        Command::HalfPageDown => log.scroll((page / 2).max(1), window),
        Command::HalfPageUp => log.scroll(-(page / 2).max(1), window),
        Command::PageDown => log.scroll((page - 1).max(1), window),
        Command::PageUp => log.scroll(-(page - 1).max(1), window),
        Command::Top => log.scroll_to_start(),
        Command::Bottom => log.set_follow(true, window),
        Command::Follow => log.set_follow(!log.follow, window),
        Command::Timestamps => log.timestamps = !log.timestamps,
        Command::Wrap => log.toggle_wrap(window),
        Command::Open => log.toggle_rewrites(window),
        Command::ScrollRight if !log.wrap => log.left = log.left.saturating_add(SIDEWAYS),
        Command::ScrollLeft => log.left = log.left.saturating_sub(SIDEWAYS),
        Command::SearchNext => log.search_again(true, window),
        Command::NextError => log.next_error(window),
        Command::SearchPrevious => log.search_again(false, window),
        Command::Filter => prompt(state, PromptKind::Search),
        Command::Keep => prompt(state, PromptKind::Keep),
        Command::Drop => prompt(state, PromptKind::Drop),
        Command::Save => return save(state),
        Command::Previous => return previous(state),
        Command::NextContainer => return ask_anew(state, command),
        _ => {
            if since(command).is_some() && !log.request.of.is_sheet() {
                return ask_anew(state, command);
            }
        }
    }
    Vec::new()
}

/// The container before its last restart, and back. Where the pod says that there was none, the log
/// that is open stays.
fn previous(state: &mut State) -> Vec<Effect> {
    if let Some(why) = state.log.as_ref().and_then(|log| stored::refuses(log, Command::Previous)) {
        toasts::say(state, ToastKind::Info, Safe::of(why));
        return Vec::new();
    }
    let Some(request) = state.log.as_ref().map(|log| log.request.clone()) else { return Vec::new() };
    if request.pod.kind != Kind::Pod || request.of.is_sheet() {
        toasts::say(state, ToastKind::Info, Safe::of("only a pod keeps the log from before its last restart"));
        return Vec::new();
    }
    let pod = state.world.pods.get(&request.pod.uid);
    let container = pod.and_then(|pod| pod.states.iter().find(|one| Some(&one.name) == request.container.as_ref()));
    if !request.previous && container.is_some_and(|one| one.restarts == 0 && one.last.is_none()) {
        toasts::say(state, ToastKind::Info, no_previous(&request));
        return Vec::new();
    }
    ask_anew(state, Command::Previous)
}

fn no_previous(request: &LogRequest) -> Safe {
    match &request.container {
        Some(name) => safe!("there is no previous container of {}", name),
        None => Safe::of("there is no previous container"),
    }
}

fn save(state: &State) -> Vec<Effect> {
    let Some(log) = &state.log else { return Vec::new() };
    vec![Effect::Save(PathBuf::from(file_name(&log.request, state.now)), log.export())]
}

/// What the since presets ask for.
fn since(command: Command) -> Option<LogSince> {
    let minutes = |minutes: u64| Some(LogSince::Last(Duration::from_secs(60 * minutes)));
    match command {
        Command::SinceTail => Some(LogSince::Tail(TAIL)),
        Command::SinceHead => Some(LogSince::Head),
        Command::Since1m => minutes(1),
        Command::Since5m => minutes(5),
        Command::Since15m => minutes(15),
        Command::Since30m => minutes(30),
        Command::Since1h => minutes(60),
        _ => None,
    }
}

/// Another request in the same view: the old tail ends, the lines go, filters and search stay.
fn ask_anew(state: &mut State, command: Command) -> Vec<Effect> {
    let Some(log) = &state.log else { return Vec::new() };
    let mut request = log.request.clone();
    match command {
        Command::Previous => request.previous = !request.previous,
        Command::NextContainer => {
            let names = containers(state, &request.pod);
            if names.len() < 2 {
                toasts::say(state, ToastKind::Info, Safe::of("there is no other container here"));
                return Vec::new();
            }
            let at = names.iter().position(|name| Some(name) == request.container.as_ref());
            request.container = names.get(at.map_or(0, |at| (at + 1) % names.len())).cloned();
            request.previous = false;
        }
        other => request.since = since(other).unwrap_or(request.since),
    }
    if let Some(stored) = stored::since(state, &request) {
        request.of = LogOf::Stored(Box::new(stored));
    }
    let old = log.id;
    let id = next_tail(state);
    let memory = state.log_memory;
    let opened_at = server_time(state, &request);
    if let Some(log) = &mut state.log {
        *log = log.with_request(id, request.clone(), memory);
        log.opened_at = opened_at;
        if request.since == LogSince::Head {
            log.scroll_to_start();
        }
    }
    vec![Effect::StopTail(old), Effect::Tail(id, request)]
}

/// What the server's clock says now, as far as its answers have told.
pub(super) fn server_time(state: &State, request: &LogRequest) -> Timestamp {
    let ahead = state.world.skew(request.pod.cluster);
    state.now.wall.checked_add(SignedDuration::from_secs(ahead)).unwrap_or(state.now.wall)
}

pub(super) fn next_tail(state: &mut State) -> TailId {
    state.next_tail += 1;
    TailId(state.next_tail)
}

/// The pod's containers: the one that an annotation names, then in the order of its spec, those that only prepare it
/// last.
fn containers(state: &State, pod: &ObjectId) -> Vec<Name> {
    if pod.kind == Kind::TaskRun {
        return steps(state, pod);
    }
    let Some(pod) = state.world.pods.get(&pod.uid) else { return Vec::new() };
    let of = |init: bool| pod.states.iter().filter(move |one| one.init == init).map(|one| one.name.clone());
    let mut all: Vec<Name> = of(false).chain(of(true)).collect();
    // One of that name need not be there.
    all.sort_by_key(|name| pod.default_container.as_ref() != Some(name));
    all
}

/// The containers of a TaskRun's steps.
fn steps(state: &State, task: &ObjectId) -> Vec<Name> {
    let steps = state.world.details.job(&task.uid).map_or(&[][..], |job| &job.steps);
    steps.iter().map(|step| Name::new(&format!("step-{}", step.name.as_str()))).collect()
}

fn prompt(state: &mut State, kind: PromptKind) {
    let Some(log) = &state.log else { return };
    let pattern = match kind {
        PromptKind::Search | PromptKind::Filter => log.search.as_ref().map(|search| &search.pattern),
        PromptKind::Keep => log.filter.keep.as_ref(),
        PromptKind::Drop => log.filter.drop.as_ref(),
        PromptKind::SaveAs
        | PromptKind::SetImage
        | PromptKind::Trigger
        | PromptKind::PipelineFile
        | PromptKind::Replicas => None,
    };
    let mut editor = TextArea::from([pattern.map_or("", Pattern::text)]);
    editor.move_cursor(tui_textarea::CursorMove::End);
    state.ui.overlay = Some(Overlay::prompt(kind, None, editor));
}
