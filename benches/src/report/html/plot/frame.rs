#![forbid(unsafe_code)]
//! What all plots have: axes with a grid, and the legend beside them.

use std::io;

use plotters::chart::{ChartBuilder, ChartContext};
use plotters::coord::Shift;
use plotters::drawing::{DrawingArea, DrawingAreaErrorKind, IntoDrawingArea};
use plotters::element::{PathElement, Text};
use plotters::prelude::{Cartesian2d, SVGBackend};
use plotters::style::text_anchor::{HPos, Pos, VPos};
use plotters::style::{Color, IntoFont, RGBColor, TextStyle};

use super::Svg;
use super::axis::Ticked;
use super::palette::{Colour, GRID, INK};

/// Within the axes; both coordinates are places.
pub(super) type Chart<'a, 'b> = ChartContext<'a, SVGBackend<'b>, Cartesian2d<Ticked, Ticked>>;
pub(super) type Drawn = Result<(), DrawingAreaErrorKind<io::Error>>;

/// A plot without its data.
#[derive(Debug)]
pub(super) struct Frame<'a> {
    pub(super) x: Ticked,
    pub(super) y: Ticked,
    /// Are the labels of the x axis also above? For what is too high to be seen at once.
    pub(super) scale_above: bool,
    /// The height within the axes, in pixels.
    pub(super) height: u32,
    pub(super) legend: Vec<(&'a str, Colour)>,
}

/// Everything between the left and the right edge, in pixels.
const WIDTH: u32 = 860;
const FONT: &str = "sans-serif";
/// plotters takes a font's size by its line: the letters are about two thirds of that.
const FONT_SIZE: u32 = 15;
/// About the width of a letter, in pixels: nobody knows the reader's font.
const LETTER: u32 = 7;
const LINE_HEIGHT: u32 = 20;

impl Frame<'_> {
    /// Draws it, with what `inside` draws within the axes.
    pub(super) fn draw(&self, inside: impl FnOnce(&mut Chart<'_, '_>) -> Drawn) -> Svg {
        let mut svg = String::new();
        self.draw_into(&mut svg, inside)
            .expect("a string takes whatever is drawn");
        Svg(svg)
    }

    fn draw_into(
        &self,
        svg: &mut String,
        inside: impl FnOnce(&mut Chart<'_, '_>) -> Drawn,
    ) -> Drawn {
        let below = if self.x.title.is_empty() { 28 } else { 50 };
        let above = if self.scale_above { below } else { 0 };
        let size = (WIDTH, above + self.height + below + 20);
        let root = SVGBackend::with_string(svg, size).into_drawing_area();
        let names = self.legend.iter().map(|(name, _)| name.chars().count());
        let legend = names.max().map_or(10, |widest| 46 + LETTER * widest as u32);
        let (area, beside) = root.split_horizontally(WIDTH - legend);
        self.draw_legend(&beside)?;
        let left = LETTER * self.y.widest() as u32 + if self.y.title.is_empty() { 16 } else { 36 };
        let mut chart = ChartBuilder::on(&area)
            .margin_top(12)
            .margin_left(6)
            .margin_right(8)
            .top_x_label_area_size(above)
            .x_label_area_size(below)
            .y_label_area_size(left)
            .build_cartesian_2d(self.x.clone(), self.y.clone())?;
        chart
            .configure_mesh()
            .bold_line_style(GRID.stroke_width(1))
            .light_line_style(GRID.mix(0.0))
            .axis_style(INK)
            .label_style(text(INK))
            .x_desc(&self.x.title)
            .y_desc(&self.y.title)
            .draw()?;
        inside(&mut chart)?;
        drop(chart);
        root.present()
    }

    fn draw_legend(&self, area: &DrawingArea<SVGBackend<'_>, Shift>) -> Drawn {
        let style = text(INK).pos(Pos::new(HPos::Left, VPos::Center));
        for (line, (name, colour)) in self.legend.iter().enumerate() {
            let y = (24 + line as u32 * LINE_HEIGHT) as i32;
            let sample = [(8, y), (30, y)];
            area.draw(&PathElement::new(sample, colour.0.stroke_width(4)))?;
            area.draw(&Text::new(*name, (36, y), style.clone()))?;
        }
        Ok(())
    }
}

fn text(colour: RGBColor) -> TextStyle<'static> {
    (FONT, FONT_SIZE).into_font().color(&colour)
}

/// A line through these places.
pub(super) fn path(
    chart: &mut Chart<'_, '_>,
    places: Vec<(f64, f64)>,
    colour: RGBColor,
    width: u32,
) -> Drawn {
    let element = PathElement::new(places, colour.stroke_width(width));
    chart.draw_series([element]).map(drop)
}

/// An upright error bar at `x` from one place to the other, with ends of `half` a width to both sides.
pub(super) fn error_bar(
    chart: &mut Chart<'_, '_>,
    (x, half): (f64, f64),
    (low, high): (f64, f64),
    colour: RGBColor,
) -> Drawn {
    path(chart, vec![(x, low), (x, high)], colour, 1)?;
    for y in [low, high] {
        path(chart, vec![(x - half, y), (x + half, y)], colour, 1)?;
    }
    Ok(())
}
