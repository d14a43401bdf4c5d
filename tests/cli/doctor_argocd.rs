//! What `doctor` says of a server of Argo CD.

use quarterdeck::demo::{self, Options};
use serde_json::json;
use tempfile::TempDir;

use super::doctor::{doctor, found, has};
use crate::faults::server::{Reply, Server};
use crate::faults::support::block_on;

fn config(url: &str) -> String {
    format!("version: 1\nsources: {{ argocd: {{ url: '{url}', token: {{ env: DEMO_TOKEN }} }} }}\n")
}

#[test]
fn it_says_who_we_are_there_and_what_that_account_may() {
    block_on(async {
        let home = TempDir::new().unwrap();
        let options = Options { scenario: "out-of-sync".to_owned(), held: true, ..Options::default() };
        let demo = demo::start(options).await.unwrap();
        let (url, _) = demo.argocd.clone().unwrap();
        let (_, _, rows) = found(&doctor(home.path(), &config(&url), &["--json"]).await);
        has(&rows, "argocd-server reach ok http://127.0.0.1");
        has(&rows, "argocd-server login ok it takes us for demo");
        has(&rows, "argocd-server permission ok may get every Application");
        has(&rows, "argocd-server permission ok may sync every Application");
        // Who only reads needs no more.
        demo.handle.forbid("argocd", "applications/sync", true);
        let (_, _, rows) = found(&doctor(home.path(), &config(&url), &["--json"]).await);
        has(&rows, "argocd-server permission ok may not sync every Application");

        // Its address without the path: another server answers.
        let (code, _, rows) = found(&doctor(home.path(), &config(&demo.url), &["--json"]).await);
        assert_eq!(code, Some(1));
        has(&rows, "argocd-server reach fail");

        let server = Server::answering(|request| {
            if request.path.ends_with("/userinfo") {
                return Reply::json("{}");
            }
            let body = json!({ "error": "x", "code": 16, "message": "invalid session: token is expired" });
            Reply::Whole(401, String::new(), body.to_string())
        })
        .await;
        let output = doctor(home.path(), &config(&server.url), &["--json"]).await;
        let (code, _, rows) = found(&output);
        assert_eq!(code, Some(1));
        has(&rows, "argocd-server login fail it does not know sources.argocd.token");
        has(&rows, "argocd-server permission fail");
        let text = String::from_utf8_lossy(&output.stdout);
        assert!(text.contains("argocd account generate-token"), "{text}");
    });
}
