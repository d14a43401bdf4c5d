//! Whatever is not a good answer of Prometheus is never shown as a good figure (R31).

use quarterdeck::model::slo::Reading;
use quarterdeck::model::source::FeedStatus;
use quarterdeck::model::{Kind, SourceId};
use serde_json::json;

use super::prometheus::{ID, Run, Says, WELL, is_value, kinds, parameter, prometheus, quickly};
use super::server::{Reply, Server};
use super::support::block_on;

#[test]
fn a_good_answer_is_a_value() {
    block_on(async {
        let server = Server::answering(prometheus(WELL)).await;
        let mut run = Run::start(&server.url, &[], quickly());
        let slo = run.until_slo(ID, is_value).await;
        let figures = slo.figures.value().unwrap();
        assert!((figures.consumed - 0.4).abs() < 1e-9 && (figures.remaining - 0.6).abs() < 1e-9, "{figures:?}");
        assert!(kinds(&slo).iter().all(|kind| *kind == "value"), "{:?}", kinds(&slo));
        let thresholds: Vec<f64> = slo.burns.iter().map(|burn| burn.threshold).collect();
        for (threshold, wanted) in thresholds.iter().zip([14.4, 6.0, 3.0, 1.0]) {
            assert!((threshold - wanted).abs() < 1e-9, "{thresholds:?}");
        }
        run.end().await;
    });
}

/// One NaN that was recorded makes Sloth's mean NaN for the whole window: ours leaves it out.
#[test]
fn an_idle_night_does_not_cost_the_month() {
    block_on(async {
        let server = Server::answering(prometheus(Says { whole: Some("NaN"), ..WELL })).await;
        let mut run = Run::start(&server.url, &[], quickly());
        let slo = run.until_slo(ID, is_value).await;
        let figures = slo.figures.value().unwrap();
        assert!((figures.consumed - 0.5).abs() < 1e-9, "{figures:?}");
        assert!(slo.queries[0].1.as_str().contains(">= 0)[30d:5m]"), "{:?}", slo.queries);
        // Nobody asks now.
        server.answer(prometheus(Says { ratio: "NaN", ..WELL }));
        let slo = run.until_slo(ID, |slo| !is_value(slo)).await;
        let Reading::NoTraffic { last: Some(last), .. } = &slo.figures else { panic!("{:?}", slo.figures) };
        assert!((last.consumed - 0.5).abs() < 1e-9, "{last:?}");
        // The rule is a number again.
        server.answer(prometheus(WELL));
        run.until_slo(ID, |slo| slo.figures.value().is_some_and(|figures| figures.consumed < 0.45)).await;
        run.end().await;
    });
}

#[test]
fn r31_whatever_is_not_a_good_answer_is_never_green() {
    let table = [
        (Says { ratio: "NaN", ..WELL }, "no_traffic"),
        (Says { ratio: "+Inf", ..WELL }, "invalid"),
        (Says { ratio: "-Inf", ..WELL }, "invalid"),
        (Says { ratio: "-0.2", ..WELL }, "invalid"),
        (Says { ratio: "1.2", ..WELL }, "invalid"),
        (Says { gone: true, ..WELL }, "no_data"),
        (Says { age: 200.0, ..WELL }, "stale"),
        (Says { covered: 0.85, ..WELL }, "immature"),
        (Says { covered: 0.0, ..WELL }, "immature"),
        (Says { warnings: &["store 10.0.0.7 is not reachable"], ..WELL }, "partial"),
    ];
    block_on(async {
        for (says, wanted) in table {
            let server = Server::answering(prometheus(WELL)).await;
            let mut run = Run::start(&server.url, &[], quickly());
            run.until_slo(ID, is_value).await;
            server.answer(prometheus(says));
            run.refresh();
            let slo = run.until_slo(ID, |slo| !is_value(slo)).await;
            // One reading more, so that nothing of the first is left in it.
            let at = slo.at;
            let slo = run.until_slo(ID, |slo| slo.at > at).await;
            assert!(kinds(&slo).iter().all(|kind| *kind == wanted), "{wanted}: {:?}", kinds(&slo));
            let keeps = !matches!(wanted, "invalid");
            assert_eq!(slo.figures.shown().is_some(), keeps, "{wanted}: what was known before");
            assert!(!slo.burns.iter().any(quarterdeck::model::slo::Burn::is_firing));
            if wanted == "no_data" {
                assert!(matches!(slo.figures, Reading::NoData { since: Some(_), .. }), "{:?}", slo.figures);
            }
            run.end().await;
        }
    });
}

