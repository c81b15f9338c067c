#![forbid(unsafe_code)]
//! Runs one workload once on one runtime, for tools that watch a whole process:
//!
//! ```text
//! workload fastwake|tokio ROW [OPERATIONS [WORKERS]]
//! strace -f -c -e trace=futex workload tokio spawn-outside
//! valgrind --tool=callgrind workload fastwake yield 10000
//! ```

use std::process::ExitCode;

use fastwake_benches::peer::Which;
use fastwake_benches::workload::{ROWS, Row, Setting};

const WORKERS: usize = 2;

fn main() -> ExitCode {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let Some((which, row, setting)) = parse(&arguments) else {
        let names: Vec<_> = ROWS.iter().map(|row| row.name).collect();
        eprintln!("usage: workload fastwake|tokio ROW [OPERATIONS [WORKERS]]");
        eprintln!("where ROW is one of {}", names.join(", "));
        return ExitCode::from(2);
    };
    let (cost, wakes) = row.once(which, setting);
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
    let which = Which::ALL.into_iter().find(|peer| peer.name() == which)?;
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
