//! The containers of the demo's engine: the compose project `shop`, as somebody works on it, and a
//! runner.

use jiff::{SignedDuration, Timestamp};
use serde_json::{Value, json};

use crate::demo::value::{hash, rfc3339};

/// A container that starts, fails and starts again does so every so many seconds.
pub(super) const ROUND: i64 = 300;
/// Seconds of a round that it runs.
pub(super) const RUNS: i64 = 4;
/// Times it had failed when the world began.
const FAILED: i64 = 14;

/// How a container stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Life {
    Runs,
    /// With a health check that passes.
    Healthy,
    /// Exits with 1 in every round, and is started again.
    Fails,
    /// Ended so many seconds before the world began, with this code.
    Ended {
        before: i64,
        code: i64,
        oom: bool,
    },
}

#[derive(Debug)]
pub(super) struct Container {
    pub(super) name: &'static str,
    pub(super) service: &'static str,
    project: &'static str,
    pub(super) image: &'static str,
    pub(super) life: Life,
    /// Seconds it is older than the world.
    age: i64,
    pub(super) tty: bool,
    /// Address, port outside, port inside.
    ports: &'static [(&'static str, u16, u16)],
}

const fn shop(name: &'static str, service: &'static str, image: &'static str, life: Life, age: i64) -> Container {
    Container { name, service, project: "shop", image, life, age, tty: false, ports: &[] }
}

const DAY: i64 = 86_400;

pub(super) static CONTAINERS: &[Container] = &[
    Container {
        ports: &[("127.0.0.1", 8081, 8080)],
        ..shop("shop-checkout-1", "checkout", "ghcr.io/acme/checkout:dev", Life::Healthy, 7_500)
    },
    Container {
        ports: &[("127.0.0.1", 5432, 5432)],
        ..shop("shop-postgres-1", "postgres", "postgres:17.2", Life::Healthy, 6 * DAY)
    },
    Container { ports: &[("", 0, 6379)], ..shop("shop-redis-1", "redis", "redis:7.4", Life::Runs, 6 * DAY) },
    shop("shop-search-1", "search", "ghcr.io/acme/search:2.3.1", Life::Fails, 1_200),
    shop(
        "shop-migrate-1",
        "migrate",
        "ghcr.io/acme/migrate:dev",
        Life::Ended { before: 7_320, code: 0, oom: false },
        7_500,
    ),
    shop(
        "shop-loadtest-1",
        "loadtest",
        "ghcr.io/acme/loadtest:dev",
        Life::Ended { before: 2_400, code: 137, oom: true },
        3_000,
    ),
    Container {
        name: "actions-runner",
        service: "runner",
        project: "",
        image: "ghcr.io/actions/actions-runner:2.329.0",
        life: Life::Runs,
        age: 2 * DAY,
        tty: true,
        ports: &[],
    },
];

impl Container {
    pub(super) fn id(&self) -> String {
        let part = |part: u8| hash(&format!("{part}{}", self.name));
        format!("{:016x}{:016x}{:016x}{:016x}", part(0), part(1), part(2), part(3))
    }

    pub(super) fn created(&self, began: Timestamp) -> Timestamp {
        back(began, self.age)
    }

    /// The round it is in, and seconds since that began.
    fn round(now: Timestamp) -> (i64, i64) {
        (now.as_second().div_euclid(ROUND), now.as_second().rem_euclid(ROUND))
    }

