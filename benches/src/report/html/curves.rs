#![forbid(unsafe_code)]
//! Plots of rows that belong together, and of distributions. What was not measured has no plot.

use crate::results::{Results, RowResults, TOKIO_AGAIN};
use crate::sample::TIME;
use crate::spread::Spread;

use super::plot::{Axis, Line, Svg, Value, contestant, lines, number, time};
use super::{Section, contestants};

/// All that there is to draw.
pub(super) fn sections(results: &Results) -> Vec<Section> {
    let sections = [producers(results), latencies(results), mixed(results)];
    sections.into_iter().flatten().collect()
}

/// Who has a line: all, but tokio only once.
fn drawn(results: &Results) -> Vec<String> {
    let mut names = contestants(results);
    names.retain(|name| name != TOKIO_AGAIN);
    names
}

/// The rows named `prefix-1`, `prefix-2` and so on, as one line for each contestant.
struct Family<'a> {
    /// In the order of their numbers.
    members: Vec<(f64, &'a RowResults)>,
    /// Who takes part.
    who: Vec<String>,
}

impl<'a> Family<'a> {
    /// `None` if there are not two of them.
    fn of(results: &'a Results, prefix: &str) -> Option<Self> {
        let number = |row: &RowResults| {
            let rest = row.name.strip_prefix(prefix)?.strip_prefix('-')?;
            rest.parse::<u32>().ok().map(f64::from)
        };
        let rows = results.rows.iter();
        let mut members: Vec<_> = rows.filter_map(|row| Some((number(row)?, row))).collect();
        members.sort_by(|one, other| one.0.total_cmp(&other.0));
        let who = drawn(results);
        (members.len() >= 2).then_some(Self { members, who })
    }

    /// A figure of all contestants that have it, by some measure; `None` if nobody has.
    fn lines(&self, figure: &str, measure: impl Fn(f64) -> f64) -> Option<Vec<Line>> {
        let spread = |row: &RowResults, who: &str| -> Option<Spread> {
            let summaries = row.summaries().into_iter();
            summaries
                .filter(|found| found.name == figure)
                .find_map(|found| found.value(who))
        };
        let line = |who: &String| {
            let members = self.members.iter();
            let points = members.filter_map(|(number, row)| {
                let value = Value::from(spread(row, who)?);
                Some((*number, value.map(&measure)))
            });
            Line {
                name: who.clone(),
                colour: contestant(who, &self.who),
                points: points.collect(),
            }
        };
        let all = self.who.iter().map(line);
        let lines: Vec<_> = all.filter(|line| !line.points.is_empty()).collect();
        (!lines.is_empty()).then_some(lines)
    }
}

fn producers(results: &Results) -> Option<Section> {
    let family = Family::of(results, "producers")?;
    let across = Axis::doubling("producers", number);
    let mut section = Section::new("By producers");
    if let Some(found) = family.lines(TIME, |nanoseconds| 1e9 / nanoseconds) {
        let up = Axis::log("items per second", number);
        section = section.plot(
            lines(&across, &up, &found),
            "Throughput by the number of threads that spawn from outside: medians, with quartiles. \
             Higher is better.",
        );
    }
    for quantile in ["p50", "p90", "p99", "p99.9"] {
        let figure = format!("enqueue {quantile}");
        if let Some(found) = family.lines(&figure, |nanoseconds| nanoseconds) {
            let up = Axis::log(&figure, time);
            let caption = format!(
                "How long a producer is kept by a submission, {quantile}: medians, with quartiles. \
                 Lower is better."
            );
            section = section.plot(lines(&across, &up, &found), &caption);
        }
    }
    Some(section)
}

/// How I/O fares beside CPU-intensive work.
fn mixed(results: &Results) -> Option<Section> {
    let found = Family::of(results, "mixed-io")?.lines("p99", |nanoseconds| nanoseconds)?;
    let across = Axis::linear("share of CPU-intensive work, %", number);
    let up = Axis::log("p99 of I/O", time);
    let section = Section::new("I/O beside CPU-intensive work").plot(
        lines(&across, &up, &found),
        "The latency that one in a hundred I/O operations exceeds: medians, with quartiles. Lower is \
         better.",
    );
    Some(section)
}

