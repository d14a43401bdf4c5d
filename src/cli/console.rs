//! The console on the user's clusters.

use std::path::Path;
use std::sync::Arc;

use super::args::{Look, Scope};
use super::discover::Surroundings;
use super::folders::Folders;
use super::{FAILED, USAGE, complain, runtime, world};
use crate::app::{self, End, Recorder, Setup};
use crate::clock::Clock;
use crate::command::Keymap;
use crate::config::settings::Config;
use crate::config::theme::{Depth, Glyphs, Theme};
use crate::config::{ConfigErrors, keymap, theme};
use crate::journal::Journal;
use crate::model::scope::Settings;
use crate::term::{self, Caps, Colors};
use crate::text::Safe;

pub(crate) fn run(scope: &Scope, look: &Look) -> u8 {
    let folders = match Folders::of_user() {
        Ok(folders) => folders,
        Err(why) => return complain(USAGE, &why),
    };
    // Mistakes on the command line and in files are told before the screen is touched.
    let caps = Caps::detect();
    let around = world::surroundings();
    let (config, (theme, keymap)) = match all_settings(scope, look, Some(&folders), &around, caps) {
        Ok(all) => all,
        Err(errors) => return complain(USAGE, &errors.to_string()),
    };
    if let Err(refusal) = term::check() {
        return complain(USAGE, &refusal.to_string());
    }
    let log = match app::logging::start(&folders.state) {
        Ok(log) => Some(log),
        Err(error @ app::logging::LogError::Level(_)) => return complain(USAGE, &error.to_string()),
        Err(error) => {
            // The console works without a log; the journal has a say of its own.
            complain(0, &error.to_string());
            None
        }
    };
    let setup = Setup {
        specs: world::specs(scope, &config),
        settings: Arc::new(Settings { no_helm: no_helm(), ..config.settings }),
        keymap,
        theme,
        clock: Clock::system(),
        log_memory: look.log_memory,
        place: look.view.place(),
        badge: None,
        recorder: if look.read_only {
            Recorder::looking(Journal::read(&folders.state))
        } else {
            Recorder::new(Journal::open(&folders.state))
        },
        saves: Some(folders.state.clone()),
        durations: Some(folders.state.clone()),
    };
    let code = show(setup, caps, &folders.state);
    drop(log);
    code
}

/// Why releases of Helm cannot be changed from here.
fn no_helm() -> Option<Safe> {
    let is_there = |folder: std::path::PathBuf| folder.join("helm").is_file();
    let there = std::env::var_os("PATH").is_some_and(|path| std::env::split_paths(&path).any(is_there));
    (!there).then(|| Safe::of("the program helm is not on the PATH, and only it may change a release: install it"))
}

/// Configuration, theme and keymap, or what is wrong with any of them, all of it.
pub(crate) fn all_settings(
    scope: &Scope,
    look: &Look,
    folders: Option<&Folders>,
    around: &Surroundings,
    caps: Caps,
) -> Result<(Config, (Theme, Keymap)), ConfigErrors> {
    let dir = folders.map(|folders| folders.config.as_path());
    let (config, wrong) = world::load(scope, folders, around);
    let mut look = look.clone();
    let (mut theme, mut keymap) = (None, None);
    if look.theme.is_none() {
        theme.clone_from(&config.theme);
        look.theme = theme.as_ref().map(|chosen| chosen.word.clone());
    }
    if look.keymap.is_none() {
        keymap.clone_from(&config.keymap);
        look.keymap = keymap.as_ref().map(|chosen| chosen.word.clone());
    }
    // What is wrong with the configuration hides nothing of what it chose.
    let found = settings(&look, dir, caps).map_err(|errors| {
        let chosen = [(theme, "--theme"), (keymap, "--keymap")].into_iter();
        chosen.fold(errors, |errors, (chosen, flag)| match chosen {
            Some(chosen) => chosen.blame(errors, flag),
            None => errors,
        })
    });
    let config = if wrong.errors.is_empty() { Ok(config) } else { Err(wrong) };
    ConfigErrors::both(config, found)
}

/// Theme and keymap, or what is wrong with either, all of it.
pub(crate) fn settings(look: &Look, dir: Option<&Path>, caps: Caps) -> Result<(Theme, Keymap), ConfigErrors> {
    let depth = match caps.colors {
        Colors::Mono => Depth::Mono,
        Colors::Ansi16 => Depth::Ansi16,
        Colors::Ansi256 => Depth::Ansi256,
        Colors::True => Depth::True,
    };
    let glyphs = if caps.utf8 { Glyphs::Unicode } else { Glyphs::Ascii };
    ConfigErrors::both(
        theme::load(look.theme.as_deref(), dir, depth, glyphs),
        keymap::load(look.keymap.as_deref(), dir),
    )
}

/// Runs the console until somebody quits.
fn show(setup: Setup, caps: Caps, state: &Path) -> u8 {
    match runtime() {
        Ok(runtime) => {
            let ended = runtime.block_on(app::live(setup, caps, Some(state)));
            // A task that hangs in the kernel must not keep the program.
            runtime.shutdown_background();
            end(ended)
        }
        Err(error) => complain(FAILED, &format!("the runtime cannot be started: {error}")),
    }
}

/// The exit code; what went wrong is said after the terminal was given back.
pub(crate) fn end(ended: Result<u8, End>) -> u8 {
    match ended {
        Ok(code) => code,
        Err(End::Refused(refusal)) => complain(USAGE, &refusal.to_string()),
        Err(end @ End::Terminal(_)) => complain(FAILED, Safe::line(&end.to_string()).as_str()),
    }
}
