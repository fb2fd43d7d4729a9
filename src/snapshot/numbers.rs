//! The fast path through arrays of hundreds of millions of integers.
//!
//! V8 writes unsigned decimals between commas, with a newline before each record's comma until Node 24 and none after.
//! A block of bytes is read in two steps, so that no number waits for the length of the one before it: first all commas
//! are found, 64 bytes at a time; then each number is taken from the eight bytes before its comma, as one word without a
//! branch per digit, four numbers side by side where the processor can. Anything unusual (other white space, longer numbers, the end of the array) is found by checks that
//! are summed up over the block; a block with any is left to [`crate::snapshot::scanner`], which knows what is wrong.

use crate::v8::cpu::{Decimals, OneByOne};

/// Bytes that must lie before a block.
pub(crate) const SLACK: usize = 16;

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
        u64::from(OneByOne.one(word_before(bytes, end), length as u64, &mut self.digits))
    }

    /// The number of one or two digits from `start` to `end`.
    #[inline(always)]
    pub(crate) fn small(&mut self, bytes: &[u8], start: usize, end: usize) -> u8 {
        let length = end.wrapping_sub(start);
        let Some(&[tens, ones]) = bytes.get(end.wrapping_sub(2)..end) else {
            self.other = 1;
            return 0;
        };
        let tens = if length == 2 { tens ^ b'0' } else { 0 };
        let ones = ones ^ b'0';
        self.other |=
            u64::from(tens > 9) | u64::from(ones > 9) | (length.wrapping_sub(1) & !1) as u64;
        tens.wrapping_mul(10).wrapping_add(ones)
    }

    /// The number from `start` to `end`, nearly always one digit.
    #[inline(always)]
    pub(crate) fn digit_or_number(&mut self, bytes: &[u8], start: usize, end: usize) -> u64 {
        if end.wrapping_sub(start) == 1 {
            u64::from(self.digit(bytes, start, end))
        } else {
            long_numbers(bytes, [(start, end); 1]).map_or_else(
                || {
                    self.other = 1;
                    0
                },
                |[number]| u64::from(number),
            )
        }
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
    ) -> [u32; 4] {
        let lengths = places.map(|(start, end)| end.wrapping_sub(start) as u64);
        if longest(lengths) > 8 {
            let Some(numbers) = long_numbers(bytes, places) else {
                doubt.other = 1;
                return [0; 4];
            };
            return numbers;
        }
        let words = places.map(|(_, end)| word_before(bytes, end));
        self.decimals.four(words, lengths, &mut self.seen)
    }

    /// The same where some numbers have a ninth digit, which no branch depends on: in a file of 1.5 GB an eighth of the nodes
    /// begin beyond the hundred millionth number. `ninth` says that there may be such; longer ones are left to doubt.
    #[inline(always)]
    pub(crate) fn read_long(
        &mut self,
        bytes: &[u8],
        places: [(usize, usize); 4],
        ninth: bool,
        doubt: &mut Doubt,
    ) -> [u32; 4] {
        let lengths = places.map(|(start, end)| end.wrapping_sub(start) as u64);
        if longest(lengths) > 8 + u64::from(ninth) {
            doubt.other = 1;
            return [0; 4];
        }
        let words = places.map(|(_, end)| word_before(bytes, end));
        let mut numbers =
            self.decimals
                .four(words, lengths.map(|length| length.min(8)), &mut self.seen);
        if ninth {
            for (at, number) in numbers.iter_mut().enumerate() {
                let before = bytes.get(places[at].1.wrapping_sub(9));
                let digit = before.map_or(u8::MAX, |byte| byte ^ b'0');
                let digit = if lengths[at] > 8 { digit } else { 0 };
                doubt.other |= u64::from(digit > 9);
                *number = number.wrapping_add(u32::from(digit).wrapping_mul(100_000_000));
            }
        }
        numbers
    }
}

/// Numbers of up to sixteen digits which fit into 32 bits. Out of line: they are rare, and their code is long.
#[cold]
#[inline(never)]
fn long_numbers<const COUNT: usize>(
    bytes: &[u8],
    places: [(usize, usize); COUNT],
) -> Option<[u32; COUNT]> {
    let mut doubt = Doubt::default();
    let numbers = places.map(|(start, end)| {
        let number = doubt.number(bytes, start, end);
        doubt.narrow(number)
    });
    doubt.none().then_some(numbers)
}

#[inline(always)]
fn longest(lengths: [u64; 4]) -> u64 {
    lengths[0].max(lengths[1]).max(lengths[2].max(lengths[3]))
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
    fn reads_small_numbers() {
        for (text, expected) in [
            ("0", Some(0)),
            ("7", Some(7)),
            ("42", Some(42)),
            ("99", Some(99)),
            ("", None),
            ("123", None),
            (":", None),
            ("1:", None),
            ("-1", None),
            ("1\n", None),
        ] {
            let padded = format!("{:>1$},", text, SLACK + text.len());
            let mut doubt = Doubt::default();
            let value = doubt.small(padded.as_bytes(), SLACK, padded.len() - 1);
            assert_eq!(doubt.none().then_some(value), expected, "{text:?}");
        }
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
    fn reads_a_ninth_digit() {
        let text = " ,123456789,7,100000000,99999999,";
        let places = [(2, 11), (12, 13), (14, 23), (24, 32)];
        let read = |text: &str, ninth| {
            let padded = format!("{:>1$}", text, SLACK + text.len());
            let mut doubt = Doubt::default();
            let mut fours = Fours::new(OneByOne);
            let places = places.map(|(start, end)| (start + SLACK, end + SLACK));
            let numbers = fours.read_long(padded.as_bytes(), places, ninth, &mut doubt);
            (doubt.none() && fours.are_sound()).then_some(numbers)
        };
        let numbers = [123_456_789, 7, 100_000_000, 99_999_999];
        assert_eq!(read(text, true), Some(numbers));
        assert_eq!(read(text, false), None);
        assert_eq!(read(&text.replace(",1234", ",:234"), true), None);
        assert_eq!(read(&text.replace("9,7,1", "9,,71"), true), None);
    }
}
