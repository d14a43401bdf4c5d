//! What a Docker Engine can be asked to do (apis.md §9): restart a container, pull, build and push an
//! image. It takes no guard, so everything is read again right before the send. A status of 200 says only
//! that it began: a pull, a build or a push is done when its stream ends without an error.

use std::sync::Arc;
use std::time::Duration;

use http::HeaderValue;
use jiff::{SignedDuration, Timestamp};
use serde_json::{Value, json};
use tokio::time::timeout;

use super::builds::{Builds, Said as Log};
use super::ingest::{self, LocalImage};
use super::ingest_said::{Messages, Said};
use super::words;
use crate::action::{Action, Change, Found, Operation};
use crate::clock::Clock;
use crate::model::builds::BuildPlan;
use crate::model::images::Reference;
use crate::net::{Answered, Context, Docker, EngineAsk, NetError, Registry, Sent, Writes, segment};

/// The label of an image that names the operation which built it.
const MARK: &str = "io.quarterdeck.operation";
/// What everybody reads as the commit of an image.
const REVISION: &str = "org.opencontainers.image.revision";
/// A container may take its time to stop.
const RESTART: Duration = Duration::from_secs(90);
/// Longer than that no restart rests between its two halves.
const AT_WORK: SignedDuration = SignedDuration::from_secs(90);
/// Until the engine answers: of a build, until it has the whole context.
const HEAD: Duration = Duration::from_mins(10);
/// Silence of a step of a build, and of everything else.
const SILENCE: (Duration, Duration) = (Duration::from_mins(30), Duration::from_mins(5));
/// Of a push without a login; an engine wants the header all the same.
const NOBODY: &str = "e30=";

/// Packs the context of a build, as it is asked for.
pub type Pack = Arc<dyn Fn(&BuildPlan) -> Context + Send + Sync>;

/// An engine, and what a change of it may need.
#[derive(Clone)]
pub(crate) struct Engine {
    pub(crate) client: Docker,
    /// That of the image's host, when one is configured.
    pub(crate) registry: Option<Registry>,
    pub(crate) builds: Builds,
    pub(crate) pack: Option<Pack>,
    pub(crate) clock: Clock,
}

/// A request, ready to leave.
pub(crate) struct Call {
    ask: EngineAsk,
    change: Change,
    /// With its tag; empty for a container.
    image: String,
    log: Option<Arc<Log>>,
}

/// Looks at what the request is about and makes it, or says why not.
pub(crate) async fn prepare(engine: &Engine, operation: &Operation) -> Result<Call, String> {
    let action = &operation.action;
    let log = engine.builds.of(&action.target.uid);
    let call = |path: String, head, image: &str| Call {
        ask: EngineAsk { path, login: None, context: None, head },
        change: action.change.clone(),
        image: image.to_owned(),
        log: log.clone(),
    };
    match &action.change {
        Change::RestartContainer { state, started } => {
            let now = inspected(engine, action).await?;
            if now.state != *state || now.started() != *started {
                return Err(format!("changed since you looked: it is {} now, since another start", now.state.as_str()));
            }
            Ok(call(format!("/containers/{}/restart", segment(action.target.uid.raw())), RESTART, ""))
        }
        Change::PullImage { image } => {
            let now = inspected(engine, action).await?;
            if now.image != image.raw() {
                return Err("changed since you looked: it names another image now".to_owned());
            }
            let reference = Reference::parse(image.raw()).ok_or("its image has no name that can be pulled")?;
            let tag = reference.digest.as_ref().map(|digest| digest.raw().to_owned()).or(reference.tag);
            let tag = tag.unwrap_or_else(|| "latest".to_owned());
            let path = format!("/images/create?fromImage={}&tag={}", segment(&reference.repository), segment(&tag));
            let mut call = call(path, HEAD, image.raw());
            call.ask.login = login(engine, false).await?.map(|login| ("x-registry-auth", login));
            Ok(call)
        }
        Change::BuildImage { plan } => {
            let pack = engine.pack.as_ref().ok_or("nothing here can pack a folder")?;
            let mut call = call(build_path(plan, &operation.id.0), HEAD, plan.image.raw());
            call.ask.login = login(engine, true).await?.map(|login| ("x-registry-config", login));
            call.ask.context = Some(pack(plan));
            Ok(call)
        }
        Change::PushImage { id } => {
            let image = action.target.name.raw();
            let now = image_of(&engine.client, image).await.map_err(|error| unread(image, &error))?;
            if now.id != id.as_str() {
                return Err("changed since you looked: the tag names another image now".to_owned());
            }
            let reference = Reference::parse(image).ok_or("its name cannot be pushed")?;
            let tag = reference.tag.unwrap_or_else(|| "latest".to_owned());
            // Without a tag every one of the repository would be pushed.
            let path = format!("/images/{}/push?tag={}", path_of(&reference.repository), segment(&tag));
            let mut call = call(path, HEAD, image);
            let nobody = HeaderValue::from_static(NOBODY);
            call.ask.login = Some(("x-registry-auth", login(engine, false).await?.unwrap_or(nobody)));
            Ok(call)
        }
        other => Err(format!("a Docker Engine cannot be asked to {}", other.verb().as_str())),
    }
}

