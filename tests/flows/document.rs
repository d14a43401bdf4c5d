//! The document of `status --json` on a whole world, field by field: every row has what it must have,
//! each of its kind, and no word that nobody knows.

use std::sync::Arc;

use quarterdeck::app::{self, Headless};
use quarterdeck::command::Command;
use quarterdeck::demo::Options;
use quarterdeck::model::Kind;
use quarterdeck::state::report::{PoolRow, report};
use serde_json::{Value, json};

use super::harness::Story;
use super::steps::among_pipelines;

/// What a field holds.
#[derive(Debug, Clone, Copy)]
enum Holds {
    Text,
    /// One of these words.
    Word(&'static [&'static str]),
    Number,
    /// 0..1.
    Ratio,
    Bool,
    Time,
    Rows(&'static [Field]),
    /// A list of texts.
    Words,
}

/// Whether a field must be there: null is known to be none, absent is not known.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum There {
    Always,
    OrNull,
    OrAbsent,
    OrEither,
}

use Holds::{Bool, Number, Ratio, Rows, Text, Time, Word, Words};
use There::{Always, OrAbsent, OrEither, OrNull};

type Field = (&'static str, There, Holds);

const STATUS: Holds = Word(&["queued", "waiting", "in_progress", "completed"]);
const CONCLUSION: Holds =
    Word(&["success", "failure", "cancelled", "timed_out", "skipped", "neutral", "action_required"]);

const RUN: &[Field] = &[
    ("system", Always, Word(&["github", "tekton", "rustci"])),
    ("id", Always, Text),
    ("repository", Always, Text),
    ("name", Always, Text),
    ("number", Always, Number),
    ("attempt", Always, Number),
    ("status", Always, STATUS),
    ("conclusion", OrNull, CONCLUSION),
    ("branch", OrNull, Text),
    ("sha", Always, Text),
    ("url", Always, Text),
    ("jobs", OrAbsent, Rows(JOB)),
];
const JOB: &[Field] = &[
    ("name", Always, Text),
    ("status", Always, STATUS),
    ("conclusion", OrNull, CONCLUSION),
    ("runner", OrNull, Text),
    ("steps", Always, Rows(STEP)),
];
const STEP: &[Field] = &[
    ("number", Always, Number),
    ("name", Always, Text),
    ("status", Always, STATUS),
    ("conclusion", OrNull, CONCLUSION),
];
const STATE: Holds =
    Word(&["value", "no_traffic", "no_data", "stale", "unreachable", "partial", "immature", "invalid"]);
const SLO: &[Field] = &[
    ("id", Always, Text),
    ("service", Always, Text),
    ("objective", Always, Ratio),
    ("window", Always, Text),
    ("source", Always, Word(&["sloth", "openslo"])),
    ("state", Always, STATE),
    ("since", OrAbsent, Time),
    ("idle_since", OrAbsent, Time),
    ("why", OrAbsent, Text),
    ("coverage", OrAbsent, Ratio),
    ("at", OrAbsent, Time),
    ("attained", OrAbsent, Ratio),
    ("consumed", OrAbsent, Number),
    ("remaining", OrAbsent, Number),
    ("exhausted_in_seconds", OrEither, Number),
    ("burn", Always, Rows(BURN)),
    ("resets_in_seconds", OrAbsent, Number),
];
const BURN: &[Field] = &[
    ("short", Always, Text),
    ("long", Always, Text),
    ("short_rate", OrAbsent, Number),
    ("long_rate", OrAbsent, Number),
    ("threshold", Always, Number),
    ("firing", Always, Bool),
    ("low_events", OrAbsent, Number),
];
const CONTAINER: &[Field] =
    &[("name", Always, Text), ("image", Always, Text), ("state", Always, Text), ("project", OrNull, Text)];
const BLOCKED: &[Field] = &[
    ("kind", Always, Text),
    ("cluster", Always, Text),
    ("namespace", OrNull, Text),
    ("name", OrNull, Text),
    ("reason", Always, Word(REASONS)),
    ("since", OrAbsent, Time),
    ("sentence", Always, Text),
    ("unblock", OrNull, Text),
];
const POOL: &[Field] = &[
    ("repository", Always, Text),
    ("labels", Always, Words),
    ("hosted", Always, Bool),
    ("idle", OrAbsent, Number),
    ("busy", OrAbsent, Number),
    ("offline", OrAbsent, Number),
    ("queued", Always, Number),
    ("queued_since", OrAbsent, Time),
    ("unseen", OrAbsent, Words),
];
const SEVERITY: &[Field] = &[("tool", Always, Text), ("severity", Always, Text), ("count", Always, Number)];
const SECURITY: &[Field] = &[
    ("repository", Always, Text),
    ("verdict", Always, Word(&["pass", "fail", "unknown"])),
    ("evidence", Always, Words),
    ("deployed", OrAbsent, Text),
    ("open", OrAbsent, Rows(SEVERITY)),
    ("new", OrAbsent, Number),
    ("secrets", OrAbsent, Number),
];
const REVIEWER: &[Field] = &[("kind", Always, Word(&["user", "team"])), ("name", Always, Text)];
const WAITING: &[Field] = &[
    ("kind", Always, Text),
    ("object", Always, Text),
    ("since", OrAbsent, Time),
    ("sentence", Always, Text),
    ("unblock", OrNull, Text),
    ("environment", OrAbsent, Text),
    ("reviewers", OrAbsent, Rows(REVIEWER)),
    ("may_approve", OrAbsent, Bool),
    ("opens_at", OrAbsent, Time),
    ("expires_at", OrAbsent, Time),
];
/// As the design lists them.
#[rustfmt::skip]
const REASONS: &[&str] = &[
    "invalid_spec", "service_missing", "image_platform", "image_pull", "config_missing", "crash_loop",
    "out_of_memory", "probe_failing", "unschedulable", "quota", "pdb", "analysis_failed",
    "analysis_inconclusive", "analysis_error", "aborted", "manual_pause", "pause_step", "approval",
    "sync_window", "sync_failed", "out_of_sync_loop", "hold", "lock", "run_failed", "runner_missing", "rate_limited",
    "hpa_at_max", "hpa_inactive", "deadline", "controller_silent", "permission", "crd_missing", "source_stale",
];

fn check(place: &str, row: &Value, fields: &[Field], wrong: &mut Vec<String>) {
    let object = row.as_object().unwrap_or_else(|| panic!("{place} is no object"));
    for name in object.keys().filter(|name| !fields.iter().any(|(field, ..)| field == name)) {
        wrong.push(format!("{place}.{name} is not in the design"));
    }
    for (name, there, holds) in fields {
        let here = format!("{place}.{name}");
        match object.get(*name) {
            None if matches!(there, OrAbsent | OrEither) => {}
            Some(Value::Null) if matches!(there, OrNull | OrEither) => {}
            None => wrong.push(format!("{here} is missing")),
            Some(value) => value_of(&here, value, *holds, wrong),
        }
    }
}

fn value_of(here: &str, value: &Value, holds: Holds, wrong: &mut Vec<String>) {
    let good = match holds {
        Text => value.as_str().is_some_and(|text| !text.is_empty()),
        Word(words) => value.as_str().is_some_and(|word| words.contains(&word)),
        Number => value.is_number(),
        Ratio => value.as_f64().is_some_and(|ratio| (0.0..=1.0).contains(&ratio)),
        Bool => value.is_boolean(),
        Time => value.as_str().is_some_and(|text| text.ends_with('Z') && text.parse::<jiff::Timestamp>().is_ok()),
        Words => {
            let rows = value.as_array();
            rows.is_some_and(|rows| rows.iter().all(|row| row.as_str().is_some_and(|text| !text.is_empty())))
        }
        Rows(fields) => {
            for (number, row) in value.as_array().into_iter().flatten().enumerate() {
                check(&format!("{here}[{number}]"), row, fields, wrong);
            }
            value.is_array()
        }
    };
    if !good {
        wrong.push(format!("{here}: {value} is not {holds:?}"));
    }
}

const LISTS: [(&str, &[Field]); 7] = [
    ("runs", RUN),
    ("slos", SLO),
    ("containers", CONTAINER),
    ("blocked", BLOCKED),
    ("waiting", WAITING),
    ("runners", POOL),
    ("security", SECURITY),
];

fn faults(document: &Value) -> Vec<String> {
    let mut wrong = Vec::new();
    for (name, fields) in LISTS {
        value_of(name, &document[name], Rows(fields), &mut wrong);
    }
    // A RustCI server knows no repository and no page, and not always a commit.
    for (at, run) in document["runs"].as_array().into_iter().flatten().enumerate() {
        if run["system"] == "rustci" {
            let bare = ["repository", "sha", "url"].map(|field| format!("runs[{at}].{field}: \"\" is not Text"));
            wrong.retain(|fault| !bare.contains(fault));
        }
    }
    wrong
}

async fn document(scenario: &str) -> Value {
    let options = Options { scenario: scenario.to_owned(), held: true, ..Options::default() };
    let mut story = Story::of(options).await;
    // The jobs of the run that is shown are read after the runs.
    let known = |console: &Headless| report(console.state()).runs.iter().any(|run| run.jobs.is_some());
    story.console.wait_for("the jobs of a run", known).await.unwrap_or_else(|lost| panic!("{lost}"));
    let is_read = |console: &Headless| report(console.state()).slos.iter().any(|slo| slo.consumed.is_some());
    story.console.wait_for("an objective", is_read).await.unwrap_or_else(|lost| panic!("{lost}"));
    serde_json::to_value(report(story.console.state())).unwrap()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn every_row_has_the_fields_of_the_design() {
    for scenario in ["canary-regression", "flaky-e2e"] {
        let document = document(scenario).await;
        assert_eq!(document["version"], 1);
        for (name, _) in LISTS {
            let some = document[name].as_array().is_some_and(|rows| !rows.is_empty());
            // Who waits for a runner, and how long, is the matter of another story.
            assert!(some || ["blocked", "runners"].contains(&name), "{scenario} has no {name}");
        }
        let wrong = faults(&document);
        assert!(wrong.is_empty(), "{scenario}: {wrong:#?}");
        // The measure itself finds what is missing, of another kind, unknown.
        let mut broken = document.clone();
        broken["slos"][0].as_object_mut().unwrap().remove("state");
        broken["runs"][0]["number"] = "7".into();
        broken["containers"][0]["extra"] = 1.into();
        broken["waiting"][0]["unblock"] = 5.into();
        assert_eq!(faults(&broken).len(), 4, "{:#?}", faults(&broken));
    }
}

/// What `status` itself asks for, on the demo.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn runners_and_findings_are_told_with_what_is_not_known_of_them() {
    let options = Options { scenario: "missing-arm64".to_owned(), held: true, ..Options::default() };
    let mut story = Story::with(options, |demo| Arc::new(app::settings_of(demo))).await;
    assert!(story.console.press(Command::Runners));
    let waited_for = |row: &PoolRow| row.queued > 0 && !row.hosted && row.busy.is_some();
    let counted = |console: &Headless| report(console.state()).runners.iter().any(waited_for);
    story.console.wait_for("the runners", counted).await.unwrap_or_else(|lost| panic!("{lost}"));
    let before = serde_json::to_value(report(story.console.state())).unwrap();
    let wrong = faults(&before);
    assert!(wrong.is_empty(), "{wrong:#?}");
    let of = |document: &Value, list: &str, wanted: &dyn Fn(&Value) -> bool| {
        let row = document[list].as_array().unwrap().iter().find(|row| wanted(row)).cloned();
        row.unwrap_or_else(|| panic!("{list}: {}", document[list]))
    };
    let labels = json!(["self-hosted", "linux", "gpu"]);
    let gpu = of(&before, "runners", &|row| row["labels"] == labels);
    assert_eq!(
        (&gpu["idle"], &gpu["busy"], &gpu["offline"], &gpu["queued"]),
        (&0.into(), &1.into(), &1.into(), &1.into())
    );
    let hosted = of(&before, "runners", &|row| row["hosted"] == true);
    assert!(hosted.get("idle").is_none(), "GitHub lists none of those: {hosted}");
    // Nobody asked for those of the others: they are there, and nothing of them is known.
    let others = before["security"].as_array().unwrap().iter().filter(|row| row["repository"] != "shop/checkout");
    assert!(others.clone().count() > 2, "{}", before["security"]);
    for row in others {
        assert_eq!((&row["verdict"], row.get("open"), row.get("secrets")), (&"unknown".into(), None, None), "{row}");
    }
    assert!(story.console.press(Command::Leave));
    among_pipelines(&mut story, |_, id| id.kind == Kind::Run && id.namespace.raw() == "shop/checkout").await;
    assert!(story.console.press(Command::Security));
    let read = |console: &Headless| report(console.state()).security.iter().any(|row| row.new.is_some());
    story.console.wait_for("the findings", read).await.unwrap_or_else(|lost| panic!("{lost}"));
    let after = serde_json::to_value(report(story.console.state())).unwrap();
    let wrong = faults(&after);
    assert!(wrong.is_empty(), "{wrong:#?}");
    let checkout = of(&after, "security", &|row| row["repository"] == "shop/checkout");
    assert_eq!((&checkout["verdict"], &checkout["secrets"]), (&"fail".into(), &1.into()), "{checkout}");
    let evidence = checkout["evidence"][0].as_str().unwrap();
    assert!(evidence.starts_with("1 critical or high finding is new since"), "{evidence}");
    let open: u64 = checkout["open"].as_array().unwrap().iter().filter_map(|row| row["count"].as_u64()).sum();
    assert_eq!(open, 3, "{checkout}");
}
