//! Broken files, each with all that is said of it.

use super::{folder, of, told};

/// Each text after `version: 1`, and what is said.
fn table(cases: &[&str]) -> String {
    let mut out = String::new();
    for case in cases {
        out += case;
        out.push('\n');
        for line in told(&format!("version: 1\n{case}")).lines() {
            out += &["    => ", line, "\n"].concat();
        }
    }
    out
}

#[test]
fn shapes_and_keys() {
    let whole: Vec<String> = [
        "",
        "# only a comment\n",
        "just words",
        "- a\n- list\n",
        "version: 2\n",
        "services: []\n",
        "version: 1\n  theme: deck\n",
        "version: 1\ntheme: [deck\n",
        "version: 1\nversion: 1\n",
        "version: 1\n---\nversion: 1\n",
        "version: !!int 1\n",
        "version: 1\nsources: !mine { docker: {} }\n",
    ]
    .iter()
    .map(|text| format!("{text:?} => {}", told(text)))
    .collect();
    insta::assert_snapshot!(whole.join("\n"), @r##"
    "" => config.yaml:1:1: the file is empty; begin it with version: 1
    "# only a comment\n" => config.yaml:1:1: the file is empty; begin it with version: 1
    "just words" => config.yaml:1:1: "configuration" must be a mapping; its keys are version, services, images, environments, promotion, budget-policy, sources, notify, theme, keymap
    "- a\n- list\n" => config.yaml:1:1: "configuration" must be a mapping; its keys are version, services, images, environments, promotion, budget-policy, sources, notify, theme, keymap
    "version: 2\n" => config.yaml:1:10: unknown version "2"; this program reads version 1
    "services: []\n" => config.yaml:1:1: the version is missing; begin the file with version: 1
    "version: 1\n  theme: deck\n" => config.yaml:2:8: not YAML: mapping values are not allowed in this context
    "version: 1\ntheme: [deck\n" => config.yaml:2:8: not YAML: unclosed bracket '['
    "version: 1\nversion: 1\n" => config.yaml:2:1: key "version" is already on line 1
    "version: 1\n---\nversion: 1\n" => config.yaml:2:1: a second document begins here, and nothing of it would be read; put all of it into one
    "version: !!int 1\n" => config.yaml:1:16: the tag "!!int" means nothing here; leave it out
    "version: 1\nsources: !mine { docker: {} }\n" => config.yaml:2:16: the tag "!mine" means nothing here; leave it out
    "##);
    insta::assert_snapshot!(table(&[
        "servises: []",
        "services: checkout",
        "services: { name: checkout }",
        "services: [checkout]",
        "services: [{ repo: acme/checkout }]",
        "services: [{ name: [checkout] }]",
        "services: [{ name: checkout, name: cart }]",
        "services: [{ name: checkout, repository: acme/checkout }]",
        "theme: { name: deck }",
        "theme: *deck",
        "promotion: dev",
    ]), @r#"
    servises: []
        => config.yaml:2:1: unknown key "servises"; did you mean "services"?
    services: checkout
        => config.yaml:2:11: "services" must be a list; begin each item with "- ", or put them between [ and ]
    services: { name: checkout }
        => config.yaml:2:11: "services" must be a list; begin each item with "- ", or put them between [ and ]
    services: [checkout]
        => config.yaml:2:12: "service" must be a mapping; its keys are name, repo, images, pipelines, platforms, slos, canary
    services: [{ repo: acme/checkout }]
        => config.yaml:2:12: this service has no name; begin it with name: NAME
    services: [{ name: [checkout] }]
        => config.yaml:2:20: "name" must be a single value
    services: [{ name: checkout, name: cart }]
        => config.yaml:2:30: key "name" is already on line 2
    services: [{ name: checkout, repository: acme/checkout }]
        => config.yaml:2:30: unknown key "repository"; known are name, repo, images, pipelines, platforms, slos, canary
    theme: { name: deck }
        => config.yaml:2:8: "theme" must be a single value
    theme: *deck
        => config.yaml:2:8: not YAML: while parsing node, found unknown anchor
    promotion: dev
        => config.yaml:2:12: "promotion" must be a list; begin each item with "- ", or put them between [ and ]
    "#);
}

#[test]
fn services() {
    insta::assert_snapshot!(table(&[
        "services: [{ name: checkout }, { name: checkout }]",
        "services: [{ name: 'check out' }]",
        "services: [{ name: a, repo: checkout }]",
        "services: [{ name: a, repo: 'https://github.com/acme/checkout.git' }]",
        "services: [{ name: a, repo: 'git@github.com:acme/checkout.git' }]",
        "services: [{ name: a, images: ['ghcr.io/acme/checkout:1.2'] }]",
        "services: [{ name: a, images: [ghcr.io/acme/a, ghcr.io/acme/a] }]",
        "services: [{ name: a, pipelines: [{ github: build }] }]",
        "services: [{ name: a, pipelines: [{ jenkins: build }] }]",
        "services: [{ name: a, pipelines: [{ github: ci.yml, tekton: build }] }]",
        "services: [{ name: a, pipelines: [{ github: ci.yml, namespace: ci }] }]",
        "services: [{ name: a, platforms: [amd64] }]",
        "services: [{ name: a, canary: { errors: 'rate(errors[5m])' } }]",
        "services: [{ name: a, canary: { error: 'x{arm}' } }]",
        "services: [{ name: a, canary: { errors: 'rate(errors{arm=\"{arm}\"}[5m]' } }]",
        "services: [{ name: a, slos: [slo/missing.yaml] }]",
        "services: [{ name: a, slos: [slo] }]",
    ]), @r#"
    services: [{ name: checkout }, { name: checkout }]
        => config.yaml:2:40: service "checkout" is already on line 2; give one of them another name, or put them together
    services: [{ name: 'check out' }]
        => config.yaml:2:20: "check out" is no name; up to 63 letters, digits, "-", "_" and "."
    services: [{ name: a, repo: checkout }]
        => config.yaml:2:29: "checkout" is no repository; write owner/name, such as acme/checkout
    services: [{ name: a, repo: 'https://github.com/acme/checkout.git' }]
        => config.yaml:2:29: a repository is named by owner and name; did you mean "acme/checkout"?
    services: [{ name: a, repo: 'git@github.com:acme/checkout.git' }]
        => config.yaml:2:29: a repository is named by owner and name; did you mean "acme/checkout"?
    services: [{ name: a, images: ['ghcr.io/acme/checkout:1.2'] }]
        => config.yaml:2:32: "ghcr.io/acme/checkout:1.2" names one version of an image; write it without tag and digest: "ghcr.io/acme/checkout"
    services: [{ name: a, images: [ghcr.io/acme/a, ghcr.io/acme/a] }]
        => config.yaml:2:48: "ghcr.io/acme/a" stands here twice
    services: [{ name: a, pipelines: [{ github: build }] }]
        => config.yaml:2:45: "build" is no workflow file; such as ci.yml, a file of .github/workflows
    services: [{ name: a, pipelines: [{ jenkins: build }] }]
        => config.yaml:2:37: unknown key "jenkins"; known are github, tekton, namespace
    services: [{ name: a, pipelines: [{ github: ci.yml, tekton: build }] }]
        => config.yaml:2:61: a pipeline is one of GitHub or one of Tekton; write two items
    services: [{ name: a, pipelines: [{ github: ci.yml, namespace: ci }] }]
        => config.yaml:2:64: a workflow of GitHub has no namespace; it belongs to a pipeline of Tekton
    services: [{ name: a, platforms: [amd64] }]
        => config.yaml:2:35: "amd64" is no platform; such as linux/amd64 or linux/arm64
    services: [{ name: a, canary: { errors: 'rate(errors[5m])' } }]
        => config.yaml:2:41: the query would be the same for both arms; put {arm} where the name of the arm belongs, such as service="checkout-{arm}"
    services: [{ name: a, canary: { error: 'x{arm}' } }]
        => config.yaml:2:33: unknown key "error"; did you mean "errors"?
    services: [{ name: a, canary: { errors: 'rate(errors{arm="{arm}"}[5m]' } }]
        => config.yaml:2:41: the query is no PromQL: "unclosed left parenthesis"; {arm} becomes "canary" and "stable" before it is asked; try it so in Prometheus
    services: [{ name: a, slos: [slo/missing.yaml] }]
        => config.yaml:2:30: slo/missing.yaml cannot be read: No such file or directory (os error 2)
    services: [{ name: a, slos: [slo] }]
        => config.yaml:2:30: slo cannot be read: it is no plain file
    "#);
}

#[test]
fn environments() {
    insta::assert_snapshot!(table(&[
        "environments: [{ cluster: one }]",
        "environments: [{ name: prod }, { name: prod, namespace: b }]",
        "environments: [{ name: a, namespace: x }, { name: b, namespace: x }]",
        "environments: [{ name: prod, namespace: Production }]",
        "environments: [{ name: prod, protection: typed }]",
        "environments: [{ name: prod, protection: typed-nmae }]",
        "environments: [{ name: prod, gates: { soak: 24 } }]",
        "environments: [{ name: prod, gates: { soak: 1 day } }]",
        "environments: [{ name: prod, gates: { soak: 0s } }]",
        "environments: [{ name: prod, gates: { budget-floor: 20% } }]",
        "environments: [{ name: prod, gates: { budget-floor: 20 } }]",
        "environments: [{ name: prod, gates: { budget-floor: -1 } }]",
        "environments: [{ name: prod, gates: { approvals: many } }]",
        "environments: [{ name: prod, gates: { findings: blok } }]",
        "environments: [{ name: prod, gates: { findings: true } }]",
        "environments: [{ name: prod, gates: { findings: [block] } }]",
        "environments: [{ name: prod, gates: { finding: block } }]",
        "environments: [{ name: prod, gates: block }]",
        "environments: [{ name: prod, gitops: { path: k8s } }]",
        "environments: [{ name: prod, gitops: { repo: acme/x, path: ../x } }]",
        "environments: [{ name: prod, gitops: { repo: acme/x, path: x, write: push } }]",
        "environments: [{ name: prod }, { name: staging, namespace: s }]\npromotion: [stagign, prod]",
        "promotion: [dev, dev]",
        "budget-policy: { critical: 0.95, emergency: 0.80 }",
        "budget-policy: { critical: lots, critical-action: proposed, veto: 60 }",
    ]), @r#"
    environments: [{ cluster: one }]
        => config.yaml:2:16: this environment has no name; begin it with name: NAME
    environments: [{ name: prod }, { name: prod, namespace: b }]
        => config.yaml:2:40: environment "prod" is already on line 2; give one of them another name, or put them together
    environments: [{ name: a, namespace: x }, { name: b, namespace: x }]
        => config.yaml:2:51: this is the same place as "a" on line 2; give one of them another cluster or namespace
    environments: [{ name: prod, namespace: Production }]
        => config.yaml:2:41: "Production" is no namespace; up to 63 small letters, digits and "-" between them
    environments: [{ name: prod, protection: typed }]
        => config.yaml:2:42: unknown protection "typed"; known are none, confirm, typed-name
    environments: [{ name: prod, protection: typed-nmae }]
        => config.yaml:2:42: unknown protection "typed-nmae"; did you mean "typed-name"?
    environments: [{ name: prod, gates: { soak: 24 } }]
        => config.yaml:2:45: "24" is no duration; a number with its unit, such as 30s, 15m, 24h, 7d, or several: 1h30m
    environments: [{ name: prod, gates: { soak: 1 day } }]
        => config.yaml:2:45: "1 day" is no duration; a number with its unit, such as 30s, 15m, 24h, 7d, or several: 1h30m
    environments: [{ name: prod, gates: { soak: 0s } }]
        => config.yaml:2:45: "0s" lasts no time at all; a number with its unit, such as 30s, 15m, 24h, 7d, or several: 1h30m
    environments: [{ name: prod, gates: { budget-floor: 20% } }]
        => config.yaml:2:53: "20%" is no ratio; did you mean 0.2?
    environments: [{ name: prod, gates: { budget-floor: 20 } }]
        => config.yaml:2:53: "20" is out of range: a ratio is from 0 to 1; did you mean 0.2?
    environments: [{ name: prod, gates: { budget-floor: -1 } }]
        => config.yaml:2:53: "-1" is out of range; a ratio is from 0 to 1, such as 0.80
    environments: [{ name: prod, gates: { approvals: many } }]
        => config.yaml:2:50: "many" is no number of people; a whole number from 0 to 10
    environments: [{ name: prod, gates: { findings: blok } }]
        => config.yaml:2:49: unknown gates.findings "blok"; did you mean "block"?
    environments: [{ name: prod, gates: { findings: true } }]
        => config.yaml:2:49: unknown gates.findings "true"; known are warn, block
    environments: [{ name: prod, gates: { findings: [block] } }]
        => config.yaml:2:49: "gates.findings" must be a single value
    environments: [{ name: prod, gates: { finding: block } }]
        => config.yaml:2:39: unknown key "finding"; did you mean "findings"?
    environments: [{ name: prod, gates: block }]
        => config.yaml:2:37: "gates" must be a mapping; its keys are soak, budget-floor, approvals, findings
    environments: [{ name: prod, gitops: { path: k8s } }]
        => config.yaml:2:38: gitops has no repo; such as { repo: acme/gitops, path: k8s/overlays/prod, branch: main }
    environments: [{ name: prod, gitops: { repo: acme/x, path: ../x } }]
        => config.yaml:2:60: "../x" leaves the repository; write it from the root of the repository, such as k8s/overlays/prod
    environments: [{ name: prod, gitops: { repo: acme/x, path: x, write: push } }]
        => config.yaml:2:70: unknown way to write "push"; known are commit, pull-request
    environments: [{ name: prod }, { name: staging, namespace: s }]
    promotion: [stagign, prod]
        => config.yaml:3:13: unknown environment "stagign"; did you mean "staging"?
    promotion: [dev, dev]
        => config.yaml:2:18: "dev" stands here twice; leave one of them out
    budget-policy: { critical: 0.95, emergency: 0.80 }
        => config.yaml:2:45: emergency is below critical; the share of the budget that is spent: critical comes first
    budget-policy: { critical: lots, critical-action: proposed, veto: 60 }
        => config.yaml:2:28: "lots" is no ratio; a number from 0 to 1, such as 0.80
        => config.yaml:2:51: unknown action "proposed"; did you mean "propose"?
        => config.yaml:2:67: "60" is no duration; a number with its unit, such as 30s, 15m, 24h, 7d, or several: 1h30m
    "#);
}

#[test]
fn sources_and_secrets() {
    let said = table(&[
        "sources: { gitlab: {} }",
        "sources: { prometheus: https://prometheus.example }",
        "sources: { prometheus: {} }",
        "sources: { prometheus: { url: prometheus.example } }",
        "sources: { prometheus: { url: 'http://prometheus.example' } }",
        "sources: { prometheus: { url: 'https://ada:pa55word@prometheus.example' } }",
        "sources: { prometheus: { url: 'ada:pa55word@prometheus.example' } }",
        "sources: { prometheus: { url: 'https://prometheus.example:99999' } }",
        "sources: { prometheus: { url: 'https://prometheus.example/?token=pa55word' } }",
        "sources: { prometheus: { url: 'ftp://prometheus.example' } }",
        "sources: { github: { token: ghp_pa55word } }",
        "sources: { github: { token: [ghp_pa55word] } }",
        "sources: { github: { token: { ghp_pa55word } } }",
        "sources: { github: { token: { env: ghp_pa55word } } }",
        "sources: { github: { token: { env: 'pa55 word' } } }",
        "sources: { github: { token: { file: ghp_pa55word } } }",
        "sources: { github: { token: { fiel: x } } }",
        "sources: { github: { token: { env: A, file: b } } }",
        "sources: { github: { token: { command: gh auth token } } }",
        "sources: { github: { token: { command: [] } } }",
        "sources: { docker: { host: 'tcp://10.0.0.1:2375' } }",
        "sources: { docker: { host: 'ssh://ada@host' } }",
        "sources: { docker: { host: var/run/docker.sock } }",
        "sources: { docker: { host: 'unix://var/run/docker.sock' } }",
        "notify: [{ on: [promoted] }]",
        "notify: [{ slack: { url: 'https://hooks.slack.example/pa55word' }, on: [deployed] }]",
        "notify: [{ slack: {} }]",
        "notify: [{ hook: notify-send done }]",
        "notify: [{ hook: [] }]",
        "notify: [{ hook: [tell, ghp_pa55word] }]",
        "notify: [{ hook: [tell], on: [done, failed] }]",
        "notify: [{ hook: [tell], slack: { url: { env: A } } }]",
    ]);
    assert!(!said.lines().any(|line| line.contains("=>") && line.contains("pa55")), "{said}");
    insta::assert_snapshot!(said, @r##"
    sources: { gitlab: {} }
        => config.yaml:2:12: unknown key "gitlab"; did you mean "github"?
    sources: { prometheus: https://prometheus.example }
        => config.yaml:2:24: "prometheus" must be a mapping; its keys are url, token
    sources: { prometheus: {} }
        => config.yaml:2:24: prometheus has no url; write url: https://HOST
    sources: { prometheus: { url: prometheus.example } }
        => config.yaml:2:31: "prometheus.example" is no URL; did you mean "https://prometheus.example"?
    sources: { prometheus: { url: 'http://prometheus.example' } }
        => config.yaml:2:31: "http://prometheus.example" would be read in the open; use https://; http:// is for this machine only (127.0.0.1, localhost)
    sources: { prometheus: { url: 'https://ada:pa55word@prometheus.example' } }
        => config.yaml:2:31: a URL must not hold a user or a password; leave them out, and name the token apart: token: { env: NAME }
    sources: { prometheus: { url: 'ada:pa55word@prometheus.example' } }
        => config.yaml:2:31: this is no URL; such as https://prometheus.example
    sources: { prometheus: { url: 'https://prometheus.example:99999' } }
        => config.yaml:2:31: "https://prometheus.example:99999" is no URL; such as https://prometheus.example:9090
    sources: { prometheus: { url: 'https://prometheus.example/?token=pa55word' } }
        => config.yaml:2:31: a URL must end with its path; leave out what begins with "?" or "#"
    sources: { prometheus: { url: 'ftp://prometheus.example' } }
        => config.yaml:2:31: "ftp://prometheus.example" is no URL of a web server; begin it with https://
    sources: { github: { token: ghp_pa55word } }
        => config.yaml:2:29: a secret must not stand here; take it from { env: NAME }, { file: PATH } or { command: [PROGRAM, ARGUMENT] }
    sources: { github: { token: [ghp_pa55word] } }
        => config.yaml:2:29: this names no secret; take it from { env: NAME }, { file: PATH } or { command: [PROGRAM, ARGUMENT] }
    sources: { github: { token: { ghp_pa55word } } }
        => config.yaml:2:31: unknown key of a secret; take it from { env: NAME }, { file: PATH } or { command: [PROGRAM, ARGUMENT] }
    sources: { github: { token: { env: ghp_pa55word } } }
        => config.yaml:2:36: this looks like a token itself; name the variable that holds it: { env: GITHUB_TOKEN }
    sources: { github: { token: { env: 'pa55 word' } } }
        => config.yaml:2:36: this is no name of an environment variable; letters, digits and "_", such as { env: GITHUB_TOKEN }
    sources: { github: { token: { file: ghp_pa55word } } }
        => config.yaml:2:37: this looks like a token itself; name the file that holds it
    sources: { github: { token: { fiel: x } } }
        => config.yaml:2:31: unknown key of a secret; did you mean "file"?
    sources: { github: { token: { env: A, file: b } } }
        => config.yaml:2:29: a secret comes from one place; take it from { env: NAME }, { file: PATH } or { command: [PROGRAM, ARGUMENT] }
    sources: { github: { token: { command: gh auth token } } }
        => config.yaml:2:40: a command is a list of words; write program and arguments as a list, such as [gh, auth, token]; no shell is used
    sources: { github: { token: { command: [] } } }
        => config.yaml:2:40: the command names no program; write program and arguments as a list, such as [gh, auth, token]; no shell is used
    sources: { docker: { host: 'tcp://10.0.0.1:2375' } }
        => config.yaml:2:28: "tcp://10.0.0.1:2375" would be read and commanded in the open; reach a remote engine through a tunnel: ssh -L 2375:/var/run/docker.sock HOST
    sources: { docker: { host: 'ssh://ada@host' } }
        => config.yaml:2:28: ssh:// is not spoken; reach it through a tunnel: ssh -L 2375:/var/run/docker.sock HOST, and name tcp://127.0.0.1:2375
    sources: { docker: { host: var/run/docker.sock } }
        => config.yaml:2:28: "var/run/docker.sock" is no Docker host; such as unix:///var/run/docker.sock, or tcp://127.0.0.1:2375 on this machine
    sources: { docker: { host: 'unix://var/run/docker.sock' } }
        => config.yaml:2:28: "unix://var/run/docker.sock" names no socket; write the whole path: "unix:///var/run/docker.sock"
    notify: [{ on: [promoted] }]
        => config.yaml:2:10: this names nobody to tell; such as hook: [PROGRAM, ARGUMENT] or slack: { url: { env: NAME } }
    notify: [{ slack: { url: 'https://hooks.slack.example/pa55word' }, on: [deployed] }]
        => config.yaml:2:26: a secret must not stand here; take it from { env: NAME }, { file: PATH } or { command: [PROGRAM, ARGUMENT] }
        => config.yaml:2:73: unknown event "deployed"; known are promoted, rolled-back, waiting, budget
    notify: [{ slack: {} }]
        => config.yaml:2:19: slack has no url; such as { url: { env: SLACK_WEBHOOK } }
    notify: [{ hook: notify-send done }]
        => config.yaml:2:18: a hook is a list of words; write program and arguments as a list, such as [notify-send, build]; no shell is used
    notify: [{ hook: [] }]
        => config.yaml:2:18: the hook names no program; write program and arguments as a list, such as [notify-send, build]; no shell is used
    notify: [{ hook: [tell, ghp_pa55word] }]
        => config.yaml:2:25: this looks like a token itself; let the program read it from its environment
    notify: [{ hook: [tell], on: [done, failed] }]
        => config.yaml:2:31: unknown event "done"; did you mean "gone"?
    notify: [{ hook: [tell], slack: { url: { env: A } } }]
        => config.yaml:2:33: one item tells one; write two items
    "##);
}

/// Everything that is wrong, in the order of the file, in one go.
#[test]
fn all_at_once() {
    insta::assert_snapshot!(told(
        "version: 1
services:
  - name: checkout
    repo: checkout
    pipelines: [{ github: ci }]
  - name: checkout
environments:
  - { name: prod, protection: type }
sources:
  prometheus: { urll: https://p.example }
  docker: { host: nowhere }
thema: deck
"
    ), @r#"
    config.yaml:4:11: "checkout" is no repository; write owner/name, such as acme/checkout
    config.yaml:5:27: "ci" is no workflow file; such as ci.yml, a file of .github/workflows
    config.yaml:6:11: service "checkout" is already on line 3; give one of them another name, or put them together
    config.yaml:8:31: unknown protection "type"; known are none, confirm, typed-name
    config.yaml:10:17: unknown key "urll"; did you mean "url"?
    config.yaml:11:19: "nowhere" is no Docker host; such as unix:///var/run/docker.sock, or tcp://127.0.0.1:2375 on this machine
    config.yaml:12:1: unknown key "thema"; did you mean "theme"?
    "#);
}

#[test]
fn what_is_no_text_is_not_read() {
    let place = folder("");
    let file = place.path().join("config.yaml");
    std::fs::write(&file, b"version: 1\n\xff").unwrap();
    let told = |place: &std::path::Path| of(place, &[]).map(|_| ()).unwrap_err();
    assert_eq!(told(place.path()), "config.yaml: cannot be read: byte 12 is not UTF-8");
    std::fs::write(&file, "#".repeat((1 << 20) + 1)).unwrap();
    assert_eq!(told(place.path()), "config.yaml: cannot be read: it is larger than 1 MiB");
    std::fs::remove_file(&file).unwrap();
    std::fs::create_dir(&file).unwrap();
    assert_eq!(told(place.path()), "config.yaml: cannot be read: it is no plain file");
    // Deeply nested, and an alias that would grow for ever.
    let text = format!("version: 1\nservices: {}{}\n", "[".repeat(5000), "]".repeat(5000));
    assert_eq!(super::told(&text), "config.yaml:2:266: not YAML: recursion limit exceeded");
    let text = "version: 1\nservices: &a [*a, *a]\n";
    assert!(super::told(text).contains("must be a mapping"), "{}", super::told(text));
}
