//! Which rows pass the filter: every word must be in the row's text (capitals do not matter),
//! a word after `!` must not be.

use super::order::Entry;
use super::{Item, Line, tree_line};
use crate::action::{Operation, Outcome};
use crate::model::Name;
use crate::model::applications::{AppHealth, Application, SyncStatus};
use crate::model::asides::Level;
use crate::model::helm::ReleaseStatus;
use crate::model::kubernetes::{Deployment, Pod, PodHealth, RolloutVerdict};
use crate::model::pipelines::{Conclusion, Run};
use crate::model::rollouts::{AnalysisPhase, Rollout};
use crate::model::security::{Severity, Since};
use crate::model::slo::Burn;
use crate::model::workloads::Controlled;
use crate::state::State;
use crate::state::asides::Beside;
use crate::state::ui::ListId;
use crate::state::{
    catalogue, deployment_status, differences, images, limits, rollout_info, security, shared, workload_status,
};
use crate::text::Safe;

pub(super) struct Filter {
    words: Vec<(String, bool)>,
    faults_only: bool,
}

impl Filter {
    pub(super) fn new(text: &str, faults_only: bool) -> Self {
        let words = text
            .split_whitespace()
            .map(|word| match word.strip_prefix('!') {
                Some(rest) => (rest.to_lowercase(), false),
                None => (word.to_lowercase(), true),
            })
            .filter(|(word, _)| !word.is_empty())
            .collect();
        Self { words, faults_only }
    }

    pub(super) fn is_empty(&self) -> bool {
        self.words.is_empty() && !self.faults_only
    }

    /// Every word in one of the texts, none of the unwanted in any.
    fn passes(&self, texts: &[&str]) -> bool {
        self.words.iter().all(|(word, wanted)| texts.iter().any(|text| contains(text, word)) == *wanted)
    }

    pub(super) fn pod(&self, state: &State, pod: &Pod) -> bool {
        let namespace = shared::namespace(state, pod.meta.cluster, &pod.meta.namespace);
        (!self.faults_only || matches!(pod.health, PodHealth::Broken | PodHealth::Unknown))
            && self.passes(&[
                pod.meta.name.raw(),
                namespace.as_str(),
                pod.status.as_str(),
                pod.node.as_ref().map_or("", |node| node.raw()),
            ])
    }

    pub(super) fn rollout(&self, state: &State, rollout: &Rollout) -> bool {
        let info = rollout_info::info(&state.world, rollout);
        let namespace = shared::namespace(state, rollout.meta.cluster, &rollout.meta.namespace);
        (!self.faults_only || info.status.as_str() != "Healthy")
            && self.passes(&[rollout.meta.name.raw(), namespace.as_str(), info.status.as_str(), info.message.as_str()])
    }

    pub(super) fn application(&self, row: &Application) -> bool {
        let calm = row.sync == SyncStatus::Synced && matches!(row.health, AppHealth::Healthy | AppHealth::Progressing);
        (!self.faults_only || !calm)
            && self.passes(&[
                row.meta.name.raw(),
                row.destination.namespace.raw(),
                row.project.raw(),
                row.sync.as_str(),
                row.health.as_str(),
                row.sources.first().map_or("", |source| source.repository.as_str()),
            ])
    }

    fn deployment(&self, state: &State, deployment: &Deployment) -> bool {
        let namespace = shared::namespace(state, deployment.meta.cluster, &deployment.meta.namespace);
        let status = deployment_status::status(deployment);
        (!self.faults_only || status.verdict != RolloutVerdict::Complete)
            && self.passes(&[
                deployment.meta.name.raw(),
                namespace.as_str(),
                verdict(status.verdict),
                status.message.as_str(),
            ])
    }

    fn controlled(&self, state: &State, row: &Controlled) -> bool {
        let namespace = shared::namespace(state, row.meta.cluster, &row.meta.namespace);
        let status = workload_status::status(row);
        (!self.faults_only || status.verdict != RolloutVerdict::Complete)
            && self.passes(&[
                row.meta.name.raw(),
                namespace.as_str(),
                workload_status::word(row.kind),
                verdict(status.verdict),
                status.message.as_str(),
            ])
    }

    pub(super) fn run(&self, run: &Run) -> bool {
        (!self.faults_only || run.conclusion.as_ref().is_some_and(Conclusion::is_bad))
            && self.passes(&[
                run.meta.namespace.raw(),
                run.meta.name.raw(),
                run.title.as_str(),
                run.branch.as_ref().map_or("", Name::raw),
                run.sha.as_str(),
                run.status.as_str(),
                run.conclusion.as_ref().map_or("", Conclusion::as_str),
            ])
    }