fn latencies(results: &Results) -> Option<Section> {
    let all = drawn(results);
    let mut section = None;
    for row in &results.rows {
        let Some(svg) = distribution(row, &all) else {
            continue;
        };
        let caption = format!("{}: {}", row.name, row.question);
        let begun = section.unwrap_or_else(|| {
            Section::new("Latencies").text(
                "How many of the operations take no longer than that: further to the left is better. \
                 The upper end is stretched, since the tail is what hurts. The curves are medians of \
                 the rounds.",
            )
        });
        section = Some(begun.plot(svg, &caption));
    }
    section
}

/// `None` if nobody measured the row's latencies.
fn distribution(row: &RowResults, all: &[String]) -> Option<Svg> {
    let line = |who: &String| {
        Some(Line {
            name: who.clone(),
            colour: contestant(who, all),
            points: curve(row, who)?,
        })
    };
    let found: Vec<Line> = all.iter().filter_map(line).collect();
    let across = Axis::log("latency", time);
    let up = Axis::quantiles("share of operations");
    (!found.is_empty()).then(|| lines(&across, &up, &found))
}

/// For each quantile, the median of what the rounds have there.
fn curve(row: &RowResults, who: &str) -> Option<Vec<(f64, Value)>> {
    let rounds = row.rounds.iter();
    let rounds: Option<Vec<_>> = rounds
        .map(|round| round.get(who)?.latencies.as_ref())
        .collect();
    let rounds = rounds?;
    let quantiles = rounds.first()?.points.iter().map(|(quantile, _)| *quantile);
    // The first is the least of all and the last the greatest: they are off the axis.
    let within = quantiles.filter(|quantile| (0.01..=0.9999).contains(quantile));
    let point = |quantile: f64| {
        let latencies = rounds.iter().map(|latencies| latencies.at(quantile));
        (Spread::of(latencies).median, Value::from(quantile))
    };
    Some(within.map(point).collect())
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;
    use crate::latency::Recorder;
    use crate::report::fixture::{results, row};
    use crate::results::FASTWAKE;

    #[test]
    fn rows_that_differ_by_a_number_make_a_line_in_its_order() {
        let measured = results(vec![
            row("producers-16", &[400.0], &[800.0]),
            row("producers-2", &[100.0], &[200.0]),
            row("producers-x", &[1.0], &[1.0]),
            row("yield", &[1.0], &[1.0]),
        ]);
        let family = Family::of(&measured, "producers").unwrap();
        let found = family.lines(TIME, |nanoseconds| 1e9 / nanoseconds).unwrap();
        let names: Vec<_> = found.iter().map(|line| line.name.as_str()).collect();
        assert_eq!(names, ["fastwake", "tokio"]);
        let points: Vec<_> = found[0].points.iter().map(|(x, y)| (*x, y.value)).collect();
        assert_eq!(points, [(2.0, 1e7), (16.0, 2.5e6)]);
        assert!(family.lines("enqueue p50", |value| value).is_none());
        assert!(Family::of(&measured, "mixed-io").is_none());
    }

    #[test]
    fn a_curve_goes_through_the_medians_of_the_rounds() {
        let mut measured = row("wake", &[1.0; 3], &[1.0; 3]);
        assert!(curve(&measured, FASTWAKE).is_none());
        for (round, micros) in measured.rounds.iter_mut().zip([10, 1_000, 20]) {
            let mut recorder = Recorder::default();
            recorder.record(Duration::from_micros(micros));
            let sample = round.get_mut(FASTWAKE).unwrap();
            sample.latencies = Some(recorder.latencies());
        }
        let points = curve(&measured, FASTWAKE).unwrap();
        let ends = (points[0].1.value, points.last().unwrap().1.value);
        assert_eq!(ends, (0.01, 0.9999));
        for (latency, _) in points {
            assert!((latency / 20_000.0 - 1.0).abs() < 0.01, "{latency}");
        }
        let sections = sections(&results(vec![measured]));
        assert_eq!(sections.len(), 1);
    }
}
