//! R25: a thousand random histories of changes, dropped watches, 410s (of a watch and in the middle of a
//! list), bookmarks and relists. In the end the world holds what the server holds, nothing more; and
//! what was there all along is never away, not for one frame.

use std::collections::{BTreeMap, HashMap};
use std::fmt::Write as _;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use quarterdeck::model::source::SourceScope;
use quarterdeck::model::{Kind, Name};
use quarterdeck::systems::{Pace, Spec};
use serde_json::{Value, json};

use super::server::{Reply, Request, Server, spec};
use super::support::block_on;
use super::watches::{Run, frame, pod, quick};

/// Namespaces of a round, a history each.
const NAMESPACES: usize = 50;
const ROUNDS: usize = 20;
const PAGE: usize = 2;
/// Never deleted.
const KEPT: [&str; 2] = ["kept-a", "kept-b"];
/// Written last: nothing comes after it.
const LAST: &str = "last";

/// When it changed last and when it was made: what is made anew under its old name is another one.
type Born = (u64, u64);

/// What a server keeps of one namespace, and how it misbehaves.
struct History {
    namespace: String,
    version: u64,
    objects: BTreeMap<String, Born>,
    /// Whether it is there since then, and which.
    log: Vec<(bool, String, Born)>,
    /// What is older is forgotten.
    compacted: u64,
    /// What lists were begun with, by their version.
    snapshots: HashMap<u64, Vec<(String, Born)>>,
    /// Turns that still misbehave.
    left: u32,
    random: u64,
}

impl History {
    fn new(namespace: &str, seed: u64) -> Self {
        let mut history = Self {
            namespace: namespace.to_owned(),
            version: 10,
            objects: BTreeMap::new(),
            log: Vec::new(),
            compacted: 0,
            snapshots: HashMap::new(),
            left: 0,
            random: seed.wrapping_mul(0x9E37_79B9_7F4A_7C15) | 1,
        };
        for name in KEPT {
            history.put(name);
        }
        history.left = 3 + history.below(6) as u32;
        history
    }

    /// xorshift.
    fn below(&mut self, end: u64) -> u64 {
        self.random ^= self.random << 13;
        self.random ^= self.random >> 7;
        self.random ^= self.random << 17;
        self.random % end
    }

    fn put(&mut self, name: &str) {
        self.version += 1;
        let born = self.objects.get(name).map_or(self.version, |(_, born)| *born);
        self.objects.insert(name.to_owned(), (self.version, born));
        self.log.push((true, name.to_owned(), (self.version, born)));
    }

    fn change(&mut self) {
        for _ in 0..self.below(4) {
            let name = format!("pod-{}", self.below(5));
            match (self.below(3), self.objects.get(&name).copied()) {
                (0, Some((_, born))) => {
                    self.version += 1;
                    self.objects.remove(&name);
                    self.log.push((false, name, (self.version, born)));
                }
                (1, _) => {
                    let kept = KEPT[self.below(2) as usize];
                    self.put(kept);
                }
                _ => self.put(&name),
            }
        }
    }

    /// One turn less; the last of them writes the last object.
    fn turn(&mut self) {
        self.change();
        if self.left > 0 {
            self.left -= 1;
            if self.left == 0 {
                self.put(LAST);
            }
        }
    }

    fn list(&mut self, token: Option<&str>) -> Reply {
        let (version, from) = match token {
            None => {
                let all = self.objects.iter().map(|(name, born)| (name.clone(), *born)).collect();
                self.snapshots.insert(self.version, all);
                (self.version, 0)
            }
            Some(token) => {
                let (version, from) = token.split_once('-').expect("our token");
                let version: u64 = version.parse().expect("our version");
                // In the middle of the list it is forgotten.
                if self.left > 0 && self.below(4) == 0 {
                    self.turn();
                    self.compacted = self.version;
                }
                if version < self.compacted {
                    return Reply::status(410, "Expired", "The provided continue parameter is too old");
                }
                (version, from.parse().expect("our place"))
            }
        };
        let all = self.snapshots[&version].clone();
        let page = all.iter().skip(from).take(PAGE);
        let items: Vec<Value> = page.map(|(name, born)| self.object(name, *born)).collect();
        let next = if from + PAGE < all.len() { format!("{version}-{}", from + PAGE) } else { String::new() };
        // What changes meanwhile, the watch tells.
        self.change_unless_over();
        let metadata = json!({ "resourceVersion": version.to_string(), "continue": next });
        Reply::json(json!({ "kind": "PodList", "apiVersion": "v1", "metadata": metadata, "items": items }))
    }

    fn object(&self, name: &str, (version, born): Born) -> Value {
        let mut pod = pod(name, version);
        pod["metadata"]["namespace"] = self.namespace.clone().into();
        pod["metadata"]["uid"] = format!("{}-{name}-{born}", self.namespace).into();
        pod
    }

    fn change_unless_over(&mut self) {
        if self.left > 0 {
            self.change();
        }
    }

