//! The steps of a canary: objects with one key each, and the key says what the step does.

use std::fmt;

use serde::Deserialize;
use serde::de::{Deserializer, IgnoredAny, MapAccess, Visitor};

use crate::model::rollouts::Step;
use crate::systems::duration::seconds;
use crate::systems::wire::{Flag, Int, List, Obj, Text};
use crate::text::Safe;

/// A step as the model has it.
#[derive(Debug)]
pub struct StepWire(pub Step);

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct PauseWire<'a> {
    #[serde(borrow)]
    duration: Text<'a>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default, rename_all = "camelCase")]
struct TemplatesWire<'a> {
    #[serde(borrow)]
    templates: List<Obj<TemplateWire<'a>>>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default, rename_all = "camelCase")]
struct TemplateWire<'a> {
    #[serde(borrow)]
    template_name: Text<'a>,
    #[serde(borrow)]
    name: Text<'a>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default, rename_all = "camelCase")]
struct ScaleWire {
    weight: Int,
    replicas: Int,
    match_traffic_weight: Flag,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct NamedWire<'a> {
    #[serde(borrow)]
    name: Text<'a>,
}

impl<'de> Deserialize<'de> for StepWire {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_map(StepVisitor)
    }
}

struct StepVisitor;

impl<'de> Visitor<'de> for StepVisitor {
    type Value = StepWire;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a step")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<StepWire, A::Error> {
        let mut found = None;
        while let Some(key) = map.next_key::<Text<'de>>()? {
            let step = step(key.as_str(), &mut map)?;
            found = found.or(step);
        }
        Ok(StepWire(found.unwrap_or_else(|| Step::Unknown(Safe::of("")))))
    }
}

/// `None` where the key is there and its value is null: some tools write all keys.
fn step<'de, A: MapAccess<'de>>(key: &str, map: &mut A) -> Result<Option<Step>, A::Error> {
    Ok(match key {
        "setWeight" => map.next_value::<Int>()?.0.map(Step::SetWeight),
        "pause" => {
            map.next_value::<Obj<PauseWire<'de>>>()?.0.map(|pause| Step::Pause(pause.duration.some().map(seconds)))
        }
        "analysis" => {
            map.next_value::<Obj<TemplatesWire<'de>>>()?.0.map(|wire| Step::Analysis { templates: names(&wire) })
        }
        "experiment" => {
            map.next_value::<Obj<TemplatesWire<'de>>>()?.0.map(|wire| Step::Experiment { templates: names(&wire) })
        }
        "setCanaryScale" => map.next_value::<Obj<ScaleWire>>()?.0.map(|scale| Step::SetCanaryScale(scale_text(&scale))),
        "setHeaderRoute" => named(map, Step::SetHeaderRoute)?,
        "setMirrorRoute" => named(map, Step::SetMirrorRoute)?,
        "plugin" => named(map, Step::Plugin)?,
        unknown => {
            let name = Safe::identity(unknown);
            map.next_value::<Option<IgnoredAny>>()?.map(|_| Step::Unknown(name))
        }
    })
}

fn named<'de, A: MapAccess<'de>>(map: &mut A, step: fn(Safe) -> Step) -> Result<Option<Step>, A::Error> {
    let wire: Obj<NamedWire<'de>> = map.next_value()?;
    Ok(wire.0.map(|wire| step(Safe::identity(wire.name.as_str()))))
}

fn names(wire: &TemplatesWire<'_>) -> Vec<Safe> {
    let rows = wire.templates.0.iter().filter_map(|template| template.0.as_ref());
    rows.map(|template| Safe::identity(template.template_name.some().unwrap_or(template.name.as_str()))).collect()
}

fn scale_text(scale: &ScaleWire) -> Safe {
    match (scale.weight.0, scale.replicas.0) {
        (Some(weight), _) => Safe::line(&format!("{weight} %")),
        (None, _) if scale.match_traffic_weight.is_true() => Safe::of("as the traffic weight"),
        (None, Some(1)) => Safe::of("1 replica"),
        (None, Some(replicas)) => Safe::line(&format!("{replicas} replicas")),
        (None, None) => Safe::of(""),
    }
}
