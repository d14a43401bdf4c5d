//! What VirtualServices carry of a Rollout's weights: which rules, which shares, and how they stand beside
//! what the Rollout says.

use std::time::Duration;

use quarterdeck::model::Kind;
use quarterdeck::model::source::{FeedEvent, FeedId, FeedStatus};
use quarterdeck::state::routing::{self, Gap, Stand};
use quarterdeck::state::{State, blocker, report};
use quarterdeck::text::Safe;
use serde_json::{Value, json};

use super::blockers::objects::{aborted, canary, merge, meta, now};
use super::world::{CLUSTER, list, with};

/// A canary at 25 % through Istio with this change of `trafficRouting.istio`.
fn routed(istio: &Value) -> Value {
    let mut row = canary(&json!({
        "spec": { "strategy": { "canary": { "canaryService": "c", "stableService": "s" } } },
        "status": { "canary": { "weights": { "canary": { "weight": 25 }, "stable": { "weight": 75 } } } }
    }));
    merge(&mut row["spec"]["strategy"]["canary"]["trafficRouting"]["istio"], istio);
    row
}

fn to(host: &str, weight: i64) -> Value {
    json!({ "destination": { "host": host }, "weight": weight })
}

fn subset(name: &str, weight: i64) -> Value {
    json!({ "destination": { "host": "app", "subset": name }, "weight": weight })
}

fn service(name: &str, spec: &Value) -> Value {
    json!({ "metadata": meta(name, None), "spec": spec })
}

fn pair(canary: i64, stable: i64) -> Value {
    json!([to("s", stable), to("c", canary)])
}

/// Its rules in words: `primary 25/75 of 100 ✔`.
fn told(rollout: &Value, services: &[Value]) -> Vec<String> {
    let state = with(now(), &json!({ "rollouts": [rollout], "virtualservices": services }));
    let row = &state.world.rollouts.rows()[0];
    let told = routing::carried(&state.world, row).into_iter().map(|it| match &it.share {
        Ok(share) => {
            let sign = match routing::agrees(row, *share) {
                Some(true) => "✔",
                Some(false) => "⚠",
                None => "?",
            };
            format!("{} {}/{} of {} {sign}", it.route.as_str(), share.canary, share.stable, share.all)
        }
        Err(Gap::NotFound) => format!("{} not found", it.service.raw()),
        Err(Gap::NoRoute(why) | Gap::NoArm(why)) => why.as_str().to_owned(),
    });
    told.collect()
}

