//! Where a log is saved, and how that is said.

use std::fs::OpenOptions;
use std::io::{self, ErrorKind, Write as _};
use std::path::{Path, PathBuf};

use crate::text::Safe;

/// Writes a new file into the first of the folders that lets it; says its whole path, or why not.
/// A file that exists is left as it is.
pub(super) fn into_first(folders: &[PathBuf], name: &Path, bytes: &[u8]) -> Result<Safe, Safe> {
    let home = std::env::home_dir();
    let mut failed = Safe::of("there is no working directory");
    for folder in folders {
        let path = folder.join(name);
        let shown = short(&path, home.as_deref());
        match write_new(&path, bytes) {
            Ok(()) => return Ok(Safe::identity(&shown)),
            Err(error) => {
                failed = Safe::line(&format!("{shown}: {error}"));
                if !is_the_folders_fault(&error) {
                    break;
                }
            }
        }
    }
    Err(failed)
}

fn is_the_folders_fault(error: &io::Error) -> bool {
    matches!(error.kind(), ErrorKind::PermissionDenied | ErrorKind::ReadOnlyFilesystem | ErrorKind::NotFound)
}

/// The path with the home folder as `~`.
fn short(path: &Path, home: Option<&Path>) -> String {
    match home.filter(|home| home.components().count() > 1).and_then(|home| path.strip_prefix(home).ok()) {
        Some(rest) => format!("~/{}", rest.display()),
        None => path.display().to_string(),
    }
}

fn write_new(path: &Path, bytes: &[u8]) -> io::Result<()> {
    OpenOptions::new().write(true).create_new(true).open(path)?.write_all(bytes)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_first_folder_that_can_be_written_gets_the_file() {
        let folder = tempfile::tempdir().unwrap();
        let gone = folder.path().join("gone");
        let folders = [gone, folder.path().to_owned()];
        let said = into_first(&folders, Path::new("a.log"), b"text").unwrap();
        assert!(said.as_str().ends_with("/a.log"), "the whole path: {said:?}");
        assert_eq!(std::fs::read(folder.path().join("a.log")).unwrap(), b"text");
    }

    #[test]
    fn a_file_that_exists_is_left_as_it_is() {
        let (first, second) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
        std::fs::write(first.path().join("a.log"), "mine").unwrap();
        let folders = [first.path().to_owned(), second.path().to_owned()];
        assert!(into_first(&folders, Path::new("a.log"), b"text").is_err());
        assert_eq!(std::fs::read(first.path().join("a.log")).unwrap(), b"mine");
        assert!(!second.path().join("a.log").exists());
    }

    #[test]
    fn the_home_folder_is_a_tilde() {
        let home = Some(Path::new("/home/ana"));
        assert_eq!(short(Path::new("/home/ana/x/a.log"), home), "~/x/a.log");
        assert_eq!(short(Path::new("/home/anabel/a.log"), home), "/home/anabel/a.log");
        assert_eq!(short(Path::new("/a.log"), Some(Path::new("/"))), "/a.log");
    }
}
