//! The log file: `log/quarterdeck.*.log` under the state folder, five days of it, never the screen.
//! Nothing that a server or a name contains can forge a line in it or reach the terminal of who
//! reads it, and what looks like a secret is left out (reliability.md §1.2 point 9, §5).

use std::fs::DirBuilder;
use std::io::{self, Write};
use std::os::unix::fs::DirBuilderExt as _;
use std::path::Path;
use std::sync::LazyLock;

use regex::bytes::Regex;
use tracing_appender::non_blocking::WorkerGuard;
use tracing_appender::rolling::{InitError, RollingFileAppender, Rotation};
use tracing_subscriber::EnvFilter;

/// Days that are kept.
const DAYS: usize = 5;
/// What is logged where `QUARTERDECK_LOG` says nothing.
const LEVEL: &str = "warn,quarterdeck=info";

/// Why there is no log.
#[derive(Debug, thiserror::Error)]
pub enum LogError {
    #[error("the log in {folder} cannot be opened: {source}")]
    Open { folder: String, source: InitError },
    #[error("the folder {folder} of the log cannot be made: {source}")]
    Folder { folder: String, source: io::Error },
    #[error("QUARTERDECK_LOG is not understood: {0}; an example: info,kube=debug")]
    Level(#[from] tracing_subscriber::filter::ParseError),
}

/// Writes what is left when dropped: keep it until the end.
#[derive(Debug)]
#[must_use]
pub struct Log {
    _worker: WorkerGuard,
}

/// Starts the log in `state/log`.
pub fn start(state: &Path) -> Result<Log, LogError> {
    let folder = state.join("log");
    let filter = match std::env::var("QUARTERDECK_LOG") {
        Ok(level) if !level.is_empty() => EnvFilter::try_new(level)?,
        _ => EnvFilter::new(LEVEL),
    };
    // The appender would make it, and the state folder above it, as open as the umask lets it.
    DirBuilder::new()
        .recursive(true)
        .mode(0o700)
        .create(&folder)
        .map_err(|source| LogError::Folder { folder: folder.display().to_string(), source })?;
    let file = RollingFileAppender::builder()
        .rotation(Rotation::DAILY)
        .filename_prefix("quarterdeck")
        .filename_suffix("log")
        .max_log_files(DAYS)
        .build(&folder)
        .map_err(|source| LogError::Open { folder: folder.display().to_string(), source })?;
    // Writing never waits for the disk: a full queue drops lines rather than stop the screen.
    let (writer, worker) = tracing_appender::non_blocking(Tame(file));
    let subscriber = tracing_subscriber::fmt().with_env_filter(filter).with_ansi(false).with_writer(writer).finish();
    // A second start in one process (tests) keeps the first.
    let _ = tracing::subscriber::set_global_default(subscriber);
    Ok(Log { _worker: worker })
}

/// Escapes what is not printable and leaves out what looks like a secret. Each write is one event.
struct Tame<W>(W);

impl<W: Write> Write for Tame<W> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0.write_all(&tame(bytes))?;
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        self.0.flush()
    }
}

/// The words before a value that is secret, and the shapes of tokens.
const SECRETS: &str = r#"(?i)(authorization["']?\s*[:=]\s*["']?(?:bearer\s+|basic\s+)?|bearer\s+|basic\s+|password["']?\s*[:=]\s*["']?|token["']?\s*[:=]\s*["']?|x-amz-signature=|[?&]sig=)[^\s"',;&]+|()(?:gh[pousr]_[A-Za-z0-9]{16,}|github_pat_[A-Za-z0-9_]{16,}|eyJ[A-Za-z0-9_-]{8,}\.[A-Za-z0-9_-]{8,}\.[A-Za-z0-9_-]*|-----BEGIN [A-Z ]*PRIVATE KEY-----[^-]*)"#;

static SECRET: LazyLock<Option<Regex>> = LazyLock::new(|| Regex::new(SECRETS).ok());

/// One event of the log as it is written: one line.
fn tame(bytes: &[u8]) -> Vec<u8> {
    let body = bytes.strip_suffix(b"\n").unwrap_or(bytes);
    let body = match &*SECRET {
        Some(secret) => secret.replace_all(body, b"$1[secret]".as_slice()),
        // Without the pattern nothing is written rather than everything.
        None => b"[not written: the pattern of secrets is broken]".into(),
    };
    let mut out = Vec::with_capacity(body.len() + 1);
    for chunk in body.utf8_chunks() {
        for c in chunk.valid().chars() {
            if c.is_control() || crate::text::is_hostile(c) {
                out.extend_from_slice(format!("\\u{{{:x}}}", c as u32).as_bytes());
            } else {
                out.extend_from_slice(c.encode_utf8(&mut [0; 4]).as_bytes());
            }
        }
        for byte in chunk.invalid() {
            out.extend_from_slice(format!("\\x{byte:02x}").as_bytes());
        }
    }
    out.push(b'\n');
    out
}

#[cfg(test)]
mod tests {
    use super::tame;

    fn tamed(text: &str) -> String {
        String::from_utf8(tame(text.as_bytes())).unwrap()
    }

    #[test]
    fn an_event_is_one_printable_line() {
        assert_eq!(tamed("a\nb\x1b[2J\u{202e}c\r\n"), "a\\u{a}b\\u{1b}[2J\\u{202e}c\\u{d}\n");
        assert_eq!(tame(b"\xff\n"), b"\\xff\n");
    }

    #[test]
    fn what_looks_like_a_secret_is_left_out() {
        for (line, kept) in [
            ("Authorization: Bearer abc.def", "def"),
            ("authorization=\"Basic Zm9v\"", "Zm9v"),
            ("using ghp_0123456789abcdefABCDEF now", "0123456789"),
            ("jwt eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiIxIn0.c2ln end", "eyJ"),
            ("GET /x?sig=s3cr3t&y=1", "s3cr3t"),
            ("token: hunter2hunter2", "hunter2"),
        ] {
            let written = tamed(line);
            assert!(!written.contains(kept), "{written}");
            assert!(written.contains("[secret]"), "{written}");
        }
        assert_eq!(tamed("no secret here, only a token bucket"), "no secret here, only a token bucket\n");
    }
}
