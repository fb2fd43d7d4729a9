//! Exact dominators and retained sizes.
//!
//! The algorithm is SEMI-NCA (Georgiadis, "Linear-time algorithms for dominators and related problems", 2005, §2.3): the
//! semidominators of Lengauer and Tarjan with simple path compression, then each immediate dominator as the nearest
//! ancestor whose number is no greater than the semidominator. It is exact on every graph; shortcuts that look at one
//! retainer at a time are not (the case of seven edges in the tests).

use crate::snapshot::SnapshotError;
use crate::snapshot::graph::Graph;
use crate::snapshot::order::Order;
use crate::snapshot::progress::{Phase, Reporter};
use crate::snapshot::sizes::Sizes;
use crate::snapshot::spare::{Spare, room};

/// The dominator tree over the numbers of an [`Order`]; a dominator's number is smaller than that of what it dominates.
pub struct Dominators {
    /// The numbering.
    pub order: Order,
    /// Number of the immediate dominator, by number; the root's is 0.
    pub idom: Vec<u32>,
    /// Bytes that would go with the node, by number.
    pub retained: Vec<u64>,
}

impl Dominators {
    /// Computes the tree; retained sizes are summed up by [`Dominators::summed_up`].
    pub(crate) fn new(
        graph: &Graph,
        spare: &mut Spare,
        reporter: Reporter<'_>,
    ) -> Result<Dominators, SnapshotError> {
        let (mut order, kept) = Order::new(graph, spare, reporter)?;
        let retainers = Retainers::new(graph.node_count(), kept, spare);
        let idom = semi_nca(&mut order, retainers, spare, reporter)?;
        Ok(Dominators {
            order,
            idom,
            retained: Vec::new(),
        })
    }

    /// `sizes` summed up over the tree, by number.
    pub(crate) fn summed_up(&self, sizes: &Sizes) -> Vec<u64> {
        let nodes = self.order.node_of.iter();
        let mut retained = room(nodes.len());
        retained.extend(nodes.map(|&node| sizes.get(node)));
        for number in (1..retained.len()).rev() {
            let dominator = self.idom[number] as usize;
            retained[dominator] = retained[dominator].saturating_add(retained[number]);
        }
        retained
    }

    /// The node that immediately dominates `node`; the root's is the root.
    pub fn dominator(&self, node: u32) -> u32 {
        self.order.node_of[self.idom[self.number(node) as usize] as usize]
    }

    /// Bytes that would be freed if `node` went.
    pub fn retained_size(&self, node: u32) -> u64 {
        self.retained[self.number(node) as usize]
    }

    /// The node's number.
    pub fn number(&self, node: u32) -> u32 {
        self.order.number_of[node as usize]
    }
}

/// Essential edges turned around, in numbers, without those of the depth-first tree.
struct Retainers {
    first: Vec<u32>,
    numbers: Vec<u32>,
}

impl Retainers {
    /// `kept`: pairs of a number and that of its retainer.
    fn new(count: usize, kept: Vec<u32>, spare: &mut Spare) -> Retainers {
        let mut first = spare.filled(count + 2, 0);
        let pairs = kept.as_chunks::<2>().0;
        for &[number, _] in pairs {
            first[number as usize + 2] += 1;
        }
        let mut sum = 0;
        for entry in &mut first {
            sum += *entry;
            *entry = sum;
        }
        // `first[n + 1]` moves from the start of `n`'s retainers to their end, which is the start of `n + 1`'s.
        let mut numbers = spare.filled(sum as usize, 0);
        for &[number, retainer] in pairs {
            let at = &mut first[number as usize + 1];
            numbers[*at as usize] = retainer;
            *at += 1;
        }
        spare.give(kept);
        Retainers { first, numbers }
    }
}

/// A node in the forest of path compression: its ancestor, and the least semidominator on the path up to, not including,
/// that.
type Link = [u32; 2];

fn semi_nca(
    order: &mut Order,
    retainers: Retainers,
    spare: &mut Spare,
    reporter: Reporter<'_>,
) -> Result<Vec<u32>, SnapshotError> {
    let count = order.parent.len();
    let reached = order.isolated_from;
    let mut links = spare.take(2 * count);
    links.extend(
        (0_u32..)
            .zip(&order.parent)
            .flat_map(|(number, &ancestor)| [ancestor, number]),
    );
    let forest = links.as_chunks_mut::<2>().0;
    let Retainers { mut first, numbers } = retainers;
    let mut path: Vec<u32> = Vec::new();
    for number in (1..reached).rev() {
        let mut semi = order.parent[number];
        for &retainer in &numbers[first[number] as usize..first[number + 1] as usize] {
            // Smaller numbers are not linked yet: their least semidominator is themselves.
            let least = if (retainer as usize) < number {
                retainer
            } else {
                compress(forest, &mut path, retainer, number as u32)
            };
            semi = semi.min(least);
            if semi == 0 {
                break;
            }
        }
        forest[number][1] = semi;
        // The end of the retainers is not asked for again: its place keeps the semidominator.
        first[number + 1] = semi;
        if number.is_multiple_of(1 << 20) {
            reporter.report(Phase::Dominators, count - number, count)?;
        }
    }
    let semis = &first[1..];
    // From here on `parent` becomes the dominator: all smaller numbers are final when a number is reached.
    let mut idom = std::mem::take(&mut order.parent);
    for number in 1..reached {
        let semi = semis[number];
        let mut dominator = idom[number];
        while dominator > semi {
            dominator = idom[dominator as usize];
        }
        idom[number] = dominator;
    }
    spare.give(links);
    spare.give(first);
    spare.give(numbers);
    Ok(idom)
}

/// The least semidominator on the path from `number` up through all linked ancestors, which are those above `limit`;
/// afterwards each node passed points to where the path ended.
#[inline(always)]
fn compress(links: &mut [Link], path: &mut Vec<u32>, number: u32, limit: u32) -> u32 {
    let mut at = number;
    while links[at as usize][0] > limit {
        path.push(at);
        at = links[at as usize][0];
    }
    let [ancestor, mut least] = links[at as usize];
    while let Some(below) = path.pop() {
        least = least.min(links[below as usize][1]);
        links[below as usize] = [ancestor, least];
    }
    least
}
