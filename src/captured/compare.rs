//! Captures compared without the graph of any: shapes tell what grew, portraits what it is.

use rustc_hash::FxHashMap;
use serde_json::Value;

use super::{Captured, DELTAS, Options, no_tree, realign, without_tree};
use crate::format::{bytes, grouped, percent};
use crate::report;
use crate::snapshot::class_deltas::sorted_by_change;
use crate::snapshot::diff::growing_shapes;
use crate::snapshot::growth::{Growth, Side};
use crate::snapshot::ranking::{largest_first, sorted};
use crate::snapshot::shapes::Shapes;
use crate::snapshot::{ClassDelta, ClassRow, Diff, Place, SnapshotError};

/// What grew from the first to the last, as `diff()` tells it.
pub fn compare(captures: &[Captured], options: &Options<'_>) -> Result<Value, SnapshotError> {
    let [earlier @ .., last] = captures else {
        return Err(too_few());
    };
    if earlier.is_empty() {
        return Err(too_few());
    }
    let mut told = if last.is_since(earlier) {
        last.header()["diff"].clone()
    } else {
        by_shape(earlier, last, options)
    };
    if let Some(Value::Array(suspects)) = told.get_mut("suspects") {
        suspects.retain(|suspect| {
            suspect["growthBytes"].as_u64().unwrap_or(0) >= options.min_growth_bytes
        });
        suspects.truncate(options.top_suspects);
    }
    Ok(told)
}

fn too_few() -> SnapshotError {
    SnapshotError::Usage {
        what: "a comparison needs at least two captures".into(),
    }
}

fn by_shape(earlier: &[Captured], last: &Captured, options: &Options<'_>) -> Value {
    let first = &earlier[0];
    let before = realigned(earlier, &last.shapes);
    let shapes = before.iter().chain([&last.shapes]);
    let sides: Vec<Side<'_>> = shapes.map(Side::Shapes).collect();
    let (before, after) = (first.total_bytes(), last.total_bytes());
    let growth = after.saturating_sub(before);
    let refs: Vec<&Side<'_>> = sides.iter().collect();
    let growths = growing_shapes(&refs, options.min_growth_bytes);
    let ((rows_before, count_before), (rows_after, count_after)) =
        (first.classes(), last.classes());
    let mut classes = self::classes(&rows_before, count_before, &rows_after, count_after);
    let class_count = classes.len();
    classes.truncate(DELTAS);
    let mut told = without_tree(report::diff_value(&Diff {
        files: earlier.iter().chain([last]).map(Captured::info).collect(),
        same_process: false,
        growth_bytes: after as i64 - before as i64,
        noise_bytes: 0,
        class_count,
        classes,
        suspects: Vec::new(),
        tree: no_tree(),
    }));
    told["suspects"] = suspects(last, &growths, growth);
    told
}

/// The shapes of earlier captures, each arranged like the last.
pub(super) fn realigned(earlier: &[Captured], last: &Shapes) -> Vec<Shapes> {
    let shapes = earlier.iter().map(|captured| &captured.shapes);
    shapes.map(|shapes| realign::like(last, shapes)).collect()
}

/// The portraits of what grew, with its figures; what has one holder is one suspect.
fn suspects(last: &Captured, growths: &[Growth], whole: u64) -> Value {
    let portraits: Vec<(u32, &Value)> = last.portraits().collect();
    let most = growths.iter().map(|growth| growth.bytes).max();
    let whole = whole.max(most.unwrap_or(0)).max(1);
    let mut by_holder: Vec<(&Value, Vec<(&Growth, &Value)>)> = Vec::new();
    // A chain that is no longer than before only holds what grew.
    let is_growth = |growth: &&Growth| !growth.chained || growth.more() > 0;
    for growth in growths.iter().filter(is_growth) {
        let portrait = portraits.iter().find(|it| growth.members.contains(&it.0));
        let Some(&(_, portrait)) = portrait else {
            continue;
        };
        let holder = &portrait["holder"];
        match by_holder.iter_mut().find(|entry| entry.0 == holder) {
            Some((_, list)) => list.push((growth, portrait)),
            None => by_holder.push((holder, vec![(growth, portrait)])),
        }
    }
    let told = by_holder.into_iter().filter_map(|(_, list)| {
        // More objects tell more than a longer table.
        let sum = list.iter().map(|(growth, _)| growth.bytes).sum();
        let most = |(growth, _): &&(&Growth, &Value)| (!growth.in_place, growth.bytes);
        let (growth, portrait) = list.iter().max_by_key(most)?;
        Some((sum, patched(portrait, growth, sum, whole)))
    });
    let told = sorted(told.collect(), |(sum, _)| largest_first(*sum, ""));
    let ranked = told.into_iter().zip(1..).map(|((_, mut suspect), rank)| {
        suspect["rank"] = Value::from(rank);
        suspect
    });
    ranked.collect()
}

