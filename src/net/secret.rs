//! Where a token comes from, read when it is first needed and once more after a 401: an environment
//! variable, a file of ours alone, the output of a program. What is wrong with one is said without it.

use std::fmt;
use std::io::Read as _;
use std::os::unix::fs::{MetadataExt as _, OpenOptionsExt as _};
use std::path::Path;
use std::time::Duration;

use secrecy::{ExposeSecret as _, SecretString};
use tokio::time::Instant;

use crate::text::is_loopback;

use super::exec::{self, Failed};
use super::told;
use crate::model::scope::SecretSource;

/// More than this is no token.
const LIMIT: u64 = 64 * 1024;
/// After this time somebody may have logged in.
const NOBODY: Duration = Duration::from_mins(1);

/// Which token is wanted for a server.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Wanted {
    Nothing,
    Of(SecretSource),
    /// What `gh` would use for this host: the environment, else its own login.
    GitHub {
        host: String,
    },
}

/// A token, and which of the readings it is.
#[derive(Clone)]
pub struct Held {
    /// Counts the readings; told back to [`Token::renew`].
    pub epoch: u64,
    /// `None`: nobody is named to the server.
    pub secret: Option<SecretString>,
    /// Where it came from, or why there is none: `$GH_TOKEN`, `gh auth token`, `gh is not installed`.
    pub from: String,
}

impl fmt::Debug for Held {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Held").field("from", &self.from).finish_non_exhaustive()
    }
}

/// The token of one server. Nothing is read before [`Self::get`].
pub struct Token {
    wanted: Wanted,
    deadline: Duration,
    /// Single flight: whoever comes while a program runs waits for its answer.
    held: tokio::sync::Mutex<State>,
}

#[derive(Default)]
struct State {
    epoch: u64,
    held: Option<Held>,
    asked: Option<Instant>,
}

impl fmt::Debug for Token {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        // The arguments of a program may hold what they should not.
        f.debug_struct("Token").finish_non_exhaustive()
    }
}

impl Token {
    /// `deadline`: of a program that prints it.
    #[must_use]
    pub fn new(wanted: Wanted, deadline: Duration) -> Self {
        Self { wanted, deadline, held: tokio::sync::Mutex::default() }
    }

    /// The token, read now if it has not been. A failure is not kept: the next call tries again.
    pub async fn get(&self) -> Result<Held, String> {
        let mut state = self.held.lock().await;
        let asked_again = state.asked.is_none_or(|asked| asked.elapsed() > NOBODY);
        if let Some(held) = state.held.as_ref().filter(|held| held.secret.is_some() || !asked_again) {
            return Ok(held.clone());
        }
        let (secret, from) = match &self.wanted {
            Wanted::Nothing => (None, "no token is configured".to_owned()),
            Wanted::Of(source) => (Some(resolve(source, self.deadline).await?), describe(source)),
            Wanted::GitHub { host } => of_gh(host, self.deadline).await?,
        };
        if let Some(secret) = &secret {
            told::keep(secret.expose_secret());
        }
        state.asked = Some(Instant::now());
        state.epoch += 1;
        let held = Held { epoch: state.epoch, secret, from };
        state.held = Some(held.clone());
        Ok(held)
    }

    /// After a 401 to the token of this epoch: it is read anew, unless somebody did since. `false`
    /// when nothing new can come of it.
    pub async fn renew(&self, used: u64) -> bool {
        if self.wanted == Wanted::Nothing {
            return false;
        }
        let mut state = self.held.lock().await;
        if state.epoch == used {
            state.held = None;
        }
        true
    }
}

/// `$GH_TOKEN`, a path, the program's name: never what came of it.
#[must_use]
pub fn describe(source: &SecretSource) -> String {
    match source {
        SecretSource::Env(name) => format!("${name}"),
        SecretSource::File(path) => path.display().to_string(),
        SecretSource::Command(words) => words.first().cloned().unwrap_or_default(),
        SecretSource::Fixed(_) => "the demo".to_owned(),
    }
}

/// Reads a secret. The error names the place and the next step.
pub async fn resolve(source: &SecretSource, deadline: Duration) -> Result<SecretString, String> {
    let place = describe(source);
    match source {
        SecretSource::Fixed(word) => checked(word.as_bytes().to_vec(), &place),
        SecretSource::Env(name) => match std::env::var_os(name) {
            Some(value) if !value.is_empty() => checked(value.into_encoded_bytes(), &place),
            _ => Err(format!("${name} is not set; set it, or name another token in the configuration")),
        },
        SecretSource::File(path) => {
            let path = path.clone();
            let bytes = tokio::task::spawn_blocking(move || of_file(&path)).await;
            checked(without_end(bytes.map_err(|_| format!("{place} could not be read"))??), &place)
        }
        SecretSource::Command(words) => {
            let Some((program, arguments)) = words.split_first() else {
                return Err("the token's command is empty; name a program in the configuration".to_owned());
            };
            let mut command = tokio::process::Command::new(program);
            command.args(arguments);
            let out = exec::output(command, &format!("the token's command {program}"), deadline).await;
            let out = out.map_err(|failed| match failed {
                Failed::NotStarted(error) => {
                    format!(
                        "the token's command {program} did not start: {error}; install it or mend the configuration"
                    )
                }
                Failed::Refused(said) => format!("{said}; run it in a shell to see why"),
                Failed::Other(said) => said,
            })?;
            checked(without_end(out), &format!("the output of {program}"))
        }
    }
}

