//! Finds and reads the files: one of the user, one upwards from the working directory.

use std::fs::File;
use std::io::{self, Read as _};
use std::os::unix::fs::MetadataExt as _;
use std::path::Path;
use std::sync::Arc;

use super::tree::{At, Faults, Origin};
use super::{Given, shown};
use crate::config::errors::quote;

/// A configuration is a page of text; what is longer is another file.
pub(super) const LARGEST: u64 = 1 << 20;

type Text = (Arc<Origin>, String);

/// `--config`, which must be there, else `config.yaml` of the user's folder, which may be.
pub(super) fn main(given: Given, faults: &mut Faults) -> Option<Text> {
    if let Some(path) = given.file {
        return open(path, 0, faults);
    }
    let path = given.folder?.join("config.yaml");
    exists(&path).then(|| open(&path, 0, faults)).flatten()
}

/// Of a file in a working directory; of the user's own it is 0.
pub(super) const LOCAL: usize = 1;

/// The nearest `.quarterdeck.yaml` upwards from the working directory. One of another user is not
/// read: in a shared folder anybody could lay one in everybody's way.
pub(super) fn local(given: Given, warnings: &mut Faults, faults: &mut Faults) -> Option<Text> {
    let path = given.working?.ancestors().map(|folder| folder.join(".quarterdeck.yaml")).find(|path| exists(path))?;
    let owner = path.symlink_metadata().map(|facts| facts.uid());
    let own = rustix::process::geteuid().as_raw();
    if owner.is_ok_and(|owner| owner != own && owner != 0) {
        let origin = Arc::new(Origin { name: shown(&path), folder: Path::new("").to_path_buf(), rank: LOCAL });
        let at = At { origin, line: 0, column: 0 };
        warnings.tell(&at, "belongs to another user and is not read".to_owned(), None);
        return None;
    }
    open(&path, LOCAL, faults)
}

/// Also a link that leads nowhere is there: the person who made it wants to know.
fn exists(path: &Path) -> bool {
    path.symlink_metadata().is_ok()
}

fn open(path: &Path, rank: usize, faults: &mut Faults) -> Option<Text> {
    let folder = path.parent().unwrap_or(Path::new("")).to_path_buf();
    let origin = Arc::new(Origin { name: shown(path), folder, rank });
    match read(path) {
        Ok(text) => Some((origin, text)),
        Err(why) => {
            let at = At { origin, line: 0, column: 0 };
            faults.tell(&at, format!("cannot be read: {why}"), None);
            None
        }
    }
}

/// The text of a plain file of a sensible length, or why there is none.
pub(super) fn read(path: &Path) -> Result<String, String> {
    let told = |error: io::Error| quote(&error.to_string());
    // Opening a pipe would wait for whoever writes into it.
    if !path.metadata().map_err(told)?.is_file() {
        return Err("it is no plain file".to_owned());
    }
    let mut bytes = Vec::new();
    File::open(path).and_then(|file| file.take(LARGEST + 1).read_to_end(&mut bytes)).map_err(told)?;
    if bytes.len() as u64 > LARGEST {
        return Err("it is larger than 1 MiB".to_owned());
    }
    String::from_utf8(bytes).map_err(|error| format!("byte {} is not UTF-8", error.utf8_error().valid_up_to() + 1))
}
