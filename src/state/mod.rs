//! The state, owned by the loop, changed only by [`crate::update`], read by everything else.

pub mod aborted;
pub mod access;
pub mod arms;
pub mod asides;
mod attention;
pub mod blocker;
pub mod canary;
pub mod catalogue;
pub mod choice;
pub mod conditions;
pub mod containers;
pub mod dashboards;
pub mod deck_log;
pub mod deployment_status;
pub mod derived;
pub mod details;
pub mod differences;
pub mod drift;
pub mod environment;
pub mod expected;
pub mod form;
pub mod freshness;
pub mod gates;
pub mod gitops;
pub mod groups;
pub mod helm;
pub mod help;
pub mod history;
pub mod holds;
pub mod images;
pub mod interest;
pub mod kinship;
pub mod lane;
pub mod layout;
pub mod limits;
pub mod lists;
pub mod log;
pub mod matrix;
pub mod nodes;
pub mod optional;
pub mod origin;
pub mod readings;
pub mod report;
pub mod rollout_info;
pub mod rollout_phase;
pub mod routing;
mod run_order;
pub mod runners;
pub mod runs;
pub mod security;
pub mod served;
pub mod shared;
pub mod slos;
pub mod steps;
pub mod table;
pub mod tekton;
pub mod timeline;
pub mod ui;
pub mod verbs;
pub mod waiting;
pub mod watches;
pub mod way_back;
pub mod windows;
pub mod workload_status;
pub mod world;

use std::sync::Arc;

use jiff::{SignedDuration, Timestamp};

use crate::action::Operation;
use crate::command::Keymap;
use crate::model::interest::Interest;
use crate::model::scope::Settings;
use crate::model::source::SourceScope;
use crate::model::{Now, SourceId};
use crate::text::Safe;

pub use log::Log;
pub use ui::Ui;
pub use world::World;

/// Everything the console knows.
#[derive(Debug, Clone)]
pub struct State {
    pub now: Now,
    pub world: World,
    /// Oldest first; those of earlier runs were read from the journal.
    pub operations: Vec<Operation>,
    /// Counts what happens to them: lists made from them are counted again when it has changed.
    pub operations_revision: u64,
    /// So many of them, from the first, are of earlier runs.
    pub earlier: usize,
    /// The journal belongs to another instance, or can only be read: its operations are shown as
    /// they stand in it, and nothing is settled from here.
    pub spectator: bool,
    /// Why nothing may be sent (journal unusable, another instance holds it), if so.
    pub read_only: Option<Safe>,
    pub ui: Ui,
    /// Made from the rest by `update`, for the view.
    pub derived: derived::Derived,
    pub keymap: Keymap,
    /// The log that is open, at most one.
    pub log: Option<Log>,
    /// The one at the bottom of the Deck.
    pub deck_log: Option<deck_log::DeckLog>,
    /// Bytes that the lines of a log may use (`--log-memory`).
    pub log_memory: usize,
    /// Number of the next tail; every request has its own.
    pub next_tail: u64,
    /// What the configuration says of services and environments.
    pub settings: Arc<Settings>,
    /// There is no screen: what a screen would ask for when somebody looks is asked for at once.
    pub reports: bool,
    /// What the systems were told last to look at.
    pub interest: Arc<Interest>,
    /// How long jobs took, for what is expected of those that run.
    pub learnt: expected::Learnt,
    /// What somebody wants to be told of.
    pub watches: watches::Watches,
    /// `demo ×20`, shown as a badge.
    pub badge: Option<Safe>,
}

impl State {
    /// A time by a cluster's clock, by ours: what ages are counted from.
    #[must_use]
    pub fn ours(&self, cluster: SourceId, at: Timestamp) -> Timestamp {
        at.checked_sub(SignedDuration::from_secs(self.world.skew(cluster))).unwrap_or(at)
    }

    /// The state before anything has been heard.
    #[must_use]
    pub fn new(now: Now, sources: Vec<SourceScope>, keymap: Keymap, size: (u16, u16)) -> Self {
        Self {
            now,
            world: World::new(sources),
            operations: Vec::new(),
            operations_revision: 0,
            earlier: 0,
            spectator: false,
            read_only: None,
            ui: Ui::new(size),
            derived: derived::Derived::default(),
            keymap,
            log: None,
            deck_log: None,
            log_memory: log::MEMORY,
            next_tail: 0,
            settings: Arc::default(),
            reports: false,
            interest: Arc::default(),
            learnt: expected::Learnt::default(),
            watches: watches::Watches::default(),
            badge: None,
        }
    }
}
