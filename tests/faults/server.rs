//! A server that answers each request as a closure says, and remembers what it was asked.

use std::sync::{Arc, Mutex};
use std::time::Duration;

use quarterdeck::model::source::SourceScope;
use quarterdeck::model::{Name, SourceId, SystemId};
use quarterdeck::net::{Deadlines, Target};
use quarterdeck::systems::{Spec, Upstream};
use quarterdeck::text::Safe;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::{TcpListener, TcpSocket, TcpStream};
use tokio::sync::Notify;
use tokio::time::Instant;

/// What was asked.
#[derive(Debug, Clone)]
pub struct Request {
    pub method: String,
    pub path: String,
    pub head: String,
    /// Chunks as they came, with their heads.
    pub body: Vec<u8>,
    pub at: Instant,
}

impl Request {
    pub fn is_watch(&self) -> bool {
        self.path.contains("watch=1")
    }
}

/// What is answered.
#[derive(Debug, Clone)]
pub enum Reply {
    /// Status, further header lines, body.
    Whole(u16, String, String),
    /// 200 and these lines, then the end.
    Lines(Vec<String>),
    /// 200 and these lines, then nothing more; the connection stays open.
    Held(Vec<String>),
    /// The head promises more than comes, then the connection closes.
    Cut(String),
    /// 200, then spaces without end, one every few milliseconds.
    Drip,
    /// Not a byte.
    Silence,
}

impl Reply {
    pub fn json(body: impl std::fmt::Display) -> Self {
        Self::Whole(200, String::new(), body.to_string())
    }

    /// An error as an API server words it.
    pub fn status(code: u16, reason: &str, message: &str) -> Self {
        let body = serde_json::json!({
            "kind": "Status", "apiVersion": "v1", "status": "Failure",
            "message": message, "reason": reason, "code": code,
        });
        Self::Whole(code, String::new(), body.to_string())
    }
}

type Handler = Arc<dyn Fn(&Request) -> Reply + Send + Sync>;

/// A name that no resolver knows: a label may have 63 letters (RFC 1035 §2.3.4), so that no server is
/// asked, and none is waited for.
pub const NAMELESS: &str = "quarterdeck-no-such-host-quarterdeck-no-such-host-quarterdeck-no.invalid";

/// An address of the loopback where nobody listens, and nobody can while this lives: bound, not listening.
pub struct Refusing {
    pub url: String,
    _socket: TcpSocket,
}

impl Refusing {
    pub fn new() -> Self {
        let socket = TcpSocket::new_v4().unwrap();
        socket.bind("127.0.0.1:0".parse().unwrap()).unwrap();
        Self { url: format!("http://{}", socket.local_addr().unwrap()), _socket: socket }
    }
}

/// See the module.
pub struct Server {
    pub url: String,
    shared: Arc<Shared>,
    accept: tokio::task::JoinHandle<()>,
}

struct Shared {
    handler: Mutex<Handler>,
    requests: Mutex<Vec<Request>>,
    /// While set, nothing is answered and nothing read: a stopped process.
    stopped: Mutex<bool>,
    changed: Notify,
}

impl Drop for Server {
    fn drop(&mut self) {
        self.accept.abort();
    }
}

impl Server {
    /// Answers every request with an empty object.
    pub async fn start() -> Self {
        Self::answering(|_| Reply::json("{\"metadata\":{\"generation\":7}}")).await
    }

    pub async fn answering(handler: impl Fn(&Request) -> Reply + Send + Sync + 'static) -> Self {
        Self::on("127.0.0.1:0", handler).await
    }

