//! The file's name may be taken from it while it is open: somebody clears the folder, a tool that copies
//! settings puts another file there. What is written then would be in no journal at all.

use std::fs::{File, TryLockError};
use std::io::{self, Write as _};
use std::os::unix::fs::MetadataExt as _;
use std::path::Path;

use super::store::{self, Disk};

/// Where the name of the open file leads.
#[derive(Debug, PartialEq, Eq)]
enum Place {
    Here,
    Gone,
    Elsewhere,
}

impl Disk {
    fn place(&self) -> io::Result<Place> {
        let open = self.file.metadata()?;
        match store::file(&self.folder).symlink_metadata() {
            Ok(named) if (named.dev(), named.ino()) == (open.dev(), open.ino()) => Ok(Place::Here),
            Ok(_) => Ok(Place::Elsewhere),
            Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(Place::Gone),
            Err(error) => Err(error),
        }
    }

    /// Before each record: the file has its name and is as long as we left it. One without a name is put
    /// back; of another one in its place nothing is taken away.
    pub(super) fn put_right(&mut self) -> io::Result<()> {
        match self.place()? {
            Place::Here if self.file.metadata()?.len() == self.end => Ok(()),
            Place::Here => Err(io::Error::other("something else has changed the file while it was open here")),
            Place::Gone => self.put_back(),
            Place::Elsewhere => self.go_over(),
        }
    }

    /// A file of the same content under the old name. It is locked before it has it, and never takes the
    /// name from another.
    fn put_back(&mut self) -> io::Result<()> {
        let bytes = self.bytes()?;
        store::make(&self.folder)?;
        let part = self.beside("part");
        let file = copy(&part, &bytes)?;
        let named = file.try_lock().map_err(io::Error::from).and_then(|()| {
            // Fails where another has made one meanwhile.
            std::fs::hard_link(&part, store::file(&self.folder))
        });
        std::fs::remove_file(&part)?;
        match named {
            Err(error) if error.kind() == io::ErrorKind::AlreadyExists => return self.go_over(),
            named => named?,
        }
        File::open(&self.folder)?.sync_all()?;
        tracing::warn!(folder = %self.folder.display(), "the journal was removed and is put back");
        self.file = file;
        Ok(())
    }

    /// The other file is ours where it holds the same (a copy moved over it) and nobody else has it.
    fn go_over(&mut self) -> io::Result<()> {
        let bytes = self.bytes()?;
        let why = match Self::open(&self.folder) {
            Ok(opened) if !opened.locked && opened.bytes == bytes => {
                *self = opened.disk;
                return Ok(());
            }
            Ok(opened) if opened.locked => "another quarterdeck has begun one in its place".to_owned(),
            Ok(_) => "another file was put in its place".to_owned(),
            Err(error) => format!("another file was put in its place, which cannot be opened: {error}"),
        };
        let kept = self.beside("kept");
        copy(&kept, &bytes)?;
        File::open(&self.folder)?.sync_all()?;
        Err(io::Error::other(format!("{why}; what this one held is kept in {}", kept.display())))
    }

    /// The lock that another instance held, and what is in the file then; `None` while it is held.
    pub(super) fn try_again(&mut self) -> Option<io::Result<Vec<u8>>> {
        match self.place() {
            Ok(Place::Elsewhere) => {}
            Ok(Place::Here | Place::Gone) => return self.lock_again(),
            Err(error) => return Some(Err(error)),
        }
        // That one is waited for from now on.
        let opened = match Self::open(&self.folder) {
            Ok(opened) => opened,
            Err(error) => return Some(Err(error)),
        };
        let free = !opened.locked;
        *self = opened.disk;
        free.then_some(Ok(opened.bytes))
    }

    fn lock_again(&mut self) -> Option<io::Result<Vec<u8>>> {
        match self.file.try_lock() {
            Ok(()) => {}
            Err(TryLockError::WouldBlock) => return None,
            Err(TryLockError::Error(error)) => return Some(Err(error)),
        }
        match self.taken() {
            // Another one that waited was quicker: it is its turn.
            Err(_) if matches!(self.place(), Ok(Place::Elsewhere)) => None,
            taken => Some(taken),
        }
    }

    /// The one that held it has ended, and may have done so without a name for its file.
    fn taken(&mut self) -> io::Result<Vec<u8>> {
        let bytes = self.bytes()?;
        self.end = bytes.len() as u64;
        self.put_right()?;
        Ok(bytes)
    }

    fn beside(&self, what: &str) -> std::path::PathBuf {
        let name = format!("journal.{what}.{}", rustix::process::getpid().as_raw_nonzero());
        self.folder.join(name)
    }
}

/// A new file with this content, on the disk. One that an earlier process of the same number left is older.
fn copy(path: &Path, bytes: &[u8]) -> io::Result<File> {
    match std::fs::remove_file(path) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(error),
        _ => {}
    }
    let mut file = store::how().create_new(true).open(path)?;
    file.write_all(bytes)?;
    file.sync_all()?;
    Ok(file)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Somebody was quicker between the look and the new name.
    #[test]
    fn a_file_that_came_meanwhile_is_gone_over_to() -> io::Result<()> {
        let folder = tempfile::tempdir()?;
        let mut disk = Disk::open(folder.path())?.disk;
        std::fs::remove_file(store::file(folder.path()))?;
        drop(Disk::open(folder.path())?);
        disk.put_back()?;
        assert_eq!(disk.place()?, Place::Here);
        Ok(())
    }
}
