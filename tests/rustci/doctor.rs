//! `doctor` on a RustCI server: reach, health, when the token says that it expires, rights.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use quarterdeck::clock::Clock;
use quarterdeck::demo::{self, Options};
use serde_json::json;
use tempfile::TempDir;

use crate::cli::doctor::{doctor, found, has};
use crate::faults::server::{Reply, Server};
use crate::faults::support::block_on;

fn jwt(exp: i64, permissions: &[&str]) -> String {
    let claims = json!({ "sub": "ana", "exp": exp, "permissions": permissions }).to_string();
    format!("eyJhbGciOiJIUzI1NiJ9.{}.c2ln", URL_SAFE_NO_PAD.encode(claims))
}

/// What it says of a server at this address, with this token.
async fn said(url: &str, token: Option<&str>) -> Vec<String> {
    let home = TempDir::new().unwrap();
    let given = match token {
        Some(token) => {
            let path = home.path().join(".config/quarterdeck/rustci.token");
            std::fs::create_dir_all(path.parent().unwrap()).unwrap();
            std::fs::write(&path, token).unwrap();
            std::fs::set_permissions(&path, std::os::unix::fs::PermissionsExt::from_mode(0o600)).unwrap();
            ", token: { file: rustci.token }"
        }
        None => "",
    };
    let config = format!("version: 1\nsources:\n  rustci: {{ url: '{url}'{given} }}\n");
    let rows = found(&doctor(home.path(), &config, &["--json"]).await).2;
    rows.into_iter().filter(|row| row.starts_with("rustci")).collect()
}

#[test]
fn a_server_that_is_well_and_one_without_its_database() {
    block_on(async {
        let options = Options { scenario: "flaky-e2e".to_owned(), held: true, ..Options::default() };
        let demo = demo::start(options).await.unwrap();
        let url = demo.rustci.clone().unwrap();
        let rows = said(&url, None).await;
        has(&rows, "rustci token ok none is configured");
        has(&rows, "rustci reach ok");
        has(&rows, "without TLS: RustCI 0.1.0, development");
        has(&rows, "rustci health ok its database is connected");
        has(&rows, "rustci permission ok may read pipelines: 2 pipelines");
        demo.handle.connect_rustci(false);
        let rows = said(&url, None).await;
        has(&rows, "rustci health warn its database is disconnected: Database connection failed");
        has(&rows, "rustci permission fail RustCI has trouble of its own: Database error");
    });
}

#[test]
fn tokens_say_when_they_expire_and_what_they_may() {
    block_on(async {
        let options = Options { scenario: "flaky-e2e".to_owned(), held: true, ..Options::default() };
        let demo = demo::start(options).await.unwrap();
        let url = demo.rustci.clone().unwrap().replace("/rustci", "/rustci-runners");
        let now = Clock::system().now().wall.as_second();
        let all = ["ReadPipelines"];
        let rows = said(&url, Some(&jwt(now + 90 * 86_400, &all))).await;
        has(&rows, "rustci token ok taken from");
        has(&rows, "rustci permission ok");
        let rows = said(&url, Some(&jwt(now + 7_200, &[]))).await;
        has(&rows, "rustci token warn");
        has(&rows, "it says that it expires in 1h5");
        has(&rows, "rustci permission fail RustCI forbids it: Missing permission: ReadPipelines");
        let rows = said(&url, Some(&jwt(now - 60, &all))).await;
        has(&rows, "rustci token fail");
        has(&rows, "expired");
        let rows = said(&url, Some("opaque")).await;
        has(&rows, "it does not say when it expires");
        has(&rows, "rustci permission fail RustCI wants to know who asks: Invalid token");
        let rows = said(&url, Some("two\nlines")).await;
        has(&rows, "rustci token fail no credential");
    });
}

#[test]
fn what_is_no_rustci_is_not_taken_for_one() {
    block_on(async {
        let other = Server::answering(|_| Reply::json("{\"ok\":true}")).await;
        has(&said(&other.url, None).await, "answers, but not as RustCI does");
        has(&said("http://127.0.0.1:1", None).await, "rustci reach fail");
    });
}
