//! What waits for a person: paused rollouts, runs that need an approval, actions without an end; the
//! same as rows of the Inbox and as data.

use std::sync::Arc;
use std::time::Duration;

use jiff::Timestamp;
use quarterdeck::command::Command;
use quarterdeck::model::kubernetes::Meta;
use quarterdeck::model::pipelines::{Conclusion, Job, Jobs, JobsRead, Quota, Run, RunStatus};
use quarterdeck::model::slo::{Arm, ArmMetric, ArmQuery, ArmVerdict, Comparison, ComparisonQuery, Reading, Spent};
use quarterdeck::model::source::{Detail, FeedEvent, FeedId, Object, SourceScope};
use quarterdeck::model::{Kind, Name, ObjectId, SourceId, SystemId, Uid};
use quarterdeck::state::report::report;
use quarterdeck::state::ui::{ListId, Place};
use quarterdeck::state::world::World;
use quarterdeck::state::{blocker, lists, verbs};
use quarterdeck::text::Safe;
use quarterdeck::update::Msg;

use super::world::{Console, moment};

const GITHUB: SourceId = SourceId(1);

/// A console that also reads one repository.
fn console() -> Console {
    let mut console = Console::empty();
    let mut sources = console.state.world.sources.clone();
    sources.push(SourceScope {
        id: GITHUB,
        system: SystemId::GitHub,
        name: Name::new("api.github.com"),
        server: Safe::of("https://api.github.com"),
        user: Safe::of(""),
        namespaces: Some(vec![Name::new("shop/checkout")]),
        unusable: None,
        discovered: None,
    });
    console.state.world = World::new(sources);
    console
}

fn feed() -> FeedId {
    FeedId { cluster: GITHUB, kind: Kind::Run, namespace: Some(Name::new("shop/checkout")) }
}

fn hear(console: &mut Console, events: impl IntoIterator<Item = FeedEvent>) {
    for event in events {
        console.send(Msg::Feed(feed(), event));
    }
}

fn run(id: u64, status: RunStatus, conclusion: Option<Conclusion>) -> Object {
    Object::Run(Arc::new(Run {
        kind: Kind::Run,
        meta: Meta {
            cluster: GITHUB,
            namespace: Name::new("shop/checkout"),
            name: Name::new(&format!("deploy #{id}")),
            uid: Uid::new(GITHUB, &id.to_string()),
            resource_version: Arc::from(""),
            generation: 1,
            created: Some(Timestamp::UNIX_EPOCH),
            deleting: None,
            owner: None,
        },
        workflow: Name::new("deploy"),
        path: Name::new(".github/workflows/deploy.yml"),
        title: Safe::of("a change"),
        number: id,
        attempt: 1,
        status,
        conclusion,
        branch: Some(Name::new("main")),
        sha: Safe::of("9f8e7d1"),
        event: Safe::of("push"),
        actor: None,
        created: Some(Timestamp::UNIX_EPOCH),
        started: None,
        updated: Some(Timestamp::UNIX_EPOCH),
        url: Safe::of("https://github.com/shop/checkout/actions/runs/1"),
    }))
}

fn job(name: &'static str, labels: &[&'static str]) -> Job {
    Job {
        id: ObjectId {
            cluster: GITHUB,
            kind: Kind::Job,
            namespace: Name::new("shop/checkout"),
            name: Name::new(name),
            uid: Uid::new(GITHUB, name),
        },
        run: Uid::new(GITHUB, "1"),
        status: RunStatus::Queued,
        conclusion: None,
        created: Some(Timestamp::UNIX_EPOCH),
        started: None,
        completed: None,
        runner: None,
        labels: labels.iter().map(|label| Safe::of(label)).collect(),
        url: None,
        steps: Vec::new(),
    }
}

fn sentences(console: &Console) -> Vec<String> {
    blocker::blockers(&console.state).iter().map(|row| row.sentence.as_str().to_owned()).collect()
}

#[test]
fn a_paused_rollout_waits_and_can_be_promoted_from_the_inbox() {
    let mut console = Console::new(&moment("clean/04-waiting-for-a-person"));
    let waiting = report(&console.state).waiting;
    let [row] = waiting.as_slice() else { panic!("one thing waits: {waiting:?}") };
    assert_eq!((row.kind, row.object.as_str()), ("manual_pause", "production/checkout"));
    assert_eq!(row.unblock.as_deref(), Some("promote or abort"));
    assert!(row.since.is_some());

    console.press(Command::ShowInbox);
    assert_eq!(lists::len(&console.state, &ListId::Place(Place::Inbox)), 1);
    console.press(Command::Promote);
    assert!(console.dialog().expect("the dialog of the row").title.as_str().contains("checkout"));
    console.press(Command::ConfirmNo);
    console.press(Command::Open);
    assert!(matches!(console.state.ui.place, Place::Rollout(_)), "{:?}", console.state.ui.place);
}

