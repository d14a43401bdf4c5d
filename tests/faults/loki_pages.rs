//! Pages of a Loki: no line is lost, none comes twice, and what cannot be had is told (reliability.md R28, R29).

use quarterdeck::model::log::LogSince;
use quarterdeck::net::Deadlines;

use super::loki::{BEGAN, LABELS, loki, parameter, source, streams, tail, tail_within};
use super::server::{Reply, Request, Server};
use super::support::block_on;

/// A Loki with these lines that gives no more than so many at a time, as the real one refuses it.
fn sparing(all: Vec<(i128, String)>, most: i128) -> impl Fn(&Request) -> Reply {
    let answer = loki(all);
    move |request| match parameter(request, "limit").parse::<i128>() {
        Ok(limit) if limit > most => {
            let words =
                format!("max entries limit per query exceeded, limit > max_entries_limit_per_query ({limit} > {most})");
            Reply::Whole(400, "Content-Type: text/plain\r\n".to_owned(), words)
        }
        _ => answer(request),
    }
}

/// What a query asked for, as `from the beginning + limit`, of each request for lines.
fn asked(server: &Server) -> Vec<(i128, String)> {
    let all = server.requests();
    let of_lines = all.iter().filter(|request| request.path.contains("query_range"));
    of_lines.map(|it| (parameter(it, "start").parse::<i128>().unwrap() - BEGAN, parameter(it, "limit"))).collect()
}

/// R28: pages end, no line is lost and none comes twice, also where many share a time.
#[test]
fn r28_every_line_of_every_page_comes_once() {
    block_on(async {
        // Seven of each time, so that the end of a page falls among them.
        let all: Vec<(i128, String)> = (0..2_401).map(|n| (BEGAN + n / 7, format!("line {n}"))).collect();
        let server = Server::answering(loki(all.clone())).await;
        let (lines, end) = tail(&source(&server.url), LogSince::Head).await;
        assert_eq!((lines.len(), end), (2_401, Ok(())));
        assert!(lines.iter().enumerate().all(|(n, line)| line.ends_with(&format!(" line {n}"))));
        let page = |from: i128| (from, "1000".to_owned());
        assert_eq!(
            asked(&server),
            [page(0), page(142), page(284)],
            "each page begins at the last time of the one before"
        );
        // The same line many times at the same time is as many lines.
        let alike: Vec<(i128, String)> = (0..1_500).map(|n| (BEGAN + n / 3, "again".to_owned())).collect();
        server.answer(loki(alike));
        let (lines, end) = tail(&source(&server.url), LogSince::Head).await;
        assert_eq!((lines.len(), end), (1_500, Ok(())));
    });
}

/// R28: a time with more lines than a page is read at once, as far as Loki gives them; what it does not give is told.
#[test]
fn r28_a_time_with_more_lines_than_a_page_is_read_whole_or_told() {
    block_on(async {
        let with = |same: i128| -> Vec<(i128, String)> {
            let before = (0..10).map(|n| (BEGAN + n, format!("line {n}")));
            let middle = (0..same).map(|n| (BEGAN + 500, format!("same {n}")));
            before.chain(middle).chain([(BEGAN + 600, "after".to_owned())]).collect()
        };
        let server = Server::answering(loki(with(4_999))).await;
        let (lines, end) = tail(&source(&server.url), LogSince::Head).await;
        assert_eq!((lines.len(), end), (10 + 4_999 + 1, Ok(())), "all of them");
        assert!(lines[10..5_009].iter().enumerate().all(|(n, line)| line.ends_with(&format!(" same {n}"))));
        let page = |from: i128, limit: &str| (from, limit.to_owned());
        assert_eq!(asked(&server), [page(0, "1000"), page(500, "1000"), page(500, "5000"), page(501, "1000")]);
        let note = |count: usize| {
            format!(
                "━━ {count} lines of 2026-08-04T09:33:20.000000500Z were read; there may be more of this very time, and Loki gives no way to them"
            )
        };
        server.answer(loki(with(5_001)));
        let (lines, end) = tail(&source(&server.url), LogSince::Head).await;
        assert_eq!((lines.len(), end), (10 + 5_000 + 1 + 1, Ok(())));
        assert_eq!(lines[5_010], note(5_000));
        assert!(lines[5_011].ends_with(" after"), "{:?}", lines.last());
        server.answer(sparing(with(1_200), 1_000));
        let (lines, end) = tail(&source(&server.url), LogSince::Head).await;
        assert_eq!((lines.len(), end), (10 + 1_000 + 1 + 1, Ok(())));
        assert_eq!(lines[1_010], note(1_000));
        assert!(lines[1_011].ends_with(" after"), "{:?}", lines.last());
    });
}

