//! What runs beside what Git asks for: drift by commits, hold, soak; what is not known is never a number.

use std::sync::Arc;

use quarterdeck::model::gitops::{Apart, Overlay, OverlayRead, Pinned, Pins, Range, RangeRead};
use quarterdeck::model::pipelines::Run;
use quarterdeck::model::scope::{Environment, OnFindings, Settings};
use quarterdeck::model::source::{Detail, FeedEvent, FeedId};
use quarterdeck::model::{Kind, Name};
use quarterdeck::state::matrix::Workload;
use quarterdeck::state::ui::Place;
use quarterdeck::state::{State, derived, drift, holds, interest};
use quarterdeck::text::Safe;
use quarterdeck::update;
use serde_json::{Value, json};

use crate::ingest::blockers::gitops::application;
use crate::ingest::blockers::objects::{canary, deployment, now};
use crate::ingest::world::with;
use crate::screens::run_world;

const OLD: &str = "aaaaaaaa44aa0b6f1d2e3c4b5a69788796a5b4c3";
const NEW: &str = "9f8e7d1c44aa0b6f1d2e3c4b5a69788796a5b4c3";

fn overlay() -> Overlay {
    Overlay {
        repository: Name::new("acme/gitops"),
        path: Name::new("k8s/overlays/prod"),
        branch: Some(Name::new("main")),
    }
}

/// A Deployment of this image in an environment whose overlay is configured.
fn state(image: &str) -> State {
    of_images(&[image])
}

/// The same, of several containers.
fn of_images(images: &[&str]) -> State {
    let containers: Vec<Value> =
        images.iter().enumerate().map(|(at, image)| json!({ "name": format!("app{at}"), "image": image })).collect();
    let row = deployment(&json!({ "spec": { "template": { "spec": { "containers": containers } } } }));
    let mut state = with(now(), &json!({ "deployments": [row] }));
    run_world::github(&mut state);
    let tagged = |state: &State, number: u64, tag: &str, sha: &str| -> Run {
        run_world::with(run_world::run(state, "acme/checkout", "release", number, 7_200, Some(6_600)), |run| {
            run.branch = Some(Name::new(tag));
            run.sha = Safe::line(sha);
        })
    };
    let runs = vec![tagged(&state, 1, "v1.42.0", OLD), tagged(&state, 2, "v1.43.0", NEW)];
    run_world::list(&mut state, runs);
    let environment = Environment {
        name: Name::new("prod"),
        cluster: None,
        namespace: Some(Name::new("production")),
        protection: None,
        findings: OnFindings::Warn,
        gitops: Some(overlay()),
    };
    state.settings = Arc::new(Settings { environments: vec![environment], ..Settings::default() });
    state.ui.place = Place::Environments;
    update::settle(&mut state);
    state
}

fn hear(state: &mut State, detail: Detail) {
    let mono = state.now.mono;
    state.world.apply(&run_world::feed("acme/checkout"), mono, FeedEvent::Detail(detail));
    update::settle(state);
}

fn pinned(image: &str, tag: Option<&str>, digest: Option<&str>) -> Pinned {
    Pinned { image: Safe::line(image), instead: None, tag: tag.map(Safe::line), digest: digest.map(Safe::line) }
}

fn pins(state: &mut State, images: Vec<Pinned>) {
    let pins = Ok(Arc::new(Pins { file: Safe::of("kustomization.yaml"), images }));
    hear(state, Detail::Overlay(OverlayRead { overlay: overlay(), pins }));
}

fn told(state: &State) -> String {
    let drifts = derived::drifts(state);
    let drift = drifts.of(&state.world.deployments.rows()[0].meta.uid);
    match drift.why() {
        Some(why) => format!("{}: {}", drift.words().as_str(), why.as_str()),
        None => drift.words().as_str().to_owned(),
    }
}

