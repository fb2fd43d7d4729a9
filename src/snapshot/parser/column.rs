//! One field of all records of a section: blocks are written where they will stay.

use crate::v8::os;

/// Numbers with room for a block of them.
pub(super) struct Column<T> {
    /// Those that are taken, then zeros.
    items: Vec<T>,
    count: usize,
}

impl<T: Copy + Default> Column<T> {
    /// With room for `capacity` numbers, and a block beyond, which will be used.
    pub(super) fn new(capacity: usize, block: usize) -> Column<T> {
        let mut items = vec![T::default(); capacity + block];
        os::populate(&mut items);
        Column { items, count: 0 }
    }

    pub(super) fn len(&self) -> usize {
        self.count
    }

    pub(super) fn push(&mut self, item: T) {
        self.room::<1>()[0] = item;
        self.count += 1;
    }

    /// The next `BLOCK` places, of which [`Column::took`] takes some.
    #[inline(always)]
    pub(super) fn room<const BLOCK: usize>(&mut self) -> &mut [T; BLOCK] {
        if self.items.len() - self.count < BLOCK {
            self.grow(BLOCK);
        }
        let room = self.items[self.count..].first_chunk_mut();
        room.expect("a column has grown where it has no room for a block")
    }

    #[cold]
    fn grow(&mut self, block: usize) {
        let length = (self.items.len() + self.items.len() / 2).max(self.count + block);
        self.items.resize(length, T::default());
    }

    /// Keeps the first `count` places of [`Column::room`].
    #[inline(always)]
    pub(super) fn took(&mut self, count: usize) {
        self.count += count;
    }

    pub(super) fn finish(mut self) -> Vec<T> {
        self.items.truncate(self.count);
        self.items
    }
}
