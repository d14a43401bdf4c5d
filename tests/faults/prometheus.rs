//! Prometheus at its worst: every fault has its own sentence and next step (R30), and whatever is
//! not a good answer is never shown as a good figure (R31).

use std::sync::Arc;
use std::time::Duration;

use quarterdeck::clock::Clock;
use quarterdeck::model::slo::{ObjectiveSpec, Reading, Slo};
use quarterdeck::model::source::{FeedEvent, FeedId, FeedStatus, SourceScope};
use quarterdeck::model::{Kind, Name, SourceId, SystemId};
use quarterdeck::net::{Deadlines, Prometheus};
use quarterdeck::state::World;
use quarterdeck::systems::{Spec, Systems, Upstream};
use quarterdeck::text::Safe;
use serde_json::{Value, json};
use tokio::io::AsyncWriteExt as _;
use tokio::net::{TcpListener, TcpSocket};
use tokio::sync::mpsc;

use super::server::{Reply, Request, Server};
use super::support::{block_on, next};
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
    Deadlines { connect: millis(400), headers: millis(700), idle: millis(1500), total, ..Deadlines::default() }
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

#[test]
fn a_good_answer_is_a_value() {
    block_on(async {
        let server = Server::answering(prometheus(WELL)).await;
        let mut run = Run::start(&server.url, &[], quickly());
        let slo = run.until_slo(ID, is_value).await;
        let figures = slo.figures.value().unwrap();
        assert!((figures.consumed - 0.4).abs() < 1e-9 && (figures.remaining - 0.6).abs() < 1e-9, "{figures:?}");
        assert!(kinds(&slo).iter().all(|kind| *kind == "value"), "{:?}", kinds(&slo));
        let thresholds: Vec<f64> = slo.burns.iter().map(|burn| burn.threshold).collect();
        for (threshold, wanted) in thresholds.iter().zip([14.4, 6.0, 3.0, 1.0]) {
            assert!((threshold - wanted).abs() < 1e-9, "{thresholds:?}");
        }
        run.end().await;
    });
}

/// One NaN that was recorded makes Sloth's mean NaN for the whole window: ours leaves it out.
#[test]
fn an_idle_night_does_not_cost_the_month() {
    block_on(async {
        let server = Server::answering(prometheus(Says { whole: Some("NaN"), ..WELL })).await;
        let mut run = Run::start(&server.url, &[], quickly());
        let slo = run.until_slo(ID, is_value).await;
        let figures = slo.figures.value().unwrap();
        assert!((figures.consumed - 0.5).abs() < 1e-9, "{figures:?}");
        assert!(slo.queries[0].1.as_str().contains(">= 0)[30d:5m]"), "{:?}", slo.queries);
        // Nobody asks now.
        server.answer(prometheus(Says { ratio: "NaN", ..WELL }));
        let slo = run.until_slo(ID, |slo| !is_value(slo)).await;
        let Reading::NoTraffic { last: Some(last) } = &slo.figures else { panic!("{:?}", slo.figures) };
        assert!((last.consumed - 0.5).abs() < 1e-9, "{last:?}");
        // The rule is a number again.
        server.answer(prometheus(WELL));
        run.until_slo(ID, |slo| slo.figures.value().is_some_and(|figures| figures.consumed < 0.45)).await;
        run.end().await;
    });
}

#[test]
fn r31_whatever_is_not_a_good_answer_is_never_green() {
    let table = [
        (Says { ratio: "NaN", ..WELL }, "no_traffic"),
        (Says { ratio: "+Inf", ..WELL }, "invalid"),
        (Says { ratio: "-Inf", ..WELL }, "invalid"),
        (Says { ratio: "-0.2", ..WELL }, "invalid"),
        (Says { ratio: "1.2", ..WELL }, "invalid"),
        (Says { gone: true, ..WELL }, "no_data"),
        (Says { age: 200.0, ..WELL }, "stale"),
        (Says { covered: 0.85, ..WELL }, "immature"),
        (Says { covered: 0.0, ..WELL }, "immature"),
        (Says { warnings: &["store 10.0.0.7 is not reachable"], ..WELL }, "partial"),
    ];
    block_on(async {
        for (says, wanted) in table {
            let server = Server::answering(prometheus(WELL)).await;
            let mut run = Run::start(&server.url, &[], quickly());
            run.until_slo(ID, is_value).await;
            server.answer(prometheus(says));
            run.refresh();
            let slo = run.until_slo(ID, |slo| !is_value(slo)).await;
            // One reading more, so that nothing of the first is left in it.
            let at = slo.at;
            let slo = run.until_slo(ID, |slo| slo.at > at).await;
            assert!(kinds(&slo).iter().all(|kind| *kind == wanted), "{wanted}: {:?}", kinds(&slo));
            let keeps = !matches!(wanted, "invalid");
            assert_eq!(slo.figures.shown().is_some(), keeps, "{wanted}: what was known before");
            assert!(!slo.burns.iter().any(quarterdeck::model::slo::Burn::is_firing));
            if wanted == "no_data" {
                assert!(matches!(slo.figures, Reading::NoData { since: Some(_), .. }), "{:?}", slo.figures);
            }
            run.end().await;
        }
    });
}

