//! R30 in the panes: what can go wrong between here and each back-end, one fault after the other.
//! Every one is a sentence of its own that names the server or the next step. What `doctor` and
//! `status` say of certificates is in `cli::certificates`.

use std::collections::BTreeSet;
use std::path::Path;
use std::time::Duration;

use quarterdeck::clock::Clock;
use quarterdeck::model::source::{FeedEvent, FeedStatus};
use quarterdeck::model::{Name, SourceId, SystemId};
use quarterdeck::net::{Deadlines, Docker, DockerDeadlines, Prometheus, Target, Wanted};
use quarterdeck::systems::{Namespaces, Spec, Systems, Upstream, resolve};
use tokio::net::{TcpListener, TcpSocket, TcpStream};
use tokio::sync::mpsc;
use tokio::task::JoinHandle;

use super::hub;
use super::prometheus::quickly;
use super::server::{self, NAMELESS, Refusing, Reply, Server};
use super::support::{block_on, next};
use super::tls::{Authority, Flaw};
use super::watches::quick;

/// What its feed says first of being in trouble.
async fn trouble(spec: Spec) -> String {
    let (tx, mut rx) = mpsc::channel(64);
    let systems = Systems::start_at(vec![spec], &tx, Clock::system(), quick());
    let said = loop {
        let (_, event) = next(&mut rx).await.expect("a feed that speaks");
        if let FeedEvent::Status(
            FeedStatus::Failed { message, .. } | FeedStatus::Denied { message } | FeedStatus::Stale { message, .. },
        ) = event
        {
            break message.as_str().to_owned();
        }
    };
    rx.close();
    assert!(systems.shutdown(Duration::from_secs(10)).await, "tasks left after shutdown");
    said
}

fn short() -> Deadlines {
    Deadlines { probe: Duration::from_secs(20), ..quickly() }
}

fn cluster(url: &str) -> Spec {
    let mut spec = server::spec_with(url, short());
    spec.scope.namespaces = Some(vec![Name::new("production")]);
    spec
}

fn github(url: &str) -> Spec {
    hub::spec(hub::client_with(url, Wanted::Nothing, short()))
}

fn prometheus(url: &str) -> Spec {
    let mut spec = github(url);
    spec.scope.system = SystemId::Prometheus;
    spec.scope.namespaces = None;
    let client = Prometheus::with(url, None, short()).unwrap();
    Spec { upstream: Some(Upstream::Prometheus(client, [].into())), ..spec }
}

fn docker(url: &str) -> Spec {
    let millis = Duration::from_millis;
    let (connect, version, head) = (millis(400), millis(700), millis(700));
    let deadlines = DockerDeadlines { connect, version, head, ..DockerDeadlines::default() };
    let client = Docker::with_deadlines(&url.replace("http://", "tcp://"), deadlines).unwrap();
    let mut spec = prometheus("http://127.0.0.1:1");
    spec.scope.system = SystemId::Docker;
    Spec { upstream: Some(Upstream::Docker(client)), ..spec }
}

/// Takes every connection, waits for its first bytes, and does this to it.
async fn broken(end: impl Fn(TcpStream) + Send + Sync + 'static) -> (String, JoinHandle<()>) {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("http://{}", listener.local_addr().unwrap());
    let task = tokio::spawn(async move {
        while let Ok((stream, _)) = listener.accept().await {
            stream.readable().await.unwrap();
            let _ = stream.try_read(&mut [0; 4096]);
            end(stream);
        }
    });
    (url, task)
}

const PAGE: &str = "<!DOCTYPE html><html><title>Sign in</title></html>";

fn page(code: u16, more: &'static str) -> impl Fn(&server::Request) -> Reply + Send + Sync + 'static {
    move |_| Reply::Whole(code, format!("Content-Type: text/html\r\n{more}"), PAGE.to_owned())
}

/// Address, and what each back-end says of it: cluster, GitHub, Prometheus, engine. Empty: cannot be there.
type Case = (&'static str, String, [&'static str; 4]);

