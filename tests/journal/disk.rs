//! R37: whatever call of the disk fails, nothing is sent after it, and the console is read-only.
//! The sends are counted by a real server behind the real write client.

use std::fs;
use std::io;
use std::os::unix::fs::{PermissionsExt as _, symlink};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};

use quarterdeck::action::{Outcome, Progress};
use quarterdeck::journal::{Journal, Standing, Store};
use quarterdeck::text::Safe;

use super::{abort, scope};
use crate::faults::server::{Server, spec};
use crate::faults::support::{block_on, perform};

/// A disk whose n-th call fails.
struct Faulty {
    calls: Arc<AtomicUsize>,
    fail_at: usize,
    how: How,
}

#[derive(Clone, Copy, Debug)]
enum How {
    Os(i32),
    /// Part of the bytes, then no more.
    Short,
}

impl Faulty {
    fn call(&self) -> io::Result<bool> {
        let fails = self.calls.fetch_add(1, Ordering::SeqCst) >= self.fail_at;
        match self.how {
            How::Os(code) if fails => Err(io::Error::from_raw_os_error(code)),
            How::Os(_) | How::Short => Ok(fails),
        }
    }
}

impl Store for Faulty {
    fn reserve(&mut self) -> io::Result<()> {
        self.call().map(|_| ())
    }

    fn append(&mut self, bytes: &[u8]) -> io::Result<usize> {
        Ok(match self.call()? {
            false => bytes.len(),
            true if self.calls.load(Ordering::SeqCst) == self.fail_at + 1 => bytes.len() / 2,
            true => 0,
        })
    }

    fn sync(&mut self) -> io::Result<()> {
        self.call().map(|_| ())
    }
}

/// Calls of one intent: reserve, append, sync.
const CALLS: usize = 3;

#[test]
fn r37_no_send_after_a_failed_intent() {
    const ENOSPC: i32 = 28;
    const EIO: i32 = 5;
    const EROFS: i32 = 30;
    const EACCES: i32 = 13;
    block_on(async {
        let server = Server::start().await;
        for how in [How::Os(ENOSPC), How::Os(EIO), How::Os(EROFS), How::Os(EACCES), How::Short] {
            for fail_at in 0..CALLS {
                if matches!(how, How::Short) && fail_at != 1 {
                    continue;
                }
                let store = Faulty { calls: Arc::default(), fail_at, how };
                let journal = Journal::over(Box::new(store), &[]);
                let progress = perform(spec(&server.url), abort(1), Some(journal.clone())).await;
                assert!(matches!(&progress[..], [Progress::Refused { .. }]), "{how:?} at call {fail_at}: {progress:?}");
                assert!(journal.read_only().is_some(), "{how:?} at call {fail_at}");
                // The next one is not even tried.
                let progress = perform(spec(&server.url), abort(2), Some(journal)).await;
                assert!(matches!(&progress[..], [Progress::Refused { .. }]), "{progress:?}");
            }
        }
        assert_eq!(server.bodies(), 0, "sends after a failed intent");
        // The same way with a sound disk does send: the test could have failed.
        let sound = Faulty { calls: Arc::default(), fail_at: usize::MAX, how: How::Short };
        perform(spec(&server.url), abort(3), Some(Journal::over(Box::new(sound), &[]))).await;
        assert_eq!(server.bodies(), 1);
    });
}

#[test]
fn r37_a_failed_outcome_makes_read_only() {
    let store = Faulty { calls: Arc::default(), fail_at: CALLS, how: How::Os(5) };
    let journal = Journal::over(Box::new(store), &[]);
    let operation = abort(1);
    journal.intent(&operation).unwrap();
    let at = operation.started;
    assert!(journal.outcome(&operation.id, &Outcome::Observed, at).is_err());
    assert!(journal.read_only().is_some());
    assert!(journal.intent(&abort(2)).is_err());
}

#[test]
fn a_second_instance_is_read_only_and_still_reads() {
    let folder = tempfile::tempdir().unwrap();
    let first = Journal::open(folder.path());
    first.intent(&abort(1)).unwrap();
    let second = Journal::open(folder.path());
    let why = second.read_only().unwrap();
    assert!(why.as_str().contains("another quarterdeck") && why.as_str().contains("quit it there"), "{why:?}");
    if cfg!(target_os = "linux") {
        assert!(why.as_str().contains(&format!("(pid {})", std::process::id())), "{why:?}");
    }
    assert!(second.intent(&abort(2)).is_err());
    assert_eq!(second.take(&scope()).len(), 1);
    first.intent(&abort(3)).unwrap();
    drop((first, second));
    assert_eq!(Journal::open(folder.path()).read_only(), None);
}

#[test]
fn when_the_first_instance_ends_the_second_takes_the_journal_over_with_what_it_wrote() {
    let folder = tempfile::tempdir().unwrap();
    let first = Journal::open(folder.path());
    let second = Journal::open(folder.path());
    assert_eq!(second.take(&scope()).len(), 0);
    assert!(second.is_waiting() && !second.try_again(), "the first one holds it");
    first.intent(&abort(1)).unwrap();
    drop(first);
    assert!(second.try_again() && !second.is_waiting());
    assert_eq!(second.read_only(), None);
    assert_eq!(second.take(&scope()).len(), 1, "what the first one did is known");
    second.intent(&abort(2)).unwrap();
    let third = Journal::open(folder.path());
    assert!(third.is_waiting(), "the second one holds it now");
    drop((second, third));
    assert_eq!(Journal::open(folder.path()).take(&scope()).len(), 2);
}

