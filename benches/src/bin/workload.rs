#![forbid(unsafe_code)]
//! Runs one workload once on one runtime, for tools that watch a whole process:
//!
//! ```text
//! workload fastwake|tokio|smol|two-tokios ROW [OPERATIONS [WORKERS]]
//! workload serve
//! strace -f -c -e trace=futex workload tokio spawn-outside
//! valgrind --tool=callgrind workload fastwake yield 10000
//! ```
//!
//! As `serve` it runs on tokio what standard input asks for: the comparison's way to another build.

use std::process::ExitCode;

use fastwake_benches::peer::Which;
use fastwake_benches::report::terminal::show;
use fastwake_benches::suite::apart;
use fastwake_benches::workload::{ROWS, Row, Setting};

const WORKERS: usize = 2;

fn main() -> ExitCode {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    if arguments == ["serve"] {
        return match apart::serve() {
            Ok(()) => ExitCode::SUCCESS,
            Err(error) => {
                eprintln!("workload: {error}");
                ExitCode::FAILURE
            }
        };
    }
    let Some((which, row, setting)) = parse(&arguments) else {
        let names: Vec<_> = ROWS.iter().map(|row| row.name).collect();
        eprintln!("usage: workload fastwake|tokio|smol|two-tokios ROW [OPERATIONS [WORKERS]]");
        eprintln!("where ROW is one of {}", names.join(", "));
        return ExitCode::from(2);
    };
    let (sample, wakes) = row.once(which, setting);
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
    if let Some(wakes) = wakes {
        println!(
            "wakes: {} of workers, {} of blocking threads",
            wakes.workers, wakes.blocking
        );
    }
    ExitCode::SUCCESS
}

fn parse(arguments: &[String]) -> Option<(Which, &'static Row, Setting)> {
    let (which, row, counts) = match arguments {
        [which, row, counts @ ..] if counts.len() <= 2 => (which, row, counts),
        _ => return None,
    };
    let which = Which::named(which)?;
    let row = Row::named(row)?;
    let count = |index: usize, default| match counts.get(index) {
        Some(text) => text.parse().ok().filter(|&count| count > 0),
        None => Some(default),
    };
    let setting = Setting {
        operations: count(0, row.operations)?,
        workers: count(1, WORKERS)?,
    };
    Some((which, row, setting))
}
