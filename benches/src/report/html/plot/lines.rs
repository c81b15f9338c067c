#![forbid(unsafe_code)]
//! Lines: a number over a number, for several series.

use plotters::element::Circle;
use plotters::style::Color;

use super::axis::Axis;
use super::frame::{Chart, Drawn, Frame, error_bar, path};
use super::palette::Colour;
use super::{Svg, Value};

/// One series.
#[derive(Debug, Clone)]
pub struct Line {
    /// Its name in the legend.
    pub name: String,
    /// Its colour.
    pub colour: Colour,
    /// Where it goes through, from left to right. A value with a spread was measured: it gets a dot and
    /// an error bar.
    pub points: Vec<(f64, Value)>,
}

const HEIGHT: u32 = 320;
const DOT: u32 = 4;
/// Half the width of an error bar, by the length of the axis.
const HALF: f64 = 0.005;

/// Draws the lines over these axes.
#[must_use]
pub fn lines(x: &Axis, y: &Axis, lines: &[Line]) -> Svg {
    let points = || lines.iter().flat_map(|line| &line.points);
    let across = x.over(points().map(|(x, _)| *x));
    let up = y.over(points().flat_map(|(_, value)| value.extent()));
    let half = HALF * (across.to - across.from);
    let frame = Frame {
        x: across,
        y: up,
        scale_above: false,
        height: HEIGHT,
        legend: lines
            .iter()
            .map(|line| (line.name.as_str(), line.colour))
            .collect(),
    };
    let place = |(at, point): &(f64, Value)| (x.place(*at), point.map(|value| y.place(value)));
    frame.draw(|chart| {
        for line in lines {
            let places: Vec<_> = line.points.iter().map(place).collect();
            draw(chart, &places, half, line.colour)?;
        }
        Ok(())
    })
}

fn draw(chart: &mut Chart<'_, '_>, points: &[(f64, Value)], half: f64, colour: Colour) -> Drawn {
    let colour = colour.0;
    let through = points.iter().map(|(x, point)| (*x, point.value));
    path(chart, through.collect(), colour, 2)?;
    for (x, point) in points {
        let Some(ends) = point.spread else { continue };
        error_bar(chart, (*x, half), ends, colour)?;
        let dot = Circle::new((*x, point.value), DOT, colour.filled());
        chart.draw_series([dot])?;
    }
    Ok(())
}
