//! What the processor can do beyond its baseline, for the loops that read hundreds of megabytes.

/// Work worth compiling twice: for the baseline and for a processor with AVX2 and BMI.
pub trait Work {
    /// What it computes.
    type Output;

    /// Computes it. Mark implementations `#[inline(always)]`, or they are compiled for the baseline alone.
    fn run<D: Decimals>(self, decimals: D) -> Self::Output;
}

/// Runs `work` with the instructions that this processor has.
#[inline(always)]
pub fn run<W: Work>(work: W) -> W::Output {
    #[cfg(target_arch = "x86_64")]
    {
        #[target_feature(enable = "avx2,bmi1,bmi2,popcnt,lzcnt")]
        fn modern<W: Work>(work: W) -> W::Output {
            work.run(wide::Avx2::new())
        }
        if is_x86_feature_detected!("avx2")
            && is_x86_feature_detected!("bmi1")
            && is_x86_feature_detected!("bmi2")
            && is_x86_feature_detected!("popcnt")
            && is_x86_feature_detected!("lzcnt")
        {
            // SAFETY: each feature that the function is compiled for was found above.
            return unsafe { modern(work) };
        }
    }
    work.run(OneByOne)
}

/// Decimal numbers from text, four at a time.
pub trait Decimals: Copy {
    /// What the numbers so far were made of.
    type Seen: Copy;

    /// Nothing yet.
    fn nothing(self) -> Self::Seen;

    /// The numbers that are the last `lengths` bytes of `words`, the first byte lowest. Each is of one to eight digits;
    /// what is not, is seen.
    fn four(self, words: [u64; 4], lengths: [u64; 4], seen: &mut Self::Seen) -> [u32; 4];

    /// Whether there were digits alone, and one to eight of them.
    fn are_sound(self, seen: Self::Seen) -> bool;
}

/// With the instructions that every processor has.
#[derive(Clone, Copy)]
pub struct OneByOne;

const ZEROS: u64 = 0x3030_3030_3030_3030;
const HIGH_BITS: u64 = 0x8080_8080_8080_8080;
/// Added to a byte of up to nine this leaves the high bit clear, to a larger one it sets it.
const TO_HIGH_BIT: u64 = 0x7676_7676_7676_7676;

impl OneByOne {
    /// The number that is the last `length` bytes of `word`, the first byte lowest.
    ///
    /// What is before the number is cleared, then the digits are summed up in pairs, fours, eights.
    #[inline(always)]
    pub fn one(self, word: u64, length: u64, seen: &mut u64) -> u32 {
        // No digits at all set the highest bit here, more than eight any from the fourth on.
        *seen |= (length.wrapping_sub(1) & !7).wrapping_neg() & HIGH_BITS;
        let unused = 64_u32.wrapping_sub(8 * length as u32);
        let digits = (word ^ ZEROS) & u64::MAX.wrapping_shl(unused);
        *seen |= digits.wrapping_add(TO_HIGH_BIT) | digits;
        let pairs = digits.wrapping_mul(10).wrapping_add(digits >> 8) & 0x00ff_00ff_00ff_00ff;
        let fours = pairs.wrapping_mul(100).wrapping_add(pairs >> 16) & 0x0000_ffff_0000_ffff;
        fours.wrapping_mul(10_000).wrapping_add(fours >> 32) as u32
    }
}

impl Decimals for OneByOne {
    /// High bits of bytes that are no digits.
    type Seen = u64;

    #[inline(always)]
    fn nothing(self) -> u64 {
        0
    }

    #[inline(always)]
    fn four(self, words: [u64; 4], lengths: [u64; 4], seen: &mut u64) -> [u32; 4] {
        [0, 1, 2, 3].map(|at: usize| self.one(words[at], lengths[at], seen))
    }

    #[inline(always)]
    fn are_sound(self, seen: u64) -> bool {
        seen & HIGH_BITS == 0
    }
}

#[cfg(target_arch = "x86_64")]
mod wide {
    use std::arch::x86_64::*;

    use super::Decimals;

    /// Proof that the processor has AVX2.
    #[derive(Clone, Copy)]
    pub struct Avx2(());

    impl Avx2 {
        #[target_feature(enable = "avx2")]
        pub(super) fn new() -> Avx2 {
            Avx2(())
        }
    }

    /// The largest digit by place, and bits of lengths less one.
    #[derive(Clone, Copy)]
    pub struct Seen {
        digits: __m256i,
        lengths: __m256i,
    }

    impl Decimals for Avx2 {
        type Seen = Seen;

        #[inline(always)]
        fn nothing(self) -> Seen {
            // SAFETY: an Avx2 is made where there is AVX2 alone.
            let zero = unsafe { _mm256_setzero_si256() };
            Seen {
                digits: zero,
                lengths: zero,
            }
        }

