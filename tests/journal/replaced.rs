//! The file is removed, replaced or shortened while it is open: nothing that was written is lost, and
//! nothing is sent that no start would know of.

use std::fs;
use std::path::Path;

use quarterdeck::journal::Journal;
use tempfile::TempDir;

use super::{abort, scope};

fn file(folder: &Path) -> std::path::PathBuf {
    folder.join("journal")
}

/// A journal with one intent, in a folder below another.
fn begun() -> (TempDir, std::path::PathBuf, Journal) {
    let above = tempfile::tempdir().unwrap();
    let folder = above.path().join("state");
    let journal = Journal::open(&folder);
    journal.intent(&abort(1)).unwrap();
    (above, folder, journal)
}

/// What a start in this folder would know, and whether it could act.
fn known(folder: &Path) -> usize {
    let journal = Journal::open(folder);
    assert_eq!(journal.read_only(), None);
    journal.take(&scope()).len()
}

fn names(folder: &Path) -> Vec<String> {
    let mut names: Vec<String> =
        fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().file_name().into_string().unwrap()).collect();
    names.sort();
    names
}

#[test]
fn one_that_was_removed_is_put_back_whole() {
    for with_its_folder in [false, true] {
        let (_above, folder, journal) = begun();
        if with_its_folder {
            fs::remove_dir_all(&folder).unwrap();
        } else {
            fs::remove_file(file(&folder)).unwrap();
        }
        journal.intent(&abort(2)).unwrap();
        assert!(Journal::open(&folder).is_waiting(), "it is locked as before");
        journal.intent(&abort(3)).unwrap();
        drop(journal);
        assert_eq!(known(&folder), 3);
        assert_eq!(names(&folder), ["journal"]);
    }
}

#[test]
fn a_copy_that_was_moved_over_it_is_written_on() {
    let (_above, folder, journal) = begun();
    fs::copy(file(&folder), folder.join("copy")).unwrap();
    fs::rename(folder.join("copy"), file(&folder)).unwrap();
    journal.intent(&abort(2)).unwrap();
    assert!(Journal::open(&folder).is_waiting(), "the new one is locked");
    drop(journal);
    assert_eq!(known(&folder), 2);
}

#[test]
fn another_file_in_its_place_is_left_alone_and_what_was_held_is_kept() {
    let (_above, folder, journal) = begun();
    fs::write(folder.join("other"), "").unwrap();
    fs::rename(folder.join("other"), file(&folder)).unwrap();
    let why = journal.intent(&abort(2)).unwrap_err();
    assert!(why.as_str().contains("another file was put in its place"), "{why:?}");
    assert_eq!(journal.read_only(), Some(why));
    assert_eq!(fs::read(file(&folder)).unwrap(), b"");
    let kept = names(&folder).into_iter().find(|name| name.starts_with("journal.kept.")).expect("what was held");
    fs::rename(folder.join(kept), file(&folder)).unwrap();
    assert_eq!(known(&folder), 1);
}

#[test]
fn of_two_consoles_the_one_whose_file_was_removed_sends_nothing_more() {
    let (_above, folder, first) = begun();
    fs::remove_file(file(&folder)).unwrap();
    let second = Journal::open(&folder);
    assert_eq!(second.read_only(), None, "nobody holds the new one");
    second.intent(&abort(7)).unwrap();
    let why = first.intent(&abort(2)).unwrap_err();
    assert!(why.as_str().contains("another quarterdeck has begun one in its place"), "{why:?}");
    assert!(why.as_str().contains("journal.kept."), "{why:?}");
    second.intent(&abort(8)).unwrap();
    drop((first, second));
    assert_eq!(known(&folder), 2);
}

#[test]
fn one_that_waits_is_not_given_a_file_that_has_no_name() {
    let (_above, folder, first) = begun();
    let second = Journal::open(&folder);
    assert!(second.is_waiting());
    fs::remove_file(file(&folder)).unwrap();
    assert!(!second.try_again(), "the first one lives, and will put it back");
    first.intent(&abort(2)).unwrap();
    assert!(!second.try_again(), "it waits for the new file now");
    drop(first);
    assert!(second.try_again());
    assert_eq!(second.take(&scope()).len(), 2, "what the first one did is known");
    second.intent(&abort(3)).unwrap();
    drop(second);
    assert_eq!(known(&folder), 3);
}

#[test]
fn one_that_waits_puts_back_what_its_holder_left_without_a_name() {
    let (_above, folder, first) = begun();
    let second = Journal::open(&folder);
    fs::remove_file(file(&folder)).unwrap();
    drop(first);
    assert!(second.try_again());
    assert_eq!(second.take(&scope()).len(), 1);
    second.intent(&abort(2)).unwrap();
    drop(second);
    assert_eq!(known(&folder), 2);
}

#[test]
fn one_that_something_else_writes_into_is_written_no_more() {
    for (what, length) in [("shortened", 5), ("emptied", 0)] {
        let (_above, folder, journal) = begun();
        fs::OpenOptions::new().write(true).open(file(&folder)).unwrap().set_len(length).unwrap();
        let why = journal.intent(&abort(2)).unwrap_err();
        assert!(why.as_str().contains("something else has changed the file"), "{what}: {why:?}");
        assert_eq!(fs::metadata(file(&folder)).unwrap().len(), length);
    }
}

#[test]
fn one_that_cannot_take_over_says_why_and_waits_no_longer() {
    use std::os::unix::fs::PermissionsExt as _;
    let (_above, folder, first) = begun();
    let second = Journal::open(&folder);
    fs::remove_file(file(&folder)).unwrap();
    drop(first);
    fs::set_permissions(&folder, fs::Permissions::from_mode(0o777)).unwrap();
    assert!(!second.try_again());
    assert!(!second.is_waiting(), "it would be tried, and the journal copied, every second");
    let why = second.read_only().unwrap_or_default();
    assert!(why.as_str().contains("cannot be taken over") && why.as_str().contains("others can write"), "{why:?}");
}
