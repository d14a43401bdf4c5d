//! Against a real container registry, Debian's `docker-registry`, that `tests/registry/up` started.
//! `QUARTERDECK_REGISTRY` names its state folder. Without it every test here says that it is skipped.

use std::io::{Read as _, Write as _};
use std::net::TcpStream;
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
use quarterdeck::model::images::Platform;
use quarterdeck::model::scope::{CanaryQueries, Login, RegistrySource, SecretSource, Service, Settings, Sources};
use quarterdeck::model::{Name, SourceId};
use quarterdeck::net::{NetError, Registry};
use quarterdeck::state::ui::Place;
use quarterdeck::systems;
use serde_json::{Value, json};
use tempfile::TempDir;

const OCI_INDEX: &str = "application/vnd.oci.image.index.v1+json";
const OCI_MANIFEST: &str = "application/vnd.oci.image.manifest.v1+json";
const OCI_CONFIG: &str = "application/vnd.oci.image.config.v1+json";
const COMMIT: &str = "9f8e7d1c0b5a49382716f5e4d3c2b1a098765432";

struct Store {
    state: PathBuf,
    open: String,
    closed: String,
}

impl Store {
    fn named() -> Option<Self> {
        // As the program does when it starts; a second time changes nothing.
        let _ = rustls::crypto::ring::default_provider().install_default();
        let state = std::env::var_os("QUARTERDECK_REGISTRY").filter(|state| !state.is_empty());
        let Some(state) = state.map(PathBuf::from) else {
            println!("skipped: QUARTERDECK_REGISTRY names no registry (tests/registry/up starts one)");
            return None;
        };
        let addresses = std::fs::read_to_string(state.join("addresses")).unwrap();
        let (open, closed) = addresses.trim().split_once(' ').unwrap();
        Some(Self { open: open.to_owned(), closed: closed.to_owned(), state })
    }

    /// Status, head and body of an answer of the open one.
    fn call(&self, method: &str, path: &str, kind: &str, body: &[u8]) -> (u16, String, Vec<u8>) {
        let mut stream = TcpStream::connect(&self.open).unwrap();
        stream.set_read_timeout(Some(Duration::from_secs(30))).unwrap();
        let host = &self.open;
        let length = body.len();
        write!(
            stream,
            "{method} {path} HTTP/1.0\r\nhost: {host}\r\ncontent-type: {kind}\r\ncontent-length: {length}\r\n\r\n"
        )
        .unwrap();
        stream.write_all(body).unwrap();
        let mut answer = Vec::new();
        stream.read_to_end(&mut answer).unwrap();
        let end = answer.windows(4).position(|four| four == b"\r\n\r\n").unwrap();
        let head = String::from_utf8_lossy(&answer[..end]).into_owned();
        let status = head.split(' ').nth(1).and_then(|code| code.parse().ok()).unwrap_or(0);
        assert!((200..300).contains(&status), "{method} {path}: {}", String::from_utf8_lossy(&answer));
        (status, head, answer[end + 4..].to_vec())
    }

    /// Pushes a blob; its descriptor.
    fn blob(&self, repository: &str, kind: &str, body: &[u8]) -> Value {
        let digest = digest(body);
        let (_, head, _) = self.call("POST", &format!("/v2/{repository}/blobs/uploads/"), "text/plain", b"");
        let location = head.lines().find_map(|line| line.strip_prefix("Location: ")).unwrap().trim();
        let path = location.split_once("/v2/").map(|(_, rest)| format!("/v2/{rest}")).unwrap();
        let sign = if path.contains('?') { '&' } else { '?' };
        let path = format!("{path}{sign}digest={digest}");
        self.call("PUT", &path, "application/octet-stream", body);
        json!({ "mediaType": kind, "digest": digest, "size": body.len() })
    }

    /// Pushes a manifest under a name, or under its own digest; its descriptor.
    fn manifest(&self, repository: &str, name: Option<&str>, kind: &str, body: &Value) -> Value {
        let body = body.to_string().into_bytes();
        let digest = digest(&body);
        let path = format!("/v2/{repository}/manifests/{}", name.unwrap_or(&digest));
        self.call("PUT", &path, kind, &body);
        json!({ "mediaType": kind, "digest": digest, "size": body.len() })
    }

