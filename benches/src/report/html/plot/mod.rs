#![forbid(unsafe_code)]
//! Plots as inline SVG. A plot takes numbers and names, not results, so that any part of the report can
//! draw any of them.
//!
//! The colours of text, axes and bands are stand-ins: the page's style sheet replaces them by those of
//! the reader's scheme, light or dark.

mod axis;
mod bars;
mod frame;
mod lines;
mod palette;
mod ranges;

use crate::spread::Spread;

pub use axis::{Axis, number, percent, time};
pub use bars::{Bars, bars};
pub use lines::{Line, lines};
pub use palette::{Colour, contestant, nth};
pub use ranges::{Mark, Names, ranges};

/// A plot, ready to stand in a page.
#[derive(Debug, Clone)]
pub struct Svg(String);

impl Svg {
    /// Its markup.
    #[must_use]
    pub fn markup(&self) -> &str {
        &self.0
    }
}

/// A number, and within what it lies.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Value {
    /// The number.
    pub value: f64,
    /// From where to where the error bar goes, if there is one.
    pub spread: Option<(f64, f64)>,
}

impl Value {
    /// What an axis has to have room for.
    fn extent(self) -> impl Iterator<Item = f64> {
        let (low, high) = self.spread.unwrap_or((self.value, self.value));
        [self.value, low, high].into_iter()
    }

    /// What it is by another measure. A measure that falls turns the error bar round.
    #[must_use]
    pub fn map(self, measure: impl Fn(f64) -> f64) -> Self {
        let spread = self.spread.map(|(low, high)| {
            let (one, other) = (measure(low), measure(high));
            (one.min(other), one.max(other))
        });
        Self {
            value: measure(self.value),
            spread,
        }
    }
}

impl From<f64> for Value {
    fn from(value: f64) -> Self {
        Self {
            value,
            spread: None,
        }
    }
}

/// The median, with the quartiles.
impl From<Spread> for Value {
    fn from(spread: Spread) -> Self {
        Self {
            value: spread.median,
            spread: Some((spread.lower, spread.upper)),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_falling_measure_turns_the_error_bar_round() {
        let time = Value::from(Spread::of([100.0, 200.0, 400.0]));
        let rate = time.map(|nanoseconds| 1e9 / nanoseconds);
        assert_eq!(rate.value, 5e6);
        let (low, high) = rate.spread.unwrap();
        assert!(low < rate.value && rate.value < high, "{low} {high}");
    }
}
