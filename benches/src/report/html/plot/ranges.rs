#![forbid(unsafe_code)]
//! Named ranges one below the other: each a median with its quartiles and extremes, before a band of noise.

use plotters::element::{Circle, Rectangle};
use plotters::style::{Color, RGBColor};

use crate::spread::Spread;

use super::Svg;
use super::axis::{Axis, Ticked};
use super::frame::{Chart, Drawn, Frame, path};
use super::palette::{BAND, Colour, INK, nth};

/// One range.
#[derive(Debug, Clone)]
pub struct Mark {
    /// Its name, at the left.
    pub name: String,
    /// The range.
    pub spread: Spread,
    /// The noise; the band goes over its quartiles.
    pub noise: Spread,
    /// Another number to compare with, if there is one.
    pub other: Option<f64>,
}

/// What the parts are called in the legend.
#[derive(Debug, Clone, Copy)]
pub struct Names {
    /// The ranges.
    pub spread: &'static str,
    /// The bands.
    pub noise: &'static str,
    /// The other numbers.
    pub other: &'static str,
}

/// The height of one range, in pixels.
const LINE: u32 = 22;
const DOT: u32 = 5;

/// Draws the ranges, the first on top, with a line at `reference`.
#[must_use]
pub fn ranges(x: &Axis, reference: f64, names: Names, marks: &[Mark]) -> Svg {
    let extent = |mark: &Mark| {
        let Spread { min, max, .. } = mark.spread;
        let all = [min, max, mark.noise.lower, mark.noise.upper];
        all.into_iter().chain(mark.other)
    };
    let across = x.over(marks.iter().flat_map(extent).chain([reference]));
    // The axis goes upwards.
    let up = Ticked::names(marks.iter().rev().map(|mark| mark.name.as_str()));
    let (first, last) = (up.from, up.to);
    let frame = Frame {
        x: across,
        y: up,
        scale_above: true,
        height: LINE * marks.len() as u32,
        legend: vec![
            (names.spread, nth(0)),
            (names.other, nth(1)),
            (names.noise, Colour(BAND)),
        ],
    };
    let place = |value| x.place(value);
    frame.draw(|chart| {
        for (y, mark) in marks.iter().rev().enumerate() {
            draw(chart, y as f64, mark, place)?;
        }
        let reference = place(reference);
        path(chart, vec![(reference, first), (reference, last)], INK, 1)
    })
}

fn draw(chart: &mut Chart<'_, '_>, y: f64, mark: &Mark, place: impl Fn(f64) -> f64) -> Drawn {
    let Mark {
        spread,
        noise,
        other,
        ..
    } = mark;
    rectangle(chart, (noise.lower, noise.upper), (y, 0.46), BAND, &place)?;
    let colour = nth(0).0;
    let ends = [spread.min, spread.max].map(|value| (place(value), y));
    path(chart, ends.to_vec(), colour, 1)?;
    rectangle(
        chart,
        (spread.lower, spread.upper),
        (y, 0.1),
        colour,
        &place,
    )?;
    let median = Circle::new((place(spread.median), y), DOT, colour.filled());
    let ring = |other| Circle::new((place(other), y), DOT, nth(1).0.stroke_width(2));
    let dots = [median].into_iter().chain(other.map(ring));
    chart.draw_series(dots).map(drop)
}

/// From one value to the other, around a height.
fn rectangle(
    chart: &mut Chart<'_, '_>,
    (from, to): (f64, f64),
    (y, half): (f64, f64),
    colour: RGBColor,
    place: impl Fn(f64) -> f64,
) -> Drawn {
    let corners = [(place(from), y - half), (place(to), y + half)];
    let element = Rectangle::new(corners, colour.filled());
    chart.draw_series([element]).map(drop)
}
