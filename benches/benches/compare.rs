//! Is fastwake at least as fast as tokio at what every program does: spawning, yielding, waking,
//! blocking? A row whose ratio stays below 1 by more than its A/A strays from 1 refutes it; what
//! each row asks, and what would refute that, is printed by `--list`.

use std::process::ExitCode;

use fastwake_benches::compare;
use fastwake_benches::options::{Mode, Options};
use fastwake_benches::peer::Which;
use fastwake_benches::report;
use fastwake_benches::workload::{ROWS, Row, Setting};

fn main() -> ExitCode {
    let options = match Options::parse(std::env::args().skip(1)) {
        Ok(options) => options,
        Err(error) => {
            eprintln!("compare: {error}");
            return ExitCode::from(2);
        }
    };
    let wanted = |row: &&Row| {
        options
            .only
            .as_ref()
            .is_none_or(|part| row.name.contains(part))
    };
    let rows: Vec<&Row> = ROWS.iter().filter(wanted).collect();
    if rows.is_empty() {
        let names: Vec<_> = ROWS.iter().map(|row| row.name).collect();
        eprintln!(
            "compare: no row's name contains that; the rows are {}",
            names.join(", ")
        );
        return ExitCode::from(2);
    }
    match options.mode {
        Mode::List => rows.into_iter().for_each(report::print_question),
        Mode::Test => rows
            .into_iter()
            .for_each(|row| try_out(row, options.workers)),
        Mode::Compare => {
            report::print_header(&options);
            for row in rows {
                report::print_row(row, &compare::rounds(row, options.rounds, options.workers));
            }
        }
    }
    ExitCode::SUCCESS
}

/// Runs a row once on each peer, small.
fn try_out(row: &Row, workers: usize) {
    for which in Which::ALL {
        let _ = row.once(
            which,
            Setting {
                workers,
                operations: 100,
            },
        );
    }
}
