//! Drift read with the program `git`, from a bare repository that the test makes; what happens where the
//! repository, the branch or the program is gone, or nothing answers.

use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::Duration;

use quarterdeck::model::Name;
use quarterdeck::model::gitops::{Apart, Overlay, Range};
use quarterdeck::net::{Git, GitError};
use quarterdeck::systems::git::watch::{apart, pins_of};
use quarterdeck::text::Safe;
use tempfile::TempDir;

/// A bare repository and a clone in which commits are made.
struct Repository {
    home: TempDir,
}

impl Repository {
    fn new() -> Self {
        let it = Self { home: tempfile::tempdir().unwrap() };
        Self::git(it.home.path(), &["init", "--quiet", "--bare", "--initial-branch=main", "gitops.git"]);
        Self::git(it.home.path(), &["init", "--quiet", "--initial-branch=main", "work"]);
        it.work(&["remote", "add", "origin", it.bare().to_str().unwrap()]);
        it
    }

    fn bare(&self) -> PathBuf {
        self.home.path().join("gitops.git")
    }

    fn cache(&self) -> Git {
        Git::new(self.home.path().join("cache"))
    }

    fn git(folder: &Path, words: &[&str]) -> String {
        let mut command = Command::new("git");
        command.current_dir(folder).args([
            "-c",
            "user.name=ana",
            "-c",
            "user.email=ana@shop.example",
            "-c",
            "commit.gpgsign=false",
        ]);
        command.env("GIT_CONFIG_GLOBAL", "/dev/null").env("GIT_CONFIG_NOSYSTEM", "1");
        let out = command.args(words).output().expect("git is installed");
        assert!(out.status.success(), "{words:?}: {}", String::from_utf8_lossy(&out.stderr));
        String::from_utf8_lossy(&out.stdout).trim().to_owned()
    }

    fn work(&self, words: &[&str]) -> String {
        Self::git(&self.home.path().join("work"), words)
    }

    /// Commits a file and pushes it; the commit.
    fn commit(&self, path: &str, text: &str) -> String {
        let file = self.home.path().join("work").join(path);
        std::fs::create_dir_all(file.parent().unwrap()).unwrap();
        std::fs::write(file, text).unwrap();
        self.work(&["add", "-A"]);
        self.work(&["commit", "--quiet", "-m", path]);
        self.work(&["push", "--quiet", "origin", "HEAD"]);
        self.work(&["rev-parse", "HEAD"])
    }

    fn overlay(&self, branch: Option<&str>) -> Overlay {
        let repository = Name::new(self.bare().to_str().unwrap());
        Overlay { repository, path: Name::new("k8s/overlays/prod"), branch: branch.map(Name::new) }
    }

    fn range(&self, base: &str, head: &str) -> Range {
        Range { repository: Name::new(self.bare().to_str().unwrap()), base: Safe::line(base), head: Safe::line(head) }
    }
}

const FILE: &str = "k8s/overlays/prod/kustomization.yaml";

fn pinned(tag: &str) -> String {
    format!("images: [{{ name: shop/web, newTag: {tag} }}]\n")
}

async fn tag(git: &Git, overlay: &Overlay) -> String {
    let pins = pins_of(git, overlay).await.map_err(|why| why.as_str().to_owned()).expect("its pins");
    pins.images[0].tag.as_ref().expect("a tag").as_str().to_owned()
}

#[tokio::test]
async fn what_an_overlay_pins_and_how_two_commits_stand_is_read_from_a_bare_repository() {
    let (repository, url) = (Repository::new(), |it: &Repository| it.bare().to_str().unwrap().to_owned());
    let base = repository.commit(FILE, &pinned("1.4.2"));
    let git = repository.cache();
    git.fetch(&url(&repository)).await.expect("a clone");
    let overlay = repository.overlay(None);
    assert!(overlay.is_plain());
    assert_eq!(tag(&git, &overlay).await, "1.4.2");

    repository.commit("db/migrations/0042_vat.sql", "ALTER TABLE x");
    repository.commit("docs/migrations.md", "none");
    let head = repository.commit(FILE, &pinned("1.5.0"));
    assert_eq!(tag(&git, &overlay).await, "1.4.2", "nothing was fetched since");
    git.fetch(&url(&repository)).await.expect("what came since");
    assert_eq!(tag(&git, &repository.overlay(Some("main"))).await, "1.5.0");

    let after = Apart::After { commits: 3, migrations: 1, whole: true };
    assert_eq!(apart(&git, &repository.range(&base, &head)).await, Ok(after));
    assert_eq!(apart(&git, &repository.range(&head, &base)).await, Ok(Apart::Before { commits: 3 }));
    assert_eq!(apart(&git, &repository.range(&base, &base[..9])).await, Ok(Apart::Same));
    repository.work(&["checkout", "--quiet", "-b", "side", &base]);
    let side = repository.commit("README.md", "beside");
    git.fetch(&url(&repository)).await.expect("the branch");
    assert_eq!(apart(&git, &repository.range(&side, &head)).await, Ok(Apart::Diverged { after: 3, before: 1 }));
    assert_eq!(tag(&git, &repository.overlay(Some("side"))).await, "1.4.2");
}

