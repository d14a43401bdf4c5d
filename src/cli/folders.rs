//! Where settings and state of the user lie (XDG).

use std::path::PathBuf;

use etcetera::BaseStrategy as _;
use etcetera::base_strategy::Xdg;

/// The folders of this program.
#[derive(Debug, Clone)]
pub(crate) struct Folders {
    /// `$XDG_CONFIG_HOME/quarterdeck`: themes and keymaps.
    pub(crate) config: PathBuf,
    /// `$XDG_STATE_HOME/quarterdeck`: journal and log.
    pub(crate) state: PathBuf,
}

impl Folders {
    pub(crate) fn of_user() -> Result<Self, String> {
        let base = Xdg::new()
            .map_err(|error| format!("no home folder ({error}): set HOME, or XDG_CONFIG_HOME and XDG_STATE_HOME"))?;
        let state = base.state_dir().unwrap_or_else(|| base.home_dir().join(".local/state"));
        Ok(Self { config: crate::config::folder(&base.config_dir()), state: state.join("quarterdeck") })
    }
}
