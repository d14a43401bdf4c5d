//! Where the operator is: place, selection, filter, overlays. Everything by identity.

use std::collections::{BTreeSet, HashMap};
use std::time::Duration;

use jiff::Timestamp;
use tui_textarea::TextArea;

use super::blocker::Finding;
use crate::action::{Action, OperationId};
use crate::command::Key;
use crate::model::images::Digest;
use crate::model::kubernetes::SpecHash;
use crate::model::{Name, ObjectId, Uid};
use crate::text::Safe;

/// The seven views and what they open into.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub enum Place {
    Deck,
    Pipelines,
    Environments,
    /// Every pod of the scope in one list.
    Pods,
    Rollouts,
    Slo,
    Inbox,
    Journal,
    /// A Deployment: its ReplicaSets, pods and events.
    Workload(ObjectId),
    /// A Rollout: steps, revisions, ReplicaSets, pods, analysis runs.
    Rollout(ObjectId),
    /// A workflow run: jobs and steps as a time line.
    Run(ObjectId),
    /// A service level objective: the three numbers, the burn table, the chart, alerts.
    Objective(ObjectId),
    /// Containers of the Docker Engines.
    Containers,
    /// Images of the registries.
    Images,
    /// Runners by label.
    Runners,
    /// What scanners found in the repository of a run.
    Security(ObjectId),
    /// Applications of Argo CD.
    Applications,
    /// One: what is not as its repository says, and what was deployed before.
    Application(ObjectId),
    /// The way of a release, from this part of it.
    Lane(ObjectId),
    /// Releases of Helm.
    Releases,
    /// One: its history.
    Release(ObjectId),
    /// An image: its platforms, its commit and run, who runs it.
    Image(ObjectId),
    /// A pod: containers with reasons, events.
    Pod(ObjectId),
    /// An AnalysisRun: metrics, measurements against their limits.
    Analysis(ObjectId),
    /// What this account may do, by namespace.
    Access,
    /// The log of a pod, of a container, of a finished job, or of the pods of a workload.
    Log(ObjectId),
    /// An object of a cluster, whole: as YAML, or in words.
    Sheet(ObjectId, Sheet),
}

/// How an object is told.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Sheet {
    Yaml,
    Description,
}

impl Place {
    /// It is read as a log is.
    #[must_use]
    pub const fn is_log(&self) -> bool {
        matches!(self, Self::Log(_) | Self::Sheet(..))
    }
}

/// The five panes of the Deck, in the order of `tab`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Pane {
    Pipelines,
    Steps,
    Environments,
    Budget,
    Canary,
}

impl Pane {
    pub const ALL: [Self; 5] = [Self::Pipelines, Self::Steps, Self::Environments, Self::Budget, Self::Canary];
}

/// Identity of a selectable row in a list.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub enum RowId {
    Object(ObjectId),
    Operation(OperationId),
    /// A step of a canary, by index.
    Step(usize),
    /// What waits for a person, and of what.
    Waiting(super::waiting::WaitingKind, ObjectId),
    /// Jobs under one name ([`super::groups::key`]).
    Group(String),
    /// An image of the catalogue of which none is known.
    Folder(Name),
    /// A Compose project ([`super::containers::key`]).
    Project(String),
    /// An environment that a run waits for, by its id.
    Gate(ObjectId, i64),
    /// A step of a job, by its number.
    JobStep(Uid, u32),
    /// What stands beside the jobs of a run, or beside a workload.
    Aside(super::asides::Row),
    /// A row of the burn table.
    Burn(usize),
    /// A platform of an image, by position.
    Platform(usize),
    /// A workload that runs an image, by what its pods got.
    User(ObjectId, Option<Digest>),
    /// Runners of a repository that have these labels.
    Pool(Name, String),
    /// A namespace, and what may be done there.
    Access(crate::model::SourceId, Name),
    /// A finding of a scanner, or (`true`) a secret, by its number.
    Security(bool, i64),
    /// An object that an Application keeps: kind, namespace, name and group.
    Kept(Safe, Name, Name, Safe),
    /// Where such an object differs: the path.
    Differs(Box<(Safe, Name, Name, Safe)>, Safe),
    /// A deployment of an Application, by its id.
    Deployed(i64),
    /// A station of a lane, by position.
    Station(usize),
    /// A revision heading.
    Revision(i64),
    /// A container of a pod.
    Container(Name),
    /// A metric of an AnalysisRun, by position in the spec.
    Metric(usize),
    /// A measurement: position of its metric, and its own.
    Measurement(usize, usize),
}

