//! What every Kubernetes-style answer is read through: fields that forgive. A `null`, a number where
//! a text was due or a list where an object was due costs that field and nothing else; unknown
//! fields are skipped without being kept. Texts are borrowed from the answer until they are needed.

use std::borrow::Cow;
use std::fmt;
use std::marker::PhantomData;

use jiff::Timestamp;
use serde::de::{Deserialize, Deserializer, IgnoredAny, MapAccess, SeqAccess, Visitor, value::MapAccessDeserializer};

use crate::text::Safe;

/// Ends a visit of a value of the wrong type: it is read to its end and forgotten.
macro_rules! forgive {
    ($($visit:ident($type:ty))*) => {
        $(fn $visit<E>(self, _: $type) -> Result<Self::Value, E> { Ok(Self::Value::default()) })*
    };
    (unit) => {
        fn visit_unit<E>(self) -> Result<Self::Value, E> { Ok(Self::Value::default()) }
    };
    (seq) => {
        fn visit_seq<A: SeqAccess<'de>>(self, mut seq: A) -> Result<Self::Value, A::Error> {
            while seq.next_element::<IgnoredAny>()?.is_some() {}
            Ok(Self::Value::default())
        }
    };
    (map) => {
        fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Self::Value, A::Error> {
            while map.next_entry::<IgnoredAny, IgnoredAny>()?.is_some() {}
            Ok(Self::Value::default())
        }
    };
}

// Behind the macro, which it uses.
mod labels;
mod spec;

pub use labels::Labels;
pub use spec::Spec;

/// A text; empty when it is absent, null or no scalar. Numbers and truth values keep their spelling.
#[derive(Debug, Clone, Default)]
pub struct Text<'a>(Cow<'a, str>);

impl Text<'_> {
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// `None` when empty.
    #[must_use]
    pub fn some(&self) -> Option<&str> {
        Some(self.as_str()).filter(|text| !text.is_empty())
    }

    #[must_use]
    pub fn line(&self) -> Safe {
        Safe::line(self.as_str())
    }
}

struct TextVisitor;

impl<'de> Visitor<'de> for TextVisitor {
    type Value = Text<'de>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a text")
    }

    fn visit_borrowed_str<E>(self, text: &'de str) -> Result<Text<'de>, E> {
        Ok(Text(Cow::Borrowed(text)))
    }

    fn visit_str<E>(self, text: &str) -> Result<Text<'de>, E> {
        Ok(Text(Cow::Owned(text.to_owned())))
    }

    fn visit_bool<E>(self, value: bool) -> Result<Text<'de>, E> {
        Ok(Text(Cow::Owned(value.to_string())))
    }

    fn visit_i64<E>(self, value: i64) -> Result<Text<'de>, E> {
        Ok(Text(Cow::Owned(value.to_string())))
    }

    fn visit_u64<E>(self, value: u64) -> Result<Text<'de>, E> {
        Ok(Text(Cow::Owned(value.to_string())))
    }

    fn visit_f64<E>(self, value: f64) -> Result<Text<'de>, E> {
        Ok(Text(Cow::Owned(value.to_string())))
    }

    forgive!(unit);
    forgive!(seq);
    forgive!(map);
}

impl<'de: 'a, 'a> Deserialize<'de> for Text<'a> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(TextVisitor)
    }
}

/// A whole number, or a text that is one, held within ±2^53: what JSON keeps exact, and far enough
/// from the ends that sums and differences of a few of them do not leave the type.
#[derive(Debug, Clone, Copy, Default)]
pub struct Int(pub Option<i64>);

impl Int {
    /// What lies beyond is held there.
    pub const MOST: i64 = 1 << 53;

    #[must_use]
    pub fn of(value: i64) -> Self {
        Self(Some(value.clamp(-Self::MOST, Self::MOST)))
    }

    /// 0 when absent.
    #[must_use]
    pub fn or_zero(self) -> i64 {
        self.0.unwrap_or(0)
    }
}

struct IntVisitor;

impl<'de> Visitor<'de> for IntVisitor {
    type Value = Int;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a whole number")
    }

    fn visit_i64<E>(self, value: i64) -> Result<Int, E> {
        Ok(Int::of(value))
    }

    fn visit_u64<E>(self, value: u64) -> Result<Int, E> {
        Ok(i64::try_from(value).map_or(Int(None), Int::of))
    }

    fn visit_f64<E>(self, value: f64) -> Result<Int, E> {
        // A whole number written with a point or an exponent; the range is the one where f64 is exact.
        let whole = value.fract() == 0.0 && value.abs() < 9_007_199_254_740_992.0;
        Ok(Int(whole.then_some(value as i64)))
    }

    fn visit_str<E>(self, text: &str) -> Result<Int, E> {
        Ok(text.trim().parse().map_or(Int(None), Int::of))
    }

    forgive!(visit_bool(bool));
    forgive!(unit);
    forgive!(seq);
    forgive!(map);
}

impl<'de> Deserialize<'de> for Int {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(IntVisitor)
    }
}

