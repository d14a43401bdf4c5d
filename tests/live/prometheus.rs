//! Against a real Prometheus: the lab's, whose traffic fails and recovers, whose rules and series go.

use std::process::Command;
use std::time::Duration;

use jiff::Timestamp;
use quarterdeck::clock::Clock;
use quarterdeck::model::slo::{Objective, Reading, Slo};
use quarterdeck::net::{Deadlines, Prometheus};
use quarterdeck::slo::budget;
use quarterdeck::systems::prometheus::ingest::{self, Told};

use super::cluster::{Cluster, said};
use crate::faults::prometheus::Run;
use crate::faults::support::block_on;

const ID: &str = "checkout-availability";
const OBJECTIVE: Objective = Objective { ppb: 999_000_000 };

/// `http://127.0.0.1:PORT` of one of the lab's programs.
fn address(cluster: &Cluster, flag: &str) -> String {
    let command = std::fs::read_to_string(cluster.state().join("cmd/prometheus")).expect("the lab has a Prometheus");
    let at = command.split(flag).nth(1).expect("its flag");
    at.trim_start_matches(['=', '\'', '"']).split([' ', '\'', '"', '\n']).next().unwrap().to_owned()
}

fn prometheus(cluster: &Cluster) -> String {
    format!("http://{}", address(cluster, "--web.listen-address"))
}

fn curl(arguments: &[&str]) {
    let done = Command::new("curl").args(["--silent", "--fail", "--output", "/dev/null"]).args(arguments).status();
    assert!(done.expect("curl").success(), "curl {arguments:?}");
}

/// Makes the stable arm of checkout fail so often.
fn traffic(cluster: &Cluster, errors: f64) {
    let config = std::fs::read_to_string(cluster.state().join("prometheus.yaml")).unwrap();
    let target =
        config.lines().find(|line| line.contains("static_configs: [{targets") && !line.contains("alertmanagers"));
    let target = target.unwrap().split('"').nth(1).unwrap().to_owned();
    let url = format!("http://{target}/set?service=checkout&arm=stable&errors={errors}");
    curl(&["--request", "POST", "--data", "", &url]);
}

async fn ask(client: &Prometheus, query: &str, at: Timestamp) -> Told {
    ingest::told(&client.query(query, at).await.unwrap().body).unwrap()
}

async fn number(client: &Prometheus, query: &str, at: Timestamp) -> Option<f64> {
    ask(client, query, at).await.series.first()?.value()
}

/// The error ratio by the rule's own formula, from the raw counters.
fn raw(window: &str) -> String {
    format!(
        "(sum(rate(http_requests_total{{service=\"checkout\",code=~\"5..\"}}[{window}]))) / \
         (sum(rate(http_requests_total{{service=\"checkout\"}}[{window}])))"
    )
}

fn recorded(name: &str) -> String {
    format!("{name}{{sloth_id=\"{ID}\"}}")
}

/// When a rule was evaluated last.
async fn evaluated(client: &Prometheus, rule: &str, at: Timestamp) -> Option<Timestamp> {
    ingest::time(number(client, &format!("timestamp({})", recorded(rule)), at).await?)
}

/// How long before `at` this was made, seconds.
async fn age(client: &Prometheus, query: &str, at: Timestamp) -> Option<f64> {
    Some(at.as_millisecond() as f64 / 1000.0 - number(client, query, at).await?)
}

const SCRAPED: &str = "max(timestamp(http_requests_total{service=\"checkout\"}))";
/// What was made so shortly before an evaluation may have come after it.
const MARGIN: f64 = 0.15;

fn far(ours: f64, theirs: f64) -> f64 {
    assert!(ours.is_finite() && theirs.is_finite(), "{ours} beside {theirs}");
    (ours - theirs).abs()
}

