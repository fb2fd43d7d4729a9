//! Trend and thresholds in, a verdict with its reason out.
