//! One turn of the loop: wait for something, take what has come (64 messages at most), say what
//! only the screen can do. The order is the order of importance: keys, results, sources, tick.

mod effects;
mod files;

use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use tokio::sync::mpsc;
use tokio::time::timeout;

use super::kept::Kept;
use super::{Recorder, Setup, context};
use crate::action::{OperationId, Progress};
use crate::clock::Clock;
use crate::model::Now;
use crate::model::log::{LogEvent, TailId};
use crate::model::notify::Answer;
use crate::model::source::{FeedEvent, FeedId};
use crate::state::State;
use crate::state::ui::Overlay;
use crate::systems::{Spec, Systems};
use crate::text::Safe;
use crate::ui;
use crate::update::{self, Msg};

/// Messages taken in before the next frame.
const DRAIN: usize = 64;
/// Sources wait when the loop is this far behind.
const SOURCES: usize = 256;
/// Chunks of a log, of 64 KiB each unless a line is longer (1 MiB at most): what waits here is memory.
const TAILS: usize = 16;
const RESULTS: usize = 64;
/// Something may have aged on the screen.
const TICK: Duration = Duration::from_secs(1);
/// Frames that only news ask for are at least this far apart (60 a second).
const FRAME: Duration = Duration::from_millis(16);
/// They take at most one part in so many of the time: what is dear to draw is drawn less often.
const SHARE: u32 = 5;
/// But never less often than this.
const SLOWEST: Duration = Duration::from_millis(100);
/// The wall clock ran this much further than the monotonic one: the machine slept.
const SLEPT: Duration = Duration::from_secs(5);
/// A request on its way is given this long when the program ends.
const GRACE: Duration = Duration::from_millis(500);

/// What only the owner of the screen can do.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Outside {
    Copy(String),
    /// Tell the desktop, with the bell or without.
    Notify {
        answer: Arc<Answer>,
        bell: bool,
    },
    Suspend,
    Quit,
}

/// What a turn brought.
#[derive(Debug, Default)]
pub struct Step {
    /// The input that was taken in before anything else, if any came.
    pub pressed: bool,
    pub outside: Vec<Outside>,
}

/// The state, its sources and the runner of effects.
#[derive(Debug)]
pub struct Core {
    pub state: State,
    clock: Clock,
    /// Until the first frame is drawn.
    waiting: Vec<Spec>,
    systems: Option<Systems>,
    recorder: Recorder,
    saves: Option<PathBuf>,
    kept: Kept,
    /// What is wrong with what was kept, until it is said.
    odd: Option<Safe>,
    feeds: Channel<(FeedId, FeedEvent)>,
    results: Channel<(OperationId, Progress)>,
    tails: Channel<(TailId, LogEvent)>,
    /// What was written or read of files.
    files: Channel<Msg>,
    /// What went wrong behind the loop.
    notices: Channel<Safe>,
    dirty: bool,
    drawn: Option<Duration>,
    /// What the last frame took, from the world as it was to the screen.
    cost: Duration,
    ticked: Now,
    /// When the clocks were compared last.
    looked: Now,
}

#[derive(Debug)]
struct Channel<T> {
    tx: mpsc::Sender<T>,
    rx: mpsc::Receiver<T>,
}

impl<T> Channel<T> {
    fn new(room: usize) -> Self {
        let (tx, rx) = mpsc::channel(room);
        Self { tx, rx }
    }
}

/// What came first.
enum Came {
    Input(Msg),
    Other(Msg),
    Tick,
    Frame,
}

impl Core {
    /// The console before anything is connected.
    #[must_use]
    pub fn new(setup: Setup, size: (u16, u16)) -> Self {
        let Setup { specs, settings, keymap, theme: _, clock, log_memory, place, badge, recorder, saves, durations } =
            setup;
        let now = clock.now();
        let mut state = State::new(now, specs.iter().map(|spec| spec.scope.clone()).collect(), keymap, size);
        state.log_memory = log_memory;
        state.ui.place = place;
        state.settings = settings;
        state.badge = badge;
        state.operations = recorder.operations(&state.world.sources);
        state.read_only = recorder.read_only();
        let kept = Kept::new(durations);
        let (book, odd) = kept.read();
        update::remembered(&mut state, book);
        Self {
            state,
            clock,
            waiting: specs,
            systems: None,
            recorder,
            saves,
            kept,
            odd,
            feeds: Channel::new(SOURCES),
            results: Channel::new(RESULTS),
            tails: Channel::new(TAILS),
            files: Channel::new(RESULTS),
            notices: Channel::new(RESULTS),
            dirty: true,
            drawn: None,
            cost: Duration::ZERO,
            ticked: now,
            looked: now,
        }
    }

