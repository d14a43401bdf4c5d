//! Sets the process up and runs the command that was asked for. The only place that knows how a
//! panic is worded, and the only exit.

use std::process::ExitCode;

use quarterdeck::term;

fn main() -> ExitCode {
    // Before anything that could panic: a panic of the screen's thread must find the terminal.
    let (report, _) = color_eyre::config::HookBuilder::default().display_env_section(false).into_hooks();
    let screen = std::thread::current().id();
    std::panic::set_hook(Box::new(term::panicking(screen, move |info| report.panic_report(info).to_string())));
    // One provider for every client. It fails only where one is installed already, which is as good.
    let _ = rustls::crypto::ring::default_provider().install_default();
    quarterdeck::cli::run()
}
