//! A timed world: objects, the controllers that act on them, and a queue of when each has to look
//! again. Time enters as data; [`World::advance`] does everything that is due until then, in order,
//! so a world is a function of scenario, seed, time and what people did.

use std::collections::{BTreeSet, VecDeque};
use std::sync::Arc;
use std::time::Duration;

use jiff::Timestamp;
use serde_json::{Value, json};

use super::DemoError;
use super::controllers;
use super::github::{self, Book};
use super::helm;
use super::kinds::{Key, Kind, Row, TEKTON};
use super::prometheus::{Rules, Taken};
use super::rustci::Works;
use super::scenario::{Scenario, Strategy};
use super::store::Store;
use super::tekton::{self, Tekton};
use super::templates::Templates;
use super::traffic::Story;
use super::value::{at, hash, int, later, letters, mix, rfc3339, seconds, set, text, time_at, uid};
use super::{argocd, autoscalers, istio};

/// How long a controller takes to notice a change.
const LAG: Duration = Duration::from_millis(50);

/// Events are forgotten after this, as the API server does by default.
const EVENT_LIFE: Duration = Duration::from_hours(1);

/// Something that the scenario does to a workload.
#[derive(Debug, Clone)]
struct Act {
    at: Timestamp,
    workload: usize,
    version: String,
    full: bool,
    crashes: bool,
    /// Comes again after this, with the next of these versions.
    again: Option<(Duration, Vec<String>)>,
}

/// A world.
#[derive(Debug)]
pub(super) struct World {
    pub(super) store: Store,
    pub(super) now: Timestamp,
    pub(super) scenario: Scenario,
    pub(super) templates: Templates,
    pub(super) story: Story,
    /// The runs of its repositories.
    pub(super) book: Book,
    /// Its RustCI server.
    pub(super) works: Works,
    /// What its Tekton runs.
    pub(super) tekton: Tekton,
    /// What engines have pushed to its registry.
    pub(super) pushed: Vec<super::registry::ByHand>,
    /// What its Grafana has been told.
    pub(super) annotations: Vec<Value>,
    /// What its Loki has kept.
    pub(super) gone: super::loki::Gone,
    queue: BTreeSet<(Timestamp, Key)>,
    acts: VecDeque<Act>,
    /// What runs of its workflows brought.
    built: Vec<github::Deploy>,
    seed: u64,
    made: u64,
    /// Images whose containers exit at start.
    crashing: Vec<String>,
    /// No controller acts and nothing happens by itself, but for the churn of `scale.rs`.
    pub(super) quiet: bool,
    /// What changes in a quiet world.
    pub(super) churn: super::scale::Churn,
    /// The rules of its Prometheus.
    pub(super) rules: Arc<Rules>,
    /// What its Prometheus had when somebody asked last.
    pub(super) taken: Option<Taken>,
}

impl World {
    /// Plays the scenario up to its opening.
    pub(super) fn open(scenario: Scenario, seed: u64) -> Result<Self, DemoError> {
        let mut world = Self::before(scenario, seed)?;
        world.make_namespaces();
        tekton::install(&mut world);
        argocd::install(&mut world);
        helm::install(&mut world);
        autoscalers::install(&mut world);
        world.advance(world.scenario.opens);
        Ok(world)
    }

    /// An empty world at the moment of its scenario's first act.
    pub(super) fn before(scenario: Scenario, seed: u64) -> Result<Self, DemoError> {
        let acts = acts(&scenario);
        let start = acts.front().map_or(scenario.opens, |act| act.at);
        let deploys: Vec<_> = acts.iter().map(|act| deploy(&scenario, act)).collect();
        let book = Book::open(&scenario, &deploys, seed)?;
        Ok(Self {
            store: Store::new(),
            now: start,
            templates: Templates::cut()?,
            story: Story::default(),
            book,
            works: Works::open(&scenario)?,
            tekton: Tekton::open(&scenario)?,
            pushed: Vec::new(),
            annotations: Vec::new(),
            gone: super::loki::Gone::default(),
            queue: BTreeSet::new(),
            acts,
            built: Vec::new(),
            seed,
            made: 0,
            crashing: Vec::new(),
            quiet: false,
            churn: super::scale::Churn::default(),
            rules: Arc::new(Rules::of(&scenario.objectives)?),
            taken: None,
            scenario,
        })
    }