/// The state of one list: what is selected, what is filtered, how far it is scrolled.
#[derive(Debug, Clone, Default)]
pub struct ListState {
    pub selected: Option<RowId>,
    /// Row number the selection had when it was last seen; where it goes when its row disappears.
    pub place: usize,
    /// Somebody moved in it: from then on only they move the selection.
    pub chosen: bool,
    /// Since when it has rows on the screen: what is highlighted may have been read.
    pub seen: Option<Duration>,
    /// When another row was highlighted that nobody chose.
    pub slipped: Option<Duration>,
    /// First visible row.
    pub top: usize,
    pub filter: String,
    pub faults_only: bool,
    /// Groups that somebody opened or folded ([`super::groups::key`]).
    pub turned: std::collections::BTreeSet<String>,
    /// The rows in order, as `update` counted them last; the queries of [`super::lists`] use it while
    /// nothing it was made from has changed, and count again when something has.
    pub order: Option<super::lists::Order>,
}

/// What lies over the screen and takes the keys.
#[derive(Debug, Clone)]
pub enum Overlay {
    Help {
        top: usize,
    },
    /// The filter (or, in a log, search / keep / drop) being typed.
    Prompt {
        kind: PromptKind,
        /// What it is typed for, as it was when the line opened: the highlighted row may be another by then.
        target: Option<ObjectId>,
        editor: Box<TextArea<'static>>,
        /// Why what was entered is none, said until the next key: the text stays to be mended.
        wrong: Option<Safe>,
    },
    Confirm(Box<Confirm>),
    /// What a workflow asks for before it runs.
    Form(Box<super::form::Form>),
}

