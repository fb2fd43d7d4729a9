//! When to say it again.

use super::{Channel, Trend, Verdict};

/// Steady verdicts in a row after which the next leak counts as a new one. A leak under changing load may look steady for a
/// moment.
const STEADY_TO_REARM: u32 = 5;

/// Materially worse, as a factor: a leak of a steady 100 KB a tick is announced some eight times on its way to 4 GB.
const WORSE: f64 = 4.0;

/// Decides when a leak is announced: once, and again only when it is materially worse, that is when four times as much has leaked
/// since it was noticed, when the time to the limit is a quarter, or when another channel leaks. It is re-armed by a run of
/// steady verdicts and by a reset (*insufficient*).
#[derive(Debug, Clone, Default)]
pub struct Alarm {
    /// By channel: two that leak may take turns in being the worst.
    told: Vec<Told>,
    steady: u32,
}

/// What was announced last of one channel.
#[derive(Debug, Clone)]
struct Told {
    channel: Channel,
    /// Level of the channel before the leak.
    base: f64,
    leaked: f64,
    time_to_limit_ms: Option<f64>,
}

impl Alarm {
    /// An alarm that has announced nothing.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// Takes in the next verdict; true if it is to be announced.
    pub fn observe(&mut self, trend: &Trend) -> bool {
        match trend.verdict {
            Verdict::Leaking => {}
            Verdict::Growing => {
                self.steady = 0;
                return false;
            }
            Verdict::Steady => {
                self.steady = self.steady.saturating_add(1);
                if self.steady >= STEADY_TO_REARM {
                    self.told.clear();
                }
                return false;
            }
            Verdict::Insufficient => {
                *self = Self::default();
                return false;
            }
        }
        self.steady = 0;
        let Some(now) = trend.of(trend.channel) else {
            return false;
        };
        let at = self.told.iter().position(|t| t.channel == now.channel);
        let before = at.map(|at| &self.told[at]);
        let base = before.map_or(now.level - now.rise, |t| t.base);
        let leaked = now.level - base;
        let worse = before.is_none_or(|told| {
            let sooner = trend
                .time_to_limit_ms
                .zip(told.time_to_limit_ms)
                .is_some_and(|(t, before)| t <= before / WORSE);
            (leaked > 0.0 && leaked >= WORSE * told.leaked) || sooner
        });
        if worse {
            self.told.retain(|t| t.channel != now.channel);
            self.told.push(Told {
                channel: now.channel,
                base,
                leaked,
                time_to_limit_ms: trend.time_to_limit_ms,
            });
        }
        worse
    }
}
