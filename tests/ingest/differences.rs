//! Where an object differs from what is wanted: paths as kubectl writes them, both values, bounded in number.

use quarterdeck::model::differences::{Difference, How};
use quarterdeck::systems::argocd::ingest_differences::{MOST, difference};
use serde_json::{Value, json};

/// `path: live → wanted` of each line.
fn lines(live: &Value, wanted: &Value) -> Vec<String> {
    told(&difference(&live.to_string(), &wanted.to_string(), false, MOST))
}

fn told(difference: &Difference) -> Vec<String> {
    let Difference::Paths { rows, more } = difference else { return vec![format!("{difference:?}")] };
    let row = |how: &How| match how {
        How::Changed { live, wanted } => format!("{} → {}", live.as_str(), wanted.as_str()),
        How::Added(wanted) => format!("+ {}", wanted.as_str()),
        How::Removed(live) => format!("- {}", live.as_str()),
        How::Reordered => "another order".to_owned(),
        How::Hidden => "hidden".to_owned(),
    };
    let mut all: Vec<String> = rows.iter().map(|it| format!("{}: {}", it.path.as_str(), row(&it.how))).collect();
    if *more > 0 {
        all.push(format!("and {more} more"));
    }
    all
}

fn pod(containers: &Value) -> Value {
    json!({ "spec": { "template": { "spec": { "containers": containers } } } })
}

