//! What scanners found in the repository of a run, against the commit that is deployed.

use std::collections::BTreeMap;

use super::{State, environment, images, runs};
use crate::model::pipelines::Run;
use crate::model::security::{Finding, Secret, SecurityRead, Severity, Since, Unread};
use crate::model::{Name, Uid};
use crate::safe;
use crate::text::{Safe, plural};

/// The commit that users have, and where.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Deployed {
    pub commit: Safe,
    pub environment: Name,
}

/// A row of the list.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Row {
    Finding(Since, Finding),
    Secret(Secret),
}

impl Row {
    /// What tells it from the others of its repository.
    #[must_use]
    pub fn key(&self) -> (bool, i64) {
        match self {
            Self::Finding(_, row) => (false, row.number),
            Self::Secret(row) => (true, row.number),
        }
    }

    #[must_use]
    pub const fn url(&self) -> Option<&Safe> {
        match self {
            Self::Finding(_, row) => row.url.as_ref(),
            Self::Secret(row) => row.url.as_ref(),
        }
    }
}

/// What was read of the repository of a run.
#[must_use]
pub fn read<'a>(state: &'a State, run: &Uid) -> Option<&'a SecurityRead> {
    let run = state.world.runs.get(run)?;
    state.world.details.security(run.meta.cluster, run.repository())
}

/// The commit of a repository that the environment nearest to the users runs; of two there the older one:
/// a canary is not yet what they have.
#[must_use]
pub fn deployed(state: &State, run: &Run) -> Option<Deployed> {
    let all = state.world.images.rows().iter();
    let mine = all.filter(|image| images::code_of(state, image.repository().raw()).as_ref() == Some(run.repository()));
    let mut found = Vec::new();
    for image in mine {
        let Some(commit) = images::commit(image) else { continue };
        let built = images::run(state, image).and_then(|run| run.created).or(image.meta.created);
        for (user, runs) in images::users(state, image) {
            if runs != images::Runs::Older {
                let rank = environment::rank(state, &user.environment);
                found.push((rank, std::cmp::Reverse(built), commit.clone(), user.environment));
            }
        }
    }
    let last = found.into_iter().max_by_key(|(rank, built, ..)| (*rank, *built))?;
    Some(Deployed { commit: last.2, environment: last.3 })
}

/// Findings and secrets, what is new first, then the worst.
#[must_use]
pub fn rows(state: &State, run: &Uid) -> Vec<Row> {
    let (Some(read), Some(run)) = (read(state, run), state.world.runs.get(run)) else { return Vec::new() };
    let deployed = deployed(state, run);
    let commit = deployed.as_ref().map(|deployed| deployed.commit.as_str());
    let analyses = read.analyses.as_ref().map_or(&[][..], |part| &part.rows);
    let findings = read.findings.as_ref().map_or(&[][..], |part| &part.rows);
    let mut rows: Vec<(Since, Finding)> =
        findings.iter().map(|row| (row.since(commit, analyses), row.clone())).collect();
    rows.sort_by_key(|(since, row)| (*since != Since::New, row.severity, std::cmp::Reverse(row.number)));
    let secrets = read.secrets.as_ref().map_or(&[][..], |part| &part.rows);
    let secrets = secrets.iter().cloned().map(Row::Secret);
    // A secret that lies open is worse than anything that may be found.
    secrets.chain(rows.into_iter().map(|(since, row)| Row::Finding(since, row))).collect()
}

/// `Trivy 1 critical, 2 high · CodeQL 1 medium`.
#[must_use]
pub fn by_tool(findings: &[Finding]) -> Safe {
    let mut tools: BTreeMap<&str, (Safe, BTreeMap<Severity, u64>)> = BTreeMap::new();
    for row in findings {
        let tool = tools.entry(row.tool.as_str()).or_insert_with(|| (row.tool.clone(), BTreeMap::new()));
        *tool.1.entry(row.severity).or_default() += 1;
    }
    let words = tools.values().map(|(tool, counts)| {
        let counts: Vec<Safe> =
            counts.iter().map(|(severity, count)| safe!("{} {}", *count, severity.as_str())).collect();
        safe!("{} {}", tool.clone(), Safe::join(counts.iter(), ", "))
    });
    let words: Vec<Safe> = words.collect();
    Safe::join(words.iter(), " · ")
}

/// How many came since the deployed commit was scanned; `Err`: why that is not known.
pub fn new(state: &State, run: &Run, read: &SecurityRead) -> Result<(u64, Deployed), Safe> {
    let Ok(findings) = &read.findings else { return Err(Safe::of("the findings are not known")) };
    let deployed = deployed(state, run)
        .ok_or_else(|| Safe::of("which commit is deployed is not known: no image of it says so"))?;
    let analyses = match &read.analyses {
        Ok(part) => &part.rows,
        Err(why) => return Err(safe!("which commits were scanned is not known: {}", words(why))),
    };
    let since = |since: Since| {
        let of = |row: &&Finding| row.since(Some(deployed.commit.as_str()), analyses) == since;
        findings.rows.iter().filter(of).count() as u64
    };
    let (fresh, unknown) = (since(Since::New), since(Since::Unknown));
    if unknown > 0 && fresh == 0 {
        let short = deployed.commit.columns(0..7);
        return Err(safe!(
            "of {} it is not known: {} was not scanned by their tool",
            plural(unknown, "finding", "findings"),
            short
        ));
    }
    Ok((fresh, deployed))
}

/// Why something is not known.
#[must_use]
pub fn words(unread: &Unread) -> Safe {
    match unread {
        Unread::Off(said) => safe!("off: {}", said.clone()),
        Unread::Never => Safe::of("on, and nothing was ever scanned"),
        Unread::NotAllowed(said) => safe!("not allowed: {}", said.clone()),
        Unread::Failed(said) => safe!("cannot be read: {}", said.clone()),
    }
}

/// The run whose repository is looked at.
#[must_use]
pub fn title(state: &State, run: &Uid) -> Option<Safe> {
    state.world.runs.get(run).map(|run| safe!("{} · {}", run.repository().safe().clone(), runs::called(run)))
}
