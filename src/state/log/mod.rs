//! The log of one pod on the screen: a bounded ring of raw lines, filters, a search, and where the
//! reader stands. Only visible lines are ever decoded and presented; everything that reads the
//! whole ring works in slices ([`Log::work`]).

pub mod filter;
pub mod level;
mod line;
mod rate;
mod reader;
pub mod ring;
pub mod rows;
pub mod search;
pub mod stored;

use std::ops::Range;
use std::time::Duration;

use jiff::Timestamp;

use crate::model::log::{LogChunk, LogEvent, LogRequest, TailId};
use crate::model::{Kind, Now};
use crate::text::Safe;

use rate::Rate;

pub use filter::{Filter, Pattern};
pub use line::{TIME_COLUMNS, split_time, time};
pub use ring::Ring;
pub use search::Search;

/// Memory for the lines of a log, in bytes, unless `--log-memory` says otherwise.
pub const MEMORY: usize = 64 << 20;
/// Bytes of lines that one call of [`Log::work`] reads: some milliseconds.
const WORK: usize = 2 << 20;

/// How the tail stands.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Tailing {
    /// Asked for, no answer yet.
    Opening,
    Live,
    /// There is no log yet: asked again.
    Waiting(Safe),
    /// The connection broke, or the container has not started: asked again.
    Reconnecting(Safe),
    Ended,
    Failed(Safe),
}

/// A place in the log: a line by its absolute number, and a row of it when it is wrapped.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, PartialOrd, Ord)]
pub struct Spot {
    pub line: u64,
    pub row: u32,
}

/// Columns and rows that the lines have on the screen.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Window {
    pub width: u16,
    pub height: u16,
}

/// A row of the window.
#[derive(Debug, Clone)]
pub struct Shown {
    /// Absolute number of its line.
    pub line: u64,
    /// On the first row of a line, when times are shown.
    pub time: Option<Safe>,
    /// The whole presented line.
    pub text: Safe,
    /// Bytes of `text` that this row shows.
    pub part: Range<usize>,
}

/// See the module's text.
#[derive(Debug, Clone)]
pub struct Log {
    pub id: TailId,
    pub request: LogRequest,
    pub tailing: Tailing,
    pub ring: Ring,
    pub filter: Filter,
    pub search: Option<Search>,
    /// The newest line stays at the bottom; otherwise `top` stays where it is.
    pub follow: bool,
    pub top: Spot,
    /// Columns scrolled off to the left; 0 while lines are wrapped.
    pub left: u16,
    pub wrap: bool,
    pub timestamps: bool,
    /// Texts that a carriage return overwrote are shown as rows of their own.
    pub rewrites: bool,
    /// Lines that were longer than the limit of a line, and were cut.
    pub cut: u64,
    /// Lines that are older than this, by the server's clock, were there before the log was opened:
    /// they do not count as news. Nothing is known of a line without a time: it counts.
    pub opened_at: Timestamp,
    /// When the pod was made, where that is known.
    pub born: Option<Timestamp>,
    rate: Rate,
}

impl Log {
    /// An empty log that waits for its first answer; `memory` in bytes.
    #[must_use]
    pub fn new(id: TailId, request: LogRequest, memory: usize) -> Self {
        Self {
            id,
            request,
            tailing: Tailing::Opening,
            ring: Ring::new(memory),
            filter: Filter::default(),
            search: None,
            follow: true,
            top: Spot::default(),
            left: 0,
            wrap: false,
            timestamps: false,
            rewrites: false,
            cut: 0,
            opened_at: Timestamp::MIN,
            born: None,
            rate: Rate::default(),
        }
    }

    /// The same view (filters, search, switches) of another request, empty.
    #[must_use]
    pub fn with_request(&self, id: TailId, request: LogRequest, memory: usize) -> Self {
        let mut log = Self::new(id, request, memory);
        log.born = self.born;
        log.filter = self.filter.clone();
        log.search = self.search.as_ref().map(|search| Search::new(search.pattern.clone()));
        (log.wrap, log.timestamps, log.rewrites) = (self.wrap, self.timestamps, self.rewrites);
        log
    }

    /// Another tail goes on behind the lines that are there.
    pub fn go_on(&mut self, id: TailId, request: LogRequest) {
        (self.id, self.request, self.tailing) = (id, request, Tailing::Opening);
    }

    /// Takes in what the tail says.
    pub fn apply(&mut self, mono: Duration, event: LogEvent) {
        self.tailing = match event {
            LogEvent::Opened => Tailing::Live,
            LogEvent::Lines(chunk) => {
                self.rate.add(mono, news(&chunk, self.opened_at));
                self.cut += u64::from(chunk.cut);
                self.ring.push(&chunk, &self.filter);
                Tailing::Live
            }
            LogEvent::Waiting { message } => Tailing::Waiting(message),
            LogEvent::Reconnecting { message } => Tailing::Reconnecting(message),
            LogEvent::Ended => Tailing::Ended,
            LogEvent::Failed { message } | LogEvent::Gone { message, .. } => Tailing::Failed(message),
        };
    }