        #[inline(always)]
        fn four(self, words: [u64; 4], lengths: [u64; 4], seen: &mut Seen) -> [u32; 4] {
            let [a, b, c, d] = words.map(|word| word as i64);
            let [e, f, g, h] = lengths.map(|length| length as i64);
            // SAFETY: an Avx2 is made where there is AVX2 alone; 16 bytes are written to an array of 16, at any alignment.
            unsafe {
                let words = _mm256_set_epi64x(d, c, b, a);
                let lengths = _mm256_set_epi64x(h, g, f, e);
                let unused =
                    _mm256_sub_epi64(_mm256_set1_epi64x(64), _mm256_slli_epi64::<3>(lengths));
                // Shifted by 64 or more, by a negative number too, nothing is left.
                let used = _mm256_sllv_epi64(_mm256_set1_epi64x(-1), unused);
                let digits =
                    _mm256_and_si256(_mm256_xor_si256(words, _mm256_set1_epi8(b'0' as i8)), used);
                seen.digits = _mm256_max_epu8(seen.digits, digits);
                let less_one = _mm256_sub_epi64(lengths, _mm256_set1_epi64x(1));
                seen.lengths = _mm256_or_si256(seen.lengths, less_one);
                // In pairs, fours, eights; the first digit is in the lowest byte.
                let pairs = _mm256_maddubs_epi16(digits, _mm256_set1_epi16(0x010a));
                let fours = _mm256_madd_epi16(pairs, _mm256_set1_epi32(0x0001_0064));
                let eights = _mm256_add_epi64(
                    _mm256_mul_epu32(fours, _mm256_set1_epi64x(10_000)),
                    _mm256_srli_epi64::<32>(fours),
                );
                let low_halves = _mm256_setr_epi32(0, 2, 4, 6, 0, 2, 4, 6);
                let narrow = _mm256_permutevar8x32_epi32(eights, low_halves);
                let mut numbers = [0_u32; 4];
                _mm_storeu_si128(numbers.as_mut_ptr().cast(), _mm256_castsi256_si128(narrow));
                numbers
            }
        }

        #[inline(always)]
        fn are_sound(self, seen: Seen) -> bool {
            // SAFETY: an Avx2 is made where there is AVX2 alone; nothing here touches memory.
            unsafe {
                let too_large = _mm256_subs_epu8(seen.digits, _mm256_set1_epi8(9));
                let too_long = _mm256_andnot_si256(_mm256_set1_epi64x(7), seen.lengths);
                let wrong = _mm256_or_si256(too_large, too_long);
                _mm256_testz_si256(wrong, wrong) == 1
            }
        }
    }
}

/// Asks for the memory of item `index`, which will be needed soon; of an item that there is not, for nothing.
#[inline(always)]
pub fn prefetch<T>(items: &[T], index: usize) {
    #[cfg(target_arch = "x86_64")]
    {
        use std::arch::x86_64::{_MM_HINT_T0, _mm_prefetch};
        let item = items.as_ptr().wrapping_add(index);
        // SAFETY: a prefetch is a hint; no address makes it fail, and it changes nothing.
        unsafe { _mm_prefetch::<_MM_HINT_T0>(item.cast()) };
    }
    #[cfg(not(target_arch = "x86_64"))]
    let _ = (items, index);
}

/// Where `byte` is in the whole lots of 64 bytes of `block`, the first of which is number `base`, and how often;
/// `None` where the processor has no instruction for it.
#[inline]
pub fn places_of<const ROOM: usize>(
    byte: u8,
    block: &[u8],
    base: u32,
    places: &mut [u32; ROOM],
) -> Option<usize> {
    #[cfg(target_arch = "x86_64")]
    if is_x86_feature_detected!("avx512f")
        && is_x86_feature_detected!("avx512bw")
        && is_x86_feature_detected!("avx512vbmi2")
    {
        // SAFETY: each feature that the function is compiled for was found above.
        return Some(unsafe { compressed::places_of(byte, block, base, places) });
    }
    let _ = (byte, block, base, places);
    None
}

#[cfg(target_arch = "x86_64")]
mod compressed {
    use std::arch::x86_64::*;

    /// The numbers of a lot's bytes.
    const NUMBERS: [u8; 64] = {
        let mut numbers = [0; 64];
        let mut at = 0;
        while at < 64 {
            numbers[at] = at as u8;
            at += 1;
        }
        numbers
    };

