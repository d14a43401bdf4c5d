//! Applications that a cluster does not show, listed by a server of Argo CD at its worst (reliability.md R26, R28, R33).

use std::sync::Arc;
use std::time::Duration;

use quarterdeck::clock::Clock;
use quarterdeck::model::applications::{ApplicationsTold, ApplicationsWanted, Untold};
use quarterdeck::model::interest::Interest;
use quarterdeck::model::source::{Detail, FeedEvent, FeedId};
use quarterdeck::model::{Name, SourceId};
use quarterdeck::net::Deadlines;
use quarterdeck::systems::Systems;
use serde_json::json;
use tokio::sync::mpsc;

use super::argocd::{argo, error, quickly, source, spec, standing};
use super::server::{Reply, Request, Server};
use super::support::{block_on, next};

const CLUSTER: SourceId = SourceId(3);

fn interest(context: &str) -> Arc<Interest> {
    let wanted = ApplicationsWanted { source: SourceId(0), context: Some(Name::new(context)), cluster: CLUSTER };
    Arc::new(Interest { applications: vec![wanted], ..Interest::default() })
}

type Events = mpsc::Receiver<(FeedId, FeedEvent)>;

fn begin(url: &str, deadlines: Deadlines) -> (Systems, Events) {
    let (tx, rx) = mpsc::channel(64);
    let systems = Systems::start(vec![spec(&source(url), deadlines).unwrap()], &tx, Clock::system());
    (systems, rx)
}

async fn read(rx: &mut Events) -> Result<ApplicationsTold, Untold> {
    loop {
        if let (_, FeedEvent::Detail(Detail::Applications(read))) = next(rx).await.expect("an answer") {
            assert_eq!(read.cluster, CLUSTER);
            return read.told;
        }
    }
}

fn lists(server: &Server) -> Vec<Request> {
    server.requests().into_iter().filter(|request| request.path.starts_with("/api/v1/applications")).collect()
}

/// Its list, and all else as [`argo`] has it.
fn listing(reply: Reply) -> impl Fn(&Request) -> Reply {
    move |request| if request.path.starts_with("/api/v1/applications?") { reply.clone() } else { argo(request) }
}

async fn told_within(deadlines: Deadlines, reply: Reply) -> (Result<ApplicationsTold, Untold>, usize) {
    let server = Server::answering(listing(reply)).await;
    let (systems, mut rx) = begin(&server.url, deadlines);
    systems.look_at(interest("prod"));
    let told = read(&mut rx).await;
    assert!(systems.shutdown(Duration::from_secs(10)).await, "tasks left after shutdown");
    (told, lists(&server).len())
}

#[test]
fn they_are_listed_while_that_is_wanted_and_what_cannot_be_read_is_counted() {
    block_on(async {
        let row = json!({ "metadata": { "name": "shop", "namespace": "argocd", "uid": "a", "resourceVersion": "1",
            "creationTimestamp": "2026-11-01T00:00:00Z" }, "spec": { "project": "shop" }, "status": {} });
        let all = json!({ "metadata": { "resourceVersion": "9" }, "items": [row, { "metadata": {} }, 7] });
        let server = Server::answering(listing(Reply::json(&all))).await;
        let (systems, mut rx) = begin(&server.url, quickly());
        // Another context is another source's.
        systems.look_at(interest("staging"));
        standing(&mut rx).await.unwrap();
        assert!(lists(&server).is_empty());
        systems.look_at(interest("prod"));
        let told = read(&mut rx).await.unwrap();
        let known: Vec<(&str, &str)> = told.rows.iter().map(|row| (row.meta.name.raw(), row.meta.uid.raw())).collect();
        assert_eq!((known, told.left_out), (vec![("shop", "a")], 2));
        assert!(told.rows.iter().all(|row| row.meta.cluster == CLUSTER), "they are rows of the cluster");
        let [request] = &lists(&server)[..] else { panic!("{:?}", lists(&server)) };
        for field in ["items.metadata.uid", "items.spec", "items.operation", "items.status.operationState"] {
            assert!(request.path.contains(field), "{field}: {}", request.path);
        }
        assert!(!request.path.contains("managedFields"), "{}", request.path);
        systems.refresh();
        read(&mut rx).await.unwrap();
        assert_eq!(lists(&server).len(), 2);
        assert!(systems.shutdown(Duration::from_secs(10)).await);
        // None is an answer, too.
        let (told, _) = told_within(quickly(), Reply::json(r#"{"metadata":{},"items":null}"#)).await;
        assert_eq!(told, Ok(ApplicationsTold { rows: Vec::new(), left_out: 0 }));
    });
}

/// R26: what is wrong is said, and whether the account is at fault; what is refused is not asked for again and again.
#[test]
fn r26_whatever_is_wrong_is_told_and_no_list_is_made_of_it() {
    block_on(async {
        for (reply, denied, words) in [
            (error(401, 16, "invalid session: token is expired"), true, "make a new token"),
            (error(403, 7, "permission denied"), true, "its RBAC must let this account get"),
            (error(500, 13, "context canceled"), false, "has trouble of its own"),
            (Reply::Whole(429, "Retry-After: 30\r\n".to_owned(), String::new()), false, "is throttling for 30s"),
            (Reply::Whole(502, String::new(), String::new()), false, "is not there behind its proxy"),
            (Reply::Silence, false, "no answer of Argo CD within 0.7 s"),
            (Reply::Drip, false, "no whole answer within 1.5 s"),
            (Reply::Cut("{".to_owned()), false, "closed the connection"),
            (Reply::json("{}"), false, "is it Argo CD that answers there?"),
            (Reply::json("<html>"), false, "is it Argo CD that answers there?"),
        ] {
            let shown = format!("{reply:?}");
            let (told, asked) = told_within(quickly(), reply).await;
            let untold = told.unwrap_err();
            assert!(untold.why.as_str().contains(words), "{shown}: {untold:?}");
            assert_eq!(untold.denied, denied, "{shown}");
            // What may pass is asked for again after a moment. A login that is not accepted is read anew, once.
            let passes = ["proxy", "within", "connection"].iter().any(|word| words.contains(word));
            assert!(passes || asked == if words == "make a new token" { 2 } else { 1 }, "{shown}: {asked}");
        }
    });
}

/// R28: what is too much is not read to its end.
#[test]
fn r28_a_list_without_end_is_bounded() {
    block_on(async {
        let (told, _) = told_within(Deadlines::default(), Reply::json("x".repeat(17 << 20))).await;
        assert!(told.unwrap_err().why.as_str().contains("more than 16 MiB"));
    });
}

/// R33: no redirect takes the token along.
#[test]
fn r33_no_redirect_takes_the_token_to_another_list() {
    block_on(async {
        let other = Server::answering(argo).await;
        let head = format!("Location: {}/api/v1/applications\r\n", other.url);
        let (told, _) = told_within(quickly(), Reply::Whole(307, head, String::new())).await;
        assert!(told.unwrap_err().why.as_str().contains("which is not followed"));
        assert!(other.requests().is_empty());
    });
}
