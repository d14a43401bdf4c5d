//! R34 of a workflow that is started by hand: each request that arrives is a run of its own, so it leaves
//! once whatever happens to it; and what nobody heard the end of is looked for. What can be started by hand
//! is found where no run says so.

use std::sync::Arc;
use std::time::Duration;

use quarterdeck::action::{Found, Progress};
use quarterdeck::model::Name;
use quarterdeck::model::interest::Interest;
use quarterdeck::model::source::{Detail, FeedEvent};
use quarterdeck::model::workflows::Startable;
use quarterdeck::net::{Deadlines, Wanted};
use quarterdeck::text::Safe;
use serde_json::json;

use super::github_dispatch::{by_hand, dispatch, hub, made};
use super::hub::{LIMITS, Reading, SOURCE, answer, client, client_with, deadlines, refusal, run_row, spec};
use super::proxy::{Mode, Proxy};
use super::server::{Refusing, Reply, Request, Server};
use super::support::{block_on, evidence, perform};

fn posts(requests: &[Request]) -> usize {
    requests.iter().filter(|request| request.method == "POST").count()
}

#[test]
fn r34_whatever_happens_to_it_a_dispatch_is_sent_once_and_looked_for() {
    block_on(async {
        let modes = [
            Mode::Answer(500),
            Mode::Answer(502),
            Mode::Answer(503),
            Mode::Answer(504),
            Mode::ResetBefore,
            Mode::ResetAfter,
            Mode::ResetAnswered,
            Mode::Stall,
            Mode::Cut(5),
        ];
        let at = "2026-11-21T12:00:03Z";
        for mode in modes {
            let server = Server::answering(hub("1", made(), json!([]))).await;
            let proxy = Proxy::start(&server.url, mode).await;
            let short = Deadlines { write: Duration::from_millis(800), ..deadlines() };
            let told = perform(spec(client_with(&proxy.url, Wanted::Nothing, short)), dispatch(), None).await;
            assert!(matches!(told.last(), Some(Progress::Unknown { .. })), "{mode:?}: {told:?}");
            assert_eq!(proxy.bodies(), usize::from(mode != Mode::ResetBefore), "{mode:?}");
            assert!(posts(&server.requests()) <= 1, "{mode:?}");
            // It is looked for, and never sent again.
            for (runs, found) in [(json!([]), Found::Missing), (json!([by_hand(60, "ada", at)]), Found::Applied)] {
                server.answer(hub("1", made(), runs));
                let before = posts(&server.requests());
                let (is, said) = evidence(spec(client(&server.url)), dispatch()).await;
                assert_eq!(is, found, "{mode:?}: {said}");
                assert_eq!(posts(&server.requests()), before, "{mode:?}");
            }
        }
    });
}

#[test]
fn r34_a_refused_dispatch_is_refused_and_one_that_never_left_was_not_sent() {
    block_on(async {
        for (code, words) in [
            (403, "Resource not accessible by personal access token"),
            (404, "Not Found"),
            (409, "Conflict"),
            (422, "No ref found for: main"),
            (429, "Too Many Requests"),
        ] {
            let server = Server::answering(hub("1", refusal(code, LIMITS, words), json!([]))).await;
            let told = perform(spec(client(&server.url)), dispatch(), None).await;
            let [Progress::Sent, Progress::Refused { message }] = &told[..] else { panic!("{code}: {told:?}") };
            assert!(message.as_str().contains(words) || code == 429, "{code}: {message:?}");
            assert_eq!(posts(&server.requests()), 1, "{code}");
        }
        let gone = Refusing::new();
        let told = perform(spec(client(&gone.url)), dispatch(), None).await;
        let Some(Progress::Refused { message }) = told.last() else { panic!("{told:?}") };
        assert!(message.as_str().contains("nothing was sent"), "{message:?}");
    });
}

/// A repository of four workflows: one with the trigger, one without, one that is off, one whose file
/// nobody may read.
fn repository(request: &Request) -> Reply {
    let file = |content: &str| json!({ "type": "file", "encoding": "base64", "content": content, "sha": "1" });
    let row = |id: u64, name: &str, state: &str| json!({ "id": id, "name": name, "path": format!(".github/workflows/{name}.yml"), "state": state });
    match request.path.strip_prefix("/repos/acme/checkout").unwrap_or_default() {
        "" => answer(&json!({ "full_name": "acme/checkout", "default_branch": "trunk/1" })),
        "/actions/workflows?per_page=100" => answer(&json!({ "total_count": 4, "workflows": [
            row(1, "push", "active"), row(2, "never-run", "active"), row(3, "off", "disabled_manually"),
            row(4, "hidden", "active"),
        ] })),
        "/contents/.github%2Fworkflows%2Fpush.yml" => answer(&file("b246IHB1c2gK")),
        // `on: workflow_dispatch`
        "/contents/.github%2Fworkflows%2Fnever-run.yml" => answer(&file("b246IHdvcmtmbG93X2Rpc3BhdGNoCg==")),
        "/actions/runs?per_page=100" => {
            answer(&json!({ "total_count": 1, "workflow_runs": [run_row(1, 1, "completed", None)] }))
        }
        _ => refusal(404, LIMITS, "Not Found"),
    }
}

