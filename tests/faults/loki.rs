//! A Loki at its worst, and what the log view then says (reliability.md R26, R28, R29, R30, R33, R35).

use std::time::Duration;

use jiff::Timestamp;
use quarterdeck::clock::Clock;
use quarterdeck::model::log::{Life, LogEvent, LogOf, LogRequest, LogSince, Stored, StoredPods, TailId};
use quarterdeck::model::scope::{LogLabels, Login, LokiSource, SecretSource};
use quarterdeck::model::source::SourceScope;
use quarterdeck::model::{Kind, Name, ObjectId, SourceId, SystemId, Uid};
use quarterdeck::net::{Deadlines, Loki};
use quarterdeck::systems::{Spec, Systems, Upstream};
use quarterdeck::text::Safe;
use serde_json::{Value, json};
use tokio::sync::mpsc;

use super::server::{Refusing, Reply, Request, Server};
use super::support::{block_on, next};

pub const LABELS: &str = r#"{"status":"success","data":["namespace","pod","container"]}"#;
/// 2026-08-04T09:33:20Z.
pub const BEGAN: i128 = 1_785_836_000_000_000_000;

pub fn source(url: &str) -> LokiSource {
    LokiSource {
        url: url.to_owned(),
        login: Login::Password { user: "ana".to_owned(), password: SecretSource::Fixed("hunter2") },
        tenant: Some("shop".to_owned()),
        ca: None,
        labels: LogLabels::default(),
        discovered: None,
    }
}

fn quickly() -> Deadlines {
    Deadlines {
        headers: Duration::from_millis(700),
        idle: Duration::from_millis(700),
        total: Duration::from_millis(1500),
        ..Deadlines::default()
    }
}

fn at(nanos: i128) -> Timestamp {
    Timestamp::from_nanosecond(nanos).unwrap()
}

fn request(since: LogSince) -> LogRequest {
    let window = (at(BEGAN), at(BEGAN + 3_600_000_000_000));
    let pods = StoredPods::One(Name::new("checkout-7d9f"));
    LogRequest {
        pod: ObjectId {
            cluster: SourceId(3),
            kind: Kind::Pod,
            namespace: Name::new("production"),
            name: Name::new("checkout-7d9f"),
            uid: Uid::new(SourceId(3), "u"),
        },
        container: Some(Name::new("app")),
        previous: false,
        since,
        of: LogOf::Stored(Box::new(Stored {
            store: SourceId(0),
            cluster: Name::new("eks-prod"),
            pods,
            life: Life::default(),
            window,
            behind: false,
        })),
    }
}

/// All that a tail says until it has ended or failed: lines, and the last word.
pub async fn tail(source: &LokiSource, since: LogSince) -> (Vec<String>, Result<(), String>) {
    tail_within(quickly(), source, since).await
}

pub async fn tail_within(
    deadlines: Deadlines,
    source: &LokiSource,
    since: LogSince,
) -> (Vec<String>, Result<(), String>) {
    let client = match Loki::with(source, deadlines) {
        Ok(client) => client,
        Err(error) => return (Vec::new(), Err(error.to_string())),
    };
    let scope = SourceScope {
        id: SourceId(0),
        system: SystemId::Loki,
        name: Name::new("loki"),
        server: Safe::of(""),
        user: Safe::of(""),
        // Nothing is read by itself.
        namespaces: Some(Vec::new()),
        unusable: None,
        discovered: None,
    };
    let spec = Spec { scope, upstream: Some(Upstream::Loki(client, LogLabels::default().into())) };
    let (feeds, _kept) = mpsc::channel(64);
    let mut systems = Systems::start(vec![spec], &feeds, Clock::system());
    let (tx, mut rx) = mpsc::channel(8);
    systems.tail(TailId(1), request(since), tx);
    let mut lines = Vec::new();
    let end = loop {
        match next(&mut rx).await.expect("an end").1 {
            LogEvent::Lines(chunk) => {
                let text = String::from_utf8_lossy(&chunk.bytes).into_owned();
                lines.extend(text.lines().map(str::to_owned));
            }
            LogEvent::Failed { message } => break Err(message.as_str().to_owned()),
            LogEvent::Ended => break Ok(()),
            LogEvent::Opened => {}
            other => panic!("{other:?}"),
        }
    };
    assert!(systems.shutdown(Duration::from_secs(10)).await, "tasks left after shutdown");
    (lines, end)
}

