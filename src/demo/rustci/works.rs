//! The server's pipelines and executions. How an execution goes is worked out when it begins; what is
//! told of it at a moment is then a matter of comparing times.

use std::time::Duration;

use jiff::Timestamp;
use serde::Deserialize;
use serde_json::Value;

use super::known_id;
use crate::demo::DemoError;
use crate::demo::scenario::Scenario;
use crate::demo::value::{hash, later, seconds};

const PIPELINES: &str = include_str!("../../../demo/pipelines.yaml");

/// A pipeline as its YAML describes it.
#[derive(Debug, Clone, Deserialize)]
pub(super) struct Definition {
    pub(super) name: String,
    #[serde(default)]
    pub(super) description: Option<String>,
    pub(super) stages: Vec<Stage>,
}

#[derive(Debug, Clone, Deserialize)]
pub(super) struct Stage {
    pub(super) name: String,
    pub(super) steps: Vec<Step>,
}

#[derive(Debug, Clone, Deserialize)]
pub(super) struct Step {
    pub(super) name: String,
    #[serde(rename = "step_type")]
    pub(super) kind: StepType,
    #[serde(default)]
    pub(super) config: Value,
}

/// The words of the real server, which come from the names of its variants.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(super) enum StepType {
    Shell,
    Docker,
    Kubernetes,
    #[serde(rename = "a_w_s")]
    Aws,
    Azure,
    #[serde(rename = "g_c_p")]
    Gcp,
    GitHub,
    GitLab,
    Custom,
}

impl Definition {
    /// Reads and checks it as the server does, with its words.
    pub(super) fn parse(yaml: &str) -> Result<Self, String> {
        let read: Self = serde_yaml::from_str(yaml).map_err(|error| {
            let said = error.to_string();
            format!("Invalid YAML configuration: {}", said.lines().next().unwrap_or_default())
        })?;
        if read.name.trim().is_empty() {
            return Err("Pipeline name cannot be empty".to_owned());
        }
        if read.stages.is_empty() {
            return Err("Pipeline must have at least one stage".to_owned());
        }
        match read.stages.iter().find(|stage| stage.steps.is_empty()) {
            Some(stage) => Err(format!("Stage '{}' must have at least one step", stage.name)),
            None => Ok(read),
        }
    }
}

#[derive(Debug)]
pub(super) struct Pipeline {
    pub(super) id: String,
    pub(super) definition: Definition,
    pub(super) yaml: String,
    pub(super) created: Timestamp,
}

/// What starts an execution.
#[derive(Debug)]
pub(in crate::demo) struct Planned {
    pub(super) at: Timestamp,
    pub(super) info: Value,
    pub(super) environment: Value,
    /// The step that fails.
    pub(super) fails: Option<String>,
}

#[derive(Debug)]
pub(super) struct Execution {
    pub(super) id: String,
    pub(super) pipeline: String,
    pub(super) planned: Planned,
    pub(super) stages: Vec<Run>,
    /// Its status was rewritten then; its task goes on.
    pub(super) cancelled: Option<Timestamp>,
}

/// How a stage goes; its steps one after the other.
#[derive(Debug)]
pub(super) struct Run {
    pub(super) name: String,
    pub(super) steps: Vec<StepRun>,
}

#[derive(Debug)]
pub(super) struct StepRun {
    pub(super) name: String,
    pub(super) command: String,
    pub(super) started: Timestamp,
    pub(super) ended: Timestamp,
    pub(super) fails: bool,
}

impl Execution {
    /// When its task is through.
    pub(super) fn end(&self) -> Timestamp {
        let steps = self.stages.iter().flat_map(|stage| &stage.steps);
        steps.map(|step| step.ended).max().unwrap_or(self.planned.at)
    }

    pub(super) fn fails(&self) -> bool {
        self.stages.iter().any(|stage| stage.steps.iter().any(|step| step.fails))
    }
}

/// See the module.
#[derive(Debug)]
pub(in crate::demo) struct Works {
    pub(super) pipelines: Vec<Pipeline>,
    /// Oldest first.
    pub(super) executions: Vec<Execution>,
    /// Its database answers.
    pub(in crate::demo) connected: bool,
    /// The scenario has such a server.
    pub(in crate::demo) there: bool,
}