    /// An image of one platform; its descriptor.
    fn image(&self, repository: &str, architecture: &str, layer: usize) -> Value {
        let config = json!({
            "architecture": architecture, "os": "linux", "created": "2026-08-01T11:30:00Z",
            "config": { "Labels": { "org.opencontainers.image.revision": COMMIT } },
            "rootfs": { "type": "layers", "diff_ids": [] },
        });
        let config = self.blob(repository, OCI_CONFIG, config.to_string().as_bytes());
        let kind = "application/vnd.oci.image.layer.v1.tar+gzip";
        let layer = self.blob(repository, kind, architecture.repeat(layer).as_bytes());
        let body = json!({ "schemaVersion": 2, "mediaType": OCI_MANIFEST, "config": config, "layers": [layer] });
        self.manifest(repository, None, OCI_MANIFEST, &body)
    }

    /// An index of two platforms and a signed statement about the first, under these tags; its digest.
    fn push(&self, repository: &str, tags: &[&str]) -> String {
        let with = |mut descriptor: Value, platform: Value| {
            descriptor["platform"] = platform;
            descriptor
        };
        let amd64 = self.image(repository, "amd64", 100);
        let arm64 = self.image(repository, "arm64", 200);
        let statement = self.blob(repository, "application/vnd.in-toto+json", b"{\"_type\":\"statement\"}");
        let empty = self.blob(repository, OCI_CONFIG, b"{\"architecture\":\"unknown\",\"os\":\"unknown\"}");
        let body = json!({ "schemaVersion": 2, "mediaType": OCI_MANIFEST, "config": empty, "layers": [statement] });
        let mut attestation = self.manifest(repository, None, OCI_MANIFEST, &body);
        attestation["annotations"] = json!({
            "vnd.docker.reference.type": "attestation-manifest", "vnd.docker.reference.digest": amd64["digest"],
        });
        let index = json!({ "schemaVersion": 2, "mediaType": OCI_INDEX, "manifests": [
            with(amd64, json!({ "os": "linux", "architecture": "amd64" })),
            with(arm64, json!({ "os": "linux", "architecture": "arm64", "variant": "v8" })),
            with(attestation, json!({ "os": "unknown", "architecture": "unknown" })),
        ] });
        for tag in tags {
            self.manifest(repository, Some(tag), OCI_INDEX, &index);
        }
        digest(index.to_string().as_bytes())
    }

    fn client(&self, login: &Login) -> Registry {
        let host = if *login == Login::Anonymous { &self.open } else { &self.closed };
        Registry::new(host, None, login).unwrap()
    }

    /// `tests/registry/SCRIPT ARGUMENT` for these registries.
    fn script(&self, script: &str, argument: &str) {
        let path = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("tests/registry").join(script);
        let port = self.open.rsplit_once(':').unwrap().1;
        let mut program = Program::new(path);
        program.arg(argument).env("REGISTRY_STATE", &self.state).env("REGISTRY_PORT", port);
        // What it starts lives on: nothing of it may keep a pipe of ours open.
        let ended = program.stdout(std::process::Stdio::null()).stderr(std::process::Stdio::null()).status().unwrap();
        assert!(ended.success(), "{script}");
    }

    fn console(&self, repository: &str, folder: &TempDir) -> Headless {
        let image = Name::new(&format!("{}/{repository}", self.open));
        let source = RegistrySource {
            host: self.open.clone(),
            url: None,
            login: Login::Anonymous,
            repositories: vec![image.clone()],
            discovered: None,
        };
        let service = Service {
            name: Name::new("checkout"),
            repository: None,
            workflows: Vec::new(),
            tekton: Vec::new(),
            images: vec![image],
            platforms: ["linux/amd64", "linux/arm64", "linux/s390x"]
                .iter()
                .filter_map(|it| Platform::parse(it))
                .collect(),
            canary: CanaryQueries::default(),
        };
        let setup = Setup {
            specs: systems::connect(SourceId(0), &Sources { registries: vec![source], ..Sources::default() }),
            settings: Arc::new(Settings { services: vec![service], ..Settings::default() }),
            keymap: keymap::load(None, None).unwrap(),
            theme: theme::load(None, None, Depth::True, Glyphs::Unicode).unwrap(),
            clock: Clock::system(),
            log_memory: 1 << 20,
            place: Place::Images,
            badge: None,
            recorder: Recorder::new(Journal::open(folder.path())),
            saves: None,
            durations: None,
        };
        Headless::start(setup, (160, 48)).unwrap()
    }
}

pub fn digest(body: &[u8]) -> String {
    let bytes = hashing::digest::digest(&hashing::digest::SHA256, body);
    let hex: Vec<String> = bytes.as_ref().iter().map(|byte| format!("{byte:02x}")).collect();
    format!("sha256:{}", hex.concat())
}

