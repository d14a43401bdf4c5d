//! Lists and watches whose answers are refusals, broken, or without an end: named, and no row is lost.

use quarterdeck::model::Kind;
use quarterdeck::model::source::FeedStatus;
use serde_json::json;

use super::server::{Reply, Request, Server};
use super::support::block_on;
use super::watches::{Run, counter, frame, list, live, of_pods, pod, pods, quiet};

#[test]
fn denied_and_absent_are_named_and_tried_again() {
    let forbidden = "pods is forbidden: User \"viewer\" cannot list resource \"pods\" in the namespace \"production\"";
    block_on(async {
        let server = Server::answering(move |request| match &request.path {
            path if path.contains("/pods?") => Reply::status(403, "Forbidden", forbidden),
            path if path.contains("/events?") => Reply::status(401, "Unauthorized", "Unauthorized"),
            path if path.contains("argoproj.io") => Reply::Whole(404, String::new(), "404 page not found\n".to_owned()),
            path if path.contains("/deployments?") => {
                Reply::Whole(404, String::new(), "404 page not found\n".to_owned())
            }
            _ => quiet(request),
        })
        .await;
        let mut run = Run::start(&server.url);
        let denied = |status: &FeedStatus| matches!(status, FeedStatus::Denied { .. });
        let FeedStatus::Denied { message } = run.until_status(Kind::Pod, denied).await else { unreachable!() };
        assert_eq!(message.as_str(), forbidden);
        let FeedStatus::Denied { message } = run.until_status(Kind::Event, denied).await else { unreachable!() };
        assert!(
            message.as_str().ends_with("log in again, or renew the user's credential in the kubeconfig"),
            "{message:?}"
        );
        let absent = |status: &FeedStatus| matches!(status, FeedStatus::Absent { .. });
        let FeedStatus::Absent { message } = run.until_status(Kind::Rollout, absent).await else { unreachable!() };
        assert!(message.as_str().contains("Rollout is not installed"), "{message:?}");
        // A core kind is never absent: an address that has none is a wrong address.
        let failed = |status: &FeedStatus| matches!(status, FeedStatus::Failed { .. });
        let FeedStatus::Failed { message, .. } = run.until_status(Kind::Deployment, failed).await else {
            unreachable!()
        };
        assert!(message.as_str().ends_with("check the server in the kubeconfig"), "{message:?}");
        run.until_status(Kind::ReplicaSet, live).await;
        // The right is given, the definition installed.
        server.answer(quiet);
        run.until_status(Kind::Pod, live).await;
        run.until_status(Kind::Rollout, live).await;
        run.end().await;
    });
}

/// A server asks who may before it looks whether there is such a kind.
#[test]
fn a_refusal_of_what_is_not_served_is_no_refusal() {
    let forbidden = "pipelineruns.tekton.dev is forbidden: User \"viewer\" cannot list resource \"pipelineruns\"";
    block_on(async {
        let list = |names: &[&str]| {
            let rows: Vec<_> = names.iter().map(|name| json!({ "name": name })).collect();
            Reply::json(json!({ "kind": "APIResourceList", "resources": rows }))
        };
        let server = Server::answering(move |request| match &request.path[..] {
            "/apis/tekton.dev/v1" => Reply::Whole(404, String::new(), "404 page not found\n".to_owned()),
            // Argo CD's are there, those of Rollouts but for one are not.
            "/apis/argoproj.io/v1alpha1" => list(&["applications", "analysisruns"]),
            path if path.contains("/tekton.dev/") || path.contains("/argoproj.io/") => {
                Reply::status(403, "Forbidden", forbidden)
            }
            _ => quiet(request),
        })
        .await;
        let mut run = Run::start(&server.url);
        let absent = |status: &FeedStatus| matches!(status, FeedStatus::Absent { .. });
        let denied = |status: &FeedStatus| matches!(status, FeedStatus::Denied { .. });
        run.until_status(Kind::PipelineRun, absent).await;
        run.until_status(Kind::TaskRun, absent).await;
        run.until_status(Kind::Rollout, absent).await;
        run.until_status(Kind::AnalysisRun, denied).await;
        // It is installed, and still nobody may look; then nobody says what is served.
        server.answer(move |request| match &request.path[..] {
            "/apis/tekton.dev/v1" => list(&["pipelineruns", "taskruns"]),
            "/apis/argoproj.io/v1alpha1" => Reply::status(403, "Forbidden", "no"),
            path if path.contains("/tekton.dev/") || path.contains("/argoproj.io/") => {
                Reply::status(403, "Forbidden", forbidden)
            }
            _ => quiet(request),
        });
        let FeedStatus::Denied { message } = run.until_status(Kind::PipelineRun, denied).await else { unreachable!() };
        assert_eq!(message.as_str(), forbidden);
        run.until_status(Kind::Rollout, denied).await;
        run.end().await;
    });
}

