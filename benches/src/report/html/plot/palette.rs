#![forbid(unsafe_code)]
//! Colours. Those of the series are told apart on a light and on a dark ground, also by most who are
//! colour-blind (after Okabe and Ito).

use plotters::style::RGBColor;

use crate::results::{FASTWAKE, TOKIO};

/// The colour of a series.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Colour(pub(super) RGBColor);

/// Text and axes. The style sheet knows this colour, and the next two.
pub(super) const INK: RGBColor = RGBColor(0x44, 0x44, 0x44);
/// The lines of the grid.
pub(super) const GRID: RGBColor = RGBColor(0xdd, 0xdd, 0xdd);
/// What is behind the data: a band of noise.
pub(super) const BAND: RGBColor = RGBColor(0xbb, 0xbb, 0xbb);

const SERIES: [RGBColor; 7] = [
    RGBColor(0xd5, 0x5e, 0x00),
    RGBColor(0x2f, 0x7f, 0xc1),
    RGBColor(0x00, 0x9e, 0x73),
    RGBColor(0xc9, 0x8a, 0x00),
    RGBColor(0xcc, 0x79, 0xa7),
    RGBColor(0x56, 0xb4, 0xe9),
    RGBColor(0x8a, 0x8a, 0x8a),
];

/// The colour of the series at this place; after the last comes the first again.
#[must_use]
pub fn nth(place: usize) -> Colour {
    Colour(SERIES[place % SERIES.len()])
}

/// The colour of a contestant, the same in every plot, among `all` that take part.
#[must_use]
pub fn contestant(name: &str, all: &[String]) -> Colour {
    match name {
        FASTWAKE => nth(0),
        TOKIO => nth(1),
        _ => {
            let mut others = all.iter().filter(|who| *who != FASTWAKE && *who != TOKIO);
            nth(2 + others.position(|who| who == name).unwrap_or(0))
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn contestants_have_colours_of_their_own() {
        let all = ["smol", TOKIO, FASTWAKE, "tokio tuned"].map(str::to_owned);
        for (index, one) in all.iter().enumerate() {
            for other in &all[..index] {
                assert_ne!(contestant(one, &all), contestant(other, &all));
            }
        }
    }
}
