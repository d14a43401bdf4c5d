//! Who holds the journal: asked of the kernel, which knows its locks. Nothing is locked for it.

use std::fs::Metadata;
use std::os::unix::fs::MetadataExt as _;
use std::path::Path;

/// The process that has this file locked, if the kernel tells. Its open files are looked at too: a
/// number of a file alone is not its own on every file system.
pub(super) fn of(path: &Path) -> Option<u32> {
    let (path, facts) = (path.canonicalize().ok()?, path.metadata().ok()?);
    let locks = std::fs::read_to_string("/proc/locks").ok()?;
    pids(&locks, &facts).into_iter().find(|pid| has_open(*pid, &path))
}

/// Of lines like `7: FLOCK  ADVISORY  WRITE 4242 fe:00:1835021 0 EOF`.
fn pids(locks: &str, facts: &Metadata) -> Vec<u32> {
    let inode = facts.ino().to_string();
    let of_line = |line: &str| {
        // Who waits for it is marked with an arrow and holds nothing.
        let words: Vec<&str> = line.split_whitespace().collect();
        let [_, "FLOCK", _, _, pid, place, ..] = words[..] else { return None };
        (place.rsplit(':').next() == Some(inode.as_str())).then(|| pid.parse().ok()).flatten()
    };
    locks.lines().filter_map(of_line).collect()
}

fn has_open(pid: u32, path: &Path) -> bool {
    let Ok(files) = std::fs::read_dir(format!("/proc/{pid}/fd")) else { return false };
    files.flatten().any(|file| std::fs::read_link(file.path()).is_ok_and(|open| open == path))
}
