//! From GitHub's answers to what stands beside the runs of a repository: runners (apis.md §6.6), findings
//! of scanners, the commits they scanned, secrets (§6.7). Pure, and as tolerant as [`super::ingest`].

use serde::Deserialize;
use serde_json::value::RawValue;

use super::ingest::{object, read};
use crate::model::runners::{Larger, Runner, RunnerStatus, Runners};
use crate::model::security::{Analysis, Finding, Reference, Rows, Secret, Severity};
use crate::safe;
use crate::systems::ingest::IngestError;
use crate::systems::wire::{Flag, Int, List, Obj, Text, Time};
use crate::text::Safe;

/// Rows of a page.
pub const PAGE: usize = 100;

#[derive(Deserialize)]
struct RunnersWire<'a> {
    #[serde(borrow)]
    runners: Vec<&'a RawValue>,
}

#[derive(Default, Deserialize)]
#[serde(default)]
struct RunnerWire<'a> {
    id: Int,
    #[serde(borrow)]
    name: Text<'a>,
    #[serde(borrow)]
    os: Text<'a>,
    #[serde(borrow)]
    status: Text<'a>,
    busy: Flag,
    #[serde(borrow)]
    labels: List<Obj<NamedWire<'a>>>,
}

#[derive(Default, Deserialize)]
#[serde(default)]
struct NamedWire<'a> {
    #[serde(borrow)]
    name: Text<'a>,
}

/// The runners of a repository or an organization.
pub fn runners(bytes: &[u8]) -> Result<Runners, IngestError> {
    let wire: RunnersWire<'_> = read("the runners", bytes)?;
    Ok(rows(&wire.runners, runner))
}

fn runner(bytes: &[u8]) -> Result<Runner, IngestError> {
    const WHAT: &str = "a runner";
    let wire: RunnerWire<'_> = object(WHAT, bytes)?;
    let id = wire.id.0.ok_or(IngestError::Missing { what: WHAT, field: "id" })?;
    let stands = match (wire.status.as_str(), wire.busy.0) {
        ("offline", _) => RunnerStatus::Offline,
        ("online", Some(true)) => RunnerStatus::Busy,
        ("online", Some(false)) => RunnerStatus::Idle,
        _ => RunnerStatus::Unknown,
    };
    let labels = wire.labels.0.iter().filter_map(|label| label.0.as_ref()?.name.some().map(Safe::identity));
    Ok(Runner {
        id,
        name: wire.name.some().map_or_else(|| safe!("runner {}", id), Safe::identity),
        os: Safe::line(wire.os.as_str()),
        stands,
        labels: labels.collect(),
    })
}

#[derive(Default, Deserialize)]
#[serde(default)]
struct LargerWire<'a> {
    #[serde(borrow)]
    name: Text<'a>,
    #[serde(borrow)]
    status: Text<'a>,
    #[serde(borrow)]
    platform: Text<'a>,
    maximum_runners: Int,
}

/// The larger runners that GitHub hosts for an organization.
pub fn larger(bytes: &[u8]) -> Result<Rows<Larger>, IngestError> {
    let wire: RunnersWire<'_> = read("the larger runners", bytes)?;
    Ok(rows(&wire.runners, |bytes| {
        const WHAT: &str = "a larger runner";
        let wire: LargerWire<'_> = object(WHAT, bytes)?;
        let name = wire.name.some().ok_or(IngestError::Missing { what: WHAT, field: "name" })?;
        Ok(Larger {
            name: Safe::identity(name),
            status: wire.status.line(),
            platform: wire.platform.line(),
            most: wire.maximum_runners.0.and_then(|most| u64::try_from(most).ok()),
        })
    }))
}

/// What could be read of each row, and how many could not; whether there are more pages tells the list.
fn rows<T>(wire: &[&RawValue], one: impl Fn(&[u8]) -> Result<T, IngestError>) -> Rows<T> {
    let mut out = Rows { rows: Vec::with_capacity(wire.len()), left_out: 0, more: false };
    for row in wire {
        match one(row.get().as_bytes()) {
            Ok(row) => out.rows.push(row),
            Err(_) => out.left_out += 1,
        }
    }
    out
}

#[derive(Default, Deserialize)]
#[serde(default)]
struct FindingWire<'a> {
    number: Int,
    created_at: Time,
    #[serde(borrow)]
    html_url: Text<'a>,
    #[serde(borrow)]
    rule: Obj<RuleWire<'a>>,
    #[serde(borrow)]
    tool: Obj<NamedWire<'a>>,
    #[serde(borrow)]
    most_recent_instance: Obj<InstanceWire<'a>>,
}

#[derive(Default, Deserialize)]
#[serde(default)]
struct RuleWire<'a> {
    #[serde(borrow)]
    id: Text<'a>,
    #[serde(borrow)]
    name: Text<'a>,
    #[serde(borrow)]
    severity: Text<'a>,
    #[serde(borrow)]
    security_severity_level: Text<'a>,
    #[serde(borrow)]
    description: Text<'a>,
}

