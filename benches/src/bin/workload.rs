#![forbid(unsafe_code)]
//! Runs one workload once on one runtime, for tools that watch a whole process:
//!
//! ```text
//! workload [warm] fastwake|tokio|smol|two-tokios ROW [OPERATIONS [WORKERS]]
//! workload fastwake|tokio|smol|two-tokios idle [SECONDS [WORKERS]]
//! workload serve
//! strace -f -c -e trace=futex workload tokio spawn-outside
//! valgrind --tool=callgrind workload fastwake yield 10000
//! ```
//!
//! With `warm`, the runtime has run it before, as in the comparison. `idle` leaves a runtime alone, and
//! says what that cost as JSON. As `serve` it runs what standard input asks for: the comparison has such
//! a process for each contestant in each row.

use std::io;
use std::process::ExitCode;

use fastwake_benches::count::idle;
use fastwake_benches::limits;
use fastwake_benches::peer::{Wakes, Which};
use fastwake_benches::report::terminal::show;
use fastwake_benches::sample::Sample;
use fastwake_benches::suite::process;
use fastwake_benches::workload::{ROWS, Row, Setting};

const WORKERS: usize = 2;

/// What the command line asks for.
enum Asked {
    Serve,
    Idle {
        which: Which,
        seconds: u64,
        workers: usize,
    },
    Once(Which, &'static Row, Setting),
    Warm(Which, &'static Row, Setting),
}

fn main() -> ExitCode {
    limits::raise();
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let arguments: Vec<&str> = arguments.iter().map(String::as_str).collect();
    let Some(asked) = parse(&arguments) else {
        let names: Vec<_> = ROWS.iter().map(|row| row.name).collect();
        eprintln!(
            "usage: workload [warm] fastwake|tokio|smol|two-tokios ROW [OPERATIONS [WORKERS]]"
        );
        eprintln!("where ROW is one of {}", names.join(", "));
        eprintln!("or: workload fastwake|tokio|smol|two-tokios idle [SECONDS [WORKERS]]");
        return ExitCode::from(2);
    };
    match answer(&asked) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("workload: {error}");
            ExitCode::FAILURE
        }
    }
}

fn answer(asked: &Asked) -> io::Result<()> {
    match *asked {
        Asked::Serve => process::serve()?,
        Asked::Idle {
            which,
            seconds,
            workers,
        } => {
            let cost = idle::cost(which, workers, seconds);
            println!("{}", serde_json::to_string(&cost)?);
        }
        Asked::Once(which, row, setting) => {
            let (sample, wakes) = row.once(which, setting);
            print(which, row, setting, &sample);
            print_wakes(wakes);
        }
        Asked::Warm(which, row, setting) => {
            print(which, row, setting, &row.warmed_up(which, setting));
        }
    }
    Ok(())
}

fn print(which: Which, row: &Row, setting: Setting, sample: &Sample) {
    let cost = &sample.cost;
    println!(
        "{} {}: {} operations",
        which.name(),
        row.name,
        setting.operations
    );
    println!(
        "wall: {:.0} ns, cpu: {:.0} ns, per operation",
        cost.wall, cost.cpu
    );
    println!(
        "voluntary switches: {:.1} in 1000 operations",
        1000.0 * cost.switches
    );
    for figure in &sample.figures {
        println!("{}: {}", figure.name, show(figure.value, figure.unit));
    }
}

fn print_wakes(wakes: Option<Wakes>) {
    if let Some(wakes) = wakes {
        println!(
            "wakes: {} of workers, {} of blocking threads",
            wakes.workers, wakes.blocking
        );
    }
}

fn parse(arguments: &[&str]) -> Option<Asked> {
    match *arguments {
        ["serve"] => Some(Asked::Serve),
        ["warm", ref run @ ..] => {
            let (which, row, setting) = parse_run(run)?;
            Some(Asked::Warm(which, row, setting))
        }
        [which, idle::NAME, ref numbers @ ..] if numbers.len() <= 2 => Some(Asked::Idle {
            which: Which::named(which)?,
            seconds: number(numbers, 0, idle::SECONDS)?,
            workers: number(numbers, 1, WORKERS as u64)? as usize,
        }),
        ref run => {
            let (which, row, setting) = parse_run(run)?;
            Some(Asked::Once(which, row, setting))
        }
    }
}

fn parse_run(arguments: &[&str]) -> Option<(Which, &'static Row, Setting)> {
    let (which, row, numbers) = match *arguments {
        [which, row, ref numbers @ ..] if numbers.len() <= 2 => (which, row, numbers),
        _ => return None,
    };
    let (which, row) = (Which::named(which)?, Row::named(row)?);
    let setting = Setting {
        operations: number(numbers, 0, row.operations as u64)? as usize,
        workers: number(numbers, 1, WORKERS as u64)? as usize,
    };
    Some((which, row, setting))
}

/// The number at that place, from 1 up; without one, the usual. None if it makes no sense.
fn number(numbers: &[&str], place: usize, usual: u64) -> Option<u64> {
    match numbers.get(place) {
        Some(text) => text.parse().ok().filter(|&number| number > 0),
        None => Some(usual),
    }
}
