//! The program without a terminal: a table, or JSON for another program.

use std::io::{self, Write};
use std::path::Path;
use std::thread;
use std::time::Duration;

use crate::cli::Failure;
use crate::row::{HEAD, WORDS, rows};
use crate::sample::Sample;
use crate::watch;

/// Prints the table of one sample.
pub(crate) fn table(socket: &Path) -> Result<(), Failure> {
    let sample = Sample::parse(&asked(socket)?)?;
    say(&text(&sample))?;
    Ok(())
}

/// Prints each answer on a line.
pub(crate) fn json(socket: &Path, interval: Duration, once: bool) -> Result<(), Failure> {
    loop {
        let goes_on = say(&format!("{}\n", asked(socket)?))?;
        if once || !goes_on {
            return Ok(());
        }
        thread::sleep(interval);
    }
}

fn asked(socket: &Path) -> Result<String, Failure> {
    watch::ask(socket).map_err(|error| format!("{}: {error}", socket.display()).into())
}

/// Is there still anybody who reads?
fn say(text: &str) -> io::Result<bool> {
    let mut out = io::stdout().lock();
    match out.write_all(text.as_bytes()).and_then(|()| out.flush()) {
        Err(error) if error.kind() == io::ErrorKind::BrokenPipe => Ok(false),
        result => result.map(|()| true),
    }
}

fn text(sample: &Sample) -> String {
    let rows = rows(sample, None);
    let head = HEAD.map(str::to_owned);
    let lines = || std::iter::once(&head).chain(&rows);
    let mut widths = [0; HEAD.len()];
    for line in lines() {
        for (width, cell) in widths.iter_mut().zip(line) {
            *width = cell.chars().count().max(*width);
        }
    }
    let mut text = String::new();
    for line in lines() {
        let cells = line.iter().zip(widths).enumerate();
        let cells = cells.map(|(column, (cell, width))| match column < WORDS {
            true => format!("{cell:<width$}"),
            false => format!("{cell:>width$}"),
        });
        text.push_str(cells.collect::<Vec<_>>().join("  ").trim_end());
        text.push('\n');
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::sample::tests::{pool, queue, sample_with_queues};

    #[test]
    fn a_table_has_a_head_a_line_for_each_pool_and_queue_and_columns() {
        let pools = vec![
            pool("unbound", "0-1", 1_234_567, 20_000),
            pool("cpu_intensive", "0-3", 1, 5),
        ];
        let expected = "\
POOL           CPUS  RUN  STARTED  /S  FLIGHT  WAIT    CPU S  CPU %  LONG  PICKS  RPR  REFUSED  RESCUED  LATENCY
unbound        0-1   1/2  1234567   -       5     7  1234.57      -     6      7    8        -        -  20.0 us
cpu_intensive  0-3   1/2        1   -       5     7     0.00      -     6      7    8        -        -     5 ns
queue mail     0-1     -       30   -       2    31     0.30      -     -      -    -        -        4        -
";
        let queues = serde_json::json!([queue("mail", 30)]);
        assert_eq!(text(&sample_with_queues(1, pools, queues)), expected);
    }
}
