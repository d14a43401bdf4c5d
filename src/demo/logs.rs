//! What the demo's containers write. A line is a function of the pod and the moment, so a log can
//! be read from any point, followed and read again, and is the same each time.

use std::time::Duration;

use jiff::Timestamp;
use serde_json::Value;

use super::tekton;
use super::value::{at, hash, int, items, later, mix, text, time_at};
use super::world::World;

/// The kubelet keeps so much of a log.
const KEPT: i64 = 2 * 3_600;

/// One line and when it was written.
pub(super) type Line = (Timestamp, String);

/// A container's log.
#[derive(Debug, Clone)]
pub(super) struct Log {
    pod: Value,
    seed: u64,
    begun: Timestamp,
    /// The container exited then, after a few lines.
    ended: Option<Timestamp>,
    /// All of it, where it is not a service's.
    written: Option<Vec<Line>>,
}

/// Why there is no log, in the API server's words.
pub(super) fn open(world: &World, pod: &Value, container: Option<&str>, previous: bool) -> Result<Log, String> {
    let name = text(pod, "/metadata/name");
    let containers = items(pod, "/spec/containers");
    let container = match container.filter(|name| !name.is_empty()) {
        Some(wanted) if containers.iter().any(|it| text(it, "/name") == wanted) => wanted,
        Some(wanted) => return Err(format!("container {wanted} is not valid for pod {name}")),
        None if containers.len() > 1 => {
            let names: Vec<&str> = containers.iter().map(|it| text(it, "/name")).collect();
            return Err(format!(
                "a container name must be specified for pod {name}, choose one of: [{}]",
                names.join(" ")
            ));
        }
        None => containers.first().map_or("app", |it| text(it, "/name")),
    };
    if tekton::logs::is_step(pod) {
        let (lines, begun, ended) = tekton::logs::written(world, pod, container)?;
        return Ok(Log { pod: pod.clone(), seed: 0, begun, ended, written: Some(lines) });
    }
    let status = at(pod, "/status/containerStatuses/0");
    let last = at(status, "/lastState/terminated");
    let seed = hash(text(pod, "/metadata/uid")) ^ int(status, "/restartCount").unsigned_abs();
    let of_last = || Log {
        pod: pod.clone(),
        seed: seed ^ 1,
        begun: time_at(last, "/startedAt").unwrap_or(world.now),
        ended: time_at(last, "/finishedAt"),
        written: None,
    };
    if previous {
        return if last.is_object() {
            Ok(of_last())
        } else {
            Err(format!("previous terminated container \"{container}\" in pod \"{name}\" not found"))
        };
    }
    if let Some(begun) = time_at(status, "/state/running/startedAt") {
        let ended = world.crashes(text(pod, "/spec/containers/0/image")).then(|| later(begun, Duration::from_secs(3)));
        return Ok(Log { pod: pod.clone(), seed, begun, ended, written: None });
    }
    if last.is_object() {
        return Ok(of_last());
    }
    let reason = at(status, "/state/waiting/reason").as_str().unwrap_or("ContainerCreating");
    Err(format!("container \"{container}\" in pod \"{name}\" is waiting to start: {reason}"))
}

impl Log {
    /// The lines written after `from` and until `to`, oldest first.
    pub(super) fn between(&self, world: &World, from: Timestamp, to: Timestamp) -> Vec<Line> {
        let to = self.until(to);
        if let Some(written) = &self.written {
            return written.iter().filter(|(time, _)| *time > from && *time <= to).cloned().collect();
        }
        let first = from.as_second().max(self.begun.as_second()).max(to.as_second() - KEPT);
        let mut lines = Vec::new();
        for second in first..=to.as_second() {
            self.second(world, second, (from, to), &mut lines);
        }
        lines
    }

    /// The newest `count` lines until `to`.
    pub(super) fn tail(&self, world: &World, from: Timestamp, to: Timestamp, count: usize) -> Vec<Line> {
        if self.written.is_some() {
            let mut lines = self.between(world, from, to);
            return lines.split_off(lines.len().saturating_sub(count));
        }
        let to = self.until(to);
        let mut span = 64;
        loop {
            let start = Timestamp::from_second(to.as_second() - span).unwrap_or(from).max(from);
            let mut lines = self.between(world, start, to);
            if lines.len() >= count || start <= from || start <= self.begun || span >= KEPT {
                return lines.split_off(lines.len().saturating_sub(count));
            }
            span *= 4;
        }
    }

