//! HTTPS_PROXY and NO_PROXY in the built program: what is behind a proxy is asked through a tunnel,
//! what is on this machine never is, and a proxy that fails is named.

use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::net::{TcpListener, TcpStream};
use std::path::Path;
use std::process::{Output, Stdio};
use std::sync::{Arc, Mutex};

use quarterdeck::demo::{self, Demo, Options};
use tempfile::TempDir;

use super::certificates::world;
use super::doctor::{found, has};
use crate::faults::server::{Refusing, Reply, Request};
use crate::faults::support::block_on;
use crate::faults::tls::{Authority, Flaw};
use crate::ingest::served::kubeconfig;

/// The name in the certificate; nothing but the proxy knows where it is.
const AWAY: &str = "https://other.example";

/// A CONNECT proxy that brings every name to one server; it keeps the first line of each request.
struct Proxy {
    url: String,
    asked: Arc<Mutex<Vec<String>>>,
}

impl Proxy {
    fn start(server: &str) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let url = format!("http://{}", listener.local_addr().unwrap());
        let (asked, server) = (Arc::new(Mutex::new(Vec::new())), server.trim_start_matches("https://").to_owned());
        let of_thread = Arc::clone(&asked);
        std::thread::spawn(move || {
            for stream in listener.incoming().map_while(Result::ok) {
                let (asked, server) = (Arc::clone(&of_thread), server.clone());
                // A client that goes away is none of the test.
                std::thread::spawn(move || drop(carry(stream, &server, &asked)));
            }
        });
        Self { url, asked }
    }

    fn asked(&self) -> Vec<String> {
        self.asked.lock().unwrap().clone()
    }
}

fn carry(client: TcpStream, server: &str, asked: &Mutex<Vec<String>>) -> std::io::Result<()> {
    let mut reader = BufReader::new(client.try_clone()?);
    let mut first = String::new();
    reader.read_line(&mut first)?;
    asked.lock().unwrap().push(first.trim().to_owned());
    let mut line = String::new();
    while reader.read_line(&mut line)? > 2 {
        line.clear();
    }
    let mut client = client;
    client.write_all(b"HTTP/1.1 200 OK\r\n\r\n")?;
    let (mut up, mut down) = (TcpStream::connect(server)?, client.try_clone()?);
    let mut answers = up.try_clone()?;
    let back = std::thread::spawn(move || std::io::copy(&mut answers, &mut down).map(drop));
    let mut buffer = [0; 16 * 1024];
    loop {
        let read = reader.read(&mut buffer)?;
        if read == 0 {
            up.shutdown(std::net::Shutdown::Write)?;
            return back.join().unwrap_or(Ok(()));
        }
        up.write_all(&buffer[..read])?;
    }
}

async fn doctor(home: &Path, authorities: &str, proxies: &[(&str, &str)], kubeconfig: &str) -> Output {
    tokio::process::Command::new(env!("CARGO_BIN_EXE_quarterdeck"))
        .args(["doctor", "--json", "--kubeconfig", kubeconfig])
        .env_clear()
        .env("HOME", home)
        .env("SSL_CERT_FILE", authorities)
        .env("DEMO_TOKEN", "demo")
        .envs(proxies.iter().copied())
        .current_dir(home)
        .stdin(Stdio::null())
        .kill_on_drop(true)
        .output()
        .await
        .expect("the program runs")
}

/// Cluster `west` and GitHub are away; cluster `east` and Prometheus are the demo's, on this machine.
fn configure(home: &Path, demo: &Demo) -> String {
    let folder = home.join(".config/quarterdeck");
    let text = format!(
        "version: 1\nenvironments:\n  - {{ name: a, cluster: east, namespace: production }}\n  - {{ name: b, cluster: \
         west, namespace: production }}\nsources:\n  prometheus: {{ url: '{}' }}\n  github: {{ url: '{AWAY}', token: {{ \
         env: DEMO_TOKEN }} }}\nservices: [{{ name: checkout, repo: acme/checkout }}]\n",
        demo.prometheus.as_ref().unwrap()
    );
    std::fs::create_dir_all(&folder).unwrap();
    std::fs::write(folder.join("config.yaml"), text).unwrap();
    kubeconfig(&folder, &[("east", &demo.url), ("west", AWAY)])
}

