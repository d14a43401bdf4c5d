//! The bad input that everybody meets, through `doctor` and `status`: each is named in a sentence with
//! the next step, at its own source, and the others work. What the screen says of the same is in
//! `flows::bad_input`, which reads the same servers.

use serde_json::{Value, json};
use tempfile::TempDir;

use super::doctor::{doctor, found, has};
use crate::faults::server::{Reply, Request, Server};
use crate::faults::support::block_on;
use crate::ingest::served::kubeconfig;

type Answer = Box<dyn Fn(&Request) -> Reply + Send + Sync>;

pub fn typed(code: u16, more: &str, body: &Value) -> Reply {
    Reply::Whole(code, format!("Content-Type: application/json\r\n{more}"), body.to_string())
}

/// A GitHub and a Prometheus in one, with nothing in them.
pub fn well(more: &'static str) -> impl Fn(&Request) -> Reply + Send + Sync + 'static {
    move |request| {
        let success = |data: Value| typed(200, more, &json!({ "status": "success", "data": data }));
        match request.path.split('?').next().unwrap_or_default() {
            "/rate_limit" => {
                typed(200, more, &json!({ "resources": { "core": { "limit": 5000, "remaining": 4000 } } }))
            }
            path if path.ends_with("/runs") => typed(200, more, &json!({ "total_count": 0, "workflow_runs": [] })),
            "/api/v1/query" => success(json!({ "resultType": "vector", "result": [] })),
            "/api/v1/rules" => success(json!({ "groups": [] })),
            "/api/v1/alerts" => success(json!({ "alerts": [] })),
            "/api/v1/status/buildinfo" => success(json!({ "version": "2.42.0" })),
            _ => typed(404, more, &json!({ "message": "Not Found" })),
        }
    }
}

/// A Thanos one of whose stores is gone. What looks at no series has no warning, as with a real one.
pub fn thanos() -> impl Fn(&Request) -> Reply + Send + Sync + 'static {
    let well = well("");
    move |request| {
        let Reply::Whole(code, headers, body) = well(request) else { panic!("a whole answer") };
        let mut body: Value = serde_json::from_str(&body).unwrap();
        if !request.path.contains("vector%281%29") && !request.path.contains("rate_limit") {
            body["warnings"] = json!(["receive series from 10.0.0.7:10901: connection refused"]);
        }
        Reply::Whole(code, headers, body.to_string())
    }
}

/// A GitHub Enterprise Server as it comes: no rate limits, and no headers of them.
pub fn enterprise(request: &Request) -> Reply {
    let more = "X-GitHub-Enterprise-Version: 3.14.2\r\nX-OAuth-Scopes: repo, workflow\r\n";
    match request.path.strip_prefix("/api/v3").unwrap_or_default().split('?').next().unwrap_or_default() {
        "/rate_limit" => typed(404, more, &json!({ "message": "Rate limiting is not enabled." })),
        "/meta" => typed(200, more, &json!({ "installed_version": "3.14.2" })),
        path if path.ends_with("/runs") => typed(200, more, &json!({ "total_count": 0, "workflow_runs": [] })),
        _ => typed(404, more, &json!({ "message": "Not Found" })),
    }
}

/// The time so many seconds from now, as a header.
pub fn date(seconds: i64) -> &'static str {
    let now = quarterdeck::clock::Clock::system().now().wall;
    let then = jiff::Timestamp::from_second(now.as_second() + seconds).unwrap();
    // A test's few bytes.
    Box::leak(then.strftime("Date: %a, %d %b %Y %H:%M:%S GMT\r\n").to_string().into_boxed_str())
}

pub fn refusing(code: u16, message: &'static str) -> impl Fn(&Request) -> Reply + Send + Sync + 'static {
    move |_| typed(code, "X-RateLimit-Remaining: 4000\r\n", &json!({ "message": message }))
}

pub fn page(code: u16) -> impl Fn(&Request) -> Reply + Send + Sync + 'static {
    let page = "<!DOCTYPE html><html><title>Sign in to the network</title></html>";
    move |_| Reply::Whole(code, "Content-Type: text/html\r\n".to_owned(), page.to_owned())
}

