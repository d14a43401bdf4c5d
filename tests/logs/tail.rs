//! The tail against a server that does what its script says.

use std::sync::{Arc, Mutex};
use std::time::Duration;

use axum::Router;
use axum::body::Body;
use axum::extract::{Request, State};
use axum::http::{StatusCode, header};
use axum::response::{IntoResponse as _, Response};
use quarterdeck::model::log::{LogEvent, LogRequest, LogSince, TailId};
use quarterdeck::net::Target;
use quarterdeck::systems::kubernetes::tail::{Pace, tail};
use tokio::sync::mpsc;
use tokio_util::sync::CancellationToken;

use super::request;

/// One answer of the script; what it was asked is kept.
enum Answer {
    /// A body in pieces, then its end.
    Text(Vec<Vec<u8>>),
    /// A body in pieces, then nothing more comes and it stays open.
    Open(Vec<Vec<u8>>),
    /// A body in pieces, then, when the test says so, the connection breaks.
    Break(Vec<Vec<u8>>),
    Refuse(u16, &'static str),
}

#[derive(Clone)]
struct Script {
    answers: Arc<Mutex<std::collections::VecDeque<Answer>>>,
    asked: Arc<Mutex<Vec<String>>>,
    /// Breaks the stream that waits for it.
    now: Arc<tokio::sync::Notify>,
}

async fn answer(State(script): State<Script>, request: Request) -> Response {
    script.asked.lock().unwrap().push(request.uri().to_string());
    let next = script.answers.lock().unwrap().pop_front();
    let (pieces, end) = match next {
        Some(Answer::Text(pieces)) => (pieces, 0),
        Some(Answer::Open(pieces)) => (pieces, 1),
        Some(Answer::Break(pieces)) => (pieces, 2),
        Some(Answer::Refuse(code, message)) => {
            let status = serde_json::json!({"kind": "Status", "message": message, "code": code}).to_string();
            let code = StatusCode::from_u16(code).unwrap();
            return (code, [(header::CONTENT_TYPE, "application/json")], status).into_response();
        }
        None => (Vec::new(), 1),
    };
    Response::new(Body::from_stream(async_stream::stream! {
        for piece in pieces {
            yield Ok(piece);
        }
        match end {
            0 => {}
            1 => std::future::pending::<()>().await,
            _ => {
                script.now.notified().await;
                yield Err(std::io::Error::other("broken by the script"));
            }
        }
    }))
}

/// A tail of a scripted server.
struct Fixture {
    events: mpsc::Receiver<(TailId, LogEvent)>,
    script: Script,
    cancel: CancellationToken,
    task: tokio::task::JoinHandle<()>,
}

const QUICK: Pace = Pace {
    retry_first: Duration::from_millis(20),
    retry_most: Duration::from_millis(40),
    gather: Duration::from_millis(5),
};

async fn start(answers: Vec<Answer>, request: LogRequest, capacity: usize) -> Fixture {
    let script = Script { answers: Arc::new(Mutex::new(answers.into())), asked: Arc::default(), now: Arc::default() };
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let server = format!("http://{}", listener.local_addr().unwrap());
    let app = Router::new().fallback(answer).with_state(script.clone());
    tokio::spawn(async move { axum::serve(listener, app).await.unwrap() });
    let target = Target::Url { server, name: "fake".into(), namespace: "shop".into() };
    let (tx, events) = mpsc::channel(capacity);
    let cancel = CancellationToken::new();
    let read = target.pin().unwrap().read();
    let task = tokio::spawn(tail(read, request, TailId(7), tx, cancel.clone(), QUICK));
    Fixture { events, script, cancel, task }
}

impl Fixture {
    async fn next(&mut self) -> Option<LogEvent> {
        let next = tokio::time::timeout(Duration::from_secs(20), self.events.recv());
        next.await.expect("nothing came").map(|(id, event)| {
            assert_eq!(id, TailId(7));
            event
        })
    }

    /// The text of all lines until `count` have come, and what else was said, in order.
    async fn lines(&mut self, count: usize) -> (String, Vec<LogEvent>) {
        let (mut text, mut seen, mut said) = (String::new(), 0, Vec::new());
        while seen < count {
            match self.next().await.expect("the tail ended") {
                LogEvent::Lines(chunk) => {
                    seen += chunk.ends.len();
                    text.push_str(&String::from_utf8_lossy(&chunk.bytes));
                }
                other => said.push(other),
            }
        }
        (text, said)
    }

