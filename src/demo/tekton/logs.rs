//! What the steps of a TaskRun write: the words that the same work has on a runner, without the runner's.

use std::time::Duration;

use jiff::Timestamp;
use serde_json::Value;

use super::tasks;
use crate::demo::github::{Source, Writes, lines};
use crate::demo::kinds::{Key, Kind};
use crate::demo::value::{hash, items, later, text, time_at};
use crate::demo::world::World;

/// The container's lines, when it began and when it ended; why there are none in the kubelet's words.
pub(in crate::demo) type Written = (Vec<(Timestamp, String)>, Timestamp, Option<Timestamp>);

pub(in crate::demo) fn is_step(pod: &Value) -> bool {
    !text(pod, "/metadata/labels/tekton.dev~1taskRun").is_empty()
}

pub(in crate::demo) fn written(world: &World, pod: &Value, container: &str) -> Result<Written, String> {
    let name = text(pod, "/metadata/name");
    let status = items(pod, "/status/containerStatuses").iter().find(|it| text(it, "/name") == container);
    let begun = status
        .and_then(|it| time_at(it, "/state/running/startedAt").or_else(|| time_at(it, "/state/terminated/startedAt")));
    let Some((status, begun)) = status.zip(begun) else {
        return Err(format!("container \"{container}\" in pod \"{name}\" is waiting to start: PodInitializing"));
    };
    let ended = time_at(status, "/state/terminated/finishedAt");
    let fails = status.pointer("/state/terminated/exitCode").and_then(Value::as_i64).is_some_and(|code| code != 0);
    let owner =
        Key::new(Kind::TaskRun, text(pod, "/metadata/namespace"), text(pod, "/metadata/labels/tekton.dev~1taskRun"));
    let task = world.store.value(&owner).cloned().unwrap_or_default();
    let plan = tasks::plan(world, &task);
    let step = container.strip_prefix("step-").unwrap_or(container);
    let of = plan.as_ref().and_then(|plan| plan.steps.iter().find(|it| it.name == step));
    let (writes, seconds) = of.map_or((Writes::Plain, 5), |it| (it.writes, it.seconds));
    let given = |wanted: &str| {
        let param = items(&task, "/spec/params").iter().find(|param| text(param, "/name") == wanted);
        param.map(|param| text(param, "/value").to_owned()).filter(|value| !value.is_empty())
    };
    let service = given("service").unwrap_or_else(|| "tools".to_owned());
    let revision = given("revision").unwrap_or_else(|| "main".to_owned());
    let source = Source { repository: &format!("shop/{service}"), branch: &revision, sha: &revision, title: "" };
    // While it runs nobody knows how it will end: the lines are those of a good one.
    let all = lines(writes, &source, step, fails, hash(text(pod, "/metadata/uid")));
    let span = ended.map_or(Duration::from_secs(seconds), |end| end.duration_since(begun).unsigned_abs());
    Ok((spread(&all, begun, span), begun, ended))
}

/// Their times: spread over the step's.
fn spread(all: &[String], begun: Timestamp, span: Duration) -> Vec<(Timestamp, String)> {
    let of_runner = |line: &&String| {
        !line.starts_with("##[group]") && !line.starts_with("##[endgroup]") && !line.starts_with("shell: ")
    };
    let kept: Vec<String> = all.iter().filter(of_runner).map(|line| line.replace("##[error]", "ERROR ")).collect();
    let each = span / u32::try_from(kept.len() + 1).unwrap_or(u32::MAX);
    kept.into_iter().enumerate().map(|(index, line)| (later(begun, each * index as u32), line)).collect()
}
