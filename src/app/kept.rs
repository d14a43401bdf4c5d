//! The durations of jobs on the disk: `durations.json` in the state folder. Read once at the start,
//! written behind the loop. Whoever writes takes a lock, reads what is there, puts its own to it and
//! replaces the file as a whole, so that of several consoles none loses what another saw. A file that
//! cannot be read is said once and laid aside; nothing else depends on it.

use std::fs::{DirBuilder, File, OpenOptions, TryLockError};
use std::io::{self, ErrorKind, Read as _, Write as _};
use std::os::unix::fs::{DirBuilderExt as _, OpenOptionsExt as _};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use rustix::fs::OFlags;
use serde::{Deserialize, Serialize};

use crate::model::durations::{Book, Flow, Jobs};
use crate::text::Safe;

const FILE: &str = "durations.json";
const LOCK: &str = "durations.lock";
/// What was there and could not be read.
const ASIDE: &str = "durations.unread";
const VERSION: u32 = 1;
/// A whole book is half of this at most; what is longer is another file.
const LARGEST: u64 = 8 << 20;
/// Another console holds the lock for milliseconds.
const TRIES: u32 = 20;
const BETWEEN: Duration = Duration::from_millis(20);

#[derive(Serialize, Deserialize)]
struct Document {
    version: u32,
    workflows: Vec<Row>,
}

#[derive(Serialize, Deserialize)]
struct Row {
    #[serde(flatten)]
    flow: Flow,
    jobs: Jobs,
}

/// Where durations are kept; nowhere without a folder.
#[derive(Debug, Clone)]
pub(super) struct Kept {
    folder: Option<PathBuf>,
    /// That nothing can be written was said.
    said: Arc<AtomicBool>,
}

impl Kept {
    pub(super) fn new(folder: Option<PathBuf>) -> Self {
        Self { folder, said: Arc::default() }
    }

    /// Whether trouble was said before; from now on it was.
    pub(super) fn said(&self) -> bool {
        self.said.swap(true, Ordering::Relaxed)
    }

    /// What is there, and what is wrong with it, if anything is. Blocks.
    pub(super) fn read(&self) -> (Book, Option<Safe>) {
        let Some(folder) = &self.folder else { return (Book::default(), None) };
        match read(&folder.join(FILE)) {
            Ok(book) => (book, None),
            Err(why) => (
                Book::default(),
                Some(Safe::line(&format!("{}: {why}; how long jobs take is learnt anew", folder.join(FILE).display()))),
            ),
        }
    }

    /// Puts a book to what is there. Blocks.
    pub(super) fn write(&self, book: &Book) -> Result<(), Safe> {
        let Some(folder) = &self.folder else { return Ok(()) };
        write(folder, book)
            .map_err(|error| Safe::line(&format!("how long jobs took cannot be kept in {}: {error}", folder.display())))
    }
}

/// Nothing where there is no file.
fn read(path: &Path) -> Result<Book, String> {
    let flags = (OFlags::NOFOLLOW | OFlags::CLOEXEC | OFlags::NONBLOCK).bits() as i32;
    let file = match OpenOptions::new().read(true).custom_flags(flags).open(path) {
        Ok(file) => file,
        Err(error) if error.kind() == ErrorKind::NotFound => return Ok(Book::default()),
        Err(error) => return Err(error.to_string()),
    };
    if !file.metadata().map_err(|error| error.to_string())?.is_file() {
        return Err("it is no plain file".to_owned());
    }
    let mut bytes = Vec::new();
    file.take(LARGEST + 1).read_to_end(&mut bytes).map_err(|error| error.to_string())?;
    if bytes.len() as u64 > LARGEST {
        return Err("it is larger than 8 MiB".to_owned());
    }
    let document: Document = serde_json::from_slice(&bytes).map_err(|_| "it is not what this program writes")?;
    if document.version != VERSION {
        return Err(format!("it is of version {}, and this program reads {VERSION}", document.version));
    }
    let mut book = Book::default();
    for row in document.workflows {
        book.add(&row.flow, &row.jobs);
    }
    Ok(book)
}

fn write(folder: &Path, book: &Book) -> io::Result<()> {
    DirBuilder::new().recursive(true).mode(0o700).create(folder)?;
    let lock = create(&folder.join(LOCK), OpenOptions::new().write(true).create(true).truncate(false))?;
    hold(&lock)?;
    let path = folder.join(FILE);
    let mut all = read(&path).unwrap_or_else(|_| {
        // Whoever wants to know what it was finds it there; one that cannot be moved is replaced.
        let _ = std::fs::rename(&path, folder.join(ASIDE));
        Book::default()
    });
    all.merge(book);
    let workflows = all.flows().map(|(flow, jobs)| Row { flow: flow.clone(), jobs: jobs.clone() }).collect();
    let bytes = serde_json::to_vec(&Document { version: VERSION, workflows }).map_err(io::Error::other)?;
    let new = folder.join(format!("{FILE}.new"));
    let mut file = create(&new, OpenOptions::new().write(true).create(true).truncate(true))?;
    file.write_all(&bytes)?;
    file.sync_all()?;
    std::fs::rename(&new, &path)
    // The lock goes with its file.
}