#[test]
fn the_rules_are_those_that_the_controller_writes_to_and_the_shares_theirs() {
    let named = json!({ "virtualService": { "name": "v", "routes": ["primary"] } });
    let unnamed = json!({ "virtualService": { "name": "v" } });
    let one = |name: &str, route: Value| json!({ "http": [{ "name": name, "route": route }] });
    let table: Vec<(&str, Value, Value, Vec<&str>)> = vec![
        ("as it should be", named.clone(), one("primary", pair(25, 75)), vec!["primary 25/75 of 100 ✔"]),
        ("somebody wrote over it", named.clone(), one("primary", pair(10, 90)), vec!["primary 10/90 of 100 ⚠"]),
        (
            "whole names of services",
            named.clone(),
            one("primary", json!([to("s.production.svc.cluster.local", 75), to("c.production", 25)])),
            vec!["primary 25/75 of 100 ✔"],
        ),
        ("another way to say it", named.clone(), one("primary", pair(1, 3)), vec!["primary 1/3 of 4 ✔"]),
        (
            "a third one takes its part",
            named.clone(),
            one("primary", json!([to("s", 65), to("c", 25), to("x", 10)])),
            vec!["primary 25/65 of 100 ⚠"],
        ),
        ("the route has another name", named.clone(), one("other", pair(25, 75)), vec!["has no HTTP route primary"]),
        ("the only rule needs no name", unnamed.clone(), one("other", pair(25, 75)), vec!["other 25/75 of 100 ✔"]),
        (
            "of two one must be named",
            unnamed.clone(),
            json!({ "http": [{ "route": pair(25, 75) }, { "name": "b", "route": pair(25, 75) }] }),
            vec!["has more than one HTTP route, and the Rollout names none"],
        ),
        ("no canary in it", named.clone(), one("primary", json!([to("s", 100)])), vec!["primary 0/100 of 100 ⚠"]),
        ("no stable in it", named.clone(), one("primary", json!([to("c", 100)])), vec!["primary 100/0 of 100 ⚠"]),
        (
            "neither of the two in it",
            named.clone(),
            one("primary", json!([to("x", 100)])),
            vec!["sends nothing to the canary version (c)"],
        ),
        (
            "by port and host",
            json!({ "virtualService": { "name": "v", "tlsRoutes": [{ "port": 443, "sniHosts": ["b", "a"] }] } }),
            json!({ "tls": [{ "match": [{ "port": 80, "sniHosts": ["a", "b"] }], "route": pair(0, 100) },
                { "match": [{ "port": 443, "sniHosts": ["a", "b"] }], "route": pair(25, 75) }] }),
            vec!["tls 443 25/75 of 100 ✔"],
        ),
        (
            "by port",
            json!({ "virtualService": { "name": "v", "tcpRoutes": [{ "port": 3306 }] } }),
            json!({ "tcp": [{ "match": [{ "port": 3306 }, { "port": 3307 }], "route": pair(0, 100) },
                { "match": [{ "port": 3306 }], "route": pair(10, 90) }] }),
            vec!["tcp 3306 10/90 of 100 ⚠"],
        ),
        (
            "no such port",
            json!({ "virtualService": { "name": "v", "tcpRoutes": [{ "port": 1 }] } }),
            json!({ "tcp": [{ "route": pair(25, 75) }] }),
            vec!["has no route tcp 1"],
        ),
        (
            "by subset",
            json!({ "virtualService": { "name": "v", "routes": ["primary"] },
                "destinationRule": { "name": "d", "canarySubsetName": "new", "stableSubsetName": "old" } }),
            one("primary", json!([subset("old", 75), subset("new", 25)])),
            vec!["primary 25/75 of 100 ✔"],
        ),
        (
            "subsets that others own",
            json!({ "virtualService": { "name": "v", "routes": ["primary"] },
                "destinationRule": { "name": "d", "canarySubsetName": "new", "stableSubsetName": "old", "additionalSubsetNames": ["x"] } }),
            one("primary", json!([subset("old", 65), subset("new", 25), subset("x", 10)])),
            vec!["primary 25/65 of 100 ✔"],
        ),
        (
            "two of them",
            json!({ "virtualServices": [{ "name": "v", "routes": ["primary"] }, { "name": "w.elsewhere" }] }),
            one("primary", pair(25, 75)),
            vec!["primary 25/75 of 100 ✔", "w not found"],
        ),
        ("nothing in it", unnamed, json!({}), vec!["has no route"]),
    ];
    for (name, istio, spec, expected) in table {
        assert_eq!(told(&routed(&istio), &[service("v", &spec)]), expected, "{name}");
    }
    assert_eq!(told(&routed(&named), &[]), ["v not found"]);
}

#[test]
fn a_weight_of_a_thousand_and_the_services_of_a_ping_pong() {
    let mut row = routed(&json!({ "virtualService": { "name": "v" } }));
    row["spec"]["strategy"]["canary"]["trafficRouting"]["maxTrafficWeight"] = json!(1_000);
    row["status"]["canary"]["weights"] = json!({ "canary": { "weight": 250 }, "stable": { "weight": 750 } });
    let services = [service("v", &json!({ "http": [{ "route": pair(25, 75) }] }))];
    assert_eq!(told(&row, &services), [" 25/75 of 100 ✔"]);
    let mut row = routed(&json!({ "virtualService": { "name": "v" } }));
    row["spec"]["strategy"]["canary"]["pingPong"] = json!({ "pingService": "s", "pongService": "c" });
    for (stable, expected) in [("ping", " 25/75 of 100 ✔"), ("pong", " 75/25 of 100 ⚠")] {
        row["status"]["canary"]["stablePingPong"] = json!(stable);
        assert_eq!(told(&row, &services), [expected], "{stable}");
    }
    row["status"]["canary"].as_object_mut().unwrap().remove("weights");
    assert_eq!(told(&row, &services), [" 75/25 of 100 ?"], "the Rollout says nothing, and so do we");
}

fn world(rollout: &Value, weight: i64) -> State {
    let service = service("v", &json!({ "http": [{ "name": "primary", "route": pair(weight, 100 - weight) }] }));
    with(now(), &json!({ "rollouts": [rollout], "virtualservices": [service] }))
}

fn stand(state: &State) -> Stand {
    let told = routing::told(state, &state.world.rollouts.rows()[0]);
    told[0].share.as_ref().expect("its share").1.clone()
}

fn blocked(state: &State) -> Vec<(&'static str, String)> {
    let all = blocker::blockers(state).into_iter();
    all.map(|row| (row.reason.as_str(), row.sentence.as_str().to_owned())).collect()
}

