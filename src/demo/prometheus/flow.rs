//! Events that happen at a rate which changes only now and then: a counter is the integral of it, so
//! a window of thirty days costs no more than one of five minutes. Times are in milliseconds.

/// Events a second, from each of these moments on.
#[derive(Debug, Clone, Default, PartialEq)]
pub(super) struct Flow(Vec<(i64, f64)>);

impl Flow {
    /// Of pieces in order of time.
    pub(super) fn of(pieces: Vec<(i64, f64)>) -> Self {
        Self(pieces)
    }

    /// The pieces that lie in a window: from, to, rate.
    pub(super) fn pieces(&self, from: i64, to: i64) -> impl Iterator<Item = (i64, i64, f64)> {
        let first = self.0.partition_point(|(at, _)| *at <= from).saturating_sub(1);
        (first..self.0.len())
            .map(move |index| {
                let (at, rate) = self.0[index];
                let end = self.0.get(index + 1).map_or(i64::MAX, |(at, _)| *at);
                (at.max(from), end.min(to), rate)
            })
            .take_while(move |(at, _, _)| *at < to)
            .filter(|(at, end, _)| at < end)
    }

    /// The number of events in a window.
    pub(super) fn between(&self, from: i64, to: i64) -> f64 {
        // An empty sum of floats is -0.0.
        self.pieces(from, to).map(|(at, end, rate)| rate * (end - at) as f64 / 1_000.0).sum::<f64>() + 0.0
    }

    /// The mean over all moments of a window of what happened a second in the `back` before each.
    pub(super) fn sliding(&self, from: i64, to: i64, back: i64) -> f64 {
        // An event counts for the moments that see it: a trapezium with these corners.
        let mut corners = [from - back, from, to - back, to];
        corners.sort_unstable();
        let seen = |at: f64| (at + back as f64).min(to as f64) - at.max(from as f64);
        let mut sum = 0.0;
        for (at, end, rate) in self.pieces(from - back, to) {
            for side in corners.windows(2) {
                let (a, b) = (at.max(side[0]), end.min(side[1]));
                if a < b {
                    sum += rate * (b - a) as f64 * seen(i64::midpoint(a, b) as f64);
                }
            }
        }
        sum / ((to - from) as f64 * back as f64)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_flow_is_counted_over_its_pieces() {
        let flow = Flow::of(vec![(0, 10.0), (60_000, 0.0), (120_000, 1.0)]);
        assert_eq!(flow.between(0, 60_000).to_bits(), 600_f64.to_bits());
        assert_eq!(flow.between(30_000, 130_000).to_bits(), 310_f64.to_bits());
        assert_eq!(flow.between(-60_000, -1_000).to_bits(), 0_f64.to_bits());
    }

    #[test]
    fn the_sliding_mean_is_the_mean_of_the_windows() {
        let flow = Flow::of(vec![(0, 3.0), (700_000, 11.0), (900_000, 5.0)]);
        let back = 300_000;
        let one_by_one: f64 = (0..2_000)
            .map(|step| 400_000 + step * 500 + 250)
            .map(|at| flow.between(at - back, at) / 300.0)
            .sum::<f64>()
            / 2_000.0;
        let at_once = flow.sliding(400_000, 1_400_000, back);
        assert!((at_once - one_by_one).abs() < 1e-6, "{at_once} is not {one_by_one}");
    }
}