    /// Its definitions are there: of what many clusters do not have only where it is used.
    pub(super) fn installs(&self, row: &Row) -> bool {
        match row.kind {
            Kind::Application | Kind::AppProject => {
                !self.scenario.applications.is_empty() || self.store.values(Kind::Application, "").next().is_some()
            }
            Kind::VirtualService => self.store.values(Kind::VirtualService, "").next().is_some(),
            _ => row.group != TEKTON || self.tekton.there,
        }
    }

    pub(super) fn make_namespaces(&mut self) {
        for namespace in self.scenario.namespaces.clone() {
            let object = json!({
                "kind": "Namespace", "apiVersion": "v1",
                "metadata": {
                    "name": namespace.name, "uid": self.uid(),
                    "creationTimestamp": rfc3339(self.now),
                    "labels": { "environment": namespace.environment, "kubernetes.io/metadata.name": namespace.name },
                },
                "spec": { "finalizers": ["kubernetes"] },
                "status": { "phase": "Active" },
            });
            self.store.put(&Key::new(Kind::Namespace, "", &namespace.name), object);
        }
    }

    /// Lets everything happen that is due until `to`.
    pub(super) fn advance(&mut self, to: Timestamp) {
        loop {
            let act = self.acts.front().map(|act| act.at).filter(|at| *at <= to);
            let look = self.queue.first().map(|(at, _)| *at).filter(|at| *at <= to);
            self.book.advance(act.into_iter().chain(look).min().unwrap_or(to));
            let begins = self.tekton.next().filter(|at| act.into_iter().chain(look).chain([to]).all(|it| *at <= it));
            if let Some(at) = begins {
                self.now = self.now.max(at);
                tekton::begin(self);
                continue;
            }
            let ships = self.book.ships_at().filter(|at| act.into_iter().chain(look).chain([to]).all(|it| *at <= it));
            if let Some(at) = ships {
                self.now = self.now.max(at);
                self.ship();
                continue;
            }
            match (act, look) {
                (Some(act), look) if look.is_none_or(|look| act <= look) => {
                    self.now = self.now.max(act);
                    self.play();
                }
                (_, Some(look)) => {
                    self.now = self.now.max(look);
                    if let Some((_, key)) = self.queue.pop_first() {
                        controllers::reconcile(self, &key);
                    }
                }
                (_, None) => break,
            }
        }
        self.now = self.now.max(to);
        super::scale::churn(self);
    }

    /// When the next thing happens by itself.
    pub(super) fn next(&self) -> Option<Timestamp> {
        let act = self.acts.front().map(|act| act.at);
        let look = self.queue.first().map(|(at, _)| *at);
        let begins = self.tekton.next();
        act.into_iter().chain(look).chain(begins).chain(self.book.ships_at()).chain(self.restless()).min()
    }

    /// A world with churn or a busy log has something new all the time.
    fn restless(&self) -> Option<Timestamp> {
        let rate = self.churn.rate.max(self.scenario.traffic.log_lines_per_second);
        (self.quiet && rate > 0.0).then(|| later(self.now, Duration::from_secs_f64((1.0 / rate).min(1.0))))
    }

    /// Has the controller of an object look at it again.
    pub(super) fn look_again(&mut self, key: &Key, at: Timestamp) {
        self.queue.insert((at.max(later(self.now, LAG)), key.clone()));
    }

    /// Writes an object and wakes the controllers that care for it.
    pub(super) fn put(&mut self, key: &Key, value: Value) {
        let owner = owner(&key.namespace, &value);
        if self.quiet {
            self.store.put(key, value);
        } else if self.store.put(key, value) {
            let soon = later(self.now, LAG);
            self.queue.insert((soon, key.clone()));
            self.queue.extend(owner.map(|owner| (soon, owner)));
        }
    }

    /// Removes an object and wakes its owner.
    pub(super) fn remove(&mut self, key: &Key) {
        let gone = self.store.remove(key);
        if let Some(pod) = gone.as_ref().filter(|_| key.kind == Kind::Pod) {
            self.gone.keep(self.now, pod.clone());
        }
        if let Some(owner) = gone.and_then(|value| owner(&key.namespace, &value)) {
            self.look_again(&owner, self.now);
        }
    }

