//! What the steps of the demo's jobs write, as the real tools and runners word it: workflow
//! commands, colours and all.

use super::plan::Writes;
use crate::demo::value::mix;

/// Tests of the end-to-end suite.
const E2E: usize = 212;
/// The one that fails.
const FLAKY: usize = 147;

/// What is worked on.
pub(in crate::demo) struct Source<'a> {
    pub(in crate::demo) repository: &'a str,
    pub(in crate::demo) branch: &'a str,
    pub(in crate::demo) sha: &'a str,
    pub(in crate::demo) title: &'a str,
}

/// The lines of a step.
pub(in crate::demo) fn of(writes: Writes, source: &Source, name: &str, failed: bool, seed: u64) -> Vec<String> {
    let repository = source.repository;
    let image = format!("ghcr.io/{repository}:{}", source.branch.trim_start_matches('v'));
    let mut lines = match writes {
        Writes::Plain if name.starts_with("Run actions/") => checkout(source),
        Writes::Plain => command("actions/cache restore", &["Cache restored from key: deps-linux-7f3c91".to_owned()]),
        Writes::Build => command("make compile", &build()),
        Writes::Install => command("pip install --require-hashes -r requirements-dev.txt", &install()),
        Writes::Lint => command("ruff check . && mypy src", &lint()),
        Writes::Unit => command("pytest -q --durations=5", &unit(failed)),
        Writes::Services => command("docker compose up --wait", &services()),
        Writes::E2e => command("npx playwright test --reporter=list", &e2e(failed, seed)),
        Writes::Schema => command("python -m search.index migrate --to 42", &schema(failed)),
        Writes::Image => command(&format!("docker buildx build --tag {image} ."), &image_lines(&image, seed)),
        Writes::Push => command(&format!("docker buildx imagetools create {image}"), &push(&image, seed)),
        Writes::Plan => command("kustomize build overlays/production", &["Rendered 14 objects, 1 differs".to_owned()]),
        Writes::Deploy => command(&format!("argo set image {image}"), &[format!("rollout image updated to {image}")]),
    };
    if failed {
        lines.push("##[error]Process completed with exit code 1.".to_owned());
    }
    lines
}

/// The head of a job's log.
pub(super) fn set_up(runner: &str, job: &str) -> Vec<String> {
    [
        "Current runner version: '2.328.0'",
        "##[group]Runner Image Provisioner",
        "Hosted Compute Agent",
        "Version: 20260707.412",
        "##[endgroup]",
        "##[group]Operating System",
        "Ubuntu",
        "24.04.3",
        "LTS",
        "##[endgroup]",
        "##[group]GITHUB_TOKEN Permissions",
        "Contents: read",
        "Metadata: read",
        "Packages: write",
        "##[endgroup]",
        "Secret source: Actions",
        "Prepare workflow directory",
        "Prepare all required actions",
        "Getting action download info",
        "Download action repository 'actions/checkout@v5' (SHA:08c6903cd8c0fde910a37f88322edcfb5dd907a8)",
    ]
    .into_iter()
    .map(str::to_owned)
    .chain([format!("Image: {runner}"), format!("Complete job name: {job}")])
    .collect()
}

/// What follows the steps.
pub(super) fn after() -> Vec<String> {
    ["Post job cleanup.", "[command]/usr/bin/git version", "git version 2.51.0"].map(str::to_owned).into()
}

/// A command as the runner announces it, and what it writes.
fn command(line: &str, output: &[String]) -> Vec<String> {
    let head = [
        format!("##[group]Run {line}"),
        format!("\u{1b}[36;1m{line}\u{1b}[0m"),
        "shell: /usr/bin/bash -e {0}".to_owned(),
        "##[endgroup]".to_owned(),
    ];
    head.into_iter().chain(output.iter().cloned()).collect()
}

fn checkout(source: &Source) -> Vec<String> {
    let repository = source.repository;
    vec![
        "##[group]Run actions/checkout@v5".to_owned(),
        "with:".to_owned(),
        format!("  repository: {repository}"),
        "  token: ***".to_owned(),
        "##[endgroup]".to_owned(),
        format!("Syncing repository: {repository}"),
        "[command]/usr/bin/git init /home/runner/work".to_owned(),
        format!("[command]/usr/bin/git -c protocol.version=2 fetch --no-tags --prune --depth=1 origin +{}", source.sha),
        format!("HEAD is now at {} {}", source.sha.get(..7).unwrap_or_default(), source.title),
    ]
}

