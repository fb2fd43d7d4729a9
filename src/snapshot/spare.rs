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
pub(crate) struct Spare {
    buffers: Vec<Vec<u32>>,
    /// Another load will follow.
    lasting: bool,
}

impl Spare {
    /// For several loads, one after the other.
    pub(crate) fn lasting() -> Spare {
        Spare {
            buffers: Vec::new(),
            lasting: true,
        }
    }

    /// Gives back to the system what neither a following load nor the rest of this needs: `count` buffers of `capacity`.
    pub(crate) fn trim(&mut self, count: usize, capacity: usize) {
        if self.lasting {
            return;
        }
        while self.buffers.len() > count {
            let worst = (0..self.buffers.len()).max_by_key(|&index| {
                let room = self.buffers[index].capacity();
                (room < capacity, room)
            });
            self.buffers.swap_remove(worst.unwrap_or(0));
        }
        for buffer in &mut self.buffers {
            buffer.clear();
            buffer.shrink_to(capacity);
        }
    }

    /// An empty buffer with room for `capacity` numbers at least.
    pub(crate) fn take(&mut self, capacity: usize) -> Vec<u32> {
        self.best(capacity, usize::MAX)
    }

    /// The same for an array that stays when the load is done.
    pub(crate) fn keep(&mut self, capacity: usize) -> Vec<u32> {
        self.best(capacity, self.most(capacity))
    }

    /// The largest buffer there is, for as many numbers as there will be.
    pub(crate) fn largest(&mut self) -> Vec<u32> {
        let largest = (0..self.buffers.len()).max_by_key(|&index| self.buffers[index].capacity());
        let mut buffer = largest
            .map(|index| self.buffers.swap_remove(index))
            .unwrap_or_default();
        buffer.clear();
        buffer
    }

    /// A buffer of `length` times `value`.
    pub(crate) fn filled(&mut self, length: usize, value: u32) -> Vec<u32> {
        self.best_filled(length, usize::MAX, value)
    }

    /// The same for an array that stays when the load is done.
    pub(crate) fn keep_filled(&mut self, length: usize, value: u32) -> Vec<u32> {
        self.best_filled(length, self.most(length), value)
    }

    /// The largest buffer that an array of `capacity` may stay in: a following load needs the large ones.
    fn most(&self, capacity: usize) -> usize {
        if self.lasting {
            capacity + capacity / 8
        } else {
            usize::MAX
        }
    }

    /// Of the buffers with room for `most` numbers at the most the smallest that is large enough, else the largest, to grow.
    fn best(&mut self, capacity: usize, most: usize) -> Vec<u32> {
        let best = (0..self.buffers.len())
            .filter(|&index| self.buffers[index].capacity() <= most)
            .min_by_key(|&index| {
                let room = self.buffers[index].capacity();
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
            .map(|index| self.buffers.swap_remove(index))
            .unwrap_or_default();
        buffer.clear();
        if buffer.capacity() < capacity {
            buffer.reserve_exact(capacity);
            os::populate(buffer.spare_capacity_mut());
        }
        buffer
    }

    fn best_filled(&mut self, length: usize, most: usize, value: u32) -> Vec<u32> {
        let fits = |buffer: &Vec<u32>| (length..=most).contains(&buffer.capacity());
        if value == 0 && !self.buffers.iter().any(fits) {
            // The system clears new pages itself.
            let mut buffer = vec![0; length];
            os::populate(&mut buffer);
            return buffer;
        }
        let mut buffer = self.best(length, most);
        buffer.resize(length, value);
        buffer
    }

    pub(crate) fn give(&mut self, buffer: Vec<u32>) {
        self.buffers.push(buffer);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn keeps_what_is_needed_alone() {
        for mut spare in [Spare::default(), Spare::lasting()] {
            let lasting = spare.lasting;
            for capacity in [10, 1000, 100] {
                spare.give(vec![7; capacity]);
            }
            spare.trim(1, 50);
            let left: Vec<usize> = spare.buffers.iter().map(Vec::capacity).collect();
            assert_eq!(
                left,
                if lasting {
                    vec![10, 1000, 100]
                } else {
                    vec![50]
                }
            );
            assert!(spare.take(40).is_empty());
        }
    }

    #[test]
    fn leaves_large_buffers_to_the_load_that_follows() {
        let mut spare = Spare::lasting();
        for capacity in [10, 1000, 105] {
            spare.give(Vec::with_capacity(capacity));
        }
        assert_eq!(spare.keep(100).capacity(), 105);
        assert_eq!(spare.keep_filled(100, 7), [7; 100]);
        assert_eq!(spare.keep_filled(100, 0), [0; 100]);
        assert_eq!(spare.largest().capacity(), 1000);
        assert_eq!(spare.largest().capacity(), 0);
    }

    #[test]
    fn hands_out_the_smallest_that_fits() {
        let mut spare = Spare::default();
        for capacity in [10, 1000, 100] {
            spare.give(Vec::with_capacity(capacity));
        }
        assert_eq!(spare.take(50).capacity(), 100);
        assert_eq!(spare.filled(2000, 7), [7; 2000]);
        assert_eq!(spare.filled(10, 0), [0; 10]);
        assert!(spare.buffers.is_empty());
    }
}
