//! What can be written on the command line.

use std::path::PathBuf;
use std::time::Duration;

use clap::{Arg, Args, Command, CommandFactory as _, Parser, Subcommand, ValueEnum};

use crate::net::Target;
use crate::state::ui::Place;
use crate::systems::Namespaces;

/// A terminal console from which the engineer on call watches a deploy and acts on it.
#[derive(Debug, Parser)]
#[command(name = "quarterdeck", version, about, subcommand_negates_reqs = true)]
pub(crate) struct Cli {
    #[command(subcommand)]
    pub(crate) command: Option<Sub>,
    #[command(flatten)]
    pub(crate) scope: Scope,
    #[command(flatten)]
    pub(crate) look: Look,
}

#[derive(Debug, Subcommand)]
pub(crate) enum Sub {
    /// Play a scenario on a server of its own; needs no cluster and touches none
    Demo(Demo),
    /// Print how everything stands, without a screen
    Status(Status),
    /// Look at every source, the configuration, the terminal and the journal, and say what to do
    Doctor(Doctor),
    /// Put a terminal right that another program, or a kill, left in disorder
    TtyReset,
}

/// What a command takes from the command line and has no use for: its help does not offer it.
const UNUSED: [(&str, &[&str]); 4] = [
    ("demo", &["config", "kubeconfig", "context", "namespace", "all_namespaces"]),
    ("status", &["keymap", "view", "log_memory", "read_only"]),
    ("doctor", &["view", "log_memory", "read_only"]),
    (
        "tty-reset",
        &[
            "config",
            "kubeconfig",
            "context",
            "namespace",
            "all_namespaces",
            "theme",
            "keymap",
            "view",
            "log_memory",
            "read_only",
        ],
    ),
];

impl Cli {
    /// The command line as it is read.
    pub(crate) fn as_read() -> Command {
        let all = Self::command();
        let hidden = |flags: &[&str]| -> Vec<Arg> {
            let unused = all.get_arguments().filter(|arg| flags.contains(&arg.get_id().as_str()));
            unused.map(|arg| arg.clone().hide(true)).collect()
        };
        let hidden = UNUSED.map(|(name, flags)| (name, hidden(flags)));
        // A command that has a flag of its own does not get the one that belongs to all.
        hidden.into_iter().fold(all, |all, (name, hidden)| all.mut_subcommand(name, |command| command.args(hidden)))
    }
}

/// What is watched. Without any of these: what the configuration names, else the current context and
/// its namespace.
#[derive(Debug, Clone, Args)]
pub(crate) struct Scope {
    /// The configuration to read [default: $XDG_CONFIG_HOME/quarterdeck/config.yaml]
    #[arg(long, value_name = "PATH", global = true)]
    pub(crate) config: Option<PathBuf>,
    /// The kubeconfig to read [default: $KUBECONFIG, else ~/.kube/config]
    #[arg(long, value_name = "PATH", global = true)]
    pub(crate) kubeconfig: Option<PathBuf>,
    /// A context of the kubeconfig; may be given several times
    #[arg(long, value_name = "CONTEXT", global = true)]
    pub(crate) context: Vec<String>,
    /// A namespace; may be given several times [default: the context's]
    #[arg(short, long, value_name = "NAMESPACE", global = true, conflicts_with = "all_namespaces")]
    pub(crate) namespace: Vec<String>,
    /// All namespaces
    #[arg(short = 'A', long, global = true)]
    pub(crate) all_namespaces: bool,
}

