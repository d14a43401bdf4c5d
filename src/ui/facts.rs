//! Facts in the words of the screen: versions, steps, ages, counts.

use jiff::Timestamp;

use crate::model::SourceId;
use crate::model::kubernetes::{ContainerImage, ContainerState, Meta};
use crate::model::rollouts::Metric;
use crate::safe;
use crate::state::{State, conditions};
use crate::text::{self, Safe};

/// What is after the last colon of an image, or the beginning of its digest: the version.
#[must_use]
pub fn version(image: &Safe) -> Safe {
    if image.is_marked() {
        return image.clone();
    }
    let text = image.as_str();
    let from = if let Some(at) = text.find("@sha256:") {
        at + "@sha256:".len()
    } else {
        let name = text.rfind('/').map_or(0, |at| at + 1);
        match text[name..].rfind(':') {
            Some(at) => name + at + 1,
            None => return Safe::of("latest"),
        }
    };
    let start = Safe::line(&text[..from]).width();
    let most = if text.contains("@sha256:") { start + 12 } else { usize::MAX };
    image.columns(start..most.min(start + 64))
}

/// The version of the first container.
#[must_use]
pub fn version_of(images: &[ContainerImage]) -> Safe {
    images.first().map_or_else(|| Safe::of("–"), |image| version(&image.image))
}

/// Since this time by the cluster's clock, in words; `–` where it is not known.
#[must_use]
pub fn since(state: &State, cluster: SourceId, at: Option<Timestamp>) -> Safe {
    ago(state, at.map(|at| state.ours(cluster, at)))
}

/// Since this time by our clock, in words; `–` where it is not known.
#[must_use]
pub fn ago(state: &State, at: Option<Timestamp>) -> Safe {
    match at {
        Some(at) => text::age(state.now.wall.duration_since(at).as_secs()),
        None => Safe::of("–"),
    }
}

#[must_use]
pub fn age(state: &State, meta: &Meta) -> Safe {
    since(state, meta.cluster, meta.created)
}

/// `3/3`.
#[must_use]
pub fn of(have: i64, want: i64) -> Safe {
    safe!("{}/{}", have, want)
}

/// A container's state: the word, and what is behind it.
#[must_use]
pub fn container(state: &State, cluster: SourceId, of: &ContainerState) -> (Safe, Safe) {
    match of {
        ContainerState::Waiting { reason, message } => {
            let word = if reason.is_empty() { Safe::of("Waiting") } else { reason.clone() };
            (word, message.clone())
        }
        ContainerState::Running { since } => {
            (Safe::of("Running"), safe!("for {}", self::since(state, cluster, *since)))
        }
        ContainerState::Terminated(end) => {
            let word = if end.reason.is_empty() { Safe::of("Terminated") } else { end.reason.clone() };
            (word, safe!("exit {}, {} ago  {}", end.exit_code, self::since(state, cluster, end.at), end.message))
        }
        ContainerState::Unknown => (Safe::of("Unknown"), Safe::of("")),
    }
}

/// What a metric wants to see, short.
#[must_use]
pub fn wants(metric: &Metric) -> Safe {
    match (&metric.success_condition, &metric.failure_condition) {
        (Some(success), _) => conditions::short(success),
        (None, Some(failure)) => safe!("not {}", conditions::short(failure)),
        (None, None) => Safe::of("any value"),
    }
}

/// A limit of the API: −1 means none.
#[must_use]
pub fn limit(limit: i64) -> Safe {
    if limit < 0 { Safe::of("∞") } else { safe!("{}", limit) }
}
