//! The folder that an image is built from: looked through once for the dialog, packed when it is sent.
//! Nothing of it lies in memory but the piece that leaves.

use std::collections::BTreeMap;
use std::fs::{self, File};
use std::io::{self, Read as _};
use std::path::{Path, PathBuf};
use std::time::Duration;

use bytes::Bytes;
use tokio::sync::mpsc;

use super::tar::{self, Kind};
use crate::model::Name;
use crate::model::builds::{BuildPlan, CatalogueImage};
use crate::model::dockerfile;
use crate::model::dockerignore::Ignored;
use crate::net;
use crate::safe;
use crate::text::{Safe, bytes, count};

/// Files of a context; with more there is something in it that nobody wants to send.
const MOST_FILES: u64 = 100_000;
/// Bytes of a context, and of one file, which is as much as the archive can say.
const MOST_BYTES: u64 = 8 << 30;
/// Of a Dockerfile and of `.dockerignore`.
const TEXT: u64 = 1 << 20;
/// Sent at a time; so many wait for the engine.
const PIECE: usize = 64 << 10;
const WAITING: usize = 4;
/// git answers at once, or its folder lies on a disk that does not.
const GIT: Duration = Duration::from_secs(10);

/// Looks through the folder of an image, or says why it cannot be built here.
pub(super) async fn read(entry: CatalogueImage, working: Option<PathBuf>) -> Result<BuildPlan, Safe> {
    let clone = entry.clone.clone().or(working).ok_or_else(|| Safe::of("there is no folder to build from"))?;
    let folder = clone.join(&entry.folder);
    let shown = Safe::identity(&folder.display().to_string());
    let (revision, no_revision) = revision(&folder).await;
    let looked = tokio::task::spawn_blocking(move || look(&entry, folder));
    let mut plan = looked.await.map_err(|_| Safe::of("the folder could not be looked through"))??;
    (plan.shown, plan.revision, plan.no_revision) = (shown, revision, no_revision);
    Ok(plan)
}

fn look(entry: &CatalogueImage, folder: PathBuf) -> Result<BuildPlan, Safe> {
    let shown = Safe::identity(&folder.display().to_string());
    if !folder.is_dir() {
        let hint = "clone the repository and name its folder: path: in images of config.yaml";
        return Err(safe!("{} is no folder of this machine; {}", shown, hint));
    }
    let file = folder.join(&entry.dockerfile);
    let text = text_of(&file).map_err(|error| {
        safe!("{} cannot be read: {}", Safe::identity(&file.display().to_string()), Safe::line(&error.to_string()))
    })?;
    let buildkit = dockerfile::needs_buildkit(&text);
    if !buildkit.is_empty() {
        let what = Safe::join(buildkit.iter().take(3), ", ");
        return Err(safe!(
            "its Dockerfile needs BuildKit ({}), and the engine's classic builder would fail on it: docker buildx build",
            what
        ));
    }
    let mut walked = Walked::default();
    walk(&folder, &entry.dockerfile, &mut |row| walked.take(&row))
        .map_err(|error| safe!("{}: {}", shown, Safe::line(&error.to_string())))?;
    Ok(BuildPlan {
        image: Name::new(&format!("{}:{}", entry.image.raw(), entry.tag.raw())),
        shown,
        folder,
        dockerfile: entry.dockerfile.clone(),
        files: walked.files,
        bytes: walked.bytes,
        ignored: walked.ignored,
        revision: None,
        no_revision: Safe::of(""),
        bases: dockerfile::bases(&text),
    })
}

/// The commit of the folder, when nothing in it was changed since; else why there is none.
async fn revision(folder: &Path) -> (Option<Safe>, Safe) {
    let at = folder.display().to_string();
    // A clone may name a program that watches it: it is not run.
    let git = ["git", "-c", "core.fsmonitor=false", "-C", &at];
    let asked = |rest: &[&'static str]| {
        let words: Vec<String> = git.iter().chain(rest).map(|word| (*word).to_owned()).collect();
        async move {
            let words: Vec<&str> = words.iter().map(String::as_str).collect();
            net::answered(&words, GIT).await
        }
    };
    let changed = match asked(&["status", "--porcelain", "--", "."]).await {
        Ok(printed) => !printed.is_empty(),
        Err(_) => return (None, Safe::of("the folder is in no clone that git can read")),
    };
    if changed {
        return (None, Safe::of("the folder has changes that are not committed"));
    }
    match asked(&["rev-parse", "--verify", "HEAD"]).await {
        Ok(printed) => {
            let sha = String::from_utf8_lossy(&printed).trim().to_owned();
            let sound = sha.len() >= 40 && sha.bytes().all(|byte| byte.is_ascii_hexdigit());
            (sound.then(|| Safe::line(&sha)), Safe::of("git names no commit"))
        }
        Err(_) => (None, Safe::of("the clone has no commit yet")),
    }
}

fn text_of(path: &Path) -> io::Result<String> {
    if !fs::metadata(path)?.is_file() {
        return Err(io::Error::other("it is no file"));
    }
    let mut text = Vec::new();
    File::open(path)?.take(TEXT + 1).read_to_end(&mut text)?;
    if text.len() as u64 > TEXT {
        return Err(io::Error::other("it is larger than 1 MiB"));
    }
    Ok(String::from_utf8_lossy(&text).into_owned())
}