    #[target_feature(enable = "avx512f,avx512bw,avx512vbmi2")]
    pub(super) fn places_of(byte: u8, block: &[u8], base: u32, places: &mut [u32]) -> usize {
        let wanted = _mm512_set1_epi8(byte as i8);
        // SAFETY: 64 bytes are read from an array of 64, at any alignment.
        let numbers = unsafe { _mm512_loadu_si512(NUMBERS.as_ptr().cast()) };
        let mut count = 0;
        let mut base = base;
        for lot in block.as_chunks::<64>().0 {
            let Some((room, _)) = places
                .get_mut(count..)
                .and_then(|rest| rest.split_first_chunk_mut::<64>())
            else {
                break;
            };
            // SAFETY: as above.
            let bytes = unsafe { _mm512_loadu_si512(lot.as_ptr().cast()) };
            let found = _mm512_cmpeq_epi8_mask(bytes, wanted);
            let packed = _mm512_maskz_compress_epi8(found, numbers);
            let start = _mm512_set1_epi32(base as i32);
            let [first, second, third, fourth] = room.as_chunks_mut::<16>().0 else {
                break;
            };
            let store = |part: __m128i, room: &mut [u32; 16]| {
                let part = _mm512_add_epi32(_mm512_cvtepu8_epi32(part), start);
                // SAFETY: 64 bytes are written to an array of 64, at any alignment.
                unsafe { _mm512_storeu_si512(room.as_mut_ptr().cast(), part) };
            };
            // Thirty-two are nearly always enough.
            store(_mm512_castsi512_si128(packed), first);
            store(_mm512_extracti32x4_epi32::<1>(packed), second);
            if found.count_ones() > 32 {
                store(_mm512_extracti32x4_epi32::<2>(packed), third);
                store(_mm512_extracti32x4_epi32::<3>(packed), fourth);
            }
            count += found.count_ones() as usize;
            base = base.wrapping_add(64);
        }
        count
    }
}

/// Which of 64 bytes equal `byte`: one bit each, the first lowest.
#[inline(always)]
pub fn equal_bytes(block: &[u8; 64], byte: u8) -> u64 {
    #[cfg(target_arch = "x86_64")]
    {
        use std::arch::x86_64::{
            _mm_cmpeq_epi8, _mm_loadu_si128, _mm_movemask_epi8, _mm_set1_epi8,
        };
        let mut mask = 0;
        for (index, part) in block.as_chunks::<16>().0.iter().enumerate() {
            // SAFETY: SSE2 is part of x86-64, and 16 bytes are read from an array of 16, at any alignment.
            let part = unsafe {
                let bytes = _mm_loadu_si128(part.as_ptr().cast());
                _mm_movemask_epi8(_mm_cmpeq_epi8(bytes, _mm_set1_epi8(byte as i8)))
            };
            mask |= u64::from(part as u32) << (16 * index);
        }
        mask
    }
    #[cfg(not(target_arch = "x86_64"))]
    {
        const LOW: u64 = 0x7f7f_7f7f_7f7f_7f7f;
        let pattern = u64::from_ne_bytes([byte; 8]);
        let mut mask = 0;
        for (index, part) in block.as_chunks::<8>().0.iter().enumerate() {
            let differs = u64::from_le_bytes(*part) ^ pattern;
            // The high bit of each byte that is zero, then those bits gathered into the highest byte.
            let equal = !(((differs & LOW) + LOW) | differs | LOW) >> 7;
            mask |= (equal.wrapping_mul(0x0102_0408_1020_4080) >> 56) << (8 * index);
        }
        mask
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The numbers of four texts, as this processor reads them.
    struct Four<'t>([&'t str; 4]);

    impl Work for Four<'_> {
        type Output = Option<[u32; 4]>;

        #[inline(always)]
        fn run<D: Decimals>(self, decimals: D) -> Option<[u32; 4]> {
            let words = self.0.map(|text| {
                let padded = format!("{text:\u{ff}>8}");
                u64::from_le_bytes(std::array::from_fn(|at| {
                    padded.as_bytes()[padded.len() - 8 + at]
                }))
            });
            let mut seen = decimals.nothing();
            let numbers = decimals.four(words, self.0.map(|text| text.len() as u64), &mut seen);
            decimals.are_sound(seen).then_some(numbers)
        }
    }

    #[test]
    fn reads_four_numbers_alike_on_every_processor() {
        let mut value = 1_u32;
        for length in 1..=8_u32 {
            for value in [value, value * 9, value * 10 - 1] {
                let text = value.to_string();
                let four = || Four([&text, "0", "00000007", "12345678"]);
                let expected = Some([value, 0, 7, 12_345_678]);
                assert_eq!(four().run(OneByOne), expected, "{length}");
                assert_eq!(run(four()), expected, "{length}");
            }
            value *= 10;
        }
    }

    #[test]
    fn sees_what_is_no_number_in_any_place() {
        for text in ["", "1:", "/", "12 ", "1\n", "-1", "123456789", "1234,678"] {
            for at in 0..4 {
                let mut texts = ["1"; 4];
                texts[at] = text;
                assert_eq!(Four(texts).run(OneByOne), None, "{text:?}");
                assert_eq!(run(Four(texts)), None, "{text:?}");
            }
        }
    }

    #[test]
    fn finds_equal_bytes_wherever_they_are() {
        for seed in 0..64_u8 {
            let mut block = [0_u8; 64];
            for (index, byte) in block.iter_mut().enumerate() {
                *byte = (index as u8).wrapping_mul(seed | 1).wrapping_add(seed) & 0xbf;
            }
            for wanted in [b',', 0, 0x80, 0x2d, 0xac] {
                let expected = (0..64)
                    .filter(|&index| block[index] == wanted)
                    .fold(0_u64, |mask, index| mask | 1 << index);
                assert_eq!(equal_bytes(&block, wanted), expected, "{block:?}");
            }
        }
    }
}
