#![forbid(unsafe_code)]
//! Axes: from values to places on a line, and the ticks in round numbers.

use std::ops::Range;

use plotters::coord::ranged1d::{KeyPointHint, NoDefaultFormatting, Ranged, ValueFormatter};

/// How an axis is to be. From where to where it goes follows from the values.
#[derive(Debug, Clone)]
pub struct Axis {
    title: String,
    scale: Scale,
    show: fn(f64) -> String,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Scale {
    Linear,
    Log,
    Doubling,
    Quantiles,
}

/// Where a logarithmic axis puts what is not above zero.
const LEAST: f64 = 1e-9;
/// The quantiles that have a tick; the axis goes from the first to the last.
const QUANTILES: [f64; 8] = [0.01, 0.1, 0.25, 0.5, 0.9, 0.99, 0.999, 0.9999];
/// How many ticks are about right.
const TICKS: f64 = 6.0;
/// What stays free at both ends, by the length of the axis.
const MARGIN: f64 = 0.04;

impl Axis {
    fn new(title: &str, scale: Scale, show: fn(f64) -> String) -> Self {
        Self {
            title: title.to_owned(),
            scale,
            show,
        }
    }

    /// In equal steps; `show` makes the labels.
    #[must_use]
    pub fn linear(title: &str, show: fn(f64) -> String) -> Self {
        Self::new(title, Scale::Linear, show)
    }

    /// Logarithmic, with ticks at 1, 2, 5, 10 or at powers of ten.
    #[must_use]
    pub fn log(title: &str, show: fn(f64) -> String) -> Self {
        Self::new(title, Scale::Log, show)
    }

    /// Logarithmic, with ticks at powers of two: CPUs, producers.
    #[must_use]
    pub fn doubling(title: &str, show: fn(f64) -> String) -> Self {
        Self::new(title, Scale::Doubling, show)
    }

    /// Quantiles from 0.01 to 0.9999, stretched towards both ends so that the tail is seen.
    #[must_use]
    pub fn quantiles(title: &str) -> Self {
        Self::new(title, Scale::Quantiles, percent)
    }

    /// Do bars on it begin at zero?
    pub(super) fn has_zero(&self) -> bool {
        self.scale == Scale::Linear
    }

    /// With room for these values.
    pub(super) fn over(&self, values: impl IntoIterator<Item = f64>) -> Ticked {
        let places = values.into_iter().map(|value| self.place(value));
        let ends = places.fold(None, |ends: Option<(f64, f64)>, place| {
            let (from, to) = ends.unwrap_or((place, place));
            Some((from.min(place), to.max(place)))
        });
        let (mut from, mut to) = match self.scale {
            Scale::Quantiles => (self.place(QUANTILES[0]), self.place(QUANTILES[7])),
            _ => ends.unwrap_or((0.0, 1.0)),
        };
        if to - from < LEAST {
            let half = if self.scale == Scale::Linear {
                from.abs().max(1.0) / 2.0
            } else {
                0.3
            };
            (from, to) = (from - half, to + half);
        }
        let margin = MARGIN * (to - from);
        // Nothing is drawn below a zero that is the least.
        if !(self.has_zero() && from == 0.0) {
            from -= margin;
        }
        to += margin;
        let ticks = self.ticks(from, to).into_iter();
        let ticks = ticks.map(|value| (self.place(value), (self.show)(value)));
        Ticked {
            title: self.title.clone(),
            ticks: ticks
                .filter(|(place, _)| (from..=to).contains(place))
                .collect(),
            from,
            to,
        }
    }

    /// Where on the line a value is.
    pub(super) fn place(&self, value: f64) -> f64 {
        match self.scale {
            Scale::Linear => value,
            Scale::Log => value.max(LEAST).log10(),
            Scale::Doubling => value.max(LEAST).log2(),
            Scale::Quantiles => {
                let value = value.clamp(QUANTILES[0], QUANTILES[7]);
                (value / (1.0 - value)).ln()
            }
        }
    }

    /// The values at which there may be a tick, also some outside.
    fn ticks(&self, from: f64, to: f64) -> Vec<f64> {
        match self.scale {
            Scale::Linear => steps(from, to),
            Scale::Log => log_ticks(from, to),
            Scale::Doubling => (from.floor() as i32..=to.ceil() as i32)
                .map(|exponent| 2.0_f64.powi(exponent))
                .collect(),
            Scale::Quantiles => QUANTILES.to_vec(),
        }
    }
}

fn log_ticks(from: f64, to: f64) -> Vec<f64> {
    let decades = to - from;
    // So short an axis may have no 1, 2 or 5 at all.
    if decades < 0.7 {
        return steps(10.0_f64.powf(from), 10.0_f64.powf(to));
    }
    let mantissas: &[f64] = if decades < 2.5 {
        &[1.0, 2.0, 5.0]
    } else {
        &[1.0]
    };
    let exponents = from.floor() as i32..=to.ceil() as i32;
    let every = (decades / (1.5 * TICKS)).ceil().max(1.0) as usize;
    exponents
        .step_by(every)
        .flat_map(|exponent| {
            mantissas
                .iter()
                .map(move |mantissa| mantissa * 10.0_f64.powi(exponent))
        })
        .collect()
}

/// Round numbers in equal steps.
fn steps(from: f64, to: f64) -> Vec<f64> {
    let raw = (to - from) / TICKS;
    let decade = 10.0_f64.powf(raw.log10().floor());
    let round = [1.0, 2.0, 2.5, 5.0, 10.0].map(|mantissa| mantissa * decade);
    let step = round.into_iter().find(|step| *step >= raw);
    let step = step.unwrap_or(10.0 * decade);
    let (first, last) = ((from / step).ceil() as i64, (to / step).floor() as i64);
    (first..=last).map(|index| index as f64 * step).collect()
}

/// An axis with its ends, in places, and its ticks.
#[derive(Debug, Clone)]
pub(super) struct Ticked {
    pub(super) title: String,
    pub(super) from: f64,
    pub(super) to: f64,
    /// Place and label.
    pub(super) ticks: Vec<(f64, String)>,
}

impl Ticked {
    /// An axis of names: they are at 0, 1, 2 and so on.
    pub(super) fn names<'a>(names: impl IntoIterator<Item = &'a str>) -> Self {
        let names = names.into_iter().enumerate();
        let ticks: Vec<_> = names
            .map(|(place, name)| (place as f64, name.to_owned()))
            .collect();
        Self {
            title: String::new(),
            from: -0.5,
            to: ticks.len() as f64 - 0.5,
            ticks,
        }
    }

