//! The labels of a series, the metric's name among them, in order of their names.

use std::sync::Arc;

/// The label that holds the metric's name.
pub(super) const NAME: &str = "__name__";

/// See the module. Cheap to clone.
#[derive(Debug, Clone, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(super) struct Labels(Vec<(Arc<str>, Arc<str>)>);

impl Labels {
    pub(super) fn of(pairs: &[(&str, &str)]) -> Self {
        let mut labels: Vec<_> = pairs.iter().map(|(name, value)| (Arc::from(*name), Arc::from(*value))).collect();
        labels.sort();
        Self(labels)
    }

    /// The value of a label, empty when it is not there: for a matcher both are the same.
    pub(super) fn get(&self, name: &str) -> &str {
        self.find(name).map_or("", |value| value)
    }

    pub(super) fn find(&self, name: &str) -> Option<&Arc<str>> {
        self.0.iter().find(|(has, _)| &**has == name).map(|(_, value)| value)
    }

    /// Writes a label over; an empty value takes it away.
    pub(super) fn set(&mut self, name: &Arc<str>, value: &Arc<str>) {
        match self.0.binary_search_by(|(has, _)| has.cmp(name)) {
            Ok(place) if value.is_empty() => drop(self.0.remove(place)),
            Ok(place) => self.0[place].1 = Arc::clone(value),
            Err(_) if value.is_empty() => {}
            Err(place) => self.0.insert(place, (Arc::clone(name), Arc::clone(value))),
        }
    }

    /// These labels with those written over them.
    pub(super) fn over(mut self, labels: &Self) -> Self {
        for (name, value) in &labels.0 {
            self.set(name, value);
        }
        self
    }

    /// The labels that are wanted.
    pub(super) fn kept(&self, wanted: impl Fn(&str) -> bool) -> Self {
        Self(self.0.iter().filter(|(name, _)| wanted(name)).cloned().collect())
    }

    /// Without the metric's name.
    pub(super) fn nameless(&self) -> Self {
        self.kept(|name| name != NAME)
    }

    pub(super) fn pairs(&self) -> impl Iterator<Item = (&str, &str)> {
        self.0.iter().map(|(name, value)| (&**name, &**value))
    }
}