fn build() -> Vec<String> {
    let modules = ["cart", "prices", "stock", "orders", "payments_client", "sessions", "http", "telemetry"];
    let compiled = modules.iter().map(|module| format!("  compiled {module}"));
    compiled.chain(["\u{1b}[32mbuild finished\u{1b}[0m in 44.8s".to_owned()]).collect()
}

fn install() -> Vec<String> {
    let packages = ["pytest-8.4.1", "pytest-xdist-3.8.0", "hypothesis-6.138.2", "httpx-0.28.1", "psycopg-3.2.9"];
    let gets = packages.iter().map(|name| format!("  Downloading {name}-py3-none-any.whl"));
    gets.chain([format!("Successfully installed {}", packages.join(" "))]).collect()
}

fn lint() -> Vec<String> {
    ["All checks passed!", "Success: no issues found in 118 source files"].map(str::to_owned).into()
}

fn unit(failed: bool) -> Vec<String> {
    let mut lines: Vec<String> = (1..=12)
        .map(|part| format!("{} \u{1b}[36m[{:>3}%]\u{1b}[0m", "\u{1b}[32m.\u{1b}[0m".repeat(24), part * 100 / 12))
        .collect();
    if failed {
        lines.extend(
            [
                "=================================== FAILURES ===================================",
                "\u{1b}[31m\u{1b}[1m____________________ test_facets_of_an_empty_result ____________________\u{1b}[0m",
                "    def test_facets_of_an_empty_result(index):",
                ">       assert index.search(\"\").facets == {}",
                "\u{1b}[31mE       AssertionError: assert None == {}\u{1b}[0m",
                "tests/test_facets.py:41: AssertionError",
                "\u{1b}[31mFAILED\u{1b}[0m tests/test_facets.py::test_facets_of_an_empty_result - AssertionError: assert None == {}",
                "\u{1b}[31m1 failed\u{1b}[0m, \u{1b}[32m287 passed\u{1b}[0m in 71.92s",
            ]
            .map(str::to_owned),
        );
    } else {
        lines.push("\u{1b}[32m288 passed\u{1b}[0m in 71.40s".to_owned());
    }
    lines
}

fn services() -> Vec<String> {
    let all = ["postgres", "redis", "payments-stub", "inventory-stub", "checkout"];
    let starts = all.iter().map(|name| format!(" Container {name}  Starting"));
    starts.chain(all.iter().map(|name| format!(" Container {name}  \u{1b}[32mHealthy\u{1b}[0m"))).collect()
}

/// One line a test; the flaky one waits for a total that comes a moment too late.
fn e2e(failed: bool, seed: u64) -> Vec<String> {
    const SPECS: [&str; 6] = ["cart", "prices", "vouchers", "payment", "confirmation", "account"];
    const WHAT: [&str; 7] = [
        "shows the total",
        "adds an item",
        "removes the last item",
        "keeps the cart after a reload",
        "refuses an expired voucher",
        "asks again for a wrong card",
        "works with the keyboard alone",
    ];
    let mut lines = vec![format!("Running {E2E} tests using 4 workers"), String::new()];
    for test in 1..=E2E {
        let number = mix(seed ^ test as u64);
        let spec = SPECS[test * SPECS.len() / (E2E + 1)];
        let what = WHAT[test % WHAT.len()];
        let line = 10 + test % 90;
        if failed && test == FLAKY {
            lines.extend(flaky_test());
            continue;
        }
        let millis = 400 + number % 2_900;
        let place = format!("[chromium] › {spec}.spec.ts:{line}:3 › {spec} › {what}");
        lines.push(format!("  \u{1b}[32m✓\u{1b}[39m  {test:>3} {place} \u{1b}[2m({millis}ms)\u{1b}[22m"));
    }
    lines.push(String::new());
    if failed {
        lines.extend(flaky_summary());
    } else {
        lines.push(format!("  \u{1b}[32m{E2E} passed\u{1b}[39m \u{1b}[2m(6.5m)\u{1b}[22m"));
    }
    lines
}

