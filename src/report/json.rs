//! The model as JSON, camelCase; sizes in bytes, lines and columns from 1.

use serde_json::{Map, Value, json};

use crate::report::{Model, SCHEMA_VERSION};
use crate::snapshot::known::KnownLeaks;
use crate::snapshot::retainers::{Owner, Retained, Step};
use crate::snapshot::suppress::Suppression;
use crate::snapshot::{
    ClassDelta, ClassRow, Diff, FileInfo, PathStep, Place, Summary, Suspect, TreeNode,
};

/// The whole report as text, two spaces deep.
pub fn json(model: &Model) -> String {
    // Values made of maps, strings and numbers always serialise.
    serde_json::to_string_pretty(&value(model)).unwrap_or_default()
}

/// The whole report as a value.
pub fn value(model: &Model) -> Value {
    let mut report = Map::new();
    report.insert("schemaVersion".into(), SCHEMA_VERSION.into());
    if !model.title.is_empty() {
        report.insert("title".into(), model.title.as_str().into());
    }
    if let Some(summary) = &model.summary {
        report.insert("summary".into(), summary_value(summary));
    }
    if let Some(diff) = &model.diff {
        report.insert("diff".into(), diff_value(diff));
    }
    if !model.suppressed.is_empty() {
        let known = KnownLeaks::builtin();
        let entries = model.suppressed.iter().map(|(suspect, entry)| {
            json!({ "suspect": suspect_value(suspect, &known), "suppression": suppression_value(entry) })
        });
        report.insert("suppressed".into(), entries.collect());
    }
    if !model.expired.is_empty() {
        report.insert(
            "expiredSuppressions".into(),
            suppressions_value(&model.expired),
        );
    }
    Value::Object(report)
}

/// `summarize()`'s result.
pub fn summary_value(summary: &Summary) -> Value {
    json!({
        "file": file_value(&summary.file),
        "classCount": summary.class_count,
        "classes": summary.classes.iter().map(class_value).collect::<Vec<_>>(),
        "tree": tree_value(&summary.tree),
    })
}

/// `diff()`'s result.
pub fn diff_value(diff: &Diff) -> Value {
    let known = KnownLeaks::builtin();
    json!({
        "files": diff.files.iter().map(file_value).collect::<Vec<_>>(),
        "sameProcess": diff.same_process,
        "growthBytes": diff.growth_bytes,
        "noiseBytes": diff.noise_bytes,
        "classCount": diff.class_count,
        "classes": diff.classes.iter().map(delta_value).collect::<Vec<_>>(),
        "suspects": diff.suspects.iter().map(|suspect| suspect_value(suspect, &known)).collect::<Vec<_>>(),
        "tree": tree_value(&diff.tree),
    })
}

/// One suspect, with the known leak it is, if it is one.
pub fn suspect_value(suspect: &Suspect, known: &KnownLeaks) -> Value {
    let mut value = json!({
        "rank": suspect.rank,
        "name": suspect.name,
        "kind": suspect.kind.name(),
        "holder": suspect.holder,
        "countBefore": suspect.count_before,
        "countAfter": suspect.count_after,
        "growthBytes": suspect.growth_bytes,
        "share": suspect.share,
        "path": suspect.path.iter().map(step_value).collect::<Vec<_>>(),
        "fingerprint": suspect.fingerprint,
        "signature": suspect.signature,
        "sentence": suspect.sentence,
    });
    if let Some(location) = &suspect.location {
        value["location"] = place_value(location);
    }
    if let Some(leak) = known.find(suspect) {
        value["known"] = json!({
            "id": leak.id,
            "title": leak.title,
            "affects": { "node": leak.node, "package": leak.package, "note": leak.note },
            "advice": leak.advice,
            "reference": leak.reference,
        });
    }
    value
}

fn step_value(step: &PathStep) -> Value {
    let mut value = json!({
        "edge": step.edge,
        "edgeType": format!("{:?}", step.edge_type).to_lowercase(),
        "node": step.node,
        "type": step.node_type.name(),
    });
    if let Some(location) = &step.location {
        value["location"] = place_value(location);
    }
    if step.repeats > 1 {
        value["repeats"] = step.repeats.into();
    }
    if step.block > 0 {
        value["block"] = step.block.into();
    }
    if step.accumulates {
        value["accumulates"] = true.into();
    }
    value
}

/// What holds objects that were known beforehand.
pub fn retainers_value(retained: &[Retained]) -> Value {
    let value = |each: &Retained| {
        json!({
            "label": each.label,
            "through": each.through,
            "steps": each.steps.iter().map(link_value).collect::<Vec<_>>(),
            "entry": each.entry,
            "oneShot": each.one_shot,
            "nearby": each.nearby.as_ref().map(place_value),
        })
    };
    retained.iter().map(value).collect()
}

fn link_value(step: &Step) -> Value {
    json!({
        "edge": step.edge,
        "edgeType": step.edge_type.name(),
        "node": step.node,
        "type": step.node_type.name(),
        "structural": step.structural,
        "location": step.location.as_ref().map(place_value),
        "owner": step.owner.map(Owner::name),
        "module": step.module,
    })
}

fn place_value(place: &Place) -> Value {
    json!({ "url": place.url, "line": place.line, "column": place.column })
}

fn file_value(file: &FileInfo) -> Value {
    json!({
        "path": file.path.to_string_lossy(),
        "fileBytes": file.file_bytes,
        "nodes": file.nodes,
        "edges": file.edges,
        "totalBytes": file.total_bytes,
    })
}

fn class_value(class: &ClassRow) -> Value {
    let mut value = json!({
        "name": class.name,
        "count": class.count,
        "shallow": class.shallow,
        "retained": class.retained,
    });
    if let Some(location) = &class.location {
        value["location"] = place_value(location);
    }
    value
}

fn delta_value(delta: &ClassDelta) -> Value {
    let mut value = json!({
        "name": delta.name,
        "countBefore": delta.count_before,
        "countAfter": delta.count_after,
        "shallowBefore": delta.shallow_before,
        "shallowAfter": delta.shallow_after,
        "retainedBefore": delta.retained_before,
        "retainedAfter": delta.retained_after,
    });
    if let Some(location) = &delta.location {
        value["location"] = place_value(location);
    }
    if let (Some(new), Some(deleted)) = (delta.new, delta.deleted) {
        value["newCount"] = new.0.into();
        value["newBytes"] = new.1.into();
        value["deletedCount"] = deleted.0.into();
        value["deletedBytes"] = deleted.1.into();
    }
    value
}

/// Depth is bounded by [`crate::snapshot::largest`]'s number of nodes.
fn tree_value(tree: &TreeNode) -> Value {
    let rest = tree.rest.iter().map(
        |group| json!({ "class": group.class, "count": group.count, "retained": group.retained }),
    );
    json!({
        "name": tree.name,
        "type": tree.node_type,
        "shallow": tree.shallow,
        "retained": tree.retained,
        "childCount": tree.child_count,
        "children": tree.children.iter().map(tree_value).collect::<Vec<_>>(),
        "rest": rest.collect::<Vec<_>>(),
    })
}

/// Entries of a suppress file.
pub fn suppressions_value(entries: &[Suppression]) -> Value {
    entries.iter().map(suppression_value).collect()
}

fn suppression_value(entry: &Suppression) -> Value {
    json!({ "fingerprint": entry.fingerprint, "reason": entry.reason, "expires": entry.expires })
}
