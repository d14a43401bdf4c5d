//! How a feed stands, said at every turn: live, stale, denied, absent or failed, and when it is
//! tried again. The waits between two tries are here too.

use std::sync::atomic::Ordering;
use std::time::Duration;

use tokio::time::sleep;

use super::feed::{Feed, Trouble};
use super::heartbeat::Down;
use crate::model::source::{FeedEvent, FeedStatus};
use crate::model::{Kind, SystemId};
use crate::net::{NetError, ReadStack};
use crate::text::Safe;

/// Lists begun again because the server forgot the place, before that becomes trouble.
const RELISTS: u32 = 3;
/// Watches in a row that ended early and brought nothing, before the feed counts as in trouble.
pub(super) const FLOODS: u32 = 2;

impl Feed {
    /// After a beat; true when the server is back and the watch is to begin anew. Only beside an
    /// open watch does a beat mean that what is shown is fresh: changes would have come.
    pub(super) async fn heartbeat(&mut self, watching: bool) -> Result<bool, Trouble> {
        let health = self.parts.health.borrow_and_update().clone();
        if let Some(down) = health.down {
            self.fell(down).await?;
            return Ok(false);
        }
        if health.recoveries != self.recoveries {
            self.recoveries = health.recoveries;
            return Ok(true);
        }
        if watching && self.said == FeedStatus::Live {
            self.tell(FeedEvent::Alive).await?;
        }
        if let Some(skew) = health.skew
            && self.skew.is_none_or(|known| known.abs_diff(skew) > 1)
        {
            self.skew = Some(skew);
            self.tell(FeedEvent::Skew(skew)).await?;
        }
        Ok(false)
    }

    /// The heartbeat was missed twice.
    pub(super) async fn fell(&mut self, down: Down) -> Result<(), Trouble> {
        let message = Safe::line(&down.message);
        let since = *self.since.get_or_insert(down.since);
        let status = if self.has_data.load(Ordering::Relaxed) {
            FeedStatus::Stale { since, message, retry_at: None }
        } else {
            FeedStatus::Failed { message, retry_at: None }
        };
        self.say(status).await
    }

    /// A list takes long although data is there: that data is getting old.
    pub(super) async fn reads_long(&mut self, began: Duration) -> Result<(), Trouble> {
        if self.said != FeedStatus::Live {
            return Ok(());
        }
        let since = *self.since.get_or_insert(began);
        let message = Safe::of("it is being read again, which takes long");
        self.say(FeedStatus::Stale { since, message, retry_at: None }).await
    }

    /// The server is back: what its fall did to the watches is no fault of theirs.
    pub(super) fn came_back(&mut self) {
        self.backoff.reset();
        self.floods = 0;
    }

    /// The watch works.
    pub(super) async fn held(&mut self) -> Result<(), Trouble> {
        self.backoff.reset();
        self.expired = 0;
        self.floods = 0;
        self.live().await
    }

    pub(super) async fn live(&mut self) -> Result<(), Trouble> {
        if self.parts.health.borrow().down.is_some() {
            return Ok(());
        }
        self.since = None;
        self.say(FeedStatus::Live).await
    }

    pub(super) async fn after_early_end(&mut self) -> bool {
        self.floods = self.floods.saturating_add(1);
        let wait = self.backoff.next();
        if self.floods >= FLOODS {
            let message = Safe::of("the server ends each watch at once");
            if self.stale_or_failed(message, wait).await.is_err() {
                return false;
            }
        }
        self.wait(wait).await
    }

    /// Says what is wrong and waits; false when the loop is gone.
    pub(super) async fn after(&mut self, trouble: Trouble) -> bool {
        let mut wait = self.backoff.next();
        let told = match trouble {
            Trouble::Gone => return false,
            Trouble::Expired => {
                self.resource_version = None;
                self.expired += 1;
                if self.expired <= RELISTS {
                    return true;
                }
                self.stale_or_failed(Safe::of("the server forgets the list while it is read (410)"), wait).await
            }
            Trouble::Wrong(message) => self.stale_or_failed(message, wait).await,
            Trouble::Net(NetError::Api { code: 403, .. }) if self.is_not_served().await => {
                wait = self.parts.pace.denied;
                self.absent().await
            }
            Trouble::Net(NetError::Api { code: code @ (401 | 403), message, .. }) => {
                wait = self.parts.pace.denied;
                let next =
                    if code == 401 { "; log in again, or renew the user's credential in the kubeconfig" } else { "" };
                self.say(FeedStatus::Denied { message: Safe::line(&format!("{message}{next}")) }).await
            }
            Trouble::Net(NetError::Api { code: 404, .. }) if self.is_optional() => {
                wait = self.parts.pace.denied;
                self.absent().await
            }
            Trouble::Net(error) => {
                if let NetError::Api { retry_after: Some(after), .. } = &error {
                    wait = wait.max((*after).min(Duration::from_mins(1)));
                }
                self.stale_or_failed(words(&error), wait).await
            }
        };
        told.is_ok() && self.wait(wait).await
    }

