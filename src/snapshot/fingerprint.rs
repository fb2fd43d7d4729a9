//! What stays the same when the same leak is seen again: constructors and edge names, no ids, no counts.

use std::fmt::Write;

use crate::snapshot::held::is_events;
use crate::snapshot::kind::{EdgeType, NodeType};
use crate::snapshot::leak_kind::Kind;
use crate::snapshot::suspect::PathStep;

/// `map: sessionCache › Map › table › (array) › [] › Session`: what patterns of known leaks are matched against.
///
/// It begins at the holder, or at the owner of the property which holds it: the way there from the root depends on where
/// the program happened to be when the snapshot was taken.
pub(crate) fn signature(kind: Kind, path: &[PathStep], holder_at: usize) -> String {
    let from = match path.get(holder_at) {
        Some(step) if step.edge_type == EdgeType::Context => holder_at,
        _ => holder_at.saturating_sub(1),
    };
    // An emitter's listeners are told by the emitter.
    let emitter = path[..=holder_at.min(path.len().saturating_sub(1))]
        .iter()
        .rposition(|step| is_events(&step.edge));
    let from = match emitter {
        Some(at) if matches!(kind, Kind::Listeners | Kind::AbortListeners) => {
            at.saturating_sub(1).min(from)
        }
        _ => from,
    };
    let mut text = format!("{}:", kind.name());
    for step in path.get(from..).unwrap_or_default() {
        // A chain ends in whatever link it ends in.
        if step.block == 0
            && step.repeats == 1
            && path.iter().any(|step| step.repeats > 1)
            && after_chain(path, step)
        {
            break;
        }
        let edge = match step.edge_type {
            EdgeType::Element | EdgeType::Hidden => "[]",
            _ if step.edge.starts_with(|first: char| first.is_ascii_digit()) => "[]",
            EdgeType::Property if kind == Kind::Dictionary && step.accumulates_below(path) => "[]",
            _ => &step.edge,
        };
        let node = match step.node_type {
            NodeType::String | NodeType::ConsString | NodeType::SlicedString => {
                step.node_type.name()
            }
            // Its properties are the program's data where it serves as a dictionary.
            NodeType::Object if step.node.starts_with("Object {") => "Object",
            _ => &step.node,
        };
        let _ = write!(text, " {edge} › {node} ›");
    }
    text.trim_end_matches([' ', '›']).to_owned()
}

fn after_chain(path: &[PathStep], step: &PathStep) -> bool {
    let at = path.iter().position(|other| std::ptr::eq(other, step));
    let chain = path.iter().rposition(|step| step.repeats > 1);
    matches!((at, chain), (Some(at), Some(chain)) if at > chain)
}

impl PathStep {
    /// Whether the step comes after the accumulation point.
    fn accumulates_below(&self, path: &[PathStep]) -> bool {
        let at = path.iter().position(|other| std::ptr::eq(other, self));
        let point = path.iter().position(|step| step.accumulates);
        matches!((at, point), (Some(at), Some(point)) if at > point)
    }
}

/// Sixteen hexadecimal digits of the signature: FNV-1a, 64 bits, the same on every platform and in every version.
pub(crate) fn digest(signature: &str) -> String {
    let mut hash: u64 = 0xcbf2_9ce4_8422_2325;
    for byte in signature.bytes() {
        hash = (hash ^ u64::from(byte)).wrapping_mul(0x0000_0100_0000_01b3);
    }
    format!("{hash:016x}")
}
