//! [`Session`]: the terminal is ours from `enter` to `leave`. `leave` may be called from anywhere,
//! at any time and twice: whoever comes first gives the terminal back, the others do nothing.

use std::io;
use std::path::Path;
use std::sync::OnceLock;
use std::sync::atomic::{AtomicBool, Ordering};

use rustix::stdio;
use rustix::termios::{self, OptionalActions, Termios};

use super::{saved, stderr};

/// Every mode that could be on, off; then the screen of before. Also those that are never switched
/// on here: it costs nothing and repairs what another program has left.
pub const RESTORE: &[u8] = b"\x1b[?2026l\x1b[<u\x1b[?1000l\x1b[?1002l\x1b[?1003l\x1b[?1006l\x1b[?1004l\
    \x1b[?2004l\x1b[0m\x1b[0 q\x1b[?25h\x1b[?1049l";

/// Alternate screen, bracketed paste, no cursor, empty.
const CLAIM: &[u8] = b"\x1b[?1049h\x1b[?2004h\x1b[?25l\x1b[0m\x1b[2J\x1b[1;1H";

/// A shell that continues us may still be changing the terminal itself.
const CLAIM_TRIES: usize = 10;

static ACTIVE: AtomicBool = AtomicBool::new(false);
static BEFORE: OnceLock<Termios> = OnceLock::new();

