//! Starting a Pipeline with parameters, as `tkn pipeline start` does (apis.md §5): its parameters are read
//! when somebody is about to start it, and compared again right before the send. What the run it is
//! started from says beside them (workspaces, service account, timeouts) is taken over.

use std::sync::Arc;

use serde_json::{Value, json};
use tokio::sync::{mpsc, watch};
use tokio::time::{Instant, sleep_until};

use super::ROOT;
use super::perform::{OPERATION, get};
use crate::action::{Action, Change, OperationId};
use crate::model::interest::Interest;
use crate::model::listed::{list, pairs, pieces, table};
use crate::model::source::{Detail, FeedEvent, FeedId};
use crate::model::workflows::{Dispatchable, Input, InputKind, WorkflowRead, WorkflowWanted};
use crate::model::{Kind, Name, SourceId};
use crate::net::{NetError, Post, ReadStack, segment};
use crate::systems::pace::{Backoff, Pace};
use crate::systems::perform::text;
use crate::text::Safe;

/// What it needs to answer.
#[derive(Debug, Clone)]
pub(crate) struct Parts {
    pub(crate) cluster: SourceId,
    pub(crate) read: ReadStack,
    pub(crate) tx: mpsc::Sender<(FeedId, FeedEvent)>,
    pub(crate) interest: watch::Receiver<Arc<Interest>>,
    pub(crate) refresh: watch::Receiver<u64>,
    /// Those of PipelineRuns, by whose names it speaks.
    pub(crate) feeds: Vec<FeedId>,
    pub(crate) pace: Pace,
}

/// Reads each Pipeline of this cluster that somebody is about to start. Until the loop is gone.
pub(crate) async fn run(mut parts: Parts) {
    let mut known = None;
    // When one that could not be read for a while is read again.
    let mut again = None;
    let mut backoff = Backoff::new(parts.pace.floor, parts.pace.cap);
    loop {
        let wanted = parts.interest.borrow_and_update().workflow.clone();
        let wanted = wanted.filter(|wanted| wanted.source == parts.cluster);
        if wanted != known {
            again = None;
            backoff.reset();
        }
        let due = again.is_some_and(|again| again <= Instant::now());
        if let Some(asked) = wanted.clone().filter(|_| wanted != known || due) {
            let namespace = |feed: &&FeedId| feed.namespace.as_ref().is_none_or(|name| *name == asked.repository);
            // Of a namespace that is not read nobody can tell anything; the next one may be.
            if let Some(feed) = parts.feeds.iter().find(namespace).cloned() {
                let read = dispatchable(&parts.read, &asked).await;
                again = matches!(read, Err((_, true))).then(|| Instant::now() + backoff.next());
                let workflow = read.map(Arc::new).map_err(|(why, _)| why);
                let read = WorkflowRead { wanted: asked, workflow };
                if parts.tx.send((feed, FeedEvent::Detail(Detail::Workflow(read)))).await.is_err() {
                    return;
                }
            }
        }
        known = wanted;
        let wait = async {
            match again {
                Some(again) => sleep_until(again).await,
                None => std::future::pending().await,
            }
        };
        tokio::select! {
            changed = parts.interest.changed() => if changed.is_err() { return },
            changed = parts.refresh.changed() => {
                if changed.is_err() {
                    return;
                }
                known = None;
            }
            () = wait => {}
            () = parts.tx.closed() => return,
        }
    }
}

/// `Err`: why not, and whether that may pass by itself.
async fn dispatchable(read: &ReadStack, wanted: &WorkflowWanted) -> Result<Dispatchable, (Safe, bool)> {
    let passes = |error: &NetError| {
        let busy = matches!(error, NetError::Held { .. } | NetError::Api { code: 500.., .. });
        busy || error.is_passing()
    };
    let (namespace, pipeline) = (wanted.repository.raw(), wanted.reference.raw());
    let object = get(read, &pipeline_path(namespace, pipeline)).await.map_err(|error| {
        let why = match &error {
            NetError::Api { code: 404, .. } => format!("there is no Pipeline {pipeline} in {namespace}"),
            error => format!("Pipeline {pipeline} cannot be read: {error}"),
        };
        (Safe::line(&why), passes(&error))
    })?;
    // Where the run is gone, what the Pipeline says by itself is all there is.
    let run = wanted.path.raw();
    let base = base(read, namespace, run, pipeline).await.map_err(|error| {
        let why = format!("{run}, which it is started from, cannot be read: {error}");
        (Safe::line(&why), passes(&error))
    })?;
    if let Some(why) = without_workspaces(&object, base.as_ref()) {
        return Err((Safe::line(&why), false));
    }
    Ok(shape(&object, base.as_ref()))
}