    /// Says whether nothing more will come.
    pub(super) fn over(&self, now: Timestamp) -> bool {
        self.until(now) < now
    }

    /// The last moment that can have a line. `finishedAt` is in whole seconds; the last lines are
    /// written within that second.
    fn until(&self, to: Timestamp) -> Timestamp {
        self.ended.map_or(to, |ended| to.min(later(ended, Duration::from_millis(999))))
    }

    /// The lines of one second that are after the first and not after the second moment.
    fn second(&self, world: &World, second: i64, span: (Timestamp, Timestamp), lines: &mut Vec<Line>) {
        let Ok(start) = Timestamp::from_second(second) else { return };
        let age = second - self.begun.as_second();
        let number = mix(self.seed ^ second.unsigned_abs());
        let service = text(&self.pod, "/metadata/labels/app");
        // Only the lines that are asked for are worded: a busy log has thousands in a second.
        let mut say = |part: u64, of: u64, word: &dyn Fn() -> String| {
            let slot = 1_000_000_000 / of;
            let nanos = part * slot + mix(number ^ part) % slot;
            let stamp = later(start, Duration::from_nanos(nanos));
            if stamp > span.0 && stamp <= span.1 && stamp >= self.begun {
                lines.push((stamp, word()));
            }
        };
        match (age, self.ended.is_some()) {
            (..0, _) => {}
            (0, _) => say(0, 2, &|| {
                let image = text(&self.pod, "/spec/containers/0/image");
                format!("INFO starting {service} version={}", image.rsplit(':').next().unwrap_or_default())
            }),
            (1, _) => say(0, 2, &|| "INFO configuration read source=/etc/app/config.yaml".to_owned()),
            (2, true) => say(0, 2, &|| "INFO connecting to index host=search-index.dev.svc:9200".to_owned()),
            (_, true) => {
                say(0, 9, &|| "ERROR index schema 41 is not supported, expected 42".to_owned());
                say(1, 9, &|| "ERROR exiting code=1".to_owned());
            }
            (2, _) => say(0, 2, &|| "INFO listening address=0.0.0.0:8080".to_owned()),
            _ => {
                let traffic = &world.scenario.traffic;
                let rate = traffic.log_lines_per_second;
                let count = rate.floor() as u64 + u64::from(chance(number, rate.fract()));
                let all = count + 1;
                for part in 0..count {
                    say(part, all, &|| request(service, mix(number ^ (part << 8))));
                }
                // Every failed request is written, of the others a sample.
                let requests = traffic.requests_per_second / 6.0;
                let failing = (requests * world.pod_error_ratio(&self.pod, start)).min(1.0);
                if chance(mix(number ^ 0xE), failing) {
                    say(count, all, &|| failure(service, mix(number ^ 0xF)));
                }
            }
        }
    }
}

fn chance(number: u64, probability: f64) -> bool {
    ((number >> 11) as f64 / (1_u64 << 53) as f64) < probability
}

fn paths(service: &str) -> [&'static str; 3] {
    match service {
        "checkout" => ["/v1/cart", "/v1/checkout", "/v1/checkout/confirm"],
        "payments" => ["/v1/charges", "/v1/charges/status", "/v1/refunds"],
        "search" => ["/v1/search", "/v1/suggest", "/v1/facets"],
        "catalog" => ["/v1/products", "/v1/products/prices", "/v1/categories"],
        _ => ["/", "/account", "/basket"],
    }
}

fn request(service: &str, number: u64) -> String {
    let path = paths(service)[(number % 3) as usize];
    let (method, status) = if number.is_multiple_of(5) { ("POST", 201) } else { ("GET", 200) };
    let millis = 12 + number / 7 % 180;
    if number % 61 == 7 {
        return format!("WARN slow upstream=inventory duration_ms={} path={path}", 800 + number % 700);
    }
    format!("INFO request method={method} path={path} status={status} duration_ms={millis} trace={:08x}", number >> 32)
}

fn failure(service: &str, number: u64) -> String {
    let path = paths(service)[1];
    let why = [
        "price session expired: version mismatch",
        "deadline exceeded while reserving stock",
        "nil discount for line item",
    ];
    let status = [500, 503, 500][(number % 3) as usize];
    format!(
        "ERROR request method=POST path={path} status={status} duration_ms={} error=\"{}\" trace={:08x}",
        900 + number / 3 % 600,
        why[(number % 3) as usize],
        number >> 32
    )
}
