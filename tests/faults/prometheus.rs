//! A Prometheus for tests that says of one objective what it is told to say, and what reads it.

use std::sync::Arc;
use std::time::Duration;

use quarterdeck::clock::Clock;
use quarterdeck::model::slo::{ObjectiveSpec, Slo};
use quarterdeck::model::source::{FeedEvent, FeedId, FeedStatus, SourceScope};
use quarterdeck::model::{Kind, Name, SourceId, SystemId};
use quarterdeck::net::{Deadlines, Prometheus};
use quarterdeck::state::World;
use quarterdeck::systems::{Spec, Systems, Upstream};
use quarterdeck::text::Safe;
use serde_json::{Value, json};
use tokio::sync::mpsc;

use super::server::{Reply, Request};
use super::support::next;
use super::watches::quick;

const PATIENCE: Duration = Duration::from_secs(40);

/// A Prometheus that is read, and the world it makes.
pub struct Run {
    systems: Systems,
    rx: mpsc::Receiver<(FeedId, FeedEvent)>,
    pub world: World,
    clock: Clock,
}

impl Run {
    pub fn start(url: &str, objectives: &[ObjectiveSpec], deadlines: Deadlines) -> Self {
        let scope = SourceScope {
            id: SourceId(5),
            system: SystemId::Prometheus,
            name: Name::new("prometheus"),
            server: Safe::identity(url),
            user: Safe::of(""),
            namespaces: None,
            unusable: None,
            discovered: None,
        };
        let client = Prometheus::with(url, None, deadlines).unwrap();
        let spec = Spec { scope: scope.clone(), upstream: Some(Upstream::Prometheus(client, objectives.into())) };
        let (tx, rx) = mpsc::channel(256);
        let clock = Clock::system();
        Self { systems: Systems::start_at(vec![spec], &tx, clock, quick()), rx, world: World::new(vec![scope]), clock }
    }

    pub fn slo(&self, id: &str) -> Option<Arc<Slo>> {
        self.world.slos.rows().iter().find(|slo| slo.meta.name.raw() == id).cloned()
    }

    pub fn status(&self, kind: Kind) -> &FeedStatus {
        self.world.feeds.iter().find(|(id, _)| id.kind == kind).map(|(_, feed)| &feed.status).unwrap()
    }

    pub fn look_at(&self, interest: quarterdeck::model::interest::Interest) {
        self.systems.look_at(Arc::new(interest));
    }

    pub fn refresh(&self) {
        self.systems.refresh();
    }

    /// Fails after a while, though readings keep coming.
    pub async fn until(&mut self, done: impl Fn(&Self) -> bool) {
        let reading = async {
            while !done(self) {
                let (id, event) = next(&mut self.rx).await.expect("feeds that run");
                self.world.apply(&id, self.clock.now().mono, event);
            }
        };
        if tokio::time::timeout(PATIENCE, reading).await.is_err() {
            let seen: Vec<_> = self.world.slos.rows().iter().map(|slo| (&slo.figures, &slo.rates)).collect();
            panic!("not so within {PATIENCE:?}: {seen:#?}");
        }
    }

    /// Until the objective is so.
    pub async fn until_slo(&mut self, id: &str, wanted: impl Fn(&Slo) -> bool) -> Arc<Slo> {
        self.until(|run| run.slo(id).is_some_and(|slo| wanted(&slo))).await;
        self.slo(id).unwrap()
    }

    pub async fn end(mut self) {
        self.rx.close();
        assert!(self.systems.shutdown(Duration::from_secs(10)).await, "tasks left after shutdown");
    }
}

pub fn quickly() -> Deadlines {
    let millis = Duration::from_millis;
    let total = Duration::from_secs(10);
    Deadlines {
        connect: millis(400),
        headers: millis(700),
        idle: millis(1500),
        again: millis(5),
        total,
        ..Deadlines::default()
    }
}

/// What the server says of the objective; every window has the same ratio.
#[derive(Clone)]
pub struct Says {
    pub ratio: &'static str,
    /// What the rules record of the whole window, where it is something else.
    pub whole: Option<&'static str>,
    /// Seconds that the samples are old.
    pub age: f64,
    /// Of the samples that each window should have.
    pub covered: f64,
    pub warnings: &'static [&'static str],
    pub gone: bool,
}

pub const WELL: Says = Says { ratio: "0.0004", whole: None, age: 0.0, covered: 1.0, warnings: &[], gone: false };
pub const ID: &str = "checkout-availability";
const WINDOWS: [(&str, f64); 8] = [
    ("5m", 300.0),
    ("30m", 1800.0),
    ("1h", 3600.0),
    ("2h", 7200.0),
    ("6h", 21_600.0),
    ("1d", 86_400.0),
    ("3d", 259_200.0),
    ("30d", 2_592_000.0),
];