    /// The objects of a kind that this one owns.
    pub(super) fn owned(&self, kind: Kind, namespace: &str, owner: &str) -> Vec<(Key, Value)> {
        let mine = |value: &Value| text(value, "/metadata/ownerReferences/0/uid") == owner;
        let found = self.store.values(kind, namespace).filter(|(_, value)| mine(value));
        found.map(|(key, value)| (key.clone(), value.clone())).collect()
    }

    /// A number that no other call has got.
    pub(super) fn number(&mut self) -> u64 {
        self.made += 1;
        mix(self.seed.wrapping_mul(0x1_0000_0001).wrapping_add(self.made))
    }

    /// A new uid.
    pub(super) fn uid(&mut self) -> String {
        uid(self.number())
    }

    /// A new suffix for a generated name.
    pub(super) fn suffix(&mut self) -> String {
        letters(self.number(), 5)
    }

    /// Says whether containers of this image exit at start.
    pub(super) fn crashes(&self, image: &str) -> bool {
        self.crashing.iter().any(|bad| bad == image)
    }

    /// Gives an object taken from a template an identity of its own.
    pub(super) fn christen(&mut self, value: &mut Value, key: &Key) {
        set(value, "/kind", key.kind.row().name);
        set(value, "/apiVersion", key.kind.row().api_version());
        set(value, "/metadata/name", key.name.clone());
        set(value, "/metadata/namespace", key.namespace.clone());
        set(value, "/metadata/uid", self.uid());
        set(value, "/metadata/creationTimestamp", rfc3339(self.now));
        if key.kind != Kind::Event {
            set(value, "/metadata/generation", 1);
        }
    }

    /// Records an event about an object; the same reason and message again raises its count.
    pub(super) fn event(&mut self, about: &Key, source: &str, reason: &str, message: &str) {
        let Some(object) = self.store.value(about).cloned() else { return };
        let subject = text(&object, "/metadata/uid").to_owned();
        let warning = ["Failed", "Aborted", "BackOff"].iter().any(|word| reason.contains(word));
        let number = hash(&format!("{subject}{reason}{message}"));
        let key = Key::new(Kind::Event, &about.namespace, &format!("{}.{:016x}", about.name, number));
        let now = rfc3339(self.now);
        if let Some(mut again) = self.store.value(&key).cloned() {
            let count = int(&again, "/count") + 1;
            set(&mut again, "/count", count);
            set(&mut again, "/lastTimestamp", now);
            self.store.put(&key, again);
        } else {
            let mut event = self.templates.event.clone();
            self.christen(&mut event, &key);
            event["involvedObject"] = json!({
                "kind": about.kind.row().name, "namespace": about.namespace, "name": about.name, "uid": subject,
                "apiVersion": about.kind.row().api_version(), "resourceVersion": object["metadata"]["resourceVersion"],
            });
            event["reason"] = reason.into();
            event["message"] = message.into();
            event["type"] = if warning { "Warning" } else { "Normal" }.into();
            event["source"] = json!({ "component": source });
            event["reportingComponent"] = source.into();
            event["firstTimestamp"] = now.clone().into();
            event["lastTimestamp"] = now.into();
            event["count"] = 1.into();
            self.store.put(&key, event);
        }
        self.queue.insert((later(self.now, EVENT_LIFE), key));
    }

    /// Forgets an event whose time is over.
    pub(super) fn forget_event(&mut self, key: &Key) {
        let last = self
            .store
            .value(key)
            .and_then(|event| time_at(event, "/lastTimestamp").or_else(|| time_at(event, "/eventTime")));
        if last.is_none_or(|last| later(last, EVENT_LIFE) <= self.now) {
            self.store.remove(key);
        }
    }

    /// A workload gets the version that a run has built.
    fn ship(&mut self) {
        let Some(shipped) = self.book.shipped(self.now) else { return };
        if let Some(workload) = self.scenario.workloads.iter().position(|it| it.name == shipped.workload) {
            let act =
                Act { at: self.now, workload, version: shipped.version, full: false, crashes: false, again: None };
            self.built.push(deploy(&self.scenario, &act));
            self.deploy(&act);
        }
    }

