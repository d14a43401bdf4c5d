//! How fresh what is on the screen is: many feeds, one verdict. Pure; times are monotonic.
//!
//! Freshness is a state: loading, live, stale, denied, absent and failed look different and each
//! says what comes next. A count is a lower bound until every list is whole.

use std::time::Duration;

use super::State;
use super::world::Feed;
use crate::model::source::{FeedId, FeedStatus, SourceScope};
use crate::model::{Kind, Name, SourceId, SystemId};
use crate::safe;
use crate::text::{self, Safe};

/// How a set of feeds stands, taken together.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Freshness {
    /// Nothing whole has come yet; rows the server says are still to come.
    Loading { remaining: Option<u64> },
    /// All of it, last heard of `age` ago; but for objects that could not be decoded.
    Live { age: Duration, left_out: u64 },
    /// There is data, and it is old: in trouble for `since`, next try in `retry`.
    Stale { since: Duration, why: Safe, retry: Option<Duration> },
    /// The server says no, and names the permission.
    Denied { why: Safe },
    /// The kind is not known to the server: its definition is not installed.
    Absent { why: Safe },
    /// Never had data and cannot get it.
    Failed { why: Safe, retry: Option<Duration> },
    /// Some of it is live, `missing` of `of` lists are not to be had; `why` is the first reason. A kind
    /// that is not installed misses nothing: there is none of it.
    Partial { missing: usize, of: usize, why: Safe },
}

impl Freshness {
    /// The word for it.
    #[must_use]
    pub const fn as_str(&self) -> &'static str {
        match self {
            Self::Loading { .. } => "loading",
            Self::Live { .. } => "live",
            Self::Stale { .. } => "stale",
            Self::Denied { .. } => "denied",
            Self::Absent { .. } => "absent",
            Self::Failed { .. } => "failed",
            Self::Partial { .. } => "partial",
        }
    }

    /// What is missing although all is live; `None` when nothing is.
    #[must_use]
    pub fn left_out(&self) -> Option<Safe> {
        match self {
            Self::Live { left_out: count @ 1.., .. } => {
                Some(safe!("{} left out, not readable here", text::count(*count)))
            }
            _ => None,
        }
    }

    /// Why it is not as it should be; `None` while nothing is wrong.
    #[must_use]
    pub const fn why(&self) -> Option<&Safe> {
        match self {
            Self::Loading { .. } | Self::Live { .. } => None,
            Self::Stale { why, .. }
            | Self::Denied { why }
            | Self::Absent { why }
            | Self::Failed { why, .. }
            | Self::Partial { why, .. } => Some(why),
        }
    }

    /// What is shown is true now.
    #[must_use]
    pub const fn is_live(&self) -> bool {
        matches!(self, Self::Live { .. } | Self::Partial { .. })
    }
}

/// The clock that is furthest off, in words, when one is off by more than half a minute.
#[must_use]
pub fn skewed(state: &State) -> Option<Safe> {
    let sources = &state.world.sources;
    let all = sources.iter().map(|source| (state.world.skew(source.id), source));
    let (skew, source) =
        all.max_by_key(|(skew, _)| skew.unsigned_abs()).filter(|(skew, _)| skew.unsigned_abs() > 30)?;
    let off = text::duration(Duration::from_secs(skew.unsigned_abs()));
    let way = if skew > 0 { "ahead" } else { "behind" };
    let whose = if sources.len() == 1 { Safe::of("server") } else { safe!("{}'s", source.name) };
    Some(safe!("{} clock {} {}", whose, off, way))
}

/// What to do about it, where there is room for a sentence.
#[must_use]
pub fn skewed_next(state: &State) -> Option<Safe> {
    let next = "ages here are counted by its clock and stay right; logins and tokens may fail: see which of the two is \
                wrong (timedatectl here, its NTP there) and set it";
    skewed(state).map(|skewed| safe!("{}: {}", skewed, Safe::of(next)))
}

/// How one system of one cluster stands: a dot in the header.
#[must_use]
pub fn of_system(state: &State, cluster: SourceId, system: SystemId) -> Freshness {
    if let Some(why) = unusable(state, cluster) {
        return Freshness::Failed { why, retry: None };
    }
    aggregate(state.now.mono, state.world.feeds_of(cluster, system).filter(|(id, _)| !id.kind.is_extra()))
}

