//! The cluster under test, a namespace of one's own in it, and the console pointed at it.

use std::hash::{BuildHasher, Hasher, RandomState};
use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use serde_json::Value;

use crate::pty::{Home, Pty};

/// Tests share the cluster's controllers, and some of them stop a server: one at a time.
static TURN: Mutex<()> = Mutex::new(());

/// One test's turn on the cluster.
pub struct Cluster {
    kubectl: Vec<String>,
    pub kubeconfig: PathBuf,
    lab: Option<PathBuf>,
    _turn: MutexGuard<'static, ()>,
}

impl Cluster {
    /// The cluster that the environment names, when nobody else is at it; or a word that the test
    /// is skipped.
    pub fn any() -> Option<Self> {
        let (kubectl, kubeconfig, lab) = if let Some(state) = std::env::var_os("QUARTERDECK_LAB") {
            let state = PathBuf::from(state);
            let kubeconfig = state.join("kubeconfig");
            assert!(kubeconfig.is_file(), "QUARTERDECK_LAB: no lab is up in {}", state.display());
            (vec![lab_program("controlplane"), "kubectl".to_owned()], kubeconfig, Some(state))
        } else if let Some(kubeconfig) = std::env::var_os("QUARTERDECK_LIVE_KUBECONFIG") {
            (vec!["kubectl".to_owned()], PathBuf::from(kubeconfig), None)
        } else {
            skipped("no lab (QUARTERDECK_LAB) and no cluster (QUARTERDECK_LIVE_KUBECONFIG)");
            return None;
        };
        let turn = TURN.lock().unwrap_or_else(PoisonError::into_inner);
        Some(Self { kubectl, kubeconfig, lab, _turn: turn })
    }

    /// The lab, for what needs its users, its Prometheus or its processes.
    pub fn lab() -> Option<Self> {
        let cluster = Self::any()?;
        if cluster.lab.is_none() {
            skipped("it works on the lab only");
            return None;
        }
        Some(cluster)
    }

    /// `$LAB_STATE`.
    pub fn state(&self) -> &Path {
        self.lab.as_deref().expect("a lab")
    }

    /// Where the lab's Prometheus listens.
    pub fn prometheus(&self) -> String {
        let started = std::fs::read_to_string(self.state().join("cmd/prometheus")).expect("the lab has a Prometheus");
        let port = started.split("listen-address=127.0.0.1:").nth(1).and_then(|rest| rest.split_whitespace().next());
        format!("http://127.0.0.1:{}", port.expect("its port"))
    }

    /// The kubeconfig of one of the lab's users.
    pub fn kubeconfig_of(&self, user: &str) -> PathBuf {
        self.state().join(format!("kubeconfig-{user}"))
    }

    pub fn try_kubectl(&self, arguments: &[&str], input: &str) -> Output {
        let mut child = Command::new(&self.kubectl[0])
            .args(&self.kubectl[1..])
            .arg("--kubeconfig")
            .arg(&self.kubeconfig)
            .args(arguments)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .unwrap_or_else(|error| panic!("{}: {error}", self.kubectl[0]));
        child.stdin.take().expect("its input").write_all(input.as_bytes()).expect("kubectl reads");
        child.wait_with_output().expect("kubectl ends")
    }

    pub fn kubectl(&self, arguments: &[&str], input: &str) -> String {
        let output = self.try_kubectl(arguments, input);
        let said = String::from_utf8_lossy(&output.stderr);
        assert!(output.status.success(), "kubectl {}: {said}", arguments.join(" "));
        String::from_utf8(output.stdout).expect("kubectl speaks UTF-8")
    }

    /// A namespace of one's own with a canary `checkout` and a Deployment `payments`, both at
    /// version 3.8 and healthy.
    pub fn namespace(&self, environment: &str) -> Namespace<'_> {
        let own = self.empty_namespace(environment);
        own.kubectl(&["apply", "--server-side", "-f", "-"], include_str!("world.yaml"));
        own.wait("rollout/checkout", "{.status.phase}", "Healthy");
        own.wait("deployment/payments", "{.status.readyReplicas}", "2");
        own
    }

    /// A namespace of one's own with nothing in it.
    pub fn empty_namespace(&self, environment: &str) -> Namespace<'_> {
        let name = format!("quarterdeck-live-{:08x}", RandomState::new().build_hasher().finish() as u32);
        let created = self.try_kubectl(&["create", "namespace", &name], "");
        let said = String::from_utf8_lossy(&created.stderr);
        assert!(created.status.success(), "not started: the live tests work in a namespace of their own: {said}");
        let own = Namespace { cluster: self, name };
        self.kubectl(&["label", "namespace", &own.name, &format!("environment={environment}")], "");
        own
    }

    /// Sends a signal to one of the lab's programs.
    pub fn signal(&self, component: &str, signal: &str) {
        let pid = std::fs::read_to_string(self.state().join("pid").join(component)).expect("it was started");
        crate::pty::signal(pid.trim().parse().expect("a process id"), signal);
    }

    /// Ends one of the lab's programs if it still runs, starts it again and waits for it.
    pub fn restart(&self, component: &str) {
        let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/lab/restart");
        let done = Command::new(script).arg(component).env("LAB_STATE", self.state()).status().expect("it starts");
        assert!(done.success(), "{component} comes back");
    }
}

