//! What grows because V8 works, and not because the program keeps something.

use crate::snapshot::describe;
use crate::snapshot::held;
use crate::snapshot::kind::NodeType;
use crate::snapshot::piles::Pile;
use crate::snapshot::trail::Step;

/// V8's own: code, hidden classes, feedback, strings interned by the parser. A list inside V8 that makes up much of the
/// growth is a leak of V8, and stays.
pub(crate) fn is_noise(pile: &Pile, growth: u64) -> bool {
    let Some(last) = pile.steps.last() else {
        return true;
    };
    // Texts that the program holds in so many places that nothing is common to them but its globals pile up nowhere.
    let is_scattered = pile.shared <= 1 && pile.steps.len() > pile.shared + 2;
    if is_scattered && (last.kind.is_string() || last.kind == NodeType::Number) {
        return true;
    }
    // Little of what hangs here and there: functions and scopes that V8 made meanwhile.
    if held::is_scattered(&pile.steps, pile.shared) && pile.growth.bytes * 10 < growth {
        return true;
    }
    let is_machinery = |step: &Step| {
        matches!(
            step.kind,
            NodeType::Code | NodeType::ObjectShape | NodeType::Hidden
        )
    };
    if describe::is_held_by_v8(pile)
        && !matches!(
            last.kind,
            NodeType::Object | NodeType::Closure | NodeType::Native
        )
    {
        return true;
    }
    if pile.growth.in_place {
        return pile.growth.bytes * 4 < growth && is_machinery(last);
    }
    let through_machinery = pile.steps[..pile.shared.min(pile.steps.len())]
        .iter()
        .any(|step| step.kind == NodeType::Code || step.kind == NodeType::ObjectShape);
    match last.kind {
        NodeType::Code | NodeType::ObjectShape => true,
        // Node's own objects; before Node 18 they are synthetic.
        NodeType::Synthetic => !last.name.starts_with("Node / "),
        NodeType::Hidden => {
            !last.name.contains("WeakCell")
                && !last.name.contains("Promise")
                && !last.name.contains("Context")
                && last.name != "Proxy"
        }
        NodeType::Array | NodeType::Number | NodeType::String => through_machinery,
        _ => false,
    }
}