/// How these kinds stand over all clusters: what a pane or list says of itself.
#[must_use]
pub fn of_kinds(state: &State, kinds: &[Kind]) -> Freshness {
    let feeds = state.world.feeds.iter().filter(|(id, _)| kinds.contains(&id.kind));
    let mut all = feeds.peekable();
    if all.peek().is_none()
        && let Some(why) = state
            .world
            .sources
            .iter()
            .filter(|source| kinds.iter().any(|kind| source.systems().contains(&kind.system())))
            .find_map(|source| source.unusable.clone())
    {
        return Freshness::Failed { why, retry: None };
    }
    aggregate(state.now.mono, all)
}

/// How each source of these kinds that is in trouble stands, in the order of the scope: what one says must
/// not hide what another says.
#[must_use]
pub fn troubles(state: &State, kinds: &[Kind]) -> Vec<(Name, Freshness)> {
    let serves = |source: &&SourceScope| kinds.iter().any(|kind| source.systems().contains(&kind.system()));
    let stands = |source: &SourceScope| {
        if let Some(why) = &source.unusable {
            return Some(Freshness::Failed { why: why.clone(), retry: None });
        }
        let feeds = state.world.feeds.iter().filter(|(id, _)| id.cluster == source.id && kinds.contains(&id.kind));
        // A definition that is not installed misses nothing.
        let feeds = feeds.filter(|(id, feed)| !is_not_installed(id, feed)).collect::<Vec<_>>();
        (!feeds.is_empty()).then(|| aggregate(state.now.mono, feeds.into_iter()))
    };
    let sources = state.world.sources.iter().filter(serves);
    let all = sources.filter_map(|source| Some((source.name.clone(), stands(source)?)));
    all.filter(|(_, stands)| !matches!(stands, Freshness::Loading { .. } | Freshness::Live { .. })).collect()
}

/// Lines at the foot of a list of so many that tell of the sources in trouble. One alone is told by the
/// title, or where the rows would be; rows come first, so it is what they leave free, or a third.
#[must_use]
pub fn foot(state: &State, height: u16, kinds: &[Kind], rows: usize) -> u16 {
    /// What is said where there are no rows.
    const NOTICE: u16 = 4;
    let all = troubles(state, kinds).len();
    let taken = u16::try_from(rows).unwrap_or(u16::MAX).max(if rows == 0 { NOTICE } else { 0 });
    let room = (height / 3).max(height.saturating_sub(taken)).max(u16::from(height > 1));
    if all < 2 { 0 } else { u16::try_from(all).unwrap_or(u16::MAX).min(room) }
}

/// How one kind of one cluster stands, for the page of an object.
#[must_use]
pub fn of_kind(state: &State, cluster: SourceId, kind: Kind) -> Freshness {
    if let Some(why) = unusable(state, cluster) {
        return Freshness::Failed { why, retry: None };
    }
    // They stand together: who asks for every row of a list must not walk all of them each time.
    let first = FeedId { cluster, kind, namespace: None };
    let from = state.world.feeds.range(first..);
    aggregate(state.now.mono, from.take_while(|(id, _)| id.cluster == cluster && id.kind == kind))
}

/// The same where the kind is read by namespace (or repository): of that one alone.
#[must_use]
pub fn of_place(state: &State, cluster: SourceId, kind: Kind, namespace: &Name) -> Freshness {
    if let Some(why) = unusable(state, cluster) {
        return Freshness::Failed { why, retry: None };
    }
    let here = |id: &FeedId| id.namespace.as_ref().is_none_or(|name| name == namespace);
    let feeds = state.world.feeds.iter().filter(|(id, _)| id.cluster == cluster && id.kind == kind && here(id));
    aggregate(state.now.mono, feeds)
}

/// Every list of these kinds is whole and every object of it could be read: a count is the count, not "at least".
#[must_use]
pub fn is_complete(state: &State, kinds: &[Kind]) -> bool {
    state.world.feeds.iter().filter(|(id, _)| kinds.contains(&id.kind)).all(|(id, feed)| is_whole(id, feed))
}

/// The same of one kind in one place; what nothing reads is not whole.
#[must_use]
pub fn is_complete_in(state: &State, cluster: SourceId, kind: Kind, namespace: &Name) -> bool {
    let here = |id: &FeedId| id.namespace.as_ref().is_none_or(|name| name == namespace);
    let feeds = state.world.feeds.iter().filter(|(id, _)| id.cluster == cluster && id.kind == kind && here(id));
    let mut feeds = feeds.peekable();
    feeds.peek().is_some() && feeds.all(|(id, feed)| is_whole(id, feed))
}