/// A cluster with a Deployment of the checkout.
fn cluster(request: &Request) -> Reply {
    let spec =
        json!({ "template": { "spec": { "containers": [{ "name": "app", "image": "ghcr.io/acme/checkout:1" }] } } });
    let row = json!({ "metadata": { "name": "checkout", "namespace": "default", "uid": "one", "generation": 1 }, "spec": spec });
    let items = if request.path.contains("/deployments") { vec![row] } else { Vec::new() };
    Reply::json(json!({ "gitVersion": "v1.34.0", "metadata": { "resourceVersion": "1" }, "items": items }))
}

fn config(github: &str, prometheus: &str) -> String {
    format!(
        "version: 1\nsources:\n  github: {{ url: '{github}', token: {{ env: DEMO_TOKEN }} }}\n  prometheus: {{ url: \
         '{prometheus}', token: {{ env: DEMO_TOKEN }} }}\nservices: [{{ name: checkout, repo: acme/checkout }}]\n"
    )
}

/// What `doctor` finds of these two, beside a cluster that is well.
async fn looked(github: &str, prometheus: &str) -> (Option<i32>, Vec<String>, String) {
    let home = TempDir::new().unwrap();
    let east = Server::answering(cluster).await;
    let file = kubeconfig(home.path(), &[("east", &east.url)]);
    let output = doctor(home.path(), &config(github, prometheus), &["--json", "--kubeconfig", &file]).await;
    let (code, _, rows) = found(&output);
    has(&rows, "kubernetes reach ok");
    has(&rows, "kubernetes permission ok");
    (code, rows, String::from_utf8_lossy(&output.stdout).into_owned())
}

/// One bad server for both, and what is said of it: GitHub, Prometheus, and a part of each next step.
async fn both_fail(bad: Answer, github: [&str; 2], prometheus: [&str; 2]) {
    let server = Server::answering(bad).await;
    let good = Server::answering(well("")).await;
    let (code, rows, text) = looked(&server.url, &good.url).await;
    assert_eq!(code, Some(1), "{}", rows.join("\n"));
    has(&rows, github[0]);
    assert!(text.contains(github[1]), "{}: {text}", github[1]);
    has(&rows, "prometheus reach ok");
    let (code, rows, text) = looked(&good.url, &server.url).await;
    assert_eq!(code, Some(1), "{}", rows.join("\n"));
    has(&rows, prometheus[0]);
    assert!(text.contains(prometheus[1]), "{}: {text}", prometheus[1]);
    has(&rows, "github reach ok");
    has(&rows, "github permission ok");
}

#[test]
fn a_wrong_token() {
    block_on(both_fail(
        Box::new(refusing(401, "Bad credentials")),
        ["github reach fail Bad credentials (401)", "renew the credential: $DEMO_TOKEN"],
        ["does not accept the token", "renew the credential: sources.prometheus.token"],
    ));
}

#[test]
fn an_expired_token() {
    block_on(both_fail(
        Box::new(refusing(401, "Token expired")),
        ["github reach fail Token expired (401)", "renew the credential: $DEMO_TOKEN"],
        ["does not accept the token; renew it where", "renew the credential: sources.prometheus.token"],
    ));
}

#[test]
fn a_proxy_that_answers_with_a_page() {
    block_on(both_fail(
        Box::new(page(200)),
        ["answers, but not as GitHub does", "is something between here and GitHub?"],
        ["answers with a web page, not with JSON: a login or a proxy is in between", "sources.prometheus.url"],
    ));
}

#[test]
fn servers_in_trouble_of_their_own() {
    for (code, prometheus) in [(500, "answers with an error"), (502, "is not reached by the proxy in front of it")] {
        let github = format!("github reach fail {}", if code == 500 { "Internal Server Error" } else { "Bad Gateway" });
        let next = "has trouble of its own: look at its log";
        block_on(both_fail(Box::new(page(code)), [&github, next], [prometheus, next]));
    }
}

#[test]
fn no_network() {
    block_on(async {
        let nowhere = "https://quarterdeck-no-such-host.invalid";
        let (code, rows, text) = looked(nowhere, nowhere).await;
        assert_eq!(code, Some(1));
        for (area, path) in [("github", "/api/v3"), ("prometheus", "")] {
            has(&rows, &format!("{area} reach fail {nowhere}{path} cannot be found: no address for its name"));
            assert!(text.contains(&format!("check the name in sources.{area}.url, DNS or the VPN")), "{text}");
        }
    });
}

