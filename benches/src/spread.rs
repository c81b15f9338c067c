#![forbid(unsafe_code)]
//! Median and spread of a few numbers.

use serde::{Deserialize, Serialize};

/// How the results of the rounds lie.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct Spread {
    /// The least.
    pub min: f64,
    /// A quarter are below it.
    pub lower: f64,
    /// Half are below it.
    pub median: f64,
    /// A quarter are above it.
    pub upper: f64,
    /// The greatest.
    pub max: f64,
}

impl Spread {
    /// Of these values; between two of them, in proportion.
    ///
    /// # Panics
    ///
    /// If there are none, or one is no number.
    #[must_use]
    pub fn of(values: impl IntoIterator<Item = f64>) -> Self {
        let mut sorted: Vec<f64> = values.into_iter().collect();
        assert!(!sorted.is_empty(), "no values have no spread");
        assert!(
            sorted.iter().all(|value| !value.is_nan()),
            "a value is no number: {sorted:?}"
        );
        sorted.sort_by(f64::total_cmp);
        let at = |fraction: f64| {
            let position = fraction * (sorted.len() - 1) as f64;
            let (below, above) = (position.floor() as usize, position.ceil() as usize);
            let share = position - position.floor();
            sorted[below] * (1.0 - share) + sorted[above] * share
        };
        Self {
            min: at(0.0),
            lower: at(0.25),
            median: at(0.5),
            upper: at(0.75),
            max: at(1.0),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_value_is_all_there_is() {
        let Spread {
            min,
            lower,
            median,
            upper,
            max,
        } = Spread::of([3.0]);
        assert_eq!([min, lower, median, upper, max], [3.0; 5]);
    }

    #[test]
    fn the_order_of_the_values_does_not_matter() {
        assert_eq!(
            Spread::of([5.0, 1.0, 4.0, 2.0, 3.0]),
            Spread::of([1.0, 2.0, 3.0, 4.0, 5.0])
        );
        let Spread {
            min,
            lower,
            median,
            upper,
            max,
        } = Spread::of([5.0, 1.0, 4.0, 2.0, 3.0]);
        assert_eq!([min, lower, median, upper, max], [1.0, 2.0, 3.0, 4.0, 5.0]);
    }

    #[test]
    fn the_median_of_an_even_number_of_values_lies_between_two() {
        assert_eq!(Spread::of([1.0, 2.0, 10.0, 20.0]).median, 6.0);
    }

    #[test]
    #[should_panic(expected = "no values")]
    fn no_values_have_no_spread() {
        let _ = Spread::of([]);
    }
}
