//! How a repository of images is read: which digest each tag that matters names now, again and again,
//! and once what that digest is. What has a digest never changes, so that in the long run a look costs
//! one small request for each tag, and a page of names now and then.

use std::collections::{BTreeSet, HashMap};
use std::sync::Arc;
use std::time::Duration;

use futures::StreamExt as _;
use jiff::Timestamp;
use tokio::time::{Instant, sleep_until};

use super::ingest::{self, Notes, Shape};
use super::words;
use crate::model::images::{Digest, Image, Manifest, Reference, Variant};
use crate::model::interest::ImageInterest;
use crate::model::kubernetes::Meta;
use crate::model::source::{FeedEvent, FeedStatus, Object};
use crate::model::{Name, Uid};
use crate::net::{NetError, Registry};
use crate::systems::pace::Backoff;
use crate::systems::polled::{Gone, Outlet};
use crate::text::Safe;

/// Tags of one repository that are looked at.
const MOST: usize = 40;
const AT_ONCE: usize = 4;
/// Pages of tag names, a thousand on each.
const PAGES: usize = 10;
/// The names are read with every so many-th look; and with the first that asks for others.
const NAMES_EVERY: u32 = 5;
/// Manifests that are remembered beyond those in use.
const KEPT: usize = 200;
/// After a run has ended its image may still be on its way.
const LINGER: Duration = Duration::from_mins(2);

/// Until the loop is gone.
pub(in crate::systems) async fn run(client: Registry, outlet: Outlet) -> Result<(), Gone> {
    let Some(repository) = outlet.id.namespace.clone() else { return Ok(()) };
    let path = Reference::parts(repository.raw()).1.to_owned();
    let now = Instant::now();
    let watch = Watch {
        backoff: Backoff::new(outlet.pace.floor, outlet.pace.cap),
        client,
        outlet,
        repository,
        path,
        asked: ImageInterest::default(),
        names: BTreeSet::new(),
        whole: false,
        looks: 0,
        manifests: HashMap::new(),
        shown: None,
        since: None,
        skew: None,
        due: now,
        quick_until: now,
    };
    watch.run().await
}

/// A manifest, and when it was built.
type Known = (Arc<Manifest>, Option<Timestamp>);

struct Watch {
    client: Registry,
    outlet: Outlet,
    /// With its host.
    repository: Name,
    /// Without it.
    path: String,
    asked: ImageInterest,
    /// The tags there are.
    names: BTreeSet<String>,
    /// There are no others.
    whole: bool,
    /// Since the names were read.
    looks: u32,
    manifests: HashMap<Digest, Known>,
    shown: Option<Vec<Arc<Image>>>,
    /// Monotonic: since when there is trouble.
    since: Option<Duration>,
    skew: Option<i64>,
    backoff: Backoff,
    due: Instant,
    quick_until: Instant,
}

impl Watch {
    async fn run(mut self) -> Result<(), Gone> {
        self.listen();
        loop {
            if Instant::now() >= self.due {
                self.look().await?;
            }
            tokio::select! {
                () = sleep_until(self.due) => {}
                () = self.outlet.tx.closed() => return Err(Gone),
                changed = self.outlet.refresh.changed() => {
                    changed.map_err(|_| Gone)?;
                    self.looks = 0;
                    self.due = Instant::now();
                }
                changed = self.outlet.interest.changed() => {
                    changed.map_err(|_| Gone)?;
                    self.listen();
                }
            }
        }
    }

    /// Takes what is wanted now; something else is worth a look soon, unless there is trouble.
    fn listen(&mut self) {
        let interest = self.outlet.interest.borrow_and_update();
        let mine =
            interest.images.iter().find(|it| it.source == self.outlet.id.cluster && it.repository == self.repository);
        let mine = mine.cloned().unwrap_or_default();
        drop(interest);
        if mine == self.asked {
            return;
        }
        let now = Instant::now();
        if self.asked.busy && !mine.busy {
            self.quick_until = now + LINGER;
        }
        if mine.likely.iter().any(|tag| !self.asked.likely.contains(tag)) {
            self.looks = 0;
        }
        self.asked = mine;
        if self.since.is_none() {
            self.due = self.due.min(now + self.outlet.pace.floor);
        }
    }

    async fn look(&mut self) -> Result<(), Gone> {
        match self.read().await {
            Ok(images) => {
                self.backoff.reset();
                self.tell(images).await?;
                self.due = Instant::now() + self.interval();
                Ok(())
            }
            Err(error) => self.fell(&error).await,
        }
    }

    fn interval(&self) -> Duration {
        let (busy, idle) = self.outlet.pace.images;
        let quick = self.asked.busy || Instant::now() < self.quick_until;
        let wanted = self.outlet.between(if quick { busy } else { idle });
        wanted + crate::net::jitter(wanted / 10)
    }