#[test]
fn looking_at_a_journal_neither_locks_nor_cuts_nor_makes_it() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("journal");
    assert_eq!(Journal::look(folder.path()), Standing::Free);
    assert!(!file.exists());
    Journal::open(folder.path()).intent(&abort(1)).unwrap();
    let mut torn = fs::read(&file).unwrap();
    torn.truncate(torn.len() - 3);
    fs::write(&file, &torn).unwrap();
    let nobody = Journal::look(folder.path());
    // In a container nobody can tell.
    assert!(matches!(nobody, Standing::Free | Standing::Unknown(_)), "{nobody:?}");
    assert_eq!(fs::read(&file).unwrap(), torn, "the torn end is left for who writes");
    let held = Journal::open(folder.path());
    if cfg!(target_os = "linux") {
        assert_eq!(Journal::look(folder.path()), Standing::Held(std::process::id()));
    }
    assert_eq!(held.read_only(), None);
    drop(held);
    fs::set_permissions(&file, fs::Permissions::from_mode(0o666)).unwrap();
    assert!(matches!(Journal::look(folder.path()), Standing::Unusable(_)));
}

#[test]
fn only_its_owner_may_read_it_and_no_link_is_followed() {
    let folder = tempfile::tempdir().unwrap();
    let inside = folder.path().join("state/journal");
    Journal::open(&inside).intent(&abort(1)).unwrap();
    let mode = |path: &std::path::Path| fs::metadata(path).unwrap().permissions().mode() & 0o777;
    assert_eq!((mode(&inside), mode(&inside.join("journal"))), (0o700, 0o600));

    let elsewhere = folder.path().join("elsewhere");
    fs::write(&elsewhere, "").unwrap();
    let linked = folder.path().join("linked");
    fs::create_dir(&linked).unwrap();
    symlink(&elsewhere, linked.join("journal")).unwrap();
    let journal = Journal::open(&linked);
    assert!(journal.read_only().is_some());
    assert!(journal.intent(&abort(1)).is_err());
    assert_eq!(fs::read(&elsewhere).unwrap(), b"");
}

#[test]
fn a_journal_that_others_can_write_is_refused() {
    let folder = tempfile::tempdir().unwrap();
    Journal::open(folder.path()).intent(&abort(1)).unwrap();
    let file = folder.path().join("journal");
    for (path, open, closed, what) in [(folder.path(), 0o770, 0o700, "the folder"), (&file, 0o606, 0o600, "the file")] {
        fs::set_permissions(path, fs::Permissions::from_mode(open)).unwrap();
        let journal = Journal::open(folder.path());
        let why = journal.read_only().expect("others can write there");
        let told = format!("others can write to {what}, mode {open:o}: chmod go-w it");
        assert!(why.as_str().contains(&told), "{why:?}");
        assert!(journal.intent(&abort(2)).is_err());
        fs::set_permissions(path, fs::Permissions::from_mode(closed)).unwrap();
        assert_eq!(Journal::open(folder.path()).read_only(), None);
    }
}

/// A disk that keeps what it is given.
#[derive(Clone, Default)]
struct Memory(Arc<Mutex<Vec<u8>>>);

impl Store for Memory {
    fn reserve(&mut self) -> io::Result<()> {
        Ok(())
    }

    fn append(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0.lock().unwrap().extend_from_slice(bytes);
        Ok(bytes.len())
    }

    fn sync(&mut self) -> io::Result<()> {
        Ok(())
    }
}

#[test]
fn of_a_long_journal_the_newest_thousand_and_all_that_is_open_come_back() {
    let memory = Memory::default();
    let journal = Journal::over(Box::new(memory.clone()), &[]);
    let at = abort(0).started;
    for number in 0..5_000 {
        let operation = abort(number);
        journal.intent(&operation).unwrap();
        match number {
            7 => {}
            1_999 => journal.outcome(&operation.id, &Outcome::Accepted, at).unwrap(),
            _ => journal.outcome(&operation.id, &Outcome::Observed, at).unwrap(),
        }
    }
    // An end that comes late still finds its operation.
    journal.outcome(&abort(1_999).id, &Outcome::Unknown { message: Safe::of("?") }, at).unwrap();
    assert_eq!(journal.take(&scope()).len(), 0, "what this run wrote is not held");
    let bytes = memory.0.lock().unwrap().clone();
    let journal = Journal::over(Box::new(Memory::default()), &bytes);
    let ids: Vec<_> = journal.take(&scope()).into_iter().map(|operation| (operation.id, operation.outcome)).collect();
    assert_eq!(ids.len(), 1_002);
    assert_eq!((&ids[0].0, ids[0].1.as_str()), (&abort(7).id, "unknown"));
    assert_eq!((&ids[1].0, ids[1].1.as_str()), (&abort(1_999).id, "unknown"));
    assert_eq!((&ids[2].0, &ids[1_001].0), (&abort(4_000).id, &abort(4_999).id));
    assert_eq!(journal.take(&scope()), [], "given away once");
}

#[test]
fn a_folder_that_cannot_be_made_is_said() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("file");
    fs::write(&file, "").unwrap();
    let journal = Journal::open(&file.join("journal"));
    assert!(journal.read_only().unwrap().as_str().contains("cannot be opened"));
}
