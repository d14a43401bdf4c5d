//! What an engine takes and is asked to do: figures of a container, a restart, a build with its progress, one
//! that fails, one that is stopped, and a push to the registry that `tests/registry/up` started
//! (`QUARTERDECK_REGISTRY` names its state folder; without it the push is skipped).

use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use quarterdeck::app::Headless;
use quarterdeck::command::Command;
use quarterdeck::model::Name;
use quarterdeck::model::builds::CatalogueImage;
use quarterdeck::model::scope::{Login, RegistrySource, SecretSource, Settings, Sources};
use quarterdeck::state::ui::{ListId, Overlay, Place};
use quarterdeck::state::{lists, verbs};
use tempfile::TempDir;

use super::{Engine, until};

const MINUTE: Duration = Duration::from_mins(1);

fn outcome(console: &Headless) -> (&'static str, String) {
    let last = console.state().operations.last();
    last.map_or(("none", String::new()), |operation| {
        (operation.action.change.verb().as_str(), format!("{:?}", operation.outcome))
    })
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_a_container_takes_is_counted_and_it_is_restarted() {
    let Some(engine) = Engine::named() else { return };
    engine.run("busy", "while true; do :; done", "no");
    let folder = TempDir::new().unwrap();
    let mut console = engine.console(&folder);
    until(&mut console, "the container", MINUTE, |console| console.screen().contains("busy")).await;
    let usage = |console: &Headless| {
        let row = console.state().world.containers.rows().first()?.clone();
        console.state().world.details.usage(&row.meta.uid)?.1.as_ref().ok().copied()
    };
    until(&mut console, "two readings", MINUTE, |console| usage(console).is_some_and(|taken| taken.cpu.is_some()))
        .await;
    let taken = usage(&console).unwrap();
    println!("a loop takes {:.0} % of one processor, {:?} bytes", taken.cpu.unwrap() * 100.0, taken.memory);
    // One that does nothing else, beside whatever else this machine does.
    assert!((0.05..1.2).contains(&taken.cpu.unwrap()), "{taken:?}");
    assert!(taken.memory.is_some_and(|memory| memory > 0 && memory < 64 << 20), "{taken:?}");

    let started = |console: &Headless| console.state().world.containers.rows().first().and_then(|row| row.started);
    until(&mut console, "its inspection", MINUTE, |console| started(console).is_some()).await;
    let before = started(&console);
    assert!(console.press(Command::RestartContainer));
    console.confirm().await.unwrap_or_else(|lost| panic!("{lost}"));
    until(&mut console, "the restart", MINUTE, |console| {
        !matches!(outcome(console).1.as_str(), "Sent" | "Accepted" | "Intended")
    })
    .await;
    assert_eq!(outcome(&console), ("restart", "Observed".to_owned()));
    assert_ne!(started(&console), before);
    console.finish().await;
    engine.call("DELETE", "/containers/busy?force=true", "");
}

/// A console whose catalogue has one image, `python-base`, built from this folder.
fn with_catalogue(engine: &Engine, folder: &TempDir, clone: &Path, host: &str, login: Login) -> Headless {
    let image = Name::new(&format!("{host}/acme/python-base"));
    let entry = CatalogueImage {
        image: image.clone(),
        tag: Name::new("live"),
        repository: Name::new("acme/images"),
        folder: "python".to_owned(),
        dockerfile: "Dockerfile".to_owned(),
        workflow: None,
        clone: Some(clone.to_path_buf()),
    };
    let registry = RegistrySource {
        host: host.to_owned(),
        url: Some(format!("http://{host}")),
        login,
        repositories: vec![image],
        discovered: None,
    };
    let sources = Sources { docker: Some(engine.source()), registries: vec![registry], ..Sources::default() };
    let settings = Settings { catalogue: vec![entry], ..Settings::default() };
    super::Engine::console_of(folder, &sources, Arc::new(settings), Place::Images)
}

fn clone(dockerfile: &str) -> TempDir {
    let folder = TempDir::new().unwrap();
    let python = folder.path().join("python");
    std::fs::create_dir_all(&python).unwrap();
    std::fs::write(python.join("Dockerfile"), dockerfile).unwrap();
    std::fs::write(python.join(".dockerignore"), "*.log\n").unwrap();
    std::fs::write(python.join("hello"), "hello from the context\n").unwrap();
    std::fs::write(python.join("large.log"), vec![b'x'; 1 << 20]).unwrap();
    // A name that needs a record of its own in the archive.
    let deep = python.join("d".repeat(60)).join("e".repeat(60));
    std::fs::create_dir_all(&deep).unwrap();
    std::fs::write(deep.join("deep"), "deep\n").unwrap();
    std::os::unix::fs::symlink("hello", python.join("link")).unwrap();
    folder
}

/// From the list of images to the dialog, and through it.
async fn begin(console: &mut Headless) {
    let list = ListId::Place(Place::Images);
    until(console, "the image", MINUTE, |console| lists::total(console.state(), &list) > 0).await;
    until(console, "the engine", MINUTE, |console| {
        verbs::docker::asked(console.state()).is_ok() && console.state().world.feeds.values().any(|feed| feed.complete)
    })
    .await;
    loop {
        assert!(console.press(Command::BuildImage));
        until(console, "the dialog, or why not", MINUTE, |console| {
            console.state().ui.overlay.is_some() || console.screen().contains("build here:")
        })
        .await;
        if matches!(console.state().ui.overlay, Some(Overlay::Confirm(_))) {
            break;
        }
        assert!(console.screen().contains("source"), "{}", console.screen());
        console.turn().await;
    }
    console.confirm().await.unwrap_or_else(|lost| panic!("{lost}"));
}

/// Where the image goes: the closed registry of the tests, or one that nobody asks.
fn registry() -> (String, Login) {
    let state = std::env::var_os("QUARTERDECK_REGISTRY").filter(|state| !state.is_empty());
    let Some(state) = state else { return ("127.0.0.1:1".to_owned(), Login::Anonymous) };
    let addresses = std::fs::read_to_string(Path::new(&state).join("addresses")).unwrap();
    let (_, closed) = addresses.trim().split_once(' ').unwrap();
    let password = SecretSource::Fixed("live-password");
    (closed.to_owned(), Login::Password { user: "quarterdeck".to_owned(), password })
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_image_is_built_with_progress_and_pushed() {
    let Some(engine) = Engine::named() else { return };
    let _ = rustls::crypto::ring::default_provider().install_default();
    let (host, login) = registry();
    let deep = format!("{}/{}/deep", "d".repeat(60), "e".repeat(60));
    let file = format!(
        "FROM quarterdeck-busybox:live\nCOPY . /src\nRUN cat /src/hello /src/link && cat /src/{deep} && [ ! -e /src/large.log ]\n"
    );
    let clone = clone(&file);
    let folder = TempDir::new().unwrap();
    let mut console = with_catalogue(&engine, &folder, clone.path(), &host, login);
    begin(&mut console).await;
    until(&mut console, "a step", MINUTE, |console| console.screen().contains(" : COPY . /src")).await;
    until(&mut console, "the image", MINUTE, |console| outcome(console) == ("build", "Observed".to_owned())).await;
    until(&mut console, "its end", MINUTE, |console| console.screen().contains("Successfully tagged")).await;
    let screen = console.screen();
    assert_eq!(screen.matches("hello from the context").count(), 2, "the file and the link to it:\n{screen}");
    let image: serde_json::Value =
        serde_json::from_str(&engine.call("GET", &format!("/images/{host}/acme/python-base:live/json"), "")).unwrap();
    let id = console.state().operations.last().unwrap().id.0.clone();
    assert_eq!(image["Config"]["Labels"]["io.quarterdeck.operation"], id);
    if std::env::var_os("QUARTERDECK_REGISTRY").is_none_or(|state| state.is_empty()) {
        println!("the push is skipped: QUARTERDECK_REGISTRY names no registry (tests/registry/up starts one)");
        return console.finish().await;
    }
    assert!(console.press(Command::PushImage));
    until(&mut console, "the dialog", MINUTE, |console| console.state().ui.overlay.is_some()).await;
    console.confirm().await.unwrap_or_else(|lost| panic!("{lost}"));
    until(&mut console, "the registry to name it", MINUTE * 2, |console| {
        outcome(console) == ("push", "Observed".to_owned())
    })
    .await;
    let pushed = console.state().operations.last().and_then(|operation| operation.made.clone()).unwrap();
    println!("pushed to {host}: {}", pushed.raw());
    console.finish().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_build_that_fails_says_where_and_one_that_is_stopped_stops() {
    let Some(engine) = Engine::named() else { return };
    let _ = rustls::crypto::ring::default_provider().install_default();
    let broken = clone("FROM quarterdeck-busybox:live\nRUN echo before && sh -c 'exit 3'\n");
    let folder = TempDir::new().unwrap();
    let mut console = with_catalogue(&engine, &folder, broken.path(), "127.0.0.1:1", Login::Anonymous);
    begin(&mut console).await;
    until(&mut console, "the refusal", MINUTE, |console| outcome(console).1.starts_with("Refused")).await;
    assert!(outcome(&console).1.contains("returned a non-zero code: 3"), "{:?}", outcome(&console));
    console.finish().await;

    let long = clone("FROM quarterdeck-busybox:live\nRUN echo begun && sleep 600\n");
    let folder = TempDir::new().unwrap();
    let mut console = with_catalogue(&engine, &folder, long.path(), "127.0.0.1:1", Login::Anonymous);
    begin(&mut console).await;
    let running = |engine: &Engine| engine.call("GET", "/containers/json", "").contains("sleep 600");
    until(&mut console, "the step", MINUTE, |_| running(&engine)).await;
    assert!(console.press(Command::CancelBuild));
    until(&mut console, "its end", MINUTE, |console| outcome(console).1.starts_with("Refused")).await;
    // The engine itself has ended it.
    until(&mut console, "the step to end", MINUTE, |_| !running(&engine)).await;
    console.finish().await;
}
