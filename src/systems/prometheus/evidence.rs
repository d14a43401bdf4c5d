//! Whether enough events say that an objective burns: of few requests one failure alone looks like a
//! fire (slo.md §1.5). Asked only of what burns faster than an alert allows.

use std::collections::{BTreeMap, HashMap};
use std::sync::Arc;
use std::time::Duration;

use jiff::Timestamp;

use super::discover::MARK;
use super::slos::{Slos, ask, seconds};
use crate::model::slo::{Burn, Slo};
use crate::slo::budget;

/// Counts of one request.
const TOGETHER: usize = 10;

/// Objective and window.
type Window = (String, String);
/// Failed and all events of it.
type Counts = HashMap<Window, (Option<f64>, Option<f64>)>;

impl Slos {
    /// Marks every row of a burn table that is over its threshold on too few events.
    pub(super) async fn weigh(&mut self, at: Timestamp) {
        let mut asked: BTreeMap<Window, (String, String)> = BTreeMap::new();
        for (id, slo) in &self.known {
            for window in slo.burns.iter().filter(|row| row.is_over()).flat_map(|row| [&row.short, &row.long]) {
                let span = Duration::from_secs(seconds(window.as_str()) as u64);
                if let Some(queries) = self.events(id, span, span) {
                    asked.insert((id.clone(), window.as_str().to_owned()), queries);
                }
            }
        }
        let asked: Vec<(Window, (String, String))> = asked.into_iter().collect();
        let mut counts = Counts::new();
        for some in asked.chunks(TOGETHER) {
            if self.count(some, at, &mut counts).await {
                continue;
            }
            // One at fault costs no other.
            for one in some {
                self.count(std::slice::from_ref(one), at, &mut counts).await;
            }
        }
        for (id, slo) in &mut self.known {
            let few: Vec<Option<u64>> = slo.burns.iter().map(|row| few(id, slo, row, &counts)).collect();
            if few.iter().any(Option::is_some) {
                let mut weighed = Slo::clone(slo);
                for (row, few) in weighed.burns.iter_mut().zip(few) {
                    row.few = few;
                }
                *slo = Arc::new(weighed);
            }
        }
    }

    /// Counts some windows; false when that was not answered. What is not counted is not doubted.
    async fn count(&self, some: &[(Window, (String, String))], at: Timestamp, counts: &mut Counts) -> bool {
        let mark = |query: &str, number: usize, kind: &str| {
            format!("label_replace({query}, \"{MARK}\", \"{number} {kind}\", \"\", \"\")")
        };
        let parts: Vec<String> = some
            .iter()
            .enumerate()
            .flat_map(|(number, (_, (failed, all)))| [mark(failed, number, "failed"), mark(all, number, "all")])
            .collect();
        let Ok(told) = ask(&self.poll, &parts.join(" or "), at).await else { return false };
        for one in &told.series {
            let Some((number, kind)) = one.label(MARK).split_once(' ') else { continue };
            let Some((window, _)) = number.parse::<usize>().ok().and_then(|number| some.get(number)) else { continue };
            let Some(value) = one.value().filter(|value| value.is_finite()) else { continue };
            let of = counts.entry(window.clone()).or_default();
            let slot = if kind == "failed" { &mut of.0 } else { &mut of.1 };
            *slot = Some(slot.unwrap_or_default() + value);
        }
        true
    }
}

/// All events of the first window of a row that has too few.
fn few(id: &str, slo: &Slo, row: &Burn, counts: &Counts) -> Option<u64> {
    if !row.is_over() {
        return None;
    }
    [&row.short, &row.long].into_iter().find_map(|window| {
        let (failed, all) = counts.get(&(id.to_owned(), window.as_str().to_owned())).copied()?;
        let (failed, all) = (failed?, all?);
        (!budget::is_evidence(slo.objective, row.threshold, failed, all)).then(|| all.round().max(0.0) as u64)
    })
}