    pub(super) fn operation(&self, operation: &Operation) -> bool {
        let fault = !matches!(operation.outcome, Outcome::Observed);
        (!self.faults_only || fault)
            && self.passes(&[
                operation.action.target.name.raw(),
                operation.environment.raw(),
                operation.action.change.verb().as_str(),
                operation.outcome.as_str(),
                operation.reason.as_str(),
            ])
    }

    pub(super) fn entry(&self, state: &State, list: &ListId, entry: &Entry) -> bool {
        tree_line(state, list, entry).is_some_and(|line| self.line(state, &line))
    }

    fn line(&self, state: &State, line: &Line) -> bool {
        let (fault, texts): (bool, Vec<&str>) = match &line.item {
            Item::Pod(pod) => return self.pod(state, pod),
            Item::Rollout(rollout) => return self.rollout(state, rollout),
            Item::Deployment(deployment) => return self.deployment(state, deployment),
            Item::Controlled(row) => return self.controlled(state, row),
            Item::Beside(row) => (limits::is_short(row), vec![row.meta.name.raw(), limits::word(row)]),
            Item::Operation(operation) => return self.operation(operation),
            Item::ReplicaSet(set) => {
                let image = set.images.first().map_or("", |image| image.image.as_str());
                (set.available < set.desired, vec![set.meta.name.raw(), rollout_info::replica_set_word(set), image])
            }
            Item::AnalysisRun(run) => (bad(&run.phase), vec![run.meta.name.raw(), phase(&run.phase)]),
            Item::Experiment(row) => (bad(&row.phase), vec![row.meta.name.raw(), phase(&row.phase)]),
            Item::Event(event) => (
                event.warning,
                vec![event.reason.as_str(), event.message.as_str(), event.about_name.raw(), event.about_kind.as_str()],
            ),
            Item::Container(container) => (!container.ready, vec![container.name.raw(), container.image.as_str()]),
            Item::Metric(metric) => (bad(&metric.phase), vec![metric.name.as_str(), phase(&metric.phase)]),
            Item::Measurement(row) => (bad(&row.phase), vec![row.value.as_str(), phase(&row.phase)]),
            Item::Run(run) => return self.run(run),
            Item::Job(job) | Item::Earlier(job) => (
                job.conclusion.as_ref().is_some_and(Conclusion::is_bad),
                vec![job.id.name.raw(), job.status.as_str(), job.conclusion.as_ref().map_or("", Conclusion::as_str)],
            ),
            // It is shown with those of its jobs that pass.
            Item::Group(_) | Item::Project(_) => return false,
            Item::JobStep(step) => (step.conclusion.as_ref().is_some_and(Conclusion::is_bad), vec![step.name.as_str()]),
            Item::Aside(_, row) => beside(row),
            Item::Slo(slo) => (
                slo.figures.value().is_none_or(|figures| figures.remaining <= 0.0)
                    || slo.burns.iter().any(Burn::is_firing),
                vec![slo.meta.name.raw(), slo.service.as_str(), slo.figures.as_str()],
            ),
            Item::Burn(burn) => (burn.is_firing(), vec![burn.short.as_str(), burn.long.as_str()]),
            Item::Alert(alert) => (alert.firing, vec![alert.meta.name.raw(), alert.summary.as_str()]),
            Item::Folder(entry) => (true, vec![entry.image.raw(), entry.folder.as_str()]),
            Item::Image(image) => (
                image.manifest.is_err()
                    || !images::missing(state, image).is_empty()
                    || catalogue::is_stale(state, image),
                vec![image.repository().raw(), image.meta.name.raw(), image.digest().map_or("", |digest| digest.raw())],
            ),
            Item::Application(row) => return self.application(row),
            Item::Release(row) | Item::Recorded(row) => (
                row.status == ReleaseStatus::Failed || row.status.is_pending(),
                vec![row.release.raw(), row.meta.namespace.raw(), row.word.as_str()],
            ),
            Item::Kept(row) => {
                (row.is_stray(), vec![row.kind.as_str(), row.name.raw(), row.namespace.raw(), row.status.as_str()])
            }
            Item::Differs(object, row) => {
                let object = object.as_ref().map_or(["", ""], |it| [it.kind.as_str(), it.name.raw()]);
                let said = match row {
                    differences::Row::Path(row) => row.path.as_str(),
                    differences::Row::More(_) => "",
                    differences::Row::Note(words) | differences::Row::Trouble(words) => words.as_str(),
                };
                (true, object.into_iter().chain([said]).collect())
            }
            Item::Deployed(_, row) => (false, row.revisions.iter().map(|name| name.safe().as_str()).collect()),
            Item::Variant(variant) => (variant.platform.is_none(), vec![variant.digest.raw()]),
            Item::Missing(_) => (true, vec!["missing"]),
            Item::User(user, runs) => (
                *runs == images::Runs::Older,
                vec![user.workload.name.raw(), user.workload.namespace.raw(), user.environment.raw()],
            ),
            Item::Access(row) => (row.has_denied(), vec![row.told.0.as_str(), row.told.1.as_str()]),
            Item::Pool(pool) => {
                (pool.is_short(), pool.labels.iter().map(Safe::as_str).chain([pool.repository.raw()]).collect())
            }
            Item::Security(row) => match &**row {
                security::Row::Finding(since, row) => (
                    *since == Since::New || row.severity <= Severity::High,
                    vec![row.tool.as_str(), row.rule.as_str(), row.words.as_str(), row.severity.as_str()],
                ),
                security::Row::Secret(row) => (true, vec![row.kind.as_str(), "secret"]),
            },
            Item::Docker(row) => (
                row.exit_code.is_some_and(|code| code != 0) || row.oom_killed,
                vec![row.meta.name.raw(), row.meta.namespace.raw(), row.image.as_str(), row.state.as_str()],
            ),
            Item::Waiting(row) => {
                let environment = row.environment.as_ref().map_or("", |name| name.raw());
                (true, vec![row.object.name.raw(), row.words.as_str(), row.kind.as_str(), environment])
            }
            Item::Station(row) => (false, vec![row.part.as_str(), row.what.as_str(), row.standing.as_str()]),
            Item::Step { what, .. } => (false, vec![what.as_str()]),
            Item::Revision(_) => (false, Vec::new()),
        };
        (!self.faults_only || fault) && self.passes(&texts)
    }
}

