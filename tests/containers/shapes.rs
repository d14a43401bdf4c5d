//! What engines answer, and what is made of it.

use quarterdeck::model::SourceId;
use quarterdeck::model::docker::ContainerState;
use quarterdeck::systems::docker::ingest::{Occurrence, add, event, inspect, list};

const HERE: SourceId = SourceId(2);

/// As Docker 20.10 (API 1.41) answered, names changed.
const LISTED: &str = r#"[{"Id":"898dedaa493ca2b87716dcf13cf8aef6643edcac1902562457c0b63aaaa79093","Names":["/other/alias","/shop-db-1"],
"Image":"postgres:17","ImageID":"sha256:63","Command":"postgres","Created":1795270552,
"Ports":[{"IP":"0.0.0.0","PrivatePort":5432,"PublicPort":15432,"Type":"tcp"},{"IP":"::","PrivatePort":5432,"PublicPort":15432,"Type":"tcp"},{"PrivatePort":9,"Type":"udp"}],
"Labels":{"com.docker.compose.project":"shop"},"State":"running","Status":"Up 2 seconds (health: starting)","HostConfig":{"NetworkMode":"none"}}]"#;

#[test]
fn a_container_is_read_whole() {
    let listing = list(HERE, LISTED.as_bytes()).unwrap();
    let [row] = &listing.containers[..] else { panic!("{listing:?}") };
    assert_eq!((row.meta.name.raw(), row.meta.namespace.raw()), ("shop-db-1", "shop"));
    assert_eq!(row.state, ContainerState::Running);
    assert_eq!(row.health.as_ref().unwrap().as_str(), "starting");
    assert_eq!(row.meta.created.unwrap().to_string(), "2026-11-21T14:15:52Z");
    let ports: Vec<&str> = row.ports.iter().map(quarterdeck::text::Safe::as_str).collect();
    assert_eq!(ports, ["0.0.0.0:15432→5432/tcp", "[::]:15432→5432/tcp", "9/udp"]);
}

#[test]
fn what_is_odd_costs_one_field_or_one_container_never_the_list() {
    let body = r#"[
      {"Id":"aaaaaaaaaaaaaaaa","Names":null,"Created":"yesterday","State":"hibernating","Status":7,"Labels":[],"Ports":[{"PrivatePort":"x"},null]},
      {"Names":["/no-id"]},
      "a word",
      {"Id":"b","Names":["/b\u001b[31m"],"State":"exited","Status":"Exited (137) 3 minutes ago"}
    ]"#;
    let listing = list(HERE, body.as_bytes()).unwrap();
    assert_eq!((listing.containers.len(), listing.left_out), (2, 2));
    let odd = &listing.containers[0];
    assert_eq!(odd.meta.name.raw(), "aaaaaaaaaaaa", "without a name it has the first of its id");
    assert!(matches!(&odd.state, ContainerState::Other(word) if word.as_str() == "hibernating"));
    let ended = &listing.containers[1];
    assert_eq!(ended.exit_code, Some(137));
    assert!(!ended.meta.name.safe().as_str().contains('\u{1b}'));
    for body in ["{}", "<html>", ""] {
        assert!(list(HERE, body.as_bytes()).is_err(), "{body}");
    }
}

#[test]
fn an_inspection_adds_why_it_ended() {
    let mut listing =
        list(HERE, br#"[{"Id":"b","Names":["/b"],"State":"exited","Status":"Exited (137) 3 minutes ago"}]"#).unwrap();
    let told = inspect(
        br#"{"State":{"Status":"exited","OOMKilled":true,"ExitCode":137,"StartedAt":"0001-01-01T00:00:00Z","FinishedAt":"2026-11-21T14:00:00.5Z"},
        "RestartCount":3,"Config":{"Tty":true},"HostConfig":{"LogConfig":{"Type":"none"}}}"#,
    )
    .unwrap();
    assert_eq!(told.log_driver.as_ref().unwrap().as_str(), "none");
    let row = &mut listing.containers[0];
    add(row, &told);
    assert!(row.oom_killed && row.tty);
    assert_eq!((row.restarts, row.started, row.exit_code), (3, None, Some(137)));
    assert_eq!(row.finished.unwrap().to_string(), "2026-11-21T14:00:00.5Z");
    assert!(inspect(b"[]").is_err());
}

#[test]
fn health_checks_are_no_news() {
    let line = |kind: &str, action: &str| {
        format!(r#"{{"Type":"{kind}","Action":"{action}","Actor":{{"ID":"abc","Attributes":{{}}}},"time":1}}"#)
    };
    let of = |kind, action| event(line(kind, action).as_bytes());
    assert_eq!(of("container", "die"), Some(Occurrence { id: "abc".to_owned(), changes: true }));
    assert_eq!(of("container", "health_status: unhealthy").map(|event| event.changes), Some(true));
    assert_eq!(of("container", "exec_start: /bin/true").map(|event| event.changes), Some(false));
    assert_eq!(of("network", "connect"), None);
    assert_eq!(event(b"{"), None);
}
