//! What a key can mean. One table row defines a command: name in the keymap files, scope, words
//! for footer and help. Everything else is derived from [`COMMANDS`].

pub mod keys;

use serde::Deserialize;

pub use keys::{Key, KeyCode, Keymap};

/// Where a key applies. The innermost scope that binds the key wins; `Global` is asked last.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Scope {
    Global,
    /// Anything with rows and a selection.
    List,
    /// The Deck: panes.
    Deck,
    Environments,
    /// Rows and pages of Rollouts and Deployments: the verbs.
    Workloads,
    /// Rows and pages of workflow runs.
    Runs,
    /// Rows of the containers of a Docker Engine.
    Containers,
    /// Applications of Argo CD.
    Applications,
    /// Images, and the log of one that is built.
    Images,
    Log,
    /// The confirm dialog; keys that type text never reach the keymap.
    Confirm,
}

impl Scope {
    pub const ALL: [Self; 11] = [
        Self::Global,
        Self::List,
        Self::Deck,
        Self::Environments,
        Self::Workloads,
        Self::Runs,
        Self::Containers,
        Self::Applications,
        Self::Images,
        Self::Log,
        Self::Confirm,
    ];

    /// The section's name in a keymap file.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Global => "global",
            Self::List => "list",
            Self::Deck => "deck",
            Self::Environments => "environments",
            Self::Workloads => "workloads",
            Self::Runs => "runs",
            Self::Containers => "containers",
            Self::Applications => "applications",
            Self::Images => "images",
            Self::Log => "log",
            Self::Confirm => "confirm",
        }
    }
}

macro_rules! commands {
    ($($variant:ident, $scope:ident, $name:literal, $hint:literal, $help:literal;)*) => {
        /// Everything a key can be bound to.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
        pub enum Command { $($variant,)* }

        /// One row per command, in the order of the help screen.
        pub const COMMANDS: &[Row] = &[
            $(Row { command: Command::$variant, scope: Scope::$scope, name: $name, hint: $hint, help: $help },)*
        ];
    };
}

/// A row of [`COMMANDS`].
#[derive(Debug, Clone, Copy)]
pub struct Row {
    pub command: Command,
    pub scope: Scope,
    /// As written in keymap files.
    pub name: &'static str,
    /// One or two words for the footer; `…` where a dialog follows.
    pub hint: &'static str,
    /// A sentence for the help screen and the README.
    pub help: &'static str,
}

impl Row {
    /// As a message calls it: the word of the footer, without the sign that a dialog follows.
    #[must_use]
    pub fn word(&self) -> &'static str {
        match self.command {
            Command::SetImage => "set image",
            Command::DispatchWorkflow => "run workflow",
            _ => self.hint.trim_end_matches('…'),
        }
    }
}

