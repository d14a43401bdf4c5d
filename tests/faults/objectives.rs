//! Objectives of files at a Prometheus that answers each question by the label it carries: some in each
//! request, one at fault alone, few events, nobody asking, the chart.

use std::collections::BTreeMap;

use jiff::Timestamp;
use quarterdeck::model::interest::Interest;
use quarterdeck::model::slo::{ObjectiveSpec, Reading};
use quarterdeck::slo::openslo;
use serde_json::{Value, json};

use super::prometheus::{Run, is_value, labels, parameter, prometheus, quickly, vector};
use super::server::{Reply, Request, Server};
use super::support::block_on;

const FILE: &str = "apiVersion: openslo/v1
kind: SLO
metadata: { name: search-NUMBER }
spec:
  service: search
  budgetingMethod: Occurrences
  timeWindow: [{ duration: 30d, isRolling: true }]
  indicator:
    metadata: { name: search-5xx }
    spec:
      ratioMetric:
        counter: true
        bad: { metricSource: { type: Prometheus, spec: { query: 'bad{n=\"NUMBER\"}' } } }
        total: { metricSource: { type: Prometheus, spec: { query: 'all{n=\"NUMBER\"}' } } }
  objectives: [{ targetPercent: 99.9 }]
";

fn objectives(count: usize) -> Vec<ObjectiveSpec> {
    let text: Vec<String> = (0..count).map(|number| FILE.replace("NUMBER", &number.to_string())).collect();
    let (specs, problems) = openslo::parse(&text.join("---\n"));
    assert!(problems.is_empty(), "{problems:?}");
    specs
}

/// The labels by which the parts of a question are told apart.
fn marks(query: &str) -> Vec<String> {
    let rest = query.split("\"quarterdeck\", \"").skip(1);
    rest.map(|rest| rest.split('"').next().unwrap().to_owned()).collect()
}

/// What every objective has, in every window.
#[derive(Clone, Copy)]
struct Has {
    ratio: Option<f64>,
    failed: f64,
    all: f64,
    /// Seconds since the last number of its 5m ratio.
    idle: f64,
    /// The counters are gone: nothing of the last minutes, and `increase` over 30 d still sees them.
    gone: bool,
}

const CALM: Has = Has { ratio: Some(0.0004), failed: 2.0, all: 5000.0, idle: 0.0, gone: false };

fn value(has: Has, at: f64, mark: &str, query: &str) -> Option<f64> {
    if query.contains("max_over_time(timestamp(") {
        return Some(at - has.idle);
    }
    if has.gone && mark.ends_with(" 5m") {
        return None;
    }
    match mark.split(' ').find(|word| word.parse::<u64>().is_err())? {
        "ratio" => has.ratio,
        "failed" => Some(has.failed),
        "all" => Some(has.all),
        "points" => Some(720.0),
        _ => None,
    }
}

/// Answers every part; `amiss` may answer a question otherwise.
fn answering(
    has: Has,
    amiss: impl Fn(&str) -> Option<Reply> + Send + Sync + 'static,
) -> impl Fn(&Request) -> Reply + Send + Sync + 'static {
    let rest = prometheus(super::prometheus::Says { gone: true, ..super::prometheus::WELL });
    move |request| {
        let query = parameter(request, "query");
        if !request.path.contains("/query") || marks(&query).is_empty() {
            return rest(request);
        }
        if let Some(reply) = amiss(&query) {
            return reply;
        }
        let at: f64 = parameter(request, "time").parse().unwrap_or_default();
        let parts = marks(&query).into_iter().filter_map(|mark| {
            // An instant question about idle spells is marked with the number alone.
            let value = value(has, at, &mark, &query).or_else(|| query.contains("timestamp(").then_some(at))?;
            let mut labels = labels(None, None);
            labels["quarterdeck"] = mark.as_str().into();
            Some(json!({ "metric": labels, "value": [at, value.to_string()] }))
        });
        vector(&parts.collect::<Vec<Value>>(), &[])
    }
}

/// Questions about the files' objectives, by their evaluation time: how many objectives each asks of.
fn asked(server: &Server) -> BTreeMap<String, Vec<usize>> {
    let mut turns: BTreeMap<String, Vec<usize>> = BTreeMap::new();
    for request in server.requests() {
        let query = parameter(&request, "query");
        let of: std::collections::BTreeSet<String> =
            query.split("bad{n=\"").skip(1).map(|rest| rest.split('"').next().unwrap().to_owned()).collect();
        if !of.is_empty() && query.contains(" ratio ") {
            turns.entry(parameter(&request, "time")).or_default().push(of.len());
        }
    }
    turns
}

