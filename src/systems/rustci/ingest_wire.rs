//! Answers of a RustCI server as they are written, before anything is made of them.

use serde::Deserialize;
use serde_json::Value;

use crate::systems::wire::{Int, List, Obj, Text, Time};

#[derive(Default, Deserialize)]
#[serde(default)]
pub(super) struct PipelineWire<'a> {
    #[serde(borrow)]
    pub(super) id: Text<'a>,
    #[serde(borrow)]
    pub(super) name: Text<'a>,
    #[serde(borrow)]
    pub(super) description: Text<'a>,
    pub(super) created_at: Time,
}

#[derive(Default, Deserialize)]
#[serde(default)]
pub(super) struct ExecutionWire<'a> {
    #[serde(borrow)]
    pub(super) id: Text<'a>,
    #[serde(borrow)]
    pub(super) pipeline_id: Text<'a>,
    #[serde(borrow)]
    pub(super) status: Text<'a>,
    pub(super) started_at: Time,
    pub(super) finished_at: Time,
    pub(super) created_at: Time,
    #[serde(borrow)]
    pub(super) trigger_info: Obj<TriggerWire<'a>>,
    #[serde(borrow)]
    pub(super) stages: List<Obj<StageWire<'a>>>,
    pub(super) environment: Value,
    #[serde(borrow)]
    pub(super) logs: List<Obj<LogWire<'a>>>,
}

#[derive(Default, Deserialize)]
#[serde(default)]
pub(super) struct TriggerWire<'a> {
    #[serde(borrow)]
    pub(super) trigger_type: Text<'a>,
    #[serde(borrow)]
    pub(super) triggered_by: Text<'a>,
    #[serde(borrow)]
    pub(super) commit_hash: Text<'a>,
    #[serde(borrow)]
    pub(super) branch: Text<'a>,
}

#[derive(Default, Deserialize)]
#[serde(default)]
pub(super) struct StageWire<'a> {
    #[serde(borrow)]
    pub(super) name: Text<'a>,
    #[serde(borrow)]
    pub(super) status: Text<'a>,
    #[serde(borrow)]
    pub(super) steps: List<Obj<StepWire<'a>>>,
    pub(super) started_at: Time,
    pub(super) finished_at: Time,
}

#[derive(Default, Deserialize)]
#[serde(default)]
pub(super) struct StepWire<'a> {
    #[serde(borrow)]
    pub(super) name: Text<'a>,
    #[serde(borrow)]
    pub(super) status: Text<'a>,
    pub(super) exit_code: Int,
    #[serde(borrow)]
    pub(super) stdout: Text<'a>,
    #[serde(borrow)]
    pub(super) stderr: Text<'a>,
    pub(super) started_at: Time,
    pub(super) finished_at: Time,
}

#[derive(Default, Deserialize)]
#[serde(default)]
pub(super) struct LogWire<'a> {
    pub(super) timestamp: Time,
    #[serde(borrow)]
    pub(super) level: Text<'a>,
    #[serde(borrow)]
    pub(super) stage: Text<'a>,
    #[serde(borrow)]
    pub(super) step: Text<'a>,
    #[serde(borrow)]
    pub(super) message: Text<'a>,
}
