//! Answers of a Docker Engine into containers (apis.md §9), field by field: what one container has
//! odd costs that container, not the list.

use std::collections::BTreeMap;
use std::sync::Arc;

use jiff::Timestamp;
use serde::Deserialize;
use serde::de::DeserializeOwned;
use serde_json::Value;
use serde_json::value::RawValue;

use crate::model::docker::{ContainerState, Counted, DockerContainer};
use crate::model::kubernetes::Meta;
use crate::model::{Name, SourceId, Uid};
use crate::safe;
use crate::text::Safe;

/// Ports that are told; a container may publish thousands.
const PORTS: usize = 8;
const PROJECT: &str = "com.docker.compose.project";

/// Why an answer cannot be read.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("the engine's answer cannot be read: {0}")]
pub struct IngestError(String);

/// A list as it came.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Listing {
    pub containers: Vec<DockerContainer>,
    /// Entries without an id, or of a shape that is unknown.
    pub left_out: u64,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase", default)]
#[derive(Default)]
struct Summary {
    id: Lenient<String>,
    names: Lenient<Vec<String>>,
    image: Lenient<String>,
    created: Lenient<i64>,
    state: Lenient<String>,
    status: Lenient<String>,
    labels: Lenient<BTreeMap<String, Value>>,
    ports: Lenient<Vec<Port>>,
}

#[derive(Deserialize, Default)]
#[serde(rename_all = "PascalCase", default)]
struct Port {
    #[serde(rename = "IP")]
    ip: Lenient<String>,
    #[serde(rename = "PrivatePort")]
    private: Lenient<u16>,
    #[serde(rename = "PublicPort")]
    public: Lenient<u16>,
    #[serde(rename = "Type")]
    kind: Lenient<String>,
}

/// A field that is left out when it is not what it should be.
#[derive(Default)]
struct Lenient<T>(Option<T>);

impl<'de, T: DeserializeOwned> Deserialize<'de> for Lenient<T> {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        Ok(Self(serde_json::from_value(Value::deserialize(deserializer)?).ok()))
    }
}

impl<T: Default> Lenient<T> {
    fn take(self) -> T {
        self.0.unwrap_or_default()
    }
}

/// The answer to `GET /containers/json?all=true`.
pub fn list(source: SourceId, body: &[u8]) -> Result<Listing, IngestError> {
    let rows: Vec<&RawValue> = serde_json::from_slice(body).map_err(|error| IngestError(error.to_string()))?;
    let mut listing = Listing::default();
    for row in rows {
        match serde_json::from_str(row.get()).ok().and_then(|row| container(source, row)) {
            Some(container) => listing.containers.push(container),
            None => listing.left_out += 1,
        }
    }
    Ok(listing)
}

fn container(source: SourceId, row: Summary) -> Option<DockerContainer> {
    let id = row.id.take();
    if id.is_empty() {
        return None;
    }
    let names = row.names.take();
    let names = || names.iter().map(|name| name.trim_start_matches('/'));
    // A link gives a container further names, below those of others.
    let name = names().find(|name| !name.contains('/')).or_else(|| names().next());
    let name = name.filter(|name| !name.is_empty()).unwrap_or_else(|| id.get(..12).unwrap_or(&id)).to_owned();
    let labels = row.labels.take();
    let project = labels.get(PROJECT).and_then(Value::as_str).unwrap_or_default();
    let status = row.status.take();
    Some(DockerContainer {
        meta: Meta {
            cluster: source,
            namespace: Name::new(project),
            name: Name::new(&name),
            uid: Uid::new(source, &id),
            resource_version: Arc::from(""),
            generation: 0,
            created: row.created.0.and_then(|at| Timestamp::from_second(at).ok()),
            deleting: None,
            owner: None,
        },
        image: Safe::line(&row.image.take()),
        state: ContainerState::parse(&row.state.take()),
        health: health_in(&status),
        exit_code: exit_in(&status),
        oom_killed: false,
        restarts: 0,
        started: None,
        finished: None,
        tty: false,
        ports: ports(row.ports.take()),
        status: Safe::line(&status),
    })
}

