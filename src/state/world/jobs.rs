//! Runs and their jobs, as they hang together: what Tekton lists one by one, and what is kept of jobs.

use std::collections::HashSet;
use std::sync::Arc;

use super::World;
use crate::model::source::Object;
use crate::model::tekton::TaskRun;
use crate::model::{ObjectId, Uid};
use crate::state::tekton;

impl World {
    /// A TaskRun that belongs to no PipelineRun is a run of one job.
    pub(super) fn put_lone(&mut self, row: &TaskRun) {
        if tekton::is_lone(row) {
            let uid = self.put_run(Arc::new(tekton::lone(row)));
            self.details.group(&uid, tekton::jobs_of_lone(row));
        }
    }

    /// Makes the jobs of these runs of Tekton anew.
    pub(super) fn regroup(&mut self, runs: &HashSet<Uid>) {
        for uid in runs {
            if let Some(run) = self.pipeline_runs.get(uid) {
                let jobs = tekton::jobs(self, run);
                self.details.group(uid, jobs);
            }
        }
    }

    /// Jobs that nobody looks at are forgotten once there are very many. Tekton's are made of what is listed.
    pub fn bound_jobs(&mut self, wanted: &[ObjectId]) {
        let Self { details, runs, .. } = self;
        let read = |uid: &Uid| !runs.get(uid).is_some_and(|run| run.kind.is_of_tekton());
        let age = |uid: &Uid| runs.get(uid).map(|run| run.created);
        details.bound_jobs(|uid| wanted.iter().any(|run| run.uid == *uid), read, age);
    }
}

/// The runs of Tekton whose jobs these objects change.
pub(super) fn touched(objects: &[Object]) -> HashSet<Uid> {
    let run = |object: &Object| match object {
        Object::PipelineRun(row) => Some(row.run.meta.uid.clone()),
        Object::TaskRun(row) => row.meta.owner.as_ref().map(|owner| owner.uid.clone()),
        _ => None,
    };
    objects.iter().filter_map(run).collect()
}
