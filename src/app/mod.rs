//! The loop: the only owner of the state. Takes messages in, runs the effects, draws when
//! something changed. Nothing is connected to before the first frame is on the screen.
//!
//! | What | Where |
//! |---|---|
//! | [`Core`]: state, sources, one turn of the loop, effects that need no screen | `core` |
//! | [`Recorder`]: the journal behind the loop | `record` |
//! | [`live`]: the same on a terminal | `live` |
//! | Durations of jobs on the disk; programs that are told what a watch saw | `kept`, `hook` |
//! | [`Headless`]: the same without one, for flow tests | `headless` |
//! | [`specs_of`]: the sources of a demo | `world` |

mod context;
mod core;
mod headless;
mod hook;
pub mod input;
mod kept;
mod live;
pub mod logging;
mod record;
mod save;
mod tar;
mod upload;
mod world;

use std::path::PathBuf;
use std::sync::Arc;

use crate::clock::Clock;
use crate::command::Keymap;
use crate::config::theme::Theme;
use crate::model::scope::Settings;
use crate::state::ui::Place;
use crate::systems::Spec;
use crate::text::Safe;

pub use core::{Core, Outside, Step};
pub use headless::{Headless, Lost};
pub use live::{End, live};
pub use record::Recorder;
pub use world::{settings_of, specs_of};

/// Everything the console is started with.
#[derive(Debug)]
pub struct Setup {
    pub specs: Vec<Spec>,
    /// What the configuration says of services and environments.
    pub settings: Arc<Settings>,
    pub keymap: Keymap,
    pub theme: Theme,
    pub clock: Clock,
    /// Bytes for the lines of a log.
    pub log_memory: usize,
    /// The view to begin with.
    pub place: Place,
    /// `demo ×20`.
    pub badge: Option<Safe>,
    pub recorder: Recorder,
    /// Where a log is saved when nothing can be written into the working directory.
    pub saves: Option<PathBuf>,
    /// The folder where it is kept how long jobs took; without one it is forgotten.
    pub durations: Option<PathBuf>,
}
