//! Files that are written and read when somebody asks for it, beside the loop.

use std::path::PathBuf;
use std::sync::Arc;

use super::Core;
use crate::app::{context, save, upload};
use crate::model::builds::CatalogueImage;
use crate::update::Msg;

impl Core {
    /// Writes a new file; one that exists is left as it is.
    pub(super) fn save(&self, path: PathBuf, bytes: Vec<u8>) {
        let tx = self.files.tx.clone();
        let folders = std::env::current_dir().ok().into_iter().chain(self.saves.clone()).collect::<Vec<_>>();
        tokio::task::spawn_blocking(move || {
            let said = save::into_first(&folders, &path, &bytes);
            // The loop may have ended meanwhile.
            let _ = tx.blocking_send(Msg::Saved(said));
        });
    }

    pub(super) fn read_pipeline(&self, path: PathBuf) {
        let tx = self.files.tx.clone();
        tokio::task::spawn_blocking(move || {
            let (folder, home) = (std::env::current_dir().ok(), std::env::home_dir());
            let read = upload::read(&path.display().to_string(), folder.as_deref(), home.as_deref());
            // The loop may have ended meanwhile.
            let _ = tx.blocking_send(Msg::PipelineFile(read.map(Arc::new)));
        });
    }

    pub(super) fn read_context(&self, entry: CatalogueImage) {
        let tx = self.files.tx.clone();
        tokio::spawn(async move {
            let read = context::read(entry, std::env::current_dir().ok()).await;
            // The loop may have ended meanwhile.
            let _ = tx.send(Msg::BuildPlan(read.map(Arc::new))).await;
        });
    }
}
