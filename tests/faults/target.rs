//! Bad kubeconfigs: one truthful line each, with the next step; nothing panics, nothing connects.

use std::fs;
use std::os::unix::fs::PermissionsExt as _;
use std::path::{Path, PathBuf};

use quarterdeck::model::{Name, SourceId};
use quarterdeck::net::{Target, Writes};
use quarterdeck::systems::{Namespaces, resolve};

const GOOD: &str = "
apiVersion: v1
kind: Config
clusters:
- {name: c, cluster: {server: 'https://east.example:6443'}}
users:
- {name: ada, user: {token: hunter2}}
contexts:
- {name: east, context: {cluster: c, user: ada, namespace: production}}
- {name: west, context: {cluster: c, user: ada}}
- {name: lost, context: {cluster: nowhere, user: ada}}
current-context: east
";

fn target(path: &Path, context: Option<&str>) -> Target {
    Target::Kubeconfig { path: Some(path.to_owned()), context: context.map(str::to_owned) }
}

fn written(folder: &Path, text: &str) -> PathBuf {
    let path = folder.join("config");
    fs::write(&path, text).unwrap();
    path
}

#[test]
fn what_is_wrong_with_a_kubeconfig_is_said_in_one_line_with_the_next_step() {
    let folder = tempfile::tempdir().unwrap();
    let missing = folder.path().join("missing");
    let cases: Vec<(PathBuf, Option<&str>, &[&str])> = vec![
        (missing, None, &["no kubeconfig at", "missing", "--kubeconfig"]),
        (written(&folder.path().join(mkdir(folder.path(), "a")), ""), None, &["has no contexts", "--kubeconfig"]),
        (
            written(&folder.path().join(mkdir(folder.path(), "b")), "contexts: {"),
            None,
            &["is no kubeconfig", "mend it"],
        ),
        (
            written(&folder.path().join(mkdir(folder.path(), "c")), GOOD),
            Some("north"),
            &["no context north", "east, west, lost", "--context"],
        ),
        (
            written(&folder.path().join(mkdir(folder.path(), "d")), &GOOD.replace("current-context: east", "")),
            None,
            &["no current-context", "east, west, lost", "--context"],
        ),
        (
            written(&folder.path().join(mkdir(folder.path(), "e")), GOOD),
            Some("lost"),
            &["context lost", "nowhere", "--context"],
        ),
        (
            written(
                &folder.path().join(mkdir(folder.path(), "f")),
                &GOOD.replace("6443'", "6443', proxy-url: 'http://proxy:3128'"),
            ),
            None,
            &["proxy http://proxy:3128", "not supported"],
        ),
        (folder.path().to_owned(), None, &["cannot be read", "--kubeconfig"]),
    ];
    for (path, context, words) in cases {
        let spec = resolve(SourceId(0), &target(&path, context), &Namespaces::OfContext);
        assert!(spec.upstream.is_none());
        let message = spec.scope.unusable.unwrap_or_else(|| panic!("{} was taken", path.display()));
        let message = message.as_str();
        for word in words {
            assert!(message.contains(word), "{message:?} should say {word:?}");
        }
        assert!(!message.contains("hunter2"), "{message}");
        assert_eq!(message.lines().count(), 1);
        assert_eq!(spec.scope.namespaces, Some(vec![Name::new("default")]), "no scope is never every namespace");
    }
}

fn mkdir(folder: &Path, name: &'static str) -> &'static str {
    fs::create_dir(folder.join(name)).unwrap();
    name
}

#[test]
fn an_unreadable_file_is_said() {
    let folder = tempfile::tempdir().unwrap();
    let path = written(folder.path(), GOOD);
    fs::set_permissions(&path, fs::Permissions::from_mode(0o000)).unwrap();
    if fs::read(&path).is_ok() {
        // Root reads everything; the folder in the test above is the unreadable case then.
        return;
    }
    let error = target(&path, None).pin().unwrap_err().to_string();
    assert!(error.contains("cannot be read") && error.contains("permissions"), "{error}");
}

#[test]
fn a_context_pins_server_user_and_namespace() {
    let folder = tempfile::tempdir().unwrap();
    let path = written(folder.path(), GOOD);
    let east = resolve(SourceId(1), &target(&path, None), &Namespaces::OfContext).scope;
    assert_eq!(
        (east.name.raw(), east.server.as_str(), east.user.as_str()),
        ("east", "https://east.example:6443", "ada")
    );
    assert_eq!(east.namespaces, Some(vec![Name::new("production")]));
    assert_eq!(east.unusable, None);

    let west = resolve(SourceId(2), &target(&path, Some("west")), &Namespaces::OfContext).scope;
    assert_eq!(west.namespaces, Some(vec![Name::new("default")]));

    let all = resolve(SourceId(2), &target(&path, Some("west")), &Namespaces::All).scope;
    assert_eq!(all.namespaces, None);
    let named = Namespaces::Named(vec!["a".to_owned(), "b".to_owned()]);
    let two = resolve(SourceId(2), &target(&path, None), &named).scope;
    assert_eq!(two.namespaces, Some(vec![Name::new("a"), Name::new("b")]));
}

#[test]
fn no_debug_output_holds_the_token() {
    let folder = tempfile::tempdir().unwrap();
    let path = written(folder.path(), GOOD);
    let cluster = target(&path, None).pin().unwrap();
    let text = format!("{cluster:?} {:?} {:?}", cluster.read(), cluster.write(Writes::granted()));
    assert!(!text.contains("hunter2"), "{text}");
}
