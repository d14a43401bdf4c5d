//! Argo CD in a world's cluster: Applications that keep its workloads, and what fights them (slo.md S4:
//! Git pins a number of replicas, an autoscaler wants another one, and each undoes what the other did).

use std::time::Duration;

use jiff::Timestamp;
use serde::Deserialize;
use serde_json::{Value, json};

use super::gitops;
use super::kinds::{Key, Kind};
use super::value::{at, hash, int, items, later, rfc3339, set, text, time_at, unset};
use super::world::World;

/// Where Argo CD lives.
pub(super) const HOME: &str = "argocd";
/// An operation takes so long.
const TAKES: Duration = Duration::from_secs(3);
/// An application is compared at least so often.
const COMPARED: Duration = Duration::from_mins(2);
/// The autoscaler acts so long after it was overruled.
const RIVAL: Duration = Duration::from_secs(12);
/// How long the n-th healing waits; the last of them for all that follow.
const BACKOFF: [u64; 6] = [3, 3, 6, 42, 150, 288];
/// How much of its history an Application keeps.
const KEPT: usize = 10;

/// An Application of a scenario.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Plan {
    name: String,
    /// The namespace whose workloads it keeps.
    namespace: String,
    path: String,
    /// Nothing is applied by itself.
    #[serde(default)]
    manual: bool,
    rival: Option<Rival>,
}

/// Something else that changes an object it keeps.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Rival {
    /// The Deployment they fight for.
    deployment: String,
    /// What Git says, and what the other one wants.
    git: i64,
    wants: i64,
}

/// A project of a scenario.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Project {
    name: String,
    /// `spec.syncWindows`, as they are.
    #[serde(default)]
    windows: Vec<Value>,
}

/// The namespace that an overlay describes.
pub(super) fn namespace_of(world: &World, path: &str) -> Option<String> {
    let plan = world.scenario.applications.iter().find(|plan| plan.path == path)?;
    Some(plan.namespace.clone())
}

/// Puts the Applications of the scenario into the cluster.
pub(super) fn install(world: &mut World) {
    for project in world.scenario.projects.clone() {
        let key = Key::new(Kind::AppProject, HOME, &project.name);
        let mut object = json!({ "spec": { "sourceRepos": ["*"], "destinations": [{ "server": "*", "namespace": "*" }],
            "syncWindows": project.windows } });
        world.christen(&mut object, &key);
        world.store.put(&key, object);
    }
    for plan in world.scenario.applications.clone() {
        let key = Key::new(Kind::Application, HOME, &plan.name);
        let mut object = json!({
            "spec": {
                "project": "shop",
                "source": { "repoURL": "https://github.com/shop/gitops", "path": plan.path, "targetRevision": "main" },
                "destination": { "server": "https://kubernetes.default.svc", "namespace": plan.namespace },
            },
            "status": {},
        });
        world.christen(&mut object, &key);
        if !plan.manual {
            set(&mut object, "/spec/syncPolicy/automated", json!({ "prune": true, "selfHeal": true }));
        }
        let opens = world.scenario.opens;
        for commit in gitops::commits(world, &plan.namespace, opens).iter().rev().take(KEPT).rev() {
            unset(&mut object, "/status/operationState");
            deployed(&mut object, &commit.sha, later(commit.at, TAKES), 0);
        }
        if let Some(rival) = &plan.rival {
            autoscaler(world, &plan, rival);
            // The fight begins when the world opens.
            set(&mut object, "/status/operationState/finishedAt", rfc3339(opens));
        }
        world.store.put(&key, object);
        world.look_again(&key, opens);
    }
}

/// The commit that its overlay stands at.
pub(super) fn revision(world: &World, plan: &Plan) -> String {
    let newest = gitops::commits(world, &plan.namespace, world.now.max(world.scenario.opens)).pop();
    newest.map_or_else(|| format!("{:016x}", hash(&plan.name)), |commit| commit.sha)
}