/// The token that `gh` would use: of the environment, else of its login. Its rule which variable is
/// for which host is kept: a token of github.com goes to no other server.
async fn of_gh(host: &str, deadline: Duration) -> Result<(Option<SecretString>, String), String> {
    for name in variables(host) {
        if std::env::var_os(name).is_some_and(|value| !value.is_empty()) {
            let source = SecretSource::Env((*name).to_owned());
            return Ok((Some(resolve(&source, deadline).await?), describe(&source)));
        }
    }
    if is_loopback(host) {
        return Ok((None, format!("{host} is this machine and no token is configured")));
    }
    let mut command = tokio::process::Command::new("gh");
    command.args(["auth", "token", "--hostname", host]).env("GH_PROMPT_DISABLED", "1");
    match exec::output(command, "gh auth token", deadline).await {
        Ok(out) => Ok((Some(checked(without_end(out), "the output of gh auth token")?), "gh auth token".to_owned())),
        Err(Failed::NotStarted(error)) if error.kind() == std::io::ErrorKind::NotFound => {
            Ok((None, format!("${} is not set and gh is not installed", variables(host)[0])))
        }
        Err(Failed::NotStarted(error)) => Err(format!("gh did not start: {error}")),
        // It says so with an exit code of 1.
        Err(Failed::Refused(_)) => {
            Ok((None, format!("${} is not set and gh has no login for {host}", variables(host)[0])))
        }
        Err(Failed::Other(said)) => Err(said),
    }
}

fn variables(host: &str) -> &'static [&'static str] {
    if host == "github.com" || host.ends_with(".ghe.com") || is_loopback(host) {
        &["GH_TOKEN", "GITHUB_TOKEN"]
    } else {
        &["GH_ENTERPRISE_TOKEN", "GITHUB_ENTERPRISE_TOKEN"]
    }
}

/// A file that only its owner may read, which is who runs this. Looked at through the open handle,
/// so that it is the file that is read.
fn of_file(path: &Path) -> Result<Vec<u8>, String> {
    let place = path.display();
    let unreadable = |error: std::io::Error| format!("the token file {place} cannot be read: {error}");
    // Without waiting: a pipe of that name has no end to wait for.
    let flags = rustix::fs::OFlags::NONBLOCK | rustix::fs::OFlags::CLOEXEC;
    let file = std::fs::OpenOptions::new()
        .read(true)
        .custom_flags(flags.bits().cast_signed())
        .open(path)
        .map_err(unreadable)?;
    let facts = file.metadata().map_err(unreadable)?;
    if !facts.is_file() {
        return Err(format!("the token file {place} is no file"));
    }
    if facts.uid() != rustix::process::geteuid().as_raw() {
        return Err(format!("the token file {place} belongs to another user; own it with chown, or name another"));
    }
    if facts.mode() & 0o077 != 0 {
        return Err(format!(
            "the token file {place} can be read by others (mode {:03o}); run: chmod 600 {place}",
            facts.mode() & 0o777
        ));
    }
    let mut bytes = Vec::new();
    file.take(LIMIT + 1).read_to_end(&mut bytes).map_err(unreadable)?;
    if bytes.len() as u64 > LIMIT {
        return Err(format!("the token file {place} is larger than {} KiB: that is no token", LIMIT >> 10));
    }
    Ok(bytes)
}

/// Files and programs end with a line feed that is not part of the token.
fn without_end(mut bytes: Vec<u8>) -> Vec<u8> {
    if bytes.last() == Some(&b'\n') {
        bytes.pop();
        if bytes.last() == Some(&b'\r') {
            bytes.pop();
        }
    }
    bytes
}

/// What may stand in a header, and nothing else.
fn checked(bytes: Vec<u8>, place: &str) -> Result<SecretString, String> {
    let wrong = if bytes.is_empty() {
        Some("is empty")
    } else if bytes.contains(&b'\n') || bytes.contains(&b'\r') {
        Some("has a line break in it")
    } else if bytes.contains(&0) {
        Some("has a NUL byte in it")
    } else if !bytes.is_ascii() {
        Some("has a character in it that is not ASCII")
    } else if bytes.iter().any(|byte| !byte.is_ascii_graphic()) {
        Some("has a space or a control character in it")
    } else {
        None
    };
    if let Some(wrong) = wrong {
        return Err(format!("the token of {place} {wrong}; it cannot be sent. Set it again, on one line"));
    }
    let text = String::from_utf8(bytes).map_err(|_| format!("the token of {place} is no text"))?;
    Ok(SecretString::from(text))
}

/// The value of `Authorization`, marked so that nothing prints it.
pub(super) fn bearer(secret: &SecretString) -> Result<http::HeaderValue, String> {
    told::keep(secret.expose_secret());
    let mut value = http::HeaderValue::from_str(&format!("Bearer {}", secret.expose_secret()))
        .map_err(|_| "the token cannot stand in a header".to_owned())?;
    value.set_sensitive(true);
    Ok(value)
}
