//! What can be asked of a PipelineRun, what the dialog says of it, and what proves it.

use std::collections::BTreeMap;
use std::sync::Arc;

use quarterdeck::action::{Action, CancelHow, Change, Operation, OperationId, Outcome};
use quarterdeck::command::Command;
use quarterdeck::model::access::{AccessRead, Answer, Right};
use quarterdeck::model::scope::{CanaryQueries, PipelineOf, Service, Settings};
use quarterdeck::model::source::{Detail, FeedEvent, FeedId, FeedStatus};
use quarterdeck::model::{Kind, Name, ObjectId, SourceId, SystemId};
use quarterdeck::state::State;
use quarterdeck::state::ui::Place;
use quarterdeck::state::verbs::{self, Verdict};
use quarterdeck::text::Safe;

use crate::ingest::tekton::{pipeline_runs, world};
use crate::ingest::world::{CLUSTER, list, state as empty};

fn run(state: &State, name: &str) -> ObjectId {
    let found = state.world.runs.rows().iter().find(|run| run.meta.name.raw() == name);
    found.unwrap_or_else(|| panic!("no run {name}")).id()
}

fn asked(state: &State, command: Command, name: &str) -> Result<Change, String> {
    verbs::available(state, command, &run(state, name))
        .map(|offer| offer.action.change)
        .map_err(|why| why.as_str().to_owned())
}

/// All that the dialog says.
fn dialog(state: &State, name: &str, change: Change) -> String {
    let confirm = verbs::preview(state, &Action { target: run(state, name), change });
    let lines = confirm
        .lines
        .iter()
        .flat_map(|(label, texts)| texts.iter().map(move |text| format!("{}: {}", label.as_str(), text.as_str())));
    let lines: Vec<String> = lines.collect();
    format!("{}\n{}\n{}", confirm.title.as_str(), confirm.summary.as_str(), lines.join("\n"))
}

#[test]
fn what_runs_can_be_ended_in_three_ways_and_what_has_ended_run_again() {
    let state = world();
    let how = |how| Ok(Change::CancelRun { how });
    assert_eq!(asked(&state, Command::CancelRun, "nightly"), how(CancelHow::Cancelled));
    assert_eq!(asked(&state, Command::CancelFinally, "nightly"), how(CancelHow::CancelledRunFinally));
    assert_eq!(asked(&state, Command::StopFinally, "nightly"), how(CancelHow::StoppedRunFinally));
    assert!(asked(&state, Command::RerunFailed, "nightly").unwrap_err().contains("has not ended"));
    // The fixture is stopping already: the same again is refused, a harder way is not.
    let twice = asked(&state, Command::CancelFinally, "release-run-qq5zt").unwrap_err();
    assert_eq!(twice, "it is already asked for CancelledRunFinally");
    assert_eq!(asked(&state, Command::CancelRun, "release-run-qq5zt"), how(CancelHow::Cancelled));
    assert_eq!(asked(&state, Command::RerunFailed, "release-run-x7f2k"), Ok(Change::RunAgain));
    assert_eq!(asked(&state, Command::CancelRun, "release-run-x7f2k").unwrap_err(), "it has ended: Failed");
    // Each change is asked for anew by its own command.
    for (command, change) in [
        (Command::CancelRun, Change::CancelRun { how: CancelHow::Cancelled }),
        (Command::CancelFinally, Change::CancelRun { how: CancelHow::CancelledRunFinally }),
        (Command::StopFinally, Change::CancelRun { how: CancelHow::StoppedRunFinally }),
        (Command::RerunFailed, Change::RunAgain),
    ] {
        assert_eq!(verbs::command_for(&change), command);
    }
}

