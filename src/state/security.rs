//! What scanners found in the repository of a run, against the commit that is deployed.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use super::{State, environment, images, runs};
use crate::model::security::{Base, Finding, Part, Secret, SecurityRead, Severity, Since, Unread, same_commit};
use crate::model::{Name, SourceId, Uid};
use crate::safe;
use crate::text::{Safe, age, plural};

/// They are read every minute while somebody looks: three of those, and what requests take that are spared.
const OLD: Duration = Duration::from_mins(4);

/// What was read of a repository, and when each part of it was (monotonic).
#[derive(Debug, Clone)]
pub(super) struct Scanned {
    pub(super) read: SecurityRead,
    heard: [Duration; 3],
}

impl Scanned {
    /// A part that cannot be read this once stands as it was read before, as old as it is.
    pub(super) fn after(before: Option<Self>, now: Duration, read: SecurityRead) -> Self {
        fn part<T>(before: Option<(Part<T>, Duration)>, now: (Part<T>, Duration)) -> (Part<T>, Duration) {
            match (before, &now.0) {
                (Some((Ok(rows), heard)), Err(Unread::Failed(_))) => (Ok(rows), heard),
                _ => now,
            }
        }
        let SecurityRead { source, repository, findings, analyses, secrets } = read;
        let (mut last, mut scans, mut open) = (None, None, None);
        if let Some(Self { read, heard: [first, second, third] }) = before {
            last = Some((read.findings, first));
            scans = Some((read.analyses, second));
            open = Some((read.secrets, third));
        }
        let (findings, first) = part(last, (findings, now));
        let (analyses, second) = part(scans, (analyses, now));
        let (secrets, third) = part(open, (secrets, now));
        let read = SecurityRead { source, repository, findings, analyses, secrets };
        Self { read, heard: [first, second, third] }
    }

    pub(super) fn heard(&self) -> Duration {
        self.heard.into_iter().min().unwrap_or_default()
    }
}

/// How long ago findings were read that are no longer what is known now, to the minute.
#[must_use]
pub fn outdated(state: &State, source: SourceId, repository: &Name) -> Option<Safe> {
    let heard = state.world.details.security_heard(source, repository)?;
    let old = state.now.mono.saturating_sub(heard);
    (old >= OLD).then(|| safe!("read {} ago", age((old.as_secs() / 60 * 60) as i64)))
}

/// The commit that users have, and where.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Deployed {
    pub commit: Safe,
    /// That it was built from, where that is known.
    pub branch: Option<Safe>,
    pub environment: Name,
}

impl Deployed {
    fn base(&self) -> Base<'_> {
        Base { commit: self.commit.as_str(), branch: self.branch.as_ref().map(Safe::as_str) }
    }

    /// `9f8e7d1 (production)`.
    #[must_use]
    pub fn words(&self) -> Safe {
        safe!("{} ({})", self.commit.columns(0..7), self.environment.safe())
    }
}

/// What a page shows, made once for a change of the world (see [`super::derived`]).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Page {
    pub rows: Vec<Row>,
    /// `Err`: why it is not known what is new.
    pub news: Result<News, Safe>,
}

/// See [`News`]; `Err`: why it is not known.
pub type AllNews = BTreeMap<(SourceId, Name), Arc<Result<News, Safe>>>;

/// The open findings of a repository against the commit that users have.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct News {
    pub deployed: Deployed,
    /// That came since then.
    pub new: u64,
    /// Those of them that are critical or high.
    pub bad: u64,
    /// Those of them whose severity is not known.
    pub unrated: u64,
    /// That may be new or not, those of them that are critical or high, and why that is not known.
    pub unknown: u64,
    pub doubt: u64,
    pub why: Safe,
    /// On branches that are not deployed.
    pub elsewhere: u64,
    /// Every finding was read.
    pub whole: bool,
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
pub fn deployed(state: &State, repository: &Name) -> Option<Deployed> {
    let all = state.world.images.rows().iter();
    let mine = all.filter(|image| images::code_of(state, image.repository().raw()).as_ref() == Some(repository));
    let mut found = Vec::new();
    for image in mine {
        let Some(commit) = images::commit(image) else { continue };
        let run = images::run(state, image);
        let built = run.as_ref().and_then(|run| run.created).or(image.meta.created);
        let branch = run.as_ref().and_then(|run| run.branch.as_ref().map(|name| name.safe().clone()));
        for (user, runs) in images::users(state, image) {
            if runs != images::Runs::Older {
                let rank = environment::rank(state, &user.environment);
                let deployed =
                    Deployed { commit: commit.clone(), branch: branch.clone(), environment: user.environment };
                found.push((rank, std::cmp::Reverse(built), deployed));
            }
        }
    }
    Some(found.into_iter().max_by_key(|(rank, built, _)| (*rank, *built))?.2)
}