    fn asked(&self) -> Vec<String> {
        self.script.asked.lock().unwrap().clone()
    }
}

fn pieces(text: &[&str]) -> Vec<Vec<u8>> {
    text.iter().map(|piece| piece.as_bytes().to_vec()).collect()
}

#[tokio::test]
async fn lines_come_whole_from_a_torn_stream() {
    let script =
        Answer::Open(pieces(&["2026-11-21T02:00:00Z a", "b\n2026-11-21T02:00:0", "1Z c\n2026-11-21T02:00:02Z d"]));
    let mut tail = start(vec![script], request(), 8).await;
    let (text, said) = tail.lines(2).await;
    assert_eq!(text, "2026-11-21T02:00:00Z ab\n2026-11-21T02:00:01Z c\n");
    assert_eq!(said, [LogEvent::Opened]);
    let asked = tail.asked();
    assert_eq!(
        asked,
        ["/api/v1/namespaces/shop/pods/checkout-1/log?timestamps=true&container=app&follow=true&tailLines=1000"]
    );
}

#[tokio::test]
async fn after_a_break_it_goes_on_from_the_last_second_without_doubles() {
    let first = [
        "2026-11-21T02:00:00.5Z a\n",
        "2026-11-21T02:00:01.25Z b\n2026-11-21T02:00:01.75Z c\n2026-11-21T02:00:01.9Z torn",
    ];
    let second = ["2026-11-21T02:00:01.25Z b\n2026-11-21T02:00:01.75Z c\n2026-11-21T02:00:01.9Z torn no more\n"];
    let mut tail = start(vec![Answer::Break(pieces(&first)), Answer::Open(pieces(&second))], request(), 8).await;
    let (text, said) = tail.lines(3).await;
    assert_eq!(text, "2026-11-21T02:00:00.5Z a\n2026-11-21T02:00:01.25Z b\n2026-11-21T02:00:01.75Z c\n");
    assert_eq!(said, [LogEvent::Opened]);
    tail.script.now.notify_one();
    let (text, said) = tail.lines(1).await;
    assert_eq!(text, "2026-11-21T02:00:01.9Z torn no more\n");
    assert!(matches!(&said[..], [LogEvent::Reconnecting { .. }, LogEvent::Opened]), "{said:?}");
    assert!(tail.asked()[1].ends_with("&sinceTime=2026-11-21T02%3A00%3A01Z"), "{:?}", tail.asked());
}

#[tokio::test]
async fn lines_of_one_time_survive_a_break_each_as_often_as_it_was_written() {
    let at = |words: &[&str]| words.iter().map(|word| format!("2026-11-21T02:00:01Z {word}\n")).collect::<String>();
    let first = format!("2026-11-21T02:00:00Z a\n{}", at(&["b", "c", "c"]));
    // The same ones again, one of them once more, its like without a time, and a new one.
    let again = format!("2026-11-21T02:00:00Z a\n{}", at(&["b", "c", "c", "c"]));
    let second = format!("{again} of the third c\n{}", at(&["d"]));
    let third = format!("{second}{}2026-11-21T02:00:02Z f\n", at(&["e", "d"]));
    let script = vec![
        Answer::Break(vec![first.into_bytes()]),
        Answer::Break(vec![second.into_bytes()]),
        Answer::Open(vec![third.into_bytes()]),
    ];
    let mut tail = start(script, request(), 8).await;
    tail.lines(4).await;
    tail.script.now.notify_one();
    let (text, _) = tail.lines(3).await;
    assert_eq!(text, format!("{} of the third c\n{}", at(&["c"]), at(&["d"])));
    tail.script.now.notify_one();
    let (text, _) = tail.lines(3).await;
    assert_eq!(text, format!("{}2026-11-21T02:00:02Z f\n", at(&["e", "d"])));
}

#[tokio::test]
async fn an_ended_container_is_said_to_have_ended_and_heard_again_when_it_starts() {
    let script = vec![
        Answer::Text(pieces(&["2026-11-21T02:00:00Z a\nlast words"])),
        Answer::Text(Vec::new()),
        Answer::Text(Vec::new()),
        Answer::Open(pieces(&["2026-11-21T02:00:09Z again\n"])),
    ];
    let mut tail = start(script, request(), 8).await;
    let (text, _) = tail.lines(2).await;
    assert!(text.ends_with("\nlast words\n"), "{text}");
    let mut said = Vec::new();
    loop {
        match tail.next().await.unwrap() {
            LogEvent::Lines(chunk) => break assert_eq!(&*chunk.bytes, b"2026-11-21T02:00:09Z again\n"),
            other => said.push(other),
        }
    }
    assert!(said.contains(&LogEvent::Ended), "{said:?}");
    assert_eq!(said.last(), Some(&LogEvent::Opened));
    assert_eq!(said.iter().filter(|event| **event == LogEvent::Opened).count(), 1, "silence is not life: {said:?}");
}

#[tokio::test]
async fn a_container_that_waits_to_start_is_asked_again() {
    let waiting = "container \"app\" in pod \"checkout-1\" is waiting to start: ContainerCreating";
    let script = vec![
        Answer::Refuse(400, waiting),
        Answer::Refuse(400, waiting),
        Answer::Open(pieces(&["2026-11-21T02:00:00Z a\n"])),
    ];
    let mut tail = start(script, request(), 8).await;
    let (_, said) = tail.lines(1).await;
    match &said[0] {
        LogEvent::Reconnecting { message } => assert!(message.as_str().contains("waiting to start"), "{message:?}"),
        other => panic!("{other:?}"),
    }
    assert_eq!(tail.asked().len(), 3);
}

#[tokio::test]
async fn what_no_waiting_cures_is_said_once() {
    for (code, message, previous, said) in [
        (404, "pods \"checkout-1\" not found", false, "the pod is gone"),
        (
            403,
            "pods \"checkout-1\" is forbidden: User \"nobody\" cannot get resource \"pods/log\"",
            false,
            "cannot get resource",
        ),
        (400, "previous terminated container \"app\" in pod \"checkout-1\" not found", true, "previous terminated"),
        (400, "container app is not valid for pod checkout-1", false, "is not valid"),
    ] {
        let asked = LogRequest { previous, ..request() };
        let mut tail = start(vec![Answer::Refuse(code, message)], asked, 8).await;
        match tail.next().await {
            Some(LogEvent::Failed { message } | LogEvent::Gone { message, .. }) => {
                assert!(message.as_str().contains(said), "{message:?}");
            }
            other => panic!("{other:?}"),
        }
        assert_eq!(tail.next().await, None);
        assert_eq!(tail.asked().len(), 1);
    }
}

#[tokio::test]
async fn a_previous_log_ends_and_is_not_followed() {
    let asked = LogRequest { previous: true, since: LogSince::Last(Duration::from_mins(1)), ..request() };
    let mut tail = start(vec![Answer::Text(pieces(&["2026-11-21T02:00:00Z a\n"]))], asked, 8).await;
    tail.lines(1).await;
    assert_eq!(tail.next().await, Some(LogEvent::Ended));
    assert_eq!(tail.next().await, None);
    assert!(tail.asked()[0].ends_with("&previous=true&sinceSeconds=60"));
}

/// R10, the reading side: what is not taken is not read, so memory is bounded by the channel.
#[tokio::test]
async fn r10_a_reader_that_does_not_take_stops_the_stream() {
    let line = format!("2026-11-21T02:00:00Z {}\n", "x".repeat(1_000));
    let piece = line.repeat(60).into_bytes();
    let mut body = vec![vec![b'y'; 1 << 20]; 10];
    body.extend(std::iter::repeat_n(piece, 400));
    let mut tail = start(vec![Answer::Open(body)], request(), 2).await;
    let mut lines = 0;
    let mut largest = 0;
    let mut cut = 0;
    while lines < 24_000 {
        // The channel never holds more than it may, however long nobody looks.
        assert!(tail.events.len() <= 2);
        if let LogEvent::Lines(chunk) = tail.next().await.unwrap() {
            lines += chunk.ends.len();
            largest = largest.max(chunk.bytes.len());
            cut += chunk.cut;
        }
    }
    assert_eq!((lines, cut), (24_000, 1), "the giant and the line it ran into are one");
    assert!(largest < (1 << 20) + (192 << 10), "a chunk of {largest} bytes");
}

#[tokio::test]
async fn a_cancelled_tail_ends() {
    let mut tail = start(vec![Answer::Open(pieces(&["2026-11-21T02:00:00Z a\n"]))], request(), 8).await;
    tail.lines(1).await;
    tail.cancel.cancel();
    tokio::time::timeout(Duration::from_secs(20), &mut tail.task).await.expect("it runs on").unwrap();
    assert_eq!(tail.next().await, None);
}

#[tokio::test]
async fn a_source_without_a_log_says_so() {
    use quarterdeck::model::source::SourceScope;
    use quarterdeck::model::{Name, SourceId, SystemId};
    use quarterdeck::systems::{Spec, Systems, Upstream};
    use quarterdeck::text::Safe;

    let client = quarterdeck::net::Prometheus::new("http://127.0.0.1:1", None).unwrap();
    let scope = SourceScope {
        id: SourceId(0),
        system: SystemId::Prometheus,
        name: Name::new("prometheus"),
        server: Safe::of(""),
        user: Safe::of(""),
        namespaces: None,
        unusable: None,
        discovered: None,
    };
    let spec = Spec { scope, upstream: Some(Upstream::Prometheus(client, [].into())) };
    let (feeds, _news) = mpsc::channel(64);
    let mut systems = Systems::start(vec![spec], &feeds, quarterdeck::clock::Clock::system());
    let (tx, mut rx) = mpsc::channel(8);
    for (source, wanted) in [(0, "Prometheus"), (9, "cannot be used")] {
        let mut request = request();
        request.pod.cluster = SourceId(source);
        systems.tail(TailId(u64::from(source)), request, tx.clone());
        let heard = tokio::time::timeout(Duration::from_mins(1), rx.recv()).await.expect("an answer");
        let (id, LogEvent::Failed { message }) = heard.unwrap() else { panic!("no refusal") };
        assert_eq!(id, TailId(u64::from(source)));
        assert!(message.as_str().contains(wanted), "{message:?}");
    }
    assert!(systems.shutdown(Duration::from_secs(10)).await);
}