/// A run that another one is started from.
struct Base {
    uid: String,
    spec: Value,
}

/// The run it is started from, if it is there and of the same Pipeline.
async fn base(read: &ReadStack, namespace: &str, run: &str, pipeline: &str) -> Result<Option<Base>, NetError> {
    if run.is_empty() {
        return Ok(None);
    }
    let path = format!("{ROOT}/namespaces/{}/pipelineruns/{}", segment(namespace), segment(run));
    let run = match get(read, &path).await {
        Ok(run) => run,
        Err(NetError::Api { code: 404, .. }) => return Ok(None),
        Err(error) => return Err(error),
    };
    let same = text(&run, "/spec/pipelineRef/name") == Some(pipeline);
    let uid = text(&run, "/metadata/uid").unwrap_or_default().to_owned();
    Ok(run.get("spec").filter(|spec| same && spec.is_object()).map(|spec| Base { uid, spec: spec.clone() }))
}

/// Why it cannot be started from here: nobody says which volumes its workspaces are.
fn without_workspaces(pipeline: &Value, base: Option<&Base>) -> Option<String> {
    let rows = |value: Option<&Value>| value.and_then(Value::as_array).cloned().unwrap_or_default();
    let given = rows(base.and_then(|base| base.spec.get("workspaces")));
    let is_given = |name: &str| given.iter().any(|row| text(row, "/name") == Some(name));
    let wanted = rows(pipeline.pointer("/spec/workspaces"));
    let needs = wanted.iter().filter(|row| row.get("optional") != Some(&Value::Bool(true)));
    let missing: Vec<&str> = needs.filter_map(|row| text(row, "/name")).filter(|name| !is_given(name)).collect();
    let next = "start it from a run that has them";
    (!missing.is_empty()).then(|| format!("it wants workspaces that nobody names ({}): {next}", missing.join(", ")))
}

/// What it asks for; the run it is started from says what stands there at first.
fn shape(pipeline: &Value, base: Option<&Base>) -> Dispatchable {
    let params = pipeline.pointer("/spec/params").and_then(Value::as_array).cloned().unwrap_or_default();
    let before = base.and_then(|base| base.spec.get("params")).and_then(Value::as_array).cloned().unwrap_or_default();
    let input = |param: &Value| {
        let name = text(param, "/name")?;
        let last = before.iter().find(|row| text(row, "/name") == Some(name)).and_then(|row| row.get("value"));
        let default = param.get("default");
        let kind = kind(param);
        let shown = last.or(default).map(|value| Name::new(&written(value)));
        Some(Input {
            name: Name::new(name),
            description: Safe::line(text(param, "/description").unwrap_or_default()),
            // What the run before was given empty may be empty again.
            required: default.is_none() && shown.as_ref().is_none_or(|shown| !shown.raw().is_empty()),
            default: shown,
            kind,
        })
    };
    Dispatchable {
        id: 0,
        name: Name::new(text(pipeline, "/metadata/name").unwrap_or_default()),
        sha: Name::new(&version(pipeline, base)),
        inputs: params.iter().filter_map(input).collect(),
        takes_over: base.is_some(),
    }
}

fn kind(param: &Value) -> InputKind {
    let texts = |value: Option<&Value>| -> Vec<Name> {
        let all = value.and_then(Value::as_array).map_or(&[][..], Vec::as_slice);
        all.iter().filter_map(Value::as_str).map(Name::new).collect()
    };
    let properties = param.get("properties").and_then(Value::as_object);
    match (text(param, "/type"), param.get("default")) {
        (Some("array"), _) | (None, Some(Value::Array(_))) => InputKind::List,
        (Some("object"), _) | (None, Some(Value::Object(_))) => {
            InputKind::Table(properties.into_iter().flat_map(|map| map.keys()).map(|key| Name::new(key)).collect())
        }
        _ => match texts(param.get("enum")) {
            all if all.is_empty() => InputKind::Text,
            all => InputKind::Choice(all),
        },
    }
}

