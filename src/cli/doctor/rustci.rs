//! What is asked of a RustCI server: whether it answers and feels well, who it takes us for and until
//! when, what may be read.

use std::time::Duration;

use super::sources::{ask, failed, odd, skew, way};
use super::{Finding, Subject, Verdict};
use crate::clock::Clock;
use crate::model::SourceId;
use crate::net::RustCi;
use crate::systems::rustci::{self, ingest};
use crate::text::{self, Safe};

/// Where its address is mended.
const PLACE: &str = "sources.rustci.url";
/// A token that expires sooner is told.
const SOON: Duration = Duration::from_hours(24);

pub(super) async fn look(subject: &Subject, client: &RustCi, clock: Clock) -> Vec<Finding> {
    let mut findings = token(subject, client, clock).await;
    let health = match ask(client.health()).await {
        Ok(health) => health,
        Err(error) => {
            findings.push(failed(subject, "reach", &error, PLACE));
            return findings;
        }
    };
    let version = health.version.as_ref().map_or_else(String::new, |version| format!(" {version}"));
    let place = health.environment.as_ref().map_or_else(String::new, |place| format!(", {place}"));
    let reach = format!("{} answers {}: RustCI{version}{place}", client.url(), way(client.url()));
    findings.push(subject.say("reach", Verdict::Ok, reach));
    findings.extend(skew(subject, health.date, clock));
    findings.push(match health.database.as_deref() {
        Some("connected") => subject.say("health", Verdict::Ok, "its database is connected"),
        Some(other) => {
            let said = if health.message.is_empty() { String::new() } else { format!(": {}", health.message) };
            let next = "look at its MongoDB; executions are neither read nor kept until then";
            subject.say("health", Verdict::Warn, format!("its database is {other}{said}")).then(next)
        }
        None => subject.say("health", Verdict::Warn, "it does not tell whether its database is connected"),
    });
    let read = ask(client.get(rustci::first())).await;
    findings.push(match read.map(|answer| ingest::pipelines(SourceId(0), &answer.body)) {
        Ok(Ok(read)) => {
            let count = text::plural(read.rows.len() as u64, "pipeline", "pipelines");
            subject.say("permission", Verdict::Ok, format!("may read pipelines: {}", count.as_str()))
        }
        Ok(Err(error)) => {
            let why = Safe::line(&format!("{error}; is it RustCI that answers? check {PLACE}"));
            odd(subject, "permission", &why)
        }
        Err(error) => failed(subject, "permission", &error, "sources.rustci.token"),
    });
    findings
}

/// Who is named to the server, and until when the token says that it holds.
async fn token(subject: &Subject, client: &RustCi, clock: Clock) -> Vec<Finding> {
    let (from, expiry) = match (ask(client.identity()).await, ask(client.expiry()).await) {
        (Ok(Some(from)), Ok(expiry)) => (from, expiry),
        // A server of the main branch asks nobody who they are.
        (Ok(None), _) => return vec![subject.say("token", Verdict::Ok, "none is configured, and nobody is named")],
        (Err(error), _) | (_, Err(error)) => return vec![failed(subject, "token", &error, "sources.rustci.token")],
    };
    let Some(expiry) = expiry else {
        return vec![subject.say("token", Verdict::Ok, format!("taken from {from}; it does not say when it expires"))];
    };
    let now = clock.now().wall;
    let off = text::duration(expiry.duration_since(now).unsigned_abs());
    let next = "log in again and put the new token there";
    vec![if expiry <= now {
        let message = format!("taken from {from}; it says that it expired {} ago", off.as_str());
        subject.say("token", Verdict::Fail, message).then(next)
    } else if expiry.duration_since(now).unsigned_abs() < SOON {
        let message = format!("taken from {from}; it says that it expires in {}", off.as_str());
        subject.say("token", Verdict::Warn, message).then(next)
    } else {
        subject.say("token", Verdict::Ok, format!("taken from {from}; it says that it expires in {}", off.as_str()))
    }]
}
