//! The fast path through arrays of hundreds of millions of integers.
//!
//! V8 writes unsigned decimals between commas, with a newline before each record's comma until Node 24 and none after.
//! A block of bytes is read in two steps, so that no number waits for the length of the one before it: first all commas
//! are found, 64 bytes at a time; then each number is taken from the eight bytes before its comma, as one word without a
//! branch per digit, four numbers side by side where the processor can. Anything unusual (other white space, longer numbers, the end of the array) is found by checks that
//! are summed up over the block; a block with any is left to [`crate::snapshot::scanner`], which knows what is wrong.

use crate::v8::cpu::{Decimals, OneByOne, equal_bytes};

/// Bytes looked through at once: what is found in them stays in the first-level cache.
pub(crate) const BLOCK: usize = 4096;

/// Bytes that must lie before a block.
pub(crate) const SLACK: usize = 16;

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
    #[inline(always)]
    pub(crate) fn find(&mut self, bytes: &[u8], start: usize) {
        let block = &bytes[start..bytes.len().min(start + BLOCK)];
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
        self.count = count;
    }

    /// The ends of all whole records of `fields` fields.
    #[inline(always)]
    pub(crate) fn records(&self, fields: usize) -> &[u32] {
        let count = self.count - self.count % fields;
        &self.at[..count]
    }
}

/// What is unusual about a block; looked at once, at its end.
#[derive(Default)]
pub(crate) struct Doubt {
    /// What [`OneByOne`] saw.
    digits: u64,
    /// Bits from 32 on: a number that is too large.
    large: u64,
    /// Any bit: something else.
    other: u64,
}

impl Doubt {
    #[inline(always)]
    pub(crate) fn none(&self) -> bool {
        OneByOne.are_sound(self.digits) && self.large >> 32 == 0 && self.other == 0
    }

    /// A value which must fit into 32 bits.
    #[inline(always)]
    pub(crate) fn narrow(&mut self, value: u64) -> u32 {
        self.large |= value;
        value as u32
    }

    /// A value which must be zero.
    #[inline(always)]
    pub(crate) fn zero(&mut self, value: u64) {
        self.other |= value;
    }

    /// The number from `start` to `end`, one to sixteen digits.
    #[inline(always)]
    pub(crate) fn number(&mut self, bytes: &[u8], start: usize, end: usize) -> u64 {
        let length = end.wrapping_sub(start);
        if length <= 8 {
            return self.word(bytes, end, length);
        }
        if length > 16 {
            self.other = 1;
            return 0;
        }
        let high = self.word(bytes, end - 8, length - 8);
        high * 100_000_000 + self.word(bytes, end, 8)
    }

    /// The number of `length` digits, eight at the most, before `end`.
    #[inline(always)]
    fn word(&mut self, bytes: &[u8], end: usize, length: usize) -> u64 {
        OneByOne.one(word_before(bytes, end), length as u64, &mut self.digits)
    }

    /// The single digit at `at`, if it ends at `end`.
    #[inline(always)]
    pub(crate) fn digit(&mut self, bytes: &[u8], at: usize, end: usize) -> u8 {
        let digit = bytes.get(at).map_or(u8::MAX, |byte| byte ^ b'0');
        self.other |= (end - 1) as u64 ^ at as u64 | u64::from(digit > 9);
        digit
    }
}

/// The eight bytes before `end`, the first lowest; what is no digit where there are none.
#[inline(always)]
fn word_before(bytes: &[u8], end: usize) -> u64 {
    end.checked_sub(8)
        .and_then(|from| bytes.get(from..end)?.try_into().ok())
        .map_or(u64::MAX, u64::from_le_bytes)
}

/// Four numbers of a block at a time, and what is unusual about them.
pub(crate) struct Fours<D: Decimals> {
    decimals: D,
    seen: D::Seen,
}

impl<D: Decimals> Fours<D> {
    #[inline(always)]
    pub(crate) fn new(decimals: D) -> Fours<D> {
        Fours {
            decimals,
            seen: decimals.nothing(),
        }
    }

