//! What nobody named is shown as discovered, and with it where it was found.

use quarterdeck::model::source::SourceScope;
use quarterdeck::model::{Name, SourceId, SystemId};
use quarterdeck::state::ui::{Overlay, Place};
use quarterdeck::state::{State, World};
use quarterdeck::text::Safe;

use super::shot::shot;
use super::world::{at, silent};

fn beside(discovered: Option<&'static str>) -> State {
    let mut state = silent(&["production"]);
    let mut sources = state.world.sources.clone();
    sources.push(SourceScope {
        id: SourceId(1),
        system: SystemId::Prometheus,
        name: Name::new("prometheus.example"),
        server: Safe::of("https://prometheus.example"),
        user: Safe::of(""),
        namespaces: None,
        unusable: None,
        discovered: discovered.map(Safe::of),
    });
    state.world = World::new(sources);
    state
}

#[test]
fn the_header_and_the_help_say_what_was_discovered() {
    let (found, named) = (beside(Some("PROMETHEUS_URL")), beside(None));
    let header = |state: &State| shot(state, (160, 48)).lines().next().unwrap().to_owned();
    assert!(header(&found).contains("prometheus discovered"), "{}", header(&found));
    assert!(!header(&named).contains("discovered"), "{}", header(&named));

    let help = |state: &State| {
        let mut state = at(state.clone(), Place::Deck);
        state.ui.overlay = Some(Overlay::Help { top: 0 });
        shot(&state, (160, 80))
    };
    assert!(help(&found).contains("prometheus  prometheus.example  (PROMETHEUS_URL)"), "{}", help(&found));
    assert!(!help(&named).contains("discovered"));
    let lines = |state: &State| quarterdeck::state::help::lines(state, 60).len();
    assert_eq!(lines(&found), lines(&named) + 3, "the last line can be scrolled to");
}

/// A clone and a kubeconfig that have nothing to do with each other.
#[test]
fn a_repository_that_builds_nothing_here_is_said_to() {
    use super::{run_world, world};
    let shown = |repository: &str, discovered: Option<&'static str>, runs: bool, place: Place| {
        let mut state = world::deploying();
        run_world::github(&mut state);
        let source = state.world.sources.last_mut().unwrap();
        source.discovered = discovered.map(Safe::of);
        source.namespaces = Some(vec![Name::new(repository)]);
        if runs {
            run_world::list(&mut state, Vec::new());
        }
        shot(&at(state, place), (160, 48))
    };
    let (found, words) = (Some("git remote origin"), "nothing in the cluster seems to be built by website");
    let page = shown("acme/website", found, true, Place::Pipelines);
    assert!(page.contains(words) && page.contains("name services: in the configuration"), "{page}");
    assert!(shown("acme/website", found, true, Place::Deck).contains("builds nothing here? name services:"));
    for (repository, discovered, runs, why) in [
        ("acme/checkout", found, true, "it builds the checkout"),
        ("acme/website", found, false, "its runs are not read yet"),
    ] {
        let page = shown(repository, discovered, runs, Place::Pipelines);
        assert!(!page.contains("seems to be built by"), "{why}: {page}");
    }
}

/// A configuration beside a foreign kubeconfig: none of what it names runs there.
#[test]
fn configured_repositories_none_of_which_builds_anything_here_are_said_to() {
    use std::sync::Arc;

    use quarterdeck::model::scope::{CanaryQueries, Service};

    use super::{run_world, world};
    let page = |services: &[(&str, &str)]| {
        let mut state = world::deploying();
        run_world::github(&mut state);
        let source = state.world.sources.last_mut().unwrap();
        source.namespaces = Some(services.iter().map(|(_, repository)| Name::new(repository)).collect());
        let service = |(name, repository): &(&str, &str)| Service {
            name: Name::new(name),
            repository: Some(Name::new(repository)),
            workflows: Vec::new(),
            tekton: Vec::new(),
            images: Vec::new(),
            platforms: Vec::new(),
            canary: CanaryQueries::default(),
        };
        Arc::make_mut(&mut state.settings).services = services.iter().map(service).collect();
        run_world::list(&mut state, Vec::new());
        shot(&at(state, Place::Pipelines), (160, 48))
    };
    let words = "nothing in the cluster seems to be built by website; choose its cluster with --context";
    assert!(page(&[("website", "acme/website"), ("blog", "acme/blog")]).contains(words));
    for (services, why) in [
        (&[("website", "acme/website"), ("checkout", "acme/checkout")][..], "one of them runs here"),
        (&[("checkout", "acme/monorepo")][..], "the service runs here, whatever its repository is called"),
    ] {
        assert!(!page(services).contains("seems to be built by"), "{why}");
    }
}