impl Scope {
    /// The first flag that was given, in the words of the command line.
    pub(crate) fn first_flag(&self) -> Option<&'static str> {
        let flags = [
            (self.config.is_some(), "--config"),
            (self.kubeconfig.is_some(), "--kubeconfig"),
            (!self.context.is_empty(), "--context"),
            (!self.namespace.is_empty(), "--namespace"),
            (self.all_namespaces, "--all-namespaces"),
        ];
        flags.into_iter().find(|(given, _)| *given).map(|(_, name)| name)
    }

    /// The clusters to speak to; a context that is named twice counts once.
    pub(crate) fn targets(&self) -> Vec<Target> {
        let target = |context: Option<String>| Target::Kubeconfig { path: self.kubeconfig.clone(), context };
        let mut contexts: Vec<&String> = Vec::new();
        for context in &self.context {
            if !contexts.contains(&context) {
                contexts.push(context);
            }
        }
        if contexts.is_empty() {
            return vec![target(None)];
        }
        contexts.into_iter().map(|context| target(Some(context.clone()))).collect()
    }

    pub(crate) fn namespaces(&self) -> Namespaces {
        if self.all_namespaces {
            return Namespaces::All;
        }
        if self.namespace.is_empty() {
            return Namespaces::OfContext;
        }
        let mut names: Vec<String> = Vec::new();
        for name in &self.namespace {
            if !names.contains(name) {
                names.push(name.clone());
            }
        }
        Namespaces::Named(names)
    }
}

