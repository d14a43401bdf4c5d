//! A console in memory on a demo of its own, with a journal in a temporary folder.

use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use quarterdeck::app::{self, Headless, Recorder, Setup};
use quarterdeck::config::theme::{Depth, Glyphs};
use quarterdeck::config::{keymap, theme};
use quarterdeck::demo::{self, Demo, Options};
use quarterdeck::journal::Journal;
use quarterdeck::model::scope::Settings;
use quarterdeck::model::source::FeedStatus;
use quarterdeck::state::log;
use quarterdeck::state::ui::Place;
use quarterdeck::systems::Namespaces;
use tempfile::TempDir;

/// A console, the demo behind it, and the folder of its journal.
pub struct Story {
    pub console: Headless,
    pub demo: Demo,
    pub folder: TempDir,
}

impl Story {
    /// The regression with its time held, at 160 × 48.
    pub async fn begin() -> Self {
        Self::of(Options { held: true, ..Options::default() }).await
    }

    /// Any demo.
    pub async fn of(options: Options) -> Self {
        Self::with(options, |_| Arc::default()).await
    }

    /// Any demo, with settings made of it.
    pub async fn with(options: Options, settings: impl Fn(&Demo) -> Arc<Settings>) -> Self {
        Self::on(demo::start(options).await.expect("the demo starts"), settings).await
    }

    /// The world with a RustCI server, which speaks as the branch under this path does.
    pub async fn at_rustci(path: &str) -> Self {
        let options = Options { scenario: "flaky-e2e".to_owned(), held: true, ..Options::default() };
        let mut demo = demo::start(options).await.expect("the demo starts");
        demo.rustci = demo.rustci.map(|url| url.replace("/rustci", path));
        Self::on(demo, |_| Arc::default()).await
    }

    /// The default world, of which a repository is named otherwise than it is called there.
    pub async fn with_repository(called: &str, named: &str) -> Self {
        let mut demo = demo::start(Options { held: true, ..Options::default() }).await.expect("the demo starts");
        let repository = demo.repositories.iter_mut().find(|name| *name == called).expect("a repository of the world");
        named.clone_into(repository);
        Self::on(demo, |_| Arc::default()).await
    }

    /// A world whose server of Argo CD is another one, is spoken to with another token, or is not named.
    pub async fn at_argocd(
        options: Options,
        change: impl FnOnce(Option<(String, &'static str)>) -> Option<(String, &'static str)>,
    ) -> Self {
        let mut demo = demo::start(options).await.expect("the demo starts");
        demo.argocd = change(demo.argocd.take());
        Self::on(demo, |_| Arc::default()).await
    }

    async fn on(demo: Demo, settings: impl Fn(&Demo) -> Arc<Settings>) -> Self {
        let folder = TempDir::new().expect("a temporary folder");
        let console = start(&demo, Recorder::new(Journal::open(folder.path())), settings(&demo), Some(folder.path()));
        let mut story = Self { console, demo, folder };
        story.console.wait_for("every list", all_heard).await.unwrap_or_else(|lost| panic!("{lost}"));
        story
    }

    /// Another console on the same demo.
    pub fn beside(&self, recorder: Recorder) -> Headless {
        start(&self.demo, recorder, Arc::default(), None)
    }

    /// Another console in place of this one, in the same folder, as the configuration wants it.
    pub async fn again(self, settings: Settings) -> Self {
        let Self { console, demo, folder } = self;
        console.finish().await;
        let recorder = Recorder::new(Journal::open(folder.path()));
        let console = start(&demo, recorder, Arc::new(settings), Some(folder.path()));
        Self { console, demo, folder }
    }

    /// Moves the held world on.
    pub fn advance(&self, seconds: u64) {
        self.demo.handle.advance(Duration::from_secs(seconds));
    }

    pub async fn until(&mut self, what: &str, wanted: impl Fn(&str) -> bool) {
        self.console.wait_until(what, wanted).await.unwrap_or_else(|lost| panic!("{lost}"));
    }
}

/// Every list is whole, or of a kind that the demo's server does not know or does not show.
pub fn all_heard(console: &Headless) -> bool {
    let absent = |status: &FeedStatus| matches!(status, FeedStatus::Absent { .. } | FeedStatus::Denied { .. });
    console.state().world.feeds.values().all(|feed| feed.complete || absent(&feed.status))
}

fn start(demo: &Demo, recorder: Recorder, settings: Arc<Settings>, folder: Option<&Path>) -> Headless {
    let setup = Setup {
        specs: app::specs_of(demo, &Namespaces::All),
        settings,
        keymap: keymap::load(None, None).expect("the keymap"),
        theme: theme::load(None, None, Depth::True, Glyphs::Unicode).expect("the theme"),
        clock: demo.clock,
        log_memory: log::MEMORY,
        place: Place::Deck,
        badge: None,
        recorder,
        saves: None,
        durations: folder.map(Path::to_path_buf),
    };
    Headless::start(setup, (160, 48)).expect("the console starts")
}