commands! {
    // variant, scope, name, hint, help
    ShowDeck, Global, "show-deck", "deck", "the Deck: five panes on one screen";
    ShowPipelines, Global, "show-pipelines", "pipelines", "pipelines";
    ShowEnvironments, Global, "show-environments", "environments", "environments: workloads and their pods";
    ShowRollouts, Global, "show-rollouts", "rollouts", "rollouts: canaries and blue-green";
    ShowSlo, Global, "show-slo", "slo", "service level objectives";
    ShowInbox, Global, "show-inbox", "inbox", "what waits for a person";
    ShowJournal, Global, "show-journal", "journal", "every action taken here and its outcome";
    Help, Global, "help", "help", "every key that applies here";
    Filter, Global, "filter", "filter", "narrow the list; in a log, search";
    Leave, Global, "leave", "back", "clear the filter, close, go one level up; never quits";
    Back, Global, "back", "back", "go back; at the Deck, quit";
    HistoryBack, Global, "history-back", "previous", "the place before this one";
    HistoryForward, Global, "history-forward", "next", "the place after this one";
    LastPlace, Global, "last-place", "last", "to and fro between the last two places";
    Look, Global, "look", "look", "open what the blocker line speaks of";
    Access, Global, "access", "access", "what you may do where, as each cluster says";
    Refresh, Global, "refresh", "refresh", "read everything again now";
    Bell, Global, "bell", "bell", "switch the bell of a watch off or on";
    Suspend, Global, "suspend", "suspend", "stop the program; fg brings it back";
    Quit, Global, "quit", "quit", "quit; warns while an action is in flight";
    Down, List, "down", "down", "next row";
    Up, List, "up", "up", "row before";
    Top, List, "top", "top", "first row";
    Bottom, List, "bottom", "bottom", "last row";
    HalfPageDown, List, "half-page-down", "down", "half a page down";
    HalfPageUp, List, "half-page-up", "up", "half a page up";
    PageDown, List, "page-down", "page down", "a page down";
    PageUp, List, "page-up", "page up", "a page up";
    Open, List, "open", "open", "open the row";
    FaultsOnly, List, "faults-only", "faults", "only what is not well";
    Logs, List, "logs", "logs", "the log of the pod, newest lines first read";
    Lane, List, "lane", "lane", "the way of a release: commit, run, image, Git, Argo CD, rollout, budget";
    ShowYaml, List, "show-yaml", "yaml", "the object as YAML, read now; what may be a secret is masked";
    Describe, List, "describe", "describe", "the object in words: containers, conditions, events";
    Browse, List, "browse", "browser", "the page in the browser: its address is copied and shown";
    TellMe, List, "tell-me", "tell me", "watch the run, job, step or rollout: you are told once when it ends or waits";
    Copy, List, "copy", "copy", "copy the row's name (OSC 52)";
    NextPane, Deck, "next-pane", "pane", "next pane";
    PreviousPane, Deck, "previous-pane", "pane back", "pane before";
    AllPods, Environments, "all-pods", "all pods", "every pod of the scope in one list, orphans included";
    Applications, Environments, "applications", "applications", "applications of Argo CD: what is not as the repository says, and why";
    Releases, Environments, "releases", "releases", "releases of Helm: how they stand, and their history";
    Containers, Environments, "containers", "containers", "containers of the Docker Engines";
    Promote, Workloads, "promote", "promote…", "let a paused rollout go on";
    Abort, Workloads, "abort", "abort…", "send all traffic back to the stable version";
    Retry, Workloads, "retry", "retry…", "start an aborted rollout again from its first step";
    PromoteFull, Workloads, "promote-full", "promote full…", "promote a rollout at once: no more pauses, analyses or steps";
    SkipStep, Workloads, "skip-step", "skip step…", "skip the step a canary is at, or all that are left";
    PauseRollout, Workloads, "pause", "pause…", "pause a rollout where it stands; let one go on that a person paused";
    SetImage, Workloads, "set-image", "image…", "another image for a container of a rollout";
    EndAnalysis, Workloads, "end-analysis", "end analysis…", "terminate an analysis that runs";
    Undo, Workloads, "undo", "undo…", "go back to an earlier revision";
    Scale, Workloads, "scale", "scale…", "give a workload another number of replicas";
    RerunFailed, Runs, "rerun-failed", "rerun failed…", "run the failed jobs of a run again; a PipelineRun as a new run";
    RerunAll, Runs, "rerun-all", "rerun all…", "run every job of a run again";
    RerunJob, Runs, "rerun-job", "rerun job…", "run one job of a run again, and those that depend on it";
    CancelRun, Runs, "cancel-run", "cancel…", "cancel a run";
    ForceCancel, Runs, "force-cancel", "force-cancel…", "end a run that goes on after a cancel: always() holds nothing up";
    CancelFinally, Runs, "cancel-finally", "cancel, finally…", "cancel a PipelineRun, then run its finally tasks";
    StopFinally, Runs, "stop-finally", "stop, finally…", "let running tasks of a PipelineRun end, then run its finally tasks";
    Approve, Runs, "approve", "approve…", "approve what a run waits for, with a comment; marked rows in one go";
    Reject, Runs, "reject", "reject…", "reject what a run waits for, with a comment";
    Mark, Runs, "mark", "mark", "mark an approval of the Inbox, or take the mark off";
    Images, Runs, "images", "images", "images of the registries: commit, run, platforms, who runs them";
    Runners, Runs, "runners", "runners", "runners by label: free, busy, offline, and how long jobs wait for them";
    Security, Runs, "security", "security", "what scanners found in the repository of a run, and what is new since the deployed commit";
    TriggerPipeline, Runs, "trigger-pipeline", "trigger…", "run a pipeline of a RustCI server";
    DispatchWorkflow, Runs, "dispatch-workflow", "run workflow…", "start the workflow or pipeline of a run by hand, with a form of what it asks for";
    CreatePipeline, Runs, "create-pipeline", "new pipeline…", "create a pipeline of a RustCI server from a YAML file";
    RestartContainer, Containers, "restart-container", "restart…", "restart a container, or the pods of a workload one after the other";
    PullImage, Containers, "pull-image", "pull…", "pull the image that a container names anew";
    SyncApplication, Applications, "sync-application", "sync…", "apply what the repository of an application says";
    CompareApplication, Applications, "compare-application", "compare…", "have Argo CD compare an application with its repository now";
    TerminateOperation, Applications, "terminate-operation", "terminate…", "end the operation of an application that runs";
    BuildImage, Images, "build-image", "build here…", "build an image of the catalogue by the Docker Engine of this machine";
    PushImage, Images, "push-image", "push…", "push what was built here to its registry";
    CancelBuild, Images, "cancel-build", "stop it", "stop a build or a push of this machine";
    Follow, Log, "follow", "follow", "follow the newest line, or stop";
    SinceTail, Log, "since-tail", "tail", "the last lines only";
    SinceHead, Log, "since-head", "head", "from the beginning";
    Since1m, Log, "since-1m", "1m", "the last minute";
    Since5m, Log, "since-5m", "5m", "the last 5 minutes";
    Since15m, Log, "since-15m", "15m", "the last 15 minutes";
    Since30m, Log, "since-30m", "30m", "the last 30 minutes";
    Since1h, Log, "since-1h", "1h", "the last hour";
    Timestamps, Log, "timestamps", "time", "show or hide the time of each line";
    Wrap, Log, "wrap", "wrap", "wrap long lines, or cut them";
    Previous, Log, "previous", "previous", "the log of the container before its last restart";
    NextContainer, Log, "next-container", "container", "the pod's next container";
    SearchNext, Log, "search-next", "next", "next match";
    NextError, Log, "next-error", "next error", "next line that is an error";
    SearchPrevious, Log, "search-previous", "previous", "match before";
    Keep, Log, "keep", "keep", "keep only matching lines";
    Drop, Log, "drop", "drop", "drop matching lines";
    Save, Log, "save", "save", "save what is in memory to a file";
    ScrollLeft, Log, "scroll-left", "left", "scroll sideways";
    ScrollRight, Log, "scroll-right", "right", "scroll sideways";
    ConfirmYes, Confirm, "confirm-yes", "go", "do it (where no name must be typed)";
    ConfirmDebug, Confirm, "debug-logging", "choose", "a rerun with debug logs or without; one step skipped or all";
    ConfirmNo, Confirm, "confirm-no", "leave it", "leave everything as it is";
}

impl Command {
    /// Its row.
    #[must_use]
    pub fn row(self) -> &'static Row {
        // The macro writes variants and rows in the same order.
        &COMMANDS[self as usize]
    }
}