/// The world as `status --json` tells it.
pub fn status(kubeconfig: &Path, scope: &[&str]) -> Value {
    status_in(&Home::new(), kubeconfig, scope)
}

/// The same beside a console, in its home: with its journal.
pub fn status_in(home: &Home, kubeconfig: &Path, scope: &[&str]) -> Value {
    status_with(home, kubeconfig, scope, &[])
}

/// The same with more in its environment.
pub fn status_with(home: &Home, kubeconfig: &Path, scope: &[&str], environment: &[(&str, &str)]) -> Value {
    let output = Command::new(env!("CARGO_BIN_EXE_quarterdeck"))
        .arg("--kubeconfig")
        .arg(kubeconfig)
        .args(scope)
        .args(["status", "--json"])
        .env_clear()
        .envs(home.environment())
        .envs(environment.iter().copied())
        .current_dir(home.path())
        .stdin(Stdio::null())
        .output()
        .expect("quarterdeck runs");
    serde_json::from_slice(&output.stdout)
        .unwrap_or_else(|error| panic!("status --json: {error}: {}", String::from_utf8_lossy(&output.stderr)))
}

/// A namespace and what is in it; deleted when dropped.
pub struct Namespace<'a> {
    pub cluster: &'a Cluster,
    pub name: String,
}

impl Namespace<'_> {
    pub fn kubectl(&self, arguments: &[&str], input: &str) -> String {
        self.cluster.kubectl(&[&["--namespace", &self.name], arguments].concat(), input)
    }

    /// One field of an object, as the API server has it now; empty if it is not set.
    pub fn field(&self, object: &str, path: &str) -> String {
        self.kubectl(&["get", object, "-o", &format!("jsonpath={path}")], "")
    }

    /// Waits until a field has a value.
    pub fn wait(&self, object: &str, path: &str, value: &str) {
        self.kubectl(&["wait", object, &format!("--for=jsonpath={path}={value}"), "--timeout=120s"], "");
    }

    /// A new version in the pod template.
    pub fn set_version(&self, object: &str, version: &str) {
        let patch = format!(
            r#"[{{"op":"replace","path":"/spec/template/spec/containers/0/image","value":"registry.k8s.io/pause:{version}"}}]"#
        );
        self.kubectl(&["patch", object, "--type=json", "--patch", &patch], "");
    }

    /// `checkout` moves to version 3.9 and stands in its first pause, at 25 %.
    pub fn start_canary(&self) {
        self.set_version("rollout/checkout", "3.9");
        self.wait("rollout/checkout", "{.status.currentStepIndex}", "1");
        self.wait("rollout/checkout", "{.status.phase}", "Paused");
    }

    /// The console, looking at this namespace only.
    pub fn console(&self) -> Pty {
        self.console_in(&Arc::new(Home::new()))
    }

    pub fn console_in(&self, home: &Arc<Home>) -> Pty {
        let kubeconfig = self.cluster.kubeconfig.to_string_lossy();
        Pty::spawn_in(home, &["--kubeconfig", &kubeconfig, "--namespace", &self.name], &[], (160, 48))
    }
}

impl Drop for Namespace<'_> {
    fn drop(&mut self) {
        // On the lab nobody waits for the namespace controller; in a stranger's cluster we leave
        // only when it is gone.
        let wait = if self.cluster.lab.is_some() { "--wait=false" } else { "--timeout=120s" };
        let gone = self.cluster.try_kubectl(&["delete", "namespace", &self.name, wait], "");
        if !gone.status.success() {
            let said = String::from_utf8_lossy(&gone.stderr).into_owned();
            let mut stderr = std::io::stderr();
            let told = writeln!(stderr, "namespace {} is left behind: {said}", self.name);
            drop(told);
        }
    }
}

/// A program of the lab, where its `build` puts it.
pub fn lab_program(name: &str) -> String {
    let home = std::env::var("LAB_HOME").unwrap_or_else(|_| {
        let cache = std::env::var("XDG_CACHE_HOME")
            .unwrap_or_else(|_| format!("{}/.cache", std::env::var("HOME").expect("a home")));
        format!("{cache}/quarterdeck-lab")
    });
    format!("{home}/bin/{name}")
}

pub fn skipped(why: &str) {
    said(&format!("skipped: {why}"));
}

/// A word for whoever watches the test.
pub fn said(what: &str) {
    let told = writeln!(std::io::stderr(), "{what}");
    drop(told);
}