    fn watch(&mut self, from: u64) -> Reply {
        if from < self.compacted {
            let gone = json!({ "kind": "Status", "code": 410, "reason": "Expired", "message": "too old" });
            return match self.below(2) {
                0 => Reply::Lines(vec![frame("ERROR", &gone)]),
                _ => Reply::status(410, "Expired", "too old resource version"),
            };
        }
        let misbehaves = self.left > 0;
        if misbehaves {
            self.turn();
        }
        let after = self.log.iter().filter(|(_, _, (version, _))| *version > from);
        let told = |(there, name, born): &(bool, String, Born)| {
            frame(if *there { "MODIFIED" } else { "DELETED" }, &self.object(name, *born))
        };
        let mut frames: Vec<String> = after.map(told).collect();
        if self.below(2) == 0 {
            let version = self.version.to_string();
            frames.push(frame("BOOKMARK", &json!({ "kind": "Pod", "metadata": { "resourceVersion": version } })));
        }
        if !misbehaves || self.left == 0 {
            return Reply::Held(frames);
        }
        match self.below(4) {
            // It forgets, and says so on the stream.
            0 => {
                self.compacted = self.version + 1;
                self.version += 1;
                let gone = json!({ "kind": "Status", "code": 410, "reason": "Expired", "message": "too old" });
                frames.push(frame("ERROR", &gone));
                Reply::Lines(frames)
            }
            // Only a part arrives.
            1 => {
                let keep = self.below(frames.len() as u64 + 1) as usize;
                frames.truncate(keep);
                Reply::Lines(frames)
            }
            // In the middle of a frame.
            2 => {
                let mut body = frames.iter().fold(String::new(), |mut body, line| {
                    let _ = writeln!(body, "{line}");
                    body
                });
                let keep = self.below(body.len() as u64 + 1) as usize;
                body.truncate(keep);
                Reply::Cut(body)
            }
            _ => Reply::Lines(frames),
        }
    }
}

type Histories = Arc<Mutex<HashMap<String, History>>>;

fn answer(histories: &Histories, request: &Request) -> Reply {
    // Other kinds are not served there, so that a round costs what its pods do.
    let absent = || Reply::status(404, "NotFound", "the server could not find the requested resource");
    let Some((_, rest)) = request.path.split_once("/api/v1/namespaces/") else { return absent() };
    let Some((namespace, query)) = rest.split_once("/pods?") else { return absent() };
    let field = |name: &str| {
        let all = query.split_whitespace().next().unwrap_or_default().split('&');
        all.filter_map(|pair| pair.split_once('=')).find(|(key, _)| *key == name).map(|(_, value)| value)
    };
    let mut histories = histories.lock().expect("the histories");
    let history = histories.get_mut(namespace).expect("a namespace of ours");
    if request.is_watch() {
        history.watch(field("resourceVersion").and_then(|version| version.parse().ok()).expect("a version"))
    } else {
        history.list(field("continue"))
    }
}

/// Uid and version of what is there: of a namespace in the world, and on its server.
fn in_world(run: &Run, namespace: &str) -> BTreeMap<String, String> {
    let own = run.world.pods.rows().iter().filter(|row| row.meta.namespace.raw() == namespace);
    own.map(|row| (row.meta.uid.raw().to_owned(), row.meta.resource_version.to_string())).collect()
}

fn on_server(history: &History) -> BTreeMap<String, String> {
    let uid = |name: &str, born: u64| format!("{}-{name}-{born}", history.namespace);
    history.objects.iter().map(|(name, (version, born))| (uid(name, *born), version.to_string())).collect()
}

async fn round(number: usize) {
    let names: Vec<String> = (0..NAMESPACES).map(|n| format!("r{number}-{n}")).collect();
    let all =
        names.iter().zip(1..).map(|(name, n)| (name.clone(), History::new(name, (number * NAMESPACES + n) as u64)));
    let histories: Histories = Arc::new(Mutex::new(all.collect()));
    let server = {
        let histories = Arc::clone(&histories);
        Server::answering(move |request| answer(&histories, request)).await
    };
    let Spec { scope, upstream } = spec(&server.url);
    let scope = SourceScope { namespaces: Some(names.iter().map(|name| Name::new(name)).collect()), ..scope };
    let pace = Pace { denied: Duration::from_mins(5), ..quick() };
    let mut run = Run::at(scope.clone(), Spec { scope, upstream }, pace);
    let count = |run: &Run, name: &str| run.world.pods.rows().iter().filter(|row| row.meta.name.raw() == name).count();
    // What stays is there from the first whole list on.
    let listed =
        |run: &Run| run.world.feeds.iter().filter(|(id, _)| id.kind == Kind::Pod).all(|(_, feed)| feed.complete);
    run.until(listed).await;
    let never_away = |run: &Run| {
        for name in KEPT {
            assert_eq!(count(run, name), NAMESPACES, "{name} is away somewhere in round {number}");
        }
    };
    // A list that is on its way has told only its first pages.
    let whole = |run: &Run| run.world.feeds.values().all(|feed| !feed.is_listing());
    run.until_with(|run| count(run, LAST) == NAMESPACES && whole(run), never_away).await;
    {
        let histories = histories.lock().expect("the histories");
        for (name, history) in histories.iter() {
            assert_eq!(history.left, 0, "{name}");
            assert_eq!(in_world(&run, name), on_server(history), "{name} at version {}", history.version);
        }
    }
    run.end().await;
}

#[test]
fn r25_after_a_thousand_histories_the_world_is_the_servers() {
    block_on(async {
        for number in 0..ROUNDS {
            round(number).await;
        }
    });
}
