//! The file's name may be taken from it while it is open: somebody clears the folder, a tool that copies
//! settings puts another file there. What is written then would be in no journal at all.

use std::fs::File;
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
        named?;
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
        if self.place().ok()? == Place::Elsewhere {
            // That one is waited for from now on.
            let opened = Self::open(&self.folder).ok()?;
            let free = !opened.locked;
            *self = opened.disk;
            return free.then_some(Ok(opened.bytes));
        }
        self.file.try_lock().ok()?;
        Some(self.taken())
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
