//! From GitHub's answers to what stands beside a run: checks, annotations, artifacts, deployments
//! (apis.md §6.5, §6.6, §6.10). Pure, and as tolerant as [`super::ingest`]: a row without what names it
//! costs itself alone and is counted.

use serde::Deserialize;
use serde_json::value::RawValue;

use super::ingest::{address, object, read, status};
use crate::model::asides::{Annotation, Annotations, Artifact, Check, Deployed, Level, Pages};
use crate::model::pipelines::Conclusion;
use crate::model::{Name, SourceId, Uid};
use crate::systems::ingest::IngestError;
use crate::systems::wire::{Flag, Int, Obj, Text, Time};
use crate::text::Safe;

/// Bytes of a message or of a line of a summary that are kept: a row of a screen shows less.
const LONG: usize = 1_000;
/// Lines of a summary.
const LINES: usize = 6;

/// Rows of a page, and those that were none.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Rows<T> {
    pub rows: Vec<T>,
    pub left_out: u64,
}

impl<T> Default for Rows<T> {
    fn default() -> Self {
        Self { rows: Vec::new(), left_out: 0 }
    }
}

#[derive(Deserialize)]
struct ChecksWire<'a> {
    #[serde(borrow)]
    check_runs: Vec<&'a RawValue>,
    #[serde(default)]
    total_count: Int,
}

#[derive(Default, Deserialize)]
#[serde(default)]
struct CheckWire<'a> {
    id: Int,
    #[serde(borrow)]
    name: Text<'a>,
    #[serde(borrow)]
    status: Text<'a>,
    #[serde(borrow)]
    conclusion: Text<'a>,
    started_at: Time,
    completed_at: Time,
    #[serde(borrow)]
    html_url: Text<'a>,
    #[serde(borrow)]
    details_url: Text<'a>,
    #[serde(borrow)]
    output: Obj<OutputWire<'a>>,
    #[serde(borrow)]
    app: Obj<AppWire<'a>>,
}

#[derive(Default, Deserialize)]
#[serde(default)]
struct OutputWire<'a> {
    #[serde(borrow)]
    title: Text<'a>,
    #[serde(borrow)]
    summary: Text<'a>,
    annotations_count: Int,
}

#[derive(Default, Deserialize)]
#[serde(default)]
struct AppWire<'a> {
    #[serde(borrow)]
    slug: Text<'a>,
}

#[derive(Default, Deserialize)]
#[serde(default)]
struct AnnotationWire<'a> {
    #[serde(borrow)]
    path: Text<'a>,
    start_line: Int,
    #[serde(borrow)]
    annotation_level: Text<'a>,
    #[serde(borrow)]
    title: Text<'a>,
    #[serde(borrow)]
    message: Text<'a>,
}

#[derive(Deserialize)]
struct ArtifactsWire<'a> {
    #[serde(borrow)]
    artifacts: Vec<&'a RawValue>,
    #[serde(default)]
    total_count: Int,
}

#[derive(Default, Deserialize)]
#[serde(default)]
struct ArtifactWire<'a> {
    #[serde(borrow)]
    name: Text<'a>,
    size_in_bytes: Int,
    expired: Flag,
    created_at: Time,
    expires_at: Time,
    #[serde(borrow)]
    digest: Text<'a>,
}

#[derive(Default, Deserialize)]
#[serde(default)]
struct DeployedWire<'a> {
    id: Int,
    #[serde(borrow)]
    sha: Text<'a>,
    #[serde(borrow, rename = "ref")]
    named: Text<'a>,
    #[serde(borrow)]
    description: Text<'a>,
    #[serde(borrow)]
    creator: Obj<WhoWire<'a>>,
    created_at: Time,
}

#[derive(Default, Deserialize)]
#[serde(default)]
struct WhoWire<'a> {
    #[serde(borrow)]
    login: Text<'a>,
}

#[derive(Default, Deserialize)]
#[serde(default)]
struct StatusWire<'a> {
    id: Int,
    #[serde(borrow)]
    state: Text<'a>,
    #[serde(borrow)]
    description: Text<'a>,
    created_at: Time,
}

/// What a deployment came to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Stands {
    pub state: Safe,
    pub since: Option<jiff::Timestamp>,
    pub description: Option<Safe>,
}

fn rows<T>(all: Vec<&RawValue>, one: impl Fn(&[u8]) -> Result<T, IngestError>) -> Rows<T> {
    let mut out = Rows::default();
    for row in all {
        match one(row.get().as_bytes()) {
            Ok(row) => out.rows.push(row),
            Err(_) => out.left_out += 1,
        }
    }
    out
}

fn page<T>(found: Rows<T>, total: Int) -> Pages<T> {
    let total = total.0.and_then(|total| u64::try_from(total).ok());
    Pages { rows: found.rows, left_out: found.left_out, total, more: false }
}

fn id(source: SourceId, what: &'static str, id: Int) -> Result<Uid, IngestError> {
    // A number that is not kept exactly would be the id of something else.
    let id = id.0.filter(|id| id.abs() < Int::MOST).ok_or(IngestError::Missing { what, field: "id" })?;
    Ok(Uid::new(source, &id.to_string()))
}

/// The first so many bytes, whole letters.
fn short(text: &str) -> &str {
    let end = (0..=LONG.min(text.len())).rev().find(|at| text.is_char_boundary(*at)).unwrap_or(0);
    &text[..end]
}

/// One line of what may be several.
fn one_line(text: &Text<'_>) -> Option<Safe> {
    let parts: Vec<&str> = short(text.some()?).split_whitespace().collect();
    (!parts.is_empty()).then(|| Safe::line(&parts.join(" ")))
}

