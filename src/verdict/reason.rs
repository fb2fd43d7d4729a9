//! The sentence that says why.

use super::evidence::{Doubt, Evidence};
use super::{Channel, ChannelTrend, Verdict};
use crate::format::{signed_bytes as bytes, tenths};

/// Too few baselines.
pub(super) fn insufficient(channel: Channel, there: usize, needed: usize) -> String {
    let plural = if there == 1 { "" } else { "s" };
    format!(
        "{}: only {there} baseline{plural} so far, at least {needed} are needed for a verdict",
        name(channel)
    )
}

/// The sentence for a channel whose numbers are set.
pub(super) fn of(
    trend: &ChannelTrend,
    evidence: &Evidence,
    doubt: Option<Doubt>,
    limit: Option<f64>,
    natural: bool,
) -> String {
    let unit = |v: f64| amount(trend.channel, v);
    let rate = format!(
        "{} after full GC {} by {} per tick (95% interval {} to {}) over {} baselines",
        name(trend.channel),
        if trend.channel == Channel::Contexts {
            "rose"
        } else {
            "grew"
        },
        unit(trend.per_tick),
        unit(trend.low),
        unit(trend.high),
        trend.ticks,
    );
    match (trend.verdict, doubt) {
        (Verdict::Leaking, _) => {
            let how = if evidence.stairs {
                " in steps that keep coming"
            } else {
                " and is still growing"
            };
            format!("{rate}{how}{}", deadline(trend, limit))
        }
        (Verdict::Growing, Some(doubt)) => {
            let why = match doubt {
                Doubt::NotSure => "this is not sure enough yet to be called a leak".to_owned(),
                Doubt::Small => format!("{} in all is too little to matter", unit(evidence.rise)),
                Doubt::Wanders => "so far it could as well be load that wanders".to_owned(),
                Doubt::FewSteps => "a few steps make up most of it".to_owned(),
                Doubt::Plateau => format!(
                    "it is slowing down, from {} to {} per tick, as a warm-up or a cache that fills up does",
                    unit(evidence.early),
                    unit(evidence.late)
                ),
                Doubt::GivenBack => format!(
                    "it gave back {} before, and rose by {}",
                    unit(evidence.fall),
                    unit(evidence.rise)
                ),
            };
            format!("{rate}, but {why}")
        }
        (Verdict::Growing, None) => {
            format!("{rate} and is still growing{}", deadline(trend, limit))
        }
        _ if doubt == Some(Doubt::Small) && evidence.rise > 0.0 => {
            let kind = if natural { "natural" } else { "forced" };
            format!(
                "{rate}, {} in all: too little to matter after {kind} collections",
                unit(evidence.rise)
            )
        }
        _ => format!(
            "{} after full GC shows no lasting growth over {} baselines (slope {} per tick, 95% interval {} to {})",
            name(trend.channel),
            trend.ticks,
            unit(trend.per_tick),
            unit(trend.low),
            unit(trend.high),
        ),
    }
}

/// Says of a growing RSS what it can and cannot mean.
pub(super) fn excuse_rss(rss: &mut ChannelTrend, explained: bool) {
    if rss.verdict != Verdict::Growing {
        return;
    }
    rss.reason.push_str(if explained {
        "; the JavaScript heap or its buffers grow too, see there"
    } else {
        "; the JavaScript heap and its buffers are flat, so it is native memory, fragmentation, or an allocator that keeps \
         memory after a burst"
    });
}

/// A rise of compiled code and little else.
pub(super) fn compiled(heap: &ChannelTrend) -> String {
    format!(
        "{} after full GC grew by {} per tick (95% interval {} to {}) over {} baselines, but most of it is compiled code, as in \
         a warm-up",
        name(heap.channel),
        amount(heap.channel, heap.per_tick),
        amount(heap.channel, heap.low),
        amount(heap.channel, heap.high),
        heap.ticks,
    )
}

/// A recent rise below what the run gave back before.
pub(super) fn given_back(near: &ChannelTrend, fall: f64) -> String {
    format!(
        "{} after full GC grew by {} per tick, {} in all, but the run has given back {} before",
        name(near.channel),
        amount(near.channel, near.per_tick),
        amount(near.channel, near.rise),
        amount(near.channel, fall),
    )
}

/// A rise over the run that the recent baselines do not share.
pub(super) fn stopped(near: &ChannelTrend, far: &ChannelTrend) -> String {
    format!(
        "{} after full GC grew by {} over the run, but by only {} per tick over the last {} baselines: it seems to have stopped",
        name(near.channel),
        amount(near.channel, far.rise),
        amount(near.channel, near.per_tick),
        near.ticks,
    )
}

fn deadline(trend: &ChannelTrend, limit: Option<f64>) -> String {
    match (trend.time_to_limit_ms, limit) {
        (Some(ms), Some(limit)) => format!(
            "; at this rate the {} limit is reached in {}",
            bytes(limit),
            duration(ms)
        ),
        _ => String::new(),
    }
}

fn name(channel: Channel) -> &'static str {
    match channel {
        Channel::Heap => "heap",
        Channel::External => "external memory (Buffers)",
        Channel::Contexts => "number of contexts",
        Channel::Rss => "resident memory (RSS)",
    }
}

fn amount(channel: Channel, value: f64) -> String {
    if channel == Channel::Contexts {
        tenths(value)
    } else {
        bytes(value)
    }
}

/// "3 h 12 min"; the two largest units.
fn duration(ms: f64) -> String {
    let seconds = (ms / 1000.0).round();
    if seconds >= 1000.0 * 86_400.0 {
        return "over 1000 days".to_owned();
    }
    let seconds = seconds.max(0.0) as u64;
    let (days, hours, minutes) = (seconds / 86_400, seconds / 3600 % 24, seconds / 60 % 60);
    match (days, hours, minutes) {
        (0, 0, 0) => format!("{seconds} s"),
        (0, 0, m) => format!("{m} min {} s", seconds % 60),
        (0, h, m) => format!("{h} h {m} min"),
        (d, h, _) => format!("{d} d {h} h"),
    }
}

#[cfg(test)]
mod tests {
    use super::duration;

    #[test]
    fn durations_name_two_units() {
        let cases = [
            (0.0, "0 s"),
            (59_400.0, "59 s"),
            (61_000.0, "1 min 1 s"),
            (11_520_000.0, "3 h 12 min"),
            (1e8, "1 d 3 h"),
        ];
        for (ms, text) in cases {
            assert_eq!(duration(ms), text);
        }
        assert_eq!(duration(1e300), "over 1000 days");
    }
}