    /// Every tag that matters, and every digest that runs under none of them.
    async fn read(&mut self) -> Result<Vec<Arc<Image>>, NetError> {
        if self.looks == 0 {
            let tags = self.client.tags(&self.path, PAGES).await?;
            self.names = tags.names.into_iter().collect();
            self.whole = tags.whole;
            self.skew = self.skew_of(tags.date).or(self.skew);
        }
        self.looks = (self.looks + 1) % NAMES_EVERY;
        let (client, path) = (self.client.clone(), self.path.clone());
        let asked = self.tags().into_iter().map(move |tag| {
            let (client, path) = (client.clone(), path.clone());
            async move { (client.digest(&path, &tag).await, tag) }
        });
        let told: Vec<_> = futures::stream::iter(asked).buffered(AT_ONCE).collect().await;
        let mut images = Vec::with_capacity(told.len());
        for (digest, tag) in told {
            let found = match digest? {
                None => Err(Safe::of("the registry has no such tag")),
                Some(text) => match Digest::parse(&text) {
                    Some(digest) => self.manifest(&digest).await?,
                    None => Err(Safe::of("the registry names a digest that is none")),
                },
            };
            images.push(self.image(&tag, true, found));
        }
        for digest in self.asked.digests.clone() {
            if !images.iter().any(|image: &Arc<Image>| image.manifest.as_ref().is_ok_and(|it| it.is(&digest))) {
                let found = self.manifest(&digest).await?;
                images.push(self.image(digest.raw(), false, found));
            }
        }
        self.forget(&images);
        Ok(images)
    }

    /// Those that run, and of those that a commit may have the ones that are there.
    fn tags(&self) -> Vec<String> {
        let there = |tag: &&Arc<str>| self.names.contains(&***tag) || (!self.whole && tag.len() > 6);
        let likely = self.asked.likely.iter().filter(there);
        let mut all: Vec<String> = Vec::new();
        for tag in self.asked.tags.iter().chain(likely) {
            if all.len() < MOST && !all.iter().any(|known| **known == **tag) {
                all.push(tag.to_string());
            }
        }
        all
    }

    /// What a digest is; remembered, for it never changes. An answer that is odd is told of the image
    /// alone; a registry that does not answer is trouble for all.
    async fn manifest(&mut self, digest: &Digest) -> Result<Result<Known, Safe>, NetError> {
        if let Some(known) = self.manifests.get(digest) {
            return Ok(Ok(known.clone()));
        }
        match read_whole(&self.client, &self.path, digest.raw()).await {
            Ok((manifest, created)) => {
                let known = (Arc::new(manifest), created);
                // What could not be read whole is asked for again.
                if known.0.unread.is_none() {
                    self.manifests.insert(digest.clone(), known.clone());
                }
                Ok(Ok(known))
            }
            Err(error) if is_trouble(&error) => Err(error),
            Err(error) => Ok(Err(words::sentence(&error))),
        }
    }

    fn image(&self, name: &str, tagged: bool, found: Result<Known, Safe>) -> Arc<Image> {
        let source = self.outlet.id.cluster;
        let created = found.as_ref().ok().and_then(|(_, created)| *created);
        let sign = if tagged { ':' } else { '@' };
        let meta = Meta {
            cluster: source,
            namespace: self.repository.clone(),
            name: Name::new(name),
            uid: Uid::new(source, &format!("{}{sign}{name}", self.repository.raw())),
            resource_version: Arc::from(""),
            generation: 0,
            created,
            deleting: None,
            owner: None,
        };
        Arc::new(Image { meta, tagged, manifest: found.map(|(manifest, _)| manifest) })
    }

    /// Memory is bounded: what no tag names any more is forgotten in time.
    fn forget(&mut self, images: &[Arc<Image>]) {
        if self.manifests.len() > KEPT {
            let used: BTreeSet<&Digest> = images.iter().filter_map(|image| image.digest()).collect();
            self.manifests.retain(|digest, _| used.contains(digest));
        }
    }

    fn skew_of(&self, date: Option<Timestamp>) -> Option<i64> {
        // Where time runs faster, what a clock seems to be off by is how long the answer took.
        let date = date.filter(|_| self.outlet.clock.speed() <= 1.0)?;
        Some(date.as_second() - self.outlet.clock.now().wall.as_second())
    }

    async fn tell(&mut self, images: Vec<Arc<Image>>) -> Result<(), Gone> {
        let was_in_trouble = self.since.take().is_some();
        if self.shown.as_ref() == Some(&images) {
            if was_in_trouble {
                self.outlet.tell(FeedEvent::Status(FeedStatus::Live)).await?;
            }
            return self.outlet.tell(FeedEvent::Alive).await;
        }
        if let Some(skew) = self.skew {
            self.outlet.tell(FeedEvent::Skew(skew)).await?;
        }
        self.outlet.tell(FeedEvent::ListBegins).await?;
        self.outlet.tell(FeedEvent::Applied(images.iter().cloned().map(Object::Image).collect())).await?;
        self.outlet.tell(FeedEvent::Listed).await?;
        self.shown = Some(images);
        Ok(())
    }