/// An answer that is none: the last figures with the reason, and a feed that says so.
#[test]
fn r31_an_error_leaves_the_last_figures_with_the_reason() {
    let failed = |kind: &str, error: &str, code: u16| {
        let body = json!({ "status": "error", "errorType": kind, "error": error });
        Reply::Whole(code, "Content-Type: application/json\r\n".to_owned(), body.to_string())
    };
    let html = Reply::Whole(200, "Content-Type: text/html\r\n".to_owned(), "<html>log in</html>".to_owned());
    let table = [
        (failed("execution", "many-to-many matching not allowed", 422), "cannot execute the query: many-to-many"),
        (failed("timeout", "query timed out", 503), "gave up on the query"),
        (Reply::Whole(200, String::new(), "{\"status\":\"succ".to_owned()), "not what Prometheus sends"),
        (Reply::Whole(500, String::new(), "oops".to_owned()), "answers with an error: oops"),
        (html, "a web page, not with JSON"),
        (Reply::Silence, "no answer of Prometheus within"),
    ];
    block_on(async {
        for (reply, wanted) in table {
            let server = Server::answering(prometheus(WELL)).await;
            let mut run = Run::start(&server.url, &[], quickly());
            run.until_slo(ID, is_value).await;
            let says = prometheus(WELL);
            server.answer(move |request| if request.path.contains("/query") { reply.clone() } else { says(request) });
            let slo = run.until_slo(ID, |slo| slo.figures.as_str() == "unreachable").await;
            let Reading::Unreachable { why, last: Some(last) } = &slo.figures else { panic!("{:?}", slo.figures) };
            assert!(why.as_str().contains(wanted), "{wanted}: {why:?}");
            assert!((last.consumed - 0.4).abs() < 1e-9);
            assert!(kinds(&slo).iter().all(|kind| *kind == "unreachable"), "{:?}", kinds(&slo));
            run.until(|run| matches!(run.status(Kind::Slo), FeedStatus::Stale { .. })).await;
            server.answer(prometheus(WELL));
            run.until_slo(ID, is_value).await;
            run.end().await;
        }
    });
}

/// 50 objectives cost what one does.
#[test]
fn all_objectives_are_read_in_two_queries_at_one_time() {
    block_on(async {
        let server = Server::answering(prometheus(WELL)).await;
        let mut run = Run::start(&server.url, &[], quickly());
        let at = run.until_slo(ID, is_value).await.at;
        run.until_slo(ID, |slo| slo.at > at).await;
        let queries: Vec<(String, String)> = server
            .requests()
            .iter()
            .filter(|request| request.path.contains("/query"))
            .map(|request| (parameter(request, "time"), parameter(request, "query")))
            .filter(|(_, query)| !query.contains("count_over_time"))
            .collect();
        for (time, _) in &queries {
            assert!(queries.iter().filter(|(other, _)| other == time).count() % 2 == 0, "{queries:#?}");
        }
        run.end().await;
    });
}

/// The server's clock is ahead: its own time is asked for, and the difference told.
#[test]
fn a_clock_that_is_off_is_told_and_the_servers_time_is_asked_for() {
    block_on(async {
        let ahead = jiff::Timestamp::from_second(4_000_000_000).unwrap();
        let date = jiff::fmt::rfc2822::to_string(&ahead.to_zoned(jiff::tz::TimeZone::UTC)).unwrap();
        let header = format!("Date: {date}\r\nContent-Type: application/json\r\n");
        let says = prometheus(WELL);
        let server = Server::answering(move |request| match says(request) {
            Reply::Whole(code, _, body) => Reply::Whole(code, header.clone(), body),
            other => other,
        })
        .await;
        let mut run = Run::start(&server.url, &[], quickly());
        let slo = run.until_slo(ID, is_value).await;
        let off = slo.at.unwrap().duration_since(ahead).as_secs();
        assert!(off.abs() < 60, "{:?}", slo.at);
        assert!(run.world.skew(SourceId(5)) > 1_000_000);
        run.end().await;
    });
}

async fn error(url: &str) -> String {
    let client = Prometheus::with(url, None, quickly()).unwrap();
    client.alerts().await.unwrap_err().to_string()
}

