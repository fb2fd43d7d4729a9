//! The dominator tree laid out in preorder: a subtree is a range of positions.

use crate::snapshot::spare::Spare;

/// Preorder of a dominator tree. Twelve bytes a node; children need no lists of their own.
pub struct Tree {
    /// Position by number.
    position: Vec<u32>,
    /// Number by position.
    at: Vec<u32>,
    /// Nodes in the subtree, itself included, by number.
    span: Vec<u32>,
}

impl Tree {
    /// How many arrays of a number a node [`Tree::new`] needs for a while.
    pub(crate) const ARRAYS: usize = 4;

    /// Lays out the tree of immediate dominators `idom`, by number.
    pub(crate) fn new(idom: &[u32], spare: &mut Spare) -> Tree {
        let count = idom.len();
        let mut span = spare.keep_filled(count, 1);
        for number in (1..count).rev() {
            span[idom[number] as usize] += span[number];
        }
        // A dominator's number is smaller, so its position is final before its children take theirs. `position` of a
        // node that is placed already serves as the next free position below it.
        let mut position = spare.keep_filled(count, 0);
        let mut free = spare.filled(count, 1);
        let mut at = spare.keep_filled(count, 0);
        for number in 1..count {
            let parent = idom[number] as usize;
            let place = free[parent];
            free[parent] += span[number];
            position[number] = place;
            free[number] = place + 1;
            at[place as usize] = number as u32;
        }
        spare.give(free);
        for kept in [&mut position, &mut at, &mut span] {
            kept.shrink_to_fit();
        }
        Tree { position, at, span }
    }

    /// Numbers in preorder, each with the position one past its subtree.
    pub fn preorder(&self) -> impl Iterator<Item = (u32, u32)> + '_ {
        (0_u32..)
            .zip(&self.at)
            .map(|(position, &number)| (number, position + self.span[number as usize]))
    }

    /// Numbers of the nodes which `number` immediately dominates.
    pub fn children(&self, number: u32) -> impl Iterator<Item = u32> + '_ {
        let start = self.position[number as usize];
        let end = start + self.span[number as usize];
        let mut next = start + 1;
        std::iter::from_fn(move || {
            if next >= end {
                return None;
            }
            let child = self.at[next as usize];
            next += self.span[child as usize];
            Some(child)
        })
    }

    /// Whether `ancestor` dominates `number`, or is it.
    pub fn dominates(&self, ancestor: u32, number: u32) -> bool {
        let start = self.position[ancestor as usize];
        let position = self.position[number as usize];
        (start..start + self.span[ancestor as usize]).contains(&position)
    }
}
