//! Error budgets: the pane, the list, the page of one, with every way of having no figure.

use std::sync::Arc;
use std::time::Duration;

use jiff::{SignedDuration, Timestamp};
use quarterdeck::model::kubernetes::Meta;
use quarterdeck::model::slo::{Alert, Burn, Comparison, Figures, Reading, Slo, SloSource, Spent};
use quarterdeck::model::source::{Detail, FeedEvent, FeedId, FeedStatus, Object, SourceScope};
use quarterdeck::model::{Kind, Name, SourceId, SystemId, Uid};
use quarterdeck::slo::budget::{self, TABLE};
use quarterdeck::state::State;
use quarterdeck::state::slos;
use quarterdeck::state::ui::{Pane, Place};
use quarterdeck::text::Safe;

use super::shot::{compare, draw, shot, text, theme};
use super::world::{self, HEARD, at};

#[path = "arms.rs"]
pub mod arms;

const SMALL: (u16, u16) = (80, 24);
const FULL: (u16, u16) = (160, 48);
const WIDE: (u16, u16) = (300, 100);

const PROMETHEUS: SourceId = SourceId(1);
const MONTH: Duration = Duration::from_hours(720);

fn ago(seconds: i64) -> Timestamp {
    world::noon() - SignedDuration::from_secs(seconds)
}

fn feed(kind: Kind) -> FeedId {
    FeedId { cluster: PROMETHEUS, kind, namespace: None }
}

/// The world of the pictures with a Prometheus in it that has said nothing yet.
pub fn with_prometheus(mut state: State) -> State {
    state.world.sources.push(SourceScope {
        id: PROMETHEUS,
        system: SystemId::Prometheus,
        name: Name::new("prometheus.internal:9090"),
        server: Safe::of("http://prometheus.internal:9090"),
        user: Safe::of(""),
        namespaces: None,
        unusable: None,
        discovered: None,
    });
    tell(&mut state, FeedEvent::Status(FeedStatus::Connecting));
    state
}

/// The same event on both feeds.
pub fn tell(state: &mut State, event: FeedEvent) {
    for kind in [Kind::Slo, Kind::Alert] {
        state.world.apply(&feed(kind), HEARD, event.clone());
    }
}

pub fn list(state: &mut State, objects: Vec<Object>) {
    tell(state, FeedEvent::ListBegins);
    for object in objects {
        let kind = if matches!(object, Object::Slo(_)) { Kind::Slo } else { Kind::Alert };
        state.world.apply(&feed(kind), HEARD, FeedEvent::Applied(vec![object]));
    }
    tell(state, FeedEvent::Listed);
}

fn meta(namespace: &str, name: &str) -> Meta {
    Meta {
        cluster: PROMETHEUS,
        namespace: Name::new(namespace),
        name: Name::new(name),
        uid: Uid::new(PROMETHEUS, name),
        resource_version: Arc::from(""),
        generation: 0,
        created: None,
        deleting: None,
        owner: None,
    }
}

/// An objective whose budget is consumed to this share, with burn rates over 5m, 30m, 1h, 2h, 6h, 1d, 3d.
pub fn slo(service: &str, name: &str, percent: &str, consumed: f64, rates: [f64; 7]) -> Slo {
    let objective = budget::of_percent(percent).unwrap();
    let id = format!("{service}-{name}");
    let windows = ["5m", "30m", "1h", "2h", "6h", "1d", "3d"];
    let rate = |window: &str| Reading::Value(rates[windows.iter().position(|name| *name == window).unwrap()]);
    let burns = TABLE.iter().map(|row| Burn {
        severity: row.severity,
        short: Safe::of(row.names.1),
        long: Safe::of(row.names.0),
        short_rate: rate(row.names.1),
        long_rate: rate(row.names.0),
        threshold: row.threshold(MONTH),
        few: None,
    });
    let history =
        (0..240).map(|at| (!(60..72).contains(&at)).then(|| 1.0 - consumed * (f64::from(at) / 239.0).powi(3)));
    Slo {
        meta: meta(service, &id),
        service: Safe::line(service),
        name: Safe::line(name),
        extras: Vec::new(),
        objective,
        window: MONTH,
        window_text: Safe::of("30d"),
        rolling: true,
        period: None,
        source: SloSource::Sloth,
        method: "mean of ratios",
        figures: Reading::Value(budget::of_consumed(objective, consumed, MONTH, Some(rates[0]))),
        burns: burns.collect(),
        rates: ["5m", "1h", "6h"].iter().map(|window| (Safe::of(window), rate(window))).collect(),
        at: Some(ago(12)),
        queries: vec![
            (Safe::of("consumed"), Safe::line(&format!("slo:period_burn_rate:ratio{{sloth_id=\"{id}\"}}"))),
            (Safe::of("error ratio"), Safe::line(&format!("slo:sli_error:ratio_rate5m{{sloth_id=\"{id}\"}}"))),
        ],
        history: history.collect(),
    }
}

