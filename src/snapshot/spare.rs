//! Arrays that are finished with, for the next stage to use: a page that the process has costs a tenth of a new one.

use crate::v8::os;

/// An empty array with room for `capacity` items, which will be used.
pub(crate) fn room<T>(capacity: usize) -> Vec<T> {
    let mut room = Vec::with_capacity(capacity);
    os::populate(room.spare_capacity_mut());
    room
}

/// Buffers of 32-bit numbers. Each stage takes what it needs and gives back what it no longer does.
#[derive(Default)]
pub(crate) struct Spare(Vec<Vec<u32>>);

impl Spare {
    /// An empty buffer with room for `capacity` numbers at least.
    pub(crate) fn take(&mut self, capacity: usize) -> Vec<u32> {
        // The smallest that is large enough, else the largest, to grow.
        let best = (0..self.0.len()).min_by_key(|&index| {
            let room = self.0[index].capacity();
            (
                room < capacity,
                if room < capacity {
                    usize::MAX - room
                } else {
                    room
                },
            )
        });
        let mut buffer = best
            .map(|index| self.0.swap_remove(index))
            .unwrap_or_default();
        buffer.clear();
        if buffer.capacity() < capacity {
            buffer.reserve_exact(capacity);
            os::populate(buffer.spare_capacity_mut());
        }
        buffer
    }

    /// A buffer of `length` times `value`.
    pub(crate) fn filled(&mut self, length: usize, value: u32) -> Vec<u32> {
        if value == 0 && self.0.iter().all(|buffer| buffer.capacity() < length) {
            // The system clears new pages itself.
            let mut buffer = vec![0; length];
            os::populate(&mut buffer);
            return buffer;
        }
        let mut buffer = self.take(length);
        buffer.resize(length, value);
        buffer
    }

    pub(crate) fn give(&mut self, buffer: Vec<u32>) {
        self.0.push(buffer);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn hands_out_the_smallest_that_fits() {
        let mut spare = Spare::default();
        for capacity in [10, 1000, 100] {
            spare.give(Vec::with_capacity(capacity));
        }
        assert_eq!(spare.take(50).capacity(), 100);
        assert_eq!(spare.filled(2000, 7), [7; 2000]);
        assert_eq!(spare.filled(10, 0), [0; 10]);
        assert!(spare.0.is_empty());
    }
}
