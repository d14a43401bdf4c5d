//! The rarer verbs of a Rollout from the keyboard, with the real controller; afterwards the API server's
//! object is asked.

use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use quarterdeck::command::{Command, Key, KeyCode};

use super::cluster::Cluster;
use super::operator::{CONTROLLER, at_the_canary, confirm_typed, newest, wait_outcome};
use crate::pty::{Pty, key_of};

/// Asks for a verb that the footer may have no room for: its key says why not until it can be had, and
/// is pressed again. The dialog says what to type when it takes keys.
fn ask(console: &mut Pty, command: Command, prompt: &str) {
    let asked = (0..20).any(|_| {
        console.press(command);
        console.within(Duration::from_secs(3), |screen| screen.contains("esc leave it"))
    });
    assert!(asked, "{command:?} has no dialog:\n{}", console.screen());
    console.wait_text(prompt);
}

/// Asks for a verb and confirms it; the journal says *observed*.
fn done(console: &mut Pty, command: Command, verb: &str) {
    ask(console, command, &format!("type production and Enter to {verb}"));
    confirm_typed(console, "production");
    wait_outcome(console, verb, "observed");
    console.press(Command::ShowRollouts);
    console.wait_text("checkout");
}

/// Paused where it stands and resumed, without a step skipped; then a step skipped, which the plug-in
/// does likewise; then all that are left.
#[test]
fn a_canary_is_paused_resumed_and_walked_past_its_steps() {
    let Some(cluster) = Cluster::any() else { return };
    let namespace = cluster.namespace("production");
    namespace.start_canary();
    let field = |path: &str| namespace.field("rollout/checkout", path);
    let mut console = at_the_canary(&namespace);

    done(&mut console, Command::PauseRollout, "pause");
    assert_eq!(field("{.spec.paused}"), "true");
    assert_eq!(field("{.status.message}"), "manually paused");
    // The same key lets it go on, and says so.
    console.wait_text(&format!("{} resume…", key_of(Command::PauseRollout)));

    done(&mut console, Command::PauseRollout, "resume");
    assert_ne!(field("{.spec.paused}"), "true");
    assert_eq!(field("{.status.currentStepIndex}"), "1", "no step was skipped");
    namespace.wait("rollout/checkout", "{.status.phase}", "Paused");

    done(&mut console, Command::SkipStep, "skip step");
    namespace.wait("rollout/checkout", "{.status.currentStepIndex}", "3");
    namespace.wait("rollout/checkout", "{.status.phase}", "Paused");

    ask(&mut console, Command::SkipStep, "type production and Enter to skip step");
    // The last step: there is nothing more to choose.
    assert!(!console.screen().contains("all steps"), "{}", console.screen());
    confirm_typed(&mut console, "production");
    wait_outcome(&mut console, "skip step", "observed");
    namespace.wait("rollout/checkout", "{.status.phase}", "Healthy");
    assert_eq!(field("{.status.stableRS}"), field("{.status.currentPodHash}"));
    let told: Vec<_> = newest(&namespace, &console, 4).into_iter().map(|(verb, _)| verb).collect();
    assert_eq!(told, ["skip step", "skip step", "resume", "pause"]);
}

/// Another image is a new revision; promoted in full it skips both pauses.
#[test]
fn another_image_is_set_and_promoted_in_full() {
    let Some(cluster) = Cluster::any() else { return };
    let namespace = cluster.namespace("production");
    let field = |path: &str| namespace.field("rollout/checkout", path);
    let mut console = at_the_canary(&namespace);

    console.wait_text("image…");
    console.press(Command::SetImage);
    console.wait_text("set image app=registry.k8s.io/pause:3.8");
    console.key(Key::plain(KeyCode::Backspace));
    console.type_text("9");
    console.wait_text("set image app=registry.k8s.io/pause:3.9");
    console.key(Key::plain(KeyCode::Enter));
    console.wait_text("type production and Enter to set image");
    // The Enter that ended the line may still be held: for so long it confirms nothing.
    console.within(Duration::from_millis(1_500), |_| false);
    confirm_typed(&mut console, "production");
    wait_outcome(&mut console, "set image", "observed");
    assert_eq!(field("{.spec.template.spec.containers[0].image}"), "registry.k8s.io/pause:3.9");
    namespace.wait("rollout/checkout", "{.status.phase}", "Paused");
    console.press(Command::ShowRollouts);
    console.wait_text("checkout");

    done(&mut console, Command::PromoteFull, "promote full");
    assert_eq!(field("{.status.stableRS}"), field("{.status.currentPodHash}"));
    assert_eq!(field("{.status.phase}"), "Healthy");
    assert_eq!(field("{.status.promoteFull}"), "", "the controller has finished");
}