    /// Begins to read the sources. Called once, after the first frame.
    pub fn connect(&mut self) {
        if self.systems.is_some() {
            return;
        }
        let specs = std::mem::take(&mut self.waiting);
        let mut systems = Systems::start(specs, &self.feeds.tx, self.clock);
        systems.pack_with(Arc::new(context::pack));
        if self.recorder.looks() {
            systems.only_read();
        }
        self.systems = Some(systems);
        let effects = update::start(&mut self.state);
        let mut step = Step::default();
        self.run(effects, &mut step);
        if let Some(odd) = self.odd.take() {
            self.say(odd);
        }
    }

    /// The state as it is to be drawn now; lists and selections are counted up to date.
    pub fn frame(&mut self) -> &State {
        self.state.now = self.clock.now();
        update::settle(&mut self.state);
        self.dirty = false;
        self.drawn = Some(self.state.now.mono);
        &self.state
    }

    /// The frame is on the screen, in that size. The time of a dialog begins when it can be read.
    pub fn drawn(&mut self, size: (u16, u16)) {
        let whole = ui::room_wanted(&self.state, size).is_none();
        let now = self.clock.now();
        self.cost = self.drawn.map_or(Duration::ZERO, |begun| now.mono.saturating_sub(begun));
        update::drawn(&mut self.state, now, whole);
    }

    #[must_use]
    pub const fn is_dirty(&self) -> bool {
        self.dirty
    }

    /// Everything is to be drawn again.
    pub const fn soil(&mut self) {
        self.dirty = true;
    }

    /// Takes one message in and runs what follows from it.
    pub fn take(&mut self, msg: Msg, step: &mut Step) {
        self.take_at(self.clock.now(), msg, step);
    }

    /// The same at a given time. A key that was pressed when the machine woke up is not for what
    /// stood on the screen when it fell asleep: that is said first.
    pub fn take_at(&mut self, now: Now, msg: Msg, step: &mut Step) {
        let before = std::mem::replace(&mut self.looked, now);
        if self.clock.is_system() && slept(before, now) {
            self.answer(now, Msg::Resumed, step);
        }
        self.answer(now, msg, step);
    }

    fn answer(&mut self, now: Now, msg: Msg, step: &mut Step) {
        let effects = update::update(&mut self.state, now, msg);
        self.dirty = true;
        self.run(effects, step);
    }

    /// Says something that no source and no key asked for.
    pub fn say(&mut self, text: Safe) {
        let mut step = Step::default();
        self.take(Msg::Notice(text), &mut step);
    }

    /// Waits until there is something, takes it and what came with it.
    pub async fn turn(&mut self, input: &mut mpsc::UnboundedReceiver<Msg>) -> Step {
        let mut step = Step::default();
        let now = self.clock.now();
        let tick = self.next_tick(now);
        let frame = self.next_frame(now);
        if tick.is_zero() {
            // Due now: news that never pause (a flood in a log) must not put it off. The tasks that
            // bring them get their turn first; nothing is taken in before the only await.
            tokio::task::yield_now().await;
            self.tick(&mut step);
            self.drain(input, &mut step);
            return step;
        }
        let came = tokio::select! {
            biased;
            Some(msg) = input.recv() => Came::Input(msg),
            Some((id, progress)) = self.results.rx.recv() => Came::Other(Msg::Progress(id, progress)),
            journal = self.recorder.changed() => Came::Other(match journal {
                Ok(()) => Msg::TakenOver(self.recorder.operations(&self.state.world.sources)),
                Err(why) => Msg::ReadOnly(why),
            }),
            Some(said) = self.files.rx.recv() => Came::Other(said),
            Some(notice) = self.notices.rx.recv() => Came::Other(Msg::Notice(notice)),
            Some((id, event)) = self.tails.rx.recv() => Came::Other(Msg::Tail(id, event)),
            Some((id, event)) = self.feeds.rx.recv() => Came::Other(Msg::Feed(id, event)),
            () = tokio::time::sleep(frame), if self.dirty => Came::Frame,
            () = tokio::time::sleep(tick) => Came::Tick,
        };
        match came {
            Came::Input(msg) => {
                step.pressed = true;
                self.take(msg, &mut step);
            }
            Came::Other(msg) => self.take(msg, &mut step),
            Came::Tick => self.tick(&mut step),
            Came::Frame => return step,
        }
        self.drain(input, &mut step);
        step
    }

