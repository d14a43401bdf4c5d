//! The logs of a workload's pods as one: a bounded number of streams, each line with the pod it is of. Lines
//! stand in the order in which they came.

use std::sync::Arc;

use tokio::sync::mpsc;
use tokio_util::sync::CancellationToken;

use super::tail;
use crate::model::ObjectId;
use crate::model::log::{Followed, LogChunk, LogEvent, LogOf, LogRequest, TailId};
use crate::net::ReadStack;
use crate::systems::lines::Lines;
use crate::systems::tail::Pace;
use crate::text::Safe;

/// Streams at a time: each is a connection that the kubelet holds open.
pub const MOST: usize = 8;
/// Events of all streams that may wait.
const WAITING: usize = 64;

/// Follows until it is cancelled or every stream has come to its end.
pub(crate) async fn follow(
    read: ReadStack,
    request: LogRequest,
    pods: Arc<[Followed]>,
    id: TailId,
    tx: mpsc::Sender<(TailId, LogEvent)>,
    cancel: CancellationToken,
) {
    let work = async {
        let mut said = vec![LogEvent::Opened];
        said.extend(heading(&pods).map(LogEvent::Lines));
        for event in said {
            if tx.send((id, event)).await.is_err() {
                return;
            }
        }
        let (from, mut streams) = mpsc::channel(WAITING);
        let followed: Vec<&Followed> = pods.iter().take(MOST).collect();
        for (number, pod) in followed.iter().enumerate() {
            let request = of_one(&request, pod);
            // A number of its own for each, so that its events can be told from the others'.
            let stream = TailId(number as u64);
            let task = tail::tail(read.clone(), request, stream, from.clone(), cancel.child_token(), Pace::default());
            tokio::spawn(task);
        }
        drop(from);
        let mut open = vec![true; followed.len()];
        while let Some((TailId(number), event)) = streams.recv().await {
            let at = usize::try_from(number).unwrap_or(usize::MAX);
            let Some(pod) = followed.get(at) else { continue };
            let over = matches!(event, LogEvent::Ended | LogEvent::Failed { .. } | LogEvent::Gone { .. });
            if let Some(still) = open.get_mut(at) {
                *still = !over;
            }
            if let Some(lines) = told(&pod.pod, event)
                && tx.send((id, LogEvent::Lines(lines))).await.is_err()
            {
                return;
            }
            if over && open.iter().all(|still| !still) {
                // An ended stream may yet go on: so it is said, and listened on.
                let _ = tx.send((id, LogEvent::Ended)).await;
            }
        }
    };
    cancel.run_until_cancelled(work).await;
}

/// The same request of one of them.
fn of_one(request: &LogRequest, one: &Followed) -> LogRequest {
    LogRequest { pod: one.pod.clone(), container: one.container.clone(), of: LogOf::Log, ..request.clone() }
}

/// What is followed and what is left out.
fn heading(pods: &[Followed]) -> Option<LogChunk> {
    let left: Vec<&str> = pods.iter().skip(MOST).map(|pod| pod.pod.name.raw()).collect();
    let names = if left.len() > 6 { format!("{} …", left[..6].join(", ")) } else { left.join(", ") };
    let followed = pods.len().min(MOST);
    let text = match left.len() {
        0 => format!("━━ {followed} pods; those that come later are not followed until this is opened again"),
        more => format!("━━ {followed} of {} pods; {more} are left out: {names}", pods.len()),
    };
    chunk(&text)
}

fn chunk(text: &str) -> Option<LogChunk> {
    let mut lines = Lines::default();
    lines.push(text.as_bytes());
    lines.finish();
    lines.take()
}

/// The lines of a pod with its name before each, behind the time; what goes wrong is a line, too.
fn told(pod: &ObjectId, event: LogEvent) -> Option<LogChunk> {
    let name = short(pod.name.raw());
    match event {
        LogEvent::Lines(lines) => Some(prefixed(&lines, name)),
        LogEvent::Failed { message } | LogEvent::Gone { message, .. } => chunk(&said(name, "no log: ", &message)),
        LogEvent::Waiting { message } => chunk(&said(name, "no log yet: ", &message)),
        LogEvent::Reconnecting { .. } | LogEvent::Opened | LogEvent::Ended => None,
    }
}

fn said(name: &str, what: &str, message: &Safe) -> String {
    format!("[{name}] ━━ {what}{}", message.as_str())
}

/// The end of its name tells a pod from the others of its workload.
fn short(name: &str) -> &str {
    name.rsplit('-').next().filter(|end| !end.is_empty()).unwrap_or(name)
}

fn prefixed(lines: &LogChunk, name: &str) -> LogChunk {
    let prefix = format!("[{name}] ");
    let mut bytes = Vec::with_capacity(lines.bytes.len() + lines.ends.len() * prefix.len());
    let mut ends = Vec::with_capacity(lines.ends.len());
    let mut start = 0;
    for end in &lines.ends {
        let end = *end as usize;
        let line = lines.bytes.get(start..end).unwrap_or_default();
        // `2026-11-21T02:00:00.123456789Z text`: the time stays in front.
        let time = line.iter().position(|byte| *byte == b' ').filter(|at| line[..*at].ends_with(b"Z"));
        let (time, rest) = line.split_at(time.map_or(0, |at| at + 1));
        bytes.extend_from_slice(time);
        bytes.extend_from_slice(prefix.as_bytes());
        bytes.extend_from_slice(rest);
        ends.push(bytes.len() as u32);
        bytes.push(b'\n');
        start = end + 1;
    }
    LogChunk { bytes: bytes.into(), ends: ends.into(), cut: lines.cut }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn words(chunk: &LogChunk) -> String {
        String::from_utf8_lossy(&chunk.bytes).into_owned()
    }

    #[test]
    fn each_line_is_told_with_its_pod_behind_its_time() {
        let lines = chunk("2026-11-21T02:00:00.1Z GET /\n2026-11-21T02:00:01.1Z \nno time here\n").unwrap();
        let told = prefixed(&lines, "x2p9");
        assert_eq!(
            words(&told),
            "2026-11-21T02:00:00.1Z [x2p9] GET /\n2026-11-21T02:00:01.1Z [x2p9] \n[x2p9] no time here\n"
        );
        assert_eq!(told.ends.len(), 3);
        assert_eq!(told.bytes[told.ends[0] as usize], b'\n');
    }

    #[test]
    fn the_pods_that_are_left_out_are_named() {
        use crate::model::log::LogSince;
        use crate::model::{Kind, Name, SourceId, Uid};
        let pod = |at: usize| Followed {
            pod: ObjectId {
                cluster: SourceId(0),
                kind: Kind::Pod,
                namespace: Name::new("shop"),
                name: Name::new(&format!("till-{at}")),
                uid: Uid::new(SourceId(0), &format!("{at}")),
            },
            container: Some(Name::new("app")),
        };
        let pods: Vec<Followed> = (0..10).map(pod).collect();
        assert_eq!(words(&heading(&pods).unwrap()).trim_end(), "━━ 8 of 10 pods; 2 are left out: till-8, till-9");
        assert!(words(&heading(&pods[..3]).unwrap()).starts_with("━━ 3 pods;"));
        // A pod with a sidecar answers only where its container is named.
        let (pod, of) = (pods[0].pod.clone(), LogOf::Pods(pods.clone().into()));
        let whole = LogRequest { pod, container: None, previous: false, since: LogSince::Tail(9), of };
        let one = of_one(&whole, &pods[4]);
        assert_eq!((one.pod, one.container, one.of), (pods[4].pod.clone(), Some(Name::new("app")), LogOf::Log));
    }
}
