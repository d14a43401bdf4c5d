//! Who holds the journal: asked of the kernel, which knows its locks. Nothing is locked for it.

use std::fs::Metadata;
use std::io;
use std::os::unix::fs::MetadataExt as _;
use std::path::Path;

/// The number of the namespace of processes in which a machine starts (`PROC_PID_INIT_INO`).
const OUTERMOST: &str = "pid:[4026531836]";

/// What the kernel tells.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Holder {
    Nobody,
    Process(u32),
    /// It does not tell, for this reason.
    Untold(String),
}

/// The process that has this file locked. Its open files are looked at too: a number of a file alone
/// is not its own on every file system.
pub(super) fn of(path: &Path) -> Holder {
    let found = path.canonicalize().and_then(|path| path.metadata().map(|facts| (path, facts)));
    let (path, facts) = match found {
        Ok(found) => found,
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Holder::Nobody,
        Err(error) => return Holder::Untold(format!("the file cannot be looked at: {error}")),
    };
    match std::fs::read_to_string("/proc/locks") {
        Ok(locks) => among(&pids(&locks, &facts), |pid| has_open(pid, &path), &namespace()),
        Err(error) => Holder::Untold(format!("/proc/locks cannot be read: {error}")),
    }
}

/// Of those that have locked a file of its number, the one that has this file open.
fn among(pids: &[u32], has_open: impl Fn(u32) -> io::Result<bool>, namespace: &str) -> Holder {
    let mut hidden = None;
    for pid in pids {
        match has_open(*pid) {
            Ok(true) => return Holder::Process(*pid),
            Ok(false) => {}
            Err(error) => hidden = Some(format!("process {pid}, which may hold it, cannot be looked at: {error}")),
        }
    }
    match hidden {
        Some(why) => Holder::Untold(why),
        None if namespace != OUTERMOST => {
            Holder::Untold("processes outside this container are not seen from here".to_owned())
        }
        None => Holder::Nobody,
    }
}

/// Locks of processes outside our own namespace are left out of `/proc/locks`.
fn namespace() -> String {
    std::fs::read_link("/proc/self/ns/pid").map(|link| link.display().to_string()).unwrap_or_default()
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

fn has_open(pid: u32, path: &Path) -> io::Result<bool> {
    let files = match std::fs::read_dir(format!("/proc/{pid}/fd")) {
        // It ended meanwhile.
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(false),
        files => files?,
    };
    Ok(files.flatten().any(|file| std::fs::read_link(file.path()).is_ok_and(|open| open == path)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nobody_is_said_to_hold_it_only_where_everybody_was_looked_at() {
        let denied = || Err(io::Error::from(io::ErrorKind::PermissionDenied));
        let has = |pid: u32| match pid {
            1 => Ok(false),
            2 => Ok(true),
            _ => denied(),
        };
        assert_eq!(among(&[], has, OUTERMOST), Holder::Nobody);
        assert_eq!(among(&[1], has, OUTERMOST), Holder::Nobody);
        assert_eq!(among(&[3, 1, 2], has, "pid:[1]"), Holder::Process(2));
        for (pids, namespace, why) in [
            (&[3, 1][..], OUTERMOST, "process 3, which may hold it, cannot be looked at"),
            (&[], "pid:[4026532281]", "outside this container"),
            (&[1], "", "outside this container"),
        ] {
            let told = among(pids, has, namespace);
            assert!(matches!(&told, Holder::Untold(said) if said.contains(why)), "{told:?}");
        }
    }
}