#[test]
fn an_environment_drifts_by_the_commits_between_two_versions() {
    const IMAGE: &str = "ghcr.io/acme/checkout";
    let mut state = state(&format!("{IMAGE}:1.42.0"));
    assert_eq!(told(&state), "unknown: k8s/overlays/prod in acme/gitops was not read yet");
    let asked = interest::of(&state);
    assert_eq!(asked.overlays.iter().map(|it| it.overlay.clone()).collect::<Vec<_>>(), [overlay()]);
    assert_eq!((asked.overlays[0].reader.raw(), asked.ranges.len()), ("acme/checkout", 0));

    pins(&mut state, vec![pinned(IMAGE, Some("1.42.0"), None)]);
    assert_eq!(told(&state), "in step");
    pins(&mut state, vec![pinned(IMAGE, Some("1.43.0"), None)]);
    assert_eq!(told(&state), "Git asks for 1.43.0: Git asks for 1.43.0; the two were not compared yet");
    let range = interest::of(&state).ranges[0].range.clone();
    assert_eq!(range, Range { repository: Name::new("acme/checkout"), base: Safe::of(OLD), head: Safe::of(NEW) });

    let cases = [
        (Apart::After { commits: 3, migrations: 1, whole: true }, "3 commits behind, 1 migration: Git asks for 1.43.0"),
        (Apart::After { commits: 1, migrations: 0, whole: true }, "1 commit behind: Git asks for 1.43.0"),
        (
            Apart::After { commits: 900, migrations: 7, whole: false },
            "900 commits behind, ≥ 7 migrations: Git asks for 1.43.0",
        ),
        (
            Apart::After { commits: 900, migrations: 0, whole: false },
            "900 commits behind, migrations not all told: Git asks for 1.43.0",
        ),
        (Apart::Before { commits: 2 }, "2 commits ahead: Git asks for 1.43.0"),
        (Apart::Diverged { after: 2, before: 1 }, "2 behind, 1 ahead: Git asks for 1.43.0"),
        (Apart::Same, "in step"),
    ];
    for (apart, expected) in cases {
        hear(&mut state, Detail::Range(RangeRead { range: range.clone(), apart: Ok(apart) }));
        assert_eq!(told(&state), expected);
        assert!(interest::of(&state).ranges.is_empty(), "what is known is not asked for again");
    }
    hear(&mut state, Detail::Range(RangeRead { range, apart: Err(Safe::of("no access")) }));
    assert_eq!(told(&state), "Git asks for 1.43.0: Git asks for 1.43.0; no access");

    for (images, expected) in [
        (vec![], "unknown: kustomization.yaml of k8s/overlays/prod names no image ghcr.io/acme/checkout"),
        (
            vec![pinned(IMAGE, Some("1.43.0"), None), pinned(IMAGE, Some("1.44.0"), None)],
            "unknown: kustomization.yaml of k8s/overlays/prod names no image ghcr.io/acme/checkout",
        ),
        (vec![pinned("", Some("1.42.0"), None)], "in step"),
        (vec![pinned(IMAGE, None, None)], "unknown: Git pins neither a tag nor a digest of it"),
        (
            vec![pinned(IMAGE, Some("1.50.0"), None)],
            "Git asks for 1.50.0: Git asks for 1.50.0; the commit of 1.50.0 is not known",
        ),
        (
            vec![pinned(IMAGE, Some("1.42.0"), Some("sha256:0123456789abcdef"))],
            "Git asks for sha256:0123456: Git asks for sha256:0123456; what runs is named by its tag alone",
        ),
    ] {
        pins(&mut state, images);
        assert_eq!(told(&state), expected);
    }
    // What was read once is better than why it cannot be read now, and says that it is old.
    pins(&mut state, vec![pinned(IMAGE, Some("1.42.0"), None)]);
    hear(&mut state, Detail::Overlay(OverlayRead { overlay: overlay(), pins: Err(Safe::of("timed out")) }));
    assert_eq!(told(&state), "old: in step: what Git asks for was not read again: timed out");
    pins(&mut state, vec![pinned(IMAGE, Some("1.42.0"), None)]);
    assert_eq!(told(&state), "in step");

    // Nobody looks: nothing is asked.
    state.ui.place = Place::Journal;
    assert!(interest::of(&state).overlays.is_empty());
}

