//! Byte sizes by node: four bytes each, and a side table for the few of 4 GiB and more.

use rustc_hash::FxHashMap;

use crate::snapshot::spare::Spare;

/// One size a node, in bytes.
#[derive(Debug, Default)]
pub struct Sizes {
    small: Vec<u32>,
    big: FxHashMap<u32, u64>,
}

impl Sizes {
    /// An entry of `small` which says that the size is in `big`.
    pub(crate) const BIG: u32 = u32::MAX;

    /// `small` has one entry a node; the sizes of those with [`Sizes::BIG`] are in `big`.
    pub(crate) fn new(small: Vec<u32>, big: FxHashMap<u32, u64>) -> Sizes {
        Sizes { small, big }
    }

    /// A size that needs no entry in `big`.
    pub(crate) fn small(size: u64) -> Option<u32> {
        u32::try_from(size).ok().filter(|&size| size != Self::BIG)
    }

    /// The same sizes in an array that is at hand.
    pub(crate) fn copied(&self, spare: &mut Spare) -> Sizes {
        let mut small = spare.keep(self.small.len());
        small.extend_from_slice(&self.small);
        small.shrink_to_fit();
        Sizes {
            small,
            big: self.big.clone(),
        }
    }

    /// The size of `node`.
    #[inline(always)]
    pub fn get(&self, node: u32) -> u64 {
        let size = self.small[node as usize];
        if size == Self::BIG {
            self.big.get(&node).copied().unwrap_or(u64::from(Self::BIG))
        } else {
            u64::from(size)
        }
    }

    pub(crate) fn set(&mut self, node: u32, size: u64) {
        let small = Self::small(size);
        self.small[node as usize] = small.unwrap_or(Self::BIG);
        if small.is_some() {
            self.big.remove(&node);
        } else {
            self.big.insert(node, size);
        }
    }

    /// The sum over all nodes.
    pub fn total(&self) -> u64 {
        let small: u64 = self
            .small
            .iter()
            .filter(|&&size| size != Self::BIG)
            .map(|&size| u64::from(size))
            .sum();
        self.big
            .values()
            .fold(small, |sum, &size| sum.saturating_add(size))
    }
}