pub fn parameter(request: &Request, name: &str) -> String {
    let query = request.path.split_once('?').map_or("", |(_, query)| query);
    let found = query.split('&').find_map(|part| part.strip_prefix(&format!("{name}=")));
    let bytes = found.unwrap_or_default().replace('+', " ");
    let mut out = Vec::new();
    let mut rest = bytes.as_bytes();
    while let Some((first, more)) = rest.split_first() {
        if *first == b'%' {
            out.push(u8::from_str_radix(std::str::from_utf8(&more[..2]).unwrap(), 16).unwrap());
            rest = &more[2..];
        } else {
            out.push(*first);
            rest = more;
        }
    }
    String::from_utf8(out).unwrap()
}

pub fn streams(values: &[(i128, String)]) -> Value {
    let values: Vec<Value> = values.iter().map(|(at, line)| json!([at.to_string(), line])).collect();
    json!({ "status": "success", "data": { "resultType": "streams", "stats": {},
        "result": [{ "stream": { "pod": "checkout-7d9f", "container": "app" }, "values": values }] } })
}

/// A Loki with these lines, as the real one pages them.
pub fn loki(all: Vec<(i128, String)>) -> impl Fn(&Request) -> Reply {
    move |request| {
        if request.path.starts_with("/loki/api/v1/labels") {
            return Reply::json(LABELS);
        }
        let number = |name: &str| parameter(request, name).parse::<i128>().unwrap();
        let within = |(at, _): &&(i128, String)| *at >= number("start") && *at < number("end");
        let mut found: Vec<(i128, String)> = all.iter().filter(within).cloned().collect();
        if parameter(request, "direction") == "backward" {
            found.reverse();
        }
        found.truncate(usize::try_from(number("limit")).unwrap());
        Reply::json(streams(&found))
    }
}