const FLAKY_NAME: &str = "[chromium] › confirmation.spec.ts:64:3 › confirmation › shows the total after a price change";

fn flaky_test() -> Vec<String> {
    vec![
        "[WebServer] ERROR price session expired: version mismatch session=8f21 expected=17 found=16".to_owned(),
        format!("  \u{1b}[31m✘\u{1b}[39m  {FLAKY} {FLAKY_NAME} \u{1b}[2m(30.1s)\u{1b}[22m"),
        format!("  \u{1b}[31m✘\u{1b}[39m  {FLAKY} {FLAKY_NAME} (retry #1) \u{1b}[2m(30.2s)\u{1b}[22m"),
    ]
}

fn flaky_summary() -> Vec<String> {
    vec![
        format!("  1) {FLAKY_NAME} ────────"),
        String::new(),
        "    \u{1b}[31mError: expect(locator).toHaveText(expected) failed\u{1b}[39m".to_owned(),
        String::new(),
        "    Locator:  getByTestId('order-total')".to_owned(),
        "    Expected: \u{1b}[32m\"€ 41.90\"\u{1b}[39m".to_owned(),
        "    Received: \u{1b}[31m\"€ 39.90\"\u{1b}[39m".to_owned(),
        "    Timeout:  30000ms".to_owned(),
        String::new(),
        "      62 |   await prices.set('sku-2041', 4190);".to_owned(),
        "      63 |   await page.getByRole('button', { name: 'Pay' }).click();".to_owned(),
        "    > 64 |   await expect(page.getByTestId('order-total')).toHaveText('€ 41.90');".to_owned(),
        "         |                                                 ^".to_owned(),
        "        at confirmation.spec.ts:64:49".to_owned(),
        String::new(),
        "##[error]  1) confirmation.spec.ts:64:3 › shows the total after a price change: Timeout 30000ms exceeded"
            .to_owned(),
        "    attachment #1: screenshot (image/png) ────────".to_owned(),
        "    test-results/confirmation-shows-the-total-chromium/test-failed-1.png".to_owned(),
        String::new(),
        "  \u{1b}[31m1 failed\u{1b}[39m".to_owned(),
        format!("    {FLAKY_NAME}"),
        format!("  \u{1b}[32m{} passed\u{1b}[39m \u{1b}[2m(7.1m)\u{1b}[22m", E2E - 1),
    ]
}

fn schema(failed: bool) -> Vec<String> {
    let mut lines: Vec<String> =
        (0..=9).map(|part| format!("INFO  migrating shard {part} of 10 from schema 41")).collect();
    if failed {
        lines.push("ERROR shard 7: field \"facets\" has two types: keyword, text".to_owned());
        lines.push("Traceback (most recent call last):".to_owned());
        lines.push("  File \"src/search/index/migrate.py\", line 88, in migrate".to_owned());
        lines.push("search.index.SchemaError: index schema 41 is not supported, expected 42".to_owned());
    } else {
        lines.push("INFO  schema 42 is in place".to_owned());
    }
    lines
}

fn image_lines(image: &str, seed: u64) -> Vec<String> {
    let mut lines = vec!["#1 [internal] load build definition from Dockerfile".to_owned()];
    let steps = ["FROM debian:12-slim", "COPY requirements.txt .", "RUN pip install -r requirements.txt", "COPY src ."];
    for (index, step) in steps.iter().enumerate() {
        let number = index + 4;
        lines.push(format!("#{number} [{}/{}] {step}", index + 1, steps.len()));
        let cached = mix(seed ^ number as u64).is_multiple_of(3);
        lines.push(format!("#{number} {}", if cached { "CACHED" } else { "DONE 21.4s" }));
    }
    lines.push(format!("#9 naming to {image} done"));
    lines
}

fn push(image: &str, seed: u64) -> Vec<String> {
    let digest = format!("sha256:{:016x}{:016x}{:016x}{:016x}", seed, mix(seed), mix(seed ^ 1), mix(seed ^ 2));
    vec![format!("pushing {image}"), format!("{image}: digest: {digest} size: 1609")]
}