/// The counters are gone, and what was recorded of the whole window lives on: it is what was known.
#[test]
fn a_mean_that_outlives_its_series_is_no_figure() {
    block_on(async {
        let server = Server::answering(prometheus(WELL)).await;
        let mut run = Run::start(&server.url, &[], quickly());
        run.until_slo(ID, is_value).await;
        let says = prometheus(WELL);
        server.answer(move |request| {
            let Reply::Whole(code, headers, body) = says(request) else { panic!("an answer") };
            let mut body: serde_json::Value = serde_json::from_str(&body).unwrap();
            if let Some(series) = body["data"]["result"].as_array_mut() {
                // `rate` of nothing is nothing: all but the mean of the whole window.
                series.retain(|one| one["metric"]["sloth_window"].as_str().is_none_or(|window| window == "30d"));
            }
            Reply::Whole(code, headers, body.to_string())
        });
        let slo = run.until_slo(ID, |slo| !is_value(slo)).await;
        let Reading::NoData { since: Some(_), last: Some(last) } = &slo.figures else { panic!("{:?}", slo.figures) };
        assert!((last.consumed - 0.4).abs() < 1e-9, "{last:?}");
        server.answer(prometheus(WELL));
        run.until_slo(ID, is_value).await;
        run.end().await;
    });
}

/// Nobody tells how often the rules are evaluated: the samples of the last minutes do.
#[test]
fn without_the_rules_half_of_the_samples_are_half() {
    block_on(async {
        let says = prometheus(WELL);
        let server = Server::answering(move |request| {
            if request.path.starts_with("/api/v1/rules") {
                return Reply::Whole(404, String::new(), String::new());
            }
            let Reply::Whole(code, headers, body) = says(request) else { panic!("an answer") };
            if !parameter(request, "query").contains("count_over_time") {
                return Reply::Whole(code, headers, body);
            }
            // Every 15 s lately, half of that before.
            let mut body: serde_json::Value = serde_json::from_str(&body).unwrap();
            for one in body["data"]["result"].as_array_mut().unwrap() {
                if !matches!(one["metric"]["quarterdeck"].as_str(), Some("30d")) {
                    let count: f64 = one["value"][1].as_str().unwrap().parse().unwrap();
                    one["value"][1] = (count * 2.0).to_string().into();
                }
            }
            Reply::Whole(code, headers, body.to_string())
        })
        .await;
        let mut run = Run::start(&server.url, &[], quickly());
        let slo = run.until_slo(ID, |slo| slo.rates[0].1.value().is_some()).await;
        let Reading::Immature { coverage, .. } = slo.figures else { panic!("{:?}", slo.figures) };
        assert!((0.45..0.55).contains(&coverage), "{coverage}");
        run.end().await;
    });
}

