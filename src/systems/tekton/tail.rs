//! The log of a TaskRun (apis.md §5): the containers of its steps one after the other, as `tkn taskrun
//! logs -f` follows them; of an attempt before, those of its own pod. The TaskRun is read again before
//! each of them, since it alone says which pod it has and which step has ended.

use jiff::Timestamp;
use serde_json::Value;
use tokio::sync::mpsc;
use tokio_util::sync::CancellationToken;

use super::ROOT;
use crate::model::Name;
use crate::model::log::{LogEvent, LogRequest, LogSince, TailId};
use crate::model::tekton::attempt_of;
use crate::net::{BodyStream, NetError, ReadStack, segment};
use crate::safe;
use crate::systems::lines::Lines;
use crate::systems::perform::text;
use crate::systems::tail::{Next, Pace, Source, follow};
use crate::text::Safe;

/// Follows until it is cancelled, the reader is gone, or nothing more can come.
pub async fn tail(
    read: ReadStack,
    request: LogRequest,
    id: TailId,
    tx: mpsc::Sender<(TailId, LogEvent)>,
    cancel: CancellationToken,
    pace: Pace,
) {
    let log = TaskLog {
        read,
        request,
        at: 0,
        ended: false,
        named: false,
        step: String::new(),
        pod: None,
        stands: Stands::Open,
    };
    follow(log, id, tx, cancel, pace).await;
}

struct TaskLog {
    read: ReadStack,
    request: LogRequest,
    /// The step that is read, by its place.
    at: usize,
    /// Its stream has come to an end.
    ended: bool,
    /// Its name stands above its lines.
    named: bool,
    step: String,
    /// The one that was asked last.
    pod: Option<String>,
    stands: Stands,
}

/// What the TaskRun said when it was read last.
enum Stands {
    Open,
    /// All its steps were read to their end.
    Done,
    /// It has no pod yet, or the step has not begun.
    NotYet(Safe),
    Hopeless(Safe),
}

impl Source for TaskLog {
    async fn open(&mut self, last: Option<Timestamp>) -> Result<BodyStream, NetError> {
        let (pod, container) = match self.next().await? {
            Ok(found) => found,
            Err(stands) => {
                self.stands = stands;
                return Err(NetError::Unusable(String::new()));
            }
        };
        self.stands = Stands::Open;
        let last = last.filter(|_| self.named);
        self.pod = Some(pod.clone());
        self.read.log_stream(&self.path(&pod, &container, last)).await
    }

    fn is_finite(&self) -> bool {
        matches!(self.stands, Stands::Done)
    }

    fn refused(&self, error: &NetError) -> Next {
        match &self.stands {
            Stands::Done => return Next::Ended,
            Stands::NotYet(why) => return Next::NotYet(why.clone()),
            Stands::Hopeless(why) => return Next::Hopeless(why.clone()),
            Stands::Open => {}
        }
        let message = Safe::line(&error.to_string());
        match error {
            NetError::Api { code: 404, .. } => Next::Gone(
                self.pod.as_deref().map(Name::new),
                safe!("its pod is gone (pruned, or deleted by a cancel), and its log with it: {}", message),
            ),
            NetError::Api { code: 401 | 403, .. } | NetError::Unusable(_) => Next::Hopeless(message),
            NetError::Api { code: 400, message: said, .. } if said.contains("is not valid for pod") => {
                Next::Hopeless(message)
            }
            NetError::Api { code: 400, .. } => Next::NotYet(message),
            _ => Next::Broken(message),
        }
    }

    fn take(&mut self, bytes: &[u8], lines: &mut Lines) -> Result<(), Safe> {
        if !self.named && !bytes.is_empty() {
            self.named = true;
            // With the time of its first line, so that both stand together.
            let time = bytes.split(|byte| *byte == b' ').next().unwrap_or_default();
            let time = String::from_utf8_lossy(time).into_owned();
            if time.parse::<Timestamp>().is_ok() {
                lines.push(format!("{time} ##[group]step {}\n", self.step).as_bytes());
            }
        }
        lines.push(bytes);
        Ok(())
    }

