//! What stands beside the runs: a job that gets no runner says which label has none free, and what scanners
//! found is held against the commit that users have.

use std::sync::Arc;

use quarterdeck::app::{self, Headless};
use quarterdeck::command::Command;
use quarterdeck::demo::Options;
use quarterdeck::model::Kind;
use quarterdeck::state::blocker::{Reason, blockers};
use quarterdeck::state::lists;
use quarterdeck::state::ui::{ListId, Place, RowId};
use quarterdeck::state::verbs::findings;

use super::harness::Story;
use super::steps::{among_pipelines, wait_for};

async fn open() -> Story {
    let options = Options { scenario: "missing-arm64".to_owned(), held: true, ..Options::default() };
    Story::with(options, |demo| Arc::new(app::settings_of(demo))).await
}

/// Moves to the newest run of a workflow in a repository.
async fn choose(story: &mut Story, repository: &str) {
    among_pipelines(story, |_, id| id.kind == Kind::Run && id.namespace.raw() == repository).await;
}

fn missing(console: &Headless) -> Option<String> {
    let all = blockers(console.state());
    all.into_iter().find(|row| row.reason == Reason::RunnerMissing).map(|row| row.sentence.as_str().to_owned())
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_queued_job_names_its_label_without_a_free_runner() {
    let mut story = open().await;
    let words = "embed waits for a runner with self-hosted, linux, gpu: no free runner: 1 busy, 1 offline";
    wait_for(&mut story, "the reason", |console| missing(console).is_some_and(|line| line.contains(words))).await;
    choose(&mut story, "shop/search").await;
    assert!(story.console.press(Command::Open));
    story.until("the job's own line", |screen| screen.contains("0/2 free")).await;

    assert!(story.console.press(Command::Runners));
    story
        .until("the row of the label", |screen| {
            let row = screen.lines().find(|line| line.contains("self-hosted, linux, gpu"));
            row.is_some_and(|row| row.contains("none free") && row.contains("13m"))
        })
        .await;
    // What nobody asks for stands there too, and what may not be seen is said.
    story
        .until("an idle one", |screen| screen.lines().any(|line| line.contains("big-disk") && line.contains("free")))
        .await;
    story.until("the refusal", |screen| screen.contains("not allowed to see runners (403)")).await;
    let first = lists::at(story.console.state(), &ListId::Place(Place::Runners), 0);
    assert!(matches!(first, Some(RowId::Pool(of, _)) if of.raw() == "shop/search"), "who waits stands first");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_finding_that_is_new_since_the_deployed_commit_stands_first() {
    let mut story = open().await;
    choose(&mut story, "shop/checkout").await;
    assert!(story.console.press(Command::Security));
    story.until("by tool and severity", |screen| screen.contains("CodeQL 1 medium · Trivy 1 critical, 1 high")).await;
    story
        .until("what is new", |screen| screen.contains("1 finding is new since") && screen.contains("(production)"))
        .await;
    let row = |screen: &str, rule: &str| screen.lines().find(|line| line.contains(rule)).map(str::to_owned);
    let screen = story.console.screen();
    assert!(
        row(&screen, "CVE-2026-31337").is_some_and(|row| row.contains("critical") && row.contains("new")),
        "{screen}"
    );
    assert!(row(&screen, "CVE-2025-48921").is_some_and(|row| row.contains("known")), "{screen}");
    assert!(row(&screen, "Stripe").is_some_and(|row| row.contains("inactive")), "{screen}");
    // What a gate makes of it: the same figures, without the page.
    let read = story.console.state().world.details.all_security().next().unwrap();
    let fact = findings::fact(story.console.state(), &(read.source, read.repository.clone()));
    assert_eq!(fact.standing, findings::Standing::Bad);
    assert!(fact.lines[0].as_str().starts_with("1 critical or high finding is new since"), "{fact:?}");
    assert_eq!(fact.lines[1].as_str(), "1 secret lies open");
    // The secret, then what is new, then the rest.
    let list = ListId::Place(story.console.state().ui.place.clone());
    let order: Vec<_> = (0..4).filter_map(|at| lists::at(story.console.state(), &list, at)).collect();
    let wanted =
        [(true, 3), (false, 41), (false, 38), (false, 29)].map(|(secret, number)| RowId::Security(secret, number));
    assert_eq!(order, wanted);

    for (repository, words) in [
        ("shop/payments", "off: Advanced Security must be enabled"),
        ("shop/search", "on, and nothing was ever scanned"),
        ("shop/web", "not allowed: Resource not accessible"),
    ] {
        choose(&mut story, repository).await;
        assert!(story.console.press(Command::Security));
        story.until(repository, |screen| screen.contains(words)).await;
        assert!(!story.console.screen().contains("none is new"), "unknown is not none");
    }
}