/// `true`, `false`, or nothing that is either.
#[derive(Debug, Clone, Copy, Default)]
pub struct Flag(pub Option<bool>);

impl Flag {
    #[must_use]
    pub fn is_true(self) -> bool {
        self.0 == Some(true)
    }
}

struct FlagVisitor;

impl<'de> Visitor<'de> for FlagVisitor {
    type Value = Flag;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("true or false")
    }

    fn visit_bool<E>(self, value: bool) -> Result<Flag, E> {
        Ok(Flag(Some(value)))
    }

    fn visit_str<E>(self, text: &str) -> Result<Flag, E> {
        Ok(Flag(text.parse().ok()))
    }

    forgive!(visit_i64(i64) visit_u64(u64) visit_f64(f64));
    forgive!(unit);
    forgive!(seq);
    forgive!(map);
}

impl<'de> Deserialize<'de> for Flag {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(FlagVisitor)
    }
}

/// A time in RFC 3339; anything else is no time, nor is one before 1970: the first second of year 1 is
/// how Go writes a time that was never set.
#[derive(Debug, Clone, Copy, Default)]
pub struct Time(pub Option<Timestamp>);

struct TimeVisitor;

impl<'de> Visitor<'de> for TimeVisitor {
    type Value = Time;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a time in RFC 3339")
    }

    fn visit_str<E>(self, text: &str) -> Result<Time, E> {
        Ok(Time(text.parse().ok().filter(|time: &Timestamp| time.as_second() >= 0)))
    }

    forgive!(visit_bool(bool) visit_i64(i64) visit_u64(u64) visit_f64(f64));
    forgive!(unit);
    forgive!(seq);
    forgive!(map);
}

impl<'de> Deserialize<'de> for Time {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(TimeVisitor)
    }
}

/// A list; empty when it is absent, null or no list.
#[derive(Debug, Clone)]
pub struct List<T>(pub Vec<T>);

impl<T> Default for List<T> {
    fn default() -> Self {
        Self(Vec::new())
    }
}

struct ListVisitor<T>(PhantomData<T>);

impl<'de, T: Deserialize<'de>> Visitor<'de> for ListVisitor<T> {
    type Value = List<T>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a list")
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut seq: A) -> Result<List<T>, A::Error> {
        // The hint comes from outside: it may propose, not reserve without bound.
        let mut items = Vec::with_capacity(seq.size_hint().unwrap_or(0).min(1024));
        while let Some(item) = seq.next_element()? {
            items.push(item);
        }
        Ok(List(items))
    }

    forgive!(visit_bool(bool) visit_i64(i64) visit_u64(u64) visit_f64(f64) visit_str(&str));
    forgive!(unit);
    forgive!(map);
}

impl<'de, T: Deserialize<'de>> Deserialize<'de> for List<T> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(ListVisitor(PhantomData))
    }
}

/// An object; `None` when it is absent, null or no object.
#[derive(Debug, Clone)]
pub struct Obj<T>(pub Option<T>);

impl<T> Default for Obj<T> {
    fn default() -> Self {
        Self(None)
    }
}

struct ObjVisitor<T>(PhantomData<T>);

impl<'de, T: Deserialize<'de>> Visitor<'de> for ObjVisitor<T> {
    type Value = Obj<T>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("an object")
    }

    fn visit_map<A: MapAccess<'de>>(self, map: A) -> Result<Obj<T>, A::Error> {
        T::deserialize(MapAccessDeserializer::new(map)).map(|object| Obj(Some(object)))
    }

    forgive!(visit_bool(bool) visit_i64(i64) visit_u64(u64) visit_f64(f64) visit_str(&str));
    forgive!(unit);
    forgive!(seq);
}

impl<'de, T: Deserialize<'de>> Deserialize<'de> for Obj<T> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(ObjVisitor(PhantomData))
    }
}

#[cfg(test)]
mod tests {
    use super::{Int, List, Text};

    #[test]
    fn scalars_keep_what_they_say() {
        for (json, expected) in [
            ("\"a\\tb\"", "a\tb"),
            ("17", "17"),
            ("true", "true"),
            ("1.5", "1.5"),
            ("null", ""),
            ("[1]", ""),
            ("{}", ""),
        ] {
            assert_eq!(serde_json::from_str::<Text<'_>>(json).unwrap().as_str(), expected, "{json}");
        }
        for (json, expected) in [
            ("17", Some(17)),
            ("\"17\"", Some(17)),
            ("9223372036854775807", Some(1 << 53)),
            ("\"-9223372036854775808\"", Some(-(1 << 53))),
            ("17.0", Some(17)),
            ("17.5", None),
            ("1e99", None),
            ("18446744073709551615", None),
            ("null", None),
            ("\"x\"", None),
        ] {
            assert_eq!(serde_json::from_str::<Int>(json).unwrap().0, expected, "{json}");
        }
        assert!(serde_json::from_str::<List<Int>>("null").unwrap().0.is_empty());
    }
}
