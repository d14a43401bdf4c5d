//! Folders that images are built from: the newest commit that changed them, and how it stands to the
//! commits of their images. The first is asked for again and again, free of charge while nothing has
//! changed; two commits are compared once, since neither changes.

use std::collections::HashMap;
use std::sync::Arc;

use tokio::time::Instant;

use super::watch::Watch;
use super::words::Trouble;
use super::{ingest_folders, repository};
use crate::model::builds::{Commit, Folder, FolderRead, Relation};
use crate::model::interest::FolderInterest;
use crate::model::source::{Detail, FeedEvent};
use crate::net::{Etags, Listed, NetError, segment};
use crate::safe;
use crate::systems::polled::Gone;
use crate::text::Safe;

/// Comparisons that are remembered.
const REMEMBERED: usize = 500;

/// What was read of them.
#[derive(Debug, Default)]
pub(super) struct Folders {
    read: HashMap<Arc<str>, Known>,
    compared: HashMap<(Safe, Safe), Relation>,
}

#[derive(Debug)]
struct Known {
    due: Instant,
    etags: Etags,
    last: Option<Commit>,
    built: Vec<Safe>,
}

impl Folders {
    pub(super) fn refresh(&mut self) {
        self.read.clear();
    }

    pub(super) fn next(&self) -> Option<Instant> {
        self.read.values().map(|known| known.due).min()
    }
}

impl Watch {
    /// Reads what is due, one request after the other.
    pub(super) async fn read_folders(&mut self) -> Result<(), Gone> {
        let interest = Arc::clone(&self.outlet.interest.borrow());
        let here = &self.outlet.id;
        let ours =
            |row: &&FolderInterest| row.source == here.cluster && Some(&row.repository) == here.namespace.as_ref();
        let wanted: Vec<FolderInterest> = interest.folders.iter().filter(ours).cloned().collect();
        self.folders.read.retain(|folder, _| wanted.iter().any(|row| row.folder == *folder));
        for row in wanted {
            let now = Instant::now();
            let known = self.folders.read.entry(Arc::clone(&row.folder)).or_insert_with(|| Known {
                due: now,
                etags: Etags::default(),
                last: None,
                built: Vec::new(),
            });
            if known.due > now && known.built == row.built {
                continue;
            }
            known.built.clone_from(&row.built);
            let wait = self.read_folder(&row).await?;
            if let Some(known) = self.folders.read.get_mut(&row.folder) {
                known.due = Instant::now() + wait;
            }
            self.tell_quota().await?;
        }
        Ok(())
    }

    /// Reads one, and says when it is to be read again.
    async fn read_folder(&mut self, row: &FolderInterest) -> Result<std::time::Duration, Gone> {
        let (busy, idle) = self.outlet.pace.images;
        let mut wait = self.client.paced(self.outlet.between(if row.busy { busy } else { idle }));
        let known = match self.last_change(row).await {
            Ok(None) => {
                let last = None;
                Ok(Folder { last, against: Vec::new() })
            }
            Ok(Some(last)) => {
                let mut against = Vec::new();
                for built in &row.built {
                    against.push((built.clone(), self.compare(built, &last.sha).await?));
                }
                Ok(Folder { last: Some(last), against })
            }
            Err(error) => {
                let trouble = self.trouble(error).await;
                let (Trouble::Denied(message) | Trouble::Passing(message, _)) = &trouble;
                if let Trouble::Passing(_, Some(longer)) = &trouble {
                    wait = wait.max(*longer);
                }
                Err(message.clone())
            }
        };
        let read = FolderRead { repository: row.repository.clone(), folder: row.folder.to_string(), known };
        self.outlet.tell(FeedEvent::Detail(Detail::Folder(read))).await?;
        Ok(wait)
    }

    /// The newest commit of the default branch that changed the folder.
    async fn last_change(&mut self, row: &FolderInterest) -> Result<Option<Commit>, NetError> {
        let path = format!("{}/commits?path={}&per_page=1", repository(row.repository.raw()), segment(&row.folder));
        let Some(known) = self.folders.read.get_mut(&row.folder) else { return Ok(None) };
        match self.client.list(&path, Some(1), &mut known.etags).await? {
            Listed::Unchanged { .. } => {}
            Listed::Pages { bodies, .. } => {
                let last = ingest_folders::newest(bodies.first().map_or(&b"[]"[..], |body| body));
                match last {
                    Ok(last) => known.last = last,
                    Err(error) => {
                        known.etags = Etags::default();
                        return Err(NetError::Unreadable(error.to_string()));
                    }
                }
            }
        }
        Ok(known.last.clone())
    }

    /// How the commit of a folder stands to that of an image.
    async fn compare(&mut self, built: &Safe, last: &Safe) -> Result<Relation, Gone> {
        if last.as_str().starts_with(built.as_str()) {
            return Ok(Relation::Built);
        }
        let pair = (built.clone(), last.clone());
        if let Some(known) = self.folders.compared.get(&pair) {
            return Ok(known.clone());
        }
        let path = format!(
            "{}/compare/{}...{}?per_page=1",
            repository(self.outlet.id.namespace.as_ref().map_or("", |name| name.raw())),
            segment(built.as_str()),
            segment(last.as_str())
        );
        let relation = match self.client.get(&path).await {
            Ok(body) => match ingest_folders::relation(&body) {
                Ok(relation) => relation,
                Err(error) => return Ok(Relation::Unknown(Safe::line(&error.to_string()))),
            },
            Err(NetError::Api { code: 404, .. }) => {
                Relation::Unknown(safe!("the repository does not know its commit {}", built.columns(0..7)))
            }
            // Asked again with the next reading.
            Err(error) => return Ok(Relation::Unknown(Safe::line(&error.to_string()))),
        };
        if self.folders.compared.len() >= REMEMBERED {
            self.folders.compared.clear();
        }
        self.folders.compared.insert(pair, relation.clone());
        Ok(relation)
    }
}
