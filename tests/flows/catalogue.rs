//! Images that are built from folders: which is stale, and one that is built here and pushed because the
//! workflow cannot.

use std::path::Path;
use std::process::Command as Program;
use std::sync::Arc;

use quarterdeck::app::{self, Headless};
use quarterdeck::command::{Command, Key, KeyCode};
use quarterdeck::demo::Options;
use quarterdeck::model::Kind;
use quarterdeck::model::images::Image;
use quarterdeck::model::scope::Settings;
use quarterdeck::state::catalogue::{self, Standing};
use quarterdeck::state::form;
use quarterdeck::state::ui::{ListId, Overlay, Place, RowId};
use tempfile::TempDir;

use super::harness::Story;
use super::steps::{highlight, wait_for};

const PYTHON: &str = "ghcr.io/shop/python-base";

fn image(console: &Headless, repository: &str) -> Option<Arc<Image>> {
    let rows = console.state().world.images.rows();
    rows.iter().find(|image| image.repository().raw() == repository && image.meta.name.raw() == "latest").cloned()
}

fn standing(console: &Headless, repository: &str) -> Option<Standing> {
    catalogue::standing(console.state(), &*image(console, repository)?)
}

/// The catalogue of the world, its repository cloned in this folder.
async fn open(clone: Option<&Path>) -> Story {
    let options = Options { scenario: "missing-arm64".to_owned(), held: true, ..Options::default() };
    let clone = clone.map(Path::to_path_buf);
    let mut story = Story::with(options, move |demo| {
        let mut settings: Settings = app::settings_of(demo);
        settings.catalogue.iter_mut().for_each(|entry| entry.clone.clone_from(&clone));
        Arc::new(settings)
    })
    .await;
    assert!(story.console.press(Command::ShowPipelines));
    assert!(story.console.press(Command::Images));
    wait_for(&mut story, "the folder to be compared", |console| {
        matches!(standing(console, PYTHON), Some(Standing::Stale { .. } | Standing::Current(_)))
    })
    .await;
    story
}

/// Rows come and go while the registry is read: the way is looked for again after each step.
async fn choose(story: &mut Story, repository: &str) {
    let wanted = RowId::Object(image(&story.console, repository).expect("the image").id());
    highlight(story, &ListId::Place(Place::Images), |_, row| *row == wanted).await;
}

/// A clone with the folder of the image and this Dockerfile, committed.
fn clone(dockerfile: &str) -> TempDir {
    let folder = TempDir::new().unwrap();
    let python = folder.path().join("python");
    std::fs::create_dir_all(python.join("tests")).unwrap();
    std::fs::write(python.join("Dockerfile"), dockerfile).unwrap();
    std::fs::write(python.join(".dockerignore"), "tests\n").unwrap();
    std::fs::write(python.join("requirements.txt"), "pip==24.3.1\n").unwrap();
    std::fs::write(python.join("tests/test_pip.py"), "").unwrap();
    for words in [
        &["init", "-q"][..],
        &["add", "."],
        &["-c", "user.name=ana", "-c", "user.email=ana@shop.example", "commit", "-q", "-m", "Update pip"],
    ] {
        let done = Program::new("git").arg("-C").arg(folder.path()).args(words).output().unwrap();
        assert!(done.status.success(), "git {words:?}: {}", String::from_utf8_lossy(&done.stderr));
    }
    folder
}

fn outcome(console: &Headless) -> (&'static str, String) {
    let last = console.state().operations.last();
    last.map_or(("none", String::new()), |operation| {
        (operation.action.change.verb().as_str(), operation.outcome.as_str().to_owned())
    })
}

async fn build(story: &mut Story) {
    choose(story, PYTHON).await;
    assert!(story.console.press(Command::BuildImage), "build has a key here");
    wait_for(story, "the dialog", |console| matches!(console.state().ui.overlay, Some(Overlay::Confirm(_)))).await;
}

