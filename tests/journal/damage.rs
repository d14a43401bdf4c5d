//! R38: a journal cut at every byte and with 1 000 flipped bits is opened without a panic; the
//! longest valid prefix is kept, a torn end is cut off, damage in the middle makes read-only.

use std::fs;
use std::path::Path;
use std::time::Duration;

use quarterdeck::action::{Change, Outcome};
use quarterdeck::clock::Clock;
use quarterdeck::journal::Journal;
use quarterdeck::model::{Name, Uid};
use quarterdeck::text::Safe;

use super::{abort, operation, scope};

fn at() -> jiff::Timestamp {
    "2026-08-01T12:01:00Z".parse().unwrap()
}

/// Opens it once nobody holds it. A child that another test starts holds every file of this process
/// between its fork and its exec, and the lock on it.
fn open(folder: &Path) -> Journal {
    let clock = Clock::system();
    let begun = clock.now().mono;
    loop {
        let journal = Journal::open(folder);
        let held = journal.read_only().is_some_and(|why| why.as_str().contains("another quarterdeck"));
        if !held || clock.now().mono > begun + Duration::from_secs(30) {
            return journal;
        }
        std::thread::yield_now();
    }
}

/// A journal with four records: two intents with what became of them. Returns its bytes and where
/// each record ends.
fn written(folder: &Path) -> (Vec<u8>, Vec<usize>) {
    let journal = open(folder);
    assert_eq!(journal.read_only(), None);
    let file = folder.join("journal");
    let mut ends = Vec::new();
    let mut note = || ends.push(fs::metadata(&file).unwrap().len() as usize);
    let (first, second) = (abort(1), abort(2));
    journal.intent(&first).unwrap();
    note();
    journal.outcome(&first.id, &Outcome::Accepted, at()).unwrap();
    note();
    journal.outcome(&first.id, &Outcome::Observed, at()).unwrap();
    note();
    journal.intent(&second).unwrap();
    note();
    drop(journal);
    (fs::read(&file).unwrap(), ends)
}

#[test]
fn r38_a_journal_cut_at_any_byte_keeps_its_longest_valid_prefix() {
    let folder = tempfile::tempdir().unwrap();
    let (whole, ends) = written(folder.path());
    let file = folder.path().join("journal");
    for cut in 0..=whole.len() {
        fs::write(&file, &whole[..cut]).unwrap();
        let journal = open(folder.path());
        assert_eq!(journal.read_only(), None, "cut at {cut}");
        let kept = ends.iter().filter(|end| **end <= cut).count();
        let operations = journal.take(&scope());
        assert_eq!(operations.len(), usize::from(kept > 0) + usize::from(kept > 3), "cut at {cut}");
        let valid = ends.iter().rev().find(|end| **end <= cut).copied().unwrap_or(0);
        assert_eq!(fs::metadata(&file).unwrap().len() as usize, valid, "the torn end stays after a cut at {cut}");
        // It can be written to again, and what is written is found.
        journal.intent(&abort(9)).unwrap();
        drop(journal);
        let again = open(folder.path()).take(&scope());
        assert_eq!(again.last().unwrap().id, abort(9).id);
    }
}

#[test]
fn r38_a_thousand_flipped_bits_never_panic_and_never_invent_an_entry() {
    let folder = tempfile::tempdir().unwrap();
    let (whole, ends) = written(folder.path());
    let file = folder.path().join("journal");
    let truth = open(folder.path()).take(&scope());
    let mut random = 0x9e37_79b9_7f4a_7c15_u64;
    let mut read_only = 0;
    for _ in 0..1_000 {
        // xorshift64: the same thousand bits each time.
        random ^= random << 13;
        random ^= random >> 7;
        random ^= random << 17;
        let bit = (random % (whole.len() as u64 * 8)) as usize;
        let mut damaged = whole.clone();
        damaged[bit / 8] ^= 1 << (bit % 8);
        fs::write(&file, &damaged).unwrap();
        let journal = open(folder.path());
        let hit = ends.iter().position(|end| bit / 8 < *end).unwrap();
        let operations = journal.take(&scope());
        assert_eq!(operations.len(), usize::from(hit > 0), "bit {bit} in record {hit}");
        assert!(operations.iter().all(|operation| truth.iter().any(|known| known.id == operation.id)));
        if hit < ends.len() - 1 {
            let message = journal.read_only().expect("damage in the middle");
            let offset = if hit == 0 { 0 } else { ends[hit - 1] };
            assert!(message.as_str().contains(&format!("byte {offset}:")), "{message:?}");
            assert!(journal.intent(&abort(7)).is_err());
            assert_eq!(fs::read(&file).unwrap(), damaged, "a damaged journal is left as it is");
            read_only += 1;
        }
    }
    assert!(read_only > 500, "only {read_only} flips were in the middle");
}