#[test]
fn the_dialog_says_what_a_cancel_takes_with_it() {
    let state = world();
    let said = |how| dialog(&state, "release-run-qq5zt", Change::CancelRun { how });
    let cancelled = said(CancelHow::Cancelled);
    assert!(cancelled.contains("it will: delete the pods of the tasks it stops, and their logs"), "{cancelled}");
    assert!(cancelled.contains("it will not: run its finally tasks: notify"), "{cancelled}");
    let finally = said(CancelHow::CancelledRunFinally);
    assert!(finally.contains("delete the pods") && finally.contains("then run its finally tasks: notify"), "{finally}");
    let stopped = said(CancelHow::StoppedRunFinally);
    assert!(stopped.contains("keep the pods and their logs") && !stopped.contains("delete"), "{stopped}");
    let again = dialog(&state, "release-run-x7f2k", Change::RunAgain);
    assert!(again.starts_with("Run again release-run-x7f2k in ci\n"), "{again}");
    assert!(again.contains("run all tasks of release from the start") && again.contains("revision=main"), "{again}");
}

#[test]
fn only_what_tekton_shows_proves_it() {
    let mut state = world();
    let operation = |name: &str, change, made: Option<&str>| Operation {
        id: OperationId("1-1".to_owned()),
        action: Action { target: run(&world(), name), change },
        cluster: Name::new("lab"),
        environment: Name::new("ci"),
        reason: Safe::of(""),
        summary: Safe::of(""),
        expects: Safe::of(""),
        outcome: Outcome::Accepted,
        generation: None,
        made: made.map(Name::new),
        started: state.now.wall,
        started_mono: state.now.mono,
        changed: state.now.wall,
    };
    let cancel = operation("release-run-qq5zt", Change::CancelRun { how: CancelHow::CancelledRunFinally }, None);
    let again = operation("release-run-x7f2k", Change::RunAgain, Some("release-run-newer"));
    let late = operation("release-run-x7f2k", Change::CancelRun { how: CancelHow::Cancelled }, None);
    let Verdict::Waiting(what) = verbs::expected(&state, &cancel) else { panic!("it runs its finally tasks") };
    assert!(what.as_str().contains("CancelledRunningFinally"), "{what:?}");
    assert!(matches!(verbs::expected(&state, &again), Verdict::Waiting(_)));
    assert!(matches!(verbs::expected(&state, &late), Verdict::Lost(_)), "it failed before");

    let mut runs = pipeline_runs();
    runs[2]["status"]["conditions"][0]["status"] = "False".into();
    runs[2]["status"]["conditions"][0]["reason"] = "Cancelled".into();
    let mut newer = runs[1].clone();
    newer["metadata"]["name"] = "release-run-newer".into();
    newer["metadata"]["uid"] = "pr-9".into();
    runs.push(newer);
    list(&mut state, Kind::PipelineRun, &runs);
    assert_eq!(verbs::expected(&state, &cancel), Verdict::Seen);
    assert_eq!(verbs::expected(&state, &again), Verdict::Seen);
}

/// The lane of a service starts what is its own; what never ran comes first, because nothing else leads to it.
#[test]
fn the_lane_of_a_service_starts_its_pipeline() {
    let mut state = world();
    let newest =
        state.world.runs.rows().iter().filter(|run| run.workflow.raw() == "release").max_by_key(|run| run.created);
    let newest = newest.expect("a run of it").clone();
    let place = newest.meta.namespace.clone();
    let of = |pipeline: &str, namespace: Option<&Name>| PipelineOf {
        pipeline: Name::new(pipeline),
        namespace: namespace.cloned(),
    };
    let mut with = |tekton: Vec<PipelineOf>, lane: &str| {
        let service = Service {
            name: Name::new("checkout"),
            repository: None,
            workflows: Vec::new(),
            tekton,
            images: Vec::new(),
            platforms: Vec::new(),
            canary: CanaryQueries::default(),
        };
        state.settings = Arc::new(Settings { services: vec![service], ..Settings::default() });
        let workload = ObjectId { kind: Kind::Rollout, name: Name::new(lane), ..newest.id() };
        state.ui.place = Place::Lane(workload);
        let form = verbs::dispatch::form(&state).map_err(|why| why.as_str().to_owned())?;
        Ok((form.target.namespace.raw().to_owned(), form.reference.raw().to_owned(), form.path.raw().to_owned()))
    };
    let told = |pipeline: &str, run: &str| Ok((place.raw().to_owned(), pipeline.to_owned(), run.to_owned()));
    let (release, other) = (of("release", None), of("brand-new", Some(&place)));
    assert_eq!(with(vec![release.clone(), other.clone()], "checkout"), told("brand-new", ""));
    assert_eq!(with(vec![release.clone()], "checkout"), told("release", newest.meta.name.raw()));
    for (tekton, lane) in [
        (vec![release, other], "search"),
        (Vec::new(), "checkout"),
        // Nobody says where it would run.
        (vec![of("brand-new", None)], "checkout"),
    ] {
        let why: Result<(String, String, String), String> = with(tekton, lane);
        assert!(why.as_ref().is_err_and(|why| why.contains("select a run first")), "{why:?}");
    }
}