#[test]
fn of_very_many_comparisons_those_go_that_nobody_needs() {
    let mut state = state("ghcr.io/acme/checkout:1.42.0");
    let range = |at: usize| Range {
        repository: Name::new("acme/checkout"),
        base: Safe::of(OLD),
        head: Safe::line(&format!("{at:040x}")),
    };
    for at in 0..600 {
        hear(&mut state, Detail::Range(RangeRead { range: range(at), apart: Ok(Apart::Same) }));
    }
    let details = &mut state.world.details;
    details.bound_ranges(|it| *it == range(0) || *it == range(7));
    assert_eq!((0..600).filter(|at| details.range(&range(*at)).is_some()).count(), 500);
    assert!(
        details.range(&range(0)).is_some() && details.range(&range(7)).is_some() && details.range(&range(1)).is_none()
    );
}

#[test]
fn of_several_images_the_worst_is_told_and_a_pin_without_a_name_is_for_none_of_them() {
    const IMAGE: &str = "ghcr.io/acme/checkout";
    const OTHER: &str = "docker.io/library/redis";
    let (image, other) = (format!("{IMAGE}:1.42.0"), format!("{OTHER}:7.2.0"));
    for all in [[&*image, &*other], [&*other, &*image]] {
        let mut state = of_images(&all);
        for (images, expected) in [
            (vec![pinned(IMAGE, Some("1.42.0"), None), pinned(OTHER, Some("7.2.0"), None)], "in step"),
            (
                vec![pinned(IMAGE, Some("1.42.0"), None), pinned(OTHER, Some("7.4.0"), None)],
                "Git asks for 7.4.0: Git asks for 7.4.0; the repository of its code is not known",
            ),
            (
                vec![pinned(IMAGE, Some("1.42.0"), None), pinned(OTHER, None, None)],
                "unknown: Git pins neither a tag nor a digest of it",
            ),
            (vec![pinned(IMAGE, Some("1.42.0"), None)], "in step"),
            (
                vec![pinned("", Some("1.44.0"), None)],
                "unknown: kustomization.yaml of k8s/overlays/prod does not say which of several images it is for",
            ),
        ] {
            pins(&mut state, images);
            assert_eq!(told(&state), expected, "{all:?}");
        }
    }
}

#[test]
fn an_application_says_where_git_describes_it_unless_the_configuration_does() {
    let mut state =
        with(now(), &json!({ "rollouts": [canary(&json!({}))], "applications": [application(&json!({}))] }));
    update::settle(&mut state);
    assert!(derived::drifts(&state).overlays.is_empty(), "no host of GitHub is read");
    run_world::github(&mut state);
    state.world.sources.last_mut().unwrap().server = Safe::of("https://api.github.com");
    let all = drift::build(&state).overlays;
    assert_eq!((all[0].overlay.repository.raw(), all[0].overlay.path.raw()), ("shop/gitops", "overlays/production"));

    let elsewhere = json!({ "spec": { "source": { "repoURL": "https://git.example/shop/gitops" } } });
    let mut other =
        with(now(), &json!({ "rollouts": [canary(&json!({}))], "applications": [application(&elsewhere)] }));
    run_world::github(&mut other);
    assert!(drift::build(&other).overlays.is_empty(), "it is not on the host that is read");
}

fn of(change: &Value, kept: Option<&Value>) -> (Option<String>, bool) {
    let kept: Vec<Value> = kept.into_iter().map(application).collect();
    let mut state = with(now(), &json!({ "rollouts": [canary(change)], "applications": kept }));
    update::settle(&mut state);
    let row = Workload::Rollout(Arc::clone(&state.world.rollouts.rows()[0]));
    let hold = holds::of(&state, &row).map(|hold| hold.what.as_str().to_owned());
    (hold, drift::soaks_since(&state, &row).is_some())
}

