#![forbid(unsafe_code)]
//! Upright bars: for each name a group of them, one for each series.

use plotters::element::Rectangle;
use plotters::style::Color;

use super::axis::{Axis, Ticked};
use super::frame::{Frame, error_bar};
use super::palette::{Colour, INK};
use super::{Svg, Value};

/// One series.
#[derive(Debug, Clone)]
pub struct Bars {
    /// Its name in the legend.
    pub name: String,
    /// Its colour.
    pub colour: Colour,
    /// Its bar in each group, in the order of the groups, where it has one.
    pub values: Vec<Option<Value>>,
}

const HEIGHT: u32 = 320;
/// How much of a group's place its bars take.
const FILLED: f64 = 0.8;

/// Draws the bars of `series` for each of the `names`. They begin at zero, or on a logarithmic axis at
/// its lower end.
#[must_use]
pub fn bars(names: &[String], y: &Axis, series: &[Bars]) -> Svg {
    let values = series.iter().flat_map(|bars| bars.values.iter().flatten());
    let extent = values.flat_map(|value| value.extent());
    let up = y.over(extent.chain(y.has_zero().then_some(0.0)));
    let base = if y.has_zero() { 0.0 } else { up.from };
    let frame = Frame {
        x: Ticked::names(names.iter().map(String::as_str)),
        y: up,
        scale_above: false,
        height: HEIGHT,
        legend: series
            .iter()
            .map(|bars| (bars.name.as_str(), bars.colour))
            .collect(),
    };
    let width = FILLED / series.len().max(1) as f64;
    let place = |value| y.place(value);
    frame.draw(|chart| {
        for (index, bars) in series.iter().enumerate() {
            for (group, value) in bars.values.iter().enumerate().take(names.len()) {
                let Some(value) = value else { continue };
                let left = group as f64 - FILLED / 2.0 + index as f64 * width;
                // A tenth of a bar stays free, to tell it from the next.
                let corners = [(left, base), (left + 0.9 * width, place(value.value))];
                chart.draw_series([Rectangle::new(corners, bars.colour.0.filled())])?;
                if let Some((low, high)) = value.spread {
                    let middle = (left + 0.45 * width, 0.15 * width);
                    error_bar(chart, middle, (place(low), place(high)), INK)?;
                }
            }
        }
        Ok(())
    })
}