#[test]
fn the_newest_lines_are_asked_for_once_with_all_that_says_who_asks() {
    block_on(async {
        let all = (0..50).map(|n| (BEGAN + n, format!("line {n}"))).collect();
        let server = Server::answering(loki(all)).await;
        let (lines, end) = tail(&source(&server.url), LogSince::Tail(3)).await;
        assert_eq!(end, Ok(()));
        let wanted = ["047Z line 47", "048Z line 48", "049Z line 49"];
        assert!(lines.iter().zip(wanted).all(|(line, end)| line.ends_with(end)) && lines.len() == 3, "{lines:?}");
        assert!(lines[0].starts_with("2026-08-04T09:33:20.000000047Z "), "{lines:?}");
        let asked = server.requests();
        let paths: Vec<&str> = asked.iter().map(|it| it.path.split('?').next().unwrap()).collect();
        assert_eq!(paths, ["/loki/api/v1/labels", "/loki/api/v1/query_range"]);
        assert_eq!(parameter(&asked[1], "query"), r#"{namespace="production",pod="checkout-7d9f",container="app"}"#);
        let window = (BEGAN, BEGAN + 3_600_000_000_000);
        assert_eq!(
            (parameter(&asked[1], "start"), parameter(&asked[1], "end")),
            (window.0.to_string(), window.1.to_string())
        );
        assert_eq!(
            (parameter(&asked[1], "limit").as_str(), parameter(&asked[1], "direction").as_str()),
            ("3", "backward")
        );
        for request in &asked {
            let head = request.head.to_ascii_lowercase();
            assert!(
                head.contains("x-scope-orgid: shop") && head.contains("authorization: basic yw5homh1bnrlcji="),
                "{head}"
            );
        }
    });
}

/// R26 and R30: each fault is a sentence that says what, where and what to do; the login is never in it.
#[test]
fn r30_every_fault_has_its_own_sentence() {
    block_on(async {
        let mut told: Vec<(String, &str)> = Vec::new();
        let failed = async |url: &str| tail(&source(url), LogSince::Head).await.1.unwrap_err();
        let gone = Refusing::new();
        told.push((
            failed(&gone.url).await,
            "refused the connection; check that it runs and the port in sources.loki.url",
        ));
        told.push((failed("https://no-such-host.invalid").await, "check the name in sources.loki.url"));
        let silent = Server::answering(|_| Reply::Silence).await;
        told.push((failed(&silent.url).await, "no answer of Loki within 0.7 s"));
        let drip = Server::answering(|_| Reply::Drip).await;
        told.push((failed(&drip.url).await, "no whole answer within 1.5 s"));
        let cut = Server::answering(|_| Reply::Cut("{".to_owned())).await;
        told.push((failed(&cut.url).await, "closed the connection"));
        let text =
            |code: u16, body: &str| Reply::Whole(code, "Content-Type: text/plain\r\n".to_owned(), body.to_owned());
        let after = |word: &str| Reply::Whole(429, format!("Retry-After: {word}\r\n"), String::new());
        let table = [
            (text(401, "no org id\n"), "no org id; this Loki has tenants: name yours in sources.loki.tenant"),
            (text(401, ""), "does not accept the login; renew what sources.loki names"),
            (text(403, "access denied"), "forbids it: access denied; ask for the right to read, or check sources.loki"),
            (
                text(404, "404 page not found"),
                "has no Loki at this path: 404 page not found; check the path in sources.loki.url",
            ),
            (text(429, "too many outstanding requests"), "too many outstanding requests; others ask much"),
            (after("30"), "is throttling for 30s; a smaller window asks for less"),
            (after("99999999999999999999999999"), "is throttling for 1h"),
            (after("soon"), "is throttling; a smaller window asks for less"),
            (after("-1"), "is throttling; a smaller window asks for less"),
            (
                text(400, "maximum of series (500) reached for a single query"),
                "too many streams for one query; ask for a smaller window",
            ),
            (
                text(400, "the query time range exceeds the limit (query length: 745h0m0s, limit: 30d1h)"),
                "limit: 30d1h); ask for a smaller window",
            ),
            (
                text(400, "max entries limit per query exceeded, limit > max_entries_limit_per_query (1000 > 500)"),
                "gives fewer lines at a time",
            ),
            (
                text(400, "parse error at line 1, col 2: syntax error"),
                "are the names in sources.loki.labels labels of Loki's?",
            ),
            (text(500, "context canceled"), "has trouble of its own: context canceled; look at its log"),
            (text(503, "Ingester not ready"), "not ready: Ingester not ready; check that Loki runs"),
            (
                Reply::Whole(502, "Content-Type: text/html\r\n".to_owned(), "<html>Bad gateway".to_owned()),
                "is not reached by the proxy in front of it",
            ),
            (
                Reply::Whole(200, "Content-Type: text/html\r\n".to_owned(), "<html>Sign in".to_owned()),
                "answers with a web page, not as Loki does",
            ),
            (
                Reply::Whole(302, "Location: https://login.example/?t=hunter2\r\n".to_owned(), String::new()),
                "a redirect to login.example, which is not followed",
            ),
            (Reply::json("[1"), "it is no answer of Loki's"),
            (Reply::json(r#"{"status":"error"}"#), "check sources.loki.url"),
        ];
        for (reply, wanted) in table {
            let server = Server::answering(move |_| reply.clone()).await;
            told.push((failed(&server.url).await, wanted));
        }
        for (said, wanted) in &told {
            assert!(said.contains(wanted) && said.len() < 320 && !said.contains('\n'), "{wanted}: {said}");
            assert!(!said.contains("hunter2"), "{said}");
        }
    });
}

#[test]
fn where_nothing_is_found_the_query_and_its_window_are_told() {
    block_on(async {
        let server = Server::answering(loki(Vec::new())).await;
        let (_, end) = tail(&source(&server.url), LogSince::Head).await;
        let said = end.unwrap_err();
        assert!(said.contains(r#"has no line of {namespace="production",pod="checkout-7d9f",container="app"} between 08-04 09:33Z and 08-04 10:33Z"#), "{said}");
        // Other labels.
        server.answer(|_| Reply::json(r#"{"status":"success","data":["app","k8s_namespace_name","k8s_pod_name"]}"#));
        let said = tail(&source(&server.url), LogSince::Head).await.1.unwrap_err();
        assert!(
            said.contains("has no label \"namespace\" (it has app, k8s_namespace_name, k8s_pod_name); name those"),
            "{said}"
        );
        // The pod stands beside the labels.
        server.answer(|request| {
            if request.path.starts_with("/loki/api/v1/labels") {
                return Reply::json(r#"{"status":"success","data":["namespace"]}"#);
            }
            Reply::json(streams(&[(BEGAN, "x".to_owned())]))
        });
        assert_eq!(tail(&source(&server.url), LogSince::Head).await.0.len(), 1);
        let query = parameter(server.requests().last().unwrap(), "query");
        assert_eq!(query, r#"{namespace="production"} | pod="checkout-7d9f" | container="app""#);
    });
}

/// R33: no redirect takes the login or the tenant along.
#[test]
fn r33_no_redirect_takes_the_login_along() {
    block_on(async {
        let other = Server::answering(|_| Reply::json(LABELS)).await;
        for to in [other.url.clone(), other.url.replace("127.0.0.1", "localhost"), other.url.replace("http://", "//")] {
            for code in [301, 302, 303, 307, 308] {
                let head = format!("Location: {to}/loki/api/v1/labels\r\n");
                let server = Server::answering(move |_| Reply::Whole(code, head.clone(), String::new())).await;
                let (_, end) = tail(&source(&server.url), LogSince::Head).await;
                assert!(end.unwrap_err().contains("which is not followed"), "{to} {code}");
            }
        }
        assert!(other.requests().is_empty(), "{:?}", other.requests());
    });
}

/// R35: what cannot be sent is told before anything is.
#[test]
fn r35_what_cannot_stand_in_a_header_is_told_and_not_sent() {
    block_on(async {
        let server = Server::answering(loki(Vec::new())).await;
        for odd in ["line\nbreak", "nul\0l", "grün"] {
            let token = LokiSource { login: Login::Token(SecretSource::Fixed(odd)), ..source(&server.url) };
            let said = tail(&token, LogSince::Head).await.1.unwrap_err();
            assert!(said.contains("it cannot be sent") && !said.contains(odd), "{said}");
        }
        let tenant = LokiSource { tenant: Some("a\nb".to_owned()), ..source(&server.url) };
        let said = tail(&tenant, LogSince::Head).await.1.unwrap_err();
        assert!(said.contains("cannot be sent"), "{said}");
        for (url, wanted) in [
            ("nowhere", "needs http:// or https:// and a host"),
            ("http://loki.example", "a login would go there for everybody to read; mend it in sources.loki.url"),
            ("https://ada:hunter3@loki.example", "holds a user or a password"),
        ] {
            let said = Loki::new(&source(url)).unwrap_err().to_string();
            assert!(said.contains(wanted) && !said.contains("hunter"), "{url}: {said}");
        }
        let odd = LokiSource { ca: Some("no/such/file.pem".into()), ..source("https://127.0.0.1:1") };
        let said = tail(&odd, LogSince::Head).await.1.unwrap_err();
        assert!(said.contains("the certificates no/such/file.pem of sources.loki.ca cannot be used"), "{said}");
        assert!(server.requests().is_empty());
    });
}
