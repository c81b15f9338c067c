#![forbid(unsafe_code)]
//! The plot of all ratios.

use crate::results::{Results, RowResults, Summary, TOKIO};

use super::Section;
use super::plot::{Axis, Mark, Names, number, ranges};

const NAMES: Names = Names {
    spread: "against tokio",
    noise: "A/A",
    other: "against its best",
};

/// The ratio of every figure; `None` if there are none.
pub(super) fn section(results: &Results) -> Option<Section> {
    let marks: Vec<Mark> = results.rows.iter().flat_map(marks).collect();
    if marks.is_empty() {
        return None;
    }
    let axis = Axis::log("tokio's figure by fastwake's", number);
    let section = Section::new("Ratios").plot(
        ranges(&axis, 1.0, NAMES, &marks),
        "Right of 1, fastwake is better. Dot: median of the rounds; bar: quartiles; thin line: the least \
         and the greatest. Ring: median against the best of tokio's builds, if it is another one. Grey: the quartiles of \
         tokio against itself. A dot within the grey says nothing.",
    );
    Some(section)
}

fn marks(row: &RowResults) -> Vec<Mark> {
    let mark = |summary: Summary| {
        let (best, ratio) = &summary.best;
        Mark {
            name: format!("{} {}", row.name, summary.name),
            spread: summary.ratio,
            noise: summary.noise,
            other: (best != TOKIO).then_some(ratio.median),
        }
    };
    row.summaries().into_iter().map(mark).collect()
}
