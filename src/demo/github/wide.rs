//! One run of very many jobs and steps, for worlds of size; and what is left of the hour's requests.

use std::time::Duration;

use jiff::Timestamp;

use super::Pressure;
use super::book::{Book, Due, PEOPLE};
use super::plan::{Fault, JobPlan, StepPlan, Workflow, Writes};
use crate::demo::value::earlier;

impl Book {
    /// Adds a run of one workflow with a matrix of so many jobs, under way at this time.
    pub(in crate::demo) fn widen(&mut self, jobs: usize, steps: u64, now: Timestamp) {
        let workflow = self.workflows.len();
        self.workflows.push(Workflow::wide(jobs, steps));
        let repository = self.repository_named("shop/wide");
        let due = Due {
            repository,
            workflow,
            branch: "main".to_owned(),
            commit: "wide".to_owned(),
            version: None,
            title: format!("Try {jobs} combinations"),
            event: "push",
            actor: PEOPLE[0],
            fault: Some(Fault::of(&Workflow::cell(jobs / 2))),
            ships: None,
            again: None,
        };
        self.plan(earlier(now, Duration::from_mins(5)), due);
    }

    /// Others use the same hour of the host.
    pub(in crate::demo) fn press(&mut self, pressure: Pressure) {
        self.quota.pressure = pressure;
    }
}

impl Fault {
    /// This job, in every attempt.
    pub(super) fn of(job: &str) -> Self {
        Self { job: job.to_owned(), attempts: None }
    }
}

impl Workflow {
    /// A matrix of so many jobs, each of so many steps of its own.
    pub(super) fn wide(jobs: usize, steps: u64) -> Self {
        let step = |number: u64| StepPlan {
            name: format!("Part {number} of {steps}"),
            seconds: 5 + number % 23,
            writes: Writes::Plain,
        };
        let job = |index: usize| JobPlan {
            name: Self::cell(index),
            runner: "ubuntu-24.04".to_owned(),
            needs: Vec::new(),
            environment: None,
            always: false,
            steps: (1..=steps).map(step).collect(),
        };
        Self {
            name: "combinations".to_owned(),
            path: ".github/workflows/combinations.yml".to_owned(),
            unused: false,
            dispatch: None,
            releases: false,
            of: Vec::new(),
            jobs: (0..jobs).map(job).collect(),
        }
    }

    /// The name of a job of it.
    pub(super) fn cell(index: usize) -> String {
        format!("combine (part {}, {})", index / 4, ["amd64", "arm64", "riscv64", "s390x"][index % 4])
    }
}