    async fn fell(&mut self, error: &NetError) -> Result<(), Gone> {
        let now = self.outlet.clock.now();
        let trouble = words::trouble(error, now.wall);
        let wait = match trouble.wait {
            Some(wait) => wait.max(self.outlet.pace.floor),
            // A wrong login that is shown again and again gets the address locked out.
            None if trouble.denied => self.outlet.pace.images.1,
            None => self.backoff.next(),
        };
        let since = *self.since.get_or_insert(now.mono);
        (self.due, self.looks) = (Instant::now() + wait, 0);
        let status = words::status(trouble, self.shown.is_some().then_some(since), now.mono + wait);
        self.outlet.tell(FeedEvent::Status(status)).await
    }
}

/// Not of one image, but of the way to all of them.
fn is_trouble(error: &NetError) -> bool {
    match error {
        NetError::Api { code: 404 | 400, .. } | NetError::TooLarge { .. } | NetError::Unreadable(_) => false,
        NetError::Api { .. } => true,
        error => error.is_passing() || !matches!(error, NetError::Redirected { .. }),
    }
}

/// What a tag or digest names, whole.
pub(super) async fn read(client: &Registry, repository: &str, reference: &str) -> Result<Manifest, NetError> {
    read_whole(client, repository, reference).await.map(|(manifest, _)| manifest)
}

async fn read_whole(
    client: &Registry,
    repository: &str,
    reference: &str,
) -> Result<(Manifest, Option<Timestamp>), NetError> {
    let odd = |why: Safe| NetError::Unreadable(why.as_str().to_owned());
    let told = client.manifest(repository, reference).await?;
    let digest = Digest::parse(&told.digest).ok_or_else(|| odd(Safe::of("its digest is none")))?;
    let mut unread = None;
    let (index, entries, attestations, mut notes, mut variants) =
        match ingest::manifest(&told.kind, &told.body).map_err(odd)? {
            Shape::Index { entries, attestations, notes } => (true, entries, attestations, notes, Vec::new()),
            single @ Shape::Single { .. } => {
                let (variant, notes) = of_one(client, repository, &digest, None, single, &mut unread).await?;
                (false, Vec::new(), 0, notes, vec![variant])
            }
        };
    for entry in entries {
        // Each says how large it is; the first, when and of which commit they were built.
        let part = client.manifest(repository, entry.digest.raw()).await;
        let shape = part.and_then(|part| ingest::manifest(&part.kind, &part.body).map_err(odd));
        let variant = match shape {
            Ok(single @ Shape::Single { .. }) => {
                let known = entry.platform.clone().filter(|_| !variants.is_empty());
                let (mut variant, told) = of_one(client, repository, &entry.digest, known, single, &mut unread).await?;
                variant.platform = entry.platform.or(variant.platform);
                notes = notes.or(told);
                variant
            }
            Ok(Shape::Index { .. }) => Variant { platform: entry.platform, digest: entry.digest, size: None },
            Err(error) if is_trouble(&error) => return Err(error),
            Err(error) => {
                unread.get_or_insert(words::sentence(&error));
                Variant { platform: entry.platform, digest: entry.digest, size: None }
            }
        };
        variants.push(variant);
    }
    let Notes { created, revision, source } = notes;
    Ok((Manifest { digest, index, variants, attestations, revision, source, unread }, created))
}

/// One image with its size. Its configuration is read unless `known` says its platform.
async fn of_one(
    client: &Registry,
    repository: &str,
    digest: &Digest,
    known: Option<crate::model::images::Platform>,
    single: Shape,
    unread: &mut Option<Safe>,
) -> Result<(Variant, Notes), NetError> {
    let mut variant = Variant { platform: known, digest: digest.clone(), size: None };
    let Shape::Single { config, size, kind, notes } = single else { return Ok((variant, Notes::default())) };
    variant.size = Some(size);
    if variant.platform.is_some() {
        return Ok((variant, notes));
    }
    let Some(config) = config else {
        unread.get_or_insert(crate::safe!("it is no image but an artifact ({})", kind));
        return Ok((variant, notes));
    };
    let read = match client.blob(repository, config.raw()).await {
        Ok(body) => ingest::config(&body),
        Err(error) if is_trouble(&error) => return Err(error),
        Err(error) => Err(words::sentence(&error)),
    };
    Ok(match read {
        Ok(told) => {
            variant.platform = told.platform;
            (variant, notes.or(told.notes))
        }
        Err(why) => {
            unread.get_or_insert(why);
            (variant, notes)
        }
    })
}