impl Overlay {
    /// A line to be typed, with what it begins with.
    #[must_use]
    pub fn prompt(kind: PromptKind, target: Option<ObjectId>, editor: TextArea<'static>) -> Self {
        Self::Prompt { kind, target, editor: Box::new(editor), wrong: None }
    }
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum PromptKind {
    Filter,
    Search,
    Keep,
    Drop,
    SaveAs,
    /// Which pipeline is to be triggered.
    Trigger,
    /// The path of a file that describes a pipeline.
    PipelineFile,
    /// How many replicas a workload is to have.
    Replicas,
    /// A container and its image.
    SetImage,
}

/// How an action must be confirmed (product.md §3).
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Tier {
    /// `y`.
    Yes,
    /// The environment's name (or, where its name cannot be typed safely, a code) and Enter.
    Typed { expected: String },
}

/// A dialog, bound to the object as it was when it opened.
#[derive(Debug, Clone)]
pub struct Confirm {
    pub action: Action,
    pub tier: Tier,
    pub environment: Name,
    /// "Abort checkout in production".
    pub title: Safe,
    /// "canary 50 % → 0 %".
    pub summary: Safe,
    /// Label and text, in order: from, to, this will, it will not, undo, …
    pub lines: Vec<(Safe, Vec<Safe>)>,
    pub expects: Safe,
    /// Of the object as it is shown.
    pub edition: Edition,
    /// Keys are taken from then on: 750 ms after all of it was drawn. `None` while it has not been
    /// drawn as it is now, or the terminal is too small for it.
    pub armed_at: Option<Duration>,
    /// Keys that came too early, and when last: a key held down confirms nothing.
    pub early: Vec<(Key, Duration)>,
    /// When the last key came: two that come at once were not pressed one by one.
    pub last_key: Option<Duration>,
    /// Why it can no longer be confirmed (the target changed), if so.
    pub disarmed: Option<Safe>,
    pub focus: ConfirmField,
    pub reason: Box<TextArea<'static>>,
    pub typed: Box<TextArea<'static>>,
    /// What was typed did not match, said until the next key.
    pub mismatch: bool,
}

impl Confirm {
    /// It can be confirmed now.
    #[must_use]
    pub fn takes_keys(&self, now: Duration) -> bool {
        self.disarmed.is_none() && self.armed_at.is_some_and(|at| at <= now)
    }
}

/// What tells an object as it was shown from another one that it became.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Edition {
    /// Of a run.
    Attempt(u32),
    /// `metadata.generation`: another one is another spec.
    Generation(i64),
    /// Where what an autoscaler does is no other question.
    Spec(SpecHash),
    /// Its guards alone tell.
    Untold,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ConfirmField {
    Reason,
    Typed,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ToastKind {
    Info,
    Good,
    Waiting,
    Bad,
}

#[derive(Debug, Clone)]
pub struct Toast {
    pub kind: ToastKind,
    pub text: Safe,
    pub until: Duration,
}

#[derive(Debug, Clone)]
pub struct Ui {
    /// Columns and rows of the terminal.
    pub size: (u16, u16),
    pub place: Place,
    pub back: Vec<Place>,
    /// What the place was opened from, and that before it: one level up leads back on it.
    pub trail: Vec<Place>,
    pub forward: Vec<Place>,
    /// Focused pane of the Deck.
    pub pane: Pane,
    pub lists: HashMap<ListId, ListState>,
    pub overlay: Option<Overlay>,
    /// What was filled in before the dialog that is open; a no comes back to it.
    pub form: Option<Box<super::form::Form>>,
    /// Environments of runs that are marked in the Inbox, to be approved in one go.
    pub marked: BTreeSet<(Uid, i64)>,
    pub toasts: Vec<Toast>,
    /// When a key was pressed last: somebody sits before the screen.
    pub pressed: Option<Duration>,
    /// The key that confirmed a dialog, and when it came last: it may still be held.
    pub confirmed: Option<(Key, Duration)>,
    /// What the blocker line led to last, and where that was.
    pub looked: Option<(Place, Finding)>,
    /// Quit was pressed while an action is in flight; pressed again before this time it quits.
    pub quit_asked: Option<Duration>,
    /// How the end of operations is looked for that nobody heard.
    pub evidence: HashMap<OperationId, Inquiry>,
    /// Since when a live source has not shown what an accepted operation expects.
    pub missing: HashMap<OperationId, Duration>,
    /// What a source showed of an operation once: the end it told, and when the source was heard.
    pub once: HashMap<OperationId, (Timestamp, Duration)>,
}

/// How the end of an operation is looked for. Times are monotonic.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Inquiry {
    /// Nothing of it left after this.
    pub since: Duration,
    /// When its evidence was asked for last.
    pub asked: Duration,
    /// The answer to that has not come yet.
    pub open: bool,
    /// Reads in a row, late enough to count, that say it did not take.
    pub denials: u32,
}

/// A list has its own selection and filter, wherever it is drawn.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub enum ListId {
    Place(Place),
    Pane(Pane),
}

impl Ui {
    /// The Deck, with nothing selected.
    #[must_use]
    pub fn new(size: (u16, u16)) -> Self {
        Self {
            size,
            place: Place::Deck,
            back: Vec::new(),
            trail: Vec::new(),
            forward: Vec::new(),
            pane: Pane::Canary,
            lists: HashMap::new(),
            overlay: None,
            form: None,
            marked: BTreeSet::new(),
            toasts: Vec::new(),
            pressed: None,
            confirmed: None,
            looked: None,
            quit_asked: None,
            evidence: HashMap::new(),
            missing: HashMap::new(),
            once: HashMap::new(),
        }
    }

    /// The list the keys go to.
    #[must_use]
    pub fn list_id(&self) -> ListId {
        match &self.place {
            Place::Deck => ListId::Pane(self.pane),
            place => ListId::Place(place.clone()),
        }
    }

    /// How a list stands; `None` until it was shown first.
    #[must_use]
    pub fn list(&self, id: &ListId) -> Option<&ListState> {
        self.lists.get(id)
    }
}