fn burning() -> Slo {
    slo("checkout", "availability", "99.9", 0.386, [3.1, 2.6, 2.1, 1.4, 0.7, 0.5, 0.4])
}

fn calm() -> Slo {
    slo("search", "latency", "99.5", 0.02, [0.1, 0.1, 0.1, 0.1, 0.1, 0.1, 0.1])
}

fn paging() -> Slo {
    slo("payments", "availability", "99.95", 0.963, [16.0, 15.8, 15.0, 9.0, 4.0, 2.0, 1.2])
}

fn with(mut slo: Slo, figures: Reading<Figures>) -> Object {
    slo.figures = figures;
    Object::Slo(Arc::new(slo))
}

fn alert(name: &str, firing: bool, slo: &str) -> Object {
    Object::Alert(Arc::new(Alert {
        meta: meta("checkout", name),
        firing,
        severity: Safe::of("page"),
        since: Some(ago(190)),
        summary: Safe::of("checkout burns its error budget too fast"),
        slo: Some(Safe::line(slo)),
        labels: Vec::new(),
    }))
}

/// Three objectives, two alerts, and what the deploy of checkout cost.
pub fn budgets() -> State {
    let mut state = with_prometheus(world::deploying());
    let objects = vec![
        Object::Slo(Arc::new(calm())),
        Object::Slo(Arc::new(burning())),
        with(
            slo("payments", "availability", "99.95", 0.119, [0.0; 7]),
            Reading::NoData {
                since: Some(ago(420)),
                last: Some(budget::of_consumed(burning().objective, 0.119, MONTH, None)),
            },
        ),
        alert("CheckoutErrorBudgetBurn", true, "checkout-availability"),
        alert("CheckoutSlowBurn", false, "checkout-availability"),
    ];
    list(&mut state, objects);
    spend(&mut state, "checkout-availability", 0.0081);
    state
}

/// All that Prometheus told, as one would whose clock is off by so much.
pub fn shift(state: &mut State, by: jiff::SignedDuration) {
    let later = |at: &mut Timestamp| *at += by;
    let slos = state.world.slos.rows().iter().map(|row| {
        let mut slo = Slo::clone(row);
        slo.at.iter_mut().for_each(later);
        if let Reading::NoData { since, .. } | Reading::NoTraffic { since, .. } = &mut slo.figures {
            since.iter_mut().for_each(later);
        }
        Object::Slo(Arc::new(slo))
    });
    let alerts = state.world.alerts.rows().iter().map(|row| {
        let mut alert = Alert::clone(row);
        alert.since.iter_mut().for_each(later);
        Object::Alert(Arc::new(alert))
    });
    let objects = slos.chain(alerts).collect();
    list(state, objects);
    let rollout = world::rollout(state, "checkout", "production");
    let rows: Vec<_> =
        state.world.details.comparisons(&rollout.uid).map(|compared| Comparison::clone(&compared.row)).collect();
    for mut row in rows {
        later(&mut row.at);
        state.world.apply(&feed(Kind::Slo), HEARD, FeedEvent::Detail(Detail::Comparison(Box::new(row))));
    }
}

pub fn spend(state: &mut State, slo: &str, spent: f64) {
    let uid = Uid::new(PROMETHEUS, slo);
    let since = slos::since_deploy(state, &uid).expect("a rollout of its service");
    let spent = Spent { slo: uid, since, spent: Reading::Value(spent) };
    state.world.apply(&feed(Kind::Slo), HEARD, FeedEvent::Detail(Detail::Spent(spent)));
}

#[test]
fn the_deck_shows_the_least_budget_first() {
    let mut state = budgets();
    compare!("budget-160x48", shot(&state, FULL));
    state.ui.pane = Pane::Budget;
    compare!("budget-80x24", shot(&state, SMALL));
    state.ui.pane = Pane::Canary;
    let small = text(&draw(&state, &theme("mono"), SMALL));
    assert!(small.contains("error budget  checkout 61.4 % left, burning 3.1×   1 without a figure"), "{small}");
}

