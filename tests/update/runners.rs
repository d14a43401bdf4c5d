//! Why a queued job does not begin, told from the runners that may be seen: a table.

use std::sync::Arc;

use jiff::Timestamp;
use quarterdeck::model::pipelines::{Job, Run, RunStatus};
use quarterdeck::model::runners::{Larger, Runner, RunnerStatus, Runners, RunnersRead};
use quarterdeck::model::security::Rows;
use quarterdeck::model::source::{Detail, FeedEvent, FeedId};
use quarterdeck::model::{Kind, Name, ObjectId, SourceId, Uid};
use quarterdeck::state::ui::Place;
use quarterdeck::state::{interest, runners};
use quarterdeck::text::Safe;
use quarterdeck::update::Msg;

use super::world::Console;
use crate::screens::run_world;

const GITHUB: SourceId = SourceId(0);

fn labels(words: &str) -> Vec<Safe> {
    words.split_whitespace().map(Safe::line).collect()
}

fn job(wanted: &str) -> Job {
    let id = ObjectId {
        cluster: GITHUB,
        kind: Kind::Job,
        namespace: Name::new("shop/checkout"),
        name: Name::new("image"),
        uid: Uid::new(GITHUB, "1"),
    };
    Job {
        id,
        run: Uid::new(GITHUB, "1"),
        status: RunStatus::Queued,
        conclusion: None,
        created: Some(Timestamp::UNIX_EPOCH),
        started: None,
        completed: None,
        runner: None,
        labels: labels(wanted),
        url: None,
        steps: Vec::new(),
    }
}

/// `arm64:idle arm64:busy`.
fn list(words: &str) -> Result<Arc<Runners>, Safe> {
    if let Some(why) = words.strip_prefix('!') {
        return Err(Safe::line(why));
    }
    let row = |(at, word): (usize, &str)| {
        let (label, stands) = word.split_once(':').unwrap();
        let stands = match stands {
            "idle" => RunnerStatus::Idle,
            "busy" => RunnerStatus::Busy,
            "offline" => RunnerStatus::Offline,
            _ => RunnerStatus::Unknown,
        };
        let id = at as i64 + i64::from(words.len() as u32) * 100;
        Runner {
            id,
            name: Safe::of("x"),
            os: Safe::of("linux"),
            stands,
            labels: labels(&format!("self-hosted {label}")),
        }
    };
    let rows = words.split_whitespace().enumerate().map(row).collect();
    Ok(Arc::new(Runners { rows, left_out: 0, more: false }))
}

#[test]
fn a_queued_job_says_what_its_runners_tell() {
    let refused = "!not allowed to see runners (403)";
    for (own, shared, wanted, free, words) in [
        ("arm64:busy", "arm64:busy arm64:busy", "arm64", Some((0, 3)), "no free runner: 3 of 3 busy"),
        ("", "arm64:busy arm64:offline", "self-hosted arm64", Some((0, 2)), "no free runner: 1 busy, 1 offline"),
        (
            "",
            "arm64:offline",
            "arm64",
            Some((0, 1)),
            "1 runner is offline, and no other that we may see has its labels",
        ),
        ("", "arm64:idle arm64:busy", "ARM64", Some((1, 2)), "1 free, 1 busy: it begins any moment"),
        ("", "arm64:idle", "gpu", None, "no runner we may see has these labels; those of an enterprise"),
        (refused, refused, "gpu", None, "which runners there are is not known: not allowed to see runners (403)"),
        ("", refused, "gpu", None, "no runner we may see has these labels; others: not allowed"),
        (
            "gpu:busy",
            refused,
            "gpu",
            Some((0, 1)),
            "no free runner among those we may see: 1 of 1 busy; others: not allowed",
        ),
        ("gpu:offline", refused, "gpu", Some((0, 1)), "no other that we may see has its labels; others: not allowed"),
        ("", "", "big-one", None, "GitHub hosts these larger runners: linux-x64, Ready, at most 8 at once"),
        ("", "", "ubuntu-24.04", None, "GitHub hosts these"),
        ("", "", "macos-latest-large", None, "GitHub hosts these"),
        ("", "", "ubuntu-slim", None, "GitHub hosts these"),
        ("", "", "unheard-of", None, "no runner we may see has these labels"),
    ] {
        let mut console = Console::empty();
        let feed = FeedId { cluster: GITHUB, kind: Kind::Run, namespace: Some(Name::new("shop/checkout")) };
        let repository = Name::new("shop/checkout");
        let row = Larger {
            name: Safe::of("big-one"),
            status: Safe::of("Ready"),
            platform: Safe::of("linux-x64"),
            most: Some(8),
        };
        let larger = Ok(Arc::new(Rows { rows: vec![row], left_out: 0, more: false }));
        let read = RunnersRead { source: GITHUB, repository, own: list(own), shared: list(shared), larger };
        console.send(Msg::Feed(feed, FeedEvent::Detail(Detail::Runners(read))));
        let (job, what) = (job(wanted), format!("{own} | {shared} for {wanted}"));
        let counted = runners::free(&console.state, &job);
        assert_eq!(counted.map(|free| (free.idle, free.all)), free, "{what}");
        let hidden = own.starts_with('!') || shared.starts_with('!');
        assert!(counted.is_none_or(|free| free.whole != hidden), "{what}");
        let said = runners::why(&console.state, &job).unwrap();
        assert!(said.as_str().contains(words), "{what}: {said:?}");
    }
    assert_eq!(runners::why(&Console::empty().state, &job("arm64")), None, "nothing was read");
}

