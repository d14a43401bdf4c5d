//! What the runs wait for that wait: read when one begins to, every so often while it does, and at once
//! when something was written. An answer that has not changed costs nothing.

use std::collections::HashMap;
use std::sync::Arc;
use std::time::Duration;

use tokio::time::Instant;

use super::rhythm::Known;
use super::watch::Watch;
use super::words::Trouble;
use super::{ingest_gates, pending_path};
use crate::model::approvals::{Pending, PendingRead};
use crate::model::source::{Detail, FeedEvent};
use crate::model::{ObjectId, Uid};
use crate::net::{Etags, Listed};
use crate::systems::polled::Gone;
use crate::text::Safe;

/// So many are read in the time of one list; more of them are read more seldom.
const AT_A_TIME: usize = 4;

/// When each of them is read next. Pure, as the rhythm of the lists is.
#[derive(Debug, Default)]
pub(super) struct Gates {
    runs: HashMap<Uid, Gate>,
}

#[derive(Debug)]
struct Gate {
    due: Instant,
    /// The run as it was then: one that has changed is read again at once.
    known: Option<Known>,
    etags: Etags,
}

/// Whose token it is, once that was asked for.
#[derive(Debug, Default)]
pub(super) struct Whose {
    asked: bool,
    login: Option<Safe>,
}

impl Gates {
    /// Those that are to be read now.
    pub(super) fn due(
        &mut self,
        now: Instant,
        wanted: &[ObjectId],
        known: impl Fn(&Uid) -> Option<Known>,
    ) -> Vec<ObjectId> {
        self.runs.retain(|uid, _| wanted.iter().any(|run| run.uid == *uid));
        let mut due = Vec::new();
        for run in wanted {
            let as_it_is = known(&run.uid);
            let new = || Gate { due: now, known: as_it_is, etags: Etags::default() };
            let gate = self.runs.entry(run.uid.clone()).or_insert_with(new);
            if gate.due <= now || gate.known != as_it_is {
                gate.known = as_it_is;
                due.push(run.clone());
            }
        }
        due
    }

    /// One was read; `wait` is the time between two lists.
    pub(super) fn read(&mut self, now: Instant, run: &Uid, wait: Duration) {
        let turns = self.runs.len().div_ceil(AT_A_TIME).max(1);
        if let Some(gate) = self.runs.get_mut(run) {
            gate.due = now + wait.saturating_mul(u32::try_from(turns).unwrap_or(u32::MAX));
        }
    }

    /// Something was written: it shows soon.
    pub(super) fn stirred(&mut self, now: Instant, soon: Duration) {
        for gate in self.runs.values_mut() {
            gate.due = gate.due.min(now + soon);
        }
    }

    /// The operator asked for everything.
    pub(super) fn refresh(&mut self) {
        self.runs.clear();
    }

    pub(super) fn next(&self) -> Option<Instant> {
        self.runs.values().map(|gate| gate.due).min()
    }
}

impl Watch {
    /// Reads what is due.
    pub(super) async fn read_gates(&mut self) -> Result<(), Gone> {
        let interest = Arc::clone(&self.outlet.interest.borrow());
        let here = &self.outlet.id;
        let ours = |run: &&ObjectId| run.cluster == here.cluster && Some(&run.namespace) == here.namespace.as_ref();
        let wanted: Vec<ObjectId> = interest.pending.iter().filter(ours).cloned().collect();
        let rhythm = &self.rhythm;
        for run in self.gates.due(Instant::now(), &wanted, |uid| rhythm.run(uid)) {
            let wait = match self.read_gate(&run).await? {
                Some(trouble) => trouble,
                None => self.client.paced(self.outlet.between(self.outlet.pace.runs.0)),
            };
            self.gates.read(Instant::now(), &run.uid, wait);
            self.tell_quota().await?;
        }
        Ok(())
    }