/// Each reading looks different, and only a value looks like one.
#[test]
fn every_kind_of_no_value_is_told_apart() {
    let known = || budget::of_consumed(burning().objective, 0.119, MONTH, None);
    let why = Safe::of("connection refused");
    let readings = [
        Reading::Value(known()),
        Reading::NoTraffic { since: Some(ago(1020)), last: Some(known()) },
        Reading::NoData { since: Some(ago(420)), last: Some(known()) },
        Reading::NoData { since: None, last: None },
        Reading::Stale { at: ago(260), last: known() },
        Reading::Unreachable { why: why.clone(), last: Some(known()) },
        Reading::Unreachable { why, last: None },
        Reading::Partial { why: Safe::of("store-2 did not answer"), last: known() },
        Reading::Immature { coverage: 0.4381, last: known() },
        Reading::Invalid { why: Safe::of("the value is negative: more good events than all") },
    ];
    let mut state = with_prometheus(world::deploying());
    let objects = readings
        .into_iter()
        .enumerate()
        .map(|(at, reading)| with(slo(&format!("service{at}"), "availability", "99.9", 0.119, [0.2; 7]), reading));
    list(&mut state, objects.collect());
    state.ui.pane = Pane::Budget;
    compare!("budget-readings-119x60", shot(&state, (119, 60)));
    let state = at(state, Place::Slo);
    compare!("slos-readings-160x48", shot(&state, FULL));
    compare!("slos-readings-80x24", shot(&state, SMALL));
}

#[test]
fn a_budget_that_is_nearly_gone_is_loud() {
    let mut state = with_prometheus(world::deploying());
    let overspent = slo("web", "availability", "99.9", 1.4512, [0.0; 7]);
    list(&mut state, vec![Object::Slo(Arc::new(paging())), Object::Slo(Arc::new(overspent))]);
    state.ui.pane = Pane::Budget;
    compare!("budget-gone-80x24", shot(&state, SMALL));
}

#[test]
fn the_list_and_the_page_of_one() {
    let state = at(budgets(), Place::Slo);
    compare!("slos-160x48", shot(&state, FULL));
    compare!("slos-80x24", shot(&state, SMALL));
    let id = burning().id();
    let state = at(budgets(), Place::Objective(id));
    compare!("objective-160x48", shot(&state, FULL));
    compare!("objective-80x24", shot(&state, SMALL));
    compare!("objective-300x100", shot(&state, WIDE));
}

#[test]
fn states_of_the_source() {
    let none = at(world::deploying(), Place::Slo);
    compare!("slos-not-configured-80x24", shot(&none, SMALL));
    let waiting = at(with_prometheus(world::deploying()), Place::Slo);
    compare!("slos-loading-80x24", shot(&waiting, SMALL));
    let told = |event: FeedEvent| {
        let mut state = with_prometheus(world::deploying());
        tell(&mut state, event);
        at(state, Place::Slo)
    };
    let denied = FeedStatus::Denied { message: Safe::of("403 Forbidden: the token is not allowed to read") };
    compare!("slos-denied-80x24", shot(&told(FeedEvent::Status(denied)), SMALL));
    let failed = FeedStatus::Failed {
        message: Safe::of("it answers HTML, not Prometheus' JSON: is a proxy in the way?"),
        retry_at: Some(HEARD + Duration::from_secs(12)),
    };
    compare!("slos-failed-80x24", shot(&told(FeedEvent::Status(failed)), SMALL));
    let mut empty = with_prometheus(world::deploying());
    list(&mut empty, Vec::new());
    compare!("slos-empty-80x24", shot(&at(empty, Place::Slo), SMALL));
    let mut stale = budgets();
    let status = FeedStatus::Stale {
        since: HEARD.checked_sub(Duration::from_secs(41)).unwrap(),
        message: Safe::of("connection refused"),
        retry_at: Some(HEARD + Duration::from_secs(12)),
    };
    tell(&mut stale, FeedEvent::Status(status));
    stale.ui.pane = Pane::Budget;
    compare!("budget-stale-80x24", shot(&stale, SMALL));
    compare!("slos-stale-80x24", shot(&at(stale, Place::Slo), SMALL));
}

/// Few requests and both rates over the threshold: said where the burn is, and no alarm.
#[test]
fn a_burn_of_few_events_says_so() {
    let mut few = paging();
    few.figures = Reading::Value(budget::of_consumed(few.objective, 0.3, MONTH, Some(16.0)));
    for burn in few.burns.iter_mut().filter(|burn| burn.is_over()) {
        burn.few = Some(1_234);
    }
    let report = |state: &State| serde_json::to_value(quarterdeck::state::report::report(state)).unwrap();
    let mut state = with_prometheus(world::deploying());
    list(&mut state, vec![Object::Slo(Arc::new(few.clone()))]);
    let burn = &report(&state)["slos"][0]["burn"][0];
    assert_eq!((burn["firing"].as_bool(), burn["low_events"].as_u64()), (Some(false), Some(1_234)), "{burn}");
    for place in [Place::Deck, Place::Slo, Place::Objective(few.id())] {
        let screen = text(&draw(&at(state.clone(), place.clone()), &theme("mono"), FULL));
        assert!(screen.contains("LOW n=1 234"), "{place:?}: {screen}");
        assert!(!screen.contains("critical") && !screen.contains("fires"), "{place:?}: {screen}");
    }
}