/// As it is typed: items after commas, of an object `key=value`.
fn written(value: &Value) -> String {
    let word = |value: &Value| value.as_str().map_or_else(|| value.to_string(), str::to_owned);
    match value {
        Value::Array(all) => {
            let words: Vec<String> = all.iter().map(word).collect();
            list(words.iter().map(String::as_str))
        }
        Value::Object(map) => {
            let rows: Vec<(&str, String)> = map.iter().map(|(key, value)| (key.as_str(), word(value))).collect();
            table(rows.iter().map(|(key, value)| (*key, value.as_str())))
        }
        value => word(value),
    }
}

/// As Tekton takes it.
fn value(kind: &InputKind, typed: &str) -> Value {
    match kind {
        InputKind::List => pieces(typed).into(),
        InputKind::Table(_) => {
            Value::Object(pairs(typed).into_iter().map(|(key, value)| (key, value.into())).collect())
        }
        _ => typed.into(),
    }
}

/// Another one asks for something else, perhaps; and without the run, other things stand beside it.
fn version(pipeline: &Value, base: Option<&Base>) -> String {
    let run = base.map_or("", |base| base.uid.as_str());
    format!("{}/{run}", of_pipeline(pipeline))
}

fn of_pipeline(pipeline: &Value) -> String {
    let word = |pointer: &str| text(pipeline, pointer).unwrap_or_default();
    format!("{}/{}", word("/metadata/uid"), word("/metadata/resourceVersion"))
}

/// Compares the Pipeline and makes the new run, or says why not.
pub(crate) async fn prepare(read: &ReadStack, action: &Action, id: &OperationId) -> Result<Post, String> {
    let Change::Dispatch { path, reference, sha, inputs, .. } = &action.change else {
        return Err("this starts no Pipeline".to_owned());
    };
    let (namespace, pipeline) = (action.target.namespace.raw(), reference.raw());
    let object = get(read, &pipeline_path(namespace, pipeline)).await.map_err(|error| match error {
        NetError::Api { code: 404, .. } => format!("changed since you looked: Pipeline {pipeline} is gone"),
        error => format!("Pipeline {pipeline} cannot be read before the send: {error}"),
    })?;
    let (looked_at, run) = sha.raw().rsplit_once('/').unwrap_or((sha.raw(), ""));
    if of_pipeline(&object) != looked_at {
        return Err(format!("changed since you looked: Pipeline {pipeline} is another one now"));
    }
    let base = base(read, namespace, path.raw(), pipeline).await;
    let base = base.map_err(|error| format!("the run it is started from cannot be read before the send: {error}"))?;
    if base.as_ref().map_or("", |base| base.uid.as_str()) != run {
        let what = if base.is_none() { "is gone" } else { "is another one now" };
        return Err(format!(
            "changed since you looked: {} {what}, whose workspaces and service account would be taken over",
            path.raw()
        ));
    }
    if let Some(why) = without_workspaces(&object, base.as_ref()) {
        return Err(format!("changed since you looked: {why}"));
    }
    let known = shape(&object, None).inputs;
    let params: Vec<Value> = inputs
        .iter()
        .filter_map(|(name, typed)| {
            let input = known.iter().find(|input| input.name == *name)?;
            Some(json!({ "name": name.raw(), "value": value(&input.kind, typed.raw()) }))
        })
        .collect();
    let mut spec = base.map_or_else(|| json!({ "pipelineRef": { "name": pipeline } }), |base| base.spec);
    if let Value::Object(fields) = &mut spec {
        fields.remove("status");
        fields.remove("statusMessage");
        fields.insert("params".to_owned(), params.into());
    }
    let body = json!({
        "apiVersion": "tekton.dev/v1",
        "kind": "PipelineRun",
        "metadata": {
            "generateName": format!("{pipeline}-"), "namespace": namespace, "labels": { OPERATION: id.0 },
        },
        "spec": spec,
    });
    let path = crate::systems::collection(ROOT, Kind::PipelineRun, Some(&action.target.namespace));
    Ok(Post { path, body: body.to_string().into_bytes() })
}