fn build_path(plan: &BuildPlan, operation: &str) -> String {
    let mut labels = json!({ MARK: operation });
    if let Some(revision) = &plan.revision {
        labels[REVISION] = json!(revision.as_str());
    }
    format!(
        // Version 1: the classic builder, on engines that know two.
        "/build?version=1&t={}&dockerfile={}&rm=true&forcerm=true&labels={}",
        segment(plan.image.raw()),
        segment(&plan.dockerfile),
        segment(&labels.to_string())
    )
}

/// Each part of the name is one of the path.
fn path_of(repository: &str) -> String {
    repository.split('/').map(segment).collect::<Vec<_>>().join("/")
}

async fn login(engine: &Engine, of_build: bool) -> Result<Option<HeaderValue>, String> {
    match &engine.registry {
        Some(registry) => registry.for_engine(of_build).await.map_err(|error| error.to_string()),
        None => Ok(None),
    }
}

/// Sends once, and reads to the end what is said meanwhile.
pub(crate) async fn send(writes: Writes, engine: &Engine, call: Call) -> Sent {
    let Call { ask, change, image, log } = call;
    let restart = matches!(change, Change::RestartContainer { .. });
    let silence = if matches!(change, Change::BuildImage { .. }) { SILENCE.0 } else { SILENCE.1 };
    let say = |text: &str| {
        if let Some(log) = &log {
            log.say(engine.clock.now().wall, text);
        }
    };
    let whole = async {
        let mut answer = match engine.client.post(writes, ask).await {
            Answered::Taken(answer) => answer,
            Answered::Refused { code, message } => {
                say(&message);
                let message = words::refused(&change, &image, code, &message);
                // It stops before it starts: what fails in the engine may fail between the two.
                if restart && code >= 500 {
                    return Sent::Unknown { message: format!("{message}; it may be stopped by now") };
                }
                return Sent::Refused { code, reason: String::new(), message };
            }
            Answered::NotSent { message } => return Sent::NotSent { message },
            Answered::Unknown { message } => return Sent::Unknown { message },
        };
        if restart {
            return Sent::Accepted(Value::Null);
        }
        let mut heard = Heard::default();
        loop {
            let (said, ended) = match timeout(silence, answer.chunk()).await {
                Ok(Ok(Some(bytes))) => (heard.messages.push(&bytes), false),
                Ok(Ok(None)) => (heard.messages.finish(), true),
                Ok(Err(error)) => return Sent::Unknown { message: error.to_string() },
                Err(_) => {
                    let message = format!("the engine said nothing for {} min", silence.as_secs() / 60);
                    return Sent::Unknown { message };
                }
            };
            for said in said {
                heard.take(said, &say);
            }
            if ended {
                heard.rest(&say);
                break;
            }
        }
        if let Some(message) = heard.failed {
            let message = words::refused(&change, &image, 0, &message);
            return Sent::Refused { code: 0, reason: String::new(), message };
        }
        done(engine, &change, &image, heard.made).await
    };
    let sent = match &log {
        Some(log) => match log.stop.run_until_cancelled(whole).await {
            Some(sent) => sent,
            None => stopped(&change, &image),
        },
        None => whole.await,
    };
    match &sent {
        Sent::Accepted(_) => say("done"),
        Sent::Refused { message, .. } | Sent::NotSent { message } | Sent::Unknown { message } => say(message),
    }
    if let Some(log) = &log {
        log.end();
    }
    sent
}

