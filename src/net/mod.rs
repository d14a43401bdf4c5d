//! The only owner of HTTP clients.
//!
//! Reading and writing are two types. [`ReadStack`] may try again, visibly and with deadlines.
//! [`WriteStack`] sends once on a connection of its own and never again: no retry layer, no pool
//! that could replay a request, no redirect (reliability.md §3.2). One question is a POST and no
//! write all the same: an access review, whose path and body are made in `review` alone. Which server, user and authority
//! are spoken to is pinned when the program starts ([`Cluster`]); a kubeconfig or an environment
//! variable that changes later is not followed.
//!
//! What can go wrong is a [`NetError`]: one line with its causes, without secrets. Nothing here
//! knows the domain.

mod access;
mod argocd;
mod client;
mod docker;
mod error;
mod exec;
mod failure;
mod git;
mod github;
mod grafana;
mod helm;
mod loki;
mod pause;
mod prometheus;
mod proxy;
mod read;
mod registry;
mod review;
mod rustci;
mod secret;
mod target;
mod told;
mod web;
mod write;

pub use access::Deadlines;
pub use argocd::{ArgoServer, Called, Of};
pub use docker::{Answered, Context, Docker, DockerDeadlines, EngineAsk, EngineVersion};
pub use error::NetError;
pub use exec::{answered, told};
pub use git::{Between, Git, GitError};
#[cfg(test)]
pub(crate) use github::Hour;
pub use github::{About, Etags, GitHub, Limits, Listed, Turn};
pub use grafana::Grafana;
pub use helm::{Helm, Rollback};
pub use loki::{Loki, LokiRange};
pub use prometheus::Prometheus;
pub use read::{Answer, BodyStream, ReadStack};
pub use registry::{Manifest, Probed, Registry, Tags};
pub use review::{Deed, Review, Rules};
pub use rustci::{RustCi, RustCiHealth};
pub use secret::{Held, Token, Wanted, describe as describe_secret, resolve as resolve_secret};
pub use target::{Cluster, Target, TargetError};
pub use write::{Patch, Post, Sent, WriteStack, Writes};

/// How the console names itself to servers.
pub const USER_AGENT: &str = concat!("quarterdeck/", env!("CARGO_PKG_VERSION"));

/// One segment of a path or value of a query, percent-encoded: what is typed or read elsewhere must
/// not reach another path of the API.
#[must_use]
pub fn segment(raw: &str) -> String {
    use std::fmt::Write as _;
    let mut out = String::with_capacity(raw.len());
    for byte in raw.bytes() {
        if byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'.' | b'_' | b'~') && raw != "." && raw != ".." {
            out.push(char::from(byte));
        } else {
            // Writing to a String cannot fail.
            let _ = write!(out, "%{byte:02X}");
        }
    }
    out
}

/// A random fraction of `most`, for jitter: from the seed of std's hash maps, so no crate is needed.
#[must_use]
pub fn jitter(most: std::time::Duration) -> std::time::Duration {
    use std::hash::{BuildHasher as _, Hasher as _};
    let random = std::hash::RandomState::new().build_hasher().finish();
    most.mul_f64((random >> 11) as f64 / (1_u64 << 53) as f64)
}
