//! Values over ticks, and the same values seen more coarsely.

/// Values over ticks; ticks do not fall, and both are finite and equally many.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Series {
    /// Abscissae in ticks.
    pub ticks: Vec<f64>,
    /// Bytes or counts.
    pub values: Vec<f64>,
}

impl Series {
    /// Number of points.
    #[must_use]
    pub fn len(&self) -> usize {
        self.values.len()
    }

    /// Whether there is no point.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.values.is_empty()
    }

    /// Ticks from the first point to the last.
    #[must_use]
    pub fn span(&self) -> f64 {
        self.ticks
            .last()
            .zip(self.ticks.first())
            .map_or(0.0, |(last, first)| last - first)
    }

    /// Minima over blocks of `size` points, each at the middle of its block. Blocks end with the last point, which is the
    /// one of most interest; the points before the first whole block are left out.
    ///
    /// Minima, since what is not leaked comes and goes on top of what is: floating garbage after a natural collection, a
    /// request in flight, a cache between two sweeps.
    #[must_use]
    pub fn minima(&self, size: usize) -> Self {
        let size = size.max(1);
        let skip = self.len() % size;
        let ticks = self.ticks[skip..]
            .chunks_exact(size)
            .map(|block| block[0] + (block[size - 1] - block[0]) / 2.0);
        let values = self.values[skip..]
            .chunks_exact(size)
            .map(|block| block.iter().copied().fold(f64::MAX, f64::min));
        Self {
            ticks: ticks.collect(),
            values: values.collect(),
        }
    }

    /// Each value or its successor, whichever is less; one point fewer. A value that does not last to the next point is
    /// gone: floating garbage, a burst that one collection happened to meet.
    #[must_use]
    pub fn eroded(&self) -> Self {
        let values = self.values.windows(2).map(|w| w[0].min(w[1])).collect();
        let ticks = self.ticks[..self.ticks.len().saturating_sub(1)].to_vec();
        Self { ticks, values }
    }

    /// At most `most` points: itself, or minima over the smallest blocks that do.
    #[must_use]
    pub fn condensed(self, most: usize) -> Self {
        if self.len() <= most {
            self
        } else {
            self.minima(self.len().div_ceil(most.max(1)))
        }
    }

    /// The last `count` points.
    #[must_use]
    pub fn tail(&self, count: usize) -> Self {
        let from = self.len().saturating_sub(count);
        Self {
            ticks: self.ticks[from..].to_vec(),
            values: self.values[from..].to_vec(),
        }
    }
}