fn pipeline_path(namespace: &str, name: &str) -> String {
    format!("{ROOT}/namespaces/{}/pipelines/{}", segment(namespace), segment(name))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn pipeline() -> Value {
        json!({
            "metadata": { "name": "release", "uid": "u", "resourceVersion": "7" },
            "spec": {
                "params": [
                    { "name": "revision", "type": "string", "default": "main", "description": "what to build" },
                    { "name": "service" },
                    { "name": "platforms", "type": "array", "default": ["linux/amd64", "a,b"] },
                    { "name": "chart", "type": "object", "properties": { "name": {}, "version": {} },
                      "default": { "name": "shop", "version": "1.4" } },
                    { "name": "level", "enum": ["debug", "info"], "default": "info" },
                    { "type": "string" },
                ],
                "workspaces": [{ "name": "source" }, { "name": "cache", "optional": true }],
            },
        })
    }

    fn based(spec: Value) -> Base {
        Base { uid: "r".to_owned(), spec }
    }

    #[test]
    fn what_a_run_was_given_is_what_a_new_one_is_given() {
        let array = json!(["", " ", "a, b", "\\", "x\\", "\"\"", "\"q\"", "größe 雪", "--flag=1", "two\nlines"]);
        let object = json!({ "": "", "a=b": " c ", "d,e": "f=g,h\\", "雪": "\"\"" });
        for (param, given) in [
            (json!({ "name": "x", "type": "array" }), array.clone()),
            (json!({ "name": "x", "default": ["a"] }), array),
            (json!({ "name": "x", "type": "array" }), json!([])),
            (json!({ "name": "x", "type": "array" }), json!([""])),
            (json!({ "name": "x", "type": "object" }), object),
            (json!({ "name": "x", "type": "object" }), json!({})),
            (json!({ "name": "x" }), json!(" a, b\\ ")),
            (json!({ "name": "x" }), json!("")),
            (json!({ "name": "x", "default": "main" }), json!("")),
            (json!({ "name": "x" }), json!("two\nlines")),
        ] {
            let of = json!({ "spec": { "params": [param] } });
            let base = based(json!({ "params": [{ "name": "x", "value": given }] }));
            let shown = shape(&of, Some(&base));
            let [input] = &shown.inputs[..] else { panic!("{shown:?}") };
            let typed = input.default.as_ref().map(Name::raw).unwrap();
            assert_eq!(input.refuse(typed), None, "{given}");
            assert_eq!(value(&input.kind, typed), given, "{typed:?}");
        }
    }

    #[test]
    fn parameters_are_asked_for_by_their_types() {
        let base = based(
            json!({ "params": [{ "name": "service", "value": "checkout" }], "workspaces": [{ "name": "source" }] }),
        );
        let shown = shape(&pipeline(), Some(&base));
        let told: Vec<String> = shown
            .inputs
            .iter()
            .map(|input| {
                let default = input.default.as_ref().map_or("–", Name::raw);
                let star = if input.required { "*" } else { "" };
                format!("{}{star} {} {default}", input.name.raw(), input.kind.as_str())
            })
            .collect();
        assert_eq!(
            told,
            [
                "revision string main",
                "service* string checkout",
                "platforms array linux/amd64, a\\,b",
                "chart object name=shop, version=1.4",
                "level choice info",
            ]
        );
        assert_eq!((shown.sha.raw(), shown.takes_over), ("u/7/r", true));
        let alone = shape(&pipeline(), None);
        assert_eq!((alone.sha.raw(), alone.takes_over), ("u/7/", false));
        // What is shown is what is sent.
        assert_eq!(value(&InputKind::List, "linux/amd64, a\\,b"), json!(["linux/amd64", "a,b"]));
        assert_eq!(value(&shown.inputs[3].kind, "name=shop, version=1=4"), json!({ "name": "shop", "version": "1=4" }));
        assert_eq!(value(&InputKind::Text, "a, b"), json!("a, b"));
        assert_eq!(value(&InputKind::List, ""), json!([]));
    }

    #[test]
    fn workspaces_must_be_named_by_the_run_it_is_started_from() {
        let why = without_workspaces(&pipeline(), None).unwrap();
        assert!(why.contains("(source)"), "{why}");
        let base = based(json!({ "workspaces": [{ "name": "source", "emptyDir": {} }] }));
        assert_eq!(without_workspaces(&pipeline(), Some(&base)), None);
    }
}