/// An answer that is none: the last figures with the reason, and a feed that says so.
#[test]
fn r31_an_error_leaves_the_last_figures_with_the_reason() {
    let failed = |kind: &str, error: &str, code: u16| {
        let body = json!({ "status": "error", "errorType": kind, "error": error });
        Reply::Whole(code, "Content-Type: application/json\r\n".to_owned(), body.to_string())
    };
    let html = Reply::Whole(200, "Content-Type: text/html\r\n".to_owned(), "<html>log in</html>".to_owned());
    let table = [
        (failed("execution", "many-to-many matching not allowed", 422), "cannot execute the query: many-to-many"),
        (failed("timeout", "query timed out", 503), "gave up on the query"),
        (Reply::Whole(200, String::new(), "{\"status\":\"succ".to_owned()), "not what Prometheus sends"),
        (Reply::Whole(500, String::new(), "oops".to_owned()), "answers with an error: oops"),
        (html, "a web page, not with JSON"),
        (Reply::Silence, "no answer of Prometheus within"),
    ];
    block_on(async {
        for (reply, wanted) in table {
            let server = Server::answering(prometheus(WELL)).await;
            let mut run = Run::start(&server.url, &[], quickly());
            run.until_slo(ID, is_value).await;
            let says = prometheus(WELL);
            server.answer(move |request| if request.path.contains("/query") { reply.clone() } else { says(request) });
            let slo = run.until_slo(ID, |slo| slo.figures.as_str() == "unreachable").await;
            let Reading::Unreachable { why, last: Some(last) } = &slo.figures else { panic!("{:?}", slo.figures) };
            assert!(why.as_str().contains(wanted), "{wanted}: {why:?}");
            assert!((last.consumed - 0.4).abs() < 1e-9);
            assert!(kinds(&slo).iter().all(|kind| *kind == "unreachable"), "{:?}", kinds(&slo));
            run.until(|run| matches!(run.status(Kind::Slo), FeedStatus::Stale { .. })).await;
            server.answer(prometheus(WELL));
            run.until_slo(ID, is_value).await;
            run.end().await;
        }
    });
}

/// Rules that are never answered hold up one reading, not every one.
#[test]
fn rules_that_hang_are_tried_once_in_a_while() {
    block_on(async {
        let says = prometheus(WELL);
        let server =
            Server::answering(
                move |request| {
                    if request.path.starts_with("/api/v1/rules") { Reply::Silence } else { says(request) }
                },
            )
            .await;
        let mut run = Run::start(&server.url, &[], quickly());
        let mut at = run.until_slo(ID, |slo| slo.figures.shown().is_some()).await.at;
        let tries = |server: &Server| {
            server.requests().iter().filter(|request| request.path.starts_with("/api/v1/rules")).count()
        };
        let first = tries(&server);
        for _ in 0..3 {
            at = run.until_slo(ID, |slo| slo.at > at).await.at;
        }
        assert_eq!(tries(&server), first);
        run.end().await;
    });
}

/// 50 objectives cost what one does.
#[test]
fn all_objectives_are_read_in_two_queries_at_one_time() {
    block_on(async {
        let server = Server::answering(prometheus(WELL)).await;
        let mut run = Run::start(&server.url, &[], quickly());
        let at = run.until_slo(ID, is_value).await.at;
        run.until_slo(ID, |slo| slo.at > at).await;
        let queries: Vec<(String, String)> = server
            .requests()
            .iter()
            .filter(|request| request.path.contains("/query"))
            .map(|request| (parameter(request, "time"), parameter(request, "query")))
            .filter(|(_, query)| !query.contains("count_over_time"))
            .collect();
        for (time, _) in &queries {
            assert!(queries.iter().filter(|(other, _)| other == time).count() % 2 == 0, "{queries:#?}");
        }
        run.end().await;
    });
}

/// The server's clock is ahead: its own time is asked for, and the difference told.
#[test]
fn a_clock_that_is_off_is_told_and_the_servers_time_is_asked_for() {
    block_on(async {
        let ahead = jiff::Timestamp::from_second(4_000_000_000).unwrap();
        let date = jiff::fmt::rfc2822::to_string(&ahead.to_zoned(jiff::tz::TimeZone::UTC)).unwrap();
        let header = format!("Date: {date}\r\nContent-Type: application/json\r\n");
        let says = prometheus(WELL);
        let server = Server::answering(move |request| match says(request) {
            Reply::Whole(code, _, body) => Reply::Whole(code, header.clone(), body),
            other => other,
        })
        .await;
        let mut run = Run::start(&server.url, &[], quickly());
        let slo = run.until_slo(ID, is_value).await;
        let off = slo.at.unwrap().duration_since(ahead).as_secs();
        assert!(off.abs() < 60, "{:?}", slo.at);
        assert!(run.world.skew(SourceId(5)) > 1_000_000);
        run.end().await;
    });
}
