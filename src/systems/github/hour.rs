//! R27: an hour of polling without an hour's wait. The rhythm of every repository and the budget they
//! share are the program's own; GitHub is a table of when what changes.

use std::collections::HashMap;
use std::time::Duration;

use jiff::Timestamp;
use tokio::time::Instant;

use super::rhythm::{Asides, Came, Known, Queue, Rhythm};
use crate::model::asides::{Aside, Moves, Wanted, What};
use crate::model::{Kind, Name, ObjectId, SourceId, Uid};
use crate::net::Hour;
use crate::systems::Pace;

const HOUR: u64 = 3_600;
/// Runs whose jobs the console looks at.
const LOOKED_AT: usize = 4;
/// Those that may be stuck: the oldest, whose jobs are read while there is plenty of the hour.
const OLDEST: usize = 8;

/// What goes on at GitHub. Times in seconds.
struct Hub {
    repositories: usize,
    /// Runs in progress at any time; each that ends is followed by another.
    active: usize,
    /// How long each takes, and how often the list and its jobs show something new of it.
    lasts: u64,
    list_changes: u64,
    jobs_change: u64,
}

impl Hub {
    /// The run that is in this place now, since when, and how many there were before it. They began
    /// one after the other.
    fn run(&self, place: usize, now: u64) -> (ObjectId, u64) {
        let age = now + self.lasts + place as u64 * self.lasts / self.active as u64;
        let (turn, since) = (age / self.lasts, age % self.lasts);
        let name = Name::new(&format!("acme/service-{}", place % self.repositories));
        let uid = Uid::new(SourceId(0), &format!("{place} {turn}"));
        (ObjectId { cluster: SourceId(0), kind: Kind::Run, namespace: name.clone(), name, uid }, since)
    }

    fn places(&self, repository: usize) -> impl Iterator<Item = usize> {
        (0..self.active).filter(move |place| place % self.repositories == repository)
    }

    /// The runs of a repository as its list shows them: the same ones are the same answer.
    fn list(&self, repository: usize, now: u64) -> Vec<(Uid, u64)> {
        self.places(repository)
            .map(|place| self.run(place, now))
            .map(|(run, since)| (run.uid, since / self.list_changes))
            .collect()
    }

    /// All of them, the youngest first.
    fn runs(&self, now: u64) -> Vec<(ObjectId, u64)> {
        let mut all: Vec<(ObjectId, u64)> = (0..self.active).map(|place| self.run(place, now)).collect();
        all.sort_by_key(|(_, since)| *since);
        all
    }
}

/// What came of the hour.
struct Played {
    hour: Hour,
    /// The longest time without any answer, seconds; and without one about the list of one repository.
    longest: u64,
    longest_of_one: u64,
    held: bool,
    /// Answers about runs that may be stuck.
    waited: u64,
}

impl Played {
    /// Those of a repository that may be stuck, as they are read in turn.
    fn wait(
        &mut self,
        queue: &mut Queue,
        hub: &Hub,
        oldest: &[(ObjectId, u64)],
        jobs: &mut HashMap<Uid, u64>,
        (mono, now): (Duration, Instant),
    ) {
        let (wanted, pace): (Vec<ObjectId>, _) = (oldest.iter().map(|(run, _)| run.clone()).collect(), Pace::default());
        while let Some(run) = queue.due(now, &wanted) {
            let mut wait = pace.runs.1;
            if self.hour.has_plenty() {
                let since = oldest.iter().find(|(other, _)| other.uid == run.uid).map_or(0, |(_, since)| *since);
                let version = since / hub.jobs_change;
                self.hour.answered(mono, jobs.insert(run.uid.clone(), version) == Some(version));
                self.waited += 1;
                wait = self.hour.paced(mono, wait);
            }
            queue.again(now, &run.uid, wait);
        }
    }
}

/// Plays an hour of it, second by second.
fn play(hub: &Hub) -> Played {
    play_as(hub, Hour::default())
}

