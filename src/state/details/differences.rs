//! Where the objects of Applications differ, as their server said.

use std::sync::Arc;
use std::time::Duration;

use super::Details;
use crate::model::Uid;
use crate::model::differences::{Differences, DifferencesRead};
use crate::text::Safe;

/// Applications of which it is kept; what was heard of longest ago goes.
const MOST: usize = 64;

/// What was read last, and what was wrong since.
#[derive(Debug, Clone, Default)]
pub struct Known {
    /// With the time it was read (monotonic).
    pub read: Option<(Duration, Arc<Differences>)>,
    /// Why it could not be read after that.
    pub trouble: Option<Safe>,
    /// `metadata.resourceVersion` of the Application that was asked for then.
    pub version: Arc<str>,
    heard: Duration,
}

impl Details {
    /// Nothing else was read last, nor of another version.
    pub(super) fn is_known(&self, read: &DifferencesRead) -> bool {
        let Some(known) = self.differences.get(&read.application) else { return false };
        match &read.told {
            Ok(now) => {
                let same = known.read.as_ref().is_some_and(|(_, before)| before == now);
                same && known.version == read.version && known.trouble.is_none()
            }
            Err(why) => known.trouble.as_ref() == Some(why),
        }
    }

    /// What was read stays beside why it cannot be read now; its age says which it is.
    pub(super) fn keep_differences(&mut self, mono: Duration, read: DifferencesRead) {
        let DifferencesRead { application, version, told } = read;
        let known = self.differences.entry(application).or_default();
        known.heard = mono;
        match told {
            Ok(read) => (known.read, known.version, known.trouble) = (Some((mono, read)), version, None),
            Err(why) => known.trouble = Some(why),
        }
        while self.differences.len() > MOST {
            let oldest = self.differences.iter().min_by_key(|(_, known)| known.heard).map(|(uid, _)| uid.clone());
            drop(oldest.and_then(|oldest| self.differences.remove(&oldest)));
        }
    }

    /// What is known of the differences of an Application.
    #[must_use]
    pub fn differences(&self, application: &Uid) -> Option<&Known> {
        self.differences.get(application)
    }
}
