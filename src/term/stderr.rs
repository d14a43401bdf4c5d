//! Standard error while the screen is ours: into a pipe and from there into the log. A library or
//! a child that writes there would otherwise write over the picture.

use std::io::{BufRead, BufReader, Read};
use std::os::fd::OwnedFd;
use std::sync::OnceLock;

use rustix::io::{FdFlags, fcntl_dupfd_cloexec, fcntl_setfd};
use rustix::{pipe, stdio, termios};

/// A line that is longer is logged in parts.
const LINE: u64 = 8 * 1024;

struct Diverted {
    /// Where standard error went before.
    before: OwnedFd,
    pipe: OwnedFd,
}

static DIVERTED: OnceLock<Diverted> = OnceLock::new();

/// Diverts standard error if it is a terminal. Where that fails it stays as it is.
pub(super) fn take() {
    if let Some(diverted) = DIVERTED.get() {
        let _ = stdio::dup2_stderr(&diverted.pipe);
        return;
    }
    if !termios::isatty(stdio::stderr()) {
        return;
    }
    let Ok((reader, writer)) = pipe::pipe() else { return };
    for end in [&reader, &writer] {
        let _ = fcntl_setfd(end, FdFlags::CLOEXEC);
    }
    let Ok(before) = fcntl_dupfd_cloexec(stdio::stderr(), 3) else { return };
    let into_log = move || log_lines(BufReader::new(std::fs::File::from(reader)));
    if std::thread::Builder::new().name("stderr".to_owned()).spawn(into_log).is_err() {
        return;
    }
    if stdio::dup2_stderr(&writer).is_ok() {
        let _ = DIVERTED.set(Diverted { before, pipe: writer });
    }
}

/// Lets standard error go where it went before.
pub(super) fn give_back() {
    if let Some(diverted) = DIVERTED.get() {
        let _ = stdio::dup2_stderr(&diverted.before);
    }
}

fn log_lines(mut reader: impl BufRead) {
    let mut line = Vec::new();
    while matches!(reader.by_ref().take(LINE).read_until(b'\n', &mut line), Ok(read) if read > 0) {
        tracing::warn!(target: "stderr", "{}", String::from_utf8_lossy(&line).trim_end());
        line.clear();
    }
}