    /// Every cluster has the kinds of Kubernetes itself; others come with their definitions.
    fn is_optional(&self) -> bool {
        self.id.system() != SystemId::Kubernetes || self.id.kind.is_of_istio()
    }

    async fn absent(&mut self) -> Result<(), Trouble> {
        self.resource_version = None;
        let message = Safe::line(&format!("{} is not installed here: no CRD", self.id.kind.as_str()));
        self.say(FeedStatus::Absent { message }).await
    }

    async fn is_not_served(&self) -> bool {
        is_not_served(&self.parts.read, self.id.kind, &self.place.0).await
    }

    async fn stale_or_failed(&mut self, message: Safe, wait: Duration) -> Result<(), Trouble> {
        let now = self.parts.clock.now().mono;
        let retry_at = Some(now + wait);
        let status = if self.has_data.load(Ordering::Relaxed) {
            FeedStatus::Stale { since: *self.since.get_or_insert(now), message, retry_at }
        } else {
            FeedStatus::Failed { message, retry_at }
        };
        self.say(status).await
    }

    /// Waits, less if the operator or the server's return ends it. False when the loop is gone.
    async fn wait(&mut self, time: Duration) -> bool {
        let until = sleep(time);
        tokio::pin!(until);
        loop {
            tokio::select! {
                () = &mut until => return !self.parts.tx.is_closed(),
                () = self.parts.tx.closed() => return false,
                changed = self.parts.refresh.changed() => {
                    self.resource_version = None;
                    return changed.is_ok();
                }
                changed = self.parts.health.changed() => {
                    if changed.is_err() {
                        return false;
                    }
                    let health = self.parts.health.borrow_and_update().clone();
                    if health.recoveries != self.recoveries {
                        self.recoveries = health.recoveries;
                        self.came_back();
                        return true;
                    }
                }
            }
        }
    }

    async fn say(&mut self, status: FeedStatus) -> Result<(), Trouble> {
        if self.said == status {
            return Ok(());
        }
        self.said = status.clone();
        self.tell(FeedEvent::Status(status)).await
    }

    pub(super) async fn tell(&self, event: FeedEvent) -> Result<(), Trouble> {
        self.parts.tx.send((self.id.clone(), event)).await.map_err(|_| Trouble::Gone)
    }
}

/// A server asks who may before it looks whether there is such a kind: what nobody gave a right to may as
/// well not be there. What it serves it tells everybody who is known to it; an answer that does not tell
/// leaves the refusal as it was said. `path` is that of the list that was refused.
pub async fn is_not_served(read: &ReadStack, kind: Kind, path: &str) -> bool {
    let Some(group) = group_version(path).filter(|_| kind.system() != SystemId::Kubernetes) else { return false };
    match read.get_once(group, read.deadlines().total).await {
        Ok(answer) => serves(&answer.body, kind.plural()) == Some(false),
        Err(error) => error.code() == Some(404),
    }
}

/// `/apis/tekton.dev/v1` of the path of a list.
fn group_version(path: &str) -> Option<&str> {
    let (end, _) = path.match_indices('/').nth(3)?;
    path.starts_with("/apis/").then(|| &path[..end])
}

/// Whether an `APIResourceList` names this resource; `None` when it is none.
fn serves(body: &[u8], plural: &str) -> Option<bool> {
    let list: serde_json::Value = serde_json::from_slice(body).ok()?;
    let resources = list.get("resources")?.as_array()?;
    Some(resources.iter().any(|row| row.get("name").and_then(serde_json::Value::as_str) == Some(plural)))
}

/// What went wrong on the way to a cluster, with the next step where the error does not say it.
fn words(error: &NetError) -> Safe {
    let said = Safe::line(&error.to_string());
    let next = match error {
        NetError::Deadline { .. } => "check the network or the VPN",
        NetError::Api { code: 407, .. } => "a proxy in between wants a password; check the server in the kubeconfig",
        NetError::Api { code: 404, .. } => {
            "no Kubernetes API answers under this address; check the server in the kubeconfig"
        }
        NetError::Api { code: 300..=399, .. } => "a login is in between; check the server in the kubeconfig",
        NetError::Api { code: 500.., .. } => {
            "the server, or a proxy before it, has trouble of its own; look at its log"
        }
        _ => return said,
    };
    crate::safe!("{}; {}", said, Safe::of(next))
}

#[cfg(test)]
mod tests {
    use super::{group_version, serves};

    #[test]
    fn what_is_served_is_told_by_its_group() {
        assert_eq!(group_version("/apis/tekton.dev/v1/namespaces/ci/taskruns"), Some("/apis/tekton.dev/v1"));
        assert_eq!(group_version("/apis/tekton.dev/v1/taskruns"), Some("/apis/tekton.dev/v1"));
        assert_eq!(group_version("/api/v1/namespaces/ci/pods"), None);
        let list = br#"{"kind":"APIResourceList","resources":[{"name":"applications"},{"name":"rollouts/status"}]}"#;
        assert_eq!(serves(list, "applications"), Some(true));
        assert_eq!(serves(list, "rollouts"), Some(false));
        assert_eq!(serves(b"{}", "rollouts"), None);
    }
}
