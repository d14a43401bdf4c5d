//! Every verb from the keyboard; afterwards the API server's object is asked.

use quarterdeck::action::{Action, Change, Operation, OperationId, Outcome, Progress};
use quarterdeck::clock::Clock;
use quarterdeck::command::Command;
use quarterdeck::model::{Kind, Name, ObjectId, SourceId, Uid};
use quarterdeck::net::Target;
use quarterdeck::systems::{Namespaces, Systems, resolve};
use quarterdeck::text::Safe;
use tokio::sync::mpsc;

use super::cluster::{Cluster, Namespace};
use super::operator::{ask, at_the_canary, at_the_deployment, confirm_typed, newest, wait_outcome};
use crate::pty::PATIENCE;

/// The new version looks bad: abort, and all is stable again; retry, and it starts over; promote
/// it out of its pause; then undo to the version before.
#[test]
fn a_canary_is_aborted_retried_promoted_and_undone() {
    let Some(cluster) = Cluster::any() else { return };
    let namespace = cluster.namespace("production");
    namespace.start_canary();
    let canary = namespace.field("rollout/checkout", "{.status.currentPodHash}");
    let stable = namespace.field("rollout/checkout", "{.status.stableRS}");
    assert_ne!(canary, stable, "the canary is another version");
    let mut console = at_the_canary(&namespace);

    ask(&mut console, Command::Abort, "type production and Enter to abort");
    confirm_typed(&mut console, "production");
    wait_outcome(&mut console, "abort", "observed");
    assert_eq!(namespace.field("rollout/checkout", "{.status.abort}"), "true");
    assert_eq!(namespace.field("rollout/checkout", "{.status.phase}"), "Degraded");
    assert_eq!(namespace.field("rollout/checkout", "{.status.stableRS}"), stable);

    console.press(Command::ShowRollouts);
    ask(&mut console, Command::Retry, "type production and Enter to retry");
    confirm_typed(&mut console, "production");
    wait_outcome(&mut console, "retry", "observed");
    assert_ne!(namespace.field("rollout/checkout", "{.status.abort}"), "true", "nothing is aborted any more");
    namespace.wait("rollout/checkout", "{.status.currentStepIndex}", "1");
    namespace.wait("rollout/checkout", "{.status.phase}", "Paused");

    console.press(Command::ShowRollouts);
    ask(&mut console, Command::Promote, "type production and Enter to promote");
    confirm_typed(&mut console, "production");
    wait_outcome(&mut console, "promote", "observed");
    let step: u32 = namespace.field("rollout/checkout", "{.status.currentStepIndex}").parse().unwrap();
    assert!(step > 1, "it went on: step {step}");
    namespace.wait("rollout/checkout", "{.status.currentStepIndex}", "3");
    namespace.wait("rollout/checkout", "{.status.phase}", "Paused");

    console.press(Command::ShowRollouts);
    ask(&mut console, Command::Undo, "type production and Enter to undo");
    confirm_typed(&mut console, "production");
    wait_outcome(&mut console, "undo", "observed");
    let image = namespace.field("rollout/checkout", "{.spec.template.spec.containers[0].image}");
    assert_eq!(image, "registry.k8s.io/pause:3.8", "the template is the one before");
    namespace.wait("rollout/checkout", "{.status.phase}", "Healthy");

    let journal = newest(&namespace, &console, 4);
    assert_eq!(
        journal,
        [("undo", "observed"), ("promote", "observed"), ("retry", "observed"), ("abort", "observed")].map(owned)
    );
}

fn owned((verb, outcome): (&str, &str)) -> (String, String) {
    (verb.to_owned(), outcome.to_owned())
}

/// A Deployment in an environment that is not protected: `y` is enough.
#[test]
fn a_deployment_is_undone() {
    let Some(cluster) = Cluster::any() else { return };
    let namespace = cluster.namespace("dev");
    namespace.set_version("deployment/payments", "3.9");
    namespace.kubectl(&["rollout", "status", "deployment/payments", "--timeout=120s"], "");
    let mut console = at_the_deployment(&namespace);

    ask(&mut console, Command::Undo, "y undo");
    console.press(Command::ConfirmYes);
    wait_outcome(&mut console, "undo", "observed");
    let image = namespace.field("deployment/payments", "{.spec.template.spec.containers[0].image}");
    assert_eq!(image, "registry.k8s.io/pause:3.8");
    namespace.kubectl(&["rollout", "status", "deployment/payments", "--timeout=120s"], "");
}