#[test]
fn nothing_waits_in_a_world_that_moves_by_itself() {
    let console = Console::new(&moment("clean/03-analysis-running"));
    assert_eq!(report(&console.state).waiting, []);
}

#[test]
fn runs_that_need_an_approval_wait_and_are_told_why() {
    let mut console = console();
    let runs = vec![
        run(1, RunStatus::Waiting, None),
        run(2, RunStatus::Completed, Some(Conclusion::ActionRequired)),
        run(3, RunStatus::Completed, Some(Conclusion::Success)),
        run(4, RunStatus::InProgress, None),
    ];
    hear(&mut console, [FeedEvent::ListBegins, FeedEvent::Applied(runs), FeedEvent::Listed]);
    let report = report(&console.state);
    let kinds: Vec<_> = report.waiting.iter().map(|row| (row.kind, row.unblock.clone())).collect();
    let approve = Some("approve".to_owned());
    assert_eq!(kinds, [("approval", None), ("approval", approve)], "what the first waits for has not been read");
    let blocked: Vec<_> = report.blocked.iter().filter(|row| row.kind == "Run").map(|row| row.reason).collect();
    assert_eq!(blocked, ["approval", "approval"]);
    assert_eq!(report.runs.len(), 4);
    assert!(sentences(&console).iter().any(|line| line == "checkout deploy #1 waits for an approval (main)"));
}

#[test]
fn a_job_without_a_runner_is_a_blocker_after_five_minutes() {
    let mut console = console();
    let jobs = Jobs { attempt: 1, jobs: vec![job("image arm64", &["self-hosted", "arm64"])], left_out: 0 };
    let jobs = Detail::Jobs(JobsRead { run: Uid::new(GITHUB, "1"), jobs: Ok(Arc::new(jobs)) });
    let runs = vec![run(1, RunStatus::InProgress, None)];
    hear(&mut console, [FeedEvent::Applied(runs), FeedEvent::Listed, FeedEvent::Detail(jobs)]);
    console.wait(Duration::from_mins(4));
    console.send(Msg::Tick);
    let about_runs = |console: &Console| sentences(console).into_iter().filter(|line| line.contains("runner")).count();
    assert_eq!(about_runs(&console), 0, "it may still get one");
    console.wait(Duration::from_mins(2));
    console.send(Msg::Tick);
    let all = sentences(&console);
    let wanted = "checkout deploy #1 is not moving: image arm64 waits for a runner with self-hosted, arm64";
    assert!(all.iter().any(|line| line == wanted), "{all:?}");
}

#[test]
fn a_spent_limit_says_how_long_and_what_helps() {
    let mut console = console();
    let until = console.state.now.wall + Duration::from_mins(12);
    let quota = |anonymous, held_until| {
        let why_held = quarterdeck::text::Safe::of("the hour's requests are spent");
        let quota =
            Quota { limit: 60, remaining: 0, reset: None, answers: 60, unchanged: 0, held_until, why_held, anonymous };
        FeedEvent::Detail(Detail::Quota(quota))
    };
    hear(&mut console, [quota(true, Some(until))]);
    console.send(Msg::Tick);
    let all = sentences(&console);
    assert!(all.iter().any(|line| line.contains("is not asked for 12m") && line.contains("GH_TOKEN")), "{all:?}");
    assert!(report(&console.state).blocked.iter().any(|row| row.reason == "rate_limited"));
    hear(&mut console, [quota(true, None)]);
    console.send(Msg::Tick);
    assert!(!report(&console.state).blocked.iter().any(|row| row.reason == "rate_limited"));
}