impl Works {
    /// What the scenario begins with; what lies ahead of its opening begins then.
    pub(in crate::demo) fn open(scenario: &Scenario) -> Result<Self, DemoError> {
        let broken = |reason: String| DemoError::Scenario { scenario: "pipelines".to_owned(), reason };
        let read: Vec<Value> = serde_yaml::from_str(PIPELINES).map_err(|error| broken(error.to_string()))?;
        let there = !scenario.executions.is_empty();
        let mut works = Self { pipelines: Vec::new(), executions: Vec::new(), connected: true, there };
        for (index, value) in read.iter().enumerate() {
            // JSON is YAML.
            let yaml = value.to_string();
            let definition = Definition::parse(&yaml).map_err(broken)?;
            let id = known_id(&definition.name, Timestamp::UNIX_EPOCH);
            let age = Duration::from_hours(24 * (30 + index as u64));
            works.store(id, definition, &yaml, super::super::value::earlier(scenario.opens, age));
        }
        for row in &scenario.executions {
            let span = seconds(&row.at).unwrap_or_default();
            let at = scenario.opens.checked_add(jiff::SignedDuration::from_secs(span)).unwrap_or(scenario.opens);
            let pipeline = works.pipelines.iter().find(|it| it.definition.name == row.pipeline);
            let Some(pipeline) = pipeline.map(|it| it.id.clone()) else {
                return Err(broken(format!("no pipeline is named {:?}", row.pipeline)));
            };
            let info = serde_json::json!({
                "trigger_type": row.trigger, "triggered_by": row.by, "commit_hash": row.commit, "branch": row.branch,
                "repository": null, "webhook_payload": null,
            });
            let planned = Planned { at, info, environment: serde_json::json!({}), fails: row.fails.clone() };
            works.begin(&known_id(&row.pipeline, at), &pipeline, planned);
        }
        Ok(works)
    }

    pub(super) fn store(&mut self, id: String, definition: Definition, yaml: &str, now: Timestamp) -> &Pipeline {
        let made = Pipeline { id, definition, yaml: yaml.to_owned(), created: now };
        self.pipelines.push(made);
        &self.pipelines[self.pipelines.len() - 1]
    }

    pub(super) fn pipeline(&self, id: &str) -> Option<&Pipeline> {
        self.pipelines.iter().find(|it| it.id == id)
    }

    pub(super) fn execution(&self, id: &str) -> Option<&Execution> {
        self.executions.iter().find(|it| it.id == id)
    }

    /// Works out how it goes. False when there is no such pipeline.
    pub(super) fn begin(&mut self, id: &str, pipeline: &str, planned: Planned) -> bool {
        let Some(known) = self.pipeline(pipeline) else { return false };
        let mut now = later(planned.at, Duration::from_secs(1));
        let mut stages = Vec::new();
        let mut failed = false;
        for stage in &known.definition.stages {
            let mut steps = Vec::new();
            for step in &stage.steps {
                if failed {
                    break;
                }
                let command = step.config.get("command").and_then(Value::as_str).unwrap_or_default();
                let length = 8 + hash(&format!("{id}/{}/{}", stage.name, step.name)) % 30;
                let ended = later(now, Duration::from_secs(length));
                failed = planned.fails.as_ref() == Some(&step.name) || command.contains("exit 1");
                let (name, command) = (step.name.clone(), command.to_owned());
                steps.push(StepRun { name, command, started: now, ended, fails: failed });
                now = ended;
            }
            stages.push(Run { name: stage.name.clone(), steps });
        }
        let (id, pipeline) = (id.to_owned(), known.id.clone());
        self.executions.push(Execution { id, pipeline, planned, stages, cancelled: None });
        true
    }

    /// Rewrites the status of one that runs. Its task is not stopped, and has the last word.
    pub(super) fn cancel(&mut self, id: &str, now: Timestamp) -> bool {
        let found = self.executions.iter_mut().find(|it| it.id == id && it.planned.at <= now && it.end() > now);
        found.map(|it| it.cancelled = Some(now)).is_some()
    }
}
