//! An operator looks away: `W` on a run, told once by bell and by hook; and what was learnt of
//! durations is there after a restart.

use std::path::Path;

use quarterdeck::app::{Headless, Outside};
use quarterdeck::command::Command;
use quarterdeck::model::notify::{Hook, Occasion};
use quarterdeck::model::pipelines::{Run, RunStatus};
use quarterdeck::model::scope::Settings;
use quarterdeck::state::expected;
use quarterdeck::state::ui::Place;
use serde_json::Value;

use super::harness::{Story, all_heard};
use super::steps::{choose, wait_for};

fn running(console: &Headless) -> Option<Run> {
    let mut all = console.state().world.runs.rows().iter();
    all.find(|run| run.status == RunStatus::InProgress).map(|run| run.as_ref().clone())
}

/// Goes to the list of pipelines and highlights a run that runs.
async fn choose_the_running(story: &mut Story) -> Run {
    let run = running(&story.console).expect("a run that runs");
    choose(story, &run).await;
    run
}

/// The same on its page.
async fn open_the_running(story: &mut Story) -> Run {
    let run = choose_the_running(story).await;
    assert!(story.console.press(Command::Open));
    wait_for(story, "its page", |console| console.state().ui.place == Place::Run(run.id())).await;
    run
}

/// A hook: program and arguments, which notes down what it is told.
fn hook(folder: &Path) -> Hook {
    let script = folder.join("told.sh");
    let text = "cat >> \"$1\"\nprintf '\\n%s %s\\n' \"$QD_EVENT\" \"$QD_NAME\" >> \"$1\"\n";
    std::fs::write(&script, text).expect("the script is written");
    let word = |path: &Path| path.display().to_string();
    Hook { command: vec!["sh".to_owned(), word(&script), word(&folder.join("told"))], on: Occasion::ALL.to_vec() }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn w_fires_once_by_bell_and_by_hook_and_not_again() {
    let story = Story::begin().await;
    let hooks = vec![hook(story.folder.path())];
    let mut story = story.again(Settings { hooks, ..Settings::default() }).await;
    wait_for(&mut story, "every list", all_heard).await;
    let run = choose_the_running(&mut story).await;
    assert!(story.console.press(Command::TellMe), "there is a key for it");
    story.until("the watch in the footer", |screen| screen.contains("◉ 1 watched")).await;

    let told = |console: &Headless| {
        let all = console.outside.iter().filter(|outside| matches!(outside, Outside::Notify { bell: true, .. }));
        all.count()
    };
    for _ in 0..60 {
        if told(&story.console) > 0 {
            break;
        }
        story.advance(120);
        assert!(story.console.press(Command::Refresh));
        let before = story.console.state().world.revision();
        wait_for(&mut story, "news", |console| console.state().world.revision() != before).await;
    }
    wait_for(&mut story, "the bell", |console| told(console) == 1).await;
    let file = story.folder.path().join("told");
    let lines =
        |file: &Path| std::fs::read_to_string(file).unwrap_or_default().lines().map(str::to_owned).collect::<Vec<_>>();
    wait_for(&mut story, "the hook", |_| lines(&file).len() == 2).await;
    let said = lines(&file);
    let answer: Value = serde_json::from_str(&said[0]).expect("the answer is JSON");
    let name = format!("{} #{}", run.workflow.raw(), run.number);
    assert_eq!((answer["name"].as_str(), answer["kind"].as_str()), (Some(name.as_str()), Some("Run")));
    let event = answer["event"].as_str().expect("an event");
    assert!(["finished", "failed", "waiting"].contains(&event), "{answer}");
    assert_eq!(answer["seen"][0]["state"], "running", "{answer}");
    assert!(answer["seen"].as_array().is_some_and(|seen| seen.len() >= 2), "{answer}");
    assert_eq!(said[1], format!("{event} {name}"), "the gist is in its environment");
    story.until("the answer on the screen", |screen| screen.contains(&name) && !screen.contains("watched")).await;

    // The world goes on, and nobody is told again.
    for _ in 0..3 {
        story.advance(600);
        let before = story.console.state().world.revision();
        assert!(story.console.press(Command::Refresh));
        wait_for(&mut story, "news", |console| console.state().world.revision() != before).await;
    }
    assert_eq!((told(&story.console), lines(&file).len()), (1, 2));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_hook_that_fails_is_said() {
    let story = Story::begin().await;
    let hooks = vec![Hook { command: vec!["/nonexistent/hook".to_owned()], on: Occasion::ALL.to_vec() }];
    let mut story = story.again(Settings { hooks, ..Settings::default() }).await;
    wait_for(&mut story, "every list", all_heard).await;
    choose_the_running(&mut story).await;
    assert!(story.console.press(Command::TellMe));
    story.until("the watch in the footer", |screen| screen.contains("◉ 1 watched")).await;
    story.advance(7_200);
    assert!(story.console.press(Command::Refresh));
    story.until("why the hook was not told", |screen| screen.contains("did not start")).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn expected_durations_survive_a_restart() {
    let mut story = Story::begin().await;
    let run = open_the_running(&mut story).await;
    let known = |console: &Headless, run: &Run| {
        let flow = expected::flow(console.state(), run)?;
        let jobs = console.state().learnt.book.jobs(&flow)?;
        let most = jobs.iter().filter(|(name, _)| !name.is_empty()).map(|(_, times)| times.took.all().len()).max();
        most.filter(|most| *most >= expected::FEWEST)
    };
    wait_for(&mut story, "the durations of earlier runs", |console| known(console, &run).is_some()).await;
    story.until("what is expected, on the screen", |screen| screen.contains("of ~")).await;
    let before = story.console.state().learnt.book.clone();

    let mut story = story.again(Settings::default()).await;
    let after = &story.console.state().learnt.book;
    for (flow, jobs) in before.flows() {
        for (job, times) in jobs {
            let kept = after.samples(flow, job, None).map(|samples| samples.all().to_vec());
            assert_eq!(kept.as_deref(), Some(times.took.all()), "{job} of {flow:?}, before anything was read");
        }
    }
    wait_for(&mut story, "every list", all_heard).await;
    open_the_running(&mut story).await;
    story.until("what is expected, on the screen", |screen| screen.contains("of ~")).await;
}
