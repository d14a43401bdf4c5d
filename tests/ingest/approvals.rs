//! What runs wait for, as GitHub answers it. `github/pending_deployments.json` is the example of GitHub's
//! own description of its API (npm `@octokit/openapi`).

use quarterdeck::model::approvals::{Pending, PendingDeployment, Reviewer, expires};
use quarterdeck::systems::github::ingest_gates::{self, Approval};
use quarterdeck::text::Safe;
use serde_json::{Value, json};

const PENDING: &str = include_str!("github/pending_deployments.json");

fn pending(body: &Value) -> Pending {
    ingest_gates::pending(body.to_string().as_bytes()).unwrap()
}

/// The example with one field of another value.
fn with(field: &str, value: Value) -> Pending {
    let mut all: Value = serde_json::from_str(PENDING).unwrap();
    all[0][field] = value;
    pending(&all)
}

#[test]
fn githubs_own_example_is_read_whole() {
    let read = ingest_gates::pending(PENDING.as_bytes()).unwrap();
    let [row] = &read.deployments[..] else { panic!("{read:?}") };
    assert_eq!((row.environment, row.name.raw(), row.can_approve), (161_088_068, "staging", Some(true)));
    assert_eq!((row.wait_timer, row.timer_started), (30, Some("2020-11-23T22:00:40Z".parse().unwrap())));
    assert_eq!(row.opens(), Some("2020-11-23T22:30:40Z".parse().unwrap()));
    assert_eq!(row.reviewers, [Reviewer::User(Safe::of("octocat")), Reviewer::Team(Safe::of("justice-league"))]);
    assert_eq!((read.left_out, read.login), (0, None));
    assert_eq!(expires("2020-11-23T22:00:40Z".parse().unwrap()), Some("2020-12-23T22:00:40Z".parse().unwrap()));
}

#[test]
fn odd_fields_cost_themselves_and_a_row_without_an_id_costs_that_row() {
    let one = |read: &Pending| read.deployments[0].clone();
    let plain = PendingDeployment { can_approve: None, ..one(&with("x", json!(1))) };
    assert_eq!(one(&with("current_user_can_approve", Value::Null)), plain);
    assert_eq!(one(&with("current_user_can_approve", json!("yes"))), plain);
    assert_eq!(one(&with("wait_timer", json!("soon"))).opens(), None);
    assert_eq!(one(&with("wait_timer_started_at", Value::Null)).opens(), None);
    assert_eq!(one(&with("wait_timer", json!(-4))).wait_timer, 0);
    assert_eq!(one(&with("reviewers", json!({ "odd": 1 }))).reviewers, []);
    assert_eq!(one(&with("reviewers", json!([null, 4, { "type": "User" }, {}]))).reviewers, []);
    assert_eq!(one(&with("environment", json!({ "id": 4, "name": null }))).name.raw(), "environment 4");
    for none in [json!(null), json!({ "name": "staging" }), json!({ "id": "x" }), json!("staging")] {
        let read = with("environment", none.clone());
        assert_eq!((read.deployments.len(), read.left_out), (0, 1), "{none}");
    }
    assert_eq!(pending(&json!([])), Pending::default());
    for body in ["", "{}", "null", "<html>", "[{"] {
        assert!(ingest_gates::pending(body.as_bytes()).is_err(), "{body:?} is no list");
    }
}

#[test]
fn what_people_said_is_read() {
    let body = json!([
        { "state": "approved", "comment": "Ship it!", "user": { "login": "octocat" },
          "environments": [{ "id": 161, "name": "staging" }, { "name": "no id" }] },
        null,
        { "state": 4, "environments": null },
    ]);
    let said = ingest_gates::approvals(body.to_string().as_bytes()).unwrap();
    assert_eq!(
        said[0],
        Approval {
            state: Safe::of("approved"),
            comment: Safe::of("Ship it!"),
            environments: vec![161],
            user: Some(Safe::of("octocat")),
        }
    );
    assert_eq!((said.len(), said[1].environments.len(), &said[1].user), (2, 0, &None));
    assert_eq!(ingest_gates::login(b"{\"login\":\"ada\"}"), Some(Safe::of("ada")));
    assert_eq!(ingest_gates::login(b"[]"), None);
}