/// That a Pipeline never ran is known of a list that was read to its end; where it is not known, or not allowed, GitHub's
/// workflows can be chosen all the same.
#[test]
fn a_pipeline_that_may_not_be_started_leaves_the_workflows_to_choose() {
    const GITHUB: SourceId = SourceId(7);
    let place = Name::new("ci");
    let repository = Name::new("shop/checkout");
    let started = |events: Vec<FeedEvent>, github: bool, elsewhere: bool| {
        let mut state = empty("2026-08-03T09:10:00Z".parse().expect("a time"));
        let hear = |state: &mut State, cluster, kind, namespace: Option<&Name>, events: Vec<FeedEvent>| {
            let feed = FeedId { cluster, kind, namespace: namespace.cloned() };
            for event in events {
                state.world.apply(&feed, state.now.mono, event);
            }
        };
        if github {
            let mut host = state.world.sources[0].clone();
            (host.id, host.system, host.namespaces) = (GITHUB, SystemId::GitHub, Some(vec![repository.clone()]));
            state.world.sources.push(host);
            hear(&mut state, GITHUB, Kind::Run, Some(&repository), whole());
        }
        list(&mut state, Kind::Namespace, &[]);
        hear(&mut state, CLUSTER, Kind::PipelineRun, None, events);
        if elsewhere {
            hear(&mut state, SourceId(3), Kind::PipelineRun, Some(&place), whole());
        }
        let service = Service {
            name: Name::new("checkout"),
            repository: None,
            workflows: Vec::new(),
            tekton: vec![PipelineOf { pipeline: Name::new("brand-new"), namespace: Some(place.clone()) }],
            images: Vec::new(),
            platforms: Vec::new(),
            canary: CanaryQueries::default(),
        };
        state.settings = Arc::new(Settings { services: vec![service], ..Settings::default() });
        state.ui.place = Place::Pipelines;
        let form = verbs::dispatch::form(&state).map_err(|why| why.as_str().to_owned())?;
        Ok::<_, String>((form.target.kind, form.target.cluster))
    };
    let loading = || vec![FeedEvent::ListBegins];
    let denied = || vec![FeedEvent::Status(FeedStatus::Denied { message: Safe::of("no") })];
    let answers = BTreeMap::from([(Right::CreatePipelineRuns, Answer::Denied(Safe::of("no")))]);
    let access = AccessRead { namespace: place.clone(), answers, all: false };
    let forbidden = || [whole(), vec![FeedEvent::Detail(Detail::Access(access.clone()))]].concat();
    let (pipeline, workflow) = ((Kind::Pipeline, CLUSTER), (Kind::Workflow, GITHUB));
    for github in [true, false] {
        assert_eq!(started(whole(), github, false), Ok(pipeline));
        for (events, why) in [
            (loading(), "whether brand-new ever ran is not known: its source has not been read to the end yet"),
            (denied(), "whether brand-new ever ran is not known: its source cannot be read: no"),
            (forbidden(), "may not"),
        ] {
            let told = started(events, github, false);
            match told {
                Ok(told) => assert!(github && told == workflow, "{told:?}"),
                Err(said) => assert!(!github && said.contains(why), "{said}"),
            }
        }
        let told = started(denied(), github, true);
        assert_eq!(told, Ok((Kind::Pipeline, SourceId(3))), "another cluster was read to its end");
    }
}

fn whole() -> Vec<FeedEvent> {
    vec![FeedEvent::ListBegins, FeedEvent::Listed]
}
