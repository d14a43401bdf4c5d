//! A `spec`, with the number that tells it from another one of the same object.

use std::borrow::Cow;
use std::fmt;
use std::hash::{DefaultHasher, Hash as _, Hasher as _};

use serde::de::{Deserialize, Deserializer, Error as _, IgnoredAny, MapAccess, Visitor};
use serde_json::value::RawValue;

use super::Obj;
use crate::model::kubernetes::SpecHash;

/// As [`Obj`]: `None` when it is absent, null or no object.
#[derive(Debug)]
pub struct Spec<'a, T> {
    pub wire: Option<T>,
    raw: Option<&'a RawValue>,
}

impl<T> Spec<'_, T> {
    /// Costs a walk over its text, so it is made of what needs it.
    #[must_use]
    pub fn hash(&self) -> Option<SpecHash> {
        let raw = self.raw.filter(|_| self.wire.is_some())?;
        serde_json::from_str(raw.get()).ok().map(|Hashed(hash)| hash)
    }
}

impl<T> Default for Spec<'_, T> {
    fn default() -> Self {
        Self { wire: None, raw: None }
    }
}

impl<'de: 'a, 'a, T: Deserialize<'de>> Deserialize<'de> for Spec<'a, T> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let raw = <&'de RawValue>::deserialize(deserializer)?;
        let wire: Obj<T> = serde_json::from_str(raw.get()).map_err(D::Error::custom)?;
        Ok(Self { wire: wire.0, raw: Some(raw) })
    }
}

struct Hashed(SpecHash);

impl<'de> Deserialize<'de> for Hashed {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_map(Fields)
    }
}

struct Fields;

impl<'de> Visitor<'de> for Fields {
    type Value = Hashed;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a spec")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Hashed, A::Error> {
        let mut hasher = DefaultHasher::new();
        while let Some(field) = map.next_key::<Cow<'de, str>>()? {
            if field == "replicas" {
                map.next_value::<IgnoredAny>()?;
            } else {
                (field, map.next_value::<&RawValue>()?.get()).hash(&mut hasher);
            }
        }
        Ok(Hashed(SpecHash(hasher.finish())))
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

    fn read(json: &str) -> Spec<'_, Wire> {
        serde_json::from_str(json).unwrap()
    }

    #[test]
    fn an_autoscaler_leaves_it_the_same_and_nobody_else() {
        let hashed = |json: &str| read(json).hash();
        let two = r#"{"replicas":2,"template":{"spec":{"replicas":1}},"paused":true}"#;
        assert_eq!(read(two).wire.unwrap().replicas.0, Some(2));
        assert!(hashed(two).is_some());
        assert_eq!(hashed(two), hashed(r#"{"replicas":9,"template":{"spec":{"replicas":1}},"paused":true}"#));
        assert_eq!(hashed(two), hashed(r#"{"template":{"spec":{"replicas":1}},"paused":true}"#));
        for other in [
            r#"{"replicas":2,"template":{"spec":{"replicas":2}},"paused":true}"#,
            r#"{"replicas":2,"template":{"spec":{"replicas":1}},"paused":false}"#,
            r#"{"replicas":2,"template":{"spec":{"replicas":1}}}"#,
            "{}",
        ] {
            assert_ne!(hashed(two), hashed(other), "{other}");
        }
        for none in ["null", "17", "[]", "\"x\""] {
            let none = read(none);
            assert!(none.wire.is_none() && none.hash().is_none());
        }
    }
}