    /// What workloads got or will get, and when.
    pub(super) fn deployed(&self) -> impl Iterator<Item = &github::Deploy> {
        self.book.deploys.iter().chain(&self.built)
    }

    /// A workload gets this version at once.
    pub(super) fn set_version(&mut self, workload: usize, version: &str) {
        let version = version.to_owned();
        self.deploy(&Act { at: self.now, workload, version, full: false, crashes: false, again: None });
    }

    fn deploy(&mut self, act: &Act) {
        let workload = self.scenario.workloads[act.workload].clone();
        let image = format!("{}:{}", workload.image, act.version);
        if act.crashes {
            self.crashing.push(image.clone());
        }
        let (namespace, name) = workload.parts();
        let kind = if workload.strategy == Strategy::Deployment { Kind::Deployment } else { Kind::Rollout };
        let key = Key::new(kind, namespace, name);
        let mut object = if let Some(object) = self.store.value(&key) {
            object.clone()
        } else {
            let object = controllers::new_workload(self, &workload, &key);
            istio::install(self, &key, &object);
            object
        };
        if at(&object, "/metadata/annotations/kubernetes.io~1change-cause").is_string() {
            let cause = format!("{name} {}", act.version);
            set(&mut object, "/metadata/annotations/kubernetes.io~1change-cause", cause);
        }
        if text(&object, "/spec/template/spec/containers/0/image") != image {
            set(&mut object, "/spec/template/spec/containers/0/image", image);
            let generation = int(&object, "/metadata/generation") + 1;
            set(&mut object, "/metadata/generation", generation);
        }
        self.put(&key, object);
        if act.full {
            self.story.promote_in_full.insert(key);
        }
    }

    fn play(&mut self) {
        let Some(mut act) = self.acts.pop_front() else { return };
        self.deploy(&act);
        if let Some((every, versions)) = act.again.as_mut() {
            versions.rotate_left(1);
            act.version.clone_from(&versions[0]);
            act.at = later(act.at, *every);
            let place = self.acts.partition_point(|other| other.at <= act.at);
            self.acts.insert(place, act);
        }
    }
}

/// What the builder of a version has to know of an act.
fn deploy(scenario: &Scenario, act: &Act) -> github::Deploy {
    let workload = &scenario.workloads[act.workload];
    let (image, environment) = (workload.image.clone(), workload.parts().0.to_owned());
    github::Deploy { at: act.at, image, environment, version: act.version.clone(), again: act.again.clone() }
}

/// The deploys and repeats of a scenario in order of time.
fn acts(scenario: &Scenario) -> VecDeque<Act> {
    let time = |span: &str, what: &str| {
        let mut span = seconds(span).unwrap_or_default();
        if span <= -86_400 {
            // Nobody deploys every day at the same second.
            span += (hash(what) % 7_200) as i64 - 3_600;
        }
        let span = jiff::SignedDuration::from_secs(span);
        scenario.opens.checked_add(span).unwrap_or(scenario.opens)
    };
    let which = |name: &str| scenario.workloads.iter().position(|it| it.name == name).unwrap_or_default();
    let deploys = scenario.deploys.iter().map(|it| Act {
        at: time(&it.at, &format!("{}{}", it.workload, it.version)),
        workload: which(&it.workload),
        version: it.version.clone(),
        full: it.full,
        crashes: it.crashes,
        again: None,
    });
    let repeats = scenario.repeats.iter().map(|it| Act {
        at: time(&it.from, &it.workload),
        workload: which(&it.workload),
        version: it.versions.first().cloned().unwrap_or_default(),
        full: false,
        crashes: false,
        again: Some((Duration::from_secs(seconds(&it.every).unwrap_or(600).unsigned_abs()), it.versions.clone())),
    });
    let mut all: Vec<Act> = deploys.chain(repeats).collect();
    all.sort_by_key(|act| act.at);
    all.into()
}

fn owner(namespace: &str, value: &Value) -> Option<Key> {
    let kind = Kind::named(text(value, "/metadata/ownerReferences/0/kind"))?;
    Some(Key::new(kind, namespace, text(value, "/metadata/ownerReferences/0/name")))
}
