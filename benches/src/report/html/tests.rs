use std::time::Duration;

use super::plot::{Axis, Bars, Line, bars, contestant, lines, nth, number};
use super::*;
use crate::latency::Recorder;
use crate::report::fixture::{self, results, row};
use crate::report::table::Cell;
use crate::results::{Results, RowResults};
use crate::sample::Unit;
use crate::spread::Spread;

/// Rows for every plot that there is.
fn everything() -> Results {
    let mut rows = vec![row("yield", &[100.0, 120.0, 90.0], &[200.0, 190.0, 500.0])];
    for producers in [1, 2, 4, 8, 16] {
        let name = format!("producers-{producers}");
        let times = [100.0, 110.0, 150.0].map(|time| time * f64::from(producers));
        rows.push(with_figure(row(&name, &times, &times), "enqueue p99"));
    }
    for share in [0, 25, 50, 75, 100] {
        let name = format!("mixed-io-{share}");
        let times = [1e4, 2e4, 3e4].map(|time| time * f64::from(1 + share));
        rows.push(with_figure(row(&name, &times, &times), "p99"));
    }
    let mut wake = row("wake-latency", &[1.0, 1.0], &[1.0, 1.0]);
    for sample in wake.rounds.iter_mut().flat_map(|round| round.values_mut()) {
        let mut recorder = Recorder::default();
        (1..100).for_each(|micros| recorder.record(Duration::from_micros(micros)));
        *sample = sample
            .clone()
            .with_latencies("", &[0.5], recorder.latencies());
    }
    rows.push(wake);
    results(rows)
}

fn with_figure(mut row: RowResults, name: &str) -> RowResults {
    for sample in row.rounds.iter_mut().flat_map(|round| round.values_mut()) {
        let value = sample.cost.wall;
        *sample = sample.clone().with(name, Unit::Nanoseconds, value);
    }
    row
}

/// Every tag that opens closes, in the right order; what stands between has no other `<`.
fn assert_balanced(page: &str) {
    const VOID: [&str; 2] = ["meta", "!DOCTYPE"];
    let mut open = Vec::new();
    for piece in page.split('<').skip(1) {
        let (tag, text) = piece.split_once('>').expect("a tag ends");
        assert!(!text.contains('>'), "a bare > after <{tag}>: {text}");
        let name = tag.split_whitespace().next().expect("a tag has a name");
        if let Some(name) = name.strip_prefix('/') {
            assert_eq!(open.pop(), Some(name), "closed by </{name}>");
        } else if !tag.ends_with('/') && !VOID.contains(&name) {
            open.push(name);
        }
    }
    assert!(open.is_empty(), "left open: {open:?}");
}

#[test]
fn the_page_has_every_figure_of_every_row_and_its_question() {
    let results = everything();
    let page = page(&results, None);
    for row in &results.rows {
        assert!(page.contains(&row.question), "{}", row.name);
        for summary in row.summaries() {
            let name = format!("{} {}", row.name, summary.name);
            assert!(
                page.contains(&format!("<td>{name}</td>")),
                "{name} in a table"
            );
            assert!(
                page.contains(&format!("\n{name}\n</text>")),
                "{name} in a plot"
            );
        }
    }
    for line in results.machine.lines() {
        assert!(page.contains(&line), "{line}");
    }
    for who in [FASTWAKE, TOKIO, TOKIO_AGAIN] {
        assert!(page.contains(&format!("<th>{who}</th>")), "{who}");
    }
}

#[test]
fn the_page_is_well_formed_and_needs_nothing_from_elsewhere() {
    let results = everything();
    let page = page(&results, Some(&results));
    assert_balanced(&page);
    assert_eq!(page.matches("<svg ").count(), 5);
    let page = page.replace("xmlns=\"http://www.w3.org/2000/svg\"", "");
    for reference in [
        "http:", "https:", "src=", "url(", "@import", "<script", "<link",
    ] {
        assert!(!page.contains(reference), "{reference}");
    }
}

#[test]
fn what_was_not_measured_has_no_section() {
    let few = page(&results(vec![row("yield", &[1.0], &[2.0])]), None);
    assert_eq!(few.matches("<svg ").count(), 1);
    let nothing = page(&results(Vec::new()), None);
    assert_balanced(&nothing);
    assert!(!nothing.contains("<svg "));
}