    /// New lines a second over the last whole seconds; nothing unless lines can come.
    #[must_use]
    pub fn lines_per_second(&self, mono: Duration) -> Option<u64> {
        (self.tailing == Tailing::Live).then(|| self.rate.per_second(mono))
    }

    /// Sets the filter for the whole log; older lines follow with [`Self::work`].
    pub fn set_filter(&mut self, filter: Filter) {
        self.filter = filter;
        self.ring.filter_changed(&self.filter);
        self.ring.read_on(&self.filter, WORK);
    }

    /// Searches from where the reader stands: the newest match while following (the end is what
    /// is looked at), else the first one from the top of the window.
    pub fn search_for(&mut self, pattern: Option<Pattern>, window: Window) {
        self.search = pattern.map(|pattern| {
            let mut search = Search::new(pattern);
            if self.follow {
                search.start(&self.ring, self.ring.end().saturating_sub(1), false);
            } else {
                search.start(&self.ring, self.top.line.max(self.ring.first()), true);
            }
            search
        });
        self.search_on(window);
    }

    /// The next or previous match.
    pub fn search_again(&mut self, forward: bool, window: Window) {
        let top = self.position(window).line;
        if let Some(search) = &mut self.search {
            search.again(&self.ring, top, forward);
        }
        self.search_on(window);
    }

    /// The next line that tells of an error, around the end if need be. The first asked for is the
    /// newest of a log that is followed, and the first of one that has ended.
    pub fn next_error(&mut self, window: Window) {
        if self.search.as_ref().is_some_and(|search| search.pattern.is_errors()) {
            return self.search_again(true, window);
        }
        let mut search = Search::new(Pattern::errors());
        match (self.follow, self.request.pod.kind) {
            (true, Kind::Job) => search.start(&self.ring, self.ring.first(), true),
            (true, _) => search.start(&self.ring, self.ring.end().saturating_sub(1), false),
            (false, _) => search.start(&self.ring, self.top.line.max(self.ring.first()), true),
        }
        self.search = Some(search);
        self.search_on(window);
    }

    /// Something reads through the ring and wants [`Self::work`] soon.
    #[must_use]
    pub fn is_busy(&self) -> bool {
        self.ring.is_reading() || self.search.as_ref().is_some_and(Search::is_running)
    }

    /// A slice of the work that reads the whole ring: some milliseconds at most.
    pub fn work(&mut self, window: Window) {
        if self.ring.read_on(&self.filter, WORK) {
            self.search_on(window);
        }
    }

    fn search_on(&mut self, window: Window) {
        let found = self.search.as_mut().and_then(|search| search.step(&self.ring, &self.filter, WORK));
        if let Some(line) = found {
            self.reveal(line, window);
        }
    }

    /// The lines that pass the filters as they came, with their times if these are shown.
    #[must_use]
    pub fn export(&self) -> Vec<u8> {
        let mut bytes = Vec::new();
        let mut next = self.ring.next_kept(self.ring.first());
        while let Some(number) = next {
            let line = self.ring.line(number).unwrap_or_default();
            if !reader::is_ours(split_time(line).1) {
                bytes.extend_from_slice(if self.timestamps { line } else { split_time(line).1 });
                bytes.push(b'\n');
            }
            next = self.ring.next_kept(number + 1);
        }
        bytes
    }
}

/// How many lines of a chunk, which come in the order of their times, are not older than this.
fn news(chunk: &LogChunk, since: Timestamp) -> u64 {
    let is_old = |index: usize| {
        let start = index.checked_sub(1).map_or(0, |before| chunk.ends[before] as usize + 1);
        let line = chunk.bytes.get(start..chunk.ends[index] as usize).unwrap_or_default();
        line::time(line).is_some_and(|time| time < since)
    };
    let (mut low, mut high) = (0, chunk.ends.len());
    while low < high {
        let middle = usize::midpoint(low, high);
        if is_old(middle) { low = middle + 1 } else { high = middle }
    }
    (chunk.ends.len() - low) as u64
}

/// The file that a log is saved to, in the working directory: pod, container, time.
#[must_use]
pub fn file_name(request: &LogRequest, now: Now) -> String {
    let plain = |name: &str| -> String {
        name.chars().filter(|c| c.is_ascii_alphanumeric() || matches!(c, '-' | '.' | '_')).take(100).collect()
    };
    let container = request.container.as_ref().map(|name| format!("-{}", plain(name.raw()))).unwrap_or_default();
    let pod = plain(request.pod.name.raw());
    let pod = pod.trim_start_matches(['.', '-']);
    format!("{pod}{container}-{}.log", now.wall.strftime("%Y%m%dT%H%M%SZ"))
}