#[test]
fn r30_every_fault_of_the_way_is_a_sentence_of_its_own_at_every_back_end() {
    block_on(async {
        let gone = Refusing::new();
        // Nobody takes what waits in the line of this one.
        let full = TcpSocket::new_v4().unwrap();
        full.bind("127.0.0.1:0".parse().unwrap()).unwrap();
        let full = full.listen(0).unwrap();
        let address = full.local_addr().unwrap();
        let _first = TcpStream::connect(address).await.unwrap();
        let (reset, resetting) = broken(|stream| stream.set_zero_linger().unwrap()).await;
        let (closed, closing) = broken(drop).await;
        // As a server without TLS does when it is greeted in TLS.
        let (plain, answering) = broken(|stream| {
            let _ = stream.try_write(b"HTTP/1.1 400 Bad Request\r\n\r\n");
        })
        .await;
        let silent = Server::answering(|_| Reply::Silence).await;
        let proxy = Server::answering(page(407, "")).await;
        let ill = Server::answering(page(500, "")).await;
        let gateway = Server::answering(page(502, "")).await;
        let login = Server::answering(page(302, "Location: https://login.example.com/\r\n")).await;
        let web = Server::answering(page(200, "")).await;
        let nowhere = format!("http://{NAMELESS}:9090");
        let in_tls = plain.replace("http://", "https://");
        let time = "did not take the connection";
        let cases: Vec<Case> = vec![
            ("no name", nowhere, ["no address for its name; check the name in the kubeconfig"; 4]),
            ("refused", gone.url.clone(), ["refused the connection; check that it runs"; 4]),
            ("full", format!("http://{address}"), [time; 4]),
            ("plain", in_tls, ["does not speak TLS on this port"; 4]),
            ("reset", reset, ["reset the connection; look at its log"; 4]),
            (
                "closed",
                closed,
                [
                    "is it starting or stopping?",
                    "is it starting or stopping?",
                    "is it starting or stopping?",
                    "starting or stopping?",
                ],
            ),
            (
                "silent",
                silent.url.clone(),
                [
                    "within 0.7 s; check the network",
                    "within 0.7 s; check the network",
                    "within 0.7 s; check the network",
                    "within 0.7 s; the daemon hangs",
                ],
            ),
            (
                "proxy",
                proxy.url.clone(),
                [
                    "a proxy in between wants a password",
                    "Proxy Authentication Required",
                    "behind a proxy that wants a password",
                    "behind a proxy that wants a password",
                ],
            ),
            (
                "ill",
                ill.url.clone(),
                [
                    "trouble of its own; look at its log",
                    "trouble of its own",
                    "answers with an error; look at its log",
                    "look at the daemon's log",
                ],
            ),
            (
                "gateway",
                gateway.url.clone(),
                [
                    "trouble of its own",
                    "trouble of its own",
                    "not reached by the proxy in front of it",
                    "look at the daemon's log",
                ],
            ),
            (
                "login",
                login.url.clone(),
                [
                    "a login is in between",
                    "redirect to login.example.com",
                    "sends to https://login.example.com/; a login",
                    "sends elsewhere",
                ],
            ),
            (
                "page",
                web.url.clone(),
                ["not the JSON", "between here and GitHub", "a web page, not with JSON", "not as a Docker Engine does"],
            ),
        ];
        let mut told: [BTreeSet<String>; 4] = Default::default();
        for (fault, url, words) in cases {
            for (number, make) in [cluster as fn(&str) -> Spec, github, prometheus, docker].into_iter().enumerate() {
                // An engine is on this machine, and is not read over TLS.
                if number == 3 && matches!(fault, "no name" | "plain") {
                    continue;
                }
                let wanted = match (fault, number) {
                    ("no name", 1 | 2) => "no address for its name; check the name in sources.",
                    _ => words[number],
                };
                let mut said = trouble(make(&url)).await;
                // The kernel tells of a reset once: when a write has heard it, the read sees an end.
                for _ in 0..9 {
                    if fault != "reset" || said.contains(wanted) {
                        break;
                    }
                    said = trouble(make(&url)).await;
                }
                assert!(said.contains(wanted), "{fault}, {number}: {said:?} should say {wanted:?}");
                assert!(said.len() < 260 && !said.contains(['\n', '<']), "{fault}, {number}: {said}");
                // Two gateways in trouble may be told alike but for their codes.
                assert!(told[number].insert(said.clone()), "{fault}, {number}: said before: {said}");
            }
        }
        for task in [resetting, closing, answering] {
            task.abort();
        }
    });
}

/// The cluster of a kubeconfig that trusts this authority.
fn trusting(folder: &Path, url: &str, authority: &Authority) -> Spec {
    use base64::Engine as _;
    let pem = base64::engine::general_purpose::STANDARD.encode(authority.pem());
    let config = serde_json::json!({
        "apiVersion": "v1", "kind": "Config", "current-context": "east",
        "clusters": [{ "name": "c", "cluster": { "server": url, "certificate-authority-data": pem } }],
        "users": [{ "name": "ada", "user": {} }],
        "contexts": [{ "name": "east", "context": { "cluster": "c", "user": "ada", "namespace": "production" } }],
    });
    let path = folder.join("config");
    std::fs::write(&path, config.to_string()).unwrap();
    resolve(SourceId(0), &Target::Kubeconfig { path: Some(path), context: None }, &Namespaces::OfContext)
}

#[test]
fn r30_certificates_of_a_cluster_are_checked_and_what_is_wrong_with_one_is_said() {
    block_on(async {
        let folder = tempfile::tempdir().unwrap();
        let (ours, theirs) = (Authority::new("ours"), Authority::new("theirs"));
        let list = |_: &server::Request| Reply::json("{\"metadata\":{\"resourceVersion\":\"1\"},\"items\":[]}");
        let cases = [
            (&ours, Flaw::Expired, "that has expired; renew it, or check the clock here"),
            (&ours, Flaw::NotYet, "that is not valid yet; check the clock here"),
            (&ours, Flaw::OtherHost, "for other names: other.example; check the server in the kubeconfig"),
            (&ours, Flaw::SelfSigned, "that it signed itself; check certificate-authority-data"),
            (&theirs, Flaw::Nothing, "of an unknown authority; check certificate-authority-data in the kubeconfig"),
        ];
        for (authority, flaw, wanted) in cases {
            let server = authority.serve(flaw, list);
            let said = trouble(trusting(folder.path(), &server.url, &ours)).await;
            assert!(said.starts_with(&format!("{} has a certificate {wanted}", server.url)), "{flaw:?}: {said}");
        }
        // The same server with nothing wrong is read.
        let server = ours.serve(Flaw::Nothing, list);
        let spec = trusting(folder.path(), &server.url, &ours);
        let answer = server::cluster(&spec).read().get("/version").await.unwrap();
        assert!(answer.body.starts_with(b"{"));
    });
}
