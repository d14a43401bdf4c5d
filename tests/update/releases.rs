//! A release of Helm: what it stands at, where it can go back to, and what proves it.

use quarterdeck::action::Change;
use quarterdeck::command::Command;
use quarterdeck::model::helm::{Content, ContentRead};
use quarterdeck::model::source::{Detail, FeedEvent, FeedId};
use quarterdeck::model::{Kind, Name, ObjectId, Uid};
use quarterdeck::state::ui::{ListId, Place, RowId};
use quarterdeck::state::verbs::{self, Verdict};
use quarterdeck::state::{State, derived, helm};
use quarterdeck::text::Safe;
use serde_json::{Value, json};

use crate::ingest::blockers::objects::now;
use crate::ingest::world::{CLUSTER, list, with};

/// A Secret of Helm's, so many minutes old.
pub fn revision(release: &str, number: i64, status: &str, minutes: i64) -> Value {
    let at = now().as_second() - minutes * 60;
    json!({ "metadata": { "name": format!("sh.helm.release.v1.{release}.v{number}"), "namespace": "production",
        "uid": format!("uid-{release}-{number}"), "resourceVersion": (100 + number).to_string(),
        "labels": { "owner": "helm", "name": release, "version": number.to_string(), "status": status,
            "modifiedAt": at.to_string() } } })
}

/// What its Secret says, as it is written now.
pub fn hear(state: &mut State, release: &str, number: i64, content: Result<Content, Safe>) {
    let read = ContentRead {
        uid: Uid::new(CLUSTER, &format!("uid-{release}-{number}")),
        version: (100 + number).to_string().into(),
        content: content.map(Into::into),
    };
    let feed = FeedId { cluster: CLUSTER, kind: Kind::Release, namespace: None };
    let mono = state.now.mono;
    state.world.apply(&feed, mono, FeedEvent::Detail(Detail::Release(read)));
}

#[expect(clippy::unnecessary_wraps, reason = "what is heard is this, or why there is none")]
pub fn content(version: &str, said: &str) -> Result<Content, Safe> {
    Ok(Content {
        chart: Safe::of("checkout"),
        version: Safe::line(version),
        app_version: Safe::of("2.14.0"),
        description: Safe::line(said),
        deployed: None,
    })
}

fn of(revisions: &[Value]) -> (State, ObjectId) {
    let mut state = with(now(), &json!({}));
    list(&mut state, Kind::Release, revisions);
    let target = derived::releases(&state).newest().next().expect("a release").release_id();
    (state, target)
}

fn asked(state: &State, target: &ObjectId) -> Result<Change, String> {
    let offer = verbs::available(state, Command::Undo, target);
    offer.map(|offer| offer.action.change).map_err(|why| why.as_str().to_owned())
}

#[expect(clippy::unnecessary_wraps, reason = "held to what is asked for, which may be refused")]
fn to(from: i64, to: i64) -> Result<Change, String> {
    Ok(Change::RollbackRelease { from, resource_version: (100 + from).to_string().into(), to })
}

#[test]
fn its_revisions_are_one_release_at_its_newest() {
    let (state, target) = of(&[
        revision("shop", 9, "superseded", 900),
        revision("shop", 10, "deployed", 90),
        revision("cache", 2, "failed", 5),
        revision("shop", 8, "superseded", 9_000),
    ]);
    let releases = derived::releases(&state);
    let newest: Vec<(&str, i64, &str)> =
        releases.newest().map(|row| (row.release.raw(), row.number, row.word.as_str())).collect();
    assert_eq!(newest, [("cache", 2, "failed"), ("shop", 10, "deployed")]);
    assert_eq!(target.name.raw(), "cache");
    let shop = releases.newest().last().expect("shop").release_id();
    let history: Vec<i64> = releases.history(&shop.uid).iter().map(|row| row.number).collect();
    assert_eq!(history, [10, 9, 8], "ten comes after nine");
    assert!(state.world.contains(&shop) && !state.world.contains(&ObjectId { name: Name::new("x"), ..gone() }));
}

fn gone() -> ObjectId {
    let (_, mut target) = of(&[revision("gone", 1, "deployed", 1)]);
    target.uid = quarterdeck::model::helm::uid(CLUSTER, &Name::new("production"), &Name::new("elsewhere"));
    target
}

#[test]
fn it_goes_back_to_what_was_deployed_before_or_to_what_is_highlighted() {
    let (mut state, target) = of(&[
        revision("shop", 3, "superseded", 900),
        revision("shop", 4, "failed", 90),
        revision("shop", 5, "deployed", 9),
    ]);
    assert_eq!(asked(&state, &target), to(5, 3), "what failed is passed over");
    state.ui.place = Place::Release(target.clone());
    quarterdeck::update::settle(&mut state);
    let mut select = |number| {
        let list = ListId::Place(state.ui.place.clone());
        state.ui.lists.entry(list).or_default().selected = Some(RowId::Revision(number));
        asked(&state, &target)
    };
    assert_eq!(select(4), to(5, 4), "who points at it means it");
    assert_eq!(select(5), to(5, 3), "where the page opens");
    assert!(verbs::available(&state, Command::Promote, &target).is_err());
}

