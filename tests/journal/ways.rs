//! By which way an Application was asked is known after a restart: its end is looked for there.

use quarterdeck::action::{Change, Operation};
use quarterdeck::journal::Journal;
use quarterdeck::model::applications::AppWay;
use quarterdeck::model::source::SourceScope;
use quarterdeck::model::{Kind, Name, SourceId, SystemId};
use quarterdeck::text::Safe;

use super::{operation, scope};

fn server(id: u16, address: &str) -> SourceScope {
    let (system, server) = (SystemId::ArgoServer, Safe::identity(address));
    SourceScope { id: SourceId(id), system, server, name: Name::new("argocd.example"), ..scope().remove(0) }
}

fn way(source: u16) -> AppWay {
    let address = Safe::identity("https://argocd.example/ci");
    AppWay::Server { source: SourceId(source), address, project: Name::new("shop") }
}

fn asked(number: u32, change: Change) -> Operation {
    let mut operation = operation(number, change);
    operation.action.target.kind = Kind::Application;
    operation
}

#[test]
fn the_way_of_every_change_of_an_application_is_kept() {
    let at = "2026-08-01T11:00:00Z".parse().unwrap();
    let changes = |way: &AppWay| {
        let sync =
            |way| Change::Sync { way, revisions: vec![Name::new("a1")], pinned: true, prune: false, before: Some(at) };
        [
            sync(way.clone()),
            Change::CompareAgain { way: way.clone(), before: None },
            Change::Terminate { way: way.clone(), started: at },
            Change::RollBack { way: way.clone(), id: 6, revision: Name::new("0f"), before: None },
        ]
    };
    let folder = tempfile::tempdir().unwrap();
    let journal = Journal::open(folder.path());
    for (number, change) in (1..).zip(changes(&way(7)).into_iter().chain(changes(&AppWay::Object))) {
        journal.intent(&asked(number, change)).unwrap();
    }
    drop(journal);
    let read = |sources: &[SourceScope]| -> Vec<Change> {
        let operations = Journal::open(folder.path()).take(sources);
        operations.into_iter().map(|operation| operation.action.change).collect()
    };
    // Of two servers at one host it is the one with that path, whatever its number is now.
    let mut sources = scope();
    sources.extend([server(8, "https://argocd.example"), server(9, "https://argocd.example/ci")]);
    let expected: Vec<Change> = changes(&way(9)).into_iter().chain(changes(&AppWay::Object)).collect();
    assert_eq!(read(&sources), expected);
    // One that is no longer there is nobody's: its end is not looked for elsewhere.
    let gone = read(&scope()).first().and_then(|change| change.way()?.server());
    assert_eq!(gone, Some(SourceId(u16::MAX)));
}