/// What was heard of a stream.
#[derive(Default)]
struct Heard {
    messages: Messages,
    /// The beginning of a line.
    line: String,
    /// What each layer was last said to do: a bar that moves is no news.
    layers: std::collections::HashMap<String, String>,
    made: Option<String>,
    failed: Option<String>,
}

impl Heard {
    fn take(&mut self, said: Said, say: &impl Fn(&str)) {
        match said {
            Said::Text(text) => {
                self.line.push_str(&text);
                if let Some(end) = self.line.rfind('\n') {
                    say(&self.line[..end]);
                    self.line.drain(..=end);
                }
            }
            Said::Status { id, text } => {
                if self.layers.get(&id) != Some(&text) {
                    say(&if id.is_empty() { text.clone() } else { format!("{id}: {text}") });
                    self.layers.insert(id, text);
                }
            }
            Said::Image(id) | Said::Pushed(id) => self.made = Some(id),
            Said::Failed(message) => self.failed = Some(message),
        }
    }

    fn rest(&mut self, say: &impl Fn(&str)) {
        if !self.line.is_empty() {
            say(&std::mem::take(&mut self.line));
        }
    }
}

/// The stream ended well: what it made is looked at.
async fn done(engine: &Engine, change: &Change, image: &str, made: Option<String>) -> Sent {
    match (change, made) {
        (Change::PushImage { .. }, Some(digest)) => Sent::Accepted(json!({ "id": digest })),
        (Change::PushImage { .. }, None) => {
            Sent::Unknown { message: "the engine ended the push without a digest".to_owned() }
        }
        (change, made) => match image_of(&engine.client, image).await {
            Ok(now) if matches!(change, Change::BuildImage { .. }) && made.as_ref().is_some_and(|id| *id != now.id) => {
                Sent::Unknown { message: "the tag does not name what was built".to_owned() }
            }
            Ok(now) => Sent::Accepted(json!({ "id": now.id })),
            Err(error) => Sent::Unknown { message: format!("the image cannot be looked at: {error}") },
        },
    }
}

/// Somebody stopped it: unless it was done by then, nothing has its name.
fn stopped(change: &Change, image: &str) -> Sent {
    let message = match change {
        Change::BuildImage { .. } => "stopped here; the engine ends it with the step that runs",
        Change::PushImage { .. } => "stopped here; layers that are there already stay, without a tag",
        _ => "stopped here",
    };
    tracing::info!(image, "stopped");
    Sent::Refused { code: 0, reason: String::new(), message: message.to_owned() }
}

/// What a request made, from its answer.
pub(crate) fn made(answer: &Value) -> Option<&str> {
    answer.get("id").and_then(Value::as_str).filter(|id| !id.is_empty())
}