#[derive(Default, Deserialize)]
#[serde(default)]
struct InstanceWire<'a> {
    #[serde(borrow, rename = "ref")]
    reference: Text<'a>,
    #[serde(borrow)]
    commit_sha: Text<'a>,
    #[serde(borrow)]
    message: Obj<MessageWire<'a>>,
    #[serde(borrow)]
    location: Obj<LocationWire<'a>>,
}

#[derive(Default, Deserialize)]
#[serde(default)]
struct MessageWire<'a> {
    #[serde(borrow)]
    text: Text<'a>,
}

#[derive(Default, Deserialize)]
#[serde(default)]
struct LocationWire<'a> {
    #[serde(borrow)]
    path: Text<'a>,
    start_line: Int,
}

/// Open findings of scanners.
pub fn findings(bytes: &[u8]) -> Result<Rows<Finding>, IngestError> {
    let wire: Vec<&RawValue> = read("the findings", bytes)?;
    Ok(rows(&wire, finding))
}

fn finding(bytes: &[u8]) -> Result<Finding, IngestError> {
    const WHAT: &str = "a finding";
    let wire: FindingWire<'_> = object(WHAT, bytes)?;
    let number = wire.number.0.ok_or(IngestError::Missing { what: WHAT, field: "number" })?;
    let rule = wire.rule.0.unwrap_or_default();
    let seen = wire.most_recent_instance.0.unwrap_or_default();
    let severity = [&rule.security_severity_level, &rule.severity].into_iter().find_map(Text::some);
    let said = seen.message.0.unwrap_or_default();
    let words = [&rule.description, &said.text].into_iter().find_map(|text| text.as_str().lines().next());
    let named = [&rule.id, &rule.name].into_iter().find_map(Text::some);
    Ok(Finding {
        number,
        tool: wire.tool.0.unwrap_or_default().name.some().map_or_else(|| Safe::of("a tool"), Safe::identity),
        severity: severity.map_or(Severity::Unknown, Severity::parse),
        rule: named.map_or_else(|| safe!("finding {}", number), Safe::identity),
        words: Safe::line(words.unwrap_or_default()),
        place: seen.location.0.and_then(|place| {
            let path = Safe::identity(place.path.some()?);
            Some(match place.start_line.0 {
                Some(line) => safe!("{}:{}", path, line),
                None => path,
            })
        }),
        created: wire.created_at.0,
        commit: Safe::identity(seen.commit_sha.as_str()),
        branch: Reference::parse(seen.reference.as_str()),
        url: address(&wire.html_url),
    })
}

fn address(url: &Text<'_>) -> Option<Safe> {
    url.some().filter(|url| url.starts_with("https://") || url.starts_with("http://")).map(Safe::line)
}

#[derive(Default, Deserialize)]
#[serde(default)]
struct AnalysisWire<'a> {
    #[serde(borrow, rename = "ref")]
    reference: Text<'a>,
    #[serde(borrow)]
    commit_sha: Text<'a>,
    created_at: Time,
    #[serde(borrow)]
    tool: Obj<NamedWire<'a>>,
}

/// The commits that were scanned, newest first.
pub fn analyses(bytes: &[u8]) -> Result<Rows<Analysis>, IngestError> {
    let wire: Vec<&RawValue> = read("the analyses", bytes)?;
    Ok(rows(&wire, |bytes| {
        let wire: AnalysisWire<'_> = object("an analysis", bytes)?;
        Ok(Analysis {
            tool: wire.tool.0.unwrap_or_default().name.some().map_or_else(|| Safe::of("a tool"), Safe::identity),
            commit: Safe::identity(wire.commit_sha.as_str()),
            branch: Reference::parse(wire.reference.as_str()),
            created: wire.created_at.0,
        })
    }))
}

#[derive(Default, Deserialize)]
#[serde(default)]
struct SecretWire<'a> {
    number: Int,
    created_at: Time,
    #[serde(borrow)]
    html_url: Text<'a>,
    #[serde(borrow)]
    secret_type: Text<'a>,
    #[serde(borrow)]
    secret_type_display_name: Text<'a>,
    #[serde(borrow)]
    validity: Text<'a>,
}

/// Secrets that lie open. What they are is never taken out of the answer.
pub fn secrets(bytes: &[u8]) -> Result<Rows<Secret>, IngestError> {
    let wire: Vec<&RawValue> = read("the secrets", bytes)?;
    Ok(rows(&wire, |bytes| {
        const WHAT: &str = "a secret";
        let wire: SecretWire<'_> = object(WHAT, bytes)?;
        let named = [&wire.secret_type_display_name, &wire.secret_type].into_iter().find_map(Text::some);
        Ok(Secret {
            number: wire.number.0.ok_or(IngestError::Missing { what: WHAT, field: "number" })?,
            kind: named.map_or_else(|| Safe::of("a secret"), Safe::line),
            created: wire.created_at.0,
            validity: wire.validity.some().map(Safe::identity),
            url: address(&wire.html_url),
        })
    }))
}
