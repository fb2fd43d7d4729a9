//! What the processor can do beyond its baseline, for the loops that read hundreds of megabytes.

/// Work worth compiling twice: for the baseline and for a processor with AVX2 and BMI.
pub trait Work {
    /// What it computes.
    type Output;

    /// Computes it. Mark implementations `#[inline(always)]`, or they are compiled for the baseline alone.
    fn run(self) -> Self::Output;
}

/// Runs `work` with the instructions that this processor has.
#[inline(always)]
pub fn run<W: Work>(work: W) -> W::Output {
    #[cfg(target_arch = "x86_64")]
    {
        #[target_feature(enable = "avx2,bmi1,bmi2,popcnt,lzcnt")]
        fn modern<W: Work>(work: W) -> W::Output {
            work.run()
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
    work.run()
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