#[test]
fn a_clock_two_hours_off() {
    block_on(async {
        for (seconds, words) in [(7_200, "ahead of this machine's"), (-7_200, "behind this machine's")] {
            let server = Server::answering(well(date(seconds))).await;
            let (code, rows, text) = looked(&server.url, &server.url).await;
            assert_eq!(code, Some(0), "it works, and is told: {}", rows.join("\n"));
            for area in ["github", "prometheus"] {
                let clock = rows.iter().find(|row| row.starts_with(&format!("{area} clock warn"))).expect(area);
                assert!(clock.contains("2h ") || clock.contains("1h59m"), "{clock}");
                assert!(clock.contains(words), "{clock}");
            }
            assert!(text.contains("set both by NTP"), "{text}");
        }
    });
}

#[test]
fn a_thanos_with_partial_answers() {
    block_on(async {
        let (server, good) = (Server::answering(thanos()).await, Server::answering(well("")).await);
        let (code, rows, text) = looked(&good.url, &server.url).await;
        assert_eq!(code, Some(0), "{}", rows.join("\n"));
        has(&rows, "prometheus data warn its answers are partial: receive series from 10.0.0.7:10901");
        assert!(text.contains("bring back the store or sidecar it names"), "{text}");
        let (_, rows, _) = looked(&good.url, &good.url).await;
        assert!(!rows.iter().any(|row| row.contains("partial")), "{}", rows.join("\n"));
    });
}

#[test]
fn an_enterprise_server_without_rate_limits_has_no_quota_and_no_fault() {
    block_on(async {
        let (server, good) = (Server::answering(enterprise).await, Server::answering(well("")).await);
        let (code, rows, _) = looked(&format!("{}/api/v3", server.url), &good.url).await;
        assert_eq!(code, Some(0), "{}", rows.join("\n"));
        has(&rows, "without TLS: GitHub Enterprise Server 3.14.2");
        has(&rows, "github quota ok this server sets no limit on requests");
        has(&rows, "github scopes ok repo, workflow");
        has(&rows, "github permission ok may read the runs of acme/checkout");
        assert!(!rows.iter().any(|row| row.contains("requests left")), "{}", rows.join("\n"));
        // 404 alone is a wrong path: nobody says that it has no limits.
        let (code, rows, _) = looked(&server.url, &good.url).await;
        assert_eq!(code, Some(1));
        has(&rows, "github reach fail Not Found (404)");
    });
}

/// In a clone of this repository, with nothing configured. Its host is nowhere, which is said beside.
async fn in_a_clone(repository: &str, cluster: &Server) -> (Vec<String>, String) {
    let home = TempDir::new().unwrap();
    let file = kubeconfig(home.path(), &[("east", &cluster.url)]);
    std::fs::create_dir(home.path().join(".git")).unwrap();
    let text = format!("[remote \"origin\"]\n\turl = https://github.invalid/{repository}.git\n");
    std::fs::write(home.path().join(".git/config"), text).unwrap();
    let output = doctor(home.path(), "version: 1\n", &["--json", "--kubeconfig", &file, "-A"]).await;
    let (_, _, rows) = found(&output);
    has(&rows, "github found ok discovered: git remote origin");
    (rows, String::from_utf8_lossy(&output.stdout).into_owned())
}

#[test]
fn a_kubeconfig_and_a_repository_that_do_not_belong_together() {
    block_on(async {
        let server = Server::answering(cluster).await;
        let (rows, text) = in_a_clone("acme/website", &server).await;
        has(&rows, "github kinship warn nothing in the clusters seems to be built by acme/website");
        assert!(text.contains("name services[].repo, or choose with --context"), "{text}");
        let (rows, _) = in_a_clone("acme/checkout", &server).await;
        assert!(!rows.iter().any(|row| row.contains("kinship")), "{}", rows.join("\n"));
        // What was not read whole is not said to hold nothing of it.
        for more in [json!({ "continue": "next" }), json!({})] {
            let more = more.clone();
            let denied = more == json!({});
            server.answer(move |request| match request.path.contains("/rollouts?limit=500") {
                true if denied => Reply::status(403, "Forbidden", "rollouts is forbidden"),
                true => Reply::json(json!({ "metadata": more, "items": [] })),
                false => cluster(request),
            });
            let (rows, _) = in_a_clone("acme/website", &server).await;
            assert!(!rows.iter().any(|row| row.contains("kinship")), "{}", rows.join("\n"));
        }
    });
}
