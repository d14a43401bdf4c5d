//! From the blocker line to each thing that does not move, one press after the other.

use quarterdeck::command::Command;
use quarterdeck::model::Kind;
use quarterdeck::model::source::{FeedEvent, FeedStatus};
use quarterdeck::state::blocker::blockers;
use quarterdeck::state::ui::Place;
use quarterdeck::text::Safe;
use quarterdeck::update::Msg;
use serde_json::json;

use super::world::Console;
use crate::ingest::blockers::objects::{condition, deployment, merge};

/// So many Deployments that passed their deadline.
fn stuck(names: &[&str]) -> Console {
    let one = |name: &&str| {
        let mut row = deployment(&condition("Progressing", "False", "ProgressDeadlineExceeded", "late"));
        merge(&mut row, &json!({ "metadata": { "name": name, "uid": name } }));
        row
    };
    let rows: Vec<_> = names.iter().map(one).collect();
    Console::new(&json!({ "deployments": rows }))
}

fn place(console: &Console) -> String {
    match &console.state.ui.place {
        Place::Workload(id) => id.name.raw().to_owned(),
        other => format!("{other:?}"),
    }
}

#[test]
fn each_press_leads_to_the_next_and_after_the_last_to_the_first() {
    let mut console = stuck(&["api", "cart", "web"]);
    let order: Vec<String> =
        blockers(&console.state).iter().filter_map(|row| Some(row.object.as_ref()?.name.raw().to_owned())).collect();
    assert_eq!(order.len(), 3);
    for (at, name) in order.iter().chain(&order).enumerate() {
        console.press(Command::Look);
        assert_eq!(place(&console), *name, "press {at}");
        let which = format!("{} of 3: {name}", at % 3 + 1);
        assert!(at % 3 == 0 || console.toast().starts_with(&which), "{which}: {}", console.toast());
    }
    // From anywhere else it begins with the worst.
    console.press(Command::ShowJournal);
    console.press(Command::Look);
    assert_eq!(place(&console), order[0]);
}

#[test]
fn the_only_one_is_said_to_be_the_only_one() {
    let mut console = stuck(&["api"]);
    console.press(Command::Look);
    assert_eq!(place(&console), "api");
    let before = console.state.ui.back.len();
    console.press(Command::Look);
    assert!(console.toast().starts_with("nothing else is blocked, only this: api"), "{}", console.toast());
    assert_eq!((place(&console).as_str(), console.state.ui.back.len()), ("api", before), "nothing was opened");
    console.list(Kind::Deployment, &[]);
    console.press(Command::ShowDeck);
    console.press(Command::Look);
    assert_eq!(console.toast(), "nothing is blocked");
}

/// How old a source is stands in its sentence, and changes while one reads.
#[test]
fn a_source_that_grows_older_does_not_hold_the_others_back() {
    let mut console = stuck(&["api", "cart"]);
    let stale = FeedStatus::Stale { since: console.state.now.mono, message: Safe::of("it is away"), retry_at: None };
    for kind in Kind::IN_CLUSTERS {
        console.feed(kind, FeedEvent::Status(stale.clone()));
    }
    let blocked = blockers(&console.state);
    let sources = blocked.iter().filter(|row| row.object.is_none()).count();
    assert!(sources > 0, "{blocked:?}");
    let mut seen = Vec::new();
    for _ in 0..blocked.len() {
        console.wait(std::time::Duration::from_secs(7));
        console.send(Msg::Tick);
        console.press(Command::Look);
        seen.push(place(&console));
    }
    assert!(seen.contains(&"api".to_owned()) && seen.contains(&"cart".to_owned()), "{sources} sources, {seen:?}");
}