/// Workloads that do not run the version of this commit: their place in the scenario, and that version.
fn behind(world: &World, plan: &Plan, sha: Option<&str>) -> Vec<(usize, String)> {
    let mut all = gitops::versions(world, &plan.namespace, sha);
    all.retain(|(workload, version)| {
        let workload = &world.scenario.workloads[*workload];
        let image = format!("{}:{version}", workload.image);
        let name = workload.parts().1;
        let mut kinds = [Kind::Rollout, Kind::Deployment].into_iter();
        kinds
            .find_map(|kind| world.store.value(&Key::new(kind, &plan.namespace, name)))
            .is_some_and(|value| text(value, "/spec/template/spec/containers/0/image") != image)
    });
    all
}

/// The controller's look at one.
pub(super) fn reconcile(world: &mut World, key: &Key) {
    let Some(plan) = world.scenario.applications.iter().find(|plan| plan.name == key.name).cloned() else { return };
    let Some(mut object) = world.store.value(key).cloned() else { return };
    let now = world.now;
    let before = object.clone();
    unset(&mut object, "/metadata/annotations/argocd.argoproj.io~1refresh");
    let next = operate(world, &plan, &mut object).unwrap_or_else(|| rest(world, &plan, &mut object));
    compare(world, &plan, &mut object);
    // The time of the comparison alone is written seldom, as the real one does it.
    let compared = time_at(&before, "/status/reconciledAt");
    if differs(&before, &object) || compared.is_none_or(|at| later(at, COMPARED) <= now) {
        set(&mut object, "/status/reconciledAt", rfc3339(now));
        world.store.put(key, object);
    }
    world.look_again(key, next.min(later(now, COMPARED)));
}

fn differs(before: &Value, after: &Value) -> bool {
    let without = |value: &Value| {
        let mut value = value.clone();
        unset(&mut value, "/status/reconciledAt");
        value
    };
    without(before) != without(after)
}

/// An operation that is asked for or runs; when to look again.
fn operate(world: &mut World, plan: &Plan, object: &mut Value) -> Option<Timestamp> {
    let asked = object.get("operation").filter(|asked| !asked.is_null())?.clone();
    let now = world.now;
    let phase = text(object, "/status/operationState/phase").to_owned();
    let begun = time_at(object, "/status/operationState/startedAt").filter(|_| phase == "Running");
    let Some(begun) = begun.or((phase == "Terminating").then_some(now)) else {
        let state = json!({ "phase": "Running", "message": "waiting for completion of hook", "startedAt": rfc3339(now),
            "operation": asked });
        set(object, "/status/operationState", state);
        return Some(later(now, TAKES));
    };
    if phase == "Running" && later(begun, TAKES) > now {
        return Some(later(begun, TAKES));
    }
    let heals = int(&asked, "/sync/selfHealAttemptsCount");
    if phase == "Terminating" {
        set(object, "/status/operationState/phase", "Failed");
        set(object, "/status/operationState/message", "Operation terminated");
        set(object, "/status/operationState/finishedAt", rfc3339(now));
    } else {
        if let Some(rival) = &plan.rival {
            scale(world, plan, rival, rival.git);
        }
        let revision = match text(&asked, "/sync/revision") {
            "" => revision(world, plan),
            sha => sha.to_owned(),
        };
        for (workload, version) in behind(world, plan, Some(&revision)) {
            world.set_version(workload, &version);
        }
        deployed(object, &revision, now, heals);
    }
    unset(object, "/operation");
    Some(later(now, RIVAL))
}

