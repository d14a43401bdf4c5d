//! Who set a field, as far as the API server recorded it (`metadata.managedFields`): of all fields only those
//! that hold something back.

use serde::Deserialize;
use serde::de::IgnoredAny;

use super::wire::{List, Obj, Text, Time};
use crate::model::kubernetes::SetBy;

/// The entries of one object.
pub type Managers<'a> = List<Obj<ManagerWire<'a>>>;

#[derive(Debug, Default, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub struct ManagerWire<'a> {
    #[serde(borrow)]
    manager: Text<'a>,
    time: Time,
    #[serde(rename = "fieldsV1")]
    fields: Obj<FieldsWire>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct FieldsWire {
    #[serde(rename = "f:spec")]
    spec: Obj<SpecFields>,
    #[serde(rename = "f:metadata")]
    metadata: Obj<MetaFields>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct SpecFields {
    #[serde(rename = "f:replicas")]
    replicas: Obj<IgnoredAny>,
    #[serde(rename = "f:paused")]
    paused: Obj<IgnoredAny>,
    #[serde(rename = "f:syncPolicy")]
    policy: Obj<PolicyFields>,
    #[serde(rename = "f:syncWindows")]
    windows: Obj<IgnoredAny>,
}

/// Empty where the policy was set to an empty one as a whole.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct PolicyFields {
    #[serde(rename = "f:automated")]
    automated: Obj<AutomatedFields>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct AutomatedFields {
    #[serde(rename = "f:enabled")]
    enabled: Obj<IgnoredAny>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct MetaFields {
    #[serde(rename = "f:annotations")]
    annotations: Obj<AnnotationFields>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct AnnotationFields {
    #[serde(rename = "f:argocd.argoproj.io/skip-reconcile")]
    skipped: Obj<IgnoredAny>,
}

/// The fields that hold something back.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Held {
    /// `spec.replicas`, which Git may pin while something else sets it.
    Replicas,
    /// `spec.paused`.
    Paused,
    /// `spec.syncPolicy.automated.enabled`. What was taken away altogether has no entry any more.
    AutoSync,
    /// The annotation `argocd.argoproj.io/skip-reconcile`.
    Skipped,
    /// `spec.syncWindows`.
    Windows,
}

impl FieldsWire {
    fn has(&self, field: Held) -> bool {
        let spec = self.spec.0.as_ref();
        let policy = || spec.and_then(|spec| spec.policy.0.as_ref()).and_then(|policy| policy.automated.0.as_ref());
        match field {
            Held::Replicas => spec.is_some_and(|spec| spec.replicas.0.is_some()),
            Held::Paused => spec.is_some_and(|spec| spec.paused.0.is_some()),
            Held::Windows => spec.is_some_and(|spec| spec.windows.0.is_some()),
            Held::AutoSync => policy().is_some_and(|automated| automated.enabled.0.is_some()),
            Held::Skipped => {
                let meta = self.metadata.0.as_ref().and_then(|meta| meta.annotations.0.as_ref());
                meta.is_some_and(|annotations| annotations.skipped.0.is_some())
            }
        }
    }
}

/// The newest entry that owns the field; `None`: it is not recorded who set it.
pub fn set_by(managers: &Managers<'_>, field: Held) -> Option<SetBy> {
    let entries = managers.0.iter().filter_map(|entry| entry.0.as_ref());
    let owns = |entry: &&ManagerWire<'_>| entry.fields.0.as_ref().is_some_and(|fields| fields.has(field));
    let newest = entries.filter(owns).max_by_key(|entry| entry.time.0)?;
    newest.manager.some()?;
    Some(SetBy { manager: newest.manager.line(), at: newest.time.0 })
}

#[cfg(test)]
mod tests {
    use super::{Held, Managers, set_by};
    use crate::text::Safe;

    #[test]
    fn the_newest_that_owns_the_field_is_told() {
        let text = r#"[
            { "manager": "helm", "operation": "Apply", "time": "2026-11-20T10:00:00Z", "fieldsV1": { "f:spec": { "f:paused": {}, "f:replicas": {} } } },
            { "manager": "kubectl-patch", "operation": "Update", "time": "2026-11-21T10:00:00Z",
              "fieldsV1": { "f:spec": { "f:paused": {}, "f:syncPolicy": { "f:automated": { "f:enabled": {} } }, "f:syncWindows": {} },
                "f:metadata": { "f:annotations": { ".": {}, "f:argocd.argoproj.io/skip-reconcile": {} } } } },
            { "manager": "controller", "time": "2026-11-22T10:00:00Z", "fieldsV1": { "f:status": { "f:paused": {} } } },
            null, { "fieldsV1": 3 }]"#;
        let managers: Managers<'_> = serde_json::from_str(text).unwrap();
        let replicas = set_by(&managers, Held::Replicas).map(|by| by.manager);
        assert_eq!(replicas.as_ref().map(Safe::as_str), Some("helm"));
        for field in [Held::Paused, Held::AutoSync, Held::Skipped, Held::Windows] {
            let by = set_by(&managers, field).expect("it is recorded");
            assert_eq!(
                (by.manager.as_str(), by.at),
                ("kubectl-patch", "2026-11-21T10:00:00Z".parse().ok()),
                "{field:?}"
            );
        }
        let text = r#"[{ "manager": "x", "fieldsV1": { "f:spec": { "f:syncPolicy": {} } } }, { "fieldsV1": { "f:spec": { "f:paused": {} } } }]"#;
        let managers: Managers<'_> = serde_json::from_str(text).unwrap();
        assert_eq!(set_by(&managers, Held::AutoSync), None, "whoever wrote the rest may not have done that");
        assert_eq!(set_by(&managers, Held::Paused), None, "without a name nobody is named");
    }
}