fn rows(known: &Startable) -> Vec<(&str, bool)> {
    known.rows.iter().map(|row| (row.name.raw(), row.proven)).collect()
}

#[test]
fn what_can_be_started_by_hand_is_found_without_a_run_of_it() {
    block_on(async {
        let server = Server::answering(repository).await;
        let mut reading = Reading::start(client(&server.url));
        let startable = Some((SOURCE, Name::new("acme/checkout")));
        reading.systems.look_at(Arc::new(Interest { startable, ..Interest::default() }));
        let whole = reading
            .find(|event| match event {
                FeedEvent::Detail(Detail::Startables(read)) => {
                    let rows = read.rows.clone().unwrap_or_else(|why| panic!("{why:?}"));
                    rows.whole.then_some(rows)
                }
                _ => None,
            })
            .await;
        // The file that cannot be read may have the trigger, and is said not to be proven.
        assert_eq!(rows(&whole), [("never-run", true), ("hidden", false)]);
        assert_eq!(whole.branch.raw(), "trunk/1");
        // Once: a list more asks for no file again.
        let files = |requests: &[Request]| requests.iter().filter(|one| one.path.contains("/contents/")).count();
        let lists = |requests: &[Request]| requests.iter().filter(|one| one.path.contains("/runs?")).count();
        let seen = lists(&server.requests());
        let requests = server.until(|requests| lists(requests) > seen + 3).await;
        assert_eq!(files(&requests), 3);
        reading.stop().await;
    });
}

#[test]
fn why_it_is_not_known_what_can_be_started_is_said() {
    block_on(async {
        let server = Server::answering(|request| {
            if request.path.contains("/actions/workflows?") {
                refusal(403, LIMITS, "Resource not accessible by personal access token")
            } else {
                repository(request)
            }
        })
        .await;
        let mut reading = Reading::start(client(&server.url));
        let startable = Some((SOURCE, Name::new("acme/checkout")));
        reading.systems.look_at(Arc::new(Interest { startable, ..Interest::default() }));
        let why: Safe = reading
            .find(|event| match event {
                FeedEvent::Detail(Detail::Startables(read)) => read.rows.clone().err(),
                _ => None,
            })
            .await;
        assert!(why.as_str().starts_with("its workflows cannot be read: "), "{why:?}");
        reading.stop().await;
    });
}

/// A file that is no YAML, and one that cannot be read at first: neither is known to lack the trigger, and
/// what passes is tried again. Who comes back to it costs no file again.
#[test]
fn a_file_that_cannot_be_read_for_a_while_is_tried_again_and_known_from_then_on() {
    block_on(async {
        let server = Server::answering(|request| {
            match request.path.strip_prefix("/repos/acme/checkout").unwrap_or_default() {
                "/contents/.github%2Fworkflows%2Fnever-run.yml" => refusal(503, LIMITS, "Service Unavailable"),
                // `on: [`
                "/contents/.github%2Fworkflows%2Fpush.yml" => {
                    answer(&json!({ "type": "file", "encoding": "base64", "content": "b246IFsK", "sha": "2" }))
                }
                "/actions/workflows?per_page=100" if request.head.contains("if-none-match") => {
                    Reply::Whole(304, LIMITS.to_owned(), String::new())
                }
                "/actions/workflows?per_page=100" => match repository(request) {
                    Reply::Whole(code, headers, body) => Reply::Whole(code, format!("{headers}ETag: \"1\"\r\n"), body),
                    other => other,
                },
                _ => repository(request),
            }
        })
        .await;
        let mut reading = Reading::start(client(&server.url));
        let look = |reading: &Reading, there: bool| {
            let startable = there.then(|| (SOURCE, Name::new("acme/checkout")));
            reading.systems.look_at(Arc::new(Interest { startable, ..Interest::default() }));
        };
        look(&reading, true);
        let files = |requests: &[Request], name: &str| requests.iter().filter(|one| one.path.contains(name)).count();
        server.until(|requests| files(requests, "never-run.yml") > 1).await;
        let odd = |event: &FeedEvent| match event {
            FeedEvent::Detail(Detail::Startables(read)) => {
                read.rows.clone().ok().filter(|rows| rows.whole && rows.rows.len() == 3)
            }
            _ => None,
        };
        let unknown = reading.find(odd).await;
        assert_eq!(rows(&unknown), [("push", false), ("never-run", false), ("hidden", false)]);
        assert_eq!(files(&server.requests(), "push.yml"), 1, "what is no YAML is none in a minute");
        look(&reading, false);
        reading.listed().await;
        look(&reading, true);
        reading.find(odd).await;
        let requests = server.requests();
        assert_eq!((files(&requests, "push.yml"), files(&requests, "hidden.yml")), (1, 1), "it was known");
        reading.stop().await;
    });
}
