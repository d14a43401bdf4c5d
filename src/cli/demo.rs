//! The console on a world of its own: a server on the loopback plays a story. Neither kubeconfig
//! nor tokens nor the journal of the user are read; everything written goes to a temporary folder.

use std::fs::DirBuilder;
use std::os::unix::fs::DirBuilderExt as _;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use super::args::{Demo as Args, Look, Scope};
use super::folders::Folders;
use super::{FAILED, USAGE, complain, console, runtime};
use crate::app::{self, Recorder, Setup};
use crate::demo::{self, Demo, DemoError, Options};
use crate::journal::Journal;
use crate::safe;
use crate::systems::Namespaces;
use crate::term::{self, Caps};
use crate::text::{Safe, rate};

/// More namespaces than these are read as all of them: one watch instead of many.
const BY_NAME: usize = 8;

pub(crate) fn run(args: &Args, scope: &Scope, look: &Look) -> u8 {
    if let Some(flag) = scope.first_flag() {
        let message = format!("{flag} has no place in a demo, which has a world of its own: leave it out");
        return complain(USAGE, &message);
    }
    if let Err(error) = options(args).check() {
        return complain(USAGE, Safe::line(&error.to_string()).as_str());
    }
    let caps = Caps::detect();
    let config = Folders::of_user().ok().map(|folders| folders.config);
    let (theme, keymap) = match console::settings(look, config.as_deref(), caps) {
        Ok(settings) => settings,
        Err(errors) => return complain(USAGE, &errors.to_string()),
    };
    if let Err(refusal) = term::check() {
        return complain(USAGE, &refusal.to_string());
    }
    let runtime = match runtime() {
        Ok(runtime) => runtime,
        Err(error) => return complain(FAILED, &format!("the runtime cannot be started: {error}")),
    };
    let demo = match runtime.block_on(demo::start(options(args))) {
        Ok(demo) => demo,
        Err(error @ (DemoError::UnknownScenario { .. } | DemoError::OutOfRange { .. })) => {
            return complain(USAGE, Safe::line(&error.to_string()).as_str());
        }
        Err(error) => return complain(FAILED, Safe::line(&error.to_string()).as_str()),
    };
    let folder = match temporary() {
        Ok(folder) => folder,
        Err(error) => return complain(FAILED, &format!("no temporary folder can be made: {error}")),
    };
    let log = app::logging::start(&folder).ok();
    let setup = Setup {
        specs: app::specs_of(&demo, &namespaces(&demo)),
        settings: Arc::new(app::settings_of(&demo)),
        keymap,
        theme,
        clock: demo.clock,
        log_memory: look.log_memory,
        place: look.view.place(),
        badge: Some(badge(&demo)),
        recorder: if look.read_only {
            Recorder::looking(Journal::read(&folder))
        } else {
            Recorder::new(Journal::open(&folder))
        },
        // Its folder goes when it ends: nothing is saved there.
        saves: None,
        durations: Some(folder.clone()),
    };
    let ended = runtime.block_on(app::live(setup, caps, Some(&folder)));
    drop(demo);
    runtime.shutdown_background();
    drop(log);
    forget(&folder);
    console::end(ended)
}

fn options(args: &Args) -> Options {
    Options {
        scenario: args.scenario.clone().unwrap_or_else(|| demo::SCENARIOS[0].to_owned()),
        speed: args.speed,
        seed: args.seed,
        pods: args.pods,
        rollouts: args.rollouts,
        applications: args.applications,
        clusters: args.clusters,
        runs: args.runs,
        jobs: args.jobs,
        slos: args.slos,
        churn: args.churn,
        log_rate: args.log_rate,
        held: false,
    }
}

fn namespaces(demo: &Demo) -> Namespaces {
    if demo.namespaces.is_empty() || demo.namespaces.len() > BY_NAME {
        Namespaces::All
    } else {
        Namespaces::Named(demo.namespaces.clone())
    }
}

fn badge(demo: &Demo) -> Safe {
    let speed = demo.clock.speed();
    if (speed - 1.0).abs() < f64::EPSILON { Safe::of("demo") } else { safe!("demo ×{}", rate(speed)) }
}

/// A new folder that only its owner may enter.
fn temporary() -> std::io::Result<PathBuf> {
    let base = std::env::temp_dir();
    let mut attempt = 0_u32;
    loop {
        let folder = base.join(format!("quarterdeck-demo-{}-{attempt}", std::process::id()));
        match DirBuilder::new().mode(0o700).create(&folder) {
            Ok(()) => return Ok(folder),
            Err(error) if error.kind() == std::io::ErrorKind::AlreadyExists && attempt < 100 => attempt += 1,
            Err(error) => return Err(error),
        }
    }
}

fn forget(folder: &Path) {
    if let Err(error) = std::fs::remove_dir_all(folder) {
        complain(0, &format!("the demo's folder {} stays: {error}", folder.display()));
    }
}