/// R28: what has no end is read so far and no further; what is none of the window is no page of it.
#[test]
fn r28_a_page_that_is_always_full_is_left_after_so_many_lines() {
    block_on(async {
        let endless = |request: &Request, step: i128| {
            if request.path.starts_with("/loki/api/v1/labels") {
                return Reply::json(LABELS);
            }
            let start = parameter(request, "start").parse::<i128>().unwrap();
            let values: Vec<_> = (0..1_000).map(|n| (start + n * step, format!("line {}", start + n))).collect();
            Reply::json(streams(&values))
        };
        let server = Server::answering(move |request| endless(request, 1)).await;
        let (lines, end) = tail(&source(&server.url), LogSince::Head).await;
        assert_eq!((lines.len(), end), (50_001, Ok(())));
        assert!(lines[49_999].ends_with(&format!(" line {}", BEGAN + 49_999)), "{}", lines[49_999]);
        assert_eq!(
            lines[50_000],
            "━━ 50000 lines were read, up to 2026-08-04T09:33:20Z; a smaller window shows what came later"
        );
        assert_eq!(asked(&server).len(), 51, "999 of each page, and the last");
        server.answer(move |request| endless(request, -1));
        let (lines, end) = tail(&source(&server.url), LogSince::Head).await;
        assert_eq!(lines.len(), 0);
        assert!(end.clone().unwrap_err().contains("answers with lines from before the window asked for"), "{end:?}");
    });
}

/// R29: a page that is larger than what is taken is asked for in pieces.
#[test]
fn r29_pages_that_are_too_large_become_smaller() {
    block_on(async {
        let server = Server::answering(|request| {
            if request.path.starts_with("/loki/api/v1/labels") {
                return Reply::json(LABELS);
            }
            let limit: usize = parameter(request, "limit").parse().unwrap();
            Reply::json(streams(&vec![(BEGAN, "x".repeat(60 << 10)); limit.min(300)]))
        })
        .await;
        let (lines, end) = tail_within(Deadlines::default(), &source(&server.url), LogSince::Tail(1_000)).await;
        assert_eq!((lines.len(), end), (101, Ok(())));
        assert_eq!(
            lines[100],
            "━━ the newest 100 of the 1000 lines asked for: more of them are over 16 MiB; a window shows all"
        );
        assert_eq!(asked(&server).into_iter().map(|(_, limit)| limit).collect::<Vec<_>>(), ["1000", "100"]);
        // A window is read whole all the same, in smaller pages, which is told.
        let all: Vec<(i128, String)> = (0..350).map(|n| (BEGAN + n, format!("{n} {}", "x".repeat(60 << 10)))).collect();
        server.answer(loki(all));
        let (lines, end) = tail_within(Deadlines::default(), &source(&server.url), LogSince::Head).await;
        assert_eq!((lines.len(), end), (351, Ok(())));
        assert_eq!(lines[0], "━━ 1000 lines are over 16 MiB: they are read 100 at a time");
        assert!((0..350).all(|n| lines[n + 1].contains(&format!("Z {n} x"))));
        let endless = Server::answering(|_| Reply::json("x".repeat(17 << 20))).await;
        let (_, end) = tail_within(Deadlines::default(), &source(&endless.url), LogSince::Head).await;
        assert!(end.clone().unwrap_err().contains("answers with more than 16 MiB"), "{end:?}");
    });
}