    /// Whether a frame is due: at once after a key, else at the pace of the screen.
    #[must_use]
    pub fn is_due(&self, step: &Step) -> bool {
        self.dirty && (step.pressed || self.next_frame(self.clock.now()).is_zero())
    }

    fn next_frame(&self, now: Now) -> Duration {
        self.drawn.map_or(Duration::ZERO, |drawn| (drawn + pace(self.cost)).saturating_sub(now.mono))
    }

    fn next_tick(&self, now: Now) -> Duration {
        if update::is_busy(&self.state) {
            return Duration::ZERO;
        }
        let second = (self.ticked.mono + TICK).saturating_sub(now.mono);
        match &self.state.ui.overlay {
            // The dialog shows when it takes keys.
            Some(Overlay::Confirm(confirm)) => match confirm.armed_at {
                Some(at) if at > now.mono => second.min(at.saturating_sub(now.mono)),
                Some(_) | None => second,
            },
            _ => second,
        }
    }

    fn tick(&mut self, step: &mut Step) {
        let now = self.clock.now();
        self.ticked = now;
        self.recorder.try_again();
        self.take_at(now, Msg::Tick, step);
    }

    fn drain(&mut self, input: &mut mpsc::UnboundedReceiver<Msg>, step: &mut Step) {
        for turn in 1..DRAIN {
            let msg = if let Ok(msg) = input.try_recv() {
                step.pressed = true;
                msg
            } else if let Ok((id, progress)) = self.results.rx.try_recv() {
                Msg::Progress(id, progress)
            } else if let Some(msg) = self.news(turn % 2 == 0) {
                msg
            } else {
                return;
            };
            self.take(msg, step);
        }
    }

    /// What tails and feeds said, in turns: neither can keep the other waiting.
    fn news(&mut self, feeds_first: bool) -> Option<Msg> {
        let feed = |core: &mut Self| core.feeds.rx.try_recv().ok().map(|(id, event)| Msg::Feed(id, event));
        let tail = |core: &mut Self| core.tails.rx.try_recv().ok().map(|(id, event)| Msg::Tail(id, event));
        if feeds_first { feed(self).or_else(|| tail(self)) } else { tail(self).or_else(|| feed(self)) }
    }

    /// Ends the tasks; what is on its way is waited for, shortly. What the answers said is recorded.
    pub async fn finish(mut self) {
        if let Some(systems) = self.systems.take() {
            systems.shutdown(GRACE).await;
        }
        let mut step = Step::default();
        while let Ok((id, progress)) = self.results.rx.try_recv() {
            self.take(Msg::Progress(id, progress), &mut step);
        }
        if self.state.learnt.is_new {
            let (kept, book) = (self.kept, self.state.learnt.book);
            // What is not written in time is learnt again.
            let _ = timeout(GRACE, tokio::task::spawn_blocking(move || kept.write(&book))).await;
        }
        // Writing a line takes milliseconds; a disk that hangs must not keep the program.
        let _ = timeout(GRACE, self.recorder.close()).await;
    }
}

/// The monotonic clock stands still while the machine sleeps, the wall clock does not.
fn slept(before: Now, now: Now) -> bool {
    let wall = now.wall.duration_since(before.wall).unsigned_abs();
    wall > now.mono.saturating_sub(before.mono) + SLEPT
}

/// From one frame that news ask for to the next, where one takes so long.
fn pace(cost: Duration) -> Duration {
    (cost * SHARE).clamp(FRAME, SLOWEST)
}

#[cfg(test)]
mod tests {
    use super::{Duration, Now, pace, slept};
    use jiff::Timestamp;

    #[test]
    fn a_sleep_is_a_wall_clock_that_ran_on_alone() {
        let at = |wall: u64, mono: u64| Now {
            wall: Timestamp::UNIX_EPOCH + Duration::from_secs(wall),
            mono: Duration::from_secs(mono),
        };
        assert!(!slept(at(100, 10), at(101, 11)));
        assert!(!slept(at(100, 10), at(4_000, 3_910)), "nothing was asked of it for an hour");
        assert!(!slept(at(100, 10), at(104, 10)), "the clock was set a little");
        assert!(slept(at(100, 10), at(3_700, 10)));
        assert!(slept(at(100, 10), at(50, 11)), "set back far: nobody knows how long");
    }

    #[test]
    fn what_is_dear_to_draw_is_drawn_less_often() {
        for (cost, expected) in [(0, 16), (1, 16), (4, 20), (12, 60), (30, 100), (4_000, 100)] {
            assert_eq!(pace(Duration::from_millis(cost)), Duration::from_millis(expected), "{cost} ms");
        }
    }
}
