//! Environments as the configuration has them: which place is which, how much an action asks there,
//! and the order in which a change travels.

use std::sync::Arc;

use quarterdeck::command::Command;
use quarterdeck::model::Name;
use quarterdeck::model::scope::{Environment, OnFindings, Protection, Settings};
use quarterdeck::state::environment;
use quarterdeck::state::ui::Tier;

use super::world::{CLUSTER, Console, moment};

fn entry(name: &str, cluster: Option<&str>, namespace: Option<&str>, protection: Option<Protection>) -> Environment {
    Environment {
        name: Name::new(name),
        cluster: cluster.map(Name::new),
        namespace: namespace.map(Name::new),
        protection,
        findings: OnFindings::Warn,
        gitops: None,
    }
}

/// The recorded rollout is in the namespace `production` of the cluster `test`, labelled `label`.
fn console(label: &str, environments: Vec<Environment>, promotion: &[&str]) -> Console {
    let mut console = Console::in_environment(&moment("regression/02-half-the-traffic"), label);
    let promotion = promotion.iter().map(|name| Name::new(name)).collect();
    console.state.settings = Arc::new(Settings { environments, promotion, ..Settings::default() });
    console
}

fn asks_for_its_name(mut console: Console) -> Option<String> {
    console.open_workload();
    console.press(Command::Abort);
    match &console.dialog().expect("a dialog").tier {
        Tier::Typed { expected } => Some(expected.clone()),
        Tier::Yes => None,
    }
}

#[test]
fn the_configuration_names_a_place_before_its_label_does() {
    let namespace = Name::new("production");
    let of = |environments| {
        let console = console("dev", environments, &[]);
        environment::of(&console.state, CLUSTER, &namespace).raw().to_owned()
    };
    assert_eq!(of(vec![]), "dev");
    assert_eq!(of(vec![entry("shop", Some("test"), Some("production"), None)]), "shop");
    assert_eq!(of(vec![entry("whole", Some("test"), None, None)]), "whole");
    let both = vec![entry("whole", Some("test"), None, None), entry("shop", None, Some("production"), None)];
    assert_eq!(of(both), "shop", "the namespace is more exact than the cluster");
    assert_eq!(of(vec![entry("other", Some("west"), Some("production"), None)]), "dev", "of another cluster");
    assert_eq!(of(vec![entry("other", Some("test"), Some("staging"), None)]), "dev", "of another namespace");
    assert_eq!(of(vec![entry("nowhere", None, None, None)]), "dev", "it names no place");
}

#[test]
fn protection_raises_and_lowers_what_is_asked() {
    let place = |name: &str, protection| vec![entry(name, Some("test"), Some("production"), protection)];
    // By its name alone.
    assert_eq!(asks_for_its_name(console("dev", place("prod", None), &[])).as_deref(), Some("prod"));
    assert_eq!(asks_for_its_name(console("dev", place("shop", None), &[])), None);
    // As the configuration says.
    let typed = place("shop", Some(Protection::TypedName));
    assert_eq!(asks_for_its_name(console("dev", typed, &[])).as_deref(), Some("shop"));
    for lower in [Protection::None, Protection::Confirm] {
        assert_eq!(asks_for_its_name(console("dev", place("prod", Some(lower)), &[])), None, "{lower:?}");
    }
    // An entry without a place still says how much its name asks.
    let named = vec![entry("dev", None, None, Some(Protection::TypedName))];
    assert_eq!(asks_for_its_name(console("dev", named, &[])).as_deref(), Some("dev"));
}

#[test]
fn a_change_travels_in_the_order_of_the_configuration() {
    let order = |environments: Vec<Environment>, promotion: &[&str]| {
        let console = console("dev", environments, promotion);
        let mut names = ["production", "dev", "blue", "staging"].map(Name::new);
        names.sort_by_key(|name| environment::rank(&console.state, name));
        names.map(|name| name.raw().to_owned())
    };
    assert_eq!(order(vec![], &[]), ["dev", "staging", "blue", "production"]);
    assert_eq!(order(vec![], &["blue", "production"]), ["blue", "production", "dev", "staging"]);
    let file = vec![entry("production", None, None, None), entry("blue", None, None, None)];
    assert_eq!(order(file, &[]), ["production", "blue", "dev", "staging"]);
}

/// A start by hand leads where any of its values says, and the most guarded of them decides.
#[test]
fn a_start_leads_to_the_most_guarded_place_it_names() {
    let console = console(
        "dev",
        vec![entry("staging", None, None, None), entry("vault", None, None, Some(Protection::TypedName))],
        &[],
    );
    let of = |chosen: &[&str], words: &[&str]| {
        let chosen = chosen.iter().map(|name| Name::new(name));
        let found = environment::of_start(&console.state, chosen, words.iter().copied());
        found.map(|name| (name.raw().to_owned(), environment::is_protected(&console.state, &name)))
    };
    let typed = |name: &str| Some((name.to_owned(), true));
    let plain = |name: &str| Some((name.to_owned(), false));
    assert_eq!(of(&[], &["ci", ".github/workflows/ci.yml", "main", "debug"]), None);
    // A choice of any kind, the file, the branch.
    assert_eq!(of(&[], &["deploy", "x.yml", "main", "prod"]), typed("prod"));
    assert_eq!(of(&[], &["deploy", ".github/workflows/deploy-live.yml", "main"]), typed("live"));
    assert_eq!(of(&[], &["deploy", "x.yml", "main", "staging"]), plain("staging"));
    assert_eq!(of(&[], &["copy", "x.yml", "main", "staging", "vault"]), typed("vault"));
    // From one to another: both inputs choose an environment.
    assert_eq!(of(&["staging", "production"], &["copy"]), typed("production"));
    assert_eq!(of(&["production", "staging"], &["copy"]), typed("production"));
    // Of Tekton: the namespace of the Pipeline is one of them.
    assert_eq!(of(&["ci"], &["deploy", "prod"]), typed("prod"));
    assert_eq!(of(&["ci"], &["deploy", "debug"]), plain("ci"));
}