/// A file that only its owner may read, and no link to another one.
fn create(path: &Path, options: &mut OpenOptions) -> io::Result<File> {
    options.mode(0o600).custom_flags((OFlags::NOFOLLOW | OFlags::CLOEXEC).bits() as i32).open(path)
}

fn hold(lock: &File) -> io::Result<()> {
    for _ in 0..TRIES {
        match lock.try_lock() {
            Ok(()) => return Ok(()),
            Err(TryLockError::WouldBlock) => std::thread::sleep(BETWEEN),
            Err(TryLockError::Error(error)) => return Err(error),
        }
    }
    Err(io::Error::new(ErrorKind::WouldBlock, "another console holds the lock"))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::durations::{Outcome, Sample};

    fn flow() -> Flow {
        let word = str::to_owned;
        Flow { source: word("demo"), kind: word("Run"), namespace: word("shop/web"), workflow: word("ci.yml") }
    }

    fn book(job: &str, spans: &[(i64, u64)]) -> Book {
        let mut book = Book::default();
        for (ended, millis) in spans {
            book.learn(&flow(), job, None, Sample { ended: *ended, millis: *millis });
            book.learn_outcome(&flow(), job, Outcome { ended: *ended, failed: millis % 2_000 == 0 });
            book.learn(&flow(), job, Some("Run tests"), Sample { ended: *ended, millis: millis / 2 });
        }
        book
    }

    #[test]
    fn what_is_written_is_read_again_and_two_consoles_add_up() {
        let folder = tempfile::tempdir().unwrap();
        let kept = Kept::new(Some(folder.path().join("state")));
        assert_eq!(kept.read(), (Book::default(), None), "there is no file at first");
        let (mine, theirs) = (book("build", &[(10, 1_000), (20, 2_000)]), book("unit", &[(30, 3_000)]));
        kept.write(&mine).unwrap();
        assert_eq!(kept.read(), (mine.clone(), None));
        // The other one has never seen what this one wrote.
        Kept::new(Some(folder.path().join("state"))).write(&theirs).unwrap();
        let mut both = mine;
        both.merge(&theirs);
        assert_eq!(kept.read(), (both, None));
        let ended = kept.read().0.outcomes(&flow(), "build").iter().map(|one| one.failed).collect::<Vec<_>>();
        assert_eq!(ended, [false, true], "how they ended is known after a restart");
    }

    #[test]
    fn many_consoles_at_once_lose_nothing() {
        let folder = tempfile::tempdir().unwrap();
        let kept = Kept::new(Some(folder.path().to_owned()));
        std::thread::scope(|scope| {
            for console in 0..6_i64 {
                let kept = kept.clone();
                scope.spawn(move || {
                    let own = book("build", &[(console, 1_000)]);
                    // The lock is given up after a while; the loop tries again with its next writing.
                    while kept.write(&own).is_err() {}
                });
            }
        });
        let (all, wrong) = kept.read();
        assert_eq!(wrong, None);
        assert_eq!(all.samples(&flow(), "build", None).unwrap().all().len(), 6);
    }

    #[test]
    fn a_broken_file_is_said_laid_aside_and_begun_anew() {
        for broken in
            ["", "{", "[1,2]", "{\"version\":2,\"workflows\":[]}", "{\"version\":1,\"workflows\":[{\"jobs\":7}]}"]
        {
            let folder = tempfile::tempdir().unwrap();
            let kept = Kept::new(Some(folder.path().to_owned()));
            std::fs::write(folder.path().join(FILE), broken).unwrap();
            let (book, wrong) = kept.read();
            assert!(book.is_empty() && wrong.is_some_and(|why| why.as_str().contains("learnt anew")), "{broken:?}");
            let new = super::tests::book("build", &[(10, 1_000)]);
            kept.write(&new).unwrap();
            assert_eq!(kept.read(), (new, None), "{broken:?}");
            assert_eq!(std::fs::read_to_string(folder.path().join(ASIDE)).unwrap(), broken);
        }
    }

    #[test]
    fn a_link_is_not_followed_and_a_folder_that_cannot_be_written_is_said() {
        let folder = tempfile::tempdir().unwrap();
        let other = folder.path().join("other");
        std::fs::write(&other, "mine").unwrap();
        std::os::unix::fs::symlink(&other, folder.path().join(FILE)).unwrap();
        let kept = Kept::new(Some(folder.path().to_owned()));
        assert!(kept.read().1.is_some());
        kept.write(&book("build", &[(10, 1_000)])).unwrap();
        assert_eq!(std::fs::read_to_string(&other).unwrap(), "mine");
        let file = folder.path().join("file");
        std::fs::write(&file, "").unwrap();
        assert!(Kept::new(Some(file)).write(&Book::default()).is_err());
    }
}