/// It was synced to this revision; a healing is no deployment of its own.
fn deployed(object: &mut Value, revision: &str, now: Timestamp, heals: i64) {
    let asked = at(object, "/status/operationState/operation").clone();
    let asked = if asked.is_null() {
        let manual = self::at(object, "/spec/syncPolicy/automated").is_null();
        let by = if manual { json!({ "username": "ana" }) } else { json!({ "automated": true }) };
        json!({ "initiatedBy": by, "sync": { "revision": revision, "prune": true } })
    } else {
        asked
    };
    let begun = time_at(object, "/status/operationState/startedAt").unwrap_or(now);
    set(
        object,
        "/status/operationState",
        json!({ "phase": "Succeeded", "message": "successfully synced (all tasks run)", "startedAt": rfc3339(begun),
            "finishedAt": rfc3339(now), "operation": asked, "syncResult": { "revision": revision, "resources": [] } }),
    );
    if heals == 0 {
        let mut history = items(object, "/status/history").to_vec();
        let id = history.last().map_or(1, |last| int(last, "/id") + 1);
        let by = at(object, "/status/operationState/operation/initiatedBy").clone();
        history.push(json!({ "id": id, "revision": revision, "deployedAt": rfc3339(now), "initiatedBy": by,
            "source": at(object, "/spec/source") }));
        let over = history.len().saturating_sub(KEPT);
        history.drain(..over);
        set(object, "/status/history", history);
    }
}

/// Nothing runs: the rival acts, or what it did is healed; when to look again.
fn rest(world: &mut World, plan: &Plan, object: &mut Value) -> Timestamp {
    let now = world.now;
    let (head, strays) = (revision(world, plan), behind(world, plan, None));
    let last = items(object, "/status/history").last().map(|last| text(last, "/revision").to_owned());
    if strays.is_empty() && last.is_some_and(|last| last != head) {
        // What was committed is there already.
        unset(object, "/status/operationState");
        deployed(object, &head, now, 0);
    }
    let Some(rival) = &plan.rival else { return later(now, COMPARED) };
    let finished = time_at(object, "/status/operationState/finishedAt").unwrap_or(now);
    if replicas(world, plan, rival) == rival.git {
        let at = later(finished, RIVAL);
        if at <= now {
            scale(world, plan, rival, rival.wants);
        }
        return later(at.max(now), Duration::from_secs(1));
    }
    if at(object, "/spec/syncPolicy/automated").is_null() {
        return later(now, COMPARED);
    }
    let heals = int(object, "/status/operationState/operation/sync/selfHealAttemptsCount");
    let wait = BACKOFF[usize::try_from(heals).unwrap_or_default().min(BACKOFF.len() - 1)];
    let due = later(finished, RIVAL + Duration::from_secs(wait));
    if due <= now {
        let revision = head;
        let resource =
            json!({ "group": "apps", "kind": "Deployment", "namespace": plan.namespace, "name": rival.deployment });
        object["operation"] = json!({ "initiatedBy": { "automated": true },
            "sync": { "revision": revision, "prune": true, "selfHealAttemptsCount": heals + 1, "resources": [resource] } });
    }
    later(due.max(now), Duration::from_secs(1))
}

/// What is written in Git beside what is there.
fn compare(world: &World, plan: &Plan, object: &mut Value) {
    let stray = plan.rival.as_ref().filter(|rival| replicas(world, plan, rival) != rival.git);
    let behind = behind(world, plan, None);
    let old = |name: &str| behind.iter().any(|(at, _)| world.scenario.workloads[*at].parts().1 == name);
    let mut resources = Vec::new();
    let mut worst = 0;
    for kind in [Kind::Rollout, Kind::Deployment] {
        for (key, value) in world.store.values(kind, &plan.namespace) {
            let out =
                old(&key.name) || stray.is_some_and(|rival| kind == Kind::Deployment && rival.deployment == key.name);
            let rank = health(kind, value);
            worst = worst.max(rank);
            resources.push(json!({ "group": kind.row().group, "version": kind.row().version, "kind": kind.row().name,
                "namespace": key.namespace, "name": key.name, "status": if out { "OutOfSync" } else { "Synced" },
                "health": { "status": WORDS[rank] } }));
        }
    }
    set(object, "/status/resources", resources);
    set(object, "/status/health/status", WORDS[worst]);
    set(object, "/status/sync/status", if stray.is_some() || !behind.is_empty() { "OutOfSync" } else { "Synced" });
    set(object, "/status/sync/revision", revision(world, plan));
}

