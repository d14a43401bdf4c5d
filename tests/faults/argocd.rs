//! A server of Argo CD at its worst, and what the page of an Application then says (reliability.md R28).

use std::sync::Arc;
use std::time::Duration;

use quarterdeck::clock::Clock;
use quarterdeck::model::differences::{Difference, Differences, DifferencesWanted, Differs, How, KeptId};
use quarterdeck::model::interest::Interest;
use quarterdeck::model::scope::{ArgoSource, Login, SecretSource};
use quarterdeck::model::source::{Detail, FeedEvent, FeedId, FeedStatus, SourceScope};
use quarterdeck::model::{Kind, Name, ObjectId, SourceId, SystemId, Uid};
use quarterdeck::net::{ArgoServer, Deadlines};
use quarterdeck::systems::{Spec, Systems, Upstream};
use quarterdeck::text::Safe;
use serde_json::{Value, json};
use tokio::sync::mpsc;

use super::server::{Reply, Request, Server};
use super::support::{block_on, next};

pub(super) fn source(url: &str) -> ArgoSource {
    ArgoSource {
        url: url.to_owned(),
        login: Login::Token(SecretSource::Fixed("hunter2")),
        ca: None,
        contexts: vec![Name::new("prod")],
        discovered: None,
    }
}

pub(super) fn quickly() -> Deadlines {
    Deadlines {
        headers: Duration::from_millis(700),
        idle: Duration::from_millis(700),
        total: Duration::from_millis(1500),
        ..Deadlines::default()
    }
}

pub(super) fn spec(source: &ArgoSource, deadlines: Deadlines) -> Result<Spec, String> {
    let client = ArgoServer::with(source, deadlines).map_err(|error| error.to_string())?;
    let scope = SourceScope {
        id: SourceId(0),
        system: SystemId::ArgoServer,
        name: Name::new("argocd.example"),
        server: Safe::of(""),
        user: Safe::of(""),
        namespaces: Some(source.contexts.clone()),
        unusable: None,
        discovered: None,
    };
    Ok(Spec { scope, upstream: Some(Upstream::ArgoServer(client)) })
}

pub(super) fn stray(group: &str, kind: &str, name: &str) -> KeptId {
    KeptId {
        group: Safe::line(group),
        kind: Safe::line(kind),
        namespace: Name::new("production"),
        name: Name::new(name),
    }
}

pub(super) fn wanted(strays: Vec<KeptId>) -> DifferencesWanted {
    let uid = Uid::new(SourceId(3), "app-1");
    let (namespace, name) = (Name::new("argocd"), Name::new("shop/prod"));
    DifferencesWanted {
        source: SourceId(0),
        context: Some(Name::new("prod")),
        application: ObjectId { cluster: SourceId(3), kind: Kind::Application, namespace, name, uid },
        project: Name::new("shop"),
        version: "41".into(),
        strays,
        tree: false,
        windows: false,
        rights: false,
    }
}

pub(super) type Events = mpsc::Receiver<(FeedId, FeedEvent)>;

pub(super) fn begin(spec: Spec, wanted: DifferencesWanted) -> (Systems, Events) {
    let (tx, rx) = mpsc::channel(64);
    let systems = Systems::start(vec![spec], &tx, Clock::system());
    systems.look_at(Arc::new(Interest { differences: vec![wanted], ..Interest::default() }));
    (systems, rx)
}

pub(super) async fn read(rx: &mut Events) -> Result<Arc<Differences>, String> {
    loop {
        if let (_, FeedEvent::Detail(Detail::Differences(read))) = next(rx).await.expect("an answer") {
            assert_eq!(read.application.raw(), "app-1");
            return read.told.map_err(|why| why.as_str().to_owned());
        }
    }
}

/// How the source stands, once it says so.
pub(super) async fn standing(rx: &mut Events) -> Result<(), FeedStatus> {
    loop {
        match next(rx).await.expect("a word").1 {
            FeedEvent::Listed => return Ok(()),
            FeedEvent::Status(status @ (FeedStatus::Denied { .. } | FeedStatus::Failed { .. })) => return Err(status),
            _ => {}
        }
    }
}

