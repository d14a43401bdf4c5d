//! The controller aborts a canary at 25 % (S9): each failed measurement is counted, the console does nothing
//! by itself, and says what Git still asks for and what lasts.

use quarterdeck::app::Headless;
use quarterdeck::command::Command;
use quarterdeck::demo::Options;
use quarterdeck::model::Kind;
use quarterdeck::model::rollouts::Rollout;
use quarterdeck::state::blocker::{self, Blocker, Reason, Severity};
use quarterdeck::state::routing::{self, Stand};
use quarterdeck::state::ui::{Overlay, Place};
use quarterdeck::state::verbs;

use super::harness::Story;
use super::steps::{press, wait_for};
use crate::demo::ROLLOUT;
use crate::demo::http::Http;

fn checkout(console: &Headless) -> &Rollout {
    let rows = console.state().world.rollouts.rows();
    rows.iter().find(|row| row.meta.name.raw() == "checkout").expect("the rollout")
}

fn told(console: &Headless) -> Option<Blocker> {
    let of_checkout =
        |row: &Blocker| row.object.as_ref().is_some_and(|id| id.kind == Kind::Rollout && id.name.raw() == "checkout");
    blocker::blockers(console.state()).into_iter().find(of_checkout)
}

fn weight(console: &Headless) -> i64 {
    checkout(console).weights.as_ref().map_or(-1, |weights| weights.canary)
}

/// Failed measurements of the newest analysis.
fn failed(console: &Headless) -> i64 {
    let runs = console.state().world.analysis_runs.owned_by(&checkout(console).meta.uid);
    runs.filter(|run| run.step_index == Some(4)).flat_map(|run| &run.metrics).map(|metric| metric.failed).sum()
}

/// The analysis at 25 % has measured once.
async fn begin() -> Story {
    let options = Options { scenario: "aborted-canary".to_owned(), held: true, ..Options::default() };
    let mut story = Story::of(options).await;
    let server = Http::new(&story.demo.url);
    let mut began = false;
    for _ in 0..60 {
        story.advance(1);
        began = server.get(ROLLOUT).await["status"]["currentStepIndex"] == 4;
        if began {
            break;
        }
    }
    assert!(began, "the analysis begins");
    wait_for(&mut story, "a quarter of the traffic", |console| weight(console) == 25).await;
    story.advance(2);
    story
}

/// Its page, with nothing else before it.
async fn page(story: &mut Story) {
    assert!(story.console.press(Command::ShowRollouts));
    wait_for(story, "the rollouts", |console| console.state().ui.place == Place::Rollouts).await;
    let is_it =
        |console: &Headless| verbs::target(console.state()).is_some_and(|target| target.name.raw() == "checkout");
    wait_for(story, "checkout highlighted", is_it).await;
    assert!(story.console.press(Command::Open));
    wait_for(story, "its page", |console| matches!(console.state().ui.place, Place::Rollout(_))).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_controller_aborts_and_the_console_says_what_lasts_and_does_nothing() {
    let mut story = begin().await;
    page(&mut story).await;
    for count in 1..=3 {
        story.advance(30);
        wait_for(&mut story, "another failed measurement", |console| failed(console) == count).await;
        let row = told(&story.console).expect("a blocker");
        assert_eq!((row.reason, row.severity), (Reason::AnalysisFailed, Severity::Failing));
        assert!(row.sentence.as_str().ends_with(&format!("failed {count} of 3 allowed")), "{}", row.sentence.as_str());
        story.until("the counter", |screen| screen.contains(&format!("✖ {count} of 3"))).await;
        assert_eq!(weight(&story.console), 25, "the controller waits for one more");
    }
    story.advance(30);
    wait_for(&mut story, "the abort", |console| checkout(console).abort && weight(console) == 0).await;
    wait_for(&mut story, "the reason", |console| {
        told(console).is_some_and(|row| row.sentence.as_str().contains("was aborted: success-rate 0.92"))
    })
    .await;
    let row = told(&story.console).expect("a blocker");
    assert!(
        row.sentence.as_str().ends_with("(must be ≥ 0.99), failed 4 > failureLimit 3"),
        "{}",
        row.sentence.as_str()
    );
    assert_eq!(row.keys, [Command::Look, Command::Undo, Command::Retry]);
    wait_for(&mut story, "the routes", |console| {
        let told = routing::told(console.state(), checkout(console));
        matches!(told.first().map(|row| &row.share), Some(Ok((share, Stand::Agrees))) if share.canary == 0)
    })
    .await;

    // Two minutes later nobody has pushed a fix.
    for _ in 0..9 {
        story.advance(15);
    }
    story
        .until("why its application is Synced and Degraded, and what lasts", |screen| {
            // What stands beside the steps wraps in its own column.
            let left: Vec<String> = screen.lines().map(|line| line.chars().take(64).collect()).collect();
            let words = left.join(" ").split_whitespace().collect::<Vec<_>>().join(" ");
            ["Git still asks for the new version", "is Synced,", "to align Git: revert k8s/overlays/prod"]
                .iter()
                .all(|part| words.contains(part))
        })
        .await;
    assert!(story.console.state().operations.is_empty(), "the controller acted, and nobody else");

    // The way back that does not last is refused with the one that does.
    let target = checkout(&story.console).meta.id(Kind::Rollout);
    let refused = verbs::available(story.console.state(), Command::Undo, &target).unwrap_err();
    assert!(refused.as_str().contains("revert k8s/overlays/prod"), "{}", refused.as_str());
    press(&mut story, Command::Retry).await;
    wait_for(&mut story, "the dialog", |console| matches!(console.state().ui.overlay, Some(Overlay::Confirm(_)))).await;
    let Some(Overlay::Confirm(dialog)) = &story.console.state().ui.overlay else { panic!("a dialog") };
    let said: Vec<String> = dialog.lines.iter().flat_map(|(_, lines)| lines).map(|it| it.as_str().to_owned()).collect();
    let said = said.join("\n");
    for part in [
        "start the same version again",
        "failed 4 > failureLimit 3",
        "the same users again",
        "revert k8s/overlays/prod",
    ] {
        assert!(said.contains(part), "{part} is not in\n{said}");
    }
    assert!(story.console.state().operations.is_empty(), "nothing is sent before somebody confirms");
}
