//! What this account may do in the namespaces that somebody looks at: asked of the server's authorizer,
//! which changes nothing, and asked again before the answer is a minute old.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use futures::stream::{self, StreamExt as _};
use tokio::sync::{mpsc, watch};
use tokio::time::sleep;

use crate::model::access::{AccessInterest, AccessRead, Answer, Right};
use crate::model::interest::Interest;
use crate::model::source::{Detail, FeedEvent, FeedId};
use crate::model::{Name, SourceId};
use crate::net::{Deed, NetError, ReadStack, Review, Rules};
use crate::text::Safe;

/// An answer counts for a minute; the next one is there before, also from a slow server.
const AGAIN: Duration = Duration::from_secs(25);
/// Questions at a time: each has a connection of its own.
const AT_A_TIME: usize = 4;
/// Namespaces of an overview; what is beyond is not known, and not told either.
const MOST: usize = 64;

#[derive(Debug, Clone)]
pub(crate) struct Parts {
    pub(crate) cluster: SourceId,
    pub(crate) read: ReadStack,
    pub(crate) tx: mpsc::Sender<(FeedId, FeedEvent)>,
    pub(crate) interest: watch::Receiver<Arc<Interest>>,
    pub(crate) refresh: watch::Receiver<u64>,
    /// By whose name it speaks.
    pub(crate) feed: FeedId,
}

/// Until the loop is gone.
pub(crate) async fn run(mut parts: Parts) {
    let cluster = parts.cluster;
    let mut known = AccessInterest::default();
    loop {
        let wanted = self::wanted(cluster, &parts.interest);
        let fresh = |all: &[(SourceId, Name)], known: &[(SourceId, Name)]| -> Vec<Name> {
            all.iter().filter(|place| !known.contains(place)).map(|(_, name)| name.clone()).take(MOST).collect()
        };
        for namespace in fresh(&wanted.exact, &known.exact) {
            let read = exact(&parts.read, &namespace).await;
            if parts.tell(read).await.is_err() {
                return;
            }
        }
        for namespace in fresh(&wanted.overview, &[known.overview, known.exact].concat()) {
            let read = overview(&parts.read, &namespace).await;
            if parts.tell(read).await.is_err() {
                return;
            }
        }
        known = wanted;
        // What became of interest meanwhile is not waited for.
        if self::wanted(cluster, &parts.interest) != known {
            continue;
        }
        tokio::select! {
            () = sleep(AGAIN) => known = AccessInterest::default(),
            changed = parts.refresh.changed() => match changed {
                Ok(()) => known = AccessInterest::default(),
                Err(_) => return,
            },
            changed = other(cluster, &mut parts.interest) => if changed.is_err() { return },
            () = parts.tx.closed() => return,
        }
    }
}

fn wanted(cluster: SourceId, interest: &watch::Receiver<Arc<Interest>>) -> AccessInterest {
    let of_this = |all: &[(SourceId, Name)]| all.iter().filter(|(id, _)| *id == cluster).cloned().collect();
    let interest = interest.borrow();
    AccessInterest { exact: of_this(&interest.access.exact), overview: of_this(&interest.access.overview) }
}

/// Waits until another namespace is of interest.
async fn other(
    cluster: SourceId,
    interest: &mut watch::Receiver<Arc<Interest>>,
) -> Result<(), watch::error::RecvError> {
    let before = wanted(cluster, interest);
    loop {
        interest.changed().await?;
        if wanted(cluster, interest) != before {
            return Ok(());
        }
    }
}

impl Parts {
    async fn tell(&self, read: AccessRead) -> Result<(), ()> {
        self.tx.send((self.feed.clone(), FeedEvent::Detail(Detail::Access(read)))).await.map_err(drop)
    }
}

fn deed(right: Right, namespace: &Name) -> Deed<'_> {
    Deed {
        verb: right.verb(),
        group: right.group(),
        resource: right.resource(),
        subresource: right.subresource(),
        namespace: namespace.raw(),
        name: "",
    }
}

/// Each right by itself: what the authorizer says is what it would do.
async fn exact(read: &ReadStack, namespace: &Name) -> AccessRead {
    let asked = Right::ALL.into_iter().map(|right| async move { (right, read.review(deed(right, namespace)).await) });
    let answers: Vec<_> = stream::iter(asked).buffered(AT_A_TIME).collect().await;
    let answers = answers.into_iter().map(|(right, answer)| (right, told(answer))).collect();
    AccessRead { namespace: namespace.clone(), answers, all: false }
}

fn told(answer: Result<Review, NetError>) -> Answer {
    match answer {
        Ok(Review::Allowed) => Answer::Allowed,
        Ok(Review::Denied(why)) => Answer::Denied(Safe::line(&why)),
        Err(error) => Answer::Unknown(Safe::line(&error.to_string())),
    }
}

/// All rules at once.
async fn overview(read: &ReadStack, namespace: &Name) -> AccessRead {
    let rules = read.rules(namespace.raw()).await;
    let answer = |right: Right| match &rules {
        Ok(rules) => by(rules, deed(right, namespace)),
        Err(error) => Answer::Unknown(Safe::line(&error.to_string())),
    };
    let answers: BTreeMap<Right, Answer> = Right::ALL.into_iter().map(|right| (right, answer(right))).collect();
    AccessRead { namespace: namespace.clone(), answers, all: rules.is_ok_and(|rules| rules.is_all()) }
}

fn by(rules: &Rules, deed: Deed<'_>) -> Answer {
    if rules.allow(deed) {
        Answer::Allowed
    } else if rules.incomplete {
        Answer::Unknown(Safe::of("another authorizer decides, and tells no rules"))
    } else {
        Answer::Denied(Safe::of(""))
    }
}
