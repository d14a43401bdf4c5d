//! Against a real Docker Engine that `tests/docker/up` started. `QUARTERDECK_DOCKER` names its socket;
//! the folder of the socket is the engine's. Without it every test here says that it is skipped.

mod builds;

use std::io::{Read as _, Write as _};
use std::os::unix::net::UnixStream;
use std::path::PathBuf;
use std::process::Command as Program;
use std::sync::Arc;
use std::time::Duration;

use quarterdeck::app::{Headless, Recorder, Setup};
use quarterdeck::clock::Clock;
use quarterdeck::command::Command;
use quarterdeck::config::theme::{Depth, Glyphs};
use quarterdeck::config::{keymap, theme};
use quarterdeck::journal::Journal;
use quarterdeck::model::SourceId;
use quarterdeck::model::scope::{DockerSource, Settings, Sources};
use quarterdeck::state::log::{Tailing, split_time};
use quarterdeck::state::ui::Place;
use quarterdeck::systems;
use tempfile::TempDir;

/// Memory for the lines of a log here.
const MEMORY: usize = 16 << 20;
const LINES: u64 = 1_000_000;

struct Engine {
    socket: PathBuf,
}

impl Engine {
    fn named() -> Option<Self> {
        match std::env::var_os("QUARTERDECK_DOCKER") {
            Some(socket) if !socket.is_empty() => Some(Self { socket: PathBuf::from(socket) }),
            _ => {
                println!("skipped: QUARTERDECK_DOCKER names no engine (tests/docker/up starts one)");
                None
            }
        }
    }

    /// The body of an answer that must be 2xx.
    fn call(&self, method: &str, path: &str, body: &str) -> String {
        let mut stream = UnixStream::connect(&self.socket).unwrap();
        stream.set_read_timeout(Some(Duration::from_mins(1))).unwrap();
        let length = body.len();
        write!(
            stream,
            "{method} {path} HTTP/1.0\r\nhost: docker\r\ncontent-type: application/json\r\ncontent-length: {length}\r\n\r\n{body}"
        )
        .unwrap();
        let mut answer = String::new();
        stream.read_to_string(&mut answer).unwrap();
        let status: u16 = answer.split(' ').nth(1).and_then(|code| code.parse().ok()).unwrap_or(0);
        assert!((200..300).contains(&status), "{method} {path}: {answer}");
        answer.split_once("\r\n\r\n").map(|(_, body)| body.to_owned()).unwrap_or_default()
    }

    /// Starts a container of this script, alone on the engine.
    fn run(&self, name: &str, script: &str, restart: &str) {
        let listed = self.call("GET", "/containers/json?all=true", "");
        let listed: serde_json::Value = serde_json::from_str(&listed).unwrap();
        for row in listed.as_array().unwrap() {
            self.call("DELETE", &format!("/containers/{}?force=true", row["Id"].as_str().unwrap()), "");
        }
        let body = serde_json::json!({
            "Image": "quarterdeck-busybox:live",
            "Cmd": ["/bin/sh", "-c", script],
            "StopTimeout": 1,
            "HostConfig": { "NetworkMode": "none", "RestartPolicy": { "Name": restart } },
        });
        self.call("POST", &format!("/containers/create?name={name}"), &body.to_string());
        self.call("POST", &format!("/containers/{name}/start"), "");
    }

    /// `tests/docker/SCRIPT ARGUMENT` for this engine.
    fn script(&self, script: &str, argument: &str) {
        let state = self.socket.parent().unwrap();
        let path = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("tests/docker").join(script);
        let ended = Program::new(path).arg(argument).env("DOCKER_STATE", state).output().unwrap();
        assert!(ended.status.success(), "{script}: {}", String::from_utf8_lossy(&ended.stderr));
    }

    fn source(&self) -> DockerSource {
        DockerSource { host: format!("unix://{}", self.socket.display()), discovered: None }
    }

    fn console(&self, folder: &TempDir) -> Headless {
        let sources = Sources { docker: Some(self.source()), ..Sources::default() };
        Self::console_of(folder, &sources, Arc::default(), Place::Containers)
    }