/// Our figures from the raw counters beside the recording rules, each at the time of its own
/// evaluation; how far apart they are at most. `None`: a sample was on its way just then.
async fn apart(client: &Prometheus, now: Timestamp) -> Option<f64> {
    let at = evaluated(client, "slo:sli_error:ratio_rate5m", now).await?;
    // Only when the next scrape is there, none that began before the evaluation is still to come.
    if number(client, SCRAPED, now).await? <= at.as_millisecond() as f64 / 1000.0 {
        return None;
    }
    let took = number(client, "scrape_duration_seconds", at).await?;
    if age(client, SCRAPED, at).await? < took + MARGIN {
        return None;
    }
    let mut most: f64 = 0.0;
    for window in ["5m", "30m", "1h", "2h", "6h", "1d", "3d"] {
        let ours = number(client, &raw(window), at).await?;
        let rule = recorded(&format!("slo:sli_error:ratio_rate{window}"));
        most = most.max(far(ours, number(client, &rule, at).await?));
        let burn = number(client, &format!("{rule} / 0.001"), at).await?;
        most = most.max(far(budget::burn(OBJECTIVE, ours), burn));
    }
    let ratio_5m = recorded("slo:sli_error:ratio_rate5m");
    let mean = format!("sum_over_time({ratio_5m}[30d]) / count_over_time({ratio_5m}[30d])");
    let whole = number(client, &mean, at).await?;
    most = most.max(far(whole, number(client, &recorded("slo:sli_error:ratio_rate30d"), at).await?));
    Some(most.max(apart_over_the_window(client, now).await?))
}

/// C and R; the group of the meta rules is evaluated at times of its own.
async fn apart_over_the_window(client: &Prometheus, now: Timestamp) -> Option<f64> {
    let at = evaluated(client, "slo:period_burn_rate:ratio", now).await?;
    let whole = recorded("slo:sli_error:ratio_rate30d");
    if age(client, &format!("timestamp({whole})"), at).await? < MARGIN {
        return None;
    }
    let month = Duration::from_hours(30 * 24);
    let figures = budget::figures(OBJECTIVE, number(client, &whole, at).await?, month, None);
    let consumed = number(client, &recorded("slo:period_burn_rate:ratio"), at).await?;
    let left = number(client, &recorded("slo:period_error_budget_remaining:ratio"), at).await?;
    Some(far(figures.consumed, consumed).max(far(figures.remaining, left)))
}

/// What the traffic was, however the test ends.
struct Calm<'a>(&'a Cluster);

impl Drop for Calm<'_> {
    fn drop(&mut self) {
        traffic(self.0, CALM);
    }
}

/// As `traffic.py` begins.
const CALM: f64 = 0.0005;
/// The traffic fails, and recovers, for so long.
const SPELL: Duration = Duration::from_secs(20);

/// While traffic fails and recovers, what we compute from the raw counters is what the rules record.
#[test]
fn our_figures_are_those_of_the_recording_rules() {
    let Some(cluster) = Cluster::lab() else { return };
    let url = prometheus(&cluster);
    let _calm = Calm(&cluster);
    block_on(async {
        let client = Prometheus::new(&url, None).unwrap();
        let clock = Clock::system();
        let (mut most, mut seen, mut compared) = (0.0_f64, Vec::new(), [0, 0]);
        for (errors, compared) in [0.3, CALM].into_iter().zip(&mut compared) {
            traffic(&cluster, errors);
            let until = clock.now().mono + SPELL;
            let mut last = None;
            while clock.now().mono < until {
                let now = clock.now().wall;
                let at = evaluated(&client, "slo:sli_error:ratio_rate5m", now).await;
                if at.is_none() || at == last {
                    tokio::time::sleep(Duration::from_millis(100)).await;
                    continue;
                }
                if let Some(apart) = apart(&client, now).await {
                    (last, *compared, most) = (at, *compared + 1, most.max(apart));
                    seen.extend(number(&client, &recorded("slo:sli_error:ratio_rate5m"), now).await);
                } else {
                    tokio::time::sleep(Duration::from_millis(100)).await;
                }
            }
        }
        let (low, high) = (seen.iter().copied().fold(1.0, f64::min), seen.iter().copied().fold(0.0, f64::max));
        said(&format!("{compared:?} evaluations compared, at most {most:e} apart; 5m ratio {low:.5}..{high:.5}"));
        assert!(compared.iter().all(|count| *count >= 2), "only {compared:?} evaluations could be compared");
        assert!(most < 1e-9, "{most:e} apart in {compared:?} evaluations");
        assert!(high > low + 0.001, "the traffic did fail: {low}..{high}");
    });
}

fn quickly() -> Deadlines {
    Deadlines { headers: Duration::from_secs(3), total: Duration::from_secs(8), ..Deadlines::default() }
}

fn is(slo: &Slo, kind: &str) -> bool {
    slo.figures.as_str() == kind
}

