//! The flat list of all pods.

use std::hint::black_box;
use std::sync::Arc;

use quarterdeck::command::{Command, Key, Keymap};
use quarterdeck::config::keymap;
use quarterdeck::config::theme::{self, Depth, Glyphs, Theme};
use quarterdeck::model::source::{FeedEvent, FeedId, Object, SourceScope};
use quarterdeck::model::{Kind, Name, SourceId, SystemId};
use quarterdeck::state::State;
use quarterdeck::state::ui::Place;
use quarterdeck::text::Safe;
use quarterdeck::ui;
use quarterdeck::update::{Msg, settle, update};
use ratatui::Terminal;
use ratatui::backend::TestBackend;

use super::{now, pod, timed};

/// On a terminal of 160 × 48.
pub struct Pods {
    pub count: usize,
    state: State,
    theme: Theme,
    terminal: Terminal<TestBackend>,
    feed: FeedId,
    keys: [Key; 2],
    turn: usize,
}

impl Pods {
    pub fn new(pods: usize) -> Self {
        let keymap: Keymap = keymap::load(None, None).unwrap();
        let key = |command| keymap.keys_of(command)[0];
        let keys = [key(Command::Down), key(Command::Up)];
        let scope = SourceScope {
            system: SystemId::Kubernetes,
            discovered: None,
            id: SourceId(0),
            name: Name::new("bench"),
            server: Safe::of("https://bench"),
            user: Safe::of("bench"),
            namespaces: None,
            unusable: None,
        };
        let mut state = State::new(now(), vec![scope], keymap, (160, 48));
        state.ui.place = Place::Pods;
        let feed = FeedId { cluster: SourceId(0), kind: Kind::Pod, namespace: None };
        update(&mut state, now(), Msg::Feed(feed.clone(), FeedEvent::ListBegins));
        for page in (0..pods).collect::<Vec<_>>().chunks(500) {
            let objects = page.iter().map(|n| Object::Pod(Arc::new(pod(*n, 0)))).collect();
            update(&mut state, now(), Msg::Feed(feed.clone(), FeedEvent::Applied(objects)));
        }
        update(&mut state, now(), Msg::Feed(feed.clone(), FeedEvent::Listed));
        let theme = theme::load(None, None, Depth::True, Glyphs::Unicode).unwrap();
        let terminal = Terminal::new(TestBackend::new(160, 48)).unwrap();
        let mut world = Self { count: pods, state, theme, terminal, feed, keys, turn: 0 };
        world.draw();
        let rows: String =
            world.terminal.backend().buffer().content().iter().map(ratatui::buffer::Cell::symbol).collect();
        assert!(rows.contains("checkout-"), "the pods are not on the screen");
        world
    }

    fn draw(&mut self) {
        settle(&mut self.state);
        let (state, theme) = (&self.state, &self.theme);
        self.terminal.draw(|frame| ui::draw(state, theme, frame)).unwrap();
    }

    fn key(&mut self) {
        self.turn += 1;
        let key = self.keys[self.turn % 2];
        black_box(update(&mut self.state, now(), Msg::Key(key)));
    }

    fn change(&mut self) {
        self.turn += 1;
        let object = Object::Pod(Arc::new(pod(self.turn * 7_919 % self.count, self.turn as u32)));
        let event = FeedEvent::Applied(vec![object]);
        black_box(update(&mut self.state, now(), Msg::Feed(self.feed.clone(), event)));
    }

    /// A key and its frame.
    pub fn quiet(&mut self, times: usize) -> f64 {
        timed(times, || {
            self.key();
            self.draw();
        })
    }

    /// A changed pod, a key and their frame.
    pub fn changing(&mut self, times: usize) -> f64 {
        timed(times, || {
            self.change();
            self.key();
            self.draw();
        })
    }

    /// A changed pod, without a frame.
    pub fn message(&mut self, times: usize) -> f64 {
        timed(times, || self.change())
    }
}
