//! The write-ahead journal: nothing is sent before its intent is on the disk, and what became of it
//! is written behind it (reliability.md §4.3).
//!
//! The first error is final: pages are marked clean after a failed `fsync`, and a second try would
//! report a success that is none. From then on the console is read-only and says why. A second
//! instance finds the file locked and is read-only too, until the first one ends. A file that is removed
//! under either of them is put back with all that was in it; where another stands in its place, nothing is
//! sent.

mod change;
mod entry;
mod holder;
mod past;
mod place;
mod record;
mod store;

use std::fmt;
use std::io;
use std::path::Path;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use jiff::Timestamp;

use crate::action::{Operation, OperationId, Outcome};
use crate::model::source::SourceScope;
use crate::text::Safe;
use entry::Entry;
use holder::Holder;
use past::Past;
use record::Tail;
use store::Disk;
pub use store::Store;

/// The journal of this machine's user. Cheap to clone; every clone is the same file.
#[derive(Clone)]
pub struct Journal {
    inner: Arc<Mutex<Inner>>,
}

/// How a journal was found by somebody who only looks.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Standing {
    Free,
    /// By that process.
    Held(u32),
    /// It could be written; whether another instance holds it cannot be told, for this reason.
    Unknown(Safe),
    Unusable(Safe),
}

struct Inner {
    /// `None` = nothing can be written, `read_only` says why.
    store: Option<Box<dyn Store>>,
    /// Another instance holds the lock of this.
    waiting: Option<Disk>,
    /// Until it is taken.
    past: Past,
    /// Of the next record.
    sequence: u64,
    read_only: Option<Safe>,
}

impl fmt::Debug for Journal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Journal").field("read_only", &self.read_only()).finish_non_exhaustive()
    }
}

impl Journal {
    /// Opens the journal in a folder, which is created if need be. Never fails: what cannot be
    /// written is read-only and says why. May block on the disk.
    #[must_use]
    pub fn open(folder: &Path) -> Self {
        match Disk::open(folder) {
            Ok(opened) => Self::take_over(opened, folder),
            Err(error) => {
                let message =
                    format!("the journal in {} cannot be opened ({error}): nothing can be sent", folder.display());
                Self::new(None, &[], Some(Safe::line(&message)))
            }
        }
    }

    /// The journal of a folder for reading only: it is neither locked nor created.
    #[must_use]
    pub fn read(folder: &Path) -> Self {
        match Disk::read(folder) {
            Ok(bytes) => Self::new(None, &bytes, Some(Safe::of("the journal was opened for reading"))),
            Err(error) => {
                let message = format!("the journal in {} cannot be read ({error})", folder.display());
                Self::new(None, &[], Some(Safe::line(&message)))
            }
        }
    }

    /// A journal over a store of the caller's, holding what `bytes` hold.
    #[must_use]
    pub fn over(store: Box<dyn Store>, bytes: &[u8]) -> Self {
        Self::new(Some(store), bytes, None)
    }

    /// How the journal of a folder stands, for reading only: nothing is locked, cut or created.
    #[must_use]
    pub fn look(folder: &Path) -> Standing {
        if let Err(why) = store::writable(folder) {
            return Standing::Unusable(Safe::line(&format!("the journal cannot be written ({why})")));
        }
        match Disk::read(folder) {
            Ok(bytes) => match record::scan(&bytes) {
                scan if scan.tail == Tail::Damaged => Standing::Unusable(damaged_at(scan.valid)),
                _ => match holder::of(&store::file(folder)) {
                    Holder::Nobody => Standing::Free,
                    Holder::Process(pid) => Standing::Held(pid),
                    Holder::Untold(why) => Standing::Unknown(Safe::line(&why)),
                },
            },
            Err(error) => Standing::Unusable(Safe::line(&format!("the journal cannot be read ({error})"))),
        }
    }

    /// Another instance holds it, which may end.
    #[must_use]
    pub fn is_waiting(&self) -> bool {
        self.lock().waiting.is_some()
    }

    /// Takes the journal over when the instance that held it has ended; true if so. What that one
    /// wrote is there to be taken then. May block on the disk.
    #[must_use]
    pub fn try_again(&self) -> bool {
        let mut inner = self.lock();
        let Some(read) = inner.waiting.as_mut().and_then(Disk::try_again) else { return false };
        let bytes = match read {
            Ok(bytes) => bytes,
            Err(error) => {
                let message = format!(
                    "the journal is free and cannot be taken over ({error}): nothing can be sent until it can, and the program was started again"
                );
                (inner.waiting, inner.read_only) = (None, Some(Safe::line(&message)));
                return false;
            }
        };
        let Some(disk) = inner.waiting.take() else { return false };
        let taken = Self::held(store::Opened { disk, bytes, locked: false });
        if let Ok(taken) = Arc::try_unwrap(taken.inner) {
            *inner = taken.into_inner().unwrap_or_else(PoisonError::into_inner);
        }
        true
    }

