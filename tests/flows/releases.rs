//! Releases of Helm as a server keeps them: listed by their metadata, their records read on their page, and
//! nothing of the values in them ever on a screen.

use quarterdeck::command::Command;
use quarterdeck::demo::Options;
use quarterdeck::state::ui::{ListId, Place, RowId};
use quarterdeck::state::{derived, helm};

use super::harness::Story;
use super::steps::{highlight, outcome, press, wait_for};

const LIST: ListId = ListId::Place(Place::Releases);

async fn go(story: &mut Story, command: Command, place: &Place) {
    assert!(story.console.press(command), "{command:?} has a key here");
    wait_for(story, "the place", |console| console.state().ui.place == *place).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_stopped_upgrade_is_found_and_what_is_in_it_is_read() {
    let mut story = Story::of(Options { held: true, ..Options::default() }).await;
    go(&mut story, Command::ShowEnvironments, &Place::Environments).await;
    go(&mut story, Command::Releases, &Place::Releases).await;
    wait_for(&mut story, "the releases", |console| derived::releases(console.state()).newest().count() == 3).await;
    assert!(story.console.press(Command::FaultsOnly));
    story.until("what is not well", |screen| screen.contains("pending-upgrade") && screen.contains("failed")).await;

    let wanted = |id: &RowId| matches!(id, RowId::Object(id) if id.name.raw() == "search-index");
    highlight(&mut story, &LIST, |_, id| wanted(id)).await;
    assert!(story.console.press(Command::Open));
    story
        .until("its history with the charts", |screen| {
            ["search-index-1.9.0", "1.8.2", "Preparing upgrade", "its helm was stopped"]
                .iter()
                .all(|word| screen.contains(word))
        })
        .await;
    assert!(!story.console.screen().contains("not for a screen"), "a value of the release is on the screen");

    // It is told which cluster to work on by a kubeconfig, and this one has none.
    press(&mut story, Command::Undo).await;
    story.until("what it will do", |screen| screen.contains("revision 7, deployed, search-index-1.8.3")).await;
    story.console.confirm().await.unwrap_or_else(|lost| panic!("{lost}"));
    wait_for(&mut story, "the answer", |console| outcome(console) == "refused").await;
    story.until("why", |screen| screen.contains("helm needs a kubeconfig, and this cluster has none")).await;

    // Who looks away asks for nothing more.
    go(&mut story, Command::ShowDeck, &Place::Deck).await;
    wait_for(&mut story, "nothing is asked for", |console| helm::wanted(console.state()).is_empty()).await;
}
