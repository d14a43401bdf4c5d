//! The transition: `(&mut State, Now, Msg) → Vec<Effect>`. Pure: no clock, no I/O, no await.

mod annotate;
mod builds;
mod confirm;
mod deck_log;
mod evidence;
mod form;
mod image;
mod keys;
mod learn;
pub mod log;
mod look;
mod operations;
mod pipeline;
mod places;
mod prompt;
mod scale;
mod select;
mod stored;
mod toasts;
mod watches;

use std::path::PathBuf;
use std::sync::Arc;

use crate::action::{Operation, OperationId, Outcome, PipelineFile, Progress};
use crate::command::Key;
use crate::model::builds::{BuildPlan, CatalogueImage};
use crate::model::durations::Book;
use crate::model::interest::Interest;
use crate::model::log::{LogEvent, LogRequest, TailId};
use crate::model::notify::{Answer, Hook};
use crate::model::source::{FeedEvent, FeedId};
use crate::model::{Now, ObjectId};
use crate::safe;
use crate::state::ui::ToastKind;
use crate::state::{State, derived};
use crate::text::Safe;

/// What came in.
#[derive(Debug, Clone, PartialEq)]
pub enum Msg {
    Key(Key),
    /// Bracketed paste: goes into a prompt, never into a confirmation.
    Paste(String),
    Resize(u16, u16),
    /// Once a second, and when something is due sooner.
    Tick,
    /// The program was stopped and goes on, or the machine slept: all data is stale, dialogs disarm.
    Resumed,
    Feed(FeedId, FeedEvent),
    Progress(OperationId, Progress),
    Tail(TailId, LogEvent),
    /// A file was written, or not.
    Saved(Result<Safe, Safe>),
    /// A file that describes a pipeline was read, or not.
    PipelineFile(Result<Arc<PipelineFile>, Safe>),
    /// A folder that an image is built from was looked through, or not.
    BuildPlan(Result<Arc<BuildPlan>, Safe>),
    /// The journal can no longer be written: read-only from here on.
    ReadOnly(Safe),
    /// The instance that held the journal ended: what it wrote, and nothing of ours stands in it.
    TakenOver(Vec<Operation>),
    /// The loop could not do what it was asked for.
    Notice(Safe),
}

/// What the loop must do.
#[derive(Debug, Clone, PartialEq)]
pub enum Effect {
    /// Journal the intent (fsync), then send once.
    Perform(Box<Operation>),
    /// Read the object and say what became of an operation nobody heard the end of.
    ReadEvidence(Box<Operation>),
    /// Append the new outcome to the journal.
    Record(OperationId, Outcome),
    Tail(TailId, LogRequest),
    StopTail(TailId),
    /// Read everything again now, without waiting for the back-off.
    Refresh,
    /// To the terminal's clipboard (OSC 52).
    Copy(String),
    Save(PathBuf, Vec<u8>),
    /// Read a file that describes a pipeline.
    ReadPipeline(PathBuf),
    /// Look through the folder that an image is built from.
    ReadContext(Box<CatalogueImage>),
    /// End a build or a push of an engine.
    StopBuild(ObjectId),
    Suspend,
    /// What is looked at now: asked of the sources until the next one.
    Interest(Arc<Interest>),
    /// To the disk: how long jobs took.
    Keep(Arc<Book>),
    /// To the terminal: what somebody waited for (OSC 9, OSC 777), with the bell or without.
    Notify {
        answer: Arc<Answer>,
        bell: bool,
    },
    /// Tell a program of it.
    Hook(Hook, Arc<Answer>),
    Quit,
}

pub use learn::remembered;

