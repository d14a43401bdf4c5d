//! The page of a run on the demo's GitHub: why a job failed without opening its log, its log cut at its
//! steps, what it left behind, what became of the attempt before, and what was deployed where.

use quarterdeck::app::Headless;
use quarterdeck::command::Command;
use quarterdeck::demo::Options;
use quarterdeck::model::pipelines::{Conclusion, Run};
use quarterdeck::state::lists;
use quarterdeck::state::ui::{ListId, Place, RowId};

use super::harness::Story;
use super::steps::{highlight, wait_for};

async fn of(scenario: &str) -> Story {
    Story::of(Options { scenario: scenario.to_owned(), held: true, ..Options::default() }).await
}

fn here(console: &Headless) -> ListId {
    ListId::Place(console.state().ui.place.clone())
}

/// Opens the page of the newest run of a repository that is as wanted.
async fn open(story: &mut Story, repository: &str, wanted: impl Fn(&Run) -> bool) -> Run {
    let all = story.console.state().world.runs.rows().iter();
    let mine = all.filter(|run| run.repository().raw() == repository && wanted(run));
    let run = mine.max_by_key(|run| run.created).expect("the run").as_ref().clone();
    assert!(story.console.press(Command::ShowPipelines));
    wait_for(story, "the pipelines", |console| console.state().ui.place == Place::Pipelines).await;
    move_to(story, |row| matches!(row, RowId::Object(id) if id.uid == run.meta.uid)).await;
    assert!(story.console.press(Command::Open));
    wait_for(story, "the run's page", |console| matches!(console.state().ui.place, Place::Run(_))).await;
    run
}

/// Highlights the first such row.
async fn move_to(story: &mut Story, wanted: impl Fn(&RowId) -> bool) {
    let list = here(&story.console);
    highlight(story, &list, |_, row| wanted(row)).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_red_page_says_why_and_its_log_is_cut_at_its_steps() {
    let mut story = of("canary-regression").await;
    open(&mut story, "shop/search", |run| run.conclusion == Some(Conclusion::Failure)).await;
    story
        .until("why its job failed, what is reported of its tests, and what it left behind", |screen| {
            screen.contains("src/search/index/migrate.py:88")
                && screen.contains("SchemaError: index schema 41 is not supported, expected 42")
                && screen.contains("288 passed")
                && screen.contains("coverage-unit")
                && screen.contains("expires in 29d")
        })
        .await;
    assert!(story.console.press(Command::Logs));
    story
        .until("the steps of the log", |screen| {
            screen.contains("━━ 3. Migrate an index  (failure)")
                && screen.contains("Process completed with exit code 1")
        })
        .await;
    assert!(story.console.press(Command::NextError));
    story.until("the first error", |screen| screen.contains("ERROR shard 7")).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_passed_on_attempt_2_says_so_and_attempt_1_can_be_read() {
    let mut story = of("flaky-e2e").await;
    let red = open(&mut story, "shop/checkout", |run| run.conclusion == Some(Conclusion::Failure)).await;
    assert!(story.console.press(Command::RerunFailed));
    story.until("the dialog", |screen| screen.contains("attempt 2 of the same run")).await;
    story.console.confirm().await.unwrap_or_else(|lost| panic!("{lost}"));
    wait_for(&mut story, "attempt 2", |console| {
        console.state().world.runs.get(&red.meta.uid).is_some_and(|run| run.attempt == 2)
    })
    .await;
    story.advance(14 * 60);
    assert!(story.console.press(Command::Refresh));
    story.until("that it passed on attempt 2", |screen| screen.matches("passed on attempt 2").count() == 2).await;
    assert!(story.console.press(Command::Bottom));
    story.until("attempt 1", |screen| screen.contains("attempt 1") && screen.contains("failed: e2e")).await;
    // Its jobs of then stand below it, and their logs can be read.
    move_to(&mut story, |row| matches!(row, RowId::Group(_))).await;
    assert!(story.console.press(Command::Open));
    let then = |row: &RowId| matches!(row, RowId::Object(id) if id.name.raw() == "e2e");
    wait_for(&mut story, "its jobs", |console| {
        let list = here(console);
        let rows = lists::rows(console.state(), &list, 0..lists::len(console.state(), &list));
        rows.iter().filter(|line| then(&line.id)).count() == 2
    })
    .await;
    assert!(story.console.press(Command::Bottom));
    wait_for(&mut story, "the last row", |console| {
        lists::selected(console.state(), &here(console)).is_some_and(|row| matches!(row, RowId::Object(_)))
    })
    .await;
    for _ in 0..20 {
        let now = lists::selected(story.console.state(), &here(&story.console));
        if now.as_ref().is_some_and(then) {
            break;
        }
        assert!(story.console.press(Command::Up));
        wait_for(&mut story, "the row above", |console| lists::selected(console.state(), &here(console)) != now).await;
    }
    assert!(story.console.press(Command::Logs));
    story.until("the log of attempt 1", |screen| screen.contains("1 failed") && screen.contains("exit code 1")).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_history_of_an_environment_stands_on_the_page_of_its_run_and_of_its_workload() {
    let mut story = of("canary-regression").await;
    open(&mut story, "shop/payments", |run| run.workflow.raw() == "deploy-prod").await;
    story
        .until("what was deployed there before", |screen| {
            screen.contains("DEPLOYMENTS") && screen.contains("‖ production") && screen.contains("✔ production")
        })
        .await;
    assert!(story.console.press(Command::ShowRollouts));
    wait_for(&mut story, "the rollouts", |console| console.state().ui.place == Place::Rollouts).await;
    move_to(&mut story, |row| matches!(row, RowId::Object(id) if id.name.raw() == "checkout")).await;
    assert!(story.console.press(Command::Open));
    story
        .until("the deployments of the workload", |screen| {
            screen.contains("DEPLOYMENTS") && screen.contains("of v1.43.0") && screen.contains("inactive")
        })
        .await;
}
