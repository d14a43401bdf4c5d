//! Bad input as the operator sees it: one source of the demo is replaced by a server that is wrong in
//! one way. Its own view says what and what to do; every other source goes on, and the Deck stands.
//! The servers are those of `cli::bad_input`, which asks `doctor` about them.

use std::sync::Arc;

use quarterdeck::app::{self, Headless, Recorder, Setup};
use quarterdeck::config::theme::{Depth, Glyphs};
use quarterdeck::config::{keymap, theme};
use quarterdeck::demo::{self, Options};
use quarterdeck::journal::Journal;
use quarterdeck::model::scope::SecretSource;
use quarterdeck::model::source::FeedStatus;
use quarterdeck::model::{Name, SystemId};
use quarterdeck::net::{GitHub, Prometheus, Wanted};
use quarterdeck::state::log;
use quarterdeck::state::ui::Place;
use quarterdeck::systems::{Namespaces, Upstream};
use quarterdeck::text::Safe;
use tempfile::TempDir;

use crate::cli::bad_input::{date, enterprise, page, refusing, thanos, well};
use crate::faults::prometheus::{self, Says, WELL};
use crate::faults::server::{Reply, Request, Server};
use crate::faults::support::block_on;

const TOKEN: SecretSource = SecretSource::Fixed("hunter2");

/// What is put in place of one of the demo's sources.
struct Instead {
    system: SystemId,
    url: String,
    /// It was found, and is not configured: this repository.
    found: Option<&'static str>,
}

impl Instead {
    fn of(system: SystemId, url: &str) -> Self {
        Self { system, url: url.to_owned(), found: None }
    }

    fn upstream(&self) -> Upstream {
        match self.system {
            SystemId::GitHub => Upstream::GitHub(GitHub::new(&self.url, Wanted::Of(TOKEN)).unwrap()),
            _ => Upstream::Prometheus(Prometheus::new(&self.url, Some(&TOKEN)).unwrap(), [].into()),
        }
    }

    const fn place(&self) -> Place {
        if matches!(self.system, SystemId::GitHub) { Place::Pipelines } else { Place::Slo }
    }
}

/// A console beside a demo, with those in place of its own.
async fn console(instead: &[Instead], place: Place, folder: &TempDir) -> (Headless, demo::Demo) {
    console_with(instead, place, folder, false).await
}

/// [`console`], and with `alone` nothing else.
async fn console_with(instead: &[Instead], place: Place, folder: &TempDir, alone: bool) -> (Headless, demo::Demo) {
    let demo = demo::start(Options { held: true, ..Options::default() }).await.expect("the demo starts");
    let mut specs = app::specs_of(&demo, &Namespaces::All);
    // A demo has a time of its own, and a clock of this machine beside it would be off already.
    specs.retain(|spec| !alone || instead.iter().any(|one| one.system == spec.scope.system));
    for one in instead {
        let spec = specs.iter_mut().find(|spec| spec.scope.system == one.system).expect("the demo has one");
        spec.upstream = Some(one.upstream());
        if let Some(name) = one.found {
            spec.scope.discovered = Some(Safe::of("git remote origin"));
            spec.scope.namespaces = Some(vec![Name::new(name)]);
        }
    }
    let setup = Setup {
        specs,
        settings: Arc::default(),
        keymap: keymap::load(None, None).expect("the keymap"),
        theme: theme::load(None, None, Depth::True, Glyphs::Unicode).expect("the theme"),
        clock: quarterdeck::clock::Clock::system(),
        log_memory: log::MEMORY,
        place,
        badge: None,
        recorder: Recorder::new(Journal::open(folder.path())),
        saves: None,
        durations: None,
    };
    (Headless::start(setup, (220, 60)).expect("the console starts"), demo)
}

/// Every word of the view as one line: a sentence may be wrapped.
fn line(screen: &str) -> String {
    screen.split_whitespace().collect::<Vec<_>>().join(" ")
}

