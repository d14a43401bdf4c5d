//! What a demo plays, and how.

use super::SCENARIOS;

/// What to play and how.
#[derive(Debug, Clone)]
pub struct Options {
    /// One of [`SCENARIOS`].
    pub scenario: String,
    /// Scenario seconds in one second of the machine; the scenario's own pace when `None`.
    pub speed: Option<f64>,
    /// Varies generated names, times and log lines; the story is the same with every seed.
    pub seed: u64,
    /// World `scale`: number of pods.
    pub pods: usize,
    /// World `scale`: number of rollouts.
    pub rollouts: usize,
    /// World `scale`: number of Argo CD's Applications.
    pub applications: usize,
    /// World `scale`: clusters that its workloads are spread over.
    pub clusters: usize,
    /// World `scale`: number of workflow runs.
    pub runs: usize,
    /// World `scale`: jobs of one wide run of a matrix; there is none when 0.
    pub jobs: usize,
    /// World `scale`: number of service level objectives.
    pub slos: usize,
    /// World `scale`: pod changes in one second of the machine.
    pub churn: f64,
    /// World `scale`: lines that each pod logs in a second of the machine.
    pub log_rate: f64,
    /// Time stands still until [`Handle::advance`] moves it.
    pub held: bool,
}

impl Default for Options {
    fn default() -> Self {
        Self {
            scenario: SCENARIOS[0].to_owned(),
            speed: None,
            seed: 1,
            pods: 10_000,
            rollouts: 50,
            applications: 0,
            clusters: 1,
            runs: 1_000,
            jobs: 0,
            slos: 50,
            churn: 0.0,
            log_rate: 2.0,
            held: false,
        }
    }
}

/// Why a demo did not start.
#[derive(Debug, thiserror::Error)]
pub enum DemoError {
    /// No scenario has this name.
    #[error("no scenario is named {name:?}; there are: {known}")]
    UnknownScenario {
        /// What was asked for.
        name: String,
        /// The names there are.
        known: String,
    },
    /// A number out of its range.
    #[error("{option} {value} is out of range: {range}")]
    OutOfRange {
        /// The flag.
        option: &'static str,
        /// What was given.
        value: String,
        /// What is allowed.
        range: &'static str,
    },
    /// The scenario's file or templates are not what the engine expects.
    #[error("scenario {scenario}: {reason}")]
    Scenario {
        /// Its name.
        scenario: String,
        /// What is wrong.
        reason: String,
    },
    /// The loopback server could not listen.
    #[error("cannot listen on 127.0.0.1: {0}")]
    Listen(#[from] std::io::Error),
}

impl Options {
    /// Refuses a scenario that is not there and numbers that no world can be made of.
    pub fn check(&self) -> Result<(), DemoError> {
        if !SCENARIOS.contains(&self.scenario.as_str()) {
            return Err(DemoError::UnknownScenario { name: self.scenario.clone(), known: SCENARIOS.join(", ") });
        }
        let numbers = [
            ("--speed", self.speed.unwrap_or(1.0), 0.01, 10_000.0, "from 0.01 to 10000"),
            ("--pods", self.pods as f64, 0.0, 200_000.0, "up to 200000"),
            ("--rollouts", self.rollouts as f64, 0.0, 5_000.0, "up to 5000"),
            ("--applications", self.applications as f64, 0.0, 5_000.0, "up to 5000"),
            ("--clusters", self.clusters as f64, 1.0, 10.0, "from 1 to 10"),
            ("--runs", self.runs as f64, 0.0, 20_000.0, "up to 20000"),
            ("--jobs", self.jobs as f64, 0.0, 1_000.0, "up to 1000"),
            ("--slos", self.slos as f64, 0.0, 1_000.0, "up to 1000"),
            ("--churn", self.churn, 0.0, 10_000.0, "up to 10000 in a second"),
            ("--log-rate", self.log_rate, 0.0, 100_000.0, "up to 100000 in a second"),
        ];
        if self.clusters > 1 && self.scenario != "scale" {
            let value = self.clusters.to_string();
            return Err(DemoError::OutOfRange {
                option: "--clusters",
                value,
                range: "a story has one; scale has more",
            });
        }
        let bad = numbers.into_iter().find(|(_, value, low, high, _)| !(*low..=*high).contains(value));
        bad.map_or(Ok(()), |(option, value, _, _, range)| {
            Err(DemoError::OutOfRange { option, value: number(value), range })
        })
    }
}

/// As a person writes it: `-1`, `1e99`.
fn number(value: f64) -> String {
    if value.abs() < 1e15 || !value.is_finite() { value.to_string() } else { format!("{value:e}") }
}