#[test]
fn many_objectives_are_read_in_few_requests() {
    block_on(async {
        let specs = objectives(30);
        let server = Server::answering(answering(CALM, |_| None)).await;
        let mut run = Run::start(&server.url, &specs, quickly());
        for number in 0..30 {
            run.until_slo(&format!("search-{number}"), is_value).await;
        }
        let turns = asked(&server);
        let (_, first) = turns.first_key_value().unwrap();
        assert_eq!(first.iter().sum::<usize>(), 30, "{turns:?}");
        assert!(first.len() <= 3, "{turns:?}");
        run.end().await;
    });
}

/// One of many is refused, takes too long, or is warned about: it alone suffers, and is asked alone
/// from then on.
#[test]
fn one_at_fault_costs_no_other_and_is_asked_alone() {
    block_on(async {
        let warned = |query: &str| {
            let parts = marks(query).into_iter().map(|mark| {
                let mut labels = labels(None, None);
                labels["quarterdeck"] = mark.as_str().into();
                let value = if mark.contains("points") { "720" } else { "0.0004" };
                json!({ "metric": labels, "value": [1.0, value] })
            });
            vector(&parts.collect::<Vec<Value>>(), &["a store is gone"])
        };
        for (code, wanted) in [(400, "invalid"), (422, "unreachable"), (500, "unreachable"), (200, "partial")] {
            let specs = objectives(8);
            let amiss = move |query: &str| {
                let own = query.contains("bad{n=\"5\"");
                own.then(|| if code == 200 { warned(query) } else { Reply::Whole(code, String::new(), String::new()) })
            };
            let server = Server::answering(answering(CALM, amiss)).await;
            let mut run = Run::start(&server.url, &specs, quickly());
            let slo = run.until_slo("search-5", |slo| slo.figures.as_str() == wanted).await;
            for number in [0, 4, 6, 7] {
                run.until_slo(&format!("search-{number}"), is_value).await;
            }
            let at = slo.at;
            run.until_slo("search-5", |slo| slo.at > at).await;
            let turns = asked(&server);
            let mut last = turns.last_key_value().unwrap().1.clone();
            last.sort_unstable();
            assert!(last == [1, 7] || turns.values().any(|turn| turn.len() == 2), "{code}: {turns:?}");
            // It does well again, and is asked with the others.
            server.answer(answering(CALM, |_| None));
            run.refresh();
            run.until_slo("search-5", is_value).await;
            run.end().await;
        }
    });
}

/// slo.md §1.5: both rates are over a threshold, of 40 requests.
#[test]
fn a_burn_of_few_events_does_not_fire_and_says_of_how_many() {
    block_on(async {
        let specs = objectives(1);
        let few = Has { ratio: Some(0.02), failed: 0.8, all: 40.0, ..CALM };
        let server = Server::answering(answering(few, |_| None)).await;
        let mut run = Run::start(&server.url, &specs, quickly());
        let slo = run.until_slo("search-0", is_value).await;
        let page = &slo.burns[0];
        assert!(page.is_over() && !page.is_firing(), "{page:?}");
        assert_eq!((page.few, slo.few()), (Some(40), Some(40)));
        server.answer(answering(Has { failed: 100.0, all: 5000.0, ..few }, |_| None));
        let slo = run.until_slo("search-0", |slo| slo.burns[0].is_firing()).await;
        assert_eq!(slo.few(), None);
        // Enough requests, too few failures: 4 of 200.
        server.answer(answering(Has { failed: 4.0, all: 200.0, ..few }, |_| None));
        run.until_slo("search-0", |slo| slo.few() == Some(200)).await;
        // What cannot be counted is not doubted.
        let uncounted =
            |query: &str| query.contains(" failed").then(|| Reply::Whole(422, String::new(), String::new()));
        server.answer(answering(few, uncounted));
        run.until_slo("search-0", |slo| slo.burns[0].is_firing()).await;
        run.end().await;
    });
}

#[test]
fn an_objective_that_nobody_asks_for_says_since_when() {
    block_on(async {
        let specs = objectives(1);
        let idle = Has { ratio: None, failed: 0.0, all: 0.0, idle: 720.0, gone: false };
        let server = Server::answering(answering(idle, |_| None)).await;
        let mut run = Run::start(&server.url, &specs, quickly());
        let known =
            |slo: &quarterdeck::model::slo::Slo| matches!(slo.figures, Reading::NoTraffic { since: Some(_), .. });
        let slo = run.until_slo("search-0", known).await;
        let since = slo.idle_since().unwrap();
        let asked: Vec<f64> = server
            .requests()
            .iter()
            .filter(|request| parameter(request, "query").contains("max_over_time(timestamp("))
            .map(|request| parameter(request, "time").parse().unwrap())
            .collect();
        // 5 m of requests are seen in the last number.
        let wanted = Timestamp::from_second(asked[0] as i64 - 720 - 300).unwrap();
        assert_eq!(since, wanted);
        // Asked once for each spell.
        let at = slo.at;
        let slo = run.until_slo("search-0", |slo| slo.at > at).await;
        assert_eq!(slo.idle_since(), Some(since));
        let times = |server: &Server| {
            let about = |request: &&Request| parameter(request, "query").contains("max_over_time(timestamp(");
            server.requests().iter().filter(about).count()
        };
        assert_eq!(times(&server), 1);
        server.answer(answering(CALM, |_| None));
        run.refresh();
        let slo = run.until_slo("search-0", is_value).await;
        assert_eq!(slo.idle_since(), None);
        run.end().await;
    });
}

