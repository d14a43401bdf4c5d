//! A repository that has another name now, and a console that is configured with the old one: it says which, and
//! asks nothing of the new one.

use quarterdeck::action::{Change, Progress};
use quarterdeck::command::Command;
use quarterdeck::model::{Kind, Name};
use quarterdeck::net::{Sent, Writes};
use quarterdeck::state::blocker::blockers;
use serde_json::json;

use super::harness::Story;
use super::steps::wait_for;
use crate::faults::github_writes::operation;
use crate::faults::hub::{client, spec};
use crate::faults::support::perform;

const FORMER: &str = "shop/till";
const NOW: &str = "shop/checkout";

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_renamed_repository_is_said_by_both_names_and_the_others_go_on() {
    let mut story = Story::with_repository(NOW, FORMER).await;
    let words = "shop/till is called shop/checkout now; name it so in the configuration";
    wait_for(&mut story, "both names and what to do", |console| {
        blockers(console.state()).iter().any(|row| row.sentence.as_str().contains(words))
    })
    .await;
    assert!(story.console.press(Command::ShowInbox));
    story.until("the same on the screen", |screen| screen.contains("shop/till is called shop/checkout now")).await;
    let of = |name: &str| {
        let state = story.console.state();
        state.world.runs.rows().iter().filter(|run| run.meta.namespace.raw() == name).count()
    };
    assert_eq!((of(FORMER), of(NOW)), (0, 0), "nothing of it is guessed");
    assert!(of("shop/search") > 0, "the others are read");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn no_write_follows_a_repository_to_its_new_name() {
    let story = Story::of(quarterdeck::demo::Options {
        scenario: "flaky-e2e".to_owned(),
        held: true,
        ..quarterdeck::demo::Options::default()
    })
    .await;
    let url = story.demo.github.clone().expect("a GitHub");
    let client = client(&url);
    let runs = client.get(&format!("/repos/{NOW}/actions/runs?status=failure&per_page=1")).await.expect("its runs");
    let run = serde_json::from_slice::<serde_json::Value>(&runs).expect("JSON")["workflow_runs"][0].clone();
    let (id, attempt) = (run["id"].to_string(), run["run_attempt"].clone());

    // What is looked at before the send already is somewhere else.
    let mut rerun = operation(&id, Change::RerunFailed { attempt: 1, debug: false });
    (rerun.action.target.namespace, rerun.action.target.kind) = (Name::new(FORMER), Kind::Run);
    let told = perform(spec(client.clone()), rerun, None).await;
    let [Progress::Refused { message }] = &told[..] else { panic!("{told:?}") };
    assert!(message.as_str().contains("another name now"), "{message:?}");
    assert!(message.as_str().contains("nothing was sent"), "{message:?}");

    // Renamed in between: the write itself meets the redirect, and ends there.
    let path = format!("/repos/{FORMER}/actions/runs/{id}/rerun-failed-jobs");
    let sent = client.post(Writes::granted(), client.turn().await, &path, Some(&json!({}))).await;
    let Sent::Refused { code: 307, message, .. } = &sent else { panic!("{sent:?}") };
    assert!(message.contains("another name now; name it in the configuration"), "{message}");

    let after = client.get(&format!("/repos/{NOW}/actions/runs/{id}")).await.expect("the run");
    let after: serde_json::Value = serde_json::from_slice(&after).expect("JSON");
    assert_eq!(after["run_attempt"], attempt, "nothing was run again");
    // Who followed it would run it again: nothing but the console stands in the way.
    let about = client.get(&format!("/repos/{NOW}")).await.expect("the repository");
    let number = &serde_json::from_slice::<serde_json::Value>(&about).expect("JSON")["id"];
    let path = format!("/repositories/{number}/actions/runs/{id}/rerun-failed-jobs");
    let sent = client.post(Writes::granted(), client.turn().await, &path, Some(&json!({}))).await;
    assert!(matches!(sent, Sent::Accepted(_)), "{sent:?}");
}