pub fn vector(entries: &[Value], warnings: &[&str]) -> Reply {
    let data = json!({ "resultType": "vector", "result": entries });
    let body = json!({ "status": "success", "data": data, "warnings": warnings });
    Reply::Whole(200, "Content-Type: application/json\r\n".to_owned(), body.to_string())
}

pub fn labels(name: Option<&str>, window: Option<&str>) -> Value {
    let mut labels = json!({ "sloth_id": ID, "sloth_service": "checkout", "sloth_slo": "availability" });
    if let Some(name) = name {
        labels["__name__"] = name.into();
    }
    if let Some(window) = window {
        labels["sloth_window"] = window.into();
    }
    labels
}

/// The value of a parameter, wherever it stands.
pub fn parameter(request: &Request, name: &str) -> String {
    let body = String::from_utf8_lossy(&request.body).into_owned();
    let query = request.path.split_once('?').map_or(body.clone(), |(_, query)| query.to_owned());
    let found = query.split('&').find_map(|pair| pair.strip_prefix(&format!("{name}=")).map(str::to_owned));
    let text = found.unwrap_or_default().replace('+', " ");
    let mut bytes = Vec::new();
    let mut rest = text.bytes();
    while let Some(byte) = rest.next() {
        if byte == b'%' {
            let hex: String = [rest.next().unwrap(), rest.next().unwrap()].map(char::from).iter().collect();
            bytes.push(u8::from_str_radix(&hex, 16).unwrap());
        } else {
            bytes.push(byte);
        }
    }
    String::from_utf8(bytes).unwrap()
}

pub fn prometheus(says: Says) -> impl Fn(&Request) -> Reply + Send + Sync + 'static {
    move |request| {
        if request.path.starts_with("/api/v1/rules") {
            let rule = json!({
                "type": "recording", "name": "slo:sli_error:ratio_rate5m", "query": "x", "labels": labels(None, Some("5m")),
            });
            let mean = json!({
                "type": "recording", "name": "slo:sli_error:ratio_rate30d", "labels": { "sloth_window": "30d" },
                "query": format!("sum_over_time(x{{sloth_id=\"{ID}\"}}[30d]) / count_over_time(x{{sloth_id=\"{ID}\"}}[30d])"),
            });
            let data = json!({ "groups": [{ "name": "g", "interval": 30, "rules": [rule, mean] }] });
            let body = json!({ "status": "success", "data": data });
            return Reply::Whole(200, "Content-Type: application/json\r\n".to_owned(), body.to_string());
        }
        if request.path.starts_with("/api/v1/alerts") {
            let body = json!({ "status": "success", "data": { "alerts": [] } });
            return Reply::Whole(200, "Content-Type: application/json\r\n".to_owned(), body.to_string());
        }
        let (query, time) = (parameter(request, "query"), parameter(request, "time"));
        let at: f64 = time.parse().unwrap();
        if says.gone {
            return vector(&[], &[]);
        }
        let entries: Vec<Value> = if query.starts_with("timestamp(") {
            let made = (at - says.age).to_string();
            WINDOWS.iter().map(|(w, _)| json!({ "metric": labels(None, Some(w)), "value": [at, made] })).collect()
        } else if query.contains("avg_over_time") {
            // Without the NaN.
            vec![json!({ "metric": labels(None, Some("5m")), "value": [at, "0.0005"] })]
        } else if query.contains("count_over_time") {
            let one = |(window, seconds): &(&str, f64)| {
                let mut labels = labels(None, Some("5m"));
                labels["quarterdeck"] = (*window).into();
                json!({ "metric": labels, "value": [at, (seconds / 30.0 * says.covered).to_string()] })
            };
            WINDOWS.iter().filter(|(window, _)| query.contains(&format!("[{window}]"))).map(one).collect()
        } else {
            let mut info = labels(Some("sloth_slo_info"), None);
            info["sloth_objective"] = "99.9".into();
            let days = labels(Some("slo:time_period:days"), None);
            let one = |(w, _): &(&str, f64)| {
                let name = format!("slo:sli_error:ratio_rate{w}");
                let ratio = says.whole.filter(|_| *w == "30d").unwrap_or(says.ratio);
                json!({ "metric": labels(Some(&name), Some(w)), "value": [at, ratio] })
            };
            let meta = [json!({ "metric": info, "value": [at, "1"] }), json!({ "metric": days, "value": [at, "30"] })];
            meta.into_iter().chain(WINDOWS.iter().map(one)).collect()
        };
        vector(&entries, says.warnings)
    }
}

/// The figures, and each of the burn rates.
pub fn kinds(slo: &Slo) -> Vec<&'static str> {
    let rates = slo.rates.iter().map(|(_, rate)| rate.as_str());
    let burns = slo.burns.iter().flat_map(|burn| [burn.short_rate.as_str(), burn.long_rate.as_str()]);
    std::iter::once(slo.figures.as_str()).chain(rates).chain(burns).collect()
}

pub fn is_value(slo: &Slo) -> bool {
    slo.figures.value().is_some()
}
