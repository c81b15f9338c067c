//! The model beside the published table of the kernel's change, and what it says about machines of 8 to
//! 256 CPUs.
//!
//! ```text
//! cargo run --release -p fastwake-benches --bin simulate
//! cargo run --release -p fastwake-benches --bin simulate -- --costs FILE.json
//! cargo run --release -p fastwake-benches --bin simulate -- --results target/benchmarks/results.json
//! ```
//!
//! With the results of a comparison, the costs are those that it has measured, as far as it has, and its
//! experiment stands beside what the model says of that machine. `--costs` then says with which costs instead.
#![forbid(unsafe_code)]

use std::error::Error;
use std::ffi::OsString;
use std::path::Path;
use std::{fs, process};

use fastwake_benches::experiment::PRODUCERS;
use fastwake_benches::model::{
    BATCHES, Checked, Costs, Figures, Here, Machine, Prediction, beside_experiment, check,
    measured_costs, predictions,
};
use fastwake_benches::results::Results;

fn main() {
    if let Err(error) = run() {
        eprintln!("simulate: {error}");
        process::exit(1);
    }
}

fn run() -> Result<(), Box<dyn Error>> {
    let Files { costs, results } = files()?;
    let costs = costs.as_ref().map(read).transpose()?;
    if let Some(path) = results {
        print_here(&Results::load(Path::new(&path))?, costs);
        return Ok(());
    }
    let costs = match costs {
        None => vec![Costs::grace(), Costs::two_cpus()],
        Some(costs) => vec![costs],
    };
    println!("THE PUBLISHED TABLE AND THE MODEL\n");
    for machine in Machine::ALL {
        print_check(&check(machine));
    }
    println!("PREDICTIONS\n");
    for costs in &costs {
        print_predictions(costs);
    }
    Ok(())
}

/// The files that the command line names.
#[derive(Default)]
struct Files {
    costs: Option<OsString>,
    results: Option<OsString>,
}

fn files() -> Result<Files, lexopt::Error> {
    let mut arguments = lexopt::Parser::from_env();
    let mut files = Files::default();
    while let Some(argument) = arguments.next()? {
        match argument {
            lexopt::Arg::Long("costs") => files.costs = Some(arguments.value()?),
            lexopt::Arg::Long("results") => files.results = Some(arguments.value()?),
            _ => return Err(argument.unexpected()),
        }
    }
    Ok(files)
}

/// The machine of these results: the experiment there, the model of it, and what the model says of larger
/// ones on which things cost as much.
fn print_here(results: &Results, costs: Option<Costs>) {
    let measured = costs.or_else(|| measured_costs(results));
    let costs = measured.unwrap_or_else(Costs::two_cpus);
    println!("THE EXPERIMENT AND THE MODEL\n");
    println!("{}", costs.name);
    let json = serde_json::to_string(&costs);
    println!("{}\n", json.expect("costs are plain numbers"));
    let rows = beside_experiment(&costs, results);
    if results.experiment.is_none() {
        println!(
            "these results have no experiment: a whole comparison has one, and one with --only experiment\n"
        );
    } else if rows.is_empty() {
        println!(
            "the machine of the experiment has other pods than the model, all of whose CPUs are under one cache\n"
        );
    } else {
        println!(
            "millions of items each second; the experiment has {PRODUCERS} producers, the model one for each CPU"
        );
        println!(
            "{:<12} {:<8} {:^28} {:^28}",
            "", "", "---- measured ----", "---- model ----"
        );
        let columns = "in lock  deferred    gain";
        println!("{:<12} {:<8} {columns:>28} {columns:>28}", "scope", "form");
        rows.iter().for_each(print_beside);
        println!();
    }
    println!("PREDICTIONS\n");
    print_predictions(&costs);
}

fn print_beside(row: &Here) {
    let Here {
        scope,
        form,
        measured,
        measured_gain,
        model,
        model_gain,
    } = row;
    let rates = |[in_lock, deferred]: [f64; 2], gain: &f64| {
        let text = format!("{:.3} {:>9.3} {gain:>+6.1}%", in_lock / 1e6, deferred / 1e6);
        format!("{text:>28}")
    };
    println!(
        "{scope:<12} {:<8} {} {}",
        form.name(),
        rates(measured.map(|rate| rate.mean), measured_gain),
        rates(model.map(|model| model.throughput), model_gain)
    );
}

fn read(path: &OsString) -> Result<Costs, String> {
    let text = fs::read_to_string(path).map_err(|error| error.to_string());
    let costs = text.and_then(|text| {
        let costs: Costs = serde_json::from_str(&text).map_err(|error| error.to_string())?;
        costs.check().map_err(|error| error.to_string())?;
        Ok(costs)
    });
    costs.map_err(|error| format!("{}: {error}", path.display()))
}

fn print_check(rows: &[Checked]) {
    println!("{}", rows[0].machine);
    println!(
        "{:<12} {:^48} {:^48}",
        "", "---- published ----", "---- model ----"
    );
    let columns = "  in lock  deferred    gain  p50 µs   p95 move";
    println!("{:<12} {columns:>48} {columns:>48}", "scope");
    for row in rows {
        let Checked {
            scope,
            published,
            model,
            ..
        } = row;
        println!("{scope:<12} {} {}", figures(published), figures(model));
    }
    println!();
}

fn figures(figures: &Figures) -> String {
    let p50 = figures.p50.map_or("-".to_owned(), micros);
    let p95 = figures
        .p95_move
        .map_or("-".to_owned(), |percent| format!("{percent:+.1} %"));
    let Figures {
        in_lock,
        deferred,
        gain,
        ..
    } = figures;
    let text = format!("{in_lock:>9.0} {deferred:>9.0} {gain:>+6.1}% {p50:>7} {p95:>10}");
    format!("{text:>48}")
}

fn micros(nanoseconds: u64) -> String {
    format!("{:.1}", nanoseconds as f64 / 1_000.0)
}

fn print_predictions(costs: &Costs) {
    println!("{}", costs.name);
    println!("millions of items each second; latency of the call that enqueues in µs (deferred)");
    let predictions = predictions(costs);
    for batch in BATCHES {
        let form = match batch {
            1 => "one item in flight for each producer".to_owned(),
            batch => format!("batches of {batch}"),
        };
        println!("\n{form}");
        println!(
            "{:<10} {:>4} {:<12} {:>5} {:>8} {:>9} {:>7} {:>7} {:>7} {:>7} {:>7} {:>6}",
            "machine",
            "CPUs",
            "scope",
            "pools",
            "in lock",
            "deferred",
            "gain",
            "p50",
            "p95",
            "p99",
            "wakes",
            "lock"
        );
        let rows = predictions.iter().filter(|row| row.batch == batch);
        rows.for_each(print_prediction);
    }
    println!();
}

fn print_prediction(row: &Prediction) {
    let Prediction {
        shape,
        cpus,
        scope,
        pods,
        gain,
        in_lock,
        deferred,
        ..
    } = row;
    println!(
        "{shape:<10} {cpus:>4} {scope:<12} {pods:>5} {:>8.3} {:>9.3} {gain:>+6.1}% {:>7} {:>7} {:>7} {:>7.2} {:>5.0}%",
        in_lock.throughput / 1e6,
        deferred.throughput / 1e6,
        micros(deferred.p50),
        micros(deferred.p95),
        micros(deferred.p99),
        deferred.wakes,
        100.0 * deferred.lock_busy,
    );
}