/// Check runs of a commit, one page.
pub fn checks(source: SourceId, bytes: &[u8]) -> Result<Pages<Check>, IngestError> {
    let wire: ChecksWire<'_> = read("the checks", bytes)?;
    Ok(page(rows(wire.check_runs, |row| check(source, row)), wire.total_count))
}

fn check(source: SourceId, bytes: &[u8]) -> Result<Check, IngestError> {
    let wire: CheckWire<'_> = object("a check", bytes)?;
    let id = id(source, "a check", wire.id)?;
    let conclusion = wire.conclusion.some().map(Conclusion::parse);
    let output = wire.output.0.unwrap_or_default();
    let app = wire.app.0.unwrap_or_default();
    let of_actions = app.slug.as_str() == "github-actions";
    let its_job = format!("/job/{}", id.raw());
    Ok(Check {
        name: Name::new(wire.name.some().unwrap_or(id.raw())),
        status: status(&wire.status, conclusion.as_ref()),
        conclusion,
        started: wire.started_at.0,
        completed: wire.completed_at.0,
        app: app.slug.some().map(Safe::identity),
        // What an action reports of tests has another place than a job's own page.
        is_job: of_actions && wire.details_url.as_str().ends_with(&its_job),
        title: one_line(&output.title),
        summary: summary(output.summary.as_str()),
        annotations: output.annotations_count.0.and_then(|count| u64::try_from(count).ok()).unwrap_or(0),
        url: address(&wire.details_url).or_else(|| address(&wire.html_url)),
        id,
    })
}

/// Its first lines that say something: Markdown without the signs at their beginning, without the
/// rules of tables and without pictures.
fn summary(text: &str) -> Vec<Safe> {
    let says =
        |line: &str| line.chars().any(char::is_alphanumeric) && !line.starts_with("![") && !line.starts_with('<');
    text.lines()
        .map(|line| line.trim().trim_start_matches(['#', '>', '*', '-', '|', ' ']).trim_end_matches(['|', ' ']))
        .filter(|line| says(line))
        .take(LINES)
        .map(|line| Safe::line(&short(line).replace("**", "")))
        .collect()
}

/// Annotations of a check run, one page.
pub fn annotations(bytes: &[u8]) -> Result<Annotations, IngestError> {
    let all: Vec<&RawValue> = read("the annotations", bytes)?;
    let mut found = rows(all, annotation);
    found.rows.sort_by(|a, b| a.level.cmp(&b.level));
    Ok(Annotations { rows: found.rows, left_out: found.left_out, more: false })
}

fn annotation(bytes: &[u8]) -> Result<Annotation, IngestError> {
    let wire: AnnotationWire<'_> = object("an annotation", bytes)?;
    let title = one_line(&wire.title);
    let message = one_line(&wire.message).or_else(|| title.clone());
    Ok(Annotation {
        path: Safe::identity(short(wire.path.as_str())),
        line: wire.start_line.0.and_then(|line| u64::try_from(line).ok()).filter(|line| *line > 0),
        level: Level::parse(wire.annotation_level.as_str()),
        title,
        message: message.unwrap_or_default(),
    })
}

/// Artifacts of a run, one page.
pub fn artifacts(bytes: &[u8]) -> Result<Pages<Artifact>, IngestError> {
    let wire: ArtifactsWire<'_> = read("the artifacts", bytes)?;
    Ok(page(rows(wire.artifacts, artifact), wire.total_count))
}

fn artifact(bytes: &[u8]) -> Result<Artifact, IngestError> {
    const WHAT: &str = "an artifact";
    let wire: ArtifactWire<'_> = object(WHAT, bytes)?;
    let name = wire.name.some().ok_or(IngestError::Missing { what: WHAT, field: "name" })?;
    Ok(Artifact {
        name: Name::new(name),
        bytes: wire.size_in_bytes.0.and_then(|size| u64::try_from(size).ok()),
        expired: wire.expired.is_true(),
        created: wire.created_at.0,
        expires: wire.expires_at.0,
        digest: wire.digest.some().map(Safe::identity),
    })
}

/// Deployments, newest first, without their statuses.
pub fn deployments(source: SourceId, bytes: &[u8]) -> Result<Rows<Deployed>, IngestError> {
    let all: Vec<&RawValue> = read("the deployments", bytes)?;
    let mut found = rows(all, |row| deployed(source, row));
    found.rows.sort_by_key(|row| std::cmp::Reverse(row.created));
    Ok(found)
}

fn deployed(source: SourceId, bytes: &[u8]) -> Result<Deployed, IngestError> {
    let wire: DeployedWire<'_> = object("a deployment", bytes)?;
    Ok(Deployed {
        id: id(source, "a deployment", wire.id)?,
        sha: Safe::identity(wire.sha.as_str()),
        named: Safe::identity(wire.named.as_str()),
        by: wire.creator.0.and_then(|who| who.login.some().map(Safe::identity)),
        created: wire.created_at.0,
        state: None,
        since: None,
        description: one_line(&wire.description),
    })
}

/// The newest status of a deployment; `None` while it has none.
pub fn stands(bytes: &[u8]) -> Result<Option<Stands>, IngestError> {
    let all: Vec<Obj<StatusWire<'_>>> = read("the statuses of a deployment", bytes)?;
    let newest = all.into_iter().filter_map(|row| row.0).max_by_key(|row| (row.created_at.0, row.id.0));
    Ok(newest.map(|row| Stands {
        state: row.state.some().map_or_else(|| Safe::of("unknown"), Safe::identity),
        since: row.created_at.0,
        description: one_line(&row.description),
    }))
}
