//! R29: a log without an end. A server makes two hundred megabytes while they are asked for; what is read
//! of them is bounded, said in words, and costs no memory. Each case runs in a process of its own, so that
//! the peak of its memory is its own.

use std::process::Command;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use quarterdeck::clock::Clock;
use quarterdeck::model::Kind;
use quarterdeck::model::log::{LogEvent, LogOf, LogRequest, LogSince, TailId};
use quarterdeck::systems::Systems;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::mpsc;

use super::hub::{LIMITS, client_with, job_row, object, spec};
use super::support::{block_on, next};

/// Set in the process that measures.
const ALONE: &str = "RUN_THIS_TEST_ALONE";
const WHOLE: usize = 200 << 20;
/// What is read of a log, and a little for what is under way.
const READ: usize = 64 << 20;
const UNDER_WAY: usize = 24 << 20;
/// More than this is not kept of what was read, handed on and dropped. Pages of the program that are touched
/// for the first time count, too.
const GROWS: usize = 48 << 20;

/// Runs the test again in a process of its own, unless this is it.
fn alone(name: &str, test: impl FnOnce()) {
    if std::env::var_os(ALONE).is_some() {
        return test();
    }
    let me = std::env::current_exe().expect("the test program");
    let name = format!("faults::long_log::{name}");
    let ran = Command::new(me).args([&name, "--exact", "--nocapture"]).env(ALONE, "1").output().expect("it runs");
    let said = String::from_utf8_lossy(&ran.stdout).into_owned() + &String::from_utf8_lossy(&ran.stderr);
    assert!(ran.status.success() && said.contains("1 passed"), "{said}");
}

/// The most memory that this process ever had, in bytes.
fn peak() -> usize {
    let status = std::fs::read_to_string("/proc/self/status").expect("procfs");
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:")).expect("a peak");
    line.trim().trim_end_matches(" kB").parse::<usize>().expect("a number") << 10
}

/// Answers as GitHub does for job 11, whose log is `piece` again and again; counts what it could send.
async fn serve(piece: &'static [u8]) -> (String, Arc<AtomicUsize>) {
    let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
    let url = format!("http://{}", listener.local_addr().expect("its address"));
    let sent = Arc::new(AtomicUsize::new(0));
    let (here, count) = (url.clone(), Arc::clone(&sent));
    tokio::spawn(async move {
        while let Ok((stream, _)) = listener.accept().await {
            tokio::spawn(answer(stream, here.clone(), piece, Arc::clone(&count)));
        }
    });
    (url, sent)
}

async fn answer(mut stream: TcpStream, url: String, piece: &'static [u8], sent: Arc<AtomicUsize>) {
    let mut head = Vec::new();
    while !head.ends_with(b"\r\n\r\n") {
        match stream.read_u8().await {
            Ok(byte) => head.push(byte),
            Err(_) => return,
        }
    }
    let line = String::from_utf8_lossy(&head).lines().next().unwrap_or_default().to_owned();
    if line.contains("/jobs/11/logs") {
        let text = format!(
            "HTTP/1.1 302 Found\r\n{LIMITS}Location: {url}/blob\r\nContent-Length: 0\r\nConnection: close\r\n\r\n"
        );
        let _ = stream.write_all(text.as_bytes()).await;
    } else if line.contains("/jobs/11") {
        let body = job_row(11, "completed", Some("failure")).to_string();
        let text =
            format!("HTTP/1.1 200 OK\r\n{LIMITS}Content-Length: {}\r\nConnection: close\r\n\r\n{body}", body.len());
        let _ = stream.write_all(text.as_bytes()).await;
    } else if line.contains("/blob") {
        let text = format!(
            "HTTP/1.1 200 OK\r\nContent-Type: text/plain\r\nContent-Length: {WHOLE}\r\nConnection: close\r\n\r\n"
        );
        if stream.write_all(text.as_bytes()).await.is_err() {
            return;
        }
        while sent.load(Ordering::SeqCst) < WHOLE {
            if stream.write_all(piece).await.is_err() {
                return;
            }
            sent.fetch_add(piece.len(), Ordering::SeqCst);
        }
    } else {
        let _ = stream.write_all(b"HTTP/1.1 404 Not Found\r\nContent-Length: 2\r\nConnection: close\r\n\r\n{}").await;
    }
}

/// What is told of the log at its end, and how many bytes of lines came before.
async fn read(url: &str) -> (String, usize) {
    let (feeds, mut news) = mpsc::channel(256);
    // A machine that is busy reads as much, only later.
    let patient = quarterdeck::net::Deadlines { total: Duration::from_mins(1), ..super::hub::deadlines() };
    let github = client_with(url, quarterdeck::net::Wanted::Nothing, patient);
    let mut systems = Systems::start(vec![spec(github)], &feeds, Clock::system());
    let (tx, mut said) = mpsc::channel(16);
    let request = LogRequest {
        pod: object(Kind::Job, "11"),
        container: None,
        previous: false,
        since: LogSince::Head,
        of: LogOf::Log,
    };
    systems.tail(TailId(1), request, tx);
    let mut bytes = 0;
    let told = loop {
        match next(&mut said).await.expect("a tail that speaks").1 {
            LogEvent::Lines(chunk) => bytes += chunk.bytes.len(),
            LogEvent::Failed { message } => break message.as_str().to_owned(),
            LogEvent::Ended => break "ended".to_owned(),
            _ => {}
        }
    };
    news.close();
    assert!(systems.shutdown(Duration::from_secs(10)).await, "tasks left after shutdown");
    (told, bytes)
}

fn measured(piece: &'static [u8]) -> usize {
    block_on(async move {
        let (url, sent) = serve(piece).await;
        let before = peak();
        let (told, bytes) = read(&url).await;
        let grown = peak() - before;
        assert_eq!(told, "the log is longer than 64 MiB; what is above is its beginning");
        let sent = sent.load(Ordering::SeqCst);
        assert!((READ..READ + UNDER_WAY).contains(&sent), "{sent} bytes could be sent");
        assert!(grown < GROWS, "{grown} bytes of memory more for {bytes} bytes of lines");
        bytes
    })
}

#[test]
fn r29_of_a_log_of_two_hundred_megabytes_the_beginning_is_read_and_it_is_said() {
    static PIECE: std::sync::LazyLock<Vec<u8>> = std::sync::LazyLock::new(|| {
        "2026-11-21T12:00:03.1234567Z the same words again and again, as a loop that was forgotten writes them\n"
            .repeat(400)
            .into_bytes()
    });
    alone("r29_of_a_log_of_two_hundred_megabytes_the_beginning_is_read_and_it_is_said", || {
        let bytes = measured(&PIECE);
        assert!((READ - UNDER_WAY..=READ + UNDER_WAY).contains(&bytes), "{bytes}");
    });
}

#[test]
fn r29_a_line_of_two_hundred_megabytes_is_cut_and_the_log_is_left_there() {
    static PIECE: [u8; 64 << 10] = [b'x'; 64 << 10];
    alone("r29_a_line_of_two_hundred_megabytes_is_cut_and_the_log_is_left_there", || {
        let bytes = measured(&PIECE);
        assert!((1 << 20..2 << 20).contains(&bytes), "{bytes}");
    });
}