/// While the dialog is open somebody else moves the step: it can no longer be confirmed, and what
/// the other one did stands.
#[test]
fn a_second_operator_is_faster() {
    let Some(cluster) = Cluster::any() else { return };
    let namespace = cluster.namespace("production");
    namespace.start_canary();
    let mut console = at_the_canary(&namespace);
    ask(&mut console, Command::Promote, "type production and Enter to promote");

    let patch = r#"{"status":{"pauseConditions":null,"currentStepIndex":2}}"#;
    namespace.kubectl(&["patch", "rollout/checkout", "--subresource=status", "--type=merge", "--patch", patch], "");
    namespace.wait("rollout/checkout", "{.status.currentStepIndex}", "3");
    namespace.wait("rollout/checkout", "{.status.phase}", "Paused");
    let before = namespace.field("rollout/checkout", "{.status}");

    console
        .wait_for("the dialog says that it changed", PATIENCE, |screen| screen.contains("no longer to be confirmed"));
    console.type_text("production\r");
    console.press(Command::Leave);
    console.press(Command::ShowJournal);
    console.wait_for("the journal", PATIENCE, |screen| !screen.contains("Enter to promote"));
    assert!(newest(&namespace, &console, 1).is_empty(), "nothing was sent");
    assert_eq!(namespace.field("rollout/checkout", "{.status}"), before, "nothing was changed");
}

/// The same with our eyes shut: what is sent was right when it was made, and the server's own
/// guard refuses it. Nothing is changed, and the message says what moved.
#[test]
fn a_send_that_comes_too_late_is_refused_by_the_server() {
    let Some(cluster) = Cluster::any() else { return };
    let namespace = cluster.namespace("production");
    namespace.start_canary();
    let late = promote_out_of_the_pause(&namespace);
    let patch = r#"{"status":{"pauseConditions":null,"currentStepIndex":2}}"#;
    namespace.kubectl(&["patch", "rollout/checkout", "--subresource=status", "--type=merge", "--patch", patch], "");
    namespace.wait("rollout/checkout", "{.status.currentStepIndex}", "3");
    namespace.wait("rollout/checkout", "{.status.phase}", "Paused");
    let before = namespace.field("rollout/checkout", "{.status}");

    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build().unwrap();
    let said = runtime.block_on(async {
        let target = Target::Kubeconfig { path: Some(cluster.kubeconfig.clone()), context: None };
        let spec = resolve(SourceId(0), &target, &Namespaces::Named(vec![namespace.name.clone()]));
        let (feeds, mut news) = mpsc::channel(1024);
        let (progress, mut said) = mpsc::channel(8);
        let systems = Systems::start(vec![spec], &feeds, Clock::system());
        systems.perform(Box::new(late), Box::new(|_| Ok(())), progress);
        let mut all = Vec::new();
        while let Some((_, progress)) = said.recv().await {
            all.push(progress);
        }
        news.close();
        systems.shutdown(PATIENCE).await;
        all
    });
    let [Progress::Sent, Progress::Refused { message }] = said.as_slice() else { panic!("{said:?}") };
    assert!(message.as_str().contains("moved from step 2 to step 4"), "{}", message.as_str());
    assert_eq!(namespace.field("rollout/checkout", "{.status}"), before, "nothing was changed");
}

/// What a console makes of `checkout` as it stands now.
fn promote_out_of_the_pause(namespace: &Namespace) -> Operation {
    let field = |path: &str| namespace.field("rollout/checkout", path);
    let pod_hash = Safe::identity(&field("{.status.currentPodHash}"));
    let target = ObjectId {
        cluster: SourceId(0),
        kind: Kind::Rollout,
        namespace: Name::new(&namespace.name),
        name: Name::new("checkout"),
        uid: Uid::new(SourceId(0), &field("{.metadata.uid}")),
    };
    let now = Clock::system().now();
    Operation {
        id: OperationId("0000000000000-0000".to_owned()),
        action: Action { target, change: Change::PromotePause { pod_hash, step: Some(1) } },
        cluster: Name::new("live"),
        environment: Name::new("production"),
        reason: Safe::of(""),
        summary: Safe::of(""),
        expects: Safe::of(""),
        outcome: Outcome::Intended,
        generation: None,
        made: None,
        started: now.wall,
        started_mono: now.mono,
        changed: now.wall,
    }
}
