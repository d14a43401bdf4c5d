//! The demo's worlds over HTTP, with the time held: what they serve and how they answer.

mod aborted;
mod argocd;
mod fields;
pub mod github;
mod github_schema;
pub mod http;
mod logs;
mod prometheus;
mod prometheus_lists;
mod protocol;
mod scale;
mod story;

use std::time::Duration;

use quarterdeck::demo::{self, Handle, Options};
use serde_json::Value;

use self::http::Http;

pub const ROLLOUT: &str = "/apis/argoproj.io/v1alpha1/namespaces/production/rollouts/checkout";
pub const SETS: &str = "/apis/apps/v1/namespaces/production/replicasets";
pub const RUNS: &str = "/apis/argoproj.io/v1alpha1/namespaces/production/analysisruns";

/// A held world at its opening.
pub struct Held {
    pub http: Http,
    pub handle: Handle,
}

impl Held {
    pub async fn open() -> Self {
        Self::with(Options { held: true, ..Options::default() }).await
    }

    pub async fn with(options: Options) -> Self {
        let demo = demo::start(options).await.unwrap();
        Self { http: Http::new(&demo.url), handle: demo.handle }
    }

    pub fn seconds(&self, seconds: u64) {
        self.handle.advance(Duration::from_secs(seconds));
    }

    pub fn minutes(&self, minutes: u64) {
        self.seconds(minutes * 60);
    }

    pub async fn rollout(&self) -> Value {
        self.http.get(ROLLOUT).await
    }

    /// Moves on in steps of a second until the rollout is as wanted; panics after an hour.
    pub async fn until(&self, what: &str, wanted: impl Fn(&Value) -> bool) -> Value {
        for _ in 0..3_600 {
            let rollout = self.rollout().await;
            if wanted(&rollout) {
                return rollout;
            }
            self.seconds(1);
        }
        panic!("an hour passed without: {what}; status {:#}", self.rollout().await["status"]);
    }

    /// To the moment T 0: the new version has half of the traffic.
    pub async fn half(&self) -> Value {
        self.until("half of the traffic", |it| weight(it) == 50).await
    }

    /// JSON patch on the rollout's status.
    pub async fn patch(&self, operations: Value) -> (u16, Value) {
        self.http.patch(&format!("{ROLLOUT}/status"), "application/json-patch+json", &operations).await
    }
}

pub fn weight(rollout: &Value) -> i64 {
    rollout["status"]["canary"]["weights"]["canary"]["weight"].as_i64().unwrap_or(-1)
}

pub fn hash(rollout: &Value) -> &str {
    rollout["status"]["currentPodHash"].as_str().unwrap()
}

/// The items of a list.
pub fn items(list: &Value) -> &[Value] {
    list["items"].as_array().unwrap()
}