/// `Up 3 minutes (healthy)`, `Up 2 seconds (health: starting)`.
fn health_in(status: &str) -> Option<Safe> {
    let word = status.rsplit_once('(')?.1.strip_suffix(')')?;
    let word = word.strip_prefix("health: ").unwrap_or(word);
    matches!(word, "healthy" | "unhealthy" | "starting").then(|| Safe::line(word))
}

/// `Exited (137) 3 minutes ago`, `Restarting (1) 5 seconds ago`.
fn exit_in(status: &str) -> Option<i64> {
    let rest = status.strip_prefix("Exited (").or_else(|| status.strip_prefix("Restarting ("))?;
    rest.split_once(')')?.0.parse().ok()
}

fn ports(all: Vec<Port>) -> Vec<Safe> {
    let mut shown: Vec<Safe> = Vec::new();
    for port in all {
        let Some(inside) = port.private.0 else { continue };
        let kind = Safe::line(&port.kind.take());
        let ip = port.ip.take();
        let text = match port.public.0 {
            Some(outside) if ip.contains(':') => safe!("[{}]:{}→{}/{}", Safe::line(&ip), outside, inside, kind),
            Some(outside) => safe!("{}:{}→{}/{}", Safe::line(&ip), outside, inside, kind),
            None => safe!("{}/{}", inside, kind),
        };
        if !shown.contains(&text) && shown.len() < PORTS {
            shown.push(text);
        }
    }
    shown
}

/// What only an inspection tells.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Inspected {
    health: Option<Safe>,
    exit_code: Option<i64>,
    oom_killed: bool,
    restarts: u64,
    started: Option<Timestamp>,
    finished: Option<Timestamp>,
    pub tty: bool,
    /// `json-file`, `none`.
    pub log_driver: Option<Safe>,
    /// What the list is newer in: only a write asks for them.
    pub state: Safe,
    pub image: String,
    pub id: String,
}

impl Inspected {
    #[must_use]
    pub const fn started(&self) -> Option<Timestamp> {
        self.started
    }

    #[must_use]
    pub const fn finished(&self) -> Option<Timestamp> {
        self.finished
    }
}

/// The answer to `GET /containers/{id}/json`.
pub fn inspect(body: &[u8]) -> Result<Inspected, IngestError> {
    let whole: Value = serde_json::from_slice(body).map_err(|error| IngestError(error.to_string()))?;
    if !whole.is_object() {
        return Err(IngestError("it is no object".to_owned()));
    }
    let at = |pointer: &str| whole.pointer(pointer);
    let text = |pointer: &str| at(pointer).and_then(Value::as_str).filter(|text| !text.is_empty());
    let yes = |pointer: &str| at(pointer).and_then(Value::as_bool).unwrap_or(false);
    let time = |pointer: &str| {
        let time: Timestamp = text(pointer)?.parse().ok()?;
        // The year 1 stands for never.
        (time > Timestamp::UNIX_EPOCH).then_some(time)
    };
    let ended = matches!(text("/State/Status"), Some("exited" | "dead" | "restarting"));
    Ok(Inspected {
        health: text("/State/Health/Status").filter(|word| *word != "none").map(Safe::line),
        exit_code: at("/State/ExitCode").and_then(Value::as_i64).filter(|_| ended),
        oom_killed: yes("/State/OOMKilled"),
        restarts: at("/RestartCount").and_then(Value::as_u64).unwrap_or(0),
        started: time("/State/StartedAt"),
        finished: time("/State/FinishedAt"),
        tty: yes("/Config/Tty"),
        log_driver: text("/HostConfig/LogConfig/Type").map(Safe::line),
        state: Safe::line(text("/State/Status").unwrap_or_default()),
        image: text("/Config/Image").unwrap_or_default().to_owned(),
        id: text("/Id").unwrap_or_default().to_owned(),
    })
}