/// The sentence in the view of the source, then the Deck, whose other panes are as ever.
async fn shown(instead: &[Instead], words: &[&str]) {
    let folder = TempDir::new().unwrap();
    for place in [instead[0].place(), Place::Deck] {
        // The other sources are looked at beside the Deck.
        let alone = place != Place::Deck;
        let (mut console, demo) = console_with(instead, place.clone(), &folder, alone).await;
        let what = format!("{words:?} in {place:?}");
        let wait = console.wait_until(&what, |screen| {
            // The Deck's panes are narrow: what is wrong stands there, the rest of it one key away.
            let wanted = if place == Place::Deck { &words[..1] } else { words };
            wanted.iter().all(|word| line(screen).contains(word))
        });
        wait.await.unwrap_or_else(|lost| panic!("{lost}"));
        let wait = console.wait_for("the other sources", |console| {
            let feeds = console.state().world.feeds.iter();
            let others = feeds.filter(|(id, _)| instead.iter().all(|one| one.system != id.system()));
            // What is not installed has answered, too.
            others.map(|(_, feed)| feed).all(|feed| feed.complete || matches!(feed.status, FeedStatus::Absent { .. }))
        });
        wait.await.unwrap_or_else(|lost| panic!("{lost}"));
        if place == Place::Deck {
            let wait =
                console.wait_until("the canary", |screen| screen.contains("CANARY") && screen.contains("weight 25 %"));
            wait.await.unwrap_or_else(|lost| panic!("{lost}"));
        }
        assert!(!console.screen().contains("hunter2"));
        console.finish().await;
        drop(demo);
    }
}

async fn both(bad: impl Fn(&Request) -> Reply + Send + Sync + 'static, github: &[&str], prometheus: &[&str]) {
    let server = Server::answering(bad).await;
    shown(&[Instead::of(SystemId::GitHub, &server.url)], github).await;
    shown(&[Instead::of(SystemId::Prometheus, &server.url)], prometheus).await;
}

#[test]
fn a_wrong_token() {
    block_on(both(
        refusing(401, "Bad credentials"),
        &["not allowed to read runs", "Bad credentials", "is wrong, expired or revoked; make a new one"],
        &["not allowed to ask Prometheus", "does not accept the token; renew it where sources.prometheus.token"],
    ));
}

#[test]
fn an_expired_token() {
    block_on(both(
        refusing(401, "Token expired"),
        &["not allowed to read runs", "Token expired (401)", "has expired; make a new one"],
        &["not allowed to ask Prometheus", "renew it where sources.prometheus.token takes it from"],
    ));
}

#[test]
fn no_network() {
    block_on(async {
        let nowhere = "https://quarterdeck-no-such-host.invalid";
        for (system, head, place) in [
            (SystemId::GitHub, "runs cannot be read", "check the name in sources.github.url, DNS or the VPN"),
            (
                SystemId::Prometheus,
                "objectives cannot be read",
                "check the name in sources.prometheus.url, DNS or the VPN",
            ),
        ] {
            shown(&[Instead::of(system, nowhere)], &[head, "no address for its name", place]).await;
        }
    });
}

#[test]
fn a_proxy_that_answers_with_a_page() {
    block_on(both(
        page(200),
        &["runs cannot be read", "is something between here and GitHub? check its address"],
        &["objectives cannot be read", "a login or a proxy is in between; check the address in sources.prometheus.url"],
    ));
}

#[test]
fn servers_in_trouble_of_their_own() {
    block_on(both(
        page(500),
        &["runs cannot be read", "Internal Server Error (500); it has trouble of its own", "asked again by itself"],
        &["objectives cannot be read", "answers with an error; look at its log"],
    ));
}

#[test]
fn a_clock_two_hours_off() {
    block_on(async {
        for (seconds, way) in [(7_200, "ahead"), (-7_200, "behind")] {
            let server = Server::answering(well(date(seconds))).await;
            for system in [SystemId::GitHub, SystemId::Prometheus] {
                let folder = TempDir::new().unwrap();
                let instead = [Instead::of(system, &server.url)];
                let (mut console, demo) = console_with(&instead, Place::Deck, &folder, true).await;
                let what = format!("{system:?} {way}");
                let wait = console.wait_until(&what, |screen| {
                    screen.contains(&format!("clock 2h {way}")) || screen.contains(&format!("clock 1h59m {way}"))
                });
                wait.await.unwrap_or_else(|lost| panic!("{lost}"));
                console.finish().await;
                drop(demo);
            }
        }
    });
}