/// Changes whenever a [`Page`] does.
#[must_use]
pub fn revision(state: &State) -> u64 {
    let world = &state.world;
    world.runs.revision() + world.details.revision() + world.images.revision() + images::revision(state)
}

/// Made of what was read of the repository of a run; `None` before anything was.
#[must_use]
pub fn page(state: &State, run: &Uid) -> Option<Page> {
    let read = read(state, run)?;
    let deployed = deployed(state, &read.repository);
    let news = news(read, deployed.as_ref());
    Some(Page { rows: rows(read, deployed.as_ref()), news })
}

/// What is new in each repository whose findings were read.
#[must_use]
pub fn all_news(state: &State) -> AllNews {
    let read = state.world.details.all_security();
    let of = |read: &SecurityRead| news(read, deployed(state, &read.repository).as_ref());
    read.map(|read| ((read.source, read.repository.clone()), Arc::new(of(read)))).collect()
}

/// Findings and secrets, what is new first, then the worst.
fn rows(read: &SecurityRead, deployed: Option<&Deployed>) -> Vec<Row> {
    let analyses = read.analyses.as_ref().map_or(&[][..], |part| &part.rows);
    let findings = read.findings.as_ref().map_or(&[][..], |part| &part.rows);
    let since = |row: &Finding| row.since(deployed.map(Deployed::base), analyses);
    let mut rows: Vec<(Since, Finding)> = findings.iter().map(|row| (since(row), row.clone())).collect();
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

/// What came since the deployed commit was scanned; `Err`: why that is not known.
pub fn news(read: &SecurityRead, deployed: Option<&Deployed>) -> Result<News, Safe> {
    let findings = match &read.findings {
        Ok(findings) => findings,
        Err(why) => return Err(safe!("the findings are not known: {}", words(why))),
    };
    let Some(deployed) = deployed else {
        return Err(Safe::of("which commit is deployed is not known: no image of it says so"));
    };
    let analyses = match &read.analyses {
        Ok(part) => part,
        Err(why) => return Err(safe!("which commits were scanned is not known: {}", words(why))),
    };
    let short = deployed.commit.columns(0..7);
    let scanned = analyses.rows.iter().any(|row| same_commit(row.commit.as_str(), deployed.commit.as_str()));
    let why = match () {
        () if scanned => safe!("their tool did not scan {}, or scanned it on another branch or tag", short),
        () if analyses.is_whole() => safe!("{} was not scanned", short),
        () => safe!("{} is not among the {} scans that were read", short, analyses.rows.len() as u64),
    };
    let whole = findings.is_whole();
    let deployed_as = deployed.clone();
    let mut news =
        News { deployed: deployed_as, new: 0, bad: 0, unrated: 0, unknown: 0, doubt: 0, why, elsewhere: 0, whole };
    for row in &findings.rows {
        match row.since(Some(deployed.base()), &analyses.rows) {
            Since::New => {
                news.new += 1;
                news.bad += u64::from(row.severity <= Severity::High);
                news.unrated += u64::from(row.severity == Severity::Unknown);
            }
            Since::Unknown => {
                news.unknown += 1;
                news.doubt += u64::from(row.severity <= Severity::High || row.severity == Severity::Unknown);
            }
            Since::Elsewhere => news.elsewhere += 1,
            Since::Before => {}
        }
    }
    Ok(news)
}

impl News {
    /// Nothing is new, and nothing was left out that might be.
    #[must_use]
    pub const fn is_well(&self) -> bool {
        self.new == 0 && self.unknown == 0 && self.whole
    }

    /// `2 findings are new since 9f8e7d1 (production), of 1 more it is not known: …`.
    #[must_use]
    pub fn words(&self) -> Safe {
        let at = self.deployed.words();
        let first = match (self.new, self.unknown) {
            (0, 0) if self.whole => safe!("none is new since {}", at),
            (0, 0) => safe!("none of those that were read is new since {}", at),
            (0, unknown) => {
                let findings = plural(unknown, "finding", "findings");
                safe!("of {} it is not known whether they are new since {}: {}", findings, at, self.why)
            }
            (new, 0) => safe!("{} new since {}", plural(new, "finding is", "findings are"), at),
            (new, unknown) => {
                let new = plural(new, "finding is", "findings are");
                safe!("{} new since {}, of {} more it is not known: {}", new, at, unknown, self.why)
            }
        };
        let elsewhere = match self.elsewhere {
            0 => Safe::default(),
            count => safe!("; {} on other branches", count),
        };
        safe!("{}{}", first, elsewhere)
    }
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
