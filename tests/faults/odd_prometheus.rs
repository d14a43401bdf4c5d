//! A Prometheus that is well but for one thing: that one thing is all that is lost.

use quarterdeck::model::Kind;
use quarterdeck::model::slo::Exhaustion;
use quarterdeck::model::source::FeedStatus;
use serde_json::{Value, json};

use super::prometheus::{ID, Run, Says, WELL, is_value, labels, parameter, prometheus, quickly};
use super::server::{Reply, Request, Server};
use super::support::block_on;

fn reply(body: &Value) -> Reply {
    Reply::Whole(200, "Content-Type: application/json\r\n".to_owned(), body.to_string())
}

/// The answer with something in it changed.
fn changed(says: Reply, change: impl Fn(&mut Value)) -> Reply {
    let Reply::Whole(_, _, body) = says else { return says };
    let mut body: Value = serde_json::from_str(&body).unwrap();
    change(&mut body);
    reply(&body)
}

fn is_of_series(request: &Request) -> bool {
    request.path.contains("/query") && parameter(request, "query").starts_with("{__name__")
}

/// Adds an objective with this window.
fn with_window(id: &'static str, days: &'static str) -> impl Fn(&mut Value) {
    move |body| {
        let list = body["data"]["result"].as_array_mut().unwrap();
        for (name, value) in [("sloth_slo_info", "1"), ("slo:time_period:days", days)] {
            let mut labels = labels(Some(name), None);
            labels["sloth_id"] = id.into();
            labels["sloth_objective"] = "99.9".into();
            list.push(json!({ "metric": labels, "value": [1.0, value] }));
        }
    }
}

#[test]
fn a_span_that_is_none_costs_its_own_objective() {
    block_on(async {
        for days in ["+Inf", "1e16", "1e300", "-1", "0", "NaN"] {
            let says = prometheus(WELL);
            let server = Server::answering(move |request| {
                let said = says(request);
                if request.path.starts_with("/api/v1/rules") {
                    return changed(said, |body| body["data"]["groups"][0]["interval"] = json!(1e300));
                }
                if is_of_series(request) { changed(said, with_window("odd", days)) } else { said }
            })
            .await;
            let mut run = Run::start(&server.url, &[], quickly());
            let at = run.until_slo(ID, |slo| slo.figures.shown().is_some()).await.at;
            run.until_slo(ID, |slo| slo.at > at).await;
            assert!(run.slo("odd").is_none(), "{days}");
            run.end().await;
        }
    });
}

#[test]
fn a_window_of_half_a_day_is_written_in_whole_numbers() {
    block_on(async {
        let says = prometheus(WELL);
        let server = Server::answering(move |request| {
            let said = says(request);
            if is_of_series(request) { changed(said, with_window("half", "0.5")) } else { said }
        })
        .await;
        let mut run = Run::start(&server.url, &[], quickly());
        run.until_slo(ID, is_value).await;
        let asked: Vec<String> = server.requests().iter().map(|request| parameter(request, "query")).collect();
        assert!(asked.iter().any(|query| query.contains("[12h]")), "{asked:#?}");
        assert!(!asked.iter().any(|query| query.contains("0.5d]")), "{asked:#?}");
        assert_eq!(run.slo("half").unwrap().window_text.as_str(), "12h");
        run.end().await;
    });
}

/// How fast it burns is not known: neither is when nothing is left, and that is not "never".
#[test]
fn a_burn_without_a_value_leaves_the_time_to_exhaustion_unknown() {
    block_on(async {
        let server = Server::answering(prometheus(Says { age: 200.0, ..WELL })).await;
        let mut run = Run::start(&server.url, &[], quickly());
        let slo = run.until_slo(ID, |slo| slo.figures.as_str() == "stale").await;
        assert_eq!(slo.figures.shown().unwrap().exhausted_in, Exhaustion::Unknown);
        server.answer(prometheus(Says { ratio: "0", ..WELL }));
        run.refresh();
        let slo = run.until_slo(ID, is_value).await;
        assert_eq!(slo.figures.value().unwrap().exhausted_in, Exhaustion::Never);
        run.end().await;
    });
}

const FILE: &str = "apiVersion: openslo/v1
kind: SLO
metadata: { name: search-availability }
spec:
  service: search
  budgetingMethod: Occurrences
  timeWindow: [{ duration: 30d, isRolling: true }]
  indicator:
    metadata: { name: search-5xx }
    spec:
      ratioMetric:
        counter: true
        bad: { metricSource: { type: Prometheus, spec: { query: 'bad' } } }
        total: { metricSource: { type: Prometheus, spec: { query: 'all' } } }
  objectives: [{ targetPercent: 99.9 }]
";

/// The query of a file's objective is refused, or takes too long: the others are read.
#[test]
fn an_objective_that_cannot_be_read_costs_no_other() {
    let (specs, problems) = quarterdeck::slo::openslo::parse(FILE);
    assert!(problems.is_empty(), "{problems:?}");
    block_on(async {
        for (code, wanted) in [(400, "invalid"), (422, "unreachable"), (500, "unreachable")] {
            let says = prometheus(WELL);
            let server = Server::answering(move |request| {
                let own = request.path.contains("/query") && parameter(request, "query").contains("increase(bad");
                if own { Reply::Whole(code, String::new(), String::new()) } else { says(request) }
            })
            .await;
            let mut run = Run::start(&server.url, &specs, quickly());
            let slo = run.until_slo("search-availability", |_| true).await;
            assert_eq!(slo.figures.as_str(), wanted, "{code}");
            run.until_slo(ID, is_value).await;
            run.end().await;
        }
    });
}