fn beside(row: &Beside) -> (bool, Vec<&str>) {
    match row {
        Beside::Annotation(row) => (row.level == Level::Failure, vec![row.path.as_str(), row.message.as_str()]),
        Beside::History { .. } | Beside::More { .. } => (false, Vec::new()),
        Beside::Check(row) => (
            row.conclusion.as_ref().is_some_and(Conclusion::is_bad),
            vec![row.name.raw(), row.title.as_ref().map_or("", Safe::as_str)],
        ),
        Beside::Summary(line) => (false, vec![line.as_str()]),
        Beside::Deployed(environment, row) => (
            row.state.as_ref().is_some_and(|state| matches!(state.as_str(), "failure" | "error")),
            vec![environment.raw(), row.sha.as_str(), row.by.as_ref().map_or("", Safe::as_str)],
        ),
        Beside::Artifact(row) => (row.expired, vec![row.name.raw()]),
        Beside::Attempt { .. } => (false, vec!["attempt"]),
        Beside::Unread(_, why) => (why.is_some(), vec!["unread"]),
    }
}

fn verdict(verdict: RolloutVerdict) -> &'static str {
    match verdict {
        RolloutVerdict::Complete => "complete",
        RolloutVerdict::Progressing => "progressing",
        RolloutVerdict::Failed => "failed",
    }
}

fn bad(phase: &AnalysisPhase) -> bool {
    matches!(phase, AnalysisPhase::Failed | AnalysisPhase::Error | AnalysisPhase::Inconclusive)
}

fn phase(phase: &AnalysisPhase) -> &str {
    match phase {
        AnalysisPhase::Pending => "pending",
        AnalysisPhase::Running => "running",
        AnalysisPhase::Successful => "successful",
        AnalysisPhase::Failed => "failed",
        AnalysisPhase::Error => "error",
        AnalysisPhase::Inconclusive => "inconclusive",
        AnalysisPhase::Other(word) => word.as_str(),
    }
}

/// `needle` is in lower case. Names are ASCII almost always: then nothing is allocated.
fn contains(text: &str, needle: &str) -> bool {
    if text.is_ascii() {
        needle.is_ascii()
            && text.as_bytes().windows(needle.len()).any(|window| window.eq_ignore_ascii_case(needle.as_bytes()))
    } else {
        text.to_lowercase().contains(needle)
    }
}
