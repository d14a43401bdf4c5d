//! A feed of one source, and what it says.

use std::sync::Arc;
use std::time::Duration;

use quarterdeck::clock::Clock;
use quarterdeck::model::ObjectId;
use quarterdeck::model::interest::Interest;
use quarterdeck::model::pipelines::{Jobs, Run};
use quarterdeck::model::source::{Detail, FeedEvent, FeedId, FeedStatus, Object};
use quarterdeck::systems::{Pace, Spec, Systems};
use quarterdeck::text::Safe;
use tokio::sync::mpsc;

use super::support::next;
use super::watches::quick;

/// What is read in these tests: where its client asks, and how a run of it is named.
pub trait Source {
    fn spec(self) -> Spec;
    fn run(id: &str) -> ObjectId;
}

pub struct Reading {
    pub systems: Systems,
    pub rx: mpsc::Receiver<(FeedId, FeedEvent)>,
    run: fn(&str) -> ObjectId,
}

impl Reading {
    pub fn start<S: Source>(source: S) -> Self {
        Self::at(source, quick())
    }

    pub fn at<S: Source>(source: S, pace: Pace) -> Self {
        let (tx, rx) = mpsc::channel(256);
        Self { systems: Systems::start_at(vec![source.spec()], &tx, Clock::system(), pace), rx, run: S::run }
    }

    /// The jobs of these runs are looked at.
    pub fn look_at(&self, runs: &[&str]) {
        let jobs = runs.iter().map(|id| (self.run)(id)).collect();
        self.systems.look_at(Arc::new(Interest { jobs, ..Interest::default() }));
    }

    /// The first event that the closure takes.
    pub async fn find<T>(&mut self, mut take: impl FnMut(&FeedEvent) -> Option<T>) -> T {
        loop {
            let (_, event) = next(&mut self.rx).await.expect("a feed that speaks");
            if let Some(found) = take(&event) {
                return found;
            }
        }
    }

    pub async fn listed(&mut self) {
        self.find(|event| matches!(event, FeedEvent::Listed).then_some(())).await;
    }

    pub async fn runs(&mut self) -> Vec<Arc<Run>> {
        let run = |object: &Object| match object {
            Object::Run(run) => Some(Arc::clone(run)),
            _ => None,
        };
        self.find(|event| match event {
            FeedEvent::Applied(objects) => Some(objects.iter().filter_map(run).collect()),
            _ => None,
        })
        .await
    }

    /// What it says of being in trouble, and under which name.
    pub async fn trouble(&mut self) -> (&'static str, String) {
        self.find(|event| match event {
            FeedEvent::Status(FeedStatus::Denied { message }) => Some(("denied", message.as_str().to_owned())),
            FeedEvent::Status(FeedStatus::Failed { message, .. }) => Some(("failed", message.as_str().to_owned())),
            FeedEvent::Status(FeedStatus::Stale { message, .. }) => Some(("stale", message.as_str().to_owned())),
            _ => None,
        })
        .await
    }

    pub async fn jobs(&mut self) -> Result<Arc<Jobs>, Safe> {
        self.find(|event| match event {
            FeedEvent::Detail(Detail::Jobs(read)) => Some(read.jobs.clone()),
            _ => None,
        })
        .await
    }

    pub async fn stop(self) {
        assert!(self.systems.shutdown(Duration::from_secs(10)).await, "tasks left after shutdown");
    }
}
