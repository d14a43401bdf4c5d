//! What the GitOps repository asks for, and how far that is from what runs: the file of each overlay again and
//! again, free of charge while nothing has changed; two commits once, since neither changes.

use std::collections::HashMap;
use std::sync::Arc;
use std::time::Duration;

use tokio::time::Instant;

use super::watch::Watch;
use super::words::Trouble;
use super::{ingest_drift, ingest_workflow, repository};
use crate::model::gitops::{Apart, Overlay, OverlayRead, Pins, Range, RangeRead};
use crate::model::source::{Detail, FeedEvent};
use crate::net::{Etags, Listed, NetError, segment};
use crate::safe;
use crate::systems::pins;
use crate::systems::polled::Gone;
use crate::text::Safe;

#[derive(Debug, Default)]
pub(super) struct Drift {
    overlays: HashMap<Overlay, Known>,
    ranges: HashMap<Range, Compared>,
}

#[derive(Debug)]
struct Known {
    due: Instant,
    /// Which of the names its file has.
    file: usize,
    etags: Etags,
    pins: Option<Arc<Pins>>,
}

#[derive(Debug)]
struct Compared {
    /// `None`: it is known for good.
    again: Option<Instant>,
}

impl Drift {
    pub(super) fn refresh(&mut self) {
        self.overlays.clear();
        self.ranges.retain(|_, known| known.again.is_none());
    }

    pub(super) fn next(&self) -> Option<Instant> {
        let overlays = self.overlays.values().map(|known| known.due);
        overlays.chain(self.ranges.values().filter_map(|known| known.again)).min()
    }
}

impl Watch {
    /// Reads what is due, one request after the other.
    pub(super) async fn read_drift(&mut self) -> Result<(), Gone> {
        let interest = Arc::clone(&self.outlet.interest.borrow());
        let (source, here) = (self.outlet.id.cluster, self.outlet.id.namespace.clone());
        let overlays = interest.overlays.iter().filter(|it| it.source == source && Some(&it.reader) == here.as_ref());
        let overlays: Vec<Overlay> = overlays.map(|it| it.overlay.clone()).collect();
        self.drift.overlays.retain(|overlay, _| overlays.contains(overlay));
        for overlay in overlays {
            let due = self.drift.overlays.get(&overlay).is_none_or(|known| known.due <= Instant::now());
            if due {
                self.read_overlay(overlay).await?;
                self.tell_quota().await?;
            }
        }
        let is_its = |range: &Range| Some(&range.repository) == here.as_ref();
        let ranges = interest.ranges.iter().filter(|it| it.source == source && is_its(&it.range));
        let ranges: Vec<Range> = ranges.map(|it| it.range.clone()).collect();
        // Whoever asks again for one that was told has forgotten it meanwhile.
        self.drift.ranges.retain(|range, _| ranges.contains(range));
        for range in ranges {
            let known = self.drift.ranges.get(&range);
            let due = known.is_none_or(|known| known.again.is_some_and(|again| again <= Instant::now()));
            if due {
                self.compare_range(range).await?;
                self.tell_quota().await?;
            }
        }
        Ok(())
    }

    async fn read_overlay(&mut self, overlay: Overlay) -> Result<(), Gone> {
        let mut wait = self.client.paced(self.outlet.between(self.outlet.pace.images.0));
        let first = Known { due: Instant::now(), file: 0, etags: Etags::default(), pins: None };
        let mut known = self.drift.overlays.remove(&overlay).unwrap_or(first);
        let pins = match self.pins_of(&overlay, &mut known).await {
            Ok(pins) => pins,
            Err(error) => {
                known.etags = Etags::default();
                let (why, longer) = self.why_not(&overlay, error).await;
                wait = wait.max(longer);
                Err(why)
            }
        };
        known.due = Instant::now() + wait;
        self.drift.overlays.insert(overlay.clone(), known);
        self.outlet.tell(FeedEvent::Detail(Detail::Overlay(OverlayRead { overlay, pins }))).await
    }

    /// The first of the files that is there, beginning with the one that was there before.
    async fn pins_of(&self, overlay: &Overlay, known: &mut Known) -> Result<Result<Arc<Pins>, Safe>, NetError> {
        let branch = overlay.branch.as_ref().map_or_else(String::new, |name| format!("?ref={}", segment(name.raw())));
        for step in 0..pins::FILES.len() {
            let at = (known.file + step) % pins::FILES.len();
            let file = pins::FILES[at];
            let place = segment(&format!("{}/{file}", overlay.path.raw()));
            let path = format!("{}/contents/{place}{branch}", repository(overlay.repository.raw()));
            let bodies = match self.client.list(&path, Some(1), &mut known.etags).await {
                Ok(Listed::Unchanged { .. }) => match &known.pins {
                    Some(pins) => return Ok(Ok(Arc::clone(pins))),
                    None => continue,
                },
                Ok(Listed::Pages { bodies, .. }) => bodies,
                Err(NetError::Api { code: 404, .. }) => continue,
                Err(error) => return Err(error),
            };
            known.file = at;
            let body = bodies.first().map_or(&b""[..], |body| body);
            let read = ingest_workflow::file(body).map_err(|error| NetError::Unreadable(error.to_string()))?;
            let found = pins::pins(file, &read.text).map(Arc::new);
            known.pins = found.as_ref().ok().cloned();
            return Ok(found);
        }
        let (repository, path) = (&overlay.repository, &overlay.path);
        Ok(Err(safe!("{} has no kustomization.yaml and no values.yaml in {} that can be read", repository, path)))
    }

    async fn why_not(&self, overlay: &Overlay, error: NetError) -> (Safe, Duration) {
        match self.trouble(error).await {
            Trouble::Denied(why) => (safe!("{}: {}", overlay.repository, why), Duration::ZERO),
            Trouble::Passing(why, longer) => (why, longer.unwrap_or_default()),
        }
    }

    async fn compare_range(&mut self, range: Range) -> Result<(), Gone> {
        let path = format!(
            "{}/compare/{}...{}",
            repository(range.repository.raw()),
            segment(range.base.as_str()),
            segment(range.head.as_str())
        );
        let seldom = self.client.paced(self.outlet.between(self.outlet.pace.images.1));
        let (apart, wait): (Result<Apart, Safe>, Option<Duration>) = match self.client.get(&path).await {
            Ok(body) => match ingest_drift::apart(&body) {
                Ok(apart) => (apart, None),
                Err(error) => (Err(Safe::line(&error.to_string())), Some(seldom)),
            },
            Err(NetError::Api { code: 404, .. }) => {
                let (base, head) = (range.base.columns(0..7), range.head.columns(0..7));
                (Err(safe!("{} does not know both {} and {}", range.repository, base, head)), Some(seldom))
            }
            Err(error) => {
                let (Trouble::Denied(why) | Trouble::Passing(why, _)) = self.trouble(error).await;
                (Err(why), Some(seldom))
            }
        };
        self.drift.ranges.insert(range.clone(), Compared { again: wait.map(|wait| Instant::now() + wait) });
        self.outlet.tell(FeedEvent::Detail(Detail::Range(RangeRead { range, apart }))).await
    }
}