#[test]
fn broken_answers_are_named_and_cost_no_row() {
    let whole = list(&["a", "b"], 30, "", None);
    let Reply::Whole(_, _, text) = whole.clone() else { unreachable!() };
    let half = text[..text.len() / 2].to_owned();
    let broken = [
        (Reply::json(&half), "cut off"),
        (Reply::Cut(half), ""),
        (Reply::json("<html>"), "not the JSON"),
        (Reply::json("[]"), "not the JSON"),
        (Reply::json("{\"items\":[]}"), "resourceVersion"),
        (Reply::Whole(503, String::new(), "overloaded\n".to_owned()), "overloaded"),
        (Reply::Whole(200, String::new(), "\u{0}\u{1b}[31m".to_owned()), "not the JSON"),
    ];
    for (reply, word) in broken {
        block_on(async {
            // With nothing known yet it has failed; once there are rows they stay and are stale.
            let first = reply.clone();
            let server = pods(move |_| first.clone()).await;
            let mut run = Run::start(&server.url);
            let failed = |status: &FeedStatus| matches!(status, FeedStatus::Failed { .. });
            let FeedStatus::Failed { message, .. } = run.until_status(Kind::Pod, failed).await else { unreachable!() };
            assert!(message.as_str().contains(word), "{message:?} should say {word:?}");

            let good = whole.clone();
            let held = of_pods(move |request| if request.is_watch() { Reply::Held(Vec::new()) } else { good.clone() });
            server.answer(held);
            run.until_status(Kind::Pod, live).await;
            assert_eq!(run.pods().len(), 2);

            let again = reply.clone();
            server.answer(of_pods(move |_| again.clone()));
            run.refresh();
            let stale = |status: &FeedStatus| matches!(status, FeedStatus::Stale { .. });
            run.until_status(Kind::Pod, stale).await;
            assert_eq!(run.pods().len(), 2, "rows after {reply:?}");
            run.end().await;
        });
    }
}

#[test]
fn a_broken_frame_is_named_and_the_list_goes_around_it() {
    for broken in
        ["{\"type\":\"ADDED\",\"object\":{\"metadata\":{", "nonsense", "{\"type\":\"SIDEWAYS\",\"object\":{}}"]
    {
        block_on(async move {
            let turn = counter();
            let server = pods(move |request| match request.is_watch().then(&turn) {
                None => list(&["a"], 9, "", None),
                Some(0) => Reply::Held(vec![frame("ADDED", &pod("b", 10)), broken.to_owned()]),
                Some(_) => Reply::Held(Vec::new()),
            })
            .await;
            let mut run = Run::start(&server.url);
            run.until(|run| run.pods().contains("b")).await;
            run.until_status(Kind::Pod, |status| matches!(status, FeedStatus::Stale { .. })).await;
            run.until_status(Kind::Pod, live).await;
            let lists = server.requests().iter().filter(|r| r.path.contains("/pods?limit")).count();
            assert_eq!(lists, 2, "after {broken}");
            run.end().await;
        });
    }
}

#[test]
fn a_list_that_names_the_same_page_for_ever_ends() {
    block_on(async {
        let server = pods(|_| list(&["a"], 9, "again", None)).await;
        let mut run = Run::start(&server.url);
        let failed = |status: &FeedStatus| matches!(status, FeedStatus::Failed { .. });
        let FeedStatus::Failed { message, .. } = run.until_status(Kind::Pod, failed).await else { unreachable!() };
        assert!(message.as_str().contains("never ends"), "{message:?}");
        run.end().await;
    });
}

#[test]
fn a_list_forgotten_while_it_is_read_begins_again_three_times_then_says_so() {
    block_on(async {
        let server = pods(|request| {
            if request.path.contains("continue") {
                Reply::status(410, "Expired", "the provided continue parameter is too old")
            } else {
                list(&["a"], 9, "more", Some(1))
            }
        })
        .await;
        let mut run = Run::start(&server.url);
        let status = run.until_status(Kind::Pod, |status| matches!(status, FeedStatus::Failed { .. })).await;
        let FeedStatus::Failed { message, retry_at } = status else { unreachable!() };
        assert!(message.as_str().contains("410") && retry_at.is_some(), "{message:?}");
        let first = |r: &Request| r.path.contains("/pods?limit=500") && !r.path.contains("continue");
        assert_eq!(server.requests().into_iter().filter(first).count(), 4);
        run.end().await;
    });
}