/// What is counted over a month outlives its counters.
#[test]
fn an_objective_whose_counters_are_gone_has_no_data() {
    block_on(async {
        let specs = objectives(1);
        let server = Server::answering(answering(CALM, |_| None)).await;
        let mut run = Run::start(&server.url, &specs, quickly());
        run.until_slo("search-0", is_value).await;
        server.answer(answering(Has { gone: true, ..CALM }, |_| None));
        let slo = run.until_slo("search-0", |slo| !is_value(slo)).await;
        assert!(matches!(slo.figures, Reading::NoData { since: Some(_), last: Some(_) }), "{:?}", slo.figures);
        run.end().await;
    });
}

/// The chart of an objective of a file is made of what each step counted.
#[test]
fn an_objective_of_a_file_has_a_chart() {
    block_on(async {
        let specs = objectives(1);
        let says = answering(CALM, |_| None);
        let server = Server::answering(move |request| {
            if !request.path.contains("/query_range") {
                return says(request);
            }
            let number = |name: &str| parameter(request, name).parse::<f64>().unwrap() as i64;
            let (start, end, step) = (number("start"), number("end"), number("step"));
            let times: Vec<i64> = (0..=(end - start) / step).map(|at| start + at * step).collect();
            // Half of the steps of the last window failed once in 1 000 requests.
            let series = |mark: &str, of: &dyn Fn(usize) -> f64| {
                let values: Vec<Value> =
                    times.iter().enumerate().map(|(at, time)| json!([time, of(at).to_string()])).collect();
                json!({ "metric": { "quarterdeck": mark }, "values": values })
            };
            let failed = series("failed", &|at| if at >= 360 { 1.0 } else { 0.0 });
            let all = series("all", &|_| 1000.0);
            let data = json!({ "resultType": "matrix", "result": [failed, all] });
            let body = json!({ "status": "success", "data": data });
            Reply::Whole(200, "Content-Type: application/json\r\n".to_owned(), body.to_string())
        })
        .await;
        let mut run = Run::start(&server.url, &specs, quickly());
        let slo = run.until_slo("search-0", is_value).await;
        run.look_at(Interest { history: Some(slo.meta.uid.clone()), ..Interest::default() });
        let slo = run.until_slo("search-0", |slo| !slo.history.is_empty()).await;
        let known: Vec<f64> = slo.history.iter().flatten().copied().collect();
        assert_eq!(known.len(), 240);
        assert!((known[0] - 1.0).abs() < 1e-9, "nothing was spent before: {}", known[0]);
        assert!((known[239] - 0.5).abs() < 1e-9, "half of a budget of one in 1 000: {}", known[239]);
        run.end().await;
    });
}

/// What a deploy cost is counted like everything else: a part of an answer, two series where one is
/// wanted, and more good events than all are no figure.
#[test]
fn what_a_deploy_cost_is_doubted_as_any_answer() {
    block_on(async {
        let specs = objectives(1);
        let table: [(&[f64], &[&str], &str); 4] = [
            (&[2.0], &[], "value"),
            (&[2.0], &["a store is gone"], "partial"),
            (&[2.0, 3.0], &[], "invalid"),
            (&[-4.0], &[], "invalid"),
        ];
        for (failed, warnings, wanted) in table {
            let says = answering(CALM, |_| None);
            let server = Server::answering(move |request| {
                let query = parameter(request, "query");
                if !marks(&query).is_empty() || !request.path.contains("/query") {
                    return says(request);
                }
                let counts: &[f64] = if query.contains("bad{n=") { failed } else { &[5000.0] };
                let one = |(number, count): (usize, &f64)| {
                    json!({ "metric": { "pod": number.to_string() }, "value": [1.0, count.to_string()] })
                };
                vector(&counts.iter().enumerate().map(one).collect::<Vec<Value>>(), warnings)
            })
            .await;
            let mut run = Run::start(&server.url, &specs, quickly());
            let slo = run.until_slo("search-0", is_value).await;
            let (uid, since) = (slo.meta.uid.clone(), slo.at.unwrap() - jiff::SignedDuration::from_mins(10));
            run.look_at(Interest { spent: vec![(uid.clone(), since)], ..Interest::default() });
            run.until(|run| run.world.details.spent(&uid, since).is_some()).await;
            let spent = run.world.details.spent(&uid, since).unwrap();
            assert_eq!(spent.as_str(), wanted, "{failed:?} {warnings:?}: {spent:?}");
            run.end().await;
        }
    });
}
