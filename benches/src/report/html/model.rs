#![forbid(unsafe_code)]
//! The section of the model.

use crate::model::{Answers, BATCHES, CHIPLETS, ONE_CACHE, Predicted, Prediction};
use crate::report::model::{Alike, by_scope, by_size, checks, strays};
use crate::report::study;

use super::Section;
use super::plot::{Axis, Line, Svg, lines, nth, number};

/// The published table beside the model's, and for each set of costs what it says about larger machines.
pub(super) fn section(answers: &Answers) -> Section {
    let section = Section::of(&study::MODEL)
        .text(&strays(&answers.checked))
        .table(checks(&answers.checked));
    answers.predicted.iter().fold(section, with_predicted)
}

fn with_predicted(mut section: Section, predicted: &Predicted) -> Section {
    let costs = &predicted.costs.name;
    section = section.text(&format!(
        "Costs of {costs}. Predicted millions of items per second with the wake-ups after the lock, one \
         item in flight for each CPU, all CPUs under one cache; in brackets what that gains."
    ));
    section = section.table(by_size(predicted, 1));
    for batch in BATCHES {
        let groups = by_scope(predicted, ONE_CACHE, batch);
        section = section.plot(
            both_modes(&groups),
            &format!(
                "Predicted throughput by scope, all CPUs under one cache, costs of {costs}, {}.",
                in_flight(batch)
            ),
        );
    }
    let groups = by_scope(predicted, CHIPLETS, 1);
    section = section.plot(
        after_lock(&groups),
        &format!(
            "The same for cores of two CPUs, eight cores under each cache and 64 in each node, wake-ups \
             after the lock, {}.",
            in_flight(1)
        ),
    );
    section.plot(
        gains(&groups),
        &format!(
            "What waking after the lock gains there, {}. Below zero it loses.",
            in_flight(1)
        ),
    )
}

fn in_flight(batch: usize) -> String {
    match batch {
        1 => "one item in flight for each CPU".to_owned(),
        batch => format!("batches of {batch}"),
    }
}

/// What of a prediction is drawn.
type Of = fn(&Prediction) -> f64;

/// With the wake-ups in the lock, and after it.
fn both_modes(groups: &[Alike<'_>]) -> Svg {
    let modes: [(&str, Of); 2] = [
        ("in the lock", |row| row.in_lock.throughput),
        ("after it", |row| row.deferred.throughput),
    ];
    let kinds = groups
        .iter()
        .flat_map(|group| modes.map(|(mode, value)| (group, mode, value)));
    let found = kinds.enumerate().map(|(index, (group, mode, value))| {
        let name = format!("{}: {mode}", group.name());
        line(group, name, index, value)
    });
    over_cpus(&throughput(), found)
}

fn after_lock(groups: &[Alike<'_>]) -> Svg {
    let value = |row: &Prediction| row.deferred.throughput;
    let found = groups
        .iter()
        .enumerate()
        .map(|(index, group)| line(group, group.name(), index, value));
    over_cpus(&throughput(), found)
}

fn gains(groups: &[Alike<'_>]) -> Svg {
    let found = groups
        .iter()
        .enumerate()
        .map(|(index, group)| line(group, group.name(), index, |row| row.gain));
    over_cpus(&Axis::linear("gain, %", number), found)
}

fn throughput() -> Axis {
    Axis::log("items per second", number)
}

fn over_cpus(up: &Axis, found: impl Iterator<Item = Line>) -> Svg {
    let across = Axis::doubling("CPUs", number);
    lines(&across, up, &found.collect::<Vec<_>>())
}

fn line(group: &Alike<'_>, name: String, index: usize, value: Of) -> Line {
    let points = group.rows.iter();
    Line {
        name,
        colour: nth(index),
        points: points
            .map(|row| (row.cpus as f64, value(row).into()))
            .collect(),
    }
}