/// An answer without its list says nothing: what is known stays, and the feed says what is wrong.
#[test]
fn an_answer_without_its_list_wipes_nothing() {
    block_on(async {
        let alert = json!({ "labels": { "alertname": "Burns" }, "annotations": {}, "state": "firing" });
        let whole = reply(&json!({ "status": "success", "data": { "alerts": [alert] } }));
        let warned = json!({ "status": "success", "data": { "alerts": [] }, "warnings": ["a store is gone"] });
        for odd in [json!({ "status": "success", "data": {} }), json!({ "status": "success" }), warned] {
            let (says, first) = (prometheus(WELL), whole.clone());
            let server = Server::answering(move |request| {
                if request.path.starts_with("/api/v1/alerts") { first.clone() } else { says(request) }
            })
            .await;
            let mut run = Run::start(&server.url, &[], quickly());
            run.until(|run| !run.world.alerts.rows().is_empty()).await;
            let says = prometheus(WELL);
            server.answer(
                move |request| {
                    if request.path.starts_with("/api/v1/alerts") { reply(&odd) } else { says(request) }
                },
            );
            run.refresh();
            run.until(|run| matches!(run.status(Kind::Alert), FeedStatus::Stale { .. })).await;
            assert_eq!(run.world.alerts.rows().len(), 1);
            run.end().await;
        }
        assert!(quarterdeck::systems::prometheus::ingest::rules(br#"{"status":"success","data":{}}"#).is_err());
    });
}

/// A label that changes makes no second objective that hides the live one.
#[test]
fn a_label_that_changes_hides_no_live_objective() {
    block_on(async {
        let server = Server::answering(prometheus(WELL)).await;
        let mut run = Run::start(&server.url, &[], quickly());
        let at = run.until_slo(ID, is_value).await.at;
        let says = prometheus(WELL);
        server.answer(move |request| {
            changed(says(request), |body| {
                for one in body["data"]["result"].as_array_mut().into_iter().flatten() {
                    one["metric"]["zone"] = "west".into();
                }
            })
        });
        run.refresh();
        let slo = run.until_slo(ID, |slo| slo.at > at).await;
        let slo = if is_value(&slo) { slo } else { run.until_slo(ID, is_value).await };
        let at = slo.at;
        let slo = run.until_slo(ID, |slo| slo.at > at).await;
        assert!(is_value(&slo), "{:?}", slo.figures);
        run.end().await;
    });
}

/// Two objectives of one id: the rules, the intervals and what is counted of each are its own.
#[test]
fn two_objectives_of_one_id_have_rules_of_their_own() {
    let rule = |cluster: &str, window: &str, query: &str| {
        let mut labels = labels(None, Some(window));
        labels["cluster"] = cluster.into();
        json!({ "type": "recording", "name": format!("slo:sli_error:ratio_rate{window}"), "query": query, "labels": labels })
    };
    let alert = json!({
        "type": "alerting", "name": "Burns", "labels": { "sloth_severity": "page" },
        "query": format!("(slo:sli_error:ratio_rate5m{{sloth_id=\"{ID}\"}} > (13 * 0.001)) and (slo:sli_error:ratio_rate1h{{sloth_id=\"{ID}\"}} > (13 * 0.001))"),
    });
    let group = |cluster: &str, interval: u64| {
        let query = format!("bad_of_{cluster} / all_of_{cluster}");
        json!({ "name": cluster, "interval": interval, "rules": [rule(cluster, "5m", &query), alert] })
    };
    let body = json!({ "status": "success", "data": { "groups": [group("a", 30), group("b", 60)] } });
    let (rules, _) = quarterdeck::systems::prometheus::ingest::rules(body.to_string().as_bytes()).unwrap();
    let rules = quarterdeck::systems::prometheus::rules::Rules::of(&rules);
    for (cluster, interval) in [("a", 30), ("b", 60)] {
        let mut labels = labels(Some("slo:sli_error:ratio_rate5m"), Some("5m"));
        // A label more, as a server in front of several adds it.
        (labels["cluster"], labels["zone"]) = (cluster.into(), "west".into());
        let data = json!({ "resultType": "vector", "result": [{ "metric": labels, "value": [1.0, "1"] }] });
        let series = json!({ "status": "success", "data": data }).to_string();
        let told = quarterdeck::systems::prometheus::ingest::told(series.as_bytes()).unwrap();
        let times = quarterdeck::systems::prometheus::discover::times(&told.series);
        let (key, _) = times.keys().next().unwrap();
        let of = rules.get(key).unwrap();
        assert_eq!(of.interval, Some(std::time::Duration::from_secs(interval)), "{cluster}");
        assert_eq!(of.ratio_5m, Some(format!("bad_of_{cluster} / all_of_{cluster}")));
        assert_eq!(of.alerts.len(), 1, "{:?}", of.alerts);
    }
}
