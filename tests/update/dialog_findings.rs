//! A dialog that is open while findings arrive: nothing goes through on facts that were not on the screen
//! long enough to be read, and what brings the same words again costs nobody a second look.

use std::sync::Arc;
use std::time::Duration;

use quarterdeck::command::{Command, KeyCode};
use quarterdeck::model::runners::RunnersRead;
use quarterdeck::model::scope::{Environment, OnFindings, Settings};
use quarterdeck::model::security::{Rows, Secret, SecurityRead, Unread};
use quarterdeck::model::source::{Detail, FeedEvent};
use quarterdeck::model::{Kind, Name, SourceId};
use quarterdeck::text::Safe;
use quarterdeck::update::Msg;

use super::world::{Console, HAND, moment};
use crate::screens::run_world as world;

/// The repository that is called as the workload, and another one.
const HERE: &str = "acme/checkout";
const ELSEWHERE: &str = "acme/payments";

/// What comes, by name.
type News<'a> = (&'a str, &'a dyn Fn(&mut Console));

/// A key that came too early is away.
const AWAY: Duration = Duration::from_secs(2);

/// The dialog for a promotion of the only rollout, armed, before anything is known of its findings.
fn asked(environment: &str) -> Console {
    let mut console = Console::in_environment(&moment("clean/04-waiting-for-a-person"), environment);
    world::github(&mut console.state);
    console.open_workload();
    console.press(Command::Promote);
    assert!(line(&console).starts_with("? findings not read yet"), "{}", line(&console));
    console.wait(AWAY);
    assert!(takes_keys(&console));
    console
}

fn line(console: &Console) -> String {
    let dialog = console.dialog().unwrap_or_else(|| panic!("no dialog: {}", console.toast()));
    let line = dialog.lines.iter().find(|(label, _)| label.as_str() == "scanners").expect("the fact of the scanners");
    line.1[0].as_str().to_owned()
}

fn takes_keys(console: &Console) -> bool {
    console.dialog().is_some_and(|dialog| dialog.takes_keys(console.state.now.mono))
}

fn source(console: &Console) -> SourceId {
    console.state.world.sources.last().expect("GitHub").id
}

fn tell(console: &mut Console, repository: &str, detail: Detail) {
    let feed = world::feed_of(source(console), repository);
    console.send(Msg::Feed(feed, FeedEvent::Detail(detail)));
}

/// So many secrets lie open; whether findings are new cannot be known.
fn hear(console: &mut Console, repository: &str, secrets: i64) {
    let secret = |number| Secret { number, kind: Safe::of("key"), created: None, validity: None, url: None };
    let rows = Rows { rows: (1..=secrets).map(secret).collect(), left_out: 0, more: false };
    let read = SecurityRead {
        source: source(console),
        repository: Name::new(repository),
        findings: Err(Unread::Never),
        analyses: Err(Unread::Never),
        secrets: Ok(Arc::new(rows)),
    };
    tell(console, repository, Detail::Security(Box::new(read)));
}

#[test]
fn a_y_that_comes_with_the_findings_promotes_nothing_and_one_after_them_does() {
    let mut console = asked("dev");
    hear(&mut console, HERE, 1);
    assert!(line(&console).contains("1 secret lies open"), "{}", line(&console));
    assert!(console.dialog().is_some_and(|dialog| dialog.disarmed.is_none()), "it is the same question");
    console.press(Command::ConfirmYes);
    assert_eq!(console.performed(), 0, "nobody can have read that");
    assert!(console.dialog().is_some());
    console.wait(AWAY);
    console.press(Command::ConfirmYes);
    assert_eq!((console.performed(), console.dialog().is_some()), (1, false));
}

#[test]
fn the_name_that_was_typed_before_stays_and_its_enter_waits_for_what_is_new() {
    let mut console = asked("production");
    console.type_text("production");
    hear(&mut console, HERE, 2);
    console.plain(KeyCode::Enter);
    assert_eq!(console.performed(), 0, "{}", line(&console));
    // More of the same a moment later: what is counted is what is read.
    console.wait(Duration::from_millis(700));
    hear(&mut console, HERE, 3);
    console.wait(Duration::from_millis(700));
    console.plain(KeyCode::Enter);
    assert_eq!(console.performed(), 0, "{}", line(&console));
    console.wait(AWAY);
    console.plain(KeyCode::Enter);
    assert_eq!((console.performed(), console.dialog().is_some()), (1, false));
}

#[test]
fn what_brings_the_same_words_does_not_arm_it_anew() {
    let same = |console: &mut Console| hear(console, HERE, 1);
    let other = |console: &mut Console| hear(console, ELSEWHERE, 5);
    let runners = |console: &mut Console| {
        let why = Safe::of("not allowed to see runners (403)");
        let repository = Name::new(HERE);
        let read = RunnersRead {
            source: source(console),
            repository,
            own: Err(why.clone()),
            shared: Err(why.clone()),
            larger: Err(why),
        };
        tell(console, HERE, Detail::Runners(read));
    };
    let alive = |console: &mut Console| console.feed(Kind::Pod, FeedEvent::Alive);
    let second = |console: &mut Console| console.send(Msg::Tick);
    let news: [News; 5] = [
        ("the same findings", &same),
        ("another repository's", &other),
        ("runners", &runners),
        ("a sign of life", &alive),
        ("a second", &second),
    ];
    for (name, news) in news {
        let mut console = asked("dev");
        hear(&mut console, HERE, 1);
        console.wait(AWAY);
        let armed = console.dialog().and_then(|dialog| dialog.armed_at);
        let before = line(&console);
        news(&mut console);
        assert_eq!(line(&console), before, "{name}");
        assert_eq!(console.dialog().and_then(|dialog| dialog.armed_at), armed, "{name}");
        console.wait(HAND);
        console.press(Command::ConfirmYes);
        assert_eq!(console.performed(), 1, "{name}");
    }
}

#[test]
fn where_the_gates_block_it_findings_end_the_question() {
    let mut console = asked("dev");
    let findings = OnFindings::Block;
    let row = Environment {
        name: Name::new("dev"),
        cluster: None,
        namespace: None,
        protection: None,
        findings,
        gitops: None,
    };
    console.state.settings = Arc::new(Settings { environments: vec![row], ..Settings::default() });
    hear(&mut console, HERE, 1);
    let why = console.dialog().and_then(|dialog| dialog.disarmed.clone()).expect("it is kept back");
    assert!(why.as_str().contains("gates.findings is block") && why.as_str().contains("1 secret lies open"), "{why:?}");
    console.wait(AWAY);
    console.press(Command::ConfirmYes);
    assert_eq!(console.performed(), 0);
}
