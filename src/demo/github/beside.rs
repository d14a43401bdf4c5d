//! What stands beside the runs: runners that somebody registered, findings of scanners, open secrets. Each
//! repository answers in another of the ways in which GitHub does.

use std::time::Duration;

use axum::http::StatusCode;
use jiff::Timestamp;
use serde_json::{Value, json};

use super::book::{Repository, Run};
use super::reply::{Asked, Reply};
use crate::demo::value::{hash, later, rfc3339};

/// Name, system, labels, whether it is there, whether it works.
type Machine = (&'static str, &'static str, &'static [&'static str], bool, bool);

/// Those of the organization.
const SHARED: [Machine; 4] = [
    ("arm-1", "linux", &["self-hosted", "Linux", "ARM64"], true, true),
    ("arm-2", "linux", &["self-hosted", "Linux", "ARM64"], true, false),
    ("gpu-1", "linux", &["self-hosted", "Linux", "X64", "gpu"], true, true),
    ("gpu-2", "linux", &["self-hosted", "Linux", "X64", "gpu"], false, false),
];

/// Those of search alone.
const OWN: [Machine; 1] = [("index-1", "linux", &["self-hosted", "Linux", "X64", "big-disk"], true, false)];

const ANALYSES: usize = 30;
/// Scanners take so long after a run has begun.
const SCAN: Duration = Duration::from_mins(3);
const TOOLS: [&str; 2] = ["Trivy", "CodeQL"];

/// GET /orgs/shop/actions/runners.
pub(super) fn shared(organization: &str, asked: &Asked) -> Reply {
    if organization == "shop" { runners(&SHARED, asked) } else { Reply::not_found() }
}

/// GET /orgs/shop/actions/hosted-runners.
pub(super) fn larger(organization: &str, asked: &Asked) -> Reply {
    if organization != "shop" {
        return Reply::not_found();
    }
    if asked.token.is_empty() {
        return Reply::refused(StatusCode::UNAUTHORIZED, "Requires authentication");
    }
    let row = json!({
        "id": 5, "name": "linux-16-cores", "runner_group_id": 2, "status": "Ready", "platform": "linux-x64",
        "image_details": { "id": "ubuntu-24.04", "size_gb": 86, "display_name": "24.04", "source": "github" },
        "machine_size_details": { "id": "16-core", "cpu_cores": 16, "memory_gb": 64, "storage_gb": 600 },
        "maximum_runners": 8, "public_ip_enabled": false,
    });
    Reply::json(json!({ "total_count": 1, "runners": [row] }))
}

/// GET …/actions/runners; who may not administer a repository is told so.
pub(super) fn own(repository: &Repository, asked: &Asked) -> Reply {
    match repository.name.as_str() {
        "shop/search" => runners(&OWN, asked),
        "shop/catalog" => Reply::refused(StatusCode::FORBIDDEN, "Resource not accessible by personal access token"),
        _ => runners(&[], asked),
    }
}

fn runners(machines: &[Machine], asked: &Asked) -> Reply {
    if asked.token.is_empty() {
        return Reply::refused(StatusCode::UNAUTHORIZED, "Requires authentication");
    }
    let row = |(name, os, labels, online, busy): &Machine| {
        let label = |name: &&str| {
            let known = matches!(*name, "self-hosted" | "Linux" | "ARM64" | "X64");
            json!({ "id": hash(name) % 900, "name": name, "type": if known { "read-only" } else { "custom" } })
        };
        json!({
            "id": hash(name) % 90_000, "name": name, "os": os, "busy": busy, "ephemeral": false,
            "status": if *online { "online" } else { "offline" }, "runner_group_id": 1,
            "labels": labels.iter().map(label).collect::<Vec<_>>(),
        })
    };
    let rows: Vec<Value> = machines.iter().map(row).collect();
    Reply::json(json!({ "total_count": rows.len(), "runners": rows }))
}

/// GET …/code-scanning/… and …/secret-scanning/….
pub(super) fn security(repository: &Repository, part: &str, rest: &[&str], asked: &Asked) -> Reply {
    let refused = |code: StatusCode, words: &str| Reply::refused(code, words);
    match (repository.name.as_str(), part, rest) {
        (_, "code-scanning", ["alerts" | "analyses"]) | (_, "secret-scanning", ["alerts"]) => {}
        _ => return Reply::not_found(),
    }
    match (repository.name.as_str(), part) {
        ("shop/checkout", "code-scanning") if rest == ["alerts"] => Reply::json(findings(repository, asked)),
        ("shop/checkout", "code-scanning") => Reply::json(analyses(repository, asked)),
        ("shop/checkout", _) => Reply::json(secrets(repository, asked)),
        ("shop/search", "code-scanning") => refused(StatusCode::NOT_FOUND, "no analysis found"),
        ("shop/search", _) => Reply::json(json!([])),
        ("shop/payments", "code-scanning") => refused(
            StatusCode::FORBIDDEN,
            "Advanced Security must be enabled for this repository to use code scanning.",
        ),
        ("shop/payments", _) => refused(StatusCode::NOT_FOUND, "Secret scanning is disabled on this repository."),
        (_, "code-scanning") => refused(StatusCode::FORBIDDEN, "Resource not accessible by personal access token"),
        _ => Reply::not_found(),
    }
}

