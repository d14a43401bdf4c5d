//! Images on the screen: the list, the page of one, the run that built it, and each state of a registry.

use std::sync::Arc;

use quarterdeck::model::images::{Digest, Image, Manifest, Platform, Variant};
use quarterdeck::model::kubernetes::Meta;
use quarterdeck::model::scope::{CanaryQueries, Service, Settings};
use quarterdeck::model::source::{FeedEvent, FeedId, FeedStatus, Object, SourceScope};
use quarterdeck::model::{Kind, Name, SourceId, SystemId, Uid};
use quarterdeck::state::State;
use quarterdeck::state::ui::Place;
use quarterdeck::text::Safe;
use quarterdeck::update;

use super::run_world::{ago, id, pipelines, run};
use super::shot::{compare, shot};
use super::world::deploying;

const SMALL: (u16, u16) = (80, 24);
const FULL: (u16, u16) = (160, 48);
const WIDE: (u16, u16) = (300, 100);
const REPOSITORY: &str = "ghcr.io/acme/checkout";

/// With a registry that has said nothing yet, and a service that asks for two platforms.
fn silent() -> State {
    let mut state = pipelines(deploying());
    let source = SourceId(state.world.sources.len() as u16);
    let scope = SourceScope {
        id: source,
        system: SystemId::Registry,
        name: Name::new("ghcr.io"),
        server: Safe::of("https://ghcr.io"),
        user: Safe::of(""),
        namespaces: Some(vec![Name::new(REPOSITORY)]),
        unusable: None,
        discovered: None,
    };
    for feed in scope.feeds() {
        state.world.feeds.insert(feed, quarterdeck::state::world::Feed::default());
    }
    state.world.sources.push(scope);
    let service = Service {
        name: Name::new("checkout"),
        repository: Some(Name::new("acme/checkout")),
        workflows: Vec::new(),
        tekton: Vec::new(),
        images: vec![Name::new(REPOSITORY)],
        platforms: ["linux/amd64", "linux/arm64"].iter().filter_map(|text| Platform::parse(text)).collect(),
        canary: CanaryQueries::default(),
    };
    state.settings = Arc::new(Settings { services: vec![service], ..Settings::default() });
    state
}

fn hear(state: &mut State, event: FeedEvent) {
    let source = state.world.of_system(SystemId::Registry).next().unwrap().id;
    let feed = FeedId { cluster: source, kind: Kind::Image, namespace: Some(Name::new(REPOSITORY)) };
    let mono = state.now.mono;
    state.world.apply(&feed, mono, event);
}

fn digest(digit: char) -> Digest {
    Digest::parse(&format!("sha256:{}", digit.to_string().repeat(64))).unwrap()
}

fn image(state: &State, tag: &str, age: i64, manifest: Result<Manifest, Safe>) -> Object {
    let source = state.world.of_system(SystemId::Registry).next().unwrap().id;
    let meta = Meta {
        cluster: source,
        namespace: Name::new(REPOSITORY),
        name: Name::new(tag),
        uid: Uid::new(source, &format!("{REPOSITORY}:{tag}")),
        resource_version: Arc::from(""),
        generation: 0,
        created: manifest.is_ok().then(|| ago(state, age)),
        deleting: None,
        owner: None,
    };
    Object::Image(Arc::new(Image { meta, tagged: true, manifest: manifest.map(Arc::new) }))
}

fn manifest(digit: char, platforms: &[&str], revision: &str) -> Manifest {
    let variant = |(at, text): (usize, &&str)| Variant {
        platform: Platform::parse(text),
        digest: digest(['d', 'e', 'f'][at]),
        size: Some(48_200_000 + at as u64 * 1_300_000),
    };
    Manifest {
        digest: digest(digit),
        index: true,
        variants: platforms.iter().enumerate().map(variant).collect(),
        attestations: 1,
        revision: Some(Safe::line(revision)),
        source: Some(Safe::of("https://github.com/acme/checkout")),
        unread: None,
    }
}

pub fn images() -> State {
    let mut state = silent();
    let built = run(&state, "acme/checkout", "ci-cd-pipeline", 1, 0, None).sha;
    let mut odd = manifest('b', &["linux/amd64"], "");
    odd.variants[0].platform = None;
    odd.unread = Some(Safe::of("it is no image but an artifact (application/vnd.cncf.helm.config.v1+json)"));
    let rows = vec![
        image(&state, "1.44.0", 7_200, Ok(manifest('9', &["linux/amd64"], built.as_str()))),
        image(&state, "1.43.0", 172_800, Ok(manifest('a', &["linux/amd64", "linux/arm64/v8"], "0123456789ab"))),
        image(&state, "chart", 90_000, Ok(odd)),
        image(&state, "gone", 0, Err(Safe::of("the registry has no such tag"))),
    ];
    for event in [FeedEvent::ListBegins, FeedEvent::Applied(rows), FeedEvent::Listed] {
        hear(&mut state, event);
    }
    state
}

fn at(mut state: State, place: Place, size: (u16, u16)) -> State {
    state.ui.place = place;
    state.ui.size = size;
    update::settle(&mut state);
    state
}

#[test]
fn the_view_of_images() {
    for (name, size) in [("80x24", SMALL), ("160x48", FULL), ("300x100", WIDE)] {
        compare!(format!("images-view-{name}"), shot(&at(images(), Place::Images, size), size));
    }
}

#[test]
fn the_page_of_an_image_says_what_is_missing() {
    for (name, size) in [("80x24", SMALL), ("160x48", FULL)] {
        let state = images();
        let rows = state.world.images.rows();
        let place = Place::Image(rows.iter().find(|image| image.meta.name.raw() == "1.44.0").unwrap().id());
        compare!(format!("images-page-{name}"), shot(&at(state, place, size), size));
    }
}

#[test]
fn each_state_of_a_registry_is_a_screen_of_its_own() {
    let of = |status: FeedStatus| {
        let mut state = silent();
        hear(&mut state, FeedEvent::Status(status));
        shot(&at(state, Place::Images, SMALL), SMALL)
    };
    let denied = "ghcr.io/acme/checkout: not found or no access; check the name, or give sources.registries a login";
    compare!("images-denied", of(FeedStatus::Denied { message: Safe::of(denied) }));
    let refused = "https://ghcr.io refused the connection; check that it runs and the port in sources.registries";
    compare!("images-failed", of(FeedStatus::Failed { message: Safe::of(refused), retry_at: None }));
    compare!("images-loading", shot(&at(silent(), Place::Images, SMALL), SMALL));
    let mut empty = silent();
    hear(&mut empty, FeedEvent::ListBegins);
    hear(&mut empty, FeedEvent::Listed);
    compare!("images-empty", shot(&at(empty, Place::Images, SMALL), SMALL));
    compare!("images-no-registry", shot(&at(pipelines(deploying()), Place::Images, SMALL), SMALL));
}

#[test]
fn a_run_says_which_image_it_built() {
    let state = images();
    let found = state.world.images.rows().iter().find(|image| image.meta.name.raw() == "1.44.0").unwrap().clone();
    let mut state = at(state, Place::Pipelines, FULL);
    let built = quarterdeck::state::images::run(&state, &found).expect("a run of its commit");
    state = at(state, Place::Run(built.id()), FULL);
    let screen = shot(&state, FULL);
    assert!(screen.contains("image checkout:1.44.0") && screen.contains("linux/arm64 missing"), "{screen}");
    // One of another commit built nothing that is known.
    let other = at(images(), Place::Run(id(&images(), 977)), FULL);
    assert!(built.number == 977 || !shot(&other, FULL).contains("image checkout:"));
}
