//! Exact division of what is read a hundred million times.

/// Division by a number that is known only at run time, which divides without remainder as a rule.
#[derive(Clone, Copy)]
pub(crate) struct Divisor {
    divisor: u32,
    /// 2³⁴ over the divisor, rounded up.
    inverse: u32,
}

impl Divisor {
    /// What fits into 32 bits with its inverse.
    pub(crate) const RANGE: std::ops::RangeInclusive<usize> = 5..=16;

    /// `divisor` is in [`Divisor::RANGE`].
    pub(crate) fn new(divisor: usize) -> Divisor {
        Divisor {
            divisor: divisor as u32,
            inverse: ((1_u64 << 34) / divisor.max(1) as u64 + 1) as u32,
        }
    }

    /// Quotient and remainder of a value of up to nine digits.
    #[inline(always)]
    pub(crate) fn divide(self, value: u32) -> (u32, u32) {
        let quotient = ((u64::from(value) * u64::from(self.inverse)) >> 34) as u32;
        (
            quotient,
            value.wrapping_sub(quotient.wrapping_mul(self.divisor)),
        )
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn divides_exactly() {
        for divisor in Divisor::RANGE {
            let by = Divisor::new(divisor);
            let divisor = divisor as u32;
            for value in (0..1000).chain([123_456_789, 999_999_999]) {
                assert_eq!(by.divide(value), (value / divisor, value % divisor));
            }
            for value in (0..1000).map(|below| (999_999_999 - below) / divisor * divisor) {
                assert_eq!(by.divide(value), (value / divisor, 0));
                assert_eq!(by.divide(value - 1).1, divisor - 1);
            }
        }
    }
}
