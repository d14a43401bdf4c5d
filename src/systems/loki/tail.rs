//! The lines of pods that are gone: the newest of a window, or all of it, page by page. What Loki has of them has
//! an end, so nothing is followed.

use jiff::Timestamp;
use tokio::sync::mpsc;
use tokio_util::sync::CancellationToken;

use super::ingest::{self, Line, Page};
use super::query::{self, Asked};
use crate::model::log::{LogEvent, LogRequest, LogSince, Stored, StoredPods, TailId};
use crate::model::scope::LogLabels;
use crate::net::{Loki, LokiRange, NetError};
use crate::systems::lines::Lines;
use crate::text::Safe;

/// Lines of a page.
const PAGE: u32 = 1_000;
/// A page that is too large to be taken is asked for in smaller ones, down to this.
const LEAST: u32 = 10;
/// Lines of one time that are asked for at once: what Loki gives at most unless it is told otherwise.
const ONE_TIME: u32 = 5_000;
/// Lines that are read of a window.
const MOST: usize = 50_000;
/// Labels that are named where ours are missing.
const NAMED: usize = 8;

/// Reads until it is through, it is cancelled, or the reader is gone.
pub async fn tail(
    client: Loki,
    labels: LogLabels,
    (request, stored): (LogRequest, Stored),
    id: TailId,
    tx: mpsc::Sender<(TailId, LogEvent)>,
    cancel: CancellationToken,
) {
    let mut tail = Tail { client, labels, request, stored, id, tx, lines: Lines::default(), page: PAGE };
    let work = async {
        if let Err(Stop::Trouble(message)) = tail.run().await {
            // Whoever is gone needs no answer.
            let _ = tail.say(LogEvent::Failed { message: Safe::line(&message) }).await;
        }
    };
    cancel.run_until_cancelled(work).await;
}

/// Why nothing more is read.
enum Stop {
    /// The reader of the events.
    Gone,
    Trouble(String),
}

struct Tail {
    client: Loki,
    labels: LogLabels,
    request: LogRequest,
    stored: Stored,
    id: TailId,
    tx: mpsc::Sender<(TailId, LogEvent)>,
    lines: Lines,
    /// Lines that are asked for at a time.
    page: u32,
}

impl Tail {
    async fn run(&mut self) -> Result<(), Stop> {
        let (from, to) = (self.stored.window.0.as_nanosecond(), self.stored.window.1.as_nanosecond());
        let query = self.query((from, to)).await?;
        let seen = match self.request.since {
            LogSince::Tail(count) => {
                let page = self.read(&query, (from, to), Some(count)).await?;
                self.tell(&page).await?;
                page.lines.len()
            }
            LogSince::Head | LogSince::Last(_) => self.all(&query, (from, to)).await?,
        };
        if seen == 0 && !self.stored.behind {
            let (from, to) = self.stored.window;
            let words = format!(
                "{} has no line of {query} between {} and {}; ask for a longer window, or check its labels in sources.loki.labels",
                self.client.url(),
                from.strftime("%m-%d %H:%MZ"),
                to.strftime("%m-%d %H:%MZ"),
            );
            return Err(Stop::Trouble(words));
        }
        self.say(LogEvent::Ended).await
    }

    /// The query, made of labels that there are.
    async fn query(&self, range: (i128, i128)) -> Result<String, Stop> {
        let asked = Asked {
            cluster: self.stored.cluster.raw(),
            namespace: self.request.pod.namespace.raw(),
            pods: &self.stored.pods,
            container: self.request.container.as_ref().map(crate::model::Name::raw),
        };
        let answer = self.client.labels(Some(range)).await.map_err(|error| Stop::Trouble(error.to_string()))?;
        let known = ingest::labels(&answer.body).map_err(|error| self.odd(&error))?;
        // Where there is no line there is no label either.
        if !known.is_empty() && !known.contains(&self.labels.namespace) {
            let some = known.iter().take(NAMED).map(String::as_str).collect::<Vec<_>>().join(", ");
            let (url, label) = (self.client.url(), query::quoted(&self.labels.namespace));
            return Err(Stop::Trouble(format!(
                "{url} has no label {label} (it has {some}); name those of namespace, pod and container in sources.loki.labels"
            )));
        }
        Ok(query::of(asked, &self.labels, Some(&known).filter(|known| !known.is_empty()).map(Vec::as_slice)))
    }