fn play_as(hub: &Hub, hour: Hour) -> Played {
    let pace = Pace::default();
    let start = Instant::now();
    let mut queues: Vec<Queue> = (0..hub.repositories).map(|_| Queue::default()).collect();
    let mut rhythms: Vec<Rhythm> = (0..hub.repositories).map(|_| Rhythm::new(start)).collect();
    let mut lists: Vec<Option<Vec<(Uid, u64)>>> = vec![None; hub.repositories];
    let mut jobs: HashMap<Uid, u64> = HashMap::new();
    let mut played = Played { hour, longest: 0, longest_of_one: 0, held: false, waited: 0 };
    let (mut last, mut last_of) = (0, vec![0; hub.repositories]);
    for second in 0..HOUR {
        let (mono, now) = (Duration::from_secs(second), start + Duration::from_secs(second));
        let runs = hub.runs(second);
        let (looked, rest) = runs.split_at(LOOKED_AT.min(runs.len()));
        for (repository, rhythm) in rhythms.iter_mut().enumerate() {
            let here = Name::new(&format!("acme/service-{repository}"));
            let oldest = rest.iter().rev().take(OLDEST).filter(|(run, _)| run.namespace == here);
            played.wait(&mut queues[repository], hub, &oldest.cloned().collect::<Vec<_>>(), &mut jobs, (mono, now));
            if rhythm.next(true) > now {
                continue;
            }
            if rhythm.list_is_due(now) {
                played.held |= played.hour.is_held(mono);
                let list = hub.list(repository, second);
                let unchanged = lists[repository].as_ref() == Some(&list);
                played.hour.answered(mono, unchanged);
                (played.longest, last) = (played.longest.max(second - last), second);
                played.longest_of_one = played.longest_of_one.max(second - last_of[repository]);
                last_of[repository] = second;
                if !unchanged {
                    rhythm.listed(list.iter().map(|(uid, version)| (uid.clone(), known(*version))).collect());
                    lists[repository] = Some(list);
                }
                let wanted = if rhythm.moves(now) { pace.runs.0 } else { pace.runs.1 };
                rhythm.list_again(now, played.hour.paced(mono, wanted));
            }
            let wanted: Vec<ObjectId> =
                looked.iter().filter(|(run, _)| run.namespace == here).map(|(run, _)| run.clone()).collect();
            for run in rhythm.jobs_due(now, &wanted) {
                played.held |= played.hour.is_held(mono);
                let since = looked.iter().find(|(other, _)| other.uid == run.uid).map_or(0, |(_, since)| *since);
                let version = since / hub.jobs_change;
                let unchanged = jobs.insert(run.uid.clone(), version) == Some(version);
                played.hour.answered(mono, unchanged);
                (played.longest, last) = (played.longest.max(second - last), second);
                let came = if unchanged { Came::Unchanged } else { Came::Jobs { all_ended: false } };
                rhythm.jobs_read(now, &run.uid, came, played.hour.paced(mono, pace.jobs));
            }
        }
    }
    played.longest = played.longest.max(HOUR - last);
    for last in last_of {
        played.longest_of_one = played.longest_of_one.max(HOUR - last);
    }
    played
}

fn known(version: u64) -> Known {
    Known { active: true, attempt: 1, updated: Timestamp::from_second(version as i64).ok() }
}

fn share(played: &Played) -> f64 {
    played.hour.unchanged as f64 / played.hour.answers as f64
}

/// Builds of three quarters of an hour: a job ends every ten minutes, a step every two.
#[test]
fn r27_sixty_runs_in_progress_cost_less_than_our_share_and_most_answers_are_unchanged() {
    let played = play(&Hub { repositories: 10, active: 60, lasts: 2_700, list_changes: 600, jobs_change: 120 });
    assert!(played.hour.answers > 3_000, "{}", played.hour.answers);
    assert!(played.hour.spent() <= 0.6, "{}", played.hour.spent());
    assert!(share(&played) >= 0.8, "{}", share(&played));
    assert!(!played.held && played.longest <= 12, "{}", played.longest);
    // The eight oldest about once a minute each.
    assert!((8 * 30..=8 * 61).contains(&played.waited), "{}", played.waited);
}

/// Everything is new each time it is asked for: the hour's share is stretched to its end, and
/// nobody looks at a console that has gone blind after half of it.
#[test]
fn r27_where_no_answer_is_unchanged_the_polls_slow_down_and_last_the_hour() {
    let played = play(&Hub { repositories: 10, active: 60, lasts: 600, list_changes: 1, jobs_change: 1 });
    assert!(share(&played) < 0.1, "{}", share(&played));
    assert!(played.hour.spent() > 0.5 && played.hour.spent() <= 0.6, "{}", played.hour.spent());
    assert!(!played.held && played.longest <= 60, "{}", played.longest);
}

/// Nothing runs: a list a minute of each repository, and none of them is charged but the first.
#[test]
fn r27_at_rest_nearly_every_answer_is_unchanged() {
    let played = play(&Hub { repositories: 10, active: 0, lasts: 1, list_changes: 1, jobs_change: 1 });
    assert_eq!((played.hour.answers, played.hour.answers - played.hour.unchanged), (600, 10));
}