    fn console_of(folder: &TempDir, sources: &Sources, settings: Arc<Settings>, place: Place) -> Headless {
        let setup = Setup {
            specs: systems::connect(SourceId(0), sources),
            settings,
            keymap: keymap::load(None, None).unwrap(),
            theme: theme::load(None, None, Depth::True, Glyphs::Unicode).unwrap(),
            clock: Clock::system(),
            log_memory: MEMORY,
            place,
            badge: None,
            recorder: Recorder::new(Journal::open(folder.path())),
            saves: None,
            durations: None,
        };
        Headless::start(setup, (160, 48)).unwrap()
    }
}

/// Pages of this process in memory, as bytes.
fn resident() -> usize {
    let text = std::fs::read_to_string("/proc/self/statm").unwrap();
    text.split(' ').nth(1).unwrap().parse::<usize>().unwrap() * 4096
}

/// Waits as long as `patience` allows; a console alone gives up sooner.
async fn until(console: &mut Headless, what: &str, patience: Duration, holds: impl Fn(&Headless) -> bool) {
    let waiting = async {
        while !holds(console) {
            console.turn().await;
        }
    };
    assert!(
        tokio::time::timeout(patience, waiting).await.is_ok(),
        "{what} did not come; the screen:\n{}",
        console.screen()
    );
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_log_of_a_million_lines_is_followed_with_bounded_memory() {
    let Some(engine) = Engine::named() else { return };
    let script = format!("sleep 3; seq 1 {LINES}; sleep 600");
    engine.run("million", &script, "no");
    let folder = TempDir::new().unwrap();
    let mut console = engine.console(&folder);
    let minute = Duration::from_mins(1);
    until(&mut console, "the container", minute, |console| console.screen().contains("million")).await;
    assert!(console.press(Command::Logs));
    until(&mut console, "the log", minute, |console| {
        console.state().log.as_ref().is_some_and(|log| log.tailing == Tailing::Live)
    })
    .await;
    let before = resident();
    until(&mut console, "the last line", minute * 5, |console| {
        console.state().log.as_ref().is_some_and(|log| log.ring.end() >= LINES)
    })
    .await;
    let log = console.state().log.as_ref().unwrap();
    let last = log.ring.line(log.ring.end() - 1).unwrap();
    assert_eq!(split_time(last).1, LINES.to_string().as_bytes());
    assert_eq!(log.ring.end(), LINES, "no line is lost and none comes twice");
    assert!(log.ring.cost() <= MEMORY, "{}", log.ring.cost());
    assert!(log.ring.dropped() > 0);
    let more = resident().saturating_sub(before);
    println!("a million lines: {} MiB more in memory, the ring holds {} lines", more >> 20, LINES - log.ring.dropped());
    assert!(more < MEMORY + (32 << 20), "{} MiB more", more >> 20);
    console.finish().await;
    engine.call("DELETE", "/containers/million?force=true", "");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_engine_stops_and_starts_again_under_the_console() {
    let Some(engine) = Engine::named() else { return };
    engine.run("clock", "n=0; while true; do n=$((n+1)); echo out $n; echo err $n >&2; sleep 1; done", "always");
    let folder = TempDir::new().unwrap();
    let mut console = engine.console(&folder);
    let minute = Duration::from_mins(1);
    until(&mut console, "the container", minute, |console| console.screen().contains("running")).await;
    assert!(console.press(Command::Logs));
    until(&mut console, "lines of both streams", minute, |console| {
        let screen = console.screen();
        screen.contains("out 2") && screen.contains("err 2")
    })
    .await;
    engine.script("down", "keep");
    until(&mut console, "that the log is gone", minute, |console| console.screen().contains("reconnecting")).await;
    console.press(Command::Leave);
    until(&mut console, "that the list is old", minute, |console| console.screen().contains("stale")).await;
    let screen = console.screen();
    assert!(screen.contains("clock"), "what is known stays:\n{screen}");
    console.press(Command::Logs);
    until(&mut console, "why there is no log", minute, |console| console.screen().contains("does not exist")).await;
    engine.script("up", "again");
    until(&mut console, "lines of the container, started again", minute, |console| {
        console.state().log.as_ref().is_some_and(|log| log.tailing == Tailing::Live && log.ring.end() > 4)
    })
    .await;
    console.press(Command::Leave);
    until(&mut console, "the list, fresh", minute, |console| {
        let screen = console.screen();
        screen.contains("running") && !screen.contains("stale")
    })
    .await;
    console.finish().await;
    engine.call("DELETE", "/containers/clock?force=true", "");
}
