//! Incident S5: a green pipeline, an image without arm64, and nodes that need it. Seen from the
//! blocker line, from the run and from the image.

use std::sync::Arc;

use quarterdeck::app::{self, Headless};
use quarterdeck::command::Command;
use quarterdeck::demo::Options;
use quarterdeck::model::images::Image;
use quarterdeck::model::{Kind, ObjectId};
use quarterdeck::state::blocker::{Reason, blockers};
use quarterdeck::state::ui::{ListId, Place, RowId};
use quarterdeck::state::{images, lists};

use super::harness::Story;
use super::steps::{choose, wait_for};

fn image(console: &Headless, name: &str) -> Option<Arc<Image>> {
    let rows = console.state().world.images.rows();
    rows.iter()
        .find(|image| image.repository().raw() == "ghcr.io/shop/checkout" && image.meta.name.raw() == name)
        .cloned()
}

fn selected(console: &Headless) -> Option<ObjectId> {
    match lists::selected(console.state(), &ListId::Place(console.state().ui.place.clone()))? {
        RowId::Object(id) => Some(id),
        _ => None,
    }
}

async fn open() -> Story {
    let options = Options { scenario: "missing-arm64".to_owned(), held: true, ..Options::default() };
    let mut story = Story::with(options, |demo| Arc::new(app::settings_of(demo))).await;
    wait_for(&mut story, "the image", |console| image(console, "1.44.0").is_some()).await;
    story
}

#[tokio::test]
async fn the_missing_platform_is_the_first_cause_and_attestations_are_none() {
    let mut story = open().await;
    let found = image(&story.console, "1.44.0").unwrap();
    let manifest = found.manifest.as_ref().unwrap();
    assert_eq!(manifest.attestations, 1);
    let words: Vec<_> = manifest.variants.iter().map(|it| it.platform.as_ref().unwrap().words()).collect();
    assert_eq!(words.iter().map(quarterdeck::text::Safe::as_str).collect::<Vec<_>>(), ["linux/amd64"]);
    let state = story.console.state();
    let missing: Vec<_> =
        images::missing(state, &found).iter().map(quarterdeck::model::images::Platform::words).collect();
    assert_eq!(missing.iter().map(quarterdeck::text::Safe::as_str).collect::<Vec<_>>(), ["linux/arm64"]);
    // The version before has both, and two attestations beside them.
    wait_for(&mut story, "the image before", |console| image(console, "1.43.0").is_some()).await;
    let before = image(&story.console, "1.43.0").unwrap();
    let manifest = before.manifest.as_ref().unwrap();
    assert_eq!((manifest.variants.len(), manifest.attestations), (2, 2));
    assert!(images::missing(story.console.state(), &before).is_empty());
    let blocker = blockers(story.console.state()).into_iter().find(|blocker| {
        blocker.object.as_ref().is_some_and(|id| id.kind == Kind::Rollout && id.name.raw() == "checkout")
    });
    let blocker = blocker.expect("the canary does not move");
    assert_eq!(blocker.reason, Reason::ImagePlatform, "{}", blocker.sentence.as_str());
    assert!(blocker.sentence.as_str().contains("has no image for the platform of node node-2"), "{blocker:?}");
    assert!(blocker.sentence.as_str().contains("it is for linux/amd64 only"), "{blocker:?}");
}

#[tokio::test]
async fn arm64_missing_is_seen_from_the_run_and_from_the_image() {
    let mut story = open().await;
    assert!(story.console.press(Command::ShowPipelines));
    wait_for(&mut story, "the pipelines", |console| selected(console).is_some()).await;
    assert!(story.console.press(Command::Images));
    wait_for(&mut story, "the images", |console| {
        console.state().ui.place == Place::Images && console.screen().contains("arm64 missing")
    })
    .await;
    // What lacks something stands first.
    wait_for(&mut story, "the row", |console| selected(console).is_some_and(|id| id.name.raw() == "1.44.0")).await;
    assert!(story.console.press(Command::Open));
    wait_for(&mut story, "its page", |console| console.screen().contains("PLATFORMS")).await;
    story.until("the nodes it is missing for", |screen| screen.contains("3 of 9 nodes are linux/arm64")).await;
    let screen = story.console.screen();
    for wanted in ["✖ linux/arm64", "missing", "1 attestation, no platform", "Release 1.44.0", "checkout in production"]
    {
        assert!(screen.contains(wanted), "{wanted}:\n{screen}");
    }
    // From the run that built it.
    let found = image(&story.console, "1.44.0").unwrap();
    let run = images::run(story.console.state(), &found).expect("the run that built it");
    assert_eq!(run.branch.as_ref().unwrap().raw(), "v1.44.0");
    choose(&mut story, &run).await;
    assert!(story.console.press(Command::Open));
    wait_for(&mut story, "the run's page", |console| console.state().ui.place == Place::Run(run.id())).await;
    let screen = story.console.screen();
    assert!(screen.contains("image checkout:") && screen.contains("linux/arm64 missing"), "{screen}");
    assert!(screen.contains("3 of 9 nodes are linux/arm64"), "{screen}");
}
