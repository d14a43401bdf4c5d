//! `notify:`: who is told what. A hook is told what a watch saw; Slack is kept for later.

use super::secret;
use super::tree::{Entry, Faults, Fields, Node, What};
use super::unbuilt::Unbuilt;
use super::words;
use crate::model::notify::{Hook, Occasion};

const KEYS: [&str; 3] = ["hook", "slack", "on"];
/// What happens to a rollout, for Slack.
const OF_SLACK: [(&str, ()); 4] = [("promoted", ()), ("rolled-back", ()), ("waiting", ()), ("budget", ())];

pub(super) fn read(entry: &Entry, unbuilt: &mut Unbuilt, faults: &mut Faults) -> Vec<Hook> {
    let mut hooks = Vec::new();
    for item in entry.value.items("notify", faults) {
        let Some(fields) = item.fields("notify", &KEYS, faults) else { continue };
        match (fields.get("hook"), fields.get("slack")) {
            (Some(node), None) => {
                let on = occasions(&fields, faults);
                hooks.extend(command(node, faults).map(|command| Hook { command, on }));
            }
            (None, Some(node)) => {
                slack(node, &fields, faults);
                unbuilt.note("notify[].slack", &node.at);
            }
            (Some(_), Some(node)) => {
                faults.tell(&node.at, "one item tells one", Some("write two items".to_owned()));
            }
            (None, None) if fields.strange => {}
            (None, None) => faults.tell(
                &item.at,
                "this names nobody to tell",
                Some("such as hook: [PROGRAM, ARGUMENT] or slack: { url: { env: NAME } }".to_owned()),
            ),
        }
    }
    hooks
}

/// All of them where none is named.
fn occasions(fields: &Fields, faults: &mut Faults) -> Vec<Occasion> {
    let Some(node) = fields.get("on") else { return Occasion::ALL.to_vec() };
    let known = Occasion::ALL.map(|occasion| (occasion.as_str(), occasion));
    node.items("on", faults).iter().filter_map(|event| event.one_of("event", &known, faults)).collect()
}

/// Program and arguments.
fn command(node: &Node, faults: &mut Faults) -> Option<Vec<String>> {
    let hint =
        || Some("write program and arguments as a list, such as [notify-send, build]; no shell is used".to_owned());
    let What::List(items) = &node.what else {
        faults.tell(&node.at, "a hook is a list of words", hint());
        return None;
    };
    let mut all = Vec::new();
    for item in items {
        let What::Word(word) = &item.what else {
            faults.tell(&item.at, "a hook is a list of words", hint());
            return None;
        };
        if words::looks_secret(word) {
            let hint = "let the program read it from its environment".to_owned();
            faults.tell(&item.at, "this looks like a token itself", Some(hint));
            return None;
        }
        all.push(word.clone());
    }
    match all.first_mut() {
        None => faults.tell(&node.at, "the hook names no program", hint()),
        Some(program) if program.trim().is_empty() => faults.tell(&node.at, "the hook names no program", hint()),
        Some(program) => {
            // A path begins where the file lies, not where the program was started.
            if program.contains('/') {
                *program = node.at.origin.folder.join(&*program).display().to_string();
            }
            return Some(all);
        }
    }
    None
}

fn slack(node: &Node, fields: &Fields, faults: &mut Faults) {
    if let Some(slack) = node.fields("slack", &["url"], faults)
        && secret::of(&slack, "url", faults).is_none()
        && slack.get("url").is_none()
        && !slack.strange
    {
        faults.tell(&node.at, "slack has no url", Some("such as { url: { env: SLACK_WEBHOOK } }".to_owned()));
    }
    for event in fields.get("on").map_or(&[][..], |node| node.items("on", faults)) {
        event.one_of("event", &OF_SLACK, faults);
    }
}
