#![forbid(unsafe_code)]
//! The page: one file that needs no other, with tables and plots.
//!
//! A page is a list of [`Section`]s; what was not measured has none. Whatever text goes in is escaped
//! here.

mod counts;
mod curves;
mod experiment;
mod figures;
mod markup;
mod model;
pub mod plot;
mod ratios;

use crate::results::{FASTWAKE, Results, TOKIO, TOKIO_AGAIN};

use super::changes::Changes;
use super::study::Study;
use super::table::Table;
use super::targets;
use plot::Svg;

/// A part of the page, below a heading.
#[derive(Debug, Clone)]
pub struct Section {
    title: String,
    blocks: Vec<Block>,
}

#[derive(Debug, Clone)]
enum Block {
    Text(String),
    List(Vec<String>),
    Table(Table),
    Plot { svg: Svg, caption: String },
}

impl Section {
    /// With nothing but its title as yet.
    #[must_use]
    pub fn new(title: &str) -> Self {
        Self {
            title: title.to_owned(),
            blocks: Vec::new(),
        }
    }

    /// With what a measurement asks, and what it cannot say.
    #[must_use]
    fn of(study: &Study) -> Self {
        Self::new(study.title)
            .text(study.question)
            .text(&format!("Refuted by: {}", study.refuted_by))
            .text(study.leaves_out)
    }

    fn with(mut self, block: Block) -> Self {
        self.blocks.push(block);
        self
    }

    /// Adds a paragraph.
    #[must_use]
    pub fn text(self, text: &str) -> Self {
        self.with(Block::Text(text.to_owned()))
    }

    /// Adds a list of short texts; none if there are none.
    #[must_use]
    pub fn list(self, items: Vec<String>) -> Self {
        if items.is_empty() {
            return self;
        }
        self.with(Block::List(items))
    }

    /// Adds a table.
    #[must_use]
    pub fn table(self, table: Table) -> Self {
        self.with(Block::Table(table))
    }

    /// Adds a plot with what is to be said about it.
    #[must_use]
    pub fn plot(self, svg: Svg, caption: &str) -> Self {
        let caption = caption.to_owned();
        self.with(Block::Plot { svg, caption })
    }
}

/// The whole page: the results, and what has changed since `earlier` ones.
#[must_use]
pub fn page(results: &Results, earlier: Option<&Results>) -> String {
    let mut sections = vec![
        conditions(results),
        how_to_read(),
        figures::section(results),
        target_section(results),
    ];
    sections.extend(earlier.map(|earlier| change_section(earlier, results)));
    sections.extend(ratios::section(results));
    sections.extend(curves::sections(results));
    sections.extend(results.counts.as_ref().map(counts::section));
    sections.extend(results.experiment.as_ref().map(experiment::section));
    sections.extend(results.model.as_ref().map(model::section));
    sections.push(figures::questions(results));
    markup::document("fastwake beside its peers", &sections)
}

fn conditions(results: &Results) -> Section {
    let rounds = results.rows.iter().map(|row| row.rounds.len());
    let (least, most) = (rounds.clone().min(), rounds.max());
    let rounds = match (least, most) {
        (Some(least), Some(most)) if least != most => format!("{least} to {most}"),
        (_, most) => most.unwrap_or(0).to_string(),
    };
    let mut lines = results.machine.lines();
    lines.push(format!(
        "{} workers in each runtime, {rounds} rounds, each with a new runtime and a run to warm it up, {}",
        results.workers,
        results.processes()
    ));
    Section::new("What was measured where").list(lines)
}

fn how_to_read() -> Section {
    Section::new("How to read it")
        .text(
            "Every workload is written once and runs on every runtime. In each round all of them run, \
             in an order that changes from round to round, so that what the machine does meanwhile \
             meets all alike. The figures are medians of the rounds; of each, less is better.",
        )
        .text(
            "The ratio is tokio's figure by fastwake's, round by round. Above 1, fastwake is better. \
             A/A is tokio's figure by its own in a second run of the same round: how much of a \
             difference this machine makes of nothing. A ratio says something as far as it is away \
             from 1 by more than A/A. Best is the ratio to whichever of tokio's builds does best in \
             that row.",
        )
        .text(
            "CPU is the ratio of the CPU times per operation, of the whole process: what is won by \
             spinning is lost there. Switches are voluntary context switches in 1000 operations. System calls \
             and instructions are those of one operation; these three are fastwake's and tokio's. All \
             samples of all rounds are in the file results.json beside this page.",
        )
}

fn target_section(results: &Results) -> Section {
    Section::new("Targets")
        .text(
            "Ratios that are aimed at on two CPUs, against tokio with its default settings and as many \
             workers: at least the floor, at best the aim. Medians, with the least and the greatest.",
        )
        .table(targets::table(results))
        .text(&targets::below_par(results))
}

fn change_section(earlier: &Results, results: &Results) -> Section {
    let changes = Changes::between(earlier, results);
    Section::new("Against earlier results")
        .text(
            "Ratios to tokio, then and now: medians, with quartiles. A change counts if the quartiles \
             do not overlap and the medians differ by a greater factor than A/A strays from 1; with few \
             rounds none does.",
        )
        .list(changes.notes())
        .table(changes.table())
}

/// The names of all who took part: fastwake, tokio, then the others.
fn contestants(results: &Results) -> Vec<String> {
    let rounds = results.rows.iter().filter_map(|row| row.rounds.first());
    let mut names: Vec<String> = rounds.flat_map(|round| round.keys().cloned()).collect();
    names.sort_by_key(|name| {
        let known = [FASTWAKE, TOKIO, TOKIO_AGAIN];
        let place = known.iter().position(|who| who == name);
        (place.unwrap_or(known.len()), name.clone())
    });
    names.dedup();
    names
}

#[cfg(test)]
mod tests;
