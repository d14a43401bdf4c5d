//! An autoscaler at its maximum while a canary stands at 50 % (S10), and a canary that crashes at its start (S11).

use quarterdeck::app::Headless;
use quarterdeck::demo::Options;
use quarterdeck::model::Kind;
use quarterdeck::model::rollouts::Rollout;
use quarterdeck::state::blocker::{self, Blocker, Reason};
use quarterdeck::state::{limits, rollout_phase};

use super::harness::Story;
use super::steps::wait_for;

async fn begin(scenario: &str) -> Story {
    Story::of(Options { scenario: scenario.to_owned(), held: true, ..Options::default() }).await
}

fn checkout(console: &Headless) -> &Rollout {
    let rows = console.state().world.rollouts.rows();
    rows.iter().find(|row| row.meta.name.raw() == "checkout").expect("the rollout")
}

fn told(console: &Headless) -> Option<Blocker> {
    let of_checkout =
        |row: &Blocker| row.object.as_ref().is_some_and(|id| id.kind == Kind::Rollout && id.name.raw() == "checkout");
    blocker::blockers(console.state()).into_iter().find(of_checkout)
}

/// Minute by minute, as the world would go.
async fn minutes(story: &mut Story, count: u64) {
    for _ in 0..count * 4 {
        let before = story.console.state().world.revision();
        story.advance(15);
        wait_for(story, "the world to move", |console| console.state().world.revision() > before).await;
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_autoscaler_at_its_maximum_is_told_and_aborts_nothing() {
    let mut story = begin("hpa-at-max").await;
    let at = |console: &Headless| {
        let row = checkout(console);
        let (_, it) = limits::autoscaler(console.state(), Kind::Rollout, &row.meta).expect("its autoscaler");
        (it.current, it.max, it.metrics[0].current.as_ref().map(|cpu| cpu.as_str().to_owned()))
    };
    let stands = |current, max, cpu: &str| (current, max, Some(cpu.to_owned()));
    minutes(&mut story, 1).await;
    assert_eq!(at(&story.console), stands(8, 10, "68 %"));
    assert!(told(&story.console).is_none_or(|row| row.reason != Reason::HpaAtMax));
    for (after, max, replicas, cpu) in [(6, 10, 10, "91 %"), (6, 10, 10, "97 %")] {
        minutes(&mut story, after).await;
        wait_for(&mut story, "its maximum", |console| at(console) == stands(replicas, max, cpu)).await;
        let known = |console: &Headless| told(console).is_some_and(|row| row.reason == Reason::HpaAtMax);
        wait_for(&mut story, "the word for it", known).await;
        let sentence = told(&story.console).expect("a blocker").sentence.as_str().to_owned();
        assert_eq!(
            sentence,
            format!(
                "checkout in production is at the maximum of {max} replicas that autoscaler checkout may give it: cpu {cpu} of 75 %"
            )
        );
    }
    minutes(&mut story, 13).await;
    wait_for(&mut story, "more room", |console| at(console) == stands(14, 16, "70 %")).await;
    wait_for(&mut story, "nothing to tell", |console| told(console).is_none_or(|row| row.reason != Reason::HpaAtMax))
        .await;
    let row = checkout(&story.console);
    assert!(!row.abort && row.phase.as_str() != "Degraded", "{:?}", row.phase);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_canary_that_crashes_is_told_as_a_sick_pod_and_serves_nobody() {
    let mut story = begin("crash-loop").await;
    let crashing = |console: &Headless| told(console).is_some_and(|row| row.reason == Reason::CrashLoop);
    for _ in 0..8 {
        if crashing(&story.console) {
            break;
        }
        minutes(&mut story, 1).await;
    }
    wait_for(&mut story, "the crash loop", crashing).await;
    let sentence = told(&story.console).expect("a blocker").sentence.as_str().to_owned();
    assert!(sentence.starts_with("checkout in production is crashing: container "), "{sentence}");
    let keys = told(&story.console).expect("a blocker").keys;
    assert!(keys.contains(&quarterdeck::command::Command::Abort), "an abort is proposed: {keys:?}");
    minutes(&mut story, 10).await;
    let row = checkout(&story.console);
    assert!(!row.abort, "nobody aborted it");
    assert_eq!(rollout_phase::set_weight(row), 10, "it never came past its first step");
    let weight = row.weights.as_ref().map_or(0, |weights| weights.canary);
    assert_eq!(weight, 0, "no user was sent to it");
    wait_for(&mut story, "the deadline", |console| rollout_phase::phase(checkout(console)).0.as_str() == "Degraded")
        .await;
    assert!(crashing(&story.console), "the pod explains the deadline, not the other way round");
}
