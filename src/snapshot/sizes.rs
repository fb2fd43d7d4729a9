//! Byte sizes by node: four bytes each, and a side table for the few of 4 GiB and more.

use rustc_hash::FxHashMap;

use crate::snapshot::spare::room;

/// One size a node, in bytes.
#[derive(Clone, Debug, Default)]
pub struct Sizes {
    small: Vec<u32>,
    big: FxHashMap<u32, u64>,
}

/// An entry of `small` which says that the size is in `big`.
const BIG: u32 = u32::MAX;

impl Sizes {
    pub(crate) fn with_capacity(capacity: usize) -> Sizes {
        Sizes {
            small: room(capacity),
            big: FxHashMap::default(),
        }
    }

    #[inline(always)]
    pub(crate) fn push(&mut self, size: u64) {
        if size < u64::from(BIG) {
            self.small.push(size as u32);
        } else {
            self.big.insert(self.small.len() as u32, size);
            self.small.push(BIG);
        }
    }

    /// Sizes below 4 GiB, of the nodes that follow.
    #[inline(always)]
    pub(crate) fn extend(&mut self, sizes: &[u32]) {
        self.small.extend_from_slice(sizes);
    }

    /// The size of `node`.
    #[inline(always)]
    pub fn get(&self, node: u32) -> u64 {
        let size = self.small[node as usize];
        if size == BIG {
            self.big.get(&node).copied().unwrap_or(u64::from(BIG))
        } else {
            u64::from(size)
        }
    }

    pub(crate) fn set(&mut self, node: u32, size: u64) {
        if size < u64::from(BIG) {
            self.small[node as usize] = size as u32;
            self.big.remove(&node);
        } else {
            self.small[node as usize] = BIG;
            self.big.insert(node, size);
        }
    }

    /// The sum over all nodes.
    pub fn total(&self) -> u64 {
        let small: u64 = self
            .small
            .iter()
            .filter(|&&size| size != BIG)
            .map(|&size| u64::from(size))
            .sum();
        self.big
            .values()
            .fold(small, |sum, &size| sum.saturating_add(size))
    }
}