    fn state(&self, now: Timestamp) -> &'static str {
        match self.life {
            Life::Runs | Life::Healthy => "running",
            Life::Fails if Self::round(now).1 < RUNS => "running",
            Life::Fails => "restarting",
            Life::Ended { .. } => "exited",
        }
    }

    fn started(&self, began: Timestamp, now: Timestamp) -> Timestamp {
        match self.life {
            Life::Fails => back(now, Self::round(now).1),
            _ => back(began, self.age - 2),
        }
    }

    pub(super) fn finished(&self, began: Timestamp, now: Timestamp) -> Option<Timestamp> {
        match self.life {
            Life::Runs | Life::Healthy => None,
            Life::Fails if Self::round(now).1 < RUNS => Some(back(now, Self::round(now).1 + ROUND - RUNS)),
            Life::Fails => Some(back(now, Self::round(now).1 - RUNS)),
            Life::Ended { before, .. } => Some(back(began, before)),
        }
    }

    /// In the engine's words.
    fn status(&self, began: Timestamp, now: Timestamp) -> String {
        let since = |at: Timestamp| ago(now.duration_since(at));
        let started = self.started(began, now);
        match (self.life, self.finished(began, now)) {
            (Life::Healthy, _) => format!("Up {} (healthy)", since(started)),
            (Life::Ended { code, .. }, Some(end)) => format!("Exited ({code}) {} ago", since(end)),
            (Life::Fails, Some(end)) if self.state(now) == "restarting" => {
                format!("Restarting (1) {} ago", since(end))
            }
            _ => format!("Up {}", since(started)),
        }
    }

    fn labels(&self) -> Value {
        if self.project.is_empty() {
            return json!({});
        }
        json!({ "com.docker.compose.project": self.project, "com.docker.compose.service": self.service })
    }

    /// Its entry in the list.
    pub(super) fn listed(&self, began: Timestamp, now: Timestamp) -> Value {
        let port = |(ip, outside, inside): &(&str, u16, u16)| {
            if *outside == 0 || self.state(now) != "running" {
                return json!({ "PrivatePort": inside, "Type": "tcp" });
            }
            json!({ "IP": ip, "PrivatePort": inside, "PublicPort": outside, "Type": "tcp" })
        };
        json!({
            "Id": self.id(),
            "Names": [format!("/{}", self.name)],
            "Image": self.image,
            "ImageID": format!("sha256:{}", self.id()),
            "Command": "docker-entrypoint.sh",
            "Created": self.created(began).as_second(),
            "Ports": self.ports.iter().map(port).collect::<Vec<_>>(),
            "Labels": self.labels(),
            "State": self.state(now),
            "Status": self.status(began, now),
            "HostConfig": { "NetworkMode": "shop_default" },
            "Mounts": [],
        })
    }

    /// The answer to its inspection.
    pub(super) fn inspected(&self, began: Timestamp, now: Timestamp) -> Value {
        let never = || "0001-01-01T00:00:00Z".to_owned();
        let state = self.state(now);
        let mut told = json!({
            "Status": state,
            "Running": state != "exited",
            "Paused": false,
            "Restarting": state == "restarting",
            "OOMKilled": matches!(self.life, Life::Ended { oom: true, .. }),
            "Dead": false,
            "Pid": 0,
            "ExitCode": match self.life {
                Life::Ended { code, .. } => code,
                Life::Fails if state == "restarting" => 1,
                _ => 0,
            },
            "Error": "",
            "StartedAt": rfc3339(self.started(began, now)),
            "FinishedAt": self.finished(began, now).map_or_else(never, rfc3339),
        });
        if self.life == Life::Healthy {
            told["Health"] = json!({ "Status": "healthy", "FailingStreak": 0, "Log": [] });
        }
        let restarts = match self.life {
            Life::Fails => FAILED + Self::round(now).0 - Self::round(began).0,
            _ => 0,
        };
        json!({
            "Id": self.id(),
            "Created": rfc3339(self.created(began)),
            "State": told,
            "Image": format!("sha256:{}", self.id()),
            "Name": format!("/{}", self.name),
            "RestartCount": restarts,
            "HostConfig": { "LogConfig": { "Type": "json-file", "Config": {} } },
            "Config": { "Tty": self.tty, "Image": self.image, "Labels": self.labels() },
        })
    }

    pub(super) fn runs(&self, now: Timestamp) -> bool {
        self.state(now) == "running"
    }

    /// Whether it still runs so long after a restart: what fails goes on failing.
    pub(super) fn stays(&self, since: SignedDuration) -> bool {
        self.life != Life::Fails || since.as_secs() < RUNS
    }

    /// The entry of one that was restarted.
    pub(super) fn listed_again(&self, row: &mut Value, at: Timestamp, now: Timestamp) {
        let healthy = if self.life == Life::Healthy { " (healthy)" } else { "" };
        row["State"] = json!("running");
        row["Status"] = json!(format!("Up {}{healthy}", ago(now.duration_since(at))));
    }

    pub(super) fn inspected_again(told: &mut Value, at: Timestamp) {
        for (field, value) in [
            ("Status", json!("running")),
            ("Running", json!(true)),
            ("Restarting", json!(false)),
            ("OOMKilled", json!(false)),
            ("ExitCode", json!(0)),
            ("StartedAt", json!(rfc3339(at))),
            ("FinishedAt", json!(rfc3339(at))),
        ] {
            told["State"][field] = value;
        }
    }

    /// What happened to it after the first moment and not after the second.
    pub(super) fn happened(&self, from: Timestamp, to: Timestamp) -> Vec<(Timestamp, &'static str)> {
        if self.life != Life::Fails {
            return Vec::new();
        }
        let mut found = Vec::new();
        for second in from.as_second() + 1..=to.as_second() {
            let action = match second.rem_euclid(ROUND) {
                0 => "start",
                RUNS => "die",
                _ => continue,
            };
            found.extend(Timestamp::from_second(second).ok().map(|at| (at, action)));
        }
        found
    }

    /// A line of the stream of events.
    pub(super) fn event(&self, at: Timestamp, action: &str) -> Value {
        json!({
            "status": action,
            "id": self.id(),
            "from": self.image,
            "Type": "container",
            "Action": action,
            "Actor": { "ID": self.id(), "Attributes": { "image": self.image, "name": self.name } },
            "scope": "local",
            "time": at.as_second(),
            "timeNano": i64::try_from(at.as_nanosecond()).unwrap_or(0),
        })
    }
}

fn back(from: Timestamp, seconds: i64) -> Timestamp {
    from.checked_sub(SignedDuration::from_secs(seconds)).unwrap_or(from)
}

/// As the engine says it.
fn ago(time: SignedDuration) -> String {
    let seconds = time.as_secs().max(0);
    match seconds {
        0 => "Less than a second".to_owned(),
        1 => "1 second".to_owned(),
        2..60 => format!("{seconds} seconds"),
        60..120 => "About a minute".to_owned(),
        120..3_600 => format!("{} minutes", seconds / 60),
        3_600..7_200 => "About an hour".to_owned(),
        7_200..172_800 => format!("{} hours", seconds / 3_600),
        _ => format!("{} days", seconds / DAY),
    }
}