    /// At an address of the caller's choice.
    pub async fn on(address: &str, handler: impl Fn(&Request) -> Reply + Send + Sync + 'static) -> Self {
        let listener = TcpListener::bind(address).await.unwrap();
        let url = format!("http://{}", listener.local_addr().unwrap());
        let shared = Arc::new(Shared {
            handler: Mutex::new(Arc::new(handler)),
            requests: Mutex::default(),
            stopped: Mutex::new(false),
            changed: Notify::new(),
        });
        let of_task = Arc::clone(&shared);
        let accept = tokio::spawn(async move {
            // Connections end with the server.
            let mut connections = tokio::task::JoinSet::new();
            while let Ok((stream, _)) = listener.accept().await {
                let shared = Arc::clone(&of_task);
                connections.spawn(async move {
                    // A client that goes away is no fault of the server's.
                    let _ = serve(stream, &shared).await;
                });
            }
        });
        Self { url, shared, accept }
    }

    /// Answers differently from now on.
    pub fn answer(&self, handler: impl Fn(&Request) -> Reply + Send + Sync + 'static) {
        *self.shared.handler.lock().unwrap() = Arc::new(handler);
    }

    /// As SIGSTOP does: the sockets stay, nothing comes out of them.
    pub fn stop(&self, stopped: bool) {
        *self.shared.stopped.lock().unwrap() = stopped;
        self.shared.changed.notify_waiters();
    }

    pub fn requests(&self) -> Vec<Request> {
        self.shared.requests.lock().unwrap().clone()
    }

    pub fn watches(&self) -> Vec<Request> {
        self.requests().into_iter().filter(Request::is_watch).collect()
    }

    /// Requests that had a body.
    pub fn bodies(&self) -> usize {
        self.requests().iter().filter(|request| !request.body.is_empty()).count()
    }

    /// Waits until `enough` is true of the requests; fails after a minute.
    pub async fn until(&self, enough: impl Fn(&[Request]) -> bool) -> Vec<Request> {
        let wait = async {
            loop {
                let changed = self.shared.changed.notified();
                tokio::pin!(changed);
                changed.as_mut().enable();
                let requests = self.requests();
                if enough(&requests) {
                    return requests;
                }
                changed.await;
            }
        };
        tokio::time::timeout(Duration::from_mins(1), wait).await.expect("the requests that were waited for")
    }
}

impl Shared {
    async fn while_stopped(&self) {
        loop {
            let changed = self.changed.notified();
            tokio::pin!(changed);
            changed.as_mut().enable();
            if !*self.stopped.lock().unwrap() {
                return;
            }
            changed.await;
        }
    }
}

