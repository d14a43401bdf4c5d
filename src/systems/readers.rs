//! What is read of a cluster only while somebody looks at it: a task for each kind of thing.

use std::time::Duration;

use super::{Systems, feed, helm, kubernetes, supervise, tekton};
use crate::model::Kind;
use crate::model::source::{FeedId, SourceScope};
use crate::text::Safe;

impl Systems {
    /// Reads the Pipeline that somebody is about to start, and the platforms of the nodes.
    pub(super) fn start_reader(&self, scope: &SourceScope, parts: &feed::Parts) {
        let feeds: Vec<FeedId> = scope.feeds().into_iter().filter(|id| id.kind == Kind::PipelineRun).collect();
        let reader = tekton::start::Parts {
            cluster: scope.id,
            read: parts.read.clone(),
            tx: parts.tx.clone(),
            interest: self.interest.subscribe(),
            refresh: self.refresh.subscribe(),
            feeds,
            pace: parts.pace,
        };
        let make = move || tekton::start::run(reader.clone());
        // What could not be read is asked for again, with the next key.
        let stopped = |_message: Safe, _wait: Duration| async {};
        self.tracker.spawn(supervise::supervise(self.cancel.clone(), parts.pace, make, stopped));
        let Some(feed) = scope.feeds().into_iter().find(|id| id.kind == Kind::Pod) else { return };
        let reader = kubernetes::nodes::Parts {
            read: parts.read.clone(),
            tx: parts.tx.clone(),
            interest: self.interest.subscribe(),
            refresh: self.refresh.subscribe(),
            feed,
        };
        let rights = kubernetes::access::Parts {
            cluster: scope.id,
            read: parts.read.clone(),
            tx: parts.tx.clone(),
            interest: self.interest.subscribe(),
            refresh: self.refresh.subscribe(),
            feed: reader.feed.clone(),
        };
        let make = move || kubernetes::nodes::run(reader.clone());
        self.tracker.spawn(supervise::supervise(self.cancel.clone(), parts.pace, make, |_, _| async {}));
        self.start_helm(scope, parts);
        let revisions = kubernetes::revisions::Parts {
            cluster: scope.id,
            read: parts.read.clone(),
            tx: parts.tx.clone(),
            interest: self.interest.subscribe(),
            refresh: self.refresh.subscribe(),
            feed: rights.feed.clone(),
            pace: parts.pace,
        };
        let make = move || kubernetes::revisions::run(revisions.clone());
        self.tracker.spawn(supervise::supervise(self.cancel.clone(), parts.pace, make, |_, _| async {}));
        let make = move || kubernetes::access::run(rights.clone());
        self.tracker.spawn(supervise::supervise(self.cancel.clone(), parts.pace, make, |_, _| async {}));
    }

    /// Reads the records of the release that somebody looks at.
    fn start_helm(&self, scope: &SourceScope, parts: &feed::Parts) {
        let Some(feed) = scope.feeds().into_iter().find(|id| id.kind == Kind::Release) else { return };
        let reader = helm::content::Parts {
            cluster: scope.id,
            read: parts.read.clone(),
            tx: parts.tx.clone(),
            interest: self.interest.subscribe(),
            feed,
        };
        let make = move || helm::content::run(reader.clone());
        self.tracker.spawn(supervise::supervise(self.cancel.clone(), parts.pace, make, |_, _| async {}));
    }
}
