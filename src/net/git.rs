//! The program `git`, for repositories that no host with an API serves: read through a bare clone in a folder of
//! our own, without blobs where the other side can leave them out. It asks nobody anything, runs no hooks, and
//! takes nothing for an option that is not meant as one. What it may use of the user is their credential helper
//! and their keys.

use std::hash::{DefaultHasher, Hash as _, Hasher as _};
use std::path::{Path, PathBuf};
use std::time::Duration;

use etcetera::BaseStrategy as _;
use etcetera::base_strategy::Xdg;
use tokio::process::Command;

use super::exec::{self, Failed};

/// Of a clone or a fetch, and of what is read from the clone.
const SLOW: Duration = Duration::from_mins(2);
const QUICK: Duration = Duration::from_secs(20);
/// Variables that would have it work in another repository, or run something.
const UNSET: [&str; 9] = [
    "GIT_DIR",
    "GIT_WORK_TREE",
    "GIT_INDEX_FILE",
    "GIT_OBJECT_DIRECTORY",
    "GIT_ALTERNATE_OBJECT_DIRECTORIES",
    "GIT_NAMESPACE",
    "GIT_EXTERNAL_DIFF",
    "GIT_TRACE",
    "GIT_CONFIG_PARAMETERS",
];
/// Whatever the user's configuration says: no hooks, no housekeeping, nothing that starts by itself.
const SETTINGS: [&str; 6] = [
    "core.hooksPath=/dev/null",
    "core.fsmonitor=false",
    "gc.auto=0",
    "maintenance.auto=false",
    "fetch.recurseSubmodules=false",
    "protocol.ext.allow=never",
];

/// Where clones are kept, and which program reads them.
#[derive(Debug, Clone)]
pub struct Git {
    cache: PathBuf,
    program: PathBuf,
    slow: Duration,
    quick: Duration,
}

/// How a commit stands to another.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Between {
    /// Commits of the first alone, and of the second alone.
    pub before: u64,
    pub after: u64,
    /// Files that the second added since both were one, of those that were asked for.
    pub added: Vec<String>,
}

/// Why something could not be read.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum GitError {
    /// What was asked for is not there.
    Missing,
    /// In words, without secrets.
    Failed(String),
}

impl Git {
    /// Its clones in `$XDG_CACHE_HOME/quarterdeck/git`; `None` where the user has no folder for that.
    #[must_use]
    pub fn of_user() -> Option<Self> {
        let cache = Xdg::new().ok()?.cache_dir().join("quarterdeck").join("git");
        Some(Self::new(cache))
    }

    #[must_use]
    pub fn new(cache: PathBuf) -> Self {
        Self { cache, program: PathBuf::from("git"), slow: SLOW, quick: QUICK }
    }

    /// Another program, which is waited for so long.
    #[must_use]
    pub fn with(self, program: PathBuf, patience: Duration) -> Self {
        Self { program, slow: patience, quick: patience, ..self }
    }

    /// Brings the clone of a repository up to date, and makes it where there is none.
    pub async fn fetch(&self, repository: &str) -> Result<(), GitError> {
        let (url, folder) = (address(repository)?, self.folder(repository));
        if tokio::fs::try_exists(folder.join("HEAD")).await.unwrap_or(false) {
            let refs = ["+refs/heads/*:refs/heads/*", "+refs/tags/*:refs/tags/*"];
            let mut command = self.within(&folder);
            command.args(["fetch", "--prune", "--no-tags", "--no-write-fetch-head", "--quiet", "--", "origin"]);
            return self.done(command.args(refs), self.slow).await;
        }
        tokio::fs::create_dir_all(&self.cache).await.map_err(|error| failed(&format!("its cache folder: {error}")))?;
        // Half a clone has another name.
        let half = self.cache.join(format!("{}.{}", name_of(repository), std::process::id()));
        let mut command = self.command();
        command.args(["clone", "--bare", "--filter=blob:none", "--quiet", "--template=", "--"]).arg(&url).arg(&half);
        let cloned = self.done(&mut command, self.slow).await;
        let moved = match &cloned {
            Ok(()) => tokio::fs::rename(&half, &folder).await.map_err(|error| failed(&format!("its clone: {error}"))),
            Err(error) => Err(error.clone()),
        };
        if moved.is_err() {
            // What is left of it is of no use.
            let _ = tokio::fs::remove_dir_all(&half).await;
        }
        moved
    }

    /// The newest commit of a branch or tag, of the default branch for none.
    pub async fn head(&self, repository: &str, branch: Option<&str>) -> Result<String, GitError> {
        let names = match branch {
            None => vec!["HEAD".to_owned()],
            Some(name) => vec![format!("refs/heads/{name}"), format!("refs/tags/{name}")],
        };
        for name in names {
            let mut command = self.within(&self.folder(repository));
            command.args(["rev-parse", "--verify", "--quiet", "--end-of-options"]).arg(format!("{name}^{{commit}}"));
            if let Ok(printed) = self.printed(&mut command, self.quick).await {
                return Ok(String::from_utf8_lossy(&printed).trim().to_owned());
            }
        }
        Err(GitError::Missing)
    }

