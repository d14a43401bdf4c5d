//! A rollback of a Helm release, without a cluster: what is read before `helm` runs, what keeps it from running, and
//! what became of one whose end nobody heard.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use quarterdeck::action::{Change, Found, Operation, Progress};
use quarterdeck::clock::Clock;
use quarterdeck::model::helm::rolled_back;
use quarterdeck::model::source::FeedEvent;
use quarterdeck::model::{Kind, Name, ObjectId, SourceId, Uid};
use quarterdeck::net::Target;
use quarterdeck::systems::{self, Namespaces, Spec, Upstream};
use serde_json::{Value, json};
use tempfile::TempDir;

use super::server::{Reply, Request, Server};
use super::support::{block_on, evidence, next, perform};
use crate::ingest::served::kubeconfig;
use crate::update::accepted;

/// Number, status, resourceVersion and description of each revision.
type Record = (i64, &'static str, &'static str, &'static str);

/// A cluster with these records of the release `shop`.
fn cluster(records: &[Record]) -> impl Fn(&Request) -> Reply + use<> {
    let records = records.to_vec();
    move |request| {
        let path = request.path.split('?').next().unwrap_or_default();
        let meta = |(number, status, version, _): &Record| {
            json!({ "name": format!("sh.helm.release.v1.shop.v{number}"), "resourceVersion": version,
                "labels": { "owner": "helm", "name": "shop", "status": status, "version": number.to_string() } })
        };
        if path == "/api/v1/namespaces/production/secrets" {
            assert!(request.path.contains("labelSelector=owner%3Dhelm%2Cname%3Dshop"), "{}", request.path);
            assert!(request.head.contains("PartialObjectMetadataList"), "metadata alone: {}", request.head);
            let items: Vec<Value> = records.iter().map(|record| json!({ "metadata": meta(record) })).collect();
            return Reply::json(json!({ "metadata": {}, "items": items }));
        }
        let name = path.rsplit('/').next().unwrap_or_default();
        let found = records.iter().find(|record| name == format!("sh.helm.release.v1.shop.v{}", record.0));
        let Some(record) = found else { return Reply::status(404, "NotFound", "nothing here") };
        let release = json!({ "info": { "description": record.3 }, "chart": {} }).to_string();
        let data = STANDARD.encode(STANDARD.encode(release));
        Reply::json(json!({ "metadata": meta(record), "data": { "release": data } }))
    }
}

fn spec(home: &TempDir, url: &str) -> Spec {
    let path = kubeconfig(home.path(), &[("demo", url)]);
    let target = Target::Kubeconfig { path: Some(path.into()), context: None };
    let mut spec = systems::resolve(SourceId(3), &target, &Namespaces::All);
    // Nothing is read by itself.
    spec.scope.namespaces = Some(Vec::new());
    spec
}

/// Back from revision 3 to revision 1.
fn rollback() -> Operation {
    let cluster = SourceId(3);
    let target = ObjectId {
        cluster,
        kind: Kind::Release,
        namespace: Name::new("production"),
        name: Name::new("shop"),
        uid: Uid::new(cluster, "r3"),
    };
    accepted(target, Change::RollbackRelease { from: 3, resource_version: "30".into(), to: 1 })
}

const BEFORE: [Record; 3] = [
    (1, "superseded", "10", "Install complete"),
    (2, "superseded", "20", "Upgrade complete"),
    (3, "deployed", "30", "Upgrade complete"),
];

#[test]
fn where_helm_is_switched_off_no_secret_is_listed() {
    block_on(async {
        let home = TempDir::new().unwrap();
        let server =
            Server::answering(|_| Reply::json(json!({ "metadata": { "resourceVersion": "1" }, "items": [] }))).await;
        let mut spec = spec(&home, &server.url);
        spec.scope.namespaces = Some(vec![Name::new("production")]);
        let Some(Upstream::Cluster(cluster)) = spec.upstream.take() else { panic!("a cluster") };
        spec.upstream = Some(Upstream::Cluster(cluster.without_helm()));
        let (tx, mut rx) = tokio::sync::mpsc::channel(64);
        let systems = systems::Systems::start(vec![spec], &tx, Clock::system());
        let (mut told, mut listed) = (None, false);
        while told.is_none() || !listed {
            match next(&mut rx).await.unwrap() {
                (id, FeedEvent::Status(status)) if id.kind == Kind::Release => told = Some(status),
                (id, FeedEvent::Listed) if id.kind == Kind::Pod => listed = true,
                _ => {}
            }
        }
        assert!(format!("{told:?}").contains("sources.helm is off"), "{told:?}");
        assert!(server.requests().iter().all(|request| !request.path.contains("/secrets")));
        systems.shutdown(std::time::Duration::from_secs(10)).await;
    });
}

#[test]
fn helm_is_not_run_where_the_history_is_another_one() {
    block_on(async {
        let home = TempDir::new().unwrap();
        let mut later = BEFORE.to_vec();
        later.push((4, "pending-upgrade", "40", ""));
        let mut touched = BEFORE;
        touched[2].2 = "31";
        let table: [(&[Record], &str); 4] = [
            (&later, "changed since you looked: it is at revision 4, pending-upgrade"),
            (&touched, "changed since you looked: it is at revision 3, deployed"),
            (&BEFORE[1..], "revision 1 is gone from its history"),
            (&[], "it is gone"),
        ];
        for (records, wanted) in table {
            let server = Server::answering(cluster(records)).await;
            let told = perform(spec(&home, &server.url), rollback(), None).await;
            let [Progress::Refused { message }] = &told[..] else { panic!("{wanted}: {told:?}") };
            assert!(message.as_str().contains(wanted) && message.as_str().ends_with("nothing was sent"), "{message:?}");
        }
        let server = Server::answering(|_| Reply::status(403, "Forbidden", "secrets is forbidden")).await;
        let told = perform(spec(&home, &server.url), rollback(), None).await;
        assert!(format!("{told:?}").contains("its history cannot be read: secrets is forbidden"), "{told:?}");
    });
}

#[test]
fn a_rollback_whose_end_nobody_heard_is_found_in_the_history() {
    block_on(async {
        let home = TempDir::new().unwrap();
        let ours = rolled_back(1);
        let ours: &'static str = Box::leak(ours.into_boxed_str());
        let after = |status, description| [&BEFORE[..], &[(4, status, "40", description)]].concat();
        let table: [(Vec<Record>, Found, &str); 7] = [
            (BEFORE.to_vec(), Found::Missing, "it is as it was before"),
            (after("deployed", ours), Found::Applied, "revision 4 is deployed"),
            (after("deployed", "Upgrade complete"), Found::Passed, "revision 4 is another's: Upgrade complete"),
            (after("pending-rollback", ""), Found::Untold, "revision 4 is pending-rollback"),
            (after("failed", ""), Found::Passed, "revision 4 is failed"),
            (
                [&after("superseded", ours)[..], &[(5, "deployed", "50", "")]].concat(),
                Found::Passed,
                "it is at revision 5 now",
            ),
            (Vec::new(), Found::Gone, "the release is gone"),
        ];
        for (records, wanted, words) in table {
            let server = Server::answering(cluster(&records)).await;
            let (found, said) = evidence(spec(&home, &server.url), rollback()).await;
            assert!(found == wanted && said.contains(words), "{words}: {found:?} {said}");
        }
    });
}