#[test]
fn a_pending_one_may_be_at_work_until_helm_would_have_given_up() {
    let pending =
        |minutes| of(&[revision("shop", 6, "deployed", 900), revision("shop", 7, "pending-upgrade", minutes)]);
    let (state, target) = pending(4);
    assert_eq!(asked(&state, &target), Err("it is pending-upgrade: a helm may be at work on it".to_owned()));
    let (state, target) = pending(6);
    assert_eq!(asked(&state, &target), to(7, 6));
    let newest = derived::releases(&state).newest().next().cloned().expect("it");
    assert_eq!(helm::stuck(&state, &newest).map(|since| since.as_secs()), Some(360));
    let (state, target) = of(&[revision("shop", 1, "deployed", 1)]);
    assert_eq!(asked(&state, &target), Err("no earlier revision of it was ever deployed".to_owned()));
}

#[test]
fn without_the_program_nothing_is_offered() {
    let (mut state, target) = of(&[revision("shop", 1, "superseded", 9), revision("shop", 2, "deployed", 1)]);
    assert_eq!(asked(&state, &target), to(2, 1));
    let settings = std::sync::Arc::make_mut(&mut state.settings);
    settings.no_helm = Some(Safe::of("no helm here"));
    assert_eq!(asked(&state, &target), Err("no helm here".to_owned()));
    assert_eq!(verbs::check(&state, Command::Undo).unwrap_err().as_str(), verbs::nothing_selected(Command::Undo));
}

#[test]
fn the_dialog_names_both_charts_once_they_were_read() {
    let (mut state, target) = of(&[revision("shop", 1, "superseded", 9), revision("shop", 2, "deployed", 1)]);
    let offer = verbs::available(&state, Command::Undo, &target).expect("a rollback");
    for (number, version) in [(1, "1.4.0"), (2, "2.0.0")] {
        hear(&mut state, "shop", number, content(version, "Upgrade complete"));
    }
    let confirm = verbs::preview(&state, &offer.action);
    let lines = confirm.lines.iter().map(|(label, texts)| (label.as_str(), texts[0].as_str().to_owned()));
    let line = |wanted: &str| lines.clone().find(|(label, _)| *label == wanted).map(|(_, text)| text);
    assert_eq!(line("from").as_deref(), Some("revision 2, deployed, checkout-2.0.0"));
    assert_eq!(line("to").as_deref(), Some("revision 1, superseded, checkout-1.4.0"));
    assert_eq!(line("undo").as_deref(), Some("a rollback to revision 2"));
}

#[test]
fn it_is_seen_when_the_next_revision_is_deployed() {
    let rolled = |more: &[Value], said: Option<&str>| {
        let mut all = vec![revision("shop", 1, "superseded", 9), revision("shop", 2, "superseded", 1)];
        all.extend_from_slice(more);
        let (mut state, target) = of(&all);
        if let Some(said) = said {
            hear(&mut state, "shop", 3, content("1.0.0", said));
        }
        let change = Change::RollbackRelease { from: 2, resource_version: "102".into(), to: 1 };
        match verbs::expected(&state, &super::accepted(target, change)) {
            Verdict::Seen => "seen".to_owned(),
            Verdict::Waiting(text) => format!("waits for {}", text.as_str()),
            Verdict::Lost(text) => format!("lost: {}", text.as_str()),
            other => format!("{other:?}"),
        }
    };
    assert_eq!(rolled(&[], None), "waits for revision 3");
    let pending = revision("shop", 3, "pending-rollback", 0);
    assert_eq!(rolled(&[pending], None), "waits for revision 3 to be deployed (now pending-rollback)");
    let deployed = revision("shop", 3, "deployed", 0);
    let ours = Some("Rollback to 1");
    assert_eq!(rolled(std::slice::from_ref(&deployed), None), "waits for the record of revision 3");
    assert_eq!(rolled(std::slice::from_ref(&deployed), ours), "seen");
    let other = rolled(&[deployed], Some("Upgrade complete"));
    assert_eq!(other, "lost: revision 3 is another's: Upgrade complete", "a pipeline was quicker");
    assert_eq!(rolled(&[revision("shop", 3, "superseded", 0), revision("shop", 4, "deployed", 0)], ours), "seen");
    assert_eq!(rolled(&[revision("shop", 3, "failed", 0)], ours), "lost: revision 3 failed");
}