fn is_whole(id: &FeedId, feed: &Feed) -> bool {
    is_not_installed(id, feed) || feed.complete && feed.left_out == 0 && feed.remaining.is_none_or(|more| more == 0)
}

/// The definition of the kind is missing in the cluster: so is every object of it, and the count is
/// whole without them. A repository that is missing was asked for by name.
fn is_not_installed(id: &FeedId, feed: &Feed) -> bool {
    let comes_along = id.system() == SystemId::Rollouts || id.system().is_optional() || id.kind.is_of_istio();
    comes_along && matches!(feed.status, FeedStatus::Absent { .. })
}

fn unusable(state: &State, cluster: SourceId) -> Option<Safe> {
    state.world.source(cluster).and_then(|cluster| cluster.unusable.clone())
}

/// What was seen of the feeds so far.
#[derive(Default)]
struct Tally {
    all: usize,
    live: usize,
    loading: usize,
    remaining: Option<u64>,
    oldest: Duration,
    left_out: u64,
    stale: Option<(Duration, Safe, Option<Duration>)>,
    denied: Vec<Safe>,
    absent: Vec<Safe>,
    /// So many of those.
    not_installed: usize,
    failed: Vec<(Safe, Option<Duration>)>,
}

fn aggregate<'a>(now: Duration, feeds: impl Iterator<Item = (&'a FeedId, &'a Feed)>) -> Freshness {
    let mut tally = Tally::default();
    for (id, feed) in feeds {
        tally.not_installed += usize::from(is_not_installed(id, feed));
        tally.take(now, feed);
    }
    tally.verdict()
}

impl Tally {
    fn take(&mut self, now: Duration, feed: &Feed) {
        let until = |at: Duration| at.saturating_sub(now);
        self.all += 1;
        self.left_out += feed.left_out;
        if let Some((message, restart_at)) = &feed.stopped {
            if feed.complete {
                self.keep_stale(now.saturating_sub(feed.heard.unwrap_or(now)), message, Some(until(*restart_at)));
            } else {
                self.failed.push((message.clone(), Some(until(*restart_at))));
            }
            return;
        }
        match &feed.status {
            FeedStatus::Live if feed.complete => {
                self.live += 1;
                self.oldest = self.oldest.max(now.saturating_sub(feed.heard.unwrap_or(now)));
            }
            FeedStatus::Connecting | FeedStatus::Live => self.loading += 1,
            FeedStatus::Stale { since, message, retry_at } => {
                self.keep_stale(now.saturating_sub(*since), message, retry_at.map(until));
            }
            FeedStatus::Denied { message } => self.denied.push(message.clone()),
            FeedStatus::Absent { message } => self.absent.push(message.clone()),
            FeedStatus::Failed { message, retry_at } => self.failed.push((message.clone(), retry_at.map(until))),
        }
        if let Some(remaining) = feed.remaining {
            self.remaining = Some(self.remaining.unwrap_or(0) + remaining);
        }
    }

    /// The longest trouble is the one that is told.
    fn keep_stale(&mut self, since: Duration, why: &Safe, retry: Option<Duration>) {
        if self.stale.as_ref().is_none_or(|(other, _, _)| *other < since) {
            self.stale = Some((since, why.clone(), retry));
        }
    }

    fn verdict(mut self) -> Freshness {
        if let Some((since, why, retry)) = self.stale.take() {
            return Freshness::Stale { since, why, retry };
        }
        let missing = self.denied.len() + self.absent.len() + self.failed.len();
        if self.live == 0 && missing > 0 && self.loading == 0 {
            return self.nothing();
        }
        if self.loading > 0 || self.all == 0 {
            return Freshness::Loading { remaining: self.remaining };
        }
        let missing = missing.saturating_sub(self.not_installed);
        if missing > 0 {
            let mut reasons = self.failed.into_iter().map(|(why, _)| why).chain(self.denied).chain(self.absent);
            let why = reasons.next().unwrap_or_else(|| Safe::of("part of it cannot be read"));
            return Freshness::Partial { missing, of: self.all, why };
        }
        Freshness::Live { age: self.oldest, left_out: self.left_out }
    }

    /// None of it is there: the reason that a person can do most about comes first.
    fn nothing(self) -> Freshness {
        if let Some((why, retry)) = self.failed.into_iter().next() {
            return Freshness::Failed { why, retry };
        }
        if let Some(why) = self.denied.into_iter().next() {
            return Freshness::Denied { why };
        }
        match self.absent.into_iter().next() {
            Some(why) => Freshness::Absent { why },
            None => Freshness::Loading { remaining: None },
        }
    }
}