#[test]
fn r30_every_fault_has_its_own_sentence() {
    block_on(async {
        let answering = |code: u16, headers: &str, body: &str| {
            let reply = Reply::Whole(code, headers.to_owned(), body.to_owned());
            Server::answering(move |_| reply.clone())
        };
        let mut told = Vec::new();
        told.push((error("http://no-such-host.invalid:9090").await, "check the name in sources.prometheus.url"));
        let free = TcpListener::bind("127.0.0.1:0").await.unwrap().local_addr().unwrap();
        told.push((error(&format!("http://{free}")).await, "refused the connection; check that it runs"));
        // Nobody takes what waits in the line of this one.
        let full = TcpSocket::new_v4().unwrap();
        full.bind("127.0.0.1:0".parse().unwrap()).unwrap();
        let full = full.listen(0).unwrap();
        let address = full.local_addr().unwrap();
        let _first = tokio::net::TcpStream::connect(address).await.unwrap();
        told.push((error(&format!("http://{address}")).await, "did not take the connection within 0.4 s"));
        // As a server without TLS does when it is greeted in TLS.
        let plain = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let tls = format!("https://{}", plain.local_addr().unwrap());
        let answering_plainly = tokio::spawn(async move {
            while let Ok((mut stream, _)) = plain.accept().await {
                stream.write_all(b"HTTP/1.1 400 Bad Request\r\n\r\n").await.unwrap();
                stream.readable().await.unwrap();
            }
        });
        told.push((error(&tls).await, "does not speak TLS on this port; check the server in sources.prometheus.url"));
        answering_plainly.abort();
        let reset = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = reset.local_addr().unwrap();
        let resetting = tokio::spawn(async move {
            while let Ok((stream, _)) = reset.accept().await {
                stream.readable().await.unwrap();
                stream.set_zero_linger().unwrap();
            }
        });
        told.push((error(&format!("http://{address}")).await, "reset the connection"));
        resetting.abort();
        let cut = Server::answering(|_| Reply::Cut("{".to_owned())).await;
        told.push((error(&cut.url).await, "closed the connection"));
        let silent = Server::answering(|_| Reply::Silence).await;
        told.push((error(&silent.url).await, "no answer of Prometheus within 0.7 s"));
        let status = [
            (401, "wants a login; give sources.prometheus.token"),
            (403, "forbids the query; ask for a token"),
            (404, "no Prometheus API at this path; check the path"),
            (407, "behind a proxy that wants a password; check HTTP_PROXY"),
            (500, "answers with an error"),
            (503, "is not reached by the proxy in front of it"),
        ];
        for (code, wanted) in status {
            let server = answering(code, "Content-Type: text/html\r\n", "<html>").await;
            told.push((error(&server.url).await, wanted));
        }
        let login = answering(302, "Location: https://login.example.com/\r\n", "").await;
        told.push((error(&login.url).await, "sends to https://login.example.com/; a login is in between"));
        let page = answering(200, "Content-Type: text/html\r\n", "<html>").await;
        told.push((error(&page.url).await, "answers with a web page, not with JSON"));
        for (said, wanted) in &told {
            assert!(said.contains(wanted) && said.len() < 200 && !said.contains('\n'), "{wanted}: {said}");
        }
    });
}

/// A login elsewhere never sees the token.
#[test]
fn another_origin_is_not_followed_to() {
    block_on(async {
        let other = Server::start().await;
        let location = format!("Location: {}/api/v1/alerts\r\n", other.url);
        let server = Server::answering(move |_| Reply::Whole(302, location.clone(), String::new())).await;
        let said = error(&server.url).await;
        assert!(said.contains("sends to"), "{said}");
        assert!(other.requests().is_empty());
    });
}

/// A long query goes in the body, a refused one is not sent again, a gateway's trouble is.
#[test]
fn reads_are_repeated_only_where_it_may_help() {
    block_on(async {
        let at = jiff::Timestamp::from_second(1_800_000_000).unwrap();
        for (code, tries) in [(502, 3), (422, 1), (400, 1), (500, 1)] {
            let server = Server::answering(move |_| Reply::Whole(code, String::new(), String::new())).await;
            let client = Prometheus::with(&server.url, None, quickly()).unwrap();
            client.query("up", at).await.unwrap_err();
            assert_eq!(server.requests().len(), tries, "{code}");
        }
        let server = Server::answering(prometheus(WELL)).await;
        let client = Prometheus::with(&format!("{}/", server.url), None, quickly()).unwrap();
        let long = format!("up{{job=\"{}\"}}", "x".repeat(3000));
        client.query(&long, at).await.unwrap();
        let asked = &server.requests()[0];
        assert_eq!((asked.method.as_str(), asked.path.as_str()), ("POST", "/api/v1/query"));
        assert_eq!(parameter(asked, "query"), long);
        assert_eq!(parameter(asked, "time"), "1800000000.000");
    });
}

#[test]
fn a_token_does_not_leave_the_machine_in_the_open() {
    let token = quarterdeck::model::scope::SecretSource::Fixed("hunter2");
    for url in ["http://prometheus.example:9090", "http://10.0.0.7/p", "http://ada@127.0.0.1.example"] {
        let said = Prometheus::with(url, Some(&token), quickly()).expect_err(url).to_string();
        assert!(
            said.contains("sources.prometheus.url") && !said.contains("hunter2") && !said.contains("ada"),
            "{said}"
        );
        assert!(Prometheus::with(url, None, quickly()).is_ok(), "{url}: nothing secret goes there");
    }
    for url in ["https://prometheus.example", "http://127.0.0.1:9090", "http://localhost:9090", "http://[::1]:9090"] {
        assert!(Prometheus::with(url, Some(&token), quickly()).is_ok(), "{url}");
    }
}
