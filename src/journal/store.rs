//! The file under the journal, behind a trait so that a test can make every call of it fail.

use std::fs::{DirBuilder, File, Metadata, OpenOptions, TryLockError};
use std::io::{self, Read as _, Seek as _, Write as _};
use std::os::unix::fs::{DirBuilderExt as _, MetadataExt as _, OpenOptionsExt as _};
use std::path::{Path, PathBuf};

use rustix::fs::OFlags;

/// Kept free beyond the end, so that a full disk is met before a send and not after it.
#[cfg(target_os = "linux")]
const RESERVE: u64 = 1 << 20;
const FILE: &str = "journal";

/// Where records go.
pub trait Store: Send {
    /// Makes sure that what is appended now is what the next start reads.
    fn find(&mut self) -> io::Result<()> {
        Ok(())
    }
    /// Makes sure of room for the next records, where the file system can.
    fn reserve(&mut self) -> io::Result<()>;
    /// Appends some of the bytes; says how many.
    fn append(&mut self, bytes: &[u8]) -> io::Result<usize>;
    /// Returns when what was appended is on the disk.
    fn sync(&mut self) -> io::Result<()>;
}

/// A journal on a disk, locked for as long as it is open.
#[derive(Debug)]
pub(super) struct Disk {
    pub(super) file: File,
    pub(super) folder: PathBuf,
    /// How long the file is: nobody else writes into it.
    pub(super) end: u64,
}

/// What opening found.
pub(super) struct Opened {
    pub(super) disk: Disk,
    pub(super) bytes: Vec<u8>,
    /// Another instance holds the lock: reading only.
    pub(super) locked: bool,
}

impl Drop for Disk {
    fn drop(&mut self) {
        // Closing would do, but for a process that is being started this moment and still has a copy.
        let _ = self.file.unlock();
    }
}

impl Disk {
    /// Opens or creates the file in a folder that only its owner may enter, and reads it.
    pub(super) fn open(folder: &Path) -> io::Result<Opened> {
        make(folder)?;
        let path = file(folder);
        let created = !path.exists();
        let mut file = how().create(true).open(&path)?;
        check(&file.metadata()?, "the file")?;
        let locked = match file.try_lock() {
            Ok(()) => false,
            Err(TryLockError::WouldBlock) => true,
            Err(TryLockError::Error(error)) => return Err(error),
        };
        if created && !locked {
            file.sync_all()?;
            // The name of a new file is on disk only when its folder is.
            File::open(folder)?.sync_all()?;
        }
        let mut bytes = Vec::new();
        file.read_to_end(&mut bytes)?;
        let disk = Self { file, folder: folder.to_owned(), end: bytes.len() as u64 };
        Ok(Opened { disk, bytes, locked })
    }

    /// All that is in the file, wherever its name is now.
    pub(super) fn bytes(&mut self) -> io::Result<Vec<u8>> {
        let mut bytes = Vec::new();
        self.file.seek(io::SeekFrom::Start(0))?;
        self.file.read_to_end(&mut bytes)?;
        Ok(bytes)
    }

    /// What a journal holds, without locking or creating anything; nothing where there is none.
    pub(super) fn read(folder: &Path) -> io::Result<Vec<u8>> {
        match std::fs::read(folder.join(FILE)) {
            Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(Vec::new()),
            read => read,
        }
    }

    /// Cuts off what a stopped write left behind.
    pub(super) fn cut(&mut self, length: u64) -> io::Result<()> {
        self.file.set_len(length)?;
        self.end = length;
        self.file.sync_all()
    }
}

/// The folder, which only its owner may enter.
pub(super) fn make(folder: &Path) -> io::Result<()> {
    DirBuilder::new().recursive(true).mode(0o700).create(folder)?;
    check(&std::fs::metadata(folder)?, "the folder")
}

/// How the file is opened.
pub(super) fn how() -> OpenOptions {
    let mut how = OpenOptions::new();
    how.read(true).append(true).mode(0o600).custom_flags((OFlags::NOFOLLOW | OFlags::CLOEXEC).bits() as i32);
    how
}

/// The journal's file in its folder.
pub(super) fn file(folder: &Path) -> PathBuf {
    folder.join(FILE)
}

/// Whether a record could be appended, as far as can be told without doing it.
pub(super) fn writable(folder: &Path) -> io::Result<()> {
    use rustix::fs::{Access, access};
    check(&std::fs::metadata(folder)?, "the folder")?;
    let path = file(folder);
    match path.symlink_metadata() {
        Ok(facts) if !facts.is_file() => Err(io::Error::other("it is no plain file")),
        Ok(facts) => check(&facts, "the file").and_then(|()| Ok(access(&path, Access::READ_OK | Access::WRITE_OK)?)),
        Err(error) if error.kind() == io::ErrorKind::NotFound => {
            Ok(access(folder, Access::WRITE_OK | Access::EXEC_OK)?)
        }
        Err(error) => Err(error),
    }
}

/// What stands in the journal is believed at the next start: nobody else may have written it.
fn check(found: &Metadata, what: &str) -> io::Result<()> {
    let (owner, mode) = (found.uid(), found.mode() & 0o777);
    if owner != rustix::process::geteuid().as_raw() {
        return Err(io::Error::other(format!("{what} belongs to another user, uid {owner}")));
    }
    if mode & 0o022 != 0 {
        return Err(io::Error::other(format!("others can write to {what}, mode {mode:o}: chmod go-w it")));
    }
    Ok(())
}

impl Store for Disk {
    fn find(&mut self) -> io::Result<()> {
        self.put_right()
    }

    #[cfg(target_os = "linux")]
    fn reserve(&mut self) -> io::Result<()> {
        use rustix::fs::{FallocateFlags, fallocate};
        use rustix::io::Errno;
        let end = self.file.metadata()?.len();
        match fallocate(&self.file, FallocateFlags::KEEP_SIZE, end, RESERVE) {
            // A file system that cannot promise room still can be written to.
            Ok(()) | Err(Errno::OPNOTSUPP | Errno::NOSYS | Errno::INVAL) => Ok(()),
            Err(error) => Err(error.into()),
        }
    }

    #[cfg(not(target_os = "linux"))]
    fn reserve(&mut self) -> io::Result<()> {
        Ok(())
    }

    fn append(&mut self, bytes: &[u8]) -> io::Result<usize> {
        let written = self.file.write(bytes)?;
        self.end += written as u64;
        Ok(written)
    }

    fn sync(&mut self) -> io::Result<()> {
        self.file.sync_all()
    }
}