#[test]
fn an_operation_comes_back_as_it_was_intended() {
    let folder = tempfile::tempdir().unwrap();
    let changes = [
        Change::PromotePause { pod_hash: Safe::identity("a1"), step: Some(3) },
        Change::PromotePause { pod_hash: Safe::identity("a1"), step: None },
        Change::PromoteInconclusive { pod_hash: Safe::identity("a1"), step: 3, next: 4 },
        Change::Unpause,
        Change::PromoteFull { pod_hash: Safe::identity("a1") },
        Change::SkipStep { pod_hash: Safe::identity("a1"), step: 3, to: 10, last: 10 },
        Change::Pause { pod_hash: Safe::identity("a1") },
        Change::SetImage {
            resource_version: "4711".into(),
            container: Name::new("app"),
            from: Name::new("shop:1"),
            to: Name::new("shop:2"),
        },
        Change::EndAnalysis,
        Change::Abort { pod_hash: Safe::identity("a1") },
        Change::Retry { pod_hash: Safe::identity("a1") },
        Change::Undo {
            resource_version: "4711".into(),
            replica_set: Name::new("checkout-67c9f6889f"),
            replica_set_uid: Uid::new(quarterdeck::model::SourceId(3), "77aa"),
            to_revision: 4,
        },
    ];
    let journal = open(folder.path());
    let operations: Vec<_> = (0..).zip(changes).map(|(number, change)| operation(number, change)).collect();
    for operation in &operations {
        journal.intent(operation).unwrap();
    }
    drop(journal);
    let back = open(folder.path()).take(&scope());
    for (back, intended) in back.iter().zip(&operations) {
        assert_eq!(back.action, intended.action);
        assert_eq!(
            (&back.reason, &back.summary, &back.expects),
            (&intended.reason, &intended.summary, &intended.expects)
        );
        assert!(matches!(back.outcome, Outcome::Unknown { .. }), "an open intent is unknown: {:?}", back.outcome);
    }
    assert_eq!(back.len(), operations.len());
}

#[test]
fn the_last_outcome_counts() {
    let folder = tempfile::tempdir().unwrap();
    written(folder.path());
    let operations = open(folder.path()).take(&scope());
    assert_eq!(operations[0].outcome, Outcome::Observed);
    assert_eq!(operations[0].changed, at());
    // Elsewhere, the operation is shown but belongs to no cluster of the scope.
    let elsewhere = open(folder.path()).take(&[]);
    assert_ne!(elsewhere[0].action.target.cluster, operations[0].action.target.cluster);
    assert_eq!(elsewhere[0].cluster.raw(), "east");
}

/// What is read up after a restart is what was asked for, debug logs included; an entry of a version that
/// had no such choice is one without them.
#[test]
fn what_was_asked_of_a_run_comes_back_whole() {
    use quarterdeck::model::{Kind, Name};
    let folder = tempfile::tempdir().unwrap();
    let journal = open(folder.path());
    let job = operation(1, Change::Unpause).action.target.uid;
    let asked = [
        Change::RerunFailed { attempt: 1, debug: true },
        Change::RerunAll { attempt: 2, debug: true },
        Change::ForceCancel { attempt: 4 },
        Change::Dispatch {
            path: Name::new(".github/workflows/ci.yml"),
            reference: Name::new("main"),
            sha: Name::new("b10b"),
            inputs: vec![(Name::new("note"), Name::new("two\nlines \u{202e}\"x\""))],
            environment: Some(Name::new("staging")),
            last: Some(job.clone()),
        },
        Change::RerunJob { attempt: 3, job, name: Name::new("unit (3.12)"), debug: false },
    ];
    for (id, change) in asked.iter().enumerate() {
        let mut operation = operation(id as u32, change.clone());
        operation.action.target.kind = Kind::Run;
        journal.intent(&operation).unwrap();
    }
    drop(journal);
    let back = open(folder.path()).take(&scope());
    let raw = |change: &Change| format!("{change:?}").replace(char::is_numeric, "");
    assert_eq!(
        back.iter().map(|one| raw(&one.action.change)).collect::<Vec<_>>(),
        asked.iter().map(raw).collect::<Vec<_>>()
    );
}

/// The cluster, the GitHub and the Prometheus of one place may all have its name.
#[test]
fn a_source_is_found_by_its_system_and_its_name() {
    use quarterdeck::model::{Kind, SourceId, SystemId};
    let folder = tempfile::tempdir().unwrap();
    let journal = open(folder.path());
    let mut rerun = operation(7, Change::RerunFailed { attempt: 1, debug: false });
    rerun.action.target.kind = Kind::Run;
    journal.intent(&rerun).unwrap();
    journal.intent(&operation(8, Change::Unpause)).unwrap();
    drop(journal);
    let mut sources = scope();
    for (id, system) in [(4, SystemId::Prometheus), (5, SystemId::GitHub)] {
        let mut source = sources[0].clone();
        (source.id, source.system) = (SourceId(id), system);
        sources.push(source);
    }
    let back = open(folder.path()).take(&sources);
    assert_eq!(back.iter().map(|one| one.action.target.cluster.0).collect::<Vec<_>>(), [5, 3]);
    let clusters = open(folder.path()).take(&scope());
    assert_ne!(clusters[0].action.target.cluster, SourceId(3), "a run is not looked for in a cluster");
}
