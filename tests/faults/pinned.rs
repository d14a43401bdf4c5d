//! R43: what is spoken to is what the kubeconfig said at the start. A file that is written anew, with another
//! server under the same names, is not followed: not by reads, not by watches, not by a write.

use std::fs;
use std::path::Path;

use quarterdeck::model::SourceId;
use quarterdeck::model::{Kind, Name};
use quarterdeck::net::{Deadlines, Patch, Sent, Target};
use quarterdeck::systems::{Namespaces, Spec, Upstream, resolve};
use serde_json::json;

use super::server::Server;
use super::support::block_on;
use super::watches::{Run, list, live, pods};

fn kubeconfig(path: &Path, server: &str, current: &str, token: &str) {
    let config = json!({
        "apiVersion": "v1", "kind": "Config", "current-context": current,
        "clusters": [{ "name": "c", "cluster": { "server": server } }],
        "users": [{ "name": "ada", "user": { "token": token } }],
        "contexts": [
            { "name": "east", "context": { "cluster": "c", "user": "ada", "namespace": "production" } },
            { "name": "west", "context": { "cluster": "c", "user": "ada", "namespace": "elsewhere" } }],
    });
    fs::write(path, config.to_string()).expect("a kubeconfig");
}

#[test]
fn r43_a_kubeconfig_that_changes_while_it_runs_is_not_followed() {
    block_on(async {
        let folder = tempfile::tempdir().expect("a folder");
        let path = folder.path().join("config");
        let first =
            pods(
                |request| {
                    if request.is_watch() { super::server::Reply::Held(Vec::new()) } else { list(&["a"], 9, "", None) }
                },
            )
            .await;
        let second = Server::start().await;
        kubeconfig(&path, &first.url, "east", "one");
        let target = Target::Kubeconfig { path: Some(path.clone()), context: None };
        let Spec { scope, upstream } = resolve(SourceId(0), &target, &Namespaces::OfContext);
        let Some(Upstream::Cluster(cluster)) = upstream.clone() else { panic!("a cluster") };
        assert_eq!((scope.name.raw(), scope.namespaces.as_deref()), ("east", Some(&[Name::new("production")][..])));
        let mut run = Run::of(scope.clone(), Spec { scope, upstream });
        run.until(|run| live(&run.feed(Kind::Pod).status) && run.feed(Kind::Pod).complete).await;

        // Another server under the same names, another user's token, another current context.
        kubeconfig(&path, &second.url, "west", "two");
        run.refresh();
        let asked = first.requests().len();
        first.until(|requests| requests.iter().skip(asked).any(|request| request.path.contains("/pods?limit"))).await;
        cluster.read().get("/version").await.expect("an answer of the first");
        let sent = cluster
            .write(quarterdeck::net::Writes::granted())
            .send(Patch { path: "/x".to_owned(), body: b"[]".to_vec() })
            .await;
        assert!(matches!(sent, Sent::Accepted(_)), "{sent:?}");
        let heads = first.requests();
        assert!(heads.iter().all(|request| request.head.contains("Bearer one")), "the first user's token only");
        assert!(heads.iter().all(|request| !request.path.contains("elsewhere")));
        assert_eq!(second.requests().len(), 0, "nobody asked for the other one");
        assert_eq!(cluster.helm().map(|helm| helm.server().to_owned()), Some(first.url.clone()));

        // Who starts anew goes where it says now.
        let fresh = target.pin_with(Deadlines::default()).expect("a cluster");
        fresh.read().get("/version").await.expect("an answer of the second");
        assert_eq!((fresh.name.as_str(), second.requests().len()), ("west", 1));
        run.end().await;
    });
}