#[tokio::test]
async fn an_index_of_two_platforms_and_an_attestation_is_read_back() {
    let Some(store) = Store::named() else { return };
    let pushed = store.push("shop/checkout", &["1.0.0", "latest"]);
    let client = store.client(&Login::Anonymous);
    assert_eq!(client.probe().await.unwrap().version.as_deref(), Some("registry/2.0"));
    assert_eq!(client.digest("shop/checkout", "1.0.0").await.unwrap(), Some(pushed.clone()));
    assert_eq!(client.digest("shop/checkout", "2.0.0").await.unwrap(), None);
    let mut tags = client.tags("shop/checkout", 1).await.unwrap();
    tags.names.sort();
    assert_eq!((tags.names, tags.whole), (vec!["1.0.0".to_owned(), "latest".to_owned()], true));
    let read = systems::registry::look(&client, "shop/checkout", "latest").await.unwrap();
    assert_eq!(read.digest.raw(), pushed);
    assert!(read.index && read.unread.is_none(), "{read:?}");
    assert_eq!(read.attestations, 1);
    let platforms: Vec<_> = read.variants.iter().map(|it| it.platform.as_ref().unwrap().words()).collect();
    assert_eq!(
        platforms.iter().map(quarterdeck::text::Safe::as_str).collect::<Vec<_>>(),
        ["linux/amd64", "linux/arm64/v8"]
    );
    let sizes: Vec<u64> = read.variants.iter().map(|it| it.size.unwrap()).collect();
    assert!(sizes[0] > 500 && sizes[1] == sizes[0] + 500, "a layer of 500 and one of 1000 bytes: {sizes:?}");
    assert_eq!(read.revision.unwrap().as_str(), COMMIT);
    // By its digest, and one platform of it alone: the configuration says which.
    let same = systems::registry::look(&client, "shop/checkout", &pushed).await.unwrap();
    assert_eq!(same.variants, read.variants);
    let alone = systems::registry::look(&client, "shop/checkout", read.variants[1].digest.raw()).await.unwrap();
    assert!(!alone.index);
    assert_eq!(alone.variants[0].platform, Platform::parse("linux/arm64"));
    println!("read back {pushed}: {platforms:?}, {sizes:?} bytes, 1 attestation");
}

#[tokio::test]
async fn what_is_not_there_and_what_is_forbidden_read_alike() {
    let Some(store) = Store::named() else { return };
    store.push("shop/web", &["1.0.0"]);
    let refused = |error: NetError| {
        let words = error.to_string();
        assert!(words.contains("not found or no access"), "{words}");
        words
    };
    let open = store.client(&Login::Anonymous);
    refused(open.tags("shop/nothing", 1).await.unwrap_err());
    let anonymous = Registry::new(&store.closed, None, &Login::Anonymous).unwrap();
    assert!(anonymous.probe().await.is_ok(), "it answers, and wants a login");
    let words = refused(anonymous.tags("shop/web", 1).await.unwrap_err());
    assert!(words.contains("give sources.registries a login"), "{words}");
    let login = |password: &'static str| Login::Password {
        user: "quarterdeck".to_owned(),
        password: SecretSource::Fixed(password),
    };
    let words = refused(store.client(&login("wrong")).tags("shop/web", 1).await.unwrap_err());
    assert!(words.contains("that the login") && !words.contains("wrong"), "{words}");
    let tags = store.client(&login("live-password")).tags("shop/web", 1).await.unwrap();
    assert_eq!(tags.names, ["1.0.0"]);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_missing_platform_is_seen_in_the_list_and_the_registry_may_go_and_come_back() {
    let Some(store) = Store::named() else { return };
    store.push("shop/search", &["latest"]);
    let folder = TempDir::new().unwrap();
    let mut console = store.console("shop/search", &folder);
    console.wait_for("the image", |console| console.screen().contains("search:latest")).await.unwrap();
    let screen = console.screen();
    assert!(screen.contains("no s390x") && screen.contains("s390x missing"), "{screen}");
    console.press(Command::Open);
    console.wait_for("its page", |console| console.screen().contains("PLATFORMS")).await.unwrap();
    let screen = console.screen();
    assert!(screen.contains("1 attestation, no platform") && screen.contains(&COMMIT[..7]), "{screen}");
    console.press(Command::Leave);
    store.script("down", "keep");
    console.press(Command::Refresh);
    console.wait_for("that it is old", |console| console.screen().contains("stale")).await.unwrap();
    let screen = console.screen();
    assert!(screen.contains("search:latest") && screen.contains("refused the connection"), "{screen}");
    store.script("up", "again");
    console.press(Command::Refresh);
    console
        .wait_for("that it is fresh", |console| {
            let screen = console.screen();
            screen.contains("search:latest") && !screen.contains("stale")
        })
        .await
        .unwrap();
    console.finish().await;
}
