//! Argo CD and an autoscaler fight over one Deployment (S4): the fight is named, with what they fight
//! for, and what keeps each workload is found from its page.

use quarterdeck::app::Headless;
use quarterdeck::command::Command;
use quarterdeck::demo::Options;
use quarterdeck::model::applications::{Application, SyncStatus};
use quarterdeck::model::{Kind, SystemId};
use quarterdeck::state::blocker::{self, Blocker, Reason};
use quarterdeck::state::gitops;
use quarterdeck::state::ui::Place;

use super::harness::Story;
use super::steps::wait_for;

async fn begin() -> Story {
    Story::of(Options { scenario: "out-of-sync".to_owned(), held: true, ..Options::default() }).await
}

fn application<'a>(console: &'a Headless, name: &str) -> &'a Application {
    let found = console.state().world.applications.rows().iter().find(|row| row.meta.name.raw() == name);
    found.unwrap_or_else(|| panic!("no application {name}"))
}

fn fight(console: &Headless) -> Option<Blocker> {
    blocker::blockers(console.state()).into_iter().find(|row| row.reason == Reason::OutOfSyncLoop)
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_fight_is_named_once_it_is_one() {
    let mut story = begin().await;
    assert_eq!(story.console.state().world.applications.len(), 3);
    assert!(fight(&story.console).is_none(), "nothing was healed yet");
    let healed = |console: &Headless| {
        application(console, "shop-production").operation.as_ref().map_or(0, |operation| operation.heals)
    };
    for times in 1..=4 {
        // Until the rival has acted, Argo CD has waited and the healing has ended.
        for _ in 0..90 {
            story.advance(1);
        }
        wait_for(&mut story, "another healing", |console| healed(console) >= times).await;
    }
    wait_for(&mut story, "the fight", |console| fight(console).is_some()).await;
    let told = fight(&story.console).expect("a fight").sentence.as_str().to_owned();
    assert!(told.starts_with("application shop-production in production is out of sync again"), "{told}");
    assert!(told.ends_with("something else changes Deployment search"), "{told}");

    let first = blocker::blockers(story.console.state()).into_iter().next().map(|row| row.sentence.as_str().to_owned());
    assert_eq!(first.as_deref(), Some(told.as_str()), "it is the worst of all");
    assert!(story.console.press(Command::Look), "the line leads to it");
    let there = |console: &Headless| matches!(&console.state().ui.place, Place::Application(id) if id.name.raw() == "shop-production");
    wait_for(&mut story, "its page", there).await;
    story
        .until("what they fight for, and the policy", |screen| {
            screen.contains("Deployment search in production") && screen.contains("self-heal")
        })
        .await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_keeps_a_workload_stands_on_its_page_and_a_hold_beside_it() {
    let mut story = begin().await;
    let state = story.console.state();
    let rows = state.world.deployments.rows();
    let staging = rows.iter().find(|row| row.meta.name.raw() == "web" && row.meta.namespace.raw() == "staging");
    let meta = staging.expect("the Deployment").meta.clone();
    let kept = gitops::of_workload(state, Kind::Deployment, &meta).expect("its application");
    assert_eq!((kept.meta.name.raw(), kept.sync), ("shop-staging", SyncStatus::Synced));
    let rollout = state.world.rollouts.rows()[0].meta.clone();
    let of_rollout = gitops::of_workload(state, Kind::Rollout, &rollout).expect("its application");
    assert_eq!(of_rollout.meta.name.raw(), "shop-production");
    // Off and in order is worth a word where one looks, and no alarm.
    assert!(blocker::blockers(state).iter().all(|row| row.reason != Reason::Hold));

    assert!(story.console.press(Command::Applications));
    story
        .until("the list", |screen| {
            let held = screen.lines().find(|line| line.contains("shop-staging")).unwrap_or_default();
            held.contains("Synced") && held.contains("off") && screen.contains("3 applications")
        })
        .await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn where_argo_cd_is_not_installed_nothing_is_said_of_it() {
    let mut story = Story::begin().await;
    let told = blocker::blockers(story.console.state());
    assert!(told.iter().all(|row| !row.sentence.as_str().contains(SystemId::ArgoCd.as_str())), "{told:?}");
    story.until("a header without it", |screen| !screen.contains("argocd")).await;
}