    /// All lines of the window, oldest first; how many there were. Pages go on at a time, and several lines may share
    /// one: those of the last time of a full page are left for the next, which begins there, so that none is lost and
    /// none comes twice.
    async fn all(&mut self, query: &str, (mut from, to): (i128, i128)) -> Result<usize, Stop> {
        let mut seen = 0;
        loop {
            let mut page = self.read(query, (from, to), None).await?;
            if page.lines.first().is_some_and(|first| first.nanos < from) {
                let words = format!("{} answers with lines from before the window asked for", self.client.url());
                return Err(Stop::Trouble(words));
            }
            let full = page.lines.len() + page.left_out >= self.page as usize;
            let Some(last) = page.lines.last().map(|line| line.nanos).filter(|_| full) else {
                return self.told(&mut page, seen).await.map(|(seen, _)| seen);
            };
            let next = if page.lines.first().is_some_and(|first| first.nanos < last) {
                page.lines.retain(|line| line.nanos < last);
                last
            } else {
                page = self.of_one_time(query, last, page).await?;
                last + 1
            };
            let (now, is_enough) = self.told(&mut page, seen).await?;
            if is_enough {
                return Ok(now);
            }
            (seen, from) = (now, next);
        }
    }

    /// A page is full of lines of one time, inside of which Loki has no order to go on by: as many of them as it gives
    /// at once.
    async fn of_one_time(&mut self, query: &str, at: i128, page: Page) -> Result<Page, Stop> {
        let range = LokiRange { query, start: at, end: at + 1, limit: ONE_TIME, forward: true };
        let found = match self.client.query_range(range).await {
            Ok(answer) => ingest::page(&answer.body, &self.labels, true).map_err(|error| self.odd(&error))?,
            // It gives no more at a time than it has given.
            Err(error) if matches!(error, NetError::TooLarge { .. }) || error.code() == Some(400) => Page::default(),
            Err(error) => return Err(Stop::Trouble(error.to_string())),
        };
        let whole = found.lines.len() + found.left_out < ONE_TIME as usize && found.lines.len() >= page.lines.len();
        let mut page = if found.lines.len() >= page.lines.len() { found } else { page };
        if !whole {
            let time = Timestamp::from_nanosecond(at).unwrap_or(self.stored.window.0);
            page.notes.push(format!(
                "━━ {} lines of {time:.9} were read; there may be more of this very time, and Loki gives no way to them\n",
                page.lines.len()
            ));
        }
        Ok(page)
    }

    /// Tells a page, no further than to the most that is read; how many there are now, and whether that is all.
    async fn told(&mut self, page: &mut Page, seen: usize) -> Result<(usize, bool), Stop> {
        let room = MOST - seen;
        let over = page.lines.len() > room;
        if page.left_out > 0 {
            page.notes.push(format!("━━ {} entries without a time or a text were left out\n", page.left_out));
        }
        if over {
            let at = page.lines.get(room.saturating_sub(1)).map_or(0, |line| line.nanos);
            let at = Timestamp::from_nanosecond(at).unwrap_or(self.stored.window.1);
            page.lines.truncate(room);
            page.notes
                .push(format!("━━ {MOST} lines were read, up to {at:.0}; a smaller window shows what came later\n"));
        }
        self.tell(page).await?;
        Ok((seen + page.lines.len(), over))
    }