    /// A file at a commit; blobs that the clone has left out are fetched for it.
    pub async fn file(&self, repository: &str, commit: &str, path: &str) -> Result<Vec<u8>, GitError> {
        let place = format!("{commit}:{path}");
        let mut there = self.within(&self.folder(repository));
        // The tree alone says whether it is there: without it nothing is to be fetched.
        there.args(["rev-parse", "--verify", "--quiet", "--end-of-options"]).arg(&place);
        if self.printed(&mut there, self.quick).await.is_err() {
            return Err(GitError::Missing);
        }
        let mut command = self.within(&self.folder(repository));
        command.args(["cat-file", "blob"]).arg(&place);
        self.printed(&mut command, self.slow).await
    }

    /// How two commits stand to each other; `Missing` where the clone does not have both.
    pub async fn between(
        &self,
        repository: &str,
        (base, head): (&str, &str),
        paths: &[&str],
    ) -> Result<Between, GitError> {
        let folder = self.folder(repository);
        let is_commit =
            |text: &str| (7..=64).contains(&text.len()) && text.bytes().all(|byte| byte.is_ascii_hexdigit());
        for commit in [base, head] {
            let mut command = self.within(&folder);
            command.args(["rev-parse", "--verify", "--quiet", "--end-of-options"]).arg(format!("{commit}^{{commit}}"));
            if !is_commit(commit) || self.printed(&mut command, self.quick).await.is_err() {
                return Err(GitError::Missing);
            }
        }
        let range = format!("{base}...{head}");
        let mut command = self.within(&folder);
        command.args(["rev-list", "--left-right", "--count", "--end-of-options"]).arg(&range);
        let counted = self.printed(&mut command, self.slow).await?;
        let counted = String::from_utf8_lossy(&counted).into_owned();
        let mut counts = counted.split_whitespace().map(str::parse::<u64>);
        let (Some(Ok(before)), Some(Ok(after))) = (counts.next(), counts.next()) else {
            return Err(failed("git counts no commits between them"));
        };
        let mut command = self.within(&folder);
        let options =
            ["diff", "--name-only", "-z", "--no-renames", "--no-ext-diff", "--diff-filter=A", "--end-of-options"];
        command.args(options).arg(&range).arg("--").args(paths);
        let added = self.printed(&mut command, self.slow).await?;
        let added = added.split(|byte| *byte == 0).filter(|name| !name.is_empty());
        Ok(Between { before, after, added: added.map(|name| String::from_utf8_lossy(name).into_owned()).collect() })
    }

    fn folder(&self, repository: &str) -> PathBuf {
        self.cache.join(name_of(repository))
    }

    fn command(&self) -> Command {
        let mut command = Command::new(&self.program);
        for setting in SETTINGS {
            command.args(["-c", setting]);
        }
        for variable in UNSET {
            command.env_remove(variable);
        }
        let ssh = std::env::var("GIT_SSH_COMMAND").ok().filter(|words| !words.trim().is_empty());
        let ssh = format!("{} -o BatchMode=yes", ssh.as_deref().unwrap_or("ssh"));
        command
            .env("GIT_TERMINAL_PROMPT", "0")
            .env("GIT_ASKPASS", "")
            .env("SSH_ASKPASS_REQUIRE", "never")
            .env("GIT_ALLOW_PROTOCOL", "file:https:ssh")
            .env("GIT_OPTIONAL_LOCKS", "0")
            .env("GIT_SSH_COMMAND", ssh)
            .env("LC_ALL", "C");
        command
    }

    fn within(&self, folder: &Path) -> Command {
        let mut command = self.command();
        command.arg("--git-dir").arg(folder);
        command
    }

    async fn done(&self, command: &mut Command, deadline: Duration) -> Result<(), GitError> {
        self.printed(command, deadline).await.map(drop)
    }

    async fn printed(&self, command: &mut Command, deadline: Duration) -> Result<Vec<u8>, GitError> {
        let command = std::mem::replace(command, Command::new(&self.program));
        exec::output(command, "git", deadline).await.map_err(|why| match why {
            Failed::NotStarted(error) if error.kind() == std::io::ErrorKind::NotFound => {
                failed("git is not installed here, and nothing else reads this repository")
            }
            Failed::NotStarted(error) => failed(&format!("git did not start: {error}")),
            // It names the address it was given, which may hold a password.
            Failed::Refused(said) | Failed::Other(said) => failed(&crate::text::without_user(&said)),
        })
    }
}

fn failed(why: &str) -> GitError {
    GitError::Failed(why.to_owned())
}

/// What git is given; a path of this machine as an address, so that nothing of it is linked or copied raw.
fn address(repository: &str) -> Result<String, GitError> {
    if repository.starts_with('/') {
        return Ok(format!("file://{repository}"));
    }
    let scheme = repository.split_once("://").map(|(scheme, _)| scheme);
    let is_scp =
        scheme.is_none() && !repository.starts_with('-') && repository.contains('@') && repository.contains(':');
    match scheme {
        Some("https" | "ssh" | "file") => Ok(repository.to_owned()),
        None if is_scp => Ok(repository.to_owned()),
        _ => Err(failed("it is read by https, ssh or from a folder alone")),
    }
}

/// A name for its folder: what can be read of it, and what tells it from others.
fn name_of(repository: &str) -> String {
    let mut hasher = DefaultHasher::new();
    repository.hash(&mut hasher);
    let last = repository.trim_end_matches('/').trim_end_matches(".git").rsplit(['/', ':']).next().unwrap_or_default();
    let plain: String = last.chars().filter(|c| c.is_ascii_alphanumeric() || matches!(c, '-' | '_')).take(40).collect();
    format!("{plain}-{:016x}.git", hasher.finish())
}