    /// How wide its widest label is.
    pub(super) fn widest(&self) -> usize {
        let widths = self.ticks.iter().map(|(_, label)| label.chars().count());
        widths.max().unwrap_or(0)
    }
}

/// The coordinate is a place. What lies beyond an end is drawn at that end.
impl Ranged for Ticked {
    type FormatOption = NoDefaultFormatting;
    type ValueType = f64;

    fn map(&self, place: &f64, (start, end): (i32, i32)) -> i32 {
        let share = (place.clamp(self.from, self.to) - self.from) / (self.to - self.from);
        start + (share * f64::from(end - start)).round() as i32
    }

    fn key_points<Hint: KeyPointHint>(&self, hint: Hint) -> Vec<f64> {
        if hint.weight().allow_light_points() {
            return Vec::new();
        }
        self.ticks.iter().map(|(place, _)| *place).collect()
    }

    fn range(&self) -> Range<f64> {
        self.from..self.to
    }
}

impl ValueFormatter<f64> for Ticked {
    fn format_ext(&self, place: &f64) -> String {
        let found = self.ticks.iter().find(|(tick, _)| tick == place);
        found.map_or_else(String::new, |(_, label)| label.clone())
    }
}

/// A number in few digits: `0.25`, `20`, `5k`, `2M`.
#[must_use]
pub fn number(value: f64) -> String {
    in_units(value, &[(1e9, "G"), (1e6, "M"), (1e3, "k"), (1.0, "")])
}

/// Nanoseconds in a unit that suits them.
#[must_use]
pub fn time(nanoseconds: f64) -> String {
    in_units(
        nanoseconds,
        &[(1e9, " s"), (1e6, " ms"), (1e3, " µs"), (1.0, " ns")],
    )
}

/// A share from 0 to 1 as per cent.
#[must_use]
pub fn percent(share: f64) -> String {
    format!("{}%", short(100.0 * share))
}

/// By the first unit that is not greater than the value, or else the last.
fn in_units(value: f64, units: &[(f64, &str)]) -> String {
    // A tick that has come to 999.9999999 is 1k.
    let reached = |unit: f64| value.abs() * (1.0 + LEAST) >= unit;
    let fit = units.iter().find(|(unit, _)| reached(*unit));
    let (unit, name) = fit.or(units.last()).copied().unwrap_or((1.0, ""));
    format!("{}{name}", short(value / unit))
}

/// Without the zeros at the end.
fn short(value: f64) -> String {
    let text = format!("{value:.3}");
    let text = text.trim_end_matches('0').trim_end_matches('.');
    if text == "-0" { "0" } else { text }.to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn labels(axis: &Axis, values: &[f64]) -> Vec<String> {
        let ticked = axis.over(values.iter().copied());
        ticked.ticks.into_iter().map(|(_, label)| label).collect()
    }

    #[test]
    fn ticks_are_round_numbers_within_the_axis() {
        let linear = Axis::linear("", number);
        assert_eq!(
            labels(&linear, &[0.0, 100.0]),
            ["0", "20", "40", "60", "80", "100"]
        );
        let log = Axis::log("", number);
        assert_eq!(labels(&log, &[0.9, 12.0]), ["1", "2", "5", "10"]);
        assert_eq!(
            labels(&log, &[1e3, 1e7]),
            ["1k", "10k", "100k", "1M", "10M"]
        );
        let doubling = Axis::doubling("", number);
        assert_eq!(labels(&doubling, &[1.0, 16.0]), ["1", "2", "4", "8", "16"]);
    }

    #[test]
    fn every_axis_has_ticks() {
        for axis in [Axis::linear("", number), Axis::log("", number)] {
            for values in [&[][..], &[1.3], &[0.0], &[1.31, 1.33], &[1e-7, 1e9]] {
                let count = labels(&axis, values).len();
                assert!((1..=12).contains(&count), "{axis:?} {values:?}: {count}");
            }
        }
    }

    #[test]
    fn quantiles_are_stretched_alike_towards_both_ends() {
        let axis = Axis::quantiles("");
        assert!((axis.place(0.5)).abs() < LEAST);
        assert!((axis.place(0.99) + axis.place(0.01)).abs() < LEAST);
        assert_eq!(axis.place(1.0), axis.place(0.9999));
        assert_eq!(labels(&axis, &[]).last().unwrap(), "99.99%");
    }

    #[test]
    fn labels_are_short() {
        assert_eq!(time(1.0), "1 ns");
        assert_eq!(time(2_500.0), "2.5 µs");
        assert_eq!(time(10e6), "10 ms");
        assert_eq!(number(0.2), "0.2");
        assert_eq!(number(0.1 * 3.0), "0.3");
        assert_eq!(number(999.999_999_999_9), "1k");
        assert_eq!(percent(0.999), "99.9%");
    }
}