    /// Reads what one run waits for; `Some`: it cannot be, and is asked for again after so long.
    async fn read_gate(&mut self, run: &ObjectId) -> Result<Option<Duration>, Gone> {
        let Some(gate) = self.gates.runs.get_mut(&run.uid) else { return Ok(None) };
        let (pending, wait) = match self.client.list(&pending_path(run), Some(1), &mut gate.etags).await {
            Ok(Listed::Unchanged { .. }) => return Ok(None),
            Ok(Listed::Pages { bodies, .. }) => {
                match ingest_gates::pending(bodies.first().map_or(&b""[..], |body| body)) {
                    Ok(mut pending) => {
                        pending.login = self.who_asks(&pending).await;
                        (Ok(Arc::new(pending)), None)
                    }
                    Err(error) => {
                        gate.etags = Etags::default();
                        (Err(Safe::line(&error.to_string())), Some(self.outlet.pace.cap))
                    }
                }
            }
            Err(error) => match self.trouble(error).await {
                Trouble::Denied(message) => (Err(message), Some(self.outlet.pace.runs.1)),
                Trouble::Passing(message, wait) => (Err(message), Some(wait.unwrap_or(self.outlet.pace.cap))),
            },
        };
        let read = PendingRead { run: run.uid.clone(), pending };
        self.outlet.tell(FeedEvent::Detail(Detail::Pending(read))).await?;
        Ok(wait)
    }

    /// Asked once, and only where somebody may not approve: whether the run is their own.
    async fn who_asks(&mut self, pending: &Pending) -> Option<Safe> {
        if !self.login.asked && pending.deployments.iter().any(|row| row.can_approve == Some(false)) {
            // A token of an installation belongs to nobody; that is an answer too.
            let body = self.client.get("/user").await.ok();
            self.login = Whose { asked: true, login: body.and_then(|body| ingest_gates::login(&body)) };
        }
        self.login.login.clone()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::{Kind, Name, SourceId};

    fn run(id: &str) -> ObjectId {
        let uid = Uid::new(SourceId(0), id);
        ObjectId { cluster: SourceId(0), kind: Kind::Run, namespace: Name::new("a/b"), name: Name::new(id), uid }
    }

    fn known(attempt: u32) -> Known {
        Known { active: true, attempt, updated: None }
    }

    #[test]
    fn a_waiting_run_is_read_at_once_then_as_often_as_a_list_and_when_it_has_changed() {
        let (mut gates, start, twelve) = (Gates::default(), Instant::now(), Duration::from_secs(12));
        let one = [run("1")];
        let second = |seconds| start + Duration::from_secs(seconds);
        assert_eq!(gates.due(start, &one, |_| Some(known(1))).len(), 1);
        gates.read(start, &one[0].uid, twelve);
        assert_eq!(gates.next(), Some(second(12)));
        assert_eq!(gates.due(second(11), &one, |_| Some(known(1))), []);
        assert_eq!(gates.due(second(11), &one, |_| Some(known(2))).len(), 1, "it has changed");
        assert_eq!(gates.due(second(12), &one, |_| Some(known(2))).len(), 1);
        gates.read(second(12), &one[0].uid, twelve);
        gates.stirred(second(13), Duration::from_secs(1));
        assert_eq!(gates.due(second(14), &one, |_| Some(known(2))).len(), 1, "something was written");
        assert_eq!(gates.due(second(15), &[], |_| Some(known(2))), []);
        assert_eq!(gates.next(), None, "nobody asks for it any more");
    }

    /// R27: many that wait cost no more than four.
    #[test]
    fn r27_forty_waiting_runs_are_asked_for_four_in_the_time_of_a_list() {
        let (mut gates, start, twelve) = (Gates::default(), Instant::now(), Duration::from_secs(12));
        let all: Vec<ObjectId> = (0..40).map(|id| run(&id.to_string())).collect();
        let mut asked = 0;
        for second in 0..3_600 {
            let now = start + Duration::from_secs(second);
            for run in gates.due(now, &all, |_| Some(known(1))) {
                asked += 1;
                gates.read(now, &run.uid, twelve);
            }
        }
        assert!((1_100..=1_240).contains(&asked), "{asked}");
    }
}