    /// One page; a smaller one where it is too large, which is told. `newest`: so many of the last ones.
    async fn read(&mut self, query: &str, (start, end): (i128, i128), newest: Option<u32>) -> Result<Page, Stop> {
        let forward = newest.is_none();
        loop {
            let limit = newest.map_or(self.page, |count| count.min(self.page));
            let range = LokiRange { query, start, end, limit, forward };
            match self.client.query_range(range).await {
                Ok(answer) => {
                    let mut page =
                        ingest::page(&answer.body, &self.labels, forward).map_err(|error| self.odd(&error))?;
                    let less = newest.filter(|count| limit < *count && page.lines.len() >= limit as usize);
                    page.notes.extend(less.map(|count| {
                        format!("━━ the newest {limit} of the {count} lines asked for: more of them are over 16 MiB; a window shows all\n")
                    }));
                    return Ok(page);
                }
                Err(NetError::TooLarge { .. }) if self.page > LEAST => {
                    self.page /= 10;
                    // Of the newest it is said how many are left out.
                    if forward {
                        let words =
                            format!("━━ {} lines are over 16 MiB: they are read {} at a time\n", limit, self.page);
                        self.lines.push(words.as_bytes());
                    }
                }
                Err(error) => return Err(Stop::Trouble(error.to_string())),
            }
        }
    }

    async fn tell(&mut self, page: &Page) -> Result<(), Stop> {
        self.say(LogEvent::Opened).await?;
        for line in &page.lines {
            let told = self.words(line);
            self.lines.push(told.as_bytes());
            if self.lines.is_full() {
                self.deliver().await?;
            }
        }
        for note in &page.notes {
            self.lines.push(note.as_bytes());
        }
        self.deliver().await
    }

    /// As the kubelet writes it: its time first. Of several pods, or several containers, each line says whose it is.
    fn words(&self, line: &Line) -> String {
        let time = Timestamp::from_nanosecond(line.nanos).unwrap_or(self.stored.window.0);
        match whose(&self.stored.pods, self.request.container.is_some(), line) {
            Some(whose) => format!("{time:.9} [{whose}] {}\n", line.text),
            None => format!("{time:.9} {}\n", line.text),
        }
    }

    fn odd(&self, error: &ingest::IngestError) -> Stop {
        Stop::Trouble(format!("{}: {error}; check sources.loki.url", self.client.url()))
    }

    async fn deliver(&mut self) -> Result<(), Stop> {
        match self.lines.take() {
            Some(chunk) => self.say(LogEvent::Lines(chunk)).await,
            None => Ok(()),
        }
    }

    async fn say(&self, event: LogEvent) -> Result<(), Stop> {
        self.tx.send((self.id, event)).await.map_err(|_| Stop::Gone)
    }
}

/// Of which pod, and of which of its containers, as far as that is not the same for every line.
fn whose(pods: &StoredPods, one_container: bool, line: &Line) -> Option<String> {
    let pod = match pods {
        StoredPods::Of(..) => line.pod.as_deref().map(|pod| pod.rsplit('-').next().unwrap_or(pod)),
        StoredPods::One(_) => None,
    };
    let container = line.container.as_deref().filter(|_| !one_container);
    match (pod, container) {
        (Some(pod), Some(container)) => Some(format!("{pod}/{container}")),
        (one, other) => one.or(other).map(str::to_owned),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::{Kind, Name};

    #[test]
    fn a_line_says_whose_it_is_where_it_could_be_of_another() {
        let line = |pod: Option<&str>, container: Option<&str>| Line {
            nanos: 0,
            text: String::new(),
            pod: pod.map(str::to_owned),
            container: container.map(str::to_owned),
        };
        let all = StoredPods::Of(Kind::ReplicaSet, Name::new("web-5d4f8"));
        let one = StoredPods::One(Name::new("web-5d4f8-x2p9k"));
        let both = line(Some("web-5d4f8-x2p9k"), Some("app"));
        for (pods, one_container, line, expected) in [
            (&all, false, &both, Some("x2p9k/app")),
            (&all, false, &line(Some("web-5d4f8-x2p9k"), None), Some("x2p9k")),
            (&all, false, &line(None, Some("app")), Some("app")),
            (&all, true, &both, Some("x2p9k")),
            (&one, false, &both, Some("app")),
            (&one, true, &both, None),
            (&all, false, &line(None, None), None),
        ] {
            assert_eq!(whose(pods, one_container, line).as_deref(), expected, "{pods:?} {line:?}");
        }
    }
}
