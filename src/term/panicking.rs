//! What a panic does: in the thread of the screen it ends the program with the terminal given
//! back; in any other thread it is written down, and the screen stays (reliability.md, M14).

use std::io::Write;
use std::panic::PanicHookInfo;
use std::thread::ThreadId;

use super::session::{is_active, leave};

/// Exit code of a program that panicked.
pub const PANIC_EXIT: i32 = 101;

/// Makes the hook. `screen` is the thread that draws; `report` words the panic.
pub fn panicking(
    screen: ThreadId,
    report: impl Fn(&PanicHookInfo<'_>) -> String + Send + Sync + 'static,
) -> impl Fn(&PanicHookInfo<'_>) + Send + Sync + 'static {
    move |info| {
        if std::thread::current().id() == screen {
            leave();
            print(&report(info));
            // Not unwinding: destructors of a broken state could wait for ever.
            std::process::exit(PANIC_EXIT);
        }
        let report = report(info);
        tracing::error!(%report, "a task panicked");
        if !is_active() {
            print(&report);
        }
    }
}

/// Standard error may be closed; that must not panic again.
fn print(report: &str) {
    let _ = writeln!(std::io::stderr(), "{report}");
}