/// The answer to `GET /containers/{id}/stats`: now, and a moment before where the engine waited for two.
pub fn stats(body: &[u8]) -> Result<(Option<Counted>, Option<Counted>), IngestError> {
    let whole: Value = serde_json::from_slice(body).map_err(|error| IngestError(error.to_string()))?;
    let memory = |name: &str| whole.pointer(&format!("/memory_stats{name}")).and_then(Value::as_u64);
    // Version 2 of control groups has the first name, version 1 the second.
    let idle = memory("/stats/inactive_file").or_else(|| memory("/stats/total_inactive_file")).unwrap_or(0);
    let used = memory("/usage").map(|usage| usage.saturating_sub(idle));
    let counted = |part: &str| {
        let number = |name: &str| whole.pointer(&format!("/{part}{name}")).and_then(Value::as_u64);
        let kinds =
            || whole.pointer(&format!("/{part}/cpu_usage/percpu_usage"))?.as_array().map(|all| all.len() as u64);
        Some(Counted {
            cpu: number("/cpu_usage/total_usage")?,
            system: number("/system_cpu_usage").filter(|system| *system > 0)?,
            processors: u32::try_from(number("/online_cpus").filter(|count| *count > 0).or_else(kinds)?).ok()?,
            memory: used,
            memory_limit: memory("/limit"),
        })
    };
    // Of one that does not run everything is 0 or left out.
    Ok((counted("cpu_stats").filter(|_| used.is_some()), counted("precpu_stats")))
}

/// Id and labels of an image, and the digests by which registries know it.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct LocalImage {
    pub id: String,
    pub operation: Option<String>,
    pub repo_digests: Vec<String>,
}

/// The answer to `GET /images/{name}/json`.
pub fn image(body: &[u8], label: &str) -> Result<LocalImage, IngestError> {
    let whole: Value = serde_json::from_slice(body).map_err(|error| IngestError(error.to_string()))?;
    let id = whole.get("Id").and_then(Value::as_str).ok_or_else(|| IngestError("it names no image".to_owned()))?;
    let label = whole.pointer("/Config/Labels").and_then(|labels| labels.get(label)).and_then(Value::as_str);
    let digests = whole.get("RepoDigests").and_then(Value::as_array);
    Ok(LocalImage {
        id: id.to_owned(),
        operation: label.map(str::to_owned),
        repo_digests: digests.into_iter().flatten().filter_map(Value::as_str).map(str::to_owned).collect(),
    })
}

/// Adds what an inspection told; the list is newer where both speak.
pub fn add(container: &mut DockerContainer, told: &Inspected) {
    container.health = container.health.take().or_else(|| told.health.clone());
    container.exit_code = container.exit_code.or(told.exit_code);
    container.oom_killed = told.oom_killed;
    container.restarts = told.restarts;
    container.started = told.started;
    container.finished = told.finished;
    container.tty = told.tty;
}

/// What a line of `GET /events` is about: a container's id, and whether its inspection is out of date.
#[must_use]
pub fn event(line: &[u8]) -> Option<Occurrence> {
    #[derive(Deserialize)]
    struct Message {
        #[serde(rename = "Type", default)]
        kind: Lenient<String>,
        #[serde(rename = "Action", default)]
        action: Lenient<String>,
        #[serde(rename = "Actor", default)]
        actor: Lenient<Actor>,
    }
    #[derive(Deserialize, Default)]
    #[serde(default)]
    struct Actor {
        #[serde(rename = "ID")]
        id: Lenient<String>,
    }
    let message: Message = serde_json::from_slice(line).ok()?;
    if message.kind.0.as_deref() != Some("container") {
        return None;
    }
    let action = message.action.take();
    // Health checks run all the time; what is copied in and out changes no state.
    let quiet = ["exec_", "top", "resize", "archive-path", "extract-to-dir", "copy", "export", "attach"];
    let changes = !quiet.iter().any(|word| action.starts_with(word));
    Some(Occurrence { id: message.actor.take().id.take(), changes })
}

/// See [`event`].
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Occurrence {
    pub id: String,
    pub changes: bool,
}