async fn serve(mut stream: TcpStream, shared: &Shared) -> std::io::Result<()> {
    let mut rest = Vec::new();
    loop {
        let Some(request) = read_request(&mut stream, &mut rest).await? else { return Ok(()) };
        shared.while_stopped().await;
        shared.requests.lock().unwrap().push(request.clone());
        shared.changed.notify_waiters();
        let handler = Arc::clone(&*shared.handler.lock().unwrap());
        let reply = handler(&request);
        match reply {
            Reply::Whole(status, headers, body) => {
                let head = format!("HTTP/1.1 {status} X\r\nContent-Length: {}\r\n{headers}\r\n", body.len());
                stream.write_all(format!("{head}{body}").as_bytes()).await?;
            }
            Reply::Lines(lines) => {
                stream.write_all(chunked(&lines).as_bytes()).await?;
                stream.write_all(b"0\r\n\r\n").await?;
            }
            Reply::Held(lines) => {
                stream.write_all(chunked(&lines).as_bytes()).await?;
                // Until the client goes.
                while stream.read(&mut [0; 64]).await? > 0 {}
                return Ok(());
            }
            Reply::Cut(part) => {
                let head = format!("HTTP/1.1 200 OK\r\nContent-Length: {}\r\n\r\n", part.len() + 100);
                stream.write_all(format!("{head}{part}").as_bytes()).await?;
                return Ok(());
            }
            Reply::Drip => {
                stream.write_all(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n").await?;
                let mut drops = tokio::time::interval(Duration::from_millis(10));
                // Until the client goes.
                loop {
                    drops.tick().await;
                    stream.write_all(b"1\r\n \r\n").await?;
                }
            }
            Reply::Silence => {
                while stream.read(&mut [0; 64]).await? > 0 {}
                return Ok(());
            }
        }
    }
}

fn chunked(lines: &[String]) -> String {
    let chunks = lines.iter().map(|line| format!("{:x}\r\n{line}\n\r\n", line.len() + 1));
    let head = "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n".to_owned();
    std::iter::once(head).chain(chunks).collect()
}

/// The next request of a connection; `None` when it was closed.
pub async fn read_request(stream: &mut TcpStream, rest: &mut Vec<u8>) -> std::io::Result<Option<Request>> {
    let mut buffer = vec![0; 16 * 1024];
    let end = loop {
        if let Some(end) = rest.windows(4).position(|window| window == b"\r\n\r\n") {
            break end + 4;
        }
        let read = stream.read(&mut buffer).await?;
        if read == 0 {
            return Ok(None);
        }
        rest.extend_from_slice(&buffer[..read]);
    };
    let head = String::from_utf8_lossy(&rest[..end]).into_owned();
    let of = |wanted: &str| {
        let mut lines = head.lines().filter_map(|line| line.split_once(':'));
        lines.find(|(name, _)| name.eq_ignore_ascii_case(wanted)).map(|(_, value)| value.trim())
    };
    let is_chunked = of("transfer-encoding") == Some("chunked");
    let length = of("content-length").map_or(0, |length| length.parse().unwrap());
    let length = loop {
        let whole = if is_chunked { chunked_length(&rest[end..]) } else { Some(length) };
        if let Some(whole) = whole.filter(|whole| rest.len() >= end + whole) {
            break whole;
        }
        let read = stream.read(&mut buffer).await?;
        if read == 0 {
            return Ok(None);
        }
        rest.extend_from_slice(&buffer[..read]);
    };
    let body = rest[end..end + length].to_vec();
    rest.drain(..end + length);
    let mut words = head.split(' ');
    let (method, path) = (words.next().unwrap().to_owned(), words.next().unwrap().to_owned());
    Ok(Some(Request { method, path, head, body, at: Instant::now() }))
}

/// How many bytes a body takes that comes in chunks, their heads included; `None` before its last one.
fn chunked_length(bytes: &[u8]) -> Option<usize> {
    let mut at = 0;
    loop {
        let line = bytes.get(at..)?.windows(2).position(|two| two == b"\r\n")?;
        let size = std::str::from_utf8(&bytes[at..at + line]).unwrap();
        let size = usize::from_str_radix(size, 16).unwrap();
        at += line + 2 + size + 2;
        if size == 0 {
            return (bytes.len() >= at).then_some(at);
        }
    }
}

/// The cluster `east` behind this address, without feeds, with deadlines that a busy machine keeps.
pub fn spec(url: &str) -> Spec {
    spec_with(url, Deadlines { probe: Duration::from_secs(20), ..Deadlines::default() })
}

/// [`spec`] with deadlines of the test's choice.
pub fn spec_with(url: &str, deadlines: Deadlines) -> Spec {
    // No test waits between two tries.
    let deadlines = Deadlines { again: Duration::from_millis(5), ..deadlines };
    let target = Target::Url { server: url.to_owned(), name: "east".to_owned(), namespace: "production".to_owned() };
    let scope = SourceScope {
        system: SystemId::Kubernetes,
        discovered: None,
        id: SourceId(3),
        name: Name::new("east"),
        server: Safe::identity(url),
        user: Safe::of(""),
        namespaces: Some(Vec::new()),
        unusable: None,
    };
    Spec { scope, upstream: Some(Upstream::Cluster(target.pin_with(deadlines).unwrap())) }
}

/// The cluster that a spec leads to.
pub fn cluster(spec: &Spec) -> quarterdeck::net::Cluster {
    match &spec.upstream {
        Some(Upstream::Cluster(cluster)) => cluster.clone(),
        other => panic!("no cluster: {other:?}"),
    }
}
