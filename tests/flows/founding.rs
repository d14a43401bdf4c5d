//! The three pipelines that the console was made for, as they come from the demo's servers: a matrix with
//! images for two architectures on hosted runners and one's own, build to GitOps in one row, and a
//! catalogue of images.

use quarterdeck::app::Headless;
use quarterdeck::command::Command;
use quarterdeck::demo::Options;
use quarterdeck::model::Kind;
use quarterdeck::model::pipelines::{Jobs, Run, RunStatus};
use quarterdeck::state::runs;

use super::harness::Story;
use super::steps::{choose, wait_for};

fn latest(console: &Headless, workflow: &str) -> Option<Run> {
    let all = console.state().world.runs.rows().iter();
    let mine = all.filter(|run| {
        run.kind == Kind::Run
            && run.workflow.raw() == workflow
            && run.branch.as_ref().is_some_and(|branch| branch.raw() == "main")
    });
    mine.max_by_key(|run| run.created).map(|run| run.as_ref().clone())
}

/// Highlights the newest run of a workflow and waits for its jobs.
async fn jobs(story: &mut Story, workflow: &str) -> Jobs {
    let run = latest(&story.console, workflow).expect("a run of it");
    choose(story, &run).await;
    let there = |console: &Headless| runs::jobs(console.state(), &run.meta.uid).is_some();
    wait_for(story, "its jobs", there).await;
    runs::jobs(story.console.state(), &run.meta.uid).expect("its jobs").as_ref().clone()
}

fn names(jobs: &Jobs) -> Vec<&str> {
    jobs.jobs.iter().map(|job| job.id.name.safe().as_str()).collect()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_three_founding_pipelines_are_told_job_by_job() {
    let mut story = Story::of(Options { scenario: "pipelines".to_owned(), held: true, ..Options::default() }).await;
    let matrix = jobs(&mut story, "data-profiler ci").await;
    for name in ["api (3.10)", "api (3.11)", "api (3.12)", "web (20)", "web (22)", "security"] {
        assert!(names(&matrix).contains(&name), "{name}: {:?}", names(&matrix));
    }
    story.advance(150);
    assert!(story.console.press(Command::Refresh));
    let on = |console: &Headless, runner: &str| {
        let run = latest(console, "data-profiler ci")?;
        let jobs = runs::jobs(console.state(), &run.meta.uid)?;
        let mut images = jobs.jobs.iter().filter(|job| job.id.name.raw().starts_with("image ("));
        images.find(|job| job.runner.as_ref().is_some_and(|name| name.as_str().starts_with(runner))).cloned()
    };
    let both = move |console: &Headless| on(console, "arm-").is_some() && on(console, "GitHub Actions").is_some();
    story.console.wait_for("images on both kinds of runners", both).await.unwrap_or_else(|lost| panic!("{lost}"));

    let gitops = jobs(&mut story, "build-test-deploy").await;
    let order = ["build", "unit tests", "integration tests", "security scan", "code quality", "docker build"];
    let told = names(&gitops);
    assert_eq!(
        told.iter().filter(|name| order.contains(name)).copied().collect::<Vec<_>>(),
        order[..told.len().min(6)]
    );
    assert!(gitops.jobs.iter().all(|job| job.status != RunStatus::Waiting));

    let catalogue = jobs(&mut story, "build changed images").await;
    let images: Vec<&str> = names(&catalogue).into_iter().filter(|name| name.starts_with("image (")).collect();
    assert_eq!(images, ["image (rust-ci-runner)", "image (playwright-runner)", "image (helm-deploy)"]);
}