/// What is known is a lower bound, and says so instead of looking well.
#[test]
fn a_thanos_with_partial_answers() {
    block_on(async {
        let says = Says { warnings: &["receive series from 10.0.0.7:10901: connection refused"], ..WELL };
        let server = Server::answering(prometheus::prometheus(says)).await;
        let folder = TempDir::new().unwrap();
        for place in [Place::Slo, Place::Deck] {
            let instead = [Instead::of(SystemId::Prometheus, &server.url)];
            let (mut console, demo) = console(&instead, place.clone(), &folder).await;
            let wait = console.wait_until("partial", |screen| line(screen).contains("receive series from 10.0.0.7"));
            wait.await.unwrap_or_else(|lost| panic!("{lost}"));
            let slos = console.state().world.slos.rows();
            assert!(slos.iter().all(|slo| slo.figures.as_str() == "partial"), "{slos:?}");
            console.finish().await;
            drop(demo);
        }
        // One that has nothing else to say, either.
        let server = Server::answering(thanos()).await;
        shown(
            &[Instead::of(SystemId::Prometheus, &server.url)],
            &[
                "objectives cannot be read",
                "no objective is in that: receive series from 10.0.0.7:10901",
                "bring back the store",
            ],
        )
        .await;
    });
}

#[test]
fn a_repository_and_a_cluster_that_do_not_belong_together() {
    block_on(async {
        let server = Server::answering(well("")).await;
        let of = |name| Instead { found: Some(name), ..Instead::of(SystemId::GitHub, &server.url) };
        let folder = TempDir::new().unwrap();
        for (place, words) in [
            (Place::Pipelines, "nothing in the cluster seems to be built by website; name services:"),
            (Place::Deck, "builds nothing here? name services:"),
        ] {
            let (mut console, demo) = console(&[of("acme/website")], place, &folder).await;
            let wait = console.wait_until(words, |screen| line(screen).contains(words));
            wait.await.unwrap_or_else(|lost| panic!("{lost}"));
            console.finish().await;
            drop(demo);
        }
    });
}

#[test]
fn an_enterprise_server_without_rate_limits_has_no_quota() {
    block_on(async {
        let server = Server::answering(enterprise).await;
        let folder = TempDir::new().unwrap();
        let instead = [Instead::of(SystemId::GitHub, &format!("{}/api/v3", server.url))];
        let (mut console, demo) = console(&instead, Place::Pipelines, &folder).await;
        let read = |console: &Headless| {
            let feeds = console.state().world.feeds.iter();
            feeds.filter(|(id, _)| id.system() == SystemId::GitHub).all(|(_, feed)| feed.complete)
                && !console.state().world.details.quotas.is_empty()
        };
        console.wait_for("the runs and what is known of the limit", read).await.unwrap_or_else(|lost| panic!("{lost}"));
        let quotas = &console.state().world.details.quotas;
        assert!(quotas.values().all(|quota| quota.limit == 0 && quota.held_until.is_none()), "{quotas:?}");
        assert!(!console.screen().lines().next().unwrap().contains("/5 000"), "{}", console.screen());
        // A refusal there is one of permission; its server asks for no pause.
        server.answer(|_| {
            let more = "X-GitHub-Enterprise-Version: 3.14.2\r\n";
            let body = "{\"message\":\"Resource not accessible by personal access token\"}";
            Reply::Whole(403, format!("Content-Type: application/json\r\n{more}"), body.to_owned())
        });
        console.press(quarterdeck::command::Command::Refresh);
        let words = "the token needs Actions: read";
        let wait = console.wait_until(words, |screen| line(screen).contains(words));
        wait.await.unwrap_or_else(|lost| panic!("{lost}"));
        console.finish().await;
        drop(demo);
    });
}