/// What holds somebody up is the oldest that waits, and it stands behind everything that came after it.
#[test]
fn the_oldest_that_wait_are_asked_for_wherever_one_looks() {
    let mut console = Console::empty();
    run_world::github(&mut console.state);
    let run = |number: u64, ago: i64, status: RunStatus| {
        let mut run = run_world::run(&console.state, "acme/checkout", "ci", number, ago, None);
        run.status = status;
        run
    };
    let mut all: Vec<Run> = (1..=6).map(|at| run(at, 60, RunStatus::InProgress)).collect();
    all.extend((10..=19).map(|at| run(at, 600 - i64::try_from(at).unwrap(), RunStatus::Queued)));
    all.push(run(30, 7_200, RunStatus::InProgress));
    all.push(run(31, 9_000, RunStatus::Waiting));
    let stuck = run(32, 5_400, RunStatus::Queued);
    all.push(stuck.clone());
    run_world::list(&mut console.state, all);
    for place in [Place::Deck, Place::Pipelines, Place::Inbox, Place::Environments] {
        console.state.ui.place = place;
        let asked = interest::of(&console.state).queued;
        let numbers: Vec<&str> = asked.iter().map(|run| run.name.raw().rsplit('#').next().unwrap()).collect();
        assert_eq!(numbers, ["32", "10", "11", "12", "13", "14", "15", "16"], "oldest first, a few");
    }
    console.state.reports = true;
    assert!(interest::of(&console.state).queued.contains(&stuck.id()), "a report asks as well");
    console.state.ui.place = Place::Runners;
    assert_eq!(interest::of(&console.state).queued.len(), 19, "who looks at the runners sees them all");
}

#[test]
fn what_goes_on_may_be_stuck_as_well_and_what_waits_for_a_person_is_not() {
    let mut console = Console::empty();
    run_world::github(&mut console.state);
    let run = |number: u64, ago: i64, status: RunStatus| {
        let mut run = run_world::run(&console.state, "acme/checkout", "ci", number, ago, None);
        run.status = status;
        run
    };
    let all = vec![
        run(1, 9_000, RunStatus::Waiting),
        run(2, 400, RunStatus::InProgress),
        run(3, 290, RunStatus::Queued),
        run(4, 310, RunStatus::Queued),
        run(5, 900, RunStatus::InProgress),
    ];
    run_world::list(&mut console.state, all);
    let asked = interest::of(&console.state).queued;
    let numbers: Vec<&str> = asked.iter().map(|run| run.uid.raw()).collect();
    assert_eq!(numbers, ["4", "5", "2"], "those that stand in a queue first; five minutes are nothing");
}