/// Something in the folder: its path in the archive, and what it is.
struct Entry {
    name: String,
    path: PathBuf,
    meta: fs::Metadata,
    ignored: bool,
}

#[derive(Default)]
struct Walked {
    files: u64,
    bytes: u64,
    ignored: u64,
}

impl Walked {
    fn take(&mut self, row: &Entry) -> io::Result<()> {
        if row.ignored {
            // A folder of which nothing is sent counts once: it is not walked.
            self.ignored += 1;
            return Ok(());
        }
        if !row.meta.is_dir() {
            self.files += 1;
            self.bytes += if row.meta.is_file() { row.meta.len() } else { 0 };
        }
        if self.files > MOST_FILES || self.bytes > MOST_BYTES {
            let (files, size) = (count(self.files), bytes(self.bytes));
            let text = safe!("more than {} files or {} would be sent; write a .dockerignore", files, size);
            return Err(io::Error::other(text.as_str().to_owned()));
        }
        Ok(())
    }
}

/// Walks the folder in the order of names, so that the same folder is always packed alike. Links are not
/// followed. The Dockerfile and `.dockerignore` are sent in any case, as Docker does.
fn walk(folder: &Path, dockerfile: &str, take: &mut impl FnMut(Entry) -> io::Result<()>) -> io::Result<()> {
    let ignored = match text_of(&folder.join(".dockerignore")) {
        Ok(text) => Ignored::parse(&text),
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ignored::default(),
        Err(error) => return Err(error),
    };
    let mut open: Vec<(String, PathBuf)> = vec![(String::new(), folder.to_path_buf())];
    while let Some((prefix, folder)) = open.pop() {
        let mut below: BTreeMap<String, PathBuf> = BTreeMap::new();
        for entry in fs::read_dir(&folder)? {
            let entry = entry?;
            let name = entry.file_name().into_string().map_err(|name| {
                io::Error::other(format!("{} has a name that is no UTF-8", Path::new(&name).display()))
            })?;
            below.insert(format!("{prefix}{name}"), entry.path());
        }
        let mut folders = Vec::new();
        for (name, path) in below {
            let meta = fs::symlink_metadata(&path)?;
            let kept = name == dockerfile || name == ".dockerignore";
            let out = ignored.leaves_out(&name) && !kept;
            // A socket or a device has no content that could be sent.
            let sendable = meta.is_file() || meta.is_dir() || meta.is_symlink();
            let holds_it = meta.is_dir() && dockerfile.starts_with(&format!("{name}/"));
            if meta.is_dir() && (holds_it || !ignored.leaves_out_all(&name)) {
                folders.push((format!("{name}/"), path.clone()));
            }
            take(Entry { name, path, meta, ignored: out || !sendable })?;
        }
        open.extend(folders.into_iter().rev());
    }
    Ok(())
}

/// Packs the folder while it is sent: a slow engine makes it wait.
pub(super) fn pack(plan: &BuildPlan) -> net::Context {
    let (tx, rx) = mpsc::channel(WAITING);
    let (folder, dockerfile) = (plan.folder.clone(), plan.dockerfile.clone());
    tokio::task::spawn_blocking(move || {
        let mut out = Out { tx, held: Vec::with_capacity(PIECE) };
        let packed = walk(&folder, &dockerfile, &mut |row| out.entry(&row)).and_then(|()| {
            out.write(&tar::end())?;
            out.flush()
        });
        if let Err(error) = packed {
            // The build may be over meanwhile.
            let _ = out.tx.blocking_send(Err(error.to_string()));
        }
    });
    rx
}

struct Out {
    tx: mpsc::Sender<Result<Bytes, String>>,
    held: Vec<u8>,
}

impl Out {
    fn entry(&mut self, row: &Entry) -> io::Result<()> {
        if row.ignored {
            return Ok(());
        }
        if row.meta.is_symlink() {
            let to = fs::read_link(&row.path)?;
            let to = to.to_str().ok_or_else(|| io::Error::other("a link leads to a name that is no UTF-8"))?;
            return self.write(&tar::header(&row.name, Kind::Link { to }));
        }
        if row.meta.is_dir() {
            return self.write(&tar::header(&format!("{}/", row.name), Kind::Folder));
        }
        let size = row.meta.len();
        self.write(&tar::header(&row.name, Kind::File { size, runs: runs(&row.meta) }))?;
        let mut file = File::open(&row.path)?.take(size);
        let mut piece = vec![0; PIECE];
        let mut left = size;
        while left > 0 {
            let read = file.read(&mut piece)?;
            if read == 0 {
                return Err(io::Error::other(format!("{} became shorter while it was read", row.name)));
            }
            self.write(&piece[..read])?;
            left -= read as u64;
        }
        self.write(&tar::padding(size))
    }

    fn write(&mut self, bytes: &[u8]) -> io::Result<()> {
        self.held.extend_from_slice(bytes);
        if self.held.len() >= PIECE { self.flush() } else { Ok(()) }
    }

    fn flush(&mut self) -> io::Result<()> {
        let piece = Bytes::from(std::mem::replace(&mut self.held, Vec::with_capacity(PIECE)));
        self.tx.blocking_send(Ok(piece)).map_err(|_| io::Error::other("nobody reads it any more"))
    }
}

fn runs(meta: &fs::Metadata) -> bool {
    use std::os::unix::fs::PermissionsExt as _;
    meta.permissions().mode() & 0o111 != 0
}
