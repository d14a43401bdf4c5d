//! A `spec`, with the number that tells it from another one of the same object.

use std::borrow::Cow;
use std::fmt;
use std::hash::{DefaultHasher, Hash as _, Hasher as _};

use serde::de::{Deserialize, Deserializer, Error as _, IgnoredAny, MapAccess, Visitor};
use serde_json::value::RawValue;

use super::Obj;
use crate::model::kubernetes::SpecPrint;

/// As [`Obj`]: `None` when it is absent, null or no object.
#[derive(Debug)]
pub struct Spec<T> {
    pub wire: Option<T>,
    pub print: Option<SpecPrint>,
}

impl<T> Default for Spec<T> {
    fn default() -> Self {
        Self { wire: None, print: None }
    }
}

impl<'de, T: Deserialize<'de>> Deserialize<'de> for Spec<T> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let raw = <&RawValue>::deserialize(deserializer)?.get();
        let wire: Obj<T> = serde_json::from_str(raw).map_err(D::Error::custom)?;
        let print = if wire.0.is_some() { Some(serde_json::from_str(raw).map_err(D::Error::custom)?) } else { None };
        Ok(Self { wire: wire.0, print: print.map(|Print(print)| print) })
    }
}

struct Print(SpecPrint);

impl<'de> Deserialize<'de> for Print {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_map(Fields)
    }
}

struct Fields;

impl<'de> Visitor<'de> for Fields {
    type Value = Print;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a spec")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Print, A::Error> {
        let mut hasher = DefaultHasher::new();
        while let Some(field) = map.next_key::<Cow<'de, str>>()? {
            if field == "replicas" {
                map.next_value::<IgnoredAny>()?;
            } else {
                (field, map.next_value::<&RawValue>()?.get()).hash(&mut hasher);
            }
        }
        Ok(Print(SpecPrint(hasher.finish())))
    }
}

#[cfg(test)]
mod tests {
    use super::Spec;
    use crate::systems::wire::Int;

    #[derive(serde::Deserialize, Default)]
    #[serde(default)]
    struct Wire {
        replicas: Int,
    }

    #[test]
    fn an_autoscaler_leaves_it_the_same_and_nobody_else() {
        let read = |json: &str| serde_json::from_str::<Spec<Wire>>(json).unwrap();
        let print = |json: &str| read(json).print;
        let two = r#"{"replicas":2,"template":{"spec":{"replicas":1}},"paused":true}"#;
        assert_eq!(read(two).wire.unwrap().replicas.0, Some(2));
        assert!(print(two).is_some());
        assert_eq!(print(two), print(r#"{"replicas":9,"template":{"spec":{"replicas":1}},"paused":true}"#));
        assert_eq!(print(two), print(r#"{"template":{"spec":{"replicas":1}},"paused":true}"#));
        for other in [
            r#"{"replicas":2,"template":{"spec":{"replicas":2}},"paused":true}"#,
            r#"{"replicas":2,"template":{"spec":{"replicas":1}},"paused":false}"#,
            r#"{"replicas":2,"template":{"spec":{"replicas":1}}}"#,
            "{}",
        ] {
            assert_ne!(print(two), print(other), "{other}");
        }
        for none in ["null", "17", "[]", "\"x\""] {
            let none = read(none);
            assert!(none.wire.is_none() && none.print.is_none());
        }
    }
}
