//! Container registries: what the tags name that somebody runs or has just built. Nothing is changed.

pub mod ingest;
pub mod watch;
mod words;

use crate::model::images::Manifest;
use crate::net::Registry;
use crate::text::Safe;

/// Reads what a tag or digest of a repository names, as the console does; for `doctor` and tests.
pub async fn look(client: &Registry, repository: &str, reference: &str) -> Result<Manifest, Safe> {
    watch::read(client, repository, reference).await.map_err(|error| words::sentence(&error))
}