#[test]
fn a_hold_and_the_time_since_a_version_is_fully_out() {
    let manual = json!({ "spec": { "syncPolicy": null } });
    assert_eq!(of(&json!({}), None), (None, false));
    assert_eq!(of(&json!({}), Some(&json!({}))), (None, false));
    assert_eq!(of(&json!({}), Some(&manual)).0.as_deref(), Some("auto-sync off"));
    let left = json!({ "metadata": { "annotations": { "argocd.argoproj.io/skip-reconcile": "true" } } });
    assert_eq!(of(&json!({}), Some(&left)).0.as_deref(), Some("skip-reconcile"));
    let paused = json!({ "spec": { "paused": true } });
    assert_eq!(of(&paused, Some(&manual)).0.as_deref(), Some("paused by hand"), "what somebody did comes first");

    let set = json!({ "metadata": { "name": "db", "namespace": "production", "uid": "db", "resourceVersion": "1" },
        "spec": { "replicas": 1 }, "status": { "replicas": 1 } });
    let mut kept = application(&manual);
    kept["status"]["resources"] = json!([{ "group": "apps", "kind": "StatefulSet", "namespace": "production", "name": "db", "status": "Synced" }]);
    let state = with(now(), &json!({ "statefulsets": [set], "applications": [kept] }));
    let row = Workload::Controlled(Arc::clone(&state.world.controlled.rows()[0]));
    assert_eq!(holds::of(&state, &row).map(|hold| hold.what.as_str().to_owned()).as_deref(), Some("auto-sync off"));

    let done = |kind: &str, stable: &str| {
        json!({ "status": { "phase": "Healthy", "message": "", "stableRS": stable,
        "conditions": [{ "type": kind, "status": "True", "reason": "x", "lastTransitionTime": "2026-11-21T01:00:00Z" }] } })
    };
    assert!(of(&done("Completed", "new"), None).1);
    assert!(!of(&done("Completed", "old"), None).1, "not all of them have it");
    assert!(!of(&done("Available", "new"), None).1, "nobody says since when");
}

#[test]
fn what_no_host_serves_is_read_with_git_and_compared_there_too() {
    let plain = Overlay { repository: Name::new("ssh://git@git.example/shop/gitops.git"), ..overlay() };
    let row = deployment(
        &json!({ "spec": { "template": { "spec": { "containers": [{ "name": "app", "image": "r.example/web:sha-aaaaaaa4" }] } } } }),
    );
    // There is no GitHub at all.
    let mut state = with(now(), &json!({ "deployments": [row] }));
    let environment = Environment {
        name: Name::new("prod"),
        cluster: None,
        namespace: Some(Name::new("production")),
        protection: None,
        findings: OnFindings::Warn,
        gitops: Some(plain.clone()),
    };
    state.settings = Arc::new(Settings { environments: vec![environment], ..Settings::default() });
    update::settle(&mut state);
    let asked = drift::build(&state).overlays;
    assert_eq!((asked.len(), &asked[0].overlay, asked[0].source), (1, &plain, crate::ingest::world::CLUSTER));
    let drift_of = |state: &State| {
        let row = &state.world.deployments.rows()[0];
        let drifts = derived::drifts(state);
        let drift = drifts.of(&row.meta.uid);
        format!("{}: {}", drift.words().as_str(), drift.why().map_or_else(String::new, |why| why.as_str().to_owned()))
    };
    assert!(drift_of(&state).ends_with("was not read yet"), "{}", drift_of(&state));

    let pins = Pins {
        file: Safe::of("kustomization.yaml"),
        images: vec![pinned("r.example/web", Some("sha-9f8e7d1c"), None)],
    };
    let feed = FeedId { cluster: crate::ingest::world::CLUSTER, kind: Kind::Application, namespace: None };
    let mut hear = |detail: Detail| {
        state.world.apply(&feed, state.now.mono, FeedEvent::Detail(detail));
        update::settle(&mut state);
        state.clone()
    };
    let state = hear(Detail::Overlay(OverlayRead { overlay: plain.clone(), pins: Ok(Arc::new(pins)) }));
    let ranges = drift::build(&state).ranges;
    assert_eq!(ranges.len(), 1, "{}", drift_of(&state));
    let range = ranges[0].range.clone();
    assert!(range.is_plain());
    assert_eq!(
        (range.repository.raw(), range.base.as_str(), range.head.as_str()),
        (plain.repository.raw(), "aaaaaaa4", "9f8e7d1c")
    );
    let apart = Ok(Apart::After { commits: 3, migrations: 1, whole: true });
    let state = hear(Detail::Range(RangeRead { range, apart }));
    assert_eq!(drift_of(&state), "3 commits behind, 1 migration: Git asks for sha-9f8e7d1c");
}
