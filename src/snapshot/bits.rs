//! One bit a node: a set of nodes that stays in the cache where four bytes a node do not.

/// A set of numbers below a bound.
pub(crate) struct Bits(Vec<u64>);

impl Bits {
    /// None of the numbers below `count`.
    pub(crate) fn new(count: usize) -> Bits {
        Bits(vec![0; count.div_ceil(64)])
    }

    #[inline(always)]
    pub(crate) fn get(&self, index: u32) -> bool {
        self.0[index as usize / 64] >> (index % 64) & 1 != 0
    }

    #[inline(always)]
    pub(crate) fn set(&mut self, index: u32) {
        self.0[index as usize / 64] |= 1 << (index % 64);
    }

    /// Takes in `index`; `false` if it is there already.
    #[inline(always)]
    pub(crate) fn insert(&mut self, index: u32) -> bool {
        let word = &mut self.0[index as usize / 64];
        let bit = 1 << (index % 64);
        let is_new = *word & bit == 0;
        *word |= bit;
        is_new
    }
}
