//! Tells a copy that hangs from one that is only slow: pure, over what was seen of it.

use std::time::{Duration, Instant};

/// A copy that sleeps this long, without having used the processor, waits for
/// somebody. It has nobody: V8 sleeps in it for microseconds, if at all.
const ASLEEP: Duration = Duration::from_secs(3);
/// Processor time without a sign of life, in clock ticks of 10 ms. A full GC
/// before the first sign takes 1.15 ms per MB.
const SPINNING: u64 = 120 * 100;

/// What a copy looks like at some moment.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Look {
    /// Signs of life so far.
    pub beats: u32,
    /// Processor time so far, in clock ticks.
    pub ticks: u64,
    /// It waits for something else than a processor.
    pub asleep: bool,
}

/// Follows one copy. On a busy machine a copy may get no turn for minutes, so
/// the clock alone says nothing.
pub struct Watchdog {
    last: Option<Look>,
    still_since: Instant,
    ticks_at_beat: u64,
}

impl Watchdog {
    /// From now on.
    pub fn new(now: Instant) -> Self {
        Self {
            last: None,
            still_since: now,
            ticks_at_beat: 0,
        }
    }

    /// What is wrong with it, if anything.
    pub fn judge(&mut self, look: Look, now: Instant) -> Option<&'static str> {
        let last = self.last.replace(look);
        if last.is_none_or(|last| last.beats != look.beats) {
            self.ticks_at_beat = look.ticks;
        }
        if last != Some(look) || !look.asleep {
            self.still_since = now;
        }
        if now.duration_since(self.still_since) >= ASLEEP {
            Some("the copy waited for something that nobody was there to do")
        } else if look.ticks.saturating_sub(self.ticks_at_beat) > SPINNING {
            Some("the copy used the processor for two minutes and came no further")
        } else {
            None
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const SECOND: Duration = Duration::from_secs(1);

    fn look(beats: u32, ticks: u64, asleep: bool) -> Look {
        Look {
            beats,
            ticks,
            asleep,
        }
    }

    #[test]
    fn sleep_counts_only_when_nothing_else_happens() {
        let start = Instant::now();
        let mut dog = Watchdog::new(start);
        assert_eq!(dog.judge(look(1, 5, true), start), None);
        assert_eq!(dog.judge(look(1, 6, true), start + SECOND * 2), None);
        assert_eq!(dog.judge(look(1, 6, true), start + SECOND * 4), None);
        assert!(dog.judge(look(1, 6, true), start + SECOND * 6).is_some());
    }

    #[test]
    fn a_copy_that_gets_no_turn_is_left_alone() {
        let start = Instant::now();
        let mut dog = Watchdog::new(start);
        for minute in 0..60 {
            let now = start + SECOND * 60 * minute;
            assert_eq!(dog.judge(look(1, 5, false), now), None);
        }
    }

    #[test]
    fn work_without_progress_is_a_loop() {
        let now = Instant::now();
        let mut dog = Watchdog::new(now);
        assert_eq!(dog.judge(look(1, 100, false), now), None);
        assert_eq!(dog.judge(look(2, 20_000, false), now), None);
        assert_eq!(dog.judge(look(2, 31_000, false), now), None);
        assert!(dog.judge(look(2, 33_000, false), now).is_some());
    }
}
