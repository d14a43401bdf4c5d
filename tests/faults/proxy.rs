//! The fault proxy: between a client and a server, it lets reads through and breaks writes as it is told. It
//! counts what it was sent.

use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};

use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::Notify;

use super::server::read_request;

/// What happens to a write.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Mode {
    Pass,
    /// This status instead of the server's answer.
    Answer(u16),
    /// RST when the first bytes come.
    ResetBefore,
    /// RST when the request has come whole; the server never sees it.
    ResetAfter,
    /// RST when the server has answered; the client never hears.
    ResetAnswered,
    /// Taken, and nothing comes back.
    Stall,
    /// The answer ends after so many bytes.
    Cut(usize),
}

/// What may happen to a write that is sent once, whatever happens (R34).
pub const WRITE_MODES: [Mode; 10] = [
    Mode::Answer(500),
    Mode::Answer(502),
    Mode::Answer(503),
    Mode::Answer(504),
    Mode::Answer(429),
    Mode::ResetBefore,
    Mode::ResetAfter,
    Mode::ResetAnswered,
    Mode::Stall,
    Mode::Cut(5),
];

/// See the module.
pub struct Proxy {
    pub url: String,
    shared: Arc<Shared>,
    accept: tokio::task::JoinHandle<()>,
}

struct Shared {
    upstream: String,
    mode: Mutex<Mode>,
    bodies: AtomicUsize,
    writes: AtomicUsize,
    idle: Notify,
}

impl Drop for Proxy {
    fn drop(&mut self) {
        self.accept.abort();
    }
}

impl Proxy {
    pub async fn start(upstream: &str, mode: Mode) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url = format!("http://{}", listener.local_addr().unwrap());
        let shared = Arc::new(Shared {
            upstream: upstream.trim_start_matches("http://").to_owned(),
            mode: Mutex::new(mode),
            bodies: AtomicUsize::new(0),
            writes: AtomicUsize::new(0),
            idle: Notify::new(),
        });
        let of_task = Arc::clone(&shared);
        let accept = tokio::spawn(async move {
            let mut connections = tokio::task::JoinSet::new();
            while let Ok((stream, _)) = listener.accept().await {
                let shared = Arc::clone(&of_task);
                connections.spawn(async move {
                    // A connection that breaks is what this is for.
                    let _ = carry(stream, &shared).await;
                });
            }
        });
        Self { url, shared, accept }
    }

    /// Requests with a body that came whole.
    pub fn bodies(&self) -> usize {
        self.shared.bodies.load(Ordering::SeqCst)
    }

    /// Requests that came whole and are no reads, with a body or without.
    pub fn writes(&self) -> usize {
        self.shared.writes.load(Ordering::SeqCst)
    }

    /// Resets every connection that is idle: what a pool holds is dead now.
    pub fn kill_idle(&self) {
        self.shared.idle.notify_waiters();
    }
}

async fn carry(mut client: TcpStream, shared: &Shared) -> std::io::Result<()> {
    let mut rest = Vec::new();
    loop {
        let mode = *shared.mode.lock().unwrap();
        let mut first = [0; 5];
        let peeked = tokio::select! {
            peeked = client.peek(&mut first), if rest.is_empty() => peeked?,
            () = shared.idle.notified() => return client.set_zero_linger(),
        };
        if mode == Mode::ResetBefore && matches!(&first[..peeked], b"PATCH" | b"POST ") {
            return client.set_zero_linger();
        }
        let Some(request) = read_request(&mut client, &mut rest).await? else { return Ok(()) };
        let reads = request.method == "GET";
        let mode = if reads { Mode::Pass } else { mode };
        shared.writes.fetch_add(usize::from(!reads), Ordering::SeqCst);
        shared.bodies.fetch_add(usize::from(!request.body.is_empty()), Ordering::SeqCst);
        match mode {
            Mode::Answer(status) => {
                let answer = format!("HTTP/1.1 {status} X\r\nContent-Length: 6\r\n\r\nsorry\n");
                client.write_all(answer.as_bytes()).await?;
                continue;
            }
            Mode::ResetBefore | Mode::ResetAfter => return client.set_zero_linger(),
            Mode::Stall => {
                while client.read(&mut first).await? > 0 {}
                return Ok(());
            }
            Mode::Pass | Mode::ResetAnswered | Mode::Cut(_) => {}
        }
        let answer = ask(&shared.upstream, &request.head, &request.body).await?;
        match mode {
            Mode::ResetAnswered => return client.set_zero_linger(),
            Mode::Cut(at) => return client.write_all(&answer[..at.min(answer.len())]).await,
            _ => client.write_all(&answer).await?,
        }
    }
}

/// The server's whole answer to one request.
async fn ask(upstream: &str, head: &str, body: &[u8]) -> std::io::Result<Vec<u8>> {
    let mut server = TcpStream::connect(upstream).await?;
    server.write_all(head.as_bytes()).await?;
    server.write_all(body).await?;
    let mut answer = Vec::new();
    let mut buffer = vec![0; 64 * 1024];
    loop {
        let read = server.read(&mut buffer).await?;
        answer.extend_from_slice(&buffer[..read]);
        if read == 0 || is_whole(&answer) {
            return Ok(answer);
        }
    }
}

fn is_whole(answer: &[u8]) -> bool {
    let text = String::from_utf8_lossy(answer);
    let Some((head, body)) = text.split_once("\r\n\r\n") else { return false };
    let length = head.lines().find_map(|line| line.strip_prefix("Content-Length: ")).and_then(|text| text.parse().ok());
    length.is_some_and(|length: usize| body.len() >= length)
}
