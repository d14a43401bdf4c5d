//! What a person does at the console, said once.

use std::time::Duration;

use quarterdeck::command::{Command, Key, KeyCode};
use serde_json::Value;

use super::cluster::{Namespace, status_in};
use crate::pty::{PATIENCE, Pty, key_of};

/// How long the real controllers may take for what they do at once when nothing else happens.
pub const CONTROLLER: Duration = Duration::from_mins(1);

/// Opens the console on the namespace's rollouts, with `checkout` highlighted.
pub fn at_the_canary(namespace: &Namespace) -> Pty {
    let mut console = namespace.console();
    console.wait_text("checkout");
    console.press(Command::ShowRollouts);
    console.wait_text("checkout");
    console
}

/// Opens the console on the page of the Deployment `payments`.
pub fn at_the_deployment(namespace: &Namespace) -> Pty {
    let mut console = namespace.console();
    console.wait_text("payments");
    console.press(Command::ShowEnvironments);
    console.wait_text("payments");
    console.press(Command::Filter);
    console.type_text("payments");
    console.key(Key::plain(KeyCode::Enter));
    // The matrix above still names the others: what is highlighted is what the pane below is about.
    console.wait_for("payments highlighted", PATIENCE, |screen| screen.contains("Deployment payments in "));
    console.press(Command::Open);
    console.wait_text("payments");
    console
}

/// Asks for a verb when the screen offers it, and waits until its dialog takes keys: only then it
/// says what to type.
pub fn ask(console: &mut Pty, verb: Command, prompt: &str) {
    console.wait_text(&format!("{} {}", key_of(verb), verb.row().hint));
    console.press(verb);
    console.wait_text(prompt);
}

/// Types the environment's name and Enter, each key when the one before is on the screen: what comes
/// at once is a paste.
pub fn confirm_typed(console: &mut Pty, environment: &str) {
    console.type_text(environment);
    console.wait_text(&format!("{environment}▏"));
    // An Enter hard on the heels of the name does not count: a person presses it again.
    let typed = format!("{environment}▏");
    let confirmed = (0..20).any(|_| {
        console.key(Key::plain(KeyCode::Enter));
        console.within(Duration::from_millis(500), |screen| !screen.contains(&typed))
    });
    assert!(confirmed, "the dialog still asks for {environment}:\n{}", console.screen());
}

/// Opens the journal and waits until the newest action is this verb with this outcome.
pub fn wait_outcome(console: &mut Pty, verb: &str, outcome: &str) {
    console.press(Command::ShowJournal);
    console.wait_for(&format!("{verb}: {outcome}"), CONTROLLER, |screen| {
        screen.lines().any(|line| line.contains(verb) && line.contains(outcome))
    });
}

/// The newest actions of the console's journal with their outcomes, newest first, as another
/// process reads them.
pub fn newest(namespace: &Namespace, console: &Pty, count: usize) -> Vec<(String, String)> {
    let world = status_in(console.home(), &namespace.cluster.kubeconfig, &["-n", &namespace.name]);
    let word = |operation: &Value, field: &str| operation[field].as_str().unwrap_or_default().to_owned();
    let operations = world["operations"].as_array().cloned().unwrap_or_default();
    operations.iter().rev().take(count).map(|one| (word(one, "action"), word(one, "outcome"))).collect()
}