/// GitHub never says that a run is deleted: it is in the list no more.
#[test]
fn what_was_read_of_a_row_goes_with_the_row() {
    let mut console = console();
    for at in 0..300_u64 {
        let mut queued = job("image arm64", &["arm64"]);
        (queued.run, queued.id.uid) = (Uid::new(GITHUB, &at.to_string()), Uid::new(GITHUB, &format!("job {at}")));
        let jobs = Jobs { attempt: 1, jobs: vec![queued], left_out: 0 };
        let jobs = JobsRead { run: Uid::new(GITHUB, &at.to_string()), jobs: Ok(Arc::new(jobs)) };
        let spent =
            Spent { slo: Uid::new(GITHUB, &at.to_string()), since: Timestamp::UNIX_EPOCH, spent: Reading::Value(0.1) };
        let query = ArmQuery { value: "x".into(), counts: None };
        let query = ComparisonQuery {
            rollout: Uid::new(GITHUB, &at.to_string()),
            metric: ArmMetric::Errors,
            label: Safe::of("errors"),
            canary: query.clone(),
            stable: query,
            margin_ppb: 1,
            budget_ppb: None,
            slow_over: None,
            since: None,
        };
        let arm = Arm { value: Reading::Value(0.1), counts: None, history: Vec::new() };
        let compared = Comparison {
            query,
            canary: arm.clone(),
            stable: arm,
            verdict: ArmVerdict::None,
            exposed: None,
            at: Timestamp::UNIX_EPOCH,
        };
        let runs = vec![run(at, RunStatus::InProgress, None)];
        hear(
            &mut console,
            [
                FeedEvent::ListBegins,
                FeedEvent::Applied(runs),
                FeedEvent::Listed,
                FeedEvent::Detail(Detail::Jobs(jobs)),
                FeedEvent::Detail(Detail::Spent(spent)),
                FeedEvent::Detail(Detail::Comparison(Box::new(compared))),
            ],
        );
        let details = &console.state.world.details;
        assert_eq!(details.kept().0, 1, "the jobs of the run that is left");
        assert_eq!(
            details.job(&Uid::new(GITHUB, &format!("job {at}"))).map(|job| job.run.raw()),
            Some(&*at.to_string())
        );
        assert!(at == 0 || details.job(&Uid::new(GITHUB, &format!("job {}", at - 1))).is_none());
    }
    for kind in [Kind::Rollout, Kind::Slo] {
        for event in [FeedEvent::ListBegins, FeedEvent::Listed] {
            console.send(Msg::Feed(FeedId { cluster: GITHUB, kind, namespace: None }, event));
        }
    }
    assert_eq!(console.state.world.details.kept(), (1, 0, 0));
}

/// The keys of a run apply to its row, and only to what its state allows.
#[test]
fn a_run_that_waits_is_cancelled_or_run_again_from_the_inbox() {
    let mut console = console();
    let runs = vec![
        run(1, RunStatus::Waiting, None),
        run(2, RunStatus::Completed, Some(Conclusion::ActionRequired)),
        run(3, RunStatus::Completed, Some(Conclusion::Failure)),
    ];
    hear(&mut console, [FeedEvent::ListBegins, FeedEvent::Applied(runs), FeedEvent::Listed]);
    console.press(Command::ShowInbox);
    let rows = lists::rows(&console.state, &ListId::Place(Place::Inbox), 0..9);
    assert_eq!(rows.len(), 2, "a failed run waits for nobody");
    for (number, command, offered) in
        [("1", Command::CancelRun, true), ("1", Command::RerunFailed, false), ("2", Command::CancelRun, false)]
    {
        console.press(Command::Top);
        let selected = |console: &Console| verbs::target(&console.state).map(|target| target.uid);
        if selected(&console) != Some(Uid::new(GITHUB, number)) {
            console.press(Command::Down);
        }
        assert_eq!(selected(&console), Some(Uid::new(GITHUB, number)));
        console.press(command);
        let asked = console.dialog().map(|dialog| dialog.action.target.uid.clone());
        assert_eq!(asked, offered.then(|| Uid::new(GITHUB, number)), "{command:?} of {number}: {}", console.toast());
        if offered {
            console.press(Command::ConfirmNo);
        } else {
            assert!(!console.toast().is_empty(), "{command:?} of {number} says why not");
        }
    }
    assert_eq!(console.performed(), 0, "nothing is sent without a yes");
}

#[test]
fn a_pause_that_the_host_asks_for_is_not_blamed_on_the_token_and_is_said_once() {
    let mut console = console();
    let held_until = Some(console.state.now.wall + Duration::from_mins(12));
    let why_held = quarterdeck::text::Safe::of("GitHub asks for a pause (secondary rate limit)");
    let quota = Quota {
        limit: 60,
        remaining: 40,
        reset: None,
        answers: 9,
        unchanged: 0,
        held_until,
        why_held,
        anonymous: true,
    };
    let message = quarterdeck::text::Safe::of("GitHub asks for a pause");
    let failed = quarterdeck::model::source::FeedStatus::Failed { message, retry_at: None };
    hear(&mut console, [FeedEvent::Detail(Detail::Quota(quota)), FeedEvent::Status(failed)]);
    console.send(Msg::Tick);
    let all = sentences(&console);
    assert_eq!(all.iter().filter(|line| line.contains("pause")).count(), 1, "{all:?}");
    assert!(all.iter().any(|line| line.contains("secondary rate limit")), "{all:?}");
    assert!(!all.iter().any(|line| line.contains("token")), "{all:?}");
}
