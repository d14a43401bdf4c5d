//! Arguments, and the commands without a screen. Exit codes: 0 done, 1 failed, 2 usage or not a
//! terminal, 3 refused by a gate, 4 outcome unknown, 5 timed out.

mod args;
mod console;
mod demo;
mod discover;
mod doctor;
mod folders;
mod status;
mod world;

use std::io::Write as _;
use std::process::ExitCode;

use clap::FromArgMatches as _;

use args::{Cli, Sub};
use folders::Folders;

pub(crate) const FAILED: u8 = 1;
pub(crate) const USAGE: u8 = 2;
pub(crate) const TIMED_OUT: u8 = 5;

/// Reads the arguments and runs the command.
#[must_use]
pub fn run() -> ExitCode {
    let cli = match Cli::as_read().try_get_matches().and_then(|words| Cli::from_arg_matches(&words)) {
        Ok(cli) => cli,
        Err(error) => {
            // Help and version are asked for; anything else is a mistake. Nobody may be reading.
            let _ = error.print();
            return ExitCode::from(if error.use_stderr() { USAGE } else { 0 });
        }
    };
    let code = match &cli.command {
        None => console::run(&cli.scope, &cli.look),
        Some(Sub::Demo(options)) => demo::run(options, &cli.scope, &cli.look),
        Some(Sub::Status(options)) => status::run(&cli.scope, &cli.look, *options),
        Some(Sub::Doctor(options)) => doctor::run(&cli.scope, &cli.look, *options),
        Some(Sub::TtyReset) => tty_reset(),
    };
    ExitCode::from(code)
}

/// Says why the program ends; whoever closed the stream does not want to know.
pub(crate) fn complain(code: u8, text: &str) -> u8 {
    let _ = writeln!(std::io::stderr(), "quarterdeck: {text}");
    code
}

fn tty_reset() -> u8 {
    let state = Folders::of_user().ok().map(|folders| folders.state);
    match crate::term::reset(state.as_deref()) {
        Ok(_) => 0,
        Err(error) => complain(FAILED, &format!("the terminal of standard input cannot be set right: {error}")),
    }
}

/// The runtime of every command. Two threads: one for the loop, one for the sources.
pub(crate) fn runtime() -> std::io::Result<tokio::runtime::Runtime> {
    tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build()
}
