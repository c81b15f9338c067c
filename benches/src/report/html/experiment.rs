#![forbid(unsafe_code)]
//! The section of the workqueue experiment.

use std::collections::BTreeMap;

use crate::experiment::{Form, Held, Measured, Mode, Moments, Results, Row, ScopePods, alike};
use crate::report::experiment::table;
use crate::report::study;

use super::Section;
use super::plot::{Axis, Bars, Line, Svg, Value, bars, lines, nth, number, time};

/// For each form that was run: the table, bars by scope, and the histogram of the lock for each set of
/// pods.
pub(super) fn section(results: &Results) -> Section {
    let mut section = Section::of(&study::EXPERIMENT)
        .text(
            "The patches report 1 to 3 % less throughput for the scopes cpu and smt, and 7 to 25 % more \
             for the others, on 8 CPUs and more. Each run is a fresh process; the two modes run one \
             after the other, in the other order in every other round. Numbers are means of the \
             processes, with the least and the greatest.",
        )
        .list(alike(&results.pods));
    for form in Form::ALL {
        if let Some(conditions) = results.conditions(form) {
            let begun = section.text(&conditions).table(table(results, form));
            let drawn = with_bars(begun, results, form);
            section = with_holds(drawn, results, form);
        }
    }
    section
}

fn with_bars(section: Section, results: &Results, form: Form) -> Section {
    let rows: Vec<&Row> = results.of_form(form).collect();
    let throughput = by_scope(
        &rows,
        &Axis::linear("items per second", number),
        &[("", |measured| value(measured.items_per_second))],
    );
    let enqueue = by_scope(
        &rows,
        &Axis::log("enqueue", time),
        &[
            ("p50, ", |measured| value(measured.p50_ns)),
            ("p99, ", |measured| value(measured.p99_ns)),
        ],
    );
    let wakes = by_scope(
        &rows,
        &Axis::linear("futex wakes in 1,000 items", number),
        &[("", |measured| {
            value(measured.wakes_per_item).map(|wakes| 1e3 * wakes)
        })],
    );
    section
        .plot(
            throughput,
            &format!("Throughput by scope, {form}. Higher is better."),
        )
        .plot(
            enqueue,
            &format!("How long the call takes that enqueues an item, {form}. Lower is better."),
        )
        .plot(
            wakes,
            &format!("Futex wakes of workers, {form}. Lower is better."),
        )
}

fn with_holds(section: Section, results: &Results, form: Form) -> Section {
    let rows: Vec<&Row> = results.of_form(form).collect();
    let groups = ScopePods::groups(&results.pods).into_iter();
    groups.fold(section, |section, (_, scopes)| {
        match holds(&rows, &scopes) {
            Some((svg, cycles_per_ns)) => section.plot(
                svg,
                &format!(
                    "How long the injector's lock is held, {form}, {}: locked sections by their cycles of \
                     the time stamp counter (rdtsc), {cycles_per_ns:.2} in a nanosecond, in steps of a \
                     factor of two. Both axes are logarithmic; a step below 1 is empty. Measured in \
                     processes of its own. Further to the left is better.",
                    scopes.join(", ")
                ),
            ),
            None => section,
        }
    })
}

fn label(mode: Mode) -> &'static str {
    match mode {
        Mode::InLock => "in the lock",
        Mode::AfterUnlock => "after the unlock",
    }
}

/// The mean, with the least and the greatest.
fn value(moments: Moments) -> Value {
    Value {
        value: moments.mean,
        spread: Some((moments.min, moments.max)),
    }
}

/// A figure with the beginning of its name in the legend.
type Figure = (&'static str, fn(&Measured) -> Value);

/// For each scope a bar of each figure in each mode.
fn by_scope(rows: &[&Row], up: &Axis, figures: &[Figure]) -> Svg {
    let names: Vec<String> = rows.iter().map(|row| row.scope.clone()).collect();
    let kinds = figures
        .iter()
        .flat_map(|figure| Mode::ALL.map(|mode| (figure, mode)));
    let series = kinds.enumerate().map(|(index, ((name, value), mode))| {
        let values = rows.iter().map(|row| Some(value(row.measured(mode))));
        Bars {
            name: format!("{name}{}", label(mode)),
            colour: nth(index),
            values: values.collect(),
        }
    });
    bars(&names, up, &series.collect::<Vec<_>>())
}

/// The histogram of these scopes together, and how many cycles a nanosecond has; `None` if nobody
/// measured the lock.
fn holds(rows: &[&Row], scopes: &[&str]) -> Option<(Svg, f64)> {
    let held = |mode: Mode| {
        let rows = rows
            .iter()
            .filter(|row| scopes.contains(&row.scope.as_str()));
        let held = rows.filter_map(|row| row.measured(mode).held.as_ref());
        held.collect::<Vec<&Held>>()
    };
    let line = |(index, mode): (usize, Mode)| {
        let held = held(mode);
        let buckets = held.iter().flat_map(|held| held.histogram.iter().copied());
        Line {
            name: label(mode).to_owned(),
            colour: nth(index),
            points: outline(&octaves(buckets)),
        }
    };
    let cycles_per_ns = held(Mode::AfterUnlock).first()?.cycles_per_ns;
    let found: Vec<Line> = Mode::ALL.into_iter().enumerate().map(line).collect();
    let across = Axis::log("cycles", number);
    let up = Axis::log("locked sections", number);
    Some((lines(&across, &up, &found), cycles_per_ns))
}

/// How many sections took from a power of two to the next, by the exponent. Finer steps would show
/// those of the counter, which moves by some 26 cycles on some machines.
fn octaves(buckets: impl Iterator<Item = (u64, u64)>) -> BTreeMap<u32, u64> {
    let mut octaves = BTreeMap::new();
    for (cycles, sections) in buckets {
        let octave: &mut u64 = octaves.entry(cycles.max(1).ilog2()).or_default();
        *octave += sections;
    }
    octaves
}

/// Where a logarithmic axis has a step without any sections: below one.
const EMPTY: f64 = 0.5;

/// The outline of the histogram's steps.
fn outline(octaves: &BTreeMap<u32, u64>) -> Vec<(f64, Value)> {
    let exponents = || octaves.keys().copied();
    let Some((first, last)) = exponents().min().zip(exponents().max()) else {
        return Vec::new();
    };
    let least = |octave: u32| f64::from(octave).exp2();
    let step = |octave: u32| {
        let sections = octaves.get(&octave).map_or(EMPTY, |&count| count as f64);
        [octave, octave + 1].map(|end| (least(end), Value::from(sections)))
    };
    let ends = [first, last + 1].map(|end| [(least(end), Value::from(EMPTY))]);
    let [begin, end] = ends;
    let steps = (first..=last).flat_map(step);
    begin.into_iter().chain(steps).chain(end).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_histogram_has_a_step_for_each_power_of_two_also_for_an_empty_one() {
        let octaves = octaves([(26, 3), (31, 4), (130, 1)].into_iter());
        assert_eq!(octaves, BTreeMap::from([(4, 7), (7, 1)]));
        let points = outline(&octaves);
        let points: Vec<_> = points.iter().map(|(x, y)| (*x, y.value)).collect();
        let expected = [
            (16.0, EMPTY),
            (16.0, 7.0),
            (32.0, 7.0),
            (32.0, EMPTY),
            (64.0, EMPTY),
            (64.0, EMPTY),
            (128.0, EMPTY),
            (128.0, 1.0),
            (256.0, 1.0),
            (256.0, EMPTY),
        ];
        assert_eq!(points, expected);
        assert!(outline(&BTreeMap::new()).is_empty());
    }
}