    fn take_over(opened: store::Opened, folder: &Path) -> Self {
        if !opened.locked {
            return Self::held(opened);
        }
        let who = match holder::of(&store::file(folder)) {
            Holder::Process(pid) => format!(" (pid {pid})"),
            Holder::Nobody | Holder::Untold(_) => String::new(),
        };
        let message = format!(
            "another quarterdeck{who} holds the journal: nothing can be sent from this one until that ends; quit it there"
        );
        let journal = Self::new(None, &opened.bytes, Some(Safe::line(&message)));
        journal.lock().waiting = Some(opened.disk);
        journal
    }

    fn held(mut opened: store::Opened) -> Self {
        let scan = record::scan(&opened.bytes);
        let (valid, tail) = (scan.valid, scan.tail);
        if tail == Tail::Torn
            && let Err(error) = opened.disk.cut(valid as u64)
        {
            let message = format!("the journal's torn end cannot be cut off ({error}): nothing can be sent");
            return Self::new(None, &opened.bytes, Some(Safe::line(&message)));
        }
        Self::new(Some(Box::new(opened.disk)), &opened.bytes, None)
    }

    fn new(store: Option<Box<dyn Store>>, bytes: &[u8], read_only: Option<Safe>) -> Self {
        let scan = record::scan(bytes);
        let past = Past::of(scan.records.iter().filter_map(|json| read_entry(json)));
        let damaged = (scan.tail == Tail::Damaged).then(|| damaged_at(scan.valid));
        let read_only = read_only.or(damaged);
        let store = if read_only.is_some() { None } else { store };
        let inner = Inner { store, waiting: None, past, sequence: scan.records.len() as u64 + 1, read_only };
        Self { inner: Arc::new(Mutex::new(inner)) }
    }

    /// Why nothing can be written, if so.
    #[must_use]
    pub fn read_only(&self) -> Option<Safe> {
        self.lock().read_only.clone()
    }

    /// Puts the intent on the disk. Only after `Ok` may anything be sent. Blocks.
    pub fn intent(&self, operation: &Operation) -> Result<(), Safe> {
        self.lock().write(&Entry::intent(operation))
    }

    /// Puts down what became of an operation. Blocks.
    pub fn outcome(&self, id: &OperationId, outcome: &Outcome, at: Timestamp) -> Result<(), Safe> {
        self.lock().write(&Entry::outcome(id, outcome, at))
    }

    /// What was in the journal when it was opened: the newest 1 000 operations and all older ones
    /// whose end is open, each with the last that is known of it, oldest first. One whose end was
    /// never written is *unknown*. Given away once; afterwards nothing is kept.
    #[must_use]
    pub fn take(&self, clusters: &[SourceScope]) -> Vec<Operation> {
        let past = std::mem::take(&mut self.lock().past);
        past.operations(clusters)
    }

    fn lock(&self) -> MutexGuard<'_, Inner> {
        self.inner.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Inner {
    fn write(&mut self, entry: &Entry) -> Result<(), Safe> {
        let Some(store) = &mut self.store else {
            return Err(self.read_only.clone().unwrap_or(Safe::of("the journal is closed")));
        };
        let written = serde_json::to_vec(entry)
            .map_err(io::Error::other)
            .and_then(|json| append(store.as_mut(), &record::encode(self.sequence, &json)));
        match written {
            Ok(()) => {
                self.sequence += 1;
                Ok(())
            }
            Err(error) => {
                let message = Safe::line(&format!(
                    "the journal cannot be written ({error}): nothing can be sent until it can, and the program was started again"
                ));
                self.store = None;
                self.read_only = Some(message.clone());
                Err(message)
            }
        }
    }
}

fn damaged_at(byte: usize) -> Safe {
    Safe::line(&format!(
        "the journal is damaged at byte {byte}: nothing can be sent; move the file away to begin a new one"
    ))
}

fn append(store: &mut dyn Store, mut record: &[u8]) -> io::Result<()> {
    store.find()?;
    store.reserve()?;
    while !record.is_empty() {
        match store.append(record) {
            Ok(0) => return Err(io::ErrorKind::WriteZero.into()),
            Ok(written) => record = record.get(written..).unwrap_or_default(),
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
            Err(error) => return Err(error),
        }
    }
    store.sync()
}

/// An entry of a later version is kept in the file and left out of the list.
fn read_entry(json: &[u8]) -> Option<Entry> {
    serde_json::from_slice(json).inspect_err(|error| tracing::warn!(%error, "journal entry of an unknown kind")).ok()
}