    #[inline(always)]
    pub(crate) fn are_sound(&self) -> bool {
        self.decimals.are_sound(self.seen)
    }

    /// The numbers between these pairs of start and end, as a rule of one to eight digits each.
    #[inline(always)]
    pub(crate) fn read(
        &mut self,
        bytes: &[u8],
        places: [(usize, usize); 4],
        doubt: &mut Doubt,
    ) -> [u64; 4] {
        let lengths = places.map(|(start, end)| end.wrapping_sub(start) as u64);
        let longest = lengths[0].max(lengths[1]).max(lengths[2].max(lengths[3]));
        if longest > 8 {
            return places.map(|(start, end)| doubt.number(bytes, start, end));
        }
        let words = places.map(|(_, end)| word_before(bytes, end));
        self.decimals.four(words, lengths, &mut self.seen)
    }
}

/// How records are separated: `,` or `\n,`.
#[derive(Clone, Copy)]
pub(crate) struct Separator {
    /// Bytes before the comma that belong to no number: 0 or 1.
    newline: usize,
}

impl Separator {
    /// As seen before byte `at`, which follows the comma.
    pub(crate) fn before(bytes: &[u8], at: usize) -> Separator {
        let newline = at >= 2 && bytes.get(at - 2) == Some(&b'\n');
        Separator {
            newline: usize::from(newline),
        }
    }

    /// Where the last number before the comma at `end` ends.
    #[inline(always)]
    pub(crate) fn strip(self, bytes: &[u8], end: usize, doubt: &mut Doubt) -> usize {
        if self.newline == 1 && bytes.get(end.wrapping_sub(1)) != Some(&b'\n') {
            doubt.other = 1;
        }
        end - self.newline
    }
}

/// Division by a number that is known only at run time, which divides without remainder as a rule.
#[derive(Clone, Copy)]
pub(crate) struct Divisor {
    divisor: u64,
    /// 2⁶⁴ over the divisor, rounded up.
    inverse: u64,
}

impl Divisor {
    /// `divisor` is 2 to 16.
    pub(crate) fn new(divisor: u64) -> Divisor {
        Divisor {
            divisor,
            inverse: u64::MAX / divisor + 1,
        }
    }

    /// Quotient and remainder of a value below 2⁵⁶.
    #[inline(always)]
    pub(crate) fn divide(self, value: u64) -> (u64, u64) {
        let quotient = ((u128::from(value) * u128::from(self.inverse)) >> 64) as u64;
        (quotient, value.wrapping_sub(quotient * self.divisor))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn number(text: &str) -> Option<u64> {
        let padded = format!("{:>1$},", text, SLACK + text.len());
        let mut doubt = Doubt::default();
        let value = doubt.number(padded.as_bytes(), SLACK, padded.len() - 1);
        doubt.none().then_some(value)
    }

    #[test]
    fn reads_numbers_of_every_length_up_to_sixteen_digits() {
        let mut value = 1_u64;
        for length in 1..=16 {
            for value in [value, value * 9, value * 10 - 1] {
                assert_eq!(number(&value.to_string()), Some(value), "{length}");
            }
            value *= 10;
        }
        assert_eq!(number("0"), Some(0));
        assert_eq!(number("0000000000000007"), Some(7));
        assert_eq!(number("12345678901234567"), None);
    }

    #[test]
    fn doubts_what_only_looks_like_digits() {
        // ':' follows '9' in ASCII and '/' precedes '0'; both share or nearly share their high nibble.
        for text in [
            "",
            "12:4567",
            "1/345678",
            "-1",
            "1e5",
            " 1",
            "1\n",
            "1234567\u{e9}",
            ":",
            "12345678:0",
            "1:345678901",
        ] {
            assert_eq!(number(text), None, "{text:?}");
        }
    }

    #[test]
    fn divides_exactly() {
        for divisor in 2..=16 {
            let by = Divisor::new(divisor);
            for value in (0..1000).chain([u64::from(u32::MAX) * divisor, 9_999_999_999_999_999]) {
                assert_eq!(by.divide(value), (value / divisor, value % divisor));
            }
        }
    }

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
        }
    }
}
