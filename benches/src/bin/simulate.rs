//! The model beside the published table of the kernel's change, and what it says about machines of 8 to
//! 256 CPUs.
//!
//! ```text
//! cargo run --release -p fastwake-benches --bin simulate
//! cargo run --release -p fastwake-benches --bin simulate -- --costs FILE.json
//! ```
#![forbid(unsafe_code)]

use std::error::Error;
use std::ffi::OsString;
use std::{fs, process};

use fastwake_benches::model::{
    BATCHES, Checked, Costs, Figures, Machine, Prediction, check, predictions,
};

fn main() {
    if let Err(error) = run() {
        eprintln!("simulate: {error}");
        process::exit(1);
    }
}

fn run() -> Result<(), Box<dyn Error>> {
    let costs = match costs_file()? {
        None => vec![Costs::grace(), Costs::two_cpus()],
        Some(path) => vec![read(&path)?],
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

/// The file of `--costs FILE`, if it is given.
fn costs_file() -> Result<Option<OsString>, lexopt::Error> {
    let mut arguments = lexopt::Parser::from_env();
    let mut file = None;
    while let Some(argument) = arguments.next()? {
        match argument {
            lexopt::Arg::Long("costs") => file = Some(arguments.value()?),
            _ => return Err(argument.unexpected()),
        }
    }
    Ok(file)
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