/// When a run's commit was scanned.
fn scanned(run: &Run) -> Timestamp {
    later(run.created, SCAN)
}

/// A tag stands on a commit of main, which was scanned there.
fn reference(run: &Run) -> String {
    let branch = if run.branch.starts_with('v') { "main" } else { &run.branch };
    format!("refs/heads/{branch}")
}

fn analyses(repository: &Repository, asked: &Asked) -> Value {
    let newest = repository.runs.iter().rev().take(ANALYSES);
    let rows = newest.flat_map(|run| {
        TOOLS.map(|tool| {
            let id = hash(&format!("{}{tool}", run.id)) % 9_000_000;
            json!({
                "ref": reference(run), "commit_sha": run.sha, "analysis_key": format!(".github/workflows/scan.yml:{tool}"),
                "environment": "{}", "category": tool, "error": "", "warning": "", "created_at": rfc3339(scanned(run)),
                "results_count": 2, "rules_count": 91, "id": id, "deletable": true,
                "url": format!("{}/repos/{}/code-scanning/analyses/{id}", asked.base, repository.name),
                "sarif_id": format!("{id:08x}-0000-4000-8000-000000000000"),
                "tool": { "name": tool, "guid": Value::Null, "version": "1.0.0" },
            })
        })
    });
    rows.collect()
}

/// Tool, rule, severity, what it is, where; `new`: it came with the newest commit.
struct Alert {
    number: u64,
    tool: &'static str,
    rule: &'static str,
    severity: &'static str,
    words: &'static str,
    place: (&'static str, u64),
    new: bool,
}

const ALERTS: [Alert; 3] = [
    Alert {
        number: 41,
        tool: "Trivy",
        rule: "CVE-2026-31337",
        severity: "critical",
        words: "libssl3: a record that is cut short is read beyond its end",
        place: ("library/libssl3", 1),
        new: true,
    },
    Alert {
        number: 38,
        tool: "Trivy",
        rule: "CVE-2025-48921",
        severity: "high",
        words: "zlib: a crafted archive takes all memory",
        place: ("library/zlib", 1),
        new: false,
    },
    Alert {
        number: 29,
        tool: "CodeQL",
        rule: "py/path-injection",
        severity: "medium",
        words: "Uncontrolled data used in path expression",
        place: ("src/till/receipts.py", 88),
        new: false,
    },
];

fn findings(repository: &Repository, asked: &Asked) -> Value {
    let (Some(first), Some(last)) = (repository.runs.first(), repository.runs.last()) else { return json!([]) };
    let row = |alert: &Alert| {
        let created = if alert.new { scanned(last) } else { earlier(first.created) };
        let here = format!("{}/repos/{}/code-scanning/alerts/{}", asked.base, repository.name, alert.number);
        let page = format!("https://github.com/{}/security/code-scanning/{}", repository.name, alert.number);
        json!({
            "number": alert.number, "created_at": rfc3339(created), "updated_at": rfc3339(scanned(last)),
            "url": here, "html_url": page, "state": "open", "fixed_at": Value::Null, "dismissed_by": Value::Null,
            "dismissed_at": Value::Null, "dismissed_reason": Value::Null, "dismissed_comment": Value::Null,
            "instances_url": format!("{here}/instances"),
            "rule": {
                "id": alert.rule, "name": alert.rule, "severity": "error", "description": alert.words,
                "security_severity_level": alert.severity, "tags": ["security"],
            },
            "tool": { "name": alert.tool, "guid": Value::Null, "version": "1.0.0" },
            "most_recent_instance": {
                "ref": reference(last), "analysis_key": "scan", "category": alert.tool, "environment": "{}",
                "state": "open", "commit_sha": last.sha, "message": { "text": alert.words },
                "location": {
                    "path": alert.place.0, "start_line": alert.place.1, "end_line": alert.place.1,
                    "start_column": 1, "end_column": 2,
                },
                "classifications": [],
            },
        })
    };
    ALERTS.iter().map(row).collect()
}

/// Before everything that was scanned.
fn earlier(first: Timestamp) -> Timestamp {
    first.checked_sub(jiff::SignedDuration::from_hours(120)).unwrap_or(first)
}

fn secrets(repository: &Repository, asked: &Asked) -> Value {
    let Some(first) = repository.runs.first() else { return json!([]) };
    let here = format!("{}/repos/{}/secret-scanning/alerts/3", asked.base, repository.name);
    json!([{
        "number": 3, "created_at": rfc3339(earlier(first.created)), "url": here, "state": "open",
        "html_url": format!("https://github.com/{}/security/secret-scanning/3", repository.name),
        "locations_url": format!("{here}/locations"), "resolution": Value::Null, "resolved_at": Value::Null,
        "resolved_by": Value::Null, "secret_type": "stripe_test_secret_key",
        "secret_type_display_name": "Stripe Test API Secret Key", "validity": "inactive",
        "push_protection_bypassed": false,
    }])
}
