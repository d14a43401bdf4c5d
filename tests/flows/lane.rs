//! The lane of a release from its commit to all of its users, as the demo's clean canary goes: where it stands
//! at each moment, and each station's own page.

use std::time::Duration;

use quarterdeck::app::Headless;
use quarterdeck::command::Command;
use quarterdeck::demo::Options;
use quarterdeck::model::{Kind, ObjectId};
use quarterdeck::state::lane::{self, Lane, Part, Standing};
use quarterdeck::state::ui::{ListId, Place, RowId};

use super::harness::Story;
use super::steps::{highlight, outcome, press, wait_for};

fn rollout(console: &Headless) -> ObjectId {
    let rows = console.state().world.rollouts.rows();
    rows.iter().find(|row| row.meta.name.raw() == "checkout").expect("the canary").meta.id(Kind::Rollout)
}

fn lane(console: &Headless) -> Lane {
    lane::of(console.state(), &rollout(console)).expect("a lane")
}

fn standing(console: &Headless, part: Part) -> Standing {
    lane(console).stations.iter().find(|station| station.part == part).expect("a station").standing
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_release_is_followed_from_its_commit_to_all_its_users() {
    let options = Options { scenario: "clean-canary".to_owned(), held: true, ..Options::default() };
    let mut story = Story::of(options).await;
    story.advance(600);
    let on_its_way = |console: &Headless| standing(console, Part::Workload) != Standing::Passed;
    wait_for(&mut story, "the new version", on_its_way).await;
    let known =
        |console: &Headless| lane(console).stations[..5].iter().all(|station| station.standing == Standing::Passed);
    wait_for(&mut story, "commit, run, image, Git and Argo CD", known).await;
    let now = lane(&story.console);
    assert_eq!((now.version.as_str(), now.here), ("1.43.0", Some(5)), "{now:?}");
    // Joined by what the image says: its commit is that of the run, its digest that of the pods.
    let run = story.console.state().world.runs.get(&now.run().expect("its run").uid).expect("a run").clone();
    assert!(run.sha.as_str().starts_with(now.stations[0].what.as_str()), "{} {:?}", run.sha.as_str(), now.stations[0]);
    assert!(now.stations[2].facts[0].as_str().starts_with("sha256:"), "{:?}", now.stations[2]);

    assert!(story.console.press(Command::ShowRollouts));
    let wanted = RowId::Object(rollout(&story.console));
    highlight(&mut story, &ListId::Place(Place::Rollouts), |_, row| *row == wanted).await;
    assert!(story.console.press(Command::Lane));
    story.until("where it stands", |screen| screen.contains("it stands at rollout")).await;
    for (part, page) in [(1, Kind::Run), (2, Kind::Image), (4, Kind::Application), (5, Kind::Rollout)] {
        let list = story.console.state().ui.list_id();
        highlight(&mut story, &list, |_, row| *row == RowId::Station(part)).await;
        assert!(story.console.press(Command::Open));
        let there = |console: &Headless| match &console.state().ui.place {
            Place::Run(id) | Place::Image(id) | Place::Application(id) | Place::Rollout(id) => id.kind == page,
            _ => false,
        };
        wait_for(&mut story, "its page", there).await;
        assert!(story.console.press(Command::HistoryBack));
        wait_for(&mut story, "the lane", |console| matches!(console.state().ui.place, Place::Lane(_))).await;
    }

    // A day of steps, then a person.
    for _ in 0..25 {
        story.demo.handle.advance(Duration::from_hours(1));
    }
    let last = |console: &Headless| {
        let rows = console.state().world.rollouts.rows();
        let row = rows.iter().find(|row| row.meta.name.raw() == "checkout");
        row.is_some_and(|row| row.current_step_index == Some(10) && !row.pause_conditions.is_empty())
    };
    wait_for(&mut story, "the last step", last).await;
    assert_eq!(standing(&story.console, Part::Workload), Standing::Waiting);
    let list = story.console.state().ui.list_id();
    highlight(&mut story, &list, |_, row| *row == RowId::Station(5)).await;
    press(&mut story, Command::Promote).await;
    story.console.confirm().await.unwrap_or_else(|lost| panic!("{lost}"));
    wait_for(&mut story, "the answer", |console| outcome(console) == "accepted").await;
    story.advance(120);
    wait_for(&mut story, "all of its users", |console| standing(console, Part::Workload) == Standing::Passed).await;
    assert_eq!(lane(&story.console).stations[5].what.as_str(), "100 %");
    assert!(lane(&story.console).here.is_none_or(|at| at > 5), "{:?}", lane(&story.console));
}
