//! The log of a job (apis.md §6.3). GitHub gives it when the job has ended; until then the pane says
//! so, names the page in the browser, and waits.

use jiff::Timestamp;

use super::steps::Steps;
use super::{ingest, job_path};
use crate::model::ObjectId;
use crate::model::pipelines::RunStatus;
use crate::net::{BodyStream, GitHub, NetError};
use crate::safe;
use crate::systems::lines::Lines;
use crate::systems::tail::{Next, Source};
use crate::text::Safe;

/// Bytes of a log that are read; GitHub's own page stops far before.
const LIMIT: usize = 64 << 20;
/// GitHub begins its logs with it.
const BYTE_ORDER_MARK: &[u8] = b"\xef\xbb\xbf";

/// See the module.
#[derive(Debug)]
pub struct JobLog {
    client: GitHub,
    job: ObjectId,
    read: usize,
    steps: Steps,
    /// Said instead of a log, while there is none.
    waits: Option<Safe>,
}

impl JobLog {
    #[must_use]
    pub fn new(client: GitHub, job: ObjectId) -> Self {
        Self { client, job, read: 0, steps: Steps::default(), waits: None }
    }
}

impl Source for JobLog {
    async fn open(&mut self, _last: Option<Timestamp>) -> Result<BodyStream, NetError> {
        let path = job_path(&self.job.namespace, &self.job.uid);
        self.waits = None;
        self.read = 0;
        let head = ingest::job_head(self.job.cluster, &self.client.get(&path).await?)
            .map_err(|error| NetError::Transport(error.to_string()))?;
        if head.status != RunStatus::Completed {
            let status = Safe::line(head.status.as_str());
            let page = head.url.unwrap_or_else(|| Safe::of("GitHub's own page"));
            self.waits = Some(safe!(
                "GitHub has no live log: it gives a job's log when the job has ended, and this one is {}; its page in the browser: {}",
                status,
                page
            ));
            // Asked again, ever less often.
            return Err(NetError::Transport("no log yet".to_owned()));
        }
        // From its beginning again, also after a break.
        self.steps = Steps::of(&head.steps);
        self.client.log(&format!("{path}/logs")).await
    }

    fn refused(&self, error: &NetError) -> Next {
        if let Some(waits) = &self.waits {
            return Next::NotYet(waits.clone());
        }
        let message = Safe::line(&error.to_string());
        match error {
            NetError::Api { code: 404 | 410, .. } => {
                Next::Hopeless(safe!("the log has expired, was deleted or is not for this token: {}", message))
            }
            NetError::Api { code: 401 | 403, .. }
            | NetError::Credential(_)
            | NetError::Unusable(_)
            | NetError::Redirected { .. }
            | NetError::Moved { .. } => Next::Hopeless(message),
            _ => Next::Broken(message),
        }
    }

    fn is_finite(&self) -> bool {
        true
    }

    fn take(&mut self, bytes: &[u8], lines: &mut Lines) -> Result<(), Safe> {
        let body = if self.read == 0 { bytes.strip_prefix(BYTE_ORDER_MARK).unwrap_or(bytes) } else { bytes };
        self.read += bytes.len();
        self.steps.push(body, lines);
        if self.read > LIMIT {
            return Err(safe!("the log is longer than {} MiB; what is above is its beginning", LIMIT >> 20));
        }
        Ok(())
    }

    fn finish(&mut self, lines: &mut Lines) {
        self.steps.flush(lines);
        lines.finish();
    }
}