#[tokio::test]
async fn what_is_gone_is_said_and_nothing_is_taken_for_an_option() {
    let repository = Repository::new();
    let commit = repository.commit(FILE, &pinned("1.4.2"));
    let git = repository.cache();
    let url = repository.bare().to_str().unwrap().to_owned();
    git.fetch(&url).await.expect("a clone");
    let told = |overlay: Overlay| {
        let git = git.clone();
        async move { pins_of(&git, &overlay).await.unwrap_err().as_str().to_owned() }
    };
    let why = told(repository.overlay(Some("release"))).await;
    assert!(why.ends_with("gitops.git has no branch or tag release"), "{why}");
    let why = told(repository.overlay(Some("--output=/tmp/x"))).await;
    assert!(why.ends_with("has no branch or tag --output=/tmp/x"), "{why}");
    let why = told(Overlay { path: Name::new("elsewhere"), ..repository.overlay(None) }).await;
    assert!(why.contains("has no kustomization.yaml and no values.yaml in elsewhere"), "{why}");
    let other = "0123456789012345678901234567890123456789";
    for (base, head) in [(commit.as_str(), other), ("--all", commit.as_str()), ("HEAD", commit.as_str())] {
        let why = apart(&git, &repository.range(base, head)).await.unwrap_err();
        assert!(why.as_str().contains("does not know both"), "{base}: {}", why.as_str());
    }
    for odd in ["ext::sh -c touch% x", "http://127.0.0.1/x.git", "--upload-pack=x"] {
        let error = git.fetch(odd).await.unwrap_err();
        assert_eq!(error, GitError::Failed("it is read by https, ssh or from a folder alone".to_owned()), "{odd}");
    }

    // The repository goes away: what was read stays, and the next fetch says why.
    std::fs::rename(repository.bare(), repository.home.path().join("moved.git")).unwrap();
    let GitError::Failed(why) = git.fetch(&url).await.unwrap_err() else { panic!("in words") };
    assert!(why.starts_with("git failed") && !why.contains('\n'), "{why}");
    let elsewhere = Git::new(repository.home.path().join("other"));
    assert!(matches!(elsewhere.fetch(&url).await, Err(GitError::Failed(_))));
    let left = std::fs::read_dir(repository.home.path().join("other")).unwrap().count();
    assert_eq!(left, 0, "half a clone does not stay");
}

#[tokio::test]
async fn a_program_that_is_missing_hangs_or_asks_costs_no_more_than_its_deadline() {
    let repository = Repository::new();
    repository.commit(FILE, &pinned("1.4.2"));
    let url = repository.bare().to_str().unwrap().to_owned();
    let missing = repository.cache().with(PathBuf::from("/nonexistent/git"), Duration::from_secs(5));
    let GitError::Failed(why) = missing.fetch(&url).await.unwrap_err() else { panic!("in words") };
    assert!(why.contains("git is not installed here"), "{why}");

    // One that asks gets no terminal and no askpass; one that never answers is ended.
    let script = repository.home.path().join("git");
    let text = "#!/bin/sh\n[ \"$GIT_TERMINAL_PROMPT\" = 0 ] || exit 9\n[ -z \"$GIT_ASKPASS\" ] || exit 8\n\
        case \"$GIT_SSH_COMMAND\" in *BatchMode=yes*) ;; *) exit 7;; esac\nread answer && exit 6\nexec tail -f /dev/null\n";
    std::fs::write(&script, text).unwrap();
    std::fs::set_permissions(&script, std::os::unix::fs::PermissionsExt::from_mode(0o755)).unwrap();
    let hangs = repository.cache().with(script, Duration::from_millis(400));
    let GitError::Failed(why) = hangs.fetch(&url).await.unwrap_err() else { panic!("in words") };
    assert!(why.contains("gave no answer within 0.4 s"), "{why}");
}

#[tokio::test]
async fn hooks_and_settings_of_others_start_nothing() {
    let repository = Repository::new();
    repository.commit(FILE, &pinned("1.4.2"));
    let mark = repository.home.path().join("ran");
    let hook = repository.bare().join("hooks/post-upload-pack");
    std::fs::create_dir_all(hook.parent().unwrap()).unwrap();
    std::fs::write(&hook, format!("#!/bin/sh\ntouch {}\n", mark.display())).unwrap();
    let git = repository.cache();
    let url = repository.bare().to_str().unwrap().to_owned();
    git.fetch(&url).await.expect("a clone");
    git.fetch(&url).await.expect("again");
    let clones: Vec<PathBuf> =
        std::fs::read_dir(repository.home.path().join("cache")).unwrap().map(|it| it.unwrap().path()).collect();
    assert_eq!(clones.len(), 1, "{clones:?}");
    assert!(!clones[0].join("hooks").exists() && !mark.exists());
}