#[tokio::test]
async fn an_image_whose_folder_was_changed_is_stale_and_says_by_what() {
    let mut story = open(None).await;
    assert!(matches!(standing(&story.console, PYTHON), Some(Standing::Stale { later: 1, .. })));
    let node = "ghcr.io/shop/node-base";
    wait_for(&mut story, "the other one", |console| matches!(standing(console, node), Some(Standing::Current(_))))
        .await;
    story.until("the stale row", |screen| screen.contains("stale")).await;
    choose(&mut story, PYTHON).await;
    assert!(story.console.press(Command::Open));
    story.until("its page", |screen| screen.contains("changed since it was built")).await;
    let screen = story.console.screen();
    for wanted in ["folder python of shop/images", "Update pip to 24.3.1", "1 commit later", "2d ago"] {
        assert!(screen.contains(wanted), "{wanted}:\n{screen}");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_stale_image_is_rebuilt_by_its_workflow() {
    let mut story = open(None).await;
    choose(&mut story, PYTHON).await;
    assert!(story.console.press(Command::DispatchWorkflow), "its workflow has a key here");
    story.until("the form", |screen| screen.contains("rebuild-base")).await;
    let last = |console: &Headless| form::open(console.state()).map(|form| (form.at, form.rows() - 1));
    wait_for(&mut story, "what it asks for", |console| {
        form::open(console.state()).is_some_and(|form| console.state().world.details.workflow(&form.wanted()).is_some())
    })
    .await;
    while last(&story.console).is_some_and(|(at, last)| at != last) {
        let now = last(&story.console);
        story.console.key(Key::plain(KeyCode::Tab));
        wait_for(&mut story, "the next row", |console| last(console) != now).await;
    }
    story.console.key(Key::plain(KeyCode::Enter));
    wait_for(&mut story, "the dialog", |console| matches!(console.state().ui.overlay, Some(Overlay::Confirm(_)))).await;
    assert!(story.console.screen().contains("shop/images"), "{}", story.console.screen());
    story.console.confirm().await.unwrap_or_else(|lost| panic!("{lost}"));
    wait_for(&mut story, "it to be observed", |console| outcome(console) == ("trigger", "observed".to_owned())).await;
    // It builds and pushes; the registry has another image then, of the newest commit.
    story.advance(10 * 60);
    assert!(story.console.press(Command::Refresh));
    wait_for(&mut story, "the image to be current", |console| {
        matches!(standing(console, PYTHON), Some(Standing::Current(_)))
    })
    .await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_stale_image_is_built_here_and_pushed() {
    let folder = clone("FROM debian:12-slim\nRUN apt-get install -y python3\nCOPY requirements.txt /\n");
    let mut story = open(Some(folder.path())).await;
    build(&mut story).await;
    let screen = story.console.screen();
    for wanted in ["3 files", "1 file or folder left out by .dockerignore", "debian:12-slim", "by the classic builder"]
    {
        assert!(screen.contains(wanted), "{wanted}:\n{screen}");
    }
    story.console.confirm().await.unwrap_or_else(|lost| panic!("{lost}"));
    // Its progress is what is looked at now.
    story.until("its log", |screen| screen.contains("Step 2/3 : RUN apt-get install -y python3")).await;
    wait_for(&mut story, "it to be observed", |console| outcome(console) == ("build", "observed".to_owned())).await;
    story.until("its end", |screen| screen.contains("Successfully tagged")).await;
    assert!(matches!(&story.console.state().ui.place, Place::Log(id) if id.kind == Kind::Build));
    // Pushed from the same place.
    assert!(story.console.press(Command::PushImage), "push has a key here");
    story.until("the dialog", |screen| screen.contains("keep the other platforms")).await;
    story.console.confirm().await.unwrap_or_else(|lost| panic!("{lost}"));
    wait_for(&mut story, "the push to leave", |console| outcome(console).0 == "push").await;
    let digest = |console: &Headless| image(console, PYTHON).and_then(|image| image.digest().cloned());
    let before = digest(&story.console);
    wait_for(&mut story, "the answer", |console| matches!(outcome(console).1.as_str(), "accepted" | "observed")).await;
    assert!(story.console.press(Command::Refresh));
    wait_for(&mut story, "the registry to name it", |console| outcome(console).1 == "observed").await;
    assert_ne!(digest(&story.console), before);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_build_that_fails_says_where() {
    let folder = clone("FROM debian:12-slim\nRUN false\n");
    let mut story = open(Some(folder.path())).await;
    build(&mut story).await;
    story.console.confirm().await.unwrap_or_else(|lost| panic!("{lost}"));
    wait_for(&mut story, "the refusal", |console| outcome(console) == ("build", "refused".to_owned())).await;
    story.until("the step", |screen| screen.contains("Step 2/2 : RUN false")).await;
    story.until("the reason", |screen| screen.contains("returned a non-zero code: 1")).await;
    // What was not built is not pushed.
    story.console.press(Command::PushImage);
    assert!(story.console.state().ui.overlay.is_none());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_build_is_stopped() {
    let folder = clone("FROM debian:12-slim\nRUN sleep 3600\n");
    let mut story = open(Some(folder.path())).await;
    build(&mut story).await;
    story.console.confirm().await.unwrap_or_else(|lost| panic!("{lost}"));
    story.until("the step", |screen| screen.contains("Step 2/2 : RUN sleep 3600")).await;
    assert!(story.console.press(Command::CancelBuild), "stop has a key in its log");
    wait_for(&mut story, "it to end", |console| outcome(console) == ("build", "refused".to_owned())).await;
    story.until("why", |screen| screen.contains("stopped here")).await;
}

#[tokio::test]
async fn what_needs_buildkit_is_said_before_anything_is_sent() {
    let folder = clone("FROM debian:12-slim\nRUN --mount=type=cache,target=/var/cache/pip pip install -r x\n");
    let mut story = open(Some(folder.path())).await;
    choose(&mut story, PYTHON).await;
    assert!(story.console.press(Command::BuildImage));
    story.until("why it is not built", |screen| screen.contains("needs BuildKit (line 2: RUN --mount)")).await;
    assert!(story.console.state().operations.is_empty());
    // Nor what has no folder here.
    let mut story = open(Some(Path::new("nowhere"))).await;
    choose(&mut story, PYTHON).await;
    assert!(story.console.press(Command::BuildImage));
    story.until("that there is none", |screen| screen.contains("is no folder of this machine")).await;
}