#[test]
fn weights_that_nobody_brings_over_are_marked_after_a_moment_and_then_block() {
    let mut state = world(&routed(&json!({ "virtualService": { "name": "v" } })), 10);
    assert_eq!(stand(&state), Stand::Follows, "one watch may be ahead of the other");
    assert_eq!(blocked(&state), []);
    state.now.mono = Duration::from_secs(6);
    assert_eq!(stand(&state), Stand::Differs(Duration::from_secs(6)));
    assert_eq!(blocked(&state), [], "the controller may take its time");
    state.now.mono = Duration::from_secs(40);
    let words =
        "checkout canary in production gets 10 % by VirtualService v primary, and the Rollout says 25 %, for 40s";
    assert_eq!(blocked(&state), [("traffic_mismatch", words.to_owned())]);
    let row = report::report(&state).rollouts[0].routing[0].clone();
    assert_eq!((row.canary, row.agrees, row.differs_seconds), (Some(10), Some(false), Some(40)));
    // It is written again: since when it differs is not forgotten, until it agrees.
    let service =
        |weight| service("v", &json!({ "http": [{ "name": "primary", "route": pair(weight, 100 - weight) }] }));
    list(&mut state, Kind::VirtualService, &[service(15)]);
    assert_eq!(stand(&state), Stand::Differs(Duration::from_secs(40)));
    list(&mut state, Kind::VirtualService, &[service(25)]);
    assert_eq!((stand(&state), blocked(&state)), (Stand::Agrees, vec![]));
    list(&mut state, Kind::VirtualService, &[service(10)]);
    assert_eq!(stand(&state), Stand::Follows, "it differs since now");
}

#[test]
fn an_abort_whose_traffic_did_not_go_back_is_not_called_one() {
    let mut row = routed(&json!({ "virtualService": { "name": "v" } }));
    merge(&mut row, &aborted("Rollout aborted update to revision 2"));
    row["status"]["canary"]["weights"] = json!({ "canary": { "weight": 0 }, "stable": { "weight": 100 } });
    let mut state = world(&row, 25);
    state.now.mono = Duration::from_mins(1);
    let words = "checkout canary in production was aborted, and gets 25 % by VirtualService v primary, and the Rollout says \
                 0 %, for 60s";
    assert_eq!(blocked(&state), [("traffic_mismatch", words.to_owned())]);
}

/// A cluster without Istio, a role without the right, a server that fell silent: said, and nothing else.
#[test]
fn what_cannot_be_read_is_said_and_marks_nothing() {
    let row = routed(&json!({ "virtualService": { "name": "v" } }));
    let message = || Safe::of("virtualservices is forbidden");
    for (status, share) in [
        (FeedStatus::Absent { message: message() }, Err("not known: networking.istio.io/v1 is not served here")),
        (FeedStatus::Denied { message: message() }, Err("not known: virtualservices is forbidden")),
        (FeedStatus::Stale { since: Duration::ZERO, message: message(), retry_at: None }, Ok("not read now (stale)")),
    ] {
        let mut state = world(&row, 10);
        let feed = FeedId { cluster: CLUSTER, kind: Kind::VirtualService, namespace: None };
        if share.is_err() {
            list(&mut state, Kind::VirtualService, &[]);
        }
        state.now.mono = Duration::from_mins(1);
        state.world.apply(&feed, Duration::ZERO, FeedEvent::Status(status));
        let told = routing::told(&state, &state.world.rollouts.rows()[0]);
        match (&told[0].share, share) {
            (Err(found), Err(expected)) | (Ok((_, Stand::Unknown(found))), Ok(expected)) => {
                assert_eq!(found.as_str(), expected);
            }
            (found, expected) => panic!("{found:?} is not {expected:?}"),
        }
        assert_eq!(blocked(&state), [], "{share:?}");
        let stands = quarterdeck::state::freshness::of_system(&state, CLUSTER, Kind::VirtualService.system());
        assert!(stands.is_live() && stands.why().is_none(), "{stands:?}");
    }
    let state = with(now(), &json!({ "rollouts": [row] }));
    let told = routing::told(&state, &state.world.rollouts.rows()[0]);
    assert_eq!(told[0].share, Err(Safe::of("there is no such VirtualService")));
}

#[test]
fn the_subsets_of_a_destination_rule_select_one_of_the_two_versions() {
    let row = routed(&json!({ "virtualService": { "name": "v" },
        "destinationRule": { "name": "d", "canarySubsetName": "c", "stableSubsetName": "s" } }));
    let labels = |hash: &str| json!({ "rollouts-pod-template-hash": hash });
    let rule = json!({ "metadata": meta("d", None), "spec": { "host": "app", "subsets": [
        { "name": "s", "labels": labels("ancient") }, { "name": "c", "labels": labels("new") }] } });
    let state = with(now(), &json!({ "rollouts": [row], "destinationrules": [rule] }));
    let (_, found) = routing::subsets(&state.world, &state.world.rollouts.rows()[0]).expect("it names one");
    let found: Vec<_> =
        found.unwrap().into_iter().map(|it| (it.arm, it.hash.unwrap().as_str().to_owned(), it.known)).collect();
    assert_eq!(found, [("canary", "new".to_owned(), true), ("stable", "ancient".to_owned(), false)]);
}
