//! Against a real Prometheus: the lab's, whose traffic fails and recovers, and one of the test's own
//! with a month of history.

use std::path::PathBuf;
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use jiff::Timestamp;
use quarterdeck::model::Name;
use quarterdeck::model::slo::{Budgeting, Indicator, Objective, ObjectiveSpec, Reading, Slo};
use quarterdeck::net::{Deadlines, Prometheus};
use quarterdeck::slo::budget;
use quarterdeck::systems::prometheus::ingest::{self, Told};
use quarterdeck::text::Safe;

use super::cluster::{Cluster, said, skipped};
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

/// Our figures from the raw counters beside the recording rules, each at the time of its own
/// evaluation; how far apart they are at most. `None`: a scrape was on its way just then.
async fn apart(client: &Prometheus) -> Option<f64> {
    let now = Timestamp::now();
    let ratio_5m = recorded("slo:sli_error:ratio_rate5m");
    let at = ingest::time(number(client, &format!("timestamp({ratio_5m})"), now).await?)?;
    let scraped = number(client, "max(timestamp(http_requests_total{service=\"checkout\"}))", at).await?;
    // Later, so that the sample of a scrape that began before the evaluation is surely there.
    let age = at.as_millisecond() as f64 / 1000.0 - scraped;
    if !(0.15..0.95).contains(&age) {
        return None;
    }
    let mut most: f64 = 0.0;
    for window in ["5m", "30m", "1h", "2h", "6h", "1d", "3d"] {
        let ours = number(client, &raw(window), at).await?;
        let rule = number(client, &recorded(&format!("slo:sli_error:ratio_rate{window}")), at).await?;
        most = most.max((ours - rule).abs());
        let burn = format!("{} / 0.001", recorded(&format!("slo:sli_error:ratio_rate{window}")));
        most = most.max((budget::burn(OBJECTIVE, ours) - number(client, &burn, at).await?).abs());
    }
    let mean = format!("sum_over_time({ratio_5m}[30d]) / count_over_time({ratio_5m}[30d])");
    let (whole, rule) =
        (number(client, &mean, at).await?, number(client, &recorded("slo:sli_error:ratio_rate30d"), at).await?);
    most = most.max((whole - rule).abs());
    // The groups of the meta rules are evaluated at times of their own.
    let consumed = recorded("slo:period_burn_rate:ratio");
    let at = ingest::time(number(client, &format!("timestamp({consumed})"), now).await?)?;
    let whole = number(client, &recorded("slo:sli_error:ratio_rate30d"), at).await?;
    let month = Duration::from_hours(30 * 24);
    let figures = budget::figures(OBJECTIVE, whole, month, None);
    most = most.max((figures.consumed - number(client, &consumed, at).await?).abs());
    let left = recorded("slo:period_error_budget_remaining:ratio");
    let at = ingest::time(number(client, &format!("timestamp({left})"), now).await?)?;
    let consumed = number(client, &consumed, at).await?;
    let figures = budget::of_consumed(OBJECTIVE, consumed, month, None);
    Some(most.max((figures.remaining - number(client, &left, at).await?).abs()))
}