pub(super) async fn told(source: &ArgoSource) -> Result<Arc<Differences>, String> {
    told_within(quickly(), source).await
}

pub(super) async fn told_within(deadlines: Deadlines, source: &ArgoSource) -> Result<Arc<Differences>, String> {
    let (systems, mut rx) = begin(spec(source, deadlines)?, wanted(vec![stray("apps", "Deployment", "search")]));
    let told = read(&mut rx).await;
    assert!(systems.shutdown(Duration::from_secs(10)).await, "tasks left after shutdown");
    told
}

fn row(group: &str, kind: &str, name: &str, live: &Value, wanted: &Value) -> Value {
    json!({ "group": group, "kind": kind, "namespace": "production", "name": name,
        "normalizedLiveState": live.to_string(), "predictedLiveState": wanted.to_string() })
}

fn replicas(count: i64) -> Value {
    json!({ "spec": { "replicas": count } })
}

/// A server on which one object differs, and that knows its token.
pub(super) fn argo(request: &Request) -> Reply {
    if request.path.starts_with("/api/v1/account/can-i/") {
        return Reply::json(r#"{"value":"yes"}"#);
    }
    Reply::json(json!({ "items": [row("apps", "Deployment", "search", &replicas(7), &replicas(3))] }))
}

pub(super) fn of_managed(server: &Server) -> Vec<Request> {
    server.requests().into_iter().filter(|it| it.path.contains("managed-resources")).collect()
}

#[test]
fn the_object_is_asked_for_with_all_that_tells_it_from_others() {
    block_on(async {
        let server = Server::answering(argo).await;
        let read = told(&source(&format!("{}/argocd/", server.url))).await;
        // The rootpath belongs to the address.
        assert!(read.is_ok(), "{read:?}");
        let read = told(&source(&server.url)).await.unwrap();
        let changed = How::Changed { live: Safe::of("7"), wanted: Safe::of("3") };
        let rows = vec![Differs { path: Safe::of("spec.replicas"), how: changed }];
        assert_eq!(read.objects, [(stray("apps", "Deployment", "search"), Difference::Paths { rows, more: 0 })]);
        let asked = of_managed(&server);
        let parameters = "?appNamespace=argocd&project=shop&group=apps&kind=Deployment&namespace=production&name=search&fields=items.group,";
        for (request, base) in asked.iter().zip(["/argocd", ""]) {
            let wanted = format!("{base}/api/v1/applications/shop%2Fprod/managed-resources{parameters}");
            assert!(request.path.starts_with(&wanted), "{}", request.path);
            assert!(request.head.contains("authorization: Bearer hunter2"), "{}", request.head);
            assert!(request.path.ends_with("items.normalizedLiveState,items.predictedLiveState"), "{}", request.path);
        }
    });
}

#[test]
fn nothing_is_asked_of_what_nobody_looks_at() {
    block_on(async {
        let server = Server::answering(argo).await;
        let source = source(&server.url);
        let other =
            DifferencesWanted { context: Some(Name::new("staging")), ..wanted(vec![stray("", "Service", "x")]) };
        let (systems, mut rx) = begin(spec(&source, quickly()).unwrap(), other);
        standing(&mut rx).await.unwrap();
        assert!(of_managed(&server).is_empty());
        // Its page is opened, and with another version of the object it is asked for again.
        let mine = wanted(vec![stray("apps", "Deployment", "search")]);
        systems.look_at(Arc::new(Interest { differences: vec![mine.clone()], ..Interest::default() }));
        read(&mut rx).await.unwrap();
        assert_eq!(of_managed(&server).len(), 1);
        let newer = DifferencesWanted { version: "42".into(), ..mine };
        systems.look_at(Arc::new(Interest { differences: vec![newer], ..Interest::default() }));
        read(&mut rx).await.unwrap();
        assert_eq!(of_managed(&server).len(), 2);
        assert!(systems.shutdown(Duration::from_secs(10)).await);
    });
}

#[test]
fn health_and_windows_are_asked_for_where_they_stand_nowhere_else() {
    block_on(async {
        let server = Server::answering(|request| {
            if request.path.contains("/resource-tree?") {
                return Reply::json(
                    json!({ "nodes": [{ "group": "apps", "kind": "Deployment", "namespace": "production",
                    "name": "search", "health": { "status": "Degraded", "message": "late" } }] }),
                );
            }
            if request.path.contains("/syncwindows?") { Reply::json(r#"{"canSync":false}"#) } else { argo(request) }
        })
        .await;
        let all = DifferencesWanted { tree: true, windows: true, ..wanted(Vec::new()) };
        let (systems, mut rx) = begin(spec(&source(&server.url), quickly()).unwrap(), all);
        let read = read(&mut rx).await.unwrap();
        assert_eq!((read.can_sync, read.health.len(), read.objects.len()), (Some(false), 1, 0));
        assert_eq!(read.health[0].2.as_str(), "late");
        assert!(systems.shutdown(Duration::from_secs(10)).await);
    });
}

/// R28: an answer that is whatever it likes is bounded, and what is cut is counted.
#[test]
fn r28_what_is_too_much_is_said_and_costs_no_other_object() {
    block_on(async {
        let server = Server::answering(|request| {
            if request.path.contains("name=huge") {
                return Reply::json("x".repeat(17 << 20));
            }
            if request.path.contains("name=many") {
                let map = |value: i64| {
                    let rows = (0..5_000).map(|n| (format!("k{n:04}"), json!(value)));
                    json!({ "data": rows.collect::<serde_json::Map<_, _>>() })
                };
                return Reply::json(json!({ "items": [row("", "ConfigMap", "many", &map(1), &map(2))] }));
            }
            argo(request)
        })
        .await;
        let strays =
            vec![stray("", "ConfigMap", "huge"), stray("", "ConfigMap", "many"), stray("apps", "Deployment", "search")];
        let (systems, mut rx) = begin(spec(&source(&server.url), Deadlines::default()).unwrap(), wanted(strays));
        let read = read(&mut rx).await.unwrap();
        let Difference::Unread(why) = &read.objects[0].1 else { panic!("{:?}", read.objects[0]) };
        assert_eq!(why.as_str(), "its server tells more than 16 MiB of it");
        let Difference::Paths { rows, more } = &read.objects[1].1 else { panic!("{:?}", read.objects[1]) };
        assert_eq!((rows.len() + more, rows[0].path.as_str()), (5_000, "data.k0000"));
        assert!(rows.len() <= 40);
        assert!(matches!(&read.objects[2].1, Difference::Paths { more: 0, .. }));
        assert!(systems.shutdown(Duration::from_secs(10)).await);
    });
}

pub(super) fn error(code: u16, grpc: i64, words: &str) -> Reply {
    let body = json!({ "error": words, "code": grpc, "message": words, "details": [] });
    Reply::Whole(code, "Content-Type: application/json\r\n".to_owned(), body.to_string())
}

/// The heartbeat says whether the token is known, before any page is opened.
#[test]
fn the_source_is_denied_where_its_token_is_not_known_and_live_where_it_is() {
    block_on(async {
        let server = Server::answering(argo).await;
        let look = async |url: &str| {
            let (systems, mut rx) = begin(spec(&source(url), quickly()).unwrap(), wanted(Vec::new()));
            let told = standing(&mut rx).await;
            assert!(systems.shutdown(Duration::from_secs(10)).await);
            told
        };
        assert_eq!(look(&server.url).await, Ok(()));
        // Who may get some Applications only is taken for somebody all the same.
        server.answer(|_| Reply::json(r#"{"value":"no"}"#));
        assert_eq!(look(&server.url).await, Ok(()));
        server.answer(|_| error(401, 16, "invalid session: token is expired"));
        let Err(FeedStatus::Denied { message }) = look(&server.url).await else { panic!("it must be denied") };
        assert!(message.as_str().contains("make a new token"), "{message:?}");
        server.answer(|_| Reply::json(r#"{"status":"success"}"#));
        let Err(FeedStatus::Failed { message, .. }) = look(&server.url).await else { panic!("it must fail") };
        assert!(message.as_str().contains("is it Argo CD that answers there?"), "{message:?}");
    });
}

/// What is wrong with one answer costs no other: a tree too large, windows that are forbidden.
#[test]
fn without_health_and_windows_it_is_told_all_the_same_where_objects_differ() {
    block_on(async {
        let server = Server::answering(|request| {
            if request.path.contains("/resource-tree?") {
                return Reply::json("x".repeat(17 << 20));
            }
            let forbidden = || error(403, 7, "permission denied: projects, get, shop");
            if request.path.contains("/syncwindows?") { forbidden() } else { argo(request) }
        })
        .await;
        let first = wanted(vec![stray("apps", "Deployment", "search")]);
        let first = DifferencesWanted { tree: true, windows: true, ..first };
        let second = DifferencesWanted { tree: false, windows: false, ..first.clone() };
        let (tx, mut rx) = mpsc::channel(64);
        let spec = spec(&source(&server.url), Deadlines::default()).unwrap();
        let systems = Systems::start(vec![spec], &tx, Clock::system());
        systems.look_at(Arc::new(Interest { differences: vec![first, second], ..Interest::default() }));
        let told = read(&mut rx).await.unwrap();
        assert!(matches!(&told.objects[..], [(_, Difference::Paths { more: 0, .. })]), "{told:?}");
        assert_eq!((told.can_sync, told.health.len()), (None, 0));
        let trouble = told.trouble.as_ref().expect("a trouble").as_str();
        for part in ["the health of its objects is not told: ", "; whether a window is closed is not told: "] {
            assert!(trouble.contains(part), "{part}: {trouble}");
        }
        let told = read(&mut rx).await.unwrap();
        assert_eq!((told.objects.len(), &told.trouble), (1, &None), "the other Application is asked for");
        assert!(systems.shutdown(Duration::from_secs(10)).await);
    });
}

/// Outside the namespace that Argo CD lives in its RBAC calls an Application otherwise: only what both refuse is refused.
#[test]
fn what_its_rbac_lets_this_account_do_is_asked_for_by_both_names() {
    block_on(async {
        let asked = "/api/v1/account/can-i/applications/sync/shop/";
        for (short, long, expected) in [(true, false, true), (false, true, true), (false, false, false)] {
            let server = Server::answering(move |request| {
                let Some(name) = request.path.strip_prefix(asked) else { return argo(request) };
                let yes = if name == "argocd/shop%2Fprod" { long } else { short };
                Reply::json(json!({ "value": if yes { "yes" } else { "no" } }))
            })
            .await;
            let all = DifferencesWanted { rights: true, ..wanted(Vec::new()) };
            let (systems, mut rx) = begin(spec(&source(&server.url), quickly()).unwrap(), all);
            assert_eq!(read(&mut rx).await.unwrap().may_sync, Some(expected));
            let names: Vec<String> =
                server.requests().iter().filter_map(|it| Some(it.path.strip_prefix(asked)?.to_owned())).collect();
            let both = ["shop%2Fprod", "argocd/shop%2Fprod"];
            assert_eq!(names, if short { &both[..1] } else { &both[..] });
            assert!(systems.shutdown(Duration::from_secs(10)).await);
        }
        // What is not told is not known.
        let server =
            Server::answering(
                |request| {
                    if request.path.contains("/sync/") { error(500, 13, "what") } else { argo(request) }
                },
            )
            .await;
        let all = DifferencesWanted { rights: true, ..wanted(Vec::new()) };
        let (systems, mut rx) = begin(spec(&source(&server.url), quickly()).unwrap(), all);
        assert_eq!(read(&mut rx).await.unwrap().may_sync, None);
        assert!(systems.shutdown(Duration::from_secs(10)).await);
    });
}