/// A portrait with the figures of what grew: `sum` bytes of `whole`.
fn patched(portrait: &Value, growth: &Growth, sum: u64, whole: u64) -> Value {
    let number = |name: &str| portrait[name].as_u64().unwrap_or(0);
    let count = |at: Option<&u64>| at.copied().unwrap_or(0);
    let (before, after) = (count(growth.counts.first()), count(growth.counts.last()));
    let share = (sum as f64 / whole as f64).min(1.0);
    let size =
        |growth: u64, share: f64| format!("(+{}, {} of the growth)", bytes(growth), percent(share));
    let (new, old) = (
        size(sum, share),
        size(
            number("growthBytes"),
            portrait["share"].as_f64().unwrap_or(0.0),
        ),
    );
    let sentence = portrait["sentence"].as_str().unwrap_or_default();
    let sentence = match (after.saturating_sub(before), sentence.split_once(&old)) {
        (0, Some((_, place))) => {
            let holder = portrait["holder"].as_str().unwrap_or_default();
            format!("What became bigger is {holder} {new}{place}")
        }
        (more, _) => {
            let told = grouped(number("countAfter").saturating_sub(number("countBefore")));
            let counted = sentence.replacen(&told, &grouped(more), 1);
            counted.replace(&old, &new)
        }
    };
    let mut suspect = portrait.clone();
    suspect["countBefore"] = before.into();
    suspect["countAfter"] = after.into();
    suspect["growthBytes"] = sum.into();
    suspect["share"] = share.into();
    suspect["sentence"] = sentence.into();
    suspect
}

/// What changed between the classes that are listed; how many there were in all says whether one that is not listed was not
/// there or was too small.
pub(super) fn classes(
    first: &[ClassRow],
    first_count: usize,
    last: &[ClassRow],
    last_count: usize,
) -> Vec<ClassDelta> {
    let mut deltas: Vec<ClassDelta> = Vec::new();
    let mut index_of: FxHashMap<(&str, Option<&Place>), usize> = FxHashMap::default();
    let slot = |row: &ClassRow, deltas: &mut Vec<ClassDelta>, at: Option<usize>| {
        at.unwrap_or_else(|| {
            deltas.push(ClassDelta {
                name: row.name.clone(),
                location: row.location.clone(),
                ..ClassDelta::default()
            });
            deltas.len() - 1
        })
    };
    for row in first {
        let name = (row.name.as_str(), row.location.as_ref());
        let at = slot(row, &mut deltas, index_of.get(&name).copied());
        index_of.insert(name, at);
        let delta = &mut deltas[at];
        delta.count_before += row.count;
        delta.shallow_before += row.shallow;
        delta.retained_before += row.retained;
    }
    for row in last {
        let name = (row.name.as_str(), row.location.as_ref());
        let at = slot(row, &mut deltas, index_of.get(&name).copied());
        index_of.insert(name, at);
        let delta = &mut deltas[at];
        delta.count_after += row.count;
        delta.shallow_after += row.shallow;
        delta.retained_after += row.retained;
    }
    let smallest = |rows: &[ClassRow], count: usize| match rows.last() {
        Some(row) if rows.len() < count => row.retained,
        _ => 0,
    };
    let (unknown_before, unknown_after) =
        (smallest(first, first_count), smallest(last, last_count));
    deltas.retain(|delta| {
        let is_known = match (delta.count_before, delta.count_after) {
            (0, _) => delta.retained_after > unknown_before,
            (_, 0) => delta.retained_before > unknown_after,
            _ => true,
        };
        is_known
            && (delta.count_before != delta.count_after
                || delta.shallow_before != delta.shallow_after)
    });
    sorted_by_change(deltas)
}
