//! The revisions of a rollout that have pods, below everything else that is told of it.

use crate::config::theme::Role;
use crate::safe;
use crate::state::State;
use crate::state::rollout_info::RolloutInfo;
use crate::text::Safe;
use crate::ui::pen::{Lean, Pen, Words};
use crate::ui::{facts, metrics, places, signs};

/// A line per revision that has pods: `● rev 42  1.42.0  canary   3/3 ready   4m`, and below each its
/// pods, where all of them have room.
pub(super) fn draw(state: &State, pen: &mut Pen<'_>, y: u16, info: &RolloutInfo, with_pods: bool) -> u16 {
    let all = info.revisions.iter().flat_map(|row| row.replica_sets.iter().map(move |set| (row.revision, set)));
    let shown: Vec<_> = all.filter(|(_, set)| set.object.desired > 0 || !set.tags.is_empty()).collect();
    let pods: usize = shown.iter().map(|(_, set)| set.pods.len() + 2).sum();
    let room = usize::from(pen.height().saturating_sub(y));
    let mut y = y;
    for (revision, set) in shown {
        if y >= pen.end() {
            break;
        }
        let role = set.tags.first().map_or(Role::Dim, |tag| places::tag_role(*tag));
        let words = Words::of(role, "● ").strong(safe!("rev {}", revision));
        let tags = Safe::join(&set.tags.iter().map(|tag| Safe::of(tag.as_str())).collect::<Vec<_>>(), ", ");
        let ready = places::ready(set.object.ready, set.object.desired).dim(" ready");
        let [version, tag, counts, age] = if pen.width() < metrics::WIDE { [9, 22, 31, 42] } else { [12, 30, 46, 58] };
        pen.write(0, y, version - 1, &words);
        pen.cell(
            version,
            y,
            tag - version - 1,
            Lean::Left,
            &Words::of(Role::Text, facts::version_of(&set.object.images)),
        );
        pen.cell(tag, y, counts - tag - 1, Lean::Left, &Words::of(role, tags));
        pen.write(counts, y, age - counts - 1, &ready);
        pen.cell(age, y, 7, Lean::Right, &Words::of(Role::Dim, facts::age(state, &set.object.meta)));
        y += 1;
        if pods > room || !with_pods {
            continue;
        }
        for pod in &set.pods {
            let sign = signs::pod(pod);
            let restarts = Words::of(Role::Wait, safe!("{} ↻", pod.restarts));
            pen.cell(2, y, 40, Lean::Left, &sign.mark().dim(&pod.meta.name));
            pen.cell(
                44,
                y,
                20,
                Lean::Left,
                &Words::of(if sign.role == Role::Quiet { Role::Dim } else { sign.role }, sign.word),
            );
            if pod.restarts > 0 {
                pen.write(66, y, 8, &restarts);
            }
            y += 1;
        }
        y += 1;
    }
    y
}