/// While traffic fails and recovers, what we compute from the raw counters is what the rules record.
#[test]
fn our_figures_are_those_of_the_recording_rules() {
    let Some(cluster) = Cluster::lab() else { return };
    let url = prometheus(&cluster);
    block_on(async {
        let client = Prometheus::new(&url, None).unwrap();
        let (mut compared, mut most, mut seen) = (0, 0.0_f64, Vec::new());
        for errors in [0.3, 0.0005] {
            traffic(&cluster, errors);
            let until = Instant::now() + Duration::from_secs(12);
            let mut last = 0.0;
            while Instant::now() < until {
                let now = number(&client, &recorded("slo:sli_error:ratio_rate5m"), Timestamp::now()).await;
                if now.is_none_or(|now| (now - last).abs() < 1e-12) {
                    // The next evaluation has not come yet.
                    tokio::time::sleep(Duration::from_millis(100)).await;
                    continue;
                }
                last = now.unwrap();
                seen.push(last);
                if let Some(apart) = apart(&client).await {
                    (compared, most) = (compared + 1, most.max(apart));
                }
            }
        }
        assert!(compared >= 3, "only {compared} evaluations could be compared");
        assert!(most < 1e-9, "{most:e} apart in {compared} evaluations");
        let (low, high) = (seen.iter().copied().fold(1.0, f64::min), seen.iter().copied().fold(0.0, f64::max));
        assert!(high > low + 0.001, "the traffic did fail: {low}..{high}");
        said(&format!("{compared} evaluations compared, at most {most:e} apart; 5m ratio {low:.5}..{high:.5}"));
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
        run.until_slo(ID, |slo| is(slo, "no_data")).await;
        reload(&cluster, &url, &rules, "all");
        run.until_slo(ID, |slo| is(slo, "immature")).await;

        cluster.signal("prometheus", "KILL");
        let slo = run.until_slo(ID, |slo| is(slo, "unreachable")).await;
        let Reading::Unreachable { why, .. } = &slo.figures else { unreachable!() };
        assert!(why.as_str().contains("refused") || why.as_str().contains("closed"), "{why:?}");
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
    }
}

/// A Prometheus of the test's own on a month of history.
struct Own {
    child: Child,
    url: String,
    /// Goes with it.
    _folder: tempfile::TempDir,
}

impl Drop for Own {
    fn drop(&mut self) {
        // It may have ended by itself.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

fn has(program: &str) -> bool {
    Command::new(program).arg("--version").stdout(Stdio::null()).stderr(Stdio::null()).status().is_ok()
}

/// `None` with a word where Debian's `prometheus` is not installed.
fn own(series: &[(&str, f64)], end: i64) -> Option<Own> {
    if !has("promtool") || !has("prometheus") {
        skipped("promtool and prometheus are not here (Debian: prometheus)");
        return None;
    }
    let folder = tempfile::tempdir().unwrap();
    let path = |name: &str| -> PathBuf { folder.path().join(name) };
    let mut text = String::new();
    let (days, step) = (31, 120);
    let mut families: Vec<&str> = series.iter().map(|(name, _)| name.split('{').next().unwrap()).collect();
    families.dedup();
    for family in families {
        text.push_str(&format!("# TYPE {} counter\n", family.trim_end_matches("_total")));
        for (name, per_second) in series.iter().filter(|(name, _)| name.split('{').next() == Some(family)) {
            for at in (0..=days * 86_400).step_by(step) {
                let time = end - days * 86_400 + at;
                text.push_str(&format!("{name} {} {time}\n", per_second * at as f64));
            }
        }
    }
    text.push_str("# EOF\n");
    std::fs::write(path("history.om"), text).unwrap();
    let made = Command::new("promtool")
        .args(["tsdb", "create-blocks-from", "openmetrics"])
        .args([path("history.om"), path("data")])
        .env("TMPDIR", folder.path())
        .output()
        .expect("promtool");
    assert!(made.status.success(), "{}", String::from_utf8_lossy(&made.stderr));
    std::fs::write(path("prometheus.yaml"), "global: {scrape_interval: 1h}\n").unwrap();
    let free = std::net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
    let child = Command::new("prometheus")
        .arg(format!("--config.file={}", path("prometheus.yaml").display()))
        .arg(format!("--storage.tsdb.path={}", path("data").display()))
        .arg("--storage.tsdb.retention.time=60d")
        .arg(format!("--web.listen-address={free}"))
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .spawn()
        .expect("prometheus");
    Some(Own { child, url: format!("http://{free}"), _folder: folder })
}

fn spec(id: &str, ppb: u32, bad: Option<&str>, good: Option<&str>, total: &str) -> ObjectiveSpec {
    let counted = |selector: &str| format!("sum(increase({selector}[{{{{.window}}}}]))").into();
    ObjectiveSpec {
        id: Name::new(id),
        service: Safe::of("checkout"),
        objective: Objective { ppb },
        window: Duration::from_hours(30 * 24),
        window_text: Safe::of("30d"),
        calendar: None,
        indicator: Indicator::Ratio { good: good.map(counted), bad: bad.map(counted), total: counted(total) },
        budgeting: Budgeting::Occurrences,
        policies: Vec::new(),
    }
}

fn near(value: f64, wanted: f64) {
    assert!((value - wanted).abs() < 5e-5, "{value} instead of {wanted}");
}

fn rate(slo: &Slo, window: &str) -> f64 {
    let found = slo.rates.iter().find(|(name, _)| name.as_str() == window);
    *found.and_then(|(_, rate)| rate.value()).unwrap_or_else(|| panic!("{window}: {:?}", slo.rates))
}

/// W1, W2 and W9 of the worked examples, from counters to the figures on the screen.
#[test]
fn the_worked_examples_come_out_to_four_decimals() {
    let (month, hour) = (2_592_000.0, 3600.0);
    let series = [
        ("w1_requests_total{code=\"200\"}", (10_000_000.0 - 3600.0) / month),
        ("w1_requests_total{code=\"500\"}", 3600.0 / month),
        ("w2_requests_total{code=\"200\"}", (50_000.0 - 720.0) / hour),
        ("w2_requests_total{code=\"500\"}", 720.0 / hour),
        ("w9_all_total", 100_000.0 / hour),
        ("w9_fast_total{le=\"0.3\"}", 97_250.0 / hour),
    ];
    let end = Timestamp::now().as_second() + 240;
    let Some(own) = own(&series, end) else { return };
    let specs = [
        spec("checkout-w1", 999_000_000, Some("w1_requests_total{code=~\"5..\"}"), None, "w1_requests_total"),
        spec("checkout-w2", 999_000_000, Some("w2_requests_total{code=~\"5..\"}"), None, "w2_requests_total"),
        spec("checkout-w9", 990_000_000, None, Some("w9_fast_total{le=\"0.3\"}"), "w9_all_total"),
        // No error was ever seen: the series was never born.
        spec("checkout-clean", 999_000_000, Some("w9_all_total{code=~\"5..\"}"), None, "w9_all_total"),
        spec("checkout-gone", 999_000_000, Some("gone_total{code=~\"5..\"}"), None, "gone_total"),
        spec("checkout-wrong", 999_000_000, Some("w1_requests_total{"), None, "w1_requests_total"),
    ];
    block_on(async {
        let mut run = Run::start(&own.url, &specs, Deadlines::default());
        let w1 = run.until_slo("checkout-w1", |slo| slo.figures.value().is_some()).await;
        let figures = w1.figures.value().unwrap();
        near(figures.attained, 0.99964);
        near(figures.consumed, 0.36);
        near(figures.remaining, 0.64);
        near(rate(&w1, "1h"), 0.36);
        assert_eq!((w1.method, w1.window_text.as_str()), ("events", "30d"));
        let w2 = run.slo("checkout-w2").unwrap();
        near(rate(&w2, "1h"), 14.4);
        near(rate(&w2, "5m"), 14.4);
        let w9 = run.slo("checkout-w9").unwrap();
        near(1.0 - w9.figures.value().unwrap().attained, 0.0275);
        near(w9.figures.value().unwrap().consumed, 2.75);
        assert_eq!(w9.figures.value().unwrap().exhausted_in, Some(0.0));
        near(budget::interpolated(0.3, (0.25, 96_000.0), (0.5, 99_500.0)), 96_700.0);
        let clean = run.slo("checkout-clean").unwrap();
        near(clean.figures.value().unwrap().remaining, 1.0);
        assert_eq!(run.slo("checkout-gone").unwrap().figures.as_str(), "no_data");
        let wrong = run.slo("checkout-wrong").unwrap();
        let Reading::Invalid { why } = &wrong.figures else { panic!("{:?}", wrong.figures) };
        assert!(why.as_str().contains("does not take the query"), "{why:?}");
        run.end().await;
    });
    drop(own);
}