/// Sixty requests an hour, and "unchanged" costs as well: whoever polls takes its turn, and the last
/// of the hour's requests is not spent in its first minutes.
#[test]
fn without_a_token_all_repositories_share_the_hour() {
    for (repositories, active, most_of_one) in [(1, 0, 120), (1, 4, 700), (3, 0, 400), (3, 6, 1_200), (10, 0, 1_800)] {
        let hub = Hub { repositories, active, lasts: 2_700, list_changes: 600, jobs_change: 120 };
        let played = play_as(&hub, Hour::anonymous());
        let what = format!("{repositories} repositories, {active} runs");
        // The jobs of a run that is new on the screen are read out of turn; past the share the client sends
        // nothing, which is not played here.
        assert!(played.hour.answers <= 38, "{what}: {}", played.hour.answers);
        assert!(played.hour.answers >= 28, "{what}: {} of 36 used", played.hour.answers);
        assert!(!played.held || played.hour.answers >= 36, "{what}: nothing may be read any more");
        assert!(played.longest <= 300, "{what}: {} s without an answer", played.longest);
        assert!(played.longest_of_one <= most_of_one, "{what}: one is not seen for {} s", played.longest_of_one);
    }
}

/// The page of a run that moves, left open for an hour: what stands beside it costs little, because
/// most of it has not changed.
#[test]
fn r27_a_page_that_is_looked_at_for_an_hour_keeps_its_rhythm() {
    let (start, pace) = (Instant::now(), Pace::default());
    let of = |what: What| Aside { source: SourceId(0), repository: Name::new("acme/checkout"), what };
    let uid = Uid::new(SourceId(0), "1");
    let wanted: Vec<Wanted> = [
        (What::Checks { sha: Name::new("4f2a9c1") }, Moves::Soon),
        (What::Artifacts { run: uid.clone() }, Moves::Soon),
        (What::Deployments { environment: Name::new("production") }, Moves::Late),
        (What::Attempt { run: uid.clone(), number: 1 }, Moves::Never),
        (What::Annotations { check: uid }, Moves::Never),
    ]
    .into_iter()
    .map(|(what, moves)| Wanted { aside: of(what), moves })
    .collect();
    let mut asides = Asides::default();
    let mut asked: HashMap<Aside, u32> = HashMap::new();
    for second in 0..HOUR {
        let now = start + Duration::from_secs(second);
        while let Some(one) = asides.due(now, &wanted) {
            *asked.entry(one.aside.clone()).or_default() += 1;
            match Asides::wait(one.moves, pace.runs) {
                Some(wait) => asides.again(now, &one.aside, wait),
                None => asides.settled(now, &one.aside),
            }
        }
    }
    let counts: Vec<u32> = wanted.iter().map(|one| asked[&one.aside]).collect();
    assert_eq!(counts, [300, 300, 60, 1, 1]);
    assert_eq!(asides.due(start, &[]), None, "nobody looks any more");
    assert!(asides.next().is_none());
}

/// The list of runners, left open for an hour while forty runs stand in a queue: each is asked for once a
/// minute, all of them in turn, and even if something of each had changed every time the hour's share lasts.
#[test]
fn r27_who_waits_for_which_runner_is_read_in_turn_and_within_the_share() {
    let (start, pace) = (Instant::now(), Pace::default());
    let hub = Hub { repositories: 1, active: 40, lasts: HOUR * 2, list_changes: 1, jobs_change: 1 };
    let wanted: Vec<ObjectId> = (0..hub.active).map(|place| hub.run(place, 0).0).collect();
    for changes in [1, 1_800] {
        let (mut queue, mut hour, mut asked) = (Queue::default(), Hour::default(), HashMap::<Uid, u64>::new());
        for second in 0..HOUR {
            let (mono, now) = (Duration::from_secs(second), start + Duration::from_secs(second));
            while let Some(run) = queue.due(now, &wanted) {
                let times = asked.entry(run.uid.clone()).or_default();
                *times += 1;
                hour.answered(mono, *times > 1 && second % changes != 0);
                queue.again(now, &run.uid, hour.paced(mono, pace.runs.1));
            }
        }
        assert!(hour.spent() <= 0.6, "{changes}: {}", hour.spent());
        assert!(asked.len() == wanted.len() && asked.values().all(|times| *times >= 30), "{changes}: {asked:?}");
        assert_eq!(queue.due(start, &[]), None, "nobody looks any more");
        assert!(queue.next().is_none());
    }
}