/// The month: what it is called, how it is projected, when it begins anew.
#[test]
fn a_calendar_window_is_told_as_one() {
    let mut month = calm();
    let days = |days: u64| Duration::from_hours(24 * days);
    let period = quarterdeck::model::slo::Period { elapsed: days(10), length: days(30) };
    (month.rolling, month.period, month.window_text) = (false, Some(period), Safe::of("1M"));
    month.figures = Reading::Value(budget::of_calendar(month.objective, 0.006, period, Some(1.2)));
    let mut state = with_prometheus(world::deploying());
    list(&mut state, vec![Object::Slo(Arc::new(month.clone()))]);
    let page = text(&draw(&at(state.clone(), Place::Objective(month.id())), &theme("mono"), FULL));
    for words in ["99.5 % this month", "consumed 40.0 % projected, 120.0 % to date", "empty in 15d", "resets in 20d"] {
        assert!(page.contains(words), "{words}: {page}");
    }
    // At half the pace the month ends first.
    month.figures = Reading::Value(budget::of_calendar(month.objective, 0.006, period, Some(0.6)));
    list(&mut state, vec![Object::Slo(Arc::new(month.clone()))]);
    let page = text(&draw(&at(state, Place::Objective(month.id())), &theme("mono"), FULL));
    assert!(page.contains("resets in 20d") && !page.contains("empty in"), "{page}");
}

/// Two objectives of one id are told apart by a label, and so are their alerts.
#[test]
fn an_alert_of_two_objectives_of_one_id_is_of_its_own() {
    let two = |cluster: &str| {
        let mut slo = burning();
        slo.meta = meta("checkout", &format!("checkout-availability{{cluster=\"{cluster}\"}}"));
        slo.extras = vec![(Safe::of("cluster"), Safe::line(cluster))];
        slo
    };
    let about = |name: &str, labels: &[(&'static str, &str)]| {
        let Object::Alert(alert) = alert(name, true, "checkout-availability") else { panic!("an alert") };
        let mut alert = Alert::clone(&alert);
        alert.labels = labels.iter().map(|(name, value)| (Safe::of(name), Safe::line(value))).collect();
        Object::Alert(Arc::new(alert))
    };
    let mut state = with_prometheus(world::deploying());
    let (a, b) = (two("a"), two("b"));
    let alerts = [about("OfA", &[("cluster", "a")]), about("OfBoth", &[])];
    let objects = [&a, &b].map(|slo| Object::Slo(Arc::new(slo.clone())));
    list(&mut state, objects.into_iter().chain(alerts).collect());
    let named = |slo: &Slo| -> Vec<String> {
        slos::alerts_of(&state, slo).iter().map(|alert| alert.meta.name.raw().to_owned()).collect()
    };
    assert_eq!((named(&a), named(&b)), (vec!["OfA".to_owned(), "OfBoth".to_owned()], vec!["OfBoth".to_owned()]));
    // Another objective whose name only begins so has none of them.
    assert!(named(&slo("checkout", "availability2", "99.9", 0.1, [0.0; 7])).is_empty());
}

/// Which rollout spends a service's budget is found once after a change, not for every gauge of a frame.
#[test]
fn the_rollouts_of_services_are_found_once_after_a_change() {
    use quarterdeck::state::derived;
    let mut state = budgets();
    quarterdeck::update::settle(&mut state);
    let first = derived::deploys(&state);
    assert!(first.contains_key("checkout") && Arc::ptr_eq(&first, &derived::deploys(&state)));
    quarterdeck::update::settle(&mut state);
    assert!(Arc::ptr_eq(&first, &derived::deploys(&state)));
    let id = world::rollout(&state, "checkout", "production");
    let feed = FeedId { cluster: id.cluster, kind: Kind::Rollout, namespace: Some(id.namespace) };
    let changed = Arc::clone(state.world.rollouts.get(&id.uid).unwrap());
    let mut changed = quarterdeck::model::rollouts::Rollout::clone(&changed);
    changed.paused = !changed.paused;
    state.world.apply(&feed, HEARD, FeedEvent::Applied(vec![Object::Rollout(Arc::new(changed))]));
    assert!(!Arc::ptr_eq(&first, &derived::deploys(&state)));
}