    fn finish(&mut self, lines: &mut Lines) {
        lines.finish();
        self.ended = true;
    }
}

impl TaskLog {
    /// The pod and the container to read now, as the TaskRun says.
    async fn next(&mut self) -> Result<Result<(String, String), Stands>, NetError> {
        let name = self.request.pod.name.raw();
        let path =
            format!("{ROOT}/namespaces/{}/taskruns/{}", segment(self.request.pod.namespace.raw()), segment(name));
        let answer = match self.read.get(&path).await {
            Ok(answer) => answer,
            Err(NetError::Api { code: 404, .. }) => {
                let why = "there is no TaskRun of it: it was skipped, has not begun, or was pruned";
                return Ok(Err(Stands::Hopeless(Safe::of(why))));
            }
            Err(error) => return Err(error),
        };
        let run: Value = serde_json::from_slice(&answer.body)
            .map_err(|error| NetError::Transport(format!("the answer is no JSON: {error}")))?;
        let (uid, attempt) = attempt_of(&self.request.pod.uid);
        if text(&run, "/metadata/uid") != Some(uid) {
            return Ok(Err(Stands::Hopeless(Safe::of("its TaskRun was deleted and created anew"))));
        }
        let place = attempt.map_or_else(|| "/status".to_owned(), |number| format!("/status/retriesStatus/{number}"));
        Ok(self.choose(run.pointer(&place).unwrap_or(&Value::Null)))
    }

    fn choose(&mut self, status: &Value) -> Result<(String, String), Stands> {
        let condition = status.pointer("/conditions/0");
        let word = |field: &str| condition.and_then(|condition| text(condition, field)).unwrap_or_default();
        let over = matches!(word("/status"), "True" | "False");
        let said = Safe::line(&format!("{}: {}", word("/reason"), word("/message")));
        let Some(pod) = text(status, "/podName").filter(|pod| !pod.is_empty()) else {
            return Err(if over {
                Stands::Hopeless(safe!("it never had a pod: {}", said))
            } else {
                Stands::NotYet(Safe::of("it has no pod yet"))
            });
        };
        let steps = status.pointer("/steps").and_then(Value::as_array).map_or(&[][..], Vec::as_slice);
        let wanted = self.request.container.as_ref().map(Name::raw);
        let steps: Vec<&Value> =
            steps.iter().filter(|step| wanted.is_none_or(|name| text(step, "/container") == Some(name))).collect();
        // Its stream has ended because the step has, or a connection on the way broke.
        if std::mem::take(&mut self.ended) && steps.get(self.at).is_none_or(|step| over || ended(step)) {
            self.at += 1;
            self.named = false;
        }
        match steps.get(self.at) {
            Some(step) => {
                text(step, "/name").unwrap_or_default().clone_into(&mut self.step);
                Ok((pod.to_owned(), text(step, "/container").unwrap_or_default().to_owned()))
            }
            None if over || !steps.is_empty() && self.at >= steps.len() => Err(Stands::Done),
            None => Err(Stands::NotYet(safe!("its steps have not begun: {}", said))),
        }
    }

    /// As for every pod (apis.md §3.5); of the last line's second again, which the reader leaves out.
    fn path(&self, pod: &str, container: &str, last: Option<Timestamp>) -> String {
        let from = match (last.and_then(|last| Timestamp::from_second(last.as_second()).ok()), self.request.since) {
            (Some(second), _) => format!("&sinceTime={}", segment(&second.to_string())),
            (None, LogSince::Tail(lines)) => format!("&tailLines={lines}"),
            (None, LogSince::Head) => String::new(),
            (None, LogSince::Last(span)) => format!("&sinceSeconds={}", span.as_secs().max(1)),
        };
        format!(
            "/api/v1/namespaces/{}/pods/{}/log?timestamps=true&container={}&follow=true{from}",
            segment(self.request.pod.namespace.raw()),
            segment(pod),
            segment(container)
        )
    }
}

fn ended(step: &Value) -> bool {
    step.pointer("/terminated").is_some_and(Value::is_object)
}