/// How it looks and begins.
#[derive(Debug, Clone, Args)]
pub(crate) struct Look {
    /// deck, light, mono, high-contrast, one of your own, or a path
    #[arg(long, value_name = "THEME", global = true)]
    pub(crate) theme: Option<String>,
    /// default, vim, k9s, one of your own, or a path
    #[arg(long, value_name = "KEYMAP", global = true)]
    pub(crate) keymap: Option<String>,
    /// The view to begin with
    #[arg(long, value_name = "VIEW", global = true, value_enum, default_value_t = View::Deck)]
    pub(crate) view: View,
    /// Only look: nothing can be changed in this run, whatever the keys
    #[arg(long, global = true)]
    pub(crate) read_only: bool,
    /// Memory for the lines of a log, 1MiB to 1GiB
    #[arg(long, value_name = "SIZE", global = true, value_parser = size, default_value = "64MiB")]
    pub(crate) log_memory: usize,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum View {
    Deck,
    Pipelines,
    Environments,
    Pods,
    Containers,
    Applications,
    Releases,
    Images,
    Runners,
    Rollouts,
    Slo,
    Inbox,
    Journal,
}

impl View {
    pub(crate) const fn place(self) -> Place {
        match self {
            Self::Deck => Place::Deck,
            Self::Pipelines => Place::Pipelines,
            Self::Environments => Place::Environments,
            Self::Pods => Place::Pods,
            Self::Containers => Place::Containers,
            Self::Applications => Place::Applications,
            Self::Releases => Place::Releases,
            Self::Images => Place::Images,
            Self::Runners => Place::Runners,
            Self::Rollouts => Place::Rollouts,
            Self::Slo => Place::Slo,
            Self::Inbox => Place::Inbox,
            Self::Journal => Place::Journal,
        }
    }
}

#[derive(Debug, Clone, Args)]
pub(crate) struct Demo {
    /// Which story is played: canary-regression, aborted-canary, clean-canary, crash-loop, flaky-e2e, hpa-at-max,
    /// missing-arm64, out-of-sync, pipelines, rate-limit or scale [default: canary-regression]
    pub(crate) scenario: Option<String>,
    /// Seconds of the story in one second [default: the story's own pace]
    #[arg(long, value_name = "FACTOR", allow_negative_numbers = true)]
    pub(crate) speed: Option<f64>,
    /// Other names and numbers, the same story
    #[arg(long, value_name = "NUMBER", default_value_t = 1)]
    pub(crate) seed: u64,
    /// Scenario scale: number of pods
    #[arg(long, value_name = "COUNT", default_value_t = 10_000)]
    pub(crate) pods: usize,
    /// Scenario scale: number of rollouts
    #[arg(long, value_name = "COUNT", default_value_t = 50)]
    pub(crate) rollouts: usize,
    /// Scenario scale: number of Argo CD's Applications
    #[arg(long, value_name = "COUNT", default_value_t = 0)]
    pub(crate) applications: usize,
    /// Scenario scale: clusters that its workloads are spread over
    #[arg(long, value_name = "COUNT", default_value_t = 1)]
    pub(crate) clusters: usize,
    /// Scenario scale: number of workflow runs
    #[arg(long, value_name = "COUNT", default_value_t = 1_000)]
    pub(crate) runs: usize,
    /// Scenario scale: jobs of one wide run of a matrix, of thirty steps each
    #[arg(long, value_name = "COUNT", default_value_t = 0)]
    pub(crate) jobs: usize,
    /// Scenario scale: number of service level objectives
    #[arg(long, value_name = "COUNT", default_value_t = 50)]
    pub(crate) slos: usize,
    /// Scenario scale: pod changes in a second
    #[arg(long, value_name = "RATE", default_value_t = 0.0, allow_negative_numbers = true)]
    pub(crate) churn: f64,
    /// Scenario scale: lines that each pod logs in a second
    #[arg(long, value_name = "RATE", default_value_t = 2.0, allow_negative_numbers = true)]
    pub(crate) log_rate: f64,
}

#[derive(Debug, Clone, Copy, Args)]
pub(crate) struct Doctor {
    /// One JSON document instead of lines
    #[arg(long)]
    pub(crate) json: bool,
}

#[derive(Debug, Clone, Copy, Args)]
pub(crate) struct Status {
    /// One JSON document instead of a table
    #[arg(long)]
    pub(crate) json: bool,
    /// How long to wait for the sources (exit code 5 when it runs out)
    #[arg(long, value_name = "TIME", value_parser = span, default_value = "10s")]
    pub(crate) timeout: Duration,
    /// Stay, and print again at every change (with --json one line each)
    #[arg(long)]
    pub(crate) watch: bool,
}

/// `64MiB`, `512KiB`, `1GiB`, or bytes.
fn size(text: &str) -> Result<usize, String> {
    let help = "a size between 1MiB and 1GiB, such as 64MiB";
    let digits = text.trim_end_matches(|c: char| !c.is_ascii_digit());
    let unit: usize = match text[digits.len()..].trim() {
        "" | "B" => 1,
        "KiB" | "K" => 1 << 10,
        "MiB" | "M" => 1 << 20,
        "GiB" | "G" => 1 << 30,
        _ => return Err(help.to_owned()),
    };
    let bytes = digits.parse::<usize>().ok().and_then(|number| number.checked_mul(unit));
    bytes.filter(|bytes| ((1 << 20)..=(1 << 30)).contains(bytes)).ok_or_else(|| help.to_owned())
}

/// `10s`, `500ms`, `2m`, or seconds.
fn span(text: &str) -> Result<Duration, String> {
    let help = "a time of up to a day, such as 10s, 500ms or 2m";
    let digits = text.trim_end_matches(|c: char| !c.is_ascii_digit());
    let millis: u64 = match &text[digits.len()..] {
        "ms" => 1,
        "" | "s" => 1_000,
        "m" => 60_000,
        "h" => 3_600_000,
        _ => return Err(help.to_owned()),
    };
    let span = digits.parse::<u64>().ok().and_then(|number| number.checked_mul(millis));
    span.filter(|millis| *millis <= 86_400_000).map(Duration::from_millis).ok_or_else(|| help.to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sizes_and_times_are_read_with_their_units() {
        assert_eq!(size("64MiB"), Ok(64 << 20));
        assert_eq!(size("1048576"), Ok(1 << 20));
        for wrong in ["", "64", "2GiB", "MiB", "64 apples", "-1", "99999999999999999999G"] {
            assert!(size(wrong).is_err(), "{wrong}");
        }
        assert_eq!(span("10s"), Ok(Duration::from_secs(10)));
        assert_eq!(span("500ms"), Ok(Duration::from_millis(500)));
        assert_eq!(span("3"), Ok(Duration::from_secs(3)));
        for wrong in ["", "s", "10 s", "1d", "-1s", "99h"] {
            assert!(span(wrong).is_err(), "{wrong}");
        }
    }

    #[test]
    fn the_arguments_are_consistent() {
        Cli::as_read().debug_assert();
    }
}
