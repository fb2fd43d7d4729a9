//! What would be said of a shape if it grew: taken while the graph is there, since a later comparison has none.

use serde_json::Value;

use crate::report;
use crate::snapshot::contexts::Contexts;
use crate::snapshot::growth::{Growth, Recorded};
use crate::snapshot::heap::Heap;
use crate::snapshot::known::KnownLeaks;
use crate::snapshot::originals::Originals;
use crate::snapshot::ranking::{largest_first, order};
use crate::snapshot::scripts::Scripts;
use crate::snapshot::{piles, suspects};

/// Portraits in a capture, of the largest shapes.
const PORTRAITS: usize = 96;
/// A shape has one if it retains this share of the heap.
const SHARE: u64 = 1000;
/// Members that are looked at.
const SPECIMENS: usize = 1024;

/// Of the shapes that hold much, by shape.
pub(super) fn of(
    heap: &Heap,
    scripts: &Scripts,
    recorded: &Recorded,
    originals: &mut Option<Originals<'_>>,
) -> Vec<(u32, Value)> {
    let (shapes, total) = (&recorded.shapes, heap.total_size());
    let keys = (0..shapes.len() as u32).map(|shape| largest_first(shapes.retained(shape), ""));
    let large: Vec<u32> = order(keys)
        .into_iter()
        .filter(|&shape| shape > 0 && shapes.retained(shape) * SHARE >= total)
        .collect();
    let known = KnownLeaks::builtin();
    let contexts = Contexts::since(0, heap, None);
    let growths: Vec<Growth> = large.iter().map(|&shape| growth(recorded, shape)).collect();
    let mut portraits = Vec::new();
    // One by one: what has one holder would be told as one.
    for (&shape, pile) in large.iter().zip(piles::locate_each(heap, growths)) {
        let Some(pile) = pile else { continue };
        let told = suspects::tell(heap, scripts, vec![pile], total, &contexts);
        if let Some(mut suspect) = told.suspects.into_iter().next() {
            if let Some(originals) = originals {
                originals.apply(&mut suspect);
            }
            portraits.push((shape, report::suspect_value(&suspect, &known)));
        }
        if portraits.len() == PORTRAITS {
            break;
        }
    }
    portraits
}

/// As if all of it were new; a single node as if it had become bigger.
fn growth(recorded: &Recorded, shape: u32) -> Growth {
    let shapes = &recorded.shapes;
    let members = &recorded.members[shape as usize];
    let in_place = shapes.count(shape) == 1 && shapes.own(shape) * 2 > shapes.retained(shape);
    let is_chain = recorded.chained[shape as usize];
    // The first link knows the nodes of all.
    let count = if is_chain {
        members.len() as u64
    } else {
        shapes.count(shape)
    };
    let step = (members.len() / SPECIMENS).max(1);
    Growth {
        counts: vec![u64::from(in_place), count],
        bytes: shapes.retained(shape),
        members: members.iter().step_by(step).copied().collect(),
        in_place,
        chained: is_chain,
        shape: shape as usize,
    }
}