#[test]
fn what_was_counted_stands_beside_the_times_and_in_tables_of_its_own() {
    let mut measured = results(vec![
        row("yield", &[1.0], &[2.0]),
        row("wake", &[1.0], &[2.0]),
    ]);
    let without = page(&measured, None);
    assert!(!without.contains(">Counts</h2>"));
    measured.counts = Some(fixture::counts("yield"));
    let along = page(&measured, None);
    assert_balanced(&along);
    for text in [
        ">Counts</h2>",
        "<td>1.00:2.00</td><td>300:600</td>",
        "<td>futex wake 1.00 : futex wake 2.00</td>",
        "<td>2.00</td>",
        "<li>other: it went &lt;wrong&gt;</li>",
    ] {
        assert!(along.contains(text), "{text}");
    }
    let of_another_run = "in a run of their own";
    assert!(!along.contains(of_another_run));
    measured.counts.as_mut().unwrap().apart = true;
    assert!(page(&measured, None).contains(of_another_run));
}

#[test]
fn names_are_escaped_wherever_they_go() {
    let hostile = results(vec![row("<b>&\"'", &[1.0, 2.0], &[2.0, 3.0])]);
    let page = page(&hostile, Some(&hostile));
    assert_balanced(&page);
    assert!(!page.contains("<b>"));
    assert!(page.contains("&lt;b&gt;&amp;"));
}

#[test]
fn a_section_has_texts_tables_and_plots_of_any_numbers() {
    let values = [100.0, 200.0, 300.0];
    let measured = Bars {
        name: "after".to_owned(),
        colour: nth(0),
        values: vec![Some(Spread::of(values).into()), None],
    };
    let names = ["cpu".to_owned(), "cache <L3>".to_owned()];
    let predicted = Line {
        name: "predicted".to_owned(),
        colour: contestant(FASTWAKE, &[]),
        points: vec![(8.0, 1e6.into()), (256.0, Spread::of(values).into())],
    };
    let up = Axis::linear("items/s", number);
    let mut table = Table::new(&["scope", "wakes"]);
    table.rows.push(vec![Cell::from("cpu"), Cell::from("0.1")]);
    let section = Section::new("By scope")
        .text("An experiment.")
        .table(table)
        .plot(bars(&names, &up, &[measured]), "a caption")
        .plot(
            lines(&Axis::doubling("CPUs", number), &up, &[predicted]),
            "another",
        );
    let page = markup::document("A page", &[section]);
    assert_balanced(&page);
    assert_eq!(page.matches("<svg ").count(), 2);
    for text in [
        "By scope",
        "An experiment.",
        "\ncache &lt;L3&gt;\n",
        "\npredicted\n",
        "\n256\n",
        "a caption",
    ] {
        assert!(page.contains(text), "{text}");
    }
}

#[test]
fn the_experiment_is_drawn_by_scope_and_its_lock_as_a_histogram() {
    let with = |holds| Results {
        experiment: Some(fixture::experiment(holds)),
        ..results(Vec::new())
    };
    let whole = page(&with(true), None);
    assert_balanced(&whole);
    // Two forms: throughput, enqueue and wakes, and the lock for each of two sets of pods.
    assert_eq!(whole.matches("<svg ").count(), 2 * (3 + 2));
    for text in [
        ">The workqueue experiment</h2>",
        "<p>Refuted by: ",
        "\nin the lock\n",
        "\np99, after the unlock\n",
        "\ncycles\n",
        "\nsystem\n",
        "closed, cache, system: locked sections",
        "2.60 in a nanosecond",
        "<td>+50.0 %</td>",
    ] {
        assert!(whole.contains(text), "{text}");
    }
    let without = page(&with(false), None);
    assert_eq!(without.matches("<svg ").count(), 2 * 3);
    assert!(!without.contains("locked sections by their cycles"));
}

#[test]
fn the_model_is_drawn_by_scope_over_the_cpus_and_checked_in_a_table() {
    let answers = Results {
        model: Some(fixture::answers()),
        ..results(Vec::new())
    };
    let page = page(&answers, None);
    assert_balanced(&page);
    // Under one cache for each size of batches; for chiplets the throughput and the gain.
    assert_eq!(page.matches("<svg ").count(), 2 + 2);
    for text in [
        ">A model for larger machines</h2>",
        "<p>Refuted by: ",
        "<td>a machine</td>",
        "<td>16.00 (+25 %)</td>",
        "\ncpu: in the lock\n",
        "\ncache, system: after it\n",
        "\nCPUs\n",
        "\n16\n",
        "batches of 16.",
    ] {
        assert!(page.contains(text), "{text}");
    }
}
