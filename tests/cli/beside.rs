//! Runners and findings in `status --json` as the built program prints it: a server that falls silent keeps
//! it no longer than it was told to wait, what was not read is called unknown, and one call asks only so much.

use std::path::Path;
use std::process::{Output, Stdio};

use serde_json::{Value, json};
use tempfile::TempDir;
use tokio::process::Command;

use crate::faults::hub::{LIMITS, answer, refusal, run_row};
use crate::faults::server::{Reply, Request, Server};
use crate::faults::support::block_on;

/// More than one report asks about.
const REPOSITORIES: usize = 10;
const ASKED: usize = 8;
/// Of runners three lists, of findings three.
const LISTS: usize = 6;
/// Pages of each list.
const PAGES: usize = 10;

async fn status(home: &Path, url: &str, timeout: &str) -> Output {
    let services: Vec<String> = (0..REPOSITORIES).map(|n| format!("  - {{ name: s{n}, repo: acme/s{n} }}\n")).collect();
    let config = format!(
        "version: 1\nservices:\n{}sources:\n  github: {{ url: '{url}', token: {{ env: DEMO_TOKEN }} }}\n",
        services.concat()
    );
    let file = home.join("config.yaml");
    std::fs::write(&file, config).unwrap();
    Command::new(env!("CARGO_BIN_EXE_quarterdeck"))
        .args(["status", "--json", "--timeout", timeout, "--config"])
        .arg(&file)
        .env_clear()
        .env("HOME", home)
        .env("LANG", "C.UTF-8")
        .env("DEMO_TOKEN", "demo")
        .current_dir(home)
        .stdin(Stdio::null())
        .kill_on_drop(true)
        .output()
        .await
        .expect("the program runs")
}

fn document(output: &Output) -> Value {
    let text = String::from_utf8_lossy(&output.stdout);
    serde_json::from_str(&text).unwrap_or_else(|error| panic!("{error}: {text}"))
}

fn is_beside(request: &Request) -> bool {
    ["-scanning/", "/runners", "/hosted-runners"].iter().any(|part| request.path.contains(part))
}

/// The runs answer; what stands beside them is answered like this.
fn hub(
    beside: impl Fn(&Request) -> Reply + Send + Sync + 'static,
) -> impl Fn(&Request) -> Reply + Send + Sync + 'static {
    move |request| {
        let path = request.path.split('?').next().unwrap_or_default();
        match path {
            _ if is_beside(request) => beside(request),
            path if path.ends_with("/actions/runs") => {
                let run = run_row(1, 1, "completed", Some("success"));
                answer(&json!({ "total_count": 1, "workflow_runs": [run] }))
            }
            path if path.ends_with("/jobs") => answer(&json!({ "total_count": 0, "jobs": [] })),
            _ => refusal(404, LIMITS, "Not Found"),
        }
    }
}

fn rows(document: &Value) -> &[Value] {
    document["security"].as_array().unwrap()
}

#[test]
fn a_server_that_falls_silent_keeps_status_no_longer_than_its_time_and_is_told_as_unknown() {
    block_on(async {
        let (home, server) = (TempDir::new().unwrap(), Server::answering(hub(|_| Reply::Silence)).await);
        // Held against the program's own time, far below what one request alone may take.
        let output = status(home.path(), &server.url, "2s").await;
        assert_eq!(output.status.code(), Some(5), "{}", String::from_utf8_lossy(&output.stderr));
        let document = document(&output);
        assert_eq!(rows(&document).len(), REPOSITORIES, "{document}");
        for row in rows(&document) {
            assert_eq!(row["verdict"], "unknown", "{row}");
            for absent in ["open", "new", "secrets"] {
                assert!(row.get(absent).is_none(), "{absent} is known: {row}");
            }
        }
        let evidence = |row: &Value| row["evidence"].as_array().unwrap().clone();
        let unread = json!(["findings not read yet", "secrets not read yet"]);
        assert_eq!(json!(evidence(&rows(&document)[0])), unread);
        assert!(evidence(&rows(&document)[REPOSITORIES - 1])[0].as_str().unwrap().starts_with("not asked"));
        // Of runners too: without a row nobody would miss them.
        let runners = document["runners"].as_array().unwrap();
        assert_eq!(runners.len(), REPOSITORIES, "{document}");
        for row in runners {
            let seen = ["idle", "busy", "offline"].map(|count| row.get(count).is_some());
            assert_eq!(seen, [false; 3], "{row}");
        }
        assert_eq!(runners[0]["unseen"], json!(["its runners have not been read"]));
        assert!(runners[REPOSITORIES - 1]["unseen"][0].as_str().unwrap().starts_with("not asked"));
        assert!(server.requests().iter().filter(|one| is_beside(one)).count() <= ASKED * LISTS);
    });
}

/// Every list goes on and on.
fn endless(request: &Request) -> Reply {
    let (path, query) = request.path.split_once('?').unwrap_or((&request.path, ""));
    let host = request.head.lines().find_map(|line| line.strip_prefix("host: ")).unwrap_or_default();
    let page: u64 = query.split('&').find_map(|part| part.strip_prefix("page=")?.parse().ok()).unwrap_or(1);
    let body = if path.contains("runners") { json!({ "total_count": 0, "runners": [] }) } else { json!([]) };
    let next = format!("Link: <http://{host}{path}?page={}>; rel=\"next\"\r\n", page + 1);
    Reply::Whole(200, format!("{LIMITS}{next}"), body.to_string())
}

#[test]
fn one_status_asks_about_so_many_repositories_and_reads_so_many_pages() {
    block_on(async {
        let (home, server) = (TempDir::new().unwrap(), Server::answering(hub(endless)).await);
        let output = status(home.path(), &server.url, "60s").await;
        assert_eq!(output.status.code(), Some(0), "{}", String::from_utf8_lossy(&output.stderr));
        let requests: Vec<Request> = server.requests().into_iter().filter(is_beside).collect();
        assert!(requests.len() <= ASKED * LISTS * PAGES, "{} requests", requests.len());
        for kind in ["/code-scanning/alerts", "/code-scanning/analyses", "/secret-scanning/alerts"] {
            let of = |n: usize| requests.iter().filter(|one| one.path.contains(&format!("/s{n}{kind}"))).count();
            assert_eq!((0..REPOSITORIES).map(of).collect::<Vec<_>>(), [10, 10, 10, 10, 10, 10, 10, 10, 0, 0], "{kind}");
        }
        // Nothing was found in the pages that were read, and that is not the same as nothing.
        let document = document(&output);
        assert_eq!(rows(&document).len(), REPOSITORIES);
        for row in rows(&document) {
            assert_eq!(row["verdict"], "unknown", "{row}");
            assert!(row.get("open").is_none() && row.get("secrets").is_none(), "{row}");
        }
    });
}
