//! Where the numbers of a block end.

use crate::v8::cpu::{self, Decimals, equal_bytes};

/// Bytes looked through at once: what is found in them stays in the first-level cache.
pub(crate) const BLOCK: usize = 4096;

/// The most records of `FIELDS` or more fields in a block.
pub(crate) const fn max_records(fields: usize) -> usize {
    BLOCK / fields
}

/// Where the fields of a block end: at a comma each.
pub(crate) struct Ends {
    at: Box<[u32; BLOCK + 64]>,
    count: usize,
}

impl Ends {
    pub(crate) fn new() -> Ends {
        Ends {
            at: Box::new([0; BLOCK + 64]),
            count: 0,
        }
    }

    /// Finds the commas of the block at `start` in `bytes`, as far as whole lots of 64 bytes go.
    #[inline(never)]
    pub(crate) fn find(&mut self, bytes: &[u8], start: usize) {
        let block = &bytes[start..bytes.len().min(start + BLOCK)];
        self.count = match cpu::places_of(b',', block, start as u32, &mut self.at) {
            Some(count) => count,
            None => cpu::run(ByBits {
                ends: &mut *self,
                block,
                start,
            }),
        };
    }

    #[inline(always)]
    fn find_by_bits(&mut self, block: &[u8], start: usize) -> usize {
        let mut count = 0;
        let mut base = start as u32;
        for lot in block.as_chunks::<64>().0 {
            let mut commas = equal_bytes(lot, b',');
            let found = commas.count_ones() as usize;
            let Some(room) = self.at.get_mut(count..count + 64) else {
                break;
            };
            // More slots are filled than there are commas, which costs less than guessing when to stop.
            let mut fill = |from: usize, to: usize| {
                for slot in &mut room[from..to] {
                    *slot = base + commas.trailing_zeros();
                    commas &= commas.wrapping_sub(1);
                }
            };
            fill(0, 8);
            if found > 8 {
                fill(8, 16);
            }
            if found > 16 {
                fill(16, 24);
            }
            if found > 24 {
                fill(24, 64);
            }
            count += found;
            base += 64;
        }
        count
    }

    /// The ends of all whole records of `fields` fields.
    #[inline(always)]
    pub(crate) fn records(&self, fields: usize) -> &[u32] {
        let count = self.count - self.count % fields;
        &self.at[..count]
    }
}

/// The search for commas in `block`, whose first byte is number `start`.
struct ByBits<'a> {
    ends: &'a mut Ends,
    block: &'a [u8],
    start: usize,
}

impl cpu::Work for ByBits<'_> {
    type Output = usize;

    #[inline(always)]
    fn run<D: Decimals>(self, _: D) -> usize {
        self.ends.find_by_bits(self.block, self.start)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn finds_every_comma_of_a_block() {
        for step in [1, 2, 3, 5, 8, 21] {
            let bytes: Vec<u8> = (0..BLOCK + 640)
                .map(|at| if at % step == 0 { b',' } else { b'7' })
                .collect();
            let mut ends = Ends::new();
            ends.find(&bytes, 64);
            let expected: Vec<u32> = (64..64 + BLOCK as u32)
                .filter(|at| (*at as usize).is_multiple_of(step))
                .collect();
            assert_eq!(ends.records(1), expected);
            ends.at.fill(0);
            ends.count = ends.find_by_bits(&bytes[64..64 + BLOCK], 64);
            assert_eq!(ends.records(1), expected);
        }
    }
}
