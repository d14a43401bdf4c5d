//! `doctor` of a Grafana that is told of deployments: whether its account may make annotations is read of its
//! permissions, and nothing is made to find out.

use tempfile::TempDir;

use super::doctor::{doctor, found, has};
use crate::faults::server::{Reply, Server};
use crate::faults::support::block_on;

const ALLOWED: &str = r#"{"annotations:read":["*"],"annotations:create":["annotations:type:organization"]}"#;

#[test]
fn whether_annotations_may_be_made_is_read_and_never_tried() {
    let text = |code: u16, body: &str| Reply::Whole(code, String::new(), body.to_owned());
    block_on(async {
        for (reply, wanted, code) in [
            (Reply::json(ALLOWED), "grafana act ok may make annotations: one for each deployment", 0),
            (
                Reply::json(
                    r#"{"annotations:read":["annotations:*"],"annotations:create":["annotations:type:dashboard"]}"#,
                ),
                "grafana act fail may not make annotations, and sources.grafana asks for one for each deployment",
                1,
            ),
            (Reply::json("{}"), "grafana act fail may not make annotations", 1),
            (
                text(404, r#"{"message":"Not found"}"#),
                "grafana act warn whether it may make annotations is not tested: this Grafana tells no permissions",
                0,
            ),
            (text(500, "{}"), "grafana act warn whether it may make annotations is not tested: ", 0),
            (Reply::json("[]"), "grafana act warn whether it may make annotations is not tested: ", 0),
        ] {
            let shown = format!("{reply:?}");
            let home = TempDir::new().unwrap();
            let server = Server::answering(move |request| match request.path.as_str() {
                "/api/access-control/user/permissions" => reply.clone(),
                path if path.starts_with("/api/annotations?") => Reply::json("[]"),
                _ => text(404, "{}"),
            })
            .await;
            let config = format!(
                "version: 1\nsources:\n  grafana: {{ url: '{}', token: {{ env: DEMO_TOKEN }}, annotate: true }}\n",
                server.url
            );
            let (status, _, rows) = found(&doctor(home.path(), &config, &["--json"]).await);
            has(&rows, "grafana permission ok may read annotations");
            has(&rows, wanted);
            assert_eq!(rows.iter().filter(|row| row.starts_with("grafana act ")).count(), 1, "{shown}");
            // Without a cluster doctor may fail for other reasons of its own: only what Grafana adds counts.
            if code != 0 {
                assert_eq!(status, Some(code), "{shown}");
            }
            let posted = server.requests().iter().filter(|request| request.method != "GET").count();
            assert_eq!(posted, 0, "{shown}: nothing is made to find out");
        }
    });
}
