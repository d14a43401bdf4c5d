//! Lists that a cluster withholds and another source tells: the same rows, on the feeds that would have brought them.

use std::sync::Arc;
use std::time::Duration;

use super::{Feed, World};
use crate::model::Kind;
use crate::model::applications::{Application, ApplicationsRead, ApplicationsTold, Untold};
use crate::model::source::{FeedEvent, FeedId, FeedStatus, Object};
use crate::safe;

impl Feed {
    /// Takes in how it stands. What another source tells meanwhile is not taken back by another refusal.
    pub(super) fn stands(&mut self, id: &FeedId, status: FeedStatus) {
        let told = self.withheld.is_some() && self.told;
        if let FeedStatus::Denied { message } | FeedStatus::Absent { message } = &status
            && id.kind == Kind::Application
        {
            self.withheld = Some(message.clone());
        } else if status == FeedStatus::Live {
            (self.withheld, self.told) = (None, false);
        }
        if !told || status == FeedStatus::Live {
            self.status = status;
        }
    }
}

impl World {
    /// Puts what the server tells in place of what the cluster withholds.
    pub(super) fn serve(&mut self, mono: Duration, read: &ApplicationsRead) {
        let its = |(id, feed): (&FeedId, &Feed)| {
            let withheld = id.cluster == read.cluster && id.kind == Kind::Application && feed.withheld.is_some();
            withheld.then(|| id.clone())
        };
        let feeds: Vec<FeedId> = self.feeds.iter().filter_map(its).collect();
        for id in feeds {
            match &read.told {
                Ok(told) => self.take_served(&id, mono, told),
                Err(untold) => self.miss_served(&id, mono, untold),
            }
        }
    }

    fn take_served(&mut self, id: &FeedId, mono: Duration, told: &ApplicationsTold) {
        let withheld = self.feeds.get(id).and_then(|feed| feed.withheld.clone());
        let its = |row: &&Arc<Application>| id.namespace.as_ref().is_none_or(|name| *name == row.meta.namespace);
        let rows: Vec<Object> = told.rows.iter().filter(its).cloned().map(Object::Application).collect();
        for event in
            [FeedEvent::ListBegins, FeedEvent::Applied(rows), FeedEvent::LeftOut(told.left_out), FeedEvent::Listed]
        {
            self.apply(id, mono, event);
        }
        if let Some(feed) = self.feeds.get_mut(id) {
            (feed.withheld, feed.told) = (withheld, true);
        }
    }

    /// What was told before stays, and grows old.
    fn miss_served(&mut self, id: &FeedId, mono: Duration, untold: &Untold) {
        self.changes += 1;
        self.touch_all();
        let Some(feed) = self.feeds.get_mut(id) else { return };
        let Some(withheld) = feed.withheld.clone() else { return };
        let message = safe!("{}; nor does its server tell: {}", withheld, untold.why);
        feed.status = match &feed.status {
            _ if untold.denied || !feed.told => FeedStatus::Denied { message },
            FeedStatus::Stale { since, .. } => FeedStatus::Stale { since: *since, message, retry_at: None },
            _ => FeedStatus::Stale { since: mono, message, retry_at: None },
        };
    }
}