/// GitHub's API has a place of its own on a server that is not github.com.
fn away(request: &Request) -> Reply {
    world(&Request { path: request.path.trim_start_matches("/api/v3").to_owned(), ..request.clone() })
}

#[test]
fn what_is_away_goes_through_the_proxy_of_the_environment_and_this_machine_never_does() {
    block_on(async {
        let demo = demo::start(Options { held: true, ..Options::default() }).await.unwrap();
        let (home, ours) = (TempDir::new().unwrap(), Authority::new("ours"));
        let (authorities, config) = (ours.file(home.path()), configure(home.path(), &demo));
        let server = ours.serve(Flaw::OtherHost, away);
        let proxy = Proxy::start(&server.url);
        let all = [("HTTPS_PROXY", proxy.url.as_str()), ("HTTP_PROXY", &proxy.url), ("ALL_PROXY", &proxy.url)];
        let (_, _, rows) = found(&doctor(home.path(), &authorities, &all, &config).await);
        has(&rows, &format!("kubernetes reach ok {AWAY} answers over TLS"));
        has(&rows, &format!("github reach ok {AWAY}/api/v3 answers over TLS"));
        has(&rows, &format!("kubernetes reach ok {}", demo.url));
        has(&rows, "prometheus reach ok");
        let asked = proxy.asked();
        assert!(asked.iter().all(|line| line == "CONNECT other.example:443 HTTP/1.1"), "{asked:?}");
        assert!(asked.len() > 2, "{asked:?}");

        let none = [("HTTPS_PROXY", proxy.url.as_str()), ("NO_PROXY", "other.example")];
        let (_, _, rows) = found(&doctor(home.path(), &authorities, &none, &config).await);
        has(&rows, &format!("kubernetes reach fail {AWAY} cannot be found: no address for its name"));
        assert_eq!(proxy.asked().len(), asked.len(), "it was not asked any more");
    });
}

#[test]
fn a_proxy_that_does_not_serve_is_named_without_its_password() {
    block_on(async {
        let demo = demo::start(Options { held: true, ..Options::default() }).await.unwrap();
        let (home, ours) = (TempDir::new().unwrap(), Authority::new("ours"));
        let (authorities, config) = (ours.file(home.path()), configure(home.path(), &demo));
        let refusing = Refusing::new();
        let place = refusing.url.trim_start_matches("http://").to_owned();
        let table = [
            (format!("http://ada:hunter2@{place}"), format!("through the proxy {place}: it refused the connection")),
            (format!("socks5://{place}"), "only proxies with http:// are known here".to_owned()),
        ];
        for (url, words) in table {
            let (_, _, rows) = found(&doctor(home.path(), &authorities, &[("HTTPS_PROXY", &url)], &config).await);
            for area in [format!("kubernetes reach fail {AWAY}"), format!("github reach fail {AWAY}/api/v3")] {
                has(&rows, &format!("{area} is not reached through the proxy {place}"));
            }
            has(&rows, &words);
            has(&rows, "check HTTPS_PROXY, or name the host in NO_PROXY");
            assert!(!rows.join("\n").contains("hunter2"), "{}", rows.join("\n"));
        }
    });
}

/// A typing error in it does not bring anybody around the proxy.
#[test]
fn a_variable_that_names_no_proxy_is_said_and_nothing_goes_around_it() {
    block_on(async {
        let demo = demo::start(Options { held: true, ..Options::default() }).await.unwrap();
        let (home, ours) = (TempDir::new().unwrap(), Authority::new("ours"));
        let (authorities, config) = (ours.file(home.path()), configure(home.path(), &demo));
        let bad = [("HTTPS_PROXY", "http://ada:hunter2@proxy.example:prot")];
        let (_, _, rows) = found(&doctor(home.path(), &authorities, &bad, &config).await);
        for area in [format!("kubernetes reach fail {AWAY}"), format!("github reach fail {AWAY}/api/v3")] {
            has(&rows, &format!("{area} is not reached: what HTTPS_PROXY says is no address of a proxy"));
        }
        has(&rows, "write it as http://HOST:PORT, or name the host in NO_PROXY");
        // What is on this machine needs none.
        has(&rows, &format!("kubernetes reach ok {}", demo.url));
        has(&rows, "prometheus reach ok");
        assert!(!rows.join("\n").contains("hunter2"), "{}", rows.join("\n"));
    });
}
