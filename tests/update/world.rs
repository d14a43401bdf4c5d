//! A console in memory over recorded moments of real servers: keys by what they mean, time as data.

use std::time::Duration;

use jiff::Timestamp;
use quarterdeck::command::{Command, Key, KeyCode};
use quarterdeck::config::keymap;
use quarterdeck::model::source::{FeedEvent, FeedId, Object, SourceScope};
use quarterdeck::model::{Kind, Name, Now, ObjectId, SourceId, SystemId};
use quarterdeck::state::ui::{Confirm, Overlay, Place};
use quarterdeck::state::{State, verbs};
use quarterdeck::systems::ingest;
use quarterdeck::text::Safe;
use quarterdeck::ui;
use quarterdeck::update::{self, Effect, Msg};
use serde_json::{Value, json};

pub const CLUSTER: SourceId = SourceId(0);

/// One recorded moment, `regression/02-half-the-traffic`.
pub fn moment(name: &str) -> Value {
    let (scenario, mark) = name.split_once('/').unwrap();
    let path = format!("{}/demo/recordings/{scenario}/get/{mark}.json", env!("CARGO_MANIFEST_DIR"));
    let text = std::fs::read_to_string(&path).unwrap_or_else(|error| panic!("{path}: {error}"));
    serde_json::from_str(&text).unwrap()
}

/// The namespace of the recordings, with this label `environment`.
pub fn namespace(environment: &str) -> Value {
    json!({ "metadata": { "name": "production", "uid": "ns-1", "resourceVersion": "1",
        "labels": { "environment": environment } } })
}

/// Objects of a kind as ingest makes them.
pub fn objects(kind: Kind, items: &[Value]) -> Vec<Object> {
    let answer = json!({ "metadata": { "resourceVersion": "1" }, "items": items });
    let page = ingest::page(kind, CLUSTER, answer.to_string().as_bytes()).expect("the list decodes");
    assert_eq!(page.rejected, [], "{kind:?}: every object decodes");
    page.objects
}

/// From one key to the next under a fast hand.
pub const HAND: Duration = Duration::from_millis(60);

#[derive(Clone)]
pub struct Console {
    pub state: State,
    pub effects: Vec<Effect>,
}

impl Console {
    /// Every kind listed whole, in the environment `dev`, which is not protected.
    pub fn new(objects: &Value) -> Self {
        Self::in_environment(objects, "dev")
    }

    pub fn in_environment(objects: &Value, environment: &str) -> Self {
        let mut console = Self::empty();
        console.list(Kind::Namespace, &[namespace(environment)]);
        for kind in Kind::IN_CLUSTERS.into_iter().filter(|kind| *kind != Kind::Namespace) {
            let items = objects.get(kind.plural()).and_then(Value::as_array).cloned().unwrap_or_default();
            console.list(kind, &items);
        }
        update::settle(&mut console.state);
        console
    }

    /// Nothing has been heard yet.
    pub fn empty() -> Self {
        let scope = SourceScope {
            system: SystemId::Kubernetes,
            discovered: None,
            id: CLUSTER,
            name: Name::new("test"),
            server: Safe::of("http://127.0.0.1"),
            user: Safe::of("test"),
            namespaces: None,
            unusable: None,
        };
        let now = Now { wall: Timestamp::UNIX_EPOCH, mono: Duration::from_secs(100) };
        let keymap = keymap::load(None, None).unwrap();
        Self { state: State::new(now, vec![scope], keymap, (160, 48)), effects: Vec::new() }
    }

    /// A kind listed whole through ingest, as its feed does it.
    pub fn list(&mut self, kind: Kind, items: &[Value]) {
        self.list_objects(kind, objects(kind, items));
    }

    /// The same with objects that ingest has made already.
    pub fn list_objects(&mut self, kind: Kind, objects: Vec<Object>) {
        for event in [FeedEvent::ListBegins, FeedEvent::Applied(objects), FeedEvent::Listed] {
            self.feed(kind, event);
        }
    }

    pub fn feed(&mut self, kind: Kind, event: FeedEvent) {
        self.send(Msg::Feed(FeedId { cluster: CLUSTER, kind, namespace: None }, event));
    }

    /// The rollouts of another moment.
    pub fn rollouts(&mut self, objects: &Value) {
        self.list(Kind::Rollout, objects["rollouts"].as_array().unwrap());
    }

    pub fn send(&mut self, msg: Msg) {
        let now = self.state.now;
        let effects = update::update(&mut self.state, now, msg);
        // The Deck follows a log of its own, which has tests of its own.
        let of_deck = |effect: &Effect| matches!(effect, Effect::Tail(id, _) if self.state.deck_log.as_ref().is_some_and(|deck| deck.log.id == *id));
        self.effects.extend(effects.into_iter().filter(|effect| !of_deck(effect)));
        update::settle(&mut self.state);
        self.draw();
    }

    /// What the loop does after each frame.
    pub fn draw(&mut self) {
        let whole = ui::room_wanted(&self.state, self.state.ui.size).is_none();
        let now = self.state.now;
        update::drawn(&mut self.state, now, whole);
    }

    /// Time passes.
    pub fn wait(&mut self, span: Duration) {
        self.state.now.mono += span;
        self.state.now.wall += span;
    }

    pub fn key(&mut self, key: Key) {
        self.send(Msg::Key(key));
    }

    pub fn plain(&mut self, code: KeyCode) {
        self.key(Key::plain(code));
    }

    pub fn type_text(&mut self, text: &str) {
        for c in text.chars() {
            self.plain(KeyCode::Char(c));
            self.wait(HAND);
        }
    }

    /// The key that means the command here.
    pub fn key_of(&self, command: Command) -> Key {
        let scopes = verbs::scopes(&self.state);
        let keymap = &self.state.keymap;
        let mut keys = keymap.keys_of(command).into_iter();
        keys.find(|key| keymap.lookup(&scopes, *key) == Some(command))
            .unwrap_or_else(|| panic!("{command:?} has no key in {scopes:?}"))
    }

    pub fn press(&mut self, command: Command) {
        let key = self.key_of(command);
        self.key(key);
    }

    /// The page of the only rollout (or deployment) of the moment.
    pub fn open_workload(&mut self) -> ObjectId {
        let world = &self.state.world;
        let rollout = world.rollouts.rows().first().map(|row| row.meta.id(Kind::Rollout));
        let id = rollout.or_else(|| world.deployments.rows().first().map(|row| row.meta.id(Kind::Deployment))).unwrap();
        self.state.ui.place =
            if id.kind == Kind::Rollout { Place::Rollout(id.clone()) } else { Place::Workload(id.clone()) };
        update::settle(&mut self.state);
        id
    }

    pub fn dialog(&self) -> Option<&Confirm> {
        match &self.state.ui.overlay {
            Some(Overlay::Confirm(confirm)) => Some(confirm),
            _ => None,
        }
    }

    /// Past the moment in which the dialog takes no keys.
    pub fn arm(&mut self) {
        self.wait(verbs::ARMING);
    }

    /// Actions that left for the runner.
    pub fn performed(&self) -> usize {
        self.effects.iter().filter(|effect| matches!(effect, Effect::Perform(_))).count()
    }

    /// The newest message over the screen.
    pub fn toast(&self) -> String {
        self.state.ui.toasts.last().map_or(String::new(), |toast| toast.text.as_str().to_owned())
    }
}