/// What the engine shows of an action nobody heard the end of.
pub(crate) async fn evidence(engine: &Engine, operation: &Operation) -> (Found, String) {
    let action = &operation.action;
    let untold = |error: &NetError| (Found::Untold, format!("cannot be read: {error}"));
    match &action.change {
        Change::RestartContainer { state, started } => match inspect(engine, action).await {
            Ok(now) if now.started() != *started => (Found::Applied, "it was started again".to_owned()),
            Ok(now) => not_restarted(&now, state.as_str(), engine.clock.now().wall),
            Err(NetError::Api { code: 404, .. }) => (Found::Gone, "the container is gone".to_owned()),
            Err(error) => untold(&error),
        },
        Change::BuildImage { plan } => match image_of(&engine.client, plan.image.raw()).await {
            Ok(LocalImage { operation: Some(mark), .. }) if mark == operation.id.0 => {
                (Found::Applied, "the image carries the mark of this operation".to_owned())
            }
            // An engine that heard nothing more from us builds no further.
            Ok(_) | Err(NetError::Api { code: 404, .. }) => {
                (Found::Passed, "the tag names no image of this operation".to_owned())
            }
            Err(error) => untold(&error),
        },
        Change::PushImage { .. } => {
            let image = action.target.name.raw();
            let repository = Reference::parse(image).map(|image| image.repository).unwrap_or_default();
            match image_of(&engine.client, image).await {
                Ok(now) if now.repo_digests.iter().any(|digest| digest.starts_with(&format!("{repository}@"))) => {
                    (Found::Applied, "the engine knows its digest in the registry".to_owned())
                }
                Ok(_) => (Found::Passed, "the engine knows no digest of it in the registry".to_owned()),
                Err(error) => untold(&error),
            }
        }
        // A pull changes nothing that could be told from what was there before.
        _ => (Found::Untold, "the engine does not tell who pulled what; pull it again".to_owned()),
    }
}

/// What a container shows that was not started since: a restart stops it first.
fn not_restarted(now: &ingest::Inspected, before: &str, here: Timestamp) -> (Found, String) {
    match now.state.as_str() {
        "running" if before == "running" => (Found::Missing, "it runs since before".to_owned()),
        state if state == before => (Found::Missing, format!("it is {state}, as before")),
        state @ ("exited" | "dead") => {
            let words = "it was stopped and is not running";
            let since = now.finished().map(|at| here.duration_since(at));
            if since.is_some_and(|since| since > AT_WORK) {
                (Found::Passed, format!("{words} ({state}): look at its log, then restart it here once more"))
            } else {
                // Between the two of them it looks the same.
                (
                    Found::Untold,
                    format!("{words} ({state}) yet; if that stays so: docker start, or restart it here later"),
                )
            }
        }
        state => (Found::Untold, format!("it is {state} now, and was {before}")),
    }
}

async fn inspect(engine: &Engine, action: &Action) -> Result<ingest::Inspected, NetError> {
    let answer = engine.client.get(&format!("/containers/{}/json", segment(action.target.uid.raw()))).await?;
    ingest::inspect(&answer.body).map_err(|error| NetError::Unreadable(error.to_string()))
}

/// The container as it is now; by its id, so that another of its name is not meant.
async fn inspected(engine: &Engine, action: &Action) -> Result<ingest::Inspected, String> {
    match inspect(engine, action).await {
        Ok(now) if now.id == action.target.uid.raw() => Ok(now),
        Ok(_) => Err("changed since you looked: another container has its id".to_owned()),
        Err(NetError::Api { code: 404, .. }) => Err("changed since you looked: the container is gone".to_owned()),
        Err(error) => Err(format!("it cannot be inspected before the send: {error}")),
    }
}

async fn image_of(client: &Docker, image: &str) -> Result<LocalImage, NetError> {
    let answer = client.get(&format!("/images/{}/json", path_of(image))).await?;
    ingest::image(&answer.body, MARK).map_err(|error| NetError::Unreadable(error.to_string()))
}

fn unread(image: &str, error: &NetError) -> String {
    match error {
        NetError::Api { code: 404, .. } => format!("the engine has no image {image} any more: build it again"),
        error => format!("it cannot be read before the send: {error}"),
    }
}