/// Every pod is a new one afterwards, of the same revision.
#[test]
fn a_rollout_is_restarted_by_its_own_field() {
    let Some(cluster) = Cluster::any() else { return };
    let namespace = cluster.namespace("production");
    let pods =
        || namespace.kubectl(&["get", "pods", "-l", "app=checkout", "-o", "jsonpath={.items[*].metadata.uid}"], "");
    let before = pods();
    let mut console = at_the_canary(&namespace);
    ask(&mut console, Command::RestartContainer, "type production and Enter to restart");
    confirm_typed(&mut console, "production");
    wait_outcome(&mut console, "restart", "observed");
    let field = |path: &str| namespace.field("rollout/checkout", path);
    assert_eq!(field("{.status.restartedAt}"), field("{.spec.restartAt}"));
    assert!(before.split_whitespace().all(|uid| !pods().contains(uid)), "every pod was replaced");
    assert_eq!(field("{.status.currentStepIndex}"), "4");
}

/// All steps in one: the choice of the dialog.
#[test]
fn all_steps_that_are_left_are_skipped_at_once() {
    let Some(cluster) = Cluster::any() else { return };
    let namespace = cluster.namespace("production");
    namespace.start_canary();
    let mut console = at_the_canary(&namespace);
    ask(&mut console, Command::SkipStep, "type production and Enter to skip step");
    console.wait_text("all steps");
    console.press(Command::ConfirmDebug);
    console.wait_text("past 3 steps");
    console.wait_text("type production and Enter to skip step");
    confirm_typed(&mut console, "production");
    wait_outcome(&mut console, "skip step", "observed");
    namespace.wait("rollout/checkout", "{.status.phase}", "Healthy");
    assert_eq!(namespace.field("rollout/checkout", "{.status.currentStepIndex}"), "4");
}

/// An analysis that takes long in a step: ended from the keyboard it counts as passed, and the rollout goes
/// on, as the dialog says before.
#[test]
fn an_analysis_that_takes_long_is_ended() {
    let Some(cluster) = Cluster::lab() else { return };
    let namespace = cluster.namespace("production");
    let address = cluster.prometheus();
    namespace.kubectl(&["apply", "--server-side", "--force-conflicts", "-f", "-"], &endless(&address));
    namespace.set_version("rollout/checkout", "3.9");
    namespace.wait("rollout/checkout", "{.status.currentStepIndex}", "1");
    let runs = |path: &str| namespace.kubectl(&["get", "analysisruns", "-o", &format!("jsonpath={path}")], "");
    let mut console = at_the_canary(&namespace);
    ask(&mut console, Command::EndAnalysis, "type production and Enter to end analysis");
    let screen = console.screen();
    assert!(screen.contains("count as passed unless a metric has failed by now, and the rollout goes on"), "{screen}");
    confirm_typed(&mut console, "production");
    wait_outcome(&mut console, "end analysis", "observed");
    assert_eq!(runs("{.items[0].spec.terminate}"), "true");
    assert_eq!(runs("{.items[0].status.phase}"), "Successful");
    namespace.wait("rollout/checkout", "{.status.currentStepIndex}", "2");
    console.press(Command::ShowRollouts);
    console.wait_for("the next step", CONTROLLER, |screen| screen.contains("3 of 3"));
}

fn endless(address: &str) -> String {
    let steps = "      - setWeight: 25\n      - analysis: {templates: [{templateName: endless}]}\n      - pause: {}\n";
    let template = format!(
        "apiVersion: argoproj.io/v1alpha1\nkind: AnalysisTemplate\nmetadata: {{name: endless}}\nspec:\n  metrics:\n  \
         - name: answers\n    interval: 2s\n    count: 1000\n    successCondition: result[0] >= 0.9\n    \
         provider: {{prometheus: {{address: '{address}', query: vector(1)}}}}\n---\n"
    );
    let world = include_str!("world.yaml");
    let (before, _) = world.split_once("      - setWeight: 25").expect("its steps");
    format!("{template}{before}{steps}")
}

/// An autoscaler that cannot make up its mind: each of its words is a new generation that the controller has not
/// seen. The bad canary goes all the same.
#[test]
fn a_canary_is_aborted_while_an_autoscaler_scales() {
    let Some(cluster) = Cluster::any() else { return };
    let namespace = cluster.namespace("production");
    namespace.start_canary();
    let generation = || namespace.field("rollout/checkout", "{.metadata.generation}").parse::<u64>().unwrap();
    let begun = generation();
    let mut console = at_the_canary(&namespace);
    let done = AtomicBool::new(false);
    std::thread::scope(|scope| {
        scope.spawn(|| {
            for replicas in (4..=6).cycle() {
                if done.load(Ordering::SeqCst) {
                    return;
                }
                namespace.kubectl(&["scale", "rollout/checkout", &format!("--replicas={replicas}")], "");
            }
        });
        // Should anything fail, the other one ends as well.
        let _ends = Ends(&done);
        ask(&mut console, Command::Abort, "type production and Enter to abort");
        let asked = generation();
        confirm_typed(&mut console, "production");
        wait_outcome(&mut console, "abort", "observed");
        assert!(asked > begun + 1 && generation() > asked, "it scaled before and meanwhile");
    });
    assert_eq!(namespace.field("rollout/checkout", "{.status.abort}"), "true");
    assert_eq!(newest(&namespace, &console, 1), [("abort".to_owned(), "observed".to_owned())]);
}

struct Ends<'a>(&'a AtomicBool);

impl Drop for Ends<'_> {
    fn drop(&mut self) {
        self.0.store(true, Ordering::SeqCst);
    }
}
