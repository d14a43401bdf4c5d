//! Label and field selectors.

use serde_json::Value;

use super::Params;
use super::failure::Failure;
use crate::demo::kinds::{Kind, Row};
use crate::demo::value::{at, text};

/// What a list or watch is narrowed to.
#[derive(Debug, Clone, Default)]
pub(super) struct Selector {
    labels: Vec<(String, Test)>,
    fields: Vec<(String, Test)>,
}

#[derive(Debug, Clone, PartialEq, Eq)]
enum Test {
    Is(String),
    IsNot(String),
    Exists,
    Absent,
}

impl Selector {
    /// Reads `labelSelector` and `fieldSelector`.
    pub(super) fn read(row: &Row, params: &Params) -> Result<Self, Failure> {
        let labels = parse(params.get("labelSelector").map_or("", String::as_str))?;
        let fields = parse(params.get("fieldSelector").map_or("", String::as_str))?;
        if let Some((bad, _)) = fields.iter().find(|(field, _)| !known(row.kind, field)) {
            let message = format!(
                "Unable to find \"{}, Resource={}\" that match label selector \"\", field selector \"{}\": field label not supported: {bad}",
                row.api_version(),
                row.plural,
                params.get("fieldSelector").map_or("", String::as_str)
            );
            return Err(Failure::bad_request(message));
        }
        Ok(Self { labels, fields })
    }

    /// Says whether everything is selected.
    pub(super) fn is_empty(&self) -> bool {
        self.labels.is_empty() && self.fields.is_empty()
    }

    pub(super) fn matches(&self, object: &Value) -> bool {
        let labels = at(object, "/metadata/labels");
        let label = |name: &str| labels.get(name).and_then(Value::as_str);
        let field = |path: &str| Some(text(object, &format!("/{}", path.replace('.', "/"))));
        self.labels.iter().all(|(name, test)| test.holds(label(name)))
            && self.fields.iter().all(|(path, test)| test.holds(field(path)))
    }
}

impl Test {
    fn holds(&self, found: Option<&str>) -> bool {
        match self {
            Self::Is(wanted) => found == Some(wanted),
            Self::IsNot(unwanted) => found != Some(unwanted),
            Self::Exists => found.is_some(),
            Self::Absent => found.is_none(),
        }
    }
}

fn parse(text: &str) -> Result<Vec<(String, Test)>, Failure> {
    let one = |part: &str| {
        let (name, test) = if let Some((name, value)) = part.split_once("!=") {
            (name, Test::IsNot(value.trim().to_owned()))
        } else if let Some((name, value)) = part.split_once('=') {
            (name, Test::Is(value.trim_start_matches('=').trim().to_owned()))
        } else if let Some(name) = part.strip_prefix('!') {
            (name, Test::Absent)
        } else {
            (part, Test::Exists)
        };
        let name = name.trim();
        if name.is_empty() || name.contains([' ', '(']) {
            return Err(Failure::bad_request(format!("unable to parse requirement: {part:?}")));
        }
        Ok((name.to_owned(), test))
    };
    text.split(',').map(str::trim).filter(|part| !part.is_empty()).map(one).collect()
}

fn known(kind: Kind, field: &str) -> bool {
    let of_kind: &[&str] = match kind {
        Kind::Event => &[
            "involvedObject.kind",
            "involvedObject.namespace",
            "involvedObject.name",
            "involvedObject.uid",
            "involvedObject.apiVersion",
            "involvedObject.resourceVersion",
            "reason",
            "reportingComponent",
            "type",
        ],
        Kind::Pod => &["spec.nodeName", "spec.restartPolicy", "spec.schedulerName", "status.phase", "status.podIP"],
        Kind::Namespace => &["status.phase"],
        Kind::Deployment
        | Kind::ReplicaSet
        | Kind::Rollout
        | Kind::AnalysisRun
        | Kind::Experiment
        | Kind::Application
        | Kind::Pipeline
        | Kind::PipelineRun
        | Kind::TaskRun
        | Kind::StatefulSet
        | Kind::DaemonSet
        | Kind::Job
        | Kind::HorizontalPodAutoscaler
        | Kind::PodDisruptionBudget
        | Kind::ResourceQuota
        | Kind::NetworkPolicy
        | Kind::Lease
        | Kind::ControllerRevision
        | Kind::AppProject
        | Kind::VirtualService
        | Kind::Secret => &[],
    };
    ["metadata.name", "metadata.namespace"].contains(&field) || of_kind.contains(&field)
}
