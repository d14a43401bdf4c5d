//! The demo's Prometheus beside its queries: posted forms, and the lists of series, label names and
//! label values, with the parameters and the refusals of a real one.

use serde_json::Value;

use super::Held;

const API: &str = "/prometheus/api/v1";
const CANARY: &str = "http_requests_total%7Bservice%3D%22checkout%22%2Carm%3D%22canary%22%7D";

async fn list(world: &Held, path: &str) -> Vec<Value> {
    let answer = world.http.get(&format!("{API}{path}")).await;
    assert_eq!(answer["status"], "success", "{path}: {answer}");
    answer["data"].as_array().unwrap_or_else(|| panic!("{path}: {answer}")).clone()
}

async fn post(world: &Held, path: &str, form: &str) -> (u16, Value) {
    let (code, text) = world.http.send("POST", path, "application/x-www-form-urlencoded", form).await;
    (code, serde_json::from_str(&text).unwrap_or_default())
}

fn texts(list: &[Value]) -> Vec<&str> {
    list.iter().map(|value| value.as_str().unwrap()).collect()
}

/// What is posted is what is asked; a body and an address may share the parameters.
#[tokio::test]
async fn a_posted_form_is_answered_as_the_address_is() {
    let world = Held::open().await;
    world.half().await;
    let now = world.handle.now().as_second();
    let query = format!("query=sum%28increase%28{CANARY}%5B5m%5D%29%29");
    let range = format!("{query}&start={}&end={now}&step=30s", now - 300);
    let instant = format!("{query}&time={now}");
    for (place, parameters) in [("query", &instant), ("query_range", &range), ("series", &format!("match[]={CANARY}"))]
    {
        let got = world.http.get(&format!("{API}/{place}?{parameters}")).await;
        let (code, posted) = post(&world, &format!("{API}/{place}"), parameters).await;
        assert_eq!((code, &posted), (200, &got), "{place}");
        assert!(posted.to_string().len() > 60, "{place}: {posted}");
    }
    let (code, split) = post(&world, &format!("{API}/query?time={now}"), &query).await;
    assert_eq!((code, split), (200, world.http.get(&format!("{API}/query?{instant}")).await));
    // A space may be a plus, and a query may be longer than an address.
    let long = format!("query=vector%281%29{}&time={now}", "+%2B+vector%281%29".repeat(600));
    let (code, answer) = post(&world, &format!("{API}/query"), &long).await;
    assert!(code == 400 && answer["error"].as_str().unwrap().contains("too long"), "{answer}");
    let some = format!("query=vector%281%29{}&time={now}", "+%2B+vector%281%29".repeat(150));
    assert_eq!(post(&world, &format!("{API}/query"), &some).await.1["data"]["result"][0]["value"][1], "151");
    // What a real one takes no form for.
    for place in ["rules", "alerts", "label/job/values", "status/buildinfo"] {
        assert_eq!(post(&world, &format!("{API}/{place}"), "").await.0, 405, "{place}");
    }
}

#[tokio::test]
async fn series_are_listed_with_their_labels_by_one_selector_or_several() {
    let world = Held::open().await;
    world.half().await;
    let canary = list(&world, &format!("/series?match[]={CANARY}")).await;
    assert!(!canary.is_empty());
    for series in &canary {
        assert_eq!((&series["__name__"], &series["arm"]), (&"http_requests_total".into(), &"canary".into()));
        assert!(series["code"].is_string() && series["service"] == "checkout", "{series}");
    }
    let info = "sloth_slo_info";
    let both = list(&world, &format!("/series?match[]={CANARY}&match[]={info}")).await;
    let alone = list(&world, &format!("/series?match[]={info}")).await;
    assert_eq!(both.len(), canary.len() + alone.len());
    assert_eq!(list(&world, "/series?match[]=no_such_metric").await.len(), 0);
    let cut = world.http.get(&format!("{API}/series?match[]={info}&limit=2")).await;
    assert_eq!(cut["data"].as_array().unwrap().len(), 2);
    assert_eq!(cut["warnings"][0], "results truncated due to limit");
    // One whose last sample lies before the time asked about is not there; before, it was.
    let now = world.handle.now().as_second();
    let gone = "up%7Bjob%3D%22payments%22%7D";
    assert_eq!(list(&world, &format!("/series?match[]={gone}&start={}", now - 30)).await.len(), 0);
    assert_eq!(list(&world, &format!("/series?match[]={gone}&start={}", now - 86_400)).await.len(), 1);
}

#[tokio::test]
async fn label_names_and_values_are_sorted_distinct_and_selected() {
    let world = Held::open().await;
    world.half().await;
    let names = list(&world, "/labels").await;
    let names = texts(&names);
    assert!(names.is_sorted() && names.windows(2).all(|pair| pair[0] != pair[1]), "{names:?}");
    for name in ["__name__", "arm", "code", "job", "le", "service", "sloth_id", "sloth_window"] {
        assert!(names.contains(&name), "{name} in {names:?}");
    }
    let of_info = list(&world, "/labels?match[]=sloth_slo_info").await;
    assert!(texts(&of_info).contains(&"sloth_objective") && !texts(&of_info).contains(&"le"), "{of_info:?}");
    let arms = list(&world, "/label/arm/values").await;
    assert_eq!(texts(&arms), ["canary", "stable"]);
    assert_eq!(texts(&list(&world, &format!("/label/arm/values?match[]={CANARY}")).await), ["canary"]);
    let metrics = list(&world, "/label/__name__/values").await;
    assert!(texts(&metrics).contains(&"slo:sli_error:ratio_rate5m"), "{metrics:?}");
    assert_eq!(list(&world, "/label/no_such_label/values").await.len(), 0);
    assert_eq!(texts(&list(&world, "/label/__name__/values?limit=1").await), texts(&metrics[..1]));
}

#[tokio::test]
async fn lists_that_cannot_be_made_are_refused_in_its_words() {
    let world = Held::open().await;
    let cases = [
        ("/series", "no match[] parameter provided"),
        ("/series?match[]=sum(up)", "invalid parameter \"match[]\": 1:1: parse error: unexpected expression"),
        ("/series?match[]=%7B", "invalid parameter \"match[]\": 1:1: parse error:"),
        ("/labels?match[]=%7B", "invalid parameter \"match[]\": 1:1: parse error:"),
        ("/label/job/values?match[]=%7B", "invalid parameter \"match[]\": 1:1: parse error:"),
        ("/series?match[]=up&start=soon", "invalid parameter \"start\": cannot parse \"soon\" to a valid timestamp"),
    ];
    for (path, wanted) in cases {
        let (code, body) = world.http.json(&format!("{API}{path}")).await;
        assert_eq!((code, &body["errorType"]), (400, &"bad_data".into()), "{path}: {body}");
        assert!(body["error"].as_str().unwrap().starts_with(wanted), "{path}: {body}");
    }
}
