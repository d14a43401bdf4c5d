//! What nobody named is shown as discovered, and with it where it was found.

use quarterdeck::model::source::SourceScope;
use quarterdeck::model::{Name, SourceId, SystemId};
use quarterdeck::state::ui::{Overlay, Place};
use quarterdeck::state::{State, World, verbs};
use quarterdeck::text::Safe;

use super::shot::shot;
use super::world::{at, silent};

fn beside(discovered: Option<&'static str>) -> State {
    let mut state = silent(&["production"]);
    let mut sources = state.world.sources.clone();
    sources.push(SourceScope {
        id: SourceId(1),
        system: SystemId::Prometheus,
        name: Name::new("prometheus.example"),
        server: Safe::of("https://prometheus.example"),
        user: Safe::of(""),
        namespaces: None,
        unusable: None,
        discovered: discovered.map(Safe::of),
    });
    state.world = World::new(sources);
    state
}

#[test]
fn the_header_and_the_help_say_what_was_discovered() {
    let (found, named) = (beside(Some("PROMETHEUS_URL")), beside(None));
    let header = |state: &State| shot(state, (160, 48)).lines().next().unwrap().to_owned();
    assert!(header(&found).contains("prometheus discovered"), "{}", header(&found));
    assert!(!header(&named).contains("discovered"), "{}", header(&named));

    let help = |state: &State| {
        let mut state = at(state.clone(), Place::Deck);
        state.ui.overlay = Some(Overlay::Help { top: 0 });
        shot(&state, (160, 60))
    };
    assert!(help(&found).contains("prometheus  prometheus.example  (PROMETHEUS_URL)"), "{}", help(&found));
    assert!(!help(&named).contains("discovered"));
    assert_eq!(verbs::help_lines(&found), verbs::help_lines(&named) + 3, "the last line can be scrolled to");
}