/// An object that an Application keeps, as it is and as it is wanted, with what a comparison leaves out taken away.
pub(super) fn states(world: &World, plan: &Plan, kind: Kind, name: &str) -> Option<(Value, Value)> {
    let mut live = world.store.value(&Key::new(kind, &plan.namespace, name))?.clone();
    unset(&mut live, "/metadata/managedFields");
    unset(&mut live, "/status");
    let mut wanted = live.clone();
    if let Some(rival) = plan.rival.as_ref().filter(|rival| kind == Kind::Deployment && rival.deployment == name) {
        set(&mut wanted, "/spec/replicas", rival.git);
    }
    for (at, version) in behind(world, plan, None) {
        let workload = &world.scenario.workloads[at];
        if workload.parts().1 == name {
            set(&mut wanted, "/spec/template/spec/containers/0/image", format!("{}:{version}", workload.image));
        }
    }
    Some((live, wanted))
}

/// The scenario's Application of this name.
pub(super) fn plan<'a>(world: &'a World, name: &str) -> Option<&'a Plan> {
    world.scenario.applications.iter().find(|plan| plan.name == name)
}

/// Better first.
const WORDS: [&str; 4] = ["Healthy", "Suspended", "Progressing", "Degraded"];

/// What gitops-engine says of a workload, as a position in [`WORDS`].
fn health(kind: Kind, value: &Value) -> usize {
    if kind == Kind::Rollout {
        return match text(value, "/status/phase") {
            "Healthy" => 0,
            "Paused" => 1,
            "Degraded" => 3,
            _ => 2,
        };
    }
    let late = items(value, "/status/conditions").iter().any(|it| text(it, "/reason") == "ProgressDeadlineExceeded");
    let wanted = int(value, "/spec/replicas");
    match (late, int(value, "/status/updatedReplicas") >= wanted && int(value, "/status/availableReplicas") >= wanted) {
        (true, _) => 3,
        (false, true) => 0,
        (false, false) => 2,
    }
}

fn rivals(plan: &Plan, rival: &Rival) -> Key {
    Key::new(Kind::Deployment, &plan.namespace, &rival.deployment)
}

fn replicas(world: &World, plan: &Plan, rival: &Rival) -> i64 {
    world.store.value(&rivals(plan, rival)).map_or(rival.git, |value| int(value, "/spec/replicas"))
}

/// The rival as the API server has it. It is no [`super::autoscalers::Plan`]: it acts when it was overruled.
fn autoscaler(world: &mut World, plan: &Plan, rival: &Rival) {
    let key = Key::new(Kind::HorizontalPodAutoscaler, &plan.namespace, &rival.deployment);
    let mut object = json!({
        "kind": "HorizontalPodAutoscaler", "apiVersion": "autoscaling/v2", "metadata": {},
        "spec": { "scaleTargetRef": { "apiVersion": "apps/v1", "kind": "Deployment", "name": key.name },
            "minReplicas": rival.git, "maxReplicas": rival.wants + rival.git },
        "status": { "currentReplicas": rival.wants, "desiredReplicas": rival.wants },
    });
    world.christen(&mut object, &key);
    world.store.put(&key, object);
}

fn scale(world: &mut World, plan: &Plan, rival: &Rival, to: i64) {
    let key = rivals(plan, rival);
    let Some(mut object) = world.store.value(&key).cloned() else { return };
    set(&mut object, "/spec/replicas", to);
    let generation = int(&object, "/metadata/generation") + 1;
    set(&mut object, "/metadata/generation", generation);
    let manager = if to == rival.git { "argocd-controller" } else { "kube-controller-manager" };
    let fields = json!([{ "manager": manager, "operation": "Update", "apiVersion": "apps/v1", "time": rfc3339(world.now),
        "fieldsType": "FieldsV1", "fieldsV1": { "f:spec": { "f:replicas": {} } } }]);
    set(&mut object, "/metadata/managedFields", fields);
    world.put(&key, object);
}
