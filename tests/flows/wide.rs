//! Size over HTTP: thousands of runs in many repositories, and one run of 256 jobs with thirty steps each.

use quarterdeck::app::Headless;
use quarterdeck::command::Command;
use quarterdeck::demo::Options;
use quarterdeck::state::ui::{ListId, Place};
use quarterdeck::state::{lists, runs};

use super::harness::Story;
use super::steps::wait_for;

fn page(console: &Headless) -> Option<ListId> {
    matches!(console.state().ui.place, Place::Run(_)).then(|| ListId::Place(console.state().ui.place.clone()))
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn every_run_is_listed_and_the_widest_opens_folds_and_scrolls() {
    let options = Options {
        scenario: "scale".to_owned(),
        pods: 0,
        rollouts: 0,
        slos: 0,
        runs: 1_250,
        jobs: 256,
        held: true,
        ..Options::default()
    };
    let mut story = Story::of(options).await;
    wait_for(&mut story, "all runs", |console| console.state().world.runs.len() == 1_251).await;
    assert!(story.console.press(Command::ShowPipelines));
    story.until("the list", |screen| screen.contains("1 251 runs") && screen.contains("combinations")).await;
    let wide =
        |console: &Headless| runs::chosen(console.state()).is_some_and(|run| run.workflow.raw() == "combinations");
    // It moves, so it stands among the first.
    for _ in 0..20 {
        if wide(&story.console) {
            break;
        }
        let before = runs::chosen(story.console.state()).map(|run| run.meta.uid.clone());
        assert!(story.console.press(Command::Down));
        wait_for(&mut story, "the next row", |console| {
            runs::chosen(console.state()).map(|run| run.meta.uid.clone()) != before
        })
        .await;
    }
    wait_for(&mut story, "the wide run", wide).await;
    assert!(story.console.press(Command::Open));
    wait_for(&mut story, "its page", |console| page(console).is_some()).await;
    wait_for(&mut story, "its jobs", |console| {
        let run = runs::chosen(console.state());
        run.and_then(|run| runs::jobs(console.state(), &run.meta.uid).map(|jobs| jobs.jobs.len())) == Some(256)
    })
    .await;
    story.until("the matrix, folded", |screen| screen.contains("combine")).await;
    let rows = |console: &Headless| page(console).map_or(0, |list| lists::len(console.state(), &list));
    let folded = rows(&story.console);
    assert!(story.console.press(Command::Top));
    assert!(story.console.press(Command::Open));
    wait_for(&mut story, "the matrix, open", |console| rows(console) > 256).await;
    assert!(story.console.press(Command::Bottom));
    wait_for(&mut story, "its last row", |console| {
        let list = page(console).expect("the page");
        lists::selected(console.state(), &list) == lists::at(console.state(), &list, rows(console) - 1)
    })
    .await;
    assert!(story.console.press(Command::Top));
    assert!(story.console.press(Command::Open));
    wait_for(&mut story, "the matrix, folded again", |console| rows(console) == folded).await;
}
