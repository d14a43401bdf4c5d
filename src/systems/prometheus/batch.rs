//! Objectives of the configuration's files, read together: every window of some of them in one
//! expression whose series carry a label that says whose they are, the long windows less often than
//! the short ones. One that fails costs no other: then each is asked alone, and the one at fault stays
//! alone until it does well.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use futures::StreamExt as _;
use jiff::Timestamp;

use super::discover::MARK;
use super::ingest::Told;
use super::objective::{OfSpec, Wrong, looked, windows};
use super::poll::{Fault, Poll};
use super::slos::{ask, due};
use crate::model::slo::ObjectiveSpec;
use crate::slo::events;

/// Windows up to this are read at every turn.
const SHORT: Duration = Duration::from_hours(6);
/// Between two readings of the long windows.
const LONG_EVERY: Duration = Duration::from_secs(45);
/// Requests at a time, so that a small server is not swamped.
const AT_ONCE: usize = 4;
/// Objectives of one request.
const TOGETHER: usize = 10;

/// An objective to read, and whether its long windows are due.
type Turn<'a> = (&'a ObjectiveSpec, bool);

/// Reads all of them, the long windows only when they are due; what is not read stays.
pub(super) async fn read(poll: &Poll, specs: &[ObjectiveSpec], at: Timestamp, known: &mut BTreeMap<String, OfSpec>) {
    let (mut together, mut alone): (Vec<Turn<'_>>, Vec<Turn<'_>>) = (Vec::new(), Vec::new());
    for spec in specs {
        let of = known.get(spec.id.raw());
        let long = due(of.and_then(|of| of.long_read), LONG_EVERY, poll.mono());
        if of.is_some_and(|of| of.alone) { alone.push((spec, long)) } else { together.push((spec, long)) }
    }
    let chunks: Vec<Vec<Turn<'_>>> = together.chunks(TOGETHER).map(<[_]>::to_vec).collect();
    let jobs: Vec<_> = chunks
        .into_iter()
        .chain(alone.into_iter().map(|one| vec![one]))
        .map(|chunk| async move {
            let answer = some(poll, &chunk, at).await;
            (chunk, answer)
        })
        .collect();
    let mut jobs = futures::stream::iter(jobs).buffered(AT_ONCE);
    let mut again: Vec<Turn<'_>> = Vec::new();
    while let Some((chunk, answer)) = jobs.next().await {
        match answer {
            // A warning or a fault of one would be that of all.
            Ok(read) if chunk.len() > 1 && read.first().is_some_and(|of| of.warning.is_some()) => again.extend(chunk),
            Err(fault) if chunk.len() > 1 && fault.is_of_query() => again.extend(chunk),
            answer => keep(poll, &chunk, answer, known),
        }
    }
    let jobs: Vec<_> = again.into_iter().map(|one| async move { (one, some(poll, &[one], at).await) }).collect();
    let mut jobs = futures::stream::iter(jobs).buffered(AT_ONCE);
    while let Some((one, answer)) = jobs.next().await {
        keep(poll, &[one], answer, known);
    }
}

/// What was read of some objectives, in their order; or why it was not.
fn keep(poll: &Poll, chunk: &[Turn<'_>], answer: Result<Vec<OfSpec>, Fault>, known: &mut BTreeMap<String, OfSpec>) {
    match answer {
        Ok(all) => {
            for ((spec, long), read) in chunk.iter().zip(all) {
                let kept = known.entry(spec.id.raw().to_owned()).or_default();
                kept.ratios.extend(read.ratios);
                if *long {
                    (kept.points, kept.long_read) = (read.points, Some(poll.mono()));
                }
                kept.alone = read.warning.is_some();
                (kept.warning, kept.fault) = (read.warning, None);
            }
        }
        Err(fault) => {
            let wrong = if fault.is_invalid() { Wrong::Query } else { Wrong::Server };
            for (spec, _) in chunk {
                let kept = known.entry(spec.id.raw().to_owned()).or_default();
                kept.fault = Some((wrong, fault.words()));
                // Of many the whole server was at fault.
                kept.alone = chunk.len() == 1 && fault.is_of_query();
            }
        }
    }
}

/// The answers to some objectives, in their order.
async fn some(poll: &Poll, chunk: &[Turn<'_>], at: Timestamp) -> Result<Vec<OfSpec>, Fault> {
    let mut read = Vec::new();
    let mut parts = Vec::new();
    for (number, (spec, long)) in chunk.iter().enumerate() {
        let asked: BTreeSet<String> = parts_of(spec, *long, at, &mut |kind, text, query| {
            parts.push(format!("label_replace({query}, \"{MARK}\", \"{number} {kind} {text}\", \"\", \"\")"));
        });
        let ratios = asked.into_iter().map(|text| (text, (None, None))).collect();
        read.push(OfSpec { ratios, ..OfSpec::default() });
    }
    let Told { series, warning, .. } = ask(poll, &parts.join(" or "), at).await?;
    for of in &mut read {
        of.warning.clone_from(&warning);
    }
    for one in series {
        let mut words = one.label(MARK).splitn(3, ' ');
        let number = words.next().and_then(|number| number.parse::<usize>().ok());
        let (Some(of), Some(kind), Some(text)) =
            (number.and_then(|number| read.get_mut(number)), words.next(), words.next())
        else {
            continue;
        };
        if kind == "points" {
            of.points = one.value();
        } else if let Some(slot) = of.ratios.get_mut(text) {
            if kind == "ratio" { slot.0 = one.value() } else { slot.1 = one.value() }
        }
    }
    Ok(read)
}

/// Every query of one objective: kind, window, query. The windows that are asked.
fn parts_of(
    spec: &ObjectiveSpec,
    long: bool,
    at: Timestamp,
    part: &mut impl FnMut(&str, &str, String),
) -> BTreeSet<String> {
    let mut asked = BTreeSet::new();
    for (text, window) in windows(spec, at).into_iter().filter(|(_, window)| long || *window <= SHORT) {
        part("ratio", &text, events::error_ratio(spec, window));
        if let Some(query) = events::all(spec, window) {
            part("all", &text, query);
        }
        asked.insert(text);
    }
    if long {
        part("points", "", events::points(spec, looked(spec, at)));
    }
    asked
}