#[test]
fn each_difference_has_its_path_and_both_values() {
    let app = |image: &str, env: Value| json!({ "name": "app", "image": image, "env": env });
    let table: Vec<(&str, Value, Value, Vec<&str>)> = vec![
        (
            "a number",
            json!({ "spec": { "replicas": 7 } }),
            json!({ "spec": { "replicas": 3 } }),
            vec!["spec.replicas: 7 → 3"],
        ),
        (
            "an item of a list by its name, wherever it stands",
            pod(&json!([{ "name": "proxy" }, app("web:7.4.0", json!([]))])),
            pod(&json!([app("web:7.5.0", json!([])), { "name": "proxy" }])),
            vec![r#"spec.template.spec.containers[name=app].image: "web:7.4.0" → "web:7.5.0""#],
        ),
        (
            "one inside of one",
            pod(&json!([app("web", json!([{ "name": "A", "value": "1" }, { "name": "B", "value": "2" }]))])),
            pod(&json!([app("web", json!([{ "name": "B", "value": "3" }, { "name": "C", "value": "4" }]))])),
            vec![
                r#"spec.template.spec.containers[name=app].env[name=B].value: "2" → "3""#,
                r#"spec.template.spec.containers[name=app].env[name=C]: + {"name":"C","value":"4"}"#,
                r#"spec.template.spec.containers[name=app].env[name=A]: - {"name":"A","value":"1"}"#,
            ],
        ),
        (
            "ports by their number where they have no name",
            json!({ "ports": [{ "port": 80, "targetPort": 8080 }] }),
            json!({ "ports": [{ "port": 80, "targetPort": 8081 }] }),
            vec!["ports[port=80].targetPort: 8080 → 8081"],
        ),
        (
            "a name that comes twice is none: by places",
            json!({ "x": [{ "name": "a", "v": 1 }, { "name": "a", "v": 2 }] }),
            json!({ "x": [{ "name": "a", "v": 1 }, { "name": "a", "v": 3 }] }),
            vec!["x[1].v: 2 → 3"],
        ),
        (
            "only the order",
            json!({ "x": [{ "name": "a" }, { "name": "b" }] }),
            json!({ "x": [{ "name": "b" }, { "name": "a" }] }),
            vec!["x: another order"],
        ),
        (
            "plain items of as many",
            json!({ "args": ["-v", "1"] }),
            json!({ "args": ["-v", "2"] }),
            vec![r#"args[1]: "1" → "2""#],
        ),
        (
            "plain items that became more are told whole",
            json!({ "args": ["a", "b"] }),
            json!({ "args": ["x", "a", "b"] }),
            vec![r#"args: ["a","b"] → ["x","a","b"]"#],
        ),
        (
            "lists of lists by places",
            json!({ "x": [[1, 2], [3]] }),
            json!({ "x": [[1, 4], [3], [5]] }),
            vec!["x[0][1]: 2 → 4", "x[2]: + [5]"],
        ),
        (
            "a list that became empty",
            json!({ "x": [{ "name": "a" }] }),
            json!({ "x": [] }),
            vec![r#"x[name=a]: - {"name":"a"}"#],
        ),
        (
            "another type is another value",
            json!({ "a": "3", "b": { "c": 1 }, "d": [1] }),
            json!({ "a": 3, "b": [1], "d": null }),
            vec![r#"a: "3" → 3"#, r#"b: {"c":1} → [1]"#, "d: [1] → null"],
        ),
        (
            "what only one side has",
            json!({ "metadata": { "labels": { "gone": "x" } } }),
            json!({ "metadata": { "labels": { "app.kubernetes.io/name": "web" }, "annotations": { "": "y" } } }),
            vec![
                r#"metadata.annotations: + {"":"y"}"#,
                r#"metadata.labels['app.kubernetes.io/name']: + "web""#,
                r#"metadata.labels.gone: - "x""#,
            ],
        ),
        ("nothing", json!({ "a": [1, { "b": null }] }), json!({ "a": [1, { "b": null }] }), vec!["Same"]),
        ("numbers of different writing", json!({ "a": 1 }), json!({ "a": 1.0 }), vec!["a: 1 → 1.0"]),
        ("the whole", json!([1]), json!("x"), vec![r#".: [1] → "x""#]),
    ];
    for (what, live, wanted, expected) in table {
        assert_eq!(lines(&live, &wanted), expected, "{what}");
    }
}

#[test]
fn what_is_missing_surplus_or_unreadable_is_told_as_that() {
    let some = r#"{"kind":"Service"}"#;
    for (live, wanted, expected) in [
        ("null", some, Difference::Missing),
        ("", some, Difference::Missing),
        (some, "null", Difference::Surplus),
        (some, " ", Difference::Surplus),
        (some, some, Difference::Same),
    ] {
        assert_eq!(difference(live, wanted, false, MOST), expected, "{live} {wanted}");
    }
    for (live, wanted, expected) in [
        ("null", "", "its states are not told"),
        (r#"{"token":"hunter2""#, some, "its state in the cluster is no JSON: line 1"),
        (some, "<html>hunter2", "its wanted state is no JSON: line 1"),
    ] {
        let Difference::Unread(why) = difference(live, wanted, false, MOST) else { panic!("{live} {wanted}") };
        assert!(why.as_str().starts_with(expected) && !why.as_str().contains("hunter2"), "{why:?}");
    }
    // Nested beyond what a reader of JSON follows.
    let deep = format!("{}1{}", "[".repeat(400), "]".repeat(400));
    assert!(matches!(difference(&deep, some, false, MOST), Difference::Unread(_)));
}

#[test]
fn depth_number_and_length_are_bounded() {
    let nested = |leaf: i64| (0..100).fold(json!(leaf), |inner, _| json!({ "a": inner }));
    let got = lines(&nested(1), &nested(2));
    assert_eq!(got.len(), 1);
    let path = got[0].split(": ").next().unwrap();
    assert_eq!(path.split('.').count(), 40, "below that it is one value: {path}");

    let many = |value: i64| (0..500).map(|n| (format!("k{n:03}"), json!(value))).collect::<serde_json::Map<_, _>>();
    let got = lines(&many(1).into(), &many(2).into());
    assert_eq!((got.len(), got[40].as_str()), (41, "and 460 more"));

    // Long values are told from a little before the place where they part.
    let text = |end: &str| json!({ "a": format!("{}{end}{}", "x".repeat(300), "y".repeat(300)) });
    let got = lines(&text("1"), &text("2"));
    assert!(got[0].chars().count() < 140, "{got:?}");
    let (live, wanted) = got[0].split_once(" → ").unwrap();
    assert!(live.contains("xxx1yyy") && wanted.contains("xxx2yyy") && wanted.starts_with('…'), "{got:?}");
}

#[test]
fn of_a_secret_nothing_but_paths_is_told() {
    let secret = |value: &str| {
        json!({ "kind": "Secret", "data": { "password": value, "same": "c2FtZQ==" }, "stringData": { "x": value },
            "metadata": { "annotations": { "last": value } } })
    };
    let live = secret("aHVudGVyMg==").to_string();
    let mut wanted = secret("b3RoZXI=");
    wanted["data"]["new"] = "bmV3".into();
    let got = difference(&live, &wanted.to_string(), true, MOST);
    assert_eq!(
        told(&got),
        ["data.new: hidden", "data.password: hidden", "metadata.annotations.last: hidden", "stringData.x: hidden"]
    );
    assert!(!format!("{got:?}").contains("aHVu") && !format!("{got:?}").contains("bmV3"));
    // As its server masks them, where it is another kind.
    let masked = |plus: &str| json!({ "data": { "password": plus } });
    assert_eq!(lines(&masked("++++++++"), &masked("+++++++++")), ["data.password: hidden"]);
}

/// What is masked where an object is shown whole is masked in its differences too.
#[test]
fn what_may_be_secret_is_never_kept() {
    let env = |name: &str, value: &str| json!({ "name": name, "value": value });
    let annotated =
        |name: &str, value: &str| json!({ "metadata": { "annotations": { name: value, "mode": value.len() } } });
    let values = |word: &str| json!({ "helm": { "values": format!("db:\n  password: {word}\n  port: 1\n") } });
    let table: Vec<(&str, Value, Value, Vec<&str>)> = vec![
        (
            "the value of a variable",
            json!({ "env": [env("DB_PASSWORD", "hunter2"), env("MODE", "fast")] }),
            json!({ "env": [env("DB_PASSWORD", "hunter2-new"), env("MODE", "slow")] }),
            vec!["env[name=DB_PASSWORD].value: hidden", r#"env[name=MODE].value: "fast" → "slow""#],
        ),
        (
            "a variable that came and one that went",
            json!({ "env": [env("API_TOKEN", "hunter2")] }),
            json!({ "env": [env("DB_PASSWORD", "hunter2")] }),
            vec![
                r#"env[name=DB_PASSWORD]: + {"name":"DB_PASSWORD","value":"••••••"}"#,
                r#"env[name=API_TOKEN]: - {"name":"API_TOKEN","value":"••••••"}"#,
            ],
        ),
        (
            "a list that came whole",
            json!({ "name": "app" }),
            json!({ "name": "app", "env": [env("DB_PASSWORD", "hunter2")] }),
            vec![r#"env: + [{"name":"DB_PASSWORD","value":"••••••"}]"#],
        ),
        (
            "words of a command line",
            json!({ "args": ["--password=hunter2", "--token", "hunter2", "-v=1"] }),
            json!({ "args": ["--password=hunter3", "--token", "hunter2-new", "-v=2"] }),
            vec!["args[0]: hidden", "args[2]: hidden", r#"args[3]: "-v=1" → "-v=2""#],
        ),
        (
            "more words of a command line",
            json!({ "command": ["run", "--password=hunter2"] }),
            json!({ "command": ["run", "--password=hunter2-new", "--fast"] }),
            vec![r#"command: ["run","--password=••••••"] → ["run","--password=••••••","--fast"]"#],
        ),
        (
            "keys of a ConfigMap",
            json!({ "kind": "ConfigMap", "data": { "token": "hunter2", "mode": "a" } }),
            json!({ "kind": "ConfigMap", "data": { "token": "hunter2-new", "mode": "b", "password": "hunter2" } }),
            vec![r#"data.mode: "a" → "b""#, "data.password: hidden", "data.token: hidden"],
        ),
        (
            "a file in a ConfigMap",
            json!({ "data": { "app.yaml": "db:\n  password: hunter2\n" } }),
            json!({ "data": { "app.yaml": "db:\n  password: hunter2-new\n" } }),
            vec!["data['app.yaml']: hidden"],
        ),
        (
            "an address with a login",
            json!({ "env": [env("DATABASE", "postgres://shop:hunter2@db/shop")] }),
            json!({ "env": [env("DATABASE", "postgres://db/shop")] }),
            vec!["env[name=DATABASE].value: hidden"],
        ),
        (
            "an address as what tells an item from others",
            json!({ "x": [{ "name": "https://u:hunter2@a", "v": 1 }] }),
            json!({ "x": [{ "name": "https://u:hunter2@a", "v": 2 }] }),
            vec!["x[0].v: 1 → 2"],
        ),
        (
            "a copy of the object",
            annotated("kubectl.kubernetes.io/last-applied-configuration", r#"{"env":"hunter2"}"#),
            annotated("kubectl.kubernetes.io/last-applied-configuration", r#"{"env":"hunter2-new"}"#),
            vec![
                "metadata.annotations['kubectl.kubernetes.io/last-applied-configuration']: hidden",
                "metadata.annotations.mode: 17 → 21",
            ],
        ),
        (
            "a copy that only one side has",
            annotated("banzaicloud.com/last-applied", "hunter2"),
            json!({ "metadata": {} }),
            vec![r#"metadata.annotations: - {"mode":7}"#],
        ),
        ("values of a chart", values("hunter2"), values("hunter2-new"), vec!["helm.values: hidden"]),
        (
            "below a name that is secret",
            json!({ "secrets": [{ "id": "hunter2", "pin": 1 }] }),
            json!({ "secrets": [{ "id": "hunter2-new", "pin": 2 }] }),
            vec!["secrets[0].id: hidden", "secrets[0].pin: hidden"],
        ),
    ];
    for (what, live, wanted, expected) in table {
        for (live, wanted, turned) in [(&live, &wanted, false), (&wanted, &live, true)] {
            let got = difference(&live.to_string(), &wanted.to_string(), false, MOST);
            assert!(!format!("{got:?}").contains("hunter"), "{what}: {got:?}");
            if !turned {
                assert_eq!(told(&got), expected, "{what}");
            }
        }
    }
}