/// Takes one message in.
pub fn update(state: &mut State, now: Now, msg: Msg) -> Vec<Effect> {
    state.now = now;
    // Changes of the world and of operations tell for themselves; time does not.
    if matches!(msg, Msg::Tick | Msg::Resumed) {
        state.derived.forget_blockers();
    }
    let looks = matches!(msg, Msg::Key(_) | Msg::Tick | Msg::Resumed);
    let ticks = matches!(msg, Msg::Tick);
    let mut effects = Vec::new();
    match msg {
        Msg::Key(key) => {
            toasts::looked_at(state);
            keys::key(state, key, &mut effects);
        }
        Msg::Paste(text) => keys::paste(state, &text),
        Msg::Resize(width, height) => {
            state.ui.size = (width, height);
            confirm::draw_again(state);
        }
        Msg::Tick => tick(state, &mut effects),
        Msg::Resumed => resumed(state, &mut effects),
        Msg::Feed(id, event) => {
            let quiet = event.is_quiet();
            learn::hear(state, &event);
            state.world.apply(&id, now.mono, event);
            if !quiet {
                form::settle(state);
                confirm::check_target(state);
                operations::observe(state, &mut effects);
                watches::look(state, &mut effects);
            }
        }
        Msg::Progress(id, progress) => operations::progress(state, &id, progress, &mut effects),
        Msg::Tail(id, event) => {
            if !deck_log::tail_event(state, id, &event) {
                effects.extend(log::tail_event(state, id, event));
            }
        }
        Msg::Saved(Ok(file)) => toasts::say(state, ToastKind::Good, safe!("saved {}", file)),
        Msg::Saved(Err(why)) => toasts::say(state, ToastKind::Bad, safe!("not saved: {}", why)),
        Msg::PipelineFile(read) => pipeline::file(state, read),
        Msg::BuildPlan(read) => builds::planned(state, read),
        Msg::Notice(text) => toasts::say(state, ToastKind::Bad, text),
        Msg::TakenOver(operations) => effects.extend(take_over(state, operations)),
        Msg::ReadOnly(why) => {
            toasts::say(state, ToastKind::Bad, safe!("read-only from here on: {}", why));
            state.read_only = Some(why);
            confirm::check_target(state);
        }
    }
    effects.extend(log::settle(state));
    effects.extend(deck_log::settle(state, ticks));
    if looks {
        effects.extend(look_at(state));
    }
    effects
}

/// What is to be done first: that nothing can be done is said; operations of an earlier run whose end nobody heard are read up, unless
/// the journal is another instance's.
#[must_use]
pub fn start(state: &mut State) -> Vec<Effect> {
    if let Some(why) = state.read_only.clone() {
        toasts::say(state, ToastKind::Bad, safe!("read-only: {}", why));
    }
    evidence::read_pending(state)
}

fn take_over(state: &mut State, operations: Vec<Operation>) -> Vec<Effect> {
    state.operations = operations;
    state.operations_revision += 1;
    state.read_only = None;
    toasts::say(state, ToastKind::Good, Safe::of("the other console ended: actions can be sent from here now"));
    evidence::read_pending(state)
}

/// Brings selections, orders and scroll positions of the lists on the screen up to date. Called
/// before each draw, so that a thousand changes between two frames are counted once.
pub fn settle(state: &mut State) {
    derived::settle(state);
    select::settle(state);
}

/// A frame is on the screen. `dialog_whole`: the dialog in it, if one is open, was drawn with all its
/// lines. Only then its time begins; what nobody could read confirms nothing.
pub fn drawn(state: &mut State, now: Now, dialog_whole: bool) {
    state.now = now;
    confirm::drawn(state, dialog_whole);
}

/// What is looked at, when it is not what was looked at before.
fn look_at(state: &mut State) -> Option<Effect> {
    let mut interest = crate::state::interest::of(state);
    if interest == *state.interest {
        return None;
    }
    state.world.bound_jobs(&[&interest.jobs[..], &interest.queued].concat());
    let drifts = crate::state::derived::last_drifts(state).cloned();
    let needed = |range: &_| drifts.as_ref().is_some_and(|drifts| drifts.compared.contains(range));
    state.world.details.bound_ranges(needed);
    interest.forgotten = state.world.details.forgotten();
    state.interest = Arc::new(interest);
    Some(Effect::Interest(Arc::clone(&state.interest)))
}

/// Something is due at once: the next tick must not wait for its second.
#[must_use]
pub fn is_busy(state: &State) -> bool {
    log::is_busy(state)
}

fn tick(state: &mut State, effects: &mut Vec<Effect>) {
    toasts::expire(state);
    log::tick(state);
    confirm::check_target(state);
    operations::observe(state, effects);
    evidence::read_again(state, effects);
    watches::look(state, effects);
    effects.extend(learn::keep(state));
}

/// The program slept: what is on the screen is old until each source has answered again.
fn resumed(state: &mut State, effects: &mut Vec<Effect>) {
    confirm::disarm(state, Safe::of("the program was stopped meanwhile"));
    state.world.mark_stale(state.now.mono, &Safe::of("the program was stopped; reading again"));
    effects.push(Effect::Refresh);
}
