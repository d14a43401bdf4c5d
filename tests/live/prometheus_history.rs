//! Against a Prometheus of the test's own, on history that `promtool` makes: the worked examples of
//! slo.md §1.8. No lab is needed, only Debian's `prometheus`.

use std::fmt::Write as _;
use std::path::PathBuf;
use std::process::{Child, Command, Stdio};
use std::time::Duration;

use quarterdeck::clock::Clock;
use quarterdeck::model::Name;
use quarterdeck::model::slo::{Budgeting, Indicator, Objective, ObjectiveSpec, Reading, Slo};
use quarterdeck::net::Deadlines;
use quarterdeck::slo::budget;
use quarterdeck::text::Safe;

use super::cluster::skipped;
use crate::faults::prometheus::Run;
use crate::faults::support::block_on;

/// A Prometheus of the test's own.
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

/// On this history, as OpenMetrics. `None` with a word where Debian's `prometheus` is not installed.
fn own(history: &str) -> Option<Own> {
    if !has("promtool") || !has("prometheus") {
        skipped("promtool and prometheus are not here (Debian: prometheus)");
        return None;
    }
    let folder = tempfile::tempdir().unwrap();
    let path = |name: &str| -> PathBuf { folder.path().join(name) };
    std::fs::write(path("history.om"), history).unwrap();
    // It reads the file once for each block: a month in blocks of two hours takes a minute.
    let made = Command::new("promtool")
        .args(["tsdb", "create-blocks-from", "openmetrics", "--max-block-duration=744h"])
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

/// A month of counters that grow by so much a second.
fn counters(series: &[(&str, f64)], end: i64) -> String {
    let mut text = String::new();
    let (days, step) = (31, 120);
    let mut families: Vec<&str> = series.iter().map(|(name, _)| name.split('{').next().unwrap()).collect();
    families.dedup();
    for family in families {
        writeln!(text, "# TYPE {} counter", family.trim_end_matches("_total")).unwrap();
        for (name, per_second) in series.iter().filter(|(name, _)| name.split('{').next() == Some(family)) {
            for at in (0..=days * 86_400).step_by(step) {
                let time = end - days * 86_400 + at;
                writeln!(text, "{name} {} {time}", per_second * at as f64).unwrap();
            }
        }
    }
    text.push_str("# EOF\n");
    text
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
    let end = Clock::system().now().wall.as_second() + 240;
    let Some(own) = own(&counters(&series, end)) else { return };
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
        assert_eq!(w9.figures.value().unwrap().exhausted_in, quarterdeck::model::slo::Exhaustion::In(0.0));
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

/// The ratio of 5 m of W11 at minute `t`: `ok` and `bad` stand still from 30 to 52.
fn w11(t: i64) -> f64 {
    let ok = |t: i64| if t <= 30 { 60 * t } else { 1800 + 60 * (t - 52).max(0) };
    let bad = |t: i64| 6 * (t - 52).max(0);
    let before = (t - 5).max(0);
    let (ok, bad) = (ok(t) - ok(before), bad(t) - bad(before));
    bad as f64 / (ok + bad) as f64
}

/// What Sloth would have recorded of W11 in minutes 1..=112, minute 100 at `end`; and of an
/// objective for which nobody has asked since minute 90.
fn recorded(end: i64) -> String {
    let mut text = String::new();
    let mut family = |name: &str, labels: &str, value: &dyn Fn(i64, bool) -> f64| {
        writeln!(text, "# TYPE {name} gauge").unwrap();
        for idle in [false, true] {
            let id = if idle { "idle" } else { "w11" };
            for t in 1..=112 {
                let (value, time) = (value(t, idle), end + (t - 100) * 60);
                let value = if value.is_nan() { "NaN".to_owned() } else { value.to_string() };
                let own = format!("sloth_id=\"checkout-{id}\",sloth_service=\"checkout\",sloth_slo=\"{id}\"");
                writeln!(text, "{name}{{{own}{labels}}} {value} {time}").unwrap();
            }
        }
    };
    family("sloth_slo_info", ",sloth_objective=\"95\"", &|_, _| 1.0);
    family("slo:time_period:days", "", &|_, _| 6000.0 / 86_400.0);
    let five = |t: i64, idle: bool| match idle {
        true if t <= 90 => 0.02,
        true => f64::NAN,
        false => w11(t),
    };
    family("slo:sli_error:ratio_rate5m", ",sloth_window=\"5m\"", &five);
    family("slo:sli_error:ratio_rate1h40m", ",sloth_window=\"1h40m\"", &|_, _| f64::NAN);
    text.push_str("# EOF\n");
    text
}

/// The mean without what is NaN, over the minutes of 100 m before `at`, and how many they are.
fn mean(end: i64, at: i64) -> (f64, usize) {
    let minutes = (at - 6000 + 59).div_euclid(60)..=at.div_euclid(60);
    let ratios = minutes.map(|minute| minute - end / 60 + 100).filter(|t| *t > 0).map(w11);
    let ratios: Vec<f64> = ratios.filter(|ratio| !ratio.is_nan()).collect();
    (ratios.iter().sum::<f64>() / ratios.len() as f64, ratios.len())
}

/// W11: Sloth's own mean is NaN for as long as its window; ours leaves the idle minutes out.
#[test]
fn an_idle_spell_leaves_the_mean_a_number() {
    let end = Clock::system().now().wall.as_second().div_euclid(60) * 60;
    let (ratio, count) = mean(end, end + 30);
    near(ratio, 0.0532);
    assert_eq!(count, 82);
    let Some(own) = own(&recorded(end)) else { return };
    block_on(async {
        let mut run = Run::start(&own.url, &[], Deadlines::default());
        let slo = run.until_slo("checkout-w11", |slo| slo.figures.value().is_some()).await;
        let (ratio, _) = mean(end, slo.at.unwrap().as_second());
        near(1.0 - slo.figures.value().unwrap().attained, ratio);
        assert_eq!((slo.method, slo.window_text.as_str()), ("mean of ratios", "1h40m"));
        assert!(slo.queries[0].1.as_str().contains(">= 0)[100m:1m]"), "{:?}", slo.queries);
        // Nobody asks here: none of now, and what it was.
        let idle = run.slo("checkout-idle").unwrap();
        let Reading::NoTraffic { last: Some(last), .. } = &idle.figures else { panic!("{:?}", idle.figures) };
        near(1.0 - last.attained, 0.02);
        run.end().await;
    });
    drop(own);
}
