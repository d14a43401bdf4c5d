//! What a key that can do nothing says, and what is said of a right that this console does not use.

use std::time::Duration;

use quarterdeck::command::Command;
use quarterdeck::model::access::{AccessRead, Answer, Right};
use quarterdeck::model::source::{Detail, FeedEvent, FeedId, FeedStatus};
use quarterdeck::model::{Kind, Name};
use quarterdeck::state::lists::{self, Item};
use quarterdeck::state::ui::{ListId, Place};
use quarterdeck::text::Safe;
use quarterdeck::update::Effect;
use serde_json::json;

use super::world::{CLUSTER, Console, moment};
use crate::screens::shot::{draw, text, theme};

fn screen(console: &mut Console, size: (u16, u16)) -> String {
    console.state.ui.size = size;
    quarterdeck::update::settle(&mut console.state);
    text(&draw(&console.state, &theme("deck"), size))
}

#[test]
fn a_log_that_is_not_opened_says_that_no_row_is_selected() {
    let mut console = Console::new(&json!({}));
    console.press(Command::ShowEnvironments);
    console.press(Command::Logs);
    let screen = screen(&mut console, (120, 40));
    assert!(screen.contains("no row is selected: select a pod"), "{screen}");
}

#[test]
fn the_page_of_a_rollout_is_narrowed_by_what_its_rows_say() {
    let mut console = Console::new(&moment("regression/03-aborted-by-analysis"));
    let id = console.state.world.rollouts.rows()[0].meta.id(Kind::Rollout);
    let list = ListId::Place(Place::Rollout(id.clone()));
    console.state.ui.place = Place::Rollout(id);
    let mut sets = |filter: &str| {
        console.state.ui.lists.entry(list.clone()).or_default().filter = filter.to_owned();
        quarterdeck::update::settle(&mut console.state);
        let rows = lists::rows(&console.state, &list, 0..200);
        rows.iter().filter(|line| matches!(line.item, Item::ReplicaSet(_))).count()
    };
    assert_eq!((sets("healthy"), sets("scaleddown"), sets("checkout:1.43.0")), (2, 0, 1));
}

/// What the account may and this console does not is no check mark.
#[test]
fn in_read_only_mode_the_rights_say_that_nothing_is_changed_from_here() {
    let mut console = Console::new(&json!({}));
    let answers = Right::ALL.into_iter().map(|right| (right, Answer::Allowed)).collect();
    let read = AccessRead { namespace: Name::new("production"), answers, all: false };
    let feed = FeedId { cluster: CLUSTER, kind: Kind::Namespace, namespace: None };
    console.state.world.apply(&feed, Duration::from_secs(100), FeedEvent::Detail(Detail::Access(read)));
    console.state.ui.place = Place::Access;
    let free = screen(&mut console, (160, 40));
    let checks = |screen: &str| screen.matches("✔ yes").count();
    assert!(checks(&free) > 3 && !free.contains("read-only"), "{free}");
    console.state.read_only = Some(Safe::of("--read-only"));
    let held = screen(&mut console, (160, 40));
    assert_eq!(checks(&held), 2, "to look and to read logs\n{held}");
    assert!(held.contains("read-only: --read-only") && held.contains("‖ yes"), "{held}");
    // A key that is offered there does something.
    console.press(Command::Copy);
    assert!(console.effects.iter().any(|effect| matches!(effect, Effect::Copy(name) if name == "production")));
}

/// It is as long as its line.
#[test]
fn a_title_says_all_of_what_is_wrong_where_there_is_room() {
    let why = "the connection to api.shop.example was closed while the list was being read";
    let mut console = Console::new(&moment("regression/02-half-the-traffic"));
    let status = FeedStatus::Stale { since: Duration::from_secs(40), message: Safe::of(why), retry_at: None };
    console.feed(Kind::Rollout, FeedEvent::Status(status));
    console.state.ui.place = Place::Rollouts;
    for (size, whole) in [((220, 40), true), ((80, 24), false)] {
        let screen = screen(&mut console, size);
        let title = screen.lines().find(|line| line.contains("ROLLOUTS")).unwrap_or_else(|| panic!("{screen}"));
        assert_eq!(title.contains(why), whole, "{title}");
        assert!(title.contains("stale for"), "{title}");
    }
}