/// Why there can be no screen: one line, with the way out.
#[derive(Debug, thiserror::Error)]
pub enum Refusal {
    #[error("standard {0} is no terminal; `quarterdeck status --json` works without one")]
    NoTerminal(&'static str),
    #[error("TERM is {0}: this terminal cannot place text; `quarterdeck status --json` works without a screen")]
    Dumb(&'static str),
    #[error("the terminal cannot be set up: {0}")]
    Failed(#[from] io::Error),
}

/// The program cannot stop here: nobody could bring it back.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("no shell with job control above: nothing could bring the program back")]
pub struct Orphaned;

/// Whether there can be a screen at all. Sends nothing.
pub fn check() -> Result<(), Refusal> {
    if !termios::isatty(stdio::stdin()) {
        return Err(Refusal::NoTerminal("input"));
    }
    if !termios::isatty(stdio::stdout()) {
        return Err(Refusal::NoTerminal("output"));
    }
    match std::env::var("TERM").as_deref() {
        Err(_) | Ok("") => Err(Refusal::Dumb("not set")),
        Ok("dumb") => Err(Refusal::Dumb("dumb")),
        Ok(_) => Ok(()),
    }
}

/// The terminal while it is ours; gives it back when dropped.
#[derive(Debug)]
pub struct Session {
    saved: Option<saved::Saved>,
}

impl Session {
    /// Takes the terminal. `folder` is where its settings are noted down for `tty-reset`.
    pub fn enter(folder: Option<&Path>) -> Result<Self, Refusal> {
        check()?;
        let now = termios::tcgetattr(stdio::stdin()).map_err(io::Error::from)?;
        let saved = folder.and_then(|folder| match saved::Saved::note(folder, &now) {
            Ok(saved) => Some(saved),
            Err(error) => {
                tracing::warn!(%error, "the terminal's settings could not be noted down for tty-reset");
                None
            }
        });
        let _ = BEFORE.set(now);
        let session = Self { saved };
        claim().inspect_err(|_| leave())?;
        Ok(session)
    }

    /// Gives the terminal back and stops the program with its whole process group. When it is
    /// continued, [`super::TermEvent::Continued`] says so; then call [`Session::resume`].
    pub fn suspend(&self) -> Result<(), Orphaned> {
        if is_orphaned() {
            return Err(Orphaned);
        }
        leave();
        // SIGSTOP cannot be refused, so the group (a wrapper script too) stops as one job.
        let stopped = rustix::process::kill_current_process_group(rustix::process::Signal::STOP);
        if let Err(error) = stopped {
            tracing::warn!(%error, "the program could not be stopped");
        }
        Ok(())
    }

    /// Takes the terminal again, after a stop of whatever kind. The screen must be painted again.
    pub fn resume(&self) -> io::Result<()> {
        let mut tries = CLAIM_TRIES;
        loop {
            match claim() {
                Err(error) if tries > 1 => {
                    tracing::debug!(%error, "the terminal could not be taken again yet");
                    tries -= 1;
                    std::thread::sleep(std::time::Duration::from_millis(20));
                }
                claimed => return claimed,
            }
        }
    }
}

impl Drop for Session {
    fn drop(&mut self) {
        leave();
        if let Some(saved) = self.saved.take() {
            saved.forget();
        }
    }
}

/// The terminal is ours now.
#[must_use]
pub fn is_active() -> bool {
    ACTIVE.load(Ordering::SeqCst)
}

/// Gives the terminal back, once. Allocates nothing and never panics: it runs in the panic hook.
pub fn leave() {
    if ACTIVE.swap(false, Ordering::SeqCst) {
        write_all(RESTORE);
        if let Some(before) = BEFORE.get() {
            let _ = termios::tcsetattr(stdio::stdin(), OptionalActions::Now, before);
        }
        stderr::give_back();
    }
}

/// Columns and rows of the terminal, 0 × 0 where there are none.
#[must_use]
pub fn size() -> (u16, u16) {
    termios::tcgetwinsize(stdio::stdout()).map_or((0, 0), |size| (size.ws_col, size.ws_row))
}

fn claim() -> io::Result<()> {
    if let Some(before) = BEFORE.get() {
        let mut raw = before.clone();
        raw.make_raw();
        termios::tcsetattr(stdio::stdin(), OptionalActions::Now, &raw)?;
    }
    // From here on there is something to give back.
    ACTIVE.store(true, Ordering::SeqCst);
    stderr::take();
    if write_all(CLAIM) { Ok(()) } else { Err(io::Error::from(io::ErrorKind::BrokenPipe)) }
}

pub(super) fn write_all(mut bytes: &[u8]) -> bool {
    while !bytes.is_empty() {
        match rustix::io::write(stdio::stdout(), bytes) {
            Ok(0) => return false,
            Ok(written) => bytes = &bytes[written..],
            Err(rustix::io::Errno::INTR | rustix::io::Errno::AGAIN) => {}
            Err(_) => return false,
        }
    }
    true
}

/// Nobody above in this terminal could continue our process group: each ancestor is in the group
/// itself or in another session (POSIX: orphaned process group).
fn is_orphaned() -> bool {
    orphaned(std::process::id(), kin)
}

/// What the system tells of one process: parent, process group and session. Zero stands for one
/// outside our PID namespace (a container's first process has a group of the host's).
#[derive(Clone, Copy)]
struct Kin {
    parent: u32,
    group: u32,
    session: u32,
}

fn orphaned(process: u32, kin: impl Fn(u32) -> Option<Kin>) -> bool {
    const DEPTH: usize = 64;
    let Some(ours) = kin(process) else { return true };
    let mut above = ours.parent;
    for _ in 0..DEPTH {
        let Some(ancestor) = kin(above) else { return true };
        if ancestor.session != ours.session {
            return true;
        }
        if ancestor.group != ours.group {
            return false;
        }
        above = ancestor.parent;
    }
    true
}

/// Read from `/proc` and not asked of the kernel one by one: `getpgid` of rustix takes an id of
/// zero for impossible.
fn kin(process: u32) -> Option<Kin> {
    let stat = std::fs::read_to_string(format!("/proc/{process}/stat")).ok()?;
    // The name in parentheses may hold anything, so the fields are counted from its end.
    let mut fields = stat.rsplit_once(')')?.1.split_whitespace().skip(1);
    let mut next = || fields.next()?.parse().ok();
    Some(Kin { parent: next()?, group: next()?, session: next()? })
}

#[cfg(test)]
mod tests {
    use super::{Kin, orphaned};

    #[test]
    fn a_group_is_orphaned_when_nobody_above_in_its_session_is_outside_it() {
        // (what, (process, parent, group, session)..., orphaned)
        type Process = (u32, u32, u32, u32);
        let table: [(&str, &[Process], bool); 6] = [
            ("a job of a shell", &[(9, 5, 9, 5), (5, 1, 5, 5)], false),
            ("under a wrapper script in its group", &[(9, 8, 8, 5), (8, 5, 8, 5), (5, 1, 5, 5)], false),
            ("the leader of its session", &[(9, 5, 9, 9), (5, 1, 5, 5)], true),
            ("no parent that can be seen", &[(9, 0, 9, 9)], true),
            ("under a container's first process, whose group is outside", &[(9, 1, 9, 9), (1, 0, 0, 0)], true),
            ("in the group of a container's first process", &[(9, 1, 0, 0), (1, 0, 0, 0)], true),
        ];
        for (what, processes, expected) in table {
            let kin = |id| {
                let (_, parent, group, session) = *processes.iter().find(|process| process.0 == id)?;
                Some(Kin { parent, group, session })
            };
            assert_eq!(orphaned(9, kin), expected, "{what}");
        }
    }
}