/// The lab is minutes old: the figures are given, with how little they stand on.
#[test]
fn a_young_server_gives_its_figures_as_immature() {
    let Some(cluster) = Cluster::lab() else { return };
    let url = prometheus(&cluster);
    block_on(async {
        let mut run = Run::start(&url, &[], quickly());
        let slo = run.until_slo(ID, |_| true).await;
        let Reading::Immature { coverage, last } = &slo.figures else { panic!("{:?}", slo.figures) };
        assert!(*coverage > 0.0 && *coverage < 0.05, "{coverage}");
        let client = Prometheus::new(&url, None).unwrap();
        let at = slo.at.unwrap();
        let rule = number(&client, &recorded("slo:sli_error:ratio_rate30d"), at).await.unwrap();
        assert!((last.consumed - rule / 0.001).abs() < 1e-9, "{last:?} {rule}");
        assert_eq!(slo.method, "mean of ratios");
        assert_eq!(slo.objective, OBJECTIVE);
        assert!(!slo.burns.is_empty() && (slo.burns[0].threshold - 14.4).abs() < 1e-9);
        // Its own rules are read every two seconds: `/api/v1/rules` says so.
        let samples = format!("count_over_time({}[30d])", recorded("slo:sli_error:ratio_rate5m"));
        let wanted = number(&client, &samples, at).await.unwrap() * 2.0 / 2_592_000.0;
        assert!((coverage - wanted).abs() < wanted * 0.2, "{coverage} {wanted}");
        run.end().await;
    });
}

/// Hung, killed, without the rules, without the series: the right kind of no value, and back again.
#[test]
fn each_way_to_have_no_figures_has_its_own_kind() {
    let Some(cluster) = Cluster::lab() else { return };
    let url = prometheus(&cluster);
    let _restored = Restored(&cluster);
    block_on(async {
        let mut run = Run::start(&url, &[], quickly());
        run.until_slo(ID, |slo| is(slo, "immature")).await;

        cluster.signal("prometheus", "STOP");
        let slo = run.until_slo(ID, |slo| is(slo, "unreachable")).await;
        let Reading::Unreachable { why, last } = &slo.figures else { unreachable!() };
        assert!(why.as_str().contains("no answer of Prometheus within 3 s") && last.is_some(), "{why:?}");
        cluster.signal("prometheus", "CONT");
        run.until_slo(ID, |slo| is(slo, "immature")).await;

        let rules = std::fs::read_to_string(cluster.state().join("rules.yaml")).unwrap();
        // The counters are gone.
        reload(&cluster, &url, &rules.replace("http_requests_total{", "gone_total{"), "no counters");
        let slo = run.until_slo(ID, |slo| slo.rates[0].1.as_str() == "no_data").await;
        let Reading::NoData { since: Some(_), last } = &slo.rates[0].1 else { panic!("{:?}", slo.rates) };
        assert!(last.is_some());
        // The rules are gone.
        let (_, rest) = rules.split_once("- name: sloth-slo-meta").unwrap();
        reload(&cluster, &url, &format!("groups:\n- name: sloth-slo-meta{rest}"), "no ratios");
        run.until_slo(ID, |slo| is(slo, "no_data")).await;
        reload(&cluster, &url, "groups: []\n", "no rules");
        let at = run.slo(ID).unwrap().at;
        run.refresh();
        run.until_slo(ID, |slo| slo.at > at && is(slo, "no_data")).await;
        reload(&cluster, &url, &rules, "all");
        run.until_slo(ID, |slo| is(slo, "immature")).await;

        cluster.signal("prometheus", "KILL");
        let refused = |slo: &Slo| match &slo.figures {
            Reading::Unreachable { why, last } => last.is_some() && why.as_str().contains("refused the connection"),
            _ => false,
        };
        run.until_slo(ID, refused).await;
        cluster.restart("prometheus");
        run.until_slo(ID, |slo| is(slo, "immature")).await;
        run.end().await;
    });
}

fn reload(cluster: &Cluster, url: &str, rules: &str, what: &str) {
    std::fs::write(cluster.state().join("rules.yaml"), rules).unwrap();
    let done = Command::new("curl").args(["-sf", "-X", "POST", &format!("{url}/-/reload")]).status();
    assert!(done.expect("curl").success(), "rules: {what}");
}

/// The lab's Prometheus and its rules as they were, however the test ends.
struct Restored<'a>(&'a Cluster);

impl Drop for Restored<'_> {
    fn drop(&mut self) {
        let rules = include_str!("../lab/rules.yaml");
        if std::fs::write(self.0.state().join("rules.yaml"), rules).is_ok() {
            self.0.restart("prometheus");
        }
        // The next test finds it ready.
        let ready = format!("{}/-/ready", prometheus(self.0));
        curl(&["--retry", "30", "--retry-connrefused", "--retry-delay", "1", "--retry-max-time", "30", &ready]);
    }
}
